//! Documents made up from two JSON Schemas, among which one may be that the one accepts and the other refuses.
//!
//! Nothing is concluded from how they are made: each is checked by the validator. They are made from the one schema, with an eye to where the
//! other differs: there many values are tried, elsewhere a few.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value, json};

use super::Budget;
use super::patterns::{self, Language, Outside};

/// Documents at the most.
const MOST: usize = 600;
/// Values of a part in which the schemas differ, and of one in which they do not.
const PART: (usize, usize) = (40, 3);
/// Parts made at the most.
const STEPS: usize = 4_000;
/// Deepest part.
const DEPTH: usize = 12;
/// Alternatives of one part that are tried.
const BRANCHES: usize = 6;
/// Longest text and list that is made.
const LONGEST: u64 = 300;

/// Documents, simple ones first.
pub(super) fn of(one: &Value, other: &Value) -> Vec<Value> {
    let mut maker = Maker { one, other, steps: 0, budget: Budget { states: 20_000, ..Budget::default() } };
    maker.values(one, Some(other), 0, MOST)
}

struct Maker<'v> {
    one: &'v Value,
    other: &'v Value,
    steps: usize,
    budget: Budget,
}

type Parts<'v> = Vec<&'v Map<String, Value>>;

impl<'v> Maker<'v> {
    fn values(&mut self, a: &'v Value, b: Option<&'v Value>, depth: usize, most: usize) -> Vec<Value> {
        self.steps += 1;
        if self.steps > STEPS || depth > DEPTH {
            return vec![json!("a"), json!({}), json!(1), Value::Null];
        }
        let differ = b != Some(a) || self.one != self.other && has_reference(a);
        let most = if differ { most } else { most.min(PART.1) };
        let theirs = b.map(|b| flat(self.other, b)).unwrap_or_default();
        let mut out: Vec<Value> = Vec::new();
        for parts in variants(self.one, a) {
            let mut some = self.of_parts(&parts, &theirs, depth, most);
            // Stable: those that the parts seem to take come first.
            some.sort_by_key(|value| !fits(&parts, value));
            for value in some {
                if !out.contains(&value) {
                    out.push(value);
                }
            }
        }
        // Of each alternative some: the first ones, and the rest spread.
        out.truncate(most);
        out
    }

    fn of_parts(&mut self, ours: &Parts<'v>, theirs: &Parts<'v>, depth: usize, most: usize) -> Vec<Value> {
        let mut out = Vec::new();
        for part in ours.iter().chain(theirs.iter()) {
            out.extend(part.get("const").cloned());
            for list in ["enum", "examples"] {
                out.extend(part.get(list).and_then(Value::as_array).into_iter().flatten().take(MOST).cloned());
            }
            out.extend(part.get("default").cloned());
        }
        let kinds = kinds(ours);
        if kinds.contains("string") {
            out.extend(self.texts(ours, theirs).into_iter().map(Value::from));
        }
        if kinds.contains("integer") || kinds.contains("number") {
            out.extend(numbers(ours, theirs));
        }
        if kinds.contains("boolean") {
            out.extend([json!(true), json!(false)]);
        }
        if kinds.contains("null") {
            out.push(Value::Null);
        }
        if kinds.contains("object") {
            out.extend(self.objects(ours, theirs, depth, most));
        }
        if kinds.contains("array") {
            out.extend(self.lists(ours, theirs, depth, most));
        }
        out
    }

    fn texts(&mut self, ours: &Parts<'v>, theirs: &Parts<'v>) -> Vec<String> {
        let all = || ours.iter().chain(theirs);
        let mut out: Vec<String> = Vec::new();
        let patterns = |parts: &Parts<'v>| -> Vec<String> {
            parts.iter().filter_map(|p| p.get("pattern")?.as_str()).map(|p| format!("(?s:.*)(?:{p})(?s:.*)")).collect()
        };
        let (mine, others) = (patterns(ours), patterns(theirs));
        let length = |parts: &Parts<'v>, name: &str| parts.iter().find_map(|p| p.get(name)?.as_u64());
        let none = Language { pattern: None, min: Some(1), max: Some(0) };
        let own = Language { pattern: mine.first().map(String::as_str), min: length(ours, "minLength"), max: length(ours, "maxLength") };
        if !mine.is_empty() || !others.is_empty() {
            let theirs = others.iter().map(|p| Language { pattern: Some(p), min: None, max: None });
            for other in theirs.chain([none]) {
                if let Outside::Some(texts) = patterns::outside(own, other, &mut self.budget) {
                    out.extend(texts.into_iter().take(8));
                }
            }
        }
        out.extend(all().filter_map(|p| p.get("format")?.as_str()).flat_map(samples).map(|s| (*s).to_owned()));
        let mut lengths: Vec<u64> = vec![1];
        for part in all() {
            for name in ["minLength", "maxLength"] {
                if let Some(n) = part.get(name).and_then(Value::as_u64) {
                    lengths.extend([n, n.saturating_sub(1), n.saturating_add(1)]);
                }
            }
        }
        lengths.push(0);
        out.extend(lengths.into_iter().filter(|n| *n <= LONGEST).map(|n| "a".repeat(usize::try_from(n).unwrap_or(0))));
        out.extend(["1", "A b", "é"].map(str::to_owned));
        out
    }

    fn objects(&mut self, ours: &Parts<'v>, theirs: &Parts<'v>, depth: usize, most: usize) -> Vec<Value> {
        let mut names: Vec<&'v str> = Vec::new();
        let required = |parts: &Parts<'v>| -> Vec<&'v str> {
            let lists = parts.iter().filter_map(|p| p.get("required")?.as_array());
            lists.flatten().filter_map(Value::as_str).collect()
        };
        let needed = required(ours);
        let described =
            ours.iter().chain(theirs).filter_map(|p| p.get("properties")?.as_object()).flat_map(|m| m.keys().map(String::as_str));
        for name in needed.iter().copied().chain(described).chain(required(theirs)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        static ANY: Value = Value::Bool(true);
        let schema = |parts: &Parts<'v>, name: &str| parts.iter().find_map(|p| p.get("properties")?.get(name));
        let rest = |parts: &Parts<'v>| parts.iter().find_map(|p| p.get("additionalProperties"));
        let pools: Vec<(&str, Vec<Value>)> = names
            .iter()
            .map(|name| {
                let a = schema(ours, name).or_else(|| rest(ours)).unwrap_or(&ANY);
                let b = schema(theirs, name).or_else(|| rest(theirs)).unwrap_or(&ANY);
                (*name, self.values(a, Some(b), depth + 1, PART.0))
            })
            .collect();
        let base = |all: bool, n: usize| -> Map<String, Value> {
            let chosen = pools.iter().filter(|(name, _)| all || needed.contains(name));
            chosen.filter_map(|(name, pool)| Some(((*name).to_owned(), pool.get(n % pool.len().max(1))?.clone()))).collect()
        };
        let mut out: Vec<Value> = Vec::new();
        let bases = [base(false, 0), base(true, 0)];
        out.extend(bases.iter().cloned().map(Value::Object));
        out.extend([base(false, 1), base(true, 1), base(false, 2), Map::new()].map(Value::Object));
        for base in &bases {
            for name in pools.iter().map(|(name, _)| *name).filter(|name| base.contains_key(*name)) {
                let mut less = base.clone();
                less.remove(name);
                out.push(Value::Object(less));
            }
            let mut more = base.clone();
            more.insert("another".to_owned(), json!("a"));
            out.push(Value::Object(more.clone()));
            more.insert("another".to_owned(), json!(1));
            out.push(Value::Object(more));
        }
        // One value at a time, turn by turn, so that no member uses up the places of the others.
        let longest = pools.iter().map(|(_, pool)| pool.len()).max().unwrap_or(0);
        for at in 1..longest.max(2) {
            for (name, pool) in &pools {
                for base in &bases {
                    // The first value stands in the base already, where the member is there at all.
                    let at = if base.contains_key(*name) { at } else { at - 1 };
                    if let Some(value) = pool.get(at).filter(|_| out.len() < most.max(PART.0) * 2) {
                        let mut with = base.clone();
                        with.insert((*name).to_owned(), value.clone());
                        out.push(Value::Object(with));
                    }
                }
            }
        }
        out
    }

    fn lists(&mut self, ours: &Parts<'v>, theirs: &Parts<'v>, depth: usize, most: usize) -> Vec<Value> {
        static ANY: Value = Value::Bool(true);
        let single = |parts: &Parts<'v>| parts.iter().find_map(|p| p.get("items").filter(|items| !items.is_array()));
        let (a, b) = (single(ours).unwrap_or(&ANY), single(theirs).unwrap_or(&ANY));
        let pool = self.values(a, Some(b), depth + 1, PART.0);
        let first: Vec<Value> = ours
            .iter()
            .find_map(|p| p.get("prefixItems").or_else(|| p.get("items"))?.as_array())
            .map(|all| all.iter().filter_map(|schema| self.values(schema, None, depth + 1, 1).into_iter().next()).collect())
            .unwrap_or_default();
        let least = ours.iter().find_map(|p| p.get("minItems")?.as_u64()).unwrap_or(0).min(LONGEST);
        let of = |n: u64| -> Value {
            let own = pool.iter().cycle().take(if pool.is_empty() { 0 } else { usize::try_from(n).unwrap_or(0) });
            Value::Array(first.iter().chain(own).take(usize::try_from(n).unwrap_or(0).max(first.len())).cloned().collect())
        };
        let mut out = vec![of(least.max(1)), of(least)];
        for part in ours.iter().chain(theirs) {
            for name in ["minItems", "maxItems"] {
                if let Some(n) = part.get(name).and_then(Value::as_u64).filter(|n| *n <= LONGEST) {
                    out.extend([of(n), of(n.saturating_sub(1)), of(n + 1)]);
                }
            }
        }
        if let Some(value) = pool.first() {
            out.push(json!([value, value]));
        }
        for value in pool.iter().take(most) {
            let mut list = vec![value.clone()];
            let others = pool.iter().filter(|other| *other != value);
            list.extend(others.take(usize::try_from(least.saturating_sub(1)).unwrap_or(0)).cloned());
            out.push(Value::Array(list));
        }
        out
    }
}

fn has_reference(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.contains_key("$ref") || map.contains_key("$dynamicRef") || map.values().any(has_reference),
        Value::Array(items) => items.iter().any(has_reference),
        _ => false,
    }
}

/// A schema with all that its references and combinations add, whatever the combination.
fn flat<'v>(root: &'v Value, schema: &'v Value) -> Parts<'v> {
    let mut out = Vec::new();
    add(root, schema, &["allOf", "anyOf", "oneOf"], 0, &mut out);
    out
}

/// A schema with what its references and `allOf` add, once for each alternative that it has.
fn variants<'v>(root: &'v Value, schema: &'v Value) -> Vec<Parts<'v>> {
    let mut own = Vec::new();
    add(root, schema, &["allOf"], 0, &mut own);
    let branches: Vec<&'v Value> =
        own.iter().flat_map(|p| ["anyOf", "oneOf"].iter().filter_map(|name| p.get(*name)?.as_array()).flatten()).collect();
    if branches.is_empty() {
        return vec![own];
    }
    let with = |branch: &&'v Value| {
        // What an alternative asks comes first: it is narrower.
        let mut parts = flat(root, branch);
        parts.extend(own.iter().copied());
        parts
    };
    branches.iter().take(BRANCHES).map(with).collect()
}

fn add<'v>(root: &'v Value, schema: &'v Value, through: &[&str], depth: usize, out: &mut Parts<'v>) {
    let Value::Object(map) = schema else { return };
    if depth > 16 || out.len() > 64 {
        return;
    }
    out.push(map);
    if let Some(to) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#')).and_then(|p| root.pointer(p)) {
        add(root, to, through, depth + 1, out);
    }
    for name in through {
        for part in map.get(*name).and_then(Value::as_array).into_iter().flatten() {
            add(root, part, through, depth + 1, out);
        }
    }
    for name in ["then", "if"] {
        if let Some(part) = map.get(name) {
            add(root, part, through, depth + 1, out);
        }
    }
}

/// The types that a value may have, by what the parts say or seem to be about.
fn kinds(parts: &Parts<'_>) -> BTreeSet<&'static str> {
    const ALL: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];
    let named = |value: &Value| -> Vec<&'static str> {
        let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        ALL.into_iter().filter(|kind| list.iter().any(|v| v.as_str() == Some(kind))).collect()
    };
    let said: BTreeSet<&str> = parts.iter().filter_map(|p| p.get("type")).flat_map(named).collect();
    if said.is_empty() { ALL.into_iter().collect() } else { said }
}

/// Whether the plain demands of all parts are met, as far as that can be said quickly.
fn fits(parts: &Parts<'_>, value: &Value) -> bool {
    parts.iter().all(|part| {
        let listed = part.get("enum").and_then(Value::as_array).is_none_or(|all| all.contains(value));
        let is_it = part.get("const").is_none_or(|only| only == value);
        let length = value.as_str().map(|t| t.chars().count() as u64).or_else(|| value.as_array().map(|a| a.len() as u64));
        let (least, most) = if value.is_string() { ("minLength", "maxLength") } else { ("minItems", "maxItems") };
        let bound = |name: &str| part.get(name).and_then(Value::as_u64);
        let long = length.is_none_or(|n| bound(least).is_none_or(|least| n >= least) && bound(most).is_none_or(|most| n <= most));
        let number = |name: &str| part.get(name).and_then(Value::as_number).and_then(|n| crate::decimal::Decimal::parse(&n.to_string()));
        let own = value.as_number().and_then(|n| crate::decimal::Decimal::parse(&n.to_string()));
        let within = own.is_none_or(|own| number("minimum").is_none_or(|n| own >= n) && number("maximum").is_none_or(|n| own <= n));
        let whole = own_kind(part, value);
        let has = value.as_object().is_none_or(|map| {
            part.get("required")
                .and_then(Value::as_array)
                .is_none_or(|r| r.iter().filter_map(Value::as_str).all(|name| map.contains_key(name)))
        });
        listed && is_it && long && within && whole && has
    })
}

fn own_kind(part: &Map<String, Value>, value: &Value) -> bool {
    let Some(said) = part.get("type") else { return true };
    let list = said.as_array().map_or_else(|| std::slice::from_ref(said), Vec::as_slice);
    let names: &[&str] = match value {
        Value::Null => &["null"],
        Value::Bool(_) => &["boolean"],
        Value::Number(n) if n.is_f64() => &["number"],
        Value::Number(_) => &["integer", "number"],
        Value::String(_) => &["string"],
        Value::Array(_) => &["array"],
        Value::Object(_) => &["object"],
    };
    list.iter().filter_map(Value::as_str).any(|kind| names.contains(&kind))
}

fn numbers(ours: &Parts<'_>, theirs: &Parts<'_>) -> Vec<Value> {
    let mut out = Vec::new();
    for part in ours.iter().chain(theirs) {
        for name in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
            let Some(bound) = part.get(name).and_then(Value::as_number) else { continue };
            out.push(Value::Number(bound.clone()));
            if let Some(n) = bound.as_i64() {
                out.extend([n.saturating_add(1), n.saturating_sub(1)].map(Value::from));
                out.extend(n.checked_mul(2).map(Value::from));
            } else if let Some(n) = bound.as_f64() {
                // Made-up values need no exactness: each is checked as it is written.
                out.extend([n + 1.0, n - 1.0, n * 2.0, n.ceil(), n.floor()].into_iter().filter_map(Number::from_f64).map(Value::Number));
            }
        }
    }
    out.extend([json!(1), json!(0), json!(-1), json!(1.5), json!(7), json!(100_000)]);
    out
}

/// Texts of a format.
fn samples(format: &str) -> &'static [&'static str] {
    match format {
        "date" => &["2024-05-01"],
        "date-time" => &["2024-05-01T12:00:00Z"],
        "time" => &["12:00:00Z"],
        "duration" => &["P1D"],
        "email" | "idn-email" => &["clerk@town.example"],
        "uri" | "iri" | "uri-reference" | "iri-reference" => &["https://town.example/a"],
        "uuid" => &["123e4567-e89b-12d3-a456-426614174000"],
        "ipv4" => &["192.0.2.1"],
        "ipv6" => &["2001:db8::1"],
        "hostname" | "idn-hostname" => &["town.example"],
        "json-pointer" => &["/a"],
        "regex" => &["a+"],
        _ => &[],
    }
}
