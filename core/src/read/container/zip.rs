//! Zip archives (APPNOTE 6.3.10): the names and sizes from the central directory, and the plain bytes of one file as a stream.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crc32fast::Hasher as Crc;
use flate2::{Decompress, FlushDecompress, Status};
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder};

use super::{Form, Stop, stop, within};
use crate::bounds::Packed;
use crate::decode::encoding::windows_1252;
use crate::finding::{Finding, Place};
use crate::read::at::Store;

/// How many plain bytes are made at a time, and how many packed ones are read.
const CHUNK: usize = 64 << 10;

/// Room for one entry of the directory: its three texts of variable length have at most 64 KiB each.
const ENTRY: usize = 256 << 10;

/// How far before the archive's end the record is looked for that leads to the directory; a comment behind it has at most 64 KiB.
const SEARCH: u64 = 1 << 20;

/// A zip archive; several streams may share it.
#[derive(Debug, Clone)]
pub struct Archive<'a>(Arc<Inner<'a>>);

/// What the streams of an archive share.
#[derive(Debug)]
pub struct Inner<'a> {
    archive: ZipArchive<Store<'a>>,
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
    method: CompressionMethod,
    way: ZipArchiveEntryWayfinder,
    crc: u32,
    /// How many bytes of it came out so far, the furthest reading counted.
    spent: AtomicU64,
}

impl<'a> Deref for Archive<'a> {
    type Target = Inner<'a>;

    fn deref(&self) -> &Inner<'a> {
        &self.0
    }
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive that lies in memory; nothing is unpacked yet.
    ///
    /// # Errors
    /// The finding that it is damaged, or holds more files than the bound.
    pub fn open(bytes: &'a [u8], bounds: Packed, findings: &mut Vec<Finding>) -> Result<Archive<'a>, Stop> {
        Archive::of(Store::new(bytes), bounds, findings)
    }

    /// Reads the directory of an archive; nothing is unpacked yet.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn of(store: Store<'a>, bounds: Packed, findings: &mut Vec<Finding>) -> Result<Archive<'a>, Stop> {
        let packed = store.size();
        let mut room = vec![0; ENTRY];
        let archive = ZipArchive::<()>::with_max_search_space(SEARCH).locate_in_reader(store, &mut room, packed);
        let archive = archive.map_err(|_| stop("C112", "zip"))?;
        let too_many = || {
            let mut finding = stop("C110", "entries");
            finding.args.push(("bound", bounds.entries.to_string()));
            finding
        };
        if archive.entries_hint() > bounds.entries {
            return Err(too_many());
        }
        let (mut entries, mut seen, mut met) = (Vec::new(), BTreeSet::new(), 0);
        let mut directory = archive.entries(&mut room);
        while let Some(record) = directory.next_entry().map_err(|_| stop("C112", "zip"))? {
            met += 1;
            if met > bounds.entries {
                return Err(too_many());
            }
            if record.is_dir() {
                continue;
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
            if !seen.insert(name.to_lowercase()) {
                findings.push(Finding::new("C114", "repeated", Place::default()).arg("name", crate::finding::cut(&name)));
            }
            entries.push(Entry {
                name,
                stated: record.uncompressed_size_hint(),
                packed: record.compressed_size_hint(),
                locked: record.flags().is_encrypted() || record.flags().has_strong_encryption() || record.flags().is_masked(),
                method: record.compression_method(),
                way: record.wayfinder(),
                crc: record.crc32(),
                spent: AtomicU64::new(0),
            });
        }
        Ok(Archive(Arc::new(Inner { archive, bounds, packed, entries })))
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
    pub fn stream(&self, index: usize) -> Result<Stream<'a>, Stop> {
        let entry = self.entries.get(index).ok_or_else(|| stop("C112", "zip"))?;
        let named = |mut finding: Stop| {
            finding.args.push(("name", crate::finding::cut(&entry.name)));
            finding
        };
        if entry.locked {
            return Err(named(stop("C111", "entry")));
        }
        let deflated = match entry.method {
            CompressionMethod::STORE => false,
            CompressionMethod::DEFLATE => true,
            other => {
                let mut finding = named(stop("C112", "method"));
                finding.args.push(("method", other.name().map_or_else(|| other.as_u16().to_string(), str::to_owned)));
                return Err(finding);
            }
        };
        let found = self.archive.get_entry(entry.way).map_err(|_| named(stop("C112", "entry")))?;
        let (from, to) = found.compressed_data_range();
        if to > self.packed {
            return Err(named(stop("C112", "entry")));
        }
        Ok(Stream {
            archive: self.clone(),
            index,
            from,
            to,
            data: Vec::new(),
            used: 0,
            inflate: deflated.then(|| Decompress::new(false)),
            chunk: vec![0; CHUNK],
            at: 0,
            end: 0,
            plain: 0,
            crc: Crc::new(),
            over: false,
            stop: None,
            error: None,
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

    /// Counts what a file gave; files that share their bytes are counted each by itself.
    fn spend(&self, entry: &Entry, plain: u64) -> Result<(), Stop> {
        if plain > entry.spent.load(Ordering::Relaxed) {
            entry.spent.store(plain, Ordering::Relaxed);
            within(&self.bounds, entry.packed.min(self.packed), plain)?;
            within(&self.bounds, self.packed, self.entries.iter().map(|e| e.spent.load(Ordering::Relaxed)).sum())?;
        }
        Ok(())
    }
}

/// The plain bytes of one file of an archive.
///
/// As [`BufRead`] it gives an error where it cannot go on; [`Stream::stopped`] says why.
#[derive(Debug)]
pub struct Stream<'a> {
    archive: Archive<'a>,
    index: usize,
    /// Where the packed bytes lie that are not read yet.
    from: u64,
    to: u64,
    /// Packed bytes at hand, and how many of them were unpacked.
    data: Vec<u8>,
    used: usize,
    inflate: Option<Decompress>,
    chunk: Vec<u8>,
    at: usize,
    end: usize,
    plain: u64,
    crc: Crc,
    over: bool,
    stop: Option<Stop>,
    /// Why the archive itself could not be read, when it could not.
    error: Option<io::Error>,
    allowed: usize,
}

impl Stream<'_> {
    /// Why it could not go on, when it could not.
    pub fn stopped(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    /// Why the archive itself could not be read; the finding only says that it is damaged.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
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
        Ok(&self.chunk[self.at..self.end])
    }

    /// Where in the archive the packed bytes are that come next.
    pub fn place(&self) -> u64 {
        self.from - (self.data.len() - self.used) as u64
    }

    fn damaged(&self, kind: &'static str) -> Stop {
        let mut finding = stop("C112", kind);
        let name = self.archive.entries.get(self.index).map_or("", |entry| &entry.name);
        finding.args.push(("name", crate::finding::cut(name)));
        finding
    }

    /// Reads the next packed bytes behind those that were unpacked.
    fn load(&mut self) -> Result<(), Stop> {
        let most = usize::try_from(self.to - self.from).unwrap_or(usize::MAX).min(CHUNK);
        self.data.resize(most, 0);
        self.used = 0;
        match self.archive.archive.get_ref().fill(self.from, &mut self.data) {
            Ok(have) if have == most => self.from += most as u64,
            got => {
                self.error = got.err();
                self.data.clear();
                return Err(self.damaged("entry"));
            }
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), Stop> {
        let made = loop {
            if self.used == self.data.len() && self.from < self.to {
                self.load()?;
            }
            let packed = &self.data[self.used..];
            let Some(inflate) = &mut self.inflate else {
                let made = packed.len();
                self.chunk[..made].copy_from_slice(packed);
                self.used += made;
                self.over = self.from == self.to;
                break made;
            };
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(packed, &mut self.chunk, FlushDecompress::None);
            self.used += (inflate.total_in() - before_in) as usize;
            let made = (inflate.total_out() - before_out) as usize;
            match status {
                Ok(Status::StreamEnd) => {
                    self.over = true;
                    break made;
                }
                Ok(_) if made > 0 => break made,
                Ok(_) if inflate.total_in() > before_in => {}
                _ => return Err(self.damaged("entry")),
            }
        };
        (self.at, self.end) = (0, made);
        self.plain += made as u64;
        let entry = &self.archive.entries[self.index];
        self.archive.spend(entry, self.plain)?;
        self.crc.update(&self.chunk[..made]);
        if self.over && (self.crc.clone().finalize() != entry.crc || self.plain != entry.stated) {
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
        Ok(&self.chunk[self.at..self.end])
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
