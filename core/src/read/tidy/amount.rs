//! Amounts as towns print them, exactly.

use crate::decimal::Decimal;
use crate::map::number::NumberReader;
use crate::package::crosswalk::{Negative, NumberStep};

/// Reads amounts: brackets or a minus before or behind for negatives, currency signs, groups of three, a dash for zero.
///
/// Each of these has one reading only, so nothing has to be declared but the two signs that differ between countries.
#[derive(Debug, Clone)]
pub struct Amounts {
    decimal: char,
    brackets: Option<NumberReader>,
    trailing: Option<NumberReader>,
}

impl Amounts {
    /// With this sign before the fraction and this one between groups of three digits.
    pub fn new(decimal: char, group: Option<char>) -> Amounts {
        let reader = |negative| {
            let symbols = ["$", "US$", "USD", "€", "£", "CA$"].map(str::to_owned).to_vec();
            NumberReader::compile(&NumberStep { decimal: Some(decimal), group, symbols, negative, ..NumberStep::default() }).ok()
        };
        Amounts { decimal, brackets: reader(Negative::Parentheses), trailing: reader(Negative::Trailing) }
    }

    /// Appends the amount in plain digits. `false`, and nothing appended, when the text is no amount. An empty text is none.
    pub fn plain(&self, text: &str, out: &mut String) -> bool {
        let text = text.trim();
        // A dash, with or without a currency sign, is how accountants write zero.
        let dash = text.trim_start_matches(['$', '€', '£']).trim();
        if matches!(dash, "-" | "–" | "—" | "\u{2212}" | "--") {
            out.push('0');
            return true;
        }
        if text.is_empty() {
            return false;
        }
        [&self.brackets, &self.trailing].into_iter().flatten().any(|r| r.convert(text, out).is_ok())
    }

    /// Whether an amount is written with a fraction.
    pub fn has_fraction(&self, text: &str) -> bool {
        text.contains(self.decimal)
    }

    /// The amount. `None` when the text is no amount.
    pub fn read(&self, text: &str) -> Option<Decimal> {
        let mut plain = String::new();
        if self.plain(text, &mut plain) { Decimal::parse(&plain) } else { None }
    }
}

/// `a - b`.
pub(super) fn minus(a: &Decimal, b: &Decimal) -> Option<Decimal> {
    a.add(&b.clone().negated())
}

/// Whether a number is no further from zero than `bound`.
pub(super) fn within(number: &Decimal, bound: &Decimal) -> bool {
    let size = if number.is_negative() { number.clone().negated() } else { number.clone() };
    minus(bound, &size).is_some_and(|rest| !rest.is_negative())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn amounts_as_they_are_printed() {
        let amounts = Amounts::new('.', Some(','));
        for (text, plain) in [
            ("1,234.56", Some("1234.56")),
            ("(1,234.56)", Some("-1234.56")),
            ("$(5.00)", Some("-5.00")),
            ("-$500", Some("-500")),
            ("500-", Some("-500")),
            ("$ -", Some("0")),
            ("-", Some("0")),
            (".00", Some("0.00")),
            ("954,736 ", Some("954736")),
            ("-.50", Some("-0.50")),
            ("12,34", None),
            ("", None),
            ("Total", None),
            ("1-2", None),
        ] {
            let mut out = String::new();
            assert_eq!(amounts.plain(text, &mut out).then_some(out.as_str()), plain, "{text}");
        }
        let german = Amounts::new(',', Some('.'));
        assert_eq!(german.read("1.234,50"), Decimal::parse("1234.5"));
        let one = Decimal::from_i64(1);
        assert!(within(&Decimal::parse("-1").unwrap(), &one) && !within(&Decimal::parse("1.01").unwrap(), &one));
    }
}
