//! Byte by byte: the reference of the other two, and the reading on processors without vectors.

use super::Masks;

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
pub(in crate::decode) fn choose(work: impl super::Work) {
    work.run(classify);
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
