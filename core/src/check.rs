//! Checks: a package's tables compiled once into plans, and files checked by them block by block.
//!
//! - [`plan`]: a table's schema and rules, compiled.
//! - [`names`]: which column of a header is which field.
//! - [`bind`]: a plan and one file's header become a binding: what each column is checked as.
//! - [`block`]: whole records of one block against a binding; gives an outcome that does not depend on other blocks.
//! - [`table`]: one file: outcomes merged in order, keys, and what only the whole file can say.
//! - [`dataset`]: several files of one standard, and the references between them.
//! - [`cell`]: the full rules of one field, in plain style; [`fast`]: their shortcut on raw bytes.

#[cfg(test)]
mod agree;
pub mod balance;
pub mod bind;
pub mod block;
pub mod cell;
pub mod dataset;
pub mod describe;
pub mod evidence;
pub mod fast;
pub(crate) mod filled;
pub mod hygiene;
pub(crate) mod key_form;
pub mod keys;
mod mend;
pub mod names;
pub(crate) mod near;
pub mod plan;
pub mod rows;
pub mod seams;
pub(crate) mod shape;
pub(crate) mod short;
pub mod table;
mod words;
pub mod xml;

pub use cell::{CellRules, Unchecked};
pub use evidence::Evidence;
