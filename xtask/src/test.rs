//! `cargo xtask test [--only STAGE,…]`: every test of the project, stage by stage.
//!
//! A stage that fails does not stop the next one; the end names each stage with its time, and the chore fails if any stage did.

use std::time::{Duration, Instant};

use crate::shell::{Outcome, cargo, program, root, run as run_command};
use crate::{clients, setup, wasm};

/// A stage: its name, whether it needs the set-up, and what it does.
struct Stage {
    name: &'static str,
    needs_setup: bool,
    run: fn() -> Outcome,
}

/// In order. The browser build comes before the unit tests, because tests that compare the shells with each other use it.
const STAGES: &[Stage] = &[
    Stage { name: "fmt", needs_setup: false, run: fmt },
    Stage { name: "clippy", needs_setup: false, run: clippy },
    Stage { name: "wasm", needs_setup: true, run: || wasm::run(&[]) },
    Stage { name: "unit", needs_setup: true, run: unit },
    Stage { name: "clients", needs_setup: false, run: clients::run },
    Stage { name: "openapi", needs_setup: false, run: clients::described },
    Stage { name: "browser", needs_setup: true, run: browser },
];

/// Runs the stages asked for and tells how each went.
pub(crate) fn run(words: &[String]) -> Outcome {
    let stages = chosen(words)?;
    let start = Instant::now();
    let mut results: Vec<(&str, Duration, Outcome)> = Vec::new();
    if stages.iter().any(|stage| stage.needs_setup) {
        results.push(timed("setup", || setup::run(&[])));
    }
    for stage in stages {
        results.push(timed(stage.name, stage.run));
    }
    eprintln!();
    for (name, time, outcome) in &results {
        let word = if outcome.is_ok() { "passed" } else { "FAILED" };
        eprintln!("  {word}  {name:<8} {:>7.1} s", time.as_secs_f64());
        if let Err(why) = outcome {
            eprintln!("          {why}");
        }
    }
    eprintln!("  all     {:<8} {:>7.1} s", "", start.elapsed().as_secs_f64());
    let failed: Vec<&str> = results.iter().filter(|(_, _, outcome)| outcome.is_err()).map(|(name, _, _)| *name).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn chosen(words: &[String]) -> Result<Vec<&'static Stage>, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let names = match words[..] {
        [] => return Ok(STAGES.iter().collect()),
        ["--only", names] => names,
        _ => return Err("takes nothing, or --only and stages with commas between".to_owned()),
    };
    let known = || STAGES.iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
    for name in names.split(',') {
        if !STAGES.iter().any(|stage| stage.name == name) {
            return Err(format!("no stage is called \"{name}\"; there are {}", known()));
        }
    }
    Ok(STAGES.iter().filter(|stage| names.split(',').any(|name| name == stage.name)).collect())
}

fn timed(name: &'static str, stage: impl FnOnce() -> Outcome) -> (&'static str, Duration, Outcome) {
    eprintln!("\n== {name}");
    let start = Instant::now();
    let outcome = stage();
    if let Err(why) = &outcome {
        eprintln!("== {name} FAILED: {why}");
    }
    (name, start.elapsed(), outcome)
}

fn fmt() -> Outcome {
    run_command(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    run_command(cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// All Rust tests: units, properties, the packages' own examples, the conformance corpora, end to end, and the fuzz seeds.
fn unit() -> Outcome {
    run_command(cargo().args(["test", "--locked", "--workspace", "--no-fail-fast"]))
}

/// The page and the npm package in a real browser.
fn browser() -> Outcome {
    let browser = setup::browser()?;
    let folder = root().join("wasm/test");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    run_command(program("node").args(["--test", "--test-reporter=spec"]).args(files).env("CONCORD_BROWSER", browser))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(words: &[&str]) -> Result<Vec<&'static str>, String> {
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        Ok(chosen(&words)?.iter().map(|stage| stage.name).collect())
    }

    #[test]
    fn stages_run_in_their_own_order_and_unknown_ones_are_refused() {
        assert_eq!(names(&[]).unwrap().len(), STAGES.len());
        assert_eq!(names(&["--only", "browser,fmt"]).unwrap(), ["fmt", "browser"]);
        assert!(names(&["--only", "fmt,brwser"]).is_err());
        assert!(names(&["fmt"]).is_err());
    }
}
