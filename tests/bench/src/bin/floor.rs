//! `floor FILE [FORM]`: reads a file by the library made for its form, as barely as that library can, and does nothing with it. Prints rows
//! (records, or what the library counts in their place) and cells, tab-separated.
//!
//! | form | what runs |
//! | --- | --- |
//! | csv | `simd-csv`, cell by cell |
//! | csv.gz, csv.zip | `flate2` unpacks the stream, `simd-csv` reads it |
//! | ndjson, json, geojson | `serde_json` skips values (`IgnoredAny`) over the file's bytes in memory |
//! | xml | the events of `quick-xml` from a buffered file |
//! | xlsx, ods | `calamine` reads the first sheet |
//! | parquet | the row iterator of `parquet` |

#![allow(clippy::print_stderr, clippy::print_stdout)]

use std::fs::File;
use std::io::{BufReader, Read};
use std::process::ExitCode;

use calamine::Reader as _;
use parquet::file::reader::FileReader as _;
use serde::de::IgnoredAny;

type Counted = Result<(u64, u64), String>;

fn csv(input: impl Read) -> Counted {
    let mut reader = simd_csv::ZeroCopyReaderBuilder::new().buffer_capacity(1 << 20).from_reader(input);
    let (mut rows, mut cells) = (0, 0);
    while let Some(record) = reader.read_byte_record().map_err(|e| e.to_string())? {
        rows += 1;
        cells += record.len() as u64;
    }
    Ok((rows, cells))
}

/// Records are told by the letter that opens them.
fn xml(input: impl Read) -> Counted {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(1 << 20, input));
    let (mut buffer, mut rows, mut cells, mut depth) = (Vec::new(), 0, 0, 0);
    loop {
        match reader.read_event_into(&mut buffer).map_err(|e| e.to_string())? {
            Event::Start(_) => {
                depth += 1;
                rows += u64::from(depth == 2);
                cells += u64::from(depth == 3);
            }
            Event::End(_) => depth -= 1,
            Event::Eof => return Ok((rows, cells)),
            _ => {}
        }
        buffer.clear();
    }
}

fn sheet(path: &str) -> Counted {
    let mut book = calamine::open_workbook_auto(path).map_err(|e| e.to_string())?;
    let range = book.worksheet_range_at(0).ok_or("no sheet")?.map_err(|e| e.to_string())?;
    let (rows, columns) = range.get_size();
    Ok((rows.saturating_sub(1) as u64, (rows * columns) as u64))
}

fn parquet(file: File) -> Counted {
    let reader = parquet::file::serialized_reader::SerializedFileReader::new(file).map_err(|e| e.to_string())?;
    let (mut rows, mut cells) = (0, 0);
    for row in reader.get_row_iter(None).map_err(|e| e.to_string())? {
        rows += 1;
        cells += row.map_err(|e| e.to_string())?.len() as u64;
    }
    Ok((rows, cells))
}

fn count(path: &str, form: &str) -> Counted {
    let open = || File::open(path).map_err(|e| e.to_string());
    let read = || std::fs::read(path).map_err(|e| e.to_string());
    match form {
        "csv" => csv(open()?),
        "csv.gz" => csv(flate2::read::GzDecoder::new(open()?)),
        "csv.zip" => {
            let mut archive = zip::ZipArchive::new(BufReader::new(open()?)).map_err(|e| e.to_string())?;
            csv(archive.by_index(0).map_err(|e| e.to_string())?)
        }
        "ndjson" => {
            let bytes = read()?;
            let mut rows = 0;
            for value in serde_json::Deserializer::from_slice(&bytes).into_iter::<IgnoredAny>() {
                value.map_err(|e| e.to_string())?;
                rows += 1;
            }
            Ok((rows, 0))
        }
        "json" => {
            let bytes = read()?;
            let all: Vec<IgnoredAny> = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
            Ok((all.len() as u64, 0))
        }
        "geojson" => {
            #[derive(serde::Deserialize)]
            struct Collection {
                features: Vec<IgnoredAny>,
            }
            let bytes = read()?;
            let all: Collection = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
            Ok((all.features.len() as u64, 0))
        }
        "xml" => xml(open()?),
        "xlsx" | "ods" => sheet(path),
        "parquet" => parquet(open()?),
        _ => Err(format!("no form is called {form}")),
    }
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(path) = words.next() else {
        eprintln!("usage: floor FILE [FORM]");
        return ExitCode::from(2);
    };
    match count(&path, words.next().as_deref().unwrap_or("csv")) {
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
