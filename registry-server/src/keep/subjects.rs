//! Subjects and their versions, as the schema registry that today's clients speak has them. Routes and wire are elsewhere; here are the rules.
//!
//! A schema has one id in its context for ever. A subject's versions are numbered from 1, and no number returns, also not after a deletion for
//! good. What was deleted softly is still found by those who ask for it.

pub mod check;
pub mod delete;
pub mod name;
pub mod read;
pub mod register;
pub mod schema;
pub mod settings;

pub use name::Name;
pub use schema::{Kind, Proposal, Reference};

use crate::db::Fault;

/// Longest schema in bytes.
pub const MAX_SCHEMA: usize = 1 << 20;

/// Most references of one schema.
pub const MAX_REFERENCES: usize = 100;

/// Why something about a subject was refused. The numbers are those that today's clients know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The five digits of `error_code`; the first three are the HTTP status.
    pub code: u32,
    /// For people.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: u32, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    /// No subject of that name, or none that this caller may know of.
    pub fn no_subject(name: &Name) -> Refusal {
        Refusal::new(40401, format!("Subject '{name}' not found."))
    }

    /// No such version.
    pub fn no_version(version: impl std::fmt::Display) -> Refusal {
        Refusal::new(40402, format!("Version {version} not found."))
    }

    /// No such schema.
    pub fn no_schema(what: impl std::fmt::Display) -> Refusal {
        Refusal::new(40403, format!("Schema {what} not found"))
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        crate::log::fault(&fault);
        Refusal::new(50001, "Error in the backend data store")
    }
}

/// A version as a caller names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The newest that is not deleted: `latest` or `-1`.
    Latest,
    /// This one.
    Number(i64),
}

impl Wanted {
    /// From a path: a positive whole number, `latest` or `-1`.
    ///
    /// # Errors
    /// 42202 for anything else.
    pub fn parse(text: &str) -> Result<Wanted, Refusal> {
        match text {
            "latest" | "-1" => Ok(Wanted::Latest),
            _ => match text.parse::<i64>() {
                Ok(number) if (1..=i64::from(i32::MAX)).contains(&number) && !text.starts_with('+') => Ok(Wanted::Number(number)),
                _ => Err(Refusal::new(
                    42202,
                    format!(
                        "The specified version '{}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\"",
                        crate::problem::shown(text)
                    ),
                )),
            },
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wanted::Latest => f.write_str("latest"),
            Wanted::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There.
    Live,
    /// Deleted, but still found by those who ask for deleted ones.
    Soft,
    /// Deleted for good; only its number is remembered.
    Gone,
}

impl State {
    /// As the tables have it.
    pub fn number(self) -> i64 {
        match self {
            State::Live => 0,
            State::Soft => 1,
            State::Gone => 2,
        }
    }

    fn from_number(number: i64) -> State {
        match number {
            0 => State::Live,
            1 => State::Soft,
            _ => State::Gone,
        }
    }
}

/// Subjects that belong to the published standards begin with this; only publishing a standard makes versions of them.
pub const OF_STANDARDS: &str = "standard.";
