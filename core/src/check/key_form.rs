//! What the cells of a key are compared by: their values, not their texts, so `01` repeats `1` and `02` refers to `2`.
//!
//! Source: Data Package v2, "Table Schema" (26 June 2024): constraints are tested against the logical value of a field, and foreign keys compare values.
//! A value is compared as its one text ([`canonical`]). Most cells hold that text already, which a look at their bytes tells; only the others are read.
//! A cell that is no value of its field's type has a fault of its own and takes part in no key.

use std::borrow::Cow;
use std::mem::discriminant;

use crate::schema::{DateFormat, FieldType, StringFormat};
use crate::value::{self, canonical, pattern};

/// How the cells of one field are compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum KeyForm {
    /// By their text.
    Text,
    /// By their text, when it can be read.
    Checked(FieldType),
    /// As numbers; `point` says that a plain number may have a fraction.
    Number { kind: FieldType, point: bool },
    /// By the one text of their value.
    Value(FieldType),
}

/// What a key holds of a cell, or the cell's text when it is no value of its type.
pub(crate) type Compared<'t> = Result<Cow<'t, [u8]>, Cow<'t, [u8]>>;

impl KeyForm {
    /// The form for a type.
    pub(crate) fn of(kind: &FieldType) -> KeyForm {
        match kind {
            FieldType::Any | FieldType::String(StringFormat::Default) => KeyForm::Text,
            // Nothing can be read by a pattern with a code that is not known: any text is let pass.
            FieldType::Date(DateFormat::Pattern(p))
            | FieldType::Time(DateFormat::Pattern(p))
            | FieldType::DateTime(DateFormat::Pattern(p))
                if pattern::compile(p).is_none() =>
            {
                KeyForm::Text
            }
            FieldType::String(_) | FieldType::Date(DateFormat::Default) | FieldType::YearMonth => KeyForm::Checked(kind.clone()),
            FieldType::Number(format) | FieldType::Integer(format) => {
                let odd = |c: char| c.is_ascii_digit() || c == '-';
                if odd(format.decimal) || format.group.is_some_and(odd) {
                    return KeyForm::Value(kind.clone());
                }
                let point = matches!(kind, FieldType::Number(_)) && format.decimal == '.' && format.group != Some('.');
                KeyForm::Number { kind: kind.clone(), point }
            }
            _ => KeyForm::Value(kind.clone()),
        }
    }

    /// What a key holds of a filled cell.
    pub(crate) fn of_text<'t>(&self, text: Cow<'t, [u8]>) -> Compared<'t> {
        let (kind, checked) = match self {
            KeyForm::Text => return Ok(text),
            KeyForm::Number { point, .. } if is_plain(&text, *point) => return Ok(text),
            KeyForm::Checked(kind) => (kind, true),
            KeyForm::Number { kind, .. } | KeyForm::Value(kind) => (kind, false),
        };
        match std::str::from_utf8(&text).ok().and_then(|t| value::read(kind, t).ok()) {
            Some(_) if checked => Ok(text),
            Some(value) => Ok(Cow::Owned(canonical::text(&value).into_bytes())),
            None => Err(text),
        }
    }
}

/// How the cells of a field that refers to another are compared with those.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReferenceForm {
    own: KeyForm,
    /// The form of the field referred to, when that is of another sort: then the text is read as its values are, as far as it can be.
    other: Option<KeyForm>,
}

impl ReferenceForm {
    /// The form for a field, and the one that it refers to, as far as that is known.
    pub(crate) fn of(own: &FieldType, other: Option<&FieldType>) -> ReferenceForm {
        let alike = |a: &FieldType, b: &FieldType| {
            let number = |kind: &FieldType| matches!(kind, FieldType::Number(_) | FieldType::Integer(_));
            discriminant(a) == discriminant(b) || (number(a) && number(b))
        };
        ReferenceForm { own: KeyForm::of(own), other: other.filter(|o| !alike(own, o)).map(KeyForm::of) }
    }

    /// As [`KeyForm::of_text`].
    pub(crate) fn of_text<'t>(&self, text: Cow<'t, [u8]>) -> Compared<'t> {
        match &self.other {
            None => self.own.of_text(text),
            Some(_) if self.own.of_text(Cow::Borrowed(&text)).is_err() => Err(text),
            Some(other) => Ok(other.of_text(text).unwrap_or_else(|text| text)),
        }
    }
}

/// Whether a number is written without a sign of plus, a zero too many or anything but digits (and a point), which is its one text.
fn is_plain(text: &[u8], point: bool) -> bool {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let whole = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let no_fraction = whole == digits.len();
    let fraction = point && matches!(&digits[whole..], [b'.', places @ .., b'1'..=b'9'] if places.iter().all(u8::is_ascii_digit));
    match digits {
        [b'0'] => !negative,
        [b'0', b'.', ..] => fraction,
        [b'1'..=b'9', ..] => no_fraction || fraction,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::NumberFormat;
    use crate::testing;

    fn held(kind: &FieldType, text: &str) -> Option<String> {
        KeyForm::of(kind).of_text(Cow::Borrowed(text.as_bytes())).ok().map(|t| String::from_utf8_lossy(&t).into_owned())
    }

    #[test]
    fn equal_values_are_held_alike() {
        let format = |decimal, group, bare| NumberFormat { decimal, group, bare };
        let days = |p: &str| FieldType::Date(DateFormat::Pattern(p.to_owned()));
        for (kind, texts) in [
            (FieldType::Integer(NumberFormat::default()), &["1", "01", "+1"][..]),
            (FieldType::Integer(format('.', Some(','), true)), &["1250", "1,250", "+01250"]),
            (FieldType::Number(NumberFormat::default()), &["1", "1.0", "1.00", "+1", "1e0", "01."]),
            (FieldType::Number(NumberFormat::default()), &["0", "-0", "0.0", ".0"]),
            (FieldType::Number(format(',', Some('.'), true)), &["1250,5", "1.250,50"]),
            (FieldType::Number(format('.', None, false)), &["95", "95%", "EUR 95"]),
            (FieldType::default_boolean(), &["true", "1", "TRUE"]),
            (FieldType::default_boolean(), &["0", "False"]),
            (days("%d/%m/%Y"), &["01/02/2024", "1/2/2024"]),
            (FieldType::Date(DateFormat::Any), &["2024-03-05", "5 March 2024"]),
            (
                FieldType::DateTime(DateFormat::Default),
                &["2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00", "2023-12-31T23:00:00.0-01:00"],
            ),
            (FieldType::Duration, &["P2W", "P14D", "PT336H"]),
            (FieldType::GeoPoint(crate::schema::GeoPointFormat::Default), &["-71.06, 42.36", "-71.060,42.36"]),
            (FieldType::Object, &["{\"a\": 1, \"b\": [true]}", "{\"b\":[true],\"a\":1}"]),
        ] {
            let all: Vec<Option<String>> = texts.iter().map(|t| held(&kind, t)).collect();
            assert!(all[0].is_some() && all.iter().all(|t| *t == all[0]), "{kind:?} {texts:?}: {all:?}");
        }
    }

    #[test]
    fn what_differs_is_held_apart_and_what_cannot_be_read_not_at_all() {
        let text = FieldType::String(StringFormat::Default);
        assert_ne!(held(&text, "1"), held(&text, "01"));
        let instant = FieldType::DateTime(DateFormat::Default);
        assert_ne!(held(&instant, "2024-01-01T00:00:00Z"), held(&instant, "2024-01-01T00:00:00"));
        for (kind, bad) in [
            (FieldType::Integer(NumberFormat::default()), "1.0"),
            (FieldType::Integer(NumberFormat::default()), "q"),
            (FieldType::Number(NumberFormat::default()), "1,234"),
            (FieldType::Date(DateFormat::Default), "2024-02-30"),
            (FieldType::String(StringFormat::Email), "clerk"),
        ] {
            assert_eq!(held(&kind, bad), None, "{kind:?} {bad:?}");
        }
    }

    #[test]
    fn references_between_types_compare_what_can_be_compared() {
        let (text, whole) = (FieldType::String(StringFormat::Default), FieldType::Integer(NumberFormat::default()));
        let held = |own: &FieldType, other: &FieldType, t: &'static str| {
            ReferenceForm::of(own, Some(other)).of_text(Cow::Borrowed(t.as_bytes())).map(|t| t.into_owned()).ok()
        };
        assert_eq!(held(&text, &whole, "02"), Some(b"2".to_vec()));
        assert_eq!(held(&text, &whole, "two"), Some(b"two".to_vec()));
        assert_eq!(held(&whole, &text, "02"), Some(b"02".to_vec()));
        assert_eq!(held(&whole, &text, "two"), None);
        assert_eq!(held(&whole, &FieldType::Number(NumberFormat::default()), "02"), Some(b"2".to_vec()));
    }

    proptest! {
        #[test]
        fn the_look_at_bytes_agrees_with_reading(
            (field, texts) in testing::schema_strategy().prop_flat_map(|schema| {
                let field = schema.fields[0].clone();
                let cells = proptest::collection::vec(prop_oneof![3 => testing::cell_strategy(&field), 1 => "[-+]?[0-9]{0,3}[.]?[0-9]{0,3}"], 1..12);
                (Just(field), cells)
            })
        ) {
            for text in texts {
                let plainly = value::read(&field.kind, &text).ok().map(|v| canonical::text(&v));
                prop_assert_eq!(held(&field.kind, &text), plainly, "{:?} {:?}", field.kind, text);
            }
        }
    }
}
