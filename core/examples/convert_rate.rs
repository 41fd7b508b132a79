//! How long a million rows of 22 columns take through the crosswalk engine alone: `cargo run --release -p concord-core --example convert_rate`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use concord_core::encode::{Format, WriterConfig};
use concord_core::finding::Place;
use concord_core::map::{Converter, MapPlan, MapScratch, NoCheck, RejectsConfig, SourceRow};
use concord_core::package::crosswalk::{Crosswalk, FieldMap, Input, LookupTable, NumberStep, Otherwise, Step, TableMap};
use concord_core::package::{Manifest, Package, Resource};
use concord_core::schema::TableSchema;

fn package(id: &str, table: &str, names: &[String]) -> Package {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let resource = Resource::of_table(table, "", TableSchema::of_texts(&names));
    Package {
        manifest: Manifest { id: id.into(), version: "1".into(), ..Manifest::default() },
        resources: vec![resource],
        ..Package::default()
    }
}

fn main() {
    let names: Vec<String> = (0..22).map(|i| format!("Column{i}")).collect();
    let renamed: Vec<String> = (0..22).map(|i| format!("column_{i}")).collect();
    let (source, target) = (package("a", "in", &names), package("b", "out", &renamed));
    let statuses = ["Application Accepted", "In Review", "Permit Issued", "Permit Finaled", "Permit Cancelled"];
    let map: HashMap<String, String> = statuses.iter().map(|s| ((*s).to_owned(), s.to_lowercase().replace(' ', "-"))).collect();
    let fields = (0..22)
        .map(|i| FieldMap {
            to: renamed[i].clone(),
            from: Input::Field(names[i].clone()),
            steps: match i {
                2 => vec![Step::Date { from: vec!["%m/%d/%Y".into()], to: "%Y-%m-%d".into() }],
                5 => vec![Step::Lookup { table: LookupTable { name: "s.csv".into(), map: map.clone() }.into(), fold: false }],
                16 => {
                    vec![Step::Number(NumberStep { group: Some(','), symbols: vec!["$".into()], places: Some(2), ..NumberStep::default() })]
                }
                _ => vec![],
            },
            otherwise: Otherwise::Empty,
        })
        .collect();
    let sums = if std::env::args().any(|a| a == "sums") { vec![(names[16].clone(), renamed[16].clone())] } else { vec![] };
    let distinct = if std::env::args().any(|a| a == "distinct") { vec![renamed[0].clone()] } else { vec![] };
    let table = TableMap { from: "in".into(), to: "out".into(), explode: None, distinct, sums, skip: vec![], fields };
    let crosswalk = Crosswalk {
        from: "a@1".into(),
        to: "b@1".into(),
        title: String::new(),
        reference: String::new(),
        reviewed: String::new(),
        source: None,
        lost: vec![],
        tables: vec![table],
    };
    let plan = MapPlan::compile(&crosswalk, &source, &target, "in", &BTreeMap::new()).unwrap();
    let rows: Vec<Vec<String>> = (0..1000)
        .map(|n| {
            (0..22)
                .map(|i| match i {
                    0 => format!("BLD-2024-{n:06}"),
                    1 => "Install new 200A service panel, per approved plans with associated electrical and plumbing".to_owned(),
                    2 => format!("{:02}/{:02}/2024", n % 12 + 1, n % 28 + 1),
                    5 => statuses[n % 5].to_owned(),
                    16 => format!("${},{:03}.50", n % 90 + 1, n % 1000),
                    _ => format!("value {}", n * i),
                })
                .collect()
        })
        .collect();
    let rows: Vec<Vec<&str>> = rows.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
    let columns: Vec<Option<u32>> = (0..22).map(Some).collect();
    let place = Place { row: 2, ..Place::default() };

    let (mut scratch, mut bytes) = (MapScratch::default(), 0);
    let start = Instant::now();
    for n in 0..1_000_000 {
        let row = SourceRow { cells: &rows[n % 1000], place: &place, columns: &columns };
        plan.map_row(&row, &mut scratch, &mut |target| bytes += target.cells[5].len() + target.cells[16].len());
    }
    println!("map alone   {:>6} ms ({bytes} bytes looked at)", start.elapsed().as_millis());
    for format in [Format::Csv, Format::Ndjson] {
        let config = WriterConfig { format, ..WriterConfig::default() };
        let mut converter = Converter::new(vec![plan.clone()], &target, config, RejectsConfig::default());
        let (start, mut bytes) = (Instant::now(), 0);
        for n in 0..1_000_000 {
            let row = SourceRow { cells: &rows[n % 1000], place: &place, columns: &columns };
            converter.push(&row, b"", &mut NoCheck);
            if converter.waiting() > 1 << 20 {
                bytes += converter.take_output(0).len();
            }
        }
        let balance = converter.finish(&mut NoCheck);
        println!("{format:<11?} {:>6} ms ({bytes} bytes, {} records out)", start.elapsed().as_millis(), balance.records_out);
    }
}
