//! Cuts a stream of JSON into its records, without reading them: only brackets, quotation marks and the way to the records count.

use crate::bounds::{MAX_NESTING, MAX_RECORD};
use crate::read::Origin;

/// What a stream gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A record's bytes: so many at the start of [`Splitter::record`].
    Record(Origin),
    /// A record that was left out.
    Left(Origin, Why),
    /// Something between the records.
    Between(Origin, &'static str),
    /// Nothing behind this place can be read.
    Stop(Origin, &'static str),
}

/// Why a record was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Longer than [`MAX_RECORD`].
    TooLong,
    /// Nested deeper than [`MAX_NESTING`].
    TooDeep,
    /// The stream ends within it.
    Cut,
}

/// Where the records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// One on each line.
    Lines,
    /// One behind the other, with blanks between.
    Sequence,
    /// In the list to which these names lead; at the top when there are none.
    List(Vec<String>),
    /// In the first list of objects.
    FirstList,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// On the way to the list, or behind it.
    Frame,
    /// Between records.
    Between,
    /// In a record.
    Inside,
    /// In something between records that is no object or list.
    Scalar,
    /// Nothing more can be read.
    Dead,
}

/// Cuts a stream.
#[derive(Debug)]
pub struct Splitter {
    place: Where,
    buffer: Vec<u8>,
    /// What is before this place was handed over.
    at: usize,
    /// What is before this place was looked at.
    scan: usize,
    line: u64,
    column: u64,
    state: State,
    /// How many records were met, those left out too.
    row: u64,
    comma: bool,
    any: bool,
    // Within a record.
    origin: Origin,
    depth: usize,
    kinds: u128,
    string: bool,
    escape: bool,
    lost: Option<Why>,
    // Within the frame.
    frame: Vec<u8>,
    keys: Vec<String>,
    matched: usize,
    is_name: bool,
    name: Vec<u8>,
    done: bool,
    closed: bool,
    /// Names of members beside the records.
    pub beside: Vec<String>,
}

/// Longest name that is compared on the way to the records.
const MAX_NAME: usize = 1 << 10;

/// Most names told of members beside the records.
const MOST_BESIDE: usize = 12;

impl Splitter {
    /// A stream with its records in a place.
    pub fn new(place: Where) -> Splitter {
        let state = if matches!(place, Where::Lines | Where::Sequence) { State::Between } else { State::Frame };
        Splitter {
            place,
            buffer: Vec::new(),
            at: 0,
            scan: 0,
            line: 1,
            column: 1,
            state,
            row: 0,
            comma: true,
            any: false,
            origin: Origin::default(),
            depth: 0,
            kinds: 0,
            string: false,
            escape: false,
            lost: None,
            frame: Vec::new(),
            keys: Vec::new(),
            matched: 0,
            is_name: false,
            name: Vec::new(),
            done: false,
            closed: false,
            beside: Vec::new(),
        }
    }

    /// Takes the next bytes; call [`Splitter::next`] until it gives nothing.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.scan -= self.at;
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The bytes of the record that [`Splitter::next`] gave with its length, within what [`Splitter::lend`] gave.
    pub fn record<'b>(&self, lent: &'b [u8], length: usize) -> &'b [u8] {
        &lent[self.at - length..self.at]
    }

    /// Lends out the bytes at hand; [`Splitter::give_back`] comes next.
    pub fn lend(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// Takes back what was lent.
    pub fn give_back(&mut self, lent: Vec<u8>) {
        self.buffer = lent;
    }

    /// Takes the next record whole when it is an object, stands where a record may, and `read` takes it; gives where it is. `read` gets
    /// the bytes from its bracket on, and whether a line end must follow, and gives its length. Otherwise nothing happens.
    pub fn take(&mut self, read: impl FnOnce(&[u8], bool) -> Option<usize>) -> Option<Origin> {
        let (list, lines) = (self.in_list(), self.place == Where::Lines);
        // Within a line that was looked at already, a record was not whole.
        if self.state != State::Between || self.lost.is_some() || (lines && self.scan > self.at) {
            return None;
        }
        let blank = |at: usize| at + self.buffer[at..].iter().take_while(|b| matches!(**b, b' ' | b'\n' | b'\r' | b'\t' | 0x1e)).count();
        let mut at = blank(self.at);
        if list && !self.comma {
            if self.buffer.get(at) != Some(&b',') {
                return None;
            }
            at = blank(at + 1);
        }
        if self.buffer.get(at) != Some(&b'{') {
            return None;
        }
        let length = read(&self.buffer[at..], lines)?;
        self.consume(at);
        (self.comma, self.any) = (!list, true);
        self.row += 1;
        let origin = self.here();
        if lines {
            self.column += length as u64;
            self.at += length;
        } else {
            self.consume(at + length);
        }
        self.scan = self.at;
        Some(origin)
    }

    /// The names that lead to the records, once they are reached.
    pub fn path(&self) -> Option<&[String]> {
        match &self.place {
            Where::List(path) => Some(path),
            _ => None,
        }
    }

    /// Whether the records lie in a list.
    pub fn in_list(&self) -> bool {
        matches!(self.place, Where::List(_) | Where::FirstList)
    }

    /// Whether the list of records was reached.
    pub fn reached(&self) -> bool {
        self.done || self.state != State::Frame
    }

    /// Moves what was handed over up to a place in the buffer.
    fn consume(&mut self, to: usize) {
        let over = &self.buffer[self.at..to];
        let lines = memchr::memchr_iter(b'\n', over).count() as u64;
        if lines > 0 {
            self.line += lines;
            let last = memchr::memrchr(b'\n', over).unwrap_or(0);
            self.column = (over.len() - last) as u64;
        } else {
            self.column += over.len() as u64;
        }
        self.at = to;
        self.scan = self.scan.max(to);
    }

    fn here(&self) -> Origin {
        Origin { row: self.row, line: self.line, byte_column: self.column }
    }

    /// The next piece, and its length when it is a record. `last` says that no bytes follow.
    pub fn next(&mut self, last: bool) -> Option<(Piece, usize)> {
        loop {
            let piece = match self.state {
                State::Dead => {
                    self.consume(self.buffer.len());
                    return None;
                }
                State::Frame => self.frame(last)?,
                State::Between if self.place == Where::Lines => self.next_line(last)?,
                State::Between => self.between(last)?,
                State::Inside => self.inside(last)?,
                State::Scalar => self.scalar(last)?,
            };
            if let Some(piece) = piece {
                return Some(piece);
            }
        }
    }

    fn next_line(&mut self, last: bool) -> Option<Option<(Piece, usize)>> {
        let end = match memchr::memchr(b'\n', &self.buffer[self.scan..]) {
            Some(i) => self.scan + i,
            None if last && self.at < self.buffer.len() => self.buffer.len(),
            None => {
                self.scan = self.buffer.len();
                if last {
                    return None;
                }
                if self.scan - self.at > MAX_RECORD {
                    if self.lost.is_none() {
                        self.row += 1;
                        self.origin = self.here();
                        self.lost = Some(Why::TooLong);
                    }
                    self.consume(self.scan);
                }
                return None;
            }
        };
        let next = (end + 1).min(self.buffer.len());
        if let Some(why) = self.lost.take() {
            self.consume(next);
            return Some(Some((Piece::Left(self.origin, why), 0)));
        }
        let skip = self.buffer[self.at..end].iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | 0x1e)).count();
        if self.at + skip == end {
            self.consume(next);
            return Some(None);
        }
        self.consume(self.at + skip);
        self.row += 1;
        let origin = self.here();
        let length = end - self.at;
        if length > MAX_RECORD {
            self.consume(next);
            return Some(Some((Piece::Left(origin, Why::TooLong), 0)));
        }
        // The line end is stepped over with the next line's blanks.
        self.consume(end);
        Some(Some((Piece::Record(origin), length)))
    }

    /// Between two records: blanks, a comma, the next record or the list's end.
    fn between(&mut self, last: bool) -> Option<Option<(Piece, usize)>> {
        let blank = |b: &&u8| matches!(**b, b' ' | b'\n' | b'\r' | b'\t' | 0x1e);
        let skip = self.buffer[self.at..].iter().take_while(blank).count();
        self.consume(self.at + skip);
        let Some(&byte) = self.buffer.get(self.at) else {
            if last && self.in_list() {
                self.state = State::Dead;
                return Some(Some((Piece::Stop(self.here(), "the file ends before the list of records does"), 0)));
            }
            return None;
        };
        let list = self.in_list();
        match byte {
            b',' if list => {
                let twice = self.comma;
                let here = self.here();
                self.comma = true;
                self.consume(self.at + 1);
                Some(twice.then_some((Piece::Between(here, "there is a comma without a record before it"), 0)))
            }
            b']' if list => {
                let trailing = self.comma && self.any;
                let here = self.here();
                self.consume(self.at + 1);
                self.state = State::Frame;
                self.done = true;
                self.closed = self.frame.is_empty();
                Some(trailing.then_some((Piece::Between(here, "there is a comma behind the last record"), 0)))
            }
            _ => {
                let missing = list && !self.comma;
                let here = self.here();
                self.comma = !list;
                self.any = true;
                self.row += 1;
                self.origin = self.here();
                (self.depth, self.kinds, self.string, self.escape, self.lost) = (0, 0, false, false, None);
                self.scan = self.at;
                self.state = if matches!(byte, b'{' | b'[') { State::Inside } else { State::Scalar };
                Some(missing.then_some((Piece::Between(here, "a comma is missing between two records"), 0)))
            }
        }
    }

    /// Something that is no object or list, up to the comma, bracket or line end behind it.
    fn scalar(&mut self, last: bool) -> Option<Option<(Piece, usize)>> {
        let list = self.in_list();
        while let Some(&b) = self.buffer.get(self.scan) {
            let ends = if self.string {
                if self.escape {
                    self.escape = false;
                } else if b == b'\\' {
                    self.escape = true;
                } else if b == b'"' {
                    self.string = false;
                }
                false
            } else {
                self.string = b == b'"';
                b == b'\n' || (list && matches!(b, b',' | b']'))
            };
            if ends {
                return Some(Some(self.whole(self.scan)));
            }
            self.scan += 1;
            self.bound();
        }
        if last { Some(Some(self.whole(self.buffer.len()))) } else { None }
    }

    /// In a record: brackets are counted up to the one that closes it.
    fn inside(&mut self, last: bool) -> Option<Option<(Piece, usize)>> {
        let end = self.buffer.len();
        while self.scan < end {
            if self.string {
                if self.escape {
                    self.escape = false;
                    self.scan += 1;
                    continue;
                }
                match memchr::memchr2(b'"', b'\\', &self.buffer[self.scan..]) {
                    Some(i) => {
                        self.scan += i + 1;
                        if self.buffer[self.scan - 1] == b'"' {
                            self.string = false;
                        } else {
                            self.escape = true;
                        }
                    }
                    None => self.scan = end,
                }
                continue;
            }
            let b = self.buffer[self.scan];
            self.scan += 1;
            match b {
                b'"' => self.string = true,
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth > MAX_NESTING {
                        self.lost = self.lost.or(Some(Why::TooDeep));
                    } else {
                        self.kinds = self.kinds << 1 | u128::from(b == b'{');
                    }
                }
                b'}' | b']' => {
                    if self.depth <= MAX_NESTING {
                        if (self.kinds & 1 == 1) != (b == b'}') {
                            let mut origin = self.origin;
                            self.consume(self.scan - 1);
                            (origin.line, origin.byte_column) = (self.line, self.column);
                            self.state = State::Dead;
                            return Some(Some((Piece::Stop(origin, "a bracket closes one of the other kind"), 0)));
                        }
                        self.kinds >>= 1;
                    }
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(Some(self.whole(self.scan)));
                    }
                }
                _ => {}
            }
        }
        self.bound();
        if last {
            self.state = State::Dead;
            let at = self.origin;
            self.consume(end);
            return Some(Some((Piece::Left(at, Why::Cut), 0)));
        }
        None
    }

    /// Lets go of what is too long to be kept.
    fn bound(&mut self) {
        if self.scan - self.at > MAX_RECORD {
            self.lost = self.lost.or(Some(Why::TooLong));
        }
        if self.lost.is_some() {
            self.consume(self.scan);
        }
    }

    /// The record up to a place.
    fn whole(&mut self, to: usize) -> (Piece, usize) {
        let length = to - self.at;
        let too_long = length > MAX_RECORD;
        self.consume(to);
        self.state = State::Between;
        match self.lost.take().or(too_long.then_some(Why::TooLong)) {
            Some(why) => (Piece::Left(self.origin, why), 0),
            None => (Piece::Record(self.origin), length),
        }
    }

    /// On the way to the list of records, or behind it.
    fn frame(&mut self, last: bool) -> Option<Option<(Piece, usize)>> {
        while self.scan < self.buffer.len() {
            let b = self.buffer[self.scan];
            if self.string {
                if self.escape {
                    self.escape = false;
                } else if b == b'\\' {
                    self.escape = true;
                } else if b == b'"' {
                    self.string = false;
                    if self.is_name
                        && let Some(key) = self.keys.last_mut()
                    {
                        let quoted = [b"\"", &self.name[..], b"\""].concat();
                        *key = serde_json::from_slice(&quoted).unwrap_or_default();
                        if self.frame.len() == self.matched + 1 && self.beside.len() < MOST_BESIDE {
                            self.beside.push(key.clone());
                        }
                    }
                }
                if self.string && self.is_name && self.name.len() < MAX_NAME {
                    self.name.push(b);
                }
                self.scan += 1;
                continue;
            }
            match b {
                b'"' if self.closed => return Some(Some(self.stop("something follows the end of the data"))),
                b'"' => {
                    self.string = true;
                    self.name.clear();
                    if self.frame.is_empty() {
                        return Some(Some(self.stop("the file holds no list of records")));
                    }
                }
                b'{' | b'[' => {
                    if self.closed {
                        return Some(Some(self.stop("something follows the end of the data")));
                    }
                    if self.frame.len() >= MAX_NESTING {
                        return Some(Some(self.stop("lists and objects are nested deeper than the bound of 128 levels")));
                    }
                    match self.is_target(b, last) {
                        None => {
                            self.consume(self.scan);
                            return None;
                        }
                        Some(true) => {
                            let keys = &self.keys[..self.frame.len()];
                            self.beside.retain(|b| !keys.contains(b));
                            self.place = Where::List(keys.to_vec());
                            self.consume(self.scan + 1);
                            self.state = State::Between;
                            self.comma = true;
                            return Some(None);
                        }
                        Some(false) => {}
                    }
                    let on_path = b == b'{' && !self.frame.is_empty() && self.frame.len() == self.matched + 1;
                    if let (true, Where::List(path)) = (on_path, &self.place)
                        && path.get(self.matched) == self.keys.last()
                        && self.matched + 1 < path.len()
                    {
                        self.matched += 1;
                    }
                    self.frame.push(b);
                    self.keys.push(String::new());
                    self.is_name = b == b'{';
                }
                b'}' | b']' => {
                    if self.frame.pop() != Some(if b == b'}' { b'{' } else { b'[' }) {
                        return Some(Some(self.stop("a bracket closes one of the other kind, or none")));
                    }
                    self.keys.pop();
                    self.matched = self.matched.min(self.frame.len().saturating_sub(1));
                    self.is_name = false;
                    self.closed = self.frame.is_empty();
                }
                b',' => self.is_name = self.frame.last() == Some(&b'{'),
                b':' => self.is_name = false,
                b' ' | b'\n' | b'\r' | b'\t' => {}
                _ if self.closed => return Some(Some(self.stop("something follows the end of the data"))),
                _ if self.frame.is_empty() => return Some(Some(self.stop("the file holds no list of records"))),
                _ if self.is_name => return Some(Some(self.stop("names and texts stand between double quotation marks"))),
                _ => {}
            }
            self.scan += 1;
        }
        self.consume(self.scan);
        if last && !self.closed && (!self.frame.is_empty() || self.string) {
            return Some(Some(self.stop("the file ends before its last bracket")));
        }
        None
    }

    fn stop(&mut self, what: &'static str) -> (Piece, usize) {
        self.consume(self.scan.max(self.at));
        self.state = State::Dead;
        (Piece::Stop(Origin { row: 0, ..self.here() }, what), 0)
    }

    /// Whether the bracket at hand opens the list of records. `None` when more bytes must be seen.
    fn is_target(&self, bracket: u8, last: bool) -> Option<bool> {
        if self.done || bracket != b'[' {
            return Some(false);
        }
        let level = self.frame.len();
        match &self.place {
            Where::List(path) => {
                Some(level == path.len() && (level == 0 || (self.matched + 1 == level && self.keys.last() == path.last())))
            }
            Where::FirstList => {
                if self.frame.contains(&b'[') {
                    return Some(false);
                }
                let blank = |b: &&u8| matches!(**b, b' ' | b'\n' | b'\r' | b'\t');
                match self.buffer[self.scan + 1..].iter().find(|b| !blank(b)) {
                    Some(b) => Some(*b == b'{'),
                    None if last => Some(false),
                    None => None,
                }
            }
            _ => Some(false),
        }
    }
}
