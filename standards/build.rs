//! Lists the packages under `national/`, `regional/` and `local/` for embedding: `FILES`, sorted by path.

use std::env;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for tier in ["national", "regional", "local"] {
        let folder = root.join(tier);
        // Cargo looks into a folder named here for files that come, change or go. One that is not there counts as changed each time,
        // so for that the root of the crate is watched instead, where it would appear.
        if folder.is_dir() {
            println!("cargo::rerun-if-changed={}", folder.display());
            walk(&folder, tier, &mut files)?;
        } else {
            println!("cargo::rerun-if-changed={}", root.display());
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
    files.sort();
    let mut code = String::from("&[\n");
    for (path, file) in files {
        // Debug quoting is Rust's own way to write a text, so any file name comes out right.
        let _ = writeln!(code, "    ({path:?}, include_bytes!({:?})),", file.display().to_string());
    }
    code.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("files.rs");
    fs::write(out, code)
}

/// Adds every file below a folder with its path from the crate, parts joined by `/` on every system. Hidden files are an editor's or a
/// desktop's, not a package's.
fn walk(folder: &Path, path: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| io::Error::other(format!("{} is not a name in UTF-8", entry.path().display())))?;
        if name.starts_with('.') {
            continue;
        }
        let below = format!("{path}/{name}");
        if entry.path().is_dir() {
            walk(&entry.path(), &below, files)?;
        } else {
            files.push((below, entry.path()));
        }
    }
    Ok(())
}
