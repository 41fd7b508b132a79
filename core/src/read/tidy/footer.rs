//! Everything from a row that says so is left out.

use std::sync::Arc;

use super::super::{Rows, Step};
use super::{Names, Test, joined};
use crate::finding::{Finding, Place};
use crate::package::layout::RowTest;

/// The step.
#[derive(Debug)]
pub(super) struct Footer {
    test: Test,
    first: Option<(Place, String)>,
    dropped: u64,
    /// Most cells that a row of the table fills.
    widest: usize,
    /// Rows of the footer that are as wide as records, and the first of them.
    wide: u64,
    first_wide: Option<(Place, String)>,
}

/// Fewer cells than this are a remark in any case.
const RECORD: usize = 4;

impl Footer {
    pub(super) fn new(test: &RowTest, names: Arc<Names>) -> Footer {
        Footer { test: Test::new(test, names), first: None, dropped: 0, widest: 0, wide: 0, first_wide: None }
    }
}

impl Step for Footer {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, _findings: &mut Vec<Finding>) {
        for row in rows.iter() {
            if self.first.is_none() && self.test.matches(row) {
                self.first = Some((super::place(row, None, &[]), joined(row)));
            }
            let filled = row.cells().filter(|(text, _)| !text.trim().is_empty()).count();
            if self.first.is_none() {
                self.widest = self.widest.max(filled);
                out.push(row);
                continue;
            }
            self.dropped += u64::from(filled > 0);
            if filled >= RECORD && filled * 2 > self.widest {
                self.wide += 1;
                self.first_wide.get_or_insert_with(|| (super::place(row, None, &[]), joined(row)));
            }
        }
    }

    fn finish(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if let Some((place, text)) = self.first.take() {
            findings.push(Finding::new("C252", "", place).value(&text).arg("count", self.dropped.to_string()));
        }
        if let Some((place, text)) = self.first_wide.take() {
            findings.push(Finding::new("C252", "records", place).value(&text).arg("count", self.wide.to_string()));
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C252"]
    }
}
