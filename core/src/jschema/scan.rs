//! Records of a block, looked at before it is known where the block stands in the file's order: by threads that do not wait for each other.
//!
//! A scanner guesses where the first record of a block starts, and reads on from there. Whether the guess was right is for the reader to say,
//! which takes the blocks in order ([`crate::read::Reader::take`]): where it was wrong, the reader reads the bytes itself, so that the result is
//! the same on any number of threads.

use std::sync::Arc;

use super::Compiled;
use super::quick::{Ordinary, Quick};
use super::tape::Tape;

/// Places of a block that are tried as a record's start.
const TRIES: usize = 64;

/// Scans blocks of one file.
#[derive(Debug, Clone)]
pub struct Scanner {
    compiled: Arc<Compiled>,
    /// Records stand one behind the other, not in a list.
    lines: bool,
}

/// Space that a thread uses again for each block.
#[derive(Debug, Default)]
pub struct Scratch {
    quick: Quick,
    tape: Tape,
}

/// A record of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Its first byte.
    pub(super) start: usize,
    /// Where it is clean. Any other is only known to be JSON.
    pub(super) ordinary: Option<Ordinary>,
}

/// What a scanner found in a block.
#[derive(Debug, Default)]
pub struct Scanned {
    records: Vec<Found>,
    to: usize,
}

impl Scanned {
    /// The first byte of the first record; the block's start when nothing was found.
    pub fn from(&self) -> usize {
        self.records.first().map_or(0, |found| found.start)
    }

    /// The byte behind the last record.
    pub fn to(&self) -> usize {
        self.to
    }

    /// Whether nothing was found, so that nothing is known about the block.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn records(&self) -> &[Found] {
        &self.records
    }
}

impl Scanner {
    pub(crate) fn new(compiled: Arc<Compiled>, lines: bool) -> Scanner {
        Scanner { compiled, lines }
    }

    /// Looks for records that start in the first `until` bytes of a block; the last of them may end behind.
    pub fn scan(&self, block: &[u8], until: usize, scratch: &mut Scratch) -> Scanned {
        let mut scanned = Scanned::default();
        let Some((start, first)) = self.guess(block, until, scratch) else { return scanned };
        scanned.records.reserve(until / (first.end - start).max(64) + 8);
        scanned.records.push(Found { start, ordinary: Some(first) });
        scanned.to = first.end;
        while let Some(start) = self.next(block, scanned.to).filter(|start| *start < until) {
            let ordinary = self.compiled.quick(block, start, &mut scratch.quick);
            let end = match ordinary {
                Some(ordinary) => ordinary.end,
                None => match scratch.tape.read(block, start, false) {
                    Ok(end) => end,
                    // What is no JSON, or does not end here, is the reader's.
                    Err(_) => break,
                },
            };
            scanned.records.push(Found { start, ordinary });
            scanned.to = end;
        }
        scanned
    }

    fn blanks(&self, block: &[u8], mut at: usize) -> Option<usize> {
        loop {
            match *block.get(at)? {
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                0x1e if self.lines => at += 1,
                _ => return Some(at),
            }
        }
    }

    /// Where a record starts behind another, if nothing odd stands between them.
    fn next(&self, block: &[u8], at: usize) -> Option<usize> {
        let at = self.blanks(block, at)?;
        if self.lines {
            return Some(at);
        }
        if block[at] == b',' { self.blanks(block, at + 1) } else { None }
    }

    /// The first place that looks like a record's start and is followed by a clean record.
    fn guess(&self, block: &[u8], until: usize, scratch: &mut Scratch) -> Option<(usize, Ordinary)> {
        let head = &block[..until.min(block.len())];
        let after_lines = memchr::memchr_iter(b'\n', head).filter_map(|line| self.blanks(block, line + 1));
        let anywhere = memchr::memchr_iter(b'{', head).filter(|_| !self.lines);
        let opens = |at: &usize| *at < until && matches!(block[*at], b'{' | b'[') && self.follows(&block[..*at]);
        let record = |at: usize| Some((at, self.compiled.program.quick(self.compiled.record.node, block, at, &mut scratch.quick)?));
        after_lines.filter(opens).take(TRIES).chain(anywhere.filter(opens).take(TRIES)).find_map(record)
    }

    /// Whether a record may follow what stands before it.
    fn follows(&self, before: &[u8]) -> bool {
        self.lines || before.trim_ascii_end().last() == Some(&b',')
    }
}
