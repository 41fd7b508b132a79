//! Layouts of fixed width: `[layout.fixed]` in `standard.toml`, and the columns in a CSV beside it. The format is in `standards/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::notes::{Notes, arg_if, listed, near, note};
use super::table;
use super::toml::Keys;
use crate::bounds::{FIXED_WIDTH, MAX_COLUMNS};
use crate::finding::Finding;
use crate::read::fixed::{Count, FixedColumn, FixedLayout};

/// The columns of the CSV; the first three are needed.
const COLUMNS: &[&str] = &["name", "start", "length", "decimals", "note"];

/// Reads the `fixed` of one layout, if it has one. `files` are those of the package.
pub(crate) fn read(layout: &Keys<'_>, resource: &str, files: &BTreeMap<String, Vec<u8>>, notes: &mut Notes) -> Option<Arc<FixedLayout>> {
    let keys = layout.table("fixed", notes)?;
    let path = keys.text("columns", notes).map_or_else(|| format!("{resource}.layout.csv"), str::to_owned);
    let count = match keys.word("count", &["characters", "bytes"], notes) {
        Some(0) => Some(Count::Characters),
        Some(_) => Some(Count::Bytes),
        None => None,
    };
    let skip = keys.small("skip", notes).unwrap_or(0);
    let trim = keys.flag("trim", notes).unwrap_or(true);
    keys.finish(notes);
    if !path.ends_with(".layout.csv") || path.contains('/') {
        notes.push(keys.note("C924", "", "columns").value(&path).arg("what", "the name of a file that ends in .layout.csv"));
        return None;
    }
    let Some(bytes) = files.get(&path) else {
        notes.push(note("C915", "", "").value(&path));
        return None;
    };
    let mut own = Notes::new(&path);
    let columns = columns(bytes, &mut own);
    own.finish().into_iter().for_each(|finding| notes.push(finding));
    columns.map(|columns| Arc::new(FixedLayout { columns, count, skip: u64::from(skip), trim }))
}

fn columns(bytes: &[u8], notes: &mut Notes) -> Option<Vec<FixedColumn>> {
    let read = match table::read(bytes) {
        Ok(read) => read,
        Err(problem) => {
            notes.push(note("C901", "csv", "").arg("problem", problem));
            return None;
        }
    };
    let mut places = [None; 5];
    for (i, header) in read.header.iter().enumerate() {
        match COLUMNS.iter().position(|c| c == header) {
            Some(at) if places[at].is_some() => notes.push(note("C910", "", "row 1").value(header)),
            Some(at) => places[at] = Some(i),
            None => {
                let finding = note("C905", "own", "row 1").arg("member", header.as_str()).arg("allowed", listed(COLUMNS.iter().copied()));
                notes.push(arg_if(finding, "near", near(header, COLUMNS.iter().copied())));
            }
        }
    }
    for (at, name) in COLUMNS.iter().enumerate().take(3) {
        if places[at].is_none() {
            notes.push(note("C904", "", "row 1").arg("member", *name));
            return None;
        }
    }
    if read.rows.len() > MAX_COLUMNS {
        let finding = note("C914", "", "").arg("count", read.rows.len().to_string()).arg("what", "columns");
        notes.push(finding.arg("limit", MAX_COLUMNS.to_string()));
        return None;
    }
    let mut columns: Vec<FixedColumn> = Vec::with_capacity(read.rows.len());
    let mut seen = BTreeSet::new();
    let mut whole = true;
    for (row, cells) in &read.rows {
        let at = format!("row {row}");
        let cell = |column: usize| places[column].map_or("", |i: usize| cells[i].trim());
        let name = cell(0);
        if name.is_empty() {
            notes.push(note("C904", "blank", &at));
            whole = false;
            continue;
        }
        if !seen.insert(name.to_owned()) {
            notes.push(note("C910", "", &at).value(name));
        }
        let mut number = |column: usize, least: usize, most: usize| {
            let text = cell(column);
            let number = text.parse::<usize>().ok().filter(|n| (least..=most).contains(n));
            if number.is_none() {
                let what = format!("a whole number from {least} to {most} in column {}", COLUMNS[column]);
                notes.push(note("C924", "", &at).value(text).arg("what", what));
                whole = false;
            }
            number.unwrap_or(1)
        };
        let (start, length) = (number(1, 1, FIXED_WIDTH), number(2, 1, FIXED_WIDTH));
        let decimals = if cell(3).is_empty() { None } else { Some(number(3, 0, 18)) };
        columns.push(FixedColumn { name: name.to_owned(), start, length, decimals });
    }
    overlaps(&columns).into_iter().for_each(|finding| notes.push(finding));
    (whole && !columns.is_empty()).then_some(columns)
}

/// Columns that share a position: one of the two is written down wrong.
fn overlaps(columns: &[FixedColumn]) -> Vec<Finding> {
    let mut order: Vec<&FixedColumn> = columns.iter().collect();
    order.sort_by_key(|c| (c.start, c.length));
    let shared = |pair: &[&FixedColumn]| pair[0].start + pair[0].length > pair[1].start;
    let found = order.windows(2).filter(|pair| shared(pair));
    found
        .map(|pair| note("C924", "", "").value(&pair[1].name).arg("what", format!("a column that starts behind {}", pair[0].name)))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn codes(csv: &str) -> (Option<Vec<FixedColumn>>, Vec<String>) {
        let mut notes = Notes::new("x.layout.csv");
        let columns = columns(csv.as_bytes(), &mut notes);
        (columns, notes.finish().iter().map(|f| f.code.text().to_owned()).collect())
    }

    #[test]
    fn columns_are_read_and_checked() {
        let (columns, found) = codes("name,start,length,decimals\na,1,3,\nb,4,10,2\n");
        assert_eq!(found, [""; 0]);
        let b = FixedColumn { name: "b".into(), start: 4, length: 10, decimals: Some(2) };
        assert_eq!(columns.unwrap()[1], b);
        for (csv, code) in [
            ("name,start\na,1\n", "C904"),
            ("name,start,length\na,0,3\n", "C924"),
            ("name,start,length\na,1,x\n", "C924"),
            ("name,start,length\n,1,1\n", "C904"),
            ("name,start,length\na,1,1\na,2,1\n", "C910"),
            ("name,start,length\na,1,3\nb,3,1\n", "C924"),
            ("name,start,length,lenght\na,1,3,\n", "C905"),
        ] {
            assert_eq!(codes(csv).1, [code], "{csv}");
        }
    }
}
