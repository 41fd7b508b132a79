//! A draft of how an export that nobody has described yet becomes a known standard: which column is which field, with what speaks for it.
//!
//! What counts, from the strongest to the weakest: the field's own name, or another name or title of it; how the crosswalks known here read a
//! column of that name; words that the names share, also in short forms; what known layouts call a column of that name. The values speak
//! with it: whether they are of the field's type, or codes of its list. Nothing is decided: the draft is a crosswalk for a person to read,
//! with the evidence of each line beside it, and it runs as it is.
//!
//! Scores are whole numbers from 0 to 1000, and the same input gives the same draft.

use std::collections::BTreeMap;

use crate::check::cell::CellRules;
use crate::check::near::folded;
use crate::package::crosswalk::FieldMap;
use crate::package::{Package, Resource};
use crate::read::tidy::{self, Suggested};
use crate::read::{Rows, Step};
use crate::schema::{Field, Presence};

mod copy;
mod names;
#[cfg(test)]
mod tests;
mod values;
mod write;

use copy::{Copied, copy, empties, works};
use names::{begins_of, similar, words};
use values::{Column, Fit, fit};

/// Records that are looked at.
const RECORDS: usize = 400;

/// Most columns that are compared; those behind are listed as not used.
const COLUMNS: usize = 1000;

/// From this score on a line stands in the draft; below it, down to [`PERHAPS`], it stands there as a comment.
const ENOUGH: u32 = 480;
const PERHAPS: u32 = 330;

/// From this score on a column has the field's own name, or another one of it.
const BY_OWN_NAME: u32 = 970;

/// The start of an export.
#[derive(Debug)]
pub struct Export {
    /// The file's name.
    name: String,
    columns: Vec<Column>,
    /// Headers that cannot be named in a crosswalk: empty ones, and repeated ones.
    nameless: usize,
    /// Steps that make a table of it; empty when it is one as it comes.
    layout: Vec<Suggested>,
    /// Steps that the file may need but is not sure to.
    doubtful: Vec<Suggested>,
}

/// What is known beside the target.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Packages whose names of columns may help, and whose crosswalks to the target count.
    pub packages: &'a [&'a Package],
}

/// One line of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The target's field.
    pub to: String,
    /// The export's column.
    pub from: String,
    /// All columns that are read, in their order, where a known crosswalk reads several.
    pub inputs: Vec<String>,
    /// From 0 to 1000.
    pub sure: u32,
    /// What speaks for it, in words.
    pub why: String,
    /// The steps, each in TOML.
    pub steps: Vec<String>,
    /// What becomes of a value that a step cannot treat, where it is not the usual.
    pub otherwise: Option<&'static str>,
}

/// What becomes of one of the target's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftTable {
    /// The target's table.
    pub to: String,
    /// Its fields that were found, in the target's order.
    pub lines: Vec<Line>,
    /// Readings too weak to be taken.
    pub perhaps: Vec<Line>,
    /// Target fields by which rows are written once, since the export repeats them.
    pub distinct: Vec<String>,
}

/// A draft of a crosswalk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The tables, in the target's order.
    pub tables: Vec<DraftTable>,
    /// Columns of the export that no line reads.
    pub unused: Vec<String>,
    toml: String,
}

impl Draft {
    /// The crosswalk, in the form of `standards/README.md`.
    pub fn toml(&self) -> &str {
        &self.toml
    }
}

/// A file in whose first rows no table can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTable;

impl Export {
    /// The export that starts with these rows, as they stand. `keyed` says that each record names its own cells, so that no step of a layout
    /// could apply.
    ///
    /// # Errors
    /// When there is no header with a name.
    pub fn of_rows(name: &str, rows: &Rows, keyed: bool) -> Result<Export, NoTable> {
        let (layout, doubtful): (Vec<Suggested>, Vec<Suggested>) =
            if keyed { (Vec::new(), Vec::new()) } else { tidy::suggest(rows).into_iter().partition(|s| s.sure >= 600) };
        let (layout, doubtful) = match tidied(rows, &layout) {
            Some(made) => return Export::of_table(name, &made, layout, doubtful),
            // Steps that take the table apart are left to the person.
            None => (Vec::new(), layout.into_iter().chain(doubtful).collect()),
        };
        Export::of_table(name, rows, layout, doubtful)
    }

    fn of_table(name: &str, rows: &Rows, layout: Vec<Suggested>, doubtful: Vec<Suggested>) -> Result<Export, NoTable> {
        let header = rows.iter().find(|r| !r.is_blank()).ok_or(NoTable)?;
        let at = header.origin.row;
        let records: Vec<_> =
            rows.iter().skip_while(|r| r.origin.row <= at && r.is_blank()).skip(1).filter(|r| !r.is_blank()).take(RECORDS).collect();
        let (mut columns, mut nameless): (Vec<Column>, usize) = (Vec::new(), 0);
        for (i, (name, _)) in header.cells().enumerate() {
            if name.trim().is_empty() || columns.iter().any(|c| c.name == name) {
                nameless += 1;
                continue;
            }
            columns.push(Column::new(name, records.iter().map(|r| r.text(i))));
        }
        if columns.is_empty() {
            return Err(NoTable);
        }
        Ok(Export { name: name.to_owned(), columns, nameless, layout, doubtful })
    }

    /// The names of the columns, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|c| c.name.as_str())
    }

    /// The steps of a layout that the draft has.
    pub fn layout(&self) -> &[Suggested] {
        &self.layout
    }
}

/// What the steps of a layout make of the first rows; `None` when they are at fault or leave no table.
fn tidied(rows: &Rows, layout: &[Suggested]) -> Option<Rows> {
    if layout.is_empty() {
        return None;
    }
    let text = write::source_of("draft", &["-"], layout);
    let source = crate::package::read_crosswalk::source_of(text.as_bytes())?;
    let package = source.package("draft@draft");
    let mut steps = crate::read::tidy::Known::of_package(&package).next()?.tidy();
    let (mut out, mut findings) = (Rows::new(), Vec::new());
    steps.rows(rows, &mut out, &mut findings);
    steps.finish(&mut out, &mut findings);
    (out.len() > 1 && out.get(0).is_some_and(|header| !header.is_blank())).then_some(out)
}

/// Drafts how an export becomes a standard.
pub fn suggest(export: &Export, target: &Package, known: Known<'_>) -> Draft {
    let evidence = Evidence::of(target, known);
    let columns = &export.columns[..export.columns.len().min(COLUMNS)];
    let column_words: Vec<Words> = columns.iter().map(|c| evidence.words_of(&c.name)).collect();
    let mut tables: Vec<DraftTable> = Vec::new();
    for resource in &target.resources {
        tables.push(draft_table(resource, columns, &column_words, &evidence));
    }
    keep(&mut tables, target);
    let unused = export
        .columns()
        .filter(|name| !tables.iter().flat_map(|t| &t.lines).any(|l| l.inputs.iter().any(|i| i == name)))
        .map(str::to_owned)
        .collect();
    let mut draft = Draft { tables, unused, toml: String::new() };
    draft.toml = write::draft(&draft, export, target);
    draft
}

/// Leaves the tables of which the export tells enough: the one of which it tells most, and others that it fills as well as their keys ask.
fn keep(tables: &mut Vec<DraftTable>, target: &Package) {
    let told = |t: &DraftTable| t.lines.iter().map(|l| l.sure).sum::<u32>();
    let Some(best) = tables.iter().map(told).max().filter(|sum| *sum > 0) else {
        tables.clear();
        return;
    };
    let first = tables.iter().position(|t| told(t) == best);
    let mut index = 0;
    tables.retain(|table| {
        let at = index;
        index += 1;
        let Some(resource) = target.resource(&table.to) else { return false };
        let schema = &resource.schema;
        let must: Vec<&str> = (0..schema.fields.len()).filter(|&f| schema.is_required(f)).map(|f| schema.fields[f].name.as_str()).collect();
        let filled = must.iter().filter(|name| table.lines.iter().any(|l| l.to == **name)).count();
        let sure = table.lines.iter().filter(|l| l.sure >= 700).count();
        Some(at) == first || (!must.is_empty() && filled == must.len() && sure >= 2)
    });
}

/// A name as words, and what known layouts call a column of that name.
struct Words {
    folded: String,
    own: Vec<String>,
    elsewhere: Vec<Vec<String>>,
}

/// How alike the words of a field must at least be to those that other layouts have for a column, of 1000.
const LEAST_ALIKE: u32 = 750;

/// What is known of names.
struct Evidence<'a> {
    /// Titles that known layouts give a column, by its folded name.
    titles: BTreeMap<String, Vec<Vec<String>>>,
    /// By target table and field, the folded names of the columns that known crosswalks read for it, and where.
    crosswalks: BTreeMap<(String, String), Vec<Read<'a>>>,
}

/// A column that a known crosswalk reads: its folded name, where, and in which line.
struct Read<'a> {
    name: String,
    from: &'a str,
    map: &'a FieldMap,
}

impl<'a> Evidence<'a> {
    fn of(target: &'a Package, known: Known<'a>) -> Evidence<'a> {
        let mut titles: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for package in known.packages.iter().filter(|p| p.reference() != target.reference()) {
            for field in package.resources.iter().flat_map(|r| &r.schema.fields) {
                let title = words(&field.title);
                for name in std::iter::once(&field.name).chain(&field.extras.aliases) {
                    let list = titles.entry(folded(name)).or_default();
                    if !title.is_empty() && list.len() < 5 && !list.contains(&title) {
                        list.push(title.clone());
                    }
                }
            }
        }
        let mut crosswalks: BTreeMap<(String, String), Vec<Read<'_>>> = BTreeMap::new();
        for crosswalk in &target.crosswalks {
            let id = crosswalk.from.split('@').next().unwrap_or_default();
            if !known.packages.iter().any(|p| p.manifest.id == id) {
                continue;
            }
            for table in &crosswalk.tables {
                for field in &table.fields {
                    for name in field.from.names() {
                        let list = crosswalks.entry((table.to.clone(), field.to.clone())).or_default();
                        list.push(Read { name: folded(name), from: &crosswalk.from, map: field });
                    }
                }
            }
        }
        Evidence { titles, crosswalks }
    }

    fn words_of(&self, name: &str) -> Words {
        let folded = folded(name);
        let elsewhere = self.titles.get(&folded).cloned().unwrap_or_default();
        Words { own: words(name), elsewhere, folded }
    }

    /// The line of a known crosswalk that makes a field of a column of that name, the first of which the steps make something of these
    /// values, and whether they do.
    fn read_for(&self, resource: &Resource, field: &Field, name: &str, column: &Column, rules: &CellRules) -> Option<(&Read<'a>, bool)> {
        let list = self.crosswalks.get(&(resource.name.clone(), field.name.clone()))?;
        let of_name = || list.iter().filter(|r| r.name == name);
        let first = of_name().next()?;
        Some(of_name().find(|r| works(r.map, column, rules)).map_or((first, false), |read| (read, true)))
    }

    /// How much the name of a column speaks for a field, and why. `read` is the line of a known crosswalk that reads a column of that name.
    fn by_name(&self, column: &Column, have: &Words, resource: &Resource, wanted: &Wanted<'_>, read: Option<&Read<'_>>) -> (u32, String) {
        let field = wanted.field;
        if have.folded.is_empty() {
            return (0, String::new());
        }
        if have.folded == folded(&field.name) {
            return (1000, if column.name == field.name { "the same name" } else { "the same name but for case and signs" }.to_owned());
        }
        if field.extras.aliases.iter().any(|a| folded(a) == have.folded) {
            return (970, "another name of this field".to_owned());
        }
        if let Some(read) = read {
            return (940, format!("the crosswalk from {} reads a column of this name", read.from));
        }
        if !field.title.is_empty() && have.folded == folded(&field.title) {
            return (930, "the same as the field's title".to_owned());
        }
        if have.folded == "id" && matches!(resource.schema.primary_key[..], [key] if resource.schema.fields[key].name == field.name) {
            return (800, format!("a column called no more than this mostly numbers the {} itself", resource.record));
        }
        let weight = |word: &str| wanted.weights.get(word).copied().unwrap_or(1000);
        let mut best = (0, String::new());
        let mut say = |score: u32, why: &dyn Fn() -> String| {
            if score > best.0 {
                best = (score, why());
            }
        };
        let names = wanted.names.iter().map(|n| (n, 900)).chain([(&wanted.title, 880)]);
        for (Name { text, words }, scale) in names {
            say(similar(&have.own, words, &weight) * scale / 1000, &|| format!("it has words of \"{text}\""));
            if begins_of(&column.name, words) {
                say(780, &|| format!("it could be short for \"{text}\""));
            }
            for title in &have.elsewhere {
                let alike = similar(title, words, &weight);
                // What others call it is taken at its word: half of a name leads astray.
                let score = if alike < LEAST_ALIKE { 0 } else { alike * (scale - 120) / 1000 };
                say(score, &|| format!("other layouts call such a column \"{}\", as in \"{text}\"", title.join(" ")));
            }
        }
        best
    }
}

/// A name with its words.
struct Name<'a> {
    text: &'a str,
    words: Vec<String>,
}

impl Name<'_> {
    fn of(text: &str) -> Name<'_> {
        Name { text, words: words(text) }
    }
}

/// A field of the target with its names as words.
struct Wanted<'a> {
    field: &'a Field,
    names: Vec<Name<'a>>,
    title: Name<'a>,
    /// How much a word tells: less when many fields of the table have it.
    weights: &'a BTreeMap<String, u32>,
}

fn draft_table(resource: &Resource, columns: &[Column], have: &[Words], evidence: &Evidence<'_>) -> DraftTable {
    let schema = &resource.schema;
    let mut often: BTreeMap<String, u32> = BTreeMap::new();
    for field in &schema.fields {
        let mut all = words(&field.name);
        all.sort_unstable();
        all.dedup();
        all.into_iter().for_each(|w| *often.entry(w).or_default() += 1);
    }
    let weights: BTreeMap<String, u32> = often.into_iter().map(|(word, n)| (word, 250 + 750 / n)).collect();
    let mut readings: Vec<Reading> = Vec::new();
    for (f, field) in schema.fields.iter().enumerate() {
        let rules = CellRules::new(schema, f);
        let names = std::iter::once(&field.name).chain(&field.extras.aliases).map(|n| Name::of(n)).collect();
        let wanted = Wanted { field, names, title: Name::of(&field.title), weights: &weights };
        for (c, column) in columns.iter().enumerate() {
            let read = evidence.read_for(resource, field, &have[c].folded, column, &rules);
            let fails = read.is_some_and(|(_, works)| !works);
            let read = read.map(|(read, _)| read);
            let (name, why) = evidence.by_name(column, &have[c], resource, &wanted, read);
            let listed = field.codes.is_some();
            if name < PERHAPS && !listed {
                continue;
            }
            // A known crosswalk has the steps that the values need.
            let by_folded = |name: &str| columns.iter().find(|c| folded(&c.name) == folded(name)).map(|c| c.name.clone());
            let copied = read.and_then(|read| copy(read.map, &by_folded));
            let fit = fit(column, field, &rules);
            let score = if copied.is_some() { name } else { weigh(name, &fit, listed) };
            if score >= PERHAPS {
                let borrowed = fails && name < BY_OWN_NAME;
                if borrowed && read.is_some_and(|read| empties(read.map, column)) {
                    continue;
                }
                readings.push(Reading { score, field: f, column: c, why, fit, copied, borrowed });
            }
        }
    }
    // What is borrowed and makes little of the values gives way to a column whose own name fits.
    let mut named = vec![false; schema.fields.len()];
    readings.iter().filter(|r| !r.borrowed && r.score >= ENOUGH).for_each(|r| named[r.field] = true);
    readings.retain(|r| !(r.borrowed && named[r.field]));
    // The surest reading first; of equal ones the first field and the first column.
    readings.sort_by(|a, b| b.score.cmp(&a.score).then((a.field, a.column).cmp(&(b.field, b.column))));
    let (mut taken_fields, mut taken_columns) = (vec![false; schema.fields.len()], vec![false; columns.len()]);
    let mut lines: Vec<(usize, Line)> = Vec::new();
    let mut perhaps: Vec<(usize, Line)> = Vec::new();
    for reading in readings {
        let (f, c, sure) = (reading.field, reading.column, reading.score);
        // One column may fill two fields only where the names leave no doubt.
        if taken_fields[f] || (taken_columns[c] && sure < 900) {
            continue;
        }
        let line = line(&schema.fields[f].name, &columns[c], reading);
        if sure >= ENOUGH {
            (taken_fields[f], taken_columns[c]) = (true, true);
            lines.push((f, line));
        } else if perhaps.iter().filter(|(other, _)| *other == f).count() < 2 {
            perhaps.push((f, line));
        }
    }
    perhaps.retain(|(f, _)| !taken_fields[*f]);
    lines.sort_by_key(|(f, _)| *f);
    perhaps.sort_by_key(|(f, _)| *f);
    let distinct = repeated_key(resource, &lines, columns);
    let only = |lines: Vec<(usize, Line)>| lines.into_iter().map(|(_, line)| line).collect();
    DraftTable { to: resource.name.clone(), lines: only(lines), perhaps: only(perhaps), distinct }
}

/// One column taken for one field.
struct Reading {
    score: u32,
    field: usize,
    column: usize,
    why: String,
    fit: Fit,
    /// The line of a known crosswalk, when there is one that can be written here.
    copied: Option<Copied>,
    /// A known crosswalk alone speaks for it, and its steps make little of the values.
    borrowed: bool,
}

fn line(to: &str, column: &Column, reading: Reading) -> Line {
    let Reading { score: sure, why, fit, copied, .. } = reading;
    if let Some(Copied { inputs, steps, otherwise }) = copied {
        let why = format!("{why}; its steps are taken over");
        return Line { to: to.to_owned(), from: column.name.clone(), inputs, sure, why, steps, otherwise };
    }
    let mut why = if why.is_empty() { "its values alone speak for it".to_owned() } else { why };
    match fit.share {
        _ if !fit.why.is_empty() => why = format!("{why}; {}", fit.why),
        Some((good, of)) => why = format!("{why}; {good} of {of} different values fit"),
        None => {
            let some = column.examples().iter().map(|e| format!("\"{}\"", e.chars().take(30).collect::<String>())).collect::<Vec<_>>();
            if !some.is_empty() {
                why = format!("{why}; values such as {}", some.join(", "));
            }
        }
    }
    let inputs = vec![column.name.clone()];
    Line { to: to.to_owned(), from: column.name.clone(), inputs, sure, why, steps: fit.steps, otherwise: None }
}

/// The name's score, made less by values that do not fit; values that are codes of a list speak for themselves. Towns have codes of their own, so a
/// name counts for more than values that are none of the list's.
fn weigh(name: u32, fit: &Fit, listed: bool) -> u32 {
    let Some((good, of)) = fit.share else { return name };
    let share = u32::try_from(1000 * good / of.max(1)).unwrap_or(0);
    let least = if listed { 650 } else { 300 };
    let both = if share < 300 { name * (least + share * (650 - least) / 300) / 1000 } else { name * (650 + share * 35 / 100) / 1000 };
    if fit.telling { both.max(500 + name / 4) } else { both }
}

/// The key's fields, when the export repeats the value of a key of one column, as a list of inspections repeats the business.
fn repeated_key(resource: &Resource, lines: &[(usize, Line)], columns: &[Column]) -> Vec<String> {
    let key = &resource.schema.primary_key;
    let column = |f: &usize| {
        let line = &lines.iter().find(|(field, _)| field == f)?.1;
        columns.iter().find(|c| c.name == line.from)
    };
    let repeats = key.len() == 1 && key.iter().all(|f| column(f).is_some_and(|c| c.repeats));
    if repeats { key.iter().map(|&f| resource.schema.fields[f].name.clone()).collect() } else { Vec::new() }
}

/// Whether the target must have this field filled, in words for a comment.
fn need(resource: &Resource, field: usize) -> &'static str {
    match (resource.schema.is_required(field), resource.schema.fields[field].extras.presence) {
        (true, _) => "required",
        (false, Presence::Recommended) => "recommended",
        _ => "optional",
    }
}
