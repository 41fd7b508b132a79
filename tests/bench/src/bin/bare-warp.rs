//! `bare-warp FILE TYPE`: a handler of warp that answers every request with one file's bytes from memory, with their digest as `ETag`, and
//! with 304 to those who have them. It knows no routes, no callers and no bounds: the floor of `bench-registry`. The address is its first line.

#![allow(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use bytes::Bytes;
use warp::Filter;
use warp::http::{HeaderValue, Response, StatusCode, header};

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bare-warp: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), String> {
    let mut words = std::env::args().skip(1);
    let (Some(file), Some(media)) = (words.next(), words.next()) else { return Err("takes a file and its type".to_owned()) };
    let body = Bytes::from(std::fs::read(&file).map_err(|e| format!("{file}: {e}"))?);
    let media = HeaderValue::from_str(&media).map_err(|e| e.to_string())?;
    let etag = HeaderValue::from_static("\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"");
    let known = warp::header::optional::<String>("if-none-match");
    let handler = warp::get().and(known).map(move |known: Option<String>| {
        let has = known.is_some_and(|known| known.as_bytes() == etag.as_bytes());
        let mut response = Response::new(if has { Bytes::new() } else { body.clone() }.into());
        if has {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers: &mut warp::http::HeaderMap = response.headers_mut();
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::CONTENT_TYPE, media.clone());
        warp::reply::Response::from(response)
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
        println!("http://{}", listener.local_addr().map_err(|e| e.to_string())?);
        warp::serve(handler).incoming(listener).run().await;
        Ok(())
    })
}
