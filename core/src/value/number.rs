//! Numbers as records write them.
//!
//! What is taken: `[+-]digits[D digits][(e|E)[+-]digits]` with digits on at least one side of `D`, the field's decimal character; or
//! `NaN`, `INF`, `-INF` in any case (Table Schema v2, "number": "case need not be respected"). The field's group character may stand anywhere between two digits of the whole part. Whole numbers are
//! `[+-]digits` with group characters. Exponents beyond [`crate::decimal::MAX_EXPONENT`] are refused.
//!
//! With `bareNumber: false`, text before the first digit (with its sign or decimal character) and after the last digit is let pass. A
//! minus sign or brackets that would be lost with it (`-$5`, `5-`, `(5)`) make the text unreadable, since the standard's stripping would
//! turn the amount's sign.

use std::cmp::Ordering;

use super::Misread;
use crate::decimal::Decimal;
use crate::schema::NumberFormat;

/// A number or one of the three names that stand for none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Number {
    /// An exact number.
    Finite(Decimal),
    /// `NaN`.
    NotANumber,
    /// `INF`.
    Infinity,
    /// `-INF`.
    NegativeInfinity,
}

impl PartialOrd for Number {
    /// NaN has no order, not even to itself.
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        use Number::{Finite, Infinity, NegativeInfinity, NotANumber};
        match (self, other) {
            (NotANumber, _) | (_, NotANumber) => None,
            (Finite(a), Finite(b)) => Some(a.cmp(b)),
            (a, b) if a == b => Some(Ordering::Equal),
            (NegativeInfinity, _) | (_, Infinity) => Some(Ordering::Less),
            (Infinity, _) | (_, NegativeInfinity) => Some(Ordering::Greater),
        }
    }
}

/// Reads a `number`.
pub fn read(format: &NumberFormat, text: &str) -> Result<Number, Misread> {
    if let Some(named) = named(text) {
        return Ok(named);
    }
    let bare = strip(format, text).ok_or(Misread::Number)?;
    plain(format, bare).and_then(|t| Decimal::parse(&t)).map(Number::Finite).ok_or(Misread::Number)
}

/// What is no number and has a name: `NaN`, `INF`, `-INF`, in any case.
pub(crate) fn named(text: &str) -> Option<Number> {
    let names = [("NaN", Number::NotANumber), ("INF", Number::Infinity), ("-INF", Number::NegativeInfinity)];
    names.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, number)| number)
}

/// Reads an `integer`.
pub fn read_whole(format: &NumberFormat, text: &str) -> Result<Number, Misread> {
    let bare = strip(format, text).ok_or(Misread::Number)?;
    let plain = plain(format, bare).ok_or(Misread::Number)?;
    let number = Decimal::parse(&plain).ok_or(Misread::Number)?;
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    if digits.bytes().all(|b| b.is_ascii_digit()) { Ok(Number::Finite(number)) } else { Err(Misread::NotWhole) }
}

/// The number with `.` before the fraction and without group characters. `None` when a sign stands where it may not.
pub fn plain(format: &NumberFormat, text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut whole = true;
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        if Some(c) == format.group && c != format.decimal {
            let between = before.is_some_and(|b: char| b.is_ascii_digit()) && chars.peek().is_some_and(char::is_ascii_digit);
            if !(whole && between) {
                return None;
            }
        } else if c == format.decimal {
            whole = false;
            out.push('.');
        } else if c.is_ascii_digit() || matches!(c, '+' | '-') {
            out.push(c);
        } else if matches!(c, 'e' | 'E') {
            whole = false;
            out.push(c);
        } else {
            return None;
        }
        before = Some(c);
    }
    Some(out)
}

/// What is left for `bareNumber: false`; the text itself otherwise. `None` when a sign would be lost.
pub(crate) fn strip<'a>(format: &NumberFormat, text: &'a str) -> Option<&'a str> {
    if format.bare {
        return Some(text);
    }
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let mut start = first;
    for wanted in [&[format.decimal][..], &['+', '-'][..]] {
        if let Some(c) = text[..start].chars().next_back().filter(|c| wanted.contains(c)) {
            start -= c.len_utf8();
        }
    }
    let (before, after) = (text[..start].trim(), text[last..].trim());
    // `5-` and `5- EUR`, but not `5-year`.
    let behind = after.strip_prefix(['-', '\u{2212}']).is_some_and(|rest| !rest.starts_with(|c: char| !c.is_whitespace()));
    let minus = ['-', '\u{2212}'];
    let turned = before.starts_with(minus) || before.ends_with(minus) || behind || (before.contains('(') && after.contains(')'));
    (!turned).then_some(&text[start..last])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn format(decimal: char, group: Option<char>, bare: bool) -> NumberFormat {
        NumberFormat { decimal, group, bare }
    }

    #[test]
    fn numbers_by_format() {
        let default = NumberFormat::default();
        let english = format('.', Some(','), true);
        let german = format(',', Some('.'), true);
        let loose = format('.', Some(','), false);
        for (f, text, plain) in [
            (&default, "0", Some("0")),
            (&default, "-12.50", Some("-12.5")),
            (&default, "+3", Some("3")),
            (&default, ".5", Some("0.5")),
            (&default, "5.", Some("5")),
            (&default, "1e3", Some("1000")),
            (&default, "1E-2", Some("0.01")),
            (&default, "", None),
            (&default, " 12", None),
            (&default, "12 ", None),
            (&default, "1,250", None),
            (&default, "1_000", None),
            (&default, "٣", None),
            (&default, "$5", None),
            (&default, "1e999", None),
            (&default, "Infinity", None),
            (&english, "1,250.00", Some("1250")),
            (&english, "12,50", Some("1250")),
            (&english, ",5", None),
            (&english, "5,", None),
            (&english, "1,,0", None),
            (&english, "1.2,5", None),
            (&german, "1.250,75", Some("1250.75")),
            (&german, "1250.75", Some("125075")),
            (&german, "1,2,3", None),
            (&loose, "95%", Some("95")),
            (&loose, "EUR 1,095.50", Some("1095.5")),
            (&loose, "$-5", Some("-5")),
            (&loose, "-$5", None),
            (&loose, "($5)", None),
            (&loose, "5-", None),
            (&loose, "5- EUR", None),
            (&loose, "EUR - 5", None),
            (&loose, "EUR (5)", None),
            (&loose, "(5) EUR", None),
            (&loose, "5-year", Some("5")),
            (&loose, "€.5", Some("0.5")),
            (&loose, "none", None),
            (&loose, "5 of 6", None),
        ] {
            let got = match read(f, text) {
                Ok(Number::Finite(d)) => Some(d.to_string()),
                _ => None,
            };
            assert_eq!(got.as_deref(), plain, "{text:?} by {f:?}");
        }
        assert_eq!(read(&default, "NaN"), Ok(Number::NotANumber));
        assert_eq!(read(&default, "-INF"), Ok(Number::NegativeInfinity));
        assert_eq!(read(&default, "nan"), Ok(Number::NotANumber));
        assert_eq!(read(&default, "inf"), Ok(Number::Infinity));
        assert_eq!(read(&default, "-Inf"), Ok(Number::NegativeInfinity));
        assert!(read(&default, "+INF").is_err());
    }

    #[test]
    fn whole_numbers() {
        let default = NumberFormat::default();
        for (text, want) in [
            ("7", Ok(())),
            ("-007", Ok(())),
            ("+7", Ok(())),
            ("7.0", Err(Misread::NotWhole)),
            ("7.5", Err(Misread::NotWhole)),
            ("1e3", Err(Misread::NotWhole)),
            ("", Err(Misread::Number)),
            ("seven", Err(Misread::Number)),
            ("NaN", Err(Misread::Number)),
            ("1,000", Err(Misread::Number)),
        ] {
            assert_eq!(read_whole(&default, text).map(|_| ()), want, "{text:?}");
        }
        assert!(read_whole(&format('.', Some(','), true), "1,000").is_ok());
        assert!(read_whole(&format('.', None, false), "7 acres").is_ok());
    }

    #[test]
    fn order_of_the_names() {
        let d = |t: &str| read(&NumberFormat::default(), t).unwrap();
        assert!(d("-INF") < d("-1e300") && d("1e300") < d("INF"));
        assert_eq!(d("NaN").partial_cmp(&d("1")), None);
        assert_eq!(d("INF").partial_cmp(&d("INF")), Some(Ordering::Equal));
        assert_eq!(d("1.0"), d("1"));
    }
}
