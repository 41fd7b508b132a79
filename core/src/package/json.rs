//! Reading JSON descriptors member by member, with findings that say where.

use serde_json::{Map, Value};

use super::notes::{Notes, arg_if, listed, near, note};

/// Largest descriptor that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 64 << 20;

/// Reads JSON. serde_json itself stops at 128 levels.
pub(crate) fn read(bytes: &[u8], notes: &mut Notes) -> Option<Value> {
    if bytes.len() > MAX_BYTES {
        let finding = note("C914", "", "").arg("count", bytes.len().to_string()).arg("what", "bytes").arg("limit", MAX_BYTES.to_string());
        notes.push(finding);
        return None;
    }
    let Some(text) = super::notes::utf8(bytes) else {
        notes.push(note("C901", "text", ""));
        return None;
    };
    match serde_json::from_str(text) {
        Ok(value) => Some(value),
        Err(e) => {
            // The library repeats the place in its sentence.
            let sentence = e.to_string();
            let problem = sentence.split(" at line ").next().unwrap_or(&sentence);
            notes.push(
                note("C901", "", "").arg("problem", problem).arg("line", e.line().to_string()).arg("column", e.column().max(1).to_string()),
            );
            None
        }
    }
}

/// What a value is, in words.
pub(crate) fn word_for(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing (null)",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a group in braces",
    }
}

/// `at/member` as a JSON Pointer.
pub(crate) fn inside(at: &str, member: &str) -> String {
    format!("{at}/{}", member.replace('~', "~0").replace('/', "~1"))
}

pub(crate) fn wrong(notes: &mut Notes, at: &str, value: &Value, expected: &str) {
    notes.push(note("C903", "", at).arg("found", word_for(value)).arg("expected", expected));
}

/// An object with its place.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) at: &'a str,
    pub(crate) map: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// The value as an object, or a finding.
    pub(crate) fn of(value: &'a Value, at: &'a str, notes: &mut Notes) -> Option<Object<'a>> {
        match value {
            Value::Object(map) => Some(Object { at, map }),
            other => {
                wrong(notes, at, other, "a group in braces");
                None
            }
        }
    }

    pub(crate) fn at(&self, member: &str) -> String {
        inside(self.at, member)
    }

    pub(crate) fn get(&self, member: &str) -> Option<&'a Value> {
        self.map.get(member)
    }

    pub(crate) fn has(&self, member: &str) -> bool {
        self.map.contains_key(member)
    }

    pub(crate) fn text(&self, member: &str, notes: &mut Notes) -> Option<&'a str> {
        match self.get(member)? {
            Value::String(text) => Some(text),
            other => {
                wrong(notes, &self.at(member), other, "a text");
                None
            }
        }
    }

    /// A text that must not be empty.
    pub(crate) fn filled(&self, member: &str, notes: &mut Notes) -> Option<&'a str> {
        let text = self.text(member, notes)?;
        if text.is_empty() {
            notes.push(note("C904", "blank", &self.at(member)));
            return None;
        }
        Some(text)
    }

    pub(crate) fn flag(&self, member: &str, notes: &mut Notes) -> Option<bool> {
        match self.get(member)? {
            Value::Bool(yes) => Some(*yes),
            other => {
                wrong(notes, &self.at(member), other, "true or false");
                None
            }
        }
    }

    /// A whole number of zero or more.
    pub(crate) fn count(&self, member: &str, notes: &mut Notes) -> Option<u64> {
        let value = self.get(member)?;
        let whole = match value {
            Value::Number(n) => n.as_u64().or_else(|| crate::decimal::Decimal::parse(&n.to_string())?.to_string().parse().ok()),
            _ => None,
        };
        if whole.is_none() {
            wrong(notes, &self.at(member), value, "a whole number of zero or more");
        }
        whole
    }

    pub(crate) fn list(&self, member: &str, notes: &mut Notes) -> Option<&'a [Value]> {
        match self.get(member)? {
            Value::Array(list) => Some(list),
            other => {
                wrong(notes, &self.at(member), other, "a list");
                None
            }
        }
    }

    /// A list with at least one entry; an empty one is a finding and given as empty.
    pub(crate) fn filled_list(&self, member: &str, notes: &mut Notes) -> Option<&'a [Value]> {
        let list = self.list(member, notes)?;
        if list.is_empty() {
            notes.push(note("C904", "empty", &self.at(member)));
        }
        Some(list)
    }

    /// The texts of a list; entries that are none are findings.
    pub(crate) fn texts(&self, member: &str, notes: &mut Notes) -> Option<Vec<String>> {
        let list = self.list(member, notes)?;
        let mut texts = Vec::with_capacity(list.len());
        for (i, value) in list.iter().enumerate() {
            match value {
                Value::String(text) => texts.push(text.clone()),
                other => wrong(notes, &format!("{}/{i}", self.at(member)), other, "a text"),
            }
        }
        Some(texts)
    }

    /// A word of a closed list, with the index it has there.
    pub(crate) fn word(&self, member: &str, allowed: &[&str], notes: &mut Notes) -> Option<usize> {
        let text = self.text(member, notes)?;
        let index = allowed.iter().position(|w| *w == text);
        if index.is_none() {
            unknown_word(notes, &self.at(member), text, allowed);
        }
        index
    }

    /// A finding when the member is missing.
    pub(crate) fn need(&self, member: &str, notes: &mut Notes) -> bool {
        let there = self.has(member);
        if !there {
            notes.push(note("C904", "", self.at).arg("member", member));
        }
        there
    }

    /// Findings for members that are not in `known`. `own` makes them errors: the format is ours.
    pub(crate) fn only(&self, known: &[&str], own: bool, notes: &mut Notes) {
        let mut unknown: Vec<&String> = self.map.keys().filter(|k| !known.contains(&k.as_str())).collect();
        unknown.sort();
        for member in unknown {
            if notes.is_full() {
                break;
            }
            let finding = note("C905", if own { "own" } else { "" }, self.at).arg("member", member.as_str());
            let finding = if own { finding.arg("allowed", listed(known.iter().copied())) } else { finding };
            notes.push(arg_if(finding, "near", near(member, known.iter().copied())));
        }
    }
}

pub(crate) fn unknown_word(notes: &mut Notes, at: &str, text: &str, allowed: &[&str]) {
    let finding = note("C906", "", at).value(text).arg("allowed", listed(allowed.iter().copied()));
    notes.push(arg_if(finding, "near", near(text, allowed.iter().copied())));
}
