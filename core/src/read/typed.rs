//! Cells whose type the file itself knows, in the form of the field that they belong to.
//!
//! A spreadsheet and a Parquet file hold days, truth values and numbers as such, and their text is made by the reader: `2023-10-02`. A standard
//! that wants `20231002` asks for a form of text, which such a cell has none of; so it is taken as the day that it is, in the field's own
//! form. Text is never touched, and a cell whose value the form cannot hold (a time of day in a field of dates) stays as it was read, for
//! the checks to tell.

use super::{Kind, Row};
use crate::schema::{DateFormat, FieldType};
use crate::value::pattern::{self, Pattern};
use crate::value::{DateTime, Time, Value, date, read};

/// The columns of a table in whose fields a cell that has a type may be written in another way than readers write it.
#[derive(Debug, Default)]
pub struct Typed {
    /// Ascending by column.
    columns: Vec<(usize, FieldType, Form)>,
}

/// How cells of a field are written.
#[derive(Debug)]
enum Form {
    /// As a day by a pattern, or else by ISO 8601; a midnight is left off.
    Day(Option<Pattern>),
    /// As a day with its time by a pattern.
    Moment(Pattern),
    /// As the words for yes and no.
    Words(String, String),
    /// With this sign before the decimals.
    Decimal(char),
}

impl Typed {
    /// The fields of columns, in any order.
    pub fn of<'f>(fields: impl Iterator<Item = (usize, &'f FieldType)>) -> Typed {
        let form = |kind: &FieldType| match kind {
            FieldType::Date(DateFormat::Pattern(p)) => pattern::compile(p).map(|p| Form::Day(Some(p))),
            FieldType::Date(_) => Some(Form::Day(None)),
            FieldType::DateTime(DateFormat::Pattern(p)) => pattern::compile(p).map(Form::Moment),
            FieldType::Boolean { true_values, false_values } => match (true_values.first(), false_values.first()) {
                (Some(yes), Some(no)) => Some(Form::Words(yes.clone(), no.clone())),
                _ => None,
            },
            FieldType::Number(format) | FieldType::Integer(format) if format.decimal != '.' => Some(Form::Decimal(format.decimal)),
            _ => None,
        };
        let mut columns: Vec<(usize, FieldType, Form)> = fields.filter_map(|(c, kind)| Some((c, kind.clone(), form(kind)?))).collect();
        columns.sort_by_key(|c| c.0);
        Typed { columns }
    }

    /// Whether no cell of any row is written in another way.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The cells of a row that are written in another way than they were read, in order.
    pub fn cells(&self, row: &Row<'_>) -> Vec<(usize, String)> {
        let cell =
            |(column, field, form): &(usize, FieldType, Form)| Some((*column, form.text(field, row.text(*column), row.kind(*column))?));
        self.columns.iter().filter_map(cell).collect()
    }
}

impl Form {
    /// The cell's text in the field's form; `None` when it stays as it is.
    fn text(&self, field: &FieldType, text: &str, kind: Kind) -> Option<String> {
        match (self, kind) {
            // Mostly a day is written as it stands.
            (Form::Day(None), Kind::Date) if text.len() == 10 => None,
            (Form::Day(pattern), Kind::Date) => {
                let (day, time) = parts(text)?;
                // A program that knows only moments writes a day as its midnight, in universal time when it knows no other.
                if !time.is_midnight() || time.zone.unwrap_or(0) != 0 {
                    return None;
                }
                let moment = DateTime { date: day, time: Time::default() };
                let made = match pattern {
                    Some(pattern) => pattern.write(&moment)?,
                    None => day.iso(),
                };
                // A pattern may leave something out: the century, say.
                matches!(read(field, &made), Ok(Value::Date(back)) if back == day).then_some(made)
            }
            (Form::Moment(pattern), Kind::Date) if text.len() > 10 => {
                let (date, time) = parts(text)?;
                let moment = DateTime { date, time };
                let made = pattern.write(&moment)?;
                let same = |back: &DateTime| back.date == date && back.time.iso() == time.iso();
                matches!(read(field, &made), Ok(Value::DateTime(back)) if same(&back)).then_some(made)
            }
            (Form::Words(yes, no), Kind::Boolean) if read(field, text).is_err() => match text {
                "true" => Some(yes.clone()),
                "false" => Some(no.clone()),
                _ => None,
            },
            (Form::Decimal(sign), Kind::Number) => text.contains('.').then(|| text.replace('.', sign.encode_utf8(&mut [0; 4]))),
            _ => None,
        }
    }
}

/// The day and the time of what readers write: a day, or a day and a time with `T` between.
fn parts(text: &str) -> Option<(date::Date, Time)> {
    if text.len() == 10 {
        return Some((date::read_date(&DateFormat::Default, text).ok()?, Time::default()));
    }
    // A moment may have a fraction and a zone, which a time alone has not.
    let moment = date::read_datetime(&DateFormat::Default, text).ok()?;
    Some((moment.date, moment.time))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::read::{Origin, Rows};
    use crate::schema::NumberFormat;

    #[test]
    fn cells_with_a_type_have_the_form_of_their_field() {
        let pattern = |p: &str| DateFormat::Pattern(p.to_owned());
        let words = FieldType::Boolean { true_values: vec!["Y".into()], false_values: vec!["N".into()] };
        let comma = FieldType::Number(NumberFormat { decimal: ',', group: Some('.'), bare: true });
        for (field, kind, text, expected) in [
            (FieldType::Date(pattern("%Y%m%d")), Kind::Date, "2023-10-02", Some("20231002")),
            (FieldType::Date(pattern("%Y%m%d")), Kind::Date, "2023-10-02T00:00:00", Some("20231002")),
            (FieldType::Date(pattern("%Y%m%d")), Kind::Date, "2023-10-02T00:00:00Z", Some("20231002")),
            (FieldType::Date(pattern("%Y%m%d")), Kind::Date, "2023-10-02T13:00:00", None),
            (FieldType::Date(pattern("%Y%m%d")), Kind::Text, "2023-10-02", None),
            (FieldType::Date(pattern("%m/%d/%Y")), Kind::Date, "2023-10-02", Some("10/02/2023")),
            // A century that the form leaves out would come back as another.
            (FieldType::Date(pattern("%m/%d/%y")), Kind::Date, "1905-10-02", None),
            (FieldType::Date(DateFormat::Default), Kind::Date, "2023-10-02", None),
            (FieldType::Date(DateFormat::Default), Kind::Date, "2023-10-02T00:00:00", Some("2023-10-02")),
            (FieldType::Date(DateFormat::Default), Kind::Date, "2023-10-02T00:00:00Z", Some("2023-10-02")),
            (FieldType::Date(DateFormat::Default), Kind::Date, "2023-10-02T00:00:00-05:00", None),
            (FieldType::Date(DateFormat::Default), Kind::Date, "2023-10-02T00:00:01", None),
            (FieldType::DateTime(pattern("%Y-%m-%d %H:%M")), Kind::Date, "2023-10-02T13:05:00", Some("2023-10-02 13:05")),
            (FieldType::DateTime(pattern("%Y-%m-%d %H:%M")), Kind::Date, "2023-10-02T13:05:09", None),
            // A time that nobody wrote is not made up.
            (FieldType::DateTime(pattern("%Y-%m-%d %H:%M")), Kind::Date, "2023-10-02", None),
            (FieldType::DateTime(DateFormat::Default), Kind::Date, "2023-10-02T13:05:00", None),
            (words.clone(), Kind::Boolean, "true", Some("Y")),
            (words.clone(), Kind::Boolean, "false", Some("N")),
            (words, Kind::Text, "true", None),
            (FieldType::default_boolean(), Kind::Boolean, "true", None),
            (comma.clone(), Kind::Number, "1234.5", Some("1234,5")),
            (comma, Kind::Number, "1234", None),
            (FieldType::Any, Kind::Date, "2023-10-02T00:00:00", None),
        ] {
            let typed = Typed::of([(1, &field)].into_iter());
            let mut rows = Rows::new();
            rows.cell("x", Kind::Text);
            rows.cell(text, kind);
            rows.end_row(Origin::default());
            let made: Vec<String> = rows.iter().flat_map(|row| typed.cells(&row)).map(|(_, made)| made).collect();
            assert_eq!(made, Vec::from_iter(expected.map(str::to_owned)), "{field:?} {text}");
        }
    }

    /// Days as a clerk types them and as other libraries write them: no finding, whatever the form; a time of day is told, hidden or not.
    #[cfg(feature = "xlsx-write")]
    #[test]
    fn days_of_a_spreadsheet_are_days_in_every_form() {
        use std::sync::Arc;

        use crate::check::dataset::Options;
        use crate::check::plan::StandardPlan;
        use crate::render::short::short;
        use crate::session::{Choice, Session};

        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let format = |code: &str| rust_xlsxwriter::Format::new().set_num_format(code);
        let cells = [(45_002.0, "yyyy-mm-dd"), (45_002.0, "m/d/yy h:mm"), (45_002.5, "m/d/yyyy"), (45_002.5, "yyyy-mm-dd h:mm:ss")];
        for column in 0..3 {
            sheet.write_string(0, column, ["plain", "packed", "american"][usize::from(column)]).unwrap();
            for (row, (value, code)) in cells.iter().enumerate() {
                sheet.write_number_with_format(row as u32 + 1, column, *value, &format(code)).unwrap();
            }
        }
        let bytes = book.save_to_buffer().unwrap();
        let schema = r#"{"fields": [{"name": "plain", "type": "date"}, {"name": "packed", "type": "date", "format": "%Y%m%d"},
            {"name": "american", "type": "date", "format": "%m/%d/%Y"}]}"#;
        let schema = Arc::new(crate::schema::parse::parse(schema.as_bytes(), "s").schema.unwrap());
        let plan = Arc::new(StandardPlan::of_schemas("s", "", vec![("t".to_owned(), Vec::new(), schema)]));
        let mut session = Session::new("t.xlsx", Choice::Given(plan), Options::default(), false);
        session.push(&bytes);
        let told = short(&session.finish());
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 6, "{told}");
        for (line, place) in lines.iter().zip(["A4", "B4", "C4", "A5", "B5", "C5"]) {
            assert!(line.contains(place) && line.contains("C303") && line.contains("2023-03-17T12:00:00"), "{told}");
        }
    }
}
