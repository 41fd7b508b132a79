//! The published tests of XML Schema, run through any engine: what a schema and a document should be, and what the engine says.
//!
//! An engine is two small traits, so that the one that ships and the reference are held against the same tests.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A schema document by its name: a path below the folder of the tests.
pub type Named = (String, Vec<u8>);

/// Gives another document: base name, `schemaLocation`, namespace.
pub type Resolve<'r> = dyn FnMut(&str, &str, Option<&str>) -> Option<Named> + 'r;

/// Compiles schemas of XML Schema 1.0.
pub trait Engine: Sync {
    /// Compiles the documents together; otherwise what is wrong with them.
    fn compile(&self, roots: &[Named], resolve: &mut Resolve<'_>) -> Result<Box<dyn Compiled>, Vec<String>>;
}

/// A compiled schema.
pub trait Compiled {
    /// What is wrong with a document.
    fn validate(&self, bytes: &[u8]) -> Vec<String>;
}

/// A test.
#[derive(Debug, Clone)]
pub struct Case {
    /// What its results are counted under.
    pub set: String,
    /// Its name.
    pub name: String,
    /// The schema's documents, below the folder.
    pub schemas: Vec<String>,
    /// The document; `None` when only the schema is tested.
    pub instance: Option<String>,
    /// Whether it should be valid.
    pub valid: bool,
    /// Whether the document's own `schemaLocation` belongs to the test: the tests of the W3C rely on it here and there.
    pub hints: bool,
}

/// How a test went.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Whether the engine agrees.
    pub agrees: bool,
    /// What it found, or how it failed.
    pub said: String,
    /// How long compiling and checking took.
    pub took: Duration,
}

/// The tests of the W3C for processors of XML Schema 1.0. `folder` holds `tests.csv` and `files/`.
pub fn xsts(folder: &Path) -> Result<Vec<Case>, String> {
    let rows = rows(&folder.join("tests.csv"))?;
    let mut schemas: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|r| r["kind"] == "schema") {
        schemas.insert((row["testset"].clone(), row["group"].clone()), row["documents"].split(';').map(str::to_owned).collect());
    }
    let mut cases = Vec::new();
    for row in &rows {
        let valid = match row["expected_1_0"].as_str() {
            "valid" => true,
            "invalid" => false,
            _ => continue,
        };
        let set = row["testset"].rsplit('/').next().unwrap_or_default().trim_end_matches(".testSet").to_owned();
        let documents: Vec<String> = row["documents"].split(';').map(str::to_owned).collect();
        let set = format!("{} {set}", row["contributor"]);
        if row["kind"] == "schema" {
            cases.push(Case { set, name: row["test"].clone(), schemas: documents, instance: None, valid, hints: true });
        } else {
            let of_group = schemas.get(&(row["testset"].clone(), row["group"].clone())).cloned().unwrap_or_default();
            for document in documents {
                let (set, name) = (set.clone(), row["test"].clone());
                cases.push(Case { set, name, schemas: of_group.clone(), instance: Some(document), valid, hints: true });
            }
        }
    }
    Ok(cases)
}

/// The regression tests of libxml2, with the verdict that it records. A schema that it refuses is a test of the schema alone.
pub fn libxml2(folder: &Path) -> Result<Vec<Case>, String> {
    let rows = rows(&folder.join("tests.csv"))?;
    let case = |row: &BTreeMap<String, String>| {
        let expected = row["expected"].as_str();
        let (schemas, name) = (vec![row["schema"].clone()], format!("{} {}", row["schema"], row["instance"]));
        let instance = (expected != "schema-invalid").then(|| row["instance"].clone());
        Case { set: "libxml2".to_owned(), name, schemas, instance, valid: expected == "valid", hints: false }
    };
    Ok(rows.iter().map(case).collect())
}

/// The rows of a CSV file by its header.
pub fn rows(path: &Path) -> Result<Vec<BTreeMap<String, String>>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let names = reader.headers().map_err(|e| e.to_string())?.clone();
    let row = |record: csv::StringRecord| names.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect();
    reader.records().map(|record| record.map(row).map_err(|e| e.to_string())).collect()
}

/// `location` from `base`, both below a folder; `None` for an address elsewhere, and for what would leave the folder.
pub fn relative(base: &str, location: &str) -> Option<String> {
    if location.contains("://") || location.starts_with('/') || location.is_empty() {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for component in Path::new(location).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(parts.join("/"))
}

/// Documents below a folder, for an engine that asks for them.
pub fn resolver(folder: &Path) -> impl FnMut(&str, &str, Option<&str>) -> Option<Named> {
    let folder = folder.to_owned();
    move |base, location, _| {
        let name = relative(base, location)?;
        let bytes = std::fs::read(folder.join(&name)).ok()?;
        Some((name, bytes))
    }
}

/// Documents that the instance names by `schemaLocation` and that are not among the schema's. The tests of the W3C rely on them here and
/// there; a validator must not follow them by itself, so the test hands them over.
fn hinted(folder: &Path, case: &Case, instance: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(&instance[..instance.len().min(4096)]).into_owned();
    let base = case.instance.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    for attribute in ["noNamespaceSchemaLocation", "schemaLocation"] {
        let mut rest = text.as_str();
        while let Some(at) = rest.find(&format!(":{attribute}")) {
            rest = &rest[at + 1 + attribute.len()..];
            let value = rest.trim_start().trim_start_matches('=').trim_start();
            let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some((value, _)) = value[1..].split_once(quote) else { continue };
            let words: Vec<&str> = value.split_whitespace().collect();
            let step = if attribute == "schemaLocation" { 2 } else { 1 };
            for location in words.iter().skip(step - 1).step_by(step) {
                let Some(name) = relative(base, location) else { continue };
                if !case.schemas.contains(&name) && !found.contains(&name) && folder.join(&name).is_file() {
                    found.push(name);
                }
            }
        }
    }
    found
}

/// Whether a schema redefines, includes or imports a file that the collection lacks. It holds only `.xsd` and `.xml` files, and some tests
/// name others (`.red`, `.imp`, `.xsdmod`): of those nothing can be said.
pub fn lacks_files(folder: &Path, case: &Case) -> bool {
    case.schemas.iter().any(|name| {
        let text = String::from_utf8_lossy(&std::fs::read(folder.join(name)).unwrap_or_default()).into_owned();
        let locations = text.split("schemaLocation").skip(1).filter_map(|rest| {
            let value = rest.trim_start().strip_prefix('=')?.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            value[1..].split_once(quote).map(|(value, _)| value)
        });
        let mut others = locations.filter_map(|l| relative(name, l)).filter(|l| !l.ends_with(".xsd") && !l.ends_with(".xml"));
        others.any(|l| !folder.join(l).exists())
    })
}

/// Runs one test. A panic of the engine is a disagreement, and said.
pub fn run(engine: &dyn Engine, folder: &Path, case: &Case) -> Verdict {
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let read = |name: &String| std::fs::read(folder.join(name)).map(|bytes| (name.clone(), bytes)).map_err(|e| format!("{name}: {e}"));
        let instance = case.instance.as_ref().map(read).transpose()?;
        let mut names = case.schemas.clone();
        if let Some((_, bytes)) = instance.as_ref().filter(|_| case.hints) {
            names.extend(hinted(folder, case, bytes));
        }
        let roots = names.iter().map(read).collect::<Result<Vec<Named>, String>>()?;
        let compiled = engine.compile(&roots, &mut resolver(folder));
        Ok::<_, String>(match (compiled, instance) {
            (Err(faults), None) => (false, faults.join("; ")),
            (Ok(_), None) => (true, String::new()),
            // A document cannot be judged by a schema that did not compile, whatever was expected of it; unless the schema is only the
            // document's own, and that it is invalid is what the test is about.
            (Err(faults), Some(_)) => {
                (!case.valid && !case.schemas.is_empty(), format!("the schema does not compile: {}", faults.join("; ")))
            }
            (Ok(schema), Some((_, bytes))) => {
                let faults = schema.validate(&bytes);
                (faults.is_empty(), faults.join("; "))
            }
        })
    }));
    let took = started.elapsed();
    match outcome {
        Ok(Ok((valid, said))) => Verdict { agrees: valid == case.valid, said, took },
        Ok(Err(said)) => Verdict { agrees: false, said, took },
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            Verdict { agrees: false, said: format!("PANIC {}", said.unwrap_or_default()), took }
        }
    }
}

/// Runs tests on some threads; the verdicts are in the order of the cases.
pub fn run_all(engine: &dyn Engine, folder: &Path, cases: &[Case], threads: usize) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<Vec<Option<Verdict>>> = Mutex::new(vec![None; cases.len()]);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { return };
                    let verdict = run(engine, folder, case);
                    verdicts.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(verdict);
                }
            });
        }
    });
    let verdicts = verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
    verdicts.into_iter().flatten().collect()
}

/// Agreement of one kind of test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests on which the engine agrees.
    pub agrees: usize,
    /// All tests.
    pub all: usize,
}

impl Tally {
    fn add(&mut self, agrees: bool) {
        self.all += 1;
        self.agrees += usize::from(agrees);
    }

    /// Per ten thousand, rounded down.
    pub fn share(self) -> usize {
        (self.agrees * 10_000).checked_div(self.all).unwrap_or(10_000)
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} ({}.{:02} %)", self.agrees, self.all, self.share() / 100, self.share() % 100)
    }
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// Tests of schemas alone.
    pub schemas: Tally,
    /// Tests of documents.
    pub instances: Tally,
    /// A line for each set of tests, then the totals.
    pub text: String,
    /// A line for each disagreement: kind, set, name, what was expected, files, what the engine said.
    pub failures: String,
}

/// Counts verdicts.
pub fn summary(cases: &[Case], verdicts: &[Verdict]) -> Summary {
    let mut out = Summary::default();
    let mut sets: BTreeMap<&str, (Tally, Tally)> = BTreeMap::new();
    for (case, verdict) in cases.iter().zip(verdicts) {
        let set = sets.entry(&case.set).or_default();
        let (of_set, of_all) = if case.instance.is_some() { (&mut set.1, &mut out.instances) } else { (&mut set.0, &mut out.schemas) };
        of_set.add(verdict.agrees);
        of_all.add(verdict.agrees);
        if !verdict.agrees {
            let expected = if case.valid { "valid" } else { "invalid" };
            let kind = if case.instance.is_some() { "instance" } else { "schema" };
            let files = case.schemas.iter().chain(&case.instance).cloned().collect::<Vec<_>>().join(";");
            let said = if verdict.said.is_empty() { "no fault" } else { &verdict.said };
            let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
            let _ = writeln!(out.failures, "{kind}\t{}\t{}\texpected {expected}\t{files}\t{said}", case.set, case.name);
        }
    }
    for (set, (schemas, instances)) in &sets {
        let _ = writeln!(out.text, "{set:36} schemas {schemas:28} documents {instances}", schemas = schemas.to_string());
    }
    let _ = writeln!(out.text, "{:36} schemas {:28} documents {}", "ALL", out.schemas.to_string(), out.instances);
    let slow = cases.iter().zip(verdicts).filter(|(_, v)| v.took > Duration::from_secs(1));
    for (case, verdict) in slow {
        let _ = writeln!(out.text, "slow: {} {} took {} ms", case.set, case.name, verdict.took.as_millis());
    }
    out
}

/// A run from the command line, for those who write an engine: `[xsts|libxml2] [WORD]` runs the tests whose set, name or files hold the
/// word, and writes the disagreements to `failures`. Gives the exit status.
pub fn main(engine: &dyn Engine, conformance: &Path, failures: &Path) -> u8 {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let libxml = words.first().is_some_and(|w| w == "libxml2");
    let word = words.iter().find(|w| !["xsts", "libxml2", "reference"].contains(&w.as_str())).cloned().unwrap_or_default();
    let folder: PathBuf = conformance.join(if libxml { "xsd-libxml2" } else { "xsts" });
    let cases = match if libxml { libxml2(&folder) } else { xsts(&folder) } {
        Ok(cases) => cases,
        Err(error) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{error}\n").as_bytes());
            return 2;
        }
    };
    let named =
        |c: &Case| c.set.contains(&word) || c.name.contains(&word) || c.schemas.iter().chain(&c.instance).any(|f| f.contains(&word));
    let files = folder.join("files");
    let cases: Vec<Case> = cases.into_iter().filter(named).filter(|c| !lacks_files(&files, c)).collect();
    let verdicts = run_all(engine, &files, &cases, std::thread::available_parallelism().map_or(1, usize::from));
    let summary = summary(&cases, &verdicts);
    let wrote = std::fs::write(failures, &summary.failures);
    let mut text = summary.text;
    if cases.len() < 40 {
        text.push_str(&summary.failures);
    }
    let _ = writeln!(text, "disagreements: {}{}", failures.display(), if wrote.is_err() { " (could not be written)" } else { "" });
    let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
    u8::from(!summary.failures.is_empty())
}
