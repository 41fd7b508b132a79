//! Byte by byte: the reference of the other two, and the reading on processors without vectors.

use super::Masks;

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
pub(in crate::decode) fn choose(work: impl super::Work) {
    work.run(classify, number);
}

#[allow(dead_code)] // on processors with vectors only the tests call it
pub(in crate::decode) fn classify(chunk: &[u8; 64], delimiter: u8, quote: u8) -> Masks {
    let mut masks = Masks::default();
    for (i, &byte) in chunk.iter().enumerate() {
        let bit = |is: bool| u64::from(is) << i;
        masks.delimiter |= bit(byte == delimiter);
        masks.quote |= bit(byte == quote);
        masks.lf |= bit(byte == b'\n');
        masks.cr |= bit(byte == b'\r');
        masks.space |= bit(byte == b' ');
        masks.tab |= bit(byte == b'\t');
        masks.odd |= bit(byte >= 0x7f || (byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t')));
    }
    masks
}

#[inline(always)]
pub(in crate::decode) fn number(mut bits: u64, first: u32, out: &mut [u32; 64]) {
    // Eight at a time, whether there are so many or not: a loop that ends with the last bit would be guessed wrong nearly every time.
    let count = bits.count_ones() as usize;
    for eight in out.chunks_exact_mut(8).take(count.div_ceil(8)) {
        for place in eight {
            *place = first.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
    }
}
