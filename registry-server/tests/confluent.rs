//! The routes that today's clients speak: every answer, every number of an error, and who may do what. Over every database that is there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use concord_core::package::catalog::Catalog;
use concord_registry::db::Database;
use concord_registry::db::postgres::Postgres;
use concord_registry::db::sqlite::Sqlite;
use concord_registry::keep::{audit, tokens};
use concord_registry::{Limits, Policy, Registry, backup, routes};
use serde_json::{Value, json};
use warp::http::Response;

fn block<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

const OPEN: Policy = Policy { open_reads: true, open_writes: true };

struct Server(Arc<Registry>);

impl Server {
    fn ask(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Response<Bytes> {
        let mut request = warp::test::request().method(method).path(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = block(request.reply(&routes(Arc::clone(&self.0))));
        if response.status().as_u16() >= 400 && method != "HEAD" {
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            let members: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(members, ["error_code", "message"].into(), "{method} {path}: {body}");
            assert!(response.status().as_u16() < 500, "{method} {path}: {body}");
        }
        response
    }

    fn json(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.ask(method, path, body, &[]);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
    }

    fn good(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, found) = self.json(method, path, body);
        assert!(status < 300, "{method} {path}: {status} {found}");
        found
    }

    fn code(&self, method: &str, path: &str, body: Option<Value>) -> u64 {
        let (status, found) = self.json(method, path, body);
        let code = found["error_code"].as_u64().unwrap_or_default();
        let by_status = if code < 1000 { code } else { code / 100 };
        assert!(status < 300 || by_status == u64::from(status), "{method} {path}: {status} {found}");
        code
    }
}

fn schema(text: &Value) -> Value {
    json!({"schemaType": "JSON", "schema": text.to_string()})
}

fn closed(fields: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> = fields.iter().map(|f| ((*f).to_owned(), json!({"type": "string"}))).collect();
    schema(&json!({"type": "object", "properties": properties, "additionalProperties": false}))
}

/// A folder that goes with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("concord-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn on(database: Arc<dyn Database>, policy: Policy) -> Server {
    Server(Registry::open(&Catalog::default(), Limits::default(), policy, database).unwrap())
}

/// Runs a test on each database, each time from nothing.
fn everywhere(name: &str, test: impl Fn(&dyn Fn(Policy) -> Server)) {
    let memory: Arc<dyn Database> = Arc::new(Sqlite::in_memory().unwrap());
    test(&|policy| on(Arc::clone(&memory), policy));
    let folder = Folder::new(name);
    let file: Arc<dyn Database> = Arc::new(Sqlite::open(&folder.0).unwrap());
    test(&|policy| on(Arc::clone(&file), policy));
    match std::env::var("CONCORD_TEST_POSTGRES") {
        Ok(url) => {
            // A schema of its own, so that tests go side by side.
            let own = format!("t_{name}_{}", std::process::id());
            let mut admin = postgres::Client::connect(&url, postgres::NoTls).unwrap();
            admin.batch_execute(&format!("CREATE SCHEMA {own}")).unwrap();
            let separator = if url.contains('?') { '&' } else { '?' };
            let database: Arc<dyn Database> = Arc::new(Postgres::open(&format!("{url}{separator}options=-csearch_path%3D{own}")).unwrap());
            test(&|policy| on(Arc::clone(&database), policy));
            admin.batch_execute(&format!("DROP SCHEMA {own} CASCADE")).unwrap();
        }
        Err(_) => println!("NOT TESTED on PostgreSQL: CONCORD_TEST_POSTGRES names no database"),
    }
}

#[test]
fn versions_are_made_found_and_refused() {
    everywhere("versions", |make| {
        let server = make(OPEN);
        assert_eq!(server.good("GET", "/subjects", None), json!([]));
        let first = server.good("POST", "/subjects/permits/versions", Some(closed(&["a"])));
        let id = first["id"].as_i64().unwrap();
        assert_eq!(first, json!({"id": id}));
        // The same again, with other spaces, changes nothing.
        let text = closed(&["a"])["schema"].as_str().unwrap().replace(':', " :\n ");
        let again = server.good("POST", "/subjects/permits/versions", Some(json!({"schemaType": "JSON", "schema": text})));
        assert_eq!(again["id"], id);
        assert_eq!(server.good("GET", "/subjects/permits/versions", None), json!([1]));
        // One schema has one id under all subjects.
        assert_eq!(server.good("POST", "/subjects/other/versions", Some(closed(&["a"])))["id"], id);
        let second = server.good("POST", "/subjects/permits/versions", Some(closed(&["a", "b"])))["id"].as_i64().unwrap();
        assert_ne!(second, id);
        for version in ["2", "latest", "-1"] {
            let found = server.good("GET", &format!("/subjects/permits/versions/{version}"), None);
            assert_eq!((&found["subject"], &found["version"], &found["id"]), (&json!("permits"), &json!(2), &json!(second)));
            assert_eq!((&found["schemaType"], &found["schema"]), (&json!("JSON"), &closed(&["a", "b"])["schema"]));
        }
        let raw = server.ask("GET", "/subjects/permits/versions/1/schema", None, &[]);
        assert_eq!(raw.body(), closed(&["a"])["schema"].as_str().unwrap());
        assert_eq!(server.code("POST", "/subjects/permits/versions", Some(closed(&["a"]))), 0, "an old version is found again");
        let narrower = closed(&["b"]);
        assert_eq!(server.code("POST", "/subjects/permits/versions", Some(narrower.clone())), 40901);
        assert_eq!(
            server.good("POST", "/compatibility/subjects/permits/versions/latest", Some(narrower.clone())),
            json!({"is_compatible": false})
        );
        let told = server.good("POST", "/compatibility/subjects/permits/versions?verbose=true", Some(narrower));
        let message = told["messages"][0].as_str().unwrap();
        assert!(message.contains("\"a\"") && message.contains("Example that shows it: {\"a\":"), "{told}");
        let wider = closed(&["a", "b", "c"]);
        assert_eq!(server.good("POST", "/compatibility/subjects/permits/versions/1", Some(wider)), json!({"is_compatible": true}));

        let looked = server.good("POST", "/subjects/permits", Some(closed(&["a"])));
        assert_eq!((&looked["version"], &looked["id"]), (&json!(1), &json!(id)));
        assert_eq!(server.code("POST", "/subjects/permits", Some(closed(&["x"]))), 40403);
        assert_eq!(server.code("POST", "/subjects/nothing", Some(closed(&["x"]))), 40401);

        let whole = server.good("GET", &format!("/schemas/ids/{id}?fetchMaxId=true"), None);
        assert_eq!(whole, json!({"schemaType": "JSON", "schema": closed(&["a"])["schema"], "maxId": second}));
        assert_eq!(server.good("GET", &format!("/schemas/ids/{id}/subjects"), None), json!(["other", "permits"]));
        let users = json!([{"subject": "other", "version": 1}, {"subject": "permits", "version": 1}]);
        assert_eq!(server.good("GET", &format!("/schemas/ids/{id}/versions"), None), users);
        assert_eq!(server.good("GET", "/schemas?subjectPrefix=perm", None).as_array().unwrap().len(), 2);
        assert_eq!(server.good("GET", "/schemas?latestOnly=true", None).as_array().unwrap().len(), 2);
        assert_eq!(server.good("GET", "/schemas?offset=1&limit=1", None)[0]["subject"], "permits");
        assert_eq!(server.good("GET", "/subjects?subjectPrefix=o", None), json!(["other"]));
        assert_eq!(server.good("GET", "/schemas/types", None), json!(["JSON", "TABLE", "XSD"]));

        for (method, path, expected) in [
            ("GET", "/subjects/nothing/versions", 40401),
            ("GET", "/subjects/nothing/versions/1", 40401),
            ("GET", "/subjects/permits/versions/9", 40402),
            ("GET", "/subjects/permits/versions/0", 42202),
            ("GET", "/subjects/permits/versions/newest", 42202),
            ("GET", "/subjects/permits/versions/99999999999", 42202),
            ("GET", "/schemas/ids/9999", 40403),
            ("GET", "/schemas/ids/abc", 404),
            ("GET", "/schemas/guids/none", 40403),
            ("GET", "/subjects/permits/nothing", 404),
            ("GET", "/subjects/%ff", 404),
            ("PATCH", "/subjects", 405),
            ("POST", "/schemas/ids/1", 405),
        ] {
            assert_eq!(server.code(method, path, None), expected, "{method} {path}");
        }
        for (body, expected) in [
            (json!({"schema": "{}"}), 42201),
            (json!({"schema": "\"string\"", "schemaType": "AVRO"}), 42201),
            (json!({"schema": "syntax = \"proto3\";", "schemaType": "PROTOBUF"}), 42201),
            (json!({"schemaType": "JSON"}), 42201),
            (json!({"schemaType": "JSON", "schema": ""}), 42201),
            (json!({"schemaType": "JSON", "schema": "{"}), 42201),
            (json!({"schemaType": "JSON", "schema": "{}", "ruleSet": {"domainRules": []}}), 42210),
            (json!({"schemaType": "JSON", "schema": "{}", "id": 5}), 42205),
            (json!({"schemaType": "JSON", "schema": "{}", "references": [{"name": "a", "subject": "nothing", "version": 1}]}), 42201),
            (json!({"schemaType": "JSON", "schema": 5}), 400),
            (json!([]), 400),
        ] {
            assert_eq!(server.code("POST", "/subjects/new/versions", Some(body.clone())), expected, "{body}");
        }
        assert_eq!(server.code("POST", "/subjects/__GLOBAL/versions", Some(closed(&["a"]))), 42208);
        assert_eq!(server.code("POST", "/subjects/standard.mine.a/versions", Some(closed(&["a"]))), 42205);
        // A subject may hold anything that can be seen.
        let odd = "/subjects/a%2Fb%20%C3%A9%3F/versions";
        server.good("POST", odd, Some(closed(&["a"])));
        assert_eq!(server.good("GET", odd, None), json!([1]));
        assert!(server.good("GET", "/subjects", None).as_array().unwrap().contains(&json!("a/b é?")));
        audit::verify(server.0.database()).unwrap();
    });
}

#[test]
fn other_types_are_kept_too() {
    everywhere("types", |make| {
        let server = make(OPEN);
        let table =
            |fields: Value| json!({"schemaType": "TABLE", "schema": json!({"fieldsMatch": "partial", "fields": fields}).to_string()});
        let a = json!({"name": "a", "type": "string", "constraints": {"required": true}});
        server.good("POST", "/subjects/t/versions", Some(table(json!([a]))));
        server.good("POST", "/subjects/t/versions", Some(table(json!([a, {"name": "b", "type": "string"}]))));
        let required = json!({"name": "c", "type": "string", "constraints": {"required": true}});
        assert_eq!(server.code("POST", "/subjects/t/versions", Some(table(json!([a, required])))), 40901);
        assert_eq!(server.code("POST", "/subjects/t/versions", Some(closed(&["a"]))), 40901, "another type");
        let xsd = |more: &str| json!({"schemaType": "XSD", "schema": format!("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">{more}</xs:schema>")});
        server.good("POST", "/subjects/x/versions", Some(xsd("")));
        assert_eq!(server.code("POST", "/subjects/x/versions", Some(xsd("<xs:element name=\"a\"/>"))), 40901, "not shown");
        server.good("PUT", "/config/x", Some(json!({"compatibility": "NONE"})));
        server.good("POST", "/subjects/x/versions", Some(xsd("<xs:element name=\"a\"/>")));
        assert_eq!(server.good("GET", "/subjects/x/versions/2", None)["schemaType"], "XSD");
    });
}

#[test]
fn what_was_deleted_leaves_its_numbers() {
    everywhere("deletion", |make| {
        let server = make(OPEN);
        for fields in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
            server.good("POST", "/subjects/s/versions", Some(closed(fields)));
        }
        assert_eq!(server.code("DELETE", "/subjects/s/versions/1?permanent=true", None), 40407);
        assert_eq!(server.good("DELETE", "/subjects/s/versions/1", None), json!(1));
        assert_eq!(server.code("DELETE", "/subjects/s/versions/1", None), 40406);
        assert_eq!(server.good("GET", "/subjects/s/versions", None), json!([2, 3]));
        assert_eq!(server.good("GET", "/subjects/s/versions?deleted=true", None), json!([1, 2, 3]));
        assert_eq!(server.good("GET", "/subjects/s/versions?deletedOnly=true", None), json!([1]));
        assert_eq!(server.code("GET", "/subjects/s/versions/1", None), 40402);
        assert_eq!(server.good("GET", "/subjects/s/versions/1?deleted=true", None)["version"], 1);
        assert_eq!(server.good("DELETE", "/subjects/s/versions/1?permanent=true", None), json!(1));
        assert_eq!(server.code("GET", "/subjects/s/versions/1?deleted=true", None), 40402);
        assert_eq!(server.code("DELETE", "/subjects/s?permanent=true", None), 40405);
        let id = server.good("GET", "/subjects/s/versions/3", None)["id"].as_i64().unwrap();
        assert_eq!(server.good("DELETE", "/subjects/s", None), json!([2, 3]));
        assert_eq!(server.code("DELETE", "/subjects/s", None), 40404);
        assert_eq!(server.good("GET", "/subjects", None), json!([]));
        assert_eq!(server.good("GET", "/subjects?deleted=true", None), json!(["s"]));
        // Data that were written with the schema can still be read.
        server.good("GET", &format!("/schemas/ids/{id}"), None);
        // A version of a deleted subject continues its numbers; the schema keeps its id.
        assert_eq!(server.good("POST", "/subjects/s/versions", Some(closed(&["a", "b", "c"])))["id"], id);
        assert_eq!(server.good("GET", "/subjects/s/versions", None), json!([4]));
        server.good("DELETE", "/subjects/s", None);
        assert_eq!(server.good("DELETE", "/subjects/s?permanent=true", None), json!([2, 3, 4]));
        assert_eq!(server.code("GET", &format!("/schemas/ids/{id}"), None), 40403);
        assert_eq!(server.code("DELETE", "/subjects/s?permanent=true", None), 40401);
        let next = server.good("POST", "/subjects/s/versions", Some(closed(&["z"])))["id"].as_i64().unwrap();
        assert!(next > id, "no id returns");
        assert_eq!(server.good("GET", "/subjects/s/versions", None), json!([5]));
        audit::verify(server.0.database()).unwrap();
    });
}

#[test]
fn what_is_remembered_by_id_goes_with_its_last_version() {
    everywhere("remembered", |make| {
        let (here, there) = (make(OPEN), make(OPEN));
        let id = here.good("POST", "/subjects/r/versions", Some(closed(&["a"])))["id"].as_i64().unwrap();
        let path = format!("/schemas/ids/{id}");
        let first = here.ask("GET", &path, None, &[]);
        let again = here.ask("GET", &path, None, &[]);
        let told = |response: &Response<Bytes>| {
            let mut headers = response.headers().clone();
            // Each request has a number of its own.
            headers.remove("x-request-id");
            (response.body().clone(), headers)
        };
        assert_eq!(told(&first), told(&again), "remembered as it was read");
        let etag = first.headers()["etag"].to_str().unwrap();
        assert_eq!(here.ask("GET", &path, None, &[("if-none-match", etag)]).status(), 304);
        assert_eq!(here.ask("GET", &format!("{path}/schema"), None, &[]).body(), closed(&["a"])["schema"].as_str().unwrap());
        // Another process on the same database deletes it for good; this one looks into the log and knows.
        there.good("DELETE", "/subjects/r", None);
        there.good("DELETE", "/subjects/r?permanent=true", None);
        here.0.refresh().unwrap();
        assert_eq!(here.code("GET", &path, None), 40403);
        assert_eq!(here.code("GET", &format!("{path}/schema"), None), 40403);
    });
}

#[test]
fn references_hold_what_they_refer_to() {
    everywhere("references", |make| {
        let server = make(OPEN);
        let base = server.good("POST", "/subjects/base/versions", Some(closed(&["a"])))["id"].clone();
        let mut user = schema(&json!({"$ref": "base.json"}));
        user["references"] = json!([{"name": "base.json", "subject": "base", "version": 1}]);
        let id = server.good("POST", "/subjects/user/versions", Some(user.clone()))["id"].clone();
        assert_ne!(base, id);
        assert_eq!(server.good("GET", "/subjects/base/versions/1/referencedby", None), json!([id]));
        assert_eq!(server.good("GET", &format!("/schemas/ids/{id}"), None)["references"], user["references"]);
        assert_eq!(server.good("POST", "/subjects/user", Some(user))["version"], 1);
        assert_eq!(server.code("DELETE", "/subjects/base/versions/1", None), 42206);
        assert_eq!(server.code("DELETE", "/subjects/base", None), 42206);
        server.good("DELETE", "/subjects/user", None);
        server.good("DELETE", "/subjects/base", None);
        assert_eq!(server.code("DELETE", "/subjects/base?permanent=true", None), 42206, "a deleted version still refers to it");
    });
}

#[test]
fn settings_hold_for_subjects_contexts_and_all() {
    everywhere("settings", |make| {
        let server = make(OPEN);
        assert_eq!(server.good("GET", "/config", None), json!({"compatibilityLevel": "BACKWARD"}));
        assert_eq!(server.code("GET", "/config/s", None), 40408);
        assert_eq!(server.good("GET", "/config/s?defaultToGlobal=true", None)["compatibilityLevel"], "BACKWARD");
        assert_eq!(server.good("PUT", "/config", Some(json!({"compatibility": "full"}))), json!({"compatibility": "FULL"}));
        assert_eq!(
            server.good("PUT", "/config/s", Some(json!({"compatibility": "FORWARD_TRANSITIVE"})))["compatibility"],
            "FORWARD_TRANSITIVE"
        );
        assert_eq!(server.good("GET", "/config/s", None), json!({"compatibilityLevel": "FORWARD_TRANSITIVE"}));
        assert_eq!(server.good("GET", "/config/t?defaultToGlobal=true", None)["compatibilityLevel"], "FULL");
        for body in [json!({"compatibility": "SIDEWAYS"}), json!({}), json!({"compatibility": "NONE", "alias": "x"})] {
            assert_eq!(server.code("PUT", "/config/s", Some(body)), 42203);
        }
        assert_eq!(server.good("DELETE", "/config/s", None), json!({"compatibilityLevel": "FORWARD_TRANSITIVE"}));
        assert_eq!(server.code("DELETE", "/config/s", None), 40408);
        assert_eq!(server.good("DELETE", "/config", None)["compatibilityLevel"], "FULL");
        assert_eq!(server.good("GET", "/config", None)["compatibilityLevel"], "BACKWARD");

        // Forward: the new schema may write less.
        server.good("PUT", "/config/f", Some(json!({"compatibility": "FORWARD"})));
        server.good("POST", "/subjects/f/versions", Some(closed(&["a", "b"])));
        assert_eq!(server.code("POST", "/subjects/f/versions", Some(closed(&["a", "b", "c"]))), 40901);
        server.good("POST", "/subjects/f/versions", Some(closed(&["a"])));
        server.good("PUT", "/config/f", Some(json!({"compatibility": "FORWARD_TRANSITIVE"})));
        server.good(
            "POST",
            "/subjects/f/versions",
            Some(schema(&json!({"type": "object", "properties": {"a": {"enum": ["x"]}}, "additionalProperties": false}))),
        );

        assert_eq!(server.good("GET", "/mode", None), json!({"mode": "READWRITE"}));
        assert_eq!(server.code("GET", "/mode/s", None), 40409);
        assert_eq!(server.code("PUT", "/mode/s", Some(json!({"mode": "SOMETIMES"}))), 42204);
        server.good("PUT", "/mode/s", Some(json!({"mode": "READONLY"})));
        assert_eq!(server.code("POST", "/subjects/s/versions", Some(closed(&["a"]))), 42205);
        assert_eq!(server.good("DELETE", "/mode/s", None), json!({"mode": "READONLY"}));
        assert_eq!(server.code("DELETE", "/mode/s", None), 40409);
        assert_eq!(server.code("PUT", "/mode/f", Some(json!({"mode": "IMPORT"}))), 42205);
        server.good("PUT", "/mode/i", Some(json!({"mode": "IMPORT"})));
        let with_id = |id: i64, fields: &[&str]| {
            let mut body = closed(fields);
            body["id"] = id.into();
            body
        };
        assert_eq!(server.code("POST", "/subjects/i/versions", Some(closed(&["q"]))), 42205);
        assert_eq!(server.good("POST", "/subjects/i/versions", Some(with_id(700, &["q"])))["id"], 700);
        assert_eq!(server.code("POST", "/subjects/i/versions", Some(with_id(700, &["r"]))), 42207);
        let next = server.good("POST", "/subjects/n/versions", Some(closed(&["n"])))["id"].as_i64().unwrap();
        assert_eq!(next, 701, "no id that came from elsewhere is given out again");
    });
}

#[test]
fn contexts_are_spaces_of_their_own() {
    everywhere("contexts", |make| {
        let server = make(OPEN);
        server.good("POST", "/subjects/s/versions", Some(closed(&["filler"])));
        let id = server.good("POST", "/subjects/s/versions", Some(closed(&["filler", "more"])))["id"].as_i64().unwrap();
        let own = server.good("POST", "/subjects/:.towns:s/versions", Some(closed(&["a"])))["id"].as_i64().unwrap();
        assert_eq!((id, own), (2, 1));
        assert_eq!(server.good("GET", "/contexts", None), json!([".", ".towns"]));
        assert_eq!(server.good("GET", "/subjects", None), json!(["s", ":.towns:s"]));
        assert_eq!(server.good("GET", "/subjects?subjectPrefix=:.towns:", None), json!([":.towns:s"]));
        assert_eq!(server.good("GET", "/contexts/.towns/subjects", None), json!([":.towns:s"]));
        assert_eq!(server.good("GET", "/contexts/.towns/subjects/s/versions", None), json!([1]));
        assert_eq!(server.good("GET", "/schemas/ids/1?subject=:.towns:s", None)["schema"], closed(&["a"])["schema"]);
        assert_eq!(server.good("GET", "/contexts/.towns/schemas/ids/1", None)["schema"], closed(&["a"])["schema"]);
        assert_eq!(server.code("DELETE", "/contexts/.towns", None), 42211);
        server.good("DELETE", "/subjects/:.towns:s", None);
        server.good("DELETE", "/subjects/:.towns:s?permanent=true", None);
        assert_eq!(server.ask("DELETE", "/contexts/.towns", None, &[]).status(), 204);
        server.good("PUT", "/config/:.towns:", Some(json!({"compatibility": "NONE"})));
        assert_eq!(server.good("GET", "/config/:.towns:any?defaultToGlobal=true", None)["compatibilityLevel"], "NONE");
        assert_eq!(server.good("GET", "/config/any?defaultToGlobal=true", None)["compatibilityLevel"], "BACKWARD");
    });
}

#[test]
fn media_types_are_agreed_on() {
    let server = on(Arc::new(Sqlite::in_memory().unwrap()), OPEN);
    for (accept, expected) in [
        ("", "application/vnd.schemaregistry.v1+json"),
        ("*/*", "application/vnd.schemaregistry.v1+json"),
        ("application/json", "application/json"),
        ("application/vnd.schemaregistry+json", "application/vnd.schemaregistry+json"),
        ("application/json;q=0.5, application/vnd.schemaregistry.v1+json;q=0.9", "application/vnd.schemaregistry.v1+json"),
    ] {
        let headers = [("accept", accept)];
        let response = server.ask("GET", "/subjects", None, if accept.is_empty() { &[] } else { &headers });
        assert_eq!(response.headers()["content-type"], expected, "{accept}");
    }
    assert_eq!(server.ask("GET", "/subjects", None, &[("accept", "image/png")]).status(), 406);
    for (kind, status) in [
        ("application/vnd.schemaregistry.v1+json; charset=utf-8", 200),
        ("application/octet-stream", 200),
        ("APPLICATION/JSON", 200),
        ("text/plain", 415),
        ("application/xml", 415),
    ] {
        let response = server.ask("POST", "/subjects/s/versions", Some(closed(&["a"])), &[("content-type", kind)]);
        assert_eq!(response.status(), status, "{kind}");
    }
    let etag = server.ask("GET", "/schemas/ids/1", None, &[]).headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(server.ask("GET", "/schemas/ids/1", None, &[("if-none-match", &etag)]).status(), 304);
    assert_eq!(server.ask("HEAD", "/schemas/ids/1", None, &[]).body().len(), 0);
    let large = "x".repeat(9 << 20);
    assert_eq!(server.code("POST", "/subjects/s/versions", Some(json!({"schema": large}))), 413);
    assert_eq!(server.ask("GET", "/", None, &[("accept", "application/json")]).body(), "{}");
    assert!(server.ask("GET", "/", None, &[]).body().starts_with(b"<!DOCTYPE html>"));
}

fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}

#[test]
fn tokens_decide_and_the_denied_learn_nothing() {
    everywhere("tokens", |make| {
        let open = make(OPEN);
        for subject in ["town-a.permits", "town-b.permits"] {
            open.good("POST", &format!("/subjects/{subject}/versions"), Some(closed(&[subject])));
        }
        let server = make(Policy { open_reads: false, open_writes: false });
        let database = server.0.database();
        let make_token = |scopes: &[&str], expires| {
            let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
            tokens::create(database, "test", &scopes, expires, "operator").unwrap()
        };
        let (id, secret) = make_token(&["publish:town-a.*"], None);
        let holder = bearer(&secret);
        let with = |method: &str, path: &str, body: Option<Value>, who: &str| {
            let response = server.ask(method, path, body, &[("authorization", who)]);
            (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
        };
        assert_eq!(with("GET", "/subjects", None, &holder).1, "[\"town-a.permits\"]");
        assert_eq!(with("GET", "/subjects/town-a.permits/versions", None, &holder).0, 200);
        // The one that is there and hidden, and the one that is not there: the same bytes but for the name.
        let wider = closed(&["town-b.permits", "x"]);
        for (method, path, body) in [
            ("GET", "/subjects/NAME/versions", None),
            ("GET", "/subjects/NAME/versions/1", None),
            ("GET", "/subjects/NAME/versions/1/schema", None),
            ("GET", "/config/NAME", None),
            ("GET", "/mode/NAME", None),
            ("POST", "/subjects/NAME", Some(closed(&["town-b.permits"]))),
            ("POST", "/subjects/NAME/versions", Some(wider.clone())),
            ("POST", "/subjects/NAME/versions", Some(json!({}))),
            ("POST", "/compatibility/subjects/NAME/versions/1", Some(wider)),
            ("DELETE", "/subjects/NAME", None),
            ("DELETE", "/subjects/NAME/versions/1", None),
            ("PUT", "/config/NAME", Some(json!({"compatibility": "NONE"}))),
        ] {
            let of = |name: &str| {
                let (status, text) = with(method, &path.replace("NAME", name), body.clone(), &holder);
                (status, text.replace(name, "NAME"))
            };
            let (hidden, missing) = (of("town-b.permits"), of("town-c.permits"));
            assert_eq!(hidden, missing, "{method} {path}");
            assert_eq!(hidden.0, 404, "{method} {path}");
        }
        let hidden = open.good("GET", "/subjects/town-b.permits/versions/1", None)["id"].as_i64().unwrap();
        for path in ["", "/schema", "/subjects", "/versions"] {
            assert_eq!(with("GET", &format!("/schemas/ids/{hidden}{path}"), None, &holder).0, 404);
        }
        assert_eq!(with("POST", "/subjects/town-a.permits/versions", Some(closed(&["town-a.permits", "b"])), &holder).0, 200);
        assert_eq!(with("PUT", "/config", Some(json!({"compatibility": "NONE"})), &holder).0, 403);
        let (_, admin) = make_token(&["admin"], None);
        assert_eq!(with("PUT", "/config", Some(json!({"compatibility": "NONE"})), &bearer(&admin)).0, 200);
        // As clients that know user names and passwords only send it.
        let basic = std::process::Command::new("base64")
            .arg("-w0")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn();
        if let Ok(mut child) = basic {
            use std::io::Write;
            child.stdin.take().unwrap().write_all(format!("any:{secret}").as_bytes()).unwrap();
            let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
            assert_eq!(with("GET", "/subjects", None, &format!("Basic {}", text.trim())).1, "[\"town-a.permits\"]");
        }
        for who in ["", "Bearer", "Bearer x", "Bearer concord_00", "Basic !!", "Basic eDp5", "Digest x"] {
            assert_eq!(with("GET", "/subjects", None, who).0, 401, "{who:?}");
        }
        assert_eq!(server.ask("GET", "/subjects", None, &[]).status(), 401);
        let (_, expired) = make_token(&["read"], Some(1));
        assert_eq!(with("GET", "/subjects", None, &bearer(&expired)).0, 401);
        assert!(tokens::revoke(database, &id, "operator").unwrap());
        assert!(!tokens::revoke(database, &id, "operator").unwrap());
        assert_eq!(with("GET", "/subjects", None, &holder).0, 401);
        // Reads may be open while writes are not.
        let public = make(Policy::default());
        assert_eq!(public.code("GET", "/subjects", None), 0);
        assert_eq!(public.code("POST", "/subjects/new/versions", Some(closed(&["a"]))), 40101);
        assert_eq!(public.code("DELETE", "/subjects/town-a.permits", None), 40101);
        // No secret is kept.
        let listed = format!("{:?}", tokens::list(database).unwrap());
        assert!(!listed.contains(&secret) && !format!("{:?}", audit::after(database, 0, 1000).unwrap()).contains(&secret[10..]));
        assert!(audit::after(database, 0, 1000).unwrap().iter().any(|row| row.actor == id && row.action == "register"));
    });
}

#[test]
fn an_altered_log_is_noticed() {
    let folder = Folder::new("altered");
    let server = on(Arc::new(Sqlite::open(&folder.0).unwrap()), OPEN);
    for n in 0..5 {
        server.good("POST", &format!("/subjects/s{n}/versions"), Some(closed(&["a"])));
    }
    // The first entry says which key signs.
    assert_eq!(audit::verify(server.0.database()).unwrap().0, 6);
    let file = rusqlite::Connection::open(folder.0.join("registry.sqlite")).unwrap();
    for (change, back) in [
        ("UPDATE audit SET target = 'x' WHERE seq = 4", "UPDATE audit SET target = 's2' WHERE seq = 4"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 5", "UPDATE audit SET at = at - 1 WHERE seq = 5"),
    ] {
        file.execute_batch(change).unwrap();
        assert!(audit::verify(server.0.database()).is_err(), "{change}");
        file.execute_batch(back).unwrap();
        audit::verify(server.0.database()).unwrap();
    }
    file.execute_batch("DELETE FROM audit WHERE seq = 2").unwrap();
    assert!(audit::verify(server.0.database()).unwrap_err().0.contains("row 2"));
}

#[test]
fn identical_registrations_make_one_version() {
    everywhere("together", |make| {
        let server = make(OPEN);
        server.good("PUT", "/config", Some(json!({"compatibility": "NONE"})));
        let ids: Vec<Vec<i64>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let mut ids = Vec::new();
                        for n in 0..20 {
                            let name = format!("f{n}");
                            ids.push(server.good("POST", "/subjects/hot/versions", Some(closed(&[&name])))["id"].as_i64().unwrap());
                        }
                        ids
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|own| own == &ids[0]));
        assert_eq!(ids[0].iter().collect::<BTreeSet<_>>().len(), 20);
        assert_eq!(server.good("GET", "/subjects/hot/versions", None), json!((1..=20).collect::<Vec<_>>()));
        assert_eq!(audit::verify(server.0.database()).unwrap().0, 22);
    });
}

#[test]
fn backups_come_back_whole_and_damaged_ones_do_not() {
    let folder = Folder::new("backup");
    let server = on(Arc::new(Sqlite::open(&folder.0.join("own")).unwrap()), OPEN);
    server.good("POST", "/subjects/s/versions", Some(closed(&["a"])));
    let said = backup::verify(server.0.database()).unwrap();
    let file = folder.0.join("backup");
    backup::backup(server.0.database(), &file).unwrap();
    assert!(backup::backup(server.0.database(), &file).is_err(), "nothing is overwritten");
    assert_eq!(backup::restore(&file, &folder.0.join("again")).unwrap(), said);
    assert!(backup::restore(&file, &folder.0.join("again")).is_err());
    // The key that signs is in no backup and is brought along by itself.
    let again = || Registry::open(&Catalog::default(), Limits::default(), OPEN, Arc::new(Sqlite::open(&folder.0.join("again")).unwrap()));
    assert!(again().unwrap_err().0.contains("signing key"));
    std::fs::copy(folder.0.join("own/signing.key"), folder.0.join("again/signing.key")).unwrap();
    let again = Server(again().unwrap());
    assert_eq!(again.good("GET", "/schemas/ids/1", None), server.good("GET", "/schemas/ids/1", None));
    let whole = std::fs::read(&file).unwrap();
    for at in [0, 30, 100, whole.len() / 2, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&file, &damaged).unwrap();
        assert!(backup::restore(&file, &folder.0.join(format!("damaged{at}"))).is_err(), "byte {at}");
    }
    std::fs::write(&file, &whole[..whole.len() - 10]).unwrap();
    assert!(backup::restore(&file, &folder.0.join("short")).is_err());
}
