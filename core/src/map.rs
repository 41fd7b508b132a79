//! Carrying records from one layout to another by a crosswalk.
//!
//! A crosswalk is compiled once ([`MapPlan::compile`]): names become indexes, forms and tables are prepared, and what two tables make of one
//! cell in the same way is made once. Then each source row is mapped ([`MapPlan::map_row`]) without looking up a name and, on ordinary
//! values, without allocating. Whole conversions with de-duplication, rejects and balances are in [`convert`].
//!
//! # What becomes of a value that a step cannot treat
//!
//! It gives a finding (`C501` to `C507`) at the source's cell, and the field map's `otherwise` decides: the target's cell stays empty, keeps the
//! source's text, or the whole target row is rejected. A rejected target row does not reject the other rows made from the same source
//! row: the source record counts as rejected, and goes to the rejects, only when no row at all was written from it.
//!
//! # What is lost
//!
//! A filled cell of a source field that no step reads is counted and reported (`C508`), whether the crosswalk declares the loss or not. So is one
//! that the steps themselves leave out: `first` took another (`C521`), or nothing is left of it (`C522`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::finding::{Finding, Place};
use crate::package::Package;
use crate::package::crosswalk::{Crosswalk, Otherwise};

mod clock;
pub(crate) mod column;
pub mod convert;
pub(crate) mod date;
mod distinct;
pub(crate) mod fate;
mod left_out;
mod lookup;
pub(crate) mod number;
mod plan;
mod project;
pub(crate) mod rejects;
mod steps;
mod sums;
mod text;
pub(crate) mod trial;
mod unit;
mod uuid;
mod wrap;
mod zones;

pub use convert::{Converter, NoCheck, RejectsConfig, TargetCheck};

use steps::{Context, Op, Space, Text, When};

/// One source record as the plan reads it.
#[derive(Debug, Clone, Copy)]
pub struct SourceRow<'a> {
    /// The cells by index of the source schema's field; an absent column or a missing value is the empty text.
    pub cells: &'a [&'a str],
    /// Where the record is. Findings take file, row, line and record from it.
    pub place: &'a Place,
    /// The file's column of each source field, from zero.
    pub columns: &'a [Option<u32>],
}

/// One row made for a target table.
#[derive(Debug, Clone, Copy)]
pub struct TargetRow<'a> {
    /// Index into the target package's resources.
    pub table: usize,
    /// Which of the plan's tables made it.
    pub map: usize,
    /// The cells by index of the target schema's field.
    pub cells: &'a [&'a str],
    /// A value could not be treated and the crosswalk says that the row is then not converted.
    pub rejected: bool,
    /// Number of the row among those made from one source row by this table, from zero; more than zero only when a cell is exploded.
    pub piece: usize,
}

/// Why a crosswalk cannot be used as it is. Names are as the crosswalk writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MapError {
    /// No table of the crosswalk reads this source resource.
    NothingFrom {
        resource: String,
    },
    UnknownSourceResource {
        resource: String,
    },
    UnknownTargetResource {
        resource: String,
    },
    UnknownSourceField {
        table: String,
        field: String,
    },
    UnknownTargetField {
        table: String,
        field: String,
    },
    /// Two field maps of one table fill the same target field.
    FilledTwice {
        table: String,
        field: String,
    },
    UnknownCodeList {
        field: String,
        list: String,
    },
    /// A step's arguments make no sense; `problem` says why in words.
    Step {
        field: String,
        problem: String,
    },
    /// A value given by the user that its steps cannot treat.
    Given {
        name: String,
        value: String,
    },
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::NothingFrom { resource } => write!(f, "the crosswalk says nothing about the source table \"{resource}\""),
            MapError::UnknownSourceResource { resource } => write!(f, "the source has no table \"{resource}\""),
            MapError::UnknownTargetResource { resource } => write!(f, "the target has no table \"{resource}\""),
            MapError::UnknownSourceField { table, field } => write!(f, "the source table \"{table}\" has no field \"{field}\""),
            MapError::UnknownTargetField { table, field } => write!(f, "the target table \"{table}\" has no field \"{field}\""),
            MapError::FilledTwice { table, field } => write!(f, "field \"{field}\" of the target table \"{table}\" is filled twice"),
            MapError::UnknownCodeList { field, list } => write!(f, "the target has no code list \"{list}\", which field \"{field}\" names"),
            MapError::Step { field, problem } => write!(f, "field \"{field}\": {problem}"),
            MapError::Given { name, value } => {
                write!(f, "the value given for \"{name}\", \"{value}\", cannot be read as the crosswalk says")
            }
        }
    }
}

impl std::error::Error for MapError {}

/// A crosswalk compiled for the rows of one source resource.
#[derive(Debug, Clone)]
pub struct MapPlan {
    /// References `id@version` of both sides.
    from: String,
    to: String,
    /// Name of the source's table.
    resource: String,
    /// Names of the source fields, for places of findings.
    source_fields: Vec<Arc<str>>,
    exprs: Vec<Expr>,
    tables: Vec<TablePlan>,
    /// Tables that no source row feeds, with their one row.
    once: Vec<(TablePlan, Vec<String>)>,
    lost: Vec<LostPlan>,
    /// Findings about the plan itself, such as a value that was not given.
    opening: Vec<Finding>,
}

/// How one value is made; several target fields may share it.
#[derive(Debug, Clone)]
struct Expr {
    origin: Origin,
    /// Applied to each input before they are joined.
    before: Vec<Op>,
    ops: Vec<Op>,
    otherwise: Otherwise,
    /// The first target field that it fills, for findings.
    target: String,
    /// It comes from one text, and an empty one stays empty without a word.
    idle: bool,
    /// Source fields that are lost where this value passes them over or is empty; then the other values made of the same field are asked.
    watched: Vec<usize>,
    others: Vec<usize>,
}

/// Where a value starts, resolved.
#[derive(Debug, Clone)]
enum Origin {
    /// No source; steps may still look at the row (`when`).
    Nothing,
    /// The same text for every row, steps applied.
    Fixed(String),
    /// A value the user gave, whose steps look at the row.
    Given(String),
    Field(usize),
    Fields(Vec<usize>),
    Piece(usize),
}

/// One table map.
#[derive(Debug, Clone)]
struct TablePlan {
    /// Index into the target package's resources.
    target: usize,
    name: String,
    record: String,
    /// For each target field the value that fills it.
    cells: Vec<Option<usize>>,
    /// The target fields that are filled, in the order of the crosswalk.
    order: Vec<usize>,
    explode: Option<(usize, Option<String>)>,
    skip: Vec<(When, String)>,
    /// Target fields of the key; empty for no de-duplication.
    distinct: Vec<usize>,
    sums: Vec<sums::SumPlan>,
    /// Where each target cell comes from, and the values that have to be made for them, each once.
    takes: Vec<Take>,
    makes: Vec<usize>,
    /// Those of `makes` that come from the exploded piece.
    piece_makes: Vec<usize>,
}

/// Where a target cell comes from.
#[derive(Debug, Clone, Copy)]
enum Take {
    Nothing,
    /// The source field's cell as it is.
    Copy(usize),
    /// The same text for every row.
    Fixed(usize),
    /// A value that steps make.
    Made(usize),
}

#[derive(Debug, Clone)]
struct LostPlan {
    field: usize,
    why: String,
    declared: bool,
}

/// Where a made value lies.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Empty,
    /// A range of a source field's cell.
    Source(usize, usize, usize),
    /// A range of the exploded piece.
    Piece(usize, usize),
    /// A range of the row's buffer.
    Buffer(usize, usize),
}

#[derive(Debug, Clone, Copy)]
struct Made {
    cell: Cell,
    rejected: bool,
}

/// What one source row came to, beside the rows emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableOutcome {
    /// Rows were emitted.
    Rows,
    /// Dropped under the skip rule of that index.
    Skipped(usize),
    /// The exploded cell is empty.
    NoPiece,
}

/// Working space of a mapper, kept from row to row.
#[derive(Debug, Default)]
pub struct MapScratch {
    /// What was found in the rows mapped since it was last emptied; the caller takes it.
    pub findings: Vec<Finding>,
    /// Filled cells of each lost field, in the plan's order.
    lost: Vec<u64>,
    /// What the values of the row at hand leave out, and how often that was so.
    notes: Vec<(usize, left_out::Note)>,
    left_out: Vec<left_out::Count>,
    /// By table of the plan, for the last row.
    outcomes: Vec<TableOutcome>,
    made: Vec<Option<Made>>,
    buffer: String,
    space: Space,
    cells: Vec<&'static str>,
}

/// Gives a vector of slices another lifetime, keeping its allocation.
fn recycle<'b>(mut cells: Vec<&str>) -> Vec<&'b str> {
    cells.clear();
    cells.into_iter().map(|_| "").collect()
}

impl MapScratch {
    /// What each table of the plan made of the last row.
    pub(crate) fn outcomes(&self) -> &[TableOutcome] {
        &self.outcomes
    }

    /// Adds the counts of lost cells from another mapper of the same plan.
    pub(crate) fn add_lost(&mut self, other: &MapScratch) {
        self.lost.resize(self.lost.len().max(other.lost.len()), 0);
        self.lost.iter_mut().zip(&other.lost).for_each(|(a, b)| *a += b);
        left_out::add(&mut self.left_out, &other.left_out);
    }
}

impl MapPlan {
    /// Compiles a crosswalk for the rows of one source resource.
    ///
    /// `givens` are the values the user gave for `@given:<name>`; one that is missing leaves its field empty with a finding (`C511`).
    ///
    /// # Errors
    /// A name that the source or the target does not have, or a step whose arguments make no sense.
    pub fn compile(
        crosswalk: &Crosswalk,
        source: &Package,
        target: &Package,
        source_resource: &str,
        givens: &BTreeMap<String, String>,
    ) -> Result<MapPlan, MapError> {
        plan::compile(crosswalk, source, target, source_resource, givens)
    }

    /// Names of the values that a crosswalk wants from the user, sorted, each once.
    pub fn wanted_givens(crosswalk: &Crosswalk) -> Vec<String> {
        plan::wanted_givens(crosswalk)
    }

    /// Indexes of the target package's resources that the plan feeds, in the order of the crosswalk, each once.
    pub fn targets(&self) -> Vec<usize> {
        let mut out = Vec::new();
        for table in self.once.iter().map(|(t, _)| t).chain(&self.tables) {
            if !out.contains(&table.target) {
                out.push(table.target);
            }
        }
        out
    }

    /// Whether the plan fills this field of the target.
    pub fn fills(&self, table: usize, field: usize) -> bool {
        let filled = |t: &TablePlan| t.target == table && t.cells.get(field).is_some_and(Option::is_some);
        self.tables.iter().any(filled) || self.once.iter().any(|(t, _)| filled(t))
    }

    /// The fields of a target table that the plan fills, in the order of the crosswalk.
    pub fn order(&self, table: usize) -> Vec<usize> {
        let mut out = Vec::new();
        for map in self.once.iter().map(|(t, _)| t).chain(&self.tables).filter(|t| t.target == table) {
            map.order.iter().for_each(|f| {
                if !out.contains(f) {
                    out.push(*f)
                }
            });
        }
        out
    }

    /// Whether each source row can be converted without knowledge of the others, so that blocks may be converted apart and joined
    /// ([`Converter::absorb`]).
    pub fn rows_are_independent(&self) -> bool {
        self.tables.iter().all(|t| t.distinct.is_empty())
    }

    /// Findings about the plan itself, to be reported once.
    pub fn opening_findings(&self) -> &[Finding] {
        &self.opening
    }

    /// Emits the rows of the tables that no source row feeds.
    pub fn map_once(&self, emit: &mut dyn FnMut(TargetRow<'_>)) {
        for (map, (table, cells)) in self.once.iter().enumerate() {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            emit(TargetRow { table: table.target, map, cells: &cells, rejected: false, piece: 0 });
        }
    }

    /// Maps one source row and emits the target rows in the order of the crosswalk. Findings are added to `scratch.findings`.
    ///
    /// Cells missing at the end of `row.cells` are taken as empty.
    pub fn map_row(&self, row: &SourceRow<'_>, scratch: &mut MapScratch, emit: &mut dyn FnMut(TargetRow<'_>)) {
        scratch.lost.resize(self.lost.len(), 0);
        for (lost, count) in self.lost.iter().zip(&mut scratch.lost) {
            *count += u64::from(row.cells.get(lost.field).is_some_and(|c| !c.is_empty()));
        }
        scratch.made.clear();
        scratch.made.resize(self.exprs.len(), None);
        scratch.buffer.clear();
        scratch.outcomes.clear();
        scratch.notes.clear();
        let mut converted = false;
        for (map, table) in self.tables.iter().enumerate() {
            if let Some(rule) = table.skip.iter().position(|(when, _)| when.holds(row.cells)) {
                scratch.outcomes.push(TableOutcome::Skipped(rule));
                continue;
            }
            let outcome = match &table.explode {
                None => {
                    converted |= self.make_row(map, row, "", 0, scratch, emit);
                    TableOutcome::Rows
                }
                Some((field, at)) => {
                    let text = row.cells.get(*field).copied().unwrap_or_default();
                    let mut count = 0;
                    for piece in pieces(text, at.as_deref()) {
                        converted |= self.make_row(map, row, piece, count, scratch, emit);
                        count += 1;
                    }
                    if count == 0 { TableOutcome::NoPiece } else { TableOutcome::Rows }
                }
            };
            scratch.outcomes.push(outcome);
        }
        if !scratch.notes.is_empty() {
            self.count_left_out(row, converted, scratch);
        }
    }

    /// Gives whether the row was emitted as one that is converted.
    fn make_row(
        &self,
        map: usize,
        row: &SourceRow<'_>,
        piece: &str,
        number: usize,
        scratch: &mut MapScratch,
        emit: &mut dyn FnMut(TargetRow<'_>),
    ) -> bool {
        let table = &self.tables[map];
        let mut rejected = false;
        for &expr in &table.makes {
            let made = match scratch.made[expr] {
                Some(made) => made,
                None => {
                    let made = self.make(expr, row, piece, scratch);
                    scratch.made[expr] = Some(made);
                    made
                }
            };
            rejected |= made.rejected;
        }
        let mut cells = recycle(std::mem::take(&mut scratch.cells));
        cells.extend(table.takes.iter().map(|take| match *take {
            Take::Nothing => "",
            Take::Copy(field) => row.cells.get(field).copied().unwrap_or_default(),
            Take::Fixed(expr) => match &self.exprs[expr].origin {
                Origin::Fixed(text) => text.as_str(),
                _ => "",
            },
            Take::Made(expr) => match scratch.made[expr].map(|m| m.cell) {
                None | Some(Cell::Empty) => "",
                Some(Cell::Source(field, start, end)) => &row.cells[field][start..end],
                Some(Cell::Piece(start, end)) => &piece[start..end],
                Some(Cell::Buffer(start, end)) => &scratch.buffer[start..end],
            },
        }));
        emit(TargetRow { table: table.target, map, cells: &cells, rejected, piece: number });
        scratch.cells = recycle(cells);
        // The next piece is another text, so what was made from this one is forgotten.
        for &expr in &table.piece_makes {
            scratch.made[expr] = None;
        }
        !rejected
    }

    fn make(&self, at: usize, row: &SourceRow<'_>, piece: &str, scratch: &mut MapScratch) -> Made {
        let expr = &self.exprs[at];
        let (source, inputs): (&str, &[usize]) = match &expr.origin {
            // Fixed texts are taken as they are and never made.
            Origin::Fixed(_) => return Made { cell: Cell::Empty, rejected: false },
            Origin::Nothing => ("", &[]),
            Origin::Given(text) => (text, &[]),
            Origin::Field(field) => (row.cells.get(*field).copied().unwrap_or_default(), std::slice::from_ref(field)),
            Origin::Fields(fields) => ("", fields),
            Origin::Piece(_) => (piece, &[]),
        };
        if expr.idle && source.is_empty() {
            return Made { cell: Cell::Empty, rejected: false };
        }
        let mut value = Text::Source(0, source.len());
        let context = Context { cells: row.cells, source, inputs, before: &expr.before };
        let result = steps::run(&expr.ops, &context, &mut value, &mut scratch.space);
        let whole = |scratch: &mut MapScratch, start: usize, end: usize| match &expr.origin {
            _ if start == end => Cell::Empty,
            Origin::Field(field) => Cell::Source(*field, start, end),
            Origin::Piece(_) => Cell::Piece(start, end),
            _ => {
                let begin = scratch.buffer.len();
                scratch.buffer.push_str(&source[start..end]);
                Cell::Buffer(begin, scratch.buffer.len())
            }
        };
        match result {
            Ok(()) => {
                let cell = match value {
                    Text::Source(start, end) => whole(scratch, start, end),
                    Text::Own => own(&mut scratch.buffer, &scratch.space.now),
                };
                if !expr.watched.is_empty() || scratch.space.not_given {
                    self.note(at, matches!(cell, Cell::Empty), row, scratch);
                }
                Made { cell, rejected: false }
            }
            Err(fault) => {
                scratch.findings.push(self.finding(expr, &fault, source, row));
                match expr.otherwise {
                    Otherwise::Empty => Made { cell: Cell::Empty, rejected: false },
                    Otherwise::Reject => Made { cell: Cell::Empty, rejected: true },
                    Otherwise::Keep if !inputs.is_empty() && matches!(expr.origin, Origin::Fields(_)) => {
                        let kept = kept(expr, inputs, row);
                        Made { cell: own(&mut scratch.buffer, &kept), rejected: false }
                    }
                    Otherwise::Keep => Made { cell: whole(scratch, 0, source.len()), rejected: false },
                }
            }
        }
    }

    fn finding(&self, expr: &Expr, fault: &steps::Fault, source: &str, row: &SourceRow<'_>) -> Finding {
        let field = match &expr.origin {
            Origin::Field(field) | Origin::Piece(field) => Some(*field),
            Origin::Fields(fields) => fault.input.and_then(|n| fields.get(n)).or(fields.first()).copied(),
            _ => None,
        };
        let mut place = row.place.clone();
        place.byte_column = 0;
        place.column = field.and_then(|f| row.columns.get(f).copied().flatten());
        place.field = field.and_then(|f| self.source_fields.get(f).cloned());
        let kind = match expr.otherwise {
            Otherwise::Empty => "",
            Otherwise::Keep => "kept",
            Otherwise::Reject => "rejected",
        };
        let text = match (&fault.value, &expr.origin) {
            (Some(value), _) => value.as_str(),
            (None, Origin::Fields(_)) => field.and_then(|f| row.cells.get(f)).copied().unwrap_or_default(),
            (None, _) => source,
        };
        let mut finding = Finding::new(fault.code, kind, place).value(text).arg("target", expr.target.clone());
        finding.args.extend(fault.args.iter().cloned());
        finding
    }

    /// What was lost in the rows mapped with this scratch: one finding for each lost field that had a filled cell.
    pub fn closing_findings(&self, scratch: &MapScratch, file: u32, columns: &[Option<u32>]) -> Vec<Finding> {
        let mut out = Vec::new();
        for (lost, &count) in self.lost.iter().zip(&scratch.lost) {
            if count == 0 {
                continue;
            }
            let name = self.source_fields.get(lost.field).cloned();
            let place = Place { file, column: columns.get(lost.field).copied().flatten(), field: name.clone(), ..Place::default() };
            let mut finding = Finding::new("C508", if lost.declared { "" } else { "undeclared" }, place)
                .arg("count", count.to_string())
                .arg("column_name", name.as_deref().unwrap_or_default());
            if !lost.why.is_empty() {
                finding = finding.arg("why", lost.why.trim_end_matches('.'));
            }
            out.push(finding);
        }
        out.append(&mut self.left_out(scratch, file, columns));
        out
    }
}

/// Copies a made value into the row's buffer.
fn own(buffer: &mut String, text: &str) -> Cell {
    if text.is_empty() {
        return Cell::Empty;
    }
    let start = buffer.len();
    buffer.push_str(text);
    Cell::Buffer(start, buffer.len())
}

/// What a value made of several fields was before: the coordinate asked for, or the filled fields with a space between them.
fn kept(expr: &Expr, inputs: &[usize], row: &SourceRow<'_>) -> String {
    let cell = |field: &usize| row.cells.get(*field).copied().unwrap_or_default();
    let one = expr.ops.iter().find_map(|op| match op {
        Op::Project(step) => step.taken(),
        _ => None,
    });
    match one.and_then(|n| inputs.get(n)) {
        Some(field) => cell(field).to_owned(),
        None => inputs.iter().map(cell).filter(|c| !c.is_empty()).collect::<Vec<_>>().join(" "),
    }
}

/// The pieces of an exploded cell: between runs of blanks, or between literals. Pieces without anything but blanks are none.
fn pieces<'t>(text: &'t str, at: Option<&'t str>) -> impl Iterator<Item = &'t str> {
    let (words, parts) = match at {
        Some(at) if !at.is_empty() => (None, Some(text.split(at))),
        _ => (Some(text.split(text::is_blank)), None),
    };
    words.into_iter().flatten().chain(parts.into_iter().flatten()).filter(|piece| !piece.trim_matches(text::is_blank).is_empty())
}

#[cfg(test)]
mod tests;
