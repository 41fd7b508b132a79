//! Random schemas and tables for property tests: every type and constraint, values mostly right, with faults planted.
//!
//! Behind the feature `testing`.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::package::{Code, CodeList};
use crate::schema::{
    Category, DateFormat, Field, FieldType, FieldsMatch, ForeignKey, GeoPointFormat, ListItem, NumberFormat, StringFormat, TableSchema,
};

/// A type with texts that are right under it, bounds that fit it, and whether texts of it may be listed.
struct Sample {
    kind: FieldType,
    right: &'static [&'static str],
    bounds: Option<(&'static str, &'static str)>,
}

fn samples() -> Vec<Sample> {
    let of = |kind, right, bounds| Sample { kind, right, bounds };
    let pattern = |p: &str| DateFormat::Pattern(p.to_owned());
    let numbers: &[&str] = &["0", "1", "-7", "12.50", "1250", "+3", ".5", "1e3", "99999999999999999999.01", "NaN", "INF", "nan", "-Inf"];
    let wholes: &[&str] = &["0", "1", "-7", "007", "1250", "+3", "2139", "123456789012345678901"];
    let dates: &[&str] = &["2024-03-05", "1999-12-31", "2024-02-29", "0001-01-01", "2023-06-15"];
    let bool_of = |t: &[&str], f: &[&str]| FieldType::Boolean {
        true_values: t.iter().map(|s| (*s).to_owned()).collect(),
        false_values: f.iter().map(|s| (*s).to_owned()).collect(),
    };
    vec![
        of(FieldType::String(StringFormat::Default), &["Issued", "Pending review", "02139", "AB-12", "Ñandú", "closed", "x"], None),
        of(FieldType::String(StringFormat::Email), &["clerk@town.example", "a.b+c@x.y.example"], None),
        of(FieldType::String(StringFormat::Uri), &["https://town.example/a?b=c", "urn:x:y"], None),
        of(FieldType::String(StringFormat::Uuid), &["123e4567-e89b-12d3-a456-426614174000"], None),
        of(FieldType::String(StringFormat::Binary), &["dG93bg==", "AAAA"], None),
        of(FieldType::Number(NumberFormat::default()), numbers, Some(("-10", "2000"))),
        of(
            FieldType::Number(NumberFormat { decimal: ',', group: Some('.'), bare: true }),
            &["1.250,75", "3,5", "7", "-0,25"],
            Some(("-10", "2000")),
        ),
        of(FieldType::Number(NumberFormat { decimal: '.', group: Some(','), bare: false }), &["$1,250.75", "95%", "7", "USD -2"], None),
        of(FieldType::Integer(NumberFormat::default()), wholes, Some(("-5", "3000"))),
        of(FieldType::Integer(NumberFormat { decimal: '.', group: Some(','), bare: true }), &["1,250", "12", "-1,000,000"], None),
        of(FieldType::default_boolean(), &["true", "False", "1", "0", "TRUE"], None),
        of(bool_of(&["Y", "Yes"], &["N", "No"]), &["Y", "N", "Yes"], None),
        of(FieldType::Object, &["{}", "{\"a\": 1}", "{\"a\": [1, 2], \"b\": null}"], None),
        of(FieldType::Array, &["[]", "[1, 2, 3]", "[\"x\"]"], None),
        of(FieldType::List { delimiter: ",".to_owned(), item: ListItem::String }, &["a,b", "a", "a,b,c,d"], None),
        of(FieldType::List { delimiter: "|".to_owned(), item: ListItem::Integer }, &["1|2", "3"], None),
        of(FieldType::List { delimiter: ";".to_owned(), item: ListItem::Date }, &["2024-01-01;2024-01-02"], None),
        of(FieldType::Date(DateFormat::Default), dates, Some(("1900-01-01", "2024-06-30"))),
        of(FieldType::Date(DateFormat::Any), &["2024-03-05", "13/05/2024", "5 March 2024"], Some(("1900-01-01", "2024-06-30"))),
        of(FieldType::Date(pattern("%m/%d/%Y")), &["03/05/2024", "12/31/1999", "3/5/2024"], Some(("01/01/1900", "06/30/2024"))),
        of(FieldType::Date(pattern("%Y%m%d")), &["20240305", "19991231"], None),
        of(FieldType::Time(DateFormat::Default), &["12:30:00", "00:00:00", "23:59:59"], Some(("06:00:00", "20:00:00"))),
        of(FieldType::Time(pattern("%I:%M %p")), &["02:30 PM", "2:30 am"], None),
        of(
            FieldType::DateTime(DateFormat::Default),
            &["2024-03-05T12:30:00", "2024-03-05T12:30:00.25-05:00", "2024-03-05T17:30:00.250Z", "1999-12-31T23:59:59Z"],
            Some(("1900-01-01T00:00:00", "2024-06-30T00:00:00Z")),
        ),
        of(FieldType::DateTime(pattern("%Y-%m-%d %H:%M")), &["2024-03-05 12:30"], None),
        of(FieldType::DateTime(DateFormat::Any), &["2024-03-05 12:30", "3/15/2024 2:30 PM"], None),
        of(FieldType::Year, &["2024", "1999", "0044", "-0044", "12024", "2024Z"], Some(("1900", "2024"))),
        of(FieldType::YearMonth, &["2024-03", "1999-12"], Some(("1900-01", "2024-01"))),
        of(FieldType::Duration, &["P1Y", "PT36H", "P1DT12H", "P2W"], Some(("PT1H", "P1Y"))),
        of(FieldType::GeoPoint(GeoPointFormat::Default), &["-71.06, 42.36", "0,0"], None),
        of(FieldType::GeoPoint(GeoPointFormat::Array), &["[-71.06, 42.36]"], None),
        of(FieldType::GeoPoint(GeoPointFormat::Object), &["{\"lon\": -71.06, \"lat\": 42.36}"], None),
        of(FieldType::GeoJson { topology: false }, &["{\"type\":\"Point\",\"coordinates\":[-71,42]}"], None),
        of(FieldType::GeoJson { topology: true }, &["{\"type\":\"Topology\",\"objects\":{},\"arcs\":[]}"], None),
        of(FieldType::Any, &["anything", "7"], None),
    ]
}

/// Texts that are wrong in most fields, and right in some.
const FAULTS: [&str; 64] = [
    "",
    " ",
    "\u{A0}",
    "N/A",
    "-",
    "abc",
    "Isued",
    "ISSUED",
    "pending",
    "$1,250.00",
    "(1,250.00)",
    "1,250.00-",
    "1 250",
    "95%",
    "1,250",
    "1.250,00",
    "1,25",
    "12.0",
    "12.5",
    "1.2E+05",
    "1e999",
    "5-",
    "--5",
    "03/05/2024",
    "13/05/2024",
    "02/30/2024",
    "3/5/24",
    "2024-13-45",
    "2023-02-30",
    "2024-13-05",
    "2024-03-05T00:00:00",
    "2024-03-05 10:30",
    "45000",
    "Mar 5, 2024",
    "20240305",
    "2:30 PM",
    "25:00",
    "14:30",
    "yes",
    "No",
    "T",
    "True ",
    "2139",
    "2139-1234",
    "ab-12",
    "42.36, -171.06",
    "(42.36, -71.06)",
    "{",
    "[1",
    "{\"type\":\"Dot\"}",
    "a||b",
    "1|x",
    "clerk@town",
    "town.example",
    "{123e4567-e89b-12d3-a456-426614174000}",
    "a\u{0}b",
    "a\u{1F}b",
    "7\u{7}",
    "zero\u{200B}width",
    "soft\u{AD}hyphen",
    "no\u{A0}break",
    "\u{FFFD}",
    "🏛️ town",
    "two\nlines",
];

/// A field of any type with some constraints that fit it.
fn field(name: String) -> impl Strategy<Value = Field> {
    let n = samples().len();
    (0..n, any::<[bool; 8]>(), 0u64..6, 4u64..12, 0usize..4, any::<bool>()).prop_map(move |(i, on, least, most, pattern, open)| {
        let sample = &samples()[i];
        let mut field = Field::new(&name, sample.kind.clone());
        let c = &mut field.constraints;
        c.required = on[0] && on[1];
        c.unique = on[2] && on[3] && on[4];
        if let (Some((low, high)), true) = (sample.bounds, on[1]) {
            if on[2] {
                c.minimum = Some(low.to_owned())
            } else {
                c.exclusive_minimum = Some(low.to_owned())
            }
            if on[3] { c.maximum = Some(high.to_owned()) } else { c.exclusive_maximum = Some(high.to_owned()) }
        }
        if on[4] && on[5] {
            c.min_length = Some(least);
            c.max_length = Some(most);
        }
        let text = matches!(sample.kind, FieldType::String(StringFormat::Default));
        if on[6] && (text || on[0]) {
            c.pattern = Some([r"\d{5}(-\d{4})?", "[A-Z]{2}-[0-9]+", ".+", "[^ ]*"][if text { pattern } else { 2 }].to_owned());
        }
        let listed = sample.right.iter().take(if on[0] { 3 } else { 10 });
        match (on[5], on[7], on[4]) {
            (true, true, true) => c.values = listed.map(|t| (*t).to_owned()).collect(),
            (true, true, false) => {
                field.categories = listed.map(|t| Category { value: (*t).to_owned(), label: format!("Label of {t}") }).collect();
            }
            (true, false, true) => {
                let codes = listed
                    .enumerate()
                    .map(|(i, t)| Code {
                        code: (*t).to_owned(),
                        title: format!("Title of {t}"),
                        deprecated: i == 1,
                        replaced_by: if i == 1 { sample.right[0].to_owned() } else { String::new() },
                        ..Code::default()
                    })
                    .collect();
                field.codes = Some(Arc::new(CodeList { name: "sample".to_owned(), codes }));
                field.extras.open = open;
            }
            _ => {}
        }
        if on[3] && on[6] {
            field.missing_values = Some(vec!["N/A".to_owned(), "-".to_owned()]);
        }
        field
    })
}

/// A schema of one to six fields `f0`, `f1`, …, with keys and references into itself in some.
pub fn schema_strategy() -> impl Strategy<Value = TableSchema> {
    (1usize..=6)
        .prop_flat_map(|n| {
            let fields: Vec<_> = (0..n).map(|i| field(format!("f{i}")).boxed()).collect();
            (fields, any::<[bool; 4]>(), 0..n, 0..n, 0..n)
        })
        .prop_map(|(fields, on, a, b, c)| {
            let mut missing_values = vec![String::new()];
            if on[0] {
                missing_values.push("NA".to_owned());
            }
            let pair = |a: usize, b: usize| if a == b { vec![a] } else { vec![a, b] };
            let reference = ForeignKey { fields: vec![b], resource: String::new(), target: vec![fields[c].name.clone()] };
            TableSchema {
                primary_key: if on[1] { pair(a, b) } else { Vec::new() },
                unique_keys: if on[2] { vec![pair(c, a)] } else { Vec::new() },
                foreign_keys: if on[3] && on[0] { vec![reference] } else { Vec::new() },
                elements: None,
                nested: None,
                fields,
                fields_match: FieldsMatch::Exact,
                missing_values,
            }
        })
}

/// Texts for one cell: mostly right, some missing, some with blanks around, some wrong, some anything at all.
pub fn cell_strategy(field: &Field) -> BoxedStrategy<String> {
    let right = samples().into_iter().find(|s| s.kind == field.kind).map_or(&["x"][..], |s| s.right);
    let right = select(right).prop_map(str::to_owned).boxed();
    prop_oneof![
        14 => right.clone(),
        1 => Just(String::new()),
        1 => (select(&[" ", "\t", "\u{A0}", ""][..]), right.clone(), select(&[" ", "\n", "\u{200B}"][..])).prop_map(|(a, t, b)| format!("{a}{t}{b}")),
        1 => (right.clone(), any::<bool>()).prop_map(|(t, up)| if up { t.to_uppercase() } else { t.to_lowercase() }),
        1 => (right, any::<prop::sample::Index>(), "[0-9a-z ,.]").prop_map(|(t, at, c)| {
            let mut letters: Vec<char> = t.chars().collect();
            if letters.is_empty() {
                return c;
            }
            let i = at.index(letters.len());
            letters[i] = c.chars().next().unwrap_or('x');
            letters.into_iter().collect()
        }),
        3 => select(&FAULTS[..]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
    .boxed()
}

/// The cells of one row: mostly as many as there are fields, sometimes fewer, more, or all empty.
pub fn row_strategy(schema: &TableSchema) -> impl Strategy<Value = Vec<String>> + use<> {
    let cells: Vec<BoxedStrategy<String>> = schema.fields.iter().map(cell_strategy).collect();
    let n = cells.len();
    (cells, 0u8..40, 1usize..3).prop_map(move |(mut row, shape, by)| {
        match shape {
            0 => row.truncate(n.saturating_sub(by).max(1)),
            1 => row.extend((0..by).map(|i| format!("extra{i}"))),
            2 => row.iter_mut().for_each(String::clear),
            _ => {}
        }
        row
    })
}

/// A schema and a table for it as comma-separated text with CRLF, header first.
pub fn table_strategy(rows: std::ops::Range<usize>) -> impl Strategy<Value = (TableSchema, String)> {
    schema_strategy().prop_flat_map(move |schema| {
        let row = row_strategy(&schema);
        (Just(schema), vec(row, rows.clone())).prop_map(|(schema, rows)| {
            let header: Vec<String> = schema.fields.iter().map(|f| f.name.clone()).collect();
            let mut text = String::new();
            for row in std::iter::once(&header).chain(&rows) {
                text.push_str(&row.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(","));
                text.push_str("\r\n");
            }
            (schema, text)
        })
    })
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
