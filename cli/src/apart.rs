//! Where a command reads and writes: nothing that it reads may be written over, and no two things may be written to one place.

use std::path::{Path, PathBuf};

use crate::output::Failure;

/// What a command writes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Output<'p> {
    /// A file, and what it is for people.
    File(&'p Path, &'static str),
    /// A folder that is replaced as a whole.
    Folder(&'p Path, &'static str),
}

impl<'p> Output<'p> {
    fn path(self) -> &'p Path {
        match self {
            Output::File(path, _) | Output::Folder(path, _) => path,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Output::File(_, what) | Output::Folder(_, what) => what,
        }
    }
}

/// Refuses to write over what is read, and to write two things to one place, however the paths are spelt.
///
/// # Errors
/// The sentence that names the path.
pub(crate) fn apart<'p>(inputs: impl IntoIterator<Item = &'p Path>, outputs: &[Output<'_>]) -> Result<(), Failure> {
    let inputs: Vec<PathBuf> =
        inputs.into_iter().filter(|path| *path != Path::new("-")).filter_map(|path| path.canonicalize().ok()).collect();
    let mut taken: Vec<(PathBuf, Output<'_>)> = Vec::new();
    for &output in outputs {
        let path = output.path();
        let Some(place) = place(path) else { continue };
        // A file that lies in a folder that is read is read too; one that is not there yet is not.
        let is_read = |input: &PathBuf| match output {
            Output::File(..) => *input == place || (path.exists() && input.is_dir() && place.starts_with(input)),
            Output::Folder(..) => input.starts_with(&place),
        };
        if inputs.iter().any(is_read) {
            let words = match output {
                Output::File(..) => "is one of the files to read; name another file to write",
                Output::Folder(..) => "holds one of the files to read; name another folder to write",
            };
            return Err(Failure::said(format!("{} {words}", path.display())));
        }
        for (other, earlier) in &taken {
            if *other == place {
                return Err(Failure::said(format!(
                    "{} and {} cannot go to the same file, {}",
                    earlier.what(),
                    output.what(),
                    path.display()
                )));
            }
            let within = match (earlier, output) {
                (Output::Folder(..), Output::File(..)) => place.starts_with(other),
                (Output::File(..), Output::Folder(..)) => other.starts_with(&place),
                _ => false,
            };
            if within {
                let (file, folder) = if matches!(earlier, Output::Folder(..)) { (output, *earlier) } else { (*earlier, output) };
                return Err(Failure::said(format!(
                    "{} lies in {}, which is written as a whole; name another place for {}",
                    file.path().display(),
                    folder.path().display(),
                    file.what()
                )));
            }
        }
        taken.push((place, output));
    }
    Ok(())
}

/// The one spelling of a path that may not be there yet; `None` when its folder is not there either, so that nothing can be written.
fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(whole) = path.canonicalize() {
        return Some(whole);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}
