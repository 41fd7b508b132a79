//! Damaged and hostile files: each is answered in reasonable time and memory, with words that say what the matter is.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use concord_core::bounds::{MAX_COLUMNS, MAX_HEADER, MAX_RECORD};

use crate::support::{Dice, Folder, aloud, run};

const MB: usize = 1 << 20;
const HEADER: &[u8] = b"business_id,name,address\n";

/// Greatest memory that a run may take, in MB.
const MEMORY: u64 = 256;

/// A file made of pieces, each repeated.
struct Hostile {
    name: &'static str,
    pieces: &'static [(&'static [u8], usize)],
    /// The code that tells what the matter is.
    code: &'static str,
    /// What its sentence names.
    says: String,
}

fn files() -> Vec<Hostile> {
    let (record, header, columns) = (MAX_RECORD.to_string(), MAX_HEADER.to_string(), MAX_COLUMNS.to_string());
    let of = |name, pieces, code, says: &str| Hostile { name, pieces, code, says: says.to_owned() };
    vec![
        of("100 MB of quotation marks", &[(b"\"", 100 * MB)], "C216", &header),
        of("a header and 100 MB of quotation marks", &[(HEADER, 1), (b"\"", 100 * MB)], "C216", &record),
        of("100 MB of commas in one line", &[(b",", 100 * MB)], "C216", &columns),
        of("a header and 100 MB of commas in one line", &[(HEADER, 1), (b",", 100 * MB)], "C216", &record),
        of("a cell of 64 MB as a header", &[(b"x", 64 * MB)], "C216", &header),
        of("a cell of 64 MB, and a row behind it", &[(HEADER, 1), (b"1,", 1), (b"x", 64 * MB), (b",a\n2,b,c\n", 1)], "C216", &record),
        of("10 MB of NULs", &[(b"\0", 10 * MB)], "C104", "not a text table"),
        of("a header, NULs in a cell", &[(HEADER, 50), (b"1,a\0b,c\n", 1)], "C102", "NUL"),
        of("1,000,000 empty lines", &[(b"\n", 1_000_000)], "C104", "empty"),
        of("a header and 1,000,000 empty lines", &[(HEADER, 1), (b"\n", 1_000_000)], "C211", "no"),
        of("1,000,000 empty lines above a row", &[(HEADER, 1), (b"\n", 1_000_000), (b"1,a,b\n", 1)], "C203", "empty"),
        of("carriage returns only", &[(b"\r", 10 * MB)], "C104", "empty"),
        of("a header and carriage returns", &[(b"business_id,name,address\r", 1), (b"\r", MB)], "C211", "no"),
        of("quotation marks that open in every line", &[(HEADER, 1), (b"\"a\n", 100_000)], "C205", "never closed"),
        of("rows of 1,000 cells", &[(HEADER, 1), (b"x,", 1_000), (b"\n", 1)], "C202", "cells"),
        of("30,000 columns", &[(b"a,", 30_000), (b"\n", 1), (b"b,", 30_000)], "C216", &columns),
        of("100,000 columns", &[(b"column,", 100_000), (b"\n", 1), (b"b,", 100_000)], "C216", &columns),
        of("1,000,000 columns", &[(b"column,", 1_000_000), (b"\n", 1), (b"b,", 1_000_000)], "C216", &columns),
    ]
}

fn write(folder: &Folder, hostile: &Hostile) -> PathBuf {
    let path = folder.path("hostile.csv");
    let mut file = BufWriter::with_capacity(MB, File::create(&path).unwrap());
    for (piece, times) in hostile.pieces {
        // Short pieces go in chunks, since a call for each byte would take longer than the test.
        let per_chunk = (MB / piece.len()).max(1);
        let chunk = piece.repeat(per_chunk.min(*times));
        for _ in 0..times / per_chunk {
            file.write_all(&chunk).unwrap();
        }
        file.write_all(&chunk[..piece.len() * (times % per_chunk)]).unwrap();
    }
    file.into_inner().unwrap();
    path
}

fn check(path: &Path, name: &str, threads: &str) -> String {
    let words = ["validate", "--standard", "lives", "--format", "short", "--threads", threads].map(std::ffi::OsStr::new);
    let ran = run(words.into_iter().chain([path.as_os_str()]));
    assert!(ran.status == 1 || ran.status == 2, "{name} ended with {}", ran.status);
    assert!(ran.peak / 1024 < MEMORY, "{name} on {threads} threads took {} MB", ran.peak / 1024);
    assert!(ran.time.as_secs() < 60, "{name} on {threads} threads took {:?}", ran.time);
    ran.text()
}

#[test]
fn each_is_answered_with_the_bound_it_hits() {
    let folder = Folder::new("hostile");
    let mut wrong = Vec::new();
    for hostile in files() {
        let path = write(&folder, &hostile);
        let said = check(&path, hostile.name, "1");
        let line = said.lines().find(|l| l.contains(&format!("[{}]", hostile.code)));
        if !line.is_some_and(|l| l.contains(&hostile.says)) {
            let start: String = said.chars().take(600).collect();
            wrong.push(format!("{} should be {} with \"{}\": {start}", hostile.name, hostile.code, hostile.says));
        }
        if check(&path, hostile.name, "2") != said {
            wrong.push(format!("{} is answered in another way on two threads", hostile.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn random_bytes_are_answered() {
    let folder = Folder::new("random");
    for (name, header) in [("random bytes", &b""[..]), ("a header and random bytes", HEADER)] {
        let mut dice = Dice::new(3);
        let mut bytes = header.to_vec();
        (0..5 * MB / 8).for_each(|_| bytes.extend_from_slice(&dice.next().to_le_bytes()));
        let path = folder.file("random.csv", bytes);
        assert_eq!(check(&path, name, "1"), check(&path, name, "2"), "{name}");
    }
}

/// Short files of the signs that matter to the reader, in all sorts of order, against a standard and without one.
#[test]
fn short_files_of_the_signs_that_matter_are_answered() {
    const SIGNS: [&[u8]; 12] =
        [b"\"", b",", b"\n", b"\r", b"\r\n", b"a", b"7", b"\0", b"\xef\xbb\xbf", b"\xff", b"business_id", "\u{2028}".as_bytes()];
    let folder = Folder::new("signs");
    let mut dice = Dice::new(11);
    let mut paths = Vec::new();
    for n in 0..400 {
        let bytes: Vec<u8> = (0..dice.below(40)).flat_map(|_| SIGNS[dice.below(SIGNS.len())].to_vec()).collect();
        paths.push(folder.file(&format!("{n}.csv"), bytes));
    }
    for standard in [&["--standard", "lives"][..], &[]] {
        let words = ["validate", "--format", "json"].iter().chain(standard).map(|w| std::ffi::OsString::from(*w));
        let ran = run(words.chain(paths.iter().map(|p| p.clone().into_os_string()))).ended_with(1);
        assert_eq!(ran.json()["files"].as_array().unwrap().len(), paths.len());
    }
    aloud("hostile: no crash, no hang, below 256 MB on every file");
}
