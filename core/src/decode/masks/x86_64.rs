//! AVX2 where the processor has it, else SSE2, which every x86-64 processor has.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8,
    _mm256_cmpgt_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8,
};

use super::{Masks, Work};

/// Does the work with the widest vectors that the processor has.
#[allow(unsafe_code)]
pub(in crate::decode) fn choose(work: impl Work) {
    if has_avx2() {
        // SAFETY: the only condition of `with_avx2` is that the processor has the features it names, which was asked just now.
        unsafe { with_avx2(work) }
    } else {
        // SAFETY: the only condition of `with_sse2` is that the processor has SSE2, which is part of x86-64 itself, the only architecture that
        // this file is compiled for (see the `cfg` in `masks.rs`).
        unsafe { with_sse2(work) }
    }
}

fn has_avx2() -> bool {
    use std::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("popcnt") && has!("lzcnt")
}

/// Runs the work with each kind of vectors.
#[cfg(test)]
#[allow(unsafe_code)]
pub(super) fn every<W: Work>(work: impl Fn() -> W) {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { with_sse2(work()) }
    if has_avx2() {
        // SAFETY: the features were asked just now.
        unsafe { with_avx2(work()) }
    }
}

// `classify` is given to the work as a closure that is made here, so that it is compiled with this function's features.

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn with_avx2(work: impl Work) {
    work.run(|chunk, delimiter, quote| classify_256(chunk, delimiter, quote));
}

#[target_feature(enable = "sse2")]
fn with_sse2(work: impl Work) {
    work.run(|chunk, delimiter, quote| classify_128(chunk, delimiter, quote));
}

#[inline]
#[target_feature(enable = "avx2")]
fn classify_256(chunk: &[u8; 64], delimiter: u8, quote: u8) -> Masks {
    let mut masks = Masks::default();
    let splat = |byte: u8| _mm256_set1_epi8(byte as i8);
    let bits = |lane: usize, m: __m256i| u64::from(_mm256_movemask_epi8(m) as u32) << (lane * 32);
    let (delimiters, quotes) = (splat(delimiter), splat(quote));
    let (lf, space, below_delete) = (splat(b'\n'), splat(b' '), splat(0x7e));
    let mut beyond = 0;
    for lane in 0..2 {
        let v = load_256(chunk, lane * 32);
        masks.delimiter |= bits(lane, _mm256_cmpeq_epi8(v, delimiters));
        masks.quote |= bits(lane, _mm256_cmpeq_epi8(v, quotes));
        masks.lf |= bits(lane, _mm256_cmpeq_epi8(v, lf));
        masks.space |= bits(lane, _mm256_cmpeq_epi8(v, space));
        // Signed comparisons: bytes from 0x80 up are negative, hence below the space as the controls are.
        beyond |= bits(lane, _mm256_or_si256(_mm256_cmpgt_epi8(space, v), _mm256_cmpgt_epi8(v, below_delete)));
    }
    beyond &= !masks.lf;
    if beyond != 0 {
        let (cr, tab) = (splat(b'\r'), splat(b'\t'));
        for lane in 0..2 {
            let v = load_256(chunk, lane * 32);
            masks.cr |= bits(lane, _mm256_cmpeq_epi8(v, cr));
            masks.tab |= bits(lane, _mm256_cmpeq_epi8(v, tab));
        }
        masks.odd = beyond & !masks.cr & !masks.tab;
    }
    masks
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_256(chunk: &[u8; 64], at: usize) -> __m256i {
    let word = |i: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&chunk[at + i * 8..at + i * 8 + 8]);
        i64::from_le_bytes(bytes)
    };
    _mm256_set_epi64x(word(3), word(2), word(1), word(0))
}

#[inline]
#[target_feature(enable = "sse2")]
fn classify_128(chunk: &[u8; 64], delimiter: u8, quote: u8) -> Masks {
    let mut masks = Masks::default();
    let splat = |byte: u8| _mm_set1_epi8(byte as i8);
    let bits = |lane: usize, m: __m128i| u64::from(_mm_movemask_epi8(m) as u32) << (lane * 16);
    let (delimiters, quotes) = (splat(delimiter), splat(quote));
    let (lf, space, below_delete) = (splat(b'\n'), splat(b' '), splat(0x7e));
    let mut beyond = 0;
    for lane in 0..4 {
        let v = load_128(chunk, lane * 16);
        masks.delimiter |= bits(lane, _mm_cmpeq_epi8(v, delimiters));
        masks.quote |= bits(lane, _mm_cmpeq_epi8(v, quotes));
        masks.lf |= bits(lane, _mm_cmpeq_epi8(v, lf));
        masks.space |= bits(lane, _mm_cmpeq_epi8(v, space));
        // Signed comparisons: bytes from 0x80 up are negative, hence below the space as the controls are.
        beyond |= bits(lane, _mm_or_si128(_mm_cmpgt_epi8(space, v), _mm_cmpgt_epi8(v, below_delete)));
    }
    beyond &= !masks.lf;
    if beyond != 0 {
        let (cr, tab) = (splat(b'\r'), splat(b'\t'));
        for lane in 0..4 {
            let v = load_128(chunk, lane * 16);
            masks.cr |= bits(lane, _mm_cmpeq_epi8(v, cr));
            masks.tab |= bits(lane, _mm_cmpeq_epi8(v, tab));
        }
        masks.odd = beyond & !masks.cr & !masks.tab;
    }
    masks
}

#[inline]
#[target_feature(enable = "sse2")]
fn load_128(chunk: &[u8; 64], at: usize) -> __m128i {
    let word = |i: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&chunk[at + i * 8..at + i * 8 + 8]);
        i64::from_le_bytes(bytes)
    };
    _mm_set_epi64x(word(1), word(0))
}
