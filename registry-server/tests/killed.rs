//! What was acknowledged is there after the program was killed in the middle of its work.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use concord_registry::backup;
use concord_registry::db::sqlite::Sqlite;
use program::{Program, ask};
use serde_json::Value;

/// How often the program is killed: a few times as a rule, as often as CONCORD_KILLS says when more is wanted.
fn kills() -> u64 {
    std::env::var("CONCORD_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

#[test]
fn nothing_acknowledged_is_lost() {
    let data = std::env::temp_dir().join(format!("concord-killed-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    let numbers = AtomicU64::new(0);
    // By subject, the id and schema that were acknowledged.
    let mut acknowledged: BTreeMap<String, (i64, String)> = BTreeMap::new();
    let mut slowest = Duration::ZERO;
    for round in 0..kills() {
        let start = Instant::now();
        let mut program = Program::start(&data);
        slowest = slowest.max(start.elapsed());
        let address = program.address.clone();
        let found = thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut own = Vec::new();
                        loop {
                            let number = numbers.fetch_add(1, Ordering::Relaxed);
                            let (subject, schema) = (format!("s{number}"), format!("{{\"title\":\"{number}\"}}"));
                            let body = serde_json::json!({"schemaType": "JSON", "schema": schema}).to_string();
                            match ask(&address, "POST", &format!("/subjects/{subject}/versions"), &body) {
                                Some((200, body)) => own.push((subject, (body["id"].as_i64().unwrap(), schema))),
                                Some((status, body)) => panic!("{status} {body}"),
                                None => return own,
                            }
                        }
                    })
                })
                .collect();
            // At another moment each time.
            thread::sleep(Duration::from_millis(150 + round * 37 % 200));
            program.child.kill().unwrap();
            writers.into_iter().flat_map(|w| w.join().unwrap()).collect::<Vec<_>>()
        });
        acknowledged.extend(found);
    }
    assert!(acknowledged.len() as u64 > kills(), "too few writes to tell anything: {}", acknowledged.len());
    let ids: BTreeSet<i64> = acknowledged.values().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), acknowledged.len(), "an id was given out twice");
    let program = Program::start(&data);
    for (subject, (id, schema)) in &acknowledged {
        let (status, found) = ask(&program.address, "GET", &format!("/subjects/{subject}/versions/1"), "").unwrap();
        assert_eq!((status, &found["id"], &found["schema"]), (200, &Value::from(*id), &Value::from(schema.as_str())), "{subject}");
    }
    drop(program);
    backup::verify(&Sqlite::open(&data).unwrap()).unwrap();
    println!("{} kills, {} acknowledged writes, slowest start {slowest:?}", kills(), acknowledged.len());
    std::fs::remove_dir_all(&data).unwrap();
}
