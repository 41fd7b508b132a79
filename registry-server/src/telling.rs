//! What is told and counted about each request: an id that its answer carries, its path, its status and its time; never a body or a query.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use warp::http::{HeaderMap, HeaderName, HeaderValue, Method};
use warp::reply::Response;

use crate::Registry;

/// The header of the id.
const ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from who asks.
const LONGEST: usize = 64;

/// Longest part of a path that is told.
const PATH: usize = 200;

/// A request on its way.
pub(crate) struct Told {
    id: String,
    start: Instant,
    method: Method,
    path: String,
}

impl Told {
    pub(crate) fn new(method: &Method, path: &str, headers: &HeaderMap) -> Told {
        let plain =
            |id: &&str| !id.is_empty() && id.len() <= LONGEST && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let given = headers.get(ID).and_then(|v| v.to_str().ok()).filter(plain);
        let id = given.map_or_else(next_id, str::to_owned);
        Told { id, start: Instant::now(), method: method.clone(), path: path.chars().take(PATH).collect() }
    }

    /// The request was answered.
    pub(crate) fn answered(self, registry: &Registry, mut response: Response) -> Response {
        let (status, took) = (response.status().as_u16(), self.start.elapsed());
        registry.metrics.count(self.method.as_str(), status, took);
        if registry.telling.load(Ordering::Relaxed) {
            let (method, micros) = (self.method.as_str(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            let more = serde_json::json!({"id": self.id, "method": method, "path": self.path, "status": status, "microseconds": micros});
            crate::log::line("request", more);
        }
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(ID, id);
        }
        response
    }
}

/// An id that no other request of this server has: its start's own number, and a count.
fn next_id() -> String {
    static START: OnceLock<String> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let start = START.get_or_init(|| {
        let mut bytes = [0; 6];
        // Without chance, ids are unique within one start only.
        let _ = getrandom::fill(&mut bytes);
        concord_core::session::hex(&bytes)
    });
    let mut id = start.clone();
    let _ = write!(id, "-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    id
}

/// The address that asks, as far as it is known.
pub(crate) fn address(peer: Option<SocketAddr>, headers: &HeaderMap, behind_proxy: bool) -> String {
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back().and_then(|v| v.to_str().ok());
    // The last one is what the proxy itself saw; those before it are what it was told.
    let last = forwarded.and_then(|list| list.rsplit(',').next()).and_then(|text| text.trim().parse::<std::net::IpAddr>().ok());
    match last.filter(|_| behind_proxy) {
        Some(ip) => ip.to_string(),
        None => peer.map(|peer| peer.ip().to_string()).unwrap_or_default(),
    }
}
