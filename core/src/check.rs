//! Checking: what is wrong with a cell, in the one finding that helps most.

pub mod cell;
pub mod describe;
pub mod evidence;
pub mod hygiene;
mod mend;
mod near;
mod words;

pub use cell::{CellRules, Unchecked};
pub use evidence::Evidence;
