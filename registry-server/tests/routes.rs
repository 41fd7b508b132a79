//! Every route and every problem, without a socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use concord_core::check::dataset::Options;
use concord_core::check::plan::StandardPlan;
use concord_core::render::{self, Format};
use concord_core::session::{Choice, Session};
use concord_registry::validator::Validator;
use concord_registry::{Limits, Registry, problem, routes, store};
use proptest::prelude::*;
use serde_json::Value;
use warp::http::Response;
use warp::test::RequestBuilder;

fn block<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn registry() -> Arc<Registry> {
    static REGISTRY: std::sync::OnceLock<Arc<Registry>> = std::sync::OnceLock::new();
    // So many places that tests which run side by side are never turned away.
    REGISTRY.get_or_init(|| Registry::embedded(Limits { validations: 1000, ..Limits::default() })).clone()
}

fn ask_of(registry: Arc<Registry>, request: RequestBuilder) -> Response<Bytes> {
    block(request.reply(&routes(registry)))
}

fn ask(request: RequestBuilder) -> Response<Bytes> {
    ask_of(registry(), request)
}

fn get(path: &str) -> Response<Bytes> {
    ask(warp::test::request().path(path))
}

fn post(path: &str, body: &[u8]) -> Response<Bytes> {
    ask(warp::test::request().method("POST").path(path).body(body))
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |v| v.to_str().unwrap())
}

fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

/// Checks that an answer is this problem, in the shape of RFC 9457.
fn is_problem(response: &Response<Bytes>, kind: &problem::Kind, detail: &str) {
    let body = json(response);
    assert_eq!(body["type"], format!("/problems/{}", kind.name), "{body}");
    assert_eq!(response.status().as_u16(), kind.status, "{body}");
    assert_eq!(body["status"], kind.status);
    assert_eq!(body["title"], kind.title);
    assert!(body["detail"].as_str().unwrap().contains(detail), "{body} lacks {detail:?}");
    assert_eq!(header(response, "content-type"), "application/problem+json");
    assert_eq!(header(response, "x-content-type-options"), "nosniff");
}

#[test]
fn the_list_names_every_version_with_links_that_work() {
    let response = get("/v1/standards");
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "application/json");
    let body = json(&response);
    let listed: Vec<&str> = body["standards"].as_array().unwrap().iter().map(|s| s["reference"].as_str().unwrap()).collect();
    let known: Vec<String> = concord_standards::catalog().all().map(|p| p.reference()).collect();
    assert_eq!(listed, known);
    for standard in body["standards"].as_array().unwrap() {
        for key in ["id", "version", "tier", "status", "title", "digest"] {
            assert!(standard[key].as_str().is_some_and(|s| !s.is_empty()), "{standard}");
        }
        for link in ["self", "versions", "page"] {
            assert_eq!(get(standard["links"][link].as_str().unwrap()).status(), 200, "{standard}");
        }
        let checked = post(standard["links"]["validate"].as_str().unwrap(), b"a\n1\n");
        assert_eq!(checked.status(), 200);
        assert_eq!(json(&checked)["standard"]["digest"], standard["digest"]);
    }
}

#[test]
fn metadata_describes_the_package_and_its_files() {
    for package in concord_standards::catalog().all() {
        let m = &package.manifest;
        let versions = json(&get(&format!("/v1/standards/{}", m.id)));
        assert!(versions["versions"].as_array().unwrap().iter().any(|v| v["version"] == m.version.as_str()));
        let body = json(&get(&format!("/v1/standards/{}/versions/{}", m.id, m.version)));
        assert_eq!(body["digest"], package.digest);
        assert_eq!(body["manifest"]["publisher"], m.publisher);
        assert_eq!(body["crosswalks"].as_array().unwrap().len(), package.crosswalks.len());
        for (resource, shown) in package.resources.iter().zip(body["resources"].as_array().unwrap()) {
            let names: Vec<&str> = shown["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
            let expected: Vec<&str> = resource.schema.fields.iter().map(|f| f.name.as_str()).collect();
            assert_eq!(names, expected);
        }
        for rule in body["rules"].as_array().unwrap() {
            let page = json(&get(rule["links"]["finding"].as_str().unwrap()));
            assert_eq!((&page["code"], &page["title"]), (&rule["code"], &rule["title"]));
        }
        assert_eq!(body["files"].as_array().unwrap().len(), package.files.len());
        for file in body["files"].as_array().unwrap() {
            let response = get(file["href"].as_str().unwrap());
            let bytes = &package.files[file["path"].as_str().unwrap()];
            assert_eq!(response.body(), bytes, "{file}");
            assert_eq!(file["bytes"], bytes.len());
            assert_eq!(header(&response, "etag"), format!("\"{}\"", file["digest"].as_str().unwrap()));
            assert_eq!(file["digest"], store::digest(bytes));
            assert_eq!(header(&response, "content-type"), file["media_type"].as_str().unwrap());
            assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
        }
    }
}

/// An address of every sort that can be read.
fn readable() -> Vec<String> {
    let package = concord_standards::catalog().all().next().unwrap();
    let m = &package.manifest;
    let base = format!("/v1/standards/{}/versions/{}", m.id, m.version);
    vec![
        "/".to_owned(),
        "/style.css".to_owned(),
        "/v1/standards".to_owned(),
        format!("/v1/standards/{}", m.id),
        format!("{base}/files/standard.toml"),
        base,
        format!("/standards/{}/{}", m.id, m.version),
        format!("/standards/{}", m.id),
        "/findings".to_owned(),
        "/findings/C304".to_owned(),
        "/v1/findings/C304".to_owned(),
        "/problems/busy".to_owned(),
    ]
}

#[test]
fn reads_can_be_asked_again_cheaply() {
    for path in readable() {
        let whole = get(&path);
        assert_eq!(whole.status(), 200, "{path}");
        assert_eq!(header(&whole, "access-control-allow-origin"), "*");
        assert_eq!(header(&whole, "x-content-type-options"), "nosniff");
        let etag = header(&whole, "etag");
        assert_eq!(etag, format!("\"{}\"", store::digest(whole.body())), "{path}");
        for known in [etag.to_owned(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            for method in ["GET", "HEAD"] {
                let again = ask(warp::test::request().method(method).path(&path).header("if-none-match", &known));
                assert_eq!((again.status().as_u16(), again.body().len()), (304, 0), "{method} {path} {known}");
                assert_eq!(header(&again, "etag"), etag);
                assert_eq!(header(&again, "cache-control"), header(&whole, "cache-control"));
            }
        }
        let other = ask(warp::test::request().path(&path).header("if-none-match", "\"other\""));
        assert_eq!(other.status(), 200);
        let head = ask(warp::test::request().method("HEAD").path(&path));
        assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
        assert_eq!(header(&head, "content-length"), whole.body().len().to_string());
        for name in ["etag", "content-type", "cache-control", "x-content-type-options"] {
            assert_eq!(header(&head, name), header(&whole, name), "{path} {name}");
        }
    }
}

#[test]
fn other_methods_are_told_which_would_do() {
    let mut paths = readable();
    paths.extend(["/healthz", "/readyz", "/v1/nothing"].map(str::to_owned));
    for path in paths {
        for method in ["POST", "PUT", "DELETE", "PATCH", "BREW"] {
            let response = ask(warp::test::request().method(method).path(&path));
            is_problem(&response, problem::METHOD_NOT_ALLOWED, "GET");
            assert_eq!(header(&response, "allow"), "GET, HEAD, OPTIONS");
        }
        let options = ask(warp::test::request().method("OPTIONS").path(&path));
        assert_eq!((options.status().as_u16(), header(&options, "allow")), (204, "GET, HEAD, OPTIONS"));
    }
    for method in ["GET", "HEAD", "PUT"] {
        let response = ask(warp::test::request().method(method).path("/v1/validate"));
        assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, "POST, OPTIONS"));
    }
}

#[test]
fn what_is_not_there_is_said_and_what_is_like_it() {
    let package = concord_standards::catalog().all().next().unwrap();
    let (id, version) = (&package.manifest.id, &package.manifest.version);
    let base = format!("/v1/standards/{id}/versions/{version}");
    for (path, kind, detail) in [
        ("/nothing".to_owned(), problem::NOT_FOUND, "/nothing"),
        ("/v1/standards/".to_owned(), problem::NOT_FOUND, ""),
        ("/v1/standards/%ff".to_owned(), problem::NOT_FOUND, "UTF-8"),
        (format!("/v1/standards/{id}x"), problem::UNKNOWN_STANDARD, "Did you mean"),
        (format!("/v1/standards/{id}/versions/none"), problem::UNKNOWN_STANDARD, "none"),
        (format!("/standards/{id}/none"), problem::UNKNOWN_STANDARD, "none"),
        (format!("/v1/standards/{}/versions/1/files/a", "y".repeat(5000)), problem::UNKNOWN_STANDARD, "…"),
        (format!("{base}/files/nothing.csv"), problem::UNKNOWN_FILE, "nothing.csv"),
        (format!("{base}/files/../standard.toml"), problem::UNKNOWN_FILE, ""),
        (format!("{base}/files/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), problem::UNKNOWN_FILE, "etc/passwd"),
        (format!("{base}/files//etc/passwd"), problem::UNKNOWN_FILE, ""),
        (format!("{base}/files/a%00b"), problem::UNKNOWN_FILE, "a␀b"),
        (format!("{base}/other"), problem::NOT_FOUND, ""),
        ("/v1/findings/C000".to_owned(), problem::UNKNOWN_FINDING, "C000"),
        ("/v1/findings/".to_owned(), problem::UNKNOWN_FINDING, ""),
        (format!("/v1/findings/{id}/nothing"), problem::UNKNOWN_FINDING, "nothing"),
        ("/problems/nothing".to_owned(), problem::NOT_FOUND, ""),
    ] {
        is_problem(&get(&path), kind, detail);
    }
}

#[test]
fn every_check_has_a_page_in_both_formats() {
    for check in concord_core::finding::checks::all() {
        let code = check.code;
        let page = get(&format!("/v1/findings/{}", code.to_lowercase()));
        assert_eq!(json(&page)["code"], code);
        let vary: Vec<&[u8]> = page.headers().get_all("vary").iter().map(|v| v.as_bytes()).collect();
        assert!(vary.contains(&&b"Accept"[..]), "{vary:?}");
        let text = ask(warp::test::request().path(&format!("/v1/findings/{code}")).header("accept", "text/plain"));
        assert_eq!(header(&text, "content-type"), "text/plain; charset=utf-8");
        assert_eq!(Some(std::str::from_utf8(text.body()).unwrap().to_owned()), render::explain(code, &|_| None));
        let people = get(&format!("/findings/{}", code.to_lowercase()));
        assert_eq!((people.status().as_u16(), header(&people, "content-type")), (200, "text/html; charset=utf-8"), "{code}");
        assert!(std::str::from_utf8(people.body()).unwrap().contains(&format!("<h1><code>{code}</code>: ")), "{code}");
    }
    let none = ask(warp::test::request().path("/v1/findings/C304").header("accept", "image/png"));
    is_problem(&none, problem::NOT_ACCEPTABLE, "application/json and text/plain");
}

#[test]
fn every_problem_has_a_name_of_its_own_and_a_page() {
    let names: BTreeSet<&str> = problem::ALL.iter().map(|k| k.name).collect();
    assert_eq!(names.len(), problem::ALL.len());
    for kind in problem::ALL {
        let page = get(&format!("/problems/{}", kind.name));
        assert!(std::str::from_utf8(page.body()).unwrap().contains(kind.title));
    }
}

/// The page about a standard has all its versions, each with what changed since the one before.
#[test]
fn all_versions_of_a_standard_are_on_one_page() {
    let page = get("/standards/wzdx");
    let html = std::str::from_utf8(page.body()).unwrap();
    for version in ["4.0", "4.1", "4.2"] {
        assert!(html.contains(&format!("<a href=\"/standards/wzdx/{version}\">wzdx@{version}</a>")), "{html}");
    }
    assert!(html.contains("/standards/wzdx/4.1/compare/4.2") && !html.contains("/standards/wzdx/4.0/compare/4.2"), "{html}");
    let rule = get("/findings/blds/issued-before-applied");
    assert!(std::str::from_utf8(rule.body()).unwrap().contains("A rule of <a href=\"/standards/blds/1.2\">blds@1.2</a>."));
    is_problem(&get("/findings/C999"), problem::UNKNOWN_FINDING, "C999");
    is_problem(&get("/findings/blds/nothing"), problem::UNKNOWN_FINDING, "blds/nothing");
    is_problem(&get("/standards/bdls"), problem::UNKNOWN_STANDARD, "Did you mean blds");
}

#[test]
fn pages_for_people_lead_to_each_other_and_run_nothing() {
    let registry = registry();
    let index = get("/");
    let index = std::str::from_utf8(index.body()).unwrap();
    let pages = concord_standards::catalog().all().map(|p| format!("/standards/{}/{}", p.manifest.id, p.manifest.version));
    let pages: Vec<String> = pages.collect();
    pages.iter().for_each(|path| assert!(index.contains(&format!("href=\"{path}\"")), "{path}"));
    let more = ["/standards/wzdx", "/standards/blds", "/findings", "/findings/C304", "/findings/blds/issued-before-applied"];
    for path in pages.iter().map(String::as_str).chain(more) {
        let page = get(path);
        let html = std::str::from_utf8(page.body()).unwrap().to_owned();
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<html lang=\"en\">") && !html.contains("<script"));
        assert!(header(&page, "content-security-policy").starts_with("default-src 'none'"));
        for link in html.split("href=\"/").skip(1).map(|rest| format!("/{}", rest.split('"').next().unwrap())) {
            let found = ask_of(registry.clone(), warp::test::request().path(&link));
            assert_eq!(found.status(), 200, "{path} links to {link}");
        }
        for anchor in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(html.contains(&format!("id=\"{anchor}\"")), "{path} links to #{anchor}");
        }
    }
}

#[test]
fn the_watcher_is_told_how_the_server_is() {
    assert_eq!(get("/healthz").body(), "ok");
    let registry = Registry::embedded(Limits::default());
    assert_eq!(ask_of(registry.clone(), warp::test::request().path("/readyz")).status(), 200);
    registry.drain();
    is_problem(&ask_of(registry.clone(), warp::test::request().path("/readyz")), problem::BUSY, "stop");
    assert_eq!(ask_of(registry, warp::test::request().path("/healthz")).status(), 200);
    let empty = Registry::new(&Default::default(), Limits::default());
    assert_eq!(ask_of(empty, warp::test::request().path("/readyz")).status(), 503);
}

/// The report that the core gives for a file in one piece.
fn report(standard: Option<&str>, name: &str, bytes: &[u8], format: Format) -> String {
    let catalog = concord_standards::catalog();
    let choice = match standard {
        Some(reference) => Choice::Given(Arc::new(StandardPlan::of_package(catalog.find(reference).unwrap()))),
        None => Choice::Detect(catalog.all().map(|p| Arc::new(StandardPlan::of_package(p))).collect()),
    };
    let mut session = Session::new(name, choice, Options::default(), matches!(format, Format::Json | Format::Ndjson));
    session.push(bytes);
    render::render(&session.finish(), format, &render::Options::default())
}

/// The single-file examples of all packages: path, bytes, and the lines expected of those that are wrong.
fn examples() -> Vec<(String, String, Vec<u8>, Option<String>)> {
    let mut all = Vec::new();
    for package in concord_standards::catalog().all() {
        for (path, bytes) in package.files.iter() {
            let Some(name) = path.strip_prefix("examples/valid/").or(path.strip_prefix("examples/invalid/")) else { continue };
            if name.contains('/') || !name.ends_with(".csv") {
                continue;
            }
            let expected = package.files.get(&path.replace(".csv", ".expected")).map(|b| String::from_utf8(b.clone()).unwrap());
            all.push((package.reference(), name.to_owned(), bytes.clone(), expected));
        }
    }
    assert!(all.len() > 5);
    all
}

#[test]
fn reports_are_the_cores_own_in_every_format() {
    for (standard, name, bytes, _) in examples() {
        for format in Format::ALL {
            let given = post(&format!("/v1/validate?standard={standard}&name={name}&format={}", format.name()), &bytes);
            assert_eq!(given.status(), 200);
            assert_eq!(header(&given, "content-type"), format.media_type());
            assert_eq!(given.body(), report(Some(&standard), &name, &bytes, format).as_bytes(), "{standard} {name} {format:?}");
        }
        let detected = post(&format!("/v1/validate?name={name}"), &bytes);
        assert_eq!(detected.body(), report(None, &name, &bytes, Format::Json).as_bytes());
    }
}

#[test]
fn examples_get_the_verdicts_that_stand_beside_them() {
    // A line counts up to its code: the place and the sentence behind it are the renderer's.
    let codes = |text: &str| {
        let mut found: Vec<String> =
            text.lines().filter_map(|l| l.split(']').next()?.rsplit(' ').next().map(str::to_owned)).filter(|c| c.contains('[')).collect();
        found.sort();
        found
    };
    for (standard, name, bytes, expected) in examples() {
        let short = post(&format!("/v1/validate?standard={standard}&name={name}&format=short"), &bytes);
        let short = std::str::from_utf8(short.body()).unwrap().to_owned();
        match expected {
            Some(expected) => assert_eq!(codes(&short), codes(&expected), "{standard} {name}"),
            None => assert!(codes(&short).iter().all(|c| c.starts_with("info")), "{standard} {name}: {short}"),
        }
    }
}

#[test]
fn the_format_is_chosen_by_parameter_then_by_accept() {
    let with = |path: &str, accept: &str| ask(warp::test::request().method("POST").path(path).header("accept", accept).body("a\n1\n"));
    for (accept, media) in [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
    ] {
        assert_eq!(header(&with("/v1/validate", accept), "content-type"), media);
    }
    is_problem(&with("/v1/validate", "image/png"), problem::NOT_ACCEPTABLE, "text/csv");
    assert_eq!(header(&with("/v1/validate?format=csv", "image/png"), "content-type"), "text/csv; charset=utf-8; header=present");
}

#[test]
fn wrong_wishes_are_refused() {
    for (query, kind, detail) in [
        ("standard=nothing-like-it@9", problem::UNKNOWN_STANDARD, "nothing-like-it"),
        ("standard=", problem::UNKNOWN_STANDARD, ""),
        ("standard=bldz", problem::UNKNOWN_STANDARD, "Did you mean blds"),
        ("standard=%00%ff", problem::UNKNOWN_STANDARD, "␀"),
        ("format=pdf", problem::WRONG_PARAMETER, "text, short, json, ndjson, csv"),
        ("max_findings=-1", problem::WRONG_PARAMETER, "max_findings"),
        ("max_findings=1e3", problem::WRONG_PARAMETER, "1e3"),
        ("max_findings=99999999999999999999999", problem::WRONG_PARAMETER, "max_findings"),
        ("max_findings=100001", problem::WRONG_PARAMETER, "100000"),
        ("name=", problem::WRONG_PARAMETER, "name"),
        ("name=a%2Fb", problem::WRONG_PARAMETER, "folders"),
        ("name=a%0Ab", problem::WRONG_PARAMETER, "folders"),
        ("nmae=a", problem::WRONG_PARAMETER, "nmae"),
        ("format=csv&format=csv", problem::WRONG_PARAMETER, "twice"),
    ] {
        is_problem(&post(&format!("/v1/validate?{query}"), b"a\n1\n"), kind, detail);
    }
    let listed = post("/v1/validate?max_findings=0", b"a,a\n1\n");
    assert_eq!((listed.status().as_u16(), json(&listed)["findings"].as_array().unwrap().len()), (200, 0));
}

#[test]
fn bodies_that_are_not_a_plain_file_are_refused() {
    for (name, value) in [("content-encoding", "gzip"), ("content-type", "Multipart/form-data; boundary=x")] {
        let response = ask(warp::test::request().method("POST").path("/v1/validate").header(name, value).body("a\n1\n"));
        is_problem(&response, problem::UNSUPPORTED_BODY, "");
    }
    let form = ask(warp::test::request()
        .method("POST")
        .path("/v1/validate")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("a\n"));
    assert_eq!(form.status(), 200, "what curl --data-binary sends without a word");
}

#[test]
fn limits_hold() {
    let small = Registry::embedded(Limits { body: 8, ..Limits::default() });
    let send = |body: &str| ask_of(small.clone(), warp::test::request().method("POST").path("/v1/validate").body(body));
    assert_eq!(send("a\n1\n2\n3\n").status(), 200);
    is_problem(&send("a\n1\n2\n3\n4"), problem::BODY_TOO_LARGE, "8 bytes");
    let said = ask_of(small.clone(), warp::test::request().method("POST").path("/v1/validate").header("content-length", "9"));
    is_problem(&said, problem::BODY_TOO_LARGE, "8 bytes");

    let full = Registry::embedded(Limits { validations: 0, ..Limits::default() });
    let turned_away = ask_of(full, warp::test::request().method("POST").path("/v1/validate").body("a\n"));
    is_problem(&turned_away, problem::BUSY, "");
    assert_eq!(header(&turned_away, "retry-after"), "5");

    // No time at all: the body is there at once, its check is not.
    let hurried = Registry::embedded(Limits { total: Duration::ZERO, ..Limits::default() });
    let rows = "permit,1,2,3\n".repeat(400_000);
    is_problem(&ask_of(hurried, warp::test::request().method("POST").path("/v1/validate").body(&rows)), problem::OUT_OF_TIME, "seconds");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_is_the_servers_fault(bytes in prop::collection::vec(any::<u8>(), 0..3000), at in 0..6_usize) {
        let query = ["", "?standard=blds", "?format=text", "?format=csv&max_findings=3", "?standard=lives@2.0&format=ndjson", "?format=short"][at];
        prop_assert_eq!(post(&format!("/v1/validate{query}"), &bytes).status(), 200);
    }

    #[test]
    fn no_table_is_the_servers_fault(text in "[a-cA-Z\"',;\\|\\t\\n\\r 0-9é\u{0}\u{feff}]{0,400}") {
        prop_assert_eq!(post("/v1/validate", text.as_bytes()).status(), 200);
    }

    #[test]
    fn no_request_is_the_servers_fault(
        start in prop::sample::select(vec!["/", "/v1/standards/", "/v1/standards/blds/versions/1.2/files/", "/v1/findings/", "/standards/blds/", "/v1/validate?"]),
        rest in "[a-zA-Z0-9%@./?&=_~!$'()*+,;:-]{0,60}",
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "OPTIONS", "DELETE", "TRACE"]),
        accept in "[ -~]{0,40}",
        known in "[ -~]{0,40}",
    ) {
        let request = warp::test::request().method(method).path(&format!("{start}{rest}")).header("accept", accept).header("if-none-match", known);
        let response = ask(request);
        prop_assert!(response.status().as_u16() < 500, "{:?}", response);
        if response.status().as_u16() >= 400 && method != "HEAD" {
            prop_assert_eq!(header(&response, "content-type"), "application/problem+json");
        }
    }
}

/// The page that checks files in the browser is there when its package is, with a policy that lets it run, and nothing else of the folder is.
#[test]
fn the_page_that_checks_in_the_browser_is_served_with_its_package() {
    is_problem(&get("/validate/"), problem::NOT_FOUND, "There is nothing at");
    let folder = std::env::temp_dir().join(format!("concord-validator-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let missing = Validator::open(&folder).unwrap_err();
    assert!(missing.contains("index.js") && missing.contains("cargo xtask wasm"), "{missing}");
    for (name, bytes) in
        [("index.js", "1"), ("worker.js", "2"), ("concord_wasm.js", "3"), ("concord_wasm_bg.wasm", "\0asm"), ("secret.txt", "4")]
    {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let registry = Registry::embedded(Limits::default());
    registry.show_validator(Validator::open(&folder).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
    let get = |path: &str| ask_of(registry.clone(), warp::test::request().path(path));
    assert_eq!((get("/validate").status().as_u16(), header(&get("/validate"), "location")), (308, "/validate/"));
    let page = get("/validate/");
    assert_eq!((page.status().as_u16(), header(&page, "content-type")), (200, "text/html; charset=utf-8"));
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains("'wasm-unsafe-eval'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    for name in ["app.js", "style.css", "icon.svg"] {
        assert!(html.contains(name) && get(&format!("/validate/{name}")).status() == 200, "{name}");
    }
    let module = get("/validate/pkg/concord_wasm_bg.wasm");
    assert_eq!((header(&module, "content-type"), &module.body()[..]), ("application/wasm", &b"\0asm"[..]));
    assert!(!header(&module, "etag").is_empty());
    for path in
        ["/validate/secret.txt", "/validate/pkg/secret.txt", "/validate/pkg/../pkg/index.js", "/validate/index.html", "/validate/pkg/"]
    {
        assert_eq!(get(path).status(), 404, "{path}");
    }
}
