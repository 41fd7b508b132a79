//! A conversion over several crosswalks in one run: the rows that one of them makes are the records of the next.
//!
//! Nothing in between is written. Each row goes all the way before the next source record is read, so memory does not grow, and whatever is found on
//! the way is told at the source record that it comes from:
//!
//! - the rows that arrive at a standard between are checked by it, as a file of it would be; a fault that was told there, or at the source, is
//!   not told again further on;
//! - a value that a later crosswalk cannot treat stands at the source's cell where exactly one source column makes it, else at the source's row
//!   under the field's name in the standard between; either way the finding says which standard that is (`over`);
//! - a source record is out when at least one row of the last standard was written from it, else rejected when any crosswalk rejected a row made
//!   from it, else dropped, by the first of them that dropped it. The rejects hold the source's own row.
//!
//! The rows are the same as those of converting to a file in the standard between and converting that file, which a property test holds. Rows of
//! which nothing but blanks is left are no records there, nor here.

use std::sync::Arc;

use super::retold::{self, Retold};
use super::target::TargetTables;
use super::{JobError, Way, of_mapping};
use crate::check::Evidence;
use crate::check::plan::{StandardPlan, TablePlan};
use crate::encode::WriterConfig;
use crate::finding::{Finding, Place, Severity, cut};
use crate::map::convert::{Became, handed_on};
use crate::map::fate::{self, Fate};
use crate::map::rejects::reason;
use crate::map::{Converter, MapError, MapPlan, RejectsConfig, SourceRow, TargetCheck};
use crate::report::{Conversion, Sum};

/// The crosswalks behind the first.
pub(super) struct Chain {
    stops: Vec<Stop>,
}

/// A standard between, and the crosswalk that leads on from it.
struct Stop {
    /// `id@version`.
    reference: String,
    /// By resource of the standard.
    tables: Vec<Arrived>,
    /// Looks at the rows that arrive.
    check: TargetTables,
    converter: Converter,
    retold: Vec<Retold>,
    none: Evidence,
}

/// Rows of one table of the standard between.
struct Arrived {
    /// Rows are made for it.
    made: bool,
    plan: Arc<TablePlan>,
    /// By field: its texts for "no value" other than the empty one.
    missing: Vec<Vec<String>>,
    /// Which of the converter's plans reads it; `None` when the crosswalk says nothing of it.
    leads_on: Option<usize>,
    /// Rows for which there is no way on.
    left: u64,
}

/// What one source record came to on its way.
#[derive(Default)]
struct Came {
    written: bool,
    rejected: bool,
    dropped: Option<String>,
    reasons: String,
    /// Each with the stop and the field of it that it is about.
    found: Vec<(Finding, Option<(usize, String)>)>,
    /// What became of values with which the first standard between found fault: its field, the kind of the finding that says so, and the field that
    /// the value was for.
    became: Vec<(String, &'static str, String)>,
}

/// The crosswalks compiled: the first one's converter, the chain behind it, the check of the last one's rows, and the first one's rules of both sides.
pub(super) struct Opened {
    pub(super) converter: Converter,
    pub(super) chain: Chain,
    pub(super) target: TargetTables,
    pub(super) general: Vec<Finding>,
    pub(super) skipped: Vec<(String, String)>,
}

impl Chain {
    /// `plans` are those of each standard behind the source, the last one's among them; `maps` what the first crosswalk does.
    pub(super) fn open(
        ways: &[Way<'_>],
        plans: &[StandardPlan],
        retold: Vec<Vec<Retold>>,
        maps: Vec<MapPlan>,
        writer: WriterConfig,
    ) -> Result<Opened, JobError> {
        let Some((first, further)) = ways.split_first() else {
            return Err(MapError::NothingFrom { resource: String::new() }.into());
        };
        let (mut general, mut skipped) = (Vec::new(), Vec::new());
        let converter = Converter::on_the_way(maps, first.to);
        let mut stops: Vec<Stop> = Vec::with_capacity(further.len());
        for ((n, way), retold) in further.iter().enumerate().zip(retold) {
            let before = stops.last().map_or(&converter, |s: &Stop| &s.converter);
            let written: Vec<(usize, Vec<usize>)> = before.tables().map(|(r, _, fields)| (r, fields.to_vec())).collect();
            let check = TargetTables::new(&plans[n], written.clone());
            let (found, unused) = check.opening();
            let reference = way.from.reference();
            general.extend(found.into_iter().map(|f| f.arg("over", reference.clone())));
            skipped.extend(unused);
            let mut maps = Vec::new();
            let mut tables = Vec::with_capacity(plans[n].tables.len());
            for (r, plan) in plans[n].tables.iter().enumerate() {
                let made = written.iter().any(|(resource, _)| *resource == r);
                let mut leads_on = None;
                if made && way.crosswalk.tables.iter().any(|t| t.from == plan.name) {
                    leads_on = Some(maps.len());
                    maps.push(MapPlan::compile(way.crosswalk, way.from, way.to, &plan.name, way.givens)?);
                }
                let others = |f| plan.schema.missing_for(f).iter().filter(|m| !m.is_empty()).cloned().collect();
                let missing = (0..plan.schema.fields.len()).map(others).collect();
                tables.push(Arrived { made, plan: Arc::clone(plan), missing, leads_on, left: 0 });
            }
            if maps.is_empty() {
                let resource = tables.iter().find(|t| t.made).map_or_else(String::new, |t| t.plan.name.clone());
                return Err(MapError::NothingFrom { resource }.into());
            }
            let converter = match n + 1 == further.len() {
                true => Converter::new(maps, way.to, writer, RejectsConfig::default()),
                false => Converter::on_the_way(maps, way.to),
            };
            stops.push(Stop { reference, tables, check, converter, retold, none: Evidence::default() });
        }
        let last = stops.last().map_or(&converter, |s| &s.converter);
        let written = last.tables().map(|(r, _, fields)| (r, fields.to_vec())).collect();
        let target = TargetTables::new(&plans[ways.len() - 1], written);
        let (found, unused) = target.opening();
        general.extend(found);
        skipped.extend(unused);
        Ok(Opened { converter, chain: Chain { stops }, target, general, skipped })
    }

    /// The converter that writes.
    pub(super) fn last(&self) -> Option<&Converter> {
        self.stops.last().map(|s| &s.converter)
    }

    /// The same to be changed.
    pub(super) fn last_mut(&mut self) -> Option<&mut Converter> {
        self.stops.last_mut().map(|s| &mut s.converter)
    }

    /// `id@version` of the first standard between.
    pub(super) fn first_stop(&self) -> &str {
        self.stops.first().map_or("", |s| &s.reference)
    }

    /// The check of the rows that the first crosswalk makes.
    pub(super) fn first_check(&mut self) -> Option<&mut TargetTables> {
        self.stops.first_mut().map(|s| &mut s.check)
    }

    /// Writes the rows that no record feeds, on all crosswalks, and gives what was found in them; once.
    pub(super) fn begin(&mut self, first: &mut Converter, target: &mut TargetTables) -> Vec<Finding> {
        let Some(stop) = self.stops.first_mut() else { return Vec::new() };
        if !first.begin(&mut stop.check) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for n in 0..self.stops.len() {
            let (before, behind) = self.stops.split_at_mut(n + 1);
            let Some(stop) = before.last_mut() else { continue };
            match behind.first_mut() {
                Some(next) => stop.converter.begin(&mut next.check),
                None => stop.converter.begin(target),
            };
            found.extend(stop.converter.take_findings());
        }
        // What the first crosswalk makes of nothing goes on over all of them, then what the second does, and so on.
        let mut came = Came::default();
        for n in 0..self.stops.len() {
            let (before, behind) = self.stops.split_at_mut(n);
            let before = before.last_mut().map_or(&mut *first, |stop| &mut stop.converter);
            if let Some((stop, further)) = behind.split_first_mut() {
                stop.follow(n, before, further, &Place::default(), target, &mut came);
            }
        }
        found.extend(came.found.into_iter().map(|(finding, _)| finding));
        found
    }

    /// Converts one record by all crosswalks. What the later ones found is given with the source field that it is about, where there is one.
    pub(super) fn push(
        &mut self,
        first: &mut Converter,
        row: &SourceRow<'_>,
        raw: &[u8],
        target: &mut TargetTables,
    ) -> Vec<(Finding, Option<usize>)> {
        let known = first.findings().len();
        let Some((stop, further)) = self.stops.split_first_mut() else { return Vec::new() };
        let Some(became) = first.carry(row, &mut stop.check) else { return Vec::new() };
        let mut came = Came { rejected: became.rejected, dropped: became.dropped, ..Came::default() };
        if became.rejected {
            came.reasons = reason(&first.findings()[known..]);
        }
        stop.follow(0, first, further, row.place, target, &mut came);
        let Came { written, rejected, dropped, reasons, found, became } = came;
        for (field, kind, target) in became {
            let of = |f: &&mut Finding| !of_mapping(f) && f.severity == Severity::Error && f.place.field.as_deref() == Some(&*field);
            for finding in first.findings_mut(known).iter_mut().filter(of) {
                finding.args.push(if kind == "rejected" {
                    ("not_converted", "its row".to_owned())
                } else {
                    ("left_empty", target.clone())
                });
            }
        }
        let dropped = if written || rejected { None } else { dropped };
        first.count(row, raw, Became { written, rejected, dropped }, &reasons);
        found.into_iter().map(|(finding, about)| (finding, about.and_then(|(n, field)| self.source_of(first, n, field)))).collect()
    }

    /// The one field of the source from which a field of a standard between is made.
    fn source_of(&self, first: &Converter, stop: usize, field: String) -> Option<usize> {
        let mut name = field;
        for n in (0..stop).rev() {
            let (converter, plan) = (&self.stops[n].converter, self.stops[n].current()?);
            let &[one] = &converter.sources_of(&name)[..] else { return None };
            name = plan.schema.fields.get(one)?.name.clone();
        }
        match first.sources_of(&name)[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// What becomes of some fields of a record over all crosswalks; nothing is written or counted.
    pub(super) fn fates(&self, first: &Converter, row: &SourceRow<'_>, fields: &[usize]) -> Vec<Option<Fate>> {
        let stops: Vec<fate::Stop<'_>> = self.stops.iter().map(|s| fate::Stop { converter: &s.converter, arrives: s }).collect();
        first.fates_over(&stops, row, fields)
    }

    /// Ends all crosswalks; the balance counts the source's records.
    pub(super) fn finish(&mut self, first: &mut Converter, target: &mut TargetTables) -> (Conversion, Vec<Finding>) {
        let mut found = self.begin(first, target);
        let mut sums = first.close();
        let mut way = vec![first.leg()];
        let mut counted = first.counts();
        let over: Vec<String> = self.stops.iter().map(|s| s.reference.clone()).collect();
        for (n, stop) in self.stops.iter_mut().enumerate() {
            let further = stop.converter.close();
            let here = |f: Finding| f.arg("over", over[n].clone());
            found.extend(stop.converter.take_findings().into_iter().map(here));
            for table in stop.tables.iter().filter(|t| t.left > 0) {
                let place = Place { file: u32::MAX, field: Some(table.plan.name.as_str().into()), ..Place::default() };
                let lost = Finding::new("C508", "table", place).arg("table", table.plan.name.clone());
                found.push(here(lost.arg("records", table.left.to_string()).arg("to", stop.converter.leg().to)));
            }
            sums = joined(&over[n], sums, further);
            way.push(stop.converter.leg());
        }
        counted.sums = sums.into_iter().map(|(_, sum)| sum).collect();
        counted.from = way.first().map(|l| l.from.clone()).unwrap_or_default();
        if let Some(last) = way.last() {
            (counted.to, counted.tables) = (last.to.clone(), last.tables.clone());
        }
        counted.way = way;
        (counted, found)
    }

    /// Codes of the checks that run on the rows between.
    pub(super) fn codes(&self) -> Vec<String> {
        self.stops.iter().flat_map(|s| s.check.codes()).collect()
    }

    /// What only the whole tells of the standards between.
    pub(super) fn checked(self) -> Vec<Finding> {
        let found = |s: Stop| s.check.finish().into_iter().map(move |f| f.arg("over", s.reference.clone())).collect::<Vec<_>>();
        self.stops.into_iter().flat_map(found).collect()
    }
}

/// Totals up to a standard between and on from there, as totals over both. Those that do not go on are kept and name the standard at which they end or
/// begin.
fn joined(over: &str, before: Vec<(String, Sum)>, behind: Vec<(String, Sum)>) -> Vec<(String, Sum)> {
    let follows = |a: &Sum, (table, b): &(String, Sum)| a.table == *table && a.to == b.from;
    let mut out: Vec<(String, Sum)> = Vec::new();
    for (source, a) in &before {
        let mut goes_on = false;
        for (_, b) in behind.iter().filter(|b| follows(a, b)) {
            goes_on = true;
            let plus = |x: &str, y: &str| crate::map::convert::plus(x, y);
            out.push((
                source.clone(),
                Sum {
                    table: b.table.clone(),
                    from: a.from.clone(),
                    to: b.to.clone(),
                    total_in: a.total_in.clone(),
                    total_out: b.total_out.clone(),
                    total_rejected: plus(&a.total_rejected, &b.total_rejected),
                    total_dropped: plus(&a.total_dropped, &b.total_dropped),
                    total_unread: plus(&a.total_unread, &b.total_unread),
                    cells_unread: a.cells_unread + b.cells_unread,
                    // What arrived has to be what went on.
                    balanced: a.balanced && b.balanced && a.total_out == b.total_in,
                },
            ));
        }
        if !goes_on {
            out.push((source.clone(), Sum { table: format!("{over} {}", a.table), ..a.clone() }));
        }
    }
    let begins = |b: &&(String, Sum)| !before.iter().any(|(_, a)| follows(a, b));
    out.extend(behind.iter().filter(begins).map(|(table, b)| (table.clone(), Sum { from: format!("{over} {}", b.from), ..b.clone() })));
    out
}

impl Stop {
    /// The table whose rows are carried on at the moment.
    fn current(&self) -> Option<&TablePlan> {
        self.tables.iter().find(|t| t.leads_on == Some(self.converter.current())).map(|t| &*t.plan)
    }

    /// Carries on what the crosswalk before made of one record, which stood at `place`.
    fn follow(
        &mut self,
        n: usize,
        before: &mut Converter,
        further: &mut [Stop],
        place: &Place,
        target: &mut TargetTables,
        came: &mut Came,
    ) {
        for table in 0..self.tables.len() {
            if self.tables[table].made {
                let done: Result<(), std::convert::Infallible> = before.hand_over(table, |bytes| {
                    self.rows(n, table, bytes, further, place, target, came);
                    Ok(())
                });
                let Ok(()) = done;
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn rows(
        &mut self,
        n: usize,
        table: usize,
        mut bytes: &[u8],
        further: &mut [Stop],
        place: &Place,
        target: &mut TargetTables,
        came: &mut Came,
    ) {
        let fields = self.tables[table].missing.len();
        let mut cells: Vec<&str> = Vec::with_capacity(fields);
        while let Some(rest) = handed_on(bytes, fields, &mut cells) {
            bytes = rest;
            let arrived = &mut self.tables[table];
            let Some(plan) = arrived.leads_on else {
                arrived.left += 1;
                came.dropped.get_or_insert_with(|| {
                    format!("{} has no place for the {} of {}.", self.converter.leg().to, arrived.plan.name, self.reference)
                });
                continue;
            };
            // A row is blank by its texts: one that says "no value" in words is a record, as it is in a file.
            if cells.iter().all(|cell| cell.trim_ascii().is_empty()) {
                came.dropped.get_or_insert_with(|| format!("Nothing of the row is left in {}.", self.reference));
                continue;
            }
            for (cell, missing) in cells.iter_mut().zip(&arrived.missing) {
                if missing.iter().any(|m| m == cell) {
                    *cell = "";
                }
            }
            let plan_of = Arc::clone(&arrived.plan);
            self.converter.turn_to(plan);
            let row = SourceRow { cells: &cells, place, columns: &[] };
            let check: &mut dyn TargetCheck = match further.first_mut() {
                Some(next) => &mut next.check,
                None => target,
            };
            let Some(became) = self.converter.carry(&row, check) else { continue };
            let found = self.converter.take_findings();
            came.rejected |= became.rejected;
            if became.rejected {
                let why = reason(&found);
                if !came.reasons.is_empty() && !why.is_empty() {
                    came.reasons.push_str("; ");
                }
                came.reasons.push_str(&why);
            }
            if came.dropped.is_none() {
                came.dropped = became.dropped;
            }
            let last = further.is_empty();
            came.written |= became.written && last;
            self.tell(n, &plan_of, &cells, found, last, came);
            if let Some((next, behind)) = further.split_first_mut() {
                next.follow(n + 1, &mut self.converter, behind, place, target, came);
            }
        }
    }

    /// Keeps of what was found in one row what is not told already, and says where it was on the way.
    fn tell(&self, n: usize, plan: &TablePlan, cells: &[&str], found: Vec<Finding>, last: bool, came: &mut Came) {
        if found.is_empty() {
            return;
        }
        let field_of = |finding: &Finding| finding.place.field.as_deref().and_then(|name| plan.schema.index(name));
        if n == 0 {
            for finding in found.iter().filter(|f| of_mapping(f) && f.kind != "kept") {
                if let Some(f) = field_of(finding).filter(|&f| !cells[f].is_empty() && !plan.cells[f].accepts(cells[f])) {
                    let target = finding.get("target").unwrap_or_default().to_owned();
                    came.became.push((plan.schema.fields[f].name.clone(), finding.kind, target));
                }
            }
        }
        let told = Told { plan, texts: cells, present: &|_| true, evidence: &|_| &self.none, field_of: &field_of };
        for finding in told.keep(found, &|name| self.converter.sources_of(name)) {
            let mapped = of_mapping(&finding);
            let about = match mapped {
                true => finding.place.field.as_deref().map(str::to_owned),
                // One that stands for a finding of the standard between stands where that would.
                false => Retold::field_of(&self.retold, &plan.name, &finding).map(|f| plan.schema.fields[f].name.clone()),
            };
            let finding = match mapped {
                true => finding.arg("over", self.reference.clone()),
                false if last => finding,
                // The next standard's own, on the way as well.
                false => finding.arg("over", self.converter.leg().to),
            };
            came.found.push((finding, about.map(|name| (n, name))));
        }
    }
}

impl fate::Arrives for Stop {
    fn leads_on(&self, table: usize) -> Option<usize> {
        self.tables.get(table)?.leads_on
    }

    fn is_missing(&self, table: usize, field: usize, text: &str) -> bool {
        self.tables.get(table).and_then(|t| t.missing.get(field)).is_some_and(|missing| missing.iter().any(|m| m == text))
    }
}

/// What a record's own layout says of its cells, so that one fault is told once.
pub(super) struct Told<'a> {
    pub(super) plan: &'a TablePlan,
    /// By field.
    pub(super) texts: &'a [&'a str],
    /// Whether the record has the field at all.
    pub(super) present: &'a dyn Fn(usize) -> bool,
    /// What a column's values say together.
    pub(super) evidence: &'a dyn Fn(usize) -> &'a Evidence,
    /// The field at whose cell a finding of the mapping stands.
    pub(super) field_of: &'a dyn Fn(&Finding) -> Option<usize>,
}

impl Told<'_> {
    /// Leaves out what only repeats another finding, or follows from one. `sources_of` gives the fields from which the target's fields of a name are made.
    pub(super) fn keep(&self, found: Vec<Finding>, sources_of: &dyn Fn(&str) -> Vec<usize>) -> Vec<Finding> {
        let Told { plan, texts, present, evidence, field_of } = *self;
        // Whether the layout found an error at a finding's cell.
        let at_fault = |finding: &Finding| {
            field_of(finding).is_some_and(|f| texts.get(f).is_some_and(|text| !text.is_empty() && !plan.cells[f].accepts(text)))
        };
        let target_of = |finding: &Finding| finding.get("target").map(str::to_owned);
        let mapped: Vec<(String, Severity)> =
            found.iter().filter(|f| of_mapping(f)).filter_map(|f| Some((target_of(f)?, f.severity))).collect();
        // Target fields in which the target itself finds an error.
        let wrong: Vec<Arc<str>> =
            found.iter().filter(|f| !of_mapping(f) && f.severity == Severity::Error).filter_map(|f| f.place.field.clone()).collect();
        let told_at_source = |finding: &Finding| {
            let Some(value) = &finding.value else { return false };
            (0..texts.len()).filter(|&f| present(f) && !texts[f].is_empty() && cut(texts[f]) == *value).any(|f| {
                let at_source = plan.cells[f].check(texts[f], evidence(f), Place::default());
                at_source.is_some_and(|s| s.code == finding.code && s.severity <= finding.severity)
            })
        };
        // The same where the value is shown otherwise than it stands, or where there is none.
        let told_where_it_comes_from = |finding: &Finding| {
            let Some(field) = finding.place.field.as_deref() else { return false };
            sources_of(field).into_iter().filter(|&f| present(f)).any(|f| {
                let text = texts.get(f).copied().unwrap_or_default();
                let at_source = plan.cells[f].check(text, evidence(f), Place::default());
                at_source.is_some_and(|s| s.code == finding.code && s.severity <= finding.severity && s.value == finding.value)
            })
        };
        let keeps = |finding: &Finding| {
            if of_mapping(finding) {
                let kept_and_told = finding.kind == "kept" && target_of(finding).is_some_and(|t| wrong.iter().any(|w| **w == *t));
                return !at_fault(finding) && !kept_and_told;
            }
            // What the target misses because a value could not be converted is told already.
            let field = finding.place.field.as_deref().unwrap_or_default();
            !mapped.iter().any(|(target, severity)| target == field && *severity == Severity::Error)
                && !told_at_source(finding)
                && !told_where_it_comes_from(finding)
        };
        let kept: Vec<bool> = found.iter().map(keeps).collect();
        found.into_iter().zip(kept).filter(|(_, keep)| *keep).map(|(finding, _)| finding).collect()
    }
}

/// Takes out of each standard's plan on the way what the next one tells as well; what the next one's findings then stand for, by the way to it.
pub(super) fn told_further_on(plans: &mut [StandardPlan], ways: &[Way<'_>]) -> Vec<Vec<Retold>> {
    let told = |(n, way): (usize, &Way<'_>)| {
        let (before, behind) = plans.split_at_mut(n + 1);
        match (before.last_mut(), behind.first()) {
            (Some(source), Some(target)) => retold::told_by_target(source, target, way.crosswalk),
            _ => Vec::new(),
        }
    };
    ways.iter().enumerate().map(told).collect()
}

#[cfg(test)]
mod tests;
