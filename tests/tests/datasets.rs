//! Several tables handed over in one piece: archives, folders, described datasets and workbooks.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::layouts::FEEDS;
use crate::support::{Folder, Ran, aloud, conformance, names_in, root, rows, run};

/// A zip of files in memory.
fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name.as_str(), SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The files of a folder, and of those in it, with their paths in it.
fn files_of(folder: &Path, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for name in names_in(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            files.extend(files_of(&path, &format!("{prefix}{name}/")));
        } else {
            files.push((format!("{prefix}{name}"), std::fs::read(path).unwrap()));
        }
    }
    files
}

fn validate(path: &Path, words: &[&str]) -> Ran {
    let first = [OsStr::new("validate"), path.as_os_str(), "--format".as_ref(), "json".as_ref()];
    let ran = run(first.into_iter().chain(words.iter().map(OsStr::new)));
    assert!(ran.status < 2, "{}: {}", path.display(), ran.err);
    ran
}

/// The codes of a severity in a report.
fn codes(report: &Value, severity: &str) -> BTreeSet<String> {
    let causes = report["causes"].as_array().unwrap().iter().filter(|c| c["severity"] == severity);
    causes.map(|c| c["code"].as_str().unwrap().to_owned()).collect()
}

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|c| (*c).to_owned()).collect()
}

/// A report as text, with the archive's name taken out: what its folder gives.
fn without_archive(ran: &Ran, name: &str) -> String {
    ran.text().replace(&format!("{name}/"), "")
}

/// Every published feed, as a folder and as a zip of it, gets its verdict for the same reasons, and the same report.
#[test]
fn transit_feeds_get_their_verdicts_as_archives() {
    let Some(root) = conformance("transit_feeds_get_their_verdicts_as_archives") else { return };
    let root = root.join("gtfs");
    let folder = Folder::new("feeds");
    let mut judged = 0;
    for row in rows(&root.join("expected.csv")) {
        let path = root.join(&row["path"]);
        if !path.is_dir() {
            continue;
        }
        let verdict = FEEDS.iter().find(|v| v.path == row["path"]).unwrap_or_else(|| panic!("{} is not in the table", row["path"]));
        let packed = folder.file("feed.zip", zip(&files_of(&path, "")));
        let (plain, ran) = (validate(&path, &["--standard", "gtfs"]), validate(&packed, &["--standard", "gtfs"]));
        let report = ran.json();
        assert_eq!(codes(&report, "error"), set(verdict.errors), "errors of {}: {report:#}", verdict.path);
        assert_eq!(codes(&report, "warning"), set(verdict.warnings), "warnings of {}: {report:#}", verdict.path);
        assert_eq!(report["valid"], row["verdict"] != "invalid", "{}", verdict.path);
        assert_eq!(without_archive(&ran, "feed.zip"), plain.text(), "{}", verdict.path);
        // Without a name the standard is found.
        let detected = run(["detect".as_ref(), packed.as_os_str(), "--format".as_ref(), "json".as_ref()]).ended_with(0).json();
        assert_eq!(detected["best"]["standard"]["id"], "gtfs", "{}: {detected:#}", verdict.path);
        judged += 1;
    }
    assert_eq!(judged, FEEDS.len());
    aloud(&format!("gtfs: {judged} feeds judged as archives"));
}

/// The archives that are published as such.
#[test]
fn published_archives_get_their_verdicts() {
    let Some(root) = conformance("published_archives_get_their_verdicts") else { return };
    let root = root.join("gtfs");
    let listed = rows(&root.join("expected.csv"));
    let archives: Vec<&str> = listed.iter().map(|r| r["path"].as_str()).filter(|p| p.ends_with(".zip")).collect();
    assert_eq!(archives.len(), 3, "{archives:?}");
    let report = |path: &str| validate(&root.join(path), &["--standard", "gtfs"]).json();
    // The tables lie in a folder, which the standard forbids.
    let inner = report("containers/subdirectory.zip");
    assert!(codes(&inner, "error").contains("C233"), "{inner:#}");
    // A mark at the start of each file is no fault: nothing is found about bytes or headers. What is found is in the data, where agencies, routes and
    // stations are referred to that no table has; the list judges the marks only.
    let marked = report("containers/gtfs_with_bom.zip");
    assert!(marked["files"].as_array().unwrap().iter().any(|f| f["encoding"] == "utf-8-bom"), "{:#}", marked["files"]);
    assert_eq!(codes(&marked, "error"), set(&["C308", "C401", "C402"]), "{marked:#}");
    // Not an archive at all.
    let text = report("invalid/transitfeed/unknown_format.zip");
    assert_eq!((&text["valid"], &text["causes"][0]["code"]), (&false.into(), &"C215".into()), "{text:#}");
}

/// Data Packages by their descriptors: as a folder, as a zip, and by the descriptor itself.
#[test]
fn described_datasets_get_their_verdicts() {
    let Some(root) = conformance("described_datasets_get_their_verdicts") else { return };
    let folder = Folder::new("packages");
    let cases: &[(&str, bool, &[&str])] = &[
        ("frictionless/valid/package", true, &[]),
        ("frictionless/invalid/geopoint", false, &["C912", "C924"]),
        ("frictionless/invalid/packages-legacy/country-codes", false, &["C904", "C913"]),
        ("frictionless/invalid/packages-legacy/country-list", false, &["C904", "C913"]),
        ("frictionless/invalid/packages-legacy/currency-codes", false, &["C904", "C913"]),
        ("hsds/valid/1.1/simple", true, &[]),
        ("hsds/invalid/1.1/simple_non_unique", false, &["C401"]),
    ];
    for (path, valid, errors) in cases {
        let whole = root.join(path);
        let packed = folder.file("set.zip", zip(&files_of(&whole, "")));
        let (plain, archive) = (validate(&whole, &[]), validate(&packed, &[]));
        let report = plain.json();
        assert_eq!((&report["valid"], codes(&report, "error")), (&(*valid).into(), set(errors)), "{path}: {report:#}");
        assert_eq!(without_archive(&archive, "set.zip"), plain.text(), "{path}");
        // Named by itself, the descriptor says nothing of files that it does not name.
        let alone = validate(&whole.join("datapackage.json"), &[]).json();
        assert_eq!((&alone["valid"], codes(&alone, "error")), (&(*valid).into(), set(errors)), "{path}: {alone:#}");
        assert_eq!(alone["files"], report["files"], "{path}");
    }
    // A part of the package is not there.
    let country = validate(&root.join("frictionless/valid/country.package.json"), &[]).json();
    assert_eq!(codes(&country, "error"), set(&["C234"]), "{country:#}");
}

/// Two tables of one standard in every form that is read, in one folder and in one zip.
#[test]
fn a_dataset_may_be_in_any_form() {
    let folder = Folder::new("forms");
    let set = folder.path("set");
    std::fs::create_dir(&set).unwrap();
    let source = root().join("standards/national/lives/2.0/examples/valid");
    let source = source.join(&names_in(&source)[0]);
    let text = |name: &str| std::fs::read_to_string(source.join(name)).unwrap();
    let as_json = |csv: &str| {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let names = reader.headers().unwrap().clone();
        let records: Vec<Value> =
            reader.records().map(|r| Value::from_iter(names.iter().map(str::to_owned).zip(r.unwrap().iter().map(str::to_owned)))).collect();
        serde_json::to_vec(&records).unwrap()
    };
    let names = names_in(&source);
    let mut forms = BTreeSet::new();
    for (i, name) in names.iter().enumerate() {
        let stem = name.trim_end_matches(".csv");
        let form = if i % 2 == 0 { "json" } else { "xlsx" };
        forms.insert(form);
        let bytes = if form == "json" { as_json(&text(name)) } else { workbook(&[(stem, &text(name))]) };
        std::fs::write(set.join(format!("{stem}.{form}")), bytes).unwrap();
    }
    assert_eq!(forms.len(), 2, "{names:?}");
    std::fs::write(set.join("logo.png"), b"\x89PNG\r\n").unwrap();
    let packed = folder.file("set.zip", zip(&files_of(&set, "")));
    for path in [&set, &packed] {
        for words in [&["--standard", "lives"][..], &[]] {
            let report = validate(path, words).json();
            assert_eq!(report["standard"]["id"], "lives", "{report:#}");
            assert_eq!(codes(&report, "error"), BTreeSet::new(), "{report:#}");
            assert!(report["files"].as_array().unwrap().iter().all(|f| f["resource"].is_string()), "{report:#}");
            assert_eq!(report["files"].as_array().unwrap().len(), names.len());
            assert!(codes(&report, "info").contains("C232"), "the picture is named: {report:#}");
        }
    }
    // The same as one workbook.
    let sheets: Vec<(String, String)> = names.iter().map(|n| (n.trim_end_matches(".csv").to_owned(), text(n))).collect();
    let sheets: Vec<(&str, &String)> = sheets.iter().map(|(name, text)| (name.as_str(), text)).collect();
    let book = folder.file("book.xlsx", workbook(&sheets.iter().map(|(n, t)| (*n, t.as_str())).collect::<Vec<_>>()));
    for words in [&["--standard", "lives"][..], &[]] {
        let report = validate(&book, words).json();
        assert_eq!((&report["standard"]["id"], report["files"].as_array().unwrap().len()), (&"lives".into(), names.len()), "{report:#}");
        assert_eq!(codes(&report, "error"), BTreeSet::new(), "{report:#}");
        assert_eq!(report["files"][0]["name"], format!("book.xlsx/{}", sheets[0].0));
    }
    let detected = run(["detect".as_ref(), book.as_os_str(), "--format".as_ref(), "json".as_ref()]).ended_with(0).json();
    assert_eq!((&detected["best"]["standard"]["id"], &detected["best"]["tables"]), (&"lives".into(), &names.len().into()), "{detected:#}");
    // A sheet named by the user is read by itself.
    let one = validate(&book, &["--standard", "lives", "--sheet", sheets[0].0]).json();
    assert_eq!(one["files"].as_array().unwrap().len(), 1, "{one:#}");
}

/// A workbook with texts in its cells, written part by part.
fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let numbered: Vec<(usize, &str, &str)> = sheets.iter().enumerate().map(|(i, (name, text))| (i + 1, *name, *text)).collect();
    let all = |each: &dyn Fn(&(usize, &str, &str)) -> String| numbered.iter().map(each).collect::<String>();
    let list = all(&|(i, name, _)| format!("<sheet name=\"{}\" sheetId=\"{i}\" r:id=\"r{i}\"/>", escaped(name)));
    let relations = all(&|(i, ..)| format!("<Relationship Id=\"r{i}\" Type=\"{office}/worksheet\" Target=\"worksheets/s{i}.xml\"/>"));
    let mut files = vec![
        ("[Content_Types].xml".to_owned(), format!("<Types xmlns=\"{package}/content-types\"/>")),
        ("xl/workbook.xml".to_owned(), format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{list}</sheets></workbook>")),
        ("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships xmlns=\"{package}/relationships\">{relations}</Relationships>")),
    ];
    for (i, _, text) in &numbered {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut data = String::new();
        for (r, record) in reader.records().enumerate() {
            data.push_str(&format!("<row r=\"{}\">", r + 1));
            for (c, cell) in record.unwrap().iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let letter = char::from(b'A' + u8::try_from(c).unwrap());
                data.push_str(&format!("<c r=\"{letter}{}\" t=\"inlineStr\"><is><t>{}</t></is></c>", r + 1, escaped(cell)));
            }
            data.push_str("</row>");
        }
        files.push((format!("xl/worksheets/s{i}.xml"), format!("<worksheet xmlns=\"{main}\"><sheetData>{data}</sheetData></worksheet>")));
    }
    zip(&files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect::<Vec<_>>())
}

/// An archive, a folder and the standard input give the same report; so do its digests.
#[test]
fn the_way_in_makes_no_difference() {
    let folder = Folder::new("ways");
    let source = root().join("standards/national/gtfs/2026-04-27/examples/valid/few-files");
    let mut files = files_of(&source, "");
    files.push(("__MACOSX/._stops.txt".to_owned(), vec![0, 5, 22, 7]));
    let bytes = zip(&files);
    let packed = folder.file("stdin", &bytes);
    let by_file = validate(&packed, &["--standard", "gtfs"]);
    let words = ["validate", "-", "--format", "json", "--standard", "gtfs"];
    let by_pipe = crate::support::run_with(words, bytes);
    assert_eq!(by_pipe.text(), by_file.text());
    let report = by_file.json();
    assert_eq!(codes(&report, "info"), set(&["C232"]), "{report:#}");
    for file in report["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap().strip_prefix("stdin/").unwrap();
        let plain = std::fs::read(source.join(name)).unwrap();
        assert_eq!((&file["bytes"], &file["digest"]), (&plain.len().into(), &concord_core::session::digest(&plain).into()));
    }
    // A report as a workbook shows the rows of the archive's tables.
    let shown = folder.path("report.xlsx");
    let words =
        [OsStr::new("validate"), packed.as_os_str(), "--standard".as_ref(), "gtfs".as_ref(), "--report".as_ref(), shown.as_os_str()];
    run(words).ended_with(0);
    assert!(shown.is_file());
}

/// A conversion takes the tables that it needs from what was handed over, whatever their order and names.
#[test]
fn a_conversion_takes_its_table_from_an_archive() {
    let folder = Folder::new("converted");
    let examples = root().join("standards/national/lives/2.0/examples/convert");
    let name = names_in(&examples).into_iter().find(|n| n.ends_with(".in.csv")).expect("an example of a conversion");
    let source = examples.join(&name);
    let bytes = std::fs::read(&source).unwrap();
    let files = [
        ("a-first.csv".to_owned(), b"road,crew\nMain,4\n".to_vec()),
        ("export.csv".to_owned(), bytes.clone()),
        ("notes.txt".to_owned(), b"ask the clerk\n".to_vec()),
    ];
    let packed = folder.file("export.zip", zip(&files));
    let given: Vec<String> = {
        let stem = name.trim_end_matches(".in.csv");
        let text = std::fs::read_to_string(examples.join(format!("{stem}.given.toml"))).unwrap_or_default();
        let table: toml::Table = text.parse().unwrap();
        table.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap())).collect()
    };
    let convert = |input: &Path, out: &Path| {
        let mut words: Vec<OsString> = ["convert", "--to", "lives@2.0", "--format", "json"].map(Into::into).into();
        words.extend(given.iter().flat_map(|g| ["--set".into(), g.into()]));
        words.extend([input.into(), "-o".into(), out.into()]);
        let ran = run(words);
        assert!(ran.status < 2, "{}", ran.err);
        ran.json()
    };
    let (one, two) = (folder.path("one/"), folder.path("two/"));
    let plain = convert(&source, &one);
    let report = convert(&packed, &two);
    assert_eq!(report["conversion"], plain["conversion"]);
    let left = report["findings"].as_array().unwrap().iter().find(|f| f["code"] == "C232").expect("what is left out is told");
    assert!(left["message"].as_str().unwrap().contains("a-first.csv"), "{left:#}");
    let written = |folder: &PathBuf| files_of(folder, "").into_iter().filter(|f| f.0.ends_with(".csv")).collect::<Vec<_>>();
    assert!(!written(&one).is_empty());
    assert_eq!(written(&one), written(&two));
    // What was written is a dataset again, and is read by its own descriptor.
    let again = validate(&two, &["--standard", "lives"]).json();
    assert!(!codes(&again, "error").contains("C234"), "{again:#}");
}

/// Hostile archives: each is answered quickly, in little memory, with the bound that it hits.
#[test]
fn hostile_archives_are_answered() {
    let folder = Folder::new("hostile-archives");
    let table = b"business_id,name,address\n1,a,b\n".to_vec();
    let mut nested = table.clone();
    for depth in 0..6 {
        nested = zip(&[(if depth == 0 { "inner.csv" } else { "inner.zip" }.to_owned(), nested)]);
    }
    let hidden =
        zip(&[("businesses.csv".to_owned(), zip(&[("a.csv".to_owned(), table.clone())])), ("inspections.csv".to_owned(), table.clone())]);
    let many: Vec<(String, Vec<u8>)> = (0..600).map(|i| (format!("{i}.csv"), table.clone())).collect();
    let out = zip(&[("../../businesses.csv".to_owned(), table.clone()), ("x.csv".to_owned(), b"q\n1\n".to_vec())]);
    for (name, bytes, code, says) in [
        ("a million files", million(), "C110", "10000"),
        ("nested archives", nested, "C113", "only \"inner.zip\""),
        ("an archive under another name", hidden, "C113", "itself packed"),
        ("600 tables", zip(&many), "C110", "500"),
        ("a file that unpacks to 600 MB", bomb(600), "C110", "200"),
        ("names that lead out of the folder", out, "C114", "businesses.csv"),
    ] {
        let path = folder.file("hostile.zip", bytes);
        let ran = validate(&path, &["--standard", "lives"]);
        let report = ran.json();
        let found = report["findings"].as_array().unwrap().iter().find(|f| f["code"] == code);
        let message = found.and_then(|f| f["message"].as_str()).unwrap_or_else(|| panic!("{name}: {report:#}"));
        assert!(message.contains(says), "{name}: {message}");
        assert!(ran.peak / 1024 < 256, "{name} took {} MB", ran.peak / 1024);
        // Two seconds as it is shipped; more where nothing is optimised.
        assert!(ran.time < Duration::from_secs(20) && ran.in_time(), "{name} took {:?}", ran.time);
        aloud(&format!("hostile: {name}: {:?}, {} MB", ran.time, ran.peak / 1024));
    }
}

/// An archive whose directory names a million files: 54 bytes each, all at one place.
fn million() -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([0; 26]);
    let start = u32::try_from(bytes.len()).unwrap();
    for number in 0..1_000_000u32 {
        bytes.extend(b"PK\x01\x02");
        bytes.extend([0; 24]);
        bytes.extend([8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(format!("{number:08}").bytes());
    }
    let size = u32::try_from(bytes.len()).unwrap() - start;
    bytes.extend(b"PK\x05\x06\0\0\0\0\x03\0\x03\0");
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// Two files, of which one is so many megabytes of line ends.
fn bomb(megabytes: usize) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    archive.start_file("businesses.csv", options).unwrap();
    archive.write_all(b"business_id,name,address\n1,a,b\n").unwrap();
    archive.start_file("inspections.csv", options).unwrap();
    archive.write_all(b"business_id,date,score\n").unwrap();
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        archive.write_all(&chunk).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A dataset that a conversion wrote is checked by all rules of the standard when it is read back, though nobody names it again.
#[test]
fn what_was_written_is_checked_by_its_standard_again() {
    let Some(root) = conformance("what_was_written_is_checked_by_its_standard_again") else { return };
    let export = std::fs::read_to_string(root.join("municipal-finance/lunenburg_ma_munis_ytd_fy2026_p09_enterprise.csv")).unwrap();
    let folder = Folder::new("written");
    // In some rows more is left over than was there to spend.
    let mut rows: Vec<Vec<String>> = export.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let left = rows[0].iter().position(|name| name == "available").unwrap();
    let width = rows[0].len();
    for row in rows.iter_mut().skip(1).filter(|row| row.len() == width).take(20) {
        row[left] = "987654.32".to_owned();
    }
    let export = folder.file("export.csv", rows.iter().map(|row| row.join(",") + "\n").collect::<String>());
    for out in ["out/", "out.zip"] {
        let path = folder.path(out);
        let words = ["--to", "umas@2014", "--set", "fiscal_year=2026", "--format", "json", "-o"];
        let ran =
            run([OsStr::new("convert"), export.as_os_str()].into_iter().chain(words.iter().map(OsStr::new)).chain([path.as_os_str()]));
        assert_eq!(ran.status, 1, "{}", ran.err);
        let found = |report: &Value| -> Vec<Value> {
            let errors = report["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error");
            errors.map(|f| f["code"].clone()).collect()
        };
        let converted = found(&ran.json());
        let (named, alone) = (validate(&path, &["--standard", "umas@2014"]), validate(&path, &[]));
        assert_eq!(alone.status, 1, "{}", alone.err);
        assert_eq!(alone.text(), named.text(), "the standard need not be named");
        let report = alone.json();
        assert_eq!((&report["standard"]["id"], &report["standard"]["version"]), (&"umas".into(), &"2014".into()));
        assert_eq!(found(&report), converted, "{out}: what the conversion found is found again");
        assert!(converted.len() > 10, "{converted:?}");
        assert!(alone.err.contains("checked against umas@2014, as its descriptor says"), "{}", alone.err);
    }
}
