//! WebAssembly's 128-bit vectors.

use core::arch::wasm32::{i64x2, u8x16_bitmask, u8x16_eq, u8x16_ge, u8x16_lt, u8x16_splat, v128, v128_andnot, v128_or};

use super::{Masks, Work};

pub(in crate::decode) fn choose(work: impl Work) {
    work.run(classify, super::portable::number);
}

#[inline(always)]
fn classify(chunk: &[u8; 64], delimiter: u8, quote: u8) -> Masks {
    let mut masks = Masks::default();
    for lane in 0..4 {
        let v = load(chunk, lane * 16);
        let is = |byte: u8| u8x16_eq(v, u8x16_splat(byte));
        let bits = |m: v128| u64::from(u8x16_bitmask(m)) << (lane * 16);
        let (is_lf, is_cr, is_tab) = (is(b'\n'), is(b'\r'), is(b'\t'));
        masks.delimiter |= bits(is(delimiter));
        masks.quote |= bits(is(quote));
        masks.lf |= bits(is_lf);
        masks.cr |= bits(is_cr);
        masks.space |= bits(is(b' '));
        masks.tab |= bits(is_tab);
        let plain = v128_or(v128_or(is_lf, is_cr), is_tab);
        masks.odd |= bits(v128_or(v128_andnot(u8x16_lt(v, u8x16_splat(0x20)), plain), u8x16_ge(v, u8x16_splat(0x7f))));
    }
    masks
}

#[inline(always)]
fn load(chunk: &[u8; 64], at: usize) -> v128 {
    let mut low = [0; 8];
    let mut high = [0; 8];
    low.copy_from_slice(&chunk[at..at + 8]);
    high.copy_from_slice(&chunk[at + 8..at + 16]);
    i64x2(i64::from_le_bytes(low), i64::from_le_bytes(high))
}
