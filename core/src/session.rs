//! One file handed over piece by piece: for shells whose input is a stream (a request's body, a pipe, slices of a file in a browser).
//!
//! However the bytes are cut, the report is the same: the file's start is gathered first, then whole blocks are checked.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::bounds::{BLOCK, SAMPLE};
use crate::check::bind::Sample;
use crate::check::block::Scratch;
use crate::check::dataset::{Dataset, Options, Start};
use crate::check::plan::StandardPlan;
use crate::check::table::TableCheck;
use crate::decode::Head;
use crate::detect;
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
    /// The plan for files that start so.
    pub fn decide(&self, starts: &[Start<'_>], options: &Options) -> Arc<StandardPlan> {
        match self {
            Choice::Given(plan) => plan.clone(),
            Choice::Detect(plans) => {
                let heads: Vec<(Head, &Start<'_>)> =
                    starts.iter().filter_map(|s| Head::read(s.sample, s.whole, &options.hints).ok().map(|h| (h, s))).collect();
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
    check: TableCheck,
    buffer: Vec<u8>,
    /// Where in the buffer the first unread record starts.
    at: usize,
    skipping: bool,
    scratch: Scratch,
}

impl Feed {
    /// Starts with the file's first bytes; `data_start` is where the first record begins.
    pub fn new(check: TableCheck, first: Vec<u8>, data_start: usize) -> Feed {
        Feed { check, buffer: first, at: data_start, skipping: false, scratch: Scratch::default() }
    }

    /// The buffer, to append bytes to.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.at
    }

    /// Checks the whole records that wait. `last` says that no bytes follow.
    pub fn advance(&mut self, last: bool, dataset: &mut Dataset, index: usize) {
        let until = self.buffer.len();
        let outcome = self.check.binding.clone().check(&self.buffer, self.at, until, last, self.skipping, &mut self.scratch);
        self.skipping = outcome.skipping;
        self.at = outcome.next;
        self.check.merge(outcome, &self.buffer, dataset.findings_of(index));
        self.buffer.drain(..self.at);
        self.at = 0;
    }

    /// Ends the table; all bytes must have been given.
    pub fn finish(mut self, dataset: &mut Dataset, index: usize) {
        self.advance(true, dataset, index);
        dataset.finish_file(index, self.check);
    }
}

/// A file on its way.
#[derive(Debug)]
pub struct Session {
    name: String,
    choice: Choice,
    options: Options,
    bytes: u64,
    digest: Option<Sha256>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Gathering the file's start.
    Start(Vec<u8>),
    /// Reading records.
    Table(Box<Dataset>, Box<Feed>),
    /// Nothing to read: not a table.
    Rest(Box<Dataset>),
}

impl Session {
    /// A file of that name. `digest` asks for the SHA-256 that the JSON report shows.
    pub fn new(name: &str, choice: Choice, options: Options, digest: bool) -> Session {
        Session { name: name.to_owned(), choice, options, bytes: 0, digest: digest.then(Sha256::new), state: State::Start(Vec::new()) }
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        match &mut self.state {
            State::Start(start) => {
                start.extend_from_slice(bytes);
                if start.len() > SAMPLE {
                    self.open(false);
                }
            }
            State::Table(dataset, feed) => {
                for piece in bytes.chunks(BLOCK) {
                    feed.buffer().extend_from_slice(piece);
                    if feed.waiting() >= BLOCK {
                        feed.advance(false, dataset, 0);
                    }
                }
            }
            State::Rest(_) => {}
        }
    }

    fn open(&mut self, whole: bool) {
        let State::Start(bytes) = &mut self.state else { return };
        let bytes = std::mem::take(bytes);
        // The same start as every other shell hands over, however large the pieces were.
        let start = Start { name: &self.name, sample: &bytes[..bytes.len().min(SAMPLE)], whole: whole && bytes.len() <= SAMPLE };
        let plan = self.choice.decide(std::slice::from_ref(&start), &self.options);
        let mut dataset = Dataset::open(plan, std::slice::from_ref(&start), false, self.options.clone());
        self.state = match dataset.start(0, &start) {
            Some((check, data_start)) => State::Table(Box::new(dataset), Box::new(Feed::new(check, bytes, data_start))),
            None => State::Rest(Box::new(dataset)),
        };
    }

    /// Ends the file.
    pub fn finish(mut self) -> Report {
        self.open(true);
        let mut dataset = match self.state {
            State::Table(mut dataset, feed) => {
                feed.finish(&mut dataset, 0);
                dataset
            }
            State::Rest(dataset) => dataset,
            // `open` leaves no other state; an empty dataset is an honest answer all the same.
            State::Start(_) => Box::new(Dataset::open(Arc::new(StandardPlan::unknown()), &[], false, self.options)),
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
