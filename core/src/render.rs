//! Rendering: a [`Report`] becomes words and bytes. Nothing else in the core writes prose or a wire format.
//!
//! Every format is a function of the report alone, so the same report gives the same bytes everywhere, and takes time and space in
//! proportion to the stored findings. One file each: [`text`] and [`short`] for people, [`json`], [`ndjson`] and [`csv`] for programs.
//! The spreadsheet (`sheet`, with the feature `xlsx-write`) is apart: it shows the rows of the files, too, and so has to be given them.
//!
//! User data is data: [`words::visible`] keeps control characters, colour codes and reordering marks of a cell, a header or a file name
//! out of the formats for people, and [`csv`] keeps a cell from becoming a formula. The formats for programs carry values as read.

use crate::report::Report;

pub mod causes;
pub mod comparison;
pub mod csv;
pub mod explain;
pub mod json;
pub mod ndjson;
pub mod pages;
#[cfg(feature = "xlsx-write")]
pub mod sheet;
pub mod short;
pub mod text;
pub mod verdict;
pub mod words;

pub use explain::{explain, explain_json};
pub use short::summary;
pub use verdict::verdict;

/// The JSON Schema (2020-12) of the `json` format.
pub const REPORT_SCHEMA: &str = include_str!("render/report.schema.json");

/// The name and version of the report format, its member `format`.
pub const FORMAT: &str = "concord-report/1";

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: the verdict, then the causes with why and how to mend, then what was not checked.
    #[default]
    Text,
    /// One line a finding: `file:line:byte: severity[code] column: sentence`.
    Short,
    /// The whole report as one JSON object.
    Json,
    /// One JSON object a line: the report without its findings, then each finding.
    Ndjson,
    /// One row a finding.
    Csv,
}

impl Format {
    /// Every format, in the order in which help texts name them.
    pub const ALL: [Format; 5] = [Format::Text, Format::Short, Format::Json, Format::Ndjson, Format::Csv];

    /// The name on the command line and in requests.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Short => "short",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
        }
    }

    /// The format of that name. `None` when there is none.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.name() == name)
    }

    /// The format that a file name's extension asks for (`.txt .json .ndjson .jsonl .csv`, in any case). `None` for another or none.
    pub fn from_path(path: &str) -> Option<Format> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        match extension.to_ascii_lowercase().as_str() {
            "txt" => Some(Format::Text),
            "json" => Some(Format::Json),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }

    /// The media type with which a server sends it.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Text | Format::Short => "text/plain; charset=utf-8",
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

/// How the text format is laid out. The other formats have no choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Columns of the terminal; at least [`text::NARROWEST`] are used.
    pub width: usize,
    /// Whether to colour with ANSI codes. Colour never says what the words do not.
    pub color: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { width: 80, color: false }
    }
}

/// Writes the report in a format. Never fails; the text ends with a line end unless it is empty.
pub fn render(report: &Report, format: Format, options: &Options) -> String {
    match format {
        Format::Text => text::text(report, options),
        Format::Short => short::short(report),
        Format::Json => json::json(report),
        Format::Ndjson => ndjson::ndjson(report),
        Format::Csv => csv::csv(report),
    }
}

#[cfg(test)]
mod tests;
