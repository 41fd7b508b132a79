//! `concord registry …`: the registry's own program, which lies beside this one. It takes the words as they are.
//!
//! It is a program of its own so that a command which only checks a file does not carry a server and a database.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use crate::output::Failure;

/// Name of the program.
const NAME: &str = "concord-registry";

/// Runs it, and passes its exit status on.
pub(crate) fn run(words: &[OsString]) -> Result<ExitCode, Failure> {
    let program = program()?;
    let mut command = Command::new(&program);
    command.args(words);
    start(command).map_err(|error| Failure::Said(format!("{}: {error}", program.display())))
}

/// The folder of a standard that is taken from a registry elsewhere. What was used is told on the standard error, by that program.
pub(crate) fn pull(reference: &str, url: &str) -> Result<PathBuf, Failure> {
    let program = program()?;
    let mut command = Command::new(&program);
    command.args(["pull", "--registry", url, "--", reference]).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| Failure::Said(format!("{}: {error}", program.display())))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    if output.status.success() && !folder.is_empty() {
        Ok(PathBuf::from(folder))
    } else {
        Err(Failure::Said(format!("{reference} could not be taken from {url}")))
    }
}

fn program() -> Result<PathBuf, Failure> {
    beside().ok_or_else(|| {
        let message = format!("the program {NAME} is not beside this one; install it with `cargo install --path registry-server`");
        Failure::Said(message)
    })
}

/// The program in the folder of this one, wherever that was called from.
fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let found = own.with_file_name(format!("{NAME}{}", std::env::consts::EXE_SUFFIX));
    found.is_file().then_some(found)
}

/// Becomes the other program, so that signals reach it and nothing stands between.
#[cfg(unix)]
fn start(mut command: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Runs the other program to its end.
#[cfg(not(unix))]
fn start(mut command: Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().unwrap_or(2);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(2)))
}
