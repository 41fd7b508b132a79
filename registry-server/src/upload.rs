//! A file's body on its way to the thread that works on it.
//!
//! The pieces go through a short channel. When the work is slower than the client, the channel is full and the socket is left unread, so a file is
//! never held whole. When the client goes away, the channel ends without its last word and the thread drops what it has.

use std::pin::{Pin, pin};

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use warp::http::{HeaderMap, header};

use crate::access::Caller;
use crate::limits::{MAX_NAME, PIECES};
use crate::problem::{
    BODY_TOO_LARGE, BROKEN_BODY, FAILED, NOT_CONVERTED, OUT_OF_TIME, Problem, TOO_SLOW, UNSUPPORTED_BODY, WRONG_PARAMETER, shown,
};
use crate::{Limits, Registry};

/// Message to the working thread.
pub(crate) enum Piece {
    /// Further bytes.
    Bytes(Bytes),
    /// The file is whole.
    End,
}

/// Gives a body to a thread of its own, within the bounds of size, of time and of how many are worked on at once.
///
/// # Errors
/// What the body hits, and what the work says.
pub(crate) async fn work_on<S, B, E, T>(
    registry: &Registry,
    caller: &Caller,
    headers: &HeaderMap,
    body: S,
    work: impl FnOnce(mpsc::Receiver<Piece>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
    T: Send + 'static,
{
    let mut body = pin!(body);
    let result = async {
        let limits = &registry.limits;
        let deadline = Instant::now().checked_add(limits.total);
        let deadline = deadline.ok_or_else(|| Problem::new(FAILED, "The time allowed for a file cannot be counted."))?;
        check_headers(headers, limits.body)?;
        let slot = registry.slots.take(caller, limits)?;
        let (sender, receiver) = mpsc::channel::<Piece>(PIECES);
        let thread = tokio::task::spawn_blocking(move || {
            // The place is taken until the thread is done, also when nobody waits for it any more.
            let _slot = slot;
            work(receiver)
        });
        // A thread that stopped before the end knows better why.
        match pump(limits, deadline, body.as_mut(), sender).await {
            Err(problem) if problem.kind != FAILED => return Err(problem),
            _ => {}
        }
        let done = timeout_at(deadline, thread).await.map_err(|_| out_of_time(limits))?;
        done.map_err(|_| broke_off())?
    }
    .await;
    // A client that still sends would not see the answer.
    if result.as_ref().is_err_and(|problem| problem.kind == BODY_TOO_LARGE || problem.kind == NOT_CONVERTED) {
        crate::body::linger(body).await;
    }
    result
}

/// Hands a body over piece by piece, within the bounds of size and time.
async fn pump<S, B, E>(limits: &Limits, deadline: Instant, mut body: Pin<&mut S>, sender: mpsc::Sender<Piece>) -> Result<(), Problem>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
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
        sent.map_err(|_| out_of_time(limits))?.map_err(|_| broke_off())?;
        if end {
            return Ok(());
        }
    }
}

/// The work broke off.
pub(crate) fn broke_off() -> Problem {
    Problem::new(FAILED, "The work on this file broke off.")
}

/// The work takes too long.
fn out_of_time(limits: &Limits) -> Problem {
    Problem::new(OUT_OF_TIME, format!("A file may take {} seconds.", limits.total.as_secs()))
}

fn too_slow(limits: &Limits) -> Problem {
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
    // The bytes are counted as they come in any case.
    if length(headers).is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    Ok(())
}

/// How long a body is, as its head says. A length that cannot be read is the HTTP layer's to refuse.
pub(crate) fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok())
}

/// The parameters of an address, each at most once and none but those that are known.
///
/// # Errors
/// Which one is wrong.
pub(crate) fn parameters<const N: usize>(query: &str, known: [&str; N]) -> Result<[Option<String>; N], Problem> {
    let mut found = [const { None }; N];
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(place) = known.iter().position(|name| *name == key).and_then(|at| found.get_mut(at)) else {
            let detail = format!("There is no parameter \"{}\"; there are {}.", shown(&key), known.join(", "));
            return Err(Problem::new(WRONG_PARAMETER, detail));
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(Problem::new(WRONG_PARAMETER, format!("The parameter \"{key}\" stands there twice.")));
        }
    }
    Ok(found)
}

/// The name of the file that is sent.
///
/// # Errors
/// When it is none.
pub(crate) fn file_name(name: Option<String>) -> Result<String, Problem> {
    let name = name.unwrap_or_else(|| "body".to_owned());
    if name.is_empty() || name.chars().count() > MAX_NAME || name.contains(|c: char| c == '/' || c == '\\' || c.is_control()) {
        let detail = format!("The name is that of the file alone, without folders, and of up to {MAX_NAME} characters.");
        return Err(Problem::new(WRONG_PARAMETER, detail));
    }
    Ok(name)
}
