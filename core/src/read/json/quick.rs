//! The ordinary record, read at once where its bytes lie: an object whose members are all known, with nothing odd in it.
//!
//! Such a record costs one walk over its bytes and no allocation. Whatever is not ordinary (a name that is new or stands twice, a number with an
//! exponent, a control character, damage, a record that is not whole yet) is no business of this reader: it says so, and the record is
//! read by the ways that know every rule. A yes is therefore always the same cells as theirs; the test at the end holds it to that.

use super::parse::Parser;
use crate::bounds::MAX_RECORD;
use crate::eight;
use crate::read::names::Names;
use crate::read::{Kind, Rows};

/// Deepest nesting of a member that is read here, far below the bound.
const SHALLOW: usize = 32;

/// Records in a row that were not ordinary, after which only every [`PAUSE`]th is tried.
const PATIENCE: u32 = 16;
const PAUSE: u32 = 32;

/// What is known of the columns, and the record at hand.
#[derive(Debug, Default)]
pub(super) struct Quick {
    columns: Names,
    missed: u32,
    /// Takes nothing, to be compared with.
    #[cfg(test)]
    pub(super) off: bool,
    // The record.
    stamp: u64,
    cells: Vec<Cell>,
    /// Texts that are not written as they stand.
    made: String,
    key: Vec<u8>,
    last: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    stamp: u64,
    from: u32,
    to: u32,
    kind: Kind,
    /// Whether its text is in `made`, and not in the record.
    made: bool,
}

/// Steps over blanks. On lines, a line end is none: the record ends there.
#[inline]
fn blanks(data: &[u8], mut at: usize, lines: bool) -> Option<usize> {
    loop {
        match *data.get(at)? {
            b' ' | b'\t' | b'\r' => at += 1,
            b'\n' if !lines => at += 1,
            _ => return Some(at),
        }
    }
}

impl Quick {
    /// Whether it is worth while to try the next record.
    pub(super) fn is_willing(&mut self) -> bool {
        #[cfg(test)]
        if self.off {
            return false;
        }
        if self.missed < PATIENCE {
            return true;
        }
        self.missed += 1;
        if self.missed > PATIENCE + PAUSE {
            self.missed = PATIENCE;
        }
        self.missed == PATIENCE
    }

    /// The record at hand was not ordinary.
    pub(super) fn miss(&mut self) {
        self.missed = (self.missed + 1).min(PATIENCE);
    }

    #[inline]
    fn set(&mut self, column: usize, from: usize, to: usize, kind: Kind, made: bool) -> Option<()> {
        let cell = &mut self.cells[column];
        if cell.stamp == self.stamp {
            return None;
        }
        *cell = Cell { stamp: self.stamp, from: from as u32, to: to as u32, kind, made };
        self.last = self.last.max(column + 1);
        Some(())
    }

    /// Reads the record at the start of the bytes, which is an object, and gives its length. `lines` says that a line end must follow it.
    pub(super) fn read(&mut self, names: &[String], data: &[u8], lines: bool) -> Option<usize> {
        self.columns.learn(names);
        self.cells.resize(names.len(), Cell::default());
        self.stamp += 1;
        self.made.clear();
        self.last = 0;
        let length = self.object(names, data, lines)?;
        if !lines {
            return (length <= MAX_RECORD).then_some(length);
        }
        let behind = blanks(data, length, true)?;
        (data[behind] == b'\n' && behind <= MAX_RECORD).then_some(length)
    }

    fn object(&mut self, names: &[String], data: &[u8], lines: bool) -> Option<usize> {
        let mut at = blanks(data, 1, lines)?;
        if data[at] == b'}' {
            return Some(at + 1);
        }
        let mut before = self.columns.start();
        loop {
            let name;
            // As a rule the name is the one that stood there in the record before.
            let guess = self.columns.guess(before);
            let expected = names.get(guess).map_or(&b""[..], |name| name.as_bytes());
            let end = at + 1 + expected.len();
            // An empty name is looked up: it may be that no column is expected.
            let is_expected = end > at + 1 && data.get(end) == Some(&b'"') && data[at] == b'"' && data[at + 1..end] == *expected;
            (name, at) = if is_expected { (expected, colon(data, end, lines)?) } else { member(data, at, lines)? };
            if data[at] == b'{' {
                at = self.inner(names, data, at, lines, &mut before, name)?;
            } else {
                before = if is_expected { guess } else { self.columns.find(names, before, name)? };
                at = self.value(before, data, at)?;
            }
            at = blanks(data, at, lines)?;
            match data[at] {
                b',' => at = blanks(data, at + 1, lines)?,
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// An object within the record, whose members are columns of their own.
    fn inner(&mut self, names: &[String], data: &[u8], at: usize, lines: bool, before: &mut usize, outer: &[u8]) -> Option<usize> {
        let mut at = blanks(data, at + 1, lines)?;
        if data[at] == b'}' {
            *before = self.columns.find(names, *before, outer)?;
            let from = self.made.len();
            self.made.push_str("{}");
            self.set(*before, from, from + 2, Kind::Text, true)?;
            return Some(at + 1);
        }
        loop {
            let name;
            (name, at) = member(data, at, lines)?;
            let mut key = std::mem::take(&mut self.key);
            key.clear();
            key.extend_from_slice(outer);
            key.push(b'.');
            key.extend_from_slice(name);
            let column = self.columns.find(names, *before, &key);
            self.key = key;
            *before = column?;
            at = self.value(*before, data, at)?;
            at = blanks(data, at, lines)?;
            match data[at] {
                b',' => at = blanks(data, at + 1, lines)?,
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// The value at a place, and what is behind it.
    #[inline]
    fn value(&mut self, column: usize, data: &[u8], at: usize) -> Option<usize> {
        let word = |word: &[u8]| data.get(at..at + word.len()) == Some(word);
        match data[at] {
            b'"' => {
                let end = eight::first::<b'"', b'\\'>(data, at + 1)?;
                if data[end] == b'"' {
                    self.set(column, at + 1, end, Kind::Text, false)?;
                    return Some(end + 1);
                }
                self.escaped(column, data, at + 1, end)
            }
            b'-' | b'0'..=b'9' => {
                let end = number(data, at)?;
                self.set(column, at, end, Kind::Number, false)?;
                Some(end)
            }
            b'n' if word(b"null") => {
                self.set(column, at, at, Kind::Text, false)?;
                Some(at + 4)
            }
            b't' if word(b"true") => {
                self.set(column, at, at + 4, Kind::Boolean, false)?;
                Some(at + 4)
            }
            b'f' if word(b"false") => {
                self.set(column, at, at + 5, Kind::Boolean, false)?;
                Some(at + 5)
            }
            b'[' | b'{' => self.nested(column, data, at),
            _ => None,
        }
    }

    /// A text from its opening mark on, in which the first escape stands at a place.
    fn escaped(&mut self, column: usize, data: &[u8], start: usize, first: usize) -> Option<usize> {
        let (from, mut run, mut at) = (self.made.len(), start, first);
        loop {
            let plain = std::str::from_utf8(&data[run..at]).ok()?;
            self.made.push_str(plain);
            if data[at] == b'"' {
                self.set(column, from, self.made.len(), Kind::Text, true)?;
                return Some(at + 1);
            }
            if data[at] != b'\\' {
                return None;
            }
            self.made.push(match data.get(at + 1)? {
                b'"' => '"',
                b'\\' => '\\',
                b'/' => '/',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let digits =
                        std::str::from_utf8(data.get(at + 2..at + 6)?).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
                    // Halves of a pair are left to the other way.
                    self.made.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                    run = at + 6;
                    at = eight::first::<b'"', b'\\'>(data, run)?;
                    continue;
                }
                _ => return None,
            });
            run = at + 2;
            at = eight::first::<b'"', b'\\'>(data, run)?;
        }
    }

    /// A list, or an object deeper in: its JSON without blanks.
    fn nested(&mut self, column: usize, data: &[u8], start: usize) -> Option<usize> {
        let (mut at, mut depth) = (start, 0);
        loop {
            match *data.get(at)? {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    at = eight::first::<b'"', b'\\'>(data, at + 1)?;
                    while data[at] == b'\\' {
                        at = eight::first::<b'"', b'\\'>(data, at + 2)?;
                    }
                }
                b'\n' => return None,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                break;
            }
            if depth > SHALLOW {
                return None;
            }
        }
        let text = std::str::from_utf8(&data[start..at]).ok()?;
        let (mut parser, from) = (Parser::new(text), self.made.len());
        parser.skip(Some(&mut self.made)).ok()?;
        if parser.at() != text.len() || parser.odd.control || parser.odd.half {
            return None;
        }
        self.set(column, from, self.made.len(), Kind::Text, true)?;
        Some(at)
    }

    /// Appends the record's cells, one for each column up to `width` at least; its row is not ended.
    pub(super) fn emit(&mut self, record: &str, width: usize, out: &mut Rows) {
        self.missed = 0;
        let cells = self.last.max(width);
        for cell in &self.cells[..cells.min(self.cells.len())] {
            if cell.stamp == self.stamp {
                let text = if cell.made { self.made.as_str() } else { record };
                out.cell(&text[cell.from as usize..cell.to as usize], cell.kind);
            } else {
                out.cell("", Kind::Text);
            }
        }
    }
}

/// A member's name and the place of its value; the walk stands at the name.
#[inline]
fn member(data: &[u8], at: usize, lines: bool) -> Option<(&[u8], usize)> {
    if data[at] != b'"' {
        return None;
    }
    let end = eight::first::<b'"', b'\\'>(data, at + 1)?;
    if data[end] != b'"' {
        return None;
    }
    Some((&data[at + 1..end], colon(data, end, lines)?))
}

/// The place of the value behind a name, whose closing mark stands at a place.
#[inline]
fn colon(data: &[u8], end: usize, lines: bool) -> Option<usize> {
    let colon = blanks(data, end + 1, lines)?;
    if data[colon] != b':' {
        return None;
    }
    blanks(data, colon + 1, lines)
}

/// The end of a number without an exponent.
#[inline]
fn number(data: &[u8], start: usize) -> Option<usize> {
    let digits = |mut at: usize| {
        while data.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let first = start + usize::from(data[start] == b'-');
    let mut end = digits(first);
    if end == first || (data[first] == b'0' && end > first + 1) {
        return None;
    }
    if data.get(end) == Some(&b'.') {
        let part = digits(end + 1);
        if part == end + 1 {
            return None;
        }
        end = part;
    }
    // What follows is behind the bytes at hand, or more of the number.
    data.get(end).filter(|b| !matches!(b, b'e' | b'E')).map(|_| end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_ordinary_records_are_taken() {
        let names: Vec<String> = ["a", "b", "c.d", "e"].map(str::to_owned).to_vec();
        let mut quick = Quick::default();
        let mut read = |text: &str| {
            let length = quick.read(&names, text.as_bytes(), false)?;
            let mut rows = Rows::new();
            quick.emit(&text[..length], 4, &mut rows);
            rows.end_row(crate::read::Origin::default());
            let row = rows.get(0).unwrap();
            Some(row.cells().map(|(text, _)| text.to_owned()).collect::<Vec<_>>().join("|"))
        };
        for (text, cells) in [
            (r#"{"a":"x","b":12,"c":{"d":true},"e":null} "#, "x|12|true|"),
            (r#"{ "e" : [ 1, {"x": "]\"" } ] , "a" : "\u00e9\n" }"#, "é\n|||[1,{\"x\":\"]\\\"\"}]"),
            ("{}", "|||"),
            (r#"{"c.d":-0.5,"a":""}"#, "||-0.5|"),
        ] {
            assert_eq!(read(text).as_deref(), Some(cells), "{text}");
        }
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"z":1}"#,
            r#"{"a":1e3}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":nul}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\x"}"#,
            "{\"a\":\"\t\"}",
            r#"{"a":"#,
            r#"{"a":1"#,
            r#"{"a":[1,}"#,
            r#"{"c":{"z":1}}"#,
            r#"{"e":1,"":2}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(data in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\aub1.-e \n\x01\xc3\xa9"[..]), 0..60), lines: bool) {
            let names: Vec<String> = ["a", "b", "a.b", "u"].map(str::to_owned).to_vec();
            let mut all = vec![b'{'];
            all.extend(data);
            if let Some(length) = Quick::default().read(&names, &all, lines) {
                prop_assert!(length <= all.len());
                // What it takes is JSON.
                prop_assert!(std::str::from_utf8(&all[..length]).is_err() || serde_json::from_slice::<serde_json::Value>(&all[..length]).is_ok());
            }
        }
    }
}
