//! The way of other forms through the checks: places are those of the file, however its bytes arrive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use super::*;
use crate::check::dataset::{Dataset, Options};
use crate::check::names::{HeaderMatch, HeaderNames};
use crate::check::plan::StandardPlan;
use crate::finding::Place;
use crate::render::json::json;
use crate::render::short::short;
use crate::report::Report;
use crate::schema::parse::parse;
use crate::session::{Choice, Feed, Session};

const SCHEMA: &str = r#"{"fields": [
    {"name": "id", "type": "integer"},
    {"name": "name", "type": "string", "constraints": {"maxLength": 4}},
    {"name": "points", "type": "integer"}
], "primaryKey": "id", "fieldsMatch": "partial"}"#;

/// Hands a file to a reader in pieces of these lengths, and then the rest of it.
pub(crate) fn in_pieces(mut reader: impl Reader, bytes: &[u8], pieces: &[usize]) -> (Rows, Vec<Finding>) {
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    let mut rest = bytes;
    for &piece in pieces {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        reader.push(now, &mut rows, &mut findings);
        rest = later;
    }
    reader.push(rest, &mut rows, &mut findings);
    reader.finish(&mut rows, &mut findings);
    (rows, findings)
}

fn plan() -> Arc<StandardPlan> {
    let schema = parse(SCHEMA.as_bytes(), "s").schema.unwrap();
    Arc::new(StandardPlan::of_schemas("s", "", vec![("t".to_owned(), Vec::new(), Arc::new(schema))]))
}

fn check(bytes: &[u8], step: usize) -> Report {
    let mut session = Session::new("x", Choice::Given(plan()), Options::default(), true);
    bytes.chunks(step).for_each(|piece| session.push(piece));
    session.finish()
}

/// So many records, that the header, the sample and a batch end long before them.
fn many() -> String {
    let mut text = String::new();
    for i in 1..=9000 {
        let line = match i {
            700 => "{\"id\":700,\"name\":\"too long\"}".to_owned(),
            // A line that is lost.
            5000 => "{\"id\":5000,}".to_owned(),
            5001 => "{\"id\":\"x\",\"name\":\"y\"}".to_owned(),
            // Names that the header's records do not have: the table knows the one, not the other.
            7000 => "{\"id\":7000,\"points\":\"many\",\"other\":1}".to_owned(),
            8000 => "{\"id\":2000,\"other\":2}".to_owned(),
            _ => format!("{{\"id\":{i},\"name\":\"n\",\"note\":\"{}\"}}", "some words ".repeat(4)),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[test]
fn places_are_those_of_the_file_however_far_down() {
    let report = check(many().as_bytes(), 1 << 20);
    let lines = short(&report);
    let told: Vec<&str> = lines.lines().filter(|l| !l.contains("C207")).collect();
    assert_eq!(
        told,
        [
            "x:700:1: error[C307] field \"name\": the text has 8 characters, 4 are allowed",
            "x:5000:12: error[C105] the JSON of this record is at fault at \"}\": there is a comma before the closing bracket; the record was not read",
            "x:5001:1: error[C302] field \"id\": \"x\" is not a number",
            "x:7000:1: error[C302] field \"points\": \"many\" is not a number",
            "x:7000:1: warning[C220] field \"other\": \"other\" is first met here, far behind the file's start; 2 values of it were not read",
            "x:8000:1: error[C401] field \"id\": \"2000\" was already used in row 2000",
        ],
        "{lines}"
    );
    let at = |code: &str| report.findings.stored().iter().find(|f| f.code.text() == code).unwrap().place.clone();
    assert_eq!((at("C401").row, at("C401").record, at("C401").column), (8000, 7999, None));
    assert_eq!(at("C401").pointer.as_deref(), Some("/id"));
    assert_eq!((report.coverage.records_read, report.coverage.records_unread), (8999, 1));
    let file = &report.files[0];
    assert_eq!(
        (file.bytes, file.encoding.as_str(), &file.dialect[..]),
        (many().len() as u64, "utf-8", &[("form", "ndjson".to_owned())][..])
    );
}

#[test]
fn however_the_bytes_arrive_the_report_is_the_same() {
    let many = many();
    let list = format!("{{\"n\":1,\"rows\":[{}]}}", many.trim_end().replace('\n', ",\n").replace(",}", "}"));
    for text in [&many, &list] {
        let whole = json(&check(text.as_bytes(), usize::MAX));
        for step in [997, 65_536, 100_001] {
            assert!(json(&check(text.as_bytes(), step)) == whole, "pieces of {step} bytes give another report");
        }
    }
    assert!(short(&check(list.as_bytes(), 1 << 20)).contains("x:8000:1: error[C401]"));
}

/// Rows of a text with a sign between cells and no quoting; a row's number is its line's.
struct Lines(String, u64);

impl Reader for Lines {
    fn push(&mut self, bytes: &[u8], _: &mut Rows, _: &mut Vec<Finding>) {
        self.0.push_str(std::str::from_utf8(bytes).unwrap());
    }
    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        for line in self.0.lines() {
            self.1 += 1;
            for (column, cell) in line.split('|').enumerate() {
                // As a spreadsheet's own errors are told.
                if cell.starts_with('#') {
                    let place = Place { row: self.1, column: Some(column as u32), ..Place::default() };
                    findings.push(Finding::new("C229", "", place).value(cell));
                }
                out.cell(cell, Kind::Text);
            }
            out.end_row(Origin { row: self.1, line: self.1, byte_column: 0 });
        }
    }
    fn facts(&self) -> Facts {
        Facts { encoding: "utf-8", sheet: Some("Sheet 1".to_owned()), ..Facts::default() }
    }
}

/// Leaves out the first row and the first column.
struct Skip(bool);

impl Step for Skip {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, _: &mut Vec<Finding>) {
        for row in rows.iter() {
            if std::mem::replace(&mut self.0, true) {
                row.cells().skip(1).for_each(|(text, kind)| out.cell(text, kind));
                out.end_row(row.origin);
            }
        }
    }
    fn finish(&mut self, _: &mut Rows, _: &mut Vec<Finding>) {}
    fn column(&self, column: usize) -> Option<usize> {
        Some(column + 1)
    }
}

#[test]
fn steps_keep_rows_and_columns_as_the_person_sees_them() {
    let text = "A title|\n|id|name|points\n|1|a|x\n|2|a\n|1|a, \"b\"|3\n";
    let mut transcript = Transcript::new(Form::Xlsx, Box::new(Lines(String::new(), 0)), vec![Box::new(Skip(false))]);
    transcript.push(text.as_bytes());
    transcript.finish();
    assert!(transcript.ready() && transcript.is_whole());
    let head = transcript.head().unwrap();
    assert_eq!((head.names(), head.header_row), (vec!["id", "name", "points"], 2));
    assert_eq!(HeaderMatch::of(&plan().tables[0], &HeaderNames::of(&head.names())).known(), 3);
    assert_eq!(transcript.sample(), b"1,a,x\n2,a\n1,\"a, \"\"b\"\"\",3\n");
    let intake = Intake::of_transcript("x.xlsx", transcript);
    let start = intake.start();
    let mut dataset = Dataset::open(plan(), std::slice::from_ref(&start), false, Options::default());
    Feed::open(&mut dataset, 0, intake).unwrap().finish(&mut dataset, 0);
    let report = dataset.finish();
    assert_eq!(
        short(&report).lines().collect::<Vec<_>>(),
        [
            "x.xlsx:3: error[C302] column D \"points\": \"x\" is not a number",
            "x.xlsx:4: error[C201] column D \"points\": the row has 2 cells, the header has 3",
            "x.xlsx:5: error[C401] column B \"id\": \"1\" was already used in row 3",
            "x.xlsx:5: error[C307] column C \"name\": the text has 6 characters, 4 are allowed",
        ],
    );
    assert!(json(&report).contains("\"sheet\": \"Sheet 1\""));
}

/// Takes away one from each byte, so that what comes out is another form.
struct Shift;

impl Unpack for Shift {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>, _: &mut Vec<Finding>) {
        out.extend(bytes.iter().map(|b| b.wrapping_sub(1)));
    }
    fn finish(&mut self, out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        out.push(b'\n');
        findings.push(Finding::new("C105", "cut", Place::default()));
    }
}

#[test]
fn what_is_unpacked_is_looked_at_again() {
    for (text, form) in [("id,name\n1,a\n1,b", Form::Delimited), ("{\"id\":1,\"name\":\"a\"}\n{\"id\":1}", Form::Ndjson)] {
        let packed: Vec<u8> = text.bytes().map(|b| b.wrapping_add(1)).collect();
        let mut intake = Intake::packed("x", Box::new(Shift), &ReadOptions::default());
        for piece in packed.chunks(5) {
            intake.push(piece);
        }
        intake.end();
        assert_eq!(intake.forms(), [form]);
        let start = intake.start();
        let mut dataset = Dataset::open(plan(), std::slice::from_ref(&start), false, Options::default());
        Feed::open(&mut dataset, 0, intake).unwrap().finish(&mut dataset, 0);
        let report = short(&dataset.finish());
        assert!(report.contains("C401") && report.contains("C105"), "{report}");
    }
}

#[test]
fn files_are_known_by_their_content() {
    for (bytes, form) in [
        (&b"id,name\n1,2\n"[..], Form::Delimited),
        (b"[id],<name>\n1,2\n", Form::Delimited),
        (b"{id},name\n1,2\n", Form::Delimited),
        (b"\xef\xbb\xbf [ {\"a\":1}]", Form::Json),
        (b"{\"a\":1}\n", Form::Json),
        (b"{\"a\":1}\r\n\r\n{\"a\":2}", Form::Ndjson),
        (b"{\"a\":1,}\n{\"a\":2}\n", Form::Ndjson),
        (b"[\"id\",\"name\"]\n[1,\"a\"]\n", Form::Ndjson),
        (b"{\"type\":\"FeatureCollection\",\"features\":[]}", Form::GeoJson),
        (b"<?xml version=\"1.0\"?><a/>", Form::Xml),
        (b"<rows><row>1</row></rows>", Form::Xml),
        (b"<alert xmlns=\"urn:a\"><note>a text that does not end in what was read", Form::Xml),
        (b"<alert xmlns:a='urn:a'\n a='1'><note>a text", Form::Xml),
        (b"<!DOCTYPE html><p>", Form::Delimited),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", Form::Xls),
        (b"PAR1....", Form::Parquet),
        (b"\x1f\x8b\x08....", Form::Gzip),
        (b"\xff\xfea\0,\0", Form::Utf16),
        (b"a\0,\0b\0\n\0", Form::Utf16),
        (b"\0\0\0\0\0\0", Form::Delimited),
        (b"", Form::Delimited),
    ] {
        assert_eq!(form::sniff(bytes, true), form, "{}", String::from_utf8_lossy(bytes));
    }
}

/// An entry of an archive with the header before it; with the size behind it when it is `open`, and deflated by name when it is `packed`.
fn entry(name: &str, content: &[u8], open: bool, packed: bool) -> Vec<u8> {
    let size = if open { 0 } else { content.len() as u32 };
    let header = [&b"PK\x03\x04\x14\0"[..], &[u8::from(open) << 3, 0, u8::from(packed) << 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let sizes = [size.to_le_bytes(), size.to_le_bytes(), [name.len() as u8, 0, 2, 0]].concat();
    [&header[..], &sizes, name.as_bytes(), b"..", content, if open { b"PK\x07\x08............" } else { b"" }].concat()
}

#[test]
fn archives_are_known_by_their_own_entries() {
    let mime: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
    let workbook = entry("[Content_Types].xml", b"<Types/>", false, false);
    for (bytes, form) in [
        (workbook.clone(), Form::Xlsx),
        (entry("docProps/app.xml", b"", true, true), Form::Xlsx),
        ([entry("customXml/item1.xml", b"x", false, true), entry("xl/workbook.xml", b"x", false, true)].concat(), Form::Xlsx),
        ([entry("customXml/item1.xml", b"x", true, true), entry("_rels/.rels", b"x", true, true)].concat(), Form::Xlsx),
        (entry("mimetype", mime, false, false), Form::Ods),
        (entry("mimetype", b"application/epub+zip", false, false), Form::Zip),
        (entry("stops.txt", b"xl/workbook.xml [Content_Types].xml", false, false), Form::Zip),
        // Workbooks in an archive, as they are.
        ([entry("a.xlsx", &workbook, false, false), entry("b.xlsx", &workbook, false, false)].concat(), Form::Zip),
        (entry("a.xlsx", &workbook, true, false), Form::Zip),
        (entry("a.ods", &entry("mimetype", mime, false, false), false, false), Form::Zip),
        (b"PK\x05\x06".to_vec(), Form::Zip),
        (b"PK\x03\x04".to_vec(), Form::Zip),
    ] {
        assert_eq!(form::sniff(&bytes, true), form, "{}", String::from_utf8_lossy(&bytes));
        for end in 4..bytes.len() {
            let cut = form::sniff(&bytes[..end], false);
            assert!(cut == form || cut == Form::Zip, "{cut:?}, {end} bytes");
        }
    }
}

#[test]
fn delimited_text_can_go_through_steps_too() {
    let mut text = "Town of X\n,id,name,points\n".to_owned();
    for i in 1..=20_000 {
        text.push_str(&format!("\"-\n-\",{},n,{}\n", if i == 19_000 { 2 } else { i }, if i == 15_000 { "x" } else { "5" }));
    }
    let told = |step: usize| {
        let options = Options::default();
        let mut intake = Intake::new("x.csv", &options.read);
        let mut pieces = text.as_bytes().chunks(step);
        while !intake.ready() {
            match pieces.next() {
                Some(piece) => intake.push(piece),
                None => intake.end(),
            }
        }
        assert_eq!(intake.start_rows(&options.hints).get(1).unwrap().text(2), "name");
        intake.tidy(vec![Box::new(Skip(false))], &options.hints);
        let start = intake.start();
        let mut dataset = Dataset::open(plan(), std::slice::from_ref(&start), false, options);
        let mut feed = Feed::open(&mut dataset, 0, intake).unwrap();
        pieces.for_each(|piece| feed.push(piece, &mut dataset, 0));
        feed.finish(&mut dataset, 0);
        short(&dataset.finish())
    };
    let whole = told(usize::MAX);
    assert_eq!(
        whole.lines().collect::<Vec<_>>(),
        [
            "x.csv:30001:1: error[C302] column D \"points\": \"x\" is not a number",
            "x.csv:38001:1: error[C401] column B \"id\": \"2\" was already used in row 4",
        ],
    );
    assert_eq!(told(10_001), whole);
    assert_eq!(told(100_000), whole);
}

/// A report on a file that comes in pieces; `attached`, it is given by place too.
fn by_place(name: &str, bytes: &[u8], attached: bool, step: usize) -> String {
    let options = Options::default();
    let mut intake = Intake::new(name, &options.read);
    if attached {
        intake.attach(Store::new(bytes.to_vec()));
    }
    let mut pieces = bytes.chunks(step);
    while !intake.ready() {
        match pieces.next() {
            Some(piece) => intake.push(piece),
            None => intake.end(),
        }
    }
    let start = intake.start();
    let mut dataset = Dataset::open(plan(), std::slice::from_ref(&start), false, options);
    if let Some(mut feed) = Feed::open(&mut dataset, 0, intake) {
        pieces.for_each(|piece| feed.push(piece, &mut dataset, 0));
        feed.finish(&mut dataset, 0);
    }
    dataset.describe(0, bytes.len() as u64, None);
    json(&dataset.finish())
}

/// A zip archive with one file that is stored, and one that is packed.
fn archive(name: &str, text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, text, method) in
        [("notes.txt", "a,b\n1,2\n", rawzip::CompressionMethod::STORE), (name, text, rawzip::CompressionMethod::DEFLATE)]
    {
        let (mut entry, config) = archive.new_file(name).compression_method(method).start().unwrap();
        let descriptor = if method == rawzip::CompressionMethod::STORE {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(text.as_bytes()).unwrap();
            writer.finish().unwrap().1
        } else {
            let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::new(6)));
            writer.write_all(text.as_bytes()).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

#[test]
fn a_file_given_by_place_is_read_as_one_that_is_gathered() {
    let mut files = Vec::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sheets");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        files.push((path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()));
    }
    assert!(files.len() > 3, "the fixtures are there");
    files.sort();
    let rows: String = (0..40_000).map(|i| format!("{},name {},{}\n", i, i % 7, if i == 30_000 { "x" } else { "5" })).collect();
    files.push(("table.zip".to_owned(), archive("table.csv", &format!("id,name,points\n{rows}"))));
    files.push(("records.zip".to_owned(), archive("zz.json", &many())));
    for (name, bytes) in files {
        // What is cut is damaged, and says so in the same words.
        for length in [bytes.len(), bytes.len() - bytes.len() / 3, bytes.len().min(40)] {
            let bytes = &bytes[..length];
            let gathered = by_place(&name, bytes, false, 1 << 20);
            for step in [4096, 1 << 20] {
                assert!(by_place(&name, bytes, true, step) == gathered, "{name}, {length} bytes, in pieces of {step}");
            }
        }
    }
}

#[test]
fn a_cell_that_holds_no_value_is_told_once() {
    let schema = r#"{"fields": [{"name": "id", "type": "integer"}, {"name": "of", "type": "integer"}, {"name": "points", "type": "integer"}],
        "primaryKey": "id", "foreignKeys": [{"fields": "of", "reference": {"resource": "", "fields": "id"}}], "fieldsMatch": "partial"}"#;
    let schema = parse(schema.as_bytes(), "s").schema.unwrap();
    let plan = Arc::new(StandardPlan::of_schemas("s", "", vec![("t".to_owned(), Vec::new(), Arc::new(schema))]));
    let mut text = "id|of|points\n1|1|#N/A\n#REF!|1|x\n#REF!|#N/A|2\n5|#N/A|3|extra\n".to_owned();
    (10..3000).for_each(|i| text.push_str(&format!("{i}|1|{}\n", if i == 2999 { "#DIV/0!" } else { "2" })));
    let mut transcript = Transcript::new(Form::Xlsx, Box::new(Lines(String::new(), 0)), Vec::new());
    transcript.push(text.as_bytes());
    transcript.finish();
    let intake = Intake::of_transcript("x", transcript);
    let start = intake.start();
    let mut dataset = Dataset::open(plan, std::slice::from_ref(&start), false, Options::default());
    Feed::open(&mut dataset, 0, intake).unwrap().finish(&mut dataset, 0);
    let report = dataset.finish();
    let told: Vec<String> = report
        .findings
        .stored()
        .iter()
        .map(|f| format!("{} {}:{}", f.code.text(), f.place.row, f.place.column.map_or_else(String::new, |c| c.to_string())))
        .collect();
    let expected = ["C229 2:2", "C229 3:0", "C302 3:2", "C229 4:0", "C229 4:1", "C229 5:1", "C202 5:3", "C229 2995:2"];
    assert_eq!(told, expected);
}

#[test]
fn a_stump_at_the_end_of_what_breaks_off_is_no_record() {
    use std::io::Write;
    let text: String = "id,name,points\n".to_owned() + &(1..2000).map(|i| format!("{i},n,1\n")).collect::<String>();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packer.write_all(text.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    for cut in 1..14 {
        for step in [100, usize::MAX] {
            let report = check(&packed[..packed.len() - 8 - cut], step);
            assert_eq!(short(&report), "x: error[C112] the packed file breaks off before its end\n", "{cut}");
            let coverage = &report.coverage;
            // A record that only lacks its line end may have lost more.
            assert_eq!(coverage.records_read + coverage.records_unread, 1999 - u64::from(cut > 8), "{cut}");
        }
    }
    // Nor is it found fault with when no record is left.
    let report = check(&packed[..30], 7);
    assert!(!short(&report).contains("C211"), "{}", short(&report));
}

#[test]
fn a_line_for_excel_is_told_and_is_no_row() {
    let text = "sep=;\r\nid;name;points\r\n1;a;x\r\n";
    let told = "x: warning";
    for step in [1, usize::MAX] {
        let report = check(text.as_bytes(), step);
        let lines = short(&report);
        let lines: Vec<&str> = lines.lines().collect();
        assert!(
            matches!(lines[..], [line, "x:3:5: error[C302] column C \"points\": \"x\" is not a number"] if line.starts_with("x:1:1: warning[C272]")),
            "{told} {lines:#?}"
        );
        assert_eq!(report.findings.stored()[1].place.row, 2);
    }
}

#[test]
fn what_was_asked_for_in_vain_is_told() {
    let text = "id,name,points\n1,a,2\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let json = "[{\"id\":1,\"name\":\"a\",\"points\":2}]";
    for (bytes, expected) in [(text.as_bytes(), &["sheet", "records"][..]), (&utf16, &["sheet", "records"]), (json.as_bytes(), &["sheet"])]
    {
        let mut options = Options::default();
        (options.read.sheet, options.read.records) = (Some("Data".to_owned()), Some(String::new()));
        let mut session = Session::new("x", Choice::Given(plan()), options, true);
        session.push(bytes);
        let report = session.finish();
        let kinds: Vec<&str> = report.findings.stored().iter().filter(|f| f.code.text() == "C271").map(|f| f.kind).collect();
        assert_eq!(kinds, expected, "{}", short(&report));
        assert_eq!(report.coverage.records_read, 1);
    }
}

#[test]
fn bytes_that_cannot_be_read_are_told_with_their_cell() {
    let mut bytes = vec![0xff, 0xfe];
    let text = "id,name,points\r\n1,\"a\r\n?\",2\r\n\r\n2,b,?\r\n".to_owned() + &"3,b,4\r\n".repeat(9000) + "5,?,1\r\n";
    for unit in text.encode_utf16() {
        bytes.extend(if unit == u16::from(b'?') { [0x00, 0xd8] } else { unit.to_le_bytes() });
    }
    let expected = [(2, 1, 3, 1), (4, 2, 5, 9), (9005, 1, 9006, 5)];
    for step in [1, 4096, usize::MAX] {
        let report = check(&bytes, step);
        let of = report.findings.stored().iter().chain(report.findings.causes().into_iter().flat_map(|c| &c.samples));
        let mut found: Vec<_> = of
            .filter(|f| f.code.text() == "C121")
            .map(|f| (f.place.row, f.place.column.unwrap(), f.place.line, f.place.byte_column))
            .collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expected, "{}", &short(&report)[..500]);
    }
}
