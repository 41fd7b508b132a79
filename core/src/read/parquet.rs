//! Parquet (parquet-format 2.11): columns of typed values, as rows of text.
//!
//! Numbers, decimals, days and moments are written exactly; a null is an empty cell; a column with parts is one cell of JSON. Row groups are
//! read one after another, a thousand records at a time.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Once};

use bytes::Bytes;
use parquet::basic::{Compression, Repetition};
use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::{ReaderIter, TreeBuilder};
use parquet::schema::types::{SchemaDescriptor, Type};

use super::at::Store;
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

/// Reads a file that lies in memory and hands over its rows in batches. The first row holds the columns' names, as row 0; records count from 1.
/// What is wrong is a finding, behind which nothing more is read.
pub fn each(bytes: Vec<u8>, bounds: &Sheet, findings: &mut Vec<Finding>, take: &mut Take<'_>) {
    let mut cursor = match Cursor::open(Store::new(bytes), bounds) {
        Ok(cursor) => cursor,
        Err(finding) => return findings.push(*finding),
    };
    let mut rows = Rows::new();
    loop {
        let more = cursor.next(&mut rows, findings);
        if !rows.is_empty() && take(&mut rows, findings).is_break() || !more {
            return;
        }
    }
}

/// A file that is read batch by batch.
pub struct Cursor {
    file: SerializedFileReader<Store<'static>>,
    bounds: Sheet,
    /// The row group that comes next.
    group: usize,
    columns: Vec<Column>,
    /// Records of the group at hand that are not read yet.
    left: usize,
    record: u64,
    cells: u64,
    text: u64,
    named: bool,
    done: bool,
}

/// What the library does with damaged values: it gives errors for most damage, and what it allocates is checked beforehand (`pages`); but it
/// asserts what it believes here and there, and this is the last line of defence where panics unwind.
fn guarded<T>(work: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
    GUARDED.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    done.unwrap_or_else(|_| Err(damaged("its values contradict one another")))
}

thread_local! {
    /// Whether this thread is in work whose panics become findings.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the library's panics off the standard error, where nobody could make anything of them: they become findings. For programs, at their
/// start; other panics are told as before.
pub fn tell_no_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                before(panic);
            }
        }));
    });
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

/// What the library says of a file, in words for those who have it.
fn fault(error: &ParquetError) -> Stop {
    match error {
        ParquetError::NYI(_) => not_read("a way of storing values that few programs know"),
        ParquetError::EOF(_) => damaged("it ends before its values do"),
        ParquetError::External(_) => damaged("some of its packed values cannot be unpacked"),
        ParquetError::General(text) if ["footer", "magic", "metadata"].iter().any(|word| text.to_lowercase().contains(word)) => {
            damaged("its end, which says where everything is, cannot be read")
        }
        _ => damaged("its values are not where it says, or not what it says"),
    }
}

/// A way of packing by the name that people know it by.
fn packing(of: Compression) -> &'static str {
    match of {
        Compression::BROTLI(_) => "Brotli",
        Compression::LZ4 | Compression::LZ4_RAW => "LZ4",
        Compression::LZO => "LZO",
        _ => "unknown",
    }
}

impl Length for Store<'static> {
    fn len(&self) -> u64 {
        self.size()
    }
}

/// The bytes from a place on.
pub struct Behind {
    store: Store<'static>,
    at: u64,
}

impl Read for Behind {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.store.fill(self.at, into)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl ChunkReader for Store<'static> {
    type T = BufReader<Behind>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::new(Behind { store: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.piece(start, length).filter(|bytes| bytes.len() == length);
        bytes.map(Bytes::from).ok_or_else(|| ParquetError::EOF("the file ends within a column".to_owned()))
    }
}

impl Cursor {
    /// Opens a file: what it says about itself is read and held against the bounds.
    ///
    /// # Errors
    /// The finding that it is damaged, written in a way not read here, or hits a bound.
    pub fn open(store: Store<'static>, bounds: &Sheet) -> Result<Cursor, Stop> {
        guarded(|| {
            let file = SerializedFileReader::new(store.clone()).map_err(|e| fault(&e))?;
            let metadata = file.metadata();
            if metadata.file_metadata().schema_descr().root_schema().get_fields().len() > bounds.columns {
                let mut finding = stop("C216", "columns");
                finding.args.push(("bound", bounds.columns.to_string()));
                return Err(finding);
            }
            for group in metadata.row_groups() {
                for column in group.columns() {
                    match column.compression() {
                        Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) | Compression::ZSTD(_) => {}
                        other => {
                            let mut finding = stop("C116", "packed");
                            finding.args.push(("packing", packing(other).to_owned()));
                            return Err(finding);
                        }
                    }
                }
            }
            pages::check(&store, metadata, bounds)?;
            let (columns, bounds) = (Vec::new(), *bounds);
            Ok(Cursor { file, bounds, group: 0, columns, left: 0, record: 0, cells: 0, text: 0, named: false, done: false })
        })
    }

    /// Reads the next batch of rows in place of those in `rows`, which may be none, and appends what is wrong. False when nothing follows.
    pub fn next(&mut self, rows: &mut Rows, findings: &mut Vec<Finding>) -> bool {
        rows.clear();
        if self.done {
            return false;
        }
        let more = guarded(|| self.read(rows));
        if let Err(finding) = &more {
            findings.push((**finding).clone());
        }
        self.done = !more.unwrap_or(false);
        !self.done
    }

    fn read(&mut self, rows: &mut Rows) -> Result<bool, Stop> {
        let metadata = self.file.metadata();
        let schema = metadata.file_metadata().schema_descr();
        if !std::mem::replace(&mut self.named, true) {
            schema.root_schema().get_fields().iter().for_each(|f| rows.cell(f.name(), Kind::Text));
            rows.end_row(Origin::default());
        }
        while self.left == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.group).map_err(|e| fault(&e))?;
            self.left = usize::try_from(group.metadata().num_rows()).map_err(|_| damaged("a number of rows below zero"))?;
            self.columns = columns(schema, &*group)?;
            self.group += 1;
        }
        let count = self.left.min(BATCH);
        for column in &mut self.columns {
            column.fill(count)?;
        }
        self.cells += (count * self.columns.len()) as u64;
        self.text += self.columns.iter().map(|c| c.text.len() as u64).sum::<u64>();
        for (kind, reached, bound) in [("", self.cells, self.bounds.cells), ("text", self.text, self.bounds.text)] {
            if reached > bound {
                let row = self.record + count as u64;
                let mut finding = stop("C230", kind);
                finding.place.row = row;
                finding.args = vec![("sheet", "table".to_owned()), ("bound", bound.to_string()), ("row", row.to_string())];
                return Err(finding);
            }
        }
        for i in 0..count {
            self.columns.iter().for_each(|column| column.write(i, rows));
            self.record += 1;
            rows.end_row(Origin { row: self.record, ..Origin::default() });
        }
        self.left -= count;
        Ok(true)
    }
}

/// A column of the table while a row group is read: a batch of its cells as text.
struct Column {
    from: From,
    text: String,
    /// By cell: where its text ends, and what it is.
    ends: Vec<(usize, Kind)>,
}

enum From {
    /// One value a record, or none.
    Flat(Box<ColumnReader>, Leaf, bool),
    /// Parts, made into JSON.
    Nested(Box<ReaderIter>),
}

fn columns(schema: &SchemaDescriptor, group: &dyn RowGroupReader) -> Result<Vec<Column>, Stop> {
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
            let only = Arc::new(SchemaDescriptor::new(Arc::new(only)));
            From::Nested(Box::new(TreeBuilder::new().as_iter(only, group).map_err(|e| fault(&e))?))
        };
        columns.push(Column { from, text: String::new(), ends: Vec::new() });
    }
    Ok(columns)
}

impl Column {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the library says of a file is not for those who have the file.
    #[test]
    fn faults_are_told_in_plain_words() {
        let errors = [
            ParquetError::General("Invalid Parquet file. Corrupt footer".to_owned()),
            ParquetError::General("snappy: corrupt input".to_owned()),
            ParquetError::NYI("INTERVAL".to_owned()),
            ParquetError::EOF("eof".to_owned()),
            ParquetError::External("snappy: corrupt input (expected valid offset)".into()),
        ];
        for error in errors {
            let told = fault(&error);
            let problem = told.get("problem").unwrap_or_default();
            assert!(!problem.is_empty() && !problem.contains(['(', '_']) && !problem.contains("snappy"), "{problem}");
        }
        let ways = [Compression::BROTLI(Default::default()), Compression::LZ4_RAW, Compression::LZ4, Compression::LZO];
        assert_eq!(ways.map(packing), ["Brotli", "LZ4", "LZ4", "LZO"]);
    }
}
