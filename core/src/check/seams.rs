//! A table that lies in several files, which are read one behind the other: which record is in which of them.
//!
//! Whoever reads the files notes where each begins in the bytes that it hands on; the checks stop at these places, so that no block holds records of
//! two files, and count rows and lines anew behind them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::finding::collect::Shift;

/// The files of one table, in order, as far as they were read.
#[derive(Debug, Default)]
pub struct PartFiles {
    names: Vec<String>,
    read: Mutex<Vec<PartRead>>,
}

/// One of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartRead {
    /// Where its first record is in the bytes handed on; for the first file, where the file begins.
    pub start: u64,
    /// Rows and lines at its start that are not handed on: its header, when it repeats the first file's.
    pub above: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// `sha256:…`, once it is read to its end.
    pub digest: Option<String>,
}

impl PartialEq for PartFiles {
    fn eq(&self, other: &PartFiles) -> bool {
        self.names == other.names
    }
}

impl Eq for PartFiles {}

impl PartFiles {
    /// Files of these names.
    pub fn new(names: Vec<String>) -> PartFiles {
        PartFiles { names, read: Mutex::default() }
    }

    /// Their names in the report.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Changes what is known of the files that were opened so far.
    pub fn note(&self, change: impl FnOnce(&mut Vec<PartRead>)) {
        change(&mut self.read.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is known of a file; `None` as long as it was not opened.
    pub fn get(&self, part: usize) -> Option<PartRead> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).get(part).cloned()
    }
}

/// Where a reading stands among the files of its table.
#[derive(Debug, Default)]
pub struct Seams {
    files: Option<Arc<PartFiles>>,
    /// The file that is being read.
    now: usize,
    /// How many bytes were handed on before the buffer's first.
    before: u64,
}

impl Seams {
    /// Starts at the first byte of the first file.
    pub fn new(files: Option<Arc<PartFiles>>) -> Seams {
        Seams { files, now: 0, before: 0 }
    }

    /// Where the next file begins in the buffer.
    fn next(&self) -> Option<(usize, PartRead)> {
        let next = self.files.as_ref()?.get(self.now + 1)?;
        Some((usize::try_from(next.start.saturating_sub(self.before)).unwrap_or(usize::MAX), next))
    }

    /// Up to where the buffer may be checked at once.
    pub fn until(&self, until: usize) -> usize {
        self.next().map_or(until, |(start, _)| until.min(start))
    }

    /// Goes on to the next file when the reading stands at its first record: gives which it is, and the rows and lines above what is read of it.
    pub fn cross(&mut self, at: usize) -> Option<(usize, u64)> {
        let (start, next) = self.next()?;
        if at < start {
            return None;
        }
        self.now += 1;
        Some((self.now, next.above))
    }

    /// Says that so many bytes were taken off the buffer's start.
    pub fn drained(&mut self, bytes: usize) {
        self.before += bytes as u64;
    }
}

/// Rows of a table of several files, as one number each: those of a later file count on from the rows of the files before.
#[derive(Debug, Default)]
pub struct Counted {
    /// By file: its name, and the rows of all files before.
    files: Vec<(String, u64)>,
}

impl Counted {
    /// Begins the first file, or the next one where the counting stands so far.
    pub fn begin(&mut self, name: &str, at: &Shift) {
        let before = self.files.last().map_or(0, |(_, before)| before + at.rows);
        self.files.push((name.to_owned(), before));
    }

    /// What to add to a row of the file that is being read.
    #[inline]
    pub fn before(&self) -> u64 {
        self.files.last().map_or(0, |(_, before)| *before)
    }

    /// A row as words say it: `14`, or `14 of pets1.csv` where it is in another file than the one being read.
    pub fn shown(&self, row: u64) -> String {
        match self.files.iter().enumerate().rfind(|(_, (_, before))| *before < row) {
            Some((i, (name, before))) if i + 1 < self.files.len() => format!("{} of {}", row - before, crate::finding::cut(name)),
            Some((_, (_, before))) => (row - before).to_string(),
            None => row.to_string(),
        }
    }
}
