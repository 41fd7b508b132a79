//! A line on the standard error while a long job runs, when a person is looking.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Shows how far the work is, at most ten times a second, and only once it has taken a second.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    total: Option<u64>,
    done: u64,
    started: Instant,
    shown: Option<Instant>,
    watched: bool,
}

impl Progress {
    /// `total` in bytes, when it is known.
    pub(crate) fn new(what: &str, total: Option<u64>) -> Progress {
        Progress { what: what.to_owned(), total, done: 0, started: Instant::now(), shown: None, watched: stderr().is_terminal() }
    }

    /// So many more bytes are done.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.done += bytes;
        let due = self.shown.map_or(Duration::from_secs(1), |_| Duration::from_millis(100));
        if !self.watched || self.shown.unwrap_or(self.started).elapsed() < due {
            return;
        }
        self.shown = Some(Instant::now());
        let done = match self.total {
            Some(total) if total > 0 => format!("{:3} %", (self.done * 100 / total).min(100)),
            _ => format!("{} MB", self.done / 1_000_000),
        };
        let _ = write!(stderr(), "\r{} {done}", self.what);
        let _ = stderr().flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(stderr(), "\r\x1b[2K");
        }
    }
}
