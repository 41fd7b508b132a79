//! Source records that could not be converted, as they were, each with its reason in a last column.

use std::fmt::Write;

use crate::encode::write_csv_cell;
use crate::finding::{Finding, checks};

/// How rejects are written: in the source's own dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectsConfig {
    /// The source's header record as it stands in the file, as UTF-8, with or without its line end. Empty: the names of the source fields.
    pub header: Vec<u8>,
    /// The sign between the source's cells.
    pub delimiter: u8,
    /// Name of the added column.
    pub reason: String,
}

impl Default for RejectsConfig {
    fn default() -> Self {
        RejectsConfig { header: Vec::new(), delimiter: b',', reason: "reason".to_owned() }
    }
}

/// Writes rejects into a buffer.
#[derive(Debug, Clone)]
pub(super) struct Rejects {
    pub(super) config: RejectsConfig,
    pub(super) out: Vec<u8>,
    /// Cells of the header, so that the reason of a record with too few cells stands in its column all the same.
    width: usize,
    begun: bool,
}

impl Rejects {
    pub(super) fn new(config: RejectsConfig, begun: bool) -> Rejects {
        let width = if config.header.is_empty() { 0 } else { count_cells(&config.header, config.delimiter) };
        Rejects { config, out: Vec::new(), width, begun }
    }

    /// Writes the header, once.
    pub(super) fn begin(&mut self, names: &[std::sync::Arc<str>]) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let delimiter = self.config.delimiter;
        if self.config.header.is_empty() {
            for name in names {
                write_csv_cell(name, delimiter, false, &mut self.out);
                self.out.push(delimiter);
            }
        } else {
            self.out.extend_from_slice(without_line_end(&self.config.header));
            self.out.push(delimiter);
        }
        write_csv_cell(&self.config.reason, delimiter, false, &mut self.out);
        self.out.push(b'\n');
    }

    /// Writes one record. `raw` is its text in the file; when there is none, the cells are written.
    pub(super) fn write(&mut self, raw: &[u8], names: &[std::sync::Arc<str>], cells: &[&str], reason: &str) {
        self.begin(names);
        let delimiter = self.config.delimiter;
        if raw.is_empty() {
            for i in 0..names.len() {
                write_csv_cell(cells.get(i).copied().unwrap_or_default(), delimiter, false, &mut self.out);
                self.out.push(delimiter);
            }
        } else {
            let record = without_line_end(raw);
            self.out.extend_from_slice(record);
            let have = count_cells(record, delimiter);
            self.out.extend(std::iter::repeat_n(delimiter, self.width.saturating_sub(have) + 1));
        }
        write_csv_cell(reason, delimiter, false, &mut self.out);
        self.out.push(b'\n');
    }
}

fn without_line_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

fn count_cells(record: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    1 + without_line_end(record)
        .iter()
        .filter(|&&b| {
            quoted ^= b == b'"';
            b == delimiter && !quoted
        })
        .count()
}

/// The reason in words: the messages of the findings for which the row was rejected.
pub(crate) fn reason(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings.iter().filter(|f| f.kind == "rejected") {
        let Some(check) = checks::find(finding.code.text()) else { continue };
        if !out.is_empty() {
            out.push_str("; ");
        }
        if let Some(field) = &finding.place.field {
            // Writing to a text cannot fail.
            let _ = write!(out, "{field}: ");
        }
        fill(check.kind(finding.kind).message, finding, &mut out);
    }
    out
}

/// Fills a template as [`checks`] describes them.
fn fill(template: &str, finding: &Finding, out: &mut String) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '[']) {
        out.push_str(&rest[..at]);
        let opened = &rest[at..];
        let close = if opened.starts_with('{') { '}' } else { ']' };
        let Some(end) = opened.find(close) else {
            out.push_str(opened);
            return;
        };
        let inside = &opened[1..end];
        if close == '}' {
            let value = if inside == "value" { finding.value.as_deref() } else { finding.get(inside) };
            out.push_str(value.unwrap_or_default());
        } else {
            let mut part = String::new();
            fill(inside, finding, &mut part);
            let name = inside.split_once('{').and_then(|(_, r)| r.split_once('}')).map(|(name, _)| name);
            if name.is_none_or(|name| finding.get(name).is_some()) {
                out.push_str(&part);
            }
        }
        rest = &opened[end + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::finding::Place;

    #[test]
    fn records_stay_as_they_were_and_reasons_line_up() {
        let config = RejectsConfig { header: b"a;\"b;c\";d\r\n".to_vec(), delimiter: b';', reason: "why".into() };
        let mut rejects = Rejects::new(config, false);
        rejects.write(b"1;\"x;\r\ny\";3\r\n", &[], &[], "no; date");
        rejects.write(b"1", &[], &[], "short");
        assert_eq!(String::from_utf8(rejects.out).unwrap(), "a;\"b;c\";d;why\n1;\"x;\r\ny\";3;\"no; date\"\n1;;;short\n");
        let mut rejects = Rejects::new(RejectsConfig::default(), false);
        rejects.write(b"", &["a".into(), "b".into()], &["1,5"], "no");
        assert_eq!(String::from_utf8(rejects.out).unwrap(), "a,b,reason\n\"1,5\",,no\n");
    }

    #[test]
    fn reasons_are_the_checks_words() {
        let place = Place { field: Some("Fee".into()), ..Place::default() };
        let kept = Finding::new("C502", "", place.clone());
        let one = Finding::new("C501", "rejected", place.clone()).value("x");
        let two = Finding::new("C501", "rejected", place).value("y").arg("problem", "too long");
        assert_eq!(
            reason(&[kept, one, two]),
            "Fee: \"x\" cannot be read as a number, so the row was not converted; \
             Fee: \"y\" cannot be read as a number: too long, so the row was not converted"
        );
    }
}
