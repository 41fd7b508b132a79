//! The registry's own routes that make their answers: search, archives, comparison, conversion, and what describes and counts them all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{Cursor, Read};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use concord_registry::{Limits, Registry, openapi, routes};
use serde_json::{Value, json};
use warp::http::Response;

fn block<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(|| Registry::embedded(Limits::default()));

fn ask(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Bytes> {
    let request = headers.iter().fold(warp::test::request().method(method).path(path), |r, (name, value)| r.header(*name, *value));
    block(request.body(body).reply(&routes(Arc::clone(&REGISTRY))))
}

fn get(path: &str) -> (u16, Value) {
    let response = ask("GET", path, &[], b"");
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

fn references(list: &Value) -> Vec<String> {
    list["standards"].as_array().unwrap().iter().map(|s| s["reference"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn words_are_found_in_titles_fields_and_codes() {
    let all = references(&get("/v1/standards").1);
    let found = get("/v1/standards?q=permitnum").1;
    assert!(references(&found).contains(&"blds@1.2".to_owned()), "{found}");
    let place = &found["standards"][0]["matches"][0];
    assert_eq!(place["kind"], "field");
    assert!(references(&found).len() < all.len());
    assert_eq!(references(&get("/v1/standards?q=nowhereatall").1), [""; 0]);
    let both = references(&get("/v1/standards?q=PermitNum+nowhereatall").1);
    assert!(both.is_empty(), "all words must be found");
    let national = get("/v1/standards?tier=national").1;
    assert!(national["standards"].as_array().unwrap().iter().all(|s| s["tier"] == "national"));
    for wrong in ["tier=world", "limit=0", "limit=501", "limit=x", "q=a&q=b", "colour=red"] {
        assert_eq!(get(&format!("/v1/standards?{wrong}")).0, 400, "{wrong}");
    }
    assert_eq!(get("/v1/standards?after=nothing@1").0, 404);
    let page = ask("GET", "/?q=permitnum", &[], b"");
    assert!(String::from_utf8_lossy(page.body()).contains("permits.PermitNum"));
    let page = ask("GET", "/?q=%3Cscript%3E", &[], b"");
    assert!(!String::from_utf8_lossy(page.body()).contains("<script"));
}

#[test]
fn pages_of_the_list_make_the_whole_list() {
    let all = references(&get("/v1/standards").1);
    for size in [1, 3, all.len() - 1, all.len(), 500] {
        let (mut found, mut path) = (Vec::new(), format!("/v1/standards?limit={size}"));
        loop {
            let page = get(&path).1;
            assert!(references(&page).len() <= size);
            found.extend(references(&page));
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut path),
                None => break,
            }
        }
        assert_eq!(found, all, "pages of {size}");
    }
}

fn unzipped(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|i| {
            let mut file = archive.by_index(i).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().into_owned(), content)
        })
        .collect()
}

#[test]
fn a_bundle_is_the_package() {
    let path = "/v1/standards/blds/versions/1.2/bundle";
    let response = ask("GET", path, &[], b"");
    assert_eq!(response.headers()["content-type"], "application/zip");
    let files = unzipped(response.body()).into_iter().collect();
    let own = concord_standards::catalog().find("blds@1.2").unwrap();
    assert_eq!(files, *own.files);
    assert_eq!(concord_core::package::load::digest(&files), own.digest);
    let etag = response.headers()["etag"].to_str().unwrap();
    assert_eq!(ask("GET", path, &[("if-none-match", etag)], b"").status(), 304);
    assert_eq!(get("/v1/standards/blds/versions/9/bundle").0, 404);
    let template = ask("GET", "/standards/blds/1.2/template.xlsx", &[], b"");
    assert!(template.status() == 200 && template.body().starts_with(b"PK"));
    let nested = get("/standards/wzdx/4.2/template.xlsx");
    assert!(nested.0 == 404 && nested.1["detail"].as_str().is_some_and(|d| d.contains("nested documents")), "{nested:?}");
}

#[test]
fn packed_answers_unpack_to_the_plain_ones() {
    for path in ["/v1/standards", "/", "/v1/standards/blds/versions/1.2", "/style.css", "/v1/openapi.json"] {
        let plain = ask("GET", path, &[], b"");
        assert!(!plain.headers().contains_key("content-encoding"));
        let packed = ask("GET", path, &[("accept-encoding", "br, gzip;q=0.5")], b"");
        assert_eq!(
            (packed.headers()["content-encoding"].as_bytes(), packed.headers()["vary"].as_bytes()),
            (&b"gzip"[..], &b"Accept-Encoding"[..])
        );
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&packed.body()[..]).read_to_end(&mut text).unwrap();
        assert!(text == plain.body()[..] && packed.body().len() < plain.body().len(), "{path}");
        assert_ne!(packed.headers()["etag"], plain.headers()["etag"], "bytes that differ have names that differ");
        let etag = packed.headers()["etag"].to_str().unwrap();
        assert_eq!(ask("GET", path, &[("accept-encoding", "gzip"), ("if-none-match", etag)], b"").status(), 304);
        let head = ask("HEAD", path, &[("accept-encoding", "gzip")], b"");
        assert_eq!(head.headers()["content-length"].to_str().unwrap(), packed.body().len().to_string());
        assert!(!ask("GET", path, &[("accept-encoding", "gzip;q=0")], b"").headers().contains_key("content-encoding"));
    }
}

#[test]
fn versions_are_compared_for_programs_and_for_people() {
    let (status, told) = get("/v1/standards/blds/versions/1.2/compare/1.2");
    assert_eq!((status, &told["backward"]["answer"], &told["size"]), (200, &json!("compatible"), &json!("patch")));
    assert_eq!(get("/v1/standards/blds/versions/1.2/compare/7").0, 404);
    let page = ask("GET", "/standards/blds/1.2/compare/1.2", &[], b"");
    assert!(String::from_utf8_lossy(page.body()).contains("every file that was accepted is accepted still"));
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Every example of every package, as the command line's own tests have them.
#[test]
fn files_are_converted_with_their_report_and_rejects() {
    let mut count = 0;
    for package in concord_standards::catalog().all() {
        let examples = package.files.iter().filter(|(path, _)| path.starts_with("examples/convert/") && path.contains(".in."));
        for (path, bytes) in examples.take(2) {
            let (to, stem) = (package.reference(), path.split(".in.").next().unwrap());
            let name = path.rsplit('/').next().unwrap();
            let given = package.files.get(&format!("{stem}.given.toml")).map(|b| String::from_utf8(b.clone()).unwrap()).unwrap_or_default();
            let given = given.parse::<toml::Table>().unwrap();
            let given: String = given.iter().map(|(name, value)| format!("&set.{name}={}", encoded(value.as_str().unwrap()))).collect();
            let response = ask("POST", &format!("/v1/convert?to={to}&name={name}{given}"), &[], bytes);
            if response.status() == 422 {
                // What must be named, or is more than one file, is told.
                assert!(serde_json::from_slice::<Value>(response.body()).unwrap()["detail"].is_string());
                continue;
            }
            assert_eq!(response.status(), 200, "{path}: {}", String::from_utf8_lossy(response.body()));
            let files = unzipped(response.body());
            let report: Value = serde_json::from_slice(&files.last().unwrap().1).unwrap();
            let balance = &report["conversion"];
            assert!(balance["records_in"].as_u64().unwrap() > 0, "{path}: {balance}");
            assert_eq!(files.iter().any(|(name, _)| name == "rejects.csv"), balance["rejected"] != 0, "{path}");
            if let Some(expected) = package.files.get(&format!("{stem}.out.csv")) {
                assert_eq!(String::from_utf8_lossy(&files[0].1), String::from_utf8_lossy(expected), "{path}");
                count += 1;
            }
        }
    }
    assert!(count >= 3, "only {count} examples were compared");
    // Where there is no direct crosswalk, the chain is taken.
    let umas = concord_standards::catalog().find("umas@2014").unwrap();
    let ledger = &umas.files["examples/convert/munis-ytd.in.csv"];
    let response = ask("POST", "/v1/convert?to=fiscal-data-package@1.0-rc.1&name=ledger.csv&set.fiscal_year=2026", &[], ledger);
    let files = unzipped(response.body());
    let report: Value = serde_json::from_slice(&files.last().unwrap().1).unwrap();
    let way: Vec<&str> = report["conversion"]["way"].as_array().unwrap().iter().map(|leg| leg["to"].as_str().unwrap()).collect();
    assert_eq!(way, ["umas@2014", "fiscal-data-package@1.0-rc.1"]);
    assert_eq!(String::from_utf8_lossy(&files[0].1).lines().count(), 10);
    let code = |query: &str, body: &[u8]| ask("POST", &format!("/v1/convert{query}"), &[], body).status().as_u16();
    assert_eq!(
        [code("", b""), code("?to=nothing", b""), code("?to=blds", b"a,b\n1,2\n"), code("?to=blds&format=docx", b"")],
        [400, 404, 422, 400]
    );
}

#[test]
fn requests_are_counted_and_carry_an_id() {
    let response = ask("GET", "/healthz", &[("x-request-id", "from.the-caller_1")], b"");
    assert_eq!(response.headers()["x-request-id"], "from.the-caller_1");
    let ids: BTreeSet<Vec<u8>> = (0..10)
        .map(|_| ask("GET", "/healthz", &[("x-request-id", "bad id\u{e9}")], b"").headers()["x-request-id"].as_bytes().to_vec())
        .collect();
    assert_eq!(ids.len(), 10);
    let text = ask("GET", "/metrics", &[], b"");
    let text = String::from_utf8(text.body().to_vec()).unwrap();
    let count = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim().parse::<u64>().unwrap();
    assert!(count("concord_requests_total{method=\"GET\",status=\"200\"}") >= 11, "{text}");
    assert_eq!(count("concord_standards "), concord_standards::catalog().all().count() as u64);
}

#[test]
fn a_caller_who_asks_too_often_is_told_when_to_come_back() {
    let registry = Registry::embedded(Limits { rate: 1, ..Limits::default() });
    let ask = || block(warp::test::request().path("/healthz").reply(&routes(Arc::clone(&registry))));
    let refused = (0..50).map(|_| ask()).find(|r| r.status() == 429).expect("a bound");
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
}

/// The description is kept beside the server, so that a change of it is seen. With CONCORD_WRITE=1 it is written anew.
#[test]
fn the_description_is_what_it_was_and_what_is_there() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let made = format!("{:#}\n", openapi::document());
    if std::env::var_os("CONCORD_WRITE").is_some() {
        std::fs::write(file, &made).unwrap();
    }
    assert!(std::fs::read_to_string(file).is_ok_and(|kept| kept == made), "the routes changed; CONCORD_WRITE=1 writes {file} anew");
    assert_eq!(get("/v1/openapi.json").1, openapi::document());
    for (method, path) in openapi::all() {
        let path = path
            .replace("{id}", "blds")
            .replace("{version}", "1.2")
            .replace("{other}", "1.2")
            .replace("{path}", "standard.toml")
            .replace("{code}", "C304")
            .replace("{from}", "1");
        let status = ask(&method.to_uppercase(), &path, &[], b"").status();
        assert!(!matches!(status.as_u16(), 404 | 405), "{method} {path}: {status}");
        // What is there takes no other method, and says which.
        let other = ask("PATCH", &path, &[], b"");
        assert_eq!(other.status(), 405, "{path}");
        assert!(other.headers()["allow"].to_str().unwrap().contains(&method.to_uppercase()), "{path}");
    }
}
