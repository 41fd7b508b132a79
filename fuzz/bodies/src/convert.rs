//! Converting any rows at all: nothing vanishes.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use concord_core::decimal::Decimal;
use concord_core::decode::careful::{self, Read};
use concord_core::decode::dialect::DialectHints;
use concord_core::decode::{Head, content};
use concord_core::encode::{Format, WriterConfig};
use concord_core::finding::Place;
use concord_core::map::{Converter, MapPlan, NoCheck, RejectsConfig, SourceRow};
use concord_core::package::Package;
use concord_core::report::Conversion;

use crate::crosswalk::package;
use crate::input::Input;
use crate::load_package::tell;

/// The conversions that are tried: source, its table, target.
const PAIRS: [(&str, &str, &str); 3] =
    [("nm911-address", "addresses", "nad"), ("lexington-food-inspections", "inspections", "lives"), ("socrata-permits", "permits", "blds")];

fn plans() -> &'static Vec<(MapPlan, &'static Package, &'static Package)> {
    static PLANS: OnceLock<Vec<(MapPlan, &'static Package, &'static Package)>> = OnceLock::new();
    PLANS.get_or_init(|| {
        PAIRS
            .iter()
            .map(|(from, table, to)| {
                let (source, target) = (package(from), package(to));
                let crosswalk = target.crosswalks.iter().find(|c| c.from.starts_with(from)).expect("the crosswalk is embedded");
                let givens: BTreeMap<String, String> =
                    MapPlan::wanted_givens(crosswalk).into_iter().map(|name| (name, "20260401".to_owned())).collect();
                let plan = MapPlan::compile(crosswalk, source, target, table, &givens).expect("the crosswalk fits its packages");
                (plan, source, target)
            })
            .collect()
    })
}

/// The first byte chooses the conversion and the format written, the next how many rows make a block; the rest is the file.
pub fn convert(data: &[u8]) {
    let mut input = Input::new(data);
    let (how, block) = (input.byte(), 1 + usize::from(input.byte()));
    let file = input.rest();
    let Ok(head) = Head::read(file, true, &DialectHints::default()) else { return };
    let (plan, source, target) = &plans()[usize::from(how) % PAIRS.len()];
    let format = [Format::Csv, Format::Ndjson, Format::Json, Format::Tsv, Format::GeoJson, Format::Xml, Format::Xlsx, Format::Parquet]
        [usize::from(how) / 8 % 8];
    let config = WriterConfig { format, ..WriterConfig::default() };
    let schema = &source.resources[0].schema;
    let columns: Vec<Option<u32>> =
        schema.fields.iter().map(|f| head.header.iter().position(|h| h.text == f.name).map(|i| i as u32)).collect();
    let rejects = RejectsConfig { header: file[..head.data_start].to_vec(), delimiter: head.dialect.delimiter, ..RejectsConfig::default() };

    let rows = rows(file, &head);
    let mut whole = Converter::new(vec![plan.clone()], target, config, rejects.clone());
    push(&mut whole, &rows, 0, &columns);
    let balance = whole.finish(&mut NoCheck);
    hold_balance(&balance, rows.len() as u64);
    let made = take(&mut whole, target);
    for (table, balance) in made.tables.iter().zip(&balance.tables) {
        let written = match format {
            Format::Csv => delimited(table, b','),
            Format::Tsv => delimited(table, b'\t'),
            Format::Ndjson => table
                .split(|&b| b == b'\n')
                .filter(|line| !line.is_empty())
                .inspect(|line| drop(serde_json::from_slice::<serde_json::Value>(line).expect("a line of the NDJSON written")))
                .count(),
            Format::Json => match serde_json::from_slice(table).expect("the JSON written") {
                serde_json::Value::Array(rows) => rows.len(),
                other => panic!("no list of rows was written: {other}"),
            },
            // What these hold is looked at in `write_tables`.
            Format::GeoJson | Format::Xml | Format::Xlsx | Format::Parquet => balance.written as usize,
        };
        assert_eq!(written as u64, balance.written, "the balance of {} counts the rows written", balance.table);
    }

    if whole.can_join() {
        let mut joined = Converter::new(vec![plan.clone()], target, config, rejects);
        for (i, rows) in rows.chunks(block).enumerate() {
            let mut part = joined.part();
            push(&mut part, rows, i * block, &columns);
            joined.absorb(part, &mut NoCheck);
        }
        assert_eq!(joined.finish(&mut NoCheck), balance, "blocks give another balance");
        let parts = take(&mut joined, target);
        assert!(parts.tables == made.tables, "blocks give other rows");
        assert_eq!(String::from_utf8_lossy(&parts.rejects), String::from_utf8_lossy(&made.rejects), "blocks give other rejects");
    }
    let findings = whole.take_findings();
    tell(findings);
}

/// The rows of delimited text behind its header.
fn delimited(table: &[u8], delimiter: u8) -> usize {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(table)
        .records()
        .inspect(|row| assert!(row.is_ok(), "a row that cannot be read was written: {row:?}"))
        .count()
}

struct Made {
    tables: Vec<Vec<u8>>,
    rejects: Vec<u8>,
}

fn take(converter: &mut Converter, target: &Package) -> Made {
    let tables: Vec<usize> = converter.tables().map(|(index, _, _)| index).collect();
    assert!(tables.iter().all(|&t| t < target.resources.len()));
    Made { tables: tables.into_iter().map(|t| converter.take_output(t)).collect(), rejects: converter.take_rejects() }
}

/// The rows of a file: the text of each and its cells.
fn rows(file: &[u8], head: &Head) -> Vec<(String, Vec<String>)> {
    let (mut rows, mut cells, mut at) = (Vec::new(), Vec::new(), head.data_start);
    while at < file.len() && rows.len() < 500 {
        let Read::Record { next } = careful::read(file, at, true, &head.dialect, &mut cells) else { break };
        let text = |raw: &[u8]| head.encoding.text(raw).0.into_owned();
        let cell = |c: &concord_core::decode::Cell| text(&content(&file[c.start..c.end], c.fault, &head.dialect));
        rows.push((text(&file[at..next]), cells.iter().map(cell).collect()));
        at = next;
    }
    rows
}

fn push(converter: &mut Converter, rows: &[(String, Vec<String>)], before: usize, columns: &[Option<u32>]) {
    for (record, (raw, cells)) in (before as u64 + 1..).zip(rows) {
        let cells: Vec<&str> = columns.iter().map(|c| c.and_then(|c| cells.get(c as usize)).map_or("", String::as_str)).collect();
        let place = Place { row: record + 1, line: record + 1, record, ..Place::default() };
        converter.push(&SourceRow { cells: &cells, place: &place, columns }, raw.as_bytes(), &mut NoCheck);
    }
}

/// Records in are records out, rejected or dropped by a declared rule; so it is for each table and each total.
pub(crate) fn hold_balance(balance: &Conversion, records: u64) {
    assert_eq!(balance.records_in, records, "every record counts");
    let dropped: u64 = balance.dropped.iter().map(|d| d.count).sum();
    assert_eq!(balance.records_in, balance.records_out + balance.rejected + dropped, "{balance:?}");
    for t in &balance.tables {
        assert_eq!(t.candidates, t.written + t.rejected + t.repeated + t.skipped, "{t:?}");
    }
    for s in &balance.sums {
        let amount = |text: &str| Decimal::parse(text).unwrap_or_else(|| panic!("a total is no number: {text}"));
        let parts = [&s.total_out, &s.total_rejected, &s.total_dropped, &s.total_unread];
        let sum = parts.iter().try_fold(amount("0"), |sum, part| sum.add(&amount(part)));
        if let Some(sum) = sum {
            assert_eq!(s.balanced, s.cells_unread == 0 && sum == amount(&s.total_in), "{s:?}");
        }
    }
}
