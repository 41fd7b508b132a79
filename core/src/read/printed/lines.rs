//! Bytes become lines of text, however they are cut: the encoding is found by the start, every kind of line end ends a line.

use crate::bounds::SAMPLE;
use crate::finding::Finding;
use crate::read::recode::{self, Charset, Recoder};
use crate::read::tally::Pending;

/// A line as it is stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Stored {
    /// From 1.
    pub(super) number: u64,
    /// Its text; empty when it is longer than the bound.
    pub(super) text: String,
    /// It is longer than the bound.
    pub(super) over: bool,
    /// What was found about its bytes.
    pub(super) faults: Vec<Finding>,
}

/// Makes lines.
#[derive(Debug)]
pub(super) struct Lines {
    bound: usize,
    start: Vec<u8>,
    recoder: Option<Box<Recoder>>,
    line: String,
    letters: usize,
    number: u64,
    after_cr: bool,
    faults: Pending,
}

impl Lines {
    /// Lines of at most so many letters.
    pub(super) fn new(bound: usize) -> Lines {
        Lines {
            bound,
            start: Vec::new(),
            recoder: None,
            line: String::new(),
            letters: 0,
            number: 1,
            after_cr: false,
            faults: Pending::default(),
        }
    }

    /// How the text is stored.
    pub(super) fn charset(&self) -> Charset {
        self.recoder.as_ref().map_or(Charset::Utf8, |r| r.charset())
    }

    /// Takes the next bytes; true once lines come.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<Stored>, findings: &mut Vec<Finding>) -> bool {
        if self.recoder.is_some() {
            self.take(bytes, false, out);
            return true;
        }
        self.start.extend_from_slice(bytes);
        if self.start.len() >= SAMPLE {
            self.open(false, out, findings);
        }
        self.recoder.is_some()
    }

    /// Says that no bytes follow.
    pub(super) fn finish(&mut self, out: &mut Vec<Stored>, findings: &mut Vec<Finding>) {
        if self.recoder.is_none() {
            self.open(true, out, findings);
        }
        self.take(&[], true, out);
        self.faults.rest(findings);
    }

    fn open(&mut self, whole: bool, out: &mut Vec<Stored>, findings: &mut Vec<Finding>) {
        let bytes = std::mem::take(&mut self.start);
        let guess = recode::sniff(&bytes[..bytes.len().min(SAMPLE)], whole);
        findings.extend(guess.findings);
        self.recoder = Some(Box::new(Recoder::new(guess.charset)));
        self.take(&bytes, false, out);
    }

    fn take(&mut self, bytes: &[u8], last: bool, out: &mut Vec<Stored>) {
        let Some(recoder) = &mut self.recoder else { return };
        let (mut text, mut faults) = (String::new(), Vec::new());
        recoder.push(bytes, &mut text, &mut faults);
        if last {
            recoder.finish(&mut text, &mut faults);
        }
        self.faults.add(faults);
        let mut rest = text.as_str();
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest.as_bytes()) {
            self.append(&rest[..end]);
            let cr = rest.as_bytes()[end] == b'\r';
            rest = &rest[end + 1..];
            if cr {
                self.after_cr = rest.is_empty();
                rest = rest.strip_prefix('\n').unwrap_or(rest);
            }
            self.end_line(out);
        }
        self.append(rest);
        if last && !self.line.trim_matches(['\u{1a}', ' ']).is_empty() {
            self.end_line(out);
        }
    }

    /// Adds to the line. Beyond the bound only its length is known.
    fn append(&mut self, text: &str) {
        self.letters = self.letters.saturating_add(text.chars().count());
        if self.letters <= self.bound {
            self.line.push_str(text);
        } else {
            self.line.clear();
            self.line.push('x');
        }
    }

    fn end_line(&mut self, out: &mut Vec<Stored>) {
        let number = self.number;
        self.number += 1;
        let over = std::mem::take(&mut self.letters) > self.bound;
        let mut faults = Vec::new();
        self.faults.due(self.number, 0, &mut faults);
        let text = std::mem::take(&mut self.line);
        out.push(Stored { number, text: if over { String::new() } else { text }, over, faults });
    }
}
