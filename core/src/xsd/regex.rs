//! Regular expressions of XML Schema (Datatypes, appendix F), read by ourselves and run as automata: no backtracking, no surprise.

mod blocks;

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, meta};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Dot, Hir, HirKind, Look, Repetition};

use crate::check::shape::Shape;
use blocks::{BLOCKS, EMPTY_BLOCKS};

/// Deepest nesting of groups and classes.
const DEPTH: usize = 64;
/// Largest automaton of one pattern in bytes before it is made while it runs.
const TABLE: usize = 256 << 10;
/// Largest program of one pattern in bytes.
const PROGRAM: usize = 24 << 20;

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PatternFault {
    /// Not a regular expression; where (in characters from 0).
    Syntax(usize),
    /// Its automaton would be too large.
    Size,
}

/// A pattern that is held against whole values.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// As written.
    pub(crate) source: String,
    machine: Machine,
    /// What many patterns of codes are: characters in a row.
    shape: Option<Box<Shape>>,
}

#[derive(Debug)]
enum Machine {
    Table(Box<dense::DFA<Vec<u32>>>, StateID),
    Lazy(Box<meta::Regex>),
}

impl Pattern {
    pub(crate) fn new(source: &str) -> Result<Pattern, PatternFault> {
        let hir = parse(source)?;
        let shape = Shape::within(&hir).map(Box::new);
        let whole = Hir::concat(vec![hir, Hir::look(Look::End)]);
        let machine = table(&whole).map_or_else(|| lazy(&whole), Ok)?;
        Ok(Pattern { source: source.to_string(), machine, shape })
    }

    /// Whether the value that lies within data fits; looked at where it lies, since several bytes at once may be read there.
    #[inline(always)]
    pub(crate) fn fits_within(&self, data: &[u8], value: Range<usize>) -> bool {
        let length = value.len();
        self.shape.as_ref().is_some_and(|s| s.looks_right(data, value.start, length)) || data.get(value).is_some_and(|v| self.fits(v))
    }

    /// Whether the whole value fits.
    pub(crate) fn fits(&self, value: &[u8]) -> bool {
        match &self.machine {
            Machine::Table(dfa, start) => {
                let mut state = *start;
                for &b in value {
                    state = dfa.next_state(state, b);
                    if dfa.is_special_state(state) && dfa.is_dead_state(state) {
                        return false;
                    }
                }
                dfa.is_match_state(dfa.next_eoi_state(state))
            }
            Machine::Lazy(regex) => regex.is_match(Input::new(value).anchored(Anchored::Yes)),
        }
    }
}

fn table(hir: &Hir) -> Option<Machine> {
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().nfa_size_limit(Some(TABLE)).which_captures(thompson::WhichCaptures::None))
        .build_from_hir(hir)
        .ok()?;
    let config = dense::Config::new().start_kind(StartKind::Anchored).dfa_size_limit(Some(TABLE)).determinize_size_limit(Some(4 * TABLE));
    let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
    let start = dfa.start_state_forward(&Input::new(b"").anchored(Anchored::Yes)).ok()?;
    Some(Machine::Table(Box::new(dfa), start))
}

fn lazy(hir: &Hir) -> Result<Machine, PatternFault> {
    let config = meta::Config::new().nfa_size_limit(Some(PROGRAM)).hybrid_cache_capacity(1 << 20);
    meta::Builder::new().configure(config).build_from_hir(hir).map(|r| Machine::Lazy(Box::new(r))).map_err(|_| PatternFault::Size)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

type Set = ClassUnicode;

/// A few texts that fit a pattern: the shortest by its first branches, and one with each repetition once more. Empty when it cannot be read.
pub(crate) fn examples(source: &str) -> Vec<String> {
    let Ok(hir) = parse(source) else { return Vec::new() };
    let mut all = Vec::new();
    for more in 0..3 {
        let mut text = String::new();
        if example(&hir, more, &mut text).is_some() && !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// Longest example in bytes.
const EXAMPLE: usize = 2_000;

fn example(hir: &Hir, more: u32, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(set)) => {
            let has = |c: char| set.iter().any(|r| (r.start()..=r.end()).contains(&c));
            let likely = ['a', 'A', '1', '0', ' '].into_iter().find(|c| has(*c));
            out.push(likely.or_else(|| set.iter().next().map(|r| r.start()))?);
        }
        HirKind::Repetition(again) => {
            let count = again.min.saturating_add(more).min(again.max.unwrap_or(u32::MAX));
            for _ in 0..count {
                example(&again.sub, more, out)?;
                if out.len() > EXAMPLE {
                    return None;
                }
            }
        }
        HirKind::Capture(inner) => example(&inner.sub, more, out)?,
        HirKind::Concat(all) => all.iter().try_for_each(|hir| example(hir, more, out))?,
        HirKind::Alternation(all) => {
            let at = usize::try_from(more).unwrap_or(0).min(all.len().saturating_sub(1));
            example(all.get(at)?, more, out)?;
        }
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Class(Class::Bytes(_)) => return None,
    }
    Some(())
}

fn parse(source: &str) -> Result<Hir, PatternFault> {
    let mut reader = Reader { chars: source.chars().collect(), at: 0, depth: 0 };
    let hir = reader.alternatives()?;
    if reader.at < reader.chars.len() { reader.bad() } else { Ok(hir) }
}

impl Reader {
    fn bad<T>(&self) -> Result<T, PatternFault> {
        Err(PatternFault::Syntax(self.at))
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn alternatives(&mut self) -> Result<Hir, PatternFault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(PatternFault::Size);
        }
        let mut branches = vec![self.branch()?];
        while self.take('|') {
            branches.push(self.branch()?);
        }
        self.depth -= 1;
        Ok(Hir::alternation(branches))
    }

    fn branch(&mut self) -> Result<Hir, PatternFault> {
        let mut pieces = Vec::new();
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let atom = self.atom()?;
            pieces.push(self.quantified(atom)?);
        }
        Ok(Hir::concat(pieces))
    }

    fn atom(&mut self) -> Result<Hir, PatternFault> {
        let Some(c) = self.peek() else { return self.bad() };
        self.at += 1;
        match c {
            '(' => {
                let inner = self.alternatives()?;
                if self.take(')') { Ok(inner) } else { self.bad() }
            }
            '[' => Ok(Hir::class(Class::Unicode(self.class()?))),
            '.' => Ok(Hir::class(Class::Unicode(dot()))),
            '\\' => Ok(Hir::class(Class::Unicode(self.escape()?.0))),
            '?' | '*' | '+' | '{' | '}' | ')' | ']' => {
                self.at -= 1;
                self.bad()
            }
            c => Ok(Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes().to_vec())),
        }
    }

    fn quantified(&mut self, atom: Hir) -> Result<Hir, PatternFault> {
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.at += 1;
                let Some(min) = self.number()? else { return self.bad() };
                let max = if self.take(',') { self.number()? } else { Some(min) };
                if self.peek() != Some('}') || max.is_some_and(|m| m < min) {
                    return self.bad();
                }
                (min, max)
            }
            _ => return Ok(atom),
        };
        self.at += 1;
        if matches!(atom.kind(), HirKind::Empty) {
            return Ok(atom);
        }
        Ok(Hir::repetition(Repetition { min, max, greedy: true, sub: Box::new(atom) }))
    }

    fn number(&mut self) -> Result<Option<u32>, PatternFault> {
        let from = self.at;
        let mut value = 0u32;
        while let Some(d) = self.peek().filter(char::is_ascii_digit).and_then(|c| c.to_digit(10)) {
            value = value.checked_mul(10).and_then(|v| v.checked_add(d)).ok_or(PatternFault::Size)?;
            self.at += 1;
        }
        Ok((self.at > from).then_some(value))
    }

    /// After `[`.
    fn class(&mut self) -> Result<Set, PatternFault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(PatternFault::Size);
        }
        let negated = self.take('^');
        let mut set = Set::empty();
        let mut first = true;
        loop {
            let Some(c) = self.peek() else { return self.bad() };
            match c {
                ']' if !first => {
                    self.at += 1;
                    break;
                }
                '-' if !first && self.chars.get(self.at + 1) == Some(&'[') => {
                    self.at += 2;
                    if negated {
                        set.negate();
                    }
                    set.difference(&self.class()?);
                    self.depth -= 1;
                    return if self.take(']') { Ok(set) } else { self.bad() };
                }
                '[' | ']' => return self.bad(),
                _ => self.member(first, &mut set)?,
            }
            first = false;
        }
        if negated {
            set.negate();
        }
        self.depth -= 1;
        Ok(set)
    }

    /// A character, a range or an escape within a class.
    fn member(&mut self, first: bool, set: &mut Set) -> Result<(), PatternFault> {
        let Some((low, escaped)) = self.endpoint(set)? else { return Ok(()) };
        let range = self.peek() == Some('-') && !matches!(self.chars.get(self.at + 1), Some('[' | ']') | None);
        if low == '-'
            && !escaped
            && !first
            && self.peek() != Some(']')
            && !(self.peek() == Some('-') && self.chars.get(self.at + 1) == Some(&'['))
        {
            // An unescaped hyphen is a character only at either end of a class.
            return self.bad();
        }
        if !range {
            set.push(ClassUnicodeRange::new(low, low));
            return Ok(());
        }
        self.at += 1;
        let mut none = Set::empty();
        let Some((high, _)) = self.endpoint(&mut none)? else { return self.bad() };
        if high < low {
            return self.bad();
        }
        set.push(ClassUnicodeRange::new(low, high));
        Ok(())
    }

    /// A single character and whether it was escaped; an escape of many characters goes into the set.
    fn endpoint(&mut self, set: &mut Set) -> Result<Option<(char, bool)>, PatternFault> {
        let Some(c) = self.peek() else { return self.bad() };
        self.at += 1;
        if c == '[' || c == ']' {
            self.at -= 1;
            return self.bad();
        }
        if c != '\\' {
            return Ok(Some((c, false)));
        }
        let (escape, single) = self.escape()?;
        if single.is_none() {
            set.union(&escape);
        }
        Ok(single.map(|c| (c, true)))
    }

    /// After a backslash: the set, and the character when it is one.
    fn escape(&mut self) -> Result<(Set, Option<char>), PatternFault> {
        let Some(c) = self.peek() else { return self.bad() };
        self.at += 1;
        let one = |c: char| Ok((Set::new([ClassUnicodeRange::new(c, c)]), Some(c)));
        let many = |mut set: Set, negated: bool| {
            if negated {
                set.negate();
            }
            Ok((set, None))
        };
        match c {
            'n' => one('\n'),
            'r' => one('\r'),
            't' => one('\t'),
            '\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '-' | '[' | ']' | '^' => one(c),
            's' | 'S' => many(ranges(&[('\t', '\n'), ('\r', '\r'), (' ', ' ')]), c == 'S'),
            'i' | 'I' => many(name_starts(), c == 'I'),
            'c' | 'C' => many(name_chars(), c == 'C'),
            'd' | 'D' => many(property("Nd").unwrap_or_else(Set::empty), c == 'D'),
            'w' | 'W' => {
                let mut set = Set::empty();
                for name in ["P", "Z", "C"] {
                    set.union(&property(name).unwrap_or_else(Set::empty));
                }
                many(set, c == 'w')
            }
            'p' | 'P' => {
                if !self.take('{') {
                    return self.bad();
                }
                let rest = &self.chars[self.at..];
                let Some(end) = rest.iter().position(|&c| c == '}') else { return self.bad() };
                let name: String = rest[..end].iter().collect();
                let set = match name.strip_prefix("Is") {
                    Some(block) => self.block(block)?,
                    None if CATEGORIES.contains(&name.as_str()) => property(&name).unwrap_or_else(Set::empty),
                    None => return self.bad(),
                };
                self.at += end + 1;
                many(set, c == 'P')
            }
            _ => {
                self.at -= 1;
                self.bad()
            }
        }
    }

    fn block(&self, name: &str) -> Result<Set, PatternFault> {
        block(name).map_or_else(|| self.bad(), Ok)
    }
}

/// The characters of a block of Unicode, by its name without blanks; `None` when there is no such block.
fn block(name: &str) -> Option<Set> {
    let mut set = Set::empty();
    let mut known = EMPTY_BLOCKS.contains(&name);
    for (block, low, high) in BLOCKS {
        if block == name {
            known = true;
            if let (Some(low), Some(high)) = (char::from_u32(low), char::from_u32(high)) {
                set.push(ClassUnicodeRange::new(low, high));
            }
        }
    }
    known.then_some(set)
}

fn pairs(set: &Set) -> Vec<(char, char)> {
    set.ranges().iter().map(|r| (r.start(), r.end())).collect()
}

/// The characters of a block of Unicode, by its name without blanks; `None` when there is no such block.
pub(crate) fn ranges_of_block(name: &str) -> Option<Vec<(char, char)>> {
    block(name).map(|set| pairs(&set))
}

/// The characters with which a name of XML begins: `\i`.
pub(crate) fn ranges_of_name_starts() -> Vec<(char, char)> {
    pairs(&name_starts())
}

/// The characters of XML's names: `\c`.
pub(crate) fn ranges_of_name_chars() -> Vec<(char, char)> {
    pairs(&name_chars())
}

const CATEGORIES: [&str; 36] = [
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Z",
    "Zs", "Zl", "Zp", "S", "Sm", "Sc", "Sk", "So", "C", "Cc", "Cf", "Co", "Cn",
];

fn property(name: &str) -> Option<Set> {
    match regex_syntax::parse(&format!("\\p{{{name}}}")).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(set)) => Some(set),
        _ => None,
    }
}

fn ranges(list: &[(char, char)]) -> Set {
    Set::new(list.iter().map(|&(a, b)| ClassUnicodeRange::new(a, b)))
}

fn name_starts() -> Set {
    static SET: OnceLock<Set> = OnceLock::new();
    SET.get_or_init(|| name_set(super::scan::name_start)).clone()
}

fn name_chars() -> Set {
    static SET: OnceLock<Set> = OnceLock::new();
    SET.get_or_init(|| name_set(super::scan::name_char)).clone()
}

fn name_set(member: fn(char) -> bool) -> Set {
    let mut out = Vec::new();
    let mut from = None;
    for c in '\0'..='\u{10FFFF}' {
        match (member(c), from) {
            (true, None) => from = Some(c),
            (false, Some(start)) => {
                // The last member is the character before, and no range of names borders on the surrogates from above.
                let end = char::from_u32(c as u32 - 1).unwrap_or('\u{D7FF}');
                out.push(ClassUnicodeRange::new(start, end));
                from = None;
            }
            _ => {}
        }
    }
    Set::new(out)
}

fn dot() -> Set {
    match Hir::dot(Dot::AnyCharExceptCRLF).into_kind() {
        HirKind::Class(Class::Unicode(set)) => set,
        _ => Set::empty(),
    }
}
