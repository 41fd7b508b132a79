//! Where the header is: found by its names, joined when it is spread over several rows, dropped where pages repeat it. What stands above
//! it are titles; what a title says can become a column.

use std::sync::Arc;

use super::super::{Kind, Row, Rows, Step};
use super::{Names, group_names, joined};
use crate::finding::{Finding, Place};
use crate::package::layout::HeaderStep;

/// The step.
#[derive(Debug)]
pub(super) struct Header {
    step: HeaderStep,
    names: Arc<Names>,
    /// Names that the header must hold.
    signature: Vec<String>,
    /// Rows until the header is known; later, rows that may be the start of a repeated header.
    held: Rows,
    /// The row at which the signature was first found, as an index into `held`.
    seen: Option<usize>,
    found: Option<Found>,
    /// The header is not there; rows pass as they are.
    lost: bool,
    repeated: u64,
}

/// A header that was found.
#[derive(Debug)]
struct Found {
    /// Its rows as they stand, without blanks around the cells and empty cells at the end.
    lines: Vec<Vec<String>>,
    /// The letters of the titles above it.
    titles: Vec<String>,
    /// What titles say: column and value.
    said: Vec<(String, String)>,
}

impl Header {
    pub(super) fn new(step: &HeaderStep, names: Arc<Names>, signature: Vec<String>) -> Header {
        let step = step.clone();
        Header { step, names, signature, held: Rows::new(), seen: None, found: None, lost: false, repeated: 0 }
    }

    /// The names of a header of `lines` rows that starts at a held row.
    fn names_at(&self, start: usize, lines: usize) -> Vec<String> {
        let rows: Vec<Row<'_>> = (start..start + lines).filter_map(|i| self.held.get(i)).collect();
        joined_names(&rows, self.step.span)
    }

    fn fits(&self, names: &[String]) -> bool {
        if self.signature.is_empty() {
            return names.iter().filter(|n| !n.is_empty()).count() > 1;
        }
        self.signature.iter().all(|wanted| self.names.find(names, wanted).is_some())
    }

    /// Takes a row while the header is looked for.
    fn search(&mut self, row: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.held.push(row);
        let last = self.held.len() - 1;
        if self.seen.is_none() && (1..=self.step.lines.min(last + 1)).any(|k| self.fits(&self.names_at(last + 1 - k, k))) {
            self.seen = Some(last);
        }
        match self.seen {
            // A further row may belong to the header as well.
            Some(seen) if last + 1 < seen + self.step.lines => {}
            Some(_) => self.settle(out, findings),
            None if self.held.len() >= self.step.within => self.give_up(out, findings),
            None => {}
        }
    }

    /// Chooses among the readings of the header the one with the most known names, and lets the rows behind it go on.
    fn settle(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        let Some(seen) = self.seen else { return self.give_up(out, findings) };
        let mut best: Option<(usize, usize, usize, Vec<String>)> = None;
        for end in seen..self.held.len() {
            for lines in 1..=self.step.lines.min(end + 1) {
                let start = end + 1 - lines;
                let names = self.names_at(start, lines);
                let known = self.names.known(&names);
                if start <= seen && self.fits(&names) && best.as_ref().is_none_or(|b| known > b.0) {
                    best = Some((known, start, lines, names));
                }
            }
        }
        let Some((_, start, lines, names)) = best else { return self.give_up(out, findings) };
        let titles: Vec<String> = (0..start).filter_map(|i| self.held.get(i)).map(joined).filter(|t| !t.is_empty()).collect();
        let mut found = Found {
            lines: (start..start + lines).filter_map(|i| self.held.get(i)).map(cells).collect(),
            titles: titles.iter().map(|t| letters(t)).filter(|t| t.chars().count() > 2).collect(),
            said: Vec::new(),
        };
        for pattern in &self.step.titles {
            for name in group_names(pattern).into_iter().filter(|n| self.names.find(&names, n).is_none()) {
                let value = titles.iter().find_map(|t| Some(pattern.captures(t)?.name(&name)?.as_str().trim().to_owned()));
                if let Some(value) = value
                    && !found.said.iter().any(|s| s.0 == name)
                {
                    found.said.push((name, value));
                }
            }
        }
        if let Some(first) = (0..start).filter_map(|i| self.held.get(i)).find(|r| !r.is_blank()) {
            let mut finding = Finding::new("C247", "", super::place(first, None, &[])).value(&joined(first));
            finding = finding.arg("count", titles.len().to_string());
            if !found.said.is_empty() {
                let said: Vec<String> = found.said.iter().map(|(n, v)| format!("{n} {v}")).collect();
                finding = finding.arg("said", said.join(", "));
            }
            findings.push(finding);
        }
        found.said.iter().for_each(|(name, _)| out.cell(name, Kind::Text));
        names.iter().for_each(|name| out.cell(name, Kind::Text));
        out.end_row(self.held.get(start).map(|r| r.origin).unwrap_or_default());
        self.found = Some(found);
        let held = std::mem::take(&mut self.held);
        for row in (start + lines..held.len()).filter_map(|i| held.get(i)) {
            self.record(row, out);
        }
    }

    fn give_up(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        if !self.held.is_empty() {
            let finding = Finding::new("C245", "", Place::default()).arg("count", self.held.len().to_string());
            findings.push(finding.arg("fields", self.signature.join(", ")));
        }
        self.lost = true;
        self.held.iter().for_each(|row| out.push(row));
        self.held.clear();
    }

    /// Takes a row behind the header.
    fn record(&mut self, row: Row<'_>, out: &mut Rows) {
        let Some(found) = &mut self.found else { return };
        if self.step.repeats && !row.is_blank() {
            let this = cells(row);
            let at = self.held.len();
            if found.lines.get(at) == Some(&this) || found.lines.first() == Some(&this) {
                if found.lines.get(at) != Some(&this) {
                    write_all(&mut self.held, &found.said, out);
                }
                self.held.push(row);
                if self.held.len() == found.lines.len() {
                    self.repeated += self.held.len() as u64;
                    self.held.clear();
                }
                return;
            }
            write_all(&mut self.held, &found.said, out);
            // Some pages have the last of its lines only.
            if found.lines.len() > 1 && found.lines.last() == Some(&this) {
                self.repeated += 1;
                return;
            }
            let text = joined(row);
            if found.titles.contains(&letters(&text)) {
                self.repeated += 1;
                for pattern in &self.step.titles {
                    let Some(captures) = pattern.captures(&text) else { continue };
                    for (name, value) in &mut found.said {
                        if let Some(new) = captures.name(name) {
                            new.as_str().trim().clone_into(value);
                        }
                    }
                }
                return;
            }
        } else {
            write_all(&mut self.held, &found.said, out);
        }
        write(row, &found.said, out);
    }
}

/// The names that several rows make together; `span` says that a name of a line above also stands over the columns at its right.
pub(super) fn joined_names(rows: &[Row<'_>], span: bool) -> Vec<String> {
    let width = rows.iter().map(Row::len).max().unwrap_or(0);
    let mut names = vec![String::new(); width];
    for (at, row) in rows.iter().enumerate() {
        let spans = span && at + 1 < rows.len();
        let mut left = "";
        for (c, name) in names.iter_mut().enumerate() {
            let own = row.text(c).trim();
            if !own.is_empty() || !spans {
                left = own;
            }
            if !left.is_empty() {
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(left);
            }
        }
    }
    names
}

fn write(row: Row<'_>, said: &[(String, String)], out: &mut Rows) {
    if !row.is_blank() {
        said.iter().for_each(|(_, value)| out.cell(value, Kind::Text));
    }
    out.push(row);
}

fn write_all(held: &mut Rows, said: &[(String, String)], out: &mut Rows) {
    held.iter().for_each(|row| write(row, said, out));
    held.clear();
}

/// The texts of a row without blanks around, as far as the last filled one.
pub(super) fn cells(row: Row<'_>) -> Vec<String> {
    let mut cells: Vec<String> = row.cells().map(|(t, _)| t.trim().to_owned()).collect();
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells
}

/// The letters of a title: pages, dates and times differ, the words do not.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

impl Step for Header {
    fn rows(&mut self, rows: &Rows, out: &mut Rows, findings: &mut Vec<Finding>) {
        for row in rows.iter() {
            if self.lost {
                out.push(row);
            } else if self.found.is_some() {
                self.record(row, out);
            } else {
                self.search(row, out, findings);
            }
        }
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.found.is_none() && !self.lost {
            self.settle(out, findings);
        }
        if let Some(found) = &self.found {
            write_all(&mut self.held, &found.said, out);
        }
        if self.repeated > 0 {
            findings.push(Finding::new("C248", "", Place::default()).arg("count", self.repeated.to_string()));
        }
    }

    fn column(&self, column: usize) -> Option<usize> {
        column.checked_sub(self.found.as_ref().map_or(0, |f| f.said.len()))
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C248"]
    }
}
