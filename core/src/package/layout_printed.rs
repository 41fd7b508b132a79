//! Layouts of printed pages: `[layout.printed]` in `standard.toml`. The format is in `standards/README.md`.

use regex::Regex;

use super::layout::{LayoutStep, pattern, unusable};
use super::notes::Notes;
use super::toml::Keys;
use crate::read::printed::{At, CellTest, PrintedColumn, PrintedLayout};
use crate::schema::parse::compile;

/// Most columns of a print.
const COLUMNS: usize = 100;

/// What stands in a column of amounts, where the layout does not say it.
const AMOUNT: &str = r"^(?:[$]|[-+(]*[$]?[-+]?[0-9.,]+[)%*-]*|-+)$";

/// Reads the `printed` of one layout, if it has one.
pub(crate) fn read(layout: &Keys<'_>, notes: &mut Notes) -> Option<PrintedLayout> {
    let keys = layout.table("printed", notes)?;
    let known = patterns(&keys, "known", keys.need_texts("known", notes), notes);
    let page = patterns(&keys, "page", keys.texts("page", notes), notes);
    let remarks = patterns(&keys, "remarks", keys.texts("remarks", notes), notes);
    let heading = keys.text("heading", notes).and_then(|text| pattern(&keys, "heading", text, notes));
    let heading_lines = keys.whole("heading_lines", 1..=8, notes).unwrap_or(1) as usize;
    let columns: Vec<PrintedColumn> = keys.tables("column", notes).iter().filter_map(|c| column(c, notes)).collect();
    let begins = test(&keys, "begins", &columns, notes);
    let ends = test(&keys, "ends", &columns, notes);
    keys.finish(notes);
    let problem = problem(&columns, heading.is_some(), begins.is_some(), ends.is_some());
    if let Some((key, problem)) = problem {
        notes.push(unusable(&keys, key, problem));
        return None;
    }
    Some(PrintedLayout {
        known,
        page,
        remarks,
        heading,
        heading_lines,
        columns,
        begins,
        ends,
        passes: Vec::new(),
        sections: Vec::new(),
        over: Vec::new(),
    })
}

/// Why columns do not go together, with the key at which it is told.
fn problem(columns: &[PrintedColumn], heading: bool, begins: bool, ends: bool) -> Option<(&'static str, &'static str)> {
    let labels = columns.iter().filter(|c| matches!(c.at, At::Label(_))).count();
    if columns.is_empty() || columns.len() > COLUMNS {
        return Some(("column", "a print has from 1 to 100 columns"));
    }
    if labels > 0 && labels < columns.len() {
        return Some(("column", "either all columns have labels or none has"));
    }
    if columns.iter().skip(1).any(|c| matches!(c.at, At::Left)) {
        return Some(("column", "only the first column may be without heading, start or label"));
    }
    if labels > 0 && !begins {
        return Some(("begins", "fields with labels need a field that begins a record"));
    }
    if ends && !begins {
        return Some(("ends", "what ends a record is of use only with what begins one"));
    }
    if !heading && columns.iter().any(|c| matches!(c.at, At::Heading(_))) {
        return Some(("heading", "columns that stand under headings need the pattern of the heading's first line"));
    }
    None
}

/// The layout with what its steps look for, so that lines meant for them are known.
pub(crate) fn with_steps(mut layout: PrintedLayout, steps: &[LayoutStep]) -> PrintedLayout {
    for step in steps {
        match step {
            LayoutStep::Section(step) if step.alone => layout.sections.push(step.pattern.clone()),
            LayoutStep::Section(step) => layout.passes.push(step.pattern.clone()),
            LayoutStep::Skip { test, .. } => layout.passes.push(test.pattern.clone()),
            LayoutStep::Footer(test) => layout.over.push(test.pattern.clone()),
            LayoutStep::Totals(step) => {
                for total in &step.totals {
                    let kind = if total.last { &mut layout.over } else { &mut layout.passes };
                    kind.push(total.pattern.clone());
                }
            }
            _ => {}
        }
    }
    layout
}

fn patterns(keys: &Keys<'_>, key: &'static str, texts: Option<Vec<String>>, notes: &mut Notes) -> Vec<Regex> {
    texts.unwrap_or_default().iter().filter_map(|text| pattern(keys, key, text, notes)).collect()
}

/// A column with what it must say.
fn test(keys: &Keys<'_>, key: &'static str, columns: &[PrintedColumn], notes: &mut Notes) -> Option<CellTest> {
    let inside = keys.table(key, notes)?;
    let name = inside.need("column", notes).map(str::to_owned);
    let pattern = inside.need("pattern", notes).and_then(|text| pattern(&inside, "pattern", text, notes));
    inside.finish(notes);
    let name = name?;
    let column = columns.iter().position(|c| c.name == name);
    if column.is_none() {
        notes.push(unusable(&inside, "column", "no column of the print has this name"));
    }
    Some(CellTest { column: column?, pattern: pattern? })
}

fn column(keys: &Keys<'_>, notes: &mut Notes) -> Option<PrintedColumn> {
    let name = keys.need("name", notes).map(str::to_owned);
    let headings = keys.texts("heading", notes);
    let start = keys.whole("start", 1..=crate::bounds::PRINTED_LINE as i64, notes);
    let label = keys.text("label", notes);
    let right = keys.word("align", &["left", "right"], notes) == Some(1);
    let slack = keys.whole("slack", 0..=20, notes).unwrap_or(0) as usize;
    let values = keys.text("values", notes).and_then(|text| pattern(keys, "values", text, notes));
    let parts = keys.text("parts", notes).and_then(|text| pattern(keys, "parts", text, notes));
    keys.finish(notes);
    let said = [headings.is_some(), start.is_some(), label.is_some()];
    if said.iter().filter(|s| **s).count() > 1 {
        notes.push(unusable(keys, "name", "a column has a heading, a start or a label, not several of them"));
        return None;
    }
    if parts.as_ref().is_some_and(|p| p.capture_names().flatten().next().is_none()) {
        notes.push(unusable(keys, "parts", "the pattern needs a named group for each column that the text holds"));
        return None;
    }
    if right && start.is_some() {
        notes.push(unusable(keys, "align", "values that end at one place need a heading above them"));
        return None;
    }
    let at = match (headings, start, label) {
        (Some(texts), ..) => {
            if texts.is_empty() {
                notes.push(keys.note("C904", "empty", "heading"));
                return None;
            }
            // Between blanks, so that the header of a delimited file is none.
            let texts: Vec<Regex> = texts.iter().filter_map(|t| pattern(keys, "heading", &format!("(?:^| )({t})(?: |$)"), notes)).collect();
            At::Heading(texts)
        }
        (None, Some(start), _) => At::Position(start as usize),
        (None, None, Some(label)) => At::Label(pattern(keys, "label", &format!("(?i)(?:^| )({} *:)", regex::escape(label.trim())), notes)?),
        (None, None, None) => At::Left,
    };
    let values = match (values, right) {
        (None, true) => compile(AMOUNT).ok(),
        (values, _) => values,
    };
    Some(PrintedColumn { name: name?, at, right, slack, values, parts })
}
