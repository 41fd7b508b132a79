//! Whole conversions from bytes to bytes over two small packages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::encode::Format;
use crate::package::catalog::Catalog;
use crate::render;

fn manifest(id: &str, tables: &str) -> String {
    format!(
        "id = \"{id}\"\nversion = \"1\"\ntitle = \"T\"\ndescription = \"D\"\ntier = \"national\"\ndomain = \"d\"\npublisher = \"p\"\n\
         licence = \"CC0-1.0\"\nstatus = \"stable\"\n{tables}"
    )
}

fn resource(name: &str) -> String {
    format!("[[resource]]\nname = \"{name}\"\ntitle = \"{name}\"\nrecord = \"record\"\npresence = \"required\"\n")
}

/// A town's export of visits, and a standard with shops, visits and faults.
fn catalog() -> Catalog {
    let visits = r#"{"fields": [
        {"name": "No", "type": "string"},
        {"name": "Shop", "type": "string"},
        {"name": "Day", "type": "string"},
        {"name": "Points", "type": "integer"},
        {"name": "Faults", "type": "string"},
        {"name": "Remark", "type": "string"}
    ], "missingValues": ["", "N/A"], "fieldsMatch": "partial"}"#;
    let shops = r#"{"fields": [
        {"name": "id", "type": "string", "constraints": {"required": true}},
        {"name": "name", "type": "string", "constraints": {"required": true, "maxLength": 12}}
    ], "primaryKey": "id", "fieldsMatch": "partial"}"#;
    let checks = r#"{"fields": [
        {"name": "shop", "type": "string", "constraints": {"required": true}},
        {"name": "date", "type": "date", "constraints": {"required": true}},
        {"name": "points", "type": "integer", "constraints": {"maximum": "100"}}
    ], "foreignKeys": [{"fields": "shop", "reference": {"resource": "shops", "fields": "id"}}], "fieldsMatch": "partial"}"#;
    let faults = r#"{"fields": [
        {"name": "shop", "type": "string"},
        {"name": "code", "type": "string", "constraints": {"pattern": "[0-9]+"}}
    ], "fieldsMatch": "partial"}"#;
    let crosswalk = r#"
from = "town@1"
title = "t"
reference = "r"
reviewed = "2026-11-21"
[[lost]]
table = "visits"
fields = ["Remark"]
why = "No field."
[[table]]
from = "visits"
to = "shops"
distinct = ["id"]
[[table.field]]
to = "id"
from = "No"
steps = [{ trim = "both" }, { number = { whole = true } }]
otherwise = "reject"
[[table.field]]
to = "name"
from = "Shop"
[[table]]
from = "visits"
to = "checks"
sums = [{ from = "Points", to = "points" }]
[[table.skip]]
when = { field = "Shop", is = ["VOID"] }
why = "Void."
[[table.field]]
to = "shop"
from = "No"
steps = [{ trim = "both" }, { number = { whole = true } }]
otherwise = "reject"
[[table.field]]
to = "date"
from = "Day"
steps = [{ date = { from = ["%Y-%m-%d", "%-m/%-d/%Y"], to = "%Y-%m-%d" } }]
[[table.field]]
to = "points"
from = "Points"
[[table]]
from = "visits"
to = "faults"
explode = { field = "Faults", at = "blank" }
[[table.field]]
to = "shop"
from = "No"
steps = [{ trim = "both" }, { number = { whole = true } }]
otherwise = "reject"
[[table.field]]
to = "code"
from = "@piece"
"#;
    let files = [
        ("national/town/1/standard.toml", manifest("town", &resource("visits"))),
        ("national/town/1/visits.table.json", visits.to_owned()),
        ("national/norm/1/standard.toml", manifest("norm", &(resource("shops") + &resource("checks") + &resource("faults")))),
        ("national/norm/1/shops.table.json", shops.to_owned()),
        ("national/norm/1/checks.table.json", checks.to_owned()),
        ("national/norm/1/faults.table.json", faults.to_owned()),
        ("national/norm/1/crosswalks/from-town.toml", crosswalk.to_owned()),
    ];
    let catalog = Catalog::from_files(files.map(|(p, t)| (p, t.into_bytes())));
    assert!(catalog.findings().is_empty(), "{:?}", catalog.findings());
    catalog
}

const HEADER: &str = "No,Shop,Day,Points,Faults,Remark\n";

#[derive(Debug, PartialEq)]
struct Done {
    out: BTreeMap<String, String>,
    rejects: String,
    report: String,
    balance: crate::report::Conversion,
    records: u64,
}

/// Converts the files, each handed over in portions of `cut` bytes.
fn convert(catalog: &Catalog, files: &[&[u8]], cut: usize, format: Format) -> Result<Done, JobError> {
    let (from, to) = (catalog.find("town").unwrap(), catalog.find("norm").unwrap());
    let givens = BTreeMap::new();
    let way = Way { from, to, crosswalk: &to.crosswalks[0], givens: &givens };
    let sample = |bytes: &'_ [u8]| bytes.len().min(crate::bounds::SAMPLE + 1);
    let options = Options::default();
    let intake = |f: &[u8]| Intake::of_bytes("visits.csv", &f[..sample(f)], f.len() <= crate::bounds::SAMPLE, &options.read);
    let mut intakes: Vec<Option<Intake>> = files.iter().map(|f| Some(intake(f))).collect();
    let starts: Vec<Start<'_>> = intakes.iter().flatten().map(Intake::start).collect();
    let mut job = Job::open(&way, &starts, WriterConfig { format, ..WriterConfig::default() }, &options)?;
    drop(starts);
    let (mut out, mut rejects) = (BTreeMap::<String, Vec<u8>>::new(), Vec::new());
    let tables = job.tables();
    let mut drain = |job: &mut Job| {
        for (resource, name) in &tables {
            out.entry(name.clone()).or_default().extend(job.take_output(*resource));
        }
        rejects.extend(job.take_rejects());
    };
    for index in job.reading_order() {
        let (_, rest) = files[index].split_at(sample(files[index]));
        let Some(mut feed) = job.start(index, intakes[index].take().unwrap()) else { continue };
        for piece in rest.chunks(cut) {
            feed.push(piece);
            while job.advance(&mut feed, false) {
                drain(&mut job);
            }
        }
        feed.end();
        while job.advance(&mut feed, true) {
            drain(&mut job);
        }
        job.finish_file(feed, files[index].len() as u64, None);
    }
    let balance = job.finish();
    drain(&mut job);
    let report = job.report(balance.clone());
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Done {
        out: out.into_iter().map(|(name, bytes)| (name, text(bytes))).collect(),
        rejects: text(rejects),
        records: report.files.iter().map(|f| f.records).sum(),
        report: render::short::short(&report),
        balance,
    })
}

fn one(rows: &str) -> Done {
    convert(&catalog(), &[(HEADER.to_owned() + rows).as_bytes()], 1 << 20, Format::Csv).unwrap()
}

/// Findings cut behind their code.
fn codes(done: &Done) -> Vec<&str> {
    done.report.lines().map(|l| l.split_once(']').map_or(l, |(place, _)| place)).collect()
}

#[test]
fn rows_become_tables_with_places_and_a_balance() {
    let done = one(
        "1.0,Inn,3/4/2024,90,1 2,hm\n1,Inn,2024-03-05,101,,\nx,Bar,2024-03-05,1,3,\n2,\"A name that is too long\",\"31\n/12/24\",N/A,b,\n3,Cafe\n\n",
    );
    assert_eq!(done.out["shops"], "id,name\n1,Inn\n2,A name that is too long\n");
    assert_eq!(done.out["checks"], "shop,date,points\n1,2024-03-04,90\n1,2024-03-05,101\n2,,\n");
    assert_eq!(done.out["faults"], "shop,code\n1,1\n1,2\n2,b\n");
    assert_eq!(
        done.rejects,
        "No,Shop,Day,Points,Faults,Remark,reason\n\
         x,Bar,2024-03-05,1,3,,\"No: \"\"x\"\" cannot be read as a number, so the row was not converted\"\n\
         3,Cafe,,,,,\"the row has 2 cells, the header has 6\"\n"
    );
    assert_eq!(
        codes(&done),
        [
            // Points above the target's bound stand at the source's row under the target's name.
            "visits.csv:3: error[C306",
            "visits.csv:4:1: error[C501",
            // The empty date that follows from the unreadable one is not told again.
            "visits.csv:5:29: error[C502",
            "visits.csv:5: error[C307",
            "visits.csv:5: error[C305",
            "visits.csv:7:7: error[C201",
            "visits.csv: info[C508",
        ],
        "{}",
        done.report
    );
    let b = &done.balance;
    assert_eq!((b.records_in, b.records_out, b.rejected, b.dropped.len()), (5, 3, 2, 0));
    assert_eq!((b.sums[0].total_in.as_str(), b.sums[0].total_out.as_str(), b.sums[0].total_rejected.as_str()), ("192", "191", "1"));
}

#[test]
fn a_fault_the_source_knows_is_told_once() {
    let done = one("1,Inn,2024-03-05,many,,\n");
    assert_eq!(codes(&done), ["visits.csv:2:18: error[C302"], "{}", done.report);
}

/// The one finding about a cell says what the result holds in its place, in every form of file; a total without a cell is not balanced.
#[test]
fn a_fault_at_a_cell_says_what_became_of_it() {
    let done = one("1,Inn,2024-03-05,many,,\n2,Bar,2024-03-06, 7,,\n");
    let line = |n: usize| done.report.lines().nth(n).unwrap_or_default().to_owned();
    assert_eq!(codes(&done).len(), 2, "{}", done.report);
    assert!(
        line(0).ends_with("\"many\" is not a number"),
        "it stands in the result as it was, where the target finds no other fault: {}",
        line(0)
    );
    assert_eq!(done.out["checks"], "shop,date,points\n1,2024-03-05,many\n2,2024-03-06, 7\n");
    // Neither of the two cells written is a number as it stands.
    assert_eq!((done.balance.sums[0].cells_unread, done.balance.sums[0].balanced), (2, false));

    let catalog = small(
        r#"{"name": "Cost", "type": "number"}, {"name": "Day", "type": "date"}, {"name": "Note", "type": "string", "constraints": {"required": true}}"#,
        r#"{"name": "cost", "type": "number"}, {"name": "day", "type": "date"}, {"name": "note", "type": "string", "constraints": {"required": true}}"#,
        "",
        "",
        r#"
sums = [{ from = "Cost", to = "cost" }]
[[table.field]]
to = "cost"
from = "Cost"
steps = [{ trim = "both" }, { number = { group = ",", symbols = ["$"] } }]
[[table.field]]
to = "day"
from = "Day"
steps = [{ date = { from = ["%Y-%m-%d"], to = "%Y-%m-%d" } }]
otherwise = "reject"
[[table.field]]
to = "note"
from = "Note"
"#,
    );
    let csv = "Cost,Day,Note\n(5.00),2024-03-05,a\n\"1,250\",2024-03-05,b\n7,soon,c\n8,2024-03-05,\n9,2024-03-05,a\0b\n";
    let expected = [
        "visits.csv:2:1: error[C302] column A \"Cost\": \"(5.00)\" is a number with signs around it, so cost stays empty in the result",
        "visits.csv:3:1: error[C302] column A \"Cost\": \"1,250\" can be read as two different numbers, and was taken as \"1250\" in cost",
        "visits.csv:4:3: error[C303] column B \"Day\": \"soon\" is not a date, so the row was not converted",
        "visits.csv:5:14: error[C301] column C \"Note\": the cell is empty, but the field is required",
        "visits.csv:6:14: error[C102] column C \"Note\": the cell holds a NUL byte, shown as ␀: \"a␀b\"",
    ];
    for cut in [7, 1 << 20] {
        let done = convert(&catalog, &[csv.as_bytes()], cut, Format::Csv).unwrap();
        let told: Vec<&str> = done.report.lines().collect();
        assert_eq!(told.len(), expected.len(), "{}", done.report);
        for (told, expected) in told.iter().zip(expected) {
            let (place, words) = expected.split_once("is not a date").unwrap_or((expected, ""));
            assert!(told.starts_with(place) && told.ends_with(words), "{told}\n{expected}");
        }
        let sum = &done.balance.sums[0];
        assert_eq!((sum.total_in.as_str(), sum.cells_unread, sum.balanced), ("1274", 1, false));
    }
    let json = r#"[{"Cost":"(5.00)","Day":"2024-03-05","Note":"a"},{"Cost":"1,250","Day":"2024-03-05","Note":"b"}]"#;
    let done = convert(&catalog, &[json.as_bytes()], 1 << 20, Format::Csv).unwrap();
    assert!(
        done.report.contains("so cost stays empty in the result") && done.report.contains("was taken as \"1250\" in cost"),
        "{}",
        done.report
    );
}

/// Two packages of one table each; fields, rules and the crosswalk's table as they are written.
fn small(source: &str, target: &str, source_rules: &str, target_rules: &str, table: &str) -> Catalog {
    let schema = |fields: &str| format!("{{\"fields\": [{fields}], \"fieldsMatch\": \"partial\"}}");
    let crosswalk = format!(
        "from = \"town@1\"\ntitle = \"t\"\nreference = \"r\"\nreviewed = \"2026-11-21\"\n[[table]]\nfrom = \"visits\"\nto = \"checks\"\n{table}"
    );
    let files = [
        ("national/town/1/standard.toml", manifest("town", &resource("visits"))),
        ("national/town/1/visits.table.json", schema(source)),
        ("national/town/1/rules.toml", source_rules.to_owned()),
        ("national/norm/1/standard.toml", manifest("norm", &resource("checks"))),
        ("national/norm/1/checks.table.json", schema(target)),
        ("national/norm/1/rules.toml", target_rules.to_owned()),
        ("national/norm/1/crosswalks/from-town.toml", crosswalk),
    ];
    let catalog = Catalog::from_files(files.map(|(p, t)| (p, t.into_bytes())));
    assert!(catalog.findings().is_empty(), "{:?}", catalog.findings());
    catalog
}

/// A rule or a key that both sides have is told once: by the target, which takes it at least as gravely, at the source's cell.
#[test]
fn a_rule_of_both_sides_is_told_once() {
    let rule = |id: &str, resource: &str, rest: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nresource = \"{resource}\"\n{rest}\ntitle = \"T\"\nwhy = \"W.\"\nmend = \"M.\"\nreference = \"R\"\n"
        )
    };
    let any = |id: &str, table: &str, fields: &str, grave: &str| {
        rule(id, table, &format!("kind = \"any-of\"\nfields = [{fields}]\nseverity = \"{grave}\""))
    };
    let unique = |id: &str, table: &str, field: &str, grave: &str| {
        rule(id, table, &format!("kind = \"unique\"\nfields = [\"{field}\"]\nseverity = \"{grave}\""))
    };
    let texts = |names: [&str; 3]| names.map(|n| format!("{{\"name\": \"{n}\", \"type\": \"string\"}}")).join(", ");
    let source_rules = any("no-day", "visits", "\"Begin\", \"End\"", "warning") + &unique("twice", "visits", "No", "info");
    let table = "[[table.field]]\nto = \"id\"\nfrom = \"No\"\nsteps = [{ trim = \"both\" }]\n[[table.field]]\nto = \"first\"\nfrom = \"Begin\"\n\
                 [[table.field]]\nto = \"last\"\nfrom = \"End\"\n";
    let csv = "No,Begin,End\n1,a,\n1,,\n2,,b\n";
    let told = |target_rules: String| {
        let catalog = small(&texts(["No", "Begin", "End"]), &texts(["id", "first", "last"]), &source_rules, &target_rules, table);
        let done = convert(&catalog, &[csv.as_bytes()], 1 << 20, Format::Csv).unwrap();
        done.report.lines().map(|l| l.split_once(": T").map_or(l, |(place, _)| place).to_owned()).collect::<Vec<_>>()
    };
    let graver = any("days", "checks", "\"first\", \"last\"", "error") + &unique("again", "checks", "id", "warning");
    assert_eq!(
        told(graver),
        ["visits.csv:3:3: error[norm/days] column B \"Begin\"", "visits.csv:3:1: warning[norm/again] column A \"No\""]
    );
    // Of other fields, or taken less gravely: both have their say.
    let others = any("days", "checks", "\"first\", \"id\"", "error");
    assert_eq!(
        told(others),
        ["visits.csv:3:1: info[town/twice] column A \"No\"", "visits.csv:3:3: warning[town/no-day] column B \"Begin\""]
    );
    let milder = any("days", "checks", "\"first\", \"last\"", "info");
    assert_eq!(told(milder).len(), 3);
}

#[test]
fn references_to_rows_that_were_not_written_are_found_at_the_end() {
    // The second shop's row cannot become a shop without its name, but is written; nothing is amiss between the tables.
    let done = one("1,Inn,2024-03-05,1,,\n2,,2024-03-06,1,,\n");
    assert_eq!(codes(&done), ["visits.csv:3: error[C301"], "{}", done.report);
}

#[test]
fn unknown_columns_are_counted_as_lost() {
    let rows = "No,Shop,Day,Points,Faults,Remark,Extra\n1,Inn,2024-03-05,1,,,x\n1,Inn,2024-03-05,1,,,\n1,Inn,2024-03-06,1,,,\"\"\n";
    let done = convert(&catalog(), &[rows.as_bytes()], 100, Format::Csv).unwrap();
    let line = done.report.lines().find(|l| l.contains("C508")).unwrap();
    assert!(line.contains("\"Extra\" are not carried over (filled cells: 1)"), "{line}");
}

#[test]
fn old_encodings_are_converted_and_rejects_keep_their_text() {
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend_from_slice(b"1,Caf\xe9,2024-03-05,1,,\nx,Se\xf1or,2024-03-05,1,,\n");
    let done = convert(&catalog(), &[&bytes], 100, Format::Csv).unwrap();
    assert_eq!(done.out["shops"], "id,name\n1,Café\n");
    assert!(done.rejects.contains("x,Señor,2024-03-05"), "{}", done.rejects);
}

#[test]
fn several_files_become_one_dataset() {
    let (a, b) = (HEADER.to_owned() + "1,Inn,2024-03-05,1,,\n", HEADER.to_owned() + "1,Inn,2024-03-06,1,,\nx,,,,,\n");
    let done = convert(&catalog(), &[a.as_bytes(), b.as_bytes()], 100, Format::Ndjson).unwrap();
    assert_eq!(done.out["shops"], "{\"id\":\"1\",\"name\":\"Inn\"}\n");
    assert_eq!(done.rejects.lines().count(), 2, "one header for files of one form: {}", done.rejects);
    assert_eq!((done.balance.records_in, done.balance.rejected), (3, 1));
}

#[test]
fn the_same_table_in_another_form_converts_alike() {
    let csv = one("1,Inn,2024-03-05,101,1 2,\"a, b\"\nx,Bar,2024-03-05,1,3,\n2,Cafe,soon,7,,\n");
    let records = [
        r#"{"No":1,"Shop":"Inn","Day":"2024-03-05","Points":101,"Faults":"1 2","Remark":"a, b"}"#,
        r#"{"No":"x","Shop":"Bar","Day":"2024-03-05","Points":1,"Faults":"3","Remark":null}"#,
        r#"{"No":"2","Shop":"Cafe","Day":"soon","Points":7}"#,
    ];
    for (text, place) in [(records.join("\n"), ":3:1"), (format!("[{}]", records.join(",\n")), ":3:1")] {
        for cut in [3, 1 << 20] {
            let json = convert(&catalog(), &[text.as_bytes()], cut, Format::Csv).unwrap();
            assert_eq!((&json.out, &json.rejects, &json.balance), (&csv.out, &csv.rejects, &csv.balance));
            let sentence = |l: &str| l.split_once("error[").map(|(_, s)| s[..5].to_owned());
            let told = |d: &Done| d.report.lines().filter_map(sentence).collect::<Vec<_>>();
            assert_eq!(told(&json), told(&csv));
            let line = json.report.lines().find(|l| l.contains("C502")).unwrap();
            assert!(line.starts_with(&format!("visits.csv{place}: error[C502] field \"Day\"")), "{line}");
        }
    }
}

#[test]
fn another_kind_of_file_is_refused() {
    for bytes in [&b"apples,pears\n1,2\n"[..], b"", b"%PDF-1.4", b"1,2,3\n4,5,6\n"] {
        assert!(matches!(convert(&catalog(), &[bytes], 10, Format::Csv), Err(JobError::NotRead { .. })), "{bytes:?}");
    }
}

fn rows() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just(b",".to_vec()),
        3 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\"".to_vec()),
        1 => Just(b" ".to_vec()),
        2 => "[0-9]{1,3}".prop_map(String::into_bytes),
        2 => "[a-z \n,]{0,8}".prop_map(|s| format!("\"{s}\"").into_bytes()),
        1 => Just(b"VOID".to_vec()),
        1 => Just(b"N/A".to_vec()),
        1 => Just("ñ".as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..3),
        6 => ("[0-9x]{1,2}(\\.0)?", "Inn|Bar|VOID|N/A|\"A, \"\"B\"\"\"", "2024-0[1-3]-0[1-9]|[1-3]/4/2024|spring|", "[0-9]{0,3}|x", "[0-9a ]{0,6}", "|hm")
            .prop_map(|(a, b, c, d, e, f)| format!("{a},{b},{c},{d},{e},{f}\n").into_bytes()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|v| v.concat())
}

/// Rows of an output as an independent reader sees them, without the header.
fn count(text: &str) -> u64 {
    csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes()).records().map(Result::unwrap).count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Every record is accounted for, whatever the bytes are.
    #[test]
    fn the_balance_always_holds(rows in rows()) {
        let catalog = catalog();
        let bytes = [HEADER.as_bytes(), &rows].concat();
        let Ok(done) = convert(&catalog, &[&bytes], 1 << 20, Format::Csv) else { return Ok(()) };
        let b = &done.balance;
        prop_assert_eq!(b.records_in, done.records);
        prop_assert_eq!(b.records_in, b.records_out + b.rejected + b.dropped.iter().map(|d| d.count).sum::<u64>());
        for table in &b.tables {
            prop_assert_eq!(table.candidates, table.written + table.rejected + table.repeated + table.skipped);
            prop_assert_eq!(count(&done.out[&table.table]), table.written, "{}", &table.table);
        }
        // Amounts that cannot be read are in no total, so only a whole one may be called balanced; what was read is accounted for in any case.
        prop_assert!(b.sums.iter().all(|s| s.balanced == (s.cells_unread == 0)), "{:?}", b.sums);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However the bytes are cut, the same comes out. The file is longer than its start, so that cuts matter.
    #[test]
    fn a_cut_anywhere_changes_nothing(rows in rows(), cut in 1usize..4000) {
        let catalog = catalog();
        let filler = "7,Inn,2024-03-05,1,1 2,\n".repeat(crate::bounds::SAMPLE / 24);
        let bytes = [HEADER.as_bytes(), filler.as_bytes(), &rows, filler.as_bytes()[..2400].as_ref(), &rows].concat();
        let whole = convert(&catalog, &[&bytes], usize::MAX, Format::Csv).unwrap();
        prop_assert_eq!(convert(&catalog, &[&bytes], cut, Format::Csv).unwrap(), whole);
    }
}

mod uniting {
    use super::*;

    #[test]
    fn files_are_united_and_checked_apart() {
        let catalog = catalog();
        let norm = catalog.find("norm").unwrap();
        let files = ["id,name\n1,Inn\n2,Bar\n", "Name,id,extra\nCafe,1,x\nCafe,1,\nShort\n"];
        let starts: Vec<Start<'_>> = files.iter().map(|f| Start::delimited("shops.csv", f.as_bytes(), true)).collect();
        let sources = ["acton".to_owned(), "bolton".to_owned()];
        let mut job = Uniting::open(norm, &starts, &sources, "source", &WriterConfig::default(), &Options::default()).unwrap();
        for (i, file) in files.iter().enumerate() {
            let intake = Intake::of_bytes("shops.csv", file.as_bytes(), true, &Default::default());
            let mut feed = job.start(i, intake).unwrap();
            while job.advance(&mut feed, true) {}
            job.finish_file(feed, file.len() as u64, None);
        }
        let (report, out) = job.finish();
        assert_eq!(String::from_utf8(out).unwrap(), "source,id,name,extra\nacton,1,Inn,\nacton,2,Bar,\nbolton,1,Cafe,x\nbolton,1,Cafe,\n");
        let counts: Vec<(String, u64, u64)> =
            report.conversion.as_ref().unwrap().tables.iter().map(|t| (t.table.clone(), t.written, t.rejected)).collect();
        assert_eq!(counts, [("acton".into(), 2, 0), ("bolton".into(), 2, 1)]);
        let short = render::short::short(&report);
        // The key 1 is used in both files, but twice only in the second.
        assert_eq!(short.matches("C401").count(), 1, "{short}");
    }

    #[test]
    fn a_header_that_does_not_fit_is_refused() {
        let catalog = catalog();
        let norm = catalog.find("norm").unwrap();
        let open = |files: &[&str]| {
            let starts: Vec<Start<'_>> = files.iter().map(|f| Start::delimited("x.csv", f.as_bytes(), true)).collect();
            let sources: Vec<String> = (0..files.len()).map(|i| i.to_string()).collect();
            Uniting::open(norm, &starts, &sources, "source", &WriterConfig::default(), &Options::default()).err()
        };
        assert!(matches!(open(&["id,other\n1,2\n"]), Some(UnitingError::NotRead { .. })));
        assert!(matches!(open(&["fruit\n1\n"]), Some(UnitingError::NotRead { .. })));
        assert!(matches!(open(&["id,name\n1,2\n", "shop,date,points\n1,2,3\n"]), Some(UnitingError::Tables { .. })));
    }
}
