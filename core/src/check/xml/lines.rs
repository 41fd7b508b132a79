//! Where lines begin, so that byte offsets can be told as lines long after the bytes went by.
//!
//! One byte a line as a rule: the length of each line, seven bits a byte. A mark every 4096 lines makes looking up quick.

use crate::bounds::XML_LINES;
use crate::finding::Place;

/// Lines of text that has gone by.
#[derive(Debug, Default)]
pub struct Lines {
    /// Lengths of lines, line ends included.
    lengths: Vec<u8>,
    marks: Vec<Mark>,
    /// How many lines ended.
    ended: u64,
    /// Where the open line begins.
    begin: u64,
    /// Bytes that went by.
    offset: u64,
    /// Whether bytes are those of the file.
    stored: bool,
    /// There were too many to remember.
    full: bool,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    line: u64,
    offset: u64,
    at: usize,
}

const EVERY: u64 = 4096;

impl Lines {
    /// None yet. `stored` says that offsets are those of the file itself, so that a byte within a line can be told.
    pub fn new(stored: bool) -> Lines {
        Lines { stored, ..Lines::default() }
    }

    /// Takes the next bytes.
    pub fn over(&mut self, bytes: &[u8]) {
        for at in memchr::memchr_iter(b'\n', bytes) {
            let next = self.offset + at as u64 + 1;
            if self.full {
                break;
            }
            if self.ended.is_multiple_of(EVERY) {
                self.marks.push(Mark { line: self.ended, offset: self.begin, at: self.lengths.len() });
            }
            let mut length = next - self.begin;
            while length >= 0x80 {
                self.lengths.push(0x80 | (length & 0x7f) as u8);
                length >>= 7;
            }
            self.lengths.push(length as u8);
            self.ended += 1;
            self.begin = next;
            self.full = self.lengths.len() > XML_LINES;
        }
        self.offset += bytes.len() as u64;
    }

    /// Line and byte of an offset; a place without them when there were too many lines to remember.
    pub fn place(&self, offset: u64) -> Place {
        let (line, begin) = if offset >= self.begin {
            if self.full {
                return Place::default();
            }
            (self.ended, self.begin)
        } else {
            self.look(offset)
        };
        Place { line: line + 1, byte_column: if self.stored { offset - begin + 1 } else { 0 }, ..Place::default() }
    }

    fn look(&self, offset: u64) -> (u64, u64) {
        let after = self.marks.partition_point(|m| m.offset <= offset);
        let Some(mark) = after.checked_sub(1).and_then(|i| self.marks.get(i)) else { return (0, 0) };
        let (mut line, mut begin, mut at) = (mark.line, mark.offset, mark.at);
        loop {
            let (mut length, mut shift) = (0u64, 0);
            while let Some(&byte) = self.lengths.get(at) {
                at += 1;
                length |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if length == 0 || begin + length > offset {
                return (line, begin);
            }
            begin += length;
            line += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &[u8], offset: usize) -> (u64, u64) {
        let before = &text[..offset];
        let line = before.iter().filter(|b| **b == b'\n').count() as u64 + 1;
        let begin = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        (line, (offset - begin) as u64 + 1)
    }

    #[test]
    fn many_short_lines() {
        let text = b"a\n\nbc\n".repeat(5000);
        let mut lines = Lines::new(true);
        lines.over(&text);
        for offset in [0, 1, 2, 3, 7, 24_570, 24_576, 24_577, 29_990, text.len() - 1, text.len()] {
            let place = lines.place(offset as u64);
            assert_eq!((place.line, place.byte_column), plain(&text, offset), "{offset}");
        }
    }

    proptest! {
        #[test]
        fn places_are_those_of_counting(
            lengths in prop::collection::vec(0usize..400, 0..40), cuts in prop::collection::vec(1usize..300, 1..10), at in any::<prop::sample::Index>()
        ) {
            let text: Vec<u8> = lengths.iter().flat_map(|l| std::iter::repeat_n(b'x', *l).chain([b'\n'])).collect();
            let mut lines = Lines::new(true);
            let (mut rest, mut i) = (text.as_slice(), 0);
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(cuts[i % cuts.len()]));
                lines.over(piece);
                (rest, i) = (after, i + 1);
            }
            let offset = at.index(text.len() + 1);
            let place = lines.place(offset as u64);
            prop_assert_eq!((place.line, place.byte_column), plain(&text, offset));
        }
    }
}
