//! Files that must lie in memory as a whole, and files in files: workbooks, zip, gzip and Parquet.

use std::io::Read;
use std::ops::ControlFlow;

use concord_core::bounds::{Packed, Sheet};
use concord_core::finding::Finding;
use concord_core::read::Rows;
use concord_core::read::Store;
use concord_core::read::container::files::Unzipped;
use concord_core::read::container::gzip::Gunzip;
use concord_core::read::container::zip::{Archive, Entry};
use concord_core::read::sheet::{Book, Wanted};
use concord_core::read::tidy::Layouts;

use crate::load_package::tell;

/// Small enough for many inputs a second.
const PACKED: Packed = Packed { inflated: 8 << 20, ratio: 200, free: 1 << 20, entries: 1000 };

fn small() -> Sheet {
    Sheet { packed: PACKED, cells: 200_000, text: 4 << 20, shared: 1 << 20, pages: 4 << 20, ..Sheet::default() }
}

/// What a reader hands over: rows in order, each no wider than the bound.
fn look(batch: &mut Rows, last: &mut u64) {
    for row in batch.iter() {
        assert!(row.len() <= small().columns && row.origin.row >= *last, "row {} behind {last}", row.origin.row);
        *last = row.origin.row;
    }
}

/// A workbook of any form: every sheet is read.
pub fn sheet(data: &[u8]) {
    let mut findings = Vec::new();
    match Book::open(data, small(), &mut findings) {
        Ok(book) => {
            if let Err(finding) = book.choose(&Wanted::default(), &Layouts::default(), &mut findings) {
                findings.push(*finding);
            }
            for index in 0..book.sheets().len().min(4) {
                let mut last = 0;
                book.each(index, &mut findings, &mut |batch, _| {
                    look(batch, &mut last);
                    ControlFlow::Continue(())
                });
            }
        }
        Err(finding) => findings.push(*finding),
    }
    tell(findings);
}

/// A zip archive: every file in it is unpacked, whole or up to a bound.
pub fn zip(data: &[u8]) {
    let mut findings = Vec::new();
    match Archive::open(data, PACKED, &mut findings) {
        Ok(archive) => {
            let mut all = 0;
            for (index, entry) in archive.entries.iter().enumerate() {
                assert!(!entry.name.starts_with('/') && entry.name.split('/').all(|p| !matches!(p, "" | "." | "..")), "{:?}", entry.name);
                match archive.read(index, u64::MAX) {
                    Ok(bytes) => all += bytes.len() as u64,
                    Err(finding) => findings.push(*finding),
                }
            }
            assert!(all <= PACKED.inflated, "{all} bytes came out");
            same_where_it_lies(data, &archive);
        }
        Err(finding) => findings.push(*finding),
    }
    tell(findings);
}

/// Read where it lies, in pieces, the archive gives the same files.
fn same_where_it_lies(data: &[u8], archive: &Archive<'_>) {
    let Ok(stored) = Archive::of(Store::new(data.to_vec()), PACKED, &mut Vec::new()) else {
        panic!("the two ways to read the directory differ")
    };
    let names = |entries: &[Entry]| entries.iter().map(|e| e.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&archive.entries), names(&stored.entries));
    let Ok(again) = Archive::open(data, PACKED, &mut Vec::new()) else { panic!("opened a moment ago") };
    for index in 0..again.entries.len() {
        let mut bytes = Vec::new();
        let mut unzipped = Unzipped::open(&stored, index);
        unzipped.read_to_end(&mut bytes).expect("bytes at hand can be read");
        match (again.read(index, u64::MAX), unzipped.take_finding()) {
            (Ok(whole), None) => assert_eq!(whole, bytes),
            (Err(a), Some(b)) => assert_eq!(a, b),
            (a, b) => panic!("{a:?} {b:?}"),
        }
    }
}

/// Gzip in pieces as long as the first byte says: however it is cut, the same comes out.
pub fn gzip(data: &[u8]) {
    let Some((&cut, data)) = data.split_first() else { return };
    let unpack = |cut: usize| {
        let (mut out, mut findings): (Vec<u8>, Vec<Finding>) = (Vec::new(), Vec::new());
        let mut gunzip = Gunzip::new(PACKED);
        let mut end = data.chunks(cut).try_for_each(|piece| gunzip.push(piece, &mut |plain| out.extend_from_slice(plain)));
        if end.is_ok() {
            end = gunzip.finish(&mut findings);
        }
        findings.extend(end.err().map(|f| *f));
        (out, findings)
    };
    let (whole, findings) = unpack(usize::MAX);
    assert!(whole.len() as u64 <= PACKED.inflated);
    let (pieces, also) = unpack(usize::from(cut).max(1));
    assert!(findings.iter().any(|f| f.code.text() == "C110") || (whole == pieces && findings == also), "{findings:?} {also:?}");
    tell(findings);
}

/// A Parquet file.
pub fn parquet(data: &[u8]) {
    // A panic that becomes a finding is no fault.
    concord_core::read::parquet::tell_no_panics();
    let (mut findings, mut last) = (Vec::new(), 0);
    concord_core::read::parquet::each(data.to_vec(), &small(), &mut findings, &mut |batch, _| {
        look(batch, &mut last);
        ControlFlow::Continue(())
    });
    tell(findings);
}
