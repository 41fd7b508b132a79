//! The command line, as it is typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use concord_core::bounds;
use concord_core::read::ReadOptions;

/// Checks and converts local government data against national and regional standards.
#[derive(Debug, Parser)]
#[command(name = "concord", version, about, after_help = "Exit status: 0 clean, 1 findings at error level, 2 the job could not be done.")]
pub(crate) struct Concord {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files against a standard, a layout or a schema.
    Validate(Validate),
    /// Convert files of a town's layout into a standard.
    Convert(Convert),
    /// Unite converted files of one table into one that says where each row comes from.
    Merge(Merge),
    /// Say which standard or layout a file is, how sure, and why.
    Detect(Detect),
    /// Draft a crosswalk from an export that no layout describes yet.
    Suggest(Suggest),
    /// Look at the standards that Concord knows, or check a package of one.
    #[command(subcommand)]
    Standards(Standards),
    /// Explain a code that a finding carries.
    Explain(Explain),
    /// Say whether the standard that a report names is the one that was published, by a registry: REPORT --registry URL.
    #[command(disable_help_flag = true)]
    Verify {
        /// As the registry's program takes them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORDS")]
        words: Vec<OsString>,
    },
    /// Serve and keep a registry, and use one elsewhere: serve, publish, pull, mirror, token, audit, backup, restore, verify, export.
    /// `concord registry --help` tells more.
    #[command(disable_help_flag = true)]
    Registry {
        /// As the registry's program takes them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORDS")]
        words: Vec<OsString>,
    },
}

/// How files that are not delimited text are read.
#[derive(Debug, Args)]
pub(crate) struct HowToRead {
    /// Where the records are in nested data: a JSON Pointer such as /result/records, or the path of an XML element. Default: found by evidence.
    #[arg(long, value_name = "POINTER")]
    records: Option<String>,
    /// The sheet of a workbook, or the file in an archive, by its name; FILE/SHEET for a sheet of a workbook in an archive. Default: the first
    /// with the header of the standard, or else with anything.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Set a bound that keeps a damaged or hostile file from using up the machine; the finding that a bound was hit names it.
    /// Bounds: whole-file, unpacked, ratio, archive-files, sheet-rows, sheet-columns, sheet-cells, sheet-text, shared-text, sheets, pages.
    #[arg(long, value_name = "NAME=VALUE", value_parser = bound)]
    bound: Vec<(&'static str, u64)>,
}

/// A bound and its value, from `NAME=VALUE`.
fn bound(text: &str) -> Result<(&'static str, u64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as sheet-cells=50000000")?;
    let names = || bounds::NAMED.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let (name, _) = bounds::NAMED.iter().find(|(n, _)| *n == name).ok_or_else(|| format!("there are the bounds {}", names()))?;
    let value = value.replace(['_', ','], "").parse().ok().filter(|v| *v > 0).ok_or("a bound is a whole number above zero")?;
    Ok((name, value))
}

impl HowToRead {
    /// The same for the core.
    pub(crate) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions { records: self.records.clone(), sheet: self.sheet.clone(), ..ReadOptions::default() };
        for (name, value) in &self.bound {
            options.set_bound(name, *value);
        }
        options
    }
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Files, or datasets: folders, zip archives, descriptors (datapackage.json); or `-` for the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The standard, as `id@version`, or `id` for its newest stable version. Without it, the files are recognised by their content.
    #[arg(long, value_name = "REF", conflicts_with = "schema")]
    pub(crate) standard: Option<String>,
    /// The registry to take the standard from, checked against its signed log. What was taken is kept, and used when there is no connection.
    #[arg(long, value_name = "URL", requires = "standard")]
    pub(crate) registry: Option<String>,
    /// A schema of your own: a Table Schema, a Data Package descriptor, a JSON Schema or an XML Schema (XSD). Of several JSON or XML Schemas the
    /// first is the one that is meant, the others are those that it refers to; `file.json#/pointer` means a part of a larger document.
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Vec<PathBuf>,
    /// How the report is shown: text, short, json, ndjson or csv.
    #[arg(long, value_name = "F", default_value = "text")]
    pub(crate) format: String,
    /// Also write the report to a file; its extension chooses the format (.xlsx .json .ndjson .csv .txt). An .xlsx shows your own
    /// rows with the cells at fault coloured and explained.
    #[arg(long, value_name = "OUT")]
    pub(crate) report: Vec<PathBuf>,
    /// Findings that a report lists; counts are always complete.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) max_findings: usize,
    /// Threads; 1 is a true single thread. Default: one for each processor.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Warnings count as errors for the exit status.
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) how: HowToRead,
}

#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// Files of one layout, folders or zip archives with them, or `-` for the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The standard they shall become, as `id@version` or `id`.
    #[arg(long, value_name = "REF")]
    pub(crate) to: String,
    /// The layout they are in. Without it, the files are recognised by their content.
    #[arg(long, value_name = "REF")]
    pub(crate) from: Option<String>,
    /// The registry to take the standard from that they shall become, checked against its signed log. What was taken is kept, and used when
    /// there is no connection.
    #[arg(long, value_name = "URL")]
    pub(crate) registry: Option<String>,
    /// A crosswalk of your own, with its lookup tables beside it.
    #[arg(long, value_name = "PATH")]
    pub(crate) crosswalk: Option<PathBuf>,
    /// Where the converted data go: a file (.csv .tsv .json .ndjson .geojson .xml .xlsx .parquet), or a whole dataset with its
    /// descriptor: a folder when it ends in `/`, or a .zip. Default: the standard output.
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Also write the source rows that could not be converted, as they were, with a reason column.
    #[arg(long, value_name = "OUT")]
    pub(crate) rejects: Option<PathBuf>,
    /// Also write the report to a file; its extension chooses the format (.xlsx .json .ndjson .csv .txt). An .xlsx shows your own
    /// rows with the cells at fault coloured and explained.
    #[arg(long, value_name = "OUT")]
    pub(crate) report: Vec<PathBuf>,
    /// How the report is shown: text, short, json, ndjson or csv. It goes to the standard error when the data go to the standard output.
    #[arg(long, value_name = "F", default_value = "text")]
    pub(crate) format: String,
    /// A value that the crosswalk asks for and the files do not hold.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Format of the data where no file name says it: csv, tsv, json, ndjson, geojson, xml, xlsx or parquet.
    #[arg(long = "as", value_name = "EXT")]
    pub(crate) as_: Option<String>,
    /// Findings that a report lists; counts are always complete.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) max_findings: usize,
    /// Warnings count as errors for the exit status.
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) how: HowToRead,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Files of one table of the standard.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The standard they are in, as `id@version` or `id`.
    #[arg(long, value_name = "REF")]
    pub(crate) to: String,
    /// Where the united table goes: a file (.csv .tsv .json .ndjson .geojson .xml .xlsx .parquet), a folder or a .zip.
    #[arg(short = 'o', long = "output", value_name = "OUT", required = true)]
    pub(crate) output: PathBuf,
    /// A CSV with the columns `file` and `source`: what stands in the first column for each file. Default: the file's name.
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) towns: Option<PathBuf>,
    /// Also write the report to a file; its extension chooses the format (.xlsx .json .ndjson .csv .txt). An .xlsx shows your own
    /// rows with the cells at fault coloured and explained.
    #[arg(long, value_name = "OUT")]
    pub(crate) report: Vec<PathBuf>,
    /// How the report is shown: text, short, json, ndjson or csv.
    #[arg(long, value_name = "F", default_value = "text")]
    pub(crate) format: String,
    /// Findings that a report lists; counts are always complete.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) max_findings: usize,
    /// Warnings count as errors for the exit status.
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) how: HowToRead,
}

#[derive(Debug, Args)]
pub(crate) struct Detect {
    /// The file, a folder or a zip archive; or `-`.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// text or json.
    #[arg(long, value_name = "F", default_value = "text")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) how: HowToRead,
}

#[derive(Debug, Args)]
pub(crate) struct Suggest {
    /// The export, or `-` for the standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The standard it shall become, as `id@version` or `id`.
    #[arg(long, value_name = "REF")]
    pub(crate) to: String,
    /// Where the draft goes, a .toml file. Default: the standard output.
    #[arg(short = 'o', long = "output", value_name = "CROSSWALK")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) how: HowToRead,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Standards {
    /// List all standards and layouts.
    List,
    /// Show one: its tables, fields, rules and crosswalks.
    Show {
        /// `id@version` or `id`.
        #[arg(value_name = "REF")]
        reference: String,
    },
    /// Compare two versions: who can go on as before, with a made-up table for whatever is refused.
    Compare {
        /// The older one: `id@version`, a package folder, or a Table Schema file.
        #[arg(value_name = "OLD")]
        old: String,
        /// The newer one.
        #[arg(value_name = "NEW")]
        new: String,
        /// text or json.
        #[arg(long, value_name = "F", default_value = "text")]
        format: String,
    },
    /// Write a workbook to fill in: a sheet for each table, with drop-downs and explanations. It is recognised when it comes back.
    Template {
        /// `id@version` or `id`.
        #[arg(value_name = "REF")]
        reference: String,
        /// The file to write.
        #[arg(short = 'o', long = "output", value_name = "OUT.xlsx")]
        output: PathBuf,
    },
    /// Write the pages of all standards as files to read in a browser: tables, fields, rules, code lists, versions, and what findings mean.
    Doc {
        /// The folder to write: a new or empty one, or one that concord wrote.
        #[arg(short = 'o', long = "output", value_name = "DIR")]
        output: PathBuf,
    },
    /// Import the official schema files of a standard that comes without them.
    Import {
        /// A folder or a zip archive with the schema files.
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// The standard they belong to, as `id@version` or `id`.
        #[arg(long = "as", value_name = "REF")]
        reference: String,
    },
    /// Check packages (folders) or bare schema files.
    Check {
        /// Package folders, Table Schema files, Data Package descriptors or XML schemas (those of one schema together).
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Such as C304 or blds/issued-before-applied.
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
}
