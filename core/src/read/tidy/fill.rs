//! Hierarchies spread over columns: a value holds until the next one in its column, or until one further out changes.

use std::sync::Arc;

use super::super::{Kind, Row, Rows};
use super::{Body, Names, names_of};
use crate::finding::{Finding, Place};

/// The step.
#[derive(Debug)]
pub(super) struct Fill {
    columns: Vec<String>,
    names: Arc<Names>,
    /// From the outermost: column, value that holds.
    holding: Vec<(usize, String)>,
    filled: u64,
}

impl Fill {
    pub(super) fn new(columns: &[String], names: Arc<Names>) -> Fill {
        Fill { columns: columns.to_vec(), names, holding: Vec::new(), filled: 0 }
    }
}

impl Body for Fill {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        let header_names = names_of(header);
        self.holding = self.columns.iter().filter_map(|n| self.names.find(&header_names, n)).map(|c| (c, String::new())).collect();
        out.push(header);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        if row.is_blank() {
            out.push(row);
            return;
        }
        for at in 0..self.holding.len() {
            let text = row.text(self.holding[at].0).trim();
            if !text.is_empty() {
                if text != self.holding[at].1 {
                    self.holding[at + 1..].iter_mut().for_each(|(_, value)| value.clear());
                }
                text.clone_into(&mut self.holding[at].1);
            }
        }
        for (c, (text, kind)) in row.cells().enumerate() {
            match self.holding.iter().find(|(column, _)| *column == c) {
                Some((_, value)) if text.trim().is_empty() && !value.is_empty() => {
                    self.filled += 1;
                    out.cell(value, Kind::Text);
                }
                _ => out.cell(text, kind),
            }
        }
        out.end_row(row.origin);
    }

    fn end(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.filled > 0 {
            findings.push(Finding::new("C256", "", Place::default()).arg("count", self.filled.to_string()));
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C256"]
    }
}
