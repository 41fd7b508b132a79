//! What is written reads back equal, through readers that are not ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Cursor;
use std::sync::Arc;

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field as Read;
use calamine::{Data, Reader, Xlsx};
use proptest::prelude::*;
use quick_xml::events::Event;

use super::*;
use crate::bounds::{SHEET_CELL, SHEET_ROWS};
use crate::check::bind::Sample;
use crate::check::plan::StandardPlan;
use crate::decimal::Decimal;
use crate::decode::dialect::DialectHints;
use crate::read::typed::Typed;
use crate::read::{Intake, ReadOptions};
use crate::schema::FieldsMatch;
use crate::schema::{Field, FieldType, NumberFormat, StringFormat};
use crate::session::{Choice, Session};
use crate::testing::{row_strategy, schema_strategy};
use crate::value::{Number, Value, read};

fn tables() -> impl Strategy<Value = (TableSchema, Vec<Vec<String>>)> {
    schema_strategy().prop_flat_map(|schema| {
        let row = row_strategy(&schema);
        (Just(schema), proptest::collection::vec(row, 0..6))
    })
}

/// Writes a table in one go, or as a whole with its rows made by another writer and joined.
fn written(format: Format, schema: &TableSchema, rows: &[Vec<String>], joined: bool) -> (Vec<u8>, Vec<Trouble>) {
    let config = WriterConfig { format, ..WriterConfig::default() };
    let names = TableNames { table: "some table", record: "thing" };
    let all: Vec<usize> = (0..schema.fields.len()).collect();
    let mut writer = config.writer_of(names, schema, &all);
    let (mut out, mut troubles) = (Vec::new(), Vec::new());
    writer.begin(&mut out);
    for some in rows.chunks(2) {
        let mut part = config.writer_of(names, schema, &all);
        let mut bytes = Vec::new();
        for row in some {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            if joined { part.row(&cells, &mut bytes) } else { writer.row(&cells, &mut out) }
        }
        if joined {
            troubles.extend(part.troubles());
            writer.join(&bytes, some.len() as u64, &mut out);
        }
    }
    writer.finish(&mut out);
    troubles.extend(writer.troubles());
    (out, troubles)
}

/// A row's cell of a field; `None` when it is missing.
fn cell<'a>(schema: &TableSchema, row: &'a [String], field: usize) -> Option<&'a str> {
    let text = row.get(field).map_or("", String::as_str);
    (!text.is_empty() && !schema.missing_for(field).iter().any(|m| m == text)).then_some(text)
}

fn field_misses(schema: &TableSchema, field: usize, text: &str) -> bool {
    schema.missing_for(field).iter().any(|m| m == text)
}

fn number(field: &Field, text: &str) -> Option<Decimal> {
    match read(&field.kind, text) {
        Ok(Value::Number(Number::Finite(n))) => Some(n),
        Ok(Value::Year(y)) => Some(Decimal::from_i64(i64::from(y))),
        // "12.0" and "1,2" are no whole numbers by the rules of text, and numbers all the same.
        _ => match &field.kind {
            FieldType::Integer(form) => {
                let plain = text.chars().filter(|c| Some(*c) != form.group).map(|c| if c == form.decimal { '.' } else { c });
                Decimal::parse(&plain.filter(|c| c.is_ascii_digit() || "+-.eE".contains(*c)).collect::<String>())
            }
            _ => None,
        },
    }
}

fn decimal(float: f64) -> Decimal {
    Decimal::parse(&float.to_string()).unwrap()
}

fn same_in_sheet(field: &Field, expected: Option<&str>, got: &Data) -> Result<(), TestCaseError> {
    match (expected, got) {
        (None, Data::Empty) => {}
        (Some(text), Data::String(got)) => prop_assert_eq!(text, got),
        (Some(text), Data::Float(got)) => prop_assert_eq!(number(field, text), Some(decimal(*got))),
        (Some(text), Data::Int(got)) => prop_assert_eq!(number(field, text), Some(Decimal::from_i64(*got))),
        (Some(text), Data::Bool(got)) => prop_assert!(matches!(read(&field.kind, text), Ok(Value::Boolean(b)) if b == *got)),
        (Some(text), Data::DateTime(got)) => {
            let (year, month, day, hour, minute, second, milli) = got.to_ymd_hms_milli();
            let got = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}");
            let moment = match read(&field.kind, text) {
                Ok(Value::Date(d)) => format!("{}T00:00:00.000", d.iso()),
                Ok(Value::DateTime(d)) => format!("{}T{}.000", d.date.iso(), d.time.iso()),
                other => panic!("{other:?} became a date"),
            };
            prop_assert_eq!(moment, got);
        }
        other => return Err(TestCaseError::fail(format!("{other:?}"))),
    }
    Ok(())
}

fn same_in_json(field: &Field, expected: Option<&str>, got: Option<&serde_json::Value>) -> Result<(), TestCaseError> {
    use serde_json::Value as Json;
    match (expected, got) {
        (None, None) => {}
        (Some(text), Some(Json::String(got))) => prop_assert_eq!(text, got),
        (Some(text), Some(Json::Number(got))) => {
            // A cell of JSON may be a bare number.
            let value = number(field, text).map(|n| n.to_string().parse::<f64>().unwrap()).or_else(|| text.parse().ok());
            prop_assert_eq!(value, got.as_f64());
        }
        (Some(text), Some(Json::Bool(got))) => prop_assert!(matches!(read(&field.kind, text), Ok(Value::Boolean(b)) if b == *got)),
        (Some(text), Some(Json::Array(got))) if matches!(field.kind, FieldType::List { .. }) => {
            let FieldType::List { delimiter, .. } = &field.kind else { unreachable!("it is a list") };
            let items: Vec<&str> = text.split(delimiter.as_str()).collect();
            prop_assert_eq!(items.len(), got.len());
            for (item, got) in items.into_iter().zip(got) {
                match got {
                    Json::String(got) => prop_assert_eq!(item, got),
                    Json::Number(got) => prop_assert_eq!(item.parse::<f64>().ok(), got.as_f64()),
                    _ => prop_assert!(got.is_boolean()),
                }
            }
        }
        (Some(text), Some(got @ (Json::Object(_) | Json::Array(_) | Json::Null))) => {
            let own: Option<Json> = serde_json::from_str(text).ok();
            prop_assert_eq!(own.as_ref(), Some(got));
        }
        other => return Err(TestCaseError::fail(format!("{other:?}"))),
    }
    Ok(())
}

/// The cells of a file as they meet the checks of a table.
fn cells_as_checked(name: &str, bytes: &[u8], schema: &TableSchema) -> Vec<Vec<String>> {
    let intake = Intake::of_bytes(name, bytes, true, &ReadOptions::default());
    let Ok(head) = intake.start().head(&DialectHints::default()) else { return Vec::new() };
    let (_, mut source) = intake.into_parts();
    let transcript = source.transcript_mut().unwrap();
    transcript.type_cells(Typed::of(schema.fields.iter().map(|f| &f.kind).enumerate()));
    transcript.begin();
    let mut rows = Vec::new();
    while let Some(batch) = transcript.next_batch() {
        rows.extend(Sample { bytes: &batch.text, whole: true }.records(&head, usize::MAX));
    }
    rows
}

fn sheet(bytes: &[u8]) -> calamine::Range<Data> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["some table"]);
    let formulas = book.worksheet_formula("some table").unwrap();
    assert!(formulas.cells().all(|(.., f)| f.is_empty()), "no cell is a formula");
    book.worksheet_range("some table").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn xlsx_reads_back_equal((schema, rows) in tables(), joined: bool) {
        let (bytes, troubles) = written(Format::Xlsx, &schema, &rows, joined);
        prop_assert!(troubles.is_empty());
        prop_assert_eq!(&bytes, &written(Format::Xlsx, &schema, &rows, !joined).0, "joined or not, the bytes are the same");
        let range = sheet(&bytes);
        for (f, field) in schema.fields.iter().enumerate() {
            let at = |row: usize| range.get_value((row as u32, f as u32)).unwrap_or(&Data::Empty);
            prop_assert_eq!(at(0), &Data::String(field.name.clone()));
            for (r, row) in rows.iter().enumerate() {
                same_in_sheet(field, cell(&schema, row, f), at(r + 1))?;
            }
        }
    }

    #[test]
    fn parquet_reads_back_equal((mut schema, rows) in tables(), joined: bool, money: bool) {
        if money {
            schema.fields.iter_mut().for_each(|f| f.extras.unit = Some("us-dollar".into()));
        }
        let (bytes, troubles) = written(Format::Parquet, &schema, &rows, joined);
        prop_assert_eq!(&bytes, &written(Format::Parquet, &schema, &rows, !joined).0);
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let got: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(got.len(), rows.len());
        let (mut lost, mut rounded) = (0, 0);
        for (row, got) in rows.iter().zip(&got) {
            for ((f, field), (name, value)) in schema.fields.iter().enumerate().zip(got.get_column_iter()) {
                prop_assert_eq!(&field.name, name);
                let expected = cell(&schema, row, f);
                match (expected, value) {
                    (None, Read::Null) => {}
                    (Some(_), Read::Null) => lost += 1,
                    (Some(text), Read::Str(got)) => prop_assert_eq!(text, got),
                    (Some(text), Read::Long(got)) => prop_assert_eq!(number(field, text), Some(Decimal::from_i64(*got))),
                    (Some(text), Read::Int(got)) => prop_assert_eq!(number(field, text), Some(Decimal::from_i64(i64::from(*got)))),
                    (Some(text), Read::Decimal(got)) => {
                        let mut bytes = [0; 16];
                        bytes.copy_from_slice(got.data());
                        let value = Decimal::parse(&i128::from_be_bytes(bytes).to_string()).unwrap().scaled(-got.scale());
                        prop_assert_eq!(number(field, text), Some(value));
                    }
                    (Some(text), Read::Double(got)) => match read(&field.kind, text).unwrap() {
                        Value::Number(Number::Finite(value)) => {
                            prop_assert_eq!(got, &value.to_string().parse::<f64>().unwrap());
                            rounded += usize::from(Decimal::parse(&got.to_string()).unwrap() != value);
                        }
                        other => prop_assert!(!got.is_finite(), "{:?}", other),
                    },
                    (Some(text), Read::Bool(got)) => prop_assert!(matches!(read(&field.kind, text), Ok(Value::Boolean(b)) if b == *got)),
                    (Some(text), Read::Date(got)) => {
                        let Ok(Value::Date(date)) = read(&field.kind, text) else { panic!("{text} became a date") };
                        let epoch = crate::value::Date { year: 1970, month: 1, day: 1 }.number();
                        prop_assert_eq!(date.number() - epoch, i64::from(*got));
                    }
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                }
            }
        }
        let said = |of: fn(&Trouble) -> bool| troubles.iter().filter(|t| of(t)).count();
        prop_assert_eq!(said(|t| matches!(t, Trouble::Untyped { .. })), lost, "each value that was left out is said");
        prop_assert_eq!(said(|t| matches!(t, Trouble::Rounded { .. })), rounded, "each that was rounded is said");
        prop_assert_eq!(troubles.len(), lost + rounded);
    }

    /// Cells that a spreadsheet or a Parquet file holds as days, numbers and truth values are checked as the values that were written, whatever
    /// the form of text that the field asks for; what could not be read stays as it was.
    #[test]
    fn what_is_typed_is_checked_as_what_was_written((schema, rows) in tables(), parquet: bool) {
        let (format, name) = if parquet { (Format::Parquet, "t.parquet") } else { (Format::Xlsx, "t.xlsx") };
        let (bytes, troubles) = written(format, &schema, &rows, false);
        let got = cells_as_checked(name, &bytes, &schema);
        let (mut lost, mut rounded) = (0, 0);
        for (r, row) in rows.iter().enumerate() {
            for (f, field) in schema.fields.iter().enumerate() {
                let got = got.get(r).and_then(|row| row.get(f)).map_or("", String::as_str);
                let Some(text) = cell(&schema, row, f) else {
                    prop_assert!(got.is_empty() || field_misses(&schema, f, got), "{:?} of {:?}", got, field.kind);
                    continue;
                };
                if parquet && got.is_empty() {
                    lost += 1;
                    continue;
                }
                // Parquet holds years as numbers, and those before 1000 lose their zeros.
                if parquet && field.kind == FieldType::Year && text.trim_start_matches('-').starts_with('0') {
                    continue;
                }
                match (read(&field.kind, text), read(&field.kind, got)) {
                    (Ok(a), Ok(b)) if a == b => {}
                    (Ok(Value::Number(Number::Finite(a))), Ok(Value::Number(Number::Finite(b)))) if parquet => {
                        prop_assert_eq!(a.to_string().parse::<f64>(), b.to_string().parse::<f64>());
                        rounded += 1;
                    }
                    _ => prop_assert_eq!(text, got, "{:?}", field.kind),
                }
            }
        }
        prop_assert_eq!(lost + rounded, troubles.len(), "each value that was left out or rounded is said");
    }

    #[test]
    fn ndjson_and_geojson_read_back_equal((schema, rows) in tables(), joined: bool) {
        let (lines, _) = written(Format::Ndjson, &schema, &rows, joined);
        // A cell that is JSON itself stands as it is, with numbers that are beyond this reader.
        let text = String::from_utf8(lines).unwrap();
        let read: Result<Vec<serde_json::Value>, _> = text.lines().map(serde_json::from_str).collect();
        let Ok(lines) = read else {
            prop_assert!(rows.iter().flatten().any(|cell| cell.contains("1e999")), "{}", text);
            return Ok(());
        };
        let (whole, _) = written(Format::GeoJson, &schema, &rows, joined);
        let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        prop_assert_eq!(&whole["type"], "FeatureCollection");
        let features = whole["features"].as_array().unwrap();
        prop_assert_eq!((lines.len(), features.len()), (rows.len(), rows.len()));
        for ((row, line), feature) in rows.iter().zip(&lines).zip(features) {
            prop_assert_eq!(&feature["type"], "Feature");
            let geometry = &feature["geometry"];
            prop_assert!(geometry.is_null() || geometry["type"].is_string());
            let mut moved = 0;
            for (f, field) in schema.fields.iter().enumerate() {
                let expected = cell(&schema, row, f);
                same_in_json(field, expected, line.get(&field.name))?;
                let property = feature["properties"].get(&field.name);
                if expected.is_some() && property.is_none() {
                    moved += 1;
                } else {
                    prop_assert_eq!(property, line.get(&field.name));
                }
            }
            prop_assert_eq!(moved, usize::from(!geometry.is_null()), "a cell that left the properties is the geometry");
        }
    }

    #[test]
    fn xml_reads_back_equal((schema, rows) in tables(), joined: bool) {
        let (bytes, troubles) = written(Format::Xml, &schema, &rows, joined);
        let mut reader = quick_xml::Reader::from_reader(bytes.as_slice());
        let mut path: Vec<String> = Vec::new();
        let mut got: Vec<Vec<(String, String)>> = Vec::new();
        let (mut text, mut buffer) = (String::new(), Vec::new());
        loop {
            match reader.read_event_into(&mut buffer).unwrap() {
                Event::Start(e) => {
                    path.push(e.name().as_ref().to_owned());
                    if path.len() == 2 {
                        got.push(Vec::new());
                    }
                    text.clear();
                }
                Event::End(_) => {
                    let name = path.pop().unwrap();
                    if path.len() == 2 {
                        got.last_mut().unwrap().push((name, std::mem::take(&mut text)));
                    }
                }
                Event::Text(e) => text.push_str(&e),
                Event::GeneralRef(e) => match e.resolve_char_ref().unwrap() {
                    Some(c) => text.push(c),
                    None => text.push_str(quick_xml::escape::resolve_predefined_entity(&e).unwrap()),
                },
                Event::Eof => break,
                _ => {}
            }
            buffer.clear();
        }
        prop_assert_eq!(got.len(), rows.len());
        let mut replaced = 0;
        for (row, got) in rows.iter().zip(&got) {
            let expected: Vec<(String, String)> = (0..schema.fields.len())
                .filter_map(|f| Some((schema.fields[f].name.clone(), cell(&schema, row, f)?)))
                .map(|(name, text)| {
                    let held: String = text.chars().map(|c| if xml::may_stand(c) { c } else { '\u{fffd}' }).collect();
                    replaced += usize::from(held != text);
                    (name, held)
                })
                .collect();
            prop_assert_eq!(got, &expected);
        }
        prop_assert_eq!(troubles.len(), replaced);
    }

    /// Whatever a text is, a sheet gives it back as text.
    #[test]
    fn any_text_stays_text(cells in proptest::collection::vec("[=+@\t\r-](1\\+1|cmd|SUM\\(A1\\))|(?s).{0,8}|_x[0-9A-F]{4}[_\r\u{0}-\u{3}]|[\u{0}-\u{1f}]{1,3}", 1..6)) {
        let schema = TableSchema::of_texts(&["a"]);
        let rows: Vec<Vec<String>> = cells.iter().map(|c| vec![c.clone()]).collect();
        let range = sheet(&written(Format::Xlsx, &schema, &rows, false).0);
        for (r, text) in cells.iter().enumerate() {
            let got = range.get_value((r as u32 + 1, 0)).cloned().unwrap_or_default();
            let expected = if text.is_empty() { Data::Empty } else { Data::String(text.clone()) };
            prop_assert_eq!(got, expected);
        }
    }
}

#[test]
fn numbers_and_dates_are_typed_only_when_a_sheet_keeps_them_whole() {
    let number = || FieldType::Number(NumberFormat::default());
    let date = || FieldType::Date(crate::schema::DateFormat::Default);
    let moment = || FieldType::DateTime(crate::schema::DateFormat::Default);
    for (kind, text, typed) in [
        (number(), "12.50", true),
        (number(), "999999999999999", true),
        (number(), "9999999999999999", false),
        (number(), "0.000000000000001", true),
        (number(), "123456789.1234567", false),
        (number(), "1e300", false),
        (number(), "NaN", false),
        (FieldType::String(StringFormat::Default), "02139", false),
        (FieldType::Year, "0999", false),
        (FieldType::Year, "2024", true),
        (FieldType::Year, "12024", true),
        (FieldType::Year, "2024Z", false),
        (FieldType::Year, "-0044", false),
        (date(), "1900-02-28", false),
        (date(), "1900-03-01", true),
        (date(), "2024-02-30", false),
        (moment(), "2024-02-29T23:59:59", true),
        (moment(), "2024-02-29T23:59:59.5", false),
        (moment(), "2024-02-29T23:59:59Z", false),
        (FieldType::Any, "=1+1", false),
    ] {
        let schema = TableSchema { fields: vec![Field::new("a", kind)], ..TableSchema::of_texts(&[]) };
        let range = sheet(&written(Format::Xlsx, &schema, &[vec![text.to_owned()]], false).0);
        let got = range.get_value((1, 0)).unwrap();
        assert_eq!(!matches!(got, Data::String(s) if s == text), typed, "{text}: {got:?}");
    }
}

#[test]
fn what_a_sheet_cannot_hold_is_refused_with_a_sentence() {
    let schema = TableSchema::of_texts(&["a"]);
    let full = |rows: &[Vec<String>]| written(Format::Xlsx, &schema, rows, false).1;
    assert_eq!(full(&[vec!["é".repeat(SHEET_CELL)]]), []);
    let long = full(&[vec!["é".repeat(SHEET_CELL + 1)]]);
    assert!(matches!(&long[..], [Trouble::Full(why)] if why.contains("32,767 characters")), "{long:?}");
    let mut writer = XlsxWriter::new(TableNames::default(), &schema, &[0]);
    let mut out = Vec::new();
    writer.begin(&mut out);
    for _ in 1..SHEET_ROWS {
        writer.row(&["1"], &mut out);
        out.clear();
    }
    assert_eq!(writer.troubles(), []);
    writer.row(&["1"], &mut out);
    writer.row(&["1"], &mut out);
    assert!(matches!(&writer.troubles()[..], [Trouble::Full(why)] if why.contains("1,048,576 rows")));
    let names: Vec<String> = (0..=crate::bounds::SHEET_COLUMNS).map(|i| format!("c{i}")).collect();
    let wide = TableSchema::of_texts(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let wide = written(Format::Xlsx, &wide, &[], false).1;
    assert!(matches!(&wide[..], [Trouble::Full(why)] if why.contains("16,384 columns")), "{wide:?}");
}

#[test]
fn groups_of_rows_are_bounded() {
    let schema = TableSchema::of_texts(&["a"]);
    let text = "x".repeat(crate::bounds::ROW_GROUP / 4);
    let rows: Vec<Vec<String>> = (0..9).map(|i| vec![format!("{i}{text}")]).collect();
    let (bytes, _) = written(Format::Parquet, &schema, &rows, false);
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    assert_eq!(reader.metadata().row_groups().iter().map(|g| g.num_rows()).collect::<Vec<_>>(), [4, 4, 1]);
}

/// The columns that GeoJSON has for the place of a record are strange in no table that has fields for it, nor where there is no place.
#[test]
fn columns_of_a_place_are_not_strange_where_the_table_says_the_place_itself() {
    let number = |name: &str| Field::new(name, FieldType::Number(NumberFormat::default()));
    let text = |name: &str| Field::new(name, FieldType::String(StringFormat::Default));
    let table = |fields: Vec<Field>| TableSchema { fields, fields_match: FieldsMatch::Superset, ..TableSchema::of_texts(&[]) };
    let told = |schema: &TableSchema, file: &[u8]| {
        let plan = StandardPlan::of_schemas("s", "", vec![("t".to_owned(), Vec::new(), Arc::new(schema.clone()))]);
        let mut session = Session::new("t.geojson", Choice::Given(Arc::new(plan)), Default::default(), false);
        session.push(file);
        crate::render::short::short(&session.finish())
    };
    let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<String>>();
    for (schema, rows) in [
        (table(vec![text("id"), number("latitude"), number("longitude")]), vec![row(&["1", "42.5", "-71"]), row(&["2", "", ""])]),
        (table(vec![text("id"), number("Lat"), number("Long")]), vec![row(&["1", "42.5", "-71"])]),
        (table(vec![text("id"), number("Lat"), number("Long")]), vec![row(&["1", "", ""]), row(&["2", "42.5", "-71"])]),
        (table(vec![text("id"), text("name")]), vec![row(&["1", "x"]), row(&["2", ""])]),
    ] {
        let file = written(Format::GeoJson, &schema, &rows, false).0;
        assert_eq!(told(&schema, &file), "", "{}", String::from_utf8_lossy(&file));
    }
    // A place that the table has no field for is more than it asks for, and is told.
    let plain = table(vec![text("id")]);
    let placed = br#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[-71,42]},"properties":{"id":"1"}}]}"#;
    let told = told(&plain, placed);
    assert!(["\"geometry\"", "\"longitude\"", "\"latitude\""].iter().all(|name| told.contains(name)), "{told}");
}
