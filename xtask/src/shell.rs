//! Running other programs: each command is shown before it runs, and a failure says which one it was.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What a chore answers: nothing, or one sentence that says what went wrong.
pub(crate) type Outcome = Result<(), String>;

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map(Path::to_path_buf).unwrap_or(here)
}

/// The cargo that runs this chore, to be run in the workspace's root.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program, to be run in the workspace's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = name.to_string_lossy().into_owned();
    for word in command.get_args() {
        let word = word.to_string_lossy();
        let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./=:,@+*".contains(&b));
        line.push(' ');
        if plain {
            line.push_str(&word);
        } else {
            line.push('\'');
            line.push_str(&word.replace('\'', "'\\''"));
            line.push('\'');
        }
    }
    line
}

/// Shows and runs a command; its output is passed through.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = status(command)?;
    match status {
        0 => Ok(()),
        code => Err(format!("`{}` ended with status {code}", shown(command))),
    }
}

/// Shows and runs a command, and returns its exit status (-1 when a signal ended it).
pub(crate) fn status(command: &mut Command) -> Result<i32, String> {
    eprintln!("$ {}", shown(command));
    let status = command.stdin(Stdio::null()).status().map_err(|e| format!("`{}` could not be started: {e}", shown(command)))?;
    Ok(status.code().unwrap_or(-1))
}

/// Shows and runs a command that must end within `limit`; after that it is ended and counts as failed.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    eprintln!("$ {}", shown(command));
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|e| format!("`{}` could not be started: {e}", shown(command)))?;
    let start = Instant::now();
    loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("`{}` ended with status {}", shown(command), status.code().unwrap_or(-1))),
            None if start.elapsed() > limit => {
                child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
                return Err(format!("`{}` was ended after {} s", shown(command), limit.as_secs()));
            }
            None => sleep(Duration::from_millis(50)),
        }
    }
}

/// Runs a command silently and returns its stdout without the last line end; `None` when it fails or does not exist.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}

/// Where a program is, looked up in `PATH`.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
