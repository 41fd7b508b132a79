//! Patterns that can be run as an automaton, straight on a text's bytes: what ECMA 262 and the automaton's syntax mean alike. Look-ahead,
//! back-references and whatever else is not sure to mean the same are left to the reference.

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};

use crate::check::shape::Shape;

/// Largest automaton, in bytes.
const LARGEST: usize = 1 << 20;

/// A pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// What the automaton's syntax calls the same as ECMA 262 does; `None` when it is not sure.
fn translated(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let (mut class, mut first_of_class) = (false, false);
    while let Some(c) = chars.next() {
        let was_first = std::mem::take(&mut first_of_class);
        match c {
            '\\' => match chars.next()? {
                'd' => out.push_str(if class { "0-9" } else { "[0-9]" }),
                'w' => out.push_str(if class { "A-Za-z0-9_" } else { "[A-Za-z0-9_]" }),
                'D' if !class => out.push_str("[^0-9]"),
                'W' if !class => out.push_str("[^A-Za-z0-9_]"),
                c @ ('t' | 'n' | 'r') => {
                    out.push('\\');
                    out.push(c);
                }
                c if c.is_ascii_punctuation() => {
                    out.push('\\');
                    out.push(c);
                }
                _ => return None,
            },
            '[' if !class => {
                class = true;
                first_of_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
            }
            ']' if class => {
                // `[]` matches nothing in ECMA 262.
                if was_first {
                    return None;
                }
                class = false;
                out.push(']');
            }
            // Signs that the automaton's syntax reads as sets of classes.
            '[' => out.push_str("\\["),
            '&' | '~' if class => {
                out.push('\\');
                out.push(c);
            }
            '-' if class && chars.peek() == Some(&'-') => return None,
            '.' if !class => out.push_str("[^\\n\\r\\x{2028}\\x{2029}]"),
            '(' => {
                out.push('(');
                if chars.peek() == Some(&'?') {
                    chars.next();
                    if chars.next()? != ':' {
                        return None;
                    }
                    out.push_str("?:");
                }
            }
            // A brace that counts nothing is a sign of its own in ECMA 262 and a fault elsewhere.
            '{' if !class => {
                out.push('{');
                let mut inside = String::new();
                loop {
                    match chars.next()? {
                        '}' => break,
                        c => inside.push(c),
                    }
                }
                let counts = |t: &str| !t.is_empty() && t.len() < 5 && t.bytes().all(|b| b.is_ascii_digit());
                let (low, high) = inside.split_once(',').unwrap_or((&inside, "1"));
                if !counts(low) || !(high.is_empty() || counts(high)) {
                    return None;
                }
                out.push_str(&inside);
                out.push('}');
            }
            '}' | ']' if !class => return None,
            c => out.push(c),
        }
    }
    (!class).then_some(out)
}

/// The same for a few texts only, without the time that the automaton takes to build; `None` when it cannot be run.
pub(super) fn searched(pattern: &str) -> Option<regex_automata::meta::Regex> {
    if pattern.len() > 1000 {
        return None;
    }
    regex_automata::meta::Regex::builder()
        .syntax(syntax::Config::new().unicode(true).utf8(true).nest_limit(50))
        .configure(regex_automata::meta::Config::new().nfa_size_limit(Some(LARGEST)).dfa(false).onepass(false))
        .build(&translated(pattern)?)
        .ok()
}

/// A pattern that the whole text must match and that is only characters in a row; `None` for any other.
pub(super) fn shape(pattern: &str) -> Option<Shape> {
    if pattern.len() > 1000 { None } else { Shape::of_whole(&translated(pattern)?) }
}

impl Pattern {
    /// Compiles a pattern; `None` when it is left to the reference.
    pub(super) fn new(pattern: &str) -> Option<Pattern> {
        if pattern.len() > 1000 {
            return None;
        }
        let translated = translated(pattern)?;
        let config = dense::Config::new()
            .start_kind(regex_automata::dfa::StartKind::Unanchored)
            .dfa_size_limit(Some(LARGEST))
            .determinize_size_limit(Some(LARGEST));
        let automaton = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().unicode(true).utf8(true).nest_limit(50))
            .thompson(regex_automata::nfa::thompson::Config::new().nfa_size_limit(Some(LARGEST)))
            .build(&translated)
            .ok()?;
        let start = automaton.start_state(&start::Config::new().anchored(Anchored::No)).ok()?;
        Some(Pattern { automaton, start })
    }

    /// Whether the pattern is found in a text without escapes.
    #[inline]
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        let mut state = self.start;
        for &byte in text {
            state = self.automaton.next_state(state, byte);
            if self.automaton.is_special_state(state) {
                if self.automaton.is_match_state(state) {
                    return true;
                }
                if self.automaton.is_dead_state(state) {
                    return false;
                }
            }
        }
        self.automaton.is_match_state(self.automaton.next_eoi_state(state))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_ecma_says() {
        for (pattern, text, want) in [
            ("^[A-Z]{3}[0-9]{4}-[0-9]{7}$", "ABC1234-1234567", Some(true)),
            ("^[A-Z]{3}[0-9]{4}-[0-9]{7}$", "ABC1234-123456", Some(false)),
            ("b", "abc", Some(true)),
            ("^\\d+\\.\\d+$", "4.2", Some(true)),
            ("^\\d+$", "\u{0661}", Some(false)),
            ("^.$", "\u{2028}", Some(false)),
            ("^a$", "a\n", Some(false)),
            ("(^|-)x", "a-x", Some(true)),
            ("^[^[]$", "[", Some(false)),
            ("^(?!R/)", "x", None),
            ("(a)\\1", "aa", None),
            ("[]", "a", None),
            ("\\bx", "x", None),
            ("a{,3}", "a", None),
            ("\\p{L}", "a", None),
        ] {
            assert_eq!(Pattern::new(pattern).map(|p| p.is_in(text.as_bytes())), want, "{pattern} {text}");
        }
    }

    #[test]
    fn characters_in_a_row_are_told_without_the_automaton() {
        for pattern in ["^[A-Z]{3}[0-9]{4}-[0-9]{7}$", "^\\d{5}(-\\d{4})?$", "^(?:a|bc)$", "^$"] {
            assert!(shape(pattern).is_some(), "{pattern}");
        }
        // What may stand anywhere in a text is not told by the whole of it.
        for pattern in ["[A-Z]{3}", "^a", "a$", "^a|b$", "(^a$)", "^a$|^b$", "^\\d+$"] {
            assert!(shape(pattern).is_none(), "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_shape_says_what_the_automaton_says(text in "[A-C0-2-]{0,6}\n?", which in 0usize..5) {
            let pattern = ["^[A-Z]{2}\\d{1,3}$", "^[0-9]{2}(-[0-9]{2})?$", "^(?:A|BC)[0-9]?$", "^([0-2]{2,4}|A-B)$", "^-?[0-9]$"][which];
            let (shape, pattern) = (shape(pattern).unwrap(), Pattern::new(pattern).unwrap());
            proptest::prop_assert_eq!(shape.matches(text.as_bytes()), pattern.is_in(text.as_bytes()));
            let behind = [text.as_bytes(), b"\",\"more\": \"texts\"}"].concat();
            proptest::prop_assert!(!shape.looks_right(&behind, 0, text.len()) || pattern.is_in(text.as_bytes()));
        }
    }
}
