//! Every package's examples are tests. What they mean is in `standards/README.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Severity;
use concord_core::package::Package;
use concord_core::render::{self, Format};
use concord_core::report::Report;
use concord_core::session::Session;

use crate::support::{against, check, names_in, root};

/// The folder of a package in the source, and its reference.
fn packages() -> Vec<(PathBuf, &'static Package)> {
    let folder = |p: &Package| root().join(format!("standards/{}/{}/{}", p.manifest.tier, p.manifest.id, p.manifest.version));
    let packages: Vec<_> = concord_standards::catalog().all().map(|p| (folder(p), &**p)).collect();
    let manifests = concord_standards::files().iter().filter(|(path, _)| path.ends_with("/standard.toml"));
    assert_eq!(manifests.count(), packages.len(), "a package could not be loaded");
    packages
}

/// The examples of one kind: those that are a file, or a folder of files, in order of name.
fn examples(package: &Path, kind: &str) -> Vec<PathBuf> {
    let folder = package.join("examples").join(kind);
    let names = if folder.is_dir() { names_in(&folder) } else { Vec::new() };
    names.into_iter().filter(|n| !n.ends_with(".expected")).map(|n| folder.join(n)).collect()
}

fn report(package: &Package, example: &Path) -> Report {
    let paths = if example.is_dir() { names_in(example).iter().map(|n| example.join(n)).collect() } else { vec![example.to_owned()] };
    check(&against(&package.reference()), &paths, example.is_dir(), DialectHints::default())
}

fn short(report: &Report) -> String {
    render::render(report, Format::Short, &render::Options::default())
}

/// A line up to and with its code.
fn place_and_code(line: &str) -> &str {
    line.find(']').map_or(line, |end| &line[..=end])
}

/// The expected lines beside an example.
fn expected(example: &Path, name: &str) -> Vec<String> {
    let path = example.with_file_name(format!("{name}.expected"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().filter(|l| !l.trim().is_empty()).map(|l| place_and_code(l.trim_end()).to_owned()).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn valid_examples_give_no_error_and_no_warning() {
    let mut wrong = Vec::new();
    // Those whose schema is imported are checked where the official schema is at hand, in `xsd.rs`.
    for (folder, package) in packages().into_iter().filter(|(_, package)| !package.lacks_schema()) {
        let examples = examples(&folder, "valid");
        assert!(!examples.is_empty(), "{} has no valid example", package.reference());
        for example in examples {
            let report = report(package, &example);
            if report.findings.count(Severity::Error) + report.findings.count(Severity::Warning) > 0 {
                wrong.push(format!("{}\n{}", relative(&example), short(&report)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn invalid_examples_give_exactly_the_expected_findings() {
    let mut wrong = Vec::new();
    for (folder, package) in packages() {
        let examples = examples(&folder, "invalid");
        assert!(!examples.is_empty(), "{} has no invalid example", package.reference());
        let mut broken: BTreeSet<String> = BTreeSet::new();
        for example in examples {
            let name = example.file_stem().unwrap().to_string_lossy().into_owned();
            let expected = expected(&example, &name);
            assert!(!expected.is_empty(), "{} expects nothing", relative(&example));
            let report = report(package, &example);
            broken.extend(report.findings.stored().iter().map(|f| f.code.text().to_owned()));
            let text = short(&report);
            let got: Vec<&str> = text.lines().map(place_and_code).collect();
            if got != expected {
                let missing: Vec<&String> = expected.iter().filter(|e| !got.contains(&e.as_str())).collect();
                let extra: Vec<&str> = text.lines().filter(|l| !expected.iter().any(|e| e == place_and_code(l))).collect();
                let order = if missing.is_empty() && extra.is_empty() { format!("other order or count:\n{text}") } else { String::new() };
                wrong.push(format!("{}\n  missing {missing:#?}\n  unexpected {extra:#?}\n{order}", relative(&example)));
            }
        }
        let untested: Vec<String> =
            package.rules.iter().map(|r| format!("{}/{}", package.manifest.id, r.id)).filter(|code| !broken.contains(code)).collect();
        if !untested.is_empty() {
            wrong.push(format!("{}: no invalid example breaks {}", package.reference(), untested.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The checks of values, of records, and the standard's own rules among codes.
fn of_values(codes: &[String]) -> BTreeSet<&str> {
    codes.iter().map(String::as_str).filter(|c| !c.starts_with("C1") && !c.starts_with("C2")).collect()
}

/// A report names a check among those that ran whether or not it found something: so it names all that found something, and as many of them for a
/// file's header alone as for the file.
#[test]
fn codes_found_are_among_the_checks_run() {
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (folder, package) in packages() {
        let all = ["valid", "invalid"].iter().flat_map(|kind| examples(&folder, kind));
        for example in all {
            let report = report(package, &example);
            let run: BTreeSet<&str> = report.coverage.checks_run.iter().map(String::as_str).collect();
            for cause in report.findings.causes().iter().filter(|c| !run.contains(c.code.text())) {
                wrong.push(format!("{}: {} found something and is not among {run:?}", relative(&example), cause.code.text()));
            }
            // Of delimited text that is read as it stands, in UTF-8.
            let plain =
                example.is_file() && report.files.iter().all(|f| f.encoding == "utf-8" && f.dialect.iter().all(|(k, _)| *k != "form"));
            let bytes = if plain { std::fs::read(&example).unwrap() } else { Vec::new() };
            let header: Vec<u8> = bytes.split_inclusive(|b| *b == b'\n').next().unwrap_or_default().to_vec();
            // A header over several lines, or a file without one, says nothing.
            if header.iter().filter(|b| **b == b'"').count() % 2 == 1 || report.files.iter().any(|f| f.resource.is_empty()) {
                continue;
            }
            let mut session = Session::new(&relative(&example), against(&package.reference()), Default::default(), false);
            session.push(&header);
            let alone = session.finish();
            if alone.files[0].resource == report.files[0].resource {
                compared += 1;
                let (with, without) = (of_values(&report.coverage.checks_run), of_values(&alone.coverage.checks_run));
                if with != without {
                    let more: Vec<_> = with.symmetric_difference(&without).collect();
                    wrong.push(format!("{}: {more:?} depend on what the file holds", relative(&example)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 30, "{compared}");
}
