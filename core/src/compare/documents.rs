//! Whether every nested document that one JSON Schema accepts is accepted by another.

use std::sync::Arc;

use serde_json::Value;

use crate::check::plan::StandardPlan;
use crate::jschema::plan::{Nested, of_schema};
use crate::jschema::{Compiled, Problem};

use super::{Break, Budget, Doubt, Inclusion, Witness, candidates, nested};

/// Whether every document of `one` is a document of `other`: both the texts of JSON Schemas that stand for themselves. `name` is what
/// they are called in the answer. Documents count one by one, not as files that may be lists of them. A schema that does not say its version is of 2020-12.
pub fn documents(name: &str, one: &str, other: &str, budget: &mut Budget) -> Inclusion {
    let plan = |text: &str| {
        let file = format!("{name}.schema.json");
        let nested = of_schema(name, vec![(file.clone(), text.as_bytes().to_vec())], &file, "");
        Arc::new(StandardPlan::of_schemas(name, "", Vec::new()).with_nested(nested))
    };
    let (a, b) = (plan(one), plan(other));
    inclusion(name, (&a, &a.nested[0], one.as_bytes()), (&b, &b.nested[0], other.as_bytes()), budget)
}

/// The same for files of a resource.
pub(super) fn within(name: &str, one: Side<'_>, other: Side<'_>, budget: &mut Budget) -> Inclusion {
    let mut out = inclusion(name, one, other, budget);
    let lists = |side: Side<'_>| side.1.schema().is_ok_and(crate::jschema::Schema::takes_lists);
    // A file that is a list is one document to the one, and many to the other.
    if lists(one) != lists(other) && out.breaks.is_empty() {
        out.doubts.push(Doubt { resource: name.into(), field: None, why: "a file that is a list is read in another way".to_owned() });
    }
    out
}

/// A resource of a version: the plan that checks it, and the schema's text.
pub(super) type Side<'s> = (&'s Arc<StandardPlan>, &'s Nested, &'s [u8]);

/// Documents tried by the checks that users run, once the bare validator found the schemas to differ on them.
const TRIES: usize = 12;

/// How much of a schema may stand within alternatives of alternatives. Each value counts once for every `oneOf`, `anyOf` and `not` around it, since whoever
/// judges a document may have to look at it as often.
const ENTANGLED: usize = 60_000;

fn entangled(value: &Value, around: usize) -> usize {
    match value {
        Value::Object(map) => {
            let of = |(name, value): (&String, &Value)| {
                entangled(value, around + usize::from(matches!(name.as_str(), "oneOf" | "anyOf" | "not")))
            };
            around + map.iter().map(of).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(|item| entangled(item, around)).sum(),
        _ => around,
    }
}

fn inclusion(name: &str, one: Side<'_>, other: Side<'_>, budget: &mut Budget) -> Inclusion {
    let mut out = Inclusion::default();
    let doubt = |why: String| Doubt { resource: name.into(), field: None, why };
    let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let (Ok(a), Ok(b)) = (value(one.2), value(other.2)) else {
        out.doubts.push(doubt("its schema is not JSON".to_owned()));
        return out;
    };
    if a == b && !nested::leads_out(&a) {
        return out;
    }
    let shown = nested::accepts_all(&a, &b);
    if let Err(reason) = &shown
        && entangled(&a, 0) + entangled(&b, 0) > ENTANGLED
    {
        // To try documents would take longer than anybody waits for an answer.
        out.doubts.push(doubt(format!("its alternatives are too many to try documents on; {reason}")));
        return out;
    }
    let compiled = |side: Side<'_>| side.1.schema().map_err(|p| vec![p]).and_then(|schema| schema.compile(None));
    let (left, right) = match (compiled(one), compiled(other)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(problems), _) | (_, Err(problems)) => {
            out.doubts.push(doubt(why(&problems)));
            return out;
        }
    };
    let Err(reason) = shown else { return out };
    let mut tries = TRIES;
    for document in candidates::of(&a, &b) {
        if !Budget::spend(&mut budget.texts) || tries == 0 {
            break;
        }
        if !differs(&left, &right, &document) || !Budget::spend(&mut budget.tables) {
            continue;
        }
        tries -= 1;
        let witness = Witness::of_document(name, &document);
        if !witness.errors(one.0).is_empty() {
            continue;
        }
        if let Some(finding) = witness.errors(other.0).into_iter().next() {
            out.breaks.push(Break { resource: name.into(), field: finding.place.field.clone(), finding, witness });
            return out;
        }
    }
    out.doubts.push(doubt(reason));
    out
}

/// Whether the one accepts a document and the other does not. Where the bare validator is not part of the build, all documents may do so.
fn differs(one: &Compiled, other: &Compiled, document: &Value) -> bool {
    one.reference_accepts(document) != Some(false) && other.reference_accepts(document) != Some(true)
}

fn why(problems: &[Problem]) -> String {
    match problems.first() {
        Some(Problem::Missing { reference, .. }) => format!("its schema refers to {reference}, which is not at hand"),
        Some(Problem::Endless { .. }) => "its schema refers to itself without end".to_owned(),
        _ => "its schema cannot be used".to_owned(),
    }
}
