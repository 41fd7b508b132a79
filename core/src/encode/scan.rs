//! Looking for a few signs in a text, eight bytes at a time.

/// Eight copies of a byte.
pub(super) const fn spread(b: u8) -> u64 {
    u64::from_ne_bytes([b; 8])
}

/// Not zero when one of the eight bytes is zero.
pub(super) const fn has_zero(word: u64) -> u64 {
    word.wrapping_sub(spread(1)) & !word & spread(0x80)
}

/// Not zero when one of the eight bytes is less than `n`, which is at most 128.
pub(super) const fn has_less(word: u64, n: u8) -> u64 {
    word.wrapping_sub(spread(n)) & !word & spread(0x80)
}

/// Whether `wide` gives something other than zero for eight bytes of the text, or `narrow` holds for a byte of a text shorter than eight.
/// The last eight bytes may overlap the ones before.
pub(super) fn any(bytes: &[u8], wide: impl Fn(u64) -> u64, narrow: impl Fn(u8) -> bool) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().any(|&b| narrow(b));
    };
    let (words, _) = bytes.as_chunks::<8>();
    // Without a way out in between several words are looked at at once; cells are short.
    words.iter().fold(wide(u64::from_ne_bytes(*last)), |found, w| found | wide(u64::from_ne_bytes(*w))) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40), quiet in 0usize..40, sign: u8, n in 0u8..=128) {
            // Long runs of ordinary bytes, so that both answers occur.
            let mut bytes = bytes;
            bytes.iter_mut().take(quiet).for_each(|b| *b = b'x');
            let equal = any(&bytes, |w| has_zero(w ^ spread(sign)), |b| b == sign);
            proptest::prop_assert_eq!(equal, bytes.contains(&sign));
            let less = any(&bytes, |w| has_less(w, n), |b| b < n);
            proptest::prop_assert_eq!(less, bytes.iter().any(|&b| b < n));
        }
    }
}
