//! `POST /v1/convert`: a file comes in as a stream, and a zip of what became of it goes out: the tables, the rows that could not be converted,
//! and the report that says what was lost.
//!
//! The data are written to a file without a name while the body arrives, so the answer begins only when it is known how it ends, and nothing is
//! left when it was sent or the server stops.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use concord_core::check::bind::Sample;
use concord_core::check::dataset::Options;
use concord_core::check::plan::StandardPlan;
use concord_core::convert::{Feed, Job, Reading, Way};
use concord_core::detect;
use concord_core::encode::{Format, WriterConfig};
use concord_core::map::MapPlan;
use concord_core::package::catalog::{Leg, NoRoute};
use concord_core::package::{Package, StandardRef};
use concord_core::read::Intake;
use concord_core::render;
use concord_core::session::{Choice, hex};
use futures_util::{Stream, stream};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use warp::Reply;
use warp::http::{HeaderMap, HeaderValue, header};
use warp::reply::Response;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::access::{Caller, Right};
use crate::problem::{FAILED, NOT_CONVERTED, Problem, WRONG_PARAMETER, shown};
use crate::router::unknown_standard;
use crate::shelf::Shelf;
use crate::upload::{self, Piece};
use crate::{Registry, scratch};

/// What a request asks for.
struct Wish {
    to: Arc<Package>,
    from: Option<Arc<Package>>,
    /// Values that the crosswalk asks for, by `set.` and their names.
    set: Vec<(String, String)>,
    name: String,
    format: Format,
    shelf: Arc<Shelf>,
    /// Standards that the caller may not see: no way leads over them.
    unseen: BTreeSet<String>,
}

impl Wish {
    fn sees(&self, id: &str) -> bool {
        !self.unseen.contains(id)
    }
}

/// Converts the body.
pub(crate) async fn convert<S, B, E>(
    registry: &Arc<Registry>,
    caller: &Caller,
    query: &str,
    headers: &HeaderMap,
    body: S,
) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let wish = wish(registry, caller, query)?;
    let most = registry.limits.body.saturating_mul(LARGER);
    let (file, length) = upload::work_on(registry, caller, headers, body, move |pieces| run(&wish, pieces, most)).await?;
    let mut response = warp::reply::stream(pieces(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"converted.zip\""));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// How many times larger than the largest body the data may be that come of one.
const LARGER: u64 = 4;

/// Bytes of a file that are sent at once.
const SENT: usize = 64 << 10;

fn pieces(file: File) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut buffer = vec![0; SENT];
            let read = file.read(&mut buffer);
            (read, buffer, file)
        });
        match read.await {
            Ok((Ok(0), _, _)) => None,
            Ok((Ok(n), mut buffer, file)) => {
                buffer.truncate(n);
                Some((Ok(buffer.into()), Some(file)))
            }
            Ok((Err(error), _, _)) => Some((Err(error), None)),
            Err(_) => Some((Err(io::Error::other("the reading broke off")), None)),
        }
    })
}

fn wish(registry: &Registry, caller: &Caller, query: &str) -> Result<Wish, Problem> {
    let (set, others): (Vec<_>, Vec<_>) =
        form_urlencoded::parse(query.as_bytes()).into_owned().partition(|(key, _)| key.starts_with("set."));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish();
    let [to, from, name, format] = upload::parameters(&query, ["to", "from", "name", "format"])?;
    let wrong = |detail: String| Problem::new(WRONG_PARAMETER, detail);
    let format = match format.as_deref() {
        None => Format::Csv,
        Some(extension) => Format::of_extension(extension).filter(|f| f.is_text()).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().filter(|f| f.is_text()).map(|f| f.extension()).collect();
            wrong(format!("There is no format \"{}\"; there are {}.", shown(extension), known.join(", ")))
        })?,
    };
    let name = upload::file_name(name)?;
    let shelf = registry.shelf();
    let sees = |id: &str| caller.may(Right::Read, id);
    let find = |reference: &str| {
        let found = shelf.catalog.find(reference).filter(|p| sees(&p.manifest.id)).cloned();
        found.ok_or_else(|| unknown_standard(&shelf.seen_by(&sees), reference))
    };
    let to = to.ok_or_else(|| wrong("The parameter to is missing; it names the standard to convert to.".to_owned()))?;
    let (to, from) = (find(&to)?, from.as_deref().map(find).transpose()?);
    let unseen = shelf.catalog.all().map(|p| p.manifest.id.clone()).filter(|id| !sees(id)).collect();
    Ok(Wish { to, from, set, name, format, shelf, unseen })
}

/// The thread's part: from the pieces to a zip that stands at its beginning, with its length.
fn run(wish: &Wish, mut receiver: mpsc::Receiver<Piece>, most: u64) -> Result<(File, u64), Problem> {
    let plans: Vec<Arc<StandardPlan>> = match &wish.from {
        Some(from) => wish.shelf.plan(from).into_iter().collect(),
        None => wish.shelf.catalog.sources(&wish.to, &|id| wish.sees(id)).iter().filter_map(|p| wish.shelf.plan(p)).collect(),
    };
    let choice = match (&wish.from, plans.first()) {
        (Some(_), Some(plan)) => Choice::Given(Arc::clone(plan)),
        _ => Choice::Detect(plans.clone()),
    };
    let mut options = Options::default();
    options.read.layouts = choice.layouts();
    options.read.fixed = choice.fixed();
    options.read.printed = choice.printed();
    options.read.nested = choice.nested();
    let mut intake = Intake::new(&wish.name, &options.read);
    let (mut size, mut digest, mut ended) = (0_u64, Sha256::new(), false);
    let mut rest = Bytes::new();
    while !intake.ready() && !ended {
        match receiver.blocking_recv() {
            Some(Piece::Bytes(bytes)) => {
                size += bytes.len() as u64;
                digest.update(&bytes);
                let mut bytes = bytes;
                // A large piece is not swallowed whole before it is known what it is.
                while !bytes.is_empty() && !intake.ready() {
                    intake.push(&bytes.split_to(bytes.len().min(concord_core::bounds::BLOCK)));
                }
                rest = bytes;
            }
            Some(Piece::End) => {
                intake.end();
                ended = true;
            }
            None => return Err(upload::broke_off()),
        }
    }
    let start = intake.start();
    let starts = std::slice::from_ref(&start);
    let from = match &wish.from {
        Some(from) => Arc::clone(from),
        None => recognised(wish, &plans, starts, &options)?,
    };
    let legs = road(wish, &from)?;
    let givens = givens(wish, &legs)?;
    let ways: Vec<Way<'_>> =
        legs.iter().map(|leg| Way { from: &leg.from, to: &leg.to, crosswalk: leg.crosswalk(), givens: &givens }).collect();
    let writer = WriterConfig { format: wish.format, ..WriterConfig::default() };
    let mut job =
        Job::open_over(&ways, starts, writer, &options).map_err(|e| Problem::new(NOT_CONVERTED, format!("{}.", shown(&e.to_string()))))?;
    let mut out = Out::new(&job, wish.format, most)?;
    if let Some(mut feed) = job.start(0, intake) {
        push(&mut feed, &rest, &mut job, &mut out)?;
        while !ended {
            match receiver.blocking_recv() {
                Some(Piece::Bytes(bytes)) => {
                    size += bytes.len() as u64;
                    digest.update(&bytes);
                    push(&mut feed, &bytes, &mut job, &mut out)?;
                }
                Some(Piece::End) => ended = true,
                None => return Err(upload::broke_off()),
            }
        }
        feed.end();
        while job.advance(&mut feed, true) {
            out.take(&mut job)?;
        }
        job.finish_file(feed, size, Some(format!("sha256:{}", hex(&digest.finalize()))));
    }
    let balance = job.finish();
    out.take(&mut job)?;
    let rejected = balance.rejected > 0;
    let report = job.report(balance);
    out.zip(rejected, &render::render(&report, render::Format::Json, &render::Options::default()))
}

fn push(feed: &mut Feed, bytes: &[u8], job: &mut Job, out: &mut Out) -> Result<(), Problem> {
    for piece in bytes.chunks(concord_core::bounds::BLOCK) {
        feed.push(piece);
        while job.advance(feed, false) {
            out.take(job)?;
        }
    }
    Ok(())
}

fn recognised(
    wish: &Wish,
    plans: &[Arc<StandardPlan>],
    starts: &[concord_core::check::dataset::Start<'_>],
    options: &Options,
) -> Result<Arc<Package>, Problem> {
    let heads: Vec<_> = starts.iter().filter_map(|s| s.head(&options.hints).ok().map(|h| (h, s))).collect();
    let samples: Vec<_> = heads.iter().map(|(h, s)| (h, Sample { bytes: s.sample, whole: s.whole })).collect();
    // Of layouts that fit alike, those that lead to the target directly come first.
    let found = detect::choose(plans, &samples);
    let found = found.and_then(|(plan, _)| wish.shelf.catalog.find(&plan.reference()).cloned());
    found.ok_or_else(|| {
        let sources: Vec<&str> = wish.to.crosswalks.iter().map(|c| c.from.as_str()).collect();
        let known = if sources.is_empty() { "nothing yet".to_owned() } else { sources.join(", ") };
        let to = wish.to.reference();
        let detail = format!("It was not recognised as a layout that becomes {to}, which can be made from {known}. Name it with from.");
        Problem::new(NOT_CONVERTED, detail)
    })
}

/// The crosswalks from the layout that the file is in to the target: the direct one, or the shortest chain.
fn road(wish: &Wish, from: &Package) -> Result<Vec<Leg>, Problem> {
    let reference = |p: &Package| StandardRef { id: p.manifest.id.clone(), version: Some(p.manifest.version.clone()) };
    let (a, b) = (from.reference(), wish.to.reference());
    let not = |detail: String| Problem::new(NOT_CONVERTED, detail);
    match wish.shelf.catalog.route(&reference(from), &reference(&wish.to), &|id| wish.sees(id)) {
        Err(NoRoute::None) => Err(not(format!("There is no crosswalk from {a} to {b}."))),
        Err(several) => Err(not(format!(
            "There is more than one way from {a} to {b}: over {}. They do not carry the same; convert to the one that is wanted first.",
            several.ways()
        ))),
        Ok(legs) if legs.is_empty() => Err(not(format!("{a} is what the file is in already; to check it, use /v1/validate."))),
        Ok(legs) => Ok(legs),
    }
}

/// The values that the crosswalks ask for.
fn givens(wish: &Wish, legs: &[Leg]) -> Result<BTreeMap<String, String>, Problem> {
    let wanted: BTreeSet<String> = legs.iter().flat_map(|leg| MapPlan::wanted_givens(leg.crosswalk())).collect();
    let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let mut givens = BTreeMap::new();
    for (name, value) in &wish.set {
        let bare = name.trim_start_matches("set.");
        if !wanted.contains(bare) || givens.insert(bare.to_owned(), value.clone()).is_some() {
            let asks = if names.is_empty() { "for nothing".to_owned() } else { format!("once for {}", names.join(", ")) };
            return Err(Problem::new(WRONG_PARAMETER, format!("\"{}\" is set, and the crosswalk asks {asks}.", shown(bare))));
        }
    }
    Ok(givens)
}

/// What is written: a file without a name for each table and for the rejects.
struct Out {
    /// Index of the target's resource, name in the zip, file.
    tables: Vec<(usize, String, File)>,
    rejects: File,
    left: u64,
}

impl Out {
    fn new(job: &Job, format: Format, most: u64) -> Result<Out, Problem> {
        let tables = job.tables().into_iter();
        let tables = tables.map(|(index, name)| Ok((index, format!("{name}.{}", format.extension()), file()?)));
        Ok(Out { tables: tables.collect::<Result<_, Problem>>()?, rejects: file()?, left: most })
    }

    fn take(&mut self, job: &mut Job) -> Result<(), Problem> {
        if let Some(why) = job.full() {
            return Err(Problem::new(NOT_CONVERTED, format!("{}.", shown(why))));
        }
        let left = &mut self.left;
        let mut write = |file: &mut File, bytes: &[u8]| {
            *left = left.checked_sub(bytes.len() as u64).ok_or_else(|| Problem::new(NOT_CONVERTED, "What comes of it is too large."))?;
            file.write_all(bytes).map_err(|error| not_kept(&error))
        };
        for (index, _, file) in &mut self.tables {
            job.hand_over(*index, |bytes| write(file, bytes))?;
        }
        write(&mut self.rejects, &job.take_rejects())
    }

    /// The rejects have a header also when there are none; only some that are there are worth a file.
    fn zip(self, rejected: bool, report: &str) -> Result<(File, u64), Problem> {
        let mut zip = ZipWriter::new(io::BufWriter::new(file()?));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .large_file(true);
        let rejects = rejected.then(|| (0, "rejects.csv".to_owned(), self.rejects));
        let done = (|| -> zip::result::ZipResult<(File, u64)> {
            for (_, name, mut file) in self.tables.into_iter().chain(rejects) {
                zip.start_file(name, options)?;
                file.seek(SeekFrom::Start(0))?;
                io::copy(&mut file, &mut zip)?;
            }
            zip.start_file("report.json", options)?;
            zip.write_all(report.as_bytes())?;
            let mut file = zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
            let length = file.seek(SeekFrom::End(0))?;
            file.seek(SeekFrom::Start(0))?;
            Ok((file, length))
        })();
        done.map_err(|error| not_kept(&io::Error::other(error)))
    }
}

fn file() -> Result<File, Problem> {
    scratch::file().map_err(|error| not_kept(&error))
}

fn not_kept(error: &io::Error) -> Problem {
    crate::log::line("scratch", serde_json::json!({"fault": error.to_string()}));
    Problem::new(FAILED, "The server has no room to work in.")
}
