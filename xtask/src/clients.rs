//! The registry through today's client libraries, as they come from PyPI and npm, unmodified.
//!
//! The clients are installed from the lists in `tests/clients` into `target/clients`, once for each state of the lists. The server starts with a
//! registry of its own in a fresh folder, and the scripts speak to it one after the other.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::shell::{Outcome, ask, cargo, program, root, run as run_command, run_within};

/// Longest time of one script.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs every script of `tests/clients`.
pub(crate) fn run() -> Outcome {
    let (python, node) = (python("python", "tests/clients/requirements.txt")?, node()?);
    let (registry, folder, token) = fresh("clients")?;
    let server = Server::start(&registry, &folder)?;
    let with = |command: &mut Command| {
        command.env("CONCORD_REGISTRY_URL", &server.address).env("CONCORD_REGISTRY_TOKEN", &token);
        run_within(command, PATIENCE)
    };
    with(program(&python).arg("tests/clients/client_confluent_kafka.py"))?;
    for script in ["client_kafkajs.mjs", "client_confluentinc.mjs"] {
        with(program("node").current_dir(&node).arg(script))?;
    }
    drop(server);
    run_command(program(&registry).args(["verify", "--data"]).arg(&folder))
}

/// Sends requests made up from the server's own description of its routes: none may be answered otherwise than described, and none be the
/// server's fault.
pub(crate) fn described() -> Outcome {
    let python = python("schemathesis", "tests/openapi/requirements.txt")?;
    let (registry, folder, token) = fresh("openapi")?;
    let server = Server::start(&registry, &folder)?;
    let description = format!("{}/v1/openapi.json", server.address);
    let mut command = program(&python);
    command.args(["-m", "schemathesis.cli", "--config-file", "tests/openapi/schemathesis.toml", "run", &description]);
    // One after the other and always the same, so that what is found can be found again.
    command.args(["--url", &server.address, "--workers", "1", "--seed", "1", "--max-examples", "50", "--no-color"]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    run_within(&mut command, PATIENCE * 5)?;
    drop(server);
    run_command(program(&registry).args(["verify", "--data"]).arg(&folder))
}

/// The program, and a folder for a registry of that name with a token that may do everything.
fn fresh(name: &str) -> Result<(PathBuf, PathBuf, String), String> {
    run_command(cargo().args(["build", "--locked", "-p", "concord-registry"]))?;
    let folder = root().join("target/clients").join(format!("{name}-data"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let registry = target().join("debug").join(format!("concord-registry{}", std::env::consts::EXE_SUFFIX));
    let token = ask(program(&registry).args(["token", "create", "--name", name, "--scope", "admin", "--data"]).arg(&folder));
    Ok((registry, folder, token.ok_or("no token could be made")?))
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A running server; it is stopped when this goes.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(registry: &Path, data: &Path) -> Result<Server, String> {
        let mut command = program(registry);
        command.args(["serve", "--listen", "127.0.0.1:0", "--quiet", "--data"]).arg(data).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", registry.display()))?;
        let mut line = String::new();
        let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let server = Server { child, address: line.trim().to_owned() };
        match read {
            Some(Ok(_)) if server.address.starts_with("http://") => Ok(server),
            _ => Err("the server did not start".to_owned()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is lost by this: what was answered is on the disk.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether what was installed came from this list; and where to note it.
fn installed_from(folder: &Path, list: &Path) -> Result<(bool, PathBuf, Vec<u8>), String> {
    let wanted = std::fs::read(list).map_err(|e| format!("{}: {e}", list.display()))?;
    let stamp = folder.join(".installed-from");
    Ok((std::fs::read(&stamp).is_ok_and(|found| found == wanted), stamp, wanted))
}

/// A Python of our own, under that name, with what a list names in it.
fn python(name: &str, list: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/clients").join(name);
    let list = root().join(list);
    let own = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let (there, stamp, wanted) = installed_from(&folder, &list)?;
    if !there {
        run_command(program("python3").args(["-m", "venv", "--clear"]).arg(&folder))
            .map_err(|why| format!("Python 3.10 or newer with venv is needed ({why})"))?;
        run_command(program(&own).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&list))?;
        std::fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
    }
    Ok(own)
}

/// A folder with the npm packages and the scripts that use them.
fn node() -> Result<PathBuf, String> {
    let (from, folder) = (root().join("tests/clients"), root().join("target/clients/node"));
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for name in ["package.json", "package-lock.json", ".npmrc", "client_kafkajs.mjs", "client_confluentinc.mjs"] {
        std::fs::copy(from.join(name), folder.join(name)).map_err(|e| format!("tests/clients/{name}: {e}"))?;
    }
    let (there, stamp, wanted) = installed_from(&folder, &from.join("package-lock.json"))?;
    if !there {
        run_command(program("npm").current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
        std::fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
    }
    Ok(folder)
}
