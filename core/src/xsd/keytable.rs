//! The values of a key: their bytes in one piece, found by hash.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// A set of byte strings, each with the offset where it was met first.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    /// With a secret of its own, so that nobody can write a document whose values all collide.
    hasher: RandomState,
    /// Found by hash, or at the next place that is free; a power of two of them.
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// The hash stands beside the number, so that other strings are passed by without a look at them.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    hash: u32,
    /// Number of a string, from 1; 0 where none is.
    number: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where the string ends.
    end: usize,
    /// Where it was met.
    at: u64,
}

impl KeyTable {
    fn text(&self, entry: usize) -> &[u8] {
        let from = entry.checked_sub(1).and_then(|e| self.entries.get(e)).map_or(0, |e| e.end);
        let to = self.entries.get(entry).map_or(from, |e| e.end);
        self.bytes.get(from..to).unwrap_or(b"")
    }

    /// The entry of a string, or the free place where its number belongs.
    fn find(&self, value: &[u8], hash: u32) -> Result<&Entry, usize> {
        let last = self.slots.len().wrapping_sub(1);
        let mut place = hash as usize & last;
        while let Some(slot) = self.slots.get(place).filter(|slot| slot.number > 0) {
            let number = slot.number as usize - 1;
            if slot.hash == hash
                && self.text(number) == value
                && let Some(entry) = self.entries.get(number)
            {
                return Ok(entry);
            }
            place = (place + 1) & last;
        }
        Err(place)
    }

    fn hash(&self, value: &[u8]) -> u32 {
        self.hasher.hash_one(value) as u32
    }

    /// Makes room for one more, so that a quarter of the places stays free.
    fn grow(&mut self) {
        if (self.entries.len() + 1) * 4 <= self.slots.len() * 3 {
            return;
        }
        let size = (self.slots.len() * 2).max(16);
        let before = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for slot in before.into_iter().filter(|slot| slot.number > 0) {
            let mut place = slot.hash as usize & (size - 1);
            while self.slots[place].number > 0 {
                place = (place + 1) & (size - 1);
            }
            self.slots[place] = slot;
        }
    }

    /// Enters a string, or tells where it was met before.
    pub(super) fn insert(&mut self, value: &[u8], at: u64) -> Option<u64> {
        self.grow();
        let hash = self.hash(value);
        match self.find(value, hash) {
            Ok(entry) => Some(entry.at),
            Err(place) => {
                self.bytes.extend_from_slice(value);
                self.entries.push(Entry { end: self.bytes.len(), at });
                if let Some(slot) = self.slots.get_mut(place) {
                    *slot = Slot { hash, number: self.entries.len() as u32 };
                }
                None
            }
        }
    }

    pub(super) fn contains(&self, value: &[u8]) -> bool {
        self.find(value, self.hash(value)).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Enters all of another table.
    pub(super) fn extend(&mut self, other: &KeyTable) {
        for (number, entry) in other.entries.iter().enumerate() {
            self.insert(other.text(number), entry.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_knows_what_a_map_knows(values in prop::collection::vec("[a-c]{0,4}", 0..300)) {
            let (mut table, mut map) = (KeyTable::default(), HashMap::new());
            for (at, value) in values.iter().enumerate() {
                let first = map.get(value).copied();
                map.entry(value.clone()).or_insert(at as u64);
                prop_assert_eq!(table.contains(value.as_bytes()), first.is_some());
                prop_assert_eq!(table.insert(value.as_bytes(), at as u64), first);
                prop_assert_eq!(table.len(), map.len());
            }
            let mut both = KeyTable::default();
            both.extend(&table);
            both.extend(&table);
            prop_assert_eq!(both.len(), map.len());
            prop_assert!(map.keys().all(|value| both.contains(value.as_bytes())));
        }
    }
}
