//! Datasets in every form, templates that others fill, and the report as a workbook.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use calamine::{Data, Reader, Xlsx, open_workbook};
use concord_core::read::{Kind, Mark, Origin, Rows, mark};

use crate::hostile::build::workbook;
use crate::support::{Folder, aloud, names_in, root, run, run_command};

/// A permit export that has a crosswalk, with a few faults.
fn export() -> PathBuf {
    root().join("standards/national/blds/1.2/examples/convert/socrata-permits.in.csv")
}

fn sheets(path: &Path) -> BTreeMap<String, Vec<Vec<Data>>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let sheets = book.worksheets();
    for name in book.sheet_names() {
        assert!(book.worksheet_formula(&name).unwrap().cells().all(|(.., f)| f.is_empty()), "{name}: no cell is a formula");
    }
    sheets.into_iter().map(|(name, range)| (name, range.rows().map(<[Data]>::to_vec).collect())).collect()
}

fn mark_of(sheets: &BTreeMap<String, Vec<Vec<Data>>>) -> Option<Mark> {
    let mut rows = Rows::new();
    for row in sheets.get(mark::SHEET)? {
        row.iter().for_each(|cell| rows.cell(&cell.to_string(), Kind::Text));
        rows.end_row(Origin::default());
    }
    mark::mark(&rows)
}

/// LibreOffice; `None`, said aloud, where it is not.
fn office(test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).flat_map(|f| [f.join("soffice"), f.join("libreoffice")]).find(|p| p.is_file());
    if found.is_none() {
        aloud(&format!("LibreOffice is not here: {test} had nothing to check"));
    }
    found
}

/// Has LibreOffice convert a file, with settings of its own so that several can run at once; the new file's path.
fn convert(office: &Path, folder: &Folder, file: &Path, to: &str) -> PathBuf {
    let out = folder.path(&format!("office-{to}"));
    let mut command = Command::new(office);
    command.arg(format!("-env:UserInstallation=file://{}", folder.path("office-profile").display()));
    command.args(["--headless", "--convert-to", to, "--outdir"]).arg(&out).arg(file);
    let ran = run_command(command, None);
    let made = out.join(file.file_stem().unwrap()).with_extension(to);
    assert!(made.is_file(), "LibreOffice could not convert {} to {to}: {}", file.display(), ran.err);
    made
}

#[test]
fn every_form_is_written() {
    let folder = Folder::new("forms");
    let export = export();
    for extension in ["csv", "tsv", "json", "ndjson", "geojson", "xml", "xlsx", "parquet"] {
        let out = folder.path(&format!("permits.{extension}"));
        let words = [OsStr::new("convert"), export.as_os_str(), "--to".as_ref(), "blds@1.2".as_ref(), "-o".as_ref(), out.as_os_str()];
        run(words).ended_with(1);
        assert!(std::fs::metadata(&out).unwrap().len() > 500, "{extension}");
        // To a pipe the same bytes go.
        let piped =
            run([OsStr::new("convert"), export.as_os_str(), "--to".as_ref(), "blds@1.2".as_ref(), "--as".as_ref(), extension.as_ref()]);
        assert_eq!(piped.out, std::fs::read(&out).unwrap(), "{extension}");
    }
    let rows = &sheets(&folder.path("permits.xlsx"))["permits"];
    let column = rows[0].iter().position(|c| *c == Data::String("OriginalZip".into())).unwrap();
    assert_eq!(rows[1][column], Data::String("98101".into()), "a ZIP code is no number");
}

#[test]
fn a_dataset_is_a_folder_or_a_zip_with_its_descriptor() {
    let folder = Folder::new("described");
    let convert = |out: &Path, form: &str| {
        let export = export();
        let words = [OsStr::new("convert"), export.as_os_str(), "--to".as_ref(), "blds@1.2".as_ref(), "--as".as_ref(), form.as_ref()];
        run(words.into_iter().chain(["-o".as_ref(), out.as_os_str()])).ended_with(1);
    };
    let plain = folder.path("set/");
    convert(&plain, "csv");
    assert_eq!(names_in(&plain), [".concord", "datapackage.json", "permits.csv"]);
    let descriptor = std::fs::read(plain.join("datapackage.json")).unwrap();
    let package: serde_json::Value = serde_json::from_slice(&descriptor).unwrap();
    let resource = &package["resources"][0];
    let bytes = std::fs::read(plain.join("permits.csv")).unwrap();
    assert_eq!(resource["path"], "permits.csv");
    assert_eq!(resource["bytes"], bytes.len());
    assert_eq!(resource["hash"], concord_core::session::digest(&bytes));
    // The descriptor is one that can be checked against.
    let schema = plain.join("datapackage.json");
    let checked = run([OsStr::new("validate"), plain.join("permits.csv").as_os_str(), "--schema".as_ref(), schema.as_os_str()]);
    assert!(checked.status < 2, "{}", checked.err);
    // A folder that was written may be replaced, and a zip is written twice alike.
    convert(&plain, "csv");
    let zip = folder.path("set.zip");
    convert(&zip, "xlsx");
    let first = std::fs::read(&zip).unwrap();
    convert(&zip, "xlsx");
    assert_eq!(first, std::fs::read(&zip).unwrap());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(first)).unwrap();
    assert_eq!(archive.file_names().map(|n| n.unwrap().into_owned()).collect::<Vec<_>>(), ["datapackage.json", "permits.xlsx"]);
    let mut text = String::new();
    archive.by_name("datapackage.json").unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("spreadsheetml.sheet"), "{text}");
    assert!(!names_in(&folder.path("")).iter().any(|n| n.contains(".files") || n.contains(".part")), "nothing is left behind");
}

#[test]
fn a_report_shows_the_rows_and_keeps_texts() {
    let folder = Folder::new("workbook");
    let text = "business_id,name,address,date\n007,=1+1,@SUM(A1),x\n7,+cmd,\"\ttab\",y\n";
    let file = folder.file("businesses.csv", text);
    let report = folder.path("report.xlsx");
    run([OsStr::new("validate"), file.as_os_str(), "--standard".as_ref(), "lives@2.0".as_ref(), "--report".as_ref(), report.as_os_str()])
        .ended_with(0);
    let sheets = sheets(&report);
    let index = &sheets["What was found"];
    assert!(index.iter().flatten().any(|c| *c == Data::String("C308".into())), "{index:?}");
    let got: Vec<Vec<String>> = sheets["businesses"].iter().map(|r| r.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(got, [["business_id", "name", "address", "date"], ["007", "=1+1", "@SUM(A1)", "x"], ["7", "+cmd", "\ttab", "y"]]);
    let Some(office) = office("a_report_shows_the_rows_and_keeps_texts") else { return };
    let again = self::sheets(&convert(&office, &folder, &report, "xlsx"));
    assert_eq!(again["businesses"][1][1], Data::String("=1+1".into()));
    assert_eq!(again["businesses"][2][2], Data::String("\ttab".into()));
}

/// The user's own rows are shown whatever form they came in: as they were read, at the places that the findings name, and always as texts.
#[test]
fn a_report_shows_rows_of_every_form() {
    let folder = Folder::new("workbook-forms");
    let table = [["business_id", "name", "address"], ["007", "=1+1", "@SUM(A1)"], ["", "+cmd", "\ttab"], ["9", "-2", "x\ny"]];
    let escaped = |text: &str| text.replace('\t', "&#9;").replace('\n', "&#10;");
    let row = |cells: &[&str; 3]| {
        let cell = |text: &&str| format!("<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", escaped(text));
        format!("<row>{}</row>", cells.iter().map(cell).collect::<String>())
    };
    let rows: String = table.iter().map(row).collect();
    // One row lower, as under a title.
    let lower = format!("<row r=\"1\"/>{rows}");
    let record = |r: &[&str; 3]| {
        let text = |t: &str| serde_json::Value::from(t).to_string();
        format!("{{\"business_id\": {}, \"name\": {}, \"address\": {}}}", text(r[0]), text(r[1]), text(r[2]))
    };
    let json = format!("[{}]", table[1..].iter().map(record).collect::<Vec<_>>().join(","));
    let utf16 = "business_id\tname\taddress\n007\t=1+1\t@SUM(A1)\n\t+cmd\t\"\ttab\"\n9\t-2\t\"x\ny\"\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (name, bytes, first) in [
        ("sheet.xlsx", workbook("A1:C4", &[(rows.as_bytes(), 1)]), 0),
        ("lower.xlsx", workbook("A2:C5", &[(lower.as_bytes(), 1)]), 1),
        ("list.json", json.into_bytes(), 0),
        ("wide.tsv", utf16, 0),
    ] {
        let file = folder.file(name, bytes);
        let report = folder.path("report.xlsx");
        let words = ["validate".as_ref(), file.as_os_str(), "--standard".as_ref(), "lives@2.0".as_ref(), "--report".as_ref()];
        run(words.into_iter().chain([report.as_os_str()])).ended_with(1);
        let stem = name.split('.').next().unwrap();
        let shown = sheets(&report);
        let got: Vec<Vec<String>> = shown[stem].iter().map(|r| r.iter().map(ToString::to_string).collect()).collect();
        // The reader of workbooks gives the used range, which begins with the first row that is filled.
        assert_eq!(got, table, "{name}");
        assert!(shown[stem].iter().flatten().all(|c| matches!(c, Data::String(_) | Data::Empty)), "{name}: all are texts");
        // The empty number of a business is coloured where it stands.
        let mut notes = String::new();
        let mut zip = zip::ZipArchive::new(std::fs::File::open(&report).unwrap()).unwrap();
        zip.by_name("xl/comments1.xml").unwrap().read_to_string(&mut notes).unwrap();
        assert!(notes.contains(&format!("ref=\"A{}\"", 3 + first)), "{name}: {notes}");
        let Some(office) = office("a_report_shows_rows_of_every_form") else { continue };
        let again = self::sheets(&convert(&office, &folder, &report, "xlsx"));
        assert_eq!(again[stem][1][1], Data::String("=1+1".into()), "{name}");
    }
}

fn template(folder: &Folder) -> PathBuf {
    let path = folder.path("lives.xlsx");
    run([OsStr::new("standards"), "template".as_ref(), "lives@2.0".as_ref(), "-o".as_ref(), path.as_os_str()]).ended_with(0);
    path
}

#[test]
fn a_template_filled_by_libreoffice_is_recognised() {
    let folder = Folder::new("template-office");
    let template = template(&folder);
    assert_eq!(mark_of(&sheets(&template)).unwrap().standard.to_string(), "lives@2.0");
    let Some(office) = office("a_template_filled_by_libreoffice_is_recognised") else { return };
    // As flat XML the sheet can be filled with ordinary text; LibreOffice reads it and writes the workbook anew.
    let flat = convert(&office, &folder, &template, "fods");
    let mut text = std::fs::read_to_string(&flat).unwrap();
    let sheet = text.find("<table:table table:name=\"businesses\"").unwrap();
    let at = sheet + text[sheet..].find("</table:table-row>").unwrap() + "</table:table-row>".len();
    let cell = |value: &str| {
        format!("<table:table-cell office:value-type=\"string\" calcext:value-type=\"string\"><text:p>{value}</text:p></table:table-cell>")
    };
    let row: String = ["007", "Corner Café", "12 Main St", "Lexington", "KY", "02139"].iter().map(|v| cell(v)).collect();
    text.insert_str(at, &format!("<table:table-row>{row}</table:table-row>"));
    let filled = folder.file("filled.fods", text);
    filled_as_expected(&convert(&office, &folder, &filled, "xlsx"));
}

/// `tests/fixtures/template-filled.xlsx` is the template of `lives@2.0`, filled and saved with openpyxl 3.
#[test]
fn a_template_filled_by_another_library_is_recognised() {
    filled_as_expected(&root().join("tests/fixtures/template-filled.xlsx"));
}

fn filled_as_expected(path: &Path) {
    let sheets = sheets(path);
    let mark = mark_of(&sheets).expect("the mark is still there");
    assert_eq!(mark.standard.to_string(), "lives@2.0");
    assert_eq!(mark.resource("businesses"), Some("businesses"));
    let rows = &sheets["businesses"];
    let texts: Vec<String> = rows[1].iter().take(6).map(ToString::to_string).collect();
    assert_eq!(texts, ["007", "Corner Café", "12 Main St", "Lexington", "KY", "02139"]);
    assert_eq!(rows[1][0], Data::String("007".into()), "zeros at the start live");
    // Dropped back, it is the filled sheet that is read, as what it was made for; cells left empty at a row's end are no fault.
    let report = run(["validate", "--format", "json", &path.to_string_lossy()]).json();
    assert_eq!((&report["standard"]["id"], &report["files"][0]["resource"]), (&"lives".into(), &"businesses".into()), "{report}");
    assert_eq!(report["coverage"]["records_read"], rows.len() - 1);
    assert!(report["findings"].as_array().unwrap().iter().all(|f| f["code"] != "C201"), "{report}");
}

/// What a conversion writes is checked alike in every form: a day in a spreadsheet or a Parquet file is the day that the standard's own text says,
/// and GeoJSON brings no columns that a table could be blamed for.
#[test]
fn what_is_written_is_checked_alike_in_every_form() {
    let folder = Folder::new("alike");
    for (standard, example, sets) in [
        ("national/nad/2023-04", "nm911-address.in.csv", &[][..]),
        ("national/lives/2.0", "lexington-food-inspections.in.csv", &["feed_date=20160303"]),
        ("regional/massgis-parcels/3", "vision-cama.in.csv", &["fiscal_year=2014", "town_id=49"]),
        ("national/blds/1.2", "socrata-permits.in.csv", &[]),
    ] {
        let input = root().join("standards").join(standard).join("examples/convert").join(example);
        let id = standard.split('/').nth(1).unwrap();
        let told = |form: &str| {
            let out = folder.path(&format!("{id}-{form}/"));
            let mut words = vec!["convert".into(), input.clone().into_os_string(), "--to".into(), id.into(), "--as".into(), form.into()];
            words.extend(["-o".into(), out.clone().into_os_string()]);
            words.extend(sets.iter().flat_map(|set| ["--set".into(), set.into()]));
            assert!(run(words).status < 2, "{id} as {form}");
            let report = run(["validate".as_ref(), "--format".as_ref(), "json".as_ref(), out.as_os_str()]).json();
            assert_eq!(report["standard"]["id"], id, "{id} as {form}");
            let causes = report["causes"].as_array().unwrap().iter().filter(|c| c["severity"] != "info");
            let told: BTreeMap<String, u64> =
                causes.map(|c| (format!("{} {}", c["code"], c["field"]), c["count"].as_u64().unwrap())).collect();
            (told, report["coverage"]["records_read"].clone())
        };
        let plain = told("csv");
        assert_ne!(plain.1, 0, "{id}");
        for form in ["xlsx", "parquet"] {
            assert_eq!(told(form), plain, "{id} as {form}");
        }
        // A member without a value is left out, so that a column that is always empty is one that is missing; the fields at fault are the same.
        let fields =
            |told: &BTreeMap<String, u64>| told.keys().filter_map(|k| Some(k.split_once(' ')?.1.to_owned())).collect::<BTreeSet<_>>();
        let placed = told("geojson");
        assert_eq!((fields(&placed.0), placed.1), (fields(&plain.0), plain.1), "{id} as geojson");
    }
}

/// A template comes back under any name of its sheets, and what of it is not read is told.
#[test]
fn a_template_with_a_renamed_sheet_is_read() {
    let folder = Folder::new("renamed");
    let template = root().join("tests/fixtures/template-filled.xlsx");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&template).unwrap()).unwrap();
    let mut made = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for i in 0..archive.len() {
        let mut part = archive.by_index(i).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        let name = part.name().unwrap().into_owned();
        if name == "xl/workbook.xml" {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains("name=\"businesses\""), "{text}");
            bytes = text.replace("name=\"businesses\"", "name=\"Our places 2024\"").into_bytes();
        }
        made.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut made, &bytes).unwrap();
    }
    let renamed = folder.file("renamed.xlsx", made.finish().unwrap().into_inner());
    let read = |path: &Path| {
        let report = run(["validate", "--format", "json", &path.to_string_lossy()]).json();
        (report["files"][0]["resource"].clone(), report["coverage"]["records_read"].clone())
    };
    assert_eq!(read(&renamed), read(&template));
    assert_eq!(read(&renamed).0, "businesses");
}

#[test]
fn a_standard_without_tables_has_no_template() {
    let folder = Folder::new("no-template");
    for id in ["nibrs", "dcat-us", "wzdx", "gbfs"] {
        let path = folder.path(&format!("{id}.xlsx"));
        let ran = run([OsStr::new("standards"), "template".as_ref(), id.as_ref(), "-o".as_ref(), path.as_os_str()]).ended_with(2);
        assert!(ran.err.contains("no tables") && !path.exists(), "{}", ran.err);
    }
}
