//! A folder that is written as a whole: it takes its name only when all its files are there, and replaces nothing that concord did not write.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::output::Failure;

/// The mark of a folder that may be replaced: the files in it, a line each.
const MARK: &str = ".concord";

/// Deepest folder that is looked into.
const DEEPEST: usize = 16;

/// A folder on its way; let go before it has its name, it is removed.
#[derive(Debug)]
pub(crate) struct WholeFolder {
    path: PathBuf,
    temporary: PathBuf,
    named: bool,
}

impl WholeFolder {
    /// Starts a folder beside the place where it shall stand.
    pub(crate) fn create(path: &Path) -> Result<WholeFolder, Failure> {
        may_replace(path)?;
        WholeFolder::begin(path, "part")
    }

    /// Starts a folder beside `path` in which files are only gathered.
    pub(crate) fn to_gather(path: &Path) -> Result<WholeFolder, Failure> {
        WholeFolder::begin(path, "files")
    }

    fn begin(path: &Path, kind: &str) -> Result<WholeFolder, Failure> {
        let name = path.file_name().ok_or_else(|| Failure::said(format!("{}: not a folder name", path.display())))?;
        let temporary = path.with_file_name(format!(".{}.{}.{kind}", name.to_string_lossy(), std::process::id()));
        fs::create_dir(&temporary).map_err(|e| Failure::of(path, &e))?;
        Ok(WholeFolder { path: path.to_owned(), temporary, named: false })
    }

    /// Where the files are written meanwhile.
    pub(crate) fn at(&self) -> &Path {
        &self.temporary
    }

    /// Gives the folder its name. `names` are its files, with `/` between folders and their contents.
    pub(crate) fn finish(mut self, names: &[String]) -> Result<(), Failure> {
        let fail = |e: io::Error| Failure::of(&self.path, &e);
        fs::write(self.temporary.join(MARK), names.join("\n") + "\n").map_err(fail)?;
        // Once more: someone may have put something there meanwhile.
        may_replace(&self.path)?;
        let old = self.temporary.with_extension("old");
        let had = self.path.exists();
        if had {
            fs::rename(&self.path, &old).map_err(fail)?;
        }
        if let Err(error) = fs::rename(&self.temporary, &self.path) {
            if had {
                let _ = fs::rename(&old, &self.path);
            }
            return Err(fail(error));
        }
        self.named = true;
        if had {
            fs::remove_dir_all(&old).map_err(|e| Failure::of(&self.path, &e))?;
        }
        Ok(())
    }
}

impl Drop for WholeFolder {
    fn drop(&mut self) {
        if !self.named {
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

/// A folder is replaced only when it is empty or holds nothing but what concord wrote before.
fn may_replace(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    if !path.is_dir() {
        return Err(Failure::said(format!("{} is a file, not a folder", path.display())));
    }
    let mark = fs::read_to_string(path.join(MARK)).unwrap_or_default();
    let written: BTreeSet<&str> = mark.lines().chain([MARK]).collect();
    match stranger(path, "", &written, 0)? {
        None => Ok(()),
        Some(other) => Err(Failure::said(format!(
            "{}: the folder holds \"{other}\", which concord did not write; name a new or empty folder",
            path.display()
        ))),
    }
}

/// The first by name of the files within that are not in the list. A folder is in it when files below it are, and a link is a file.
fn stranger(folder: &Path, prefix: &str, written: &BTreeSet<&str>, depth: usize) -> Result<Option<String>, Failure> {
    let fail = |e: io::Error| Failure::of(folder, &e);
    let mut entries = fs::read_dir(folder).map_err(fail)?.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let below = format!("{name}/");
        let known = if entry.file_type().map_err(fail)?.is_dir() {
            let holds = written.range(below.as_str()..).next().is_some_and(|next| next.starts_with(&below));
            if holds
                && depth < DEEPEST
                && let Some(other) = stranger(&entry.path(), &below, written, depth + 1)?
            {
                return Ok(Some(other));
            }
            holds && depth < DEEPEST
        } else {
            written.contains(name.as_str())
        };
        if !known {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
