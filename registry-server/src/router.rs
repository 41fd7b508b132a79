//! From a request to its answer.
//!
//! The answers about the catalogue are in a map, so the routes are few: the map, the pages behind codes, the check, and two for who
//! watches the server. They are looked up by path first and by method second, so that a wrong method is told apart from a wrong path.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use percent_encoding::percent_decode_str;
use warp::Filter;
use warp::filters::path::FullPath;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

use crate::Registry;
use crate::negotiate::has_version;
use crate::problem::{BUSY, FAILED, NOT_FOUND, Problem, UNKNOWN_FILE, UNKNOWN_STANDARD, shown};
use crate::store::Page;
use crate::validate;

const READ: &str = "GET, HEAD, OPTIONS";
const SEND: &str = "POST, OPTIONS";

/// All routes as one filter, which refuses nothing: every problem is an answer.
pub fn routes(registry: Arc<Registry>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method: Method, path: FullPath, query: String, headers: HeaderMap, body| {
            let registry = Arc::clone(&registry);
            async move { answer(registry, method, path.as_str(), &query, &headers, body).await }
        })
        // The filters above take every request; should one not, that is our mistake.
        .recover(|_| async { Ok::<Response, Infallible>(finish(Problem::new(FAILED, "The request was not understood.").response(), READ)) })
        .unify()
}

async fn answer<S, B, E>(registry: Arc<Registry>, method: Method, path: &str, query: &str, headers: &HeaderMap, body: S) -> Response
where
    S: futures_util::Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let decoded = percent_decode_str(path).decode_utf8();
    let Ok(path) = decoded else {
        return finish(Problem::new(NOT_FOUND, "The address is not UTF-8 text.").response(), READ);
    };
    let allow = if path == "/v1/validate" { SEND } else { READ };
    let result = match (allow, method) {
        (_, Method::OPTIONS) => Ok(options(allow)),
        (SEND, Method::POST) => validate::validate(&registry, query, headers, body).await,
        (READ, Method::GET) => read(&registry, &path, headers),
        (READ, Method::HEAD) => read(&registry, &path, headers).map(without_body),
        _ => Err(Problem::method(allow)),
    };
    finish(result.unwrap_or_else(|problem| problem.response()), allow)
}

/// What every answer carries.
fn finish(mut response: Response, allow: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if allow == READ {
        // All that can be read here is public, so any site may show it.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag"));
    }
    response
}

fn options(allow: &'static str) -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    if allow == READ {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Accept, If-None-Match"));
    }
    response
}

/// A HEAD's answer: the headers of a GET, with the length that its body would have.
fn without_body(response: Response) -> Response {
    use hyper::body::Body;
    let length = response.body().size_hint().exact();
    let (mut parts, _) = response.into_parts();
    if let Some(length) = length.filter(|_| parts.status != StatusCode::NOT_MODIFIED) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Bytes::new().into())
}

fn read(registry: &Registry, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    if let Some(page) = registry.store.get(path) {
        return Ok(send(page, headers));
    }
    if let Some(code) = path.strip_prefix("/v1/findings/") {
        let mut response = send(&crate::findings::page(registry, code, headers)?, headers);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        return Ok(response);
    }
    match path {
        "/healthz" => Ok(plain("ok")),
        "/readyz" if registry.ready() => Ok(plain("ready")),
        "/readyz" => Err(Problem::new(BUSY, "The server is about to stop, or has no standards.")),
        _ => Err(missing(registry, path)),
    }
}

fn plain(text: &'static str) -> Response {
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn send(page: &Page, request: &HeaderMap) -> Response {
    let known = has_version(request, &page.etag);
    let mut response = Response::new(if known { Bytes::new() } else { page.body.clone() }.into());
    let headers = response.headers_mut();
    // A digest is always fit for a header; without it the answer is still right.
    if let Ok(etag) = HeaderValue::from_str(&page.etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(page.cache));
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media));
    if page.media.starts_with("text/html") {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(crate::html::POLICY));
        headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    }
    response
}

/// Which part of an address is not known.
fn missing(registry: &Registry, path: &str) -> Problem {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (id, version, rest) = match parts.as_slice() {
        ["v1", "standards", id] | ["standards", id] => (*id, None, &[][..]),
        ["v1", "standards", id, "versions", version, rest @ ..] | ["standards", id, version, rest @ ..] => (*id, Some(*version), rest),
        _ => return Problem::new(NOT_FOUND, format!("There is nothing at \"{}\".", shown(path))),
    };
    let versions = registry.catalog.versions(id);
    match (version, rest) {
        (Some(version), ["files", file @ ..]) if !file.is_empty() && versions.iter().any(|p| p.manifest.version == version) => {
            Problem::new(UNKNOWN_FILE, format!("{id}@{version} has no file \"{}\".", shown(&file.join("/"))))
        }
        (Some(version), []) if !version.is_empty() => unknown_standard(registry, &format!("{id}@{version}")),
        (None, []) if versions.is_empty() && !id.is_empty() => unknown_standard(registry, id),
        (Some(_), _) if versions.is_empty() => unknown_standard(registry, id),
        _ => Problem::new(NOT_FOUND, format!("There is nothing at \"{}\".", shown(path))),
    }
}

/// Says that there is no such standard, and which is most like it.
pub(crate) fn unknown_standard(registry: &Registry, reference: &str) -> Problem {
    let near = registry.near(reference).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    Problem::new(UNKNOWN_STANDARD, format!("There is no standard \"{}\".{near}", shown(reference)))
}
