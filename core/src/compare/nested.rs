//! JSON Schema: whether one accepts all that another does, shown part by part.
//!
//! `read` accepts all that `written` does when each of its demands follows from one that `written` makes. The rules are those of the sets that
//! keywords stand for. A keyword that is not known here is only taken when both sides have it alike. References are followed within the
//! document; steps are counted, and when there are too many the answer is that nothing was shown.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::decimal::Decimal;
use crate::jschema::documents::Draft;
use crate::render::words::visible;

/// Most steps of one comparison.
const STEPS: usize = 20_000;

/// Deepest nesting of a comparison, references included. One that goes deeper refers to itself.
const DEPTH: usize = 64;

/// Whether `read` accepts everything that `written` accepts. A document that does not say its version is of 2020-12.
///
/// # Errors
/// A clause for people that says where the first difference lies that is not shown to be harmless.
pub(super) fn accepts_all(written: &Value, read: &Value) -> Result<(), String> {
    if draft(written) != draft(read) {
        return Err("they follow different versions of JSON Schema".to_owned());
    }
    if [written, read].iter().any(|schema| refers(schema) && has_base(schema, true)) {
        return Err("references are resolved against other addresses than the schema's own".to_owned());
    }
    let same = ["$defs", "definitions"].iter().all(|part| written.get(part) == read.get(part))
        && [written, read].iter().all(|schema| refers_to_definitions_only(schema));
    let mut walk = Walk { written, read, same, steps: 0 };
    walk.within(written, read, &Place { depth: 0, path: String::new() })
}

/// Whether a schema may refer to another document.
pub(super) fn leads_out(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(name, value)| match name.as_str() {
            "$ref" | "$dynamicRef" | "$recursiveRef" => value.as_str().is_none_or(|to| !to.starts_with('#')),
            _ => leads_out(value),
        }),
        Value::Array(items) => items.iter().any(leads_out),
        _ => false,
    }
}

fn draft(schema: &Value) -> Option<Draft> {
    match schema.get("$schema").and_then(Value::as_str) {
        Some(address) => Draft::of_address(address),
        None => Some(Draft::D2020),
    }
}

/// Whether all references lead to the definitions at the top, so that equal definitions make equal references.
fn refers_to_definitions_only(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().all(|(name, value)| match name.as_str() {
            "$ref" => value.as_str().is_none_or(|to| to.starts_with("#/$defs/") || to.starts_with("#/definitions/")),
            "$dynamicRef" | "$recursiveRef" => false,
            _ => refers_to_definitions_only(value),
        }),
        Value::Array(items) => items.iter().all(refers_to_definitions_only),
        _ => true,
    }
}

/// Members that say nothing about what is accepted.
fn is_note(name: &str) -> bool {
    matches!(
        name,
        "title" | "description" | "$comment" | "examples" | "example" | "default" | "deprecated" | "readOnly" | "writeOnly" | "$id" | "id"
    )
}

fn number(value: &Value) -> Option<Decimal> {
    value.as_number().and_then(|n| Decimal::parse(&n.to_string()))
}

/// A text of the schema's for a sentence.
fn shown(text: &str) -> String {
    visible(&text.chars().take(80).collect::<String>())
}

struct Walk<'v> {
    written: &'v Value,
    read: &'v Value,
    /// Whether a reference means the same in both.
    same: bool,
    steps: usize,
}

struct Place {
    depth: usize,
    path: String,
}

impl Place {
    fn down(&self, part: &str) -> Place {
        Place { depth: self.depth + 1, path: format!("{}/{}", self.path, part.replace('~', "~0").replace('/', "~1")) }
    }

    fn no<T>(&self, why: &str) -> Result<T, String> {
        Err(if self.path.is_empty() { why.to_owned() } else { format!("at {}: {why}", self.path) })
    }
}

/// What a keyword of numbers asks: a value must be at least, or at most, this.
const LEAST: &[&str] = &["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const MOST: &[&str] = &["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

const STRINGS: &[&str] = &["minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"];
const NUMBERS: &[&str] = &["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"];
const LISTS: &[&str] = &["items", "additionalItems", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"];
const OBJECTS: &[&str] = &[
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "dependencies",
];

impl<'v> Walk<'v> {
    fn within(&mut self, written: &'v Value, read: &'v Value, place: &Place) -> Result<(), String> {
        self.steps += 1;
        if self.steps > STEPS || place.depth > DEPTH {
            return place.no("the schemas are too large, or refer to themselves in too many ways, to be compared");
        }
        let (written, read) = (follow(self.written, written), follow(self.read, read));
        let (Some(written), Some(read)) = (written, read) else { return place.no("a reference leads out of the schema") };
        let alike = written == read && (self.same || !refers(written));
        if alike || matches!(read, Value::Bool(true)) || matches!(written, Value::Bool(false)) {
            return Ok(());
        }
        static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        let w = written.as_object().unwrap_or(&EMPTY);
        let Value::Object(r) = read else { return place.no("nothing is accepted here any more") };
        for branches in ["anyOf", "oneOf"] {
            // Whatever is accepted, is accepted by one of the branches.
            if let Some(Value::Array(all)) = w.get(branches).filter(|_| r.get(branches) != w.get(branches)) {
                let shown = (0..all.len()).try_for_each(|i| self.within(&all[i], read, &place.down(branches).down(&i.to_string())));
                if shown.is_ok() {
                    return Ok(());
                }
            }
        }
        for (keyword, asked) in r {
            self.follows(keyword, asked, written, (w, r), place)?;
        }
        Ok(())
    }

    /// Whether one demand of the reader follows from what the writer demands.
    fn follows(
        &mut self,
        keyword: &str,
        asked: &'v Value,
        written: &'v Value,
        (w, r): (&'v Map<String, Value>, &'v Map<String, Value>),
        place: &Place,
    ) -> Result<(), String> {
        if is_note(keyword) || matches!(keyword, "$schema" | "definitions" | "$defs") {
            return Ok(());
        }
        // A demand on values of a type that cannot be there asks nothing.
        let about: &[&str] = match keyword {
            k if STRINGS.contains(&k) => &["string"],
            k if NUMBERS.contains(&k) => &["number", "integer"],
            k if LISTS.contains(&k) => &["array"],
            k if OBJECTS.contains(&k) => &["object"],
            _ => &[],
        };
        let types = types(w);
        if !about.is_empty() && types.as_ref().is_some_and(|types| !about.iter().any(|t| types.contains(t))) {
            return Ok(());
        }
        let given = w.get(keyword);
        match keyword {
            "type" => {
                let wanted = list_of(asked);
                let fits = |t: &str| wanted.contains(&t) || (t == "integer" && wanted.contains(&"number"));
                match types {
                    Some(types) if types.iter().all(|t| fits(t)) => Ok(()),
                    _ => place.no(&format!("values that are not of the type {} were accepted", wanted.join(" or "))),
                }
            }
            "enum" | "const" => {
                let one = std::slice::from_ref(asked);
                let allowed = if keyword == "enum" { asked.as_array().map_or(&[][..], Vec::as_slice) } else { one };
                let were = match (w.get("enum"), w.get("const")) {
                    (_, Some(only)) => Some(std::slice::from_ref(only)),
                    (Some(Value::Array(all)), _) => Some(all.as_slice()),
                    _ => None,
                };
                match were {
                    Some(were) => {
                        let allowed: BTreeSet<String> = allowed.iter().map(Value::to_string).collect();
                        match were.iter().map(Value::to_string).find(|v| !allowed.contains(v)) {
                            None => Ok(()),
                            Some(gone) => place.no(&format!("the value {} was accepted", shown(&gone))),
                        }
                    }
                    None => place.no("other values than those listed were accepted"),
                }
            }
            k if LEAST.contains(&k) || MOST.contains(&k) => {
                let fits = match (given.and_then(number), number(asked)) {
                    (Some(given), Some(asked)) if LEAST.contains(&k) => given >= asked,
                    (Some(given), Some(asked)) => given <= asked,
                    // In draft 4 the exclusive bounds are true or false.
                    _ => given == Some(asked) && w.get(opposite(k)) == r.get(opposite(k)) || asked == &Value::Bool(false),
                };
                if fits { Ok(()) } else { place.no(&format!("{k} is tighter than it was")) }
            }
            "uniqueItems" if asked == &Value::Bool(false) => Ok(()),
            "required" => {
                let had = w.get("required").map(list_of).unwrap_or_default();
                match list_of(asked).into_iter().find(|name| !had.contains(name)) {
                    None => Ok(()),
                    Some(name) => place.no(&format!("\"{}\" could be left out", shown(name))),
                }
            }
            "properties" => self.properties(asked, w, place),
            "additionalProperties" => self.additional(asked, w, r, place),
            "items"
                if asked.is_array()
                    || given.is_some_and(Value::is_array)
                    || w.contains_key("prefixItems")
                    || r.contains_key("prefixItems") =>
            {
                self.alike(keyword, Some(asked), given, place)
            }
            "items" => self.within(given.unwrap_or(&Value::Bool(true)), asked, &place.down("items")),
            "allOf" => {
                let below = place.down("allOf");
                let parts = asked.as_array().map_or(&[][..], Vec::as_slice);
                parts.iter().enumerate().try_for_each(|(i, part)| self.within(written, part, &below.down(&i.to_string())))
            }
            "anyOf" => {
                if given == Some(asked) && (self.same || !refers(asked)) {
                    return Ok(());
                }
                let below = place.down("anyOf");
                let parts = asked.as_array().map_or(&[][..], Vec::as_slice);
                let shown = parts.iter().any(|part| self.within(written, part, &below).is_ok());
                if shown { Ok(()) } else { place.no("none of the alternatives is shown to accept everything that was accepted") }
            }
            // What these demand depends on other keywords beside them.
            "unevaluatedProperties" | "unevaluatedItems" | "contains" | "minContains" | "maxContains" | "$dynamicRef" | "$recursiveRef" => {
                place.no(&format!("{keyword} cannot be compared"))
            }
            _ => self.alike(keyword, Some(asked), given, place),
        }
    }

    /// A keyword of which nothing is known but that it is the same.
    fn alike(&self, keyword: &str, asked: Option<&Value>, given: Option<&Value>, place: &Place) -> Result<(), String> {
        let same = asked == given && (self.same || !asked.is_some_and(refers));
        if same { Ok(()) } else { place.no(&format!("{} differs", shown(keyword))) }
    }

    fn properties(&mut self, asked: &'v Value, w: &'v Map<String, Value>, place: &Place) -> Result<(), String> {
        for (name, schema) in asked.as_object().into_iter().flatten() {
            let below = place.down("properties").down(name);
            let own = w.get("properties").and_then(|p| p.get(name));
            if own.is_none() && w.contains_key("patternProperties") {
                below.no("the field was described by a pattern of names")?;
            }
            let given = own.or_else(|| w.get("additionalProperties")).unwrap_or(&Value::Bool(true));
            self.within(given, schema, &below)?;
        }
        Ok(())
    }

    fn additional(&mut self, asked: &'v Value, w: &'v Map<String, Value>, r: &'v Map<String, Value>, place: &Place) -> Result<(), String> {
        if w.get("patternProperties") != r.get("patternProperties") {
            place.no("the patterns of names differ")?;
        }
        let known = r.get("properties").and_then(Value::as_object);
        for (name, schema) in w.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if !known.is_some_and(|known| known.contains_key(name)) {
                self.within(schema, asked, &place.down("properties").down(name))?;
            }
        }
        let below = place.down("additionalProperties");
        self.within(w.get("additionalProperties").unwrap_or(&Value::Bool(true)), asked, &below)
    }
}

/// In draft 4, the bound to which an exclusive one belongs, and the other way round.
fn opposite(keyword: &str) -> &'static str {
    match keyword {
        "minimum" => "exclusiveMinimum",
        "exclusiveMinimum" => "minimum",
        "maximum" => "exclusiveMaximum",
        _ => "maximum",
    }
}

/// Whether a part of a schema has an address of its own, against which its references would be read.
fn has_base(value: &Value, top: bool) -> bool {
    match value {
        Value::Object(map) => {
            (!top && ["$id", "id"].iter().any(|name| map.get(*name).is_some_and(Value::is_string)))
                || map.values().any(|v| has_base(v, false))
        }
        Value::Array(items) => items.iter().any(|v| has_base(v, false)),
        _ => false,
    }
}

fn refers(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.contains_key("$ref") || map.values().any(refers),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

fn list_of(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The types that may be there; `None` when all may.
fn types(w: &Map<String, Value>) -> Option<Vec<&str>> {
    if let Some(of) = w.get("type") {
        return Some(list_of(of));
    }
    let values = match (w.get("const"), w.get("enum")) {
        (Some(only), _) => std::slice::from_ref(only),
        (None, Some(Value::Array(all))) => all.as_slice(),
        _ => return None,
    };
    let name = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Some(values.iter().map(name).collect())
}

/// What a schema is when it refers to another place of its document. In the older drafts nothing beside the reference counts; where
/// something stands there in the newer ones, it is not followed.
fn follow<'v>(root: &'v Value, mut schema: &'v Value) -> Option<&'v Value> {
    for _ in 0..DEPTH {
        let Some(object) = schema.as_object().filter(|o| o.contains_key("$ref") || o.contains_key("$dynamicRef")) else {
            return Some(schema);
        };
        if object.keys().any(|k| !is_note(k) && !matches!(k.as_str(), "$ref" | "$schema" | "definitions" | "$defs")) {
            return None;
        }
        let pointer = object.get("$ref")?.as_str()?.strip_prefix('#')?;
        if pointer.contains('%') {
            return None;
        }
        schema = root.pointer(pointer)?;
    }
    None
}
