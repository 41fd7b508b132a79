//! Date patterns in the manner of strptime.
//!
//! Codes: `%Y` four digits; `%y` two digits (69 to 99 are 19xx); `%m %d %H %I %M %S`; `%j` day of the year; `%b %B` English month names in
//! any case; `%a %A` weekday names, which are not compared with the date; `%f` one to nine digits; `%p` AM or PM; `%z` `Z`, `±hhmm` or
//! `±hh:mm`; `%%`. Everything else stands for itself.
//!
//! As strptime does, a number of up to two (`%j` three) digits may lack its leading zero; but where another number follows or precedes
//! it at once, as in `%Y%m%d`, and where nothing could tell the two apart, all digits must be there. `%-m` and the like say it outright.

use super::Misread;
use super::date::{Date, DateTime, Problem, Time, digits, nanos, offset};

/// A pattern ready for reading and writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    items: Vec<Item>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Literal(char),
    /// The code, and whether leading zeros may be left out.
    Code(char, bool),
}

/// English month names.
pub const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
/// English weekday names.
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Compiles a pattern; `None` when it holds a code that is not known, or no code at all.
pub fn compile(text: &str) -> Option<Pattern> {
    let mut raw = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            raw.push((Item::Literal(c), false));
            continue;
        }
        let mut code = chars.next()?;
        let dashed = code == '-';
        if dashed {
            code = chars.next().filter(|c| "mdHIMSj".contains(*c))?;
        }
        match code {
            '%' => raw.push((Item::Literal('%'), false)),
            c if "YymdbBHIMSfpzjaA".contains(c) => raw.push((Item::Code(c, false), dashed)),
            _ => return None,
        }
    }
    let numeric = |at: Option<usize>| match at.and_then(|i| raw.get(i)) {
        Some((Item::Code(c, _), _)) => "YymdHIMSfj".contains(*c),
        Some((Item::Literal(c), _)) => c.is_ascii_digit(),
        None => false,
    };
    let items: Vec<Item> = raw
        .iter()
        .enumerate()
        .map(|(i, (item, dashed))| match item {
            Item::Code(c, _) => Item::Code(*c, *dashed || !(numeric(i.checked_sub(1)) || numeric(Some(i + 1)))),
            other => *other,
        })
        .collect();
    items.iter().any(|i| matches!(i, Item::Code(..))).then_some(Pattern { items })
}

/// What was read, before it is known to exist.
#[derive(Default)]
struct Parts {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: Option<u32>,
    half_day_hour: Option<u32>,
    afternoon: Option<bool>,
    minute: u32,
    second: u32,
    nanos: u32,
    zone: Option<i16>,
}

impl Pattern {
    /// Reads a text. What the pattern does not name is 1900-01-01 00:00:00, as in strptime.
    pub fn read(&self, text: &str) -> Result<DateTime, Misread> {
        let mut parts = Parts::default();
        let mut rest = text;
        let mut bad_zone = None;
        for item in &self.items {
            rest = match *item {
                Item::Literal(c) => rest.strip_prefix(c).ok_or(Misread::Form)?,
                Item::Code(code, loose) => match read_code(code, loose, rest, &mut parts) {
                    Ok(rest) => rest,
                    Err((Misread::Impossible(p), rest)) => {
                        bad_zone = Some(p);
                        rest
                    }
                    Err((e, _)) => return Err(e),
                },
            };
        }
        if !rest.is_empty() {
            return Err(Misread::Form);
        }
        bad_zone.map_or(Ok(()), Err).and_then(|()| parts.resolve()).map_err(Misread::Impossible)
    }

    /// Writes a date and time; `None` when the pattern asks for a zone and there is none.
    pub fn write(&self, value: &DateTime) -> Option<String> {
        let (date, time) = (&value.date, &value.time);
        let mut out = String::new();
        for item in &self.items {
            match *item {
                Item::Literal(c) => out.push(c),
                Item::Code(code, _) => out.push_str(&match code {
                    'Y' => format!("{:04}", date.year),
                    'y' => {
                        // Two digits say the year only within their own hundred years.
                        if !(1969..=2068).contains(&date.year) {
                            return None;
                        }
                        format!("{:02}", date.year % 100)
                    }
                    'm' => format!("{:02}", date.month),
                    'd' => format!("{:02}", date.day),
                    'j' => format!("{:03}", date.ordinal()),
                    'b' => MONTHS[usize::from(date.month - 1)][..3].to_owned(),
                    'B' => MONTHS[usize::from(date.month - 1)].to_owned(),
                    'a' => WEEKDAYS[usize::from(date.weekday())][..3].to_owned(),
                    'A' => WEEKDAYS[usize::from(date.weekday())].to_owned(),
                    'H' => format!("{:02}", time.hour),
                    'I' => format!("{:02}", (time.hour + 11) % 12 + 1),
                    'M' => format!("{:02}", time.minute),
                    'S' => format!("{:02}", time.second),
                    'f' => format!("{:06}", time.nanos / 1000),
                    'p' => if time.hour < 12 { "AM" } else { "PM" }.to_owned(),
                    _ => {
                        let zone = time.zone?;
                        format!("{}{:02}{:02}", if zone < 0 { '-' } else { '+' }, zone.abs() / 60, zone.abs() % 60)
                    }
                }),
            }
        }
        Some(out)
    }

    /// The form in letters that people know: `MM/DD/YYYY`.
    pub fn form(&self) -> String {
        self.items
            .iter()
            .map(|item| match *item {
                Item::Literal(c) => c.to_string(),
                Item::Code(code, _) => match code {
                    'Y' => "YYYY",
                    'y' => "YY",
                    'm' => "MM",
                    'd' => "DD",
                    'j' => "DDD",
                    'b' => "Mon",
                    'B' => "Month",
                    'a' => "Day",
                    'A' => "Weekday",
                    'H' | 'I' => "hh",
                    'M' => "mm",
                    'S' => "ss",
                    'f' => "ffffff",
                    'p' => "AM",
                    _ => "+hh:mm",
                }
                .to_owned(),
            })
            .collect()
    }
}

/// Reads one code from the front of the text and gives what follows it; an impossible zone comes with the text behind it, so that a wrong
/// form further on is told first.
fn read_code<'a>(code: char, loose: bool, text: &'a str, parts: &mut Parts) -> Result<&'a str, (Misread, &'a str)> {
    let form = || (Misread::Form, "");
    let number = |least: usize, most: usize| -> Result<(u32, &'a str), (Misread, &'a str)> {
        let n = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if n < least {
            return Err((Misread::Form, ""));
        }
        digits(&text.as_bytes()[..n]).map(|d| (d, &text[n..])).ok_or((Misread::Form, ""))
    };
    let least = |full: usize| if loose { 1 } else { full };
    let name = |names: &[&str], short: bool| -> Result<(u32, &'a str), (Misread, &'a str)> {
        names
            .iter()
            .enumerate()
            .find_map(|(i, name)| {
                let name = if short { &name[..3] } else { name };
                let head = text.get(..name.len())?;
                head.eq_ignore_ascii_case(name).then(|| (i as u32 + 1, &text[name.len()..]))
            })
            .ok_or((Misread::Form, ""))
    };
    let (slot, (value, rest)) = match code {
        'Y' => (&mut parts.year, number(4, 4)?),
        'y' => {
            let (n, rest) = number(2, 2)?;
            (&mut parts.year, (if n < 69 { 2000 + n } else { 1900 + n }, rest))
        }
        'm' => (&mut parts.month, number(least(2), 2)?),
        'b' => (&mut parts.month, name(&MONTHS, true)?),
        'B' => (&mut parts.month, name(&MONTHS, false)?),
        'd' => (&mut parts.day, number(least(2), 2)?),
        'j' => (&mut parts.day_of_year, number(least(3), 3)?),
        'H' => (&mut parts.hour, number(least(2), 2)?),
        'I' => (&mut parts.half_day_hour, number(least(2), 2)?),
        'M' => {
            let (n, rest) = number(least(2), 2)?;
            parts.minute = n;
            return Ok(rest);
        }
        'S' => {
            let (n, rest) = number(least(2), 2)?;
            parts.second = n;
            return Ok(rest);
        }
        'f' => {
            let n = text.bytes().take(9).take_while(u8::is_ascii_digit).count();
            if n == 0 {
                return Err(form());
            }
            parts.nanos = nanos(&text.as_bytes()[..n]);
            return Ok(&text[n..]);
        }
        'p' => {
            let head = text.get(..2).ok_or_else(form)?;
            parts.afternoon = Some(if head.eq_ignore_ascii_case("AM") {
                false
            } else if head.eq_ignore_ascii_case("PM") {
                true
            } else {
                return Err(form());
            });
            return Ok(&text[2..]);
        }
        'a' => return Ok(name(&WEEKDAYS, true)?.1),
        'A' => return Ok(name(&WEEKDAYS, false)?.1),
        _ => {
            if let Some(rest) = text.strip_prefix('Z') {
                parts.zone = Some(0);
                return Ok(rest);
            }
            let bytes = text.as_bytes();
            let (h, m, n) = match bytes {
                [b'+' | b'-', h1, h2, b':', m1, m2, ..] => ([*h1, *h2], [*m1, *m2], 6),
                [b'+' | b'-', h1, h2, m1, m2, ..] => ([*h1, *h2], [*m1, *m2], 5),
                _ => return Err(form()),
            };
            let (hours, minutes) = digits(&h).zip(digits(&m)).ok_or_else(form)?;
            let rest = &text[n..];
            parts.zone = Some(offset(bytes[0], hours, minutes).map_err(|e| (e, rest))?);
            return Ok(rest);
        }
    };
    *slot = Some(value);
    Ok(rest)
}

impl Parts {
    fn resolve(self) -> Result<DateTime, Problem> {
        let year = self.year.unwrap_or(1900) as u16;
        let date = match (self.day_of_year, self.month, self.day) {
            (Some(day), None, None) => Date::of_year(year, day)?,
            // Without a year, 29 February may stand.
            (_, Some(2), Some(29)) if self.year.is_none() => Date { year: 1904, month: 2, day: 29 },
            (_, month, day) => Date::new(year, month.unwrap_or(1), day.unwrap_or(1))?,
        };
        let hour = match (self.hour, self.half_day_hour) {
            (Some(hour), _) => hour,
            (None, Some(hour)) if (1..=12).contains(&hour) => hour % 12 + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, Some(hour)) => return Err(Problem::Hour(hour)),
            (None, None) => 0,
        };
        Ok(DateTime { date, time: Time::new(hour, self.minute, self.second, self.nanos, self.zone)? })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn reads_by_pattern() {
        for (pattern, text, want) in [
            ("%m/%d/%Y", "03/05/2024", Some("2024-03-05T00:00:00")),
            ("%m/%d/%Y", "3/5/2024", Some("2024-03-05T00:00:00")),
            ("%m/%d/%Y", "3/5/24", None),
            ("%m/%d/%Y", "13/05/2024", None),
            ("%d/%m/%Y", "13/05/2024", Some("2024-05-13T00:00:00")),
            ("%Y%m%d", "20240305", Some("2024-03-05T00:00:00")),
            ("%Y%m%d", "2024035", None),
            ("%Y%m%d", "202403055", None),
            ("%m/%d/%y", "03/05/68", Some("2068-03-05T00:00:00")),
            ("%m/%d/%y", "03/05/69", Some("1969-03-05T00:00:00")),
            ("%d-%b-%Y", "05-MAR-2024", Some("2024-03-05T00:00:00")),
            ("%d-%b-%Y", "05-March-2024", None),
            ("%B %d, %Y", "march 5, 2024", Some("2024-03-05T00:00:00")),
            ("%A %d %B %Y", "Tuesday 05 March 2024", Some("2024-03-05T00:00:00")),
            ("%Y-%j", "2024-366", Some("2024-12-31T00:00:00")),
            ("%Y-%j", "2023-366", None),
            ("%Y-%m-%d %H:%M:%S", "2024-03-05 14:07:09", Some("2024-03-05T14:07:09")),
            ("%Y-%m-%d %I:%M %p", "2024-03-05 12:07 am", Some("2024-03-05T00:07:00")),
            ("%Y-%m-%d %I:%M %p", "2024-03-05 12:07 PM", Some("2024-03-05T12:07:00")),
            ("%Y-%m-%d %I:%M %p", "2024-03-05 13:07 PM", None),
            ("%Y-%m-%dT%H:%M:%S.%f%z", "2024-03-05T14:07:09.5-0500", Some("2024-03-05T14:07:09.5-05:00")),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-05T14:07:09Z", Some("2024-03-05T14:07:09Z")),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-05T14:07:09+99:00", None),
            ("%Y%%", "2024%", Some("2024-01-01T00:00:00")),
            ("%-m/%-d/%Y", "3/5/2024", Some("2024-03-05T00:00:00")),
            ("%H:%M", "9:05", Some("1900-01-01T09:05:00")),
            ("%H:%M", "09:05 ", None),
            ("%m/%d", "02/29", Some("1904-02-29T00:00:00")),
        ] {
            let compiled = compile(pattern).unwrap_or_else(|| panic!("{pattern}"));
            let got = compiled.read(text).ok().map(|d| format!("{}T{}", d.date.iso(), d.time.iso()));
            assert_eq!(got.as_deref(), want, "{text:?} by {pattern}");
        }
        for bad in ["%Q", "%", "plain", "%-Y", ""] {
            assert_eq!(compile(bad), None, "{bad:?}");
        }
        assert_eq!(compile("%m/%d/%Y").unwrap().form(), "MM/DD/YYYY");
    }

    #[test]
    fn what_is_written_is_read() {
        for pattern in ["%m/%d/%Y", "%d %b %Y", "%Y%m%d", "%y-%m-%d", "%Y-%j", "%A, %B %d, %Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S.%f%z"] {
            let compiled = compile(pattern).unwrap();
            let date = Date::new(2024, 3, 5).unwrap();
            let value = if pattern.contains("%S") {
                DateTime { date, time: Time::new(14, 7, 9, 0, pattern.contains("%z").then_some(-300)).unwrap() }
            } else {
                DateTime { date, time: Time::default() }
            };
            let text = compiled.write(&value).unwrap();
            assert_eq!(compiled.read(&text), Ok(value), "{pattern}: {text}");
        }
    }
}
