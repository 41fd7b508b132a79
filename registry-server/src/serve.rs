//! Listening: connections, their bounds, and an orderly stop.
//!
//! The loop is our own instead of warp's, because a public server must be able to hang up on a client that never finishes the head of its
//! request, and to bound how many connections are open.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::{Either, select};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::keep::signed::KeyPlace;
use crate::limits::MAX_HEAD;
use crate::router::routes;
use crate::tls::TlsAcceptor;
use crate::validator::Validator;
use crate::{Registry, Settings};

/// Pause after the system could not accept a connection, most often because too many files are open.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until `stop` is done, then lets running requests finish within the limits' grace.
pub async fn serve(listener: TcpListener, registry: Arc<Registry>, stop: impl Future<Output = ()>) {
    serve_over(listener, None, registry, stop).await;
}

/// The same, over TLS when there is a certificate.
pub async fn serve_over(listener: TcpListener, tls: Option<TlsAcceptor>, registry: Arc<Registry>, stop: impl Future<Output = ()>) {
    registry.encrypted.store(tls.is_some(), Ordering::Relaxed);
    let filter = routes(Arc::clone(&registry));
    let places = Arc::new(Semaphore::new(registry.limits.connections.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    let watch = tokio::spawn(watch(Arc::clone(&registry)));
    loop {
        let next = pin!(async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        });
        let (place, accepted) = match select(next, stop.as_mut()).await {
            Either::Left((next, _)) => next,
            Either::Right(((), _)) => break,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(registry.limits.idle).max_buf_size(MAX_HEAD);
        let inner = TowerToHyperService::new(warp::service(filter.clone()));
        let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            inner.call(request)
        });
        let (watcher, tls, patience) = (graceful.watcher(), tls.clone(), registry.limits.idle);
        tokio::spawn(async move {
            let _place = place;
            // How a connection begins and ends is the client's business; there is nobody to tell.
            match tls {
                None => drop(watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await),
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(patience, tls.accept(stream)).await {
                        drop(watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await);
                    }
                }
            }
        });
    }
    registry.drain();
    watch.abort();
    drop(listener);
    let _ = tokio::time::timeout(registry.limits.grace, graceful.shutdown()).await;
}

/// How often to look whether another process has published something.
const WATCH: Duration = Duration::from_secs(1);

/// Takes in what other processes publish in the same database.
async fn watch(registry: Arc<Registry>) {
    loop {
        tokio::time::sleep(WATCH).await;
        let of = Arc::clone(&registry);
        if let Ok(Err(fault)) = tokio::task::spawn_blocking(move || of.refresh()).await {
            crate::log::fault(&fault);
        }
    }
}

/// Serves a registry until Ctrl-C or a request to end. `announce` is called with the address once it listens.
///
/// # Errors
/// When the database, a key, the certificate or the address cannot be used, or the system refuses threads or signals.
pub fn run(settings: &Settings, announce: impl FnOnce(SocketAddr)) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().enable_time().build().map_err(|e| e.to_string())?;
    let tls = settings.tls()?;
    let database = settings.open().map_err(|fault| fault.0)?;
    if settings.data.is_none() && settings.database.is_none() {
        crate::log::line("nothing-kept", serde_json::json!({"why": "neither --data nor --database was given"}));
    }
    let key = KeyPlace::of(&*database, settings.signing_key.as_deref());
    if settings.database.is_some() && key == KeyPlace::Database {
        crate::log::line(
            "signing-key-in-database",
            serde_json::json!({"why": "--signing-key names no file; backups of the database have the key"}),
        );
    }
    let (limits, policy) = (settings.limits(), settings.policy());
    let registry = Registry::with_key(concord_standards::catalog(), limits, policy, database, &key, settings.new_signing_key);
    let registry = registry.map_err(|fault| fault.0)?;
    if let Some(folder) = &settings.validator {
        registry.show_validator(Validator::open(folder)?);
    }
    registry.tell(settings.behind_proxy, !settings.quiet);
    let served = runtime.block_on(async {
        // Before anyone knows the address, so that a signal from then on stops us in order.
        let stop = stop_signal()?;
        let listener = TcpListener::bind(settings.listen).await?;
        announce(listener.local_addr()?);
        serve_over(listener, tls, registry, stop).await;
        io::Result::Ok(())
    });
    // A check that nobody waits for any more must not hold us up.
    runtime.shutdown_background();
    served.map_err(|error| format!("{}: {error}", settings.listen))
}

/// Done when the process is asked to end.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        select(pin!(interrupt.recv()), pin!(terminate.recv())).await;
    })
}

/// Done when the process is asked to end.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
