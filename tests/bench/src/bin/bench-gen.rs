//! `bench-gen ROWS [--faulty | --portal]`: the benchmark's permits as CSV on the standard output; counts of faults, tab-separated, on the
//! standard error.
//!
//! `bench-gen ROWS --calls [--faulty]`: calls to 911 as one XML document, and the same counts.
//!
//! `bench-gen ROWS --faulty --as ndjson`: the faulty permits as JSON, and the counts of what a JSON Schema sees of them.
//!
//! `bench-gen ROWS --as FORM` and `bench-gen --bytes N --as FORM`: the clean permits in another form (csv, ndjson, json, geojson, xml, xlsx,
//! ods, parquet, csv.gz, csv.zip), so many rows or until the text has so many bytes; the number of rows on the standard error.

#![allow(clippy::print_stderr)]

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use concord_bench::forms::{Form, Much};
use concord_bench::{FAULTS, FAULTS_OF_RECORDS, Fault, Layout, forms, incidents, write};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    if let [rows, "--calls", rest @ ..] = &words[..]
        && let Some(rows) = number(rows)
    {
        return ended(calls(rows, rest == ["--faulty"]));
    }
    if let [rows, "--faulty", "--as", "ndjson"] = words[..]
        && let Some(rows) = number(rows)
    {
        return ended(records(rows));
    }
    let asked = match words[..] {
        [rows] => number(rows).map(|rows| (Much::Rows(rows), Layout::Clean, None)),
        [rows, "--faulty"] => number(rows).map(|rows| (Much::Rows(rows), Layout::Faulty, None)),
        [rows, "--portal"] => number(rows).map(|rows| (Much::Rows(rows), Layout::Portal, None)),
        [rows, "--as", form] => number(rows).zip(Form::of(form)).map(|(rows, form)| (Much::Rows(rows), Layout::Clean, Some(form))),
        ["--bytes", bytes, "--as", form] => {
            number(bytes).zip(Form::of(form)).map(|(bytes, form)| (Much::Bytes(bytes), Layout::Clean, Some(form)))
        }
        _ => None,
    };
    let Some((much, layout, form)) = asked else {
        eprintln!(
            "usage: bench-gen ROWS [--faulty | --portal | --as FORM]\n       bench-gen ROWS --faulty --as ndjson\n       bench-gen ROWS --calls [--faulty]\n       bench-gen --bytes N --as FORM"
        );
        return ExitCode::from(2);
    };
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout());
    let done = match (form, much) {
        (Some(form), much) => forms::write(form, much, &mut out).map(|rows| eprintln!("{rows}")),
        (None, Much::Rows(rows) | Much::Bytes(rows)) => write(rows, layout, &mut out).map(|counts| {
            if layout == Layout::Faulty {
                tell(&FAULTS, &counts);
            }
        }),
    };
    ended(done.and_then(|()| out.flush()))
}

fn tell(faults: &[Fault], counts: &[u64]) {
    faults.iter().zip(counts).for_each(|(fault, n)| eprintln!("{n}\t{}\t{}\t{}", fault.column, fault.code, fault.name));
}

fn records(rows: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout());
    let counts = forms::write_faulty(rows, &mut out)?;
    let seen = FAULTS.iter().zip(FAULTS_OF_RECORDS).zip(&counts);
    let seen = seen.filter_map(|((fault, code), n)| Some((Fault { code: code?, ..*fault }, *n)));
    let (faults, counts): (Vec<Fault>, Vec<u64>) = seen.unzip();
    tell(&faults, &counts);
    out.flush()
}

fn calls(rows: u64, faulty: bool) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout());
    let counts = incidents::write(rows, faulty, &mut out)?;
    if faulty {
        tell(&incidents::FAULTS, &counts);
    }
    out.flush()
}

fn ended(done: std::io::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench-gen: {why}");
            ExitCode::FAILURE
        }
    }
}
