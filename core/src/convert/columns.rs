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
use std::ops::Range;
use std::sync::Arc;

use crate::check::Evidence;
use crate::check::bind::Binding;
use crate::check::fast::Column as Cells;
use crate::check::keys::KeyHash;
use crate::decode::content;
use crate::decode::index::Tile;
use crate::encode::buffer::Buffer;
use crate::encode::{PlainKind, PlainRows, is_plain_number};
use crate::finding::Place;
use crate::map::column::{From, RowPlan, Short};
use crate::map::convert::Lane;
use crate::map::{Converter, MapPlan, MapScratch, SourceRow};

use super::target::{Table, TargetTables};

#[cfg(test)]
mod tests;

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
    rules: Vec<usize>,
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
    /// What a shortcut keeps needs no check of its own.
    certain: bool,
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

/// How rows are laid down.
struct Writing {
    before: &'static [u8],
    open: u8,
    after: &'static [u8],
    members: Vec<Member>,
}

struct Member {
    column: usize,
    /// The name, filled up so that it can be laid down in one piece.
    name: Vec<u8>,
    length: usize,
    /// The member is a text, so a mark stands behind it.
    text: bool,
}

/// What was made of short texts, found by a hash; a later text takes an earlier one's place.
#[derive(Default)]
struct Memo {
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    hash: u64,
    key: Vec<u8>,
    value: Vec<u8>,
    careful: bool,
}

/// Texts remembered for a column, a power of two, and the longest of them.
const ENTRIES: usize = 512;
const LONGEST: usize = 48;

impl Memo {
    fn hash(text: &[u8]) -> u64 {
        KeyHash::default().part(text).0
    }

    fn find(&self, hash: u64, text: &[u8]) -> Option<&Entry> {
        self.entries.get(hash as usize % ENTRIES).filter(|e| e.hash == hash && e.key == text)
    }

    fn keep(&mut self, hash: u64, text: &[u8], value: &[u8], careful: bool) {
        if text.len() > LONGEST || value.len() > LONGEST {
            return;
        }
        if self.entries.is_empty() {
            self.entries = vec![Entry { hash: 0, key: Vec::new(), value: Vec::new(), careful: false }; ENTRIES];
        }
        let entry = &mut self.entries[hash as usize % ENTRIES];
        entry.hash = hash;
        entry.key.clear();
        entry.key.extend_from_slice(text);
        entry.value.clear();
        entry.value.extend_from_slice(value);
        entry.careful = careful;
    }
}

/// Whether a JSON text needs more than its bytes.
fn needs_escape(text: &[u8]) -> bool {
    text.iter().any(|&b| b < 0x20 || b == b'"' || b == b'\\')
}

fn filled_up(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len() + 32, 0);
    bytes
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
                certain: false,
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
        }
        let keys = table.plan.keys.iter().zip(&table.keys).map(|(key, kept)| kept.is_some().then(|| key.fields.clone())).collect();
        let rules = (0..table.rules.len()).filter(|&i| table.rules[i]).collect();
        let writing = plain.map(|plain: PlainRows| Writing {
            before: plain.before,
            open: plain.open,
            after: plain.after,
            members: plain
                .members
                .into_iter()
                .filter_map(|m| {
                    Some(Member {
                        column: of_target[m.field]?,
                        length: m.name.len(),
                        name: filled_up(m.name),
                        text: m.kind == PlainKind::Text,
                    })
                })
                .collect(),
        });
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
            rules,
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
            apart: Vec::new(),
            hashes: Vec::new(),
            place: Place::default(),
            scratch: MapScratch::default(),
            taken: 0,
        })
    }

    /// Looks at all rows of a tile.
    pub(super) fn prepare(&mut self, data: &[u8], tile: &Tile, binding: &Binding, target: &mut TargetTables) {
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
        self.views.clear();
        self.views.resize(self.columns.len() * rows, [0, 1]);
        self.lies.clear();
        self.lies.extend((0..self.columns.len()).map(|k| Lie { direct: false, first: 2 * k * rows, step: 2 }));
        let plans = Arc::clone(&self.plans);
        let plan = &plans[self.plan];
        self.skip(data, tile, binding, plan);
        for k in 0..self.columns.len() {
            self.fill(k, data, tile, binding, plan, table);
        }
        // Texts may be laid down with what stands behind them.
        self.made.extend_from_slice(&[0; 32]);
        self.hash_keys(data, tile, table);
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

    /// Fills one column and checks it.
    fn fill(&mut self, k: usize, data: &[u8], tile: &Tile, binding: &Binding, plan: &MapPlan, table: &Table) {
        let rows = self.rows;
        let mut column = &mut self.columns[k];
        let (short, field, c, idle) = match &column.how {
            How::Fixed(view) => {
                self.views[k * rows..(k + 1) * rows].fill(*view);
                // A fixed text was found fine once for all; only the writer may have to write it.
                if column.kind != PlainKind::Text || !column.missing.is_empty() || needs_escape(text_of(*view, data, &self.made)) {
                    self.judge(k, data, tile);
                }
                return;
            }
            How::Copy { field, column } => (Short::SAME, *field, *column, true),
            How::Made { expr, column: Some((field, c)), idle, .. } => (plan.short(*expr), *field, *c, *idle),
            How::Made { column: None, .. } => {
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
        let missing = !self.source[field].1.is_empty();
        self.apart.clear();
        let mut memory = std::mem::take(&mut column.memory);
        let odd = SLOW | QUOTED;
        let stride = tile.stride;
        let quoted = |r: &u32| data.get(tile.boundaries[*r as usize * stride + c] as usize) == Some(&b'"');
        if short.is_same() && idle && !missing && !self.quoted.iter().any(quoted) {
            // The texts are not touched at all.
            self.lies[k] = Lie { direct: true, first: c, step: stride };
        } else if short.is_same() && idle && !missing {
            for (r, ends) in tile.boundaries.chunks_exact(stride).enumerate() {
                let [from, to] = ends[c..c + 2] else { continue };
                if self.flags[r] & odd == 0 {
                    self.views[k * rows + r] = [from, to];
                } else {
                    self.one(k, r, (from, to), data, tile, binding, plan, table, &short, &mut memory, idle);
                }
            }
        } else {
            for (r, ends) in tile.boundaries.chunks_exact(stride).enumerate() {
                let [from, to] = ends[c..c + 2] else { continue };
                let raw = &data[from as usize..to as usize - 1];
                if self.flags[r] & odd == 0 && !missing && idle {
                    if raw.is_empty() {
                        continue;
                    }
                    if let Some(n) = short.kept(data, from as usize, raw.len(), &mut memory) {
                        self.views[k * rows + r] = [from, from + n as u32 + 1];
                        continue;
                    }
                }
                self.one(k, r, (from, to), data, tile, binding, plan, table, &short, &mut memory, idle);
            }
        }
        column = &mut self.columns[k];
        column.memory = memory;
        // The texts that lie in the file are checked as a column; the others were when they were made.
        let (target, certain) = (column.target, column.certain);
        let fast = &table.plan.fast[target];
        let cells = if self.lies[k].direct {
            Cells { data, boundaries: &tile.boundaries, stride, column: c }
        } else {
            Cells { data, boundaries: self.views[k * rows..(k + 1) * rows].as_flattened(), stride: 2, column: 0 }
        };
        let (flags, apart) = (&mut self.flags, &self.apart);
        let none = &self.none;
        let mut doubt = |r: usize| {
            if flags[r] & SLOW != 0 || apart.binary_search_by_key(&(r as u32), |a| a.0).is_ok() {
                return;
            }
            let bounds = &cells.boundaries[r * cells.stride + cells.column..][..2];
            let text = std::str::from_utf8(&data[bounds[0] as usize..bounds[1] as usize - 1]);
            if !text.is_ok_and(|text| table.is_fine(target, text, none)) {
                flags[r] |= SLOW;
            }
        };
        if !certain || !fast.passes(b"") {
            fast.run_column(cells, &mut doubt);
        }
        self.settle_apart(k);
        let kind = self.columns[k].kind;
        if kind == PlainKind::Other || (kind == PlainKind::Number && !short.is_number()) || !self.columns[k].missing.is_empty() {
            self.judge(k, data, tile);
        }
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
            if column.missing.iter().any(|m| m.as_bytes() == text) {
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
        let text = std::str::from_utf8(&self.made[start..]);
        if !text.is_ok_and(|text| table.is_fine(self.columns[k].target, text, &self.none)) {
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

    /// Rows that break a rule, or may, go the ordinary way.
    fn check_rules(&mut self, data: &[u8], tile: &Tile, table: &Table) {
        let schema = &table.plan.schema;
        let mut flags = std::mem::take(&mut self.flags);
        for &rule in &self.rules {
            let rule = &table.plan.rows[rule];
            for (r, flags) in flags.iter_mut().enumerate() {
                let text = |f: usize| match self.of_target[f] {
                    Some(k) => text_of(self.view(k, r, tile), data, &self.made),
                    None => b"",
                };
                if *flags & SLOW != 0 || rule.keeps(schema, text) {
                    continue;
                }
                // Texts of rows that are certain are valid.
                if rule.broken(schema, &|f| String::from_utf8_lossy(text(f))).is_some() {
                    *flags |= SLOW;
                }
            }
        }
        self.flags = flags;
    }

    /// Hashes the rows' keys and has the processor fetch their places, so that they are at hand when the rows' turn comes.
    fn hash_keys(&mut self, data: &[u8], tile: &Tile, table: &Table) {
        self.hashes.clear();
        for (fields, kept) in self.keys.iter().zip(&table.keys) {
            let Some(fields) = fields else { continue };
            for r in 0..self.rows {
                let mut hash = (self.flags[r] & SLOW == 0).then(KeyHash::default);
                for &f in fields {
                    let text = self.of_target[f].map_or(&b""[..], |k| text_of(self.view(k, r, tile), data, &self.made));
                    // Other texts for "no value" have gone the ordinary way.
                    let none = text.is_empty() && table.plan.cells[f].is_missing("");
                    hash = hash.filter(|_| !none).map(|h| h.part(text));
                }
                if let (Some(hash), Some(kept)) = (hash, kept) {
                    kept.ask(hash);
                }
                self.hashes.push(hash);
            }
        }
    }

    /// Takes the rows from the first one on up to one that has to go the ordinary way. `number` is the first one's row in the file.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn take(
        &mut self,
        data: &[u8],
        tile: &Tile,
        binding: &Binding,
        rows: Range<usize>,
        number: u64,
        file: u32,
        converter: &mut Converter,
        target: &mut TargetTables,
    ) -> usize {
        if self.flags.get(rows.start).is_none_or(|f| f & SLOW != 0) {
            return 0;
        }
        let Some(mut lane) = converter.lane(file, &binding.fields, target) else { return 0 };
        let Some(table) = target.table(self.row.table) else { return 0 };
        let mut taken = 0;
        for r in rows {
            if self.flags[r] & SLOW != 0 || !self.insert_keys(r, number + taken as u64, table) {
                break;
            }
            self.add_amounts(r, data, tile, binding, &mut lane);
            let careful = self.flags[r] & CAREFUL != 0 || lane.rows() + taken as u64 == 0;
            match &self.writing {
                Some(writing) if !careful => {
                    self.lay(writing, r, data, tile, lane.bytes);
                    lane.writer.wrote(1);
                }
                _ => self.write(r, data, tile, &mut lane),
            }
            taken += 1;
        }
        lane.count(taken as u64);
        table.rows += taken as u64;
        self.taken += taken as u64;
        taken
    }

    /// Remembers the row's keys. `false`, and nothing remembered, when one was met before.
    fn insert_keys(&self, r: usize, number: u64, table: &mut Table) -> bool {
        let kept = || self.keys.iter().enumerate().filter(|(_, fields)| fields.is_some()).map(|(at, _)| at).enumerate();
        let several = kept().nth(1).is_some();
        if several {
            for (i, at) in kept() {
                if let (Some(hash), Some(keys)) = (self.hashes[i * self.rows + r], &table.keys[at])
                    && keys.has(hash)
                {
                    return false;
                }
            }
        }
        for (i, at) in kept() {
            let Some(keys) = &mut table.keys[at] else { continue };
            let of_key = &self.hashes[i * self.rows..(i + 1) * self.rows];
            if let Some(hash) = of_key[r]
                && keys.insert(hash, number).is_some()
                && !several
            {
                return false;
            }
        }
        true
    }

    /// Counts what is lost and adds up what is summed.
    fn add_amounts(&self, r: usize, data: &[u8], tile: &Tile, binding: &Binding, lane: &mut Lane<'_>) {
        for &(i, field) in &self.lost {
            let filled = self.source_text(data, tile, binding, r, field).is_some_and(|t| !t.is_empty());
            lane.lost[i] += u64::from(filled);
        }
        for (i, &(field, to)) in self.row.sums.iter().enumerate() {
            let cell = self.of_target[to].map_or(&b""[..], |k| text_of(self.view(k, r, tile), data, &self.made));
            let (column, missing) = &self.source[field];
            let Some(c) = column else {
                lane.add(i, b"", cell);
                continue;
            };
            if missing.is_empty() && self.flags[r] & QUOTED == 0 {
                let [from, end] = tile.boundaries[r * tile.stride + c..][..2] else { continue };
                lane.add(i, &data[from as usize..end as usize - 1], cell);
            } else {
                let text = self.source_text(data, tile, binding, r, field).unwrap_or_default();
                lane.add(i, text.as_bytes(), cell);
            }
        }
    }

    /// Lays down a row of plain cells.
    #[inline(always)]
    fn lay(&self, writing: &Writing, r: usize, data: &[u8], tile: &Tile, out: &mut Buffer) {
        let mut row = out.lay();
        row.put(writing.before, 0, writing.before.len());
        let first = row.at();
        for member in &writing.members {
            let [start, end] = self.view(member.column, r, tile);
            let length = (end - start) as usize - 1;
            if length == 0 {
                continue;
            }
            row.put(&member.name, 0, member.length);
            if start & MADE == 0 {
                row.put(data, start as usize, length);
            } else {
                row.put(&self.made, (start & !MADE) as usize, length);
            }
            if member.text {
                row.byte(b'"');
            }
        }
        if row.at() == first {
            row.byte(writing.open);
        } else {
            row.set(first, writing.open);
        }
        row.put(writing.after, 0, writing.after.len());
        row.done();
    }

    /// Has the writer write a row.
    fn write(&self, r: usize, data: &[u8], tile: &Tile, lane: &mut Lane<'_>) {
        let mut cells: Vec<&str> = vec![""; self.of_target.len()];
        for (k, column) in self.columns.iter().enumerate() {
            // Texts of rows that are certain are valid: plain ASCII from the file, or made as texts.
            cells[column.target] = std::str::from_utf8(text_of(self.view(k, r, tile), data, &self.made)).unwrap_or_default();
        }
        let writer = &mut *lane.writer;
        lane.bytes.append(|out| writer.row(&cells, out));
    }
}

/// The bytes of a view.
#[inline(always)]
fn text_of<'t>([start, end]: View, data: &'t [u8], made: &'t [u8]) -> &'t [u8] {
    let length = (end - start) as usize - 1;
    if start & MADE == 0 { &data[start as usize..][..length] } else { &made[(start & !MADE) as usize..][..length] }
}
