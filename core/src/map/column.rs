//! A plan seen by columns: which target cells come from which source field, and shortcuts that say at once what a text becomes.
//!
//! A shortcut ([`Short::kept`]) answers only when it is certain that the steps leave a beginning of the text and find nothing wrong with it;
//! everything else is made by the steps themselves ([`MapPlan::make_cell`]), so the two cannot disagree. A property test holds them together.

use crate::check::short::PlainNumber;

use super::date::DateStep;
use super::lookup::Lookup;
use super::number::NumberReader;
use super::steps::{Op, Test, When};
use super::{Cell, MapPlan, MapScratch, Origin, SourceRow, Take};

/// A target cell and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnPlan {
    /// Index of the target's field.
    pub(crate) target: usize,
    /// What fills it.
    pub(crate) from: From,
}

/// What fills a target cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// The same text in every row.
    Fixed(String),
    /// The source field's cell as it is.
    Copy(usize),
    /// A value that steps make.
    Made {
        /// Index of the value.
        expr: usize,
        /// The one source field it starts from, where there is one.
        field: Option<usize>,
        /// All source fields that the steps read, ascending.
        reads: Vec<usize>,
        /// An empty cell stays empty, whatever else the row holds.
        idle: bool,
    },
}

/// A table that each source row gives exactly one row of, unless a rule skips it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowPlan {
    /// Index into the target package's resources.
    pub(crate) table: usize,
    /// The cells that are filled.
    pub(crate) columns: Vec<ColumnPlan>,
    /// The source fields that rules for skipping look at, ascending.
    pub(crate) skip_reads: Vec<usize>,
    /// Pairs of fields whose totals are balanced: source and target.
    pub(crate) sums: Vec<(usize, usize)>,
    /// Source fields that are lost, in the plan's order.
    pub(crate) lost: Vec<usize>,
}

/// What is certain about a value without running its steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short<'p>(Kind<'p>);

#[derive(Debug, Clone, Copy)]
enum Kind<'p> {
    /// Nothing.
    Unknown,
    /// A text without blanks at its ends stays as it is.
    Same,
    /// A day at the start of a moment.
    Day(&'p DateStep),
    /// A plain number, unless one of the conditions holds.
    Number(&'p NumberReader, &'p [Op]),
    /// A text that its table turns into itself.
    Known(&'p Lookup),
}

impl Short<'_> {
    /// That a cell which is copied is the text itself.
    pub(crate) const SAME: Short<'static> = Short(Kind::Same);

    /// Whether every text stays as it is.
    pub(crate) fn is_same(&self) -> bool {
        matches!(self.0, Kind::Same)
    }

    /// Whether what is kept is a number in plain digits, without a zero that leads.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.0, Kind::Number(..))
    }

    /// All texts that may be kept, where they are few.
    pub(crate) fn known(&self) -> Option<impl Iterator<Item = &str>> {
        match self.0 {
            Kind::Known(lookup) => Some(lookup.values()),
            _ => None,
        }
    }

    /// Whether what is kept is a day as `YYYY-MM-DD`.
    pub(crate) fn is_day(&self) -> bool {
        matches!(self.0, Kind::Day(_))
    }

    /// For a step that keeps plain numbers: whether only up to their point. A condition may say otherwise.
    pub(crate) fn plain_number(&self) -> Option<bool> {
        match self.0 {
            Kind::Number(reader, _) => reader.keeps_plain(),
            _ => None,
        }
    }

    /// Whether there are conditions on a number.
    pub(crate) fn has_conditions(&self) -> bool {
        matches!(self.0, Kind::Number(_, [_, ..]))
    }

    /// Whether it is certain that none of the conditions on a number holds for a text.
    #[inline(always)]
    pub(crate) fn meets_no_condition(&self, text: &[u8]) -> bool {
        match self.0 {
            Kind::Number(_, conditions) => none_holds(conditions, text),
            _ => true,
        }
    }

    /// For a table: tells of `n` bytes of data whether they are a text that is kept, or none.
    pub(crate) fn keeps_known(&self) -> Option<impl Fn(&[u8], usize, usize) -> bool> {
        let Kind::Known(lookup) = self.0 else { return None };
        Some(move |data: &[u8], from: usize, n: usize| (n == 0) | lookup.keeps_at(data, from, &data[from..from + n]))
    }

    /// What a column of days remembers of what follows the day: how many bytes, and they.
    pub(crate) fn known_rest(memory: &[u8]) -> Option<(usize, u128)> {
        let [length, rest @ ..] = memory.first_chunk::<17>()?;
        Some((usize::from(*length), u128::from_le_bytes(*rest)))
    }

    /// How many bytes of a text, from its start, are what the steps make of it; `None` where that has to be worked out. The text is `n` bytes of
    /// `data` from `from` on, not empty and plain ASCII, without blanks at its ends. `memory` keeps what the last text of the column taught.
    #[inline(always)]
    pub(crate) fn kept(&self, data: &[u8], from: usize, n: usize, memory: &mut Vec<u8>) -> Option<usize> {
        let text = &data[from..from + n];
        match &self.0 {
            Kind::Unknown => None,
            Kind::Same => Some(text.len()),
            Kind::Day(step) => step.day_of(data, from, n, memory),
            Kind::Number(reader, conditions) => {
                let end = reader.plain_end_at(data, from, n)?;
                none_holds(conditions, text).then_some(end)
            }
            Kind::Known(lookup) => lookup.keeps_at(data, from, text).then_some(n),
        }
    }

    /// The same for a number of at most sixteen bytes, with the form of what is kept. `None` for every other value.
    #[inline(always)]
    pub(crate) fn number_at(&self, data: &[u8], from: usize, n: usize) -> Option<(usize, PlainNumber)> {
        let Kind::Number(reader, conditions) = &self.0 else { return None };
        let found = reader.plain_at(data, from, n)?;
        none_holds(conditions, &data[from..from + n]).then_some(found)
    }

    /// Appends what the steps make of such a text, where there is a quick way to. `false`, and nothing appended, where there is none.
    #[inline]
    pub(crate) fn make(&self, text: &[u8], out: &mut Vec<u8>) -> bool {
        match &self.0 {
            Kind::Number(reader, []) => reader.money(text, out),
            _ => false,
        }
    }
}

/// Whether it is certain that no condition holds for a text of its own field.
#[inline(always)]
fn none_holds(conditions: &[Op], text: &[u8]) -> bool {
    conditions.iter().all(|op| matches!(op, Op::When { when, .. } if !when.may_hold(text)))
}

impl When {
    /// Whether the condition may hold for this text of its field. Only *no* is certain.
    #[inline]
    fn may_hold(&self, text: &[u8]) -> bool {
        match &self.test {
            Test::Matches(_, Some(simple)) => simple.matches(text),
            Test::Empty(empty) => text.is_empty() == *empty,
            _ => true,
        }
    }
}

/// Adds the fields that steps look at besides their value.
fn reads_of(ops: &[Op], out: &mut Vec<usize>) {
    for op in ops {
        if let Op::When { when, then, otherwise } = op {
            out.push(when.field);
            reads_of(then, out);
            reads_of(otherwise, out);
        }
    }
}

impl MapPlan {
    /// The plan by columns, when it makes one row of one table of each source row and knows nothing of the rows before.
    pub(crate) fn by_columns(&self) -> Option<RowPlan> {
        let [table] = &self.tables[..] else { return None };
        if table.explode.is_some() || !table.distinct.is_empty() {
            return None;
        }
        let sorted = |mut fields: Vec<usize>| {
            fields.sort_unstable();
            fields.dedup();
            fields
        };
        let mut columns = Vec::new();
        for (target, take) in table.takes.iter().enumerate() {
            let from = match *take {
                Take::Nothing => continue,
                Take::Copy(field) => From::Copy(field),
                Take::Fixed(expr) => match &self.exprs[expr].origin {
                    Origin::Fixed(text) => From::Fixed(text.clone()),
                    _ => return None,
                },
                Take::Made(expr) => {
                    let made = &self.exprs[expr];
                    let mut reads = Vec::new();
                    let field = match &made.origin {
                        Origin::Field(field) => {
                            reads.push(*field);
                            Some(*field)
                        }
                        Origin::Fields(fields) => {
                            reads.extend(fields);
                            None
                        }
                        Origin::Piece(_) => return None,
                        Origin::Nothing | Origin::Given(_) | Origin::Fixed(_) => None,
                    };
                    reads_of(&made.before, &mut reads);
                    reads_of(&made.ops, &mut reads);
                    From::Made { expr, field, reads: sorted(reads), idle: made.idle }
                }
            };
            columns.push(ColumnPlan { target, from });
        }
        let skip_reads = sorted(table.skip.iter().map(|(when, _)| when.field).collect());
        let sums = table.sums.iter().map(|s| (s.source, s.target)).collect();
        Some(RowPlan { table: table.target, columns, skip_reads, sums, lost: self.lost.iter().map(|l| l.field).collect() })
    }

    /// The shortcut of a value.
    pub(crate) fn short(&self, expr: usize) -> Short<'_> {
        let made = &self.exprs[expr];
        let Origin::Field(field) = made.origin else { return Short(Kind::Unknown) };
        if !made.idle {
            return Short(Kind::Unknown);
        }
        // Without blanks at its ends there is nothing to trim.
        let trims = made.ops.iter().take_while(|op| matches!(op, Op::Trim(_))).count();
        let own = |op: &Op| matches!(op, Op::When { when, otherwise, .. } if when.field == field && otherwise.is_empty());
        Short(match &made.ops[trims..] {
            [] => Kind::Same,
            [Op::Date(step)] if step.is_day_first() => Kind::Day(step),
            [Op::Number(reader), conditions @ ..] if conditions.iter().all(own) => Kind::Number(reader, conditions),
            [Op::Lookup(lookup)] => Kind::Known(lookup),
            _ => Kind::Unknown,
        })
    }

    /// Whether a rule for skipping holds for a row; `cells` need to hold only [`RowPlan::skip_reads`].
    pub(crate) fn skips(&self, cells: &[&str]) -> bool {
        self.tables.iter().any(|t| t.skip.iter().any(|(when, _)| when.holds(cells)))
    }

    /// Makes one value by its steps; `row.cells` need to hold only the fields that it reads. `None` when there is something to tell about it.
    pub(crate) fn make_cell<'s>(&'s self, expr: usize, row: &SourceRow<'s>, scratch: &'s mut MapScratch) -> Option<&'s str> {
        scratch.buffer.clear();
        let made = self.make(expr, row, "", scratch);
        // Whether other values of the row hold what this one empties is for the ordinary way to say: here not all of the row is at hand.
        let doubtful = matches!(made.cell, Cell::Empty) && self.may_be_lost(expr, row);
        if !scratch.findings.is_empty() || !scratch.notes.is_empty() || doubtful {
            scratch.findings.clear();
            scratch.notes.clear();
            return None;
        }
        Some(match made.cell {
            _ if made.rejected => return None,
            Cell::Empty | Cell::Piece(..) => "",
            Cell::Source(field, start, end) => &row.cells[field][start..end],
            Cell::Buffer(start, end) => &scratch.buffer[start..end],
        })
    }
}
