//! Texts of at most sixteen bytes, looked at whole.
//!
//! Most cells are short, and of changing lengths: a loop over their bytes, or a choice by their length, is a jump that the processor guesses
//! wrong every few cells, which costs more than all the rest. So sixteen bytes are taken from where the cell starts, whatever stands behind it
//! in the row, and bit operations look at as many of them as belong to the cell.

/// Sixteen bytes, the first in the lowest bits.
pub(crate) type Sixteen = u128;

/// The sixteen bytes at a place; `None` where the data end before.
#[inline(always)]
pub(crate) fn sixteen(data: &[u8], from: usize) -> Option<Sixteen> {
    let bytes = data.get(from..)?.first_chunk::<16>()?;
    Some(u128::from_le_bytes(*bytes))
}

/// The first `n` bytes of sixteen, the others made zero; `n` is at most 16.
#[inline(always)]
pub(crate) fn first(bytes: Sixteen, n: usize) -> Sixteen {
    const KEEP: [u128; 17] = {
        let mut keep = [u128::MAX; 17];
        let mut n = 0;
        while n < 16 {
            keep[n] = (1 << (8 * n)) - 1;
            n += 1;
        }
        keep
    };
    bytes & KEEP[n]
}

/// For each byte a range that it has to be in: the least value, and how far above it the greatest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ranges {
    least: [u8; 16],
    span: [u8; 16],
}

impl Ranges {
    /// Any byte anywhere.
    pub(crate) const ANY: Ranges = Ranges { least: [0; 16], span: [255; 16] };

    /// The same range everywhere.
    pub(crate) const fn all(least: u8, most: u8) -> Ranges {
        Ranges { least: [least; 16], span: [most - least; 16] }
    }

    /// Sets the range of one byte.
    pub(crate) const fn set(&mut self, at: usize, least: u8, most: u8) {
        (self.least[at], self.span[at]) = (least, most - least);
    }

    /// Bit `i` of the result: byte `i` is in its range.
    #[inline(always)]
    pub(crate) fn hold(&self, bytes: Sixteen) -> u32 {
        within(bytes, &self.least, &self.span)
    }

    /// Whether all sixteen bytes are in their ranges.
    #[inline(always)]
    pub(crate) fn hold_all(&self, bytes: Sixteen) -> bool {
        self.hold(bytes) == 0xffff
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
fn within(bytes: Sixteen, least: &[u8; 16], span: &[u8; 16]) -> u32 {
    // SAFETY: the only condition of `with_sse2` is that the processor has SSE2, which is part of x86-64 itself, the only architecture that this
    // function is compiled for.
    unsafe { with_sse2(bytes, least, span) }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn with_sse2(bytes: Sixteen, least: &[u8; 16], span: &[u8; 16]) -> u32 {
    use core::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_setzero_si128, _mm_sub_epi8, _mm_subs_epu8};
    let (least, span) = (u128::from_le_bytes(*least), u128::from_le_bytes(*span));
    let bytes = _mm_set_epi64x((bytes >> 64) as i64, bytes as i64);
    let least = _mm_set_epi64x((least >> 64) as i64, least as i64);
    let span = _mm_set_epi64x((span >> 64) as i64, span as i64);
    // What is below the least wraps round to a great value; what is beyond the span is left over by the saturating difference.
    let beyond = _mm_subs_epu8(_mm_sub_epi8(bytes, least), span);
    _mm_movemask_epi8(_mm_cmpeq_epi8(beyond, _mm_setzero_si128())) as u32
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn within(bytes: Sixteen, least: &[u8; 16], span: &[u8; 16]) -> u32 {
    portable(bytes, least, span)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline(always)]
fn portable(bytes: Sixteen, least: &[u8; 16], span: &[u8; 16]) -> u32 {
    let bytes = bytes.to_le_bytes();
    let mut mask = 0;
    for i in 0..16 {
        mask |= u32::from(bytes[i].wrapping_sub(least[i]) <= span[i]) << i;
    }
    mask
}

/// Of sixteen bytes, as bits: those that end a plain run of a text of JSON, as a quotation mark, a backslash or a control character does; and those
/// that are no ASCII.
#[inline(always)]
pub(crate) fn text_stops(bytes: Sixteen) -> (u32, u32) {
    stops(bytes)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
fn stops(bytes: Sixteen) -> (u32, u32) {
    // SAFETY: the only condition of `stops_with_sse2` is that the processor has SSE2, which is part of x86-64 itself, the only architecture
    // that this function is compiled for.
    unsafe { stops_with_sse2(bytes) }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn stops_with_sse2(bytes: Sixteen) -> (u32, u32) {
    use core::arch::x86_64::{_mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};
    let bytes = _mm_set_epi64x((bytes >> 64) as i64, bytes as i64);
    let marks = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
    let slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
    let controls = _mm_cmpeq_epi8(bytes, _mm_min_epu8(bytes, _mm_set1_epi8(0x1f)));
    let found = _mm_or_si128(_mm_or_si128(marks, slashes), controls);
    (_mm_movemask_epi8(found) as u32, _mm_movemask_epi8(bytes) as u32)
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn stops(bytes: Sixteen) -> (u32, u32) {
    stops_portable(bytes)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline(always)]
fn stops_portable(bytes: Sixteen) -> (u32, u32) {
    let (mut found, mut high) = (0, 0);
    for (i, b) in bytes.to_le_bytes().into_iter().enumerate() {
        found |= u32::from((b < 0x20) | (b == b'"') | (b == b'\\')) << i;
        high |= u32::from(b >= 0x80) << i;
    }
    (found, high)
}

/// How many digits stand at the start of sixteen bytes.
#[inline(always)]
pub(crate) fn leading_digits(bytes: Sixteen) -> usize {
    DIGITS.hold(bytes).trailing_ones() as usize
}

const DIGITS: Ranges = Ranges::all(b'0', b'9');
const POINTS: Ranges = Ranges::all(b'.', b'.');
const ZEROS: Ranges = Ranges::all(b'0', b'0');

/// A number written as digits with at most one point between them, perhaps behind a minus sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PlainNumber {
    /// A minus sign stands first.
    pub(crate) negative: bool,
    /// Digits before the point, at least one.
    pub(crate) whole: usize,
    /// There is a point, and digits behind it.
    pub(crate) point: bool,
}

/// The form of a number of `n` bytes, 1 to 16; `None` for any other text.
#[inline(always)]
pub(crate) fn plain_number(bytes: Sixteen, n: usize) -> Option<PlainNumber> {
    let (sound, number) = form_of_number(bytes, n);
    sound.then_some(number)
}

/// The same for up to 16 bytes, without a jump: whether the text is such a number, and its form, which means nothing if it is not. An empty text is
/// none.
#[inline(always)]
pub(crate) fn form_of_number(bytes: Sixteen, n: usize) -> (bool, PlainNumber) {
    let all = (1u32 << n) - 1;
    let negative = u32::from(bytes as u8 == b'-') & all;
    let digits = DIGITS.hold(bytes) & all;
    let points = POINTS.hold(bytes) & all;
    let end = (points | 1 << n).trailing_zeros() as usize;
    let whole = end.wrapping_sub(negative as usize);
    let sound = (digits | points | negative) == all;
    let one = points & points.wrapping_sub(1) == 0;
    // `whole` is above 16 where it went below zero.
    let placed = (whole.wrapping_sub(1) < 16) & (end + 1 != n);
    (sound & one & placed, PlainNumber { negative: negative != 0, whole, point: points != 0 })
}

/// Of a text that is a plain number as [`plain_number`] describes them, of any length, or is empty and followed by something that is no part of a number:
/// whether it is written without a sign, and whether it has neither a zero that leads other digits nor a sign before a zero. `start` are its first
/// two bytes, or what stands behind it.
#[inline(always)]
pub(crate) fn leads_plainly(start: [u8; 2], n: usize) -> (bool, bool) {
    let [a, b] = start;
    let negative = a == b'-';
    let digit = if negative { b } else { a };
    (!negative, (digit != b'0') | (!negative & ((n == 1) | (b == b'.'))))
}

/// Of such a text of up to 16 bytes: where the digits before the point end, and whether nothing but zeros stands behind the point.
#[inline(always)]
pub(crate) fn whole_part(bytes: Sixteen, n: usize) -> (usize, bool) {
    let all = (1u32 << n) - 1;
    let points = POINTS.hold(bytes) & all;
    let end = (points | 1 << n).trailing_zeros();
    let behind = all & !((2 << end) - 1);
    (end as usize, behind & !ZEROS.hold(bytes) == 0)
}

/// The number that the first `count` bytes are the digits of, 1 to 8.
#[inline(always)]
pub(crate) fn eight_digits(bytes: u64, count: usize) -> u64 {
    let digits = bytes.wrapping_sub(0x3030_3030_3030_3030) << (64 - 8 * count);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

/// Whether ten bytes are `YYYY-MM-DD`, a day that every year has; the 29th of February is left to others.
#[inline(always)]
pub(crate) fn usual_day(bytes: Sixteen) -> bool {
    const FORM: Ranges = {
        let mut form = Ranges::ANY;
        let text = b"9999-19-39";
        let mut i = 0;
        while i < 10 {
            form.least[i] = if text[i] == b'-' { b'-' } else { b'0' };
            form.span[i] = text[i] - form.least[i];
            i += 1;
        }
        form
    };
    /// By month, the days that every year has; months that there are not have none.
    const DAYS: [u8; 32] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let at = |i: u32| (bytes >> (8 * i)) as u8 & 0x0f;
    let month = at(5) * 10 + at(6);
    let day = at(8) * 10 + at(9);
    FORM.hold_all(bytes) & (day.wrapping_sub(1) < DAYS[usize::from(month & 31)])
}

/// A day of every year, of which sixteen bytes begin with `YYYY-MM-DD`, as a number by which days are in order; `None` for anything else.
#[inline(always)]
pub(crate) fn usual_day_in_order(bytes: Sixteen) -> Option<u128> {
    usual_day(bytes).then(|| first(bytes, 10).swap_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn padded(text: &[u8]) -> Sixteen {
        let mut bytes = [b'7'; 16];
        bytes[..text.len()].copy_from_slice(text);
        u128::from_le_bytes(bytes)
    }

    fn plainly(text: &[u8]) -> Option<PlainNumber> {
        let (negative, rest) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
        let whole = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let point = match &rest[whole..] {
            [] => false,
            [b'.', more @ ..] if !more.is_empty() && more.iter().all(u8::is_ascii_digit) => true,
            _ => return None,
        };
        (whole > 0).then_some(PlainNumber { negative, whole, point })
    }

    #[test]
    fn days_of_every_year_by_the_calendar() {
        for year in ["0000", "1900", "2023", "2024", "9999"] {
            for month in 0..=20 {
                for day in 0..=45 {
                    let text = format!("{year}-{month:02}-{day:02}");
                    let leap = month == 2 && day == 29;
                    assert_eq!(usual_day(padded(text.as_bytes())), super::super::fast::iso_date(text.as_bytes()) && !leap, "{text}");
                }
            }
        }
        for text in ["2024/01/01", "2024-1-011", "20240101--", "2024-01-0x", "x024-01-01"] {
            assert!(!usual_day(padded(text.as_bytes())), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        #[test]
        fn numbers_as_a_plain_reader_sees_them(text in "[-.0-9]{1,16}|-?[0-9]{1,9}(\\.[0-9]{1,5})?|[-+0-9. a]{1,6}") {
            let text = text.as_bytes();
            let found = plain_number(padded(text), text.len());
            prop_assert_eq!(found, plainly(text));
            if let Some(PlainNumber { negative, whole, .. }) = found && whole <= 8 {
                let digits = &text[usize::from(negative)..][..whole];
                let value: u64 = std::str::from_utf8(digits).unwrap().parse().unwrap();
                prop_assert_eq!(eight_digits((padded(text) >> (8 * u32::from(negative))) as u64, whole), value);
            }
            if let Some(PlainNumber { negative, whole, point }) = found {
                let mut start = [b','; 2];
                start.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
                let (unsigned, plain) = leads_plainly(start, text.len());
                let digits = &text[usize::from(negative)..];
                prop_assert_eq!(unsigned, !negative);
                prop_assert_eq!(plain, digits[0] != b'0' || (!negative && whole == 1));
                let end = usize::from(negative) + whole;
                let zeros = !point || text[end + 1..].iter().all(|b| *b == b'0');
                prop_assert_eq!(whole_part(padded(text), text.len()), (end, zeros));
            }
            prop_assert!(!form_of_number(padded(b""), 0).0);
            prop_assert_eq!(leads_plainly(*b",1", 0), (true, true));
            prop_assert_eq!(whole_part(padded(b""), 0), (0, true));
        }

        #[test]
        fn runs_of_text_stop_where_they_must(bytes in any::<[u8; 16]>(), plain in 0usize..17, which in 0usize..4) {
            let mut bytes = bytes;
            bytes[..plain].fill([b'x', 0xc3, b' ', b'!'][which]);
            prop_assert_eq!(text_stops(u128::from_le_bytes(bytes)), stops_portable(u128::from_le_bytes(bytes)));
        }

        #[test]
        fn the_wide_way_agrees_with_the_plain_one(bytes in any::<u128>(), least in any::<[u8; 16]>(), span in any::<[u8; 16]>()) {
            prop_assert_eq!(within(bytes, &least, &span), portable(bytes, &least, &span));
            let n = usize::from(least[0] % 17);
            let kept = first(bytes, n).to_le_bytes();
            prop_assert_eq!(&kept[..n], &bytes.to_le_bytes()[..n]);
            prop_assert!(kept[n..].iter().all(|b| *b == 0));
        }
    }
}
