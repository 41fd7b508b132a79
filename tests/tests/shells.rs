//! The same file, of whatever form, gives the same report, byte for byte, on every shell: the command line on one and two threads, the core fed in random pieces, the
//! server, and the page in a browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use concord_core::check::dataset::Options;
use concord_core::render::{self, Format};
use concord_core::session::Session;

use crate::support::{Dice, Folder, against, aloud, conformance, registry, root, rows, run};

/// A file and the standard to check it against.
struct Case {
    path: PathBuf,
    standard: String,
    /// Whether it must have no error.
    clean: bool,
}

/// Puts faults into a file at fixed places: a letter in every 40th row's last cell, and further cells and a missing one in a few.
fn with_faults(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, line) in bytes.split_inclusive(|&b| b == b'\n').enumerate() {
        let end = line.len() - line.iter().rev().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        let (row, line_end) = line.split_at(end);
        match i % 40 {
            3 => out.extend([row, b"?"].concat()),
            11 if i % 80 == 11 => out.extend([row, b",more,cells"].concat()),
            17 => out.extend_from_slice(&row[..row.iter().rposition(|&b| b == b',').unwrap_or(0)]),
            23 => out.extend([b"\" ".as_slice(), row].concat()),
            29 if i % 120 == 29 => {}
            _ => out.extend_from_slice(row),
        }
        out.extend_from_slice(line_end);
    }
    out
}

/// The cells of a file as JSON, in lines and in a list: cells are cut at every comma, and one record in 500 cannot be read.
fn as_json(csv: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(csv);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let record = |(i, line): (usize, &str)| {
        let record = serde_json::Value::from_iter(names.iter().zip(line.split(',')).map(|(name, cell)| (*name, cell)));
        if i % 500 == 250 { record.to_string().replacen(':', "", 1) } else { record.to_string() }
    };
    let records: Vec<String> = lines.enumerate().map(record).collect();
    (records.join("\n"), format!("{{\"found\": {}, \"rows\": [{}]}}", records.len(), records.join(",\n ")))
}

/// The files: two real ones that are clean, each with faults, and each cut short inside a record; repeated until a reader needs several blocks.
fn cases(shared: &Path, folder: &Folder) -> Vec<Case> {
    let nad = folder.path("nad.csv");
    let sample = shared.join("nad/nm911_address_sample_a.csv");
    let words = ["convert", "--to", "nad@2023-04", "--format", "short", "-o"].map(std::ffi::OsStr::new);
    let converted = run(words.into_iter().chain([nad.as_os_str(), sample.as_os_str()]));
    assert!(matches!(converted.status, 0 | 1), "{}", converted.err);
    let mut cases = Vec::new();
    for (name, path, standard) in
        [("inspections", shared.join("lives/valid/lexington-2016-03/inspections.csv"), "lives@2.0"), ("addresses", nad, "nad@2023-04")]
    {
        let bytes = std::fs::read(path).unwrap();
        let header = bytes.iter().position(|&b| b == b'\n').unwrap() + 1;
        // No record may stand twice where a standard forbids it, so only the faulty file is repeated.
        let faulty = with_faults(&bytes);
        let mut long = faulty.clone();
        while long.len() < 5 << 20 {
            long.extend_from_slice(&faulty[header..]);
        }
        let cut = &bytes[..bytes.len() - 7];
        let (lines, list) = as_json(&faulty);
        for (kind, bytes, clean) in
            [("clean", &bytes[..], true), ("faulty", &faulty[..], false), ("long", &long[..], false), ("cut", cut, false)]
        {
            cases.push(Case { path: folder.file(&format!("{name}-{kind}.csv"), bytes), standard: standard.to_owned(), clean });
        }
        for (kind, text) in [("lines.ndjson", lines), ("list.json", list)] {
            cases.push(Case { path: folder.file(&format!("{name}-{kind}"), text), standard: standard.to_owned(), clean: false });
        }
    }
    cases.extend(nested(shared, folder));
    cases
}

/// Documents of nested standards, in JSON and in XML: the packages' own examples, and published ones.
fn nested(shared: &Path, folder: &Folder) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |path: &str, bytes: &[u8], standard: String| {
        let extension = path.rsplit('.').next().unwrap_or_default();
        if matches!(extension, "json" | "geojson" | "xml") {
            // Reports are told apart by the names of files.
            let file = format!("{}-{}.{extension}", standard.replace('@', "-"), cases.len());
            cases.push(Case { path: folder.file(&file, bytes), standard, clean: false });
        }
    };
    for package in concord_standards::catalog().all().filter(|p| !p.lacks_schema()) {
        if package.documents.is_empty() && package.resources.iter().all(|r| r.nested.is_none()) {
            continue;
        }
        let examples = ["valid", "invalid"].map(|kind| format!("/{}/{}/examples/{kind}/", package.manifest.id, package.manifest.version));
        for (path, bytes) in concord_standards::files().iter().filter(|(path, _)| examples.iter().any(|e| path.contains(e))) {
            add(path, bytes, package.reference());
        }
    }
    for (standard, versions) in [("wzdx", &["4.0", "4.1", "4.2"][..]), ("gbfs", &["2.3", "3.0"])] {
        for row in rows(&shared.join(standard).join("expected.csv")) {
            let version = row["version"].trim_start_matches('v');
            if versions.contains(&version) {
                let bytes = std::fs::read(shared.join(standard).join(&row["path"])).unwrap();
                add(&row["path"], &bytes, format!("{standard}@{version}"));
            }
        }
    }
    assert!(cases.len() > 60, "only {} documents of nested standards", cases.len());
    cases
}

fn name(case: &Case) -> String {
    case.path.file_name().unwrap().to_string_lossy().into_owned()
}

fn by_command_line(case: &Case, threads: &str) -> Vec<u8> {
    let words = ["validate", "--format", "json", "--standard", case.standard.as_str(), "--threads", threads].map(std::ffi::OsStr::new);
    let ran = run(words.into_iter().chain([case.path.as_os_str()]));
    assert!(!case.clean || ran.status == 0, "{} should be clean: {}", name(case), ran.text());
    ran.out
}

/// By the core, in pieces of one byte to some hundred thousand.
fn by_pieces(case: &Case, seed: u64) -> Vec<u8> {
    let bytes = std::fs::read(&case.path).unwrap();
    let mut session = Session::new(&name(case), against(&case.standard), Options::default(), true);
    let mut dice = Dice::new(seed);
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let most = [1, 7, 4096, 300_000][dice.below(4)];
        let (piece, further) = rest.split_at(rest.len().min(1 + dice.below(most)));
        session.push(piece);
        rest = further;
    }
    render::render(&session.finish(), Format::Json, &render::Options::default()).into_bytes()
}

#[track_caller]
fn assert_same(case: &Case, shell: &str, expected: &[u8], got: &[u8]) {
    if expected == got {
        return;
    }
    let (a, b) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(got));
    let (a, b) = a.lines().zip(b.lines()).find(|(a, b)| a != b).unwrap_or(("(one is the start of the other)", ""));
    panic!("{}: the report of {shell} differs from that of the command line:\n  {a}\n  {b}", name(case));
}

/// A server that ends with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(program: &Path) -> Server {
        let mut child = Command::new(program).args(["--listen", "127.0.0.1:0", "--quiet"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap_or_else(|| panic!("the server said {line:?}")).to_owned();
        Server { child, address }
    }

    /// The body of the answer to a file posted; the status must be 200.
    fn report(&self, case: &Case) -> Vec<u8> {
        let bytes = std::fs::read(&case.path).unwrap();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST /v1/validate?standard={}&name={}&format=json HTTP/1.1\r\nHost: {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            case.standard,
            name(case),
            self.address,
            bytes.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head and a body");
        let (head, body) = (String::from_utf8_lossy(&answer[..split]).into_owned(), &answer[split + 4..]);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{}", String::from_utf8_lossy(body));
        let length =
            head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse::<usize>().unwrap()));
        assert_eq!(length, Some(body.len()), "{head}");
        body.to_vec()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The reports that the page gives, in the order of the cases; `None`, said aloud, where the page is not built.
fn by_browser(cases: &[Case], folder: &Folder) -> Option<Vec<Vec<u8>>> {
    if !root().join("wasm/pkg").is_dir() || !root().join("wasm/node_modules").is_dir() {
        aloud("shells: the page is not built (cargo xtask wasm), so the browser's reports were not compared");
        return None;
    }
    let standards: std::collections::BTreeSet<&str> = cases.iter().map(|c| c.standard.as_str()).collect();
    for standard in standards {
        let mut command = Command::new("node");
        command.arg(root().join("wasm/test/report.mjs")).args(["--standard", standard, "--out"]).arg(folder.path(""));
        command.args(cases.iter().filter(|c| c.standard == standard).map(|c| &c.path));
        let done = command.output().unwrap_or_else(|e| panic!("node: {e}"));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    Some(cases.iter().map(|c| std::fs::read(folder.path(&format!("{}.report.json", name(c)))).unwrap()).collect())
}

#[test]
fn every_shell_gives_the_same_report() {
    let Some(shared) = conformance("every_shell_gives_the_same_report") else { return };
    let folder = Folder::new("shells");
    let cases = cases(&shared, &folder);
    let server = registry().map(Server::start);
    if server.is_none() {
        aloud("shells: there is no server in this workspace, so its reports were not compared");
    }
    let reports: Vec<Vec<u8>> = cases.iter().map(|c| by_command_line(c, "1")).collect();
    for (case, report) in cases.iter().zip(&reports) {
        assert_same(case, "the command line on two threads", report, &by_command_line(case, "2"));
        for seed in 0..3 {
            assert_same(case, "the core in random pieces", report, &by_pieces(case, seed));
        }
        if let Some(server) = &server {
            assert_same(case, "the server", report, &server.report(case));
        }
    }
    for (i, report) in by_browser(&cases, &folder).iter().flatten().enumerate() {
        assert_same(&cases[i], "the page in a browser", &reports[i], report);
    }
    aloud(&format!("shells: {} files compared", cases.len()));
}
