//! Damaged and hostile files: each is answered in reasonable time and memory, with words that say what the matter is.
//!
//! `CONCORD_PROFILE=release cargo test -p concord-tests --test end_to_end hostile` runs them on the programs as they are shipped, and holds
//! those to two seconds for each file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use concord_core::bounds::{MAX_COLUMNS, MAX_HEADER, MAX_RECORD};

use crate::support::{Dice, Folder, Ran, aloud, concord, root, run, run_command, run_fed, run_with, shipped};

pub(crate) mod build;

use build::{deflate, gzip, workbook, zip, zip_of_many};

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
    assert!(ran.time.as_secs() < 60 && ran.in_time(), "{name} on {threads} threads took {:?}", ran.time);
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

// ---- Packed, nested and miscoded files

/// Greatest memory of a run on a file that must lie in memory as a whole, in MB: the bound on such files, and what it unpacks to.
const PACKED_MEMORY: u64 = 900;

/// Most address space of such a run, in KiB; beyond it the system refuses memory, and the program would end.
const PACKED_SPACE: u64 = 2 << 20;

/// A file made for the test, what it is answered with, and what the sentence names.
struct Bomb {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    code: &'static str,
    says: &'static str,
}

/// 1 MB of rows that deflate to about a seven-hundredth: mostly one letter, but for so many bytes of letters that do not repeat.
fn rows_of_a_mb(odd: usize) -> Vec<u8> {
    let mut dice = Dice::new(5);
    let mut out = Vec::with_capacity(MB + 4096);
    while out.len() < odd {
        out.extend_from_slice(format!("{:x},{:x},x\n", dice.next(), dice.next()).as_bytes());
    }
    // Long cells, since what is tested is not how fast rows are checked.
    let long = [b"1,".as_slice(), &b"a".repeat(4000), b",x\n"].concat();
    while out.len() < MB {
        out.extend_from_slice(&long);
    }
    out
}

/// The same as rows of a sheet.
fn sheet_rows_of_a_mb(odd: usize) -> Vec<u8> {
    let text = String::from_utf8(rows_of_a_mb(odd)).unwrap();
    let mut out = Vec::new();
    for line in text.lines() {
        out.extend_from_slice(b"<row>");
        for cell in line.split(',') {
            out.extend_from_slice(format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>").as_bytes());
        }
        out.extend_from_slice(b"</row>");
    }
    out
}

fn nested_zips(depth: usize) -> Vec<u8> {
    let mut inner = zip(&[("table.csv", deflate(&[(HEADER, 1), (b"1,a,b\n", 1)]))]);
    for _ in 1..depth {
        inner = zip(&[("inner.zip", deflate(&[(&inner, 1)]))]);
    }
    inner
}

fn nested_gzips(depth: usize) -> Vec<u8> {
    let mut inner = [HEADER, b"1,a,b\n"].concat();
    for _ in 0..depth {
        inner = gzip(&deflate(&[(&inner, 1)]));
    }
    inner
}

fn bombs() -> Vec<Bomb> {
    let (tame, wild) = (rows_of_a_mb(12 << 10), rows_of_a_mb(0));
    let sheet = sheet_rows_of_a_mb(32 << 10);
    let header_row: &[u8] =
        b"<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>business_id</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>name</t></is></c></row>";
    let of = |name, file, bytes, code, says| Bomb { name, file, bytes, code, says };
    let table = |chunk: &[u8]| deflate(&[(HEADER, 1), (chunk, 600)]);
    // Without row numbers each row is the next one; the column alone is far off.
    let far = "<row><c r=\"XFD2\"><v>1</v></c></row>";
    vec![
        of("a zip of 600 MB in 600 KB", "bomb.zip", zip(&[("t.csv", table(&wild))]), "C110", "more than 200"),
        of("a gzip of 600 MB in 600 KB", "bomb.csv.gz", gzip(&table(&wild)), "C110", "more than 200"),
        of(
            "a zip of 1.1 GB, packed as tables are",
            "bomb.zip",
            zip(&[("t.csv", deflate(&[(HEADER, 1), (&tame, 1100)]))]),
            "C110",
            " bytes",
        ),
        of(
            "a gzip of 1.1 GB, packed as tables are",
            "bomb.csv.gz",
            gzip(&deflate(&[(HEADER, 1), (&tame, 1100)])),
            "C110",
            "1073741824 bytes",
        ),
        of(
            "a workbook of 600 MB in few bytes",
            "bomb.xlsx",
            workbook("A1:C9", &[(header_row, 1), (&b"<row><c><v>1</v></c></row>".repeat(MB / 26), 600)]),
            "C230",
            "1048576 rows",
        ),
        of(
            "a workbook of 600 MB, packed as tables are",
            "bomb.xlsx",
            workbook("A1:C9", &[(header_row, 1), (&sheet, 620)]),
            "C230",
            "268435456 bytes",
        ),
        of("a zip of a million files", "many.zip", zip_of_many(1_000_000, 1_000_000), "C110", "bound of 10000 files"),
        of("a zip of a million files that states ten", "many.zip", zip_of_many(1_000_000, 10), "C110", "bound of 10000 files"),
        of("zips in zips", "nested.zip", nested_zips(20), "C113", "inner.zip"),
        of("gzips in gzips", "nested.csv.gz", nested_gzips(20), "C104", ""),
        of(
            "a sheet that claims all rows and columns there can be, with a cell in the last column of each row",
            "wide.xlsx",
            workbook("A1:XFD1048576", &[(header_row, 1), (far.as_bytes(), 3000)]),
            "C230",
            "32000000 cells",
        ),
        of(
            "a sheet with a cell below the last row there can be",
            "deep.xlsx",
            workbook("A1:XFD1048576", &[(header_row, 1), (b"<row r=\"1048577\"><c r=\"A1048577\"><v>1</v></c></row>", 1)]),
            "C230",
            "1048576 rows",
        ),
        of("lists of JSON a million deep", "deep.json", [b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat(), "C216", "128 levels"),
        of(
            "objects of JSON a million deep",
            "deep.json",
            [br#"[{"business_id":"#.to_vec(), br#"{"a":"#.repeat(1_000_000), b"1".to_vec(), b"}".repeat(1_000_001), b"]".to_vec()].concat(),
            "C216",
            "128 levels",
        ),
        of(
            "lists of JSON a million deep in a line",
            "deep.ndjson",
            [b"{\"a\":1}\n{\"a\":".to_vec(), b"[".repeat(1_000_000), b"]".repeat(1_000_000), b"}\n".to_vec()].concat(),
            "C216",
            "128 levels",
        ),
        of(
            "elements of XML a hundred thousand deep",
            "deep.xml",
            [b"<?xml version=\"1.0\"?>".to_vec(), b"<a>".repeat(100_000), b"</a>".repeat(100_000)].concat(),
            "C216",
            "256",
        ),
        of(
            "a header of 100,000 columns",
            "wide.csv",
            [b"a,".repeat(100_000), b"\n".to_vec(), b"b,".repeat(100_000), b"\n".to_vec()].concat(),
            "C216",
            "",
        ),
    ]
}

/// Runs `validate` with so much address space at most, in KiB, where the system's shell can say so.
fn run_within(path: &Path, format: &str, space: u64) -> Ran {
    let words = ["validate", "--standard", "lives", "--format", format, "--threads", "1"];
    let mut command = if cfg!(target_os = "linux") {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {space} && exec \"$0\" \"$@\"")]).arg(concord());
        command
    } else {
        Command::new(concord())
    };
    command.args(words).arg(path);
    run_command(command, None)
}

#[test]
fn what_unpacks_or_nests_without_end_is_answered_with_its_bound() {
    let folder = Folder::new("bombs");
    let mut wrong = Vec::new();
    for bomb in bombs() {
        let path = folder.file(bomb.file, &bomb.bytes);
        let ran = run_within(&path, "json", PACKED_SPACE);
        aloud(&format!("hostile: {}: {} KB, {} MB of memory, {:?}", bomb.name, bomb.bytes.len() >> 10, ran.peak >> 10, ran.time));
        if !ran.in_time() {
            wrong.push(format!("{} took {:?}", bomb.name, ran.time));
        }
        if ran.status != 1 || ran.peak / 1024 >= PACKED_MEMORY {
            wrong.push(format!("{} ended with {} and took {} MB: {}", bomb.name, ran.status, ran.peak / 1024, ran.err));
            continue;
        }
        // Rows at fault may be many, so what is told once is looked for among the causes.
        let report = ran.json();
        let causes: Vec<(&str, &str)> =
            report["causes"].as_array().unwrap().iter().map(|c| (c["code"].as_str().unwrap(), c["message"].as_str().unwrap())).collect();
        if !causes.iter().any(|(code, message)| *code == bomb.code && message.contains(bomb.says)) {
            wrong.push(format!("{} should be {} with \"{}\": {causes:#?}", bomb.name, bomb.code, bomb.says));
        }
        std::fs::remove_file(&path).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A bound can be raised or lowered by the name under which its finding tells it.
#[test]
fn a_bound_is_set_by_its_name() {
    let folder = Folder::new("bound");
    let row: &[u8] = b"<row><c t=\"inlineStr\"><is><t>x</t></is></c></row>";
    let sheet = folder.file("rows.xlsx", workbook("A1:A9", &[(row, 9)]));
    let table = deflate(&[(HEADER, 1), (b"1,a,b\n", 5000)]);
    let gz = folder.file("t.csv.gz", gzip(&table));
    let with = |path: &Path, bound: Option<&str>| {
        let bound = bound.map(|b| ["--bound", b]).into_iter().flatten();
        let words = ["validate", "--format", "json"].into_iter().chain(bound).map(std::ffi::OsString::from);
        run(words.chain([path.as_os_str().to_owned()])).json()["causes"].clone()
    };
    let hit = |causes: &serde_json::Value, code: &str, name: &str| {
        causes.as_array().unwrap().iter().any(|c| c["code"] == code && c["mend"].as_str().unwrap().contains(&format!("\"{name}\"")))
    };
    for (path, bound, code, name) in [
        (&sheet, "sheet-rows=5", "C230", "sheet-rows"),
        (&sheet, "sheet-cells=5", "C230", "sheet-cells"),
        (&sheet, "sheet-text=5", "C230", "sheet-text"),
        (&sheet, "archive-files=2", "C110", "archive-files"),
        (&gz, "unpacked=1_000", "C110", "unpacked"),
    ] {
        let causes = with(path, Some(bound));
        assert!(hit(&causes, code, name), "{bound}: {causes:#}");
        assert!(!hit(&with(path, None), code, name), "{bound}");
    }
    // A workbook in a file is read where it lies; one that comes through a pipe is gathered.
    let piped = |bound: &str| {
        run_with(["validate", "--format", "json", "--bound", bound, "-"], std::fs::read(&sheet).unwrap()).json()["causes"].clone()
    };
    let causes = piped("whole-file=99");
    assert!(hit(&causes, "C110", "whole-file"), "{causes:#}");
    assert!(!hit(&piped("whole-file=1000000"), "C110", "whole-file"));
    // All of them stand in the help, and no other is taken.
    let help = run(["validate", "--help"]).text();
    for (name, _) in concord_core::bounds::NAMED {
        assert!(help.contains(name), "{name}");
    }
    for (wrong, says) in
        [("speed=1", "sheet-rows"), ("sheet-rows", "NAME=VALUE"), ("sheet-rows=0", "above zero"), ("sheet-rows=x", "whole number")]
    {
        assert!(run(["validate", "x.csv", "--bound", wrong]).ended_with(2).err.contains(says), "{wrong}");
    }
}

/// Where a library asserts what a damaged file breaks, people read a finding, and no words of a programmer's.
#[test]
fn what_a_library_asserts_becomes_a_finding() {
    let path = root().join("fuzz/seeds/parquet/values-that-contradict");
    let words = ["validate", "--format", "short"].map(std::ffi::OsStr::new);
    let ran = run(words.into_iter().chain([path.as_os_str()])).ended_with(1);
    assert!(ran.text().contains("error[C116]"), "{}", ran.text());
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

/// A sheet may claim what it likes: only its cells count.
#[test]
fn a_claim_of_all_rows_and_columns_costs_nothing() {
    let folder = Folder::new("claim");
    let row = |r: usize, cells: [&str; 3]| {
        let cells = cells.iter().map(|c| format!("<c t=\"inlineStr\"><is><t>{c}</t></is></c>")).collect::<String>();
        format!("<row r=\"{r}\">{cells}</row>")
    };
    let rows = row(1, ["business_id", "name", "address"]) + &row(2, ["1", "Inn", "1 Main St"]);
    let path = folder.file("claim.xlsx", workbook("A1:XFD1048576", &[(rows.as_bytes(), 1)]));
    let ran = run_within(&path, "short", 1 << 20).ended_with(0);
    assert!(ran.peak / 1024 < 128, "{} MB", ran.peak / 1024);
}

/// A cell of 1 GB. It comes through a pipe, so that nobody need keep it.
#[test]
fn a_cell_of_a_gigabyte_is_answered() {
    let record = MAX_RECORD.to_string();
    for (start, end, code, mb) in [
        (&b"business_id,name,address\n1,"[..], &b",a\n2,b,c\n"[..], "C216", 1024),
        (b"business_id,name,address\n1,\"", b"\",a\n2,b,c\n", "C216", 1024),
        // Fewer, since JSON is looked at sign by sign, which takes long in a build for tests.
        (b"[{\"business_id\":\"", b"\"}]", "C216", if shipped() { 1024 } else { 256 }),
    ] {
        let mut command = Command::new(concord());
        command.args(["validate", "-", "--standard", "lives", "--format", "short", "--threads", "1"]);
        let ran = run_fed(command, |pipe| {
            let piece = vec![b'x'; MB];
            pipe.write_all(start)?;
            (0..mb).try_for_each(|_| pipe.write_all(&piece))?;
            pipe.write_all(end)
        });
        let name = String::from_utf8_lossy(start).into_owned();
        let said = ran.text();
        aloud(&format!("hostile: {mb} MB in a cell behind {name:?}: {} MB of memory, {:?}", ran.peak >> 10, ran.time));
        assert!(said.lines().any(|l| l.contains(&format!("[{code}]")) && l.contains(&record)), "{name}: {said}");
        assert!(ran.peak / 1024 < MEMORY, "{name} took {} MB", ran.peak / 1024);
        assert!(ran.in_time(), "{name} took {:?}", ran.time);
    }
}

/// Text that one program reads so and another otherwise is told, and never read as what it is not.
#[test]
fn tricks_with_encodings_are_told() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let table = "business_id,name,address\n1,Inn,1 Main St\n2,Bar,2 Main St\n";
    let mark: &[u8] = b"\xff\xfe";
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("UTF-7 that hides a formula", b"business_id,name,address\n1,+AD0-1+ACs-1,x\n2,+ADw-script+AD4-,y\n".to_vec(), "C122", "UTF-7"),
        ("a mark of UTF-7", b"+/v8-business_id,name,address\n1,a,b\n".to_vec(), "C122", "UTF-7"),
        ("UTF-16 with a mark", [mark, &utf16(table)].concat(), "C120", "UTF-16"),
        ("UTF-16, big end first", [b"\xfe\xff".as_slice(), &big(table)].concat(), "C120", "UTF-16"),
        ("UTF-16 without a mark", utf16(table), "C120", "UTF-16"),
        ("UTF-16 cut inside a letter", [mark, &utf16(table), b"x"].concat(), "C121", "ends inside a letter"),
        (
            "UTF-16 with half of a letter",
            [mark, &utf16("business_id,name,address\n1,I"), b"\x3d\xd8", &utf16(",x\n2,b,c\n")].concat(),
            "C121",
            "half of a letter",
        ),
        (
            "UTF-16 whose letters hold the bytes of separators",
            [mark, &utf16("business_id,name,address\n1,\u{2c2c}\u{0a22}\u{220a},x\n2,b,c\n")].concat(),
            "C120",
            "UTF-16",
        ),
        ("a mark of UTF-16 before UTF-8", [mark, table.as_bytes()].concat(), "C215", "no table"),
        (
            "UTF-32",
            [b"\xff\xfe\0\0".as_slice(), &table.chars().flat_map(|c| (c as u32).to_le_bytes()).collect::<Vec<u8>>()].concat(),
            "C104",
            "UTF-32",
        ),
        (
            "letters in the forbidden longer way",
            b"business_id,name,address\n1,\xc0\xae\xc0\xae\xc0\xaf,x\n2,\xe0\x80\xaf,y\n".to_vec(),
            "C101",
            "Windows-1252",
        ),
    ];
    let folder = Folder::new("tricks");
    let mut wrong = Vec::new();
    for (name, bytes, code, says) in cases {
        let path = folder.file("trick.csv", &bytes);
        // A warning alone does not fail a file.
        let said = run_within(&path, "short", PACKED_SPACE).text();
        aloud(&format!("{name}: {said}"));
        if !said.lines().any(|l| l.contains(&format!("[{code}")) && l.contains(says)) {
            wrong.push(format!("{name} should be {code} with \"{says}\": {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
