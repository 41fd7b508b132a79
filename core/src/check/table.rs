//! One file against one table: blocks' outcomes merged in the file's order, keys, and what only the whole file can say.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::balance::Balances;
use super::bind::Binding;
use super::block::{EmptyLines, KeyCell, LineCounter, Outcome};
use super::keys::{KeyHash, KeyTable};
use super::seams::Counted;
use crate::decode::careful::{self, Read};
use crate::decode::{Cell, Head, content};
use crate::finding::collect::Shift;
use crate::finding::{Code, Finding, Findings, Place, Severity};
use crate::read::Places;
use crate::read::transcript::ERROR_VALUE;

/// A file on its way through the checks.
#[derive(Debug)]
pub struct TableCheck {
    /// The file's columns as fields.
    pub binding: Arc<Binding>,
    file: u32,
    at: Shift,
    tail: EmptyLines,
    keys: Vec<KeyTable>,
    same_per: Vec<HashMap<KeyHash, (KeyHash, u64)>>,
    balances: Vec<Balances>,
    /// References whose values were not known when they were met, with the finding if they stay unknown.
    pending: Vec<Pending>,
    records: u64,
    /// Size of the file in bytes, and whether that is certain, until the first block.
    expected: Option<(u64, bool)>,
    /// The names of the table's files, when they are several, and the report's index of the second one.
    parts: (Vec<String>, u32),
    /// The records of the files before the one that is being read.
    by_part: Vec<u64>,
    counted: Counted,
}

/// A reference whose value is not known yet.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Index of the reference in the plan.
    pub reference: usize,
    /// What is looked for.
    pub hash: KeyHash,
    /// What is found if it stays unknown.
    pub finding: Finding,
    /// Whether its row counts as faulty already.
    pub counted: bool,
}

/// What a file leaves behind.
#[derive(Debug)]
pub struct TableDone {
    /// By key of the plan: the values met.
    pub keys: Vec<Arc<KeyTable>>,
    /// Data records.
    pub records: u64,
    /// By file, when the table lies in several: the data records in it.
    pub by_part: Vec<u64>,
    /// References that are still unknown.
    pub pending: Vec<Pending>,
    /// The binding.
    pub binding: Arc<Binding>,
}

impl TableCheck {
    /// Starts behind the header.
    pub fn new(binding: Arc<Binding>, file: u32, head: &Head) -> TableCheck {
        let plan = &binding.plan;
        TableCheck {
            file,
            at: Shift { file, rows: head.rows_before, lines: head.lines_before, records: 0 },
            tail: EmptyLines::default(),
            keys: plan.keys.iter().map(|_| KeyTable::default()).collect(),
            same_per: plan.same_per.iter().map(|_| HashMap::new()).collect(),
            balances: plan.balances.iter().map(|_| Balances::default()).collect(),
            pending: Vec::new(),
            records: 0,
            expected: None,
            binding,
            parts: Default::default(),
            by_part: Vec::new(),
            counted: Counted::default(),
        }
    }

    /// Says that the table lies in several files, of these names; the second of them has that index in the report, and the others follow.
    pub fn of_several(&mut self, names: &[String], second: u32) {
        self.counted.begin(names.first().map_or("", String::as_str), &self.at);
        self.parts = (names.to_vec(), second);
    }

    /// Goes on to another of the table's files; `above` are the rows and lines of it above what is checked. Gives where it begins.
    pub fn cross(&mut self, part: usize, above: u64) -> Shift {
        let name = self.parts.0.get(part).map_or("", String::as_str);
        self.counted.begin(name, &self.at);
        self.by_part.push(self.at.records);
        // Empty lines at a file's end mean nothing.
        self.tail = EmptyLines::default();
        let later = u32::try_from(part).unwrap_or(u32::MAX).saturating_sub(1);
        self.at = Shift { file: self.parts.1.saturating_add(later), rows: above, lines: above, records: 0 };
        self.at
    }

    /// Gives findings of which only the line and the byte there are known the row and the cell in which they are, as far as they are among the records
    /// of an outcome that is merged next; those are taken out of `found`. They are about bytes that became U+FFFD, so a cell without it is none of
    /// them: then the finding stays where it is.
    pub(crate) fn place_by_line(&self, outcome: &Outcome, data: &[u8], found: &mut Vec<Finding>) -> Vec<Finding> {
        let within = |f: &Finding| f.place.line > self.at.lines && f.place.line <= self.at.lines + outcome.lines;
        let (mut placed, mut cells) = (Vec::new(), Vec::new());
        if !found.iter().any(within) {
            return placed;
        }
        let dialect = &self.binding.dialect;
        let mut at = outcome.from;
        let mut place =
            Place { file: self.at.file, row: self.at.rows, record: self.at.records, line: self.at.lines + 1, ..Place::default() };
        while at < outcome.next {
            let Read::Record { next } = careful::read(data, at, true, dialect, &mut cells) else { break };
            place.row += 1;
            place.record += u64::from(cells.iter().any(|c| !data[c.start..c.end].trim_ascii().is_empty()));
            let lines = memchr::memchr_iter(dialect.newline(), &data[at..next]).count().max(1) as u64;
            found.retain_mut(|finding| {
                let of = (finding.place.line, finding.place.byte_column);
                if !(place.line..place.line + lines).contains(&of.0) {
                    return true;
                }
                let mut starts = cells.iter().enumerate().map(|(c, cell)| (cell, self.binding.cell_place(data, at, cell.start, c, &place)));
                let Some((cell, start)) = starts.rfind(|(_, p)| (p.line, p.byte_column) <= of) else { return true };
                if memchr::memmem::find(&data[cell.start..cell.end], "\u{fffd}".as_bytes()).is_none() {
                    return true;
                }
                finding.place = Place { line: of.0, byte_column: of.1, ..start };
                placed.push(finding.clone());
                false
            });
            place.line += lines;
            at = next;
        }
        placed
    }

    /// Data records so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// By key of the plan: the values met so far, which are those of the blocks that were merged.
    pub(crate) fn keys_mut(&mut self) -> &mut Vec<KeyTable> {
        &mut self.keys
    }

    /// Says how large the file is, before the first block is merged: the keys' memory is then made at once.
    pub fn expect(&mut self, bytes: u64) {
        self.expected = Some((bytes, true));
    }

    /// Says how large the file is to be, as somebody else told: the keys' memory is then made for so many at the most, but only as they come.
    pub fn expect_as_told(&mut self, bytes: u64) {
        self.expected = Some((bytes, false));
    }

    /// Takes over the outcome of the next block. `data` are the bytes it was made from.
    pub fn merge(&mut self, outcome: Outcome, data: &[u8], findings: &mut Findings) {
        self.merge_placed(outcome, data, None, Vec::new(), findings);
    }

    /// The same for a stretch of a transcript. The places of the outcome's findings are the original file's already ([`Places::relocate`]); `found` is what
    /// was found besides, ascending by row.
    pub fn merge_placed(
        &mut self,
        outcome: Outcome,
        data: &[u8],
        places: Option<Places<'_>>,
        found: Vec<Finding>,
        findings: &mut Findings,
    ) {
        let shift = self.at;
        if outcome.rows > outcome.tail.count {
            std::mem::take(&mut self.tail).findings(self.at.file).for_each(|f| findings.add(f));
        }
        if let Some((bytes, certain)) = self.expected.take() {
            let read = (outcome.next - outcome.from).max(1) as u64;
            let records = bytes / read.div_ceil(outcome.records.max(1)).max(1);
            for (table, cells) in self.keys.iter_mut().zip(&outcome.keys) {
                let keys = usize::try_from(records + records / 32).unwrap_or(usize::MAX);
                match certain {
                    _ if cells.is_empty() => {}
                    true => table.reserve(keys),
                    false => table.expect(keys),
                }
            }
        }
        // A value that is none refers to nothing and repeats nothing.
        let errors: BTreeSet<(u64, Option<u32>)> =
            found.iter().filter(|f| f.code.text() == ERROR_VALUE).map(|f| (f.place.row, f.place.column)).collect();
        let mut late: Vec<Finding> = Vec::new();
        let pending = self.pending.len();
        let block = Block { data, from: outcome.from, shift, places };
        for (i, cells) in outcome.keys.iter().enumerate() {
            self.merge_keys(i, cells, block, findings, &mut late);
        }
        for (i, cells) in outcome.same_per.iter().enumerate() {
            self.merge_same_per(i, cells, block, &mut late);
        }
        for (sums, more) in self.balances.iter_mut().zip(outcome.balances) {
            sums.merge(more);
        }
        for (i, cells) in outcome.references.iter().enumerate() {
            self.merge_references(i, cells, block, &mut late);
        }
        if !errors.is_empty() {
            let is_told = |f: &Finding| errors.contains(&(f.place.row, f.place.column));
            late.retain(|f| !is_told(f));
            let mut at = 0;
            self.pending.retain(|p| {
                at += 1;
                at <= pending || !is_told(&p.finding)
            });
        }
        let mut found = found;
        found.append(&mut late);
        let mut late = found;
        late.sort_by_key(|f| (f.place.row, f.place.column));
        let of_findings = if places.is_some() { Shift { file: self.at.file, ..Shift::default() } } else { shift };
        let faulty = findings.absorb(outcome.findings, of_findings, late);
        for new in &mut self.pending[pending..] {
            new.counted = faulty.binary_search(&new.finding.place.row).is_ok();
        }
        if outcome.tail.count > 0 {
            if self.tail.count == 0 {
                self.tail = EmptyLines { row: outcome.tail.row + shift.rows, line: outcome.tail.line + shift.lines, count: 0 };
            }
            self.tail.count += outcome.tail.count;
        }
        self.at.rows += outcome.rows;
        self.at.lines += outcome.lines;
        self.at.records += outcome.records;
        self.records += outcome.records;
    }

    fn merge_keys(&mut self, index: usize, cells: &[KeyCell], block: Block<'_>, findings: &Findings, late: &mut Vec<Finding>) {
        let binding = self.binding.clone();
        let key = &binding.plan.keys[index];
        let fields: Vec<usize> = key.fields.iter().copied().filter(|&f| binding.fields[f].is_some()).collect();
        let column = fields.first().and_then(|&f| block.column(binding.fields[f]?));
        let before = self.counted.before();
        let table = &mut self.keys[index];
        let mut lines = binding.line_counter(block.data, block.from, block.shift.lines);
        for (i, cell) in cells.iter().enumerate() {
            if let Some(ahead) = cells.get(i + 16) {
                table.ask(ahead.hash);
            }
            if cell.loose {
                table.allow(cell.hash);
                continue;
            }
            let first = table.insert(cell.hash, before + block.row(cell));
            if let (Some(first), Some((code, severity))) = (first, &key.repeated) {
                if findings.only_counts(code, key_kind(&fields), *severity, self.at.file, column) {
                    late.push(counted_only(cell, &fields, column, code, *severity, block));
                    continue;
                }
                let finding = key_finding(&binding, cell, &fields, code, *severity, block, &mut lines);
                late.push(finding.arg("first_row", self.counted.shown(first)));
            }
        }
    }

    fn merge_same_per(&mut self, index: usize, cells: &[(KeyCell, KeyHash)], block: Block<'_>, late: &mut Vec<Finding>) {
        let binding = self.binding.clone();
        let rule = &binding.plan.same_per[index];
        let mut lines = binding.line_counter(block.data, block.from, block.shift.lines);
        for (cell, value) in cells {
            let row = self.counted.before() + block.row(cell);
            let (known, first) = *self.same_per[index].entry(cell.hash).or_insert((*value, row));
            if known != *value {
                let key: Vec<&str> = rule.key.iter().map(|&f| binding.plan.schema.fields[f].name.as_str()).collect();
                let finding = key_finding(&binding, cell, &[rule.field], &rule.code, rule.severity, block, &mut lines);
                late.push(finding.arg("key", key.join(", ")).arg("first_row", self.counted.shown(first)));
            }
        }
    }

    fn merge_references(&mut self, index: usize, cells: &[KeyCell], block: Block<'_>, late: &mut Vec<Finding>) {
        let binding = self.binding.clone();
        let reference = &binding.plan.references[index];
        let own = own_key(&binding, index);
        let resolved = own.is_none() && binding.known.get(index).is_some_and(Option::is_some);
        let mut lines = binding.line_counter(block.data, block.from, block.shift.lines);
        for cell in cells {
            if own.is_some_and(|k| self.keys[k].has(cell.hash)) {
                continue;
            }
            let finding = key_finding(&binding, cell, &reference.fields, &reference.code, reference.severity, block, &mut lines);
            let finding = finding.arg("target", reference.target.join(", ")).arg("resource", reference.table.as_str());
            if resolved {
                late.push(finding);
            } else {
                self.pending.push(Pending { reference: index, hash: cell.hash, finding, counted: false });
            }
        }
    }

    /// Ends the file: empty lines at its end are let alone, bounds on the number of records are checked, own references resolved.
    pub fn finish(mut self, findings: &mut Findings) -> TableDone {
        let plan = self.binding.plan.clone();
        let place = Place { file: self.file, ..Place::default() };
        // Where the file cannot be read on, what is missing in it is not its fault.
        let unread = findings.has_error(|code| code.starts_with("C11"));
        if self.records == 0 && !plan.keys_of_nested && !unread {
            let severity = self.binding.empty_severity();
            findings.add(Finding::new("C211", "", place.clone()).severity(severity));
        }
        for rule in &plan.counts {
            if (self.records < rule.min && !unread) || rule.max.is_some_and(|max| self.records > max) {
                let mut finding = Finding::new("C211", "", place.clone()).severity(rule.severity).arg("records", self.records.to_string());
                finding.code = rule.code.clone();
                findings.add(finding);
            }
        }
        for (rule, sums) in plan.balances.iter().zip(&self.balances) {
            rule.findings(sums, &place).for_each(|f| findings.add(f));
        }
        let keys = &self.keys;
        let binding = self.binding.clone();
        if !self.parts.0.is_empty() {
            self.by_part.push(self.at.records);
        }
        let (mut pending, mut unknown) = (Vec::new(), Vec::new());
        for reference in std::mem::take(&mut self.pending) {
            match own_key(&binding, reference.reference) {
                Some(k) if keys[k].has(reference.hash) => {}
                Some(_) => unknown.push(reference),
                None => pending.push(reference),
            }
        }
        let rows = settle(unknown, findings);
        for other in &mut pending {
            other.counted |= rows.binary_search(&row_of(other)).is_ok();
        }
        TableDone { keys: self.keys.into_iter().map(Arc::new).collect(), records: self.records, by_part: self.by_part, pending, binding }
    }
}

/// Adds the findings of references that stay unknown, in the order of the file however it was cut into blocks. Gives their files and rows, ascending.
pub(super) fn settle(mut unknown: Vec<Pending>, findings: &mut Findings) -> Vec<(u32, u64)> {
    unknown.sort_by_key(|p| (p.finding.place.file, p.finding.place.row, p.finding.place.column, p.reference));
    let mut rows: Vec<(u32, u64)> = unknown.iter().filter(|p| p.finding.severity == Severity::Error).map(row_of).collect();
    rows.dedup();
    for reference in unknown {
        if reference.counted { findings.add_counted(reference.finding) } else { findings.add(reference.finding) }
    }
    rows
}

/// The file and row of a reference.
fn row_of(pending: &Pending) -> (u32, u64) {
    (pending.finding.place.file, pending.finding.place.row)
}

/// A block as its outcome is merged.
#[derive(Clone, Copy)]
struct Block<'d> {
    data: &'d [u8],
    from: usize,
    shift: Shift,
    places: Option<Places<'d>>,
}

impl Block<'_> {
    /// The row of a key's record in the file.
    #[inline(always)]
    fn row(&self, cell: &KeyCell) -> u64 {
        match &self.places {
            None => u64::from(cell.row) + 1 + self.shift.rows,
            Some(places) => places.row(cell.row as usize),
        }
    }

    /// The column in the file, where its records have columns.
    fn column(&self, column: u32) -> Option<u32> {
        match &self.places {
            None => Some(column),
            Some(places) => places.column(column),
        }
    }
}

/// The key of the same table that a reference points to, if it does.
fn own_key(binding: &Binding, reference: usize) -> Option<usize> {
    let reference = &binding.plan.references[reference];
    (reference.table == binding.plan.name).then(|| binding.plan.key_over(&reference.target)).flatten()
}

/// The kind of a repeated key's finding.
fn key_kind(fields: &[usize]) -> &'static str {
    if fields.len() > 1 { "several" } else { "" }
}

/// As [`key_finding`], for an occurrence that is counted and no more: only its row and column count.
fn counted_only(cell: &KeyCell, fields: &[usize], column: Option<u32>, code: &Code, severity: Severity, block: Block<'_>) -> Finding {
    let place = Place { file: block.shift.file, row: block.row(cell), column, ..Place::default() };
    let mut finding = Finding::new("C401", key_kind(fields), place).severity(severity);
    finding.code = code.clone();
    finding
}

/// A finding about several fields of a record, placed at the first of them.
fn key_finding(
    binding: &Binding,
    cell: &KeyCell,
    fields: &[usize],
    code: &Code,
    severity: Severity,
    block: Block<'_>,
    lines: &mut LineCounter<'_>,
) -> Finding {
    let schema = &binding.plan.schema;
    let mut cells: Vec<Cell> = Vec::new();
    let start = cell.start as usize;
    let mut place = Place { row: u64::from(cell.row) + 1, record: u64::from(cell.record) + 1, ..Place::default() };
    block.shift.apply(&mut place);
    place.line = lines.before(start) + 1;
    let mut value = String::new();
    if let Read::Record { .. } = careful::read(block.data, start, true, &binding.dialect, &mut cells) {
        let texts: Vec<String> = fields
            .iter()
            .filter_map(|&f| cells.get(binding.fields[f]? as usize))
            .map(|c| binding.encoding.text(&content(&block.data[c.start..c.end], c.fault, &binding.dialect)).0.into_owned())
            .collect();
        value = texts.join(", ");
        if let Some(c) = fields.first().and_then(|&f| binding.fields[f])
            && let Some(first) = cells.get(c as usize)
        {
            place = binding.cell_place(block.data, start, first.start, c as usize, &place);
        }
    }
    if let Some(places) = &block.places {
        place.row = u64::from(cell.row) + 1;
        places.apply(&mut place);
    }
    let mut finding = Finding::new("C401", key_kind(fields), place).severity(severity).value(&value);
    finding.code = code.clone();
    let names: Vec<&str> = fields.iter().map(|&f| schema.fields[f].name.as_str()).collect();
    finding.arg("fields", names.join(", "))
}
