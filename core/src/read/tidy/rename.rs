//! Columns get other names; what the old name says beside it, such as the year, goes into columns.

use regex::Regex;

use super::super::{Kind, Row, Rows};
use super::{Body, group_names, names_of};
use crate::finding::Finding;

/// The step.
#[derive(Debug)]
pub(super) struct Rename {
    pattern: Regex,
    /// By group but `name`: what the names say, when all that match say the same.
    said: Vec<(String, String)>,
}

impl Rename {
    pub(super) fn new(pattern: &Regex) -> Rename {
        Rename { pattern: pattern.clone(), said: Vec::new() }
    }
}

impl Body for Rename {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        let header_names = names_of(header);
        let mut said: Option<Vec<(String, String)>> = None;
        let mut names = Vec::with_capacity(header_names.len());
        for (c, name) in header_names.iter().enumerate() {
            let Some(found) = self.pattern.captures(name.trim()) else {
                names.push(name.clone());
                continue;
            };
            let text = |g: &str| found.name(g).map_or(String::new(), |m| m.as_str().trim().to_owned());
            names.push(text("name"));
            let this: Vec<(String, String)> =
                group_names(&self.pattern).into_iter().filter(|g| g != "name").map(|g| (g.clone(), text(&g))).collect();
            match &said {
                None => said = Some(this),
                Some(first) if *first == this => {}
                // Two years in one table would make two columns of one name; they have to become rows instead.
                Some(_) => {
                    findings.push(Finding::new("C246", "rename", super::place(header, Some(c), &header_names)).value(name));
                    out.push(header);
                    return;
                }
            }
        }
        match said {
            Some(said) => self.said = said,
            None => findings.push(Finding::new("C246", "unpivot", super::place(header, None, &[])).value(self.pattern.as_str())),
        }
        self.said.iter().for_each(|(name, _)| out.cell(name, Kind::Text));
        names.iter().for_each(|name| out.cell(name, Kind::Text));
        out.end_row(header.origin);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        if !row.is_blank() {
            self.said.iter().for_each(|(_, value)| out.cell(value, Kind::Text));
        }
        row.cells().for_each(|(text, kind)| out.cell(text, kind));
        out.end_row(row.origin);
    }

    fn column(&self, column: usize) -> Option<usize> {
        column.checked_sub(self.said.len())
    }
}
