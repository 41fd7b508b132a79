//! `cargo xtask fuzz [--seconds N] [--target T]… [--address]`: the fuzz targets in `fuzz/`, N seconds in all.
//!
//! The targets are built with the coverage that libFuzzer steers by, which the stable compiler can do; nothing else has to be installed but
//! a C++ compiler. `--address` adds AddressSanitizer, for the few lines of `unsafe` in the core; it is slower. What the fuzzer learns
//! stays in `fuzz/corpus`, inputs at fault in `fuzz/artifacts`. Once a fault is mended, its input belongs into `fuzz/seeds`, which the
//! tests of `concord-fuzz-bodies` go through.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use crate::shell::{Outcome, ask, cargo, program, root, run as run_command, shown};

/// What the words ask for.
#[derive(Debug, PartialEq)]
struct Asked {
    seconds: u64,
    targets: Vec<String>,
    address: bool,
}

/// How a target went.
#[derive(Debug)]
struct Went {
    target: String,
    seconds: f64,
    executions: u64,
    edges: u64,
    peak_mb: u64,
    /// The input at fault, or why the target did not run.
    fault: Option<String>,
}

/// Builds and runs the targets, two at a time, and tells how each went.
pub(crate) fn run(words: &[String]) -> Outcome {
    let folder = root().join("fuzz");
    let known = targets(&folder)?;
    let asked = asked(words, &known)?;
    let triple = ask(program("rustc").arg("-vV"))
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned))
        .ok_or("rustc does not say which machine this is")?;
    build(&asked, &triple)?;
    run_command(cargo().args(["run", "--quiet", "--locked", "--package", "concord-fuzz-bodies", "--", "fuzz/corpus"]))?;

    let workers = std::thread::available_parallelism().map_or(1, |n| n.get().min(2)).min(asked.targets.len());
    let each = (asked.seconds * workers as u64 / asked.targets.len() as u64).max(1);
    let programs = target_folder(&asked).join(&triple).join("release");
    let (waiting, done) = (Mutex::new(asked.targets.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(target) = waiting.lock().ok().and_then(|mut left| left.next()) {
                    let went = fuzz(&folder, &programs.join(target), target, each);
                    if let Ok(mut done) = done.lock() {
                        done.push(went);
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a target's run broke off")?;
    done.sort_by_key(|went| known.iter().position(|name| *name == went.target));
    tell(&done);
    let faults: Vec<&str> = done.iter().filter(|went| went.fault.is_some()).map(|went| went.target.as_str()).collect();
    if faults.is_empty() { Ok(()) } else { Err(format!("faults in {}", faults.join(", "))) }
}

fn asked(words: &[String], known: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { seconds: 60, targets: Vec::new(), address: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => {
                let number = words.next().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
                asked.seconds = number.ok_or("--seconds takes a number")?;
            }
            "--target" => {
                let name = words.next().filter(|name| known.contains(name));
                asked.targets.push(name.ok_or_else(|| format!("--target takes one of {}", known.join(", ")))?.clone());
            }
            "--address" => asked.address = true,
            _ => return Err(format!("does not take \"{word}\"")),
        }
    }
    if asked.targets.is_empty() {
        asked.targets = known.to_vec();
    }
    Ok(asked)
}

/// The targets are the files in `fuzz_targets`.
fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let files = std::fs::read_dir(folder.join("fuzz_targets")).map_err(|e| format!("fuzz/fuzz_targets: {e}"))?;
    let mut names: Vec<String> =
        files.flatten().filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".rs")?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// Where the programs are built; the two kinds of build do not overwrite each other.
fn target_folder(asked: &Asked) -> PathBuf {
    root().join("fuzz/target").join(if asked.address { "address" } else { "coverage" })
}

fn build(asked: &Asked, triple: &str) -> Outcome {
    let mut flags = vec![
        "--cfg=fuzzing",
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
        "-Ccodegen-units=1",
    ];
    let mut command = cargo();
    if asked.address {
        flags.push("-Zsanitizer=address");
        // The sanitizer is not for everybody's programs yet; for this one it is let in.
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    // Naming the machine keeps the flags away from build scripts and macros, which run here and now.
    command
        .args(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", triple])
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_TARGET_DIR", target_folder(asked));
    for target in &asked.targets {
        command.args(["--bin", target]);
    }
    run_command(&mut command)
}

/// Runs one target to its end and reads libFuzzer's account of it.
fn fuzz(folder: &Path, program: &Path, target: &str, seconds: u64) -> Went {
    let mut went = Went { target: target.to_owned(), seconds: 0.0, executions: 0, edges: 0, peak_mb: 0, fault: None };
    let (corpus, artifacts) = (folder.join("corpus").join(target), folder.join("artifacts").join(target));
    for made in [&corpus, &artifacts] {
        if let Err(why) = std::fs::create_dir_all(made) {
            went.fault = Some(format!("{}: {why}", made.display()));
            return went;
        }
    }
    let mut command = Command::new(program);
    // New inputs go to the first folder.
    command.current_dir(folder).arg(&corpus).arg(format!("seeds/{target}"));
    command.args(["-rss_limit_mb=512", "-timeout=10", "-max_len=65536", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-dict=dict/{target}.dict"));
    command.arg(format!("-artifact_prefix=artifacts/{target}/"));
    eprintln!("$ {}", shown(&command));
    let start = Instant::now();
    let output = match command.stdin(Stdio::null()).stdout(Stdio::null()).output() {
        Ok(output) => output,
        Err(why) => {
            went.fault = Some(format!("could not be started: {why}"));
            return went;
        }
    };
    went.seconds = start.elapsed().as_secs_f64();
    let log = String::from_utf8_lossy(&output.stderr);
    read_account(&log, &mut went);
    if !output.status.success() {
        let input = log.lines().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| format!("fuzz/{path}")));
        went.fault = Some(input.unwrap_or_else(|| format!("ended with {}", output.status)));
        let path = folder.join("artifacts").join(format!("{target}.log"));
        match std::fs::write(&path, log.as_bytes()) {
            Ok(()) => eprintln!("{target}: the fuzzer's words are in {}", path.display()),
            Err(why) => eprintln!("{target}: {}: {why}", path.display()),
        }
        let told = log.lines().filter(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer"));
        told.take(3).for_each(|line| eprintln!("{target}: {line}"));
    }
    went
}

fn read_account(log: &str, went: &mut Went) {
    let number = |text: &str| text.split_whitespace().next().and_then(|n| n.parse().ok());
    for line in log.lines() {
        // `#8192  pulse  cov: 812 ft: 2311 corp: …`
        if let Some(edges) = line.starts_with('#').then(|| line.split_once("cov: ")).flatten().and_then(|(_, n)| number(n)) {
            went.edges = edges;
        }
        let stat = |name: &str| line.strip_prefix("stat::").and_then(|s| s.strip_prefix(name)).and_then(|s| number(s.strip_prefix(':')?));
        if let Some(n) = stat("number_of_executed_units") {
            went.executions = n;
        }
        if let Some(n) = stat("peak_rss_mb") {
            went.peak_mb = n;
        }
    }
}

fn tell(done: &[Went]) {
    println!("{:<14} {:>8} {:>12} {:>8} {:>10}  result", "target", "seconds", "executions", "edges", "peak MB");
    for w in done {
        let result = w.fault.as_deref().map_or_else(|| "no fault".to_owned(), |fault| format!("FAULT: {fault}"));
        println!("{:<14} {:>8.0} {:>12} {:>8} {:>10}  {result}", w.target, w.seconds, w.executions, w.edges, w.peak_mb);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_account_of_a_run_is_read() {
        let log = "INFO: Seed: 1\n#2\tINITED cov: 11 ft: 12 corp: 1/1b\n#99\tDONE   cov: 812 ft: 2311 corp: 9/99b\n\
            stat::number_of_executed_units: 99\nstat::average_exec_per_sec:     9\nstat::peak_rss_mb:              71\n";
        let mut went = Went { target: String::new(), seconds: 0.0, executions: 0, edges: 0, peak_mb: 0, fault: None };
        read_account(log, &mut went);
        assert_eq!((went.executions, went.edges, went.peak_mb), (99, 812, 71));
    }

    #[test]
    fn words_are_read_and_unknown_targets_refused() {
        let known = ["a".to_owned(), "b".to_owned()];
        let read = |words: &[&str]| asked(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), &known);
        assert_eq!(read(&[]).unwrap(), Asked { seconds: 60, targets: known.to_vec(), address: false });
        let one = Asked { seconds: 9, targets: vec!["b".to_owned()], address: true };
        assert_eq!(read(&["--address", "--target", "b", "--seconds", "9"]).unwrap(), one);
        assert!(read(&["--target", "c"]).is_err() && read(&["--seconds", "0"]).is_err() && read(&["x"]).is_err());
    }
}
