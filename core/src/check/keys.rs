//! Keys: which values have been seen, in little memory.
//!
//! A key is remembered as 96 bits of a 128-bit hash and the row where it was first met: 16 bytes, and 11 to 21 more to find it again. With 100 million keys the
//! chance that any two of them share those bits by accident is below one in ten trillion; the hash is not secret, so a file made to
//! collide can bring a false finding upon itself, never hide a true one.

use std::collections::HashSet;

use super::fast::ends;

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
        while rest.len() > 16 {
            let (low, high) = ends(&rest[..16]);
            a = fold(a ^ low ^ K[0], high ^ K[1]);
            b = fold(b ^ high ^ K[2], low ^ K[3] ^ a);
            rest = &rest[16..];
        }
        // At most 16 bytes: their ends and the length are all of them.
        let (low, high) = ends(rest);
        let length = text.len() as u64;
        a = fold(a ^ low ^ K[1] ^ length, high ^ K[2]);
        b = fold(b ^ high ^ K[3], low ^ K[0] ^ length.rotate_left(32) ^ a.rotate_left(17));
        KeyHash(a, b ^ low.rotate_left(23) ^ high)
    }
}

/// Keys and the row of each one's first record.
///
/// The keys lie in the order in which they came. A second table finds them: it is what the processor's cache cannot hold, so it has only eight bytes
/// a place, and whoever inserts many keys asks for their places some keys ahead ([`KeyTable::ask`]).
#[derive(Debug, Clone, Default)]
pub struct KeyTable {
    /// 64 bits of the hash; 32 more and the row.
    keys: Vec<(u64, u64)>,
    /// The upper half of a key's first 64 bits, and one more than its index; zero for a free place. The lower half gives the place.
    places: Vec<u64>,
    /// Keys of rows that others may refer to, but that are no repetitions and cannot be repeated: see [`KeyTable::allow`].
    loose: HashSet<KeyHash>,
}

const UPPER: u64 = 0xFFFF_FFFF_0000_0000;

impl KeyTable {
    /// Adds a key met in `row` (from 1; beyond 4,294,967,295 that number stands for all). Gives the row of its first record when it was known.
    /// Beyond four billion keys nothing is remembered.
    #[inline(always)]
    pub fn insert(&mut self, key: KeyHash, row: u64) -> Option<u64> {
        if self.keys.len() * 4 >= self.places.len() * 3 {
            self.grow();
        }
        let mask = self.places.len() - 1;
        let mut at = key.0 as usize & mask;
        loop {
            let place = self.places[at];
            if place == 0 {
                if self.keys.len() < u32::MAX as usize {
                    self.keys.push((key.0, (key.1 & UPPER) | row.clamp(1, !UPPER)));
                    self.places[at] = (key.0 & UPPER) | self.keys.len() as u64;
                }
                return None;
            }
            if place & UPPER == key.0 & UPPER
                && let Some(row) = self.row_if_same(place, key)
            {
                return Some(row);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline(always)]
    fn row_if_same(&self, place: u64, key: KeyHash) -> Option<u64> {
        let found = self.keys[(place & !UPPER) as usize - 1];
        (found.0 == key.0 && found.1 & UPPER == key.1 & UPPER).then_some(found.1 & !UPPER)
    }

    /// Adds all keys of another table, with their rows.
    pub(crate) fn insert_all(&mut self, other: &KeyTable) {
        for &(hash, rest) in &other.keys {
            self.insert(KeyHash(hash, rest), rest & !UPPER);
        }
    }

    /// Forgets all keys; the memory is used again.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.places.fill(0);
        self.loose.clear();
    }

    /// Adds the key of a row that has a fault of its own, such as the wrong number of cells: only [`KeyTable::has`] knows it. So a reference to it
    /// is not told as a second fault.
    pub fn allow(&mut self, key: KeyHash) {
        self.loose.insert(key);
    }

    /// Whether the key is known.
    pub fn has(&self, key: KeyHash) -> bool {
        self.has_sound(key) || (!self.loose.is_empty() && self.loose.contains(&key))
    }

    fn has_sound(&self, key: KeyHash) -> bool {
        if self.places.is_empty() {
            return false;
        }
        let mask = self.places.len() - 1;
        let mut at = key.0 as usize & mask;
        loop {
            match self.places[at] {
                0 => return false,
                place if place & UPPER == key.0 & UPPER && self.row_if_same(place, key).is_some() => return true,
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Asks the processor to fetch the place of a key that will be inserted soon.
    #[inline(always)]
    pub fn ask(&self, key: KeyHash) {
        if let Some(place) = self.places.get(key.0 as usize & self.places.len().wrapping_sub(1)) {
            fetch(place);
        }
    }

    /// Makes room for so many keys at once, where their number can be foreseen.
    pub fn reserve(&mut self, keys: usize) {
        let size = (keys.min(1 << 28) * 4 / 3 + 1).next_power_of_two();
        if self.keys.is_empty() && size > self.places.len() {
            self.places = vec![0; size];
            self.keys.reserve(keys.min(1 << 28));
        }
    }

    /// The same for a table that has some keys already.
    pub fn expect(&mut self, keys: usize) {
        let known = std::mem::take(self);
        self.reserve(keys);
        if self.places.len() < known.places.len() {
            *self = known;
            return;
        }
        let mask = self.places.len() - 1;
        for (hash, rest) in known.keys {
            self.keys.push((hash, rest));
            let mut at = hash as usize & mask;
            while self.places[at] != 0 {
                at = (at + 1) & mask;
            }
            self.places[at] = (hash & UPPER) | self.keys.len() as u64;
        }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.places.len() * 2).max(1024);
        let mask = size - 1;
        let mut places = vec![0; size];
        for (i, (hash, _)) in self.keys.iter().enumerate() {
            let mut at = *hash as usize & mask;
            while places[at] != 0 {
                at = (at + 1) & mask;
            }
            places[at] = (hash & UPPER) | (i as u64 + 1);
        }
        self.places = places;
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
fn fetch(place: &u64) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: prefetching reads nothing that the program sees and cannot fault, whatever the address; this one is that of a live reference.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn fetch(_: &u64) {}

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
                if i == keys.len() / 3 {
                    table.expect(row as usize * 5);
                }
            }
            prop_assert_eq!(table.len(), map.len());
            let (half, whole) = (table.len() / 2, table.clone());
            let mut again = KeyTable::default();
            again.insert_all(&KeyTable { keys: table.keys[..half].to_vec(), ..KeyTable::default() });
            again.insert_all(&whole);
            prop_assert_eq!(&again.keys, &whole.keys);
            again.clear();
            prop_assert!(again.is_empty() && !keys.iter().any(|k| again.has(KeyHash::default().part(k.0.as_bytes()).part(k.1.as_bytes()))));
            let odd = KeyHash::default().part(b"of a row with a fault");
            prop_assert!(!table.has(odd));
            table.allow(odd);
            prop_assert!(table.has(odd));
            prop_assert_eq!(table.insert(odd, 9), None);
        }
    }
}
