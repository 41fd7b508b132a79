//! Values that a crosswalk leaves out by its own steps: a later one of several fields of which the first that is filled is taken, and one that its
//! steps turn into nothing, such as a day that stands for "no sale". Nobody need mend them, but nobody may lose them without a word either: each is
//! counted and told once for its column.
//!
//! A row without such a value pays nothing but a look at the fields behind the one that `first` takes.

use crate::finding::{Finding, Place, cut};

use super::steps::{Context, Op, Space, Text};
use super::{Expr, MapPlan, MapScratch, Origin, SourceRow, steps};

/// What was left out, in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// A filled field that `first` passed over.
    Passed(usize),
    /// A filled field that is empty in all that is made of it.
    Emptied(usize),
    /// An empty cell for which no value was given.
    NotGiven,
}

/// How often something was left out.
#[derive(Debug, Clone)]
pub(super) struct Count {
    expr: usize,
    note: Note,
    count: u64,
    /// The first text that was left out.
    sample: String,
}

/// Whether steps may turn a text into nothing without a fault.
fn may_empty(ops: &[Op]) -> bool {
    ops.iter().any(|op| match op {
        Op::Constant(text) => text.is_empty(),
        Op::Replace(_) | Op::Strip(_) | Op::Split { .. } | Op::Cut { .. } | Op::Lookup(_) => true,
        Op::When { then, otherwise, .. } => may_empty(then) || may_empty(otherwise),
        _ => false,
    })
}

/// Marks the values that are to be watched: each source field at the first value made of it.
pub(super) fn watch(exprs: &mut [Expr], fields: usize) {
    for field in 0..fields {
        let reads = |e: &Expr| match &e.origin {
            Origin::Field(f) | Origin::Piece(f) => *f == field,
            Origin::Fields(all) => all.contains(&field),
            Origin::Nothing | Origin::Fixed(_) | Origin::Given(_) => false,
        };
        let readers: Vec<usize> = (0..exprs.len()).filter(|&e| reads(&exprs[e])).collect();
        let Some((&first, others)) = readers.split_first() else { continue };
        let alone = |e: &Expr| matches!(e.origin, Origin::Field(_));
        if others.is_empty() && exprs[first].ops.iter().any(|op| matches!(op, Op::First)) {
            exprs[first].watched.push(field);
        } else if readers.iter().all(|&e| alone(&exprs[e]) && may_empty(&exprs[e].ops)) {
            exprs[first].watched.push(field);
            exprs[first].others = others.to_vec();
        }
    }
}

impl MapPlan {
    /// What a value that could be made left out of its record.
    pub(super) fn note(&self, at: usize, is_empty: bool, row: &SourceRow<'_>, scratch: &mut MapScratch) {
        let expr = &self.exprs[at];
        if std::mem::take(&mut scratch.space.not_given) {
            scratch.notes.push((at, Note::NotGiven));
        }
        if !scratch.space.passed.is_empty() {
            let passed = std::mem::take(&mut scratch.space.passed);
            if let Origin::Fields(fields) = &expr.origin {
                let fields = passed.iter().filter_map(|&n| fields.get(n).copied()).filter(|f| expr.watched.contains(f));
                scratch.notes.extend(fields.map(|f| (at, Note::Passed(f))));
            }
        }
        if is_empty
            && self.may_be_lost(at, row)
            && let Origin::Field(field) = expr.origin
            && expr.others.iter().all(|&other| self.is_nothing(other, row))
        {
            scratch.notes.push((at, Note::Emptied(field)));
        }
    }

    /// Whether an empty value leaves out a filled cell, unless another value of the record holds it.
    pub(super) fn may_be_lost(&self, at: usize, row: &SourceRow<'_>) -> bool {
        let Expr { origin: Origin::Field(field), watched, .. } = &self.exprs[at] else { return false };
        !watched.is_empty() && row.cells.get(*field).is_some_and(|text| !text.trim().is_empty())
    }

    /// Whether another value is empty for a record, without a fault.
    fn is_nothing(&self, at: usize, row: &SourceRow<'_>) -> bool {
        let Origin::Field(field) = &self.exprs[at].origin else { return false };
        let source = row.cells.get(*field).copied().unwrap_or_default();
        let context = Context { cells: row.cells, source, inputs: std::slice::from_ref(field), before: &[] };
        let (mut value, mut space) = (Text::Source(0, source.len()), Space::default());
        let done = steps::run(&self.exprs[at].ops, &context, &mut value, &mut space);
        done.is_ok()
            && match value {
                Text::Source(start, end) => start == end,
                Text::Own => space.now.is_empty(),
            }
    }

    /// Counts what a record left out; one that was not converted lost nothing by itself.
    pub(super) fn count_left_out(&self, row: &SourceRow<'_>, converted: bool, scratch: &mut MapScratch) {
        for (expr, note) in std::mem::take(&mut scratch.notes).into_iter().filter(|_| converted) {
            match scratch.left_out.iter_mut().find(|c| c.expr == expr && c.note == note) {
                Some(known) => known.count += 1,
                None => {
                    let sample = match note {
                        Note::Passed(field) | Note::Emptied(field) => cut(row.cells.get(field).copied().unwrap_or_default()),
                        Note::NotGiven => String::new(),
                    };
                    scratch.left_out.push(Count { expr, note, count: 1, sample });
                }
            }
        }
    }

    /// One finding for each field and way.
    pub(super) fn left_out(&self, scratch: &MapScratch, file: u32, columns: &[Option<u32>]) -> Vec<Finding> {
        let mut counts: Vec<&Count> = scratch.left_out.iter().collect();
        counts.sort_by_key(|c| (c.expr, matches!(c.note, Note::NotGiven), matches!(c.note, Note::Emptied(_))));
        let name = |field: usize| self.source_fields.get(field).map(AsRef::as_ref).unwrap_or_default();
        let mut out = Vec::new();
        for Count { expr, note, count, sample } in counts {
            let expr = &self.exprs[*expr];
            let at = |field: usize| Place {
                file,
                column: columns.get(field).copied().flatten(),
                field: self.source_fields.get(field).cloned(),
                ..Place::default()
            };
            out.push(match *note {
                Note::Passed(field) => {
                    let Origin::Fields(all) = &expr.origin else { continue };
                    let before: Vec<&str> = all.iter().take_while(|f| **f != field).map(|f| name(*f)).collect();
                    Finding::new("C521", "", at(field))
                        .value(sample)
                        .arg("column_name", name(field))
                        .arg("taken", before.join("\", \""))
                        .arg("target", expr.target.clone())
                        .arg("count", count.to_string())
                }
                Note::Emptied(field) => Finding::new("C522", "", at(field))
                    .value(sample)
                    .arg("column_name", name(field))
                    .arg("target", expr.target.clone())
                    .arg("count", count.to_string()),
                Note::NotGiven => {
                    let given = expr.ops.iter().find_map(|op| match op {
                        Op::Given { name, .. } => Some(name.clone()),
                        _ => None,
                    });
                    // The field keeps one missing value apart from another.
                    let place = Place { field: Some(expr.target.as_str().into()), ..Place::default() };
                    Finding::new("C511", "", place).arg("name", given.unwrap_or_default()).arg("target", expr.target.clone())
                }
            });
        }
        out
    }
}

/// Adds the counts of another mapper of the same plan, whose records come later.
pub(super) fn add(to: &mut Vec<Count>, other: &[Count]) {
    for count in other {
        match to.iter_mut().find(|c| c.expr == count.expr && c.note == count.note) {
            Some(known) => known.count += count.count,
            None => to.push(count.clone()),
        }
    }
}
