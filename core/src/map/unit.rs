//! The `unit` step: lengths, areas, angles and speeds, by exact ratios of whole numbers.
//!
//! Ratios: NIST Special Publication 811, appendix B. An acre is 43,560 international square feet here, as land records use it; the
//! survey foot (1200/3937 metre) is `us-survey-foot`. The result is rounded half away from zero to the places the step names, which is the one
//! place where a conversion rounds.

/// What a unit measures; only units of one kind convert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Length,
    Area,
    Angle,
    Speed,
}

/// Name, kind, and how many base units (metre, square metre, second of arc, metre an hour) it has, as a ratio.
const UNITS: &[(&str, Measure, i128, i128)] = &[
    ("metre", Measure::Length, 1, 1),
    ("kilometre", Measure::Length, 1000, 1),
    ("centimetre", Measure::Length, 1, 100),
    ("millimetre", Measure::Length, 1, 1000),
    ("foot", Measure::Length, 3048, 10_000),
    ("us-survey-foot", Measure::Length, 1200, 3937),
    ("inch", Measure::Length, 254, 10_000),
    ("yard", Measure::Length, 9144, 10_000),
    ("mile", Measure::Length, 1_609_344, 1000),
    ("square-metre", Measure::Area, 1, 1),
    ("square-kilometre", Measure::Area, 1_000_000, 1),
    ("hectare", Measure::Area, 10_000, 1),
    ("square-foot", Measure::Area, 9_290_304, 100_000_000),
    ("square-yard", Measure::Area, 83_612_736, 100_000_000),
    ("acre", Measure::Area, 404_685_642_240, 100_000_000),
    ("square-mile", Measure::Area, 258_998_811_033_600, 100_000_000),
    ("degree", Measure::Angle, 3600, 1),
    ("minute", Measure::Angle, 60, 1),
    ("second", Measure::Angle, 1, 1),
    ("mile-per-hour", Measure::Speed, 1_609_344, 1000),
    ("kilometre-per-hour", Measure::Speed, 1000, 1),
    ("metre-per-second", Measure::Speed, 3600, 1),
    ("knot", Measure::Speed, 1852, 1),
];

/// A compiled `unit` step.
#[derive(Debug, Clone)]
pub(super) struct UnitStep {
    up: i128,
    down: i128,
    places: u32,
}

/// Why a measure could not be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not a plain number.
    NotANumber,
    /// More digits than the exact arithmetic holds (some twenty).
    TooLong,
}

/// Other spellings that crosswalks may use.
fn canonical(name: &str) -> String {
    let name = name.replace("meter", "metre");
    match name.as_str() {
        "feet" => "foot".to_owned(),
        "square-feet" => "square-foot".to_owned(),
        _ => name,
    }
}

impl UnitStep {
    /// `Err` says in words what is wrong with the step.
    pub(super) fn compile(from: &str, to: &str, places: u32) -> Result<UnitStep, String> {
        let find = |name: &str| {
            let wanted = canonical(name);
            UNITS.iter().find(|u| u.0 == wanted).ok_or_else(|| format!("the unit \"{name}\" is not known"))
        };
        let (a, b) = (find(from)?, find(to)?);
        if a.1 != b.1 {
            return Err(format!("\"{from}\" cannot become \"{to}\": they measure different things"));
        }
        if places > 12 {
            return Err("\"places\" must be at most 12".to_owned());
        }
        let (up, down) = (a.2 * b.3, a.3 * b.2);
        let common = divisor(up, down);
        Ok(UnitStep { up: up / common, down: down / common, places })
    }

    /// Appends the converted measure to `out`, which is left as it was on a fault.
    pub(super) fn convert(&self, text: &str, out: &mut String) -> Result<(), Fault> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(Fault::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = whole.bytes().chain(fraction.bytes()).try_fold(0i128, |n, b| n.checked_mul(10)?.checked_add(i128::from(b - b'0')));
        let exact = || {
            let up = digits?.checked_mul(self.up)?.checked_mul(10i128.checked_pow(self.places)?)?;
            let down = self.down.checked_mul(10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?)?;
            Some(up / down + i128::from(up % down >= down - up % down))
        };
        let result = exact().ok_or(Fault::TooLong)?;
        if negative && result != 0 {
            out.push('-');
        }
        let text = format!("{result:0>width$}", width = self.places as usize + 1);
        let (whole, fraction) = text.split_at(text.len() - self.places as usize);
        out.push_str(whole);
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
        }
        Ok(())
    }
}

fn divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn run(from: &str, to: &str, places: u32, text: &str) -> Result<String, Fault> {
        let mut out = String::new();
        UnitStep::compile(from, to, places).unwrap().convert(text, &mut out).map(|()| out)
    }

    #[test]
    fn measures_convert_exactly() {
        for (from, to, places, text, expected) in [
            ("acre", "square-foot", 0, "1", "43560"),
            ("acre", "square-foot", 0, "0.25", "10890"),
            ("square-foot", "acre", 4, "43560", "1.0000"),
            ("square-foot", "acre", 2, "10000", "0.23"),
            ("acre", "hectare", 6, "1", "0.404686"),
            ("hectare", "square-meter", 0, "2.5", "25000"),
            ("mile", "metre", 3, "1", "1609.344"),
            ("metre", "foot", 2, "-1", "-3.28"),
            ("us-survey-foot", "metre", 12, "3937", "1200.000000000000"),
            ("foot", "inch", 0, "5.5", "66"),
            ("degree", "minute", 1, "1.55", "93.0"),
            ("minute", "degree", 3, "30", "0.500"),
            ("metre", "kilometre", 0, "500", "1"),
            ("metre", "kilometre", 0, "-499.9", "0"),
            ("square-mile", "acre", 0, "1", "640"),
            ("mile-per-hour", "kilometre-per-hour", 1, "65", "104.6"),
            ("foot", "metre", 2, "0", "0.00"),
        ] {
            assert_eq!(run(from, to, places, text).as_deref(), Ok(expected), "{text} {from}");
        }
        assert_eq!(run("acre", "hectare", 2, "1,000"), Err(Fault::NotANumber));
        assert_eq!(run("acre", "hectare", 2, "."), Err(Fault::NotANumber));
        assert_eq!(run("acre", "hectare", 12, "1234567890123456789012345"), Err(Fault::TooLong));
        assert!(UnitStep::compile("acre", "foot", 2).is_err());
        assert!(UnitStep::compile("furlong", "foot", 2).is_err());
        assert!(UnitStep::compile("foot", "metre", 13).is_err());
    }

    proptest::proptest! {
        /// To a smaller unit and back with enough places nothing is lost.
        #[test]
        fn there_and_back(n in -1_000_000_000i64..1_000_000_000) {
            let there = run("foot", "metre", 6, &n.to_string()).unwrap();
            proptest::prop_assert_eq!(run("metre", "foot", 0, &there).unwrap(), n.to_string());
        }
    }
}
