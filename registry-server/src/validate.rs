//! `POST /v1/validate`: a file comes in as a stream and its report goes out.
//!
//! How the body comes is [`upload`]'s part; here is what becomes of it.

use std::sync::Arc;

use bytes::Buf;
use concord_core::check::dataset::Options;
use concord_core::render::{self, Format};
use concord_core::session::{Choice, Session};
use futures_util::Stream;
use warp::http::{HeaderMap, HeaderValue, header};
use warp::reply::Response;

use crate::Registry;
use crate::access::{Caller, Right};
use crate::limits::DEFAULT_FINDINGS;
use crate::negotiate::accept;
use crate::problem::{NOT_ACCEPTABLE, Problem, WRONG_PARAMETER, shown};
use crate::router::unknown_standard;
use crate::upload::{self, Piece};

/// Formats that `Accept` chooses among, the first when it does not matter.
const BY_ACCEPT: [Format; 4] = [Format::Json, Format::Text, Format::Ndjson, Format::Csv];

/// What a request asks for.
#[derive(Debug)]
struct Wish {
    choice: Choice,
    name: String,
    max_findings: usize,
    format: Format,
}

/// Checks the body.
pub(crate) async fn validate<S, B, E>(
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
    let wish = wish(registry, caller, query, headers)?;
    let (format, length) = (wish.format, upload::length(headers));
    let report = upload::work_on(registry, caller, headers, body, move |mut pieces| {
        let options = Options { max_findings: wish.max_findings, ..Options::default() };
        let with_digest = matches!(wish.format, Format::Json | Format::Ndjson);
        let mut session = Session::new(&wish.name, wish.choice, options, with_digest);
        if let Some(length) = length {
            session.expect(length);
        }
        while let Some(piece) = pieces.blocking_recv() {
            match piece {
                Piece::Bytes(bytes) => session.push(&bytes),
                Piece::End => return Ok(render::render(&session.finish(), wish.format, &render::Options::default())),
            }
        }
        Err(upload::broke_off())
    });
    let report = report.await?;
    let mut response = Response::new(report.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn wish(registry: &Registry, caller: &Caller, query: &str, headers: &HeaderMap) -> Result<Wish, Problem> {
    let wrong = |detail: String| Problem::new(WRONG_PARAMETER, detail);
    let [standard, name, max_findings, format] = upload::parameters(query, ["standard", "name", "max_findings", "format"])?;
    let name = upload::file_name(name)?;
    let max_findings = match max_findings {
        None => DEFAULT_FINDINGS.min(registry.limits.findings),
        Some(text) => text.parse().ok().filter(|n| *n <= registry.limits.findings).ok_or_else(|| {
            wrong(format!("The parameter max_findings is a whole number from 0 to {}, not \"{}\".", registry.limits.findings, shown(&text)))
        })?,
    };
    let format = match format {
        Some(text) => Format::parse(&text).ok_or_else(|| {
            wrong(format!("There is no format \"{}\"; there are {}.", shown(&text), Format::ALL.map(Format::name).join(", ")))
        })?,
        None => {
            let media = BY_ACCEPT.map(Format::media_type);
            let fits = accept(headers, &media).and_then(|i| BY_ACCEPT.get(i));
            *fits.ok_or_else(|| Problem::new(NOT_ACCEPTABLE, format!("There are {}.", media.join(", "))))?
        }
    };
    let standard = standard.as_deref();
    let (shelf, sees) = (registry.shelf(), |id: &str| caller.may(Right::Read, id));
    let choice = shelf.choice(standard, &sees).ok_or_else(|| {
        let known = shelf.seen_by(&sees);
        unknown_standard(&known, standard.unwrap_or_default())
    })?;
    Ok(Wish { choice, name, max_findings, format })
}
