//! Dates and times as people and spreadsheets write them, with every reading they allow.

use super::Misread;
use super::date::{Date, Problem, Time, digits, nanos, zone};
use super::pattern::{MONTHS, WEEKDAYS};

/// What tells day, month and year apart in a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The year first: `2024/3/5`.
    YearFirst,
    /// The month is a word.
    Named,
    /// The day before the month.
    DayFirst,
    /// The month before the day.
    MonthFirst,
    /// Day and month are the same number, so order does not matter.
    Either,
    /// Eight digits without signs between them.
    Packed,
}

/// One reading of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The day.
    pub date: Date,
    /// The time of day, when the text has one.
    pub time: Option<Time>,
    /// How the parts were told apart.
    pub order: Order,
    /// The text has only two digits for the year.
    pub short_year: bool,
}

/// Longest text that is looked at.
const LONGEST: usize = 64;

/// Every reading of a text as a date, with or without a time of day. At least one when it is `Ok`.
pub fn dates(text: &str) -> Result<Vec<Reading>, Misread> {
    if text.len() > LONGEST {
        return Err(Misread::Form);
    }
    let whole = days(text);
    if whole != Err(Misread::Form) {
        return whole;
    }
    for (at, sign) in text.char_indices().filter(|(_, c)| matches!(c, ' ' | 'T' | ',')) {
        let clock = text[at + sign.len_utf8()..].trim_start_matches(' ');
        match (days(text[..at].trim_end_matches([' ', ','])), time(clock)) {
            (Err(Misread::Form), _) | (_, Err(Misread::Form)) => {}
            (Err(e), _) | (_, Err(e)) => return Err(e),
            (Ok(readings), Ok(time)) => return Ok(readings.into_iter().map(|r| Reading { time: Some(time), ..r }).collect()),
        }
    }
    Err(Misread::Form)
}

/// The one reading of a text.
pub fn only(text: &str) -> Result<Reading, Misread> {
    match dates(text)?.as_slice() {
        [one] if !one.short_year => Ok(*one),
        _ => Err(Misread::Ambiguous),
    }
}

/// Three numbers between equal signs, as written: `3/5/2024`.
pub fn three_numbers(text: &str) -> Option<(char, [&str; 3])> {
    let sign = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '/' | '-' | '.'))?;
    let mut parts = text.split(sign);
    let all = [parts.next()?, parts.next()?, parts.next()?];
    let fits = |p: &str| (1..=4).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    (parts.next().is_none() && all.iter().all(|p| fits(p))).then_some((sign, all))
}

fn days(text: &str) -> Result<Vec<Reading>, Misread> {
    if let Some((_, parts)) = three_numbers(text) {
        return numeric(parts);
    }
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return packed(text);
    }
    named(text)
}

fn number(text: &str) -> Option<u32> {
    digits(text.as_bytes())
}

/// A tentative day: year, month, day, order.
type Guess = (u32, u32, u32, Order);

fn numeric([a, b, c]: [&str; 3]) -> Result<Vec<Reading>, Misread> {
    let (x, y, z) = match (number(a), number(b), number(c)) {
        (Some(x), Some(y), Some(z)) => (x, y, z),
        _ => return Err(Misread::Form),
    };
    let short = |t: &str| t.len() <= 2;
    let mut guesses: Vec<Guess> = Vec::new();
    let mut short_year = false;
    if a.len() == 4 && short(b) && short(c) {
        guesses.push((x, y, z, Order::YearFirst));
    } else if short(a) && short(b) && c.len() == 4 {
        guesses.push((z, x, y, Order::MonthFirst));
        guesses.push((z, y, x, Order::DayFirst));
    } else if short(a) && short(b) && c.len() == 2 {
        short_year = true;
        for century in centuries(z) {
            guesses.push((century + z, x, y, Order::MonthFirst));
            guesses.push((century + z, y, x, Order::DayFirst));
        }
        if a.len() == 2 && x > 31 {
            for century in centuries(x) {
                guesses.push((century + x, y, z, Order::YearFirst));
            }
        }
    } else {
        return Err(Misread::Form);
    }
    settle(guesses, short_year)
}

/// The nearer century first: two digits below 50 are more often 20xx.
fn centuries(year: u32) -> [u32; 2] {
    if year < 50 { [2000, 1900] } else { [1900, 2000] }
}

fn packed(text: &str) -> Result<Vec<Reading>, Misread> {
    let part = |from: usize, to: usize| number(&text[from..to]).ok_or(Misread::Form);
    let guesses = vec![
        (part(0, 4)?, part(4, 6)?, part(6, 8)?, Order::Packed),
        (part(4, 8)?, part(0, 2)?, part(2, 4)?, Order::MonthFirst),
        (part(4, 8)?, part(2, 4)?, part(0, 2)?, Order::DayFirst),
    ];
    // Any eight digits are a date in some order of some century; only years that records speak of are taken for one.
    let guesses: Vec<Guess> = guesses.into_iter().filter(|g| (1700..2200).contains(&g.0)).collect();
    if guesses.is_empty() {
        return Err(Misread::Form);
    }
    settle(guesses, false)
}

fn named(text: &str) -> Result<Vec<Reading>, Misread> {
    let mut tokens: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = |c: char| {
            if c.is_ascii_digit() {
                0
            } else if c.is_ascii_alphabetic() {
                1
            } else {
                2
            }
        };
        let end = rest.find(|c: char| class(c) != class(first)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        if class(first) == 2 {
            if !matches!(token, " " | ", " | "," | "-" | "/" | "." | ". ") || tokens.is_empty() || after.is_empty() {
                return Err(Misread::Form);
            }
        } else {
            tokens.push(token);
        }
        rest = after;
    }
    let is_name = |t: &str, names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(t) || n[..3].eq_ignore_ascii_case(t));
    if tokens.first().is_some_and(|t| is_name(t, &WEEKDAYS)) {
        tokens.remove(0);
    }
    if let Some(at) = tokens.iter().position(|t| ["st", "nd", "rd", "th"].iter().any(|o| o.eq_ignore_ascii_case(t))) {
        tokens.remove(at);
    }
    let month = |t: &str| {
        MONTHS
            .iter()
            .position(|n| n.eq_ignore_ascii_case(t) || n[..3].eq_ignore_ascii_case(t))
            .or(t.eq_ignore_ascii_case("sept").then_some(8))
    };
    let &[a, b, c] = tokens.as_slice() else { return Err(Misread::Form) };
    let (year, m, day) = match (month(a), month(b)) {
        (Some(m), None) => (c, m, b),
        (None, Some(m)) if a.len() == 4 => (a, m, c),
        (None, Some(m)) => (c, m, a),
        _ => return Err(Misread::Form),
    };
    let (Some(y), Some(d)) = (number(year), number(day)) else { return Err(Misread::Form) };
    if day.len() > 2 {
        return Err(Misread::Form);
    }
    let m = m as u32 + 1;
    match year.len() {
        4 => settle(vec![(y, m, d, Order::Named)], false),
        2 => settle(centuries(y).iter().map(|c| (c + y, m, d, Order::Named)).collect(), true),
        _ => Err(Misread::Form),
    }
}

/// The guesses that exist, each day once. When none does, the likeliest reason.
fn settle(guesses: Vec<Guess>, short_year: bool) -> Result<Vec<Reading>, Misread> {
    let mut out: Vec<Reading> = Vec::new();
    let mut reason: Option<Problem> = None;
    for (year, month, day, order) in guesses {
        match Date::new(year as u16, month, day) {
            Ok(date) => match out.iter_mut().find(|r| r.date == date) {
                Some(same) => same.order = Order::Either,
                None => out.push(Reading { date, time: None, order, short_year }),
            },
            Err(problem) => {
                let better = matches!((reason, problem), (None, _) | (Some(Problem::Month(_)), Problem::Day { .. }));
                if better {
                    reason = Some(problem);
                }
            }
        }
    }
    if out.is_empty() { Err(reason.map_or(Misread::Form, Misread::Impossible)) } else { Ok(out) }
}

/// A time of day as people write it: `h:mm[:ss[.f…]]`, with AM or PM, with a zone.
pub fn time(text: &str) -> Result<Time, Misread> {
    let form = || Misread::Form;
    let upper = text.to_ascii_uppercase();
    let mut rest = upper.as_str();
    let mut half = None;
    for (mark, afternoon) in [("AM", false), ("A.M.", false), ("PM", true), ("P.M.", true)] {
        if let Some(before) = rest.strip_suffix(mark) {
            rest = before.trim_end_matches(' ');
            half = Some(afternoon);
            break;
        }
    }
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(end);
    let zone = zone(offset.as_bytes())?;
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, f)) if !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()) && clock.matches(':').count() == 2 => {
            (clock, nanos(f.as_bytes()))
        }
        Some(_) => return Err(Misread::Form),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let (Some(hour), Some(minute), second, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Misread::Form);
    };
    if hour.len() > 2 || minute.len() != 2 || second.is_some_and(|s| s.len() != 2) {
        return Err(Misread::Form);
    }
    let hour = number(hour).ok_or_else(form)?;
    let minute = number(minute).ok_or_else(form)?;
    let second = second.map_or(Some(0), number).ok_or_else(form)?;
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return Err(Misread::Impossible(Problem::Hour(hour))),
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    Time::new(hour, minute, second, fraction, zone).map_err(Misread::Impossible)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn readings() {
        for (text, want) in [
            ("03/05/2024", "2024-03-05 2024-05-03"),
            ("13/05/2024", "2024-05-13"),
            ("05/13/2024", "2024-05-13"),
            ("5.5.2024", "2024-05-05"),
            ("2024/3/5", "2024-03-05"),
            ("20240305", "2024-03-05"),
            ("12312024", "2024-12-31"),
            ("03052024", "2024-03-05 2024-05-03"),
            ("3/15/24", "2024-03-15 1924-03-15"),
            ("3/15/85", "1985-03-15 2085-03-15"),
            ("99-12-31", "1999-12-31 2099-12-31"),
            ("Tue, 5 Mar 2024", "2024-03-05"),
            ("March 5th, 2024", "2024-03-05"),
            ("5-MAR-24", "2024-03-05 1924-03-05"),
            ("2024 Sept 5", "2024-09-05"),
            ("Mar 5 2024 2:30 PM", "2024-03-05"),
            ("02/30/2024", "Day"),
            ("13/13/2024", "Month"),
            ("Feb 30, 2024", "Day"),
            ("12345678", "Form"),
            ("1/2", "Form"),
            ("1/2/3", "Form"),
            ("hello", "Form"),
            ("March 2024", "Form"),
            ("5 March", "Form"),
            ("", "Form"),
            ("-1-2-3", "Form"),
        ] {
            let got = match dates(text) {
                Ok(all) => all.iter().map(|r| r.date.iso()).collect::<Vec<_>>().join(" "),
                Err(Misread::Impossible(p)) => format!("{p:?}").split([' ', '(']).next().unwrap().to_owned(),
                Err(e) => format!("{e:?}"),
            };
            assert_eq!(got, want, "{text:?}");
        }
    }
}
