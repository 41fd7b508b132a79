//! The compiled program against the reference: on schemas and values made at random, and on the published test suite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::documents::{Documents, Draft};
use super::tape::Tape;
use super::{Answer, Quick, Schema, Space};

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
        let (mut tape, mut space, mut quick) = (Tape::default(), Space::default(), Quick::default());
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
            // Where the walk over the bytes says yes, so do the others, and there is no difference in where the record ends.
            for written in [text.clone(), serde_json::to_string_pretty(&value).unwrap()] {
                let lines = !written.contains('\n');
                for behind in ["", "\n{\"more\": \"than one record\"}", "\u{e9}                  "] {
                    let bytes = format!("{written}{behind}");
                    if let Some(found) = compiled.quick(bytes.as_bytes(), 0, &mut quick) {
                        prop_assert_eq!(ours, Answer::Clean, "{} {}", root, text);
                        prop_assert_eq!(found.end, written.len(), "{} {}", root, text);
                        prop_assert!(lines || !found.one_line, "{} {}", root, text);
                    }
                }
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

/// The same where blocks of so many bytes are scanned ahead, as threads do, and where the ordinary records are no special case.
fn report_of_blocks(schema: &str, file: &[u8], block: usize, behind: usize) -> crate::report::Report {
    use crate::check::dataset::{Dataset, Options};
    use crate::check::plan::StandardPlan;
    use crate::read::Intake;
    use crate::session::{Choice, Feed};
    let nested = super::plan::of_schema("feed", vec![("feed.json".to_owned(), schema.as_bytes().to_vec())], "feed.json", "");
    let choice = Choice::Given(std::sync::Arc::new(StandardPlan::of_schemas("feed", "", Vec::new()).with_nested(nested)));
    let mut options = Options::default();
    options.read = choice.reading(options.read);
    let mut intake = Intake::new("feed.json", &options.read);
    let mut taken = 0;
    for piece in file.chunks(64 << 10) {
        if intake.ready() {
            break;
        }
        intake.push(piece);
        taken += piece.len();
    }
    if !intake.ready() {
        intake.end();
    }
    let start = intake.start();
    let plan = choice.decide(std::slice::from_ref(&start), &options);
    let mut dataset = Dataset::open(plan, std::slice::from_ref(&start), false, options);
    let mut feed = Feed::open(&mut dataset, 0, intake).unwrap();
    let (mut scratch, mut at) = (super::scan::Scratch::default(), taken);
    let scanner = feed.scanner();
    for begin in (taken..file.len()).step_by(block) {
        let end = (begin + block).min(file.len());
        let bytes = &file[begin..(end + behind).min(file.len())];
        let scanned = scanner.as_ref().map(|s| s.scan(bytes, end - begin, &mut scratch)).unwrap_or_default();
        let from = at.saturating_sub(begin);
        at = begin + feed.push_scanned(bytes, from, end - begin, &scanned, &mut dataset, 0);
        assert!(at >= end);
    }
    feed.finish(&mut dataset, 0);
    dataset.describe(0, file.len() as u64, Some(crate::session::digest(file)));
    dataset.finish()
}

/// A record that is mostly clean, and what stands behind it.
#[cfg(feature = "json-schema")]
fn entry() -> impl Strategy<Value = &'static str> {
    let clean = proptest::sample::select(vec![
        r#"{"id":"a","n":1}"#,
        r#"{"n": 20, "id": "bb", "kind": "open", "at": "2026-02-28"}"#,
        "{\"id\": \"c\",\n  \"kind\": null\n}",
        r#"{"id":"\u00e9\n","x":[{"id":"a"},{"id":"b"}]}"#,
        "{\"id\":\"\u{e9}\"}",
    ]);
    let odd = proptest::sample::select(vec![
        r#"{"n":1}"#,
        r#"{"id":"toolong"}"#,
        r#"{"id":"a","id":"b"}"#,
        r#"{"id":"a","at":"2026-02-30"}"#,
        r#"{"id":"a","n":-1.50e1}"#,
        r#"{"id":"a",}"#,
        r#"{"id":"a"]"#,
        r#"[]"#,
        r#"12"#,
        "",
    ]);
    prop_oneof![200 => clean, 1 => odd]
}

#[cfg(feature = "json-schema")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Blocks that are scanned ahead, and read as one where the scanner guessed right, give the report of the file read from its start.
    #[test]
    fn blocks_scanned_ahead_change_nothing(
        entries in proptest::collection::vec((entry(), 0usize..40), 1200..2400),
        list in any::<bool>(),
        block in 200usize..30_000,
        behind in 0usize..400,
    ) {
        let schema = r##"{"type": "array", "items": {"$ref": "#/definitions/row"},
            "definitions": {"row": {"type": "object", "required": ["id"],
            "properties": {"id": {"type": "string", "maxLength": 4}, "n": {"type": "integer", "minimum": 0}, "at": {"format": "date"},
            "kind": {"anyOf": [{"type": "null"}, {"enum": ["open", "closed"]}]}}}}}"##;
        let mut file = String::from(if list { "[" } else { "" });
        for (i, (record, between)) in entries.iter().enumerate() {
            let last = i + 1 == entries.len();
            file.push_str(record);
            file.push_str(match between {
                _ if last => "\n",
                0 if !list => "\n\n",
                _ if !list => "\n",
                0 => " , ",
                1 => "\n",
                2 => "\n,\n",
                3..=9 => ",",
                _ => ",\n",
            });
        }
        file.push_str(if list { "]" } else { "" });
        let whole = report(schema, file.as_bytes(), 1 << 20);
        let cut = report_of_blocks(schema, file.as_bytes(), block, behind);
        prop_assert_eq!(whole.findings.stored(), cut.findings.stored());
        let told = |report| crate::render::render(report, crate::render::Format::Json, &crate::render::Options::default());
        prop_assert_eq!(told(&whole), told(&cut));
    }

    /// A yes of the walk over the bytes is one of the tape and the program, whatever was done to the bytes.
    #[test]
    fn damaged_records_are_not_taken_for_ordinary(
        record in 0usize..4,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0u8..4), 0..4),
        old in any::<bool>(),
    ) {
        let definition = json!({
            "type": "object", "required": ["id"], "maxProperties": 6,
            "properties": {
                "id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{1,3}$"},
                "status": {"enum": ["open", "closed", "waiting for the applicant", null, 3]},
                "issued": {"type": ["string", "null"], "format": "date"},
                "fee": {"type": "number", "minimum": 0, "maximum": 12345.678},
                "units": {"type": "integer", "multipleOf": 2},
                "text": {"type": "string", "maxLength": 40},
                "parts": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
                "kind": {"oneOf": [{"const": "a"}, {"type": "object", "required": ["x"]}]}
            },
            "patternProperties": {"^x": {"type": "boolean"}},
            "additionalProperties": {"type": ["string", "array"]}
        });
        let schema = schema(definition, if old { Draft::D7 } else { Draft::D2020 });
        let compiled = schema.compile(None).unwrap();
        let mut bytes = [
            r#"{"id":"AB-12","status":"waiting for the applicant","issued":"2026-02-28","fee":1234.5,"text":"a rather long text, with \u00e9 in it"}"#,
            r#"{ "fee" : 0.25 , "parts" : [ {"id":"CD-1"}, {"id":"EF-22", "kind":{"x":[1,{"y":[]}]}} ], "id":"XY-999" }"#,
            r#"{"units":12345678,"x-known":true,"id":"AB-1","status":3,"more":"things","list":[1.5e3,-0,null]}"#,
            r#"{"id":"ZZ-0","text":"caf\u00e9 \"quoted\" – and more","issued":null,"kind":"a","fee":12345.678,"units":-40}"#,
        ][record].as_bytes().to_vec();
        for (at, byte, what) in changes {
            let i = at.index(bytes.len());
            match what {
                0 => bytes[i] = byte,
                1 => { bytes.remove(i); }
                2 => bytes.insert(i, b"\"\\{}[],:0123456789.-+eE tfn\n"[usize::from(byte) % 28]),
                _ => bytes.truncate(i + 1),
            }
        }
        bytes.extend_from_slice(b"\n{\"id\":\"AB-12\"}\n");
        let mut quick = Quick::default();
        let found = compiled.quick(&bytes, 0, &mut quick);
        let mut tape = Tape::default();
        let read = tape.read(&bytes, 0, false);
        let clean = read.is_ok_and(|end| {
            std::str::from_utf8(&bytes[..end]).is_ok() && compiled.check(&bytes, &tape, &mut Space::default()) == Answer::Clean
        });
        if let Some(found) = found {
            prop_assert!(clean, "{}", String::from_utf8_lossy(&bytes));
            prop_assert_eq!(read, Ok(found.end));
            prop_assert_eq!(found.one_line, !bytes[..found.end].contains(&b'\n') && found.one_line);
        }
    }
}

#[test]
fn ordinary_records_take_one_walk() {
    let definition = json!({
        "type": "object",
        "required": ["id", "a long name of more than thirty-two letters"],
        "properties": {
            "id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
            "zip": {"type": "string", "pattern": "^[0-9]{5}(-[0-9]{4})?$"},
            "state": {"enum": ["WA", "OR", "Application Accepted by the town's clerk", "Application Accepted"]},
            "a long name of more than thirty-two letters": {"type": "number", "minimum": -90, "maximum": 90},
            "when": {"anyOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]},
            "at": {"$ref": "#/$defs/at"},
            "one": {"oneOf": [{"type": "string"}, {"type": "integer"}]}
        },
        "$defs": {"at": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}}
    });
    let compiled = schema(definition, Draft::D2020).compile(None).unwrap();
    let mut quick = Quick::default();
    // Names in any order, some of them there only at times; blanks as people and programs set them; the end of the bytes close by.
    for record in [
        r#"{"id":"AB-1","zip":"12345","state":"WA","a long name of more than thirty-two letters":47.123456,"when":null,"at":[1,2.5]}"#,
        r#"{"id": "AB-1", "a long name of more than thirty-two letters": -89, "zip": "12345-6789", "when": "2026-02-28T01:02:03Z"}"#,
        "{\n  \"a long name of more than thirty-two letters\" : 12345678e-6,\n  \"id\": \"AB-123456789012345678\"\n}",
        r#"{"state":"Application Accepted","more":{"things":[1,{}]},"id":"AB-1","a long name of more than thirty-two letters":0}"#,
        r#"{"state":"Application Accepted by the town's clerk","one":1,"id":"AB-1","a long name of more than thirty-two letters":1.0}"#,
        r#"{"text":"any \"text\" \u00e9","id":"AB-1","a long name of more than thirty-two letters":0.5}"#,
    ] {
        for behind in ["", "\n", "\n{\"id\": \"another record\"}\n"] {
            let text = format!("{record}{behind}");
            let want = if record.contains("e-6") { None } else { Some(record.len()) };
            assert_eq!(compiled.quick(text.as_bytes(), 0, &mut quick).map(|found| found.end), want, "{text}");
        }
    }
    // What does not suit gives way to the other ways, and is tried again later.
    let others = (0..200).filter(|_| compiled.quick(b"{\"id\":\"ab\"}", 0, &mut quick).is_some()).count();
    let clean = br#"{"id":"AB-1","a long name of more than thirty-two letters":1}"#;
    let tried = (0..200).filter(|_| compiled.quick(clean, 0, &mut quick).is_some()).count();
    assert!(others == 0 && tried > 150, "{others} {tried}");
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
