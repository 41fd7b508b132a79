//! Verdicts published by others hold here too. Their files lie outside the project and are read in place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_core::check::plan::StandardPlan;
use concord_core::decode::careful::{self, Read};
use concord_core::decode::dialect::DialectHints;
use concord_core::decode::index::Tile;
use concord_core::decode::{Cell, Head, content};
use concord_core::finding::{Finding, Severity};
use concord_core::render;
use concord_core::schema::parse::parse;
use concord_core::session::Choice;

use crate::support::{against, check, codes, conformance, names_in};

// ---- csv-spectrum: every reading of a file gives the published records

type Records = Vec<Vec<String>>;

fn text(data: &[u8], cell: &Cell, head: &Head) -> String {
    head.encoding.text(&content(&data[cell.start..cell.end], cell.fault, &head.dialect)).0.into_owned()
}

/// By the reader that goes byte by byte.
fn read_carefully(data: &[u8], head: &Head) -> Records {
    let (mut records, mut cells, mut at) = (Records::new(), Vec::new(), head.data_start);
    while at < data.len() {
        let Read::Record { next } = careful::read(data, at, true, &head.dialect, &mut cells) else { panic!("a record that does not end") };
        records.push(cells.iter().map(|c| text(data, c, head)).collect());
        at = next;
    }
    records
}

/// By the index of 64 bytes at a time, as the checks walk it: it must take every record itself but a last one without a line end.
fn read_by_index(data: &[u8], head: &Head) -> Records {
    let mut tile = Tile::default();
    tile.fill(data, head.data_start, data.len(), true, &head.dialect, head.columns);
    assert_eq!(tile.next, data.len(), "the index stopped early");
    let cell = |row: &[u32], c: usize| Cell { start: row[c] as usize, end: row[c + 1] as usize - 1, fault: None };
    let mut records: Records =
        tile.boundaries.chunks(tile.stride).map(|row| (0..head.columns).map(|c| text(data, &cell(row, c), head)).collect()).collect();
    for special in &tile.specials {
        assert!(
            special.next as usize == data.len() && !data.ends_with(b"\n"),
            "the index left a record to the careful reader: {special:?}"
        );
        let mut cells = Vec::new();
        careful::read(data, special.start as usize, true, &head.dialect, &mut cells);
        records.push(cells.iter().map(|c| text(data, c, head)).collect());
    }
    records
}

/// The published records: an array of objects, or one object. All values are strings.
fn published(path: &Path) -> Vec<BTreeMap<String, String>> {
    let value: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let objects = match value {
        serde_json::Value::Array(objects) => objects,
        object => vec![object],
    };
    let pairs = |object: &serde_json::Value| {
        let members = object.as_object().unwrap().iter();
        members.map(|(k, v)| (k.clone(), v.as_str().expect("a string").to_owned())).collect()
    };
    objects.iter().map(pairs).collect()
}

#[test]
fn csv_spectrum_is_read_as_published() {
    let Some(root) = conformance("csv_spectrum_is_read_as_published") else { return };
    let files = names_in(&root.join("csv-spectrum/csvs"));
    assert!(files.len() >= 8, "only {files:?}");
    for file in files {
        let data = std::fs::read(root.join("csv-spectrum/csvs").join(&file)).unwrap();
        let expected = published(&root.join("csv-spectrum/json").join(file.replace(".csv", ".json")));
        let head = Head::read(&data, true, &DialectHints::default()).unwrap();
        for (way, records) in [("careful", read_carefully(&data, &head)), ("index", read_by_index(&data, &head))] {
            let names = head.names();
            let got: Vec<BTreeMap<String, String>> = records
                .into_iter()
                .map(|r| {
                    assert_eq!(r.len(), names.len(), "{file} read by {way}");
                    names.iter().map(|n| (*n).to_owned()).zip(r).collect()
                })
                .collect();
            assert_eq!(got, expected, "{file} read by {way}");
        }
    }
}

// ---- Frictionless

/// What a file needs beside itself, since its verdict is about more than its bytes.
struct Needs {
    path: &'static str,
    schema: Option<&'static str>,
    hints: fn() -> DialectHints,
    /// Told when the file fails.
    why: &'static str,
}

fn plain() -> DialectHints {
    DialectHints::default()
}

fn hash_comment() -> DialectHints {
    DialectHints { comment: Some(b'#'), ..DialectHints::default() }
}

const NESTED: &str = r#"{"fields": [{"name": "id", "type": "integer"}, {"name": "cat", "type": "integer"}, {"name": "name", "type": "string"}],
    "foreignKeys": [{"fields": "cat", "reference": {"resource": "", "fields": "id"}}]}"#;

const NEEDS: &[Needs] = &[
    Needs {
        path: "invalid/nested-invalid.csv",
        schema: Some(NESTED),
        hints: plain,
        why: "the verdict is about a reference from cat to id",
    },
    Needs { path: "valid/nested.csv", schema: Some(NESTED), hints: plain, why: "the same reference, here kept" },
    Needs {
        path: "valid/matrix-with-comment.csv",
        schema: None,
        hints: hash_comment,
        why: "upstream reads it with # as the sign of remarks",
    },
    Needs { path: "valid/skip-rows.csv", schema: None, hints: hash_comment, why: "upstream reads it with # as the sign of remarks" },
    Needs {
        path: "valid/skip-blank-at-the-end.csv",
        schema: None,
        hints: hash_comment,
        why: "upstream reads it with # as the sign of remarks",
    },
    Needs {
        path: "valid/dialect.csv",
        schema: None,
        hints: || DialectHints {
            delimiter: Some(b'|'),
            quote: Some(Some(b'#')),
            escape: Some(b'-'),
            double_quote: Some(false),
            ..DialectHints::default()
        },
        why: "upstream declares | between cells, # around them, and - before signs that are text",
    },
];

/// Files on which we do not give the published verdict, and why. A line that has become unnecessary fails the test.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "invalid/ascii-notvalid.csv",
        "the fault is only against a declared encoding of ASCII, which a user cannot declare; the bytes are sound UTF-8",
    ),
    ("invalid/issue-905/bad.csv", "the bytes are sound UTF-8: see the test about this file"),
    ("valid/countries.csv", "rows of 4, 5 and 1 cells under a remark: upstream keeps it to show how such a file is cleaned"),
    ("valid/dialect.csv", "## stands inside a cell that does not begin with #; we read it as text, as upstream does, and say so"),
];

fn verdict_of(root: &Path, path: &str) -> (bool, Vec<String>) {
    let needs = NEEDS.iter().find(|n| n.path == path);
    let plan = match needs.and_then(|n| n.schema) {
        Some(schema) => {
            let parsed = parse(schema.as_bytes(), "schema.json");
            assert!(parsed.findings.is_empty(), "{:?}", parsed.findings);
            StandardPlan::of_schemas("schema.json", "", vec![(String::new(), Vec::new(), Arc::new(parsed.schema.unwrap()))])
        }
        None => StandardPlan::unknown(),
    };
    let report = check(&Choice::Given(Arc::new(plan)), &[root.join(path)], false, needs.map_or_else(plain, |n| (n.hints)()));
    let errors: Vec<&Finding> = report.findings.stored().iter().filter(|f| f.severity == Severity::Error).collect();
    let lines = errors.iter().map(|f| render::short::line(&report, f)).collect();
    (report.findings.count(Severity::Error) == 0, lines)
}

#[test]
fn frictionless_tables_get_their_verdicts() {
    let Some(root) = conformance("frictionless_tables_get_their_verdicts") else { return };
    let root = root.join("frictionless");
    let mut verdicts: BTreeMap<String, bool> = BTreeMap::new();
    for (folder, valid) in [("valid", true), ("invalid", false), ("valid/package", true)] {
        for name in names_in(&root.join(folder)) {
            if [".csv", ".tsv"].iter().any(|e| name.ends_with(e)) {
                verdicts.insert(format!("{folder}/{name}"), valid);
            }
        }
    }
    // Tables as JSON, which are no descriptors.
    for name in ["table.json", "table.keyed.json", "table.jsonl", "table.ndjson"] {
        verdicts.insert(format!("valid/{name}"), true);
    }
    // Sound tables whose descriptors are at fault; see the notes beside the files.
    for path in [
        "invalid/issue-905/ok1.csv",
        "invalid/issue-905/ok2.csv",
        "invalid/geopoint/data/geopoint-object.csv",
        "invalid/packages-legacy/country-codes/data/country-codes.csv",
        "invalid/packages-legacy/country-list/data.csv",
        "invalid/packages-legacy/currency-codes/data/codes-all.csv",
    ] {
        verdicts.insert(path.to_owned(), true);
    }
    for row in crate::support::rows(&root.join("expected.csv")) {
        let path = &row["path"];
        // Descriptors are judged by the core's own tests.
        if path.ends_with(".csv") || path == "invalid/invalid.json" {
            verdicts.insert(path.clone(), row["verdict"] != "invalid");
        }
    }
    assert!(verdicts.len() > 60, "only {} files", verdicts.len());
    for path in NEEDS.iter().map(|n| n.path).chain(EXCEPTIONS.iter().map(|e| e.0)) {
        assert!(verdicts.contains_key(path), "{path} is in a table of this test, but not among the files");
    }
    let mut wrong = Vec::new();
    for (path, &valid) in &verdicts {
        let (clean, errors) = verdict_of(&root, path);
        let exception = EXCEPTIONS.iter().find(|e| e.0 == path);
        match (clean == valid, exception) {
            (true, None) | (false, Some(_)) => {}
            (false, None) => {
                let read = NEEDS.iter().find(|n| n.path == path).map_or(String::new(), |n| format!(" ({})", n.why));
                wrong.push(format!("{path} should be {}{read}: {errors:#?}", if valid { "valid" } else { "invalid" }));
            }
            (true, Some((_, why))) => wrong.push(format!("{path} needs no exception any more ({why})")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), verdicts.len(), wrong.join("\n"));
}

/// The verdict list takes `bad.csv` for a file in another encoding. It is UTF-8: the letter behind K is written as C4 81, which is \u{101}.
#[test]
fn the_file_said_to_be_in_another_encoding_is_utf8() {
    let Some(root) = conformance("the_file_said_to_be_in_another_encoding_is_utf8") else { return };
    let path = root.join("frictionless/invalid/issue-905/bad.csv");
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[8..14], *b"3,K\xc4\x81w");
    assert!(String::from_utf8(bytes).unwrap().contains("3,K\u{101}w"));
    let report = check(&Choice::Given(Arc::new(StandardPlan::unknown())), &[path], false, plain());
    assert_eq!(report.files[0].encoding, "utf-8");
}

/// A dataset with a descriptor: two tables, one of which refers to the other.
#[test]
fn a_described_package_is_checked_as_one() {
    let Some(root) = conformance("a_described_package_is_checked_as_one") else { return };
    let folder = root.join("frictionless/valid/package");
    let schema = folder.join("datapackage.json");
    let words = |data2: &Path| {
        let files = [folder.join("data.csv"), data2.to_owned()].map(|p| p.into_os_string());
        ["validate", "--format", "json", "--schema"]
            .map(Into::into)
            .into_iter()
            .chain([schema.clone().into_os_string()])
            .chain(files)
            .collect::<Vec<_>>()
    };
    let report = crate::support::run(words(&folder.join("data2.csv"))).ended_with(0).json();
    assert_eq!((report["valid"].clone(), report["counts"]["warning"].clone()), (true.into(), 0.into()), "{report:#}");
    // With one parent changed the reference leads nowhere.
    let changed = crate::support::Folder::new("described-package");
    let text = std::fs::read_to_string(folder.join("data2.csv")).unwrap();
    let data2 = changed.file("data2.csv", text.replacen("A5032", "A9999", 1));
    let report = crate::support::run(words(&data2)).ended_with(1).json();
    assert_eq!(report["causes"][0]["code"], "C402", "{report:#}");
}

// ---- LIVES and BLDS

/// One row of a verdict list, as we give it.
struct Verdict {
    path: &'static str,
    standard: &'static str,
    /// All codes of errors that are found.
    errors: &'static [&'static str],
    /// All codes of warnings that are found.
    warnings: &'static [&'static str],
}

const LIVES: &[Verdict] = &[
    Verdict { path: "valid/lexington-2016-03", standard: "lives@2.0", errors: &[], warnings: &[] },
    // No feed_info.csv.
    Verdict { path: "invalid/lexington-2015-10-no-feed-info", standard: "lives@2.0", errors: &["C214"], warnings: &[] },
    // No feed_info.csv; dates of seven digits, and of month 00; and, which the published reason leaves out, scores such as 83.0.
    Verdict {
        path: "invalid/lexington-2014-08-bad-dates",
        standard: "lives@2.0",
        errors: &["C214", "C302", "C303", "C311"],
        warnings: &[],
    },
    // Dates with a time; kinds of visits that are not in the list; a column that the standard does not have.
    Verdict {
        path: "invalid/san-francisco-flattened-4rows.csv",
        standard: "lives-flattened@2016",
        errors: &["C303", "C304"],
        warnings: &["C207"],
    },
];

#[test]
fn lives_feeds_get_their_verdicts_for_the_published_reasons() {
    let Some(root) = conformance("lives_feeds_get_their_verdicts_for_the_published_reasons") else { return };
    let root = root.join("lives");
    let listed = crate::support::rows(&root.join("expected.csv"));
    let judged = listed.iter().filter(|row| row["verdict"] != "convertible");
    assert_eq!(judged.clone().count(), LIVES.len(), "the list has other rows than this test");
    for row in judged {
        let verdict = LIVES.iter().find(|v| v.path == row["path"]).unwrap_or_else(|| panic!("{} is not in this test", row["path"]));
        assert_eq!(verdict.errors.is_empty(), row["verdict"] == "valid", "{}", verdict.path);
        let path = root.join(verdict.path);
        let folder = path.is_dir();
        let paths: Vec<PathBuf> = if folder { names_in(&path).iter().map(|n| path.join(n)).collect() } else { vec![path] };
        let report = check(&against(verdict.standard), &paths, folder, plain());
        let found = || render::render(&report, render::Format::Text, &render::Options::default());
        let set = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<BTreeSet<String>>();
        assert_eq!(codes(&report, Severity::Error), set(verdict.errors), "errors of {}: {}", verdict.path, found());
        assert_eq!(codes(&report, Severity::Warning), set(verdict.warnings), "warnings of {}: {}", verdict.path, found());
    }
}

/// The one published permit is JSON as a portal gives it. It is refused for the published reasons: no address fields under the names of the
/// standard, and dates with a time. That its numbers are texts is no fault: the standard was transcribed as a table, where every cell is text.
#[test]
fn the_permit_as_json_is_refused() {
    let Some(root) = conformance("the_permit_as_json_is_refused") else { return };
    let listed = crate::support::rows(&root.join("blds/expected.csv"));
    let [row] = &listed[..] else { panic!("the list has other rows than this test") };
    assert_eq!(row["verdict"], "invalid");
    let report = check(&against("blds@1.2"), &[root.join("blds").join(&row["path"])], false, plain());
    assert_eq!(codes(&report, Severity::Error), BTreeSet::from(["C206".to_owned(), "C303".to_owned()]));
}
