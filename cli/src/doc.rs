//! `concord standards doc`: the pages of all standards as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use concord_core::render::pages::files;

use crate::folder::WholeFolder;
use crate::output::Failure;
use crate::target::catalog;

pub(crate) fn run(output: &Path) -> Result<ExitCode, Failure> {
    // Without a slash at its end.
    let output: PathBuf = output.components().collect();
    let folder = WholeFolder::create(&output)?;
    let pages = files::files(catalog());
    for (name, text) in &pages {
        let path = folder.at().join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, text)).map_err(|e| Failure::of(&output.join(name), &e))?;
    }
    folder.finish(&pages.into_keys().collect::<Vec<_>>())?;
    Ok(ExitCode::SUCCESS)
}
