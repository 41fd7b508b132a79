//! Delimited text as rows, for files whose layout has steps; other delimited text is checked where it lies.
//!
//! The file's start decides about encoding and dialect, as for every other file; records are read by the careful reader, so that the rules
//! for odd quoting are the same. Rows may be of any length.

use crate::bounds::{MAX_RECORD, SAMPLE};
use crate::decode::careful::{self, Read};
use crate::decode::dialect::DialectHints;
use crate::decode::{Cell, Dialect, Encoding, QuoteFault, content};
use crate::finding::{Finding, Place};

use super::{Kind, Origin, Reader, Rows};

/// Most findings about single cells; beyond it the cells are only read.
const MAX_FOUND: usize = 10_000;

/// The reader.
#[derive(Debug)]
pub struct Delimited {
    hints: DialectHints,
    /// Known once the file's start is there.
    form: Option<(Encoding, Dialect)>,
    buffer: Vec<u8>,
    cells: Vec<Cell>,
    row: u64,
    line: u64,
    /// In the middle of a record that is longer than the bound.
    skipping: bool,
    found: usize,
}

impl Delimited {
    /// A reader; what the hints leave open is found out from the file's start.
    pub fn new(hints: DialectHints) -> Delimited {
        Delimited { hints, form: None, buffer: Vec::new(), cells: Vec::new(), row: 0, line: 1, skipping: false, found: 0 }
    }

    /// How the text is stored and how cells are separated; `None` before the file's start has been read.
    pub fn form(&self) -> Option<&(Encoding, Dialect)> {
        self.form.as_ref()
    }

    fn open(&mut self, whole: bool) {
        let sample = &self.buffer[..self.buffer.len().min(SAMPLE)];
        let whole = whole && self.buffer.len() <= SAMPLE;
        let mark = if sample.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let encoding = Encoding::sniff(sample, whole);
        let dialect = Dialect::sniff(&sample[mark..], whole, &self.hints);
        self.buffer.drain(..mark);
        self.form = Some((encoding, dialect));
    }

    /// Reads the whole records of the buffer.
    fn read(&mut self, last: bool, out: &mut Rows, findings: &mut Vec<Finding>) {
        let Some((encoding, dialect)) = &self.form else { return };
        let newline = dialect.newline();
        let (mut at, data) = (0, &self.buffer);
        while at < data.len() {
            if self.skipping {
                match memchr::memchr(newline, &data[at..]) {
                    Some(end) => {
                        self.skipping = false;
                        self.line += 1;
                        at += end + 1;
                    }
                    None => at = data.len(),
                }
                continue;
            }
            let next = match careful::read(data, at, last, dialect, &mut self.cells) {
                Read::Record { next } => next,
                Read::More => break,
                Read::TooLong => {
                    self.row += 1;
                    let place = Place { row: self.row, line: self.line, byte_column: 1, ..Place::default() };
                    findings.push(Finding::new("C216", "", place).arg("bound", MAX_RECORD.to_string()));
                    self.skipping = true;
                    continue;
                }
            };
            self.row += 1;
            let remark = dialect.comment.is_some_and(|c| data.get(at) == Some(&c));
            if !remark {
                for (c, cell) in self.cells.iter().enumerate() {
                    let raw = content(&data[cell.start..cell.end], cell.fault, dialect);
                    let (text, foreign) = encoding.text(&raw);
                    let odd = match cell.fault {
                        Some(QuoteFault::Stray) => Some(("C204", "")),
                        Some(QuoteFault::AfterClose) => Some(("C204", "after-close")),
                        Some(QuoteFault::Unclosed) => Some(("C205", "")),
                        None if foreign => Some(("C101", "")),
                        None => None,
                    };
                    if let Some((code, kind)) = odd
                        && self.found < MAX_FOUND
                    {
                        self.found += 1;
                        let column = Some(c as u32);
                        let byte_column = (cell.start - at) as u64 + 1;
                        let place = Place { row: self.row, line: self.line, byte_column, column, ..Place::default() };
                        findings.push(Finding::new(code, kind, place).value(&text));
                    }
                    out.cell(&text, Kind::Text);
                }
                out.end_row(Origin { row: self.row, line: self.line, byte_column: 1 });
            }
            self.line += memchr::memchr_iter(newline, &data[at..next]).count() as u64;
            at = next;
        }
        self.buffer.drain(..at);
    }
}

impl Reader for Delimited {
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>) {
        self.buffer.extend_from_slice(bytes);
        if self.form.is_none() {
            if self.buffer.len() <= SAMPLE {
                return;
            }
            self.open(false);
        }
        self.read(false, out, findings);
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.form.is_none() {
            self.open(true);
        }
        self.read(true, out, findings);
        self.buffer = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], cuts: &[usize]) -> (Rows, Vec<Finding>) {
        let (mut rows, mut findings) = (Rows::new(), Vec::new());
        let mut reader = Delimited::new(DialectHints::default());
        let mut at = 0;
        for cut in cuts {
            let next = (at + cut).min(bytes.len());
            reader.push(&bytes[at..next], &mut rows, &mut findings);
            at = next;
        }
        reader.push(&bytes[at..], &mut rows, &mut findings);
        reader.finish(&mut rows, &mut findings);
        (rows, findings)
    }

    #[test]
    fn rows_of_any_length_with_their_places() {
        let (rows, findings) = read(b"\xef\xbb\xbfTown of X\r\n\r\na,b,c\r\n1,\"2\r\n3\",x\r\n4\r\n", &[]);
        let cells: Vec<Vec<&str>> = rows.iter().map(|r| r.cells().map(|c| c.0).collect()).collect();
        assert_eq!(cells, [vec!["Town of X"], vec![""], vec!["a", "b", "c"], vec!["1", "2\r\n3", "x"], vec!["4"]]);
        assert_eq!(rows.iter().map(|r| (r.origin.row, r.origin.line)).collect::<Vec<_>>(), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 6)]);
        assert!(findings.is_empty());
    }

    #[test]
    fn odd_quoting_and_letters_are_told() {
        let (rows, findings) = read(b"a,b\n\"x\"y,1\nCaf\xc3\xa9,2\nCaf\xe9,\"z\n", &[]);
        assert_eq!(rows.len(), 4);
        assert_eq!(findings.iter().map(|f| (f.code.text(), f.place.line)).collect::<Vec<_>>(), [("C204", 2), ("C205", 4)]);
    }

    proptest! {
        #[test]
        fn a_cut_anywhere_changes_nothing(
            bytes in proptest::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b'a'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0usize..20, 0..20),
        ) {
            prop_assert_eq!(read(&bytes, &cuts), read(&bytes, &[]));
        }
    }
}
