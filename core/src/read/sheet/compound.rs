//! Compound files ([MS-CFB]): a small file system within a file, as far as is needed to read one stream of it.

use crate::read::container::{Stop, stop};

/// Sector numbers above this are marks, not sectors.
const LAST_SECTOR: u32 = 0xffff_fffa;

/// An open compound file.
pub(super) struct Compound<'a> {
    bytes: &'a [u8],
    /// Size of a sector as a power of two.
    shift: u32,
    /// By sector: the one that follows it.
    next: Vec<u32>,
    /// By small sector: the one that follows it.
    small_next: Vec<u32>,
    /// What small streams lie in.
    small: Vec<u8>,
    small_shift: u32,
    /// Streams shorter than this are small.
    cutoff: u64,
    streams: Vec<(String, u32, u64)>,
}

fn damaged() -> Stop {
    stop("C115", "")
}

/// A number at a place; zero behind the end.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at.saturating_add(2)).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

/// A number at a place; zero behind the end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at.saturating_add(4)).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

/// The text of UTF-16 bytes; a lone half of a pair becomes the replacement character.
pub(super) fn utf16(bytes: &[u8]) -> String {
    char::decode_utf16(bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]))).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

impl<'a> Compound<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Compound<'a>, Stop> {
        let shift = u32::from(u16_at(bytes, 30));
        let small_shift = u32::from(u16_at(bytes, 32));
        if bytes.len() < 512 || !matches!(shift, 7..=16) || !(2..=shift).contains(&small_shift) {
            return Err(damaged());
        }
        let mut file = Compound {
            bytes,
            shift,
            next: Vec::new(),
            small_next: Vec::new(),
            small: Vec::new(),
            small_shift,
            cutoff: u64::from(u32_at(bytes, 56)),
            streams: Vec::new(),
        };
        file.read_next()?;
        let directory = file.chain(u32_at(bytes, 48), u64::MAX);
        let small_table = file.chain(u32_at(bytes, 60), u64::MAX);
        file.small_next = numbers(&small_table).collect();
        for entry in directory.chunks_exact(128) {
            let length = usize::from(u16_at(entry, 64)).clamp(2, 64) - 2;
            let (start, size) = (u32_at(entry, 116), u64::from(u32_at(entry, 120)));
            match entry[66] {
                5 => file.small = file.chain(start, size),
                2 => file.streams.push((utf16(&entry[..length]), start, size)),
                _ => {}
            }
        }
        Ok(file)
    }

    /// The bytes of a stream of one of these names, the first that there is.
    pub(super) fn stream(&self, names: &[&str]) -> Option<Vec<u8>> {
        let (_, start, size) = names.iter().find_map(|name| self.streams.iter().find(|s| s.0.eq_ignore_ascii_case(name)))?;
        Some(if *size < self.cutoff { self.small_chain(*start, *size) } else { self.chain(*start, *size) })
    }

    /// Whether there is a stream of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.streams.iter().any(|s| s.0 == name)
    }

    fn sector(&self, number: u32) -> &'a [u8] {
        let start = (u64::from(number) + 1) << self.shift;
        let end = (start + (1 << self.shift)).min(self.bytes.len() as u64);
        usize::try_from(start).ok().and_then(|start| self.bytes.get(start..end as usize)).unwrap_or_default()
    }

    /// How many sectors the file can have, which no chain of distinct ones is longer than.
    fn sectors(&self) -> usize {
        self.bytes.len() >> self.shift
    }

    fn read_next(&mut self) -> Result<(), Stop> {
        let most = self.sectors() + 1;
        let mut table: Vec<u32> = numbers(&self.bytes[76..512]).filter(|&n| n <= LAST_SECTOR).collect();
        let mut list = u32_at(self.bytes, 68);
        for _ in 0..most {
            if list > LAST_SECTOR {
                break;
            }
            let sector = self.sector(list);
            let Some((rest, last)) = sector.split_at_checked(sector.len().saturating_sub(4)) else { break };
            table.extend(numbers(rest).filter(|&n| n <= LAST_SECTOR));
            if table.len() > most || last.len() < 4 {
                break;
            }
            list = u32_at(last, 0);
        }
        if table.is_empty() {
            return Err(damaged());
        }
        table.truncate(most);
        let mut next = Vec::new();
        for sector in table {
            // Each sector of the file has one number here; more would be a loop.
            if next.len() > most + (1 << self.shift) {
                break;
            }
            next.extend(numbers(self.sector(sector)));
        }
        self.next = next;
        Ok(())
    }

    /// The bytes of a chain of sectors, at most `size`.
    fn chain(&self, start: u32, size: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = start;
        for _ in 0..=self.sectors() {
            if at > LAST_SECTOR || bytes.len() as u64 >= size {
                break;
            }
            bytes.extend_from_slice(self.sector(at));
            at = self.next.get(at as usize).copied().unwrap_or(u32::MAX);
        }
        bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        bytes
    }

    fn small_chain(&self, start: u32, size: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = start;
        for _ in 0..=self.small.len() >> self.small_shift {
            if at > LAST_SECTOR || bytes.len() as u64 >= size {
                break;
            }
            let from = (at as usize) << self.small_shift;
            let until = (from + (1 << self.small_shift)).min(self.small.len());
            bytes.extend_from_slice(self.small.get(from..until).unwrap_or_default());
            at = self.small_next.get(at as usize).copied().unwrap_or(u32::MAX);
        }
        bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        bytes
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
