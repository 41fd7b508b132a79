//! The flags of the server, shared by its own program and by the command line's `registry serve`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::limits::Limits;

/// Where to listen, and the bounds on requests.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Largest file to check, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body)]
    pub max_body: u64,
    /// Longest wait for the next piece of a request, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().idle.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub max_idle: u64,
    /// Longest time for one check, upload included, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().total.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub max_time: u64,
    /// Files checked at the same time.
    #[arg(long, value_name = "N", default_value_t = Limits::default().validations as u64, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub max_validations: u64,
    /// Connections open at the same time.
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections as u64, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub max_connections: u64,
    /// Most findings that a request may ask a report to list.
    #[arg(long, value_name = "N", default_value_t = Limits::default().findings)]
    pub max_findings: usize,
    /// How long running requests may go on after the server was told to stop, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().grace.as_secs(), value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub grace: u64,
}

impl Settings {
    /// The bounds that the flags set.
    pub fn limits(&self) -> Limits {
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Limits {
            body: self.max_body,
            idle: Duration::from_secs(self.max_idle),
            total: Duration::from_secs(self.max_time),
            validations: count(self.max_validations),
            connections: count(self.max_connections),
            findings: self.max_findings,
            grace: Duration::from_secs(self.grace),
        }
    }
}
