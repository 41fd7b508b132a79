//! The `csv` format: one row a finding (RFC 4180, UTF-8 without a mark, lines end in CR LF), for spreadsheets.
//!
//! A spreadsheet takes a cell that starts with certain signs for a formula, and runs it. Such a cell gets an apostrophe in front,
//! which spreadsheets take for "this is text". People print such files too, so what nobody sees and what would steer a terminal stands by its
//! name or picture, as in the formats for people ([`words::visible`]); the place says where the cell is, and JSON has the values as read.

use super::words;
use crate::finding::Finding;
use crate::report::Report;

/// The columns.
pub const COLUMNS: [&str; 15] = [
    "code",
    "severity",
    "file",
    "row",
    "line",
    "byte_column",
    "record",
    "column",
    "field",
    "value",
    "expected",
    "message",
    "fixes",
    "sheet",
    "pointer",
];

/// The header row and a row for each stored finding. Numbers that are "not of one place" are empty; several fixes stand between ` | `.
pub fn csv(report: &Report) -> String {
    let mut out = COLUMNS.join(",");
    out.push_str("\r\n");
    for finding in report.findings.stored() {
        row(&mut out, report, finding);
    }
    out
}

fn row(out: &mut String, report: &Report, finding: &Finding) {
    let place = &finding.place;
    let file = report.files.get(place.file as usize);
    let fixes: Vec<&str> = finding.fixes.iter().map(|f| f.replacement.as_str()).collect();
    let n = |n: u64| if n == 0 { String::new() } else { n.to_string() };
    text(out, finding.code.text());
    for cell in [
        finding.severity.word().to_owned(),
        file.map(|f| f.name.clone()).unwrap_or_default(),
        n(place.row),
        n(place.line),
        n(place.byte_column),
        n(place.record),
        place.column.map(words::column_letter).unwrap_or_default(),
        place.field.as_deref().unwrap_or_default().to_owned(),
        finding.value.clone().unwrap_or_default(),
        words::expected(finding).unwrap_or_default(),
        words::message(finding),
        fixes.join(" | "),
        file.and_then(|f| f.sheet.clone()).unwrap_or_default(),
        place.pointer.as_deref().unwrap_or_default().to_owned(),
    ] {
        out.push(',');
        text(out, &cell);
    }
    out.push_str("\r\n");
}

/// Whether a spreadsheet could take a cell for a formula. The full-width signs count, since some programs read them as the plain ones.
pub fn formula_like(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A cell of the user's as it stands in the report.
pub fn shown(cell: &str) -> String {
    let guard = if formula_like(cell) { "'" } else { "" };
    format!("{guard}{}", words::visible(cell))
}

fn text(out: &mut String, cell: &str) {
    let cell = shown(cell);
    if cell.contains(['"', ',']) {
        out.push('"');
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&cell);
    }
}
