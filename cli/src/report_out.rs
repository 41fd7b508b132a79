//! Report files: text of some format, or a workbook that shows the user's own rows.

use std::io::Read;
use std::path::PathBuf;

use concord_core::bounds;
use concord_core::decode::dialect::DialectHints;
use concord_core::decode::rows::PlainRows;
use concord_core::render::{self, Format, sheet};
use concord_core::report::Report;

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

/// Writes the report files. `inputs` are the tables of the report.
pub(crate) fn write_reports(reports: &[(&PathBuf, Form)], report: &Report, inputs: &Handed) -> Result<(), Failure> {
    for (path, form) in reports {
        match form {
            Form::Text(format) => write_file(path, render::render(report, *format, &render::Options::default()).as_bytes())?,
            Form::Workbook => {
                let mut source = Again { inputs };
                write_file(path, &sheet::sheet(report, &mut source).map_err(Failure::said)?)?;
            }
        }
    }
    Ok(())
}

/// The tables, read once more.
struct Again<'a> {
    inputs: &'a Handed,
}

impl Again<'_> {
    fn open(&self, file: usize) -> Option<(PlainRows, Vec<u8>, Box<dyn Read>)> {
        let mut file = self.inputs.again(file)?;
        let mut sample = Vec::new();
        file.by_ref().take(bounds::SAMPLE as u64 + 1).read_to_end(&mut sample).ok()?;
        let whole = sample.len() <= bounds::SAMPLE;
        let head = &sample[..sample.len().min(bounds::SAMPLE)];
        let rows = PlainRows::new(head, whole, &DialectHints::default()).ok()?;
        Some((rows, sample, file))
    }
}

impl sheet::Source for Again<'_> {
    fn rows(&mut self, file: usize, each: &mut dyn FnMut(u64, &[&str]) -> bool) {
        let Some((mut rows, sample, mut file)) = self.open(file) else { return };
        if !rows.push(&sample, false, each) {
            return;
        }
        let mut buffer = vec![0; 256 << 10];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) if !rows.push(&buffer[..n], false, each) => return,
                Ok(_) => {}
                // What was read can still be shown.
                Err(_) => break,
            }
        }
        rows.push(b"", true, each);
    }

    fn header_row(&self, file: usize) -> u64 {
        self.open(file).map_or(0, |(rows, ..)| rows.header_row())
    }
}
