//! Whether a file is of a schema at all, by its start: which of its names the schema knows, and whether the values that tell it apart are there.

use std::collections::{HashMap, HashSet};

use regex_automata::meta::Regex;
use serde_json::Value;

use super::Schema;
use super::documents::{Documents, Spot};
use super::pattern;

/// What speaks for and against a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Names that the schema has.
    pub known: u32,
    /// Names that it does not have.
    pub unknown: u32,
    /// Names that it must have and that are not there.
    pub missing: u32,
    /// Values that it cannot have.
    pub against: u32,
}

/// So many names are enough to tell what a document is.
const TELLING: u32 = 3;

impl Score {
    /// From 0 to 1000. A name or two, such as `name`, say little by themselves.
    pub fn points(self) -> u32 {
        let all = self.known + self.unknown + 2 * self.missing;
        if self.known == 0 { 0 } else { 1000 * self.known / all * self.known.min(TELLING) / TELLING / (1 + self.against) }
    }

    fn add(&mut self, other: Score) {
        self.known += other.known;
        self.unknown += other.unknown;
        self.missing += other.missing;
        self.against += other.against;
    }
}

/// The start of a document as a value, with what is open at its end closed; and whether there was something to close. `None` when it is no JSON.
pub fn start(text: &str) -> Option<(Value, bool)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    if let Some(Ok(value)) = values.next() {
        return Some((value, false));
    }
    // The last comma behind which nothing is needed, and what is open there.
    let (mut open, mut string, mut escape) = (String::new(), false, false);
    let mut cut: Option<(usize, String)> = None;
    for (i, c) in text.char_indices() {
        match c {
            _ if escape => escape = false,
            '\\' if string => escape = true,
            '"' => string = !string,
            _ if string => {}
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' if open.pop() == Some(c) => {}
            '}' | ']' => break,
            ',' => cut = Some((i, open.clone())),
            _ => {}
        }
    }
    let (at, open) = cut?;
    let mut closed = text[..at].to_owned();
    closed.extend(open.chars().rev());
    serde_json::from_str(&closed).ok().map(|value| (value, true))
}

/// Deepest nesting that is looked into.
const DEEPEST: u32 = 5;

/// What a document's start says for a schema. `cut` says that more of it follows.
pub fn score(schema: &Schema, value: &Value, cut: bool) -> Score {
    let mut documents = schema.documents.clone();
    let mut walk = Walk { steps: 2_000, tries: 10_000, patterns: HashMap::new() };
    one(&mut documents, &schema.root.clone(), value, cut, 0, &mut walk)
}

fn one(documents: &mut Documents, spot: &Spot, value: &Value, cut: bool, depth: u32, walk: &mut Walk) -> Score {
    let mut score = part(documents, spot, value, cut, depth, walk);
    if let Value::Object(map) = value {
        let mut names = Names::default();
        known_names(documents, spot, &mut names, 0);
        if !names.all.is_empty() || names.closed {
            let unknown = map.keys().filter(|k| !names.all.contains(*k) && !names.patterns.iter().any(|p| walk.fits(p, k)));
            score.unknown += unknown.count() as u32;
        }
    }
    score
}

/// The names of members that a schema knows.
#[derive(Default)]
struct Names {
    all: HashSet<String>,
    patterns: Vec<String>,
    /// Whether it takes no others.
    closed: bool,
}

/// How far a document was looked at, and what was made on the way.
struct Walk {
    steps: u32,
    /// How often a name is held against a pattern still: an object may have very many names.
    tries: u32,
    patterns: HashMap<String, Option<Regex>>,
}

impl Walk {
    /// Whether a name has the form of a pattern. A pattern that cannot be run fits nothing, and so does any when there were too many.
    fn fits(&mut self, pattern: &str, name: &str) -> bool {
        if self.tries == 0 || name.len() > LONGEST {
            return false;
        }
        self.tries -= 1;
        if !self.patterns.contains_key(pattern) {
            self.patterns.insert(pattern.to_owned(), pattern::searched(pattern));
        }
        self.patterns.get(pattern).and_then(Option::as_ref).is_some_and(|regex| regex.is_match(name))
    }
}

/// Longest name that is held against patterns, in bytes.
const LONGEST: usize = 200;

/// The names of members that a schema or those it joins know.
fn known_names(documents: &mut Documents, spot: &Spot, names: &mut Names, depth: u32) {
    if depth > 8 {
        return;
    }
    let Some(Value::Object(map)) = documents.at(spot).cloned() else { return };
    if let Some(Value::Object(members)) = map.get("properties") {
        names.all.extend(members.keys().cloned());
    }
    if let Some(Value::Object(members)) = map.get("patternProperties") {
        names.patterns.extend(members.keys().cloned());
    }
    names.closed |= map.get("additionalProperties") == Some(&Value::Bool(false));
    for spot in joined(documents, spot, &map) {
        known_names(documents, &spot, names, depth + 1);
    }
}

/// The schemas that a schema joins to itself, by any keyword.
fn joined(documents: &mut Documents, spot: &Spot, map: &serde_json::Map<String, Value>) -> Vec<Spot> {
    let mut out = Vec::new();
    if let Some(Value::String(reference)) = map.get("$ref") {
        out.extend(documents.resolve(spot, reference));
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let count = map.get(keyword).and_then(Value::as_array).map_or(0, Vec::len).min(40);
        out.extend((0..count).map(|i| (spot.0, format!("{}/{keyword}/{i}", spot.1))));
    }
    out
}

fn part(documents: &mut Documents, spot: &Spot, value: &Value, cut: bool, depth: u32, walk: &mut Walk) -> Score {
    let mut score = Score::default();
    if walk.steps == 0 || depth > DEEPEST {
        return score;
    }
    walk.steps -= 1;
    let Some(Value::Object(map)) = documents.at(spot).cloned() else { return score };
    if let Some(types) = map.get("type") {
        let is = |t: &Value| match t.as_str().unwrap_or_default() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            "number" | "integer" => value.is_number(),
            "string" => value.is_string(),
            _ => true,
        };
        let fits = types.as_array().map_or_else(|| is(types), |all| all.iter().any(is));
        if !fits {
            score.against += if depth < 2 { 4 } else { 1 };
            return score;
        }
    }
    let alone = map.get("const").map(std::slice::from_ref);
    let allowed = alone.or_else(|| map.get("enum").and_then(Value::as_array).map(Vec::as_slice));
    if let Some(allowed) = allowed {
        score.against += if allowed.contains(value) {
            0
        } else if depth < 3 {
            3
        } else {
            1
        };
    }
    match value {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                for (name, value) in members {
                    if properties.contains_key(name) {
                        score.known += 1;
                        let inner = (spot.0, super::documents::step(&format!("{}/properties", spot.1), name));
                        score.add(one(documents, &inner, value, cut, depth + 1, walk));
                    }
                }
            }
            if let Some(Value::Object(patterns)) = map.get("patternProperties") {
                let listed = |name: &str| map.get("properties").is_some_and(|p| p.get(name).is_some());
                for (name, value) in members.iter().filter(|(name, _)| !listed(name)) {
                    if let Some(pattern) = patterns.keys().find(|pattern| walk.fits(pattern, name)) {
                        score.known += 1;
                        let inner = (spot.0, super::documents::step(&format!("{}/patternProperties", spot.1), pattern));
                        score.add(one(documents, &inner, value, cut, depth + 1, walk));
                    }
                }
            }
            if !cut {
                let required = map.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
                score.missing += required.filter(|name| !members.contains_key(*name)).count() as u32;
            }
        }
        Value::Array(entries) => {
            if map.get("items").is_some_and(Value::is_object)
                && let Some(first) = entries.first()
            {
                // Only the last entry of a cut list is cut.
                let inner = (spot.0, format!("{}/items", spot.1));
                score.add(one(documents, &inner, first, cut && entries.len() == 1, depth + 1, walk));
            }
        }
        _ => {}
    }
    if let Some(Value::String(reference)) = map.get("$ref")
        && let Some(target) = documents.resolve(spot, reference)
    {
        score.add(part(documents, &target, value, cut, depth, walk));
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let count = map.get(keyword).and_then(Value::as_array).map_or(0, Vec::len).min(40);
        let all = (0..count).map(|i| part(documents, &(spot.0, format!("{}/{keyword}/{i}", spot.1)), value, cut, depth, walk));
        if keyword == "allOf" {
            all.for_each(|s| score.add(s));
        } else if let Some(best) = all.min_by_key(|s| (s.against + s.missing, u32::MAX - s.known)) {
            score.add(best);
        }
    }
    score
}
