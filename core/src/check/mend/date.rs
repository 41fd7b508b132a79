//! Dates and times in other forms than the field's.

use super::Offer;
use crate::check::evidence::Evidence;
use crate::schema::{DateFormat, FieldType};
use crate::value::loose::{self, Order, Reading};
use crate::value::pattern;
use crate::value::{Date, DateTime, Misread, Problem, Time, Value, read};

/// What a text that is not in the field's form can mean.
pub(in crate::check) struct Meaning {
    /// Variety of C303, or `None` for a date that does not exist (C311).
    pub(in crate::check) kind: Option<&'static str>,
    /// Why it does not exist.
    pub(in crate::check) problem: Option<Problem>,
    /// Readings, best first.
    pub(in crate::check) offers: Vec<Offer>,
}

fn meaning(kind: &'static str, offers: Vec<Offer>) -> Meaning {
    Meaning { kind: Some(kind), problem: None, offers }
}

/// The name under which readings of dates are offered.
const READING: &str = "date-reading";

/// What the text can mean for a field of dates or times, given why it was not read.
pub(in crate::check) fn meant(field: &FieldType, text: &str, misread: &Misread, evidence: &Evidence) -> Meaning {
    if let Misread::Impossible(problem) = misread {
        return Meaning { kind: None, problem: Some(*problem), offers: exchanged(field, text, evidence) };
    }
    match field {
        FieldType::Time(_) => match loose::time(text) {
            Ok(time) => {
                let date = Date { year: 1900, month: 1, day: 1 };
                meaning("other-form", offer(field, &DateTime { date, time }, true).into_iter().collect())
            }
            Err(Misread::Impossible(problem)) => Meaning { kind: None, problem: Some(problem), offers: Vec::new() },
            Err(_) => unknown(field, text),
        },
        FieldType::Year => year(text),
        FieldType::YearMonth => year_month(text),
        _ => match loose::dates(text) {
            Ok(readings) => readings_meant(field, &readings, evidence),
            Err(Misread::Impossible(problem)) => Meaning { kind: None, problem: Some(problem), offers: Vec::new() },
            Err(_) => unknown(field, text),
        },
    }
}

fn readings_meant(field: &FieldType, readings: &[Reading], evidence: &Evidence) -> Meaning {
    let wants_time = matches!(field, FieldType::DateTime(_));
    let has_time = readings.iter().any(|r| r.time.is_some());
    let orders = |order| readings.iter().any(|r| r.order == order);
    let doubtful = orders(Order::DayFirst) && orders(Order::MonthFirst);
    let kind = match (doubtful, wants_time, has_time) {
        (true, _, _) => "ambiguous",
        (false, true, false) => "without-time",
        (false, false, true) => "with-time",
        _ => "other-form",
    };
    let mut sorted: Vec<&Reading> = readings.iter().collect();
    // The reading that the column speaks for comes first, then that of the field's own order; the sort keeps the order of the others.
    let own = own_order(field);
    sorted.sort_by_key(|r| (std::cmp::Reverse(support(r.order, evidence)), own != Some(r.order)));
    let offers = sorted
        .into_iter()
        .filter_map(|r| {
            let time_fits = match r.time {
                Some(time) => wants_time || time.is_midnight(),
                None => !wants_time,
            };
            let safe = readings.len() == 1 && time_fits && !contradicted(r.order, evidence);
            let value = DateTime { date: r.date, time: r.time.unwrap_or_default() };
            let because = match r.order {
                Order::DayFirst => evidence.for_day_first(),
                Order::MonthFirst => evidence.for_month_first(),
                _ => String::new(),
            };
            offer(field, &value, safe).map(|o| o.because(because))
        })
        .collect();
    meaning(kind, offers)
}

/// Which of day and month stands first in the field's own pattern, when it has both as numbers.
fn own_order(field: &FieldType) -> Option<Order> {
    let (FieldType::Date(DateFormat::Pattern(p)) | FieldType::DateTime(DateFormat::Pattern(p))) = field else { return None };
    let (day, month) = (p.find('d')?, p.find('m')?);
    Some(if day < month { Order::DayFirst } else { Order::MonthFirst })
}

fn support(order: Order, evidence: &Evidence) -> u64 {
    match order {
        Order::DayFirst => evidence.day_first,
        Order::MonthFirst => evidence.month_first,
        _ => 0,
    }
}

/// Whether as many cells of the column say the opposite order as say this one.
fn contradicted(order: Order, evidence: &Evidence) -> bool {
    match order {
        Order::DayFirst => evidence.month_first > 0 && evidence.month_first >= evidence.day_first,
        Order::MonthFirst => evidence.day_first > 0 && evidence.day_first >= evidence.month_first,
        _ => false,
    }
}

/// A date and time in the field's form. Not offered when reading it back gives another day; not safe when it gives another time.
fn offer(field: &FieldType, value: &DateTime, safe: bool) -> Option<Offer> {
    let by = |p: &str| pattern::compile(p).and_then(|p| p.write(value));
    let text = match field {
        FieldType::Date(DateFormat::Pattern(p)) | FieldType::DateTime(DateFormat::Pattern(p)) | FieldType::Time(DateFormat::Pattern(p)) => {
            by(p)?
        }
        FieldType::Date(_) => value.date.iso(),
        FieldType::DateTime(_) => format!("{}T{}", value.date.iso(), value.time.iso()),
        FieldType::Time(_) => value.time.iso(),
        _ => return None,
    };
    let same = |a: &Time, b: &Time| a == b && a.zone == b.zone;
    let safe = match read(field, &text).ok()? {
        Value::Date(date) if date == value.date => safe,
        Value::DateTime(back) if back.date == value.date => safe && same(&back.time, &value.time),
        Value::Time(time) => safe && same(&time, &value.time),
        _ => return None,
    };
    Some(Offer::new(text, safe, READING))
}

/// A text in no form of a date.
fn unknown(field: &FieldType, text: &str) -> Meaning {
    if matches!(field, FieldType::Date(_))
        && let Some(serial) = serial(text)
    {
        // Two calendars of spreadsheets: day 1 is 1 January 1900 (with a 29 February 1900 that never was), or day 0 is 1 January 1904.
        let day = |first: Date| Date::from_number(first.number() + serial);
        let offers = [
            (Date { year: 1899, month: 12, day: 30 }, "in the calendar of most spreadsheets, which counts from 1900"),
            (Date { year: 1904, month: 1, day: 1 }, "in the calendar of older Mac spreadsheets, which counts from 1904"),
        ]
        .into_iter()
        .filter_map(|(first, why)| {
            let offer = offer(field, &DateTime { date: day(first)?, time: Time::default() }, false)?;
            let because = format!("\"{text}\" is \"{}\" {why}", offer.replacement);
            Some(offer.because(because))
        })
        .collect();
        return meaning("serial", offers);
    }
    if super::is_placeholder(text) {
        return meaning("placeholder", vec![Offer::new("", false, "empty")]);
    }
    meaning("", Vec::new())
}

/// A day number of the years 1954 to 2064, as a spreadsheet counts; a time of day after the point is let go.
fn serial(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    (whole.len() == 5 && digits(whole) && digits(fraction)).then(|| whole.parse().ok())?.filter(|n| (20_000..=60_000).contains(n))
}

/// For a date with month and day exchanged: the other order.
fn exchanged(field: &FieldType, text: &str, evidence: &Evidence) -> Vec<Offer> {
    if let Ok(readings) = loose::dates(text) {
        return readings_meant(field, &readings, evidence).offers.into_iter().map(|o| Offer { safe: false, ..o }).collect();
    }
    let (day, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    match (loose::three_numbers(day), field) {
        (Some((_, [year, day, month])), FieldType::Date(_) | FieldType::DateTime(_)) if year.len() == 4 => {
            let number = |t: &str| t.parse::<u32>().ok();
            let date = number(year).zip(number(month)).zip(number(day)).and_then(|((y, m), d)| Date::new(y as u16, m, d).ok());
            let time = if rest.is_empty() { Some(Time::default()) } else { rest.get(1..).and_then(|t| loose::time(t).ok()) };
            date.zip(time).and_then(|(date, time)| offer(field, &DateTime { date, time }, false)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn year(text: &str) -> Meaning {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if let Some((whole, zeros)) = text.split_once('.')
        && whole.len() == 4
        && digits(whole)
        && zeros.bytes().all(|b| b == b'0')
    {
        return meaning("other-form", vec![Offer::new(whole, true, READING)]);
    }
    let short = text.strip_prefix(['\'', '\u{2019}']).unwrap_or(text);
    if short.len() == 2 && digits(short) {
        return meaning(
            "other-form",
            vec![Offer::new(format!("20{short}"), false, READING), Offer::new(format!("19{short}"), false, READING)],
        );
    }
    match loose::dates(text) {
        Ok(readings) => meaning("other-form", readings.iter().map(|r| Offer::new(format!("{:04}", r.date.year), false, READING)).collect()),
        Err(_) => unknown(&FieldType::Year, text),
    }
}

fn year_month(text: &str) -> Meaning {
    let mut parts = text.split([' ', '/', '-', '.']).filter(|p| !p.is_empty());
    if let (Some(a), Some(b), None) = (parts.next(), parts.next(), parts.next()) {
        let (year, month) = if a.len() == 4 && a.starts_with(|c: char| c.is_ascii_digit()) { (a, b) } else { (b, a) };
        let word = pattern::MONTHS.iter().position(|n| n.eq_ignore_ascii_case(month) || n[..3].eq_ignore_ascii_case(month));
        let month = word.map(|m| m as u32 + 1).or_else(|| if month.len() <= 2 { month.parse().ok() } else { None });
        let year: Option<u16> = if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) { year.parse().ok() } else { None };
        if let (Some(year), Some(month)) = (year, month) {
            return match Date::new(year, month, 1) {
                Ok(_) => meaning("other-form", vec![Offer::new(format!("{year:04}-{month:02}"), true, READING)]),
                Err(problem) => Meaning { kind: None, problem: Some(problem), offers: Vec::new() },
            };
        }
    }
    match loose::dates(text) {
        Ok(readings) => {
            let offers = readings.iter().map(|r| Offer::new(format!("{:04}-{:02}", r.date.year, r.date.month), false, READING)).collect();
            meaning("other-form", offers)
        }
        Err(_) => unknown(&FieldType::YearMonth, text),
    }
}
