//! Comparing two versions of a standard: who can go on as before, and who cannot.
//!
//! Two audiences are asked for apart, in the words of schema registries:
//!
//! | audience | question | name in registries |
//! | --- | --- | --- |
//! | those who publish data by the old version | does a reader of the new version accept their files? | backward |
//! | those who read data by the old version | do they accept files made by the new version? | forward |
//!
//! Both are one question, asked in two directions: *is everything that one version accepts accepted by the other?* It is answered in three
//! ways ([`Answer`]). A "no" is only given with a **witness**: a made-up table or document that the one version accepts and the other refuses, both
//! checked by the very checks that users run. A "yes" is only given where each rule of the other version follows from the rules of the
//! one. What is neither shown nor disproved within the budget is said to be not shown; it is never called compatible.
//!
//! # What a version accepts
//!
//! A file with the version's own column headers, and no others, in which nothing is found at error level. That a file could have had a
//! further column by chance, under a name that the other version gives a meaning to, is not held against the change. A column that a version
//! does not know is an error where its `fieldsMatch` says that there are no others, and else a warning; then it breaks nothing to remove one.
//!
//! # Cost
//!
//! Bounded by [`Budget`]: the number of texts tried in cells, of states of patterns looked at together, and of whole tables checked.

use std::sync::Arc;

use crate::finding::Finding;

mod candidates;
mod cells;
mod documents;
#[cfg(all(test, feature = "json-schema"))]
mod documents_tests;
mod nested;
mod patterns;
mod samples;
mod standard;
mod tables;
#[cfg(test)]
mod tests;
mod version;
mod witness;
mod xml;

pub use documents::documents;
pub use standard::{Change, Comparison, compare};
pub use tables::within;
pub use version::{Size, is_enough, propose};
pub use witness::{Witness, WitnessTable};
pub use xml::xml_schemas;

/// Whether everything that one version accepts is accepted by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It is, and that is proved.
    Yes,
    /// Neither proved nor disproved.
    NotShown,
    /// It is not, and there is a witness.
    No,
}

impl Answer {
    /// `compatible`, `incompatible` or `not shown`.
    pub fn word(self) -> &'static str {
        match self {
            Answer::Yes => "compatible",
            Answer::NotShown => "not shown",
            Answer::No => "incompatible",
        }
    }
}

/// What was found when it was asked whether all that one version accepts is accepted by another.
#[derive(Debug, Clone, Default)]
pub struct Inclusion {
    /// What is refused, each with a witness.
    pub breaks: Vec<Break>,
    /// What could not be shown.
    pub doubts: Vec<Doubt>,
}

impl Inclusion {
    /// The answer as a whole.
    pub fn answer(&self) -> Answer {
        match (self.breaks.is_empty(), self.doubts.is_empty()) {
            (false, _) => Answer::No,
            (true, false) => Answer::NotShown,
            (true, true) => Answer::Yes,
        }
    }

    /// Takes over what was found elsewhere.
    pub fn extend(&mut self, other: Inclusion) {
        self.breaks.extend(other.breaks);
        self.doubts.extend(other.doubts);
    }
}

/// Something that the other version refuses.
#[derive(Debug, Clone)]
pub struct Break {
    /// The table.
    pub resource: Arc<str>,
    /// The field, unless it is the table as a whole.
    pub field: Option<Arc<str>>,
    /// What the other version says of the witness.
    pub finding: Finding,
    /// What the one version accepts.
    pub witness: Witness,
}

/// Something that could not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The table, or the file of the package.
    pub resource: Arc<str>,
    /// The field, unless it is the table as a whole.
    pub field: Option<Arc<str>>,
    /// Why, in one clause for people: `its pattern cannot be compared`.
    pub why: String,
}

/// How much may be tried. Spent from left to right, so the same two versions always get the same answer.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Texts tried in cells.
    pub texts: usize,
    /// States of two patterns looked at together.
    pub states: usize,
    /// Tables checked as a whole.
    pub tables: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { texts: 50_000, states: 100_000, tables: 400 }
    }
}

impl Budget {
    /// Whether one more may be spent.
    fn spend(left: &mut usize) -> bool {
        let some = *left > 0;
        *left = left.saturating_sub(1);
        some
    }
}
