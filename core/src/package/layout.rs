//! How an untidy file becomes a table: the steps that a package declares for one of its resources, in `standard.toml` under `[[layout]]`.
//!
//! The format is described in `standards/README.md`; the steps themselves are in [`crate::read::tidy`].

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::notes::{Notes, arg_if, near};
use super::toml::Keys;
use super::{layout_fixed, layout_printed};
use crate::decimal::Decimal;
use crate::read::fixed::FixedLayout;
use crate::read::printed::PrintedLayout;
use crate::schema::parse::{compile, pattern_problem};

/// The steps for the files of one resource, in their order.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The resource's name.
    pub resource: String,
    /// The sign before the fraction of an amount.
    pub decimal: char,
    /// The sign between groups of three digits.
    pub group: Option<char>,
    /// Where the columns are, in a file of fixed width.
    pub fixed: Option<Arc<FixedLayout>>,
    /// How printed pages are read.
    pub printed: Option<Arc<PrintedLayout>>,
    /// What is done, first to last.
    pub steps: Vec<LayoutStep>,
}

/// One declared step.
#[derive(Debug, Clone)]
pub enum LayoutStep {
    /// Finds the header; rows above it are titles.
    Header(HeaderStep),
    /// Leaves empty rows out.
    Blank,
    /// Headings between the records, carried down into columns.
    Section(SectionStep),
    /// A value holds until the next one in its column.
    Fill {
        /// From the outermost to the innermost.
        columns: Vec<String>,
    },
    /// Rows that are sums of others.
    Totals(TotalsStep),
    /// Two sums that must be the same.
    Balance(BalanceStep),
    /// Everything from the first row that matches is left out.
    Footer(RowTest),
    /// Rows that match are left out.
    Skip {
        /// Which rows.
        test: RowTest,
        /// Why, for the report.
        why: String,
    },
    /// Columns become rows.
    Unpivot {
        /// Which columns; its named groups become columns.
        pattern: Regex,
        /// The column that takes the values.
        value: String,
        /// Whether empty cells become rows too.
        keep_empty: bool,
    },
    /// Other names for columns, with what the name says beside it.
    Rename {
        /// The group `name` is the new name, other named groups become columns.
        pattern: Regex,
    },
    /// Columns that are left out.
    Drop {
        /// Which.
        columns: Vec<String>,
        /// Why, for the report.
        why: String,
    },
    /// Values brought into plain form.
    Values {
        /// In which columns.
        columns: Select,
        /// How.
        form: ValueForm,
    },
}

/// Finds the header by its names.
#[derive(Debug, Clone)]
pub struct HeaderStep {
    /// Names that the header holds; empty when the resource's own distinctive or required columns say it.
    pub names: Vec<String>,
    /// Most rows that the header is spread over.
    pub lines: usize,
    /// Rows looked at.
    pub within: usize,
    /// A name of the first of several lines also stands over the columns to its right that have none in that line.
    pub span: bool,
    /// What titles say; named groups become columns.
    pub titles: Vec<Regex>,
    /// Whether the header, and titles with it, stand on each page again.
    pub repeats: bool,
}

/// Headings.
#[derive(Debug, Clone)]
pub struct SectionStep {
    /// Named groups become columns.
    pub pattern: Regex,
    /// Where the heading stands; the first filled cell when not given.
    pub column: Option<String>,
    /// Only rows without another filled cell are headings.
    pub alone: bool,
}

/// Totals and how they are checked.
#[derive(Debug, Clone)]
pub struct TotalsStep {
    /// The amounts.
    pub sum: Select,
    /// How far a total may be from the sum, for amounts that were rounded in print.
    pub tolerance: Decimal,
    /// Amounts that a print rounds to whole units, where they are written without a fraction: a total may then be off by half a unit for
    /// each of its records and for itself.
    pub rounded: Vec<String>,
    /// Kinds of totals, from the innermost to the outermost.
    pub totals: Vec<TotalKind>,
}

/// One kind of totals.
#[derive(Debug, Clone)]
pub struct TotalKind {
    /// Where the pattern is looked for.
    pub columns: Vec<String>,
    /// What such a row says there.
    pub pattern: Regex,
    /// A row that says something else than the pattern here is a record, whatever it is called.
    pub empty: Vec<String>,
    /// Only records with these values are summed.
    pub only: Option<Where>,
    /// The sum begins anew when one of these changes.
    pub by: Vec<String>,
    /// Rows behind such a total are a footer.
    pub last: bool,
    /// `false` for totals that are left out but not checked, with the reason in the layout.
    pub check: bool,
}

/// A column with one of these values, or one of this form.
#[derive(Debug, Clone)]
pub struct Where {
    /// The column.
    pub column: String,
    /// The values, compared in lower case without blanks around.
    pub is: Vec<String>,
    /// What such a value looks like.
    pub matches: Option<Regex>,
}

/// Two sums.
#[derive(Debug, Clone)]
pub struct BalanceStep {
    /// One side.
    pub left: Side,
    /// The other; without it the left one must be zero.
    pub right: Option<Side>,
    /// Each group of records with equal values here is compared by itself.
    pub by: Vec<String>,
    /// How far apart the two may be.
    pub tolerance: Decimal,
}

/// One side of a balance.
#[derive(Debug, Clone)]
pub struct Side {
    /// The amount.
    pub sum: String,
    /// Of which records.
    pub only: Option<Where>,
}

/// Which rows.
#[derive(Debug, Clone)]
pub struct RowTest {
    /// What they say.
    pub pattern: Regex,
    /// In which column; in any cell when not given.
    pub column: Option<String>,
}

/// Which columns.
#[derive(Debug, Clone)]
pub enum Select {
    /// By name.
    Named(Vec<String>),
    /// Whose header matches.
    Matching(Regex),
}

/// How values are brought into plain form.
#[derive(Debug, Clone)]
pub enum ValueForm {
    /// Brackets, trailing minus, currency signs, grouping, `-` for zero.
    Number,
    /// The same, and without a percent sign.
    Percent,
    /// One of these forms, written as ISO 8601.
    Date {
        /// As in the `date` step of a crosswalk.
        from: Vec<String>,
        /// The last two-digit year that is after 2000.
        pivot: u32,
    },
    /// The number of a day, as spreadsheets count them.
    SerialDate {
        /// Day 0 is 1 January 1904.
        from_1904: bool,
    },
    /// A number that is a name: filled up with zeros, never in scientific notation.
    Id {
        /// Digits.
        width: Option<usize>,
    },
}

/// Kinds of steps, as they are written.
pub const KINDS: &[&str] =
    &["header", "blank", "section", "fill", "totals", "balance", "footer", "skip", "unpivot", "rename", "drop", "values"];

/// Reads all `[[layout]]` of a manifest whose resources have these names.
pub(crate) fn read(keys: &Keys<'_>, resources: &[&str], files: &BTreeMap<String, Vec<u8>>, notes: &mut Notes) -> Vec<Layout> {
    let mut layouts: Vec<Layout> = Vec::new();
    for layout in keys.tables("layout", notes) {
        let resource = match (layout.text("resource", notes), resources) {
            (Some(name), _) => name.to_owned(),
            (None, [only]) => (*only).to_owned(),
            _ => layout.need("resource", notes).unwrap_or_default().to_owned(),
        };
        if !resource.is_empty() && !resources.contains(&resource.as_str()) {
            let finding = layout.note("C907", "resource", "resource").value(&resource);
            notes.push(arg_if(finding, "near", near(&resource, resources.iter().copied())));
        }
        if layouts.iter().any(|l| l.resource == resource) {
            notes.push(layout.note("C931", "", "resource").value(&resource));
        }
        let decimal = sign(&layout, "decimal", notes).unwrap_or('.');
        let group = sign(&layout, "group", notes).or((decimal == '.').then_some(','));
        if group == Some(decimal) {
            notes.push(unusable(&layout, "group", "one sign cannot both divide groups and stand before the fraction"));
        }
        let fixed = layout_fixed::read(&layout, &resource, files, notes);
        let printed = layout_printed::read(&layout, notes);
        if !layout.has("fixed") && !layout.has("printed") {
            layout.need_key("step", notes);
        }
        let mut steps = Vec::new();
        let mut headed = false;
        for step in layout.tables("step", notes) {
            step.need_key("kind", notes);
            let Some(kind) = step.word("kind", KINDS, notes) else { continue };
            let read = step_of(KINDS[kind], &step, notes);
            step.finish(notes);
            match &read {
                Some(LayoutStep::Header(_)) if headed => {
                    notes.push(unusable(&step, "kind", "the header is looked for once, before every step that names a column"));
                }
                Some(LayoutStep::Header(_)) => headed = true,
                // Until the header is found no row has columns, so these look at rows as a whole.
                Some(LayoutStep::Blank | LayoutStep::Footer(RowTest { column: None, .. })) => {}
                Some(LayoutStep::Skip { test: RowTest { column: None, .. }, .. }) => {}
                Some(_) => headed = true,
                None => {}
            }
            steps.extend(read);
        }
        layout.finish(notes);
        let printed = printed.map(|printed| Arc::new(layout_printed::with_steps(printed, &steps)));
        layouts.push(Layout { resource, decimal, group, fixed, printed, steps });
    }
    layouts
}

fn step_of(kind: &str, keys: &Keys<'_>, notes: &mut Notes) -> Option<LayoutStep> {
    match kind {
        "header" => Some(LayoutStep::Header(HeaderStep {
            names: keys.texts("names", notes).unwrap_or_default(),
            lines: keys.whole("lines", 1..=5, notes).unwrap_or(1) as usize,
            within: keys.whole("within", 1..=200, notes).unwrap_or(30) as usize,
            span: keys.flag("span", notes).unwrap_or(false),
            titles: keys.texts("titles", notes).unwrap_or_default().iter().filter_map(|p| groups(keys, "titles", p, notes)).collect(),
            repeats: keys.flag("repeats", notes).unwrap_or(false),
        })),
        "blank" => Some(LayoutStep::Blank),
        "section" => {
            let pattern = keys.need("pattern", notes).and_then(|p| groups(keys, "pattern", p, notes));
            let column = keys.text("column", notes).map(str::to_owned);
            let alone = keys.flag("alone", notes).unwrap_or(true);
            Some(LayoutStep::Section(SectionStep { pattern: pattern?, column, alone }))
        }
        "fill" => Some(LayoutStep::Fill { columns: keys.need_texts("columns", notes)? }),
        "totals" => {
            let sum = select(keys, "sum", "sum_matching", notes);
            let tolerance = tolerance(keys, notes);
            let rounded = keys.texts("rounded", notes).unwrap_or_default();
            keys.need_key("total", notes);
            let totals = keys.tables("total", notes).iter().filter_map(|t| total(t, notes)).collect();
            Some(LayoutStep::Totals(TotalsStep { sum: sum?, tolerance, rounded, totals }))
        }
        "balance" => {
            keys.need_key("left", notes);
            let left = keys.table("left", notes).and_then(|side| side_of(&side, notes));
            let right = keys.table("right", notes).map(|side| side_of(&side, notes));
            let by = keys.texts("by", notes).unwrap_or_default();
            let tolerance = tolerance(keys, notes);
            let right = match right {
                None => None,
                Some(side) => Some(side?),
            };
            Some(LayoutStep::Balance(BalanceStep { left: left?, right, by, tolerance }))
        }
        "footer" => Some(LayoutStep::Footer(row_test(keys, notes)?)),
        "skip" => {
            let (test, why) = (row_test(keys, notes), keys.need("why", notes).map(str::to_owned));
            Some(LayoutStep::Skip { test: test?, why: why? })
        }
        "unpivot" => {
            let pattern = keys.need("pattern", notes).and_then(|p| groups(keys, "pattern", p, notes));
            let value = keys.need("value", notes).map(str::to_owned);
            let keep_empty = keys.flag("keep_empty", notes).unwrap_or(false);
            Some(LayoutStep::Unpivot { pattern: pattern?, value: value?, keep_empty })
        }
        "rename" => {
            let pattern = keys.need("pattern", notes).and_then(|p| groups(keys, "pattern", p, notes))?;
            if !pattern.capture_names().flatten().any(|n| n == "name") {
                notes.push(unusable(keys, "pattern", "the pattern needs a group called name, which is the new name"));
                return None;
            }
            Some(LayoutStep::Rename { pattern })
        }
        "drop" => {
            let (columns, why) = (keys.need_texts("columns", notes), keys.need("why", notes).map(str::to_owned));
            Some(LayoutStep::Drop { columns: columns?, why: why? })
        }
        "values" => {
            let columns = select(keys, "columns", "matching", notes);
            let form = value_form(keys, notes);
            Some(LayoutStep::Values { columns: columns?, form: form? })
        }
        _ => None,
    }
}

fn total(keys: &Keys<'_>, notes: &mut Notes) -> Option<TotalKind> {
    let columns = keys.need_texts("in", notes);
    let pattern = keys.need("pattern", notes).and_then(|p| pattern(keys, "pattern", p, notes));
    let only = only(keys, notes);
    let (by, empty) = (keys.texts("by", notes).unwrap_or_default(), keys.texts("empty", notes).unwrap_or_default());
    let last = keys.flag("last", notes).unwrap_or(false);
    let check = keys.flag("check", notes).unwrap_or(true);
    keys.finish(notes);
    Some(TotalKind { columns: columns?, pattern: pattern?, empty, only, by, last, check })
}

fn side_of(keys: &Keys<'_>, notes: &mut Notes) -> Option<Side> {
    let (sum, only) = (keys.need("sum", notes).map(str::to_owned), only(keys, notes));
    keys.finish(notes);
    Some(Side { sum: sum?, only })
}

fn only(keys: &Keys<'_>, notes: &mut Notes) -> Option<Where> {
    let inside = keys.table("where", notes)?;
    let column = inside.need("column", notes).map(str::to_owned);
    let (is, matches) = match inside.text("matches", notes) {
        Some(text) => (inside.texts("is", notes), Some(pattern(&inside, "matches", text, notes)?)),
        None => (Some(inside.need_texts("is", notes)?), None),
    };
    inside.finish(notes);
    let is = is.unwrap_or_default().iter().map(|t| t.trim().to_lowercase()).collect();
    Some(Where { column: column?, is, matches })
}

fn row_test(keys: &Keys<'_>, notes: &mut Notes) -> Option<RowTest> {
    let column = keys.text("column", notes).map(str::to_owned);
    let pattern = keys.need("pattern", notes).and_then(|p| pattern(keys, "pattern", p, notes))?;
    Some(RowTest { pattern, column })
}

fn value_form(keys: &Keys<'_>, notes: &mut Notes) -> Option<ValueForm> {
    keys.need_key("as", notes);
    match keys.word("as", &["number", "percent", "date", "serial-date", "id"], notes)? {
        0 => Some(ValueForm::Number),
        1 => Some(ValueForm::Percent),
        2 => {
            let from = keys.need_texts("from", notes)?;
            let pivot = keys.whole("pivot", 0..=99, notes).unwrap_or(68) as u32;
            if let Err(problem) = crate::map::date::DateStep::compile(&from, "%Y-%m-%d") {
                notes.push(unusable(keys, "from", &problem));
                return None;
            }
            Some(ValueForm::Date { from, pivot })
        }
        3 => Some(ValueForm::SerialDate { from_1904: keys.flag("from_1904", notes).unwrap_or(false) }),
        _ => Some(ValueForm::Id { width: keys.whole("width", 1..=100, notes).map(|w| w as usize) }),
    }
}

fn select(keys: &Keys<'_>, named: &'static str, matching: &'static str, notes: &mut Notes) -> Option<Select> {
    match (keys.has(named), keys.has(matching)) {
        (false, true) => {
            let text = keys.need(matching, notes)?;
            pattern(keys, matching, text, notes).map(Select::Matching)
        }
        (true, true) => {
            notes.push(unusable(keys, matching, &format!("either {named} or {matching} says which columns, not both")));
            None
        }
        _ => keys.need_texts(named, notes).map(Select::Named),
    }
}

fn tolerance(keys: &Keys<'_>, notes: &mut Notes) -> Decimal {
    let read = keys.number("tolerance", notes).and_then(|t| Decimal::parse(&t)).unwrap_or_else(|| Decimal::from_i64(0));
    if read.is_negative() {
        notes.push(unusable(keys, "tolerance", "a tolerance is zero or more"));
    }
    read
}

/// A pattern that can be used.
pub(super) fn pattern(keys: &Keys<'_>, key: &'static str, text: &str, notes: &mut Notes) -> Option<Regex> {
    match compile(text) {
        Ok(regex) => Some(regex),
        Err(e) => {
            notes.push(keys.note("C909", "", key).value(text).arg("problem", pattern_problem(&e)));
            None
        }
    }
}

/// A pattern that can be used and names at least one group.
fn groups(keys: &Keys<'_>, key: &'static str, text: &str, notes: &mut Notes) -> Option<Regex> {
    let regex = pattern(keys, key, text, notes)?;
    if regex.capture_names().flatten().next().is_none() {
        notes.push(unusable(keys, key, "the pattern needs a named group, such as (?<fiscal_year>[0-9]{4}), which becomes a column"));
        return None;
    }
    Some(regex)
}

fn sign(keys: &Keys<'_>, key: &'static str, notes: &mut Notes) -> Option<char> {
    let text = keys.text(key, notes)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_ascii_digit() && !matches!(c, '-' | '(' | ')') => Some(c),
        _ => {
            notes.push(unusable(keys, key, "one single sign is needed that is neither a digit, nor a bracket, nor a minus"));
            None
        }
    }
}

pub(super) fn unusable(keys: &Keys<'_>, key: &str, problem: &str) -> crate::finding::Finding {
    keys.note("C930", "", key).arg("problem", problem)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::package::toml;

    /// The layouts of a manifest, and what is wrong as `code at`.
    fn layouts(text: &str) -> (Vec<Layout>, Vec<String>) {
        let mut notes = Notes::new("");
        let item = toml::read(text.as_bytes(), &mut notes).unwrap();
        let keys = Keys::of(&item, String::new(), &mut notes).unwrap();
        let read = read(&keys, &["lines"], &BTreeMap::new(), &mut notes);
        keys.finish(&mut notes);
        let told = notes.finish().iter().map(|f| format!("{} {}", f.code.text(), f.get("at").unwrap_or_default())).collect();
        (read, told)
    }

    #[test]
    fn reads_every_kind_of_step() {
        let (read, told) = layouts(
            r#"
[[layout]]
resource = "lines"
[[layout.step]]
kind = "blank"
[[layout.step]]
kind = "header"
lines = 2
titles = ['FISCAL YEAR (?<fiscal_year>\d{4})']
repeats = true
[[layout.step]]
kind = "section"
pattern = '^(?<fund>\d+) '
[[layout.step]]
kind = "fill"
columns = ["a", "b"]
[[layout.step]]
kind = "skip"
column = "a"
pattern = "^SOY$"
why = "The opening balance stands in the account's own row."
[[layout.step]]
kind = "totals"
sum_matching = '^\d{4}$'
tolerance = "0.05"
rounded = ["2026"]
total = [
  { in = ["a"], pattern = "^Revenue Total", where = { column = "t", is = ["R"] }, by = ["f"] },
  { in = ["a"], pattern = "^Grand Total", last = true, check = false },
  { in = ["a"], pattern = "^Expenses", where = { column = "o", matches = "^5" } },
]
[[layout.step]]
kind = "balance"
left = { sum = "debits" }
right = { sum = "credits", where = { column = "t", is = ["R"] } }
by = ["f"]
[[layout.step]]
kind = "footer"
pattern = "END OF REPORT"
[[layout.step]]
kind = "unpivot"
pattern = '^(?<year>\d{4})$'
value = "amount"
[[layout.step]]
kind = "rename"
pattern = '^fy(?<year>\d\d)_(?<name>.+)$'
[[layout.step]]
kind = "drop"
columns = ["x"]
why = "Nobody reads it."
[[layout.step]]
kind = "values"
columns = ["d"]
as = "date"
from = ["%m/%d/%y"]
pivot = 30
[[layout.step]]
kind = "values"
matching = "^zip"
as = "id"
width = 5
"#,
        );
        assert_eq!(told, Vec::<String>::new());
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].steps.len(), 13);
    }

    #[test]
    fn says_what_cannot_be_used() {
        for (step, told) in [
            ("kind = \"heder\"", "C906 layout[1].step[1].kind (line 4)"),
            ("kind = \"unpivot\"\npattern = \"x\"\nvalue = \"v\"", "C930 layout[1].step[1].pattern (line 5)"),
            ("kind = \"rename\"\npattern = \"(?<year>x)\"", "C930 layout[1].step[1].pattern (line 5)"),
            ("kind = \"footer\"\npattern = \"(\"", "C909 layout[1].step[1].pattern (line 5)"),
            ("kind = \"skip\"\npattern = \"x\"", "C904 layout[1].step[1] (line 3)"),
            ("kind = \"values\"\ncolumns = [\"a\"]\nas = \"date\"\nfrom = [\"%Q\"]", "C930 layout[1].step[1].from (line 7)"),
            ("kind = \"balance\"\nleft = { sum = \"a\" }\ntolerance = \"-1\"", "C930 layout[1].step[1].tolerance (line 6)"),
            ("kind = \"blank\"\ncolour = 1", "C905 layout[1].step[1] (line 5)"),
        ] {
            let (_, found) = layouts(&format!("\n[[layout]]\n[[layout.step]]\n{step}\n"));
            assert_eq!(found, [told], "{step}");
        }
        let (_, found) = layouts("[[layout]]\nresource = \"line\"\nstep = []\n[[layout]]\nresource = \"line\"\ngroup = \".\"\nstep = []\n");
        assert_eq!(found.iter().map(|t| &t[..4]).collect::<Vec<_>>(), ["C907", "C907", "C931", "C930"]);
    }
}
