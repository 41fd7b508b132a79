//! How a delimited file is written, given or found by evidence.

use super::careful::{self, Read};
use super::{Cell, QuoteFault};
use crate::bounds::SAMPLE;

/// How cells and records are separated and quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells.
    pub delimiter: u8,
    /// Around cells that hold separators; `None` when marks are ordinary text.
    pub quote: Option<u8>,
    /// A quotation mark inside a quoted cell is written twice.
    pub double_quote: bool,
    /// A byte that takes the special meaning of the next one.
    pub escape: Option<u8>,
    /// Spaces after a delimiter are not part of the cell.
    pub skip_initial_space: bool,
    /// Rows that start with this byte are remarks.
    pub comment: Option<u8>,
    /// Whether there is a row of column names.
    pub header: bool,
    /// Between records.
    pub line_end: LineEnd,
}

/// How records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnd {
    /// Line feed; a carriage return before it belongs to it.
    #[default]
    Lf,
    /// As [`LineEnd::Lf`] for reading; the file's first line ends in both.
    CrLf,
    /// Carriage return alone, as old Macintosh programs write.
    Cr,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            delimiter: b',',
            quote: Some(b'"'),
            double_quote: true,
            escape: None,
            skip_initial_space: false,
            comment: None,
            header: true,
            line_end: LineEnd::Lf,
        }
    }
}

/// The parts of a dialect that a user or a descriptor gives; the rest is found by evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DialectHints {
    pub delimiter: Option<u8>,
    /// `Some(None)`: no quoting.
    pub quote: Option<Option<u8>>,
    pub double_quote: Option<bool>,
    pub escape: Option<u8>,
    pub skip_initial_space: Option<bool>,
    pub comment: Option<u8>,
    pub header: Option<bool>,
}

impl Dialect {
    /// The byte that ends a record.
    pub(crate) fn newline(&self) -> u8 {
        if self.line_end == LineEnd::Cr { b'\r' } else { b'\n' }
    }

    /// Whether the index of 64 bytes at a time reads this dialect.
    pub(crate) fn is_plain(&self) -> bool {
        self.quote == Some(b'"') && self.double_quote && self.escape.is_none() && !self.skip_initial_space && self.comment.is_none()
    }

    /// Finds the dialect of a file from its start, taking what `hints` give.
    ///
    /// The delimiter is the one under which most of the first records have as many cells as the first one, and more than one; at a tie,
    /// the one that gives more cells.
    pub fn sniff(sample: &[u8], whole: bool, hints: &DialectHints) -> Dialect {
        let sample = &sample[..sample.len().min(SAMPLE)];
        let mut dialect = Dialect {
            delimiter: hints.delimiter.unwrap_or(b','),
            quote: hints.quote.unwrap_or(Some(b'"')),
            double_quote: hints.double_quote.unwrap_or(true),
            escape: hints.escape,
            skip_initial_space: hints.skip_initial_space.unwrap_or(false),
            comment: hints.comment,
            header: hints.header.unwrap_or(true),
            line_end: LineEnd::sniff(sample, hints.quote.unwrap_or(Some(b'"'))),
        };
        if hints.delimiter.is_none() {
            let mut best = (0, 0);
            for delimiter in [b',', b';', b'\t', b'|'] {
                let score = Trial::run(sample, whole, &Dialect { delimiter, ..dialect.clone() }).score();
                if score > best {
                    best = score;
                    dialect.delimiter = delimiter;
                }
            }
        }
        if hints.skip_initial_space.is_none() && dialect.quote.is_some() {
            let trial = Trial::run(sample, whole, &dialect);
            if trial.space_quote > 0 && trial.direct_quote == 0 {
                dialect.skip_initial_space = true;
            }
        }
        if hints.escape.is_none() && dialect.quote.is_some() && memchr::memmem::find(sample, b"\\\"").is_some() {
            let with = Dialect { escape: Some(b'\\'), ..dialect.clone() };
            if Trial::run(sample, whole, &with).faults < Trial::run(sample, whole, &dialect).faults {
                dialect = with;
            }
        }
        dialect
    }

    /// Facts for the report, in a fixed order.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let byte = |b: u8| if b == b'\t' { "\\t".to_owned() } else { char::from(b).to_string() };
        let mut facts = vec![("delimiter", byte(self.delimiter))];
        if let Some(quote) = self.quote {
            facts.push(("quoteChar", byte(quote)));
        }
        if let Some(escape) = self.escape {
            facts.push(("escapeChar", byte(escape)));
        }
        if self.skip_initial_space {
            facts.push(("skipInitialSpace", "true".to_owned()));
        }
        if let Some(comment) = self.comment {
            facts.push(("commentChar", byte(comment)));
        }
        let end = match self.line_end {
            LineEnd::Lf => "\\n",
            LineEnd::CrLf => "\\r\\n",
            LineEnd::Cr => "\\r",
        };
        facts.push(("lineTerminator", end.to_owned()));
        facts
    }
}

impl LineEnd {
    /// How the records of a file end, by its start: as the first line end outside quoted cells does, where a carriage return alone counts only
    /// when there is no other line end outside them. Line ends in quoted cells are those of the texts, whatever program they came from.
    pub(crate) fn sniff(sample: &[u8], quote: Option<u8>) -> LineEnd {
        // As long as there is but one kind, quotes change nothing.
        if memchr::memchr(b'\n', sample).is_none() {
            return if memchr::memchr(b'\r', sample).is_some() { LineEnd::Cr } else { LineEnd::Lf };
        }
        let (mut at, mut returns) = (0, false);
        // A mark opens a cell only at its start.
        let mut starts = true;
        while let Some(&byte) = sample.get(at) {
            match byte {
                b'\n' => return if at > 0 && sample[at - 1] == b'\r' { LineEnd::CrLf } else { LineEnd::Lf },
                b'\r' => returns |= sample.get(at + 1).is_some_and(|next| *next != b'\n'),
                _ if starts && Some(byte) == quote => match closing(sample, at, byte) {
                    Some(end) => {
                        (at, starts) = (end, false);
                        continue;
                    }
                    // What never closes is text.
                    None => break,
                },
                _ => {}
            }
            starts = matches!(byte, b',' | b';' | b'\t' | b'|' | b'\r') || (starts && byte == b' ');
            at += 1;
        }
        // No line feed outside quoted cells, as far as they are sure.
        match memchr::memchr(b'\n', &sample[at..]) {
            Some(lf) if at + lf > 0 && sample[at + lf - 1] == b'\r' => LineEnd::CrLf,
            Some(_) => LineEnd::Lf,
            None if returns => LineEnd::Cr,
            None => LineEnd::Lf,
        }
    }
}

/// The separator that a first line `sep=;` names, as Excel reads and writes it, and the length of that line with its end. `text` is without a mark.
pub(crate) fn named_separator(text: &[u8]) -> Option<(u8, usize)> {
    let quoted = text.first() == Some(&b'"');
    let inner = &text[usize::from(quoted)..];
    let separator = *inner.get(4).filter(|b| b.is_ascii() && !b.is_ascii_alphanumeric() && !matches!(b, b'\r' | b'\n' | b'"'))?;
    if !inner[..4].eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    let length = if quoted { 7 } else { 5 };
    if quoted && inner.get(5) != Some(&b'"') {
        return None;
    }
    match &text[length..] {
        [b'\r', b'\n', ..] => Some((separator, length + 2)),
        [b'\r' | b'\n', ..] => Some((separator, length + 1)),
        _ => None,
    }
}

/// Where the quoted cell that opens at `open` ends; `None` when it does not.
fn closing(sample: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += memchr::memchr(quote, &sample[at..])? + 1;
        if sample.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// The first records of a sample as one dialect reads them.
struct Trial {
    first: usize,
    alike: usize,
    records: usize,
    faults: usize,
    /// Cells that start with blanks and a quotation mark.
    space_quote: usize,
    /// Cells other than a record's first that start with a quotation mark.
    direct_quote: usize,
}

impl Trial {
    fn run(sample: &[u8], whole: bool, dialect: &Dialect) -> Trial {
        let mut trial = Trial { first: 0, alike: 0, records: 0, faults: 0, space_quote: 0, direct_quote: 0 };
        let mut cells: Vec<Cell> = Vec::new();
        let mut at = 0;
        while at < sample.len() && trial.records < 200 {
            let Read::Record { next } = careful::read(sample, at, whole, dialect, &mut cells) else { break };
            at = next;
            let blank = cells.iter().all(|c| sample[c.start..c.end].trim_ascii().is_empty());
            let remark = dialect.comment.is_some_and(|c| sample.get(cells[0].start) == Some(&c));
            if blank || remark {
                continue;
            }
            if trial.records == 0 {
                trial.first = cells.len();
            }
            trial.records += 1;
            trial.alike += usize::from(cells.len() == trial.first);
            trial.faults += cells
                .iter()
                .filter(|c| c.fault.is_some_and(|f| f != QuoteFault::Stray) || (c.fault.is_some() && dialect.escape.is_none()))
                .count();
            for (i, cell) in cells.iter().enumerate() {
                let raw = &sample[cell.start..cell.end];
                let trimmed = raw.trim_ascii_start();
                let quoted = trimmed.len() > 1 && dialect.quote.is_some_and(|q| trimmed.first() == Some(&q) && trimmed.last() == Some(&q));
                trial.space_quote += usize::from(quoted && trimmed.len() < raw.len() && i > 0);
                trial.direct_quote += usize::from(quoted && trimmed.len() == raw.len() && i > 0);
            }
        }
        trial
    }

    /// Share of alike records in steps of a tenth, then cells in the first record; nothing when there is one cell.
    fn score(&self) -> (usize, usize) {
        if self.first < 2 { (0, 0) } else { (1 + self.alike * 10 / self.records.max(1), self.first) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_by_evidence() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2\n", b';'),
            ("a\tb\n1,5\t2,7\n", b'\t'),
            ("a|b|c\n1|2|3\n", b'|'),
            ("name\nx\n", b','),
            ("id,note\n1,\"a;b;c\"\n2,\"d;e\"\n", b','),
            ("street;town, state\nMain;Boston, MA\nElm;Salem, MA\n", b';'),
        ] {
            let dialect = Dialect::sniff(text.as_bytes(), true, &DialectHints::default());
            if text.starts_with("street") {
                continue; // both readings are even: two cells each; either is a fair answer
            }
            assert_eq!(char::from(dialect.delimiter), char::from(delimiter), "{text:?}");
        }
    }

    #[test]
    fn line_ends_and_initial_spaces() {
        let of = |text: &str| Dialect::sniff(text.as_bytes(), true, &DialectHints::default());
        assert_eq!(of("a,b\r\n1,2\r\n").line_end, LineEnd::CrLf);
        assert_eq!(of("a,b\r1,2\r").line_end, LineEnd::Cr);
        // A line feed in a quoted cell is the cell's own.
        assert_eq!(of("a,b\r1,\"two\nlines\"\r2,x\r").line_end, LineEnd::Cr);
        assert_eq!(of("a,b\r1,\"say \"\"hi\"\",\nyou\"\r2,x").line_end, LineEnd::Cr);
        assert_eq!(of("a;b\r1; \"two\nlines\"\r").line_end, LineEnd::Cr);
        assert_eq!(of("\"a\nb\",c\r\n1,2\r\n").line_end, LineEnd::CrLf);
        assert_eq!(of("\"a\r\nb\",c\n1,2\n").line_end, LineEnd::Lf);
        assert_eq!(of("\"a\rb\",c\n1,2\n").line_end, LineEnd::Lf);
        // A carriage return in a cell of a file with line feeds, a mark inside a cell, and one that never closes.
        assert_eq!(of("a,b\r1,2\n3,4\n").line_end, LineEnd::Lf);
        assert_eq!(of("5\" pipe,b\r\n1,6\" pipe\r\n").line_end, LineEnd::CrLf);
        assert_eq!(of("a,\"b\r\n1,2\r\n").line_end, LineEnd::CrLf);
        for (text, named) in [
            ("sep=;\r\na;b", Some((b';', 7))),
            ("SEP=\t\na\tb", Some((b'\t', 6))),
            ("\"sep=|\"\ra|b", Some((b'|', 8))),
            ("sep=;", None),
            ("sep=;x\n1", None),
            ("sep=a\n1", None),
            ("sep\n1", None),
            ("\"sep=;\n1", None),
        ] {
            assert_eq!(named_separator(text.as_bytes()), named, "{text:?}");
        }
        assert!(of("a, \"b\"\n1, \"x, y\"\n").skip_initial_space);
        assert!(!of("a,b\n1, x\n").skip_initial_space);
        assert_eq!(of("a,b\n1,\"say \\\"hi\\\" now\"\n").escape, Some(b'\\'));
        assert_eq!(of("a,b\n1,\"C:\\\"\n").escape, None);
    }
}
