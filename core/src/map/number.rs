//! The `number` step: a number as people write it becomes plain digits, exactly. Everything is done on the digits as text.

use crate::check::short::{PlainNumber, plain_number, sixteen};
use crate::decimal::Decimal;
use crate::package::crosswalk::{Negative, NumberStep};

use super::text::is_blank;

/// A compiled `number` step.
#[derive(Debug, Clone)]
pub(crate) struct NumberReader {
    decimal: char,
    group: Option<char>,
    /// Longest first, so that `US$` is not taken for `$`.
    symbols: Vec<String>,
    negative: Negative,
    whole: bool,
    places: Option<u32>,
    /// Power of ten to multiply by.
    power: i32,
    /// A plain number stays as it stands: nothing is multiplied or filled up, and no symbol could be mistaken for a digit.
    plain: bool,
    /// The same, but for the number of places.
    simple: bool,
}

/// Why a number could not be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not a number as the step describes them.
    NotANumber,
    /// Digits other than zero would be lost; so many places are allowed.
    DigitsLost(u32),
}

/// A number taken apart: digits before the point (with group separators still in), digits after it.
struct Parts<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl NumberReader {
    /// `Err` says in words what is wrong with the step.
    pub(crate) fn compile(step: &NumberStep) -> Result<NumberReader, String> {
        let decimal = step.decimal.unwrap_or('.');
        if Some(decimal) == step.group || decimal.is_ascii_digit() || step.group.is_some_and(|g| g.is_ascii_digit()) {
            return Err("the decimal sign and the group separator must be two different signs that are not digits".to_owned());
        }
        let mut symbols: Vec<String> = step.symbols.iter().filter(|s| !s.is_empty()).cloned().collect();
        symbols.sort_by_key(|s| std::cmp::Reverse(s.len()));
        let power = match &step.scale {
            None => 0,
            Some(scale) => power_of_ten(scale)
                .ok_or_else(|| format!("\"scale\" must be a power of ten such as \"100\" or \"0.01\", not \"{scale}\""))?,
        };
        if step.places.is_some_and(|p| p > 100) {
            return Err("\"places\" must be at most 100".to_owned());
        }
        let digits = |s: &String| s.bytes().any(|b| b.is_ascii_digit() || b == b'.');
        let simple = decimal == '.' && power == 0 && !symbols.iter().any(digits);
        let plain = simple && step.places.is_none();
        let (group, negative, whole, places) = (step.group, step.negative, step.whole, step.places);
        Ok(NumberReader { decimal, group, symbols, negative, whole, places, power, plain, simple })
    }

    /// Plain numbers only.
    pub(super) fn plain() -> NumberReader {
        let (negative, symbols) = (Negative::Sign, Vec::new());
        NumberReader { decimal: '.', group: None, symbols, negative, whole: false, places: None, power: 0, plain: true, simple: true }
    }

    /// The same reading without rules on the digits after the point: for sums.
    pub(super) fn for_sums(&self) -> NumberReader {
        NumberReader { whole: false, places: None, plain: self.plain && self.places.is_none(), ..self.clone() }
    }

    /// How many bytes of the text, from its start, are the number as the step writes it; `None` where that has to be worked out.
    #[inline]
    pub(super) fn as_it_is(&self, text: &str) -> Option<usize> {
        self.plain_end(text.as_bytes())
    }

    /// The same on bytes.
    #[inline]
    pub(super) fn plain_end(&self, bytes: &[u8]) -> Option<usize> {
        let first = usize::from(bytes.first() == Some(&b'-'));
        // Zeros before other digits go, and so does the sign of nothing; both begin with a zero, unless it is followed by the point or the end.
        let good = match bytes.get(first..)? {
            [b'0'] | [b'0', b'.', ..] => first == 0,
            [b'1'..=b'9', ..] => true,
            _ => false,
        };
        if !good || !self.plain {
            return None;
        }
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let end = first + digits(first);
        if end == bytes.len() {
            return Some(end);
        }
        let rest = &bytes[end + 1..];
        if bytes[end] != b'.' || rest.is_empty() {
            return None;
        }
        if self.whole {
            return rest.iter().all(|b| *b == b'0').then_some(end);
        }
        (digits(end + 1) == rest.len()).then_some(bytes.len())
    }

    /// The same for the `n` bytes of `data` from `from` on, looked at whole where they are few.
    #[inline(always)]
    pub(super) fn plain_end_at(&self, data: &[u8], from: usize, n: usize) -> Option<usize> {
        self.plain_at(data, from, n).map(|(end, _)| end).or_else(|| self.plain_end(&data[from..from + n]))
    }

    /// The same for at most sixteen bytes, with the form of what is kept.
    #[inline(always)]
    pub(super) fn plain_at(&self, data: &[u8], from: usize, n: usize) -> Option<(usize, PlainNumber)> {
        if !self.plain || n == 0 || n > 16 {
            return None;
        }
        let bytes = sixteen(data, from)?;
        let number = plain_number(bytes, n)?;
        let first = usize::from(number.negative);
        let zero = (bytes >> (8 * first)) as u8 == b'0';
        if zero && (number.whole > 1 || number.negative) {
            return None;
        }
        if !(number.point && self.whole) {
            return Some((n, number));
        }
        let end = first + number.whole;
        let zeros = data[from + end + 1..from + n].iter().all(|b| *b == b'0');
        zeros.then_some((end, PlainNumber { point: false, ..number }))
    }

    /// When plain numbers are kept: whether only up to their point.
    pub(super) fn keeps_plain(&self) -> Option<bool> {
        self.plain.then_some(self.whole)
    }

    /// Whether plain digits with a point, perhaps behind a minus sign, have the value that they have everywhere.
    #[inline]
    pub(super) fn reads_plainly(&self) -> bool {
        self.plain
    }

    /// Appends the plain form of an amount such as `$1,250.00`: a symbol, groups of three digits, a point and digits. `false`, and nothing appended,
    /// for every other writing.
    pub(super) fn money(&self, text: &[u8], out: &mut Vec<u8>) -> bool {
        if !self.simple {
            return false;
        }
        let symbol = self.symbols.iter().find(|s| text.starts_with(s.as_bytes())).map_or(0, String::len);
        let text = &text[symbol..];
        let (whole, fraction) = match memchr::memchr(b'.', text) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let is_digits = |t: &[u8]| !t.is_empty() && t.iter().all(u8::is_ascii_digit);
        let fraction = match fraction {
            Some(f) if !is_digits(f) => return false,
            Some(f) if self.whole && f.iter().any(|b| *b != b'0') => return false,
            Some(_) if self.whole => None,
            other => other,
        };
        if self.places.is_some_and(|p| p as usize != fraction.map_or(0, <[u8]>::len)) {
            return false;
        }
        let start = out.len();
        let group = self.group.and_then(|g| u8::try_from(g).ok()).filter(u8::is_ascii);
        let first = whole.len() - whole.len() / 4 * 4;
        // Digits alone, or a first group of one to three digits and others of three behind a separator each.
        let (head, rest) = match group {
            Some(g) if whole.contains(&g) && first > 0 => whole.split_at(first),
            _ => (whole, &[][..]),
        };
        if !is_digits(head) || (head[0] == b'0' && (head.len() > 1 || !rest.is_empty())) {
            return false;
        }
        out.extend_from_slice(head);
        for piece in rest.chunks_exact(4) {
            if Some(piece[0]) != group || !is_digits(&piece[1..]) {
                out.truncate(start);
                return false;
            }
            out.extend_from_slice(&piece[1..]);
        }
        if let Some(fraction) = fraction {
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
        true
    }

    /// Appends the plain form of the number to `out`, which is left as it was on a fault.
    pub(crate) fn convert(&self, text: &str, out: &mut String) -> Result<(), Fault> {
        if let Some(end) = self.as_it_is(text) {
            out.push_str(&text[..end]);
            return Ok(());
        }
        self.convert_slowly(text, out)
    }

    fn convert_slowly(&self, text: &str, out: &mut String) -> Result<(), Fault> {
        match self.parts(text) {
            Some(parts) => self.write(&parts, out),
            None => {
                // A program's own way of writing very large and very small numbers: exact, but rare, so it may take the slow way.
                let plain = self.exponent_form(text).ok_or(Fault::NotANumber)?;
                let (negative, digits) = plain.strip_prefix('-').map_or((false, plain.as_str()), |d| (true, d));
                let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
                self.write(&Parts { negative, whole, fraction }, out)
            }
        }
    }

    /// The text without blanks, symbols and sign. The flag is set for a negative number.
    fn bare<'t>(&self, text: &'t str) -> Option<(bool, &'t str)> {
        let mut rest = text.trim_matches(is_blank);
        let mut negative = false;
        if self.negative == Negative::Parentheses
            && let Some(inside) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')'))
        {
            negative = true;
            rest = inside.trim_matches(is_blank);
        }
        let mut signed = negative;
        let (mut before, mut after) = (false, false);
        // A sign and a symbol may stand in either order and on either side, each once: `-$5`, `$-5`, `5- %`.
        loop {
            let length = rest.len();
            if !signed && let Some(r) = rest.strip_prefix(['-', '\u{2212}']) {
                (signed, negative, rest) = (true, true, r.trim_start_matches(is_blank));
            } else if !signed && let Some(r) = rest.strip_prefix('+') {
                (signed, rest) = (true, r.trim_start_matches(is_blank));
            }
            if !signed
                && self.negative == Negative::Trailing
                && let Some(r) = rest.strip_suffix(['-', '\u{2212}'])
            {
                (signed, negative, rest) = (true, true, r.trim_end_matches(is_blank));
            }
            if !before && let Some(r) = self.symbols.iter().find_map(|s| rest.strip_prefix(s.as_str())) {
                (before, rest) = (true, r.trim_start_matches(is_blank));
            }
            if !after && let Some(r) = self.symbols.iter().find_map(|s| rest.strip_suffix(s.as_str())) {
                (after, rest) = (true, r.trim_end_matches(is_blank));
            }
            if rest.len() == length {
                break;
            }
        }
        // `$(5.00)` is as common as `($5.00)`.
        if self.negative == Negative::Parentheses
            && !signed
            && let Some(inside) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')'))
        {
            negative = true;
            rest = inside.trim_matches(is_blank);
        }
        (!rest.is_empty()).then_some((negative, rest))
    }

    fn parts<'t>(&self, text: &'t str) -> Option<Parts<'t>> {
        let plain = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        let (negative, rest) = if text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(|c: char| c.is_ascii_digit()) {
            (false, text)
        } else {
            self.bare(text)?
        };
        let (whole, fraction) = rest.split_once(self.decimal).unwrap_or((rest, ""));
        if whole.len() + fraction.len() == 0 || !plain(fraction) {
            return None;
        }
        (plain(whole) || self.group.is_some_and(|group| well_grouped(whole, group))).then_some(Parts { negative, whole, fraction })
    }

    fn exponent_form(&self, text: &str) -> Option<String> {
        let (negative, rest) = self.bare(text)?;
        if !rest.contains(['e', 'E']) || rest.starts_with(['+', '-']) {
            return None;
        }
        let number = match self.decimal {
            '.' => Decimal::parse(rest),
            other if !rest.contains('.') => Decimal::parse(&rest.replace(other, ".")),
            _ => None,
        }?;
        Some(if negative { number.negated() } else { number }.to_string())
    }

    fn write(&self, parts: &Parts<'_>, out: &mut String) -> Result<(), Fault> {
        if self.power != 0 {
            return self.write_scaled(parts, out);
        }
        let fraction = self.fraction(parts.fraction)?;
        let zero = |t: &str| t.bytes().all(|b| !matches!(b, b'1'..=b'9'));
        if parts.negative && !(zero(parts.whole) && zero(fraction)) {
            out.push('-');
        }
        let whole = parts.whole.trim_start_matches('0');
        let first = out.len();
        if whole.len() == parts.whole.len() && self.group.is_none() {
            out.push_str(whole);
        } else {
            let mut leading = true;
            for b in whole.bytes().filter(u8::is_ascii_digit) {
                leading = leading && b == b'0';
                if !leading {
                    out.push(b as char);
                }
            }
        }
        if out.len() == first {
            out.push('0');
        }
        let places = self.places.map_or(fraction.len(), |p| p as usize);
        if places > 0 {
            out.push('.');
            out.push_str(fraction);
            out.extend(std::iter::repeat_n('0', places.saturating_sub(fraction.len())));
        }
        Ok(())
    }

    /// The digits after the point that are written, before filling up.
    fn fraction<'t>(&self, fraction: &'t str) -> Result<&'t str, Fault> {
        let fraction = if self.whole {
            if fraction.bytes().any(|b| b != b'0') {
                return Err(Fault::DigitsLost(0));
            }
            ""
        } else {
            fraction
        };
        match self.places {
            Some(places) if fraction.len() > places as usize => {
                let (kept, lost) = fraction.split_at(places as usize);
                if lost.bytes().any(|b| b != b'0') { Err(Fault::DigitsLost(places)) } else { Ok(kept) }
            }
            _ => Ok(fraction),
        }
    }

    fn write_scaled(&self, parts: &Parts<'_>, out: &mut String) -> Result<(), Fault> {
        let mut digits: String = parts.whole.chars().filter(char::is_ascii_digit).collect();
        let mut point = digits.len() as i64 + i64::from(self.power);
        digits.push_str(parts.fraction);
        if point < 0 {
            digits.insert_str(0, &"0".repeat(point.unsigned_abs() as usize));
            point = 0;
        }
        while (digits.len() as i64) < point {
            digits.push('0');
        }
        let (whole, fraction) = digits.split_at(point as usize);
        let plain = NumberReader { power: 0, group: None, ..self.clone() };
        plain.write(&Parts { negative: parts.negative, whole, fraction }, out)
    }
}

/// Groups of three digits after a first group of one to three.
fn well_grouped(whole: &str, group: char) -> bool {
    let same = |c: char| c == group || (is_blank(group) && is_blank(c));
    let mut groups = whole.split(same);
    let first = groups.next().unwrap_or_default();
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    (1..=3).contains(&first.len()) && digits(first) && groups.all(|g| g.len() == 3 && digits(g))
}

/// `100` is 2, `0.01` is -2; at most 30 either way.
fn power_of_ten(text: &str) -> Option<i32> {
    let number = Decimal::parse(text)?;
    (-30..=30).find(|&power| Decimal::from_i64(1).scaled(power) == number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn money() -> NumberStep {
        NumberStep { group: Some(','), symbols: vec!["$".into(), "US$".into()], negative: Negative::Parentheses, ..NumberStep::default() }
    }

    fn run(step: &NumberStep, text: &str) -> Result<String, Fault> {
        let mut out = String::new();
        NumberReader::compile(step).unwrap().convert(text, &mut out).map(|()| out)
    }

    #[test]
    fn numbers_as_people_write_them() {
        let plain = NumberStep::default();
        let trailing = NumberStep { negative: Negative::Trailing, ..NumberStep::default() };
        let german = NumberStep { decimal: Some(','), group: Some('.'), ..NumberStep::default() };
        let spaced = NumberStep { decimal: Some(','), group: Some(' '), ..NumberStep::default() };
        let whole = NumberStep { whole: true, ..money() };
        let cents = NumberStep { places: Some(2), ..money() };
        let from_cents = NumberStep { scale: Some("0.01".into()), places: Some(2), ..NumberStep::default() };
        let thousands = NumberStep { scale: Some("1000".into()), ..NumberStep::default() };
        let lost = |n| Err(Fault::DigitsLost(n));
        let bad = || Err(Fault::NotANumber);
        let cases: &[(&NumberStep, &str, Result<&str, Fault>)] = &[
            (&plain, "12", Ok("12")),
            (&plain, "007", Ok("7")),
            (&plain, "0", Ok("0")),
            (&plain, "000.50", Ok("0.50")),
            (&plain, "-0.00", Ok("0.00")),
            (&plain, ".5", Ok("0.5")),
            (&plain, "5.", Ok("5")),
            (&plain, "+3", Ok("3")),
            (&plain, "\u{2212}3", Ok("-3")),
            (&plain, " 12 ", Ok("12")),
            (&plain, "1.5E+05", Ok("150000")),
            (&plain, "-1e-3", Ok("-0.001")),
            (&plain, "1,000", bad()),
            (&plain, "(5)", bad()),
            (&plain, "5-", bad()),
            (&plain, "--5", bad()),
            (&plain, "$5", bad()),
            (&plain, "1.2.3", bad()),
            (&plain, "-", bad()),
            (&plain, ".", bad()),
            (&plain, "١٢", bad()),
            (&money(), "$1,250.00", Ok("1250.00")),
            (&money(), "($1,250.00)", Ok("-1250.00")),
            (&money(), "$(1,250.00)", Ok("-1250.00")),
            (&money(), "-$5", Ok("-5")),
            (&money(), "$-5", Ok("-5")),
            (&money(), "US$ 5", Ok("5")),
            (&money(), "5 $", Ok("5")),
            (&money(), "0,005", Ok("5")),
            (&money(), "12,34", bad()),
            (&money(), "1234,567", bad()),
            (&money(), ",123", bad()),
            (&money(), "(-5)", bad()),
            (&money(), "$", bad()),
            (&money(), "()", bad()),
            (&trailing, "5-", Ok("-5")),
            (&trailing, "-5-", bad()),
            (&german, "1.234,50", Ok("1234.50")),
            (&german, "1.5", bad()),
            (&spaced, "1\u{a0}234,5", Ok("1234.5")),
            (&whole, "$1,250.00", Ok("1250")),
            (&whole, "1250.50", lost(0)),
            (&cents, "12.5", Ok("12.50")),
            (&cents, "12", Ok("12.00")),
            (&cents, "12.500", Ok("12.50")),
            (&cents, "12.505", lost(2)),
            (&from_cents, "1250", Ok("12.50")),
            (&from_cents, "5", Ok("0.05")),
            (&from_cents, "-0", Ok("0.00")),
            (&from_cents, "0.5", lost(2)),
            (&thousands, "1.25", Ok("1250")),
            (&thousands, "1.23456", Ok("1234.56")),
            (&thousands, "-.0001", Ok("-0.1")),
        ];
        for (step, text, expected) in cases {
            assert_eq!(run(step, text).as_deref(), expected.as_ref().map(|s| *s), "{text:?}");
        }
    }

    #[test]
    fn ordinary_numbers_are_taken_as_they_stand() {
        let whole = NumberReader::compile(&NumberStep { whole: true, ..money() }).unwrap();
        let any = NumberReader::compile(&money()).unwrap();
        for (reader, text, end) in
            [(&any, "8038.99", Some(7)), (&any, "-122.266204", Some(11)), (&any, "0.5", Some(3)), (&any, "0", Some(1))]
        {
            assert_eq!(reader.as_it_is(text), end, "{text}");
        }
        for (text, end) in [("4509.00", Some(4)), ("18", Some(2)), ("18.5", None), ("-0", None), ("007", None), ("1,000", None), ("", None)]
        {
            assert_eq!(whole.as_it_is(text), end, "{text}");
        }
    }

    #[test]
    fn steps_that_make_no_sense_are_refused() {
        for step in [
            NumberStep { group: Some('.'), ..NumberStep::default() },
            NumberStep { scale: Some("3".into()), ..NumberStep::default() },
            NumberStep { scale: Some("x".into()), ..NumberStep::default() },
            NumberStep { places: Some(1000), ..NumberStep::default() },
        ] {
            assert!(NumberReader::compile(&step).is_err(), "{step:?}");
        }
    }

    proptest::proptest! {
        /// Whatever is read as a plain number has the value that the exact decimal reader gives it.
        #[test]
        fn agrees_with_decimal(text in "[+-]?[0-9]{0,24}\\.?[0-9]{0,12}(e-?[0-9]{1,2})?") {
            let ours = run(&NumberStep::default(), &text).ok();
            proptest::prop_assert_eq!(ours.as_deref().and_then(Decimal::parse), Decimal::parse(&text));
        }

        /// What is taken as it stands is what the whole reading writes.
        #[test]
        fn the_shortcut_writes_the_same(text in "-?[0-9]{0,4}(\\.[0-9]{0,3})?|[$]?[0-9]{1,3}(,[0-9]{3}){0,2}(\\.[0-9]{1,2})?|-?[0-9]{1,2}\\.0{0,3}|[-+$(),.0-9eE ]{0,6}") {
            let whole = NumberStep { whole: true, ..money() };
            let odd = NumberStep { symbols: vec!["1".into(), "0.".into()], ..NumberStep::default() };
            let places = NumberStep { places: Some(1), ..NumberStep::default() };
            let scaled = NumberStep { scale: Some("100".into()), ..NumberStep::default() };
            let german = NumberStep { decimal: Some(','), group: Some('.'), ..NumberStep::default() };
            let trailing = NumberStep { negative: Negative::Trailing, ..NumberStep::default() };
            for step in [money(), NumberStep::default(), whole, odd, places, scaled, german, trailing] {
                let compiled = NumberReader::compile(&step).unwrap();
                for reader in [compiled.for_sums(), compiled] {
                    let mut out = String::new();
                    let slow = reader.convert_slowly(&text, &mut out).map(|()| out.as_str());
                    let padded = format!("7{text}-0.1.2,3.4,5.6,7");
                    proptest::prop_assert_eq!(reader.plain_end_at(padded.as_bytes(), 1, text.len()), reader.as_it_is(&text), "{:?}", reader);
                    if let Some(end) = reader.as_it_is(&text) {
                        proptest::prop_assert_eq!(slow, Ok(&text[..end]), "{:?}", reader);
                    }
                    let mut quick = Vec::new();
                    if reader.money(text.as_bytes(), &mut quick) {
                        proptest::prop_assert_eq!(slow.map(str::as_bytes), Ok(quick.as_slice()), "{:?}", reader);
                    }
                }
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,12}|[-+$().,0-9eE ]{0,12}") {
            for step in [money(), NumberStep::default(), NumberStep { scale: Some("0.01".into()), places: Some(1), ..money() }] {
                if let Ok(out) = run(&step, &text) {
                    proptest::prop_assert!(Decimal::parse(&out).is_some(), "{}", out);
                }
            }
        }
    }
}
