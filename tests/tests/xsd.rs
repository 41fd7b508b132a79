//! XML Schema: the published tests of schemas and documents, hostile inputs, and the verdicts of real standards' samples.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use concord_core::check::plan::StandardPlan;
use concord_core::check::xml::{SchemaFiles, XmlPlan};
use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Severity;
use concord_core::package::Package;
use concord_core::read::document::DocumentKind;
use concord_core::render::{self, Format};
use concord_core::report::Report;
use concord_core::session::Choice;
use concord_tests::xsd_corpus::{Case, Engine, Summary, lacks_files, libxml2, run_all, summary, xsts};
use concord_tests::xsd_ours::Ours;
use concord_tests::xsd_reference::Below;

use crate::support::{Folder, against, aloud, check, conformance, root, rows, run};

// ---- the tests of the W3C and of libxml2

/// Runs all cases through an engine, prints the agreement and writes the disagreements to `target/xsd/`.
fn agreement(name: &str, engine: &dyn Engine, files: &Path, cases: &[Case]) -> Summary {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let summary = summary(cases, &run_all(engine, files, cases, threads));
    let out = root().join("target/xsd");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join(format!("{name}.txt")), &summary.failures).unwrap();
    let total = summary.text.lines().find(|l| l.starts_with("ALL")).unwrap_or_default();
    aloud(&format!("{name}: {total}; disagreements in target/xsd/{name}.txt"));
    assert!(
        !summary.failures.contains("PANIC"),
        "{}",
        summary.failures.lines().filter(|l| l.contains("PANIC")).collect::<Vec<_>>().join("\n")
    );
    summary
}

fn cases(all: Vec<Case>, files: &Path) -> Vec<Case> {
    let cases: Vec<Case> = all.into_iter().filter(|c| !lacks_files(files, c)).collect();
    assert!(cases.len() > 100, "only {} cases", cases.len());
    cases
}

#[test]
fn xml_schema_agrees_with_the_tests_of_the_w3c() {
    let Some(folder) = conformance("xml_schema_agrees_with_the_tests_of_the_w3c").map(|c| c.join("xsts")) else { return };
    let files = folder.join("files");
    let cases = cases(xsts(&folder).unwrap(), &files);
    let reference = agreement("xsts-reference", &Below(files.clone()), &files, &cases);
    let ours = agreement("xsts", &Ours, &files, &cases);
    aloud(&ours.text);
    // The reference is here to notice when it, or this harness, changes.
    assert!(reference.schemas.share() >= 9_940 && reference.instances.share() >= 9_870, "{} {}", reference.schemas, reference.instances);
    assert!(ours.schemas.share() >= 9_900, "schemas {}", ours.schemas);
    assert!(ours.instances.share() >= 9_900, "documents {}", ours.instances);
}

#[test]
fn xml_schema_agrees_with_the_tests_of_libxml2() {
    let Some(folder) = conformance("xml_schema_agrees_with_the_tests_of_libxml2").map(|c| c.join("xsd-libxml2")) else { return };
    let files = folder.join("files");
    let cases = cases(libxml2(&folder).unwrap(), &files);
    agreement("libxml2-reference", &Below(files.clone()), &files, &cases);
    let ours = agreement("libxml2", &Ours, &files, &cases);
    assert!(ours.instances.share() >= 9_700 && ours.schemas.share() >= 9_300, "{}", ours.failures);
}

// ---- hostile inputs

/// Most memory in MB, and most time beyond that of an empty document.
const MEMORY: u64 = 100;
const TIME: Duration = Duration::from_secs(1);

/// The first element's name as it is written, by its looks alone.
fn first_element(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.as_ref();
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || "-_.:".contains(*c)).collect();
        if name.starts_with(|c: char| c.is_alphabetic()) && name.len() < 200 {
            return name;
        }
    }
    "x".to_owned()
}

/// Runs the command line; several times when the machine is slow, since only the best time tells of the input.
fn answered(words: &[&std::ffi::OsStr], name: &str, base: Duration) -> i32 {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let ran = run(words);
        assert!((0..=2).contains(&ran.status), "{name} ended with {}: {}", ran.status, ran.err);
        assert!(ran.peak / 1024 < MEMORY, "{name} took {} MB", ran.peak / 1024);
        assert!(!ran.text().contains("root:") && !ran.err.contains("root:"), "{name} shows another file");
        best = best.min(ran.time);
        if best < TIME + base {
            return ran.status;
        }
    }
    panic!("{name} took {best:?}");
}

#[test]
fn attacks_on_xml_are_answered_as_their_manifest_says() {
    let Some(folder) = conformance("attacks_on_xml_are_answered_as_their_manifest_says").map(|c| c.join("xml-attacks")) else { return };
    let scratch = Folder::new("xml-attacks");
    let word = std::ffi::OsStr::new;
    let plain = scratch.file("plain.xml", "<x>1</x>");
    let any = |name: &str| {
        let local = name.rsplit(':').next().unwrap_or(name);
        format!("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"{local}\"/></xs:schema>")
    };
    let schema = scratch.file("any.xsd", any("x"));
    run([word("validate"), word("--schema"), schema.as_os_str(), plain.as_os_str()]).ended_with(0);
    let base = run([word("validate"), word("--schema"), schema.as_os_str(), plain.as_os_str()]).time;
    let (mut wrong, mut count) = (Vec::new(), 0);
    for row in rows(&folder.join("manifest.csv")) {
        let (file, expected) = (&row["file"], row["expected"].as_str());
        let path = folder.join(file);
        if file.starts_with("json/") || file.ends_with(".ent") || file.ends_with(".dtd") {
            continue;
        }
        count += 1;
        let status = if file.ends_with(".xsd") {
            answered(&[word("standards"), word("check"), path.as_os_str()], file, base)
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let own = path.with_extension("xsd");
            let facets = folder.join("xsd/decimal-facets.xsd");
            let schema = match file.as_str() {
                "xsd/decimal-exact.xml" => facets,
                _ if own.is_file() => own,
                _ => scratch.file("any.xsd", any(&first_element(&bytes))),
            };
            // As rows, nothing is promised but an answer.
            answered(&[word("validate"), word("--standard"), word("lives"), path.as_os_str()], file, base);
            answered(&[word("validate"), word("--schema"), schema.as_os_str(), path.as_os_str()], file, base)
        };
        let expected = if file == "xsd/regex-catastrophic.xml" { "reject" } else { expected };
        let fits = match expected {
            "reject" => status == 1,
            "accept" => status == 0,
            _ => true,
        };
        if !fits {
            wrong.push(format!("{file}: {expected} was wanted, the status is {status}"));
        }
    }
    assert!(count > 70, "only {count} inputs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// ---- samples of real standards

/// All schema files below a folder, by path from it.
fn schemas_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if path.extension().is_some_and(|e| e == "xsd") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(folder, folder, &mut files);
    files
}

/// The choice of a bare schema: a document of a folder.
fn bare(folder: &Path, root: &str) -> Choice {
    let files = schemas_below(folder).into_iter().map(|(name, bytes)| (name, Arc::from(bytes))).collect();
    let plan = XmlPlan::of_schema(root, SchemaFiles { roots: vec![root.to_owned()], files, digest: String::new() });
    let errors: Vec<_> = plan.compiled().findings.iter().filter(|f| f.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{root}: {errors:#?}");
    let documents: Vec<Arc<dyn DocumentKind>> = vec![Arc::new(plan)];
    Choice::Given(Arc::new(StandardPlan { documents, ..StandardPlan::of_schemas(root, "", Vec::new()) }))
}

fn report(choice: &Choice, path: &Path) -> Report {
    check(choice, &[path.to_owned()], false, DialectHints::default())
}

fn short(report: &Report) -> String {
    render::render(report, Format::Short, &render::Options::default())
}

/// The schema of a sample: the folder that holds it with all it imports, and its path there.
fn schema_of(set: &str, file: &str, reason: &str, bytes: &[u8]) -> Option<(&'static str, String)> {
    let named = reason.split("schema ").nth(1).map(|r| r.split([';', ' ']).next().unwrap_or_default().to_owned());
    let begins = |words: &str| file.rsplit('/').next().unwrap_or_default().starts_with(words);
    let root = String::from_utf8_lossy(bytes).into_owned();
    Some(match set {
        "cap" if begins("cap11") => ("cap/schema", "CAP-v1.1.xsd".to_owned()),
        "cap" if begins("edxlde") => ("cap/schema/feed", "edxlde-1_0.xsd".to_owned()),
        "cap" => ("cap/schema", "CAP-v1.2.xsd".to_owned()),
        "niem" if file.contains("5.0") => ("niem/crashdriver-5.0/xsd", "extension/CrashDriver.xsd".to_owned()),
        "niem" if file.contains("6.0") => ("niem/crashdriver-6.0/message.xsd", "CrashDriver.xsd".to_owned()),
        "niem" => ("niem/niemtran", named?.trim_start_matches("niemtran/").to_owned()),
        "nibrs" if begins("4.2") => ("nibrs/iepd-4.2rc2/base-xsd", "nibrs/4.2/nibrs.xsd".to_owned()),
        "nibrs" => ("nibrs/iepd-2019.1/base-xsd", "nibrs/2019/nibrs.xsd".to_owned()),
        "nemsis" => {
            let which = ["EMSDataSet", "DEMDataSet", "StateDataSet"].into_iter().find(|r| root.contains(&format!("<{r}")))?;
            ("nemsis/xsd", format!("{which}_v3.xsd"))
        }
        "edxl" => ("edxl/de-1.0", named?.trim_start_matches("de-1.0/").to_owned()),
        "elections" => ("elections/vip", named?.trim_start_matches("vip/").to_owned()),
        _ => return None,
    })
}

#[test]
fn samples_of_standards_get_their_published_verdict() {
    let Some(folder) = conformance("samples_of_standards_get_their_published_verdict") else { return };
    let mut choices: BTreeMap<(&str, String), Choice> = BTreeMap::new();
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for set in ["cap", "niem", "nibrs", "nemsis", "edxl", "elections"] {
        for row in rows(&folder.join(set).join("manifest.csv")) {
            let (file, expected) = (row["file"].as_str(), row["expected"].as_str());
            let is_xml = [".xml", ".cap", ".edxlde"].iter().any(|end| file.ends_with(end));
            if row["class"] != "sample" || expected.is_empty() || !is_xml {
                continue;
            }
            let path = folder.join(set).join(file);
            let bytes = std::fs::read(&path).unwrap();
            let Some(schema) = schema_of(set, file, &row["reason"], &bytes) else { panic!("{set}/{file}: which schema?") };
            let choice = choices.entry(schema.clone()).or_insert_with(|| bare(&folder.join(schema.0), &schema.1));
            // Rules beside the schema are not the schema's.
            let valid = expected.starts_with("valid") || ["business-rule", "schematron"].contains(&row["layer"].as_str());
            let report = report(choice, &path);
            *counts.entry(set).or_default() += 1;
            if (report.findings.count(Severity::Error) == 0) != valid {
                wrong.push(format!("{set}/{file} should be {expected}:\n{}", short(&report)));
            }
        }
    }
    aloud(&format!("samples of standards at the layer of the schema: {counts:?}"));
    assert!(counts.len() == 6 && counts.values().sum::<usize>() > 70, "{counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn answers_of_service_request_servers_get_their_published_verdict() {
    let Some(folder) = conformance("answers_of_service_request_servers_get_their_published_verdict").map(|c| c.join("open311")) else {
        return;
    };
    let (choice, mut count, mut wrong) = (against("open311@2"), 0, Vec::new());
    for row in rows(&folder.join("expected.csv")).into_iter().filter(|row| row["path"].ends_with(".xml")) {
        let report = report(&choice, &folder.join(&row["path"]));
        assert_eq!(report.files[0].resource, "answer", "{}", row["path"]);
        count += 1;
        if (report.findings.count(Severity::Error) == 0) != (row["verdict"] == "valid") {
            wrong.push(format!("{} should be {}:\n{}", row["path"], row["verdict"], short(&report)));
        }
    }
    assert!(count > 10, "only {count} answers");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A package with the official schema of the conformance folder.
fn supplied(reference: &str, folder: &Path) -> Package {
    let mut package = Package::clone(concord_standards::catalog().find(reference).unwrap());
    assert!(package.lacks_schema());
    let missing = package.supply(&schemas_below(folder));
    assert!(missing.is_empty() && !package.lacks_schema(), "{reference} misses {missing:?}");
    package
}

#[test]
fn packages_judge_samples_as_the_official_schemas_do() {
    let Some(folder) = conformance("packages_judge_samples_as_the_official_schemas_do") else { return };
    let given = |package: &Package| Choice::Given(Arc::new(StandardPlan::of_package(package)));
    let choices = [
        ("cap", against("cap@1.2")),
        ("nibrs", given(&supplied("nibrs@2019.1", &folder.join("nibrs/iepd-2019.1")))),
        ("nemsis", given(&supplied("nemsis@3.5.1", &folder.join("nemsis/xsd")))),
    ];
    let mut wrong = Vec::new();
    for (set, choice) in &choices {
        let (mut count, mut beside) = (0, 0);
        for row in rows(&folder.join(set).join("manifest.csv")) {
            let (file, expected) = (row["file"].as_str(), row["expected"].as_str());
            let other = ["/cap11", "/edxlde", "/4.2-", ".txt"].iter().any(|w| file.contains(w));
            if row["class"] != "sample" || expected.is_empty() || other {
                continue;
            }
            let valid = expected.starts_with("valid") || ["business-rule", "schematron"].contains(&row["layer"].as_str());
            let report = report(choice, &folder.join(set).join(file));
            count += 1;
            // The rules of a standard beside its schema have codes of their own.
            let of_rule = |code: &str| code.contains('/');
            let errors = report.findings.causes().iter().filter(|c| c.severity == Severity::Error && !of_rule(c.code.text())).count();
            if (errors == 0) != valid {
                wrong.push(format!("{set}/{file} should be {expected}:\n{}", short(&report)));
            }
            // Those of alerts are all here; a sample that meets them is told nothing at error level.
            if *set == "cap" {
                let breaks_a_rule = row["layer"] == "business-rule";
                beside += usize::from(breaks_a_rule);
                let told = report.findings.causes().iter().any(|c| c.severity == Severity::Error && of_rule(c.code.text()));
                if valid && told != breaks_a_rule {
                    wrong.push(format!("{set}/{file} should {}break a rule:\n{}", if breaks_a_rule { "" } else { "not " }, short(&report)));
                }
            }
        }
        assert!(count > 8 && (*set != "cap" || beside == 3), "{set} has only {count} samples, {beside} of them of rules");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn examples_of_packages_whose_schema_is_imported_are_valid() {
    let Some(folder) = conformance("examples_of_packages_whose_schema_is_imported_are_valid") else { return };
    let mut taken = BTreeSet::new();
    for (reference, schema) in [("nibrs@2019.1", "nibrs/iepd-2019.1"), ("nemsis@3.5.1", "nemsis/xsd")] {
        let package = supplied(reference, &folder.join(schema));
        let examples = root().join(format!("standards/national/{}/{}/examples/valid", package.manifest.id, package.manifest.version));
        let choice = Choice::Given(Arc::new(StandardPlan::of_package(&package)));
        for entry in std::fs::read_dir(&examples).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let report = report(&choice, &path);
            let (errors, warnings) = (report.findings.count(Severity::Error), report.findings.count(Severity::Warning));
            assert!(errors + warnings == 0, "{}", short(&report));
            taken.insert(reference);
        }
    }
    let all: BTreeSet<String> = concord_standards::catalog().all().filter(|p| p.lacks_schema()).map(|p| p.reference()).collect();
    assert_eq!(all, taken.into_iter().map(str::to_owned).collect());
}

// ---- the command line

#[test]
fn schemas_are_imported_and_used() {
    let Some(folder) = conformance("schemas_are_imported_and_used") else { return };
    let scratch = Folder::new("xsd-import");
    let data = scratch.path("data");
    let concord = |words: &[&str]| {
        let mut command = std::process::Command::new(crate::support::concord());
        command.args(words).env("CONCORD_DATA", &data);
        crate::support::run_command(command, None)
    };
    let sample = folder.join("nibrs/samples/valid/2019.1-nibrs_ZeroReport_Sample.xml");
    let sample = sample.to_str().unwrap();
    let before = concord(&["validate", sample]).ended_with(1);
    assert!(before.text().contains("C962") && before.text().contains("concord standards import"), "{}", before.text());
    let wrong = concord(&["standards", "import", folder.join("nemsis/xsd").to_str().unwrap(), "--as", "nibrs"]).ended_with(2);
    assert!(wrong.err.contains("nibrs/2019/nibrs.xsd"), "{}", wrong.err);
    let official = folder.join("nibrs/iepd-2019.1");
    for _ in 0..2 {
        let done = concord(&["standards", "import", official.to_str().unwrap(), "--as", "nibrs@2019.1"]).ended_with(0);
        assert!(done.text().contains("schema files imported, sha256:"), "{}", done.text());
    }
    let after = concord(&["validate", sample, "--format", "json"]).ended_with(0).json();
    assert_eq!((after["standard"]["id"].as_str(), after["files"][0]["resource"].as_str()), (Some("nibrs"), Some("submission")));
    assert!(after["coverage"]["checks_run"].to_string().contains("compiled"), "{after}");
    // A schema that was changed is not trusted.
    let held = data.join("schemas/nibrs/2019.1");
    let name = std::fs::read_to_string(held.join("current")).unwrap();
    let mut files = vec![held.join(name.trim())];
    let first = loop {
        let path = files.pop().unwrap();
        if path.is_file() {
            break path;
        }
        files.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
    };
    let mut bytes = std::fs::read(&first).unwrap();
    bytes.push(b'\n');
    std::fs::write(&first, bytes).unwrap();
    let changed = concord(&["validate", sample, "--standard", "nibrs"]).ended_with(2);
    assert!(changed.err.contains("import them again"), "{}", changed.err);
}

#[test]
fn schemas_of_the_users_own_with_imports() {
    let folder = Folder::new("xsd-own");
    std::fs::create_dir_all(folder.path("parts")).unwrap();
    let main = |location: &str| {
        format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:p=\"urn:p\"><xs:import namespace=\"urn:p\"{location}/>\
             <xs:element name=\"a\"><xs:complexType><xs:sequence><xs:element ref=\"p:b\" maxOccurs=\"9\"/></xs:sequence></xs:complexType></xs:element></xs:schema>"
        )
    };
    let part = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:p\"><xs:element name=\"b\" type=\"xs:int\"/></xs:schema>";
    let beside = folder.file("beside.xsd", main(" schemaLocation=\"parts/part.xsd\""));
    let bare = folder.file("bare.xsd", main(""));
    let gone = folder.file("gone.xsd", main(" schemaLocation=\"http://127.0.0.1:9/part.xsd\""));
    let part = folder.file("parts/part.xsd", part);
    let file = folder.file("a.xml", "<a xmlns:p=\"urn:p\">\n<p:b>1</p:b>\n<p:b>one</p:b></a>");
    let path = |p: &Path| p.to_str().unwrap().to_owned();
    for schemas in [vec![&beside], vec![&bare, &part], vec![&part, &bare]] {
        let mut words = vec!["validate".to_owned(), path(&file), "--format".to_owned(), "short".to_owned()];
        schemas.iter().for_each(|s| words.extend(["--schema".to_owned(), path(s)]));
        let text = run(words).ended_with(1).text();
        assert!(text.starts_with("a.xml:3:1: error[C330]") && text.lines().count() == 1, "{text}");
    }
    let said = run(["validate".to_owned(), path(&file), "--schema".to_owned(), path(&gone)]).ended_with(2).err;
    assert!(said.contains("http://127.0.0.1:9/part.xsd") && said.contains("not among the files"), "{said}");
    let said = run(["standards".to_owned(), "check".to_owned(), path(&beside)]).ended_with(0).text();
    assert!(said.contains("C964"), "{said}");
    let said = run(["standards".to_owned(), "check".to_owned(), path(&gone)]).ended_with(1).text();
    assert!(said.contains("C961"), "{said}");
}
