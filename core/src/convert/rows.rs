//! Walks the whole records of a stretch of bytes and gives each record's texts by the source's fields.
//!
//! The walk reads the same records in the same order as the checks do ([`crate::check::block`]), so rows, lines and records agree. On plain
//! UTF-8 cells nothing is copied.

use std::borrow::Cow;

use crate::check::bind::Binding;
use crate::decode::careful::Read;
use crate::decode::index::{Special, SpecialKind, Tile};
use crate::decode::{Cell, Encoding, QuoteFault, content};
use crate::finding::Place;
use crate::finding::collect::Shift;
use crate::read::Places;

/// How many bytes are indexed at once, so that they and their boundaries stay in the processor's cache.
const TILE: usize = 64 << 10;

/// Why a record has no texts that could be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Irregular {
    /// So many cells in place of so many columns.
    Cells(usize, usize),
    /// A quotation mark that opens and never closes.
    Unclosed,
    /// Longer than [`crate::bounds::MAX_RECORD`].
    TooLong,
}

impl Irregular {
    /// The reason in words, for the rejects.
    pub fn words(self) -> String {
        match self {
            Irregular::Cells(cells, columns) => {
                let plural = if cells == 1 { "" } else { "s" };
                format!("the row has {cells} cell{plural}, the header has {columns}")
            }
            Irregular::Unclosed => "a quotation mark opens a cell and is never closed".to_owned(),
            Irregular::TooLong => format!("the row is longer than {} MB, so it was not read", crate::bounds::MAX_RECORD >> 20),
        }
    }
}

/// One record as it is met.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Row, line and record in the file; no column.
    pub place: &'a Place,
    /// Where the record begins in the data.
    pub start: usize,
    /// Its bytes without the line end; empty when it is too long.
    pub raw: &'a [u8],
    /// The texts by index of the source schema's field; an absent column and a value that means "no value" are empty.
    pub texts: Result<&'a [&'a str], Irregular>,
}

/// A stretch of a file's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'d> {
    /// The bytes at hand.
    pub data: &'d [u8],
    /// Where the first record starts.
    pub from: usize,
    /// Records that start before this place are read.
    pub until: usize,
    /// Nothing follows `data`.
    pub last: bool,
    /// The bytes up to the next line end belong to a record that was too long.
    pub skipping: bool,
    /// The places of the records that start from `from` on, when the data are a transcript.
    pub places: Option<Places<'d>>,
}

/// Who looks at the records of a tile.
pub(super) trait Visit {
    /// Is shown a tile before its records. `bad` are the cells of its regular rows that the file's own check found fault with: row and column, ascending.
    fn tile(&mut self, _data: &[u8], _tile: &Tile, _bad: &[(u32, u32)]) {}
    /// May take regular rows of the tile as they lie there, from the first of `rows` on, so that they are not read one by one; `number` is that
    /// first one's row in the file. Gives how many it took.
    fn take(&mut self, _data: &[u8], _tile: &Tile, _rows: std::ops::Range<usize>, _number: u64) -> usize {
        0
    }
    /// Looks at a record that was not taken.
    fn record(&mut self, data: &[u8], record: &Record<'_>);
}

/// Reads records; keeps its working space from stretch to stretch.
#[derive(Debug, Default)]
pub struct Records {
    tile: Tile,
    cells: Vec<Cell>,
    /// The file's column of each text.
    columns: Vec<Option<u32>>,
    /// For each text those values that mean "no value", without the empty one.
    missing: Vec<Vec<String>>,
    /// Columns that the layout does not know, and how many of their cells are filled.
    pub unknown: Vec<(usize, u64)>,
}

impl Records {
    /// A reader of one file's records.
    pub fn new(binding: &Binding) -> Records {
        let schema = &binding.plan.schema;
        let others = |f| schema.missing_for(f).iter().filter(|m| !m.is_empty()).cloned().collect();
        let unknown = binding.columns.iter().enumerate().filter(|(_, field)| field.is_none()).map(|(c, _)| (c, 0)).collect();
        let missing = (0..schema.fields.len()).map(others).collect();
        Records { columns: binding.fields.clone(), missing, unknown, ..Records::default() }
    }

    /// A reader that gives the texts by the file's columns, as they are.
    pub fn by_column(binding: &Binding) -> Records {
        let columns: Vec<Option<u32>> = (0..binding.columns.len()).map(|c| u32::try_from(c).ok()).collect();
        Records { missing: vec![Vec::new(); columns.len()], columns, ..Records::default() }
    }

    /// Calls `each` with every record that starts in the stretch and is whole. `at` says what stands before the stretch and is moved on. Gives
    /// where the first record behind the stretch starts.
    pub fn walk(&mut self, binding: &Binding, stretch: Stretch<'_>, at: &mut Shift, each: &mut dyn FnMut(&Record<'_>)) -> usize {
        let Stretch { data, mut from, until, last, skipping, places } = stretch;
        let first_row = at.rows;
        if skipping {
            match memchr::memchr(binding.dialect.newline(), &data[from..]) {
                Some(i) => {
                    from += i + 1;
                    at.lines += 1;
                }
                None => return data.len(),
            }
        }
        while from < until.min(data.len()) {
            let mut tile = std::mem::take(&mut self.tile);
            tile.fill(data, from, (from + TILE).min(until), last, &binding.dialect, binding.columns.len());
            let next = tile.next;
            if next > from {
                match places {
                    None => self.walk_tile(binding, data, from, &tile, at, &mut OneByOne(&mut *each)),
                    Some(places) => self.walk_tile(
                        binding,
                        data,
                        from,
                        &tile,
                        at,
                        &mut OneByOne(&mut |record: &Record<'_>| {
                            let origin = places.record((record.place.row - first_row - 1) as usize);
                            let place =
                                Place { row: origin.row, line: origin.line, byte_column: origin.byte_column, ..record.place.clone() };
                            each(&Record { place: &place, ..*record });
                        }),
                    ),
                }
            }
            self.tile = tile;
            if next == from {
                break;
            }
            from = next;
        }
        from
    }

    /// Walks the records of a tile that begins at `from`, once a visitor was shown it. `at` says what stands before it and is moved on.
    pub(super) fn walk_tile(&mut self, binding: &Binding, data: &[u8], from: usize, tile: &Tile, at: &mut Shift, visit: &mut dyn Visit) {
        let rows = tile.regular();
        let all = rows + tile.specials.len();
        let newline = binding.dialect.newline();
        let bytes = &data[from..tile.next];
        // Text once for the whole tile, when the first record is read; cells are then cut out of it, since separators and quotation marks are ASCII.
        let mut known: Option<Source<'_, '_>> = None;
        let read = || {
            let text = match binding.encoding {
                Encoding::Utf8 => std::str::from_utf8(bytes).ok(),
                Encoding::Windows1252 => std::str::from_utf8(bytes).ok().filter(|t| t.is_ascii()),
            };
            Source { binding, data, from, text, quick: binding.dialect.is_plain() }
        };
        // When each record ends with the one line end it has, lines need no counting.
        let one_line_each = tile.lines == all as u64 && bytes.last() == Some(&newline);
        let mut lines = Lines { data, newline, at: from, lines: at.lines };
        let mut texts: Vec<&str> = Vec::with_capacity(self.columns.len());
        let mut place = Place { file: at.file, ..Place::default() };
        let mut specials = tile.specials.iter().peekable();
        let (mut row, mut records) = (at.rows, at.records);
        let line_of = |row: u64, start: usize, lines: &mut Lines<'_>| {
            if one_line_each { at.lines + (row - at.rows) + 1 } else { lines.before(start) + 1 }
        };
        let mut r = 0;
        loop {
            while let Some(special) = specials.next_if(|s| s.before as usize == r) {
                if matches!(special.kind, SpecialKind::Irregular | SpecialKind::TooLong) {
                    (place.row, place.record) = (row + 1, records + 1);
                    place.line = line_of(row, special.start as usize, &mut lines);
                    let source = *known.get_or_insert_with(read);
                    self.special(&source, special, &place, &mut |record| visit.record(data, record));
                    records += 1;
                }
                row += 1;
            }
            if r == rows {
                break;
            }
            let taken = visit.take(data, tile, r..specials.peek().map_or(rows, |s| s.before as usize), row + 1);
            if taken > 0 {
                self.count_unknown(data, tile, r..r + taken);
                r += taken;
                row += taken as u64;
                records += taken as u64;
                continue;
            }
            let bounds = &tile.boundaries[r * tile.stride..][..tile.stride];
            let cell = |c: usize| (bounds[c] as usize, bounds[c + 1] as usize - 1);
            let is_odd = tile.odd.binary_search(&(r as u32)).is_ok();
            if is_odd && (0..binding.columns.len()).all(|c| data[cell(c).0..cell(c).1].trim_ascii().is_empty()) {
                (r, row) = (r + 1, row + 1);
                continue;
            }
            let start = bounds[0] as usize;
            (place.row, place.record) = (row + 1, records + 1);
            place.line = line_of(row, start, &mut lines);
            self.count_unknown(data, tile, r..r + 1);
            let source = *known.get_or_insert_with(read);
            texts.clear();
            let end = bounds[bounds.len() - 1] as usize - 1;
            let raw = &data[start..end];
            let mut plain = true;
            for (column, missing) in self.columns.iter().zip(&self.missing) {
                let Some(c) = column else {
                    texts.push("");
                    continue;
                };
                let (start, end) = cell(*c as usize);
                let Some(found) = source.slice(start, end) else {
                    plain = false;
                    break;
                };
                texts.push(if !missing.is_empty() && missing.iter().any(|m| m == found) { "" } else { found });
            }
            if plain {
                visit.record(data, &Record { place: &place, start, raw, texts: Ok(&texts) });
            } else {
                let cell = |c: usize| Cell { start: cell(c).0, end: cell(c).1, fault: None };
                self.owned(&source, &cell, |texts| visit.record(data, &Record { place: &place, start, raw, texts: Ok(texts) }));
            }
            r += 1;
            row += 1;
            records += 1;
        }
        at.rows += all as u64;
        at.records = records;
        at.lines += tile.lines;
    }

    /// Counts the filled cells of columns that the layout does not know.
    fn count_unknown(&mut self, data: &[u8], tile: &Tile, rows: std::ops::Range<usize>) {
        for (c, filled) in &mut self.unknown {
            for r in rows.clone() {
                let bounds = &tile.boundaries[r * tile.stride + *c..][..2];
                let (start, end) = (bounds[0] as usize, bounds[1] as usize - 1);
                *filled += u64::from(end > start && &data[start..end] != b"\"\"");
            }
        }
    }

    /// Texts of which some have to be made.
    fn owned(&self, source: &Source<'_, '_>, cell: &dyn Fn(usize) -> Cell, then: impl FnOnce(&[&str])) {
        let made: Vec<Cow<'_, str>> =
            self.columns.iter().map(|column| column.map_or(Cow::Borrowed(""), |c| source.text(&cell(c as usize)))).collect();
        let blank = |(text, missing): (&'_ Cow<'_, str>, &Vec<String>)| missing.iter().any(|m| *m == **text);
        let texts: Vec<&str> =
            made.iter().zip(&self.missing).map(|(text, missing)| if blank((text, missing)) { "" } else { &**text }).collect();
        then(&texts);
    }

    fn special(&mut self, source: &Source<'_, '_>, special: &Special, place: &Place, each: &mut dyn FnMut(&Record<'_>)) {
        let start = special.start as usize;
        let Source { binding, data, .. } = *source;
        let mut cells = std::mem::take(&mut self.cells);
        match special.read(data, &binding.dialect, &mut cells) {
            Read::Record { .. } if special.kind == SpecialKind::Irregular => {
                let raw = &data[start..cells.last().map_or(start, |c| c.end)];
                let columns = binding.columns.len();
                if cells.iter().any(|c| c.fault == Some(QuoteFault::Unclosed)) {
                    each(&Record { place, start, raw, texts: Err(Irregular::Unclosed) });
                } else if cells.len() != columns {
                    each(&Record { place, start, raw, texts: Err(Irregular::Cells(cells.len(), columns)) });
                } else {
                    for (c, filled) in &mut self.unknown {
                        *filled += u64::from(cells[*c].end > cells[*c].start);
                    }
                    self.owned(source, &|c| cells[c], |texts| each(&Record { place, start, raw, texts: Ok(texts) }));
                }
            }
            _ => each(&Record { place, start, raw: b"", texts: Err(Irregular::TooLong) }),
        }
        self.cells = cells;
    }
}

/// All records by the way of each.
struct OneByOne<'e>(&'e mut dyn FnMut(&Record<'_>));

impl Visit for OneByOne<'_> {
    fn record(&mut self, _data: &[u8], record: &Record<'_>) {
        (self.0)(record);
    }
}

/// Where texts are cut from.
#[derive(Clone, Copy)]
struct Source<'d, 'b> {
    binding: &'b Binding,
    data: &'d [u8],
    /// Where `text` begins in the data.
    from: usize,
    /// The tile as text, when it is text as it stands.
    text: Option<&'d str>,
    /// The usual dialect.
    quick: bool,
}

impl<'d> Source<'d, '_> {
    /// A cell's content when it is a slice of the data.
    #[inline(always)]
    fn slice(&self, start: usize, end: usize) -> Option<&'d str> {
        let text = self.text.filter(|_| self.quick)?;
        match self.data[start..end] {
            [b'"', ref inner @ .., b'"'] => {
                if memchr::memchr(b'"', inner).is_some() {
                    return None;
                }
                text.get(start + 1 - self.from..end - 1 - self.from)
            }
            _ => text.get(start - self.from..end - self.from),
        }
    }

    fn text(&self, cell: &Cell) -> Cow<'d, str> {
        match content(&self.data[cell.start..cell.end], cell.fault, &self.binding.dialect) {
            Cow::Borrowed(raw) => self.binding.encoding.text(raw).0,
            Cow::Owned(raw) => Cow::Owned(self.binding.encoding.text(&raw).0.into_owned()),
        }
    }
}

/// Counts line ends up to places asked for in order.
struct Lines<'d> {
    data: &'d [u8],
    newline: u8,
    at: usize,
    lines: u64,
}

impl Lines<'_> {
    fn before(&mut self, place: usize) -> u64 {
        if place > self.at {
            self.lines += memchr::memchr_iter(self.newline, &self.data[self.at..place]).count() as u64;
            self.at = place;
        }
        self.lines
    }
}
