//! `concord suggest`.

use std::process::ExitCode;
use std::sync::Arc;

use concord_core::check::bind::Sample;
use concord_core::check::plan::StandardPlan;
use concord_core::decode::dialect::DialectHints;
use concord_core::detect;
use concord_core::package::Package;
use concord_core::read::ReadOptions;
use concord_core::read::sheet::Wanted;
use concord_core::render::words;
use concord_core::suggest::{Export, Known, suggest};

use crate::args;
use crate::convert::refuse_own_input;
use crate::output::{Failure, print, write_file};
use crate::reading::Input;
use crate::target::{self, catalog};

pub(crate) fn run(args: &args::Suggest) -> Result<ExitCode, Failure> {
    if let Some(output) = &args.output {
        refuse_own_input(std::slice::from_ref(&args.file), std::iter::once(output.as_path()))?;
    }
    let to = target::package(&args.to)?;
    // No layout is applied: the draft describes the file as it stands.
    let plans: Vec<Arc<StandardPlan>> = catalog().all().map(|p| Arc::new(StandardPlan::of_package(p))).collect();
    let input = Input::open(&args.file, &ReadOptions { wanted: Wanted::any_of(plans.clone()), ..args.how.options() })?;
    say_which(&input);
    say_if_known(&input, &to, &plans);
    let rows = input.start_rows(&DialectHints::default());
    let export = Export::of_rows(&input.name, &rows, input.is_keyed())
        .map_err(|_| Failure::said(format!("{}: no table with a header can be seen in it", input.name)))?;
    let packages: Vec<&Package> = catalog().all().map(Arc::as_ref).collect();
    let draft = suggest(&export, &to, Known { packages: &packages });
    match &args.output {
        Some(path) => write_file(path, draft.toml().as_bytes())?,
        None => print(draft.toml())?,
    }
    let found: usize = draft.tables.iter().map(|t| t.lines.len()).sum();
    eprintln!(
        "{}: {} found among {}, {} not used; the draft says why, line by line",
        input.name,
        words::counted(found as u64, "field", "fields"),
        words::counted(export.columns().count() as u64, "column", "columns"),
        draft.unused.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// Says which sheet of a workbook, or file of an archive, is described, when there are others.
fn say_which(input: &Input) {
    for finding in input.findings().iter().filter(|f| f.code.text() == "C225") {
        eprintln!("{}: {}. {}", input.name, words::message(finding), words::mend(finding));
    }
}

/// Says when no draft is needed, because the file is of a layout that is known.
fn say_if_known(input: &Input, to: &Arc<Package>, plans: &[Arc<StandardPlan>]) {
    let start = input.start();
    let Ok(head) = start.head(&DialectHints::default()) else { return };
    let Some((plan, _)) = detect::choose(plans, &[(&head, Sample { bytes: start.sample, whole: start.whole })]) else { return };
    let reference = plan.reference();
    if reference == to.reference() {
        eprintln!("{}: this is {reference} already; to check it: concord validate --standard {reference}", input.name);
    } else if to.crosswalks.iter().any(|c| c.from.split('@').next() == Some(plan.id.as_str())) {
        eprintln!("{}: taken for {reference}, which can be converted as it is: concord convert --to {}", input.name, to.reference());
    }
}
