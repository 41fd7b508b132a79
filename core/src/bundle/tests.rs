//! A folder and a zip of it give the same report, and what is odd about either is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::check::check;
use super::*;
use crate::bounds;
use crate::finding::Severity;
#[cfg(feature = "xlsx-write")]
use crate::read::mark::SHEET;
use crate::render::short::short;
use crate::report::Report;
use crate::schema::parse::parse;
use crate::session::Session;
use crate::testing;

/// Files in memory that stand for a folder.
struct Memory {
    names: Vec<String>,
    bytes: Vec<Vec<u8>>,
}

impl Files for Memory {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Pieces>> {
        Ok(Box::new(io::Cursor::new(self.bytes[index].clone())))
    }
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (i, (name, bytes)) in files.iter().enumerate() {
        // Packed and stored by turns.
        let path = EntryPath::verbatim(name.as_bytes().to_vec());
        let method = if i % 2 == 0 { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        let (mut entry, config) = archive.new_file(path).compression_method(method).start().unwrap();
        let descriptor = if i % 2 == 0 {
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::fast()));
            writer.write_all(bytes).unwrap();
            let (encoder, descriptor): (_, _) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

fn schema(text: &str) -> Arc<crate::schema::TableSchema> {
    Arc::new(parse(text.as_bytes(), "s").schema.unwrap())
}

/// Towns, and permits that refer to them.
fn plan() -> Arc<StandardPlan> {
    let towns =
        schema(r#"{"fields": [{"name": "town"}, {"name": "people", "type": "integer"}], "primaryKey": "town", "fieldsMatch": "partial"}"#);
    let permits = schema(
        r#"{"fields": [{"name": "permit"}, {"name": "town"}, {"name": "cost", "type": "number"}], "primaryKey": "permit", "fieldsMatch": "partial",
            "foreignKeys": [{"fields": "town", "reference": {"resource": "towns", "fields": "town"}}]}"#,
    );
    let tables =
        vec![("towns".to_owned(), vec!["towns.csv".to_owned()], towns), ("permits".to_owned(), vec!["permits.csv".to_owned()], permits)];
    Arc::new(StandardPlan::of_schemas("s", "", tables))
}

fn given() -> Choice {
    Choice::Given(plan())
}

const TOWNS: &[u8] = b"town,people\nLee,5800\nOtis,1600\n";
const PERMITS: &[u8] = b"permit,town,cost\n1,Lee,10\n2,Lenox,x\n";

fn folder(files: &[(&str, &[u8])], choice: &Choice) -> Report {
    let memory = Memory { names: files.iter().map(|f| f.0.to_owned()).collect(), bytes: files.iter().map(|f| f.1.to_vec()).collect() };
    let options = Options::default();
    let bundle = Bundle::of_files("set", Kind::Folder, Arc::new(memory), None, choice, &options.read).unwrap().unwrap();
    check(bundle, choice, &options, true).unwrap()
}

fn archive(files: &[(&str, &[u8])], choice: &Choice) -> Report {
    session("set.zip", &zip(files), choice, usize::MAX)
}

fn session(name: &str, bytes: &[u8], choice: &Choice, step: usize) -> Report {
    let mut session = Session::new(name, choice.clone(), Options::default(), true);
    bytes.chunks(step).for_each(|piece| session.push(piece));
    session.finish()
}

fn lines(report: &Report) -> Vec<String> {
    short(report).lines().map(str::to_owned).collect()
}

#[test]
fn references_are_checked_across_the_files_of_an_archive() {
    let files: &[(&str, &[u8])] = &[
        ("permits.csv", PERMITS),
        ("towns.csv", TOWNS),
        ("README.md", b"words"),
        ("__MACOSX/._towns.csv", b"\0\x05\x16\x07"),
        ("plan.pdf", b"%PDF-1.4"),
        ("old.zip", b"PK\x03\x04"),
        ("notes.json", b"{\"a\": [1, 2"),
        ("old/towns.csv", TOWNS),
    ];
    let report = archive(files, &given());
    assert_eq!(
        lines(&report),
        [
            "info[C232] not read, since it is meant for people: README.md, plan.pdf",
            "info[C232] not read, since programs leave such files behind: __MACOSX/._towns.csv",
            "warning[C113] \"old.zip\" is itself packed; it was not opened",
            "info[C232] not read, since it lies in a folder below the tables: old/towns.csv",
            "info[C232] not read, since it is no table of the standard: set.zip/notes.json",
            "set.zip/permits.csv:3:3: error[C402] column B \"town\": \"Lenox\" is not a town of table \"towns\"",
            "set.zip/permits.csv:3:9: error[C302] column C \"cost\": \"x\" is not a number",
        ]
    );
    let names: Vec<(&str, &str, u64)> = report.files.iter().map(|f| (f.name.as_str(), f.resource.as_str(), f.bytes)).collect();
    assert_eq!(names, [("set.zip/permits.csv", "permits", PERMITS.len() as u64), ("set.zip/towns.csv", "towns", TOWNS.len() as u64)]);
    assert_eq!(report.files[1].digest.as_deref(), Some(crate::session::digest(TOWNS).as_str()), "of the table, not of the archive");
}

/// One file packed by itself is a file, not a dataset; and so is a file of the usual forms.
#[test]
fn one_table_in_an_archive_is_a_file() {
    let report = archive(&[("permits.csv", PERMITS)], &given());
    assert_eq!(report.files[0].name, "set.zip/permits.csv");
    assert_eq!(lines(&report), ["set.zip/permits.csv:3:9: error[C302] column C \"cost\": \"x\" is not a number"]);
    assert_eq!(report.findings.count(Severity::Error), 1, "the other table was not given");
}

/// Tables in one folder are read there; that is an error only where the standard says so.
#[test]
fn a_folder_in_the_archive_is_told() {
    let files: &[(&str, &[u8])] = &[("feed/permits.csv", b"permit,town,cost\n1,Lee,10\n"), ("feed/towns.csv", TOWNS)];
    assert_eq!(lines(&archive(files, &given())), ["info[C233] all tables lie in the folder \"feed\" of the archive; they were read there"]);
    let flat = StandardPlan { flat: true, ..Arc::try_unwrap(plan()).unwrap() };
    let said = lines(&archive(files, &Choice::Given(Arc::new(flat))));
    assert_eq!(said, ["error[C233] all tables lie in the folder \"feed\" of the archive; the standard wants them at its top"]);
}

/// A further table about the same things is not taken for the table whose name another file has.
#[test]
fn further_tables_do_not_take_the_place_of_those_of_the_standard() {
    let files: &[(&str, &[u8])] = &[
        ("a-extra.csv", b"town,mayor,phone\nLee,x,1\n"),
        ("permits.csv", b"permit,town,cost\n1,Lee,10\n"),
        ("towns.csv", TOWNS),
        ("z.csv", TOWNS),
    ];
    for report in [folder(files, &given()), archive(files, &given())] {
        let resources: Vec<&str> = report.files.iter().map(|f| f.resource.as_str()).collect();
        assert_eq!(resources, ["", "permits", "towns", ""]);
        let codes: Vec<(&str, Severity)> = report.findings.stored().iter().map(|f| (f.code.text(), f.severity)).collect();
        assert_eq!(codes, [("C215", Severity::Warning), ("C215", Severity::Error)], "{:?}", lines(&report));
    }
}

#[test]
fn what_cannot_be_opened_is_refused_with_its_reason() {
    let many: Vec<(String, &[u8])> = (0..=bounds::DATASET_TABLES).map(|i| (format!("{i}.csv"), TOWNS)).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let inner = zip(&[("towns.csv", TOWNS)]);
    let cut = zip(&[("towns.csv", TOWNS), ("permits.csv", PERMITS)]);
    for (bytes, expected) in [
        (zip(&many), "x.zip: error[C110] it holds more than the bound of 500 tables; none was read"),
        (zip(&[]), "x.zip: error[C113] the archive holds no table"),
        (zip(&[("a.pdf", b"x")]), "x.zip: error[C113] the archive holds no table"),
        (cut[..cut.len() - 30].to_vec(), "x.zip: error[C112] the directory of the archive is damaged or missing"),
        (
            zip(&[("inner.csv", &inner)]),
            "x.zip/inner.csv: error[C113] \"x.zip/inner.csv\" was to be read as a table, but is itself packed; it was not opened",
        ),
        (
            zip(&[("inner.zip", &inner)]),
            "x.zip: error[C113] there is no table, only \"inner.zip\", which is itself packed and was not opened",
        ),
    ] {
        let report = session("x.zip", &bytes, &given(), 1000);
        assert!(lines(&report).contains(&expected.to_owned()), "{:?}", lines(&report));
        assert_eq!(report.files.len(), 1);
    }
}

/// A descriptor says which files are tables, how they are written, and by which schema they are checked.
#[test]
fn a_data_package_is_read_by_its_descriptor() {
    let descriptor = br#"{"name": "set", "title": "A set", "licenses": [{"name": "CC0-1.0"}], "resources": [
        {"name": "towns", "title": "t", "path": "data/t.txt", "schema": {"fields": [{"name": "town"}, {"name": "people", "type": "integer"}], "primaryKey": ["town"]},
         "dialect": {"delimiter": ";", "header": false}},
        {"name": "permits", "title": "p", "path": ["data/p1.csv", "data/p2.csv"], "schema": "permits.schema.json", "encoding": "iso-8859-1"},
        {"name": "notes", "title": "n", "path": "notes.csv"},
        {"name": "gone", "title": "g", "path": "gone.csv"},
        {"name": "far", "title": "f", "path": "https://example.org/x.csv"},
        {"name": "out", "title": "o", "path": "../secret.csv"}]}"#;
    let schema = br#"{"fields": [{"name": "permit"}, {"name": "town"}, {"name": "cost", "type": "number"}],
        "foreignKeys": [{"fields": ["town"], "reference": {"resource": "towns", "fields": ["town"]}}]}"#;
    let files: &[(&str, &[u8])] = &[
        ("datapackage.json", descriptor),
        ("permits.schema.json", schema),
        ("data/t.txt", b"Lee;5800\nOtis;many\n"),
        ("data/p1.csv", b"permit,town,cost\n1,Lee,10\n2,Lenox,3"),
        ("data/p2.csv", b"permit,town,cost\n3,Otis,y\n4,\xe9,1\n"),
        ("notes.csv", b"a,b\n1\n"),
        ("stray.csv", b"a\n1\n"),
    ];
    let expected = [
        "error[C912] datapackage.json: /resources/5/path: the path \"../secret.csv\" leads out of the folder",
        "info[C234] \"permits\" lies in 2 files, which were read as one table; its rows are counted through all of them",
        "error[C234] the descriptor names \"gone.csv\" for \"gone\", which is not there",
        "warning[C234] \"https://example.org/x.csv\" of \"far\" lies on the web; it was not fetched",
        "info[C234] the descriptor has no schema for \"notes\"; only the shape of the table was checked",
        "info[C232] not read, since the descriptor does not name it: stray.csv",
        "data/t.txt:2:6: error[C302] column B \"people\": \"many\" is not a number",
        "data/p1.csv:3:3: error[C402] column B \"town\": \"Lenox\" is not a town of table \"towns\"",
        "data/p1.csv:4:8: error[C302] column C \"cost\": \"y\" is not a number",
        "data/p1.csv:5:3: error[C402] column B \"town\": \"\u{e9}\" is not a town of table \"towns\"",
        "notes.csv:2:2: error[C201] column B \"b\": the row has 1 cells, the header has 2",
    ];
    let choice = Choice::Detect(Vec::new());
    let said = lines(&folder(files, &choice));
    assert_eq!(said, expected);
    let packed: Vec<String> = lines(&archive(files, &choice)).iter().map(|l| l.replace("set.zip/", "")).collect();
    assert_eq!(packed, said);
    // In a folder of the archive the same holds.
    let inner: Vec<(String, &[u8])> = files.iter().map(|(name, bytes)| (format!("in/{name}"), *bytes)).collect();
    let inner: Vec<(&str, &[u8])> = inner.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let inner = lines(&archive(&inner, &choice));
    assert!(inner.iter().any(|l| l.contains("C233")), "the folder is told: {inner:#?}");
    let packed: Vec<String> =
        inner.iter().filter(|l| !l.contains("C233")).map(|l| l.replace("set.zip/in/", "").replace(": in/", ": ")).collect();
    assert_eq!(packed, said);
}

/// What the descriptor says of a file's encoding is held against the file.
#[test]
fn the_encoding_is_that_of_the_descriptor() {
    for (encoding, bytes, fits) in [
        ("utf-8", &b"a\n\xc3\xa9\n"[..], true),
        ("utf-8", b"a\n\xe9\n", false),
        ("windows-1252", b"a\n\xe9\n", true),
        ("latin1", b"a\ne\n", true),
        ("latin1", b"a\n\xc3\xa9\n", false),
        ("shift_jis", b"a\ne\n", true),
        ("shift_jis", b"a\n\xe9\n", false),
    ] {
        let text = format!(
            r#"{{"name": "s", "resources": [{{"name": "t", "path": "t.csv", "encoding": "{encoding}", "schema": {{"fields": [{{"name": "a"}}]}}}}]}}"#
        );
        let report = folder(&[("datapackage.json", text.as_bytes()), ("t.csv", bytes)], &Choice::Detect(Vec::new()));
        assert_eq!(!lines(&report).iter().any(|l| l.contains("C234")), fits, "{encoding} {bytes:?} {:?}", lines(&report));
    }
}

/// A workbook whose sheets are tables of the standard.
#[cfg(feature = "xlsx-write")]
fn workbook(sheets: &[(&str, &[u8])]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, text) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (r, line) in std::str::from_utf8(text).unwrap().lines().enumerate() {
            for (c, cell) in line.split(',').enumerate() {
                sheet.write_string(r as u32, c as u16, cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[cfg(feature = "xlsx-write")]
#[test]
fn sheets_are_tables_when_the_standard_has_several() {
    let notes: &[u8] = b"Permits of 2024\nask the clerk\n";
    let book = workbook(&[("Notes", notes), ("Permits", PERMITS), ("2024", TOWNS), ("Towns", TOWNS)]);
    let report = session("book.xlsx", &book, &given(), 4096);
    let named: Vec<(&str, &str)> = report.files.iter().map(|f| (f.name.as_str(), f.resource.as_str())).collect();
    assert_eq!(named, [("book.xlsx/Permits", "permits"), ("book.xlsx/Towns", "towns")]);
    assert_eq!(
        lines(&report),
        [
            "warning[C232] book.xlsx has further sheets that are filled in, which were not read: 2024",
            "info[C232] book.xlsx has further sheets, which were not read: Notes",
            "book.xlsx/Permits:Permits!B3: error[C402] column B \"town\": \"Lenox\" is not a town of table \"towns\"",
            "book.xlsx/Permits:Permits!C3: error[C302] column C \"cost\": \"x\" is not a number",
        ]
    );
    // Packed, the same; with one sheet that fits, it is a file as ever.
    let packed = archive(&[("book.xlsx", &book)], &given());
    assert_eq!(lines(&packed).iter().map(|l| l.replace("set.zip/", "")).collect::<Vec<_>>(), lines(&report));
    let one = session("book.xlsx", &workbook(&[("Permits", PERMITS), ("Notes", notes)]), &given(), 4096);
    assert_eq!(one.files.len(), 1);
    assert_eq!(one.files[0].name, "book.xlsx");
}

/// What is told about the choice of sheets.
#[cfg(feature = "xlsx-write")]
fn of_sheets(report: &Report) -> Vec<String> {
    lines(report).into_iter().filter(|l| l.contains("C225") || l.contains("C232")).collect()
}

/// By file: its name, its resource, its records.
#[cfg(feature = "xlsx-write")]
fn read_of(report: &Report) -> Vec<(&str, &str, u64)> {
    report.files.iter().map(|f| (f.name.as_str(), f.resource.as_str(), f.records)).collect()
}

#[cfg(feature = "xlsx-write")]
#[test]
fn a_sheet_of_a_template_is_read_under_any_name_and_none_is_passed_over_in_silence() {
    let mark: &[u8] = b"concord-template,1\nstandard,s@1\nsheet,towns,towns\nsheet,permits,permits\n";
    let notes: &[u8] = b"How to fill it in\nrow by row\n";
    let (no_towns, no_permits): (&[u8], &[u8]) = (b"town,people\n", b"permit,town,cost\n");
    let filled = |sheets: &[(&str, &[u8])]| {
        let all: Vec<(&str, &[u8])> = [("Read me", notes)].iter().chain(sheets).chain(&[(SHEET, mark)]).copied().collect();
        session("book.xlsx", &workbook(&all), &given(), 4096)
    };
    // Nothing to tell where all is as it was made.
    let whole = filled(&[("towns", no_towns), ("permits", PERMITS)]);
    assert_eq!((read_of(&whole), of_sheets(&whole)), (vec![("book.xlsx", "permits", 2)], vec![]));
    // One sheet was renamed: alone, and beside another.
    let renamed = filled(&[("towns", no_towns), ("Permits 2024", PERMITS)]);
    assert_eq!((read_of(&renamed), of_sheets(&renamed)), (vec![("book.xlsx", "permits", 2)], vec![]));
    let both = filled(&[("towns", TOWNS), ("Permits 2024", PERMITS), ("scratch", b"a,b\n1,2\n")]);
    assert_eq!(read_of(&both), [("book.xlsx/towns", "towns", 2), ("book.xlsx/Permits 2024", "permits", 2)]);
    assert_eq!(
        of_sheets(&both),
        [
            "warning[C232] book.xlsx has further sheets that are filled in, which were not read: scratch",
            "info[C232] book.xlsx has further sheets, which were not read: Read me",
        ]
    );
    // One was copied.
    let copied = filled(&[("towns", no_towns), ("permits", PERMITS), ("permits Copy", PERMITS), ("scratch", b"a,b\n1,2\n")]);
    assert_eq!(read_of(&copied), [("book.xlsx", "permits", 2)]);
    assert_eq!(
        of_sheets(&copied),
        [
            "book.xlsx: warning[C225] sheet \"permits\" was read; not read, though filled in under the same columns: \"permits Copy\"",
            "book.xlsx: warning[C225] sheet \"permits\" was read; not read, though filled in: \"scratch\"",
        ]
    );
    // Without the standard the header of the template's own sheet tells a renamed one.
    let all = workbook(&[("Read me", notes), ("permits", no_permits), ("2024", PERMITS), (SHEET, mark)]);
    let unknown = session("book.xlsx", &all, &Choice::Detect(Vec::new()), 4096);
    assert_eq!(read_of(&unknown), [("book.xlsx", "", 2)]);
}

#[cfg(feature = "xlsx-write")]
#[test]
fn the_sheet_with_the_header_of_the_standard_is_read() {
    let permits =
        schema(r#"{"fields": [{"name": "permit"}, {"name": "town"}, {"name": "cost", "type": "number"}], "fieldsMatch": "partial"}"#);
    let plan = Arc::new(StandardPlan::of_schemas("s", "", vec![("permits".to_owned(), Vec::new(), permits)]));
    let notes: &[u8] = b"Permits of two years\nask the clerk\nColumn,Meaning\npermit,its number\n";
    let book =
        workbook(&[("Instructions", notes), ("2025", PERMITS), ("2026", b"permit,town,cost\n3,Lee,1\n"), ("empty", b"permit,town,cost\n")]);
    for choice in [Choice::Given(Arc::clone(&plan)), Choice::Detect(vec![Arc::clone(&plan)])] {
        let report = session("book.xlsx", &book, &choice, 4096);
        assert_eq!(read_of(&report), [("book.xlsx", "permits", 2)]);
        assert_eq!(
            of_sheets(&report),
            [
                "book.xlsx: warning[C225] sheet \"2025\" was read; not read, though filled in under the same columns: \"2026\"",
                "book.xlsx: info[C225] sheet \"2025\" was read; the workbook also holds \"Instructions\", \"empty\"",
            ]
        );
        let same = report.findings.stored().iter().find(|f| f.kind == "same").unwrap();
        assert!(crate::render::words::mend(same).contains("--sheet \"2026\""), "{same:?}");
    }
    // A sheet that is hidden is not preferred, and without a standard the first one is read as ever.
    let none = session("book.xlsx", &book, &Choice::Detect(Vec::new()), 4096);
    assert_eq!(read_of(&none), [("book.xlsx", "", 3)]);
}

#[cfg(feature = "xlsx-write")]
#[test]
fn a_name_is_that_of_a_file_in_an_archive_or_of_a_sheet_in_it_or_of_both() {
    let book = workbook(&[("Notes", b"a\nb\n"), ("Permits", PERMITS)]);
    let packed = zip(&[("towns.csv", TOWNS), ("in/book.xlsx", &book)]);
    let read = |name: &str| {
        let mut options = Options::default();
        options.read.sheet = Some(name.to_owned());
        let mut session = Session::new("set.zip", given(), options, true);
        packed.chunks(100).for_each(|piece| session.push(piece));
        session.finish()
    };
    for name in ["Permits", "permits", "in/book.xlsx", "in/book.xlsx/Permits", "IN/BOOK.xlsx/permits"] {
        let report = read(name);
        assert_eq!(read_of(&report), [("set.zip", "permits", 2)], "{name}: {:?}", lines(&report));
    }
    assert_eq!(read_of(&read("towns.csv")), [("set.zip", "towns", 2)]);
    for (name, told) in [
        ("2024", "error[C113] the archive holds no table or sheet named \"2024\"; it has towns.csv, in/book.xlsx"),
        ("in/book.xlsx/2024", "error[C115] the workbook has no sheet named \"2024\"; it has Notes, Permits"),
        ("in/book.xlsx/", "error[C113] the archive holds no table or sheet named \"in/book.xlsx/\""),
    ] {
        let report = read(name);
        assert!(lines(&report).iter().any(|l| l.contains(told)), "{name}: {:?}", lines(&report));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// However it is packed and cut, a dataset gives the findings of its folder.
    #[test]
    fn an_archive_gives_the_findings_of_its_folder(
        (first, one) in testing::table_strategy(0..8),
        (second, other) in testing::table_strategy(0..8),
        step in 1usize..5000,
        detected: bool,
        inner: bool,
    ) {
        let tables = vec![
            ("one".to_owned(), vec!["one.csv".to_owned()], Arc::new(first)),
            ("other".to_owned(), vec!["other.csv".to_owned()], Arc::new(second)),
        ];
        let plan = Arc::new(StandardPlan::of_schemas("s", "", tables));
        let choice = if detected { Choice::Detect(vec![plan]) } else { Choice::Given(plan) };
        let files: &[(&str, &[u8])] = &[("one.csv", one.as_bytes()), ("other.csv", other.as_bytes()), ("x.png", b"\x89PNG")];
        let plain = folder(files, &choice);
        let name = |n: &str| if inner { format!("in/{n}") } else { n.to_owned() };
        let packed: Vec<(String, &[u8])> = files.iter().map(|(n, bytes)| (name(n), *bytes)).collect();
        let packed: Vec<(&str, &[u8])> = packed.iter().map(|(n, bytes)| (n.as_str(), *bytes)).collect();
        let report = session("set.zip", &zip(&packed), &choice, step);
        let prefix = name("").trim_end_matches('/').to_owned();
        let unpacked = |line: &String| line.replace("set.zip/", "").replace(&format!("{prefix}/"), "");
        let lines_of: Vec<String> = lines(&report).iter().filter(|l| !l.contains("C233")).map(|l| if inner { unpacked(l) } else { l.replace("set.zip/", "") }).collect();
        prop_assert_eq!(lines_of, lines(&plain));
        let facts = |r: &Report| r.files.iter().map(|f| (f.bytes, f.records, f.digest.clone(), f.resource.clone())).collect::<Vec<_>>();
        prop_assert_eq!(facts(&report), facts(&plain));
        prop_assert_eq!(&report.coverage, &plain.coverage);
    }
}
