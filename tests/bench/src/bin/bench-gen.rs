//! `bench-gen ROWS [--faulty | --portal]`: the benchmark's permits as CSV on the standard output; counts of faults, tab-separated, on the
//! standard error.

#![allow(clippy::print_stderr)]

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use concord_bench::{FAULTS, Layout, write};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (rows, layout) = match words[..] {
        [rows] => (rows.parse(), Layout::Clean),
        [rows, "--faulty"] => (rows.parse(), Layout::Faulty),
        [rows, "--portal"] => (rows.parse(), Layout::Portal),
        _ => ("".parse::<u64>(), Layout::Clean),
    };
    let Ok(rows) = rows else {
        eprintln!("usage: bench-gen ROWS [--faulty | --portal]");
        return ExitCode::from(2);
    };
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    match write(rows, layout, &mut out).and_then(|counts| out.flush().map(|()| counts)) {
        Ok(counts) => {
            if layout == Layout::Faulty {
                FAULTS.iter().zip(counts).for_each(|(fault, n)| eprintln!("{n}\t{}\t{}\t{}", fault.column, fault.code, fault.name));
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("bench-gen: {why}");
            ExitCode::FAILURE
        }
    }
}
