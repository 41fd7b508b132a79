//! The plain checker of a whole table, for tests to compare the fast one with. Slow and in memory on purpose.
//!
//! What it takes for granted, so that both can agree:
//! - The first row is the header; a field is bound to the first column of exactly its name, or fields of one name to the columns of that
//!   name in order when there are as many. Fields without a column and columns without a
//!   field are left out: findings on headers are not made here.
//! - A row of the wrong length is no repetition and refers to nothing, since its cells may stand under wrong headers; but others may refer to it,
//!   so that its fault is not told again at each of them.
//! - A row is blank when all its cells are empty or blank. It counts as a record, gives C203 and nothing else. Empty lines at the end
//!   of the file are not rows.
//! - In a short row (C201) or a long one (C202) the cells that are there are checked; those that are not are not called missing.
//! - Key values are compared by value, for types that have texts for values; a time with a zone is no time without one. A record is left out of a
//!   key when a part is missing by the field's missing values, cannot be read, or its cell is not there. Others may refer to a text that
//!   cannot be read, when their own type has it.
//! - A reference to a field of another type compares what the text means there; where it means nothing there, the texts are compared. The first record with a key is not reported, every later one is, in the first column of the key.
//! - Keys are the primary key, the unique keys, and every field with `unique`; the same fields twice count once.
//! - Of the foreign keys, those into the same table are checked (C402).

use std::collections::HashSet;

use crate::check::{CellRules, Evidence};
use crate::finding::Place;
use crate::schema::{Field, FieldType, TableSchema};
use crate::value::{self, Value};

/// A finding as far as two checkers must agree on it: record from 1, zero-based column, code and kind.
pub type Fact = (u64, Option<u32>, String, &'static str);

/// Checks a comma-separated text. The facts are in order of record, column (row findings first), code and kind.
pub fn check_csv(schema: &TableSchema, text: &str) -> Vec<Fact> {
    let mut rows = physical_rows(text);
    // Empty lines at the file's end mean nothing.
    while rows.last().is_some_and(|row| row.trim_end_matches(['\r', '\n']).is_empty()) {
        rows.pop();
    }
    let mut rows = rows.into_iter();
    let header = rows.next().map(cells).unwrap_or_default();
    let column = |(i, field): (usize, &Field)| {
        let of_header: Vec<usize> = (0..header.len()).filter(|c| header[*c] == field.name).collect();
        let of_schema: Vec<usize> = (0..schema.fields.len()).filter(|f| schema.fields[*f].name == field.name).collect();
        let at = of_schema.iter().position(|f| *f == i)?;
        if at == 0 || of_header.len() == of_schema.len() { of_header.get(at).copied() } else { None }
    };
    let columns: Vec<Option<usize>> = schema.fields.iter().enumerate().map(column).collect();
    let rules: Vec<CellRules> = (0..schema.fields.len()).map(|i| CellRules::new(schema, i)).collect();
    let records: Vec<(u64, Vec<String>)> = rows.zip(1..).map(|(row, record)| (record, cells(row))).collect();

    let mut out: Vec<Fact> = Vec::new();
    let mut fact = |record: u64, column: Option<usize>, code: &str, kind: &'static str| {
        out.push((record, column.map(|c| c as u32), code.to_owned(), kind));
    };
    let is_blank = |row: &[String]| row.iter().all(|cell| cell.trim_ascii().is_empty());

    for (record, row) in &records {
        if is_blank(row) {
            fact(*record, None, "C203", "");
            continue;
        }
        if row.len() < header.len() {
            fact(*record, None, "C201", "");
        }
        if row.len() > header.len() {
            fact(*record, None, "C202", "");
        }
        for (rule, column) in rules.iter().zip(&columns) {
            let Some((column, cell)) = column.and_then(|c| Some((c, row.get(c)?))) else { continue };
            if let Some(finding) = rule.check(cell, &Evidence::default(), Place::default()) {
                fact(*record, Some(column), finding.code.text(), finding.kind);
            }
        }
    }

    // A record's values in some fields, read by the types of those that are meant; `None` when a part is missing or no value of its type.
    let tuple = |row: &[String], fields: &[usize], meant: &[usize]| -> Option<Vec<Part>> {
        let part = |(&f, &of): (&usize, &usize)| {
            let cell = row.get(columns[f]?)?;
            if rules[f].is_missing(cell) {
                return None;
            }
            let (own, other) = (&schema.fields[f].kind, &schema.fields[of].kind);
            let read = Part::read(own, cell)?;
            let numbers = [own, other].iter().all(|k| matches!(k, FieldType::Number(_) | FieldType::Integer(_)));
            let alike = numbers || std::mem::discriminant(own) == std::mem::discriminant(other);
            Some(if alike { read } else { Part::read(other, cell).unwrap_or_else(|| Part::Text(cell.clone())) })
        };
        fields.iter().zip(meant).map(part).collect()
    };
    // The same for a record that others refer to: a text that cannot be read is let stand.
    let referred = |row: &[String], fields: &[usize]| -> Option<Vec<Part>> {
        let part = |f: &usize| {
            let cell = row.get(columns[*f]?)?;
            let part = || Part::read(&schema.fields[*f].kind, cell).unwrap_or_else(|| Part::Text(cell.clone()));
            (!rules[*f].is_missing(cell)).then(part)
        };
        fields.iter().map(part).collect()
    };
    let plural = |fields: &[usize]| if fields.len() > 1 { "several" } else { "" };
    for key in keys(schema) {
        let mut seen: Vec<Vec<Part>> = Vec::new();
        for (record, row) in records.iter().filter(|(_, row)| !is_blank(row) && row.len() == header.len()) {
            let Some(values) = tuple(row, &key, &key) else { continue };
            if seen.contains(&values) {
                fact(*record, columns[key[0]], "C401", plural(&key));
            } else {
                seen.push(values);
            }
        }
    }
    for foreign in schema.foreign_keys.iter().filter(|f| f.resource.is_empty() && !f.fields.is_empty()) {
        let Some(target) = foreign.target.iter().map(|t| schema.index(t)).collect::<Option<Vec<usize>>>() else { continue };
        if foreign.fields.iter().chain(&target).any(|f| columns[*f].is_none()) {
            continue;
        }
        let there: Vec<Vec<Part>> =
            records.iter().filter(|(_, row)| !is_blank(row)).filter_map(|(_, row)| referred(row, &target)).collect();
        for (record, row) in records.iter().filter(|(_, row)| !is_blank(row) && row.len() == header.len()) {
            if tuple(row, &foreign.fields, &target).is_some_and(|values| !there.contains(&values)) {
                fact(*record, columns[foreign.fields[0]], "C402", plural(&foreign.fields));
            }
        }
    }
    out.sort();
    out
}

/// A cell's part of a key.
#[derive(PartialEq)]
enum Part {
    Text(String),
    /// A value, and whether it names its zone.
    Value(Value, bool),
}

impl Part {
    fn read(kind: &FieldType, cell: &str) -> Option<Part> {
        Some(match value::read(kind, cell).ok()? {
            Value::Text(text) => Part::Text(text),
            Value::Time(time) => Part::Value(Value::Time(time), time.zone.is_some()),
            Value::DateTime(instant) => Part::Value(Value::DateTime(instant), instant.time.zone.is_some()),
            value => Part::Value(value, false),
        })
    }
}

/// The keys of a schema, each set of fields once.
fn keys(schema: &TableSchema) -> Vec<Vec<usize>> {
    let unique = schema.fields.iter().enumerate().filter(|(_, f)| f.constraints.unique).map(|(i, _)| vec![i]);
    let mut out: Vec<Vec<usize>> = Vec::new();
    for key in std::iter::once(schema.primary_key.clone()).chain(schema.unique_keys.iter().cloned()).chain(unique) {
        let same = |k: &Vec<usize>| k.iter().collect::<HashSet<_>>() == key.iter().collect();
        if !key.is_empty() && !out.iter().any(same) {
            out.push(key);
        }
    }
    out
}

/// The rows of a text, without their line ends. Line ends inside a quoted cell do not end a row. The `csv` reader passes over blank lines,
/// so rows are cut here and each is read by it alone.
fn physical_rows(text: &str) -> Vec<&str> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let bytes = text.as_bytes();
    let (mut rows, mut start, mut at) = (Vec::new(), 0, 0);
    let (mut quoted, mut cell_start) = (false, true);
    while at < bytes.len() {
        let here = cell_start;
        cell_start = false;
        match bytes[at] {
            b'"' if quoted && bytes.get(at + 1) == Some(&b'"') => at += 1,
            b'"' if quoted => quoted = false,
            b'"' if here => quoted = true,
            b',' if !quoted => cell_start = true,
            b'\n' | b'\r' if !quoted => {
                rows.push(&text[start..at]);
                if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
                    at += 1;
                }
                start = at + 1;
                cell_start = true;
            }
            _ => {}
        }
        at += 1;
    }
    if start < bytes.len() {
        rows.push(&text[start..]);
    }
    rows
}

/// The cells of one row.
fn cells(row: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(row.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => record.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{FieldType, ForeignKey, NumberFormat};

    fn facts(schema: &TableSchema, text: &str) -> Vec<String> {
        check_csv(schema, text)
            .iter()
            .map(|(record, column, code, kind)| {
                let column = column.map_or("-".to_owned(), |c| c.to_string());
                format!("{record}:{column}:{code}{}{kind}", if kind.is_empty() { "" } else { "/" })
            })
            .collect()
    }

    #[test]
    fn a_table_of_planted_faults() {
        let mut schema = TableSchema::of_texts(&["id", "parent", "n"]);
        schema.fields[2].kind = FieldType::Integer(NumberFormat::default());
        schema.primary_key = vec![0];
        schema.foreign_keys = vec![ForeignKey { fields: vec![1], resource: String::new(), target: vec!["id".to_owned()] }];
        let text = "id,n,parent\r\na,1,\r\nb,x,a\r\na,2,z\r\n\r\n,,\r\nc\r\nd,4,a,extra\r\n,5,a\r\n\"e\r\nf\",6,d\r\n";
        // Record 7 is too long, which is told there and not again at record 9, which refers to it.
        let expected = ["2:1:C302", "3:0:C401", "3:2:C402", "4:-:C203", "5:-:C203", "6:-:C201", "7:-:C202", "8:0:C301"];
        assert_eq!(facts(&schema, text), expected);
        assert!(check_csv(&schema, "").is_empty());
        assert!(check_csv(&schema, "id,n,parent").is_empty());
    }

    #[test]
    fn keys_of_several_fields() {
        let mut schema = TableSchema::of_texts(&["a", "b", "c"]);
        schema.unique_keys = vec![vec![1, 0], vec![0, 1]];
        schema.fields[2].constraints.unique = true;
        let text = "a,b,c\n1,2,x\n1,2,y\n1,,x\n1,,\n";
        assert_eq!(facts(&schema, text), ["2:1:C401/several", "3:2:C401"]);
    }
}
