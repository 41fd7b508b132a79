//! Readers of every form that is not delimited text: spreadsheets, JSON, XML, fixed width, Parquet, and tables that want tidying.
//!
//! A reader turns bytes into [`Rows`]: cells as text with the place each row came from. Rows go through the steps of a layout (see
//! [`Step`]), are written as plain delimited text, and so meet the same checks, conversions and reports as a file that was delimited text
//! from the start. Places in findings are those of the file that was handed over, never those of the text in between.
//!
//! Delimited text that needs no step never comes this way: it is checked where it lies.

use crate::finding::Finding;

pub mod mark;
pub mod rows;

pub use mark::{Mark, mark};
pub use rows::{Kind, Origin, Row, Rows};

/// Reads a stream of bytes as rows. However the bytes are cut into pieces, the rows and findings are the same.
///
/// The first row is the header. A reader keeps no more than one record and what its form needs to go on; it never fails: what is wrong about
/// the bytes is a finding, with its place.
pub trait Reader: Send {
    /// Takes the next bytes and appends the rows that are whole.
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>);
    /// Says that no bytes follow, and appends what is left.
    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>);
}

/// One step that makes a tidy table of an untidy one. However the rows are cut into batches, the result is the same.
pub trait Step: Send {
    /// Takes rows in order and appends what becomes of them, so far as that is settled.
    fn rows(&mut self, rows: &Rows, out: &mut Rows, findings: &mut Vec<Finding>);
    /// Says that no rows follow, and appends what was held back.
    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>);
}
