//! The quick way through a document: elements, attributes and values in their ordinary form, each settled in one go and without a token made of it.
//!
//! Only what is beyond doubt is taken. Before anything is changed the whole of a start tag, or of an element of simple content, was looked at; at the first
//! thing out of the ordinary all is left as it was, and the ways with every rule begin where this one stopped. So there is nothing here that tells of
//! a fault.

use std::ops::Range;

use super::super::model::TypeId;
use super::super::names::Sym;
use super::super::scan::{decode, is_name_byte, odd_text, same};
use super::super::schema::{ContentForm, Machine, NONE, PlainAttribute, PlainForm, Schema, Taken};
use super::super::simple::check;
use super::super::space::hash;
use super::super::spelling::{ROOM, Spelling};
use super::{Frame, Inside, Run, SpaceEnv, TextKind, step};
use crate::eight::{less, spread, zeros};

/// What an element of this name is in a state of a content model: where the schema leads, looked up once for each spelling.
#[derive(Debug, Clone, Copy)]
struct Guess {
    model: u32,
    state: u32,
    /// The namespaces in force.
    context: u32,
    spelling: Spelling,
    /// Hash of the spelling.
    key: u32,
    name: u32,
    ns: Sym,
    element: u32,
    /// State behind the element.
    next: u32,
}

impl Guess {
    const NONE: Guess =
        Guess { model: NONE, state: 0, context: NONE, spelling: Spelling::NONE, key: 0, name: NONE, ns: 0, element: NONE, next: 0 };

    #[inline(always)]
    fn is_of(&self, model: u32, state: u32, context: u32) -> bool {
        (self.model, self.state, self.context) == (model, state, context)
    }
}

/// The names that were met last in each state, two of each.
#[derive(Debug, Default)]
pub(super) struct Guesses(Vec<[Guess; 2]>);

/// How many states are remembered; those whose numbers collide drive each other out.
const STATES: usize = 512;

impl Guesses {
    #[inline(always)]
    fn place(model: u32, state: u32) -> usize {
        (model.wrapping_mul(37).wrapping_add(state)) as usize % STATES
    }
}

/// A line break and blanks behind it: what mostly stands between two tags.
const INDENT: u64 = u64::from_le_bytes(*b"\n       ");

#[inline(always)]
fn eight(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*data.get(at..)?.first_chunk::<8>()?))
}

#[inline(always)]
fn room(data: &[u8], at: usize) -> Option<&[u8; ROOM]> {
    data.get(at..)?.first_chunk::<ROOM>()
}

/// Where the white space ends that begins at a place; `None` when it does not end within the data.
#[inline(always)]
fn behind_space(data: &[u8], at: usize) -> Option<usize> {
    let word = eight(data, at)? ^ INDENT;
    let mut at = at + (word.trailing_zeros() / 8) as usize;
    while matches!(data.get(at)?, b' ' | b'\n' | b'\t' | b'\r') {
        at += 1;
    }
    Some(at)
}

/// Where a text ends, as `<` says, and whether its bytes are its value; else references and line ends are to be resolved. `None` when there is a doubt,
/// or when it does not end within the data.
#[inline(always)]
fn text_end(data: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = from;
    loop {
        let word = eight(data, at)?;
        let odd =
            zeros(word ^ spread(b'<')) | zeros(word ^ spread(b'&')) | zeros(word ^ spread(b']')) | less(word, b' ') | word & spread(0x80);
        if odd == 0 {
            at += 8;
            continue;
        }
        at += (odd.trailing_zeros() / 8) as usize;
        match data.get(at)? {
            b'<' => return Some((at, true)),
            b'\n' | b'\t' => at += 1,
            _ => return odd_text_end(data, from, at),
        }
    }
}

/// The same for a text with something out of the ordinary in it.
#[inline(never)]
fn odd_text_end(data: &[u8], from: usize, at: usize) -> Option<(usize, bool)> {
    let end = at + memchr::memchr(b'<', data.get(at..)?)?;
    let kind = odd_text(data.get(from..end)?, 0).ok()?;
    Some((end, kind == TextKind::Plain))
}

/// Where a value ends that is its own, as the quotation mark says.
#[inline(always)]
fn value_end(data: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        let word = eight(data, at)?;
        let odd =
            zeros(word ^ spread(quote)) | zeros(word ^ spread(b'&')) | zeros(word ^ spread(b'<')) | less(word, b' ') | word & spread(0x80);
        if odd != 0 {
            at += (odd.trailing_zeros() / 8) as usize;
            return (*data.get(at)? == quote).then_some(at);
        }
        at += 8;
    }
}

impl Run<'_> {
    /// Goes on from `pos` as long as all is in order; see [`super::super::scan::Sink::quick`].
    pub(super) fn run_quick(&mut self, data: &[u8], mut pos: usize, base: u64) -> usize {
        let mut guesses = std::mem::take(&mut self.guesses);
        if guesses.0.is_empty() {
            guesses.0 = vec![[Guess::NONE; 2]; STATES];
        }
        while let Some(next) = self.take_quick(&mut guesses, data, pos, base) {
            pos = next;
        }
        self.guesses = guesses;
        pos
    }

    /// Takes white space and a tag behind it, or white space and a whole element of simple content.
    #[inline(always)]
    fn take_quick(&mut self, guesses: &mut Guesses, data: &[u8], pos: usize, base: u64) -> Option<usize> {
        let schema = self.schema;
        let frame = self.frames.last()?;
        if !matches!(frame.inside, Inside::Elements { .. }) || frame.keep {
            return None;
        }
        let (model, state) = (frame.model, frame.state);
        let Machine::Table(states) = schema.models.get(model as usize)? else { return None };
        let at = behind_space(data, pos)?;
        let (&tag, head) = room(data, at + 1).map(|head| (&head[0], head)).filter(|_| data[at] == b'<')?;
        if tag == b'/' {
            return self.close_quick(states.get(state as usize)?.accept, data, at);
        }
        let pair = guesses.0.get_mut(Guesses::place(model, state))?;
        let context = self.space.context;
        let fits = |guess: &Guess| {
            guess.is_of(model, state, context) && guess.spelling.begins(head) && !is_name_byte(head[guess.spelling.length()])
        };
        let guess = if fits(&pair[0]) {
            &pair[0]
        } else if fits(&pair[1]) {
            &pair[1]
        } else {
            let found = self.guess(schema, model, state, head)?;
            let place = usize::from(pair[0].is_of(model, state, context));
            pair[place] = found;
            &pair[place]
        };
        let declared = schema.elements.get(guess.element as usize).filter(|e| e.plain)?;
        let form = schema.forms.get(declared.ty.0 as usize)?;
        let plain = form.plain.as_ref()?;
        let depth = self.frames.len();
        let keyed = self.identity.active(depth);
        if self.kept + self.identity.kept > self.bounds.keys {
            return None;
        }
        self.attributes_found.clear();
        let mut end = at + 1 + guess.spelling.length();
        let mut hits = 0;
        if *data.get(end)? != b'>' {
            end = self.attributes_quick(plain, data, end, &mut hits, keyed)?;
        }
        if plain.required & !hits != 0 || keyed && plain.given & !hits != 0 {
            return None;
        }
        let empty = data[end] == b'/';
        if empty && *data.get(end + 1)? != b'>' || !empty && depth >= self.bounds.depth {
            return None;
        }
        let inner = end + 1 + usize::from(empty);
        let start = base + at as u64;
        let (value, behind) = match form.content {
            ContentForm::Simple(ty) if empty => {
                self.value_quick(ty, data, inner..inner)?;
                (Some((ty, inner..inner)), inner)
            }
            ContentForm::Simple(ty) => {
                let (end, direct) = text_end(data, inner)?;
                let name = room(data, end + 2)?;
                let length = guess.spelling.length();
                if data[end + 1] != b'/' || !guess.spelling.begins(name) || name[length] != b'>' {
                    return None;
                }
                if direct {
                    self.value_quick(ty, data, inner..end)?;
                } else if !keyed {
                    self.decoded_quick(ty, data.get(inner..end)?)?;
                } else {
                    return None;
                }
                (Some((ty, inner..end)), end + 3 + length)
            }
            ContentForm::Elements(model, mixed) => {
                let Some(Machine::Table(states)) = schema.models.get(model as usize) else { return None };
                if !empty {
                    let frame = Frame { inside: Inside::Elements { mixed }, model, ty: declared.ty, ..self.frame_quick(guess, start) };
                    self.enter_quick(guess);
                    self.open_quick(guess, frame);
                    if keyed {
                        self.keys_quick(guess, plain, data);
                    }
                    return Some(inner);
                }
                if keyed || !states.first()?.accept {
                    return None;
                }
                (None, inner)
            }
            ContentForm::Empty if empty && !keyed => (None, inner),
            ContentForm::Empty => return None,
        };
        // From here on all is settled.
        self.enter_quick(guess);
        if let (true, Some((ty, range))) = (keyed, value) {
            let frame = Frame { inside: Inside::Simple(ty), ty: declared.ty, ..self.frame_quick(guess, start) };
            self.open_quick(guess, frame);
            let wanted = self.keys_quick(guess, plain, data);
            let field = wanted && self.value(ty, (data, range), start, None, None, true);
            if let Some(&frame) = self.frames.last() {
                self.end_identity(&frame, field);
            }
            self.leave_quick();
        }
        Some(behind)
    }

    /// The frame of an element that begins.
    #[inline(always)]
    fn frame_quick(&self, guess: &Guess, at: u64) -> Frame {
        Frame {
            at,
            inside: Inside::Skip,
            model: NONE,
            state: 0,
            ty: TypeId(0),
            element: guess.element,
            ns: guess.ns,
            name: self.names.len() as u32,
            bindings: self.space.mark(),
            context: self.space.context,
            counts: 0,
            key: guess.key,
            faulted: false,
            children: false,
            keep: false,
            field: false,
        }
    }

    /// Opens an element that was entered.
    #[inline(always)]
    fn open_quick(&mut self, guess: &Guess, frame: Frame) {
        guess.spelling.append_to(&mut self.names);
        self.frames.push(Frame { counts: self.counts.len() as u32, ..frame });
    }

    /// Shows the element that was just opened, and its attributes, to the keys. Whether its value is wanted.
    #[inline(never)]
    fn keys_quick(&mut self, guess: &Guess, plain: &PlainForm, data: &[u8]) -> bool {
        let schema = self.schema;
        let depth = self.frames.len() - 1;
        let Some(at) = self.frames.last().map(|f| f.at) else { return false };
        let name = schema.qnames.get(guess.name as usize).copied();
        let (attributes, value) = self.identity.enter(depth, name, guess.ns, at, schema);
        if let Some(frame) = self.frames.last_mut() {
            frame.field = value;
        }
        if attributes {
            let found = std::mem::take(&mut self.attributes_found);
            for (number, range) in &found {
                let Some(attribute) = plain.attributes.get(*number) else { continue };
                let name = schema.qnames.get(attribute.name as usize).copied();
                if self.identity.takes(depth, name, 0, schema) && self.value(attribute.ty, (data, range.clone()), at, None, None, true) {
                    self.field_attribute(depth, name, 0, at);
                }
            }
            self.attributes_found = found;
        }
        value
    }

    /// Looks up an element that the open one may have next. `head` begins with its name.
    #[inline(never)]
    fn guess(&mut self, schema: &Schema, model: u32, state: u32, head: &[u8; ROOM]) -> Option<Guess> {
        let length = head.iter().position(|&b| !is_name_byte(b))?;
        let raw = &head[..length];
        let spelling = Spelling::new(raw).filter(|s| s.length() <= self.bounds.name)?;
        let key = hash(raw);
        let resolved = self.space.resolve(raw, key, false, schema).ok()?;
        let Some(Machine::Table(states)) = schema.models.get(model as usize) else { return None };
        match step(schema, states.get(state as usize)?, resolved)? {
            (Taken::Element(element), next) => Some(Guess {
                model,
                state,
                context: self.space.context,
                spelling,
                key,
                name: resolved.name,
                ns: resolved.ns,
                element,
                next,
            }),
            (Taken::Wildcard(_), _) => None,
        }
    }

    /// An element begins in the open one.
    #[inline(always)]
    fn enter_quick(&mut self, guess: &Guess) {
        self.outcome.elements += 1;
        if let Some(parent) = self.frames.last_mut() {
            parent.state = guess.next;
            parent.children = true;
        }
        self.count(guess.key);
    }

    /// The end tag at a place, when it is that of the open element and nothing is missing before it.
    #[inline(always)]
    fn close_quick(&mut self, accept: bool, data: &[u8], at: usize) -> Option<usize> {
        let depth = self.frames.len();
        let frame = self.frames.last()?;
        let open = self.names.get(frame.name as usize..)?;
        let behind = at + 2 + open.len();
        let ordinary = depth > 1 && (accept || frame.faulted);
        if !ordinary || *data.get(behind)? != b'>' || !same(&data[at + 2..behind], open) {
            return None;
        }
        if self.identity.active(depth - 1) {
            let frame = *frame;
            self.end_identity(&frame, false);
        }
        self.leave_quick();
        Some(behind + 1)
    }

    /// Forgets the open element.
    #[inline(always)]
    fn leave_quick(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        self.names.truncate(frame.name as usize);
        self.counts.truncate(frame.counts as usize);
        if self.space.context != frame.context {
            self.space.restore(frame.bindings, frame.context);
        }
    }

    /// Attributes that stand from a place on, behind the element's name. Returns where the `>` or `/` behind them is.
    #[inline(always)]
    fn attributes_quick(&mut self, plain: &PlainForm, data: &[u8], from: usize, hits: &mut u64, keyed: bool) -> Option<usize> {
        let mut at = from;
        let mut next = 0;
        loop {
            let spaced = at;
            while matches!(data.get(at)?, b' ' | b'\n' | b'\t' | b'\r') {
                at += 1;
            }
            if matches!(data[at], b'>' | b'/') {
                return Some(at);
            }
            if at == spaced {
                return None;
            }
            let head = room(data, at)?;
            let fits = |a: &PlainAttribute| a.spelling.begins(head) && head[a.spelling.length()] == b'=';
            // As a rule they stand as they are declared.
            let found = match plain.attributes.get(next).filter(|a| fits(a)) {
                Some(attribute) => attribute,
                None => {
                    next = plain.attributes.iter().position(fits)?;
                    plain.attributes.get(next)?
                }
            };
            next += 1;
            if *hits & found.bit != 0 {
                return None;
            }
            *hits |= found.bit;
            at += found.spelling.length() + 1;
            let quote = *data.get(at)?;
            if !matches!(quote, b'"' | b'\'') {
                return None;
            }
            let end = value_end(data, at + 1, quote)?;
            self.value_quick(found.ty, data, at + 1..end)?;
            if keyed {
                self.attributes_found.push((next - 1, at + 1..end));
            }
            at = end + 1;
        }
    }

    /// Whether a value meets its type and says nothing to the rest of the document.
    #[inline(always)]
    fn value_quick(&mut self, ty: TypeId, data: &[u8], value: Range<usize>) -> Option<()> {
        if self.schema.sure.get(ty.0 as usize)?.holds(data, value.clone()) { Some(()) } else { self.value_careful(ty, data.get(value)?) }
    }

    #[cold]
    #[inline(never)]
    fn value_careful(&mut self, ty: TypeId, raw: &[u8]) -> Option<()> {
        let simple = self.schema.simple(ty)?;
        let env = SpaceEnv { space: &self.space, entities: &self.entities };
        let ok = check(&self.schema.types, simple, raw, &env, &mut self.links, false).is_ok() && self.links.is_empty();
        self.links.clear();
        ok.then_some(())
    }

    /// The same for a text with references in it.
    #[inline(never)]
    fn decoded_quick(&mut self, ty: TypeId, raw: &[u8]) -> Option<()> {
        let mut value = std::mem::take(&mut self.spare);
        value.clear();
        let ok = decode(raw, false, true, &mut value).is_ok() && value.len() <= self.bounds.value;
        let ok = ok && self.value_quick(ty, &value, 0..value.len()).is_some();
        self.spare = value;
        ok.then_some(())
    }
}
