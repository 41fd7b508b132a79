//! The `csv` format: one row a finding (RFC 4180, UTF-8 without a mark, lines end in CR LF), for spreadsheets.
//!
//! A spreadsheet takes a cell that starts with certain signs for a formula, and runs it. Such a cell gets an apostrophe in front,
//! which spreadsheets take for "this is text".

use super::words;
use crate::finding::Finding;
use crate::report::Report;

/// The columns.
pub const COLUMNS: [&str; 13] =
    ["code", "severity", "file", "row", "line", "byte_column", "record", "column", "field", "value", "expected", "message", "fixes"];

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
    let fixes: Vec<&str> = finding.fixes.iter().map(|f| f.replacement.as_str()).collect();
    let n = |n: u64| if n == 0 { String::new() } else { n.to_string() };
    text(out, finding.code.text());
    for cell in [
        finding.severity.word().to_owned(),
        report.files.get(place.file as usize).map(|f| f.name.clone()).unwrap_or_default(),
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

fn text(out: &mut String, cell: &str) {
    let guard = if formula_like(cell) { "'" } else { "" };
    if cell.contains(['"', ',', '\r', '\n']) {
        out.push('"');
        out.push_str(guard);
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(guard);
        out.push_str(cell);
    }
}
