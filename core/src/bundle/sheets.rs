//! The sheets of a workbook that are tables of one standard.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::bounds::Sheet;
use crate::check::bind::Sample;
use crate::check::plan::StandardPlan;
use crate::decode::Head;
use crate::decode::dialect::DialectHints;
use crate::detect::{self, ENOUGH, Guess};
use crate::encode::write_csv_cell;
use crate::read::Rows;
use crate::read::mark::SHEET;
use crate::read::sheet::Book;

/// Rows of a sheet that are looked at.
const ROWS: usize = 50;

/// A workbook as several tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheets {
    /// The sheets that are read, in the workbook's order, and the table that each is.
    pub read: Vec<(String, String)>,
    /// The others that hold anything.
    pub left: Vec<String>,
}

/// The sheets that are tables of one of the plans, when two or more are different tables of it: by the mark of a template, else by name and
/// header. `None` for any other file; it is then read as one table.
pub fn tables(bytes: &[u8], plans: &[Arc<StandardPlan>]) -> Option<Sheets> {
    if plans.is_empty() {
        return None;
    }
    let book = Book::open(bytes, Sheet::default(), &mut Vec::new()).ok()?;
    if book.sheets().len() < 2 {
        return None;
    }
    let starts: Vec<(usize, Vec<u8>)> =
        (0..book.sheets().len()).filter(|&i| book.sheets()[i].name != SHEET).filter_map(|i| Some((i, start(&book, i)?))).collect();
    let of_plan = |plan: &Arc<StandardPlan>| {
        let mut found: Vec<(usize, String, u32)> = Vec::new();
        for (sheet, text) in &starts {
            let Some((guess, score)) = guess(plan, &book.sheets()[*sheet].name, text) else { continue };
            match found.iter_mut().find(|(_, table, _)| *table == guess.table.name) {
                // The better of two sheets is the table.
                Some(other) if other.2 < score => (other.0, other.2) = (*sheet, score),
                Some(_) => {}
                None => found.push((*sheet, guess.table.name.clone(), score)),
            }
        }
        found
    };
    let found = match book.mark() {
        Some(mark) => {
            let known = |name: &str| plans.iter().any(|p| p.id == mark.standard.id && p.tables.iter().any(|t| t.name == name));
            let of_mark = starts.iter().filter_map(|(i, text)| {
                let table = mark.resource(&book.sheets()[*i].name)?;
                // A sheet that was not filled in has a header only.
                (known(table) && text.iter().filter(|b| **b == b'\n').count() > 1).then(|| (*i, table.to_owned(), 0))
            });
            of_mark.collect()
        }
        None => {
            let all = plans.iter().map(of_plan).filter(|found| found.len() > 1);
            all.reduce(|best, next| if total(&next) > total(&best) { next } else { best })?
        }
    };
    if found.len() < 2 {
        return None;
    }
    let name = |i: &usize| book.sheets()[*i].name.clone();
    let mut read = found;
    read.sort_by_key(|(sheet, ..)| *sheet);
    let left = starts.iter().map(|(i, _)| i).filter(|i| read.iter().all(|(sheet, ..)| sheet != *i)).map(name).collect();
    Some(Sheets { read: read.into_iter().map(|(sheet, table, _)| (name(&sheet), table)).collect(), left })
}

fn total(found: &[(usize, String, u32)]) -> u32 {
    found.iter().map(|f| f.2).sum()
}

/// The table of a plan that a sheet is, when its header leaves no doubt, or its name helps; and how well it fits, the name counting as much as
/// the header.
fn guess(plan: &Arc<StandardPlan>, sheet: &str, text: &[u8]) -> Option<(Guess, u32)> {
    let head = Head::read(text, true, &DialectHints { delimiter: Some(b','), ..DialectHints::default() }).ok()?;
    let guesses = detect::detect(std::slice::from_ref(plan), &head, &Sample { bytes: text, whole: true });
    let folded = crate::check::near::folded(sheet);
    let named = |g: &&Guess| {
        let files = g.table.files.iter().map(|f| super::names::stem(f));
        files.chain([g.table.name.as_str(), g.table.title.as_str()]).any(|n| crate::check::near::folded(n) == folded)
    };
    let by_name = guesses.iter().find(named).map(|g| (g.clone(), g.score + 1000));
    by_name.or_else(|| guesses.first().filter(|g| g.score >= ENOUGH).map(|g| (g.clone(), g.score)))
}

/// The first rows of a sheet as text; `None` when it holds nothing.
fn start(book: &Book<'_>, sheet: usize) -> Option<Vec<u8>> {
    let mut rows = Rows::new();
    book.each(sheet, &mut Vec::new(), &mut |batch, _| {
        batch.iter().filter(|row| !row.is_blank()).take(ROWS).for_each(|row| rows.push(row));
        batch.clear();
        if rows.len() >= ROWS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let mut text = Vec::new();
    for row in rows.iter().take(ROWS) {
        for (c, (cell, _)) in row.cells().enumerate() {
            if c > 0 {
                text.push(b',');
            }
            write_csv_cell(cell, b',', false, &mut text);
        }
        text.push(b'\n');
    }
    (!text.is_empty()).then_some(text)
}
