//! From a request to its answer.
//!
//! The answers about the catalogue are in a map, so the routes are few: the map, the pages behind codes, the check, and two for who
//! watches the server. They are looked up by path first and by method second, so that a wrong method is told apart from a wrong path.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::{Buf, Bytes};
use concord_core::package::catalog::Catalog;
use percent_encoding::percent_decode_str;
use warp::Filter;
use warp::filters::path::FullPath;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

use crate::access::{Caller, Right};
use crate::keep::subjects::Refusal;
use crate::keep::tokens;
use crate::limits::BURST;
use crate::made::Ask;
use crate::native::Change;
use crate::negotiate::{accepts_gzip, has_version};
use crate::problem::{BUSY, FAILED, NOT_FOUND, Problem, TOO_MANY, UNKNOWN_CALLER, UNKNOWN_FILE, UNKNOWN_STANDARD, shown};
use crate::shelf::Shelf;
use crate::store::{Page, Store};
use crate::telling::{self, Told};
use crate::{Registry, admin, confluent, convert, metrics, native, proofs, references, search, validate, validator};

const READ: &str = "GET, HEAD, OPTIONS";
const SEND: &str = "POST, OPTIONS";

/// All routes as one filter, which refuses nothing: every problem is an answer.
pub fn routes(registry: Arc<Registry>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<SocketAddr>())
        .and(warp::body::stream())
        .then(move |method: Method, path: FullPath, query: String, headers: HeaderMap, peer: Option<SocketAddr>, body| {
            let registry = Arc::clone(&registry);
            async move {
                let told = Told::new(&method, path.as_str(), &headers);
                let from = telling::address(peer, &headers, registry.behind_proxy.load(Ordering::Relaxed));
                let response = answer(Arc::clone(&registry), from, method, path.as_str(), &query, &headers, body).await;
                told.answered(&registry, response)
            }
        })
        // The filters above take every request; should one not, that is our mistake.
        .recover(|_| async { Ok::<Response, Infallible>(finish(Problem::new(FAILED, "The request was not understood.").response(), READ)) })
        .unify()
}

async fn answer<S, B, E>(
    registry: Arc<Registry>,
    from: String,
    method: Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: S,
) -> Response
where
    S: futures_util::Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let reads = matches!(method, Method::GET | Method::HEAD);
    let head = |response: Response| if method == Method::HEAD { without_body(response) } else { response };
    if let Some(response) = (path == "/" && reads).then(|| confluent::root(headers)).flatten() {
        return finish(head(response), READ);
    }
    let caller = caller(&registry, headers, reads).await.map(|caller| caller.at(&from));
    // Who tries tokens that are not taken is bound as nobody is.
    let place = caller.as_ref().map_or(&from, |caller| &caller.place);
    let limits = &registry.limits;
    if let Err(seconds) = registry.rates.take(place, limits.rate, BURST, Instant::now()) {
        let problem = Problem::new(TOO_MANY, format!("It takes {} requests each second of one caller.", limits.rate));
        return finish(Problem { retry_after: Some(seconds), ..problem }.response(), READ);
    }
    if path == admin::PATH {
        let proxied = registry.behind_proxy.load(Ordering::Relaxed) && headers.get("x-forwarded-proto").is_some_and(|v| v == "https");
        let secure = proxied || registry.encrypted.load(Ordering::Relaxed);
        let way = admin::Way { method: &method, query, headers, secure };
        return finish(head(admin::answer(&registry, caller.ok(), way, body).await), admin::ALLOW);
    }
    if confluent::is_route(path) {
        // Web pages of others may read what is open to all.
        let allow = if reads { READ } else { SEND };
        let caller = caller.map_err(Denied::refusal);
        return finish(head(confluent::answer(&registry, caller, method.clone(), path, query, headers, body).await), allow);
    }
    let change = percent_decode_str(path).decode_utf8().ok().and_then(|path| Change::parse(&path));
    let works = matches!(path, "/v1/validate" | "/v1/convert");
    let allow = if works || change.is_some() { SEND } else { READ };
    let result = async {
        let path = percent_decode_str(path).decode_utf8().map_err(|_| Problem::new(NOT_FOUND, "The address is not UTF-8 text."))?;
        if method == Method::OPTIONS {
            return Ok(options(allow));
        }
        let watched = matches!(path.as_ref(), "/healthz" | "/readyz" | "/metrics");
        let caller = caller.map_err(Denied::problem)?;
        if !watched && caller.must_say_who(Right::Read) {
            return Err(Denied::Nobody.problem());
        }
        if let (Some(change), &Method::POST) = (change, &method) {
            return native::change(&registry, &caller, change, headers, body).await;
        }
        match (allow, &method) {
            (SEND, &Method::POST) if path == "/v1/validate" => validate::validate(&registry, &caller, query, headers, body).await,
            (SEND, &Method::POST) if path == "/v1/convert" => convert::convert(&registry, &caller, query, headers, body).await,
            (READ, &Method::GET) => read(&registry, &caller, &path, query, headers).await,
            (READ, &Method::HEAD) => read(&registry, &caller, &path, query, headers).await.map(without_body),
            _ => Err(Problem::method(allow)),
        }
    };
    finish(result.await.unwrap_or_else(|problem| problem.response()), allow)
}

/// Why it is not known who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denied {
    /// Nobody, or the holder of a token that is not taken.
    Nobody,
    /// It could not be looked up.
    Failed,
}

impl Denied {
    fn problem(self) -> Problem {
        match self {
            Denied::Nobody => {
                Problem::new(UNKNOWN_CALLER, "Send a token in the Authorization header, as Bearer or as the password of Basic.")
            }
            Denied::Failed => Problem::new(FAILED, "The token could not be looked up."),
        }
    }

    fn refusal(self) -> Refusal {
        match self {
            Denied::Nobody => confluent::unauthorized(),
            Denied::Failed => Refusal::new(50001, "Error in the backend data store"),
        }
    }
}

/// The refusal of someone who must show a token first.
pub(crate) fn nobody() -> Problem {
    Denied::Nobody.problem()
}

/// Who asks, by the `Authorization` header: a token as `Bearer`, or as the password of `Basic`, which is all that some clients know.
///
/// A browser that was once asked for a password of `Basic` sends it with every request, also with those that a page of another site makes; so it
/// does not count for what changes something.
async fn caller(registry: &Arc<Registry>, headers: &HeaderMap, reads: bool) -> Result<Caller, Denied> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Caller::anonymous(registry.policy)) };
    if !reads && admin::is_of_another_site(headers) && !value.to_str().is_ok_and(is_bearer) {
        return Err(Denied::Nobody);
    }
    let secret = value.to_str().ok().and_then(secret).ok_or(Denied::Nobody)?;
    let registry = Arc::clone(registry);
    let found = tokio::task::spawn_blocking(move || tokens::holder(registry.database(), &secret, registry.policy)).await;
    match found {
        Ok(Ok(Some(caller))) => Ok(caller),
        Ok(Ok(None)) => Err(Denied::Nobody),
        Ok(Err(fault)) => {
            crate::log::fault(&fault);
            Err(Denied::Failed)
        }
        Err(_) => Err(Denied::Failed),
    }
}

fn is_bearer(authorization: &str) -> bool {
    authorization.trim().split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
}

fn secret(authorization: &str) -> Option<String> {
    let (scheme, value) = authorization.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| base64(value.trim())).flatten()?;
    String::from_utf8(pair).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

/// The bytes of a text in Base64, with or without its padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}

/// What every answer carries.
fn finish(mut response: Response, allow: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if allow == READ {
        // All that can be read here is public, so any site may show it.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Retry-After, X-Request-Id"));
    }
    response
}

pub(crate) fn options(allow: &'static str) -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    if allow == READ {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Accept, Authorization, If-None-Match"));
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

/// Answers from what is published, another process's last publication included: what is not there is looked for in the database once more.
async fn read(registry: &Arc<Registry>, caller: &Caller, path: &str, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let shelf = registry.shelf();
    let answer = read_from(registry, Arc::clone(&shelf), caller, path, query, headers).await;
    let Err(problem) = &answer else { return answer };
    if problem.kind.status != 404 {
        return answer;
    }
    let asked = Arc::clone(registry);
    if let Ok(Err(fault)) = tokio::task::spawn_blocking(move || asked.refresh()).await {
        crate::log::fault(&fault);
    }
    let now = registry.shelf();
    if Arc::ptr_eq(&now, &shelf) { answer } else { read_from(registry, now, caller, path, query, headers).await }
}

async fn read_from(
    registry: &Arc<Registry>,
    shelf: Arc<Shelf>,
    caller: &Caller,
    path: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    match path {
        "/healthz" => return Ok(plain("ok".into())),
        "/metrics" => {
            let asked = Arc::clone(registry);
            let text = tokio::task::spawn_blocking(move || metrics::text(&asked)).await;
            return text.map(|text| plain(text.into())).map_err(|_| Problem::new(FAILED, "The counting broke off."));
        }
        "/readyz" => {
            let asked = Arc::clone(registry);
            let ready = tokio::task::spawn_blocking(move || asked.ready()).await.unwrap_or(false);
            let not = || Problem::new(BUSY, "The server is about to stop, has no standards, or cannot reach its database.");
            return if ready { Ok(plain("ready".into())) } else { Err(not()) };
        }
        "/validate" if registry.validator.get().is_some() => return Ok(validator::with_slash()),
        _ => {}
    }
    if let Some(name) = path.strip_prefix("/validate/")
        && let Some(page) = registry.validator.get().and_then(|validator| validator.page(name))
    {
        return Ok(validator::with_policy(send(page, headers)));
    }
    let searched = matches!(path, "/v1/standards" | "/") && !query.is_empty();
    if caller.may(Right::Read, "") {
        if let Some(page) = shelf.store.get(path).filter(|_| !searched) {
            return Ok(send(page, headers));
        }
        return look_up(registry, Seen::All(shelf), path, query, headers).await;
    }
    // Who may see a part of the standards has a registry that has no others.
    let seen = shelf.seen_by(&|id| caller.may(Right::Read, id));
    if let Some(page) = Store::new(&seen).get(path).filter(|_| !searched) {
        return Ok(send(page, headers));
    }
    look_up(registry, Seen::Part(seen), path, query, headers).await
}

/// The standards of which a caller may know.
enum Seen {
    All(Arc<Shelf>),
    Part(Catalog),
}

impl Seen {
    fn catalog(&self) -> &Catalog {
        match self {
            Seen::All(shelf) => &shelf.catalog,
            Seen::Part(catalog) => catalog,
        }
    }
}

/// Answers that are made when they are asked for.
async fn look_up(registry: &Arc<Registry>, seen: Seen, path: &str, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let catalog = seen.catalog();
    match path {
        "/v1/standards" => return Ok(send(&search::page(catalog, query)?, headers)),
        "/" => {
            let [q] = crate::upload::parameters(query, ["q"])?;
            let q = q.unwrap_or_default();
            let words: String = form_urlencoded::Serializer::new(String::new()).append_pair("q", &q).finish();
            let found = search::page(catalog, &words)?;
            let found = serde_json::from_slice(&found.body).unwrap_or_default();
            return Ok(send(&Page::new(crate::html::results(&q, &found), "text/html; charset=utf-8", crate::store::ASK), headers));
        }
        _ => {}
    }
    if let Some(code) = path.strip_prefix("/v1/findings/") {
        let mut response = send(&crate::findings::page(catalog, code, headers)?, headers);
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
        return Ok(response);
    }
    if let Some(code) = path.strip_prefix("/findings/") {
        return Ok(send(&crate::findings::for_people(catalog, code)?, headers));
    }
    if let Some(ask) = proofs::Ask::parse(path) {
        // Of what may not be seen, nothing is said but that it is in the log: its hash.
        if let proofs::Ask::Proof(id, version) = &ask
            && !catalog.versions(id).iter().any(|p| p.manifest.version == *version)
        {
            return Err(unknown_standard(catalog, &format!("{id}@{version}")));
        }
        let (registry, query) = (Arc::clone(registry), query.to_owned());
        let made = tokio::task::spawn_blocking(move || proofs::page(&registry, &ask, &query)).await;
        let page = made.unwrap_or_else(|_| Err(Problem::new(FAILED, "The making of this answer broke off.")))?;
        return page.map(|page| send(&page, headers)).ok_or_else(|| missing(catalog, path));
    }
    if let Some(ask) = references::Ask::parse(path) {
        return Ok(send(&references::page(catalog, &registry.shelf().published, &ask)?, headers));
    }
    if Ask::parse(path).is_none() {
        return Err(missing(catalog, path));
    }
    let (registry, path) = (Arc::clone(registry), path.to_owned());
    let made = tokio::task::spawn_blocking(move || match Ask::parse(&path) {
        Some(ask) => registry.made.page(seen.catalog(), &ask),
        None => Err(missing(seen.catalog(), &path)),
    });
    let page = made.await.unwrap_or_else(|_| Err(Problem::new(FAILED, "The making of this answer broke off.")))?;
    Ok(send(&page, headers))
}

fn plain(text: Bytes) -> Response {
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn send(page: &Page, request: &HeaderMap) -> Response {
    let packs = page.packs();
    let packed = (packs && accepts_gzip(request)).then(|| page.packed().clone()).filter(|packed| !packed.is_empty());
    // Each form of a body has a version of its own; who has one of them has them all.
    let other = format!("{}-gzip\"", page.etag.trim_end_matches('"'));
    let known = has_version(request, &page.etag) || packs && has_version(request, &other);
    let etag = if packed.is_some() { &other } else { &page.etag };
    let gzip = packed.is_some();
    let mut response = Response::new(if known { Bytes::new() } else { packed.unwrap_or_else(|| page.body.clone()) }.into());
    let headers = response.headers_mut();
    // A digest is always fit for a header; without it the answer is still right.
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    if packs {
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if gzip && !known {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
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
fn missing(catalog: &Catalog, path: &str) -> Problem {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (id, version, rest) = match parts.as_slice() {
        ["v1", "standards", id] | ["standards", id] => (*id, None, &[][..]),
        ["v1", "standards", id, "versions", version, rest @ ..] | ["standards", id, version, rest @ ..] => (*id, Some(*version), rest),
        _ => return Problem::new(NOT_FOUND, format!("There is nothing at \"{}\".", shown(path))),
    };
    let versions = catalog.versions(id);
    match (version, rest) {
        (Some(version), ["files", file @ ..]) if !file.is_empty() && versions.iter().any(|p| p.manifest.version == version) => {
            Problem::new(UNKNOWN_FILE, format!("{id}@{version} has no file \"{}\".", shown(&file.join("/"))))
        }
        (Some(version), []) if !version.is_empty() => unknown_standard(catalog, &format!("{id}@{version}")),
        (None, []) if versions.is_empty() && !id.is_empty() => unknown_standard(catalog, id),
        (Some(_), _) if versions.is_empty() => unknown_standard(catalog, id),
        _ => Problem::new(NOT_FOUND, format!("There is nothing at \"{}\".", shown(path))),
    }
}

/// Says that there is no such standard, and which is most like it.
pub(crate) fn unknown_standard(catalog: &Catalog, reference: &str) -> Problem {
    // Long texts are like none.
    let near = (reference.len() <= 100).then(|| catalog.near(reference)).flatten();
    let near = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    Problem::new(UNKNOWN_STANDARD, format!("There is no standard \"{}\".{near}", shown(reference)))
}
