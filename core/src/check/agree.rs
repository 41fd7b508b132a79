#![allow(clippy::panic, clippy::unwrap_used)]

//! The two ways must agree: the compiled checks on blocks, and the plain reference over whole tables.

use std::sync::Arc;

use proptest::prelude::*;

use super::cell::CellRules;
use super::dataset::{Dataset, Options, Start};
use super::fast::FastCheck;
use super::plan::StandardPlan;
use crate::bounds::SAMPLE;
use crate::decode::QuoteFault;
use crate::decode::careful::{self, Read};
use crate::decode::dialect::{Dialect, DialectHints};
use crate::finding::{Finding, Place};
use crate::reference;
use crate::schema::TableSchema;
use crate::session::Feed;
use crate::testing;

fn hints() -> DialectHints {
    DialectHints {
        delimiter: Some(b','),
        quote: Some(Some(b'"')),
        double_quote: Some(true),
        skip_initial_space: Some(false),
        ..DialectHints::default()
    }
}

/// How a mark that does not belong is told.
fn odd(fault: QuoteFault) -> (String, &'static str) {
    let (code, kind) = match fault {
        QuoteFault::Stray => ("C204", ""),
        QuoteFault::AfterClose => ("C204", "after-close"),
        QuoteFault::Unclosed => ("C205", ""),
    };
    (code.to_owned(), kind)
}

/// All findings of a table by the compiled checks, reading pieces of one size.
fn compiled(schema: &Arc<TableSchema>, text: &[u8], piece: usize) -> Vec<Finding> {
    let plan = Arc::new(StandardPlan::of_schemas("s", "", vec![("t".to_owned(), Vec::new(), schema.clone())]));
    let hints = hints();
    let start = Start::delimited("t.csv", &text[..text.len().min(SAMPLE)], text.len() <= SAMPLE);
    let mut dataset =
        Dataset::open(plan, std::slice::from_ref(&start), false, Options { max_findings: usize::MAX, hints, ..Options::default() });
    if let Some((check, data_start)) = dataset.start(0, &start) {
        let cut = (data_start + piece).min(text.len());
        let mut feed = Feed::new(check, text[..cut].to_vec(), data_start);
        for piece in text[cut..].chunks(piece) {
            feed.advance(false, &mut dataset, 0);
            feed.buffer().extend_from_slice(piece);
        }
        feed.finish(&mut dataset, 0);
    }
    dataset.finish().findings.stored().to_vec()
}

fn facts(findings: &[Finding]) -> Vec<reference::Fact> {
    let of_rows = |code: &str| matches!(code, "C201" | "C202" | "C203");
    let mut facts: Vec<reference::Fact> = findings
        .iter()
        .filter(|f| f.place.record > 0 || f.code.text() == "C203")
        .map(|f| (f.place.row - 1, if of_rows(f.code.text()) { None } else { f.place.column }, f.code.text().to_owned(), f.kind))
        .collect();
    facts.sort();
    facts
}

fn schema(text: &str) -> Arc<TableSchema> {
    let parsed = crate::schema::parse::parse(text.as_bytes(), "s.json");
    assert!(parsed.findings.iter().all(|f| f.severity != crate::finding::Severity::Error), "{text}: {:?}", parsed.findings);
    Arc::new(parsed.schema.unwrap())
}

/// Records and codes of what is found, the header's included, as record 0.
fn told(found: &[Finding]) -> Vec<String> {
    found.iter().map(|f| format!("{}:{}", f.place.record, f.code.text())).collect()
}

#[test]
fn keys_compare_values_and_a_bad_cell_is_told_once() {
    let one = |field: &str, key: &str| format!(r#"{{"fields":[{field}{}]{key}}}"#, r#",{"name":"n","type":"string"}"#);
    let whole = r#"{"name":"x","type":"integer","constraints":{"unique":true}}"#;
    let number = r#"{"name":"x","type":"number"}"#;
    let tree = r#"{"fields":[{"name":"x","type":"integer"},{"name":"n","type":"integer"}],
        "primaryKey":"x","foreignKeys":[{"fields":"n","reference":{"resource":"","fields":"x"}}]}"#;
    for (schema_text, rows, want) in [
        (one(whole, ""), "1,a\n01,b\n+1,c\n2,d\n", &["2:C401", "3:C401"][..]),
        (one(whole, ""), "q,a\nq,b\n", &["1:C302", "2:C302"]),
        (one(number, r#","primaryKey":"x""#), "1.0,a\n1.00,b\n1,c\n", &["2:C401", "3:C401"]),
        (one(number, r#","uniqueKeys":[["x","n"]]"#), "1.0,a\n1.00,a\n1,b\n", &["2:C401"]),
        (one(r#"{"name":"x","type":"boolean"}"#, r#","primaryKey":"x""#), "true,a\n1,b\nfalse,c\n", &["2:C401"]),
        (
            one(r#"{"name":"x","type":"date","format":"%d/%m/%Y"}"#, r#","primaryKey":"x""#),
            "01/02/2024,a\n1/2/2024,b\n2/1/2024,c\n",
            &["2:C401"],
        ),
        (
            one(r#"{"name":"x","type":"datetime"}"#, r#","primaryKey":"x""#),
            "2024-01-01T00:00:00Z,a\n2024-01-01T01:00:00+01:00,b\n",
            &["2:C401"],
        ),
        // Texts are compared as they stand, also those with a blank that is only a warning.
        (one(r#"{"name":"x","type":"string"}"#, r#","primaryKey":"x""#), "1,a\n01,b\n1,c\n", &["3:C401"]),
        (tree.to_owned(), "1,\n2,1\n4,02\n5,+4\n6,7\n", &["5:C402"]),
        (tree.to_owned(), "1,\n2,q\n3, 2\n4,\"1,234\"\n", &["2:C302", "3:C308", "4:C302"]),
    ] {
        let schema = schema(&schema_text);
        let text = format!("x,n\n{rows}");
        let found = compiled(&schema, text.as_bytes(), 1 << 20);
        assert_eq!(told(&found), want, "{schema_text} {rows}");
        assert_eq!(facts(&found), reference::check_csv(&schema, &text), "{schema_text} {rows}");
    }
}

#[test]
fn references_between_tables_compare_values() {
    let parents = |kind: &str| schema(&format!(r#"{{"fields":[{{"name":"id","type":"{kind}"}}],"primaryKey":"id"}}"#));
    let children = |kind: &str| {
        schema(&format!(
            r#"{{"fields":[{{"name":"of","type":"{kind}"}}],"foreignKeys":[{{"fields":"of","reference":{{"resource":"parents","fields":"id"}}}}]}}"#
        ))
    };
    for (parent, child, ids, of, want) in [
        ("integer", "integer", "2\n3\n", "+2\n03\n4\n", &["3:C402"][..]),
        ("number", "integer", "2.0\n", "2\n4\n", &["2:C402"]),
        ("integer", "string", "2\n03\nq\n", "02\n3\nq\nz\n", &["3:C302", "4:C402"]),
        ("string", "integer", "02\n", "02\n2\nq\n", &["2:C402", "3:C302"]),
    ] {
        let named = |name: &str, schema| (name.to_owned(), vec![format!("{name}.csv")], schema);
        let tables = vec![named("parents", parents(parent)), named("children", children(child))];
        let plan = Arc::new(StandardPlan::of_schemas("s", "", tables));
        let texts = [format!("id\n{ids}"), format!("of\n{of}")];
        let starts =
            [Start::delimited("parents.csv", texts[0].as_bytes(), true), Start::delimited("children.csv", texts[1].as_bytes(), true)];
        let mut dataset = Dataset::open(plan, &starts, true, Options { hints: hints(), ..Options::default() });
        for at in dataset.reading_order() {
            if let Some((check, data_start)) = dataset.start(at, &starts[at]) {
                Feed::new(check, texts[at].clone().into_bytes(), data_start).finish(&mut dataset, at);
            }
        }
        assert_eq!(told(dataset.finish().findings.stored()), want, "{parent} {child}");
    }
}

#[test]
fn columns_of_one_name_are_taken_in_order() {
    let twice = schema(r#"{"fields":[{"name":"x","type":"integer"},{"name":"x"},{"name":"y"}],"fieldsMatch":"equal"}"#);
    for (text, want) in [
        ("x,x,y\n1,a,b\nb,2,c\n", &["2:C302"][..]),
        ("x,y,x\n1,b,a\nb,c,2\n", &["2:C302"]),
        ("x,x,x,y\n1,a,a,b\n", &["0:C209", "0:C209", "0:C206"]),
    ] {
        assert_eq!(told(&compiled(&twice, text.as_bytes(), 1 << 20)), want, "{text}");
    }
}

#[test]
fn patterns_of_xml_schema_are_read_as_such() {
    for (pattern, right, wrong) in [
        ("[a-z-[aeiou]]+", "xyz", "abc"),
        (r"\\i\\c*", "name", "1a"),
        (r"\\p{IsBasicLatin}+", "town", "Ñ"),
        (r"(?:\\d|[a-f-[b]])+", "1ac", "1ab"),
    ] {
        let schema = schema(&format!(r#"{{"fields":[{{"name":"x","type":"string","constraints":{{"pattern":"{pattern}"}}}}]}}"#));
        let found = compiled(&schema, format!("x\n{right}\n{wrong}\n").as_bytes(), 1 << 20);
        assert_eq!(told(&found), ["2:C305"], "{pattern}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_passes_fast_is_accepted_by_the_rules(
        (schema, cells) in testing::schema_strategy().prop_flat_map(|schema| {
            let cells: Vec<_> = schema.fields.iter().map(|f| proptest::collection::vec(testing::cell_strategy(f), 1..12)).collect();
            (Just(schema), cells)
        })
    ) {
        for (f, texts) in cells.iter().enumerate() {
            let rules = CellRules::new(&schema, f);
            let fast = FastCheck::compile(&schema.fields[f], &rules, schema.missing_for(f), schema.is_required(f));
            for text in texts {
                if fast.passes(text.as_bytes()) && !super::hygiene::is_odd(text) {
                    let found = rules.check(text, &Default::default(), Place::default());
                    prop_assert!(found.is_none(), "field {:?}: {:?} passes, but {:?}", schema.fields[f], text, found);
                }
            }
        }
    }

    #[test]
    fn blocks_and_reference_find_the_same((schema, text) in testing::table_strategy(0..12), piece in 1usize..200) {
        let schema = Arc::new(schema);
        let expected = reference::check_csv(&schema, &text);
        let found = compiled(&schema, text.as_bytes(), 1 << 20);
        let by_fact = facts(&found);
        // A row with exchanged values is told once here and twice there; a row of the wrong length trusts fewer cells.
        let joined = by_fact.iter().any(|f| matches!(f.2.as_str(), "C314" | "C201" | "C202"));
        if !joined {
            prop_assert_eq!(&by_fact, &expected, "{}", text);
        } else {
            let rows = |facts: &[reference::Fact]| facts.iter().map(|f| f.0).collect::<std::collections::BTreeSet<_>>();
            prop_assert_eq!(rows(&by_fact), rows(&expected), "{}", text);
        }
        prop_assert_eq!(&compiled(&schema, text.as_bytes(), piece), &found, "pieces of {}", piece);
    }

    /// Marks that do not belong are told of the rows and cells that the careful reading gives, wherever the file ends and is cut.
    #[test]
    fn odd_marks_are_told_where_they_stand(
        (schema, text) in testing::table_strategy(1..12),
        marks in proptest::collection::vec(any::<proptest::sample::Index>(), 1..4),
        line_end: bool,
        piece in 1usize..200,
    ) {
        let mut bytes = text.clone().into_bytes();
        let mut cells = Vec::new();
        let plain = Dialect::sniff(b"", true, &hints());
        let Read::Record { next: header } = careful::read(&bytes, 0, true, &plain, &mut cells) else { panic!("small data") };
        for mark in marks {
            bytes.insert(header + mark.index(bytes.len() - header), b'"');
        }
        if !line_end {
            bytes.truncate(bytes.trim_ascii_end().len().max(header));
        }
        // A mark behind a backslash may be no odd one.
        let dialect = Dialect::sniff(&bytes, true, &hints());
        let (mut expected, mut at, mut row) = (Vec::new(), header, 1);
        while at < bytes.len() {
            let Read::Record { next } = careful::read(&bytes, at, true, &dialect, &mut cells) else { panic!("small data") };
            expected.extend(cells.iter().enumerate().filter_map(|(c, cell)| Some((row, c as u32, odd(cell.fault?)))));
            (at, row) = (next, row + 1);
        }
        let schema = Arc::new(schema);
        let found = compiled(&schema, &bytes, 1 << 20);
        let told: Vec<_> = found
            .iter()
            .filter(|f| matches!(f.code.text(), "C204" | "C205"))
            .map(|f| (f.place.row - 1, f.place.column.unwrap(), (f.code.text().to_owned(), f.kind)))
            .collect();
        prop_assert_eq!(told, expected, "{}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(&compiled(&schema, &bytes, piece), &found, "pieces of {}", piece);
    }
}
