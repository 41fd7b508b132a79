//! `concord convert`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use concord_core::check::bind::Sample;
use concord_core::check::dataset::{Options, Start};
use concord_core::check::plan::StandardPlan;
use concord_core::convert::{Job, Way};
use concord_core::decode::Head;
use concord_core::detect;
use concord_core::encode::descriptor::{About, Written};
use concord_core::encode::{self, WriterConfig};
use concord_core::finding::{Finding, Severity};
use concord_core::map::MapPlan;
use concord_core::package::catalog::{self, Catalog, NoRoute};
use concord_core::package::read_crosswalk::parse_crosswalk;
use concord_core::package::{Crosswalk, Package, StandardRef, lint};
use concord_core::read::ReadOptions;
use concord_core::read::sheet::Wanted;
use concord_core::render::{self, words};
use concord_core::session::Choice;

use crate::apart::{Output, apart};
use crate::args;
use crate::dataset_out::Describe;
use crate::handed::Handed;
use crate::output::{Failure, WholeFile, print};
use crate::reading::Input;
use crate::report_out::{Form, outputs, report_files, write_reports};
use crate::sink::Target;
use crate::target::{self, catalog, file_name};
use crate::validate::{announce, exit, format, say_what_is_cut, terminal};

pub(crate) fn run(args: &args::Convert) -> Result<ExitCode, Failure> {
    let shown = format(&args.format)?;
    let reports = report_files(&args.report)?;
    let output = Target::of(args.output.as_deref(), args.as_.as_deref())?;
    let to_stdout = output.is_stdout();
    let rejects = args.rejects.as_deref().map(|path| Output::File(path, "the rejects"));
    let written: Vec<Output<'_>> = output.output().into_iter().chain(rejects).chain(outputs(&reports)).collect();
    apart(args.files.iter().chain(&args.crosswalk).map(PathBuf::as_path), &written)?;
    let to = target::named(&args.to, args.registry.as_deref())?;
    // A crosswalk of the user's own says what the files are in, so it is read before them.
    let own = args.crosswalk.as_deref().map(|path| own_road(path, args.from.as_deref(), &to)).transpose()?;
    let read = match &own {
        Some((from, _)) => target::read_options_of(std::slice::from_ref(from), &args.how),
        None => target::read_options(args.from.as_deref(), &args.how)?,
    };
    let sources = sources(args, &to)?;
    let wanted = match &own {
        Some((from, _)) => Wanted::named(Arc::new(StandardPlan::of_package(from))),
        None => sources.wanted(),
    };
    let mut options = Options { max_findings: args.max_findings, read: ReadOptions { wanted, ..read }, ..Options::default() };
    if let Choice::Detect(plans) = &sources
        && own.is_none()
    {
        options.read.layouts = options.read.layouts.with_plans(plans.iter().cloned());
    }
    let (mut handed, mut inputs) = Handed::open(&args.files, &sources, false, &options.read)?;
    let starts: Vec<Start<'_>> = inputs.iter().map(Input::start).collect();
    let legs = match own {
        Some((from, crosswalk)) => vec![Leg { from, to: Arc::clone(&to), crosswalk }],
        None => road(args, &to, &starts, &options)?,
    };
    drop(starts);
    let Some(Leg { from, crosswalk: first, .. }) = legs.first() else {
        return Err(Failure::said(format!("there is no crosswalk to {}", to.reference())));
    };
    let plan = StandardPlan::of_package(from);
    handed.sift(&plan, Some(&|table| first.tables.iter().any(|t| t.from == table)), &mut inputs, &options);
    let starts: Vec<Start<'_>> = inputs.iter().map(Input::start).collect();
    let givens = givens(&args.set, legs.iter().map(|leg| &leg.crosswalk))?;
    let ways: Vec<Way<'_>> =
        legs.iter().map(|leg| Way { from: &leg.from, to: &leg.to, crosswalk: &leg.crosswalk, givens: &givens }).collect();
    let writer = WriterConfig { format: output.format(), several_files: output.is_many(), ..WriterConfig::default() };
    let mut job = Job::open_over(&ways, &starts, writer, &options).map_err(|e| Failure::said(e.to_string()))?;
    drop(starts);
    job.add_general(handed.findings(&plan));

    let tables = job.tables();
    let names: Vec<String> = tables.iter().map(|t| t.1.clone()).collect();
    let format = output.format();
    let mut sink = output.open(&names)?;
    if !job.gathers() {
        sink.describe(description(&to, format, job.written()));
    }
    let mut rejects = match &args.rejects {
        Some(_) if !job.rejects_fit_together() => {
            return Err(Failure::said(
                "the files have different headers, so their rejects cannot stand in one file; convert them one by one",
            ));
        }
        Some(path) => Some(WholeFile::create(path)?),
        None => None,
    };
    let mut drain = |job: &mut Job| {
        usable(job.full())?;
        for (i, (resource, _)) in tables.iter().enumerate() {
            job.hand_over(*resource, |bytes| sink.write(i, bytes))?;
        }
        let rows = job.take_rejects();
        rejects.as_mut().map_or(Ok(()), |file| file.write(&rows))
    };
    let with_digest = std::iter::once(shown).map(Form::Text).chain(reports.iter().map(|r| r.1)).any(Form::with_digest);
    let mut inputs: Vec<Option<Input>> = inputs.into_iter().map(Some).collect();
    for index in job.reading_order() {
        if let Some(input) = inputs[index].take() {
            input.read("Converting", &mut job, index, with_digest, &mut drain)?;
        }
    }
    let balance = job.finish();
    drain(&mut job)?;
    let report = job.report(balance);
    sink.finish()?;
    if let Some(file) = rejects {
        file.finish()?;
    }
    write_reports(&reports, &report, &handed, &options.read)?;
    let text = render::render(&report, shown, &terminal());
    if to_stdout {
        eprint!("{text}");
    } else {
        print(&text)?;
    }
    say_what_is_cut(&report, shown);
    Ok(exit(&report, args.strict))
}

/// The descriptor of a dataset in the target's form.
fn description(to: &Package, format: encode::Format, written: Vec<Written>) -> Describe {
    let (manifest, reference) = (to.manifest.clone(), to.reference());
    Box::new(move |files| {
        let about = About { name: &manifest.id, title: &manifest.title, standard: &reference, homepage: &manifest.homepage };
        encode::descriptor::data_package(&about, format, &written, files)
    })
}

/// Refuses output of which the form cannot hold everything.
pub(crate) fn usable(full: Option<&str>) -> Result<(), Failure> {
    full.map_or(Ok(()), |why| Err(Failure::said(why)))
}

/// One crosswalk of the way that is taken, and its ends.
struct Leg {
    from: Arc<Package>,
    to: Arc<Package>,
    crosswalk: Crosswalk,
}

/// The layouts that the files may be in.
fn sources(args: &args::Convert, to: &Arc<Package>) -> Result<Choice, Failure> {
    let plan = |p: &Arc<Package>| Arc::new(StandardPlan::of_package(p));
    Ok(match &args.from {
        Some(reference) => Choice::Given(plan(&target::package(reference)?)),
        None if args.crosswalk.is_some() => Choice::Detect(catalog().all().map(plan).collect()),
        None => Choice::Detect(known_with(to, args.registry.as_deref()).sources(to, &|_| true).iter().map(plan).collect()),
    })
}

/// Most standards that are taken from a registry to find a way.
const MOST_PULLED: usize = 32;

/// All standards known here with the target, which may have come from a registry, and with what its crosswalks lead from there.
fn known_with(to: &Arc<Package>, registry: Option<&str>) -> Catalog {
    let mut known = catalog().clone();
    known.add(Package::clone(to));
    let Some(url) = registry else { return known };
    let (mut next, mut pulled) = (vec![Arc::clone(to)], 0);
    while let Some(package) = next.pop() {
        for crosswalk in &package.crosswalks {
            if known.find(&crosswalk.from).is_some() || pulled == MOST_PULLED {
                continue;
            }
            pulled += 1;
            // A layout that the registry does not show is no way, and no reason to stop.
            if let Ok(source) = target::named(&crosswalk.from, Some(url)) {
                known.add(Package::clone(&source));
                next.push(source);
            }
        }
    }
    known
}

/// The crosswalks from the layout that the files are in to the target: the direct one, or the shortest chain.
fn road(args: &args::Convert, to: &Arc<Package>, starts: &[Start<'_>], options: &Options) -> Result<Vec<Leg>, Failure> {
    let from = match &args.from {
        Some(reference) => target::package(reference)?,
        None => recognised(to, args.registry.as_deref(), starts, options)?,
    };
    let reference = |p: &Package| StandardRef { id: p.manifest.id.clone(), version: Some(p.manifest.version.clone()) };
    let (a, b) = (from.reference(), to.reference());
    // Mostly there is a direct way, and then the other standards need not be loaded.
    let leads = |c: &&Crosswalk| target::package(&c.from).is_ok_and(|p| p.reference() == a);
    if let (false, Some(direct)) = (a == b, to.crosswalks.iter().filter(|c| c.from.split('@').next() == a.split('@').next()).find(leads)) {
        return Ok(vec![Leg { from, to: Arc::clone(to), crosswalk: direct.clone() }]);
    }
    match known_with(to, args.registry.as_deref()).route(&reference(&from), &reference(to), &|_| true) {
        Err(NoRoute::None) => Err(Failure::said(format!("there is no crosswalk from {a} to {b}{}", sources_in_words(to)))),
        Err(several) => Err(Failure::said(format!(
            "there is more than one way from {a} to {b}: over {}. They do not carry the same; convert to the one that you want first, and what comes \
             out to {b}",
            several.ways()
        ))),
        Ok(legs) if legs.is_empty() => {
            Err(Failure::said(format!("{a} is what the files are in already; to check them: concord validate --standard {a}")))
        }
        Ok(legs) => {
            let over: Vec<String> = legs.iter().skip(1).map(|leg| leg.from.reference()).collect();
            eprintln!("no crosswalk leads from {a} to {b} directly; converting over {}", over.join(", then "));
            let leg = |leg: &catalog::Leg| Leg { from: Arc::clone(&leg.from), to: Arc::clone(&leg.to), crosswalk: leg.crosswalk().clone() };
            Ok(legs.iter().map(leg).collect())
        }
    }
}

/// A crosswalk of the user's own, and the layout that it leads from: one that is known, or the one that it describes itself.
fn own_road(path: &Path, named: Option<&str>, to: &Arc<Package>) -> Result<(Arc<Package>, Crosswalk), Failure> {
    let crosswalk = own_crosswalk(path, to)?;
    let from = match &crosswalk.source {
        Some(source) => Arc::new(source.package(&crosswalk.from)),
        None => target::package(&crosswalk.from)?,
    };
    if let Some(named) = named {
        let named = match &crosswalk.source {
            Some(_) => named.to_owned(),
            None => target::package(named)?.reference(),
        };
        if named != from.reference() && named != from.manifest.id {
            return Err(Failure::said(format!("{} leads from {}, and --from says {named}", path.display(), from.reference())));
        }
    }
    Ok((from, crosswalk))
}

/// The layouts from which there is a way to a target, in words, for the end of a sentence.
fn sources_in_words(to: &Package) -> String {
    let sources: Vec<&str> = to.crosswalks.iter().map(|c| c.from.as_str()).collect();
    match sources.as_slice() {
        [] => format!("; {} has no crosswalk at all yet", to.reference()),
        some => format!("; there is one from {}", some.join(", ")),
    }
}

/// The layout that the files look like, among those that have a crosswalk to the target.
fn recognised(to: &Arc<Package>, registry: Option<&str>, starts: &[Start<'_>], options: &Options) -> Result<Arc<Package>, Failure> {
    let heads: Vec<(Head, &Start<'_>)> = starts.iter().filter_map(|s| s.head(&options.hints).ok().map(|h| (h, s))).collect();
    let samples: Vec<(&Head, Sample<'_>)> = heads.iter().map(|(h, s)| (h, Sample { bytes: s.sample, whole: s.whole })).collect();
    let plans =
        |packages: &mut dyn Iterator<Item = &Arc<Package>>| packages.map(|p| Arc::new(StandardPlan::of_package(p))).collect::<Vec<_>>();
    // Of layouts that fit alike, those that lead to the target directly come first.
    let known = known_with(to, registry);
    if let Some((plan, _)) = detect::choose(&plans(&mut known.sources(to, &|_| true).iter()), &samples) {
        announce(&plan, starts, options);
        if let Some(package) = known.find(&plan.reference()) {
            return Ok(Arc::clone(package));
        }
    }
    let names: Vec<&str> = starts.iter().map(|s| s.name).collect();
    let names = names.join(", ");
    let words = sources_in_words(to);
    Err(match detect::choose(&plans(&mut catalog().all()), &samples) {
        Some((plan, _)) if plan.reference() == to.reference() => {
            let a = plan.reference();
            Failure::said(format!("{names}: this is {a} already; to check it: concord validate --standard {a}"))
        }
        Some((plan, _)) => {
            Failure::said(format!("{names}: taken for {}, from which there is no crosswalk to {}{words}", plan.reference(), to.reference()))
        }
        None => Failure::said(format!(
            "{names}: not recognised as a layout that can be converted to {}{words}. Name it with --from",
            to.reference()
        )),
    })
}

/// The user's own crosswalk, checked, with the lookup tables beside it.
fn own_crosswalk(path: &Path, to: &Package) -> Result<Crosswalk, Failure> {
    let bytes = fs::read(path).map_err(|e| Failure::of(path, &e))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut lookups = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|e| Failure::of(folder, &e))? {
        let table = entry.map_err(|e| Failure::of(folder, &e))?.path();
        let is_csv = table.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        // Only tables that the crosswalk names are read: large exports may lie beside it.
        if is_csv && table.is_file() && names_file(&bytes, &file_name(&table)) {
            lookups.insert(file_name(&table), fs::read(&table).map_err(|e| Failure::of(&table, &e))?);
        }
    }
    let name = file_name(path);
    let (crosswalk, mut found) = parse_crosswalk(&bytes, &name, &to.reference(), &lookups);
    if let Some(crosswalk) = &crosswalk {
        lint::check_crosswalk(crosswalk, to, catalog(), &mut found);
    }
    // What a town's file does not hold, its crosswalk cannot fill; the rows are judged by the target all the same.
    let lacks = |f: &Finding| f.code.text() == "C920";
    let errors: Vec<String> = found.iter().filter(|f| f.severity == Severity::Error && !lacks(f)).map(said_at).collect();
    match crosswalk {
        Some(crosswalk) if errors.is_empty() => {
            found.iter().filter(|f| f.severity == Severity::Warning || lacks(f)).for_each(|f| eprintln!("{name}: {}", said_at(f)));
            Ok(crosswalk)
        }
        _ => Err(Failure::said(format!("{name} cannot be used as a crosswalk:\n  {}", errors.join("\n  ")))),
    }
}

fn said_at(finding: &Finding) -> String {
    match finding.place.line {
        0 => words::message(finding),
        line => format!("line {line}: {}", words::message(finding)),
    }
}

/// Whether a file's bytes hold a name.
fn names_file(bytes: &[u8], name: &str) -> bool {
    bytes.windows(name.len().max(1)).any(|w| w == name.as_bytes())
}

/// The values given with `--set`, for all crosswalks of the way.
fn givens<'a>(set: &[String], crosswalks: impl Iterator<Item = &'a Crosswalk>) -> Result<BTreeMap<String, String>, Failure> {
    let wanted: BTreeSet<String> = crosswalks.flat_map(MapPlan::wanted_givens).collect();
    let mut givens = BTreeMap::new();
    for text in set {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::said(format!("--set {text}: write --set NAME=VALUE")));
        };
        if !wanted.contains(name) {
            let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
            let asks = if names.is_empty() { "for nothing".to_owned() } else { format!("for {}", names.join(", ")) };
            return Err(Failure::said(format!("the crosswalk does not ask for \"{name}\"; it asks {asks}")));
        }
        if givens.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::said(format!("\"{name}\" is set twice")));
        }
    }
    Ok(givens)
}
