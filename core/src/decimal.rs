//! Exact decimal numbers, as records hold them: no floating point anywhere.

use std::cmp::Ordering;
use std::fmt;

/// A decimal number of any length: `digits × 10^exponent`, signed. Kept without leading or trailing zeros, so equal numbers are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    negative: bool,
    /// ASCII digits, first not `0`, last not `0`; empty for zero.
    digits: Vec<u8>,
    /// Power of ten of the last digit.
    exponent: i32,
}

/// Largest exponent that is read; beyond it a number is refused rather than written out.
pub const MAX_EXPONENT: i32 = 400;

impl Decimal {
    /// Reads `[+-]digits[.digits][(e|E)[+-]digits]`, with digits before or after the point. `None` when the text is anything else.
    pub fn parse(text: &str) -> Option<Decimal> {
        let bytes = text.as_bytes();
        let (negative, rest) = match bytes.first()? {
            b'-' => (true, &bytes[1..]),
            b'+' => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        let (mantissa, power) = match rest.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => (&rest[..at], read_power(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.iter().position(|&b| b == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &b""[..]),
        };
        if whole.len() + fraction.len() == 0 || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
            return None;
        }
        let digits: Vec<u8> = whole.iter().chain(fraction).copied().collect();
        let exponent = power.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        Decimal { negative, digits, exponent }.normal()
    }

    /// A whole number.
    pub fn from_i64(n: i64) -> Decimal {
        Decimal::parse(&n.to_string()).unwrap_or_default()
    }

    fn normal(mut self) -> Option<Decimal> {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
            self.exponent += 1;
        }
        let lead = self.digits.iter().take_while(|&&b| b == b'0').count();
        self.digits.drain(..lead);
        if self.digits.is_empty() {
            return Some(Decimal::default());
        }
        (self.exponent.abs() <= 1_000_000 && self.exponent.saturating_add(self.digits.len() as i32).abs() <= 1_000_000).then_some(self)
    }

    /// Whether there is nothing after the point.
    pub fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Digits after the point.
    pub fn places(&self) -> u32 {
        u32::try_from(-self.exponent).unwrap_or(0)
    }

    /// The number times a power of ten.
    pub fn scaled(mut self, power: i32) -> Decimal {
        if !self.digits.is_empty() {
            self.exponent = self.exponent.saturating_add(power);
        }
        self
    }

    /// The sum, exactly. `None` when the two are more than 100,000 digits apart, or the exponent is beyond what is written out.
    pub fn add(&self, other: &Decimal) -> Option<Decimal> {
        if self.digits.is_empty() {
            return Some(other.clone());
        }
        if other.digits.is_empty() {
            return Some(self.clone());
        }
        let low = self.exponent.min(other.exponent);
        let spread = (self.exponent.max(other.exponent)).checked_sub(low)?;
        if spread > 100_000 {
            return None;
        }
        let a = self.aligned(low);
        let b = other.aligned(low);
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, add_digits(&a, &b))
        } else if compare_digits(&a, &b) == Ordering::Less {
            (other.negative, subtract_digits(&b, &a))
        } else {
            (self.negative, subtract_digits(&a, &b))
        };
        Decimal { negative, digits, exponent: low }.normal()
    }

    /// The number with its sign turned.
    pub fn negated(mut self) -> Decimal {
        self.negative = !self.negative && !self.digits.is_empty();
        self
    }

    fn aligned(&self, low: i32) -> Vec<u8> {
        let mut digits = self.digits.clone();
        digits.resize(digits.len() + (self.exponent - low) as usize, b'0');
        digits
    }

    /// Written with exactly this many digits after the point; `None` when a digit other than zero would be lost.
    pub fn to_places(&self, places: u32) -> Option<String> {
        if self.places() > places {
            return None;
        }
        let mut text = self.to_string();
        let have = self.places();
        if places > have {
            if have == 0 {
                text.push('.');
            }
            text.extend(std::iter::repeat_n('0', (places - have) as usize));
        }
        Some(text)
    }
}

fn read_power(bytes: &[u8]) -> Option<i32> {
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let power = digits.iter().fold(0i32, |n, b| n.saturating_mul(10).saturating_add(i32::from(b - b'0')));
    (power <= MAX_EXPONENT).then_some(if negative { -power } else { power })
}

fn compare_digits(a: &[u8], b: &[u8]) -> Ordering {
    let strip = |d: &[u8]| d.iter().take_while(|&&c| c == b'0').count();
    let (a, b) = (&a[strip(a)..], &b[strip(b)..]);
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn add_digits(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(a.len().max(b.len()) + 1);
    let mut carry = 0;
    for i in 0..a.len().max(b.len()) {
        let digit = |d: &[u8]| {
            if i < d.len() { d[d.len() - 1 - i] - b'0' } else { 0 }
        };
        let sum = digit(a) + digit(b) + carry;
        out.push(b'0' + sum % 10);
        carry = sum / 10;
    }
    if carry > 0 {
        out.push(b'0' + carry);
    }
    out.reverse();
    out
}

/// `a - b` where `a` is not less.
fn subtract_digits(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(a.len());
    let mut borrow = 0i16;
    for i in 0..a.len() {
        let digit = |d: &[u8]| {
            if i < d.len() { i16::from(d[d.len() - 1 - i] - b'0') } else { 0 }
        };
        let mut difference = digit(a) - digit(b) - borrow;
        borrow = i16::from(difference < 0);
        if difference < 0 {
            difference += 10;
        }
        out.push(b'0' + difference as u8);
    }
    out.reverse();
    out
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let sign = |d: &Decimal| {
            if d.digits.is_empty() {
                0
            } else if d.negative {
                -1
            } else {
                1
            }
        };
        sign(self).cmp(&sign(other)).then_with(|| {
            let size = |d: &Decimal| d.digits.len() as i64 + i64::from(d.exponent);
            let by_size = size(self).cmp(&size(other)).then_with(|| {
                // Equally many digits before the point: compare digit by digit, the shorter one filled up with zeros.
                let n = self.digits.len().max(other.digits.len());
                let digit = |d: &Decimal, i: usize| d.digits.get(i).copied().unwrap_or(b'0');
                (0..n).map(|i| digit(self, i).cmp(&digit(other, i))).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
            });
            if self.negative { by_size.reverse() } else { by_size }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    /// Plain digits, never an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.digits.is_empty() {
            return f.write_str("0");
        }
        if self.negative {
            f.write_str("-")?;
        }
        let digits: String = self.digits.iter().map(|&b| b as char).collect();
        if self.exponent >= 0 {
            f.write_str(&digits)?;
            (0..self.exponent).try_for_each(|_| f.write_str("0"))
        } else {
            let places = self.places() as usize;
            if digits.len() > places {
                let (whole, fraction) = digits.split_at(digits.len() - places);
                write!(f, "{whole}.{fraction}")
            } else {
                f.write_str("0.")?;
                (digits.len()..places).try_for_each(|_| f.write_str("0"))?;
                f.write_str(&digits)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} should be a number"))
    }

    #[test]
    fn reads_and_writes_plainly() {
        for (text, plain) in [
            ("0", "0"),
            ("-0", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+3", "3"),
            ("1e3", "1000"),
            ("12e-4", "0.0012"),
            ("-12.34", "-12.34"),
        ] {
            assert_eq!(d(text).to_string(), plain, "{text}");
        }
        for text in ["", "-", ".", "1.2.3", "1,000", "1e", "e5", " 1", "1 ", "1e999", "NaN", "0x10", "--1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn adds_and_compares_exactly() {
        assert_eq!(d("0.1").add(&d("0.2")), Some(d("0.3")));
        assert_eq!(d("1000").add(&d("-0.01")), Some(d("999.99")));
        assert_eq!(d("-5").add(&d("5")), Some(Decimal::default()));
        assert!(
            d("0.1") < d("0.11") && d("-2") < d("-1.5") && d("9") < d("10") && d("-1") < d("0") && d("99999999999999999999") < d("1e20")
        );
        assert_eq!(d("1.0").cmp(&d("1")), Ordering::Equal);
        assert_eq!(d("12.5").to_places(2).as_deref(), Some("12.50"));
        assert_eq!(d("12.345").to_places(2), None);
        assert_eq!(d("3").to_places(2).as_deref(), Some("3.00"));
    }
}
