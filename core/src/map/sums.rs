//! Totals before and after, exactly.

use crate::check::short::{PlainNumber, eight_digits, plain_number, sixteen};
use crate::decimal::Decimal;

use super::number::NumberReader;

/// A pair of columns whose totals are balanced.
#[derive(Debug, Clone)]
pub(super) struct SumPlan {
    pub(super) source: usize,
    pub(super) target: usize,
    pub(super) from: String,
    pub(super) to: String,
    /// How the source writes the amounts, without rules on digits, so that the total in is read apart from the conversion.
    pub(super) reader: NumberReader,
}

impl SumPlan {
    pub(super) fn new(source: usize, target: usize, from: &str, to: &str, reader: NumberReader) -> SumPlan {
        SumPlan { source, target, from: from.to_owned(), to: to.to_owned(), reader }
    }
}

/// A running total. Amounts with up to nine places and some eighteen digits are added as whole numbers, others as exact decimals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Total {
    /// In billionths.
    fast: i128,
    slow: Decimal,
}

const PLACES: i32 = 9;

impl Total {
    /// Adds an amount written plainly. `false` when the text is no number, or so large that it cannot be written out.
    pub(super) fn add(&mut self, text: &str) -> bool {
        if let Some(sum) = billionths(text.as_bytes()).and_then(|n| self.fast.checked_add(n)) {
            self.fast = sum;
            return true;
        }
        match Decimal::parse(text).and_then(|n| self.slow.add(&n)) {
            Some(sum) => {
                self.slow = sum;
                true
            }
            None => false,
        }
    }

    /// Adds a plain amount to this total and to another. `false`, and nothing added, for an amount that is not plain.
    #[inline]
    pub(super) fn add_to_both(&mut self, other: &mut Total, text: &[u8]) -> bool {
        let Some(n) = billionths(text) else { return false };
        match (self.fast.checked_add(n), other.fast.checked_add(n)) {
            (Some(a), Some(b)) => {
                (self.fast, other.fast) = (a, b);
                true
            }
            _ => false,
        }
    }

    /// The same for `n` bytes of `data` from `from` on, at least one. `false`, and nothing added, for longer amounts too.
    #[inline(always)]
    pub(super) fn add_short_to_both(&mut self, other: &mut Total, data: &[u8], from: usize, n: usize) -> bool {
        let Some(amount) = short_billionths(data, from, n) else { return false };
        match (self.fast.checked_add(amount.into()), other.fast.checked_add(amount.into())) {
            (Some(a), Some(b)) => {
                (self.fast, other.fast) = (a, b);
                true
            }
            _ => false,
        }
    }

    /// The sum of two totals.
    pub(super) fn plus(&self, other: &Total) -> Total {
        let mut sum = self.clone();
        match sum.fast.checked_add(other.fast) {
            Some(fast) => sum.fast = fast,
            None => sum.slow = sum.slow.add(&whole(other.fast)).unwrap_or(sum.slow),
        }
        sum.slow = sum.slow.add(&other.slow).unwrap_or(sum.slow);
        sum
    }

    /// The exact total.
    pub(super) fn value(&self) -> Decimal {
        whole(self.fast).add(&self.slow).unwrap_or_default()
    }
}

fn whole(billionths: i128) -> Decimal {
    Decimal::parse(&billionths.to_string()).unwrap_or_default().scaled(-PLACES)
}

/// A plain amount in billionths; `None` for any other writing, more places, or more than eighteen signs.
fn billionths(text: &[u8]) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.len() > 18 || digits.is_empty() {
        return None;
    }
    // Eighteen digits and a point fit into 64 bits, where arithmetic is fast.
    let (mut n, mut places) = (0i64, None);
    for &b in digits {
        match b {
            b'0'..=b'9' => {
                n = n * 10 + i64::from(b - b'0');
                places = places.map(|p: i32| p + 1);
            }
            b'.' if places.is_none() => places = Some(0),
            _ => return None,
        }
    }
    let places = places.unwrap_or(0);
    if places > PLACES || digits.len() == usize::from(digits.contains(&b'.')) {
        return None;
    }
    let n = i128::from(n) * i128::from(10i64.pow((PLACES - places).unsigned_abs()));
    Some(if negative { -n } else { n })
}

/// A plain amount of at most sixteen bytes in billionths, with up to eight digits before and behind the point; `None` for any other.
#[inline(always)]
fn short_billionths(data: &[u8], from: usize, n: usize) -> Option<i64> {
    const POWERS: [i64; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
    let bytes = sixteen(data, from).filter(|_| n <= 16)?;
    let PlainNumber { negative, whole, point } = plain_number(bytes, n)?;
    let digits = bytes >> (8 * u32::from(negative));
    let places = if point { n - usize::from(negative) - whole - 1 } else { 0 };
    if whole > 8 || places > 8 {
        return None;
    }
    let mut amount = eight_digits(digits as u64, whole) as i64 * POWERS[0];
    if point {
        amount += eight_digits((digits >> (8 * (whole + 1))) as u64, places) as i64 * POWERS[places];
    }
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn short_amounts_are_the_same(text in "-?[0-9]{1,10}(\\.[0-9]{1,10})?|[-.0-9x]{1,17}") {
            let data = format!(",{text},12.5,,,,,,,,,,,,");
            let short = short_billionths(data.as_bytes(), 1, text.len());
            proptest::prop_assert!(short.is_none() || short.map(i128::from) == billionths(text.as_bytes()), "{short:?}");
            let few = text.len() <= 8 && billionths(text.as_bytes()).is_some() && !text.starts_with(['.']) && !text.starts_with("-.") && !text.ends_with('.');
            proptest::prop_assert!(short.is_some() || !few);
        }

        /// The fast way and the exact decimals agree on any amounts, in any order.
        #[test]
        fn totals_are_exact(amounts in proptest::collection::vec("-?[0-9]{1,25}(\\.[0-9]{1,14})?|[0-9]{1,3}e-?[0-9]{1,2}|x|", 0..20), cut in 0usize..20) {
            let (mut left, mut right, mut expected) = (Total::default(), Total::default(), Decimal::default());
            for (i, amount) in amounts.iter().enumerate() {
                let added = if i < cut { left.add(amount) } else { right.add(amount) };
                let number = Decimal::parse(amount);
                proptest::prop_assert_eq!(added, number.is_some());
                expected = number.and_then(|n| expected.add(&n)).unwrap_or(expected);
            }
            proptest::prop_assert_eq!(left.plus(&right).value(), expected);
        }
    }
}
