//! Decoding: the two readers give the same records, however the bytes are cut.

use concord_core::decode::careful::{self, Read};
use concord_core::decode::dialect::DialectHints;
use concord_core::decode::index::{SpecialKind, Tile};
use concord_core::decode::{Cell, Dialect, Head, LineEnd, QuoteFault, content};

use crate::input::Input;

/// One record: what is special about it, where it starts, and its cells.
#[derive(Debug, PartialEq)]
struct Row {
    kind: Option<SpecialKind>,
    start: usize,
    cells: Vec<(usize, usize, Option<QuoteFault>)>,
}

/// Two bytes choose the dialect and the cuts; the rest is the file.
pub fn decode_csv(data: &[u8]) {
    let mut input = Input::new(data);
    let (how, cut) = (input.byte(), usize::from(input.byte()));
    let file = input.rest();
    let hints = DialectHints {
        delimiter: [None, Some(b','), Some(b';'), Some(b'\t')][usize::from(how & 3)],
        quote: (how & 4 != 0).then_some(None),
        escape: (how & 8 != 0).then_some(b'\\'),
        skip_initial_space: (how & 16 != 0).then_some(true),
        comment: (how & 32 != 0).then_some(b'#'),
        header: (how & 64 != 0).then_some(false),
        ..DialectHints::default()
    };
    let whole = Head::read(file, true, &hints);
    // A file of which only the start is known may be taken for something else, but must be read without harm.
    let _ = Head::read(&file[..file.len().min(cut * 16)], false, &hints);
    let (dialect, columns, start) = match &whole {
        Ok(head) => {
            assert!(head.data_start <= file.len(), "the records start in the file");
            (head.dialect.clone(), head.columns, head.data_start)
        }
        Err(_) => (Dialect { line_end: if how & 128 != 0 { LineEnd::Cr } else { LineEnd::Lf }, ..Dialect::default() }, 1 + cut % 8, 0),
    };
    let expected = by_care(file, start, columns, &dialect);
    let newline = if dialect.line_end == LineEnd::Cr { b'\r' } else { b'\n' };
    let lines = file[start..].iter().filter(|&&b| b == newline).count() as u64;
    for step in [usize::MAX / 2, 1 + cut, 1 + cut * 37] {
        let (rows, counted) = by_tiles(file, start, step, columns, &dialect);
        assert_eq!(rows, expected, "tiles of {step} bytes read other records");
        assert_eq!(counted, lines, "tiles of {step} bytes count other lines");
    }
    for cut in [cut, cut * 7, file.len().saturating_sub(cut)] {
        assert_eq!(by_blocks(file, start, cut, columns, &dialect), expected, "two blocks cut at {cut} read other records");
    }
}

/// What the careful reader reads.
fn by_care(file: &[u8], start: usize, columns: usize, dialect: &Dialect) -> Vec<Row> {
    let (mut cells, mut rows, mut at): (Vec<Cell>, _, _) = (Vec::new(), Vec::new(), start);
    while at < file.len() {
        let Read::Record { next } = careful::read(file, at, true, dialect, &mut cells) else {
            panic!("a small file is not read to its end");
        };
        assert!(next > at, "the reader must move on");
        let kind = if dialect.comment.is_some_and(|c| file.get(at) == Some(&c)) {
            Some(SpecialKind::Comment)
        } else if cells.iter().all(|c| c.start == c.end) || (cells.len() != columns && is_blank(file, &cells)) {
            Some(SpecialKind::Blank)
        } else if cells.len() != columns || cells.iter().any(|c| c.fault.is_some()) {
            Some(SpecialKind::Irregular)
        } else {
            None
        };
        for cell in &cells {
            let text = content(&file[cell.start..cell.end], cell.fault, dialect);
            assert!(text.len() <= cell.end - cell.start, "a cell's content is no longer than its bytes");
        }
        rows.push(Row { kind, start: at, cells: cells.iter().map(|c| (c.start, c.end, c.fault)).collect() });
        at = next;
    }
    rows
}

/// Whether a record holds nothing but blanks: of another length than the others, it is a blank row and no short one.
fn is_blank(file: &[u8], cells: &[Cell]) -> bool {
    cells.iter().all(|c| c.fault.is_none() && file[c.start..c.end].iter().all(|b| *b == b' '))
}

/// What the index reads, in stretches of `step` bytes.
fn by_tiles(file: &[u8], start: usize, step: usize, columns: usize, dialect: &Dialect) -> (Vec<Row>, u64) {
    let (mut tile, mut rows, mut lines, mut at) = (Tile::default(), Vec::new(), 0, start);
    while at < file.len() {
        tile.fill(file, at, at.saturating_add(step), true, dialect, columns);
        assert!(tile.next > at, "the index must move on");
        rows_of(&tile, file, dialect, &mut rows);
        lines += tile.lines;
        at = tile.next;
    }
    (rows, lines)
}

/// What the index reads when the file comes in two blocks.
fn by_blocks(file: &[u8], start: usize, cut: usize, columns: usize, dialect: &Dialect) -> Vec<Row> {
    let cut = cut.clamp(start, file.len());
    let (mut tile, mut rows) = (Tile::default(), Vec::new());
    tile.fill(&file[..cut], start, cut, false, dialect, columns);
    rows_of(&tile, file, dialect, &mut rows);
    let next = tile.next;
    assert!(next <= cut, "the index stays in its block");
    tile.fill(file, next, file.len(), true, dialect, columns);
    rows_of(&tile, file, dialect, &mut rows);
    rows
}

fn rows_of(tile: &Tile, file: &[u8], dialect: &Dialect, rows: &mut Vec<Row>) {
    let mut cells = Vec::new();
    let mut specials = tile.specials.iter().peekable();
    for r in 0..=tile.regular() {
        while let Some(special) = specials.next_if(|s| s.before as usize == r) {
            careful::read(file, special.start as usize, true, dialect, &mut cells);
            let cells = cells.iter().map(|c| (c.start, c.end, c.fault)).collect();
            rows.push(Row { kind: Some(special.kind), start: special.start as usize, cells });
        }
        if r < tile.regular() {
            let ends = &tile.boundaries[r * tile.stride..][..tile.stride];
            let cells: Vec<_> = ends.windows(2).map(|w| (w[0] as usize, w[1] as usize - 1, None)).collect();
            if tile.odd.binary_search(&(r as u32)).is_err() {
                for &(start, end, _) in &cells {
                    let text = content(&file[start..end], None, dialect);
                    assert!(is_even(&text), "the row at {} is odd and not marked so", ends[0]);
                }
            }
            rows.push(Row { kind: None, start: ends[0] as usize, cells });
        }
    }
}

/// Whether a cell is nothing but printable ASCII and blanks, with no blank at its ends: what rows that are not odd promise.
fn is_even(text: &[u8]) -> bool {
    text.trim_ascii().len() == text.len() && text.iter().all(|b| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r'))
}
