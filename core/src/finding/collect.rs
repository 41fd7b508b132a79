//! Collecting findings: true counts always, stored occurrences capped, causes grouped.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Code, Finding, Place, Severity};

/// Findings with one code, kind, file, column and severity.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Cause {
    pub code: Code,
    pub kind: &'static str,
    pub severity: Severity,
    pub file: u32,
    pub column: Option<u32>,
    pub field: Option<Arc<str>>,
    /// How many, stored or not.
    pub count: u64,
    pub first_row: u64,
    pub last_row: u64,
    /// The first occurrences, at most [`SAMPLES`].
    pub samples: Vec<Finding>,
}

impl Cause {
    /// Whether a finding is of this cause.
    fn takes(&self, finding: &Finding) -> bool {
        let place = &finding.place;
        (self.file, self.column, self.severity) == (place.file, place.column, finding.severity)
            && same_code(&self.code, &finding.code)
            && same(self.kind, finding.kind)
            // A column has one header; only findings without a column are told apart by the field's name.
            && (place.column.is_some() || self.field == place.field)
    }
}

/// Whether two texts are the same; those of the engine's tables mostly are one and the same text, so that no letter need be compared.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && (std::ptr::eq(a, b) || a == b)
}

/// The same for codes.
fn same_code(a: &Code, b: &Code) -> bool {
    match (a, b) {
        (Code::Engine(a), Code::Engine(b)) => same(a, b),
        (Code::Rule(a), Code::Rule(b)) => Arc::ptr_eq(a, b) || a == b,
        _ => false,
    }
}

/// Causes that are looked at first.
const RECENT: usize = 16;

/// Where the cause that was met last in a column stands among them.
fn slot(column: Option<u32>) -> usize {
    column.map_or(RECENT - 1, |c| c as usize % (RECENT - 1))
}

/// How many occurrences a cause keeps as samples.
pub const SAMPLES: usize = 3;

/// A collector. Adding is in the order of the file, so that the stored ones are the first ones on every machine.
#[derive(Debug, Clone)]
pub struct Findings {
    cap: usize,
    stored: Vec<Finding>,
    causes: Vec<Cause>,
    by_key: HashMap<CauseKey, usize>,
    /// By column, roughly: the cause that was met last, since files at fault are so in the same columns again and again.
    recent: [usize; RECENT],
    counts: [u64; 3],
    /// Rows with an error, of the file being read. Ascending; only kept by collectors of one block.
    faulty_rows: Option<Vec<u64>>,
    rows_at_fault: u64,
    last_faulty: (u32, u64),
}

type CauseKey = (Code, &'static str, Severity, u32, Option<u32>, Option<Arc<str>>);

/// What to add to the places of a block's findings, which count from the block's start.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Shift {
    pub file: u32,
    pub rows: u64,
    pub lines: u64,
    pub records: u64,
}

impl Shift {
    /// The place in the file; places that are not of one row stay as they are.
    pub fn apply(&self, place: &mut Place) {
        place.file = self.file;
        if place.row > 0 {
            place.row += self.rows;
        }
        if place.line > 0 {
            place.line += self.lines;
        }
        if place.record > 0 {
            place.record += self.records;
        }
    }
}

impl Findings {
    /// A collector that stores at most `cap` occurrences, beside each cause's samples.
    pub fn new(cap: usize) -> Findings {
        Findings {
            cap,
            stored: Vec::new(),
            causes: Vec::new(),
            by_key: HashMap::new(),
            recent: [usize::MAX; RECENT],
            counts: [0; 3],
            faulty_rows: None,
            rows_at_fault: 0,
            last_faulty: (u32::MAX, 0),
        }
    }

    /// A collector of one block, to be given to [`Findings::absorb`].
    pub fn of_block(cap: usize) -> Findings {
        Findings { faulty_rows: Some(Vec::new()), ..Findings::new(cap) }
    }

    /// Whether a further occurrence of that code, severity and column would be counted and no more: as many are stored as are wanted, and the
    /// cause has its samples. Then it need not say more than its place.
    pub fn only_counts(&self, code: &Code, kind: &str, severity: Severity, file: u32, column: Option<u32>) -> bool {
        let Some(cause) = self.causes.get(self.recent[slot(column)]) else { return false };
        self.stored.len() >= self.cap
            && cause.samples.len() >= SAMPLES
            && column.is_some()
            && (cause.file, cause.column, cause.severity) == (file, column, severity)
            && same(cause.kind, kind)
            && same_code(&cause.code, code)
    }

    /// Adds an occurrence.
    pub fn add(&mut self, finding: Finding) {
        self.counts[finding.severity as usize] += 1;
        let place = &finding.place;
        if finding.severity == Severity::Error && place.row > 0 && self.last_faulty != (place.file, place.row) {
            self.last_faulty = (place.file, place.row);
            self.rows_at_fault += 1;
            if let Some(rows) = &mut self.faulty_rows {
                rows.push(place.row);
            }
        }
        let at = self.cause_index(&finding);
        let cause = &mut self.causes[at];
        cause.count += 1;
        cause.first_row = cause.first_row.min(place.row);
        cause.last_row = cause.last_row.max(place.row);
        let keep_sample = cause.samples.len() < SAMPLES;
        if self.stored.len() < self.cap {
            if keep_sample {
                cause.samples.push(finding.clone());
            }
            self.stored.push(finding);
        } else if keep_sample {
            cause.samples.push(finding);
        }
    }

    fn cause_index(&mut self, finding: &Finding) -> usize {
        let place = &finding.place;
        let slot = slot(place.column);
        if let Some(cause) = self.causes.get(self.recent[slot])
            && cause.takes(finding)
        {
            return self.recent[slot];
        }
        self.recent[slot] = self.cause_index_by_key(finding);
        self.recent[slot]
    }

    fn cause_index_by_key(&mut self, finding: &Finding) -> usize {
        let place = &finding.place;
        // A column has one header; only findings without a column are told apart by the field's name.
        let field = if place.column.is_none() { place.field.clone() } else { None };
        let key = (finding.code.clone(), finding.kind, finding.severity, place.file, place.column, field);
        if let Some(&at) = self.by_key.get(&key) {
            return at;
        }
        self.causes.push(Cause {
            code: finding.code.clone(),
            kind: finding.kind,
            severity: finding.severity,
            file: place.file,
            column: place.column,
            field: place.field.clone(),
            count: 0,
            first_row: place.row,
            last_row: place.row,
            samples: Vec::new(),
        });
        self.by_key.insert(key, self.causes.len() - 1);
        self.causes.len() - 1
    }

    /// Takes over a block's findings, whose places count from the block's start, together with findings of the same rows that were
    /// made only now (their places are the file's already). Both are ascending by row. Gives the block's rows with an error, ascending.
    pub fn absorb(&mut self, block: Findings, shift: Shift, late: Vec<Finding>) -> Vec<u64> {
        let faulty = block.faulty_rows.unwrap_or_default().into_iter().map(|row| row + shift.rows);
        let late_faulty = late.iter().filter(|f| f.severity == Severity::Error && f.place.row > 0).map(|f| f.place.row);
        let mut rows: Vec<u64> = faulty.chain(late_faulty).collect();
        rows.sort_unstable();
        rows.dedup();
        self.rows_at_fault += rows.len() as u64;
        if let Some(mine) = &mut self.faulty_rows {
            mine.extend_from_slice(&rows);
        }
        for severity in 0..3 {
            self.counts[severity] += block.counts[severity];
        }
        let mut late = late.into_iter().peekable();
        for mut finding in block.stored {
            shift.apply(&mut finding.place);
            while let Some(earlier) = late.next_if(|l| (l.place.row, l.place.column) < (finding.place.row, finding.place.column)) {
                self.add_counted(earlier);
            }
            if self.stored.len() < self.cap {
                self.stored.push(finding);
            }
        }
        late.for_each(|finding| self.add_counted(finding));
        for mut cause in block.causes {
            for sample in &mut cause.samples {
                shift.apply(&mut sample.place);
            }
            let Some(first) = cause.samples.first() else { continue };
            let at = self.cause_index(first);
            let mine = &mut self.causes[at];
            if cause.first_row > 0 {
                cause.first_row += shift.rows;
                cause.last_row += shift.rows;
            }
            mine.first_row = if mine.count == 0 { cause.first_row } else { mine.first_row.min(cause.first_row) };
            mine.last_row = mine.last_row.max(cause.last_row);
            mine.count += cause.count;
            let room = SAMPLES.saturating_sub(mine.samples.len());
            mine.samples.extend(cause.samples.into_iter().take(room));
        }
        rows
    }

    /// Adds to a block's findings others of the same block. Both are ascending by row, and places count from the block's start.
    pub fn weave(&mut self, late: Vec<Finding>) {
        if !late.is_empty() {
            let mine = std::mem::replace(self, Findings::of_block(self.cap));
            self.absorb(mine, Shift::default(), late);
        }
    }

    /// Changes each stored finding, and the rows of those that are only counted.
    pub fn relocate(&mut self, change: &dyn Fn(&mut Finding), row: &dyn Fn(u64) -> u64) {
        self.stored.iter_mut().for_each(change);
        for cause in &mut self.causes {
            cause.samples.iter_mut().for_each(change);
            (cause.first_row, cause.last_row) = (row(cause.first_row), row(cause.last_row));
        }
        if let Some(rows) = &mut self.faulty_rows {
            rows.iter_mut().for_each(|r| *r = row(*r));
        }
    }

    /// The occurrences that are kept: the stored ones, then the samples.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Finding> {
        self.stored.iter().chain(self.causes.iter().flat_map(|c| &c.samples))
    }

    /// Takes over another file's findings, behind those that are here.
    pub fn append(&mut self, other: Findings) {
        self.rows_at_fault += other.rows_at_fault;
        for severity in 0..3 {
            self.counts[severity] += other.counts[severity];
        }
        let room = self.cap.saturating_sub(self.stored.len());
        self.stored.extend(other.stored.into_iter().take(room));
        for cause in other.causes {
            let Some(first) = cause.samples.first() else { continue };
            let at = self.cause_index(first);
            let mine = &mut self.causes[at];
            if mine.count == 0 {
                *mine = cause;
                continue;
            }
            mine.first_row = mine.first_row.min(cause.first_row);
            mine.last_row = mine.last_row.max(cause.last_row);
            mine.count += cause.count;
            let room = SAMPLES.saturating_sub(mine.samples.len());
            mine.samples.extend(cause.samples.into_iter().take(room));
        }
    }

    /// Adds an occurrence whose row is counted among the faulty ones already.
    pub fn add_counted(&mut self, finding: Finding) {
        self.last_faulty = (finding.place.file, finding.place.row);
        self.add(finding);
    }

    /// The stored occurrences, in order.
    pub fn stored(&self) -> &[Finding] {
        &self.stored
    }

    /// The causes: gravest first, then by how many, then by code, column and kind.
    pub fn causes(&self) -> Vec<&Cause> {
        let mut causes: Vec<&Cause> = self.causes.iter().collect();
        causes.sort_by(|a, b| {
            let key = |c: &Cause| (c.severity, std::cmp::Reverse(c.count));
            key(a)
                .cmp(&key(b))
                .then_with(|| (a.file, a.code.text(), a.column, &a.field, a.kind).cmp(&(b.file, b.code.text(), b.column, &b.field, b.kind)))
        });
        causes
    }

    /// Whether there is an error of such a code.
    pub fn has_error(&self, is: impl Fn(&str) -> bool) -> bool {
        self.causes.iter().any(|cause| cause.severity == Severity::Error && is(cause.code.text()))
    }

    /// True count of one severity.
    pub fn count(&self, severity: Severity) -> u64 {
        self.counts[severity as usize]
    }

    /// Rows with at least one error.
    pub fn rows_at_fault(&self) -> u64 {
        self.rows_at_fault
    }

    /// Whether occurrences were counted but not stored.
    pub fn truncated(&self) -> bool {
        self.counts.iter().sum::<u64>() > self.stored.len() as u64
    }
}
