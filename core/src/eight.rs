//! Looking for a few signs in bytes, eight at a time.

/// Eight copies of a byte.
pub(crate) const fn spread(b: u8) -> u64 {
    u64::from_ne_bytes([b; 8])
}

/// The highest bit of each byte that is zero, as far as the lowest such byte (a byte above a zero one may be marked wrongly): not zero when
/// one of the eight bytes is zero.
pub(crate) const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(spread(1)) & !word & spread(0x80)
}

/// Not zero when one of the eight bytes is less than `n`, which is at most 128.
pub(crate) const fn less(word: u64, n: u8) -> u64 {
    word.wrapping_sub(spread(n)) & !word & spread(0x80)
}

/// Whether `wide` gives something other than zero for eight bytes of the text, or `narrow` holds for a byte of a text shorter than eight.
/// The last eight bytes may overlap the ones before.
pub(crate) fn any(bytes: &[u8], wide: impl Fn(u64) -> u64, narrow: impl Fn(u8) -> bool) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().any(|&b| narrow(b));
    };
    let (words, _) = bytes.as_chunks::<8>();
    // Without a way out in between several words are looked at at once; cells are short.
    words.iter().fold(wide(u64::from_ne_bytes(*last)), |found, w| found | wide(u64::from_ne_bytes(*w))) != 0
}

/// The place of the first byte from a place on that is `A`, `B` or a control character below the blank.
#[inline]
pub(crate) fn first<const A: u8, const B: u8>(data: &[u8], mut at: usize) -> Option<usize> {
    while let Some(eight) = data.get(at..at + 8).and_then(|b| <[u8; 8]>::try_from(b).ok()) {
        let word = u64::from_le_bytes(eight);
        // A byte below 0x20 has its highest three bits clear.
        let found = zeros(word ^ spread(A)) | zeros(word ^ spread(B)) | zeros(word & spread(0xe0));
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    data.get(at..)?.iter().position(|&b| b == A || b == B || b < 0x20).map(|i| at + i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sign_is_found_where_it_is() {
        let special = first::<b'"', b'\\'>;
        for length in 0..40 {
            let plain = vec![b'x'; length];
            assert_eq!(special(&plain, 0), None);
            for at in 0..length {
                for byte in [b'"', b'\\', b'\n', 0, 0x1f] {
                    let mut data = plain.clone();
                    data[at] = byte;
                    data.push(b'"');
                    assert_eq!(special(&data, 0), Some(at), "{byte:#x} at {at} of {length}");
                }
                for byte in [0x20, b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut data = plain.clone();
                    data[at] = byte;
                    assert_eq!(special(&data, 0), None, "{byte:#x} at {at} of {length}");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40), quiet in 0usize..40, sign: u8, n in 0u8..=128) {
            // Long runs of ordinary bytes, so that both answers occur.
            let mut bytes = bytes;
            bytes.iter_mut().take(quiet).for_each(|b| *b = b'x');
            let equal = any(&bytes, |w| zeros(w ^ spread(sign)), |b| b == sign);
            proptest::prop_assert_eq!(equal, bytes.contains(&sign));
            let small = any(&bytes, |w| less(w, n), |b| b < n);
            proptest::prop_assert_eq!(small, bytes.iter().any(|&b| b < n));
        }
    }
}
