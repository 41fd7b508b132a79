//! Report files: text of some format, or a workbook that shows the user's own rows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use concord_core::bounds::SAMPLE;
use concord_core::read::ReadOptions;
use concord_core::read::shown::{About, ShownRows};
use concord_core::read::tidy::Layouts;
use concord_core::render::{self, Format, sheet};
use concord_core::report::Report;

use crate::apart::Output;
use crate::handed::Handed;
use crate::output::{Failure, write_file};

/// What a report file's name asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text(Format),
    Workbook,
}

impl Form {
    /// Whether the report shows digests of the files.
    pub(crate) fn with_digest(self) -> bool {
        matches!(self, Form::Text(Format::Json | Format::Ndjson))
    }
}

/// Report files with the form that each one's name says.
pub(crate) fn report_files(paths: &[PathBuf]) -> Result<Vec<(&PathBuf, Form)>, Failure> {
    fn of(path: &PathBuf) -> Result<(&PathBuf, Form), Failure> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx")) {
            return Ok((path, Form::Workbook));
        }
        let format = Format::from_path(&path.to_string_lossy());
        let said = || Failure::said(format!("{}: a report ends in .xlsx, .json, .ndjson, .csv or .txt", path.display()));
        Ok((path, Form::Text(format.ok_or_else(said)?)))
    }
    paths.iter().map(of).collect()
}

/// The report files as places to write.
pub(crate) fn outputs<'p>(reports: &[(&'p PathBuf, Form)]) -> impl Iterator<Item = Output<'p>> {
    reports.iter().map(|(path, _)| Output::File(path, "the report"))
}

/// Writes the report files. `inputs` are the tables of the report, and `how` is how they were read.
pub(crate) fn write_reports(reports: &[(&PathBuf, Form)], report: &Report, inputs: &Handed, how: &ReadOptions) -> Result<(), Failure> {
    for (path, form) in reports {
        match form {
            Form::Text(format) => write_file(path, render::render(report, *format, &render::Options::default()).as_bytes())?,
            Form::Workbook => write_file(path, &sheet::sheet(report, &mut Again::new(inputs, how)).map_err(Failure::said)?)?,
        }
    }
    Ok(())
}

/// The tables, read once more.
struct Again<'a> {
    inputs: &'a Handed,
    how: ReadOptions,
    /// What the start of each file says.
    starts: RefCell<BTreeMap<usize, About>>,
}

impl<'a> Again<'a> {
    fn new(inputs: &'a Handed, how: &ReadOptions) -> Again<'a> {
        // Rows are shown as they stand, before any step of a layout.
        let how = ReadOptions { layouts: Layouts::default(), ..how.clone() };
        Again { inputs, how, starts: RefCell::default() }
    }

    fn open(&self, file: usize) -> Option<(ShownRows, Box<dyn Read>)> {
        let (mut intake, mut file) = self.inputs.again(file, &self.how)?;
        let mut piece = Vec::with_capacity(SAMPLE + 1);
        while !intake.ready() {
            piece.clear();
            file.by_ref().take(SAMPLE as u64 + 1).read_to_end(&mut piece).ok()?;
            intake.push(&piece);
            if piece.len() <= SAMPLE {
                intake.end();
            }
        }
        Some((ShownRows::open(intake)?, file))
    }

    fn about<T>(&self, file: usize, of: impl FnOnce(&About) -> T) -> T {
        let mut starts = self.starts.borrow_mut();
        of(starts.entry(file).or_insert_with(|| self.open(file).map(|(rows, _)| rows.about().clone()).unwrap_or_default()))
    }
}

impl sheet::Source for Again<'_> {
    fn rows(&mut self, file: usize, each: &mut dyn FnMut(u64, &[&str]) -> bool) {
        let Some((mut rows, mut file)) = self.open(file) else { return };
        // What is at hand already is shown first.
        if !rows.push(b"", each) {
            return;
        }
        let mut buffer = vec![0; 256 << 10];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) if !rows.push(&buffer[..n], each) => return,
                Ok(_) => {}
                // What was read can still be shown.
                Err(_) => break,
            }
        }
        rows.finish(each);
    }

    fn header_row(&self, file: usize) -> u64 {
        self.about(file, |a| a.header_row)
    }

    fn above(&self, file: usize) -> u64 {
        self.about(file, |a| a.above)
    }

    fn column(&self, file: usize, field: &str) -> Option<u32> {
        self.about(file, |a| a.column(field))
    }
}
