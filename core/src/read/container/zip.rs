//! Zip archives (APPNOTE 6.3.10): the names and sizes from the central directory, and the plain bytes of one file as a stream.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord, ZipSliceArchive};

use super::{Form, Stop, stop, within};
use crate::bounds::Packed;
use crate::decode::encoding::windows_1252;
use crate::finding::{Finding, Place};

/// How many plain bytes are made at a time.
const CHUNK: usize = 64 << 10;

/// A zip archive that lies in memory.
#[derive(Debug)]
pub struct Archive<'a> {
    archive: ZipSliceArchive<&'a [u8]>,
    bounds: Packed,
    /// Bytes of the archive itself.
    packed: u64,
    /// All files in it, without folders, in the directory's order.
    pub entries: Vec<Entry>,
}

/// A file in an archive.
#[derive(Debug)]
pub struct Entry {
    /// Its path with `/`, made harmless: relative, without `..`, drive or control characters. Unique in the archive but for those that
    /// [`Archive::open`] found twice.
    pub name: String,
    /// How many bytes it holds, as the archive states.
    pub stated: u64,
    /// How many bytes it takes in the archive, as the archive states.
    pub packed: u64,
    /// Whether it is locked by a password.
    pub locked: bool,
    pub(super) method: CompressionMethod,
    pub(super) way: ZipArchiveEntryWayfinder,
    pub(super) crc: u32,
    /// How many bytes of it came out so far, the furthest reading counted.
    spent: AtomicU64,
}

impl Entry {
    /// The finding that the file cannot be read, when the directory says as much: it is locked, or packed in a way not read here.
    /// Else whether it is packed at all.
    pub(super) fn is_deflated(&self) -> Result<bool, Stop> {
        if self.locked {
            return Err(self.named(stop("C111", "entry")));
        }
        match self.method {
            CompressionMethod::STORE => Ok(false),
            CompressionMethod::DEFLATE => Ok(true),
            other => {
                let mut finding = self.named(stop("C112", "method"));
                finding.args.push(("method", other.name().map_or_else(|| other.as_u16().to_string(), str::to_owned)));
                Err(finding)
            }
        }
    }

    /// A finding with the file's name.
    pub(super) fn named(&self, mut finding: Stop) -> Stop {
        finding.args.push(("name", crate::finding::cut(&self.name)));
        finding
    }
}

/// The files of an archive as its directory is read.
pub(super) struct Listing {
    /// Most files.
    most: u64,
    met: u64,
    seen: BTreeSet<String>,
    pub(super) entries: Vec<Entry>,
}

impl Listing {
    /// For a directory that states so many files.
    pub(super) fn new(stated: u64, bounds: &Packed) -> Result<Listing, Stop> {
        let listing = Listing { most: bounds.entries, met: 0, seen: BTreeSet::new(), entries: Vec::new() };
        if stated > listing.most { Err(listing.too_many()) } else { Ok(listing) }
    }

    fn too_many(&self) -> Stop {
        let mut finding = stop("C110", "entries");
        finding.args.push(("bound", self.most.to_string()));
        finding
    }

    /// Takes the next entry of the directory; folders are left out.
    pub(super) fn add(&mut self, record: &ZipFileHeaderRecord<'_>, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        self.met += 1;
        if self.met > self.most {
            return Err(self.too_many());
        }
        if record.is_dir() {
            return Ok(());
        }
        let raw = record.file_path();
        let raw = match std::str::from_utf8(raw.as_bytes()) {
            Ok(text) => text.to_owned(),
            Err(_) => windows_1252(raw.as_bytes()),
        };
        let name = harmless(&raw);
        if name != raw.replace('\\', "/") {
            findings.push(Finding::new("C114", "", Place::default()).arg("name", crate::finding::cut(&name)).value(&raw));
        }
        if !self.seen.insert(name.to_lowercase()) {
            findings.push(Finding::new("C114", "repeated", Place::default()).arg("name", crate::finding::cut(&name)));
        }
        self.entries.push(Entry {
            name,
            stated: record.uncompressed_size_hint(),
            packed: record.compressed_size_hint(),
            locked: record.flags().is_encrypted() || record.flags().has_strong_encryption() || record.flags().is_masked(),
            method: record.compression_method(),
            way: record.wayfinder(),
            crc: record.crc32(),
            spent: AtomicU64::new(0),
        });
        Ok(())
    }
}

/// What a stretch of inflating came to.
pub(super) struct Inflated {
    /// Packed bytes that were used.
    pub(super) used: usize,
    /// Plain bytes that were made.
    pub(super) made: usize,
    /// Whether the data end there.
    pub(super) over: bool,
}

/// Inflates until there is something to show, or the packed bytes are used up. `None` when they are damaged.
pub(super) fn inflate(state: &mut Decompress, packed: &[u8], into: &mut [u8]) -> Option<Inflated> {
    let mut out = Inflated { used: 0, made: 0, over: false };
    loop {
        let (before_in, before_out) = (state.total_in(), state.total_out());
        // Also without packed bytes: what they make may not have fitted the last time.
        let status = state.decompress(&packed[out.used..], into, FlushDecompress::None).ok()?;
        let used = (state.total_in() - before_in) as usize;
        out.made = (state.total_out() - before_out) as usize;
        out.used += used;
        out.over = status == Status::StreamEnd;
        if out.over || out.made > 0 || out.used == packed.len() {
            break;
        }
        if used == 0 {
            return None;
        }
    }
    Some(out)
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive; nothing is unpacked yet.
    ///
    /// # Errors
    /// The finding that it is damaged, or holds more files than the bound.
    pub fn open(bytes: &'a [u8], bounds: Packed, findings: &mut Vec<Finding>) -> Result<Archive<'a>, Stop> {
        let archive = ZipArchive::from_slice(bytes).map_err(|_| stop("C112", "zip"))?;
        let mut listing = Listing::new(archive.entries_hint(), &bounds)?;
        let mut directory = archive.entries();
        while let Some(record) = directory.next_entry().map_err(|_| stop("C112", "zip"))? {
            listing.add(&record, findings)?;
        }
        Ok(Archive { archive, bounds, packed: bytes.len() as u64, entries: listing.entries })
    }

    /// The files that may be tables: all but those that programs leave behind and descriptions for people.
    pub fn tables(&self) -> Vec<usize> {
        let is_left = |name: &str| {
            let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
            name.starts_with("__MACOSX/")
                || file.starts_with('.')
                || matches!(file.as_str(), "thumbs.db" | "desktop.ini")
                || [".md", ".pdf", ".html", ".docx", ".png", ".jpg"].iter().any(|e| file.ends_with(e))
                || file.starts_with("readme")
        };
        (0..self.entries.len()).filter(|&i| !is_left(&self.entries[i].name) && self.entries[i].stated > 0).collect()
    }

    /// The file of that name; the first one, when there are several.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|e| e.name == name).or_else(|| self.entries.iter().position(|e| e.name.eq_ignore_ascii_case(name)))
    }

    /// The plain bytes of a file, as a stream that stops at the bounds.
    ///
    /// # Errors
    /// The finding that it is locked, packed in a way not read here, or not where the directory says.
    pub fn stream(&self, index: usize) -> Result<Stream<'_>, Stop> {
        let entry = self.entries.get(index).ok_or_else(|| stop("C112", "zip"))?;
        let deflated = entry.is_deflated()?;
        let found = self.archive.get_entry(entry.way).map_err(|_| entry.named(stop("C112", "entry")))?;
        Ok(Stream {
            archive: self,
            entry,
            data: found.data(),
            used: 0,
            inflate: deflated.then(|| Decompress::new(false)),
            chunk: vec![0; if deflated { CHUNK } else { 0 }],
            at: 0,
            end: 0,
            plain: 0,
            crc: Crc::new(),
            over: false,
            stop: None,
            allowed: usize::MAX,
        })
    }

    /// The plain bytes of a file, at most `most` of them.
    ///
    /// # Errors
    /// As [`Archive::stream`]; also when it holds more than `most`, is damaged, or hits a bound.
    pub fn read(&self, index: usize, most: u64) -> Result<Vec<u8>, Stop> {
        let mut stream = self.stream(index)?;
        let mut bytes = Vec::new();
        loop {
            let piece = stream.next_piece()?;
            if piece.is_empty() {
                return Ok(bytes);
            }
            if (bytes.len() + piece.len()) as u64 > most {
                let mut finding = stop("C110", "");
                finding.args.push(("bound", most.to_string()));
                return Err(finding);
            }
            bytes.extend_from_slice(piece);
            let count = piece.len();
            stream.consume(count);
        }
    }

    /// What a file is by its first bytes, when it is packed itself.
    ///
    /// # Errors
    /// As [`Archive::stream`].
    pub fn form(&self, index: usize) -> Result<Option<Form>, Stop> {
        Ok(Form::of(self.stream(index)?.next_piece()?))
    }
}

/// Counts what a file gave, of an archive of so many packed bytes; files that share their bytes are counted each by itself.
pub(super) fn spend(entries: &[Entry], entry: &Entry, plain: u64, packed: u64, bounds: &Packed) -> Result<(), Stop> {
    if plain > entry.spent.load(Ordering::Relaxed) {
        entry.spent.store(plain, Ordering::Relaxed);
        within(bounds, entry.packed.min(packed), plain)?;
        within(bounds, packed, entries.iter().map(|e| e.spent.load(Ordering::Relaxed)).sum())?;
    }
    Ok(())
}

/// The plain bytes of one file of an archive.
///
/// As [`BufRead`] it gives an error where it cannot go on; [`Stream::stopped`] says why.
#[derive(Debug)]
pub struct Stream<'s> {
    archive: &'s Archive<'s>,
    entry: &'s Entry,
    data: &'s [u8],
    used: usize,
    inflate: Option<Decompress>,
    chunk: Vec<u8>,
    at: usize,
    end: usize,
    plain: u64,
    crc: Crc,
    over: bool,
    stop: Option<Stop>,
    allowed: usize,
}

impl Stream<'_> {
    /// Why it could not go on, when it could not.
    pub fn stopped(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    /// Allows this many more bytes to be read, so that a reader which gathers what has no end stops.
    pub fn allow(&mut self, bytes: usize) {
        self.allowed = bytes;
    }

    /// Whether reading ended because no more bytes were allowed.
    pub fn used_up(&self) -> bool {
        self.allowed == 0
    }

    /// The next plain bytes; none at the end.
    ///
    /// # Errors
    /// The finding that the archive is damaged or a bound is hit.
    pub fn next_piece(&mut self) -> Result<&[u8], Stop> {
        if self.at == self.end && !self.over {
            self.fill()?;
        }
        Ok(match self.inflate {
            Some(_) => &self.chunk[self.at..self.end],
            None => &self.data[self.at..self.end],
        })
    }

    fn damaged(&self, kind: &'static str) -> Stop {
        self.entry.named(stop("C112", kind))
    }

    fn fill(&mut self) -> Result<(), Stop> {
        let made = if let Some(state) = &mut self.inflate {
            match inflate(state, &self.data[self.used..], &mut self.chunk) {
                Some(done) if done.made > 0 || done.over => {
                    self.used += done.used;
                    self.over = done.over;
                    done.made
                }
                _ => return Err(self.damaged("entry")),
            }
        } else {
            let made = (self.data.len() - self.used).min(CHUNK);
            self.used += made;
            self.over = self.used == self.data.len();
            made
        };
        (self.at, self.end) = if self.inflate.is_some() { (0, made) } else { (self.used - made, self.used) };
        self.plain += made as u64;
        spend(&self.archive.entries, self.entry, self.plain, self.archive.packed, &self.archive.bounds)?;
        let piece = if self.inflate.is_some() { &self.chunk[self.at..self.end] } else { &self.data[self.at..self.end] };
        self.crc.update(piece);
        if self.over && (self.crc.sum() != self.entry.crc || self.plain != self.entry.stated) {
            return Err(self.damaged("sum"));
        }
        Ok(())
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = self.fill_buf()?;
        let count = piece.len().min(into.len());
        into[..count].copy_from_slice(&piece[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Stream<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end
            && !self.over
            && let Err(finding) = self.fill()
        {
            self.stop = Some(finding);
            self.over = true;
            self.end = self.at;
            return Err(io::Error::other("stopped"));
        }
        if self.allowed == 0 && self.at < self.end {
            return Err(io::Error::other("longer than allowed"));
        }
        Ok(match self.inflate {
            Some(_) => &self.chunk[self.at..self.end],
            None => &self.data[self.at..self.end],
        })
    }

    fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.end);
        self.allowed = self.allowed.saturating_sub(count);
    }
}

/// A path that cannot lead out of a folder: no drive, no root, no `..`, no control characters.
fn harmless(raw: &str) -> String {
    let mut name = String::new();
    for part in raw.split(['/', '\\']) {
        let part = if name.is_empty() && part.len() == 2 && part.ends_with(':') { "" } else { part };
        if matches!(part, "" | "." | "..") {
            continue;
        }
        if !name.is_empty() {
            name.push('/');
        }
        name.extend(part.chars().map(|c| if c.is_control() || c == ':' { '_' } else { c }));
    }
    if name.is_empty() { "unnamed".to_owned() } else { name }
}
