//! Printed pages: a layout that others declared, over pages that others printed.

use std::collections::BTreeMap;
use std::sync::Arc;

use concord_core::bounds::{MAX_TOLD, PRINTED_LINE, PRINTED_LINES};
use concord_core::finding::Finding;
use concord_core::package::load::load;
use concord_core::read::printed::{PrintedLayout, PrintedReader};
use concord_core::read::tidy::Known;
use concord_core::read::{Reader, Rows, Step};

use crate::input::{Input, parts};
use crate::load_package::tell;

/// The first byte cuts the file into pieces. Then the layout as it stands in a manifest behind `[[layout]]`, and behind a line `== data` the print.
pub fn printed(data: &[u8]) {
    let mut input = Input::new(data);
    let cut = 2 + usize::from(input.byte() % 32);
    let mut parts = parts(input.rest()).into_iter();
    let layout = parts.next().map(|(_, bytes)| bytes).unwrap_or_default();
    let file = parts.next().map(|(_, bytes)| bytes).unwrap_or_default();

    let mut manifest = MANIFEST.as_bytes().to_vec();
    manifest.extend_from_slice(&layout);
    let files: BTreeMap<String, Vec<u8>> =
        [("standard.toml".to_owned(), manifest), ("lines.table.json".to_owned(), SCHEMA.as_bytes().to_vec())].into();
    let loaded = load(files);
    tell(loaded.findings);
    let Some(package) = &loaded.package else { return };
    for known in Known::of_package(package) {
        let Some(layout) = &known.layout.printed else { continue };
        layout.fits(&file, true);
        layout.fits(&file[..file.len() / 2], false);
        let (rows, findings) = read(layout, &file, usize::MAX);
        for size in [1, cut] {
            let (other, found) = read(layout, &file, size);
            assert_eq!(found, findings, "pieces of {size} bytes give other findings");
            assert!(other == rows, "pieces of {size} bytes give other rows");
        }
        hold(&rows, &file);
        tell(findings);
        // What the steps make of the rows is theirs to answer for; here they only must not fall over.
        let (mut tidy, mut out, mut told) = (known.tidy(), Rows::new(), Vec::new());
        tidy.rows(&rows, &mut out, &mut told);
        tidy.finish(&mut out, &mut told);
        tell(told);
    }
}

/// Rows come in order, are as wide as the first, and hold no more than the file and what its pages say.
fn hold(rows: &Rows, file: &[u8]) {
    let order: Vec<u64> = rows.iter().map(|row| row.origin.row).collect();
    assert!(order.is_sorted(), "rows come in order");
    let width = rows.get(0).map_or(0, |header| header.len());
    assert!(rows.iter().all(|row| row.len() == width), "a row has other columns than the first");
    assert!(rows.len() <= file.len() + 1, "rows are made of lines");
    assert!(
        rows.iter().all(|row| row.cells().all(|(text, _)| text.len() <= 4 * PRINTED_LINE * PRINTED_LINES)),
        "a cell is longer than its lines"
    );
}

fn read(layout: &Arc<PrintedLayout>, file: &[u8], size: usize) -> (Rows, Vec<Finding>) {
    let (mut reader, mut rows, mut findings) = (PrintedReader::new(layout.clone()), Rows::new(), Vec::new());
    for piece in file.chunks(size.min(file.len().max(1))) {
        reader.push(piece, &mut rows, &mut findings);
    }
    reader.finish(&mut rows, &mut findings);
    assert!(findings.len() as u64 <= MAX_TOLD * 12, "findings without end");
    for row in rows.iter() {
        for cell in 0..row.len() {
            let place = reader.cell(row.origin.row, cell);
            assert!(place.is_none_or(|(line, byte)| line >= row.origin.line && byte > 0), "a cell stands before its row");
        }
    }
    (rows, findings)
}

const MANIFEST: &str = "id = \"x\"\nversion = \"1\"\ntitle = \"X\"\ndescription = \"X\"\ntier = \"local\"\ndomain = \"x\"\npublisher = \"X\"\n\
    licence = \"CC0-1.0\"\n[[resource]]\nname = \"lines\"\ntitle = \"Lines\"\nrecord = \"line\"\n[[layout]]\nresource = \"lines\"\n";

const SCHEMA: &str = r#"{"fields": [{"name": "org", "type": "string"}, {"name": "spent", "type": "number"}], "fieldsMatch": ["partial"]}"#;
