//! A file's blocks worked on by several threads and put together in the file's order.
//!
//! Each thread takes the next block that nobody has, and works on it. Blocks are merged in the file's order, by whichever thread has just finished one
//! while nobody merges; so no thread waits for another as long as both have work, and none sleeps between blocks. On one thread there is no
//! other thread, and the blocks come one after the other.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Bytes of a block: few enough to stay in the processor's cache until they are checked.
pub(crate) const PART: u64 = 256 << 10;
/// Bytes read behind it, for the record that begins in it and ends behind it: at first, and at most, where records are longer.
pub(crate) const OVERLAP: (usize, usize) = (4 << 10, 256 << 10);
/// How many blocks for each thread may be taken before the first of them is merged.
const AHEAD: u64 = 4;

/// What is done with a block by the thread that has it, without knowing of the blocks before.
pub(crate) trait Work: Sync {
    /// What a thread made of a block.
    type Done: Send;
    /// Space that a thread uses again.
    type Scratch: Default;
    /// Reads a block into the memory given, and works on it.
    fn work(&self, part: u64, memory: Vec<u8>, scratch: &mut Self::Scratch) -> io::Result<Self::Done>;
}

/// What puts blocks together, one after the other.
pub(crate) trait Merge<D>: Send {
    /// Takes over the block whose turn it is. Gives its memory back, and the file's size when it was the last one.
    fn merge(&mut self, part: u64, done: D) -> io::Result<(Vec<u8>, Option<u64>)>;
}

/// What the threads have in common.
struct Shared<D, M> {
    /// The next block that nobody has taken.
    next: u64,
    /// How many blocks are merged or being merged.
    merged: u64,
    /// Blocks that are done.
    waiting: BTreeMap<u64, io::Result<D>>,
    /// Taken out while blocks are being merged.
    merger: Option<M>,
    /// Memory to be used again.
    buffers: Vec<Vec<u8>>,
    /// Threads that wait until blocks are merged.
    sleepers: usize,
    /// The file's size as it was read, or why that failed; then all is over.
    end: Option<io::Result<u64>>,
}

/// Works on all blocks. Gives the file's size as it was read, and the merger.
pub(crate) fn run<W: Work, M: Merge<W::Done>>(work: &W, merger: M, threads: usize) -> io::Result<(u64, M)> {
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
        for _ in 1..threads {
            scope.spawn(|| thread_of(work, threads, &shared, &changed));
        }
        thread_of(work, threads, &shared, &changed);
    });
    let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    let stopped = || io::Error::other("reading stopped");
    let size = shared.end.unwrap_or_else(|| Err(stopped()))?;
    shared.merger.map(|merger| (size, merger)).ok_or_else(stopped)
}

/// One thread: blocks until there are no more.
fn thread_of<W: Work, M: Merge<W::Done>>(work: &W, threads: usize, shared: &Mutex<Shared<W::Done, M>>, changed: &Condvar) {
    // Were a thread to fail, the others must not wait for its block.
    let _ending = Ending(shared, changed);
    let mut scratch = W::Scratch::default();
    let mut held = lock(shared);
    loop {
        while held.end.is_none() && held.next >= held.merged + AHEAD * threads as u64 {
            held.sleepers += 1;
            held = changed.wait(held).unwrap_or_else(PoisonError::into_inner);
            held.sleepers -= 1;
        }
        if held.end.is_some() {
            return;
        }
        let part = held.next;
        held.next += 1;
        let memory = held.buffers.pop().unwrap_or_default();
        drop(held);
        let done = work.work(part, memory, &mut scratch);
        held = lock(shared);
        held.waiting.insert(part, done);
        let Some(mut merger) = held.merger.take() else { continue };
        loop {
            let part = held.merged;
            let Some(done) = held.waiting.remove(&part).filter(|_| held.end.is_none()) else { break };
            held.merged += 1;
            drop(held);
            let merged = done.and_then(|done| merger.merge(part, done));
            held = lock(shared);
            match merged {
                Ok((memory, None)) => held.buffers.push(memory),
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

fn lock<D, M>(shared: &Mutex<Shared<D, M>>) -> MutexGuard<'_, Shared<D, M>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the work of all threads when one fails.
struct Ending<'s, D, M>(&'s Mutex<Shared<D, M>>, &'s Condvar);

impl<D, M> Drop for Ending<'_, D, M> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(self.0).end.get_or_insert_with(|| Err(io::Error::other("a thread failed")));
            self.1.notify_all();
        }
    }
}
