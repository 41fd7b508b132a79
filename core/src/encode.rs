//! Writing rows of a target table as bytes, by hand and straight into a buffer.
//!
//! A writer knows the schema and which of its fields are written; a row is the cells by index of the schema's field. Numbers never pass
//! through floating point: a JSON number is the cell's own digits.

use crate::schema::TableSchema;

pub(crate) mod buffer;
mod csv;
mod json;
mod scan;

pub use csv::CsvWriter;
pub(crate) use csv::write_cell as write_csv_cell;
pub use json::JsonWriter;
pub(crate) use json::is_plain as is_plain_number;

/// Writes the rows of one table. Output is appended, so that the caller can drain the buffer between rows.
pub trait RowWriter: Send {
    /// What stands before the first row: a header, an opening bracket.
    fn begin(&mut self, out: &mut Vec<u8>);
    /// One row; `cells` are by index of the schema's field, missing ones at the end are empty.
    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>);
    /// Appends `rows` rows that another writer of the same kind made, without its beginning and end.
    fn join(&mut self, part: &[u8], rows: u64, out: &mut Vec<u8>);
    /// What stands after the last row.
    fn finish(&mut self, out: &mut Vec<u8>);
    /// How rows of plain cells are written, for a caller that writes them itself and says so ([`RowWriter::wrote`]). `None` when this writer has
    /// to write all rows.
    fn plain(&self) -> Option<PlainRows> {
        None
    }
    /// Rows were written as [`RowWriter::plain`] says, behind at least one row that this writer wrote.
    fn wrote(&mut self, _rows: u64) {}
}

/// Rows that are members one behind the other, each a name and a value as it stands. Cells must be printable ASCII without quotation mark and
/// backslash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainRows {
    /// What stands before a row.
    pub before: &'static [u8],
    /// What opens it: stands in place of the first byte of its first member's name.
    pub open: u8,
    /// What stands behind it.
    pub after: &'static [u8],
    /// The members in order. A member without a value is left out.
    pub members: Vec<PlainMember>,
}

/// One member of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainMember {
    /// Index of the schema's field.
    pub field: usize,
    /// What stands before the value: a comma, the name, and for a text the mark that opens it.
    pub name: Vec<u8>,
    /// How the value stands.
    pub kind: PlainKind,
}

/// How a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainKind {
    /// As a text, with a mark behind it.
    Text,
    /// As a number in JSON's form, as long as it is one.
    Number,
    /// In a way that only the writer knows.
    Other,
}

/// The forms of output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Comma separated values, RFC 4180.
    #[default]
    Csv,
    /// The same with tabs.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// A JSON array of objects, one a line.
    Json,
}

/// How output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterConfig {
    /// The form.
    pub format: Format,
    /// The sign between cells of [`Format::Csv`]; default a comma.
    pub delimiter: u8,
    /// Ends lines of CSV with a carriage return and a line feed in place of a line feed alone.
    pub crlf: bool,
    /// Writes an apostrophe before cells that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab or carriage return first).
    /// Off by default, because data must come out exactly as they are.
    pub guard_formulas: bool,
}

impl Default for WriterConfig {
    fn default() -> Self {
        WriterConfig { format: Format::Csv, delimiter: b',', crlf: false, guard_formulas: false }
    }
}

impl WriterConfig {
    /// The writer for a table; `fields` are the indexes of the schema's fields that are written, in that order.
    pub fn writer(&self, schema: &TableSchema, fields: &[usize]) -> Box<dyn RowWriter> {
        match self.format {
            Format::Csv => Box::new(CsvWriter::new(schema, fields, self)),
            Format::Tsv => Box::new(CsvWriter::new(schema, fields, &WriterConfig { delimiter: b'\t', ..*self })),
            Format::Ndjson => Box::new(JsonWriter::new(schema, fields, false)),
            Format::Json => Box::new(JsonWriter::new(schema, fields, true)),
        }
    }
}
