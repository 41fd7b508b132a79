//! What a stored number means: its digits as a spreadsheet program shows them, and days by the number format.

use crate::read::Kind;
use crate::value::date::Date;

/// How a number format shows its numbers, as far as that changes what the number is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// As a number.
    #[default]
    Number,
    /// As a number with at least so many digits, by a format of only zeros.
    Padded(u8),
    /// As a day.
    Day,
    /// As a day with the time; whether parts of seconds are shown.
    Moment(bool),
    /// As the time of a day.
    Time(bool),
    /// As a length of time in hours, minutes and seconds that may pass a day.
    Elapsed(bool),
}

impl Shown {
    /// The built-in formats by number (ECMA-376 part 1, 18.8.30, and the East Asian ones that hold a date in every language).
    pub(super) fn built_in(id: u32) -> Shown {
        match id {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Shown::Day,
            22 => Shown::Moment(false),
            18..=21 | 32..=35 | 45 | 55 | 56 => Shown::Time(false),
            46 => Shown::Elapsed(false),
            47 => Shown::Time(true),
            _ => Shown::Number,
        }
    }

    /// Reads a format's code, of which the first section, that of positive numbers, decides.
    pub(super) fn of_code(code: &str) -> Shown {
        if code.len() <= 30 && code.len() > 1 && code.bytes().all(|b| b == b'0') {
            return Shown::Padded(code.len() as u8);
        }
        let (mut day, mut time, mut minutes, mut elapsed, mut parts) = (false, false, false, false, false);
        let mut letters = code.chars().peekable();
        let mut before = ' ';
        while let Some(letter) = letters.next() {
            match letter.to_ascii_lowercase() {
                ';' => break,
                '"' => {
                    letters.by_ref().find(|&c| c == '"');
                }
                '\\' | '_' | '*' => {
                    letters.next();
                }
                '[' => {
                    let inside: String = letters.by_ref().take_while(|&c| c != ']').take(100).collect();
                    let inside = inside.to_ascii_lowercase();
                    if !inside.is_empty() && ["h", "m", "s"].iter().any(|u| inside.trim_matches(|c| u.starts_with(c)).is_empty()) {
                        elapsed = true;
                    }
                }
                'y' | 'd' => day = true,
                'h' | 's' => time = true,
                'm' => minutes = true,
                // The general format, in any letters, ends with what looks like a unit in no language we know.
                'g' if code.to_ascii_lowercase().contains("general") => return Shown::Number,
                '0' if before == '.' && time => parts = true,
                _ => {}
            }
            before = letter;
        }
        match (day || (minutes && !time && !elapsed), time, elapsed) {
            (_, _, true) => Shown::Elapsed(parts),
            (true, false, _) => Shown::Day,
            (true, true, _) => Shown::Moment(parts),
            (false, true, _) => Shown::Time(parts),
            (false, false, _) => Shown::Number,
        }
    }
}

/// Writes a stored number as it is shown; `old` says that days are counted from 1904. What is no number stays as it is, as text.
pub(super) fn write(stored: &str, shown: Shown, old: bool, into: &mut String) -> Kind {
    let Some(number) = Digits::read(stored) else {
        into.push_str(stored);
        return Kind::Text;
    };
    match shown {
        Shown::Number => {}
        Shown::Padded(width) => {
            if let Some(whole) = number.whole() {
                let missing = usize::from(width).saturating_sub(whole.len());
                // Longer numbers are shown as they are, and so are numbers below zero, whose sign the zeros would hide.
                if missing > 0 && !number.negative {
                    into.extend(std::iter::repeat_n('0', missing));
                    into.push_str(&whole);
                    return Kind::Text;
                }
            }
        }
        shown => {
            if let Some(kind) = number.moment(shown, old, into) {
                return kind;
            }
        }
    }
    number.write(into);
    Kind::Number
}

/// A number's sign, significant digits and the power of ten of its last digit.
struct Digits {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: Vec<u8>,
    power: i32,
}

/// Of a number with a fraction, spreadsheet programs show at most this many significant digits; what is behind them is mostly what is left
/// of computing in binary (`0.30000000000000004`).
const SIGNIFICANT: usize = 15;

impl Digits {
    /// Reads `-12.5`, `1E-3` and the like; the numbers of a file are doubles, so that exponents beyond 400 are none.
    ///
    /// A whole number keeps the digits that are stored: what writes files from a database stores identifiers of 16 and more, and two of them
    /// must not become one.
    fn read(text: &str) -> Option<Digits> {
        let digits = Digits::exactly(text)?;
        Some(if digits.power < 0 { digits.rounded() } else { digits })
    }

    /// Reads a number with all its digits.
    fn exactly(text: &str) -> Option<Digits> {
        let text = text.trim();
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok().filter(|e| e.abs() <= 400)?),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.as_bytes().first()? {
            b'-' => (true, &mantissa[1..]),
            b'+' => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + part.len() == 0
            || whole.len() + part.len() > 1000
            || !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let mut digits: Vec<u8> = whole.bytes().chain(part.bytes()).map(|b| b - b'0').collect();
        let power = exponent - part.len() as i32;
        let zeros = digits.iter().take_while(|&&d| d == 0).count();
        digits.drain(..zeros);
        let mut number = Digits { negative, digits, power };
        number.strip();
        number.negative = negative && !number.digits.is_empty();
        Some(number)
    }

    /// The number with at most [`SIGNIFICANT`] digits, or those of its whole part.
    fn rounded(mut self) -> Digits {
        let whole = self.digits.len() as i32 + self.power;
        let most = usize::try_from(whole).unwrap_or(0).max(SIGNIFICANT);
        if self.digits.len() <= most {
            return self;
        }
        self.power += (self.digits.len() - most) as i32;
        let up = self.digits[most] >= 5;
        self.digits.truncate(most);
        if up {
            match self.digits.iter().rposition(|&d| d < 9) {
                Some(at) => {
                    self.digits[at] += 1;
                    self.digits[at + 1..].fill(0);
                }
                None => {
                    self.digits.fill(0);
                    self.digits[0] = 1;
                    self.power += 1;
                }
            }
        }
        self.strip();
        self
    }

    /// Takes the zeros off the end.
    fn strip(&mut self) {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
            self.power += 1;
        }
    }

    fn write(&self, into: &mut String) {
        if self.negative {
            into.push('-');
        }
        let point = self.digits.len() as i32 + self.power;
        if self.digits.is_empty() || point <= 0 {
            into.push('0');
        }
        if self.digits.is_empty() {
            return;
        }
        if point <= 0 {
            into.push('.');
            into.extend(std::iter::repeat_n('0', -point as usize));
        }
        for (i, &digit) in self.digits.iter().enumerate() {
            if i > 0 && i as i32 == point {
                into.push('.');
            }
            into.push(char::from(b'0' + digit));
        }
        into.extend(std::iter::repeat_n('0', self.power.max(0) as usize));
    }

    /// The digits of a whole number without its sign.
    fn whole(&self) -> Option<String> {
        if self.power < 0 {
            return None;
        }
        let mut text = String::new();
        Digits { negative: false, digits: self.digits.clone(), power: self.power }.write(&mut text);
        Some(text)
    }

    /// The thousandths of a second since the system's day 0, rounded; `None` below zero or beyond what any format shows.
    fn milliseconds(&self) -> Option<u64> {
        if self.negative || self.digits.len() as i32 + self.power > 9 {
            return None;
        }
        // At most 15 digits times 86,400,000 stay below 2^128 (a whole number has at most nine here); what is below 10^-24 of a day is nothing.
        let digits = self.digits.iter().fold(0u128, |sum, &d| sum * 10 + u128::from(d)) * 86_400_000;
        Some(match self.power {
            0.. => digits * 10u128.pow(self.power as u32),
            power if power >= -36 => {
                let unit = 10u128.pow(-power as u32);
                (digits + unit / 2) / unit
            }
            _ => 0,
        } as u64)
    }

    fn moment(&self, shown: Shown, old: bool, into: &mut String) -> Option<Kind> {
        use std::fmt::Write as _;
        let parts = matches!(shown, Shown::Moment(true) | Shown::Time(true) | Shown::Elapsed(true));
        let exact = self.milliseconds()?;
        // A part of a day under the format of a day is not shown, but it is there: it is kept to be told, and never rounded to another day.
        let ms = if parts || shown == Shown::Day { exact } else { (exact + 500) / 1000 * 1000 };
        let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
        let parts = parts || shown == Shown::Day;
        let (hours, minutes, seconds, thousandths) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
        if let Shown::Day | Shown::Moment(_) = shown {
            let day = serial_day(days, old)?;
            into.push_str(&day.iso());
            if shown == Shown::Day && rest == 0 {
                return Some(Kind::Date);
            }
            into.push('T');
        }
        let hours = if matches!(shown, Shown::Elapsed(_)) { hours + days * 24 } else { hours };
        let _ = write!(into, "{hours:02}:{minutes:02}:{seconds:02}");
        if parts && thousandths > 0 {
            let _ = write!(into, ".{thousandths:03}");
        }
        Some(if matches!(shown, Shown::Day | Shown::Moment(_)) { Kind::Date } else { Kind::Text })
    }
}

/// The day of a serial number. In the 1900 system day 1 is 1900-01-01 and day 60 is a day that never was (Excel keeps the mistake of Lotus
/// 1-2-3); in the 1904 system day 0 is 1904-01-01. `None` for days that no calendar has.
fn serial_day(days: u64, old: bool) -> Option<Date> {
    let first = if old { Date { year: 1904, month: 1, day: 1 } } else { Date { year: 1899, month: 12, day: 31 } };
    let days = match days {
        _ if old => days,
        0 | 60 => return None,
        1..60 => days,
        _ => days - 1,
    };
    Date::from_number(first.number() + i64::try_from(days).ok()?)
}

/// The shortest digits that give a double back, for forms that store it in binary.
pub(super) fn of_double(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_shown_by_their_digits() {
        for (stored, expected) in [
            ("12", "12"),
            ("-0", "0"),
            ("0.10000000000000001", "0.1"),
            ("1234567.8900000001", "1234567.89"),
            ("1E3", "1000"),
            ("1.5E-7", "0.00000015"),
            ("6.02214076E23", "602214076000000000000000"),
            ("999999999999999.9", "1000000000000000"),
            ("-12.50", "-12.5"),
            ("2.7755575615628914E-17", "0.0000000000000000277555756156289"),
            // Whole numbers as they are stored: identifiers of which only the last digits differ stay two.
            ("123456789012345678", "123456789012345678"),
            ("2024000000001234", "2024000000001234"),
            ("-9007199254740993", "-9007199254740993"),
            ("1234567890123456.0", "1234567890123456"),
            ("6.0221407600000003E23", "602214076000000030000000"),
            ("2.024000000001234E15", "2024000000001234"),
            ("0.30000000000000004", "0.3"),
            ("12345678901234.567", "12345678901234.6"),
            ("1234567890123456.5", "1234567890123457"),
        ] {
            let mut text = String::new();
            assert_eq!((write(stored, Shown::Number, false, &mut text), text.as_str()), (Kind::Number, expected), "{stored}");
        }
        for odd in ["", "abc", "1E999999999999", "1e401", "--1", "1.2.3", "NaN", "."] {
            let mut text = String::new();
            assert_eq!((write(odd, Shown::Number, false, &mut text), text.as_str()), (Kind::Text, odd));
        }
    }

    #[test]
    fn formats_tell_days_from_numbers() {
        for (code, expected) in [
            ("General", Shown::Number),
            ("0.00", Shown::Number),
            ("#,##0.00;[Red]-#,##0.00", Shown::Number),
            ("00000", Shown::Padded(5)),
            ("0", Shown::Number),
            ("0.00E+00", Shown::Number),
            ("\"days\" 0", Shown::Number),
            ("0 \\d", Shown::Number),
            ("[$-409]mmmm d, yyyy;@", Shown::Day),
            ("mm/dd/yy", Shown::Day),
            ("mmm", Shown::Day),
            ("m/d/yy h:mm", Shown::Moment(false)),
            ("yyyy-mm-dd hh:mm:ss.000", Shown::Moment(true)),
            ("h:mm AM/PM", Shown::Time(false)),
            ("mm:ss.0", Shown::Time(true)),
            ("[h]:mm:ss", Shown::Elapsed(false)),
            ("[mm]:ss", Shown::Elapsed(false)),
            ("[Blue]General", Shown::Number),
            ("[Magenta]0", Shown::Number),
            ("_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)", Shown::Number),
            ("0%", Shown::Number),
            ("@", Shown::Number),
        ] {
            assert_eq!(Shown::of_code(code), expected, "{code}");
        }
    }

    #[test]
    fn days_in_both_systems() {
        let day = |stored: &str, shown, old| {
            let mut text = String::new();
            let kind = write(stored, shown, old, &mut text);
            (kind, text)
        };
        for (stored, shown, old, kind, expected) in [
            ("1", Shown::Day, false, Kind::Date, "1900-01-01"),
            ("59", Shown::Day, false, Kind::Date, "1900-02-28"),
            ("60", Shown::Day, false, Kind::Number, "60"),
            ("61", Shown::Day, false, Kind::Date, "1900-03-01"),
            ("0", Shown::Day, false, Kind::Number, "0"),
            ("0", Shown::Day, true, Kind::Date, "1904-01-01"),
            ("44197", Shown::Day, false, Kind::Date, "2021-01-01"),
            ("42735", Shown::Day, true, Kind::Date, "2021-01-01"),
            // A time of day under the format of a day is hidden, but it is there.
            ("45002.5", Shown::Day, false, Kind::Date, "2023-03-17T12:00:00"),
            ("44197.99999999", Shown::Day, false, Kind::Date, "2021-01-01T23:59:59.999"),
            ("44197.0000000001", Shown::Day, false, Kind::Date, "2021-01-01"),
            ("44197.520833333336", Shown::Moment(false), false, Kind::Date, "2021-01-01T12:30:00"),
            ("44197.999999999", Shown::Moment(false), false, Kind::Date, "2021-01-02T00:00:00"),
            ("44197.5000578704", Shown::Moment(true), false, Kind::Date, "2021-01-01T12:00:05"),
            ("2958465", Shown::Day, false, Kind::Date, "9999-12-31"),
            ("2958466", Shown::Day, false, Kind::Number, "2958466"),
            ("-1", Shown::Day, false, Kind::Number, "-1"),
            ("1e300", Shown::Moment(true), true, Kind::Number, &format!("1{}", "0".repeat(300))),
            ("0.25", Shown::Time(false), false, Kind::Text, "06:00:00"),
            ("1.25", Shown::Elapsed(false), false, Kind::Text, "30:00:00"),
            ("1749", Shown::Padded(5), false, Kind::Text, "01749"),
            ("174900", Shown::Padded(5), false, Kind::Number, "174900"),
            ("17.5", Shown::Padded(5), false, Kind::Number, "17.5"),
        ] {
            assert_eq!(day(stored, shown, old), (kind, expected.to_owned()), "{stored} {shown:?}");
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_keep_every_digit(number in "-?[1-9][0-9]{0,30}") {
            let mut text = String::new();
            prop_assert_eq!(write(&number, Shown::Number, false, &mut text), Kind::Number);
            prop_assert_eq!(text, number);
        }

        #[test]
        fn digits_give_the_double_back(value in -1e15f64..1e15, places in 0u32..6) {
            let scale = 10f64.powi(places as i32);
            let value = (value / 1e6 * scale).round() / scale;
            let mut text = String::new();
            write(&of_double(value), Shown::Number, false, &mut text);
            prop_assert_eq!(text.parse::<f64>(), Ok(value));
        }

        #[test]
        fn any_text_and_format_end(stored in "\\PC{0,20}", number in "-?[0-9]{0,25}(\\.[0-9]{0,30})?([eE]-?[0-9]{1,4})?", code in "\\PC{0,30}", old: bool) {
            let shown = Shown::of_code(&code);
            for text in [&stored, &number] {
                for shown in [shown, Shown::Moment(true), Shown::Elapsed(true), Shown::Padded(30)] {
                    let mut out = String::new();
                    if write(text, shown, old, &mut out) == Kind::Number {
                        prop_assert!(out.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-'), "{}", out);
                    }
                }
            }
        }
    }
}
