//! Empty rows are left out.

use super::super::{Rows, Step};
use crate::finding::{Finding, Place};

/// The step.
#[derive(Debug, Default)]
pub(super) struct Blank {
    /// Empty rows that no other row has followed yet; those at the end are nothing, spreadsheets leave them.
    waiting: u64,
    dropped: u64,
}

impl Step for Blank {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, _findings: &mut Vec<Finding>) {
        for row in rows.iter() {
            if row.is_blank() {
                self.waiting += 1;
            } else {
                self.dropped += std::mem::take(&mut self.waiting);
                out.push(row);
            }
        }
    }

    fn finish(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.dropped > 0 {
            findings.push(Finding::new("C249", "", Place::default()).arg("count", self.dropped.to_string()));
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C249"]
    }
}
