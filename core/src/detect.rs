//! Which standard or layout a file is, how sure, and why: by its header, and by whether its values fit.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::bind::Sample;
use crate::check::dataset::Start;
use crate::check::names::{HeaderMatch, HeaderNames, Named};
use crate::check::plan::{StandardPlan, TablePlan};
use crate::decode::Head;
use crate::decode::dialect::DialectHints;
use crate::read::tidy::rows_above;
use crate::read::{Rows, Transcript};

/// One reading of a file.
#[derive(Debug, Clone)]
pub struct Guess {
    /// The standard or layout.
    pub plan: Arc<StandardPlan>,
    /// Its table.
    pub table: Arc<TablePlan>,
    /// From 0 to 1000: share of columns that are the table's and the other way round, times the share of values that fit.
    pub score: u32,
    /// Columns of the file that the table has.
    pub known: usize,
    /// Columns that it does not have.
    pub unknown: usize,
    /// Columns that give the layout away and are missing.
    pub missing: Vec<String>,
    /// Non-empty cells of the start that were looked at in columns whose values are limited, and how many of them fit.
    pub cells: (usize, usize),
    /// The header's row, where it stands below rows that no layout declares.
    pub begins: Option<u64>,
}

/// From this score on, a reading is taken without being asked for.
pub const ENOUGH: u32 = 500;

/// Records whose values are looked at.
const RECORDS: usize = 200;

/// How sure a score is, in a word.
fn sureness(score: u32) -> &'static str {
    match score {
        900.. => "sure",
        700.. => "likely",
        ENOUGH.. => "perhaps",
        _ => "unlikely",
    }
}

impl Guess {
    /// How sure, in a word.
    pub fn sureness(&self) -> &'static str {
        sureness(self.score)
    }

    /// Why, in sentences.
    pub fn reasons(&self) -> Vec<String> {
        if self.table.keys_of_nested {
            let names = crate::render::words::counted((self.known + self.unknown) as u64, "name", "names");
            return vec![format!("{} of {names} are those of \"{}\"", self.known, self.table.name)];
        }
        let columns = |n: usize| if n == 1 { "1 column".to_owned() } else { format!("{n} columns") };
        let mut out = vec![format!("{} of {} are those of table \"{}\"", self.known, columns(self.known + self.unknown), self.table.name)];
        if let Some(header) = self.begins {
            out.push(format!("the header seems to be in row {header}; {} above it", rows_above(header)));
        }
        if !self.missing.is_empty() {
            out.push(format!("it lacks {}", self.missing.join(", ")));
        }
        if self.cells.0 > 0 {
            out.push(format!("{} of {} values looked at fit", self.cells.1, self.cells.0));
        }
        out
    }
}

/// All readings with at least one known column, best first.
pub fn detect(plans: &[Arc<StandardPlan>], head: &Head, sample: &Sample<'_>) -> Vec<Guess> {
    let names = head.names();
    let names = HeaderNames::of(&names);
    let records = sample.records(head, RECORDS);
    let mut guesses: Vec<Guess> = Vec::new();
    for plan in plans {
        for table in plan.tables.iter().filter(|t| !t.keys_of_nested) {
            let found = HeaderMatch::of(table, &names);
            let known = found.known();
            if known == 0 {
                continue;
            }
            let missing: Vec<String> = found.missing(table).into_iter().map(str::to_owned).collect();
            let unknown = names.columns - known;
            let mut cells = (0, 0);
            for &(c, f, _) in found.found() {
                let rules = &table.cells[f];
                for text in records.iter().filter_map(|r| r.get(c)).filter(|t| !t.trim().is_empty()) {
                    cells.0 += 1;
                    cells.1 += usize::from(rules.accepts(text));
                }
            }
            let exact = found.found().iter().filter(|(.., how)| *how == Named::Exactly).count();
            let header = 1000 * known / (known + unknown + 2 * missing.len());
            let values = (1000 * cells.1).checked_div(cells.0).unwrap_or(1000);
            let spelling = 1000 * exact / known;
            let score = header * (500 + values / 2) / 1000 * (900 + spelling / 10) / 1000;
            guesses.push(Guess {
                plan: plan.clone(),
                table: table.clone(),
                score: score as u32,
                known,
                unknown,
                missing,
                cells,
                begins: None,
            });
        }
    }
    guesses.sort_by(|a, b| {
        b.score.cmp(&a.score).then(b.known.cmp(&a.known)).then_with(|| (&a.plan.id, &a.table.name).cmp(&(&b.plan.id, &b.table.name)))
    });
    guesses
}

/// The reading of a document of a nested resource, for which it was taken before it was read; `None` for any other file.
pub fn nested(plans: &[Arc<StandardPlan>], start: &Start<'_>) -> Option<Guess> {
    let (nested, score) = start.form?.nested()?;
    let plan = plans.iter().find(|plan| plan.nested.iter().any(|n| Arc::ptr_eq(n, nested)))?;
    Some(Guess {
        plan: plan.clone(),
        table: nested.table.clone(),
        score: score.points(),
        known: score.known as usize,
        unknown: score.unknown as usize,
        missing: Vec::new(),
        cells: (0, 0),
        begins: None,
    })
}

/// The standard that a set of files is of: the one with the best scores in sum, if its best is enough.
pub fn choose(plans: &[Arc<StandardPlan>], starts: &[(&Head, Sample<'_>)]) -> Option<(Arc<StandardPlan>, Guess)> {
    let all: Vec<Vec<Guess>> = starts.iter().map(|(head, sample)| detect(plans, head, sample)).collect();
    let mut best: Option<(u32, Guess)> = None;
    for plan in plans {
        let of_plan = all.iter().filter_map(|guesses| guesses.iter().find(|g| Arc::ptr_eq(&g.plan, plan)));
        let sum: u32 = of_plan.clone().map(|g| g.score).sum();
        let Some(top) = of_plan.max_by_key(|g| g.score) else { continue };
        if top.score >= ENOUGH && best.as_ref().is_none_or(|(s, b)| (sum, top.known) > (*s, b.known)) {
            best = Some((sum, top.clone()));
        }
    }
    best.map(|(_, guess)| (guess.plan.clone(), guess))
}

/// What was recognised of a document by its outermost element, as text or JSON.
pub fn document(name: &str, standard: &str, resource: &str, as_json: bool) -> String {
    let why = "its outermost element has the standard's name and namespace";
    if !as_json {
        return format!("{}: {standard}, document \"{resource}\" (sure)\n  {why}\n", crate::render::words::visible(name));
    }
    let (id, version) = standard.split_once('@').unwrap_or((standard, ""));
    let reading = serde_json::json!({
        "standard": {"id": id, "version": version},
        "resource": resource,
        "confidence": 1.0,
        "sureness": "sure",
        "reasons": [why],
    });
    let value = serde_json::json!({"format": "concord-detect/1", "file": name, "best": reading, "readings": [reading]});
    format!("{value:#}\n")
}

/// The readings of one table, best first.
pub fn readings(plans: &[Arc<StandardPlan>], start: &Start<'_>, hints: &DialectHints) -> Vec<Guess> {
    match start.head(hints) {
        Ok(_) if start.form.is_some_and(|f| f.nested().is_some()) => nested(plans, start).into_iter().collect(),
        Ok(head) => {
            let begins = start.form.and_then(Transcript::begins);
            let guesses = detect(plans, &head, &Sample { bytes: start.sample, whole: start.whole });
            guesses.into_iter().map(|guess| Guess { begins, ..guess }).collect()
        }
        Err(_) => Vec::new(),
    }
}

/// What can be said of a file whose readings are not sure enough.
pub fn instead_of(plans: &[Arc<StandardPlan>], start: &Start<'_>, hints: &DialectHints) -> Option<Instead> {
    instead(plans, start.head(hints).ok().as_ref(), &Sample { bytes: start.sample, whole: start.whole })
}

/// One reading as JSON.
fn reading(g: &Guess) -> serde_json::Value {
    serde_json::json!({
        "standard": {"id": g.plan.id, "version": g.plan.version},
        "resource": g.table.name,
        "confidence": f64::from(g.score) / 1000.0,
        "sureness": g.sureness(),
        "reasons": g.reasons(),
    })
}

/// The readings of a file as JSON, best first.
pub fn json(name: &str, guesses: &[Guess], instead: Option<&Instead>) -> String {
    let best = guesses.first().filter(|g| g.score >= ENOUGH).map(reading);
    let all: Vec<serde_json::Value> = guesses.iter().take(10).map(reading).collect();
    let mut value = serde_json::json!({"format": "concord-detect/1", "file": name, "best": best, "readings": all});
    if let Some(instead) = instead {
        value["instead"] = instead.words().into();
    }
    format!("{value:#}\n")
}

/// Several tables handed over in one piece, and what they are taken for as a whole.
#[derive(Debug)]
pub struct Dataset<'a> {
    /// What they were handed over as.
    pub name: &'a str,
    /// The standard of the whole; `None` when it is none known.
    pub plan: Option<&'a StandardPlan>,
    /// By table: its name and its readings, best first.
    pub tables: &'a [(String, Vec<Guess>)],
}

impl Dataset<'_> {
    /// The tables that are of the standard, each with its best reading.
    fn taken(&self) -> impl Iterator<Item = (&str, &Guess)> {
        let enough = |guesses: &'_ [Guess]| guesses.first().is_some_and(|g| g.score >= ENOUGH);
        self.tables.iter().filter(move |(_, guesses)| enough(guesses)).map(|(name, guesses)| (name.as_str(), &guesses[0]))
    }

    /// How sure, from 0 to 1000: the mean over the tables that are of the standard.
    fn score(&self) -> u32 {
        let (sum, count) = self.taken().fold((0, 0), |(sum, count), (_, guess)| (sum + guess.score, count + 1));
        sum / count.max(1)
    }

    /// In words, a line for the whole and one for each table.
    pub fn text(&self) -> String {
        use crate::render::words::visible;
        let mut out = match self.plan {
            Some(plan) => {
                let (score, count) = (self.score(), self.taken().count());
                let of = self.tables.len();
                format!("{}: {} ({}, {} %), {count} of {of} tables\n", visible(self.name), plan.reference(), sureness(score), score / 10)
            }
            None => format!("{}: none of the standards and layouts known here\n", visible(self.name)),
        };
        for (name, guesses) in self.tables {
            let what = match guesses.first().filter(|g| self.plan.is_some() && g.score >= ENOUGH) {
                Some(best) => format!("table \"{}\" ({}, {} %)", best.table.name, best.sureness(), best.score / 10),
                None => "no table of it".to_owned(),
            };
            out.push_str(&format!("  {}: {what}\n", visible(name)));
        }
        out
    }

    /// As JSON: `best` is the standard of the whole, `files` the readings of each table.
    pub fn json(&self) -> String {
        let best = self.plan.map(|plan| {
            let score = self.score();
            serde_json::json!({
                "standard": {"id": plan.id, "version": plan.version},
                "confidence": f64::from(score) / 1000.0,
                "sureness": sureness(score),
                "tables": self.taken().count(),
            })
        });
        let files: Vec<serde_json::Value> = self
            .tables
            .iter()
            .map(|(name, guesses)| {
                let best = guesses.first().filter(|g| g.score >= ENOUGH).map(reading);
                serde_json::json!({"file": name, "best": best})
            })
            .collect();
        let value = serde_json::json!({"format": "concord-detect/1", "file": self.name, "best": best, "files": files});
        format!("{value:#}\n")
    }
}

/// What can be said of a file that is of no known standard or layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// It lists the names of a table's columns, one a row: a description of data, and not data.
    ColumnList {
        /// `id@version`.
        standard: String,
        /// The table.
        table: String,
        /// How many of its columns are listed.
        columns: usize,
    },
    /// It is a page as it was printed, with columns that are set off by blanks.
    Print,
}

impl Instead {
    /// One sentence without a full stop.
    pub fn words(&self) -> String {
        match self {
            Instead::ColumnList { standard, table, columns } => {
                format!("it lists {columns} columns of {standard}, table \"{table}\": a description of data, and not data")
            }
            Instead::Print => {
                "it looks like a printed page, with columns set off by blanks; ask for the table behind it as a spreadsheet or CSV"
                    .to_owned()
            }
        }
    }
}

/// Fewest names for a list of columns, and their share of its rows in percent.
const LISTED: (usize, usize) = (5, 60);

/// Looks at a file that [`detect`] does not know; `head` when it is text.
fn instead(plans: &[Arc<StandardPlan>], head: Option<&Head>, sample: &Sample<'_>) -> Option<Instead> {
    if let Some(head) = head {
        let names: Vec<String> = sample.records(head, RECORDS).into_iter().filter_map(|r| r.into_iter().next()).collect();
        let mut best: Option<(usize, Instead)> = None;
        for (plan, table) in plans.iter().flat_map(|p| p.tables.iter().map(move |t| (p, t))) {
            let columns = names.iter().filter(|n| table.names().has(n.trim())).count();
            if columns >= LISTED.0 && columns * 100 >= names.len() * LISTED.1 && best.as_ref().is_none_or(|(most, _)| columns > *most) {
                best = Some((columns, Instead::ColumnList { standard: plan.reference(), table: table.name.clone(), columns }));
            }
        }
        if let Some((_, list)) = best {
            return Some(list);
        }
    }
    is_print(sample.bytes).then_some(Instead::Print)
}

/// Whether a file of delimited text is a page as it was printed: it looks like one, and its rows are not of one width.
pub fn printed(start: &Start<'_>, rows: &Rows) -> bool {
    if start.form.is_some() || start.document.is_some() || !is_print(start.sample) {
        return false;
    }
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    rows.iter().filter(|row| !row.is_blank()).for_each(|row| *widths.entry(row.len()).or_default() += 1);
    let all: usize = widths.values().sum();
    let most = widths.iter().filter(|(width, _)| **width > 1).map(|(_, count)| *count).max().unwrap_or(0);
    most * 10 < all * 6
}

/// Whether most lines have texts that stand apart by three blanks or more, and none is divided by tabs.
fn is_print(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let apart = lines.iter().filter(|l| l.contains("   ")).count();
    lines.len() >= 4 && apart * 2 >= lines.len() && !text.contains('\t')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::decode::dialect::DialectHints;
    use crate::schema::TableSchema;

    fn told(text: &str) -> Option<Instead> {
        let schema = Arc::new(TableSchema::of_texts(&["PARCID", "OWNER1", "ADDRGL_A", "REAL_FLV", "HSDECL", "SPAN"]));
        let plan = Arc::new(StandardPlan::of_schemas("parcels", "", vec![("parcels".to_owned(), Vec::new(), schema)]));
        let sample = Sample { bytes: text.as_bytes(), whole: true };
        let head = Head::read(text.as_bytes(), true, &DialectHints::default()).ok();
        instead(&[plan], head.as_ref(), &sample)
    }

    #[test]
    fn lists_of_columns_and_prints_are_told_from_tables() {
        let list = told("field,what\nPARCID,number\nOWNER1,name\nADDRGL_A,address\nREAL_FLV,value\nSPAN,number\nX,y\n").unwrap();
        assert!(matches!(&list, Instead::ColumnList { columns: 5, .. }) && list.words().contains("lists 5 columns"), "{list:?}");
        let print = "       TOWN OF SEAHOLM\n\n Date       Kind       Address\n\n 2026-01-02     LARCENY      3 MAIN\n 16:51:07       ST\n";
        assert_eq!(told(print), Some(Instead::Print));
        for table in ["a,b\n1,2\n3,4\n5,6\n7,8\n", "", "PARCID,OWNER1\n1,2\n", "a\tb   c\n1\t2   3\n1\t2   3\n1\t2   3\n"] {
            assert_eq!(told(table), None, "{table}");
        }
    }
}
