//! Many clients at once: identical registrations make one version, ids are unique, versions have no gaps, and nothing acknowledged is missing.
//! On one server with SQLite, and on two with one PostgreSQL when CONCORD_TEST_POSTGRES names one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Instant;

use concord_registry::backup;
use concord_registry::db::Database;
use concord_registry::db::postgres::Postgres;
use concord_registry::db::sqlite::Sqlite;
use program::{Program, ask};
use serde_json::{Value, json};

const CLIENTS: usize = 8;

/// Writes of each client: some as a rule, as many as CONCORD_WRITES says when more are wanted.
fn writes() -> usize {
    std::env::var("CONCORD_WRITES").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
}

fn register(address: &str, subject: &str, title: &str) -> i64 {
    let body = json!({"schemaType": "JSON", "schema": json!({"title": title}).to_string()}).to_string();
    match ask(address, "POST", &format!("/subjects/{subject}/versions"), &body) {
        Some((200, body)) => body["id"].as_i64().unwrap(),
        other => panic!("{subject} {title}: {other:?}"),
    }
}

/// Half of the writes are the same for all clients and go to one subject, the others are each client's own.
fn write_together(servers: &[Program], database: &dyn Database) {
    let first = &servers[0].address;
    assert_eq!(ask(first, "PUT", "/config", "{\"compatibility\":\"NONE\"}").unwrap().0, 200);
    let start = Instant::now();
    let all: Vec<Vec<(String, String, i64)>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let address = &servers[client % servers.len()].address;
                scope.spawn(move || {
                    let one = |n: usize| {
                        let (subject, title) = if n % 2 == 0 {
                            ("hot".to_owned(), format!("hot {n}"))
                        } else {
                            (format!("own-{client}"), format!("{client} {n}"))
                        };
                        let id = register(address, &subject, &title);
                        (subject, title, id)
                    };
                    (0..writes()).map(one).collect()
                })
            })
            .collect();
        clients.into_iter().map(|c| c.join().unwrap()).collect()
    });
    let took = start.elapsed();
    let mut ids: BTreeMap<String, i64> = BTreeMap::new();
    let mut titles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (subject, title, id) in all.into_iter().flatten() {
        assert_eq!(*ids.entry(title.clone()).or_insert(id), id, "one schema has one id");
        titles.entry(subject).or_default().insert(title);
    }
    assert_eq!(ids.values().collect::<BTreeSet<_>>().len(), ids.len(), "an id is that of one schema");
    for (subject, titles) in &titles {
        // Each server has everything.
        for server in servers {
            let (_, versions) = ask(&server.address, "GET", &format!("/subjects/{subject}/versions"), "").unwrap();
            assert_eq!(versions, json!((1..=titles.len()).collect::<Vec<_>>()), "{subject}");
        }
        let mut found = BTreeSet::new();
        for version in 1..=titles.len() {
            let (_, body) = ask(first, "GET", &format!("/subjects/{subject}/versions/{version}"), "").unwrap();
            let schema: Value = serde_json::from_str(body["schema"].as_str().unwrap()).unwrap();
            let title = schema["title"].as_str().unwrap().to_owned();
            assert_eq!(body["id"], ids[&title], "{title}");
            found.insert(title);
        }
        assert_eq!(&found, titles, "{subject}");
    }
    backup::verify(database).unwrap();
    println!("{CLIENTS} clients, {} writes each, {} servers: {took:?}", writes(), servers.len());
}

#[test]
fn on_one_server() {
    let data = std::env::temp_dir().join(format!("concord-together-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    write_together(&[Program::start(&data)], &Sqlite::open(&data).unwrap());
    std::fs::remove_dir_all(&data).unwrap();
}

#[test]
fn on_two_servers_with_one_postgresql() {
    let Ok(url) = std::env::var("CONCORD_TEST_POSTGRES") else {
        println!("NOT TESTED on PostgreSQL: CONCORD_TEST_POSTGRES names no database");
        return;
    };
    let own = format!("t_together_{}", std::process::id());
    let mut admin = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    admin.batch_execute(&format!("CREATE SCHEMA {own}")).unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-csearch_path%3D{own}");
    let server = || Program::with(&["--open-to-write", "--database", &url]);
    write_together(&[server(), server()], &Postgres::open(&url).unwrap());
    admin.batch_execute(&format!("DROP SCHEMA {own} CASCADE")).unwrap();
}
