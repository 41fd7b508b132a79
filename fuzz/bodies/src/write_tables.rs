//! Any texts written in every form, and shown in the report as a workbook.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use concord_core::encode::{Format, TableNames, Trouble, WriterConfig};
use concord_core::render::sheet::{self, Source};
use concord_core::schema::{DateFormat, Field, FieldType, GeoPointFormat, ListItem, NumberFormat, StringFormat, TableSchema};

use crate::input::Input;
use crate::render::report;

/// A schema and rows made from the input, written by every writer: nothing panics, and what comes out is well formed.
pub fn write_tables(data: &[u8]) {
    let mut input = Input::new(data);
    let shape = input.byte();
    let (table, record) = (input.text(), input.text());
    let fields: Vec<Field> = (0..usize::from(shape % 5) + 1).map(|_| field(&mut input)).collect();
    let width = fields.len();
    let schema = TableSchema { fields, ..TableSchema::of_texts(&[]) };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for _ in 0..input.byte() % 16 {
        rows.push((0..width).map(|_| input.text()).collect());
    }
    for &format in Format::ALL {
        well_formed(format, &write(format, TableNames { table: &table, record: &record }, &schema, &rows), &rows);
    }
    let report = report(&mut input);
    let mut rows = Rows(rows);
    let bytes = sheet::sheet(&report, &mut rows).expect("a report can always be made");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.as_slice())).expect("the report is a workbook");
    for name in book.sheet_names() {
        let formulas = book.worksheet_formula(&name).expect("the sheet is there");
        assert!(formulas.cells().all(|(.., f)| f.is_empty()), "a formula in the report");
        book.worksheet_range(&name).expect("the sheet can be read");
    }
}

struct Rows(Vec<Vec<String>>);

impl Source for Rows {
    fn rows(&mut self, _file: usize, each: &mut dyn FnMut(u64, &[&str]) -> bool) {
        for (i, row) in self.0.iter().enumerate() {
            if !each(i as u64 + 1, &row.iter().map(String::as_str).collect::<Vec<_>>()) {
                return;
            }
        }
    }

    fn header_row(&self, _file: usize) -> u64 {
        1
    }
}

fn field(input: &mut Input<'_>) -> Field {
    let kind = match input.byte() % 14 {
        0 => FieldType::Number(NumberFormat::default()),
        1 => FieldType::Number(NumberFormat { decimal: ',', group: Some('.'), bare: false }),
        2 => FieldType::Integer(NumberFormat::default()),
        3 => FieldType::default_boolean(),
        4 => FieldType::Date(DateFormat::Default),
        5 => FieldType::Date(DateFormat::Any),
        6 => FieldType::DateTime(DateFormat::Default),
        7 => FieldType::Year,
        8 => FieldType::GeoPoint(GeoPointFormat::Default),
        9 => FieldType::GeoPoint(GeoPointFormat::Array),
        10 => FieldType::GeoJson { topology: false },
        11 => FieldType::Object,
        12 => FieldType::List { delimiter: ",".to_owned(), item: ListItem::Number },
        _ => FieldType::String(StringFormat::Default),
    };
    let name = match input.byte() % 4 {
        0 => "latitude".to_owned(),
        1 => "longitude".to_owned(),
        _ => input.text(),
    };
    let mut field = Field::new(&name, kind);
    field.extras.unit = input.byte().is_multiple_of(2).then(|| "us-dollar".to_owned());
    field
}

fn write(format: Format, names: TableNames<'_>, schema: &TableSchema, rows: &[Vec<String>]) -> Vec<u8> {
    let all: Vec<usize> = (0..schema.fields.len()).collect();
    let mut writer = WriterConfig { format, ..WriterConfig::default() }.writer_of(names, schema, &all);
    let mut out = Vec::new();
    writer.begin(&mut out);
    for row in rows {
        writer.row(&row.iter().map(String::as_str).collect::<Vec<_>>(), &mut out);
    }
    writer.finish(&mut out);
    let refused = writer.troubles().into_iter().any(|t| matches!(t, Trouble::Full(_)));
    assert!(!refused, "a small table fits every form");
    out
}

fn well_formed(format: Format, bytes: &[u8], rows: &[Vec<String>]) {
    match format {
        Format::Csv | Format::Tsv => {
            assert!(std::str::from_utf8(bytes).is_ok());
        }
        Format::Json => {
            let value: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
            assert_eq!(value.as_array().map(Vec::len), Some(rows.len()));
        }
        Format::Ndjson => {
            let lines: Vec<serde_json::Value> =
                std::str::from_utf8(bytes).expect("UTF-8").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
            assert_eq!(lines.len(), rows.len());
        }
        Format::GeoJson => {
            let value: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
            assert_eq!(value["features"].as_array().map(Vec::len), Some(rows.len()));
        }
        Format::Xml => {
            let mut reader = quick_xml::Reader::from_reader(bytes);
            let (mut depth, mut records, mut buffer) = (0, 0, Vec::new());
            loop {
                match reader.read_event_into(&mut buffer).expect("XML") {
                    quick_xml::events::Event::Start(_) => {
                        depth += 1;
                        records += usize::from(depth == 2);
                    }
                    quick_xml::events::Event::End(_) => depth -= 1,
                    quick_xml::events::Event::Eof => break,
                    _ => {}
                }
                buffer.clear();
            }
            assert_eq!((depth, records), (0, rows.len()));
        }
        Format::Xlsx => {
            let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
            let name = book.sheet_names().first().cloned().expect("a sheet");
            let range = book.worksheet_range(&name).expect("rows");
            for (r, c, got) in range.used_cells() {
                if let (Some(row), Data::String(got)) = (r.checked_sub(1).and_then(|r| rows.get(r)), got) {
                    // The range begins at the first cell that is filled; a header without a name moves it.
                    assert!(row.contains(got) || range.start() != Some((0, 0)), "{got:?} at {r}, {c} was not written");
                }
            }
        }
        Format::Parquet => {
            assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        }
    }
}
