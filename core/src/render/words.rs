//! Sentences from the table of checks: templates filled with a finding's facts, and the small words around them.

use std::fmt::Write as _;

use crate::finding::{Code, Finding, Place, checks};

/// Makes a text of the user's safe and honest to show: what nobody sees becomes visible, and nothing in it can steer a terminal.
///
/// Control characters become their control pictures (a NUL byte is `␀`), a no-break space `⍽`; other special spaces, invisible
/// characters and marks that change the direction of writing stand by name or number, as `‹zero-width space›` or `‹U+202E›`.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        show(&mut out, c);
    }
    out
}

fn show(out: &mut String, c: char) {
    let code = u32::from(c);
    match c {
        '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + code).unwrap_or('␦')),
        '\u{7f}' => out.push('␡'),
        '\u{a0}' => out.push('⍽'),
        '\u{ad}' => out.push_str("‹soft hyphen›"),
        '\u{200b}' => out.push_str("‹zero-width space›"),
        '\u{feff}' => out.push_str("‹byte-order mark›"),
        _ if hidden(code) => {
            let _ = write!(out, "‹U+{code:04X}›");
        }
        _ => out.push(c),
    }
}

/// Characters without a shape of their own: the second block of controls, special spaces, line separators, direction marks, and what
/// Unicode calls default-ignorable (but for the variation selectors that emoji use).
fn hidden(code: u32) -> bool {
    matches!(code,
        0x80..=0x9f | 0x34f | 0x61c | 0x115f..=0x1160 | 0x1680 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x2000..=0x200f | 0x2028..=0x202f
        | 0x205f..=0x206f | 0x3000 | 0x3164 | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

/// Fills a template. `{name}` becomes what `lookup` gives, made [`visible`]; a part in square brackets is left out when one of its
/// names has no value or an empty one; `{{ }} [[ ]]` are the signs themselves. Outside of brackets a name without a value becomes `…`.
///
/// Templates of packages are written by others, so they are made visible too and nothing here can fail: a sign that opens nothing
/// stands as it is.
pub fn expand(template: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    // Where the open part starts in `out`, and whether all its names had values.
    let mut part: Option<(usize, bool)> = None;
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if matches!(c, '{' | '}' | '[' | ']') && after.starts_with(c) {
            out.push(c);
            rest = &after[1..];
            continue;
        }
        rest = after;
        match (c, part) {
            ('{', _) => match after.split_once('}') {
                Some((name, beyond)) if is_name(name) => {
                    rest = beyond;
                    match (lookup(name), &mut part) {
                        (Some(value), Some((_, complete))) if value.is_empty() => *complete = false,
                        (Some(value), _) => out.push_str(&visible(&value)),
                        (None, Some((_, complete))) => *complete = false,
                        (None, None) => out.push('…'),
                    }
                }
                _ => show(&mut out, c),
            },
            ('[', None) if after.contains(']') => part = Some((out.len(), true)),
            (']', Some((start, complete))) => {
                if !complete {
                    out.truncate(start);
                }
                part = None;
            }
            _ => show(&mut out, c),
        }
    }
    out
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Facts that are counts, and are written with separators.
const COUNTS: &[&str] = &["cells", "columns", "count", "length", "records", "rows"];

/// A finding's fact by its name in templates.
pub(super) fn fact(finding: &Finding, name: &str) -> Option<String> {
    // `{a_target}` is the fact with its article, `{counted_records}` the count with its noun.
    let made = finding.get(name).is_none();
    if let Some(noun) = name.strip_prefix("a_").filter(|_| made) {
        let text = fact(finding, noun)?;
        let vowel = text.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
        return Some(format!("{} {text}", if vowel { "an" } else { "a" }));
    }
    if name == "counted_records" && made {
        let count = finding.get("records")?;
        return Some(count.parse().map_or_else(|_| format!("{count} records"), |n| counted(n, "record", "records")));
    }
    let own = match name {
        "value" => finding.value.as_deref(),
        _ => None,
    };
    let text = match own.or_else(|| finding.get(name)) {
        Some(text) => text.to_owned(),
        None => match name {
            "field" => finding.place.field.as_deref()?.to_owned(),
            "row" if finding.place.row > 0 => return Some(finding.place.row.to_string()),
            _ => return None,
        },
    };
    match text.parse::<u64>() {
        Ok(n) if COUNTS.contains(&name) => Some(number(n)),
        _ => Some(text),
    }
}

/// What a conversion made of a value that its source found wrong, behind what is wrong with it; mostly nothing is to be said.
fn became(finding: &Finding) -> String {
    let of = |name: &str| finding.get(name).map(visible).unwrap_or_default();
    match finding.args.iter().map(|(name, _)| *name).find(|name| matches!(*name, "left_empty" | "taken_as" | "not_converted")) {
        Some("left_empty") => format!(", so {} stays empty in the result", of("left_empty")),
        Some("taken_as") => format!(", and was taken as \"{}\" in {}", of("taken_as"), of("taken_in")),
        Some(_) => ", so the row was not converted".to_owned(),
        None => String::new(),
    }
}

/// What is wrong, in a sentence without its place. A standard's rule speaks with its title, and the finding's fact `detail` after it.
pub fn message(finding: &Finding) -> String {
    let lookup = |name: &str| fact(finding, name);
    match &finding.code {
        Code::Engine(code) => match checks::find(code) {
            Some(check) => expand(check.kind(finding.kind).message, &lookup) + &became(finding) + &on_the_way(finding) + &made(finding),
            None => "the value does not pass this check".to_owned(),
        },
        Code::Rule(words) if words.title.is_empty() => format!("the rule {} is not met", visible(&words.code)),
        Code::Rule(words) => expand(&words.title, &lookup) + &expand("[: {detail}]", &lookup) + &on_the_way(finding) + &made(finding),
    }
}

/// Of what is found in a document that a conversion made, which one that is.
fn made(finding: &Finding) -> String {
    let of = finding.get("made_of").map(visible).unwrap_or_default();
    finding.get("made").map_or_else(String::new, |made| format!(", in the {of} \"{}\" that was made", visible(made)))
}

/// Of what is found between two crosswalks, in which standard that is.
pub(super) fn on_the_way(finding: &Finding) -> String {
    finding.get("over").map_or_else(String::new, |over| format!(", on the way over {}", visible(over)))
}

/// What was expected, in words; `None` when there is nothing to say. A rule's finding says it by its fact `expected`.
pub fn expected(finding: &Finding) -> Option<String> {
    let lookup = |name: &str| fact(finding, name);
    let text = match &finding.code {
        Code::Engine(code) => expand(checks::find(code)?.kind(finding.kind).expected, &lookup),
        Code::Rule(_) => visible(finding.get("expected")?),
    };
    (!text.is_empty()).then_some(text)
}

/// Why it matters.
pub fn why(code: &Code) -> String {
    match code {
        Code::Engine(code) => checks::find(code).map_or("", |c| c.why).to_owned(),
        Code::Rule(words) => visible(&words.why),
    }
}

/// The headline of the check or rule.
pub fn title(code: &Code) -> String {
    match code {
        Code::Engine(code) => checks::find(code).map_or("", |c| c.title).to_owned(),
        Code::Rule(words) => expand(&words.title, &|_| None),
    }
}

/// How to mend this occurrence.
pub fn mend(finding: &Finding) -> String {
    expand(mend_template(finding), &|name| fact(finding, name))
}

pub(super) fn mend_template(finding: &Finding) -> &str {
    match &finding.code {
        Code::Engine(code) => checks::find(code).map_or("", |c| c.kind(finding.kind).mend),
        Code::Rule(words) => &words.mend,
    }
}

pub(super) fn expected_template(finding: &Finding) -> &str {
    match &finding.code {
        Code::Engine(code) => checks::find(code).map_or("", |c| c.kind(finding.kind).expected),
        Code::Rule(_) => "[{expected}]",
    }
}

/// A spreadsheet's letters for a column counted from zero: 0 is `A`, 25 `Z`, 26 `AA`.
pub fn column_letter(column: u32) -> String {
    let mut letters = Vec::new();
    let mut n = u64::from(column) + 1;
    while n > 0 {
        n -= 1;
        letters.push(char::from(b'A' + (n % 26) as u8));
        n /= 26;
    }
    letters.iter().rev().collect()
}

/// The cell as a spreadsheet names it, `I14`; `row 14` when no column is known, and `None` for a finding about no row.
pub fn cell(place: &Place) -> Option<String> {
    match (place.row, place.column) {
        (0, _) => None,
        (row, Some(column)) => Some(format!("{}{row}", column_letter(column))),
        (row, None) => Some(format!("row {row}")),
    }
}

/// `column I "Status"`, `column I`, `field "Status"`; `None` when neither column nor field is known.
pub(super) fn column(column: Option<u32>, field: Option<&str>) -> Option<String> {
    let field = field.filter(|f| !f.is_empty()).map(visible);
    match (column, field) {
        (Some(at), Some(name)) => Some(format!("column {} \"{name}\"", column_letter(at))),
        (Some(at), None) => Some(format!("column {}", column_letter(at))),
        (None, Some(name)) => Some(format!("field \"{name}\"")),
        (None, None) => None,
    }
}

/// A number with commas between thousands: `2,310`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A number with its noun: `1 row`, `2,310 rows`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A reference to the standard: `id@version`, or the id alone for a bare schema.
pub(super) fn standard(id: &str, version: &str) -> String {
    if version.is_empty() { visible(id) } else { visible(&format!("{id}@{version}")) }
}

/// Cuts a text to a number of characters, the last of them `…` when something was cut.
pub(super) fn shorten(text: &str, at_most: usize) -> String {
    if text.chars().count() <= at_most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(at_most.saturating_sub(1)).collect();
    out.push('…');
    out
}
