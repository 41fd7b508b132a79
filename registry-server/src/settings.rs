//! The flags of the server and of the commands that keep a registry.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::Registry;
use crate::access::Policy;
use crate::db::postgres::Postgres;
use crate::db::sqlite::Sqlite;
use crate::db::{Database, Fault};
use crate::keep::signed::KeyPlace;
use crate::limits::Limits;
use crate::tls::{self, TlsAcceptor};

/// Where the registry is kept.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The registry's folder.
    #[arg(long, value_name = "DIR", required_unless_present = "database")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database, as postgres://user:password@host/name. The connection is not encrypted.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub database: Option<String>,
    /// The file of the key that signs. Default: signing.key in the registry's folder; with --database, the key in the database.
    #[arg(long, value_name = "FILE", env = "CONCORD_REGISTRY_SIGNING_KEY")]
    pub signing_key: Option<PathBuf>,
}

impl Place {
    /// Opens the registry's database.
    ///
    /// # Errors
    /// The database's.
    pub fn open(&self) -> Result<Arc<dyn Database>, Fault> {
        open(self.data.as_deref(), self.database.as_deref())
    }

    /// Opens the registry.
    ///
    /// # Errors
    /// The database's, or what is wrong with the key.
    pub fn registry(&self) -> Result<Arc<Registry>, Fault> {
        let database = self.open()?;
        let key = KeyPlace::of(&*database, self.signing_key.as_deref());
        Registry::with_key(concord_standards::catalog(), Limits::default(), Policy::default(), database, &key, false)
    }
}

fn open(data: Option<&std::path::Path>, database: Option<&str>) -> Result<Arc<dyn Database>, Fault> {
    Ok(match (data, database) {
        (_, Some(url)) => Arc::new(Postgres::open(url)?),
        (Some(folder), None) => Arc::new(Sqlite::open(folder)?),
        (None, None) => Arc::new(Sqlite::in_memory()?),
    })
}

/// Where to listen, and the bounds on requests.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The folder in which the registry is kept. Without it and without --database, all changes are gone when the server stops.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database to keep the registry in, as postgres://user:password@host/name. The connection is not encrypted.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub database: Option<String>,
    /// The file of the key that signs; it is made at the first start. Default: signing.key in the registry's folder; with --database, the key
    /// stands in the database unless a file is named. No backup has it.
    #[arg(long, value_name = "FILE")]
    pub signing_key: Option<PathBuf>,
    /// Sign with the key of that file, or a new one, although another has signed before. Who knows the other asks for a confirmation.
    #[arg(long)]
    pub new_signing_key: bool,
    /// The server's certificate and those above it, in PEM form. With it the server speaks TLS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key, in PEM form.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Nothing can be seen without a token.
    #[arg(long, conflicts_with = "open_to_write")]
    pub closed: bool,
    /// Everyone may change everything: for trying things out.
    #[arg(long)]
    pub open_to_write: bool,
    /// A TOML file with more of these settings, by the same names.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
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
    /// Of these, files of one caller: of one token, or of one address without a token.
    #[arg(long, value_name = "N", default_value_t = Limits::default().per_caller as u64, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub max_validations_per_caller: u64,
    /// Requests that one caller may make each second; ten seconds' worth may be made at once. 0 is no bound.
    #[arg(long, value_name = "N", default_value_t = Limits::default().rate)]
    pub max_rate: u64,
    /// The built package of the browser's validator (wasm/pkg); with it, /validate/ is the page that checks files in the browser.
    #[arg(long, value_name = "DIR")]
    pub validator: Option<PathBuf>,
    /// The server stands behind a proxy: a caller's address is the last one in X-Forwarded-For.
    #[arg(long)]
    pub behind_proxy: bool,
    /// Do not write a line for each request.
    #[arg(long)]
    pub quiet: bool,
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
    /// Opens the registry's database.
    ///
    /// # Errors
    /// The database's.
    pub fn open(&self) -> Result<Arc<dyn Database>, Fault> {
        open(self.data.as_deref(), self.database.as_deref())
    }

    /// What makes connections of TLS, when there is a certificate.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn tls(&self) -> Result<Option<TlsAcceptor>, String> {
        let both = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        both.map(|(certificate, key)| tls::acceptor(certificate, key)).transpose()
    }

    /// What callers without a token may do.
    pub fn policy(&self) -> Policy {
        Policy { open_reads: !self.closed, open_writes: self.open_to_write }
    }

    /// The bounds that the flags set.
    pub fn limits(&self) -> Limits {
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Limits {
            body: self.max_body,
            idle: Duration::from_secs(self.max_idle),
            total: Duration::from_secs(self.max_time),
            validations: count(self.max_validations),
            per_caller: count(self.max_validations_per_caller),
            rate: self.max_rate,
            connections: count(self.max_connections),
            findings: self.max_findings,
            grace: Duration::from_secs(self.grace),
        }
    }
}
