//! Which rows were written already, by 128-bit hashes, so that memory grows by a few words a row and not by its text.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// A 128-bit hash of cells: two lanes of multiply-and-fold with odd constants, each cell preceded by its length.
///
/// Among a million rows two different keys meet with a chance of about one in 10^27. The hash is no defence against someone who makes rows
/// on purpose to meet; such a row would be reported as repeated with other values.
pub(super) fn hash<'a>(cells: impl Iterator<Item = &'a str>) -> u128 {
    let (mut a, mut b) = (0x243F_6A88_85A3_08D3u64, 0x1319_8A2E_0370_7344u64);
    for cell in cells {
        let bytes = cell.as_bytes();
        mix(&mut a, &mut b, bytes.len() as u64);
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0u8; 8];
            word.copy_from_slice(chunk);
            mix(&mut a, &mut b, u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0u8; 8];
            word[..rest.len()].copy_from_slice(rest);
            mix(&mut a, &mut b, u64::from_le_bytes(word));
        }
    }
    mix(&mut a, &mut b, 0xA409_3822_299F_31D0);
    (u128::from(a) << 64) | u128::from(b)
}

fn mix(a: &mut u64, b: &mut u64, word: u64) {
    *a = fold(*a ^ word, 0x9E37_79B9_7F4A_7C15).wrapping_add(*b);
    *b = fold(b.rotate_left(23) ^ word.wrapping_mul(0xC2B2_AE3D_27D4_EB4F), 0xD6E8_FEB8_6659_FD93) ^ *a;
}

fn fold(x: u64, y: u64) -> u64 {
    let product = u128::from(x) * u128::from(y);
    (product as u64) ^ ((product >> 64) as u64) ^ x
}

/// The keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.0 = self.0.rotate_left(8) ^ u64::from(b));
    }

    fn write_u128(&mut self, n: u128) {
        self.0 = n as u64;
    }
}

/// The rows of one table that were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Hash of the key to the hash of the whole row and the source row it was made from.
    rows: HashMap<u128, (u128, u64), BuildHasherDefault<AsIs>>,
}

/// What is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    New,
    /// Equal to a row that was written.
    Repeated,
    /// A row with this key was written with other values, from that source row.
    Differs(u64),
}

impl Seen {
    /// Looks a row up by its key and remembers it when it is new. A key whose cells are all empty identifies nothing: then the whole
    /// row is the key.
    pub(super) fn meet(&mut self, key: &[usize], cells: &[&str], source_row: u64) -> Sight {
        let whole = hash(cells.iter().copied());
        let part = || key.iter().map(|&k| cells.get(k).copied().unwrap_or_default());
        let at = if part().all(str::is_empty) { !whole } else { hash(part()) };
        match self.rows.entry(at) {
            Entry::Vacant(free) => {
                free.insert((whole, source_row));
                Sight::New
            }
            Entry::Occupied(taken) if taken.get().0 == whole => Sight::Repeated,
            Entry::Occupied(taken) => Sight::Differs(taken.get().1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_cells_do_not_run_together() {
        let of = |cells: &[&str]| hash(cells.iter().copied());
        let all =
            [of(&["ab", "c"]), of(&["a", "bc"]), of(&["abc"]), of(&["abc", ""]), of(&["", "abc"]), of(&["abc\0"]), of(&[]), of(&[""])];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b), "{i}");
        }
    }

    #[test]
    fn keys_without_a_value_identify_nothing() {
        let mut seen = Seen::default();
        assert_eq!(seen.meet(&[0], &["", "x"], 2), Sight::New);
        assert_eq!(seen.meet(&[0], &["", "y"], 3), Sight::New);
        assert_eq!(seen.meet(&[0], &["", "x"], 4), Sight::Repeated);
        assert_eq!(seen.meet(&[0], &["k", "x"], 5), Sight::New);
        assert_eq!(seen.meet(&[0], &["k", "y"], 6), Sight::Differs(5));
    }

    proptest::proptest! {
        /// Equal to remembering every row as it is.
        #[test]
        fn equals_a_naive_memory(rows in proptest::collection::vec(proptest::collection::vec("[ab]{0,2}|[a-c]{8,9}", 3), 0..40), key in proptest::sample::subsequence(vec![0usize, 1, 2], 1..3)) {
            let mut seen = Seen::default();
            let mut written: Vec<(usize, &Vec<String>)> = Vec::new();
            for (n, row) in rows.iter().enumerate() {
                let cells: Vec<&str> = row.iter().map(String::as_str).collect();
                let bare = key.iter().all(|&k| row[k].is_empty());
                let same = |other: &Vec<String>| if bare { other == row } else { key.iter().all(|&k| other[k] == row[k]) };
                let expected = match written.iter().find(|(_, other)| same(other)) {
                    None => Sight::New,
                    Some((_, other)) if *other == row => Sight::Repeated,
                    Some((first, _)) => Sight::Differs(*first as u64),
                };
                if expected == Sight::New {
                    written.push((n, row));
                }
                proptest::prop_assert_eq!(seen.meet(&key, &cells, n as u64), expected);
            }
        }
    }
}
