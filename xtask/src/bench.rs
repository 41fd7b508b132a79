//! `cargo xtask bench [--rounds N] [--rows N] [--peers [FOLDER]]`: the benchmark in `tests/bench`.
//!
//! Builds what is measured and starts `bench-run`, which makes the data in `target/bench`, runs everything round by round, checks that
//! the work done is right, and writes `tests/bench/results/<date>-<kind of machine>.md`. `--peers` measures the same commands over files
//! from outside too, with the schemas in the folder (`CONCORD_BENCH_SHARED`, `../shared/bench`) and data in `CONCORD_BENCH_DATA`.
//!
//! `cargo xtask bench --readers [--rounds N] [--rows N] [--bytes N] [--forms FORM,…]` measures the readers of all forms beside bare loops of the
//! libraries made for them (`bench-readers`), and writes `…-readers.md`; with `--bytes 1000000000` it shows whether memory grows with the file, and
//! writes `…-readers-memory.md`. Its data lie in `CONCORD_BENCH_DATA` when that is set.
//!
//! `cargo xtask bench --registry [--rounds N] [--versions N] [--seconds N] [--bytes N]` measures the registry beside a bare handler of warp, with
//! 50,000 versions in it, and an upload of 1 GB (`bench-registry`), and writes `…-registry.md`.

use crate::shell::{Outcome, cargo, program, root, run as run_command};

/// Runs the benchmark.
pub(crate) fn run(words: &[String]) -> Outcome {
    run_command(cargo().args(["build", "--release", "--locked", "--package", "concord", "--package", "concord-bench"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder));
    let programs = target.join("release");
    let (kind, words): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| matches!(word.as_str(), "--readers" | "--registry"));
    let runner = match kind.first().map(|word| word.as_str()) {
        Some("--readers") => "bench-readers",
        Some(_) => "bench-registry",
        None => "bench-run",
    };
    if runner == "bench-registry" {
        run_command(cargo().args(["build", "--release", "--locked", "--package", "concord-registry"]))?;
    }
    let data = std::env::var_os("CONCORD_BENCH_DATA").filter(|_| !kind.is_empty()).map_or_else(|| target.join("bench"), Into::into);
    let mut command = program(programs.join(runner));
    command.arg("--programs").arg(&programs).arg("--data").arg(data).args(["--results", "tests/bench/results"]);
    run_command(command.args(words))
}
