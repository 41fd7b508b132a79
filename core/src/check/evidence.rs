//! What a column as a whole says about its doubtful cells.

use crate::schema::FieldType;
use crate::value::{loose, number};

/// Counts over a column, from which a finding says what speaks for a reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Dates written as three numbers with the year last (`3/5/2024`).
    pub dates: u64,
    /// Those whose first number is above 12, so that it can only be the day.
    pub day_first: u64,
    /// Those whose second number is above 12, so that the first can only be the month.
    pub month_first: u64,
    /// Numbers with a comma or a point that could not be read as they stand, or with both.
    pub numbers: u64,
    /// Those whose comma can only stand between thousands (`1,250.00`).
    pub comma_groups: u64,
    /// Those whose comma can only stand before the fraction (`1.250,00`, `12,5`).
    pub comma_decimals: u64,
}

impl Evidence {
    /// Counts over the texts of a column. Only dates, times and numbers have anything to count.
    pub fn gather<'a>(kind: &FieldType, sample: impl Iterator<Item = &'a str>) -> Evidence {
        let mut evidence = Evidence::default();
        match kind {
            FieldType::Date(_) | FieldType::DateTime(_) => sample.for_each(|text| evidence.date(text)),
            FieldType::Number(_) | FieldType::Integer(_) => sample.for_each(|text| evidence.number(text)),
            _ => {}
        }
        evidence
    }

    /// Adds what another part of the same column says.
    pub fn merge(&mut self, other: &Evidence) {
        self.dates += other.dates;
        self.day_first += other.day_first;
        self.month_first += other.month_first;
        self.numbers += other.numbers;
        self.comma_groups += other.comma_groups;
        self.comma_decimals += other.comma_decimals;
    }

    /// Counts one text of a date column.
    fn date(&mut self, text: &str) {
        if text.len() > 40 {
            return;
        }
        let text = text.trim();
        let day = text.split([' ', 'T']).next().unwrap_or_default();
        let Some((_, [a, b, c])) = loose::three_numbers(day) else { return };
        if a.len() > 2 || b.len() > 2 || !matches!(c.len(), 2 | 4) {
            return;
        }
        self.dates += 1;
        match (a.parse::<u8>(), b.parse::<u8>()) {
            (Ok(13..=31), Ok(1..=12)) => self.day_first += 1,
            (Ok(1..=12), Ok(13..=31)) => self.month_first += 1,
            _ => {}
        }
    }

    /// Counts one text of a number column.
    fn number(&mut self, text: &str) {
        if text.len() > 40 || !text.contains(',') {
            return;
        }
        self.numbers += 1;
        let bare: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
        let readings = super::mend::number::readings(&bare);
        if let [only] = readings.as_slice()
            && let Some(comma) = bare.rfind(',')
        {
            // The comma stands before the fraction exactly when what follows it is the fraction of the one reading.
            let places = bare.len() - comma - 1;
            let fraction = only.split_once('.').map_or(0, |(_, f)| f.len());
            if fraction == places && !bare[comma..].contains('.') {
                self.comma_decimals += 1;
            } else {
                self.comma_groups += 1;
            }
        }
    }

    /// What speaks for the day first, in words; empty when nothing does.
    pub fn for_day_first(&self) -> String {
        if self.day_first == 0 {
            String::new()
        } else {
            format!("{} of {} dates in this column can only be day-first", self.day_first, self.dates)
        }
    }

    /// What speaks for the month first, in words; empty when nothing does.
    pub fn for_month_first(&self) -> String {
        if self.month_first == 0 {
            String::new()
        } else {
            format!("{} of {} dates in this column can only be month-first", self.month_first, self.dates)
        }
    }

    /// What speaks for the comma as a thousands separator.
    pub fn for_comma_groups(&self) -> String {
        if self.comma_groups == 0 {
            String::new()
        } else {
            format!("in {} of {} numbers with a comma it can only stand between thousands", self.comma_groups, self.numbers)
        }
    }

    /// What speaks for the comma before the fraction.
    pub fn for_comma_decimals(&self) -> String {
        if self.comma_decimals == 0 {
            String::new()
        } else {
            format!("in {} of {} numbers with a comma it can only stand before the decimals", self.comma_decimals, self.numbers)
        }
    }
}

/// Whether a text is a number in its plain form.
pub(super) fn is_plain_number(text: &str) -> bool {
    number::read(&crate::schema::NumberFormat::default(), text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DateFormat, NumberFormat};

    #[test]
    fn counts_what_can_only_be_read_one_way() {
        let dates = ["03/25/2024", "3/26/24", "26/03/2024", "03/05/2024", "2024-03-05", "03/27/2024 10:00", "soon", "40/40/2024"];
        let e = Evidence::gather(&FieldType::Date(DateFormat::Default), dates.into_iter());
        assert_eq!((e.dates, e.day_first, e.month_first), (6, 1, 3));
        assert_eq!(e.for_month_first(), "3 of 6 dates in this column can only be month-first");
        let numbers = ["1,250.00", "$1,250,000", "1,250", "1.250,00", "12,5", "7"];
        let e = Evidence::gather(&FieldType::Number(NumberFormat::default()), numbers.into_iter());
        assert_eq!((e.numbers, e.comma_groups, e.comma_decimals), (5, 2, 2));
        assert_eq!(Evidence::gather(&FieldType::Any, numbers.into_iter()), Evidence::default());
    }
}
