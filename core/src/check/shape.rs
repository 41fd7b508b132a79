//! Patterns that are nothing but characters in a row, such as `[A-Z]{3}[0-9]{4}` or `[0-9]{5}(-[0-9]{4})?`: most patterns of keys and codes.
//!
//! Such a pattern is a few sequences of character classes, each of one length. A text matches when each of its bytes is in its class, which
//! takes one table look-up a byte with nothing waiting for anything.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind, Look};

use super::short::{Ranges, sixteen};

/// A few sequences of classes of ASCII characters.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// Bit `k` of a byte's entry: the byte is in class `k`.
    table: Box<[u8; 256]>,
    /// Each sequence's classes, as one bit each; sorted by length.
    sequences: Vec<Box<[u8]>>,
    /// By length up to 32: whether there is one sequence of that length and each of its classes is one range, and then the ranges of the first
    /// sixteen bytes and of the last sixteen.
    ranges: Box<[(bool, Ranges, Ranges); 33]>,
}

/// Bounds of what is taken on.
const MOST_CLASSES: usize = 8;
const MOST_SEQUENCES: usize = 16;
const LONGEST: usize = 64;

/// The ranges of a length of which nothing is certain.
const UNKNOWN: (bool, Ranges, Ranges) = (false, Ranges::ANY, Ranges::ANY);

/// A set of bytes.
type Set = [bool; 256];

impl Shape {
    /// The pattern as a shape; `None` when it is another kind of pattern.
    pub(super) fn new(pattern: &str) -> Option<Shape> {
        Shape::made(expand(&regex_syntax::Parser::new().parse(pattern).ok()?, false)?)
    }

    /// The same where a pattern may match a part of a text: only one that says itself that it begins and ends with the text.
    pub(crate) fn of_whole(pattern: &str) -> Option<Shape> {
        let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
        let HirKind::Concat(parts) = hir.kind() else { return None };
        let look = |part: Option<&Hir>, look| part.is_some_and(|part| *part.kind() == HirKind::Look(look));
        let whole = parts.len() > 1 && look(parts.first(), Look::Start) && look(parts.last(), Look::End);
        if whole { Shape::made(expand(&hir, false)?) } else { None }
    }

    /// A shape that only tells what certainly matches, see [`Shape::looks_right`]: of each class the characters of ASCII.
    pub(crate) fn within(hir: &Hir) -> Option<Shape> {
        Shape::made(expand(hir, true)?)
    }

    fn made(expanded: Vec<Vec<Set>>) -> Option<Shape> {
        let mut sets: Vec<Set> = Vec::new();
        let mut sequences: Vec<Box<[u8]>> = Vec::new();
        for sequence in expanded {
            let mut bits = Vec::new();
            for set in sequence {
                let k = sets.iter().position(|s| *s == set).unwrap_or(sets.len());
                if k == sets.len() {
                    sets.push(set);
                }
                if sets.len() > MOST_CLASSES {
                    return None;
                }
                bits.push(1u8 << k);
            }
            sequences.push(bits.into_boxed_slice());
        }
        let mut table = Box::new([0u8; 256]);
        for (k, set) in sets.iter().enumerate() {
            for (entry, &is_in) in table.iter_mut().zip(set) {
                *entry |= u8::from(is_in) << k;
            }
        }
        let mut ranges = Box::new([UNKNOWN; 33]);
        for (n, place) in ranges.iter_mut().enumerate() {
            let mut of_length = sequences.iter().filter(|s| s.len() == n);
            if let (Some(sequence), None) = (of_length.next(), of_length.next())
                && let Some((head, tail)) = as_ranges(sequence, &sets)
            {
                *place = (true, head, tail);
            }
        }
        Some(Shape { table, sequences, ranges })
    }

    /// Only the sequences of at most so many characters.
    pub(super) fn up_to(mut self, most: usize) -> Shape {
        self.sequences.retain(|sequence| sequence.len() <= most);
        self.ranges.iter_mut().skip(most.saturating_add(1)).for_each(|r| *r = UNKNOWN);
        self
    }

    /// Whether the whole text, the `n` bytes of `data` from `from` on, certainly matches; false means "look closely". There is no jump that
    /// depends on the text, because half of a column's cells may be empty.
    #[inline(always)]
    pub(crate) fn looks_right(&self, data: &[u8], from: usize, n: usize) -> bool {
        let Some((known, head, tail)) = self.ranges.get(n) else { return false };
        let (Some(first), Some(last)) = (sixteen(data, from), sixteen(data, from + n.saturating_sub(16))) else { return false };
        *known & head.hold_all(first) & tail.hold_all(last)
    }

    /// Whether the whole text matches.
    #[inline(always)]
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        self.sequences.iter().any(|sequence| {
            sequence.len() == text.len() && {
                let mut missing = 0;
                for (&byte, &class) in text.iter().zip(sequence.iter()) {
                    missing |= !self.table[usize::from(byte)] & class;
                }
                missing == 0
            }
        })
    }
}

/// The ranges of a sequence's first and last sixteen bytes; `None` when a class is not one range. A quotation mark in front may be one around the text
/// as well as one of it, so that is left to a closer look.
fn as_ranges(sequence: &[u8], sets: &[Set]) -> Option<(Ranges, Ranges)> {
    let (mut head, mut tail) = (Ranges::ANY, Ranges::ANY);
    let n = sequence.len();
    for (i, class) in sequence.iter().enumerate() {
        let set = &sets[class.trailing_zeros() as usize];
        if i == 0 && set[usize::from(b'"')] {
            return None;
        }
        let least = set.iter().position(|is_in| *is_in)?;
        let most = set.iter().rposition(|is_in| *is_in)?;
        if !set[least..=most].iter().all(|is_in| *is_in) {
            return None;
        }
        if i < 16 {
            head.set(i, least as u8, most as u8);
        }
        if n > 16 && i + 16 >= n {
            tail.set(i + 16 - n, least as u8, most as u8);
        }
    }
    Some((head, tail))
}

/// All sequences that the pattern matches, when they are few and short; with `part`, those of ASCII alone.
fn expand(hir: &Hir, part: bool) -> Option<Vec<Vec<Set>>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => {
            Some(vec![literal.0.iter().map(|&b| b.is_ascii().then(|| of([b..=b].into_iter()))).collect::<Option<_>>()?])
        }
        HirKind::Class(Class::Unicode(class)) => {
            let ascii = class.ranges().iter().filter(|r| !part || r.start().is_ascii());
            let within = |r: &ClassUnicodeRange| r.start() as u8..=if part { r.end().min('\x7f') } else { r.end() } as u8;
            let ranges: Option<Vec<_>> = ascii.map(|r| (part || r.end().is_ascii()).then(|| within(r))).collect();
            Some(vec![vec![of(ranges?.into_iter())]])
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges: Option<Vec<_>> = class.ranges().iter().map(|r| r.end().is_ascii().then(|| r.start()..=r.end())).collect();
            Some(vec![vec![of(ranges?.into_iter())]])
        }
        // Anchors at the ends say what is so anyway; anywhere else they are rare.
        HirKind::Look(_) => None,
        HirKind::Capture(capture) => expand(&capture.sub, part),
        HirKind::Repetition(repetition) => {
            let one = expand(&repetition.sub, part)?;
            let max = repetition.max.filter(|&max| max as usize <= LONGEST)?;
            let mut out = Vec::new();
            for times in repetition.min..=max {
                let mut sequences = vec![Vec::new()];
                for _ in 0..times {
                    sequences = joined(&sequences, &one)?;
                }
                out.append(&mut sequences);
                if out.len() > MOST_SEQUENCES {
                    return None;
                }
            }
            Some(out)
        }
        HirKind::Concat(parts) => {
            let inner = match parts.as_slice() {
                [first, rest @ ..] if matches!(first.kind(), HirKind::Look(Look::Start)) => rest,
                all => all,
            };
            let inner = match inner {
                [rest @ .., last] if matches!(last.kind(), HirKind::Look(Look::End)) => rest,
                all => all,
            };
            inner.iter().try_fold(vec![Vec::new()], |sequences, inner| joined(&sequences, &expand(inner, part)?))
        }
        HirKind::Alternation(parts) => {
            let mut out = Vec::new();
            for inner in parts {
                out.append(&mut expand(inner, part)?);
            }
            (out.len() <= MOST_SEQUENCES).then_some(out)
        }
    }
}

/// Every first followed by every second.
fn joined(first: &[Vec<Set>], second: &[Vec<Set>]) -> Option<Vec<Vec<Set>>> {
    if first.len() * second.len() > MOST_SEQUENCES {
        return None;
    }
    let mut out = Vec::new();
    for a in first {
        for b in second {
            let sequence = [a.as_slice(), b.as_slice()].concat();
            if sequence.len() > LONGEST {
                return None;
            }
            out.push(sequence);
        }
    }
    Some(out)
}

fn of(ranges: impl Iterator<Item = std::ops::RangeInclusive<u8>>) -> Set {
    let mut set = [false; 256];
    ranges.flatten().for_each(|b| set[usize::from(b)] = true);
    set
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_what_is_a_row_of_characters() {
        for pattern in ["[A-Z]{3}[0-9]{4}-[0-9]{7}", "^[0-9]{5}(-[0-9]{4})?$", "(A|BC)[0-9]", "[0-9]{2,4}", "", "x"] {
            assert!(Shape::new(pattern).is_some(), "{pattern}");
        }
        for pattern in [".*", "[0-9]+", r"\d{5}", "é", "[^a]", "a{0,99}", r"\bx"] {
            assert!(Shape::new(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_regular_expression(text in "[A-C0-2-]{0,6}", which in 0usize..5) {
            let pattern = ["[A-Z]{2}[0-9]{1,3}", "^[0-9]{2}(-[0-9]{2})?$", "(A|BC)[0-9]?", "[0-2]{2,4}|A-B", "-?[0-9]"][which];
            let regex = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
            let shape = Shape::new(pattern).unwrap();
            prop_assert_eq!(shape.matches(text.as_bytes()), regex.is_match(&text));
            let behind = [text.as_bytes(), b"0000000000000000"].concat();
            prop_assert!(!shape.looks_right(&behind, 0, text.len()) || regex.is_match(&text));
        }

        #[test]
        fn long_texts_too(text in "[0-9]{2}(-[0-9]{2}){1,2}(-[0-9]{3}){2,6}[-0-9a]{0,3}") {
            let pattern = "[0-9]{2}-[0-9]{2}(-[0-9]{3}){2,6}";
            let matches = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(&text);
            let shape = Shape::new(pattern).unwrap();
            let behind = [text.as_bytes(), b",,,,,,,,,,,,,,,,"].concat();
            prop_assert_eq!(shape.looks_right(&behind, 0, text.len()), matches);
        }
    }
}
