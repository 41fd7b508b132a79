//! The audit log as a page: for administrators only, from the newest row to the first, with the state of its chain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use concord_registry::db::sqlite::Sqlite;
use concord_registry::db::{self, Database};
use concord_registry::keep::{audit, tokens};
use concord_registry::{Limits, Policy, Registry, routes};
use warp::http::Response;
use warp::test::RequestBuilder;

fn block<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

struct Server(Arc<Registry>, Arc<dyn Database>);

impl Server {
    fn new(policy: Policy) -> Server {
        let database: Arc<dyn Database> = Arc::new(Sqlite::in_memory().unwrap());
        let registry = Registry::open(concord_standards::catalog(), Limits::default(), policy, Arc::clone(&database)).unwrap();
        Server(registry, database)
    }

    fn token(&self, scope: &str) -> String {
        tokens::create(&*self.1, "<b>test</b>", &[scope.to_owned()], None, "operator").unwrap().1
    }

    fn ask(&self, request: RequestBuilder) -> (u16, Response<Bytes>, String) {
        let response = block(request.reply(&routes(Arc::clone(&self.0))));
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        (response.status().as_u16(), response, text)
    }

    fn get(&self, path: &str, cookie: &str) -> (u16, Response<Bytes>, String) {
        self.ask(warp::test::request().path(path).header("cookie", format!("other=1; concord_audit={cookie}")))
    }

    fn sign_in(&self, token: &str, more: &[(&str, &str)]) -> (u16, Response<Bytes>, String) {
        let request = warp::test::request().method("POST").path("/audit").header("content-type", "application/x-www-form-urlencoded");
        let request = more.iter().fold(request, |r, (name, value)| r.header(*name, *value));
        self.ask(request.body(format!("token={token}")))
    }
}

const CLOSED: Policy = Policy { open_reads: false, open_writes: false };

#[test]
fn only_administrators_see_the_log_and_others_learn_nothing() {
    for policy in [Policy::default(), CLOSED] {
        let server = Server::new(policy);
        let (admin, publisher) = (server.token("admin"), server.token("publish"));
        let (status, response, form) = server.ask(warp::test::request().path("/audit"));
        assert!(status == 200 && form.contains("<label for=\"token\">") && !form.contains("<table") && !form.contains("<script"), "{form}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!response.headers().contains_key("access-control-allow-origin"));
        // A token that is unknown, one of another right, and one from elsewhere are answered alike.
        let unknown = server.sign_in(&format!("concord_{}", "0".repeat(64)), &[]);
        let other = server.sign_in(&publisher, &[]);
        let elsewhere = server.sign_in(&admin, &[("sec-fetch-site", "cross-site")]);
        let cookie = server.get("/audit", &publisher);
        let basic = server.ask(warp::test::request().path("/audit").header("authorization", format!("Bearer {publisher}")));
        for refused in [&unknown, &other, &elsewhere, &cookie, &basic] {
            assert_eq!((refused.0, &refused.2), (403, &unknown.2));
            assert!(!refused.1.headers().contains_key("set-cookie") && refused.2.contains("role=\"alert\""));
        }
        let (status, response, _) = server.sign_in(&admin, &[("sec-fetch-site", "same-origin")]);
        let set = response.headers()["set-cookie"].to_str().unwrap();
        assert_eq!((status, response.headers()["location"].as_bytes()), (303, &b"/audit"[..]));
        assert_eq!(set, format!("concord_audit={admin}; Path=/audit; HttpOnly; SameSite=Strict"));
        let (status, response, page) = server.get("/audit", &admin);
        assert!(status == 200 && page.contains("The chain is whole") && page.contains("Forget my token"), "{page}");
        assert!(page.contains("&lt;b&gt;test") && !page.contains("<b>test") && !page.contains(&admin), "{page}");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        let (status, _, shown) = server.ask(warp::test::request().path("/audit").header("authorization", format!("Bearer {admin}")));
        assert!(status == 200 && shown.contains("The chain is whole"));
        // The cookie is good for nothing else.
        let revoke =
            warp::test::request().method("POST").path("/v1/standards/blds/versions").header("cookie", format!("concord_audit={admin}"));
        assert_eq!(server.ask(revoke.body("{}")).0, 401);
        let request = warp::test::request().method("POST").path("/audit").header("cookie", format!("concord_audit={admin}"));
        let (status, response, _) = server.ask(request.body("leave=1"));
        assert!(status == 303 && response.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(server.ask(warp::test::request().method("PUT").path("/audit")).0, 405);
        let long = "a".repeat(10_000);
        assert_eq!(server.sign_in(&long, &[]).0, 403);
    }
    // Who proxies TLS says so; then the cookie is sent over nothing else.
    let server = Server::new(Policy::default());
    server.0.tell(true, false);
    let admin = server.token("admin");
    let (_, response, _) = server.sign_in(&admin, &[("x-forwarded-proto", "https")]);
    assert!(response.headers()["set-cookie"].to_str().unwrap().ends_with("; Secure"));
}

#[test]
fn the_log_is_shown_page_by_page_and_a_changed_row_is_found() {
    let server = Server::new(Policy::default());
    let admin = server.token("admin");
    for n in 0..120 {
        db::write(&*server.1, |s| audit::append(s, "tester", "count", &format!("n{n}"), &serde_json::json!({}))).unwrap();
    }
    let all = audit::after(&*server.1, 0, 100_000).unwrap().len();
    let (mut path, mut seen) = ("/audit".to_owned(), Vec::new());
    loop {
        let (status, _, page) = server.get(&path, &admin);
        assert_eq!(status, 200);
        seen.extend(page.split("<tr><th scope=\"row\">").skip(1).map(|rest| rest.split('<').next().unwrap().parse::<usize>().unwrap()));
        match page.split("rel=\"next\" href=\"").nth(1) {
            Some(rest) => rest.split('"').next().unwrap().clone_into(&mut path),
            None => break,
        }
    }
    assert_eq!(seen, (1..=all).rev().collect::<Vec<_>>());
    for wrong in ["before=0", "before=x", "after=1", "before=1&before=2"] {
        assert_eq!(server.get(&format!("/audit?{wrong}"), &admin).0, 400, "{wrong}");
    }
    db::write(&*server.1, |s| s.run("UPDATE audit SET actor = 'nobody' WHERE seq = 7", &[]).map(|_| ())).unwrap();
    let (_, _, page) = server.get("/audit", &admin);
    assert!(page.contains("The chain is broken") && page.contains("row 7 ") && !page.contains("The chain is whole"), "{page}");
}

/// A password that the browser keeps cannot be used by a page of another site to change something; a token that a program shows can.
#[test]
fn other_sites_cannot_use_a_browsers_password() {
    let server = Server::new(Policy::default());
    let admin = server.token("admin");
    let pair: String = {
        // The Base64 of `:token`.
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bytes = format!(":{admin}").into_bytes();
        let bits: String = bytes.iter().map(|b| format!("{b:08b}")).collect();
        bits.as_bytes()
            .chunks(6)
            .map(|six| {
                let six = format!("{:0<6}", std::str::from_utf8(six).unwrap());
                char::from(ALPHABET[usize::from_str_radix(&six, 2).unwrap()])
            })
            .collect()
    };
    let withdraw = |authorization: String, site: &str| {
        let request =
            warp::test::request().method("POST").path("/v1/standards/blds/versions/9/withdraw").header("authorization", authorization);
        server.ask(request.header("sec-fetch-site", site).body("{\"reason\":\"x\"}")).0
    };
    assert_eq!(withdraw(format!("Basic {pair}"), "same-origin"), 404);
    assert_eq!(withdraw(format!("Basic {pair}"), "none"), 404);
    assert_eq!(withdraw(format!("Basic {pair}"), "cross-site"), 401);
    assert_eq!(withdraw(format!("Bearer {admin}"), "cross-site"), 404);
}
