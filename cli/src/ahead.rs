//! The records of one nested JSON file, looked at block by block by scanners, with the same result as read in order ([`crate::blocks`]).

use std::fs::File;
use std::io;

use concord_core::check::dataset::Dataset;
use concord_core::jschema::scan::{Scanned, Scanner, Scratch};
use concord_core::session::Feed;
use sha2::{Digest, Sha256};

use crate::blocks::{self, Merge, OVERLAP, PART, Work};
use crate::place::read_at;
use crate::progress::Progress;

/// One file's blocks, scanned.
pub(crate) struct Ahead<'f> {
    pub(crate) file: &'f File,
    pub(crate) scanner: Scanner,
    /// Where the bytes begin that the feed has not had.
    pub(crate) start: u64,
}

/// What a thread found in a block.
pub(crate) struct Done {
    data: Vec<u8>,
    scanned: Scanned,
    /// Whether the file ends in the block.
    ends: bool,
}

/// A thread's space, and how many bytes it reads behind a block.
#[derive(Default)]
pub(crate) struct Own {
    scratch: Scratch,
    overlap: usize,
}

impl Work for Ahead<'_> {
    type Done = Done;
    type Scratch = Own;

    fn work(&self, part: u64, mut data: Vec<u8>, own: &mut Own) -> io::Result<Done> {
        own.overlap = own.overlap.max(OVERLAP.0);
        let at_end = read_at(self.file, self.start + part * PART, PART as usize + own.overlap, &mut data)?;
        let until = data.len().min(PART as usize);
        let scanned = self.scanner.scan(&data, until, &mut own.scratch);
        if scanned.to() < until && !at_end {
            // The last record was not read whole: those of the blocks to come shall be.
            own.overlap = (own.overlap * 2).min(OVERLAP.1);
        }
        let ends = at_end && data.len() <= PART as usize;
        Ok(Done { data, scanned, ends })
    }
}

/// The blocks' records put together.
struct Merger<'m> {
    feed: Feed,
    dataset: &'m mut Dataset,
    index: usize,
    progress: &'m mut Progress,
    /// Where the blocks begin, and where the bytes begin that the feed has not had.
    start: u64,
    at: u64,
    /// The digest so far, where it is made on the way.
    hash: Option<Sha256>,
}

impl Merge<Done> for Merger<'_> {
    fn merge(&mut self, part: u64, block: Done) -> io::Result<(Vec<u8>, Option<u64>)> {
        let begin = self.start + part * PART;
        let until = block.data.len().min(PART as usize);
        if let Some(hash) = &mut self.hash {
            hash.update(&block.data[..until]);
        }
        let at = self.at.saturating_sub(begin) as usize;
        let at = self.feed.push_scanned(&block.data, at, until, &block.scanned, self.dataset, self.index);
        self.at = begin + at as u64;
        self.progress.add(PART);
        let size = begin + block.data.len() as u64;
        Ok((block.data, block.ends.then_some(size)))
    }
}

impl Ahead<'_> {
    /// Checks the file and ends its table. Gives its size as it was read, and its digest, where it was to be made on the way.
    pub(crate) fn run(
        self,
        threads: usize,
        feed: Feed,
        dataset: &mut Dataset,
        index: usize,
        progress: &mut Progress,
        hash: Option<Sha256>,
    ) -> io::Result<(u64, Option<Sha256>)> {
        let merger = Merger { feed, dataset, index, progress, start: self.start, at: self.start, hash };
        let (size, Merger { feed, dataset, hash, .. }) = blocks::run(&self, merger, threads)?;
        feed.finish(dataset, index);
        Ok((size, hash))
    }
}
