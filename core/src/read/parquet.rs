//! Parquet (parquet-format 2.11): columns of typed values, as rows of text.
//!
//! Numbers, decimals, days and moments are written exactly; a null is an empty cell; a column with parts is one cell of JSON. Row groups are
//! read one after another, a thousand records at a time.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::basic::{Compression, Repetition};
use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::{SchemaDescriptor, Type};

use super::container::{Stop, stop};
use super::{Kind, Origin, Rows};
use crate::bounds::Sheet;
use crate::finding::Finding;

mod pages;
mod value;

use value::Leaf;

/// Records read at a time.
const BATCH: usize = 1024;

/// Takes a batch of rows; as [`crate::read::sheet::Book::each`].
pub type Take<'t> = dyn FnMut(&mut Rows, &mut Vec<Finding>) -> ControlFlow<()> + 't;

/// Reads a file and hands over its rows in batches. The first row holds the columns' names, as row 0; records count from 1.
/// What is wrong is a finding, behind which nothing more is read.
pub fn each(bytes: Vec<u8>, bounds: &Sheet, findings: &mut Vec<Finding>, take: &mut Take<'_>) {
    // The library gives errors for most damage, and what it allocates is checked beforehand (`pages`); but it asserts what it believes of
    // damaged values here and there, and this is the last line of defence where panics unwind.
    let end = catch_unwind(AssertUnwindSafe(|| read(bytes, bounds, findings, take)));
    match end {
        Ok(Ok(())) => {}
        Ok(Err(finding)) => findings.push(*finding),
        Err(_) => findings.push(*damaged("its values contradict one another")),
    }
}

fn damaged(problem: &str) -> Stop {
    let mut finding = stop("C116", "");
    finding.args.push(("problem", crate::finding::cut(problem)));
    finding
}

fn not_read(problem: &str) -> Stop {
    let mut finding = stop("C116", "not-read");
    finding.args.push(("problem", crate::finding::cut(problem)));
    finding
}

fn fault(error: &ParquetError) -> Stop {
    match error {
        ParquetError::NYI(text) => not_read(text),
        ParquetError::General(text) | ParquetError::EOF(text) => damaged(text),
        other => damaged(&other.to_string()),
    }
}

fn read(bytes: Vec<u8>, bounds: &Sheet, findings: &mut Vec<Finding>, take: &mut Take<'_>) -> Result<(), Stop> {
    let bytes = Bytes::from(bytes);
    let file = SerializedFileReader::new(bytes.clone()).map_err(|e| fault(&e))?;
    let metadata = file.metadata();
    let schema = metadata.file_metadata().schema_descr();
    let fields = schema.root_schema().get_fields();
    if fields.len() > bounds.columns {
        let mut finding = stop("C216", "columns");
        finding.args.push(("bound", bounds.columns.to_string()));
        return Err(finding);
    }
    for group in metadata.row_groups() {
        for column in group.columns() {
            match column.compression() {
                Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) | Compression::ZSTD(_) => {}
                other => return Err(not_read(&format!("packing by {other:?}"))),
            }
        }
    }
    pages::check(&bytes, metadata, bounds)?;
    let mut rows = Rows::new();
    fields.iter().for_each(|f| rows.cell(f.name(), Kind::Text));
    rows.end_row(Origin::default());
    let (mut record, mut cells, mut text) = (0u64, 0u64, 0u64);
    for index in 0..file.num_row_groups() {
        let group = file.get_row_group(index).map_err(|e| fault(&e))?;
        let mut left = usize::try_from(group.metadata().num_rows()).map_err(|_| damaged("a number of rows below zero"))?;
        let mut columns = columns(schema, &*group)?;
        while left > 0 {
            let count = left.min(BATCH);
            for column in &mut columns {
                column.fill(count)?;
            }
            for i in 0..count {
                columns.iter().for_each(|column| column.write(i, &mut rows));
                record += 1;
                rows.end_row(Origin { row: record, ..Origin::default() });
            }
            left -= count;
            cells += (count * columns.len()) as u64;
            text += columns.iter().map(|c| c.text.len() as u64).sum::<u64>();
            for (kind, reached, bound) in [("", cells, bounds.cells), ("text", text, bounds.text)] {
                if reached > bound {
                    let mut finding = stop("C230", kind);
                    finding.place.row = record;
                    finding.args = vec![("sheet", "table".to_owned()), ("bound", bound.to_string()), ("row", record.to_string())];
                    return Err(finding);
                }
            }
            if take(&mut rows, findings).is_break() {
                return Ok(());
            }
            rows.clear();
        }
    }
    if !rows.is_empty() {
        let _ = take(&mut rows, findings);
    }
    Ok(())
}

/// A column of the table while a row group is read: a batch of its cells as text.
struct Column<'g> {
    from: From<'g>,
    text: String,
    /// By cell: where its text ends, and what it is.
    ends: Vec<(usize, Kind)>,
}

enum From<'g> {
    /// One value a record, or none.
    Flat(Box<ColumnReader>, Leaf, bool),
    /// Parts, made into JSON.
    Nested(Box<RowIter<'g>>),
}

fn columns<'g>(schema: &SchemaDescriptor, group: &'g dyn RowGroupReader) -> Result<Vec<Column<'g>>, Stop> {
    let fields = schema.root_schema().get_fields();
    // By field: its first leaf.
    let mut leaves = vec![None; fields.len()];
    for leaf in 0..schema.num_columns() {
        if let Some(first) = leaves.get_mut(schema.get_column_root_idx(leaf)) {
            first.get_or_insert(leaf);
        }
    }
    let mut columns = Vec::new();
    for (field, leaf) in fields.iter().zip(leaves) {
        let Some(leaf) = leaf else { return Err(damaged("a column without values")) };
        let basic = field.get_basic_info();
        let flat = field.is_primitive() && basic.has_repetition() && basic.repetition() != Repetition::REPEATED;
        let from = if flat {
            let descriptor = schema.column(leaf);
            let reader = group.get_column_reader(leaf).map_err(|e| fault(&e))?;
            From::Flat(Box::new(reader), Leaf::of(&descriptor), descriptor.max_def_level() > 0)
        } else {
            let only = Type::group_type_builder(schema.name()).with_fields(vec![field.clone()]).build().map_err(|e| fault(&e))?;
            From::Nested(Box::new(RowIter::from_row_group(Some(only), group).map_err(|e| fault(&e))?))
        };
        columns.push(Column { from, text: String::new(), ends: Vec::new() });
    }
    Ok(columns)
}

impl Column<'_> {
    /// Reads so many cells.
    fn fill(&mut self, count: usize) -> Result<(), Stop> {
        self.text.clear();
        self.ends.clear();
        match &mut self.from {
            From::Flat(reader, leaf, nullable) => {
                let (leaf, nullable) = (*leaf, *nullable);
                let (text, ends) = (&mut self.text, &mut self.ends);
                macro_rules! read {
                    ($reader:expr, $value:ident => $write:expr) => {{
                        let (mut levels, mut values) = (Vec::new(), Vec::new());
                        let wanted = nullable.then_some(&mut levels);
                        let (records, _, _) = $reader.read_records(count, wanted, None, &mut values).map_err(|e| fault(&e))?;
                        if records != count || (nullable && levels.len() != count) {
                            return Err(damaged("a column with fewer values than there are records"));
                        }
                        let mut values = values.iter();
                        for i in 0..count {
                            let kind = match if nullable && levels[i] == 0 { None } else { values.next() } {
                                Some($value) => $write,
                                None => Kind::Text,
                            };
                            ends.push((text.len(), kind));
                        }
                    }};
                }
                match &mut **reader {
                    ColumnReader::BoolColumnReader(r) => read!(r, v => value::boolean(*v, text)),
                    ColumnReader::Int32ColumnReader(r) => read!(r, v => leaf.integer(i64::from(*v), text)),
                    ColumnReader::Int64ColumnReader(r) => read!(r, v => leaf.integer(*v, text)),
                    ColumnReader::Int96ColumnReader(r) => read!(r, v => value::int96(v.data(), text)),
                    ColumnReader::FloatColumnReader(r) => read!(r, v => value::float(&v.to_string(), text)),
                    ColumnReader::DoubleColumnReader(r) => read!(r, v => value::float(&v.to_string(), text)),
                    ColumnReader::ByteArrayColumnReader(r) => read!(r, v => leaf.bytes(v.data(), text)),
                    ColumnReader::FixedLenByteArrayColumnReader(r) => read!(r, v => leaf.bytes(v.data(), text)),
                }
            }
            From::Nested(rows) => {
                for _ in 0..count {
                    let row =
                        rows.next().ok_or_else(|| damaged("a column with fewer values than there are records"))?.map_err(|e| fault(&e))?;
                    let field = row.into_columns().into_iter().next().map(|(_, field)| field);
                    if let Some(field) = field.filter(|f| !matches!(f, parquet::record::Field::Null)) {
                        value::json(&field, &mut self.text);
                    }
                    self.ends.push((self.text.len(), Kind::Text));
                }
            }
        }
        Ok(())
    }

    fn write(&self, index: usize, rows: &mut Rows) {
        let Some(&(end, kind)) = self.ends.get(index) else { return };
        let start = if index == 0 { 0 } else { self.ends[index - 1].0 };
        rows.cell(&self.text[start..end], kind);
    }
}
