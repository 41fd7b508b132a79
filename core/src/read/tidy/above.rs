//! A table that begins further down: a later row of the file's start holds the names of a known table, so what stands above it are titles.
//!
//! No layout says so, hence it is told as a fault of the file, with the text that is passed over. Columns at the left that are empty, as
//! where somebody began a sheet at C3, are passed over too. Names are looked up, never compared each with each, and only where a later row
//! has more filled cells than the first one: in an ordinary file none has.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::super::{Row, Rows, Step};
use super::{joined, names_of, place};
use crate::check::names::{HeaderMatch, HeaderNames};
use crate::check::near::folded;
use crate::check::plan::{StandardPlan, TablePlan};
use crate::detect::ENOUGH;
use crate::finding::{Finding, Place};

/// Rows of the start among which the header is looked for.
pub(super) const ROWS: usize = 40;

/// Most columns of a row that may be the header.
const COLUMNS: usize = 1000;

/// Tables that are held against a row in full, of those that have most of its names.
const TRIED: usize = 4;

/// Most characters of what stands above the header that a finding repeats.
const SPELLED: usize = 400;

/// Where the table begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begins {
    /// The header's row in the file, from 1.
    pub header: u64,
    /// Empty columns at its left.
    pub left: usize,
}

fn filled(row: Row<'_>) -> usize {
    row.cells().filter(|(text, _)| !text.trim().is_empty()).count()
}

/// Whether a row further down is wider than the first one, so that a look at its names may be worth it.
pub(super) fn wider_below(rows: &Rows) -> bool {
    let mut start = rows.iter().take(ROWS).skip_while(Row::is_blank);
    let Some(first) = start.next() else { return false };
    let width = filled(first);
    start.any(|row| filled(row) > width)
}

/// The tables by their names without case and signs.
struct Index<'p> {
    tables: Vec<&'p TablePlan>,
    by_name: HashMap<&'p str, Vec<usize>>,
}

impl<'p> Index<'p> {
    fn of(plans: &'p [Arc<StandardPlan>]) -> Index<'p> {
        let tables: Vec<&TablePlan> = plans.iter().flat_map(|p| &p.tables).filter(|t| !t.keys_of_nested).map(Arc::as_ref).collect();
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, table) in tables.iter().enumerate() {
            table.names().alike().for_each(|name| by_name.entry(name).or_default().push(at));
        }
        Index { tables, by_name }
    }

    /// How sure a row's cells from a column on are the header of one of the tables, as detection reckons where all values fit.
    fn sure(&self, row: Row<'_>, left: usize) -> u32 {
        let names = names_of(row);
        let names: Vec<&str> = names.iter().skip(left).map(String::as_str).collect();
        if names.len() > COLUMNS {
            return 0;
        }
        let distinct: BTreeSet<String> = names.iter().map(|n| folded(n)).filter(|n| !n.is_empty()).collect();
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for name in &distinct {
            self.by_name.get(name.as_str()).into_iter().flatten().for_each(|table| *counts.entry(*table).or_default() += 1);
        }
        // One name may be a word of a title.
        let mut most: Vec<(usize, usize)> = counts.into_iter().filter(|(_, n)| *n > 1 && 2 * n >= names.len()).collect();
        most.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let header = HeaderNames::of(&names);
        let of = |table: &TablePlan| {
            let found = HeaderMatch::of(table, &header);
            let known = found.known();
            let unknown = header.columns - known;
            1000 * known / (known + unknown + 2 * found.missing(table).len()).max(1)
        };
        let best = most.iter().take(TRIED).map(|(table, _)| of(self.tables[*table])).max().unwrap_or(0);
        u32::try_from(best).unwrap_or(0)
    }
}

/// Where the table of one of these standards begins, when that is not in the first row.
pub(super) fn below(plans: &[Arc<StandardPlan>], rows: &Rows) -> Option<Begins> {
    if plans.is_empty() || !wider_below(rows) {
        return None;
    }
    let start: Vec<Row<'_>> = rows.iter().take(ROWS).collect();
    let first = start.iter().position(|row| !row.is_blank())?;
    let width = filled(start[first]);
    let index = Index::of(plans);
    let own = index.sure(start[first], 0);
    if own >= ENOUGH {
        return None;
    }
    let mut best: Option<(u32, Begins)> = None;
    for row in start.iter().skip(first + 1).filter(|row| row.len() <= COLUMNS && filled(**row) > width) {
        let empty = row.cells().take_while(|(text, _)| text.trim().is_empty()).count();
        let behind = rows.iter().filter(|r| r.origin.row > row.origin.row);
        let left = behind.map(|r| (0..empty).find(|c| !r.text(*c).trim().is_empty()).unwrap_or(empty)).min().unwrap_or(empty);
        let sure = index.sure(*row, left);
        if sure >= ENOUGH && sure > own && best.is_none_or(|b| sure > b.0) {
            best = Some((sure, Begins { header: row.origin.row, left }));
        }
    }
    best.map(|(_, below)| below)
}

/// The step that passes over what stands above the header and at its left.
#[derive(Debug)]
pub struct Above {
    below: Begins,
    /// The first row passed over, and the text of all of them.
    first: Option<Place>,
    text: String,
    told: bool,
    /// Rows with a text at the left of the table, and the first of them.
    beside: u64,
    beside_first: Option<(Place, String)>,
}

impl Above {
    /// For a table that begins there.
    pub fn new(below: Begins) -> Above {
        Above { below, first: None, text: String::new(), told: false, beside: 0, beside_first: None }
    }

    fn pass(&mut self, row: Row<'_>) {
        let text = joined(row);
        if text.is_empty() {
            return;
        }
        self.first.get_or_insert_with(|| place(row, None, &[]));
        if self.text.chars().count() < SPELLED {
            if !self.text.is_empty() {
                self.text.push_str(" / ");
            }
            self.text.push_str(&text);
        }
    }
}

/// Says which rows stand above a header.
pub(crate) fn rows_above(header: u64) -> String {
    match header {
        ..=2 => "row 1 stands".to_owned(),
        3 => "rows 1 and 2 stand".to_owned(),
        _ => format!("rows 1 to {} stand", header - 1),
    }
}

impl Step for Above {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, findings: &mut Vec<Finding>) {
        for row in rows.iter() {
            if row.origin.row < self.below.header {
                self.pass(row);
                continue;
            }
            if !std::mem::replace(&mut self.told, true)
                && let Some(first) = self.first.take()
            {
                let finding = Finding::new("C278", "", first).value(&self.text).arg("header", self.below.header.to_string());
                findings.push(finding.arg("rows", rows_above(self.below.header)));
            }
            if self.below.left == 0 {
                out.push(row);
                continue;
            }
            if let Some(c) = (0..self.below.left).find(|c| !row.text(*c).trim().is_empty()) {
                self.beside += 1;
                self.beside_first.get_or_insert_with(|| (place(row, Some(c), &[]), row.text(c).to_owned()));
            }
            row.cells().skip(self.below.left).for_each(|(text, kind)| out.cell(text, kind));
            out.end_row(row.origin);
        }
    }

    fn finish(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if let Some((place, text)) = self.beside_first.take() {
            findings.push(Finding::new("C279", "", place).value(&text).arg("count", self.beside.to_string()));
        }
    }

    fn column(&self, column: usize) -> Option<usize> {
        Some(column + self.below.left)
    }
}
