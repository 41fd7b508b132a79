//! Several files of one standard: which table each file is, references between them, and the report.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Unchecked;
use super::balance::BalanceRule;
use super::bind::{Binding, Sample, bind, header_shape, looks_like_data};
use super::keys::KeyTable;
use super::names::{HeaderMatch, HeaderNames};
use super::plan::{Key, StandardPlan, TablePlan};
use super::seams::PartFiles;
use super::table::{Pending, TableCheck, TableDone, settle};
use crate::bounds;
use crate::decode::head::{HeaderCell, NotText};
use crate::decode::{Head, dialect::DialectHints};
use crate::encode::descriptor::slug;
use crate::finding::{Finding, Findings, Place, Severity};
use crate::read::document::{DocumentFacts, DocumentKind};
use crate::read::recode::Charset;
use crate::read::{ReadOptions, Transcript};
use crate::report::{Coverage, FileUsed, Report, StandardUsed};
use crate::schema::{Field, FieldType, FieldsMatch, Presence, TableSchema};

/// How to check.
#[derive(Debug, Clone)]
pub struct Options {
    /// Occurrences that the report stores; counts are always true.
    pub max_findings: usize,
    /// What is known of the files' dialect.
    pub hints: DialectHints,
    /// How files of other forms are read.
    pub read: ReadOptions,
}

impl Default for Options {
    fn default() -> Self {
        Options { max_findings: 1000, hints: DialectHints::default(), read: ReadOptions::default() }
    }
}

/// A file as it is opened: its start is read, and the table it is.
#[derive(Debug)]
pub struct Opened {
    /// Index in the order given.
    pub index: usize,
    /// What the start says; `None` when the file is not a text table.
    pub head: Option<Head>,
    /// Index of the table in the plan.
    pub table: Option<usize>,
}

/// A set of files under one standard.
#[derive(Debug)]
pub struct Dataset {
    plan: Arc<StandardPlan>,
    options: Options,
    files: Vec<FileState>,
    /// Whether the files are one dataset, whose tables belong together, or each a dataset by itself.
    together: bool,
    /// What was found about the dataset as a whole.
    general: Vec<Finding>,
}

#[derive(Debug)]
struct FileState {
    /// Whether its name, or a descriptor, says which table it is.
    named: bool,
    used: FileUsed,
    head: Option<Head>,
    table: Option<Arc<TablePlan>>,
    findings: Findings,
    done: Option<TableDone>,
    pending: Vec<(String, Vec<String>, Pending)>,
    skipped: Vec<(String, String)>,
    codes: Vec<String>,
    unread: u64,
    /// The files of a table that lies in several.
    parts: Option<Arc<PartFiles>>,
    /// All of them but the first. They stand behind the files of all tables in the report, the first of them at this index.
    more: Vec<FileUsed>,
    first_more: u32,
}

/// The start of one file, as shells hand it over.
pub struct Start<'a> {
    /// The file's name without folders.
    pub name: &'a str,
    /// Its first bytes, at least [`crate::bounds::SAMPLE`] of them or all.
    pub sample: &'a [u8],
    /// Whether `sample` is the whole file.
    pub whole: bool,
    /// What reads the file, when it is not delimited text; `sample` is then text made of its first records, without a header.
    pub form: Option<&'a Transcript>,
    /// How the file stores its text, when `sample` was turned into UTF-8; UTF-8 when it is as it lies.
    pub charset: Charset,
    /// What kind of document the file is, when it is checked as it stands; `sample` is then empty.
    pub document: Option<&'a dyn DocumentKind>,
    /// What a descriptor says about the file.
    pub told: Option<&'a Told>,
    /// Whether its bytes cannot be read on, which findings about them say.
    pub barred: bool,
}

/// What a descriptor says about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The table that it is, by the descriptor's name for it.
    pub table: Option<String>,
    /// It has no schema, so only its shape is checked.
    pub bare: bool,
    /// How it is written.
    pub hints: DialectHints,
    /// The names of its columns, for a file without a header.
    pub names: Vec<String>,
    /// How its text is stored.
    pub encoding: Option<String>,
    /// The files that it consists of, where they are several.
    pub parts: Option<Arc<PartFiles>>,
}

impl<'a> Start<'a> {
    /// The start of a file that is delimited text.
    pub fn delimited(name: &'a str, sample: &'a [u8], whole: bool) -> Start<'a> {
        Start { name, sample, whole, form: None, charset: Charset::Utf8, document: None, told: None, barred: false }
    }

    /// Whether the records name their own cells, so that no row of theirs can be a header.
    fn is_keyed(&self) -> bool {
        self.form.is_some_and(|f| f.facts().keyed)
    }

    /// What the start says.
    ///
    /// # Errors
    /// When the file is no table.
    pub fn head(&self, hints: &DialectHints) -> Result<Head, NotText> {
        match self.form {
            Some(form) => form.head(),
            None => {
                let Some(told) = self.told else { return Head::read_stored(self.sample, self.whole, hints, self.charset) };
                let mut head = Head::read_stored(self.sample, self.whole, &told.hints, self.charset)?;
                if head.header.is_empty() && !told.names.is_empty() {
                    let cell = |name: &String| HeaderCell { text: name.clone(), byte_column: 1, fault: None };
                    head.header = told.names.iter().map(cell).collect();
                    head.columns = head.header.len();
                }
                Ok(head)
            }
        }
    }
}

impl Dataset {
    /// Opens files under a standard. `as_dataset` says that they were given as one dataset (a folder, say), so that missing tables count.
    pub fn open(plan: Arc<StandardPlan>, starts: &[Start<'_>], as_dataset: bool, options: Options) -> Dataset {
        let mut files: Vec<FileState> =
            starts.iter().enumerate().map(|(i, start)| open_file(&plan, start, i, as_dataset, &options)).collect();
        let tables: Vec<Option<&str>> = files.iter().map(|f| f.table.as_ref().map(|t| t.name.as_str())).collect();
        let distinct: std::collections::BTreeSet<&str> = tables.iter().flatten().copied().collect();
        let together =
            plan.tables.len() > 1 && (as_dataset || starts.len() > 1) && !(distinct.len() == 1 && starts.len() > 1 && !as_dataset);
        if together {
            let mut first: BTreeMap<String, String> = BTreeMap::new();
            // Of several files with one table's columns, the one with its name is the table.
            let by_name = (0..files.len()).filter(|&i| files[i].named).chain((0..files.len()).filter(|&i| !files[i].named));
            for i in by_name.collect::<Vec<_>>() {
                let file = &mut files[i];
                let Some(table) = file.table.clone() else { continue };
                if let Some(other) = first.get(&table.name) {
                    let place = Place { file: i as u32, ..Place::default() };
                    let finding = Finding::new("C215", "repeated", place).arg("other", other.as_str()).arg("resource", table.name.as_str());
                    file.findings.add(finding);
                    file.table = None;
                    file.used.resource.clear();
                } else {
                    first.insert(table.name.clone(), file.used.name.clone());
                }
            }
        }
        let mut next = starts.len() as u32;
        for file in &mut files {
            file.first_more = next;
            next += file.more.len() as u32;
        }
        Dataset { plan, options, files, together, general: Vec::new() }
    }

    /// Adds what was found about the dataset as a whole.
    pub fn add_general(&mut self, findings: Vec<Finding>) {
        self.general.extend(findings);
    }

    /// The files in an order in which those referred to come first.
    pub fn reading_order(&self) -> Vec<usize> {
        let tables = self.plan.reading_order();
        let rank = |file: &FileState| file.table.as_ref().and_then(|t| tables.iter().position(|&i| self.plan.tables[i].name == t.name));
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by_key(|&i| (rank(&self.files[i]).unwrap_or(usize::MAX), i));
        order
    }

    /// Fields of a file's table for which columns are to be kept, since records that name their own cells may name them later: those that may be
    /// left out, and that no column is named for.
    pub fn to_reserve(&self, index: usize) -> Vec<String> {
        let file = &self.files[index];
        let (Some(plan), Some(head)) = (&file.table, &file.head) else { return Vec::new() };
        let found = HeaderMatch::of(plan, &HeaderNames::of(&head.names()));
        let fields = plan.schema.fields.iter().enumerate().filter(|(f, field)| {
            let told = plan.schema.is_required(*f) || field.extras.presence == Presence::Recommended;
            found.fields[*f].is_none() && !told
        });
        fields.map(|(_, field)| field.name.clone()).collect()
    }

    /// Starts reading a file behind its header. `None` when there is nothing to read. `start` is the same as at opening.
    pub fn start(&mut self, index: usize, start: &Start<'_>) -> Option<(TableCheck, usize)> {
        let plan = self.files[index].table.clone()?;
        let mut head = self.files[index].head.clone()?;
        if let Some(form) = start.form {
            // Columns may have been kept since it was opened.
            head = form.head().ok()?;
            self.files[index].head = Some(head.clone());
        }
        let sample = Sample { bytes: start.sample, whole: start.whole };
        let (mut binding, found) = if self.plan.known {
            bind(&plan, &head, &sample, self.options.max_findings)
        } else {
            let (binding, _) = bind(&plan, &head, &sample, self.options.max_findings);
            (binding, unknown_findings(&head, &sample, start.is_keyed()))
        };
        binding.known = self.known_for(&plan);
        let file = &mut self.files[index];
        let keyed = start.is_keyed();
        // Where the record's own members say the place, what the form adds for it is no column of a table.
        let bound: Vec<usize> = (0..binding.fields.len()).filter(|&f| binding.fields[f].is_some()).collect();
        let mut placed = start.form.map(|form| form.facts().placed).unwrap_or_default();
        placed.retain(|_| crate::encode::says_place(&plan.schema, &bound));
        for mut finding in found {
            if finding.code.text() == "C207" && finding.place.field.as_deref().is_some_and(|name| placed.iter().any(|p| p == name)) {
                continue;
            }
            // Names in a record have no order to keep.
            if keyed && finding.code.text() == "C212" {
                continue;
            }
            finding.place.file = index as u32;
            if let Some(form) = start.form {
                form.retell(&mut finding);
            }
            file.findings.add(finding);
        }
        file.codes = codes_run(&binding);
        file.codes.extend(start.form.iter().flat_map(|form| form.codes()).map(str::to_owned));
        file.codes.retain(|code| !(keyed && code == "C212"));
        for (rule, runs) in binding.plan.rows.iter().zip(&binding.rules) {
            if !runs {
                file.skipped.push((rule.code.text().to_owned(), format!("{} has no column for it", file.used.name)));
            }
        }
        // Rules over several records that lack a column.
        let absent = |fields: &[usize]| fields.iter().any(|&f| binding.fields[f].is_none());
        let none = |k: &&Key| if k.empties { k.fields.iter().all(|&f| binding.fields[f].is_none()) } else { absent(&k.fields) };
        let keys = binding.plan.keys.iter().filter(none).filter_map(|k| k.repeated.as_ref().map(|(code, _)| code));
        let references = binding.plan.references.iter().filter(|r| absent(&r.fields)).map(|r| &r.code);
        let same_per = binding.plan.same_per.iter().filter(|r| absent(&r.key) || absent(&[r.field])).map(|r| &r.code);
        let balances = binding.plan.balances.iter().filter(|r| !r.can_run(&|f| binding.fields[f].is_some())).map(|r| &r.code);
        for code in keys.chain(references).chain(same_per).chain(balances) {
            file.skipped.push((code.text().to_owned(), format!("{} has no column for it", file.used.name)));
        }
        for (f, rules) in binding.plan.cells.iter().enumerate() {
            if binding.fields[f].is_some() {
                let name = &binding.plan.schema.fields[f].name;
                file.skipped.extend(rules.unchecked().iter().map(|u| unchecked_words(u, name)));
            }
        }
        let mut check = TableCheck::new(Arc::new(binding), index as u32, &head);
        if let Some(parts) = &file.parts {
            check.of_several(parts.names(), file.first_more);
        }
        Some((check, head.data_start))
    }

    /// By reference of the table: the values of the table it points to, when that one is read already.
    fn known_for(&self, plan: &TablePlan) -> Vec<Option<Arc<KeyTable>>> {
        plan.references
            .iter()
            .map(|reference| {
                // With several tables to look in, only the whole dataset can say that the value is in none of them.
                if !self.together || !reference.or.is_empty() {
                    return None;
                }
                let done = self.files.iter().filter_map(|f| f.done.as_ref()).find(|d| d.binding.plan.name == reference.table)?;
                let key = done.binding.plan.key_over(&reference.target)?;
                done.keys.get(key).cloned()
            })
            .collect()
    }

    /// The collector of a file's findings, for [`TableCheck::merge`].
    pub fn findings_of(&mut self, index: usize) -> &mut Findings {
        &mut self.files[index].findings
    }

    /// Ends a file's reading.
    pub fn finish_file(&mut self, index: usize, check: TableCheck) {
        let file = &mut self.files[index];
        let mut done = check.finish(&mut file.findings);
        let mut by_part = done.by_part.iter().copied();
        file.used.records = by_part.next().unwrap_or(done.records);
        file.more.iter_mut().zip(by_part).for_each(|(part, records)| part.records = records);
        let plan = done.binding.plan.clone();
        for pending in std::mem::take(&mut done.pending) {
            let reference = &plan.references[pending.reference];
            file.pending.push((reference.table.clone(), reference.target.clone(), pending));
        }
        file.done = Some(done);
    }

    /// Notes what came of a document.
    pub fn document(&mut self, index: usize, facts: DocumentFacts) {
        let file = &mut self.files[index];
        file.used.records = facts.records;
        if file.used.encoding.is_empty() {
            file.used.encoding = facts.encoding.to_owned();
        }
        file.used.dialect.extend(facts.more);
        file.codes.extend(facts.run);
        file.skipped.extend(facts.skipped);
    }

    /// Notes what a form's reading knew of and did not read.
    pub fn unread(&mut self, index: usize, records: u64) {
        self.files[index].unread = records;
    }

    /// The files of a table that lies in several.
    pub fn parts_of(&self, index: usize) -> Option<Arc<PartFiles>> {
        self.files[index].parts.clone()
    }

    /// Adds what was found about a file's bytes, not its table.
    pub fn add_findings(&mut self, index: usize, findings: Vec<Finding>) {
        for mut finding in findings {
            finding.place.file = index as u32;
            self.files[index].findings.add(finding);
        }
    }

    /// Notes a file's size and, where the shell made it, digest.
    pub fn describe(&mut self, index: usize, bytes: u64, digest: Option<String>) {
        let file = &mut self.files[index];
        file.used.bytes = bytes;
        let file_digest_asked = digest.is_some();
        file.used.digest = digest;
        let Some(parts) = &file.parts else { return };
        for (i, used) in std::iter::once(&mut file.used).chain(&mut file.more).enumerate() {
            let read = parts.get(i).unwrap_or_default();
            let asked = file_digest_asked;
            (used.bytes, used.digest) = (read.bytes, read.digest.filter(|_| asked));
        }
    }

    /// Ends the job.
    pub fn finish(mut self) -> Report {
        self.resolve_pending();
        let mut findings = Findings::new(self.options.max_findings);
        let mut coverage = Coverage::default();
        if !self.plan.known {
            for (i, file) in self.files.iter_mut().enumerate() {
                if file.head.is_some() {
                    file.findings.add(Finding::new("C217", "", Place { file: i as u32, ..Place::default() }));
                }
            }
            coverage.checks_skipped.push(("values".to_owned(), "no standard was recognised".to_owned()));
        }
        for mut finding in std::mem::take(&mut self.general) {
            if let (("C234", "standard"), Some(standard)) = ((finding.code.text(), finding.kind), finding.get("standard")) {
                coverage
                    .checks_skipped
                    .push((standard.to_owned(), "the data say that they follow it, but it is not known here".to_owned()));
            }
            finding.place.file = u32::MAX;
            findings.add(finding);
        }
        self.missing_tables(&mut findings, &mut coverage);
        for file in &mut self.files {
            coverage.checks_run.append(&mut file.codes);
            coverage.checks_skipped.append(&mut file.skipped);
            coverage.records_read += file.used.records + file.more.iter().map(|part| part.records).sum::<u64>();
            coverage.records_unread += file.unread;
        }
        coverage.checks_skipped.dedup();
        let (mut used, mut more) = (Vec::new(), Vec::new());
        for file in self.files {
            findings.append(file.findings);
            used.push(file.used);
            more.extend(file.more);
        }
        used.append(&mut more);
        coverage.add_found(&findings);
        let standard = self.plan.known.then(|| StandardUsed {
            id: self.plan.id.clone(),
            version: self.plan.version.clone(),
            digest: self.plan.digest.clone(),
            brought: self.plan.brought,
        });
        Report { standard, files: used, findings, coverage, conversion: None }
    }

    fn resolve_pending(&mut self) {
        for i in 0..self.files.len() {
            let pending = std::mem::take(&mut self.files[i].pending);
            let mut skipped: Vec<(String, String)> = Vec::new();
            // References that point to a table that is not there cannot be checked, however many they are.
            let table = self.files[i].table.clone();
            let or = |reference: usize| table.as_ref().and_then(|t| t.references.get(reference)).map_or(&[][..], |r| &r.or[..]);
            let bound = |f: &usize| self.files[i].done.as_ref().is_some_and(|done| done.binding.fields[*f].is_some());
            let mut run = Vec::new();
            if let Some(table) = &table {
                for reference in &table.references {
                    let elsewhere = reference.or.iter().any(|name| self.has_table(name));
                    if reference.table != table.name && !self.has_table(&reference.table) && !elsewhere {
                        skipped.push((reference.code.text().to_owned(), format!("table \"{}\" was not given", reference.table)));
                    } else if !reference.or.is_empty() || (self.together && reference.fields.iter().all(bound)) {
                        run.push(reference.code.text().to_owned());
                    }
                }
            }
            let mut late = Vec::new();
            for (table, target, pending) in pending {
                let named = |d: &&TableDone| d.binding.plan.name == table || or(pending.reference).contains(&d.binding.plan.name);
                let mut others = self.files.iter().filter_map(|f| f.done.as_ref()).filter(|d| self.together && named(d)).peekable();
                let has = |done: &TableDone| {
                    done.binding.plan.key_over(&target).and_then(|k| done.keys.get(k)).is_some_and(|t| t.has(pending.hash))
                };
                if others.peek().is_some() && !others.any(has) {
                    late.push(pending);
                }
            }
            let file = &mut self.files[i];
            file.codes.append(&mut run);
            settle(late, &mut file.findings);
            file.skipped.append(&mut skipped);
        }
    }

    fn has_table(&self, name: &str) -> bool {
        self.together && self.files.iter().any(|f| f.table.as_ref().is_some_and(|t| t.name == name))
    }

    fn missing_tables(&self, findings: &mut Findings, coverage: &mut Coverage) {
        if !self.plan.known || self.plan.tables.len() < 2 {
            return;
        }
        for table in &self.plan.tables {
            for rule in &table.present {
                let given = || {
                    std::iter::once(&table.name).chain(&rule.or).any(|name| self.has_table(name))
                        || rule.or_files.iter().any(|name| self.files.iter().any(|f| is_named(&f.used.name, name)))
                };
                if self.together && !given() {
                    let mut finding = Finding::new("C214", "", Place { file: u32::MAX, ..Place::default() }).severity(rule.severity);
                    finding.code = rule.code.clone();
                    findings.add(finding.arg("resource", table.name.as_str()));
                }
                let code = rule.code.text().to_owned();
                if self.together {
                    coverage.checks_run.push(code);
                } else {
                    coverage.checks_skipped.push((code, "only one table was given".to_owned()));
                }
            }
            if table.presence != Presence::Required || self.files.iter().any(|f| f.table.as_ref().is_some_and(|t| t.name == table.name)) {
                continue;
            }
            if self.together {
                let files = if table.files.is_empty() { format!("{}.csv", table.name) } else { table.files.join(" or ") };
                let mut finding = Finding::new("C214", "", Place { file: u32::MAX, ..Place::default() });
                finding = finding.arg("resource", table.name.as_str()).arg("files", files);
                if !table.title.is_empty() {
                    finding = finding.arg("title", table.title.as_str());
                }
                findings.add(finding);
            } else {
                coverage
                    .checks_skipped
                    .push(("C214".to_owned(), format!("only one table was given; the dataset also needs \"{}\"", table.name)));
            }
        }
    }
}

fn open_file(plan: &StandardPlan, start: &Start<'_>, index: usize, as_dataset: bool, options: &Options) -> FileState {
    let mut findings = Findings::new(options.max_findings);
    let place = Place { file: index as u32, ..Place::default() };
    let mut used = FileUsed { name: start.name.to_owned(), ..FileUsed::default() };
    if let Some(kind) = start.document {
        if start.charset != Charset::Utf8 {
            used.encoding = start.charset.name().to_owned();
        }
        used.resource = kind.resource().to_owned();
        let (pending, skipped, codes) = (Vec::new(), Vec::new(), Vec::new());
        let (parts, more, first_more) = (None, Vec::new(), 0);
        return FileState {
            named: false,
            used,
            head: None,
            table: None,
            findings,
            done: None,
            pending,
            skipped,
            codes,
            unread: 0,
            parts,
            more,
            first_more,
        };
    }
    let head = match start.head(&options.hints) {
        Ok(head) => Some(head),
        // Why there are no bytes is told already.
        Err(_) if start.barred => None,
        Err(NotText::Empty) => {
            findings.add(Finding::new("C104", "empty", place.clone()));
            None
        }
        Err(NotText::Looks(looks)) => {
            findings.add(Finding::new("C104", "", place.clone()).arg("looks", looks));
            None
        }
        Err(NotText::NoRecords) => {
            if !start.form.is_some_and(|f| f.findings().iter().any(|f| f.severity == Severity::Error)) {
                findings.add(Finding::new("C218", "", place.clone()));
            }
            None
        }
        Err(NotText::HeaderTooLong) => {
            // A start that was gathered for the header's sake ends where its bound is.
            let bound = if start.sample.len() >= bounds::MAX_HEADER { bounds::MAX_HEADER } else { bounds::SAMPLE };
            findings.add(Finding::new("C216", "", place.clone()).arg("bound", bound.to_string()));
            None
        }
        Err(NotText::TooManyColumns) => {
            findings.add(Finding::new("C216", "columns", place.clone()).arg("bound", bounds::MAX_COLUMNS.to_string()));
            None
        }
    };
    let mut table = None;
    if let Some(form) = start.form {
        used.encoding = form.facts().encoding.to_owned();
        if start.charset != Charset::Utf8 {
            used.encoding = start.charset.name().to_owned();
        }
        used.dialect = vec![("form", form.form().name().to_owned())];
        used.dialect.extend(form.facts().more);
        used.sheet = form.facts().sheet;
    }
    if let Some(head) = head.as_ref().filter(|_| start.form.is_none()) {
        used.encoding = if head.mark { format!("{}-bom", head.encoding.name()) } else { head.encoding.name().to_owned() };
        if start.charset != Charset::Utf8 {
            used.encoding = start.charset.name().to_owned();
        }
        used.dialect = head.dialect.facts();
        if head.names_separator {
            findings.add(Finding::new("C272", "", Place { line: 1, byte_column: 1, ..place.clone() }));
        }
        // A file of one column has no separators.
        if let Some(asked) = plan.delimiter.filter(|d| *d != head.dialect.delimiter && head.columns > 1) {
            let finding = Finding::new("C125", "", place.clone()).value(&separator(head.dialect.delimiter));
            findings.add(finding.arg("asked", separator(asked)));
        }
        if let Some(told) = start.told.and_then(|t| t.encoding.as_deref()) {
            findings_of_encoding(told, &used.encoding, start).into_iter().for_each(|f| findings.add(Finding { place: place.clone(), ..f }));
        } else if head.encoding == crate::decode::Encoding::Windows1252 {
            findings.add(Finding::new("C101", if plan.utf8_only { "demanded" } else { "file" }, place.clone()));
        }
    }
    let mut named = false;
    if let Some(head) = &head {
        if head.columns > crate::bounds::MAX_COLUMNS {
            findings.add(Finding::new("C216", "columns", place.clone()).arg("bound", crate::bounds::MAX_COLUMNS.to_string()));
        } else if let Some((nested, _)) = start.form.and_then(Transcript::nested) {
            table = Some(nested.table.clone());
        } else if plan.known && (as_dataset || start.told.is_some()) {
            (table, named) = match fitting(plan, head, start) {
                Some(table) => (Some(Arc::clone(table)), told_table(plan, start).is_some() || has_file(table, start.name)),
                // Nothing but its shape can be checked.
                None if start.told.is_some_and(|t| t.bare) => (Some(Arc::new(table_of_header(head))), false),
                None => (None, false),
            };
            if table.is_none() {
                let mut finding = none_fits(plan, head, start, place);
                if finding.kind == "none" && !has_name_of_table(plan, start.name) {
                    finding = Finding { kind: "", severity: Severity::Warning, ..finding };
                }
                findings.add(finding);
            }
        } else if plan.known {
            table = choose_table(plan, head, start.name).cloned();
            if table.is_none() {
                findings.add(none_fits(plan, head, start, place));
            }
        } else {
            table = Some(Arc::new(table_of_header(head)));
        }
    }
    // A table's own reading tells them in their order.
    if let (None, Some(form)) = (&table, start.form) {
        for finding in form.findings() {
            let mut finding = finding.clone();
            finding.place.file = index as u32;
            findings.add(finding);
        }
    }
    used.resource = table.as_ref().filter(|_| plan.known).map_or_else(String::new, |t| t.name.clone());
    let parts = start.told.and_then(|told| told.parts.clone());
    let names = parts.iter().flat_map(|parts| parts.names().iter().skip(1));
    let more = names.map(|name| FileUsed { name: name.clone(), ..used.clone() }).collect();
    FileState {
        named,
        used,
        head,
        table,
        findings,
        done: None,
        pending: Vec::new(),
        skipped: Vec::new(),
        codes: Vec::new(),
        unread: 0,
        parts,
        more,
        first_more: 0,
    }
}

/// What stands between cells, as a word.
fn separator(byte: u8) -> String {
    match byte {
        b',' => "commas".to_owned(),
        b';' => "semicolons".to_owned(),
        b'\t' => "tabs".to_owned(),
        b'|' => "upright bars".to_owned(),
        byte => char::from(byte).to_string(),
    }
}

/// Whether a file has one of a table's usual names.
fn has_file(table: &TablePlan, name: &str) -> bool {
    table.files.iter().any(|f| is_named(name, f))
}

/// Whether a path ends with that name.
fn is_named(path: &str, name: &str) -> bool {
    path.rsplit('/').next().unwrap_or(path).eq_ignore_ascii_case(name)
}

/// Whether a file has a usual name of any table.
fn has_name_of_table(plan: &StandardPlan, name: &str) -> bool {
    plan.tables.iter().any(|t| has_file(t, name))
}

/// The table that a descriptor calls the file. A descriptor that we wrote has names in the form that descriptors ask for.
fn told_table<'p>(plan: &'p StandardPlan, start: &Start<'_>) -> Option<&'p Arc<TablePlan>> {
    let told = start.told?.table.as_deref()?;
    plan.tables.iter().find(|t| t.name == told).or_else(|| plan.tables.iter().find(|t| slug(&t.name) == told))
}

/// The table that a file of a dataset is: as its descriptor says, by its name, or by a header that leaves no doubt. A few columns in common are
/// not enough, since datasets come with further tables about the same things.
pub(crate) fn fitting<'p>(plan: &'p StandardPlan, head: &Head, start: &Start<'_>) -> Option<&'p Arc<TablePlan>> {
    if let Some(told) = told_table(plan, start) {
        return Some(told);
    }
    if start.told.is_some_and(|t| t.bare) {
        return None;
    }
    let names = head.names();
    let names = HeaderNames::of(&names);
    let known = |table: &Arc<TablePlan>| HeaderMatch::of(table, &names).known();
    if let Some(named) = plan.tables.iter().find(|t| has_file(t, start.name) && known(t) > 0) {
        return Some(named);
    }
    ranked(plan, head, start.name).filter(|(rank, _)| *rank > 0).map(|(_, table)| table)
}

/// The table whose fields the header names best. A plan of one table takes every file that names one of its fields.
fn choose_table<'p>(plan: &'p StandardPlan, head: &Head, name: &str) -> Option<&'p Arc<TablePlan>> {
    ranked(plan, head, name).map(|(_, table)| table)
}

/// The table whose fields the header names best, and how well: above zero when it has more of them than of other columns and lacks.
fn ranked<'p>(plan: &'p StandardPlan, head: &Head, name: &str) -> Option<(i64, &'p Arc<TablePlan>)> {
    let names = head.names();
    let names = HeaderNames::of(&names);
    plan.tables
        .iter()
        .filter(|table| !table.keys_of_nested)
        .filter_map(|table| {
            let found = HeaderMatch::of(table, &names);
            let known = found.known() as i64;
            let unknown = names.columns as i64 - known;
            let missing = found.missing(table).len() as i64;
            (known > 0).then_some(((known * 2 - unknown - missing * 2) * 2 + i64::from(has_file(table, name)), table))
        })
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.name.cmp(&a.1.name)))
}

/// Ways of storing text that are read alike.
fn family(encoding: &str) -> Option<&'static str> {
    let folded: String = encoding.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
    Some(match folded.as_str() {
        "utf8" | "utf8bom" | "utf8sig" | "ascii" | "usascii" => "utf-8",
        "windows1252" | "cp1252" | "iso88591" | "latin1" | "l1" => "windows-1252",
        "utf16" | "utf16le" | "utf16be" => "utf-16",
        "macroman" | "macintosh" => "mac-roman",
        _ => return None,
    })
}

/// What is wrong about how a file is stored, as against what its descriptor says.
fn findings_of_encoding(told: &str, found: &str, start: &Start<'_>) -> Option<Finding> {
    let (wanted, is) = (family(told), family(found));
    // Letters of ASCII are stored alike in all of them but UTF-16.
    let plain = is == Some("utf-8") && start.sample.is_ascii() && wanted != Some("utf-16");
    if plain || (wanted.is_some() && wanted == is) {
        return None;
    }
    Some(Finding::new("C234", "encoding", Place::default()).arg("said", told).arg("found", found))
}

/// No table of the standard has any of the file's columns: either the header is not one, or this is another kind of file.
fn none_fits(plan: &StandardPlan, head: &Head, start: &Start<'_>, place: Place) -> Finding {
    let sample = Sample { bytes: start.sample, whole: start.whole };
    if !start.is_keyed() && looks_like_data(&head.header, &sample.records(head, 100)) {
        return no_header(head, place.file);
    }
    let mut finding = Finding::new("C215", "none", place).arg("standard", plan.reference());
    if let [table] = &plan.tables[..] {
        let needed: Vec<&str> = table.schema.fields.iter().take(6).map(|f| f.name.as_str()).collect();
        finding = finding.arg("near", table.name.as_str()).arg("missing", needed.join(", "));
    }
    finding
}

fn no_header(head: &Head, file: u32) -> Finding {
    let place = Place { file, row: head.header_row, line: head.header_line, byte_column: 1, ..Place::default() };
    Finding::new("C210", "", place).value(&head.names().join(", "))
}

/// A table of texts, for a file of which nothing is known.
fn table_of_header(head: &Head) -> TablePlan {
    let fields = head.header.iter().map(|c| Field::new(&c.text, FieldType::Any)).collect();
    let schema = TableSchema {
        nested: None,
        fields,
        fields_match: FieldsMatch::Partial,
        missing_values: vec![String::new()],
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        foreign_keys: Vec::new(),
        elements: None,
    };
    TablePlan::new("", "the file", Arc::new(schema))
}

fn unknown_findings(head: &Head, sample: &Sample<'_>, keyed: bool) -> Vec<Finding> {
    if !keyed && looks_like_data(&head.header, &sample.records(head, 100)) {
        return vec![no_header(head, 0)];
    }
    header_shape(head, &HeaderNames::of(&head.names()).repeated)
}

/// The check that a field's constraint would have been, and why it did not run.
fn unchecked_words(unchecked: &Unchecked, field: &str) -> (String, String) {
    let (code, what) = match unchecked {
        Unchecked::Pattern(pattern) => ("C305", format!("the pattern {pattern} cannot be run")),
        Unchecked::DatePattern(pattern) => ("C303", format!("the date form {pattern} holds an unknown code")),
        Unchecked::Bound(bound) => ("C306", format!("the bound {bound} is no value of the field's type")),
        Unchecked::JsonSchema => ("C313", "the field's own JSON Schema is not part of this build, or not valid".to_owned()),
    };
    (code.to_owned(), format!("{field}: {what}"))
}

/// Codes of the checks that run on a file.
fn codes_run(binding: &Binding) -> Vec<String> {
    let plan = &binding.plan;
    let schema = &plan.schema;
    let mut codes: Vec<&str> = if plan.keys_of_nested {
        crate::jschema::CODES.to_vec()
    } else {
        vec!["C101", "C102", "C103", "C201", "C202", "C203", "C204", "C205", "C208", "C209", "C211", "C216", "C308", "C309", "C314"]
    };
    if !plan.standard.is_empty() && !plan.keys_of_nested {
        codes.extend(["C206", "C207", "C213"]);
    }
    if schema.fields_match == FieldsMatch::Exact {
        codes.push("C212");
    }
    if !plan.keys_of_nested {
        codes.extend(value_codes(plan, &|f| binding.fields[f].is_some()));
    }
    let mut codes: Vec<String> = codes.into_iter().map(str::to_owned).collect();
    let has = |fields: &[usize]| fields.iter().all(|&f| binding.fields[f].is_some());
    let runs = |k: &&Key| if k.empties { k.fields.iter().any(|&f| binding.fields[f].is_some()) } else { has(&k.fields) };
    codes.extend(plan.keys.iter().filter(runs).filter_map(|k| k.repeated.as_ref()).map(|(code, _)| code.text().to_owned()));
    codes.extend(
        plan.references
            .iter()
            .enumerate()
            .filter(|(i, r)| has(&r.fields) && (r.table == plan.name || binding.known.get(*i).is_some_and(Option::is_some)))
            .map(|(_, r)| r.code.text().to_owned()),
    );
    codes.extend(plan.rows.iter().zip(&binding.rules).filter(|(_, runs)| **runs).map(|(r, _)| r.code.text().to_owned()));
    codes.extend(plan.same_per.iter().filter(|r| has(&r.key) && has(&[r.field])).map(|r| r.code.text().to_owned()));
    let runs = |r: &&BalanceRule| r.can_run(&|f| binding.fields[f].is_some());
    codes.extend(plan.balances.iter().filter(runs).map(|r| r.code.text().to_owned()));
    codes.extend(plan.counts.iter().map(|r| r.code.text().to_owned()));
    codes
}

/// Codes of the checks of single values that run on the fields that there are.
pub(crate) fn value_codes(plan: &TablePlan, has: &dyn Fn(usize) -> bool) -> Vec<&'static str> {
    let schema = &plan.schema;
    let mut codes = Vec::new();
    for (f, field) in schema.fields.iter().enumerate() {
        if !has(f) {
            continue;
        }
        let c = &field.constraints;
        if schema.is_required(f) {
            codes.push("C301");
        }
        match &field.kind {
            FieldType::Number(_) | FieldType::Integer(_) => codes.push("C302"),
            FieldType::Date(_) | FieldType::DateTime(_) | FieldType::Time(_) | FieldType::Year | FieldType::YearMonth => {
                codes.extend(["C303", "C311"])
            }
            FieldType::Boolean { .. } => codes.push("C310"),
            FieldType::String(crate::schema::StringFormat::Default) | FieldType::Any => {}
            _ => codes.push("C313"),
        }
        if !c.values.is_empty() || !field.categories.is_empty() || field.codes.is_some() {
            codes.push("C304");
        }
        if field.codes.as_ref().is_some_and(|l| l.codes.iter().any(|c| c.deprecated)) {
            codes.push("C312");
        }
        if c.pattern.is_some() {
            codes.push("C305");
        }
        if c.minimum.is_some() || c.maximum.is_some() || c.exclusive_minimum.is_some() || c.exclusive_maximum.is_some() {
            codes.push("C306");
        }
        if c.min_length.is_some() || c.max_length.is_some() {
            codes.push("C307");
        }
        if c.json_schema.is_some() {
            codes.push("C313");
        }
    }
    codes
}

impl Dataset {
    /// Whether any finding of a severity was made so far; for shells that stop early.
    pub fn count(&self, severity: Severity) -> u64 {
        self.files.iter().map(|f| f.findings.count(severity)).sum()
    }

    /// What a file was taken for.
    pub fn opened(&self, index: usize) -> Opened {
        let file = &self.files[index];
        let table = file.table.as_ref().and_then(|t| self.plan.tables.iter().position(|p| p.name == t.name));
        Opened { index, head: file.head.clone(), table }
    }
}
