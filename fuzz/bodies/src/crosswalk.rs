//! Crosswalks written by others.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use concord_core::encode::WriterConfig;
use concord_core::finding::Place;
use concord_core::map::{Converter, MapPlan, MapScratch, NoCheck, RejectsConfig, SourceRow};
use concord_core::package::Package;
use concord_core::package::lint::check_crosswalk;
use concord_core::package::read_crosswalk::parse_crosswalk;

use crate::convert::hold_balance;
use crate::input::parts;
use crate::load_package::tell;

pub(crate) fn package(reference: &str) -> &'static Package {
    concord_standards::catalog().find(reference).expect("the package is embedded").as_ref()
}

/// A crosswalk; behind a line `== rows`, rows to be mapped by it, cells divided by commas. Behind other such lines, lookup tables.
pub fn crosswalk(data: &[u8]) {
    static TABLES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    let (source, target) = (package("nm911-address"), package("nad"));
    let own = TABLES.get_or_init(|| {
        let below = |(path, bytes): (&String, &Vec<u8>)| Some((path.strip_prefix("crosswalks/")?.to_owned(), bytes.clone()));
        target.files.iter().filter_map(below).filter(|(name, _)| name.ends_with(".csv")).collect()
    });
    let mut parts = parts(data).into_iter();
    let toml = parts.next().map(|(_, bytes)| bytes).unwrap_or_default();
    let (rows, tables): (Vec<_>, Vec<_>) = parts.partition(|(name, _)| name == "rows");
    let mut lookups = own.clone();
    lookups.extend(tables);
    let (crosswalk, mut found) = parse_crosswalk(&toml, "from-input.toml", "nad@2023-04", &lookups);
    let Some(crosswalk) = crosswalk else { return tell(found) };
    check_crosswalk(&crosswalk, target, concord_standards::catalog(), &mut found);
    let source = concord_standards::catalog().find(&crosswalk.from).map_or(source, |p| p.as_ref());
    let rows: Vec<String> =
        rows.iter().flat_map(|(_, b)| b.split(|&b| b == b'\n')).take(50).map(|r| String::from_utf8_lossy(r).into_owned()).collect();
    let givens: BTreeMap<String, String> = MapPlan::wanted_givens(&crosswalk).into_iter().zip(rows.iter().cloned()).collect();
    for resource in &source.resources {
        let Ok(plan) = MapPlan::compile(&crosswalk, source, target, &resource.name, &givens) else { continue };
        found.extend(plan.opening_findings().iter().cloned());
        let columns: Vec<Option<u32>> = (0..resource.schema.fields.len() as u32).map(Some).collect();
        let mut scratch = MapScratch::default();
        let mut converter = Converter::new(vec![plan.clone()], target, WriterConfig::default(), RejectsConfig::default());
        for (record, row) in (1..).zip(&rows) {
            let cells: Vec<&str> = row.split(',').collect();
            let place = Place { row: record + 1, record, line: record + 1, ..Place::default() };
            let row = SourceRow { cells: &cells, place: &place, columns: &columns };
            plan.map_row(&row, &mut scratch, &mut |made| {
                assert_eq!(made.cells.len(), target.resources[made.table].schema.fields.len(), "a target row has all its cells");
            });
            converter.push(&row, b"", &mut NoCheck);
        }
        found.append(&mut scratch.findings);
        hold_balance(&converter.finish(&mut NoCheck), rows.len() as u64);
    }
    tell(found);
}
