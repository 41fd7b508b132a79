//! Where a schema's documents hold their records, so that the list of records can be read one by one: the schema is divided into that of the
//! document with an empty list, and that of a record.

use serde_json::{Map, Value};

use super::documents::{Documents, Draft, Spot, step};

/// A list of records that can be read apart from the rest of its document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Split {
    /// The names that lead to the list; none when the document is the list.
    pub(super) path: Vec<String>,
    /// The schema of a record.
    pub(super) record: Spot,
    /// The root's schema with nothing about the list's entries.
    pub(super) rest: Value,
    /// Fewest entries.
    pub(super) least: u64,
    /// Most entries.
    pub(super) most: Option<u64>,
    /// No two entries may be the same.
    pub(super) unique: bool,
}

/// Deepest list that is looked for.
const DEEPEST: usize = 3;

/// The lists that can be read apart. A list about which anything but its own place in the schema speaks is not among them.
pub(super) fn splits(documents: &mut Documents, root: &Spot) -> Vec<Split> {
    let mut out = Vec::new();
    let Some(schema) = documents.at(root).cloned() else { return out };
    walk(documents, root.clone(), schema, Vec::new(), &mut out, &mut |inner| Some(inner), DEEPEST);
    out
}

/// The schema at a place with its reference followed: where it is then, and what it says. Only references within the document are followed.
fn followed(documents: &mut Documents, mut spot: Spot) -> Option<(Spot, Map<String, Value>)> {
    for _ in 0..16 {
        let map = documents.at(&spot)?.as_object()?.clone();
        let Some(Value::String(reference)) = map.get("$ref") else { return Some((spot, map)) };
        let beside = map
            .keys()
            .any(|k| !matches!(k.as_str(), "$ref" | "$schema" | "$id" | "id" | "definitions" | "$defs" | "title" | "description"));
        if beside && documents.draft(&spot) > Draft::D7 {
            return None;
        }
        let target = documents.resolve(&spot, reference)?;
        if target.0 != spot.0 {
            return None;
        }
        spot = target;
    }
    None
}

fn walk(
    documents: &mut Documents,
    spot: Spot,
    _schema: Value,
    path: Vec<String>,
    out: &mut Vec<Split>,
    around: &mut dyn FnMut(Value) -> Option<Value>,
    depth: usize,
) {
    let draft = documents.draft(&spot);
    let own = documents.at(&spot).and_then(Value::as_object).cloned();
    let Some((spot, mut map)) = followed(documents, spot) else { return };
    if path.is_empty()
        && let Some(own) = own
    {
        // What the document says of itself stays, wherever its reference leads.
        for name in ["$schema", "$id", "id", "definitions", "$defs"] {
            if let Some(value) = own.get(name) {
                map.entry(name.to_owned()).or_insert_with(|| value.clone());
            }
        }
    }
    if map.contains_key("$dynamicRef") || map.contains_key("$recursiveRef") {
        return;
    }
    if let Some(split) = list(&map, &spot, &path, draft) {
        if let Some(rest) = around(split.rest.clone()) {
            out.push(Split { rest, ..split });
        }
        return;
    }
    let Some(Value::Object(members)) = map.get("properties").cloned() else { return };
    if depth == 0 {
        return;
    }
    for name in members.keys() {
        let others = map.iter().filter(|(k, _)| !matches!(k.as_str(), "properties" | "definitions" | "$defs"));
        if others.clone().any(|(k, v)| speaks(k, v, name)) {
            continue;
        }
        let mut inner_path = path.clone();
        inner_path.push(name.clone());
        let inner = (spot.0, step(&step(&spot.1, "properties"), name));
        let around_here = &mut |inner: Value| {
            let mut here = map.clone();
            if let Some(Value::Object(members)) = here.get_mut("properties") {
                members.insert(name.clone(), inner);
            }
            around(Value::Object(here))
        };
        let schema = members.get(name).cloned().unwrap_or(Value::Null);
        walk(documents, inner, schema, inner_path, out, around_here, depth - 1);
    }
}

/// Whether a keyword names a schema or says something to people, and forbids nothing.
fn only_tells(keyword: &str) -> bool {
    matches!(
        keyword,
        "title"
            | "description"
            | "$comment"
            | "examples"
            | "default"
            | "$id"
            | "id"
            | "$schema"
            | "$anchor"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
    )
}

/// Whether a keyword beside `properties` may speak of what is in the member of that name.
fn speaks(keyword: &str, value: &Value, name: &str) -> bool {
    match keyword {
        "type" | "required" | "minProperties" | "maxProperties" | "additionalProperties" | "dependentRequired" | "propertyNames" => false,
        "patternProperties" | "enum" | "const" | "unevaluatedProperties" | "$ref" | "$dynamicRef" | "$recursiveRef" => true,
        "allOf" | "anyOf" | "oneOf" | "not" | "if" | "then" | "else" | "dependencies" | "dependentSchemas" => looks_into(value, name),
        // Whatever else a schema says is not for its members.
        _ => false,
    }
}

fn looks_into(value: &Value, name: &str) -> bool {
    match value {
        Value::Array(all) => all.iter().any(|v| looks_into(v, name)),
        Value::Object(map) => map.iter().any(|(k, v)| {
            let deep = matches!(
                k.as_str(),
                "$ref" | "$dynamicRef" | "additionalProperties" | "patternProperties" | "unevaluatedProperties" | "enum" | "const"
            );
            k == name || deep || looks_into(v, name)
        }),
        _ => false,
    }
}

/// The split at a list of records, where the schema is one of a list and of nothing else.
fn list(map: &Map<String, Value>, spot: &Spot, path: &[String], draft: Draft) -> Option<Split> {
    let is_list = map.get("type").is_some_and(|t| t == "array");
    let items = map.get("items").filter(|i| i.is_object())?;
    let known = |k: &str| {
        matches!(k, "type" | "items" | "minItems" | "maxItems" | "uniqueItems" | "definitions" | "$defs" | "additionalItems")
            || only_tells(k)
    };
    // Keywords of others, such as extensions with signs of their own, say nothing about validity.
    let strange = |k: &str| super::documents::is_keyword(k) && !known(k);
    if !is_list || map.keys().any(|k| strange(k)) || (draft <= Draft::D7 && map.contains_key("$ref")) {
        return None;
    }
    // Lists of plain texts or numbers are no records.
    let plain = items.get("type").and_then(Value::as_str).is_some_and(|t| t != "object" && t != "array");
    let plain = plain || (items.get("enum").is_some() && items.get("properties").is_none());
    if plain {
        return None;
    }
    let mut rest = map.clone();
    for name in ["items", "minItems", "maxItems", "uniqueItems", "additionalItems"] {
        rest.remove(name);
    }
    let count = |name: &str| map.get(name).and_then(Value::as_u64);
    if ["minItems", "maxItems"].iter().any(|n| map.contains_key(*n) && count(n).is_none()) {
        return None;
    }
    Some(Split {
        path: path.to_vec(),
        record: (spot.0, step(&spot.1, "items")),
        rest: Value::Object(rest),
        least: count("minItems").unwrap_or(0),
        most: count("maxItems"),
        unique: map.get("uniqueItems") == Some(&Value::Bool(true)),
    })
}
