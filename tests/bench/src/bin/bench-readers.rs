//! `bench-readers --programs FOLDER --data FOLDER --results FOLDER [--rounds N] [--rows N] [--sheet-rows N] [--bytes N] [--forms FORM,…]`:
//! the readers of all forms beside the bare loops of the libraries made for them. `cargo xtask bench --readers` builds and starts it.
//!
//! The same permits are written in each form, `bench-gen` and so the same everywhere; `concord validate` checks all columns of them, the
//! `floor` only walks. Both take turns, ratios of processor time are taken within a round, and each run's count of rows is compared with
//! what was written. With `--bytes` the texts have that size, which shows whether memory grows; then the schema has no unique key, since
//! remembered keys are memory that the file asks for.

#![allow(clippy::print_stderr, clippy::print_stdout)]

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use concord_bench::asked::{self, number};
use concord_bench::forms::Form;
use concord_bench::measure::{Run, host_kind, machine, measure, median, today};

struct Asked {
    common: asked::Asked,
    sheet_rows: u64,
    bytes: Option<u64>,
    forms: Vec<Form>,
    /// Files stay where they are and are not written anew.
    keep: bool,
}

/// One form's file and what was measured on it.
struct Entry {
    form: Form,
    path: PathBuf,
    rows: u64,
    bytes: u64,
    ours: Vec<Run>,
    floor: Vec<Run>,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| bench(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench-readers: {why}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, String> {
    let (mut sheet_rows, mut bytes, mut forms, mut keep) = (200_000, None, Vec::new(), false);
    let common = asked::asked(|word, next| {
        match word {
            "--sheet-rows" => sheet_rows = number(word, next())?,
            "--bytes" => bytes = Some(number(word, next())?),
            "--keep" => keep = true,
            "--forms" => {
                for name in next().unwrap_or_default().split(',') {
                    forms.push(Form::of(name).ok_or_else(|| format!("no form is called \"{name}\""))?);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if forms.is_empty() {
        forms = match bytes {
            Some(_) => vec![Form::Csv, Form::Ndjson, Form::Json, Form::Xml],
            None => Form::ALL.to_vec(),
        };
    }
    Ok(Asked { common, sheet_rows, bytes, forms, keep })
}

fn bench(asked: &Asked) -> Result<(), String> {
    let fail = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    std::fs::create_dir_all(&asked.common.data).map_err(|e| fail(&asked.common.data, e))?;
    let schema = Path::new("tests/bench/permits.table.json");
    let mut text = std::fs::read_to_string(schema).map_err(|e| fail(schema, e))?;
    if asked.bytes.is_some() {
        text = text.replace(", \"unique\": true", "");
    }
    // Features have columns of their own beside the permit's.
    text = text.replace("\"missingValues\"", "\"fieldsMatch\": \"subset\",\n  \"missingValues\"");
    let schema = asked.common.data.join("permits.table.json");
    std::fs::write(&schema, text).map_err(|e| fail(&schema, e))?;
    let mut entries = Vec::new();
    for &form in &asked.forms {
        let mut entry = generate(asked, form)?;
        // One form after the other when the files are large: the disk need not hold all of them.
        let large = asked.bytes.is_some();
        for round in 1..=asked.common.rounds {
            if large {
                eprintln!("{}: round {round} of {}", form.extension(), asked.common.rounds);
                once(asked, &schema, &mut entry)?;
            }
        }
        if large && !asked.keep {
            std::fs::remove_file(&entry.path).map_err(|e| fail(&entry.path, e))?;
        }
        entries.push(entry);
    }
    for round in 1..=asked.common.rounds {
        if asked.bytes.is_none() {
            eprintln!("round {round} of {}", asked.common.rounds);
            for entry in &mut entries {
                once(asked, &schema, entry)?;
            }
        }
    }
    let table = table(&entries);
    print!("{table}");
    if asked.common.results.as_os_str().is_empty() {
        return Ok(());
    }
    let kind = if asked.bytes.is_some() { "readers-memory" } else { "readers" };
    let path = asked.common.results.join(format!("{}-{}-{kind}.md", today(), host_kind()));
    let size = asked.bytes.map_or_else(
        || format!("{} rows, {} in sheets", asked.common.rows, asked.sheet_rows),
        |bytes| format!("files of {bytes} bytes, a schema without a unique key"),
    );
    let text = format!(
        "# Readers beside bare loops, {}\n\n{}; {size}, {} rounds.\n\n\
        Whole processes on one thread; medians. `concord validate` checks the 22 columns of each permit; the floor is the bare loop of the \
        library named, which checks nothing (`tests/bench/src/bin/floor.rs`). Ratios of processor time are taken round by round, and their \
        median is told. Every run's count of rows was compared with what was written.\n\n{table}",
        today(),
        machine(),
        asked.common.rounds
    );
    std::fs::write(&path, text).map_err(|e| fail(&path, e))?;
    eprintln!("written to {}", path.display());
    Ok(())
}

/// Writes a form's file.
fn generate(asked: &Asked, form: Form) -> Result<Entry, String> {
    let rows = if matches!(form, Form::Xlsx | Form::Ods) { asked.sheet_rows } else { asked.common.rows };
    let much = asked.bytes.map_or_else(|| rows.to_string(), |bytes| format!("{bytes}-bytes"));
    let path = asked.common.data.join(format!("permits-{much}.{}", form.extension()));
    let counted = path.with_extension(format!("{}.rows", form.extension()));
    let known = std::fs::read_to_string(&counted).ok().and_then(|n| n.trim().parse().ok());
    let rows = match known.filter(|_| asked.keep && path.is_file()) {
        Some(rows) => rows,
        None => {
            eprintln!("writing {}", path.display());
            let file = File::create(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let mut command = Command::new(asked.common.programs.join("bench-gen"));
            match asked.bytes {
                Some(bytes) => command.args(["--bytes", &bytes.to_string()]),
                None => command.arg(rows.to_string()),
            };
            command.args(["--as", form.extension()]).stdout(file).stdin(Stdio::null()).stderr(Stdio::piped());
            let output = command.spawn().and_then(std::process::Child::wait_with_output).map_err(|e| format!("bench-gen: {e}"))?;
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let rows = said.parse().map_err(|_| format!("bench-gen: {said}"))?;
            std::fs::write(&counted, said).map_err(|e| format!("{}: {e}", counted.display()))?;
            rows
        }
    };
    let bytes = std::fs::metadata(&path).map_or(0, |m| m.len());
    Ok(Entry { form, path, rows, bytes, ours: Vec::new(), floor: Vec::new() })
}

/// Both programs over a file, one after the other, and whether each counted its rows.
fn once(asked: &Asked, schema: &Path, entry: &mut Entry) -> Result<(), String> {
    let mut floor = Command::new(asked.common.programs.join("floor"));
    floor.arg(&entry.path).arg(entry.form.extension());
    let (run, said) = told(asked, floor, entry)?;
    let rows: u64 = said.split('\t').next().and_then(|n| n.parse().ok()).unwrap_or_default();
    if rows != entry.rows {
        return Err(format!("{}: the floor counted {rows} rows in place of {}", entry.path.display(), entry.rows));
    }
    entry.floor.push(run);
    let mut ours = Command::new(asked.common.programs.join("concord"));
    ours.arg("validate").arg(&entry.path).arg("--schema").arg(schema).args(["--threads", "1"]);
    let (run, said) = told(asked, ours, entry)?;
    let verdict = said.lines().next().unwrap_or_default().replace(',', "");
    if !verdict.starts_with(&format!("Ready: {} rows meet ", entry.rows)) {
        return Err(format!("{}: {verdict}", entry.path.display()));
    }
    entry.ours.push(run);
    Ok(())
}

fn told(asked: &Asked, mut command: Command, entry: &Entry) -> Result<(Run, String), String> {
    let fail = |why: String| format!("{}: {why}", entry.path.display());
    // The little that a right run says goes to a file, so that nobody waits for a reader.
    let said = asked.common.data.join(format!("said-{}", std::process::id()));
    let file = File::create(&said).map_err(|e| fail(e.to_string()))?;
    command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(file);
    let (run, status) = measure(&mut command).map_err(fail)?;
    let text = std::fs::read_to_string(&said).map_err(|e| fail(e.to_string()))?;
    let _ = std::fs::remove_file(&said);
    if status != 0 {
        let line = text.lines().next().unwrap_or_default();
        return Err(fail(format!("{} ended with status {status}: {line}", command.get_program().display())));
    }
    Ok((run, text))
}

/// The library whose bare loop a form's floor is.
fn library(form: Form) -> &'static str {
    match form {
        Form::Csv => "simd-csv",
        Form::Ndjson | Form::Json | Form::GeoJson => "serde_json IgnoredAny",
        Form::Xml => "quick-xml events",
        Form::Xlsx | Form::Ods => "calamine",
        Form::Parquet => "parquet rows",
        Form::Gzip | Form::Zip => "flate2, simd-csv",
    }
}

fn table(entries: &[Entry]) -> String {
    let mut out =
        String::from("| form | MB | rows | floor | floor cpu s | cpu s | cpu × floor | rows/s (cpu) | floor peak MB | peak MB |\n");
    out.push_str("| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for entry in entries {
        let of = |runs: &[Run], what: fn(&Run) -> f64| median(runs.iter().map(what).collect());
        let ratio = median(entry.ours.iter().zip(&entry.floor).map(|(ours, floor)| ours.cpu / floor.cpu.max(1e-3)).collect());
        let cpu = of(&entry.ours, |r| r.cpu);
        let _ = writeln!(
            out,
            "| {} | {:.0} | {} | {} | {:.2} | {cpu:.2} | {ratio:.2} | {:.0} | {:.0} | {:.0} |",
            entry.form.extension(),
            entry.bytes as f64 / 1e6,
            entry.rows,
            library(entry.form),
            of(&entry.floor, |r| r.cpu),
            entry.rows as f64 / cpu.max(1e-3),
            of(&entry.floor, |r| r.peak_mb),
            of(&entry.ours, |r| r.peak_mb),
        );
    }
    out
}
