//! Values brought into the plain form that a table's schema asks for, as the layout declares. What cannot be read stays as it stands, and
//! the checks of the table say what is wrong with it.

use std::sync::Arc;

use super::super::{Kind, Row, Rows};
use super::{Amounts, Body, Names, names_of};
use crate::finding::{Finding, Place};
use crate::map::date::DateStep;
use crate::package::layout::{Select, ValueForm};
use crate::value::date::Date;

/// Most findings about single cells.
const MAX_FOUND: u64 = 10_000;

/// The step.
#[derive(Debug)]
pub(super) struct Values {
    select: Select,
    form: ValueForm,
    names: Arc<Names>,
    amounts: Amounts,
    /// Forms with a four-digit year, and those with a two-digit one.
    dates: [Option<DateStep>; 2],
    header: Vec<String>,
    /// By column, in order of index: how many values were rewritten, how many got zeros.
    columns: Vec<(usize, u64, u64)>,
    spoiled: u64,
}

impl Values {
    pub(super) fn new(columns: &Select, form: &ValueForm, names: Arc<Names>, amounts: Amounts) -> Values {
        let dates = match form {
            ValueForm::Date { from, .. } => {
                let (short, long): (Vec<String>, Vec<String>) = from.iter().cloned().partition(|f| f.contains("%y"));
                [long, short].map(|forms| DateStep::compile(&forms, "%Y-%m-%d").ok())
            }
            _ => [None, None],
        };
        let (select, form) = (columns.clone(), form.clone());
        Values { select, form, names, amounts, dates, header: Vec::new(), columns: Vec::new(), spoiled: 0 }
    }

    /// The plain form of a value; `None` where it stays as it is.
    fn plain(&self, text: &str) -> Option<(String, Kind)> {
        let mut out = String::new();
        match &self.form {
            ValueForm::Number => self.amounts.plain(text, &mut out).then_some((out, Kind::Number)),
            ValueForm::Percent => {
                let bare = text.trim();
                let bare = bare.strip_suffix('%').or_else(|| bare.strip_prefix('%')).unwrap_or(bare);
                self.amounts.plain(bare, &mut out).then_some((out, Kind::Number))
            }
            ValueForm::Date { pivot, .. } => {
                let text = text.trim();
                if let Some(Ok(())) = self.dates[0].as_ref().map(|d| d.convert(text, &mut out)) {
                    return Some((out, Kind::Date));
                }
                out.clear();
                self.dates[1].as_ref()?.convert(text, &mut out).ok()?;
                let short: u32 = out.get(2..4)?.parse().ok()?;
                out.replace_range(..2, if short <= *pivot { "20" } else { "19" });
                Some((out, Kind::Date))
            }
            ValueForm::SerialDate { from_1904 } => serial_date(text.trim(), *from_1904).map(|d| (d, Kind::Date)),
            ValueForm::Id { width } => {
                let bare = text.trim();
                let bare = bare.strip_suffix(".0").filter(|b| b.bytes().all(|c| c.is_ascii_digit())).unwrap_or(bare);
                let short = width.is_some_and(|w| bare.len() < w) && !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit());
                match (short, width) {
                    (true, Some(width)) => Some((format!("{bare:0>width$}"), Kind::Text)),
                    _ => (bare != text).then(|| (bare.to_owned(), Kind::Text)),
                }
            }
        }
    }
}

/// The day of a spreadsheet's number. Day 60 of the older count is 29 February 1900, a day that never was.
pub(super) fn serial_date(text: &str, from_1904: bool) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.is_empty() || whole.len() > 7 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let days: i64 = whole.parse().ok()?;
    let day_zero = |year, month, day| Date::new(year, month, day).ok().map(|d| d.number());
    let start = match (from_1904, days) {
        (true, _) => day_zero(1904, 1, 1)?,
        (false, 0 | 60) => return None,
        (false, 1..60) => day_zero(1899, 12, 31)?,
        (false, _) => day_zero(1899, 12, 30)?,
    };
    Date::from_number(start + days).map(|d| d.iso())
}

/// Whether a text is a number in scientific notation, such as `1.23E+11`, or a run of digits that ends as such a number does when it is
/// written out.
pub(super) fn scientific(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // Without a sign or a point it may just as well be an id such as 12E4.
    digits(whole)
        && digits(fraction)
        && digits(power.trim_start_matches(['+', '-']))
        && (number.contains('.') || power.starts_with(['+', '-']))
}

impl Body for Values {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        self.header = names_of(header);
        let mut columns = self.names.select(&self.header, &self.select);
        columns.sort_unstable();
        columns.dedup();
        self.columns = columns.into_iter().map(|c| (c, 0, 0)).collect();
        out.push(header);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        for (c, (text, kind)) in row.cells().enumerate() {
            let Ok(at) = self.columns.binary_search_by_key(&c, |f| f.0) else {
                out.cell(text, kind);
                continue;
            };
            if text.trim().is_empty() {
                out.cell(text, kind);
                continue;
            }
            if matches!(self.form, ValueForm::Id { .. }) && scientific(text.trim()) {
                self.spoiled += 1;
                if self.spoiled <= MAX_FOUND {
                    findings.push(Finding::new("C259", "", super::place(row, Some(c), &self.header)).value(text.trim()));
                }
                out.cell(text, kind);
                continue;
            }
            match self.plain(text) {
                Some((plain, kind)) => {
                    let counted = &mut self.columns[at];
                    if plain != text {
                        let padded = matches!(self.form, ValueForm::Id { .. }) && plain.len() > text.trim().trim_end_matches(".0").len();
                        if padded { counted.2 += 1 } else { counted.1 += 1 }
                    }
                    out.cell(&plain, kind);
                }
                None => out.cell(text, kind),
            }
        }
        out.end_row(row.origin);
    }

    fn end(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        for (c, rewritten, padded) in &self.columns {
            let name = self.header[*c].trim();
            let place = || Place { column: Some(*c as u32), field: Some(Arc::from(name)), ..Place::default() };
            if *rewritten > 0 {
                findings.push(Finding::new("C257", "", place()).arg("name", name).arg("count", rewritten.to_string()));
            }
            if *padded > 0 {
                let width = if let ValueForm::Id { width: Some(width) } = &self.form { width.to_string() } else { String::new() };
                findings.push(Finding::new("C258", "", place()).arg("name", name).arg("count", padded.to_string()).arg("width", width));
            }
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C257", "C258", "C259"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_spreadsheets() {
        for (text, day) in [
            ("1", Some("1900-01-01")),
            ("59", Some("1900-02-28")),
            ("60", None),
            ("61", Some("1900-03-01")),
            ("44032", Some("2020-07-20")),
            ("44032.75", Some("2020-07-20")),
            ("44032.x", None),
            ("-1", None),
            ("99999999", None),
        ] {
            assert_eq!(serial_date(text, false).as_deref(), day, "{text}");
        }
        assert_eq!(serial_date("0", true).as_deref(), Some("1904-01-01"));
    }

    #[test]
    fn ids_that_became_numbers() {
        for (text, is) in
            [("1.23E+11", true), ("1E+05", true), ("4.5e9", true), ("12E4", false), ("E5", false), ("1.2", false), ("1.2E", false)]
        {
            assert_eq!(scientific(text), is, "{text}");
        }
    }
}
