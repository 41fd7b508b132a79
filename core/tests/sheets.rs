//! Workbooks in three forms: the same cells read the same, also as another library reads them; and nothing hostile or damaged ends the reading badly.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Write};
use std::path::PathBuf;

use calamine::{Data, Reader};
use concord_core::bounds;
use concord_core::finding::Finding;
use concord_core::read::sheet::{Book, Wanted};
use concord_core::read::tidy::Layouts;
use concord_core::read::{Kind, Rows};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rawzip::{CompressionMethod, ZipArchiveWriter};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sheets").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What a test looks at: rows as lists of texts, and findings as code, kind, row and what was spelled out.
type Read = (Vec<(u64, Vec<(String, Kind)>)>, Vec<String>);

fn read(bytes: &[u8], sheet: Option<usize>, bounds: bounds::Sheet) -> Read {
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    match Book::open(bytes, bounds, &mut findings) {
        Ok(book) => match sheet.map_or_else(|| book.choose(&Wanted::default(), &Layouts::default(), &mut findings), Ok) {
            Ok(sheet) => book.rows(sheet, &mut rows, &mut findings),
            Err(finding) => findings.push(*finding),
        },
        Err(finding) => findings.push(*finding),
    }
    let rows = rows.iter().map(|r| (r.origin.row, r.cells().map(|(t, k)| (t.to_owned(), k)).collect())).collect();
    (rows, findings.iter().map(told).collect())
}

fn told(finding: &Finding) -> String {
    let args: Vec<&str> = finding.args.iter().map(|(_, v)| v.as_str()).collect();
    format!("{} {} {} {}", finding.code.text(), finding.kind, finding.place.row, args.join("|"))
}

#[test]
fn three_forms_of_one_workbook_read_the_same() {
    use Kind::{Boolean, Date, Number, Text};
    let expected: [[(&str, Kind); 12]; 2] = [
        [
            ("01901", Text),
            ("Café & Söhne <Bau>", Text),
            ("2021-01-31", Date),
            ("2021-01-31T12:30:05", Date),
            ("1234567.89", Number),
            ("0.125", Number),
            ("01749", Text),
            ("true", Boolean),
            ("06:15:00", Text),
            ("30:05:00", Text),
            ("2469135.78", Number),
            ("#DIV/0!", Kind::Error),
        ],
        [
            ("hidden row", Text),
            ("x", Text),
            ("2020-02-29", Date),
            ("2020-02-29T01:02:03", Date),
            ("0.3", Number),
            ("0.5", Number),
            ("99999", Number),
            ("false", Boolean),
            ("01:02:03", Text),
            ("00:00:00", Text),
            ("true", Boolean),
            ("1234567.89", Number),
        ],
    ];
    let (first, _) = read(&fixture("ledger.xlsx"), None, bounds::Sheet::default());
    for name in ["ledger.xlsx", "ledger.ods", "ledger.xls"] {
        let (rows, findings) = read(&fixture(name), None, bounds::Sheet::default());
        assert_eq!(rows, first, "{name}");
        assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>(), "{name}");
        for (row, expected) in [(3, &expected[0]), (6, &expected[1])] {
            let cells: Vec<_> = rows[row].1.iter().map(|(t, k)| (t.as_str(), *k)).collect();
            assert_eq!(cells, expected, "{name}, row {}", row + 1);
        }
        assert_eq!(rows[11].1.len(), 14, "{name}: the stray cell in column N");
        let expected = [
            "C225  0 Ledger|\"Hidden one\" (hidden), \"Other\"|Other",
            "C229  4 ",
            "C229  5 ",
            "C226 row 0 Ledger|7",
            "C226 column 0 Ledger|B",
            "C227  0 Ledger|A1:D1",
        ];
        let findings: Vec<_> = findings.iter().filter(|f| !f.starts_with("C228")).collect();
        assert_eq!(findings, expected, "{name}");
    }
}

#[test]
fn formulas_without_results_and_days_from_1904() {
    let (rows, findings) = read(&fixture("without-results.xlsx"), None, bounds::Sheet::default());
    assert_eq!(rows[3].1.len(), 10, "the formulas' cells are empty");
    assert_eq!(findings.iter().filter(|f| f.starts_with("C228")).count(), 8);
    let (rows, findings) = read(&fixture("days-from-1904.xlsx"), None, bounds::Sheet::default());
    assert_eq!(rows[1].1, [("2021-01-31".to_owned(), Kind::Date)]);
    assert_eq!(findings, ["C228  3 "]);
}

/// Whether a cell of ours says what the other library read.
fn agrees(text: &str, kind: Kind, other: Option<&Data>) -> bool {
    match other {
        None | Some(Data::Empty) => text.is_empty(),
        Some(Data::String(s)) => s == text || kind == Kind::Error,
        Some(Data::Bool(b)) => text == b.to_string(),
        // It reads what LibreOffice stores as the number 1 and shows as TRUE as the number.
        Some(Data::Float(v)) if kind == Kind::Boolean => text == if *v == 0.0 { "false" } else { "true" },
        Some(Data::Float(v)) => text.parse::<f64>().is_ok_and(|o| (o - v).abs() <= v.abs() * 1e-14),
        Some(Data::Int(v)) => text.parse::<i64>() == Ok(*v),
        // Read as a day by both; which day it is, the other tests say.
        Some(Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_)) => text.contains(['-', ':']),
        Some(Data::Error(e)) => text == e.to_string(),
    }
}

fn compare(name: &str, bytes: &[u8]) -> usize {
    let mut findings = Vec::new();
    let book = Book::open(bytes, bounds::Sheet::default(), &mut findings).unwrap();
    let mut other = calamine::open_workbook_auto_from_rs(Cursor::new(bytes.to_vec())).unwrap();
    let mut compared = 0;
    for (index, sheet) in book.sheets().iter().enumerate() {
        let mut rows = Rows::new();
        book.rows(index, &mut rows, &mut findings);
        let range = other.worksheet_range(&sheet.name).unwrap();
        let (height, width) = range.end().map_or((0, 0), |(r, c)| (r + 1, c + 1));
        for row in 0..height.max(rows.len() as u32) {
            for column in 0..width {
                let ours = rows.get(row as usize);
                let (text, kind) = ours.map_or(("", Kind::Text), |r| (r.text(column as usize), r.kind(column as usize)));
                let theirs = range.get_value((row, column));
                assert!(agrees(text, kind, theirs), "{name}, {}, row {}, column {column}: {text:?} and {theirs:?}", sheet.name, row + 1);
                compared += usize::from(!text.is_empty());
            }
        }
    }
    compared
}

#[test]
fn another_library_reads_the_same_cells() {
    for name in ["ledger.xlsx", "ledger.ods", "ledger.xls", "without-results.xlsx", "days-from-1904.xlsx", "long.xls"] {
        let compared = compare(name, &fixture(name));
        assert!(compared > 1, "{name}: only {compared} cells were compared");
    }
}

/// A zip archive of these parts.
fn zip(parts: &[(&str, Vec<u8>)], level: u32) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in parts {
        let (mut entry, config) = archive.new_file(name).compression_method(CompressionMethod::DEFLATE).start().unwrap();
        let encoder = DeflateEncoder::new(&mut entry, Compression::new(level));
        let mut writer = config.wrap(encoder);
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor): (_, _) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// A workbook with one sheet of this XML, and these shared texts.
fn workbook(sheet: &str, shared: &str, level: u32) -> Vec<u8> {
    let links = |links: &[(&str, &str, &str)]| {
        let mut text = "<Relationships>".to_owned();
        for (id, kind, target) in links {
            text.push_str(&format!("<Relationship Id=\"{id}\" Type=\"http://x/{kind}\" Target=\"{target}\"/>"));
        }
        (text + "</Relationships>").into_bytes()
    };
    zip(
        &[
            ("[Content_Types].xml", b"<Types/>".to_vec()),
            ("_rels/.rels", links(&[("a", "officeDocument", "xl/workbook.xml")])),
            ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>".to_vec()),
            ("xl/_rels/workbook.xml.rels", links(&[("r1", "worksheet", "s.xml"), ("r2", "sharedStrings", "t.xml")])),
            ("xl/s.xml", sheet.as_bytes().to_vec()),
            ("xl/t.xml", shared.as_bytes().to_vec()),
        ],
        level,
    )
}

fn ods(content: &str) -> Vec<u8> {
    let content = format!("<office:document-content><office:spreadsheet>{content}</office:spreadsheet></office:document-content>");
    let mime = b"application/vnd.oasis.opendocument.spreadsheet".to_vec();
    zip(&[("mimetype", mime), ("META-INF/manifest.xml", b"<m/>".to_vec()), ("content.xml", content.into_bytes())], 6)
}

#[test]
fn a_sheet_that_claims_the_whole_grid_is_read_by_its_cells() {
    let sheet = "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData><row r=\"2\"><c r=\"B2\"><v>7</v></c></row>\
                 <row r=\"1048576\"><c r=\"XFD1048576\" t=\"inlineStr\"><is><t>end</t></is></c></row></sheetData></worksheet>";
    let (rows, findings) = read(&workbook(sheet, "<sst/>", 6), None, bounds::Sheet::default());
    assert_eq!((rows.len(), findings.len()), (1 << 20, 0), "{findings:?}");
    assert_eq!((rows[1].1.len(), rows[(1 << 20) - 1].1.len()), (2, 16_384));
    let cell = "<table:table-cell office:value-type=\"float\" office:value=\"1\"/>";
    let empty = "<table:table-row table:number-rows-repeated=\"1048575\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let table = format!("<table:table table:name=\"S\"><table:table-row>{cell}</table:table-row>{empty}</table:table>");
    let (rows, findings) = read(&ods(&table), None, bounds::Sheet::default());
    assert_eq!((rows.len(), findings.len()), (1, 0), "{findings:?}");
}

#[test]
fn what_would_fill_the_memory_is_stopped_and_named() {
    let full = "<table:table table:name=\"S\"><table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell \
                table:number-columns-repeated=\"16384\" office:value-type=\"float\" office:value=\"1\"/></table:table-row></table:table>";
    let wide = "<table:table table:name=\"S\"><table:table-row><table:table-cell table:number-columns-repeated=\"999999999\" \
                office:value-type=\"float\" office:value=\"1\"/></table:table-row></table:table>";
    let far = "<worksheet><sheetData><row r=\"4000000000\"><c r=\"A4000000000\"><v>1</v></c></row></sheetData></worksheet>";
    let repeated = "<row><c t=\"s\"><v>0</v></c></row>".repeat(30_000);
    let long = format!("<sst><si><t>{}</t></si></sst>", "long ".repeat(6_000));
    let texts = workbook(&format!("<worksheet><sheetData>{repeated}</sheetData></worksheet>"), &long, 6);
    let shared = workbook("<worksheet><sheetData/></worksheet>", &format!("<sst>{}</sst>", "<si><t>abcdefgh</t></si>".repeat(9_000)), 6);
    let cell = workbook(
        &format!("<worksheet><sheetData><row><c t=\"str\"><v>{}</v></c></row></sheetData></worksheet>", "x".repeat(9 << 20)),
        "<sst/>",
        6,
    );
    let zeros =
        workbook(&format!("<worksheet>{}<sheetData/></worksheet>", format!("<!--{}-->", " ".repeat(1 << 20)).repeat(24)), "<sst/>", 6);
    let small = bounds::Sheet { cells: 1_000_000, text: 10 << 20, shared: 100_000, rows: 100_000, ..bounds::Sheet::default() };
    for (name, bytes, bounds, expected) in [
        ("a full grid by repeats", ods(full), small, "C230  62 S|1000000|62"),
        ("one row by repeats", ods(wide), small, "C230 columns 1 S|20000"),
        ("a row below all", workbook(far, "<sst/>", 6), small, "C230 rows 100001 S|100000|100001"),
        ("a long text in many cells", texts, small, "C230 text 350 S|10485760|350"),
        ("many shared texts", shared, small, "C230 shared 0 100000"),
        ("a cell without an end", cell, bounds::Sheet::default(), "C230 cell 0 8388608"),
        ("24 MB of blanks", zeros, bounds::Sheet::default(), "C110 ratio 0 200"),
    ] {
        let (_, findings) = read(&bytes, Some(0), bounds);
        assert!(findings.iter().any(|f| f == expected), "{name}: {findings:?}");
        // The same is told when nobody named a sheet: one that was not read to its end is not taken for empty.
        let (_, findings) = read(&bytes, None, bounds);
        assert!(findings.iter().any(|f| f == expected), "{name}, chosen: {findings:?}");
    }
}

#[test]
fn a_hostile_sheet_without_a_cell_names_the_bound_that_it_hits() {
    let rows = "<row r=\"1\"/>".repeat(400_000);
    let packed = bounds::Packed { inflated: 4 << 20, ratio: 100_000, ..bounds::Packed::default() };
    let small = bounds::Sheet { packed, ..bounds::Sheet::default() };
    let bytes = workbook(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"), "<sst/>", 6);
    assert_eq!(read(&bytes, None, small).1, ["C110  0 4194304"]);
    // What is empty, and was read to its end, is said to be empty.
    assert_eq!(read(&workbook("<worksheet><sheetData/></worksheet>", "<sst/>", 6), None, small).1, ["C115 no-sheet 0 "]);
}

#[test]
fn odd_markup_is_read_as_spreadsheet_programs_do() {
    let sheet = "<x:worksheet><x:sheetData><x:row><x:c t=\"inlineStr\"><x:v>9</x:v><x:is><x:r><x:t>a </x:t></x:r><x:r><x:t xml:space=\"preserve\"> b&amp;&#x41;</x:t></x:r>\
                 <x:rPh><x:t>no</x:t></x:rPh></x:is></x:c><x:c r=\"D1\" t=\"s\"><x:v>0</x:v></x:c><x:c t=\"s\"><x:v>7</x:v></x:c><x:c r=\"B1\" t=\"e\"><x:v>#REF!</x:v></x:c></x:row>\
                 <x:row r=\"1\"><x:c t=\"b\"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>";
    let (rows, findings) = read(&workbook(sheet, "<sst><si><t>x_x000D_y</t></si></sst>", 6), None, bounds::Sheet::default());
    let texts: Vec<Vec<&str>> = rows.iter().map(|r| r.1.iter().map(|c| c.0.as_str()).collect()).collect();
    assert_eq!(texts, [vec!["a b&A", "#REF!", "", "x\ry"], vec!["true"]]);
    assert_eq!(findings, ["C231 text 1 ", "C229  1 ", "C231  1 1"]);
}

#[test]
fn what_is_no_readable_workbook_is_named() {
    let binary = zip(&[("[Content_Types].xml", b"<T/>".to_vec()), ("xl/workbook.bin", vec![0])], 6);
    let letter = zip(&[("[Content_Types].xml", b"<T/>".to_vec()), ("word/document.xml", vec![0])], 6);
    let locked = zip(
        &[
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
            ("META-INF/manifest.xml", b"<m:encryption-data/>".to_vec()),
            ("content.xml", vec![]),
        ],
        6,
    );
    let whole = fixture("ledger.xlsx");
    let xls = fixture("ledger.xls");
    for (name, bytes, expected) in [
        ("xlsb", binary, "C115 binary 0 "),
        ("docx", letter, "C115 other 0 "),
        ("locked ods", locked, "C111  0 "),
        ("cut", whole[..whole.len() - 30].to_vec(), "C112 zip 0 "),
        ("cut xls", xls[..600].to_vec(), "C115 other 0 "),
        ("text", b"a,b\n".to_vec(), "C115 other 0 "),
        ("nothing in it", ods("<table:table table:name=\"S\"/>"), "C115 no-sheet 0 "),
    ] {
        assert_eq!(read(&bytes, None, bounds::Sheet::default()).1, [expected], "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_a_writer_wrote_is_read(
        cells in prop::collection::vec((0u32..40, 0u16..30, prop_oneof![
            "[ -~é𝄞]{1,20}".prop_map(|t| (t, 0)),
            (-999_999_999i64..999_999_999).prop_map(|n| (n.to_string(), 1)),
            any::<bool>().prop_map(|b| (b.to_string(), 2)),
            (1u32..2_900_000).prop_map(|d| (d.to_string(), 3)),
        ]), 1..60),
    ) {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        let mut expected = std::collections::BTreeMap::new();
        for (row, column, (text, what)) in &cells {
            match what {
                1 => { sheet.write_number(*row, *column, text.parse::<f64>().unwrap() / 100.0).unwrap(); }
                2 => { sheet.write_boolean(*row, *column, text == "true").unwrap(); }
                3 => { sheet.write_number_with_format(*row, *column, text.parse::<f64>().unwrap(), &format).unwrap(); }
                _ => { sheet.write_string(*row, *column, text).unwrap(); }
            }
            expected.insert((*row, *column), (text.clone(), *what));
        }
        let bytes = book.save_to_buffer().unwrap();
        prop_assert!(compare("written", &bytes) > 0);
        let (rows, _) = read(&bytes, None, bounds::Sheet::default());
        for ((row, column), (text, what)) in expected {
            let (ours, kind) = &rows[row as usize].1[column as usize];
            match what {
                0 => prop_assert_eq!((ours, *kind), (&text, Kind::Text)),
                1 => {
                    prop_assert_eq!(*kind, Kind::Number);
                    prop_assert_eq!(concord_core::decimal::Decimal::parse(ours), concord_core::decimal::Decimal::parse(&text).map(|d| d.scaled(-2)));
                }
                2 => prop_assert_eq!((ours, *kind), (&text, Kind::Boolean)),
                _ => prop_assert!(*kind == Kind::Date || text == "60", "{} {}", ours, text),
            }
        }
    }

    /// Parts that are not packed, so that damage reaches the markup.
    #[test]
    fn damage_never_ends_the_reading_badly(which in 0usize..4, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in any::<prop::sample::Index>()) {
        let mut bytes = match which {
            0 => fixture("ledger.xls"),
            1 => fixture("long.xls"),
            2 => workbook(
                "<worksheet><cols><col min=\"1\" max=\"2\" hidden=\"1\"/></cols><sheetData><row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c><c><f>A1</f></c><c s=\"1\"><v>12.5</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>",
                "<sst><si><t>x</t></si></sst>", 0),
            _ => fixture("ledger.ods"),
        };
        let last = bytes.len() - 1;
        for (index, value) in flips {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if cut.index(10) == 0 {
            bytes.truncate(cut.index(last));
        }
        let small = bounds::Sheet { cells: 100_000, ..bounds::Sheet::default() };
        for sheet in [None, Some(0), Some(3)] {
            read(&bytes, sheet, small);
        }
    }
}
