//! A printed line is cut into cells: by the places of the headings above it, by positions, or by the labels in it.

use regex::Regex;

use super::line::{Line, Word};
use super::{At, PrintedColumn};

/// Where a column's heading starts and ends, in positions from 0; of a column by position, where it starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// One cell: its words with a blank between them.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// By word: where it starts in the text, and its line and byte in the file.
    words: Vec<(usize, (u64, u64))>,
}

impl Cell {
    fn push(&mut self, line: &Line, word: Word) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.words.push((self.text.len(), (line.number, line.byte(word.start))));
        self.text.extend(&line.letters[word.start..word.end]);
    }

    /// Adds what further lines say.
    pub(super) fn append(&mut self, more: Cell) {
        if more.text.is_empty() {
            return;
        }
        if self.text.is_empty() {
            *self = more;
            return;
        }
        self.text.push(' ');
        self.text.push_str(&more.text);
    }

    /// Line and byte of the word at a place of the text; zeros when the cell is empty.
    pub(super) fn mark(&self, at: usize) -> (u64, u64) {
        let next = self.words.partition_point(|w| w.0 <= at);
        next.checked_sub(1).and_then(|i| self.words.get(i)).map_or((0, 0), |w| w.1)
    }
}

/// A line that was cut.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// By column.
    pub(super) cells: Vec<Cell>,
    /// Words that lie across the start of a column: where, which, the column, and the kind of the finding.
    pub(super) across: Vec<((u64, u64), String, usize, &'static str)>,
    /// Two columns are set off by no more than one blank.
    pub(super) close: bool,
}

/// Finds where the columns are by the lines of a heading. Columns come from left to right; the texts of one stand on lines under one another,
/// each the first behind the column before. Also which lines hold such a text.
///
/// # Errors
/// The first column whose heading is not there.
pub(super) fn find(columns: &[PrintedColumn], lines: &[Line]) -> Result<(Vec<Span>, Vec<bool>), usize> {
    let mut spans: Vec<Span> = Vec::with_capacity(columns.len());
    let (mut behind, mut used) = (0, vec![false; lines.len()]);
    for (c, column) in columns.iter().enumerate() {
        let texts = match &column.at {
            At::Heading(texts) => texts,
            At::Position(start) => {
                spans.push(Span { start: start - 1, end: *start });
                continue;
            }
            At::Left | At::Label(_) => {
                spans.push(Span { start: behind, end: behind });
                continue;
            }
        };
        let (mut line, mut span) = (0, None::<Span>);
        for text in texts {
            // A text may stand on any of the lines below the one before: the one on which it stands furthest to the left.
            let found = (line..lines.len()).filter_map(|l| Some((at(text, &lines[l], behind)?, l))).min_by_key(|(s, l)| (s.start, *l));
            let (own, l) = found.ok_or(c)?;
            line = l + 1;
            used[l] = true;
            span = Some(span.map_or(own, |s| Span { start: s.start.min(own.start), end: s.end.max(own.end) }));
        }
        let span = span.ok_or(c)?;
        behind = span.end;
        spans.push(span);
    }
    Ok((spans, used))
}

/// Whether any heading stands on a line.
pub(super) fn has_heading(columns: &[PrintedColumn], line: &Line) -> bool {
    let headings = columns.iter().filter_map(|c| if let At::Heading(texts) = &c.at { Some(texts) } else { None });
    headings.flatten().any(|text| text.is_match(&line.text))
}

/// Where a text of the heading stands at or behind a position, between blanks.
fn at(text: &Regex, line: &Line, behind: usize) -> Option<Span> {
    // The blank before it is part of what is looked for.
    let from = line.bytes_before(behind.saturating_sub(1));
    let found = text.captures_at(&line.text, from.min(line.text.len()))?.get(1)?;
    Some(Span { start: line.position(found.start()), end: line.position(found.end()) })
}

/// Columns are as wide as the line that is ruled below them, where that is ruled column by column.
pub(super) fn widen(spans: &mut [Span], line: &Line) {
    if line.words.len() < 2 {
        return;
    }
    for span in spans.iter_mut().filter(|s| s.end > s.start) {
        if let Some(word) = line.words.iter().find(|w| w.start < span.end && w.end > span.start) {
            *span = Span { start: word.start, end: word.end };
        }
    }
}

/// Whether a word is of the form that a column's values have.
fn is_value(column: &PrintedColumn, line: &Line, word: Word) -> bool {
    column.values.as_ref().is_none_or(|v| v.is_match(&line.word(word)))
}

/// Cuts a line into cells. `None` when its words do not fit the columns: two in a column that holds one amount, or a word where an amount
/// must stand.
pub(super) fn cut(columns: &[PrintedColumn], spans: &[Span], line: &Line) -> Option<Cut> {
    let mut out = Cut { cells: vec![Cell::default(); columns.len()], ..Cut::default() };
    // Where a column of texts begins on this line.
    let starts: Vec<usize> = columns.iter().zip(spans).map(|(c, s)| start(c, *s, line, &mut out.close)).collect();
    let lead = columns.first().filter(|c| matches!(c.at, At::Left));
    // A text at the left may reach under the headings of amounts: it ends with the last word that is none.
    let amounts = columns.iter().skip(1).all(|c| c.right);
    let text_ends = match lead {
        Some(_) if amounts => {
            let lower = spans.get(1).map_or(usize::MAX, |s| s.start);
            line.words.iter().rposition(|&w| w.end <= lower || !columns.iter().skip(1).any(|c| is_value(c, line, w))).map_or(0, |i| i + 1)
        }
        _ => 0,
    };
    for (i, &word) in line.words.iter().enumerate() {
        let column = if i < text_ends { 0 } else { column_of(columns, spans, &starts, word) };
        if columns[column].right {
            let cell = &mut out.cells[column];
            if !is_value(&columns[column], line, word) || !(cell.text.is_empty() || cell.text == "$") {
                return None;
            }
        } else if let Some(next) = (column + 1..columns.len()).find(|&c| !columns[c].right)
            && word.end > spans[next].start
            && word.start < starts[next]
            && i >= text_ends
        {
            out.across.push(((line.number, line.byte(word.start)), line.word(word), next, ""));
        }
        out.cells[column].push(line, word);
    }
    for &word in &line.words[..text_ends] {
        let column = column_of(columns, spans, &starts, word);
        let touches = columns[column].right && word.start < spans[column].start;
        if touches && out.cells[column].text.is_empty() && ends_in_value(&columns[column], line, word) {
            out.across.push(((line.number, line.byte(word.start)), line.word(word), column, "touching"));
        }
    }
    Some(out)
}

/// Whether a word that is no amount ends in one, so that a blank between a text and its amount may be missing.
fn ends_in_value(column: &PrintedColumn, line: &Line, word: Word) -> bool {
    let Some(values) = &column.values else { return false };
    let letters = &line.letters[word.start..word.end];
    // No amount is longer than this.
    let from = letters.len().saturating_sub(LONGEST_AMOUNT).max(1);
    (from..letters.len()).any(|at| {
        let rest: String = letters[at..].iter().collect();
        !letters[at - 1].is_ascii_digit() && rest.contains(|c: char| c.is_ascii_digit()) && values.is_match(&rest)
    })
}

/// Letters of an amount with its sign and separators.
const LONGEST_AMOUNT: usize = 24;

/// Where the texts of a column begin on this line: at its start, or at the word nearby that is set off most.
fn start(column: &PrintedColumn, span: Span, line: &Line, close: &mut bool) -> usize {
    if column.right || column.slack == 0 || matches!(column.at, At::Left) {
        return span.start;
    }
    let mut best: Option<(usize, usize)> = None;
    for (i, word) in line.words.iter().enumerate() {
        if word.start + column.slack < span.start || word.start > span.start + column.slack {
            continue;
        }
        let gap = i.checked_sub(1).map_or(usize::MAX, |before| word.start - line.words[before].end);
        if best.is_none_or(|(most, _)| gap > most) {
            best = Some((gap, word.start));
        }
    }
    match best {
        Some((gap, at)) => {
            *close |= gap == 1;
            at
        }
        None => span.start,
    }
}

/// The column that a word stands in: of amounts, by where it ends; of texts, by where it starts.
fn column_of(columns: &[PrintedColumn], spans: &[Span], starts: &[usize], word: Word) -> usize {
    for c in (1..columns.len()).rev() {
        let here = if columns[c].right {
            let before = &spans[c - 1];
            // Between two columns of amounts, the one whose end is nearer.
            if columns[c - 1].right { word.end * 2 > before.end + spans[c].end } else { word.end > spans[c].start }
        } else {
            word.start >= starts[c]
        };
        if here {
            return c;
        }
    }
    0
}

/// The fields of a line that name themselves, from left to right, and what stands before the first.
pub(super) fn labels(columns: &[PrintedColumn], line: &Line) -> (Cell, Vec<(usize, Cell)>) {
    // Where a label starts and its value, in bytes of the text, and the column.
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for (c, column) in columns.iter().enumerate() {
        let At::Label(label) = &column.at else { continue };
        if let Some(all) = label.captures(&line.text).and_then(|captures| captures.get(1)) {
            found.push((all.start(), all.end(), c));
        }
    }
    // Of labels within one another the longer one is meant.
    found.sort_by_key(|&(start, end, c)| (start, usize::MAX - end, c));
    let mut kept: Vec<(usize, usize, usize)> = Vec::new();
    for label in found {
        if kept.last().is_none_or(|last| label.0 >= last.1) {
            kept.push(label);
        }
    }
    let cell = |from: usize, to: usize| {
        let (from, to) = (line.position(from), line.position(to));
        let mut cell = Cell::default();
        for word in &line.words {
            let (start, end) = (word.start.max(from), word.end.min(to));
            if start < end {
                cell.push(line, Word { start, end });
            }
        }
        cell
    };
    let end = |i: usize| kept.get(i).map_or(line.text.len(), |l| l.0);
    (cell(0, end(0)), kept.iter().enumerate().map(|(i, l)| (l.2, cell(l.1, end(i + 1)))).collect())
}

/// Whether a text begins like a label that the layout does not have.
pub(super) fn looks_labelled(text: &str) -> bool {
    let Some((label, _)) = text.split_once(':') else { return false };
    label.len() <= 30
        && label.starts_with(char::is_uppercase)
        && label.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '#' | '/' | '.'))
}
