//! Columns become rows: what a column's name says goes into columns of its own, its cell into one for all values.

use std::collections::HashMap;

use regex::Regex;

use super::super::{Kind, Row, Rows};
use super::{Body, group_names, names_of};
use crate::finding::{Finding, Place};

/// The step.
#[derive(Debug)]
pub(super) struct Unpivot {
    pattern: Regex,
    value: String,
    keep_empty: bool,
    /// Columns that become rows, with what their names say.
    turned: Vec<(usize, Vec<String>)>,
    from: u64,
    made: u64,
    /// Rows without a value in any of the columns: nothing of them is left, so it is told.
    without: u64,
}

/// Two columns that say the same so are taken to: `FY26` and `FY2026`, `Proposed` and `PROPOSED `.
fn plain(said: &str) -> String {
    let words = said.to_lowercase().replace('_', " ");
    let words: Vec<&str> = words.split_whitespace().map(|w| if is_year(w) { &w[2..] } else { w }).collect();
    words.join(" ")
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.starts_with("20") && word.bytes().all(|b| b.is_ascii_digit())
}

impl Unpivot {
    pub(super) fn new(pattern: &Regex, value: &str, keep_empty: bool) -> Unpivot {
        let pattern = pattern.clone();
        Unpivot { pattern, value: value.to_owned(), keep_empty, turned: Vec::new(), from: 0, made: 0, without: 0 }
    }

    fn is_turned(&self, column: usize) -> bool {
        self.turned.binary_search_by_key(&column, |t| t.0).is_ok()
    }
}

impl Body for Unpivot {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        let groups = group_names(&self.pattern);
        let names = names_of(header);
        // What the columns so far say, in plain form, with the name of the first that says it.
        let mut heard: HashMap<Vec<String>, &str> = HashMap::new();
        for (c, name) in names.iter().enumerate() {
            let Some(found) = self.pattern.captures(name.trim()) else { continue };
            let said: Vec<String> = groups.iter().map(|g| found.name(g).map_or(String::new(), |m| m.as_str().trim().to_owned())).collect();
            let first = *heard.entry(said.iter().map(|s| plain(s)).collect()).or_insert(name);
            if !std::ptr::eq(first, name.as_str()) {
                let place = super::place(header, Some(c), &names);
                findings.push(Finding::new("C209", "same", place).value(name).arg("name", first));
            }
            self.turned.push((c, said));
        }
        if self.turned.is_empty() {
            findings.push(Finding::new("C246", "unpivot", super::place(header, None, &[])).value(self.pattern.as_str()));
            out.push(header);
            return;
        }
        groups.iter().for_each(|g| out.cell(g, Kind::Text));
        out.cell(&self.value, Kind::Text);
        for (c, (text, kind)) in header.cells().enumerate() {
            if !self.is_turned(c) {
                out.cell(text, kind);
            }
        }
        out.end_row(header.origin);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        if self.turned.is_empty() || row.is_blank() {
            out.push(row);
            return;
        }
        self.from += 1;
        let before = self.made;
        for (column, said) in &self.turned {
            let text = row.text(*column);
            if text.trim().is_empty() && !self.keep_empty {
                continue;
            }
            self.made += 1;
            said.iter().for_each(|s| out.cell(s, Kind::Text));
            out.cell(text, row.kind(*column));
            for (c, (text, kind)) in row.cells().enumerate() {
                if !self.is_turned(c) {
                    out.cell(text, kind);
                }
            }
            out.end_row(row.origin);
        }
        self.without += u64::from(self.made == before);
    }

    fn column(&self, column: usize) -> Option<usize> {
        if self.turned.is_empty() {
            return Some(column);
        }
        let made = group_names(&self.pattern).len() + 1;
        let left = column.checked_sub(made)?;
        Some(self.turned.iter().fold(left, |c, (gone, _)| if *gone <= c { c + 1 } else { c }))
    }

    fn end(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if !self.turned.is_empty() {
            let finding = Finding::new("C255", "", Place::default()).arg("columns", self.turned.len().to_string());
            let finding = finding.arg("rows", self.from.to_string()).arg("count", self.made.to_string());
            findings.push(if self.without > 0 { finding.arg("without", self.without.to_string()) } else { finding });
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C209", "C255"]
    }
}
