//! Delimited text as rows: only for tables that need the steps of a layout. All others are checked where they lie.

use super::{Facts, Kind, Origin, Reader, Rows};
use crate::bounds::{MAX_COLUMNS, MAX_RECORD, SAMPLE};
use crate::decode::careful::{self, Read};
use crate::decode::dialect::{DialectHints, named_separator};
use crate::decode::{Cell, Dialect, Encoding, QuoteFault, content};
use crate::finding::{Finding, Place};

/// Reads delimited text: every row as it stands, the first ones too, whatever they are.
#[derive(Debug)]
pub struct DelimitedReader {
    hints: DialectHints,
    /// Found by the start.
    known: Option<(Dialect, Encoding)>,
    buffer: Vec<u8>,
    at: usize,
    rows: u64,
    lines: u64,
    /// The rest of a row that is too long is stepped over.
    skipping: bool,
    cells: Vec<Cell>,
}

impl DelimitedReader {
    /// A reader of what is written so; what the hints leave open is found by evidence.
    pub fn new(hints: &DialectHints) -> DelimitedReader {
        DelimitedReader {
            hints: hints.clone(),
            known: None,
            buffer: Vec::new(),
            at: 0,
            rows: 0,
            lines: 0,
            skipping: false,
            cells: Vec::new(),
        }
    }

    fn run(&mut self, last: bool, out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.known.is_none() {
            if self.buffer.len() < SAMPLE && !last {
                return;
            }
            self.at = if self.buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let whole = last && self.buffer.len() <= SAMPLE;
            let sample = &self.buffer[..self.buffer.len().min(SAMPLE)];
            let encoding = Encoding::sniff(sample, whole);
            if encoding == Encoding::Windows1252 {
                findings.push(Finding::new("C101", "file", Place::default()));
            }
            let mut hints = self.hints.clone();
            if let Some((separator, length)) = named_separator(&sample[self.at.min(sample.len())..]) {
                hints.delimiter = hints.delimiter.or(Some(separator));
                self.at += length;
                self.lines = 1;
                findings.push(Finding::new("C272", "", Place { line: 1, byte_column: 1, ..Place::default() }));
            }
            self.known = Some((Dialect::sniff(&sample[self.at.min(sample.len())..], whole, &hints), encoding));
        }
        let Some((dialect, encoding)) = &self.known else { return };
        let newline = dialect.newline();
        while self.at < self.buffer.len() {
            if self.skipping {
                let Some(i) = memchr::memchr(newline, &self.buffer[self.at..]) else {
                    self.at = self.buffer.len();
                    break;
                };
                self.at += i + 1;
                self.lines += 1;
                self.skipping = false;
                continue;
            }
            let place = Place { row: self.rows + 1, line: self.lines + 1, byte_column: 1, ..Place::default() };
            let next = match careful::read(&self.buffer, self.at, last, dialect, &mut self.cells) {
                Read::Record { next } => next,
                Read::More => break,
                Read::TooLong => {
                    findings.push(Finding::new("C216", "", place).arg("bound", MAX_RECORD.to_string()));
                    self.rows += 1;
                    self.skipping = true;
                    continue;
                }
            };
            if self.cells.len() > MAX_COLUMNS {
                findings.push(Finding::new("C216", "columns", place.clone()).arg("bound", MAX_COLUMNS.to_string()));
                self.cells.truncate(MAX_COLUMNS);
            }
            let remark = dialect.comment.is_some_and(|c| self.buffer[self.at] == c);
            if !remark {
                for (c, cell) in self.cells.iter().enumerate() {
                    let raw = content(&self.buffer[cell.start..cell.end], cell.fault, dialect);
                    let (text, foreign) = encoding.text(&raw);
                    let code = match cell.fault {
                        None if foreign => Some(("C101", "")),
                        None => None,
                        Some(QuoteFault::Stray) => Some(("C204", "")),
                        Some(QuoteFault::AfterClose) => Some(("C204", "after-close")),
                        Some(QuoteFault::Unclosed) => Some(("C205", "")),
                    };
                    if let Some((code, kind)) = code {
                        let place = Place { column: Some(c as u32), ..place.clone() };
                        findings.push(Finding::new(code, kind, place).value(&text));
                    }
                    out.cell(&text, Kind::Text);
                }
                out.end_row(Origin { row: place.row, line: place.line, byte_column: 1 });
            }
            self.rows += 1;
            self.lines += memchr::memchr_iter(newline, &self.buffer[self.at..next]).count() as u64;
            self.at = next;
        }
        self.buffer.drain(..self.at);
        self.at = 0;
    }
}

impl Reader for DelimitedReader {
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>) {
        self.buffer.extend_from_slice(bytes);
        self.run(false, out, findings);
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.run(true, out, findings);
    }

    fn facts(&self) -> Facts {
        let Some((dialect, encoding)) = &self.known else { return Facts::default() };
        Facts { encoding: encoding.name(), more: dialect.facts(), ..Facts::default() }
    }
}
