//! Publishing, deprecating and withdrawing: what is taken, what is refused, and what never changes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use concord_registry::db::Database;
use concord_registry::db::postgres::Postgres;
use concord_registry::db::sqlite::Sqlite;
use concord_registry::keep::signed::{Checkpoint, KeyPlace};
use concord_registry::keep::{audit, tokens};
use concord_registry::{Limits, Policy, Registry, backup, routes};
use serde_json::{Value, json};
use warp::http::Response;

fn block<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

struct Server {
    registry: Arc<Registry>,
    secret: String,
}

impl Server {
    fn new(scope: &str) -> Server {
        let registry =
            Registry::open(concord_standards::catalog(), Limits::default(), Policy::default(), Arc::new(Sqlite::in_memory().unwrap()));
        let registry = registry.unwrap();
        let (_, secret) = tokens::create(registry.database(), "test", &[scope.to_owned()], None, "operator").unwrap();
        Server { registry, secret }
    }

    fn ask(&self, method: &str, path: &str, body: Option<Value>, secret: &str) -> Response<Bytes> {
        let mut request = warp::test::request().method(method).path(path);
        if !secret.is_empty() {
            request = request.header("authorization", format!("Bearer {secret}"));
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        block(request.reply(&routes(Arc::clone(&self.registry))))
    }

    /// The answer's status, and its body or the last part of its problem's type.
    fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let response = self.ask("POST", path, Some(body), &self.secret);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let response = self.ask("GET", path, None, "");
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
    }
}

/// A package like one of our own under another version, with one text changed in one file.
fn package(version: &str, change: Option<(&str, &str, &str)>) -> BTreeMap<String, String> {
    let own = concord_standards::catalog().find("blds@1.2").unwrap();
    let texts = own.files.iter().map(|(path, bytes)| (path.clone(), String::from_utf8(bytes.clone()).unwrap()));
    let mut files: BTreeMap<String, String> = texts.collect();
    let manifest = files.get_mut("standard.toml").unwrap();
    *manifest = manifest.replacen("version = \"1.2\"", &format!("version = \"{version}\""), 1);
    if let Some((path, from, to)) = change {
        let text = &files[path];
        assert!(text.contains(from), "{path} has no {from}");
        if change == Some(NEW_COLUMN) {
            // No other layout can fill what is new, and no example has it; rules want examples.
            files.retain(|path, _| !path.starts_with("crosswalks/") && !path.starts_with("examples/") && path != "rules.toml");
        }
        let text = files.get_mut(path).unwrap();
        *text = text.replacen(from, to, 1);
    }
    files
}

fn kind(body: &Value) -> &str {
    body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/")
}

const VERSIONS: &str = "/v1/standards/blds/versions";

/// A column that must be filled in where the last version had none.
const NEW_COLUMN: (&str, &str, &str) = (
    "permits.table.json",
    "\"fields\": [",
    "\"fields\": [{\"name\": \"Fresh\", \"title\": \"Fresh\", \"description\": \"New.\", \"type\": \"string\", \"constraints\": {\"required\": true}},",
);

#[test]
fn a_version_is_published_once_and_stays() {
    let server = Server::new("publish:blds");
    let files = package("1.3", None);
    let (status, body) = server.post(VERSIONS, json!({"files": files}));
    assert_eq!(status, 201, "{body}");
    let path = body["href"].as_str().unwrap().to_owned();
    let shown = server.get(&path).1;
    assert_eq!(shown["digest"], body["digest"]);
    for file in shown["files"].as_array().unwrap() {
        let found = server.ask("GET", file["href"].as_str().unwrap(), None, "");
        assert_eq!(found.body(), files[file["path"].as_str().unwrap()].as_bytes());
    }
    assert_eq!(server.post(VERSIONS, json!({"files": files})).0, 200, "the same again");
    let other = package("1.3", Some(("standard.toml", "title = \"", "title = \"Other ")));
    let (status, refused) = server.post(VERSIONS, json!({"files": other}));
    assert_eq!((status, kind(&refused)), (409, "version-taken"));
    assert_eq!(server.get(&path).1["digest"], body["digest"]);
    // Files can be checked against it at once, and its tables have not become other subjects.
    let checked = server.ask("POST", "/v1/validate?standard=blds@1.3", None, "");
    assert_eq!(checked.status(), 200);
    assert_eq!(server.get("/subjects/standard.blds.permits/versions").1, json!([1]));
    audit::verify(server.registry.database()).unwrap();
    backup::verify(server.registry.database()).unwrap();
}

#[test]
fn what_breaks_a_promise_needs_a_new_major_version_or_a_reason() {
    let server = Server::new("admin");
    let (status, body) = server.post(VERSIONS, json!({"files": package("1.3", Some(NEW_COLUMN))}));
    assert_eq!((status, kind(&body)), (409, "breaking"), "{body}");
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains("blds@1.2") && detail.contains("Fresh") && detail.contains("2.0"), "{detail}");
    assert_eq!(body["proposed"], "2.0");
    let broken = &body["comparison"]["backward"]["breaks"][0];
    assert_eq!((&broken["field"], &broken["code"]), (&json!("Fresh"), &json!("C206")));
    // The witness is what the old version takes, and the new one does not: by the checks of the server itself.
    let witness = broken["witness"][0]["csv"].as_str().unwrap();
    let request = |version: &str| warp::test::request().method("POST").path(&format!("/v1/validate?standard=blds@{version}")).body(witness);
    let valid = |version: &str| {
        let found = block(request(version).reply(&routes(Arc::clone(&server.registry))));
        serde_json::from_slice::<Value>(found.body()).unwrap()["valid"].clone()
    };
    assert_eq!(valid("1.2"), true);
    assert_eq!(server.get("/v1/standards/blds/versions/1.3").0, 404);
    let (status, body) = server.post(VERSIONS, json!({"files": package("1.3", Some(NEW_COLUMN)), "reason": "the law of May"}));
    assert_eq!(status, 201, "{body}");
    assert_eq!(valid("1.3"), false);
    let log = audit::after(server.registry.database(), 0, 10_000).unwrap();
    assert!(log.iter().any(|row| row.target == "blds@1.3" && row.detail.contains("the law of May")));
    let (status, body) = server.post(VERSIONS, json!({"files": package("2.0", Some(NEW_COLUMN))}));
    assert_eq!(status, 201, "{body}");
    assert_eq!(server.get("/subjects/standard.blds.permits/versions").1, json!([1, 2]));
}

#[test]
fn versions_move_on_in_their_life_and_are_still_readable() {
    let server = Server::new("publish:blds");
    server.post(VERSIONS, json!({"files": package("1.3", None)}));
    let newest = || server.ask("POST", "/v1/validate?standard=blds", None, "");
    let version = |response: Response<Bytes>| serde_json::from_slice::<Value>(response.body()).unwrap()["standard"]["version"].clone();
    assert_eq!(version(newest()), "1.3");
    let life = |version: &str, verb: &str, body: Value| server.post(&format!("{VERSIONS}/{version}/{verb}"), body);
    assert_eq!(life("1.3", "withdraw", json!({"reason": " "})).0, 400);
    assert_eq!(life("1.3", "withdraw", json!({})).0, 400);
    assert_eq!(life("9", "withdraw", json!({"reason": "x"})).0, 404);
    assert_eq!(life("1.2", "deprecate", json!({"reason": "x", "successor": "blds@9"})).0, 404);
    assert_eq!(life("1.3", "withdraw", json!({"reason": "a mistake"})).1["state"], "withdrawn");
    assert_eq!(life("1.3", "deprecate", json!({"reason": "x"})).0, 404, "what was withdrawn stays so");
    assert_eq!(server.get("/v1/standards/blds/versions/1.3").1["manifest"]["status"], "withdrawn");
    assert_eq!(version(newest()), "1.2");
    backup::verify(server.registry.database()).unwrap();
}

#[test]
fn what_cannot_be_published_is_refused() {
    let server = Server::new("publish:blds");
    for (path, body, status, name) in [
        (VERSIONS, json!({"files": {}}), 422, "unusable-package"),
        (VERSIONS, json!({"files": {"standard.toml": "id = 3"}}), 422, "unusable-package"),
        (VERSIONS, json!({"files": package("1.3", Some(("permits.table.json", "{", "")))}), 422, "unusable-package"),
        (VERSIONS, json!({"files": package("1.3", Some(("standard.toml", "id = \"blds\"", "id = \"other\"")))}), 422, "unusable-package"),
        (VERSIONS, json!({}), 400, "wrong-body"),
        (VERSIONS, json!([1]), 400, "wrong-body"),
        (VERSIONS, json!({"files": {}, "more": 1}), 400, "wrong-body"),
        // A standard that is there, but not the holder's; and one that is nowhere.
        ("/v1/standards/lives/versions", json!({"files": {}}), 404, "unknown-standard"),
        ("/v1/standards/nowhere/versions", json!({"files": {}}), 404, "unknown-standard"),
    ] {
        let (found, problem) = server.post(path, body);
        assert_eq!((found, kind(&problem)), (status, name), "{path}: {problem}");
    }
    let nobody = server.ask("POST", VERSIONS, Some(json!({"files": {}})), "");
    assert_eq!(nobody.status(), 401);
    assert!(nobody.headers().contains_key("www-authenticate"));
}

#[test]
fn what_may_not_be_seen_is_as_if_it_were_not_there() {
    let database = Arc::new(Sqlite::in_memory().unwrap());
    let closed = Policy { open_reads: false, open_writes: false };
    let registry = Registry::open(concord_standards::catalog(), Limits::default(), closed, database).unwrap();
    let (_, secret) = tokens::create(registry.database(), "test", &["read:lives".to_owned()], None, "operator").unwrap();
    let server = Server { registry, secret };
    let get = |path: &str| server.ask("GET", path, None, &server.secret);
    assert_eq!(get("/v1/standards/lives").status(), 200);
    let of = |path: &str, name: &str| {
        let response = get(&path.replace("NAME", name));
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap().replace(name, "NAME"))
    };
    for path in [
        "/v1/standards/NAME",
        "/v1/standards/NAME/versions/1.2",
        "/standards/NAME/1.2",
        "/v1/standards/NAME/versions/1.2/files/standard.toml",
    ] {
        assert_eq!(of(path, "blds").0, 404);
        assert_eq!(of(path, "zzzz"), of(path, "blds"), "{path}");
    }
    let list: Value = serde_json::from_slice(get("/v1/standards").body()).unwrap();
    assert!(list["standards"].as_array().unwrap().iter().all(|s| s["id"] == "lives"));
    assert_eq!(server.ask("POST", "/v1/validate?standard=blds", None, &server.secret).status(), 404);
    assert_eq!(server.ask("GET", "/v1/standards", None, "").status(), 401);
    assert_eq!(server.ask("GET", "/readyz", None, "").status(), 200);
}

/// A small standard of one table.
fn small(id: &str, version: &str, more: &str) -> BTreeMap<String, String> {
    let manifest = format!(
        "id = \"{id}\"\nversion = \"{version}\"\ntitle = \"T\"\ndescription = \"D\"\ntier = \"local\"\ndomain = \"d\"\npublisher = \"p\"\n\
         licence = \"CC0-1.0\"\n{more}\n[[resource]]\nname = \"t\"\ntitle = \"T\"\nrecord = \"r\"\n"
    );
    let table = json!({"fields": [{"name": "a", "title": "A", "description": "An a.", "type": "string"}]}).to_string();
    [("standard.toml".to_owned(), manifest), ("t.table.json".to_owned(), table)].into()
}

#[test]
fn references_are_followed_at_publication_and_back() {
    let server = Server::new("admin");
    let publish = |id: &str, version: &str, more: &str| {
        server.post(&format!("/v1/standards/{id}/versions"), json!({"files": small(id, version, more)}))
    };
    let (status, body) = publish("town", "1", "references = [\"hub@1\", \"blds\"]");
    assert_eq!((status, kind(&body), &body["references"]), (422, "unknown-reference", &json!(["hub@1"])), "{body}");
    assert!(body["detail"].as_str().unwrap().contains("\"hub@1\""), "{body}");
    assert_eq!(server.get("/v1/standards/town").0, 404);
    assert_eq!(publish("hub", "1", "").0, 201);
    let (status, body) = publish("town", "1", "references = [\"hub@1\", \"blds\"]");
    assert_eq!((status, &body["warnings"]), (201, &json!([])), "{body}");
    assert_eq!(body["references"][0]["reference"], "blds@1.2", "an id alone is the newest stable version: {body}");
    assert_eq!(body["references"][1]["status"], "stable");
    assert_eq!(publish("hub", "2", "supersedes = [\"hub@1\"]").0, 201);

    let back = |reference: &str| {
        let (id, version) = reference.split_once('@').unwrap();
        let (status, body) = server.get(&format!("/v1/standards/{id}/versions/{version}/referencedby"));
        assert_eq!(status, 200, "{body}");
        let one = |r: &Value| format!("{} {}", r["reference"].as_str().unwrap(), r["kind"].as_str().unwrap());
        body["referencedby"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(back("hub@1"), ["hub@2 supersedes", "town@1 references"]);
    assert!(back("blds@1.2").contains(&"town@1 references".to_owned()));
    assert_eq!(back("town@1"), [""; 0]);
    assert_eq!(server.get("/v1/standards/hub/versions/7/referencedby").0, 404);
    let page = |path: &str| String::from_utf8(server.ask("GET", path, None, "").body().to_vec()).unwrap();
    let (hub, town) = (page("/standards/hub/1"), page("/standards/town/1"));
    assert!(hub.contains("Who refers to it") && hub.contains("href=\"/standards/town/1\"") && hub.contains("relies on it"), "{hub}");
    assert!(town.contains("Relies on") && town.contains("href=\"/standards/hub/1\""), "{town}");

    // Who withdraws is told who is left behind, and who refers to it is told that it is withdrawn.
    let (_, gone) = server.post("/v1/standards/hub/versions/1/withdraw", json!({"reason": "it was wrong", "successor": "hub@2"}));
    let left: Vec<&Value> = gone["referencedby"].as_array().unwrap().iter().map(|r| &r["reference"]).collect();
    assert_eq!(left, ["hub@2", "town@1"]);
    let (_, named) = server.get("/v1/standards/town/versions/1/references");
    let hub = &named["references"][1];
    assert_eq!((&hub["status"], &hub["reason"], &hub["successor"]), (&json!("withdrawn"), &json!("it was wrong"), &json!("hub@2")));
    assert!(page("/standards/town/1").contains("<code>hub@1</code></a> (withdrawn)"));
    let (status, body) = publish("city", "1", "references = [\"hub@1\"]");
    let told = json!(["city@1 relies on hub@1, which is withdrawn: it was wrong. Use hub@2 instead."]);
    assert_eq!((status, &body["warnings"]), (201, &told), "{body}");
    let (status, body) = publish("hub", "3", "supersedes = [\"hub@1\"]");
    assert_eq!((status, &body["warnings"]), (201, &json!([])), "{body}");
    // Asking again for what was done is no mistake: the first answer may not have arrived.
    let again = server.post("/v1/standards/hub/versions/1/withdraw", json!({"reason": "it was wrong", "successor": "hub@2"}));
    assert_eq!((again.0, &again.1["state"]), (200, &json!("withdrawn")));
    let rows = audit::after(server.registry.database(), 0, 10_000).unwrap();
    assert_eq!(rows.iter().filter(|row| row.action == "withdrawn").count(), 1);
    assert_eq!(server.post("/v1/standards/hub/versions/1/withdraw", json!({"reason": "another"})).0, 404);
}

/// Who may not see a standard cannot find out by referring to it, or by asking who refers, that it is there.
#[test]
fn references_do_not_tell_of_what_may_not_be_seen() {
    let database = Arc::new(Sqlite::in_memory().unwrap());
    let closed = Policy { open_reads: false, open_writes: false };
    let registry = Registry::open(concord_standards::catalog(), Limits::default(), closed, database).unwrap();
    let token = |scopes: &[&str]| {
        let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
        tokens::create(registry.database(), "test", &scopes, None, "operator").unwrap().1
    };
    let (admin, town) = (token(&["admin"]), token(&["publish:town-*"]));
    let server = Server { registry, secret: admin.clone() };
    let publish = |id: &str, more: &str, secret: &str| {
        let body = json!({"files": small(id, "1", more)});
        let response = server.ask("POST", &format!("/v1/standards/{id}/versions"), Some(body), secret);
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
    };
    assert_eq!(publish("secret", "", &admin).0, 201);
    let there = publish("town-a", "references = [\"secret@1\"]", &town);
    let nowhere = publish("town-a", "references = [\"zzzzzz@1\"]", &town);
    assert_eq!((there.0, there.1.replace("secret", "zzzzzz")), (422, nowhere.1));
    assert_eq!(publish("town-a", "references = [\"secret\"]", &admin).0, 201);
    assert_eq!(publish("town-b", "references = [\"town-a\"]", &town).0, 201);
    // Nor can it be named as a successor, or be met as what was perhaps meant.
    let life = |version: &str, successor: &str| {
        let body = json!({"reason": "x", "successor": successor});
        let response = server.ask("POST", &format!("/v1/standards/town-b/versions/{version}/deprecate"), Some(body), &town);
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
    };
    let (there, nowhere) = (life("1", "secret@1"), life("1", "zzzzzz@1"));
    assert_eq!((there.0, there.1.replace("secret", "zzzzzz")), (404, nowhere.1));
    assert!(!life("1", "secre@1").1.contains("Did you mean secret"));
    assert_eq!(publish("other", "references = [\"town-a\"]", &admin).0, 201);
    let get = |path: &str| server.ask("GET", path, None, &town);
    let named: Value = serde_json::from_slice(get("/v1/standards/town-a/versions/1/references").body()).unwrap();
    assert_eq!(named["references"], json!([{"kind": "references", "to": "secret"}]));
    let back: Value = serde_json::from_slice(get("/v1/standards/town-a/versions/1/referencedby").body()).unwrap();
    assert_eq!(back["referencedby"].as_array().unwrap().len(), 1, "{back}");
    assert_eq!(back["referencedby"][0]["reference"], "town-b@1");
    for path in ["/v1/standards/NAME/versions/1/referencedby", "/v1/standards/NAME/versions/1/references"] {
        let of = |name: &str| {
            let response = get(&path.replace("NAME", name));
            (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap().replace(name, "NAME"))
        };
        assert_eq!(of("secret").0, 404);
        assert_eq!(of("secret"), of("zzzzzz"), "{path}");
        assert_eq!(server.ask("GET", &path.replace("NAME", "town-a"), None, "").status(), 401);
    }
}

/// A rule beside an XML Schema narrows what is accepted, and a document shows it.
#[test]
fn a_new_rule_about_documents_is_a_breaking_change() {
    let server = Server::new("publish:cap");
    let own = concord_standards::catalog().find("cap@1.2").unwrap();
    let with = |version: &str, rules: &dyn Fn(String) -> String| {
        let texts = own.files.iter().map(|(path, bytes)| (path.clone(), String::from_utf8(bytes.clone()).unwrap()));
        let mut files: BTreeMap<String, String> = texts.filter(|(path, _)| !path.starts_with("examples/invalid/")).collect();
        let manifest = files.get_mut("standard.toml").unwrap();
        *manifest = manifest.replacen("version = \"1.2\"", &format!("version = \"{version}\""), 1);
        let text = rules(files.remove("rules.toml").unwrap());
        let codes: String = text
            .lines()
            .filter_map(|l| l.strip_prefix("id = "))
            .map(|id| format!("alerts.csv: error[cap/{}]\n", id.trim_matches('"')))
            .collect();
        files.extend([("rules.toml".to_owned(), text), ("examples/invalid/alerts.expected".to_owned(), codes)]);
        json!({"files": files})
    };
    let publish = |body: Value| server.post("/v1/standards/cap/versions", body);
    let (status, body) = publish(with("1.2.1", &|rules| rules));
    assert_eq!(status, 201, "the same rules are a patch: {body}");
    let rule = "\n[[rule]]\nid = \"short\"\ndocument = \"alert\"\nkind = \"pattern\"\nfields = [\"sender\"]\npattern = '[a-z]{1,3}'\nseverity = \"error\"\n\
                title = \"Too long\"\nwhy = \"It is.\"\nmend = \"Shorten it.\"\n";
    let (status, body) = publish(with("1.3", &|rules| rules + rule));
    assert_eq!((status, kind(&body), &body["proposed"]), (409, "breaking", &json!("2.0.0")), "{body}");
    let found = &body["comparison"]["backward"]["breaks"][0];
    assert!(found["witness"][0]["xml"].as_str().unwrap().contains("sender>em@"), "{body}");
    assert!(found.to_string().contains("cap/short"), "{found}");
    // Without a rule more is accepted, so that only readers may meet something new.
    let (status, body) = publish(with("2.0", &|rules| rules.split("\n[[rule]]\nid = \"unclear-circle\"").next().unwrap().to_owned()));
    assert_eq!((status, &body["comparison"]["backward"]["answer"]), (201, &Value::Null), "{body}");
}

/// XML Schemas are judged as tables are: what only widens is a minor step, and what narrows is refused with a document that shows it.
#[test]
fn what_an_xml_schema_takes_is_promised_too() {
    let server = Server::new("publish:cap");
    let own = concord_standards::catalog().find("cap@1.2").unwrap();
    let with = |version: &str, change: &dyn Fn(String) -> String| {
        let texts = own.files.iter().map(|(path, bytes)| (path.clone(), String::from_utf8(bytes.clone()).unwrap()));
        let mut files: BTreeMap<String, String> = texts.collect();
        let manifest = files.get_mut("standard.toml").unwrap();
        *manifest = manifest.replacen("version = \"1.2\"", &format!("version = \"{version}\""), 1);
        let schema = files.remove("alert.xsd").unwrap();
        let changed = change(schema.clone());
        assert_ne!(schema, changed);
        files.insert("alert.xsd".to_owned(), changed);
        json!({"files": files})
    };
    let publish = |body: Value| server.post("/v1/standards/cap/versions", body);
    let optional = |schema: String| {
        let note = "<xs:element name=\"note\" type=\"xs:string\" minOccurs=\"0\">";
        schema.replacen(note, &format!("<xs:element name=\"remark\" type=\"xs:string\" minOccurs=\"0\"/>{note}"), 1)
    };
    let words = |schema: String| schema.replacen("A remark that is not part of the warning.", "Something to remember.", 1);
    let (status, body) = publish(with("1.2.1", &words));
    assert_eq!(status, 201, "other words are a patch: {body}");
    let (status, body) = publish(with("1.2.2", &optional));
    assert_eq!((status, kind(&body), &body["proposed"]), (409, "breaking", &json!("1.3.0")), "readers may meet it: {body}");
    assert_eq!(body["comparison"]["backward"]["answer"], "compatible");
    let (status, body) = publish(with("1.3", &optional));
    assert_eq!(status, 201, "{body}");
    let (status, body) = publish(with("1.4", &words));
    assert_eq!((status, kind(&body), &body["proposed"]), (409, "breaking", &json!("2.0")), "an element is gone: {body}");
    let witness = body["comparison"]["backward"]["breaks"][0]["witness"][0]["xml"].as_str().unwrap();
    assert!(witness.contains("remark"), "{witness}");
    let valid = |version: &str| {
        let request = warp::test::request().method("POST").path(&format!("/v1/validate?standard=cap@{version}")).body(witness);
        let found = block(request.reply(&routes(Arc::clone(&server.registry))));
        serde_json::from_slice::<Value>(found.body()).unwrap()["valid"].clone()
    };
    assert_eq!((valid("1.3"), valid("1.2.1")), (json!(true), json!(false)));
    assert_eq!(publish(with("2.0", &words)).0, 201);
    let page = server.ask("GET", "/standards/cap/1.3/compare/2.0", None, "");
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(html.contains("Some files that were accepted are refused now") && html.contains("&lt;"), "{html}");
}

/// One PostgreSQL database, several servers: one log, signed by the key in the database or by the one in the file that all of them name.
#[test]
fn the_signed_log_is_the_same_on_postgresql() {
    let Ok(url) = std::env::var("CONCORD_TEST_POSTGRES") else {
        println!("NOT TESTED on PostgreSQL: CONCORD_TEST_POSTGRES names no database");
        return;
    };
    let own = format!("t_signed_{}", std::process::id());
    let mut admin = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    admin.batch_execute(&format!("CREATE SCHEMA {own}")).unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    let database = || -> Arc<dyn Database> { Arc::new(Postgres::open(&format!("{url}{separator}options=-csearch_path%3D{own}")).unwrap()) };
    let file = std::env::temp_dir().join(format!("concord-signed-{}.key", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let open = |place: &KeyPlace, anew: bool| {
        let registry = Registry::with_key(concord_standards::catalog(), Limits::default(), Policy::default(), database(), place, anew)?;
        let (_, secret) = tokens::create(registry.database(), "test", &["admin".to_owned()], None, "operator")?;
        Ok::<_, concord_registry::db::Fault>(Server { registry, secret })
    };
    let checkpoint = |server: &Server| Checkpoint::parse(&server.get("/v1/log").1).expect("a signed root");
    let (inside, in_file) = (KeyPlace::Database, KeyPlace::File(file.clone()));
    let (one, two) = (open(&inside, false).unwrap(), open(&inside, false).unwrap());
    let first = checkpoint(&one);
    assert_eq!(first, checkpoint(&two), "signing is the same wherever it is done");
    assert_eq!(one.post(VERSIONS, json!({"files": package("1.3", None)})).0, 201);
    let later = checkpoint(&two);
    assert_eq!((later.size, later.key), (first.size + 1, first.key));
    let (status, proof) = two.get(&format!("/v1/log/consistency/{}", first.size));
    assert_eq!((status, &proof), (200, &two.get(&format!("/v1/log/consistency?from={}", first.size)).1));
    for (asked, status) in [
        ("/100000", 404),
        ("?from=100000", 404),
        ("?from=99999999999999999999999", 404),
        ("?from=x", 400),
        ("?from=", 400),
        ("", 400),
        ("/x", 404),
    ] {
        assert_eq!(two.get(&format!("/v1/log/consistency{asked}")).0, status, "{asked}");
    }
    assert_eq!(two.get(&format!("{VERSIONS}/1.3/proof")).0, 200);
    // The key moves out of the database; from then on who names no file cannot sign with another.
    let three = open(&in_file, false).unwrap();
    assert_eq!(checkpoint(&three).key, first.key);
    assert_eq!(open(&in_file, false).map(|server| checkpoint(&server).key).unwrap(), first.key);
    assert!(open(&inside, false).err().unwrap().0.contains("--signing-key"));
    let found: i64 = admin.query_one(&format!("SELECT COUNT(*) FROM {own}.log_key"), &[]).unwrap().get(0);
    assert_eq!(found, 0);
    std::fs::remove_file(&file).unwrap();
    assert!(open(&in_file, false).err().unwrap().0.contains("missing"));
    let anew = open(&in_file, true).unwrap();
    assert_ne!(checkpoint(&anew).key, first.key);
    backup::verify(anew.registry.database()).unwrap();
    drop((one, two, three, anew));
    admin.batch_execute(&format!("DROP SCHEMA {own} CASCADE")).unwrap();
    let _ = std::fs::remove_file(&file);
}

/// A layout that the caller may not see is not recognised for them: what they hear is what they would hear if it were not there.
#[test]
fn layouts_that_may_not_be_seen_are_not_recognised() {
    let database = Arc::new(Sqlite::in_memory().unwrap());
    let closed = Policy { open_reads: false, open_writes: false };
    let registry = Registry::open(concord_standards::catalog(), Limits::default(), closed, database).unwrap();
    let token = |scope: &str| tokens::create(registry.database(), "test", &[scope.to_owned()], None, "operator").unwrap().1;
    let (admin, reader) = (token("admin"), token("read:blds"));
    let own = concord_standards::catalog().find("blds@1.2").unwrap();
    let convert = |bytes: &[u8], secret: &str| {
        let request = warp::test::request().method("POST").path("/v1/convert?to=blds&name=a.csv");
        let request = request.header("authorization", format!("Bearer {secret}")).body(bytes);
        block(request.reply(&routes(Arc::clone(&registry)))).status().as_u16()
    };
    let examples = own.files.iter().filter(|(path, _)| path.starts_with("examples/convert/") && path.ends_with(".in.csv"));
    let recognised: Vec<_> = examples.filter(|(_, bytes)| convert(bytes, &admin) == 200).take(2).collect();
    assert!(!recognised.is_empty(), "no example is recognised by itself");
    for (path, bytes) in recognised {
        assert_eq!(convert(bytes, &reader), 422, "{path}");
    }
}
