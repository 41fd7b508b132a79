//! The `date` step: reads a date or time in one of several forms and writes it in another, by straight work on bytes.
//!
//! Forms use the codes of POSIX `strptime`. `%m`, `%d`, `%H`, `%I`, `%M`, `%S` take exactly two digits, `%j` three, `%Y` four; with a
//! hyphen (`%-m`) they take one digit or the full number. `%y` follows POSIX: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068.
//! `%b` and `%B` are English month names in any letter case. `%f` takes one to nine digits, `%z` takes `Z`, `+hh:mm`, `+hhmm` or `+hh`.

use crate::check::fast::iso_date;
use crate::check::short::{first, sixteen, usual_day};

/// A compiled `date` step.
#[derive(Debug, Clone)]
pub(crate) struct DateStep {
    from: Vec<Vec<Item>>,
    to: Vec<Item>,
    /// The forms in words, for findings.
    forms: String,
    /// Every form begins with the year, month and day as the step writes them, `YYYY-MM-DD`: what is written is then the text's first ten
    /// bytes, whichever form fits, so the first that fits is enough.
    day_first: bool,
}

/// `%Y-%m-%d`.
const ISO_DAY: [Item; 5] =
    [Item::Part(Part::Year, false), Item::Byte(b'-'), Item::Part(Part::Month, false), Item::Byte(b'-'), Item::Part(Part::Day, false)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Byte(u8),
    /// A part; `true` when it may have fewer digits than its full width.
    Part(Part, bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    ShortYear,
    Month,
    Day,
    MonthShortName,
    MonthName,
    Hour,
    Hour12,
    Minute,
    Second,
    Fraction,
    HalfDay,
    Zone,
    DayOfYear,
}

/// Why a date could not be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// None of the forms fits.
    Unreadable,
    /// Two forms fit with different readings, both as the step would write them.
    Ambiguous(String, String),
}

/// What was read. Parts that the form does not name keep the neutral value.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// Nanoseconds, and how many digits were written.
    nanos: u32,
    digits: u32,
    /// Minutes east of Greenwich.
    zone: i32,
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

impl DateStep {
    /// `Err` says in words what is wrong with the forms, for example that a part is written which no form reads.
    pub(crate) fn compile(from: &[String], to: &str) -> Result<DateStep, String> {
        if from.is_empty() {
            return Err("a date step needs at least one form to read".to_owned());
        }
        let target = items(to)?;
        let mut forms = Vec::with_capacity(from.len());
        for form in from {
            let read = items(form)?;
            let has = |part| read.iter().any(|i| matches!(i, Item::Part(p, _) if *p == part));
            if has(Part::Hour12) && !has(Part::HalfDay) {
                return Err(format!("\"{form}\" reads %I without %p, so morning and evening cannot be told apart"));
            }
            if has(Part::HalfDay) && !has(Part::Hour12) {
                return Err(format!("\"{form}\" reads %p without %I"));
            }
            if has(Part::DayOfYear) && !(has(Part::Year) || has(Part::ShortYear)) {
                return Err(format!("\"{form}\" reads %j without a year"));
            }
            let mut seen: Vec<&'static str> = Vec::new();
            for item in &read {
                if let Item::Part(part, _) = item {
                    let what = part.what();
                    if seen.contains(&what) {
                        return Err(format!("\"{form}\" reads the {what} twice"));
                    }
                    seen.push(what);
                }
            }
            if has(Part::DayOfYear) && (seen.contains(&"month") || seen.contains(&"day")) {
                return Err(format!("\"{form}\" reads the day twice"));
            }
            for item in &target {
                let Item::Part(part, _) = item else { continue };
                let known = match part {
                    Part::Year | Part::ShortYear => has(Part::Year) || has(Part::ShortYear),
                    Part::Month | Part::MonthShortName | Part::MonthName => {
                        has(Part::Month) || has(Part::MonthShortName) || has(Part::MonthName) || has(Part::DayOfYear)
                    }
                    Part::Day => has(Part::Day) || has(Part::DayOfYear),
                    Part::DayOfYear => {
                        has(Part::DayOfYear) || ((has(Part::Year) || has(Part::ShortYear)) && seen.contains(&"month") && has(Part::Day))
                    }
                    // Minutes and seconds that an hour is written without are zero; an hour is never made up.
                    Part::Hour | Part::Hour12 | Part::HalfDay | Part::Minute | Part::Second | Part::Fraction => {
                        has(Part::Hour) || has(Part::Hour12)
                    }
                    Part::Zone => has(Part::Zone),
                };
                if !known {
                    return Err(format!("\"{to}\" writes the {}, which \"{form}\" does not read", part.what()));
                }
            }
            forms.push(read);
        }
        let words: Vec<String> = from.iter().map(|f| in_words(f)).collect();
        let day_first = target == ISO_DAY && forms.iter().all(|form| form.starts_with(&ISO_DAY));
        Ok(DateStep { from: forms, to: target, forms: words.join(" or "), day_first })
    }

    /// The forms that are read, in words such as `MM/DD/YYYY`.
    pub(super) fn forms(&self) -> &str {
        &self.forms
    }

    /// How many bytes of the text, from its start, are the date as the step writes it; `None` where that has to be worked out.
    pub(super) fn as_it_is(&self, text: &str) -> Option<usize> {
        let (day, rest) = text.as_bytes().split_at_checked(10)?;
        let fits = |form: &Vec<Item>| read(&form[ISO_DAY.len()..], rest).is_some();
        (self.day_first && iso_date(day) && self.from.iter().any(fits)).then_some(10)
    }

    /// Whether what is written is the text's first ten bytes, whichever form fits.
    pub(super) fn is_day_first(&self) -> bool {
        self.day_first
    }

    /// The same as [`DateStep::as_it_is`], on the `n` bytes of `data` from `from` on and for many texts one after the other: what follows the day is mostly
    /// the same in all of them, so the last that fitted is kept in `memory`: its length and sixteen bytes.
    #[inline(always)]
    pub(super) fn day_of(&self, data: &[u8], from: usize, n: usize, memory: &mut Vec<u8>) -> Option<usize> {
        if let (Some(day), Some(rest), Some(&[length, ref known @ ..])) =
            (sixteen(data, from), sixteen(data, from + 10), memory.first_chunk::<17>())
            && n == 10 + usize::from(length)
            && usual_day(day) & (first(rest, usize::from(length)) == u128::from_le_bytes(*known))
        {
            return Some(10);
        }
        self.learn(&data[from..from + n], memory)
    }

    #[inline(never)]
    fn learn(&self, text: &[u8], memory: &mut Vec<u8>) -> Option<usize> {
        let (day, rest) = text.split_at_checked(10)?;
        if !self.day_first || !iso_date(day) || !self.from.iter().any(|form| read(&form[ISO_DAY.len()..], rest).is_some()) {
            return None;
        }
        if rest.len() <= 16 {
            memory.clear();
            memory.push(rest.len() as u8);
            memory.extend_from_slice(rest);
            memory.resize(17, 0);
        }
        Some(10)
    }

    /// Appends the date in the target form to `out`, which is left as it was on a fault.
    pub(crate) fn convert(&self, text: &str, out: &mut String) -> Result<(), Fault> {
        let start = out.len();
        let mut found = false;
        for form in &self.from {
            let Some(reading) = read(form, text.as_bytes()) else { continue };
            if !found {
                write(&self.to, &reading, out);
                found = true;
                continue;
            }
            let first_end = out.len();
            write(&self.to, &reading, out);
            if out[start..first_end] != out[first_end..] {
                let fault = Fault::Ambiguous(out[start..first_end].to_owned(), out[first_end..].to_owned());
                out.truncate(start);
                return Err(fault);
            }
            out.truncate(first_end);
        }
        if found { Ok(()) } else { Err(Fault::Unreadable) }
    }
}

impl Part {
    /// The part in words; two parts with the same word say the same thing.
    fn what(self) -> &'static str {
        match self {
            Part::Year | Part::ShortYear => "year",
            Part::Month | Part::MonthShortName | Part::MonthName => "month",
            Part::Day => "day",
            Part::Hour | Part::Hour12 => "hour",
            Part::Minute => "minute",
            Part::Second => "second",
            Part::Fraction => "fraction of a second",
            Part::HalfDay => "half of the day",
            Part::Zone => "time zone",
            Part::DayOfYear => "day of the year",
        }
    }

    /// Most digits of a number, and what it must lie between.
    fn bounds(self) -> (usize, u32, u32) {
        match self {
            Part::Year => (4, 0, 9999),
            Part::ShortYear => (2, 0, 99),
            Part::Month => (2, 1, 12),
            Part::Day => (2, 1, 31),
            Part::Hour => (2, 0, 23),
            Part::Hour12 => (2, 1, 12),
            Part::Minute | Part::Second => (2, 0, 59),
            _ => (3, 1, 366),
        }
    }
}

fn items(form: &str) -> Result<Vec<Item>, String> {
    let mut bytes = form.bytes();
    let mut out = Vec::new();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(Item::Byte(b));
            continue;
        }
        let mut code = bytes.next();
        let short = code == Some(b'-');
        if short {
            code = bytes.next();
        }
        let part = match code {
            Some(b'Y') => Part::Year,
            Some(b'y') => Part::ShortYear,
            Some(b'm') => Part::Month,
            Some(b'd') => Part::Day,
            Some(b'b') => Part::MonthShortName,
            Some(b'B') => Part::MonthName,
            Some(b'H') => Part::Hour,
            Some(b'I') => Part::Hour12,
            Some(b'M') => Part::Minute,
            Some(b'S') => Part::Second,
            Some(b'f') => Part::Fraction,
            Some(b'p') => Part::HalfDay,
            Some(b'z') => Part::Zone,
            Some(b'j') => Part::DayOfYear,
            Some(b'%') if !short => {
                out.push(Item::Byte(b'%'));
                continue;
            }
            _ => return Err(format!("\"{form}\" has a date code that is not known")),
        };
        let numeric = !matches!(part, Part::MonthShortName | Part::MonthName | Part::HalfDay | Part::Zone | Part::Fraction);
        if short && !numeric {
            return Err(format!("\"{form}\" has a hyphen before a code that is not a number"));
        }
        out.push(Item::Part(part, short));
    }
    Ok(out)
}

/// The form as people write it down: `%m/%d/%Y` is `MM/DD/YYYY`.
fn in_words(form: &str) -> String {
    if form.contains("%-") {
        // Parts of one digit or more are told apart by signs that no code uses.
        return in_words(&form.replace("%-m", "%!").replace("%-d", "%?").replace("%-", "%"));
    }
    let mut out = String::new();
    let mut chars = form.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        out.push_str(match chars.next() {
            Some('Y') => "YYYY",
            Some('y') => "YY",
            Some('m') => "MM",
            Some('!') => "M",
            Some('d') => "DD",
            Some('?') => "D",
            Some('b') => "Jan",
            Some('B') => "January",
            Some('H' | 'I') => "hh",
            Some('M') => "mm",
            Some('S') => "ss",
            Some('f') => "ffffff",
            Some('p') => "AM",
            Some('z') => "+hh:mm",
            Some('j') => "DDD",
            _ => "%",
        });
    }
    out
}

fn digits(bytes: &[u8], at: &mut usize, least: usize, most: usize) -> Option<u32> {
    let start = *at;
    let mut n = 0u32;
    while *at - start < most && *at < bytes.len() && bytes[*at].is_ascii_digit() {
        n = n * 10 + u32::from(bytes[*at] - b'0');
        *at += 1;
    }
    (*at - start >= least).then_some(n)
}

fn read(form: &[Item], bytes: &[u8]) -> Option<Reading> {
    let mut r = Reading::default();
    let (mut has_year, mut half, mut day_of_year) = (false, None, 0);
    let mut at = 0;
    for item in form {
        let (part, short) = match *item {
            Item::Byte(b) => {
                if bytes.get(at) != Some(&b) {
                    return None;
                }
                at += 1;
                continue;
            }
            Item::Part(part, short) => (part, short),
        };
        match part {
            Part::MonthShortName | Part::MonthName => {
                let rest = &bytes[at..];
                let names = |name: &'static str| if part == Part::MonthName { name } else { &name[..3] };
                let fits = |name: &str| rest.len() >= name.len() && rest[..name.len()].eq_ignore_ascii_case(name.as_bytes());
                let month = MONTHS.iter().position(|m| fits(names(m)))?;
                r.month = month as u32 + 1;
                at += names(MONTHS[month]).len();
            }
            Part::HalfDay => {
                let word = bytes.get(at..at + 2)?;
                half = Some(if word.eq_ignore_ascii_case(b"AM") {
                    false
                } else if word.eq_ignore_ascii_case(b"PM") {
                    true
                } else {
                    return None;
                });
                at += 2;
            }
            Part::Zone => r.zone = zone(bytes, &mut at)?,
            Part::Fraction => {
                let start = at;
                let n = digits(bytes, &mut at, 1, 9)?;
                r.digits = (at - start) as u32;
                r.nanos = n * 10u32.pow(9 - r.digits);
            }
            _ => {
                let (most, low, high) = part.bounds();
                let n = digits(bytes, &mut at, if short { 1 } else { most }, most)?;
                if n < low || n > high {
                    return None;
                }
                match part {
                    Part::Year => (r.year, has_year) = (n, true),
                    Part::ShortYear => (r.year, has_year) = (if n < 69 { 2000 + n } else { 1900 + n }, true),
                    Part::Month => r.month = n,
                    Part::Day => r.day = n,
                    Part::Hour | Part::Hour12 => r.hour = n,
                    Part::Minute => r.minute = n,
                    Part::Second => r.second = n,
                    _ => day_of_year = n,
                }
            }
        }
    }
    if at != bytes.len() {
        return None;
    }
    if let Some(evening) = half {
        r.hour = r.hour % 12 + if evening { 12 } else { 0 };
    }
    if day_of_year > 0 {
        (r.month, r.day) = month_and_day(r.year, day_of_year)?;
    }
    if r.day > 0 && r.month > 0 {
        // Without a year the 29th of February is let pass.
        let year = if has_year { r.year } else { 2000 };
        if r.day > days_in(year, r.month) {
            return None;
        }
    }
    Some(r)
}

fn zone(bytes: &[u8], at: &mut usize) -> Option<i32> {
    let sign = match bytes.get(*at)? {
        b'Z' | b'z' => {
            *at += 1;
            return Some(0);
        }
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    *at += 1;
    let hours = digits(bytes, at, 2, 2)?;
    let colon = bytes.get(*at) == Some(&b':');
    if colon {
        *at += 1;
    }
    let minutes = if colon || bytes.get(*at).is_some_and(u8::is_ascii_digit) { digits(bytes, at, 2, 2)? } else { 0 };
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes) as i32)
}

fn leap(year: u32) -> bool {
    (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn month_and_day(year: u32, day_of_year: u32) -> Option<(u32, u32)> {
    let mut day = day_of_year;
    for month in 1..=12 {
        if day <= days_in(year, month) {
            return Some((month, day));
        }
        day -= days_in(year, month);
    }
    None
}

fn write(form: &[Item], r: &Reading, out: &mut String) {
    let mut literal: Vec<u8> = Vec::new();
    for item in form {
        let (part, short) = match *item {
            Item::Byte(b) if b.is_ascii() => {
                out.push(b as char);
                continue;
            }
            Item::Byte(b) => {
                // A sign outside ASCII comes in several bytes; it is whole again after the last of them.
                literal.push(b);
                if let Ok(text) = std::str::from_utf8(&literal) {
                    out.push_str(text);
                    literal.clear();
                }
                continue;
            }
            Item::Part(part, short) => (part, short),
        };
        let month = MONTHS[(r.month.max(1) as usize - 1).min(11)];
        let (n, width) = match part {
            Part::Year => (r.year, 4),
            Part::ShortYear => (r.year % 100, 2),
            Part::Month => (r.month, 2),
            Part::Day => (r.day, 2),
            Part::Hour => (r.hour, 2),
            Part::Hour12 => ((r.hour + 11) % 12 + 1, 2),
            Part::Minute => (r.minute, 2),
            Part::Second => (r.second, 2),
            Part::DayOfYear => ((1..r.month).map(|m| days_in(r.year, m)).sum::<u32>() + r.day, 3),
            Part::MonthShortName => {
                out.push_str(&month[..3]);
                continue;
            }
            Part::MonthName => {
                out.push_str(month);
                continue;
            }
            Part::HalfDay => {
                out.push_str(if r.hour < 12 { "AM" } else { "PM" });
                continue;
            }
            Part::Fraction => {
                let digits = if r.digits == 0 { 6 } else { r.digits };
                number(r.nanos / 10u32.pow(9 - digits), digits, out);
                continue;
            }
            Part::Zone => {
                if r.zone == 0 {
                    out.push('Z');
                } else {
                    out.push(if r.zone < 0 { '-' } else { '+' });
                    number(r.zone.unsigned_abs() / 60, 2, out);
                    out.push(':');
                    number(r.zone.unsigned_abs() % 60, 2, out);
                }
                continue;
            }
        };
        number(n, if short { 1 } else { width }, out);
    }
}

/// Digits filled up with zeros to a width of at most nine.
fn number(n: u32, width: u32, out: &mut String) {
    let mut buffer = [b'0'; 10];
    let (mut rest, mut at) = (n, buffer.len());
    while rest > 0 || buffer.len() - at < width as usize {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    buffer[at..].iter().for_each(|&b| out.push(b as char));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn run(from: &[&str], to: &str, text: &str) -> Result<String, Fault> {
        let from: Vec<String> = from.iter().map(|s| (*s).to_owned()).collect();
        let mut out = String::from("kept ");
        let done = DateStep::compile(&from, to).unwrap_or_else(|e| panic!("{e}")).convert(text, &mut out);
        if done.is_err() {
            assert_eq!(out, "kept ", "a fault must leave the output as it was");
        }
        done.map(|()| out["kept ".len()..].to_owned())
    }

    #[test]
    fn dates_and_times_in_many_forms() {
        let iso = "%Y-%m-%d";
        let cases: &[(&[&str], &str, &str, Option<&str>)] = &[
            (&["%m/%d/%Y"], iso, "03/05/2024", Some("2024-03-05")),
            (&["%m/%d/%Y"], iso, "3/5/2024", None),
            (&["%-m/%-d/%Y"], iso, "3/5/2024", Some("2024-03-05")),
            (&["%-m/%-d/%Y"], iso, "12/31/2024", Some("2024-12-31")),
            (&["%m/%d/%Y"], iso, "02/29/2023", None),
            (&["%m/%d/%Y"], iso, "02/29/2024", Some("2024-02-29")),
            (&["%m/%d/%Y"], iso, "02/29/1900", None),
            (&["%m/%d/%Y"], iso, "13/01/2024", None),
            (&["%m/%d/%Y"], iso, "03/05/2024 ", None),
            (&["%m/%d/%y"], iso, "03/05/68", Some("2068-03-05")),
            (&["%m/%d/%y"], iso, "03/05/69", Some("1969-03-05")),
            (&["%m/%d/%Y %I:%M:%S %p"], "%Y-%m-%dT%H:%M:%S", "03/05/2024 12:00:00 AM", Some("2024-03-05T00:00:00")),
            (&["%m/%d/%Y %I:%M:%S %p"], "%Y-%m-%dT%H:%M:%S", "03/05/2024 12:30:00 pm", Some("2024-03-05T12:30:00")),
            (&["%-I:%M %p"], "%H:%M", "1:05 PM", Some("13:05")),
            (&["%H:%M"], "%-I:%M %p", "00:05", Some("12:05 AM")),
            (&["%H:%M"], "%H:%M:%S", "23:59", Some("23:59:00")),
            (&["%H:%M"], "%H:%M", "24:00", None),
            (&["%d-%b-%Y"], iso, "05-MAR-2024", Some("2024-03-05")),
            (&["%B %-d, %Y"], iso, "May 5, 2024", Some("2024-05-05")),
            (&["%B %-d, %Y"], iso, "september 15, 2024", Some("2024-09-15")),
            (&[iso], "%-d %B %Y", "2024-03-05", Some("5 March 2024")),
            (&["%Y%j"], iso, "2024366", Some("2024-12-31")),
            (&["%Y%j"], iso, "2023366", None),
            (&[iso], "%Y%j", "2023-03-01", Some("2023060")),
            (&["%Y-%m-%dT%H:%M:%S.%f%z"], "%Y-%m-%dT%H:%M:%S.%f%z", "2024-03-05T01:02:03.5-0430", Some("2024-03-05T01:02:03.5-04:30")),
            (&["%Y-%m-%dT%H:%M:%S%z"], "%H:%M%z", "2024-03-05T01:02:03Z", Some("01:02Z")),
            (&["%Y-%m-%d %H:%M:%S"], "%Y-%m-%dT%H:%M:%SZ", "2024-03-05 01:02:03", Some("2024-03-05T01:02:03Z")),
            (&["%Y", iso], "%Y", "2024", Some("2024")),
            (&["%m/%Y"], "%Y-%m", "03/2024", Some("2024-03")),
            (&["%m/%d"], "%d.%m.", "02/29", Some("29.02.")),
            (&["%d é %m"], "%m é %d", "01 é 02", Some("02 é 01")),
            (&["100%% %Y"], "%Y", "100% 2024", Some("2024")),
            // Two forms, one reading: not in doubt.
            (&["%m/%d/%Y", "%d/%m/%Y"], iso, "05/05/2024", Some("2024-05-05")),
            (&["%m/%d/%Y", "%d/%m/%Y"], iso, "25/03/2024", Some("2024-03-25")),
            (&["%m/%d/%Y", "%d/%m/%Y"], "%Y", "03/05/2024", Some("2024")),
        ];
        for (from, to, text, expected) in cases {
            assert_eq!(run(from, to, text).ok().as_deref(), *expected, "{from:?} {text:?}");
        }
        assert_eq!(
            run(&["%m/%d/%Y", "%d/%m/%Y"], iso, "03/05/2024"),
            Err(Fault::Ambiguous("2024-03-05".to_owned(), "2024-05-03".to_owned()))
        );
    }

    #[test]
    fn forms_that_make_no_sense_are_refused() {
        for (from, to) in [
            ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"),
            ("%m/%d", "%Y-%m-%d"),
            ("%I:%M", "%H:%M"),
            ("%H:%M %p", "%H:%M"),
            ("%Y %y", "%Y"),
            ("%q", "%Y"),
            ("%Y", "%"),
            ("%j", "%j"),
            ("%H:%M", "%H:%M%z"),
            ("%-b %Y", "%Y"),
        ] {
            assert!(DateStep::compile(&[from.to_owned()], to).is_err(), "{from} to {to}");
        }
        assert!(DateStep::compile(&[], "%Y").is_err());
    }

    #[test]
    fn forms_are_told_in_words() {
        let forms = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|s| (*s).to_owned()).collect();
            DateStep::compile(&list, "%Y").map(|d| d.forms().to_owned())
        };
        assert_eq!(forms(&["%m/%d/%Y", "%Y-%-m-%-d"]).as_deref(), Ok("MM/DD/YYYY or YYYY-M-D"));
        assert_eq!(forms(&["%-d-%b-%Y %-I:%M %p"]).as_deref(), Ok("D-Jan-YYYY hh:mm AM"));
    }

    proptest::proptest! {
        /// What is taken as it stands is what the whole reading writes.
        #[test]
        fn the_shortcut_writes_the_same(
            day in "20[0-2][0-9]-[01][0-9]-[0-3][0-9]|[0-9]{4}-02-(28|29|30)|[0-9/-]{8,11}",
            time in "|[T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,4})?)?|[0-9:T. ]{1,4}",
        ) {
            let text = format!("{day}{time}");
            let day_first: &[&str] = &["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"];
            for (from, to) in [(day_first, "%Y-%m-%d"), (day_first, "%d.%m.%Y"), (&["%Y-%m-%d", "%Y-%d-%m"], "%Y-%m-%d"), (&["%Y"], "%Y")] {
                let from: Vec<String> = from.iter().map(|s| (*s).to_owned()).collect();
                let step = DateStep::compile(&from, to).unwrap();
                let mut out = String::new();
                let slow = step.convert(&text, &mut out).map(|()| out.as_str());
                let mut memory = Vec::new();
                step.day_of(b"2024-01-01T00:00:00", 0, 19, &mut memory);
                let within = format!("1,{text},2024-01-01T00:00:00.0000");
                for data in [&within[..text.len() + 2], &within] {
                    proptest::prop_assert_eq!(step.day_of(data.as_bytes(), 2, text.len(), &mut memory), step.as_it_is(&text));
                }
                if let Some(end) = step.as_it_is(&text) {
                    proptest::prop_assert_eq!(slow, Ok(&text[..end]));
                } else if to == "%Y-%m-%d" && from.len() == 4 && !text.starts_with("0000") {
                    proptest::prop_assert!(slow.is_err());
                }
            }
        }

        /// Written and read again in any form that names all parts, a moment stays the same.
        #[test]
        fn reads_back_what_it_writes(year in 0u32..=9999, month in 1u32..=12, day in 1u32..=28, hour in 0u32..24, minute in 0u32..60) {
            let iso = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}");
            for form in ["%m/%d/%Y %I:%M %p", "%-d %B %Y %-H:%-M", "%b %d, %Y %H.%M", "%Y%j %H%M"] {
                let there = run(&["%Y-%m-%d %H:%M"], form, &iso).unwrap();
                let back = run(&[form], "%Y-%m-%d %H:%M", &there);
                proptest::prop_assert_eq!(back.as_deref(), Ok(iso.as_str()));
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}|[0-9/: APM-]{0,20}") {
            for form in ["%m/%d/%Y", "%-d-%b-%y %I:%M %p", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y%j"] {
                let _ = run(&[form], "%Y", &text);
            }
        }
    }
}
