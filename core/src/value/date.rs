//! Dates and times of day, in the proleptic Gregorian calendar, years 0000 to 9999.
//!
//! Default forms: `YYYY-MM-DD`; `hh:mm:ss`; `YYYY-MM-DDThh:mm:ss[.f…][Z|±hh:mm]`. Hours go to 23, seconds to 59, zones to ±14:00. A time
//! without a zone is ordered as if it were UTC. Digits beyond the ninth after the point are let go.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::{Misread, loose, pattern};
use crate::schema::DateFormat;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct Date {
    pub year: u16,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
}

/// A time of day.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Time {
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// Billionths of a second.
    pub nanos: u32,
    /// Minutes east of UTC; `None` when the text names no zone.
    pub zone: Option<i16>,
}

/// A day and a time of day. Equal when they are the same instant.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct DateTime {
    pub date: Date,
    pub time: Time,
}

/// Why a date or time in the right form does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Problem {
    /// No such month.
    Month(u32),
    /// The month has fewer days, or the day is 0.
    Day { year: u16, month: u8, day: u32, days: u8 },
    /// No such day of that year.
    DayOfYear { year: u16, day: u32, days: u16 },
    /// No such hour.
    Hour(u32),
    /// No such minute.
    Minute(u32),
    /// No such second.
    Second(u32),
    /// No such zone.
    Zone,
}

/// Days of a month.
pub fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days of a year.
pub fn days_in_year(year: u16) -> u16 {
    if is_leap(year) { 366 } else { 365 }
}

impl Date {
    /// A day that exists. `year` must be at most 9999.
    pub fn new(year: u16, month: u32, day: u32) -> Result<Date, Problem> {
        let month = u8::try_from(month).ok().filter(|m| (1..=12).contains(m)).ok_or(Problem::Month(month))?;
        let days = days_in(year, month);
        match u8::try_from(day) {
            Ok(d) if d >= 1 && d <= days => Ok(Date { year, month, day: d }),
            _ => Err(Problem::Day { year, month, day, days }),
        }
    }

    /// The day of a year, from 1.
    pub fn of_year(year: u16, day: u32) -> Result<Date, Problem> {
        let days = days_in_year(year);
        let mut left = day;
        if day >= 1 && day <= u32::from(days) {
            for month in 1..=12u8 {
                let length = u32::from(days_in(year, month));
                if left <= length {
                    return Ok(Date { year, month, day: left as u8 });
                }
                left -= length;
            }
        }
        Err(Problem::DayOfYear { year, day, days })
    }

    /// Day of its year, from 1.
    pub fn ordinal(&self) -> u16 {
        (1..self.month).map(|m| u16::from(days_in(self.year, m))).sum::<u16>() + u16::from(self.day)
    }

    /// Days since 0000-01-01.
    pub fn number(&self) -> i64 {
        let y = i64::from(self.year);
        let leaps = if y == 0 { 0 } else { (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400 + 1 };
        y * 365 + leaps + i64::from(self.ordinal()) - 1
    }

    /// The day so many days after 0000-01-01; `None` outside the years 0 to 9999.
    pub fn from_number(number: i64) -> Option<Date> {
        let guess = number / 366;
        (guess..guess + 30).find_map(|y| {
            let year = u16::try_from(y).ok().filter(|y| *y <= 9999)?;
            let first = Date { year, month: 1, day: 1 }.number();
            let day = number.checked_sub(first)?;
            (day >= 0 && day < i64::from(days_in_year(year))).then(|| Date::of_year(year, day as u32 + 1).ok()).flatten()
        })
    }

    /// `YYYY-MM-DD`.
    pub fn iso(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// Day of the week, 0 for Monday.
    pub fn weekday(&self) -> u8 {
        // 0000-01-01 was a Saturday in the proleptic calendar.
        ((self.number() + 5) % 7) as u8
    }
}

impl Time {
    /// A time that exists.
    pub fn new(hour: u32, minute: u32, second: u32, nanos: u32, zone: Option<i16>) -> Result<Time, Problem> {
        let below = |n: u32, limit: u32| u8::try_from(n).ok().filter(|n| u32::from(*n) < limit);
        Ok(Time {
            hour: below(hour, 24).ok_or(Problem::Hour(hour))?,
            minute: below(minute, 60).ok_or(Problem::Minute(minute))?,
            second: below(second, 60).ok_or(Problem::Second(second))?,
            nanos,
            zone,
        })
    }

    /// Seconds after midnight UTC; may be below zero or beyond a day.
    pub(super) fn seconds(&self) -> i64 {
        i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second) - i64::from(self.zone.unwrap_or(0)) * 60
    }

    /// Whether it is 00:00:00, as programs write a date that they keep as a date and time.
    pub fn is_midnight(&self) -> bool {
        (self.hour, self.minute, self.second, self.nanos) == (0, 0, 0, 0)
    }

    /// `hh:mm:ss[.f…][Z|±hh:mm]`.
    pub fn iso(&self) -> String {
        let mut out = format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second);
        if self.nanos > 0 {
            out.push('.');
            out.push_str(format!("{:09}", self.nanos).trim_end_matches('0'));
        }
        match self.zone {
            None => {}
            Some(0) => out.push('Z'),
            Some(z) => out.push_str(&format!("{}{:02}:{:02}", if z < 0 { '-' } else { '+' }, z.abs() / 60, z.abs() % 60)),
        }
        out
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Time) -> Ordering {
        (self.seconds(), self.nanos).cmp(&(other.seconds(), other.nanos))
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Time) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Time) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Time {}

impl Hash for Time {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.seconds(), self.nanos).hash(state);
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &DateTime) -> Ordering {
        let instant = |d: &DateTime| (d.date.number() * 86_400 + d.time.seconds(), d.time.nanos);
        instant(self).cmp(&instant(other))
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &DateTime) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &DateTime) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for DateTime {}

/// Digits after the point as billionths of a second.
pub(crate) fn nanos(digits: &[u8]) -> u32 {
    (0..9).fold(0, |n, i| n * 10 + u32::from(digits.get(i).map_or(0, |b| b - b'0')))
}

/// A number of exactly these digits.
pub(crate) fn digits(bytes: &[u8]) -> Option<u32> {
    (!bytes.is_empty() && bytes.len() <= 9 && bytes.iter().all(u8::is_ascii_digit))
        .then(|| bytes.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
}

fn iso_date(bytes: &[u8]) -> Result<Date, Misread> {
    let parts = match bytes {
        [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => digits(year).zip(digits(&[*m1, *m2])).zip(digits(&[*d1, *d2])),
        _ => None,
    };
    let ((year, month), day) = parts.ok_or(Misread::Form)?;
    Date::new(year as u16, month, day).map_err(Misread::Impossible)
}

fn iso_time(bytes: &[u8]) -> Result<Time, Misread> {
    let form = || Misread::Form;
    let (clock, rest) = bytes.split_at_checked(8).ok_or_else(form)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return Err(Misread::Form) };
    let hour = digits(&[*h1, *h2]).ok_or_else(form)?;
    let minute = digits(&[*m1, *m2]).ok_or_else(form)?;
    let second = digits(&[*s1, *s2]).ok_or_else(form)?;
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => {
            let places = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if places == 0 {
                return Err(Misread::Form);
            }
            (nanos(&rest[..places]), &rest[places..])
        }
        _ => (0, rest),
    };
    let zone = zone(rest)?;
    Time::new(hour, minute, second, fraction, zone).map_err(Misread::Impossible)
}

/// Reads `Z`, `±hh:mm`, or nothing.
pub(crate) fn zone(bytes: &[u8]) -> Result<Option<i16>, Misread> {
    match bytes {
        [] => Ok(None),
        [b'Z'] => Ok(Some(0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = digits(&[*h1, *h2]).zip(digits(&[*m1, *m2])).ok_or(Misread::Form)?;
            offset(*sign, hours, minutes).map(Some)
        }
        _ => Err(Misread::Form),
    }
}

/// Minutes east of UTC.
pub(crate) fn offset(sign: u8, hours: u32, minutes: u32) -> Result<i16, Misread> {
    if minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return Err(Misread::Impossible(Problem::Zone));
    }
    let total = (hours * 60 + minutes) as i16;
    Ok(if sign == b'-' { -total } else { total })
}

/// Reads a `date`.
pub fn read_date(format: &DateFormat, text: &str) -> Result<Date, Misread> {
    match format {
        DateFormat::Default => iso_date(text.as_bytes()),
        DateFormat::Any => loose::only(text).and_then(|r| if r.time.is_none() { Ok(r.date) } else { Err(Misread::Form) }),
        DateFormat::Pattern(p) => pattern::compile(p).ok_or(Misread::BadPattern)?.read(text).map(|d| d.date),
    }
}

/// The default form of `time`, exactly `hh:mm:ss`. Source: Table Schema v2, "time".
fn clock_time(bytes: &[u8]) -> Result<Time, Misread> {
    if bytes.len() == 8 { iso_time(bytes) } else { Err(Misread::Form) }
}

/// Reads a `time`.
pub fn read_time(format: &DateFormat, text: &str) -> Result<Time, Misread> {
    match format {
        DateFormat::Default => clock_time(text.as_bytes()),
        DateFormat::Any => loose::time(text),
        DateFormat::Pattern(p) => pattern::compile(p).ok_or(Misread::BadPattern)?.read(text).map(|d| d.time),
    }
}

/// Reads a `datetime`. With format `any`, a date alone is its midnight.
pub fn read_datetime(format: &DateFormat, text: &str) -> Result<DateTime, Misread> {
    match format {
        DateFormat::Default => {
            let (date, time) = text.as_bytes().split_at_checked(10).ok_or(Misread::Form)?;
            let [b'T', time @ ..] = time else { return Err(Misread::Form) };
            // A wrong form anywhere is told before a day that does not exist.
            let (date, time) = (iso_date(date), iso_time(time));
            if date == Err(Misread::Form) || time == Err(Misread::Form) {
                return Err(Misread::Form);
            }
            Ok(DateTime { date: date?, time: time? })
        }
        DateFormat::Any => loose::only(text).map(|r| DateTime { date: r.date, time: r.time.unwrap_or_default() }),
        DateFormat::Pattern(p) => pattern::compile(p).ok_or(Misread::BadPattern)?.read(text),
    }
}

/// Reads a `year`: a minus sign or none, four or five digits (five without a leading zero, and not 0000), and a zone or none, which is let go.
///
/// Source: Table Schema v2, "year", which takes the lexical form of XML Schema's gYear (Datatypes 1.0, 3.2.11). That allows more than five digits too;
/// here they are refused, since a column of years that has `20240305` holds a day and no year of our calendar.
pub fn read_year(text: &str) -> Result<i32, Misread> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (year, rest) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
    let form = match year.len() {
        4 => year != "0000",
        5 => !year.starts_with('0'),
        _ => false,
    };
    let year = digits(year.as_bytes()).filter(|_| form).and_then(|y| i32::try_from(y).ok()).ok_or(Misread::Form)?;
    zone(rest.as_bytes())?;
    Ok(if negative { -year } else { year })
}

/// Whether a year names its zone, which a number has no room for.
pub fn year_has_zone(text: &str) -> bool {
    text.ends_with('Z') || text.contains(':')
}

/// Reads a `yearmonth`: `YYYY-MM`.
pub fn read_yearmonth(text: &str) -> Result<(u16, u8), Misread> {
    match text.as_bytes() {
        [year @ .., b'-', m1, m2] if year.len() == 4 => {
            let (year, month) = digits(year).zip(digits(&[*m1, *m2])).ok_or(Misread::Form)?;
            let date = Date::new(year as u16, month, 1).map_err(Misread::Impossible)?;
            Ok((date.year, date.month))
        }
        _ => Err(Misread::Form),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    /// `ok`, or a short name of the fault.
    fn verdict<T>(got: Result<T, Misread>) -> String {
        match got {
            Ok(_) => "ok".to_owned(),
            Err(Misread::Impossible(p)) => format!("{p:?}").split([' ', '(', '{']).next().unwrap().to_owned(),
            Err(e) => format!("{e:?}"),
        }
    }

    #[test]
    fn dates() {
        for (text, want) in [
            ("2024-02-29", "ok"),
            ("2023-02-29", "Day"),
            ("1900-02-29", "Day"),
            ("2000-02-29", "ok"),
            ("0000-01-01", "ok"),
            ("9999-12-31", "ok"),
            ("2024-13-45", "Month"),
            ("2024-00-10", "Month"),
            ("2024-01-00", "Day"),
            ("2024-1-1", "Form"),
            ("24-01-01", "Form"),
            ("02024-01-01", "Form"),
            ("2024/01/01", "Form"),
            ("2024-01-01T00:00:00", "Form"),
            (" 2024-01-01", "Form"),
            ("2024-01-01 ", "Form"),
            ("", "Form"),
            ("２０２４-01-01", "Form"),
        ] {
            assert_eq!(verdict(read_date(&DateFormat::Default, text)), want, "{text:?}");
        }
    }

    #[test]
    fn times_and_datetimes() {
        for (text, want) in [
            ("00:00:00", "ok"),
            ("23:59:59", "ok"),
            ("23:59:59.123456789123", "ok with a date"),
            ("12:00:00Z", "ok with a date"),
            ("12:00:00.5-05:00", "ok with a date"),
            ("24:00:00", "Hour"),
            ("12:60:00", "Minute"),
            ("12:00:60", "Second"),
            ("12:00:00+15:00", "Zone with a date"),
            ("12:00", "Form"),
            ("12:00:00.", "Form"),
            ("12:00:00z", "Form"),
            ("12:00:00-0500", "Form"),
            ("1:00:00", "Form"),
        ] {
            // Of a time alone, only hh:mm:ss is the default form.
            let (want, alone) = want.strip_suffix(" with a date").map_or((want, want), |want| (want, "Form"));
            assert_eq!(verdict(read_time(&DateFormat::Default, text)), alone, "{text:?}");
            let both = format!("2024-05-06T{text}");
            assert_eq!(verdict(read_datetime(&DateFormat::Default, &both)), want, "{both:?}");
        }
        for (text, want) in [
            ("2024-05-06 12:00:00", "Form"),
            ("2024-05-06", "Form"),
            ("2024-02-30T12:00:00", "Day"),
            ("2024-02-30T12:00", "Form"),
            ("2024-05-0é", "Form"),
        ] {
            assert_eq!(verdict(read_datetime(&DateFormat::Default, text)), want, "{text:?}");
        }
    }

    #[test]
    fn zones_meet_at_the_same_instant() {
        let d = |t: &str| read_datetime(&DateFormat::Default, t).unwrap();
        assert_eq!(d("2024-01-01T12:00:00Z"), d("2024-01-01T14:00:00+02:00"));
        assert_eq!(d("2023-12-31T23:00:00-02:00"), d("2024-01-01T01:00:00Z"));
        assert!(d("2024-01-01T12:00:00.25Z") < d("2024-01-01T12:00:00.3Z"));
    }

    #[test]
    fn day_numbers_go_both_ways() {
        let mut before = -1;
        for year in [0u16, 1, 4, 100, 400, 1899, 1900, 1970, 2000, 2023, 2024, 9999] {
            for day in 1..=u32::from(days_in_year(year)) {
                let date = Date::of_year(year, day).unwrap();
                assert_eq!(Date::from_number(date.number()), Some(date));
                assert!(date.number() > before);
                before = date.number();
            }
        }
        let d = |t| read_date(&DateFormat::Default, t).unwrap();
        assert_eq!(d("1970-01-01").number() - d("1899-12-30").number(), 25_569);
        assert_eq!(d("2024-01-01").weekday(), 0);
        assert_eq!(Date::from_number(-1), None);
        assert_eq!(Date::from_number(d("9999-12-31").number() + 1), None);
    }

    #[test]
    fn years_and_months() {
        for (text, want) in [
            ("2024", "ok"),
            ("0044", "ok"),
            ("-0044", "ok"),
            ("12024", "ok"),
            ("2024Z", "ok"),
            ("2024+14:00", "ok"),
            ("-12024-05:30", "ok"),
            ("0000", "Form"),
            ("-0000", "Form"),
            ("24", "Form"),
            ("02024", "Form"),
            ("-024", "Form"),
            ("+2024", "Form"),
            ("2024 ", "Form"),
            ("2024z", "Form"),
            ("2024+1:00", "Form"),
            ("2024+14:01", "Zone"),
            ("20240305", "Form"),
            ("2024-03", "Form"),
            ("2024-03-05", "Form"),
        ] {
            assert_eq!(verdict(read_year(text)), want, "{text}");
        }
        for (text, want) in [("2024-05", "ok"), ("2024-13", "Month"), ("2024-5", "Form"), ("05-2024", "Form"), ("2024/05", "Form")] {
            assert_eq!(verdict(read_yearmonth(text)), want, "{text}");
        }
    }

    #[test]
    fn any_takes_what_has_one_reading() {
        for (text, want) in [
            ("2024-03-05", "ok"),
            ("2024/3/5", "ok"),
            ("13/05/2024", "ok"),
            ("05/13/2024", "ok"),
            ("5 March 2024", "ok"),
            ("Mar 5, 2024", "ok"),
            ("05/05/2024", "ok"),
            ("03/05/2024", "Ambiguous"),
            ("13/05/24", "Ambiguous"),
            ("02/30/2024", "Day"),
            ("soon", "Form"),
            ("2024-03-05 10:00", "Form"),
        ] {
            assert_eq!(verdict(read_date(&DateFormat::Any, text)), want, "{text}");
        }
        for (text, want) in [
            ("2024-03-05 10:00", "ok"),
            ("2024-03-05T10:00:00Z", "ok"),
            ("3/15/2024 2:30 PM", "ok"),
            ("2024-03-05", "ok"),
            ("3/5/2024 2:30 PM", "Ambiguous"),
        ] {
            assert_eq!(verdict(read_datetime(&DateFormat::Any, text)), want, "{text}");
        }
        for (text, want) in
            [("2:30 PM", "ok"), ("14:30", "ok"), ("14:30:15.5", "ok"), ("25:00", "Hour"), ("noon", "Form"), ("13:00 PM", "Hour")]
        {
            assert_eq!(verdict(read_time(&DateFormat::Any, text)), want, "{text}");
        }
    }
}
