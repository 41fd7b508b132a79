//! Untidy tables: the steps that a layout declares, and what speaks for them in a file whose layout is not known.
//!
//! Rows go through the steps one by one, so that it makes no difference how they were cut into batches. Steps before the header is known
//! see rows as they are; for those behind it the first row is the header, and columns are found by name: letter for letter, by another
//! name that the table's schema lists, or but for case, blanks and signs.
//!
//! Columns that a step makes (what a title or heading says, the year in a column's name) stand before the others, so that a row with too
//! few or too many cells stays so for the checks that follow.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Row, Rows, Step};
use crate::check::near::folded;
use crate::finding::{Finding, Place};
use crate::package::Layout;
use crate::package::layout::{LayoutStep, RowTest, Select, Where};
use crate::schema::TableSchema;

mod above;
mod amount;
mod balance;
mod blank;
mod drop;
mod fill;
mod footer;
mod header;
mod recognise;
mod rename;
mod section;
mod skip;
mod suggest;
#[cfg(test)]
mod tests;
mod totals;
mod unpivot;
mod values;

pub(crate) use above::rows_above;
pub use above::{Above, Begins};
pub use amount::Amounts;
pub use recognise::{Known, Layouts};
pub(crate) use suggest::DayOrder;
pub use suggest::{Suggested, suggest};

/// All steps of a layout, one behind the other.
pub struct Tidy {
    steps: Vec<Box<dyn Step>>,
    /// What each step but the last hands to the next.
    between: Vec<Rows>,
    /// The row at hand.
    one: Rows,
}

impl std::fmt::Debug for Tidy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tidy").field("steps", &self.steps.len()).finish()
    }
}

impl Tidy {
    /// The steps of a layout for files of a table with this schema. `distinctive` are the columns that give the layout away; when empty,
    /// the required ones do.
    pub fn new(layout: &Layout, schema: &TableSchema, distinctive: &[String]) -> Tidy {
        let names = Arc::new(Names::of(schema));
        let amounts = Amounts::new(layout.decimal, layout.group);
        let mut steps: Vec<Box<dyn Step>> = Vec::with_capacity(layout.steps.len());
        for (at, step) in layout.steps.iter().enumerate() {
            let names = names.clone();
            steps.push(match step {
                LayoutStep::Header(step) => {
                    let signature = match (step.names.as_slice(), distinctive) {
                        ([], []) => {
                            let needed = |f: &usize| schema.is_required(*f) || schema.fields[*f].extras.column;
                            (0..schema.fields.len()).filter(needed).map(|f| schema.fields[f].name.clone()).collect()
                        }
                        ([], names) | (names, _) => names.to_vec(),
                    };
                    Box::new(header::Header::new(step, names, signature))
                }
                LayoutStep::Blank => Box::new(blank::Blank::default()),
                LayoutStep::Section(step) => Below::boxed(section::Section::new(step, made_before(&layout.steps[..at]), names)),
                LayoutStep::Fill { columns } => Below::boxed(fill::Fill::new(columns, names)),
                LayoutStep::Totals(step) => Below::boxed(totals::Totals::new(step, names, amounts.clone())),
                LayoutStep::Balance(step) => Below::boxed(balance::Balance::new(step, names, amounts.clone())),
                LayoutStep::Footer(test) => Box::new(footer::Footer::new(test, names)),
                LayoutStep::Skip { test, why } => Box::new(skip::Skip::new(test, why, names)),
                LayoutStep::Unpivot { pattern, value, keep_empty } => Below::boxed(unpivot::Unpivot::new(pattern, value, *keep_empty)),
                LayoutStep::Rename { pattern } => Below::boxed(rename::Rename::new(pattern)),
                LayoutStep::Drop { columns, why } => Below::boxed(drop::Drop::new(columns, why, names)),
                LayoutStep::Values { columns, form } => Below::boxed(values::Values::new(columns, form, names, amounts.clone())),
            });
        }
        let between = (1..steps.len()).map(|_| Rows::new()).collect();
        Tidy { steps, between, one: Rows::new() }
    }

    /// Findings of the step at `at` get the column of the file: they know only the columns that this step was given.
    fn place(&self, at: usize, findings: &mut [Finding]) {
        for place in findings.iter_mut().map(|f| &mut f.place) {
            place.column = place.column.and_then(|column| {
                let column = self.steps[..at].iter().rev().try_fold(column as usize, |c, step| step.column(c))?;
                u32::try_from(column).ok()
            });
        }
    }

    /// Hands rows to the step at `first` and what comes of it to those behind.
    fn through(&mut self, first: usize, rows: &Rows, out: &mut Rows, findings: &mut Vec<Finding>) {
        let last = self.steps.len() - 1;
        for at in first..=last {
            let mut made = if at == last { std::mem::take(out) } else { std::mem::take(&mut self.between[at]) };
            let before = findings.len();
            if at == first {
                self.steps[at].rows(rows, &mut made, findings);
            } else {
                self.steps[at].rows(&self.between[at - 1], &mut made, findings);
                self.between[at - 1].clear();
            }
            self.place(at, &mut findings[before..]);
            if at == last {
                *out = made;
            } else {
                self.between[at] = made;
            }
        }
    }
}

impl Step for Tidy {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.steps.is_empty() {
            rows.iter().for_each(|row| out.push(row));
        } else {
            // Row by row, so that what the steps tell comes in the order of rows, and the same however these were cut.
            let mut one = std::mem::take(&mut self.one);
            for row in rows.iter() {
                one.clear();
                one.push(row);
                self.through(0, &one, out, findings);
            }
            self.one = one;
        }
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        for at in 0..self.steps.len() {
            let before = findings.len();
            if at + 1 == self.steps.len() {
                self.steps[at].finish(out, findings);
                self.place(at, &mut findings[before..]);
            } else {
                let mut made = Rows::new();
                self.steps[at].finish(&mut made, findings);
                self.place(at, &mut findings[before..]);
                self.through(at + 1, &made, out, findings);
            }
        }
    }

    fn column(&self, column: usize) -> Option<usize> {
        self.steps.iter().rev().try_fold(column, |c, step| step.column(c))
    }

    fn codes(&self) -> Vec<&'static str> {
        self.steps.iter().flat_map(|step| step.codes()).collect()
    }
}

/// Under which other names a field is found.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// By a field's name: all its names, folded.
    by_name: BTreeMap<String, Vec<String>>,
}

impl Names {
    pub(crate) fn of(schema: &TableSchema) -> Names {
        let all = |f: &crate::schema::Field| std::iter::once(&f.name).chain(&f.extras.aliases).map(|n| folded(n)).collect();
        Names { by_name: schema.fields.iter().map(|f| (f.name.clone(), all(f))).collect() }
    }

    /// The column of that name in a header.
    pub(crate) fn find(&self, header: &[String], name: &str) -> Option<usize> {
        if let Some(at) = header.iter().position(|h| h == name) {
            return Some(at);
        }
        let own = [folded(name)];
        let wanted = self.by_name.get(name).map_or(&own[..], Vec::as_slice);
        header.iter().position(|h| {
            let h = folded(h);
            !h.is_empty() && wanted.contains(&h)
        })
    }

    /// How many of these headers name a field.
    fn known(&self, header: &[String]) -> usize {
        header.iter().map(|h| folded(h)).filter(|h| !h.is_empty() && self.by_name.values().any(|names| names.contains(h))).count()
    }

    /// The columns of those names that are there.
    pub(crate) fn select(&self, header: &[String], columns: &Select) -> Vec<usize> {
        match columns {
            Select::Named(names) => names.iter().filter_map(|n| self.find(header, n)).collect(),
            Select::Matching(pattern) => (0..header.len()).filter(|&c| pattern.is_match(header[c].trim())).collect(),
        }
    }
}

/// A step that knows the header before it sees a record.
pub(crate) trait Body: Send {
    /// The header: appends the one that the step makes of it.
    fn header(&mut self, header: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>);
    /// One record.
    fn row(&mut self, row: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>);
    /// No record follows.
    fn end(&mut self, _out: &mut Rows, _findings: &mut Vec<Finding>) {}
    /// As in [`Step::column`].
    fn column(&self, column: usize) -> Option<usize> {
        Some(column)
    }
    /// As in [`Step::codes`].
    fn codes(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Makes a [`Step`] of a [`Body`].
struct Below<B> {
    body: B,
    headed: bool,
}

impl<B: Body + 'static> Below<B> {
    fn boxed(body: B) -> Box<dyn Step> {
        Box::new(Below { body, headed: false })
    }
}

impl<B: Body> Step for Below<B> {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, findings: &mut Vec<Finding>) {
        for row in rows.iter() {
            if self.headed {
                self.body.row(row, out, findings);
            } else {
                self.headed = true;
                self.body.header(row, out, findings);
            }
        }
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.body.end(out, findings);
    }

    fn column(&self, column: usize) -> Option<usize> {
        self.body.column(column)
    }

    fn codes(&self) -> Vec<&'static str> {
        self.body.codes()
    }
}

/// The header's names as they stand.
fn names_of(row: Row<'_>) -> Vec<String> {
    row.cells().map(|(text, _)| text.to_owned()).collect()
}

/// The place of a cell, or of the row as a whole.
fn place(row: Row<'_>, column: Option<usize>, header: &[String]) -> Place {
    Place {
        row: row.origin.row,
        line: row.origin.line,
        byte_column: row.origin.byte_column,
        column: column.map(|c| c as u32),
        field: column.and_then(|c| header.get(c)).map(|h| Arc::from(h.trim())),
        ..Place::default()
    }
}

/// The names of the columns that some steps may make.
fn made_before(steps: &[LayoutStep]) -> Vec<String> {
    let mut made = Vec::new();
    for step in steps {
        match step {
            LayoutStep::Header(step) => step.titles.iter().for_each(|t| made.extend(group_names(t))),
            LayoutStep::Section(step) => made.extend(group_names(&step.pattern)),
            LayoutStep::Rename { pattern } => made.extend(group_names(pattern)),
            LayoutStep::Unpivot { pattern, value, .. } => {
                made.extend(group_names(pattern));
                made.push(value.clone());
            }
            _ => {}
        }
    }
    made
}

/// The names of a pattern's groups, in their order.
fn group_names(pattern: &regex::Regex) -> Vec<String> {
    pattern.capture_names().flatten().map(str::to_owned).collect()
}

/// The texts of a row's filled cells with a blank between them, without blanks around.
fn joined(row: Row<'_>) -> String {
    row.cells().map(|(t, _)| t.trim()).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A column with some values, compiled against a header.
#[derive(Debug, Clone)]
struct Only {
    column: usize,
    is: Vec<String>,
    matches: Option<regex::Regex>,
}

impl Only {
    fn of(only: &Where, names: &Names, header: &[String]) -> Option<Only> {
        Some(Only { column: names.find(header, &only.column)?, is: only.is.clone(), matches: only.matches.clone() })
    }

    fn holds(&self, row: Row<'_>) -> bool {
        let text = row.text(self.column).trim().to_lowercase();
        self.is.contains(&text) || self.matches.as_ref().is_some_and(|m| m.is_match(row.text(self.column).trim()))
    }
}

/// Whether a row says something, in one column or in any.
#[derive(Debug)]
struct Test {
    test: RowTest,
    names: Arc<Names>,
    /// Set by the first row, when a column is asked for.
    column: Option<Option<usize>>,
}

impl Test {
    fn new(test: &RowTest, names: Arc<Names>) -> Test {
        Test { test: test.clone(), names, column: None }
    }

    /// The first row is the header when a column is asked for, and never matches.
    fn matches(&mut self, row: Row<'_>) -> bool {
        let Some(name) = &self.test.column else {
            return row.cells().any(|(text, _)| self.test.pattern.is_match(text.trim()));
        };
        match self.column {
            None => {
                self.column = Some(self.names.find(&names_of(row), name));
                false
            }
            Some(None) => false,
            Some(Some(c)) => self.test.pattern.is_match(row.text(c).trim()),
        }
    }
}
