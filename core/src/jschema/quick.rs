//! The ordinary record, read and checked in one walk over its bytes.
//!
//! A yes means that the tape would read the record up to the same byte, and that the program would find it clean there. Whatever is not plainly so
//! (a fault, a name with an escape, a member that stands twice, bytes that end too early) is no business of this walk: it says so, and the
//! record is asked about in the ways that know every rule. The tests hold every yes to theirs.

use super::compile::{Also, At, ListPart, Node, NumberPart, ObjectPart, Plain, Program, Rest, TENS, TextPart, Values, Way, kinds};
use super::run::{Answer, Space, letters};
use super::tape::Tape;
use crate::bounds::MAX_NESTING;
use crate::check::short::{Sixteen, eight_digits, first, leading_digits, sixteen, text_stops, usual_day};

/// Values looked at for one record, after which the record is no ordinary one.
const MOST_STEPS: u32 = 1_000_000;

/// Records in a row that were not ordinary, after which only every [`PAUSE`]th is tried.
const PATIENCE: u32 = 16;
const PAUSE: u32 = 32;

/// How many names are remembered that came behind a name.
const BEHIND: usize = 4;
const NOBODY: u16 = u16::MAX;

/// What is remembered from record to record, and space that is used again.
#[derive(Debug, Default)]
pub struct Quick {
    /// By member of an object part, and the start of it: the members that came next, the usual one first.
    behind: Vec<[u16; BEHIND]>,
    tape: Tape,
    space: Space,
    missed: u32,
    /// Takes nothing, to be compared with.
    #[cfg(test)]
    pub(super) off: bool,
}

/// An ordinary record that is clean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordinary {
    /// The byte behind it.
    pub end: usize,
    /// It stands on one line.
    pub one_line: bool,
}

impl Quick {
    /// Whether it is worth while to try the next record.
    pub(super) fn is_willing(&mut self) -> bool {
        #[cfg(test)]
        if self.off {
            return false;
        }
        if self.missed < PATIENCE {
            return true;
        }
        self.missed += 1;
        if self.missed > PATIENCE + PAUSE {
            self.missed = PATIENCE;
        }
        self.missed == PATIENCE
    }

    /// Says whether the record that was tried was ordinary.
    pub(super) fn was(&mut self, ordinary: bool) {
        self.missed = if ordinary { 0 } else { (self.missed + 1).min(PATIENCE) };
    }
}

impl Program {
    /// The record that starts at a byte, where it is an ordinary one that is clean by a node.
    #[inline]
    pub(super) fn quick(&self, node: At, bytes: &[u8], from: usize, quick: &mut Quick) -> Option<Ordinary> {
        if !matches!(bytes.get(from), Some(b'{' | b'[')) {
            return None;
        }
        if quick.behind.len() != self.rows as usize {
            quick.behind = vec![[NOBODY; BEHIND]; self.rows as usize];
        }
        let mut walk = Walk { program: self, bytes, quick, steps: 0, one_line: true, plain: true };
        let end = walk.value(node, from, 0)?;
        let one_line = walk.one_line;
        (walk.plain || std::str::from_utf8(&bytes[from..end]).is_ok()).then_some(Ordinary { end, one_line })
    }
}

/// A text with its quotation marks and, for a name, its colon, as it stands in a record.
#[derive(Debug, Clone)]
pub(super) struct Token {
    head: Sixteen,
    tail: Sixteen,
    len: usize,
}

/// Longest text that is told by its first and last sixteen bytes.
const LONGEST: usize = 32;

impl Token {
    /// `None` for a name that is long, or cannot stand in a record as it is.
    pub(super) fn of_name(name: &[u8]) -> Option<Token> {
        let plain = name.iter().all(|b| *b >= 0x20 && !matches!(b, b'"' | b'\\'));
        plain.then(|| [b"\"", name, b"\":"].concat()).and_then(|text| Token::new(&text))
    }

    fn new(text: &[u8]) -> Option<Token> {
        let len = text.len();
        if len > LONGEST {
            return None;
        }
        let padded = [text, &[0; 16]].concat();
        let tail = if len > 16 { sixteen(&padded, len - 16)? } else { 0 };
        Some(Token { head: first(sixteen(&padded, 0)?, len.min(16)), tail, len })
    }

    #[inline(always)]
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let Some(head) = sixteen(bytes, at) else { return false };
        first(head, self.len.min(16)) == self.head && (self.len <= 16 || sixteen(bytes, at + self.len - 16) == Some(self.tail))
    }
}

/// Texts of a list of values, found at once.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Places of which at most half are taken; their number is a power of two.
    places: Vec<Option<Token>>,
}

/// Most texts of a list that are told by a table.
const MOST_WORDS: usize = 10_000;

impl Words {
    /// `None` where a text is too long, or there are too many.
    pub(super) fn new(texts: &[Box<[u8]>]) -> Option<Words> {
        if texts.len() > MOST_WORDS {
            return None;
        }
        let mut words = Words { places: vec![None; (texts.len() * 2).next_power_of_two()] };
        for text in texts {
            let token = Token::new(text)?;
            let mut at = words.place(token.head, token.tail, token.len);
            while words.places[at].is_some() {
                at = (at + 1) & (words.places.len() - 1);
            }
            words.places[at] = Some(token);
        }
        Some(words)
    }

    #[inline(always)]
    fn place(&self, head: Sixteen, tail: Sixteen, len: usize) -> usize {
        let mixed = head ^ tail.rotate_left(29);
        let mixed = (mixed as u64 ^ ((mixed >> 64) as u64).rotate_left(21)).wrapping_add(len as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & (self.places.len() - 1)
    }

    /// Whether the `n` bytes at a place are one of them; `None` where the bytes at hand end too early to say.
    #[inline(always)]
    fn have(&self, bytes: &[u8], from: usize, n: usize) -> Option<bool> {
        if n > LONGEST {
            return Some(false);
        }
        let head = first(sixteen(bytes, from)?, n.min(16));
        let tail = if n > 16 { sixteen(bytes, from + n - 16)? } else { 0 };
        let mut at = self.place(head, tail, n);
        while let Some(token) = &self.places[at] {
            if token.head == head && token.tail == tail && token.len == n {
                return Some(true);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
        Some(false)
    }
}

/// The walk over one record.
struct Walk<'w> {
    program: &'w Program,
    bytes: &'w [u8],
    quick: &'w mut Quick,
    steps: u32,
    one_line: bool,
    /// Nothing but ASCII was met.
    plain: bool,
}

impl Walk<'_> {
    /// The byte behind the value at a place, which is inside so many lists and objects, where it is clean by a node.
    fn value(&mut self, at_node: At, at: usize, depth: usize) -> Option<usize> {
        let program = self.program;
        let node = &program.nodes[at_node as usize];
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return None;
        }
        match node.way {
            Way::Own => self.own(at_node, node, at, depth),
            Way::Same(next) => self.value(next, at, depth),
            Way::Each => {
                let end = self.own(at_node, node, at, depth)?;
                for also in &node.also {
                    let holds = match also {
                        Also::All(one) => self.value(*one, at, depth).is_some(),
                        Also::Any(all) => all.iter().any(|one| self.value(*one, at, depth).is_some()),
                        Also::One(_) | Also::Not(_) | Also::If(..) => false,
                    };
                    if !holds {
                        return None;
                    }
                }
                Some(end)
            }
            Way::Tape => self.by_tape(at_node, at, depth),
        }
    }

    /// The same by the tape and the program, for what takes more than one look at a value.
    fn by_tape(&mut self, node: At, at: usize, depth: usize) -> Option<usize> {
        let end = self.skip(at, depth)?;
        let answer = self.program.run(node, self.bytes, &self.quick.tape, &mut self.quick.space);
        self.steps = self.steps.saturating_add(self.quick.space.steps());
        (answer == Answer::Clean).then_some(end)
    }

    /// The byte behind any value.
    fn skip(&mut self, at: usize, depth: usize) -> Option<usize> {
        // Lines are not counted there, nor letters looked at.
        self.plain = false;
        self.one_line &= !matches!(self.bytes.get(at), Some(b'{' | b'['));
        self.quick.tape.read_within(self.bytes, at, false, MAX_NESTING.saturating_sub(depth)).ok()
    }

    /// What a node says of its own, without the schemas that it leads to.
    #[inline(always)]
    fn own(&mut self, at_node: At, node: &Node, at: usize, depth: usize) -> Option<usize> {
        match *self.bytes.get(at)? {
            b'"' => self.text(node, at + 1),
            b'-' | b'0'..=b'9' => self.number(node, at),
            b'n' => self.word(node, at, b"null", kinds::NULL, |v| v.null),
            b't' => self.word(node, at, b"true", kinds::BOOLEAN, |v| v.yes),
            b'f' => self.word(node, at, b"false", kinds::BOOLEAN, |v| v.no),
            b'{' | b'[' => self.inside(at_node, node, at, depth),
            _ => None,
        }
    }

    /// The same for a list or an object.
    fn inside(&mut self, at_node: At, node: &Node, at: usize, depth: usize) -> Option<usize> {
        let is_object = self.bytes[at] == b'{';
        let kind = if is_object { kinds::OBJECT } else { kinds::LIST };
        if node.plain & kind == 0 || node.values.is_some() {
            return None;
        }
        match (&node.object, &node.list) {
            (Some(object), _) if is_object => self.object(object, at, depth),
            (_, Some(list)) if !is_object && (list.unique || list.contains.is_some()) => self.by_tape(at_node, at, depth),
            (_, Some(list)) if !is_object => self.list(list, at, depth),
            _ => self.skip(at, depth),
        }
    }

    /// A text that starts at a place, behind its quotation mark.
    #[inline(always)]
    fn text(&mut self, node: &Node, from: usize) -> Option<usize> {
        if node.plain & kinds::TEXT == 0 {
            return None;
        }
        let (end, escaped) = self.text_end(from)?;
        if let Some(values) = &node.values
            && !self.is_among(values, from, end, escaped)
        {
            return None;
        }
        if let Some(text) = &node.text
            && !self.is_text(text, from, end, escaped)
        {
            return None;
        }
        Some(end + 1)
    }

    #[inline]
    fn word(&self, node: &Node, at: usize, word: &[u8], kind: u8, is_among: impl Fn(&Values) -> bool) -> Option<usize> {
        let there = self.bytes.get(at..at + word.len())? == word;
        let allowed = node.plain & kind != 0 && node.values.as_ref().is_none_or(|v| v.other & kind == 0 && is_among(v));
        (there && allowed).then_some(at + word.len())
    }

    /// The quotation mark that ends a text, and whether there are escapes before it.
    #[inline(always)]
    fn text_end(&mut self, from: usize) -> Option<(usize, bool)> {
        // Most texts end in the first 32 bytes, which are looked at without a jump that depends on how long the text is.
        if let (Some(one), Some(two)) = (sixteen(self.bytes, from), sixteen(self.bytes, from + 16)) {
            let ((one, high), (two, more)) = (text_stops(one), text_stops(two));
            let found = one | two << 16;
            self.plain &= (high | more) == 0;
            if found != 0 {
                let at = from + found.trailing_zeros() as usize;
                if self.bytes[at] == b'"' {
                    return Some((at, false));
                }
            }
        }
        self.long_text_end(from)
    }

    fn long_text_end(&mut self, from: usize) -> Option<(usize, bool)> {
        let bytes = self.bytes;
        let (mut at, mut escaped) = (from, false);
        loop {
            while let Some(sixteen) = sixteen(bytes, at) {
                let (found, high) = text_stops(sixteen);
                self.plain &= high == 0;
                if found != 0 {
                    at += found.trailing_zeros() as usize;
                    break;
                }
                at += 16;
            }
            match *bytes.get(at)? {
                b'"' => return Some((at, escaped)),
                b'\\' => {
                    escaped = true;
                    match *bytes.get(at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                        b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                        _ => return None,
                    }
                }
                b if b < 0x20 => return None,
                b => {
                    self.plain &= b.is_ascii();
                    at += 1;
                }
            }
        }
    }

    #[inline]
    fn is_among(&self, values: &Values, from: usize, end: usize, escaped: bool) -> bool {
        if escaped {
            return false;
        }
        let slowly = || values.texts.binary_search_by(|t| (**t).cmp(&self.bytes[from..end])).is_ok();
        match &values.words {
            Some(words) => words.have(self.bytes, from, end - from).unwrap_or_else(slowly),
            None => slowly(),
        }
    }

    #[inline]
    fn is_text(&self, text: &TextPart, from: usize, end: usize, escaped: bool) -> bool {
        let (raw, n) = (&self.bytes[from..end], end - from);
        if text.least > 0 || text.most.is_some() {
            // Every character takes at least one byte and at most twelve, as a pair of escapes.
            let most = text.most.unwrap_or(u64::MAX);
            if (n as u64 / 12) < text.least || n as u64 > most {
                let fits = letters(raw, escaped).is_some_and(|letters| letters >= text.least && letters <= most);
                if !fits {
                    return false;
                }
            }
        }
        if let Some(pattern) = &text.pattern {
            let matches = match &text.shape {
                _ if escaped => false,
                Some(shape) => shape.looks_right(self.bytes, from, n) || shape.matches(raw),
                None => pattern.is_in(raw),
            };
            if !matches {
                return false;
            }
        }
        match text.format {
            None => true,
            Some(_) if escaped => false,
            Some(super::format::Format::Date) if n == 10 && sixteen(self.bytes, from).is_some_and(usual_day) => true,
            Some(format) => format.is_plain(raw),
        }
    }

    #[inline]
    fn number(&self, node: &Node, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let minus = bytes[at] == b'-';
        let start = at + usize::from(minus);
        let (whole, scale, units) = digits_at_once(bytes, start).or_else(|| digits(bytes, start))?;
        if whole > 1 && bytes[start] == b'0' {
            return None;
        }
        let end = start + whole + if scale > 0 { 1 + scale } else { 0 };
        // What stands behind it, an exponent or a point for one, is looked at by whoever asked: it is no sign that may follow a value.
        let kind = if scale > 0 { kinds::POINT } else { kinds::INTEGER };
        if node.plain & kind == 0 {
            return None;
        }
        if node.values.is_none() && node.number.is_none() {
            return Some(end);
        }
        if whole + scale > 15 {
            return None;
        }
        let value = Plain { units: if minus { -units } else { units }, scale: scale as u8 };
        if let Some(values) = &node.values {
            // Of other numbers it takes a closer look to say whether they are the same.
            (kind == kinds::INTEGER && values.integers.contains(&value.units)).then_some(())?;
        }
        if let Some(number) = &node.number {
            within(number, value).then_some(())?;
        }
        Some(end)
    }

    /// The first byte from here on that is no blank.
    #[inline(always)]
    fn blanks(&mut self, at: usize) -> Option<usize> {
        if *self.bytes.get(at)? > b' ' { Some(at) } else { self.more_blanks(at) }
    }

    fn more_blanks(&mut self, mut at: usize) -> Option<usize> {
        loop {
            match *self.bytes.get(at)? {
                b'\n' => self.one_line = false,
                b' ' | b'\r' | b'\t' => {}
                _ => return Some(at),
            }
            at += 1;
        }
    }

    /// The member that is named at a place, by its index, where its name ends, and where its value starts. `row` is that of the member before.
    #[inline]
    fn name(&mut self, object: &ObjectPart, at: usize, row: usize) -> Option<(Option<u16>, usize, usize)> {
        let bytes = self.bytes;
        let guesses = self.quick.behind[row];
        for (i, guess) in guesses.into_iter().enumerate() {
            let Some(member) = object.members.get(usize::from(guess)) else { break };
            if let Some(token) = &member.token
                && token.is_at(bytes, at)
            {
                if i > 0 {
                    // What comes often moves to the front.
                    self.quick.behind[row].swap(i, i - 1);
                }
                let behind = at + token.len;
                return Some((Some(guess), behind - 2, self.blanks(behind)?));
            }
        }
        if bytes[at] != b'"' {
            return None;
        }
        let (end, escaped) = self.text_end(at + 1)?;
        if escaped {
            return None;
        }
        let colon = self.blanks(end + 1)?;
        if bytes[colon] != b':' {
            return None;
        }
        let value = self.blanks(colon + 1)?;
        let found = object.by_name.get(&bytes[at + 1..end]).copied();
        if let Some(member) = found
            && !guesses.contains(&member)
        {
            let place = guesses.iter().position(|g| *g == NOBODY).unwrap_or(BEHIND - 1);
            self.quick.behind[row][place] = member;
        }
        Some((found, end, value))
    }

    fn object(&mut self, object: &ObjectPart, at: usize, depth: usize) -> Option<usize> {
        if depth >= MAX_NESTING {
            return None;
        }
        let first_row = object.row as usize;
        let (mut row, mut seen, mut count) = (first_row, 0u128, 0u64);
        let start = at;
        let mut at = self.blanks(at + 1)?;
        if self.bytes[at] != b'}' {
            loop {
                let (found, name_end, value) = self.name(object, at, row)?;
                let (mut end, mut named) = (None, false);
                if let Some(i) = found {
                    let bit = 1u128.checked_shl(u32::from(i))?;
                    if seen & bit != 0 {
                        return None;
                    }
                    seen |= bit;
                    row = first_row + 1 + usize::from(i);
                    let member = &object.members[usize::from(i)];
                    named = member.declared;
                    if let Some(at_node) = member.node {
                        let node = &self.program.nodes[at_node as usize];
                        end = Some(match node.way {
                            Way::Own => self.own(at_node, node, value, depth + 1)?,
                            _ => self.value(at_node, value, depth + 1)?,
                        });
                    }
                }
                for (pattern, node) in &object.patterns {
                    if pattern.is_in(&self.bytes[at + 1..name_end]) {
                        named = true;
                        end = Some(self.value(*node, value, depth + 1)?);
                    }
                }
                if !named {
                    match object.additional {
                        _ if object.unsure_names => return None,
                        Rest::Any => {}
                        Rest::None => return None,
                        Rest::Each(node) => end = Some(self.value(node, value, depth + 1)?),
                    }
                }
                at = match end {
                    Some(end) => end,
                    None => self.skip(value, depth + 1)?,
                };
                count += 1;
                at = self.blanks(at)?;
                match self.bytes[at] {
                    b',' => at = self.blanks(at + 1)?,
                    b'}' => break,
                    _ => return None,
                }
            }
        }
        let has = |i: u16| 1u128.checked_shl(u32::from(i)).unwrap_or(0) & seen != 0;
        if object.required & !seen != 0
            || count < object.least
            || object.most.is_some_and(|most| count > most)
            || object.needs.iter().any(|(i, bits)| has(*i) && bits & !seen != 0)
        {
            return None;
        }
        for (i, node) in &object.then {
            if has(*i) {
                self.value(*node, start, depth)?;
            }
        }
        Some(at + 1)
    }

    fn list(&mut self, list: &ListPart, at: usize, depth: usize) -> Option<usize> {
        if depth >= MAX_NESTING {
            return None;
        }
        let mut count = 0;
        let mut at = self.blanks(at + 1)?;
        if self.bytes[at] != b']' {
            loop {
                at = match (list.first.get(count).copied(), list.rest) {
                    (Some(node), _) | (None, Rest::Each(node)) => self.value(node, at, depth + 1)?,
                    (None, Rest::None) => return None,
                    (None, Rest::Any) => self.skip(at, depth + 1)?,
                };
                count += 1;
                at = self.blanks(at)?;
                match self.bytes[at] {
                    b',' => at = self.blanks(at + 1)?,
                    b']' => break,
                    _ => return None,
                }
            }
        }
        let count = count as u64;
        (count >= list.least && list.most.is_none_or(|most| count <= most)).then_some(at + 1)
    }
}

/// The digits of a number without a sign: how many stand before the point and behind it, and their value without the point, which says nothing when
/// there are more than fifteen of them.
fn digits(bytes: &[u8], start: usize) -> Option<(usize, usize, i64)> {
    let mut units = 0i64;
    let mut run = |from: usize| {
        let digits = bytes.get(from..).unwrap_or_default().iter().map(|b| b.wrapping_sub(b'0')).take_while(|d| *d < 10);
        digits.map(|digit| units = units.wrapping_mul(10).wrapping_add(i64::from(digit))).count()
    };
    let whole = run(start);
    let scale = if bytes.get(start + whole) == Some(&b'.') { run(start + whole + 1) } else { 0 };
    (whole > 0).then_some((whole, scale, units))
}

/// The same without a jump for each digit; `None` for numbers that are long.
#[inline(always)]
fn digits_at_once(bytes: &[u8], start: usize) -> Option<(usize, usize, i64)> {
    let sixteen = sixteen(bytes, start)?;
    let whole = leading_digits(sixteen);
    if !(1..=8).contains(&whole) {
        return None;
    }
    let units = eight_digits(sixteen as u64, whole);
    let rest = sixteen >> (8 * whole);
    if rest as u8 != b'.' {
        return Some((whole, 0, units as i64));
    }
    let rest = rest >> 8;
    // Zeros are shifted in behind, which are no digits.
    let scale = leading_digits(rest);
    if !(1..=8).contains(&scale) || whole + 1 + scale >= 16 {
        return None;
    }
    let value = units * TENS[scale] as u64 + eight_digits(rest as u64, scale);
    Some((whole, scale, value as i64))
}

#[inline]
fn within(number: &NumberPart, value: Plain) -> bool {
    number.least.is_none_or(|(bound, out)| value > bound || (!out && value >= bound))
        && number.most.is_none_or(|(bound, out)| value < bound || (!out && value <= bound))
        && number.multiple.is_none_or(|of| value.scale == 0 && value.units % of == 0)
}
