//! JSON Schema: the published test suite, and published files with their verdicts under the schemas of their standards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_core::check::plan::StandardPlan;
use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Severity;
use concord_core::jschema::documents::{Documents, Draft};
use concord_core::jschema::tape::Tape;
use concord_core::jschema::{Answer, Schema, Space, plan};
use concord_core::render::{self, Format};
use concord_core::session::Choice;
use serde_json::Value;

use crate::support::{against, aloud, check, codes, conformance, rows};

/// The files of JSON below a folder, in order.
pub(crate) fn files_below(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, out);
        } else if path.extension().is_some_and(|e| e == "json") {
            out.push(path);
        }
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn within(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/")
}

/// What is valid by our own entry point: the compiled program, and the reference where it is not clean.
fn verdict(schema: &Schema, value: &Value, space: &mut Space) -> Result<(Answer, bool), String> {
    let compiled = schema.compile(None).map_err(|e| format!("{e:?}"))?;
    let text = value.to_string();
    let mut tape = Tape::default();
    tape.read(text.as_bytes(), 0, true).map_err(|e| format!("{e:?}"))?;
    let answer = compiled.check(text.as_bytes(), &tape, space);
    let faults = compiled.faults(value).map_err(|e| format!("{e:?}"))?;
    Ok((answer, answer == Answer::Clean || faults.is_empty()))
}

/// Optional cases that fail: formats with letters of all languages are not part of the build.
const KNOWN: &[(&str, &str)] = &[("draft7", "optional/format/idn-email.json"), ("draft2020-12", "optional/format/idn-email.json")];

#[test]
fn the_published_test_suite_is_met() {
    let Some(base) = conformance("the_published_test_suite_is_met").map(|c| c.join("json-schema-test-suite")) else { return };
    let mut remotes = Vec::new();
    files_below(&base.join("remotes"), &mut remotes);
    let mut wrong = Vec::new();
    for (name, draft, fewest) in [("draft4", Draft::D4, 400), ("draft7", Draft::D7, 600), ("draft2020-12", Draft::D2020, 800)] {
        let mut known = Documents::new();
        for path in &remotes {
            let at = within(path, &base.join("remotes"));
            if !at.starts_with("draft") || at.starts_with(&format!("{name}/")) {
                known.add_at(&at, &format!("http://localhost:1234/{at}"), json(path), draft);
            }
        }
        let mut files = Vec::new();
        files_below(&base.join("tests").join(name), &mut files);
        let (mut required, mut optional, mut missed, mut sure) = (0, 0, BTreeMap::new(), 0);
        for path in files {
            let file = within(&path, &base.join("tests").join(name));
            // Formats are annotations in the required cases; those that say what a form is say so by their folder.
            let formats = file.contains("format/") || file.contains("format-assertion");
            for group in json(&path).as_array().unwrap() {
                let mut documents = known.clone();
                let index = documents.all().len();
                documents.add("test.json", group["schema"].clone(), draft);
                let schema = Schema::new(documents, index, "", formats).unwrap();
                let mut space = Space::default();
                for test in group["tests"].as_array().unwrap() {
                    let want = test["valid"].as_bool().unwrap();
                    let got = verdict(&schema, &test["data"], &mut space);
                    let case = format!("{name}/{file}: {} / {}", group["description"], test["description"]);
                    if let Ok((answer, _)) = &got {
                        sure += usize::from(*answer != Answer::Unsure);
                        // The program's "not" is the last word under "not" and "oneOf", so it has to be right too.
                        let contradicts = matches!((answer, want), (Answer::Clean, false) | (Answer::Not, true));
                        if contradicts {
                            wrong.push(format!("{case}: the program says {answer:?}"));
                        }
                    }
                    if file.starts_with("optional/") {
                        optional += 1;
                        if got.as_ref().map(|g| g.1) != Ok(want) {
                            *missed.entry(file.clone()).or_insert(0) += 1;
                        }
                    } else {
                        required += 1;
                        if got.as_ref().map(|g| g.1) != Ok(want) {
                            wrong.push(format!("{case}: {got:?}"));
                        }
                    }
                }
            }
        }
        assert!(required >= fewest, "{name} has only {required} cases");
        aloud(&format!("{name}: {required} required cases; {optional} optional, missed {missed:?}; the program alone was sure of {sure}"));
        for file in missed.keys().filter(|f| !KNOWN.contains(&(name, f))) {
            wrong.push(format!("{name}/{file}: optional cases are missed that were not before"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The schema that a published file is held against: its file, the part of it, and where the records are.
fn schema_for(standard: &str, row: &BTreeMap<String, String>) -> Option<(String, String, Option<String>)> {
    let get = |name: &str| row.get(name).map(String::as_str).unwrap_or_default();
    let sample = get("class") == "sample" && !get("expected").is_empty();
    let file = |name: &str| Some((name.to_owned(), String::new(), None));
    match standard {
        // Kept by another layer: CSV under its descriptor is the business of the tables' tests.
        "hsds" if get("against").starts_with("Table Schema") => None,
        _ if get("against").starts_with("each item of contents[] against ") => {
            let schema = get("against").trim_start_matches("each item of contents[] against ");
            Some((schema.to_owned(), String::new(), Some("/contents".to_owned())))
        }
        "ocds" | "wzdx" | "gbfs" | "hsds" => file(get("against")),
        "open311" | "dcat-us" if get("against").ends_with(".json") => file(get("against")),
        "open311" if get("against") == "well-formedness" => file("schema/georeport-v2/requests.json"),
        "dcat-us" => file("schema/3.0-gsa-2025-12/dcat-us3.0-expanded-schema.json"),
        "neris" if sample => file("api/incident-payload.schema.json"),
        "eido" if sample => {
            let part = "/components/schemas/EmergencyIncidentDataObjectType";
            Some(("schema/eido-1.1-bundle.json".to_owned(), part.to_owned(), None))
        }
        "niem" if sample && get("layer") == "json-schema" => file("crashdriver-6.0-json/CrashDriver.jschema"),
        _ => None,
    }
}

/// Files whose published verdict is not that of the schemas held here, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("ocds", "invalid/lib-cove-ocds/additional_checks/empty_fields_releases.json", "its verdict is of a check beside the schema"),
    ("dcat-us", "valid/3.0/gsa/catalog-minimal_example.json", "fails against both schemas held here, as its list says"),
    ("dcat-us", "valid/3.0/gsa/dataset-minimal_example.json", "fails against both schemas held here, as its list says"),
    ("neris", "samples/rule-violations/call-create-before-arrival.json", "meets the schema; breaks a rule beside it"),
    ("neris", "samples/rule-violations/structure-fire-without-modules.json", "meets the schema; breaks a rule beside it"),
    ("eido", "samples/rule-violations/mut-reference-as-string.json", "meets the schema, which states no type there; breaks the text"),
];

#[test]
fn published_files_get_their_verdict_under_the_schemas_of_their_standards() {
    let Some(base) = conformance("published_files_get_their_verdict_under_the_schemas_of_their_standards") else { return };
    let (mut wrong, mut count, mut excused) = (Vec::new(), 0, 0);
    for standard in ["ocds", "wzdx", "dcat-us", "gbfs", "neris", "eido", "hsds", "open311", "niem"] {
        let folder = base.join(standard);
        let lists = ["expected.csv", "manifest.csv"].map(|l| folder.join(l));
        let mut choices: BTreeMap<String, Choice> = BTreeMap::new();
        for row in lists.iter().filter(|l| l.is_file()).flat_map(|l| rows(l)) {
            let path = row.get("path").or(row.get("file")).unwrap();
            let want = row.get("verdict").or(row.get("expected")).unwrap();
            let of_json = path.ends_with("json") || path.ends_with("jsonld");
            let Some((file, part, records)) = schema_for(standard, &row).filter(|_| of_json) else { continue };
            let choice = choices.entry(format!("{file}#{part}#{records:?}")).or_insert_with(|| {
                let root = folder.join(&file);
                let mut all = Vec::new();
                if matches!(standard, "ocds" | "wzdx" | "hsds" | "open311" | "dcat-us" | "gbfs") {
                    files_below(root.parent().unwrap(), &mut all);
                }
                if standard == "wzdx" {
                    files_below(&folder.join("schema/geojson"), &mut all);
                }
                all.retain(|p| *p != root && !["openapi", "meta-schema", "datapackage"].iter().any(|n| p.to_string_lossy().contains(n)));
                all.insert(0, root.clone());
                let documents = all.iter().map(|p| (p.to_string_lossy().into_owned(), std::fs::read(p).unwrap())).collect();
                let mut nested = plan::of_schema(&file, documents, &root.to_string_lossy(), &part);
                nested.schema().unwrap().verify().unwrap_or_else(|e| panic!("{standard}/{file}: {e:?}"));
                nested.records = records;
                Choice::Given(Arc::new(StandardPlan::of_schemas(&file, "", Vec::new()).with_nested(nested)))
            });
            let report = check(choice, &[folder.join(path)], false, DialectHints::default());
            let got = if report.findings.count(Severity::Error) == 0 { "valid" } else { "invalid" };
            count += 1;
            if EXCEPTIONS.iter().any(|(s, p, _)| *s == standard && p == path) {
                excused += 1;
                assert_ne!(got, want, "{standard}/{path} is no exception any more");
            } else if got != want {
                let told = render::render(&report, Format::Short, &render::Options::default());
                wrong.push(format!("{standard}/{path}: {got}, published as {want}\n{told}"));
            }
        }
    }
    assert!(count > 100, "only {count} files were found");
    assert_eq!(excused, EXCEPTIONS.len(), "an exception is of a file that was not met");
    aloud(&format!("{count} published documents checked against the schemas of their standards, {excused} of them exceptions"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same files under our own packages of the version that they are of, which also have to see which of its documents each file is.
#[test]
fn packages_give_published_files_their_verdict() {
    let Some(base) = conformance("packages_give_published_files_their_verdict") else { return };
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (standard, versions) in [("wzdx", &["4.0", "4.1", "4.2"][..]), ("gbfs", &["2.3", "3.0"]), ("dcat-us", &["1.1", "3.0"])] {
        let folder = base.join(standard);
        for row in rows(&folder.join("expected.csv")) {
            let (path, version, want) = (&row["path"], row["version"].trim_start_matches('v'), &row["verdict"]);
            if !versions.contains(&version) {
                continue;
            }
            let report = check(&against(&format!("{standard}@{version}")), &[folder.join(path)], false, DialectHints::default());
            let got = if report.findings.count(Severity::Error) == 0 { "valid" } else { "invalid" };
            let recognised = !codes(&report, Severity::Error).contains("C215");
            // One of them is of version 4.0 by its list, and states 1.0.
            assert_eq!(
                codes(&report, Severity::Warning).contains("C263"),
                path.ends_with("4.0/SwzDeviceFeed/arrow_board_ok_example.geojson"),
                "{path}"
            );
            count += 1;
            if got != want || !recognised {
                let told = render::render(&report, Format::Short, &render::Options::default());
                wrong.push(format!("{standard}/{path}: {got}, published as {want}\n{told}"));
            }
        }
    }
    assert!(count > 40, "only {count} files were found");
    aloud(&format!("{count} published documents checked by the packages of their standards"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
