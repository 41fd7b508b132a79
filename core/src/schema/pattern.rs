//! Patterns of Table Schema in the syntax of our engine.
//!
//! Source: Table Schema v2, "pattern": the syntax is that of XML Schema (Datatypes 1.0, appendix F). Most patterns in use are written alike there and in
//! the syntax of Perl that our engine reads, and many are Perl's; those stay as they are. What only XML Schema has is put into ours: a class without
//! another (`[a-z-[aeiou]]`), characters of XML names (`\i`, `\c`), and blocks of Unicode (`\p{IsBasicLatin}`).

use std::borrow::Cow;
use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

use crate::xsd::regex;

/// Deepest nesting of classes that is put into our syntax.
const DEPTH: usize = 32;

/// The pattern in our engine's syntax. What is no pattern of either syntax comes back as it is, so that the engine says what is wrong.
pub(crate) fn in_our_syntax(pattern: &str) -> Cow<'_, str> {
    let only_there = pattern.contains("-[") || ["\\i", "\\I", "\\c", "\\C", "\\p{Is", "\\P{Is"].iter().any(|sign| pattern.contains(sign));
    if !only_there {
        return Cow::Borrowed(pattern);
    }
    let mut chars = pattern.chars().peekable();
    let mut out = String::with_capacity(pattern.len());
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, &mut out),
            '[' => match class(&mut chars, DEPTH) {
                Some(class) => out.push_str(&class),
                None => return Cow::Borrowed(pattern),
            },
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// After a backslash: one escape.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    let Some(c) = chars.next() else { return out.push('\\') };
    match c {
        'i' | 'I' => set(regex::ranges_of_name_starts(), c == 'I', out),
        'c' | 'C' => set(regex::ranges_of_name_chars(), c == 'C', out),
        'p' | 'P' => {
            let ahead: String = chars.clone().take_while(|c| *c != '}').collect();
            match ahead.strip_prefix("{Is").and_then(regex::ranges_of_block) {
                Some(ranges) => {
                    chars.nth(ahead.chars().count());
                    set(ranges, c == 'P', out);
                }
                None => out.extend(['\\', c]),
            }
        }
        c => out.extend(['\\', c]),
    }
}

/// A class of these characters, which may stand alone or within another.
fn set(ranges: Vec<(char, char)>, negated: bool, out: &mut String) {
    if ranges.is_empty() {
        // A block without characters that a text can hold.
        out.push_str(if negated { r"[\x{0}-\x{10FFFF}]" } else { r"[^\x{0}-\x{10FFFF}]" });
        return;
    }
    out.push_str(if negated { "[^" } else { "[" });
    for (low, high) in ranges {
        let _ = write!(out, r"\x{{{:X}}}-\x{{{:X}}}", low as u32, high as u32);
    }
    out.push(']');
}

/// After `[`: a class up to its end; `None` when it is none.
fn class(chars: &mut Peekable<Chars<'_>>, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let negated = chars.next_if_eq(&'^').is_some();
    let head = if negated { "[^" } else { "[" };
    let mut members = String::new();
    // A bracket at the start closes nothing in Perl, and does not stand there in XML Schema.
    if chars.next_if_eq(&']').is_some() {
        members.push_str("\\]");
    }
    loop {
        match chars.next()? {
            ']' => return Some(format!("{head}{members}]")),
            '\\' => escape(chars, &mut members),
            '-' if chars.peek() == Some(&'[') && !members.is_empty() && !members.ends_with('-') => {
                chars.next();
                let without = class(chars, depth)?;
                // What is taken away is taken from the whole class, its own negation included.
                return (chars.next()? == ']').then(|| format!("[{head}{members}]--{without}]"));
            }
            '[' if chars.peek() == Some(&':') => members.push('['),
            '[' => members.push_str(&class(chars, depth)?),
            c => members.push(c),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours(pattern: &str) -> Result<::regex::Regex, ::regex::Error> {
        ::regex::Regex::new(&format!("^(?:{})$", in_our_syntax(pattern)))
    }

    #[test]
    fn what_only_xml_schema_has_is_read_as_there() {
        for (pattern, yes, no) in [
            (r"[a-z-[aeiou]]+", &["xyz", "b"][..], &["abc", "-", "x]"][..]),
            (r"[^a-z-[0-9]]", &["A", "-"], &["a", "5"]),
            (r"[\w-[\d_-[5]]]{2}", &["ab", "a5"], &["a4", "__"]),
            (r"\i\c*", &["name", "_a-1:b.c", "é"], &["1a", "", "a b"]),
            (r"\I\C", &["1 "], &["a ", "1a"]),
            (r"[\i-[:]][\c-[:]]*", &["name"], &["a:b", ":a"]),
            (r"\p{IsBasicLatin}+", &["Town 1"], &["Ñ", ""]),
            (r"[\P{IsBasicLatin}x]+", &["Ñx"], &["a"]),
            (r"\p{IsGreek}", &["α"], &["a"]),
        ] {
            let compiled = ours(pattern).unwrap();
            let plain = crate::xsd::regex::Pattern::new(pattern).unwrap();
            for (texts, want) in [(yes, true), (no, false)] {
                for text in texts {
                    assert_eq!(compiled.is_match(text), want, "{pattern} {text:?}");
                    assert_eq!(plain.fits(text.as_bytes()), want, "{pattern} {text:?} as XML Schema");
                }
            }
        }
    }

    #[test]
    fn what_is_written_for_perl_stays() {
        for pattern in [
            r"^\d{5}(-\d{4})?$",
            r"(?i)[a-z]+-[0-9]+",
            r"[[:alpha:]-[0-9]",
            r"[a-z--[aeiou]]",
            r"[]a-z]+",
            r"(?:x|y)\b",
            r"\p{Lu}\p{Greek}",
            r"[A-Z]-[0-9]",
            r"a\\i-[b]",
            r"\[a-[b]",
        ] {
            assert_eq!(in_our_syntax(pattern), pattern);
        }
        for broken in [r"[a-z-[aeiou]", r"[a-[b]c]", r"\p{IsNowhere}", "[", r"\"] {
            assert_eq!(in_our_syntax(broken), broken);
        }
        assert!(in_our_syntax(&"[a-".repeat(10_000)).len() == 30_000);
    }

    proptest! {
        #[test]
        fn both_engines_agree(
            parts in proptest::collection::vec((0usize..9, 0usize..9, 0usize..9, any::<bool>(), 0usize..4), 1..4),
            texts in proptest::collection::vec("[a-e5:_ éα-]{0,3}", 1..40),
        ) {
            let items = ["a-d", "abe", r"\d", r"\i", r"\c", r"\p{IsBasicLatin}", r"\P{IsGreek}", r"\C", "_:"];
            let mut pattern = String::new();
            for (one, two, three, negated, times) in parts {
                let sign = if negated { "^" } else { "" };
                let _ = write!(pattern, "[{sign}{}{}-[{}]]{}", items[one], items[two], items[three], ["", "?", "+", "{1,2}"][times]);
            }
            let plain = crate::xsd::regex::Pattern::new(&pattern).unwrap();
            let compiled = ours(&pattern).unwrap();
            for text in texts {
                prop_assert_eq!(compiled.is_match(&text), plain.fits(text.as_bytes()), "{} as {} on {:?}", pattern, in_our_syntax(&pattern), text);
            }
        }
    }
}
