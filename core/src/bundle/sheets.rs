//! The sheets of a workbook that are tables of one standard.

use std::sync::Arc;

use crate::bounds::Sheet;
use crate::check::bind::Sample;
use crate::check::plan::StandardPlan;
use crate::decode::Head;
use crate::decode::dialect::DialectHints;
use crate::detect::{self, ENOUGH, Guess};
use crate::read::mark::SHEET;
use crate::read::sheet::{Book, Look, text_of};

/// Rows of a sheet that are looked at.
const ROWS: usize = 50;

/// A sheet, the table that it is, and how well it fits.
type Found = (usize, String, u32);

/// A workbook as several tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheets {
    /// The sheets that are read, in the workbook's order, and the table that each is.
    pub read: Vec<(String, String)>,
    /// The others that hold anything.
    pub left: Vec<String>,
    /// Those of the others that are filled in like a table: more of a table that is read from another sheet, or of a template.
    pub missed: Vec<String>,
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
    let looks = (0..book.sheets().len()).filter(|&i| book.sheets()[i].name != SHEET).map(|i| (i, book.look(i, ROWS)));
    let looks: Vec<(usize, Look)> = looks.filter(|(_, look)| !look.rows.is_empty()).collect();
    let starts: Vec<(usize, Vec<u8>)> = looks.iter().map(|(i, look)| (*i, text_of(&look.rows))).collect();
    let is_filled = |sheet: usize| looks.iter().any(|(i, look)| *i == sheet && look.is_filled());
    let of_plan = |plan: &Arc<StandardPlan>| {
        let (mut found, mut missed): (Vec<Found>, Vec<usize>) = Default::default();
        for (sheet, text) in &starts {
            let Some((guess, score)) = guess(plan, &book.sheets()[*sheet].name, text) else { continue };
            match found.iter_mut().find(|(_, table, _)| *table == guess.table.name) {
                // The better of two sheets is the table, and the other one is told.
                Some(other) if other.2 < score => {
                    missed.push(other.0);
                    (other.0, other.2) = (*sheet, score);
                }
                Some(_) => missed.push(*sheet),
                None => found.push((*sheet, guess.table.name.clone(), score)),
            }
        }
        (found, missed)
    };
    let (found, missed) = match book.mark() {
        Some(mark) => {
            let plan = plans.iter().find(|p| p.id == mark.standard.id)?;
            let filled = starts.iter().filter(|(i, _)| is_filled(*i) && !book.is_aside(*i));
            let (mut found, mut unnamed): (Vec<Found>, Vec<_>) = Default::default();
            for start in filled {
                match mark.resource(&book.sheets()[start.0].name).filter(|table| plan.tables.iter().any(|t| t.name == **table)) {
                    Some(table) => found.push((start.0, table.to_owned(), 0)),
                    None => unnamed.push(start),
                }
            }
            let mut missed = Vec::new();
            // A sheet that was renamed still has the header of its table.
            for (sheet, text) in unnamed {
                match guess(plan, &book.sheets()[*sheet].name, text).map(|(guess, _)| guess.table.name.clone()) {
                    Some(table) if found.iter().all(|f| f.1 != table) => found.push((*sheet, table, 0)),
                    _ => missed.push(*sheet),
                }
            }
            (found, missed)
        }
        None => {
            let all = plans.iter().map(of_plan).filter(|(found, _)| found.len() > 1);
            all.reduce(|best, next| if total(&next.0) > total(&best.0) { next } else { best })?
        }
    };
    if found.len() < 2 {
        return None;
    }
    let name = |i: &usize| book.sheets()[*i].name.clone();
    let mut read = found;
    read.sort_by_key(|(sheet, ..)| *sheet);
    let missed: Vec<usize> = missed.into_iter().filter(|i| is_filled(*i)).collect();
    let others = starts.iter().map(|(i, _)| i).filter(|i| read.iter().all(|(sheet, ..)| sheet != *i));
    let left = others.clone().filter(|i| !missed.contains(i)).map(name).collect();
    let missed = others.filter(|i| missed.contains(i)).map(name).collect();
    Some(Sheets { read: read.into_iter().map(|(sheet, table, _)| (name(&sheet), table)).collect(), left, missed })
}

fn total(found: &[Found]) -> u32 {
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
