//! The way by columns against the ordinary way, over packages, crosswalks and files made up at random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::check::dataset::Options;
use crate::convert::{Job, Reading, Way};
use crate::encode::{Format, WriterConfig};
use crate::package::catalog::Catalog;
use crate::read::Intake;
use crate::render;

/// What a job leaves behind: the data, the rejects and the report for programs. With the number of rows that were taken by columns.
type Done = (Vec<u8>, Vec<u8>, String);

fn convert(catalog: &Catalog, bytes: &[u8], cut: usize, writer: WriterConfig, one_by_one: bool) -> Result<(Done, u64), String> {
    let (from, to) = (catalog.find("town").unwrap(), catalog.find("norm").unwrap());
    let givens = BTreeMap::new();
    let way = Way { from, to, crosswalk: &to.crosswalks[0], givens: &givens };
    let sample = bytes.len().min(crate::bounds::SAMPLE);
    let (first, rest) = bytes.split_at(sample);
    let intake = Intake::of_bytes("rows.csv", first, rest.is_empty(), &Default::default());
    let mut job = Job::open(&way, &[intake.start()], writer, &Options::default()).map_err(|e| e.to_string())?;
    if one_by_one {
        job.one_by_one();
    }
    let (mut out, mut rejects) = (Vec::new(), Vec::new());
    let tables = job.tables();
    let mut drain = |job: &mut Job| {
        for (i, (resource, _)) in tables.iter().enumerate() {
            // Both ways of taking what was made.
            if i % 2 == 0 && !one_by_one {
                job.hand_over(*resource, |bytes| {
                    out.extend_from_slice(bytes);
                    Ok::<(), ()>(())
                })
                .unwrap();
            } else {
                out.extend(job.take_output(*resource));
            }
        }
        rejects.extend(job.take_rejects());
    };
    let Some(mut feed) = job.start(0, intake) else { return Err("not started".to_owned()) };
    feed.expect(bytes.len() as u64);
    for piece in rest.chunks(cut) {
        feed.buffer().extend_from_slice(piece);
        while job.advance(&mut feed, false) {
            drain(&mut job);
        }
    }
    while job.advance(&mut feed, true) {
        drain(&mut job);
    }
    let taken = job.by_columns[0].as_ref().map_or(0, |c| c.taken);
    job.finish_file(feed, bytes.len() as u64, None);
    let balance = job.finish();
    drain(&mut job);
    let report = job.report(balance);
    Ok(((out, rejects, render::render(&report, render::Format::Json, &render::Options::default())), taken))
}

/// A field of the source, the steps of its counterpart, and the counterpart: each a piece of a file.
#[derive(Debug, Clone)]
struct Part {
    source: &'static str,
    from: &'static str,
    steps: &'static str,
    target: &'static str,
    otherwise: &'static str,
}

const SOURCES: [&str; 6] = [
    r#""type": "string""#,
    r#""type": "string", "missingValues": ["", "N/A", "-"]"#,
    r#""type": "number""#,
    r#""type": "integer", "constraints": {"minimum": 0}"#,
    r#""type": "string", "constraints": {"required": true}"#,
    r#""type": "any""#,
];
const STEPS: [&str; 25] = [
    "",
    "{ trim = \"both\" }",
    "{ trim = \"both\" }, { number = { group = \",\", symbols = [\"$\"] } }",
    "{ trim = \"both\" }, { number = { group = \",\", symbols = [\"$\"], whole = true } }",
    "{ number = { group = \",\", symbols = [\"$\"], places = 2 } }",
    "{ number = {} }, { when = { field = \"F0\", matches = \"^[-+]?0*(\\\\.0*)?$\", then = [{ constant = \"\" }] } }",
    "{ number = {} }, { when = { field = \"F1\", empty = true, then = [{ constant = \"\" }] } }",
    "{ trim = \"both\" }, { date = { from = [\"%Y-%m-%dT%H:%M:%S.%f\", \"%Y-%m-%dT%H:%M:%S\", \"%Y-%m-%d\"], to = \"%Y-%m-%d\" } }",
    "{ date = { from = [\"%m/%d/%Y\", \"%-m/%-d/%Y\"], to = \"%Y-%m-%d\" } }",
    "{ date = { from = [\"%Y-%m-%d\"], to = \"%d.%m.%Y\" } }",
    "{ lookup = \"words.csv\", fold = true }",
    "{ lookup = \"words.csv\" }",
    "{ trim = \"both\" }, { codes = \"kinds\", fold = true }",
    "{ codes = \"kinds\" }",
    "{ case = \"upper\" }",
    "{ case = \"title\" }, { squeeze = true }",
    "{ replace = { \"a\" = \"\\\"\", \"b\" = \"é\" } }",
    "{ strip = \"-/\" }",
    "{ split = { at = \" \", take = 1 } }",
    "{ default = \"none\" }",
    "{ cut = { from = 1, to = 3 } }, { pad = { to = 5, with = \"0\" } }",
    "{ constant = \"A\" }",
    "{ when = { field = \"F1\", is = [\"A\", \"Mill St\"], then = [{ constant = \"A\\tb\" }] } }",
    "{ given = \"g\" }",
    "{ trim = \"both\" }, { replace = [[\"-\", \"\"], [\"a\", \"\"]] }",
];
const TARGETS: [&str; 13] = [
    r#""type": "string""#,
    r#""type": "string", "constraints": {"required": true}"#,
    r#""type": "string", "constraints": {"maxLength": 6}"#,
    r#""type": "string", "missingValues": ["", "A"]"#,
    r#""type": "string", "constraints": {"enum": ["A", "B", "Mill St"]}"#,
    r#""type": "string", "constraints": {"pattern": "[A-Z0-9].*"}"#,
    r#""type": "number""#,
    r#""type": "integer", "constraints": {"minimum": "0", "maximum": "2000"}"#,
    r#""type": "date""#,
    r#""type": "year""#,
    r#""type": "list", "delimiter": ";""#,
    r#""type": "string", "concord": {"codes": "kinds", "open": true}"#,
    r#""type": "number", "constraints": {"minimum": "0"}"#,
];

fn part() -> impl Strategy<Value = Part> {
    let pick = |all: &'static [&'static str]| proptest::sample::select(all);
    let from = proptest::sample::select(&["own", "own", "own", "own", "own", "own", "other", "both"][..]);
    // Mostly pairs that make sense together, so that rows pass.
    let sensible = proptest::sample::select(
        &[
            (0, 0, 0),
            (1, 1, 0),
            (2, 2, 6),
            (3, 3, 7),
            (0, 2, 6),
            (0, 4, 6),
            (0, 7, 8),
            (0, 8, 8),
            (0, 10, 0),
            (0, 12, 0),
            (5, 1, 2),
            (0, 16, 0),
            (0, 22, 0),
            (0, 21, 3),
            (0, 21, 0),
            (0, 19, 1),
            (2, 5, 6),
            (2, 2, 12),
            (2, 3, 7),
        ][..],
    );
    let any = (pick(&SOURCES), pick(&STEPS), pick(&TARGETS)).prop_map(|(a, b, c)| (a, b, c));
    let texts = prop_oneof![4 => sensible.prop_map(|(a, b, c): (usize, usize, usize)| (SOURCES[a], STEPS[b], TARGETS[c])), 1 => any];
    (texts, from, pick(&["empty", "empty", "keep", "reject"])).prop_map(|((source, steps, target), from, otherwise)| Part {
        source,
        from,
        steps,
        target,
        otherwise,
    })
}

/// A town's layout, a standard and the way between them.
fn catalog(parts: &[Part], extras: u8) -> Option<Catalog> {
    let manifest = |id: &str, table: &str| {
        format!(
            "id = \"{id}\"\nversion = \"1\"\ntitle = \"T\"\ndescription = \"D\"\ntier = \"national\"\ndomain = \"d\"\npublisher = \"p\"\n\
             licence = \"CC0-1.0\"\nstatus = \"stable\"\n[[resource]]\nname = \"{table}\"\ntitle = \"t\"\nrecord = \"record\"\npresence = \"required\"\n"
        )
    };
    let has = |bit: u8| extras & (1 << bit) != 0;
    let n = parts.len();
    let fields: Vec<String> = parts.iter().enumerate().map(|(i, p)| format!("{{\"name\": \"F{i}\", {}}}", p.source)).collect();
    // The source may have the keys that the target has.
    let key = if has(3) { ", \"primaryKey\": \"F0\"" } else { "" };
    let unique = if has(4) && n > 2 { ", \"uniqueKeys\": [[\"F1\", \"F2\"]]" } else { "" };
    let source = format!(
        "{{\"fields\": [{}, {{\"name\": \"Lost\", \"type\": \"string\"}}]{key}{unique}, \"fieldsMatch\": \"partial\"}}",
        fields.join(",")
    );
    let fields: Vec<String> = parts.iter().enumerate().map(|(i, p)| format!("{{\"name\": \"T{i}\", {}}}", p.target)).collect();
    let key = if has(0) { ", \"primaryKey\": \"T0\"" } else { "" };
    let unique = if has(1) && n > 2 { ", \"uniqueKeys\": [[\"T1\", \"T2\"]]" } else { "" };
    let more = if has(2) { ", {\"name\": \"Note\", \"type\": \"string\", \"concord\": {\"column\": true}}" } else { "" };
    let target = format!("{{\"fields\": [{}{more}]{key}{unique}, \"fieldsMatch\": \"partial\"}}", fields.join(","));
    let mut rules = String::new();
    let mut rule = |kind: &str, rest: &str| {
        rules.push_str(&format!(
            "[[rule]]\nid = \"r{}\"\nresource = \"outs\"\nkind = \"{kind}\"\n{rest}\nseverity = \"warning\"\ntitle = \"t\"\nwhy = \"w\"\n\
             mend = \"m\"\nreference = \"r\"\n",
            rules.len()
        ));
    };
    if n > 2 {
        if has(3) {
            rule("any-of", "fields = [\"T0\", \"T2\"]");
            rule("requires", "if = \"T1\"\nthen = [\"T2\"]");
        }
        if has(4) {
            rule("order", "first = \"T1\"\nthen = \"T2\"");
            rule("one-of", "fields = [\"T0\", \"T2\"]");
        }
        if has(5) {
            rule("implies", "if = \"T0\"\nis = [\"A\", \"B\"]\nthen = \"T1\"\nfilled = true");
        }
    }
    let mut crosswalk = String::from(
        "from = \"town@1\"\ntitle = \"t\"\nreference = \"r\"\nreviewed = \"2026-11-21\"\n[[lost]]\ntable = \"rows\"\nfields = [\"Lost\"]\n\
         why = \"No field.\"\n[[table]]\nfrom = \"rows\"\nto = \"outs\"\n",
    );
    if has(6) {
        crosswalk.push_str("sums = [{ from = \"F0\", to = \"T0\" }]\n");
    }
    if has(7) {
        crosswalk.push_str("[[table.skip]]\nwhen = { field = \"F1\", is = [\"VOID\", \"B\"] }\nwhy = \"Void.\"\n");
    }
    for (i, part) in parts.iter().enumerate() {
        let own = format!("F{i}");
        let (from, steps) = match part.from {
            "own" => (format!("\"{own}\""), part.steps.to_owned()),
            "other" => (format!("\"F{}\"", (i + 1) % n), part.steps.to_owned()),
            _ => (format!("[\"{own}\", \"F{}\"]", (i + 1) % n), "{ trim = \"both\" }, { concat = \" \" }".to_owned()),
        };
        let steps = steps.replace("\"F0\"", &format!("\"{own}\""));
        // A constant starts from nothing.
        let from = if steps.starts_with("{ constant") { String::new() } else { format!("from = {from}\n") };
        crosswalk.push_str(&format!("[[table.field]]\nto = \"T{i}\"\n{from}steps = [{steps}]\notherwise = \"{}\"\n", part.otherwise));
    }
    let files = [
        ("national/town/1/standard.toml", manifest("town", "rows")),
        ("national/town/1/rows.table.json", source),
        ("national/norm/1/standard.toml", manifest("norm", "outs")),
        ("national/norm/1/outs.table.json", target),
        ("national/norm/1/rules.toml", rules),
        ("national/norm/1/codes/kinds.csv", "code,title\nA,A\nMill St,Mill\nÉtat,State\nDone,Done\n".to_owned()),
        ("national/norm/1/crosswalks/words.csv", "from,to\nA,Apple\nmill st,\"Mill \"\"Street\"\"\"\nB,B\nx,é\nDone,\n".to_owned()),
        ("national/norm/1/crosswalks/from-town.toml", crosswalk),
    ];
    let catalog = Catalog::from_files(files.into_iter().map(|(p, t)| (p, t.into_bytes())));
    catalog.find("norm").is_some_and(|p| !p.crosswalks.is_empty()).then_some(catalog)
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(&["A", "B", "Mill St", "mill st", "Done", "x", "VOID", "N/A", "-", ""][..]).prop_map(str::to_owned),
        2 => "20[12][0-9]-0[1-9]-[0-2][0-9](T00:00:00(\\.000)?)?",
        1 => "(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9])/20[12][0-9]",
        3 => "[1-9][0-9]{0,5}(\\.[0-9]{1,2}|\\.00)?|-?[0-9]{1,3}(\\.[0-9]{1,6})?|0|0\\.0|007",
        1 => "[$][1-9][0-9]{0,2}(,[0-9]{3}){0,2}(\\.[0-9]{2})?",
        1 => "[a-zA-Z0-9 .;/-]{0,24}",
        1 => proptest::sample::select(
            &["\"a, b\"", "\"say \"\"no\"\"\"", "\"two\nlines\"", "\"A\"", "\"\"", "back\\slash", "a\tb", " A", "A ", "Caf\u{e9}", "\u{a0}A", "\"12\"", "\"1,250\"", "a\u{7f}", "\"$1,250.00\"", "\"2024-01-05\"", "\" A\"", "\"x\\\""][..]
        )
        .prop_map(str::to_owned),
    ]
}

fn file(columns: usize) -> impl Strategy<Value = Vec<u8>> {
    // Rows that repeat, so that most pass where any does; and now and then one of another length.
    let row = proptest::collection::vec(cell(), columns + 2);
    let rows = proptest::collection::vec((row, prop_oneof![12 => Just(0usize), 1 => Just(1), 1 => Just(2), 1 => Just(3)]), 1..12);
    (rows, proptest::collection::vec(any::<u8>(), 0..200), 0usize..4, any::<bool>()).prop_map(move |(rows, order, missing, crlf)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut header: Vec<String> = (0..columns).map(|i| format!("F{i}")).collect();
        if missing == 1 {
            // A column that the file does not have.
            header[columns - 1] = "Unknown".to_owned();
        }
        header.push("Lost".to_owned());
        header.push("Extra".to_owned());
        let mut text = header.join(",") + end;
        for (n, at) in order.iter().enumerate() {
            let (cells, kind) = &rows[*at as usize % rows.len()];
            let mut cells = cells.clone();
            if n % 3 == 0 {
                cells[0] = format!("{}", 1000 + n);
            }
            match kind {
                1 => cells.truncate(columns),
                2 if n % 5 == 0 => cells.iter_mut().for_each(|c| c.clear()),
                3 if n % 7 == 0 => cells = vec![String::new()],
                _ => {}
            }
            text.push_str(&cells.join(","));
            text.push_str(end);
        }
        text.into_bytes()
    })
}

fn setting() -> impl Strategy<Value = (Vec<Part>, u8, Vec<u8>)> {
    proptest::collection::vec(part(), 3..7).prop_flat_map(|parts| {
        let n = parts.len();
        (Just(parts), any::<u8>(), file(n))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 4000, ..ProptestConfig::default() })]

    /// Bytes, rejects and report are the same, byte for byte.
    #[test]
    fn the_two_ways_agree((parts, extras, bytes) in setting(), format in 0usize..3) {
        let Some(catalog) = catalog(&parts, extras) else { return Err(TestCaseError::reject("no crosswalk")) };
        let format = [Format::Ndjson, Format::Json, Format::Csv][format];
        let writer = WriterConfig { format, ..WriterConfig::default() };
        let slow = convert(&catalog, &bytes, 1 << 20, writer, true);
        let quick = convert(&catalog, &bytes, 1 << 20, writer, false);
        match (slow, quick) {
            (Ok(((a, b, c), _)), Ok(((d, e, f), _))) => {
                prop_assert_eq!(String::from_utf8_lossy(&a), String::from_utf8_lossy(&d));
                prop_assert_eq!(String::from_utf8_lossy(&b), String::from_utf8_lossy(&e));
                prop_assert_eq!(c, f);
            }
            (Err(a), Err(b)) => prop_assert_eq!(a, b),
            (a, b) => prop_assert!(false, "{:?} and {:?}", a, b),
        }
    }
}

/// The test above would say nothing if no row were ever taken.
#[test]
fn most_ordinary_rows_are_taken() {
    let part = |source: usize, steps: usize, target: usize| Part {
        source: SOURCES[source],
        from: "own",
        steps: STEPS[steps],
        target: TARGETS[target],
        otherwise: "empty",
    };
    let parts = [part(0, 1, 0), part(0, 2, 6), part(0, 7, 8), part(0, 8, 8), part(0, 12, 0), part(0, 10, 0)];
    let catalog = catalog(&parts, 0b0100_1001).unwrap();
    let mut text = String::from("F0,F1,F2,F3,F4,F5,Lost,Extra\n");
    for n in 0..5000 {
        let status = ["A", "done", "mill st"][n % 3];
        text.push_str(&format!("{n},\"$1,{:03}.50\",2024-01-05T00:00:00.000,{}/2/2024,{status},a,x,\n", n % 1000, n % 12 + 1));
    }
    for format in [Format::Ndjson, Format::Json, Format::Csv] {
        let writer = WriterConfig { format, ..WriterConfig::default() };
        let (slow, none) = convert(&catalog, text.as_bytes(), 10_000, writer, true).unwrap();
        let (quick, taken) = convert(&catalog, text.as_bytes(), 10_000, writer, false).unwrap();
        assert!(slow == quick, "{}\n{}", slow.2, quick.2);
        assert_eq!((none, taken), (0, 5000));
    }
    // The key of both sides is remembered once, until a row goes the ordinary way: repetitions of what was taken before are found all the same.
    for odd in [&["17"][..], &["5000", "5000"], &["caf\u{e9}", "17", "caf\u{e9}"], &["", "4999"]] {
        let mut text = text.clone();
        odd.iter().chain(&["5001", "17", "5001"]).for_each(|key| text.push_str(&format!("{key},1,2024-01-05,1/2/2024,A,a,x,\n")));
        let writer = WriterConfig { format: Format::Ndjson, ..WriterConfig::default() };
        let (slow, _) = convert(&catalog, text.as_bytes(), 10_000, writer, true).unwrap();
        let (quick, taken) = convert(&catalog, text.as_bytes(), 10_000, writer, false).unwrap();
        assert!(slow == quick, "{}\n{}", slow.2, quick.2);
        assert!(taken >= 5000 && slow.2.contains("first_row"), "{taken} {}", slow.2);
    }
}
