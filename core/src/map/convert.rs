//! A whole conversion: rows are mapped, de-duplicated, checked, written and counted, in constant memory but for the hashes of distinct rows.
//!
//! # How a source record is counted
//!
//! As **out** when at least one row made from it was written; else as **rejected** when a row made from it was rejected (it then
//! goes to the rejects with the reason); else as **dropped**: under the first skip rule that applied, as a repetition of earlier rows, or
//! because the cell that is exploded is empty. So `records_in = records_out + rejected + dropped`, always. One of which a part was written and a
//! part rejected is out **in part**: it is counted apart, and goes to the rejects as well.
//!
//! # Joining blocks
//!
//! When no table asks for distinct rows ([`Converter::can_join`]), blocks of the source can be converted apart with [`Converter::part`] and joined in
//! their order with [`Converter::absorb`]; the bytes and counts are the same as in one go.

use std::sync::Arc;

use crate::check::xml;
use crate::encode::buffer::Buffer;
use crate::encode::{PlainRows, RowWriter, TableNames, Trouble, WriterConfig};
use crate::finding::{Finding, Place, Severity};
use crate::package::Package;
use crate::report::{Conversion, Dropped, Leg, Sum, TableBalance};
use crate::schema::nested::NestedForm;
use crate::schema::{FieldsMatch, TableSchema};

use super::distinct::{Seen, Sight};
pub use super::rejects::RejectsConfig;
use super::rejects::{Rejects, reason};
use super::sums::Total;
use super::{MapPlan, MapScratch, SourceRow, TableOutcome, TargetRow};

/// Looks at each row that is written.
pub trait TargetCheck {
    /// `table` is the index of the target package's resource, `cells` are by index of its schema's field, and `place` is the source record's.
    fn check(&mut self, table: usize, cells: &[&str], place: &Place, out: &mut Vec<Finding>);
}

/// Checks nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCheck;

impl TargetCheck for NoCheck {
    fn check(&mut self, _table: usize, _cells: &[&str], _place: &Place, _out: &mut Vec<Finding>) {}
}

/// Converts the records of one or several source resources into the tables of one target.
pub struct Converter {
    plans: Arc<Vec<MapPlan>>,
    current: usize,
    config: WriterConfig,
    outputs: Vec<Output>,
    states: Vec<State>,
    rejects: Rejects,
    findings: Vec<Finding>,
    begun: bool,
    records_in: u64,
    records_out: u64,
    rejected: u64,
    in_part: u64,
    dropped: Vec<Dropped>,
    /// Findings of the target's checks for the record at hand, after those of its mapping.
    checked: Vec<Finding>,
    /// Working space for amounts.
    amount: String,
    /// Why the output cannot be used, once a form cannot hold it.
    full: Option<String>,
}

/// A table to be written: index of the resource, its name, one record of it, its schema, and the fields written.
type Opened = (usize, String, String, Arc<TableSchema>, Vec<usize>);

/// One target table's writer and counts.
struct Output {
    resource: usize,
    /// One record of the table, singular.
    record: String,
    schema: Arc<TableSchema>,
    fields: Vec<usize>,
    writer: Box<dyn RowWriter>,
    bytes: Buffer,
    balance: TableBalance,
    /// Rows written, by the key they are told apart by.
    seen: Vec<(Vec<usize>, Seen)>,
    /// Fields of the last row that its form could not write.
    left_empty: Vec<usize>,
    /// Fields of the document that is open of which an error was told, since the document then has it as well.
    told: Vec<Arc<str>>,
}

/// What is kept for one plan.
struct State {
    scratch: MapScratch,
    file: u32,
    columns: Vec<Option<u32>>,
    tables: Vec<TableState>,
}

/// What is kept for one table map.
struct TableState {
    /// Index into the outputs.
    output: usize,
    /// Index into the output's `seen`.
    seen: Option<usize>,
    sums: Vec<SumState>,
}

#[derive(Debug, Clone, Default)]
struct SumState {
    total_in: Total,
    out: Total,
    rejected: Total,
    dropped: Total,
    unread: Total,
    /// Filled cells whose amount stands in none of the rows written: it could not be read, or could not be carried.
    cells_unread: u64,
}

pub(super) const REPEATED: &str = "The row repeats what earlier rows say.";
const DIFFERS: &str = "An earlier row says otherwise about the same record, and was kept.";

impl Converter {
    /// A converter for sources whose plans have one target.
    ///
    /// The columns written are the target's fields that a plan fills, in the order of the crosswalk, then those that are required or whose column
    /// must exist. A schema that asks for all its fields gets them all; one that fixes their order gets that order.
    /// Records are taken for the first plan's resource until [`Converter::source`] says otherwise.
    pub fn new(plans: Vec<MapPlan>, target: &Package, config: WriterConfig, rejects: RejectsConfig) -> Converter {
        let mut resources: Vec<usize> = plans.iter().flat_map(MapPlan::targets).collect();
        resources.sort_unstable();
        resources.dedup();
        let tables = resources.into_iter().filter_map(|r| {
            let resource = target.resources.get(r)?;
            let schema = Arc::clone(&resource.schema);
            let all = matches!(schema.fields_match, FieldsMatch::Exact | FieldsMatch::Equal | FieldsMatch::Subset);
            let mut fields: Vec<usize> = Vec::new();
            let filled = plans.iter().flat_map(|p| p.order(r));
            let needed = (0..schema.fields.len()).filter(|&f| all || schema.is_required(f) || schema.fields[f].extras.column);
            for f in filled.chain(needed) {
                if !fields.contains(&f) {
                    fields.push(f);
                }
            }
            if schema.fields_match == FieldsMatch::Exact {
                fields.sort_unstable();
            }
            Some((r, resource.name.clone(), resource.record.clone(), schema, fields))
        });
        let tables = tables.collect();
        let mut made = Converter::build(Arc::new(plans), tables, config, rejects, false);
        for output in &mut made.outputs {
            let Some(NestedForm::Xml { root, namespace }) = output.schema.nested.as_ref().map(|n| &n.form) else { continue };
            if let Some(kind) = xml::of_package_root(target, namespace, root) {
                output.writer.judge_by(kind);
            }
        }
        made
    }

    /// A converter whose rows are not written but handed on ([`Converter::hand_over`] gives what [`handed_on`] reads), for a conversion that goes on
    /// from this target to another.
    pub(crate) fn on_the_way(plans: Vec<MapPlan>, target: &Package) -> Converter {
        let mut made = Converter::new(plans, target, WriterConfig::default(), RejectsConfig::default());
        for output in &mut made.outputs {
            output.writer = Box::new(HandOn { fields: output.schema.fields.len() });
        }
        made
    }

    fn build(plans: Arc<Vec<MapPlan>>, tables: Vec<Opened>, config: WriterConfig, rejects: RejectsConfig, begun: bool) -> Converter {
        let mut outputs: Vec<Output> = tables
            .into_iter()
            .map(|(resource, name, record, schema, fields)| Output {
                resource,
                writer: config.writer_of(TableNames { table: &name, record: &record }, &schema, &fields),
                record,
                schema,
                fields,
                bytes: Buffer::default(),
                balance: TableBalance { table: name, ..TableBalance::default() },
                seen: Vec::new(),
                left_empty: Vec::new(),
                told: Vec::new(),
            })
            .collect();
        let mut states = Vec::with_capacity(plans.len());
        for plan in plans.iter() {
            let tables = plan.tables.iter().map(|table| {
                // Every target of a plan has an output, unless the plan was compiled for another package than the one given.
                let output = outputs.iter().position(|o| o.resource == table.target).unwrap_or(usize::MAX);
                let seen = match outputs.get_mut(output) {
                    Some(out) if !table.distinct.is_empty() => {
                        Some(out.seen.iter().position(|(key, _)| *key == table.distinct).unwrap_or_else(|| {
                            out.seen.push((table.distinct.clone(), Seen::default()));
                            out.seen.len() - 1
                        }))
                    }
                    _ => None,
                };
                TableState { output, seen, sums: vec![SumState::default(); table.sums.len()] }
            });
            let tables = tables.collect();
            states.push(State { scratch: MapScratch::default(), file: 0, columns: Vec::new(), tables });
        }
        Converter {
            plans,
            current: 0,
            config,
            outputs,
            states,
            rejects: Rejects::new(rejects, begun),
            findings: Vec::new(),
            begun,
            records_in: 0,
            records_out: 0,
            rejected: 0,
            in_part: 0,
            dropped: Vec::new(),
            checked: Vec::new(),
            amount: String::new(),
            full: None,
        }
    }

    /// The records pushed from now on are of this plan's resource. Take the rejects first: a new header begins. An index without a plan changes
    /// nothing.
    pub fn source(&mut self, plan: usize, rejects: RejectsConfig) {
        if plan < self.plans.len() {
            self.current = plan;
            let waiting = std::mem::take(&mut self.rejects.out);
            self.rejects = Rejects::new(rejects, false);
            self.rejects.out = waiting;
        }
    }

    /// Converts one record. `raw` is its text in the file as UTF-8, for the rejects; empty when there is none.
    pub fn push(&mut self, row: &SourceRow<'_>, raw: &[u8], check: &mut dyn TargetCheck) {
        self.begin(check);
        let first_finding = self.findings.len();
        if let Some(became) = self.carry(row, check) {
            let why = if became.rejected { reason(&self.findings[first_finding..]) } else { String::new() };
            self.count(row, raw, became, &why);
        }
    }

    /// Makes the rows of one record, checks and writes them, and says what became of it. The record is not counted yet: see [`Converter::count`].
    /// Rows that no record feeds have to be written before ([`Converter::begin`]).
    pub(crate) fn carry(&mut self, row: &SourceRow<'_>, check: &mut dyn TargetCheck) -> Option<Became> {
        let plans = Arc::clone(&self.plans);
        let plan = plans.get(self.current)?;
        let Converter { states, outputs, checked, amount, full, .. } = self;
        let State { scratch, file, columns, tables } = &mut states[self.current];
        *file = row.place.file;
        if columns.len() != row.columns.len() {
            *columns = row.columns.to_vec();
        }
        let (mut written, mut rejected, mut repeated, mut differs) = (false, false, false, false);
        plan.map_row(row, scratch, &mut |target: TargetRow<'_>| {
            let table = &mut tables[target.map];
            let sums = &plan.tables[target.map].sums;
            let Some(output) = outputs.get_mut(table.output) else { return };
            output.balance.candidates += 1;
            let mut fate = Fate::Written;
            if target.rejected {
                fate = Fate::Rejected;
            } else if let Some((key, seen)) = table.seen.and_then(|s| output.seen.get_mut(s)) {
                match seen.meet(key, target.cells, row.place.row) {
                    Sight::New => {}
                    Sight::Repeated => fate = Fate::Dropped,
                    Sight::Differs(first) => {
                        (fate, differs) = (Fate::Dropped, true);
                        let place = Place { byte_column: 0, column: None, field: None, ..row.place.clone() };
                        let record = plan.tables[target.map].record.clone();
                        checked.push(Finding::new("C509", "differs", place).arg("record", record).arg("first", first.to_string()));
                    }
                }
            }
            match fate {
                Fate::Written => {
                    written = true;
                    output.balance.written += 1;
                    let documents = output.writer.documents();
                    output.bytes.append(|out| output.writer.row(target.cells, out));
                    // What is wrong with a row is told of the row; its document is not told again.
                    let told = if output.writer.documents() == documents { Vec::new() } else { std::mem::take(&mut output.told) };
                    let before = checked.len();
                    check.check(target.table, target.cells, row.place, checked);
                    if output.schema.nested.is_some() {
                        let wrong = checked[before..].iter().filter(|f| f.severity == Severity::Error);
                        output.told.extend(wrong.filter_map(|f| f.place.field.clone()));
                    }
                    output.troubles(target.cells, row.place, &told, full, checked);
                }
                Fate::Rejected => {
                    rejected = true;
                    output.balance.rejected += 1;
                }
                Fate::Dropped => {
                    repeated = true;
                    output.balance.repeated += 1;
                }
            }
            for (sum, state) in sums.iter().zip(&mut table.sums) {
                let source = row.cells.get(sum.source).copied().unwrap_or_default();
                // An amount that the form could not write is in no total of what was written.
                let written = fate != Fate::Written || !output.left_empty.contains(&sum.target);
                let cell = if written { target.cells.get(sum.target).copied().unwrap_or_default() } else { "" };
                state.account(sum, source, cell, fate, amount);
            }
        });
        let mut told: Vec<&str> = Vec::new();
        let mut empty: Option<usize> = None;
        let whole_row = || Place { byte_column: 0, column: None, field: None, ..row.place.clone() };
        for (at, outcome) in scratch.outcomes().iter().enumerate() {
            let map = &plan.tables[at];
            match outcome {
                TableOutcome::Rows => continue,
                TableOutcome::Skipped(rule) => {
                    let why = map.skip[*rule].1.as_str();
                    if let Some(output) = outputs.get_mut(tables[at].output) {
                        output.balance.candidates += 1;
                        output.balance.skipped += 1;
                    }
                    if !told.contains(&why) {
                        told.push(why);
                        let why = why.trim_end_matches('.');
                        checked.push(Finding::new("C510", "", whole_row()).arg("table", map.name.clone()).arg("why", why));
                    }
                }
                TableOutcome::NoPiece => empty = empty.or(map.explode.as_ref().map(|e| e.0)),
            }
            for (sum, state) in map.sums.iter().zip(&mut tables[at].sums) {
                let source = row.cells.get(sum.source).copied().unwrap_or_default();
                state.account(sum, source, "", Fate::Dropped, amount);
            }
        }
        self.findings.append(&mut scratch.findings);
        self.findings.append(checked);
        let dropped = if written || rejected {
            None
        } else if let Some(&why) = told.first() {
            Some(why.to_owned())
        } else if differs {
            // That values were passed over was said above, with the row that was kept.
            Some(DIFFERS.to_owned())
        } else if repeated {
            self.findings.push(Finding::new("C509", "", whole_row()));
            Some(REPEATED.to_owned())
        } else {
            let name = empty.and_then(|f| plan.source_fields.get(f)).map_or("", AsRef::as_ref);
            self.findings.push(Finding::new("C512", "", whole_row()).arg("column_name", name));
            Some(format!("The row gives no record, because \"{name}\" is empty."))
        };
        Some(Became { written, rejected, dropped })
    }

    /// Counts a record of the current source by what became of it; `why` is the reason for which it, or a part of it, was rejected.
    pub(crate) fn count(&mut self, row: &SourceRow<'_>, raw: &[u8], became: Became, why: &str) {
        self.records_in += 1;
        let plans = Arc::clone(&self.plans);
        let names = plans.get(self.current).map_or(&[][..], |p| &p.source_fields);
        match became {
            Became { written: true, rejected, .. } => {
                self.records_out += 1;
                if rejected {
                    self.in_part += 1;
                    let why = why.replace(", so the row was not", ", so a part of the row was not");
                    self.rejects.write(raw, names, row.cells, &why);
                }
            }
            Became { rejected: true, .. } => {
                self.rejected += 1;
                self.rejects.write(raw, names, row.cells, why);
            }
            Became { dropped, .. } => self.drop_record(&dropped.unwrap_or_default()),
        }
    }

    /// Counts a record that cannot be read as a row of its table: it goes to the rejects as it stands, for a reason in words.
    pub fn reject(&mut self, raw: &[u8], reason: &str, check: &mut dyn TargetCheck) {
        self.begin(check);
        self.records_in += 1;
        self.rejected += 1;
        let plans = Arc::clone(&self.plans);
        let names = plans.get(self.current).map_or(&[][..], |p| &p.source_fields);
        self.rejects.write(raw, names, &[], reason);
        // Its amounts, whatever they are, stand in no total.
        if let Some(state) = self.states.get_mut(self.current) {
            state.tables.iter_mut().flat_map(|table| &mut table.sums).for_each(|sum| sum.cells_unread += 1);
        }
    }

    /// Writes the header of the rejects now, though there may be none.
    pub fn open_rejects(&mut self) {
        let plans = Arc::clone(&self.plans);
        self.rejects.begin(plans.get(self.current).map_or(&[][..], |p| &p.source_fields));
    }

    fn drop_record(&mut self, why: &str) {
        match self.dropped.iter_mut().find(|d| d.why == why) {
            Some(dropped) => dropped.count += 1,
            None => self.dropped.push(Dropped { why: why.to_owned(), count: 1 }),
        }
    }

    /// Writes what stands before the first row, and the rows that no record feeds. `false` when that was done before.
    pub(crate) fn begin(&mut self, check: &mut dyn TargetCheck) -> bool {
        if std::mem::replace(&mut self.begun, true) {
            return false;
        }
        for output in &mut self.outputs {
            output.bytes.append(|out| output.writer.begin(out));
        }
        let plans = Arc::clone(&self.plans);
        // Every plan of one crosswalk knows the tables that no row feeds; they are written once.
        let Some(plan) = plans.first() else { return true };
        self.findings.extend_from_slice(plan.opening_findings());
        for other in plans.iter().skip(1) {
            self.findings.extend(other.opening_findings().iter().filter(|f| !plan.opening_findings().contains(f)).cloned());
        }
        let Converter { outputs, findings, full, .. } = self;
        plan.map_once(&mut |target| {
            let Some(output) = outputs.iter_mut().find(|o| o.resource == target.table) else { return };
            output.balance.candidates += 1;
            output.balance.written += 1;
            output.bytes.append(|out| output.writer.row(target.cells, out));
            check.check(target.table, target.cells, &Place::default(), findings);
            output.troubles(target.cells, &Place::default(), &[], full, findings);
        });
        true
    }

    /// The target tables that are written: index of the resource, its name, and the schema's fields written as columns.
    pub fn tables(&self) -> impl Iterator<Item = (usize, &str, &[usize])> {
        self.outputs.iter().map(|o| (o.resource, o.balance.table.as_str(), o.fields.as_slice()))
    }

    /// The same with what a descriptor says of them, in the same order.
    pub fn written(&self) -> Vec<crate::encode::descriptor::Written> {
        let of = |o: &Output| crate::encode::descriptor::Written {
            name: o.balance.table.clone(),
            schema: Arc::clone(&o.schema),
            fields: o.fields.clone(),
        };
        self.outputs.iter().map(of).collect()
    }

    /// The bytes of a table (by index of the target's resource) that were made since they were last taken.
    pub fn take_output(&mut self, table: usize) -> Vec<u8> {
        self.outputs.iter_mut().find(|o| o.resource == table).map(|o| o.bytes.take()).unwrap_or_default()
    }

    /// Hands over the bytes of a table that were made since they were last taken; the memory is used again, which spares much work of the
    /// system's.
    ///
    /// # Errors
    /// Those of `hand`. The bytes count as taken all the same.
    pub fn hand_over<E>(&mut self, table: usize, hand: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let Some(output) = self.outputs.iter_mut().find(|o| o.resource == table) else { return Ok(()) };
        let done = hand(output.bytes.written());
        output.bytes.clear();
        done
    }

    /// The plan of the current source.
    pub(super) fn plan(&self) -> Option<&MapPlan> {
        self.plans.get(self.current)
    }

    /// The name of a target field, by table of the current plan.
    pub(super) fn target_name(&self, map: usize, field: usize) -> Option<&str> {
        self.name_of(self.current, map, field)
    }

    /// The same by table of any plan.
    pub(super) fn name_of(&self, plan: usize, map: usize, field: usize) -> Option<&str> {
        let output = self.outputs.get(self.states.get(plan)?.tables.get(map)?.output)?;
        output.schema.fields.get(field).map(|f| f.name.as_str())
    }

    /// The plans.
    pub(crate) fn plans(&self) -> Arc<Vec<MapPlan>> {
        Arc::clone(&self.plans)
    }

    /// What a run of rows touches that are mapped and written by columns, for the current source, whose plan must make one row of each record
    /// ([`MapPlan::by_columns`]). `None` when the plan's table is not written.
    pub(crate) fn lane(&mut self, file: u32, file_columns: &[Option<u32>], check: &mut dyn TargetCheck) -> Option<Lane<'_>> {
        self.begin(check);
        let Converter { plans, states, outputs, records_in, records_out, amount, .. } = self;
        let (plan, State { scratch, file: of, columns, tables }) = (plans.get(self.current)?, states.get_mut(self.current)?);
        let table = tables.first_mut()?;
        let output = outputs.get_mut(table.output)?;
        *of = file;
        if columns.len() != file_columns.len() {
            *columns = file_columns.to_vec();
        }
        scratch.lost.resize(plan.lost.len(), 0);
        Some(Lane {
            writer: output.writer.as_mut(),
            bytes: &mut output.bytes,
            balance: &mut output.balance,
            sums: &mut table.sums,
            sum_plans: &plan.tables.first()?.sums,
            lost: &mut scratch.lost,
            records_in,
            records_out,
            amount,
        })
    }

    /// How a table's rows are written when their cells are plain, and the fields written as columns; `None` when its writer has to write all.
    pub(crate) fn plain_rows(&self, table: usize) -> Option<PlainRows> {
        self.outputs.iter().find(|o| o.resource == table)?.writer.plain()
    }

    /// Whether the writer of a table may have no room for a long number in a field.
    pub(crate) fn is_narrow(&self, table: usize, field: usize) -> bool {
        self.outputs.iter().any(|o| o.resource == table && o.writer.is_narrow(field))
    }

    /// The rejects made since they were last taken. Nothing, not even a header, when there are none.
    pub fn take_rejects(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rejects.out)
    }

    /// What was found since it was last taken.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Bytes waiting to be taken, over all tables and the rejects.
    pub fn waiting(&self) -> usize {
        self.rejects.out.len() + self.outputs.iter().map(|o| o.bytes.len()).sum::<usize>()
    }

    /// Whether rows of a table are gathered before they are written.
    pub(crate) fn gathers(&self) -> bool {
        self.outputs.iter().any(|o| o.writer.gathers())
    }

    /// Why the output cannot be used, as a sentence without a full stop: its form cannot hold the table. Ask after each stretch, and at the end.
    pub fn full(&self) -> Option<&str> {
        self.full.as_deref()
    }

    /// Whether blocks can be converted apart and joined.
    pub fn can_join(&self) -> bool {
        self.plans.iter().all(MapPlan::rows_are_independent) && !self.gathers()
    }

    /// A converter for a block of the current source, to be given to [`Converter::absorb`].
    pub fn part(&self) -> Converter {
        let table = |o: &Output| (o.resource, o.balance.table.clone(), o.record.clone(), Arc::clone(&o.schema), o.fields.clone());
        let tables = self.outputs.iter().map(table).collect();
        let mut part = Converter::build(Arc::clone(&self.plans), tables, self.config, self.rejects.config.clone(), true);
        part.current = self.current;
        part
    }

    /// Adds what a part made, in the order of the source. The part must come from [`Converter::part`] of this converter and must not have been
    /// drained.
    pub fn absorb(&mut self, mut part: Converter, check: &mut dyn TargetCheck) {
        self.begin(check);
        for (output, other) in self.outputs.iter_mut().zip(&part.outputs) {
            output.bytes.append(|out| output.writer.join(other.bytes.written(), other.balance.written, out));
            output.troubles(&[], &Place::default(), &[], &mut self.full, &mut Vec::new());
            let (a, b) = (&mut output.balance, &other.balance);
            a.candidates += b.candidates;
            a.written += b.written;
            a.rejected += b.rejected;
            a.repeated += b.repeated;
            a.skipped += b.skipped;
        }
        for (state, other) in self.states.iter_mut().zip(&part.states) {
            state.scratch.add_lost(&other.scratch);
            if !other.columns.is_empty() {
                (state.file, state.columns) = (other.file, other.columns.clone());
            }
            for (a, b) in state.tables.iter_mut().zip(&other.tables).flat_map(|(a, b)| a.sums.iter_mut().zip(&b.sums)) {
                a.add(b);
            }
        }
        if !part.rejects.out.is_empty() {
            let names = self.plans.get(self.current).map_or(&[][..], |p| &p.source_fields);
            self.rejects.begin(names);
            self.rejects.out.append(&mut part.rejects.out);
        }
        self.findings.append(&mut part.findings);
        self.records_in += part.records_in;
        self.records_out += part.records_out;
        self.rejected += part.rejected;
        self.in_part += part.in_part;
        for dropped in &part.dropped {
            match self.dropped.iter_mut().find(|d| d.why == dropped.why) {
                Some(mine) => mine.count += dropped.count,
                None => self.dropped.push(dropped.clone()),
            }
        }
    }

    /// Writes what stands after the last row, reports what was lost, and gives the balance. Take the last output, rejects and findings after it.
    pub fn finish(&mut self, check: &mut dyn TargetCheck) -> Conversion {
        self.begin(check);
        let sums = self.close().into_iter().map(|(_, sum)| sum).collect();
        let leg = self.leg();
        Conversion { from: leg.from.clone(), to: leg.to.clone(), sums, tables: leg.tables.clone(), way: vec![leg], ..self.counts() }
    }

    /// The counts of source records alone.
    pub(crate) fn counts(&self) -> Conversion {
        Conversion {
            records_in: self.records_in,
            records_out: self.records_out,
            rejected: self.rejected,
            dropped: self.dropped.clone(),
            in_part: self.in_part,
            ..Conversion::default()
        }
    }

    /// Codes of the checks that ran over the documents that were written.
    pub(crate) fn codes(&self) -> Vec<String> {
        self.outputs.iter().flat_map(|o| o.writer.checks_run().iter().cloned()).collect()
    }

    /// The two ends of the crosswalk, and what became of its rows.
    pub(crate) fn leg(&self) -> Leg {
        let (from, to) = self.plans.first().map(|p| (p.from.clone(), p.to.clone())).unwrap_or_default();
        Leg { from, to, tables: self.outputs.iter().map(|o| o.balance.clone()).collect() }
    }

    /// Writes what stands after the last row and reports what was lost. Gives the totals, each with the name of the source's table.
    pub(crate) fn close(&mut self) -> Vec<(String, Sum)> {
        for output in &mut self.outputs {
            output.bytes.append(|out| output.writer.finish(out));
            let told = std::mem::take(&mut output.told);
            output.troubles(&[], &Place::default(), &told, &mut self.full, &mut self.findings);
        }
        let mut sums = Vec::new();
        for (plan, state) in self.plans.iter().zip(&self.states) {
            self.findings.extend(plan.closing_findings(&state.scratch, state.file, &state.columns));
            for (table, made) in plan.tables.iter().zip(&state.tables) {
                for (sum, totals) in table.sums.iter().zip(&made.sums) {
                    let told = totals.told(&table.name, &sum.from, &sum.to);
                    if !totals.is_accounted() {
                        let column = state.columns.get(sum.source).copied().flatten();
                        let field = plan.source_fields.get(sum.source).cloned();
                        let place = Place { file: state.file, column, field, ..Place::default() };
                        self.findings.push(
                            Finding::new("C513", "", place)
                                .arg("column_name", sum.from.clone())
                                .arg("target", sum.to.clone())
                                .arg("total_in", told.total_in.clone())
                                .arg("total_accounted", totals.accounted().value().to_string()),
                        );
                    }
                    sums.push((plan.resource.clone(), told));
                }
            }
        }
        sums
    }

    /// The records carried from now on are of this plan's resource.
    pub(crate) fn turn_to(&mut self, plan: usize) {
        if plan < self.plans.len() {
            self.current = plan;
        }
    }

    /// Index of the plan for the current source.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// What was found and not yet taken, from that one on.
    pub(crate) fn findings_mut(&mut self, from: usize) -> &mut [Finding] {
        self.findings.get_mut(from..).unwrap_or_default()
    }

    /// What was found and not yet taken.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// What became of one source record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Became {
    /// At least one row made from it was written.
    pub(crate) written: bool,
    /// At least one row made from it was rejected.
    pub(crate) rejected: bool,
    /// The reason for which it was dropped, when it was neither.
    pub(crate) dropped: Option<String>,
}

/// Lays rows down for whoever goes on with them: each cell with its length before it. [`handed_on`] reads them.
struct HandOn {
    /// How many fields a row has.
    fields: usize,
}

impl RowWriter for HandOn {
    fn begin(&mut self, _out: &mut Vec<u8>) {}

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        for field in 0..self.fields {
            let cell = cells.get(field).copied().unwrap_or_default();
            out.extend_from_slice(&cell.len().to_le_bytes());
            out.extend_from_slice(cell.as_bytes());
        }
    }

    fn join(&mut self, part: &[u8], _rows: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(part);
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}

/// The sum of two totals as the report writes them.
pub(crate) fn plus(a: &str, b: &str) -> String {
    let mut sum = Total::default();
    sum.add(a);
    sum.add(b);
    sum.value().to_string()
}

/// The next row of `fields` cells that was handed on, and the bytes behind it. `None` at the end.
pub(crate) fn handed_on<'b>(mut bytes: &'b [u8], fields: usize, cells: &mut Vec<&'b str>) -> Option<&'b [u8]> {
    cells.clear();
    if bytes.is_empty() {
        return None;
    }
    for _ in 0..fields {
        let (length, rest) = bytes.split_first_chunk()?;
        let (cell, rest) = rest.split_at_checked(usize::from_le_bytes(*length))?;
        cells.push(std::str::from_utf8(cell).ok()?);
        bytes = rest;
    }
    Some(bytes)
}

/// The counts and the output of one table, for rows that were not pushed.
pub(crate) struct Lane<'c> {
    pub(crate) writer: &'c mut dyn RowWriter,
    pub(crate) bytes: &'c mut Buffer,
    balance: &'c mut TableBalance,
    sums: &'c mut [SumState],
    sum_plans: &'c [super::sums::SumPlan],
    /// Filled cells of each lost field.
    pub(crate) lost: &'c mut [u64],
    records_in: &'c mut u64,
    records_out: &'c mut u64,
    amount: &'c mut String,
}

impl Lane<'_> {
    /// Rows of the table so far.
    pub(crate) fn rows(&self) -> u64 {
        self.balance.written
    }

    /// Counts records that each gave one row, which was written.
    pub(crate) fn count(&mut self, rows: u64) {
        self.balance.candidates += rows;
        self.balance.written += rows;
        *self.records_in += rows;
        *self.records_out += rows;
    }

    /// Adds an amount that was written as it stands, `n` bytes of `data` from `from` on, to a pair of totals. `false`, and nothing added, for one that is
    /// not plain.
    #[inline(always)]
    pub(crate) fn add_as_it_is(&mut self, sum: usize, data: &[u8], from: usize, n: usize) -> bool {
        let state = &mut self.sums[sum];
        n == 0 || (self.sum_plans[sum].reader.reads_plainly() && state.total_in.add_short_to_both(&mut state.out, data, from, n))
    }

    /// Adds a written row's amounts to a pair of totals: the source's text and the target's.
    #[inline]
    pub(crate) fn add(&mut self, sum: usize, source: &[u8], cell: &[u8]) {
        if source.is_empty() && cell.is_empty() {
            return;
        }
        let (state, plan) = (&mut self.sums[sum], &self.sum_plans[sum]);
        if plan.reader.reads_plainly() && source == cell && state.total_in.add_to_both(&mut state.out, cell) {
            return;
        }
        // Cells of plain rows are ASCII, and what steps make of them is text.
        let (Ok(source), Ok(cell)) = (std::str::from_utf8(source), std::str::from_utf8(cell)) else { return };
        state.account(plan, source, cell, Fate::Written, self.amount);
    }
}

impl Output {
    /// Makes findings of what the form could not write of a row. `told`: fields of the document that ended of which an error was told with its rows.
    fn troubles(&mut self, cells: &[&str], place: &Place, told: &[Arc<str>], full: &mut Option<String>, findings: &mut Vec<Finding>) {
        self.left_empty.clear();
        for trouble in self.writer.troubles() {
            let (code, field, said) = match trouble {
                Trouble::Replaced { field } => ("C514", field, None),
                Trouble::Untyped { field, wanted } => {
                    self.left_empty.push(field);
                    ("C515", field, Some(("wanted", wanted)))
                }
                Trouble::Rounded { field, to } => ("C516", field, Some(("to", to))),
                Trouble::Differs { field, first } => ("C517", field, Some(("first", first))),
                Trouble::Apart { field } => ("C518", field, Some(("record", self.record.clone()))),
                Trouble::Unfit { document, finding } => {
                    if !told.iter().any(|field| is_of(&finding, field)) {
                        let Place { field, pointer, .. } = finding.place.clone();
                        let place = Place { file: u32::MAX, field, pointer, ..Place::default() };
                        findings.push(Finding { place, ..*finding }.arg("made", document).arg("made_of", self.record.clone()));
                    }
                    continue;
                }
                Trouble::Gathered { rows, documents } => {
                    let place = Place { file: u32::MAX, field: Some(Arc::from(self.balance.table.as_str())), ..Place::default() };
                    let finding = Finding::new("C519", "", place).arg("records", rows.to_string());
                    findings.push(finding.arg("documents", documents.to_string()).arg("table", self.balance.table.clone()));
                    continue;
                }
                Trouble::Full(why) => {
                    full.get_or_insert(why);
                    continue;
                }
            };
            let Some(name) = self.schema.fields.get(field).map(|f| f.name.as_str()) else { continue };
            let place = Place { byte_column: 0, column: None, field: Some(Arc::from(name)), ..place.clone() };
            let value = cells.get(field).copied().unwrap_or_default();
            let finding = Finding::new(code, "", place).value(value).arg("target", name);
            findings.push(match said {
                Some((name, text)) => finding.arg(name, text),
                None => finding,
            });
        }
    }
}

/// Whether what is wrong with a document is what was told of a field: it is of the element that the field becomes, or of one around it that lacks
/// or has a child.
fn is_of(finding: &Finding, field: &str) -> bool {
    let pointer = finding.place.pointer.as_deref().unwrap_or_default();
    // `/alert/info[2]/area` and `info#es/area*` are both `info/area`.
    let mut ours = pointer.split('/').skip(2).map(|p| p.split('[').next().unwrap_or(p));
    let mut its = field.split('/').map(|p| p.split(['[', '#', '*']).next().unwrap_or(p));
    let of_content = finding.code.text().starts_with("C28");
    loop {
        match (ours.next(), its.next()) {
            (None, None) => return true,
            (None, Some(_)) => return of_content,
            (a, b) if a == b => {}
            _ => return false,
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Written,
    Rejected,
    Dropped,
}

impl SumState {
    /// Adds the amount of one row: what the source says to the total in, and what became of it to one of the others.
    fn account(&mut self, sum: &super::sums::SumPlan, source: &str, cell: &str, fate: Fate, amount: &mut String) {
        amount.clear();
        let read = !source.is_empty() && sum.reader.convert(source, amount).is_ok() && self.total_in.add(amount);
        match fate {
            Fate::Written => {
                // An empty or unreadable cell of a written row carries no amount; a finding or a declared step says so.
                if !self.out.add(cell) && read {
                    self.unread.add(amount);
                    self.cells_unread += 1;
                }
            }
            Fate::Rejected if read => {
                self.rejected.add(amount);
            }
            Fate::Dropped if read => {
                self.dropped.add(amount);
            }
            Fate::Rejected | Fate::Dropped => {}
        }
        // What cannot be read is in no total, so the totals must not be called balanced. A row that a declared rule leaves out is no record.
        if !read && fate != Fate::Dropped && !source.trim().is_empty() {
            self.cells_unread += 1;
        }
    }

    fn add(&mut self, other: &SumState) {
        self.total_in = self.total_in.plus(&other.total_in);
        self.out = self.out.plus(&other.out);
        self.rejected = self.rejected.plus(&other.rejected);
        self.dropped = self.dropped.plus(&other.dropped);
        self.unread = self.unread.plus(&other.unread);
        self.cells_unread += other.cells_unread;
    }

    fn accounted(&self) -> Total {
        self.out.plus(&self.rejected).plus(&self.dropped).plus(&self.unread)
    }

    /// Whether all that was read is accounted for.
    fn is_accounted(&self) -> bool {
        self.accounted().value() == self.total_in.value()
    }

    fn told(&self, table: &str, from: &str, to: &str) -> Sum {
        let text = |total: &Total| total.value().to_string();
        Sum {
            table: table.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            total_in: text(&self.total_in),
            total_out: text(&self.out),
            total_rejected: text(&self.rejected),
            total_dropped: text(&self.dropped),
            total_unread: text(&self.unread),
            cells_unread: self.cells_unread,
            balanced: self.cells_unread == 0 && self.is_accounted(),
        }
    }
}
