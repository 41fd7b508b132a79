//! `cargo xtask docs`: the pages about standards, rendered from their packages.

use crate::shell::Outcome;

/// Writes the pages.
pub(crate) fn run(_words: &[String]) -> Outcome {
    Err("there are no documentation pages in this checkout yet".to_owned())
}
