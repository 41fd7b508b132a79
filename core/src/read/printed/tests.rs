#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::bounds::MAX_TOLD;
use crate::package::load::load;
use crate::read::tests::in_pieces;
use crate::read::tidy::Known;
use crate::read::{Intake, ReadOptions, Step};

/// A ledger: what stands at the left is an account, amounts end below their headings.
const LEDGER: &str = r#"
[layout.printed]
known = ['LEDGER']
page = ['^TOWN .*LEDGER$', '^FOR (?<year>[0-9]{4})$']
heading = '\bVOTED\b'
heading_lines = 2
[[layout.printed.column]]
name = "account"
parts = '^(?<org>[0-9]{4}) (?<what>.+)$'
[[layout.printed.column]]
name = "voted"
heading = ["VOTED", "BUDGET"]
align = "right"
[[layout.printed.column]]
name = "spent"
heading = ["SPENT"]
align = "right"
[[layout.step]]
kind = "section"
pattern = '^FUND (?<fund>[0-9]+)$'
[[layout.step]]
kind = "totals"
sum = ["voted", "spent"]
total = [{ in = ["org"], pattern = '^TOTAL ', by = ["fund"] }, { in = ["org"], pattern = '^GRAND', last = true }]
"#;

/// A log: a record takes several lines.
const LOG: &str = r#"
[layout.printed]
known = ['^DAILY LOG$']
page = ['^ *DAILY LOG$']
remarks = ['^NO REPORTS']
heading = '^WHEN +KIND'
heading_lines = 1
begins = { column = "when", pattern = '^[0-9]{4}-' }
ends = { column = "when", pattern = ':' }
[[layout.printed.column]]
name = "when"
heading = ["WHEN"]
[[layout.printed.column]]
name = "kind"
heading = ["KIND"]
[[layout.printed.column]]
name = "text"
heading = ["TEXT"]
slack = 3
"#;

/// A log whose fields name themselves.
const CALLS: &str = r#"
[layout.printed]
known = ['^CALLS$']
page = ['^CALLS$']
begins = { column = "call", pattern = '^[0-9]+$' }
[[layout.printed.column]]
name = "call"
label = "Call"
[[layout.printed.column]]
name = "taken"
label = "Call Taken"
[[layout.printed.column]]
name = "story"
label = "Story"
"#;

/// Columns at positions.
const PLACES: &str = r#"
[layout.printed]
known = ['x']
[[layout.printed.column]]
name = "a"
start = 1
[[layout.printed.column]]
name = "b"
start = 5
[[layout.printed.column]]
name = "c"
start = 11
"#;

const ALL: [&str; 4] = [LEDGER, LOG, CALLS, PLACES];

fn known(layout: &str) -> Arc<Known> {
    let manifest = format!(
        "id = \"x\"\nversion = \"1\"\ntitle = \"X\"\ndescription = \"X\"\ntier = \"local\"\ndomain = \"x\"\npublisher = \"X\"\n\
         licence = \"CC0-1.0\"\n[[resource]]\nname = \"lines\"\ntitle = \"Lines\"\nrecord = \"line\"\n[[layout]]\n{layout}"
    );
    let schema = r#"{"fields": [{"name": "org", "type": "string"}], "fieldsMatch": ["partial"]}"#;
    let files = [("standard.toml", manifest.as_str()), ("lines.table.json", schema)];
    let loaded = load(files.into_iter().map(|(n, t)| (n.to_owned(), t.as_bytes().to_vec())).collect());
    let wrong: Vec<String> = loaded.findings.iter().filter(|f| f.code.text() != "C917").map(|f| format!("{f:?}")).collect();
    assert_eq!(wrong, [""; 0]);
    Known::of_package(&loaded.package.unwrap()).next().unwrap()
}

fn layout(text: &str) -> Arc<PrintedLayout> {
    known(text).layout.printed.clone().unwrap()
}

fn read(layout: &Arc<PrintedLayout>, bytes: &[u8], pieces: &[usize]) -> (Rows, Vec<Finding>) {
    in_pieces(PrintedReader::new(layout.clone()), bytes, pieces)
}

fn texts(rows: &Rows) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.cells().map(|(text, _)| text.to_owned()).collect()).collect()
}

/// Codes with their kinds and places, without those that are only told.
fn found(findings: &[Finding]) -> Vec<(&str, &str, u64, u64)> {
    let wrong = findings.iter().filter(|f| f.severity != crate::finding::Severity::Info);
    wrong.map(|f| (f.code.text(), f.kind, f.place.line, f.place.byte_column)).collect()
}

const PAGE: &str = "TOWN OF SEAHOLM  LEDGER\nFOR 2026\n                    VOTED\n                   BUDGET      SPENT\n______________________________________\n";

#[test]
fn a_ledger_is_read_page_by_page() {
    let page = PAGE;
    let ledger = layout(LEDGER);
    let text = format!(
        "{page}FUND 7\n\n0101 PAY 2026           40  30,100.25\n0102 A NAME THAT FAR 1,500        .00\n\u{c}{page}0103 OARS              (3)          -\nTOTAL FERRY         1,537  30,100.25\n          GRAND     1,537  30,100.25\nOPTIONS OF THE REPORT\n"
    );
    let (rows, findings) = read(&ledger, text.as_bytes(), &[]);
    let expected: [&[&str]; 8] = [
        &["year", "org", "what", "voted", "spent"],
        &["", "FUND 7", "", "", ""],
        &["2026", "0101", "PAY 2026", "40", "30,100.25"],
        &["2026", "0102", "A NAME THAT FAR", "1,500", ".00"],
        &["2026", "0103", "OARS", "(3)", "-"],
        &["", "TOTAL FERRY", "", "1,537", "30,100.25"],
        &["", "GRAND", "", "1,537", "30,100.25"],
        &["", "OPTIONS OF THE REPORT", "", "", ""],
    ];
    assert_eq!(texts(&rows), expected);
    assert_eq!(found(&findings), []);
    assert_eq!(rows.iter().map(|r| r.origin.line).collect::<Vec<_>>(), [0, 6, 8, 9, 15, 16, 17, 18]);
    // The steps behind it take headings and totals out.
    let (mut tidy, mut out, mut told) = (known(LEDGER).tidy(), Rows::new(), Vec::new());
    tidy.rows(&rows, &mut out, &mut told);
    tidy.finish(&mut out, &mut told);
    assert_eq!(texts(&out).last().unwrap(), &["7", "2026", "0103", "OARS", "(3)", "-"]);
    assert_eq!(told.iter().filter(|f| f.code.text() == "C404").map(|f| f.get("tied")).collect::<Vec<_>>(), [Some("4")]);
}

#[test]
fn what_a_print_does_not_say_is_told_with_its_place() {
    let page = PAGE;
    for (text, expected) in [
        // Above the first heading, and no heading at all.
        ("0101 PAY    40   1.00\n".to_owned(), vec![("C293", "heading", 1, 1), ("C299", "none", 0, 0)]),
        // A heading that lacks a column; the one before holds.
        (format!("{page}TOWN OF X LEDGER\n   VOTED\n   BUDGET\n0101 PAY                40       1.00\n"), vec![("C299", "", 7, 1)]),
        // A heading that is shorter than the layout says: what stands there is told, not lost.
        (
            format!("{page}TOWN OF X LEDGER\n   VOTED BUDGET     SPENT\n0101 PAY                40       1.00\n"),
            vec![("C299", "", 7, 1), ("C293", "", 8, 1)],
        ),
        // Words where an amount must stand, two amounts in one column, a line of another kind.
        (format!("{page}0101 PAY                4x       1.00\n"), vec![]),
        (format!("{page}0101 PAY              1 40       1.00\n"), vec![("C293", "", 6, 1)]),
        (format!("{page}  Seen by the treasurer\n"), vec![("C293", "", 6, 3)]),
        // No blank between the text and its amount; a text that only ends in a number where an amount stands.
        (format!("{page}0101 PAY OF CREWS1,500,000       1.00\n"), vec![("C295", "touching", 6, 13)]),
        (format!("{page}0101 PAY OF CREW26      40       1.00\n"), vec![]),
        // A tab, and a second report behind the end.
        (format!("{page}0101\tPAY             40       1.00\n"), vec![("C297", "", 6, 5)]),
        (format!("{page}GRAND                   0        .00\n{page}"), vec![("C298", "", 9, 1)]),
    ] {
        let (_, findings) = read(&layout(LEDGER), text.as_bytes(), &[]);
        assert_eq!(found(&findings), expected, "{text}");
    }
}

#[test]
fn records_of_several_lines() {
    let text = "   DAILY LOG\nWHEN       KIND    TEXT\n\n2026-01-02 THEFT   A boat was\n16:51:07           taken.\n2026-01-03 NOISE At night,\n                 twice.\n01:02:03\n                   Whose is this?\n\nNO REPORTS OF FIRES.\n           STRAY\n";
    let (rows, findings) = read(&layout(LOG), text.as_bytes(), &[]);
    let expected: [&[&str]; 3] = [
        &["when", "kind", "text"],
        &["2026-01-02 16:51:07", "THEFT", "A boat was taken."],
        &["2026-01-03 01:02:03", "NOISE", "At night, twice. Whose is this?"],
    ];
    assert_eq!(texts(&rows), expected);
    assert_eq!(found(&findings), [("C296", "", 9, 20), ("C293", "outside", 12, 12)]);
    let told: Vec<(&str, Option<&str>)> = findings.iter().map(|f| (f.kind, f.get("count"))).filter(|t| t.1.is_some()).collect();
    assert_eq!(told, [("", Some("2")), ("remarks", Some("1")), ("close", Some("1"))]);
}

#[test]
fn a_record_is_of_the_page_on_which_it_begins() {
    let layout = layout(&LOG.replace("page = [", "page = ['^DAY (?<day>[0-9]+)$', "));
    let text = "   DAILY LOG\nDAY 1\nWHEN       KIND    TEXT\n2026-01-02 A\n\u{c}   DAILY LOG\nDAY 2\nWHEN       KIND    TEXT\n01:02:03   B\n2026-01-03 C\n";
    let (rows, findings) = read(&layout, text.as_bytes(), &[]);
    assert_eq!(texts(&rows)[1..], [["1", "2026-01-02 01:02:03", "A B", ""], ["2", "2026-01-03", "C", ""]]);
    assert_eq!(found(&findings), []);
}

#[test]
fn fields_with_labels() {
    let text =
        "CALLS\nStory: before any\nCall: 1   Call Taken: noon\nStory: a boat\n  was: taken\nCall: 2\nColour: red\nCall Taken : late\n";
    let (rows, findings) = read(&layout(CALLS), text.as_bytes(), &[]);
    let expected: [&[&str]; 3] = [&["call", "taken", "story"], &["1", "noon", "a boat was: taken"], &["2", "late", ""]];
    assert_eq!(texts(&rows), expected);
    assert_eq!(found(&findings), [("C293", "outside", 2, 1), ("C293", "label", 7, 1)]);
}

#[test]
fn columns_at_positions() {
    let (rows, findings) = read(&layout(PLACES), "a1  bb    cc dd\naaaaaaa   \n".as_bytes(), &[]);
    assert_eq!(texts(&rows)[1..], [["a1", "bb", "cc dd"], ["aaaaaaa", "", ""]]);
    assert_eq!(found(&findings), [("C295", "", 2, 1)]);
}

#[test]
fn columns_are_as_wide_as_the_rule_below_them() {
    let text = "TOWN LEDGER\nFOR 2026\n             VOTED\n            BUDGET   SPENT\n--------- ------------------ ----------\n0101 PAY             123,456 1,234.56\n";
    let (rows, findings) = read(&layout(LEDGER), text.as_bytes(), &[]);
    assert_eq!(texts(&rows)[1], ["2026", "0101", "PAY", "123,456", "1,234.56"]);
    assert_eq!(found(&findings), []);
}

#[test]
fn prints_are_recognised_by_their_pages() {
    let ledger = layout(LEDGER);
    assert!(ledger.fits(PAGE.as_bytes(), true));
    for other in ["", "LEDGER\n", "TOWN LEDGER\nVOTED\n", "a,VOTED,SPENT\nLEDGER,BUDGET,\n"] {
        assert!(!ledger.fits(other.as_bytes(), true), "{other}");
    }
    // Whatever its name says.
    let options = ReadOptions { printed: vec![ledger], ..ReadOptions::default() };
    let intake = Intake::of_bytes("x.csv", PAGE.as_bytes(), true, &options);
    assert_eq!(intake.forms().iter().map(|f| f.name()).collect::<Vec<_>>(), ["printed"]);
}

#[test]
fn cells_know_where_they_stand() {
    let mut reader = PrintedReader::new(layout(LEDGER));
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    let text = format!("{PAGE}0101 Pöy                40       1.00\n");
    reader.push(text.as_bytes(), &mut rows, &mut findings);
    reader.finish(&mut rows, &mut findings);
    let places: Vec<Option<(u64, u64)>> = (0..6).map(|c| reader.cell(6, c)).collect();
    assert_eq!(places, [None, Some((6, 1)), Some((6, 6)), Some((6, 26)), Some((6, 35)), None]);
    assert_eq!(reader.cell(7, 1), None);
}

#[test]
fn bounds_are_kept() {
    // A record without end, a line without end, faults without end.
    let mut text = "   DAILY LOG\nWHEN       KIND    TEXT\n2026-01-02 A\n".to_owned();
    text.push_str(&"                   x\n".repeat(5_000));
    text.push_str(&"y".repeat(PRINTED_LINE + 1));
    let (rows, findings) = read(&layout(LOG), text.as_bytes(), &[]);
    assert_eq!(rows.len(), 2);
    assert!(rows.get(1).unwrap().text(2).len() < PRINTED_LINES * 2);
    assert!(findings.len() as u64 <= MAX_TOLD + 10, "{}", findings.len());
    assert_eq!(found(&findings).iter().filter(|f| f.0 == "C216").count(), 1);
    assert!(found(&findings).iter().any(|f| (f.0, f.1) == ("C293", "more")));
}

/// A ledger as its program prints it: so many accounts on a page.
fn print(rows: &[(u16, String, String, String)], length: usize, gap: usize) -> String {
    let mut out = String::new();
    for (n, page) in rows.chunks(length).enumerate() {
        if n > 0 {
            out.push('\u{c}');
        }
        out.push_str("TOWN OF SEAHOLM  LEDGER\n\n");
        let (voted, spent) = (30 + gap, 44 + 2 * gap);
        out.push_str(&format!("{:>voted$}\n{:>voted$}{:>w$}\n", "VOTED", "BUDGET", "SPENT", w = spent - voted));
        out.push_str(&format!("{}\n", "_".repeat(spent)));
        for (org, what, a, b) in page {
            let lead = format!("{org:04} {what}");
            out.push_str(&format!("{lead}{:>x$}{b:>y$}\n", a, x = voted - lead.chars().count(), y = spent - voted));
        }
    }
    out
}

proptest! {
    #[test]
    fn what_was_printed_is_read_back(
        // A description of nineteen letters leaves room for five digits and the blank that stands between columns.
        rows in prop::collection::vec((0u16..10_000, "[A-ZÉ][A-Z0-9&/é]{0,6}( [A-Z]{1,5}){0,2}", -999_999i64..9_999_999, -9_999_999i64..9_999_999), 1..40),
        length in 1usize..50, gap in 0usize..12,
    ) {
        let cents = |n: i64| format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, n.abs() / 100, n.abs() % 100);
        let rows: Vec<(u16, String, String, String)> = rows.into_iter().map(|(o, w, a, b)| (o, w, (a / 100).to_string(), cents(b))).collect();
        let (read, findings) = read(&layout(LEDGER), print(&rows, length, gap).as_bytes(), &[]);
        let expected: Vec<Vec<String>> = rows.iter().map(|(o, w, a, b)| vec![String::new(), format!("{o:04}"), w.clone(), a.clone(), b.clone()]).collect();
        prop_assert_eq!(&texts(&read)[1..], &expected[..]);
        prop_assert_eq!(found(&findings), vec![]);
    }

    #[test]
    fn what_was_logged_is_read_back(
        records in prop::collection::vec((1u8..29, "[A-Z]{1,7}", prop::collection::vec("[a-z]{1,9}", 0..12)), 1..20),
        length in 2usize..30, width in 10usize..40,
    ) {
        let mut lines: Vec<String> = Vec::new();
        let mut expected = Vec::new();
        for (day, kind, words) in &records {
            let mut wrapped: Vec<String> = vec![String::new()];
            for word in words {
                let last = wrapped.last_mut().unwrap();
                if last.is_empty() {
                    last.push_str(word);
                } else if last.len() + 1 + word.len() <= width {
                    last.push(' ');
                    last.push_str(word);
                } else {
                    wrapped.push(word.clone());
                }
            }
            let left = [format!("2026-01-{day:02}"), "16:51:07".to_owned()];
            // The time stands on the last line, which is where the record ends.
            let count = wrapped.len().max(2);
            for i in 0..count {
                let first = if i == 0 { &left[0] } else if i + 1 == count { &left[1] } else { "" };
                let kind = if i == 0 { kind.as_str() } else { "" };
                lines.push(format!("{first:<11}{kind:<8}{}", wrapped.get(i).map_or("", String::as_str)));
            }
            expected.push(vec![format!("{} {}", left[0], left[1]), kind.clone(), words.join(" ")]);
        }
        // A record may go on on the next page.
        let page = |p: &[String]| format!("      DAILY LOG\nWHEN       KIND    TEXT\n\n{}\n", p.join("\n"));
        let text = lines.chunks(length).map(page).collect::<Vec<_>>().join("\u{c}");
        let (read, findings) = read(&layout(LOG), text.as_bytes(), &[]);
        prop_assert_eq!(&texts(&read)[1..], &expected[..]);
        prop_assert_eq!(found(&findings), vec![]);
    }

    #[test]
    fn cuts_change_nothing(
        parts in prop::collection::vec(prop_oneof![
            Just("TOWN LEDGER\n".to_owned()), Just(PAGE.to_owned()), Just("DAILY LOG\n".to_owned()), Just("WHEN  KIND  TEXT\r\n".to_owned()),
            Just("Call: 7\n".to_owned()), Just("2026-01-02 X\n".to_owned()), Just("0101 PAY                40       1.00\n".to_owned()),
            "[ -~é\t\r\n\u{c}]{0,30}",
        ], 0..20),
        tail in prop::collection::vec(any::<u8>(), 0..20),
        cuts in prop::collection::vec(0usize..9, 0..40),
    ) {
        let mut bytes = parts.concat().into_bytes();
        bytes.extend_from_slice(&tail);
        for text in ALL {
            let layout = layout(text);
            let whole = read(&layout, &bytes, &[]);
            prop_assert_eq!(&read(&layout, &bytes, &cuts), &whole);
            layout.fits(&bytes, true);
            // The same behind the start, where bytes are read as they come.
            let mut long = " ".repeat(99).into_bytes();
            long.push(b'\n');
            let mut long = long.repeat(SAMPLE / 100 + 1);
            long.extend_from_slice(&bytes);
            let mut pieces = vec![SAMPLE + 5];
            pieces.extend(&cuts);
            prop_assert_eq!(read(&layout, &long, &pieces), read(&layout, &long, &[]));
            prop_assert!(whole.0.iter().map(|r| r.origin.row).is_sorted());
        }
    }
}
