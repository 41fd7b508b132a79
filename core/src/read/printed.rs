//! Printed pages: ledgers and logs that were made for paper, as text. Each page has its title and heading again, columns stand where the
//! heading stands, and a record may take several lines. What belongs to the page and where the columns are, a package says
//! (`standards/README.md`, `[layout.printed]`); the steps of its layout do the rest: headings between records, totals, footers.
//!
//! Every line is one of these, and none is passed over in silence: a line of the page (its title, a ruled line), the heading, a line of a
//! record, a line that a step of the layout knows, or a line that is not understood, which is a finding with its place.

use std::collections::VecDeque;
use std::sync::Arc;

use regex::Regex;

use super::lines::{Lines, TextLine};
use super::tally::Tally;
use super::{Facts, Kind, Origin, Reader, Rows};
use crate::bounds::{PRINTED_LINE, PRINTED_LINES, PRINTED_MARKS, SAMPLE};
use crate::finding::{Finding, Place};

mod cut;
mod line;
#[cfg(test)]
mod tests;

use cut::{Cell, Cut, Span};
use line::Line;

/// How a printed page is read.
#[derive(Debug)]
pub struct PrintedLayout {
    /// Each of these stands on one of the first lines of such a print.
    pub known: Vec<Regex>,
    /// Lines of the page itself. What a named group says holds for the records from there on, in a column of its name.
    pub page: Vec<Regex>,
    /// Lines that say something beside the records, and are left out.
    pub remarks: Vec<Regex>,
    /// The first line of the heading.
    pub heading: Option<Regex>,
    /// How many lines the heading has.
    pub heading_lines: usize,
    /// The columns in order, from left to right.
    pub columns: Vec<PrintedColumn>,
    /// How the first line of a record is known; every line is a record when not given.
    pub begins: Option<CellTest>,
    /// How it is known that a record has all its lines.
    pub ends: Option<CellTest>,
    /// Lines that the steps of the layout take: totals, what is skipped.
    pub passes: Vec<Regex>,
    /// Headings between the records, which stand alone on their lines.
    pub sections: Vec<Regex>,
    /// Lines behind which nothing is a record, by the steps of the layout.
    pub over: Vec<Regex>,
}

/// Two layouts are the same when they are one.
impl PartialEq for PrintedLayout {
    fn eq(&self, other: &PrintedLayout) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for PrintedLayout {}

/// One column of a print.
#[derive(Debug, Clone)]
pub struct PrintedColumn {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub at: At,
    /// Whether its values end at one place, as amounts do, and not start at one.
    pub right: bool,
    /// How many positions its values may start before or behind its heading.
    pub slack: usize,
    /// What a value looks like, in a column that ends at one place.
    pub values: Option<Regex>,
    /// Named groups are the columns that the text holds; a line whose text is not of that form is no record.
    pub parts: Option<Regex>,
}

/// How the place of a column is found.
#[derive(Debug, Clone)]
pub enum At {
    /// All that stands before the next column.
    Left,
    /// From this position on, from 1.
    Position(usize),
    /// Below these texts, each on a line under the one before.
    Heading(Vec<Regex>),
    /// Behind this label and a colon.
    Label(Regex),
}

/// What a column of a record says.
#[derive(Debug, Clone)]
pub struct CellTest {
    /// The index of the column.
    pub column: usize,
    /// What is looked for.
    pub pattern: Regex,
}

/// First lines of a file by which it is recognised.
const FIRST_LINES: usize = 200;

impl PrintedLayout {
    /// Whether a file that starts so is such a print: all that it is known by is there, and a whole heading, where it has one.
    pub fn fits(self: &Arc<Self>, sample: &[u8], whole: bool) -> bool {
        let sample = &sample[..sample.len().min(SAMPLE)];
        let (mut lines, mut start, mut unheard) = (Lines::new(PRINTED_LINE), Vec::new(), Vec::new());
        let mut keep = |line: TextLine<'_>, _: &mut Vec<Finding>| {
            if start.len() < FIRST_LINES {
                start.push(line.text.trim().to_owned());
            }
        };
        lines.push(sample, &mut unheard, &mut keep);
        lines.finish(&mut unheard, &mut keep);
        let says = |pattern: &Regex| start.iter().any(|line| pattern.is_match(line));
        if self.known.is_empty() || !self.known.iter().all(says) {
            return false;
        }
        if self.heading.is_none() {
            return true;
        }
        let mut reader = PrintedReader::new(self.clone());
        let (mut rows, mut findings) = (Rows::new(), Vec::new());
        reader.push(sample, &mut rows, &mut findings);
        if whole || sample.len() < SAMPLE {
            reader.finish(&mut rows, &mut findings);
        }
        // What waits for more bytes was read when the sample is full.
        reader.headed
    }

    /// The names of the columns that are made of a record, those of the page first.
    fn names(&self) -> (Vec<String>, Vec<String>) {
        let mut page: Vec<String> = Vec::new();
        for name in self.page.iter().flat_map(|p| p.capture_names().flatten()) {
            if !page.iter().any(|n| n == name) {
                page.push(name.to_owned());
            }
        }
        let mut own = Vec::new();
        for column in &self.columns {
            match &column.parts {
                Some(parts) => own.extend(parts.capture_names().flatten().map(str::to_owned)),
                None => own.push(column.name.clone()),
            }
        }
        (page, own)
    }

    fn has_labels(&self) -> bool {
        self.columns.iter().any(|c| matches!(c.at, At::Label(_)))
    }

    /// Where the columns are that do not stand under a heading; `None` when one does.
    fn fixed_spans(&self) -> Option<Vec<Span>> {
        if self.columns.iter().any(|c| matches!(c.at, At::Heading(_))) {
            return None;
        }
        let span = |c: &PrintedColumn| match c.at {
            At::Position(start) => Span { start: start - 1, end: start },
            _ => Span::default(),
        };
        Some(self.columns.iter().map(span).collect())
    }
}

/// A record whose lines are being gathered.
#[derive(Debug)]
struct Open {
    origin: Origin,
    /// What the page says on which it begins.
    said: Vec<String>,
    cells: Vec<Cell>,
    lines: usize,
    /// It has all its lines.
    whole: bool,
    /// The label read last.
    label: usize,
}

/// Where the cells of a row start: its row, and by cell the line and the byte in it; 0 for a cell that is empty.
type Marks = (u64, Vec<(u64, u64)>);

/// Reads a print as rows; the first is made of the layout's names. [`Origin::row`] is the line at which a record starts.
#[derive(Debug)]
pub struct PrintedReader {
    layout: Arc<PrintedLayout>,
    lines: Lines,
    begun: bool,
    /// What pages say, by column.
    said: Vec<(String, String)>,
    /// How many cells a record has behind those.
    width: usize,
    /// Where the columns are, once it is known.
    spans: Option<Vec<Span>>,
    /// Whether a heading was found, or none is needed.
    headed: bool,
    /// Lines of a heading that is not whole yet.
    heading: Vec<Line>,
    /// The heading was just read, so that a ruled line belongs to it.
    ruled: bool,
    open: Option<Open>,
    /// Nothing behind is a record.
    over: bool,
    /// A further heading behind the end was told.
    again: bool,
    page_lines: u64,
    first_page: u64,
    /// How many remarks there were, and the first of them.
    remarks: u64,
    first_remark: Option<(u64, String)>,
    marks: VecDeque<Marks>,
    marked: usize,
    unknown: Tally,
    across: Tally,
    close: u64,
    uncertain: Tally,
    tabs: Tally,
    headless: Tally,
    long: Tally,
}

impl PrintedReader {
    /// A reader by a layout.
    pub fn new(layout: Arc<PrintedLayout>) -> PrintedReader {
        let (page, own) = layout.names();
        let spans = layout.fixed_spans();
        PrintedReader {
            headed: layout.heading.is_none(),
            layout,
            lines: Lines::new(PRINTED_LINE),
            begun: false,
            said: page.into_iter().map(|name| (name, String::new())).collect(),
            width: own.len(),
            spans,
            heading: Vec::new(),
            ruled: false,
            open: None,
            over: false,
            again: false,
            page_lines: 0,
            first_page: 0,
            remarks: 0,
            first_remark: None,
            marks: VecDeque::new(),
            marked: 0,
            unknown: Tally::new("C293"),
            across: Tally::new("C295"),
            close: 0,
            uncertain: Tally::new("C296"),
            tabs: Tally::new("C297"),
            headless: Tally::new("C299"),
            long: Tally::new("C216"),
        }
    }

    /// Writes the names of the columns as the first row.
    fn begin(&mut self, out: &mut Rows) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let (page, own) = self.layout.names();
        page.iter().chain(&own).for_each(|name| out.cell(name, Kind::Text));
        out.end_row(Origin::default());
    }

    fn take(&mut self, line: TextLine<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.begin(out);
        if line.over {
            let place = place(line.number, 1);
            return self.long.tell(findings, || Finding::new("C216", "line", place).arg("bound", PRINTED_LINE.to_string()));
        }
        let line = Line::new(line.text, line.number, line.charset);
        if let Some(tab) = line.tab {
            let place = place(line.number, tab);
            self.tabs.tell(findings, || Finding::new("C297", "", place));
        }
        self.line(line, out, findings);
    }

    /// The maker of lines is lent out while they are taken.
    fn with_lines(&mut self, work: impl FnOnce(&mut PrintedReader, &mut Lines)) {
        let mut lines = std::mem::replace(&mut self.lines, Lines::new(PRINTED_LINE));
        work(self, &mut lines);
        self.lines = lines;
    }

    /// Takes one line.
    fn line(&mut self, line: Line, out: &mut Rows, findings: &mut Vec<Finding>) {
        let layout = self.layout.clone();
        if line.words.is_empty() {
            self.end_heading(findings);
            if self.open.as_ref().is_some_and(|o| o.whole) {
                self.close(out);
            }
            return;
        }
        if line.is_rule() {
            self.end_heading(findings);
            if std::mem::take(&mut self.ruled)
                && let Some(spans) = &mut self.spans
            {
                cut::widen(spans, &line);
            }
            self.page_line(&line);
            return;
        }
        self.ruled = false;
        if !self.heading.is_empty() {
            self.say(&line);
            self.page_line(&line);
            self.heading.push(line);
            if self.heading.len() >= layout.heading_lines {
                self.end_heading(findings);
            }
            return;
        }
        if layout.heading.as_ref().is_some_and(|h| h.is_match(&line.text)) {
            if self.over && !std::mem::replace(&mut self.again, true) {
                findings.push(Finding::new("C298", "", place(line.number, 1)));
            }
            self.say(&line);
            self.page_line(&line);
            self.heading.push(line);
            if layout.heading_lines <= 1 {
                self.end_heading(findings);
            }
            return;
        }
        if self.say(&line) {
            self.page_line(&line);
            return;
        }
        if self.over {
            self.pass(&line, out);
            return;
        }
        if layout.remarks.iter().any(|r| r.is_match(line.text.trim())) {
            self.close(out);
            self.remarks += 1;
            self.first_remark.get_or_insert_with(|| (line.number, line.joined()));
            return;
        }
        if layout.has_labels() {
            self.labelled(&line, out, findings);
        } else {
            self.placed(&line, out, findings);
        }
    }

    /// Takes over what a line of the page says; whether it is one.
    fn say(&mut self, line: &Line) -> bool {
        let mut is_page = false;
        for pattern in &self.layout.page {
            let Some(found) = pattern.captures(&line.text) else { continue };
            is_page = true;
            for (name, value) in &mut self.said {
                if let Some(new) = found.name(name) {
                    new.as_str().trim().clone_into(value);
                }
            }
        }
        is_page
    }

    fn page_line(&mut self, line: &Line) {
        self.page_lines += 1;
        if self.first_page == 0 {
            self.first_page = line.number;
        }
    }

    /// Finds the columns in the lines of a heading.
    fn end_heading(&mut self, findings: &mut Vec<Finding>) {
        if self.heading.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.heading);
        if !self.layout.columns.iter().any(|c| matches!(c.at, At::Heading(_))) {
            self.headed = true;
            return;
        }
        let used = match cut::find(&self.layout.columns, &lines) {
            Ok((spans, used)) => {
                self.spans = Some(spans);
                (self.headed, self.ruled) = (true, true);
                used
            }
            Err(column) => {
                let at = lines.first().map_or(0, |l| l.number);
                let name = self.layout.columns[column].name.clone();
                self.headless.tell(findings, || Finding::new("C299", "", place(at, 1)).arg("name", name));
                lines.iter().map(|line| cut::has_heading(&self.layout.columns, line)).collect()
            }
        };
        // A heading may be shorter than the layout says; what was taken for a line of it is not lost in silence.
        for (line, _) in
            lines.iter().zip(used).skip(1).filter(|(line, used)| !used && !self.layout.page.iter().any(|p| p.is_match(&line.text)))
        {
            self.unknown.tell(findings, || unknown(line, ""));
        }
    }

    /// A line whose cells stand in columns.
    fn placed(&mut self, line: &Line, out: &mut Rows, findings: &mut Vec<Finding>) {
        let layout = self.layout.clone();
        let text = line.joined();
        let cut = self.spans.as_ref().and_then(|spans| cut::cut(&layout.columns, spans, line));
        let says = |patterns: &[Regex], cells: bool| {
            let cells = cut.as_ref().filter(|_| cells).map(|c| &c.cells[..]).unwrap_or_default();
            patterns.iter().any(|p| p.is_match(&text) || cells.iter().any(|c| !c.text.is_empty() && p.is_match(&c.text)))
        };
        let over = says(&layout.over, layout.begins.is_none());
        let alone = cut.as_ref().is_none_or(|c| layout.begins.is_some() || c.cells.iter().filter(|c| !c.text.is_empty()).count() == 1);
        let passes = over || says(&layout.passes, layout.begins.is_none()) || (alone && says(&layout.sections, false));
        if passes && (layout.begins.is_some() || cut.is_none()) {
            self.close(out);
            self.over |= over;
            self.pass(line, out);
            return;
        }
        let Some(cut) = cut else {
            self.not_understood(line, if self.spans.is_none() { "heading" } else { "" }, findings);
            return;
        };
        let Some(begins) = &layout.begins else {
            let is_record = layout.columns.iter().zip(&cut.cells).all(|(c, cell)| c.parts.as_ref().is_none_or(|p| p.is_match(&cell.text)));
            if passes {
                self.over |= over;
                self.write(line.origin(), None, &cut.cells, out);
            } else if is_record {
                self.tell_cut(&cut, findings);
                self.write(line.origin(), Some(&self.says()), &cut.cells, out);
            } else {
                self.not_understood(line, "", findings);
            }
            return;
        };
        if begins.pattern.is_match(&cut.cells[begins.column].text) {
            self.close(out);
            self.tell_cut(&cut, findings);
            self.open = Some(Open { origin: line.origin(), said: self.says(), cells: cut.cells, lines: 1, whole: false, label: 0 });
        } else if self.open.as_ref().is_some_and(|o| o.lines < PRINTED_LINES) {
            self.tell_cut(&cut, findings);
            let Some(open) = &mut self.open else { return };
            if open.whole {
                self.uncertain.tell(findings, || Finding::new("C296", "", place(line.number, line.first())).value(&text));
            }
            open.lines += 1;
            for (cell, more) in open.cells.iter_mut().zip(cut.cells) {
                cell.append(more);
            }
        } else {
            self.close(out);
            self.not_understood(line, "outside", findings);
            return;
        }
        self.settle();
    }

    /// A line of fields that name themselves.
    fn labelled(&mut self, line: &Line, out: &mut Rows, findings: &mut Vec<Finding>) {
        let layout = self.layout.clone();
        let text = line.joined();
        let over = layout.over.iter().any(|p| p.is_match(&text));
        if over || layout.passes.iter().chain(&layout.sections).any(|p| p.is_match(&text)) {
            self.close(out);
            self.over |= over;
            self.pass(line, out);
            return;
        }
        let (before, fields) = cut::labels(&layout.columns, line);
        if !before.text.is_empty() {
            let known = fields.is_empty() && cut::looks_labelled(&before.text);
            match self.open.as_mut().filter(|o| o.lines < PRINTED_LINES && !known) {
                Some(open) => {
                    open.lines += 1;
                    let label = open.label;
                    open.cells[label].append(before);
                }
                None => self.not_understood(line, if known { "label" } else { "outside" }, findings),
            }
        }
        for (column, cell) in fields {
            let begins = layout.begins.as_ref().is_some_and(|b| b.column == column && b.pattern.is_match(&cell.text));
            if begins {
                self.close(out);
                let cells = vec![Cell::default(); layout.columns.len()];
                self.open = Some(Open { origin: line.origin(), said: self.says(), cells, lines: 0, whole: false, label: column });
            }
            match self.open.as_mut().filter(|o| o.lines < PRINTED_LINES) {
                Some(open) => {
                    open.lines += 1;
                    open.label = column;
                    open.cells[column].append(cell);
                }
                None => {
                    self.not_understood(line, "outside", findings);
                    break;
                }
            }
        }
        self.settle();
    }

    /// Looks whether the open record has all its lines.
    fn settle(&mut self) {
        if let (Some(open), Some(ends)) = (&mut self.open, &self.layout.ends) {
            open.whole |= ends.pattern.is_match(&open.cells[ends.column].text);
        }
    }

    /// Writes the record that is open.
    fn close(&mut self, out: &mut Rows) {
        if let Some(open) = self.open.take() {
            self.write(open.origin, Some(&open.said), &open.cells, out);
        }
    }

    /// What pages say here.
    fn says(&self) -> Vec<String> {
        self.said.iter().map(|(_, value)| value.clone()).collect()
    }

    /// Writes a row. `said` is what the page says of a record; a heading or total speaks for itself.
    fn write(&mut self, origin: Origin, said: Option<&[String]>, cells: &[Cell], out: &mut Rows) {
        let record = said.is_some();
        let mut marks = vec![(0, 0); self.said.len()];
        for at in 0..self.said.len() {
            out.cell(said.and_then(|s| s.get(at)).map_or("", String::as_str), Kind::Text);
        }
        for (column, cell) in self.layout.columns.iter().zip(cells) {
            let Some(parts) = &column.parts else {
                out.cell(&cell.text, Kind::Text);
                marks.push(cell.mark(0));
                continue;
            };
            let found = parts.captures(&cell.text);
            for (i, name) in parts.capture_names().flatten().enumerate() {
                match found.as_ref().filter(|_| record) {
                    Some(found) => {
                        let part = found.name(name);
                        out.cell(part.map_or("", |p| p.as_str()).trim(), Kind::Text);
                        marks.push(part.map_or((0, 0), |p| cell.mark(p.start())));
                    }
                    None => {
                        out.cell(if i == 0 { &cell.text } else { "" }, Kind::Text);
                        marks.push(if i == 0 { cell.mark(0) } else { (0, 0) });
                    }
                }
            }
        }
        out.end_row(origin);
        self.mark(origin.row, marks);
    }

    /// Hands a line to the steps as it stands, in the first cell.
    fn pass(&mut self, line: &Line, out: &mut Rows) {
        for _ in &self.said {
            out.cell("", Kind::Text);
        }
        out.cell(&line.joined(), Kind::Text);
        (1..self.width).for_each(|_| out.cell("", Kind::Text));
        out.end_row(line.origin());
    }

    /// Keeps where the cells of a row start, for the last rows.
    fn mark(&mut self, row: u64, marks: Vec<(u64, u64)>) {
        self.marked += marks.len();
        self.marks.push_back((row, marks));
        while self.marked > PRINTED_MARKS
            && let Some((_, old)) = self.marks.pop_front()
        {
            self.marked -= old.len();
        }
    }

    fn not_understood(&mut self, line: &Line, kind: &'static str, findings: &mut Vec<Finding>) {
        self.unknown.tell(findings, || unknown(line, kind));
    }

    fn tell_cut(&mut self, cut: &Cut, findings: &mut Vec<Finding>) {
        self.close += u64::from(cut.close);
        for (mark, word, column, kind) in &cut.across {
            let name = &self.layout.columns[*column].name;
            self.across.tell(findings, || Finding::new("C295", kind, place(mark.0, mark.1)).value(word).arg("name", name.as_str()));
        }
    }
}

/// A line that is not understood.
fn unknown(line: &Line, kind: &'static str) -> Finding {
    Finding::new("C293", kind, place(line.number, line.first())).value(&line.joined())
}

fn place(line: u64, byte_column: u64) -> Place {
    Place { row: line, line, byte_column, ..Place::default() }
}

impl Reader for PrintedReader {
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
        self.end_heading(findings);
        self.close(out);
        for tally in [&mut self.unknown, &mut self.across, &mut self.uncertain, &mut self.tabs, &mut self.headless, &mut self.long] {
            tally.finish(findings);
        }
        if !self.headed {
            findings.push(Finding::new("C299", "none", Place::default()));
        }
        if self.page_lines > 0 {
            findings.push(Finding::new("C294", "", place(self.first_page, 1)).arg("count", self.page_lines.to_string()));
        }
        if let Some((line, text)) = self.first_remark.take() {
            findings.push(Finding::new("C294", "remarks", place(line, 1)).value(&text).arg("count", self.remarks.to_string()));
        }
        if self.close > 0 {
            findings.push(Finding::new("C295", "close", Place::default()).arg("count", self.close.to_string()));
        }
        (self.page_lines, self.close) = (0, 0);
    }

    fn facts(&self) -> Facts {
        Facts { encoding: self.lines.charset().name(), ..Facts::default() }
    }

    fn cell(&self, row: u64, column: usize) -> Option<(u64, u64)> {
        let at = self.marks.partition_point(|(r, _)| *r < row);
        let (found, marks) = self.marks.get(at)?;
        marks.get(column).copied().filter(|mark| *found == row && mark.0 > 0)
    }
}
