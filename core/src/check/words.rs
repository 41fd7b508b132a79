//! What a field expects, in plain words.

use regex::Regex;

use crate::schema::{DateFormat, Field, FieldType, GeoPointFormat, ListItem, NumberFormat, StringFormat};
use crate::value::geo::GeoFault;
use crate::value::pattern::{self, MONTHS};
use crate::value::{Misread, Problem, item_kind};

/// The form of a date or time in letters: `YYYY-MM-DD`. Empty for other types.
pub(super) fn form(kind: &FieldType) -> String {
    let (format, default) = match kind {
        FieldType::Date(f) => (f, "YYYY-MM-DD"),
        FieldType::DateTime(f) => (f, "YYYY-MM-DDThh:mm:ss"),
        FieldType::Time(f) => (f, "hh:mm:ss"),
        FieldType::Year => return "YYYY".to_owned(),
        FieldType::YearMonth => return "YYYY-MM".to_owned(),
        _ => return String::new(),
    };
    match format {
        DateFormat::Pattern(p) => pattern::compile(p).map_or_else(|| p.clone(), |p| p.form()),
        DateFormat::Default | DateFormat::Any => default.to_owned(),
    }
}

/// What is expected: `a date as YYYY-MM-DD`.
pub(super) fn what(kind: &FieldType) -> String {
    let number = |noun: &str, f: &NumberFormat| {
        let decimal = if f.decimal == ',' && noun == "a number" { " with a comma before the decimals" } else { "" };
        format!("{noun}{decimal}")
    };
    match kind {
        FieldType::String(StringFormat::Default) | FieldType::Any => "a text".to_owned(),
        FieldType::String(StringFormat::Email) => "an e-mail address, such as clerk@town.example".to_owned(),
        FieldType::String(StringFormat::Uri) => "a web address, such as https://town.example/page".to_owned(),
        FieldType::String(StringFormat::Binary) => "data in base64 letters".to_owned(),
        FieldType::String(StringFormat::Uuid) => "an identifier of 32 digits or letters a to f, in groups of 8, 4, 4, 4 and 12".to_owned(),
        FieldType::Number(f) => number("a number", f),
        FieldType::Integer(f) => number("a whole number", f),
        FieldType::Boolean { true_values, false_values } => {
            let first = |list: &[String]| list.first().cloned().unwrap_or_default();
            format!("{} or {}", first(true_values), first(false_values))
        }
        FieldType::Object => "a JSON object, in braces".to_owned(),
        FieldType::Array => "a JSON list, in square brackets".to_owned(),
        FieldType::List { delimiter, item } => {
            let items = match item {
                ListItem::String => "texts",
                ListItem::Integer => "whole numbers",
                ListItem::Number => "numbers",
                ListItem::Boolean => "true or false",
                ListItem::DateTime => "dates and times",
                ListItem::Date => "dates",
                ListItem::Time => "times",
            };
            let form = form(&item_kind(*item));
            let form = if form.is_empty() { form } else { format!(" as {form}") };
            format!("a list of {items}{form} with \"{delimiter}\" between them")
        }
        FieldType::Date(_) => format!("a date as {}", form(kind)),
        FieldType::DateTime(_) => format!("a date and time as {}", form(kind)),
        FieldType::Time(_) => format!("a time of day as {}", form(kind)),
        FieldType::Year => "a year as YYYY".to_owned(),
        FieldType::YearMonth => "a month as YYYY-MM".to_owned(),
        FieldType::Duration => "a length of time, such as P1Y6M or PT2H30M".to_owned(),
        FieldType::GeoPoint(GeoPointFormat::Default) => "a point as longitude, latitude, such as -71.06, 42.36".to_owned(),
        FieldType::GeoPoint(GeoPointFormat::Array) => "a point as [longitude, latitude], such as [-71.06, 42.36]".to_owned(),
        FieldType::GeoPoint(GeoPointFormat::Object) => "a point as {\"lon\": -71.06, \"lat\": 42.36}".to_owned(),
        FieldType::GeoJson { topology: false } => "a shape in GeoJSON".to_owned(),
        FieldType::GeoJson { topology: true } => "a map in TopoJSON".to_owned(),
    }
}

/// What a field of dates or times holds, in a word; its plural takes an `s`.
pub(super) fn noun(kind: &FieldType) -> &'static str {
    match kind {
        FieldType::Time(_) => "time",
        FieldType::Year => "year",
        FieldType::YearMonth => "month",
        _ => "date",
    }
}

/// Longest description of a field that is quoted as the form of its values.
const LONGEST: usize = 160;

/// What a field's pattern asks for, when the pattern is too involved to be put in words: by the field's own example, or by its description; the
/// pattern itself only when there is neither.
pub(super) fn own_form(field: &Field, pattern: &str, compiled: &Regex) -> String {
    if !field.example.is_empty() && compiled.is_match(&field.example) {
        return format!("a value such as \"{}\"", field.example);
    }
    if !field.description.is_empty() && field.description.chars().count() <= LONGEST {
        return format!("what the field is said to hold: \"{}\"", field.description.trim_end_matches('.'));
    }
    format!("a text of the form {pattern}")
}

/// Why a date does not exist.
pub(super) fn problem(problem: &Problem) -> String {
    match problem {
        Problem::Month(m) => format!("there is no month {m}"),
        Problem::Day { day: 0, .. } => "there is no day 0".to_owned(),
        Problem::Day { year, month, days, .. } => {
            let name = MONTHS[usize::from(month.saturating_sub(1)).min(11)];
            if *month == 2 { format!("{name} {year} has {days} days") } else { format!("{name} has {days} days") }
        }
        Problem::DayOfYear { year, days, .. } => format!("{year} has {days} days"),
        Problem::Hour(h) => format!("there is no hour {h}"),
        Problem::Minute(m) => format!("there is no minute {m}"),
        Problem::Second(s) => format!("there is no second {s}"),
        Problem::Zone => "there is no such time zone".to_owned(),
    }
}

/// What more can be said on a text that is not of its type; empty when `what` says it all.
pub(super) fn detail(misread: &Misread) -> String {
    match misread {
        Misread::Json { line: 1, column } => format!("it cannot be read on from character {column}"),
        Misread::Json { line, column } => format!("it cannot be read on from line {line}, character {column}"),
        Misread::PointRange => "longitude goes from -180 to 180, latitude from -90 to 90".to_owned(),
        Misread::Geo(fault) => match fault {
            GeoFault::Type => "its \"type\" is not one of the known shapes".to_owned(),
            GeoFault::Member(name) => format!("its \"{name}\" is missing or of the wrong kind"),
            GeoFault::Position => "a position is not a longitude and a latitude".to_owned(),
            GeoFault::TooFew => "a line or an outline has too few positions".to_owned(),
            GeoFault::OpenRing => "an outline does not end where it starts".to_owned(),
            GeoFault::Range => "longitude goes from -180 to 180, latitude from -90 to 90".to_owned(),
        },
        Misread::Item(at, inner) => match inner.as_ref() {
            Misread::Impossible(p) => format!("item {at} does not exist, {}", problem(p)),
            _ => format!("item {at} does not fit"),
        },
        _ => String::new(),
    }
}
