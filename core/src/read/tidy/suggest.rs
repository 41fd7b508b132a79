//! What speaks for which step in a file whose layout nobody has written down yet.
//!
//! Only the start of a file is looked at, and nothing is decided: each suggestion says why and how sure, and stands as it would be written
//! in a layout.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::super::{Row, Rows};
use super::values::scientific;
use super::{Amounts, joined, names_of};
use crate::bounds::SAMPLE;
use crate::package::toml::quoted;

/// Rows of the start that are looked at.
const ROWS: usize = 500;

/// Rows among which the header is, as many as its step looks at.
const HEADER_ROWS: usize = 30;

/// Longest name of a column in a header of two lines; titles are longer.
const LONGEST_NAME: usize = 40;

/// A step that a file seems to need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    /// The kind of step, as in [`crate::package::layout::KINDS`].
    pub kind: &'static str,
    /// The step as it stands in a layout, in TOML, from `[[layout.step]]` on.
    pub step: String,
    /// What speaks for it, one sentence.
    pub why: String,
    /// From 0 to 1000.
    pub sure: u32,
}

/// The steps that the first rows of a file speak for, in the order of a layout.
pub fn suggest(rows: &Rows) -> Vec<Suggested> {
    let amounts = Amounts::new('.', Some(','));
    let seen: Vec<Row<'_>> = rows.iter().take(ROWS).collect();
    // Whether the last row seen is the file's last, as far as can be told.
    let whole = rows.len() <= ROWS && rows.bytes() < SAMPLE / 2;
    let mut out = Vec::new();
    let Some(head) = head(&seen, &amounts) else { return out };
    let below = &seen[head.first + head.lines..];
    let pages = Pages::of(&seen, &head);
    let footer = footer(below, whole, &amounts);
    let end = footer.as_ref().map_or(below.len(), |f| f.at);
    let body: Vec<Row<'_>> = below[..end].iter().copied().filter(|r| !r.is_blank() && !pages.has(*r)).collect();
    let (numbered, records): (Vec<Row<'_>>, Vec<Row<'_>>) = body.into_iter().partition(|r| is_page_number(*r));

    blank_rows(&seen, head.first, &mut out);
    header_step(&seen, &head, &pages, &mut out);
    page_numbers(&numbered, &mut out);
    out.extend(footer.map(|f| f.step));
    sections(&records, &amounts, &mut out);
    let amount_columns: Vec<usize> =
        (0..head.names.len()).filter(|&c| !head.names[c].trim().is_empty() && has_amounts(&records, c, &amounts)).collect();
    fill(&records, &head.names, &amount_columns, &mut out);
    totals(&records, &head.names, &amount_columns, &amounts, &mut out);
    forms(&records, &head.names, &amount_columns, &mut out);
    years(&head.names, &amount_columns, &mut out);
    out
}

fn filled(row: Row<'_>) -> usize {
    row.cells().filter(|(t, _)| !t.trim().is_empty()).count()
}

/// A name such as a header has: letters or a year, and no amount.
fn is_name(text: &str, amounts: &Amounts) -> bool {
    let text = text.trim();
    is_year(text) || (text.chars().any(char::is_alphabetic) && amounts.read(text).is_none())
}

/// A year at the start of a name, and what stands behind it: `FY26`, `2026` and `FY2025-26` are years; the last one is named by the year in
/// which it ends. Two digits are a year only behind `FY`, or in such a pair.
struct Year<'n> {
    /// The year in which it ends, with two digits or four.
    ends: &'n str,
    /// Whether `FY` stands before it.
    fiscal: bool,
    /// Whether two years are named.
    spans: bool,
    rest: &'n str,
}

fn year_at_start(name: &str) -> Option<Year<'_>> {
    let name = name.trim();
    let after = name.get(..2).filter(|p| p.eq_ignore_ascii_case("FY")).map(|_| name[2..].trim_start_matches([' ', '_', '-']));
    let (fiscal, text) = (after.is_some(), after.unwrap_or(name));
    let run = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (first, rest) = text.split_at(run(text));
    let ours = |year: &str| year.len() == 2 || (year.len() == 4 && (year.starts_with("19") || year.starts_with("20")));
    if !ours(first) {
        return None;
    }
    if let Some(behind) = rest.strip_prefix(['-', '/', '–']) {
        let (second, rest) = behind.split_at(run(behind));
        let short = |year: &str| year[year.len() - 2..].parse::<u32>().unwrap_or(0);
        if ours(second) && short(second) == (short(first) + 1) % 100 {
            return Some(Year { ends: second, fiscal, spans: true, rest });
        }
    }
    (fiscal || first.len() == 4).then_some(Year { ends: first, fiscal, spans: false, rest })
}

/// A name that is a year and nothing else.
fn is_year(text: &str) -> bool {
    year_at_start(text).is_some_and(|y| y.rest.trim().is_empty())
}

/// Where the header is.
struct Head {
    /// Its first row, as an index.
    first: usize,
    lines: usize,
    /// A name of the first line also stands over the columns at its right.
    span: bool,
    sure: u32,
    names: Vec<String>,
}

/// The rows that are most like a header: as wide as the rows below it, and all names; with the line above or below where that is a part of
/// the names.
fn head(seen: &[Row<'_>], amounts: &Amounts) -> Option<Head> {
    let mut widths: Vec<usize> = seen.iter().map(|r| filled(*r)).filter(|w| *w > 0).collect();
    // Headings and titles say nothing about the table's width.
    if widths.iter().any(|w| *w > 1) {
        widths.retain(|w| *w > 1);
    }
    widths.sort_unstable();
    let usual = *widths.get(widths.len() / 2)?;
    let mut best: Option<(usize, u32)> = None;
    for (i, row) in seen.iter().enumerate().take(HEADER_ROWS) {
        let width = filled(*row);
        if width < 2 {
            continue;
        }
        let names = row.cells().filter(|(t, _)| !t.trim().is_empty() && is_name(t, amounts)).count();
        let mut distinct: Vec<&str> = row.cells().map(|(t, _)| t.trim()).filter(|t| !t.is_empty()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let score = 600 * names / width + 250 * width.min(usual.max(2)) / usual.max(2) + 150 * distinct.len() / width;
        let score = u32::try_from(score).unwrap_or(0);
        if best.is_none_or(|b| score > b.1) {
            best = Some((i, score));
        }
    }
    let (at, sure) = best.filter(|b| b.1 >= 600)?;
    let two = |first: usize| {
        let (upper, lower) = (seen[first], seen[first + 1]);
        let [plain, spanned] = [false, true].map(|span| super::header::joined_names(&[upper, lower], span));
        let span = nameless(&spanned) < nameless(&plain);
        Head { first, lines: 2, span, sure, names: if span { spanned } else { plain } }
    };
    if at > 0 && is_upper_line(seen[at - 1], seen[at], amounts) {
        return Some(two(at - 1));
    }
    if at + 1 < seen.len() && is_lower_line(seen, at + 1, amounts) {
        return Some(two(at));
    }
    Some(Head { first: at, lines: 1, span: false, sure, names: names_of(seen[at]) })
}

/// How many names are empty or stand in an earlier column as well.
fn nameless(names: &[String]) -> usize {
    let mut distinct: Vec<&str> = names.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    names.len() - distinct.len()
}

/// Whether a row belongs to the names in the row below it: it tells names apart that are alike there, or stands over some columns and leaves
/// those at the left free, as no title does.
fn is_upper_line(upper: Row<'_>, lower: Row<'_>, amounts: &Amounts) -> bool {
    let texts = || upper.cells().map(|(t, _)| t.trim()).filter(|t| !t.is_empty());
    let short = texts().all(|t| is_name(t, amounts) && t.chars().count() <= LONGEST_NAME && !t.to_lowercase().starts_with("page"));
    if filled(upper) < 2 || !short || upper.len() > lower.len() {
        return false;
    }
    let alone = nameless(&names_of(lower));
    let with = [false, true].map(|span| nameless(&super::header::joined_names(&[upper, lower], span)));
    with.iter().any(|n| *n < alone) || upper.text(0).trim().is_empty()
}

/// Whether a row goes on with the names of the row above it: it has names where the rows below have amounts.
fn is_lower_line(seen: &[Row<'_>], at: usize, amounts: &Amounts) -> bool {
    let row = seen[at];
    let texts = || row.cells().map(|(t, _)| t.trim()).filter(|t| !t.is_empty());
    if filled(row) < 2 || !texts().all(|t| is_name(t, amounts) && t.chars().count() <= LONGEST_NAME) {
        return false;
    }
    let records: Vec<Row<'_>> = seen[at + 1..].iter().copied().filter(|r| filled(*r) > 1).collect();
    let width = row.len().max(seen[at - 1].len());
    let columns: Vec<usize> = (0..width).filter(|&c| mostly_amounts(&records, c, amounts)).collect();
    records.len() > 1 && columns.len() > 1 && columns.iter().all(|&c| !row.text(c).trim().is_empty())
}

/// What each printed page has again.
struct Pages {
    /// The header's last line, without blanks around the cells.
    line: Vec<String>,
    /// All of its lines.
    lines: Vec<Vec<String>>,
    /// The letters of the titles, where the header is repeated.
    titles: Vec<String>,
    repeats: usize,
}

impl Pages {
    fn of(seen: &[Row<'_>], head: &Head) -> Pages {
        let end = head.first + head.lines;
        let lines: Vec<Vec<String>> = seen[head.first..end].iter().map(|r| super::header::cells(*r)).collect();
        let line = lines.last().cloned().unwrap_or_default();
        let repeats = seen[end..].iter().filter(|r| super::header::cells(**r) == line).count();
        let mut titles: Vec<String> = seen[..head.first].iter().map(|r| super::header::letters(&joined(*r))).collect();
        titles.retain(|t| repeats > 0 && t.chars().count() > 2);
        Pages { line, lines, titles, repeats }
    }

    fn has(&self, row: Row<'_>) -> bool {
        if self.repeats == 0 {
            return false;
        }
        let cells = super::header::cells(row);
        cells == self.line || self.lines.contains(&cells) || self.titles.contains(&super::header::letters(&joined(row)))
    }
}

fn blank_rows(seen: &[Row<'_>], start: usize, out: &mut Vec<Suggested>) {
    let last = seen.iter().rposition(|r| !r.is_blank()).unwrap_or(0);
    let count = seen[..=last].iter().enumerate().filter(|(i, r)| *i > start && r.is_blank()).count();
    if count > 0 {
        let why = format!("{} between the records", plural(count, "empty row stands", "empty rows stand"));
        out.push(Suggested { kind: "blank", step: "[[layout.step]]\nkind = \"blank\"\n".to_owned(), why, sure: 950 });
    }
}

fn header_step(seen: &[Row<'_>], head: &Head, pages: &Pages, out: &mut Vec<Suggested>) {
    let titles: Vec<String> = seen[..head.first].iter().filter(|r| !r.is_blank()).map(|r| joined(*r)).collect();
    if titles.is_empty() && pages.repeats == 0 && head.lines == 1 {
        return;
    }
    let mut step = String::from("[[layout.step]]\nkind = \"header\"\n");
    // Those that only both lines together make come first: by them the two are told from one.
    let alone: BTreeSet<&str> = pages.lines.iter().flatten().map(String::as_str).collect();
    let known: BTreeSet<&str> = head.names.iter().map(String::as_str).collect();
    let named = head.names.iter().map(|n| n.trim()).filter(|n| !n.is_empty());
    let (made, plain): (Vec<&str>, Vec<&str>) = named.partition(|n| head.lines > 1 && !alone.contains(n));
    let upper = pages.lines.first().filter(|_| head.lines > 1).and_then(|l| l.iter().find(|cell| known.contains(cell.as_str())));
    let upper = upper.map(String::as_str).filter(|cell| !cell.is_empty());
    let some = made.into_iter().take(2).chain(upper).chain(plain.into_iter().take(3));
    let mut names: Vec<String> = Vec::new();
    some.map(quoted).for_each(|n| {
        if names.len() < 3 && !names.contains(&n) {
            names.push(n);
        }
    });
    let _ = writeln!(step, "names = [{}]", names.join(", "));
    let mut why = if head.lines > 1 {
        step.push_str("lines = 2\n");
        if head.span {
            step.push_str("span = true\n");
        }
        let rows = (seen[head.first].origin.row, seen[head.first + 1].origin.row);
        format!("rows {} and {} hold names only, and name the columns together", rows.0, rows.1)
    } else {
        format!("row {} holds names only, and is as wide as the rows below it", seen[head.first].origin.row)
    };
    if let Some(first) = titles.first() {
        let _ = write!(why, "; {} above it, the first is \"{first}\"", plural(titles.len(), "title stands", "titles stand"));
    }
    if pages.repeats > 0 {
        step.push_str("repeats = true\n");
        let _ = write!(why, "; {} again further down", plural(pages.repeats, "row is that header", "rows are that header"));
    }
    out.push(Suggested { kind: "header", step, why, sure: head.sure });
}

/// A row with a page's number and nothing else.
fn is_page_number(row: Row<'_>) -> bool {
    let text = joined(row).to_lowercase();
    let rest = text.trim_start_matches(|c: char| !c.is_alphanumeric()).strip_prefix("page").map(|r| r.trim_start_matches([':', ' ']));
    rest.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()) && r.replace("of", "").chars().all(|c| !c.is_alphabetic()))
}

fn page_numbers(rows: &[Row<'_>], out: &mut Vec<Suggested>) {
    let Some(first) = rows.first() else { return };
    let step = "[[layout.step]]\nkind = \"skip\"\npattern = '(?i)^\\W*page:? *[0-9]'\nwhy = \"The number of a printed page.\"\n".to_owned();
    let why = format!("{} the number of a page, such as \"{}\"", plural(rows.len(), "row has", "rows have"), joined(*first));
    out.push(Suggested { kind: "skip", step, why, sure: 800 });
}

/// Where the records end.
struct Footer {
    /// Its first row, among those below the header.
    at: usize,
    step: Suggested,
}

/// What reports say at their end.
const LAST_WORDS: &[&str] =
    &["end of report", "end of listing", "report generated", "generated by", "generated on", "printed on", "printed by", "prepared by"];

/// Rows behind the last record that say so, or, where the whole file was seen, that are sentences.
fn footer(below: &[Row<'_>], whole: bool, amounts: &Amounts) -> Option<Footer> {
    let last = below.iter().rposition(|r| filled(*r) > 1)?;
    let bare = |row: Row<'_>| joined(row).trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let says = |row: Row<'_>| {
        let text = bare(row);
        let known = LAST_WORDS.iter().any(|w| text.starts_with(w)) || text.starts_with("source:") || text.starts_with("note");
        let sentence = whole && text.split_whitespace().count() > 4 && is_name(&text, amounts) && !is_total(&text);
        known || sentence
    };
    let at = (last + 1..below.len()).find(|&i| !below[i].is_blank() && says(below[i]))?;
    let text = joined(below[at]);
    let start: String =
        text.trim_start_matches(|c: char| !c.is_alphanumeric()).chars().take_while(|c| !c.is_ascii_digit()).take(40).collect();
    let start = start.trim_end_matches(|c: char| !c.is_alphanumeric());
    let before = |row: &Row<'_>| {
        row.cells()
            .any(|(t, _)| t.trim().trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase().starts_with(&start.to_lowercase()))
    };
    if start.chars().count() < 4 || below[..at].iter().any(before) {
        return None;
    }
    let step = format!("[[layout.step]]\nkind = \"footer\"\npattern = {}\n", quoted(&format!("(?i)^\\W*{}", regex::escape(start))));
    let count = below[at..].iter().filter(|r| !r.is_blank()).count();
    let why = format!("{} behind the last record, the first is \"{text}\"", plural(count, "row stands", "rows stand"));
    Some(Footer { at, step: Suggested { kind: "footer", step, why, sure: 800 } })
}

/// Whether a column has amounts that can be summed and rewritten: no ids that begin with zeros, and no shares of a hundred.
fn has_amounts(records: &[Row<'_>], column: usize, amounts: &Amounts) -> bool {
    let texts = || records.iter().map(|r| r.text(column).trim()).filter(|t| !t.is_empty());
    let id = |t: &str| t.len() > 1 && t.starts_with('0') && t.bytes().all(|b| b.is_ascii_digit());
    if texts().any(id) || texts().filter(|t| t.ends_with('%')).count() * 2 > texts().count() {
        return false;
    }
    let good = texts().filter(|t| amounts.read(t).is_some()).count();
    // Signs of print among them say that the others were meant as amounts too.
    let printed = texts().any(|t| amounts.read(t).is_some() && t.contains(['$', '(', '€', '£']));
    mostly_amounts(records, column, amounts) || (printed && good * 4 >= texts().count() * 3)
}

fn mostly_amounts(records: &[Row<'_>], column: usize, amounts: &Amounts) -> bool {
    let texts = || records.iter().map(|r| r.text(column).trim()).filter(|t| !t.is_empty());
    let good = texts().filter(|t| amounts.read(t).is_some()).count();
    good > 0 && good * 10 >= texts().count() * 9
}

/// Rows with one filled cell that is a text, among rows with many.
fn sections(records: &[Row<'_>], amounts: &Amounts, out: &mut Vec<Suggested>) {
    let wide = records.iter().filter(|r| filled(**r) > 2).count();
    let is_heading = |r: &&Row<'_>| filled(**r) == 1 && r.cells().any(|(t, _)| is_name(t, amounts) && !is_total(t.trim()));
    let headings: Vec<&Row<'_>> = records.iter().filter(is_heading).collect();
    if let Some(first) = headings.first()
        && headings.len() * 2 < wide
    {
        let step = "[[layout.step]]\nkind = \"section\"\npattern = '^(?<section>.+)$'\n".to_owned();
        let why = format!("{} one filled cell only, the first is \"{}\"", plural(headings.len(), "row has", "rows have"), joined(**first));
        out.push(Suggested { kind: "section", step, why, sure: if headings.len() > 1 { 700 } else { 500 } });
    }
}

/// Columns at the left that are filled at the top and then mostly empty.
fn fill(records: &[Row<'_>], names: &[String], amount_columns: &[usize], out: &mut Vec<Suggested>) {
    let mut columns = Vec::new();
    for (c, name) in names.iter().enumerate().take(6) {
        let texts: Vec<&str> = records.iter().map(|r| r.text(c).trim()).collect();
        let full = texts.iter().filter(|t| !t.is_empty()).count();
        let first = texts.first().is_some_and(|t| !t.is_empty());
        if name.trim().is_empty() || !first || amount_columns.contains(&c) || full * 2 >= texts.len() || full < 2 {
            break;
        }
        columns.push(quoted(name.trim()));
    }
    if !columns.is_empty() {
        let step = format!("[[layout.step]]\nkind = \"fill\"\ncolumns = [{}]\n", columns.join(", "));
        let why = format!(
            "{} filled in few rows, as if a value held until the next one",
            if columns.len() == 1 { "one column at the left is" } else { "columns at the left are" }
        );
        out.push(Suggested { kind: "fill", step, why, sure: 650 });
    }
}

/// Whether a text is what rows with sums say.
fn is_total(text: &str) -> bool {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split([' ', '-', ':']).filter(|w| !w.is_empty()).collect();
    let sum = |word: Option<&&str>| word.is_some_and(|w| matches!(*w, "total" | "totals" | "subtotal" | "subtotals"));
    let first = words.iter().position(|w| !matches!(*w, "sub" | "grand"));
    sum(first.filter(|f| *f < 2).and_then(|f| words.get(f))) || sum(words.last())
}

/// Whether a total is that of all others.
fn is_grand_total(text: &str) -> bool {
    let text = text.to_lowercase();
    ["grand total", "report total", "overall total"].iter().any(|t| text.starts_with(t))
}

fn totals(records: &[Row<'_>], names: &[String], amount_columns: &[usize], amounts: &Amounts, out: &mut Vec<Suggested>) {
    if amount_columns.is_empty() {
        return;
    }
    let (mut kinds, mut grand) = (Vec::new(), Vec::new());
    let mut count = 0;
    let mut example = String::new();
    let mut rows: Vec<Row<'_>> = Vec::new();
    // Further to the left is further out.
    for (c, name) in names.iter().enumerate().rev().filter(|(_, name)| !name.trim().is_empty()) {
        let found: Vec<Row<'_>> = records.iter().copied().filter(|r| is_total(r.text(c).trim())).collect();
        if let Some(first) = found.first()
            && found.len() * 2 < records.len().max(2)
        {
            count += found.len();
            first.text(c).trim().clone_into(&mut example);
            let kind = |pattern: &str| format!("  {{ in = [{}], pattern = '{pattern}' }},\n", quoted(name.trim()));
            let of_all = found.iter().filter(|r| is_grand_total(r.text(c).trim())).count();
            if of_all < found.len() {
                kinds.push(kind(r"(?i)^(sub[ -]?|grand )?totals?\b|[ -](sub)?totals?:?$"));
            }
            if of_all > 0 {
                grand.push(kind(r"(?i)^(grand|report|overall) totals?\b"));
            }
            rows.extend(found);
        }
    }
    kinds.extend(grand);
    if kinds.is_empty() {
        return;
    }
    // What has no amount in the totals is not summed.
    let summed = |c: &&usize| rows.iter().filter(|r| amounts.read(r.text(**c)).is_some()).count() * 2 >= rows.len();
    let mut columns: Vec<&usize> = amount_columns.iter().filter(summed).collect();
    if columns.is_empty() {
        columns = amount_columns.iter().collect();
    }
    let sum: Vec<String> = columns.into_iter().filter_map(|&c| names.get(c)).map(|n| quoted(n.trim())).collect();
    let step = format!("[[layout.step]]\nkind = \"totals\"\nsum = [{}]\ntotal = [\n{}]\n", sum.join(", "), kinds.concat());
    let why =
        format!("{} a total among the records, such as \"{example}\"", plural(count, "row says that it is", "rows say that they are"));
    out.push(Suggested { kind: "totals", step, why, sure: 850 });
}

/// The pattern of a year at the start of a name. A year that spans two is named by the second.
fn year_pattern(fiscal: bool, bare: bool) -> &'static str {
    match (fiscal, bare) {
        (true, false) => "(?i)^FY[ _-]*(?:[0-9]{2,4}[-/–])?(?<fiscal_year>[0-9]{4}|[0-9]{2})",
        (false, _) => "^(?:(?:19|20)[0-9]{2}[-/–])?(?<fiscal_year>(?:19|20)[0-9]{2}|[0-9]{2})",
        (true, true) => "(?i)^(?:FY[ _-]*)?(?:(?:19|20)?[0-9]{2}[-/–])?(?<fiscal_year>(?:19|20)[0-9]{2}|[0-9]{2})",
    }
}

/// Runs of columns that are named by years, and years inside names.
fn years(names: &[String], amount_columns: &[usize], out: &mut Vec<Suggested>) {
    let found: Vec<(usize, Year<'_>)> = names.iter().enumerate().filter_map(|(c, n)| Some((c, year_at_start(n)?))).collect();
    // Columns that the pattern takes and that are no years would be lost.
    let exact = |pattern: &str, columns: &[usize]| {
        let Ok(pattern) = regex::Regex::new(pattern) else { return false };
        (0..names.len()).all(|c| pattern.is_match(names[c].trim()) == columns.contains(&c))
    };
    let all: Vec<&(usize, Year<'_>)> = found.iter().filter(|(_, y)| y.rest.trim().is_empty()).collect();
    if all.len() > 1 {
        let (fiscal, bare) = (all.iter().any(|(_, y)| y.fiscal), all.iter().any(|(_, y)| !y.fiscal));
        let pattern = format!("{} *$", year_pattern(fiscal, bare));
        if exact(&pattern, &all.iter().map(|(c, _)| *c).collect::<Vec<_>>()) {
            let step = format!("[[layout.step]]\nkind = \"unpivot\"\npattern = '{pattern}'\nvalue = \"amount\"\n");
            out.push(Suggested { kind: "unpivot", step, why: years_in_words(&all, "columns are named by years"), sure: 900 });
            return;
        }
    }
    let behind = |y: &Year<'_>| {
        let rest = y.rest.trim_start_matches(['_', ' ', '-']);
        rest.len() < y.rest.len() && rest.starts_with(|c: char| !c.is_ascii_digit())
    };
    if years_at_end(names, amount_columns, out) {
        return;
    }
    let inside: Vec<&(usize, Year<'_>)> = found.iter().filter(|(_, y)| behind(y)).collect();
    let amounts = inside.iter().all(|(c, _)| amount_columns.contains(c));
    let (fiscal, bare) = (inside.iter().any(|(_, y)| y.fiscal), inside.iter().any(|(_, y)| !y.fiscal));
    let mut distinct: Vec<&str> = inside.iter().map(|(_, y)| y.ends).collect();
    distinct.sort_unstable();
    distinct.dedup();
    // A year without FY before it may be a street's number, or a form's.
    if inside.len() < 2 || (bare && !amounts) {
        return;
    }
    let start = format!("{}[ _-]+", year_pattern(fiscal, bare));
    if !exact(&format!("{start}[^0-9 _-].*$"), &inside.iter().map(|(c, _)| *c).collect::<Vec<_>>()) {
        return;
    }
    if let [only] = distinct[..] {
        let step = format!("[[layout.step]]\nkind = \"rename\"\npattern = '{start}(?<name>[^0-9 _-].*)$'\n");
        out.push(Suggested {
            kind: "rename",
            step,
            why: format!("{} columns have the year {only} in their names", inside.len()),
            sure: 800,
        });
    } else {
        let step = format!("[[layout.step]]\nkind = \"unpivot\"\npattern = '{start}(?<phase>[^0-9 _-].*)$'\nvalue = \"amount\"\n");
        out.push(Suggested {
            kind: "unpivot",
            step,
            why: years_in_words(&inside, "columns are named by years and something else"),
            sure: 800,
        });
    }
}

/// A name that ends in a year, such as `Actual FY24`: the year.
fn year_at_end(name: &str) -> Option<Year<'_>> {
    let name = name.trim();
    let signs = name.match_indices([' ', '_']).filter(|(at, _)| !name[..*at].trim().is_empty());
    let years = signs.filter_map(|(at, _)| year_at_start(&name[at + 1..]).filter(|y| y.rest.trim().is_empty()));
    // In a name without letters before it, the whole is something else.
    years.into_iter().next().filter(|_| name.starts_with(char::is_alphabetic) && !is_year(name))
}

/// Columns of amounts whose names end in years. True when they are suggested to be read by them.
fn years_at_end(names: &[String], amount_columns: &[usize], out: &mut Vec<Suggested>) -> bool {
    let found: Vec<(usize, Year<'_>)> = amount_columns.iter().filter_map(|&c| Some((c, year_at_end(names.get(c)?)?))).collect();
    let all: Vec<&(usize, Year<'_>)> = found.iter().collect();
    let year = r"[ _]+(?:FY[ _-]*)?(?:(?:19|20)?[0-9]{2}[-/–])?(?<fiscal_year>(?:19|20)[0-9]{2}|[0-9]{2})$";
    let pattern = |group: &str| format!("(?i)^(?<{group}>[a-z].*?){year}");
    let Ok(compiled) = regex::Regex::new(&pattern("name")) else { return false };
    let exact = (0..names.len()).all(|c| compiled.is_match(names[c].trim()) == all.iter().any(|(own, _)| *own == c));
    if all.len() < 2 || !exact {
        return false;
    }
    let one = all.iter().all(|(_, y)| y.ends == all[0].1.ends);
    let (kind, group, value) = if one { ("rename", "name", "") } else { ("unpivot", "phase", "value = \"amount\"\n") };
    let step = format!("[[layout.step]]\nkind = \"{kind}\"\npattern = '{}'\n{value}", pattern(group));
    let why = if one {
        format!("{} columns have the year {} in their names", all.len(), all[0].1.ends)
    } else {
        years_in_words(&all, "columns are named by something and years")
    };
    out.push(Suggested { kind, step, why, sure: 800 });
    true
}

fn years_in_words(years: &[&(usize, Year<'_>)], what: &str) -> String {
    let spans = years.iter().any(|(_, y)| y.spans);
    let note = if spans { "; a year that spans two, such as FY15-16, is named by the one in which it ends" } else { "" };
    format!("{} {what}{note}", years.len())
}

/// Which of month and day comes first in a column's dates, as far as its values tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayOrder {
    Month,
    Day,
    /// Values speak for both; the flag says whether as many or more do for the month.
    Both(bool),
    /// No value tells.
    Open,
}

impl DayOrder {
    /// Finds it out by values such as `13/05/2024`, in which one of the first two numbers is no month.
    pub(crate) fn of<'t>(texts: impl Iterator<Item = &'t str>) -> DayOrder {
        let (mut month, mut day) = (0, 0);
        for text in texts {
            let mut parts = text.trim().split(['/', '-']);
            let mut number = || parts.next().filter(|p| matches!(p.len(), 1 | 2)).and_then(|p| p.parse::<u32>().ok());
            let (Some(first), Some(second)) = (number(), number()) else { continue };
            if parts.next().is_none() {
                continue;
            }
            match (first, second) {
                (13..=31, 1..=12) => day += 1,
                (1..=12, 13..=31) => month += 1,
                _ => {}
            }
        }
        match (month, day) {
            (0, 0) => DayOrder::Open,
            (_, 0) => DayOrder::Month,
            (0, _) => DayOrder::Day,
            _ => DayOrder::Both(month >= day),
        }
    }

    /// Whether the day is read first; where nothing tells, the country's own order is the other.
    pub(crate) fn day_first(self) -> bool {
        matches!(self, DayOrder::Day | DayOrder::Both(false))
    }

    /// What a person has to look at, as the end of a sentence.
    pub(crate) fn doubt(self) -> &'static str {
        match self {
            DayOrder::Month | DayOrder::Day => "",
            DayOrder::Open => ", but no value tells whether the month or the day comes first: make sure",
            DayOrder::Both(_) => ", but some values have the month first and some the day: make sure",
        }
    }
}

/// Words by which columns of days are named.
const OF_DAYS: &[&str] = &[
    "date",
    "day",
    "issued",
    "applied",
    "completed",
    "expires",
    "expired",
    "expiration",
    "opened",
    "closed",
    "created",
    "received",
    "due",
    "submitted",
    "approved",
    "finaled",
    "updated",
    "modified",
    "filed",
    "inspected",
    "sold",
    "birth",
    "dob",
];

/// Whether a column's name says that it holds days.
fn names_days(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("date") || name.split(|c: char| !c.is_alphanumeric()).any(|word| OF_DAYS.contains(&word))
}

/// Whether a text looks like a date with signs between its parts.
fn like_date(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.matches(['/', '-', '.']).count() == 2
        && text.bytes().all(|b| !b.is_ascii_alphabetic())
}

/// How values are written.
fn forms(records: &[Row<'_>], names: &[String], amount_columns: &[usize], out: &mut Vec<Suggested>) {
    let plain = |t: &str| t.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')) && !t.ends_with('-') && t != "-";
    let mut columns = Vec::new();
    let mut example = String::new();
    for &c in amount_columns {
        let odd = records.iter().map(|r| r.text(c)).find(|t| !t.trim().is_empty() && !plain(t) && !scientific(t.trim()));
        if let (Some(text), Some(name)) = (odd, names.get(c)) {
            columns.push(quoted(name.trim()));
            text.clone_into(&mut example);
        }
    }
    if !columns.is_empty() {
        let step = format!("[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"number\"\n", columns.join(", "));
        out.push(Suggested { kind: "values", step, why: format!("amounts are written for print, such as \"{example}\""), sure: 900 });
    }
    for (c, name) in names.iter().enumerate() {
        let texts: Vec<&str> = records.iter().map(|r| r.text(c).trim()).filter(|t| !t.is_empty()).collect();
        if texts.is_empty() || name.trim().is_empty() {
            continue;
        }
        let percent = texts.iter().filter(|t| t.ends_with('%')).count();
        if percent * 2 > texts.len() {
            let step = format!("[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"percent\"\n", quoted(name.trim()));
            out.push(Suggested {
                kind: "values",
                step,
                why: format!("most values of \"{}\" end in a percent sign", name.trim()),
                sure: 900,
            });
        }
        ids(name, &texts, out);
        // Days between 1954 and 2064.
        let is_serial = |t: &str| {
            let whole = t.split_once('.').map_or(t, |(whole, _)| whole);
            whole.len() == 5 && ("20000"..="60000").contains(&whole) && super::values::serial_date(t, false).is_some()
        };
        let serial: Vec<&str> = texts.iter().copied().filter(|t| is_serial(t)).collect();
        let dates = texts.iter().filter(|t| like_date(t)).count();
        let of_days = names_days(name) || dates * 2 >= texts.len();
        if of_days && !serial.is_empty() && (serial.len() + dates) * 10 >= texts.len() * 9 {
            let step = format!("[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"serial-date\"\n", quoted(name.trim()));
            let day = serial.iter().find_map(|t| Some(format!("{t} is {}", super::values::serial_date(t, false)?))).unwrap_or_default();
            out.push(Suggested {
                kind: "values",
                step,
                why: format!("\"{}\" counts days as spreadsheets do: {day}", name.trim()),
                sure: 800,
            });
        }
        let short = |t: &&&str| {
            let mut parts = t.split(['/', '-']);
            let ok = |p: Option<&str>| p.is_some_and(|p| matches!(p.len(), 1 | 2) && p.bytes().all(|b| b.is_ascii_digit()));
            ok(parts.next())
                && ok(parts.next())
                && parts.next().is_some_and(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()))
                && parts.next().is_none()
        };
        if texts.iter().filter(short).count() * 10 >= texts.len() * 9 {
            let sign = if texts[0].contains('/') { "/" } else { "-" };
            let order = DayOrder::of(texts.iter().copied());
            let (first, second) = if order.day_first() { ("%-d", "%-m") } else { ("%-m", "%-d") };
            let step = format!(
                "[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"date\"\nfrom = [\"{first}{sign}{second}{sign}%y\"]\npivot = 68\n",
                quoted(name.trim())
            );
            out.push(Suggested {
                kind: "values",
                step,
                why: format!("\"{}\" has years of two digits, such as {}{}", name.trim(), texts[0], order.doubt()),
                sure: 700,
            });
        }
    }
}

/// Ids that a spreadsheet took for numbers.
fn ids(name: &str, texts: &[&str], out: &mut Vec<Suggested>) {
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let zip = name.to_lowercase().contains("zip");
    let four = texts.iter().filter(|t| t.len() == 4 && digits(t)).count();
    let is_zip = |t: &&&str| matches!(t.len(), 4 | 5) && digits(t) || matches!(t.len(), 9 | 10) && t.contains('-');
    let short_zip = zip && (four * 2 > texts.len() || (four > 0 && texts.iter().all(|t| is_zip(&t))));
    // Some have kept their zeros, and none is longer than those.
    let kept = texts.iter().find(|t| t.len() > 1 && t.starts_with('0') && digits(t)).map(|t| t.len());
    let of_digits = || texts.iter().filter(|t| digits(t));
    let short_id = kept.filter(|width| of_digits().all(|t| t.len() <= *width) && of_digits().any(|t| t.len() < *width));
    let spoiled = texts.iter().find(|t| scientific(t));
    let width = if short_zip { Some(5) } else { short_id };
    let name = name.trim();
    let (mut why, sure) = match (width, short_zip) {
        (Some(_), true) if four * 2 > texts.len() => (format!("most values of \"{name}\" lost a leading zero"), 850),
        (Some(_), true) => (format!("some values of \"{name}\" lost a leading zero"), 800),
        (Some(width), _) => (format!("some values of \"{name}\" begin with zeros and have {width} digits; shorter ones lost theirs"), 700),
        (None, _) => (String::new(), 600),
    };
    if let Some(spoiled) = spoiled {
        let and = if why.is_empty() { "" } else { "; " };
        let _ = write!(why, "{and}\"{spoiled}\" is a number in scientific notation");
    }
    if why.is_empty() {
        return;
    }
    let mut step = format!("[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"id\"\n", quoted(name));
    if let Some(width) = width {
        let _ = writeln!(step, "width = {width}");
    }
    out.push(Suggested { kind: "values", step, why, sure });
}

fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
