//! Writing rows of a target table as bytes, by hand and straight into a buffer.
//!
//! A writer knows the schema and which of its fields are written; a row is the cells by index of the schema's field. Numbers never pass
//! through floating point: a JSON number is the cell's own digits.
//!
//! # Forms that cannot hold everything
//!
//! CSV and JSON hold any text. The others do not: XML has no control characters, a sheet has a last row, a typed column of Parquet takes no
//! other type. What a writer cannot write as it is, it says through [`RowWriter::troubles`]; the conversion makes findings of it.
//!
//! # Memory
//!
//! Every writer gives its bytes as they are made. XLSX keeps what the compression holds back; Parquet keeps one group of rows, at most
//! [`crate::bounds::ROW_GROUP`] bytes of text or [`crate::bounds::ROW_GROUP_ROWS`] rows.

use std::sync::Arc;

use crate::finding::Finding;
use crate::read::document::DocumentKind;
use crate::schema::TableSchema;
use crate::schema::nested::NestedForm;

pub(crate) mod buffer;
mod csv;
pub mod descriptor;
mod geojson;
mod json;
mod names;
mod nested;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(any(feature = "xlsx-write", feature = "parquet"))]
mod parts;
#[cfg(all(test, feature = "xlsx-write", feature = "parquet"))]
mod tests;
#[cfg(feature = "xlsx-write")]
mod xlsx;
mod xml;

use nested::{NestedWriter, Several};

pub use csv::CsvWriter;
pub(crate) use csv::write_cell as write_csv_cell;
pub use geojson::{GeoJsonWriter, says_place};
pub use json::JsonWriter;
pub(crate) use json::is_plain as is_plain_number;
#[cfg(feature = "parquet")]
pub use parquet::ParquetWriter;
#[cfg(feature = "xlsx-write")]
pub use xlsx::XlsxWriter;
#[cfg(feature = "xlsx-write")]
pub(crate) use xlsx::sheet_name;
pub use xml::XmlWriter;

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
    /// Whether rows are gathered, so that a row may be written later than it comes.
    fn gathers(&self) -> bool {
        false
    }
    /// Whether the column of a field has no room for every number that the schema allows, so that a long one may be left out or rounded with a
    /// word ([`Trouble::Untyped`], [`Trouble::Rounded`]).
    fn is_narrow(&self, _field: usize) -> bool {
        false
    }
    /// Documents that are written are checked as files of that kind would be; what is found comes as [`Trouble::Unfit`]. Nothing for a form without
    /// documents.
    fn judge_by(&mut self, _kind: Arc<dyn DocumentKind>) {}
    /// How many documents were written.
    fn documents(&self) -> u64 {
        0
    }
    /// Codes of the checks that ran over documents.
    fn checks_run(&self) -> &[String] {
        &[]
    }
    /// What could not be written as it is since this was last asked; nothing for a form that holds every text.
    fn troubles(&mut self) -> Vec<Trouble> {
        Vec::new()
    }
}

/// What a form cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The cell of a field holds characters that the form has no way to write; the sign for "unknown character" (U+FFFD) stands for each.
    Replaced {
        /// Index of the schema's field.
        field: usize,
    },
    /// The cell of a field is no value of the column's type, so it was left empty.
    Untyped {
        /// Index of the schema's field.
        field: usize,
        /// What the column holds, as words: `a whole number of at most 18 digits`.
        wanted: String,
    },
    /// The number of a field has more digits than the column holds, so it was rounded.
    Rounded {
        /// Index of the schema's field.
        field: usize,
        /// The number that was written.
        to: String,
    },
    /// A row says otherwise about a value that its document has once; the first one stays.
    Differs {
        /// Index of the schema's field.
        field: usize,
        /// What the document has.
        first: String,
    },
    /// A document was written already when this row of it came.
    Apart {
        /// Index of the first field by which documents are told apart.
        field: usize,
    },
    /// A document is not as its schema, or a rule beside it, asks.
    Unfit {
        /// What the document has where documents are told apart.
        document: String,
        /// What is wrong with it; lines are those of the document.
        finding: Box<Finding>,
    },
    /// At the end: so many rows became so many documents.
    Gathered {
        /// Rows that were written.
        rows: u64,
        /// Documents.
        documents: u64,
    },
    /// The form cannot hold this table, and what was written must not be used; why, as a sentence without a full stop.
    Full(String),
}

/// What a table is called where a form names it: the root element of XML, a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableNames<'a> {
    /// The resource's name; a plain word stands for an empty one.
    pub table: &'a str,
    /// One record, singular; a plain word stands for an empty one.
    pub record: &'a str,
}

impl Default for TableNames<'_> {
    fn default() -> Self {
        TableNames { table: "records", record: "record" }
    }
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
    /// A GeoJSON FeatureCollection, RFC 7946.
    GeoJson,
    /// XML, one element a record.
    Xml,
    /// A spreadsheet with one sheet (ISO/IEC 29500).
    #[cfg(feature = "xlsx-write")]
    Xlsx,
    /// Apache Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// Every form that this build can write, in the order in which help texts name them.
    pub const ALL: &'static [Format] = &[
        Format::Csv,
        Format::Tsv,
        Format::Json,
        Format::Ndjson,
        Format::GeoJson,
        Format::Xml,
        #[cfg(feature = "xlsx-write")]
        Format::Xlsx,
        #[cfg(feature = "parquet")]
        Format::Parquet,
    ];

    /// The usual extension of a file name, without the point.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::GeoJson => "geojson",
            Format::Xml => "xml",
            #[cfg(feature = "xlsx-write")]
            Format::Xlsx => "xlsx",
            #[cfg(feature = "parquet")]
            Format::Parquet => "parquet",
        }
    }

    /// The form that a file name's extension asks for, in any case, with or without the point. `None` for another.
    pub fn of_extension(extension: &str) -> Option<Format> {
        let lower = extension.trim_start_matches('.').to_ascii_lowercase();
        match lower.as_str() {
            "tab" => Some(Format::Tsv),
            "jsonl" => Some(Format::Ndjson),
            _ => Format::ALL.iter().copied().find(|f| f.extension() == lower),
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv",
            Format::Tsv => "text/tab-separated-values",
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::GeoJson => "application/geo+json",
            Format::Xml => "application/xml",
            #[cfg(feature = "xlsx-write")]
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            #[cfg(feature = "parquet")]
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Whether the form is text; a terminal cannot show the others.
    pub fn is_text(self) -> bool {
        match self {
            Format::Csv | Format::Tsv | Format::Json | Format::Ndjson | Format::GeoJson | Format::Xml => true,
            #[cfg(feature = "xlsx-write")]
            Format::Xlsx => false,
            #[cfg(feature = "parquet")]
            Format::Parquet => false,
        }
    }
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
    /// Documents of XML may come one behind the other, since each is put into a file of its own.
    pub several_files: bool,
}

impl Default for WriterConfig {
    fn default() -> Self {
        WriterConfig { format: Format::Csv, delimiter: b',', crlf: false, guard_formulas: false, several_files: false }
    }
}

impl WriterConfig {
    /// The writer for a table; `fields` are the indexes of the schema's fields that are written, in that order.
    pub fn writer(&self, schema: &TableSchema, fields: &[usize]) -> Box<dyn RowWriter> {
        self.writer_of(TableNames::default(), schema, fields)
    }

    /// [`WriterConfig::writer`] for a table with names.
    pub fn writer_of(&self, names: TableNames<'_>, schema: &TableSchema, fields: &[usize]) -> Box<dyn RowWriter> {
        if let Some(nested) = &schema.nested {
            let several = match (&nested.form, self.format) {
                (NestedForm::Xml { .. }, Format::Xml) if self.several_files => Some(Several::Files),
                (NestedForm::Xml { .. }, Format::Xml) => Some(Several::One),
                (NestedForm::Json, Format::Json) => Some(Several::Array),
                (NestedForm::Json, Format::Ndjson) => Some(Several::Lines),
                // Other forms hold the rows as they are.
                _ => None,
            };
            if let Some(several) = several {
                return Box::new(NestedWriter::new(nested, schema, several));
            }
        }
        match self.format {
            Format::GeoJson => Box::new(GeoJsonWriter::new(schema, fields)),
            Format::Xml => Box::new(XmlWriter::new(names, schema, fields)),
            #[cfg(feature = "xlsx-write")]
            Format::Xlsx => Box::new(XlsxWriter::new(names, schema, fields)),
            #[cfg(feature = "parquet")]
            Format::Parquet => Box::new(ParquetWriter::new(names, schema, fields)),
            Format::Csv => Box::new(CsvWriter::new(schema, fields, self)),
            Format::Tsv => Box::new(CsvWriter::new(schema, fields, &WriterConfig { delimiter: b'\t', ..*self })),
            Format::Ndjson => Box::new(JsonWriter::new(schema, fields, false)),
            Format::Json => Box::new(JsonWriter::new(schema, fields, true)),
        }
    }
}

/// The first line of a document of XML that is written.
pub(crate) const XML_BEGINS: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Cuts whole documents of XML apart: each piece but perhaps the first begins with a document's first line. Texts hold no such line, since they have
/// no `<`.
pub fn documents(bytes: &[u8]) -> Vec<&[u8]> {
    let begins = memchr::memmem::find_iter(bytes, XML_BEGINS).filter(|at| *at > 0);
    let ends: Vec<usize> = begins.chain([bytes.len()]).collect();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(&ends).filter(|(from, to)| from < to).map(|(from, to)| &bytes[from..*to]).collect()
}

/// Whether bytes are the beginning of a document of XML as [`documents`] cuts them.
pub fn begins_document(bytes: &[u8]) -> bool {
    bytes.starts_with(XML_BEGINS)
}

/// All that a writer makes of some rows.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
fn written(writer: &mut dyn RowWriter, rows: &[Vec<&str>]) -> String {
    let mut out = Vec::new();
    writer.begin(&mut out);
    rows.iter().for_each(|row| writer.row(row, &mut out));
    writer.finish(&mut out);
    String::from_utf8(out).unwrap()
}
