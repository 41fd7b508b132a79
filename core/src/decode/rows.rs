//! The rows of delimited text as they stand, for showing them again: no check, no header, every row with the number the person sees.

use super::careful::{self, Read};
use super::dialect::DialectHints;
use super::head::NotText;
use super::{Cell, Head, content};
use crate::bounds::MAX_RECORD;

/// Reads rows from bytes that come in any pieces. It keeps one record.
#[derive(Debug)]
pub struct PlainRows {
    head: Head,
    buffer: Vec<u8>,
    cells: Vec<Cell>,
    row: u64,
    /// Bytes before the first row that are still to come.
    lead: usize,
    /// The rest of a record that is too long is being passed over.
    skipping: bool,
}

impl PlainRows {
    /// A reader of a file whose first bytes are `sample`, all of them when `whole`. The sample itself has to be pushed, too.
    ///
    /// # Errors
    /// When the file is no text table.
    pub fn new(sample: &[u8], whole: bool, hints: &DialectHints) -> Result<PlainRows, NotText> {
        let head = Head::read(sample, whole, hints)?;
        Ok(PlainRows { lead: head.lead, head, buffer: Vec::new(), cells: Vec::new(), row: 0, skipping: false })
    }

    /// The row of the header, from 1; 0 without one.
    pub fn header_row(&self) -> u64 {
        self.head.header_row
    }

    /// Takes further bytes and calls `each` with the number and the cells of every row that is whole, until it says false. `last` says that no
    /// bytes follow. False when `each` said so.
    pub fn push(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(u64, &[&str]) -> bool) -> bool {
        let lead = self.lead.min(bytes.len());
        self.lead -= lead;
        self.buffer.extend_from_slice(&bytes[lead..]);
        let dialect = self.head.dialect.clone();
        let mut at = 0;
        let mut more = true;
        while more && at < self.buffer.len() {
            if self.skipping {
                match memchr::memchr(dialect.newline(), &self.buffer[at..]) {
                    Some(i) => {
                        at += i + 1;
                        self.skipping = false;
                    }
                    None => at = self.buffer.len(),
                }
                continue;
            }
            match careful::read(&self.buffer, at, last, &dialect, &mut self.cells) {
                Read::Record { next } => {
                    self.row += 1;
                    let text = |c: &Cell| {
                        let raw = content(&self.buffer[c.start..c.end], c.fault, &dialect);
                        self.head.encoding.text(&raw).0.into_owned()
                    };
                    let texts: Vec<String> = self.cells.iter().map(text).collect();
                    more = each(self.row, &texts.iter().map(String::as_str).collect::<Vec<_>>());
                    at = next;
                }
                Read::TooLong => {
                    self.row += 1;
                    self.skipping = true;
                    more = each(self.row, &[&format!("(this row is longer than {} MB and was not read)", MAX_RECORD >> 20)]);
                }
                Read::More => break,
            }
        }
        self.buffer.drain(..at);
        more
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn rows(text: &[u8], cut: usize) -> Vec<(u64, Vec<String>)> {
        let mut reader = PlainRows::new(text, true, &DialectHints::default()).unwrap();
        let mut out = Vec::new();
        let mut each = |row: u64, cells: &[&str]| {
            out.push((row, cells.iter().map(|c| (*c).to_owned()).collect()));
            true
        };
        for piece in text.chunks(cut.max(1)) {
            reader.push(piece, false, &mut each);
        }
        reader.push(b"", true, &mut each);
        out
    }

    #[test]
    fn rows_are_as_they_stand_however_they_are_cut() {
        let text = b"\xef\xbb\xbfid,\"a,b\"\r\n1,\"x\r\ny\"\r\n\r\n2\r\n";
        let whole = rows(text, text.len());
        assert_eq!(whole.iter().map(|(row, cells)| (*row, cells.len())).collect::<Vec<_>>(), [(1, 2), (2, 2), (3, 1), (4, 1)]);
        assert_eq!(whole[1].1, ["1", "x\r\ny"]);
        for cut in 1..12 {
            assert_eq!(rows(text, cut), whole, "{cut}");
        }
        // The line that names the separator is no row.
        for cut in 1..12 {
            assert_eq!(
                rows(b"sep=;\r\nid;n\r\n1;2,5\r\n", cut),
                [(1, vec!["id".to_owned(), "n".to_owned()]), (2, vec!["1".to_owned(), "2,5".to_owned()])]
            );
        }
    }
}
