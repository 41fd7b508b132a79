//! JSON as a table: one record a line (NDJSON), a list of records at the top or within an object, and GeoJSON.
//!
//! # What becomes of a record
//!
//! - Each member is a column, in the order in which names first appear in the first records ([`crate::bounds::SAMPLE`] bytes or 1000 records). The cell
//!   is the text without escapes, or the number as it is written (an exponent is worked out), or `true` or `false`; `null` is an empty cell.
//! - The members of an object within the record are columns of their own, `address.street`. What is nested deeper, and every list, is a cell with
//!   its JSON without blanks.
//! - Of a GeoJSON feature, the properties are columns by their own names, beside `id`; `geometry` holds its JSON, and a point has the columns
//!   `longitude` and `latitude` too, unless there are properties of that name.
//! - Records that are lists are rows as they stand, the first of them the header.
//!
//! A name that first appears later is read when the table has a field of that name, else it is a finding with the number of its values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use super::recode::{self, Charset};
use super::{Facts, Form, Kind, Origin, ReadOptions, Reader, Rows};
use crate::bounds::{MAX_COLUMNS, MAX_NESTING, MAX_RECORD, SAMPLE};
use crate::decode::encoding::windows_1252;
use crate::finding::{Finding, Place};

pub mod parse;
mod quick;
mod socrata;
pub mod split;
#[cfg(test)]
mod tests;

use parse::{Fault, Parser, Value, What};
use quick::Quick;
use socrata::Known;
use split::{Piece, Splitter, Where, Why};

/// Where the columns of a feature's place come from.
const GEOMETRY: &str = "/geometry";

/// Most records by which the header is found.
const HEADER_RECORDS: u64 = 1000;

/// What JSON a text is, which starts with a bracket; `None` when it is none.
pub fn sniff(text: &[u8], whole: bool) -> Option<Form> {
    if text.first() == Some(&0x1e) {
        return Some(Form::Ndjson);
    }
    let text = start_of(text);
    let text = &*text;
    let mut parser = Parser::new(text);
    let skipped = parser.skip(None);
    let after = text.get(parser.at()..).unwrap_or_default().trim_start();
    let open = |t: &str| t.starts_with(['{', '[']);
    let second = text.get(1..).unwrap_or_default().trim_start();
    let like = if text.starts_with('{') {
        second.is_empty() || second.starts_with(['"', '\'', '}'])
    } else {
        second.is_empty() || second.starts_with(['{', '[', ']']) || skipped.is_ok()
    };
    if !like {
        return None;
    }
    match skipped {
        Ok(()) if open(after) => return Some(Form::Ndjson),
        Ok(()) => {}
        // The first line may be at fault: then the second tells.
        Err(fault) if fault.what != What::Ends || whole => {
            let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
            let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            let bracket = &text[..1];
            let twin = second.starts_with(bracket) && Parser::new(second).skip(None).is_ok();
            if first.len() > 1 && first.ends_with(['}', ']']) && twin {
                return Some(Form::Ndjson);
            }
        }
        Err(_) => {}
    }
    let is_collection = text.starts_with('{') && text.contains("\"FeatureCollection\"") && text.contains("\"features\"");
    Some(if is_collection { Form::GeoJson } else { Form::Json })
}

/// Text of the first bytes, without a letter that is cut at the end.
fn start_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(e) if e.error_len().is_none() => String::from_utf8_lossy(&bytes[..e.valid_up_to()]),
        Err(_) if recode::evidence(bytes, false).charset == Charset::Utf8 => Cow::Owned(recode::mixed(bytes).0),
        Err(_) => Cow::Owned(windows_1252(bytes)),
    }
}

/// The names that lead to the largest list of objects in a start, through objects alone.
pub(crate) fn largest_list(text: &str) -> Option<Vec<String>> {
    let mut best: Option<(usize, Vec<String>)> = None;
    let mut way: Vec<(String, Parser<'_>)> = Vec::new();
    let mut parser = Parser::new(text);
    if !parser.open_object().ok()? {
        return None;
    }
    while let Ok(name) = parser.name() {
        let mut more;
        match parser.peek() {
            Some(b'{') if way.len() < 8 => {
                let mut inner = parser.clone();
                if matches!(inner.open_object(), Ok(true)) {
                    // The walk goes on behind the object once it is left.
                    let mut behind = parser.clone();
                    let closes = behind.skip(None).is_ok();
                    way.push((name.into_owned(), if closes { behind } else { Parser::new("") }));
                    parser = inner;
                    continue;
                }
                more = parser.skip(None).is_ok();
            }
            Some(b'[') => {
                let mut inner = parser.clone();
                let objects = matches!(inner.open_list(), Ok(true)) && inner.peek() == Some(b'{');
                let start = parser.at();
                let ended = parser.skip(None);
                let size = if ended.is_ok() { parser.at() } else { text.len() } - start;
                if objects && best.as_ref().is_none_or(|(most, _)| size > *most) {
                    best = Some((size, way.iter().map(|(n, _)| n.clone()).chain([name.into_owned()]).collect()));
                }
                more = ended.is_ok();
            }
            _ => more = parser.value().is_ok(),
        }
        while more && !matches!(parser.more_members(), Ok(true)) {
            match way.pop() {
                Some((_, behind)) => parser = behind,
                None => more = false,
            }
        }
        if !more {
            break;
        }
    }
    best.map(|(_, path)| path)
}

/// Reads JSON of every layout.
pub struct JsonReader {
    form: Form,
    splitter: Splitter,
    /// The mark at the start is stepped over.
    begun: bool,
    start: Vec<u8>,
    columns: Columns,
    quick: Quick,
    /// Rows read before the header is known.
    held: Rows,
    header: bool,
    records: u64,
    bytes: u64,
    shape: Option<Shape>,
    geo: bool,
    unread: u64,
    stopped: bool,
    full: bool,
    windows: bool,
    /// The file is of one byte a letter, by its start.
    single: bool,
    /// Whether a file of Socrata's form may still show where its columns' names are, and how many bytes are wanted for that.
    socrata: Option<usize>,
    /// By place in a list: the column, where some are left out.
    placed: Vec<Option<usize>>,
    /// The columns' names of a file of Socrata's form.
    named: Vec<String>,
    /// They were looked for and are too far from the start.
    nameless: bool,
}

/// What the records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Objects,
    Lists,
}

/// Columns by name, and the record that is being made.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    /// By column: the way to it in a record, as a JSON Pointer.
    ways: Vec<String>,
    index: HashMap<String, usize>,
    /// By column: whether a value other than null was met.
    filled: Vec<bool>,
    /// How many of the names are the header's.
    width: usize,
    // The record.
    text: String,
    cells: Vec<(u64, u32, u32, Kind)>,
    record: u64,
    last: usize,
    next: usize,
    repeated: Option<usize>,
    full: bool,
}

impl Columns {
    fn begin(&mut self) {
        self.text.clear();
        self.record += 1;
        self.last = 0;
        self.next = 0;
        self.repeated = None;
        self.full = false;
    }

    /// The column of a name within an object, or at the top.
    fn find(&mut self, outer: Option<&str>, name: &str, way: Option<&str>, add: bool) -> Option<usize> {
        let is = |known: &str| match outer {
            None => known == name,
            Some(outer) => {
                known.len() == outer.len() + 1 + name.len()
                    && known.starts_with(outer)
                    && known.ends_with(name)
                    && known.as_bytes()[outer.len()] == b'.'
            }
        };
        if self.names.get(self.next).is_some_and(|known| is(known)) {
            self.next += 1;
            return Some(self.next - 1);
        }
        let full = match outer {
            None => Cow::Borrowed(name),
            Some(outer) => Cow::Owned(format!("{outer}.{name}")),
        };
        if let Some(&column) = self.index.get(&*full) {
            self.next = column + 1;
            return Some(column);
        }
        if !add {
            return None;
        }
        if self.names.len() >= MAX_COLUMNS {
            self.full = true;
            return None;
        }
        let column = self.names.len();
        let mut pointer = way.unwrap_or_default().to_owned();
        for part in outer.into_iter().chain([name]) {
            pointer.push('/');
            pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        }
        self.names.push(full.clone().into_owned());
        self.ways.push(pointer);
        self.index.insert(full.into_owned(), column);
        self.filled.push(false);
        self.next = column + 1;
        Some(column)
    }

    fn set(&mut self, column: usize, kind: Kind, write: impl FnOnce(&mut String)) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, (0, 0, 0, Kind::Text));
        }
        if self.cells[column].0 == self.record {
            self.repeated = self.repeated.or(Some(column));
        }
        let from = self.text.len() as u32;
        write(&mut self.text);
        self.cells[column] = (self.record, from, self.text.len() as u32, kind);
        self.last = self.last.max(column + 1);
    }

    fn value(&mut self, column: usize, value: &Value<'_>) {
        self.filled[column] |= *value != Value::Null;
        match value {
            Value::Null => self.set(column, Kind::Text, |_| {}),
            Value::Bool(b) => self.set(column, Kind::Boolean, |out| out.push_str(if *b { "true" } else { "false" })),
            Value::Number(text) => match parse::plain_number(text) {
                Some(plain) => self.set(column, Kind::Number, |out| out.push_str(&plain)),
                None => self.set(column, Kind::Number, |out| out.push_str(text)),
            },
            Value::Text(text) => self.set(column, Kind::Text, |out| out.push_str(text)),
            Value::Nested(text) => self.set(column, Kind::Text, |out| {
                let before = out.len();
                if Parser::new(text).skip(Some(out)).is_err() {
                    out.truncate(before);
                    out.push_str(text);
                }
            }),
        }
    }

    fn emit(&self, out: &mut Rows, origin: Origin) {
        for column in 0..self.last.max(self.width) {
            match self.cells.get(column) {
                Some(&(record, from, to, kind)) if record == self.record => out.cell(&self.text[from as usize..to as usize], kind),
                _ => out.cell("", Kind::Text),
            }
        }
        out.end_row(origin);
    }
}

fn at(origin: Origin) -> Place {
    Place { row: origin.row, line: origin.line, byte_column: origin.byte_column, ..Place::default() }
}

impl JsonReader {
    /// A reader of what starts so.
    pub fn new(form: Form, sample: &[u8], whole: bool, options: &ReadOptions) -> JsonReader {
        let text = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
        let place = match &options.records {
            Some(pointer) => {
                let part = |p: &str| p.replace("~1", "/").replace("~0", "~");
                Where::List(pointer.trim_start_matches('/').split('/').filter(|p| !p.is_empty()).map(part).collect())
            }
            None => find_records(form, text.trim_ascii_start(), whole),
        };
        JsonReader {
            form,
            splitter: Splitter::new(place),
            begun: false,
            start: Vec::new(),
            columns: Columns::default(),
            quick: Quick::default(),
            held: Rows::new(),
            header: false,
            records: 0,
            bytes: 0,
            shape: None,
            geo: false,
            unread: 0,
            stopped: false,
            full: false,
            windows: false,
            single: !matches!(recode::evidence(sample, whole).charset, Charset::Utf8),
            socrata: (options.records.is_none() && form == Form::Json && socrata::begins(text)).then_some(text.len()),
            placed: Vec::new(),
            named: Vec::new(),
            nameless: false,
        }
    }

    fn run(&mut self, last: bool, out: &mut Rows, findings: &mut Vec<Finding>) {
        loop {
            self.ordinary(out);
            let Some((piece, length)) = self.splitter.next(last) else { break };
            match piece {
                Piece::Record(origin) => {
                    self.bytes += length as u64;
                    // The record is read where it lies.
                    let buffer = self.splitter.lend();
                    let record = self.splitter.record(&buffer, length);
                    self.record(record, origin, findings);
                    self.splitter.give_back(buffer);
                    self.emit(origin, out);
                }
                Piece::Left(origin, why) => {
                    self.unread += 1;
                    findings.push(match why {
                        Why::TooLong => Finding::new("C216", "record", at(origin)).arg("bound", MAX_RECORD.to_string()),
                        Why::TooDeep => Finding::new("C216", "nested", at(origin)).arg("bound", MAX_NESTING.to_string()),
                        Why::Cut => Finding::new("C105", "cut", at(origin)),
                    });
                }
                Piece::Between(origin, what) => findings.push(Finding::new("C105", "between", at(origin)).arg("what", what)),
                Piece::Stop(origin, what) => {
                    self.stopped = true;
                    self.unread += u64::from(origin.row > 0 && what.starts_with("a bracket"));
                    findings.push(Finding::new("C105", "stopped", at(origin)).arg("what", what));
                }
            }
        }
    }

    /// Takes the records in which there is nothing to tell, for as long as they come.
    fn ordinary(&mut self, out: &mut Rows) {
        if !self.header || self.shape != Some(Shape::Objects) || self.geo || !self.quick.is_willing() {
            return;
        }
        let JsonReader { splitter, columns, quick, .. } = self;
        let mut taken = 0;
        while let Some(origin) = splitter.take(|data, lines| {
            let length = quick.read(&columns.names, data, lines)?;
            quick.emit(std::str::from_utf8(&data[..length]).ok()?, columns.width, out);
            Some(length)
        }) {
            out.end_row(origin);
            taken += 1;
        }
        self.records += taken;
        quick.miss();
    }

    /// Reads a record into the columns' cells; what cannot be read leaves `shape`'s record empty and says why.
    fn record(&mut self, bytes: &[u8], origin: Origin, findings: &mut Vec<Finding>) {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if self.single => {
                if !std::mem::replace(&mut self.windows, true) {
                    findings.push(Finding::new("C101", "file", Place::default()));
                }
                Cow::Owned(windows_1252(bytes))
            }
            Err(_) => {
                let (text, first) = recode::mixed(bytes);
                findings.push(recode::mixed_finding(bytes, first, at(origin)));
                Cow::Owned(text)
            }
        };
        self.records += 1;
        let mut parser = Parser::new(&text);
        let shape = match parser.peek() {
            Some(b'{') => Some(Shape::Objects),
            Some(b'[') => Some(Shape::Lists),
            _ => None,
        };
        self.columns.begin();
        let read = if shape.is_none() || self.shape.is_some_and(|s| Some(s) != shape) {
            match parser.value().and_then(|_| parser.end()) {
                Ok(()) => {
                    findings.push(Finding::new("C221", "", at(origin)).value(&text));
                    self.lose();
                    return;
                }
                Err(fault) => Err(fault),
            }
        } else if shape == Some(Shape::Lists) {
            self.list(&mut parser)
        } else {
            if self.shape.is_none() {
                self.geo = is_feature(&text);
            }
            self.object(&mut parser)
        };
        if let Err(fault) = read.and_then(|()| parser.end()) {
            let offset = fault.at.min(text.len());
            // The place is that of the bytes: in another encoding the text is longer than they are.
            let before = &bytes[..offset.min(bytes.len())];
            let mut place = at(origin);
            place.line += memchr::memchr_iter(b'\n', before).count() as u64;
            place.byte_column = match memchr::memrchr(b'\n', before) {
                Some(i) => (before.len() - i) as u64,
                None => origin.byte_column + before.len() as u64,
            };
            let near: String = text.get(offset..).unwrap_or_default().chars().take(20).collect();
            findings.push(match fault.what {
                What::Said(what) => Finding::new("C105", "", place).arg("what", what).value(&near),
                What::Ends => Finding::new("C105", "cut", place),
                What::TooDeep => Finding::new("C216", "nested", place).arg("bound", MAX_NESTING.to_string()),
            });
            self.lose();
            return;
        }
        self.shape = shape;
        if let Some(column) = self.columns.repeated {
            let place = Place { field: self.columns.names.get(column).map(|n| n.as_str().into()), ..at(origin) };
            findings.push(Finding::new("C219", "", place));
        }
        if parser.odd.control {
            findings.push(Finding::new("C106", "", at(origin)));
        }
        if parser.odd.half {
            findings.push(Finding::new("C106", "half", at(origin)));
        }
        if self.columns.full && !std::mem::replace(&mut self.full, true) {
            findings.push(Finding::new("C216", "names", at(origin)).arg("bound", MAX_COLUMNS.to_string()));
        }
    }

    /// A record that could not be read: no row comes of it.
    fn lose(&mut self) {
        self.unread += 1;
        self.columns.last = usize::MAX;
    }

    fn list(&mut self, parser: &mut Parser<'_>) -> Result<(), Fault> {
        if !parser.open_list()? {
            return Ok(());
        }
        for column in 0.. {
            let value = parser.value()?;
            let column = match self.placed.get(column) {
                Some(None) => {
                    if parser.more_items()? {
                        continue;
                    }
                    break;
                }
                Some(Some(column)) => *column,
                // Behind the last column that is named.
                None => column - (self.placed.len() - self.named.len()),
            };
            if column < MAX_COLUMNS {
                if self.columns.filled.len() <= column {
                    self.columns.filled.push(true);
                }
                self.columns.value(column, &value);
            } else {
                self.columns.full = true;
            }
            if !parser.more_items()? {
                break;
            }
        }
        Ok(())
    }

    fn object(&mut self, parser: &mut Parser<'_>) -> Result<(), Fault> {
        let mut more = parser.open_object()?;
        let mut point = None;
        while more {
            let name = parser.name()?;
            match (&*name, parser.peek()) {
                ("properties", Some(b'{')) if self.geo => {
                    let mut inner = parser.open_object()?;
                    while inner {
                        let name = parser.name()?;
                        self.member(parser, &name, Some("/properties"))?;
                        inner = parser.more_members()?;
                    }
                }
                ("type" | "properties", _) if self.geo => parser.skip(None)?,
                ("geometry", Some(b'{')) if self.geo => {
                    let value = parser.value()?;
                    point = point.or(point_of(&value));
                    self.cell(None, &name, None, &value);
                }
                _ => self.member(parser, &name, None)?,
            }
            more = parser.more_members()?;
        }
        for (name, number) in ["longitude", "latitude"].into_iter().zip(point.iter().flatten()) {
            if let Some(column) = self.columns.find(None, name, Some(GEOMETRY), true) {
                let taken = self.columns.cells.get(column).is_some_and(|c| c.0 == self.columns.record);
                if !taken {
                    self.columns.value(column, &Value::Number(number));
                }
            }
        }
        Ok(())
    }

    /// A member: a cell, or the cells of the object it is.
    fn member(&mut self, parser: &mut Parser<'_>, name: &str, way: Option<&str>) -> Result<(), Fault> {
        if parser.peek() != Some(b'{') {
            let value = parser.value()?;
            self.cell(None, name, way, &value);
            return Ok(());
        }
        if !parser.open_object()? {
            self.cell(None, name, way, &Value::Nested("{}"));
            return Ok(());
        }
        loop {
            let inner = parser.name()?;
            let value = parser.value()?;
            self.cell(Some(name), &inner, way, &value);
            if !parser.more_members()? {
                return Ok(());
            }
        }
    }

    fn cell(&mut self, outer: Option<&str>, name: &str, way: Option<&str>, value: &Value<'_>) {
        // A name that is met late and has no value is nothing to be told.
        let add = !self.header || *value != Value::Null;
        if let Some(column) = self.columns.find(outer, name, way, add) {
            self.columns.value(column, value);
        }
    }

    /// Gives the record that was read, and the header once it is known.
    fn emit(&mut self, origin: Origin, out: &mut Rows) {
        let lost = self.columns.last == usize::MAX;
        if self.header || self.shape == Some(Shape::Lists) {
            if !lost {
                if !self.header {
                    self.header = true;
                    self.columns.width = 0;
                    self.name_columns();
                }
                self.columns.emit(out, origin);
            }
            return;
        }
        if !lost {
            self.columns.emit(&mut self.held, origin);
        }
        if self.records >= HEADER_RECORDS || self.bytes >= SAMPLE as u64 {
            self.settle(out);
        }
    }

    /// The header of records that are lists is the first of them.
    fn name_columns(&mut self) {
        let columns = &mut self.columns;
        for column in 0..columns.last {
            let (_, from, to, _) = columns.cells[column];
            let name = columns.text[from as usize..to as usize].to_owned();
            columns.index.entry(name).or_insert(column);
            columns.ways.push(format!("/{column}"));
        }
    }

    /// The header is known: it, and the rows held back, are given.
    fn settle(&mut self, out: &mut Rows) {
        if std::mem::replace(&mut self.header, true) || self.columns.names.is_empty() {
            return;
        }
        let columns = &mut self.columns;
        // A member that is null here and an object there is no column of its own.
        let only_null = |c: usize| !columns.filled[c];
        let is_object = |c: usize| {
            let prefix = format!("{}.", columns.names[c]);
            columns.names.iter().any(|n| n.starts_with(&prefix))
        };
        // Features without a place all have the member, since GeoJSON asks for it; a table without places has no such column.
        let no_place = |c: usize| self.geo && columns.ways[c] == GEOMETRY;
        let keep: Vec<usize> = (0..columns.names.len()).filter(|&c| !(only_null(c) && (is_object(c) || no_place(c)))).collect();
        columns.names = keep.iter().map(|&c| columns.names[c].clone()).collect();
        columns.ways = keep.iter().map(|&c| columns.ways[c].clone()).collect();
        columns.filled = keep.iter().map(|&c| columns.filled[c]).collect();
        columns.index = columns.names.iter().enumerate().map(|(c, n)| (n.clone(), c)).collect();
        columns.width = columns.names.len();
        columns.cells.clear();
        for name in &columns.names {
            out.cell(name, Kind::Text);
        }
        out.end_row(Origin::default());
        for row in std::mem::take(&mut self.held).iter() {
            for &c in &keep {
                out.cell(row.text(c), row.kind(c));
            }
            out.end_row(row.origin);
        }
    }
}

impl Reader for JsonReader {
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.begun {
            self.splitter.push(bytes);
        } else {
            self.start.extend_from_slice(bytes);
            if self.start.len() < 3 || self.waits(false) {
                return;
            }
            self.begin();
            self.head_of_socrata(out);
        }
        self.run(false, out, findings);
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        if !self.begun {
            self.waits(true);
            self.begin();
            self.head_of_socrata(out);
        }
        if std::mem::take(&mut self.nameless) {
            findings.push(Finding::new("C273", "", Place::default()).arg("bound", MAX_RECORD.to_string()));
        }
        self.run(true, out, findings);
        if !self.header {
            self.settle(out);
        }
        if self.form == Form::GeoJson {
            self.splitter.beside.retain(|name| name != "type");
        }
        if !self.named.is_empty() {
            self.splitter.beside.retain(|name| name != socrata::META);
        }
        if !self.stopped && self.splitter.in_list() && !self.splitter.reached() {
            findings.push(Finding::new("C218", "list", Place::default()));
        } else if !self.splitter.beside.is_empty() && self.splitter.path().is_some_and(|p| !p.is_empty()) {
            findings.push(Finding::new("C222", "", Place::default()).arg("names", self.splitter.beside.join(", ")));
        }
    }

    fn facts(&self) -> Facts {
        let mut more = Vec::new();
        if let Some(path) = self.splitter.path().filter(|p| !p.is_empty()) {
            more.push(("records", pointer_of(path)));
        }
        let encoding = if self.windows { "windows-1252" } else { "utf-8" };
        let names = self.columns.names.iter().zip(&self.columns.ways).take(self.columns.width);
        let placed = names
            .filter(|(_, way)| self.geo && way.strip_prefix(GEOMETRY).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
            .map(|(name, _)| name.clone())
            .collect();
        Facts { encoding, more, sheet: None, keyed: self.shape != Some(Shape::Lists), open: false, placed }
    }

    fn late(&self) -> &[String] {
        if self.shape == Some(Shape::Lists) { &[] } else { self.columns.names.get(self.columns.width..).unwrap_or_default() }
    }

    fn pointer(&self, row: u64, column: Option<&str>) -> Option<String> {
        let mut pointer = String::new();
        if let Some(path) = self.splitter.path() {
            pointer = pointer_of(path);
            let _ = write!(pointer, "/{}", row.checked_sub(1)?);
        }
        if let Some(way) = column.and_then(|c| self.columns.index.get(c)).and_then(|&c| self.columns.ways.get(c)) {
            pointer.push_str(way);
        }
        Some(pointer)
    }

    fn unread(&self) -> u64 {
        self.unread
    }
}

impl JsonReader {
    /// Whether more bytes are wanted before it is known where the records are: the names of a Socrata file's columns stand before them, behind
    /// much else. `last` says that no bytes follow.
    fn waits(&mut self, last: bool) -> bool {
        let Some(wanted) = self.socrata else { return false };
        if self.start.len() < wanted && !last {
            return true;
        }
        let bytes = self.start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.start);
        let columns = match socrata::columns(&start_of(bytes)) {
            // Each time twice as much, so that nothing is looked at often.
            Known::More if !last && self.start.len() < MAX_RECORD => {
                self.socrata = Some(self.start.len() * 2);
                return true;
            }
            Known::Is(columns) => columns,
            Known::Not => Vec::new(),
            Known::More => {
                self.nameless = self.start.len() >= MAX_RECORD;
                Vec::new()
            }
        };
        self.socrata = None;
        let mut column = 0..;
        self.placed = columns.iter().map(|c| if c.own { None } else { column.next() }).collect();
        self.named = columns.into_iter().filter(|c| !c.own).map(|c| c.name).collect();
        if !self.named.is_empty() {
            self.splitter = Splitter::new(Where::List(vec![socrata::DATA.to_owned()]));
        }
        false
    }

    /// Gives the names of a Socrata file's columns as the header.
    fn head_of_socrata(&mut self, out: &mut Rows) {
        if self.named.is_empty() {
            return;
        }
        (self.header, self.shape) = (true, Some(Shape::Lists));
        for name in &self.named {
            out.cell(name, Kind::Text);
        }
        out.end_row(Origin::default());
        let kept = self.placed.iter().enumerate().filter(|(_, column)| column.is_some());
        for ((place, _), (column, name)) in kept.zip(self.named.iter().enumerate()) {
            self.columns.index.entry(name.clone()).or_insert(column);
            self.columns.ways.push(format!("/{place}"));
        }
    }

    fn begin(&mut self) {
        self.begun = true;
        let start = std::mem::take(&mut self.start);
        self.splitter.push(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start));
    }
}

fn pointer_of(path: &[String]) -> String {
    path.iter().fold(String::new(), |mut out, part| {
        let _ = write!(out, "/{}", part.replace('~', "~0").replace('/', "~1"));
        out
    })
}

/// Where the records are in what starts so.
fn find_records(form: Form, text: &[u8], whole: bool) -> Where {
    let text = start_of(text);
    if form == Form::Ndjson {
        // Records on lines of their own can be told apart even where one is at fault.
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
        let alone = Parser::new(first).skip(None).is_ok_and(|()| true) || first.trim_end().ends_with(['}', ']']);
        return if alone { Where::Lines } else { Where::Sequence };
    }
    if text.starts_with('[') {
        // A list of plain values in a line by itself is a record, not a list of records.
        let mut parser = Parser::new(&text);
        let plain = matches!(parser.open_list(), Ok(true)) && !matches!(parser.peek(), Some(b'{' | b'[') | None);
        return if plain { Where::Sequence } else { Where::List(Vec::new()) };
    }
    if form == Form::GeoJson {
        return Where::List(vec!["features".to_owned()]);
    }
    match largest_list(&text) {
        Some(path) => Where::List(path),
        None if whole => Where::Sequence,
        None => Where::FirstList,
    }
}

/// Whether a record is a feature of GeoJSON.
fn is_feature(text: &str) -> bool {
    let mut parser = Parser::new(text);
    let (mut typed, mut properties) = (false, false);
    let mut more = parser.open_object().unwrap_or(false);
    while more {
        let Ok(name) = parser.name() else { return false };
        let Ok(value) = parser.value() else { return false };
        typed |= name == "type" && value == Value::Text("Feature".into());
        properties |= name == "properties";
        more = parser.more_members().unwrap_or(false);
    }
    typed && properties
}

/// The first two numbers of a point.
fn point_of<'t>(geometry: &Value<'t>) -> Option<[&'t str; 2]> {
    let Value::Nested(text) = geometry else { return None };
    let mut parser = Parser::new(text);
    let (mut point, mut found) = (false, None);
    let mut more = parser.open_object().ok()?;
    while more {
        let name = parser.name().ok()?;
        let value = parser.value().ok()?;
        match (&*name, &value) {
            ("type", Value::Text(t)) => point = t == "Point",
            ("coordinates", Value::Nested(text)) => {
                let mut list = Parser::new(text);
                if list.open_list() == Ok(true)
                    && let Ok(Value::Number(x)) = list.value()
                    && list.more_items() == Ok(true)
                    && let Ok(Value::Number(y)) = list.value()
                {
                    found = Some([x, y]);
                }
            }
            _ => {}
        }
        more = parser.more_members().ok()?;
    }
    found.filter(|_| point)
}
