//! The Data Package descriptor (version 2) of a dataset that was written: its files with their schemas, sizes and digests.
//!
//! Members stand in alphabetical order, so the same dataset gives the same bytes.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Format;
use crate::schema::{DateFormat, Field, FieldType, GeoPointFormat, ListItem, StringFormat, TableSchema};

/// A table that is written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The resource's name.
    pub name: String,
    /// The whole schema of the table.
    pub schema: Arc<TableSchema>,
    /// The schema's fields that are written, in the order of the columns.
    pub fields: Vec<usize>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path within the dataset, with `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// `sha256:` and 64 hexadecimal digits.
    pub hash: String,
}

/// What a dataset is called and follows.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// A name of lower-case letters, digits and hyphens.
    pub name: &'a str,
    /// A title for people.
    pub title: &'a str,
    /// `id@version` of the standard.
    pub standard: &'a str,
    /// Where the standard is described; empty when nowhere.
    pub homepage: &'a str,
}

/// Codes that a schema's `enum` holds at most; longer lists are left to the standard.
const MOST_CODES: usize = 1000;

/// The descriptor `datapackage.json` of tables and their files, which correspond one to one.
pub fn data_package(about: &About<'_>, format: Format, tables: &[Written], files: &[File]) -> Vec<u8> {
    let names: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
    let resources: Vec<Value> = tables.iter().zip(files).map(|(table, file)| resource(format, table, file, &names)).collect();
    let mut package = Map::new();
    package.insert("$schema".into(), "https://datapackage.org/profiles/2.0/datapackage.json".into());
    package.insert("name".into(), slug(about.name).into());
    text(&mut package, "title", about.title);
    text(&mut package, "description", &format!("Written by Concord after the standard {}.", about.standard));
    text(&mut package, "homepage", about.homepage);
    // What Data Packages have no member for: a reader that knows the standard checks all its rules, not only the schemas here.
    if !about.standard.is_empty() {
        package.insert("concord".into(), json!({ "standard": about.standard }));
    }
    package.insert("resources".into(), Value::Array(resources));
    let mut out = serde_json::to_vec_pretty(&Value::Object(package)).unwrap_or_default();
    out.push(b'\n');
    out
}

fn resource(format: Format, table: &Written, file: &File, names: &[&str]) -> Value {
    let mut out = Map::new();
    out.insert("$schema".into(), "https://datapackage.org/profiles/2.0/dataresource.json".into());
    out.insert("name".into(), slug(&table.name).into());
    out.insert("path".into(), file.path.as_str().into());
    out.insert("type".into(), "table".into());
    out.insert("format".into(), format.extension().into());
    out.insert("mediatype".into(), format.media_type().into());
    if format.is_text() {
        out.insert("encoding".into(), "utf-8".into());
    }
    match format {
        Format::Csv => {
            out.insert("dialect".into(), json!({ "delimiter": "," }));
        }
        Format::Tsv => {
            out.insert("dialect".into(), json!({ "delimiter": "\t" }));
        }
        _ => {}
    }
    out.insert("bytes".into(), file.bytes.into());
    out.insert("hash".into(), file.hash.as_str().into());
    out.insert("schema".into(), schema(&table.schema, &table.fields, names));
    Value::Object(out)
}

/// A name as the specification asks for it; a table of a dataset that was written goes by it.
pub(crate) fn slug(name: &str) -> String {
    let mut out: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' }).collect();
    if out.is_empty() {
        out.push_str("dataset");
    }
    out
}

fn text(to: &mut Map<String, Value>, key: &str, value: &str) {
    if !value.is_empty() {
        to.insert(key.into(), value.into());
    }
}

/// A Table Schema (version 2) of the columns that are written. Keys and references are given only when all their fields, and the table they
/// refer to, are written too.
pub fn schema(schema: &TableSchema, fields: &[usize], tables: &[&str]) -> Value {
    let has = |f: &usize| fields.contains(f);
    let name = |f: &usize| Value::from(schema.fields[*f].name.as_str());
    let mut out = Map::new();
    out.insert("$schema".into(), "https://datapackage.org/profiles/2.0/tableschema.json".into());
    out.insert("fields".into(), fields.iter().filter_map(|&f| Some(field(schema.fields.get(f)?))).collect());
    if schema.missing_values != [String::new()] {
        out.insert("missingValues".into(), schema.missing_values.clone().into());
    }
    if !schema.primary_key.is_empty() && schema.primary_key.iter().all(has) {
        out.insert("primaryKey".into(), schema.primary_key.iter().map(name).collect());
    }
    let unique: Vec<Value> = schema.unique_keys.iter().filter(|k| k.iter().all(has)).map(|k| k.iter().map(name).collect()).collect();
    if !unique.is_empty() {
        out.insert("uniqueKeys".into(), unique.into());
    }
    let foreign =
        |k: &&crate::schema::ForeignKey| k.fields.iter().all(has) && (k.resource.is_empty() || tables.contains(&k.resource.as_str()));
    let foreign: Vec<Value> = schema
        .foreign_keys
        .iter()
        .filter(foreign)
        .map(|k| {
            let fields: Value = k.fields.iter().map(name).collect();
            let mut reference = Map::new();
            if !k.resource.is_empty() {
                reference.insert("resource".into(), slug(&k.resource).into());
            }
            reference.insert("fields".into(), k.target.clone().into());
            json!({ "fields": fields, "reference": reference })
        })
        .collect();
    if !foreign.is_empty() {
        out.insert("foreignKeys".into(), foreign.into());
    }
    Value::Object(out)
}

fn field(field: &Field) -> Value {
    let mut out = Map::new();
    out.insert("name".into(), field.name.as_str().into());
    out.insert("type".into(), field.kind.name().into());
    format(&field.kind, &mut out);
    text(&mut out, "title", &field.title);
    text(&mut out, "description", &field.description);
    text(&mut out, "example", &field.example);
    if let Some(missing) = &field.missing_values {
        out.insert("missingValues".into(), missing.clone().into());
    }
    if !field.categories.is_empty() {
        let categories = field.categories.iter().map(|c| json!({ "value": c.value, "label": c.label }));
        out.insert("categories".into(), categories.collect());
    }
    let constraints = constraints(field);
    if !constraints.is_empty() {
        out.insert("constraints".into(), constraints.into());
    }
    Value::Object(out)
}

fn format(kind: &FieldType, out: &mut Map<String, Value>) {
    match kind {
        FieldType::String(format) => {
            let word = match format {
                StringFormat::Default => "",
                StringFormat::Email => "email",
                StringFormat::Uri => "uri",
                StringFormat::Binary => "binary",
                StringFormat::Uuid => "uuid",
            };
            text(out, "format", word);
        }
        FieldType::Number(format) | FieldType::Integer(format) => {
            if matches!(kind, FieldType::Number(_)) && format.decimal != '.' {
                out.insert("decimalChar".into(), format.decimal.to_string().into());
            }
            if let Some(group) = format.group {
                out.insert("groupChar".into(), group.to_string().into());
            }
            if !format.bare {
                out.insert("bareNumber".into(), false.into());
            }
        }
        FieldType::Boolean { true_values, false_values } if *kind != FieldType::default_boolean() => {
            out.insert("trueValues".into(), true_values.clone().into());
            out.insert("falseValues".into(), false_values.clone().into());
        }
        FieldType::List { delimiter, item } => {
            out.insert("delimiter".into(), delimiter.as_str().into());
            let word = match item {
                ListItem::String => "string",
                ListItem::Integer => "integer",
                ListItem::Boolean => "boolean",
                ListItem::Number => "number",
                ListItem::DateTime => "datetime",
                ListItem::Date => "date",
                ListItem::Time => "time",
            };
            out.insert("itemType".into(), word.into());
        }
        FieldType::DateTime(format) | FieldType::Date(format) | FieldType::Time(format) => match format {
            DateFormat::Default => {}
            DateFormat::Any => text(out, "format", "any"),
            DateFormat::Pattern(pattern) => text(out, "format", pattern),
        },
        FieldType::GeoPoint(GeoPointFormat::Array) => text(out, "format", "array"),
        FieldType::GeoPoint(GeoPointFormat::Object) => text(out, "format", "object"),
        FieldType::GeoJson { topology: true } => text(out, "format", "topojson"),
        _ => {}
    }
}

fn constraints(field: &Field) -> Map<String, Value> {
    let from = &field.constraints;
    let mut out = Map::new();
    for (key, value) in [("required", from.required), ("unique", from.unique)] {
        if value {
            out.insert(key.into(), true.into());
        }
    }
    for (key, value) in [("minLength", from.min_length), ("maxLength", from.max_length)] {
        if let Some(value) = value {
            out.insert(key.into(), value.into());
        }
    }
    for (key, value) in [
        ("minimum", &from.minimum),
        ("maximum", &from.maximum),
        ("exclusiveMinimum", &from.exclusive_minimum),
        ("exclusiveMaximum", &from.exclusive_maximum),
        ("pattern", &from.pattern),
    ] {
        if let Some(value) = value {
            out.insert(key.into(), value.as_str().into());
        }
    }
    if let Some(schema) = &from.json_schema {
        out.insert("jsonSchema".into(), schema.clone());
    }
    let listed = field.codes.as_ref().filter(|_| !field.extras.open).map(|list| list.codes.iter().map(|c| &c.code).collect::<Vec<_>>());
    let values: Vec<&String> = if from.values.is_empty() { listed.unwrap_or_default() } else { from.values.iter().collect() };
    if !values.is_empty() && values.len() <= MOST_CODES {
        out.insert("enum".into(), values.into_iter().map(|v| Value::from(v.as_str())).collect());
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::package::descriptor::{self, SchemaSource};

    proptest::proptest! {
        /// What is described is read back as it was, by our own reader of descriptors.
        #[test]
        fn a_schema_reads_back_equal(schema in crate::testing::schema_strategy()) {
            let all: Vec<usize> = (0..schema.fields.len()).collect();
            let table = Written { name: "t".into(), schema: Arc::new(schema.clone()), fields: all };
            let file = File { path: "t.csv".into(), bytes: 5, hash: format!("sha256:{}", "0".repeat(64)) };
            let about = About { name: "Some Data", title: "x", standard: "x@1", homepage: "" };
            let bytes = data_package(&about, Format::Csv, &[table], &[file]);
            let read = descriptor::data_package(&bytes, "datapackage.json");
            let package = read.package.unwrap();
            proptest::prop_assert_eq!(&package.standard, "x@1");
            proptest::prop_assert!(read.findings.iter().all(|f| f.code.text() != "C905"), "{:?}", read.findings);
            let SchemaSource::Here(back) = &package.resources[0].schema else { panic!("the schema stands in the descriptor") };
            proptest::prop_assert_eq!(back.fields.len(), schema.fields.len());
            for (a, b) in back.fields.iter().zip(&schema.fields) {
                proptest::prop_assert_eq!(&a.name, &b.name);
                proptest::prop_assert_eq!(&a.kind, &b.kind);
                proptest::prop_assert_eq!(a.constraints.required, b.constraints.required);
                proptest::prop_assert_eq!(&a.constraints.minimum, &b.constraints.minimum);
            }
            proptest::prop_assert_eq!(&back.primary_key, &schema.primary_key);
        }
    }
}
