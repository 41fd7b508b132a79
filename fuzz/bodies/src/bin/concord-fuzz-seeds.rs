//! Writes the seeds made from the embedded standards into a fuzzer's corpus: `concord-fuzz-seeds FOLDER`, below it one folder a target.

#![allow(clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use concord_fuzz_bodies::{TARGETS, seeds};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: concord-fuzz-seeds FOLDER");
        return ExitCode::from(2);
    };
    for target in TARGETS {
        let folder = folder.join(target.name);
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| seeds::of_standards(target.name).iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes)));
        if let Err(why) = written {
            eprintln!("{}: {why}", folder.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
