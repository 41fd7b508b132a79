//! The texts of the target's columns, tile by tile: what each cell becomes, and whether the target finds it fine.
//!
//! Most cells stay as they stand, or lose their end. A first look down the column says so without a jump that depends on a cell's text or length;
//! where all cells stay whole, the column is not even copied: its views are the tile's own boundaries. Only cells that the look leaves are
//! taken one by one.

use std::borrow::Cow;

use crate::check::bind::Binding;
use crate::check::fast::{Column as Cells, Covered, FastCheck};
use crate::check::short::{first, leads_plainly, sixteen, usual_day, whole_part};
use crate::decode::content;
use crate::decode::index::Tile;
use crate::encode::{PlainKind, is_plain_number};
use crate::map::column::Short;
use crate::map::{MapPlan, SourceRow};

use super::memo::Memo;
use super::{ByColumns, CAREFUL, How, Lie, MADE, SLOW, Table, needs_escape, text_of};

/// What a first look at a column can tell. Rows with quotation marks around the cell are never settled by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing.
    Nothing,
    /// All cells stay.
    Same,
    /// Days stay, and what is known to follow them goes.
    Day,
    /// Words of a table stay.
    Known,
    /// Numbers that the source finds fine stay, and are fine for the target too, some only without a sign.
    Number(Covered),
    /// Numbers that the source finds fine stay up to their point; so many digits are fine for the target.
    Whole(usize),
}

impl Look {
    /// The look at a column of the source with such a check, which becomes one of the target by such a shortcut.
    pub(super) fn new(short: &Short<'_>, source: &FastCheck, target: &FastCheck, delimiter: u8) -> Look {
        if short.is_same() {
            return Look::Same;
        }
        if short.is_day() {
            return Look::Day;
        }
        if short.known().is_some() {
            return Look::Known;
        }
        // The cell's end has to be told from a number by what stands there.
        let told = !matches!(delimiter, b'0'..=b'9' | b'-' | b'.');
        match short.plain_number().filter(|_| told) {
            Some(false) => source.covers(target).map_or(Look::Nothing, Look::Number),
            Some(true) if source.takes_numbers() && target.takes_numbers() => Look::Whole(target.safe_digits()),
            _ => Look::Nothing,
        }
    }
}

/// What a first look settled.
enum Settled {
    /// Nothing.
    None,
    /// The cells of all rows but the others stay as they stand.
    Whole,
    /// The views of all rows but the others are written.
    Views,
}

/// Calls `look` with each row and its cell: where it begins, and how many bytes it has.
#[inline(always)]
fn each(tile: &Tile, c: usize, mut look: impl FnMut(usize, usize, usize)) {
    for (r, ends) in tile.boundaries.chunks_exact(tile.stride).enumerate() {
        if let [from, to] = ends[c..c + 2] {
            look(r, from as usize, (to - from) as usize - 1);
        }
    }
}

impl ByColumns {
    /// The first look at column `k`, which comes from column `c` of the file. Rows that it does not settle are gathered in `others`.
    #[allow(clippy::too_many_arguments)]
    fn look_at(&mut self, k: usize, c: usize, short: &Short<'_>, data: &[u8], tile: &Tile, bad: &[(u32, u32)]) -> Settled {
        let ByColumns { columns, views, others, quoted, flags, rows, .. } = self;
        let column = &columns[k];
        let views = &mut views[k * *rows..(k + 1) * *rows];
        others.clear();
        let settled = match column.look {
            Look::Nothing => return Settled::None,
            Look::Same => Settled::Whole,
            Look::Known => {
                let Some(keeps) = short.keeps_known() else { return Settled::None };
                each(tile, c, |r, from, n| {
                    if !keeps(data, from, n) {
                        others.push(r as u32);
                    }
                });
                Settled::Whole
            }
            Look::Day => {
                // What stands behind the day in the last cell that was treated by itself.
                let Some((length, rest)) = Short::known_rest(&column.memory) else { return Settled::None };
                each(tile, c, |r, from, n| {
                    let bytes = sixteen(data, from).zip(sixteen(data, from + 10));
                    let fits = bytes.is_some_and(|(day, behind)| (n == 10 + length) & usual_day(day) & (first(behind, length) == rest));
                    views[r] = [from as u32, from as u32 + 1 + 10 * u32::from(fits)];
                    if !(fits | (n == 0)) {
                        others.push(r as u32);
                    }
                });
                Settled::Views
            }
            Look::Number(covered) => {
                let signs = covered == Covered::All;
                let start = |from: usize| data.get(from..).and_then(|d| d.first_chunk::<2>()).copied();
                if short.has_conditions() {
                    each(tile, c, |r, from, n| {
                        let stays = n == 0
                            || start(from).is_some_and(|start| {
                                let (unsigned, plain) = leads_plainly(start, n);
                                (unsigned | signs) & plain && short.meets_no_condition(&data[from..from + n])
                            });
                        if !stays {
                            others.push(r as u32);
                        }
                    });
                } else {
                    each(tile, c, |r, from, n| {
                        let stays = start(from).is_some_and(|start| {
                            let (unsigned, plain) = leads_plainly(start, n);
                            (unsigned | signs) & plain
                        });
                        if !stays {
                            others.push(r as u32);
                        }
                    });
                }
                Settled::Whole
            }
            Look::Whole(safe) => {
                if short.has_conditions() {
                    return Settled::None;
                }
                each(tile, c, |r, from, n| {
                    let Some(bytes) = sixteen(data, from).filter(|_| n <= 16) else {
                        others.push(r as u32);
                        return;
                    };
                    let (end, zeros) = whole_part(bytes, n);
                    let (unsigned, plain) = leads_plainly([bytes as u8, (bytes >> 8) as u8], end);
                    views[r] = [from as u32, from as u32 + end as u32 + 1];
                    if !(unsigned & plain & zeros & (end <= safe)) {
                        others.push(r as u32);
                    }
                });
                Settled::Views
            }
        };
        let before = others.len();
        // What the source found wrong, and what stands in quotation marks.
        if matches!(column.look, Look::Number(_) | Look::Whole(_)) {
            others.extend(bad.iter().filter(|b| b.1 as usize == c).map(|b| b.0));
        }
        let in_quotes = |r: &&u32| data.get(tile.boundaries[**r as usize * tile.stride + c] as usize) == Some(&b'"');
        others.extend(quoted.iter().filter(in_quotes));
        if others.len() > before {
            others.sort_unstable();
            others.dedup();
        }
        others.retain(|r| flags[*r as usize] & SLOW == 0);
        settled
    }

    /// Fills one column and checks it. `bad` are the cells that the source's own check found fault with: row and column of the file, ascending.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn fill(
        &mut self,
        k: usize,
        data: &[u8],
        tile: &Tile,
        bad: &[(u32, u32)],
        binding: &Binding,
        plan: &MapPlan,
        table: &Table,
    ) {
        let rows = self.rows;
        let at = k * rows..(k + 1) * rows;
        let column = &self.columns[k];
        let (short, field, c, idle) = match &column.how {
            How::Fixed(view) => {
                self.views[at].fill(*view);
                // A fixed text was found fine once for all; only the writer may have to write it.
                if column.kind != PlainKind::Text
                    || column.narrow
                    || !column.missing.is_empty()
                    || needs_escape(text_of(*view, data, &self.made))
                {
                    self.judge(k, data, tile);
                }
                return;
            }
            How::Copy { field, column } => (Short::SAME, *field, *column, true),
            How::Made { expr, column: Some((field, c)), idle, .. } => (plan.short(*expr), *field, *c, *idle),
            How::Made { column: None, .. } => {
                self.views[at].fill([0, 1]);
                self.apart.clear();
                for r in 0..rows {
                    if self.flags[r] & SLOW == 0 {
                        self.make(k, r, None, data, tile, binding, plan, table);
                    }
                }
                self.settle_apart(k);
                self.judge(k, data, tile);
                return;
            }
        };
        self.apart.clear();
        let looked = self.look_at(k, c, &short, data, tile, bad);
        let others = std::mem::take(&mut self.others);
        let settled = match looked {
            Settled::Whole if others.is_empty() => {
                // The texts are not touched at all.
                self.lies[k] = Lie { direct: true, first: c, step: tile.stride };
                true
            }
            Settled::Whole => {
                let views = &mut self.views[at.clone()];
                each(tile, c, |r, from, n| views[r] = [from as u32, (from + n) as u32 + 1]);
                self.cells(k, others.iter().map(|r| *r as usize), (field, c, idle), &short, data, tile, binding, plan, table)
            }
            Settled::Views => self.cells(k, others.iter().map(|r| *r as usize), (field, c, idle), &short, data, tile, binding, plan, table),
            Settled::None => self.cells(k, 0..rows, (field, c, idle), &short, data, tile, binding, plan, table),
        };
        self.others = others;
        let column = &self.columns[k];
        // The texts that lie in the file are checked as a column; the others were when they were made.
        let (certain, kind, target) = (column.certain, column.kind, column.target);
        let judged =
            kind == PlainKind::Other || (kind == PlainKind::Number && !short.is_number()) || column.narrow || !column.missing.is_empty();
        let fast = &table.plan.fast[target];
        let cells = if self.lies[k].direct {
            Cells { data, boundaries: &tile.boundaries, stride: tile.stride, column: c }
        } else {
            Cells { data, boundaries: self.views[at].as_flattened(), stride: 2, column: 0 }
        };
        let (flags, apart) = (&mut self.flags, &self.apart);
        let none = &self.none;
        let mut doubt = |r: usize| {
            if flags[r] & SLOW != 0 || apart.binary_search_by_key(&(r as u32), |a| a.0).is_ok() {
                return;
            }
            let bounds = &cells.boundaries[r * cells.stride + cells.column..][..2];
            if !table.is_fine_bytes(target, &data[bounds[0] as usize..bounds[1] as usize - 1], none) {
                flags[r] |= SLOW;
            }
        };
        // Numbers are checked as they are found.
        if !(certain || settled && short.is_number()) || !fast.passes(b"") {
            fast.run_column(cells, &mut doubt);
        }
        self.settle_apart(k);
        if judged {
            self.judge(k, data, tile);
        }
    }

    /// Takes some cells of a column one by one. Gives whether all of them are checked, if they are numbers.
    #[allow(clippy::too_many_arguments)]
    fn cells(
        &mut self,
        k: usize,
        some: impl Iterator<Item = usize>,
        (field, c, idle): (usize, usize, bool),
        short: &Short<'_>,
        data: &[u8],
        tile: &Tile,
        binding: &Binding,
        plan: &MapPlan,
        table: &Table,
    ) -> bool {
        let first = k * self.rows;
        let missing = !self.source[field].1.is_empty();
        let target = self.columns[k].target;
        let mut memory = std::mem::take(&mut self.columns[k].memory);
        let mut settled = true;
        for r in some {
            self.views[first + r] = [0, 1];
            if self.flags[r] & SLOW != 0 {
                continue;
            }
            let [from, to] = tile.boundaries[r * tile.stride + c..][..2] else { continue };
            let raw = &data[from as usize..to as usize - 1];
            if raw.first() != Some(&b'"') && !missing && idle {
                if raw.is_empty() {
                    continue;
                }
                if short.is_number() {
                    // Its form is known, so it is checked at once.
                    if let Some((n, number)) = short.number_at(data, from as usize, raw.len()) {
                        self.views[first + r] = [from, from + n as u32 + 1];
                        let bytes = sixteen(data, from as usize).unwrap_or_default();
                        if !table.plan.fast[target].passes_number(bytes, number) && !table.is_fine_bytes(target, &raw[..n], &self.none) {
                            self.flags[r] |= SLOW;
                        }
                        continue;
                    }
                } else if let Some(n) = short.kept(data, from as usize, raw.len(), &mut memory) {
                    self.views[first + r] = [from, from + n as u32 + 1];
                    continue;
                }
            }
            settled = false;
            self.one(k, r, (from, to), data, tile, binding, plan, table, short, &mut memory, idle);
        }
        self.columns[k].memory = memory;
        settled
    }

    /// Puts the texts that were made into the column.
    fn settle_apart(&mut self, k: usize) {
        for (r, view) in &self.apart {
            self.views[k * self.rows + *r as usize] = *view;
        }
    }

    /// Finds rows of a column that the writer has to write, or that hold a text for "no value".
    fn judge(&mut self, k: usize, data: &[u8], tile: &Tile) {
        let mut flags = std::mem::take(&mut self.flags);
        let column = &self.columns[k];
        for (r, flags) in flags.iter_mut().enumerate() {
            let text = text_of(self.view(k, r, tile), data, &self.made);
            if text.is_empty() {
                continue;
            }
            if column.missing.iter().any(|m| m.as_bytes() == text) || (column.narrow && !has_few_digits(text)) {
                *flags |= SLOW;
            }
            let plain = match column.kind {
                PlainKind::Text => !matches!(column.how, How::Fixed(_)) || !needs_escape(text),
                PlainKind::Number => is_plain_number(text),
                PlainKind::Other => false,
            };
            *flags |= if plain { 0 } else { CAREFUL };
        }
        self.flags = flags;
    }

    /// One cell that is not simply kept.
    #[inline(never)]
    #[allow(clippy::too_many_arguments)]
    fn one(
        &mut self,
        k: usize,
        r: usize,
        (from, to): (u32, u32),
        data: &[u8],
        tile: &Tile,
        binding: &Binding,
        plan: &MapPlan,
        table: &Table,
        short: &Short<'_>,
        memory: &mut Vec<u8>,
        idle: bool,
    ) {
        if self.flags[r] & SLOW != 0 {
            return;
        }
        let raw = &data[from as usize..to as usize - 1];
        let text = if raw.first() == Some(&b'"') { content(raw, None, &binding.dialect) } else { Cow::Borrowed(raw) };
        let (How::Copy { field, .. } | How::Made { column: Some((field, _)), .. }) = self.columns[k].how else { return };
        let missing = text.is_empty() || self.source[field].1.iter().any(|m| m.as_bytes() == &*text);
        if missing && idle {
            return;
        }
        let lines = text.iter().any(|b| *b < 0x20);
        if !missing && !lines {
            if let Some(n) = short.kept(&text, 0, text.len(), memory) {
                match text {
                    Cow::Borrowed(inner) => {
                        let start = from + u32::from(inner.len() < raw.len());
                        self.views[k * self.rows + r] = [start, start + n as u32 + 1];
                    }
                    Cow::Owned(text) => self.add(k, r, &text[..n], table),
                }
                return;
            }
            let start = self.made.len();
            if short.make(&text, &mut self.made) {
                self.added(k, r, start, table);
                return;
            }
        }
        // Lines within a text stand as they are in one that is copied.
        if !missing && short.is_same() {
            self.add(k, r, &text, table);
            return;
        }
        let text = if missing { Cow::Borrowed(&b""[..]) } else { text };
        self.make(k, r, Some(&text), data, tile, binding, plan, table);
    }

    /// Adds a text to those made, if the target finds it fine.
    fn add(&mut self, k: usize, r: usize, text: &[u8], table: &Table) {
        let start = self.made.len();
        self.made.extend_from_slice(text);
        self.added(k, r, start, table);
    }

    /// The text from `start` on was made.
    fn added(&mut self, k: usize, r: usize, start: usize, table: &Table) {
        if !table.is_fine_bytes(self.columns[k].target, &self.made[start..], &self.none) {
            self.flags[r] |= SLOW;
            self.made.truncate(start);
            return;
        }
        if needs_escape(&self.made[start..]) {
            self.flags[r] |= CAREFUL;
        }
        self.view_made(r, start);
    }

    fn view_made(&mut self, r: usize, start: usize) {
        if self.made.len() >= MADE as usize {
            self.flags[r] |= SLOW;
            return;
        }
        self.apart.push((r as u32, [start as u32 | MADE, (self.made.len() as u32 + 1) | MADE]));
    }

    /// Makes a cell by its steps. `own` is the text of the field it starts from.
    #[allow(clippy::too_many_arguments)]
    fn make(&mut self, k: usize, r: usize, own: Option<&[u8]>, data: &[u8], tile: &Tile, binding: &Binding, plan: &MapPlan, table: &Table) {
        let start = self.made.len();
        let hash = own.map(Memo::hash).unwrap_or_default();
        if let (Some(own), Some(memo)) = (own, &self.columns[k].memo)
            && let Some(known) = memo.find(hash, own)
        {
            self.made.extend_from_slice(&known.value);
            self.flags[r] |= if known.careful { CAREFUL } else { 0 };
            self.view_made(r, start);
            return;
        }
        let How::Made { expr, ref reads, .. } = self.columns[k].how else { return };
        let mut texts: Vec<(usize, Cow<'_, str>)> = Vec::with_capacity(reads.len());
        for &f in reads {
            match self.source_text(data, tile, binding, r, f) {
                Some(text) => texts.push((f, text)),
                None => {
                    self.flags[r] |= SLOW;
                    return;
                }
            }
        }
        let mut cells: Vec<&str> = vec![""; self.source.len()];
        texts.iter().for_each(|(f, text)| cells[*f] = text);
        let row = SourceRow { cells: &cells, place: &self.place, columns: &binding.fields };
        let Some(text) = plan.make_cell(expr, &row, &mut self.scratch) else {
            self.flags[r] |= SLOW;
            return;
        };
        self.made.extend_from_slice(text.as_bytes());
        self.added(k, r, start, table);
        if let (Some(own), 0) = (own, self.flags[r] & SLOW)
            && let Some(memo) = &mut self.columns[k].memo
        {
            let value = &self.made[start..];
            memo.keep(hash, own, value, needs_escape(value));
        }
    }
}

/// Whether a number is written with at most fifteen digits, nine of them behind the point: every typed column of numbers has room for it.
fn has_few_digits(text: &[u8]) -> bool {
    let behind = text.iter().position(|b| *b == b'.').map_or(0, |at| text.len() - at - 1);
    text.len() <= 15 && behind <= 9 && text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
}
