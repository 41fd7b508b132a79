//! Where converted data go: the standard output, a file, or a folder with a file for each table. Files and folders take their names only when
//! everything is whole.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use concord_core::encode::Format;

use crate::output::{Failure, WholeFile};

/// The place and form that the user named.
#[derive(Debug)]
pub(crate) struct Target {
    place: Place,
    format: Format,
    extension: &'static str,
}

#[derive(Debug)]
enum Place {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
}

/// The mark of a folder that may be replaced: the files in it, a line each.
const MARK: &str = ".concord";

/// A format by an extension.
fn format_of(extension: &str) -> Result<(Format, &'static str), Failure> {
    match extension.to_ascii_lowercase().as_str() {
        "csv" => Ok((Format::Csv, "csv")),
        "tsv" | "tab" => Ok((Format::Tsv, "tsv")),
        "json" => Ok((Format::Json, "json")),
        "ndjson" | "jsonl" => Ok((Format::Ndjson, "ndjson")),
        later @ ("xlsx" | "parquet" | "geojson" | "xml" | "zip") => {
            Err(Failure::said(format!("writing .{later} comes with a later version; there are .csv, .tsv, .json and .ndjson")))
        }
        other => Err(Failure::said(format!("there is no format \"{other}\" to write; there are csv, tsv, json and ndjson"))),
    }
}

impl Target {
    /// What `-o` and `--as` say.
    pub(crate) fn of(output: Option<&Path>, as_: Option<&str>) -> Result<Target, Failure> {
        let chosen = as_.map(|e| format_of(e.trim_start_matches('.'))).transpose()?;
        let (format, extension) = chosen.unwrap_or((Format::Csv, "csv"));
        let Some(path) = output.filter(|p| *p != Path::new("-")) else { return Ok(Target { place: Place::Stdout, format, extension }) };
        if path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]) || path.is_dir() {
            let folder: PathBuf = path.components().collect();
            return Ok(Target { place: Place::Folder(folder), format, extension });
        }
        let Some(own) = path.extension() else {
            return Err(Failure::said(format!(
                "{0}: the file name has no extension that says the format; write {0}.csv, or {0}/ for a folder",
                path.display()
            )));
        };
        let (format, extension) = match (chosen, format_of(&own.to_string_lossy())) {
            (Some(chosen), _) => chosen,
            (None, own) => own?,
        };
        Ok(Target { place: Place::File(path.to_owned()), format, extension })
    }

    /// The form of the data.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether the data go to the standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Stdout)
    }

    /// The file that is written, when it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            _ => None,
        }
    }

    /// Opens the place for tables of these names.
    pub(crate) fn open(self, tables: &[String]) -> Result<Sink, Failure> {
        match (self.place, tables) {
            (Place::Folder(path), _) => Folder::create(&path, tables, self.extension).map(Sink::Folder),
            (Place::Stdout, [_]) => Ok(Sink::Stdout),
            (Place::File(path), [_]) => WholeFile::create(&path).map(Sink::File),
            (place, _) => {
                let what = match place {
                    Place::File(path) => format!("{} is one file", path.display()),
                    _ => "the standard output takes one table".to_owned(),
                };
                Err(Failure::said(format!(
                    "the data become {} tables ({}), and {what}; name a folder with -o FOLDER/",
                    tables.len(),
                    tables.join(", ")
                )))
            }
        }
    }
}

/// An open place; tables are named by their index among those it was opened for.
#[derive(Debug)]
pub(crate) enum Sink {
    Stdout,
    File(WholeFile),
    Folder(Folder),
}

impl Sink {
    /// Writes further bytes of a table.
    pub(crate) fn write(&mut self, table: usize, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.is_empty() {
            return Ok(());
        }
        match self {
            Sink::Stdout => io::stdout().lock().write_all(bytes).map_err(|e| closed(&e)),
            Sink::File(file) => file.write(bytes),
            Sink::Folder(folder) => folder.files.get_mut(table).map_or(Ok(()), |file| file.write(bytes)),
        }
    }

    /// Gives everything its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Sink::Stdout => io::stdout().lock().flush().map_err(|e| closed(&e)),
            Sink::File(file) => file.finish(),
            Sink::Folder(folder) => folder.finish(),
        }
    }
}

fn closed(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::said(format!("the standard output: {error}")),
    }
}

/// A folder that takes its name only when all its files are whole.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    temporary: PathBuf,
    names: Vec<String>,
    files: Vec<WholeFile>,
    named: bool,
}

impl Folder {
    fn create(path: &Path, tables: &[String], extension: &str) -> Result<Folder, Failure> {
        may_replace(path)?;
        let beside = |kind: &str| {
            let name = path.file_name().ok_or_else(|| Failure::said(format!("{}: not a folder name", path.display())))?;
            Ok(path.with_file_name(format!(".{}.{}.{kind}", name.to_string_lossy(), std::process::id())))
        };
        let temporary: PathBuf = beside("part")?;
        fs::create_dir(&temporary).map_err(|e| Failure::of(path, &e))?;
        let mut folder = Folder { path: path.to_owned(), temporary, names: Vec::new(), files: Vec::new(), named: false };
        for table in tables {
            let name = format!("{table}.{extension}");
            folder.files.push(WholeFile::create(&folder.temporary.join(&name))?);
            folder.names.push(name);
        }
        Ok(folder)
    }

    fn finish(mut self) -> Result<(), Failure> {
        let fail = |e: io::Error| Failure::of(&self.path, &e);
        for file in std::mem::take(&mut self.files) {
            file.finish()?;
        }
        fs::write(self.temporary.join(MARK), self.names.join("\n") + "\n").map_err(fail)?;
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
            fs::remove_dir_all(&old).map_err(fail)?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.named {
            self.files.clear();
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

/// A folder is replaced only when it is empty or holds nothing but what an earlier conversion wrote.
fn may_replace(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    if !path.is_dir() {
        return Err(Failure::said(format!("{} is a file, not a folder", path.display())));
    }
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(path).map_err(|e| Failure::of(path, &e))? {
        names.insert(entry.map_err(|e| Failure::of(path, &e))?.file_name().to_string_lossy().into_owned());
    }
    let mark = fs::read_to_string(path.join(MARK)).unwrap_or_default();
    match names.iter().find(|n| *n != MARK && !mark.lines().any(|l| l == n.as_str())) {
        None => Ok(()),
        Some(other) => Err(Failure::said(format!(
            "{}: the folder holds \"{other}\", which concord did not write; name a new or empty folder",
            path.display()
        ))),
    }
}
