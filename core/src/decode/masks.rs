//! Classifies 64 bytes at once: bit `i` of a mask speaks of byte `i`.
//!
//! Several files with the same function, one chosen by the processor, once for a stretch of data.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::choose;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm32;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use wasm32::choose;

mod portable;
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
pub(super) use portable::choose;

/// What the bytes of one chunk are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Masks {
    pub(super) delimiter: u64,
    pub(super) quote: u64,
    /// Line feed.
    pub(super) lf: u64,
    /// Carriage return.
    pub(super) cr: u64,
    /// Space.
    pub(super) space: u64,
    /// Tab.
    pub(super) tab: u64,
    /// Above 0x7F, 0x7F itself, or below 0x20 except line feed, carriage return and tab.
    pub(super) odd: u64,
}

/// Work on a stretch of data that is compiled once for each way to classify.
pub(super) trait Work {
    /// Does it. `classify` takes 64 bytes, the delimiter and the quotation mark. `number` takes bits and a number, and writes for each set bit in
    /// turn its index and the number, added up; what it writes behind those means nothing.
    fn run(self, classify: impl Fn(&[u8; 64], u8, u8) -> Masks, number: impl Fn(u64, u32, &mut [u32; 64]));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Compare;

    impl Work for Compare {
        fn run(self, classify: impl Fn(&[u8; 64], u8, u8) -> Masks, number: impl Fn(u64, u32, &mut [u32; 64])) {
            let mut chunk = [0u8; 64];
            for round in 0..2000u32 {
                for (i, byte) in chunk.iter_mut().enumerate() {
                    let mixed = (round.wrapping_mul(2_654_435_761) ^ (i as u32).wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
                    *byte = match mixed >> 29 {
                        0..=3 => b",\"\n\r \t;x"[(mixed >> 8) as usize % 8],
                        _ => (mixed >> 13) as u8,
                    };
                }
                for delimiter in [b',', b'\t', b';', b'|'] {
                    let masks = portable::classify(&chunk, delimiter, b'"');
                    assert_eq!(classify(&chunk, delimiter, b'"'), masks);
                    for bits in [masks.delimiter, masks.odd, !masks.odd, 0, u64::MAX, 1 << 63] {
                        let (mut ours, mut plain) = ([7; 64], [9; 64]);
                        number(bits, round, &mut ours);
                        portable::number(bits, round, &mut plain);
                        let count = bits.count_ones() as usize;
                        assert_eq!(ours[..count], plain[..count]);
                    }
                }
            }
        }
    }

    #[test]
    fn every_way_agrees_with_the_portable_one() {
        choose(Compare);
        #[cfg(target_arch = "x86_64")]
        x86_64::every(|| Compare);
    }
}
