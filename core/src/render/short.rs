//! The `short` format: one line a finding, which editors can jump to and examples are compared with.
//!
//! `permits.csv:14:9: error[C304] column I "Status": "Isued" is not in code list permit-status (did you mean "Issued"?)`

use std::fmt::Write as _;

use super::words::{self, counted};
use crate::finding::{Finding, Severity};
use crate::report::Report;

/// All stored findings, a line each. Empty when there are none.
pub fn short(report: &Report) -> String {
    let mut out = String::new();
    for finding in report.findings.stored() {
        out.push_str(&line(report, finding));
        out.push('\n');
    }
    out
}

/// One finding's line, without its end. A finding of no file (its index is beyond the report's files) starts with its severity.
pub fn line(report: &Report, finding: &Finding) -> String {
    let mut out = String::new();
    let place = &finding.place;
    if let Some(file) = report.files.get(place.file as usize) {
        out.push_str(&words::visible(&file.name));
        if place.line > 0 {
            let _ = write!(out, ":{}", place.line);
            if place.byte_column > 0 {
                let _ = write!(out, ":{}", place.byte_column);
            }
        } else if place.row > 0 {
            // A form without lines: the cell as a spreadsheet names it.
            let sheet = file.sheet.as_deref().map(|s| words::visible(s) + "!").unwrap_or_default();
            let letters = place.column.map(words::column_letter).unwrap_or_default();
            let _ = write!(out, ":{sheet}{letters}{}", place.row);
        }
        out.push_str(": ");
    }
    let _ = write!(out, "{}[{}] ", finding.severity.word(), words::visible(finding.code.text()));
    // A finding of the whole file names the column it misses in its sentence.
    if (place.column.is_some() || place.line > 0 || place.row > 0)
        && let Some(column) = words::column(place.column, place.field.as_deref())
    {
        out.push_str(&column);
        out.push_str(": ");
    }
    out.push_str(&words::message(finding));
    out
}

/// The counts in a line, for the end of a run: `41 errors, 3 warnings in 1 file (2,310 records) against blds@1.2`.
pub fn summary(report: &Report) -> String {
    let count = |severity| report.findings.count(severity);
    let mut parts = Vec::new();
    for (severity, one, many) in
        [(Severity::Error, "error", "errors"), (Severity::Warning, "warning", "warnings"), (Severity::Info, "note", "notes")]
    {
        if count(severity) > 0 {
            parts.push(counted(count(severity), one, many));
        }
    }
    let mut line = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    let records = match report.coverage.records_read {
        0 => report.files.iter().map(|f| f.records).fold(0, u64::saturating_add),
        n => n,
    };
    let _ = write!(line, " in {} ({})", counted(report.files.len() as u64, "file", "files"), counted(records, "record", "records"));
    if let Some(used) = &report.standard {
        let _ = write!(line, " against {}", words::standard(&used.id, &used.version));
    }
    if report.findings.truncated() {
        let _ = write!(line, "; the first {} are listed", words::number(report.findings.stored().len() as u64));
    }
    line
}
