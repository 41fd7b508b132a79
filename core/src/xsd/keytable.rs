//! The values of a key: their bytes in one piece, found by hash.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// What is a hash already, with a secret of its own, is not hashed again.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.0 = self.0.rotate_left(8) ^ u64::from(b));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

/// A set of byte strings, each with the offset where it was met first.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    hasher: RandomState,
    /// By hash, the next free number after it where two collide.
    index: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    bytes: Vec<u8>,
    /// Where each string ends and where it was met.
    entries: Vec<(usize, u64)>,
}

impl KeyTable {
    fn text(&self, entry: u32) -> &[u8] {
        let entry = entry as usize;
        let from = entry.checked_sub(1).and_then(|e| self.entries.get(e)).map_or(0, |e| e.0);
        let to = self.entries.get(entry).map_or(from, |e| e.0);
        self.bytes.get(from..to).unwrap_or(b"")
    }

    /// The number of a string, or the hash under which it would be entered.
    fn find(&self, value: &[u8]) -> Result<u32, u64> {
        let mut hash = self.hasher.hash_one(value);
        while let Some(&entry) = self.index.get(&hash) {
            if self.text(entry) == value {
                return Ok(entry);
            }
            hash = hash.wrapping_add(1);
        }
        Err(hash)
    }

    /// Enters a string, or tells where it was met before.
    pub(super) fn insert(&mut self, value: &[u8], at: u64) -> Option<u64> {
        match self.find(value) {
            Ok(entry) => self.entries.get(entry as usize).map(|e| e.1),
            Err(hash) => {
                self.index.insert(hash, self.entries.len() as u32);
                self.bytes.extend_from_slice(value);
                self.entries.push((self.bytes.len(), at));
                None
            }
        }
    }

    pub(super) fn contains(&self, value: &[u8]) -> bool {
        self.find(value).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Enters all of another table.
    pub(super) fn extend(&mut self, other: &KeyTable) {
        for (n, entry) in other.entries.iter().enumerate() {
            self.insert(other.text(n as u32), entry.1);
        }
    }
}
