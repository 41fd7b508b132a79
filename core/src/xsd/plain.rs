//! Schema documents as they are compared and as documents are made from them: without annotations, with names in full.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::{Strings, Sym, XS_URI};
use super::tree::{NodeId, Tree};
use super::{Bounds, utf8};

/// An element of a schema document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Part {
    /// Its local name, such as `element`.
    pub(super) what: String,
    /// Its attributes; names of components as `{namespace}local`.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) parts: Vec<Part>,
}

impl Part {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(super) fn is(&self, what: &str) -> bool {
        self.what == what
    }

    pub(super) fn find(&self, what: &str) -> Option<&Part> {
        self.parts.iter().find(|p| p.what == what)
    }

    /// Whether it or a part within it is so.
    pub(super) fn any(&self, test: &dyn Fn(&Part) -> bool) -> bool {
        test(self) || self.parts.iter().any(|p| p.any(test))
    }

    /// How often it may stand where it stands; without an upper bound, the largest number.
    pub(super) fn occurs(&self) -> (u64, u64) {
        let number = |name: &str| self.get(name).map_or(Some(1), |text| text.parse().ok());
        let most = if self.get("maxOccurs") == Some("unbounded") { Some(u64::MAX) } else { number("maxOccurs") };
        (number("minOccurs").unwrap_or(1), most.unwrap_or(1))
    }
}

/// The members of which the values are names of components.
const NAMES: [&str; 6] = ["type", "ref", "base", "itemType", "substitutionGroup", "refer"];

/// A schema document; `None` when it is none.
pub(super) fn read(bytes: &[u8], bounds: &Bounds) -> Option<Part> {
    let mut strings = Strings::new();
    let tree = Tree::read(&utf8(bytes), bounds, &mut strings).ok()?;
    let part = part(&tree, 0, &mut strings)?;
    part.is("schema").then_some(part)
}

/// All documents of a schema, by name.
pub(super) fn read_all(files: &BTreeMap<String, Arc<[u8]>>, bounds: &Bounds) -> Option<BTreeMap<String, Part>> {
    files.iter().map(|(name, bytes)| Some((name.clone(), read(bytes, bounds)?))).collect()
}

fn part(tree: &Tree, id: NodeId, strings: &mut Strings) -> Option<Part> {
    let node = tree.node(id);
    if strings.get(node.name.ns) != XS_URI {
        return None;
    }
    let mut attributes = BTreeMap::new();
    for (name, value) in &node.attributes {
        // What others say about the schema, and what nothing follows from.
        let local = strings.get(name.local).to_owned();
        if !strings.get(name.ns).is_empty() || matches!(local.as_str(), "id" | "version") {
            continue;
        }
        let value = value.split_ascii_whitespace().collect::<Vec<_>>();
        let value = if NAMES.contains(&local.as_str()) || local == "memberTypes" {
            value.iter().map(|name| full(tree, id, name, strings)).collect::<Option<Vec<_>>>()?.join(" ")
        } else if matches!(local.as_str(), "value" | "default" | "fixed") {
            node.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
        } else if local == "xpath" {
            path(tree, id, &value.join(" "), strings)?
        } else {
            value.join(" ")
        };
        attributes.insert(local, value);
    }
    let what = strings.get(node.name.local).to_owned();
    if what == "schema" {
        attributes.entry("elementFormDefault".to_owned()).or_insert_with(|| "unqualified".to_owned());
        attributes.entry("attributeFormDefault".to_owned()).or_insert_with(|| "unqualified".to_owned());
    }
    let mut parts = Vec::new();
    for child in node.children.clone() {
        let child = part(tree, child, strings)?;
        // Nothing can stand where it stands no time.
        if !child.is("annotation") && child.get("maxOccurs") != Some("0") {
            parts.push(child);
        }
    }
    Some(Part { what, attributes, parts })
}

fn space(tree: &Tree, id: NodeId, prefix: &str, strings: &mut Strings) -> Option<String> {
    let prefix: Sym = strings.intern(prefix);
    tree.namespace(id, prefix, strings).map(|ns| strings.get(ns).to_owned())
}

/// A name in full.
fn full(tree: &Tree, id: NodeId, name: &str, strings: &mut Strings) -> Option<String> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    Some(format!("{{{}}}{local}", space(tree, id, prefix, strings)?))
}

/// A path of an identity constraint, with the namespaces of its prefixes behind it.
fn path(tree: &Tree, id: NodeId, text: &str, strings: &mut Strings) -> Option<String> {
    let mut out = text.to_owned();
    for step in text.split(['/', '|', ' ', '@', '.']).filter(|step| step.contains(':') && !step.contains("::")) {
        let (prefix, _) = step.split_once(':')?;
        out.push_str(&format!(" {prefix}={}", space(tree, id, prefix, strings)?));
    }
    Some(out)
}
