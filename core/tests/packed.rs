//! Archives: what they hold is listed and read, and what is hostile about them is stopped at a bound that is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::io::Write;
use std::path::PathBuf;

use concord_core::bounds::Packed;
use concord_core::read::container::Form;
use concord_core::read::container::zip::Archive;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, ZipArchiveWriter};

fn zip(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in parts {
        let path = EntryPath::verbatim(name.as_bytes().to_vec());
        let (mut entry, config) = archive.new_file(path).compression_method(CompressionMethod::DEFLATE).start().unwrap();
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor): (_, _) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// An archive of one file of so many mebibytes of zeros: one packed mebibyte, repeated.
fn mebibytes(count: usize) -> Vec<u8> {
    let mut block = Vec::with_capacity(1 << 20);
    let mut deflate = flate2::Compress::new(Compression::best(), false);
    deflate.compress_vec(&vec![0; 1 << 20], &mut block, flate2::FlushCompress::Full).unwrap();
    let mut data = block.repeat(count);
    data.extend([3, 0]);
    let (packed, plain) = ((data.len() as u32).to_le_bytes(), ((count << 20) as u32).to_le_bytes());
    let fields = [&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &packed, &plain, &[1, 0, 0, 0]].concat();
    let start = [&b"PK\x03\x04"[..], &fields, b"z", &data].concat();
    let entry = [&b"PK\x01\x02\x14\0"[..], &fields, &[0; 14], b"z"].concat();
    let (size, place) = ((entry.len() as u32).to_le_bytes(), (start.len() as u32).to_le_bytes());
    [&start, &entry, &b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &size, &place, &[0, 0]].concat()
}

/// Everything an archive gives: names, bytes, and what was found.
fn all(bytes: &[u8], bounds: Packed) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (mut files, mut findings) = (Vec::new(), Vec::new());
    let mut ends = Vec::new();
    match Archive::open(bytes, bounds, &mut findings) {
        Ok(archive) => {
            for index in 0..archive.entries.len() {
                match archive.read(index, u64::MAX) {
                    Ok(bytes) => files.push((archive.entries[index].name.clone(), bytes)),
                    Err(finding) => ends.push(*finding),
                }
            }
        }
        Err(finding) => ends.push(*finding),
    }
    findings.extend(ends);
    (
        files,
        findings.iter().map(|f| format!("{} {} {}", f.code.text(), f.kind, f.get("name").or(f.get("bound")).unwrap_or_default())).collect(),
    )
}

#[test]
fn names_are_made_harmless_and_repeats_are_said() {
    let bytes = zip(&[
        ("../../etc/passwd", b"1".to_vec()),
        ("C:\\temp\\b.csv", b"2".to_vec()),
        ("/a.csv", b"3".to_vec()),
        ("A.csv", b"4".to_vec()),
        ("folder/x\u{7}.csv", b"5".to_vec()),
    ]);
    let (files, findings) = all(&bytes, Packed::default());
    let names: Vec<&str> = files.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(names, ["etc/passwd", "temp/b.csv", "a.csv", "A.csv", "folder/x_.csv"]);
    assert_eq!(findings, ["C114  etc/passwd", "C114  temp/b.csv", "C114  a.csv", "C114 repeated A.csv", "C114  folder/x_.csv"]);
}

#[test]
fn hostile_archives_are_stopped_at_a_bound() {
    let zeros = mebibytes(600);
    assert!(zeros.len() < 1 << 20);
    assert_eq!(all(&zeros, Packed::default()), (vec![], vec!["C110 ratio 200".to_owned()]));
    let any_ratio = Packed { ratio: u64::MAX, inflated: 3 << 20, ..Packed::default() };
    assert_eq!(all(&zeros, any_ratio), (vec![], vec!["C110  3145728".to_owned()]));
    let many = zip(&(0..9).map(|_| ("z.csv", vec![b'0'; 900 << 10])).collect::<Vec<_>>());
    let (files, findings) = all(&many, Packed { free: 1 << 20, ..Packed::default() });
    assert!(files.len() <= 2 && findings.iter().any(|f| f == "C110 ratio 200"), "files that are small by themselves count together");
    let nested = zip(&[("inner.zip", zip(&[("inner.zip", zip(&[("a.csv", b"a\n1\n".to_vec())]))]))]);
    let archive = Archive::open(&nested, Packed::default(), &mut Vec::new()).unwrap();
    assert_eq!(archive.form(0).unwrap(), Some(Form::Zip), "told without being opened");
    // A million files: 46 bytes each in the directory, all of which name the same place.
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([0; 26]);
    let start = bytes.len() as u32;
    for number in 0..1_000_000u32 {
        bytes.extend(b"PK\x01\x02");
        bytes.extend([0; 24]);
        bytes.extend([8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(format!("{number:08}").bytes());
    }
    let size = bytes.len() as u32 - start;
    for entries in [0xffffu16, 3] {
        let mut bytes = bytes.clone();
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend(entries.to_le_bytes().repeat(2));
        bytes.extend(size.to_le_bytes());
        bytes.extend(start.to_le_bytes());
        bytes.extend([0, 0]);
        assert_eq!(all(&bytes, Packed::default()).1, ["C110 entries 10000"], "a directory that states {entries}");
    }
}

#[test]
fn damage_is_named() {
    let whole = zip(&[("a.csv", b"town,total\nLee,12\n".to_vec())]);
    let mut sum = whole.clone();
    let directory = sum.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    sum[directory + 16] ^= 1;
    let mut locked = whole.clone();
    locked[directory + 8] |= 1;
    let mut method = whole.clone();
    method[directory + 10] = 14;
    for (name, bytes, expected) in [
        ("check sum", sum, "C112 sum a.csv"),
        ("locked", locked, "C111 entry a.csv"),
        ("method", method, "C112 method a.csv"),
        ("cut", whole[..whole.len() - 10].to_vec(), "C112 zip "),
    ] {
        assert_eq!(all(&bytes, Packed::default()).1, [expected], "{name}");
    }
}

#[test]
fn real_archives_are_read() {
    let root = std::env::var_os("CONCORD_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"), PathBuf::from);
    if !root.is_dir() {
        eprintln!("no conformance files at {}: nothing was read", root.display());
        return;
    }
    let (mut folders, mut read) = (vec![root], 0);
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "zip") {
                let bytes = std::fs::read(&path).unwrap();
                let (files, findings) = all(&bytes, Packed::default());
                if Form::of(&bytes) == Some(Form::Zip) {
                    assert!(findings.is_empty() && files.iter().any(|f| f.0.ends_with("agency.txt")), "{}: {findings:?}", path.display());
                    read += 1;
                } else {
                    assert_eq!(findings, ["C112 zip "], "{}", path.display());
                }
            }
        }
    }
    assert!(read >= 4, "{read} archives were read");
}

proptest! {
    #[test]
    fn what_was_packed_comes_out(parts in prop::collection::vec(("[a-z]{1,8}", prop::collection::vec(any::<u8>(), 0..2000)), 0..6)) {
        let parts: Vec<(String, Vec<u8>)> = parts.into_iter().enumerate().map(|(i, (n, b))| (format!("{i}/{n}.csv"), b)).collect();
        let borrowed: Vec<(&str, Vec<u8>)> = parts.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
        prop_assert_eq!(all(&zip(&borrowed), Packed::default()), (parts, Vec::<String>::new()));
    }

    #[test]
    fn any_damage_ends(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut whole = zip(&[("a.csv", b"town,total\n".repeat(40)), ("b.csv", bytes.clone())]);
        for (index, value) in flips {
            let at = index.index(whole.len());
            whole[at] = value;
        }
        all(&whole, Packed::default());
        all(&bytes, Packed::default());
    }
}
