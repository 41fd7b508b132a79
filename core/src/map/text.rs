//! Steps on plain text: blanks, letter case, pieces.
//!
//! Each function appends to `out` or gives a range of the text, so that nothing is allocated for an ordinary cell.

use std::ops::Range;

use crate::package::crosswalk::{Case, End};

/// Blanks as people see them: all of Unicode's white space (so also the no-break spaces) and the zero-width no-break space.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// The range of the text without the blanks at its ends.
#[inline]
pub(super) fn trim(text: &str, end: End) -> Range<usize> {
    // Signs of ASCII at both ends that are no blanks: nearly every cell.
    let solid = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    if solid(text.as_bytes().first()) && solid(text.as_bytes().last()) {
        return 0..text.len();
    }
    trim_slowly(text, end)
}

fn trim_slowly(text: &str, end: End) -> Range<usize> {
    let start = if end == End::End { 0 } else { text.len() - text.trim_start_matches(is_blank).len() };
    let rest = &text[start..];
    let kept = if end == End::Start { rest } else { rest.trim_end_matches(is_blank) };
    start..start + kept.len()
}

/// Whether [`squeeze`] would change the text.
pub(super) fn has_runs(text: &str) -> bool {
    let mut before = false;
    text.chars().any(|c| {
        let blank = is_blank(c);
        let hit = blank && (before || c != ' ');
        before = blank;
        hit
    })
}

/// Every run of blanks becomes one space.
pub(super) fn squeeze(text: &str, out: &mut String) {
    let mut before = false;
    for c in text.chars() {
        let blank = is_blank(c);
        if !blank {
            out.push(c);
        } else if !before {
            out.push(' ');
        }
        before = blank;
    }
}

/// Writes the text in another letter case.
///
/// `Title` makes the first letter of each word large and all others small; an apostrophe starts a word only after a single letter, so
/// `O'BRIEN` becomes `O'Brien` and `SMITH'S` becomes `Smith's`. `Sentence` makes only the first letter of the whole text large.
pub(super) fn case(text: &str, case: Case, out: &mut String) {
    match case {
        Case::Upper => text.chars().for_each(|c| out.extend(c.to_uppercase())),
        Case::Lower => text.chars().for_each(|c| out.extend(c.to_lowercase())),
        Case::Title => {
            let mut length = 0usize;
            for c in text.chars() {
                if matches!(c, '\'' | '\u{2019}') && length > 0 {
                    if length == 1 {
                        length = 0;
                    }
                    out.push(c);
                } else if c.is_alphanumeric() {
                    if length == 0 {
                        out.extend(c.to_uppercase())
                    } else {
                        out.extend(c.to_lowercase())
                    }
                    length += 1;
                } else {
                    length = 0;
                    out.push(c);
                }
            }
        }
        Case::Sentence => {
            let mut first = true;
            for c in text.chars() {
                if first && c.is_alphanumeric() {
                    out.extend(c.to_uppercase());
                    first = false;
                } else {
                    out.extend(c.to_lowercase());
                }
            }
        }
    }
}

/// One piece of a text split at a literal, counted from 1, or from the end with -1. `None` when there is no such piece.
pub(super) fn split(text: &str, at: &str, take: i32) -> Option<Range<usize>> {
    let range = |piece: &str| {
        let start = piece.as_ptr() as usize - text.as_ptr() as usize;
        start..start + piece.len()
    };
    let nth = (take.unsigned_abs() as usize).checked_sub(1)?;
    if take > 0 { text.split(at).nth(nth).map(range) } else { text.rsplit(at).nth(nth).map(range) }
}

/// Characters `from` to `to`, counted from 1, as far as they are there.
pub(super) fn cut(text: &str, from: u32, to: u32) -> Range<usize> {
    if text.is_ascii() {
        let end = (to as usize).min(text.len());
        return (from.saturating_sub(1) as usize).min(end)..end;
    }
    let offset = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let end = offset(to as usize);
    offset(from.saturating_sub(1) as usize).min(end)..end
}

/// Fills up on the left to so many characters.
pub(super) fn pad(text: &str, to: u32, with: char, out: &mut String) {
    let have = text.chars().count();
    out.extend(std::iter::repeat_n(with, (to as usize).saturating_sub(have)));
    out.push_str(text);
}

/// Writes the folded form by which keys are compared: without blanks around, in small letters.
pub(super) fn fold(text: &str, out: &mut String) {
    let text = &text[trim(text, End::Both)];
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    } else {
        text.chars().for_each(|c| out.extend(c.to_lowercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_shortcut_trims_the_same(text in "[ \t\u{a0}\u{feff}\u{200b}\u{1}a~!é]{0,6}", end in 0usize..3) {
            let end = [End::Start, End::End, End::Both][end];
            proptest::prop_assert_eq!(trim(&text, end), trim_slowly(&text, end));
        }
    }
}
