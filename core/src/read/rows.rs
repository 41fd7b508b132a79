//! Rows of cells as text, many at a time, without an allocation per cell.

/// Where a row came from in the file that was handed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// The row number that the person sees: the row of a sheet, the line of a text, the record's number from 1 where there are no rows.
    pub row: u64,
    /// The physical line, from 1; 0 where the form has no lines.
    pub line: u64,
    /// The byte in that line at which the record starts, from 1; 0 where that is not known.
    pub byte_column: u64,
}

/// What the file says a cell is, beside its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Text, or a form that has nothing else.
    #[default]
    Text,
    /// A number; the text holds its digits with a full stop and without grouping, never in scientific notation.
    Number,
    /// A day, or a moment of one; the text is ISO 8601.
    Date,
    /// `true` or `false`.
    Boolean,
    /// An error of a spreadsheet, such as `#N/A`; the text is the error's sign.
    Error,
}

/// Rows in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    text: String,
    /// By cell: where its text ends, and what it is.
    cells: Vec<(u32, Kind)>,
    /// By row: where its cells end in `cells`, and where it came from.
    rows: Vec<(u32, Origin)>,
}

/// One of [`Rows`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    rows: &'r Rows,
    first: usize,
    end: usize,
    /// Where it came from.
    pub origin: Origin,
}

impl Rows {
    /// No rows.
    pub fn new() -> Rows {
        Rows::default()
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many bytes of text; a reader or step that holds a batch back keeps this small.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Forgets all rows, and keeps the space.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.rows.clear();
    }

    /// Adds a cell to the row that is being made.
    pub fn cell(&mut self, text: &str, kind: Kind) {
        self.text.push_str(text);
        self.cells.push((self.text.len() as u32, kind));
    }

    /// Adds a cell that `write` makes at the text's end.
    pub fn cell_with(&mut self, kind: Kind, write: impl FnOnce(&mut String)) {
        let before = self.text.len();
        write(&mut self.text);
        debug_assert!(self.text.len() >= before, "a cell is only ever added");
        self.cells.push((self.text.len() as u32, kind));
    }

    /// Ends the row that is being made.
    pub fn end_row(&mut self, origin: Origin) {
        self.rows.push((self.cells.len() as u32, origin));
    }

    /// Appends a row of another batch as it is.
    pub fn push(&mut self, row: Row<'_>) {
        for (text, kind) in row.cells() {
            self.cell(text, kind);
        }
        self.end_row(row.origin);
    }

    /// The row at an index.
    pub fn get(&self, index: usize) -> Option<Row<'_>> {
        let (end, origin) = *self.rows.get(index)?;
        let first = if index == 0 { 0 } else { self.rows[index - 1].0 };
        Some(Row { rows: self, first: first as usize, end: end as usize, origin })
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).filter_map(|i| self.get(i))
    }
}

impl<'r> Row<'r> {
    /// How many cells.
    pub fn len(&self) -> usize {
        self.end - self.first
    }

    /// Whether the row has no cell at all.
    pub fn is_empty(&self) -> bool {
        self.end == self.first
    }

    /// Whether every cell is empty or only blanks.
    pub fn is_blank(&self) -> bool {
        self.cells().all(|(text, _)| text.trim().is_empty())
    }

    /// The text of the cell at an index; empty behind the last one.
    pub fn text(&self, index: usize) -> &'r str {
        if index < self.len() { self.cell_at(self.first + index).0 } else { "" }
    }

    /// What the cell at an index is; text behind the last one.
    pub fn kind(&self, index: usize) -> Kind {
        if index < self.len() { self.cell_at(self.first + index).1 } else { Kind::Text }
    }

    /// All cells in order.
    pub fn cells(self) -> impl Iterator<Item = (&'r str, Kind)> {
        (self.first..self.end).map(move |i| self.cell_at(i))
    }

    /// The text of the first cells, one behind the other, and where each of them ends in it.
    pub(super) fn run(&self, cells: usize) -> (&'r str, impl Iterator<Item = usize> + use<'r>) {
        let end = self.first + cells.min(self.len());
        let ends = &self.rows.cells[self.first..end];
        let start = if self.first == 0 { 0 } else { self.rows.cells[self.first - 1].0 } as usize;
        let to = ends.last().map_or(start, |c| c.0 as usize);
        (&self.rows.text[start..to], ends.iter().map(move |c| c.0 as usize - start))
    }

    fn cell_at(&self, at: usize) -> (&'r str, Kind) {
        let (end, kind) = self.rows.cells[at];
        let start = if at == 0 { 0 } else { self.rows.cells[at - 1].0 };
        (&self.rows.text[start as usize..end as usize], kind)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_places_come_back_as_they_were_put_in() {
        let mut rows = Rows::new();
        rows.cell("Town", Kind::Text);
        rows.cell("Total", Kind::Text);
        rows.end_row(Origin { row: 3, ..Origin::default() });
        rows.end_row(Origin { row: 4, ..Origin::default() });
        rows.cell(" ", Kind::Text);
        rows.cell_with(Kind::Number, |out| out.push_str("12.50"));
        rows.cell("é", Kind::Text);
        rows.end_row(Origin { row: 5, line: 9, byte_column: 1 });
        assert_eq!(
            rows.iter().map(|r| (r.origin.row, r.len(), r.is_blank())).collect::<Vec<_>>(),
            [(3, 2, false), (4, 0, true), (5, 3, false)]
        );
        let last = rows.get(2).unwrap();
        assert_eq!((last.text(1), last.kind(1), last.text(2), last.text(3)), ("12.50", Kind::Number, "é", ""));
        let mut copy = Rows::new();
        rows.iter().for_each(|r| copy.push(r));
        assert_eq!(copy, rows);
        assert!(rows.get(3).is_none());
    }
}
