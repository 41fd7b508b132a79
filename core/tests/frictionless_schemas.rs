//! The published verdicts on Table Schemas and Data Package descriptors hold here too.
//!
//! The files lie outside the project (`CONCORD_CONFORMANCE`, by default `../shared/conformance` beside the workspace).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use concord_core::finding::{Finding, Severity};
use concord_core::package::descriptor::{SchemaSource, data_package};
use concord_core::package::lint::check_file;
use concord_core::schema::parse::parse;

/// Rows whose verdict cannot come from the descriptor alone.
const EXCEPTIONS: &[(&str, &str)] =
    &[("invalid/issue-905/datapackage.json", "the descriptor is sound; the verdict is that of its table bad.csv, which is not UTF-8")];

fn conformance() -> Option<PathBuf> {
    let root = match std::env::var_os("CONCORD_CONFORMANCE") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
    };
    if root.join("frictionless").is_dir() {
        return Some(root);
    }
    eprintln!("SKIPPED: the conformance files are not at {}; set CONCORD_CONFORMANCE", root.display());
    None
}

fn errors(findings: &[Finding]) -> Vec<String> {
    let wrong = findings.iter().filter(|f| f.severity == Severity::Error);
    wrong.map(|f| format!("{} {} {:?} {:?}", f.code.text(), f.kind, f.value, f.args)).collect()
}

#[test]
fn verdicts_of_all_schemas_and_descriptors() {
    let Some(root) = conformance() else { return };
    let root = root.join("frictionless");
    let mut reader = csv::Reader::from_path(root.join("expected.csv")).unwrap();
    let mut rows = 0;
    let mut wrong = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let (path, verdict) = (&record[0], &record[3]);
        if !path.ends_with(".json") {
            continue;
        }
        rows += 1;
        let found = errors(&check_file(path, &std::fs::read(root.join(path)).unwrap()));
        let valid = verdict != "invalid";
        let excepted = EXCEPTIONS.iter().any(|(p, _)| *p == path);
        if found.is_empty() != valid && !excepted {
            wrong.push(format!("{path} should be {verdict}: {found:?}"));
        }
        assert!(!excepted || found.is_empty() != valid, "{path} needs no exception any more");
    }
    assert!(rows >= 25, "only {rows} rows about JSON files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn valid_files_without_a_row_are_without_errors() {
    let Some(root) = conformance() else { return };
    let root = root.join("frictionless/valid");
    for path in [
        "schema-valid-fk-array.json",
        "unique-field.json",
        "countries.json",
        "dialect.json",
        "storage/constraints.json",
        "storage/integrity.json",
        "storage/types.json",
    ] {
        let found = errors(&check_file(path, &std::fs::read(root.join(path)).unwrap()));
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[test]
fn a_descriptor_gives_its_tables() {
    let Some(root) = conformance() else { return };
    let described = data_package(&std::fs::read(root.join("frictionless/valid/package/datapackage.json")).unwrap(), "");
    assert_eq!(errors(&described.findings), [""; 0]);
    let package = described.package.unwrap();
    let tables: Vec<(&str, &[String])> = package.resources.iter().map(|r| (r.name.as_str(), r.paths.as_slice())).collect();
    assert_eq!(tables, [("data", &["data.csv".to_owned()][..]), ("data2", &["data2.csv".to_owned()][..])]);
    let SchemaSource::Here(schema) = &package.resources[1].schema else { panic!("the schema is embedded") };
    assert_eq!(schema.foreign_keys[0].resource, "data");
}

/// Large descriptors of other standards parse to the number of fields they have.
#[test]
fn large_descriptors_are_read_whole() {
    let Some(root) = conformance() else { return };
    for path in ["hsds/schema/3.0/datapackage.json", "hsds/schema/2.0.1/datapackage.json", "fiscal/valid/1.0-rc.1/george/datapackage.json"]
    {
        let bytes = std::fs::read(root.join(path)).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let package = data_package(&bytes, "").package.unwrap();
        for (resource, json) in package.resources.iter().zip(value["resources"].as_array().unwrap()) {
            let SchemaSource::Here(schema) = &resource.schema else { panic!("{path} {}", resource.name) };
            assert_eq!(schema.fields.len(), json["schema"]["fields"].as_array().unwrap().len(), "{path} {}", resource.name);
        }
    }
}

#[test]
fn bare_schemas_parse_as_in_their_package() {
    let Some(root) = conformance() else { return };
    let parsed = parse(&std::fs::read(root.join("frictionless/valid/schema-valid-full.json")).unwrap(), "");
    assert_eq!(errors(&parsed.findings), [""; 0]);
    assert!(parsed.schema.unwrap().fields.len() > 10);
}
