//! Where things are, and how the programs are built and run.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use concord_core::check::dataset::{Dataset, Options, Start};
use concord_core::check::plan::StandardPlan;
use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Severity;
use concord_core::read::{Intake, ReadOptions};
use concord_core::report::Report;
use concord_core::session::{Choice, Feed};
use serde_json::Value;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Says something even when the test passes; the harness swallows what `eprintln!` says.
pub(crate) fn aloud(words: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{words}");
}

/// The folder of real files and published verdicts; `None`, said aloud, when it is not there.
pub(crate) fn conformance(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CONCORD_CONFORMANCE").map_or_else(|| root().join("../shared/conformance"), PathBuf::from);
    if folder.join("frictionless").is_dir() {
        return Some(folder);
    }
    aloud(&format!("conformance files not found at {}: {test} had nothing to check (set CONCORD_CONFORMANCE)", folder.display()));
    None
}

/// The folder of built programs: `target/debug`, say, or the one of the profile that `CONCORD_PROFILE` names.
fn built() -> PathBuf {
    // The test itself is in `deps` below it.
    let own = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    match std::env::var_os("CONCORD_PROFILE") {
        Some(profile) => own.parent().unwrap().join(profile),
        None => own,
    }
}

/// Whether the programs that are run are as they are shipped, and must be as quick as promised.
pub(crate) fn shipped() -> bool {
    built().file_name().is_some_and(|name| name == "release")
}

/// Builds a program of the workspace, so that what is tested is never an old one, and gives its path.
fn program(package: &str, name: &str) -> Result<PathBuf, String> {
    let built = built();
    let path = built.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let profile = match built.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(["build", "--quiet", "--package", package, "--bin", name, "--profile", profile]);
    command.arg("--target-dir").arg(built.parent().unwrap());
    match command.output() {
        Ok(done) if done.status.success() => Ok(path),
        Ok(done) => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
        // Without cargo the program that stands there has to do.
        Err(_) if path.is_file() => Ok(path),
        Err(e) => Err(e.to_string()),
    }
}

/// The command line tool.
pub(crate) fn concord() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| program("concord", "concord").unwrap_or_else(|e| panic!("concord cannot be built: {e}")))
}

/// The registry server; `None` when the workspace has none.
pub(crate) fn registry() -> Option<&'static Path> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = PATH.get_or_init(|| {
        let manifest = std::fs::read_to_string(root().join("registry-server/Cargo.toml")).unwrap();
        let has = root().join("registry-server/src/main.rs").is_file() || manifest.contains("[[bin]]");
        let name = manifest.lines().find_map(|l| l.strip_prefix("name = \"")).and_then(|l| l.strip_suffix('"')).unwrap();
        has.then(|| program(name, "concord-registry").unwrap_or_else(|e| panic!("concord-registry cannot be built: {e}")))
    });
    found.as_deref()
}

/// What a run of a program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
    /// Highest resident memory in KiB; 0 where the system does not tell.
    pub(crate) peak: u64,
    pub(crate) time: Duration,
}

impl Ran {
    /// The standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.out.clone()).expect("the output is UTF-8")
    }

    /// The standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|e| panic!("{e} in {}\n{}", self.text(), self.err))
    }

    /// Whether it took no longer than a hostile file may: 2 s with the programs as they are shipped; others are not held to it.
    pub(crate) fn in_time(&self) -> bool {
        !shipped() || self.time < Duration::from_secs(2)
    }

    /// Fails with all that was said when the status is another.
    #[track_caller]
    pub(crate) fn ended_with(self, status: i32) -> Ran {
        let out = String::from_utf8_lossy(&self.out);
        let out: String = out.chars().take(4000).collect();
        assert_eq!(self.status, status, "status\n--- out\n{out}\n--- err\n{}", self.err);
        self
    }
}

/// Longest that any run may take; a program that hangs is ended, and the test fails.
const PATIENCE: Duration = Duration::from_secs(100);

/// Runs `concord` with these words.
pub(crate) fn run<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Ran {
    let mut command = Command::new(concord());
    command.args(words);
    run_command(command, None)
}

/// Runs `concord` with these words and bytes on its standard input.
pub(crate) fn run_with<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>, input: Vec<u8>) -> Ran {
    let mut command = Command::new(concord());
    command.args(words);
    run_command(command, Some(input))
}

/// Runs a command to its end.
pub(crate) fn run_command(command: Command, input: Option<Vec<u8>>) -> Ran {
    run_to_end(command, input.map(|bytes| move |pipe: &mut ChildStdin| pipe.write_all(&bytes)))
}

/// Runs a command to its end whose standard input is written as it reads, so that it may be longer than memory.
pub(crate) fn run_fed(command: Command, feed: impl FnOnce(&mut ChildStdin) -> std::io::Result<()> + Send) -> Ran {
    run_to_end(command, Some(feed))
}

fn run_to_end(mut command: Command, input: Option<impl FnOnce(&mut ChildStdin) -> std::io::Result<()> + Send>) -> Ran {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = format!("{command:?}");
    let start = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{shown}: {e}"));
    let drain = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).map(|_| bytes)
        })
    };
    let out = drain(Box::new(child.stdout.take().unwrap()));
    let err = drain(Box::new(child.stderr.take().unwrap()));
    let mut peak = 0;
    let pipe = child.stdin.take();
    let status = std::thread::scope(|scope| {
        if let (Some(mut pipe), Some(feed)) = (pipe, input) {
            // A program that has read enough closes its end, which is no fault.
            scope.spawn(move || drop(feed(&mut pipe)));
        }
        loop {
            peak = memory(&child).max(peak);
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{shown} did not end within {} seconds", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    });
    let time = start.elapsed();
    let out = out.join().unwrap().unwrap();
    let err = String::from_utf8_lossy(&err.join().unwrap().unwrap()).into_owned();
    let status = status.code().unwrap_or_else(|| panic!("{shown} was ended by a signal: {err}"));
    assert!(!err.contains("panicked at"), "{shown} panicked: {err}");
    Ran { status, out, err, peak, time }
}

/// The most memory that a process has had so far, in KiB; 0 where the system does not tell.
fn memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// A folder of a test's own, empty at first and removed at the end unless the test fails.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// Path of something in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file in it.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Checks files as one job, the way the shells do.
pub(crate) fn check(choice: &Choice, paths: &[PathBuf], as_dataset: bool, hints: DialectHints) -> Report {
    let read = choice.reading(ReadOptions::default());
    let options = Options { hints, read, ..Options::default() };
    let files: Vec<Vec<u8>> = paths.iter().map(|p| std::fs::read(p).unwrap()).collect();
    let name = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().into_owned();
    let mut intakes: Vec<Option<Intake>> =
        paths.iter().zip(&files).map(|(p, bytes)| Some(Intake::of_bytes(&name(p), bytes, true, &options.read))).collect();
    let starts: Vec<Start<'_>> = intakes.iter().flatten().map(Intake::start).collect();
    let mut dataset = Dataset::open(choice.decide(&starts, &options), &starts, as_dataset, options.clone());
    drop(starts);
    for index in dataset.reading_order() {
        if let Some(feed) = Feed::open(&mut dataset, index, intakes[index].take().unwrap()) {
            feed.finish(&mut dataset, index);
        }
        dataset.describe(index, files[index].len() as u64, None);
    }
    dataset.finish()
}

/// The codes of all findings of a severity.
pub(crate) fn codes(report: &Report, severity: Severity) -> BTreeSet<String> {
    report.findings.causes().iter().filter(|c| c.severity == severity).map(|c| c.code.text().to_owned()).collect()
}

/// The choice of a standard that is embedded.
pub(crate) fn against(reference: &str) -> Choice {
    Choice::Given(Arc::new(StandardPlan::of_package(concord_standards::catalog().find(reference).unwrap())))
}

/// The names in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The rows of a CSV file by the names in its header.
pub(crate) fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    reader.records().map(|r| names.iter().cloned().zip(r.unwrap().iter().map(str::to_owned)).collect()).collect()
}

/// Numbers that look random and are the same on every run (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to, not including, `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}
