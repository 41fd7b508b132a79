//! Whether every text of one pattern and length is one of another, by walking both automata at once.

use std::collections::{HashMap, VecDeque};

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};

use super::Budget;
use crate::schema::pattern::in_our_syntax;

/// Texts that a field's pattern and lengths allow; lengths in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Language<'a> {
    /// `None`: any text.
    pub pattern: Option<&'a str>,
    pub min: Option<u64>,
    pub max: Option<u64>,
}

/// The answer of [`outside`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// Every text of the one is a text of the other.
    None,
    /// Some texts of the one that are none of the other, shortest first.
    Some(Vec<String>),
    /// A pattern is too large or of a kind that no automaton has, or the budget ran out.
    Unknown,
}

/// Lengths beyond this are not counted one by one.
const LONGEST: u64 = 4_000;
/// Bytes of one pattern's automaton.
const AUTOMATON: usize = 1 << 20;
/// Texts given at the most: the shortest may break another rule of the field.
const MOST: usize = 24;

/// Looks for texts of `one` that are not of `other`.
pub(super) fn outside(one: Language<'_>, other: Language<'_>, budget: &mut Budget) -> Outside {
    let (Some(a), Some(b)) = (automaton(one.pattern), automaton(other.pattern)) else { return Outside::Unknown };
    let bounds = [one.min, one.max, other.min, other.max];
    if bounds.iter().flatten().any(|n| *n > LONGEST) {
        return Outside::Unknown;
    }
    // Beyond the largest bound all lengths are alike.
    let most = bounds.iter().flatten().max().map_or(0, |n| n + 1);
    let start = |dfa: &dense::DFA<Vec<u32>>| dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok();
    let (Some(a0), Some(b0)) = (start(&a), start(&b)) else { return Outside::Unknown };
    let long = |language: &Language<'_>, n: u64| language.min.is_none_or(|min| n >= min) && language.max.is_none_or(|max| n <= max);
    let mut queue: VecDeque<State> = VecDeque::new();
    // How each state was first reached: from which, by which byte.
    let mut seen: HashMap<State, Option<(State, u8)>> = HashMap::new();
    let first = State { a: a0, b: b0, length: 0 };
    seen.insert(first, None);
    queue.push_back(first);
    let mut found = Vec::new();
    while let Some(state) = queue.pop_front() {
        if !Budget::spend(&mut budget.states) {
            return if found.is_empty() { Outside::Unknown } else { Outside::Some(found) };
        }
        let is_in = |dfa: &dense::DFA<Vec<u32>>, id: StateID| dfa.is_match_state(dfa.next_eoi_state(id));
        let in_a = is_in(&a, state.a) && long(&one, state.length);
        if in_a && !(is_in(&b, state.b) && long(&other, state.length)) {
            // A state in which both are matched is reached by whole characters only: the pattern's automaton takes nothing but UTF-8.
            if let Ok(text) = String::from_utf8(text(&seen, state)) {
                found.push(text);
                if found.len() >= MOST {
                    return Outside::Some(found);
                }
            }
        }
        // Plain signs first, so that witnesses can be read.
        for byte in (b'a'..=b'z')
            .chain(b'0'..=b'9')
            .chain(b'A'..=b'Z')
            .chain(b' '..=b'/')
            .chain(b':'..=b'@')
            .chain(b'['..=b'`')
            .chain(b'{'..=b'~')
            .chain(0..b' ')
            .chain(127..=255)
        {
            let next_a = a.next_state(state.a, byte);
            if a.is_dead_state(next_a) || a.is_quit_state(next_a) {
                continue;
            }
            // A byte that goes on with a character adds none.
            let more = u64::from(byte & 0xC0 != 0x80);
            let next = State { a: next_a, b: b.next_state(state.b, byte), length: (state.length + more).min(most) };
            if b.is_quit_state(next.b) {
                return Outside::Unknown;
            }
            if let std::collections::hash_map::Entry::Vacant(unseen) = seen.entry(next) {
                unseen.insert(Some((state, byte)));
                queue.push_back(next);
            }
        }
    }
    if found.is_empty() { Outside::None } else { Outside::Some(found) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    a: StateID,
    b: StateID,
    /// Characters so far, but at most one more than the largest bound.
    length: u64,
}

/// The bytes on the way to a state.
fn text(seen: &HashMap<State, Option<(State, u8)>>, mut state: State) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(Some((before, byte))) = seen.get(&state) {
        out.push(*byte);
        state = *before;
    }
    out.reverse();
    out
}

fn automaton(pattern: Option<&str>) -> Option<dense::DFA<Vec<u32>>> {
    let whole = pattern.map_or_else(|| "^(?s:.)*$".to_owned(), |p| format!("^(?:{})$", in_our_syntax(p)));
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Anchored)
                .dfa_size_limit(Some(AUTOMATON))
                .determinize_size_limit(Some(4 * AUTOMATON)),
        )
        .syntax(syntax::Config::new().unicode(true).utf8(true))
        .build(&whole)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Language<'_> {
        Language { pattern: (!pattern.is_empty()).then_some(pattern), min: None, max: None }
    }

    fn ask(one: Language<'_>, other: Language<'_>) -> Outside {
        outside(one, other, &mut Budget::default())
    }

    fn first(outside: Outside) -> Option<String> {
        match outside {
            Outside::Some(texts) => texts.into_iter().next(),
            _ => None,
        }
    }

    #[test]
    fn patterns_are_compared_as_sets_of_texts() {
        assert_eq!(ask(of("[0-9]{5}"), of("[0-9]{5}(-[0-9]{4})?")), Outside::None);
        assert_eq!(first(ask(of("[0-9]{5}(-[0-9]{4})?"), of("[0-9]{5}"))).as_deref(), Some("00000-0000"));
        assert_eq!(ask(of("[a-z]+"), of("")), Outside::None);
        assert_eq!(first(ask(of(""), of("[a-z]+"))).as_deref(), Some(""));
        assert_eq!(ask(of("a|b"), of("[ab]")), Outside::None);
        assert_eq!(ask(of("é{2}"), of("\\p{L}{2}")), Outside::None);
        assert_eq!(ask(of("(?=a)b"), of("b")), Outside::Unknown);
    }

    #[test]
    fn lengths_count_characters() {
        let lengths = |min, max| Language { pattern: None, min, max };
        assert_eq!(ask(of("é{2}"), lengths(Some(2), Some(2))), Outside::None);
        assert_eq!(first(ask(of("é{2,3}"), lengths(None, Some(2)))).as_deref(), Some("ééé"));
        assert_eq!(ask(Language { min: Some(2), ..of("a*") }, lengths(Some(1), None)), Outside::None);
        assert_eq!(first(ask(lengths(None, Some(3)), lengths(Some(1), Some(3)))).as_deref(), Some(""));
        assert_eq!(ask(lengths(None, Some(100_000)), of("")), Outside::Unknown);
    }

    #[test]
    fn a_budget_that_runs_out_shows_nothing() {
        let mut budget = Budget { states: 3, ..Budget::default() };
        assert_eq!(outside(of("[a-z]{40}"), of("[a-z]{1,40}"), &mut budget), Outside::Unknown);
    }
}
