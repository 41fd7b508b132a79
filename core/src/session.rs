//! One file handed over piece by piece: for shells whose input is a stream (a request's body, a pipe, slices of a file in a browser).
//!
//! However the bytes are cut, the report is the same: the file's start is gathered first, then whole blocks are checked.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::bounds::{BLOCK, SAMPLE};
use crate::bundle::{self, Handed};
use crate::check::bind::Sample;
use crate::check::block::Scratch;
use crate::check::dataset::{Dataset, Options, Start};
use crate::check::plan::StandardPlan;
use crate::check::seams::{PartFiles, Seams};
use crate::check::table::TableCheck;
use crate::decode::Head;
use crate::detect;
use crate::finding::{Finding, Place};
use crate::jschema::plan::{Candidates, Nested};
use crate::jschema::scan::{Scanned, Scanner};
use crate::read::container::stop;
use crate::read::document::Documents;
use crate::read::sheet::Wanted;
use crate::read::tidy::Layouts;
use crate::read::{FixedLayout, PrintedLayout};
use crate::read::{Intake, Places, ReadOptions, Source, Transcript};
use crate::report::Report;

/// What a file is checked against.
#[derive(Debug, Clone)]
pub enum Choice {
    /// This.
    Given(Arc<StandardPlan>),
    /// Whichever of these the file's start looks like; the shape alone when none fits.
    Detect(Vec<Arc<StandardPlan>>),
}

impl Choice {
    /// The layouts that an untidy file may follow.
    pub fn layouts(&self) -> Layouts {
        match self {
            Choice::Given(plan) => Layouts::new(plan.layouts()).with_plans([plan.clone()]),
            Choice::Detect(plans) => Layouts::new(plans.iter().flat_map(|plan| plan.layouts())).with_plans(plans.iter().cloned()),
        }
    }

    /// Layouts of fixed width that a file may have; see [`crate::read::ReadOptions::fixed`].
    pub fn fixed(&self) -> Vec<Arc<FixedLayout>> {
        match self {
            Choice::Given(plan) => plan.fixed().collect(),
            Choice::Detect(plans) => plans.iter().flat_map(|plan| plan.fixed()).collect(),
        }
    }

    /// Layouts of printed pages that a file may be of; see [`crate::read::ReadOptions::printed`].
    pub fn printed(&self) -> Vec<Arc<PrintedLayout>> {
        match self {
            Choice::Given(plan) => plan.printed().collect(),
            Choice::Detect(plans) => plans.iter().flat_map(|plan| plan.printed()).collect(),
        }
    }

    /// Kinds of documents that a file may be; see [`crate::read::ReadOptions::documents`].
    pub fn documents(&self) -> Documents {
        match self {
            // Rows of a table that is written as documents never stand in XML.
            Choice::Given(plan) if plan.tables.iter().all(|t| t.schema.nested.is_some()) => {
                Documents::new(plan.documents.iter().cloned()).only()
            }
            Choice::Given(plan) => Documents::new(plan.documents.iter().cloned()),
            Choice::Detect(plans) => Documents::new(plans.iter().flat_map(|plan| plan.documents.iter().cloned())),
        }
    }

    /// Nested resources that a document of JSON may be of; see [`crate::read::ReadOptions::nested`].
    pub fn nested(&self) -> Candidates {
        match self {
            Choice::Given(plan) => Candidates { all: plan.nested.clone(), given: true },
            Choice::Detect(plans) => {
                Candidates { all: plans.iter().rev().flat_map(|plan| plan.nested.iter().cloned()).collect(), given: false }
            }
        }
    }

    /// The tables that are looked for among the sheets of a workbook; see [`crate::read::ReadOptions::wanted`].
    pub fn wanted(&self) -> Wanted {
        match self {
            Choice::Given(plan) => Wanted::named(Arc::clone(plan)),
            Choice::Detect(plans) => Wanted::any_of(plans.clone()),
        }
    }

    /// How a file is read that may be any of these.
    pub fn reading(&self, how: ReadOptions) -> ReadOptions {
        ReadOptions {
            layouts: self.layouts(),
            fixed: self.fixed(),
            printed: self.printed(),
            documents: self.documents(),
            nested: self.nested(),
            wanted: self.wanted(),
            ..how
        }
    }

    /// The plan for files that start so.
    pub fn decide(&self, starts: &[Start<'_>], options: &Options) -> Arc<StandardPlan> {
        match self {
            Choice::Given(plan) => plan.clone(),
            Choice::Detect(plans) => {
                let documents = starts.iter().filter_map(|s| s.document);
                let mut of_documents = documents.filter_map(|d| plans.iter().find(|p| p.reference() == d.standard()));
                if let Some(plan) = of_documents.next() {
                    return plan.clone();
                }
                // A document of a nested resource is recognised by what it holds, before it is read.
                let nested = starts.iter().find_map(|s| s.form.and_then(Transcript::nested));
                let of = |(n, _): (&Arc<Nested>, _)| plans.iter().find(|plan| plan.nested.iter().any(|other| Arc::ptr_eq(other, n)));
                if let Some(plan) = nested.and_then(of) {
                    return plan.clone();
                }
                let heads: Vec<(Head, &Start<'_>)> = starts.iter().filter_map(|s| s.head(&options.hints).ok().map(|h| (h, s))).collect();
                let samples: Vec<(&Head, Sample<'_>)> =
                    heads.iter().map(|(head, s)| (head, Sample { bytes: s.sample, whole: s.whole })).collect();
                detect::choose(plans, &samples).map_or_else(|| Arc::new(StandardPlan::unknown()), |(plan, _)| plan)
            }
        }
    }
}

/// The bytes of one table on their way through the checks: whole records are checked, the rest waits for more.
#[derive(Debug)]
pub struct Feed {
    /// `None` for a document, which is checked by its source.
    check: Option<TableCheck>,
    buffer: Vec<u8>,
    /// Where in the buffer the first unread record starts.
    at: usize,
    skipping: bool,
    scratch: Scratch,
    source: Source,
    seams: Seams,
    /// What was found about bytes of text that was turned into UTF-8, until it is known in which record it is.
    unplaced: Vec<Finding>,
}

/// Findings about bytes that cannot be read, of which only the line is known, and all others.
fn split_unplaced(findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
    findings.into_iter().partition(|f| f.code.text() == "C121" && f.place.line > 0 && f.place.row == 0)
}

/// Where a table of several files passes from one to the next. What is turned into other text before it is checked has its rows counted through all
/// of them, which is told.
pub(crate) fn seams_of(parts: Option<Arc<PartFiles>>, source: &Source, dataset: &mut Dataset, index: usize) -> Seams {
    if parts.is_some() && !source.is_plain() {
        dataset.add_findings(index, vec![Finding::new("C270", "", Place::default())]);
        return Seams::default();
    }
    Seams::new(parts)
}

/// Bytes of what is packed that are unpacked at once, so that what comes out stays small.
const PACKED: usize = 4 << 10;

/// Bytes by which it is known whether a file is an archive or a workbook.
const FIRST: usize = 8;

impl Feed {
    /// Starts with the file's first bytes; `data_start` is where the first record begins.
    pub fn new(check: TableCheck, first: Vec<u8>, data_start: usize) -> Feed {
        Feed {
            check: Some(check),
            buffer: first,
            at: data_start,
            skipping: false,
            scratch: Scratch::default(),
            source: Source::default(),
            seams: Seams::default(),
            unplaced: Vec::new(),
        }
    }

    /// Opens a file's table behind its header, whatever the file's form. `None` when there is nothing to read.
    pub fn open(dataset: &mut Dataset, index: usize, mut intake: Intake) -> Option<Feed> {
        intake.reserve(&dataset.to_reserve(index));
        let started = dataset.start(index, &intake.start());
        let parts = dataset.parts_of(index);
        let (first, mut source) = intake.into_parts();
        let plain = source.transcript().is_none() && !source.is_document();
        let (unplaced, others) = if plain { split_unplaced(source.take_findings()) } else { (Vec::new(), source.take_findings()) };
        dataset.add_findings(index, others);
        if source.is_document() {
            let (buffer, scratch) = (Vec::new(), Scratch::default());
            return Some(Feed { check: None, buffer, at: 0, skipping: false, scratch, source, seams: Seams::default(), unplaced });
        }
        let Some((check, data_start)) = started else {
            dataset.add_findings(index, unplaced);
            return None;
        };
        if let Some(transcript) = source.transcript_mut() {
            transcript.type_cells(check.binding.typed());
            transcript.begin();
        }
        let seams = seams_of(parts, &source, dataset, index);
        Some(Feed { source, seams, unplaced, ..Feed::new(check, first, data_start) })
    }

    /// The check and where its first record begins, for a shell that reads delimited text in its own way. `None` for a document.
    pub fn into_check(self) -> Option<(TableCheck, usize)> {
        Some((self.check?, self.at))
    }

    /// Whether bytes may be appended to [`Feed::buffer`] as they are.
    pub fn is_plain(&self) -> bool {
        self.source.is_plain()
    }

    /// Notes what a shell found about what the bytes lie in, before it ends the file.
    pub fn note(&mut self, findings: Vec<Finding>) {
        self.source.note(findings);
    }

    /// The buffer, to append bytes of delimited text to.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Says how large the file is; see [`TableCheck::expect`].
    pub fn expect(&mut self, bytes: u64) {
        if let Some(check) = &mut self.check {
            check.expect(bytes);
        }
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.at
    }

    /// Takes the next bytes of a file of any form, and checks the records that are whole.
    pub fn push(&mut self, bytes: &[u8], dataset: &mut Dataset, index: usize) {
        let size = match self.source.transcript() {
            _ if self.source.is_packed() => PACKED,
            // Rows of what is read at once stay in the processor's cache until they are checked.
            Some(_) => SAMPLE,
            None => BLOCK,
        };
        for piece in bytes.chunks(size) {
            self.source.push(piece, &mut self.buffer);
            if self.source.transcript().is_some() || self.source.is_document() || self.waiting() >= BLOCK {
                self.advance(false, dataset, index);
            }
        }
    }

    /// What looks at blocks of the file ahead of the feed, where its form and what it is checked against allow that. The file's bytes are its
    /// records' bytes then.
    pub fn scanner(&self) -> Option<Scanner> {
        if self.source.is_packed() { None } else { self.source.transcript().and_then(Transcript::scanner) }
    }

    /// Takes a block that a scanner looked at: its bytes from `at` on, where the bytes pushed so far end, up to `until`, or up to the end of the
    /// last record that starts before. Gives the place up to which bytes were taken.
    pub fn push_scanned(
        &mut self,
        block: &[u8],
        mut at: usize,
        until: usize,
        scanned: &Scanned,
        dataset: &mut Dataset,
        index: usize,
    ) -> usize {
        if !scanned.is_empty() && scanned.from() >= at {
            self.push(&block[at..scanned.from()], dataset, index);
            at = scanned.from();
            if self.source.transcript_mut().is_some_and(|transcript| transcript.take(block, scanned)) {
                at = scanned.to();
            }
            self.advance(false, dataset, index);
        }
        if at < until {
            self.push(&block[at..until], dataset, index);
            at = until;
        }
        at
    }

    /// Checks the whole records that wait. `last` says that no bytes follow.
    pub fn advance(&mut self, last: bool, dataset: &mut Dataset, index: usize) {
        if self.source.transcript().is_some() {
            self.advance_batches(dataset, index);
            return;
        }
        let Some(check) = &mut self.check else {
            dataset.add_findings(index, self.source.take_findings());
            return;
        };
        if self.source.is_packed() {
            let (unplaced, others) = split_unplaced(self.source.take_findings());
            self.unplaced.extend(unplaced);
            dataset.add_findings(index, others);
        }
        // An archive may hand over a whole table at once, and what is known about each row of a block is kept until the block is merged.
        loop {
            while let Some((part, above)) = self.seams.cross(self.at) {
                check.cross(part, above);
            }
            let from = self.at;
            let until = self.seams.until(self.buffer.len().min(from + BLOCK));
            let outcome = check.binding.clone().check(&self.buffer, from, until, last, self.skipping, &mut self.scratch);
            self.skipping = outcome.skipping;
            self.at = outcome.next;
            if self.unplaced.is_empty() {
                check.merge(outcome, &self.buffer, dataset.findings_of(index));
            } else {
                let placed = check.place_by_line(&outcome, &self.buffer, &mut self.unplaced);
                check.merge_placed(outcome, &self.buffer, None, placed, dataset.findings_of(index));
            }
            if self.at == from || self.at >= self.buffer.len() {
                break;
            }
        }
        self.buffer.drain(..self.at);
        self.seams.drained(self.at);
        self.at = 0;
    }

    fn advance_batches(&mut self, dataset: &mut Dataset, index: usize) {
        while let Some(mut batch) = self.source.transcript_mut().and_then(Transcript::next_batch) {
            let (Some(transcript), Some(check)) = (self.source.transcript(), &mut self.check) else { return };
            let places = Places { origins: &batch.origins, transcript };
            let binding = check.binding.clone();
            self.scratch.told = places.told(&batch.findings, binding.columns.len());
            let mut outcome = binding.check(&batch.text, 0, batch.text.len(), true, false, &mut self.scratch);
            places.relocate(&mut outcome.findings, index as u32, check.records());
            let found = std::mem::take(&mut batch.findings).into_iter().map(|mut f| {
                f.place.file = index as u32;
                f
            });
            let (found, general): (Vec<_>, Vec<_>) = found.partition(|f| f.place.row > 0);
            check.merge_placed(outcome, &batch.text, Some(places), found, dataset.findings_of(index));
            dataset.add_findings(index, general);
            if let Some(transcript) = self.source.transcript_mut() {
                transcript.give_back(batch);
            }
        }
    }

    /// Ends the table; all bytes must have been given.
    pub fn finish(mut self, dataset: &mut Dataset, index: usize) {
        self.source.finish(&mut self.buffer);
        let cut = self.source.is_cut();
        self.advance(!cut, dataset, index);
        // A stump of a record is no record.
        let stump = u64::from(cut && self.check.is_some() && !self.buffer.trim_ascii().is_empty());
        dataset.add_findings(index, std::mem::take(&mut self.unplaced));
        dataset.add_findings(index, self.source.take_findings());
        dataset.unread(index, stump + self.source.transcript().map_or(0, Transcript::unread));
        if let Some(facts) = self.source.document() {
            dataset.document(index, facts);
        }
        if let Some(check) = self.check {
            dataset.finish_file(index, check);
        }
    }
}

/// A file on its way.
#[derive(Debug)]
pub struct Session {
    name: String,
    choice: Choice,
    options: Options,
    bytes: u64,
    /// Its size, when the shell was told.
    expected: Option<u64>,
    digest: Option<Sha256>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Too little is known to say whether the file is to be looked at as a whole.
    First(Vec<u8>),
    /// An archive or a workbook, which may hold several tables.
    Gather(Vec<u8>),
    /// The same, beyond the bound.
    TooLarge,
    /// Gathering the file's start.
    Start(Box<Intake>),
    /// Reading records.
    Table(Box<Dataset>, Box<Feed>),
    /// Nothing to read: not a table.
    Rest(Box<Dataset>),
}

impl Session {
    /// A file of that name. `digest` asks for the SHA-256 that the JSON report shows.
    pub fn new(name: &str, choice: Choice, mut options: Options, digest: bool) -> Session {
        if options.read.layouts.is_empty() {
            options.read.layouts = choice.layouts();
        }
        options.read.fixed.extend(choice.fixed());
        options.read.printed.extend(choice.printed());
        if options.read.documents.is_empty() {
            options.read.documents = choice.documents();
        }
        options.read.nested = choice.nested();
        options.read.wanted = choice.wanted();
        let state = State::First(Vec::new());
        Session { name: name.to_owned(), choice, options, bytes: 0, expected: None, digest: digest.then(Sha256::new), state }
    }

    /// Says how large the file is, before its first bytes: so it is known about how many keys are to come. The report does not depend on that,
    /// and who says it need not be right.
    pub fn expect(&mut self, bytes: u64) {
        self.expected = Some(bytes);
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        match &mut self.state {
            State::First(first) => {
                first.extend_from_slice(bytes);
                if first.len() >= FIRST {
                    let first = std::mem::take(first);
                    self.begin(first);
                }
            }
            State::Gather(gathered) => {
                if bytes.len() > self.options.read.whole.saturating_sub(gathered.len()) {
                    self.state = State::TooLarge;
                } else {
                    gathered.extend_from_slice(bytes);
                }
            }
            _ => self.feed(bytes),
        }
    }

    /// Decides by the first bytes whether the file is looked at as a whole.
    fn begin(&mut self, first: Vec<u8>) {
        if bundle::may_hold_tables(&first) && self.options.read.sheet.is_none() {
            let over = first.len() > self.options.read.whole;
            self.state = if over { State::TooLarge } else { State::Gather(first) };
        } else {
            self.single(&first);
        }
    }

    /// Reads a file that holds one table.
    fn single(&mut self, first: &[u8]) {
        self.state = State::Start(Box::new(Intake::new(&self.name, &self.options.read)));
        self.feed(first);
    }

    fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let State::Start(intake) = &mut self.state {
            if rest.is_empty() {
                return;
            }
            // A large piece is not swallowed whole before it is known what it is.
            let (piece, after) = rest.split_at(rest.len().min(BLOCK));
            rest = after;
            intake.push(piece);
            if intake.ready() {
                self.open();
            }
        }
        if let State::Table(dataset, feed) = &mut self.state {
            feed.push(rest, dataset, 0);
        }
    }

    /// Tells why the file cannot be read.
    fn refuse(&mut self, finding: Finding) {
        self.state = State::Start(Box::new(Intake::refused(&self.name, vec![finding])));
    }

    /// Looks at a file that was gathered. A report when it holds several tables.
    fn look(&mut self, gathered: Vec<u8>) -> Option<Report> {
        match bundle::handed(&self.name, gathered, &self.choice, &self.options.read) {
            Ok(Handed::Bundle(bundle)) => bundle::check::check(*bundle, &self.choice, &self.options, self.digest.is_some())
                .map_err(|_| self.refuse(*stop("C112", "zip")))
                .ok(),
            Ok(Handed::File(bytes)) => {
                self.single(&bytes);
                None
            }
            Ok(Handed::Refused(finding)) => {
                self.refuse(finding);
                None
            }
            // Bytes at hand can be read.
            Err(_) => {
                self.refuse(*stop("C112", "zip"));
                None
            }
        }
    }

    fn open(&mut self) {
        let nothing = State::Start(Box::new(Intake::new("", &self.options.read)));
        let State::Start(intake) = std::mem::replace(&mut self.state, nothing) else { return };
        // The same start as every other shell hands over, however large the pieces were.
        let start = intake.start();
        let plan = self.choice.decide(std::slice::from_ref(&start), &self.options);
        let mut dataset = Dataset::open(plan, std::slice::from_ref(&start), false, self.options.clone());
        self.state = match Feed::open(&mut dataset, 0, *intake) {
            Some(mut feed) => {
                // In other forms a record takes more bytes, or fewer, than in the text by which the keys are foreseen.
                if let (true, Some(check), Some(bytes)) = (feed.is_plain(), &mut feed.check, self.expected) {
                    check.expect_as_told(bytes);
                }
                State::Table(Box::new(dataset), Box::new(feed))
            }
            None => State::Rest(Box::new(dataset)),
        };
    }

    /// Ends the file.
    pub fn finish(mut self) -> Report {
        if let State::First(first) = &mut self.state {
            let first = std::mem::take(first);
            self.begin(first);
        }
        if let State::Gather(gathered) = &mut self.state {
            let gathered = std::mem::take(gathered);
            if let Some(report) = self.look(gathered) {
                return report;
            }
        }
        if let State::TooLarge = self.state {
            let mut finding = stop("C110", "whole");
            finding.args = vec![("bound", self.options.read.whole.to_string())];
            self.refuse(*finding);
        }
        if let State::Start(intake) = &mut self.state {
            intake.end();
            self.open();
        }
        let mut dataset = match self.state {
            State::Table(mut dataset, feed) => {
                feed.finish(&mut dataset, 0);
                dataset
            }
            State::Rest(dataset) => dataset,
            // `open` leaves no other state; an empty dataset is an honest answer all the same.
            _ => Box::new(Dataset::open(Arc::new(StandardPlan::unknown()), &[], false, self.options)),
        };
        let digest = self.digest.map(|d| format!("sha256:{}", hex(&d.finalize())));
        dataset.describe(0, self.bytes, digest);
        dataset.finish()
    }
}

/// Bytes in lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// `sha256:` and the digest of bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}
