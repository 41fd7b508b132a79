//! No "compatible" that a made-up record disproves, no "incompatible" without a witness that checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::check::CellRules;
use crate::check::plan::StandardPlan;
use crate::schema::parse::parse;
use crate::schema::{FieldType, FieldsMatch, NumberFormat, StringFormat, TableSchema};
use crate::testing;

fn schema(json: &str) -> Arc<TableSchema> {
    Arc::new(parse(json.as_bytes(), "t.table.json").schema.unwrap())
}

fn ask(one: &str, other: &str) -> Inclusion {
    within("t", &schema(one), &schema(other), &mut Budget::default())
}

#[test]
fn changes_that_break_and_changes_that_do_not() {
    let of = |fields: &str| format!("{{\"fields\":[{fields}]}}");
    let id = r#"{"name":"id","type":"string","constraints":{"required":true}}"#;
    let cases: &[(&str, &str, Answer, Answer)] = &[
        // What is in the old and the new version; whether old files pass the new one, whether new files pass the old one.
        (r#"{"name":"a","type":"integer"}"#, r#"{"name":"a","type":"number"}"#, Answer::Yes, Answer::No),
        (r#"{"name":"a","type":"string"}"#, r#"{"name":"a","type":"string","constraints":{"required":true}}"#, Answer::No, Answer::Yes),
        (
            r#"{"name":"a","type":"string","constraints":{"enum":["x","y"]}}"#,
            r#"{"name":"a","type":"string","constraints":{"enum":["x","y","z"]}}"#,
            Answer::Yes,
            Answer::No,
        ),
        (
            r#"{"name":"a","type":"string","constraints":{"pattern":"[0-9]{5}"}}"#,
            r#"{"name":"a","type":"string","constraints":{"pattern":"[0-9]{5}(-[0-9]{4})?"}}"#,
            Answer::Yes,
            Answer::No,
        ),
        (
            r#"{"name":"a","type":"number","constraints":{"minimum":0}}"#,
            r#"{"name":"a","type":"number","constraints":{"minimum":1.5}}"#,
            Answer::No,
            Answer::Yes,
        ),
        (
            r#"{"name":"a","type":"string","constraints":{"maxLength":10}}"#,
            r#"{"name":"a","type":"string","constraints":{"maxLength":9}}"#,
            Answer::No,
            Answer::Yes,
        ),
        (r#"{"name":"a","type":"date"}"#, r#"{"name":"a","type":"date","format":"%d/%m/%Y"}"#, Answer::No, Answer::No),
        (r#"{"name":"a","type":"string"}"#, r#"{"name":"a","type":"string","constraints":{"unique":true}}"#, Answer::No, Answer::Yes),
        (r#"{"name":"a","type":"string"}"#, r#"{"name":"a","type":"string","title":"Other words"}"#, Answer::Yes, Answer::Yes),
        (
            r#"{"name":"a","type":"boolean"}"#,
            r#"{"name":"a","type":"boolean","trueValues":["yes"],"falseValues":["no"]}"#,
            Answer::No,
            Answer::No,
        ),
    ];
    for (old, new, publishers, readers) in cases {
        let (old, new) = (of(&format!("{id},{old}")), of(&format!("{id},{new}")));
        let (there, back) = (ask(&old, &new), ask(&new, &old));
        assert_eq!(there.answer(), *publishers, "{old} to {new}: {:?}", there.doubts);
        assert_eq!(back.answer(), *readers, "{new} to {old}: {:?}", back.doubts);
    }
}

#[test]
fn a_column_more_or_less() {
    let one = r#"{"fieldsMatch":"partial","fields":[{"name":"a"}]}"#;
    let optional = r#"{"fieldsMatch":"partial","fields":[{"name":"a"},{"name":"b","type":"integer"}]}"#;
    let required = r#"{"fieldsMatch":"partial","fields":[{"name":"a"},{"name":"b","constraints":{"required":true}}]}"#;
    assert_eq!(ask(one, optional).answer(), Answer::Yes);
    // A file that has only the other column is one of the wider version, and has nothing that the narrower one knows.
    let narrower = ask(optional, one);
    assert_eq!(narrower.answer(), Answer::No);
    assert_eq!(narrower.breaks[0].witness.tables[0].header, ["b"]);
    let found = ask(one, required);
    assert_eq!(found.answer(), Answer::No);
    assert_eq!(found.breaks[0].field.as_deref(), Some("b"));
    assert_eq!(found.breaks[0].finding.code.text(), "C206");
    let (first, both) = (
        r#"{"fieldsMatch":"partial","fields":[{"name":"a","constraints":{"required":true}}]}"#,
        r#"{"fieldsMatch":"partial","fields":[{"name":"a","constraints":{"required":true}},{"name":"b","constraints":{"required":true}}]}"#,
    );
    assert_eq!(ask(both, first).answer(), Answer::Yes);
    assert_eq!(ask(first, both).answer(), Answer::No);
    let turned = r#"{"fields":[{"name":"b"},{"name":"a"}]}"#;
    assert_eq!(ask(r#"{"fields":[{"name":"a"},{"name":"b"}]}"#, turned).breaks[0].finding.code.text(), "C212");
}

/// One thing about a schema is changed.
fn changed(schema: &TableSchema, what: u8, at: usize, other: &TableSchema) -> TableSchema {
    let mut out = schema.clone();
    let f = at % out.fields.len();
    let donor = &other.fields[at % other.fields.len()];
    let field = &mut out.fields[f];
    match what % 16 {
        0 => field.constraints.required ^= true,
        1 => field.constraints.unique ^= true,
        2 => field.constraints.max_length = Some(at as u64 % 7),
        3 => field.constraints.min_length = Some(at as u64 % 4),
        4 => field.constraints.pattern = Some(["[A-Z].*", "[0-9]+", ".{1,5}", "x|Issued|1"][at % 4].to_owned()),
        5 => field.constraints.minimum = donor.constraints.minimum.clone(),
        6 => field.constraints.maximum = donor.constraints.maximum.clone(),
        7 => field.kind = donor.kind.clone(),
        8 => field.kind = FieldType::String(StringFormat::Default),
        9 => field.kind = FieldType::Number(NumberFormat::default()),
        10 => field.constraints.values = donor.constraints.values.clone(),
        11 => field.missing_values = Some(vec!["NA".to_owned(), "x".to_owned()]),
        12 => out.primary_key = vec![f],
        13 => out.unique_keys = other.unique_keys.iter().filter(|k| k.iter().all(|f| *f < out.fields.len())).cloned().collect(),
        14 => out.fields_match = [FieldsMatch::Equal, FieldsMatch::Subset, FieldsMatch::Superset, FieldsMatch::Partial][at % 4],
        _ => {
            out.primary_key.clear();
            out.unique_keys.clear();
            out.foreign_keys.clear();
            out.fields.truncate(f.max(1));
            out.fields.push(donor.clone());
            let last = out.fields.len() - 1;
            out.fields[last].name = "added".to_owned();
        }
    }
    out
}

/// A record of a schema as a witness-like table, for the checks that users run.
fn table(schema: &TableSchema, rows: Vec<Vec<String>>) -> Witness {
    Witness::of("t", schema.fields.iter().map(|f| f.name.clone()).collect(), rows)
}

fn plan(schema: &Arc<TableSchema>) -> Arc<StandardPlan> {
    Arc::new(StandardPlan::of_schemas("t", "", vec![("t".to_owned(), Vec::new(), schema.clone())]))
}

/// What was answered about many pairs, and how long the slowest answer took.
#[derive(Default)]
pub(super) struct Tally {
    answers: Cell<[u32; 3]>,
    slowest: Cell<Duration>,
}

impl Tally {
    /// Asks, and notes the answer.
    pub(super) fn ask(&self, ask: impl FnOnce() -> Inclusion) -> Inclusion {
        let start = Instant::now();
        let found = ask();
        self.slowest.set(self.slowest.get().max(start.elapsed()));
        let mut answers = self.answers.get();
        answers[match found.answer() {
            Answer::Yes => 0,
            Answer::No => 1,
            Answer::NotShown => 2,
        }] += 1;
        self.answers.set(answers);
        found
    }

    /// Tells it aloud. Pairs that nearly all have one answer would say little.
    pub(super) fn tell(&self, what: &str) {
        let [yes, no, not_shown] = self.answers.get();
        let slowest = self.slowest.get();
        println!("{what}: {yes} compatible, {no} incompatible with a witness, {not_shown} not shown; the slowest answer took {slowest:?}");
        let all = yes + no + not_shown;
        assert!(yes * 10 > all && no * 10 > all, "{yes} compatible and {no} incompatible of {all} pairs");
        assert!(not_shown * 3 < all, "of {all} pairs {not_shown} had no answer");
        // The tests' own build is many times slower than the one that people use.
        let most = Duration::from_millis(if cfg!(debug_assertions) { 4_000 } else { 200 });
        assert!(slowest < most, "an answer took {slowest:?}");
    }
}

/// As many pairs as are asked for, at least 300.
pub(super) fn runner(file: &'static str) -> TestRunner {
    let config = ProptestConfig::default();
    TestRunner::new(ProptestConfig { cases: config.cases.max(300), source_file: Some(file), ..config })
}

/// For pairs of versions that differ in one to three things.
#[test]
fn answers_are_true() {
    let steps = proptest::collection::vec((0u8..16, 0usize..60), 1..4);
    let pairs = (testing::schema_strategy(), testing::schema_strategy(), steps, any::<bool>());
    let tally = Tally::default();
    let ran = runner(file!()).run(&pairs, |(one, donor, steps, back)| {
        let mut other = one.clone();
        for (what, at) in &steps {
            other = changed(&other, *what, *at, &donor);
        }
        let (one, other) = if back { (other, one) } else { (one, other) };
        let (one, other) = (Arc::new(one), Arc::new(other));
        let found = tally.ask(|| within("t", &one, &other, &mut Budget::default()));
        let plans = (plan(&one), plan(&other));
        for found in &found.breaks {
            prop_assert!(found.witness.errors(&plans.0).is_empty(), "{:?}", found.witness);
            prop_assert!(!found.witness.errors(&plans.1).is_empty(), "{:?}", found.witness);
        }
        if found.answer() == Answer::Yes {
            disprove(&one, &other, &plans)?;
        }
        Ok(())
    });
    ran.unwrap_or_else(|e| panic!("{e}"));
    tally.tell("pairs of Table Schemas");
}

/// Tries records of the one version against the other: cell by cell for speed, and some whole tables.
fn disprove(one: &Arc<TableSchema>, other: &Arc<TableSchema>, plans: &(Arc<StandardPlan>, Arc<StandardPlan>)) -> Result<(), TestCaseError> {
    let mut runner = TestRunner::deterministic();
    let row = testing::row_strategy(one);
    let left: Vec<CellRules> = (0..one.fields.len()).map(|f| CellRules::new(one, f)).collect();
    let right: Vec<Option<CellRules>> = one.fields.iter().map(|f| other.index(&f.name).map(|t| CellRules::new(other, t))).collect();
    let records = if std::env::var("CONCORD_RECORDS").is_ok() { 10_000 } else { 300 };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for _ in 0..records {
        let mut row = row.new_tree(&mut runner).unwrap().current();
        row.resize(one.fields.len(), String::new());
        let mut whole = true;
        for (f, text) in row.iter().enumerate() {
            let taken = left[f].accepts(text);
            whole &= taken;
            if let (true, Some(rules)) = (taken, &right[f]) {
                prop_assert!(rules.accepts(text), "field {} takes {text:?}, the other does not", one.fields[f].name);
            }
        }
        if whole && rows.len() < 40 {
            rows.push(row);
        }
    }
    for rows in rows.chunks(2) {
        let table = table(one, rows.to_vec());
        if table.errors(&plans.0).is_empty() {
            let errors = table.errors(&plans.1);
            prop_assert!(errors.is_empty(), "{} {errors:?}", table.tables[0].csv());
        }
    }
    Ok(())
}
