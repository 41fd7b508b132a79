//! `cargo xtask fuzz [--seconds N]`: the fuzz targets in `fuzz/`, each for N seconds.

use crate::shell::Outcome;

/// Runs every target.
pub(crate) fn run(_words: &[String]) -> Outcome {
    Err("there are no fuzz targets in this checkout yet".to_owned())
}
