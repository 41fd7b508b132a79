//! The stand-in for the core's session: splits comma-separated text into records and compares their lengths with the header's.

use std::sync::Arc;

use concord_core::finding::{Code, Finding, Findings, Place, Severity, checks, cut};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Longest cell that is kept; the rest of a longer one is counted but not stored.
const MAX_CELL: usize = 64 * 1024;
/// Most findings that are stored.
const MAX_FINDINGS: usize = 1000;

/// Reads blocks that may be cut anywhere.
pub(crate) struct Reader {
    name: String,
    hash: Sha256,
    bytes: u64,
    state: State,
    cell: Vec<u8>,
    record: Vec<String>,
    row: u64,
    line: u64,
    first_line: u64,
    header: Vec<String>,
    findings: Findings,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// What was read.
pub(crate) struct Read {
    name: String,
    digest: String,
    bytes: u64,
    records: u64,
    findings: Findings,
}

impl Reader {
    pub(crate) fn new(name: &str) -> Reader {
        Reader {
            name: name.to_owned(),
            hash: Sha256::new(),
            bytes: 0,
            state: State::CellStart,
            cell: Vec::new(),
            record: Vec::new(),
            row: 0,
            line: 1,
            first_line: 1,
            header: Vec::new(),
            findings: Findings::new(MAX_FINDINGS),
        }
    }

    pub(crate) fn push(&mut self, block: &[u8]) {
        self.hash.update(block);
        self.bytes += block.len() as u64;
        for &byte in block {
            self.step(byte);
        }
    }

    fn step(&mut self, byte: u8) {
        match (self.state, byte) {
            (State::CellStart, b'"') => self.state = State::Quoted,
            (State::Quoted, b'"') => self.state = State::QuoteInQuoted,
            (State::Quoted, _) => {
                self.line += u64::from(byte == b'\n');
                self.keep(byte);
            }
            (State::QuoteInQuoted, b'"') => {
                self.keep(byte);
                self.state = State::Quoted;
            }
            (_, b',') => self.end_cell(),
            (_, b'\n') => {
                self.end_record();
                self.line += 1;
                self.first_line = self.line;
            }
            (_, b'\r') => {}
            (_, _) => {
                self.keep(byte);
                self.state = State::Plain;
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.cell.len() < MAX_CELL {
            self.cell.push(byte);
        }
    }

    fn end_cell(&mut self) {
        let text = String::from_utf8_lossy(&self.cell);
        self.record.push(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned());
        self.cell.clear();
        self.state = State::CellStart;
    }

    fn end_record(&mut self) {
        self.end_cell();
        let record = std::mem::take(&mut self.record);
        self.row += 1;
        let blank = record.iter().all(|cell| cell.is_empty());
        if self.row == 1 {
            self.header = record;
            return;
        }
        let (cells, columns) = (record.len(), self.header.len());
        let mut place = Place { row: self.row, line: self.first_line, record: self.row - 1, ..Place::default() };
        if blank {
            self.findings.add(Finding::new("C203", "", place));
        } else if cells < columns {
            place.column = u32::try_from(cells).ok();
            place.field = self.header.get(cells).map(|name| Arc::from(name.as_str()));
            self.findings.add(counted(Finding::new("C201", "", place), cells, columns));
        } else if cells > columns {
            place.column = u32::try_from(columns).ok();
            let finding = Finding::new("C202", "", place).value(&record[columns]);
            self.findings.add(counted(finding, cells, columns));
        }
    }

    pub(crate) fn finish(mut self) -> Read {
        if !self.cell.is_empty() || !self.record.is_empty() {
            self.end_record();
        }
        let hex: String = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let records = self.row.saturating_sub(1);
        Read { name: self.name, digest: format!("sha256:{hex}"), bytes: self.bytes, records, findings: self.findings }
    }
}

fn counted(finding: Finding, cells: usize, columns: usize) -> Finding {
    finding.arg("cells", cells.to_string()).arg("columns", columns.to_string())
}

impl Read {
    pub(crate) fn json(&self) -> String {
        let errors = self.findings.count(Severity::Error);
        let verdict = match errors {
            0 => format!("Ready: nothing to mend in {} rows.", self.records),
            _ => format!("Not ready: {errors} things to mend in {} of {} rows.", self.findings.rows_at_fault(), self.records),
        };
        let causes: Vec<Value> = self
            .findings
            .causes()
            .iter()
            .map(|cause| {
                let sample = cause.samples.first();
                let check = checks::find(cause.code.text());
                json!({
                    "code": cause.code.text(), "severity": cause.severity.word(), "field": cause.field.as_deref(),
                    "column": cause.column.map(letters), "count": cause.count, "first_row": cause.first_row, "last_row": cause.last_row,
                    "message": check.map(|c| c.title), "why": check.map(|c| c.why),
                    "mend": sample.and_then(|f| words(f, |kind| kind.mend)), "samples": [],
                })
            })
            .collect();
        let findings: Vec<Value> = self.findings.stored().iter().map(|finding| self.finding(finding)).collect();
        let report = json!({
            "format": "concord-report/1", "valid": errors == 0, "standard": null, "verdict": verdict,
            "files": [{"name": self.name, "digest": self.digest, "bytes": self.bytes, "records": self.records}],
            "counts": {"error": errors, "warning": self.findings.count(Severity::Warning), "info": self.findings.count(Severity::Info)},
            "coverage": {"checks_run": ["C201", "C202", "C203"], "checks_skipped": [{"check": "standard", "why": "no standard is known here"}],
                "records_read": self.records, "records_unread": 0, "truncated": self.findings.truncated()},
            "causes": causes, "findings": findings,
        });
        format!("{report:#}\n")
    }

    fn finding(&self, finding: &Finding) -> Value {
        let place = &finding.place;
        json!({
            "code": finding.code.text(), "severity": finding.severity.word(), "file": self.name, "sheet": null, "row": place.row,
            "line": place.line, "byte_column": place.byte_column, "record": place.record, "column": place.column.map(letters),
            "field": place.field.as_deref(), "pointer": null, "value": finding.value, "expected": words(finding, |kind| kind.expected),
            "message": words(finding, |kind| kind.message), "fixes": [],
        })
    }
}

/// A sentence of the check with the finding's facts filled in.
fn words(finding: &Finding, pick: fn(&checks::Kind) -> &'static str) -> Option<String> {
    let Code::Engine(code) = &finding.code else { return None };
    let mut sentence = pick(checks::find(code)?.kind(finding.kind)).to_owned();
    for (name, fact) in &finding.args {
        sentence = sentence.replace(&format!("{{{name}}}"), fact);
    }
    Some(sentence.replace("{value}", &finding.value.as_deref().map(cut).unwrap_or_default()))
}

/// The column's letters in a spreadsheet: 0 is A, 26 is AA.
fn letters(column: u32) -> String {
    let mut rest = u64::from(column) + 1;
    let mut text = Vec::new();
    while rest > 0 {
        text.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    text.iter().rev().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn report(blocks: &[&[u8]]) -> Value {
        let mut reader = Reader::new("a.csv");
        for block in blocks {
            reader.push(block);
        }
        serde_json::from_str(&reader.finish().json()).unwrap()
    }

    #[test]
    fn a_report_does_not_depend_on_where_blocks_are_cut() {
        let file = b"a,b\n1,\"x\ny\"\n2\n3,4,5\n";
        let whole = report(&[file]);
        assert_eq!(whole["counts"]["error"], 2);
        assert_eq!(whole["findings"][0]["row"], 3);
        assert_eq!(whole["findings"][0]["line"], 4);
        for at in 0..file.len() {
            assert_eq!(report(&[&file[..at], &file[at..]]), whole);
        }
    }

    #[test]
    fn letters_count_as_spreadsheets_do() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
