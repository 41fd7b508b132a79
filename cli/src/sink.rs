//! Where converted data go: the standard output, a file, or a folder with a file for each table. Files and folders take their names only when
//! everything is whole.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use concord_core::encode::{self, Format};

use crate::apart::Output;
use crate::dataset_out::{self, Describe, Meter};
use crate::folder::WholeFolder;
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
    Zip(PathBuf),
}

/// A format by an extension.
fn format_of(extension: &str) -> Result<(Format, &'static str), Failure> {
    let format = Format::of_extension(extension).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|f| f.extension()).collect();
        Failure::said(format!("there is no format \"{extension}\" to write; there are {}", known.join(", ")))
    })?;
    Ok((format, format.extension()))
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
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")) {
            return Ok(Target { place: Place::Zip(path.to_owned()), format, extension });
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

    /// Whether each document may have a file of its own.
    pub(crate) fn is_many(&self) -> bool {
        matches!(self.place, Place::Folder(_) | Place::Zip(_))
    }

    /// Whether the data go to the standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Stdout)
    }

    /// The file or folder that is written, if any.
    pub(crate) fn output(&self) -> Option<Output<'_>> {
        match &self.place {
            Place::File(path) | Place::Zip(path) => Some(Output::File(path, "the converted data")),
            Place::Folder(path) => Some(Output::Folder(path, "the converted data")),
            Place::Stdout => None,
        }
    }

    /// Opens the place for tables of these names.
    pub(crate) fn open(self, tables: &[String]) -> Result<Sink, Failure> {
        match (self.place, tables) {
            (Place::Folder(path), _) => Folder::begin(WholeFolder::create(&path)?, tables, self.extension, None).map(Sink::Folder),
            (Place::Zip(path), _) => Folder::begin(WholeFolder::to_gather(&path)?, tables, self.extension, Some(path)).map(Sink::Folder),
            (Place::Stdout, [_]) if !self.format.is_text() && io::stdout().is_terminal() => {
                let extension = self.extension;
                Err(Failure::said(format!(
                    "a terminal cannot show .{extension}; name a file with -o OUT.{extension}, or pipe the output on"
                )))
            }
            (Place::Stdout, [_]) => Ok(Sink::Stdout),
            (Place::File(path), [_]) => WholeFile::create(&path).map(Sink::File),
            (place, _) => {
                let what = match place {
                    Place::File(path) => format!("{} is one file", path.display()),
                    _ => "the standard output takes one table".to_owned(),
                };
                Err(Failure::said(format!(
                    "the data become {} tables ({}), and {what}; name a folder with -o FOLDER/, or a zip",
                    tables.len(),
                    tables.join(", ")
                )))
            }
        }
    }
}

/// An open place; tables are named by their index among those it was opened for.
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
            Sink::Folder(folder) => folder.write(table, bytes),
        }
    }

    /// Has a dataset described, when the place is one: what `describe` makes of its files becomes its `datapackage.json`.
    pub(crate) fn describe(&mut self, describe: Describe) {
        if let Sink::Folder(folder) = self {
            folder.describe = Some(describe);
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

/// A folder, or a zip of one, that takes its name only when all its files are whole.
pub(crate) struct Folder {
    // Files first: they are let go before the folder that holds them.
    files: Vec<WholeFile>,
    whole: WholeFolder,
    names: Vec<String>,
    /// By table: how many documents of XML were begun.
    documents: Vec<u64>,
    /// Files of documents behind the first of their table.
    further: Vec<String>,
    meters: Vec<Meter>,
    describe: Option<Describe>,
    /// The zip that the folder becomes.
    zip: Option<PathBuf>,
}

impl Folder {
    fn begin(whole: WholeFolder, tables: &[String], extension: &str, zip: Option<PathBuf>) -> Result<Folder, Failure> {
        let mut folder = Folder {
            files: Vec::new(),
            whole,
            names: Vec::new(),
            documents: Vec::new(),
            further: Vec::new(),
            meters: Vec::new(),
            describe: None,
            zip,
        };
        for table in tables {
            let name = format!("{table}.{extension}");
            folder.files.push(WholeFile::create(&folder.whole.at().join(&name))?);
            folder.names.push(name);
            folder.documents.push(0);
            folder.meters.push(Meter::default());
        }
        Ok(folder)
    }

    fn write(&mut self, table: usize, bytes: &[u8]) -> Result<(), Failure> {
        // A cell of another form may hold whatever begins a document.
        let is_xml = self.names.get(table).is_some_and(|name| name.ends_with(".xml"));
        let pieces = if is_xml { encode::documents(bytes) } else { vec![bytes] };
        for piece in pieces {
            if is_xml && encode::begins_document(piece) {
                self.begin_document(table)?;
            }
            let (Some(file), Some(meter)) = (self.files.get_mut(table), self.meters.get_mut(table)) else { return Ok(()) };
            meter.add(piece);
            file.write(piece)?;
        }
        Ok(())
    }

    /// Gives each document of XML behind the first of a table a file of its own.
    fn begin_document(&mut self, table: usize) -> Result<(), Failure> {
        let (Some(count), Some(file), Some(name)) = (self.documents.get_mut(table), self.files.get_mut(table), self.names.get(table))
        else {
            return Ok(());
        };
        *count += 1;
        if *count > 1 {
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "xml"));
            let name = format!("{stem}-{count}.{extension}");
            let next = WholeFile::create(&self.whole.at().join(&name))?;
            std::mem::replace(file, next).finish()?;
            self.further.push(name);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        for file in std::mem::take(&mut self.files) {
            file.finish()?;
        }
        // A descriptor is about tables, not about documents.
        let describe = self.describe.take().filter(|_| self.further.is_empty());
        self.names.append(&mut self.further);
        if let Some(describe) = describe {
            let descriptor = describe(&dataset_out::files(&self.names, std::mem::take(&mut self.meters)));
            let path = self.whole.at().join(dataset_out::DESCRIPTOR);
            fs::write(&path, descriptor).map_err(|e| Failure::of(&path, &e))?;
            self.names.insert(0, dataset_out::DESCRIPTOR.to_owned());
        }
        match &self.zip {
            // What was gathered goes when the folder is let go.
            Some(zip) => dataset_out::pack(self.whole.at(), &self.names, zip),
            None => self.whole.finish(&self.names),
        }
    }
}
