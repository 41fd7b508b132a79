//! `POST /v1/validate`: a file comes in as a stream and its report goes out.
//!
//! The pieces of the body go through a short channel to a thread of their own, where the core checks them. When the check is slower than
//! the client, the channel is full and the socket is left unread, so a file is never held whole. When the client goes away, the channel
//! ends without its last word and the thread drops what it has.

use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use concord_core::check::dataset::Options;
use concord_core::render::{self, Format};
use concord_core::session::{Choice, Session};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use warp::http::{HeaderMap, HeaderValue, header};
use warp::reply::Response;

use crate::Registry;
use crate::access::{Caller, Right};
use crate::limits::{DEFAULT_FINDINGS, MAX_NAME, PIECES};
use crate::negotiate::accept;
use crate::problem::{
    BODY_TOO_LARGE, BROKEN_BODY, BUSY, FAILED, NOT_ACCEPTABLE, OUT_OF_TIME, Problem, TOO_SLOW, UNSUPPORTED_BODY, WRONG_PARAMETER, shown,
};
use crate::router::unknown_standard;

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

/// Message to the checking thread.
enum Piece {
    /// Further bytes.
    Bytes(Bytes),
    /// The file is whole.
    End,
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
    let mut body = pin!(body);
    let result = check(registry, caller, query, headers, body.as_mut()).await;
    if result.as_ref().is_err_and(|problem| problem.kind == BODY_TOO_LARGE) {
        crate::body::linger(body).await;
    }
    result
}

async fn check<S, B, E>(
    registry: &Arc<Registry>,
    caller: &Caller,
    query: &str,
    headers: &HeaderMap,
    mut body: Pin<&mut S>,
) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let limits = &registry.limits;
    let deadline = Instant::now().checked_add(limits.total);
    let deadline = deadline.ok_or_else(|| Problem::new(FAILED, "The time allowed for a check cannot be counted."))?;
    let wish = wish(registry, caller, query, headers)?;
    check_headers(headers, limits.body)?;
    let permit = Arc::clone(&registry.slots).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(BUSY, format!("It takes {} files at a time.", limits.validations)))?;

    let format = wish.format;
    let (sender, mut receiver) = mpsc::channel::<Piece>(PIECES);
    let thread = tokio::task::spawn_blocking(move || {
        // The place is taken until the thread is done, also when nobody waits for it any more.
        let _permit = permit;
        let options = Options { max_findings: wish.max_findings, ..Options::default() };
        let with_digest = matches!(wish.format, Format::Json | Format::Ndjson);
        let mut session = Session::new(&wish.name, wish.choice, options, with_digest);
        while let Some(piece) = receiver.blocking_recv() {
            match piece {
                Piece::Bytes(bytes) => session.push(&bytes),
                Piece::End => return Some(render::render(&session.finish(), wish.format, &render::Options::default())),
            }
        }
        None
    });

    let failed = || Problem::new(FAILED, "The check of this file broke off.");
    let out_of_time = || Problem::new(OUT_OF_TIME, format!("A check may take {} seconds.", limits.total.as_secs()));
    let mut size: u64 = 0;
    loop {
        let patience = limits.idle.min(deadline.saturating_duration_since(Instant::now()));
        let next = timeout(patience, body.next()).await;
        let piece = match next.map_err(|_| too_slow(limits))? {
            None => Piece::End,
            Some(Err(_)) => return Err(Problem::new(BROKEN_BODY, format!("It broke off after {size} bytes."))),
            Some(Ok(mut piece)) => {
                size = size.saturating_add(piece.remaining() as u64);
                if size > limits.body {
                    return Err(too_large(limits.body));
                }
                Piece::Bytes(piece.copy_to_bytes(piece.remaining()))
            }
        };
        let end = matches!(piece, Piece::End);
        let sent = timeout_at(deadline, sender.send(piece)).await;
        // The thread takes pieces until it is told the end; when it does not, it has failed.
        sent.map_err(|_| out_of_time())?.map_err(|_| failed())?;
        if end {
            break;
        }
    }
    let report = timeout_at(deadline, thread).await.map_err(|_| out_of_time())?.ok().flatten().ok_or_else(failed)?;
    let mut response = Response::new(report.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn too_slow(limits: &crate::Limits) -> Problem {
    let detail = format!("No byte came for {} seconds, or the whole took longer than {}.", limits.idle.as_secs(), limits.total.as_secs());
    Problem::new(TOO_SLOW, detail)
}

fn too_large(limit: u64) -> Problem {
    Problem::new(BODY_TOO_LARGE, format!("It takes files of up to {limit} bytes."))
}

/// What can be refused before a byte of the body is read.
fn check_headers(headers: &HeaderMap, limit: u64) -> Result<(), Problem> {
    let encoded = headers.get_all(header::CONTENT_ENCODING).iter().any(|v| !v.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        return Err(Problem::new(UNSUPPORTED_BODY, "The body has a Content-Encoding; send it without one."));
    }
    let kind = headers.get(header::CONTENT_TYPE).map(|v| v.as_bytes().to_ascii_lowercase());
    if kind.is_some_and(|k| k.starts_with(b"multipart/")) {
        return Err(Problem::new(UNSUPPORTED_BODY, "The body is a form with parts; send the file's bytes alone."));
    }
    // A length that cannot be read is the HTTP layer's to refuse; the bytes are counted as they come in any case.
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    Ok(())
}

fn wish(registry: &Registry, caller: &Caller, query: &str, headers: &HeaderMap) -> Result<Wish, Problem> {
    let wrong = |detail: String| Problem::new(WRONG_PARAMETER, detail);
    let (mut standard, mut name, mut max_findings, mut format) = (None, None, None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match key.as_ref() {
            "standard" => &mut standard,
            "name" => &mut name,
            "max_findings" => &mut max_findings,
            "format" => &mut format,
            other => {
                let detail = format!("There is no parameter \"{}\"; there are standard, name, max_findings and format.", shown(other));
                return Err(wrong(detail));
            }
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(wrong(format!("The parameter \"{key}\" stands there twice.")));
        }
    }
    let name = name.unwrap_or_else(|| "body".to_owned());
    if name.is_empty() || name.len() > MAX_NAME || name.contains(|c: char| c == '/' || c == '\\' || c.is_control()) {
        return Err(wrong(format!("The name is that of the file alone, without folders, and of up to {MAX_NAME} bytes.")));
    }
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
