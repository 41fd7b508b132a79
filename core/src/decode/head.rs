//! The start of a file: what it is, how it is written, and its header.

use super::careful::{self, Read};
use super::dialect::{Dialect, DialectHints, named_separator};
use super::encoding::Encoding;
use super::{Cell, QuoteFault, content};
use crate::bounds::MAX_COLUMNS;
use crate::read::recode::Charset;

/// What the start of a file says.
#[derive(Debug, Clone)]
pub struct Head {
    /// How the text is stored.
    pub encoding: Encoding,
    /// How the file stores it, when it was turned into UTF-8 before; else UTF-8.
    pub charset: Charset,
    /// Whether the file starts with a UTF-8 mark.
    pub mark: bool,
    /// Whether the first line only names the separator, for Excel: it is no row.
    pub names_separator: bool,
    /// Bytes before the first row: the mark and that line.
    pub lead: usize,
    /// How cells are separated.
    pub dialect: Dialect,
    /// The header's cells; empty when the dialect has no header or the file has no record.
    pub header: Vec<HeaderCell>,
    /// Number of cells of the first record.
    pub columns: usize,
    /// Spreadsheet row of the header, from 1; 0 without one.
    pub header_row: u64,
    /// Physical line on which the header starts, from 1.
    pub header_line: u64,
    /// Empty rows above the header: their rows and lines.
    pub blank_above: Vec<(u64, u64)>,
    /// Offset of the first record behind the header.
    pub data_start: usize,
    /// Rows before `data_start`.
    pub rows_before: u64,
    /// Line ends before `data_start`.
    pub lines_before: u64,
}

/// One cell of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderCell {
    /// The name as it stands, without quotation marks.
    pub text: String,
    /// Byte in its line, from 1.
    pub byte_column: u64,
    /// What is odd about its quoting.
    pub fault: Option<QuoteFault>,
}

/// Why a file cannot be read as a text table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotText {
    /// No bytes, or only blanks as far as the start goes.
    Empty,
    /// Another kind of file, in words.
    Looks(&'static str),
    /// The header alone is longer than the bound.
    HeaderTooLong,
    /// The header has more cells than [`MAX_COLUMNS`], as far as it was read.
    TooManyColumns,
    /// A form that can be read, with no record in it.
    NoRecords,
}

impl Head {
    /// Reads the start of a file. `sample` is the file's first bytes, the whole file when `whole`.
    ///
    /// # Errors
    /// When the file is not a text table.
    pub fn read(sample: &[u8], whole: bool, hints: &DialectHints) -> Result<Head, NotText> {
        Head::read_stored(sample, whole, hints, Charset::Utf8)
    }

    /// [`Head::read`] for text that was turned into UTF-8; places count bytes as they are stored.
    ///
    /// # Errors
    /// When the file is not a text table.
    pub fn read_stored(sample: &[u8], whole: bool, hints: &DialectHints, charset: Charset) -> Result<Head, NotText> {
        if let Some(looks) = other_kind(sample) {
            return Err(NotText::Looks(looks));
        }
        let mark = sample.starts_with(b"\xef\xbb\xbf");
        let body = if mark { 3 } else { 0 };
        if sample[body..].trim_ascii().is_empty() {
            return Err(NotText::Empty);
        }
        let encoding = Encoding::sniff(&sample[..sample.len().min(crate::bounds::SAMPLE)], whole && sample.len() <= crate::bounds::SAMPLE);
        let named = named_separator(&sample[body..]);
        let body = body + named.map_or(0, |(_, length)| length);
        let delimiter = hints.delimiter.or(named.map(|(separator, _)| separator));
        let dialect = Dialect::sniff(&sample[body..], whole, &DialectHints { delimiter, ..hints.clone() });
        if sample[body..].trim_ascii().is_empty() {
            return Err(NotText::Empty);
        }
        let mut head = Head {
            encoding,
            charset,
            mark,
            names_separator: named.is_some(),
            lead: body,
            dialect,
            header: Vec::new(),
            columns: 0,
            header_row: 0,
            header_line: 0,
            blank_above: Vec::new(),
            data_start: body,
            rows_before: 0,
            lines_before: u64::from(named.is_some()),
        };
        let mut cells: Vec<Cell> = Vec::new();
        let mut at = body;
        while at < sample.len() {
            let next = match careful::read(sample, at, whole, &head.dialect, &mut cells) {
                Read::Record { next } => next,
                Read::More | Read::TooLong => {
                    // What is between so many separators is a header with too many cells, however long it is.
                    let separators = memchr::memchr_iter(head.dialect.delimiter, &sample[at..]).take(MAX_COLUMNS).count();
                    return Err(if separators == MAX_COLUMNS { NotText::TooManyColumns } else { NotText::HeaderTooLong });
                }
            };
            head.rows_before += 1;
            let line = head.lines_before + 1;
            head.lines_before += memchr::memchr_iter(head.dialect.newline(), &sample[at..next]).count() as u64;
            let remark = head.dialect.comment.is_some_and(|c| sample.get(at) == Some(&c));
            let blank = cells.iter().all(|c| sample[c.start..c.end].trim_ascii().is_empty());
            if blank && !remark {
                head.blank_above.push((head.rows_before, line));
            }
            if blank || remark {
                at = next;
                head.data_start = next;
                continue;
            }
            head.columns = cells.len();
            if !head.dialect.header {
                head.rows_before -= 1;
                head.lines_before = line - 1;
                return Ok(head);
            }
            head.header_row = head.rows_before;
            head.header_line = line;
            head.header = cells
                .iter()
                .map(|c| {
                    let raw = content(&sample[c.start..c.end], c.fault, &head.dialect);
                    HeaderCell {
                        text: head.encoding.text(&raw).0.into_owned(),
                        byte_column: charset.stored_bytes(&sample[at..c.start]) + 1,
                        fault: c.fault,
                    }
                })
                .collect();
            head.data_start = next;
            return Ok(head);
        }
        Err(NotText::Empty)
    }

    /// The header's names.
    pub fn names(&self) -> Vec<&str> {
        self.header.iter().map(|c| c.text.as_str()).collect()
    }
}

/// Kinds of files that people hand over in place of a CSV, by their first bytes.
fn other_kind(sample: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 11] = [
        (b"\xff\xfe\0\0", "text stored as UTF-32"),
        (b"\0\0\xfe\xff", "text stored as UTF-32"),
        (b"PK\x03\x04", "a zip archive or an XLSX or ODS spreadsheet"),
        (b"\xd0\xcf\x11\xe0", "an old Excel (XLS) or Word file"),
        (b"%PDF", "a PDF"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\xff\xfe", "text stored as UTF-16"),
        (b"\xfe\xff", "text stored as UTF-16"),
        (b"PAR1", "a Parquet file"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"{\\rtf", "an RTF document"),
    ];
    if let Some((_, looks)) = SIGNATURES.iter().find(|(bytes, _)| sample.starts_with(bytes)) {
        return Some(looks);
    }
    let head = &sample[..sample.len().min(4096)];
    let nuls = head.iter().filter(|&&b| b == 0).count();
    if nuls * 10 > head.len() * 3 {
        let every_second = |from: usize| head.iter().skip(from).step_by(2);
        let utf16 = |zeros: usize, letters: usize| every_second(zeros).all(|&b| b == 0) && every_second(letters).any(|&b| b != 0);
        // Of four bytes of a letter that people use, two are zero, and nearly always three.
        let high_first = |four: &[u8]| four[0] == 0 && four[1] == 0 && four[3] != 0;
        let low_first = |four: &[u8]| four[3] == 0 && four[2] == 0 && four[0] != 0;
        let mut fours = head.chunks_exact(4);
        if head.len() >= 4 && (fours.clone().all(high_first) || fours.all(low_first)) {
            return Some("text stored as UTF-32");
        }
        return Some(if utf16(1, 0) || utf16(0, 1) { "text stored as UTF-16" } else { "a binary file" });
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let after = |n: usize| text[n.min(text.len())..].trim_ascii_start().first().copied();
    match text.first()? {
        b'{' if matches!(after(1), Some(b'"' | b'\'' | b'}')) => Some("JSON"),
        b'[' if matches!(after(1), Some(b'{' | b'[' | b']')) => Some("JSON"),
        b'<' if text.starts_with(b"<?xml") => Some("XML"),
        b'<' if text.len() > 5 && (text[..5].eq_ignore_ascii_case(b"<html") || text[..5].eq_ignore_ascii_case(b"<!doc")) => {
            Some("a web page")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn head(bytes: &[u8]) -> Result<Head, NotText> {
        Head::read(bytes, true, &DialectHints::default())
    }

    #[test]
    fn finds_the_header() {
        let h = head("\u{feff}\r\n\"a, b\";c\r\n1;2\r\n".as_bytes()).expect("a table");
        assert_eq!(h.names(), ["a, b", "c"]);
        assert_eq!((h.header_row, h.header_line, h.rows_before, h.lines_before, h.data_start), (2, 2, 2, 2, 15));
        assert!(h.mark);
        assert_eq!(h.header[1].byte_column, 8);
    }

    #[test]
    fn a_line_for_excel_is_no_row() {
        let h = head(b"\xef\xbb\xbfsep=|\r\nid|a,b;c\r\n1|2\r\n").expect("a table");
        assert_eq!(h.names(), ["id", "a,b;c"]);
        assert_eq!((h.header_row, h.header_line, h.rows_before, h.lines_before, h.data_start, h.lead), (1, 2, 1, 2, 20, 10));
        assert!(h.names_separator && h.mark);
        assert!(!head(b"sep;a\n1;2\n").expect("a table").names_separator);
    }

    #[test]
    fn a_header_without_end_names_the_bound_that_it_hits() {
        let columns = |count: usize, name: &str| format!("{name},").repeat(count);
        for (text, expected) in [
            (columns(MAX_COLUMNS, "a"), NotText::TooManyColumns),
            (columns(MAX_COLUMNS - 1, "a"), NotText::HeaderTooLong),
            ("x".repeat(3 * MAX_COLUMNS), NotText::HeaderTooLong),
        ] {
            assert_eq!(Head::read(text.as_bytes(), false, &DialectHints::default()).unwrap_err(), expected);
        }
    }

    #[test]
    fn says_what_else_it_is() {
        assert_eq!(head(b"").unwrap_err(), NotText::Empty);
        assert_eq!(head(b" \n\n").unwrap_err(), NotText::Empty);
        assert_eq!(head(b"PK\x03\x04....").unwrap_err(), NotText::Looks("a zip archive or an XLSX or ODS spreadsheet"));
        assert_eq!(head(b"[ {\"a\":1}]").unwrap_err(), NotText::Looks("JSON"));
        assert_eq!(head(b"<!DOCTYPE html>").unwrap_err(), NotText::Looks("a web page"));
        for bytes in [&b"\xff\xfe\0\0a\0\0\0"[..], b"\0\0\xfe\xff\0\0\0a", b"\0\0\0a\0\0\0,", b"a\0\0\0,\0\0\0"] {
            assert_eq!(head(bytes).unwrap_err(), NotText::Looks("text stored as UTF-32"), "{}", bytes.escape_ascii());
        }
        assert_eq!(head(b"sep=;\r\n").unwrap_err(), NotText::Empty);
        assert_eq!(head(b"a\0,\0b\0\n\0").unwrap_err(), NotText::Looks("text stored as UTF-16"));
        assert_eq!(head(&[0; 50]).unwrap_err(), NotText::Looks("a binary file"));
        assert!(head(b"[id],<name>\n1,2\n").is_ok());
    }
}
