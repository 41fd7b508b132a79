//! What speaks for which step in a file whose layout nobody has written down yet.
//!
//! Only the start of a file is looked at, and nothing is decided: each suggestion says why and how sure, and stands as it would be written
//! in a layout.

use std::fmt::Write;

use super::super::{Row, Rows};
use super::values::scientific;
use super::{Amounts, joined, names_of};
use crate::package::toml::quoted;

/// Rows of the start that are looked at.
const ROWS: usize = 500;

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
    let mut out = Vec::new();
    let Some((start, sure)) = header(&seen, &amounts) else { return out };
    let header_names = names_of(seen[start]);
    let records: Vec<Row<'_>> = seen[start + 1..].iter().copied().filter(|r| !r.is_blank()).collect();

    blank_rows(&seen, start, &mut out);
    header_step(&seen, start, sure, &header_names, &mut out);
    sections(&records, &amounts, &mut out);
    let amount_columns: Vec<usize> = (0..header_names.len()).filter(|&c| mostly_amounts(&records, c, &amounts)).collect();
    fill(&records, &header_names, &amount_columns, &mut out);
    totals(&records, &header_names, &amount_columns, &mut out);
    forms(&records, &header_names, &amount_columns, &mut out);
    years(&header_names, &mut out);
    out
}

fn filled(row: Row<'_>) -> usize {
    row.cells().filter(|(t, _)| !t.trim().is_empty()).count()
}

/// A name such as a header has: letters or a year, and no amount.
fn is_name(text: &str, amounts: &Amounts) -> bool {
    let text = text.trim();
    year(text) || (text.chars().any(char::is_alphabetic) && amounts.read(text).is_none())
}

/// Four digits of our time, also as `FY2026` or `FY26`.
fn year(text: &str) -> bool {
    let digits = text.trim().trim_start_matches("FY").trim_start_matches("fy").trim();
    let all = digits.bytes().all(|b| b.is_ascii_digit());
    all && ((digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")))
        || (digits.len() == 2 && digits.len() < text.trim().len()))
}

/// The row that is most like a header: as wide as the rows below it, and all names.
fn header(seen: &[Row<'_>], amounts: &Amounts) -> Option<(usize, u32)> {
    let mut widths: Vec<usize> = seen.iter().map(|r| filled(*r)).filter(|w| *w > 0).collect();
    widths.sort_unstable();
    let usual = *widths.get(widths.len() / 2)?;
    let mut best: Option<(usize, u32)> = None;
    for (i, row) in seen.iter().enumerate().take(40) {
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
    best.filter(|b| b.1 >= 600)
}

fn blank_rows(seen: &[Row<'_>], start: usize, out: &mut Vec<Suggested>) {
    let last = seen.iter().rposition(|r| !r.is_blank()).unwrap_or(0);
    let count = seen[..=last].iter().enumerate().filter(|(i, r)| *i > start && r.is_blank()).count();
    if count > 0 {
        let why = format!("{} between the records", plural(count, "empty row stands", "empty rows stand"));
        out.push(Suggested { kind: "blank", step: "[[layout.step]]\nkind = \"blank\"\n".to_owned(), why, sure: 950 });
    }
}

fn header_step(seen: &[Row<'_>], start: usize, sure: u32, names: &[String], out: &mut Vec<Suggested>) {
    let repeats = seen[start + 1..].iter().filter(|r| names_of(**r) == names).count();
    let titles: Vec<String> = seen[..start].iter().filter(|r| !r.is_blank()).map(|r| joined(*r)).collect();
    if titles.is_empty() && repeats == 0 {
        return;
    }
    let mut step = String::from("[[layout.step]]\nkind = \"header\"\n");
    let some: Vec<String> = names.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).take(3).map(quoted).collect();
    let _ = writeln!(step, "names = [{}]", some.join(", "));
    let mut why = format!("row {} holds names only, and is as wide as the rows below it", seen[start].origin.row);
    if let Some(first) = titles.first() {
        let _ = write!(why, "; {} above it, the first is \"{first}\"", plural(titles.len(), "title stands", "titles stand"));
    }
    if repeats > 0 {
        step.push_str("repeats = true\n");
        let _ = write!(why, "; {} again further down", plural(repeats, "row is that header", "rows are that header"));
    }
    out.push(Suggested { kind: "header", step, why, sure });
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
        if !first || amount_columns.contains(&c) || full * 2 >= texts.len() || full < 2 {
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
    ["total", "subtotal", "grand total", "totals"].contains(&text.as_str())
        || text.ends_with(" total")
        || text.ends_with(" totals")
        || text.starts_with("total ")
        || text.starts_with("subtotal ")
        || text.starts_with("grand total")
}

fn totals(records: &[Row<'_>], names: &[String], amount_columns: &[usize], out: &mut Vec<Suggested>) {
    if amount_columns.is_empty() {
        return;
    }
    let mut kinds = Vec::new();
    let mut count = 0;
    let mut example = String::new();
    // Further to the left is further out.
    for (c, name) in names.iter().enumerate().rev() {
        let found: Vec<&str> = records.iter().map(|r| r.text(c).trim()).filter(|t| is_total(t)).collect();
        if let Some(first) = found.first()
            && found.len() * 2 < records.len().max(2)
        {
            count += found.len();
            example = (*first).to_owned();
            kinds.push(format!("  {{ in = [{}], pattern = '(?i)^(sub|grand )?totals?\\b| totals?$' }},\n", quoted(name.trim())));
        }
    }
    if kinds.is_empty() {
        return;
    }
    let sum: Vec<String> = amount_columns.iter().filter_map(|&c| names.get(c)).map(|n| quoted(n.trim())).collect();
    let step = format!("[[layout.step]]\nkind = \"totals\"\nsum = [{}]\ntotal = [\n{}]\n", sum.join(", "), kinds.concat());
    let why =
        format!("{} a total among the records, such as \"{example}\"", plural(count, "row says that it is", "rows say that they are"));
    out.push(Suggested { kind: "totals", step, why, sure: 850 });
}

/// Runs of columns that are named by years, and years inside names.
fn years(names: &[String], out: &mut Vec<Suggested>) {
    let run = names.iter().filter(|n| year(n)).count();
    if run > 1 {
        let step = "[[layout.step]]\nkind = \"unpivot\"\npattern = '^(FY)? ?(?<fiscal_year>[0-9]{2,4})$'\nvalue = \"amount\"\n".to_owned();
        out.push(Suggested { kind: "unpivot", step, why: format!("{run} columns are named by years"), sure: 900 });
        return;
    }
    let inside: Vec<(&str, &str)> = names.iter().filter_map(|n| year_inside(n.trim())).collect();
    let mut distinct: Vec<&str> = inside.iter().map(|i| i.0).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let pattern = "(?i)^FY ?(?<fiscal_year>[0-9]{2,4})[ _-]+";
    match (inside.len(), distinct.len()) {
        (0 | 1, _) => {}
        (n, 1) => {
            let step = format!("[[layout.step]]\nkind = \"rename\"\npattern = '{pattern}(?<name>.+)$'\n");
            out.push(Suggested {
                kind: "rename",
                step,
                why: format!("{n} columns have the year {} in their names", distinct[0]),
                sure: 800,
            });
        }
        (n, _) => {
            let step = format!("[[layout.step]]\nkind = \"unpivot\"\npattern = '{pattern}(?<phase>.+)$'\nvalue = \"amount\"\n");
            out.push(Suggested { kind: "unpivot", step, why: format!("{n} columns are named by years and something else"), sure: 800 });
        }
    }
}

/// `FY26_DEPT` is `26` and `DEPT`.
fn year_inside(name: &str) -> Option<(&str, &str)> {
    let rest = name.get(..2).filter(|p| p.eq_ignore_ascii_case("FY")).and_then(|_| name.get(2..))?.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (year, rest) = rest.split_at(digits);
    let rest = rest.strip_prefix(['_', ' ', '-'])?;
    (matches!(digits, 2 | 4) && !rest.is_empty()).then_some((year, rest))
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
        if texts.is_empty() {
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
        if let Some(spoiled) = texts.iter().find(|t| scientific(t)) {
            let step = format!("[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"id\"\n", quoted(name.trim()));
            out.push(Suggested { kind: "values", step, why: format!("\"{spoiled}\" is a number in scientific notation"), sure: 600 });
        }
        let date = name.to_lowercase().contains("date");
        let serial = texts.iter().filter(|t| t.len() == 5 && super::values::serial_date(t, false).is_some()).count();
        if date && serial * 10 >= texts.len() * 9 {
            let step = format!("[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"serial-date\"\n", quoted(name.trim()));
            let day = texts.iter().find_map(|t| Some(format!("{t} is {}", super::values::serial_date(t, false)?))).unwrap_or_default();
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
            let step = format!(
                "[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"date\"\nfrom = [\"%-m{sign}%-d{sign}%y\"]\npivot = 68\n",
                quoted(name.trim())
            );
            out.push(Suggested {
                kind: "values",
                step,
                why: format!("\"{}\" has years of two digits, such as {}", name.trim(), texts[0]),
                sure: 700,
            });
        }
        let zip = name.to_lowercase().contains("zip");
        let four = texts.iter().filter(|t| t.len() == 4 && t.bytes().all(|b| b.is_ascii_digit())).count();
        if zip && four * 2 > texts.len() {
            let step = format!("[[layout.step]]\nkind = \"values\"\ncolumns = [{}]\nas = \"id\"\nwidth = 5\n", quoted(name.trim()));
            out.push(Suggested { kind: "values", step, why: format!("most values of \"{}\" lost a leading zero", name.trim()), sure: 850 });
        }
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
