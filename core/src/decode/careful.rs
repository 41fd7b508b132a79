//! Reads one record byte by byte, with every rule for odd quoting.
//!
//! The rules, which depend only on the bytes from the record's start (never on how the file was cut into blocks):
//!
//! 1. A cell is quoted when its first byte is the quotation mark (after blanks, where the dialect skips them). Otherwise marks in it are
//!    ordinary text, and the cell has a stray mark.
//! 2. A quoted cell closes at a mark that is not doubled and stands before a delimiter, a line end or the end of the file.
//! 3. A mark before anything else closes wrongly. If the cell so far spans lines, the opening mark is taken as text (it is far likelier to be
//!    a slip than the start of a multi-line text); else the rest up to the next separator belongs to the cell.
//! 4. A quoted cell that does not close within [`MAX_RECORD`] bytes of the record's start, or before the end of the file, is never closed: the
//!    opening mark is taken as text and the record ends with its line.
//! 5. A record whose line end is not within [`MAX_RECORD`] bytes is too long and is not read.

use memchr::{memchr, memchr2};

use super::{Cell, Dialect, LineEnd, QuoteFault};
use crate::bounds::{MAX_COLUMNS, MAX_RECORD};

/// The outcome of reading a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// The cells are filled in; the next record starts at `next`.
    Record {
        /// Behind the line end.
        next: usize,
    },
    /// The bytes end before the record does, and more will come.
    More,
    /// Longer than [`MAX_RECORD`].
    TooLong,
}

/// Reads the record that starts at `start`. `last` says that no bytes follow `data`. At most [`MAX_COLUMNS`] + 1 cells are kept.
pub fn read(data: &[u8], start: usize, last: bool, dialect: &Dialect, cells: &mut Vec<Cell>) -> Read {
    cells.clear();
    let window = &data[..data.len().min(start.saturating_add(MAX_RECORD))];
    // Whether the bytes seen are all that will ever count.
    let cut = data.len() > window.len();
    let last = last && !cut;
    let newline = dialect.newline();
    let mut at = start;
    loop {
        let open = if dialect.skip_initial_space { at + window[at..].iter().take_while(|&&b| b == b' ').count() } else { at };
        let quoted = dialect.quote.is_some() && window.get(open).copied() == dialect.quote;
        let (from, mut fault) = if quoted {
            match close(window, open, last || cut, last, dialect) {
                Close::At(end) => (end, None),
                Close::Wrongly(end) => (end, Some(QuoteFault::AfterClose)),
                Close::Never => (open + 1, Some(QuoteFault::Unclosed)),
                Close::More => return Read::More,
            }
        } else {
            (at, None)
        };
        let Some(separator) = separator(window, from, newline, dialect) else {
            if cut {
                return Read::TooLong;
            }
            if !last {
                return Read::More;
            }
            let end = without_cr(window, at, window.len(), dialect);
            fault = fault.or_else(|| stray(&window[at..end], quoted, dialect));
            push(cells, Cell { start: at, end, fault });
            return Read::Record { next: window.len() };
        };
        let at_line_end = window[separator] == newline;
        let end = if at_line_end { without_cr(window, at, separator, dialect) } else { separator };
        fault = fault.or_else(|| stray(&window[at..end], quoted, dialect));
        push(cells, Cell { start: at, end, fault });
        at = separator + 1;
        if at_line_end {
            return Read::Record { next: at };
        }
    }
}

fn push(cells: &mut Vec<Cell>, cell: Cell) {
    if cells.len() <= MAX_COLUMNS {
        cells.push(cell);
    }
}

fn stray(raw: &[u8], quoted: bool, dialect: &Dialect) -> Option<QuoteFault> {
    let quote = dialect.quote?;
    let mut rest = raw;
    while let Some(at) = (!quoted).then(|| memchr(quote, rest)).flatten() {
        if dialect.escape.is_none() || at == 0 || Some(rest[at - 1]) != dialect.escape {
            return Some(QuoteFault::Stray);
        }
        rest = &rest[at + 1..];
    }
    None
}

fn without_cr(data: &[u8], start: usize, end: usize, dialect: &Dialect) -> usize {
    let has = dialect.line_end != LineEnd::Cr && end > start && data[end - 1] == b'\r';
    end - usize::from(has)
}

fn separator(data: &[u8], from: usize, newline: u8, dialect: &Dialect) -> Option<usize> {
    let Some(escape) = dialect.escape else { return memchr2(dialect.delimiter, newline, &data[from..]).map(|i| from + i) };
    let mut at = from;
    while at < data.len() {
        match data[at] {
            b if b == escape => at += 2,
            b if b == dialect.delimiter || b == newline => return Some(at),
            _ => at += 1,
        }
    }
    None
}

enum Close {
    /// Properly; the separator or the end is at this place.
    At(usize),
    /// Text follows from this place.
    Wrongly(usize),
    Never,
    More,
}

/// Finds the closing mark of the cell that opens at `open`. `final_` says that no more bytes will be looked at; `eof` that the data's end is
/// the file's end.
fn close(data: &[u8], open: usize, final_: bool, eof: bool, dialect: &Dialect) -> Close {
    let Some(quote) = dialect.quote else { return Close::Never };
    let newline = dialect.newline();
    let missing = if final_ { Close::Never } else { Close::More };
    let mut at = open + 1;
    loop {
        let found = match dialect.escape {
            Some(escape) => memchr2(quote, escape, &data[at.min(data.len())..]),
            None => memchr(quote, &data[at.min(data.len())..]),
        };
        let Some(mark) = found.map(|i| at + i) else { return missing };
        if data[mark] != quote {
            at = mark + 2;
            continue;
        }
        let Some(&next) = data.get(mark + 1) else { return if eof { Close::At(mark + 1) } else { missing } };
        if next == quote && dialect.double_quote {
            at = mark + 2;
            continue;
        }
        if next == dialect.delimiter || next == newline {
            return Close::At(mark + 1);
        }
        if next == b'\r' && dialect.line_end != LineEnd::Cr {
            match data.get(mark + 2) {
                Some(b'\n') => return Close::At(mark + 1),
                None if eof => return Close::At(mark + 1),
                None => return missing,
                Some(_) => {}
            }
        }
        let spans_lines = memchr(newline, &data[open..mark]).is_some();
        return if spans_lines { Close::Never } else { Close::Wrongly(mark + 1) };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::decode::content;

    /// The cells of one record, each with its fault.
    type Cells = Vec<(String, Option<QuoteFault>)>;

    fn records(text: &str) -> Vec<Cells> {
        let (data, dialect, mut cells, mut at, mut out) = (text.as_bytes(), Dialect::default(), Vec::new(), 0, Vec::new());
        while at < data.len() {
            match read(data, at, true, &dialect, &mut cells) {
                Read::Record { next } => at = next,
                other => panic!("{other:?}"),
            }
            let cell = |c: &Cell| (String::from_utf8_lossy(&content(&data[c.start..c.end], c.fault, &dialect)).into_owned(), c.fault);
            out.push(cells.iter().map(cell).collect());
        }
        out
    }

    #[test]
    fn quoting_rules() {
        use QuoteFault::{AfterClose, Stray, Unclosed};
        let ok = |s: &str| (s.to_owned(), None);
        let bad = |s: &str, f| (s.to_owned(), Some(f));
        let cases: [(&str, Vec<Cells>); 9] = [
            ("a,b\r\n1,\"x, y\"\r\n", vec![vec![ok("a"), ok("b")], vec![ok("1"), ok("x, y")]]),
            ("\"say \"\"hi\"\"\",\"\"\n", vec![vec![ok("say \"hi\""), ok("")]]),
            ("1,\"two\nlines\",3", vec![vec![ok("1"), ok("two\nlines"), ok("3")]]),
            ("1,5\" pipe,2\n", vec![vec![ok("1"), bad("5\" pipe", Stray), ok("2")]]),
            ("1,\"Smith\" Jr,2\n", vec![vec![ok("1"), bad("\"Smith\" Jr", AfterClose), ok("2")]]),
            ("1,\"open,2\n3,4,5\n", vec![vec![ok("1"), bad("\"open", Unclosed), ok("2")], vec![ok("3"), ok("4"), ok("5")]]),
            ("1,\"open,2\n3,\"x\",5\n", vec![vec![ok("1"), bad("\"open", Unclosed), ok("2")], vec![ok("3"), ok("x"), ok("5")]]),
            ("a,b\n\n1,2", vec![vec![ok("a"), ok("b")], vec![ok("")], vec![ok("1"), ok("2")]]),
            ("a,", vec![vec![ok("a"), ok("")]]),
        ];
        for (text, expected) in cases {
            assert_eq!(records(text), expected, "{text:?}");
        }
    }

    #[test]
    fn asks_for_more_only_when_more_can_matter() {
        let d = Dialect::default();
        let mut cells = Vec::new();
        for text in ["a,b", "a,\"b", "a,\"b\"", "a,\"b\"\r", "a,\"b\"\""] {
            assert_eq!(read(text.as_bytes(), 0, false, &d, &mut cells), Read::More, "{text:?}");
            assert_eq!(read(text.as_bytes(), 0, true, &d, &mut cells), Read::Record { next: text.len() }, "{text:?}");
        }
        let long = vec![b'x'; MAX_RECORD + 10];
        assert_eq!(read(&long, 0, false, &d, &mut cells), Read::TooLong);
        assert_eq!(read(&long, 0, true, &d, &mut cells), Read::TooLong);
    }
}
