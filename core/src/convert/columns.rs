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
use crate::check::filled::{Cells as FilledCells, FirstLook};
use crate::check::keys::{KeyHash, KeyTable};
use crate::check::short::{sixteen, usual_day_in_order};
use crate::decode::content;
use crate::decode::index::Tile;
use crate::encode::buffer::Laying;
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
    /// Texts of the column at hand that lie in `made`: row and view.
    apart: Vec<(u32, View)>,
    /// By key, then row.
    hashes: Vec<Option<KeyHash>>,
    place: Place,
    scratch: MapScratch,
    /// Rows taken so far.
    pub(super) taken: u64,
}

/// A key of the target that is an unchanged copy of one of the source's. While all rows are taken, the two have met the same values, so only the source's
/// is remembered.
struct SharedKey {
    /// Index of the target's key.
    target: usize,
    /// Index of the source's key.
    source: usize,
    /// Values of the stretch at hand, which the source's key does not know yet.
    met: KeyTable,
}

impl SharedKey {
    #[inline(always)]
    fn has(&self, hash: KeyHash, known: &[KeyTable]) -> bool {
        self.met.has(hash) || known.get(self.source).is_some_and(|known| known.has(hash))
    }

    /// Remembers a value; `false` when it was met before.
    #[inline(always)]
    fn insert(&mut self, hash: KeyHash, number: u64, known: &[KeyTable]) -> bool {
        !known.get(self.source).is_some_and(|known| known.has(hash)) && self.met.insert(hash, number).is_none()
    }
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
    /// What stands before a row and behind it, filled up like the names, and how long it is.
    before: (Vec<u8>, usize),
    open: u8,
    after: (Vec<u8>, usize),
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
        let kept = (0..table.keys.len()).filter(|&i| table.keys[i].is_some()).collect();
        let look = FirstLook::new(&table.plan.rows, |i| table.rules[i]);
        let writing = plain.map(|plain: PlainRows| Writing {
            before: (filled_up(plain.before.to_vec()), plain.before.len()),
            open: plain.open,
            after: (filled_up(plain.after.to_vec()), plain.after.len()),
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
            apart: Vec::new(),
            hashes: Vec::new(),
            place: Place::default(),
            scratch: MapScratch::default(),
            taken: 0,
        })
    }

    /// Finds a key of the target that is an unchanged copy of one of the source's. Only for the one file of a conversion, and before its first row.
    pub(super) fn share_keys(&mut self, binding: &Binding, target: &mut TargetTables) {
        let Some(table) = target.table(self.row.table) else { return };
        let plan = &self.plans[self.plan];
        // The source's field that a field of the target is a copy of, where both have no value for the empty text only.
        let copied = |f: &usize| {
            let column = &self.columns[self.of_target[*f]?];
            let field = match column.how {
                How::Copy { field, .. } => field,
                How::Made { expr, column: Some((field, _)), idle: true, .. } if plan.short(expr).is_same() => field,
                _ => return None,
            };
            let plain = |missing: &[String]| matches!(missing, [m] if m.is_empty());
            let same = plain(binding.plan.schema.missing_for(field)) && plain(table.plan.schema.missing_for(*f));
            same.then_some(field)
        };
        self.shared = self.kept.iter().find_map(|&target| {
            let fields = self.keys[target].as_ref()?.iter().map(copied).collect::<Option<Vec<usize>>>()?;
            let source = binding.plan.keys.iter().position(|key| key.fields == fields && !key.empties)?;
            Some(SharedKey { target, source, met: KeyTable::default() })
        });
    }

    /// The source's keys now hold those of the rows so far.
    pub(super) fn next_stretch(&mut self) {
        if let Some(shared) = &mut self.shared {
            shared.met.clear();
        }
    }

    /// A row comes that is not taken: from now on the target's key is remembered by itself.
    pub(super) fn part_keys(&mut self, known: &[KeyTable], target: &mut TargetTables) {
        let Some(shared) = self.shared.take() else { return };
        if self.taken > 0
            && let Some(Some(kept)) = target.table(self.row.table).and_then(|table| table.keys.get_mut(shared.target))
        {
            *kept = known.get(shared.source).cloned().unwrap_or_default();
            kept.insert_all(&shared.met);
        }
    }

    /// Looks at all rows of a tile. `known` are the source's keys of the stretches before.
    pub(super) fn prepare(&mut self, data: &[u8], tile: &Tile, binding: &Binding, known: &[KeyTable], target: &mut TargetTables) {
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
        let (target, is_number) = (column.target, short.is_number());
        // All cells were checked as they were found.
        let mut settled = is_number;
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
                    if is_number {
                        // Its form is known, so it is checked at once.
                        if let Some((n, number)) = short.number_at(data, from as usize, raw.len()) {
                            self.views[k * rows + r] = [from, from + n as u32 + 1];
                            let bytes = sixteen(data, from as usize).unwrap_or_default();
                            if !table.plan.fast[target].passes_number(bytes, number) && !table.is_fine_bytes(target, &raw[..n], &self.none)
                            {
                                self.flags[r] |= SLOW;
                            }
                            continue;
                        }
                    } else if let Some(n) = short.kept(data, from as usize, raw.len(), &mut memory) {
                        self.views[k * rows + r] = [from, from + n as u32 + 1];
                        continue;
                    }
                }
                settled = false;
                self.one(k, r, (from, to), data, tile, binding, plan, table, &short, &mut memory, idle);
            }
        }
        column = &mut self.columns[k];
        column.memory = memory;
        // The texts that lie in the file are checked as a column; the others were when they were made.
        let certain = column.certain;
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
            if !table.is_fine_bytes(target, &data[bounds[0] as usize..bounds[1] as usize - 1], none) {
                flags[r] |= SLOW;
            }
        };
        if !(certain || settled) || !fast.passes(b"") {
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

    /// Rows that break a rule, or may, go the ordinary way.
    fn check_rules(&mut self, data: &[u8], tile: &Tile, table: &Table) {
        let schema = &table.plan.schema;
        let (mut flags, mut filled) = (std::mem::take(&mut self.flags), std::mem::take(&mut self.filled));
        filled.clear();
        filled.resize(self.rows, 0);
        for (at, &f) in self.look.fields().iter().enumerate() {
            let (is_filled, is_empty) = (FirstLook::bit(at, true), FirstLook::bit(at, false));
            let Some(k) = self.of_target[f] else {
                filled.iter_mut().for_each(|cells| *cells |= is_empty);
                continue;
            };
            // Of the texts for "no value" only the empty one is left: rows with others go the ordinary way.
            self.each_view(k, tile, |r, [from, to]| filled[r] |= if from + 1 == to { is_empty } else { is_filled });
        }
        for (at, rule) in self.look.rules().enumerate() {
            let rule = &table.plan.rows[rule];
            let days = rule.orders_days(schema).and_then(|(a, b, strict)| Some((self.of_target[a]?, self.of_target[b]?, strict)));
            self.look.unsettled(at, &filled, |r| {
                if let Some((first, then, strict)) = days
                    && let Some(first) = self.day(first, r, data, tile)
                    && let Some(then) = self.day(then, r, data, tile)
                    && (first < then || (first == then && !strict))
                {
                    return;
                }
                let text = |f: usize| match self.of_target[f] {
                    Some(k) => text_of(self.view(k, r, tile), data, &self.made),
                    None => b"",
                };
                if flags[r] & SLOW != 0 || rule.keeps(schema, text) {
                    return;
                }
                // Texts of rows that are certain are valid.
                if rule.broken(schema, &|f| String::from_utf8_lossy(text(f))).is_some() {
                    flags[r] |= SLOW;
                }
            });
        }
        (self.flags, self.filled) = (flags, filled);
    }

    /// A cell that is a day of every year, as a number by which days are in order.
    #[inline(always)]
    fn day(&self, k: usize, r: usize, data: &[u8], tile: &Tile) -> Option<u128> {
        let [from, to] = self.view(k, r, tile);
        if to - from != 11 {
            return None;
        }
        let bytes = if from & MADE == 0 { sixteen(data, from as usize) } else { sixteen(&self.made, (from & !MADE) as usize) };
        usual_day_in_order(bytes?)
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

    /// Hashes the rows' keys and has the processor fetch their places, so that they are at hand when the rows' turn comes.
    fn hash_keys(&mut self, data: &[u8], tile: &Tile, known: &[KeyTable], table: &Table) {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        for &key in &self.kept {
            let kept = match &self.shared {
                Some(shared) if shared.target == key => known.get(shared.source),
                _ => table.keys[key].as_ref(),
            };
            let first = hashes.len();
            hashes.extend(self.flags.iter().map(|flags| (flags & SLOW == 0).then(KeyHash::default)));
            let hashes = &mut hashes[first..];
            for &f in self.keys[key].iter().flatten() {
                // Other texts for "no value" have gone the ordinary way.
                let none = table.plan.cells[f].is_missing("");
                let mut add = |r: usize, text: &[u8]| {
                    hashes[r] = hashes[r].filter(|_| !(none && text.is_empty())).map(|hash| hash.part(text));
                };
                match self.of_target[f] {
                    Some(k) => self.each_view(k, tile, |r, view| add(r, text_of(view, data, &self.made))),
                    None => (0..self.rows).for_each(|r| add(r, b"")),
                }
            }
            if let Some(kept) = kept {
                hashes.iter().flatten().for_each(|hash| kept.ask(*hash));
            }
        }
        self.hashes = hashes;
    }

    /// Takes the rows from the first one on up to one that has to go the ordinary way. `number` is the first one's row in the file, and `known` are the
    /// source's keys of the stretches before.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn take(
        &mut self,
        data: &[u8],
        tile: &Tile,
        binding: &Binding,
        rows: Range<usize>,
        number: u64,
        file: u32,
        known: &[KeyTable],
        converter: &mut Converter,
        target: &mut TargetTables,
    ) -> usize {
        if self.flags.get(rows.start).is_none_or(|f| f & SLOW != 0) {
            return 0;
        }
        let Some(mut lane) = converter.lane(file, &binding.fields, target) else { return 0 };
        let Some(table) = target.table(self.row.table) else { return 0 };
        // Rows that no record feeds may have come first.
        if self.shared.as_ref().is_some_and(|s| table.keys[s.target].as_ref().is_none_or(|kept| !kept.is_empty())) {
            self.shared = None;
        }
        let first = rows.start;
        let mut end = first;
        while end < rows.end && self.flags[end] & SLOW == 0 && self.insert_keys(end, number + (end - first) as u64, known, table) {
            end += 1;
        }
        let taken = (end - first) as u64;
        self.add_amounts(first..end, data, tile, binding, &mut lane);
        let members = self.members(tile);
        let mut next = first;
        while next < end {
            // What stands before the first row may differ.
            let careful = |r: usize| self.flags[r] & CAREFUL != 0 || (r == first && lane.rows() == 0);
            let plain = self.writing.as_ref().map_or(0, |_| (next..end).take_while(|&r| !careful(r)).count());
            if let (Some(writing), 1..) = (&self.writing, plain) {
                let mut laying = lane.bytes.lay();
                (next..next + plain).for_each(|r| self.lay(writing, &members, r, data, &mut laying));
                lane.bytes.laid(laying);
                lane.writer.wrote(plain as u64);
                next += plain;
            } else {
                self.write(next, data, tile, &mut lane);
                next += 1;
            }
        }
        lane.count(taken);
        table.rows += taken;
        self.taken += taken;
        end - first
    }

    /// Remembers the row's keys. `false`, and nothing remembered, when one was met before.
    #[inline(always)]
    fn insert_keys(&mut self, r: usize, number: u64, known: &[KeyTable], table: &mut Table) -> bool {
        if let &[key] = &self.kept[..] {
            let Some(hash) = self.hashes[r] else { return true };
            return match (&mut self.shared, &mut table.keys[key]) {
                (Some(shared), _) => shared.insert(hash, number, known),
                (None, Some(keys)) => keys.insert(hash, number).is_none(),
                (None, None) => true,
            };
        }
        let hash_of = |i: usize, hashes: &[Option<KeyHash>]| hashes[i * self.rows + r];
        for (i, &key) in self.kept.iter().enumerate() {
            let Some(hash) = hash_of(i, &self.hashes) else { continue };
            let met = match &self.shared {
                Some(shared) if shared.target == key => shared.has(hash, known),
                _ => table.keys[key].as_ref().is_some_and(|keys| keys.has(hash)),
            };
            if met {
                return false;
            }
        }
        for (i, &key) in self.kept.iter().enumerate() {
            let Some(hash) = hash_of(i, &self.hashes) else { continue };
            match (&mut self.shared, &mut table.keys[key]) {
                (Some(shared), _) if shared.target == key => {
                    shared.insert(hash, number, known);
                }
                (_, Some(keys)) => {
                    keys.insert(hash, number);
                }
                _ => {}
            }
        }
        true
    }

    /// Counts what is lost in some rows and adds up what is summed.
    fn add_amounts(&self, rows: Range<usize>, data: &[u8], tile: &Tile, binding: &Binding, lane: &mut Lane<'_>) {
        for &(i, field) in &self.lost {
            let filled = |r: &usize| self.source_text(data, tile, binding, *r, field).is_some_and(|t| !t.is_empty());
            lane.lost[i] += rows.clone().filter(filled).count() as u64;
        }
        for (i, &(field, to)) in self.row.sums.iter().enumerate() {
            let (column, missing) = &self.source[field];
            for r in rows.clone() {
                let view = self.of_target[to].map_or([0, 1], |k| self.view(k, r, tile));
                let cell = text_of(view, data, &self.made);
                let Some(c) = column else {
                    lane.add(i, b"", cell);
                    continue;
                };
                if missing.is_empty() && self.flags[r] & QUOTED == 0 {
                    let [from, end] = tile.boundaries[r * tile.stride + c..][..2] else { continue };
                    // Mostly the amount is written as it stands.
                    if [from, end] != view || !lane.add_as_it_is(i, data, from as usize, cell.len()) {
                        lane.add(i, &data[from as usize..end as usize - 1], cell);
                    }
                } else {
                    let text = self.source_text(data, tile, binding, r, field).unwrap_or_default();
                    lane.add(i, text.as_bytes(), cell);
                }
            }
        }
    }

    /// Where the members' views are in the tile at hand: the first row's, and how far it is to the next one's.
    fn members<'t>(&'t self, tile: &'t Tile) -> Vec<(&'t [u32], usize)> {
        let of = |member: &Member| {
            let lie = self.lies[member.column];
            let bounds = if lie.direct { &tile.boundaries[..] } else { self.views.as_flattened() };
            (bounds.get(lie.first..).unwrap_or_default(), lie.step)
        };
        self.writing.iter().flat_map(|writing| &writing.members).map(of).collect()
    }

    /// Lays down a row of plain cells.
    #[inline(always)]
    fn lay(&self, writing: &Writing, members: &[(&[u32], usize)], r: usize, data: &[u8], row: &mut Laying) {
        row.put(&writing.before.0, 0, writing.before.1);
        let first = row.at();
        for (member, (bounds, step)) in writing.members.iter().zip(members) {
            let Some(&[start, end]) = bounds.get(r * step..).and_then(|b| b.first_chunk()) else { continue };
            let length = (end - start) as usize - 1;
            if length == 0 {
                continue;
            }
            row.put(&member.name, 0, member.length);
            let from = if start & MADE == 0 { data } else { &self.made };
            row.put(from, (start & !MADE) as usize, length);
            row.byte_if(b'"', member.text);
        }
        if row.at() == first {
            row.byte_if(writing.open, true);
        } else {
            row.set(first, writing.open);
        }
        row.put(&writing.after.0, 0, writing.after.1);
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
