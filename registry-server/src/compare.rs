//! Whether everything that one schema accepts is accepted by another: the seam between the registry and who can tell.
//!
//! The registry asks in one direction at a time and never takes silence for a yes: what is not shown counts as not compatible. [`Core`] asks
//! the same code as `concord standards compare`, so a refusal has a record that shows it.

use std::sync::Arc;

use concord_core::compare::{self, Break, Budget, Doubt, Inclusion};
use concord_core::render::words::{message, visible};
use concord_core::schema::TableSchema;
use concord_core::schema::parse::parse;
use serde_json::Value;

use crate::keep::jsontext::sorted;
use crate::keep::subjects::Kind;

/// What a judge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that the first accepts, the second accepts.
    Shown,
    /// There is something that the first accepts and the second refuses. The sentence names it and shows an example.
    Disproved(String),
    /// Neither was shown. The sentence says where the difference lies.
    NotShown(String),
}

/// Someone who can tell.
pub trait Judge: std::fmt::Debug + Send + Sync {
    /// Whether `read` accepts everything that `written` accepts. Both were found usable before, and are of one type. The time this takes
    /// is bounded by the judge.
    fn accepts_all(&self, kind: Kind, written: &str, read: &str) -> Verdict;
}

/// The core's comparison.
#[derive(Debug, Clone, Copy, Default)]
pub struct Core;

/// A JSON Schema that does not say its version is of draft 7 for today's clients, and of 2020-12 for the core.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

impl Judge for Core {
    fn accepts_all(&self, kind: Kind, written: &str, read: &str) -> Verdict {
        let not = |why: &str| Verdict::NotShown(why.to_owned());
        if kind == Kind::Xsd {
            return verdict(&compare::xml_schemas("schema", written, read, &mut Budget::default()));
        }
        if sorted(written) == sorted(read) {
            return Verdict::Shown;
        }
        let mut budget = Budget::default();
        if kind == Kind::Json {
            let (Some(one), Some(other)) = (marked(written), marked(read)) else { return not("one of the schemas is not JSON") };
            return verdict(&compare::documents("schema", &one, &other, &mut budget));
        }
        match (table(written), table(read)) {
            (Some(one), Some(other)) => verdict(&compare::within("table", &one, &other, &mut budget)),
            _ => not("one of the schemas is no Table Schema"),
        }
    }
}

fn table(text: &str) -> Option<Arc<TableSchema>> {
    parse(text.as_bytes(), "").schema.map(Arc::new)
}

fn marked(text: &str) -> Option<String> {
    let mut value = match serde_json::from_str(text).ok()? {
        Value::Bool(true) => serde_json::json!({}),
        Value::Bool(false) => serde_json::json!({"not": {}}),
        other => other,
    };
    let map = value.as_object_mut()?;
    let known = map.get("$schema").and_then(Value::as_str).is_some_and(|name| name.contains("/draft"));
    if !known {
        map.insert("$schema".to_owned(), DRAFT.into());
    }
    Some(value.to_string())
}

fn verdict(inclusion: &Inclusion) -> Verdict {
    match (inclusion.breaks.first(), inclusion.doubts.first()) {
        (Some(found), _) => Verdict::Disproved(said(found)),
        (None, Some(doubt)) => Verdict::NotShown(wondered(doubt)),
        (None, None) => Verdict::Shown,
    }
}

/// Longest example in a sentence, in characters.
const EXAMPLE: usize = 400;

/// What is refused, with an example.
pub(crate) fn said(found: &Break) -> String {
    let witness = &found.witness;
    let tables = witness.tables.iter().map(|table| table.csv().trim_end().replace('\n', " / "));
    let all: Vec<String> = tables.chain(witness.document.iter().map(|(_, json)| json.trim_end().to_owned())).collect();
    let example: String = visible(&all.join("; ")).chars().take(EXAMPLE).collect();
    format!("{} Example that shows it: {example}", message(&found.finding))
}

/// Where it is not shown.
pub(crate) fn wondered(doubt: &Doubt) -> String {
    let place = doubt.field.as_ref().map(|field| format!("\"{}\": ", crate::problem::shown(field))).unwrap_or_default();
    format!("{place}{}", visible(&doubt.why))
}

#[cfg(test)]
mod tests;
