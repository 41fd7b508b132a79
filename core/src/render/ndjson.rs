//! The `ndjson` format: one JSON object a line, for programs that read as they go.
//!
//! The first line is the report of [`super::json`] without `findings` and with `"kind":"report"` at its end; it is the only line with
//! a member `format`. Every further line is one finding, with the members it has in `findings`.

use super::json::{Style, Writer, conversion, finding, head};
use crate::finding::Finding;
use crate::report::Report;

/// All lines.
pub fn ndjson(report: &Report) -> String {
    let mut out = header(report);
    for f in report.findings.stored() {
        out.push_str(&line(report, f));
    }
    out
}

/// The first line, with its end.
pub fn header(report: &Report) -> String {
    let mut w = Writer::new(Style::Line);
    w.open('{');
    head(&mut w, report);
    w.key("conversion");
    conversion(&mut w, report.conversion.as_ref());
    w.member("kind", "report");
    w.close('}');
    w.finish()
}

/// One finding's line, with its end.
pub fn line(report: &Report, f: &Finding) -> String {
    let mut w = Writer::new(Style::Line);
    finding(&mut w, report, f);
    w.finish()
}
