//! A pattern in plain words: `5 digits, optionally followed by a hyphen and 4 digits`.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Longest description that is of help.
const LONGEST: usize = 160;

/// Describes a pattern; `None` when it is too involved for a sentence.
pub fn describe(pattern: &str) -> Option<String> {
    let hir = regex_syntax::ParserBuilder::new().nest_limit(50).build().parse(pattern).ok()?;
    let text = match branches(&hir) {
        Some(all) => {
            let all: Option<Vec<String>> = all.iter().map(|b| sequence(b)).collect();
            all?.join(", or ")
        }
        None => sequence(&hir)?,
    };
    (!text.is_empty() && text.chars().count() <= LONGEST).then_some(text)
}

/// The branches of an alternation in which none may be empty.
fn branches(hir: &Hir) -> Option<Vec<&Hir>> {
    match hir.kind() {
        HirKind::Capture(c) => branches(&c.sub),
        HirKind::Concat(parts) => {
            let mut solid = parts.iter().filter(|p| !matches!(p.kind(), HirKind::Look(_)));
            match (solid.next(), solid.next()) {
                (Some(one), None) => branches(one),
                _ => None,
            }
        }
        HirKind::Alternation(all) if all.iter().all(|b| b.properties().minimum_len() != Some(0)) => Some(all.iter().collect()),
        _ => None,
    }
}

/// A sequence of things, the optional tail told as such.
fn sequence(hir: &Hir) -> Option<String> {
    let mut parts = Vec::new();
    collect(hir, &mut parts, 0)?;
    let optional = parts.iter().position(|p| p.optional);
    let solid: Vec<&str> = parts[..optional.unwrap_or(parts.len())].iter().map(|p| p.text.as_str()).collect();
    let tail = &parts[optional.unwrap_or(parts.len())..];
    match (solid.is_empty(), tail) {
        (_, []) => Some(join(&solid)),
        (false, [one]) => Some(format!("{}, optionally followed by {}", join(&solid), one.text)),
        // An optional thing in front or in the middle is told in its place.
        _ => {
            let all: Vec<String> =
                parts.iter().map(|p| if p.optional { format!("optionally {}", p.text) } else { p.text.clone() }).collect();
            Some(join(&all.iter().map(String::as_str).collect::<Vec<_>>()))
        }
    }
}

struct Part {
    text: String,
    optional: bool,
}

fn collect(hir: &Hir, out: &mut Vec<Part>, depth: usize) -> Option<()> {
    if depth > 20 || out.len() > 12 {
        return None;
    }
    let solid = |text: String| Part { text, optional: false };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Capture(c) => collect(&c.sub, out, depth + 1)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|p| collect(p, out, depth + 1))?,
        HirKind::Literal(l) => out.extend(literal(std::str::from_utf8(&l.0).ok()?).into_iter().map(solid)),
        HirKind::Class(class) => out.push(solid(counted(class, 1, Some(1))?)),
        HirKind::Repetition(Repetition { min: 0, max: Some(1), sub, .. }) => {
            out.push(Part { text: sequence(sub)?, optional: true });
        }
        HirKind::Repetition(Repetition { min, max, sub, .. }) => match inner(sub).kind() {
            HirKind::Class(class) => out.push(solid(counted(class, *min, *max)?)),
            _ => return None,
        },
        HirKind::Alternation(all) => {
            let optional = all.iter().any(|b| matches!(b.kind(), HirKind::Empty));
            let texts: Option<Vec<String>> = all.iter().filter(|b| !matches!(b.kind(), HirKind::Empty)).map(sequence).collect();
            out.push(Part { text: texts?.join(" or "), optional });
        }
    }
    Some(())
}

fn inner(hir: &Hir) -> &Hir {
    match hir.kind() {
        HirKind::Capture(c) => inner(&c.sub),
        _ => hir,
    }
}

fn join(parts: &[&str]) -> String {
    match parts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// Fixed text: single signs by name, runs of letters and digits in quotes.
fn literal(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut Vec<String>| {
        if !run.is_empty() {
            out.push(format!("\"{run}\""));
            run.clear();
        }
    };
    for c in text.chars() {
        let name = match c {
            '-' => "a hyphen",
            '.' => "a point",
            '/' => "a slash",
            ',' => "a comma",
            ':' => "a colon",
            ' ' => "a blank",
            '_' => "an underscore",
            '@' => "an at sign",
            _ => {
                run.push(c);
                continue;
            }
        };
        flush(&mut run, &mut out);
        out.push(name.to_owned());
    }
    flush(&mut run, &mut out);
    out
}

/// A number of characters of a class: `5 digits`, `2 to 4 capital letters`.
fn counted(class: &Class, min: u32, max: Option<u32>) -> Option<String> {
    let (one, many) = noun(class)?;
    Some(match (min, max) {
        (1, Some(1)) => one,
        (n, Some(m)) if n == m => format!("{n} {many}"),
        (0, Some(m)) => format!("up to {m} {many}"),
        (n, Some(m)) => format!("{n} to {m} {many}"),
        (0, None) => format!("any number of {many}"),
        (1, None) => format!("one or more {many}"),
        (n, None) => format!("{n} or more {many}"),
    })
}

/// Singular with its article, and plural.
fn noun(class: &Class) -> Option<(String, String)> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(c) => c.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
        Class::Bytes(c) => c.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
    };
    let ascii: Vec<(char, char)> =
        ranges.iter().filter_map(|(a, b)| Some((char::from_u32(*a)?, char::from_u32(*b)?))).filter(|(a, _)| a.is_ascii()).collect();
    // `\d` and `\w` of Unicode: their part in ASCII tells what is meant.
    let wide = ranges.iter().any(|(a, _)| *a > 0x24F);
    let pair = |one: &str, many: &str| Some((one.to_owned(), many.to_owned()));
    if ranges.len() <= 3 && ranges.last().is_some_and(|(_, b)| *b == 0x10FFFF) {
        return match ranges.iter().map(|(_, b)| *b).next() {
            Some(0x10FFFF | 0x09) => pair("a character", "characters"),
            _ => None,
        };
    }
    match ascii.as_slice() {
        [('0', '9')] => pair("a digit", "digits"),
        [('A', 'Z')] if !wide => pair("a capital letter", "capital letters"),
        [('a', 'z')] if !wide => pair("a small letter", "small letters"),
        [('A', 'Z'), ('a', 'z')] if !wide => pair("a letter", "letters"),
        [('0', '9'), ('A', 'Z')] if !wide => pair("a digit or capital letter", "digits or capital letters"),
        [('0', '9'), ('a', 'z')] if !wide => pair("a digit or small letter", "digits or small letters"),
        [('0', '9'), ('A', 'Z'), ('a', 'z')] if !wide => pair("a digit or letter", "digits or letters"),
        [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')] => pair("a letter, digit or underscore", "letters, digits or underscores"),
        [('-', '-'), ('0', '9'), ('A', 'Z'), ('a', 'z')] if !wide => pair("a letter, digit or hyphen", "letters, digits or hyphens"),
        [('-', '-'), ('0', '9'), ('A', 'Z')] if !wide => pair("a capital letter, digit or hyphen", "capital letters, digits or hyphens"),
        [('-', '-'), ('0', '9')] if !wide => pair("a digit or hyphen", "digits or hyphens"),
        _ => {
            let singles: Vec<char> =
                ranges.iter().flat_map(|(a, b)| (*a..=*b).take(8)).take(8).filter_map(char::from_u32).filter(|c| !c.is_control()).collect();
            let count: u64 = ranges.iter().map(|(a, b)| u64::from(b - a) + 1).sum();
            if count > 7 || singles.len() as u64 != count {
                return None;
            }
            let list: Vec<String> = singles.iter().map(|c| if *c == ' ' { "a blank".to_owned() } else { c.to_string() }).collect();
            let (last, before) = list.split_last()?;
            let text = if before.is_empty() { last.clone() } else { format!("{} or {last}", before.join(", ")) };
            Some((text.clone(), format!("characters out of {text}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_in_words() {
        for (pattern, words) in [
            ("[0-9]{5}", Some("5 digits")),
            (r"^\d{5}$", Some("5 digits")),
            (r"\d{5}(-\d{4})?", Some("5 digits, optionally followed by a hyphen and 4 digits")),
            (r"^\d{5}|\d{9}$", Some("5 digits, or 9 digits")),
            (r"[A-Z]{2}\d{2,4}", Some("2 capital letters and 2 to 4 digits")),
            ("BP-[0-9]+", Some("\"BP\", a hyphen and one or more digits")),
            ("[A-Za-z0-9]*", Some("any number of digits or letters")),
            ("[ABC]", Some("A, B or C")),
            (r"(\d{2}/){2}\d{4}", None),
            (r".{1,10}", Some("1 to 10 characters")),
            (r"\w+", Some("one or more letters, digits or underscores")),
            ("(", None),
            ("", None),
        ] {
            assert_eq!(describe(pattern).as_deref(), words, "{pattern}");
        }
    }
}
