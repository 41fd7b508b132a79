//! The routes of the schema registry that today's clients speak: paths, parameters, media types, and error bodies of exactly two members.
//!
//! What the routes do is in `keep::subjects`; this is the wire. The numbers of errors and the members of answers are those that the clients
//! read; an answer has no member that they do not know.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

use crate::Registry;
use crate::access::{Caller, Right};
use crate::body::{self, BodyError};
use crate::keep::subjects::name::DEFAULT;
use crate::keep::subjects::{Name, Refusal};
use crate::known::{Answer, Key};
use crate::negotiate::{accept, has_version};

mod reads;
mod writes;

/// Largest body of a request: a schema with every character escaped, and its references.
const MAX_BODY: u64 = 8 << 20;

/// What answers are written as; the first when it does not matter.
const MEDIA: [&str; 3] = ["application/vnd.schemaregistry.v1+json", "application/vnd.schemaregistry+json", "application/json"];

/// What bodies may be.
const TAKEN: [&str; 4] = [MEDIA[0], MEDIA[1], MEDIA[2], "application/octet-stream"];

/// A path of this registry, with its parts read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    Types,
    Schemas { context: String },
    Id { context: String, id: i64, part: IdPart },
    Guid { guid: String, ids: bool },
    Subjects { context: String },
    Subject(Name),
    Versions(Name),
    Version { name: Name, version: String, part: VersionPart },
    Compatibility { name: Name, version: Option<String> },
    Config(Name),
    Mode(Name),
    Contexts,
    Context(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdPart {
    Whole,
    Text,
    Subjects,
    Versions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VersionPart {
    Whole,
    Text,
    ReferencedBy,
}

/// Whether a path is one of these routes, by its first part.
pub(crate) fn is_route(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "subjects" | "schemas" | "compatibility" | "config" | "mode" | "contexts")
}

impl Route {
    /// Reads a path, percent-encoded as it came. Each part is decoded by itself, so that a subject may hold a slash.
    fn parse(path: &str) -> Option<Route> {
        let parts = path.strip_prefix('/')?.trim_end_matches('/').split('/');
        let parts: Vec<String> =
            parts.map(|p| percent_decode_str(p).decode_utf8().map(|p| p.into_owned())).collect::<Result<_, _>>().ok()?;
        let mut parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let mut context = DEFAULT;
        // Everything about a context stands below its name once more.
        if let ["contexts", of, _, ..] = parts[..] {
            context = of.strip_prefix(':').map_or(of, |of| of.trim_end_matches(':'));
            if !context.starts_with('.') {
                return None;
            }
            parts.drain(..2);
        }
        let (name, context) = (|text: &str| Name::parse(text, context), context.to_owned());
        let whole = |context: &str| Name { context: context.to_owned(), subject: String::new() };
        let number = |text: &str| text.parse::<i64>().ok();
        Some(match parts[..] {
            ["schemas", "types"] => Route::Types,
            ["schemas"] => Route::Schemas { context },
            ["schemas", "ids", id] => Route::Id { context, id: number(id)?, part: IdPart::Whole },
            ["schemas", "ids", id, "schema"] => Route::Id { context, id: number(id)?, part: IdPart::Text },
            ["schemas", "ids", id, "subjects"] => Route::Id { context, id: number(id)?, part: IdPart::Subjects },
            ["schemas", "ids", id, "versions"] => Route::Id { context, id: number(id)?, part: IdPart::Versions },
            ["schemas", "guids", guid] => Route::Guid { guid: guid.to_ascii_lowercase(), ids: false },
            ["schemas", "guids", guid, "ids"] => Route::Guid { guid: guid.to_ascii_lowercase(), ids: true },
            ["subjects"] => Route::Subjects { context },
            ["subjects", subject] => Route::Subject(name(subject)),
            ["subjects", subject, "versions"] => Route::Versions(name(subject)),
            ["subjects", subject, "versions", version] => {
                Route::Version { name: name(subject), version: version.to_owned(), part: VersionPart::Whole }
            }
            ["subjects", subject, "versions", version, "schema"] => {
                Route::Version { name: name(subject), version: version.to_owned(), part: VersionPart::Text }
            }
            ["subjects", subject, "versions", version, "referencedby"] => {
                Route::Version { name: name(subject), version: version.to_owned(), part: VersionPart::ReferencedBy }
            }
            ["compatibility", "subjects", subject, "versions"] => Route::Compatibility { name: name(subject), version: None },
            ["compatibility", "subjects", subject, "versions", version] => {
                Route::Compatibility { name: name(subject), version: Some(version.to_owned()) }
            }
            ["config"] => Route::Config(whole(&context)),
            ["config", subject] => Route::Config(name(subject)),
            ["mode"] => Route::Mode(whole(&context)),
            ["mode", subject] => Route::Mode(name(subject)),
            ["contexts"] => Route::Contexts,
            ["contexts", context] => Route::Context(context.to_owned()),
            _ => return None,
        })
    }

    /// What the answer may be remembered under: a schema by its id in the default context.
    fn known(&self) -> Option<Key> {
        match self {
            Route::Id { context, id, part: part @ (IdPart::Whole | IdPart::Text) } if context == DEFAULT => {
                Some((*id, *part == IdPart::Text))
            }
            _ => None,
        }
    }

    /// The methods that the path takes.
    fn allow(&self) -> &'static str {
        match self {
            Route::Types | Route::Schemas { .. } | Route::Id { .. } | Route::Guid { .. } | Route::Subjects { .. } | Route::Contexts => {
                "GET, HEAD, OPTIONS"
            }
            Route::Subject(_) => "POST, DELETE, OPTIONS",
            Route::Versions(_) => "GET, HEAD, POST, OPTIONS",
            Route::Version { part: VersionPart::Whole, .. } => "GET, HEAD, DELETE, OPTIONS",
            Route::Version { .. } => "GET, HEAD, OPTIONS",
            Route::Compatibility { .. } => "POST, OPTIONS",
            Route::Config(_) | Route::Mode(_) => "GET, HEAD, PUT, DELETE, OPTIONS",
            Route::Context(_) => "DELETE, OPTIONS",
        }
    }
}

/// Parameters behind the question mark. Those that are not known are passed over, as newer clients send more of them.
#[derive(Debug, Default)]
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Query {
        Query(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A count; a negative one means all, as the clients have it.
    fn count(&self, name: &str) -> Option<usize> {
        self.text(name).and_then(|value| value.parse().ok())
    }
}

/// A good answer.
#[derive(Debug)]
enum Good {
    Json(Value),
    /// A schema's own text.
    Text(String),
    Empty,
}

/// The answer for `/` when a program asks.
pub(crate) fn root(headers: &HeaderMap) -> Option<Response> {
    let offered = ["text/html", MEDIA[0], MEDIA[1], MEDIA[2]];
    let chosen = accept(headers, &offered).filter(|index| *index > 0)?;
    Some(send(&Answer::new("{}"), offered[chosen], headers))
}

/// Answers a request whose path is one of these routes.
pub(crate) async fn answer<S, B, E>(
    registry: &Arc<Registry>,
    caller: Result<Caller, Refusal>,
    method: Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: S,
) -> Response
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let Some(media) = accept(headers, &MEDIA).map(|index| MEDIA[index]) else { return refusal(&status(406), MEDIA[0]) };
    let Some(route) = Route::parse(path) else { return refusal(&status(404), media) };
    let allow = route.allow();
    if !allow.split(", ").any(|known| known == method.as_str()) {
        let mut response = refusal(&status(405), media);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        return response;
    }
    if method == Method::OPTIONS {
        return crate::router::options(allow);
    }
    let caller = match caller {
        Ok(caller) => caller,
        Err(error) => return refusal(&error, media),
    };
    let needed = match (&method, &route) {
        // A question with a body, which changes nothing.
        (&Method::POST, Route::Subject(_) | Route::Compatibility { .. }) | (&Method::GET | &Method::HEAD, _) => Right::Read,
        _ => Right::Publish,
    };
    if caller.must_say_who(needed) {
        return refusal(&unauthorized(), media);
    }
    let mut content = Bytes::new();
    if method == Method::POST || method == Method::PUT {
        if !taken(headers) {
            return refusal(&status(415), media);
        }
        content = match body::whole(body, MAX_BODY, &registry.limits).await {
            Ok(content) => content,
            Err(BodyError::TooLarge(_)) => return refusal(&status(413), media),
            Err(BodyError::TooSlow) => return refusal(&status(408), media),
            Err(BodyError::Broken) => return refusal(&status(400), media),
        };
    }
    let reads = method == Method::GET || method == Method::HEAD;
    let key = route.known().filter(|_| reads && query.is_empty() && caller.may(Right::Read, ""));
    if let Some(answer) = key.and_then(|key| registry.known.get(key)) {
        return send(&answer, media, headers);
    }
    let times = registry.known.times();
    let (of, query) = (Arc::clone(registry), Query::parse(query));
    let done = tokio::task::spawn_blocking(move || {
        if reads {
            return reads::read(&of, &caller, &route, &query);
        }
        let done = writes::write(&of, &caller, &method, &route, &query, &content);
        if method == Method::DELETE {
            of.known.forget();
        }
        done
    });
    match done.await {
        Ok(Ok(found)) => {
            let Some(answer) = found.answer() else { return nothing() };
            if let Some(key) = key {
                registry.known.keep(times, key, &answer);
            }
            send(&answer, media, headers)
        }
        Ok(Err(error)) => refusal(&error, media),
        Err(_) => refusal(&status(500), media),
    }
}

/// Whether the body is of a type that is taken; without a word about it, it is.
fn taken(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    TAKEN.iter().any(|known| known.eq_ignore_ascii_case(kind))
}

/// A refusal that is about HTTP rather than about subjects.
fn status(status: u16) -> Refusal {
    let reason = StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default();
    let reason = if status == 413 { "Request Entity Too Large" } else { reason };
    Refusal::new(status.into(), format!("HTTP {status} {reason}"))
}

/// The refusal of someone who must show a token first.
pub(crate) fn unauthorized() -> Refusal {
    Refusal::new(40101, "User cannot be authenticated")
}

impl Good {
    /// The body, when there is one.
    fn answer(self) -> Option<Answer> {
        match self {
            Good::Json(value) => Some(Answer::new(value.to_string())),
            Good::Text(text) => Some(Answer::new(text)),
            Good::Empty => None,
        }
    }
}

fn nothing() -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn send(answer: &Answer, media: &'static str, request: &HeaderMap) -> Response {
    let known = answer.etag.to_str().is_ok_and(|etag| has_version(request, etag));
    let mut response = Response::new(if known { Bytes::new() } else { answer.body.clone() }.into());
    let headers = response.headers_mut();
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    }
    let headers = response.headers_mut();
    headers.insert(header::ETAG, answer.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Authorization"));
    response
}

/// A refusal on the wire. The status is the first three digits of its number.
pub(crate) fn refusal(error: &Refusal, media: &'static str) -> Response {
    let status = if error.code < 1000 { error.code } else { error.code / 100 };
    let body = json!({"error_code": error.code, "message": error.message});
    let mut response = Response::new(body.to_string().into());
    let status = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = response.status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if code == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"concord\", Bearer"));
    }
    response
}
