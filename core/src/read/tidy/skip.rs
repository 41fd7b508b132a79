//! Rows that are declared to be no records are left out, and counted.

use std::sync::Arc;

use super::super::{Rows, Step};
use super::{Names, Test};
use crate::finding::{Finding, Place};
use crate::package::layout::RowTest;

/// The step.
#[derive(Debug)]
pub(super) struct Skip {
    test: Test,
    why: String,
    dropped: u64,
}

impl Skip {
    pub(super) fn new(test: &RowTest, why: &str, names: Arc<Names>) -> Skip {
        Skip { test: Test::new(test, names), why: why.to_owned(), dropped: 0 }
    }
}

impl Step for Skip {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, _findings: &mut Vec<Finding>) {
        for row in rows.iter() {
            if self.test.matches(row) {
                self.dropped += 1;
            } else {
                out.push(row);
            }
        }
    }

    fn finish(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.dropped > 0 {
            findings.push(Finding::new("C253", "", Place::default()).arg("count", self.dropped.to_string()).arg("why", self.why.as_str()));
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C253"]
    }
}
