#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::finding::Severity;
use crate::package::catalog::Catalog;
use crate::package::lint::check_crosswalk;
use crate::package::read_crosswalk::parse_crosswalk;
use crate::read::{Kind, Origin};

const MANIFEST: &str = r#"
id = "permits"
version = "1"
title = "Permits"
description = "One record is one permit."
tier = "national"
domain = "permits"
publisher = "Nobody"
licence = "CC0-1.0"
[[resource]]
name = "permits"
title = "Permits"
record = "permit"
"#;

const SCHEMA: &str = r#"{
  "fields": [
    {"name": "PermitNum", "title": "Permit number", "type": "string", "constraints": {"required": true}},
    {"name": "IssuedDate", "title": "Day of issue", "type": "date"},
    {"name": "Fee", "title": "Fee paid", "type": "number"},
    {"name": "Status", "title": "Status", "type": "string", "concord": {"codes": "status"}},
    {"name": "Paid", "title": "Whether it is paid", "type": "boolean"},
    {"name": "Rooms", "title": "Rooms", "type": "integer", "constraints": {"required": true}}
  ],
  "primaryKey": ["PermitNum"], "fieldsMatch": "partial"
}"#;

const CODES: &str = "code,title\nA,Active\nC,Closed\nV,Void\n";

fn target() -> std::sync::Arc<Package> {
    let files = [("standard.toml", MANIFEST), ("permits.table.json", SCHEMA), ("codes/status.csv", CODES)];
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| (format!("national/permits/1/{name}"), text.as_bytes().to_vec())).collect();
    let catalog = Catalog::from_files(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    catalog.find("permits@1").unwrap_or_else(|| panic!("{:?}", catalog.findings())).clone()
}

fn rows(table: &[Vec<String>]) -> Rows {
    let mut rows = Rows::new();
    for (i, cells) in table.iter().enumerate() {
        cells.iter().for_each(|c| rows.cell(c, Kind::Text));
        rows.end_row(Origin { row: i as u64 + 1, line: i as u64 + 1, byte_column: 1 });
    }
    rows
}

fn table(lines: &[&str]) -> Vec<Vec<String>> {
    lines.iter().map(|l| l.split('|').map(str::to_owned).collect()).collect()
}

/// A draft, and its crosswalk as our own reader sees it: no error but for fields that the export does not have.
fn drafted(name: &str, table: &[Vec<String>]) -> Option<Draft> {
    let target = target();
    let export = Export::of_rows(name, &rows(table), false).ok()?;
    let draft = suggest(&export, &target, Known { packages: &[&target] });
    let (crosswalk, mut found) = parse_crosswalk(draft.toml().as_bytes(), "draft.toml", &target.reference(), &BTreeMap::new());
    if draft.tables.is_empty() {
        return Some(draft);
    }
    let crosswalk = crosswalk.unwrap_or_else(|| panic!("{found:?}\n{}", draft.toml()));
    check_crosswalk(&crosswalk, &target, &Catalog::default(), &mut found);
    found.retain(|f| f.severity == Severity::Error && f.code.text() != "C920");
    assert!(found.is_empty(), "{found:?}\n{}", draft.toml());
    Some(draft)
}

#[test]
fn columns_are_found_by_names_and_values() {
    let lines = [
        "permit_no|Date Issued|Amount|State of it|PAID?|Comment",
        " P-1|3/25/2024|\"x\"|Active|Y|first",
        "P-2 |12/1/2023|2|closed|N|",
        "P-3|1/2/2024|3|Void|Y|third",
        "P-4|1/2/2024|3|Active|Y|third",
    ];
    let draft = drafted("Town permits.csv", &table(&lines)).unwrap();
    let lines: Vec<(&str, &str)> = draft.tables[0].lines.iter().map(|l| (l.to.as_str(), l.from.as_str())).collect();
    assert_eq!(
        lines,
        [("PermitNum", "permit_no"), ("IssuedDate", "Date Issued"), ("Status", "State of it"), ("Paid", "PAID?")],
        "{}",
        draft.toml()
    );
    assert_eq!(draft.unused, ["Amount", "Comment"]);
    for part in [
        "from = \"town-permits@draft\"",
        "{ trim = \"both\" }",
        "{ date = { from = [\"%-m/%-d/%Y\"], to = \"%Y-%m-%d\" } }",
        "is = [\"Active\"], then = [{ constant = \"A\" }]",
        "{ codes = \"status\", fold = true }",
        "# Not found, required: Rooms (Rooms)",
        "# Not found, optional: Fee (Fee paid)",
    ] {
        assert!(draft.toml().contains(part), "{part}\n{}", draft.toml());
    }
}

#[test]
fn a_day_that_reads_both_ways_is_said() {
    let draft = drafted("x.csv", &table(&["PermitNum|IssuedDate", "1|3/4/2024", "2|5/6/2024"])).unwrap();
    assert!(draft.toml().contains("make sure"), "{}", draft.toml());
    let draft = drafted("x.csv", &table(&["PermitNum|IssuedDate", "1|23/4/2024", "2|5/6/2024"])).unwrap();
    assert!(draft.toml().contains("\"%-d/%-m/%Y\"") && !draft.toml().contains("make sure"), "{}", draft.toml());
}

#[test]
fn a_column_has_one_order_of_days() {
    let of = |days: &[&str]| {
        let lines: Vec<String> = std::iter::once("PermitNum|IssuedDate".to_owned())
            .chain(days.iter().enumerate().map(|(i, day)| format!("{i}|{day}")))
            .collect();
        drafted("x.csv", &table(&lines.iter().map(String::as_str).collect::<Vec<_>>())).unwrap().toml().to_owned()
    };
    // The first day is written with two digits of the year, and could be one in March; the second says that the day comes first.
    let one = of(&["03/05/24", "13/05/2024", "4/5/2024"]);
    assert!(one.contains("%-d/%-m/%y") && one.contains("%-d/%-m/%Y") && !one.contains("%-m/%-d"), "{one}");
    assert!(!one.contains("make sure"), "{one}");
    let both = of(&["25/07/2024", "07/25/2024", "1/2/2024"]);
    assert!(both.contains("%-m/%-d/%Y") && !both.contains("%-d/%-m"), "{both}");
    assert!(both.contains("some values have the month first and some the day: make sure"), "{both}");
}

#[test]
fn an_untidy_export_gets_steps() {
    let lines = ["Town of Somewhere||", "||", "PermitNum|Fee|Status", "1|1,000.50|A", "||", "2|(20.00)|C", "Total|980.50|"];
    let draft = drafted("x.csv", &table(&lines)).unwrap();
    for part in ["[[source.layout]]", "kind = \"header\"", "kind = \"totals\"", "to = \"Fee\""] {
        assert!(draft.toml().contains(part), "{part}\n{}", draft.toml());
    }
}

#[test]
fn a_file_without_a_header_gives_no_draft() {
    assert_eq!(Export::of_rows("x", &Rows::new(), false).unwrap_err(), NoTable);
    assert_eq!(Export::of_rows("x", &rows(&table(&["||", " | | "])), false).unwrap_err(), NoTable);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever an export holds, the draft is one that our own reader takes, and nothing of the file's gets out of its comment or text.
    #[test]
    fn any_export_gives_a_draft_that_can_be_read(
        header in proptest::collection::vec("(?s).{0,8}|Permit ?Num|Status|Fee|[\"\\\\#\\[\\]=\n\r\t']{1,6}|FY2[0-9]", 1..8),
        records in proptest::collection::vec(proptest::collection::vec("(?s).{0,6}|Active|A|1,0[0-9]{2}\\.50|Total|3/4/2024|\"\"\"|'''|\n\\[", 1..8), 0..12),
    ) {
        let table: Vec<Vec<String>> = std::iter::once(header).chain(records).collect();
        let first = drafted("any.csv", &table);
        prop_assert_eq!(first, drafted("any.csv", &table));
    }
}
