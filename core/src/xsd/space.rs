//! Namespaces in scope of an element, and the numbers of names, looked up once for each spelling.

use super::names::{EMPTY, Sym, XML, XML_URI, XMLNS_URI, XSI};
use super::scan::{NotWellFormed, same};
use super::schema::{NONE, Schema};

/// A namespace that the schema does not know.
pub(super) const UNKNOWN: Sym = u32::MAX;

/// What a name of the document is to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resolved {
    /// Number of the name or [`NONE`].
    pub(super) name: u32,
    pub(super) ns: Sym,
}

#[derive(Debug)]
struct Binding {
    prefix: Box<[u8]>,
    uri: Box<[u8]>,
    ns: Sym,
}

/// Longest spelling that is remembered.
const SPELLING: usize = 46;
const SLOTS: usize = 512;

#[derive(Debug, Clone, Copy)]
struct Slot {
    context: u32,
    length: u8,
    attribute: bool,
    bytes: [u8; SPELLING],
    found: Resolved,
}

/// The namespaces of the open elements.
#[derive(Debug)]
pub(super) struct Space {
    bindings: Vec<Binding>,
    /// Number of the set of bindings in force; each set has its own.
    pub(super) context: u32,
    last_context: u32,
    slots: Vec<Slot>,
}

/// A number from the bytes of a name, quickly.
#[inline]
pub(super) fn hash(name: &[u8]) -> u32 {
    let read = |at: usize| match name.get(at..).and_then(|r| r.first_chunk::<8>()) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => name[at.min(name.len())..].iter().fold(0u64, |h, &b| h << 8 | u64::from(b)),
    };
    let n = name.len();
    let mut h = read(0).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (n as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    if n > 8 {
        h = (h.rotate_left(23) ^ read(n - 8)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    if n > 16 {
        for chunk in name[8..n - 8].chunks(8) {
            let part = chunk.iter().fold(0u64, |h, &b| h << 8 | u64::from(b));
            h = (h.rotate_left(23) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }
    (h >> 32) as u32
}

impl Space {
    pub(super) fn new() -> Space {
        let none = Slot { context: NONE, length: 0, attribute: false, bytes: [0; SPELLING], found: Resolved { name: NONE, ns: EMPTY } };
        Space { bindings: Vec::new(), context: 0, last_context: 0, slots: vec![none; SLOTS] }
    }

    pub(super) fn mark(&self) -> u32 {
        self.bindings.len() as u32
    }

    /// Goes back to the bindings of an element around.
    pub(super) fn restore(&mut self, mark: u32, context: u32) {
        self.bindings.truncate(mark as usize);
        self.context = context;
    }

    /// Binds a prefix (empty for the default namespace).
    pub(super) fn bind(&mut self, prefix: &[u8], uri: &[u8], schema: &Schema) -> Result<(), NotWellFormed> {
        let xml = prefix == b"xml";
        let bad =
            prefix == b"xmlns" || xml != (uri == XML_URI.as_bytes()) || uri == XMLNS_URI.as_bytes() || !prefix.is_empty() && uri.is_empty();
        if bad {
            return Err(NotWellFormed::UnboundPrefix(String::from_utf8_lossy(prefix).into_owned()));
        }
        let ns = schema.namespaces.get(uri).copied().unwrap_or(UNKNOWN);
        self.bindings.push(Binding { prefix: prefix.into(), uri: uri.into(), ns });
        self.last_context += 1;
        self.context = self.last_context;
        Ok(())
    }

    /// The address of a prefix.
    pub(super) fn uri(&self, prefix: &[u8]) -> Option<&[u8]> {
        match self.bindings.iter().rev().find(|b| *b.prefix == *prefix) {
            Some(b) => Some(&b.uri),
            None if prefix.is_empty() => Some(b""),
            None if prefix == b"xml" => Some(XML_URI.as_bytes()),
            None => None,
        }
    }

    fn namespace(&self, prefix: &[u8]) -> Option<Sym> {
        match self.bindings.iter().rev().find(|b| *b.prefix == *prefix) {
            Some(b) => Some(b.ns),
            None if prefix.is_empty() => Some(EMPTY),
            None if prefix == b"xml" => Some(XML),
            None => None,
        }
    }

    /// What a name is. `hash` is that of its bytes.
    #[inline]
    pub(super) fn resolve(&mut self, raw: &[u8], hash: u32, attribute: bool, schema: &Schema) -> Result<Resolved, NotWellFormed> {
        let at = (hash ^ u32::from(attribute)) as usize % SLOTS;
        let slot = &self.slots[at];
        let known = slot.context == self.context
            && usize::from(slot.length) == raw.len()
            && slot.attribute == attribute
            && slot.bytes.get(..raw.len()).is_some_and(|known| same(known, raw));
        if known {
            return Ok(slot.found);
        }
        let found = self.look_up(raw, attribute, schema)?;
        if raw.len() <= SPELLING {
            let slot = &mut self.slots[at];
            (slot.context, slot.length, slot.attribute, slot.found) = (self.context, raw.len() as u8, attribute, found);
            slot.bytes[..raw.len()].copy_from_slice(raw);
        }
        Ok(found)
    }

    #[cold]
    fn look_up(&self, raw: &[u8], attribute: bool, schema: &Schema) -> Result<Resolved, NotWellFormed> {
        let (prefix, local) = match memchr::memchr(b':', raw) {
            Some(n) => (&raw[..n], &raw[n + 1..]),
            None => (&b""[..], raw),
        };
        if !super::scan::is_ncname(local) || raw.first() == Some(&b':') {
            return Err(NotWellFormed::BadName);
        }
        let ns = if attribute && prefix.is_empty() {
            EMPTY
        } else {
            self.namespace(prefix).ok_or_else(|| NotWellFormed::UnboundPrefix(String::from_utf8_lossy(prefix).into_owned()))?
        };
        let name = schema.locals.get(&ns).and_then(|l| l.get(local)).copied().unwrap_or(NONE);
        Ok(Resolved { name, ns })
    }

    /// Whether a namespace is that of `xsi:type`.
    pub(super) fn is_xsi(resolved: Resolved) -> bool {
        resolved.ns == XSI
    }

    /// The namespace address of a prefixed name, for names the schema does not know.
    pub(super) fn expanded(&self, raw: &[u8], attribute: bool) -> (Vec<u8>, Vec<u8>) {
        let (prefix, local) = match memchr::memchr(b':', raw) {
            Some(n) => (&raw[..n], &raw[n + 1..]),
            None => (&b""[..], raw),
        };
        let uri = if attribute && prefix.is_empty() { b"" } else { self.uri(prefix).unwrap_or(b"") };
        (uri.to_vec(), local.to_vec())
    }
}
