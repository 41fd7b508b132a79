//! The readers of records as XML and of fixed-width text: however the bytes are cut, rows and findings are the same, and rows do not grow.

use std::sync::Arc;

use concord_core::bounds::{MAX_TOLD, XML_COLUMNS, XML_SAMPLE};
use concord_core::finding::Finding;
use concord_core::read::fixed::{Count, FixedColumn, FixedLayout, FixedReader};
use concord_core::read::xml::XmlReader;
use concord_core::read::{Reader, Rows};

use crate::input::Input;
use crate::load_package::tell;

/// A byte chooses the cuts and whether the file stands behind a long start, where it is read piece by piece; the rest is the file.
pub fn xml(data: &[u8]) {
    let mut input = Input::new(data);
    let how = input.byte();
    let cut = 1 + usize::from(how & 0x3f);
    let mut file = input.rest().to_vec();
    let mut before = 0;
    if how & 0x80 != 0 {
        let mut long = format!("<r><q><a>0</a></q><q b='1'/><!--{}-->", "x".repeat(XML_SAMPLE)).into_bytes();
        before = long.len();
        long.append(&mut file);
        file = long;
    }
    let record = (how & 0x40 != 0).then_some("q");
    let (rows, findings) = read(XmlReader::new(record), &file, before, usize::MAX);
    for size in [1, cut] {
        let (other, found) = read(XmlReader::new(record), &file, before, size);
        assert_eq!(found, findings, "pieces of {size} bytes give other findings");
        assert!(other == rows, "pieces of {size} bytes give other rows");
    }
    hold(&rows, &file);
    assert!(rows.iter().all(|row| row.len() <= XML_COLUMNS), "a row is wider than the bound");
    tell(findings);
}

/// A byte chooses the layout and the cuts; the rest is the file.
pub fn fixed(data: &[u8]) {
    let mut input = Input::new(data);
    let how = input.byte();
    let file = input.rest();
    let column = |name: &str, start, length, decimals| FixedColumn { name: name.to_owned(), start, length, decimals };
    let layout = Arc::new(FixedLayout {
        columns: vec![column("id", 1, 3, None), column("name", 4, 5, None), column("paid", 9, 6, Some(2)), column("far", 40, 2, None)],
        count: [None, Some(Count::Characters), Some(Count::Bytes)][usize::from(how & 3) % 3],
        skip: u64::from(how >> 2 & 1),
        trim: how & 8 == 0,
    });
    layout.fits(file, true);
    layout.fits(&file[..file.len() / 2], false);
    let (rows, findings) = read(FixedReader::new(layout.clone()), file, 0, usize::MAX);
    for size in [1, 1 + usize::from(how >> 4)] {
        let (other, found) = read(FixedReader::new(layout.clone()), file, 0, size);
        assert_eq!(found, findings, "pieces of {size} bytes give other findings");
        assert!(other == rows, "pieces of {size} bytes give other rows");
    }
    hold(&rows, file);
    assert!(rows.iter().all(|row| row.is_empty() || row.len() == 4), "a row has other columns than the layout");
    tell(findings);
}

fn hold(rows: &Rows, file: &[u8]) {
    // A replaced byte is three bytes of UTF-8; a number of fixed width may get a sign, a zero and a point.
    assert!(rows.bytes() <= file.len() * 12 + (1 << 20), "the text of the rows has grown");
    let order: Vec<u64> = rows.iter().map(|row| row.origin.row).collect();
    assert!(order.is_sorted(), "rows come in order");
}

/// Reads a file in pieces; the first `before` bytes in one.
fn read(mut reader: impl Reader, file: &[u8], before: usize, size: usize) -> (Rows, Vec<Finding>) {
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    let (start, rest) = file.split_at(before);
    reader.push(start, &mut rows, &mut findings);
    for piece in rest.chunks(size.min(rest.len().max(1))) {
        reader.push(piece, &mut rows, &mut findings);
    }
    reader.finish(&mut rows, &mut findings);
    assert!(findings.len() as u64 <= MAX_TOLD * 12, "findings without end");
    (rows, findings)
}
