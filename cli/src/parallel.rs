//! One file's blocks on several threads, with the same result as on one.
//!
//! Each thread takes the next block that nobody has, and reads and checks it ([`crate::blocks`]). It guesses that the first line end in its block ends
//! a record, which is wrong only inside a quoted text that spans lines. Whoever merges knows where each block must have begun; where a guess was
//! wrong, it reads that stretch again. So the findings are the same on any number of threads.

use std::fs::File;
use std::io;
use std::sync::Arc;

use concord_core::check::bind::Binding;
use concord_core::check::block::{Outcome, Scratch};
use concord_core::check::dataset::Dataset;
use concord_core::check::table::TableCheck;
use concord_core::decode::LineEnd;

use crate::blocks::{self, Merge, OVERLAP, PART, Work};
use crate::place::read_at;
use crate::progress::Progress;

/// One file's blocks on several threads.
pub(crate) struct Parallel<'f> {
    pub(crate) file: &'f File,
    pub(crate) threads: usize,
    /// Where the first record begins.
    pub(crate) data_start: u64,
}

/// What a thread made of a block.
struct Done {
    data: Vec<u8>,
    /// Where `data` begins in the file.
    base: u64,
    /// Where the first record was taken to start, in the file; `None` when no line end was found.
    began: Option<u64>,
    /// Whether the data reach the end of the file.
    at_end: bool,
    outcome: Option<Outcome>,
}

/// The blocks' results put together.
struct Merger<'m> {
    parallel: &'m Parallel<'m>,
    check: TableCheck,
    dataset: &'m mut Dataset,
    index: usize,
    progress: &'m mut Progress,
    /// Where the next record begins.
    at: u64,
    /// A record that is too long goes on there.
    skipping: bool,
    scratch: Scratch,
}

impl Parallel<'_> {
    /// Checks the file. Gives its size as it was read.
    pub(crate) fn run(&self, check: TableCheck, dataset: &mut Dataset, index: usize, progress: &mut Progress) -> io::Result<u64> {
        let work = Checking { file: self, binding: check.binding.clone() };
        let merger =
            Merger { parallel: self, check, dataset, index, progress, at: self.data_start, skipping: false, scratch: Scratch::default() };
        let (size, Merger { check, dataset, .. }) = blocks::run(&work, merger, self.threads)?;
        dataset.finish_file(index, check);
        Ok(size)
    }
}

/// What the threads do with blocks.
struct Checking<'c> {
    file: &'c Parallel<'c>,
    binding: Arc<Binding>,
}

/// A thread's space, and how many bytes it reads behind a block.
#[derive(Default)]
struct Own {
    scratch: Scratch,
    overlap: usize,
}

impl Work for Checking<'_> {
    type Done = Done;
    type Scratch = Own;

    fn work(&self, part: u64, mut data: Vec<u8>, own: &mut Own) -> io::Result<Done> {
        let binding = &self.binding;
        own.overlap = own.overlap.max(OVERLAP.0);
        let begin = self.file.data_start + part * PART;
        // The byte before the block tells whether the block begins with a record.
        let base = if part == 0 { begin } else { begin - 1 };
        let at_end = read_at(self.file.file, base, PART as usize + own.overlap, &mut data)?;
        let newline = if binding.dialect.line_end == LineEnd::Cr { b'\r' } else { b'\n' };
        let first = if part == 0 { Some(0) } else { data.iter().position(|&b| b == newline).map(|i| i + 1) };
        let until = (begin + PART - base) as usize;
        let outcome = first.filter(|&f| f < until).map(|f| binding.check(&data, f, until, at_end, false, &mut own.scratch));
        if outcome.as_ref().is_some_and(|o| o.next < until && !at_end) {
            // The last record was not read whole: it is read again, but those of the blocks to come shall be.
            own.overlap = (own.overlap * 2).min(OVERLAP.1);
        }
        let began = outcome.as_ref().map(|o| base + o.from as u64);
        Ok(Done { base, began, at_end: at_end && base + data.len() as u64 <= begin + PART, outcome, data })
    }
}

impl Merge<Done> for Merger<'_> {
    fn merge(&mut self, part: u64, block: Done) -> io::Result<(Vec<u8>, Option<u64>)> {
        let end = self.parallel.data_start + (part + 1) * PART;
        let size = block.base + block.data.len() as u64;
        match block.outcome {
            Some(outcome)
                if block.began == Some(self.at) && !self.skipping && (block.base + outcome.next as u64 >= end || block.at_end) =>
            {
                self.at = block.base + outcome.next as u64;
                self.skipping = outcome.skipping;
                self.check.merge(outcome, &block.data, self.dataset.findings_of(self.index));
            }
            _ if self.at < end => self.again(self.parallel.file, end)?,
            _ => {}
        }
        self.progress.add(PART);
        Ok((block.data, block.at_end.then_some(size)))
    }
}

impl Merger<'_> {
    /// Reads a stretch again from where it must begin.
    fn again(&mut self, file: &File, end: u64) -> io::Result<()> {
        let mut size = PART as usize;
        let mut data = Vec::new();
        while self.at < end {
            let at_end = read_at(file, self.at, size, &mut data)?;
            if data.is_empty() {
                break;
            }
            let until = data.len().min((end - self.at) as usize);
            let outcome = self.check.binding.clone().check(&data, 0, until, at_end, self.skipping, &mut self.scratch);
            let moved = outcome.next;
            self.skipping = outcome.skipping;
            self.check.merge(outcome, &data, self.dataset.findings_of(self.index));
            self.at += moved as u64;
            if moved == 0 {
                if at_end {
                    break;
                }
                size *= 2;
            }
        }
        Ok(())
    }
}
