//! `floor FILE`: reads a CSV cell by cell and does nothing with it, as fast as a reader made for that can. Prints rows and cells.

#![allow(clippy::print_stderr, clippy::print_stdout)]

use std::fs::File;
use std::process::ExitCode;

fn count(path: &str) -> Result<(u64, u64), String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut reader = simd_csv::ZeroCopyReaderBuilder::new().buffer_capacity(1 << 20).from_reader(file);
    let (mut rows, mut cells) = (0, 0);
    while let Some(record) = reader.read_byte_record().map_err(|e| e.to_string())? {
        rows += 1;
        cells += record.len() as u64;
    }
    Ok((rows, cells))
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: floor FILE");
        return ExitCode::from(2);
    };
    match count(&path) {
        Ok((rows, cells)) => {
            println!("{rows}\t{cells}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{path}: {why}");
            ExitCode::FAILURE
        }
    }
}
