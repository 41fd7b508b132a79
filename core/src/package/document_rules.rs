//! Rules about documents of XML beside their schema: a closed set of kinds. See `standards/README.md`, "Rules about documents".

use super::load::implied;
use super::notes::{Notes, note};
use super::rules::{Implied, RuleKind};
use super::toml::Keys;
use super::{Package, Rule};
use crate::finding::Finding;
use crate::xsd::regex::Pattern;
use crate::xsd::watch::Name;

/// What a rule demands within each element of its path. Fields are paths from that element: names with `/` between, an attribute at the end
/// begins with `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Demand {
    /// With the field, all of `then` are there.
    Requires { field: String, then: Vec<String> },
    /// Where the field is one of `is`, `then` is so.
    Implies { field: String, is: Vec<String>, then: String, must: Implied },
    /// A number or moment is not after another.
    Order { first: String, then: String, strict: bool },
    /// Each value is of that form, whole (an XML Schema pattern).
    Pattern { fields: Vec<String>, pattern: String },
    /// Texts hold neither tags nor named references.
    PlainText { fields: Vec<String> },
    /// An address; one that is relative only together with another field, if one is named.
    Address { field: String, relative_with: Option<String> },
    /// A closed ring of places, `latitude,longitude` with white space between, whose edges do not cross.
    Ring { field: String },
    /// A place and a radius: `latitude,longitude radius`.
    Circle { field: String },
    /// Words that each name another document by so many of its parts, with commas between; never the document itself. The last part is when the
    /// document was made, by which nobody is known.
    Mentions { field: String, parts: Vec<String> },
    /// The same words, of documents made no later than this one.
    NotLater { field: String, parts: Vec<String> },
    /// No text of `fields` stands in two of the elements `each` whose `by` differs in its first part (before a `-`); without `by` it is `default`.
    Apart { each: String, by: String, default: String, fields: Vec<String> },
}

/// The names of the kinds in `rules.toml`.
pub(super) const KINDS: &[&str] =
    &["requires", "implies", "order", "pattern", "plain-text", "address", "ring", "circle", "mentions", "not-later", "apart"];

impl Demand {
    /// The paths that it names, each from the element that the rule speaks of.
    pub fn paths(&self) -> Vec<String> {
        let own = |fields: &[String]| fields.to_vec();
        match self {
            Demand::Requires { field, then } => [own(then), vec![field.clone()]].concat(),
            Demand::Implies { field, then, .. } => vec![field.clone(), then.clone()],
            Demand::Order { first, then, .. } => vec![first.clone(), then.clone()],
            Demand::Pattern { fields, .. } | Demand::PlainText { fields } => own(fields),
            Demand::Address { field, relative_with } => std::iter::once(field.clone()).chain(relative_with.clone()).collect(),
            Demand::Ring { field } | Demand::Circle { field } => vec![field.clone()],
            Demand::Mentions { field, parts } | Demand::NotLater { field, parts } => [own(parts), vec![field.clone()]].concat(),
            Demand::Apart { each, by, fields, .. } => fields.iter().chain([by]).map(|f| format!("{each}/{f}")).collect(),
        }
    }
}

/// Reads the arguments of a rule about a document. All are read before giving up, so that all mistakes are said at once.
pub(super) fn read(kind: &str, keys: &Keys<'_>, notes: &mut Notes) -> Option<RuleKind> {
    let text = |key: &'static str, notes: &mut Notes| keys.need(key, notes).map(str::to_owned);
    let at = keys.text("at", notes).unwrap_or_default().to_owned();
    let demand = match kind {
        "requires" => {
            let (field, then) = (text("if", notes), keys.need_texts("then", notes));
            Demand::Requires { field: field?, then: then? }
        }
        "implies" => {
            let (field, is, then) = (text("if", notes), keys.need_texts("is", notes), text("then", notes));
            let must = implied(keys, notes);
            Demand::Implies { field: field?, is: is?, then: then?, must: must? }
        }
        "order" => {
            let (first, then) = (text("first", notes), text("then", notes));
            Demand::Order { first: first?, then: then?, strict: keys.flag("strict", notes).unwrap_or(false) }
        }
        "pattern" => {
            let (fields, pattern) = (keys.need_texts("fields", notes), text("pattern", notes));
            let (fields, pattern) = (fields?, pattern?);
            if Pattern::new(&pattern).is_err() {
                notes.push(keys.note("C924", "", "pattern").value(&pattern).arg("what", "a pattern of XML Schema"));
                return None;
            }
            Demand::Pattern { fields, pattern }
        }
        "plain-text" => Demand::PlainText { fields: keys.need_texts("fields", notes)? },
        "address" => {
            let relative_with = keys.text("relative_with", notes).map(str::to_owned);
            Demand::Address { field: text("field", notes)?, relative_with }
        }
        "ring" => Demand::Ring { field: text("field", notes)? },
        "circle" => Demand::Circle { field: text("field", notes)? },
        "mentions" | "not-later" => {
            let (field, parts) = (text("field", notes), keys.need_texts("parts", notes));
            let (field, parts) = (field?, parts?);
            if kind == "mentions" { Demand::Mentions { field, parts } } else { Demand::NotLater { field, parts } }
        }
        _ => {
            let (each, by, fields) = (text("each", notes), text("by", notes), keys.need_texts("fields", notes));
            let default = keys.text("default", notes).unwrap_or_default().to_owned();
            Demand::Apart { each: each?, by: by?, default, fields: fields? }
        }
    };
    Some(RuleKind::Within { at, demand })
}

/// The elements of a path, and the attribute at its end. `None` when a prefix is not declared or the text is no path.
pub(crate) fn path(text: &str, default: &str, prefixes: &[(String, String)]) -> Option<(Vec<Name>, Option<Name>)> {
    let (mut names, mut attribute) = (Vec::new(), None);
    for part in text.split('/').filter(|_| !text.is_empty()) {
        let (raw, of_attribute) = part.strip_prefix('@').map_or((part, false), |raw| (raw, true));
        let (prefix, local) = raw.split_once(':').unwrap_or(("", raw));
        if attribute.is_some() || local.is_empty() || local.contains(['@', ':', ' ', '[', '*']) {
            return None;
        }
        let space = match prefix {
            "" if of_attribute => "",
            "" => default,
            prefix => prefixes.iter().find(|(p, _)| p == prefix).map(|(_, uri)| uri.as_str())?,
        };
        let name = Name { space: space.to_owned(), local: local.to_owned() };
        if of_attribute {
            attribute = Some(name);
        } else {
            names.push(name);
        }
    }
    Some((names, attribute))
}

/// Whether the names of a rule about a document are sound: the document is there, prefixes are declared, and the schema, where it is at hand,
/// knows each name.
pub(super) fn lint(package: &Package, rule: &Rule, at: &str, demand: &Demand, found: &mut Vec<Finding>) {
    let Some(document) = package.documents.iter().find(|d| d.name == rule.resource) else {
        found.push(note("C907", "resource", "document").value(&rule.resource));
        return;
    };
    let schema = document.schema.compile().schema;
    let known = |name: &Name| schema.as_ref().is_none_or(|s| s.knows(&name.space, &name.local));
    let mut look = |text: &str, element: bool| {
        let wrong = |kind| note("C907", kind, "").value(text).arg("resource", rule.resource.as_str());
        match path(text, document.space(), &document.prefixes) {
            Some((names, attribute)) if !(element && attribute.is_some()) => {
                if !names.iter().chain(&attribute).all(known) {
                    found.push(wrong(""));
                }
            }
            _ => found.push(wrong("")),
        }
    };
    look(at, true);
    if let Demand::Apart { each, .. } = demand {
        look(each, true);
    }
    demand.paths().iter().for_each(|path| look(path, false));
}
