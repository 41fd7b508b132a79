//! Keys: which values have been seen, in little memory.
//!
//! A key is remembered as 96 bits of a 128-bit hash: 12 bytes, and 6.4 more to find it again where the number of keys was foreseen; where it was not,
//! up to 8, or 9.6 below a million keys. The row where it was first met takes nothing while rows and keys go on side by side, and 4 bytes at the worst. With 100 million keys the
//! chance that any two of them share those bits by accident is below one in ten trillion; the hash is not secret, so a file made to
//! collide can bring a false finding upon itself, never hide a true one.

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

/// What is kept of a key's hash: its first 64 bits, and 32 more.
type Kept = [u32; 3];

#[inline(always)]
fn kept(key: KeyHash) -> Kept {
    [key.0 as u32, (key.0 >> 32) as u32, (key.1 >> 32) as u32]
}

/// What tells a key from most of those in the same bucket; never zero, which stands for no key.
#[inline(always)]
fn tag([low, _, third]: Kept) -> u8 {
    ((low ^ third) as u8).max(1)
}

/// Keys that a bucket holds.
const BUCKET: usize = 12;

/// Keys for each bucket, at the most, before there are more buckets.
const FULL: usize = 10;

/// Places for twelve keys in one line of the processor's cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket {
    tags: [u8; BUCKET],
    filled: u8,
    indexes: [u32; BUCKET],
}

/// The high bit of each byte that is `tag`, and perhaps of some above such a byte.
#[inline(always)]
fn same(bytes: u64, tag: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let other = bytes ^ (ONES * u64::from(tag));
    other.wrapping_sub(ONES) & !other & (ONES << 7)
}

impl Bucket {
    /// The index of a key with this tag for which `is` holds.
    #[inline(always)]
    fn find(&self, tag: u8, is: impl Fn(u32) -> bool) -> Option<u32> {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.tags;
        let first = same(u64::from_le_bytes([a, b, c, d, e, f, g, h]), tag);
        let second = same(u64::from(u32::from_le_bytes(rest)), tag);
        // Of keys that are not known, two in a hundred go on from here.
        if first | second == 0 {
            return None;
        }
        [(first, 0), (second, 8)].into_iter().find_map(|(mut same, from)| {
            while same != 0 {
                let index = *self.indexes.get(from + same.trailing_zeros() as usize / 8)?;
                if is(index) {
                    return Some(index);
                }
                same &= same - 1;
            }
            None
        })
    }

    /// Adds a key, where there is room.
    #[inline(always)]
    fn add(&mut self, tag: u8, index: u32) -> bool {
        let filled = usize::from(self.filled);
        if filled >= BUCKET {
            return false;
        }
        self.tags[filled] = tag;
        self.indexes[filled] = index;
        self.filled += 1;
        true
    }

    #[inline(always)]
    fn is_full(&self) -> bool {
        usize::from(self.filled) >= BUCKET
    }
}

/// The row of each key, by the key's index.
///
/// Rows go up with the keys, so where they do, only the first of a stretch is told. Where they do not for more than every second key, each is.
#[derive(Debug, Clone, Default)]
struct Rows {
    /// Index and row where a stretch begins in which both go up by one.
    stretches: Vec<(u32, u32)>,
    /// Every row; then there are no stretches.
    each: Vec<u32>,
    /// The row with which the last stretch goes on.
    next: u32,
}

impl Rows {
    #[inline(always)]
    fn push(&mut self, index: u32, row: u32) {
        if row == self.next && self.each.is_empty() {
            self.next = row.saturating_add(1);
        } else {
            self.push_odd(index, row);
        }
    }

    #[cold]
    fn push_odd(&mut self, index: u32, row: u32) {
        if self.each.is_empty() && (self.stretches.len() < 32 || self.stretches.len() < index as usize / 2) {
            self.stretches.push((index, row));
            self.next = row.saturating_add(1);
            return;
        }
        if self.each.is_empty() {
            self.each = self.all(index).collect();
            self.stretches = Vec::new();
        }
        self.each.push(row);
    }

    fn of(&self, index: u32) -> u32 {
        if let Some(&row) = self.each.get(index as usize) {
            return row;
        }
        let after = self.stretches.partition_point(|&(first, _)| first <= index);
        self.stretches.get(after.wrapping_sub(1)).map_or(1, |&(first, row)| row.saturating_add(index - first))
    }

    /// All rows, of so many keys.
    fn all(&self, count: u32) -> impl Iterator<Item = u32> {
        let ends = self.stretches.iter().skip(1).map(|&(first, _)| first).chain([count]);
        let told = self.stretches.iter().zip(ends).flat_map(|(&(first, row), end)| (0..end - first).map(move |i| row.saturating_add(i)));
        told.chain(self.each.iter().copied())
    }

    fn clear(&mut self) {
        self.stretches.clear();
        self.each.clear();
        self.next = 0;
    }
}

/// Keys that lie in one piece of memory, but for the first.
const PIECE: usize = if usize::BITS == 64 { 1 << 22 } else { 1 << 16 };

/// Keys that lie in the first one, so that a small table stays small.
const FIRST: usize = 1 << 14;

/// Bytes that an allocator takes from the system and gives back to it by themselves, whatever it was asked for before: what it keeps, a server does not
/// get back. Of them only what is written to takes memory, where addresses are plenty.
const BY_ITSELF: usize = if usize::BITS == 64 { 40 << 20 } else { 0 };

/// Bytes from which on so many are asked for.
const LARGE: usize = 1 << 20;

/// Keys ahead for which memory is asked while all are placed anew.
const AHEAD: usize = 16;

/// Buckets beyond its own in which a key may be sought before that is held against the table; keys that nobody chose stay far below.
const FAR: usize = 64;

/// Keys and the row of each one's first record.
///
/// The keys lie in the order in which they came, in pieces, so that none is ever moved. Buckets find them: they are what the processor's cache cannot
/// hold, so a key is nearly always settled by one line of it, and whoever inserts many keys asks for their lines some keys ahead ([`KeyTable::ask`]).
/// Buckets are made anew from the keys alone, after the old ones have gone: at no time is anything there twice.
#[derive(Debug, Clone, Default)]
pub struct KeyTable {
    keys: Vec<Vec<Kept>>,
    count: usize,
    rows: Rows,
    buckets: Vec<Bucket>,
    /// How many keys are to come, as was said; see [`KeyTable::expect`].
    expected: usize,
    /// Settles, with the hash, which bucket is a key's own; even.
    seed: u64,
    /// Steps to buckets that were far from their keys' own, since the buckets were made.
    strayed: usize,
    /// Keys of rows that others may refer to, but that are no repetitions and cannot be repeated: see [`KeyTable::allow`].
    loose: Option<Box<KeyTable>>,
}

impl KeyTable {
    /// Adds a key met in `row` (from 1; beyond 4,294,967,295 that number stands for all). Gives the row of its first record when it was known.
    /// Beyond four billion keys nothing is remembered.
    #[inline(always)]
    pub fn insert(&mut self, key: KeyHash, row: u64) -> Option<u64> {
        if self.count >= self.buckets.len() * FULL {
            self.grow();
        }
        let key = kept(key);
        let tag = tag(key);
        let own = self.own(key);
        let mut at = own;
        loop {
            let Self { keys, buckets, .. } = self;
            let bucket = &mut buckets[at];
            if let Some(index) = bucket.find(tag, |index| is_at(keys, index, key)) {
                return Some(u64::from(self.rows.of(index)));
            }
            let index = self.count as u32;
            if index == u32::MAX {
                // Nothing is added any more, so a bucket with room is where the search ends.
                if !bucket.is_full() {
                    return None;
                }
            } else if bucket.add(tag, index) {
                match keys.last_mut() {
                    Some(piece) if self.count != FIRST && piece.len() < PIECE => piece.push(key),
                    _ => self.begin_piece(key),
                }
                self.rows.push(index, row.clamp(1, u64::from(u32::MAX)) as u32);
                self.count += 1;
                if at.abs_diff(own) > FAR {
                    self.stray(at.abs_diff(own));
                }
                return None;
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
    }

    /// The index of the bucket in which a key is sought first.
    #[inline(always)]
    fn own(&self, [low, high, third]: Kept) -> usize {
        // Of both halves of the hash, since it is easy to write keys that have one half in common.
        let mixed = (u64::from(low) | u64::from(high ^ third) << 32).wrapping_mul(K[0] ^ self.seed);
        (((mixed >> 32) * self.buckets.len() as u64) >> 32) as usize
    }

    #[cold]
    fn begin_piece(&mut self, key: Kept) {
        let mut piece = Vec::with_capacity(if self.keys.is_empty() { 0 } else { PIECE });
        piece.push(key);
        self.keys.push(piece);
    }

    /// Adds all keys of another table, with their rows.
    pub(crate) fn insert_all(&mut self, other: &KeyTable) {
        let keys = other.keys.iter().flatten();
        for (&[low, high, third], row) in keys.zip(other.rows.all(other.count as u32)) {
            self.insert(KeyHash(u64::from(low) | u64::from(high) << 32, u64::from(third) << 32), u64::from(row));
        }
    }

    /// Forgets all keys; the memory is used again.
    pub(crate) fn clear(&mut self) {
        self.keys.truncate(1);
        self.keys.iter_mut().for_each(Vec::clear);
        self.count = 0;
        self.rows.clear();
        self.buckets.fill(Bucket::default());
        self.strayed = 0;
        self.loose = None;
    }

    /// Adds the key of a row that has a fault of its own, such as the wrong number of cells: only [`KeyTable::has`] knows it. So a reference to it
    /// is not told as a second fault.
    pub fn allow(&mut self, key: KeyHash) {
        let loose = self.loose.get_or_insert_default();
        // Of these nobody asks for the row; such rows take no memory.
        loose.insert(key, loose.count as u64 + 1);
    }

    /// Whether the key is known.
    pub fn has(&self, key: KeyHash) -> bool {
        self.has_sound(kept(key)) || self.loose.as_ref().is_some_and(|loose| loose.has(key))
    }

    fn has_sound(&self, key: Kept) -> bool {
        if self.buckets.is_empty() {
            return false;
        }
        let tag = tag(key);
        let mut at = self.own(key);
        loop {
            let bucket = &self.buckets[at];
            if bucket.find(tag, |index| is_at(&self.keys, index, key)).is_some() {
                return true;
            }
            if !bucket.is_full() {
                return false;
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
    }

    /// Asks the processor to fetch the place of a key that will be inserted soon.
    #[inline(always)]
    pub fn ask(&self, key: KeyHash) {
        self.fetch(kept(key));
    }

    #[inline(always)]
    fn fetch(&self, key: Kept) {
        if let Some(bucket) = self.buckets.get(self.own(key)) {
            fetch(bucket);
        }
    }

    /// Makes room for so many keys, those that are there among them: for who knows how many there are. Beyond a hundred megabytes that is only believed
    /// as it comes true.
    pub fn reserve(&mut self, keys: usize) {
        self.expect(keys);
        let at_once = keys.min(1 << 24);
        if at_once > self.buckets.len() * FULL {
            self.place_all(at_once.div_ceil(FULL));
        }
    }

    /// Says how many keys are to come, those that are there among them: for who was only told so. Room is made as keys come, for at most four times as
    /// many, so that nobody takes memory by what is said.
    pub fn expect(&mut self, keys: usize) {
        self.expected = keys;
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    #[cold]
    fn grow(&mut self) {
        // Of many keys, time is given for memory.
        let step = if self.count < 1 << 20 { self.count / 2 } else { self.count / 4 };
        let room = (self.count + step).max(self.expected.min(self.count.saturating_mul(4))).max(BUCKET);
        self.place_all(room.div_ceil(FULL));
    }

    /// A key lies far from its own bucket. Where that happens again and again, the keys were chosen so, and are spread in another way; it takes about
    /// as long as the steps that led to it.
    #[cold]
    fn stray(&mut self, steps: usize) {
        self.strayed += steps.min(self.buckets.len() - steps);
        if self.strayed > self.count {
            self.seed = fold(self.seed ^ K[1] ^ self.count as u64, K[2]) & !1;
            self.place_all(self.buckets.len());
        }
    }

    fn place_all(&mut self, size: usize) {
        // First the old ones go.
        self.buckets = Vec::new();
        let room = if size * size_of::<Bucket>() < LARGE { size } else { size.max(BY_ITSELF / size_of::<Bucket>()) };
        self.buckets = Vec::with_capacity(room);
        self.buckets.resize(size, Bucket::default());
        self.strayed = 0;
        let mut index = 0;
        for piece in &self.keys {
            for (i, &key) in piece.iter().enumerate() {
                if let Some(&ahead) = piece.get(i + AHEAD) {
                    self.fetch(ahead);
                }
                let mut at = self.own(key);
                while !self.buckets[at].add(tag(key), index) {
                    at = if at + 1 == size { 0 } else { at + 1 };
                }
                index += 1;
            }
        }
    }
}

#[inline(always)]
fn is_at(keys: &[Vec<Kept>], index: u32, key: Kept) -> bool {
    let index = index as usize;
    let (piece, at) = if index < FIRST { (0, index) } else { ((index - FIRST) / PIECE + 1, (index - FIRST) % PIECE) };
    keys.get(piece).and_then(|piece| piece.get(at)) == Some(&key)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
fn fetch(bucket: &Bucket) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: prefetching reads nothing that the program sees and cannot fault, whatever the address; this one is that of a live reference.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(bucket).cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn fetch(_: &Bucket) {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Bytes that a table has written to, or keeps in small pieces.
    fn room(table: &KeyTable) -> usize {
        let keys: usize = table.keys.iter().enumerate().map(|(i, piece)| if i == 0 { piece.capacity() } else { piece.len() } * 12).sum();
        keys + table.buckets.len() * 64 + table.rows.stretches.capacity() * 8 + table.rows.each.capacity() * 4
    }

    /// Keys as they are told from others, with their rows, as a table has them.
    fn all(table: &KeyTable) -> Vec<(Kept, u32)> {
        table.keys.iter().flatten().copied().zip(table.rows.all(table.count as u32)).collect()
    }

    /// A hash whose own bucket, while nothing was spread anew, is the first one in a table of any size.
    fn at_home_in_the_first(i: u64) -> KeyHash {
        // What undoes the multiplication, by Newton's steps.
        let inverse = (0..6).fold(1_u64, |x, _| x.wrapping_mul(2_u64.wrapping_sub(K[0].wrapping_mul(x))));
        KeyHash(inverse.wrapping_mul(i), 0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn agrees_with_a_map(
            keys in proptest::collection::vec(("[ab]{0,3}", "[a-c]{0,20}", 0_u64..20), 0..3000),
            expected in proptest::option::of(0_usize..20_000),
        ) {
            let mut table = KeyTable::default();
            let mut map = HashMap::new();
            let mut next = 1;
            for (i, (first, second, odd)) in keys.iter().enumerate() {
                let hash = KeyHash::default().part(first.as_bytes()).part(second.as_bytes());
                // Mostly one after the other, with gaps, some backwards, some beyond what is told.
                let row = match odd {
                    0 => next / 2 + 1,
                    1 => u64::from(u32::MAX) + next,
                    2 => next + 1000,
                    _ => next,
                };
                next += 1 + u64::from(*odd == 3);
                let known = map.get(&(first, second)).copied();
                table.ask(hash);
                prop_assert_eq!(table.has(hash), known.is_some());
                prop_assert_eq!(table.insert(hash, row), known);
                map.entry((first, second)).or_insert(row.min(u64::from(u32::MAX)));
                prop_assert!(table.has(hash));
                if i == keys.len() / 3 && let Some(expected) = expected {
                    table.expect(expected);
                }
            }
            prop_assert_eq!(table.len(), map.len());
            let (mut half, mut again) = (KeyTable::default(), KeyTable::default());
            for &([low, high, third], row) in &all(&table)[..table.len() / 2] {
                half.insert(KeyHash(u64::from(low) | u64::from(high) << 32, u64::from(third) << 32), u64::from(row));
            }
            again.insert_all(&half);
            prop_assert_eq!(all(&again), all(&half));
            again.insert_all(&table);
            prop_assert_eq!(all(&again), all(&table));
            again.clear();
            prop_assert!(again.is_empty() && !keys.iter().any(|k| again.has(KeyHash::default().part(k.0.as_bytes()).part(k.1.as_bytes()))));
            again.insert_all(&table);
            prop_assert_eq!(all(&again), all(&table));
            let odd = KeyHash::default().part(b"of a row with a fault");
            prop_assert!(!table.has(odd));
            table.allow(odd);
            table.expect(table.len() * 9);
            prop_assert!(table.has(odd));
            prop_assert_eq!(table.insert(odd, 9), None);
            prop_assert_eq!(table.insert(odd, 10), Some(9));
        }

        /// Hashes that have tags, buckets and halves in common are told apart by any of their 96 bits, and by no others.
        #[test]
        fn what_collides_is_told_apart(parts in proptest::collection::vec((0_u64..4, 0_u64..4, 0_u64..4, 0_u64..300, any::<u32>()), 0..1500)) {
            let mut table = KeyTable::default();
            let mut map = HashMap::new();
            for (i, &(low, high, third, home, rest)) in parts.iter().enumerate() {
                let KeyHash(mixed, _) = at_home_in_the_first(home << 8);
                let hash = KeyHash(mixed ^ (low << 8) ^ (high << 62), third << 32 | u64::from(rest));
                let known = map.get(&(hash.0, third)).copied();
                prop_assert_eq!(table.insert(hash, i as u64 + 1), known);
                map.entry((hash.0, third)).or_insert(i as u64 + 1);
            }
            prop_assert_eq!(table.len(), map.len());
            for ((hash, third), row) in map {
                prop_assert_eq!(table.insert(KeyHash(hash, third << 32), 1), Some(row));
                prop_assert!(!table.has(KeyHash(hash, (third + 4) << 32)));
            }
        }
    }

    fn of_number(i: u64) -> KeyHash {
        KeyHash::default().part(&i.to_le_bytes())
    }

    #[test]
    fn memory_is_as_stated() {
        let keys: u64 = 300_000;
        let (mut foreseen, mut not) = (KeyTable::default(), KeyTable::default());
        let mut known = KeyTable::default();
        known.insert(of_number(0), 2);
        known.reserve(keys as usize);
        assert_eq!((known.buckets.len(), known.insert(of_number(0), 9)), (30_000, Some(2)));
        foreseen.expect(keys as usize);
        let mut most = 0;
        for i in 0..keys {
            assert_eq!((foreseen.insert(of_number(i), i + 2), not.insert(of_number(i), i + 2)), (None, None));
            most = most.max(not.buckets.len() * 640 / (i as usize + 100));
        }
        assert_eq!(foreseen.buckets.len(), 30_000);
        assert!(room(&foreseen) <= keys as usize * 185 / 10, "{}", room(&foreseen));
        assert!(most <= 96, "{most} tenths of a byte");
        assert_eq!((foreseen.rows.stretches.len(), foreseen.insert(of_number(77_777), 1)), (1, Some(77_779)));
        // Keys of random texts lie near their buckets.
        assert_eq!((foreseen.seed, not.seed), (0, 0));
    }

    #[test]
    fn what_is_only_said_to_come_takes_little() {
        let mut table = KeyTable::default();
        table.expect(usize::MAX);
        for i in 0..10_000 {
            table.insert(of_number(i), 1);
            assert!(room(&table) < 100 * (i as usize + 40), "{} for {i}", room(&table));
        }
    }

    #[test]
    fn rows_in_any_order_take_little() {
        // Every second row has no key; then they go backwards.
        let mut table = KeyTable::default();
        let rows = |i: u64| if i < 50_000 { 2 * i + 1 } else { 400_000 - i };
        for i in 0..200_000 {
            assert_eq!(table.insert(of_number(i), rows(i)), None);
            let rows = table.rows.stretches.len() * 8 + table.rows.each.len() * 4;
            assert!(rows <= 4 * (i as usize + 1) + 256, "{rows} for {i}");
        }
        assert_eq!(table.rows.each.len(), 200_000);
        assert!((0..200_000).all(|i| table.insert(of_number(i), 5) == Some(rows(i))));
    }

    /// Keys that all have the same bucket for their own would take a second for each hundred thousand, and four times that for twice as many.
    #[test]
    fn keys_that_were_chosen_to_meet_are_spread() {
        let mut table = KeyTable::default();
        let keys: u64 = 200_000;
        for i in 0..keys {
            assert_eq!(table.insert(at_home_in_the_first(i), i + 1), None);
        }
        assert_ne!(table.seed, 0);
        // Of those that came since, few enough lie far from home.
        let keys_in_order: Vec<Kept> = table.keys.iter().flatten().copied().collect();
        let mut far = 0;
        for (at, bucket) in table.buckets.iter().enumerate() {
            for &index in &bucket.indexes[..usize::from(bucket.filled)] {
                let own = table.own(keys_in_order[index as usize]);
                far += if at < own { table.buckets.len() + at - own } else { at - own };
            }
        }
        assert!(far < 2 * keys as usize, "{far}");
        assert!((0..keys).all(|i| table.insert(at_home_in_the_first(i), 0) == Some(i + 1)));
    }
}
