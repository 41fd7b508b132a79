//! `bench-run --programs FOLDER --data FOLDER --results FOLDER [--rounds N] [--rows N] [--peers [FOLDER]]`: runs everything round by
//! round, checks that the work done is right, and tells medians and ratios to the floor. `cargo xtask bench` builds and starts it.
//!
//! What is measured is the whole process: wall time, processor time of program and system, and the largest resident memory, as the
//! system counts them. The programs take turns (A B C, A B C, …), and each ratio is taken within one round, so that what else the
//! machine does falls on all alike.

#![allow(clippy::print_stderr, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use concord_bench::measure::{Run, host_kind, machine, measure, median, today};
use concord_bench::{FAULTS, FAULTS_OF_RECORDS, asked};

/// Counts of findings by column and code.
type Counts = BTreeMap<(String, String), u64>;

/// What is asked for.
struct Asked {
    common: asked::Asked,
    peers: Option<PathBuf>,
}

/// One thing that is measured.
struct Entry {
    name: String,
    words: Vec<String>,
    /// Index of the entry it is measured against; its own for a floor.
    floor: usize,
    /// Exit status of a right run.
    status: i32,
    bytes: u64,
    rows: u64,
    check: Check,
    runs: Vec<Run>,
}

/// What a right run leaves behind.
enum Check {
    /// So many rows on the standard output, before the cells.
    Rows(u64),
    /// A text that says that one document meets its schema.
    Document,
    /// Its status alone.
    Status,
    /// A JSON report with exactly these errors and no other finding.
    Report(PathBuf, Counts),
    /// A verdict that all of so many records were converted, and as many lines in the file, where one is written.
    Conversion(Option<PathBuf>, u64),
}

fn main() -> ExitCode {
    let outcome = asked().and_then(|asked| bench(&asked));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, String> {
    let mut peers = None;
    let common = asked::asked(|word, next| {
        if word == "--peers" {
            let shared = || std::env::var_os("CONCORD_BENCH_SHARED").map_or_else(|| PathBuf::from("../shared/bench"), PathBuf::from);
            peers = Some(next().map_or_else(shared, PathBuf::from));
        }
        Ok(word == "--peers")
    })?;
    Ok(Asked { common, peers })
}

fn bench(asked: &Asked) -> Result<(), String> {
    std::fs::create_dir_all(&asked.common.data).map_err(|e| format!("{}: {e}", asked.common.data.display()))?;
    let mut entries = own(asked)?;
    documents(asked, &mut entries)?;
    nested(asked, &mut entries)?;
    if let Some(shared) = &asked.peers {
        peers(asked, shared, &mut entries)?;
    }
    // The first readings bring the files into memory.
    for entry in entries.iter().filter(|e| matches!(e.check, Check::Rows(_))) {
        run(entry)?;
    }
    for round in 1..=asked.common.rounds {
        eprintln!("round {round} of {}", asked.common.rounds);
        for entry in &mut entries {
            let done = run(entry)?;
            entry.runs.push(done);
        }
    }
    let table = table(&entries);
    print!("{table}");
    let path = asked.common.results.join(format!("{}-{}.md", today(), host_kind()));
    let text = format!("{}\n{table}", heading(asked));
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    eprintln!("written to {}", path.display());
    Ok(())
}

/// The benchmark's own files and commands.
fn own(asked: &Asked) -> Result<Vec<Entry>, String> {
    let rows = asked.common.rows;
    let clean = generate(asked, "clean", &[])?.0;
    let (faulty, faults) = generate(asked, "faulty", &["--faulty"])?;
    let portal = generate(asked, "portal", &["--portal"])?.0;
    let schema = Path::new("tests/bench/permits.table.json");
    let mut entries = Vec::new();
    entries.push(floor(asked, "floor", &clean, rows, 0));
    for threads in ["1", "2"] {
        let report = asked.common.data.join(format!("clean-{threads}.json"));
        entries.push(validate(asked, &format!("validate, threads {threads}"), &clean, schema, threads, rows, report, Counts::new(), 0));
    }
    let wanted = wanted(&faults, FAULTS.len())?;
    let report = asked.common.data.join("faulty.json");
    entries.push(validate(asked, "validate faulty, threads 1, JSON report", &faulty, schema, "1", rows, report, wanted, 0));

    let Some(help) = convert_help(asked) else {
        eprintln!("SKIPPED: this build of concord has no `convert`, so no conversion is measured");
        return Ok(entries);
    };
    let at = entries.len();
    entries.push(floor(asked, "floor, portal export", &portal, rows, at));
    // The number of threads is given where the command takes one.
    let threads: &[&str] = if help.contains("--threads") { &["1", "2"] } else { &[""] };
    for threads in threads {
        // Once into a file, and once to where nothing is kept: what the disk costs is the machine's affair. The report for programs, which holds the
        // file's SHA-256, is not asked for; the balance is read from the text.
        for out in [None, Some(asked.common.data.join(format!("out-{threads}.ndjson")))] {
            let mut words = vec![shown(&asked.common.programs.join("concord")), "convert".into(), shown(&portal)];
            words.extend(["--from", "socrata-permits@1", "--to", "blds@1.2"].map(str::to_owned));
            let mut name = "convert portal export to BLDS as NDJSON".to_owned();
            match &out {
                Some(out) => {
                    words.extend(["-o".into(), shown(out)]);
                    name.push_str(", into a file");
                }
                None => words.extend(["--as", "ndjson"].map(str::to_owned)),
            }
            if !threads.is_empty() {
                words.extend(["--threads".into(), (*threads).into()]);
                name = format!("{name}, threads {threads}");
            }
            let check = Check::Conversion(out, rows);
            entries.push(Entry { name, words, floor: at, status: 0, bytes: size(&portal), rows, check, runs: Vec::new() });
        }
    }
    Ok(entries)
}

/// A document of XML with a key against its schema; beside it the bare events of a library, and `xmllint`, where it is installed, without the key,
/// for which it takes time by the square.
fn documents(asked: &Asked, entries: &mut Vec<Entry>) -> Result<(), String> {
    let calls = (asked.common.rows / 5).max(1000);
    let schema = Path::new("tests/bench/incidents.xsd");
    let clean = asked.common.data.join(format!("calls-clean-{calls}.xml"));
    write_by(asked, &clean, &[&calls.to_string(), "--calls"])?;
    let faulty = asked.common.data.join(format!("calls-faulty-{calls}.xml"));
    let faults = write_by(asked, &faulty, &[&calls.to_string(), "--calls", "--faulty"])?;
    let at = entries.len();
    let mut bare = floor(asked, "floor, XML document (events of quick-xml)", &clean, calls, at);
    bare.words.push("xml".to_owned());
    entries.push(bare);
    let entry = |name: &str, words: &[&str], status, file: &Path, check| Entry {
        name: name.to_owned(),
        words: words.iter().map(|w| (*w).to_owned()).collect(),
        floor: at,
        status,
        bytes: size(file),
        rows: calls,
        check,
        runs: Vec::new(),
    };
    let (program, clean_path, faulty_path) = (shown(&asked.common.programs.join("concord")), shown(&clean), shown(&faulty));
    let words = [program.as_str(), "validate", &clean_path, "--schema", "tests/bench/incidents.xsd"];
    entries.push(entry("validate XML document, with key", &words, 0, &clean, Check::Document));
    let report = asked.common.data.join("calls.json");
    let report_path = shown(&report);
    let words = [program.as_str(), "validate", &faulty_path, "--schema", "tests/bench/incidents.xsd", "--report", &report_path];
    let check = Check::Report(report.clone(), wanted(&faults, concord_bench::incidents::FAULTS.len())?);
    entries.push(entry("validate faulty XML document, with key, JSON report", &words, 1, &faulty, check));
    if Command::new("xmllint").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: xmllint is not installed, so it is not measured");
        return Ok(());
    }
    let text = read(schema)?;
    let (before, rest) = text.split_once("<xs:key ").ok_or("the schema has no key")?;
    let keyless = asked.common.data.join("calls-without-key.xsd");
    std::fs::write(&keyless, format!("{before}{}", rest.split_once("</xs:key>").map_or("", |r| r.1))).map_err(|e| e.to_string())?;
    let words = ["xmllint", "--noout", "--stream", "--schema", &shown(&keyless), &clean_path];
    entries.push(entry("xmllint --stream --schema, without key", &words, 0, &clean, Check::Status));
    Ok(())
}

/// Records of JSON against a JSON Schema with formats: one behind the other, and as one list.
fn nested(asked: &Asked, entries: &mut Vec<Entry>) -> Result<(), String> {
    let rows = (asked.common.rows / 4).max(1000);
    let schema = Path::new("tests/bench/permits.schema.json");
    for (form, name) in [("ndjson", "JSON lines"), ("json", "JSON list")] {
        let clean = asked.common.data.join(format!("permits-clean-{rows}.{form}"));
        write_by(asked, &clean, &[&rows.to_string(), "--as", form])?;
        let at = entries.len();
        let mut bare = floor(asked, &format!("floor, {name} (values skipped by serde_json)"), &clean, rows, at);
        bare.words.push(form.to_owned());
        entries.push(bare);
        for threads in ["1", "2"] {
            let name = format!("validate {name} by JSON Schema, threads {threads}");
            entries.push(validate(asked, &name, &clean, schema, threads, rows, PathBuf::new(), Counts::new(), at));
        }
    }
    let at = entries.len() - 6;
    let faulty = asked.common.data.join(format!("permits-faulty-{rows}.ndjson"));
    let faults = write_by(asked, &faulty, &[&rows.to_string(), "--faulty", "--as", "ndjson"])?;
    let wanted = wanted(&faults, FAULTS_OF_RECORDS.iter().flatten().count())?;
    let report = asked.common.data.join("records.json");
    let name = "validate faulty JSON lines by JSON Schema, threads 1, JSON report";
    entries.push(validate(asked, name, &faulty, schema, "1", rows, report, wanted, at));
    Ok(())
}

/// The counts that the generator tells, by column and code.
fn wanted(faults: &str, kinds: usize) -> Result<Counts, String> {
    let mut wanted = Counts::new();
    for line in faults.lines() {
        let mut parts = line.split('\t');
        let (count, column, code) = (parts.next().and_then(|n| n.parse().ok()), parts.next(), parts.next());
        let (Some(count), Some(column), Some(code)) = (count, column, code) else { return Err(format!("odd line of counts: {line}")) };
        wanted.insert((column.to_owned(), code.to_owned()), count);
    }
    if wanted.len() != kinds {
        return Err(format!("the faulty file has {} kinds of faults", wanted.len()));
    }
    wanted.retain(|_, n| *n > 0);
    Ok(wanted)
}

/// The same commands over other files, when they are there: a shared folder of schemas, and data that its own programs made.
fn peers(asked: &Asked, shared: &Path, entries: &mut Vec<Entry>) -> Result<(), String> {
    let schema = shared.join("schemas/permits.table.json");
    let data = std::env::var_os("CONCORD_BENCH_DATA").map_or_else(|| PathBuf::from("/tmp/concord-bench/data"), PathBuf::from);
    let (clean, faulty) = (data.join("permits_1m.csv"), data.join("permits_1m_dirty.csv"));
    let faults = data.join("permits_1m_dirty.csv.faults");
    for needed in [&schema, &clean, &faulty, &faults] {
        if !needed.is_file() {
            eprintln!("SKIPPED: {} is not there, so the shared files are not measured", needed.display());
            return Ok(());
        }
    }
    let at = entries.len();
    let rows = 1_000_000;
    entries.push(floor(asked, "floor, shared file", &clean, rows, at));
    for threads in ["1", "2"] {
        let report = asked.common.data.join(format!("shared-{threads}.json"));
        let name = format!("validate shared file, threads {threads}");
        entries.push(validate(asked, &name, &clean, &schema, threads, rows, report, Counts::new(), at));
    }
    for (file, schema, form) in [("permits_1m.ndjson", "permits", "ndjson"), ("permits_1m.json", "permits.array", "json")] {
        let (file, schema) = (data.join(file), shared.join(format!("schemas/{schema}.schema.json")));
        if !file.is_file() || !schema.is_file() {
            eprintln!("SKIPPED: {} is not there", file.display());
            continue;
        }
        let at = entries.len();
        let mut bare = floor(asked, &format!("floor, shared {form}"), &file, rows, at);
        bare.words.push(form.to_owned());
        entries.push(bare);
        for threads in ["1", "2"] {
            let name = format!("validate shared {form} by JSON Schema, threads {threads}");
            entries.push(validate(asked, &name, &file, &schema, threads, rows, PathBuf::new(), Counts::new(), at));
        }
    }
    let text = std::fs::read_to_string(&faults).map_err(|e| format!("{}: {e}", faults.display()))?;
    let wanted = shared_faults(&text)?;
    let report = asked.common.data.join("shared-faulty.json");
    entries.push(validate(asked, "validate shared faulty file, threads 1, JSON report", &faulty, &schema, "1", rows, report, wanted, at));
    Ok(())
}

/// The counts that the shared generator tells, as columns and codes.
fn shared_faults(text: &str) -> Result<Counts, String> {
    const KINDS: [(&str, &str, &str); 12] = [
        ("PermitNum missing", "PermitNum", "C301"),
        ("AppliedDate 2023-02-30", "AppliedDate", "C311"),
        ("IssuedDate wrong format", "IssuedDate", "C303"),
        ("Status wrong case", "StatusCurrentMapped", "C304"),
        ("Zip pattern", "OriginalZip", "C305"),
        ("State pattern", "OriginalState", "C304"),
        ("Cost not a number", "EstProjectCost", "C302"),
        ("Fee below min", "Fee", "C306"),
        ("HousingUnits not integer", "HousingUnits", "C302"),
        ("Latitude above max", "Latitude", "C306"),
        ("PermitNum duplicate", "PermitNum", "C401"),
        ("Address missing", "OriginalAddress1", "C301"),
    ];
    let mut wanted = Counts::new();
    for line in text.lines() {
        let (count, name) = line.split_once('\t').ok_or_else(|| format!("odd line of counts: {line}"))?;
        let Some((_, column, code)) = KINDS.iter().find(|(kind, ..)| *kind == name) else { continue };
        let count: u64 = count.trim().parse().map_err(|_| format!("odd count: {line}"))?;
        // Two of the repeated numbers repeat one that another fault blanked.
        let count = if *code == "C401" { count.saturating_sub(2) } else { count };
        wanted.insert(((*column).to_owned(), (*code).to_owned()), count);
    }
    if wanted.len() == KINDS.len() { Ok(wanted) } else { Err(format!("{} of the 12 kinds of faults have a count", wanted.len())) }
}

/// Writes a file unless it is there, and gives what the generator says about it.
fn generate(asked: &Asked, name: &str, words: &[&str]) -> Result<(PathBuf, String), String> {
    let path = asked.common.data.join(format!("permits-{name}-{}.csv", asked.common.rows));
    let number = asked.common.rows.to_string();
    let said = write_by(asked, &path, &[&[number.as_str()], words].concat())?;
    Ok((path, said))
}

/// Writes a file by the generator, and gives what it says about it.
fn write_by(asked: &Asked, path: &Path, words: &[&str]) -> Result<String, String> {
    eprintln!("writing {}", path.display());
    let file = File::create(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut command = Command::new(asked.common.programs.join("bench-gen"));
    command.args(words).stdout(file).stdin(Stdio::null());
    let output =
        command.stderr(Stdio::piped()).spawn().and_then(|child| child.wait_with_output()).map_err(|e| format!("bench-gen: {e}"))?;
    if !output.status.success() {
        return Err(format!("bench-gen ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

fn floor(asked: &Asked, name: &str, file: &Path, rows: u64, at: usize) -> Entry {
    Entry {
        name: name.to_owned(),
        words: vec![shown(&asked.common.programs.join("floor")), shown(file)],
        floor: at,
        status: 0,
        bytes: size(file),
        rows,
        check: Check::Rows(rows),
        runs: Vec::new(),
    }
}

#[allow(clippy::too_many_arguments)]
fn validate(
    asked: &Asked,
    name: &str,
    file: &Path,
    schema: &Path,
    threads: &str,
    rows: u64,
    report: PathBuf,
    wanted: Counts,
    floor: usize,
) -> Entry {
    let program = shown(&asked.common.programs.join("concord"));
    let mut words = vec![program, "validate".into(), shown(file), "--schema".into(), shown(schema), "--threads".into(), threads.into()];
    // The report for programs holds the file's SHA-256, which costs time of its own; a clean file's verdict is read from the text, so that
    // its time is that of the checks.
    if !wanted.is_empty() {
        words.extend(["--report".into(), shown(&report)]);
    }
    let status = i32::from(!wanted.is_empty());
    Entry { name: name.to_owned(), words, floor, status, bytes: size(file), rows, check: Check::Report(report, wanted), runs: Vec::new() }
}

/// What the build says of its `convert`; nothing when it has none.
fn convert_help(asked: &Asked) -> Option<String> {
    let mut command = Command::new(asked.common.programs.join("concord"));
    let output = command.args(["convert", "--help"]).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs an entry once and checks what it did.
fn run(entry: &Entry) -> Result<Run, String> {
    let fail = |why: String| format!("{}: {why}\n  {}", entry.name, entry.words.join(" "));
    let mut command = Command::new(&entry.words[0]);
    command.args(&entry.words[1..]).stdin(Stdio::null()).stderr(Stdio::null());
    // The little that a right run says goes to a file, so that nobody waits for a reader.
    let said = std::env::temp_dir().join(format!("concord-bench-{}", std::process::id()));
    let file = File::create(&said).map_err(|e| fail(format!("{}: {e}", said.display())))?;
    if matches!(entry.check, Check::Conversion(None, _)) {
        // The data go to the standard output, and what is said about them beside it.
        command.stdout(Stdio::null()).stderr(file);
    } else {
        command.stdout(file);
    }
    let (run, status) = measure(&mut command).map_err(&fail)?;
    let text = std::fs::read_to_string(&said);
    let _ = std::fs::remove_file(&said);
    if status != entry.status {
        return Err(fail(format!("ended with status {status} in place of {}", entry.status)));
    }
    let text = text.map_err(|e| fail(e.to_string()))?;
    check(entry, &text).map_err(fail)?;
    Ok(run)
}

fn check(entry: &Entry, said: &str) -> Result<(), String> {
    match &entry.check {
        Check::Rows(rows) => match said.split('\t').next().and_then(|n| n.parse::<u64>().ok()) {
            Some(n) if n == *rows => Ok(()),
            other => Err(format!("{other:?} rows in place of {rows}")),
        },
        Check::Status => Ok(()),
        Check::Document if said.starts_with("Ready: 1 row meets ") && !said.contains("\n  1. ") => Ok(()),
        Check::Document => Err(format!("findings in the clean document: {}", said.lines().next().unwrap_or_default())),
        Check::Report(_, wanted) if wanted.is_empty() => {
            let verdict = said.lines().next().unwrap_or_default().replace(',', "");
            let ready = verdict.starts_with(&format!("Ready: {} rows meet ", entry.rows));
            if ready && !said.contains("\n  1. ") {
                return Ok(());
            }
            Err(format!("findings in the clean file: {verdict}"))
        }
        Check::Report(path, wanted) => {
            let found = counts(&json(&read(path)?)?)?;
            if found == *wanted {
                return Ok(());
            }
            let keys: std::collections::BTreeSet<_> = found.keys().chain(wanted.keys()).collect();
            let mut wrong = String::from("other findings than were planted:");
            for key in keys.into_iter().filter(|key| found.get(*key) != wanted.get(*key)) {
                let n = |counts: &Counts| counts.get(key).copied().unwrap_or_default();
                let _ = write!(wrong, " {} {}: {} in place of {};", key.0, key.1, n(&found), n(wanted));
            }
            Err(wrong)
        }
        Check::Conversion(out, rows) => {
            let plain = said.replace(',', "");
            let counted = |what: &str| plain.lines().any(|l| l.trim() == format!("{rows}  {what}"));
            if !plain.starts_with(&format!("Ready: all {rows} records became ")) || !counted("records in") || !counted("records out") {
                return Err(format!("not all {rows} records were converted: {}", said.lines().next().unwrap_or_default()));
            }
            match out.as_deref().map(lines).transpose()? {
                Some(lines) if lines != *rows => Err(format!("{lines} lines for {rows} records")),
                _ => Ok(()),
            }
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text.trim_end()).map_err(|e| format!("the report is no JSON: {e}"))
}

/// Counts of everything found, from the report's causes.
fn counts(report: &serde_json::Value) -> Result<Counts, String> {
    let causes = report["causes"].as_array().ok_or("the report has no causes")?;
    let mut counts = Counts::new();
    for cause in causes {
        let text = |name: &str| cause[name].as_str().unwrap_or_default().to_owned();
        *counts.entry((text("field"), text("code"))).or_default() += cause["count"].as_u64().unwrap_or_default();
    }
    Ok(counts)
}

/// Line ends in a file, read in pieces: what this process holds in memory would count for the programs it starts.
fn lines(path: &Path) -> Result<u64, String> {
    use std::io::Read as _;
    let mut file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let (mut buffer, mut lines) = (vec![0; 1 << 16], 0);
    loop {
        match file.read(&mut buffer).map_err(|e| format!("{}: {e}", path.display()))? {
            0 => return Ok(lines),
            n => lines += buffer[..n].iter().filter(|&&b| b == b'\n').count() as u64,
        }
    }
}

fn table(entries: &[Entry]) -> String {
    let mut out = String::from("| what | wall s | cpu s | MB/s (wall) | rows/s (wall) | peak MB | wall × floor | cpu × floor |\n");
    out.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for entry in entries {
        let of = |what: fn(&Run) -> f64| median(entry.runs.iter().map(what).collect());
        let ratio = |what: fn(&Run) -> f64| {
            let rounds = entry.runs.iter().zip(&entries[entry.floor].runs);
            median(rounds.map(|(mine, floor)| what(mine) / what(floor).max(1e-3)).collect())
        };
        let wall = of(|r| r.wall);
        let (low, high) = entry.runs.iter().fold((f64::MAX, 0.0f64), |(low, high), r| (low.min(r.wall), high.max(r.wall)));
        let _ = writeln!(
            out,
            "| {} | {wall:.2} ({low:.2}–{high:.2}) | {:.2} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} |",
            entry.name,
            of(|r| r.cpu),
            entry.bytes as f64 / 1e6 / wall.max(1e-3),
            entry.rows as f64 / wall.max(1e-3),
            of(|r| r.peak_mb),
            ratio(|r| r.wall),
            ratio(|r| r.cpu),
        );
    }
    out
}

fn heading(asked: &Asked) -> String {
    let machine = machine();
    format!(
        "# Benchmark of {}\n\n{machine}; {} rows, {} rounds.\n\n\
        Whole processes; medians, with the fastest and the slowest run. Ratios to the floor (a bare reading of the same file, cell by cell, by \
        simd-csv 0.14.0; of documents, by the events of quick-xml; of JSON, by serde_json, which skips the values) are taken round by round, and their median is told. Every run's result was checked: no finding in clean files, every \
        planted fault and nothing else in faulty ones, every record of a conversion accounted for.\n",
        today(),
        asked.common.rows,
        asked.common.rounds,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn two_repetitions_of_a_blanked_number_are_not_expected() {
        let names =
            ["PermitNum missing", "AppliedDate 2023-02-30", "IssuedDate wrong format", "Status wrong case", "Zip pattern", "State pattern"];
        let more = [
            "Cost not a number",
            "Fee below min",
            "HousingUnits not integer",
            "Latitude above max",
            "PermitNum duplicate",
            "Address missing",
        ];
        let text: String = names.iter().chain(&more).map(|name| format!("814\t{name}\n")).chain(["9768\ttotal\n".to_owned()]).collect();
        let counts = shared_faults(&text).unwrap();
        assert_eq!(counts[&("PermitNum".to_owned(), "C401".to_owned())], 812);
        assert_eq!(counts.values().sum::<u64>(), 812 + 11 * 814);
        assert!(shared_faults("814\tPermitNum missing\n").is_err());
    }
}
