//! JSON as a table: the same rows however the bytes come, and as many as another library finds records.

use concord_core::bounds::SAMPLE;
use concord_core::finding::Finding;
use concord_core::read::json::JsonReader;
use concord_core::read::{ReadOptions, Reader, Rows, form};

use crate::input::Input;

/// Reads a file at once and in pieces, which must give the same; the rows come in order, each with its place.
pub(crate) fn read_in_pieces<R: Reader>(file: &[u8], steps: [usize; 2], reader: impl Fn() -> R) -> (Rows, u64) {
    let read = |step: usize| {
        let mut reader = reader();
        let (mut rows, mut findings) = (Rows::new(), Vec::<Finding>::new());
        file.chunks(step).for_each(|piece| reader.push(piece, &mut rows, &mut findings));
        reader.finish(&mut rows, &mut findings);
        (rows, findings, reader.unread())
    };
    let whole = read(usize::MAX);
    for step in steps {
        assert!(read(step) == whole, "pieces of {step} bytes give other rows or findings");
    }
    let mut last = 0;
    for row in whole.0.iter().skip(1) {
        assert!(row.origin.row > last && row.origin.line > 0 && row.origin.byte_column > 0, "rows come in order, with their places");
        last = row.origin.row;
    }
    (whole.0, whole.2)
}

/// Two bytes choose the cuts and whether the records' place is given; the rest is the file.
pub fn read_json(data: &[u8]) {
    let mut input = Input::new(data);
    let (cut, how) = (usize::from(input.byte()), input.byte());
    let file = input.rest();
    let sample = &file[..file.len().min(SAMPLE)];
    let whole = file.len() <= SAMPLE;
    // Whatever it is, and however little of it is known.
    let kind = form::sniff(sample, whole);
    let _ = form::sniff(&file[..file.len().min(cut)], false);
    let records = [None, Some("".to_owned()), Some("/rows".to_owned()), Some("/a/b~1c".to_owned())][usize::from(how & 3)].clone();
    let options = ReadOptions { records, ..ReadOptions::default() };
    let (rows, unread) = read_in_pieces(file, [1 + cut, 1 + cut * 31], || JsonReader::new(kind, sample, whole, &options));
    if how & 3 == 1
        && let Ok(list) = serde_json::from_slice::<Vec<serde_json::Map<String, serde_json::Value>>>(file)
        && list.iter().any(|record| !record.is_empty())
    {
        assert_eq!((rows.len(), unread), (list.len() + 1, 0), "another library finds other records");
    }
}
