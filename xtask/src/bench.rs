//! `cargo xtask bench [--rounds N] [--rows N] [--peers [FOLDER]]`: the benchmark in `tests/bench`.
//!
//! Builds what is measured and starts `bench-run`, which makes the data in `target/bench`, runs everything round by round, checks that
//! the work done is right, and writes `tests/bench/results/<date>-<kind of machine>.md`. `--peers` measures the same commands over files
//! from outside too, with the schemas in the folder (`CONCORD_BENCH_SHARED`, `../shared/bench`) and data in `CONCORD_BENCH_DATA`.

use crate::shell::{Outcome, cargo, program, root, run as run_command};

/// Runs the benchmark.
pub(crate) fn run(words: &[String]) -> Outcome {
    run_command(cargo().args(["build", "--release", "--locked", "--package", "concord", "--package", "concord-bench"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder));
    let programs = target.join("release");
    let mut command = program(programs.join("bench-run"));
    command.arg("--programs").arg(&programs).arg("--data").arg(target.join("bench")).args(["--results", "tests/bench/results"]);
    run_command(command.args(words))
}
