//! Checks the whole records of one block.
//!
//! The work on clean records is a walk down each column ([`FastCheck::run_column`](super::fast::FastCheck::run_column)) over the boundaries
//! that the index found. Only cells that do not pass, and rows whose text is odd, are looked at by the full rules, which make the findings.
//!
//! An outcome depends on the block's bytes alone: its rows, lines and records count from the block's start, so blocks can be checked in any
//! order and merged in the file's.

use std::borrow::Cow;

use super::balance::Balances;
use super::bind::Binding;
use super::fast::Column;
use super::filled::{Cells, FirstLook};
use super::key_form::{Compared, KeyForm};
use super::keys::KeyHash;
use super::rows::Break;
use crate::decode::careful::Read;
use crate::decode::index::{Special, SpecialKind, Tile};
use crate::decode::{Cell, Encoding, QuoteFault, content};
use crate::finding::{Code, Finding, Findings, Place, Severity};
use crate::render::words::column_letter;

/// What one block gave.
#[derive(Debug)]
pub struct Outcome {
    /// Where the block's first byte was.
    pub from: usize,
    /// Where the first record behind the block starts.
    pub next: usize,
    /// Rows, empty ones too.
    pub rows: u64,
    /// Data records.
    pub records: u64,
    /// Line ends.
    pub lines: u64,
    /// What was found; places count from the block's start.
    pub findings: Findings,
    /// By key of the plan: each record's key, in order.
    pub keys: Vec<Vec<KeyCell>>,
    /// By reference of the plan: references that are not known to be good.
    pub references: Vec<Vec<KeyCell>>,
    /// By same-per rule of the plan: key and value of each record.
    pub same_per: Vec<Vec<(KeyCell, KeyHash)>>,
    /// By balance rule of the plan: the block's sums.
    pub balances: Vec<Balances>,
    /// The block ended inside a record that is too long.
    pub skipping: bool,
    /// Empty lines at the block's very end, not yet found fault with: at the end of the file they mean nothing.
    pub tail: EmptyLines,
}

/// Empty lines, one behind the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EmptyLines {
    /// Row of the first one, from 1.
    pub row: u64,
    /// Line of the first one, from 1.
    pub line: u64,
    /// How many.
    pub count: u64,
}

impl EmptyLines {
    /// One finding each.
    pub fn findings(self, file: u32) -> impl Iterator<Item = Finding> {
        (0..self.count).map(move |i| {
            Finding::new("C203", "", Place { file, row: self.row + i, line: self.line + i, byte_column: 1, ..Place::default() })
        })
    }
}

/// A key and where its record starts.
#[derive(Debug, Clone, Copy)]
pub struct KeyCell {
    /// The key.
    pub hash: KeyHash,
    /// Row in the block, from 0.
    pub row: u32,
    /// Data record in the block, from 0.
    pub record: u32,
    /// Offset of the record in the block's data.
    pub start: u32,
    /// The row has the wrong number of cells, or a cell of the key is no value of its type. Others may refer to it, since its key is most likely
    /// right or its fault is told already; but it is no repetition, since it may be wrong too.
    pub loose: bool,
}

/// A record's raw cells by column.
type Raw<'r, 'd> = dyn Fn(usize) -> Option<&'d [u8]> + 'r;

/// A key's hash, and whether one of its cells is no value of its type, so that its text was taken.
#[derive(Debug, Clone, Copy, Default)]
struct Hashed {
    hash: KeyHash,
    unread: bool,
}

impl Hashed {
    #[inline(always)]
    fn of(part: Compared<'_>) -> Hashed {
        let mut out = Hashed::default();
        out.add(part);
        out
    }

    #[inline(always)]
    fn add(&mut self, part: Compared<'_>) {
        self.unread |= part.is_err();
        self.hash = self.hash.part(&part.unwrap_or_else(|text| text));
    }
}

/// Memory that is used again for each block.
#[derive(Debug, Default)]
pub struct Scratch {
    tile: Tile,
    bad: Vec<(u32, u32)>,
    broken: Vec<(u32, usize, Break)>,
    /// By row: which of the cells that rules read are filled.
    filled: Vec<Cells>,
    blank: Vec<u32>,
    cells: Vec<Cell>,
    /// Cells of which it is told already why they hold no value: row in the block, from 1, and column, ascending. Nothing more is said of their values.
    pub(crate) told: Vec<(u64, u32)>,
}

/// How many bytes are indexed at once, so that they and their boundaries stay in the processor's cache.
const TILE: usize = 32 << 10;

/// Where the work stands within the block.
#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    rows: u64,
    records: u64,
    lines: u64,
}

/// Called with where a tile begins, its index, and the cells of its regular rows in which the check found fault: row and column, ascending.
pub(crate) type EachTile<'e> = dyn FnMut(usize, &Tile, &[(u32, u32)]) + 'e;

impl Binding {
    /// Checks the records of `data` that start in `from..until`. `last` says that nothing follows `data`; `skipping`, that the bytes up to the next
    /// line end belong to a record that was too long.
    pub fn check(&self, data: &[u8], from: usize, until: usize, last: bool, skipping: bool, scratch: &mut Scratch) -> Outcome {
        self.check_and(data, from, until, last, skipping, scratch, &mut |_, _, _| {})
    }

    /// The same, and calls `each` with every tile after its check: where it begins, its index, and the cells of its regular rows in which the check
    /// found fault, as row and column, ascending.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn check_and(
        &self,
        data: &[u8],
        from: usize,
        until: usize,
        last: bool,
        skipping: bool,
        scratch: &mut Scratch,
        each: &mut EachTile<'_>,
    ) -> Outcome {
        let mut out = Outcome {
            from,
            next: from,
            rows: 0,
            records: 0,
            lines: 0,
            findings: Findings::of_block(self.cap),
            keys: self.plan.keys.iter().map(|_| Vec::new()).collect(),
            references: self.plan.references.iter().map(|_| Vec::new()).collect(),
            same_per: self.plan.same_per.iter().map(|_| Vec::new()).collect(),
            balances: self.plan.balances.iter().map(|_| Balances::default()).collect(),
            skipping: false,
            tail: EmptyLines::default(),
        };
        if skipping {
            match memchr::memchr(self.dialect.newline(), &data[from..]) {
                Some(i) => {
                    out.next = from + i + 1;
                    out.lines = 1;
                }
                None => {
                    out.next = data.len();
                    out.skipping = true;
                    return out;
                }
            }
        }
        while out.next < until.min(data.len()) {
            let start = out.next;
            let mut tile = std::mem::take(&mut scratch.tile);
            tile.fill(data, start, (start + TILE).min(until), last, &self.dialect, self.columns.len());
            out.next = tile.next;
            if tile.next > start {
                self.check_tile(data, start, &tile, scratch, &mut out);
                out.skipping = tile.skipping(data, &self.dialect);
                each(start, &tile, &scratch.bad);
            }
            scratch.tile = tile;
            if out.next == start {
                break;
            }
        }
        out
    }

    fn check_tile(&self, data: &[u8], start: usize, tile: &Tile, scratch: &mut Scratch, out: &mut Outcome) {
        let rows = tile.regular();
        let plain = self.dialect.is_plain();
        let bad = &mut scratch.bad;
        bad.clear();
        for (c, field) in self.columns.iter().enumerate() {
            let Some(f) = *field else { continue };
            let fast = &self.plan.fast[f];
            // What fails only for its doubled quotation marks passes without them.
            let mut fails = |r: usize| {
                if !fast.passes(&content(raw_cell(data, tile, r, c), None, &self.dialect)) {
                    bad.push((r as u32, c as u32));
                }
            };
            if plain {
                fast.run_column(Column { data, boundaries: &tile.boundaries, stride: tile.stride, column: c }, fails);
            } else {
                (0..rows).for_each(&mut fails);
            }
        }
        scratch.blank.clear();
        for &r in &tile.odd {
            let mut all_blank = true;
            for c in 0..self.columns.len() {
                let raw = raw_cell(data, tile, r as usize, c);
                all_blank = all_blank && raw.trim_ascii().is_empty();
                if let Some(f) = self.columns[c]
                    && is_odd(raw)
                    && !self.fine_though_odd(f, &content(raw, None, &self.dialect))
                {
                    bad.push((r, c as u32));
                }
            }
            if all_blank {
                scratch.blank.push(r);
            }
        }
        if !bad.is_sorted() {
            bad.sort_unstable();
        }
        bad.dedup();
        if !scratch.blank.is_empty() {
            bad.retain(|(r, _)| scratch.blank.binary_search(r).is_err());
        }
        scratch.broken.clear();
        if self.rules.contains(&true) {
            self.look_at_rows(data, tile, plain, &mut scratch.filled);
            for (at, rule) in self.look.rules().enumerate() {
                self.look.unsettled(at, &scratch.filled, |r| {
                    if scratch.blank.binary_search(&(r as u32)).is_err() {
                        self.check_rule(rule, r as u32, |c| raw_cell(data, tile, r, c), &scratch.bad, &mut scratch.broken);
                    }
                });
            }
            if !scratch.broken.is_sorted_by_key(|b| b.0) {
                scratch.broken.sort_by_key(|b| b.0);
            }
        }
        let base = Progress { rows: out.rows, records: out.records, lines: out.lines };
        let all = rows + tile.specials.len();
        let at_end = |s: &&Special| s.before as usize == rows && s.kind == SpecialKind::Blank && is_empty_line(data, s);
        let tail = tile.specials.iter().rev().take_while(at_end).count();
        if tail < all {
            // Something follows the empty lines before it, so they were not the file's end.
            std::mem::take(&mut out.tail).findings(0).for_each(|f| out.findings.add(f));
        }
        if !(scratch.bad.is_empty() && scratch.broken.is_empty() && scratch.blank.is_empty() && tile.specials.len() == tail) {
            self.report_tile(data, start, tile, tail, base, scratch, out);
        }
        self.collect_keys(data, tile, base, scratch, out);
        let no_records =
            scratch.blank.len() + tile.specials.iter().filter(|s| matches!(s.kind, SpecialKind::Blank | SpecialKind::Comment)).count();
        out.rows += all as u64;
        out.records += (all - no_records) as u64;
        out.lines += tile.lines;
        if tail > 0 {
            if out.tail.count == 0 {
                // The last of them may be a carriage return that ends no line.
                let first = tile.specials[tile.specials.len() - tail].start as usize;
                let lines = memchr::memchr_iter(self.dialect.newline(), &data[first..tile.next]).count();
                out.tail.row = out.rows - tail as u64 + 1;
                out.tail.line = out.lines - lines as u64 + 1;
            }
            out.tail.count += tail as u64;
        }
    }

    /// Whether a text with letters beyond ASCII passes all the same, and needs no look by the full rules.
    fn fine_though_odd(&self, field: usize, text: &[u8]) -> bool {
        let text = if self.encoding == Encoding::Utf8 { std::str::from_utf8(text).ok() } else { None };
        text.is_some_and(|t| !super::hygiene::is_odd(t) && self.plan.fast[field].passes(t.as_bytes()))
    }

    /// Makes the findings of a tile, row by row.
    #[allow(clippy::too_many_arguments)]
    fn report_tile(&self, data: &[u8], start: usize, tile: &Tile, tail: usize, base: Progress, scratch: &mut Scratch, out: &mut Outcome) {
        let mut cells = std::mem::take(&mut scratch.cells);
        let mut lines = self.line_counter(data, start, base.lines);
        let mut interesting: Vec<u32> =
            scratch.bad.iter().map(|b| b.0).chain(scratch.broken.iter().map(|b| b.0)).chain(scratch.blank.iter().copied()).collect();
        interesting.sort_unstable();
        interesting.dedup();
        let mut specials = tile.specials[..tile.specials.len() - tail].iter().peekable();
        let (mut specials_done, mut no_records) = (0u64, 0u64);
        let (mut bad, mut broken) = (&scratch.bad[..], &scratch.broken[..]);
        let mut found: Vec<Finding> = Vec::new();
        let ends = interesting.iter().copied().map(Some).chain(std::iter::once(None));
        for row in ends {
            while let Some(special) = specials.next_if(|s| row.is_none_or(|r| s.before <= r)) {
                let at = u64::from(special.before) + specials_done;
                let place = Place {
                    row: base.rows + at + 1,
                    record: base.records + at - no_records + 1,
                    line: lines.before(special.start as usize) + 1,
                    ..Place::default()
                };
                self.report_special(data, special, place, &mut cells, &mut found);
                leave_told(&scratch.told, &mut found);
                found.drain(..).for_each(|f| out.findings.add(f));
                specials_done += 1;
                no_records += u64::from(matches!(special.kind, SpecialKind::Blank | SpecialKind::Comment));
            }
            let Some(r) = row else { break };
            let at = u64::from(r) + specials_done;
            let record_start = tile.boundaries[r as usize * tile.stride] as usize;
            let mut place = Place {
                row: base.rows + at + 1,
                record: base.records + at - no_records + 1,
                line: lines.before(record_start) + 1,
                ..Place::default()
            };
            if scratch.blank.binary_search(&r).is_ok() {
                place.record = 0;
                place.byte_column = 1;
                out.findings.add(Finding::new("C203", "", place));
                no_records += 1;
                continue;
            }
            let of_row = bad.iter().take_while(|b| b.0 == r).count();
            let columns = bad[..of_row].iter().map(|b| b.1 as usize);
            bad = &bad[of_row..];
            cells.clear();
            cells.extend((0..self.columns.len()).map(|c| {
                let i = r as usize * tile.stride + c;
                Cell { start: tile.boundaries[i] as usize, end: tile.boundaries[i + 1] as usize - 1, fault: None }
            }));
            self.judge(data, record_start, &cells, columns, &place, &mut found);
            let of_row = broken.iter().take_while(|b| b.0 == r).count();
            for (_, rule, how) in &broken[..of_row] {
                found.push(self.rule_finding(data, record_start, &cells, *rule, how, &place));
            }
            broken = &broken[of_row..];
            leave_told(&scratch.told, &mut found);
            found.sort_by_key(|f| f.place.column);
            found.drain(..).for_each(|f| out.findings.add(f));
        }
        scratch.cells = cells;
    }

    fn report_special(&self, data: &[u8], special: &Special, mut place: Place, cells: &mut Vec<Cell>, found: &mut Vec<Finding>) {
        let start = special.start as usize;
        match special.kind {
            SpecialKind::Comment => {}
            SpecialKind::Blank => {
                place.record = 0;
                place.byte_column = 1;
                found.push(Finding::new("C203", "", place));
            }
            SpecialKind::TooLong => {
                place.byte_column = 1;
                found.push(Finding::new("C216", "", place).arg("bound", crate::bounds::MAX_RECORD.to_string()));
            }
            SpecialKind::Irregular => {
                let Read::Record { .. } = special.read(data, &self.dialect, cells) else { return };
                self.judge_irregular(data, start, cells, &place, found);
            }
        }
    }

    /// A row with odd quoting or the wrong number of cells: that, and what is wrong in the cells that can still be trusted.
    fn judge_irregular(&self, data: &[u8], start: usize, cells: &[Cell], place: &Place, found: &mut Vec<Finding>) {
        let width = self.columns.len();
        let mut misread = false;
        for (c, cell) in cells.iter().enumerate() {
            let (code, kind) = match cell.fault {
                None => continue,
                Some(QuoteFault::Stray) => ("C204", ""),
                Some(QuoteFault::AfterClose) => ("C204", "after-close"),
                Some(QuoteFault::Unclosed) => ("C205", ""),
            };
            // A stray mark inside a cell does not move its neighbours; the others may.
            misread |= cell.fault != Some(QuoteFault::Stray);
            let text = self.encoding.text(&data[cell.start..cell.end]).0;
            found.push(Finding::new(code, kind, self.cell_place(data, start, cell.start, c, place)).value(&text));
        }
        let mut trusted = cells.len().min(width);
        if cells.len() != width && !misread {
            let (code, at, from) = if cells.len() < width {
                ("C201", cells.len(), cells.last().map_or(start, |c| c.end))
            } else {
                ("C202", width, cells[width].start)
            };
            let mut ragged = Finding::new(code, "", self.cell_place(data, start, from, at, place))
                .arg(
                    "cells",
                    if cells.len() > crate::bounds::MAX_COLUMNS {
                        format!("over {}", crate::bounds::MAX_COLUMNS)
                    } else {
                        cells.len().to_string()
                    },
                )
                .arg("columns", width.to_string());
            if let Some(extra) = cells.get(width) {
                ragged = ragged.value(&self.encoding.text(&content(&data[extra.start..extra.end], None, &self.dialect)).0);
            }
            found.push(ragged);
            // From the second cell in a row that does not fit, the cells stand under wrong headers: only those before can be trusted.
            let fits = |c: &usize| self.columns[*c].is_none_or(|f| self.plan.cells[f].accepts(&self.text(data, &cells[*c])));
            let misfits: Vec<usize> = (0..trusted).filter(|c| cells[*c].fault.is_none() && !fits(c)).collect();
            if let [first, _, ..] = misfits[..] {
                trusted = first;
            }
        } else if misread {
            trusted = cells.iter().position(|c| c.fault.is_some()).unwrap_or(trusted).min(trusted);
        }
        let columns = (0..trusted).filter(|&c| cells[c].fault.is_none() && self.columns[c].is_some());
        self.judge(data, start, cells, columns, place, found);
        found.sort_by_key(|f| f.place.column);
    }

    /// Asks the full rules about some cells of a record.
    fn judge(
        &self,
        data: &[u8],
        record: usize,
        cells: &[Cell],
        columns: impl Iterator<Item = usize>,
        place: &Place,
        found: &mut Vec<Finding>,
    ) {
        let first = found.len();
        for c in columns {
            let Some(f) = self.columns[c] else { continue };
            let cell = &cells[c];
            let raw = content(&data[cell.start..cell.end], cell.fault, &self.dialect);
            let (text, foreign) = self.encoding.text(&raw);
            let at = self.cell_place(data, record, cell.start, c, place);
            match self.plan.cells[f].check(&text, &self.evidence[f], at.clone()) {
                Some(finding) => found.push(finding),
                None if foreign => found.push(Finding::new("C101", "", at).value(&text)),
                None => {}
            }
        }
        if found.len() - first > 1 {
            self.join_swapped(data, cells, first, found);
        }
    }

    /// Two cells that are each wrong where they stand and right in the other's place are one fault.
    fn join_swapped(&self, data: &[u8], cells: &[Cell], first: usize, found: &mut Vec<Finding>) {
        const OF_VALUE: [&str; 8] = ["C302", "C303", "C304", "C305", "C306", "C310", "C311", "C313"];
        let movable = |f: &Finding| f.severity == Severity::Error && matches!(f.code, Code::Engine(code) if OF_VALUE.contains(&code));
        let mut i = first;
        while i < found.len() {
            let partner = movable(&found[i]).then(|| {
                let (a, text_a) = self.column_text(data, cells, &found[i])?;
                (i + 1..found.len()).filter(|&j| movable(&found[j])).find_map(|j| {
                    let (b, text_b) = self.column_text(data, cells, &found[j])?;
                    let fits = self.plan.cells[b].accepts(&text_a) && self.plan.cells[a].accepts(&text_b);
                    fits.then(|| (j, text_b.into_owned()))
                })
            });
            if let Some((j, other)) = partner.flatten() {
                let second = found.remove(j);
                let one = &mut found[i];
                let letter = column_letter(second.place.column.unwrap_or_default());
                let mut joined =
                    Finding::new("C314", "", one.place.clone()).arg("other_value", crate::finding::cut(&other)).arg("other", letter);
                joined.value = one.value.take();
                *one = joined;
            }
            i += 1;
        }
    }

    fn column_text<'d>(&self, data: &'d [u8], cells: &[Cell], finding: &Finding) -> Option<(usize, Cow<'d, str>)> {
        let c = finding.place.column? as usize;
        Some((self.columns[c]?, self.text(data, &cells[c])))
    }

    fn text<'d>(&self, data: &'d [u8], cell: &Cell) -> Cow<'d, str> {
        self.text_of(&data[cell.start..cell.end], cell.fault)
    }

    /// A cell's text from its bytes.
    fn text_of<'d>(&self, raw: &'d [u8], fault: Option<QuoteFault>) -> Cow<'d, str> {
        match content(raw, fault, &self.dialect) {
            Cow::Borrowed(raw) => self.encoding.text(raw).0,
            Cow::Owned(raw) => Cow::Owned(self.encoding.text(&raw).0.into_owned()),
        }
    }

    /// A counter of the line ends behind `from`, before which there are `lines`.
    pub(super) fn line_counter<'d>(&self, data: &'d [u8], from: usize, lines: u64) -> LineCounter<'d> {
        LineCounter { data, newline: self.dialect.newline(), at: from, lines }
    }

    /// The place of a cell, from that of its record.
    pub(super) fn cell_place(&self, data: &[u8], record: usize, cell: usize, column: usize, place: &Place) -> Place {
        let before = &data[record..cell];
        let newline = self.dialect.newline();
        let line_start = memchr::memrchr(newline, before).map_or(record, |i| record + i + 1);
        Place {
            line: place.line + memchr::memchr_iter(newline, before).count() as u64,
            byte_column: self.charset.stored_bytes(&data[line_start..cell]) + 1,
            column: Some(column as u32),
            field: self.headers.get(column).cloned(),
            ..place.clone()
        }
    }

    /// Says of the cells that rules read which are certainly filled and which are certainly empty.
    fn look_at_rows(&self, data: &[u8], tile: &Tile, plain: bool, filled: &mut Vec<Cells>) {
        filled.clear();
        filled.resize(tile.regular(), 0);
        for (at, &f) in self.look.fields().iter().enumerate() {
            let (is_filled, is_empty) = (FirstLook::bit(at, true), FirstLook::bit(at, false));
            let Some(c) = self.fields[f] else {
                filled.iter_mut().for_each(|cells| *cells |= is_empty);
                continue;
            };
            if !plain {
                continue;
            }
            // Other texts for "no value", and what stands between quotation marks, are left to the rules.
            let sure = self.plan.schema.missing_for(f).iter().all(String::is_empty);
            let column = Column { data, boundaries: &tile.boundaries, stride: tile.stride, column: c as usize };
            column.each(|row, raw| {
                filled[row] |= match raw.first() {
                    None => is_empty,
                    Some(b'"') => 0,
                    Some(_) if sure => is_filled,
                    Some(_) => 0,
                };
            });
        }
    }

    fn check_rule<'d>(
        &self,
        index: usize,
        row: u32,
        raw: impl Fn(usize) -> &'d [u8],
        bad: &[(u32, u32)],
        broken: &mut Vec<(u32, usize, Break)>,
    ) {
        let rule = &self.plan.rows[index];
        if let Some(how) = rule.broken(&self.plan.schema, &|f| self.field_text(f, &raw)) {
            // A rule that reads a cell with a fault of its own says nothing new.
            // What the shortcut did not pass is only a suspect: the full rules know whether it has a fault.
            let faulty = |f: &usize| {
                let suspect = self.fields[*f].filter(|c| bad.binary_search(&(row, *c)).is_ok());
                suspect.is_some_and(|c| !self.plan.cells[*f].accepts(&self.text_of(raw(c as usize), None)))
            };
            if !rule.fields.iter().any(faulty) {
                broken.push((row, index, how));
            }
        }
    }

    fn field_text<'d>(&self, field: usize, raw: &impl Fn(usize) -> &'d [u8]) -> Cow<'d, str> {
        let Some(c) = self.fields[field] else { return Cow::Borrowed("") };
        let text = self.text_of(raw(c as usize), None);
        if !text.is_empty() && self.plan.schema.missing_for(field).iter().any(|m| *m == text) { Cow::Borrowed("") } else { text }
    }

    fn rule_finding(&self, data: &[u8], record: usize, cells: &[Cell], rule: usize, how: &Break, place: &Place) -> Finding {
        let rule = &self.plan.rows[rule];
        let schema = &self.plan.schema;
        let (at, value) = match self.fields[how.field] {
            Some(c) => {
                (self.cell_place(data, record, cells[c as usize].start, c as usize, place), Some(self.text(data, &cells[c as usize])))
            }
            None => (Place { byte_column: 1, field: Some(schema.fields[how.field].name.as_str().into()), ..place.clone() }, None),
        };
        Finding {
            code: rule.code.clone(),
            kind: "",
            severity: rule.severity,
            place: at,
            value: value.filter(|v| !v.is_empty()).map(|v| crate::finding::cut(&v)),
            args: how.args.clone(),
            fixes: Vec::new(),
        }
    }

    /// The text under which a key's part is remembered; `None` when there is no value.
    fn key_part<'d>(&self, field: usize, raw: &'d [u8]) -> Option<Cow<'d, [u8]>> {
        let mut text = content(raw, None, &self.dialect);
        if self.plan.schema.missing_for(field).iter().any(|m| m.as_bytes() == &*text) {
            return None;
        }
        if self.encoding == Encoding::Windows1252 && !text.is_ascii() {
            text = Cow::Owned(self.encoding.text(&text).0.into_owned().into_bytes());
        }
        Some(text)
    }

    /// The hash of a record's values in some fields, each of the form that `form` gives for its place among them; `None` when one has no value or
    /// no column.
    fn key_of<'d>(&self, fields: &[usize], form: &dyn Fn(usize, Cow<'d, [u8]>) -> Compared<'d>, raw: &Raw<'_, 'd>) -> Option<Hashed> {
        let mut out = Hashed::default();
        for (i, &f) in fields.iter().enumerate() {
            out.add(form(i, self.key_part(f, raw(self.fields[f]? as usize)?)?));
        }
        Some(out)
    }

    /// The same for fields of this table's own.
    fn own_key_of<'d>(&self, fields: &[usize], raw: &Raw<'_, 'd>) -> Option<Hashed> {
        self.key_of(fields, &|i, text| self.plan.forms[fields[i]].of_text(text), raw)
    }

    /// As [`Binding::own_key_of`], but an empty cell or a column that is not there counts as a value; `None` when all are empty.
    fn key_with_empties<'d>(&self, fields: &[usize], raw: &Raw<'_, 'd>) -> Option<Hashed> {
        let (mut out, mut any) = (Hashed::default(), false);
        for &f in fields {
            let part = match self.fields[f] {
                Some(c) => self.key_part(f, raw(c as usize)?),
                None => None,
            };
            any |= part.is_some();
            out.add(part.map_or(Ok(Cow::Borrowed(&b""[..])), |text| self.plan.forms[f].of_text(text)));
        }
        any.then_some(out)
    }

    fn collect_keys(&self, data: &[u8], tile: &Tile, base: Progress, scratch: &mut Scratch, out: &mut Outcome) {
        let plan = &self.plan;
        if plan.keys.is_empty() && plan.references.is_empty() && plan.same_per.is_empty() && plan.balances.is_empty() {
            return;
        }
        let has_columns = |fields: &[usize]| fields.iter().all(|&f| self.fields[f].is_some());
        let regular = tile.specials.is_empty() && scratch.blank.is_empty() && self.dialect.is_plain() && self.encoding == Encoding::Utf8;
        for (key, cells) in plan.keys.iter().zip(&mut out.keys) {
            if let (true, &[field]) = (regular, &key.fields[..]) {
                self.collect_plain_key(data, tile, base, field, cells);
            } else if key.empties {
                self.each_record(data, tile, base, scratch, |raw, at| {
                    if let Some(key) = self.key_with_empties(&key.fields, raw) {
                        cells.push(KeyCell { hash: key.hash, loose: at.loose || key.unread, ..at });
                    }
                });
            } else if has_columns(&key.fields) {
                self.each_record(data, tile, base, scratch, |raw, at| {
                    if let Some(key) = self.own_key_of(&key.fields, raw) {
                        cells.push(KeyCell { hash: key.hash, loose: at.loose || key.unread, ..at });
                    }
                });
            }
        }
        for (i, (reference, cells)) in plan.references.iter().zip(&mut out.references).enumerate() {
            if has_columns(&reference.fields) {
                let target = self.known.get(i).and_then(Option::as_ref);
                self.each_record(data, tile, base, scratch, |raw, at| {
                    if let Some((field, is)) = &reference.when {
                        let part = self.fields[*field].and_then(|c| self.key_part(*field, raw(c as usize)?));
                        if !is.iter().any(|v| v.as_bytes() == part.as_deref().unwrap_or_default()) {
                            return;
                        }
                    }
                    if let Some(Hashed { hash, unread: false }) = self.key_of(&reference.fields, &|i, t| reference.forms[i].of_text(t), raw)
                        && !at.loose
                        && !target.is_some_and(|t| t.has(hash))
                    {
                        cells.push(KeyCell { hash, ..at });
                    }
                });
            }
        }
        for (rule, sums) in plan.balances.iter().zip(&mut out.balances) {
            if rule.can_run(&|f| self.fields[f].is_some()) {
                self.each_record(data, tile, base, scratch, |raw, at| {
                    if at.loose {
                        return sums.unsure();
                    }
                    let part = |f: usize| self.fields[f].and_then(|c| self.key_part(f, raw(c as usize)?));
                    sums.add(rule, &part);
                });
            }
        }
        for (rule, cells) in plan.same_per.iter().zip(&mut out.same_per) {
            if has_columns(&rule.key) && has_columns(&[rule.field]) {
                self.each_record(data, tile, base, scratch, |raw, at| {
                    if at.loose {
                        return;
                    }
                    let of = |fields: &[usize]| self.own_key_of(fields, raw).filter(|key| !key.unread).map(|key| key.hash);
                    if let (Some(hash), Some(value)) = (of(&rule.key), of(&[rule.field])) {
                        cells.push((KeyCell { hash, ..at }, value));
                    }
                });
            }
        }
    }

    /// A key of one field, where every row is regular: what [`Binding::each_record`] does, without its generality.
    fn collect_plain_key(&self, data: &[u8], tile: &Tile, base: Progress, field: usize, cells: &mut Vec<KeyCell>) {
        match &self.plan.forms[field] {
            KeyForm::Text => self.each_plain_key(data, tile, base, field, cells, |text| Hashed::of(Ok(text))),
            form => self.each_plain_key(data, tile, base, field, cells, |text| Hashed::of(form.of_text(text))),
        }
    }

    /// The loop is compiled for each way of hashing alone, so that texts pay nothing for values.
    #[inline(always)]
    fn each_plain_key<'d>(
        &self,
        data: &'d [u8],
        tile: &'d Tile,
        base: Progress,
        field: usize,
        cells: &mut Vec<KeyCell>,
        hashed: impl Fn(Cow<'d, [u8]>) -> Hashed,
    ) {
        let Some(c) = self.fields[field] else { return };
        let missing = self.plan.schema.missing_for(field);
        let column = Column { data, boundaries: &tile.boundaries, stride: tile.stride, column: c as usize };
        let only_empty = matches!(missing, [m] if m.is_empty());
        cells.reserve(tile.regular());
        column.each(|row, raw| {
            let text = match raw {
                [b'"', ..] => content(raw, None, &self.dialect),
                _ => Cow::Borrowed(raw),
            };
            let no_value = if only_empty { text.is_empty() } else { missing.iter().any(|m| m.as_bytes() == &*text) };
            if !no_value {
                let Hashed { hash, unread } = hashed(text);
                cells.push(KeyCell {
                    hash,
                    row: (base.rows as usize + row) as u32,
                    record: (base.records as usize + row) as u32,
                    start: tile.boundaries[row * tile.stride],
                    loose: unread,
                });
            }
        });
    }

    /// Calls `each` with a record's raw cells and where it is (the hash still empty), in order. Rows of the wrong length may have their cells under
    /// wrong headers, so they are marked loose; a cell with odd quoting is not given.
    #[inline(always)]
    fn each_record<'d>(
        &self,
        data: &'d [u8],
        tile: &Tile,
        base: Progress,
        scratch: &mut Scratch,
        mut each: impl FnMut(&dyn Fn(usize) -> Option<&'d [u8]>, KeyCell),
    ) {
        let mut specials = tile.specials.iter().peekable();
        let mut blank = scratch.blank.iter().copied().peekable();
        let mut at = KeyCell { hash: KeyHash::default(), row: base.rows as u32, record: base.records as u32, start: 0, loose: false };
        let rows = tile.regular();
        for r in 0..=rows {
            while let Some(special) = specials.next_if(|s| s.before as usize == r) {
                at.start = special.start;
                if special.kind == SpecialKind::Irregular {
                    let cells = &mut scratch.cells;
                    if let Read::Record { .. } = special.read(data, &self.dialect, cells) {
                        let sound = |c: &&Cell| c.fault.is_none();
                        at.loose = cells.len() != self.columns.len();
                        each(&|c| cells.get(c).filter(sound).map(|c| &data[c.start..c.end]), at);
                        at.loose = false;
                    }
                }
                at.row += 1;
                at.record += u32::from(!matches!(special.kind, SpecialKind::Blank | SpecialKind::Comment));
            }
            if r < rows {
                if blank.next_if_eq(&(r as u32)).is_none() {
                    at.start = tile.boundaries[r * tile.stride];
                    each(&|c| Some(raw_cell(data, tile, r, c)), at);
                    at.record += 1;
                }
                at.row += 1;
            }
        }
    }
}

#[inline(always)]
/// Leaves out what is found wrong about the values of cells of which it is told already why they hold none.
fn leave_told(told: &[(u64, u32)], found: &mut Vec<Finding>) {
    if told.is_empty() {
        return;
    }
    let of_value = |f: &Finding| f.code.text().starts_with("C3");
    let is_told = |f: &Finding| f.place.column.is_some_and(|column| told.binary_search(&(f.place.row, column)).is_ok());
    found.retain(|f| !(of_value(f) && is_told(f)));
}

fn raw_cell<'d>(data: &'d [u8], tile: &Tile, row: usize, column: usize) -> &'d [u8] {
    let i = row * tile.stride + column;
    &data[tile.boundaries[i] as usize..tile.boundaries[i + 1] as usize - 1]
}

/// Whether a cell's bytes need a look beyond its column's check: strange characters, or blanks around it, inside quotation marks or not.
fn is_odd(raw: &[u8]) -> bool {
    let inner = match raw {
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    };
    let blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t' | b'\n' | b'\r'));
    let ends = blank(inner.first()) || blank(inner.last()) || blank(raw.first()) || blank(raw.last());
    // First a sweep that the compiler makes wide, for any byte that is not plain; then, rarely, which one it is.
    let beyond = inner.iter().fold(false, |any, b| any | (b.wrapping_sub(0x20) >= 0x5f));
    ends || (beyond && inner.iter().any(|&b| b >= 0x7f || (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t'))))
}

fn is_empty_line(data: &[u8], special: &Special) -> bool {
    data[special.start as usize..special.next as usize].iter().all(|b| matches!(b, b'\n' | b'\r'))
}

/// Counts line ends up to places that are asked for in order.
pub(super) struct LineCounter<'d> {
    pub(super) data: &'d [u8],
    pub(super) newline: u8,
    pub(super) at: usize,
    pub(super) lines: u64,
}

impl LineCounter<'_> {
    pub(super) fn before(&mut self, place: usize) -> u64 {
        if place > self.at {
            self.lines += memchr::memchr_iter(self.newline, &self.data[self.at..place]).count() as u64;
            self.at = place;
        }
        self.lines
    }
}
