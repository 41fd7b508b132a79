//! The command line: what it prints where, how it ends, and that the number of threads changes nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use concord_core::finding::checks;
use concord_core::render;
use serde_json::Value;

use crate::support::{Dice, Folder, aloud, concord, conformance, names_in, root, run, run_command, run_with};

const CLEAN: &str = "standards/national/lives/2.0/examples/valid/full-feed/businesses.csv";
const FAULTY: &str = "standards/national/nad/2023-04/examples/invalid/values.csv";

fn at_root(path: &str) -> PathBuf {
    root().join(path)
}

fn words<'a>(words: &[&'a str], paths: &[&'a Path]) -> Vec<&'a std::ffi::OsStr> {
    words.iter().map(|w| std::ffi::OsStr::new(*w)).chain(paths.iter().map(|p| p.as_os_str())).collect()
}

fn counts(report: &Value) -> BTreeMap<String, u64> {
    report["counts"].as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.as_u64().unwrap())).collect()
}

/// Errors, warnings and notes together.
fn total(report: &Value) -> u64 {
    ["error", "warning", "info"].iter().map(|s| counts(report)[*s]).sum()
}

#[test]
fn the_exit_status_says_clean_findings_or_not_done() {
    let clean = at_root(CLEAN);
    let faulty = at_root(FAULTY);
    let folder = Folder::new("status");
    let warned = folder.file("warned.csv", "business_id,name,address,fax\n1,Café,2 Main St,5\n");
    run(words(&["validate", "--standard", "lives"], &[&clean])).ended_with(0);
    run(words(&["validate", "--standard", "nad"], &[&faulty])).ended_with(1);
    run(words(&["validate", "--standard", "lives"], &[&warned])).ended_with(0);
    run(words(&["validate", "--standard", "lives", "--strict"], &[&warned])).ended_with(1);
    // What cannot be done: the words say why, and nothing comes out.
    for (given, says) in [
        (vec!["validate"], "FILE"),
        (vec!["validate", "no such file.csv"], "no such file.csv"),
        (vec!["validate", CLEAN, "--standard", "livse"], "did you mean lives"),
        (vec!["validate", CLEAN, "--format", "yaml"], "yaml"),
        (vec!["validate", CLEAN, "--threads", "many"], "many"),
        (vec!["validate", CLEAN, "--standard", "lives", "--schema", "x.json"], "cannot be used with"),
        (vec!["explain", "C999"], "C999"),
        (vec!["standards", "show", "nothing"], "nothing"),
        (vec!["frobnicate"], "frobnicate"),
    ] {
        let mut command = Command::new(concord());
        command.current_dir(root()).args(&given);
        let ran = run_command(command, None).ended_with(2);
        assert!(ran.out.is_empty(), "{given:?} printed {}", ran.text());
        assert!(ran.err.contains(says), "{given:?} said {}", ran.err);
    }
    run(["--help"]).ended_with(0);
    run(["--version"]).ended_with(0);
}

/// As `concord … | head -1`: the reader goes away, which is no error and no panic, and changes nothing about what was found.
#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::new("pipe");
    let mut text = String::from("Add_Number,State\n");
    (0..20_000).for_each(|i| text.push_str(&format!("x{i},ZZ\n")));
    let file = folder.file("many.csv", text);
    for format in ["text", "short", "json", "ndjson", "csv"] {
        let mut child = Command::new(concord())
            .args(["validate", "--standard", "nad", "--max-findings", "100000", "--format", format])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 1];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let done = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(1), "{format}: {err}");
        assert!(!err.contains("panicked") && !err.contains("pipe"), "{format}: {err}");
    }
}

#[test]
fn the_standard_input_is_a_file_named_stdin() {
    let bytes = std::fs::read(at_root(FAULTY)).unwrap();
    let piped = run_with(["validate", "-", "--standard", "nad", "--format", "json"], bytes).ended_with(1).json();
    let named = run(words(&["validate", "--standard", "nad", "--format", "json"], &[&at_root(FAULTY)])).ended_with(1).json();
    assert_eq!(piped["files"][0]["name"], "stdin");
    for member in ["digest", "bytes", "records", "encoding", "dialect"] {
        assert_eq!(piped["files"][0][member], named["files"][0][member], "{member}");
    }
    assert_eq!((&piped["counts"], &piped["coverage"]), (&named["counts"], &named["coverage"]));
    run_with(["detect", "-"], std::fs::read(at_root(CLEAN)).unwrap()).ended_with(0);
    run_with(["validate", "-"], Vec::new()).ended_with(1);
}

#[test]
fn nothing_is_coloured_in_a_pipe() {
    for (key, value) in [("NO_COLOR", ""), ("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")] {
        let mut command = Command::new(concord());
        command.args(["validate", "--standard", "nad"]).arg(at_root(FAULTY)).env("TERM", "xterm-256color").env(key, value);
        let ran = run_command(command, None).ended_with(1);
        assert!(!ran.out.contains(&0x1b) && !ran.err.contains('\u{1b}'), "{key}={value}: {}", ran.text());
    }
}

#[test]
fn a_report_goes_to_files_of_each_format() {
    let folder = Folder::new("reports");
    let faulty = at_root(FAULTY);
    for (name, format) in [("r.json", "json"), ("r.ndjson", "ndjson"), ("r.csv", "csv"), ("R.TXT", "text")] {
        // A written report has the width of a page.
        let mut command = Command::new(concord());
        command.args(["validate", "--standard", "nad", "--format", format]).arg(&faulty).env("COLUMNS", "80");
        let shown = run_command(command, None).ended_with(1);
        let path = folder.path(name);
        run(words(&["validate", "--standard", "nad"], &[&faulty, Path::new("--report"), &path])).ended_with(1);
        assert!(std::fs::read(&path).unwrap() == shown.out, "{name} is not what --format {format} prints");
    }
    // Two at once; and everything else in the folder is gone.
    let (a, b) = (folder.path("a.json"), folder.path("b.csv"));
    run(words(&["validate", "--standard", "nad"], &[&faulty, Path::new("--report"), &a, Path::new("--report"), &b])).ended_with(1);
    assert_eq!(names_in(&folder.path("")), ["R.TXT", "a.json", "b.csv", "r.csv", "r.json", "r.ndjson"]);
    assert_eq!(serde_json::from_slice::<Value>(&std::fs::read(a).unwrap()).unwrap()["format"], "concord-report/1");
}

/// An ending that says no format is refused before the work: also when the file to check is not there.
#[test]
fn an_unknown_ending_is_refused_before_the_work() {
    let folder = Folder::new("ending");
    for name in ["report.docx", "report", ".json"] {
        let path = folder.path(name);
        let ran = run(words(&["validate", "no such file.csv"], &[Path::new("--report"), &path])).ended_with(2);
        assert!(ran.err.contains(name) && !ran.err.contains("no such file"), "{}", ran.err);
        assert!(!path.exists());
    }
}

#[test]
fn a_cap_shortens_the_list_but_not_the_counts() {
    let faulty = at_root(FAULTY);
    let report = |cap: &str| {
        run(words(&["validate", "--standard", "nad", "--format", "json", "--max-findings", cap], &[&faulty])).ended_with(1).json()
    };
    let whole = report("1000");
    let all = whole["findings"].as_array().unwrap();
    assert_eq!(total(&whole), all.len() as u64);
    assert_eq!(whole["coverage"]["truncated"], false);
    for cap in [0, 1, 5] {
        let capped = report(&cap.to_string());
        assert_eq!(capped["findings"].as_array().unwrap()[..], all[..cap], "cap {cap}");
        assert_eq!((counts(&capped), &capped["verdict"]), (counts(&whole), &whole["verdict"]));
        assert_eq!(capped["coverage"]["truncated"], true);
        let caused =
            |r: &Value| r["causes"].as_array().unwrap().iter().map(|c| (c["code"].clone(), c["count"].clone())).collect::<Vec<_>>();
        assert_eq!(caused(&capped), caused(&whole));
    }
    // Formats without a place for the counts say beside the list that it is cut.
    for (format, cap, cut) in [("short", "1", true), ("csv", "1", true), ("short", "1000", false), ("json", "1", false)] {
        let ran = run(words(&["validate", "--standard", "nad", "--format", format, "--max-findings", cap], &[&faulty])).ended_with(1);
        assert_eq!(ran.err.contains("the first 1 are listed"), cut, "{format}: {}", ran.err);
    }
}

/// A report that cannot be written ends with 2 and leaves the old file as it was, and no half file beside it.
#[test]
fn a_failed_write_leaves_the_old_file_whole() {
    let folder = Folder::new("failed-write");
    let faulty = at_root(FAULTY);
    // A folder stands where the file should.
    std::fs::create_dir(folder.path("taken.json")).unwrap();
    let ran = run(words(&["validate", "--standard", "nad"], &[&faulty, Path::new("--report"), &folder.path("taken.json")])).ended_with(2);
    assert!(ran.err.contains("taken.json"), "{}", ran.err);
    assert!(folder.path("taken.json").is_dir());
    assert_eq!(names_in(&folder.path("")), ["taken.json"], "something was left behind");
    // A folder that is not there.
    run(words(&["validate", "--standard", "nad"], &[&faulty, Path::new("--report"), &folder.path("absent/r.json")])).ended_with(2);
    // The disk is full: files of the process may not grow beyond 4 KiB. The signal for it is ignored, so that writing fails instead.
    if cfg!(target_os = "linux") {
        let old = folder.file("old.json", "the report of last week");
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]).arg(concord());
        command.args(["validate", "--standard", "nad", "--report"]).arg(&old).arg(&faulty);
        run_command(command, None).ended_with(2);
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "the report of last week");
        assert_eq!(names_in(&folder.path("")), ["old.json", "taken.json"], "something was left behind");
    }
}

/// Nothing that is read is written over, and no two things go to one place, however the paths are spelt.
#[test]
fn what_is_read_and_what_is_written_lie_apart() {
    let folder = Folder::new("apart");
    let export = std::fs::read(at_root("standards/national/blds/1.2/examples/convert/socrata-permits.in.csv")).unwrap();
    std::fs::create_dir_all(folder.path("in/made")).unwrap();
    let file = |name: &str, bytes: &[u8]| std::fs::write(folder.path(&format!("in/{name}")), bytes).unwrap();
    file("in.csv", &export);
    file("plain.csv", b"id,name\n1,Ann\n");
    file("schema.json", br#"{"fields": [{"name": "id"}, {"name": "name"}]}"#);
    file("towns.csv", b"file,source\nin.csv,Lee\n");
    let all = || {
        names_in(&folder.path("in")).iter().map(|n| (n.clone(), std::fs::read(folder.path(&format!("in/{n}"))).ok())).collect::<Vec<_>>()
    };
    let before = all();
    for (words, said) in [
        ("validate in.csv --report in.csv", "one of the files to read"),
        ("validate in.csv --report ./made/../in.csv", "one of the files to read"),
        ("validate plain.csv --schema schema.json --report schema.json", "one of the files to read"),
        ("validate plain.csv --schema schema.json#/ --report schema.json", "one of the files to read"),
        ("validate . --report plain.csv", "one of the files to read"),
        ("convert in.csv --to blds -o in.csv", "one of the files to read"),
        ("convert in.csv --to blds -o ./", "holds one of the files to read"),
        ("convert in.csv --to blds -o a.csv --report in.csv", "one of the files to read"),
        ("convert in.csv --to blds -o a.csv --rejects ./a.csv", "the converted data and the rejects cannot go to the same file"),
        ("convert in.csv --to blds -o a.csv --report made/../a.csv", "the converted data and the report cannot go to the same file"),
        ("convert in.csv --to blds -o a.csv --rejects r.csv --report r.csv", "the rejects and the report cannot go to the same file"),
        ("convert in.csv --to blds -o made/ --report made/permits.csv", "lies in made"),
        ("convert in.csv --to blds --crosswalk schema.json -o schema.json", "one of the files to read"),
        ("merge in.csv --to blds -o m.csv --report in.csv", "one of the files to read"),
        ("merge in.csv --to blds --towns towns.csv -o towns.csv", "one of the files to read"),
        ("suggest in.csv --to blds -o in.csv", "one of the files to read"),
    ] {
        let mut command = Command::new(concord());
        command.current_dir(folder.path("in")).args(words.split(' '));
        let ran = run_command(command, None).ended_with(2);
        assert!(ran.err.contains(said), "{words}: {}", ran.err);
        assert_eq!(all(), before, "{words}");
    }
    // A report beside the files of a folder is no file that is read.
    let mut command = Command::new(concord());
    command.current_dir(folder.path("in")).args(["validate", "plain.csv", "--schema", "schema.json", "--report", "new.json"]);
    run_command(command, None).ended_with(0);
}

/// A row whose quotation mark is never closed is told, and kept, however much stands behind it.
#[test]
fn a_row_with_a_mark_that_is_never_closed_is_not_lost() {
    let folder = Folder::new("unclosed");
    let export = std::fs::read_to_string(at_root("standards/national/blds/1.2/examples/convert/socrata-permits.in.csv")).unwrap();
    let (header, first) = (export.lines().next().unwrap(), export.lines().nth(1).unwrap());
    for further in [0, 1, 3000, 60_000] {
        let odd = first.replace("BP2026-00417,", "BP-ODD,\"");
        let mut text = format!("{header}\n{first}\n{odd}\n");
        (0..further).for_each(|i| text.push_str(&format!("{}\n", first.replace("00417", &format!("1{i:05}")))));
        let file = folder.file("export.csv", &text);
        let report = same_on_any_threads(&file, &["--standard", "socrata-permits"]);
        let unclosed: Vec<&Value> = report["findings"].as_array().unwrap().iter().filter(|f| f["code"] == "C205").collect();
        assert_eq!(unclosed.len(), 1, "{further} rows behind it: {:#}", report["causes"]);
        assert_eq!((&unclosed[0]["row"], &unclosed[0]["column"]), (&Value::from(3), &Value::from("B")), "{:#}", unclosed[0]);
        assert_eq!(report["files"][0]["records"], further + 2);
        let (out, rejects) = (folder.path("out.csv"), folder.path("rejects.csv"));
        let mut command = words(&["convert", "--to", "blds", "--format", "json"], &[&file]);
        command.extend([OsStr::new("-o"), out.as_os_str(), OsStr::new("--rejects"), rejects.as_os_str()]);
        let ran = run(command).ended_with(1);
        let balance = &ran.json()["conversion"];
        assert_eq!(balance["rejected"], 1);
        // The amounts of a row that cannot be read stand in no total, so none is called balanced.
        let open = |sum: &Value| sum["cells_unread"] == 1 && sum["balanced"] == false;
        assert!(balance["sums"].as_array().unwrap().iter().all(open), "{balance:#}");
        let kept = std::fs::read_to_string(&rejects).unwrap();
        assert_eq!(kept.lines().count(), 2, "{kept}");
        assert!(kept.lines().nth(1).unwrap().starts_with(&odd) && kept.contains("never closed"), "{kept}");
        assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), further + 2);
    }
}

#[test]
fn a_folder_is_one_dataset() {
    let feed = at_root("standards/national/lives/2.0/examples/valid/full-feed");
    let report = run(words(&["validate", "--format", "json"], &[&feed])).ended_with(0).json();
    assert_eq!(report["standard"]["id"], "lives");
    let names: Vec<&str> = report["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["businesses.csv", "feed_info.csv", "inspections.csv", "legend.csv", "violations.csv"]);
    // A table less, and a reference into it.
    let folder = Folder::new("dataset");
    for name in names.iter().filter(|n| **n != "businesses.csv") {
        std::fs::copy(feed.join(name), folder.path(name)).unwrap();
    }
    let report = run(words(&["validate", "--standard", "lives", "--format", "json"], &[&folder.path("")])).ended_with(1).json();
    let codes: Vec<&str> = report["causes"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"C214"), "{codes:?}");
    let empty = Folder::new("no-tables");
    run(words(&["validate"], &[&empty.path("")])).ended_with(2);
}

#[test]
fn standards_are_listed_shown_and_checked() {
    let list = run(["standards", "list"]).ended_with(0).text();
    for package in concord_standards::catalog().all() {
        let reference = package.reference();
        assert!(list.lines().any(|l| l.split_whitespace().next() == Some(&reference)), "{reference} is not in\n{list}");
        let page = run(["standards", "show", &reference]).ended_with(0).text();
        for resource in &package.resources {
            resource.schema.fields.iter().for_each(|f| assert!(page.contains(&f.name), "{reference} does not show {}", f.name));
        }
        package.rules.iter().for_each(|r| assert!(page.contains(&format!("{}/{}", package.manifest.id, r.id))));
        let m = &package.manifest;
        run(["standards".into(), "check".into(), at_root(&format!("standards/{}/{}/{}", m.tier, m.id, m.version))]).ended_with(0);
    }
    // A package with one mistake.
    let folder = Folder::new("package");
    let path = folder.path("local/socrata-permits/1");
    copy(&at_root("standards/local/socrata-permits/1"), &path);
    run(words(&["standards", "check"], &[&path])).ended_with(0);
    let table = path.join("permits.table.json");
    let text = std::fs::read_to_string(&table).unwrap();
    std::fs::write(&table, text.replacen("\"type\": \"string\"", "\"type\": \"strnig\"", 1)).unwrap();
    let said = run(words(&["standards", "check"], &[&path])).ended_with(1).text();
    assert!(said.contains("strnig"), "{said}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in names_in(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() { copy(&from, &to) } else { std::fs::copy(from, to).map(drop).unwrap() }
    }
}

/// Every example of a standard's tables is recognised as that standard, sometimes beside a newer or flatter sister.
#[test]
fn examples_are_recognised() {
    for package in concord_standards::catalog().all() {
        let m = &package.manifest;
        let folder = at_root(&format!("standards/{}/{}/{}/examples/valid", m.tier, m.id, m.version));
        for name in names_in(&folder).iter().filter(|n| n.ends_with(".csv")) {
            let found = run(words(&["detect", "--format", "json"], &[&folder.join(name)])).ended_with(0).json();
            assert_eq!(found["best"]["standard"]["id"], m.id, "{}: {found:#}", folder.join(name).display());
            assert!(!found["best"]["reasons"].as_array().unwrap().is_empty());
        }
    }
    let folder = Folder::new("unknown");
    let unknown = folder.file("unknown.csv", "colour,shape\nred,round\n");
    let ran = run(words(&["detect"], &[&unknown])).ended_with(1);
    assert!(ran.text().contains("none of the standards"), "{}", ran.text());
}

#[test]
fn every_code_is_explained() {
    let catalog = concord_standards::catalog();
    let explain = |code: &str| render::explain(code, &|code| catalog.rule(code)).unwrap_or_else(|| panic!("{code} is not explained"));
    let mut explained = Vec::new();
    for check in checks::all() {
        let page = explain(check.code);
        assert!(page.contains(check.code) && page.contains(check.title), "{page}");
        explained.push((check.code.to_owned(), page));
    }
    for package in catalog.all() {
        for rule in &package.rules {
            let code = format!("{}/{}", package.manifest.id, rule.id);
            let page = explain(&code);
            assert!(page.contains(&code) && page.contains(&rule.title), "{page}");
            explained.push((code, page));
        }
    }
    assert!(explained.len() > 80, "{}", explained.len());
    // Every fortieth through the command, which loads no more than the code's own standard.
    for (code, page) in explained.iter().step_by(40) {
        assert_eq!(run(["explain", code]).ended_with(0).text(), *page);
    }
}

// ---- Threads

/// The JSON report of a file, at one, two and three threads; all must be the same bytes.
fn same_on_any_threads(file: &Path, against: &[&str]) -> Value {
    let on = |threads: &str| run(words(&[&["validate", "--format", "json", "--threads", threads], against].concat(), &[file])).out;
    let one = on("1");
    for threads in ["2", "3"] {
        let many = on(threads);
        if one != many {
            let (one, many) = (String::from_utf8_lossy(&one).into_owned(), String::from_utf8_lossy(&many).into_owned());
            let (a, b) = one.lines().zip(many.lines()).find(|(a, b)| a != b).unwrap_or_default();
            panic!("{} on {threads} threads differs:\n  1: {a}\n  {threads}: {b}", file.display());
        }
    }
    let report: Value = serde_json::from_slice(&one).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&one)));
    assert_eq!(report["files"][0]["bytes"], std::fs::metadata(file).unwrap().len());
    report
}

/// How a generated file is written.
struct Style {
    name: &'static str,
    line_end: &'static str,
    /// A letter that is no ASCII, as bytes.
    letter: &'static [u8],
    /// Whether one quotation mark is never closed.
    unclosed: bool,
}

const STYLES: &[Style] = &[
    Style { name: "lf", line_end: "\n", letter: "é".as_bytes(), unclosed: false },
    Style { name: "crlf", line_end: "\r\n", letter: "é".as_bytes(), unclosed: false },
    Style { name: "cr", line_end: "\r", letter: "é".as_bytes(), unclosed: false },
    Style { name: "windows-1252", line_end: "\r\n", letter: b"\xe9", unclosed: false },
    Style { name: "unclosed", line_end: "\n", letter: "é".as_bytes(), unclosed: true },
];

/// Blocks of the reader are cut at multiples of this, counted from the first record.
const CUT: usize = 2 << 20;

/// A table of inspections of some 6 MB, so that it is read in three or four pieces. A quoted text with line ends in it lies across every cut; there
/// are rows with too few cells, wrong values and empty rows elsewhere. Gives the bytes, the records and the texts that span lines.
fn generated(style: &Style) -> (Vec<u8>, u64, u64) {
    let end = style.line_end.as_bytes();
    let mut dice = Dice::new(7);
    let mut out = b"business_id,name,address,city,state".to_vec();
    out.extend_from_slice(end);
    let start = out.len();
    let (mut records, mut spanning) = (0, 0);
    let mut next_cut = CUT;
    while out.len() < 3 * CUT + CUT / 3 {
        records += 1;
        let before_cut = (start + next_cut).saturating_sub(out.len());
        if before_cut < 700 {
            // Lines that look like records of their own, before and behind the cut.
            out.extend_from_slice(format!("{records},\"Two").as_bytes());
            while out.len() < start + next_cut + 300 {
                out.extend_from_slice(end);
                out.extend_from_slice(format!("{},lines,of {},", dice.below(999), dice.below(99)).as_bytes());
            }
            out.extend_from_slice(b"\",1 Main St,Town,KY");
            next_cut += CUT;
            spanning += 1;
        } else {
            let name = ["Joe's Diner", "\"Smith, Sons\"", "Caf#", "Bar \"\"", "\"say \"\"hi\"\"\""][dice.below(5)];
            let state = if dice.below(3000) == 0 { "Kentucky is far too long a name" } else { "KY" };
            let row = match dice.below(4000) {
                0 => format!("{records},{name}"),
                1 => format!(",{name},{} Main St,Town,KY", dice.below(2000)),
                2 => format!("{records},,,,,,,"),
                _ => format!("{records},{name},{} Main St,Town,{state}", dice.below(2000)),
            };
            for byte in row.bytes() {
                if byte == b'#' { out.extend_from_slice(style.letter) } else { out.push(byte) }
            }
        }
        out.extend_from_slice(end);
        if style.unclosed && records == 20_000 {
            out.extend_from_slice(b"20000a,\"never closed,3 Main St,Town,KY");
            out.extend_from_slice(end);
            records += 1;
        }
        if dice.below(20_000) == 0 {
            out.extend_from_slice(end);
        }
    }
    (out, records, spanning)
}

#[test]
fn the_number_of_threads_changes_nothing_on_generated_files() {
    let folder = Folder::new("threads");
    for style in STYLES {
        let (bytes, records, spanning) = generated(style);
        assert!(spanning >= 3);
        let file = folder.file(&format!("{}.csv", style.name), &bytes);
        let report = same_on_any_threads(&file, &["--standard", "lives"]);
        assert_eq!(report["files"][0]["records"], records, "{}", style.name);
        let found = |code: &str| report["causes"].as_array().unwrap().iter().filter(|c| c["code"] == code).count();
        assert_eq!(found("C205"), usize::from(style.unclosed), "{}", style.name);
        assert!(found("C201") > 0 && found("C202") > 0 && found("C203") > 0 && found("C204") > 0, "{}: {:#}", style.name, report["causes"]);
        let encoding = if style.name == "windows-1252" { "windows-1252" } else { "utf-8" };
        assert_eq!(report["files"][0]["encoding"], encoding, "{}", style.name);
    }
}

#[test]
fn the_number_of_threads_changes_nothing_on_nested_files() {
    let folder = Folder::new("threads-nested");
    let record = r#"{"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "maxLength": 9},
        "on": {"type": "string", "format": "date"}, "parts": {"type": "array", "items": {"type": "object", "required": ["n"]}}}}"#;
    folder.file("record.json", record);
    folder.file("list.json", format!("{{\"type\": \"array\", \"items\": {record}}}"));
    // Records of many lengths and forms; some at fault, one that is no JSON, one that is longer than a block.
    let entry = |i: u64| match i % 1000 {
        17 => format!("{{\"id\": \"{i}\", \"on\": \"2026-02-30\"}}"),
        400 => format!("{{\"on\": \"2026-02-28\", \"text\": \"{i}\"}}"),
        777 => format!("{{\n  \"id\": \"{i}\",\n  \"parts\": [{{\"n\": 1}},\n {{\"n\": 2}}]\n}}"),
        900 if i < 1000 => format!("{{\"id\": \"{i}\", \"on\": }}"),
        901 if i < 3000 => format!("{{\"id\": \"{i}\", \"text\": \"{}\"}}", "long ".repeat(80_000)),
        n => format!("{{\"id\": \"{i}\", \"on\": \"2026-02-28\", \"text\": \"{}\"}}", "word ".repeat(n as usize % 23)),
    };
    for (name, schema, between, start, end) in [
        ("lines.ndjson", "record.json", "\n", "", "\n"),
        ("list.json", "list.json", ",\n", "[\n", "\n]\n"),
        ("one-line.json", "list.json", ", ", "[", "]"),
    ] {
        let records = 60_000_u64;
        let text: Vec<String> = (0..records).map(entry).collect();
        let file = folder.file(&format!("data-{name}"), format!("{start}{}{end}", text.join(between)));
        let schema = folder.path(schema);
        let report = same_on_any_threads(&file, &["--schema", schema.to_str().unwrap()]);
        let counts: Vec<(&str, u64)> =
            report["causes"].as_array().unwrap().iter().map(|c| (c["code"].as_str().unwrap(), c["count"].as_u64().unwrap())).collect();
        assert!(counts.contains(&("C365", 60)) && counts.contains(&("C361", 60)) && counts.contains(&("C105", 1)), "{name}: {counts:?}");
        assert_eq!(report["files"][0]["records"], records - 1, "{name}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing_on_real_files() {
    let Some(root) = conformance("the_number_of_threads_changes_nothing_on_real_files") else { return };
    let folder = Folder::new("threads-real");
    for (path, standard) in [
        ("lives/valid/lexington-2016-03/violations.csv", "lives"),
        ("lives/invalid/lexington-2014-08-bad-dates/inspections.csv", "lives"),
        ("nad/nm911_address_sample_a.csv", "nm911-address"),
    ] {
        let text = std::fs::read(root.join(path)).unwrap();
        same_on_any_threads(&root.join(path), &["--standard", standard]);
        // Repeated until it is cut into blocks.
        let header = text.iter().position(|&b| b == b'\n').unwrap() + 1;
        let mut long = text.clone();
        while long.len() < 5 << 20 {
            long.extend_from_slice(&text[header..]);
        }
        let file = folder.file("long.csv", long);
        let report = same_on_any_threads(&file, &["--standard", standard]);
        assert!(report["files"][0]["records"].as_u64().unwrap() > 1000);
    }
    aloud("threads: 3 real files, as they are and repeated to 5 MB, gave the same bytes on 1, 2 and 3 threads");
}
