//! Records that are converted by columns: the quick way for rows in which there is nothing to tell.
//!
//! The ordinary way ([`Converter::push`](crate::map::Converter::push) and the checks of [`super::target`]) takes one record at a time and can say whatever there is to
//! say about it. Most records give no cause to say anything. Those are treated here, a tile of some hundred rows at once: for each target
//! column the texts that its steps make, the column's check, then rules and keys; what is left is to lay the row down as bytes.
//!
//! A row is taken only when it is certain that the ordinary way would find nothing in it and write the same bytes. Whatever is in doubt (a row with odd
//! characters, a value that a step cannot treat, a text that the target does not pass at once, a rule that breaks, a key that was met before)
//! makes the row go the ordinary way, in its turn. So findings are made in one place only, and a property test holds the two ways together.
//!
//! A plan qualifies when it makes one row of one table of each record, whatever its steps; the target's table must have no references and no
//! fields that depend on a key, because those look at other rows.

use std::borrow::Cow;
use std::sync::Arc;

use crate::check::Evidence;
use crate::check::bind::Binding;
use crate::check::filled::{Cells as FilledCells, FirstLook};
use crate::check::keys::{KeyHash, KeyTable};
use crate::decode::content;
use crate::decode::index::Tile;
use crate::encode::PlainKind;
use crate::finding::Place;
use crate::map::column::{From, RowPlan, Short};
use crate::map::{Converter, MapPlan, MapScratch};

use super::target::{Table, TargetTables};

mod fill;
mod keys;
mod lay;
mod memo;
mod rules;
mod take;
#[cfg(test)]
mod tests;

use fill::Look;
use keys::SharedKey;
use lay::Writing;
use memo::Memo;

/// The row has to go the ordinary way.
const SLOW: u8 = 1;
/// The row is certain, but the writer has to write it.
const CAREFUL: u8 = 2;
/// A quotation mark stands somewhere in the row.
const QUOTED: u8 = 4;

/// Marks a place in the texts made, rather than in the file's bytes. Blocks of data are smaller.
const MADE: u32 = 1 << 31;

/// Where a text is: its first byte and one more than its end, as boundaries in a tile are.
type View = [u32; 2];

/// One file's records by columns; see the module's words.
pub(super) struct ByColumns {
    plans: Arc<Vec<MapPlan>>,
    plan: usize,
    row: RowPlan,
    columns: Vec<Column>,
    /// By field of the target: its column here.
    of_target: Vec<Option<usize>>,
    /// By field of the source: its column in the file, and its texts for "no value" other than the empty one.
    source: Vec<(Option<usize>, Vec<String>)>,
    /// Keys of the target, by their fields, when they are kept.
    keys: Vec<Option<Vec<usize>>>,
    /// Rules that can run on what is written.
    look: FirstLook,
    /// By row: which of the cells that rules read are filled.
    filled: Vec<FilledCells>,
    /// Those of them that are kept.
    kept: Vec<usize>,
    /// How one of them is answered by the source's.
    shared: Option<SharedKey>,
    /// Lost fields that have a column: their place in the plan, and the field.
    lost: Vec<(usize, usize)>,
    writing: Option<Writing>,
    none: Evidence,
    /// By column, then row: the texts of the tile at hand.
    views: Vec<View>,
    /// By column.
    lies: Vec<Lie>,
    rows: usize,
    /// By row.
    flags: Vec<u8>,
    /// Rows with a quotation mark.
    quoted: Vec<u32>,
    /// Texts made: first the fixed ones, then those of the tile.
    made: Vec<u8>,
    fixed: usize,
    /// Rows of the column at hand that a first look did not settle.
    others: Vec<u32>,
    /// Texts of the column at hand that lie in `made`: row and view.
    apart: Vec<(u32, View)>,
    /// By key, then row.
    hashes: Vec<Option<KeyHash>>,
    place: Place,
    scratch: MapScratch,
    /// Rows taken so far.
    pub(super) taken: u64,
}

struct Column {
    /// The target's field.
    target: usize,
    how: How,
    /// The target's texts for "no value" other than the empty one.
    missing: Vec<String>,
    /// How the writer writes it.
    kind: PlainKind,
    /// The writer may have no room for a long number.
    narrow: bool,
    /// What a shortcut keeps needs no check of its own.
    certain: bool,
    /// What a first look can tell.
    look: Look,
    /// What the shortcut learnt.
    memory: Vec<u8>,
    /// What was made of texts, when it depends on nothing else.
    memo: Option<Memo>,
}

/// Where the views of a column lie in the tile at hand.
#[derive(Clone, Copy)]
struct Lie {
    /// All cells stand as they are, so their views are the tile's own boundaries.
    direct: bool,
    /// Place of the first row's view, and how far it is to the next one's.
    first: usize,
    step: usize,
}

enum How {
    /// The same text in every row, in `made`.
    Fixed(View),
    /// From the file's column.
    Copy { field: usize, column: usize },
    /// By steps.
    Made { expr: usize, column: Option<(usize, usize)>, reads: Vec<usize>, idle: bool },
}

/// Whether a JSON text needs more than its bytes.
fn needs_escape(text: &[u8]) -> bool {
    text.iter().any(|&b| b < 0x20 || b == b'"' || b == b'\\')
}

impl ByColumns {
    /// A file's records by columns; `None` when its plan or its target do not qualify.
    pub(super) fn new(binding: &Binding, converter: &Converter, plan: usize, target: &mut TargetTables) -> Option<ByColumns> {
        let plans = converter.plans();
        let row = plans.get(plan)?.by_columns()?;
        let table = target.table(row.table).filter(|t| t.is_simple())?;
        if !binding.dialect.is_plain() {
            return None;
        }
        let none = Evidence::default();
        let schema = &binding.plan.schema;
        let column_of = |f: usize| binding.fields.get(f).copied().flatten().map(|c| c as usize);
        let others = |texts: &[String]| texts.iter().filter(|m| !m.is_empty()).cloned().collect::<Vec<String>>();
        let source = (0..schema.fields.len()).map(|f| (column_of(f), others(schema.missing_for(f)))).collect();
        let mut made: Vec<u8> = Vec::new();
        let plain = converter.plain_rows(row.table);
        let kind_of = |f: usize| {
            let member = plain.as_ref().and_then(|p| p.members.iter().find(|m| m.field == f));
            member.map_or(PlainKind::Text, |m| m.kind)
        };
        let mut columns: Vec<Column> = Vec::new();
        let mut of_target = vec![None; table.plan.schema.fields.len()];
        for planned in &row.columns {
            let mut fixed = |text: &str| {
                let start = made.len() as u32;
                made.extend_from_slice(text.as_bytes());
                How::Fixed([start | MADE, (start + text.len() as u32 + 1) | MADE])
            };
            let how = match &planned.from {
                From::Fixed(text) if !table.is_fine(planned.target, text, &none) => return None,
                From::Fixed(text) => fixed(text),
                From::Copy(field) => match column_of(*field) {
                    Some(column) => How::Copy { field: *field, column },
                    None => fixed(""),
                },
                From::Made { expr, field, reads, idle } => match field.map(|f| (f, column_of(f))) {
                    Some((_, None)) if *idle => fixed(""),
                    Some((f, Some(column))) => How::Made { expr: *expr, column: Some((f, column)), reads: reads.clone(), idle: *idle },
                    _ => How::Made { expr: *expr, column: None, reads: reads.clone(), idle: false },
                },
            };
            // What is empty in every row needs no column: it reads as empty anyway.
            if matches!(how, How::Fixed([a, b]) if a + 1 == b) {
                continue;
            }
            let memo = match &how {
                How::Made { column: Some((field, _)), reads, .. } if *reads == [*field] => Some(Memo::default()),
                _ => None,
            };
            of_target[planned.target] = Some(columns.len());
            columns.push(Column {
                target: planned.target,
                how,
                missing: others(table.plan.schema.missing_for(planned.target)),
                kind: kind_of(planned.target),
                narrow: converter.is_narrow(row.table, planned.target),
                certain: false,
                look: Look::Nothing,
                memory: Vec::new(),
                memo,
            });
        }
        // A column that nothing fills is empty in every row.
        if table.written.iter().any(|&f| of_target[f].is_none() && !table.is_fine(f, "", &none)) {
            return None;
        }
        for column in &mut columns {
            let certain = match &column.how {
                How::Made { expr, .. } => {
                    let short = plans[plan].short(*expr);
                    short.is_day() && table.plan.fast[column.target].takes_days()
                        || short.known().is_some_and(|mut all| all.all(|text| table.is_fine(column.target, text, &none)))
                }
                _ => false,
            };
            column.certain = certain;
            let (field, short) = match &column.how {
                How::Copy { field, .. } => (*field, Short::SAME),
                How::Made { expr, column: Some((field, _)), idle: true, .. } => (*field, plans[plan].short(*expr)),
                _ => continue,
            };
            if schema.missing_for(field).iter().all(String::is_empty) {
                let (source, delimiter) = (&binding.plan.fast[field], binding.dialect.delimiter);
                column.look = Look::new(&short, source, &table.plan.fast[column.target], delimiter);
            }
        }
        let keys = table.plan.keys.iter().zip(&table.keys).map(|(key, kept)| kept.is_some().then(|| key.fields.clone())).collect();
        let kept = (0..table.keys.len()).filter(|&i| table.keys[i].is_some()).collect();
        let look = FirstLook::new(&table.plan.rows, |i| table.rules[i]);
        let writing = plain.map(|plain| Writing::new(plain, |f| of_target[f]));
        let fixed = made.len();
        let lost = row.lost.iter().copied().enumerate().filter(|(_, f)| column_of(*f).is_some()).collect();
        Some(ByColumns {
            plans,
            plan,
            row,
            columns,
            of_target,
            source,
            keys,
            kept,
            shared: None,
            look,
            filled: Vec::new(),
            lost,
            writing,
            none,
            views: Vec::new(),
            lies: Vec::new(),
            rows: 0,
            flags: Vec::new(),
            quoted: Vec::new(),
            made,
            fixed,
            others: Vec::new(),
            apart: Vec::new(),
            hashes: Vec::new(),
            place: Place::default(),
            scratch: MapScratch::default(),
            taken: 0,
        })
    }

    /// Looks at all rows of a tile. `bad` are the cells that the source's own check found fault with: row and column of the file, ascending. `known` are
    /// the source's keys of the stretches before.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn prepare(
        &mut self,
        data: &[u8],
        tile: &Tile,
        bad: &[(u32, u32)],
        binding: &Binding,
        known: &[KeyTable],
        target: &mut TargetTables,
    ) {
        let rows = tile.regular();
        self.rows = rows;
        self.flags.clear();
        let Some(table) = target.table(self.row.table).filter(|_| data.len() < MADE as usize && tile.odd.len() <= rows / 2 + 4) else {
            // Nothing would come of it.
            self.flags.resize(rows, SLOW);
            return;
        };
        self.flags.resize(rows, 0);
        tile.odd.iter().for_each(|&r| self.flags[r as usize] = SLOW);
        self.mark(data, tile, binding.dialect.delimiter);
        self.made.truncate(self.fixed);
        // Whoever fills a column writes all of its views.
        if self.views.len() < self.columns.len() * rows {
            self.views.resize(self.columns.len() * rows, [0, 1]);
        }
        self.lies.clear();
        self.lies.extend((0..self.columns.len()).map(|k| Lie { direct: false, first: 2 * k * rows, step: 2 }));
        let plans = Arc::clone(&self.plans);
        let plan = &plans[self.plan];
        self.skip(data, tile, binding, plan);
        for k in 0..self.columns.len() {
            self.fill(k, data, tile, bad, binding, plan, table);
        }
        // Texts may be laid down with what stands behind them.
        self.made.extend_from_slice(&[0; 32]);
        self.hash_keys(data, tile, known, table);
        self.check_rules(data, tile, table);
    }

    /// Marks rows by the few bytes that ordinary rows do not have.
    fn mark(&mut self, data: &[u8], tile: &Tile, delimiter: u8) {
        let (Some(&from), Some(&end)) = (tile.boundaries.first(), tile.boundaries.last()) else { return };
        let (from, end) = (from as usize, (end as usize - 1).min(data.len()));
        self.quoted.clear();
        let mut row = 0;
        for at in memchr::memchr3_iter(b'"', b'\\', b'\t', &data[from..end]) {
            let at = from + at;
            let byte = data[at];
            if byte == b'\t' && delimiter == b'\t' {
                continue;
            }
            // Bytes between regular rows belong to others.
            while row < self.rows && tile.boundaries[row * tile.stride + tile.stride - 1] as usize <= at + 1 {
                row += 1;
            }
            if row == self.rows {
                return;
            }
            if (tile.boundaries[row * tile.stride] as usize) <= at {
                if byte == b'"' && self.quoted.last() != Some(&(row as u32)) {
                    self.quoted.push(row as u32);
                }
                self.flags[row] |= match byte {
                    b'"' => QUOTED | CAREFUL,
                    b'\\' => CAREFUL,
                    _ => SLOW,
                };
            }
        }
    }

    /// Rows that a rule skips, which is told of, go the ordinary way.
    fn skip(&mut self, data: &[u8], tile: &Tile, binding: &Binding, plan: &MapPlan) {
        if self.row.skip_reads.is_empty() {
            return;
        }
        let mut cells: Vec<Cow<'_, str>> = vec![Cow::Borrowed(""); self.source.len()];
        for r in 0..self.rows {
            if self.flags[r] & SLOW == 0 {
                for &f in &self.row.skip_reads {
                    match self.source_text(data, tile, binding, r, f) {
                        Some(text) => cells[f] = text,
                        None => self.flags[r] |= SLOW,
                    }
                }
                let texts: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
                if plan.skips(&texts) {
                    self.flags[r] |= SLOW;
                }
            }
        }
    }

    /// A source field's text in a row; `None` when it is no text.
    fn source_text<'d>(&self, data: &'d [u8], tile: &Tile, binding: &Binding, row: usize, field: usize) -> Option<Cow<'d, str>> {
        let (column, missing) = &self.source[field];
        let Some(c) = column else { return Some(Cow::Borrowed("")) };
        let bounds = &tile.boundaries[row * tile.stride + c..][..2];
        let raw = &data[bounds[0] as usize..bounds[1] as usize - 1];
        let text = match content(raw, None, &binding.dialect) {
            Cow::Borrowed(raw) => Cow::Borrowed(std::str::from_utf8(raw).ok()?),
            Cow::Owned(raw) => Cow::Owned(String::from_utf8(raw).ok()?),
        };
        Some(if missing.iter().any(|m| *m == *text) { Cow::Borrowed("") } else { text })
    }

    /// Where a cell's text is.
    #[inline(always)]
    fn view(&self, k: usize, r: usize, tile: &Tile) -> View {
        self.view_at(self.lies[k], r, tile)
    }

    #[inline(always)]
    fn view_at(&self, lie: Lie, r: usize, tile: &Tile) -> View {
        let at = lie.first + r * lie.step;
        let bounds = if lie.direct { &tile.boundaries[..] } else { self.views.as_flattened() };
        match bounds.get(at..at + 2) {
            Some(&[from, to]) => [from, to],
            _ => [0, 1],
        }
    }

    /// Calls `look` with each row and where its cell's text is.
    #[inline(always)]
    fn each_view(&self, k: usize, tile: &Tile, mut look: impl FnMut(usize, View)) {
        let lie = self.lies[k];
        let (bounds, stride, c) = if lie.direct {
            (&tile.boundaries[..], lie.step, lie.first)
        } else {
            (self.views[k * self.rows..(k + 1) * self.rows].as_flattened(), 2, 0)
        };
        for (r, ends) in bounds.chunks_exact(stride).enumerate().take(self.rows) {
            if let [from, to] = ends[c..c + 2] {
                look(r, [from, to]);
            }
        }
    }
}

/// The bytes of a view.
#[inline(always)]
fn text_of<'t>([start, end]: View, data: &'t [u8], made: &'t [u8]) -> &'t [u8] {
    let length = (end - start) as usize - 1;
    if start & MADE == 0 { &data[start as usize..][..length] } else { &made[(start & !MADE) as usize..][..length] }
}
