//! Causes in words: one sentence for all occurrences of one mistake in one column.
//!
//! A sentence about many cells may only say what holds for all of them, so a fact is used when it belongs to the column (its code
//! list, its bound) or when every occurrence is at hand and agrees.

use std::collections::{BTreeMap, HashMap};

use super::words;
use crate::finding::{Cause, Code, Finding, Severity};
use crate::report::Report;

/// Sentences for several occurrences, by code and kind. `{cells_here}` is `40 cells in column I "Status"`, `{rows_here}` is `40 rows`,
/// and `{examples}` is `most often "Isued"` or `for example "Isued", "isued"`. A check that is not here is told by its first occurrence.
pub(super) const PLURALS: &[(&str, &str, &str)] = &[
    ("C101", "", "{cells_here} are not stored as UTF-8; they were read as Windows-1252[; {examples}]"),
    ("C102", "", "{cells_here} hold NUL bytes, shown as ␀[; {examples}]"),
    ("C103", "", "{cells_here} hold invisible control characters[; {examples}]"),
    ("C103", "value", "{cells_here} hold invisible control characters[; {examples}]"),
    ("C201", "", "{rows_here} have fewer cells than the {columns} of the header"),
    ("C202", "", "{rows_here} have more cells than the {columns} of the header"),
    ("C203", "", "{rows_here} are empty"),
    ("C204", "", "{cells_here} have a quotation mark inside"),
    ("C204", "after-close", "{cells_here} have text after the closing quotation mark"),
    ("C205", "", "{cells_here} open a quotation that is never closed"),
    ("C216", "", "{rows_here} are longer than the bound of {bound} bytes; they were not checked"),
    ("C216", "columns", "{rows_here} have more than {bound} cells; those beyond were not read"),
    ("C301", "", "{cells_here} are empty, but the field is required"),
    ("C302", "", "{cells_here} are not numbers[; {examples}]"),
    ("C302", "decorated", "{cells_here} are numbers with signs around them[; {examples}]"),
    ("C302", "ambiguous", "{cells_here} can be read as two different numbers[; {examples}]"),
    ("C302", "not-whole", "{cells_here} are not whole numbers[; {examples}]"),
    ("C302", "point", "{cells_here} are whole numbers written with a point[; {examples}]"),
    ("C302", "scientific", "{cells_here} are numbers in scientific notation[; {examples}]"),
    ("C302", "placeholder", "{cells_here} stand for missing numbers[; {examples}]"),
    ("C303", "", "{cells_here} do not have the form {form}[; {examples}]"),
    ("C303", "other-form", "{cells_here} are {noun}s in another form than {form}[; {examples}]"),
    ("C303", "ambiguous", "{cells_here} can be read as two different dates[; {examples}]"),
    ("C303", "with-time", "{cells_here} have a time of day[; {examples}]"),
    ("C303", "serial", "{cells_here} look like a spreadsheet's day numbers[; {examples}]"),
    ("C303", "without-time", "{cells_here} have no time of day[; {examples}]"),
    ("C303", "placeholder", "{cells_here} stand for a missing {noun}[; {examples}]"),
    ("C304", "", "{cells_here} are not in {list}[; {examples}]"),
    ("C304", "case", "{cells_here} are written differently in {list}[; {examples}]"),
    ("C304", "label", "{cells_here} hold the names of codes in {list}, not the codes[; {examples}]"),
    ("C304", "lost-zero", "{cells_here} are codes of {list} that have lost a zero at their start[; {examples}]"),
    ("C304", "open", "{cells_here} are not in {list}[; {examples}]"),
    ("C305", "", "{cells_here} do not have the form that is asked for[; {examples}]"),
    ("C305", "date", "{cells_here} are dates in another form[; {examples}]"),
    ("C305", "ambiguous", "{cells_here} can be read as two different dates[; {examples}]"),
    ("C305", "serial", "{cells_here} look like a spreadsheet's day numbers[; {examples}]"),
    ("C305", "lost-zero", "{cells_here} have lost a zero at their start[; {examples}]"),
    ("C305", "case", "{cells_here} have the right form but for large and small letters[; {examples}]"),
    ("C306", "minimum", "{cells_here} are less than {bound}[; {examples}]"),
    ("C306", "maximum", "{cells_here} are more than {bound}[; {examples}]"),
    ("C306", "above", "{cells_here} are not more than {bound}[; {examples}]"),
    ("C306", "below", "{cells_here} are not less than {bound}[; {examples}]"),
    ("C306", "negative", "{cells_here} are negative[; {examples}]"),
    ("C306", "early", "{cells_here} are before {bound}[; {examples}]"),
    ("C306", "late", "{cells_here} are after {bound}[; {examples}]"),
    ("C306", "not-after", "{cells_here} are not after {bound}[; {examples}]"),
    ("C306", "not-before", "{cells_here} are not before {bound}[; {examples}]"),
    ("C307", "long", "{cells_here} are longer than {bound} {unit}"),
    ("C307", "short", "{cells_here} are shorter than {bound} {unit}[; {examples}]"),
    ("C308", "", "{cells_here} have blanks before or after the value[; {examples}]"),
    ("C308", "text", "{cells_here} have blanks before or after the value[; {examples}]"),
    ("C308", "only", "{cells_here} hold only blanks"),
    ("C308", "only-text", "{cells_here} hold only blanks"),
    ("C309", "", "{cells_here} hold a special space[; {examples}]"),
    ("C309", "text", "{cells_here} hold a special space[; {examples}]"),
    ("C310", "", "{cells_here} are not among the words for yes and no[; {examples}]"),
    ("C311", "", "{cells_here} hold a {noun} that does not exist[; {examples}]"),
    ("C312", "", "{cells_here} hold codes that are no longer used in {list}[; {examples}]"),
    ("C313", "", "{cells_here} are not {what}[; {examples}]"),
    ("C313", "json-schema", "{cells_here} do not meet the field's own schema[; {examples}]"),
    ("C314", "", "{cells_here} look exchanged with those in column {other}[; {examples}]"),
    ("C401", "", "{cells_here} repeat a value of an earlier row[; {examples}]"),
    ("C401", "several", "{rows_here} repeat the values of {fields} of an earlier row"),
    ("C402", "", "{cells_here} refer to no record of table \"{resource}\"[; {examples}]"),
    ("C402", "several", "{rows_here} refer by {fields} to no record of table \"{resource}\""),
    ("C501", "", "{cells_here} cannot be read as numbers, so {target} stays empty[; {examples}]"),
    ("C501", "kept", "{cells_here} cannot be read as numbers, so they stand in {target} as they were[; {examples}]"),
    ("C501", "rejected", "{cells_here} cannot be read as numbers, so their rows were not converted[; {examples}]"),
    ("C502", "", "{cells_here} cannot be read as dates or times, so {target} stays empty[; {examples}]"),
    ("C502", "kept", "{cells_here} cannot be read as dates or times, so they stand in {target} as they were[; {examples}]"),
    ("C502", "rejected", "{cells_here} cannot be read as dates or times, so their rows were not converted[; {examples}]"),
    ("C503", "", "{cells_here} can be read as two different dates, so {target} stays empty[; {examples}]"),
    ("C503", "kept", "{cells_here} can be read as two different dates, so they stand in {target} as they were[; {examples}]"),
    ("C503", "rejected", "{cells_here} can be read as two different dates, so their rows were not converted[; {examples}]"),
    ("C504", "", "{cells_here} have no counterpart[ in {table}], so {target} stays empty[; {examples}]"),
    ("C504", "kept", "{cells_here} have no counterpart[ in {table}], so they stand in {target} as they were[; {examples}]"),
    ("C504", "rejected", "{cells_here} have no counterpart[ in {table}], so their rows were not converted[; {examples}]"),
    ("C505", "", "{cells_here} lack a part that is wanted[: {piece}], so {target} stays empty[; {examples}]"),
    ("C505", "kept", "{cells_here} lack a part that is wanted[: {piece}], so they stand in {target} as they were[; {examples}]"),
    ("C505", "rejected", "{cells_here} lack a part that is wanted[: {piece}], so their rows were not converted[; {examples}]"),
    ("C506", "", "{cells_here} give no place within the area[ of {grid}], so {target} stays empty[; {examples}]"),
    ("C506", "kept", "{cells_here} give no place within the area[ of {grid}], so they stand in {target} as they were[; {examples}]"),
    ("C506", "rejected", "{cells_here} give no place within the area[ of {grid}], so their rows were not converted[; {examples}]"),
    ("C507", "", "{cells_here} have more digits than the target takes[: {places}], so {target} stays empty[; {examples}]"),
    (
        "C507",
        "kept",
        "{cells_here} have more digits than the target takes[: {places}], so they stand in {target} as they were[; {examples}]",
    ),
    ("C507", "rejected", "{cells_here} have more digits than the target takes[: {places}], so their rows were not converted[; {examples}]"),
    ("C509", "", "{rows_here} hold nothing but what was written already"),
    ("C509", "differs", "{rows_here} differ from earlier rows of the same record, whose values were kept"),
    ("C510", "", "{rows_here} are left out[ of {table}] by the crosswalk[: {why}]"),
    ("C520", "", "{cells_here} say otherwise than \"{given}\", which was given for \"{name}\", so {target} stays empty[; {examples}]"),
    (
        "C520",
        "kept",
        "{cells_here} say otherwise than \"{given}\", which was given for \"{name}\"; {target} holds what the file says[; {examples}]",
    ),
    (
        "C520",
        "rejected",
        "{cells_here} say otherwise than \"{given}\", which was given for \"{name}\", so their rows were not converted[; {examples}]",
    ),
    ("C512", "", "{rows_here} give no record[, because \"{column_name}\" is empty]"),
];

/// Facts that belong to a column or a file, not to one cell, so that one occurrence speaks for all.
const COMMON: &[&str] = &[
    "allowed", "bound", "columns", "fields", "files", "form", "given", "list", "name", "noun", "other", "resource", "standard", "target",
    "title", "unit", "what",
];

/// The causes of a report in the order of reading, with what their stored occurrences say about them.
pub struct Causes<'a> {
    /// As [`crate::finding::Findings::causes`] orders them: the gravest first, then those with the most occurrences.
    pub ordered: Vec<Told<'a>>,
}

/// One cause and the value that stands behind most of its occurrences.
pub struct Told<'a> {
    /// The cause.
    pub cause: &'a Cause,
    /// The value met most often, when every occurrence is stored and one value came more than once.
    pub most_often: Option<&'a str>,
    /// How many occurrences a conversion left empty, took as another text, and did not convert; each with whether there may be more.
    became: [u64; 3],
    more: bool,
    /// The last occurrence, when every occurrence is stored.
    pub last: Option<&'a Finding>,
}

type Key<'a> = (&'a Code, &'static str, Severity, u32, Option<u32>, Option<&'a str>);

fn key<'a>(code: &'a Code, kind: &'static str, severity: Severity, file: u32, column: Option<u32>, field: Option<&'a str>) -> Key<'a> {
    (code, kind, severity, file, column, if column.is_none() { field } else { None })
}

/// How often each value came, with the place of its first, among the stored occurrences of one cause.
#[derive(Default)]
struct Tally<'a> {
    stored: u64,
    /// Those of which a conversion left the cell empty, took it as another text, or did not convert the row.
    became: [u64; 3],
    last: Option<&'a Finding>,
    values: BTreeMap<&'a str, (u64, usize)>,
}

impl<'a> Causes<'a> {
    /// Orders and counts. Looks at each stored finding once.
    pub fn of(report: &'a Report) -> Causes<'a> {
        let causes = report.findings.causes();
        let mut index: HashMap<Key<'a>, usize> = HashMap::with_capacity(causes.len());
        for (at, c) in causes.iter().enumerate() {
            index.insert(key(&c.code, c.kind, c.severity, c.file, c.column, c.field.as_deref()), at);
        }
        let mut tallies: Vec<Tally<'a>> = Vec::new();
        tallies.resize_with(causes.len(), Tally::default);
        for (order, f) in report.findings.stored().iter().enumerate() {
            let place = &f.place;
            let Some(&at) = index.get(&key(&f.code, f.kind, f.severity, place.file, place.column, place.field.as_deref())) else {
                continue;
            };
            tallies[at].stored += 1;
            for (n, name) in ["left_empty", "taken_as", "not_converted"].iter().enumerate() {
                tallies[at].became[n] += u64::from(f.get(name).is_some());
            }
            tallies[at].last = Some(f);
            if let Some(value) = &f.value {
                tallies[at].values.entry(value).or_insert((0, order)).0 += 1;
            }
        }
        let mut ordered: Vec<Told<'a>> = causes
            .iter()
            .zip(&tallies)
            .map(|(cause, tally)| {
                // Of two values that came equally often, the one that came first.
                let top = tally.values.iter().max_by_key(|(_, (n, order))| (*n, usize::MAX - order));
                let most_often = top.filter(|(_, (n, _))| *n > 1 && tally.stored == cause.count).map(|(value, _)| *value);
                Told {
                    cause,
                    most_often,
                    became: tally.became,
                    more: tally.stored < cause.count,
                    last: tally.last.filter(|_| tally.stored == cause.count),
                }
            })
            .collect();
        ordered.sort_by_key(|told| told.cause.severity);
        Causes { ordered }
    }
}

impl Told<'_> {
    /// The cause in a sentence, with its place: `40 cells in column I "Status" are not in code list permit-status; most often "Isued"`.
    pub fn message(&self) -> String {
        let cause = self.cause;
        let Some(first) = cause.samples.first() else {
            return format!("{}: {}", self.cells(), words::title(&cause.code));
        };
        if cause.count == 1 {
            return match label(first) {
                Some(place) => format!("{place}: {}", words::message(first)),
                None => words::message(first),
            };
        }
        let plural = match &cause.code {
            Code::Engine(code) => PLURALS.iter().find(|(c, k, _)| c == code && *k == cause.kind).map(|p| p.2),
            Code::Rule(_) => None,
        };
        if let Some(template) = plural
            && let Some(text) = self.fill(template)
        {
            return text + &self.became() + &words::on_the_way(first);
        }
        let message = words::message(first);
        let same = cause.count == cause.samples.len() as u64 && cause.samples.iter().all(|s| words::message(s) == message);
        let no_facts = first.args.is_empty() && first.value.is_none();
        match words::cell(&first.place) {
            Some(cell) if !same && !no_facts => format!("{}; for example {cell}: {message}", self.cells()),
            _ => format!("{}: {message}", self.cells()),
        }
    }

    /// What a conversion made of them, behind what is wrong with them.
    fn became(&self) -> String {
        let mut out = String::new();
        let words = [
            ("stays empty", "stay empty"),
            ("was taken as another text", "were taken as other texts"),
            ("was not converted", "were not converted"),
        ];
        for (n, (one, many)) in self.became.iter().zip(words) {
            match *n {
                0 => {}
                n if n == self.cause.count => {
                    out.push_str(&format!("; all of them {many}{}", if many.starts_with("stay") { " in the result" } else { "" }))
                }
                n => {
                    let least = if self.more { "at least " } else { "" };
                    let result = if many.starts_with("stay") { " in the result" } else { "" };
                    out.push_str(&format!("; {least}{} of them {}{result}", words::number(n), if n == 1 { one } else { many }));
                }
            }
        }
        out
    }

    /// How to mend all of it. What holds for one cell only is said with that cell's name.
    pub fn mend(&self) -> String {
        let Some(first) = self.cause.samples.first() else { return String::new() };
        if let Some(text) = self.fill(words::mend_template(first)) {
            return text;
        }
        match words::cell(&first.place) {
            Some(cell) => format!("For {cell}: {} The others likewise.", words::mend(first)),
            None => words::mend(first),
        }
    }

    /// What was expected of every one of them; `None` when that differs from cell to cell or goes without saying.
    pub fn expected(&self) -> Option<String> {
        self.fill(words::expected_template(self.cause.samples.first()?)).filter(|text| !text.is_empty())
    }

    /// `40 cells in column I "Status"`, or rows, or times where the cause lies in no row.
    fn cells(&self) -> String {
        let cause = self.cause;
        match words::column(cause.column, cause.field.as_deref()) {
            Some(column) if cause.last_row > 0 => format!("{} in {column}", words::counted(cause.count, "cell", "cells")),
            Some(column) => format!("{}, {}", column, words::counted(cause.count, "time", "times")),
            None if cause.last_row > 0 => words::counted(cause.count, "row", "rows"),
            None => words::counted(cause.count, "time", "times"),
        }
    }

    /// Fills a template with facts that hold for the whole cause. `None` when a fact outside of brackets does not.
    fn fill(&self, template: &str) -> Option<String> {
        let missing = std::cell::Cell::new(false);
        // A part in brackets may lack a fact, the rest may not: the parts are dropped from a copy to see which names are needed.
        let needed = outside_brackets(template);
        let text = words::expand(template, &|name| {
            let fact = self.common(name);
            if fact.is_none() && needed.contains(&format!("{{{name}}}")) {
                missing.set(true);
            }
            fact
        });
        (!missing.get()).then_some(text)
    }

    fn common(&self, name: &str) -> Option<String> {
        let cause = self.cause;
        match name {
            "cells_here" => return Some(self.cells()),
            "rows_here" => return Some(words::counted(cause.count, "row", "rows")),
            "examples" => return self.examples(),
            _ => {}
        }
        let first = words::fact(cause.samples.first()?, name)?;
        let all_at_hand = cause.count == cause.samples.len() as u64;
        let agree = cause.samples.iter().all(|s| words::fact(s, name).as_deref() == Some(first.as_str()));
        (agree && (all_at_hand || COMMON.contains(&name))).then_some(first)
    }

    fn examples(&self) -> Option<String> {
        if let Some(value) = self.most_often {
            return Some(format!("most often \"{}\"", words::shorten(value, EXAMPLE)));
        }
        let mut values: Vec<String> = Vec::new();
        for value in self.cause.samples.iter().filter_map(|s| s.value.as_deref()) {
            let value = format!("\"{}\"", words::shorten(value, EXAMPLE));
            if !values.contains(&value) {
                values.push(value);
            }
        }
        (!values.is_empty()).then(|| format!("for example {}", values.join(", ")))
    }
}

/// Longest example value in a cause's sentence, in characters.
const EXAMPLE: usize = 60;

/// `column I "Status", row 14`; `column I` for a header, which its own sentence quotes; `None` for a finding of the file as a whole,
/// whose sentence names what it speaks of.
fn label(finding: &Finding) -> Option<String> {
    let place = &finding.place;
    if place.row == 1 && place.record == 0 && place.column.is_some() {
        return words::column(place.column, None);
    }
    let column = words::column(place.column, place.field.as_deref());
    match (column, place.row) {
        (Some(column), 0) => place.column.map(|_| column),
        (Some(column), row) => Some(format!("{column}, row {row}")),
        (None, 0) => None,
        (None, row) => Some(format!("row {row}")),
    }
}

fn outside_brackets(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut inside = false;
    for c in template.replace("[[", "").replace("]]", "").chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}
