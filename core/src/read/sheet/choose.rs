//! Which sheet of a workbook is read when nobody named one.
//!
//! Workbooks often begin with a page of notes, and hold the table behind it. So the first sheet is not simply taken:
//! - in a filled template, the first sheet that its mark names and that was filled in; else a filled one whose header is that of a table, since
//!   sheets are renamed and copied;
//! - else the first filled sheet that is shown and whose header fits the wanted tables best;
//! - else the first sheet that is shown and not empty, else the first that is not empty.
//!
//! What else is filled is told: as a warning, where it looks like more of the same.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Book, out};
use crate::check::bind::Sample;
use crate::check::plan::StandardPlan;
use crate::decode::Head;
use crate::decode::dialect::DialectHints;
use crate::detect::{self, ENOUGH};
use crate::encode::write_csv_cell;
use crate::finding::{Finding, Place, Severity};
use crate::read::container::{Stop, stop};
use crate::read::mark::{self, Mark};
use crate::read::tidy::Layouts;
use crate::read::{Row, Rows};

/// Rows of a sheet that are looked at.
const ROWS: usize = 50;

/// The tables that are looked for among the sheets of a workbook.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    plans: Vec<Arc<StandardPlan>>,
    /// Whether the standard was named, so that the best there is will do.
    named: bool,
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Wanted) -> bool {
        self.named == other.named
            && self.plans.len() == other.plans.len()
            && self.plans.iter().zip(&other.plans).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Eq for Wanted {}

impl Wanted {
    /// The tables of a standard that was named.
    pub fn named(plan: Arc<StandardPlan>) -> Wanted {
        Wanted { plans: vec![plan], named: true }
    }

    /// The tables of any of these standards.
    pub fn any_of(plans: Vec<Arc<StandardPlan>>) -> Wanted {
        Wanted { plans, named: false }
    }

    /// The table that the first rows of a sheet are, and how well the header fits it, in thousandths.
    fn fit(&self, rows: &Rows, layouts: &Layouts) -> Option<(String, usize)> {
        if let Some(known) = layouts.recognise(rows) {
            return Some((format!("{} {}", known.standard, known.layout.resource), 1000));
        }
        let text = text_of(rows);
        let head = Head::read(&text, true, &DialectHints { delimiter: Some(b','), ..DialectHints::default() }).ok()?;
        let guesses = detect::detect(&self.plans, &head, &Sample { bytes: &text, whole: true });
        // By the header alone: faults in the rows of one year's sheet must not let another's be read in its place.
        let guess = guesses.first().filter(|g| self.named || g.score >= ENOUGH)?;
        let fit = 1000 * guess.known / (guess.known + guess.unknown + 2 * guess.missing.len());
        Some((format!("{} {}", guess.plan.reference(), guess.table.name), fit))
    }
}

/// The first rows of a sheet that hold anything.
pub(crate) struct Look {
    pub(crate) rows: Rows,
    /// What stopped the reading of a sheet in which nothing was found.
    stopped: Option<Stop>,
}

impl Look {
    /// Whether something stands below the first row.
    pub(crate) fn is_filled(&self) -> bool {
        self.rows.len() > 1
    }
}

/// Rows as comma-separated text, a line each but for breaks within cells.
pub(crate) fn text_of(rows: &Rows) -> Vec<u8> {
    let mut text = Vec::new();
    for row in rows.iter() {
        for (c, (cell, _)) in row.cells().enumerate() {
            if c > 0 {
                text.push(b',');
            }
            write_csv_cell(cell, b',', false, &mut text);
        }
        text.push(b'\n');
    }
    text
}

/// A sheet that may be read.
struct Candidate {
    sheet: usize,
    look: Look,
    fit: Option<(String, usize)>,
}

impl Candidate {
    /// Whether both sheets are the same table: by what they were taken for, or by the same header.
    fn is_like(&self, other: &Candidate) -> bool {
        let by_table = matches!((&self.fit, &other.fit), (Some(a), Some(b)) if a.0 == b.0);
        by_table || (self.look.rows.get(0).is_some_and(|r| r.len() > 1) && self.header().eq(other.header()))
    }

    fn header(&self) -> impl Iterator<Item = &str> {
        self.look.rows.get(0).into_iter().flat_map(Row::cells).map(|(text, _)| text.trim())
    }
}

impl Book<'_> {
    /// The first rows of a sheet that hold anything, at most so many.
    pub(crate) fn look(&self, sheet: usize, most: usize) -> Look {
        let (mut rows, mut findings) = (Rows::new(), Vec::new());
        self.each(sheet, &mut findings, &mut |batch, _| {
            let wanted = most - rows.len();
            batch.iter().filter(|row| !row.is_blank()).take(wanted).for_each(|row| rows.push(row));
            batch.clear();
            if rows.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        // Reading ends with what stopped it.
        let stopped = if rows.is_empty() { findings.pop().filter(|f| f.severity == Severity::Error).map(Box::new) } else { None };
        Look { rows, stopped }
    }

    /// Whether a sheet of a template is no table: its mark, its page that explains, its lists of values.
    pub(crate) fn is_aside(&self, sheet: usize) -> bool {
        [mark::SHEET, mark::README, mark::LISTS].contains(&self.sheets[sheet].name.as_str())
    }

    /// The sheet to read when nobody named one, as the top of this file says. Tells which it was when there are others.
    ///
    /// # Errors
    /// The finding that no sheet holds a cell.
    pub fn choose(&self, wanted: &Wanted, layouts: &Layouts, findings: &mut Vec<Finding>) -> Result<usize, Stop> {
        // Mostly there is one sheet.
        let most = if self.sheets.len() == 1 { 1 } else { ROWS };
        let (mut full, mut stopped) = (Vec::new(), None);
        for sheet in 0..self.sheets.len() {
            let look = self.look(sheet, most);
            if look.rows.is_empty() {
                stopped = stopped.or(look.stopped);
                continue;
            }
            full.push(Candidate { sheet, look, fit: None });
        }
        if let [only] = full.as_slice() {
            return Ok(only.sheet);
        }
        for candidate in &mut full {
            candidate.fit = wanted.fit(&candidate.look.rows, layouts);
        }
        let mark = self.mark();
        let chosen = mark.as_ref().and_then(|mark| self.of_template(mark, &full)).or_else(|| self.by_fit(&full));
        // A sheet that was not read to its end is not empty: what stopped the reading is worth knowing.
        let Some(chosen) = chosen else { return Err(stopped.unwrap_or_else(|| stop("C115", "no-sheet"))) };
        self.say_choice(chosen, mark.is_some(), &full, findings);
        Ok(chosen.sheet)
    }

    /// The sheet of a template that is read, when it has one.
    fn of_template<'c>(&self, mark: &Mark, full: &'c [Candidate]) -> Option<&'c Candidate> {
        let named = |c: &&Candidate| mark.resource(&self.sheets[c.sheet].name).is_some();
        let filled = |c: &&Candidate| c.look.is_filled() && !self.is_aside(c.sheet);
        // A sheet that was renamed still has the header of its table, which may also be seen by a copy of it.
        let like = |c: &&Candidate| c.fit.is_some() || full.iter().any(|other| named(&other) && c.is_like(other));
        let first = full.iter().find(|c| named(c) && filled(c)).or_else(|| full.iter().find(|c| filled(c) && like(c)));
        first.or_else(|| full.iter().find(named))
    }

    fn by_fit<'c>(&self, full: &'c [Candidate]) -> Option<&'c Candidate> {
        let shown = |c: &&Candidate| !self.sheets[c.sheet].hidden;
        let best = |of: &dyn Fn(&&Candidate) -> bool| {
            let fits = || full.iter().filter(shown).filter(of).filter_map(|c| Some((c, c.fit.as_ref()?.1)));
            let most = fits().map(|f| f.1).max()?;
            // A column more or less makes no difference that whoever put the sheets in order did not see.
            fits().find(|f| f.1 * 4 >= most * 3).map(|f| f.0)
        };
        let fitting = best(&|c| c.look.is_filled()).or_else(|| best(&|_| true));
        fitting.or_else(|| full.iter().find(shown)).or(full.first())
    }

    /// Says that a sheet was chosen from others.
    fn say_choice(&self, chosen: &Candidate, template: bool, full: &[Candidate], findings: &mut Vec<Finding>) {
        let others = || full.iter().filter(|c| c.sheet != chosen.sheet && !(template && self.is_aside(c.sheet)));
        let named = |of: &dyn Fn(&&Candidate) -> bool| {
            let shown = |c: &Candidate| {
                let info = &self.sheets[c.sheet];
                format!("\"{}\"{}", info.name, if info.hidden { " (hidden)" } else { "" })
            };
            let first = others().filter(of).find(|c| !self.sheets[c.sheet].hidden).or_else(|| others().find(of))?;
            let names: Vec<String> = others().filter(of).map(shown).collect();
            let named = out::some_of(names.iter().map(String::as_str), names.len());
            Some((named, self.sheets[first.sheet].name.as_str()))
        };
        let like = |c: &&Candidate| c.look.is_filled() && c.is_like(chosen);
        let filled = |c: &&Candidate| template && c.look.is_filled() && !like(c);
        let rest = |c: &&Candidate| !like(c) && !filled(c) && !template;
        for (kind, found) in [("same", named(&like)), ("filled", named(&filled)), ("", named(&rest))] {
            let Some((others, first)) = found else { continue };
            let finding = Finding::new("C225", kind, Place::default()).arg("sheet", &self.sheets[chosen.sheet].name);
            findings.push(finding.arg("others", others).arg("name", first));
        }
    }
}
