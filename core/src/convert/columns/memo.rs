//! What was made of short texts, remembered.

use crate::check::keys::KeyHash;

/// What was made of short texts, found by a hash; a later text takes an earlier one's place.
#[derive(Default)]
pub(super) struct Memo {
    entries: Vec<Entry>,
}

#[derive(Clone)]
pub(super) struct Entry {
    hash: u64,
    key: Vec<u8>,
    /// What was made of the text.
    pub(super) value: Vec<u8>,
    /// The writer has to write it.
    pub(super) careful: bool,
}

/// Texts remembered for a column, a power of two, and the longest of them.
const ENTRIES: usize = 512;
const LONGEST: usize = 48;

impl Memo {
    pub(super) fn hash(text: &[u8]) -> u64 {
        KeyHash::default().part(text).0
    }

    pub(super) fn find(&self, hash: u64, text: &[u8]) -> Option<&Entry> {
        self.entries.get(hash as usize % ENTRIES).filter(|e| e.hash == hash && e.key == text)
    }

    pub(super) fn keep(&mut self, hash: u64, text: &[u8], value: &[u8], careful: bool) {
        if text.len() > LONGEST || value.len() > LONGEST {
            return;
        }
        if self.entries.is_empty() {
            self.entries = vec![Entry { hash: 0, key: Vec::new(), value: Vec::new(), careful: false }; ENTRIES];
        }
        let entry = &mut self.entries[hash as usize % ENTRIES];
        entry.hash = hash;
        entry.key.clear();
        entry.key.extend_from_slice(text);
        entry.value.clear();
        entry.value.extend_from_slice(value);
        entry.careful = careful;
    }
}
