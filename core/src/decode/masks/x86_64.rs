//! AVX-512 or AVX2 where the processor has it, else SSE2, which every x86-64 processor has.

use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm512_add_epi32,
    _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmpge_epu8_mask, _mm512_cmplt_epu8_mask, _mm512_cvtepu8_epi32,
    _mm512_extracti32x4_epi32, _mm512_loadu_si512, _mm512_maskz_compress_epi8, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_storeu_si512,
};

use super::portable::number;
use super::{Masks, Work};

/// Does the work with the widest vectors that the processor has.
#[allow(unsafe_code)]
pub(in crate::decode) fn choose(work: impl Work) {
    if has_avx512() {
        // SAFETY: the only condition of `with_avx512` is that the processor has the features it names, which was asked just now.
        unsafe { with_avx512(work) }
    } else if has_avx2() {
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

fn has_avx512() -> bool {
    use std::is_x86_feature_detected as has;
    has_avx2() && has!("avx512f") && has!("avx512bw") && has!("avx512vbmi2")
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
    if has_avx512() {
        // SAFETY: the features were asked just now.
        unsafe { with_avx512(work()) }
    }
}

// `classify` is given to the work as a closure that is made here, so that it is compiled with this function's features.

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2,bmi1,bmi2,popcnt,lzcnt")]
fn with_avx512(work: impl Work) {
    work.run(|chunk, delimiter, quote| classify_512(chunk, delimiter, quote), |bits, first, out| number_512(bits, first, out));
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn with_avx2(work: impl Work) {
    work.run(|chunk, delimiter, quote| classify_256(chunk, delimiter, quote), number);
}

#[target_feature(enable = "sse2")]
fn with_sse2(work: impl Work) {
    work.run(|chunk, delimiter, quote| classify_128(chunk, delimiter, quote), number);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn classify_512(chunk: &[u8; 64], delimiter: u8, quote: u8) -> Masks {
    let splat = |byte: u8| _mm512_set1_epi8(byte as i8);
    let v = load_512(chunk);
    let mut masks = Masks {
        delimiter: _mm512_cmpeq_epi8_mask(v, splat(delimiter)),
        quote: _mm512_cmpeq_epi8_mask(v, splat(quote)),
        lf: _mm512_cmpeq_epi8_mask(v, splat(b'\n')),
        space: _mm512_cmpeq_epi8_mask(v, splat(b' ')),
        ..Masks::default()
    };
    let beyond = (_mm512_cmplt_epu8_mask(v, splat(b' ')) | _mm512_cmpge_epu8_mask(v, splat(0x7f))) & !masks.lf;
    if beyond != 0 {
        masks.cr = _mm512_cmpeq_epi8_mask(v, splat(b'\r'));
        masks.tab = _mm512_cmpeq_epi8_mask(v, splat(b'\t'));
        masks.odd = beyond & !masks.cr & !masks.tab;
    }
    masks
}

#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code)]
fn load_512(chunk: &[u8; 64]) -> __m512i {
    // SAFETY: the pointer is that of 64 bytes that are borrowed here, and this load asks for no alignment.
    unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vbmi2")]
fn number_512(bits: u64, first: u32, out: &mut [u32; 64]) {
    // The indexes of all 64 bits, of which only those of set bits are kept, one behind the other.
    const INDEXES: [u8; 64] = {
        let mut all = [0; 64];
        let mut i = 0;
        while i < 64 {
            all[i] = i as u8;
            i += 1;
        }
        all
    };
    let kept = _mm512_maskz_compress_epi8(bits, load_512(&INDEXES));
    let first = _mm512_set1_epi32(first as i32);
    let widened = |sixteen: __m128i| _mm512_add_epi32(_mm512_cvtepu8_epi32(sixteen), first);
    let (one, more) = out.split_at_mut(16);
    store_512(widened(_mm512_castsi512_si128(kept)), one);
    if bits.count_ones() > 16 {
        let (two, more) = more.split_at_mut(16);
        let (three, four) = more.split_at_mut(16);
        store_512(widened(_mm512_extracti32x4_epi32::<1>(kept)), two);
        store_512(widened(_mm512_extracti32x4_epi32::<2>(kept)), three);
        store_512(widened(_mm512_extracti32x4_epi32::<3>(kept)), four);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code)]
fn store_512(numbers: __m512i, out: &mut [u32]) {
    let Some(out) = out.first_chunk_mut::<16>() else { return };
    // SAFETY: the pointer is that of sixteen numbers of four bytes that are borrowed here alone, and this store asks for no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), numbers) }
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
#[allow(unsafe_code)]
fn load_256(chunk: &[u8; 64], at: usize) -> __m256i {
    let half: &[u8] = &chunk[at..at + 32];
    // SAFETY: the pointer is that of 32 bytes that are borrowed here, and this load asks for no alignment.
    unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
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
