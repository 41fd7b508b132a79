//! SSE2, which every x86-64 processor has.

use core::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
};

use super::Masks;

#[inline(always)]
#[allow(unsafe_code)]
pub(in crate::decode) fn classify(chunk: &[u8; 64], delimiter: u8, quote: u8) -> Masks {
    // SAFETY: the only condition of `vectors` is that the processor has SSE2, which is part of x86-64 itself, the only architecture that
    // this file is compiled for (see the `cfg` in `masks.rs`). It touches no memory but its arguments, through safe slices.
    unsafe { vectors(chunk, delimiter, quote) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn vectors(chunk: &[u8; 64], delimiter: u8, quote: u8) -> Masks {
    let mut masks = Masks::default();
    let delimiters = _mm_set1_epi8(delimiter as i8);
    let quotes = _mm_set1_epi8(quote as i8);
    let lf = _mm_set1_epi8(b'\n' as i8);
    let cr = _mm_set1_epi8(b'\r' as i8);
    let space = _mm_set1_epi8(b' ' as i8);
    let tab = _mm_set1_epi8(b'\t' as i8);
    let delete = _mm_set1_epi8(0x7f);
    for lane in 0..4 {
        let v = load(chunk, lane * 16);
        let bits = |m: __m128i| u64::from(_mm_movemask_epi8(m) as u32) << (lane * 16);
        let (is_lf, is_cr, is_tab) = (_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, tab));
        masks.delimiter |= bits(_mm_cmpeq_epi8(v, delimiters));
        masks.quote |= bits(_mm_cmpeq_epi8(v, quotes));
        masks.lf |= bits(is_lf);
        masks.cr |= bits(is_cr);
        masks.blank |= bits(_mm_or_si128(_mm_cmpeq_epi8(v, space), is_tab));
        // Signed comparison: bytes from 0x80 up are negative, hence below the space as the controls are.
        let low = _mm_cmpgt_epi8(space, v);
        let plain = _mm_or_si128(_mm_or_si128(is_lf, is_cr), is_tab);
        masks.odd |= bits(_mm_or_si128(_mm_andnot_si128(plain, low), _mm_cmpeq_epi8(v, delete)));
    }
    masks
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(chunk: &[u8; 64], at: usize) -> __m128i {
    let mut low = [0; 8];
    let mut high = [0; 8];
    low.copy_from_slice(&chunk[at..at + 8]);
    high.copy_from_slice(&chunk[at + 8..at + 16]);
    _mm_set_epi64x(i64::from_le_bytes(high), i64::from_le_bytes(low))
}
