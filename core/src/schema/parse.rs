//! Parsing Table Schema, version 2 and version 1 of Data Package.
//!
//! The parser reads what it can and says the rest: a schema with errors is still given, without the parts that cannot be used, so that a
//! person sees all mistakes at once. Whether it may be used is for the caller to decide by the severity of the findings.
//!
//! A field without a type is `any` (version 2) unless the schema or its descriptor says that it follows version 1 (`"$schema"` with
//! `/1.0/`, or a `"profile"`); then it is `string`. Without any mark both read the same cells, and `any` refuses none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::nested::{Nested, NestedForm};
use super::{
    Category, Constraints, DateFormat, Elements, Field, FieldExtras, FieldType, FieldsMatch, ForeignKey, GeoPointFormat, ListItem,
    NumberFormat, Presence, StringFormat, TableSchema,
};
use crate::decimal::Decimal;
use crate::finding::Finding;
use crate::package::json::{self, Object, inside, unknown_word, word_for, wrong};
use crate::package::notes::{Notes, arg_if, listed, near, note};

/// Most fields of one schema.
pub const MAX_FIELDS: usize = 100_000;

/// What came of reading a schema.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The schema without the parts that cannot be used; `None` when there is no field at all.
    pub schema: Option<TableSchema>,
    /// What is wrong or doubtful; an error means that the schema cannot be used as its author meant.
    pub findings: Vec<Finding>,
}

/// Reads a Table Schema. `name` is the file's name for the findings; give an empty one when the report names the file anyway.
pub fn parse(bytes: &[u8], name: &str) -> Parsed {
    let mut notes = Notes::new(name);
    let schema = json::read(bytes, &mut notes).and_then(|value| from_value(&value, "", None, &mut notes));
    Parsed { schema, findings: notes.finish() }
}

/// The version of Data Package that a descriptor says it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecVersion {
    /// Version 1, by a `profile` or by `$schema`.
    V1,
    /// Version 2, by `$schema`.
    V2,
}

/// The version by the marks of a descriptor or schema.
pub(crate) fn version_of(object: Object<'_>) -> Option<SpecVersion> {
    match object.get("$schema").and_then(Value::as_str) {
        Some(text) if text.contains("/1.") => Some(SpecVersion::V1),
        Some(text) if text.contains("/profiles/") => Some(SpecVersion::V2),
        _ => object.has("profile").then_some(SpecVersion::V1),
    }
}

const SCHEMA_MEMBERS: &[&str] = &[
    "$schema",
    "fields",
    "fieldsMatch",
    "missingValues",
    "primaryKey",
    "uniqueKeys",
    "foreignKeys",
    "name",
    "title",
    "description",
    "homepage",
    "version",
    "profile",
    "concord",
];
const FIELD_MEMBERS: &[&str] = &[
    "name",
    "type",
    "format",
    "title",
    "description",
    "example",
    "constraints",
    "categories",
    "categoriesOrdered",
    "missingValues",
    "rdfType",
    "columnType",
    "trueValues",
    "falseValues",
    "decimalChar",
    "groupChar",
    "bareNumber",
    "delimiter",
    "itemType",
    "concord",
];
const TYPES: &[&str] = &[
    "string",
    "number",
    "integer",
    "boolean",
    "object",
    "array",
    "list",
    "datetime",
    "date",
    "time",
    "year",
    "yearmonth",
    "duration",
    "geopoint",
    "geojson",
    "any",
];
const CONSTRAINTS: &[&str] = &[
    "required",
    "unique",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "jsonSchema",
    "pattern",
    "enum",
];
const CONCORD_MEMBERS: &[&str] = &["codes", "open", "presence", "column", "aliases", "unit", "reference", "anchor"];

/// Reads a schema that is already JSON, at a place inside a descriptor.
pub(crate) fn from_value(value: &Value, at: &str, version: Option<SpecVersion>, notes: &mut Notes) -> Option<TableSchema> {
    let schema = Object::of(value, at, notes)?;
    let version = version_of(schema).or(version);
    schema.only(SCHEMA_MEMBERS, false, notes);
    schema.text("$schema", notes);
    let (mut elements, mut nested_at) = (None, None);
    if let Some(concord) = schema.get("concord") {
        let here = schema.at("concord");
        if let Some(concord) = Object::of(concord, &here, notes) {
            concord.only(&["xml", "nested"], true, notes);
            elements = concord.get("xml").and_then(|xml| self::elements(xml, &concord.at("xml"), notes));
            nested_at = schema.get("concord").and_then(|c| c.get("nested")).map(|nested| (nested, concord.at("nested")));
        }
    }

    let mut fields: Vec<Field> = Vec::new();
    if schema.need("fields", notes) {
        for (i, value) in schema.filled_list("fields", notes).unwrap_or_default().iter().enumerate() {
            if i == MAX_FIELDS {
                let count = schema.get("fields").and_then(Value::as_array).map_or(0, Vec::len);
                notes.push(
                    note("C914", "", &schema.at("fields"))
                        .arg("count", count.to_string())
                        .arg("what", "fields")
                        .arg("limit", MAX_FIELDS.to_string()),
                );
                break;
            }
            let here = format!("{at}/fields/{i}");
            let field = Object::of(value, &here, notes).map(|object| field(object, version, notes));
            // A field that cannot be read keeps its place, so that the order of the others stays right.
            fields.push(field.unwrap_or_else(|| Field::new("", FieldType::Any)));
        }
    }
    let mut seen = BTreeSet::new();
    for (i, field) in fields.iter().enumerate() {
        if !field.name.is_empty() && !seen.insert(field.name.as_str()) {
            notes.push(note("C910", "field", &format!("{at}/fields/{i}/name")).value(&field.name));
        }
    }

    let mut index = BTreeMap::new();
    for (i, field) in fields.iter().enumerate() {
        index.entry(field.name.as_str()).or_insert(i);
    }
    let names = Names { fields: &fields, index };
    let fields_match = fields_match(schema, notes);
    let missing_values = missing_values(schema, notes).unwrap_or_else(|| vec![String::new()]);
    let primary_key = match schema.get("primaryKey") {
        Some(value) => names.key(value, &schema.at("primaryKey"), notes).unwrap_or_default(),
        None => Vec::new(),
    };
    let mut unique_keys = Vec::new();
    for (i, value) in schema.filled_list("uniqueKeys", notes).unwrap_or_default().iter().enumerate() {
        let here = format!("{}/{i}", schema.at("uniqueKeys"));
        if value.is_string() {
            notes.push(note("C903", "", &here).arg("found", "a text").arg("expected", "a list of field names"));
        }
        if let Some(key) = names.key(value, &here, notes) {
            unique_keys.push(key);
        }
    }
    let mut foreign_keys = Vec::new();
    let keys = match schema.get("foreignKeys") {
        // One key without a list around it is an old habit; every reader takes it.
        Some(one @ Value::Object(_)) => {
            notes.push(note("C903", "either", &schema.at("foreignKeys")).arg("found", word_for(one)).arg("expected", "a list"));
            std::slice::from_ref(one)
        }
        _ => schema.filled_list("foreignKeys", notes).unwrap_or_default(),
    };
    for (i, value) in keys.iter().enumerate() {
        let here = format!("{}/{i}", schema.at("foreignKeys"));
        if let Some(key) = foreign_key(value, &here, &names, notes) {
            foreign_keys.push(key);
        }
    }
    if fields.is_empty() {
        return None;
    }
    let nested = nested_at.and_then(|(value, at)| nested(value, &at, &names, notes));
    Some(TableSchema { fields, fields_match, missing_values, primary_key, unique_keys, foreign_keys, elements, nested })
}

/// The fields, for keys that name them.
struct Names<'a> {
    fields: &'a [Field],
    /// The first field of each name.
    index: BTreeMap<&'a str, usize>,
}

impl Names<'_> {
    fn find(&self, name: &str, at: &str, notes: &mut Notes) -> Option<usize> {
        let found = self.index.get(name).copied();
        if found.is_none() && !notes.is_full() {
            let finding = note("C907", "", at).value(name);
            notes.push(arg_if(finding, "near", near(name, self.fields.iter().take(2000).map(|f| f.name.as_str()))));
        }
        found
    }

    /// A key: one name or a list of them. `None` when it cannot be used.
    fn key(&self, value: &Value, at: &str, notes: &mut Notes) -> Option<Vec<usize>> {
        let names = names_of(value, at, notes)?;
        let mut key = Vec::with_capacity(names.len());
        let mut whole = true;
        for (name, here) in names {
            match self.find(&name, &here, notes) {
                Some(index) if key.contains(&index) => {
                    notes.push(note("C910", "", &here).value(&name));
                    whole = false;
                }
                Some(index) => key.push(index),
                None => whole = false,
            }
        }
        whole.then_some(key)
    }
}

/// Names with their places, from a text or a list of texts.
fn names_of(value: &Value, at: &str, notes: &mut Notes) -> Option<Vec<(String, String)>> {
    match value {
        Value::String(name) => Some(vec![(name.clone(), at.to_owned())]),
        Value::Array(list) => {
            if list.is_empty() {
                notes.push(note("C904", "empty", at));
                return None;
            }
            // More parts than that are no key, and looking each up costs time.
            if list.len() > 1000 {
                notes.push(note("C914", "", at).arg("count", list.len().to_string()).arg("what", "fields").arg("limit", "1000"));
                return None;
            }
            let mut names = Vec::new();
            for (i, value) in list.iter().enumerate() {
                let here = format!("{at}/{i}");
                match value {
                    Value::String(name) => names.push((name.clone(), here)),
                    other => {
                        wrong(notes, &here, other, "the name of a field");
                        return None;
                    }
                }
            }
            Some(names)
        }
        other => {
            wrong(notes, at, other, "the name of a field or a list of them");
            None
        }
    }
}

fn foreign_key(value: &Value, at: &str, names: &Names<'_>, notes: &mut Notes) -> Option<ForeignKey> {
    let key = Object::of(value, at, notes)?;
    key.only(&["fields", "reference"], false, notes);
    let fields = if key.need("fields", notes) {
        key.get("fields").and_then(|value| Some((names.key(value, &key.at("fields"), notes), count_of(value)?)))
    } else {
        None
    };
    if !key.need("reference", notes) {
        return None;
    }
    let here = key.at("reference");
    let reference = Object::of(key.get("reference")?, &here, notes)?;
    // `datapackage` is from before version 1 and stands in examples of version 1 too; `resource` alone decides.
    reference.only(&["resource", "fields", "package", "datapackage"], false, notes);
    let resource = reference.text("resource", notes).unwrap_or_default();
    if !reference.need("fields", notes) {
        return None;
    }
    let value = reference.get("fields")?;
    let target = names_of(value, &reference.at("fields"), notes)?;
    let own = key.get("fields")?;
    if own.is_string() != value.is_string() {
        let like = if own.is_string() { "a text" } else { "a list" };
        notes.push(note("C903", "either", &reference.at("fields")).arg("found", word_for(value)).arg("expected", like));
    }
    let (fields, count) = fields?;
    if count != target.len() {
        notes.push(note("C911", "", at).arg("fields", count.to_string()).arg("target", target.len().to_string()));
        return None;
    }
    if resource.is_empty() && !reference.has("package") && !reference.has("datapackage") {
        let mut known = true;
        for (name, here) in &target {
            known &= names.find(name, here, notes).is_some();
        }
        if !known {
            return None;
        }
    }
    Some(ForeignKey { fields: fields?, resource: resource.to_owned(), target: target.into_iter().map(|(name, _)| name).collect() })
}

fn count_of(value: &Value) -> Option<usize> {
    match value {
        Value::String(_) => Some(1),
        Value::Array(list) => Some(list.len()),
        _ => None,
    }
}

fn fields_match(schema: Object<'_>, notes: &mut Notes) -> FieldsMatch {
    let words = ["exact", "equal", "subset", "superset", "partial"];
    let at = schema.at("fieldsMatch");
    // The prose of version 2 shows a text, its profile a list of one text.
    let text = match schema.get("fieldsMatch") {
        None => return FieldsMatch::Exact,
        Some(Value::String(text)) => text,
        Some(Value::Array(list)) => match list.as_slice() {
            [Value::String(text)] => text,
            [] => {
                notes.push(note("C904", "empty", &at));
                return FieldsMatch::Exact;
            }
            _ => {
                notes.push(
                    note("C903", "", &at)
                        .arg("found", "a list")
                        .arg("expected", "one of the words exact, equal, subset, superset, partial"),
                );
                return FieldsMatch::Exact;
            }
        },
        Some(other) => {
            wrong(notes, &at, other, "a text");
            return FieldsMatch::Exact;
        }
    };
    match words.iter().position(|w| w == text) {
        Some(0) => FieldsMatch::Exact,
        Some(1) => FieldsMatch::Equal,
        Some(2) => FieldsMatch::Subset,
        Some(3) => FieldsMatch::Superset,
        Some(_) => FieldsMatch::Partial,
        None => {
            unknown_word(notes, &at, text, &words);
            FieldsMatch::Exact
        }
    }
}

/// `missingValues` of a schema or a field: texts, or (v2) `{value, label}`.
fn missing_values(object: Object<'_>, notes: &mut Notes) -> Option<Vec<String>> {
    let list = object.list("missingValues", notes)?;
    let mut texts = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let here = format!("{}/{i}", object.at("missingValues"));
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Object(map) => {
                let entry = Object { at: &here, map };
                entry.only(&["value", "label"], false, notes);
                entry.text("label", notes);
                if entry.need("value", notes)
                    && let Some(text) = entry.text("value", notes)
                {
                    texts.push(text.to_owned());
                }
            }
            other => {
                wrong(notes, &here, other, "a text");
                if let Value::Number(n) = other {
                    texts.push(plain_number(n));
                }
            }
        }
    }
    Some(texts)
}

/// The digits of a JSON number, never with an exponent: whole numbers exactly, fractions in their shortest form.
fn plain_number(n: &serde_json::Number) -> String {
    let text = n.to_string();
    Decimal::parse(&text).map_or(text, |d| d.to_string())
}

/// Whether the JSON reader had to round a whole number that is beyond 64 bits.
fn is_rounded(n: &serde_json::Number) -> bool {
    n.is_f64() && Decimal::parse(&n.to_string()).is_some_and(|d| d.is_whole() && d.to_string().len() > 16)
}

fn field(object: Object<'_>, version: Option<SpecVersion>, notes: &mut Notes) -> Field {
    // A constraint beside `constraints` has no effect; its author wished otherwise.
    let misplaced: Vec<&str> = CONSTRAINTS.iter().copied().filter(|c| object.has(c)).collect();
    let mut known = FIELD_MEMBERS.to_vec();
    for member in &misplaced {
        notes.push(note("C908", "outside", object.at).arg("member", *member));
        known.push(member);
    }
    object.only(&known, false, notes);

    let name = match object.need("name", notes) {
        true => object.filled("name", notes).unwrap_or_default(),
        false => "",
    };
    let mut field = Field::new(name, kind_of(object, version, notes));
    field.title = object.text("title", notes).unwrap_or_default().to_owned();
    field.description = object.text("description", notes).unwrap_or_default().to_owned();
    field.example = match object.get("example") {
        Some(Value::String(text)) => text.clone(),
        Some(value) => {
            // Version 2 wants a text here; a number or a truth is as clear.
            notes.push(note("C903", "either", &object.at("example")).arg("found", word_for(value)).arg("expected", "a text"));
            physical(value, &field.kind, &object.at("example"), notes).unwrap_or_default()
        }
        None => String::new(),
    };
    object.text("rdfType", notes);
    object.text("columnType", notes);
    if object.has("missingValues") {
        field.missing_values = missing_values(object, notes);
    }
    if let Some(value) = object.get("constraints") {
        let here = object.at("constraints");
        if let Some(constraints) = Object::of(value, &here, notes) {
            field.constraints = self::constraints(constraints, &field.kind, notes);
        }
    }
    field.categories = categories(object, &field.kind, notes);
    if let Some(value) = object.get("concord") {
        let here = object.at("concord");
        if let Some(concord) = Object::of(value, &here, notes) {
            field.extras = extras(concord, notes);
        }
    }
    field
}

/// The type with its format and the members that belong to it.
fn kind_of(object: Object<'_>, version: Option<SpecVersion>, notes: &mut Notes) -> FieldType {
    let name = match object.get("type") {
        None if version == Some(SpecVersion::V1) => "string",
        None => "any",
        Some(_) => match object.word("type", TYPES, notes) {
            Some(index) => TYPES[index],
            None => return FieldType::Any,
        },
    };
    for (members, types) in [
        (&["trueValues", "falseValues"][..], &["boolean"][..]),
        (&["decimalChar"], &["number"]),
        (&["groupChar", "bareNumber"], &["number", "integer"]),
        (&["delimiter", "itemType"], &["list"]),
    ] {
        for member in members {
            if object.has(member) && !types.contains(&name) {
                notes.push(note("C905", "no-effect", object.at).arg("member", *member).arg("type", name));
            }
        }
    }
    let format = match object.text("format", notes) {
        Some("default") | None => "",
        // Frictionless tools write formats of their own; a field without a type may carry any of them.
        Some(_) if name == "any" => "",
        Some(format) => format,
    };
    let at = object.at("format");
    let no_format = |notes: &mut Notes| {
        if !format.is_empty() {
            unknown_word(notes, &at, format, &["default"]);
        }
    };
    match name {
        "string" => FieldType::String(match format {
            "" => StringFormat::Default,
            "email" => StringFormat::Email,
            "uri" => StringFormat::Uri,
            // Many descriptors say `url`; there is no doubt what is meant.
            "url" => {
                notes.push(note("C906", "alias", &at).value(format).arg("near", "uri"));
                StringFormat::Uri
            }
            "binary" => StringFormat::Binary,
            "uuid" => StringFormat::Uuid,
            other => {
                unknown_word(notes, &at, other, &["default", "email", "uri", "binary", "uuid"]);
                StringFormat::Default
            }
        }),
        "number" => {
            no_format(notes);
            FieldType::Number(number_format(object, true, notes))
        }
        "integer" => {
            no_format(notes);
            FieldType::Integer(number_format(object, false, notes))
        }
        "boolean" => {
            no_format(notes);
            boolean(object, notes)
        }
        "object" => {
            no_format(notes);
            FieldType::Object
        }
        "array" => {
            no_format(notes);
            FieldType::Array
        }
        "list" => {
            no_format(notes);
            let items = ["string", "integer", "boolean", "number", "datetime", "date", "time"];
            let item = match object.word("itemType", &items, notes) {
                Some(1) => ListItem::Integer,
                Some(2) => ListItem::Boolean,
                Some(3) => ListItem::Number,
                Some(4) => ListItem::DateTime,
                Some(5) => ListItem::Date,
                Some(6) => ListItem::Time,
                _ => ListItem::String,
            };
            FieldType::List { delimiter: object.filled("delimiter", notes).unwrap_or(",").to_owned(), item }
        }
        "datetime" => FieldType::DateTime(date_format(format, &at, notes)),
        "date" => FieldType::Date(date_format(format, &at, notes)),
        "time" => FieldType::Time(date_format(format, &at, notes)),
        "year" => {
            no_format(notes);
            FieldType::Year
        }
        "yearmonth" => {
            no_format(notes);
            FieldType::YearMonth
        }
        "duration" => {
            no_format(notes);
            FieldType::Duration
        }
        "geopoint" => FieldType::GeoPoint(match format {
            "" => GeoPointFormat::Default,
            "array" => GeoPointFormat::Array,
            "object" => GeoPointFormat::Object,
            other => {
                unknown_word(notes, &at, other, &["default", "array", "object"]);
                GeoPointFormat::Default
            }
        }),
        "geojson" => {
            if !matches!(format, "" | "topojson") {
                unknown_word(notes, &at, format, &["default", "topojson"]);
            }
            FieldType::GeoJson { topology: format == "topojson" }
        }
        _ => FieldType::Any,
    }
}

fn one_char(object: Object<'_>, member: &str, notes: &mut Notes) -> Option<char> {
    let text = object.text(member, notes)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Some(c),
        // An empty groupChar says what leaving it out says.
        (None, _) if member == "groupChar" => None,
        _ => {
            notes.push(note("C924", "", &object.at(member)).value(text).arg("what", "one single character"));
            None
        }
    }
}

fn number_format(object: Object<'_>, fraction: bool, notes: &mut Notes) -> NumberFormat {
    let mut format = NumberFormat::default();
    if fraction && let Some(c) = one_char(object, "decimalChar", notes) {
        format.decimal = c;
    }
    format.group = one_char(object, "groupChar", notes);
    if let Some(bare) = object.flag("bareNumber", notes) {
        format.bare = bare;
    }
    for (member, c) in [("decimalChar", Some(format.decimal)), ("groupChar", format.group)] {
        if let Some(c) = c.filter(|c| c.is_ascii_digit() || matches!(c, '-' | '+')) {
            notes.push(note("C924", "", &object.at(member)).value(&c.to_string()).arg("what", "a sign that is no part of a number"));
        }
    }
    if fraction && format.group == Some(format.decimal) {
        notes.push(note("C910", "", &object.at("groupChar")).value(&format.decimal.to_string()));
        format.group = None;
    }
    format
}

fn boolean(object: Object<'_>, notes: &mut Notes) -> FieldType {
    let FieldType::Boolean { mut true_values, mut false_values } = FieldType::default_boolean() else {
        return FieldType::Any;
    };
    for (member, values) in [("trueValues", &mut true_values), ("falseValues", &mut false_values)] {
        if let Some(list) = object.filled_list(member, notes)
            && !list.is_empty()
            && let Some(texts) = object.texts(member, notes)
        {
            *values = texts;
        }
    }
    let truths: BTreeSet<&str> = true_values.iter().map(String::as_str).collect();
    if let Some((i, text)) = false_values.iter().enumerate().find(|(_, t)| truths.contains(t.as_str())) {
        let member = if object.has("falseValues") { "falseValues" } else { "trueValues" };
        let at = if object.has("falseValues") { format!("{}/{i}", object.at(member)) } else { object.at(member) };
        notes.push(note("C910", "", &at).value(text));
    }
    FieldType::Boolean { true_values, false_values }
}

fn date_format(format: &str, at: &str, notes: &mut Notes) -> DateFormat {
    match format {
        "" => DateFormat::Default,
        "any" => DateFormat::Any,
        written => {
            let pattern = written.strip_prefix("fmt:").unwrap_or(written);
            match check_pattern(pattern) {
                Ok(None) => {}
                Ok(Some(code)) => notes.push(note("C906", "date-code", at).value(written).arg("code", code)),
                Err(problem) => {
                    notes.push(note("C906", "date-format", at).value(written).arg("problem", problem));
                    return DateFormat::Default;
                }
            }
            DateFormat::Pattern(pattern.to_owned())
        }
    }
}

/// Codes of date patterns that values are read by (`standards/README.md`).
pub(crate) const DATE_CODES: &str = "YymdbBHIMSfpzj%";
/// Further codes that strptime knows.
const OTHER_DATE_CODES: &str = "aAwUWcxXGVuZ";

/// Checks a strptime pattern: `Err` is what is wrong with it, `Ok(Some)` a code that strptime knows and Concord does not.
pub(crate) fn check_pattern(pattern: &str) -> Result<Option<String>, String> {
    let mut chars = pattern.chars();
    let (mut any, mut foreign) = (false, None);
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        let mut code = chars.next();
        if code == Some('-') {
            code = chars.next();
        }
        match code {
            Some(c) if DATE_CODES.contains(c) => any |= c != '%',
            Some(c) if OTHER_DATE_CODES.contains(c) => {
                any = true;
                foreign.get_or_insert(format!("%{c}"));
            }
            Some(c) => return Err(format!("the code %{c} is not known")),
            None => return Err("a % stands at its end".to_owned()),
        }
    }
    if any { Ok(foreign) } else { Err("it holds no code such as %Y".to_owned()) }
}

/// A JSON value as the text that would stand in a cell of this type.
fn physical(value: &Value, kind: &FieldType, at: &str, notes: &mut Notes) -> Option<String> {
    match (value, kind) {
        (Value::String(text), _) => Some(text.clone()),
        (Value::Bool(yes), FieldType::Boolean { true_values, false_values }) => {
            let values = if *yes { true_values } else { false_values };
            Some(values.first().cloned().unwrap_or_else(|| yes.to_string()))
        }
        (Value::Bool(yes), _) => Some(yes.to_string()),
        (Value::Number(n), _) => {
            let text = plain_number(n);
            if is_rounded(n) {
                notes.push(note("C908", "inexact", at).value(&text));
            }
            match kind {
                FieldType::Number(format) if format.decimal != '.' => Some(text.replace('.', &format.decimal.to_string())),
                _ => Some(text),
            }
        }
        (Value::Array(_) | Value::Object(_), FieldType::Object | FieldType::Array | FieldType::Any)
        | (Value::Array(_) | Value::Object(_), FieldType::GeoPoint(_) | FieldType::GeoJson { .. }) => Some(value.to_string()),
        (Value::Array(items), FieldType::List { delimiter, .. }) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| physical(item, &FieldType::Any, at, notes)).collect();
            texts.map(|t| t.join(delimiter))
        }
        (other, _) => {
            wrong(notes, at, other, "a text or a number");
            None
        }
    }
}

/// Types a constraint fits, by name; an empty list means all.
fn fitting(constraint: &str) -> &'static [&'static str] {
    match constraint {
        "minLength" | "maxLength" => &["string", "array", "object", "list", "any"],
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
            &["number", "integer", "date", "time", "datetime", "year", "yearmonth", "duration", "any"]
        }
        "pattern" => &["string", "any"],
        "jsonSchema" => &["object", "array", "geojson", "any"],
        _ => &[],
    }
}

fn constraints(object: Object<'_>, kind: &FieldType, notes: &mut Notes) -> Constraints {
    object.only(CONSTRAINTS, false, notes);
    let mut fits = BTreeSet::new();
    for constraint in CONSTRAINTS.iter().copied().filter(|c| object.has(c)) {
        let types = fitting(constraint);
        if types.is_empty() || types.contains(&kind.name()) {
            fits.insert(constraint);
        } else {
            notes.push(
                note("C908", "", object.at)
                    .arg("constraint", constraint)
                    .arg("type", kind.name())
                    .arg("fits", listed(types.iter().copied().filter(|t| *t != "any"))),
            );
        }
    }
    let has = |constraint: &str| fits.contains(constraint);
    let mut out = Constraints {
        required: object.flag("required", notes).unwrap_or(false),
        unique: object.flag("unique", notes).unwrap_or(false),
        ..Constraints::default()
    };
    if has("minLength") {
        out.min_length = object.count("minLength", notes);
    }
    if has("maxLength") {
        out.max_length = object.count("maxLength", notes);
    }
    if let (Some(low), Some(high)) = (out.min_length, out.max_length)
        && low > high
    {
        notes.push(note("C908", "order", object.at).arg("low", low.to_string()).arg("high", high.to_string()));
    }
    for constraint in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
        let Some(value) = object.get(constraint).filter(|_| has(constraint)) else { continue };
        let at = object.at(constraint);
        if !matches!(value, Value::String(_) | Value::Number(_)) {
            wrong(notes, &at, value, "a number, or a text as it would stand in a cell");
            continue;
        }
        let Some(text) = physical(value, kind, &at, notes) else { continue };
        if !is_value_of(&text, kind) {
            notes.push(note("C908", "value", &at).value(&text).arg("type", kind.name()));
            continue;
        }
        let slot = match constraint {
            "minimum" => &mut out.minimum,
            "maximum" => &mut out.maximum,
            "exclusiveMinimum" => &mut out.exclusive_minimum,
            _ => &mut out.exclusive_maximum,
        };
        *slot = Some(text);
    }
    let low = out.minimum.as_deref().or(out.exclusive_minimum.as_deref());
    let high = out.maximum.as_deref().or(out.exclusive_maximum.as_deref());
    if let (Some(low), Some(high)) = (low, high)
        && is_above(low, high, kind)
    {
        notes.push(note("C908", "order", object.at).arg("low", low).arg("high", high));
    }
    if has("pattern")
        && let Some(pattern) = object.text("pattern", notes)
    {
        // Alone first: `a)(b` would only become a pattern by the group around it.
        let ours = super::pattern::in_our_syntax(pattern);
        let compiled = compile(&ours).and_then(|_| compile(&format!("^(?:{ours})$")));
        match compiled {
            Ok(_) => out.pattern = Some(pattern.to_owned()),
            Err(e) => notes.push(note("C909", "", &object.at("pattern")).value(pattern).arg("problem", pattern_problem(&e))),
        }
    }
    if has("jsonSchema")
        && let Some(value) = object.get("jsonSchema")
    {
        if value.is_object() {
            out.json_schema = Some(value.clone());
        } else {
            wrong(notes, &object.at("jsonSchema"), value, "a group in braces");
        }
    }
    if let Some(list) = object.filled_list("enum", notes) {
        let mut seen = BTreeSet::new();
        for (i, value) in list.iter().enumerate() {
            let at = format!("{}/{i}", object.at("enum"));
            let Some(text) = physical(value, kind, &at, notes) else { continue };
            if !is_value_of(&text, kind) {
                notes.push(note("C908", "value", &at).value(&text).arg("type", kind.name()));
                continue;
            }
            if seen.insert(text.clone()) {
                out.values.push(text);
            } else {
                notes.push(note("C910", "", &at).value(&text));
            }
        }
    }
    out
}

/// Compiles a pattern within a bound of memory.
pub(crate) fn compile(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(pattern).size_limit(10 << 20).build()
}

/// The last line of the library's drawing says what is wrong.
pub(crate) fn pattern_problem(error: &regex::Error) -> String {
    let text = match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => other.to_string(),
    };
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Whether a text can be a value of the type. Types whose values the checks read in many ways (`any`, dates by pattern, JSON) let all pass.
fn is_value_of(text: &str, kind: &FieldType) -> bool {
    let digits = |s: &str, n: std::ops::RangeInclusive<usize>| n.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    let number = |format: &NumberFormat| -> Option<Decimal> {
        let plain: String = text.chars().filter(|c| Some(*c) != format.group).map(|c| if c == format.decimal { '.' } else { c }).collect();
        let plain =
            if format.bare { plain.as_str() } else { plain.trim_matches(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '+' | '.')) };
        Decimal::parse(plain)
    };
    match kind {
        FieldType::Number(format) => crate::value::number::named(text).is_some() || number(format).is_some(),
        FieldType::Integer(format) => number(format).is_some_and(|d| d.is_whole()),
        FieldType::Boolean { true_values, false_values } => true_values.iter().chain(false_values).any(|v| v == text),
        FieldType::Year => digits(text.strip_prefix('-').unwrap_or(text), 1..=9),
        FieldType::YearMonth => text.split_once('-').is_some_and(|(y, m)| digits(y, 4..=4) && is_between(m, 1, 12)),
        FieldType::Date(DateFormat::Default) => is_iso_date(text),
        FieldType::Time(DateFormat::Default) => is_iso_time(text),
        FieldType::DateTime(DateFormat::Default) => text.split_once('T').is_some_and(|(d, t)| is_iso_date(d) && is_iso_time(t)),
        FieldType::Duration => text.strip_prefix('-').unwrap_or(text).strip_prefix('P').is_some_and(|rest| {
            rest.bytes().any(|b| b.is_ascii_digit())
                && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'Y' | b'M' | b'W' | b'D' | b'T' | b'H' | b'S' | b'.' | b','))
        }),
        _ => true,
    }
}

fn is_between(text: &str, low: u32, high: u32) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n))
}

/// `YYYY-MM-DD` with a day that exists.
pub(crate) fn is_iso_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) || !is_between(month, 1, 12) {
        return false;
    }
    let year: u32 = year.parse().unwrap_or(0);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match *month {
        "02" => 28 + u32::from(leap),
        "04" | "06" | "09" | "11" => 30,
        _ => 31,
    };
    is_between(day, 1, days)
}

/// `hh:mm:ss` with an optional fraction and zone.
fn is_iso_time(text: &str) -> bool {
    let time = match text.strip_suffix('Z') {
        Some(time) => time,
        None => match text.find(['+', '-']) {
            Some(at) => {
                let (time, zone) = text.split_at(at);
                let whole = zone[1..].split_once(':').is_some_and(|(h, m)| is_between(h, 0, 14) && is_between(m, 0, 59));
                if !whole {
                    return false;
                }
                time
            }
            None => text,
        },
    };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    let [h, m, s] = parts.as_slice() else { return false };
    !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && is_between(h, 0, 24)
        && is_between(m, 0, 59)
        && is_between(s, 0, 60)
}

/// Whether one bound is above the other, where that can be said surely.
fn is_above(low: &str, high: &str, kind: &FieldType) -> bool {
    match kind {
        FieldType::Number(format) | FieldType::Integer(format) => {
            let read = |text: &str| {
                let plain: String =
                    text.chars().filter(|c| Some(*c) != format.group).map(|c| if c == format.decimal { '.' } else { c }).collect();
                Decimal::parse(&plain)
            };
            matches!((read(low), read(high)), (Some(a), Some(b)) if a > b)
        }
        FieldType::Date(DateFormat::Default) | FieldType::YearMonth => low > high,
        FieldType::Year => matches!((Decimal::parse(low), Decimal::parse(high)), (Some(a), Some(b)) if a > b),
        _ => false,
    }
}

fn categories(object: Object<'_>, kind: &FieldType, notes: &mut Notes) -> Vec<Category> {
    let mut categories: Vec<Category> = Vec::new();
    let ordered = object.flag("categoriesOrdered", notes);
    if !object.has("categories") {
        if ordered.is_some() {
            notes.push(note("C908", "lone", object.at).arg("member", "categoriesOrdered").arg("other", "categories"));
        }
        return categories;
    }
    if !matches!(kind, FieldType::String(_) | FieldType::Integer(_) | FieldType::Any) {
        notes.push(note("C908", "", object.at).arg("constraint", "categories").arg("type", kind.name()).arg("fits", "string, integer"));
        return categories;
    }
    let mut seen = BTreeSet::new();
    for (i, value) in object.filled_list("categories", notes).unwrap_or_default().iter().enumerate() {
        let here = inside(&object.at("categories"), &i.to_string());
        let (value, label) = match value {
            Value::Object(map) => {
                let entry = Object { at: &here, map };
                entry.only(&["value", "label"], false, notes);
                entry.need("value", notes);
                (entry.get("value"), entry.text("label", notes))
            }
            other => (Some(other), None),
        };
        let text = match value {
            Some(value @ (Value::String(_) | Value::Number(_))) => physical(value, kind, &here, notes),
            Some(other) => {
                wrong(notes, &here, other, "a text or a number");
                None
            }
            None => None,
        };
        let Some(text) = text else { continue };
        if !is_value_of(&text, kind) {
            notes.push(note("C908", "value", &here).value(&text).arg("type", kind.name()));
        } else if seen.insert(text.clone()) {
            let label = label.unwrap_or(&text).to_owned();
            categories.push(Category { value: text, label });
        } else {
            notes.push(note("C910", "", &here).value(&text));
        }
    }
    categories
}

/// The key `xml` under the `concord` key of a schema.
fn elements(value: &Value, at: &str, notes: &mut Notes) -> Option<Elements> {
    let object = Object::of(value, at, notes)?;
    object.only(&["root", "record"], true, notes);
    if !object.need("root", notes) || !object.need("record", notes) {
        return None;
    }
    let (root, record) = (object.filled("root", notes)?, object.filled("record", notes)?);
    Some(Elements { root: root.to_owned(), record: record.to_owned() })
}

/// How a table is written as nested documents.
fn nested(value: &Value, at: &str, names: &Names<'_>, notes: &mut Notes) -> Option<Arc<Nested>> {
    let object = Object::of(value, at, notes)?;
    object.only(&["form", "root", "namespace", "key"], true, notes);
    let form = match object.word("form", &["xml", "json"], notes)? {
        0 => NestedForm::Xml {
            root: object.filled("root", notes)?.to_owned(),
            namespace: object.text("namespace", notes).unwrap_or_default().to_owned(),
        },
        _ => NestedForm::Json,
    };
    if !object.need("key", notes) {
        return None;
    }
    let key = names.key(object.get("key")?, &object.at("key"), notes)?;
    match Nested::new(form, key, names.fields) {
        Ok(nested) => Some(Arc::new(nested)),
        Err((field, problem)) => {
            notes.push(note("C924", "", at).value(&field).arg("what", format!("a path into a nested document: {problem}")));
            None
        }
    }
}

/// The `concord` key of a field. Its format is ours, so an unknown member is an error.
fn extras(object: Object<'_>, notes: &mut Notes) -> FieldExtras {
    object.only(CONCORD_MEMBERS, true, notes);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let extras = FieldExtras {
        codes: owned(object.filled("codes", notes)),
        open: object.flag("open", notes).unwrap_or(false),
        presence: match object.word("presence", &["required", "recommended", "optional"], notes) {
            Some(0) => Presence::Required,
            Some(1) => Presence::Recommended,
            _ => Presence::Optional,
        },
        column: object.flag("column", notes).unwrap_or(false),
        anchor: object.flag("anchor", notes).unwrap_or(false),
        aliases: object.texts("aliases", notes).unwrap_or_default(),
        unit: owned(object.filled("unit", notes)),
        reference: owned(object.filled("reference", notes)),
    };
    if extras.open && extras.codes.is_none() {
        notes.push(note("C908", "lone", object.at).arg("member", "open").arg("other", "codes"));
    }
    extras
}
