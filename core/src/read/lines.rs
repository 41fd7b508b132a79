//! Bytes become lines of text, however they are cut: the encoding is found by the start, every kind of line end ends a line.

use super::recode::{self, Charset, Recoder};
use super::tally::Pending;
use crate::bounds::SAMPLE;
use crate::finding::Finding;

/// A line.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextLine<'t> {
    /// From 1.
    pub(super) number: u64,
    /// Its text without its end; empty when it is longer than the bound.
    pub(super) text: &'t str,
    /// It is longer than the bound.
    pub(super) over: bool,
    /// How the file is stored.
    pub(super) charset: Charset,
}

/// What takes the lines, in order, each when all that was found about its bytes was told.
pub(super) type Each<'e> = dyn FnMut(TextLine<'_>, &mut Vec<Finding>) + 'e;

/// Makes lines.
#[derive(Debug)]
pub(super) struct Lines {
    bound: usize,
    start: Vec<u8>,
    recoder: Option<Box<Recoder>>,
    /// The line that is not whole yet; nothing of it when it is longer than the bound.
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
    pub(super) fn push(&mut self, bytes: &[u8], findings: &mut Vec<Finding>, each: &mut Each<'_>) -> bool {
        if self.recoder.is_some() {
            self.take(bytes, false, findings, each);
            return true;
        }
        self.start.extend_from_slice(bytes);
        if self.start.len() >= SAMPLE {
            self.open(false, findings, each);
        }
        self.recoder.is_some()
    }

    /// Says that no bytes follow.
    pub(super) fn finish(&mut self, findings: &mut Vec<Finding>, each: &mut Each<'_>) {
        if self.recoder.is_none() {
            self.open(true, findings, each);
        }
        self.take(&[], true, findings, each);
        self.faults.rest(findings);
    }

    fn open(&mut self, whole: bool, findings: &mut Vec<Finding>, each: &mut Each<'_>) {
        let bytes = std::mem::take(&mut self.start);
        let guess = recode::sniff(&bytes[..bytes.len().min(SAMPLE)], whole);
        findings.extend(guess.findings);
        self.recoder = Some(Box::new(Recoder::new(guess.charset)));
        self.take(&bytes, false, findings, each);
    }

    fn take(&mut self, bytes: &[u8], last: bool, findings: &mut Vec<Finding>, each: &mut Each<'_>) {
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
            self.end_line(findings, each);
        }
        self.append(rest);
        let over = self.letters > self.bound;
        if last && (over || !self.line.trim_matches(['\u{1a}', ' ']).is_empty()) {
            self.end_line(findings, each);
        }
    }

    /// Adds to the line. Beyond the bound only its length is known.
    fn append(&mut self, text: &str) {
        self.letters = self.letters.saturating_add(text.chars().count());
        if self.letters <= self.bound {
            self.line.push_str(text);
        } else {
            self.line.clear();
        }
    }

    fn end_line(&mut self, findings: &mut Vec<Finding>, each: &mut Each<'_>) {
        let number = self.number;
        self.number += 1;
        let over = std::mem::take(&mut self.letters) > self.bound;
        self.faults.due(self.number, 0, findings);
        each(TextLine { number, text: &self.line, over, charset: self.charset() }, findings);
        self.line.clear();
    }
}
