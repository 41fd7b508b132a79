//! No "compatible" that a made-up document disproves, no "incompatible" without a witness that checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::time::Instant;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::tests::{Tally, runner};
use super::*;
use crate::check::plan::StandardPlan;
use crate::jschema::plan::of_schema;

fn ask(one: &Value, other: &Value) -> Inclusion {
    documents("d", &one.to_string(), &other.to_string(), &mut Budget::default())
}

#[test]
fn changes_that_break_and_changes_that_do_not() {
    let text = json!({"type": "string"});
    let object = |more: Value| {
        let mut all = json!({"type": "object"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let of = |a: Value| object(json!({"properties": {"a": a}}));
    let closed =
        |properties: Value, required: Value| object(json!({"properties": properties, "required": required, "additionalProperties": false}));
    let defined = |to: &str, definitions: Value| object(json!({"properties": {"a": {"$ref": to}}, "$defs": definitions}));
    use Answer::{No, NotShown, Yes};
    let mut wrong = Vec::new();
    for (written, read, expected) in [
        (object(json!({})), object(json!({})), Yes),
        (of(json!({"type": "integer"})), of(json!({"type": "number"})), Yes),
        (of(json!({"type": "number"})), of(json!({"type": "integer"})), No),
        (of(text.clone()), of(json!({"type": ["string", "null"]})), Yes),
        (of(json!({"type": "string", "maxLength": 3})), of(json!({"type": "string", "maxLength": 4})), Yes),
        (of(json!({"type": "string", "maxLength": 50})), of(json!({"type": "string", "maxLength": 49})), No),
        (of(json!({"type": "string", "minLength": 2})), of(json!({"type": "string", "minLength": 3})), No),
        (of(json!({"type": "number", "minimum": 2})), of(json!({"type": "number", "minimum": 2.5})), No),
        (of(json!({"type": "number", "minimum": 2})), of(json!({"type": "number", "exclusiveMinimum": 2})), No),
        (of(json!({"enum": ["a"]})), of(json!({"enum": ["a", "b"]})), Yes),
        (of(json!({"enum": ["a", "b"]})), of(json!({"enum": ["a"]})), No),
        (of(json!({"enum": ["a", "b"]})), of(text.clone()), Yes),
        (of(text.clone()), of(json!({"type": "string", "pattern": "^a"})), No),
        (of(json!({"type": "string", "pattern": "^[0-9]{5}$"})), of(json!({"type": "string", "pattern": "^[0-9]{5}-[0-9]{4}$"})), No),
        (of(json!({"type": "string", "format": "date"})), of(text.clone()), Yes),
        (of(text.clone()), of(json!({"type": "string", "format": "date"})), No),
        (of(json!({"type": "integer"})), of(json!({"type": "integer", "pattern": "^a"})), Yes),
        (closed(json!({"a": text}), json!(["a"])), closed(json!({"a": text, "b": text}), json!(["a"])), Yes),
        (closed(json!({"a": text}), json!(["a"])), closed(json!({"a": text, "b": text}), json!(["a", "b"])), No),
        (closed(json!({"a": text, "b": text}), json!(["a"])), closed(json!({"a": text}), json!(["a"])), No),
        // Who may add members may have added one of this name.
        (of(text.clone()), object(json!({"properties": {"a": text, "b": text}})), No),
        (object(json!({"title": "old"})), object(json!({"title": "new", "description": "more"})), Yes),
        (defined("#/$defs/a", json!({"a": text})), defined("#/$defs/b", json!({"b": {}})), Yes),
        (defined("#/$defs/a", json!({"a": {}})), defined("#/$defs/a", json!({"a": text})), No),
        // What a reference means may change although it stands there unchanged.
        (
            object(json!({"properties": {"a": {"type": ["string", "null"]}, "b": {"not": {"$ref": "#/properties/a"}}}})),
            object(json!({"properties": {"a": {"type": ["string", "null", "integer"]}, "b": {"not": {"$ref": "#/properties/a"}}}})),
            No,
        ),
        (of(json!({"anyOf": [{"type": "string"}, {"type": "null"}]})), of(json!({"type": ["string", "null", "number"]})), Yes),
        (of(text.clone()), of(json!({"anyOf": [{"type": "string"}, {"type": "null"}]})), Yes),
        (of(json!({"type": ["string", "null"]})), of(json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})), No),
        (of(json!({"oneOf": [{"type": "string"}, {"maxLength": 2}]})), of(json!({"oneOf": [{"type": "string"}, {"maxLength": 3}]})), No),
        (of(json!({"type": "array", "items": text})), of(json!({"type": "array", "items": {"type": "string", "minLength": 1}})), No),
        (of(json!({"type": "array", "items": text})), of(json!({"type": "array", "items": text, "uniqueItems": true})), No),
        (of(json!({"type": "array", "maxItems": 3})), of(json!({"type": "array", "maxItems": 2})), No),
        (of(json!({"not": {"type": "string"}})), of(json!({"not": {"type": "string"}, "title": "x"})), Yes),
        (defined("http://127.0.0.1:1/x", json!({})), defined("http://127.0.0.1:1/x", json!({"a": 1})), NotShown),
    ] {
        let found = ask(&written, &read);
        if found.answer() != expected {
            wrong.push(format!("{written} -> {read}: {:?} {:?}", found.answer(), found.doubts));
        }
        true_witnesses(&written, &read, &found).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each witness is a document that the one accepts and the other refuses, by the checks that users run and by the bare validator.
fn true_witnesses(one: &Value, other: &Value, found: &Inclusion) -> Result<(), TestCaseError> {
    let plan = |schema: &Value| {
        let nested = of_schema("d", vec![("d.schema.json".to_owned(), schema.to_string().into_bytes())], "d.schema.json", "");
        Arc::new(StandardPlan::of_schemas("d", "", Vec::new()).with_nested(nested))
    };
    for found in &found.breaks {
        prop_assert!(found.witness.errors(&plan(one)).is_empty(), "{} {:?}", one, found.witness);
        prop_assert!(!found.witness.errors(&plan(other)).is_empty(), "{} {:?}", other, found.witness);
        let document: Value = serde_json::from_str(&found.witness.document.as_ref().unwrap().1).unwrap();
        prop_assert!(jsonschema::draft202012::new(one).unwrap().is_valid(&document));
    }
    Ok(())
}

/// A schema that refers to itself, and lists and alternatives too large to go through.
#[test]
fn hard_questions_end_in_time() {
    let mut chain = json!({"type": "string"});
    let mut chains = Vec::new();
    for _ in 0..40 {
        chain = json!({"oneOf": [chain.clone(), {"not": chain}]});
        chains.push((chain.clone(), json!({"oneOf": [chain.clone(), {"type": "null"}]})));
        if chain.to_string().len() > 100_000 {
            break;
        }
    }
    // Alternatives side by side, not one in the other.
    let of = |n: usize, more: &str| (0..n).map(|i| json!({"properties": {"kind": {"const": format!("{i}{more}")}}})).collect::<Vec<_>>();
    chains.push((json!({"type": "object", "oneOf": of(900, "")}), json!({"type": "object", "oneOf": of(901, "x")})));
    let wide: Vec<Value> = (0..20_000).map(Value::from).collect();
    let mutual = |title: &str| {
        json!({"title": title, "$ref": "#/definitions/a", "$schema": "http://json-schema.org/draft-07/schema#", "definitions": {
            "a": {"type": "object", "properties": {"x": {"$ref": "#/definitions/b"}, "y": {"$ref": "#/definitions/b"}, title: {}}},
            "b": {"type": "object", "properties": {"x": {"$ref": "#/definitions/a"}, "y": {"$ref": "#/definitions/a"}}}}})
    };
    for (written, read) in chains.into_iter().chain([
        (mutual("a"), mutual("b")),
        (
            json!({"type": "object", "properties": {"a": {"enum": wide}}}),
            json!({"type": "object", "properties": {"a": {"enum": wide[1..]}}}),
        ),
    ]) {
        let start = Instant::now();
        let found = ask(&written, &read);
        let took = start.elapsed();
        println!("{:?} after {took:?} for {} bytes", found.answer(), written.to_string().len());
        // The tests' own build is many times slower than the one that people use; the bound is there to see that it ends.
        let most = if cfg!(debug_assertions) { 20_000 } else { 200 };
        assert!(took.as_millis() < most, "{took:?}");
    }
}

fn any_schema() -> impl Strategy<Value = Value> {
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

/// One thing about a schema is changed, somewhere in it.
fn changed(schema: &Value, path: &[usize], donor: &Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return donor.clone() };
    match schema {
        Value::Object(map) if !map.is_empty() => {
            let mut out = map.clone();
            let name = map.keys().nth(first % map.len()).unwrap().clone();
            let part = &map[&name];
            let new = match (name.as_str(), part) {
                ("properties", Value::Object(all)) if !all.is_empty() => {
                    let mut all = all.clone();
                    let field = all.keys().nth(rest.first().unwrap_or(&0) % all.len()).unwrap().clone();
                    all[&field] = changed(&all[&field], rest.get(1..).unwrap_or_default(), donor);
                    Value::Object(all)
                }
                ("items" | "additionalProperties", _) => changed(part, rest, donor),
                ("anyOf" | "oneOf" | "allOf", Value::Array(all)) => {
                    let mut all = all.clone();
                    let at = rest.first().unwrap_or(&0) % all.len();
                    all[at] = changed(&all[at], rest.get(1..).unwrap_or_default(), donor);
                    Value::Array(all)
                }
                ("minLength" | "maxLength" | "minimum" | "exclusiveMaximum", _) => json!(first % 4),
                ("enum", Value::Array(all)) => Value::Array(all.iter().skip(1).cloned().chain([json!("c")]).collect()),
                _ => {
                    out.remove(&name);
                    return Value::Object(out);
                }
            };
            out.insert(name, new);
            Value::Object(out)
        }
        _ => donor.clone(),
    }
}

fn within_an_object(schema: &Value) -> Value {
    json!({"type": "object", "properties": {"a": schema}, "required": ["a"]})
}

/// For pairs of versions that differ in one place, and some that differ everywhere.
#[test]
fn answers_are_true() {
    let pairs = (any_schema(), any_schema(), proptest::collection::vec(0usize..8, 0..5), any::<bool>());
    let tally = Tally::default();
    let ran = runner(file!()).run(&pairs, |(one, donor, path, back)| {
        let other = changed(&one, &path, &donor);
        let (one, other) = if back { (other, one) } else { (one, other) };
        let (one, other) = (within_an_object(&one), within_an_object(&other));
        let found = tally.ask(|| ask(&one, &other));
        true_witnesses(&one, &other, &found)?;
        if found.answer() == Answer::Yes {
            let (w, r) = (jsonschema::draft202012::new(&one).unwrap(), jsonschema::draft202012::new(&other).unwrap());
            let mut runner = TestRunner::deterministic();
            let strategy = instance();
            let count = if std::env::var("CONCORD_RECORDS").is_ok() { 10_000 } else { 300 };
            let random = (0..count).map(|_| json!({"a": strategy.new_tree(&mut runner).unwrap().current()}));
            for document in candidates::of(&one, &other).into_iter().chain(candidates::of(&other, &one)).chain(random) {
                prop_assert!(!w.is_valid(&document) || r.is_valid(&document), "{} -> {}: {}", one, other, document);
            }
        }
        Ok(())
    });
    ran.unwrap_or_else(|e| panic!("{e}"));
    tally.tell("pairs of JSON Schemas");
}
