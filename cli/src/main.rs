//! `concord`: checks and converts local government data.
//!
//! Results go to the standard output, everything else to the standard error. Exit status: 0 clean, 1 findings at error level, 2 the job could
//! not be done. A closed pipe is not an error.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod ahead;
mod apart;
mod args;
mod blocks;
mod convert;
mod dataset_out;
mod doc;
mod explain;
mod folder;
mod handed;
mod merge;
mod output;
mod parallel;
mod place;
mod progress;
mod reading;
mod registry;
mod report_out;
mod schemas;
mod sink;
mod standards;
mod suggest;
mod target;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Command, Concord};
use crate::output::Failure;

fn main() -> ExitCode {
    concord_core::read::parquet::tell_no_panics();
    let concord = match Concord::try_parse() {
        Ok(concord) => concord,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match concord.command {
        Command::Validate(args) => validate::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Detect(args) => validate::detect(&args),
        Command::Suggest(args) => suggest::run(&args),
        Command::Standards(command) => standards::run(&command),
        Command::Explain(args) => explain::run(&args),
        Command::Verify { words } => registry::run(&[vec!["report".into()], words].concat()),
        Command::Registry { words } => registry::run(&words),
    };
    match done {
        Ok(status) => status,
        Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(Failure::Said(message)) => {
            eprintln!("concord: {message}");
            ExitCode::from(2)
        }
    }
}
