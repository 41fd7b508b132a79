//! Apache Parquet, without Arrow: columns typed by the schema, in groups of rows that are bounded in memory, compressed with Snappy.
//!
//! | field | column |
//! | --- | --- |
//! | `integer` | 64 bits, signed |
//! | `year` | 32 bits, signed |
//! | `number` in dollars | decimal with nine digits after the point and up to 29 before it, the widest that all programs read |
//! | `number` otherwise | floating point, 64 bits |
//! | `boolean` | boolean |
//! | `date` | days |
//! | everything else | text (UTF-8) as it stands |
//!
//! Every column may be empty. A cell that is no value of its column's type is left empty, and said. The columns' types stand before the first row,
//! so amounts get room for every digit that occurs: two digits after the point would do for most, but not for a rate or a share of a cent. Of other
//! numbers no schema says how many digits follow the point. Those of up to 15 digits are the same number in 64 bits of floating point; the few that
//! are not are rounded, and said.

use std::collections::HashSet;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;

use bytes::Bytes;

use crate::bounds::{ROW_GROUP, ROW_GROUP_ROWS};
use crate::decimal::Decimal;
use crate::schema::{DateFormat, Field, FieldType, NumberFormat, TableSchema};
use crate::value::{Number, date, number};

use super::parts::{self, Pipe};
use super::{RowWriter, TableNames, Trouble, names};

/// Writes one file.
pub struct ParquetWriter {
    columns: Vec<Column>,
    table: String,
    /// `None` before the beginning and after the end.
    file: Option<(SerializedFileWriter<Pipe>, Pipe)>,
    /// Rows and bytes of text in the group that is being gathered.
    rows: usize,
    bytes: usize,
    full: bool,
    troubles: Vec<Trouble>,
}

struct Column {
    field: usize,
    name: String,
    kind: Kind,
    missing: Vec<String>,
    /// By row of the group: 1 for a value, 0 for none.
    filled: Vec<i16>,
    values: Values,
}

enum Kind {
    Text,
    Integer(NumberFormat),
    Money(NumberFormat),
    Number(NumberFormat),
    Year,
    Boolean { yes: Vec<String>, no: Vec<String> },
    Date(DateFormat),
}

enum Values {
    /// One behind the other, and where each of them ends: a text of its own for each cell would cost more than all else.
    Text(Vec<u8>, Vec<usize>),
    Wide(Vec<i128>),
    Double(Vec<f64>),
    Long(Vec<i64>),
    Short(Vec<i32>),
    Bool(Vec<bool>),
}

/// One cell read by its column's kind.
enum Value<'a> {
    Text(&'a str),
    Wide(i128),
    /// The nearest number, and whether it is the very number.
    Double(f64, bool),
    Long(i64),
    Short(i32),
    Bool(bool),
}

/// Digits after the point of an amount in dollars. Totals are added up to as many.
const PLACES: u32 = 9;
/// Digits of a decimal that 128 bits hold for certain.
const DIGITS: i32 = 38;
/// Bytes of such a decimal.
const WIDTH: usize = 16;

impl ParquetWriter {
    /// `fields` are the indexes of the schema's fields that are written.
    pub fn new(names: TableNames<'_>, schema: &TableSchema, fields: &[usize]) -> ParquetWriter {
        let mut taken = HashSet::new();
        let mut columns = Vec::new();
        for &f in fields.iter().filter(|&&f| f < schema.fields.len()) {
            let field = &schema.fields[f];
            let plain = if field.name.is_empty() { "field" } else { &field.name };
            let name = names::distinct(&mut taken, plain);
            let missing = schema.missing_texts(f);
            let kind = Kind::of(field);
            columns.push(Column { field: f, name, values: kind.values(), kind, missing, filled: Vec::new() });
        }
        let table = if names.table.is_empty() { "records" } else { names.table };
        ParquetWriter { columns, table: table.to_owned(), file: None, rows: 0, bytes: 0, full: false, troubles: Vec::new() }
    }

    fn refuse(&mut self, error: &ParquetError) {
        if !std::mem::replace(&mut self.full, true) {
            self.troubles.push(Trouble::Full(format!("the Parquet file cannot be written ({error}); write the table as .csv or .json")));
        }
    }

    /// A row whose cells stand in the columns' order; `tell` whether cells of another type are said now.
    fn gather(&mut self, cells: &[&str], tell: bool, out: &mut Vec<u8>) {
        if self.full {
            return;
        }
        for (column, &cell) in self.columns.iter_mut().zip(cells) {
            let value = if column.is_missing(cell) { None } else { column.kind.read(cell) };
            if tell {
                self.troubles.extend(column.trouble(cell, value.as_ref()));
            }
            self.bytes += if matches!(column.kind, Kind::Text) { cell.len() } else { 8 };
            column.push(value);
        }
        self.rows += 1;
        if self.rows >= ROW_GROUP_ROWS || self.bytes >= ROW_GROUP {
            self.flush(out);
        }
    }

    /// Writes the group of rows.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let Some((file, pipe)) = &mut self.file else { return };
        if self.rows == 0 {
            return;
        }
        let written = group(file, &mut self.columns);
        pipe.drain(out);
        (self.rows, self.bytes) = (0, 0);
        if let Err(error) = written {
            self.refuse(&error);
        }
    }
}

fn group(file: &mut SerializedFileWriter<Pipe>, columns: &mut [Column]) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    for column in columns {
        let filled = std::mem::take(&mut column.filled);
        match std::mem::replace(&mut column.values, column.kind.values()) {
            Values::Text(text, ends) => {
                let text = Bytes::from(text);
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let values: Vec<ByteArray> = starts.zip(&ends).map(|(start, &end)| text.slice(start..end).into()).collect();
                write::<ByteArrayType, _>(&mut group, &values, &filled)?;
            }
            Values::Wide(values) => {
                let bytes = Bytes::from(values.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>());
                let part = |i: usize| FixedLenByteArray::from(ByteArray::from(bytes.slice(WIDTH * i..WIDTH * (i + 1))));
                let values: Vec<FixedLenByteArray> = (0..values.len()).map(part).collect();
                write::<FixedLenByteArrayType, _>(&mut group, &values, &filled)?;
            }
            Values::Double(values) => write::<DoubleType, _>(&mut group, &values, &filled)?,
            Values::Long(values) => write::<Int64Type, _>(&mut group, &values, &filled)?,
            Values::Short(values) => write::<Int32Type, _>(&mut group, &values, &filled)?,
            Values::Bool(values) => write::<BoolType, _>(&mut group, &values, &filled)?,
        }
    }
    group.close()?;
    Ok(())
}

fn write<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    filled: &[i16],
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(values, Some(filled), None)?;
    column.close()
}

impl Kind {
    fn of(field: &Field) -> Kind {
        match &field.kind {
            FieldType::Integer(format) => Kind::Integer(format.clone()),
            FieldType::Number(format) if field.extras.unit.as_deref() == Some("us-dollar") => Kind::Money(format.clone()),
            FieldType::Number(format) => Kind::Number(format.clone()),
            FieldType::Year => Kind::Year,
            FieldType::Boolean { true_values, false_values } => Kind::Boolean { yes: true_values.clone(), no: false_values.clone() },
            FieldType::Date(format) => Kind::Date(format.clone()),
            _ => Kind::Text,
        }
    }

    fn values(&self) -> Values {
        match self {
            Kind::Text => Values::Text(Vec::new(), Vec::new()),
            Kind::Money(_) => Values::Wide(Vec::new()),
            Kind::Number(_) => Values::Double(Vec::new()),
            Kind::Integer(_) => Values::Long(Vec::new()),
            Kind::Year | Kind::Date(_) => Values::Short(Vec::new()),
            Kind::Boolean { .. } => Values::Bool(Vec::new()),
        }
    }

    fn column(&self, name: &str) -> Result<Type, ParquetError> {
        let (physical, logical) = match self {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Integer(_) => (Physical::INT64, Some(LogicalType::integer(64, true))),
            Kind::Money(_) => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::decimal(PLACES as i32, DIGITS))),
            Kind::Number(_) => (Physical::DOUBLE, None),
            Kind::Year => (Physical::INT32, Some(LogicalType::integer(32, true))),
            Kind::Boolean { .. } => (Physical::BOOLEAN, None),
            Kind::Date(_) => (Physical::INT32, Some(LogicalType::Date)),
        };
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL).with_logical_type(logical);
        match self {
            Kind::Money(_) => builder.with_length(WIDTH as i32).with_precision(DIGITS).with_scale(PLACES as i32).build(),
            _ => builder.build(),
        }
    }

    fn read<'a>(&self, cell: &'a str) -> Option<Value<'a>> {
        match self {
            Kind::Text => Some(Value::Text(cell)),
            Kind::Integer(format) => match number::read_whole(format, cell) {
                Ok(Number::Finite(value)) => value.to_string().parse().ok().map(Value::Long),
                _ => None,
            },
            Kind::Money(format) => match number::read(format, cell) {
                Ok(Number::Finite(value)) => billionths(&value).map(Value::Wide),
                _ => None,
            },
            Kind::Number(format) => match number::read(format, cell).ok()? {
                Number::Finite(value) => {
                    let text = value.to_string();
                    let nearest: f64 = text.parse().ok().filter(|n: &f64| n.is_finite())?;
                    // Up to 15 digits come back from 64 bits as they went in; of the others, those that a program wrote from such bits.
                    let exact = text.len() <= 15 || Decimal::parse(&nearest.to_string()).is_some_and(|back| back == value);
                    Some(Value::Double(nearest, exact))
                }
                Number::NotANumber => Some(Value::Double(f64::NAN, true)),
                Number::Infinity => Some(Value::Double(f64::INFINITY, true)),
                Number::NegativeInfinity => Some(Value::Double(f64::NEG_INFINITY, true)),
            },
            Kind::Year => date::read_year(cell).ok().filter(|_| !date::year_has_zone(cell)).map(Value::Short),
            Kind::Boolean { yes, no } => {
                if yes.iter().any(|t| t == cell) {
                    Some(Value::Bool(true))
                } else {
                    no.iter().any(|t| t == cell).then_some(Value::Bool(false))
                }
            }
            Kind::Date(format) => {
                let epoch = date::Date { year: 1970, month: 1, day: 1 };
                let date = date::read_date(format, cell).ok()?;
                i32::try_from(date.number() - epoch.number()).ok().map(Value::Short)
            }
        }
    }

    /// What the column holds, in words.
    fn wanted(&self) -> String {
        match self {
            Kind::Text => "text",
            Kind::Integer(_) => "whole numbers of at most 18 digits",
            Kind::Money(_) => "amounts with at most nine digits after the point and 29 before it",
            Kind::Number(_) => "numbers of at most 308 digits before the point",
            Kind::Year => "years without a zone",
            Kind::Boolean { .. } => "the words for yes and no",
            Kind::Date(_) => "dates",
        }
        .to_owned()
    }
}

/// An amount in billionths; `None` when it has further digits or too many.
fn billionths(value: &Decimal) -> Option<i128> {
    if value.places() > PLACES {
        return None;
    }
    let billionths: i128 = value.clone().scaled(PLACES as i32).to_string().parse().ok()?;
    (billionths.unsigned_abs() < 10u128.pow(DIGITS as u32)).then_some(billionths)
}

impl Column {
    fn is_missing(&self, cell: &str) -> bool {
        cell.is_empty() || self.missing.iter().any(|m| m == cell)
    }

    /// What is to be said of a cell that is written as this value.
    fn trouble(&self, cell: &str, value: Option<&Value<'_>>) -> Option<Trouble> {
        match value {
            Some(Value::Double(nearest, false)) => Some(Trouble::Rounded { field: self.field, to: nearest.to_string() }),
            None if !self.is_missing(cell) => Some(Trouble::Untyped { field: self.field, wanted: self.kind.wanted() }),
            _ => None,
        }
    }

    fn push(&mut self, value: Option<Value<'_>>) {
        let fits = match (&mut self.values, value) {
            (Values::Text(to, ends), Some(Value::Text(text))) => {
                to.extend_from_slice(text.as_bytes());
                ends.push(to.len());
                1
            }
            (Values::Wide(to), Some(Value::Wide(n))) => {
                to.push(n);
                1
            }
            (Values::Double(to), Some(Value::Double(n, _))) => {
                to.push(n);
                1
            }
            (Values::Long(to), Some(Value::Long(n))) => {
                to.push(n);
                1
            }
            (Values::Short(to), Some(Value::Short(n))) => {
                to.push(n);
                1
            }
            (Values::Bool(to), Some(Value::Bool(b))) => {
                to.push(b);
                1
            }
            _ => 0,
        };
        self.filled.push(fits);
    }
}

impl RowWriter for ParquetWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        let pipe = Pipe::default();
        let open = || {
            let columns = self.columns.iter().map(|c| c.kind.column(&c.name).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
            let schema = Type::group_type_builder(&self.table).with_fields(columns).build()?;
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("concord".to_owned()).build();
            SerializedFileWriter::new(pipe.clone(), Arc::new(schema), Arc::new(properties))
        };
        match open() {
            Ok(file) => {
                pipe.drain(out);
                self.file = Some((file, pipe));
            }
            Err(error) => self.refuse(&error),
        }
    }

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        let row: Vec<&str> = self.columns.iter().map(|c| cells.get(c.field).copied().unwrap_or_default()).collect();
        if self.file.is_some() {
            return self.gather(&row, true, out);
        }
        // A block of its own: its rows go to the whole file's writer later, but what does not fit is said here, where its place is known.
        for (column, cell) in self.columns.iter().zip(&row) {
            let value = if column.is_missing(cell) { None } else { column.kind.read(cell) };
            self.troubles.extend(column.trouble(cell, value.as_ref()));
        }
        parts::put(row.into_iter(), out);
    }

    fn join(&mut self, part: &[u8], _rows: u64, out: &mut Vec<u8>) {
        parts::each(part, self.columns.len(), |row| self.gather(row, false, out));
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.flush(out);
        let Some((file, pipe)) = self.file.take() else { return };
        if let Err(error) = file.close() {
            self.refuse(&error);
        }
        pipe.drain(out);
    }

    fn troubles(&mut self) -> Vec<Trouble> {
        std::mem::take(&mut self.troubles)
    }

    fn is_narrow(&self, field: usize) -> bool {
        self.columns.iter().any(|c| c.field == field && matches!(c.kind, Kind::Integer(_) | Kind::Money(_) | Kind::Number(_)))
    }
}
