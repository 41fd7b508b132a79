//! Values of the primitive types: reading their lexical forms, equality and order. No floating point but for `float` and `double`, which are it.

use std::cmp::Ordering;

/// The primitive types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Prim {
    String,
    Boolean,
    Decimal,
    Float,
    Double,
    Duration,
    DateTime,
    Time,
    Date,
    YearMonth,
    Year,
    MonthDay,
    Day,
    Month,
    Hex,
    Base64,
    Uri,
    QName,
    Notation,
}

/// A value; two are equal only within one primitive type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `string`, `anyURI`, `QName`, `NOTATION` (the last two with the namespace written out).
    Text(Prim, Box<[u8]>),
    Boolean(bool),
    Decimal(Decimal),
    Float(f32),
    Double(f64),
    Duration(Duration),
    Moment(Prim, Moment),
    /// `hexBinary`, `base64Binary`.
    Bytes(Prim, Box<[u8]>),
    List(Vec<Value>),
}

impl Value {
    /// Order where there is one.
    pub(crate) fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Decimal(a), Value::Decimal(b)) => Some(a.as_ref().cmp(&b.as_ref())),
            (Value::Float(a), Value::Float(b)) => float_order(f64::from(*a), f64::from(*b)),
            (Value::Double(a), Value::Double(b)) => float_order(*a, *b),
            (Value::Duration(a), Value::Duration(b)) => a.compare(b),
            (Value::Moment(p, a), Value::Moment(q, b)) if p == q => a.compare(b),
            _ => self.same(other).then_some(Ordering::Equal),
        }
    }

    /// Whether two values are one.
    pub(crate) fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Float(a), Value::Float(b)) => a == b || a.is_nan() && b.is_nan(),
            (Value::Double(a), Value::Double(b)) => a == b || a.is_nan() && b.is_nan(),
            (Value::Moment(p, a), Value::Moment(q, b)) => p == q && a.compare(b) == Some(Ordering::Equal),
            (Value::Duration(a), Value::Duration(b)) => a.compare(b) == Some(Ordering::Equal),
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            _ => self == other,
        }
    }

    /// Bytes that are equal exactly when the values are.
    pub(crate) fn key(&self, out: &mut Vec<u8>) {
        match self {
            Value::Text(p, b) | Value::Bytes(p, b) => key_of_text(*p, b, out),
            Value::Boolean(b) => out.extend_from_slice(&[Prim::Boolean as u8, u8::from(*b)]),
            Value::Decimal(d) => {
                out.extend_from_slice(&[Prim::Decimal as u8, u8::from(d.negative)]);
                out.extend_from_slice(&d.whole);
                out.push(b'.');
                out.extend_from_slice(&d.fraction);
                out.push(b';');
            }
            Value::Float(f) => {
                out.push(Prim::Float as u8);
                out.extend_from_slice(&(if *f == 0.0 { 0 } else { f.to_bits() }).to_le_bytes());
            }
            Value::Double(f) => {
                out.push(Prim::Double as u8);
                out.extend_from_slice(&(if *f == 0.0 { 0 } else { f.to_bits() }).to_le_bytes());
            }
            Value::Duration(d) => {
                out.push(Prim::Duration as u8);
                for part in [i128::from(d.months), i128::from(d.seconds), i128::from(d.fraction)] {
                    out.extend_from_slice(&part.to_le_bytes());
                }
            }
            Value::Moment(p, m) => {
                out.extend_from_slice(&[*p as u8, u8::from(m.zone.is_some())]);
                out.extend_from_slice(&m.instant().to_le_bytes());
                out.extend_from_slice(&m.fraction.to_le_bytes());
            }
            Value::List(items) => {
                // A list of one is the same as its item, so that a key may meet it.
                if items.len() != 1 {
                    out.push(200);
                    out.extend_from_slice(&(items.len() as u32).to_le_bytes());
                }
                for item in items {
                    item.key(out);
                }
            }
        }
    }
}

/// [`Value::key`] of a value that is bytes.
pub(crate) fn key_of_text(prim: Prim, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(prim as u8);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn float_order(a: f64, b: f64) -> Option<Ordering> {
    if a.is_nan() && b.is_nan() { Some(Ordering::Equal) } else { a.partial_cmp(&b) }
}

/// A decimal number: digits before the point without leading zeros, after it without trailing ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    whole: Box<[u8]>,
    fraction: Box<[u8]>,
}

/// A decimal number within its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecimalRef<'a> {
    pub(crate) negative: bool,
    pub(crate) whole: &'a [u8],
    pub(crate) fraction: &'a [u8],
    /// Whether there was a point.
    pub(crate) point: bool,
}

impl Decimal {
    pub(crate) fn as_ref(&self) -> DecimalRef<'_> {
        DecimalRef { negative: self.negative, whole: &self.whole, fraction: &self.fraction, point: false }
    }
}

impl<'a> DecimalRef<'a> {
    pub(crate) fn parse(text: &'a [u8]) -> Option<DecimalRef<'a>> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let mut digits = 0;
        while digits < rest.len() && rest[digits].is_ascii_digit() {
            digits += 1;
        }
        let (mut whole, after) = rest.split_at(digits);
        let (mut fraction, point) = match after {
            [] => (&b""[..], false),
            [b'.', fraction @ ..] if fraction.iter().all(u8::is_ascii_digit) => (fraction, true),
            _ => return None,
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        while let [b'0', rest @ ..] = whole {
            whole = rest;
        }
        while let [rest @ .., b'0'] = fraction {
            fraction = rest;
        }
        Some(DecimalRef { negative: negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction, point })
    }

    pub(crate) fn to_owned(self) -> Decimal {
        Decimal { negative: self.negative, whole: self.whole.into(), fraction: self.fraction.into() }
    }

    /// Digits that the value needs.
    pub(crate) fn total_digits(&self) -> u64 {
        (self.whole.len() + self.fraction.len()) as u64
    }

    pub(crate) fn cmp(&self, other: &DecimalRef<'_>) -> Ordering {
        let magnitude = || {
            self.whole
                .len()
                .cmp(&other.whole.len())
                .then_with(|| self.whole.cmp(other.whole))
                .then_with(|| self.fraction.cmp(other.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// A point of time, or what is known of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    year: i64,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    /// In 10⁻¹⁸ seconds; digits beyond are not told apart.
    fraction: u64,
    /// Minutes east of UTC.
    zone: Option<i16>,
}

/// Days before a date in the proleptic Gregorian calendar, from 0000-03-01; the year before 1 is −1.
fn days(year: i64, month: u8, day: u8) -> i128 {
    // XML Schema 1.0 has no year 0.
    let year = if year < 0 { year.saturating_add(1) } else { year };
    let (y, m) = if month > 2 { (i128::from(year), i128::from(month) - 3) } else { (i128::from(year) - 1, i128::from(month) + 9) };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * m + 2) / 5 + i128::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
}

fn leap(year: i64) -> bool {
    let year = if year < 0 { year.saturating_add(1) } else { year };
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_days(year: i64, month: u8) -> u8 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Moment {
    /// Seconds from 0000-03-01T00:00:00 in UTC, or in local time where there is no zone.
    fn instant(&self) -> i128 {
        days(self.year, self.month, self.day) * 86_400
            + i128::from(self.hour) * 3600
            + i128::from(self.minute) * 60
            + i128::from(self.second)
            - i128::from(self.zone.unwrap_or(0)) * 60
    }

    fn compare(&self, other: &Moment) -> Option<Ordering> {
        let at = |m: &Moment, shift: i128| (m.instant() + shift * 3600, m.fraction);
        match (self.zone, other.zone) {
            (Some(_), None) if at(self, 0) < at(other, -14) => Some(Ordering::Less),
            (Some(_), None) if at(self, 0) > at(other, 14) => Some(Ordering::Greater),
            (None, Some(_)) if at(self, 14) < at(other, 0) => Some(Ordering::Less),
            (None, Some(_)) if at(self, -14) > at(other, 0) => Some(Ordering::Greater),
            (Some(_), None) | (None, Some(_)) => None,
            _ => Some(at(self, 0).cmp(&at(other, 0))),
        }
    }

    /// Reads the lexical form of one of the nine types of times and dates.
    pub(crate) fn parse(prim: Prim, text: &[u8]) -> Option<Moment> {
        let mut m = Moment { year: 2000, month: 1, day: 1, hour: 0, minute: 0, second: 0, fraction: 0, zone: None };
        let mut rest = text;
        match prim {
            Prim::DateTime | Prim::Date | Prim::YearMonth | Prim::Year => {
                (m.year, rest) = year(rest)?;
                if prim != Prim::Year {
                    (m.month, rest) = two(rest.strip_prefix(b"-")?)?;
                }
                if matches!(prim, Prim::DateTime | Prim::Date) {
                    (m.day, rest) = two(rest.strip_prefix(b"-")?)?;
                }
                if prim == Prim::DateTime {
                    rest = m.clock(rest.strip_prefix(b"T")?)?;
                }
            }
            Prim::Time => rest = m.clock(rest)?,
            Prim::MonthDay => {
                (m.month, rest) = two(rest.strip_prefix(b"--")?)?;
                (m.day, rest) = two(rest.strip_prefix(b"-")?)?;
            }
            Prim::Day => (m.day, rest) = two(rest.strip_prefix(b"---")?)?,
            Prim::Month => {
                (m.month, rest) = two(rest.strip_prefix(b"--")?)?;
                // The first edition wrote `--MM--`; its erratum takes both.
                rest = rest.strip_prefix(b"--").unwrap_or(rest);
            }
            _ => return None,
        }
        m.zone = zone(rest)?;
        if !(1..=12).contains(&m.month) || m.day < 1 || m.day > month_days(m.year, m.month) {
            return None;
        }
        if m.hour == 24 {
            // Midnight at the end of a day is that at the start of the next; of `time` it is the same.
            m.hour = 0;
            if prim == Prim::DateTime {
                m.day += 1;
                if m.day > month_days(m.year, m.month) {
                    m.day = 1;
                    m.month += 1;
                }
                if m.month > 12 {
                    m.month = 1;
                    m.year = if m.year == -1 { 1 } else { m.year.saturating_add(1) };
                }
            }
        }
        Some(m)
    }

    fn clock<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (&[h1, h2, b':', m1, m2, b':', s1, s2], mut rest) = text.split_first_chunk::<8>()? else { return None };
        self.hour = pair(h1, h2)?;
        self.minute = pair(m1, m2)?;
        self.second = pair(s1, s2)?;
        if let [b'.', digits @ ..] = rest {
            let n = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
            if n == 0 {
                return None;
            }
            self.fraction = fraction(&digits[..n]);
            rest = &digits[n..];
        }
        let ok = self.minute < 60
            && self.second < 60
            && (self.hour < 24 || self.hour == 24 && self.minute == 0 && self.second == 0 && self.fraction == 0);
        ok.then_some(rest)
    }
}

fn fraction(digits: &[u8]) -> u64 {
    let mut value = 0;
    for i in 0..18 {
        value = value * 10 + digits.get(i).map_or(0, |d| u64::from(d - b'0'));
    }
    value
}

#[inline]
fn pair(a: u8, b: u8) -> Option<u8> {
    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| (a - b'0') * 10 + (b - b'0'))
}

#[inline]
fn two(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&[a, b], rest) = text.split_first_chunk::<2>()?;
    Some((pair(a, b)?, rest))
}

fn year(text: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let n = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    if n < 4 || n > 4 && rest[0] == b'0' {
        return None;
    }
    let value = rest[..n].iter().fold(0i64, |v, d| v.saturating_mul(10).saturating_add(i64::from(d - b'0')));
    if value == 0 {
        return None;
    }
    Some((if negative { -value } else { value }, &rest[n..]))
}

fn zone(text: &[u8]) -> Option<Option<i16>> {
    match *text {
        [] => Some(None),
        [b'Z'] => Some(Some(0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = i16::from(pair(h1, h2)?) * 60 + i16::from(pair(m1, m2)?);
            let ok = pair(m1, m2)? < 60 && minutes <= 840;
            ok.then_some(Some(if sign == b'-' { -minutes } else { minutes }))
        }
        _ => None,
    }
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration {
    months: i64,
    seconds: i64,
    /// In 10⁻¹⁸ seconds, of the sign of the whole.
    fraction: i64,
}

impl Duration {
    pub(crate) fn parse(text: &[u8]) -> Option<Duration> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut rest = rest.strip_prefix(b"P")?;
        let mut d = Duration { months: 0, seconds: 0, fraction: 0 };
        let mut order = 0;
        let mut time = false;
        if rest.is_empty() {
            return None;
        }
        while let Some(&b) = rest.first() {
            if b == b'T' && !time {
                time = true;
                order = 3;
                rest = &rest[1..];
                if rest.is_empty() {
                    return None;
                }
                continue;
            }
            let n = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
            if n == 0 {
                return None;
            }
            let value = rest[..n].iter().fold(0i64, |v, d| v.saturating_mul(10).saturating_add(i64::from(d - b'0')));
            let mut part = None;
            rest = &rest[n..];
            if let [b'.', digits @ ..] = rest {
                let n = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
                if n == 0 {
                    return None;
                }
                part = Some(fraction(&digits[..n]));
                rest = &digits[n..];
            }
            let (&unit, after) = rest.split_first()?;
            rest = after;
            let place = match (unit, time) {
                (b'Y', false) => 1,
                (b'M', false) => 2,
                (b'D', false) => 3,
                (b'H', true) => 4,
                (b'M', true) => 5,
                (b'S', true) => 6,
                _ => return None,
            };
            if place <= order || part.is_some() && place != 6 {
                return None;
            }
            order = place;
            let (months, seconds) = match place {
                1 => (12, 0),
                2 => (1, 0),
                3 => (0, 86_400),
                4 => (0, 3600),
                5 => (0, 60),
                _ => (0, 1),
            };
            d.months = d.months.saturating_add(value.saturating_mul(months));
            d.seconds = d.seconds.saturating_add(value.saturating_mul(seconds));
            d.fraction = part.unwrap_or(0) as i64;
        }
        if negative {
            d = Duration { months: -d.months, seconds: -d.seconds, fraction: -d.fraction };
        }
        Some(d)
    }

    /// The order holds when it holds from each of four dates on, as Datatypes section 3.2.6.2 has it.
    fn compare(&self, other: &Duration) -> Option<Ordering> {
        let after = |d: &Duration, year: i64, month: i64| {
            let total = i128::from(year) * 12 + i128::from(month) - 1 + i128::from(d.months);
            let (y, m) = (total.div_euclid(12), total.rem_euclid(12) as u8 + 1);
            let y = y.clamp(-1 << 60, 1 << 60) as i64;
            // Years here are counted with a year 0.
            let year = if y <= 0 { y - 1 } else { y };
            (days(year, m, 1) * 86_400 + i128::from(d.seconds)) * 1_000_000_000_000_000_000 + i128::from(d.fraction)
        };
        let mut orders = [(1696, 9), (1697, 2), (1903, 3), (1903, 7)].into_iter().map(|(y, m)| after(self, y, m).cmp(&after(other, y, m)));
        let first = orders.next()?;
        orders.all(|o| o == first).then_some(first)
    }
}

/// Whether text is a floating point number as XML Schema writes it, special values apart.
pub(crate) fn float_form(text: &[u8]) -> bool {
    let (mantissa, exponent) = match text.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(n) => (&text[..n], Some(&text[n + 1..])),
        None => (text, None),
    };
    let whole = |t: &[u8]| {
        let digits = match t {
            [b'+' | b'-', rest @ ..] => rest,
            _ => t,
        };
        !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    };
    DecimalRef::parse(mantissa).is_some() && exponent.is_none_or(whole)
}

/// Reads hexadecimal bytes.
pub(crate) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    pairs.iter().map(|&[a, b]| Some(digit(a)? << 4 | digit(b)?)).collect()
}

/// Reads base 64 with single blanks allowed between characters. `None` when it is none, padding and its zero bits included.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0u32, 0, 0);
    for &b in text.iter().filter(|b| **b != b' ') {
        if b == b'=' {
            padding += 1;
            continue;
        }
        if padding > 0 {
            return None;
        }
        bits = bits << 6 | u32::from(digit(b)?);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    match (count, padding) {
        (0, 0) => {}
        (3, 1) if bits & 3 == 0 => out.extend_from_slice(&(bits >> 2).to_be_bytes()[2..]),
        (2, 2) if bits & 15 == 0 => out.push((bits >> 4) as u8),
        _ => return None,
    }
    Some(out)
}
