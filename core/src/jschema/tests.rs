//! The compiled program against the reference: on schemas and values made at random, and on the published test suite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::documents::{Documents, Draft};
use super::tape::Tape;
use super::{Answer, Schema, Space};

fn schema(value: Value, draft: Draft) -> Schema {
    let mut documents = Documents::new();
    documents.add("schema.json", value, draft);
    Schema::new(documents, 0, "", true).unwrap()
}

/// What the program says of a value.
fn answer(schema: &Schema, value: &Value) -> Answer {
    let compiled = schema.compile(None).unwrap();
    let text = value.to_string();
    let mut tape = Tape::default();
    tape.read(text.as_bytes(), 0, true).unwrap();
    compiled.check(text.as_bytes(), &tape, &mut Space::default())
}

#[test]
fn plain_schemas_need_no_reference() {
    let draft = Draft::D2020;
    let permit = schema(
        json!({
            "type": "object",
            "required": ["id", "status", "issued"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$", "maxLength": 12},
                "status": {"enum": ["open", "closed", null]},
                "issued": {"type": ["string", "null"], "format": "date"},
                "fee": {"type": "number", "minimum": 0, "exclusiveMaximum": 1000000},
                "units": {"type": "integer", "multipleOf": 2},
                "parts": {"type": "array", "maxItems": 2, "items": {"$ref": "#"}},
                "kind": {"oneOf": [{"const": "a"}, {"type": "object", "required": ["x"]}]}
            }
        }),
        draft,
    );
    let clean = json!({"id": "AB-12", "status": "open", "issued": "2026-03-31", "fee": 12.5, "units": 4, "kind": {"x": 1}});
    assert_eq!(answer(&permit, &clean), Answer::Clean);
    let with = |name: &str, value: Value| {
        let mut one = clean.clone();
        one[name] = value;
        answer(&permit, &one)
    };
    for (name, value) in [
        ("id", json!("AB-12x")),
        ("id", json!("AB-12345678901")),
        ("id", json!(12)),
        ("status", json!("Open")),
        ("fee", json!(-1)),
        ("fee", json!(1000000)),
        ("units", json!(3)),
        ("parts", json!([{}])),
        ("parts", json!([1, 2, 3])),
        ("kind", json!("b")),
        ("colour", json!("red")),
    ] {
        assert_eq!(with(name, value.clone()), Answer::Not, "{name} {value}");
    }
    // A day that is none is for the reference to refuse.
    assert_eq!(with("issued", json!("2026-02-30")), Answer::Unsure);
    assert_eq!(with("issued", Value::Null), Answer::Clean);
    assert_eq!(with("parts", json!([clean])), Answer::Clean);
    assert_eq!(answer(&permit, &json!({"id": "AB-1", "status": "open"})), Answer::Not);
}

#[test]
fn a_schema_without_end_is_refused() {
    for endless in [json!({"$ref": "#"}), json!({"allOf": [{"anyOf": [{"$ref": "#"}]}]}), json!({"if": {"$ref": "#"}, "then": true})] {
        assert!(schema(endless.clone(), Draft::D2020).compile(None).is_err(), "{endless}");
    }
    assert!(schema(json!({"properties": {"a": {"$ref": "#"}}}), Draft::D2020).compile(None).is_ok());
}

#[test]
fn lists_of_records_are_found_and_read_apart() {
    let feed = json!({
        "$id": "https://example.org/feed.json",
        "type": "object",
        "required": ["version", "data"],
        "properties": {
            "version": {"const": "3.0"},
            "data": {"$ref": "#/$defs/data"}
        },
        "$defs": {
            "data": {
                "type": "object",
                "required": ["stations"],
                "properties": {"stations": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["id"]}}}
            }
        }
    });
    let feed = schema(feed, Draft::D2020);
    let path = vec!["data".to_owned(), "stations".to_owned()];
    assert_eq!(feed.lists(), std::slice::from_ref(&path));
    let compiled = feed.compile(Some(&path)).unwrap();
    let split = compiled.split.as_ref().unwrap();
    assert_eq!((split.least, split.most, split.unique), (1, None, false));
    let text = r#"{"version":"3.0","data":{"stations":[]}}"#;
    let mut tape = Tape::default();
    tape.read(text.as_bytes(), 0, true).unwrap();
    let node = compiled.rest.as_ref().unwrap().node;
    assert_eq!(compiled.program.run(node, text.as_bytes(), &tape, &mut Space::default()), Answer::Clean);
    // A list of which something else speaks too must be read with its document.
    let tied = json!({
        "properties": {"a": {"type": "array", "items": {"type": "object"}}},
        "anyOf": [{"properties": {"a": {"maxItems": 2}}}, {"required": ["b"]}]
    });
    assert!(schema(tied, Draft::D7).lists().is_empty());
}

/// Names and texts of few kinds, so that they meet.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("c d".to_owned()), Just("é".to_owned())]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..4).prop_map(Value::from),
        (-30i32..40).prop_map(|n| json!(f64::from(n) / 10.0)),
        prop_oneof![
            Just("a"),
            Just("ab"),
            Just("AB-1"),
            Just(""),
            Just("2026-02-28"),
            Just("2026-02-30"),
            Just("2026-01-02T03:04:05Z"),
            Just("x@y.org"),
            Just("https://a.b/c"),
            Just("a\"b\n"),
            Just("é\u{1F600}"),
            Just("1.2.3.4")
        ]
        .prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name(), inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        Just(json!({})),
        proptest::sample::select(vec!["null", "boolean", "object", "array", "number", "integer", "string"])
            .prop_map(|t| json!({"type": t})),
        proptest::collection::vec(scalar(), 1..4).prop_map(|v| json!({"enum": v})),
        value().prop_map(|v| json!({"const": v})),
        (0u8..4, 0u8..4).prop_map(|(a, b)| json!({"minLength": a, "maxLength": a + b})),
        proptest::sample::select(vec!["^a", "[A-Z]{2}-\\d+$", "b|^$", "^.$", "(?=a)ab", "\\S"]).prop_map(|p| json!({"pattern": p})),
        proptest::sample::select(vec!["date", "date-time", "email", "uri", "ipv4", "uuid", "nonsense"]).prop_map(|f| json!({"format": f})),
        (-3i64..4, 0i64..5).prop_map(|(a, b)| json!({"minimum": a, "maximum": a + b})),
        (-30i32..40).prop_map(|a| json!({"exclusiveMinimum": f64::from(a) / 10.0})),
        (1i64..4).prop_map(|n| json!({"multipleOf": n})),
        (0u8..3, 0u8..3, any::<bool>()).prop_map(|(a, b, u)| json!({"minItems": a, "maxItems": a + b, "uniqueItems": u})),
        (0u8..3, 0u8..3).prop_map(|(a, b)| json!({"minProperties": a, "maxProperties": a + b})),
        proptest::collection::vec(name(), 0..3).prop_map(|mut n| {
            n.dedup();
            n.sort();
            n.dedup();
            json!({"required": n})
        }),
        Just(json!({"$ref": "#/$defs/a"})),
    ]
}

fn any_schema() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 40, 4, |inner| {
        let list = || proptest::collection::vec(inner.clone(), 1..4);
        let map = || proptest::collection::btree_map(name(), inner.clone(), 0..4);
        prop_oneof![
            (map(), proptest::option::of(inner.clone()), proptest::collection::vec(name(), 0..2)).prop_map(|(p, more, required)| {
                let mut out = json!({"properties": p, "required": required});
                if let Some(more) = more {
                    out["additionalProperties"] = more;
                }
                out
            }),
            inner.clone().prop_map(|i| json!({"items": i})),
            (list(), inner.clone()).prop_map(|(p, i)| json!({"prefixItems": p, "items": i})),
            (inner.clone(), 0u8..3).prop_map(|(c, n)| json!({"contains": c, "minContains": n})),
            list().prop_map(|l| json!({"allOf": l})),
            list().prop_map(|l| json!({"anyOf": l})),
            list().prop_map(|l| json!({"oneOf": l})),
            inner.clone().prop_map(|i| json!({"not": i})),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(i, t, e)| json!({"if": i, "then": t, "else": e})),
            (name(), inner.clone()).prop_map(|(n, i)| json!({"dependentSchemas": {n: i}})),
            (name(), name()).prop_map(|(n, m)| json!({"dependentRequired": {n: [m]}})),
            inner.clone().prop_map(|i| json!({"patternProperties": {"^a|d$": i}})),
            inner.clone().prop_map(|i| json!({"propertyNames": i})),
            (map(), inner).prop_map(|(p, i)| json!({"properties": p, "unevaluatedProperties": i})),
        ]
    })
}

#[cfg(feature = "json-schema")]
proptest! {
    /// The program never says what the reference does not say, and what is left to the reference is only what the program marks.
    #[test]
    fn program_and_reference_agree(root in any_schema(), a in leaf(), values in proptest::collection::vec(value(), 1..6)) {
        let mut root = if root.is_object() { root } else { json!({"allOf": [root]}) };
        root["$defs"] = json!({"a": a});
        // A definition that refers to itself is no schema.
        prop_assume!(root["$defs"]["a"].get("$ref").is_none());
        let schema = schema(root.clone(), Draft::D2020);
        let compiled = schema.compile(None).unwrap();
        let (mut tape, mut space) = (Tape::default(), Space::default());
        for value in values {
            let text = value.to_string();
            tape.read(text.as_bytes(), 0, true).unwrap();
            let ours = compiled.check(text.as_bytes(), &tape, &mut space);
            let theirs = compiled.reference_accepts(&value).unwrap();
            match ours {
                Answer::Clean => prop_assert!(theirs, "{root} {text}"),
                Answer::Not => prop_assert!(!theirs, "{root} {text}"),
                Answer::Unsure => {}
            }
            // What is refused has at least one fault to tell.
            prop_assert_eq!(compiled.faults(&value).unwrap().is_empty(), theirs, "{} {}", root, text);
        }
    }
}

/// Documents of a schema as the shells read them.
fn report(schema: &str, file: &[u8], step: usize) -> crate::report::Report {
    use crate::check::dataset::Options;
    use crate::check::plan::StandardPlan;
    use crate::session::{Choice, Session};
    let nested = super::plan::of_schema("feed", vec![("feed.json".to_owned(), schema.as_bytes().to_vec())], "feed.json", "");
    let plan = StandardPlan::of_schemas("feed", "", Vec::new()).with_nested(nested);
    let mut session = Session::new("feed.json", Choice::Given(std::sync::Arc::new(plan)), Options::default(), true);
    file.chunks(step).for_each(|piece| session.push(piece));
    session.finish()
}

#[cfg(feature = "json-schema")]
fn told(report: &crate::report::Report) -> Vec<String> {
    let one = |f: &crate::finding::Finding| {
        let p = &f.place;
        format!("{}/{} {}:{} {}", f.code.text(), f.kind, p.line, p.byte_column, p.pointer.as_deref().unwrap_or_default())
    };
    report.findings.stored().iter().map(one).collect()
}

#[cfg(feature = "json-schema")]
const FEED: &str = r##"{"type": "object", "required": ["version", "rows"], "properties": {
    "version": {"const": "1"}, "rows": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"$ref": "#/definitions/row"}}},
    "definitions": {"row": {"type": "object", "required": ["id"], "additionalProperties": false,
    "properties": {"id": {"type": "string", "maxLength": 4}, "n": {"type": "integer", "minimum": 0}, "at": {"format": "date"},
    "kind": {"anyOf": [{"type": "null"}, {"enum": ["open", "closed"]}]}}}}}"##;

#[cfg(feature = "json-schema")]
#[test]
fn faults_are_told_with_their_places_however_the_bytes_come() {
    let file = "{\"version\": \"2\",\n \"rows\": [{\"id\": \"a\", \"n\": 1},\n  {\"id\": \"toolong\", \"N\": -1},\n  {\"at\": \"2026-02-30\",\n   \"kind\": \"opne\", \"id\": \"b\", \"n\": -1},\n  {\"n\": 1.0, \"id\": \"a\"}],\n \"more\": 1}";
    let want = [
        "C362/ 3:21 /rows/1/N",
        "C367/long 3:10 /rows/1/id",
        "C365/ 4:10 /rows/2/at",
        "C363/ 5:12 /rows/2/kind",
        "C366/minimum 5:36 /rows/2/n",
        "C430/ 6:3 /rows/3",
        "C363/one 1:13 /version",
    ];
    for step in [1, 7, 64, 1 << 20] {
        let report = report(FEED, file.as_bytes(), step);
        assert_eq!(told(&report), want, "pieces of {step}");
        assert_eq!((report.files[0].records, report.findings.rows_at_fault()), (4, 3));
    }
    // One record behind the other, each the whole schema's.
    let lines = b"{\"version\":\"1\",\"rows\":[{\"id\":\"a\"}]}\n{\"version\":\"1\"}\n{\"version\":1,}\n";
    assert_eq!(told(&report(FEED, lines, 5)), ["C361/ 2:1 ", "C105/ 3:14 "]);
    // No list, an empty one, and none that ends.
    assert_eq!(told(&report(FEED, b"{\"version\":\"1\",\"rows\":{}}", 9)), ["C360/nested 1:23 /rows"]);
    assert_eq!(told(&report(FEED, b"{\"rows\":[],\"version\":\"1\"}", 9)), ["C368/empty 0:0 /rows"]);
    assert_eq!(told(&report(FEED, b"{\"rows\":[{\"id\":\"a\"},", 9)), ["C105/stopped 1:21 /rows"]);
    // What closes nothing is passed over.
    let stray = report(FEED, b"{\"version\":\"1\",\"rows\":[}}]}", 9);
    assert_eq!((stray.files[0].records, stray.findings.rows_at_fault()), (0, 2), "{:?}", told(&stray));
}

#[test]
fn a_hostile_pattern_is_given_up_not_waited_for() {
    let schema = r#"{"type": "object", "properties": {"a": {"pattern": "^(?=(a+)+$)b"}}}"#;
    let file = format!("{{\"a\": \"{}!\"}}\n{{\"a\": \"x\"}}", "a".repeat(60));
    let start = std::time::Instant::now();
    let report = report(schema, file.as_bytes(), 1 << 20);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(report.files[0].records, 2);
    assert!(report.findings.stored().iter().all(|f| matches!(f.code.text(), "C364" | "C375" | "C379")), "{:?}", report.findings.stored());
}
