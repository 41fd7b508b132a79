//! JSON with values typed by the schema: lines of objects, or one array of them.
//!
//! A missing value is an absent member. A number is written as one when its text is a number in the field's own way of writing; its digits
//! are the cell's, never a binary number's. What does not read as its type is written as text, so that nothing is lost.

use serde::de::IgnoredAny;

use crate::schema::{FieldType, GeoPointFormat, ListItem, NumberFormat, TableSchema};
use crate::value::number;

use super::{PlainKind, PlainMember, PlainRows, RowWriter};
use crate::eight::{self, less, spread, zeros};

/// Writes objects, one a row.
#[derive(Debug, Clone)]
pub struct JsonWriter {
    members: Vec<Member>,
    array: bool,
    rows: u64,
}

#[derive(Debug, Clone)]
struct Member {
    field: usize,
    /// The name, escaped, with quotes and the colon.
    name: Vec<u8>,
    kind: Kind,
    /// Texts that mean "no value"; the empty text always does.
    missing: Vec<String>,
}

#[derive(Debug, Clone)]
enum Kind {
    Text,
    Number(NumberFormat),
    Boolean { yes: Vec<String>, no: Vec<String> },
    Raw,
    List { delimiter: String, item: ListItem },
}

impl Kind {
    fn of(kind: &FieldType) -> Kind {
        match kind {
            FieldType::Number(format) | FieldType::Integer(format) => Kind::Number(format.clone()),
            FieldType::Year => Kind::Number(NumberFormat::default()),
            FieldType::Boolean { true_values, false_values } => Kind::Boolean { yes: true_values.clone(), no: false_values.clone() },
            FieldType::Object | FieldType::Array | FieldType::GeoJson { .. } => Kind::Raw,
            FieldType::GeoPoint(GeoPointFormat::Array | GeoPointFormat::Object) => Kind::Raw,
            FieldType::List { delimiter, item } => Kind::List { delimiter: delimiter.clone(), item: *item },
            _ => Kind::Text,
        }
    }
}

impl JsonWriter {
    /// `fields` are the indexes of the schema's fields that are written; `array` asks for one array, else each object has a line.
    pub fn new(schema: &TableSchema, fields: &[usize], array: bool) -> JsonWriter {
        let member = |&field: &usize| {
            let f = schema.fields.get(field)?;
            let mut name = Vec::new();
            write_string(&f.name, &mut name);
            name.push(b':');
            let kind = Kind::of(&f.kind);
            let missing = schema.missing_for(field).iter().filter(|m| !m.is_empty()).cloned().collect();
            Some(Member { field, name, kind, missing })
        };
        JsonWriter { members: fields.iter().filter_map(member).collect(), array, rows: 0 }
    }
}

impl RowWriter for JsonWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.array {
            out.push(b'[');
        }
    }

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        if self.array {
            out.extend_from_slice(if self.rows == 0 { b"\n" } else { b",\n" });
        }
        self.rows += 1;
        out.push(b'{');
        let mut first = true;
        for member in &self.members {
            let cell = cells.get(member.field).copied().unwrap_or_default();
            if cell.is_empty() || member.missing.iter().any(|m| m == cell) {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(&member.name);
            write_value(cell, &member.kind, out);
        }
        out.push(b'}');
        if !self.array {
            out.push(b'\n');
        }
    }

    fn join(&mut self, part: &[u8], rows: u64, out: &mut Vec<u8>) {
        // In an array each row but the first brings the comma before it.
        if self.array && self.rows > 0 && rows > 0 {
            out.push(b',');
        }
        self.rows += rows;
        out.extend_from_slice(part);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if self.array {
            out.extend_from_slice(if self.rows == 0 { b"]\n" } else { b"\n]\n" });
        }
    }

    fn plain(&self) -> Option<PlainRows> {
        let member = |member: &Member| {
            let kind = match &member.kind {
                Kind::Text => PlainKind::Text,
                Kind::Number(format) if format.decimal == '.' => PlainKind::Number,
                _ => PlainKind::Other,
            };
            let mut name = vec![b','];
            name.extend_from_slice(&member.name);
            name.extend((kind == PlainKind::Text).then_some(b'"'));
            PlainMember { field: member.field, name, kind }
        };
        let (before, after): (&[u8], &[u8]) = if self.array { (b",\n", b"}") } else { (b"", b"}\n") };
        Some(PlainRows { before, open: b'{', after, members: self.members.iter().map(member).collect() })
    }

    fn wrote(&mut self, rows: u64) {
        self.rows += rows;
    }
}

/// Appends a cell as a value of its type.
pub(super) fn write_typed(cell: &str, kind: &FieldType, out: &mut Vec<u8>) {
    write_value(cell, &Kind::of(kind), out);
}

fn write_value(cell: &str, kind: &Kind, out: &mut Vec<u8>) {
    let written = match kind {
        Kind::Text => false,
        Kind::Number(format) => write_number(cell, format, out),
        Kind::Boolean { yes, no } => {
            if yes.iter().any(|t| t == cell) {
                out.extend_from_slice(b"true");
                true
            } else if no.iter().any(|t| t == cell) {
                out.extend_from_slice(b"false");
                true
            } else {
                false
            }
        }
        Kind::Raw => write_raw(cell, out),
        Kind::List { delimiter, item } => {
            write_list(cell, delimiter, *item, out);
            true
        }
    };
    if !written {
        write_string(cell, out);
    }
}

/// Appends a number in JSON's form; `false`, and nothing appended, when the text is no number in this format.
pub(super) fn write_number(cell: &str, format: &NumberFormat, out: &mut Vec<u8>) -> bool {
    if format.decimal == '.' && is_plain(cell.as_bytes()) {
        out.extend_from_slice(cell.as_bytes());
        return true;
    }
    let start = out.len();
    let fine = append_number(cell, format, out).is_some();
    if !fine {
        out.truncate(start);
    }
    fine
}

/// Whether a text is a number in JSON's own form, without a power of ten.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    let good = whole == 1 || (whole > 1 && text[0] != b'0');
    good && match text[whole..] {
        [] => true,
        [b'.', ref fraction @ ..] => !fraction.is_empty() && digits(fraction) == fraction.len(),
        _ => false,
    }
}

fn append_number(cell: &str, format: &NumberFormat, out: &mut Vec<u8>) -> Option<()> {
    let mut rest = number::strip(format, cell)?;
    if let Some(r) = rest.strip_prefix('-') {
        out.push(b'-');
        rest = r;
    } else if let Some(r) = rest.strip_prefix('+') {
        rest = r;
    }
    let (mantissa, power) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once(format.decimal) {
        Some((whole, fraction)) => (whole, fraction),
        None => (mantissa, ""),
    };
    if whole.is_empty() && fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut leading = true;
    let mut chars = whole.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        // A character that groups digits stands between two of them.
        let between = before.replace(c).is_some_and(|b| b.is_ascii_digit()) && chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() {
            leading = leading && c == '0';
            if !leading {
                out.push(c as u8);
            }
        } else if Some(c) != format.group || !between {
            return None;
        }
    }
    if leading {
        out.push(b'0');
    }
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
    if let Some(power) = power {
        let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        // JSON has no bound, but most of its readers refuse the whole document for a number beyond theirs: such a one stays a text.
        let size = digits.trim_start_matches('0');
        if size.len() > 3 || size.parse::<u16>().is_ok_and(|size| size > 300) {
            return None;
        }
        out.push(b'e');
        out.extend_from_slice(power.as_bytes());
    }
    Some(())
}

/// Appends JSON as it stands, line ends (which can only stand between its parts) as spaces; `false` when it is not JSON.
fn write_raw(cell: &str, out: &mut Vec<u8>) -> bool {
    if serde_json::from_str::<IgnoredAny>(cell).is_err() {
        return false;
    }
    out.extend(cell.trim().bytes().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { b }));
    true
}

fn write_list(cell: &str, delimiter: &str, item: ListItem, out: &mut Vec<u8>) {
    out.push(b'[');
    let delimiter = if delimiter.is_empty() { "," } else { delimiter };
    for (i, text) in cell.split(delimiter).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let written = match item {
            ListItem::Integer | ListItem::Number => write_number(text, &NumberFormat::default(), out),
            ListItem::Boolean if matches!(text, "true" | "True" | "TRUE" | "1") => {
                out.extend_from_slice(b"true");
                true
            }
            ListItem::Boolean if matches!(text, "false" | "False" | "FALSE" | "0") => {
                out.extend_from_slice(b"false");
                true
            }
            _ => false,
        };
        if !written {
            write_string(text, out);
        }
    }
    out.push(b']');
}

/// For each byte, what follows the backslash when it must be escaped: the letter, or `u` for a code; zero when it stands for itself.
const ESCAPES: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut b = 0;
    while b < 0x20 {
        table[b] = b'u';
        b += 1;
    }
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table[0x08] = b'b';
    table[0x0c] = b'f';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends a JSON string: runs of ordinary bytes are copied whole.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let special = |w: u64| less(w, 0x20) | zeros(w ^ spread(b'"')) | zeros(w ^ spread(b'\\'));
    if !eight::any(bytes, special, |b| ESCAPES[usize::from(b)] != 0) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    let mut start = 0;
    for (i, &b) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(b)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[start..i]);
        start = i + 1;
        out.push(b'\\');
        out.push(escape);
        if escape == b'u' {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(&[b'0', b'0', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::decimal::Decimal;
    use crate::schema::{Field, StringFormat};

    fn schema(kinds: Vec<FieldType>) -> TableSchema {
        let mut schema = TableSchema::of_texts(&[]);
        schema.fields = kinds.into_iter().enumerate().map(|(i, kind)| Field::new(&format!("f{i}"), kind)).collect();
        schema
    }

    fn line(kind: FieldType, cell: &str) -> String {
        let mut out = Vec::new();
        JsonWriter::new(&schema(vec![kind]), &[0], false).row(&[cell], &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_typed_by_the_schema() {
        let number = || FieldType::Number(NumberFormat::default());
        let german = || FieldType::Number(NumberFormat { decimal: ',', group: Some('.'), bare: false });
        let list = |item| FieldType::List { delimiter: ";".into(), item };
        for (kind, cell, expected) in [
            (FieldType::String(StringFormat::Default), "12", r#"{"f0":"12"}"#),
            (number(), "12.50", r#"{"f0":12.50}"#),
            (number(), "-007.5", r#"{"f0":-7.5}"#),
            (number(), "+.5", r#"{"f0":0.5}"#),
            (number(), "5.", r#"{"f0":5}"#),
            (number(), "1E+5", r#"{"f0":1e+5}"#),
            (number(), "123456789012345678901234567890.123", r#"{"f0":123456789012345678901234567890.123}"#),
            (number(), "1,000", r#"{"f0":"1,000"}"#),
            (number(), "-", r#"{"f0":"-"}"#),
            (number(), "-x", r#"{"f0":"-x"}"#),
            (number(), "NaN", r#"{"f0":"NaN"}"#),
            (german(), "EUR 1.234,50", r#"{"f0":1234.50}"#),
            (german(), "(1.234,50)", r#"{"f0":"(1.234,50)"}"#),
            (german(), "5- EUR", r#"{"f0":"5- EUR"}"#),
            (german(), "-EUR 5", r#"{"f0":"-EUR 5"}"#),
            (german(), "EUR -5", r#"{"f0":-5}"#),
            (FieldType::Integer(NumberFormat::default()), "00", r#"{"f0":0}"#),
            (FieldType::Year, "2024", r#"{"f0":2024}"#),
            (FieldType::default_boolean(), "TRUE", r#"{"f0":true}"#),
            (FieldType::default_boolean(), "0", r#"{"f0":false}"#),
            (FieldType::default_boolean(), "yes", r#"{"f0":"yes"}"#),
            (FieldType::Object, "{\"a\":\r\n1}", "{\"f0\":{\"a\":  1}}"),
            (FieldType::Object, "{\"a\":", r#"{"f0":"{\"a\":"}"#),
            (FieldType::GeoJson { topology: false }, r#"{"type":"Point"}"#, r#"{"f0":{"type":"Point"}}"#),
            (list(ListItem::String), "a;b", r#"{"f0":["a","b"]}"#),
            (list(ListItem::Integer), "1;x", r#"{"f0":[1,"x"]}"#),
            (FieldType::Any, "", "{}"),
        ] {
            assert_eq!(line(kind, cell).trim_end_matches('\n'), expected, "{cell:?}");
        }
    }

    #[test]
    fn missing_values_are_left_out_and_arrays_are_whole() {
        let mut two = schema(vec![FieldType::Any, FieldType::Any]);
        two.missing_values = vec!["".into(), "n/a".into()];
        let mut writer = JsonWriter::new(&two, &[0, 1], true);
        let mut out = Vec::new();
        writer.begin(&mut out);
        writer.row(&["n/a", "x"], &mut out);
        writer.row(&["y"], &mut out);
        writer.finish(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "[\n{\"f1\":\"x\"},\n{\"f0\":\"y\"}\n]\n");
        let mut none = Vec::new();
        let mut writer = JsonWriter::new(&two, &[0], true);
        writer.begin(&mut none);
        writer.finish(&mut none);
        assert_eq!(none, b"[]\n");
    }

    proptest::proptest! {
        /// Texts read back equal through an independent reader, and stay on one line.
        #[test]
        fn texts_read_back_equal(name in ".{1,8}", cell in "(?s).{1,20}") {
            let schema = TableSchema::of_texts(&[&name]);
            let mut out = Vec::new();
            JsonWriter::new(&schema, &[0], false).row(&[&cell], &mut out);
            proptest::prop_assert_eq!(out.iter().filter(|&&b| b == b'\n').count(), 1);
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            proptest::prop_assert_eq!(read.get(&name).and_then(|v| v.as_str()), Some(cell.as_str()));
        }

        /// Whatever stands in a cell, the line is valid JSON; a number has the value of the text.
        #[test]
        fn any_cell_gives_valid_json(cell in "\\PC{1,8}|[-+]?[0-9.,eE]{1,8}|[\\[\\]{}\":0-9a, ]{1,10}", at in 0usize..6) {
            let kinds = [
                FieldType::Number(NumberFormat::default()),
                FieldType::Number(NumberFormat { decimal: ',', group: Some('.'), bare: false }),
                FieldType::Object,
                FieldType::default_boolean(),
                FieldType::List { delimiter: ",".into(), item: ListItem::Number },
                FieldType::Any,
            ];
            let text = line(kinds[at].clone(), &cell);
            let valid = serde_json::from_str::<IgnoredAny>(&text);
            proptest::prop_assert!(valid.is_ok(), "{}", text);
            if at == 0 && !text.starts_with("{\"f0\":\"") {
                let number = text.trim_start_matches("{\"f0\":").trim_end_matches("}\n");
                proptest::prop_assert_eq!(Decimal::parse(number), Decimal::parse(&cell));
            }
        }
    }
}
