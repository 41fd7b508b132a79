//! What is shown and what is not, and that nothing that is shown can be disproved by an example.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn shown(kind: Kind, written: &Value, read: &Value) -> bool {
    matches!(Structural.accepts_all(kind, &written.to_string(), &read.to_string()), Verdict::Shown)
}

#[test]
fn changes_of_json_schemas() {
    let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let text = json!({"type": "string"});
    for (written, read, expected) in [
        (json!({}), json!({}), true),
        (json!({"type": "integer"}), json!({"type": "number"}), true),
        (json!({"type": "number"}), json!({"type": "integer"}), false),
        (json!({"type": "string"}), json!({"type": ["string", "null"]}), true),
        (json!({"type": "string", "maxLength": 3}), json!({"type": "string", "maxLength": 4}), true),
        (json!({"type": "string", "maxLength": 5}), json!({"type": "string", "maxLength": 4}), false),
        (json!({"enum": ["a"]}), json!({"enum": ["a", "b"]}), true),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["a"]}), false),
        (json!({"enum": ["a", "b"]}), json!({"type": "string"}), true),
        (json!({"type": "string"}), json!({"type": "string", "pattern": "^a"}), false),
        (json!({"type": "integer"}), json!({"type": "integer", "pattern": "^a"}), true),
        (closed(json!({"a": text}), json!(["a"])), closed(json!({"a": text, "b": text}), json!(["a"])), true),
        (closed(json!({"a": text}), json!(["a"])), closed(json!({"a": text, "b": text}), json!(["a", "b"])), false),
        (closed(json!({"a": text, "b": text}), json!(["a"])), closed(json!({"a": text}), json!(["a"])), false),
        (json!({"properties": {"a": text}}), json!({"properties": {"a": text, "b": text}}), false),
        (json!({"title": "old"}), json!({"title": "new", "description": "more"}), true),
        (
            json!({"$ref": "#/definitions/a", "definitions": {"a": text}}),
            json!({"$ref": "#/definitions/b", "definitions": {"b": {}}}),
            true,
        ),
        (
            json!({"$ref": "#/definitions/a", "definitions": {"a": {}}}),
            json!({"$ref": "#/definitions/a", "definitions": {"a": text}}),
            false,
        ),
        (json!({"$ref": "#"}), json!({"$ref": "#", "title": "x"}), false),
        (json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), json!({"type": ["string", "null", "number"]}), true),
        (json!({"type": "string"}), json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), true),
        (json!({"oneOf": [{"type": "string"}, {"maxLength": 2}]}), json!({"oneOf": [{"type": "string"}, {"maxLength": 3}]}), false),
        (json!({"not": {"type": "string"}}), json!({"not": {"type": "string"}, "title": "x"}), true),
        (json!({"exclusiveMinimum": true, "minimum": 1}), json!({"exclusiveMinimum": false, "minimum": 1}), true),
        (json!({"exclusiveMinimum": false, "minimum": 1}), json!({"exclusiveMinimum": true, "minimum": 1}), false),
        (json!({"$ref": "http://127.0.0.1:1/x"}), json!({"$ref": "http://127.0.0.1:1/x", "title": "y"}), false),
    ] {
        assert_eq!(shown(Kind::Json, &written, &read), expected, "{written} -> {read}");
    }
}

#[test]
fn changes_of_table_schemas() {
    let table = |fields: Value| json!({"fields": fields});
    let a = json!({"name": "a", "type": "string"});
    for (written, read, expected) in [
        (table(json!([a])), json!({"title": "new", "fields": [a]}), true),
        (table(json!([a])), table(json!([a, {"name": "b", "type": "string"}])), true),
        (table(json!([a])), table(json!([a, {"name": "b", "type": "string", "constraints": {"required": true}}])), false),
        (table(json!([a, {"name": "b", "type": "string"}])), table(json!([a])), false),
        (table(json!([a])), table(json!([{"name": "a", "type": "integer"}])), false),
        (table(json!([{"name": "a", "type": "integer"}])), table(json!([{"name": "a", "type": "number"}])), true),
        (
            table(json!([{"name": "a", "type": "string", "constraints": {"enum": ["x"]}}])),
            table(json!([{"name": "a", "type": "string", "constraints": {"enum": ["x", "y"]}}])),
            true,
        ),
        (
            table(json!([{"name": "a", "type": "string", "constraints": {"enum": ["x", "y"]}}])),
            table(json!([{"name": "a", "type": "string", "constraints": {"enum": ["x"]}}])),
            false,
        ),
        (table(json!([a])), json!({"fields": [a], "primaryKey": "a"}), false),
        (json!({"fields": [a], "primaryKey": "a"}), table(json!([a])), true),
        (table(json!([a])), json!({"fields": [a], "missingValues": ["-"]}), false),
        (table(json!([{"name": "a", "type": "date", "format": "%d/%m/%Y"}])), table(json!([{"name": "a", "type": "date"}])), false),
    ] {
        assert_eq!(shown(Kind::Table, &written, &read), expected, "{written} -> {read}");
    }
}

#[test]
fn hard_questions_end_in_time() {
    let mut chain = json!({"type": "string"});
    for _ in 0..60 {
        chain = json!({"anyOf": [chain.clone(), {"not": {"type": "null"}}]});
    }
    let wide: Vec<Value> = (0..20_000).map(Value::from).collect();
    let mutual = |title: &str| {
        json!({"title": title, "$ref": "#/definitions/a", "definitions": {
            "a": {"properties": {"x": {"$ref": "#/definitions/b"}, "y": {"$ref": "#/definitions/b"}}},
            "b": {"properties": {"x": {"$ref": "#/definitions/a"}, "y": {"$ref": "#/definitions/a"}}}}})
    };
    let start = std::time::Instant::now();
    for (written, read) in [(chain.clone(), json!({"anyOf": [chain, {"type": "null"}]})), (mutual("a"), mutual("b"))] {
        shown(Kind::Json, &written, &read);
    }
    shown(Kind::Json, &json!({"enum": wide}), &json!({"enum": wide, "title": "x"}));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!({"type": "string"})),
        (0..3_u8).prop_map(|n| json!({"type": "string", "minLength": n})),
        (0..3_u8).prop_map(|n| json!({"maxLength": n})),
        (0..3_u8).prop_map(|n| json!({"type": "integer", "minimum": n})),
        (0..3_u8).prop_map(|n| json!({"exclusiveMaximum": n})),
        Just(json!({"enum": ["a", 1, null]})),
        Just(json!({"enum": ["a", "bb"]})),
        Just(json!({"type": ["string", "null"]})),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let properties = prop::collection::btree_map("[ab]", inner.clone(), 0..3);
        prop_oneof![
            (properties, prop::collection::btree_set("[ab]", 0..2), prop::option::of(inner.clone()), any::<bool>()).prop_map(
                |(properties, required, rest, typed)| {
                    let mut object = json!({"properties": properties, "required": required});
                    if let Some(rest) = rest {
                        object["additionalProperties"] = rest;
                    }
                    if typed {
                        object["type"] = json!("object");
                    }
                    object
                }
            ),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({"anyOf": all})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({"oneOf": all})),
            prop::collection::vec(inner, 1..3).prop_map(|all| json!({"allOf": all})),
        ]
    })
}

fn instance() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        (0..4).prop_map(Value::from),
        Just(json!(1.5)),
        "[ab]{0,3}".prop_map(Value::from),
        Just(json!(true)),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::btree_map("[ab]", inner.clone(), 0..3).prop_map(|m| Value::Object(m.into_iter().collect())),
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_disproves_what_is_shown(written in schema(), read in schema(), instances in prop::collection::vec(instance(), 50)) {
        if shown(Kind::Json, &written, &read) {
            let (w, r) = (jsonschema::draft7::new(&written).unwrap(), jsonschema::draft7::new(&read).unwrap());
            for instance in instances {
                prop_assert!(!w.is_valid(&instance) || r.is_valid(&instance), "{} -> {}: {}", written, read, instance);
            }
        }
    }
}
