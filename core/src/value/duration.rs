//! ISO 8601 durations: `[-]P[nY][nM][nD][T[nH][nM][n[.n]S]]` or `[-]PnW`, at least one part, whole numbers of at most 12 digits but for
//! the seconds' fraction.

use std::cmp::Ordering;

use super::Misread;

/// A duration as months and seconds, which have no fixed ratio.
#[derive(Debug, Clone, Copy)]
pub struct Duration {
    /// Years and months, in months; negative for a negative duration.
    pub months: i64,
    /// Weeks, days, hours, minutes and seconds, in nanoseconds; digits beyond the ninth after the point are let go.
    pub nanos: i128,
}

/// Mean length of a Gregorian month in seconds: 400 years have 146,097 days.
const MONTH_SECONDS: i128 = 2_629_746;

impl Duration {
    /// Length with months taken at their mean length.
    fn length(&self) -> i128 {
        i128::from(self.months) * MONTH_SECONDS * 1_000_000_000 + self.nanos
    }
}

impl Ord for Duration {
    /// By length, a month at its mean length; of two equally long ones the one with fewer months first.
    fn cmp(&self, other: &Duration) -> Ordering {
        self.length().cmp(&other.length()).then(self.months.cmp(&other.months))
    }
}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Duration) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Duration {
    fn eq(&self, other: &Duration) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Duration {}

/// Reads a duration.
pub fn read(text: &str) -> Result<Duration, Misread> {
    parse(text).ok_or(Misread::Form)
}

fn parse(text: &str) -> Option<Duration> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let (mut months, mut nanos) = (0i64, 0i128);
    let weeks_only = date.ends_with('W') && time.is_empty();
    for (unit, n, fraction) in parts(date, if weeks_only { "W" } else { "YMD" })? {
        match unit {
            'Y' => months += i64::try_from(n).ok()? * 12,
            'M' => months += i64::try_from(n).ok()?,
            'W' => nanos += n * 7 * 86_400_000_000_000,
            _ => nanos += n * 86_400_000_000_000,
        }
        if fraction.is_some() {
            return None;
        }
    }
    for (unit, n, fraction) in parts(time, "HMS")? {
        let unit_seconds = match unit {
            'H' => 3600,
            'M' => 60,
            _ => 1,
        };
        nanos += n * unit_seconds * 1_000_000_000;
        match (unit, fraction) {
            (_, None) => {}
            ('S', Some(f)) => nanos += f,
            _ => return None,
        }
    }
    Some(Duration { months: sign * months, nanos: i128::from(sign) * nanos })
}

/// A unit, its whole number, and its fraction in billionths.
type Part = (char, i128, Option<i128>);

/// Numbers with their units, each unit at most once and in the order given.
fn parts(mut text: &str, units: &str) -> Option<Vec<Part>> {
    let mut out = Vec::new();
    let mut allowed = units;
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 12 {
            return None;
        }
        let n: i128 = text[..digits].parse().ok()?;
        text = &text[digits..];
        let mut fraction = None;
        if let Some(rest) = text.strip_prefix('.') {
            let places = rest.bytes().take_while(u8::is_ascii_digit).count();
            if places == 0 {
                return None;
            }
            fraction = Some(i128::from(super::date::nanos(&rest.as_bytes()[..places])));
            text = &rest[places..];
        }
        let unit = text.chars().next()?;
        let at = allowed.find(unit)?;
        allowed = &allowed[at + unit.len_utf8()..];
        text = &text[unit.len_utf8()..];
        out.push((unit, n, fraction));
    }
    Some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for text in ["P1Y", "P1Y2M10DT2H30M", "PT36H", "P2W", "-P1D", "PT0.5S", "P0D", "PT1M"] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in
            ["", "P", "PT", "1Y", "P1", "P1S", "PT1D", "P1M1Y", "P1.5D", "P1W2D", "p1y", " P1Y", "P-1D", "P1YT", "P9999999999999Y", "PT1.S"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        let d = |t: &str| read(t).unwrap();
        assert_eq!(d("P1Y"), d("P12M"));
        assert_eq!(d("PT36H"), d("P1DT12H"));
        assert!(d("P1M") < d("P31D") && d("P30D") < d("P1M") && d("-P1D") < d("P0D"));
    }
}
