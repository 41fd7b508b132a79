//! The `jsonschema` crate as the reference: it says whether a value meets a schema where the compiled program does not know, and what is
//! wrong with one that does not. Documents come from the set at hand, never from elsewhere.

use std::sync::Arc;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{PatternOptions, Retrieve, Uri, ValidationError, Validator};
use serde_json::{Value, json};

use super::documents::{Documents, Draft, Spot};
use super::fault::{Fault, What};
use crate::bounds::PATTERN_STEPS;

/// Hands out the documents of a set.
struct Local(Arc<Documents>);

impl Retrieve for Local {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let spot = self.0.lookup(uri.as_str()).ok_or_else(|| format!("{uri} is not at hand"))?;
        self.0
            .at(&spot)
            .map(|value| marked(value, self.0.draft(&spot), self.0.is_custom(&spot)))
            .ok_or_else(|| format!("{uri} is not at hand").into())
    }
}

/// The document with its version, where it names none that anybody knows.
fn marked(value: &Value, draft: Draft, custom: bool) -> Value {
    let mut value = value.clone();
    if let Value::Object(map) = &mut value
        && !custom
        && map.get("$schema").and_then(Value::as_str).and_then(Draft::of_address).is_none()
    {
        map.insert("$schema".to_owned(), address(draft).into());
    }
    value
}

fn address(draft: Draft) -> &'static str {
    match draft {
        Draft::D4 => "http://json-schema.org/draft-04/schema#",
        Draft::D7 => "http://json-schema.org/draft-07/schema#",
        Draft::D2019 => "https://json-schema.org/draft/2019-09/schema",
        Draft::D2020 => "https://json-schema.org/draft/2020-12/schema",
    }
}

/// A schema in the reference's own form.
#[derive(Debug)]
pub(super) struct Reference(Validator);

impl Reference {
    /// The schema at a place. `formats` says whether formats count, which `None` leaves to the version.
    ///
    /// # Errors
    /// What is wrong with the schema, and where in it.
    pub(super) fn new(documents: &Arc<Documents>, spot: &Spot, formats: bool) -> Result<Reference, (String, String)> {
        let document = documents.all().get(spot.0).ok_or_else(|| (String::new(), "there is no such document".to_owned()))?;
        let options = || {
            jsonschema::options()
                .with_retriever(Local(documents.clone()))
                .should_validate_formats(formats)
                .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(PATTERN_STEPS).size_limit(4 << 20))
        };
        let told = |e: ValidationError<'_>| (e.instance_path().as_str().to_owned(), e.to_string());
        if spot.1.is_empty() {
            let schema = marked(&document.value, document.draft, documents.is_custom(spot));
            return options().with_base_uri(document.uri.clone()).build(&schema).map(Reference).map_err(told);
        }
        let wrapper = json!({"$schema": address(document.draft), "$ref": format!("{}#{}", document.uri, escaped(&spot.1))});
        options().build(&wrapper).map(Reference).map_err(told)
    }

    /// Whether a value meets the schema.
    pub(super) fn is_valid(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    /// What is wrong with a value; branches are not settled.
    pub(super) fn faults(&self, value: &Value) -> Vec<Fault> {
        self.0.iter_errors(value).flat_map(|e| faults(&e)).collect()
    }
}

/// A pointer as a fragment.
fn escaped(pointer: &str) -> String {
    let mut out = String::new();
    for b in pointer.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// One fault of the reference, or several where it joins them.
fn faults(error: &ValidationError<'_>) -> Vec<Fault> {
    let at = error.instance_path().as_str().to_owned();
    let branches = |context: &Vec<Vec<ValidationError<'static>>>| What::Branches {
        branches: context.iter().map(|branch| branch.iter().flat_map(faults).collect()).collect(),
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let what = match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            return unexpected.iter().map(|name| Fault { at: at.clone(), what: What::Unknown { name: name.clone() } }).collect();
        }
        Kind::AdditionalItems { limit } => What::Entries { kind: "many", bound: *limit as u64 },
        Kind::UnevaluatedItems { .. } => What::Other { keyword: "unevaluatedItems".to_owned() },
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => branches(context),
        Kind::OneOfMultipleValid { .. } => What::Several,
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => What::Bound { pattern: String::new() },
        Kind::Constant { expected_value } => What::Values { allowed: vec![(**expected_value).clone()] },
        Kind::Enum { options } => What::Values { allowed: options.as_array().cloned().unwrap_or_default() },
        Kind::Contains => What::Contains,
        Kind::ContentEncoding { content_encoding } => What::Content { what: content_encoding.clone() },
        Kind::ContentMediaType { content_media_type } => What::Content { what: content_media_type.clone() },
        Kind::FromUtf8 { .. } => What::Content { what: "UTF-8".to_owned() },
        Kind::Custom { keyword, .. } => What::Other { keyword: keyword.clone() },
        Kind::FalseSchema | Kind::Not { .. } => What::Forbidden,
        Kind::Format { format } => What::Format { format: format.clone() },
        Kind::Minimum { limit } => What::Range { kind: "minimum", bound: text(limit) },
        Kind::Maximum { limit } => What::Range { kind: "maximum", bound: text(limit) },
        Kind::ExclusiveMinimum { limit } => What::Range { kind: "above", bound: text(limit) },
        Kind::ExclusiveMaximum { limit } => What::Range { kind: "below", bound: text(limit) },
        Kind::MultipleOf { multiple_of } => What::Multiple { of: multiple_of.to_string() },
        Kind::MaxLength { limit } => What::Length { kind: "long", bound: *limit },
        Kind::MinLength { limit } => What::Length { kind: "short", bound: *limit },
        Kind::MaxItems { limit } => What::Entries { kind: "many", bound: *limit },
        Kind::MinItems { limit } => What::Entries { kind: "few", bound: *limit },
        Kind::MaxProperties { limit } => What::Members { kind: "many", bound: *limit },
        Kind::MinProperties { limit } => What::Members { kind: "few", bound: *limit },
        Kind::Pattern { pattern } => What::Pattern { pattern: pattern.clone() },
        Kind::PropertyNames { error } => What::Name { name: error.instance().as_str().unwrap_or_default().to_owned() },
        Kind::Required { property } => What::Missing { name: text(property) },
        Kind::Type { kind } => What::Kind {
            expected: match kind {
                TypeKind::Single(kind) => vec![kind.as_str()],
                TypeKind::Multiple(kinds) => kinds.iter().map(|k| k.as_str()).collect(),
            },
        },
        Kind::UniqueItems => What::Repeated,
        Kind::Referencing(_) => What::Other { keyword: "$ref".to_owned() },
    };
    vec![Fault { at, what }]
}
