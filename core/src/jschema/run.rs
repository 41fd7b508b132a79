//! Running a program on the parts of a value, without an allocation.

use super::compile::{Also, At, ListPart, NumberPart, ObjectPart, Plain, Program, Rest, TextPart, Values, bit};
use super::tape::{Kind, Part, Tape};

/// What a program says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It meets the schema.
    Clean,
    /// It does not.
    Not,
    /// The reference has to say.
    Unsure,
}

/// Space that is used again for each value.
#[derive(Debug, Default)]
pub struct Space {
    /// By object part and place: the member that came there the last time.
    next: Vec<[u16; 8]>,
    steps: u32,
}

impl Space {
    /// Values looked at the last time.
    pub(super) fn steps(&self) -> u32 {
        self.steps
    }
}

/// Most steps for one value; schemas with many branches within branches would go on without end.
const MOST_STEPS: u32 = 4_000_000;

/// A program on its way through a value.
struct Run<'r> {
    program: &'r Program,
    bytes: &'r [u8],
    tape: &'r Tape,
    space: &'r mut Space,
}

impl Program {
    /// Checks the value on a tape, which was read from `bytes`, against a node.
    pub(super) fn run(&self, node: At, bytes: &[u8], tape: &Tape, space: &mut Space) -> Answer {
        space.next.resize(self.slots as usize, [0; 8]);
        space.steps = 0;
        Run { program: self, bytes, tape, space }.check(node, 0)
    }
}

/// The graver of two answers about the same value.
macro_rules! must {
    ($answer:ident, $check:expr) => {
        match $check {
            Answer::Clean => {}
            Answer::Not => return Answer::Not,
            Answer::Unsure => $answer = Answer::Unsure,
        }
    };
}

fn yes(is: bool) -> Answer {
    if is { Answer::Clean } else { Answer::Not }
}

impl Run<'_> {
    fn check(&mut self, at: At, index: usize) -> Answer {
        let program = self.program;
        let node = &program.nodes[at as usize];
        self.space.steps += 1;
        if self.space.steps > MOST_STEPS {
            return Answer::Unsure;
        }
        let part = self.tape.part(index);
        let kind = bit(part.kind);
        if node.never || node.types & kind == 0 {
            return Answer::Not;
        }
        let mut answer = if node.unsure & kind != 0 { Answer::Unsure } else { Answer::Clean };
        if let Some(values) = &node.values {
            must!(answer, self.value(values, part));
        }
        match part.kind {
            Kind::Text => {
                if let Some(text) = &node.text {
                    must!(answer, self.text(text, part));
                }
            }
            Kind::Integer | Kind::Number => {
                if let Some(number) = &node.number {
                    must!(answer, self.number(number, part));
                }
            }
            Kind::Object => {
                if let Some(object) = &node.object {
                    must!(answer, self.object(object, part, index));
                }
            }
            Kind::List => {
                if let Some(list) = &node.list {
                    must!(answer, self.list(list, part, index));
                }
            }
            Kind::Null | Kind::True | Kind::False | Kind::Name => {}
        }
        for also in &node.also {
            must!(answer, self.also(also, index));
        }
        answer
    }

    fn also(&mut self, also: &Also, index: usize) -> Answer {
        match also {
            Also::All(at) => self.check(*at, index),
            Also::Any(all) => {
                let mut unsure = false;
                for at in all {
                    match self.check(*at, index) {
                        Answer::Clean => return Answer::Clean,
                        Answer::Not => {}
                        Answer::Unsure => unsure = true,
                    }
                }
                if unsure { Answer::Unsure } else { Answer::Not }
            }
            Also::One(all) => {
                let (mut clean, mut unsure) = (0, false);
                for at in all {
                    match self.check(*at, index) {
                        Answer::Clean => clean += 1,
                        Answer::Not => {}
                        Answer::Unsure => unsure = true,
                    }
                    if clean > 1 {
                        return Answer::Not;
                    }
                }
                if unsure { Answer::Unsure } else { yes(clean == 1) }
            }
            Also::Not(at) => match self.check(*at, index) {
                Answer::Clean => Answer::Not,
                Answer::Not => Answer::Clean,
                Answer::Unsure => Answer::Unsure,
            },
            Also::If(condition, then, other) => match (self.check(*condition, index), then, other) {
                (Answer::Clean, Some(at), _) | (Answer::Not, _, Some(at)) => self.check(*at, index),
                (Answer::Clean, None, _) | (Answer::Not, _, None) => Answer::Clean,
                (Answer::Unsure, ..) => Answer::Unsure,
            },
        }
    }

    #[inline]
    fn raw(&self, part: Part) -> &[u8] {
        &self.bytes[part.start as usize..part.end as usize]
    }

    fn value(&self, values: &Values, part: Part) -> Answer {
        if values.other & bit(part.kind) != 0 {
            // A whole number among those written as such needs no second look.
            let known = part.kind == Kind::Integer && integer(self.raw(part)).is_some_and(|n| values.integers.contains(&n));
            return if known { Answer::Clean } else { Answer::Unsure };
        }
        match part.kind {
            Kind::Null => yes(values.null),
            Kind::True => yes(values.yes),
            Kind::False => yes(values.no),
            Kind::Text if part.escaped => {
                if values.texts.is_empty() {
                    Answer::Not
                } else {
                    Answer::Unsure
                }
            }
            Kind::Text => {
                let text = self.raw(part);
                yes(if values.texts.len() <= 8 {
                    values.texts.iter().any(|t| **t == *text)
                } else {
                    values.texts.binary_search_by(|t| (**t).cmp(text)).is_ok()
                })
            }
            Kind::Integer => match integer(self.raw(part)) {
                Some(n) => yes(values.integers.contains(&n)),
                None if values.integers.is_empty() => Answer::Not,
                None => Answer::Unsure,
            },
            Kind::Number | Kind::List | Kind::Object | Kind::Name => Answer::Not,
        }
    }

    fn text(&self, text: &TextPart, part: Part) -> Answer {
        let raw = self.raw(part);
        if text.least > 0 || text.most.is_some() {
            // Every character takes at least one byte and at most twelve, as a pair of escapes.
            let bytes = raw.len() as u64;
            let most = text.most.unwrap_or(u64::MAX);
            if bytes / 12 < text.least || bytes > most {
                let Some(letters) = letters(raw, part.escaped) else { return Answer::Unsure };
                if letters < text.least || letters > most {
                    return Answer::Not;
                }
            }
        }
        let mut answer = Answer::Clean;
        if let Some(pattern) = &text.pattern {
            must!(answer, if part.escaped { Answer::Unsure } else { yes(pattern.is_in(raw)) });
        }
        if let Some(format) = text.format
            && (part.escaped || !format.is_plain(raw))
        {
            answer = Answer::Unsure;
        }
        answer
    }

    fn number(&self, number: &NumberPart, part: Part) -> Answer {
        let raw = self.raw(part);
        let Some(value) = Plain::read(raw) else { return Answer::Unsure };
        if let Some((bound, out)) = number.least
            && (value < bound || (out && value <= bound))
        {
            return Answer::Not;
        }
        if let Some((bound, out)) = number.most
            && (value > bound || (out && value >= bound))
        {
            return Answer::Not;
        }
        match number.multiple {
            Some(_) if value.scale > 0 => Answer::Unsure,
            Some(of) => yes(value.units % of == 0),
            None => Answer::Clean,
        }
    }

    fn object(&mut self, object: &ObjectPart, part: Part, index: usize) -> Answer {
        let count = u64::from(part.count);
        if count < object.least || object.most.is_some_and(|most| count > most) {
            return Answer::Not;
        }
        let mut answer = Answer::Clean;
        let mut seen = 0u128;
        let slot = object.slot as usize;
        let mut expected = 0u16;
        let mut at = index + 1;
        for place in 0..part.count as usize {
            let name = self.tape.part(at);
            let value = at + 1;
            at = self.tape.part(value).next as usize;
            if name.escaped {
                answer = Answer::Unsure;
                continue;
            }
            let raw = &self.bytes[name.start as usize..name.end as usize];
            // Records of one file name their members in one order: what came at this place the last time, else what the schema names next.
            let guess = if place < 8 { self.space.next[slot][place] } else { expected };
            let is = |i: u16| object.members.get(usize::from(i)).is_some_and(|m| *m.name == *raw);
            let found = if is(guess) {
                Some(guess)
            } else if is(expected) {
                Some(expected)
            } else {
                object.by_name.get(raw).copied()
            };
            let mut named = false;
            if let Some(i) = found {
                expected = i + 1;
                if place < 8 {
                    self.space.next[slot][place] = i;
                }
                let bit = 1u128.checked_shl(u32::from(i)).unwrap_or(0);
                if seen & bit != 0 {
                    // Which of two values counts is not for us to say.
                    answer = Answer::Unsure;
                }
                seen |= bit;
                let member = &object.members[usize::from(i)];
                named = member.declared;
                if let Some(node) = member.node {
                    must!(answer, self.check(node, value));
                }
            }
            for (pattern, node) in &object.patterns {
                if pattern.is_in(raw) {
                    named = true;
                    must!(answer, self.check(*node, value));
                }
            }
            if !named && object.unsure_names {
                answer = Answer::Unsure;
            } else if !named {
                match object.additional {
                    Rest::Any => {}
                    Rest::None => return Answer::Not,
                    Rest::Each(node) => must!(answer, self.check(node, value)),
                }
            }
        }
        let lacking = |bits: u128| bits & !seen != 0;
        let has = |i: u16| 1u128.checked_shl(u32::from(i)).unwrap_or(0) & seen != 0;
        if answer == Answer::Unsure && (lacking(object.required) || !object.needs.is_empty()) {
            return Answer::Unsure;
        }
        if lacking(object.required) || object.needs.iter().any(|(i, bits)| has(*i) && lacking(*bits)) {
            return Answer::Not;
        }
        for (i, node) in &object.then {
            if has(*i) {
                must!(answer, self.check(*node, index));
            }
        }
        answer
    }

    fn list(&mut self, list: &ListPart, part: Part, index: usize) -> Answer {
        let count = u64::from(part.count);
        if count < list.least || list.most.is_some_and(|most| count > most) {
            return Answer::Not;
        }
        let mut answer = Answer::Clean;
        let mut at = index + 1;
        let (mut holds, mut may_hold) = (0u64, 0u64);
        for i in 0..part.count as usize {
            let node = match (list.first.get(i).copied(), list.rest) {
                (Some(node), _) | (None, Rest::Each(node)) => Some(node),
                (None, Rest::None) => return Answer::Not,
                (None, Rest::Any) => None,
            };
            if let Some(node) = node {
                must!(answer, self.check(node, at));
            }
            if let Some((node, ..)) = list.contains {
                match self.check(node, at) {
                    Answer::Clean => holds += 1,
                    Answer::Not => {}
                    Answer::Unsure => may_hold += 1,
                }
            }
            at = self.tape.part(at).next as usize;
        }
        if let Some((_, least, most)) = list.contains {
            let most = most.unwrap_or(u64::MAX);
            if holds + may_hold < least || holds > most {
                return Answer::Not;
            }
            if holds < least || holds + may_hold > most {
                answer = Answer::Unsure;
            }
        }
        if list.unique && part.count > 1 {
            must!(answer, self.unique(part, index));
        }
        answer
    }

    /// Whether the entries of a list are all different, where they are few texts.
    fn unique(&self, part: Part, index: usize) -> Answer {
        let entries = index + 1..index + 1 + part.count as usize;
        if part.count > 32 || part.next as usize != entries.end {
            return Answer::Unsure;
        }
        for i in entries.clone() {
            let one = self.tape.part(i);
            if one.kind != Kind::Text || one.escaped {
                return Answer::Unsure;
            }
        }
        for i in entries.clone() {
            for j in i + 1..entries.end {
                if self.raw(self.tape.part(i)) == self.raw(self.tape.part(j)) {
                    return Answer::Not;
                }
            }
        }
        Answer::Clean
    }
}

/// A whole number of at most eighteen digits.
fn integer(text: &[u8]) -> Option<i64> {
    if text.len() > 18 { None } else { std::str::from_utf8(text).ok()?.parse().ok() }
}

/// Letters of a text between quotation marks, where it is plain how many there are.
pub(super) fn letters(raw: &[u8], escaped: bool) -> Option<u64> {
    if !escaped {
        return Some(raw.iter().filter(|b| (**b & 0xc0) != 0x80).count() as u64);
    }
    let (mut count, mut at) = (0, 0);
    while at < raw.len() {
        if raw[at] == b'\\' {
            if raw.get(at + 1) == Some(&b'u') {
                // Halves of pairs are for the reference.
                if matches!(raw.get(at + 2), Some(b'd' | b'D')) {
                    return None;
                }
                at += 6;
            } else {
                at += 2;
            }
            count += 1;
        } else {
            count += u64::from((raw[at] & 0xc0) != 0x80);
            at += 1;
        }
    }
    Some(count)
}
