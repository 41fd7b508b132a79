//! Every bound on requests in one place.

use std::time::Duration;

/// What one client, and all of them together, may ask of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest body in bytes. A larger one is refused with 413.
    pub body: u64,
    /// Longest wait for the next piece of a body, and for the head of a request. Then 408, or the connection is closed.
    pub idle: Duration,
    /// Longest time from a request to its answer. Then 408 when the client is the slow one, 503 when the check is.
    pub total: Duration,
    /// Files checked at the same time. One more is refused with 503.
    pub validations: usize,
    /// Of these, files of one caller. One more is refused with 429.
    pub per_caller: usize,
    /// Requests that one caller may make each second; 0 is no bound. More are refused with 429.
    pub rate: u64,
    /// Connections open at the same time. Further ones wait.
    pub connections: usize,
    /// Most findings that a request may ask a report to list.
    pub findings: usize,
    /// How long requests may go on after the server was told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body: 1 << 30,
            idle: Duration::from_secs(30),
            total: Duration::from_secs(600),
            validations: 8,
            per_caller: 2,
            rate: 0,
            connections: 1000,
            findings: 100_000,
            grace: Duration::from_secs(10),
        }
    }
}

/// How many seconds' worth of requests a caller may make at once.
pub const BURST: u64 = 10;

/// Findings that a report lists when the request does not say; the same as the command line's.
pub const DEFAULT_FINDINGS: usize = 1000;

/// Longest name of a file in characters.
pub const MAX_NAME: usize = 255;

/// Largest head of a request in bytes. A larger one is refused with 431.
pub const MAX_HEAD: usize = 64 << 10;

/// Pieces of a body that wait for the check before the socket is left unread.
pub const PIECES: usize = 4;

/// Seconds after which a client that was turned away should try again.
pub const RETRY_AFTER: u64 = 5;
