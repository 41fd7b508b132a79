//! The schema documents at hand, the addresses they have, and what a reference between them means. Nothing is ever fetched.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::uri;

/// A version of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draft {
    /// Draft 4.
    D4,
    /// Draft 6 and 7, which differ in nothing that matters here.
    D7,
    /// 2019-09.
    D2019,
    /// 2020-12.
    D2020,
}

impl Draft {
    /// The version that an address under `$schema` names.
    pub fn of_address(address: &str) -> Option<Draft> {
        let address = address.trim_end_matches('#');
        [
            ("draft-04/schema", Draft::D4),
            ("draft-06/schema", Draft::D7),
            ("draft-07/schema", Draft::D7),
            ("draft/2019-09/schema", Draft::D2019),
            ("draft/2020-12/schema", Draft::D2020),
        ]
        .into_iter()
        .find_map(|(end, draft)| (address.contains("json-schema.org") && address.ends_with(end)).then_some(draft))
    }

    /// The member that names a schema's own address.
    pub(super) fn id(self) -> &'static str {
        if self == Draft::D4 { "id" } else { "$id" }
    }
}

/// A schema document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its file's name, or its path.
    pub name: String,
    /// The address it has where it names none itself.
    pub uri: String,
    /// What it says.
    pub value: Arc<Value>,
    /// Its version.
    pub draft: Draft,
}

/// Where a schema is: the document and the JSON Pointer in it.
pub(super) type Spot = (usize, String);

/// A set of documents that may refer to each other.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    documents: Vec<Document>,
    /// By address: the schema there.
    ids: HashMap<String, Spot>,
    /// By address with fragment: the schema of that name.
    anchors: HashMap<String, Spot>,
    /// By place of a schema: the address from which its references count.
    bases: HashMap<Spot, String>,
}

/// Members that hold one schema.
const ONE: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Members that hold a list of schemas.
const LIST: &[&str] = &["allOf", "anyOf", "items", "oneOf", "prefixItems"];

/// Members that hold schemas by name.
const NAMED: &[&str] = &["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

impl Documents {
    /// No documents.
    pub fn new() -> Documents {
        Documents::default()
    }

    /// Adds a document under its file's name. `draft` is what it is when it does not say.
    pub fn add(&mut self, name: &str, value: Value, draft: Draft) {
        // An address that no document on the web has; relative references still find their neighbours.
        self.add_at(name, &format!("file:///{}", name.trim_start_matches('/')), value, draft);
    }

    /// Adds a document under the address from which it would be had.
    pub fn add_at(&mut self, name: &str, address: &str, value: Value, draft: Draft) {
        let named = value.get("$schema").and_then(Value::as_str).and_then(Draft::of_address);
        let draft = named.unwrap_or(draft);
        let own = address.to_owned();
        let id = value.get(draft.id()).and_then(Value::as_str).filter(|id| !id.starts_with('#'));
        let uri = id.map_or_else(|| own.clone(), |id| uri::join(&own, id));
        self.ids.entry(own).or_insert((self.documents.len(), String::new()));
        self.put(name, value, draft, uri);
    }

    /// Adds a document that takes another's place under its address for what is checked against it; references to the address still lead
    /// to the other.
    pub(super) fn add_as(&mut self, name: &str, value: Value, draft: Draft, uri: &str) {
        self.put(name, value, draft, uri.to_owned());
    }

    fn put(&mut self, name: &str, value: Value, draft: Draft, uri: String) {
        let index = self.documents.len();
        self.ids.entry(uri.clone()).or_insert((index, String::new()));
        self.documents.push(Document { name: name.to_owned(), uri: uri.clone(), value: Arc::new(Value::Null), draft });
        self.index(index, draft, &value, String::new(), &uri, 0);
        self.documents[index].value = Arc::new(value);
    }

    /// The documents in the order in which they were added.
    pub fn all(&self) -> &[Document] {
        &self.documents
    }

    /// Takes note of the addresses and names in a schema and in those within it.
    fn index(&mut self, document: usize, draft: Draft, schema: &Value, pointer: String, base: &str, depth: usize) {
        let Value::Object(map) = schema else {
            if schema.is_boolean() {
                self.bases.insert((document, pointer), base.to_owned());
            }
            return;
        };
        if depth > crate::bounds::MAX_NESTING || self.bases.contains_key(&(document, pointer.clone())) {
            return;
        }
        let mut base = base.to_owned();
        // Up to draft 7, whatever stands beside a reference counts for nothing.
        let alone = draft <= Draft::D7 && map.get("$ref").is_some_and(Value::is_string);
        if let Some(id) = map.get(draft.id()).and_then(Value::as_str).filter(|_| !alone) {
            let (address, fragment) = uri::cut(id);
            if !address.is_empty() {
                base = uri::join(&base, address);
                self.ids.entry(base.clone()).or_insert((document, pointer.clone()));
            }
            if !fragment.is_empty() {
                self.anchors.entry(format!("{base}#{fragment}")).or_insert((document, pointer.clone()));
            }
        }
        for name in ["$anchor", "$dynamicAnchor"] {
            if let Some(anchor) = map.get(name).and_then(Value::as_str).filter(|_| draft >= Draft::D2019) {
                self.anchors.entry(format!("{base}#{anchor}")).or_insert((document, pointer.clone()));
            }
        }
        self.bases.insert((document, pointer.clone()), base.clone());
        for (name, value) in map {
            let inner = step(&pointer, name);
            match value {
                Value::Object(members) if NAMED.contains(&name.as_str()) => {
                    for (key, schema) in members {
                        self.index(document, draft, schema, step(&inner, key), &base, depth + 1);
                    }
                }
                Value::Array(list) if LIST.contains(&name.as_str()) => {
                    for (i, schema) in list.iter().enumerate() {
                        self.index(document, draft, schema, format!("{inner}/{i}"), &base, depth + 1);
                    }
                }
                value if ONE.contains(&name.as_str()) => self.index(document, draft, value, inner, &base, depth + 1),
                _ => {}
            }
        }
    }

    /// The schema at a place.
    pub(super) fn at(&self, spot: &Spot) -> Option<&Value> {
        self.documents.get(spot.0)?.value.pointer(&spot.1)
    }

    /// The version of the document of a place.
    pub(super) fn draft(&self, spot: &Spot) -> Draft {
        self.documents.get(spot.0).map_or(Draft::D2020, |d| d.draft)
    }

    /// Whether the document of a place names a version of its own, with keywords that only the reference can make out.
    pub(super) fn is_custom(&self, spot: &Spot) -> bool {
        let named = self.documents.get(spot.0).and_then(|d| d.value.get("$schema")).and_then(Value::as_str);
        named.is_some_and(|address| Draft::of_address(address).is_none() && self.lookup(address).is_some())
    }

    /// The address from which references of the schema at a place count.
    pub(super) fn base(&self, spot: &Spot) -> Option<&str> {
        self.bases.get(spot).map(String::as_str)
    }

    /// The document of an address; failing that, the one whose name ends as the address does, so that documents which name each other by
    /// their places on the web are found where they lie.
    pub(super) fn lookup(&self, address: &str) -> Option<Spot> {
        let (address, _) = uri::cut(address);
        if let Some(spot) = self.ids.get(address) {
            return Some(spot.clone());
        }
        let (mut best, mut most, mut tie) = (None, 0, false);
        for (i, document) in self.documents.iter().enumerate() {
            let own = format!("file:///{}", document.name);
            let common = uri::common_end(address, &own).max(uri::common_end(address, &document.uri));
            if common > most {
                (best, most, tie) = (Some((i, String::new())), common, false);
            } else if common == most && common > 0 {
                tie = true;
            }
        }
        best.filter(|_| !tie)
    }

    /// The schema that a reference at a place means; `None` when it is not at hand.
    pub(super) fn resolve(&mut self, from: &Spot, reference: &str) -> Option<Spot> {
        let base = self.base(from)?.to_owned();
        let (_, fragment) = uri::cut(reference);
        let address = uri::join(&base, reference);
        let (document, pointer) = self.lookup(&address)?;
        let fragment = uri::unescaped(fragment);
        if fragment.is_empty() {
            return Some((document, pointer));
        }
        if !fragment.starts_with('/') {
            let base = self.base(&(document, pointer.clone()))?;
            return self.anchors.get(&format!("{base}#{fragment}")).cloned();
        }
        let spot = (document, format!("{pointer}{fragment}"));
        let schema = self.at(&spot)?;
        if !self.bases.contains_key(&spot) {
            // A place that no keyword makes one of a schema, as in a description of an interface: it becomes one by being referred to.
            let (schema, draft) = (schema.clone(), self.draft(&spot));
            let around = self.base(&(document, pointer)).unwrap_or_default().to_owned();
            self.index(document, draft, &schema, spot.1.clone(), &around, 0);
        }
        self.bases.contains_key(&spot).then_some(spot)
    }

    /// Makes a schema of a place that is none by its keywords; false when there is nothing.
    pub(super) fn enter(&mut self, spot: &Spot) -> bool {
        let Some(schema) = self.at(spot).cloned() else { return false };
        if !self.bases.contains_key(spot) {
            let (draft, base) = (self.draft(spot), self.documents[spot.0].uri.clone());
            self.index(spot.0, draft, &schema, spot.1.clone(), &base, 0);
        }
        self.bases.contains_key(spot)
    }
}

/// A pointer to a member of what another leads to.
pub(super) fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Whether a member of a schema decides about validity, in any version.
pub(super) fn is_keyword(name: &str) -> bool {
    ONE.contains(&name)
        || LIST.contains(&name)
        || NAMED.contains(&name)
        || matches!(
            name,
            "type"
                | "enum"
                | "const"
                | "multipleOf"
                | "maximum"
                | "minimum"
                | "exclusiveMaximum"
                | "exclusiveMinimum"
                | "maxLength"
                | "minLength"
                | "pattern"
                | "format"
                | "maxItems"
                | "minItems"
                | "uniqueItems"
                | "maxContains"
                | "minContains"
                | "maxProperties"
                | "minProperties"
                | "required"
                | "dependentRequired"
                | "$ref"
                | "$dynamicRef"
                | "$recursiveRef"
        )
}
