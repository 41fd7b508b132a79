//! Readers of every form that is not delimited text: spreadsheets, JSON, XML, fixed width, printed pages, Parquet, and tables that want tidying.
//!
//! A reader turns bytes into [`Rows`]: cells as text with the place each row came from. Rows go through the steps of a layout (see
//! [`Step`]), are written as plain delimited text, and so meet the same checks, conversions and reports as a file that was delimited text
//! from the start. Places in findings are those of the file that was handed over, never those of the text in between.
//!
//! Delimited text that needs no step never comes this way: it is checked where it lies.
//!
//! - [`form`] finds out what a file is, and opens the reader for it: the one place where a reader is plugged in.
//! - [`tidy`] are the steps of layouts, and how a file's layout is recognised.
//! - [`intake`] takes a file's bytes from a shell, and hands over its start and then its text.
//! - [`transcript`] makes text with places of a reader's rows.

use std::sync::Arc;

use crate::finding::Finding;
use crate::jschema::evidence::Score;
use crate::jschema::plan::{Candidates, Nested};
use crate::jschema::scan::{Scanned, Scanner};

pub mod at;
pub mod container;
pub mod delimited;
pub mod document;
pub mod fixed;
pub mod form;
pub mod intake;
pub mod json;
mod lines;
pub mod mark;
mod names;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod printed;
pub mod recode;
pub mod rows;
pub mod sheet;
pub mod shown;
mod tally;
#[cfg(test)]
mod tests;
pub mod tidy;
pub mod transcript;
pub mod typed;
pub mod whole;
pub mod xml;

pub use at::{ReadAt, Store};
pub use fixed::FixedLayout;
pub use form::Form;
pub use intake::{Intake, Source};
pub use mark::{Mark, mark};
pub use printed::PrintedLayout;
pub use rows::{Kind, Origin, Row, Rows};
pub use transcript::{Places, Transcript};

/// Reads a stream of bytes as rows. However the bytes are cut into pieces, the rows and findings are the same.
///
/// The first row is the header, unless the steps of a layout are to find it. A reader keeps no more than one record and what its form needs to go on; it never fails: what is wrong about
/// the bytes is a finding, with its place.
///
/// Rows come in the order of [`Origin::row`], and a finding about a row comes no later than the first row behind it. Findings of no row are
/// told behind all others, so a reader makes few of them.
pub trait Reader: Send {
    /// Takes the next bytes and appends the rows that are whole.
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>);
    /// Takes the file itself, before any bytes are pushed. True when it is read from there: then no bytes need be pushed, only
    /// [`Reader::finish`] called.
    fn attach(&mut self, _file: &Store<'static>) -> bool {
        false
    }
    /// Says that no bytes follow, and appends what is left, as far as [`Reader::more`] does not.
    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>);
    /// After [`Reader::finish`]: appends the next rows of what is at hand. False when there are no more.
    fn more(&mut self, _out: &mut Rows, _findings: &mut Vec<Finding>) -> bool {
        false
    }
    /// What the report says about the file; asked once the header is known.
    fn facts(&self) -> Facts {
        Facts::default()
    }
    /// Names that were first met behind the header, in forms whose records name their own cells. Cell number `header + i` of a row belongs to
    /// the name at `i`.
    fn late(&self) -> &[String] {
        &[]
    }
    /// Where a cell is in nested data, or its record when no column is named: a JSON Pointer (RFC 6901) or an XPath.
    fn pointer(&self, _row: u64, _column: Option<&str>) -> Option<String> {
        None
    }
    /// The line and the byte in it, both from 1, at which a cell of a row starts, in forms where it does not stand on its row's line in a column
    /// with a letter. `column` is that of the rows given.
    fn cell(&self, _row: u64, _column: usize) -> Option<(u64, u64)> {
        None
    }
    /// Records known of but not read, so far.
    fn unread(&self) -> u64 {
        0
    }
    /// The nested resource of which it reads documents, and what spoke for it.
    fn nested(&self) -> Option<(&Arc<Nested>, Score)> {
        None
    }
    /// What looks at blocks of the file ahead of the reader, where its records can be read so.
    fn scanner(&self) -> Option<Scanner> {
        None
    }
    /// Takes the records that a scanner found in a block, when the bytes taken so far end where the first of them starts. False when they do not,
    /// or the reader is not where records are: then nothing is taken, and the bytes have to be pushed.
    fn take(&mut self, _block: &[u8], _scanned: &Scanned, _out: &mut Rows, _findings: &mut Vec<Finding>) -> bool {
        false
    }
}

/// One step that makes a tidy table of an untidy one. However the rows are cut into batches, the result is the same.
pub trait Step: Send {
    /// Takes rows in order and appends what becomes of them, so far as that is settled.
    fn rows(&mut self, rows: &Rows, out: &mut Rows, findings: &mut Vec<Finding>);
    /// Says that no rows follow, and appends what was held back.
    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>);
    /// The column of the rows taken from which a column of the rows given comes; `None` when it is no column's.
    fn column(&self, column: usize) -> Option<usize> {
        Some(column)
    }
    /// Codes of the checks that it makes of the rows on their way, whether or not they find something.
    fn codes(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Makes other bytes of bytes: what was packed is unpacked, other encodings become UTF-8. However the bytes are cut, the result is the same.
pub trait Unpack: Send {
    /// Takes the next bytes and appends what becomes of them.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>, findings: &mut Vec<Finding>);
    /// Takes the file itself, before any bytes are pushed. True when it is read from there; its bytes are pushed all the same, as the clock by
    /// which what comes out is handed on.
    fn attach(&mut self, _file: &Store<'static>) -> bool {
        false
    }
    /// Says that no bytes follow, and appends what is left.
    fn finish(&mut self, out: &mut Vec<u8>, findings: &mut Vec<Finding>);
    /// What remains of the name asked for (see [`ReadOptions::sheet`]) for what was unpacked, where this layer holds files by name; known once
    /// something came out.
    fn asked(&self) -> Option<Option<String>> {
        None
    }
}

/// What a report says about a file beside its records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// How its text is stored, as `utf-8`; empty when that is no question in this form.
    pub encoding: &'static str,
    /// More than the form's name, in a fixed order: where the records lie, say.
    pub more: Vec<(&'static str, String)>,
    /// The sheet that was read.
    pub sheet: Option<String>,
    /// Each record names its own cells: there is no header to mend, and columns have no letters.
    pub keyed: bool,
    /// Rows end with their last filled cell, as in a sheet: a row that is shorter than the header lacks nothing.
    pub open: bool,
    /// Columns that the form adds for the place of a record, whatever the record's own members say of it.
    pub placed: Vec<String>,
}

/// How to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// Where the records are in nested data: a JSON Pointer (RFC 6901), or the path of an XML element; found by evidence when not given.
    pub records: Option<String>,
    /// The sheet of a workbook, or the file in an archive, by its name; `file/sheet` for both. Chosen by what is wanted when not given.
    pub sheet: Option<String>,
    /// Most bytes of a file that must be at hand as a whole before it can be read.
    pub whole: usize,
    /// Bounds on what is packed, and on workbooks.
    pub bounds: crate::bounds::Sheet,
    /// The layouts that an untidy file may follow; without one, a file is read as it comes.
    pub layouts: tidy::Layouts,
    /// Layouts of fixed width that the file may have; text that fits none of them is delimited.
    pub fixed: Vec<Arc<FixedLayout>>,
    /// Layouts of printed pages that the file may be of.
    pub printed: Vec<Arc<PrintedLayout>>,
    /// Kinds of documents that the file may be; what is one is not read as rows.
    pub documents: document::Documents,
    /// Nested resources that a document of JSON may be of; one that is of none is read as a table.
    pub nested: Candidates,
    /// The tables that are looked for among the sheets of a workbook; see [`sheet::Wanted`].
    pub wanted: sheet::Wanted,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            records: None,
            sheet: None,
            whole: crate::bounds::MAX_WHOLE,
            bounds: crate::bounds::Sheet::default(),
            layouts: tidy::Layouts::default(),
            fixed: Vec::new(),
            printed: Vec::new(),
            documents: document::Documents::default(),
            nested: Candidates::default(),
            wanted: sheet::Wanted::default(),
        }
    }
}

impl ReadOptions {
    /// Sets a bound of [`crate::bounds::NAMED`]. False when there is none of that name.
    pub fn set_bound(&mut self, name: &str, value: u64) -> bool {
        if name == "whole-file" {
            self.whole = usize::try_from(value).unwrap_or(usize::MAX);
            return true;
        }
        self.bounds.set(name, value)
    }
}
