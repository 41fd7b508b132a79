//! Writing: the standard output, and files that are replaced only when they are whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why the job could not be done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Who reads the converted data has enough of them.
    ClosedPipe,
    /// Anything else, as a sentence without a full stop.
    Said(String),
}

impl Failure {
    pub(crate) fn said(message: impl Into<String>) -> Failure {
        Failure::Said(message.into())
    }

    /// An error of the system about a file.
    pub(crate) fn of(path: &Path, error: &io::Error) -> Failure {
        Failure::Said(format!("{}: {error}", path.display()))
    }
}

/// Prints to the standard output. Who has read enough of it and closes it is no failure, and changes nothing about what was found.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::said(format!("the standard output: {error}"))),
        _ => Ok(()),
    }
}

/// A file that takes its name only when it is whole; until then, and if it never is, an old file of that name stays as it was.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    temporary: PathBuf,
    file: Option<io::BufWriter<File>>,
}

impl WholeFile {
    /// Starts a file beside the place where it shall stand.
    pub(crate) fn create(path: &Path) -> Result<WholeFile, Failure> {
        let mut name: OsString = OsString::from(".");
        name.push(path.file_name().ok_or_else(|| Failure::said(format!("{}: not a file name", path.display())))?);
        name.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = File::create(&temporary).map_err(|e| Failure::of(path, &e))?;
        Ok(WholeFile { path: path.to_owned(), temporary, file: Some(io::BufWriter::with_capacity(1 << 16, file)) })
    }

    /// Writes further bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(|e| Failure::of(&self.path, &e)),
            None => Ok(()),
        }
    }

    /// Gives the file its name. When that fails, what was written is removed and an old file stays.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let whole = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        whole.and_then(|()| fs::rename(&self.temporary, &self.path)).map_err(|e| {
            let _ = fs::remove_file(&self.temporary);
            Failure::of(&self.path, &e)
        })
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a whole file at once.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = WholeFile::create(path)?;
    file.write(bytes)?;
    file.finish()
}
