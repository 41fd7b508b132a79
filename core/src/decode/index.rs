//! Finds the ends of all cells in a stretch of whole records, 64 bytes at a time.
//!
//! How it works, for those who change it. For each chunk of 64 bytes, [`super::masks`] gives one bit per byte for delimiters, quotation
//! marks, line ends and so on. A running exclusive-or over the marks' bits tells which bytes lie inside quotes; separators outside are the
//! ends of cells. That reading is right only if every mark that opens stands at a cell's start (or behind another mark: a doubled one)
//! and every mark that closes stands at a cell's end. Both are bit operations too. Where they fail, the record at fault, and only it, is read by
//! [`super::careful`], and the index goes on behind it. The same happens for records beyond the bound, and for a carriage return without
//! line feed.
//!
//! Records with exactly the expected number of cells are *regular*: their cell boundaries lie in one array with a fixed stride, so that
//! a column can be checked by walking the array. All others are *specials* and are rare.
//!
//! A row is *odd* when some byte of it is not plain printable ASCII, or a blank stands beside a separator. Only odd rows need a look at
//! their text beyond the column's own check.

use memchr::memchr_iter;

use super::Cell;
use super::careful::{self, Read};
use super::dialect::{Dialect, LineEnd};
use super::masks::{self, Masks};
use crate::bounds::MAX_RECORD;

/// The cells of a stretch of records. Offsets are into the data given to [`Tile::fill`], below 4 GiB.
#[derive(Debug, Default)]
pub struct Tile {
    /// For each regular row `columns + 1` numbers: the row's start, then for each cell one more than its end. Cell `c` of the row at `i` is
    /// the bytes from `boundaries[i + c]` to `boundaries[i + c + 1] - 1`.
    pub boundaries: Vec<u32>,
    /// Numbers between rows in `boundaries`.
    pub stride: usize,
    /// Regular rows that are odd, ascending.
    pub odd: Vec<u32>,
    /// Rows that are not regular, ascending.
    pub specials: Vec<Special>,
    /// Where the first record behind the stretch starts.
    pub next: usize,
    /// Line ends in the stretch.
    pub lines: u64,
    cells: Vec<Cell>,
}

/// A row that is not regular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Special {
    /// How many regular rows stand before it.
    pub before: u32,
    /// First byte.
    pub start: u32,
    /// Where the next record starts.
    pub next: u32,
    /// Why it is special.
    pub kind: SpecialKind,
}

impl Special {
    /// Reads the row again, from the data in which it was found.
    ///
    /// That it was found means that all that decides about it lies there, up to the file's end or as far as a record may reach: a mark that is
    /// not closed by then never is. So nothing more is to come for it, whether or not the file goes on.
    pub fn read(&self, data: &[u8], dialect: &Dialect, cells: &mut Vec<Cell>) -> Read {
        careful::read(data, self.start as usize, true, dialect, cells)
    }
}

/// Why a row is not regular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialKind {
    /// All cells are empty.
    Blank,
    /// Another number of cells than the header, or odd quoting.
    Irregular,
    /// Longer than the bound; skipped to the line end behind it, or to the end of the data (then [`Tile::skipping`] says so).
    TooLong,
    /// A remark, by the dialect.
    Comment,
}

impl Tile {
    /// Number of regular rows.
    pub fn regular(&self) -> usize {
        self.boundaries.len() / self.stride.max(1)
    }

    /// Reads the records that start in `from..until`. `last` says that nothing follows `data`. Stops before a record that `data` does not
    /// hold whole.
    pub fn fill(&mut self, data: &[u8], from: usize, until: usize, last: bool, dialect: &Dialect, columns: usize) {
        self.boundaries.clear();
        self.odd.clear();
        self.specials.clear();
        self.stride = columns + 1;
        self.lines = 0;
        self.next = from;
        if dialect.is_plain() {
            masks::choose(Scan { tile: self, data, until, last, dialect, columns, from });
        } else {
            let mut at = from;
            while at < until.min(data.len()) {
                match self.take_careful(data, at, last, dialect, columns) {
                    Some(next) => at = next,
                    None => break,
                }
            }
            self.next = at;
        }
    }

    /// Reads one record carefully into the tile; gives the start of the next one, or `None` when the data does not hold it whole.
    fn take_careful(&mut self, data: &[u8], start: usize, last: bool, dialect: &Dialect, columns: usize) -> Option<usize> {
        let mut cells = std::mem::take(&mut self.cells);
        let read = careful::read(data, start, last, dialect, &mut cells);
        let before = self.regular() as u32;
        let next = match read {
            Read::More => None,
            Read::TooLong => {
                // Behind the bound the record ends at the next line end, whatever stands between.
                let behind = start + MAX_RECORD;
                match memchr::memchr(dialect.newline(), &data[behind..]) {
                    Some(i) => Some(behind + i + 1),
                    None => Some(data.len()),
                }
                .inspect(|&next| self.specials.push(Special { before, start: start as u32, next: next as u32, kind: SpecialKind::TooLong }))
            }
            Read::Record { next } => {
                let kind = if dialect.comment.is_some_and(|c| data.get(start) == Some(&c)) {
                    Some(SpecialKind::Comment)
                } else if cells.iter().all(|c| c.start == c.end) || (cells.len() != columns && is_blanks(data, &cells)) {
                    Some(SpecialKind::Blank)
                } else if cells.len() != columns || cells.iter().any(|c| c.fault.is_some()) {
                    Some(SpecialKind::Irregular)
                } else {
                    None
                };
                match kind {
                    Some(kind) => self.specials.push(Special { before, start: start as u32, next: next as u32, kind }),
                    None => {
                        self.boundaries.push(start as u32);
                        self.boundaries.extend(cells.iter().map(|c| c.end as u32 + 1));
                        self.odd.push(before);
                    }
                }
                Some(next)
            }
        };
        self.cells = cells;
        if let Some(next) = next {
            self.lines += memchr_iter(dialect.newline(), &data[start..next]).count() as u64;
        }
        next
    }

    /// Whether the stretch ended inside a record that is too long, so that what follows up to the next line end belongs to it.
    pub fn skipping(&self, data: &[u8], dialect: &Dialect) -> bool {
        self.specials.last().is_some_and(|s| {
            s.kind == SpecialKind::TooLong
                && s.next as usize == data.len()
                && self.next == data.len()
                && data.last() != Some(&dialect.newline())
        })
    }
}

struct Scan<'t, 'd> {
    tile: &'t mut Tile,
    data: &'d [u8],
    until: usize,
    last: bool,
    dialect: &'d Dialect,
    columns: usize,
    from: usize,
}

/// The boundaries while they are found: room for those of a chunk is made once, so that they can be written without asking each time.
struct Places {
    room: Vec<u32>,
    len: usize,
}

impl Places {
    /// Goes on behind a vector's numbers; so many more are expected.
    fn behind(mut room: Vec<u32>, foreseen: usize) -> Places {
        let len = room.len();
        room.resize(len + foreseen + 256, 0);
        Places { room, len }
    }

    /// Makes room for all that a chunk can bring: each of its 64 bytes can end a cell, and a row's start be noted too; 64 more can be written
    /// behind those.
    #[inline(always)]
    fn for_a_chunk(&mut self) {
        if self.room.len() - self.len < 256 {
            self.room.resize(self.room.len() * 2 + 256, 0);
        }
    }

    #[inline(always)]
    fn push(&mut self, place: u32) {
        if self.len == self.room.len() {
            self.room.resize(self.len * 2 + 256, 0);
        }
        self.room[self.len] = place;
        self.len += 1;
    }

    /// Adds the place behind each byte whose bit is set; the bits' first byte is at `at`.
    #[inline(always)]
    fn push_bits(&mut self, at: usize, bits: u64, number: impl Fn(u64, u32, &mut [u32; 64])) {
        // There is room: `for_a_chunk` made it.
        if let Some(room) = self.room.get_mut(self.len..).and_then(|room| room.first_chunk_mut::<64>()) {
            number(bits, at as u32 + 1, room);
            self.len += bits.count_ones() as usize;
        }
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    fn into_vec(mut self) -> Vec<u32> {
        self.room.truncate(self.len);
        self.room
    }
}

/// What one chunk hands to the next.
#[derive(Clone, Copy)]
struct Carry {
    /// All ones inside quotes.
    inside: u64,
    /// Bit 0: the byte before was a separator or a mark.
    boundary: u64,
    /// Bit 0: the byte before was a separator.
    separator: u64,
    /// Bit 0: the byte before was a closing mark.
    close: u64,
    /// Bit 0: the byte before was a blank.
    blank: u64,
    /// Bit 0: the byte before was a mark that opens a cell.
    open: u64,
    /// Bit 0: the byte before was a closing mark behind a blank.
    blank_end: u64,
    /// Bit 0: the byte before was a carriage return outside quotes.
    cr: u64,
}

impl Carry {
    /// Nothing but separators and blanks before.
    #[inline(always)]
    fn is_quiet(&self) -> bool {
        self.inside | self.close | self.open | self.blank_end | self.cr == 0
    }
}

const FRESH: Carry = Carry { inside: 0, boundary: 1, separator: 1, close: 0, blank: 0, open: 0, blank_end: 0, cr: 0 };

impl masks::Work for Scan<'_, '_> {
    #[inline(always)]
    fn run(mut self, classify: impl Fn(&[u8; 64], u8, u8) -> Masks, number: impl Fn(u64, u32, &mut [u32; 64])) {
        let from = self.from;
        let foreseen = self.until.min(self.data.len()).saturating_sub(from) / 8;
        let mut boundaries = Places::behind(std::mem::take(&mut self.tile.boundaries), foreseen);
        let (data, len) = (self.data, self.data.len());
        let until = self.until.min(len);
        let by_cr = self.dialect.line_end == LineEnd::Cr;
        let delimiter = self.dialect.delimiter;
        let mut row = from; // start of the record being read
        let mut base = 0; // where its boundaries start
        let mut odd = false; // something odd in it so far
        let mut lines_row = 0u64; // line ends before it
        let mut at = from; // start of the chunk
        let mut lines_chunk = 0u64; // line ends before the chunk
        let mut carry = FRESH;
        if from >= until {
            self.tile.boundaries = boundaries.into_vec();
            return;
        }
        boundaries.push(row as u32);
        loop {
            let mut resume = None; // set when the record at `row` must be read carefully
            // Most chunks hold no quotation mark and nothing strange: they need little of what stands below.
            let mut lines = lines_chunk;
            while !by_cr && carry.is_quiet() {
                let Some(chunk) = data.get(at..at + 64).and_then(|c| <&[u8; 64]>::try_from(c).ok()) else { break };
                let m = classify(chunk, delimiter, b'"');
                if m.quote | m.odd | m.cr | (m.tab & !m.delimiter) != 0 {
                    break;
                }
                let separators = m.delimiter | m.lf;
                let mut strange = ((separators << 1) | carry.separator) & m.space;
                strange |= ((m.space << 1) | carry.blank) & separators;
                boundaries.for_a_chunk();
                let mut delimiters = m.delimiter;
                let mut ends = m.lf;
                while ends != 0 {
                    let bit = ends.trailing_zeros();
                    let upto = u64::MAX >> (63 - bit);
                    let end = at + bit as usize;
                    if end - row >= MAX_RECORD {
                        break;
                    }
                    // The row's own end comes with the delimiters before it.
                    boundaries.push_bits(at, (delimiters & upto) | (1 << bit), &number);
                    delimiters &= !upto;
                    self.finish_row(&mut boundaries, row, end, end + 1, base, odd | (strange & upto != 0));
                    strange &= !upto;
                    odd = false;
                    ends &= ends - 1;
                    row = end + 1;
                    base = boundaries.len;
                    lines += 1;
                    lines_row = lines;
                    if row >= until {
                        self.tile.boundaries = boundaries.into_vec();
                        self.tile.next = row;
                        self.tile.lines += lines;
                        return;
                    }
                    boundaries.push(row as u32);
                }
                if ends != 0 {
                    resume = Some(());
                    break;
                }
                boundaries.push_bits(at, delimiters, &number);
                odd |= strange != 0;
                at += 64;
                carry.separator = separators >> 63;
                carry.boundary = carry.separator;
                carry.blank = m.space >> 63;
            }
            lines_chunk = lines;
            if resume.is_some() {
                // A record beyond the bound.
            } else if at >= len {
                if !self.last {
                    if len - row > MAX_RECORD {
                        resume = Some(());
                    }
                } else if row < len {
                    if carry.inside != 0 || len - row > MAX_RECORD {
                        resume = Some(());
                    } else {
                        let end = len - usize::from(!by_cr && carry.cr != 0);
                        // The end of the file stands for a separator; rather than look at what is before it, the last row counts as odd.
                        odd = true;
                        boundaries.push(end as u32 + 1);
                        self.finish_row(&mut boundaries, row, end, len, base, odd);
                        base = boundaries.len;
                        row = len;
                        lines_row = lines_chunk;
                    }
                }
                if resume.is_none() {
                    break;
                }
            } else {
                let mut padded = [b' '; 64];
                let (chunk, valid) = match data.get(at..at + 64).and_then(|c| <&[u8; 64]>::try_from(c).ok()) {
                    Some(chunk) => (chunk, !0u64),
                    None => {
                        padded[..len - at].copy_from_slice(&data[at..]);
                        (&padded, (1u64 << (len - at)) - 1)
                    }
                };
                boundaries.for_a_chunk();
                let m = classify(chunk, delimiter, b'"');
                let quotes = m.quote & valid;
                let newlines = if by_cr { m.cr } else { m.lf } & valid;
                let inside = if quotes == 0 { carry.inside } else { prefix_xor(quotes) ^ carry.inside };
                let separators = ((m.delimiter & valid) | newlines) & !inside;
                // Inside quotes a line end, and a tab that is else the delimiter, is a blank.
                let blanks = (m.space | (m.tab & (inside | !m.delimiter)) | ((m.lf | m.cr) & inside)) & valid;
                let cr = if by_cr { 0 } else { m.cr & valid & !inside };
                let opens = quotes & inside;
                let closes = quotes & !inside;
                // The rules of quoting.
                let mut bad = opens & !(((separators | quotes) << 1) | carry.boundary);
                bad |= ((closes << 1) | carry.close) & !(separators | quotes | cr) & valid;
                bad |= ((cr << 1) | carry.cr) & !newlines & valid;
                // Oddness: strange bytes, a blank beside a separator or beside a mark. A line feed in a file of carriage returns is strange.
                let mut strange = if by_cr { m.odd | m.lf } else { m.odd } & valid;
                // Only marks at a cell's ends count, not doubled ones within.
                let at_start = opens & ((separators << 1) | carry.separator);
                let blank_end = closes & ((blanks << 1) | carry.blank);
                strange |= ((separators << 1) | carry.separator | (at_start << 1) | carry.open) & blanks;
                strange |= ((blanks << 1) | carry.blank | (blank_end << 1) | carry.blank_end) & (separators | cr);
                let good = if bad == 0 { !0 } else { (1u64 << bad.trailing_zeros()) - 1 };
                let mut ends = separators & newlines & good;
                let mut delimiters = separators & !newlines & good;
                loop {
                    let bit = ends.trailing_zeros();
                    let below = if bit == 64 { !0 } else { (1u64 << bit) - 1 };
                    let here = delimiters & below;
                    delimiters &= !below;
                    boundaries.push_bits(at, here, &number);
                    if bit == 64 {
                        break;
                    }
                    ends &= ends - 1;
                    let end = at + bit as usize;
                    let text_end = end - usize::from(!by_cr && end > row && data[end - 1] == b'\r');
                    boundaries.push(text_end as u32 + 1);
                    // A blank before the line end shows at the line end's own bit.
                    let upto = below | (1 << bit);
                    let is_odd = odd || strange & upto != 0;
                    strange &= !upto;
                    odd = false;
                    if end - row >= MAX_RECORD {
                        resume = Some(());
                        break;
                    }
                    self.finish_row(&mut boundaries, row, text_end, end + 1, base, is_odd);
                    row = end + 1;
                    base = boundaries.len;
                    lines_row = lines_chunk + u64::from((newlines & upto).count_ones());
                    if row >= until {
                        self.tile.boundaries = boundaries.into_vec();
                        self.tile.next = row;
                        self.tile.lines += lines_row;
                        return;
                    }
                    boundaries.push(row as u32);
                }
                if bad != 0 && resume.is_none() {
                    resume = Some(());
                }
                if resume.is_none() {
                    odd |= strange != 0;
                    lines_chunk += u64::from(newlines.count_ones());
                    at += 64;
                    carry = Carry {
                        inside: ((inside as i64) >> 63) as u64,
                        boundary: (separators | quotes) >> 63,
                        separator: separators >> 63,
                        close: closes >> 63,
                        blank: blanks >> 63,
                        open: at_start >> 63,
                        blank_end: blank_end >> 63,
                        cr: cr >> 63,
                    };
                    if at > len {
                        // The last chunk was not full: what counts is its last valid byte.
                        let top = valid.count_ones() - 1;
                        carry.inside = if (inside >> top) & 1 == 1 { !0 } else { 0 };
                        carry.cr = (cr >> top) & 1;
                    }
                    continue;
                }
            }
            // The record at `row` needs the careful reading; then the index goes on behind it.
            boundaries.truncate(base);
            let counted = self.tile.lines;
            self.tile.boundaries = boundaries.into_vec();
            let taken = self.tile.take_careful(data, row, self.last, self.dialect, self.columns);
            boundaries = Places::behind(std::mem::take(&mut self.tile.boundaries), 0);
            match taken {
                None => break,
                Some(next) => {
                    lines_row += self.tile.lines - counted;
                    self.tile.lines = counted;
                    row = next;
                    at = next;
                    lines_chunk = lines_row;
                    base = boundaries.len;
                    odd = false;
                    carry = FRESH;
                    if row >= until {
                        self.tile.boundaries = boundaries.into_vec();
                        self.tile.next = row;
                        self.tile.lines += lines_row;
                        return;
                    }
                    boundaries.push(row as u32);
                }
            }
        }
        // Ran out of data: a record that has begun is not part of the stretch.
        boundaries.truncate(base);
        self.tile.boundaries = boundaries.into_vec();
        self.tile.next = row;
        self.tile.lines += lines_row;
    }
}

impl Scan<'_, '_> {
    /// Files the record whose boundaries are complete.
    #[inline(always)]
    fn finish_row(&mut self, boundaries: &mut Places, row: usize, end: usize, next: usize, base: usize, odd: bool) {
        let tile = &mut *self.tile;
        let count = boundaries.len - base;
        let blank = end - row == count - 2; // nothing but separators
        if count == tile.stride && !blank {
            if odd {
                tile.odd.push((base / tile.stride) as u32);
            }
            return;
        }
        boundaries.truncate(base);
        // A row of blanks has nothing that could stand in the wrong column. One with all its cells is looked at with those.
        let blank = blank || (count != tile.stride && is_blank(&self.data[row..end], self.dialect.delimiter));
        let kind = if blank { SpecialKind::Blank } else { SpecialKind::Irregular };
        tile.specials.push(Special { before: (base / tile.stride) as u32, start: row as u32, next: next as u32, kind });
    }
}

/// Whether text consists of blanks and separators alone.
fn is_blank(text: &[u8], delimiter: u8) -> bool {
    text.iter().all(|&b| b == b' ' || b == delimiter)
}

/// Whether all cells hold blanks alone.
fn is_blanks(data: &[u8], cells: &[Cell]) -> bool {
    cells.iter().all(|c| c.fault.is_none() && is_blank(&data[c.start..c.end], b' '))
}

/// Bit `i` of the result is the parity of bits `0..=i`.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    bits
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use proptest::prelude::*;

    use super::*;
    use crate::decode::content;

    type Rows = Vec<(Option<SpecialKind>, Vec<Vec<u8>>)>;

    /// All rows as the index gives them, reading tile after tile and block after block.
    fn by_index(data: &[u8], columns: usize, tile_size: usize, dialect: &Dialect) -> (Rows, u64) {
        let (mut tile, mut rows, mut at, mut lines) = (Tile::default(), Vec::new(), 0, 0);
        let mut cells = Vec::new();
        while at < data.len() {
            tile.fill(data, at, at + tile_size, true, dialect, columns);
            assert!(tile.next > at, "the tile must move on");
            let mut specials = tile.specials.iter().peekable();
            for r in 0..=tile.regular() {
                while let Some(s) = specials.next_if(|s| s.before as usize == r) {
                    careful::read(data, s.start as usize, true, dialect, &mut cells);
                    rows.push((
                        Some(s.kind),
                        cells.iter().map(|c| content(&data[c.start..c.end], c.fault, dialect).into_owned()).collect(),
                    ));
                }
                if r < tile.regular() {
                    let b = &tile.boundaries[r * tile.stride..][..tile.stride];
                    rows.push((
                        None,
                        b.windows(2).map(|w| content(&data[w[0] as usize..w[1] as usize - 1], None, dialect).into_owned()).collect(),
                    ));
                }
            }
            lines += tile.lines;
            at = tile.next;
        }
        (rows, lines)
    }

    /// All rows as the careful reader gives them.
    fn by_care(data: &[u8], columns: usize, dialect: &Dialect) -> (Rows, u64) {
        let (mut cells, mut rows, mut at) = (Vec::new(), Vec::new(), 0);
        while at < data.len() {
            let Read::Record { next } = careful::read(data, at, true, dialect, &mut cells) else { panic!("small data") };
            let kind = if cells.iter().all(|c| c.start == c.end) || (cells.len() != columns && is_blanks(data, &cells)) {
                Some(SpecialKind::Blank)
            } else if cells.len() != columns || cells.iter().any(|c| c.fault.is_some()) {
                Some(SpecialKind::Irregular)
            } else {
                None
            };
            rows.push((kind, cells.iter().map(|c| content(&data[c.start..c.end], c.fault, dialect).into_owned()).collect()));
            at = next;
        }
        (rows, memchr_iter(dialect.newline(), data).count() as u64)
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => "[a-z0-9]{0,12}".prop_map(String::into_bytes),
            6 => Just(b",".to_vec()),
            4 => Just(b"\n".to_vec()),
            1 => Just(b"\r\n".to_vec()),
            1 => Just(b"\r".to_vec()),
            3 => Just(b"\"".to_vec()),
            2 => Just(b"\"\"".to_vec()),
            3 => "\"[a-z ,\n]{0,30}\"".prop_map(String::into_bytes),
            1 => Just(b" ".to_vec()),
            1 => Just("é".as_bytes().to_vec()),
            1 => Just(vec![0]),
        ];
        proptest::collection::vec(piece, 0..200).prop_map(|v| v.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn index_and_careful_reading_agree(data in text(), columns in 1usize..5, tile_size in 1usize..300, cr in proptest::bool::weighted(0.2)) {
            let dialect = Dialect { line_end: if cr { LineEnd::Cr } else { LineEnd::Lf }, ..Dialect::default() };
            prop_assert_eq!(by_index(&data, columns, tile_size, &dialect), by_care(&data, columns, &dialect));
        }

        #[test]
        fn odd_rows_are_all_found(data in text(), columns in 1usize..4) {
            let dialect = Dialect::default();
            let mut tile = Tile::default();
            tile.fill(&data, 0, data.len(), true, &dialect, columns);
            for r in 0..tile.regular() {
                let b = &tile.boundaries[r * tile.stride..][..tile.stride];
                let odd = b.windows(2).any(|w| {
                    let cell = content(&data[w[0] as usize..w[1] as usize - 1], None, &dialect);
                    let blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t' | b'\n'));
                    cell.iter().any(|&b| b >= 0x7f || (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t'))) || blank(cell.first()) || blank(cell.last())
                });
                prop_assert!(!odd || tile.odd.contains(&(r as u32)), "row {} is odd", r);
            }
        }

        #[test]
        fn a_cut_anywhere_loses_nothing(data in text(), columns in 1usize..4, cut in 0usize..400) {
            let dialect = Dialect::default();
            let cut = cut.min(data.len());
            let mut tile = Tile::default();
            tile.fill(&data[..cut], 0, cut, false, &dialect, columns);
            let (first, rest) = (tile.next, data.len());
            let n1 = tile.regular() + tile.specials.len();
            tile.fill(&data, first, rest, true, &dialect, columns);
            let n2 = tile.regular() + tile.specials.len();
            prop_assert_eq!(n1 + n2, by_care(&data, columns, &dialect).0.len());
        }
    }
}
