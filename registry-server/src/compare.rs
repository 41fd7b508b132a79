//! Whether everything that one schema accepts is accepted by another: the seam between the registry and who can tell.
//!
//! The registry asks in one direction at a time and never takes silence for a yes: what is not shown counts as not compatible.
//! [`Structural`] is the judge that comes with the server. It compares part by part and answers only what follows from the parts.

use serde_json::Value;

use crate::keep::jsontext::sorted;
use crate::keep::subjects::Kind;

mod json_schema;
mod table_schema;

/// What a judge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that the first accepts, the second accepts.
    Shown,
    /// There is something that the first accepts and the second refuses. The sentence names it.
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

/// Compares the parts of schemas.
#[derive(Debug, Clone, Copy, Default)]
pub struct Structural;

impl Judge for Structural {
    fn accepts_all(&self, kind: Kind, written: &str, read: &str) -> Verdict {
        if kind == Kind::Xsd {
            return if written == read { Verdict::Shown } else { differs("the texts of the XML Schemas differ") };
        }
        if sorted(written) == sorted(read) {
            return Verdict::Shown;
        }
        let (Ok(written), Ok(read)) = (serde_json::from_str::<Value>(written), serde_json::from_str::<Value>(read)) else {
            return differs("one of the schemas is not JSON");
        };
        let shown = match kind {
            Kind::Json => json_schema::accepts_all(&written, &read),
            Kind::Table | Kind::Xsd => table_schema::accepts_all(&written, &read),
        };
        match shown {
            Ok(()) => Verdict::Shown,
            Err(why) => Verdict::NotShown(why),
        }
    }
}

fn differs(why: &str) -> Verdict {
    Verdict::NotShown(why.to_owned())
}

/// Members that say nothing about what is accepted.
fn is_note(name: &str) -> bool {
    matches!(
        name,
        "title" | "description" | "$comment" | "examples" | "example" | "default" | "deprecated" | "readOnly" | "writeOnly" | "$id" | "id"
    )
}

/// Whether a number bound holds at least as tightly: both as exact decimals.
fn number(value: &Value) -> Option<concord_core::decimal::Decimal> {
    value.as_number().and_then(|n| concord_core::decimal::Decimal::parse(&n.to_string()))
}

#[cfg(test)]
mod tests;
