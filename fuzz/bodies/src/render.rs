//! Reports about any texts at all.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use concord_core::finding::RuleWords;
use concord_core::finding::checks::Kind;
use concord_core::finding::{Check, Code, Finding, Findings, Place, checks};
use concord_core::finding::{Fix, Severity};
use concord_core::render::{Format, Options, render as write};
use concord_core::report::{Conversion, Coverage, Dropped, FileUsed, Report, StandardUsed, Sum, TableBalance};

use crate::input::Input;

/// Names of facts that some template asks for.
fn names() -> &'static Vec<&'static str> {
    static NAMES: OnceLock<Vec<&'static str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let of = |template: &'static str| template.split('{').skip(1).filter_map(|t| Some(t.split_once('}')?.0));
        let templates = |k: &'static Kind| [k.message, k.expected, k.mend];
        let all: BTreeSet<&str> = checks::all().flat_map(|c| c.kinds).flat_map(templates).flat_map(of).collect();
        all.into_iter().collect()
    })
}

/// A report built from the input: every byte that is not a choice is a text in it.
pub fn render(data: &[u8]) {
    let mut input = Input::new(data);
    let report = report(&mut input);
    let options = Options { width: usize::from(input.byte()), color: false };
    let stored = report.findings.stored().len();

    let text = write(&report, Format::Text, &options);
    assert_clean(&text);
    let short = write(&report, Format::Short, &options);
    assert_clean(&short);
    assert_eq!(short.lines().count(), stored, "the short format has a line for each finding");

    let json = write(&report, Format::Json, &options);
    let value: serde_json::Value = serde_json::from_str(&json).expect("the JSON report is JSON");
    assert_eq!(value["findings"].as_array().map(Vec::len), Some(stored));
    let ndjson = write(&report, Format::Ndjson, &options);
    for line in ndjson.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("each line of the NDJSON report is JSON");
    }
    assert_eq!(ndjson.lines().count(), stored + 1);

    let csv = write(&report, Format::Csv, &options);
    let mut rows = 0;
    for row in csv::Reader::from_reader(csv.as_bytes()).records() {
        let row = row.expect("the CSV report has the same cells in every row");
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "a cell would be taken for a formula: {row:?}");
        rows += 1;
    }
    assert_eq!(rows, stored);
}

/// Nothing in a text for people steers a terminal or turns the writing around.
fn assert_clean(text: &str) {
    let steers = |c: char| {
        c != '\n'
            && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2028}' | '\u{2029}'))
    };
    assert!(!text.contains(steers), "a control character in a text for people: {text:?}");
}

pub(crate) fn report(input: &mut Input<'_>) -> Report {
    let shape = input.byte();
    let file = |input: &mut Input<'_>| FileUsed {
        name: input.text(),
        bytes: u64::from(input.byte()),
        records: u64::from(input.byte()) << (shape % 50),
        resource: input.text(),
        encoding: input.text(),
        dialect: vec![("delimiter", input.text())],
        digest: (shape & 1 != 0).then(|| "sha256:00".to_owned()),
        sheet: (shape & 2 != 0).then(|| input.text()),
    };
    let files = (0..shape % 4).map(|_| file(input)).collect();
    let standard =
        (shape & 4 != 0).then(|| StandardUsed { id: input.text(), version: input.text(), digest: input.text(), brought: shape & 8 != 0 });
    let coverage = Coverage {
        checks_run: vec![input.text()],
        checks_skipped: vec![(input.text(), input.text())],
        records_read: u64::from(input.byte()),
        records_unread: u64::from(input.byte()),
    };
    let conversion = (shape & 8 != 0).then(|| Conversion {
        from: input.text(),
        to: input.text(),
        records_in: u64::from(input.byte()),
        records_out: u64::from(input.byte()),
        rejected: u64::from(input.byte()),
        in_part: 0,
        way: Vec::new(),
        dropped: vec![Dropped { why: input.text(), count: 1 }],
        sums: vec![Sum {
            table: input.text(),
            from: input.text(),
            to: input.text(),
            total_in: input.text(),
            total_out: input.text(),
            total_rejected: input.text(),
            total_dropped: input.text(),
            total_unread: input.text(),
            cells_unread: u64::from(shape >> 5),
            balanced: shape & 16 != 0,
        }],
        tables: vec![TableBalance { table: input.text(), ..TableBalance::default() }],
    });
    let mut findings = Findings::new(usize::from(input.byte()));
    while !input.is_empty() {
        findings.add(finding(input));
    }
    Report { standard, files, findings, coverage, conversion }
}

fn finding(input: &mut Input<'_>) -> Finding {
    let all: Vec<&'static Check> = checks::all().collect();
    let (which, shape) = (usize::from(input.byte()), input.byte());
    let check = all[which % all.len()];
    let kind = &check.kinds[usize::from(shape) % check.kinds.len()];
    let place = Place {
        file: u32::from(shape & 3),
        row: u64::from(input.byte()),
        line: u64::from(input.byte()) << (shape % 60),
        byte_column: u64::from(input.byte()),
        record: u64::from(input.byte()),
        column: (shape & 4 != 0).then(|| u32::from(input.byte()) << (shape % 24)),
        field: (shape & 8 != 0).then(|| Arc::from(input.text())),
        pointer: (shape & 32 != 0).then(|| Arc::from(input.text())),
    };
    let mut finding = Finding::new(check.code, kind.name, place);
    if shape & 16 != 0 {
        finding.severity = [Severity::Error, Severity::Warning, Severity::Info][usize::from(input.byte()) % 3];
    }
    if shape & 32 != 0 {
        let words = RuleWords { code: input.text(), title: input.text(), why: input.text(), mend: input.text() };
        finding.code = Code::Rule(Arc::new(words));
    }
    if shape & 64 != 0 {
        let text = input.text();
        finding = finding.value(&text);
    }
    for _ in 0..input.byte() % 6 {
        let name = names()[usize::from(input.byte()) % names().len()];
        let text = input.text();
        finding = finding.arg(name, text);
    }
    if shape & 128 != 0 {
        let (replacement, evidence) = (input.text(), input.text());
        finding.fixes.push(Fix { replacement, safe: shape & 1 != 0, kind: "trim", evidence });
    }
    finding
}
