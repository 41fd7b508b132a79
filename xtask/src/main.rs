//! The project's chores, run as `cargo xtask <chore>`.
//!
//! Each chore is a module with one entry point that takes the words after its name. To add one, write the module and a line in
//! [`CHORES`]. A chore's own words go to stderr; stdout is left to the programs it runs, so that results can be piped.

#![allow(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

mod bench;
mod clients;
mod demo;
mod docs;
mod fuzz;
mod setup;
mod shell;
mod test;
mod wasm;

/// A chore: its name, the words it takes, what it does, and its entry point.
struct Chore {
    name: &'static str,
    takes: &'static str,
    does: &'static str,
    run: fn(&[String]) -> shell::Outcome,
}

const CHORES: &[Chore] = &[
    Chore { name: "setup", takes: "", does: "install what the tests need; quick when it is there", run: setup::run },
    Chore { name: "test", takes: "[--only STAGE,…]", does: "run every test, or the stages named", run: test::run },
    Chore { name: "demo", takes: "", does: "convert and validate a town's export, and show the report", run: demo::run },
    Chore { name: "wasm", takes: "", does: "build the browser validator to wasm/pkg", run: wasm::run },
    Chore { name: "docs", takes: "[-o FOLDER]", does: "make the pages of the standards, and those of the code", run: docs::run },
    Chore { name: "bench", takes: "[--readers|--registry]", does: "measure beside bare readers, and check the results", run: bench::run },
    Chore { name: "fuzz", takes: "[--seconds N] [--target T]", does: "fuzz the targets, N seconds in all", run: fuzz::run },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(chore) = words.first().and_then(|name| CHORES.iter().find(|c| c.name == name)) else {
        help();
        let asked = matches!(words.first().map(String::as_str), Some("help" | "--help" | "-h"));
        return if asked { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    match (chore.run)(&words[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask {}: {why}", chore.name);
            ExitCode::FAILURE
        }
    }
}

fn help() {
    eprintln!("usage: cargo xtask CHORE\n");
    for chore in CHORES {
        eprintln!("  {:<24} {}", format!("{} {}", chore.name, chore.takes), chore.does);
    }
}
