//! Headings between the records are carried down into columns.

use std::sync::Arc;

use super::super::{Kind, Row, Rows};
use super::{Body, Names, group_names, names_of};
use crate::finding::{Finding, Place};
use crate::package::layout::SectionStep;

/// The step.
#[derive(Debug)]
pub(super) struct Section {
    step: SectionStep,
    names: Arc<Names>,
    column: Option<usize>,
    /// By group: its name, the column of the file that takes it where there is one, the value that holds.
    groups: Vec<(String, Option<usize>, String)>,
    headings: u64,
    /// Names of columns that steps before this one may have made, and how many of them there are; no heading stands in those.
    made: Vec<String>,
    skip: usize,
}

impl Section {
    pub(super) fn new(step: &SectionStep, made: Vec<String>, names: Arc<Names>) -> Section {
        let groups = group_names(&step.pattern).into_iter().map(|n| (n, None, String::new())).collect();
        Section { step: step.clone(), names, column: None, groups, headings: 0, made, skip: 0 }
    }

    /// Whether the row is a heading; takes over what it says.
    fn heading(&mut self, row: Row<'_>) -> bool {
        let mut filled = row.cells().enumerate().skip(self.skip).filter(|(_, (text, _))| !text.trim().is_empty());
        let Some((first, _)) = filled.next() else { return false };
        if self.step.alone && filled.next().is_some() {
            return false;
        }
        let text = match (self.column, self.step.column.is_some()) {
            (Some(c), _) if !self.step.alone || c == first => row.text(c).trim(),
            (None, false) => row.text(first).trim(),
            _ => return false,
        };
        let Some(found) = self.step.pattern.captures(text) else { return false };
        for (name, _, value) in &mut self.groups {
            *value = found.name(name).map_or(String::new(), |m| m.as_str().trim().to_owned());
        }
        true
    }
}

impl Body for Section {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        let header_names = names_of(header);
        self.skip = header_names.iter().take_while(|h| self.made.contains(h)).count();
        self.column = self.step.column.as_ref().and_then(|n| self.names.find(&header_names, n));
        for (name, at, _) in &mut self.groups {
            *at = self.names.find(&header_names, name);
            if at.is_none() {
                out.cell(name, Kind::Text);
            }
        }
        header.cells().for_each(|(text, kind)| out.cell(text, kind));
        out.end_row(header.origin);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        if self.heading(row) {
            self.headings += 1;
            return;
        }
        for (_, _, value) in self.groups.iter().filter(|g| g.1.is_none()) {
            out.cell(value, Kind::Text);
        }
        for (c, (text, kind)) in row.cells().enumerate() {
            match self.groups.iter().find(|g| g.1 == Some(c)) {
                Some((_, _, value)) if text.trim().is_empty() => out.cell(value, Kind::Text),
                _ => out.cell(text, kind),
            }
        }
        out.end_row(row.origin);
    }

    fn end(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.headings > 0 {
            let columns = self.groups.iter().map(|g| g.0.as_str()).collect::<Vec<_>>().join(", ");
            findings.push(Finding::new("C250", "", Place::default()).arg("count", self.headings.to_string()).arg("fields", columns));
        }
    }

    fn column(&self, column: usize) -> Option<usize> {
        column.checked_sub(self.groups.iter().filter(|g| g.1.is_none()).count())
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C250"]
    }
}
