//! Values: what the text of a cell means under its field's type.
//!
//! Reading is exact and never trims: `" 12"` is not a number, since the blank is a fault of its own. Equality and order go by value, so
//! `1.0` equals `1` and `2024-01-01T12:00:00Z` equals `2024-01-01T14:00:00+02:00`.
//!
//! Source: Data Package v2, "Table Schema" (26 June 2024), field types and formats. Where the standard leaves room, the reader of the
//! type says in its own file what is taken.

use std::cmp::Ordering;

use crate::decimal::Decimal;
use crate::schema::{DateFormat, FieldType, ListItem, NumberFormat, StringFormat};

pub(crate) mod canonical;
pub mod date;
pub mod duration;
pub mod geo;
pub mod json;
pub mod loose;
pub mod number;
pub mod pattern;
pub mod text;

pub use date::{Date, DateTime, Problem, Time};
pub use duration::Duration;
pub use number::Number;

/// The meaning of a cell.
#[derive(Debug, Clone)]
pub enum Value {
    /// Any text, for `string` and `any`.
    Text(String),
    /// For `number` and `integer`.
    Number(Number),
    /// For `boolean`.
    Boolean(bool),
    /// For `date`.
    Date(Date),
    /// For `time`.
    Time(Time),
    /// For `datetime`.
    DateTime(DateTime),
    /// For `year`; its zone is let go.
    Year(i32),
    /// For `yearmonth`: the year and the month from 1.
    YearMonth(u16, u8),
    /// For `duration`.
    Duration(Duration),
    /// For `geopoint`, in degrees.
    GeoPoint {
        /// Longitude, -180 to 180.
        lon: Decimal,
        /// Latitude, -90 to 90.
        lat: Decimal,
    },
    /// For `object`, `array` and `geojson`.
    Json(serde_json::Value),
    /// For `list`.
    List(Vec<Value>),
}

/// Why a text is not a value of its field's type. Facts only; the words are made where findings are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misread {
    /// Not a number in the field's form.
    Number,
    /// A number, but written with a point or an exponent where a whole number is asked for.
    NotWhole,
    /// None of the field's words for true and false.
    Boolean,
    /// Not in the form of the field's date, time, year, month or duration.
    Form,
    /// In the right form, but there is no such day, hour or zone.
    Impossible(Problem),
    /// Several dates can be meant, and the field's format does not say which.
    Ambiguous,
    /// The field's own date pattern holds a code that is not known, so nothing can be read by it.
    BadPattern,
    /// Not well-formed JSON; line and column from 1 at which reading stopped.
    Json {
        /// Line in the cell, from 1.
        line: usize,
        /// Column in that line, from 1.
        column: usize,
    },
    /// Well-formed JSON of another kind than the field asks for.
    JsonKind,
    /// Not two numbers in the field's form of a point.
    Point,
    /// A longitude or latitude outside its range.
    PointRange,
    /// JSON, but not GeoJSON or TopoJSON: the member at fault and what is wrong with it.
    Geo(geo::GeoFault),
    /// Not of the string format asked for.
    Text(StringFormat),
    /// The item of a list, counted from 1, is not of the list's item type.
    Item(usize, Box<Misread>),
}

/// Reads a cell's text by its field's type and format. Missing values are the caller's: this reads every text as a value.
pub fn read(kind: &FieldType, text: &str) -> Result<Value, Misread> {
    match kind {
        FieldType::Any => Ok(Value::Text(text.to_owned())),
        FieldType::String(format) => {
            if text::fits(*format, text) {
                Ok(Value::Text(text.to_owned()))
            } else {
                Err(Misread::Text(*format))
            }
        }
        FieldType::Number(format) => number::read(format, text).map(Value::Number),
        FieldType::Integer(format) => number::read_whole(format, text).map(Value::Number),
        FieldType::Boolean { true_values, false_values } => {
            if true_values.iter().any(|v| v == text) {
                Ok(Value::Boolean(true))
            } else if false_values.iter().any(|v| v == text) {
                Ok(Value::Boolean(false))
            } else {
                Err(Misread::Boolean)
            }
        }
        FieldType::Object => json::object(text).map(Value::Json),
        FieldType::Array => json::array(text).map(Value::Json),
        FieldType::List { delimiter, item } => {
            let kind = item_kind(*item);
            pieces(text, delimiter)
                .enumerate()
                .map(|(i, piece)| read(&kind, piece).map_err(|e| Misread::Item(i + 1, Box::new(e))))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::List)
        }
        FieldType::Date(format) => date::read_date(format, text).map(Value::Date),
        FieldType::Time(format) => date::read_time(format, text).map(Value::Time),
        FieldType::DateTime(format) => date::read_datetime(format, text).map(Value::DateTime),
        FieldType::Year => date::read_year(text).map(Value::Year),
        FieldType::YearMonth => date::read_yearmonth(text).map(|(y, m)| Value::YearMonth(y, m)),
        FieldType::Duration => duration::read(text).map(Value::Duration),
        FieldType::GeoPoint(format) => geo::point(*format, text).map(|(lon, lat)| Value::GeoPoint { lon, lat }),
        FieldType::GeoJson { topology } => geo::shape(*topology, text).map(Value::Json),
    }
}

/// The pieces of a list's text. An empty delimiter leaves the text whole.
pub fn pieces<'a>(text: &'a str, delimiter: &'a str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    if delimiter.is_empty() { Box::new(std::iter::once(text)) } else { Box::new(text.split(delimiter)) }
}

/// The field type by which a list's items are read.
pub fn item_kind(item: ListItem) -> FieldType {
    match item {
        ListItem::String => FieldType::String(StringFormat::Default),
        ListItem::Integer => FieldType::Integer(NumberFormat::default()),
        ListItem::Number => FieldType::Number(NumberFormat::default()),
        ListItem::Boolean => FieldType::default_boolean(),
        ListItem::DateTime => FieldType::DateTime(DateFormat::Default),
        ListItem::Date => FieldType::Date(DateFormat::Default),
        ListItem::Time => FieldType::Time(DateFormat::Default),
    }
}

impl PartialEq for Value {
    /// By value. Two NaN are the same value here, so that an enumeration may hold NaN.
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Json(a), Value::Json(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::GeoPoint { lon: a, lat: b }, Value::GeoPoint { lon: c, lat: d }) => a == c && b == d,
            (Value::Number(a), Value::Number(b)) => a == b,
            _ => self.partial_cmp(other) == Some(Ordering::Equal),
        }
    }
}

impl PartialOrd for Value {
    /// `None` for values of different types, for NaN, and for types without an order (JSON, points, lists).
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
            (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
            (Value::DateTime(a), Value::DateTime(b)) => Some(a.cmp(b)),
            (Value::Year(a), Value::Year(b)) => Some(a.cmp(b)),
            (Value::YearMonth(a, b), Value::YearMonth(c, d)) => Some((a, b).cmp(&(c, d))),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}
