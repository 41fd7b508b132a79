//! `cargo xtask docs [-o FOLDER]`: all there is to read, made from its sources: the pages of every standard, layout and finding
//! (`concord standards doc`) in `target/docs/standards`, and the documentation of the code in `target/doc`.

use std::path::PathBuf;

use crate::shell::{Outcome, cargo, root, run as run_command};

/// Makes the pages.
pub(crate) fn run(words: &[String]) -> Outcome {
    let folder = folder(words)?;
    // Only what this chore made before is replaced; the command refuses any other folder that is not empty.
    run_command(cargo().args(["run", "--quiet", "--locked", "--package", "concord", "--", "standards", "doc", "-o"]).arg(&folder))?;
    run_command(cargo().args(["doc", "--locked", "--workspace", "--no-deps"]))?;
    eprintln!("{}", folder.join("index.html").display());
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    eprintln!("{}", root().join(target).join("doc/concord_core/index.html").display());
    Ok(())
}

fn folder(words: &[String]) -> Result<PathBuf, String> {
    match words {
        [] => Ok(root().join("target/docs/standards")),
        [option, folder] if option == "-o" || option == "--out" => Ok(PathBuf::from(folder)),
        _ => Err("takes nothing, or -o and a folder".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_folder_may_be_named() {
        let read = |words: &[&str]| folder(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert!(read(&[]).unwrap().ends_with("target/docs/standards"));
        assert_eq!(read(&["-o", "x"]).unwrap(), PathBuf::from("x"));
        assert!(read(&["x"]).is_err() && read(&["-o"]).is_err());
    }
}
