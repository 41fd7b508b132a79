//! Local times and how far they are from UTC, by the zone that the user names.
//!
//! The rules of the United States since 2007: clocks go forward on the second Sunday of March and back on the first of November, at two o'clock. Times
//! before are refused, since other days held then; so is a time that the clocks leave out, and one that they show twice, since nobody can tell which
//! of the two is meant.

/// A zone as the user named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Always so many minutes from UTC.
    Fixed(i32),
    /// Minutes of standard time; clocks go forward in summer.
    Summer(i32),
}

/// The names that are known, beside `+hh:mm` and `-hh:mm`.
const ZONES: &[(&str, Zone)] = &[
    ("America/New_York", Zone::Summer(-300)),
    ("America/Detroit", Zone::Summer(-300)),
    ("America/Chicago", Zone::Summer(-360)),
    ("America/Denver", Zone::Summer(-420)),
    ("America/Boise", Zone::Summer(-420)),
    ("America/Los_Angeles", Zone::Summer(-480)),
    ("America/Anchorage", Zone::Summer(-540)),
    ("America/Phoenix", Zone::Fixed(-420)),
    ("America/Puerto_Rico", Zone::Fixed(-240)),
    ("Pacific/Honolulu", Zone::Fixed(-600)),
    ("UTC", Zone::Fixed(0)),
];

impl Zone {
    /// A zone by its name or distance; `None` for another text.
    pub(super) fn named(text: &str) -> Option<Zone> {
        if let Some((_, zone)) = ZONES.iter().find(|(name, _)| *name == text) {
            return Some(*zone);
        }
        let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
        let two = |a: &u8, b: &u8| (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i32::from(a - b'0') * 10 + i32::from(b - b'0'));
        let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
        let all = hours * 60 + minutes;
        (hours <= 14 && minutes < 60).then_some(Zone::Fixed(if *sign == b'-' { -all } else { all }))
    }

    /// The names, for a sentence.
    pub(super) fn names() -> String {
        let names: Vec<&str> = ZONES.iter().map(|(name, _)| *name).collect();
        format!("{}, or a distance such as -05:00", names.join(", "))
    }
}

/// Why a time has no one distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no time, or of before 2007 where clocks change.
    Unreadable,
    /// The clocks show it twice: the distances of the first and the second.
    Twice(i32, i32),
    /// The clocks leave it out.
    LeftOut,
}

/// Days since 1970-01-01 of a day of the Gregorian calendar.
fn days(year: i32, month: i32, day: i32) -> i32 {
    let y = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day of a month that is its so-manieth Sunday.
fn sunday(year: i32, month: i32, which: i32) -> i32 {
    // The first of January 1970 was a Thursday.
    let weekday = (days(year, month, 1) + 4).rem_euclid(7);
    1 + (7 - weekday) % 7 + 7 * (which - 1)
}

/// Minutes from UTC of `YYYY-MM-DDThh:mm:ss`.
pub(super) fn distance(zone: Zone, text: &str) -> Result<i32, Fault> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Result<i32, Fault> {
        let digits = text.get(from..to).filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|t| t.parse().ok()).ok_or(Fault::Unreadable)
    };
    let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if bytes.len() != 19 || signs.iter().any(|&(at, sign)| bytes[at] != sign) {
        return Err(Fault::Unreadable);
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return Err(Fault::Unreadable);
    }
    let standard = match zone {
        Zone::Fixed(minutes) => return Ok(minutes),
        Zone::Summer(_) if year < 2007 => return Err(Fault::Unreadable),
        Zone::Summer(minutes) => minutes,
    };
    let (begins, ends) = ((3, sunday(year, 3, 2)), (11, sunday(year, 11, 1)));
    let today = (month, day);
    match hour {
        2 if today == begins => Err(Fault::LeftOut),
        1 if today == ends => Err(Fault::Twice(standard + 60, standard)),
        hour => {
            let begun = today > begins || today == begins && hour > 2;
            let ended = today > ends || today == ends && hour > 1;
            Ok(if begun && !ended { standard + 60 } else { standard })
        }
    }
}

/// Appends the time of a moment that is counted in seconds (or milliseconds) since 1970, as `YYYY-MM-DDThh:mm:ssZ`, with the fraction where there is
/// one. `false` for what is no such count, or lies outside of the years 0001 to 9999.
pub(super) fn moment(text: &str, milli: bool, out: &mut String) -> bool {
    use std::fmt::Write as _;
    let Ok(count) = text.parse::<i64>() else { return false };
    let (seconds, fraction) = if milli { (count.div_euclid(1000), count.rem_euclid(1000)) } else { (count, 0) };
    if !(-62_135_596_800..=253_402_300_799).contains(&seconds) {
        return false;
    }
    let (day, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a date of the Gregorian calendar, by eras of 400 years that begin in March.
    let days = day + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    // Writing to a text cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
    if fraction > 0 {
        let _ = write!(out, ".{fraction:03}");
    }
    out.push('Z');
    true
}

/// Appends `+hh:mm` or `-hh:mm`.
pub(super) fn write(minutes: i32, out: &mut String) {
    use std::fmt::Write as _;
    let sign = if minutes < 0 { '-' } else { '+' };
    // Writing to a text cannot fail.
    let _ = write!(out, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_change_by_the_rules_of_the_country() {
        let at = |zone: &str, text: &str| Zone::named(zone).map(|zone| distance(zone, text));
        let east = "America/New_York";
        for (text, expected) in [
            ("2026-01-31T12:00:00", Ok(-300)),
            ("2026-03-08T01:59:59", Ok(-300)),
            ("2026-03-08T02:30:00", Err(Fault::LeftOut)),
            ("2026-03-08T03:00:00", Ok(-240)),
            ("2026-07-04T00:00:00", Ok(-240)),
            ("2026-11-01T00:59:59", Ok(-240)),
            ("2026-11-01T01:00:00", Err(Fault::Twice(-240, -300))),
            ("2026-11-01T02:00:00", Ok(-300)),
            ("2024-03-10T02:00:00", Err(Fault::LeftOut)),
            ("2024-11-03T01:30:00", Err(Fault::Twice(-240, -300))),
            ("2006-07-04T00:00:00", Err(Fault::Unreadable)),
            ("2026-07-04 00:00:00", Err(Fault::Unreadable)),
            ("2026-07-04T00:00", Err(Fault::Unreadable)),
            ("2026-07-04T24:00:00", Err(Fault::Unreadable)),
        ] {
            assert_eq!(at(east, text), Some(expected), "{text}");
        }
        assert_eq!(at("America/Phoenix", "2026-07-04T00:00:00"), Some(Ok(-420)));
        assert_eq!(at("-05:00", "1999-07-04T00:00:00"), Some(Ok(-300)));
        assert_eq!(at("+05:30", "2026-07-04T00:00:00"), Some(Ok(330)));
        assert_eq!([at("EST", ""), at("-5:00", ""), at("-05:60", "")], [None, None, None]);
        let mut text = String::new();
        [-300, 330, 0].iter().for_each(|m| write(*m, &mut text));
        assert_eq!(text, "-05:00+05:30+00:00");
    }

    #[test]
    fn moments_are_counted_from_1970() {
        let of = |text: &str, milli: bool| {
            let mut out = String::new();
            moment(text, milli, &mut out).then_some(out)
        };
        for (text, expected) in [
            ("0", "1970-01-01T00:00:00Z"),
            ("1538492521", "2018-10-02T15:02:01Z"),
            ("951782400", "2000-02-29T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            ("253402300799", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(of(text, false).as_deref(), Some(expected));
            let (year, month, day) = (&expected[..4], &expected[5..7], &expected[8..10]);
            let number = |t: &str| t.parse::<i32>().unwrap_or_default();
            assert_eq!(
                i64::from(days(number(year), number(month), number(day))),
                text.parse::<i64>().unwrap_or_default().div_euclid(86_400)
            );
        }
        assert_eq!(of("1538492521250", true).as_deref(), Some("2018-10-02T15:02:01.250Z"));
        for text in ["", "x", "1.5", "253402300800", "99999999999999999999"] {
            assert_eq!(of(text, false), None, "{text}");
        }
    }
}
