//! Several files of one table united into one, each checked by itself on the way.

use std::fmt;
use std::sync::Arc;

use super::rows::Records;
use super::{Feed, Reading};
use crate::check::dataset::{Dataset, Options, Start};
use crate::check::names::{HeaderMatch, HeaderNames};
use crate::check::plan::StandardPlan;
use crate::encode::{TableNames, Trouble, WriterConfig};
use crate::finding::{Finding, Place};
use crate::merge::{MergeError, MergeInput, Merger};
use crate::package::Package;
use crate::read::Intake;
use crate::render::words;
use crate::report::{Conversion, Report, TableBalance};

/// Why files cannot be united.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitingError {
    /// Their headers, or what they are called.
    Merge(MergeError),
    /// A file is not a table of the standard; why, in words.
    NotRead {
        /// The file's name.
        file: String,
        /// The sentence, without a full stop.
        why: String,
    },
    /// Two files are different tables.
    Tables {
        /// The first file and its table.
        first: (String, String),
        /// Another file and its table.
        other: (String, String),
    },
}

impl fmt::Display for UnitingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitingError::Merge(error) => error.fmt(f),
            UnitingError::NotRead { file, why } => write!(f, "{file}: {why}"),
            UnitingError::Tables { first, other } => {
                write!(f, "{} is table \"{}\" and {} is table \"{}\"; unite one table at a time", first.0, first.1, other.0, other.1)
            }
        }
    }
}

impl std::error::Error for UnitingError {}

/// Uniting on its way: open it, read each file in the order given through [`Reading`], take the output, and finish.
pub struct Uniting {
    dataset: Dataset,
    merger: Merger,
    reference: String,
    table: String,
    out: Vec<u8>,
    balances: Vec<TableBalance>,
    /// Why the output cannot be used, once its form cannot hold the table.
    full: Option<String>,
    closed: bool,
}

impl Uniting {
    /// Opens files of one table of a standard; `sources` says what each one's rows are called in the added first column, which `column` names.
    ///
    /// # Errors
    /// A file that is no table of the standard, files of different tables, and headers that cannot be united without doubt.
    pub fn open(
        package: &Package,
        starts: &[Start<'_>],
        sources: &[String],
        column: &str,
        writer: &WriterConfig,
        options: &Options,
    ) -> Result<Uniting, UnitingError> {
        let plan = Arc::new(StandardPlan::of_package(package));
        // Files are opened apart first: together they would be taken for one dataset.
        let mut tables: Vec<usize> = Vec::new();
        let mut inputs = Vec::new();
        for (start, source) in starts.iter().zip(sources) {
            let mut one = Dataset::open(Arc::clone(&plan), std::slice::from_ref(start), false, options.clone());
            let opened = one.opened(0);
            let (Some(table), Some(head)) = (opened.table, opened.head) else {
                let stored = one.findings_of(0).stored();
                let why = stored.iter().min_by_key(|f| f.severity).map(words::message);
                let why = why.unwrap_or_else(|| format!("not a table of {}", package.reference()));
                return Err(UnitingError::NotRead { file: start.name.to_owned(), why });
            };
            tables.push(table);
            // A column goes by its field's name, however the file spells it.
            let names = head.names();
            let found = HeaderMatch::of(&plan.tables[table], &HeaderNames::of(&names));
            let columns = found.columns(names.len());
            let schema = &plan.tables[table].schema;
            let absent =
                (0..schema.fields.len()).find(|&f| found.fields[f].is_none() && (schema.is_required(f) || schema.fields[f].extras.column));
            if let Some(f) = absent {
                let (name, table) = (&schema.fields[f].name, &plan.tables[table].name);
                let why = format!("the header does not fit table \"{table}\" of {}: there is no column \"{name}\"", package.reference());
                return Err(UnitingError::NotRead { file: start.name.to_owned(), why });
            }
            let name = |(c, name): (usize, &str)| match columns[c] {
                Some((f, _)) => schema.fields[f].name.clone(),
                None => name.to_owned(),
            };
            inputs.push(MergeInput { source: source.clone(), header: names.into_iter().enumerate().map(name).collect() });
        }
        if let (Some(&first), Some(other)) = (tables.first(), tables.iter().position(|t| Some(t) != tables.first())) {
            let named = |i: usize, table: usize| (starts[i].name.to_owned(), plan.tables[table].name.clone());
            return Err(UnitingError::Tables { first: named(0, first), other: named(other, tables[other]) });
        }
        let table = tables.first().map_or_else(String::new, |&t| plan.tables[t].name.clone());
        let schema =
            tables.first().map_or_else(|| Arc::new(crate::schema::TableSchema::of_texts(&[])), |&t| Arc::clone(&plan.tables[t].schema));
        let record = package.resource(&table).map_or("", |r| r.record.as_str());
        let names = TableNames { table: &table, record };
        let mut merger = Merger::named(names, &schema, &inputs, column, writer).map_err(UnitingError::Merge)?;
        let mut out = Vec::new();
        merger.begin(&mut out);
        let balances = sources.iter().map(|s| TableBalance { table: s.clone(), ..TableBalance::default() }).collect();
        let reference = package.reference();
        Ok(Uniting {
            dataset: Dataset::open(plan, starts, false, options.clone()),
            merger,
            reference,
            table,
            out,
            balances,
            full: None,
            closed: false,
        })
    }

    /// The name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns written.
    pub fn columns(&self) -> &[String] {
        self.merger.columns()
    }

    /// The bytes that were made since they were last taken.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Why the output cannot be used, as a sentence without a full stop: its form cannot hold the table.
    pub fn full(&self) -> Option<&str> {
        self.full.as_deref()
    }

    /// Writes what stands after the last row; ask for [`Uniting::full`] after it. A second call does nothing.
    pub fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.merger.finish(&mut self.out);
        said(&mut self.merger, &Place::default(), &mut self.full, &mut Vec::new());
    }

    /// The report, with the count of each source as its balance, and the last bytes. Closes the table if that was not done.
    pub fn finish(mut self) -> (Report, Vec<u8>) {
        self.close();
        let mut report = self.dataset.finish();
        let sum = |of: fn(&TableBalance) -> u64| self.balances.iter().map(of).fold(0, u64::saturating_add);
        report.conversion = Some(Conversion {
            from: self.reference.clone(),
            to: self.reference,
            records_in: sum(|b| b.candidates),
            records_out: sum(|b| b.written),
            rejected: sum(|b| b.rejected),
            tables: self.balances,
            ..Conversion::default()
        });
        (report, self.out)
    }
}

/// Makes findings of what the form could not write of a row.
fn said(merger: &mut Merger, place: &Place, full: &mut Option<String>, findings: &mut Vec<Finding>) {
    for trouble in merger.troubles() {
        let (code, field, said) = match trouble {
            Trouble::Replaced { field } => ("C514", field, None),
            Trouble::Untyped { field, wanted } => ("C515", field, Some(("wanted", wanted))),
            Trouble::Rounded { field, to } => ("C516", field, Some(("to", to))),
            Trouble::Differs { field, first } => ("C517", field, Some(("first", first))),
            Trouble::Apart { field } => ("C518", field, None),
            Trouble::Gathered { .. } | Trouble::Unfit { .. } => continue,
            Trouble::Full(why) => {
                full.get_or_insert(why);
                continue;
            }
        };
        let Some(name) = merger.columns().get(field) else { continue };
        let place = Place { byte_column: 0, column: None, field: Some(Arc::from(name.as_str())), ..place.clone() };
        let finding = Finding::new(code, "", place).arg("target", name.clone());
        findings.push(match said {
            Some((name, text)) => finding.arg(name, text),
            None => finding,
        });
    }
}

impl Reading for Uniting {
    fn start(&mut self, index: usize, intake: Intake) -> Option<Feed> {
        // The columns written are settled by now: a name that comes later is told, and not read.
        Feed::open(&mut self.dataset, index, intake, Records::by_column)
    }

    fn advance(&mut self, feed: &mut Feed, last: bool) -> bool {
        feed.cross();
        let Some(mut outcome) = feed.check(last) else { return false };
        let (index, before) = (feed.index, feed.place);
        let mut late = Vec::new();
        let Uniting { merger, out, full, .. } = self;
        let mut lost = TableBalance::default();
        let balance = self.balances.get_mut(index).unwrap_or(&mut lost);
        feed.walk(&outcome, last, &mut |_, record| {
            balance.candidates += 1;
            match record.texts {
                Ok(texts) => {
                    balance.written += 1;
                    merger.row(index, texts, out);
                    said(merger, record.place, full, &mut late);
                }
                // What is wrong with the row is a finding of its own.
                Err(_) => balance.rejected += 1,
            }
        });
        late.iter_mut().for_each(|f| super::relative(&mut f.place, &before));
        outcome.findings.weave(late);
        feed.merge(outcome, self.dataset.findings_of(index));
        true
    }

    fn finish_file(&mut self, mut feed: Feed, bytes: u64, digest: Option<String>) {
        let index = feed.index;
        feed.close(&mut self.dataset);
        self.dataset.finish_file(index, feed.check);
        self.dataset.describe(index, bytes, digest);
    }
}
