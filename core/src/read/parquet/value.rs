//! The values of Parquet as text (parquet-format, `LogicalTypes.md`).

use std::fmt::Write as _;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::data_type::AsBytes;
use parquet::record::Field;
use parquet::schema::types::ColumnDescriptor;

use crate::read::Kind;
use crate::value::date::Date;

/// What the values of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    /// As they are stored.
    Plain,
    /// Without a sign, in so many bits.
    Unsigned(u32),
    /// With so many digits behind the point.
    Decimal(u32),
    Day,
    /// Parts of a second, so many of them in one.
    Time(u64),
    /// Parts of a second since 1970, so many of them in one; whether in universal time.
    Moment(u64, bool),
    Uuid,
    Half,
    /// Bytes that are no text.
    Binary,
}

fn parts(unit: TimeUnit) -> u64 {
    match unit {
        TimeUnit::MILLIS => 1000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

impl Leaf {
    pub(super) fn of(column: &ColumnDescriptor) -> Leaf {
        match column.logical_type_ref() {
            Some(LogicalType::Decimal(d)) => return Leaf::Decimal(u32::try_from(d.scale).unwrap_or(0)),
            Some(LogicalType::Date) => return Leaf::Day,
            Some(LogicalType::Time(t)) => return Leaf::Time(parts(t.unit)),
            Some(LogicalType::Timestamp(t)) => return Leaf::Moment(parts(t.unit), t.is_adjusted_to_u_t_c),
            Some(LogicalType::Integer(i)) if !i.is_signed => return Leaf::Unsigned(i.bit_width.unsigned_abs().into()),
            Some(LogicalType::Uuid) => return Leaf::Uuid,
            Some(LogicalType::Float16) => return Leaf::Half,
            Some(LogicalType::Bson | LogicalType::Geometry(_) | LogicalType::Geography(_)) => return Leaf::Binary,
            _ => {}
        }
        match column.converted_type() {
            ConvertedType::DECIMAL => Leaf::Decimal(u32::try_from(column.type_scale()).unwrap_or(0)),
            ConvertedType::DATE => Leaf::Day,
            ConvertedType::TIME_MILLIS => Leaf::Time(1000),
            ConvertedType::TIME_MICROS => Leaf::Time(1_000_000),
            ConvertedType::TIMESTAMP_MILLIS => Leaf::Moment(1000, true),
            ConvertedType::TIMESTAMP_MICROS => Leaf::Moment(1_000_000, true),
            ConvertedType::UINT_8 => Leaf::Unsigned(8),
            ConvertedType::UINT_16 => Leaf::Unsigned(16),
            ConvertedType::UINT_32 => Leaf::Unsigned(32),
            ConvertedType::UINT_64 => Leaf::Unsigned(64),
            ConvertedType::BSON | ConvertedType::INTERVAL => Leaf::Binary,
            _ => Leaf::Plain,
        }
    }

    /// A whole number.
    pub(super) fn integer(self, value: i64, into: &mut String) -> Kind {
        match self {
            Leaf::Unsigned(64) => drop(write!(into, "{}", value as u64)),
            Leaf::Unsigned(_) => drop(write!(into, "{}", value as u32)),
            Leaf::Decimal(scale) => decimal(&value.to_be_bytes(), scale, into),
            Leaf::Day => return moment(value, 1, 86_400, false, into, false),
            Leaf::Time(parts) => {
                clock(value.unsigned_abs(), parts, into);
                return Kind::Text;
            }
            Leaf::Moment(parts, utc) => return moment(value, parts, 1, utc, into, true),
            _ => drop(write!(into, "{value}")),
        }
        Kind::Number
    }

    /// Bytes: text, a decimal, or something else.
    pub(super) fn bytes(self, value: &[u8], into: &mut String) -> Kind {
        match self {
            Leaf::Decimal(scale) => {
                decimal(value, scale, into);
                Kind::Number
            }
            Leaf::Uuid if value.len() == 16 => {
                for (i, byte) in value.iter().enumerate() {
                    into.push_str(if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" });
                    let _ = write!(into, "{byte:02x}");
                }
                Kind::Text
            }
            Leaf::Half if value.len() == 2 => float(&half(u16::from_le_bytes([value[0], value[1]])).to_string(), into),
            Leaf::Plain => {
                match std::str::from_utf8(value) {
                    Ok(text) => into.push_str(text),
                    Err(_) => hexadecimal(value, into),
                }
                Kind::Text
            }
            _ => {
                hexadecimal(value, into);
                Kind::Text
            }
        }
    }
}

fn hexadecimal(value: &[u8], into: &mut String) {
    for byte in value {
        let _ = write!(into, "{byte:02x}");
    }
}

/// IEEE 754 in 16 bits.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

pub(super) fn boolean(value: bool, into: &mut String) -> Kind {
    into.push_str(if value { "true" } else { "false" });
    Kind::Boolean
}

/// A floating-point number by its shortest digits; what is no number is a word, as records write it (Table Schema, `number`).
pub(super) fn float(shortest: &str, into: &mut String) -> Kind {
    into.push_str(match shortest {
        "-0" => "0",
        "inf" => "INF",
        "-inf" => "-INF",
        other => other,
    });
    if shortest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-')) { Kind::Number } else { Kind::Text }
}

/// Nanoseconds of a day and a Julian day number, as older programs wrote moments.
pub(super) fn int96(value: &[u32], into: &mut String) -> Kind {
    let (Some(&low), Some(&high), Some(&day)) = (value.first(), value.get(1), value.get(2)) else { return Kind::Text };
    // 2,440,588 is 1970-01-01.
    let seconds = (i64::from(day) - 2_440_588) * 86_400;
    let nanos = u64::from(high) << 32 | u64::from(low);
    moment_of(i128::from(seconds) * 1_000_000_000 + i128::from(nanos), 1_000_000_000, false, into, true)
}

/// A number of big-endian bytes with a sign, with so many digits behind the point.
fn decimal(bytes: &[u8], scale: u32, into: &mut String) {
    let negative = bytes.first().is_some_and(|b| b & 0x80 != 0);
    // The digits of the number without its sign, least first, by repeated division.
    let mut number: Vec<u8> = bytes.iter().take(256).map(|&b| if negative { !b } else { b }).collect();
    if negative {
        for byte in number.iter_mut().rev() {
            let (sum, over) = byte.overflowing_add(1);
            *byte = sum;
            if !over {
                break;
            }
        }
    }
    let mut digits = Vec::new();
    while number.iter().any(|&b| b != 0) {
        let mut rest = 0u32;
        for byte in &mut number {
            let now = rest << 8 | u32::from(*byte);
            *byte = (now / 10) as u8;
            rest = now % 10;
        }
        digits.push(rest as u8);
    }
    let mut scale = scale.min(1000) as usize;
    while digits.len() <= scale {
        digits.push(0);
    }
    // A column's scale is that of its longest number, so zeros behind the second place say nothing about this one.
    let zeros = digits.iter().take(scale.saturating_sub(2)).take_while(|d| **d == 0).count();
    digits.drain(..zeros);
    scale -= zeros;
    if negative {
        into.push('-');
    }
    for (i, digit) in digits.iter().enumerate().rev() {
        into.push(char::from(b'0' + digit));
        if i == scale && scale > 0 {
            into.push('.');
        }
    }
}

/// `hh:mm:ss` and the parts that are not zero.
fn clock(value: u64, parts: u64, into: &mut String) {
    let (seconds, rest) = (value / parts, value % parts);
    let _ = write!(into, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest > 0 {
        let digits = parts.ilog10() as usize;
        let text = format!("{rest:0digits$}");
        let _ = write!(into, ".{}", text.trim_end_matches('0'));
    }
}

fn moment(value: i64, parts: u64, times: i64, utc: bool, into: &mut String, time: bool) -> Kind {
    moment_of(i128::from(value) * i128::from(times), parts, utc, into, time)
}

/// Parts of a second since 1970; a moment outside the years 0 to 9999 stays a number.
fn moment_of(value: i128, parts: u64, utc: bool, into: &mut String, time: bool) -> Kind {
    let day_parts = i128::from(parts) * 86_400;
    let (days, rest) = (value.div_euclid(day_parts), value.rem_euclid(day_parts));
    let epoch = Date { year: 1970, month: 1, day: 1 }.number();
    let day = i64::try_from(days).ok().and_then(|d| d.checked_add(epoch)).and_then(Date::from_number);
    let Some(day) = day else {
        let _ = write!(into, "{value}");
        return Kind::Number;
    };
    into.push_str(&day.iso());
    if time {
        into.push('T');
        clock(u64::try_from(rest).unwrap_or(0), parts, into);
        if utc {
            into.push('Z');
        }
    }
    Kind::Date
}

/// A value with parts, as JSON.
pub(super) fn json(field: &Field, into: &mut String) {
    let mut text = String::new();
    let quoted = match field {
        Field::Null => {
            into.push_str("null");
            return;
        }
        Field::Group(row) => {
            into.push('{');
            for (i, (name, value)) in row.get_column_iter().enumerate() {
                into.push_str(if i > 0 { "," } else { "" });
                quote(name, into);
                into.push(':');
                json(value, into);
            }
            into.push('}');
            return;
        }
        Field::ListInternal(list) => {
            into.push('[');
            for (i, value) in list.elements().iter().enumerate() {
                into.push_str(if i > 0 { "," } else { "" });
                json(value, into);
            }
            into.push(']');
            return;
        }
        Field::MapInternal(map) => {
            into.push('{');
            for (i, (key, value)) in map.entries().iter().enumerate() {
                into.push_str(if i > 0 { "," } else { "" });
                let mut name = String::new();
                json(key, &mut name);
                if name.starts_with('"') {
                    into.push_str(&name)
                } else {
                    quote(&name, into)
                }
                into.push(':');
                json(value, into);
            }
            into.push('}');
            return;
        }
        Field::Bool(v) => {
            boolean(*v, into);
            return;
        }
        Field::Byte(v) => plain(i64::from(*v), &mut text),
        Field::Short(v) => plain(i64::from(*v), &mut text),
        Field::Int(v) => plain(i64::from(*v), &mut text),
        Field::Long(v) => plain(*v, &mut text),
        Field::UByte(v) => plain(i64::from(*v), &mut text),
        Field::UShort(v) => plain(i64::from(*v), &mut text),
        Field::UInt(v) => plain(i64::from(*v), &mut text),
        Field::ULong(v) => {
            let _ = write!(text, "{v}");
            false
        }
        Field::Float16(v) => float(&v.to_string(), &mut text) != Kind::Number,
        Field::Float(v) => float(&v.to_string(), &mut text) != Kind::Number,
        Field::Double(v) => float(&v.to_string(), &mut text) != Kind::Number,
        Field::Decimal(v) => {
            decimal(v.data(), u32::try_from(v.scale()).unwrap_or(0), &mut text);
            false
        }
        Field::Str(v) => {
            text.push_str(v);
            true
        }
        Field::Bytes(v) => {
            Leaf::Plain.bytes(v.as_bytes(), &mut text);
            true
        }
        Field::Date(v) => quoted_as(Leaf::Day, i64::from(*v), &mut text),
        Field::TimeMillis(v) => quoted_as(Leaf::Time(1000), i64::from(*v), &mut text),
        Field::TimeMicros(v) => quoted_as(Leaf::Time(1_000_000), *v, &mut text),
        Field::TimestampMillis(v) => quoted_as(Leaf::Moment(1000, true), *v, &mut text),
        Field::TimestampMicros(v) => quoted_as(Leaf::Moment(1_000_000, true), *v, &mut text),
    };
    if quoted { quote(&text, into) } else { into.push_str(&text) }
}

fn plain(value: i64, text: &mut String) -> bool {
    let _ = write!(text, "{value}");
    false
}

fn quoted_as(leaf: Leaf, value: i64, text: &mut String) -> bool {
    leaf.integer(value, text);
    true
}

fn quote(text: &str, into: &mut String) {
    into.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_exactly() {
        let text = |write: &dyn Fn(&mut String) -> Kind| {
            let mut out = String::new();
            let kind = write(&mut out);
            (out, kind)
        };
        type Case<'c> = (&'c str, Kind, &'c dyn Fn(&mut String) -> Kind);
        let table: [Case<'_>; 18] = [
            ("40000.00", Kind::Number, &|o| Leaf::Decimal(9).integer(40_000_000_000_000, o)),
            ("-0.000000001", Kind::Number, &|o| Leaf::Decimal(9).integer(-1, o)),
            ("0.255", Kind::Number, &|o| Leaf::Decimal(9).integer(255_000_000, o)),
            ("-12.34", Kind::Number, &|o| Leaf::Decimal(2).integer(-1234, o)),
            ("0.05", Kind::Number, &|o| Leaf::Decimal(2).integer(5, o)),
            ("-0.01", Kind::Number, &|o| Leaf::Decimal(2).bytes(&[0xff], o)),
            ("340282366920938463463374607431768211455", Kind::Number, &|o| {
                Leaf::Decimal(0).bytes(&[0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], o)
            }),
            ("18446744073709551615", Kind::Number, &|o| Leaf::Unsigned(64).integer(-1, o)),
            ("4294967295", Kind::Number, &|o| Leaf::Unsigned(32).integer(-1, o)),
            ("1969-12-31", Kind::Date, &|o| Leaf::Day.integer(-1, o)),
            ("2000-02-29T23:59:59.5Z", Kind::Date, &|o| Leaf::Moment(1000, true).integer(951_868_799_500, o)),
            ("1969-12-31T23:59:59.999999999", Kind::Date, &|o| Leaf::Moment(1_000_000_000, false).integer(-1, o)),
            ("06:15:00", Kind::Text, &|o| Leaf::Time(1000).integer(22_500_000, o)),
            ("9223372036854775807", Kind::Number, &|o| Leaf::Moment(1000, false).integer(i64::MAX, o)),
            ("00112233-4455-6677-8899-aabbccddeeff", Kind::Text, &|o| {
                Leaf::Uuid.bytes(&[0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff], o)
            }),
            ("1.5", Kind::Number, &|o| Leaf::Half.bytes(&[0x00, 0x3e], o)),
            ("ff00", Kind::Text, &|o| Leaf::Plain.bytes(&[0xff, 0], o)),
            ("1970-01-02T00:00:01", Kind::Date, &|o| int96(&[1_000_000_000, 0, 2_440_589], o)),
        ];
        for (expected, kind, write) in table {
            assert_eq!(text(write), (expected.to_owned(), kind));
        }
    }

    #[test]
    fn values_with_parts_are_json() {
        let mut out = String::new();
        let field = Field::Group(parquet::record::Row::new(vec![
            ("a \"b\"".to_owned(), Field::Long(1)),
            ("list".to_owned(), Field::Null),
            ("day".to_owned(), Field::Date(0)),
        ]));
        json(&field, &mut out);
        assert_eq!(out, r#"{"a \"b\"":1,"list":null,"day":"1970-01-01"}"#);
    }
}
