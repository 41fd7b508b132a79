//! Keys: which values have been seen, in little memory.
//!
//! A key is remembered as 96 bits of a 128-bit hash and the row where it was first met: 16 bytes in one flat table. With 100 million keys the
//! chance that any two of them share those bits by accident is below one in ten trillion; the hash is not secret, so a file made to
//! collide can bring a false finding upon itself, never hide a true one.

/// 128 bits of a key's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyHash(pub u64, pub u64);

const K: [u64; 4] = [0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93, 0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB];

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl KeyHash {
    /// Adds a part of the key. The parts' lengths count, so that `ab|c` and `a|bc` differ.
    #[inline(always)]
    #[must_use]
    pub fn part(self, text: &[u8]) -> KeyHash {
        let KeyHash(mut a, mut b) = self;
        let mut rest = text;
        while let Some((chunk, tail)) = rest.split_first_chunk::<16>() {
            let (low, high) = halves(chunk);
            a = fold(a ^ low ^ K[0], high ^ K[1]);
            b = fold(b ^ high ^ K[2], low ^ K[3] ^ a);
            rest = tail;
        }
        let mut last = [0u8; 16];
        last[..rest.len()].copy_from_slice(rest);
        let (low, high) = halves(&last);
        let length = text.len() as u64;
        a = fold(a ^ low ^ K[1] ^ length, high ^ K[2]);
        b = fold(b ^ high ^ K[3], low ^ K[0] ^ length.rotate_left(32) ^ a.rotate_left(17));
        KeyHash(a, b ^ low.rotate_left(23) ^ high)
    }
}

#[inline(always)]
fn halves(chunk: &[u8; 16]) -> (u64, u64) {
    let value = u128::from_le_bytes(*chunk);
    (value as u64, (value >> 64) as u64)
}

/// Keys and the row of each one's first record.
#[derive(Debug, Clone, Default)]
pub struct KeyTable {
    /// `(64 bits, 32 bits and the row)`; a row is never zero, so a zero second word is a free slot.
    slots: Vec<(u64, u64)>,
    used: usize,
}

impl KeyTable {
    /// Adds a key met in `row` (from 1; beyond 4,294,967,295 that number stands for all). Gives the row of its first record when it was known.
    #[inline(always)]
    pub fn insert(&mut self, key: KeyHash, row: u64) -> Option<u64> {
        if self.used * 8 >= self.slots.len() * 7 {
            self.grow();
        }
        let tag = key.1 & !0xFFFF_FFFF;
        let mask = self.slots.len() - 1;
        let mut at = place((key.0, key.1), mask);
        loop {
            let slot = self.slots[at];
            if slot.1 == 0 {
                self.slots[at] = (key.0, tag | row.clamp(1, 0xFFFF_FFFF));
                self.used += 1;
                return None;
            }
            if slot.0 == key.0 && slot.1 & !0xFFFF_FFFF == tag {
                return Some(slot.1 & 0xFFFF_FFFF);
            }
            at = (at + 1) & mask;
        }
    }

    /// Whether the key is known.
    pub fn has(&self, key: KeyHash) -> bool {
        if self.slots.is_empty() {
            return false;
        }
        let mask = self.slots.len() - 1;
        let mut at = place((key.0, key.1), mask);
        loop {
            let slot = self.slots[at];
            if slot.1 == 0 {
                return false;
            }
            if slot.0 == key.0 && slot.1 & !0xFFFF_FFFF == key.1 & !0xFFFF_FFFF {
                return true;
            }
            at = (at + 1) & mask;
        }
    }

    /// Touches the slot where a key would stand, so that the memory is on its way when it is inserted.
    #[inline(always)]
    pub fn touch(&self, key: KeyHash) -> u64 {
        self.slots.get(place((key.0, key.1), self.slots.len().wrapping_sub(1))).map_or(0, |s| s.1)
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        let mask = size - 1;
        for slot in old {
            if slot.1 != 0 {
                let mut at = place(slot, mask);
                while self.slots[at].1 != 0 {
                    at = (at + 1) & mask;
                }
                self.slots[at] = slot;
            }
        }
    }
}

fn place(slot: (u64, u64), mask: usize) -> usize {
    (slot.0 ^ (slot.1 & !0xFFFF_FFFF).rotate_left(32)) as usize & mask
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_map(keys in proptest::collection::vec(("[ab]{0,3}", "[a-c]{0,20}"), 0..3000)) {
            let mut table = KeyTable::default();
            let mut map = HashMap::new();
            for (i, key) in keys.iter().enumerate() {
                let hash = KeyHash::default().part(key.0.as_bytes()).part(key.1.as_bytes());
                let row = i as u64 + 1;
                let known = map.get(key).copied();
                prop_assert_eq!(table.insert(hash, row), known);
                map.entry(key.clone()).or_insert(row);
                prop_assert!(table.has(hash));
            }
            prop_assert_eq!(table.len(), map.len());
        }
    }
}
