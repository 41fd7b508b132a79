//! The tokens of XML, over a buffer that is fed in pieces. Well-formedness is checked here, except for what needs the stack of open
//! elements (matching end tags, prefixes), which the receiver keeps.
//!
//! No entity beyond the five is known and nothing of a document type declaration is used but the names of unparsed entities.

use std::ops::Range;

use super::Bounds;

/// Why a document is not well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWellFormed {
    /// A name has characters that no name has, or there is none where one must be.
    BadName,
    /// Something in a tag is not `name="value"`.
    BadTag,
    /// A `<` within the value of an attribute.
    BadAttributeValue,
    /// An attribute stands twice in one tag.
    DuplicateAttribute(String),
    /// `&` that begins no reference, or a reference to a character that XML does not have.
    BadReference,
    /// An entity beyond the five that XML knows.
    UnknownEntity(String),
    /// A character that XML does not have, or bytes that are not UTF-8.
    BadCharacter,
    /// `--` in a comment, `]]>` in text, or another thing out of place beginning with `<!` or `<?`.
    BadMarkup,
    /// An end tag that closes nothing or not the element that is open.
    MismatchedEnd {
        /// The element that is open.
        open: Option<String>,
        /// The end tag.
        close: String,
    },
    /// A prefix without a namespace.
    UnboundPrefix(String),
    /// Text or a second element outside the outermost element.
    Outside,
    /// The document ends too early.
    Unclosed,
}

/// The end of reading before the end of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    Malformed(u64, NotWellFormed),
    Bound(u64, &'static str, usize),
}

/// An attribute of a start tag: ranges within the data.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RawAttr {
    pub(crate) name: (u32, u32),
    pub(crate) value: (u32, u32),
    /// Whether the value is its bytes: no reference, no line break or tab.
    pub(crate) plain: bool,
}

impl RawAttr {
    pub(crate) fn name<'d>(&self, data: &'d [u8]) -> &'d [u8] {
        data.get(self.name.0 as usize..self.name.1 as usize).unwrap_or(b"")
    }

    pub(crate) fn value<'d>(&self, data: &'d [u8]) -> &'d [u8] {
        data.get(self.value.0 as usize..self.value.1 as usize).unwrap_or(b"")
    }
}

/// What a piece of text is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// Only white space, no carriage return.
    Blank,
    /// Its bytes are its value.
    Plain,
    /// There are references or carriage returns in it.
    Encoded,
    /// A CDATA section: no references, perhaps carriage returns.
    Cdata,
}

/// Receives the tokens. Offsets count from the start of the document.
pub(crate) trait Sink {
    fn start(&mut self, data: &[u8], name: Range<usize>, attributes: &[RawAttr], at: u64) -> Result<(), Stop>;
    /// `whole`: the text is followed by an end tag within `data`, so that nothing can be added to it.
    fn text(&mut self, data: &[u8], text: Range<usize>, kind: TextKind, whole: bool, at: u64) -> Result<(), Stop>;
    fn end(&mut self, data: &[u8], name: Range<usize>, at: u64) -> Result<(), Stop>;
    /// The name of the element that is open; empty when there is none, or when every end tag is to be given to [`Sink::end`].
    fn open(&self) -> &[u8] {
        b""
    }
    /// The end of the element that is open, whose end tag has the name that [`Sink::open`] gave.
    fn close(&mut self, _data: &[u8], _at: u64) -> Result<(), Stop> {
        Ok(())
    }
    /// The name of an unparsed entity.
    fn unparsed(&mut self, name: &[u8]);
    /// Takes tokens from `pos` on by itself, as long as nothing about them is out of the ordinary, within the outermost element. Returns where the
    /// first token begins that it did not take; it is then, and `depth` is, as if each token before had been given to it.
    fn quick(&mut self, _data: &[u8], pos: usize, _base: u64, _depth: &mut usize) -> usize {
        pos
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Prolog,
    Inside,
    Epilog,
}

#[derive(Debug)]
pub(crate) struct Scanner {
    place: Place,
    depth: usize,
    doctype: bool,
    attributes: Vec<RawAttr>,
    /// Data shorter than this cannot hold the token that was incomplete.
    wanted: usize,
    bounds: Bounds,
}

const NAME_START: u8 = 1;
const NAME: u8 = 2;
const SPACE: u8 = 4;
/// Ends the quick run through the value of an attribute.
const VALUE: u8 = 8;

const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        let mut c = 0;
        if b.is_ascii_alphabetic() || b == b'_' || b == b':' || b >= 0x80 {
            c |= NAME_START | NAME;
        }
        if b.is_ascii_digit() || b == b'-' || b == b'.' {
            c |= NAME;
        }
        if matches!(b, b' ' | b'\t' | b'\n' | b'\r') {
            c |= SPACE;
        }
        if b < 0x20 || b >= 0x80 || matches!(b, b'"' | b'\'' | b'&' | b'<') {
            c |= VALUE;
        }
        class[i] = c;
        i += 1;
    }
    class
};

#[inline(always)]
fn class(b: u8) -> u8 {
    CLASS[b as usize]
}

/// Whether short texts are the same, without the call that comparing slices is.
#[inline(always)]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    let n = a.len();
    if n != b.len() {
        return false;
    }
    let word = |s: &[u8], at: usize| s.get(at..).and_then(|s| s.first_chunk::<8>()).map_or(0, |w| u64::from_le_bytes(*w));
    let half = |s: &[u8], at: usize| s.get(at..).and_then(|s| s.first_chunk::<4>()).map_or(0, |w| u32::from_le_bytes(*w));
    match n {
        0..4 => a.iter().zip(b).all(|(a, b)| a == b),
        4..8 => half(a, 0) == half(b, 0) && half(a, n - 4) == half(b, n - 4),
        8..=16 => word(a, 0) == word(b, 0) && word(a, n - 8) == word(b, n - 8),
        _ => a == b,
    }
}

/// Whether a byte may be one of a name.
#[inline(always)]
pub(crate) fn is_name_byte(b: u8) -> bool {
    class(b) & NAME != 0
}

/// Whether a byte is white space of XML.
#[inline(always)]
pub(crate) fn is_space(b: u8) -> bool {
    class(b) & SPACE != 0
}

/// Whether a character may begin a name (colon included).
pub(crate) fn name_start(c: char) -> bool {
    matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// Whether a character may stand in a name (colon included).
pub(crate) fn name_char(c: char) -> bool {
    name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether bytes are a name of XML.
pub(crate) fn is_name(bytes: &[u8]) -> bool {
    let Some(&first) = bytes.first() else { return false };
    if class(first) & NAME_START == 0 || bytes.iter().any(|&b| class(b) & NAME == 0) {
        return false;
    }
    bytes.is_ascii()
        || std::str::from_utf8(bytes).is_ok_and(|s| s.chars().enumerate().all(|(i, c)| if i == 0 { name_start(c) } else { name_char(c) }))
}

/// Whether bytes are a name token of XML.
pub(crate) fn is_nmtoken(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().all(|&b| class(b) & NAME != 0)
        && (bytes.is_ascii() || std::str::from_utf8(bytes).is_ok_and(|s| s.chars().all(name_char)))
}

/// Whether bytes are a name without a colon.
pub(crate) fn is_ncname(bytes: &[u8]) -> bool {
    is_name(bytes) && !bytes.contains(&b':')
}

/// Whether a character may stand in XML.
fn is_char(c: char) -> bool {
    c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}') || matches!(c, '\t' | '\n' | '\r')
}

fn check_chars(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|s| s.chars().all(is_char))
}

/// Adds the value of raw text to `out`: references resolved, line ends made one; within an attribute, white space made blanks.
pub(crate) fn decode(raw: &[u8], attribute: bool, references: bool, out: &mut Vec<u8>) -> Result<(), NotWellFormed> {
    let mut rest = raw;
    while let Some((&b, after)) = rest.split_first() {
        match b {
            b'&' if references => {
                let end = memchr::memchr(b';', rest).ok_or(NotWellFormed::BadReference)?;
                let name = rest.get(1..end).unwrap_or(b"");
                match name {
                    b"lt" => out.push(b'<'),
                    b"gt" => out.push(b'>'),
                    b"amp" => out.push(b'&'),
                    b"apos" => out.push(b'\''),
                    b"quot" => out.push(b'"'),
                    [b'#', digits @ ..] => {
                        let c = character(digits).ok_or(NotWellFormed::BadReference)?;
                        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    _ if is_name(name) => return Err(NotWellFormed::UnknownEntity(String::from_utf8_lossy(name).into_owned())),
                    _ => return Err(NotWellFormed::BadReference),
                }
                rest = rest.get(end + 1..).unwrap_or(b"");
            }
            b'\r' => {
                rest = after.strip_prefix(b"\n").unwrap_or(after);
                out.push(if attribute { b' ' } else { b'\n' });
            }
            b'\t' | b'\n' if attribute => {
                out.push(b' ');
                rest = after;
            }
            _ => {
                let run = rest.iter().position(|b| matches!(b, b'&' | b'\r' | b'\t' | b'\n')).unwrap_or(rest.len()).max(1);
                let (plain, next) = rest.split_at(run);
                out.extend_from_slice(plain);
                rest = next;
            }
        }
    }
    Ok(())
}

fn character(digits: &[u8]) -> Option<char> {
    let (radix, digits) = match digits {
        [b'x', hex @ ..] => (16, hex),
        _ => (10, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut n: u32 = 0;
    for &d in digits {
        n = n.checked_mul(radix)?.checked_add((d as char).to_digit(radix)?)?;
    }
    char::from_u32(n).filter(|&c| is_char(c))
}

/// What one step of scanning came to.
enum Step {
    /// Go on here.
    To(usize),
    /// The token is not whole.
    More,
}

impl Scanner {
    pub(crate) fn new(bounds: &Bounds) -> Scanner {
        Scanner { place: Place::Start, depth: 0, doctype: false, attributes: Vec::new(), wanted: 0, bounds: *bounds }
    }

    /// Takes what is whole of `data`, which lies at `base` in the document, and returns how many bytes that were. `last`: nothing comes after.
    pub(crate) fn run<S: Sink>(&mut self, data: &[u8], base: u64, last: bool, sink: &mut S) -> Result<usize, Stop> {
        if !last && data.len() < self.wanted {
            return Ok(0);
        }
        self.wanted = 0;
        let mut pos = 0;
        if self.place == Place::Start {
            if data.len() < 3 && !last {
                return Ok(0);
            }
            if data.starts_with(b"\xEF\xBB\xBF") {
                pos = 3;
            }
            if data.len() < pos + 6 && !last {
                return Ok(0);
            }
        }
        while pos < data.len() {
            if self.place == Place::Inside {
                pos = sink.quick(data, pos, base, &mut self.depth);
            }
            let Some(&first) = data.get(pos) else { break };
            let step = if first == b'<' {
                match data.get(pos + 1) {
                    Some(b'/') => self.end_tag(data, pos, base, sink)?,
                    Some(b'!') => self.declaration(data, pos, base, sink)?,
                    Some(b'?') => self.instruction(data, pos, base)?,
                    Some(_) => self.start_tag(data, pos, base, sink)?,
                    None => Step::More,
                }
            } else {
                self.text(data, pos, base, last, sink)?
            };
            match step {
                Step::To(next) => pos = next,
                Step::More => {
                    if last {
                        return Err(Stop::Malformed(base + pos as u64, NotWellFormed::Unclosed));
                    }
                    let open = data.len() - pos;
                    if open > self.bounds.token {
                        return Err(Stop::Bound(base + pos as u64, "token", self.bounds.token));
                    }
                    // Not tried again before there is half as much more, so that a long token is not read over and over.
                    self.wanted = open + open / 2;
                    return Ok(pos);
                }
            }
            if self.place == Place::Start {
                self.place = Place::Prolog;
            }
        }
        if last && self.place != Place::Epilog {
            return Err(Stop::Malformed(base + pos as u64, NotWellFormed::Unclosed));
        }
        Ok(pos)
    }

    #[inline]
    fn start_tag<S: Sink>(&mut self, data: &[u8], pos: usize, base: u64, sink: &mut S) -> Result<Step, Stop> {
        let at = base + pos as u64;
        let bad = |reason| Err(Stop::Malformed(at, reason));
        if self.place == Place::Epilog {
            return bad(NotWellFormed::Outside);
        }
        let start = pos + 1;
        let mut i = start;
        let mut high = 0;
        while i < data.len() && class(data[i]) & NAME != 0 {
            high |= data[i];
            i += 1;
        }
        let name = start..i;
        let mut spaced = false;
        self.attributes.clear();
        let empty = loop {
            while i < data.len() && class(data[i]) & SPACE != 0 {
                i += 1;
                spaced = true;
            }
            let Some(&b) = data.get(i) else { return Ok(Step::More) };
            if b == b'>' {
                i += 1;
                break false;
            }
            if b == b'/' {
                match data.get(i + 1) {
                    Some(b'>') => {
                        i += 2;
                        break true;
                    }
                    Some(_) => return bad(NotWellFormed::BadTag),
                    None => return Ok(Step::More),
                }
            }
            if !spaced {
                return bad(if name.is_empty() { NotWellFormed::BadName } else { NotWellFormed::BadTag });
            }
            spaced = false;
            let from = i;
            while i < data.len() && class(data[i]) & NAME != 0 {
                i += 1;
            }
            let to = i;
            while i < data.len() && class(data[i]) & SPACE != 0 {
                i += 1;
            }
            match data.get(i) {
                Some(b'=') if to > from => i += 1,
                Some(_) => return bad(NotWellFormed::BadTag),
                None => return Ok(Step::More),
            }
            while i < data.len() && class(data[i]) & SPACE != 0 {
                i += 1;
            }
            let quote = match data.get(i) {
                Some(&q @ (b'"' | b'\'')) => q,
                Some(_) => return bad(NotWellFormed::BadTag),
                None => return Ok(Step::More),
            };
            i += 1;
            let value = i;
            let mut plain = true;
            let mut clean = true;
            loop {
                while i < data.len() && class(data[i]) & VALUE == 0 {
                    i += 1;
                }
                match data.get(i) {
                    None => return Ok(Step::More),
                    Some(&b) if b == quote => break,
                    Some(b'<') => return bad(NotWellFormed::BadAttributeValue),
                    Some(b'&') => plain = false,
                    Some(b'"' | b'\'') => {}
                    Some(b'\t' | b'\n' | b'\r') => plain = false,
                    Some(_) => clean = false,
                }
                i += 1;
            }
            if !clean && !check_chars(&data[value..i]) {
                return bad(NotWellFormed::BadCharacter);
            }
            let raw = &data[from..to];
            if class(raw[0]) & NAME_START == 0 || !raw.is_ascii() && !is_name(raw) {
                return bad(NotWellFormed::BadName);
            }
            if to - from > self.bounds.name {
                return Err(Stop::Bound(at, "name", self.bounds.name));
            }
            if self.attributes.len() < 12 {
                if self.attributes.iter().any(|a| a.name(data) == raw) {
                    return bad(NotWellFormed::DuplicateAttribute(String::from_utf8_lossy(raw).into_owned()));
                }
            } else if self.attributes.len() >= self.bounds.attributes {
                return Err(Stop::Bound(at, "attributes", self.bounds.attributes));
            }
            self.attributes.push(RawAttr { name: (from as u32, to as u32), value: (value as u32, i as u32), plain });
            i += 1;
        };
        let raw = &data[name.clone()];
        if raw.is_empty() || class(raw[0]) & NAME_START == 0 || high >= 0x80 && !is_name(raw) {
            return bad(NotWellFormed::BadName);
        }
        if raw.len() > self.bounds.name {
            return Err(Stop::Bound(at, "name", self.bounds.name));
        }
        if self.attributes.len() >= 12 {
            let mut names: Vec<&[u8]> = self.attributes.iter().map(|a| a.name(data)).collect();
            names.sort_unstable();
            if let Some(twice) = names.windows(2).find(|w| w[0] == w[1]) {
                return bad(NotWellFormed::DuplicateAttribute(String::from_utf8_lossy(twice[0]).into_owned()));
            }
        }
        if !empty && self.depth >= self.bounds.depth {
            return Err(Stop::Bound(at, "depth", self.bounds.depth));
        }
        self.place = Place::Inside;
        sink.start(data, name.clone(), &self.attributes, at)?;
        if empty {
            sink.end(data, name, at)?;
            if self.depth == 0 {
                self.place = Place::Epilog;
            }
        } else {
            self.depth += 1;
        }
        Ok(Step::To(i))
    }

    #[inline]
    fn end_tag<S: Sink>(&mut self, data: &[u8], pos: usize, base: u64, sink: &mut S) -> Result<Step, Stop> {
        let at = base + pos as u64;
        let start = pos + 2;
        // Nearly all of them: the name that is open, and `>`.
        let open = sink.open();
        let behind = start + open.len();
        if !open.is_empty() && data.get(behind) == Some(&b'>') && same(&data[start..behind], open) {
            sink.close(data, at)?;
            self.depth -= 1;
            if self.depth == 0 {
                self.place = Place::Epilog;
            }
            return Ok(Step::To(behind + 1));
        }
        let mut i = start;
        while i < data.len() && class(data[i]) & NAME != 0 {
            i += 1;
        }
        let name = start..i;
        while i < data.len() && class(data[i]) & SPACE != 0 {
            i += 1;
        }
        match data.get(i) {
            Some(b'>') => {}
            Some(_) => return Err(Stop::Malformed(at, NotWellFormed::BadTag)),
            None => return Ok(Step::More),
        }
        if self.depth == 0 {
            let close = String::from_utf8_lossy(&data[name]).into_owned();
            return Err(Stop::Malformed(at, NotWellFormed::MismatchedEnd { open: None, close }));
        }
        sink.end(data, name, at)?;
        self.depth -= 1;
        if self.depth == 0 {
            self.place = Place::Epilog;
        }
        Ok(Step::To(i + 1))
    }

    #[inline]
    fn text<S: Sink>(&mut self, data: &[u8], pos: usize, base: u64, last: bool, sink: &mut S) -> Result<Step, Stop> {
        let at = base + pos as u64;
        // Most white space between tags is a line break and some blanks.
        let mut blank = pos;
        while blank < data.len() && matches!(data[blank], b' ' | b'\n' | b'\t') {
            blank += 1;
        }
        let (end, whole) = if data.get(blank) == Some(&b'<') {
            (blank, true)
        } else {
            match memchr::memchr(b'<', &data[blank..]) {
                Some(n) => (blank + n, true),
                None if last => (data.len(), false),
                None => {
                    // A long text is handed on in pieces, cut where no reference, character, line end or `]]>` is cut.
                    if data.len() - pos < 32 << 10 {
                        return Ok(Step::More);
                    }
                    let mut end = data.len().saturating_sub(4);
                    if let Some(n) = memchr::memrchr(b'&', &data[end.saturating_sub(64)..]) {
                        end = end.min(end.saturating_sub(64) + n);
                    }
                    while end > pos && (data[end] & 0xC0 == 0x80 || matches!(data[end - 1], b']' | b'\r')) {
                        end -= 1;
                    }
                    if end <= pos {
                        return Ok(Step::More);
                    }
                    (end, false)
                }
            }
        };
        let text = &data[pos..end];
        let kind = if blank >= end {
            TextKind::Blank
        } else {
            let odd =
                text.iter().fold(0u8, |odd, &b| odd | u8::from(b < 0x20) | u8::from(b >= 0x80) | u8::from(b == b'&') | u8::from(b == b']'));
            if odd == 0 { TextKind::Plain } else { odd_text(text, at)? }
        };
        if self.place != Place::Inside {
            if text.iter().all(|&b| is_space(b)) && self.place != Place::Start {
                return Ok(Step::To(end));
            }
            return if text.iter().all(|&b| is_space(b)) { Ok(Step::To(end)) } else { Err(Stop::Malformed(at, NotWellFormed::Outside)) };
        }
        let ended = whole && data.get(end + 1) == Some(&b'/');
        sink.text(data, pos..end, kind, ended, at)?;
        Ok(Step::To(end))
    }

    fn instruction(&mut self, data: &[u8], pos: usize, base: u64) -> Result<Step, Stop> {
        let at = base + pos as u64;
        let Some(end) = memchr::memmem::find(&data[pos..], b"?>") else { return Ok(Step::More) };
        let inside = &data[pos + 2..pos + end.max(2)];
        let target = inside.iter().position(|&b| is_space(b)).map_or(inside, |n| &inside[..n]);
        if target.eq_ignore_ascii_case(b"xml") {
            if target != b"xml" || self.place != Place::Start {
                return Err(Stop::Malformed(at, NotWellFormed::BadMarkup));
            }
        } else if !is_name(target) {
            return Err(Stop::Malformed(at, NotWellFormed::BadName));
        }
        if !check_chars(inside) {
            return Err(Stop::Malformed(at, NotWellFormed::BadCharacter));
        }
        Ok(Step::To(pos + end + 2))
    }

    fn declaration<S: Sink>(&mut self, data: &[u8], pos: usize, base: u64, sink: &mut S) -> Result<Step, Stop> {
        let at = base + pos as u64;
        let bad = |reason| Err(Stop::Malformed(at, reason));
        let rest = &data[pos..];
        if rest.starts_with(b"<!--") {
            let Some(n) = memchr::memmem::find(&rest[4..], b"--") else { return Ok(Step::More) };
            return match rest.get(4 + n + 2) {
                Some(b'>') if check_chars(&rest[4..4 + n]) => Ok(Step::To(pos + 4 + n + 3)),
                Some(b'>') => bad(NotWellFormed::BadCharacter),
                Some(_) => bad(NotWellFormed::BadMarkup),
                None => Ok(Step::More),
            };
        }
        if rest.starts_with(b"<![CDATA[") {
            if self.place != Place::Inside {
                return bad(NotWellFormed::Outside);
            }
            let Some(n) = memchr::memmem::find(&rest[9..], b"]]>") else { return Ok(Step::More) };
            let text = pos + 9..pos + 9 + n;
            if !check_chars(&data[text.clone()]) {
                return bad(NotWellFormed::BadCharacter);
            }
            sink.text(data, text, TextKind::Cdata, false, at)?;
            return Ok(Step::To(pos + 9 + n + 3));
        }
        if rest.starts_with(b"<!DOCTYPE") {
            if self.doctype || !matches!(self.place, Place::Start | Place::Prolog) {
                return bad(NotWellFormed::BadMarkup);
            }
            let Some(end) = doctype(rest, sink) else { return Ok(Step::More) };
            self.doctype = true;
            return Ok(Step::To(pos + end));
        }
        if rest.len() < 9 && [&b"<!--"[..], b"<![CDATA[", b"<!DOCTYPE"].iter().any(|m| m.starts_with(rest)) {
            return Ok(Step::More);
        }
        bad(NotWellFormed::BadMarkup)
    }
}

/// Text with something else than printable ASCII in it.
#[cold]
pub(crate) fn odd_text(text: &[u8], at: u64) -> Result<TextKind, Stop> {
    if !check_chars(text) {
        return Err(Stop::Malformed(at, NotWellFormed::BadCharacter));
    }
    if memchr::memmem::find(text, b"]]>").is_some() {
        return Err(Stop::Malformed(at, NotWellFormed::BadMarkup));
    }
    Ok(if memchr::memchr2(b'&', b'\r', text).is_some() { TextKind::Encoded } else { TextKind::Plain })
}

/// Length of a document type declaration; `None` when it is not whole.
fn doctype<S: Sink>(rest: &[u8], sink: &mut S) -> Option<usize> {
    let mut i = 9;
    let mut inside = false;
    loop {
        match *rest.get(i)? {
            q @ (b'"' | b'\'') => i += 1 + memchr::memchr(q, &rest[i + 1..])? + 1,
            b'[' if !inside => {
                inside = true;
                i += 1;
            }
            b']' if inside => {
                inside = false;
                i += 1;
            }
            b'>' if !inside => return Some(i + 1),
            b'<' if rest[i..].starts_with(b"<!--") => i += 4 + memchr::memmem::find(&rest[i + 4..], b"-->")? + 3,
            b'<' if rest[i..].starts_with(b"<?") => i += 2 + memchr::memmem::find(&rest[i + 2..], b"?>")? + 2,
            b'<' if rest[i..].starts_with(b"<!ENTITY") => {
                let end = declaration_end(rest, i)?;
                unparsed(&rest[i + 8..end], sink);
                i = end + 1;
            }
            b'<' => i = declaration_end(rest, i)? + 1,
            _ => i += 1,
        }
    }
}

/// Where the `>` of a declaration within a document type declaration stands.
fn declaration_end(rest: &[u8], from: usize) -> Option<usize> {
    let mut i = from;
    loop {
        match *rest.get(i)? {
            q @ (b'"' | b'\'') => i += 1 + memchr::memchr(q, &rest[i + 1..])? + 1,
            b'>' => return Some(i),
            _ => i += 1,
        }
    }
}

/// Tells the name of an entity when its declaration says `NDATA`.
fn unparsed<S: Sink>(declaration: &[u8], sink: &mut S) {
    let mut words = Vec::new();
    let mut i = 0;
    while let Some(&b) = declaration.get(i) {
        if b == b'"' || b == b'\'' {
            let Some(n) = memchr::memchr(b, &declaration[i + 1..]) else { return };
            words.push(&b""[..]);
            i += n + 2;
        } else if is_space(b) {
            i += 1;
        } else {
            let n = declaration[i..].iter().position(|&b| is_space(b)).unwrap_or(declaration.len() - i);
            words.push(&declaration[i..i + n]);
            i += n;
        }
    }
    if let Some((&name, rest)) = words.split_first()
        && rest.contains(&&b"NDATA"[..])
    {
        sink.unparsed(name);
    }
}
