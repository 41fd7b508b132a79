//! Files that hold other files: gzip holds one, zip holds many.
//!
//! What unpacks is counted as it comes and stopped at a bound before the memory is spent; the sizes that an archive states about itself
//! are shown, never trusted.

use crate::bounds::Packed;
use crate::finding::{Finding, Place};

pub mod files;
pub mod gzip;
pub mod zip;

/// Why a file cannot be read on: the finding that says so.
pub type Stop = Box<Finding>;

/// A finding about the file as a whole that ends the reading.
pub(crate) fn stop(code: &'static str, kind: &'static str) -> Stop {
    Box::new(Finding::new(code, kind, Place::default()))
}

/// What a file is by its first bytes, as far as that concerns unpacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A zip archive: also spreadsheets of the XLSX and ODS forms.
    Zip,
    /// Gzip.
    Gzip,
    /// An OLE compound file: also spreadsheets of the XLS form and those locked by a password.
    Compound,
    /// Parquet.
    Parquet,
    /// Packed in a way that is not read here; its name in plain words.
    Other(&'static str),
}

impl Form {
    /// The form that the first bytes show; `None` for what is not packed.
    pub fn of(start: &[u8]) -> Option<Form> {
        const FORMS: [(&[u8], Form); 12] = [
            (b"PK\x03\x04", Form::Zip),
            (b"PK\x05\x06", Form::Zip),
            (b"PK\x07\x08PK", Form::Zip),
            (b"\x1f\x8b", Form::Gzip),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Form::Compound),
            (b"PAR1", Form::Parquet),
            (b"7z\xbc\xaf\x27\x1c", Form::Other("a 7-Zip archive")),
            (b"Rar!\x1a\x07", Form::Other("a RAR archive")),
            (b"\xfd7zXZ\0", Form::Other("an xz archive")),
            (b"BZh", Form::Other("a bzip2 archive")),
            (b"\x28\xb5\x2f\xfd", Form::Other("a zstandard archive")),
            (b"\x1f\x9d", Form::Other("an archive of the program compress")),
        ];
        // A table whose first column is named "BZh…" is text: bzip2 goes on with a digit and a fixed number.
        let form = FORMS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, form)| *form)?;
        (!start.starts_with(b"BZh") || start.get(4..10) == Some(b"\x31\x41\x59\x26\x53\x59")).then_some(form)
    }
}

/// Counts what came out against what went in.
pub(crate) fn within(bounds: &Packed, packed: u64, plain: u64) -> Result<(), Stop> {
    if plain > bounds.inflated {
        let mut finding = stop("C110", "");
        finding.args.push(("bound", bounds.inflated.to_string()));
        return Err(finding);
    }
    if plain > bounds.free && plain / bounds.ratio.max(1) > packed {
        let mut finding = stop("C110", "ratio");
        finding.args.push(("bound", bounds.ratio.to_string()));
        return Err(finding);
    }
    Ok(())
}
