//! `concord validate` and `concord detect`.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use concord_core::check::bind::Sample;
use concord_core::check::dataset::{Dataset, Options, Start};
use concord_core::check::plan::StandardPlan;
use concord_core::detect;
use concord_core::finding::Severity;
use concord_core::render::{self, Format};
use concord_core::report::Report;
use concord_core::session::Choice;

use crate::apart::apart;
use crate::args;
use crate::handed::Handed;
use crate::output::{Failure, print};
use crate::reading::Input;
use crate::report_out::{Form, outputs, report_files, write_reports};
use crate::target;

pub(crate) fn run(args: &args::Validate) -> Result<ExitCode, Failure> {
    let format = format(&args.format)?;
    let reports = report_files(&args.report)?;
    // A schema's path may name a part of it behind a #.
    let schemas =
        args.schema.iter().map(|path| path.to_str().and_then(|p| p.split_once('#')).map_or(path.as_path(), |(file, _)| Path::new(file)));
    apart(args.files.iter().map(PathBuf::as_path).chain(schemas), &outputs(&reports).collect::<Vec<_>>())?;
    let with_digest = std::iter::once(format).map(Form::Text).chain(reports.iter().map(|r| r.1)).any(Form::with_digest);
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let choice = match (&args.standard, &args.registry) {
        (Some(reference), Some(url)) => Choice::Given(Arc::new(StandardPlan::of_package(&*target::named(reference, Some(url))?))),
        _ => target::choice(args.standard.as_deref(), &args.schema)?,
    };
    let read = choice.reading(args.how.options());
    let options = Options { max_findings: args.max_findings, read, ..Options::default() };
    let how = options.read.clone();
    let (report, handed) = check_files(&choice, &args.files, options, threads, with_digest)?;
    write_reports(&reports, &report, &handed, &how)?;
    print(&render::render(&report, format, &terminal()))?;
    say_what_is_cut(&report, format);
    Ok(exit(&report, args.strict))
}

/// How text is shown on the standard output.
pub(crate) fn terminal() -> render::Options {
    let tty = std::io::stdout().is_terminal();
    let width = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).unwrap_or(100);
    render::Options { width, color: tty && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) }
}

/// Says that a list is cut, where its format has no place for that: nobody may take the list for all there is.
pub(crate) fn say_what_is_cut(report: &Report, format: Format) {
    if report.findings.truncated() && matches!(format, Format::Short | Format::Csv) {
        eprintln!("{}", render::short::summary(report));
    }
}

/// The exit status that a report means.
pub(crate) fn exit(report: &Report, strict: bool) -> ExitCode {
    let findings = &report.findings;
    let bad = findings.count(Severity::Error) > 0 || (strict && findings.count(Severity::Warning) > 0);
    ExitCode::from(u8::from(bad))
}

pub(crate) fn format(name: &str) -> Result<Format, Failure> {
    if name == "xlsx" {
        return Err(Failure::said("a report as a spreadsheet is a file; write --report OUT.xlsx"));
    }
    let names = || Format::ALL.map(Format::name).join(", ");
    Format::parse(name).ok_or_else(|| Failure::said(format!("there is no report format \"{name}\"; there are {}", names())))
}

/// Reads and checks what was named; the report names the tables in the order given.
fn check_files(
    choice: &Choice,
    paths: &[PathBuf],
    options: Options,
    threads: usize,
    with_digest: bool,
) -> Result<(Report, Handed), Failure> {
    let (mut handed, mut inputs) = Handed::open(paths, choice, true, &options.read)?;
    for (dataset, reference) in handed.followed() {
        eprintln!("{}: checked against {reference}, as its descriptor says", render::words::visible(dataset));
    }
    let choice = handed.choice(choice);
    let starts: Vec<Start<'_>> = inputs.iter().map(Input::start).collect();
    let plan = choice.decide(&starts, &options);
    drop(starts);
    handed.sift(&plan, None, &mut inputs, &options);
    let starts: Vec<Start<'_>> = inputs.iter().map(Input::start).collect();
    if matches!(choice, Choice::Detect(_)) && plan.known {
        announce(&plan, &starts, &options);
    }
    let general = handed.findings(&plan);
    let mut dataset = Dataset::open(plan, &starts, handed.is_dataset(), options);
    drop(starts);
    dataset.add_general(general);
    let mut inputs: Vec<Option<Input>> = inputs.into_iter().map(Some).collect();
    for index in dataset.reading_order() {
        if let Some(input) = inputs[index].take() {
            input.check(&mut dataset, index, threads, with_digest)?;
        }
    }
    Ok((dataset.finish(), handed))
}

/// Says what was recognised and how sure that is.
pub(crate) fn announce(plan: &Arc<StandardPlan>, starts: &[Start<'_>], options: &Options) {
    for start in starts {
        if let Some(kind) = start.document {
            eprintln!("{}: taken for {}, document \"{}\" (sure, by its outermost element)", start.name, plan.reference(), kind.resource());
            continue;
        }
        if let Some(guess) = detect::nested(std::slice::from_ref(plan), start) {
            let (name, what) = (&guess.table.name, guess.sureness());
            eprintln!("{}: taken for {}, \"{name}\" ({what}, {} %)", start.name, plan.reference(), guess.score / 10);
            continue;
        }
        let Ok(head) = start.head(&options.hints) else { continue };
        let sample = Sample { bytes: start.sample, whole: start.whole };
        if let Some(guess) = detect::detect(std::slice::from_ref(plan), &head, &sample).first() {
            eprintln!(
                "{}: taken for {}, table \"{}\" ({}, {} %)",
                start.name,
                plan.reference(),
                guess.table.name,
                guess.sureness(),
                guess.score / 10
            );
        }
    }
}

pub(crate) fn detect(args: &args::Detect) -> Result<ExitCode, Failure> {
    let json = match args.format.as_str() {
        "text" => false,
        "json" => true,
        other => return Err(Failure::said(format!("there is no format \"{other}\" here; there are text and json"))),
    };
    let plans = target::plans()?;
    let choice = Choice::Detect(plans.clone());
    let read = choice.reading(args.how.options());
    let options = Options { read, ..Options::default() };
    let (mut handed, mut inputs) = Handed::open(std::slice::from_ref(&args.file), &choice, false, &options.read)?;
    if inputs.len() == 1 {
        let start = inputs[0].start();
        if let Some(kind) = start.document {
            print(&detect::document(start.name, kind.standard(), kind.resource(), json))?;
            return Ok(ExitCode::SUCCESS);
        }
        let guesses = detect::readings(&plans, &start, &options.hints);
        let recognised = guesses.first().is_some_and(|g| g.score >= detect::ENOUGH);
        let instead = if recognised { None } else { detect::instead_of(&plans, &start, &options.hints) };
        let instead = instead.as_ref();
        print(&if json { detect::json(start.name, &guesses, instead) } else { detect_text(start.name, &guesses, instead) })?;
        return Ok(ExitCode::from(u8::from(!recognised)));
    }
    let plan = choice.decide(&inputs.iter().map(Input::start).collect::<Vec<_>>(), &options);
    handed.sift(&plan, None, &mut inputs, &options);
    let tables: Vec<(String, Vec<detect::Guess>)> = inputs
        .iter()
        .map(|input| {
            let start = input.start();
            let of: &[Arc<StandardPlan>] = if plan.known { std::slice::from_ref(&plan) } else { &plans };
            (start.name.to_owned(), detect::readings(of, &start, &options.hints))
        })
        .collect();
    let name = target::file_name(&args.file);
    let whole = detect::Dataset { name: &name, plan: plan.known.then_some(&*plan), tables: &tables };
    print(&if json { whole.json() } else { whole.text() })?;
    Ok(ExitCode::from(u8::from(!plan.known)))
}

fn detect_text(name: &str, guesses: &[detect::Guess], instead: Option<&detect::Instead>) -> String {
    let mut out = String::new();
    let name = render::words::visible(name);
    match guesses.first() {
        Some(best) if best.score >= detect::ENOUGH => {
            let _ = writeln!(
                out,
                "{name}: {}, table \"{}\" ({}, {} %)",
                best.plan.reference(),
                best.table.name,
                best.sureness(),
                best.score / 10
            );
            best.reasons().iter().for_each(|r| out.push_str(&format!("  {r}\n")));
        }
        _ => {
            let _ = writeln!(out, "{name}: none of the standards and layouts known here");
            if let Some(instead) = instead {
                let _ = writeln!(out, "  {}", render::words::visible(&instead.words()));
            }
        }
    }
    let others: Vec<String> = guesses
        .iter()
        .skip(1)
        .filter(|g| g.score >= 100)
        .take(4)
        .map(|g| format!("{} \"{}\" {} %", g.plan.reference(), g.table.name, g.score / 10))
        .collect();
    if !others.is_empty() {
        let _ = writeln!(out, "  less likely: {}", others.join(", "));
    }
    out
}
