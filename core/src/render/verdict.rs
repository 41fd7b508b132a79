//! The verdict: one line that a clerk can act on.

use super::words::{counted, number, standard};
use crate::finding::Severity;
use crate::report::{Conversion, Report};

/// Whether nothing at error level was found, which is also when the command line exits with 0.
pub fn valid(report: &Report) -> bool {
    report.findings.count(Severity::Error) == 0
}

/// Data rows with at least one error; the header is none of them.
pub fn rows_at_fault(report: &Report) -> u64 {
    Tally::of(report).rows
}

/// The report in one line: `Not ready: 2 things to mend in 41 of 2,310 rows.` A thing is a cause at error level.
pub fn verdict(report: &Report) -> String {
    let tally = Tally::of(report);
    let mut line = match (&report.conversion, tally.errors) {
        (Some(conversion), 0) => converted(conversion, &tally),
        (None, 0) => ready(report, &tally),
        (_, _) => {
            let mut line = format!("Not ready: {}", tally.to_mend(report));
            if report.standard.is_none() {
                line.push_str("; no standard was recognised, so no value was checked");
            }
            if let Some(conversion) = &report.conversion {
                line.push_str("; ");
                line.push_str(&balance(conversion));
            }
            line
        }
    };
    if report.coverage.records_unread > 0 {
        let unread = report.coverage.records_unread;
        line.push_str(&format!("; {} {} not read", counted(unread, "record", "records"), was(unread)));
    }
    line.push('.');
    line
}

fn was(n: u64) -> &'static str {
    if n == 1 { "was" } else { "were" }
}

/// Causes by severity, and rows.
struct Tally {
    errors: u64,
    warnings: u64,
    /// Error causes that lie in no data row: in the header, or in the file as a whole.
    whole: u64,
    /// Data rows with an error.
    rows: u64,
    /// Data rows in all.
    of: u64,
}

impl Tally {
    fn of(report: &Report) -> Tally {
        let mut tally = Tally { errors: 0, warnings: 0, whole: 0, rows: 0, of: rows(report) };
        // The header is row 1 and no data row, but counts among the rows at fault, once a file.
        let mut headers: Vec<u32> = Vec::new();
        for cause in report.findings.causes() {
            match cause.severity {
                Severity::Error => tally.errors += 1,
                Severity::Warning => tally.warnings += 1,
                Severity::Info => {}
            }
            if cause.severity != Severity::Error {
                continue;
            }
            // A blank row is no record, but where it is a fault it is one of the rows that there are.
            if cause.code.text() == "C203" {
                tally.of = tally.of.saturating_add(cause.count);
            }
            // Where a file has no header row, as in JSON, row 1 is the first record.
            if cause.last_row <= 1 && cause.samples.iter().all(|s| s.place.record == 0) {
                tally.whole += 1;
            }
            let in_header = cause.samples.iter().any(|s| s.place.row == 1 && s.place.record == 0);
            if in_header && !headers.contains(&cause.file) {
                headers.push(cause.file);
            }
        }
        tally.rows = report.findings.rows_at_fault().saturating_sub(headers.len() as u64);
        tally
    }

    /// `2 things to mend in 41 of 2,310 rows`.
    fn to_mend(&self, report: &Report) -> String {
        let things = format!("{} to mend", counted(self.errors, "thing", "things"));
        let file = if report.files.len() > 1 { "the files as a whole" } else { "the file as a whole" };
        // A row of blanks can be at fault and yet be no record; a share of more than all would only puzzle.
        let rows = if self.of == 0 || self.rows > self.of {
            counted(self.rows, "row", "rows")
        } else {
            format!("{} of {}", number(self.rows), counted(self.of, "row", "rows"))
        };
        if self.rows == 0 {
            format!("{things} in {file}")
        } else if self.whole == 0 {
            format!("{things} in {rows}")
        } else {
            format!(
                "{things}: {} in {file}, the {} in {rows}",
                number(self.whole),
                if self.errors - self.whole == 1 { "other" } else { "others" }
            )
        }
    }
}

/// Data rows read.
fn rows(report: &Report) -> u64 {
    match report.coverage.records_read {
        0 => report.files.iter().map(|f| f.records).fold(0, u64::saturating_add),
        n => n,
    }
}

fn ready(report: &Report, tally: &Tally) -> String {
    let n = rows(report);
    let looks =
        if tally.warnings == 0 { String::new() } else { format!(", with {} to look at", counted(tally.warnings, "thing", "things")) };
    let files = match report.files.len() {
        0 | 1 => String::new(),
        many => format!(" in {} files", number(many as u64)),
    };
    match &report.standard {
        None => format!("Not checked: no standard was recognised, only the shape of {} was looked at{looks}", counted(n, "row", "rows")),
        Some(used) => {
            // Nothing is said of a standard when only what a dataset says of itself was checked.
            let what = if used.brought { "the schema that came with the data".to_owned() } else { standard(&used.id, &used.version) };
            if n == 0 {
                return format!("Ready{looks}: the columns meet {what}, but there are no rows");
            }
            let verb = if n == 1 { "meets" } else { "meet" };
            format!("Ready{looks}: {}{files} {verb} {what}", counted(n, "row", "rows"))
        }
    }
}

fn converted(conversion: &Conversion, tally: &Tally) -> String {
    let looks =
        if tally.warnings == 0 { String::new() } else { format!(", with {} to look at", counted(tally.warnings, "thing", "things")) };
    let whole = conversion.rejected == 0 && conversion.in_part == 0 && conversion.sums.iter().all(|s| s.balanced);
    let head = if whole { "Ready" } else { "Converted in part" };
    format!("{head}{looks}: {}", balance(conversion))
}

/// `2,300 of 2,310 records became lives@2.0, 8 were rejected, 2 dropped by a declared rule`.
fn balance(conversion: &Conversion) -> String {
    let Conversion { records_in, records_out, rejected, .. } = conversion;
    let to = super::words::visible(&conversion.to);
    let became = if to.is_empty() { "converted".to_owned() } else { format!("became {to}") };
    let mut line = if records_in == records_out && *records_in > 1 {
        format!("all {} {became}", counted(*records_in, "record", "records"))
    } else {
        format!("{} of {} {became}", number(*records_out), counted(*records_in, "record", "records"))
    };
    if conversion.in_part > 0 {
        line.push_str(&format!(", {} of them in part", number(conversion.in_part)));
    }
    if *rejected > 0 {
        line.push_str(&format!(", {} {} rejected", number(*rejected), was(*rejected)));
    }
    let dropped = conversion.dropped.iter().map(|d| d.count).fold(0, u64::saturating_add);
    if dropped > 0 {
        line.push_str(&format!(", {} {} dropped by a declared rule", number(dropped), was(dropped)));
    }
    if conversion.sums.iter().any(|s| !s.balanced) {
        line.push_str("; the totals do not balance");
    }
    line
}
