//! Which elements and attributes a schema document may hold, as the schema of schemas has it.

use std::collections::HashSet;

use super::compile::Compiler;
use super::names::{EMPTY, XS};
use super::simple::words;
use super::tree::NodeId;

/// Forms of the values of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    NcName,
    Id,
    QName,
    QNames,
    Boolean,
    Uri,
    Count,
    Positive,
    MaxCount,
    Qualified,
    Use,
    /// `#all` or words of these.
    Words(&'static [&'static str]),
    Process,
    Namespaces,
    XPath,
    /// Must be one of these.
    One(&'static [&'static str]),
}

type Attributes = &'static [(&'static str, Form, bool)];
/// Names and how often: `1`, `?`, `*` or `+`.
type Slots = &'static [(&'static [&'static str], char)];

const ANNOTATION: (&[&str], char) = (&["annotation"], '?');
const ATTRIBUTES: (&[&str], char) = (&["attribute", "attributeGroup"], '*');
const ANY_ATTRIBUTE: (&[&str], char) = (&["anyAttribute"], '?');
const MODEL: &[&str] = &["group", "all", "choice", "sequence"];
const PARTICLES: (&[&str], char) = (&["element", "group", "choice", "sequence", "any"], '*');
const FACETS: (&[&str], char) = (
    &[
        "minExclusive",
        "minInclusive",
        "maxExclusive",
        "maxInclusive",
        "totalDigits",
        "fractionDigits",
        "length",
        "minLength",
        "maxLength",
        "enumeration",
        "whiteSpace",
        "pattern",
    ],
    '*',
);
const GLOBALS: &[&str] = &["simpleType", "complexType", "group", "attributeGroup", "element", "attribute", "notation", "annotation"];
const DERIVED: Form = Form::Words(&["extension", "restriction"]);
const BLOCKED: Form = Form::Words(&["extension", "restriction", "substitution"]);
const SIMPLE_FINAL: Form = Form::Words(&["list", "union", "restriction"]);
const ALL_FINAL: Form = Form::Words(&["extension", "restriction", "list", "union"]);

#[allow(clippy::too_many_lines)]
fn rule(name: &str, parent: &str) -> Option<(Attributes, Slots)> {
    use Form::*;
    let global = matches!(parent, "schema" | "redefine");
    Some(match name {
        "schema" => (
            &[
                ("targetNamespace", Uri, false),
                ("version", Text, false),
                ("finalDefault", ALL_FINAL, false),
                ("blockDefault", BLOCKED, false),
                ("attributeFormDefault", Qualified, false),
                ("elementFormDefault", Qualified, false),
                ("id", Id, false),
            ],
            &[(&["include", "import", "redefine", "annotation"], '*'), (GLOBALS, '*')],
        ),
        "include" => (&[("schemaLocation", Uri, true), ("id", Id, false)], &[ANNOTATION]),
        "redefine" => (
            &[("schemaLocation", Uri, true), ("id", Id, false)],
            &[(&["annotation", "simpleType", "complexType", "group", "attributeGroup"], '*')],
        ),
        "import" => (&[("namespace", Uri, false), ("schemaLocation", Uri, false), ("id", Id, false)], &[ANNOTATION]),
        "annotation" => (&[("id", Id, false)], &[(&["appinfo", "documentation"], '*')]),
        "appinfo" | "documentation" => (&[("source", Uri, false)], &[]),
        "notation" => (&[("name", NcName, true), ("public", Text, false), ("system", Uri, false), ("id", Id, false)], &[ANNOTATION]),
        "element" if global => (
            &[
                ("name", NcName, true),
                ("type", QName, false),
                ("default", Text, false),
                ("fixed", Text, false),
                ("nillable", Boolean, false),
                ("abstract", Boolean, false),
                ("final", DERIVED, false),
                ("block", BLOCKED, false),
                ("substitutionGroup", QName, false),
                ("id", Id, false),
            ],
            ELEMENT,
        ),
        "element" => (
            &[
                ("name", NcName, false),
                ("ref", QName, false),
                ("type", QName, false),
                ("default", Text, false),
                ("fixed", Text, false),
                ("nillable", Boolean, false),
                ("block", BLOCKED, false),
                ("form", Qualified, false),
                ("minOccurs", Count, false),
                ("maxOccurs", MaxCount, false),
                ("id", Id, false),
            ],
            ELEMENT,
        ),
        "attribute" if global => (
            &[("name", NcName, true), ("type", QName, false), ("default", Text, false), ("fixed", Text, false), ("id", Id, false)],
            &[ANNOTATION, (&["simpleType"], '?')],
        ),
        "attribute" => (
            &[
                ("name", NcName, false),
                ("ref", QName, false),
                ("type", QName, false),
                ("default", Text, false),
                ("fixed", Text, false),
                ("use", Use, false),
                ("form", Qualified, false),
                ("id", Id, false),
            ],
            &[ANNOTATION, (&["simpleType"], '?')],
        ),
        "attributeGroup" if global => (&[("name", NcName, true), ("id", Id, false)], &[ANNOTATION, ATTRIBUTES, ANY_ATTRIBUTE]),
        "attributeGroup" => (&[("ref", QName, true), ("id", Id, false)], &[ANNOTATION]),
        "group" if global => (&[("name", NcName, true), ("id", Id, false)], &[ANNOTATION, (&["all", "choice", "sequence"], '1')]),
        "group" => (&[("ref", QName, true), ("minOccurs", Count, false), ("maxOccurs", MaxCount, false), ("id", Id, false)], &[ANNOTATION]),
        "all" if parent == "group" => (&[("id", Id, false)], &[ANNOTATION, (&["element"], '*')]),
        "choice" | "sequence" if parent == "group" => (&[("id", Id, false)], &[ANNOTATION, PARTICLES]),
        "all" => (
            &[("minOccurs", One(&["0", "1"]), false), ("maxOccurs", One(&["1"]), false), ("id", Id, false)],
            &[ANNOTATION, (&["element"], '*')],
        ),
        "choice" | "sequence" => {
            (&[("minOccurs", Count, false), ("maxOccurs", MaxCount, false), ("id", Id, false)], &[ANNOTATION, PARTICLES])
        }
        "any" => (
            &[
                ("namespace", Namespaces, false),
                ("processContents", Process, false),
                ("minOccurs", Count, false),
                ("maxOccurs", MaxCount, false),
                ("id", Id, false),
            ],
            &[ANNOTATION],
        ),
        "anyAttribute" => (&[("namespace", Namespaces, false), ("processContents", Process, false), ("id", Id, false)], &[ANNOTATION]),
        "complexType" if global => (
            &[
                ("name", NcName, true),
                ("mixed", Boolean, false),
                ("abstract", Boolean, false),
                ("final", DERIVED, false),
                ("block", DERIVED, false),
                ("id", Id, false),
            ],
            COMPLEX,
        ),
        "complexType" => (&[("mixed", Boolean, false), ("id", Id, false)], COMPLEX),
        "simpleContent" => (&[("id", Id, false)], &[ANNOTATION, (&["restriction", "extension"], '1')]),
        "complexContent" => (&[("mixed", Boolean, false), ("id", Id, false)], &[ANNOTATION, (&["restriction", "extension"], '1')]),
        "extension" if parent == "simpleContent" => (&[("base", QName, true), ("id", Id, false)], &[ANNOTATION, ATTRIBUTES, ANY_ATTRIBUTE]),
        "restriction" if parent == "simpleContent" => {
            (&[("base", QName, true), ("id", Id, false)], &[ANNOTATION, (&["simpleType"], '?'), FACETS, ATTRIBUTES, ANY_ATTRIBUTE])
        }
        "extension" | "restriction" if parent == "complexContent" => {
            (&[("base", QName, true), ("id", Id, false)], &[ANNOTATION, (MODEL, '?'), ATTRIBUTES, ANY_ATTRIBUTE])
        }
        "simpleType" if global => (
            &[("name", NcName, true), ("final", SIMPLE_FINAL, false), ("id", Id, false)],
            &[ANNOTATION, (&["restriction", "list", "union"], '1')],
        ),
        "simpleType" => (&[("id", Id, false)], &[ANNOTATION, (&["restriction", "list", "union"], '1')]),
        "restriction" => (&[("base", QName, false), ("id", Id, false)], &[ANNOTATION, (&["simpleType"], '?'), FACETS]),
        "list" => (&[("itemType", QName, false), ("id", Id, false)], &[ANNOTATION, (&["simpleType"], '?')]),
        "union" => (&[("memberTypes", QNames, false), ("id", Id, false)], &[ANNOTATION, (&["simpleType"], '*')]),
        "pattern" | "enumeration" => (&[("value", Text, true), ("id", Id, false)], &[ANNOTATION]),
        "minExclusive" | "minInclusive" | "maxExclusive" | "maxInclusive" => {
            (&[("value", Text, true), ("fixed", Boolean, false), ("id", Id, false)], &[ANNOTATION])
        }
        "totalDigits" => (&[("value", Positive, true), ("fixed", Boolean, false), ("id", Id, false)], &[ANNOTATION]),
        "fractionDigits" | "length" | "minLength" | "maxLength" => {
            (&[("value", Count, true), ("fixed", Boolean, false), ("id", Id, false)], &[ANNOTATION])
        }
        "whiteSpace" => {
            (&[("value", One(&["preserve", "replace", "collapse"]), true), ("fixed", Boolean, false), ("id", Id, false)], &[ANNOTATION])
        }
        "key" | "unique" => (&[("name", NcName, true), ("id", Id, false)], KEY),
        "keyref" => (&[("name", NcName, true), ("refer", QName, true), ("id", Id, false)], KEY),
        "selector" | "field" => (&[("xpath", XPath, true), ("id", Id, false)], &[ANNOTATION]),
        _ => return None,
    })
}

const ELEMENT: Slots = &[ANNOTATION, (&["simpleType", "complexType"], '?'), (&["unique", "key", "keyref"], '*')];
const COMPLEX: Slots =
    &[ANNOTATION, (&["simpleContent", "complexContent", "group", "all", "choice", "sequence"], '?'), ATTRIBUTES, ANY_ATTRIBUTE];
const KEY: Slots = &[ANNOTATION, (&["selector"], '1'), (&["field"], '+')];

/// Whether text is a whole number from 0 on.
pub(super) fn count(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let digits = match digits.strip_prefix('-') {
        Some(zero) if !zero.is_empty() && zero.bytes().all(|b| b == b'0') => zero,
        Some(_) => return None,
        None => digits,
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.bytes().fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0'))))
}

impl Compiler<'_, '_> {
    /// Checks a whole document, from its outermost element on.
    pub(super) fn check_grammar(&mut self, doc: u32) {
        let mut ids = HashSet::new();
        let mut open: Vec<NodeId> = vec![0];
        while let Some(node) = open.pop() {
            self.check_node(doc, node, &mut ids);
            open.extend(self.docs[doc as usize].tree.node(node).children.iter().copied().rev());
        }
    }

    fn check_node(&mut self, doc: u32, id: NodeId, ids: &mut HashSet<String>) {
        let tree = &self.docs[doc as usize].tree;
        let node = tree.node(id);
        let mut faults: Vec<(&'static str, String)> = Vec::new();
        let name = self.strings.get(node.name.local).to_string();
        if node.name.ns != XS {
            return;
        }
        let parent = if id == 0 { "" } else { self.strings.get(tree.node(node.parent).name.local) };
        let Some((attributes, slots)) = rule(&name, parent) else { return };
        if node.text && !matches!(name.as_str(), "documentation" | "appinfo") {
            faults.push(("s4s-elt-character", format!("there is text within {name}")));
        }
        for (attribute, value) in &node.attributes {
            let local = self.strings.get(attribute.local);
            if attribute.ns == XS {
                faults.push(("s4s-att-not-allowed", format!("attribute {local} has a prefix")));
            }
            if attribute.ns != EMPTY {
                if attribute.ns == super::names::XML && local == "lang" && !value.is_empty() && name == "documentation" {
                    let ok = value.trim().split('-').enumerate().all(|(i, p)| {
                        (1..=8).contains(&p.len())
                            && p.bytes().all(|b| if i == 0 { b.is_ascii_alphabetic() } else { b.is_ascii_alphanumeric() })
                    });
                    if !ok {
                        faults.push(("s4s-att-invalid-value", "xml:lang is no language".into()));
                    }
                }
                continue;
            }
            let Some(&(_, form, _)) = attributes.iter().find(|(n, _, _)| *n == local) else {
                faults.push(("s4s-att-not-allowed", format!("{name} has no attribute {local}")));
                continue;
            };
            let trimmed = value.trim_matches([' ', '\t', '\n', '\r']);
            let ok = match form {
                Form::Text => true,
                Form::NcName => super::scan::is_ncname(trimmed.as_bytes()),
                Form::Id => {
                    if !ids.insert(trimmed.to_string()) {
                        faults.push(("s4s-att-invalid-value", format!("id {trimmed} stands twice")));
                    }
                    super::scan::is_ncname(trimmed.as_bytes())
                }
                Form::QName => qname(trimmed.as_bytes()),
                Form::QNames => words(trimmed.as_bytes()).all(qname),
                Form::Boolean => matches!(trimmed, "true" | "false" | "1" | "0"),
                Form::Uri => !(local == "targetNamespace" && trimmed.is_empty() || local == "namespace" && trimmed.is_empty()),
                Form::Count => count(trimmed).is_some(),
                Form::Positive => count(trimmed).is_some_and(|n| n > 0),
                Form::MaxCount => trimmed == "unbounded" || count(trimmed).is_some(),
                Form::Qualified => matches!(trimmed, "qualified" | "unqualified"),
                Form::Use => matches!(trimmed, "optional" | "required" | "prohibited"),
                Form::Words(allowed) => trimmed == "#all" || trimmed.split_ascii_whitespace().all(|w| allowed.contains(&w)),
                Form::Process => matches!(trimmed, "skip" | "lax" | "strict"),
                Form::Namespaces => {
                    matches!(trimmed, "##any" | "##other")
                        || trimmed.split_ascii_whitespace().all(|w| !w.starts_with("##") || matches!(w, "##local" | "##targetNamespace"))
                }
                Form::XPath => true,
                Form::One(allowed) => allowed.contains(&trimmed),
            };
            if !ok {
                faults.push(("s4s-att-invalid-value", format!("attribute {local} of {name} cannot be \u{201C}{value}\u{201D}")));
            }
        }
        for (required, _, _) in attributes.iter().filter(|(_, _, required)| *required) {
            if !node.attributes.iter().any(|(n, _)| n.ns == EMPTY && self.strings.get(n.local) == *required) {
                faults.push(("s4s-att-must-appear", format!("{name} needs an attribute {required}")));
            }
        }
        self.check_children(doc, id, &name, slots, &mut faults);
        for (code, what) in faults {
            self.fault((doc, id), code, what);
        }
    }

    fn check_children(&self, doc: u32, id: NodeId, name: &str, slots: Slots, faults: &mut Vec<(&'static str, String)>) {
        let tree = &self.docs[doc as usize].tree;
        let mut slot = 0;
        let mut seen = vec![0usize; slots.len()];
        let mut content = false;
        for &child in &tree.node(id).children {
            let c = tree.node(child);
            let local = self.strings.get(c.name.local);
            if matches!(name, "documentation" | "appinfo") {
                continue;
            }
            let found = (slot..slots.len()).find(|&j| c.name.ns == XS && slots[j].0.contains(&local));
            match found {
                Some(j) if !(content && local != "annotation") => {
                    seen[j] += 1;
                    slot = if matches!(slots[j].1, '1' | '?') { j + 1 } else { j };
                    content |= matches!(local, "simpleContent" | "complexContent");
                }
                _ => faults.push(("s4s-elt-invalid-content", format!("{local} cannot stand here within {name}"))),
            }
        }
        for (j, (names, many)) in slots.iter().enumerate() {
            if matches!(many, '1' | '+') && seen[j] == 0 {
                faults.push(("s4s-elt-must-match", format!("{name} needs {}", names.join(" or "))));
            }
        }
    }
}

fn qname(text: &[u8]) -> bool {
    match text.iter().position(|&b| b == b':') {
        Some(n) => super::scan::is_ncname(&text[..n]) && super::scan::is_ncname(&text[n + 1..]),
        None => super::scan::is_ncname(text),
    }
}
