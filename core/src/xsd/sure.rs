//! Which values meet their type beyond doubt: the way of nearly all values, without a copy of them. Where this says no, [`super::simple::check`] has the
//! word.

use std::ops::Range;
use std::sync::Arc;

use super::model::Type;
use super::regex::Pattern;
use super::scan::{is_name, is_ncname, is_nmtoken, same};
use super::simple::{Bound, Facets, IdKind, Lex, Simple, Variety, White, characters, decimal_facets, language, ordered, trim};
use super::value::{DecimalRef, Prim, Value};
use crate::check::short::{Ranges, eight_digits, plain_number, sixteen, usual_day};
use crate::eight::{any, less};

/// What is asked of the values of a simple type.
#[derive(Debug)]
pub(super) struct Sure {
    form: Form,
    /// A value must fit one pattern of each list.
    patterns: Vec<Arc<Vec<Pattern>>>,
}

#[derive(Debug)]
enum Form {
    /// Nothing is certain.
    Doubtful,
    Text(Text),
    Boolean,
    Decimal(Decimal),
    /// A moment with its zone.
    Moment,
    /// A date without zone.
    Day,
}

#[derive(Debug)]
struct Text {
    white: White,
    lex: Lex,
    /// Fewest and most characters.
    least: usize,
    most: usize,
    /// The values that there are, sorted.
    listed: Option<Vec<Box<[u8]>>>,
}

#[derive(Debug)]
struct Decimal {
    integer: bool,
    /// Most digits behind the point, and most digits in all.
    fraction: usize,
    total: usize,
    /// Least and greatest value in parts of [`PARTS`].
    range: (i64, i64),
    facets: Box<Facets>,
}

/// So many of them are one: eight digits behind the point.
const PARTS: i64 = 100_000_000;

impl Sure {
    /// What is asked of values of a type.
    pub(super) fn new(ty: &Type) -> Sure {
        let Type::Simple(simple) = ty else { return Sure { form: Form::Doubtful, patterns: Vec::new() } };
        Sure { form: form(simple), patterns: simple.facets.patterns.clone() }
    }

    /// Whether the value that lies within data meets the type, and there is nothing else to learn from it. It is looked at where it lies, since several
    /// bytes at once may be read there.
    #[inline(always)]
    pub(super) fn holds(&self, data: &[u8], value: Range<usize>) -> bool {
        let Some(raw) = data.get(value.clone()) else { return false };
        let formed = match &self.form {
            Form::Doubtful => false,
            Form::Text(text) => text.holds(raw),
            Form::Boolean => matches!(raw, b"true" | b"false" | b"1" | b"0"),
            Form::Decimal(decimal) => decimal.holds(data, value.start, raw),
            Form::Moment => ordinary_moment(data, value.start, raw),
            Form::Day => {
                raw.len() == 10 && sixteen(data, value.start).is_some_and(|b| usual_day(b) && b as u32 != u32::from_le_bytes(*b"0000"))
            }
        };
        formed && self.patterns.iter().all(|step| step.iter().any(|p| p.fits_within(data, value.clone())))
    }

    /// Whether a value that [`Sure::holds`] is a text whose value is its bytes.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.form, Form::Text(_))
    }
}

fn form(simple: &Simple) -> Form {
    let facets = &simple.facets;
    let Variety::Atomic(prim) = &simple.variety else { return Form::Doubtful };
    if facets.id != IdKind::None {
        return Form::Doubtful;
    }
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    match prim {
        Prim::String => {
            let least = facets.length.max(facets.min_length).map_or(0, size);
            let most = [facets.length, facets.max_length].into_iter().flatten().min().map_or(usize::MAX, size);
            let listed = facets.enumeration.as_ref().map(|e| e.texts.clone());
            Form::Text(Text { white: facets.white, lex: facets.lex, least, most, listed })
        }
        _ if facets.enumeration.is_some() => Form::Doubtful,
        Prim::Boolean => Form::Boolean,
        Prim::Decimal => {
            // A bound that is no number lets nothing through here.
            let bound = |bound: &Option<Bound>, none: i64, of: fn((i64, i64)) -> i64| match bound {
                Some(Bound { value: Value::Decimal(d), .. }) => of(parts(d.as_ref())),
                Some(_) => -none,
                None => none,
            };
            let low =
                bound(&facets.min_inclusive, -i64::MAX, |b| b.1).max(bound(&facets.min_exclusive, -i64::MAX, |b| b.0.saturating_add(1)));
            let high =
                bound(&facets.max_inclusive, i64::MAX, |b| b.0).min(bound(&facets.max_exclusive, i64::MAX, |b| b.1.saturating_sub(1)));
            let digits = |most: Option<u64>| most.map_or(usize::MAX, size);
            Form::Decimal(Decimal {
                integer: facets.lex == Lex::Integer,
                fraction: digits(facets.fraction),
                total: digits(facets.total),
                range: (low, high),
                facets: Box::new(Facets { patterns: Vec::new(), ..facets.clone() }),
            })
        }
        Prim::DateTime if !ordered(facets) => Form::Moment,
        Prim::Date if !ordered(facets) => Form::Day,
        _ => Form::Doubtful,
    }
}

/// A bound in parts of [`PARTS`], rounded down and up; as far as numbers reach.
fn parts(bound: DecimalRef<'_>) -> (i64, i64) {
    let digit = |b: &u8| i64::from(b - b'0');
    let add = |n: i64, d: &u8| n.saturating_mul(10).saturating_add(digit(d));
    let padded = bound.fraction.iter().chain(std::iter::repeat(&b'0')).take(8);
    let size = bound.whole.iter().chain(padded).fold(0, add);
    let above = size.saturating_add(i64::from(bound.fraction.len() > 8));
    if bound.negative { (-above, -size) } else { (size, above) }
}

impl Text {
    #[inline(always)]
    fn holds(&self, raw: &[u8]) -> bool {
        // The text is its value when nothing of it would be left out or be made a blank.
        let whole = match self.white {
            White::Preserve => true,
            White::Replace => !any(raw, |w| less(w, b' '), |b| b < b' '),
            White::Collapse => !any(raw, |w| less(w, b' ' + 1), |b| b <= b' '),
        };
        let formed = match self.lex {
            Lex::Any | Lex::Integer => true,
            Lex::Language => language(raw),
            Lex::Name => is_name(raw),
            Lex::NcName => is_ncname(raw),
            Lex::NmToken => is_nmtoken(raw),
        };
        let n = raw.len();
        // A character has one byte to four.
        let long = n >= self.least && (self.least <= 1 || n / 4 >= self.least) && n <= self.most;
        whole && formed && (long || self.has_length(raw)) && self.listed.as_ref().is_none_or(|list| listed(list, raw))
    }

    fn has_length(&self, raw: &[u8]) -> bool {
        (self.least as u64..=self.most as u64).contains(&characters(raw))
    }
}

#[inline(always)]
fn listed(list: &[Box<[u8]>], raw: &[u8]) -> bool {
    if list.len() <= 8 { list.iter().any(|t| same(t, raw)) } else { list.binary_search_by(|t| (**t).cmp(raw)).is_ok() }
}

impl Decimal {
    #[inline(always)]
    fn holds(&self, data: &[u8], from: usize, raw: &[u8]) -> bool {
        let n = raw.len();
        if let (1..=16, Some(bytes)) = (n, sixteen(data, from))
            && let Some(number) = plain_number(bytes, n)
        {
            let sign = usize::from(number.negative);
            let decimals = if number.point { n - sign - number.whole - 1 } else { 0 };
            if number.whole <= 8 && decimals <= 8 {
                let whole = eight_digits((bytes >> (8 * sign)) as u64, number.whole) as i64 * PARTS;
                let behind =
                    if number.point { eight_digits((bytes >> (8 * (sign + number.whole + 1))) as u64, decimals) as i64 } else { 0 };
                let size = whole + behind * POWERS[8 - decimals];
                let value = if number.negative { -size } else { size };
                let ordinary = decimals <= self.fraction && number.whole + decimals <= self.total && !(self.integer && number.point);
                if ordinary && (self.range.0..=self.range.1).contains(&value) {
                    return true;
                }
            }
        }
        self.holds_any(raw)
    }

    /// A number in any form.
    #[cold]
    #[inline(never)]
    fn holds_any(&self, raw: &[u8]) -> bool {
        DecimalRef::parse(trim(raw)).is_some_and(|d| !(self.integer && d.point) && decimal_facets(&self.facets, &d).is_ok())
    }
}

const POWERS: [i64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Whether a text is a moment in its ordinary form, `2026-11-22T08:30:00Z` or with an offset, on a day of every year.
#[inline(always)]
fn ordinary_moment(data: &[u8], from: usize, raw: &[u8]) -> bool {
    /// From the day on: `22T08:30:00Z` and what stands behind it.
    const CLOCK: Ranges = {
        let mut form = Ranges::ANY;
        let (least, most) = (b"00T00:00:00", b"39T29:59:59");
        let mut i = 0;
        while i < 11 {
            form.set(i, least[i], most[i]);
            i += 1;
        }
        form
    };
    let (Some(day), Some(clock)) = (sixteen(data, from), sixteen(data, from + 8)) else { return ordinary_moment_alone(raw) };
    if raw.len() < 20 {
        return false;
    }
    let hour = (clock >> 24) as u16;
    let zone = match &raw[19..] {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => offset([*h1, *h2, *m1, *m2]),
        _ => false,
    };
    // There is no year 0 and no hour beyond 23; bytes of two digits are compared with the first digit above.
    zone && usual_day(day)
        && day as u32 != u32::from_le_bytes(*b"0000")
        && CLOCK.hold_all(clock)
        && hour.swap_bytes() <= u16::from_be_bytes(*b"23")
}

fn offset([h1, h2, m1, m2]: [u8; 4]) -> bool {
    [h1, h2, m1, m2].iter().all(u8::is_ascii_digit) && (h1 - b'0') * 10 + (h2 - b'0') < 14 && m1 < b'6'
}

/// The same for a text with nothing behind it.
#[cold]
fn ordinary_moment_alone(raw: &[u8]) -> bool {
    let mut room = [0; 48];
    match room.get_mut(..raw.len()) {
        Some(text) if raw.len() >= 20 => {
            text.copy_from_slice(raw);
            ordinary_moment(&room, 0, raw)
        }
        _ => false,
    }
}
