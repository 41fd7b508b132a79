//! Holds documents against a schema while they stream by.

pub(super) mod held;
mod quick;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use quick::Guesses;

use super::build_simple::derives;
use super::identity::{Given, Identity};
use super::model::{ANY_TYPE, Process, Type, TypeId};
use super::names::{QName, Sym};
use super::scan::{NotWellFormed, RawAttr, Scanner, Sink, Stop, TextKind, decode};
use super::schema::{AttributeForm, Config, ContentForm, GivenForm, Machine, NONE, Schema, Taken, process};
use super::simple::{Env, IdKind, Links, SHOWN, check, shown, trim};
use super::space::{Resolved, Space, hash};
use super::value::Prim;
use super::{Bounds, Fault, FaultKind, NilReason, Outcome, ValueRule};

/// What may be within the element that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Nothing is looked at.
    Skip,
    Empty,
    Nil,
    Simple(TypeId),
    /// Elements by the model, with text between or not.
    Elements {
        mixed: bool,
    },
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Offset of its start tag.
    at: u64,
    inside: Inside,
    model: u32,
    state: u32,
    ty: TypeId,
    element: u32,
    ns: Sym,
    /// Where its name begins in the stack of names.
    name: u32,
    bindings: u32,
    context: u32,
    /// Where the counts of its children begin.
    counts: u32,
    /// Hash of its name, by which it is counted among its siblings.
    key: u32,
    /// A fault of content was told; what follows from it is not.
    faulted: bool,
    children: bool,
    /// Its text is kept although it is mixed, since a fixed value is to be compared.
    keep: bool,
    /// Its value is a field of a key.
    field: bool,
}

/// State of a model that needs more than a number.
#[derive(Debug)]
enum Extra {
    Seen(Vec<bool>),
    Counted(Vec<Config>),
}

/// Holds one document against a schema. Feed it the bytes in pieces of any size, in UTF-8, then finish it.
#[derive(Debug)]
pub struct Validator<'s> {
    scanner: Scanner,
    buffer: Vec<u8>,
    /// Offset of the first byte of the buffer.
    base: u64,
    run: Run<'s>,
}

#[derive(Debug)]
struct Run<'s> {
    schema: &'s Schema,
    bounds: Bounds,
    outcome: Outcome,
    frames: Vec<Frame>,
    names: Vec<u8>,
    space: Space,
    /// Children by hash of their name, and how many of it there were in a row.
    counts: Vec<(u32, u32)>,
    extras: Vec<(u32, Extra)>,
    /// Text of the simple element that is open, where it lies in the data.
    direct: Option<Range<usize>>,
    /// Its text where it had to be put together.
    scratch: Vec<u8>,
    spare: Vec<u8>,
    links: Links,
    ids: HashMap<Box<[u8]>, u64>,
    /// References to IDs that were not met yet.
    dangling: HashMap<Box<[u8]>, (u64, String)>,
    kept: usize,
    entities: Vec<Box<[u8]>>,
    identity: Identity,
    hits: Vec<bool>,
    field: Field,
    /// Attributes of the element that begins, by their number among those that are known by their spelling.
    attributes_found: Vec<(usize, Range<usize>)>,
    guesses: Guesses,
    /// Every token is given to the ways with every rule.
    #[cfg(test)]
    thorough: bool,
    #[cfg(test)]
    taken_quickly: usize,
}

/// Fewest bytes that are put behind a token that is not whole.
const FIRST: usize = 1 << 10;

/// Most names among the children of an element that are counted.
const COUNTED: usize = 256;

/// A value of a field of a key.
#[derive(Debug, Default)]
struct Field {
    key: Vec<u8>,
    shown: Vec<u8>,
}

impl Field {
    fn set(&mut self, key: impl FnOnce(&mut Vec<u8>), shown: &[u8]) {
        self.key.clear();
        key(&mut self.key);
        self.shown.clear();
        self.shown.extend_from_slice(&shown[..shown.len().min(SHOWN)]);
    }

    fn given(&self) -> Given<'_> {
        Given { key: &self.key, shown: &self.shown }
    }
}

struct SpaceEnv<'a> {
    space: &'a Space,
    entities: &'a [Box<[u8]>],
}

impl Env for SpaceEnv<'_> {
    fn namespace(&self, prefix: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.space.uri(prefix).map(Cow::Borrowed)
    }

    fn entity(&self, name: &[u8]) -> bool {
        self.entities.iter().any(|e| **e == *name)
    }
}

impl<'s> Validator<'s> {
    /// A validator for one document.
    pub fn new(schema: &'s Schema, bounds: &Bounds) -> Validator<'s> {
        Validator {
            scanner: Scanner::new(bounds),
            buffer: Vec::new(),
            base: 0,
            run: Run {
                schema,
                bounds: *bounds,
                outcome: Outcome::default(),
                frames: Vec::new(),
                names: Vec::new(),
                space: Space::new(),
                counts: Vec::new(),
                extras: Vec::new(),
                direct: None,
                scratch: Vec::new(),
                spare: Vec::new(),
                links: Links::new(),
                ids: HashMap::new(),
                dangling: HashMap::new(),
                kept: 0,
                entities: Vec::new(),
                identity: Identity::default(),
                hits: Vec::new(),
                field: Field::default(),
                attributes_found: Vec::new(),
                guesses: Guesses::default(),
                #[cfg(test)]
                thorough: false,
                #[cfg(test)]
                taken_quickly: 0,
            },
        }
    }

    /// The same without the quick way, to compare with.
    #[cfg(test)]
    pub(super) fn thorough(mut self) -> Validator<'s> {
        self.run.thorough = true;
        self
    }

    /// How many bytes were taken by the quick way.
    #[cfg(test)]
    pub(super) fn quick_bytes(&self) -> usize {
        self.run.taken_quickly
    }

    /// Takes the next bytes. False when nothing more will be read, because the document is not well-formed or a bound was met.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        if self.run.outcome.stopped {
            return false;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let more = pour(&mut buffer, bytes, &mut |data| {
            let used = self.step(data, false);
            (!self.run.outcome.stopped).then_some(used)
        });
        self.buffer = buffer;
        more
    }

    /// Ends the document.
    pub fn finish(mut self) -> Outcome {
        if !self.run.outcome.stopped {
            let data = std::mem::take(&mut self.buffer);
            self.step(&data, true);
        }
        if !self.run.outcome.stopped {
            let mut dangling: Vec<_> = std::mem::take(&mut self.run.dangling).into_iter().collect();
            dangling.sort_unstable_by(|a, b| (a.1.0, &a.0).cmp(&(b.1.0, &b.0)));
            for (value, (at, pointer)) in dangling {
                self.run.tell(at, pointer, FaultKind::DanglingIdref { value: shown(&value) });
            }
        }
        self.run.outcome
    }

    fn step(&mut self, data: &[u8], last: bool) -> usize {
        match self.scanner.run(data, self.base, last, &mut self.run) {
            Ok(used) => {
                self.run.boundary(data);
                self.base += used as u64;
                used
            }
            Err(stop) => {
                let (at, kind) = match stop {
                    Stop::Malformed(at, reason) => (at, FaultKind::NotWellFormed(reason)),
                    Stop::Bound(at, what, size) => (at, FaultKind::Bound(what, size)),
                };
                let pointer = self.run.pointer(None);
                self.run.tell(at, pointer, kind);
                self.run.outcome.stopped = true;
                0
            }
        }
    }
}

/// Gives bytes to a reader that takes what is whole of them and says how much that was; what it leaves is kept in `buffer` and comes again with
/// what is next. False when the reader ended, which it says by `None`.
pub(super) fn pour(buffer: &mut Vec<u8>, bytes: &[u8], step: &mut dyn FnMut(&[u8]) -> Option<usize>) -> bool {
    let mut bytes = bytes;
    while !buffer.is_empty() {
        // As little as may do is put behind a token that began before, so that not all has to move. It is as much as there was, so that a
        // long token is not moved, nor looked at, over and over.
        let before = buffer.len();
        let (now, later) = bytes.split_at(bytes.len().min(before.max(FIRST)));
        buffer.extend_from_slice(now);
        let Some(used) = step(buffer) else { return false };
        if used >= before {
            bytes = bytes.get(used - before..).unwrap_or(b"");
            buffer.clear();
            break;
        }
        buffer.drain(..used);
        bytes = later;
        if bytes.is_empty() {
            return true;
        }
    }
    let Some(used) = step(bytes) else { return false };
    buffer.extend_from_slice(bytes.get(used..).unwrap_or(b""));
    true
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<'s> Run<'s> {
    fn tell(&mut self, offset: u64, pointer: String, kind: FaultKind) {
        self.outcome.count += 1;
        if self.outcome.faults.len() < self.bounds.faults {
            self.outcome.faults.push(Fault { offset, pointer, kind });
        }
    }

    /// Tells a fault of the element that is open.
    #[cold]
    fn fault(&mut self, at: u64, attribute: Option<&[u8]>, kind: FaultKind) {
        if self.outcome.faults.len() >= self.bounds.faults {
            self.outcome.count += 1;
            return;
        }
        let pointer = self.pointer(attribute);
        self.tell(at, pointer, kind);
    }

    fn pointer(&self, attribute: Option<&[u8]>) -> String {
        let mut out = String::new();
        for (i, frame) in self.frames.iter().enumerate() {
            let end = self.frames.get(i + 1).map_or(self.names.len(), |f| f.name as usize);
            out.push('/');
            out.push_str(&String::from_utf8_lossy(self.names.get(frame.name as usize..end).unwrap_or(b"")));
            let number = self.ordinal(i);
            if number > 1 {
                out.push_str(&format!("[{number}]"));
            }
        }
        if let Some(attribute) = attribute {
            out.push_str("/@");
            out.push_str(&String::from_utf8_lossy(attribute));
        }
        out
    }

    /// Keeps what lies in data that is about to go.
    fn boundary(&mut self, data: &[u8]) {
        if let Some(range) = self.direct.take() {
            self.scratch.extend_from_slice(&data[range]);
        }
    }

    fn element_name(&self, resolved: Resolved, raw: &[u8], attribute: bool) -> String {
        let near = self.frames.last().map_or(0, |f| f.ns);
        if resolved.name != NONE {
            return self.schema.show(resolved.name, near);
        }
        let (uri, local) = self.space.expanded(raw, attribute);
        if uri.is_empty() || resolved.ns == near && resolved.ns != super::space::UNKNOWN {
            text(&local)
        } else {
            format!("{{{}}}{}", text(&uri), text(&local))
        }
    }

    fn full(&self, resolved: Resolved) -> Option<QName> {
        self.schema.qnames.get(resolved.name as usize).copied()
    }

    /// What the model of the open element makes of a child.
    #[inline]
    fn take(&mut self, name: Resolved, raw: &[u8], at: u64) -> Option<Taken> {
        let schema = self.schema;
        let parent = self.frames.last_mut()?;
        parent.children = true;
        if let Inside::Elements { .. } = parent.inside
            && let Some(Machine::Table(states)) = schema.models.get(parent.model as usize)
            && let Some(state) = states.get(parent.state as usize)
            && let Some((taken, next)) = step(schema, state, name)
        {
            parent.state = next;
            return Some(taken);
        }
        self.take_other(name, raw, at)
    }

    #[cold]
    #[inline(never)]
    fn take_other(&mut self, name: Resolved, raw: &[u8], at: u64) -> Option<Taken> {
        let schema = self.schema;
        let depth = self.frames.len() as u32;
        let frame = *self.frames.last()?;
        let shown_name = |run: &Run<'_>| run.element_name(name, raw, false);
        match frame.inside {
            Inside::Skip => return None,
            Inside::Empty | Inside::Nil | Inside::Simple(_) => {
                if !frame.faulted {
                    let kind = match frame.inside {
                        Inside::Nil => FaultKind::BadNil { reason: NilReason::HasContent },
                        Inside::Empty => FaultKind::UnexpectedElement { name: shown_name(self), expected: Vec::new(), end: true },
                        _ => FaultKind::ChildInSimple { name: shown_name(self) },
                    };
                    self.fault(at, None, kind);
                    self.mark_faulted();
                }
                return None;
            }
            Inside::Elements { .. } => {}
        }
        let wild = |allowed: u32| schema.wildcards.get(allowed as usize).is_some_and(|w| w.allows.allows(name.ns));
        match schema.models.get(frame.model as usize)? {
            Machine::All { edges, .. } => {
                let found = edges.iter().find(|e| e.0 == name.name && name.name != NONE);
                let seen = match self.extras.last_mut() {
                    Some((d, Extra::Seen(seen))) if *d == depth => seen,
                    _ => return None,
                };
                if let Some(&(_, element, member)) = found
                    && let Some(slot) = seen.get_mut(member as usize).filter(|s| !**s)
                {
                    *slot = true;
                    return Some(Taken::Element(element));
                }
            }
            Machine::Counted(counted) => {
                let Some((d, Extra::Counted(configs))) = self.extras.last_mut() else { return None };
                if *d != depth {
                    return None;
                }
                let taken = counted.step(configs, |(names, wildcard)| {
                    if let Some(&(_, e)) = names.iter().find(|n| n.0 == name.name && name.name != NONE) {
                        return Some(Taken::Element(e));
                    }
                    (*wildcard != NONE && wild(*wildcard)).then_some(Taken::Wildcard(*wildcard))
                });
                if let Some((taken, next)) = taken {
                    *configs = next;
                    return Some(taken);
                }
            }
            Machine::Table(states) => {
                // Something that must come was left out: told once, and reading goes on behind it.
                let state = states.get(frame.state as usize)?;
                if !frame.faulted {
                    for &(_, _, next) in &state.edges {
                        let Some((taken, after)) = states.get(next as usize).and_then(|s| step(schema, s, name)) else { continue };
                        let kind = FaultKind::MissingElement { expected: self.expected().0, before: Some(shown_name(self)) };
                        self.fault(at, None, kind);
                        if let Some(f) = self.frames.last_mut() {
                            f.state = after;
                        }
                        return Some(taken);
                    }
                }
            }
        }
        if !frame.faulted {
            let (expected, end) = self.expected();
            let kind = FaultKind::UnexpectedElement { name: shown_name(self), expected, end };
            self.fault(at, None, kind);
            self.mark_faulted();
        }
        // Its own content is still looked at where the model knows the name.
        match schema.models.get(frame.model as usize)? {
            Machine::Table(states) => {
                states.iter().find_map(|s| s.edges.iter().find(|e| e.0 == name.name && name.name != NONE)).map(|e| Taken::Element(e.1))
            }
            Machine::All { edges, .. } => edges.iter().find(|e| e.0 == name.name && name.name != NONE).map(|e| Taken::Element(e.1)),
            Machine::Counted(_) => None,
        }
    }

    fn mark_faulted(&mut self) {
        if let Some(f) = self.frames.last_mut() {
            f.faulted = true;
        }
    }

    /// Names that may come next in the open element, and whether it may end.
    fn expected(&self) -> (Vec<String>, bool) {
        let Some(frame) = self.frames.last() else { return (Vec::new(), false) };
        let mut names: Vec<u32> = Vec::new();
        let mut end = false;
        match (self.schema.models.get(frame.model as usize), self.extras.last()) {
            (Some(Machine::Table(states)), _) => {
                if let Some(state) = states.get(frame.state as usize) {
                    names.extend(state.edges.iter().filter(|e| !self.schema.elements[e.1 as usize].is_abstract).map(|e| e.0));
                    end = state.accept;
                }
            }
            (Some(Machine::All { edges, required, .. }), Some((_, Extra::Seen(seen)))) => {
                names.extend(edges.iter().filter(|e| seen.get(e.2 as usize) == Some(&false)).map(|e| e.0));
                end = required.iter().zip(seen).all(|(r, s)| *s || !*r);
            }
            (Some(Machine::Counted(counted)), Some((_, Extra::Counted(configs)))) => {
                names.extend(counted.expected(configs));
                end = counted.accepts(configs);
            }
            _ => {}
        }
        let mut names: Vec<String> = names.into_iter().map(|n| self.schema.show(n, frame.ns)).collect();
        names.sort_unstable();
        names.dedup();
        (names, end)
    }

    /// The type that `xsi:type` names, where it may stand for `declared`.
    fn xsi_type(&mut self, value: &[u8], declared: Option<TypeId>, block: u8, at: u64) -> Option<TypeId> {
        let value = trim(value);
        let (prefix, local) = match memchr::memchr(b':', value) {
            Some(n) => (&value[..n], &value[n + 1..]),
            None => (&b""[..], value),
        };
        let schema = self.schema;
        let name = self.space.uri(prefix).and_then(|uri| schema.namespaces.get(uri)).and_then(|ns| schema.locals.get(ns)?.get(local));
        let found = name.and_then(|n| schema.global_types.get(n)).copied();
        let Some(found) = found else {
            self.fault(at, None, FaultKind::BadXsiType { value: shown(value), known: false });
            return None;
        };
        if let Some(declared) = declared {
            let block = block | schema.forms.get(declared.0 as usize).map_or(0, |f| f.block);
            if !derives(&schema.types, found, declared, block & 3) {
                self.fault(at, None, FaultKind::BadXsiType { value: shown(value), known: true });
                return None;
            }
        }
        Some(found)
    }

    /// Checks the value within data and takes note of IDs and references. Whether it is that of a field, which then lies in `field`.
    fn value(
        &mut self,
        ty: TypeId,
        (data, value): (&[u8], Range<usize>),
        at: u64,
        attribute: Option<&[u8]>,
        given: Option<&GivenForm>,
        field: bool,
    ) -> bool {
        let schema = self.schema;
        let raw = data.get(value.clone()).unwrap_or(b"");
        let fixed = given.filter(|g| g.fixed);
        if fixed.is_none()
            && let Some(sure) = schema.sure.get(ty.0 as usize)
            && (!field || sure.is_text())
            && sure.holds(data, value)
        {
            if field {
                self.field.set(|key| super::value::key_of_text(Prim::String, raw, key), raw);
            }
            return field;
        }
        let Some(simple) = schema.simple(ty) else { return false };
        let env = SpaceEnv { space: &self.space, entities: &self.entities };
        let found = check(&schema.types, simple, raw, &env, &mut self.links, field || fixed.is_some());
        let wrong = match found {
            Ok((normal, value)) => {
                let differs = fixed.is_some_and(|g| match (&g.value, &value) {
                    (Some(a), Some(b)) => !a.same(b),
                    _ => trim(g.text.as_bytes()) != trim(&normal),
                });
                if field {
                    self.field.set(|key| value.iter().for_each(|v| v.key(key)), &normal);
                }
                differs.then(|| ValueRule::Fixed(given.map_or(String::new(), |g| g.text.to_string())))
            }
            Err(rule) => Some(rule),
        };
        if let Some(rule) = wrong {
            self.links.clear();
            let kind = FaultKind::BadValue { attribute: attribute.map(text), value: shown(raw), rule };
            self.fault(at, attribute, kind);
            return false;
        }
        if !self.links.is_empty() {
            self.link(at, attribute);
        }
        field
    }

    fn link(&mut self, at: u64, attribute: Option<&[u8]>) {
        for (kind, value) in std::mem::take(&mut self.links) {
            match kind {
                IdKind::Id => {
                    if let Some(&first) = self.ids.get(&value) {
                        self.fault(at, attribute, FaultKind::DuplicateId { value: shown(&value), first });
                    } else {
                        self.dangling.remove(&value);
                        self.kept += value.len() + 48;
                        self.ids.insert(value, at);
                    }
                }
                IdKind::IdRef if !self.ids.contains_key(&value) && !self.dangling.contains_key(&value) => {
                    let pointer = self.pointer(attribute);
                    self.kept += value.len() + pointer.len() + 80;
                    self.dangling.insert(value, (at, pointer));
                }
                _ => {}
            }
        }
    }

    /// The attributes of the element that was just pushed.
    #[inline]
    fn attributes(&mut self, data: &[u8], list: &[RawAttr], at: u64, wanted: bool) -> Result<(), Stop> {
        let schema = self.schema;
        let depth = self.frames.len() - 1;
        let Some(&Frame { ty, inside, .. }) = self.frames.last() else { return Ok(()) };
        let Some(form) = schema.forms.get(ty.0 as usize) else { return Ok(()) };
        let watched = form.watched;
        if watched {
            self.hits.clear();
            self.hits.resize(form.attributes.len(), false);
        }
        let mut ids = 0;
        for a in list {
            let raw = a.name(data);
            if raw.starts_with(b"xmlns") && (raw.len() == 5 || raw[5] == b':') {
                continue;
            }
            let resolved = self.space.resolve(raw, hash(raw), true, schema).map_err(|e| Stop::Malformed(at, e))?;
            let mut decoded = std::mem::take(&mut self.spare);
            let value = attribute_value(data, a, &mut decoded).map_err(|e| Stop::Malformed(at, e))?;
            let within = if a.plain { (data, a.value.0 as usize..a.value.1 as usize) } else { (value, 0..value.len()) };
            if Space::is_xsi(resolved) && matches!(local(raw), b"type" | b"nil" | b"schemaLocation" | b"noNamespaceSchemaLocation")
                || inside == Inside::Skip
            {
                self.spare = decoded;
                continue;
            }
            let found = if resolved.name == NONE { None } else { form.attributes.iter().position(|f| f.name == resolved.name) };
            let declared: Option<&AttributeForm> = match found {
                Some(i) => {
                    if watched {
                        self.hits[i] = true;
                    }
                    form.attributes.get(i)
                }
                None => self.wild_attribute(form.any_attribute, resolved, raw, at, form.attributes.iter().map(|a| a.name)),
            };
            if let Some(declared) = declared {
                if declared.id {
                    ids += 1;
                    if ids > 1 {
                        let name = self.element_name(resolved, raw, true);
                        self.fault(at, Some(raw), FaultKind::TwoIds { name });
                    }
                }
                let name = self.full(resolved);
                let field = wanted && self.identity.takes(depth, name, resolved.ns, schema);
                if self.value(declared.ty, within, at, Some(raw), declared.given.as_ref(), field) {
                    self.field_attribute(depth, name, resolved.ns, at);
                }
            }
            self.spare = decoded;
        }
        if watched && inside != Inside::Skip {
            for i in 0..form.attributes.len() {
                if self.hits.get(i) != Some(&false) {
                    continue;
                }
                let declared = &form.attributes[i];
                if declared.required {
                    let near = 0;
                    let name = schema.show(declared.name, near);
                    self.fault(at, None, FaultKind::MissingAttribute { name });
                } else if let (Some(given), true) = (&declared.given, wanted)
                    && let Some(value) = &given.value
                {
                    let ns = schema.names.get(declared.name as usize).map_or(0, |n| n.0);
                    let name = schema.qnames.get(declared.name as usize).copied();
                    self.field.set(|key| value.key(key), given.text.as_bytes());
                    self.field_attribute(depth, name, ns, at);
                }
            }
        }
        Ok(())
    }

    /// Gives the value that was found last as that of an attribute.
    fn field_attribute(&mut self, depth: usize, name: Option<QName>, ns: Sym, at: u64) {
        let mut faults = Vec::new();
        self.identity.attribute(depth, name, ns, &self.field.given(), self.schema, &mut faults);
        for kind in faults {
            self.fault(at, None, kind);
        }
    }

    #[cold]
    #[inline(never)]
    fn wild_attribute(
        &mut self,
        wildcard: u32,
        resolved: Resolved,
        raw: &[u8],
        at: u64,
        names: impl Iterator<Item = u32>,
    ) -> Option<&'s AttributeForm> {
        let schema = self.schema;
        let allowed = schema.wildcards.get(wildcard as usize).filter(|w| w.allows.allows(resolved.ns));
        let name = |run: &Run<'_>| match resolved.name {
            NONE => {
                let (uri, local) = run.space.expanded(raw, true);
                if uri.is_empty() { text(&local) } else { format!("{{{}}}{}", text(&uri), text(&local)) }
            }
            n => schema.show(n, 0),
        };
        let Some(allowed) = allowed else {
            let mut expected: Vec<String> = names.map(|n| schema.show(n, 0)).collect();
            expected.sort_unstable();
            let kind = FaultKind::UnexpectedAttribute { name: name(self), expected };
            self.fault(at, Some(raw), kind);
            return None;
        };
        if allowed.process == Process::Skip {
            return None;
        }
        let found = schema.global_attributes.get(&resolved.name);
        if found.is_none() && allowed.process == Process::Strict {
            let kind = FaultKind::UndeclaredAttribute { name: name(self) };
            self.fault(at, Some(raw), kind);
        }
        found
    }

    /// Counts a child of the open element that begins.
    #[inline(always)]
    fn count(&mut self, key: u32) {
        let Some(parent) = self.frames.last() else { return };
        let from = parent.counts as usize;
        let own = self.counts.len() - from.min(self.counts.len());
        if let Some(last) = self.counts.last_mut()
            && last.0 == key
            && own > 0
        {
            last.1 += 1;
            return;
        }
        if own >= 2 * COUNTED {
            self.merge_counts(from);
        }
        self.counts.push((key, 1));
    }

    /// Makes one of the counts of each name.
    #[cold]
    fn merge_counts(&mut self, from: usize) {
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(COUNTED);
        for &(key, n) in self.counts.get(from..).unwrap_or(&[]) {
            if let Some(known) = merged.iter_mut().find(|c| c.0 == key) {
                known.1 += n;
            } else if merged.len() < COUNTED {
                merged.push((key, n));
            }
        }
        self.counts.truncate(from);
        self.counts.extend(merged);
    }

    /// Number of an open element among the children of its name; 0 where there were too many names before it.
    fn ordinal(&self, level: usize) -> u32 {
        let (Some(frame), Some(parent)) = (self.frames.get(level), level.checked_sub(1).and_then(|l| self.frames.get(l))) else { return 1 };
        let siblings = self.counts.get(parent.counts as usize..frame.counts as usize).unwrap_or(&[]);
        let mut others: Vec<u32> = Vec::new();
        let mut number = 0;
        for &(key, n) in siblings {
            if key == frame.key {
                number += n;
            } else if number == 0 && !others.contains(&key) {
                others.push(key);
                if others.len() >= COUNTED {
                    return 0;
                }
            }
        }
        number
    }

    fn start_slow(&mut self, data: &[u8], list: &[RawAttr], at: u64) -> Result<(), Stop> {
        for a in list {
            let raw = a.name(data);
            let prefix = match raw.strip_prefix(b"xmlns") {
                Some([]) => &b""[..],
                Some([b':', prefix @ ..]) if !prefix.is_empty() => prefix,
                Some([b':', ..]) => return Err(Stop::Malformed(at, NotWellFormed::BadName)),
                _ => continue,
            };
            let mut decoded = Vec::new();
            let uri = attribute_value(data, a, &mut decoded).map_err(|e| Stop::Malformed(at, e))?;
            self.space.bind(prefix, uri, self.schema).map_err(|e| Stop::Malformed(at, e))?;
        }
        Ok(())
    }

    /// Finds an attribute of `xsi` by its local name.
    fn xsi<'d>(&mut self, data: &'d [u8], list: &[RawAttr], wanted: &[u8], at: u64) -> Result<Option<Cow<'d, [u8]>>, Stop> {
        for a in list {
            let raw = a.name(data);
            if local(raw) != wanted || !raw.contains(&b':') {
                continue;
            }
            let resolved = self.space.resolve(raw, hash(raw), true, self.schema).map_err(|e| Stop::Malformed(at, e))?;
            if Space::is_xsi(resolved) {
                let mut decoded = Vec::new();
                let plain = a.plain;
                attribute_value(data, a, &mut decoded).map_err(|e| Stop::Malformed(at, e))?;
                return Ok(Some(if plain { Cow::Borrowed(a.value(data)) } else { Cow::Owned(decoded) }));
            }
        }
        Ok(None)
    }

    fn check_prefixed(&mut self, data: &[u8], list: &[RawAttr], at: u64) -> Result<(), Stop> {
        let mut seen: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for a in list {
            let raw = a.name(data);
            if raw.contains(&b':') && !raw.starts_with(b"xmlns:") {
                // Unbound prefixes are found where names are resolved.
                seen.push(self.space.expanded(raw, true));
            }
        }
        seen.sort_unstable();
        if let Some(twice) = seen.windows(2).find(|w| w[0] == w[1]) {
            return Err(Stop::Malformed(at, NotWellFormed::DuplicateAttribute(text(&twice[0].1))));
        }
        Ok(())
    }

    #[cold]
    fn unknown_root(&mut self, resolved: Resolved, raw: &[u8], at: u64) {
        let schema = self.schema;
        let mut expected: Vec<String> =
            (0..schema.names.len()).filter(|&n| schema.global_elements[n] != NONE).map(|n| schema.show(n as u32, resolved.ns)).collect();
        expected.sort_unstable();
        expected.truncate(100);
        let name = self.element_name(resolved, raw, false);
        self.tell(at, format!("/{}", text(raw)), FaultKind::UnknownRoot { name, expected });
    }
}

fn local(raw: &[u8]) -> &[u8] {
    memchr::memchr(b':', raw).map_or(raw, |n| &raw[n + 1..])
}

fn attribute_value<'v>(data: &'v [u8], a: &RawAttr, spare: &'v mut Vec<u8>) -> Result<&'v [u8], NotWellFormed> {
    if a.plain {
        return Ok(a.value(data));
    }
    spare.clear();
    decode(a.value(data), true, true, spare)?;
    Ok(spare)
}

#[inline]
fn step(schema: &Schema, state: &super::schema::State, name: Resolved) -> Option<(Taken, u32)> {
    if name.name != NONE {
        let found = if state.edges.len() <= 8 {
            state.edges.iter().find(|e| e.0 == name.name)
        } else {
            state.edges.binary_search_by_key(&name.name, |e| e.0).ok().and_then(|i| state.edges.get(i))
        };
        if let Some(&(_, element, next)) = found {
            return Some((Taken::Element(element), next));
        }
    }
    if state.any.is_empty() {
        return None;
    }
    let fits = |w: u32| schema.wildcards.get(w as usize).is_some_and(|w| w.allows.allows(name.ns));
    state.any.iter().find(|a| fits(a.0)).map(|a| (Taken::Wildcard(a.0), a.1))
}

impl Sink for Run<'_> {
    #[inline]
    fn start(&mut self, data: &[u8], range: Range<usize>, list: &[RawAttr], at: u64) -> Result<(), Stop> {
        let schema = self.schema;
        self.outcome.elements += 1;
        self.direct = None;
        self.scratch.clear();
        let (bindings, context) = (self.space.mark(), self.space.context);
        let (mut prefixed, mut declares) = (0, false);
        for a in list {
            let raw = a.name(data);
            if raw.first() == Some(&b'x') && raw.starts_with(b"xmlns") {
                declares = true;
            } else if memchr::memchr(b':', raw).is_some() {
                prefixed += 1;
            }
        }
        if declares {
            self.start_slow(data, list, at)?;
        }
        if prefixed > 1 {
            self.check_prefixed(data, list, at)?;
        }
        let raw = &data[range];
        let key = hash(raw);
        let resolved = self.space.resolve(raw, key, false, schema).map_err(|e| Stop::Malformed(at, e))?;
        // What takes the element.
        let root = self.frames.is_empty();
        let mut skip = false;
        let mut element = NONE;
        let mut lax = false;
        if root {
            element = schema.global_elements.get(resolved.name as usize).copied().unwrap_or(NONE);
            lax = element == NONE;
        } else if self.frames.last().is_some_and(|f| f.inside == Inside::Skip) {
            skip = true;
        } else {
            match self.take(resolved, raw, at) {
                Some(Taken::Element(e)) => element = e,
                Some(Taken::Wildcard(w)) => {
                    let process = process(schema, w);
                    skip = process == Process::Skip;
                    if !skip {
                        element = schema.global_elements.get(resolved.name as usize).copied().unwrap_or(NONE);
                        lax = element == NONE;
                        if lax && process == Process::Strict && !(prefixed > 0 && self.xsi(data, list, b"type", at)?.is_some()) {
                            let kind = FaultKind::UndeclaredElement { name: self.element_name(resolved, raw, false) };
                            self.fault(at, None, kind);
                        }
                    }
                }
                None => skip = true,
            }
        }
        self.count(key);
        let declared = schema.elements.get(element as usize);
        let mut ty = declared.map_or(ANY_TYPE, |e| e.ty);
        let name_at = self.names.len() as u32;
        let xsi_type = if prefixed > 0 && !skip { self.xsi(data, list, b"type", at)? } else { None };
        if root && lax && xsi_type.is_none() {
            self.unknown_root(resolved, raw, at);
        }
        self.names.extend_from_slice(raw);
        self.frames.push(Frame {
            at,
            inside: Inside::Skip,
            model: NONE,
            state: 0,
            ty,
            element,
            ns: resolved.ns,
            name: name_at,
            bindings,
            context,
            counts: self.counts.len() as u32,
            key,
            faulted: false,
            children: false,
            keep: false,
            field: false,
        });
        if !skip {
            if declared.is_some_and(|e| e.is_abstract) {
                let kind = FaultKind::AbstractElement { name: self.element_name(resolved, raw, false) };
                self.fault(at, None, kind);
            }
            let mut bad_type = false;
            if let Some(value) = xsi_type {
                match self.xsi_type(&value, declared.map(|e| e.ty), declared.map_or(0, |e| e.block), at) {
                    Some(found) => ty = found,
                    None => bad_type = true,
                }
            }
            let Some(form) = schema.forms.get(ty.0 as usize) else { return Ok(()) };
            if form.is_abstract && !bad_type && !declared.is_some_and(|e| e.is_abstract) {
                let name = match &schema.types.get(ty.0 as usize) {
                    Some(Type::Complex(c)) => {
                        c.name.and_then(|n| schema.lookup.get(&n)).map_or(String::new(), |&n| schema.show(n, resolved.ns))
                    }
                    _ => String::new(),
                };
                self.fault(at, None, FaultKind::AbstractType { name });
            }
            let mut inside = match form.content {
                ContentForm::Empty => Inside::Empty,
                ContentForm::Simple(id) => Inside::Simple(id),
                ContentForm::Elements(_, mixed) => Inside::Elements { mixed },
            };
            let nil = if prefixed > 0 { self.xsi(data, list, b"nil", at)? } else { None };
            if let Some(nil) = nil {
                let is = match trim(&nil) {
                    b"true" | b"1" => true,
                    b"false" | b"0" => false,
                    other => {
                        let rule = ValueRule::Lexical("boolean");
                        let kind = FaultKind::BadValue { attribute: Some("xsi:nil".into()), value: shown(other), rule };
                        self.fault(at, None, kind);
                        false
                    }
                };
                if !declared.is_none_or(|e| e.nillable) {
                    self.fault(at, None, FaultKind::BadNil { reason: NilReason::NotNillable });
                } else if is {
                    if declared.is_some_and(|e| e.given.as_ref().is_some_and(|g| g.fixed)) {
                        self.fault(at, None, FaultKind::BadNil { reason: NilReason::Fixed });
                    }
                    inside = Inside::Nil;
                }
            }
            let depth = self.frames.len() - 1;
            let (mut wants_attributes, mut wants_value) = (false, false);
            let opens = declared.is_some_and(|e| !e.keys.is_empty());
            if opens || self.identity.active(depth) {
                if let Some(e) = declared.filter(|_| opens) {
                    self.identity.open(&e.keys, depth, schema);
                }
                let name = self.full(resolved);
                (wants_attributes, wants_value) = self.identity.enter(depth, name, resolved.ns, at, schema);
            }
            let given = declared.and_then(|e| e.given.as_ref());
            if let Some(frame) = self.frames.last_mut() {
                frame.ty = ty;
                frame.inside = inside;
                frame.field = wants_value;
                frame.keep = given.is_some() && matches!(inside, Inside::Elements { mixed: true });
                if let ContentForm::Elements(model, _) = form.content {
                    frame.model = model;
                }
            }
            if let ContentForm::Elements(model, _) = form.content {
                let level = self.frames.len() as u32;
                match schema.models.get(model as usize) {
                    Some(Machine::All { required, .. }) => self.extras.push((level, Extra::Seen(vec![false; required.len()]))),
                    Some(Machine::Counted(counted)) => self.extras.push((level, Extra::Counted(counted.start()))),
                    _ => {}
                }
            }
            if form.watched || !list.is_empty() {
                self.attributes(data, list, at, wants_attributes)?;
            }
            if self.kept + self.identity.kept > self.bounds.keys {
                return Err(Stop::Bound(at, "keys", self.bounds.keys));
            }
        } else if !list.is_empty() {
            self.attributes(data, list, at, false)?;
        }
        if skip && self.identity.active(self.frames.len() - 1) {
            let name = self.full(resolved);
            self.identity.enter(self.frames.len() - 1, name, resolved.ns, at, schema);
        }
        Ok(())
    }

    #[inline]
    fn text(&mut self, data: &[u8], range: Range<usize>, kind: TextKind, whole: bool, at: u64) -> Result<(), Stop> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let keep = match frame.inside {
            Inside::Simple(_) => true,
            Inside::Elements { mixed: false } if kind == TextKind::Blank => return Ok(()),
            _ => frame.keep,
        };
        let (inside, faulted) = (frame.inside, frame.faulted);
        if keep && whole && matches!(kind, TextKind::Plain | TextKind::Blank) && self.scratch.is_empty() {
            self.direct = Some(range);
            return Ok(());
        }
        let mut decoded = std::mem::take(&mut self.spare);
        decoded.clear();
        let raw = &data[range];
        let value: &[u8] = match kind {
            TextKind::Blank | TextKind::Plain => raw,
            TextKind::Encoded => {
                decode(raw, false, true, &mut decoded).map_err(|e| Stop::Malformed(at, e))?;
                &decoded
            }
            TextKind::Cdata => {
                decode(raw, false, false, &mut decoded).map_err(|e| Stop::Malformed(at, e))?;
                &decoded
            }
        };
        if keep {
            if self.scratch.len() + value.len() > self.bounds.value {
                return Err(Stop::Bound(at, "value", self.bounds.value));
            }
            self.scratch.extend_from_slice(value);
        }
        let blank = value.iter().all(|&b| super::scan::is_space(b));
        let told = match inside {
            _ if faulted || value.is_empty() => None,
            Inside::Elements { mixed: false } if !blank => Some(FaultKind::UnexpectedText { value: shown(trim(value)) }),
            Inside::Empty => Some(if blank { FaultKind::NotEmpty } else { FaultKind::UnexpectedText { value: shown(trim(value)) } }),
            Inside::Nil => Some(FaultKind::BadNil { reason: NilReason::HasContent }),
            _ => None,
        };
        self.spare = decoded;
        if let Some(kind) = told {
            self.fault(at, None, kind);
            self.mark_faulted();
        }
        Ok(())
    }

    #[inline]
    fn end(&mut self, data: &[u8], range: Range<usize>, at: u64) -> Result<(), Stop> {
        let close = &data[range];
        if self.open() != close {
            let open = Some(text(self.open()));
            return Err(Stop::Malformed(at, NotWellFormed::MismatchedEnd { open, close: text(close) }));
        }
        self.close(data, at)
    }

    #[inline]
    fn open(&self) -> &[u8] {
        self.frames.last().and_then(|frame| self.names.get(frame.name as usize..)).unwrap_or(b"")
    }

    #[inline]
    fn close(&mut self, data: &[u8], at: u64) -> Result<(), Stop> {
        let schema = self.schema;
        let Some(&frame) = self.frames.last() else { return Ok(()) };
        let mut field = false;
        match frame.inside {
            Inside::Skip | Inside::Empty | Inside::Nil => {}
            Inside::Simple(id) => {
                let given = schema.elements.get(frame.element as usize).and_then(|e| e.given.as_ref());
                let scratch = std::mem::take(&mut self.scratch);
                let mut within = match self.direct.take() {
                    Some(range) => (data, range),
                    None => (scratch.as_slice(), 0..scratch.len()),
                };
                if let (Some(given), true) = (given, within.1.is_empty()) {
                    // An empty element takes its default or fixed value.
                    within = (given.text.as_bytes(), 0..given.text.len());
                }
                if !frame.faulted {
                    field = self.value(id, within, frame.at, None, given, frame.field);
                }
                self.scratch = scratch;
                self.scratch.clear();
            }
            Inside::Elements { .. } => {
                if !frame.faulted {
                    self.end_elements(&frame, at);
                }
                if frame.keep {
                    self.end_kept(data, &frame);
                }
            }
        }
        if self.identity.active(self.frames.len() - 1) {
            self.end_identity(&frame, field);
        }
        if self.extras.last().is_some_and(|e| e.0 == self.frames.len() as u32) {
            self.extras.pop();
        }
        self.frames.pop();
        self.names.truncate(frame.name as usize);
        self.counts.truncate(frame.counts as usize);
        if self.space.context != frame.context {
            self.space.restore(frame.bindings, frame.context);
        }
        Ok(())
    }

    fn unparsed(&mut self, name: &[u8]) {
        if self.entities.len() < 10_000 {
            self.entities.push(name.into());
        }
    }

    fn quick(&mut self, data: &[u8], pos: usize, base: u64, depth: &mut usize) -> usize {
        #[cfg(test)]
        if self.thorough {
            return pos;
        }
        let next = self.run_quick(data, pos, base);
        #[cfg(test)]
        {
            self.taken_quickly += next - pos;
        }
        *depth = self.frames.len();
        next
    }
}

impl Run<'_> {
    #[inline]
    fn end_elements(&mut self, frame: &Frame, at: u64) {
        let done = match self.schema.models.get(frame.model as usize) {
            Some(Machine::Table(states)) => states.get(frame.state as usize).is_some_and(|s| s.accept),
            Some(Machine::All { required, empty, .. }) => match self.extras.last() {
                Some((_, Extra::Seen(seen))) => *empty && !frame.children || required.iter().zip(seen).all(|(r, s)| *s || !*r),
                _ => true,
            },
            Some(Machine::Counted(counted)) => match self.extras.last() {
                Some((_, Extra::Counted(configs))) => counted.accepts(configs),
                _ => true,
            },
            None => true,
        };
        if !done {
            let (expected, _) = self.expected();
            self.fault(at, None, FaultKind::MissingElement { expected, before: None });
        }
    }

    /// The fixed value of an element of mixed content.
    fn end_kept(&mut self, data: &[u8], frame: &Frame) {
        let given = self.schema.elements.get(frame.element as usize).and_then(|e| e.given.as_ref());
        let scratch = std::mem::take(&mut self.scratch);
        let raw: &[u8] = match self.direct.take() {
            Some(range) => &data[range],
            None => &scratch,
        };
        if let Some(given) = given.filter(|g| g.fixed) {
            let bad = frame.children || !raw.is_empty() && raw != given.text.as_bytes();
            if bad {
                let kind = FaultKind::BadValue { attribute: None, value: shown(raw), rule: ValueRule::Fixed(given.text.to_string()) };
                self.fault(frame.at, None, kind);
            }
        }
        self.scratch = scratch;
        self.scratch.clear();
    }

    #[inline(never)]
    fn end_identity(&mut self, frame: &Frame, field: bool) {
        let depth = self.frames.len() - 1;
        if frame.field {
            let mut faults = Vec::new();
            let value = field.then(|| self.field.given());
            let simple = matches!(self.schema.forms.get(frame.ty.0 as usize).map(|f| f.content), Some(ContentForm::Simple(_)));
            let nillable = self.schema.elements.get(frame.element as usize).is_some_and(|e| e.nillable);
            self.identity.value(depth, value.as_ref(), simple, nillable, self.schema, &mut faults);
            for kind in faults {
                self.fault(frame.at, None, kind);
            }
        }
        let mut faults = Vec::new();
        self.identity.leave(depth, self.schema, &mut faults);
        for (at, kind) in faults {
            self.fault(at, None, kind);
        }
    }
}
