//! Renderings of small reports, letter for letter, and properties that hold for every report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::finding::{Code, Finding, Findings, Place, RuleWords, checks};
use crate::report::{Conversion, Coverage, Dropped, FileUsed, StandardUsed, Sum, TableBalance};

/// A place in the first file: row (also the line), column and its header.
fn at(row: u64, column: u32, field: &str) -> Place {
    Place {
        row,
        line: row,
        byte_column: 9,
        record: row.saturating_sub(1),
        column: Some(column),
        field: Some(Arc::from(field)),
        ..Place::default()
    }
}

fn row(row: u64) -> Place {
    Place { row, line: row, byte_column: 1, record: row.saturating_sub(1), ..Place::default() }
}

fn status(row: u64, value: &str) -> Finding {
    Finding::new("C304", "", at(row, 8, "Status"))
        .value(value)
        .arg("list", "code list permit-status")
        .arg("allowed", "Issued, Pending, Closed")
}

/// The same in a file whose records name their fields, where the first row is the first record.
fn keyed(record: u64, value: &str) -> Finding {
    let mut finding = status(record, value);
    finding.place = Place { record, ..finding.place };
    finding
}

fn missing(name: &str) -> Finding {
    Finding::new("C206", "", Place { field: Some(Arc::from(name)), ..Place::default() }).arg("name", name)
}

fn rule(place: Place) -> Finding {
    let words = RuleWords {
        code: "blds/issued-before-applied".to_owned(),
        title: "issued {issued}, but applied {applied}".to_owned(),
        why: "A permit is issued after it was applied for.".to_owned(),
        mend: "Look both dates up.".to_owned(),
    };
    let mut finding = Finding::new("C301", "", place).arg("issued", "2024-02-03").arg("applied", "2024-03-01");
    finding.code = Code::Rule(Arc::new(words));
    finding
}

fn report(findings: Vec<Finding>) -> Report {
    capped(findings, 1000)
}

fn capped(list: Vec<Finding>, cap: usize) -> Report {
    let mut findings = Findings::new(cap);
    for finding in list {
        findings.add(finding);
    }
    Report {
        standard: Some(StandardUsed { id: "blds".to_owned(), version: "1.2".to_owned(), digest: "sha256:00".to_owned(), brought: false }),
        files: vec![FileUsed {
            name: "permits.csv".to_owned(),
            digest: None,
            bytes: 120_000,
            records: 2310,
            resource: "permits".to_owned(),
            encoding: "windows-1252".to_owned(),
            dialect: vec![("delimiter", ",".to_owned())],
            sheet: None,
        }],
        findings,
        coverage: Coverage {
            checks_run: vec!["C301".to_owned(), "C304".to_owned()],
            checks_skipped: vec![("C402".to_owned(), "the table \"parcels\" was not given".to_owned())],
            records_read: 2310,
            records_unread: 0,
        },
        conversion: None,
    }
}

fn balance() -> Conversion {
    Conversion {
        from: "town-inspections@1".to_owned(),
        to: "lives@2.0".to_owned(),
        records_in: 2310,
        records_out: 2300,
        rejected: 8,
        in_part: 0,
        way: Vec::new(),
        dropped: vec![Dropped { why: "Void permits are not published.".to_owned(), count: 2 }],
        sums: vec![Sum {
            table: "violations".to_owned(),
            from: "Fee".to_owned(),
            to: "fee".to_owned(),
            total_in: "1200.50".to_owned(),
            total_out: "1190.00".to_owned(),
            total_rejected: "10.50".to_owned(),
            total_dropped: "0".to_owned(),
            total_unread: "0".to_owned(),
            cells_unread: 0,
            balanced: true,
        }],
        tables: vec![TableBalance {
            table: "violations".to_owned(),
            candidates: 4100,
            written: 4092,
            rejected: 8,
            repeated: 0,
            skipped: 0,
        }],
    }
}

/// A finding of every kind of mistake that the renderings below show.
fn mixed() -> Report {
    let mut list: Vec<Finding> = Vec::new();
    for r in 14..=53 {
        list.push(match r % 5 {
            0 => status(r, "Open"),
            _ => status(r, "Isued").arg("near", "Issued").fix("Issued", false, "near-code"),
        });
    }
    let date = |row| Finding::new("C303", "ambiguous", at(row, 3, "IssuedDate")).arg("what", "a date").arg("form", "2024-03-05");
    let mut ambiguous = date(77).value("03/05/2024").fix("2024-03-05", false, "date-reading").fix("2024-05-03", false, "date-reading");
    ambiguous.fixes[0].evidence = "212 of 230 dates in this column have a second number above 12".to_owned();
    list.push(ambiguous);
    let list_case = |row, value: &str, near: &str| {
        Finding::new("C304", "case", at(row, 8, "Status")).value(value).arg("list", "code list permit-status").arg("near", near)
    };
    list.push(list_case(80, "issued", "Issued").fix("Issued", true, "case"));
    list.push(list_case(81, "closed", "Closed").fix("Closed", true, "case"));
    list.push(rule(row(90)));
    list.push(missing("AppliedDate"));
    let header = Place { record: 0, ..at(1, 12, "Foo\u{1b}[31m") };
    list.push(Finding::new("C207", "", header).value("Foo\u{1b}[31m").arg("standard", "blds@1.2"));
    report(list)
}

#[test]
fn sentences() {
    let nbsp = Finding::new("C309", "", at(3, 0, "Name")).value("Main\u{a0}St").arg("character", "no-break space");
    let cases: Vec<(Finding, &str, Option<&str>, &str)> = vec![
        (
            status(14, "Isued").arg("near", "Issued"),
            r#""Isued" is not in code list permit-status (did you mean "Issued"?)"#,
            Some("one of Issued, Pending, Closed"),
            r#"Use one of the list's values, here likely "Issued"."#,
        ),
        (
            status(14, "x").arg("near", ""),
            r#""x" is not in code list permit-status"#,
            Some("one of Issued, Pending, Closed"),
            "Use one of the list's values.",
        ),
        (missing("Fee"), r#"there is no column "Fee""#, Some(r#"a column "Fee""#), "Add the column."),
        (
            missing("Fee").arg("title", "Permit fee"),
            r#"there is no column "Fee" (Permit fee)"#,
            Some(r#"a column "Fee""#),
            "Add the column.",
        ),
        (
            Finding::new("C201", "", row(9)).arg("cells", "1200").arg("columns", "16384"),
            "the row has 1,200 cells, the header has 16,384",
            Some("16,384 cells"),
            "Look whether a cell or a separator was lost, and fill the row up.",
        ),
        (
            Finding::new("C102", "", at(2, 0, "A")).value("a\0b"),
            "the cell holds a NUL byte, shown as ␀: \"a␀b\"",
            Some("text without NUL bytes"),
            "Export the file again; if the byte returns, tell the vendor of the system.",
        ),
        (
            nbsp,
            "\"Main⍽St\" holds a no-break space",
            Some("an ordinary space, or nothing in its place"),
            "Replace it by an ordinary space or delete it; it often comes from text copied out of a web page.",
        ),
        (
            Finding::new("C401", "", at(20, 0, "Id")).value("12345").arg("first_row", "2310"),
            "\"12345\" was already used in row 2310",
            Some("a value of its own in every record"),
            "Give the record its own value, or delete it if it is there twice.",
        ),
        // A fact that the check forgot leaves a gap, never a brace.
        (Finding::new("C306", "minimum", at(2, 0, "Fee")).value("-1"), "\"-1\" is less than …", Some("… or more"), "Correct the value."),
        // A value that looks like a template is a value.
        (
            status(2, "{list}[x]{{"),
            r#""{list}[x]{{" is not in code list permit-status"#,
            Some("one of Issued, Pending, Closed"),
            "Use one of the list's values.",
        ),
        (rule(row(31)), "issued 2024-02-03, but applied 2024-03-01", None, "Look both dates up."),
        (
            rule(row(31)).arg("detail", "row 7").arg("expected", "a later date"),
            "issued 2024-02-03, but applied 2024-03-01: row 7",
            Some("a later date"),
            "Look both dates up.",
        ),
    ];
    for (finding, message, expected, mend) in cases {
        assert_eq!(words::message(&finding), message);
        assert_eq!(words::expected(&finding).as_deref(), expected);
        assert_eq!(words::mend(&finding), mend);
    }
}

#[test]
fn templates() {
    let lookup = |name: &str| match name {
        "a" => Some("1".to_owned()),
        "empty" => Some(String::new()),
        _ => None,
    };
    for (template, text) in [
        ("{a}", "1"),
        ("{none}", "…"),
        ("{empty}", ""),
        ("x[ {a}]y", "x 1y"),
        ("x[ {none}]y", "xy"),
        ("x[ {empty}]y", "xy"),
        ("x[ {a} {none} {a}]y", "xy"),
        ("[plain]", "plain"),
        ("{{a}} [[a]]", "{a} [a]"),
        ("[{a} [[{a}]] ]", "1 [1] "),
        ("{", "{"),
        ("a } ] b", "a } ] b"),
        ("[open {none}", "[open …"),
        ("{Not a name}", "{Not a name}"),
        ("", ""),
    ] {
        assert_eq!(words::expand(template, &lookup), text, "{template}");
    }
}

#[test]
fn column_letters_cells_and_numbers() {
    for (n, letters) in [
        (0, "A"),
        (8, "I"),
        (25, "Z"),
        (26, "AA"),
        (51, "AZ"),
        (52, "BA"),
        (701, "ZZ"),
        (702, "AAA"),
        (16383, "XFD"),
        (u32::MAX, "MWLQKWV"),
    ] {
        assert_eq!(words::column_letter(n), letters);
    }
    assert_eq!(words::cell(&at(14, 8, "Status")).as_deref(), Some("I14"));
    assert_eq!(words::cell(&row(14)).as_deref(), Some("row 14"));
    assert_eq!(words::cell(&Place::default()), None);
    for (n, text) in
        [(0, "0"), (999, "999"), (1000, "1,000"), (2310, "2,310"), (1_234_567, "1,234,567"), (u64::MAX, "18,446,744,073,709,551,615")]
    {
        assert_eq!(words::number(n), text);
    }
    assert_eq!(words::counted(1, "row", "rows"), "1 row");
    assert_eq!(words::counted(0, "row", "rows"), "0 rows");
}

#[test]
fn what_nobody_sees_is_made_visible() {
    for (raw, shown) in [
        ("a\0b", "a␀b"),
        ("\u{1b}[31m", "␛[31m"),
        ("a\tb\r\n", "a␉b␍␊"),
        ("\u{7f}", "␡"),
        ("\u{9b}31m", "‹U+009B›31m"),
        ("a\u{a0}b", "a⍽b"),
        ("a\u{200b}b", "a‹zero-width space›b"),
        ("\u{feff}id", "‹byte-order mark›id"),
        ("\u{202e}cod.exe", "‹U+202E›cod.exe"),
        ("\u{e0041}", "‹U+E0041›"),
        ("Café Zoë 東京 👍🏽", "Café Zoë 東京 👍🏽"),
    ] {
        assert_eq!(words::visible(raw), shown);
        assert_eq!(words::visible(shown), shown, "made visible twice is the same");
    }
}

/// Small words that depend on what stands beside them.
#[test]
fn articles_and_counts() {
    let reference = |target: &str| Finding::new("C402", "", row(2)).value("7").arg("target", target).arg("resource", "t");
    assert_eq!(words::message(&reference("id")), "\"7\" is not an id of table \"t\"");
    assert_eq!(words::message(&reference("town")), "\"7\" is not a town of table \"t\"");
    let total = |records: &str| {
        let facts = [("printed", "3"), ("records", records), ("sum", "2"), ("difference", "1")];
        facts.into_iter().fold(Finding::new("C403", "", row(2)), |f, (name, text)| f.arg(name, text))
    };
    assert_eq!(words::message(&total("1")), "the total is printed as 3, the sum of its 1 record is 2: the difference is 1");
    assert!(words::message(&total("1200")).contains("its 1,200 records is 2"));
    let zero = Finding::new("C406", "zero", Place::default()).arg("left", "ending");
    assert_eq!(words::message(&zero), "the sum of ending is zero");
    let digits = Finding::new("C507", "", row(2)).value("1.5").arg("places", "no digits after the point").arg("target", "x");
    assert_eq!(words::expected(&digits).as_deref(), Some("a number with no digits after the point"));
    // The fourth cell stands in the line that would count it; of five, three stand for all.
    let text = |n: u64| text::text(&report((2..2 + n).map(|r| status(r, &format!("Is{r}"))).collect()), &Options::default());
    assert!(text(4).contains("I5  \"Is5\"") && !text(4).contains("more"), "{}", text(4));
    assert!(text(5).contains("… and 2 more"), "{}", text(5));
}

#[test]
fn cause_sentences() {
    let near = |row| status(row, "Isued").arg("near", "Issued");
    let bound = |row, value: &str, bound: &str| Finding::new("C306", "minimum", at(row, 2, "Fee")).value(value).arg("bound", bound);
    let cases: Vec<(Report, &str, &str)> = vec![
        (
            report(vec![near(14), near(15), status(16, "Open")]),
            r#"3 cells in column I "Status" are not in code list permit-status; most often "Isued""#,
            "Use one of the list's values.",
        ),
        (
            report(vec![near(14), near(15)]),
            r#"2 cells in column I "Status" are not in code list permit-status; most often "Isued""#,
            r#"Use one of the list's values, here likely "Issued"."#,
        ),
        (
            report(
                [2, 3]
                    .map(|r| Finding::new("C303", "other-form", at(r, 1, "Open")).value("7:30").arg("noun", "time").arg("form", "hh:mm:ss"))
                    .into(),
            ),
            r#"2 cells in column B "Open" are times in another form than hh:mm:ss; most often "7:30""#,
            "Write it as hh:mm:ss; in a spreadsheet, set the format of the column's cells so.",
        ),
        // Of occurrences that were not kept nobody can say which value came most often.
        (
            capped((14..2314).map(near).collect(), 10),
            r#"2,300 cells in column I "Status" are not in code list permit-status; for example "Isued""#,
            "Use one of the list's values.",
        ),
        (
            report(vec![near(14)]),
            r#"column I "Status", row 14: "Isued" is not in code list permit-status (did you mean "Issued"?)"#,
            r#"Use one of the list's values, here likely "Issued"."#,
        ),
        (
            report(vec![bound(2, "-1", "0"), bound(3, "-2", "0")]),
            r#"2 cells in column C "Fee" are less than 0; for example "-1", "-2""#,
            "Correct the value.",
        ),
        // One column with two bounds: what holds for one cell is not said of the other.
        (
            report(vec![bound(2, "-1", "0"), bound(3, "2", "5")]),
            r#"2 cells in column C "Fee"; for example C2: "-1" is less than 0"#,
            "Correct the value.",
        ),
        (report(vec![missing("Fee")]), r#"there is no column "Fee""#, "Add the column."),
        (report(vec![Finding::new("C203", "", row(7)), Finding::new("C203", "", row(9))]), "2 rows are empty", "Delete the row."),
        (report(vec![rule(row(31)), rule(row(32))]), "2 rows: issued 2024-02-03, but applied 2024-03-01", "Look both dates up."),
        (
            report((2..9).map(|r| rule(row(r))).collect()),
            "7 rows; for example row 2: issued 2024-02-03, but applied 2024-03-01",
            "Look both dates up.",
        ),
        (
            report(vec![
                Finding::new("C304", "case", at(2, 0, "S")).value("a").arg("list", "the list").arg("near", "A"),
                Finding::new("C304", "case", at(3, 0, "S")).value("b").arg("list", "the list").arg("near", "B"),
            ]),
            r#"2 cells in column A "S" are written differently in the list; for example "a", "b""#,
            r#"For A2: Write "A", letter for letter. The others likewise."#,
        ),
    ];
    for (report, message, mend) in cases {
        let causes = causes::Causes::of(&report);
        assert_eq!(causes.ordered.len(), 1);
        assert_eq!(causes.ordered[0].message(), message);
        assert_eq!(causes.ordered[0].mend(), mend);
    }
}

#[test]
fn verdicts() {
    let many = (2..=42).map(|r| status(r, "x"));
    let warning = |column| Finding::new("C309", "text", at(2, column, "Name")).value("a").arg("character", "no-break space");
    let header = |column| Finding::new("C208", "", Place { record: 0, ..at(1, column, "") });
    let with = |list: Vec<Finding>, change: fn(&mut Report)| {
        let mut report = report(list);
        change(&mut report);
        report
    };
    let few = |r: &mut Report| r.coverage.records_read = 1;
    let cases: Vec<(Report, &str)> = vec![
        (report(vec![]), "Ready: 2,310 rows meet blds@1.2."),
        (with(vec![], few), "Ready: 1 row meets blds@1.2."),
        (
            with(vec![], |r| {
                r.coverage.records_read = 0;
                r.files[0].records = 0;
            }),
            "Ready: the columns meet blds@1.2, but there are no rows.",
        ),
        (with(vec![], |r| r.files.push(r.files[0].clone())), "Ready: 2,310 rows in 2 files meet blds@1.2."),
        (with(vec![], |r| r.standard.as_mut().unwrap().version.clear()), "Ready: 2,310 rows meet blds."),
        (with(vec![], |r| r.standard.as_mut().unwrap().brought = true), "Ready: 2,310 rows meet the schema that came with the data."),
        (report(vec![warning(0)]), "Ready, with 1 thing to look at: 2,310 rows meet blds@1.2."),
        (report(vec![warning(0), warning(1), warning(2)]), "Ready, with 3 things to look at: 2,310 rows meet blds@1.2."),
        (report(many.clone().chain([rule(row(42))]).collect()), "Not ready: 2 things to mend in 41 of 2,310 rows."),
        (report(vec![status(2, "x")]), "Not ready: 1 thing to mend in 1 of 2,310 rows."),
        (with(vec![status(2, "x")], few), "Not ready: 1 thing to mend in 1 of 1 row."),
        // A file of JSON has no header: its first row is a record.
        (with(vec![missing("A"), keyed(1, "x")], few), "Not ready: 2 things to mend: 1 in the file as a whole, the other in 1 of 1 row."),
        (report(vec![missing("A")]), "Not ready: 1 thing to mend in the file as a whole."),
        (report(vec![header(1), header(2)]), "Not ready: 2 things to mend in the file as a whole."),
        (
            report(std::iter::once(header(3)).chain(many.clone()).chain([missing("A")]).collect()),
            "Not ready: 3 things to mend: 2 in the file as a whole, the other in 41 of 2,310 rows.",
        ),
        (with(vec![missing("A")], |r| r.files.push(r.files[0].clone())), "Not ready: 1 thing to mend in the files as a whole."),
        (with(vec![], |r| r.standard = None), "Not checked: no standard was recognised, only the shape of 2,310 rows was looked at."),
        (
            with(vec![status(2, "x")], |r| r.standard = None),
            "Not ready: 1 thing to mend in 1 of 2,310 rows; no standard was recognised, so no value was checked.",
        ),
        (with(vec![], |r| r.coverage.records_unread = 5), "Ready: 2,310 rows meet blds@1.2; 5 records were not read."),
        (
            with(vec![], |r| {
                r.conversion =
                    Some(Conversion { to: "lives@2.0".to_owned(), records_in: 2310, records_out: 2310, ..Conversion::default() });
            }),
            "Ready: all 2,310 records became lives@2.0.",
        ),
        (
            with(vec![], |r| r.conversion = Some(balance())),
            "Converted in part: 2,300 of 2,310 records became lives@2.0, 8 were rejected, 2 were dropped by a declared rule.",
        ),
        (
            with(vec![], |r| {
                let mut c = balance();
                c.rejected = 0;
                c.sums[0].balanced = false;
                r.conversion = Some(c);
            }),
            "Converted in part: 2,300 of 2,310 records became lives@2.0, 2 were dropped by a declared rule; the totals do not balance.",
        ),
        (
            with(vec![], |r| {
                let (records_in, records_out) = (2310, 2310);
                r.conversion =
                    Some(Conversion { to: "lives@2.0".to_owned(), records_in, records_out, in_part: 3, ..Conversion::default() });
            }),
            "Converted in part: all 2,310 records became lives@2.0, 3 of them in part.",
        ),
    ];
    for (report, line) in cases {
        assert_eq!(verdict(&report), line);
        let rows = format!(" in {} of ", verdict::rows_at_fault(&report));
        assert_eq!(line.contains(" row") && line.contains(" mend") && line.contains(&rows), verdict::rows_at_fault(&report) > 0, "{line}");
        assert_eq!(verdict::valid(&report), !line.starts_with("Not ready"));
    }
}

#[test]
fn short_lines() {
    let mut nowhere =
        Finding::new("C214", "", Place { file: 9, ..Place::default() }).arg("resource", "parcels").arg("files", "parcels.csv");
    nowhere.args.push(("unused", "x".to_owned()));
    let no_column = Place { column: None, ..at(5, 0, "Fee") };
    for (finding, line) in [
        (
            status(14, "Isued").arg("near", "Issued"),
            r#"permits.csv:14:9: error[C304] column I "Status": "Isued" is not in code list permit-status (did you mean "Issued"?)"#,
        ),
        (missing("Fee"), r#"permits.csv: error[C206] there is no column "Fee""#),
        (Finding::new("C203", "", row(7)), "permits.csv:7:1: error[C203] the row is empty"),
        (Finding::new("C203", "", Place { byte_column: 0, ..row(7) }), "permits.csv:7: error[C203] the row is empty"),
        (Finding::new("C208", "", at(1, 3, "")), "permits.csv:1:9: error[C208] column D: the column has no header"),
        (Finding::new("C301", "", no_column), r#"permits.csv:5:9: error[C301] field "Fee": the cell is empty, but the field is required"#),
        (nowhere, r#"error[C214] there is no table "parcels""#),
        (rule(row(31)), "permits.csv:31:1: error[blds/issued-before-applied] issued 2024-02-03, but applied 2024-03-01"),
    ] {
        assert_eq!(short::short(&report(vec![finding])), format!("{line}\n"));
    }
    assert_eq!(short::short(&report(vec![])), "");
    assert_eq!(summary(&report(vec![])), "nothing found in 1 file (2,310 records) against blds@1.2");
    assert_eq!(summary(&mixed()), "45 errors, 1 warning in 1 file (2,310 records) against blds@1.2");
    let cut = capped((2..1300).map(|r| status(r, "x")).collect(), 1000);
    assert_eq!(summary(&cut), "1,298 errors in 1 file (2,310 records) against blds@1.2; the first 1,000 are listed");
}

/// The words of a rule come from a package that anybody may have written.
#[test]
fn a_rule_cannot_steer_a_terminal() {
    let mut finding = rule(row(31));
    let words = ["code", "title", "why", "mend"].map(|w| format!("{w}\u{1b}]0;owned\u{7}"));
    let [code, title, why, mend] = words;
    finding.code = Code::Rule(Arc::new(RuleWords { code, title, why, mend }));
    let r = report(vec![finding]);
    let page = text::text(&r, &Options::default()) + &short::short(&r);
    assert!(page.matches("␛]0;owned␇").count() >= 6);
    assert!(!page.contains(['\u{1b}', '\u{7}']));
}

#[test]
fn many_findings_take_room_in_proportion() {
    let list = |n: u64| capped((2..n + 2).map(|r| status(r, &format!("x{}", r % 1000))).collect(), usize::MAX);
    let (small, large) = (list(1_000), list(20_000));
    for format in [Format::Short, Format::Json, Format::Ndjson, Format::Csv] {
        let [a, b] = [&small, &large].map(|r| render(r, format, &Options::default()).len());
        assert!(b < a * 22, "{format:?}: {a} and {b} bytes");
    }
    let [a, b] = [&small, &large].map(|r| text::text(r, &Options::default()).len());
    assert!(b < a + 100, "the text tells causes, not cells: {a} and {b} bytes");
}

#[test]
fn text_for_people() {
    let mut r = mixed();
    r.conversion = Some(balance());
    assert_eq!(text::text(&r, &Options { width: 80, color: false }), include_str!("golden/report.txt"));
}

#[test]
fn text_is_no_wider_than_asked_and_colour_adds_nothing_else() {
    let mut r = mixed();
    r.conversion = Some(balance());
    let long = "x".repeat(150);
    r.findings.add(status(60, &long));
    for width in [0, 40, 53, 80, 120] {
        let plain = text::text(&r, &Options { width, color: false });
        for line in plain.lines() {
            assert!(line.chars().count() <= width.max(text::NARROWEST), "{width}: {line}");
            assert_eq!(line, line.trim_end(), "no blanks at line ends");
        }
        let colored = text::text(&r, &Options { width, color: true });
        assert!(colored.contains("\u{1b}[1;31m"));
        assert_eq!(without_ansi(&colored), plain);
    }
}

/// Takes out our own colour codes.
fn without_ansi(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    out + rest
}

#[test]
fn many_causes_stay_readable() {
    let r = report((0..5000).map(|c| Finding::new("C207", "", at(1, c, "x")).value("x").arg("standard", "s")).collect());
    let page = text::text(&r, &Options::default());
    assert!(page.contains("… and 4,900 more; the json report has them all."));
    assert!(page.len() < 60_000);
    let parsed: Value = serde_json::from_str(&json::json(&r)).unwrap();
    assert_eq!(parsed["causes"].as_array().unwrap().len(), 5000);
}

#[test]
fn json_letter_for_letter() {
    let mut r = report(vec![status(14, "Is\u{1}\"\\ued\u{a0}").arg("near", "Issued").fix("Issued", false, "near-code")]);
    r.coverage.checks_run.clear();
    r.conversion = Some(Conversion { sums: vec![], tables: vec![], ..balance() });
    assert_eq!(json::json(&r), include_str!("golden/report.json"));
}

#[test]
fn ndjson_has_a_header_and_the_findings_of_the_json() {
    let r = mixed();
    let lines: Vec<Value> = ndjson::ndjson(&r).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let mut whole: Value = serde_json::from_str(&json::json(&r)).unwrap();
    let findings = whole.as_object_mut().unwrap().remove("findings").unwrap();
    whole["kind"] = "report".into();
    assert_eq!(lines[0], whole);
    assert_eq!(Value::Array(lines[1..].to_vec()), findings);
    assert!(ndjson::ndjson(&r).starts_with("{\"format\":\"concord-report/1\",\"valid\":false,"));
    assert!(ndjson::header(&r).ends_with("\"kind\":\"report\"}\n"));
}

#[test]
fn csv_letter_for_letter() {
    let mut formula = status(3, "=1+1").fix("+1", false, "near-code").fix("b", false, "near-code");
    formula.place.field = Some(Arc::from("@SUM, all"));
    let out = csv::csv(&report(vec![formula, missing("Fee"), rule(row(31))]));
    assert_eq!(
        out,
        "code,severity,file,row,line,byte_column,record,column,field,value,expected,message,fixes,sheet,pointer\r\n\
         C304,error,permits.csv,3,3,9,2,I,\"'@SUM, all\",'=1+1,\"one of Issued, Pending, Closed\",\"\"\"=1+1\"\" is not in code list permit-status\",'+1 | b,,\r\n\
         C206,error,permits.csv,,,,,,Fee,,\"a column \"\"Fee\"\"\",\"there is no column \"\"Fee\"\"\",,,\r\n\
         blds/issued-before-applied,error,permits.csv,31,31,1,30,,,,,\"issued 2024-02-03, but applied 2024-03-01\",,,\r\n"
    );
    // What would steer a terminal is shown, and can be found again: by its cell, its sheet, its pointer.
    let mut colour = status(3, "\u{1b}[31mred\u{202e}");
    colour.place.pointer = Some("/result/1/Status".into());
    let mut sheet = report(vec![colour]);
    sheet.files[0].sheet = Some("=Permits".to_owned());
    let out = csv::csv(&sheet);
    assert!(out.contains(",3,3,9,2,I,Status,␛[31mred‹U+202E›,"), "{out}");
    assert!(out.ends_with(",'=Permits,/result/1/Status\r\n"), "{out}");
}

#[test]
fn formats_by_name_and_extension() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.name()), Some(format));
    }
    assert_eq!(Format::parse("yaml"), None);
    for (path, format) in [
        ("out/report.json", Some(Format::Json)),
        ("R.NDJSON", Some(Format::Ndjson)),
        ("r.jsonl", Some(Format::Ndjson)),
        ("a.b\\r.csv", Some(Format::Csv)),
        ("r.txt", Some(Format::Text)),
        ("dir.json/report", None),
        (".json", None),
        ("report", None),
        ("r.docx", None),
    ] {
        assert_eq!(Format::from_path(path), format, "{path}");
    }
}

/// The names in a template.
fn names(template: &str) -> Vec<&str> {
    template.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name).collect()
}

fn leak(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

#[test]
fn every_check_and_kind_renders_whole() {
    for check in checks::all() {
        for kind in check.kinds {
            let all: Vec<&str> = [kind.message, kind.expected, kind.mend].into_iter().flat_map(names).collect();
            let full = all.iter().fold(Finding::new(check.code, kind.name, at(14, 8, "Status")), |f, name| match *name {
                "value" => f.value("VALUE"),
                name => f.arg(leak(name), name.to_uppercase()),
            });
            let bare = Finding::new(check.code, kind.name, at(14, 8, "Status"));
            for finding in [&full, &bare] {
                let sentences = [
                    words::message(finding),
                    words::expected(finding).unwrap_or_default(),
                    words::mend(finding),
                    words::why(&finding.code),
                ];
                for text in &sentences {
                    assert!(!text.contains(['{', '}', '[', ']']), "{} {}: {text}", check.code, kind.name);
                    assert!(!text.contains("  ") && text.trim() == text, "{} {}: {text}", check.code, kind.name);
                }
                assert!(!sentences[0].is_empty() && !sentences[2].is_empty(), "{} {} lacks words", check.code, kind.name);
                // What says nothing but "…" forgot its facts; the full one may not.
                assert!(std::ptr::eq(finding, &bare) || sentences.iter().all(|s| !s.contains('…')), "{} {}", check.code, kind.name);
            }
            for copies in [1, 2, 5] {
                let r = report((0..copies).map(|i| Finding { place: at(14 + i, 8, "Status"), ..full.clone() }).collect());
                let told = causes::Causes::of(&r);
                for text in [told.ordered[0].message(), told.ordered[0].mend(), told.ordered[0].expected().unwrap_or_default()] {
                    assert!(!text.contains(['{', '}', '[', ']', '…']), "{} {}: {text}", check.code, kind.name);
                }
            }
            let page = explain(check.code, &|_| None).unwrap();
            assert!(!page.contains(['{', '}', '[', ']']) && page.contains(check.why), "{page}");
        }
    }
}

#[test]
fn plural_sentences_belong_to_checks() {
    for (code, kind, template) in causes::PLURALS {
        let check = checks::find(code).unwrap_or_else(|| panic!("{code} is no check"));
        assert!(check.kinds.iter().any(|k| k.name == *kind), "{code} has no kind {kind:?}");
        assert!(template.starts_with("{cells_here}") || template.starts_with("{rows_here}"));
    }
}

#[test]
fn explain_pages() {
    let none = |_: &str| None;
    let page = explain("c304", &none).unwrap();
    assert!(page.starts_with(
        "# C304: A value outside the list\n\n`not-in-list`, an error about single values.\n\n## Why it matters\n\nRecords with"
    ));
    assert!(
        page.contains("- \"‹value›\" is not in ‹list› (did you mean \"‹near›\"?)\n  Expected: one of ‹allowed›\n  To mend: Use one of")
    );
    assert!(page.contains("\"‹near›\"?) (warning)\n"));
    assert_eq!(explain("not-in-list", &none), Some(page));
    assert_eq!(explain("C999", &none), None);
    assert_eq!(explain_json("C999", &none), None);
    let rules = |code: &str| {
        let Code::Rule(words) = rule(row(1)).code else { return None };
        (code == words.code).then(|| (*words).clone())
    };
    assert_eq!(
        explain("blds/issued-before-applied", &rules).unwrap(),
        "# blds/issued-before-applied: issued ‹issued›, but applied ‹applied›\n\nA rule of a standard.\n\n## Why it matters\n\n\
         A permit is issued after it was applied for.\n\n## How to mend it\n\nLook both dates up.\n"
    );
    let json: Value = serde_json::from_str(&explain_json("C304", &none).unwrap()).unwrap();
    let open = json["kinds"].as_array().unwrap().iter().find(|k| k["variety"] == "open").unwrap();
    assert_eq!(open["severity"], "warning");
    assert_eq!(json["name"], "not-in-list");
    let json: Value = serde_json::from_str(&explain_json("blds/issued-before-applied", &rules).unwrap()).unwrap();
    assert_eq!(json["mend"], "Look both dates up.");
}

/// Checks a value against the part of JSON Schema that the report's schema uses; a keyword it does not know fails.
fn meets(schema: &Value, value: &Value, root: &Value, at: &str) {
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => meets(root.pointer(&rule.as_str().unwrap()[1..]).unwrap(), value, root, at),
            "const" => assert_eq!(value, rule, "{at}"),
            "enum" => assert!(rule.as_array().unwrap().contains(value), "{at}: {value}"),
            "type" => {
                let types: Vec<&str> =
                    rule.as_array().map_or_else(|| vec![rule.as_str().unwrap()], |a| a.iter().map(|t| t.as_str().unwrap()).collect());
                let is = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(n) if n.is_u64() => "integer",
                    Value::Number(_) => "number",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                assert!(types.contains(&is), "{at}: {is}");
            }
            "minLength" => assert!(value.as_str().is_none_or(|s| s.chars().count() as u64 >= rule.as_u64().unwrap()), "{at}"),
            "minimum" => assert!(value.as_u64().is_none_or(|n| n >= rule.as_u64().unwrap()), "{at}: {value}"),
            "items" => value.as_array().into_iter().flatten().enumerate().for_each(|(i, v)| meets(rule, v, root, &format!("{at}/{i}"))),
            "required" => {
                for name in rule.as_array().unwrap() {
                    assert!(value.as_object().is_none_or(|o| o.contains_key(name.as_str().unwrap())), "{at} lacks {name}");
                }
            }
            "properties" => {
                for (name, v) in value.as_object().into_iter().flatten() {
                    if let Some(sub) = rule.get(name) {
                        meets(sub, v, root, &format!("{at}/{name}"));
                    }
                }
            }
            "additionalProperties" => {
                for (name, v) in value.as_object().into_iter().flatten() {
                    let known = schema.get("properties").is_some_and(|p| p.get(name).is_some());
                    match rule {
                        Value::Bool(false) => assert!(known, "{at}: {name} is not in the schema"),
                        sub if !known => meets(sub, v, root, &format!("{at}/{name}")),
                        _ => {}
                    }
                }
            }
            other => panic!("{at}: keyword {other}"),
        }
    }
}

#[test]
fn reports_meet_their_schema() {
    let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
    let mut converted = mixed();
    converted.conversion = Some(balance());
    let mut nothing = report(vec![missing("A")]);
    nothing.standard = None;
    nothing.files[0].resource.clear();
    for r in [report(vec![]), mixed(), converted, nothing, capped((2..50).map(|r| status(r, "x")).collect(), 3)] {
        meets(&schema, &serde_json::from_str(&json::json(&r)).unwrap(), &schema, "");
    }
}

/// Texts that are more often nasty than chance would have them.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x20\"\\\\,\\[\\]{}=+@\u{7f}-\u{a0}\u{2028}\u{202e}a-c'|]{0,12}",
        Just("\u{1b}]0;owned\u{7}\u{1b}[2J".to_owned()),
        Just("=HYPERLINK(\"http://x\")".to_owned()),
    ]
}

prop_compose! {
    fn any_finding()(
        pick in any::<prop::sample::Index>(),
        kind in any::<prop::sample::Index>(),
        value in prop::option::of(nasty()),
        texts in prop::collection::vec(nasty(), 4),
        file in prop_oneof![Just(0u32), any::<u32>()],
        numbers in any::<[u64; 4]>(),
        near in 0u64..4,
        column in prop::option::of(any::<u32>()),
        field in prop::option::of(nasty()),
        as_rule in any::<bool>(),
    ) -> Finding {
        let all: Vec<_> = checks::all().collect();
        let check = all[pick.index(all.len())];
        let kind = check.kinds[kind.index(check.kinds.len())].name;
        let [row, line, byte_column, record] = numbers.map(|n| if near == 0 { n } else { n % near });
        let place = Place { file, row, line, byte_column, record, column, field: field.map(Arc::from), pointer: None };
        let mut finding = Finding::new(check.code, kind, place);
        if let Some(value) = value {
            finding = finding.value(&value);
        }
        finding = finding.arg("list", texts[0].clone()).arg("near", texts[1].clone()).arg("list", "second").fix(texts[2].clone(), false, "near-code");
        finding.fixes[0].evidence = texts[3].clone();
        if as_rule {
            finding.code = Code::Rule(Arc::new(RuleWords { code: texts[0].clone() + "x", title: texts[1].clone(), why: texts[2].clone(), mend: texts[3].clone() }));
        }
        finding
    }
}

prop_compose! {
    fn any_report()(
        findings in prop::collection::vec(any_finding(), 0..8),
        twice in any::<bool>(),
        cap in 0usize..12,
        name in nasty(),
        texts in prop::collection::vec(nasty(), 6),
        known in any::<bool>(),
        conversion in any::<bool>(),
    ) -> Report {
        let mut list = findings.clone();
        if twice {
            list.extend(findings);
        }
        let mut report = capped(list, cap);
        report.files[0].name = name;
        report.files[0].encoding = texts[0].clone();
        report.files[0].resource = texts[1].clone();
        report.coverage.checks_skipped = vec![(texts[2].clone(), texts[3].clone())];
        report.standard = known.then(|| StandardUsed { id: texts[4].clone(), version: texts[5].clone(), digest: texts[0].clone(), brought: false });
        if conversion {
            let mut c = balance();
            c.from = texts[0].clone();
            c.to = texts[1].clone();
            c.dropped[0].why = texts[2].clone();
            c.tables[0].table = texts[3].clone();
            c.sums[0].total_in = texts[4].clone();
            report.conversion = Some(c);
        }
        report
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn json_gives_the_same_strings_back(report in any_report()) {
        let text = json::json(&report);
        let parsed: Value = serde_json::from_str(&text).unwrap();
        let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
        meets(&schema, &parsed, &schema, "");
        prop_assert_eq!(parsed["files"][0]["name"].as_str(), Some(report.files[0].name.as_str()));
        let findings = parsed["findings"].as_array().unwrap();
        prop_assert_eq!(findings.len(), report.findings.stored().len());
        for (shown, finding) in findings.iter().zip(report.findings.stored()) {
            prop_assert_eq!(shown["value"].as_str(), finding.value.as_deref());
            prop_assert_eq!(shown["field"].as_str(), finding.place.field.as_deref());
            prop_assert_eq!(shown["args"]["list"].as_str(), finding.get("list"));
            prop_assert_eq!(shown["args"]["near"].as_str(), finding.get("near"));
            prop_assert_eq!(shown["fixes"][0]["replacement"].as_str(), Some(finding.fixes[0].replacement.as_str()));
            prop_assert_eq!(shown["code"].as_str(), Some(finding.code.text()));
        }
        for line in ndjson::ndjson(&report).split_terminator('\n') {
            prop_assert!(serde_json::from_str::<Value>(line).is_ok());
        }
    }

    #[test]
    fn csv_reads_back_and_holds_no_formula(report in any_report()) {
        let text = csv::csv(&report);
        let mut reader = ::csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let rows: Vec<::csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(rows.len(), report.findings.stored().len());
        for (row, finding) in rows.iter().zip(report.findings.stored()) {
            prop_assert_eq!(row.len(), csv::COLUMNS.len());
            prop_assert!(row.iter().all(|cell| !csv::formula_like(cell)));
            let value = finding.value.clone().unwrap_or_default();
            let guard = if csv::formula_like(&value) { "'" } else { "" };
            prop_assert_eq!(&row[9], format!("{guard}{}", words::visible(&value)));
        }
    }

    #[test]
    fn nothing_in_the_data_steers_a_terminal(report in any_report(), width in 0usize..130) {
        let plain = text::text(&report, &Options { width, color: false });
        let colored = text::text(&report, &Options { width, color: true });
        prop_assert_eq!(without_ansi(&colored), plain.clone());
        // The line ends of CSV are its own; no cell holds one.
        let table = csv::csv(&report);
        prop_assert_eq!(table.matches("\r\n").count(), report.findings.stored().len() + 1);
        for page in [plain, short::short(&report), summary(&report), verdict(&report), table.replace("\r\n", "\n")] {
            for c in page.chars().filter(|c| *c != '\n') {
                prop_assert!(!c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c) && !('\u{2066}'..='\u{2069}').contains(&c), "{c:?}");
            }
        }
        prop_assert_eq!(short::short(&report).matches('\n').count(), report.findings.stored().len());
    }

    #[test]
    fn the_same_report_gives_the_same_bytes(report in any_report()) {
        let again = report.clone();
        for format in Format::ALL {
            prop_assert_eq!(render(&report, format, &Options::default()), render(&again, format, &Options::default()));
        }
    }

    #[test]
    fn templates_of_any_text_never_fail(template in nasty(), value in nasty()) {
        let text = words::expand(&template, &|_| Some(value.clone()));
        prop_assert!(!text.chars().any(char::is_control));
    }
}
