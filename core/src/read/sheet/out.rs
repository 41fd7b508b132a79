//! What all three forms do alike: gather a sheet's rows, drop what is empty at the ends, keep the bounds, and say what is odd.

use crate::bounds;
use crate::finding::{Finding, Place};
use crate::read::container::{Stop, stop};
use crate::read::{Kind, Origin, Rows};

/// A batch is handed over when it has this many bytes of text, or cells.
const BATCH: usize = 256 << 10;
/// How many ranges or names a finding spells out.
const SPELLED: usize = 20;

/// Takes a sheet's cells in the order of the file.
#[derive(Debug)]
pub(super) struct Out {
    sheet: String,
    bounds: bounds::Sheet,
    /// What was found, until it is taken.
    pub(super) findings: Vec<Finding>,
    /// Rows that are whole, until they are taken.
    pub(super) batch: Rows,
    batch_cells: usize,
    /// The row being made: by cell its column, the end of its text, what it is.
    row: Vec<(u32, usize, Kind)>,
    row_text: String,
    /// The row being made is done: its number, and how often it is still to be given.
    due: Option<(u64, u64)>,
    /// The row that comes next when none is left out, from 1.
    next: u64,
    cells: u64,
    text: u64,
    wide: bool,
    hidden_rows: Vec<(u64, u64)>,
    hidden_columns: Vec<(u64, u64)>,
    merged: Vec<String>,
    merges: usize,
}

impl Out {
    pub(super) fn new(sheet: &str, bounds: &bounds::Sheet) -> Out {
        Out {
            sheet: sheet.to_owned(),
            bounds: *bounds,
            findings: Vec::new(),
            batch: Rows::new(),
            batch_cells: 0,
            row: Vec::new(),
            row_text: String::new(),
            due: None,
            next: 1,
            cells: 0,
            text: 0,
            wide: false,
            hidden_rows: Vec::new(),
            hidden_columns: Vec::new(),
            merged: Vec::new(),
            merges: 0,
        }
    }

    /// Whether the batch is large enough to be taken; nothing more may be added before it was. [`Out::resume`] comes next.
    pub(super) fn is_full(&self) -> bool {
        self.batch.bytes() > BATCH || self.batch_cells > BATCH
    }

    /// Goes on behind a batch that was taken.
    ///
    /// # Errors
    /// The finding that a bound is hit.
    pub(super) fn resume(&mut self) -> Result<(), Stop> {
        self.batch.clear();
        self.batch_cells = 0;
        self.give()
    }

    /// The bounds, for what a form must check itself.
    pub(super) fn bounds(&self) -> &bounds::Sheet {
        &self.bounds
    }

    /// Says something about a cell; `row` counts from 1, `column` from 0.
    pub(super) fn say(&mut self, code: &'static str, kind: &'static str, row: u64, column: u32, value: Option<&str>) {
        let place = Place { row, column: Some(column), ..Place::default() };
        let finding = Finding::new(code, kind, place);
        self.findings.push(match value {
            Some(text) => finding.value(text),
            None => finding,
        });
    }

    /// Adds a cell to the row being made. An empty one is passed over.
    pub(super) fn cell(&mut self, row: u64, column: u32, kind: Kind, text: &str) {
        if kind == Kind::Error {
            self.say("C229", "", row, column, Some(text));
        }
        if text.is_empty() {
            return;
        }
        if column as usize >= self.bounds.columns {
            if !self.wide {
                self.wide = true;
                self.findings.push(
                    Finding::new("C230", "columns", Place { row, ..Place::default() })
                        .arg("sheet", self.sheet.as_str())
                        .arg("bound", self.bounds.columns.to_string()),
                );
            }
            return;
        }
        self.row_text.push_str(text);
        self.row.push((column, self.row_text.len(), kind));
    }

    /// Ends the row being made, which is the row of that number, from 1, and stands there `times` times.
    ///
    /// # Errors
    /// The finding that a bound is hit.
    pub(super) fn end_row(&mut self, number: u64, times: u64) -> Result<(), Stop> {
        if self.row.is_empty() || times == 0 {
            return Ok(());
        }
        if self.row.windows(2).any(|w| w[0].0 >= w[1].0) {
            self.order();
        }
        if number < self.next {
            let place = Place { row: number, ..Place::default() };
            self.findings.push(Finding::new("C231", "", place).arg("before", (self.next - 1).to_string()));
        }
        // Places only ever go forward.
        self.due = Some((number.max(self.next), times));
        self.give()
    }

    /// Puts the row that is due into the batch, and blank ones before it, as far as there is room.
    fn give(&mut self) -> Result<(), Stop> {
        let Some((first, times)) = self.due.take() else { return Ok(()) };
        let width = self.row.last().map_or(0, |c| c.0 as usize + 1);
        let end = first.saturating_add(times);
        while self.next < end {
            if self.is_full() {
                self.due = Some((first, times));
                return Ok(());
            }
            let number = self.next;
            if number < first {
                self.count(1, 0, number)?;
            } else {
                self.count(width, self.row_text.len(), number)?;
                let (mut column, mut start) = (0, 0);
                for &(at, end, kind) in &self.row {
                    for _ in column..at {
                        self.batch.cell("", Kind::Text);
                    }
                    self.batch.cell(&self.row_text[start..end], kind);
                    (column, start) = (at + 1, end);
                }
            }
            self.batch.end_row(Origin { row: number, ..Origin::default() });
            self.next = number + 1;
        }
        self.row.clear();
        self.row_text.clear();
        Ok(())
    }

    /// Whether a row is due that the batch had no room for.
    pub(super) fn is_due(&self) -> bool {
        self.due.is_some()
    }

    /// Puts the cells of a row in order; of two in one place the later one stands.
    fn order(&mut self) {
        let mut cells: Vec<(u32, usize, usize, Kind)> = Vec::with_capacity(self.row.len());
        let mut start = 0;
        for &(column, end, kind) in &self.row {
            cells.push((column, start, end, kind));
            start = end;
        }
        cells.sort_by_key(|c| c.0);
        let text = std::mem::take(&mut self.row_text);
        self.row.clear();
        for (i, &(column, start, end, kind)) in cells.iter().enumerate() {
            if cells.get(i + 1).is_none_or(|next| next.0 != column) {
                self.row_text.push_str(&text[start..end]);
                self.row.push((column, self.row_text.len(), kind));
            }
        }
    }

    /// Counts a row against the bounds.
    fn count(&mut self, cells: usize, text: usize, row: u64) -> Result<(), Stop> {
        self.cells += cells.max(1) as u64;
        self.text += text as u64;
        let hit = if row > self.bounds.rows {
            Some(("rows", self.bounds.rows))
        } else if self.cells > self.bounds.cells {
            Some(("", self.bounds.cells))
        } else if self.text > self.bounds.text {
            Some(("text", self.bounds.text))
        } else {
            None
        };
        if let Some((kind, bound)) = hit {
            let mut finding = stop("C230", kind);
            finding.place.row = row;
            finding.args = vec![("sheet", self.sheet.clone()), ("bound", bound.to_string()), ("row", row.to_string())];
            return Err(finding);
        }
        self.batch_cells += cells.max(1);
        Ok(())
    }

    /// Notes that rows are hidden, from the first to the last, counted from 1.
    pub(super) fn hide_rows(&mut self, first: u64, last: u64) {
        hide(&mut self.hidden_rows, first, last);
    }

    /// Notes that columns are hidden, from the first to the last, counted from 0.
    pub(super) fn hide_columns(&mut self, first: u64, last: u64) {
        hide(&mut self.hidden_columns, first, last);
    }

    /// Notes a merged region by its name, such as `A1:C1`.
    pub(super) fn merge(&mut self, region: String) {
        self.merges += 1;
        if self.merged.len() < SPELLED {
            self.merged.push(region);
        }
    }

    /// Ends the sheet: says what was noted, and why reading ended early when it did.
    pub(super) fn finish(&mut self, end: Result<(), Stop>) {
        // What is hidden behind the last cell hides nothing.
        let last = self.next.saturating_sub(1);
        self.hidden_rows.retain(|r| r.0 <= last);
        let one = |hidden: &[(u64, u64)], last: u64| matches!(hidden, [(a, b)] if a >= b.min(&last));
        if !self.hidden_rows.is_empty() {
            let rows = self.hidden_rows.iter().map(|&(a, b)| range(a, b.min(last), |n| n.to_string()));
            let spelled = some_of(rows.take(SPELLED), self.hidden_rows.len());
            self.findings.push(
                Finding::new("C226", if one(&self.hidden_rows, last) { "row" } else { "" }, Place::default())
                    .arg("sheet", self.sheet.as_str())
                    .arg("rows", spelled),
            );
        }
        if !self.hidden_columns.is_empty() {
            let columns = self.hidden_columns.iter().map(|&(a, b)| range(a, b, column_name));
            let spelled = some_of(columns.take(SPELLED), self.hidden_columns.len());
            self.findings.push(
                Finding::new("C226", if one(&self.hidden_columns, u64::MAX) { "column" } else { "columns" }, Place::default())
                    .arg("sheet", self.sheet.as_str())
                    .arg("columns", spelled),
            );
        }
        if self.merges > 0 {
            let spelled = some_of(self.merged.iter(), self.merges);
            self.findings.push(Finding::new("C227", "", Place::default()).arg("sheet", self.sheet.as_str()).arg("regions", spelled));
        }
        if let Err(finding) = end {
            self.findings.push(*finding);
        }
    }
}

fn hide(ranges: &mut Vec<(u64, u64)>, first: u64, last: u64) {
    match ranges.last_mut() {
        Some(before) if first == before.1.saturating_add(1) => before.1 = last,
        _ => ranges.push((first, last)),
    }
}

fn range(first: u64, last: u64, name: impl Fn(u64) -> String) -> String {
    if last <= first { name(first) } else { format!("{}–{}", name(first), name(last)) }
}

/// The first of some names, and how many more there are.
pub(super) fn some_of<S: AsRef<str>>(names: impl Iterator<Item = S>, all: usize) -> String {
    let mut text = String::new();
    let mut spelled = 0;
    for name in names.take(SPELLED) {
        if spelled > 0 {
            text.push_str(", ");
        }
        text.push_str(name.as_ref());
        spelled += 1;
    }
    if all > spelled {
        text.push_str(&format!(" and {} more", all - spelled));
    }
    text
}

/// The letters of a column, counted from 0: `A`, `Z`, `AA`.
pub(super) fn column_name(column: u64) -> String {
    let mut letters = Vec::new();
    let mut rest = column.saturating_add(1);
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}
