//! Validating: the same report however the bytes come.

use std::sync::{Arc, OnceLock};

use concord_core::bounds::SAMPLE;
use concord_core::check::dataset::{Dataset, Options};
use concord_core::check::plan::StandardPlan;
use concord_core::read::{Form, Intake, ReadOptions, form};
use concord_core::render::{Format, Options as Layout, render};
use concord_core::report::Report;
use concord_core::schema::parse::parse;
use concord_core::session::{Choice, Feed, Session};

use crate::input::{Input, parts};

/// The first byte's value from which on the input brings its own schema.
const OWN_SCHEMA: u8 = 200;
/// … and that from which on the standard is detected.
const DETECT: u8 = 190;

pub(crate) fn plans() -> &'static Vec<Arc<StandardPlan>> {
    static PLANS: OnceLock<Vec<Arc<StandardPlan>>> = OnceLock::new();
    PLANS.get_or_init(|| concord_standards::catalog().all().map(|p| Arc::new(StandardPlan::of_package(p))).collect())
}

/// The number of embedded standards, and the number of the one called so.
pub(crate) fn number_of(reference: &str) -> Option<u8> {
    plans().iter().position(|p| p.reference() == reference).map(|i| i as u8)
}

/// The first byte chooses the standard, the next two the cuts. The rest is the file; with a schema of its own, that stands before the
/// line `== data`.
pub fn validate(data: &[u8]) {
    let mut input = Input::new(data);
    let (choice, cut, repeat) = (input.byte(), input.byte(), input.byte());
    let rest = input.rest();
    let (choice, file) = match choice {
        OWN_SCHEMA.. => {
            let mut parts = parts(rest).into_iter();
            let schema = parts.next().map(|(_, bytes)| bytes).unwrap_or_default();
            let Some(schema) = parse(&schema, "input.table.json").schema else { return };
            let file = parts.next().map(|(_, bytes)| bytes).unwrap_or_default();
            let schemas = vec![("input".to_owned(), Vec::new(), Arc::new(schema))];
            (Choice::Given(Arc::new(StandardPlan::of_schemas("input", "", schemas))), file)
        }
        DETECT.. => (Choice::Detect(plans().clone()), rest.to_vec()),
        n => (Choice::Given(plans()[usize::from(n) % plans().len()].clone()), rest.to_vec()),
    };
    // Now and then a file longer than what decides about it.
    let file = if repeat >= 250 { file.repeat(SAMPLE / file.len().max(1) + 2) } else { file };
    let options = Options { max_findings: if cut % 5 == 0 { 3 } else { 1000 }, ..Options::default() };
    let whole = session(&choice, &options, std::iter::once(file.as_slice()));
    let step = 1 + usize::from(cut);
    same(&session(&choice, &options, file.chunks(step * step)), &whole, &format!("pieces of {} bytes", step * step));
    let read = ReadOptions { layouts: choice.layouts(), ..ReadOptions::default() };
    // What is read as rows has no bytes to be cut into blocks.
    if Intake::of_bytes("input.csv", &file, true, &read).is_plain() {
        same(&feed(&choice, &options, &file, step * 3), &whole, &format!("blocks of about {} bytes", step * 3));
    }
}

/// Tells the first line in which the reports differ; the whole of both is more than anyone reads.
fn same(report: &str, whole: &str, how: &str) {
    if report == whole {
        return;
    }
    let mut lines = report.lines().zip(whole.lines()).enumerate();
    let (line, (a, b)) = lines.find(|(_, (a, b))| a != b).unwrap_or((0, ("", "")));
    panic!("{how} give another report from line {}: {a} in place of {b}; {} and {} bytes", line + 1, report.len(), whole.len());
}

fn session<'a>(choice: &Choice, options: &Options, pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let mut session = Session::new("input.csv", choice.clone(), options.clone(), true);
    pieces.for_each(|piece| session.push(piece));
    told(&session.finish())
}

/// The same as a session, but with blocks far smaller than those of the shells.
fn feed(choice: &Choice, options: &Options, file: &[u8], step: usize) -> String {
    let sample = &file[..file.len().min(SAMPLE)];
    if form::sniff(sample, file.len() <= SAMPLE) != Form::Delimited {
        // Other forms have batches of their own; only how the bytes come is left to vary.
        return session(choice, options, file.chunks(step));
    }
    let intake = Intake::of_bytes("input.csv", file, true, &options.read);
    let start = intake.start();
    let plan = choice.decide(std::slice::from_ref(&start), options);
    let mut dataset = Dataset::open(plan, std::slice::from_ref(&start), false, options.clone());
    if let Some((check, data_start)) = dataset.start(0, &start) {
        let first = file.len().min(data_start + step);
        let mut feed = Feed::new(check, file[..first].to_vec(), data_start);
        for piece in file[first..].chunks(step) {
            feed.advance(false, &mut dataset, 0);
            feed.buffer().extend_from_slice(piece);
        }
        feed.finish(&mut dataset, 0);
    }
    dataset.describe(0, file.len() as u64, Some(concord_core::session::digest(file)));
    told(&dataset.finish())
}

fn told(report: &Report) -> String {
    let json = render(report, Format::Json, &Layout::default());
    let value: serde_json::Value = serde_json::from_str(&json).expect("the report is JSON");
    let errors = value["counts"]["error"].as_u64().expect("the report counts errors");
    assert_eq!(value["valid"].as_bool(), Some(errors == 0), "a file is valid when it has no error");
    json
}
