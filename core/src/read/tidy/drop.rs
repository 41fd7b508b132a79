//! Columns that are declared to be left out. What they hold is counted, so that the loss is told.

use std::sync::Arc;

use super::super::{Row, Rows};
use super::{Body, Names, names_of};
use crate::finding::{Finding, Place};

/// The step.
#[derive(Debug)]
pub(super) struct Drop {
    columns: Vec<String>,
    why: String,
    names: Arc<Names>,
    /// By column that goes: its index, its header, its filled cells. In order of index.
    found: Vec<(usize, String, u64)>,
}

impl Drop {
    pub(super) fn new(columns: &[String], why: &str, names: Arc<Names>) -> Drop {
        Drop { columns: columns.to_vec(), why: why.to_owned(), names, found: Vec::new() }
    }

    fn keep(&self, row: Row<'_>, out: &mut Rows) {
        for (c, (text, kind)) in row.cells().enumerate() {
            if !self.found.iter().any(|f| f.0 == c) {
                out.cell(text, kind);
            }
        }
        out.end_row(row.origin);
    }
}

impl Body for Drop {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        let header_names = names_of(header);
        let mut columns: Vec<usize> = self.columns.iter().filter_map(|n| self.names.find(&header_names, n)).collect();
        columns.sort_unstable();
        columns.dedup();
        self.found = columns.into_iter().map(|c| (c, header_names[c].clone(), 0)).collect();
        self.keep(header, out);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        for (c, _, filled) in &mut self.found {
            *filled += u64::from(!row.text(*c).trim().is_empty());
        }
        self.keep(row, out);
    }

    fn column(&self, column: usize) -> Option<usize> {
        // Each column that went stood before one more of those that are left.
        Some(self.found.iter().fold(column, |c, (gone, ..)| if *gone <= c { c + 1 } else { c }))
    }

    fn end(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        for (c, name, filled) in self.found.iter().filter(|f| f.2 > 0) {
            let place = Place { column: Some(*c as u32), field: Some(Arc::from(name.trim())), ..Place::default() };
            findings.push(
                Finding::new("C254", "", place).arg("name", name.trim()).arg("count", filled.to_string()).arg("why", self.why.as_str()),
            );
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C254"]
    }
}
