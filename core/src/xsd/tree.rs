//! A schema document as a tree.

use std::ops::Range;

use super::Bounds;
use super::names::{EMPTY, QName, Strings, Sym, XML_URI, XMLNS_URI, XS};
use super::scan::{NotWellFormed, RawAttr, Scanner, Sink, Stop, TextKind, decode, is_ncname};

pub(crate) type NodeId = u32;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: QName,
    pub(crate) attributes: Vec<(QName, String)>,
    pub(crate) children: Vec<NodeId>,
    pub(crate) parent: NodeId,
    pub(crate) at: u64,
    scope: u32,
    /// Whether there is text other than white space among the children.
    pub(crate) text: bool,
}

#[derive(Debug)]
struct Scope {
    parent: u32,
    prefix: Sym,
    uri: Sym,
}

/// A document; node 0 is the outermost element.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    scopes: Vec<Scope>,
}

/// The namespace of the attributes that keep parts of a schema for processors of some versions.
const VERSIONING: &str = "http://www.w3.org/2007/XMLSchema-versioning";

const NO_SCOPE: u32 = u32::MAX;

impl Tree {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The namespace of a prefix (0 for none) where a node stands. No declaration of the default namespace is no namespace.
    pub(crate) fn namespace(&self, id: NodeId, prefix: Sym, strings: &Strings) -> Option<Sym> {
        lookup(&self.scopes, self.node(id).scope, prefix, strings)
    }

    pub(crate) fn read(bytes: &[u8], bounds: &Bounds, strings: &mut Strings) -> Result<Tree, Stop> {
        let mut builder =
            Builder { tree: Tree::default(), stack: Vec::new(), names: Vec::new(), skip: 0, strings, scope: NO_SCOPE, scratch: Vec::new() };
        Scanner::new(bounds).run(bytes, 0, true, &mut builder)?;
        Ok(builder.tree)
    }
}

fn lookup(scopes: &[Scope], mut at: u32, prefix: Sym, strings: &Strings) -> Option<Sym> {
    while let Some(scope) = scopes.get(at as usize) {
        if scope.prefix == prefix {
            return (scope.uri != EMPTY || prefix == EMPTY).then_some(scope.uri);
        }
        at = scope.parent;
    }
    match strings.get(prefix) {
        "" => Some(EMPTY),
        "xml" => Some(super::names::XML),
        _ => None,
    }
}

struct Builder<'s> {
    tree: Tree,
    /// Open nodes, with the scope outside each.
    stack: Vec<(NodeId, u32)>,
    names: Vec<Vec<u8>>,
    /// Depth within an element whose content means nothing to us.
    skip: usize,
    strings: &'s mut Strings,
    scope: u32,
    scratch: Vec<u8>,
}

fn malformed<T>(at: u64, reason: NotWellFormed) -> Result<T, Stop> {
    Err(Stop::Malformed(at, reason))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Builder<'_> {
    fn value(&mut self, data: &[u8], a: &RawAttr, at: u64) -> Result<String, Stop> {
        self.scratch.clear();
        decode(a.value(data), true, true, &mut self.scratch).map_err(|e| Stop::Malformed(at, e))?;
        Ok(text(&self.scratch))
    }

    /// Whether an element is marked as meant for processors of another version than 1.0, and so is to be passed over.
    fn other_version(&self, id: NodeId) -> bool {
        self.tree.node(id).attributes.iter().filter(|(name, _)| self.strings.get(name.ns) == VERSIONING).any(|(name, value)| {
            let mut parts = value.trim().splitn(2, '.').map(str::parse::<u32>);
            let version = match (parts.next(), parts.next()) {
                (Some(Ok(major)), None) => (major, 0),
                (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
                _ => return false,
            };
            match self.strings.get(name.local) {
                "minVersion" => version > (1, 0),
                "maxVersion" => version <= (1, 0),
                _ => false,
            }
        })
    }

    fn qname(&mut self, raw: &[u8], attribute: bool, at: u64) -> Result<QName, Stop> {
        let raw = text(raw);
        let (prefix, local) = raw.split_once(':').unwrap_or(("", &raw));
        if !is_ncname(local.as_bytes()) || raw.starts_with(':') {
            return malformed(at, NotWellFormed::BadName);
        }
        let prefix_sym = self.strings.intern(prefix);
        let ns = if attribute && prefix.is_empty() {
            EMPTY
        } else {
            match lookup(&self.tree.scopes, self.scope, prefix_sym, self.strings) {
                Some(ns) => ns,
                None => return malformed(at, NotWellFormed::UnboundPrefix(prefix.to_string())),
            }
        };
        Ok(QName { ns, local: self.strings.intern(local) })
    }
}

impl Sink for Builder<'_> {
    fn start(&mut self, data: &[u8], name: Range<usize>, attributes: &[RawAttr], at: u64) -> Result<(), Stop> {
        let raw = &data[name];
        self.names.push(raw.to_vec());
        if self.skip > 0 {
            self.skip += 1;
            return Ok(());
        }
        let outside = self.scope;
        for a in attributes {
            let prefix = match a.name(data) {
                b"xmlns" => "",
                other => match other.strip_prefix(b"xmlns:") {
                    Some(p) => std::str::from_utf8(p).unwrap_or(""),
                    None => continue,
                },
            };
            let value = self.value(data, a, at)?;
            let xml = prefix == "xml";
            if prefix == "xmlns" || xml != (value == XML_URI) || value == XMLNS_URI || !prefix.is_empty() && value.is_empty() {
                return malformed(at, NotWellFormed::UnboundPrefix(prefix.to_string()));
            }
            let (prefix, uri) = (self.strings.intern(prefix), self.strings.intern(&value));
            self.tree.scopes.push(Scope { parent: self.scope, prefix, uri });
            self.scope = self.tree.scopes.len() as u32 - 1;
        }
        let name = self.qname(raw, false, at)?;
        let mut list: Vec<(QName, String)> = Vec::new();
        for a in attributes {
            let raw = a.name(data);
            if raw == b"xmlns" || raw.starts_with(b"xmlns:") {
                continue;
            }
            let name = self.qname(raw, true, at)?;
            if list.iter().any(|(n, _)| *n == name) {
                return malformed(at, NotWellFormed::DuplicateAttribute(text(raw)));
            }
            let value = self.value(data, a, at)?;
            list.push((name, value));
        }
        let id = self.tree.nodes.len() as NodeId;
        let parent = self.stack.last().map_or(0, |s| s.0);
        self.tree.nodes.push(Node { name, attributes: list, children: Vec::new(), parent, at, scope: self.scope, text: false });
        let other = id != 0 && self.other_version(id);
        if id != 0 && !other {
            self.tree.nodes[parent as usize].children.push(id);
        }
        self.stack.push((id, outside));
        if other || name.ns == XS && matches!(self.strings.get(name.local), "documentation" | "appinfo") {
            self.skip = 1;
        }
        Ok(())
    }

    fn text(&mut self, data: &[u8], range: Range<usize>, kind: TextKind, _: bool, at: u64) -> Result<(), Stop> {
        if kind == TextKind::Encoded {
            self.scratch.clear();
            decode(&data[range.clone()], false, true, &mut self.scratch).map_err(|e| Stop::Malformed(at, e))?;
        }
        if self.skip == 0
            && kind != TextKind::Blank
            && data[range].iter().any(|b| !b.is_ascii_whitespace())
            && let Some(&(id, _)) = self.stack.last()
        {
            self.tree.nodes[id as usize].text = true;
        }
        Ok(())
    }

    fn end(&mut self, data: &[u8], name: Range<usize>, at: u64) -> Result<(), Stop> {
        let close = &data[name];
        let open = self.names.pop();
        if open.as_deref() != Some(close) {
            return malformed(at, NotWellFormed::MismatchedEnd { open: open.map(|o| text(&o)), close: text(close) });
        }
        if self.skip > 1 {
            self.skip -= 1;
            return Ok(());
        }
        self.skip = 0;
        if let Some((_, outside)) = self.stack.pop() {
            self.scope = outside;
        }
        Ok(())
    }

    fn unparsed(&mut self, _: &[u8]) {}
}
