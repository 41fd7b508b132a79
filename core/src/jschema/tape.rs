//! A value of JSON as a list of its parts with their places, made in one pass and used again for the next value, so that a clean record
//! costs no allocation.
//!
//! Only the grammar of RFC 8259 is checked here; whether the bytes are UTF-8 is the caller's business.

use crate::bounds::MAX_NESTING;

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A number without point and exponent.
    Integer,
    /// Any other number.
    Number,
    /// A text; its place is without the quotation marks.
    Text,
    /// The name of a member, which comes next; its place is without the quotation marks.
    Name,
    /// A list; its entries come next.
    List,
    /// An object; its members come next, each behind its name.
    Object,
}

/// A part of a value.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Where it starts, in bytes.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// Index of the part behind it and all that is in it.
    pub next: u32,
    /// Entries of a list, members of an object.
    pub count: u32,
    /// What it is.
    pub kind: Kind,
    /// A text or name with escapes.
    pub escaped: bool,
}

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The bytes end within it.
    More,
    /// It is no JSON from this byte on.
    Bad(usize),
    /// It is nested deeper than [`MAX_NESTING`] at this byte.
    Deep(usize),
}

/// The parts of the value that was read last.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    parts: Vec<Part>,
    /// Indexes of the lists and objects that are open.
    open: Vec<u32>,
}

/// Whether any of eight bytes ends a plain run of text: a quotation mark, a backslash, or a control character.
#[inline]
fn stops(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |x: u64| x.wrapping_sub(LOW) & !x & HIGH;
    let control = word.wrapping_sub(LOW * 0x20) & !word & HIGH;
    zero(word ^ (LOW * u64::from(b'"'))) | zero(word ^ (LOW * u64::from(b'\\'))) | control
}

impl Tape {
    /// The part at an index.
    #[inline]
    pub fn part(&self, index: usize) -> Part {
        self.parts[index]
    }

    /// All parts.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Reads the value that starts at a byte, which is no blank. `last` says that no bytes follow. Gives the byte behind it.
    ///
    /// # Errors
    /// When the value is not whole, or no JSON.
    pub fn read(&mut self, bytes: &[u8], from: usize, last: bool) -> Result<usize, Stop> {
        self.read_within(bytes, from, last, MAX_NESTING)
    }

    /// The same for a value that may be nested no deeper than `most`.
    pub(super) fn read_within(&mut self, bytes: &[u8], from: usize, last: bool, most: usize) -> Result<usize, Stop> {
        self.parts.clear();
        self.open.clear();
        let mut at = from;
        loop {
            // A value starts here.
            let Some(&first) = bytes.get(at) else { return Err(Stop::More) };
            match first {
                b'"' => at = self.text(bytes, at, Kind::Text)?,
                b'{' | b'[' => {
                    if self.open.len() >= most {
                        return Err(Stop::Deep(at));
                    }
                    let kind = if first == b'{' { Kind::Object } else { Kind::List };
                    self.open.push(self.parts.len() as u32);
                    self.push(at, at, kind, false);
                    at = blanks(bytes, at + 1)?;
                    let close = if first == b'{' { b'}' } else { b']' };
                    if bytes[at] != close {
                        if first == b'{' {
                            at = self.name(bytes, at)?;
                        }
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => at = self.number(bytes, at, last)?,
                b't' => at = self.word(bytes, at, b"true", Kind::True)?,
                b'f' => at = self.word(bytes, at, b"false", Kind::False)?,
                b'n' => at = self.word(bytes, at, b"null", Kind::Null)?,
                _ => return Err(Stop::Bad(at)),
            }
            // A value ends here, or an empty list or object is to be closed.
            let mut closing = matches!(first, b'{' | b'[');
            loop {
                let Some(&open) = self.open.last() else { return Ok(at) };
                let index = open as usize;
                if !closing {
                    self.parts[index].count += 1;
                    at = blanks(bytes, at)?;
                }
                closing = false;
                let object = self.parts[index].kind == Kind::Object;
                match bytes[at] {
                    b',' if self.parts[index].count > 0 => {
                        at = blanks(bytes, at + 1)?;
                        if object {
                            at = self.name(bytes, at)?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(Stop::Bad(at)),
                }
                at += 1;
                self.parts[index].end = at as u32;
                self.parts[index].next = self.parts.len() as u32;
                self.open.pop();
            }
        }
    }

    #[inline]
    fn push(&mut self, start: usize, end: usize, kind: Kind, escaped: bool) {
        let next = self.parts.len() as u32 + 1;
        self.parts.push(Part { start: start as u32, end: end as u32, next, count: 0, kind, escaped });
    }

    /// A name with its colon; gives where its value starts.
    #[inline]
    fn name(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        if bytes[at] != b'"' {
            return Err(Stop::Bad(at));
        }
        let at = self.text(bytes, at, Kind::Name)?;
        let at = blanks(bytes, at)?;
        if bytes[at] != b':' {
            return Err(Stop::Bad(at));
        }
        blanks(bytes, at + 1)
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], from: usize, kind: Kind) -> Result<usize, Stop> {
        let start = from + 1;
        let (mut at, mut escaped) = (start, false);
        loop {
            while let Some(word) = bytes.get(at..at + 8) {
                let mut eight = [0; 8];
                eight.copy_from_slice(word);
                let found = stops(u64::from_le_bytes(eight));
                if found != 0 {
                    at += found.trailing_zeros() as usize / 8;
                    break;
                }
                at += 8;
            }
            match bytes.get(at) {
                Some(b'"') => {
                    self.push(start, at, kind, escaped);
                    return Ok(at + 1);
                }
                Some(b'\\') => {
                    escaped = true;
                    match bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                        Some(b'u') => {
                            for i in at + 2..at + 6 {
                                match bytes.get(i) {
                                    Some(b) if b.is_ascii_hexdigit() => {}
                                    Some(_) => return Err(Stop::Bad(i)),
                                    None => return Err(Stop::More),
                                }
                            }
                            at += 6;
                        }
                        Some(_) => return Err(Stop::Bad(at)),
                        None => return Err(Stop::More),
                    }
                }
                Some(b) if *b < 0x20 => return Err(Stop::Bad(at)),
                Some(_) => at += 1,
                None => return Err(Stop::More),
            }
        }
    }

    #[inline]
    fn number(&mut self, bytes: &[u8], from: usize, last: bool) -> Result<usize, Stop> {
        let digits = |mut at: usize| {
            let start = at;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            if at == start { if at < bytes.len() || last { Err(Stop::Bad(at)) } else { Err(Stop::More) } } else { Ok(at) }
        };
        let mut kind = Kind::Integer;
        let mut at = from + usize::from(bytes[from] == b'-');
        at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
        if bytes.get(at) == Some(&b'.') {
            kind = Kind::Number;
            at = digits(at + 1)?;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            kind = Kind::Number;
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            at = digits(at + 1 + sign)?;
        }
        match bytes.get(at) {
            None if !last => return Err(Stop::More),
            Some(b) if b.is_ascii_alphanumeric() || *b == b'.' => return Err(Stop::Bad(at)),
            _ => {}
        }
        self.push(from, at, kind, false);
        Ok(at)
    }

    #[inline]
    fn word(&mut self, bytes: &[u8], from: usize, word: &[u8], kind: Kind) -> Result<usize, Stop> {
        let there = &bytes[from..bytes.len().min(from + word.len())];
        if there != &word[..there.len()] {
            return Err(Stop::Bad(from));
        }
        if there.len() < word.len() {
            return Err(Stop::More);
        }
        self.push(from, from + word.len(), kind, false);
        Ok(from + word.len())
    }
}

/// The first byte from here on that is no blank.
#[inline]
fn blanks(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\n' | b'\r' | b'\t') => at += 1,
            Some(_) => return Ok(at),
            None => return Err(Stop::More),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_json_is_read_and_what_is_not_is_not() {
        let mut tape = Tape::default();
        for good in ["{}", "[]", "0", "-1.5e+3", "\"a\\u00e9\\n\"", "[1,[],{\"a\":{}},null]", "{\"a\" : [ true , false ] , \"b\":\"\"}"] {
            assert_eq!(tape.read(good.as_bytes(), 0, true), Ok(good.len()), "{good}");
        }
        for (bad, at) in [
            ("[1,]", 3),
            ("{,}", 1),
            ("[,]", 1),
            ("{\"a\":1,}", 7),
            ("01", 1),
            ("1.x", 2),
            ("\"a\nb\"", 2),
            ("\"\\x\"", 1),
            ("[1 2]", 3),
            ("{1:2}", 1),
            ("[}", 1),
            ("tru3", 0),
            ("+1", 0),
        ] {
            assert_eq!(tape.read(bad.as_bytes(), 0, true), Err(Stop::Bad(at)), "{bad}");
        }
        for cut in ["", "{", "[1", "{\"a", "{\"a\"", "{\"a\":", "tr", "\"a\\", "\"a\\u00", "-"] {
            assert_eq!(tape.read(cut.as_bytes(), 0, false), Err(Stop::More), "{cut}");
        }
        assert_eq!(tape.read("[".repeat(200).as_bytes(), 0, true), Err(Stop::Deep(MAX_NESTING)));
        tape.read(b"{\"a\":[1,2],\"b\":null}", 0, true).unwrap();
        assert_eq!(tape.parts().iter().map(|p| (p.kind, p.next, p.count)).collect::<Vec<_>>().len(), 7);
        assert_eq!((tape.part(0).next, tape.part(0).count, tape.part(2).next, tape.part(2).count), (7, 2, 5, 2));
    }

    proptest! {
        #[test]
        fn the_tape_and_serde_agree(text in "[\\[\\]{},:\"\\\\ a0-9.eE+\\-tfnulrs]{0,24}") {
            let read = Tape::default().read(text.as_bytes(), text.len() - text.trim_start().len(), true);
            let ours = matches!(read, Ok(end) if text[end..].trim().is_empty());
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(ours, theirs, "{:?}", read);
        }
    }
}
