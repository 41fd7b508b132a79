//! One text for each value, however a cell writes it: what keys are compared by.
//!
//! Source: Data Package v2, "Table Schema" (26 June 2024), "Field constraints": a constraint is tested against the logical value of a field. Equal texts
//! here are equal values ([`Value`]'s equality), but that a time without a zone is not the same as one that names UTC: nobody knows its zone.

use std::fmt::Write;

use super::{Date, DateTime, Number, Time, Value};

/// The value's one text.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(Number::Finite(number)) => number.to_string(),
        Value::Number(Number::NotANumber) => "NaN".to_owned(),
        Value::Number(Number::Infinity) => "INF".to_owned(),
        Value::Number(Number::NegativeInfinity) => "-INF".to_owned(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Date(date) => date.iso(),
        Value::Time(time) => time_of_day(time),
        Value::DateTime(instant) => date_and_time(instant),
        Value::Year(year) if *year < 0 => format!("-{:04}", year.unsigned_abs()),
        Value::Year(year) => format!("{year:04}"),
        Value::YearMonth(year, month) => format!("{year:04}-{month:02}"),
        Value::Duration(duration) => format!("{}M{}", duration.months, duration.nanos),
        Value::GeoPoint { lon, lat } => format!("{lon},{lat}"),
        Value::Json(json) => {
            let mut out = String::new();
            write_json(json, &mut out);
            out
        }
        Value::List(items) => {
            let mut out = String::new();
            for item in items {
                let item = text(item);
                let _ = write!(out, "{}:{item};", item.len());
            }
            out
        }
    }
}

fn time_of_day(time: &Time) -> String {
    match time.zone {
        None => time.iso(),
        Some(_) => format!("{}s{}Z", time.seconds(), time.nanos),
    }
}

fn date_and_time(instant: &DateTime) -> String {
    let (date, time) = (&instant.date, &instant.time);
    if time.zone.is_none() {
        return format!("{}T{}", date.iso(), time.iso());
    }
    let seconds = date.number() * 86_400 + time.seconds();
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
    let time = Time::new(second / 3600, second / 60 % 60, second % 60, time.nanos, Some(0));
    match (Date::from_number(day), time) {
        (Some(date), Ok(time)) => format!("{}T{}", date.iso(), time.iso()),
        // The first and the last hours of the calendar, seen from another zone.
        _ => format!("{seconds}s{}Z", instant.time.nanos),
    }
}

/// JSON without blanks, the members of objects in order of their names.
fn write_json(json: &serde_json::Value, out: &mut String) {
    match json {
        serde_json::Value::Array(items) => {
            out.push('[');
            for item in items {
                write_json(item, out);
                out.push(',');
            }
            out.push(']');
        }
        serde_json::Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (name, value) in members {
                let _ = write!(out, "{}:{name}", name.len());
                write_json(value, out);
                out.push(',');
            }
            out.push('}');
        }
        plain => {
            let _ = write!(out, "{plain}");
        }
    }
}
