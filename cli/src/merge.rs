//! `concord merge`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use concord_core::check::dataset::{Options, Start};
use concord_core::convert::Uniting;
use concord_core::encode::WriterConfig;
use concord_core::merge::manifest;
use concord_core::render;

use crate::apart::{Output, apart};
use crate::args;
use crate::convert::usable;
use crate::handed::Handed;
use crate::output::{Failure, print};
use crate::reading::Input;
use crate::report_out::{Form, outputs, report_files, write_reports};
use crate::sink::Target;
use crate::target::{self, file_name};
use crate::validate::{exit, format, say_what_is_cut, terminal};

/// Name of the added first column.
const COLUMN: &str = "source";

pub(crate) fn run(args: &args::Merge) -> Result<ExitCode, Failure> {
    let shown = format(&args.format)?;
    let reports = report_files(&args.report)?;
    let output = Target::of(Some(&args.output), None)?;
    let to_stdout = output.is_stdout();
    let written: Vec<Output<'_>> = output.output().into_iter().chain(outputs(&reports)).collect();
    apart(args.files.iter().chain(&args.towns).map(PathBuf::as_path), &written)?;
    let to = target::package(&args.to)?;
    let options = Options { max_findings: args.max_findings, read: target::read_options(Some(&args.to), &args.how)?, ..Options::default() };
    let sources = sources(args)?;
    let inputs = args.files.iter().map(|p| Input::open(p, &options.read)).collect::<Result<Vec<_>, _>>()?;
    let starts: Vec<Start<'_>> = inputs.iter().map(Input::start).collect();
    let writer = WriterConfig { format: output.format(), ..WriterConfig::default() };
    let mut uniting = Uniting::open(&to, &starts, &sources, COLUMN, &writer, &options).map_err(|e| Failure::said(e.to_string()))?;
    drop(starts);
    let mut sink = output.open(&[uniting.table().to_owned()])?;
    let with_digest = std::iter::once(shown).map(Form::Text).chain(reports.iter().map(|r| r.1)).any(Form::with_digest);
    for (index, input) in inputs.into_iter().enumerate() {
        input.read("Uniting", &mut uniting, index, with_digest, &mut |job| {
            usable(job.full())?;
            sink.write(0, &job.take_output())
        })?;
    }
    uniting.close();
    usable(uniting.full())?;
    let (report, rest) = uniting.finish();
    sink.write(0, &rest)?;
    sink.finish()?;
    write_reports(&reports, &report, &Handed::of_paths(&args.files), &options.read)?;
    let text = render::render(&report, shown, &terminal());
    if to_stdout {
        eprint!("{text}");
    } else {
        print(&text)?;
    }
    say_what_is_cut(&report, shown);
    Ok(exit(&report, args.strict))
}

/// What each file's rows are called: what the list says, or the file's name without its extension.
fn sources(args: &args::Merge) -> Result<Vec<String>, Failure> {
    let Some(path) = &args.towns else {
        let stem = |p: &PathBuf| p.file_stem().map_or_else(|| file_name(p), |s| s.to_string_lossy().into_owned());
        return Ok(args.files.iter().map(stem).collect());
    };
    let bytes = fs::read(path).map_err(|e| Failure::of(path, &e))?;
    let list = manifest(&bytes).map_err(|e| Failure::said(format!("{}: {e}", path.display())))?;
    let named = |file: &PathBuf| {
        let found = list.get(file.to_string_lossy().as_ref()).or_else(|| list.get(&file_name(file)));
        found.cloned().ok_or_else(|| Failure::said(format!("{} does not list the file {}", path.display(), file_name(file))))
    };
    args.files.iter().map(named).collect()
}
