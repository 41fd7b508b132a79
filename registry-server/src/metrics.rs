//! What is counted, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Registry;

/// Bounds of the buckets of times, in milliseconds.
const BUCKETS: [u64; 7] = [1, 5, 25, 100, 500, 2_500, 10_000];

/// Counters since the server started.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By method and status.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    microseconds: AtomicU64,
}

impl Metrics {
    /// Counts a request that was answered.
    pub(crate) fn count(&self, method: &str, status: u16, took: Duration) {
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry((method, status)).or_default() += 1;
        for (bound, bucket) in BUCKETS.iter().zip(&self.buckets) {
            if took.as_millis() <= u128::from(*bound) {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// All of them.
pub(crate) fn text(registry: &Registry) -> String {
    let mut out = String::new();
    let head = |out: &mut String, name: &str, kind: &str, help: &str| {
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    };
    let m = &registry.metrics;
    head(&mut out, "concord_requests_total", "counter", "Requests answered, by method and status.");
    for ((method, status), n) in m.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = writeln!(out, "concord_requests_total{{method=\"{method}\",status=\"{status}\"}} {n}");
    }
    head(&mut out, "concord_request_seconds", "histogram", "Time from a request's head to its answer.");
    for (bound, bucket) in BUCKETS.iter().zip(&m.buckets) {
        let (whole, rest) = (bound / 1000, bound % 1000);
        let _ = writeln!(out, "concord_request_seconds_bucket{{le=\"{whole}.{rest:03}\"}} {}", bucket.load(Ordering::Relaxed));
    }
    let (count, micros) = (m.count.load(Ordering::Relaxed), m.microseconds.load(Ordering::Relaxed));
    let _ = writeln!(out, "concord_request_seconds_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(out, "concord_request_seconds_sum {}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let _ = writeln!(out, "concord_request_seconds_count {count}");
    let shelf = registry.shelf();
    for (name, help, value) in [
        ("concord_file_slots_free", "Files that can be taken for work right now.", registry.slots.free()),
        ("concord_standards", "Versions of standards that are served.", shelf.published.len()),
        ("concord_ready", "Whether requests are welcome.", usize::from(registry.ready())),
    ] {
        head(&mut out, name, "gauge", help);
        let _ = writeln!(out, "{name} {value}");
    }
    out
}
