//! What the pages of a Parquet file say they unpack to, looked at before the library believes it.
//!
//! The library makes room for a page by the size that its header states, and unpacks gzip without an end; so every header is read here
//! first (parquet-format, `PageHeader`, in Thrift's compact protocol), and gzip is unpacked into nothing to see that it keeps to its word.

use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;

use super::damaged;
use crate::bounds::{Packed, Sheet};
use crate::read::at::Store;
use crate::read::container::gzip::Gunzip;
use crate::read::container::{Stop, stop, within};

/// Deepest structs in a header: its statistics are the third.
const MAX_DEPTH: usize = 8;

/// Bytes by which a page's header is looked for; where it is longer, because of its statistics, the second.
const HEADERS: [usize; 2] = [4 << 10, 16 << 20];

/// How many packed bytes are unpacked at a time.
const CHUNK: usize = 64 << 10;

/// Checks all pages against the bounds.
pub(super) fn check(store: &Store<'static>, metadata: &ParquetMetaData, bounds: &Sheet) -> Result<(), Stop> {
    let mut plain = 0u64;
    for group in metadata.row_groups() {
        // The pages that lie in memory at once: of each column its dictionary and one page.
        let mut at_once = 0u64;
        for column in group.columns() {
            let first = [Some(column.data_page_offset()), column.dictionary_page_offset()].into_iter().flatten().min().unwrap_or(-1);
            let (start, packed) = (u64::try_from(first).ok(), u64::try_from(column.compressed_size()).ok());
            let (Some(mut at), Some(packed)) = (start, packed) else { return Err(damaged("a place below zero")) };
            let Some(end) = at.checked_add(packed).filter(|end| *end <= store.size()) else {
                return Err(damaged("a column beyond the file's end"));
            };
            let gzip = matches!(column.compression(), Compression::GZIP(_));
            let (mut largest, mut dictionary) = (0u64, 0u64);
            while at < end {
                let header = |most: usize| {
                    let most = usize::try_from(end - at).unwrap_or(usize::MAX).min(most);
                    Page::read(&store.piece(at, most)?)
                };
                let page = HEADERS.into_iter().find_map(header).ok_or_else(|| damaged("a page without a header"))?;
                let body = at + page.length as u64;
                let next = body.checked_add(page.packed as u64).filter(|next| *next <= end);
                let next = next.ok_or_else(|| damaged("a page beyond its column"))?;
                plain += page.plain;
                within(&bounds.packed, store.size(), plain)?;
                if page.kind == 2 {
                    dictionary = page.plain
                } else {
                    largest = largest.max(page.plain)
                }
                if gzip && page.is_packed {
                    let mut gunzip = Gunzip::new(Packed { inflated: page.plain, ratio: u64::MAX, ..bounds.packed });
                    let mut from = body.saturating_add(page.levels as u64);
                    while from < next {
                        let most = usize::try_from(next - from).unwrap_or(usize::MAX).min(CHUNK);
                        let piece = store.piece(from, most).filter(|piece| !piece.is_empty());
                        let piece = piece.ok_or_else(|| damaged("a page beyond the file's end"))?;
                        gunzip.push(&piece, &mut |_| {}).map_err(|_| damaged("a page that unpacks to more than it states"))?;
                        from += piece.len() as u64;
                    }
                }
                at = next;
            }
            at_once += largest + dictionary;
        }
        if at_once > bounds.pages {
            let mut finding = stop("C110", "");
            finding.args.push(("bound", bounds.pages.to_string()));
            return Err(finding);
        }
    }
    Ok(())
}

/// What a page's header says.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    /// 0 data, 1 index, 2 dictionary, 3 data in the second form.
    kind: i64,
    plain: u64,
    packed: usize,
    /// Bytes of levels that lie before what is packed, in the second form.
    levels: usize,
    is_packed: bool,
    /// Bytes of the header itself.
    length: usize,
}

impl Page {
    fn read(bytes: &[u8]) -> Option<Page> {
        let mut reader = Compact { bytes, at: 0 };
        let (mut kind, mut plain, mut packed, mut levels, mut is_packed) = (None, None, None, 0usize, true);
        reader.fields(0, &mut |path, value| match (path, value) {
            ([1], Value::Number(n)) => kind = Some(n),
            ([2], Value::Number(n)) => plain = u64::try_from(n).ok(),
            ([3], Value::Number(n)) => packed = usize::try_from(n).ok(),
            ([8, 5 | 6], Value::Number(n)) => levels = levels.saturating_add(usize::try_from(n).unwrap_or(usize::MAX)),
            ([8, 7], Value::Truth(yes)) => is_packed = yes,
            _ => {}
        })?;
        Some(Page { kind: kind?, plain: plain?, packed: packed?, levels, is_packed, length: reader.at })
    }
}

enum Value {
    Number(i64),
    Truth(bool),
}

/// Thrift's compact protocol, as far as page headers use it.
struct Compact<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let n = self.varint()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.at = self.at.checked_add(usize::try_from(count).ok()?).filter(|&at| at <= self.bytes.len())?;
        Some(())
    }

    /// Reads a struct and tells its numbers with the ids that lead to them, two at most.
    fn fields(&mut self, depth: usize, tell: &mut dyn FnMut(&[i64], Value)) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut id = 0i64;
        loop {
            let head = self.byte()?;
            if head & 0x0f == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.number()?,
                delta => id.checked_add(i64::from(delta))?,
            };
            match head & 0x0f {
                truth @ (1 | 2) => tell(&[id], Value::Truth(truth == 1)),
                4..=6 => {
                    let number = self.number()?;
                    tell(&[id], Value::Number(number));
                }
                12 => self.fields(depth + 1, &mut |inner, value| {
                    if let [inner] = inner {
                        tell(&[id, *inner], value);
                    }
                })?,
                other => self.pass(other, depth)?,
            }
        }
    }

    /// Passes over a value that is not wanted.
    fn pass(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => Some(()),
            3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            12 => self.fields(depth + 1, &mut |_, _| {}),
            13 => self.skip(16),
            // Lists and maps do not occur in the headers of pages.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_a_header_and_refuses_what_is_none() {
        // type 0, plain 100, packed 40, struct 5 { 1: 3, 2: 0, 3: 3, 4: 3 }.
        let header = [0x15, 0x00, 0x15, 0xc8, 0x01, 0x15, 0x50, 0x2c, 0x15, 0x06, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x00, 0x00];
        let page = Page::read(&header);
        assert_eq!(page, Some(Page { kind: 0, plain: 100, packed: 40, levels: 0, is_packed: true, length: header.len() }));
        assert_eq!(Page::read(&header[..header.len() - 1]), None);
        assert_eq!(Page::read(&[0x1c; 100]), None, "too deep");
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(page) = Page::read(&bytes) {
                prop_assert!(page.length <= bytes.len());
            }
        }
    }
}
