//! `cargo xtask demo`: converts a town's export to a national standard, validates the result, and shows the report on a broken file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Outcome, cargo, program, root, run as run_command, status};

const LIVES: &str = "standards/national/lives/2.0";
const BROKEN: &str = "standards/national/blds/1.2/examples/invalid/values.csv";

/// Builds the command line tool and runs it three times.
pub(crate) fn run(words: &[String]) -> Outcome {
    if let Some(word) = words.first() {
        return Err(format!("does not take \"{word}\""));
    }
    run_command(cargo().args(["build", "--locked", "--release", "--package", "concord"]))?;
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let concord = built.join("release/concord").with_extension(std::env::consts::EXE_EXTENSION);

    heading("A town's inspection export becomes the national layout");
    let export = first(&format!("{LIVES}/examples/convert"), ".in.csv")?;
    let out = root().join("target/demo");
    match fs::remove_dir_all(&out) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(format!("target/demo: {e}")),
        _ => fs::create_dir_all(&out).map_err(|e| format!("target/demo: {e}"))?,
    }
    let mut convert = program(&concord);
    convert.arg("convert").arg(&export).args(["--to", "lives@2.0", "-o", "target/demo/lives/", "--rejects", "target/demo/rejects.csv"]);
    // What the export does not hold and the person who converts has to know.
    convert.args(["--set", "feed_date=20260301", "--set", "contact_email=health@town.example"]);
    done(&mut convert)?;

    heading("The result is checked against the standard");
    let mut validate = program(&concord);
    validate.arg("validate").args(all("target/demo/lives", ".csv")?).args(["--standard", "lives@2.0"]);
    done(&mut validate)?;

    heading("A file with mistakes: what a clerk reads");
    let mut broken = program(&concord);
    broken.arg("validate").arg(BROKEN).args(["--standard", "blds@1.2"]);
    match status(&mut broken)? {
        1 => Ok(()),
        code => Err(format!("the broken example should end with status 1, not {code}")),
    }
}

/// A command that may find something (status 1) but must do its job.
fn done(command: &mut std::process::Command) -> Outcome {
    match status(command)? {
        0 | 1 => Ok(()),
        code => Err(format!("`{}` ended with status {code}", crate::shell::shown(command))),
    }
}

fn heading(words: &str) {
    eprintln!("\n-- {words}");
}

/// The files of a folder that end so, in order of name, relative to the root.
fn all(folder: &str, ending: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(root().join(folder)).map_err(|e| format!("{folder}: {e}"))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.retain(|name| name.to_string_lossy().ends_with(ending));
    names.sort();
    Ok(names.into_iter().map(|name| Path::new(folder).join(name)).collect())
}

fn first(folder: &str, ending: &str) -> Result<PathBuf, String> {
    all(folder, ending)?.into_iter().next().ok_or_else(|| format!("{folder} has no file that ends in {ending}"))
}
