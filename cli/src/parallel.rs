//! One file's blocks on several threads, with the same result as on one.
//!
//! Each thread takes the next block that nobody has, and reads and checks it. It guesses that the first line end in its block ends a record, which is wrong
//! only inside a quoted text that spans lines. Blocks are merged in the file's order, by whichever thread has just checked one while nobody merges; so no
//! thread waits for another as long as both have work, and none sleeps between blocks. Whoever merges knows where each block must have begun; where a
//! guess was wrong, it reads that stretch again. So the findings are the same on any number of threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use concord_core::check::bind::Binding;
use concord_core::check::block::{Outcome, Scratch};
use concord_core::check::dataset::Dataset;
use concord_core::check::table::TableCheck;
use concord_core::decode::LineEnd;

use crate::place::read_at;
use crate::progress::Progress;

/// One file's blocks on several threads.
pub(crate) struct Parallel<'f> {
    pub(crate) file: &'f File,
    pub(crate) threads: usize,
    /// Where the first record begins.
    pub(crate) data_start: u64,
}

/// Bytes of a block: few enough to stay in the processor's cache until they are checked.
const PART: u64 = 256 << 10;
/// Bytes read behind it, for the record that begins in it and ends behind it: at first, and at most, where records are longer.
const OVERLAP: (usize, usize) = (4 << 10, 256 << 10);
/// How many blocks for each thread may be taken before the first of them is merged.
const AHEAD: u64 = 4;

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

/// What the threads have in common.
struct Shared<'m> {
    /// The next block that nobody has taken.
    next: u64,
    /// How many blocks are merged or being merged.
    merged: u64,
    /// Blocks that are checked.
    waiting: BTreeMap<u64, io::Result<Done>>,
    /// Taken out while blocks are being merged.
    merger: Option<Merger<'m>>,
    /// Memory to be used again.
    buffers: Vec<Vec<u8>>,
    /// Threads that wait until blocks are merged.
    sleepers: usize,
    /// The file's size as it was read, or why that failed; then all is over.
    end: Option<io::Result<u64>>,
}

/// The blocks' results put together.
struct Merger<'m> {
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
        let binding = check.binding.clone();
        let merger = Merger { check, dataset, index, progress, at: self.data_start, skipping: false, scratch: Scratch::default() };
        let shared = Mutex::new(Shared {
            next: 0,
            merged: 0,
            waiting: BTreeMap::new(),
            merger: Some(merger),
            buffers: Vec::new(),
            sleepers: 0,
            end: None,
        });
        let changed = Condvar::new();
        thread::scope(|scope| {
            for _ in 1..self.threads {
                scope.spawn(|| self.work(&binding, &shared, &changed));
            }
            self.work(&binding, &shared, &changed);
        });
        let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stopped = || Err(io::Error::other("reading stopped"));
        let size = shared.end.unwrap_or_else(stopped)?;
        match shared.merger {
            Some(Merger { check, dataset, .. }) => dataset.finish_file(index, check),
            None => return stopped(),
        }
        Ok(size)
    }

    /// One thread: blocks until there are no more.
    fn work(&self, binding: &Binding, shared: &Mutex<Shared<'_>>, changed: &Condvar) {
        // Were a thread to fail, the others must not wait for its block.
        let _ending = Ending(shared, changed);
        let mut scratch = Scratch::default();
        let mut overlap = OVERLAP.0;
        let mut held = lock(shared);
        loop {
            while held.end.is_none() && held.next >= held.merged + AHEAD * self.threads as u64 {
                held.sleepers += 1;
                held = changed.wait(held).unwrap_or_else(PoisonError::into_inner);
                held.sleepers -= 1;
            }
            if held.end.is_some() {
                return;
            }
            let part = held.next;
            held.next += 1;
            let data = held.buffers.pop().unwrap_or_default();
            drop(held);
            let done = self.check(part, binding, data, &mut overlap, &mut scratch);
            held = lock(shared);
            held.waiting.insert(part, done);
            let Some(mut merger) = held.merger.take() else { continue };
            loop {
                let part = held.merged;
                let Some(done) = held.waiting.remove(&part).filter(|_| held.end.is_none()) else { break };
                held.merged += 1;
                drop(held);
                let merged = done.and_then(|done| merger.merge(self, part, done));
                held = lock(shared);
                match merged {
                    Ok((data, None)) => held.buffers.push(data),
                    Ok((_, Some(size))) => held.end = Some(Ok(size)),
                    Err(error) => held.end = Some(Err(error)),
                }
                if held.sleepers > 0 {
                    changed.notify_all();
                }
            }
            held.merger = Some(merger);
        }
    }

    /// Reads and checks a block.
    fn check(&self, part: u64, binding: &Binding, mut data: Vec<u8>, overlap: &mut usize, scratch: &mut Scratch) -> io::Result<Done> {
        let begin = self.data_start + part * PART;
        // The byte before the block tells whether the block begins with a record.
        let base = if part == 0 { begin } else { begin - 1 };
        let at_end = read_at(self.file, base, PART as usize + *overlap, &mut data)?;
        let newline = if binding.dialect.line_end == LineEnd::Cr { b'\r' } else { b'\n' };
        let first = if part == 0 { Some(0) } else { data.iter().position(|&b| b == newline).map(|i| i + 1) };
        let until = (begin + PART - base) as usize;
        let outcome = first.filter(|&f| f < until).map(|f| binding.check(&data, f, until, at_end, false, scratch));
        if outcome.as_ref().is_some_and(|o| o.next < until && !at_end) {
            // The last record was not read whole: it is read again, but those of the blocks to come shall be.
            *overlap = (*overlap * 2).min(OVERLAP.1);
        }
        let began = outcome.as_ref().map(|o| base + o.from as u64);
        Ok(Done { base, began, at_end: at_end && base + data.len() as u64 <= begin + PART, outcome, data })
    }
}

impl Merger<'_> {
    /// Takes over the block whose turn it is. Gives its memory back, and the file's size when it was the last one.
    fn merge(&mut self, file: &Parallel<'_>, part: u64, block: Done) -> io::Result<(Vec<u8>, Option<u64>)> {
        let end = file.data_start + (part + 1) * PART;
        let size = block.base + block.data.len() as u64;
        match block.outcome {
            Some(outcome)
                if block.began == Some(self.at) && !self.skipping && (block.base + outcome.next as u64 >= end || block.at_end) =>
            {
                self.at = block.base + outcome.next as u64;
                self.skipping = outcome.skipping;
                self.check.merge(outcome, &block.data, self.dataset.findings_of(self.index));
            }
            _ if self.at < end => self.again(file.file, end)?,
            _ => {}
        }
        self.progress.add(PART);
        Ok((block.data, block.at_end.then_some(size)))
    }

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

fn lock<'s, 'm>(shared: &'s Mutex<Shared<'m>>) -> MutexGuard<'s, Shared<'m>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the work of all threads when one fails.
struct Ending<'s, 'm>(&'s Mutex<Shared<'m>>, &'s Condvar);

impl Drop for Ending<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(self.0).end.get_or_insert_with(|| Err(io::Error::other("a thread failed")));
            self.1.notify_all();
        }
    }
}
