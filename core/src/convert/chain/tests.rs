//! A way over two crosswalks against the same by a file in between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use crate::encode::Format;
use crate::package::StandardRef;
use crate::package::catalog::Catalog;
use crate::render;

fn manifest(id: &str, tables: &[&str]) -> String {
    let resource =
        |name: &&str| format!("[[resource]]\nname = \"{name}\"\ntitle = \"{name}\"\nrecord = \"record\"\npresence = \"optional\"\n");
    format!(
        "id = \"{id}\"\nversion = \"1\"\ntitle = \"T\"\ndescription = \"D\"\ntier = \"national\"\ndomain = \"d\"\npublisher = \"p\"\n\
         licence = \"CC0-1.0\"\nstatus = \"stable\"\n{}",
        tables.iter().map(resource).collect::<String>()
    )
}

/// A town's visits, a state's checks, faults and shops, and a country's results and notes.
fn catalog() -> Catalog {
    let visits = r#"{"fields": [{"name": "No", "type": "string"}, {"name": "Shop", "type": "string"}, {"name": "Day", "type": "string"},
        {"name": "Points", "type": "number"}, {"name": "Faults", "type": "string"}, {"name": "Remark", "type": "string"}],
        "missingValues": ["", "N/A"], "fieldsMatch": "partial"}"#;
    let shops = r#"{"fields": [{"name": "name", "type": "string"}], "fieldsMatch": "partial"}"#;
    let checks = r#"{"fields": [{"name": "number", "type": "string", "constraints": {"pattern": "[0-9]+"}}, {"name": "shop", "type": "string"},
        {"name": "date", "type": "date"}, {"name": "points", "type": "number", "constraints": {"maximum": "100"}}],
        "missingValues": ["", "none"], "fieldsMatch": "partial"}"#;
    let faults = r#"{"fields": [{"name": "number", "type": "string"}, {"name": "code", "type": "string"}], "fieldsMatch": "partial"}"#;
    let results = r#"{"fields": [{"name": "id", "type": "integer", "constraints": {"required": true}}, {"name": "place", "type": "string"},
        {"name": "year", "type": "integer"}, {"name": "score", "type": "number", "constraints": {"maximum": "100"}}], "fieldsMatch": "partial"}"#;
    let notes = r#"{"fields": [{"name": "id", "type": "string"}, {"name": "text", "type": "string"}], "fieldsMatch": "partial"}"#;
    let first = r#"
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
distinct = ["*"]
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
to = "number"
from = "No"
steps = [{ trim = "both" }]
[[table.field]]
to = "shop"
from = "Shop"
steps = [{ trim = "both" }]
[[table.field]]
to = "date"
from = "Day"
steps = [{ date = { from = ["%Y-%m-%d", "%-m/%-d/%Y"], to = "%Y-%m-%d" } }]
otherwise = "reject"
[[table.field]]
to = "points"
from = "Points"
steps = [{ number = { negative = "parentheses" } }]
otherwise = "keep"
[[table]]
from = "visits"
to = "faults"
explode = { field = "Faults", at = "blank" }
[[table.field]]
to = "number"
from = "No"
[[table.field]]
to = "code"
from = "@piece"
"#;
    let second = r#"
from = "state@1"
title = "t"
reference = "r"
reviewed = "2026-11-21"
[[lost]]
table = "checks"
fields = ["date"]
why = "Only its year."
[[table]]
from = "checks"
to = "results"
sums = [{ from = "points", to = "score" }]
distinct = ["id", "year"]
[[table.skip]]
when = { field = "shop", is = ["Bar"] }
why = "Bars are not published."
[[table.field]]
to = "id"
from = "number"
steps = [{ number = { whole = true } }]
otherwise = "reject"
[[table.field]]
to = "place"
from = "shop"
steps = [{ case = "upper" }]
[[table.field]]
to = "year"
from = "date"
steps = [{ date = { from = ["%Y-%m-%d"], to = "%Y" } }]
[[table.field]]
to = "score"
from = "points"
steps = [{ number = {} }]
[[table]]
from = "faults"
to = "notes"
[[table.field]]
to = "id"
from = "number"
[[table.field]]
to = "text"
from = "code"
steps = [{ split = { at = "-", take = 2 } }]
otherwise = "reject"
"#;
    let files = [
        ("national/town/1/standard.toml", manifest("town", &["visits"])),
        ("national/town/1/visits.table.json", visits.to_owned()),
        ("national/state/1/standard.toml", manifest("state", &["shops", "checks", "faults"])),
        ("national/state/1/shops.table.json", shops.to_owned()),
        ("national/state/1/checks.table.json", checks.to_owned()),
        ("national/state/1/faults.table.json", faults.to_owned()),
        ("national/state/1/crosswalks/from-town.toml", first.to_owned()),
        ("national/country/1/standard.toml", manifest("country", &["results", "notes"])),
        ("national/country/1/results.table.json", results.to_owned()),
        ("national/country/1/notes.table.json", notes.to_owned()),
        ("national/country/1/crosswalks/from-state.toml", second.to_owned()),
    ];
    let catalog = Catalog::from_files(files.map(|(p, t)| (p, t.into_bytes())));
    assert!(catalog.findings().is_empty(), "{:?}", catalog.findings());
    catalog
}

#[derive(Debug)]
struct Done {
    out: BTreeMap<String, String>,
    rejects: String,
    report: String,
    balance: crate::report::Conversion,
    /// The most bytes that waited at once.
    most: usize,
    /// The last row of which something was said.
    last_row: u64,
}

/// Converts files along the route from one layout to another, handed over in portions of `cut` bytes.
fn convert(catalog: &Catalog, from: &str, to: &str, files: &[(String, Vec<u8>)], cut: usize) -> Done {
    let reference = |text: &str| StandardRef::parse(text).unwrap();
    let legs = catalog.route(&reference(from), &reference(to), &|_| true).unwrap();
    let givens = BTreeMap::new();
    let ways: Vec<Way<'_>> = legs.iter().map(|l| Way { from: &l.from, to: &l.to, crosswalk: l.crosswalk(), givens: &givens }).collect();
    let options = Options { max_findings: 100_000, ..Options::default() };
    let sample = |bytes: &[u8]| bytes.len().min(crate::bounds::SAMPLE + 1);
    let intake = |(name, f): &(String, Vec<u8>)| Intake::of_bytes(name, &f[..sample(f)], f.len() <= crate::bounds::SAMPLE, &options.read);
    let mut intakes: Vec<Option<Intake>> = files.iter().map(|f| Some(intake(f))).collect();
    let starts: Vec<Start<'_>> = intakes.iter().flatten().map(Intake::start).collect();
    let mut job = Job::open_over(&ways, &starts, WriterConfig { format: Format::Csv, ..WriterConfig::default() }, &options).unwrap();
    drop(starts);
    let (mut out, mut rejects, mut most) = (BTreeMap::<String, Vec<u8>>::new(), Vec::new(), 0);
    let tables = job.tables();
    let mut drain = |job: &mut Job| {
        most = most.max(job.waiting());
        for (resource, name) in &tables {
            out.entry(name.clone()).or_default().extend(job.take_output(*resource));
        }
        rejects.extend(job.take_rejects());
    };
    for index in job.reading_order() {
        let bytes = &files[index].1;
        let Some(mut feed) = job.start(index, intakes[index].take().unwrap()) else { continue };
        for piece in bytes[sample(bytes)..].chunks(cut) {
            feed.push(piece);
            while job.advance(&mut feed, false) {
                drain(&mut job);
            }
        }
        feed.end();
        while job.advance(&mut feed, true) {
            drain(&mut job);
        }
        job.finish_file(feed, bytes.len() as u64, None);
    }
    let balance = job.finish();
    drain(&mut job);
    let report = job.report(balance.clone());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done {
        out: out.into_iter().map(|(name, bytes)| (name, text(bytes))).collect(),
        rejects: text(rejects),
        report: render::short::short(&report),
        balance,
        most,
        last_row: report.findings.stored().iter().map(|f| f.place.row).max().unwrap_or(0),
    }
}

const HEADER: &str = "No,Shop,Day,Points,Faults,Remark\n";

fn over(rows: &str) -> Done {
    convert(&catalog(), "town", "country", &[("visits.csv".to_owned(), (HEADER.to_owned() + rows).into_bytes())], 1 << 20)
}

#[test]
fn rows_go_all_the_way_and_keep_their_places() {
    let done = over(
        "1,Inn,3/4/2024,(5),a-1 b-2,hm\n\
         x,Inn,2024-03-05,7,,\n\
         2,Bar,2024-03-05,8,,\n\
         VOID,VOID,2024-03-05,1,,\n\
         3,Cafe,soon,9,,\n\
         1,Inn,2024-09-09,4,c,\n\
         4,Inn,2024-01-01,101,,\n\
         5,Inn,2024-01-01,many,,\n",
    );
    assert_eq!(done.out["results"], "id,place,year,score\n1,INN,2024,-5\n4,INN,2024,101\n5,INN,2024,\n");
    assert_eq!(done.out["notes"], "id,text\n1,1\n1,2\n");
    let told: Vec<&str> = done.report.lines().collect();
    let expected = [
        // The state's own check of the number, which the town does not have, at the source's row; that it is rejected later is part of it.
        ("visits.csv:3: error[C305] field \"number\": ", ", so the row was not converted, on the way over state@1"),
        ("visits.csv:4: info[C510] the row is left out of results: Bars are not published, on the way over state@1", ""),
        ("visits.csv:5: info[C510] the row is left out of checks: Void", "Void"),
        ("visits.csv:6:8: error[C502] column C \"Day\": ", ", so the row was not converted"),
        // What the later crosswalk cannot treat stands at the cell that it was made from.
        ("visits.csv:7:20: error[C505] column E \"Faults\": ", ", so the row was not converted, on the way over state@1"),
        ("visits.csv:7: warning[C509] ", ", on the way over state@1"),
        // A limit of both standards between and behind is told once.
        ("visits.csv:8: error[C306] field \"points\": ", ", on the way over state@1"),
        ("visits.csv:9:18: error[C302] column D \"Points\": \"many\" is not a number, so score stays empty in the result", ""),
    ];
    for (at, end) in expected {
        assert!(told.iter().any(|line| line.starts_with(at) && line.ends_with(end)), "{at}…{end}\nis not in\n{}", done.report);
    }
    let b = &done.balance;
    assert_eq!((b.records_in, b.records_out, b.rejected), (8, 3, 3), "{b:#?}\n{}", done.report);
    let dropped: Vec<(&str, u64)> = b.dropped.iter().map(|d| (d.why.as_str(), d.count)).collect();
    assert_eq!(dropped, [("country@1 has no place for the shops of state@1.", 2)], "{}", done.report);
    // The source's own rows, whichever crosswalk rejected them.
    let rejected: Vec<&str> = done.rejects.lines().skip(1).filter_map(|l| l.split(',').next()).collect();
    assert_eq!(rejected, ["x", "3", "1"], "{}", done.rejects);
    let way: Vec<String> = b.way.iter().map(|l| format!("{} {}", l.from, l.to)).collect();
    assert_eq!(way, ["town@1 state@1", "state@1 country@1"]);
    assert_eq!(b.way[1].tables, b.tables);
    let sum = &b.sums[0];
    assert_eq!((sum.table.as_str(), sum.from.as_str(), sum.to.as_str()), ("results", "Points", "score"));
    // In: -5 7 8 1 9 4 101. Out: -5 101. Rejected: 7 9. Dropped: 8 1 4.
    let totals = (sum.total_in.as_str(), sum.total_out.as_str(), sum.total_rejected.as_str(), sum.total_dropped.as_str());
    assert_eq!((totals, sum.balanced), (("125", "96", "16", "13"), false), "{sum:?}");
}

#[test]
fn nothing_is_kept_of_what_went_through() {
    let rows: String = (0..200_000).map(|n| format!("{n},Inn,2024-03-05,1,a-1 b-2,\n")).collect();
    let done = over(&rows);
    assert_eq!((done.balance.records_out, done.balance.sums[0].total_out.as_str()), (200_000, "200000"));
    assert!(done.most < 1 << 20, "{}", done.most);
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("none".to_owned()),
        Just("N/A".to_owned()),
        "[0-9]{1,3}",
        "[ ]?-?[0-9]{1,2}(\\.[0-9])?",
        "[a-cé ,\"\n-]{0,6}",
    ]
}

fn row() -> impl Strategy<Value = [String; 6]> {
    let day = prop_oneof![Just("2024-03-05".to_owned()), Just("1/2/2023".to_owned()), Just("2024-02-30".to_owned()), cell()];
    let shop = prop_oneof![Just("Inn".to_owned()), Just("Bar".to_owned()), Just("VOID".to_owned()), cell()];
    let points = prop_oneof!["[0-9]{1,3}", "\\([0-9]\\)", cell()];
    let faults = prop_oneof!["([a-c]-[0-9] ?){0,3}", cell()];
    (prop_oneof!["[0-9]", cell()], shop, day, points, faults, cell()).prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f])
}

#[test]
fn a_row_that_says_no_value_in_words_is_a_record() {
    // "none" is no value to the state, and a text to the town; in a file between, the row would not be blank.
    let done = over(",none,N/A,,,\n");
    assert_eq!((done.out["results"].as_str(), done.balance.records_out), ("id,place,year,score\n,,,\n", 1), "{}", done.report);
}

proptest! {
    /// The chain writes what converting to a file between, and converting that, writes; and it counts the same.
    #[test]
    fn a_chain_is_the_same_as_a_file_between(rows in proptest::collection::vec(row(), 0..12), cut in 1usize..60) {
        let catalog = catalog();
        let mut csv = HEADER.as_bytes().to_vec();
        for row in &rows {
            for (i, cell) in row.iter().enumerate() {
                if i > 0 {
                    csv.push(b',');
                }
                write_csv_cell(cell, b',', false, &mut csv);
            }
            csv.push(b'\n');
        }
        let files = [("visits.csv".to_owned(), csv)];
        let whole = convert(&catalog, "town", "country", &files, cut);
        let first = convert(&catalog, "town", "state", &files, cut);
        let between: Vec<(String, Vec<u8>)> = ["checks", "faults"].iter().map(|t| (format!("{t}.csv"), first.out[*t].clone().into_bytes())).collect();
        let second = convert(&catalog, "state", "country", &between, cut);
        prop_assert_eq!(&whole.out, &second.out, "{}", whole.report);
        let b = &whole.balance;
        prop_assert_eq!(b.records_in, first.balance.records_in);
        prop_assert_eq!(b.records_in, b.records_out + b.rejected + b.dropped.iter().map(|d| d.count).sum::<u64>());
        prop_assert!(b.rejected + b.in_part >= first.balance.rejected);
        prop_assert_eq!(&b.way[0].tables, &first.balance.tables);
        prop_assert_eq!(&b.way[1].tables, &second.balance.tables);
        let (one, two, sum) = (&first.balance.sums[0], &second.balance.sums[0], &b.sums[0]);
        prop_assert_eq!((&sum.total_in, &sum.total_out), (&one.total_in, &two.total_out));
        prop_assert_eq!(&one.total_out, &two.total_in);
        prop_assert_eq!(sum.balanced, one.balanced && two.balanced);
        let add = |texts: &[&String]| texts.iter().fold("0".to_owned(), |a, b| crate::map::convert::plus(&a, b));
        prop_assert_eq!(add(&[&sum.total_out, &sum.total_rejected, &sum.total_dropped, &sum.total_unread]), add(&[&sum.total_in]));
        // Every finding stands at a row of the source, or at the whole.
        prop_assert!(whole.last_row <= 1 + rows.len() as u64, "{}", whole.report);
    }
}
