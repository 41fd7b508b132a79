//! Untidy tables: steps that others declared, over rows that others printed.

use std::collections::BTreeMap;

use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Finding;
use concord_core::package::load::load;
use concord_core::read::delimited::DelimitedReader;
use concord_core::read::tidy::{Known, suggest};
use concord_core::read::{Reader, Rows, Step};

use crate::input::{Input, parts};
use crate::load_package::tell;

/// The first byte cuts the rows into batches. Then the steps as they stand in a manifest behind `[[layout]]`, and behind a line `== data` the file.
pub fn tidy(data: &[u8]) {
    let mut input = Input::new(data);
    let cut = 1 + usize::from(input.byte() % 16);
    let mut parts = parts(input.rest()).into_iter();
    let steps = parts.next().map(|(_, bytes)| bytes).unwrap_or_default();
    let file = parts.next().map(|(_, bytes)| bytes).unwrap_or_default();

    let mut manifest = MANIFEST.as_bytes().to_vec();
    manifest.extend_from_slice(&steps);
    let files: BTreeMap<String, Vec<u8>> =
        [("standard.toml".to_owned(), manifest), ("lines.table.json".to_owned(), SCHEMA.as_bytes().to_vec())].into();
    let loaded = load(files);
    tell(loaded.findings);
    let rows = read(&file, usize::MAX);
    assert_eq!(read(&file, cut), rows, "pieces of {cut} bytes give other rows");
    suggest(&rows);
    let Some(package) = &loaded.package else { return };
    for known in Known::of_package(package) {
        let whole = run(&known, &rows, usize::MAX);
        assert_eq!(run(&known, &rows, cut), whole, "batches of {cut} rows give another table");
        tell(whole.1);
    }
}

fn read(file: &[u8], cut: usize) -> Rows {
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    let mut reader = DelimitedReader::new(&DialectHints::default());
    file.chunks(cut).for_each(|piece| reader.push(piece, &mut rows, &mut findings));
    reader.finish(&mut rows, &mut findings);
    rows
}

fn run(known: &Known, rows: &Rows, cut: usize) -> (Rows, Vec<Finding>) {
    let (mut out, mut findings, mut batch) = (Rows::new(), Vec::new(), Rows::new());
    let mut tidy = known.tidy();
    for row in rows.iter() {
        batch.push(row);
        if batch.len() == cut {
            tidy.rows(&batch, &mut out, &mut findings);
            batch.clear();
        }
    }
    tidy.rows(&batch, &mut out, &mut findings);
    tidy.finish(&mut out, &mut findings);
    (out, findings)
}

const MANIFEST: &str = "id = \"x\"\nversion = \"1\"\ntitle = \"X\"\ndescription = \"X\"\ntier = \"local\"\ndomain = \"x\"\npublisher = \"X\"\n\
    licence = \"CC0-1.0\"\n[[resource]]\nname = \"lines\"\ntitle = \"Lines\"\nrecord = \"line\"\n[[layout]]\nresource = \"lines\"\n";

const SCHEMA: &str =
    r#"{"fields": [{"name": "Item", "type": "string"}, {"name": "amount", "type": "number"}], "fieldsMatch": ["partial"]}"#;
