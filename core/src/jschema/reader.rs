//! Documents of a nested resource as a reader: records one by one, each checked where it lies; then what stands beside them.
//!
//! The rows that it gives hold the records' keys alone, so that rules between records are those of tables.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::evidence::Score;
use super::plan::Nested;
use super::quick::Quick;
use super::run::{Answer, Space};
use super::scan::{Scanned, Scanner};
use super::tape::{Kind, Stop, Tape};
use super::tell::{self, Stretch};
use super::{Compiled, Problem};
use crate::bounds::{MAX_ENVELOPE, MAX_NESTING, MAX_RECORD};
use crate::decode::encoding::windows_1252;
use crate::finding::{Finding, Place};
use crate::read::json::parse::{Parser, What};
use crate::read::recode::{self, Charset};
use crate::read::{Facts, Form, Kind as CellKind, Origin, ReadOptions, Reader, Rows};

/// How a file is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cut {
    /// One record behind the other.
    Lines,
    /// Records in the list of that path. `bare` says that each is the schema's root, and that what is beside them is not checked.
    List { path: Vec<String>, bare: bool },
    /// The document is the record.
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In front of the list.
    Before,
    /// Between records.
    Between,
    /// Behind the list.
    Behind,
    /// Nothing more can be read.
    Dead,
}

/// Reads documents of a nested resource.
pub struct NestedReader {
    nested: Arc<Nested>,
    score: Score,
    compiled: Option<Arc<Compiled>>,
    problems: Vec<Problem>,
    /// What the file says of itself that speaks against the resource.
    contradicted: Option<Finding>,
    cut: Cut,
    prefix: String,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    column: u64,
    state: State,
    /// Bytes at hand below which it is of no use to try again.
    wait: usize,
    begun: bool,
    comma: bool,
    row: u64,
    unread: u64,
    windows: bool,
    /// The file is of one byte a letter, by its start.
    single: bool,
    told: bool,
    /// What stands beside the records: the bytes up to the list and behind it, and where the latter begin.
    beside: Vec<u8>,
    seam: Option<(usize, Origin)>,
    /// Digests of the records, where no two may be the same.
    seen: HashSet<[u8; 16]>,
    tape: Tape,
    space: Space,
    quick: Quick,
    /// A record of which nothing but its being clean matters: there are no keys to be read from it, and it may stand twice.
    simple: bool,
}

/// The finding that a file states what the resource is not.
fn contradicted(nested: &Nested, value: &Value) -> Option<Finding> {
    let (said, pointer, allowed) = nested.contradiction(value)?;
    let finding = Finding::new("C263", "", Place { pointer: Some(pointer.into()), ..Place::default() }).value(&said);
    Some(finding.arg("standard", nested.table.standard.as_str()).arg("allowed", allowed.join(" or ")))
}

impl NestedReader {
    /// A reader of a file that starts so.
    pub fn new(nested: Arc<Nested>, form: Form, sample: &[u8], whole: bool, options: &ReadOptions) -> NestedReader {
        let text = String::from_utf8_lossy(sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample));
        let text = text.trim_start();
        let begun = super::evidence::start(text);
        let mut reader = NestedReader {
            nested: nested.clone(),
            score: begun.as_ref().map(|(value, cut)| nested.score(value, *cut, form)).unwrap_or_default(),
            compiled: None,
            problems: Vec::new(),
            contradicted: begun.as_ref().and_then(|(value, _)| contradicted(&nested, value)),
            cut: Cut::Whole,
            prefix: String::new(),
            buffer: Vec::new(),
            at: 0,
            line: 1,
            column: 1,
            state: State::Before,
            wait: 0,
            begun: false,
            comma: false,
            row: 0,
            unread: 0,
            windows: false,
            single: !matches!(recode::evidence(sample, whole).charset, Charset::Utf8),
            told: false,
            beside: Vec::new(),
            seam: None,
            seen: HashSet::new(),
            tape: Tape::default(),
            space: Space::default(),
            quick: Quick::default(),
            simple: false,
        };
        let schema = match nested.schema() {
            Ok(schema) => schema,
            Err(problem) => {
                reader.problems.push(problem);
                return reader;
            }
        };
        let lists = schema.lists();
        let wanted = options.records.as_ref().or(nested.records.as_ref());
        let list = match wanted {
            Some(pointer) => Some(path_of(pointer)),
            None if form == Form::Ndjson => None,
            None if text.starts_with('[') => Some(Vec::new()),
            None => match &lists[..] {
                [one] => Some(one.clone()),
                // Of several lists the one that fills the file is read record by record, unless the file is small.
                [_, ..] if !whole => crate::read::json::largest_list(text).filter(|path| lists.contains(path)),
                _ => None,
            },
        };
        let known = list.as_ref().filter(|path| lists.contains(path));
        let parts = known.cloned().or_else(|| (form == Form::Ndjson && lists.iter().any(Vec::is_empty)).then(Vec::new));
        match schema.compile(parts.as_deref()) {
            Ok(compiled) => reader.compiled = Some(compiled),
            Err(problems) => reader.problems = problems,
        }
        reader.cut = match list {
            _ if form == Form::Ndjson && wanted.is_none() => Cut::Lines,
            Some(path) if lists.contains(&path) => Cut::List { path, bare: false },
            Some(path) if path.is_empty() && wanted.is_none() && schema.takes_lists() => Cut::Whole,
            Some(path) => Cut::List { path, bare: true },
            None => Cut::Whole,
        };
        let unique = reader.compiled.as_ref().is_some_and(|c| c.split.as_ref().is_some_and(|s| s.unique));
        reader.simple = !unique && nested.keys.iter().all(String::is_empty);
        if let Cut::List { path, .. } = &reader.cut {
            reader.prefix = path.iter().fold(String::new(), |p, name| super::documents::step(&p, name));
        }
        reader
    }

    fn here(&self) -> Origin {
        Origin { row: self.row, line: self.line, byte_column: self.column }
    }

    /// Steps over bytes.
    fn advance(&mut self, buffer: &[u8], to: usize) {
        let passed = &buffer[self.at..to];
        let lines = memchr::memchr_iter(b'\n', passed).count();
        match memchr::memrchr(b'\n', passed) {
            Some(last) => {
                self.line += lines as u64;
                self.column = (passed.len() - last) as u64;
            }
            None => self.column += passed.len() as u64,
        }
        self.at = to;
    }

    fn run(&mut self, last: bool, out: &mut Rows, findings: &mut Vec<Finding>) {
        if !self.begun {
            if self.buffer.len() < 3 && !last {
                return;
            }
            self.begin(out, findings);
        }
        // The bytes are lent out while records are read where they lie.
        let buffer = std::mem::take(&mut self.buffer);
        while self.state != State::Dead && self.step(&buffer, last, out, findings) {}
        if self.state == State::Dead {
            self.at = buffer.len();
        }
        self.buffer = buffer;
    }

    fn begin(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.begun = true;
        if self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        self.nested.table.schema.fields.iter().for_each(|field| out.cell(&field.name, CellKind::Text));
        out.end_row(Origin { row: 0, line: 1, byte_column: 1 });
        findings.extend(self.contradicted.take());
        for problem in &self.problems {
            findings.push(problem.finding());
        }
        if self.compiled.is_none() {
            self.state = State::Dead;
        }
    }

    /// Whether all bytes at hand are read and a record comes next, as it should.
    fn stands_at_record(&self) -> bool {
        if self.at < self.buffer.len() {
            return false;
        }
        match (&self.cut, self.state) {
            (Cut::Lines, State::Before) => self.begun,
            (Cut::List { .. }, State::Between) => self.comma || self.row == 0,
            _ => false,
        }
    }

    /// Steps over what the scanner found between two records: blanks, and in a list one comma.
    fn pass_between(&mut self, block: &[u8], to: usize) {
        if to == self.at + 1 && block[self.at] != b'\n' {
            self.pass(block, to, true);
        } else {
            self.advance(block, to);
        }
        self.comma = true;
    }

    /// Does what can be done with the bytes at hand; false when there is nothing more.
    fn step(&mut self, buffer: &[u8], last: bool, out: &mut Rows, findings: &mut Vec<Finding>) -> bool {
        match (&self.cut, self.state) {
            (Cut::Lines, _) => self.next_line(buffer, last, out, findings),
            (Cut::List { .. }, State::Before) => self.find_list(buffer, last, findings),
            (Cut::List { .. }, State::Between) => self.next_entry(buffer, last, out, findings),
            _ => {
                self.beside.extend_from_slice(&buffer[self.at..]);
                self.at = buffer.len();
                self.bounded(findings);
                false
            }
        }
    }

    /// What is beside the records must not grow without end.
    fn bounded(&mut self, findings: &mut Vec<Finding>) {
        if self.beside.len() > MAX_ENVELOPE {
            findings.push(Finding::new("C262", "", Place::default()).arg("bound", MAX_ENVELOPE.to_string()));
            self.unread += u64::from(self.cut == Cut::Whole);
            self.beside = Vec::new();
            self.told = true;
            self.state = State::Dead;
        }
    }

    fn skip_blanks(&mut self, buffer: &[u8], more: &[u8]) {
        let rest = &buffer[self.at..];
        if rest.first().is_none_or(|b| *b > b' ') {
            return;
        }
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r') || more.contains(b)).count();
        self.advance(buffer, self.at + blanks);
    }

    /// Whether it is too early to try again.
    fn must_wait(&self, buffer: &[u8], last: bool) -> bool {
        !last && buffer.len() - self.at < self.wait
    }

    fn wait_for_more(&mut self, buffer: &[u8]) {
        // Each try looks at all that is at hand, so the next one comes when there is twice as much.
        self.wait = (buffer.len() - self.at) * 2;
    }

    fn next_line(&mut self, buffer: &[u8], last: bool, out: &mut Rows, findings: &mut Vec<Finding>) -> bool {
        self.skip_blanks(buffer, b"\x1e");
        if self.at == buffer.len() || self.must_wait(buffer, last) {
            return false;
        }
        if self.ordinary(buffer, out) {
            return true;
        }
        match self.tape.read(buffer, self.at, last) {
            Ok(end) => self.record(buffer, end, out, findings),
            Err(stop) => {
                let behind = match stop {
                    Stop::More => None,
                    Stop::Bad(at) | Stop::Deep(at) => memchr::memchr(b'\n', &buffer[at..]).map(|i| at + i + 1),
                };
                if behind.is_none() && !last {
                    return self.too_long(buffer, findings);
                }
                let end = behind.unwrap_or(buffer.len());
                self.lost(buffer, end, stop, findings);
            }
        }
        true
    }

    /// A record that is not whole yet: waits, unless it is longer than any may be.
    fn too_long(&mut self, buffer: &[u8], findings: &mut Vec<Finding>) -> bool {
        if buffer.len() - self.at <= MAX_RECORD {
            self.wait_for_more(buffer);
            return false;
        }
        self.row += 1;
        self.unread += 1;
        findings.push(Finding::new("C216", "record", place(self.here())).arg("bound", MAX_RECORD.to_string()));
        self.state = State::Dead;
        self.told = true;
        false
    }

    /// A record that is no JSON.
    fn lost(&mut self, buffer: &[u8], end: usize, stop: Stop, findings: &mut Vec<Finding>) {
        self.row += 1;
        self.unread += 1;
        self.wait = 0;
        findings.push(fault_of(&buffer[self.at..end], self.here(), stop, self.at));
        self.advance(buffer, end);
    }

    fn find_list(&mut self, buffer: &[u8], last: bool, findings: &mut Vec<Finding>) -> bool {
        if self.must_wait(buffer, last) {
            return false;
        }
        let Cut::List { path, .. } = self.cut.clone() else { return false };
        match seek(buffer, self.at, &path, &mut self.tape, last) {
            Ok(Some(inside)) => {
                self.beside.extend_from_slice(&buffer[self.at..inside]);
                self.advance(buffer, inside);
                self.state = State::Between;
                self.wait = 0;
                self.comma = false;
            }
            // There is no such list: what is there instead is for the schema of the whole document to say.
            Ok(None) => self.state = State::Behind,
            Err(Stop::More) if !last => {
                if buffer.len() - self.at > MAX_ENVELOPE {
                    self.beside = vec![0; MAX_ENVELOPE + 1];
                    self.bounded(findings);
                    return false;
                }
                self.wait_for_more(buffer);
                return false;
            }
            Err(_) => self.state = State::Behind,
        }
        true
    }

    fn next_entry(&mut self, buffer: &[u8], last: bool, out: &mut Rows, findings: &mut Vec<Finding>) -> bool {
        self.skip_blanks(buffer, b"");
        let Some(&byte) = buffer.get(self.at) else {
            if last {
                let mut finding = stopped(self.here(), "the file ends before the list of records does");
                finding.place.pointer = Some(self.prefix.as_str().into());
                findings.push(finding);
                (self.state, self.told) = (State::Dead, true);
            }
            return false;
        };
        match byte {
            b']' => {
                if self.comma && self.row > 0 {
                    findings.push(between(self.here(), "there is a comma behind the last record"));
                }
                self.seam = Some((self.beside.len(), self.here()));
                self.state = State::Behind;
                return true;
            }
            b',' => {
                if self.comma || self.row == 0 {
                    findings.push(between(self.here(), "there is a comma without a record before it"));
                }
                self.comma = true;
                self.advance(buffer, self.at + 1);
                return true;
            }
            _ => {}
        }
        if self.must_wait(buffer, last) {
            return false;
        }
        let missing = !self.comma && self.row > 0;
        if !missing && self.ordinary(buffer, out) {
            self.comma = false;
            return true;
        }
        let here = self.here();
        match self.tape.read(buffer, self.at, last) {
            Ok(end) => self.record(buffer, end, out, findings),
            Err(Stop::More) if !last => return self.too_long(buffer, findings),
            Err(stop) => match balanced(&buffer[self.at..]) {
                // A brace that closes nothing is a lost record by itself.
                Some(length) => self.lost(buffer, self.at + length.max(1), stop, findings),
                None if !last => return self.too_long(buffer, findings),
                None => {
                    self.lost(buffer, buffer.len(), stop, findings);
                    (self.state, self.told) = (State::Dead, true);
                    return false;
                }
            },
        }
        if missing {
            findings.push(between(here, "a comma is missing between two records"));
        }
        self.comma = false;
        true
    }

    /// Reads the record at hand where it is an ordinary one that is clean.
    fn ordinary(&mut self, buffer: &[u8], out: &mut Rows) -> bool {
        let Some(compiled) = self.compiled.as_ref().filter(|_| self.simple) else { return false };
        let Some(record) = compiled.quick(buffer, self.at, &mut self.quick) else { return false };
        self.row += 1;
        self.wait = 0;
        out.cell("", CellKind::Text);
        out.end_row(self.here());
        self.pass(buffer, record.end, record.one_line);
        true
    }

    /// Steps over bytes, of which it may be known that no line ends in them.
    fn pass(&mut self, buffer: &[u8], to: usize, one_line: bool) {
        if one_line {
            self.column += (to - self.at) as u64;
            self.at = to;
        } else {
            self.advance(buffer, to);
        }
    }

    /// A record that is whole: its parts are on the tape.
    fn record(&mut self, buffer: &[u8], end: usize, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.row += 1;
        self.wait = 0;
        let origin = self.here();
        let start = self.at;
        let pointer = match &self.cut {
            Cut::List { .. } => Some(self.row - 1),
            _ => None,
        };
        self.check(buffer, start, end, origin, pointer, None, out, findings);
        self.advance(buffer, end);
    }

    #[allow(clippy::too_many_arguments)]
    fn check(
        &mut self,
        buffer: &[u8],
        start: usize,
        end: usize,
        origin: Origin,
        entry: Option<u64>,
        rest: Option<Option<(usize, Origin)>>,
        out: &mut Rows,
        findings: &mut Vec<Finding>,
    ) {
        let Some(compiled) = self.compiled.clone() else { return };
        let bytes = &buffer[start..end];
        let mut recoded = String::new();
        let is_text = std::str::from_utf8(bytes).is_ok();
        if !is_text {
            if self.single {
                if !std::mem::replace(&mut self.windows, true) {
                    findings.push(Finding::new("C101", "file", Place::default()));
                }
                recoded = windows_1252(bytes);
            } else {
                let (text, first) = recode::mixed(bytes);
                let place = Place { row: origin.row, line: origin.line, byte_column: origin.byte_column, ..Place::default() };
                findings.push(recode::mixed_finding(bytes, first, place));
                recoded = text;
            }
        }
        let checker = match (&rest, &compiled.rest) {
            (Some(_), Some(checker)) => checker,
            (Some(_), None) => return,
            (None, _) => &compiled.record,
        };
        let mut answer = Answer::Unsure;
        if is_text {
            answer = compiled.program.run(checker.node, buffer, &self.tape, &mut self.space);
        }
        let unique = rest.is_none() && compiled.split.as_ref().is_some_and(|s| s.unique);
        if answer == Answer::Clean && !unique && self.nested.keys.iter().all(String::is_empty) {
            if rest.is_none() {
                out.cell("", CellKind::Text);
                out.end_row(origin);
            }
            return;
        }
        // From here on places count from the record's start.
        let text = if is_text { std::str::from_utf8(bytes).unwrap_or_default() } else { &recoded };
        if self.tape.read(text.as_bytes(), 0, true).is_err() {
            return;
        }
        let pointer = match entry {
            Some(entry) => format!("{}/{entry}", self.prefix),
            None => String::new(),
        };
        let stretch = Stretch { text, tape: &self.tape, origin, pointer: &pointer, seam: rest.flatten() };
        if answer != Answer::Clean || unique {
            match serde_json::from_str::<Value>(text) {
                Ok(value) => {
                    if answer != Answer::Clean {
                        match checker.faults(&value, &compiled.documents) {
                            Ok(faults) => {
                                findings.extend(super::fault::settle(faults).iter().map(|f| tell::finding(f, &stretch)));
                            }
                            Err(Some(problem)) => {
                                if !std::mem::replace(&mut self.told, true) {
                                    findings.push(problem.finding());
                                }
                            }
                            Err(None) => {
                                let code = if answer == Answer::Not {
                                    Finding::new("C378", "", Place::default())
                                } else {
                                    Finding::new("C379", "", Place::default())
                                };
                                let mut finding = code;
                                finding.place = stretch.place(0);
                                finding.place.pointer = Some(pointer.as_str().into());
                                findings.push(finding);
                            }
                        }
                    }
                    if unique && !self.seen.insert(digest(&value)) {
                        let mut finding = Finding::new("C430", "", stretch.place(0));
                        finding.place.pointer = Some(pointer.as_str().into());
                        findings.push(finding);
                    }
                }
                Err(e) => {
                    let sentence = e.to_string();
                    let what = sentence.split(" at line ").next().unwrap_or(&sentence).to_owned();
                    findings.push(Finding::new("C105", "", stretch.place(0)).arg("what", what));
                    self.unread += 1;
                }
            }
        }
        if rest.is_none() {
            for key in &self.nested.keys {
                let found = if key.is_empty() { None } else { key_part(text, &self.tape, key) };
                match found {
                    Some(part) if self.tape.part(part).kind != Kind::Null => out.cell(&tell::shown(text, &self.tape, part), CellKind::Text),
                    _ => out.cell("", CellKind::Text),
                }
            }
            out.end_row(origin);
        }
    }

    /// What stands beside the records, once all of it is at hand.
    fn close(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.told || self.compiled.is_none() || self.cut == Cut::Lines {
            return;
        }
        let beside = std::mem::take(&mut self.beside);
        let blanks = beside.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let whole = self.cut == Cut::Whole;
        let line = 1 + memchr::memchr_iter(b'\n', &beside[..blanks]).count() as u64;
        let byte_column = memchr::memrchr(b'\n', &beside[..blanks]).map_or(blanks as u64 + 1, |i| (blanks - i) as u64);
        let origin = Origin { row: u64::from(whole), line, byte_column };
        let stop = match self.tape.read(&beside, blanks, true) {
            Ok(end) => match beside[end..].iter().position(|b| !b.is_ascii_whitespace()) {
                Some(more) => Err(Stop::Bad(end + more)),
                None => Ok(end),
            },
            Err(stop) => Err(stop),
        };
        let end = match stop {
            Ok(end) => end,
            Err(stop) => {
                self.unread += u64::from(whole);
                let text = String::from_utf8_lossy(&beside);
                let stretch = Stretch {
                    text: &text,
                    tape: &self.tape,
                    origin: Origin { row: 0, line: 1, byte_column: 1 },
                    pointer: "",
                    seam: self.seam,
                };
                let (at, kind) = match stop {
                    Stop::More => (beside.len(), "cut"),
                    Stop::Bad(at) | Stop::Deep(at) => (at, "stopped"),
                };
                let near: String = text.get(at..).unwrap_or_default().chars().take(20).collect();
                let what = format!("what stands here is no JSON: {near}");
                findings.push(Finding::new("C105", kind, stretch.place(at.min(text.len()))).arg("what", what));
                return;
            }
        };
        let rest = (!whole).then_some(self.seam.map(|(at, origin)| (at - blanks, origin)));
        if whole {
            self.row = 1;
        }
        let bare = matches!(self.cut, Cut::List { bare: true, .. });
        if bare && self.seam.is_none() {
            findings.push(Finding::new("C218", "list", Place::default()));
        } else if !bare {
            self.check(&beside, blanks, end, origin, None, rest, out, findings);
        }
        let compiled = self.compiled.clone();
        let Some(split) = compiled.as_ref().and_then(|c| c.split.as_ref()).filter(|_| self.seam.is_some()) else { return };
        let count = self.row;
        let (kind, bound) = match split.most {
            Some(most) if count > most => ("many", most),
            _ if count < split.least => (if count == 0 { "empty" } else { "few" }, split.least),
            _ => return,
        };
        let place = Place { pointer: Some(self.prefix.as_str().into()), ..Place::default() };
        let finding = Finding::new("C368", kind, place);
        findings.push(finding.arg("bound", bound.to_string()).arg("count", count.to_string()));
    }
}

impl Problem {
    /// A problem that is none; only for what cannot come to pass.
    pub(crate) fn nothing() -> Problem {
        Problem::Invalid { file: String::new(), at: String::new(), problem: String::new() }
    }

    /// The finding of a schema that cannot be used.
    pub fn finding(&self) -> Finding {
        let make = |code: &'static str, file: &str, at: &str| {
            let finding = Finding::new(code, "", Place::default()).arg("file", file);
            if at.is_empty() { finding } else { finding.arg("at", at) }
        };
        match self {
            Problem::Invalid { file, at, problem } => make("C932", file, at).arg("problem", problem.as_str()),
            Problem::Missing { file, at, reference } => make("C933", file, at).value(reference),
            Problem::Endless { file, at } => make("C934", file, at),
        }
    }
}

impl Reader for NestedReader {
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.state == State::Dead {
            return;
        }
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
        self.run(false, out, findings);
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.run(true, out, findings);
        self.close(out, findings);
    }

    fn facts(&self) -> Facts {
        let records = match &self.cut {
            Cut::Lines => "one behind the other".to_owned(),
            Cut::List { path, .. } if path.is_empty() => "the entries of the list".to_owned(),
            Cut::List { .. } => self.prefix.clone(),
            Cut::Whole => "the whole document".to_owned(),
        };
        let left = self.compiled.as_ref().map(|c| c.left()).unwrap_or_default();
        let mut engine = "compiled schema, findings by the reference".to_owned();
        if !left.is_empty() {
            engine = format!("compiled schema; left to the reference: {}", left.join(", "));
        }
        Facts { encoding: "utf-8", more: vec![("records", records), ("engine", engine)], sheet: None, keyed: true, ..Facts::default() }
    }

    fn pointer(&self, row: u64, column: Option<&str>) -> Option<String> {
        let mut pointer = match &self.cut {
            Cut::List { .. } => format!("{}/{}", self.prefix, row.checked_sub(1)?),
            _ => String::new(),
        };
        let fields = &self.nested.table.schema.fields;
        if let Some(at) = column.and_then(|c| fields.iter().position(|f| f.name == c)) {
            pointer.push_str(self.nested.keys.get(at).map_or("", String::as_str));
        }
        Some(pointer)
    }

    fn unread(&self) -> u64 {
        self.unread
    }

    fn scanner(&self) -> Option<Scanner> {
        let lines = match &self.cut {
            Cut::Lines => true,
            Cut::List { .. } => false,
            Cut::Whole => return None,
        };
        let compiled = self.compiled.clone().filter(|_| self.simple && self.state != State::Dead)?;
        Some(Scanner::new(compiled, lines))
    }

    fn take(&mut self, block: &[u8], scanned: &Scanned, out: &mut Rows, findings: &mut Vec<Finding>) -> bool {
        if self.at < self.buffer.len() {
            // A record that waits for more bytes may be whole by now.
            self.wait = 0;
            self.run(false, out, findings);
        }
        if scanned.is_empty() || !self.stands_at_record() {
            return false;
        }
        self.buffer.clear();
        self.at = scanned.from();
        for record in scanned.records() {
            self.pass_between(block, record.start);
            match record.ordinary {
                Some(ordinary) => {
                    self.row += 1;
                    out.cell("", CellKind::Text);
                    out.end_row(self.here());
                    self.pass(block, ordinary.end, ordinary.one_line);
                }
                // The scanner has read it as JSON, so it is whole.
                None => {
                    if let Ok(end) = self.tape.read(block, self.at, false) {
                        self.record(block, end, out, findings);
                    }
                }
            }
            self.comma = false;
        }
        self.at = 0;
        self.wait = 0;
        true
    }

    fn nested(&self) -> Option<(&Arc<Nested>, Score)> {
        Some((&self.nested, self.score))
    }
}

fn place(origin: Origin) -> Place {
    Place { row: origin.row, record: origin.row, line: origin.line, byte_column: origin.byte_column, ..Place::default() }
}

fn between(origin: Origin, what: &'static str) -> Finding {
    Finding::new("C105", "between", place(origin)).arg("what", what)
}

fn stopped(origin: Origin, what: &'static str) -> Finding {
    Finding::new("C105", "stopped", place(origin)).arg("what", what)
}

/// What is wrong with a record that is no JSON, in the words of the reader of tables.
fn fault_of(bytes: &[u8], origin: Origin, stop: Stop, base: usize) -> Finding {
    let text = String::from_utf8_lossy(bytes);
    let mut parser = Parser::new(&text);
    let fault = parser.skip(None).and_then(|()| parser.end()).err();
    let at = match (stop, &fault) {
        (_, Some(fault)) => fault.at,
        (Stop::Bad(at) | Stop::Deep(at), None) => at - base,
        (Stop::More, None) => text.len(),
    };
    let stretch = Stretch { text: &text, tape: &Tape::default(), origin, pointer: "", seam: None };
    let at = at.min(text.len());
    let place = stretch.place(at);
    let near: String = text.get(at..).unwrap_or_default().chars().take(20).collect();
    match (stop, fault.map(|f| f.what)) {
        (Stop::Deep(_), _) | (_, Some(What::TooDeep)) => Finding::new("C216", "nested", place).arg("bound", MAX_NESTING.to_string()),
        (_, Some(What::Said(what))) => Finding::new("C105", "", place).arg("what", what).value(&near),
        (Stop::More, _) | (_, Some(What::Ends)) => Finding::new("C105", "cut", place),
        (Stop::Bad(_), None) => Finding::new("C105", "", place).arg("what", "it is not written as JSON").value(&near),
    }
}

fn path_of(pointer: &str) -> Vec<String> {
    let part = |p: &str| p.replace("~1", "/").replace("~0", "~");
    pointer.trim_start_matches('/').split('/').filter(|p| !p.is_empty()).map(part).collect()
}

/// The byte behind the bracket that opens the list of a path. `None` when there is no such list.
fn seek(bytes: &[u8], from: usize, path: &[String], tape: &mut Tape, last: bool) -> Result<Option<usize>, Stop> {
    let blanks = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        bytes.get(at).map(|b| (at, *b)).ok_or(Stop::More)
    };
    let mut at = from;
    for name in path {
        let (start, b'{') = blanks(at)? else { return Ok(None) };
        at = start + 1;
        loop {
            let (start, byte) = blanks(at)?;
            if byte != b'"' {
                return if byte == b'}' { Ok(None) } else { Err(Stop::Bad(start)) };
            }
            let end = tape.read(bytes, start, last)?;
            let part = tape.part(0);
            let raw = &bytes[part.start as usize..part.end as usize];
            let (colon, b':') = blanks(end)? else { return Err(Stop::Bad(end)) };
            if !part.escaped && raw == name.as_bytes() {
                at = colon + 1;
                break;
            }
            let (value, _) = blanks(colon + 1)?;
            let end = tape.read(bytes, value, last)?;
            match blanks(end)? {
                (comma, b',') => at = comma + 1,
                (_, b'}') => return Ok(None),
                (other, _) => return Err(Stop::Bad(other)),
            }
        }
    }
    let (start, byte) = blanks(at)?;
    Ok((byte == b'[').then_some(start + 1))
}

/// How many bytes belong to a value by its brackets and quotation marks alone; `None` when they do not close.
fn balanced(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut string, mut escape) = (0usize, false, false);
    for (i, &b) in bytes.iter().enumerate() {
        match b {
            _ if escape => escape = false,
            b'\\' if string => escape = true,
            b'"' => string = !string,
            _ if string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return Some(i + 1),
            b'}' | b']' | b',' if depth == 0 => return Some(i),
            _ => {}
        }
    }
    None
}

/// The part of a key.
fn key_part(text: &str, tape: &Tape, key: &str) -> Option<usize> {
    let mut at = 0;
    for name in path_of(key) {
        at = tell::member(text, tape, at, &name)?;
    }
    Some(at)
}

/// Sixteen bytes that two values share only when they are equal: by what they say, not by how they are written.
fn digest(value: &Value) -> [u8; 16] {
    let mut hash = Sha256::new();
    feed(value, &mut hash);
    let mut out = [0; 16];
    out.copy_from_slice(&hash.finalize()[..16]);
    out
}

fn feed(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(yes) => hash.update(if *yes { b"t" } else { b"f" }),
        Value::Number(n) => {
            // 1 and 1.0 are the same number.
            let text = n.to_string();
            let text = if text.contains(['e', 'E']) { text.as_str() } else { text.strip_suffix(".0").unwrap_or(&text) };
            hash.update(b"0");
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Value::String(text) => {
            hash.update(b"s");
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Value::Array(all) => {
            hash.update(b"[");
            hash.update((all.len() as u64).to_be_bytes());
            all.iter().for_each(|v| feed(v, hash));
        }
        Value::Object(map) => {
            hash.update(b"{");
            hash.update((map.len() as u64).to_be_bytes());
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            for name in names {
                hash.update((name.len() as u64).to_be_bytes());
                hash.update(name.as_bytes());
                feed(&map[name], hash);
            }
        }
    }
}
