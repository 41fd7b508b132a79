//! The files of a zip archive that is read where it lies: only its directory is kept, and what is unpacked goes by in pieces.

use std::io::{self, Read};
use std::sync::Arc;

use flate2::{Crc, Decompress};
use rawzip::{ReaderAt, ZipArchive, ZipLocator};

use super::zip::{Entry, Listing, inflate, spend};
use super::{Stop, stop};
use crate::bounds::Packed;
use crate::finding::Finding;

/// How many bytes are read at a time, packed and plain.
const CHUNK: usize = 64 << 10;

/// Bytes that can be read at any place. Shells have it for files; bytes in memory are it by themselves.
pub trait Stored: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;
    /// Reads bytes from a place on; as many as there are, at most as many as `into` holds. None at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
}

impl Stored for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// The same for the library that reads the directory.
#[derive(Clone)]
struct At(Arc<dyn Stored>);

impl ReaderAt for At {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.read_at(at, into)
    }
}

/// A zip archive that lies anywhere.
pub struct StoredZip {
    archive: ZipArchive<At>,
    bounds: Packed,
    packed: u64,
    /// All files in it, without folders, in the directory's order.
    entries: Vec<Entry>,
}

impl StoredZip {
    /// Reads the directory; nothing is unpacked yet.
    ///
    /// # Errors
    /// The finding that it is damaged, or holds more files than the bound.
    pub fn open(stored: Arc<dyn Stored>, bounds: Packed, findings: &mut Vec<Finding>) -> Result<StoredZip, Stop> {
        let packed = stored.size();
        let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
        let archive = ZipLocator::new().locate_in_reader(At(stored), &mut buffer, packed).map_err(|_| stop("C112", "zip"))?;
        let mut listing = Listing::new(archive.entries_hint(), &bounds)?;
        let mut directory = archive.entries(&mut buffer);
        while let Some(record) = directory.next_entry().map_err(|_| stop("C112", "zip"))? {
            listing.add(&record, findings)?;
        }
        let entries = listing.entries;
        Ok(StoredZip { archive, bounds, packed, entries })
    }

    /// All files in it, without folders, in the directory's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The plain bytes of a file. What cannot be read ends at once; [`Unzipped::take_finding`] says why.
    pub fn read(self: &Arc<Self>, index: usize) -> Unzipped {
        let mut unzipped = Unzipped {
            zip: Arc::clone(self),
            index,
            at: 0,
            end: 0,
            inflate: None,
            packed: Vec::new(),
            used: 0,
            chunk: Vec::new(),
            given: 0,
            plain: 0,
            crc: Crc::new(),
            over: false,
            finding: None,
        };
        let begun = self.entries.get(index).ok_or_else(|| stop("C112", "zip")).and_then(|entry| {
            let deflated = entry.is_deflated()?;
            let found = self.archive.get_entry(entry.way).map_err(|_| entry.named(stop("C112", "entry")))?;
            (unzipped.at, unzipped.end) = found.compressed_data_range();
            unzipped.inflate = deflated.then(|| Box::new(Decompress::new(false)));
            Ok(())
        });
        if let Err(finding) = begun {
            (unzipped.over, unzipped.finding) = (true, Some(finding));
        }
        unzipped
    }
}

impl std::fmt::Debug for StoredZip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredZip").field("packed", &self.packed).field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

/// The plain bytes of one file of a [`StoredZip`], made as they are read. They end where they cannot be read on.
pub struct Unzipped {
    zip: Arc<StoredZip>,
    index: usize,
    /// Where the next packed bytes are, and where they end.
    at: u64,
    end: u64,
    inflate: Option<Box<Decompress>>,
    packed: Vec<u8>,
    /// How many of them were used.
    used: usize,
    /// Plain bytes, and how many of them were given.
    chunk: Vec<u8>,
    given: usize,
    plain: u64,
    crc: Crc,
    over: bool,
    finding: Option<Stop>,
}

impl Unzipped {
    /// Why it could not be read on, when it could not.
    pub fn take_finding(&mut self) -> Option<Stop> {
        self.finding.take()
    }

    fn damaged(&self, kind: &'static str) -> Stop {
        self.zip.entries[self.index].named(stop("C112", kind))
    }

    /// Reads the next packed bytes; false when there are none.
    fn refill(&mut self) -> io::Result<bool> {
        let wanted = (self.end - self.at).min(CHUNK as u64) as usize;
        self.packed.resize(wanted, 0);
        self.used = 0;
        if wanted == 0 {
            return Ok(false);
        }
        let got = self.zip.archive.get_ref().0.read_at(self.at, &mut self.packed)?;
        self.packed.truncate(got);
        self.at += got as u64;
        Ok(got > 0)
    }

    /// Makes the next plain bytes.
    fn fill(&mut self) -> io::Result<Result<(), Stop>> {
        self.given = 0;
        loop {
            let fresh = self.used < self.packed.len() || self.refill()?;
            match &mut self.inflate {
                None => {
                    self.over = !fresh;
                    std::mem::swap(&mut self.chunk, &mut self.packed);
                    self.packed.clear();
                    break;
                }
                Some(state) => {
                    self.chunk.resize(CHUNK, 0);
                    let Some(done) = inflate(state, &self.packed[self.used..], &mut self.chunk) else {
                        return Ok(Err(self.damaged("entry")));
                    };
                    self.used += done.used;
                    self.over = done.over;
                    self.chunk.truncate(done.made);
                    if done.made > 0 || done.over {
                        break;
                    }
                    if !fresh {
                        return Ok(Err(self.damaged("entry")));
                    }
                }
            }
        }
        self.plain += self.chunk.len() as u64;
        self.crc.update(&self.chunk);
        let entry = &self.zip.entries[self.index];
        if let Err(finding) = spend(&self.zip.entries, entry, self.plain, self.zip.packed, &self.zip.bounds) {
            return Ok(Err(finding));
        }
        if self.over && (self.crc.sum() != entry.crc || self.plain != entry.stated) {
            return Ok(Err(self.damaged("sum")));
        }
        Ok(Ok(()))
    }
}

impl Read for Unzipped {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.chunk.len() && !self.over {
            if let Err(finding) = self.fill()? {
                // Bytes that are not what they should be are not handed on.
                (self.over, self.finding) = (true, Some(finding));
                self.chunk.clear();
            }
        }
        let count = into.len().min(self.chunk.len() - self.given);
        into[..count].copy_from_slice(&self.chunk[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
