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
}

impl Footer {
    pub(super) fn new(test: &RowTest, names: Arc<Names>) -> Footer {
        Footer { test: Test::new(test, names), first: None, dropped: 0 }
    }
}

impl Step for Footer {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, _findings: &mut Vec<Finding>) {
        for row in rows.iter() {
            if self.first.is_none() && self.test.matches(row) {
                self.first = Some((super::place(row, None, &[]), joined(row)));
            }
            if self.first.is_some() {
                self.dropped += u64::from(!row.is_blank());
            } else {
                out.push(row);
            }
        }
    }

    fn finish(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if let Some((place, text)) = self.first.take() {
            findings.push(Finding::new("C252", "", place).value(&text).arg("count", self.dropped.to_string()));
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C252"]
    }
}
