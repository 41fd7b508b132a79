//! `concord-registry`: serves the embedded standards and checks files against them.
//!
//! The first line on the standard output is the address it listens on. Exit status: 0 stopped by a signal, 2 could not listen.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use concord_registry::Settings;

/// A registry of data standards over HTTP, and a service that checks files against them.
#[derive(Debug, Parser)]
#[command(name = "concord-registry", version, about)]
struct Program {
    #[command(flatten)]
    settings: Settings,
}

fn main() -> ExitCode {
    let settings = Program::parse().settings;
    let done = concord_registry::run(&settings, |address| {
        let mut out = std::io::stdout().lock();
        // Who started us may not want to know; the server runs all the same.
        let _ = writeln!(out, "http://{address}").and_then(|()| out.flush());
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("concord-registry: {}: {error}", settings.listen);
            ExitCode::from(2)
        }
    }
}
