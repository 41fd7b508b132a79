//! Bytes become records.
//!
//! Decoding never fails: it prefers *a* reading over none and says what was odd. A file is read in blocks; each block is a slice of
//! whole records, found in two ways that must agree (a property test holds them equal):
//!
//! - [`index`] finds the ends of all cells of a block at once, 64 bytes at a time. It only takes records whose quoting is beyond doubt.
//! - [`careful`] reads one record, byte by byte, with every rule for stray and unclosed quotation marks.

use std::borrow::Cow;

pub mod careful;
pub mod dialect;
pub mod encoding;
pub mod head;
pub mod index;
mod masks;
pub mod rows;

pub use dialect::{Dialect, LineEnd};
pub use encoding::Encoding;
pub use head::Head;

/// What is odd about how a cell is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteFault {
    /// A quotation mark inside a cell that is not quoted.
    Stray,
    /// Text after the closing mark.
    AfterClose,
    /// The opening mark is never closed; it was taken as text.
    Unclosed,
}

/// One cell of a record, as a range of the block's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// First byte, quotation mark included.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
    /// What is odd about it.
    pub fault: Option<QuoteFault>,
}

/// The content of a cell's bytes: without the quotation marks around it, doubled or escaped ones made single. Bytes with a quoting fault are
/// taken as they stand.
pub fn content<'a>(raw: &'a [u8], fault: Option<QuoteFault>, dialect: &Dialect) -> Cow<'a, [u8]> {
    let raw = if dialect.skip_initial_space { raw.trim_ascii_start() } else { raw };
    let Some(quote) = dialect.quote else { return unescape_all(raw, dialect) };
    if fault.is_some() {
        return Cow::Borrowed(raw);
    }
    if raw.len() >= 2 && raw[0] == quote && raw[raw.len() - 1] == quote {
        let inner = &raw[1..raw.len() - 1];
        if dialect.escape.is_none() && memchr::memchr(quote, inner).is_none() {
            return Cow::Borrowed(inner);
        }
        let mut out = Vec::with_capacity(inner.len());
        let mut i = 0;
        while i < inner.len() {
            let byte = inner[i];
            let doubled = byte == quote && dialect.double_quote && inner.get(i + 1) == Some(&quote);
            let escaped = Some(byte) == dialect.escape && i + 1 < inner.len();
            if doubled || escaped {
                i += 1;
            }
            out.push(inner[i]);
            i += 1;
        }
        return Cow::Owned(out);
    }
    unescape_all(raw, dialect)
}

fn unescape_all<'a>(raw: &'a [u8], dialect: &Dialect) -> Cow<'a, [u8]> {
    match dialect.escape {
        Some(escape) if raw.contains(&escape) => {
            let mut out = Vec::with_capacity(raw.len());
            let mut bytes = raw.iter();
            while let Some(&byte) = bytes.next() {
                match (byte == escape).then(|| bytes.as_slice().first()).flatten() {
                    Some(&next) => {
                        out.push(next);
                        bytes.next();
                    }
                    None => out.push(byte),
                }
            }
            Cow::Owned(out)
        }
        _ => Cow::Borrowed(raw),
    }
}
