//! Fixed-width text: each line is a record, each column stands in the same place of every line. Where the columns are, a package says
//! (`standards/README.md`, `[layout.fixed]`); nothing in the file does.
//!
//! Cells lose the blanks that fill them up. A line of blanks is an empty row. What does not fit the layout is read by position all the same,
//! and is a finding: lines that end too soon, content behind the last column, tabs, letters that lie across two columns.

use std::sync::Arc;

use super::lines::{Lines, TextLine};
use super::recode::{self, Charset, Recoder};
use super::tally::Tally;
use super::{Facts, Kind, Origin, Reader, Rows};
use crate::bounds::{FIXED_WIDTH, SAMPLE};
use crate::finding::{Finding, Place};

/// Where the columns of a fixed-width text are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedLayout {
    /// The columns in order.
    pub columns: Vec<FixedColumn>,
    /// What positions count; when the layout does not say, the line's own length does, line by line.
    pub count: Option<Count>,
    /// Lines above the first record.
    pub skip: u64,
    /// Whether blanks around values are filling. `false` keeps them.
    pub trim: bool,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedColumn {
    /// Its name.
    pub name: String,
    /// Its first position, from 1.
    pub start: usize,
    /// How many positions it has.
    pub length: usize,
    /// Digits after a decimal point that is not written: with 2, `0001250` is 12.50.
    pub decimals: Option<usize>,
}

/// What a position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// A letter.
    Characters,
    /// A byte, as the file is stored.
    Bytes,
}

impl FixedLayout {
    /// The last position of any column.
    pub fn width(&self) -> usize {
        self.columns.iter().map(|c| (c.start - 1).saturating_add(c.length)).max().unwrap_or(0)
    }

    /// Whether a file that starts so may be of this layout: more than half of its lines are as long as the layout, or end in its last column.
    pub fn fits(&self, sample: &[u8], whole: bool) -> bool {
        let sample = &sample[..sample.len().min(SAMPLE)];
        let guess = recode::sniff(sample, whole);
        let (mut text, mut unheard) = (String::new(), Vec::new());
        Recoder::new(guess.charset).push(sample, &mut text, &mut unheard);
        let last = self.columns.iter().map(|c| c.start).max().unwrap_or(0);
        let width = self.width();
        let (mut fit, mut lines) = (0usize, 0usize);
        let mut all = text.lines().skip(usize::try_from(self.skip).unwrap_or(usize::MAX)).peekable();
        while let Some(line) = all.next() {
            let cut = all.peek().is_none() && !whole;
            if line.trim().is_empty() || cut {
                continue;
            }
            lines += 1;
            // Lines of a delimited table may be as long by chance.
            if [',', ';', '\t', '|'].iter().any(|d| line.matches(*d).count() * 2 >= self.columns.len().max(2)) {
                continue;
            }
            let (characters, bytes) = (line.chars().count(), guess.charset.stored(line) as usize);
            fit += usize::from([characters, bytes].iter().any(|&n| n >= last && n <= width));
        }
        lines > 0 && fit * 2 > lines
    }
}

/// Reads fixed-width text as rows; the first is made of the layout's names. [`Origin::row`] is the line.
#[derive(Debug)]
pub struct FixedReader {
    layout: Arc<FixedLayout>,
    width: usize,
    lines: Lines,
    /// The names of the columns were written.
    begun: bool,
    /// How the last line with letters of several bytes was counted.
    count: Count,
    short: Tally,
    long: Tally,
    tabs: Tally,
    across: Tally,
    over: Tally,
}

impl FixedReader {
    /// A reader by a layout.
    pub fn new(layout: Arc<FixedLayout>) -> FixedReader {
        FixedReader {
            width: layout.width(),
            layout,
            lines: Lines::new(FIXED_WIDTH),
            begun: false,
            count: Count::Characters,
            short: Tally::new("C241"),
            long: Tally::new("C242"),
            tabs: Tally::new("C243"),
            across: Tally::new("C244"),
            over: Tally::new("C216"),
        }
    }

    /// Writes the names of the columns as the first row.
    fn begin(&mut self, out: &mut Rows) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for column in &self.layout.columns {
            out.cell(&column.name, Kind::Text);
        }
        out.end_row(Origin::default());
    }

    fn take(&mut self, line: TextLine<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.begin(out);
        if line.number <= self.layout.skip {
            return;
        }
        if line.over {
            return self.over.tell(findings, || {
                place(Finding::new("C216", "line", Place::default()), line.number, 1).arg("bound", FIXED_WIDTH.to_string())
            });
        }
        if !line.text.trim().is_empty() {
            self.record(line, out, findings);
        }
        out.end_row(Origin { row: line.number, line: line.number, byte_column: 1 });
    }

    /// The maker of lines is lent out while they are taken.
    fn with_lines(&mut self, work: impl FnOnce(&mut FixedReader, &mut Lines)) {
        let mut lines = std::mem::replace(&mut self.lines, Lines::new(FIXED_WIDTH));
        work(self, &mut lines);
        self.lines = lines;
    }

    fn record(&mut self, whole: TextLine<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        let TextLine { text: line, number, charset, .. } = whole;
        if let Some(at) = line.find('\t') {
            self.tabs.tell(findings, || place(Finding::new("C243", "", Place::default()), number, charset.stored(&line[..at]) + 1));
        }
        // By letter: its first position, from 0, and where it starts in the text. For plain ASCII the two are the same.
        let mut letters: Vec<(usize, usize)> = Vec::new();
        let length = if line.is_ascii() {
            line.len()
        } else {
            let bytes = self.by_bytes(line, charset);
            let mut position = 0;
            for (at, letter) in line.char_indices() {
                letters.push((position, at));
                position += if bytes { charset.stored(letter.encode_utf8(&mut [0; 4])) as usize } else { 1 };
            }
            if bytes {
                self.find_across(whole, &letters, position, findings);
            }
            position
        };
        // Where the text of a position starts; behind the last letter, the line's end.
        let at = |position: usize| {
            if letters.is_empty() {
                position.min(line.len())
            } else {
                letters.get(letters.partition_point(|l| l.0 < position)).map_or(line.len(), |l| l.1)
            }
        };
        let layout = self.layout.clone();
        let missing = layout.columns.iter().filter(|c| c.start > length).count();
        if missing > 0 {
            let first = layout.columns.iter().find(|c| c.start > length).map_or("", |c| c.name.as_str());
            self.short.tell(findings, || {
                let finding = place(Finding::new("C241", "", Place::default()), number, charset.stored(line) + 1);
                finding
                    .arg("length", length.to_string())
                    .arg("width", self.width.to_string())
                    .arg("name", first)
                    .arg("count", missing.to_string())
            });
        }
        let behind = &line[at(self.width)..];
        if !behind.trim().is_empty() {
            self.long.tell(findings, || {
                let start = charset.stored(&line[..line.len() - behind.len()]) + 1;
                place(Finding::new("C242", "", Place::default()), number, start).value(behind.trim()).arg("width", self.width.to_string())
            });
        }
        for column in &layout.columns {
            let text = &line[at(column.start - 1)..at((column.start - 1).saturating_add(column.length))];
            let text = if layout.trim { text.trim_matches([' ', '\t', '\0', '\u{a0}']) } else { text };
            match column.decimals {
                Some(decimals) if pointed(text, decimals, out) => {}
                _ => out.cell(text, Kind::Text),
            }
        }
    }

    /// Whether positions of this line, which has letters beyond ASCII, count bytes: as the layout says, or as the line's length shows.
    fn by_bytes(&mut self, line: &str, charset: Charset) -> bool {
        let count = self.layout.count.unwrap_or_else(|| {
            let (letters, bytes) = (line.chars().count(), charset.stored(line) as usize);
            if letters == self.width {
                Count::Characters
            } else if bytes == self.width {
                Count::Bytes
            } else {
                self.count
            }
        });
        self.count = count;
        count == Count::Bytes
    }

    fn find_across(&mut self, line: TextLine<'_>, letters: &[(usize, usize)], length: usize, findings: &mut Vec<Finding>) {
        let TextLine { text: line, number, charset, .. } = line;
        for column in &self.layout.columns {
            // The letter that starts before the column's first position and ends in it.
            let start = column.start - 1;
            let next = letters.partition_point(|l| l.0 < start);
            let Some(&(position, at)) = next.checked_sub(1).and_then(|i| letters.get(i)) else { continue };
            let end = letters.get(next).map_or(length, |l| l.0);
            if position < start && end > start {
                let letter = line[at..].chars().next().map(String::from).unwrap_or_default();
                self.across.tell(findings, || {
                    place(Finding::new("C244", "", Place::default()), number, charset.stored(&line[..at]) + 1)
                        .value(&letter)
                        .arg("name", column.name.as_str())
                });
            }
        }
    }
}

/// Writes digits with their decimal point; `false` when the text is no such number, or has a point already.
fn pointed(text: &str, decimals: usize, out: &mut Rows) -> bool {
    let (negative, digits) = match (text.strip_prefix('-'), text.strip_suffix('-')) {
        (Some(digits), _) | (None, Some(digits)) => (true, digits),
        (None, None) => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let (whole, part) = digits.split_at(digits.len().saturating_sub(decimals));
    let whole = whole.trim_start_matches('0');
    out.cell_with(Kind::Number, |text| {
        if negative {
            text.push('-');
        }
        text.push_str(if whole.is_empty() { "0" } else { whole });
        if decimals > 0 {
            text.push('.');
            text.extend(std::iter::repeat_n('0', decimals - part.len()));
            text.push_str(part);
        }
    });
    true
}

fn place(mut finding: Finding, line: u64, byte_column: u64) -> Finding {
    finding.place = Place { row: line, line, byte_column, ..Place::default() };
    finding
}

impl Reader for FixedReader {
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>) {
        self.with_lines(|reader, lines| {
            if lines.push(bytes, findings, &mut |line, findings| reader.take(line, out, findings)) {
                reader.begin(out);
            }
        });
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.with_lines(|reader, lines| lines.finish(findings, &mut |line, findings| reader.take(line, out, findings)));
        self.begin(out);
        for tally in [&mut self.short, &mut self.long, &mut self.tabs, &mut self.across, &mut self.over] {
            tally.finish(findings);
        }
    }

    fn facts(&self) -> Facts {
        Facts { encoding: self.lines.charset().name(), ..Facts::default() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;
    use crate::read::tests::in_pieces;

    fn layout(columns: &[(&str, usize, usize, Option<usize>)], count: Option<Count>) -> Arc<FixedLayout> {
        let column = |&(name, start, length, decimals): &(&str, usize, usize, Option<usize>)| FixedColumn {
            name: name.into(),
            start,
            length,
            decimals,
        };
        Arc::new(FixedLayout { columns: columns.iter().map(column).collect(), count, skip: 0, trim: true })
    }

    fn small() -> Arc<FixedLayout> {
        layout(&[("id", 1, 3, None), ("name", 4, 5, None), ("paid", 9, 6, Some(2))], None)
    }

    fn read(layout: &Arc<FixedLayout>, bytes: &[u8], pieces: &[usize]) -> (Rows, Vec<Finding>) {
        in_pieces(FixedReader::new(layout.clone()), bytes, pieces)
    }

    fn texts(rows: &Rows) -> Vec<Vec<String>> {
        rows.iter().skip(1).map(|row| row.cells().map(|(text, _)| text.to_owned()).collect()).collect()
    }

    fn found(findings: &[Finding]) -> Vec<(&str, u64, u64)> {
        findings.iter().map(|f| (f.code.text(), f.place.line, f.place.byte_column)).collect()
    }

    #[test]
    fn columns_are_cut_by_position() {
        let (rows, findings) = read(&small(), b"001Lee  001250\r\n002Ashby-00007\n\n003 Ayer00\x1a0x1\r004Otis  12.50\n\x1a", &[5, 12]);
        let expected: [&[&str]; 5] =
            [&["001", "Lee", "12.50"], &["002", "Ashby", "-0.07"], &[], &["003", "Ayer", "00\u{1a}0x1"], &["004", "Otis", "12.50"]];
        assert_eq!(texts(&rows), expected);
        assert_eq!(rows.get(1).unwrap().kind(2), Kind::Number);
        assert_eq!(rows.get(4).unwrap().kind(2), Kind::Text);
        assert_eq!(rows.iter().map(|r| r.origin.row).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(findings, []);
    }

    #[test]
    fn what_does_not_fit_is_found() {
        let (rows, findings) = read(&small(), b"001Lee\n002Lee  001250   \n003Lee  001250 more\n004\tee  001250\n005Lee  12", &[]);
        assert_eq!(texts(&rows)[0], ["001", "Lee", ""]);
        assert_eq!(texts(&rows)[4], ["005", "Lee", "0.12"]);
        assert_eq!(found(&findings), [("C241", 1, 7), ("C242", 3, 15), ("C243", 4, 4)]);
    }

    #[test]
    fn letters_of_several_bytes() {
        // 14 letters, so positions are letters; then 14 bytes, so positions are bytes.
        let (rows, findings) = read(&small(), "001Zoë  001250\n002Zoë 001250\n".as_bytes(), &[]);
        assert_eq!(texts(&rows), [["001", "Zoë", "12.50"], ["002", "Zoë", "12.50"]]);
        assert_eq!(findings, []);
        let (rows, findings) = read(&layout(&[("a", 1, 2, None), ("b", 3, 2, None)], Some(Count::Bytes)), "aébc\n".as_bytes(), &[]);
        assert_eq!(texts(&rows), [["aé", "b"]]);
        assert_eq!(found(&findings), [("C244", 1, 2), ("C242", 1, 5)].map(|f| f).into_iter().collect::<Vec<_>>());
        // One byte a letter: the two counts are the same.
        let (rows, findings) = read(&small(), b"001Zo\xeb  001250\n002Pe\xf1a 001250\n", &[]);
        assert_eq!(texts(&rows), [["001", "Zoë", "12.50"], ["002", "Peña", "12.50"]]);
        assert_eq!(found(&findings), [("C101", 0, 0)]);
    }

    #[test]
    fn a_long_line_is_passed_over() {
        let mut text = vec![b'x'; FIXED_WIDTH + 1];
        text.extend_from_slice(b"\n001Lee  001250\n");
        let (rows, findings) = read(&small(), &text, &[70_000, 70_000]);
        assert_eq!(texts(&rows), [["001", "Lee", "12.50"]]);
        assert_eq!(found(&findings), [("C216", 1, 1)]);
    }

    #[test]
    fn files_are_recognised_by_the_length_of_their_lines() {
        assert!(small().fits(b"001Lee  001250\r\n002Ashby-00007\r\n003Ashby-000", false));
        assert!(small().fits("001Zoë  001250\n002Zoë 001250\n".as_bytes(), true));
        assert!(!small().fits(b"id,name,paid\n1,Lee,12.50\n", true));
        assert!(!small().fits(b"", true));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(b'1'), Just(b' ')], 0..120), cuts in prop::collection::vec(0usize..8, 0..40)) {
            let whole = read(&small(), &bytes, &[]);
            prop_assert_eq!(&read(&small(), &bytes, &cuts), &whole);
            // The same behind the start, where bytes are read as they come.
            let mut long = "001Lee  001250\n".repeat(SAMPLE / 15 + 1).into_bytes();
            long.extend_from_slice(&bytes);
            let whole = read(&small(), &long, &[]);
            let mut pieces = vec![SAMPLE + 5];
            pieces.extend(&cuts);
            prop_assert_eq!(read(&small(), &long, &pieces), whole);
            small().fits(&bytes, true);
        }

        #[test]
        fn rows_come_back(rows in prop::collection::vec(("[A-Z][0-9]{0,2}", "[A-Zé][a-zñ]{0,4}", 0u32..1_000_000), 1..20)) {
            let text: String = rows.iter().map(|(id, name, paid)| format!("{id:<3}{name:<5}{paid:06}\n")).collect();
            let (read, findings) = read(&small(), text.as_bytes(), &[]);
            let expected: Vec<Vec<String>> = rows.iter().map(|(id, name, paid)| vec![id.clone(), name.clone(), format!("{}.{:02}", paid / 100, paid % 100)]).collect();
            prop_assert_eq!(texts(&read), expected);
            prop_assert_eq!(findings, vec![]);
        }
    }
}
