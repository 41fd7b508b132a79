//! A conversion from bytes to bytes: records are decoded and checked by their own layout, mapped by a crosswalk, the rows made are checked by the
//! target, and written. Everything streams in blocks; what grows with the file are only the hashes of keys.
//!
//! A shell opens a [`Job`] on the starts of its files, then reads each file in [`Job::reading_order`] through a [`Feed`], takes the output as it
//! is made ([`Job::take_output`], [`Job::take_rejects`]), and ends with [`Job::finish`].
//!
//! # What the report holds
//!
//! - what the source's own layout finds wrong, at the source's cells;
//! - what became of values that the crosswalk cannot treat (`C501` to `C507`), unless the source's layout already found fault with that
//!   very cell: one fault gives one finding;
//! - what the target finds wrong in the rows written, at the source's row under the target field's name, unless it only follows from one
//!   of the above, or the source's layout said the same of the cell that it was made from;
//! - for each error of the source at a cell, what the result holds in its place, when that is not the cell as it stands;
//! - what was lost, and the balance.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::check::bind::Binding;
use crate::check::block::{Outcome, Scratch};
use crate::check::dataset::{Dataset, Options, Start};
use crate::check::keys::KeyTable;
use crate::check::plan::StandardPlan;
use crate::check::seams::Seams;
use crate::check::table::TableCheck;
use crate::decode::careful::{self, Read};
use crate::decode::index::Tile;
use crate::decode::{Encoding, Head, head::HeaderCell};
use crate::encode::{WriterConfig, write_csv_cell};
use crate::finding::collect::Shift;
use crate::finding::{Code, Finding, Findings, Place, Severity, cut};
use crate::map::fate::Fate;
use crate::map::{Converter, MapError, MapPlan, RejectsConfig, SourceRow};
use crate::package::Package;
use crate::package::crosswalk::Crosswalk;
use crate::read::{Intake, Origin, Places, Source, Transcript};
use crate::render::words;
use crate::report::{Report, StandardUsed};
use crate::session::seams_of;

mod chain;
mod columns;
mod retold;
pub mod rows;
mod target;
#[cfg(test)]
mod tests;
mod unite;

pub use unite::{Uniting, UnitingError};

use chain::{Chain, Told};
use columns::ByColumns;
use retold::Retold;
use rows::{Record, Records, Stretch, Visit};
use target::TargetTables;

/// What is converted into what.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The layout of the source files.
    pub from: &'a Package,
    /// The layout they become.
    pub to: &'a Package,
    /// How.
    pub crosswalk: &'a Crosswalk,
    /// The values the user gave for `@given:<name>`.
    pub givens: &'a BTreeMap<String, String>,
}

/// Why a conversion cannot begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError {
    /// The crosswalk cannot be used.
    Map(MapError),
    /// A file is not a table of the source layout; why, in words.
    NotRead {
        /// The file's name.
        file: String,
        /// The sentence, without a full stop.
        why: String,
    },
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobError::Map(error) => error.fmt(f),
            JobError::NotRead { file, why } => write!(f, "{file}: {why}"),
        }
    }
}

impl std::error::Error for JobError {}

impl From<MapError> for JobError {
    fn from(error: MapError) -> Self {
        JobError::Map(error)
    }
}

/// How many bytes are checked and then mapped at once, so that they are still in the processor's cache the second time.
const STRETCH: usize = 64 << 10;

/// A conversion on its way.
pub struct Job {
    dataset: Dataset,
    converter: Converter,
    target: TargetTables,
    to: StandardUsed,
    /// By file: which of the converter's plans reads it.
    plans: Vec<usize>,
    /// Findings that belong to no file's rows, and checks that cannot run on the target.
    general: Vec<Finding>,
    skipped: Vec<(String, String)>,
    rejects: Option<(usize, RejectsConfig)>,
    max_findings: usize,
    /// By file: the way by columns, where it can be taken.
    by_columns: Vec<Option<ByColumns>>,
    one_by_one: bool,
    /// Findings of the target that stand for some of the source's.
    retold: Vec<Retold>,
    /// The crosswalks behind the first, when there are several.
    chain: Option<Chain>,
}

/// A job over files that are read block by block: what a shell calls while it reads.
pub trait Reading {
    /// Starts reading a file; the intake's start is the same as at opening. `None` when there is nothing to read.
    fn start(&mut self, index: usize, intake: Intake) -> Option<Feed>;
    /// Treats whole records that wait in the feed, at most a stretch of them. `last` says that no bytes follow. False when there was nothing
    /// to do: then more bytes are wanted, or the file has ended.
    fn advance(&mut self, feed: &mut Feed, last: bool) -> bool;
    /// Ends a file's reading; [`Reading::advance`] has to have said, with `last`, that there is nothing left. `bytes` is its size, and `digest`
    /// that of its bytes where the shell made one.
    fn finish_file(&mut self, feed: Feed, bytes: u64, digest: Option<String>);
}

/// One source file's bytes on their way; the buffer may be filled in any portions.
#[derive(Debug)]
pub struct Feed {
    index: usize,
    check: TableCheck,
    buffer: Vec<u8>,
    /// Where in the buffer the first unread record starts.
    at: usize,
    skipping: bool,
    scratch: Scratch,
    records: Records,
    place: Shift,
    /// Size of the file in bytes, until the first stretch.
    expected: Option<u64>,
    source: Source,
    /// By record in the buffer: where it came from. Only for forms that are not delimited text.
    origins: Vec<Origin>,
    /// What a form's reader found, and is not yet told.
    found: Vec<Finding>,
    seams: Seams,
}

impl Feed {
    fn new(index: usize, check: TableCheck, records: Records, head: &Head, buffer: Vec<u8>, at: usize) -> Feed {
        let place = Shift { file: index as u32, rows: head.rows_before, lines: head.lines_before, records: 0 };
        let scratch = Scratch::default();
        let source = Source::default();
        Feed {
            index,
            check,
            buffer,
            at,
            skipping: false,
            scratch,
            records,
            place,
            source,
            origins: Vec::new(),
            found: Vec::new(),
            expected: None,
            seams: Seams::default(),
        }
    }

    /// Opens a file's table behind its header, whatever the file's form. Columns to be kept for what may be named later are told to the intake before.
    fn open(dataset: &mut Dataset, index: usize, intake: Intake, records: impl Fn(&Binding) -> Records) -> Option<Feed> {
        let started = dataset.start(index, &intake.start());
        let (first, mut source) = intake.into_parts();
        dataset.add_findings(index, source.take_findings());
        let (check, at) = started?;
        let head = dataset.opened(index).head?;
        if let Some(transcript) = source.transcript_mut() {
            transcript.type_cells(check.binding.typed());
            transcript.begin();
        }
        let records = records(&check.binding);
        let seams = seams_of(dataset.parts_of(index), &source, dataset, index);
        Some(Feed { source, seams, ..Feed::new(index, check, records, &head, first, at) })
    }

    /// Takes the next bytes of a file of any form.
    pub fn push(&mut self, bytes: &[u8]) {
        self.source.push(bytes, &mut self.buffer);
    }

    /// Says that no bytes follow; before [`Reading::advance`] is told so.
    pub fn end(&mut self) {
        self.source.finish(&mut self.buffer);
    }

    /// Whether bytes may be appended to [`Feed::buffer`] as they are.
    pub fn is_plain(&self) -> bool {
        self.source.is_plain()
    }

    /// Puts the next batch of a form's text into the buffer, once that is read. False when there is none.
    fn refill(&mut self) -> bool {
        let Some(batch) = self.source.transcript_mut().and_then(Transcript::next_batch) else { return false };
        self.buffer = batch.text;
        self.at = 0;
        self.origins = batch.origins;
        let index = self.index as u32;
        self.found.extend(batch.findings.into_iter().map(|mut f| {
            f.place.file = index;
            f
        }));
        true
    }

    /// The places of the records in the buffer, for forms that are not delimited text.
    fn places(&self) -> Option<Places<'_>> {
        self.source.transcript().map(|transcript| Places { origins: &self.origins, transcript })
    }

    /// Goes on to the next of a table's files, where the stretch before ended with one.
    fn cross(&mut self) {
        while let Some((part, above)) = self.seams.cross(self.at) {
            self.place = self.check.cross(part, above);
        }
    }

    /// Checks the next stretch of whole records. `None` when there is none; the buffer then holds only what is left.
    fn check(&mut self, last: bool) -> Option<Outcome> {
        while self.source.transcript().is_some() && self.at == self.buffer.len() {
            if !self.refill() {
                return None;
            }
        }
        let last = (last && !self.is_cut()) || self.source.transcript().is_some();
        self.scratch.told = self.places().map(|p| p.told(&self.found, self.check.binding.columns.len())).unwrap_or_default();
        let until = self.seams.until(self.buffer.len().min(self.at + STRETCH));
        let mut outcome = self.check.binding.clone().check(&self.buffer, self.at, until, last, self.skipping, &mut self.scratch);
        if outcome.next == self.at {
            self.buffer.drain(..self.at);
            self.seams.drained(self.at);
            self.at = 0;
            return None;
        }
        if let Some(places) = self.places() {
            places.relocate(&mut outcome.findings, self.index as u32, self.check.records());
        }
        Some(outcome)
    }

    /// Checks the next stretch of whole records and shows them to a visitor. `None` when there is none; the buffer then holds only what is left.
    fn check_visiting(&mut self, last: bool, visit: &mut dyn Visit) -> Option<Outcome> {
        let last = last && !self.is_cut();
        let Feed { check, buffer, at, skipping, scratch, records, place, seams, .. } = self;
        let binding = &check.binding;
        let until = seams.until(buffer.len().min(*at + STRETCH));
        if *skipping && memchr::memchr(binding.dialect.newline(), &buffer[*at..]).is_some() {
            place.lines += 1;
        }
        let data = buffer.as_slice();
        let mut each = |from: usize, tile: &Tile, bad: &[(u32, u32)]| {
            visit.tile(data, tile, bad);
            records.walk_tile(binding, data, from, tile, place, visit);
        };
        let outcome = binding.check_and(data, *at, until, last, *skipping, scratch, &mut each);
        if outcome.next == *at {
            buffer.drain(..*at);
            seams.drained(*at);
            *at = 0;
            return None;
        }
        Some(outcome)
    }

    /// Calls `each` with the records that an outcome is about.
    fn walk(&mut self, outcome: &Outcome, last: bool, each: &mut dyn FnMut(&[u8], &Record<'_>)) {
        let places = self.source.transcript().map(|transcript| Places { origins: &self.origins, transcript });
        let last = last || places.is_some();
        let stretch = Stretch { data: &self.buffer, from: self.at, until: outcome.next, last, skipping: self.skipping, places };
        let data = stretch.data;
        self.records.walk(&self.check.binding, stretch, &mut self.place, &mut |record| each(data, record));
    }

    /// Walks once more over records that were walked already; `before` is what stood before them.
    fn walk_again(&mut self, outcome: &Outcome, last: bool, before: Shift, each: &mut dyn FnMut(&[u8], &Record<'_>)) {
        let (after, unknown) = (std::mem::replace(&mut self.place, before), self.records.unknown.clone());
        self.walk(outcome, last, each);
        (self.place, self.records.unknown) = (after, unknown);
    }

    /// Takes over the outcome, and moves on behind its records.
    fn merge(&mut self, outcome: Outcome, findings: &mut Findings) {
        self.skipping = outcome.skipping;
        self.at = outcome.next;
        let rows = outcome.rows as usize;
        match self.source.transcript() {
            None => self.check.merge(outcome, &self.buffer, findings),
            Some(transcript) => {
                let places = Places { origins: &self.origins, transcript };
                let until = places.row(rows.saturating_sub(1));
                let (found, later) = std::mem::take(&mut self.found).into_iter().partition(|f| f.place.row > 0 && f.place.row <= until);
                self.found = later;
                self.check.merge_placed(outcome, &self.buffer, Some(places), found, findings);
                self.origins.drain(..rows.min(self.origins.len()));
            }
        }
    }

    /// Says how large the file is, before the first stretch is treated: the keys' memory is then made at once.
    pub fn expect(&mut self, bytes: u64) {
        self.check.expect(bytes);
        self.expected = Some(bytes);
    }

    /// Notes what a shell found about what the bytes lie in, before it ends the file.
    pub fn note(&mut self, findings: Vec<Finding>) {
        self.source.note(findings);
    }

    /// Whether what the file lies in breaks off: then the last record may be a stump, which is no record.
    fn is_cut(&self) -> bool {
        self.source.is_cut()
    }

    /// Tells what is left to tell about the bytes.
    fn close(&mut self, dataset: &mut Dataset) {
        dataset.add_findings(self.index, std::mem::take(&mut self.found));
        dataset.add_findings(self.index, self.source.take_findings());
        dataset.unread(self.index, self.source.transcript().map_or(0, Transcript::unread));
    }

    /// The buffer, to append bytes of delimited text to.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }
}

impl Job {
    /// Opens source files for a conversion.
    ///
    /// # Errors
    /// A crosswalk that cannot be used, and a file that is not a table of the source layout: converting the others alone would lose it.
    pub fn open(way: &Way<'_>, starts: &[Start<'_>], writer: WriterConfig, options: &Options) -> Result<Job, JobError> {
        Job::open_over(std::slice::from_ref(way), starts, writer, options)
    }

    /// Opens source files for a conversion by several crosswalks, each of which leads on from where the one before it ends.
    ///
    /// # Errors
    /// As [`Job::open`]; no crosswalk at all is one that says nothing.
    pub fn open_over(ways: &[Way<'_>], starts: &[Start<'_>], writer: WriterConfig, options: &Options) -> Result<Job, JobError> {
        let (Some(way), Some(last)) = (ways.first(), ways.last()) else {
            return Err(MapError::NothingFrom { resource: String::new() }.into());
        };
        let mut plans_on_the_way: Vec<StandardPlan> = vec![StandardPlan::of_package(way.from)];
        plans_on_the_way.extend(ways.iter().map(|w| StandardPlan::of_package(w.to)));
        let mut retold = chain::told_further_on(&mut plans_on_the_way, ways);
        let source = Arc::new(plans_on_the_way.remove(0));
        let mut dataset = Dataset::open(Arc::clone(&source), starts, false, options.clone());
        let mut resources: Vec<usize> = Vec::new();
        let mut plans = vec![0; starts.len()];
        for index in dataset.reading_order() {
            let Some(table) = dataset.opened(index).table else {
                let file = starts[index].name.to_owned();
                let stored = dataset.findings_of(index).stored();
                let why = stored.iter().min_by_key(|f| f.severity).map(words::message);
                return Err(JobError::NotRead { file, why: why.unwrap_or_else(|| format!("not a table of {}", way.from.reference())) });
            };
            plans[index] = resources.iter().position(|r| *r == table).unwrap_or_else(|| {
                resources.push(table);
                resources.len() - 1
            });
        }
        let compile = |&r: &usize| MapPlan::compile(way.crosswalk, way.from, way.to, &way.from.resources[r].name, way.givens);
        let maps = resources.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let own = retold.remove(0);
        let plan = &plans_on_the_way[ways.len() - 1];
        let to = StandardUsed { id: plan.id.clone(), version: plan.version.clone(), digest: plan.digest.clone(), brought: false };
        let (converter, chain, target, general, skipped) = match ways {
            [_] => {
                let converter = Converter::new(maps, last.to, writer, RejectsConfig::default());
                let written = converter.tables().map(|(resource, _, fields)| (resource, fields.to_vec())).collect();
                let target = TargetTables::new(plan, written);
                let (general, skipped) = target.opening();
                (converter, None, target, general, skipped)
            }
            _ => {
                let opened = Chain::open(ways, &plans_on_the_way, retold, maps, writer)?;
                (opened.converter, Some(opened.chain), opened.target, opened.general, opened.skipped)
            }
        };
        let by_columns = starts.iter().map(|_| None).collect();
        Ok(Job {
            dataset,
            converter,
            target,
            to,
            plans,
            general,
            skipped,
            rejects: None,
            max_findings: options.max_findings,
            by_columns,
            one_by_one: false,
            retold: own,
            chain,
        })
    }

    /// The converter that writes.
    fn writing(&self) -> &Converter {
        self.chain.as_ref().and_then(Chain::last).unwrap_or(&self.converter)
    }

    fn writing_mut(&mut self) -> &mut Converter {
        match &mut self.chain {
            Some(chain) => chain.last_mut().unwrap_or(&mut self.converter),
            None => &mut self.converter,
        }
    }

    /// Converts each record by itself from the next file on, where columns of many are quicker. The outcome is the same; tests compare the two.
    pub fn one_by_one(&mut self) {
        self.one_by_one = true;
    }

    /// Hands over the bytes of a table that were made since they were last taken; the memory they lie in is used again.
    ///
    /// # Errors
    /// Those of `hand`. The bytes count as taken all the same.
    pub fn hand_over<E>(&mut self, table: usize, hand: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.writing_mut().hand_over(table, hand)
    }

    /// Adds what was found about the files as a whole.
    pub fn add_general(&mut self, findings: Vec<Finding>) {
        self.general.extend(findings);
    }

    /// The source files in the order in which they have to be read.
    pub fn reading_order(&self) -> Vec<usize> {
        self.dataset.reading_order()
    }

    /// The tables that are written: index of the target's resource, and its name.
    pub fn tables(&self) -> Vec<(usize, String)> {
        self.writing().tables().map(|(resource, name, _)| (resource, name.to_owned())).collect()
    }

    /// The bytes of a table that were made since they were last taken.
    pub fn take_output(&mut self, table: usize) -> Vec<u8> {
        self.writing_mut().take_output(table)
    }

    /// The rejects made since they were last taken.
    pub fn take_rejects(&mut self) -> Vec<u8> {
        self.converter.take_rejects()
    }

    /// Bytes waiting to be taken.
    pub fn waiting(&self) -> usize {
        self.converter.waiting() + self.chain.as_ref().and_then(Chain::last).map_or(0, Converter::waiting)
    }

    /// Why the output cannot be used, as a sentence without a full stop: its form cannot hold the table. Nothing more is written then.
    pub fn full(&self) -> Option<&str> {
        self.writing().full()
    }

    /// The target tables that are written: their schemas and the fields written as columns, in the order of [`Job::tables`].
    pub fn written(&self) -> Vec<crate::encode::descriptor::Written> {
        self.writing().written()
    }

    /// Whether rows become nested documents, so that what is written are no tables.
    pub fn gathers(&self) -> bool {
        self.writing().gathers()
    }

    /// Whether all source files have one header and one sign between cells, so that their rejects are rows of one table.
    pub fn rejects_fit_together(&self) -> bool {
        let mut heads = (0..self.plans.len()).filter_map(|i| self.dataset.opened(i).head.map(|h| rejects_of(&h)));
        let Some(first) = heads.next() else { return true };
        heads.all(|h| h == first)
    }

    /// Writes what stands after the last row. Take the outputs once more, then [`Job::report`].
    pub fn finish(&mut self) -> crate::report::Conversion {
        let Job { converter, chain, target, .. } = self;
        let (balance, on_the_way) = match chain {
            None => (converter.finish(target), Vec::new()),
            Some(chain) => chain.finish(converter, target),
        };
        for mut finding in self.converter.take_findings().into_iter().chain(on_the_way) {
            if finding.place.row == 0 && finding.place.field.is_none() {
                finding.place.file = u32::MAX;
            }
            self.general.push(finding);
        }
        balance
    }

    /// The report; `balance` is what [`Job::finish`] gave.
    pub fn report(mut self, balance: crate::report::Conversion) -> Report {
        let mut codes = self.target.codes();
        codes.extend(self.converter.codes());
        if let Some(chain) = self.chain.take() {
            codes.extend(chain.codes());
            self.general.extend(chain.checked());
        }
        codes.extend((501..=515).chain(520..=522).map(|n| format!("C{n}")));
        let mut report = self.dataset.finish();
        let mut rest = Findings::new(self.max_findings);
        self.target.finish().into_iter().chain(self.general).for_each(|f| rest.add(f));
        report.findings.append(rest);
        report.coverage.checks_run.extend(codes);
        report.coverage.add_found(&report.findings);
        report.coverage.checks_skipped.extend(self.skipped);
        report.standard = Some(self.to);
        report.conversion = Some(balance);
        report
    }
}

impl Reading for Job {
    /// The rejects of the file begin with its header; take those of the file before first.
    fn start(&mut self, index: usize, mut intake: Intake) -> Option<Feed> {
        intake.reserve(&self.dataset.to_reserve(index));
        let feed = Feed::open(&mut self.dataset, index, intake, Records::new)?;
        let head = self.dataset.opened(index).head?;
        let rejects = (self.plans[index], rejects_of(&head));
        if self.rejects.as_ref() != Some(&rejects) {
            self.converter.source(rejects.0, rejects.1.clone());
            self.converter.open_rejects();
            self.rejects = Some(rejects);
        }
        if !self.one_by_one && self.chain.is_none() && !self.converter.gathers() && feed.is_plain() {
            self.by_columns[index] = ByColumns::new(&feed.check.binding, &self.converter, self.plans[index], &mut self.target);
            if let ([_], Some(columns)) = (&self.plans[..], &mut self.by_columns[index]) {
                columns.share_keys(&feed.check.binding, &mut self.target);
            }
        }
        Some(feed)
    }

    fn advance(&mut self, feed: &mut Feed, last: bool) -> bool {
        feed.cross();
        let before = feed.place;
        let Job { converter, target, general, by_columns, retold, chain, .. } = self;
        let binding = Arc::clone(&feed.check.binding);
        let plain = feed.source.transcript().is_none();
        let by_columns = by_columns.get_mut(feed.index).and_then(Option::as_mut);
        let file = feed.place.file;
        // The keys of the source are lent to whoever converts it, until those of this stretch are added to them.
        let known = std::mem::take(feed.check.keys_mut());
        let chain = chain.as_mut();
        let mut pass =
            Pass { binding: &binding, file, plain, converter, target, general, late: Vec::new(), by_columns, known, retold, chain };
        if let Some(columns) = &mut pass.by_columns {
            columns.next_stretch();
        }
        let outcome = if plain {
            feed.check_visiting(last, &mut pass)
        } else {
            let outcome = feed.check(last);
            if let Some(outcome) = &outcome {
                feed.walk(outcome, last, &mut |data, record| pass.record(data, record));
            }
            outcome
        };
        let mut late = pass.late;
        *feed.check.keys_mut() = pass.known;
        let Some(mut outcome) = outcome else { return false };
        let Job { converter, chain, dataset, .. } = self;
        let fates = |row: &SourceRow<'_>, fields: &[usize]| match &*chain {
            None => converter.fates(row, fields),
            Some(chain) => chain.fates(converter, row, fields),
        };
        tell_fates(feed, &mut outcome, last, before, &fates, dataset.findings_of(feed.index));
        if let Some(bytes) = feed.expected.take() {
            let size = ((outcome.next - outcome.from) as u64).div_ceil(outcome.records.max(1)).max(1);
            self.target.expect(bytes / size);
        }
        match feed.source.transcript() {
            None => late.iter_mut().for_each(|finding| relative(&mut finding.place, &before)),
            Some(transcript) => late.iter_mut().for_each(|finding| transcript.locate(&mut finding.place)),
        }
        outcome.findings.weave(late);
        feed.merge(outcome, self.dataset.findings_of(feed.index));
        true
    }

    fn finish_file(&mut self, mut feed: Feed, bytes: u64, digest: Option<String>) {
        feed.close(&mut self.dataset);
        for &(c, count) in feed.records.unknown.iter().filter(|(_, count)| *count > 0) {
            let header = feed.check.binding.headers.get(c).cloned();
            let name = header.as_deref().unwrap_or_default().to_owned();
            let place = Place { file: feed.index as u32, column: Some(c as u32), field: header, ..Place::default() };
            let mut finding = Finding::new("C508", "unknown-column", place).arg("count", count.to_string()).arg("column_name", name);
            if let Some(transcript) = feed.source.transcript() {
                transcript.retell(&mut finding);
            }
            self.dataset.findings_of(feed.index).add(finding);
        }
        self.dataset.finish_file(feed.index, feed.check);
        self.dataset.describe(feed.index, bytes, digest);
    }
}

/// The records of a stretch on their way through the conversion.
struct Pass<'j> {
    binding: &'j Binding,
    file: u32,
    /// The file is delimited text.
    plain: bool,
    converter: &'j mut Converter,
    target: &'j mut TargetTables,
    general: &'j mut Vec<Finding>,
    late: Vec<Finding>,
    by_columns: Option<&'j mut ByColumns>,
    /// The source's keys of the stretches before.
    known: Vec<KeyTable>,
    retold: &'j [Retold],
    chain: Option<&'j mut Chain>,
}

impl Visit for Pass<'_> {
    fn tile(&mut self, data: &[u8], tile: &Tile, bad: &[(u32, u32)]) {
        if let Some(columns) = &mut self.by_columns {
            columns.prepare(data, tile, bad, self.binding, &self.known, self.target);
        }
    }

    fn take(&mut self, data: &[u8], tile: &Tile, rows: std::ops::Range<usize>, number: u64) -> usize {
        let Some(columns) = &mut self.by_columns else { return 0 };
        columns.take(data, tile, self.binding, rows, number, self.file, &self.known, self.converter, self.target)
    }

    fn record(&mut self, data: &[u8], record: &Record<'_>) {
        let Pass { binding, plain, converter, target, general, late, by_columns, known, retold, chain, .. } = self;
        if let Some(columns) = by_columns {
            columns.part_keys(known, target);
        }
        let mut further = Vec::new();
        if let Some(chain) = chain {
            general.extend(chain.begin(converter, target));
        }
        match record.texts {
            Ok(texts) => {
                let row = SourceRow { cells: texts, place: record.place, columns: &binding.fields };
                let made;
                let raw = if binding.encoding == Encoding::Utf8 || record.raw.is_ascii() {
                    record.raw
                } else {
                    made = binding.encoding.text(record.raw).0;
                    made.as_bytes()
                };
                match chain {
                    None => converter.push(&row, raw, *target),
                    Some(chain) => further = chain.push(converter, &row, raw, target),
                }
            }
            Err(irregular) => {
                let raw = binding.encoding.text(record.raw).0;
                match chain.as_mut().and_then(|chain| chain.first_check()) {
                    Some(check) => converter.reject(raw.as_bytes(), &irregular.words(), check),
                    None => converter.reject(raw.as_bytes(), &irregular.words(), *target),
                }
            }
        }
        let mut found = converter.take_findings();
        if let Some(chain) = chain {
            // What the first standard on the way finds says whose it is.
            let theirs = found.iter_mut().filter(|f| !of_mapping(f));
            theirs.for_each(|f| f.args.push(("over", chain.first_stop().to_owned())));
        }
        if !found.is_empty() || !further.is_empty() {
            Settling { binding, data, record, plain: *plain, converter, retold }.settle(found, further, late, general);
        }
    }
}

/// Rejects in the form of a file: its header and its sign between cells.
fn rejects_of(head: &Head) -> RejectsConfig {
    let delimiter = head.dialect.delimiter;
    let mut header = Vec::new();
    for (i, HeaderCell { text, .. }) in head.header.iter().enumerate() {
        if i > 0 {
            header.push(delimiter);
        }
        write_csv_cell(text, delimiter, false, &mut header);
    }
    RejectsConfig { header, delimiter, ..RejectsConfig::default() }
}

fn relative(place: &mut Place, before: &Shift) {
    place.file = 0;
    place.row = place.row.saturating_sub(before.rows);
    place.line = place.line.saturating_sub(before.lines);
    place.record = place.record.saturating_sub(before.records);
}

/// Whether a finding is of the conversion's own stage.
fn of_mapping(finding: &Finding) -> bool {
    matches!(finding.code, Code::Engine(code) if code.starts_with("C5"))
}

/// What becomes of some fields of a record.
type Fates<'a> = dyn Fn(&SourceRow<'_>, &[usize]) -> Vec<Option<Fate>> + 'a;

/// Adds to the source's errors at cells what the result holds in their place. Only what is kept of them is looked at, so files with a great many
/// cost no more than those with as many as are shown.
fn tell_fates(feed: &mut Feed, outcome: &mut Outcome, last: bool, before: Shift, fates: &Fates<'_>, told: &Findings) {
    let binding = Arc::clone(&feed.check.binding);
    let file = feed.place.file;
    let plain = feed.source.transcript().is_none();
    // The row of the file and the column of the table at which an error at a cell stands. Places in other forms than delimited text are the file's
    // already, where the table's columns may stand elsewhere, or nowhere.
    let cell_of = |finding: &Finding| {
        let place = &finding.place;
        let at_cell = matches!(finding.code, Code::Engine(code) if code.starts_with("C1") || code.starts_with("C3"));
        if !at_cell || finding.severity != Severity::Error || finding.value.is_none() || place.record == 0 {
            return None;
        }
        if plain {
            return Some((place.row + before.rows, place.column?));
        }
        let name = place.field.as_ref()?;
        Some((place.row, u32::try_from(binding.headers.iter().position(|h| h == name)?).ok()?))
    };
    let mut wanted: BTreeMap<u64, BTreeMap<u32, Option<Fate>>> = BTreeMap::new();
    for finding in outcome.findings.kept() {
        if let Some((row, column)) = cell_of(finding)
            && !told.only_counts(&finding.code, finding.kind, finding.severity, file, finding.place.column)
        {
            wanted.entry(row).or_default().insert(column, None);
        }
    }
    if wanted.is_empty() {
        return;
    }
    feed.walk_again(outcome, last, before, &mut |_, record| {
        let (Some(cells), Ok(texts)) = (wanted.get_mut(&record.place.row), record.texts) else { return };
        let row = SourceRow { cells: texts, place: record.place, columns: &binding.fields };
        let field_of = |column: &u32| binding.columns.get(*column as usize).copied().flatten();
        let fields: Vec<usize> = cells.keys().filter_map(field_of).collect();
        let fates = fates(&row, &fields);
        for (cell, fate) in cells.iter_mut().filter(|(column, _)| field_of(column).is_some()).zip(fates) {
            *cell.1 = fate;
        }
    });
    let add = |finding: &mut Finding| {
        let Some(Some(fate)) = cell_of(finding).and_then(|(row, column)| wanted.get(&row)?.get(&column)) else { return };
        match fate {
            Fate::Empty { target } => finding.args.push(("left_empty", target.clone())),
            Fate::Taken { target, text } => finding.args.extend([("taken_in", target.clone()), ("taken_as", cut(text))]),
            Fate::NotConverted => finding.args.push(("not_converted", "its row".to_owned())),
        }
    };
    outcome.findings.relocate(&add, &|row| row);
}

/// One record whose conversion found something.
struct Settling<'a> {
    binding: &'a Binding,
    data: &'a [u8],
    record: &'a Record<'a>,
    /// The file is delimited text.
    plain: bool,
    converter: &'a Converter,
    retold: &'a [Retold],
}

impl Settling<'_> {
    /// Takes over what was found: places are completed, and what only repeats another finding is left out. `further` is what was found on crosswalks
    /// behind the first, each with the source field that it is about.
    fn settle(&self, found: Vec<Finding>, further: Vec<(Finding, Option<usize>)>, late: &mut Vec<Finding>, general: &mut Vec<Finding>) {
        let Settling { binding, data, record, plain, converter, retold } = *self;
        let texts = record.texts.unwrap_or_default();
        let mut cells = Vec::new();
        let mut at_cell = |place: &mut Place| {
            if !plain {
                // Cells of other forms stand where their record begins.
                place.byte_column = record.place.byte_column;
            } else if let Some(c) = place.column {
                if cells.is_empty() && careful::read(data, record.start, true, &binding.dialect, &mut cells) == Read::TooLong {
                    cells.clear();
                }
                locate(binding, data, record.start, cells.get(c as usize).map(|cell| cell.start), place);
            }
        };
        let (whole, found): (Vec<Finding>, Vec<Finding>) = found.into_iter().partition(|f| f.place.row == 0);
        for mut finding in whole {
            if finding.place.field.is_none() {
                finding.place.file = u32::MAX;
            }
            general.push(finding);
        }
        let told = Told {
            plan: &binding.plan,
            texts,
            present: &|f| binding.fields.get(f).is_some_and(Option::is_some),
            evidence: &|f| &binding.evidence[f],
            field_of: &|finding| finding.place.column.and_then(|c| binding.columns.get(c as usize).copied().flatten()),
        };
        for mut finding in told.keep(found, &|field| converter.sources_of(field)) {
            if of_mapping(&finding) {
                at_cell(&mut finding.place);
            } else if let Some(column) =
                // One that stands for a finding of the source's stands at the source's cell.
                Retold::field_of(retold, &binding.plan.name, &finding).and_then(|f| binding.fields.get(f).copied().flatten())
            {
                finding.place.column = Some(column);
                finding.place.field = binding.headers.get(column as usize).cloned();
                at_cell(&mut finding.place);
            }
            late.push(finding);
        }
        for (mut finding, about) in further {
            if let Some(column) = about.and_then(|f| binding.fields.get(f).copied().flatten()) {
                finding.place.column = Some(column);
                finding.place.field = binding.headers.get(column as usize).cloned();
                at_cell(&mut finding.place);
            }
            late.push(finding);
        }
    }
}

/// Adds the line and the byte in it at which a cell starts.
fn locate(binding: &Binding, data: &[u8], record: usize, cell: Option<usize>, place: &mut Place) {
    let Some(cell) = cell else { return };
    let newline = binding.dialect.newline();
    let before = &data[record..cell];
    let line_start = memchr::memrchr(newline, before).map_or(record, |i| record + i + 1);
    place.line += memchr::memchr_iter(newline, before).count() as u64;
    place.byte_column = binding.charset.stored_bytes(&data[line_start..cell]) + 1;
}
