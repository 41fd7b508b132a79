//! What a file is, by its content before its name; and the reader for it.
//!
//! This is the one place where a reader is plugged in: a variant of [`Form`], its signature in [`sniff`], and a line in [`open`].

use std::sync::Arc;

use super::document::DocumentKind;
use super::fixed::{FixedLayout, FixedReader};
use super::json::{self, JsonReader};
use super::printed::{PrintedLayout, PrintedReader};
use super::recode::{self, Charset, Guess, Recoder};
use super::whole::{Gzip, Whole, Zip};
use super::xml::XmlReader;
use super::{ReadOptions, Reader, Unpack};
use crate::jschema::plan::Nested;
use crate::jschema::reader::NestedReader;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// CSV and its kin; also whatever nothing else is known about.
    Delimited,
    /// One JSON value a line (NDJSON, JSON Lines), or one behind the other.
    Ndjson,
    /// JSON with the records in a list, at the top or within.
    Json,
    /// JSON with features of a map.
    GeoJson,
    /// XML.
    Xml,
    /// An Office Open XML workbook.
    Xlsx,
    /// A workbook of Excel 97 to 2003.
    Xls,
    /// An OpenDocument spreadsheet.
    Ods,
    /// Parquet.
    Parquet,
    /// Packed by gzip.
    Gzip,
    /// A zip archive that is none of the above.
    Zip,
    /// Text in UTF-16, little or big end first, with or without a mark.
    Utf16,
    /// Delimited text in Mac Roman.
    MacRoman,
    /// Text of one of the layouts of fixed width that were given.
    Fixed,
    /// A printed page of one of the layouts that were given.
    Printed,
}

/// What is to be done with a file's bytes.
pub enum Opened {
    /// They are checked where they lie.
    Plain,
    /// They are read as rows.
    Read(Box<dyn Reader>),
    /// They are unpacked, and what comes out is looked at again.
    Unpack(Box<dyn Unpack>),
    /// They are a document of this kind, and checked as they stand.
    Document(Arc<dyn DocumentKind>),
    /// They are of this form, by what the options say.
    As(Form),
    /// They are turned into UTF-8, and what comes out is looked at again.
    Recode(Guess),
}

impl Form {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Form::Delimited => "delimited",
            Form::Ndjson => "ndjson",
            Form::Json => "json",
            Form::GeoJson => "geojson",
            Form::Xml => "xml",
            Form::Xlsx => "xlsx",
            Form::Xls => "xls",
            Form::Ods => "ods",
            Form::Parquet => "parquet",
            Form::Gzip => "gzip",
            Form::Zip => "zip",
            Form::Utf16 => "utf-16",
            Form::MacRoman => "mac-roman",
            Form::Fixed => "fixed",
            Form::Printed => "printed",
        }
    }
}

/// What a file is by its first bytes, [`crate::bounds::SAMPLE`] of them or all when `whole`.
pub fn sniff(sample: &[u8], whole: bool) -> Form {
    if sample.starts_with(b"\x1f\x8b") {
        return Form::Gzip;
    }
    if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
        return zipped(sample);
    }
    if sample.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Form::Xls;
    }
    if sample.starts_with(b"PAR1") {
        return Form::Parquet;
    }
    let stored = recode::evidence(sample, whole).charset;
    if matches!(stored, Charset::Utf16Le | Charset::Utf16Be) {
        // XML says itself how it is stored, so its reader wants the bytes as they are.
        let mut text = String::new();
        Recoder::new(stored).push(&sample[..sample.len().min(4096)], &mut text, &mut Vec::new());
        return if is_xml(text.trim_start().as_bytes()) { Form::Xml } else { Form::Utf16 };
    }
    let text = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample).trim_ascii_start();
    match text.first() {
        Some(b'<') if is_xml(text) => Form::Xml,
        Some(b'{' | b'[' | 0x1e) => json::sniff(text, whole).unwrap_or(Form::Delimited),
        _ if stored == Charset::MacRoman => Form::MacRoman,
        _ => Form::Delimited,
    }
}

/// A zip archive by its first entries: workbooks are such archives too.
fn zipped(sample: &[u8]) -> Form {
    for (name, content) in first_entries(sample) {
        if name == b"mimetype" && content.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
            return Form::Ods;
        }
        let parts: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/.rels", b"xl/", b"docProps/"];
        if parts.iter().any(|part| name.starts_with(part)) {
            return Form::Xlsx;
        }
    }
    Form::Zip
}

/// The first entries of an archive, by the headers before them (APPNOTE.TXT 4.3.7): the name of each, and what follows. What is in an entry is
/// passed over, since it may be an archive itself.
fn first_entries(sample: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    const HEADER: &[u8] = b"PK\x03\x04";
    let mut rest = sample;
    std::iter::from_fn(move || {
        let header = rest.get(..30).filter(|header| header.starts_with(HEADER))?;
        let number = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (flags, method, size) = (number(6), number(8), number(18) | number(20) << 16);
        let name = rest.get(30..30 + number(26))?;
        let content = rest.get(30 + number(26) + number(28)..).unwrap_or_default();
        let end = match (flags & 8 != 0 && size == 0, method) {
            (false, _) => Some(size),
            // The size stands behind the content; what is stored as it is may hold headers of its own.
            (true, 0) => None,
            (true, _) => memchr::memmem::find(content, HEADER),
        };
        rest = end.and_then(|end| content.get(end..)).unwrap_or_default();
        Some((name, content))
    })
}

/// XML, and no web page.
fn is_xml(text: &[u8]) -> bool {
    let starts = |word: &[u8]| text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word);
    if starts(b"<!doctype html") || starts(b"<html") {
        return false;
    }
    starts(b"<?xml")
        || starts(b"<!--")
        || starts(b"<!doctype")
        || (text.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && text.iter().position(|b| *b == b'>').is_some_and(|end| {
                // The start may end in the middle of a long text, before anything closes; a namespace says as much.
                text.windows(2).any(|w| w == b"</" || w == b"/>") || text[..end].windows(6).any(|w| w == b" xmlns")
            }))
}

/// The first of the layouts of fixed width that the text fits.
fn fixed(sample: &[u8], whole: bool, options: &ReadOptions) -> Option<Arc<FixedLayout>> {
    options.fixed.iter().find(|layout| layout.fits(sample, whole)).cloned()
}

/// The first of the printed layouts that the text is of.
fn printed(sample: &[u8], whole: bool, options: &ReadOptions) -> Option<Arc<PrintedLayout>> {
    options.printed.iter().find(|layout| layout.fits(sample, whole)).cloned()
}

/// The nested resource that the text is of.
fn nested(form: Form, sample: &[u8], options: &ReadOptions) -> Option<Arc<Nested>> {
    if options.nested.all.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample));
    options.nested.choose(text.trim_start_matches(['\u{1e}', ' ', '\n', '\r', '\t']), form)
}

/// Opens a form's reader. A form without one is read as text, and what it is, is told.
pub fn open(form: Form, sample: &[u8], whole: bool, options: &ReadOptions) -> Opened {
    if let Some(kind) = options.documents.find(form, sample) {
        return Opened::Document(kind.clone());
    }
    match form {
        Form::Ndjson | Form::Json | Form::GeoJson => Opened::Read(match nested(form, sample, options) {
            Some(nested) => Box::new(NestedReader::new(nested, form, sample, whole, options)),
            None => Box::new(JsonReader::new(form, sample, whole, options)),
        }),
        Form::Xml => Opened::Read(Box::new(XmlReader::new(options.records.as_deref()))),
        Form::Delimited | Form::Utf16 | Form::MacRoman if printed(sample, whole, options).is_some() => Opened::As(Form::Printed),
        Form::Printed => match printed(sample, whole, options) {
            Some(layout) => Opened::Read(Box::new(PrintedReader::new(layout))),
            None => Opened::Plain,
        },
        Form::Delimited | Form::Utf16 | Form::MacRoman if fixed(sample, whole, options).is_some() => Opened::As(Form::Fixed),
        Form::Fixed => match fixed(sample, whole, options) {
            Some(layout) => Opened::Read(Box::new(FixedReader::new(layout))),
            None => Opened::Plain,
        },
        Form::Utf16 | Form::MacRoman => Opened::Recode(recode::sniff(sample, whole)),
        Form::Xlsx | Form::Xls | Form::Ods => Opened::Read(Box::new(Whole::new(form, options))),
        #[cfg(feature = "parquet")]
        Form::Parquet => Opened::Read(Box::new(Whole::new(form, options))),
        Form::Gzip => Opened::Unpack(Box::new(Gzip::new(options.bounds.packed))),
        Form::Zip => Opened::Unpack(Box::new(Zip::new(options))),
        _ => Opened::Plain,
    }
}
