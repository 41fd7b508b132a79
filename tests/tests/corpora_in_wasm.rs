//! The published corpora of JSON Schema and XML Schema through the very module that the browser loads: each report must be, byte for byte, that
//! of the same code compiled for this machine. Whether the verdicts are right is held elsewhere, by the native engine.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use concord_core::session::hex;
use concord_tests::xsd_corpus::{lacks_files, relative, xsts};
use concord_wasm::engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::json_schema::files_below;
use crate::support::{Folder, aloud, conformance, root};

/// A schema file or a document: its name, and its text or the path of it.
fn text(name: &str, text: &str) -> Value {
    json!({"name": name, "text": text})
}

fn bytes(part: &Value) -> Vec<u8> {
    match part["text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => std::fs::read(part["path"].as_str().unwrap()).unwrap(),
    }
}

/// What this machine's build says: the digest of the report, or why there is none.
fn native(case: &Value) -> String {
    let schemas = case["schemas"].as_array().unwrap().iter();
    let schemas: Vec<(String, String)> =
        schemas.map(|part| (part["name"].as_str().unwrap().to_owned(), String::from_utf8(bytes(part)).unwrap())).collect();
    let mut validator = match engine::Validator::new(None, &schemas, case["document"]["name"].as_str().unwrap()) {
        Ok(validator) => validator,
        Err(why) => return format!("refused: {}", why.replace('\n', " ")),
    };
    let document = bytes(&case["document"]);
    let (first, second) = document.split_at(document.len() / 2);
    validator.push(first);
    validator.push(second);
    hex(&Sha256::digest(engine::report_json(&validator.finish())))
}

/// The cases of the JSON Schema Test Suite: each group's schema, each test's value as a file.
fn of_json(base: &Path) -> Vec<Value> {
    let mut cases = Vec::new();
    for (draft, address) in [
        ("draft4", "http://json-schema.org/draft-04/schema#"),
        ("draft7", "http://json-schema.org/draft-07/schema#"),
        ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
    ] {
        let mut files = Vec::new();
        files_below(&base.join("tests").join(draft), &mut files);
        for path in files {
            let groups: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            for group in groups.as_array().unwrap() {
                let mut schema = group["schema"].clone();
                // A file has to say that it is a schema.
                if let Some(members) = schema.as_object_mut() {
                    members.entry("$schema").or_insert_with(|| address.into());
                }
                for test in group["tests"].as_array().unwrap() {
                    let schemas = [text("test.schema.json", &schema.to_string())];
                    cases.push(json!({"schemas": schemas, "document": text("value.json", &test["data"].to_string())}));
                }
            }
        }
    }
    cases
}

/// The documents that a schema names, and those that they name.
fn with_all_it_names(files: &Path, roots: &[String]) -> Vec<String> {
    let (mut found, mut seen): (Vec<String>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    let mut next: Vec<String> = roots.iter().rev().cloned().collect();
    while let Some(name) = next.pop() {
        let Ok(bytes) = std::fs::read(files.join(&name)) else { continue };
        if !seen.insert(name.clone()) {
            continue;
        }
        for rest in String::from_utf8_lossy(&bytes).split("schemaLocation").skip(1) {
            let value = rest.trim_start().trim_start_matches('=').trim_start();
            let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\'')).and_then(|quote| value[1..].split_once(quote));
            next.extend(quoted.and_then(|(location, _)| relative(&name, location)));
        }
        found.push(name);
    }
    found
}

/// The tests of the W3C whose schemas are texts that a page can hold: schemas alone, and documents under them.
fn of_xml(base: &Path) -> Vec<Value> {
    let files = base.join("files");
    let mut named: BTreeMap<Vec<String>, Option<Vec<Value>>> = BTreeMap::new();
    let mut cases = Vec::new();
    for case in xsts(base).unwrap().into_iter().filter(|case| !case.schemas.is_empty() && !lacks_files(&files, case)) {
        let schemas = named.entry(case.schemas.clone()).or_insert_with(|| {
            let all = with_all_it_names(&files, &case.schemas);
            let texts = all.iter().all(|name| std::fs::read(files.join(name)).is_ok_and(|bytes| String::from_utf8(bytes).is_ok()));
            texts.then(|| all.iter().map(|name| json!({"name": name, "path": files.join(name)})).collect())
        });
        let Some(schemas) = schemas else { continue };
        let document = match &case.instance {
            Some(instance) if files.join(instance).is_file() => json!({"name": "document.xml", "path": files.join(instance)}),
            Some(_) => continue,
            None => text("document.xml", "<nothing/>"),
        };
        cases.push(json!({"schemas": schemas, "document": document}));
    }
    cases
}

#[test]
fn both_engines_say_in_the_browser_what_they_say_here() {
    const NAME: &str = "both_engines_say_in_the_browser_what_they_say_here";
    let Some(base) = conformance(NAME) else { return };
    if !root().join("wasm/pkg/concord_wasm_bg.wasm").is_file() {
        aloud(&format!("{NAME}: the module is not built (cargo xtask wasm), so nothing was compared"));
        return;
    }
    let folder = Folder::new("corpora-in-wasm");
    for (name, fewest, cases) in
        [("json-schema-test-suite", 1_800, of_json(&base.join("json-schema-test-suite"))), ("xsts", 2_500, of_xml(&base.join("xsts")))]
    {
        assert!(cases.len() >= fewest, "{name}: only {} cases", cases.len());
        let list = folder.path(&format!("{name}.ndjson"));
        let mut out = std::io::BufWriter::new(std::fs::File::create(&list).unwrap());
        for case in &cases {
            writeln!(out, "{case}").unwrap();
        }
        out.into_inner().unwrap();
        let script = root().join("wasm/test/corpus.mjs");
        let (there, here) = std::thread::scope(|scope| {
            let there = scope.spawn(|| Command::new("node").arg(script).arg(&list).output().unwrap());
            let here: Vec<String> = cases.iter().map(native).collect();
            (there.join().unwrap(), here)
        });
        assert!(there.status.success(), "{}", String::from_utf8_lossy(&there.stderr));
        let there = String::from_utf8(there.stdout).unwrap();
        let there: Vec<&str> = there.lines().collect();
        assert_eq!(there.len(), here.len());
        let differ: Vec<usize> = (0..here.len()).filter(|i| here[*i] != there[*i]).collect();
        let first: Vec<String> =
            differ.iter().take(5).map(|i| format!("{}\n  here  {}\n  there {}", cases[*i], here[*i], there[*i])).collect();
        assert!(differ.is_empty(), "{name}: {} of {} differ:\n{}", differ.len(), here.len(), first.join("\n"));
        let refused = here.iter().filter(|said| said.starts_with("refused")).count();
        let reports: BTreeSet<&String> = here.iter().collect();
        assert!(
            refused < here.len() / 2 && reports.len() > here.len() / 20,
            "{name}: {refused} refused, {} different answers",
            reports.len()
        );
        aloud(&format!("{name}: {} cases the same in WebAssembly, {refused} of them schemas that are refused", here.len()));
    }
}
