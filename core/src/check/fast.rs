//! Compiled checks of single cells, on raw bytes.
//!
//! [`FastCheck::passes`] answers *yes* only when the full rules of the field ([`super::cell::CellRules`]) would find nothing wrong with the
//! text; *no* only means "ask the full rules". So a shortcut can be as simple as is fast: it is free to refuse anything rare. A property test
//! holds the one direction that matters: what passes here is accepted there.
//!
//! Cost matters here and nowhere else: no allocation, no hashing of names, no formatting.

use regex_automata::Anchored;
use regex_automata::dfa::Automaton;
use regex_automata::dfa::dense;
use regex_automata::util::start;

use super::cell::CellRules;
use super::evidence::Evidence;
use super::shape::Shape;
use super::short::{PlainNumber, Sixteen, eight_digits, first, form_of_number, sixteen, usual_day};
use crate::decimal::Decimal;
use crate::finding::Place;
use crate::schema::pattern::in_our_syntax;
use crate::schema::{DateFormat, Field, FieldType, StringFormat};

/// The compiled check of one field.
#[derive(Debug, Clone)]
pub struct FastCheck {
    /// An empty cell is fine. Only set when the empty text means "no value".
    empty_passes: bool,
    /// Other texts that mean "no value" and are fine.
    missing: Vec<Box<[u8]>>,
    test: Test,
}

/// Which of the texts that pass one check pass another, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covered {
    /// All that are filled.
    All,
    /// Those without a minus sign.
    Unsigned,
}

#[derive(Debug, Clone)]
enum Test {
    /// Any text.
    Any,
    /// Nothing passes: the full rules decide.
    Never,
    /// At most so many bytes, hence at most so many characters; at least so many bytes is not enough for a minimum, so those go the long way.
    MaxBytes(usize),
    Words(Words),
    Shape(Box<Shape>),
    Pattern(Box<Pattern>),
    Number(Box<NumberTest>),
    /// `YYYY-MM-DD` without bounds.
    IsoDate,
    /// `YYYY-MM-DD` from the first to the last of these days, both included.
    IsoDateBetween([u8; 10], [u8; 10]),
    /// `YYYYMMDD`.
    CompactDate,
}

impl FastCheck {
    /// Compiles a field. `missing` are the texts that mean "no value", `required` whether a value must be there.
    ///
    /// `rules` are the field's full rules, which say which texts of a list are right under its other constraints.
    pub fn compile(field: &Field, rules: &CellRules, missing: &[String], required: bool) -> FastCheck {
        let others = missing.iter().filter(|m| !m.is_empty()).map(|m| m.clone().into_bytes().into_boxed_slice()).collect::<Vec<_>>();
        FastCheck {
            empty_passes: !required && missing.iter().any(String::is_empty),
            missing: if required { Vec::new() } else { others.clone() },
            // A missing value that is also a good value of the field (such as "-" in a text column) must not pass for a required field.
            test: if required && !others.is_empty() { Test::Never } else { compile(field, rules) },
        }
    }

    /// Whether the text is certainly right. `text` is the cell's content without quotation marks.
    #[inline(always)]
    pub fn passes(&self, text: &[u8]) -> bool {
        if text.is_empty() {
            return self.empty_passes;
        }
        self.test.passes(text) || (!self.missing.is_empty() && self.missing.iter().any(|m| **m == *text))
    }

    /// Whether every day written `YYYY-MM-DD` passes.
    pub(crate) fn takes_days(&self) -> bool {
        matches!(self.test, Test::IsoDate | Test::Any)
    }

    /// Whether a plain number in the first bytes of sixteen certainly passes.
    #[inline(always)]
    pub(crate) fn passes_number(&self, bytes: Sixteen, number: PlainNumber) -> bool {
        match &self.test {
            Test::Number(test) => test.holds(bytes, number),
            _ => false,
        }
    }

    /// How much of another field's check is done for the texts that pass this one, where both are checks of numbers.
    pub(crate) fn covers(&self, other: &FastCheck) -> Option<Covered> {
        let (Test::Number(this), Test::Number(other)) = (&self.test, &other.test) else { return None };
        if other.whole && !this.whole || !this.high.iter().zip(&other.high).all(|(this, other)| this <= other) {
            return None;
        }
        if this.low.iter().zip(&other.low).all(|(this, other)| this >= other) {
            return Some(Covered::All);
        }
        other.low.iter().all(|low| *low <= 0).then_some(Covered::Unsigned)
    }

    /// Whether this is a check of plain numbers.
    pub(crate) fn takes_numbers(&self) -> bool {
        matches!(self.test, Test::Number(_))
    }

    /// Whole numbers without a sign and with at most so many digits certainly pass.
    pub(crate) fn safe_digits(&self) -> usize {
        match &self.test {
            Test::Number(test) => test.safe,
            _ => 0,
        }
    }

    /// Walks a column. Rows whose cell does not pass, or holds doubled quotation marks, go to `fails`.
    #[inline(always)]
    pub fn run_column(&self, column: Column<'_>, mut fails: impl FnMut(usize)) {
        // What a first look does not settle: quotation marks, missing values, rare forms.
        macro_rules! slowly {
            ($test:expr, $row:ident, $raw:ident) => {{
                let text = match $raw {
                    [b'"', inner @ .., b'"'] if memchr::memchr(b'"', inner).is_none() => Some(inner),
                    [b'"', ..] => None,
                    text => Some(text),
                };
                let ok = match text {
                    None => false,
                    Some([]) => self.empty_passes,
                    Some(text) => $test(text) || (!self.missing.is_empty() && self.missing.iter().any(|m| **m == *text)),
                };
                if !ok {
                    fails($row);
                }
            }};
        }
        // The loop is compiled for each test alone. A first look takes sixteen bytes from the cell's start and its length, without a jump that
        // depends on either; an empty cell passes there too.
        macro_rules! each {
            ($test:expr) => {{
                let test = $test;
                column.each(|row, raw| slowly!(test, row, raw))
            }};
            ($look:expr, $test:expr) => {{
                let (look, test) = ($look, $test);
                column.each_from(|row, from, raw| {
                    let settled = sixteen(column.data, from)
                        .is_some_and(|bytes| (raw.is_empty() & self.empty_passes) | (!raw.is_empty() & look(bytes, raw)));
                    if !settled {
                        slowly!(test, row, raw)
                    }
                })
            }};
        }
        match &self.test {
            Test::Any if self.empty_passes => {}
            Test::Any => self.run_lengths(column, usize::MAX, fails),
            Test::MaxBytes(most) => self.run_lengths(column, *most, fails),
            Test::Never => each!(|_: &[u8]| false),
            Test::Words(w) => each!(|bytes, raw: &[u8]| w.has_short(bytes, raw), |t: &[u8]| w.has(t)),
            Test::Shape(s) => {
                let data = column.data;
                column.each_from(|row, from, raw| {
                    let right = s.looks_right(data, from, raw.len());
                    if !((raw.is_empty() & self.empty_passes) | (!raw.is_empty() & right)) {
                        slowly!(|t: &[u8]| s.matches(t), row, raw)
                    }
                })
            }
            Test::Pattern(p) => each!(|t: &[u8]| p.matches(t)),
            Test::Number(n) => {
                let data = column.data;
                column.each_from(|row, from, raw| {
                    let bytes = sixteen(data, from).filter(|_| raw.len() <= 16);
                    let (sound, number) = bytes.map_or((false, PlainNumber::default()), |bytes| form_of_number(bytes, raw.len()));
                    // First whatever is settled without a jump, since half of a column's cells may be empty.
                    let settled = (raw.is_empty() & self.empty_passes) | (sound & n.is_safe(number));
                    if !(settled || sound && bytes.is_some_and(|bytes| n.holds(bytes, number))) {
                        slowly!(|t: &[u8]| n.passes(t), row, raw)
                    }
                })
            }
            Test::IsoDate => each!(|bytes, raw: &[u8]| (raw.len() == 10) & usual_day(bytes), iso_date),
            Test::IsoDateBetween(from, to) => {
                let (least, most) = (in_order(from), in_order(to));
                each!(
                    |bytes: Sixteen, raw: &[u8]| {
                        let day = first(bytes, 10).swap_bytes();
                        (raw.len() == 10) & usual_day(bytes) & (day >= least) & (day <= most)
                    },
                    |t: &[u8]| iso_date(t) && *t >= from[..] && *t <= to[..]
                )
            }
            Test::CompactDate => each!(compact_date),
        }
    }

    /// A column of which only the length counts: the text itself is not touched.
    #[inline(always)]
    fn run_lengths(&self, column: Column<'_>, most: usize, mut fails: impl FnMut(usize)) {
        column.each(|row, raw| {
            // Quotation marks only make the content shorter; two bytes can be an empty quoted cell.
            let ok = if raw.len() > 2 {
                raw.len() <= most
            } else {
                raw != b"\"\"" && if raw.is_empty() { self.empty_passes } else { raw.len() <= most }
            };
            if !ok {
                fails(row);
            }
        });
    }
}

/// A column's cells in the index of a stretch of records (see [`Tile`](crate::decode::index::Tile)).
#[derive(Debug, Clone, Copy)]
pub struct Column<'d> {
    /// The block.
    pub data: &'d [u8],
    /// Where the cells are.
    pub boundaries: &'d [u32],
    /// Boundaries of one row.
    pub stride: usize,
    /// Which column.
    pub column: usize,
}

impl<'d> Column<'d> {
    /// Calls `look` with each row and its cell's bytes, quotation marks included.
    #[inline(always)]
    pub(super) fn each(self, mut look: impl FnMut(usize, &'d [u8])) {
        self.each_from(|row, _, raw| look(row, raw));
    }

    /// The same with the place where the cell starts.
    #[inline(always)]
    pub(super) fn each_from(self, mut look: impl FnMut(usize, usize, &'d [u8])) {
        for (row, ends) in self.boundaries.chunks_exact(self.stride).enumerate() {
            let [from, to] = ends[self.column..self.column + 2] else { continue };
            look(row, from as usize, &self.data[from as usize..to as usize - 1]);
        }
    }
}

impl Test {
    #[inline(always)]
    fn passes(&self, text: &[u8]) -> bool {
        match self {
            Test::Any => true,
            Test::Never => false,
            Test::MaxBytes(n) => text.len() <= *n,
            Test::Words(w) => w.has(text),
            Test::Shape(s) => s.matches(text),
            Test::Pattern(p) => p.matches(text),
            Test::Number(n) => n.passes(text),
            Test::IsoDate => iso_date(text),
            Test::IsoDateBetween(first, last) => iso_date(text) && *text >= first[..] && *text <= last[..],
            Test::CompactDate => compact_date(text),
        }
    }
}

fn compile(field: &Field, rules: &CellRules) -> Test {
    let c = &field.constraints;
    if c.json_schema.is_some() {
        return Test::Never;
    }
    let bounded = c.minimum.is_some() || c.maximum.is_some() || c.exclusive_minimum.is_some() || c.exclusive_maximum.is_some();
    let lengths = c.min_length.is_some() || c.max_length.is_some();
    let listed = listed_texts(field, rules);
    match &field.kind {
        FieldType::String(StringFormat::Default) => match (listed, &c.pattern) {
            (Some(words), _) => Test::Words(words),
            _ if bounded || c.min_length.is_some() => Test::Never,
            (None, Some(pattern)) => {
                let most = c.max_length.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
                let pattern = in_our_syntax(pattern);
                match Shape::new(&pattern) {
                    Some(shape) => Test::Shape(Box::new(shape.up_to(most))),
                    None if c.max_length.is_none() => Pattern::new(&pattern).map_or(Test::Never, |p| Test::Pattern(Box::new(p))),
                    None => Test::Never,
                }
            }
            (None, None) => match c.max_length {
                Some(n) => Test::MaxBytes(usize::try_from(n).unwrap_or(usize::MAX)),
                None => Test::Any,
            },
        },
        FieldType::Any if listed.is_none() && c.pattern.is_none() && !lengths && !bounded => Test::Any,
        FieldType::Boolean { true_values, false_values } if listed.is_none() && c.pattern.is_none() && !lengths => {
            Words::new(true_values.iter().chain(false_values).map(|s| s.as_bytes())).map_or(Test::Never, Test::Words)
        }
        FieldType::Number(n) | FieldType::Integer(n) => {
            let plain = n.bare
                && n.decimal == '.'
                && c.pattern.is_none()
                && !lengths
                && field.categories.is_empty()
                && field.codes.is_none()
                && c.values.is_empty();
            if plain { NumberTest::new(field).map_or(Test::Never, |n| Test::Number(Box::new(n))) } else { Test::Never }
        }
        FieldType::Date(DateFormat::Default) if listed.is_none() && c.pattern.is_none() && bounded && !lengths => {
            days(field).unwrap_or(Test::Never)
        }
        FieldType::Date(format) if listed.is_none() && c.pattern.is_none() && !bounded && !lengths => match format {
            DateFormat::Default => Test::IsoDate,
            DateFormat::Pattern(p) if p == "%Y-%m-%d" => Test::IsoDate,
            DateFormat::Pattern(p) if p == "%Y%m%d" => Test::CompactDate,
            _ => Test::Never,
        },
        _ => Test::Never,
    }
}

/// A day as a number by which days are in order.
fn in_order(day: &[u8; 10]) -> u128 {
    let mut bytes = [0; 16];
    bytes[..10].copy_from_slice(day);
    u128::from_be_bytes(bytes)
}

/// A test of days between the field's bounds; `None` when a bound is not a plain day.
fn days(field: &Field) -> Option<Test> {
    let c = &field.constraints;
    if c.exclusive_minimum.is_some() || c.exclusive_maximum.is_some() {
        return None;
    }
    let day = |bound: &Option<String>, open: &str| {
        let text = bound.as_deref().unwrap_or(open).as_bytes();
        if iso_date(text) { <[u8; 10]>::try_from(text).ok() } else { None }
    };
    Some(Test::IsoDateBetween(day(&c.minimum, "0000-01-01")?, day(&c.maximum, "9999-12-31")?))
}

/// The texts that a text field is limited to, if it is: those that nothing else is wrong with (a deprecated code is a finding, so it is left
/// to the full rules).
fn listed_texts(field: &Field, rules: &CellRules) -> Option<Words> {
    let c = &field.constraints;
    if c.values.is_empty() && field.categories.is_empty() && field.codes.is_none() {
        return None;
    }
    let values = c.values.iter().map(String::as_str);
    let categories = field.categories.iter().map(|c| c.value.as_str());
    let codes = field.codes.iter().flat_map(|list| &list.codes).map(|c| c.code.as_str());
    let right = |text: &&str| rules.check(text, &Evidence::default(), Place::default()).is_none();
    let texts: Vec<&str> = values.chain(categories).chain(codes).filter(right).collect();
    Some(Words::new(texts.iter().map(|t| t.as_bytes())).unwrap_or_else(Words::nothing))
}

/// A set of texts, found by a hash of their length, first and last bytes.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    /// `slots[hash & mask]` is one more than an index into `words`, or zero; collisions step on.
    slots: Box<[u32]>,
    words: Box<[Word]>,
    /// Those of one to sixteen bytes again, found in the same way: the bytes and their number, which is zero where there is none.
    short: Box<[(Sixteen, u32)]>,
}

/// A text with its ends at hand: up to 16 bytes, they and the length are all of it.
#[derive(Debug, Clone)]
struct Word {
    head: u64,
    tail: u64,
    text: Box<[u8]>,
}

/// The first and the last bytes of a text as two numbers. Together with the length they tell texts of at most 16 bytes apart.
#[inline(always)]
pub(super) fn ends(text: &[u8]) -> (u64, u64) {
    let n = text.len();
    if n >= 8 {
        (eight(&text[..8]), eight(&text[n - 8..]))
    } else if n >= 4 {
        (four(&text[..4]), four(&text[n - 4..]))
    } else if n > 0 {
        (u64::from(text[0]) | u64::from(text[n / 2]) << 8, u64::from(text[n - 1]))
    } else {
        (0, 0)
    }
}

impl Words {
    pub(crate) fn nothing() -> Words {
        Words { slots: vec![0; 1].into(), words: Box::default(), short: vec![(0, 0); 1].into() }
    }

    /// `None` beyond a million texts.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Option<Words> {
        let word = |text: &[u8]| {
            let (head, tail) = ends(text);
            Word { head, tail, text: text.to_vec().into_boxed_slice() }
        };
        let words: Box<[Word]> = texts.map(word).collect();
        if words.len() > 1_000_000 {
            return None;
        }
        let mut slots = vec![0u32; (words.len() * 4).next_power_of_two().max(4)].into_boxed_slice();
        for (i, word) in words.iter().enumerate() {
            let mut at = Words::hash(word.head, word.tail, word.text.len()) as usize & (slots.len() - 1);
            while slots[at] != 0 {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = i as u32 + 1;
        }
        let brief = || words.iter().filter(|w| (1..=16).contains(&w.text.len()));
        let mut short = vec![(0, 0); (brief().count() * 4).next_power_of_two().max(4)].into_boxed_slice();
        for word in brief() {
            let n = word.text.len();
            let mut bytes = [0; 16];
            bytes[..n].copy_from_slice(&word.text);
            let bytes = u128::from_le_bytes(bytes);
            let mut at = Words::hash(bytes as u64, (bytes >> 64) as u64, n) as usize & (short.len() - 1);
            while short[at].1 != 0 {
                at = (at + 1) & (short.len() - 1);
            }
            short[at] = (bytes, n as u32);
        }
        Some(Words { slots, words, short })
    }

    #[inline(always)]
    fn hash(head: u64, tail: u64, length: usize) -> u64 {
        let mixed = (head ^ tail.rotate_left(29) ^ (length as u64) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 32
    }

    /// Whether a text of at most sixteen bytes, which begin `bytes`, is in the set; false for longer ones.
    #[inline(always)]
    pub(crate) fn has_short(&self, bytes: Sixteen, text: &[u8]) -> bool {
        let n = text.len();
        if n > 16 {
            return self.has(text);
        }
        let short = first(bytes, n);
        let mask = self.short.len() - 1;
        let mut at = Words::hash(short as u64, (short >> 64) as u64, n) as usize & mask;
        loop {
            let (word, length) = self.short[at];
            if (word == short) & (length as usize == n) {
                return true;
            }
            if length == 0 {
                return false;
            }
            at = (at + 1) & mask;
        }
    }

    #[inline(always)]
    pub(crate) fn has(&self, text: &[u8]) -> bool {
        let (head, tail) = ends(text);
        let mask = self.slots.len() - 1;
        let mut at = Words::hash(head, tail, text.len()) as usize & mask;
        loop {
            match self.slots[at] {
                0 => return false,
                i => {
                    let word = &self.words[i as usize - 1];
                    if word.head == head && word.tail == tail && word.text.len() == text.len() && (text.len() <= 16 || *word.text == *text)
                    {
                        return true;
                    }
                    at = (at + 1) & mask;
                }
            }
        }
    }
}

#[inline(always)]
fn eight(bytes: &[u8]) -> u64 {
    let mut array = [0; 8];
    array.copy_from_slice(bytes);
    u64::from_le_bytes(array)
}

#[inline(always)]
fn four(bytes: &[u8]) -> u64 {
    let mut array = [0; 4];
    array.copy_from_slice(bytes);
    u64::from(u32::from_le_bytes(array))
}

/// A pattern as one table-driven automaton, anchored at both ends.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    dfa: dense::DFA<Vec<u32>>,
    start: regex_automata::util::primitives::StateID,
}

impl Pattern {
    fn new(pattern: &str) -> Option<Pattern> {
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(regex_automata::dfa::StartKind::Anchored)
                    .dfa_size_limit(Some(1 << 20))
                    .determinize_size_limit(Some(4 << 20)),
            )
            .syntax(regex_automata::util::syntax::Config::new().unicode(true).utf8(true))
            .build(&format!("^(?:{pattern})$"))
            .ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Pattern { dfa, start })
    }

    /// A pattern that says itself that it is all of the text, by anchors at both ends of whatever it matches; `None` for any other.
    pub(crate) fn of_whole(pattern: &str) -> Option<Pattern> {
        let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
        let (start, end) = (hir.properties().look_set_prefix(), hir.properties().look_set_suffix());
        let whole = start.contains(regex_syntax::hir::Look::Start) && end.contains(regex_syntax::hir::Look::End);
        if whole { Pattern::new(pattern) } else { None }
    }

    #[inline(always)]
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let mut state = self.start;
        for &byte in text {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_special_state(state) && (self.dfa.is_dead_state(state) || self.dfa.is_quit_state(state)) {
                return false;
            }
        }
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }
}

/// Plain numbers of at most 18 digits, with bounds made whole numbers at every scale.
#[derive(Debug, Clone)]
struct NumberTest {
    whole: bool,
    /// `low[s]`: the least mantissa that is allowed with `s` digits after the point.
    low: [i64; 19],
    high: [i64; 19],
    /// Numbers without a sign and with at most so many digits before the point are within the bounds.
    safe: usize,
}

impl NumberTest {
    fn new(field: &Field) -> Option<NumberTest> {
        let c = &field.constraints;
        let mut test =
            NumberTest { whole: matches!(field.kind, FieldType::Integer(_)), low: [i64::MIN; 19], high: [i64::MAX; 19], safe: 0 };
        for (bound, lower, exclusive) in
            [(&c.minimum, true, false), (&c.exclusive_minimum, true, true), (&c.maximum, false, false), (&c.exclusive_maximum, false, true)]
        {
            let Some(text) = bound else { continue };
            let bound = Decimal::parse(text)?;
            for (scale, (low, high)) in test.low.iter_mut().zip(&mut test.high).enumerate() {
                let scaled = bound.clone().scaled(scale as i32);
                if lower {
                    *low = (*low).max(least(&scaled, exclusive));
                } else {
                    *high = (*high).min(-least(&scaled.negated(), exclusive).max(-i64::MAX));
                }
            }
        }
        if test.low[0] <= 0 {
            test.safe = (1..=17).take_while(|&digits| 10i64.pow(digits) <= test.high[0]).count();
        }
        Some(test)
    }

    /// Whether a number in this form is within the bounds by its digits alone.
    #[inline(always)]
    fn is_safe(&self, PlainNumber { negative, whole, point }: PlainNumber) -> bool {
        (whole <= self.safe) & !negative & !(point & self.whole)
    }

    /// Whether a plain number is certainly within the bounds.
    #[inline(always)]
    fn holds(&self, bytes: Sixteen, PlainNumber { negative, whole, point }: PlainNumber) -> bool {
        if point & self.whole {
            return false;
        }
        if self.is_safe(PlainNumber { negative, whole, point }) {
            return true;
        }
        if whole > 8 {
            return false;
        }
        // The number lies between its whole part and the next one away from zero: mostly that settles it.
        let part = eight_digits((bytes >> (8 * u32::from(negative))) as u64, whole) as i64;
        let beyond = part + i64::from(point);
        if negative { -beyond >= self.low[0] && -part <= self.high[0] } else { part >= self.low[0] && beyond <= self.high[0] }
    }

    #[inline(always)]
    fn passes(&self, text: &[u8]) -> bool {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut whole = 0u64;
        let mut count = 0;
        while let Some(digit) = digits.get(count).map(|b| b.wrapping_sub(b'0')).filter(|&d| d <= 9) {
            whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        }
        // ".5" and "5." are numbers too, but rare: the full rules take them.
        if count == 0 || count > 18 {
            return false;
        }
        let value = if negative { -(whole as i64) } else { whole as i64 };
        let Some((&point, fraction)) = digits[count..].split_first() else {
            return value >= self.low[0] && value <= self.high[0];
        };
        if point != b'.' || self.whole || fraction.is_empty() {
            return false;
        }
        if fraction.iter().fold(false, |bad, b| bad | (b.wrapping_sub(b'0') > 9)) {
            return false;
        }
        // The number lies between its whole part and the next one: mostly that settles it.
        let (least, most) = if negative { (value - 1, value) } else { (value, value + 1) };
        if least >= self.low[0] && most <= self.high[0] {
            return true;
        }
        self.passes_exactly(negative, whole, count, fraction)
    }

    #[cold]
    fn passes_exactly(&self, negative: bool, whole: u64, count: usize, fraction: &[u8]) -> bool {
        if count + fraction.len() > 18 {
            return false;
        }
        let mantissa = fraction.iter().fold(whole, |n, b| n * 10 + u64::from(b - b'0'));
        let value = if negative { -(mantissa as i64) } else { mantissa as i64 };
        value >= self.low[fraction.len()] && value <= self.high[fraction.len()]
    }
}

/// The least whole number not below (or, when exclusive, above) the bound; clamped, since no mantissa of 18 digits comes near the ends.
fn least(bound: &Decimal, exclusive: bool) -> i64 {
    let text = bound.to_string();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), false), |(w, _)| (w, true));
    let Ok(floor_or_trunc) = whole.parse::<i64>() else {
        return if bound.is_negative() { i64::MIN } else { i64::MAX };
    };
    match (fraction, bound.is_negative()) {
        // Above zero the whole part lies below the bound, below zero above it.
        (true, false) => floor_or_trunc.saturating_add(1),
        (true, true) => floor_or_trunc,
        (false, _) => floor_or_trunc.saturating_add(i64::from(exclusive)),
    }
}

#[inline(always)]
fn two(a: u8, b: u8) -> u32 {
    let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
    if a <= 9 && b <= 9 { u32::from(a) * 10 + u32::from(b) } else { 999 }
}

#[inline(always)]
fn calendar(y1: u32, y2: u32, month: u32, day: u32) -> bool {
    const DAYS: [u32; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if y1 > 99 || y2 > 99 || month == 0 || month > 12 || day == 0 {
        return false;
    }
    let leap = if y2 == 0 { y1.is_multiple_of(4) } else { y2.is_multiple_of(4) };
    day <= DAYS[month as usize] + u32::from(month == 2 && leap)
}

/// `YYYY-MM-DD`, a day of the calendar.
#[inline(always)]
pub fn iso_date(t: &[u8]) -> bool {
    let Ok(t) = <&[u8; 10]>::try_from(t) else { return false };
    t[4] == b'-' && t[7] == b'-' && calendar(two(t[0], t[1]), two(t[2], t[3]), two(t[5], t[6]), two(t[8], t[9]))
}

/// `YYYYMMDD`, a day of the calendar.
#[inline(always)]
pub fn compact_date(t: &[u8]) -> bool {
    let Ok(t) = <&[u8; 8]>::try_from(t) else { return false };
    calendar(two(t[0], t[1]), two(t[2], t[3]), two(t[4], t[5]), two(t[6], t[7]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::NumberFormat;

    #[test]
    fn patterns_of_the_whole_text_agree_with_the_regular_expression() {
        for (pattern, whole) in [
            (r"^[-+]?0*(\.0*)?$", true),
            ("^a+$", true),
            ("^(a|0)$", true),
            ("^a|0$", false),
            ("[0-9]", false),
            ("(?m)^a$", false),
            ("^a", false),
            (r"\ba", false),
        ] {
            let simple = Pattern::of_whole(pattern);
            assert_eq!(simple.is_some(), whole, "{pattern}");
            let (Some(simple), Ok(regex)) = (simple, regex::Regex::new(pattern)) else { continue };
            for text in ["", "0", "-0.00", "0.0.", "a", "aa", "a\n", "47.556", "-122", "b0", "é"] {
                assert_eq!(simple.matches(text.as_bytes()), regex.is_match(text), "{pattern} {text:?}");
            }
        }
    }

    fn compiled(field: &Field, required: bool) -> FastCheck {
        let mut schema = crate::schema::TableSchema::of_texts(&["f"]);
        schema.fields[0] = field.clone();
        schema.fields[0].constraints.required = required;
        FastCheck::compile(&schema.fields[0], &CellRules::new(&schema, 0), &schema.missing_values, required)
    }

    fn number(whole: bool, edit: impl Fn(&mut Field)) -> FastCheck {
        let format = NumberFormat::default();
        let mut field = Field::new("n", if whole { FieldType::Integer(format) } else { FieldType::Number(format) });
        edit(&mut field);
        compiled(&field, false)
    }

    #[test]
    fn numbers_and_bounds_are_exact() {
        let fee = number(false, |f| {
            f.constraints.minimum = Some("0".into());
            f.constraints.maximum = Some("10000000000".into());
        });
        for ok in ["", "0", "0.00", "10000000000", "10000000000.00", "9999999999.99", "1250.5"] {
            assert!(fee.passes(ok.as_bytes()), "{ok}");
        }
        for no in ["-1", "-0.01", "10000000000.01", "$5", "1,000", "1e3", " 1", "1 ", "--1", "-", "."] {
            assert!(!fee.passes(no.as_bytes()), "{no}");
        }
        let open = number(false, |f| {
            f.constraints.exclusive_minimum = Some("-0.5".into());
            f.constraints.exclusive_maximum = Some("2.5".into());
        });
        for (text, ok) in
            [("-0.49", true), ("-0.5", false), ("0", true), ("2", true), ("3", false), ("2.4999", true), ("2.5", false), ("-1", false)]
        {
            assert_eq!(open.passes(text.as_bytes()), ok, "{text}");
        }
        let units = number(true, |f| f.constraints.maximum = Some("5000".into()));
        assert!(units.passes(b"5000") && !units.passes(b"5001") && !units.passes(b"2.5"));
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        for (text, ok) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("1900-02-29", false),
            ("2000-02-29", true),
            ("2024-13-01", false),
            ("2024-1-01", false),
            ("20a4-01-01", false),
        ] {
            assert_eq!(iso_date(text.as_bytes()), ok, "{text}");
            assert_eq!(compact_date(text.replace('-', "").as_bytes()), ok && text.len() == 10, "{text}");
        }
    }

    #[test]
    fn words_and_patterns() {
        let mut field = Field::new("s", FieldType::String(StringFormat::Default));
        field.constraints.values = ["A", "AB", "ABC", "Permit Issued", "Permit Finaled", "é"].map(str::to_owned).to_vec();
        let check = compiled(&field, true);
        for ok in ["A", "AB", "ABC", "Permit Issued", "Permit Finaled", "é"] {
            assert!(check.passes(ok.as_bytes()), "{ok}");
        }
        for no in ["", "a", "AC", "Permit  Issued", "Permit Issuee", "permit issued"] {
            assert!(!check.passes(no.as_bytes()), "{no}");
        }
        let mut field = Field::new("z", FieldType::String(StringFormat::Default));
        field.constraints.pattern = Some("[0-9]{5}(-[0-9]{4})?".into());
        let check = compiled(&field, false);
        for (text, ok) in
            [("", true), ("02139", true), ("02139-1234", true), ("2139", false), ("02139-", false), ("x02139", false), ("02139\n", false)]
        {
            assert_eq!(check.passes(text.as_bytes()), ok, "{text:?}");
        }
    }
}
