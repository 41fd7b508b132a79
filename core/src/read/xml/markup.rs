//! Tags, attributes and text of XML, found by `quick-xml` in text that comes in pieces, with every bound and with the places in the file.

use std::collections::VecDeque;

use quick_xml::events::{BytesStart, Event};

use crate::bounds::{MAX_RECORD, XML_ATTRIBUTES, XML_DEPTH, XML_NAME};
use crate::finding::{Finding, Place};
use crate::read::recode::{Charset, Recoder, Walk};
use crate::read::tally::{Pending, Tally};

/// Where something stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// Line and byte in the file.
    pub(super) walk: Walk,
    /// Byte in the recoded text.
    pub(super) offset: u64,
}

/// What takes the parts of the markup, in order.
pub(super) trait Sink {
    /// An element begins.
    fn open(&mut self, name: Name<'_>, at: At);
    /// An attribute of the element that began last; none of them declares a name space.
    fn attribute(&mut self, name: Name<'_>, value: &str, at: At);
    /// A piece of text in the innermost open element; one text may come in several pieces.
    fn text(&mut self, text: &str, at: At);
    /// The innermost open element ends; `at` is behind its end.
    fn close(&mut self, at: At);
    /// Takes blanks and one whole record behind them at the start of a text, when there is nothing to tell about them; gives where the record
    /// begins and what is behind it. `walk` is the place of the text's start.
    fn ordinary(&mut self, _text: &str, _walk: Walk, _charset: Charset) -> Option<usize> {
        None
    }
    /// Hands over what was found.
    fn findings(&mut self, _: &mut Vec<Finding>) {}
}

/// A name in its two parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'n> {
    pub(super) prefix: &'n str,
    pub(super) local: &'n str,
}

impl<'n> Name<'n> {
    fn of(name: &'n str) -> Name<'n> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        Name { prefix, local }
    }
}

/// What stands for bytes that cannot be read.
const REPLACEMENT: &str = "\u{fffd}";

/// Longest reference such as `&amp;`, in bytes.
const REFERENCE: usize = 64;

/// The name space that the prefix `xml` always stands for.
const XML_SPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// The state between two pieces.
#[derive(Debug)]
pub(super) struct Markup {
    charset: Charset,
    /// Text that is not read yet, because its last tag is not whole.
    text: String,
    /// How long it must be before reading is worth trying again.
    wait: usize,
    walk: Walk,
    offset: u64,
    /// The names of the open elements, one behind the other, and where each starts.
    names: String,
    open: Vec<usize>,
    any: bool,
    stopped: bool,
    after_cr: bool,
    entities: Tally,
    controls: Tally,
    bytes: Pending,
    /// Of every U+FFFD in the text that is not read yet, how many bytes of the file it stands for. None when none of them was made by the recoder.
    lengths: VecDeque<u8>,
    scratch: String,
}

/// Why reading ends early.
struct Stop(Box<Finding>);

impl Markup {
    pub(super) fn new(charset: Charset) -> Markup {
        Markup {
            charset,
            text: String::new(),
            wait: 0,
            walk: Walk::new(),
            offset: 0,
            names: String::new(),
            open: Vec::new(),
            any: false,
            stopped: false,
            after_cr: false,
            entities: Tally::new("C236"),
            controls: Tally::new("C235"),
            bytes: Pending::default(),
            lengths: VecDeque::new(),
            scratch: String::new(),
        }
    }

    /// Takes the next bytes of the file.
    pub(super) fn push(&mut self, recoder: &mut Recoder, bytes: &[u8], sink: &mut impl Sink, findings: &mut Vec<Finding>) {
        if !self.stopped {
            let (mut faults, from) = (Vec::new(), self.text.len());
            recoder.push(bytes, &mut self.text, &mut faults);
            self.take(recoder, from, faults);
            self.go(false, sink, findings);
        }
    }

    /// Says that no bytes follow.
    pub(super) fn end(&mut self, recoder: &mut Recoder, sink: &mut impl Sink, findings: &mut Vec<Finding>) {
        if !self.stopped {
            let (mut faults, from) = (Vec::new(), self.text.len());
            recoder.finish(&mut self.text, &mut faults);
            self.take(recoder, from, faults);
            self.go(true, sink, findings);
        }
    }

    /// Keeps what the recoder found in the text from `from` on.
    fn take(&mut self, recoder: &Recoder, from: usize, faults: Vec<Finding>) {
        if self.offset == 0 && self.walk == Walk::new() {
            self.walk.past(recoder.mark());
        }
        self.bytes.add(faults);
        let replaced = recoder.replaced();
        if replaced.is_empty() && self.lengths.is_empty() {
            return;
        }
        let from = if self.lengths.is_empty() { 0 } else { from };
        let own = self.charset.stored(REPLACEMENT) as u8;
        let mut replaced = replaced.iter().peekable();
        let lengths = self.text[from..].match_indices(REPLACEMENT);
        self.lengths.extend(lengths.map(|(at, _)| replaced.next_if(|r| r.at == from + at).map_or(own, |r| r.bytes)));
    }

    /// Reads a text at once; when it is not `whole`, its last tag may be cut.
    pub(super) fn read(&mut self, text: &str, whole: bool, sink: &mut impl Sink, findings: &mut Vec<Finding>) {
        self.text.push_str(text);
        self.go(whole, sink, findings);
    }

    /// Tells what was counted.
    pub(super) fn finish(&mut self, findings: &mut Vec<Finding>) {
        self.bytes.rest(findings);
        self.controls.finish(findings);
        self.entities.finish(findings);
    }

    fn go(&mut self, last: bool, sink: &mut impl Sink, findings: &mut Vec<Finding>) {
        if self.text.len() < self.wait && !last {
            return;
        }
        let mut text = std::mem::take(&mut self.text);
        let used = match self.events(&text, last, sink, findings) {
            Ok(used) => used,
            Err(Stop(finding)) => {
                let finding = *finding;
                self.bytes.due(finding.place.line, finding.place.byte_column, findings);
                self.bytes.clear();
                findings.push(finding);
                self.stopped = true;
                text.len()
            }
        };
        text.drain(..used);
        self.wait = text.len() * 2;
        self.text = text;
    }

    fn at(&self) -> At {
        At { walk: self.walk, offset: self.offset }
    }

    /// Reads what is whole in a text, and gives how much that was.
    fn events(&mut self, text: &str, last: bool, sink: &mut impl Sink, findings: &mut Vec<Finding>) -> Result<usize, Stop> {
        let mut used = 0;
        // A reader of its own takes a mark at the start of its text for the file's; the recoder has taken that off already.
        while let Some(rest) = text[used..].strip_prefix('\u{feff}') {
            self.text_piece("\u{feff}", sink, findings)?;
            self.pass(&text[used..text.len() - rest.len()], findings);
            used = text.len() - rest.len();
        }
        let mut from = used;
        let mut reader = reader_of(&text[from..]);
        loop {
            // Records in which there is nothing to tell, for as long as they come.
            while !self.after_cr && self.any && self.bytes.is_empty() && self.lengths.is_empty() && self.open.len() + 2 <= XML_DEPTH {
                let Some(length) = sink.ordinary(&text[used..], self.walk, self.charset) else { break };
                self.pass(&text[used..used + length], findings);
                used += length;
            }
            // Where some were taken, the reader goes on behind them.
            if used > from + usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX) {
                from = used;
                reader = reader_of(&text[from..]);
            }
            let event = reader.read_event();
            let tail = &text[used..];
            let event = match event {
                Ok(Event::Eof) => break,
                Ok(event) => event,
                Err(error) => {
                    return if self.is_whole(tail, last, &error)? { Err(self.damaged("", "the tag is never closed")) } else { Ok(used) };
                }
            };
            let next = from + usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let Some(raw) = text.get(used..next) else { break };
            if !matches!(event, Event::Text(_)) && raw.len() > MAX_RECORD {
                return Err(self.too_large("", MAX_RECORD));
            }
            if !matches!(event, Event::Text(_)) {
                self.after_cr = false;
            }
            let before = self.at();
            match &event {
                Event::Start(tag) => self.start(tag, before, sink, findings)?,
                Event::Empty(tag) => {
                    self.start(tag, before, sink, findings)?;
                    self.pass(raw, findings);
                    used = next;
                    self.leave();
                    sink.close(self.at());
                    sink.findings(findings);
                    continue;
                }
                Event::End(tag) => {
                    let name = tag.name().into_inner();
                    match self.innermost() {
                        Some(open) if open == name => {}
                        Some(open) => return Err(self.damaged("", &format!("</{}> closes <{}>", short(name), short(open)))),
                        None => return Err(self.damaged("", &format!("</{}> closes nothing", short(name)))),
                    }
                    self.pass(raw, findings);
                    used = next;
                    self.leave();
                    sink.close(self.at());
                    sink.findings(findings);
                    continue;
                }
                Event::Text(_) => self.text_piece(raw, sink, findings)?,
                Event::CData(data) => {
                    if self.open.is_empty() {
                        return Err(self.damaged("", "text stands outside the outermost element"));
                    }
                    self.plain("<![CDATA[", data.as_ref(), sink, findings);
                    self.after_cr = false;
                }
                Event::GeneralRef(_) => self.reference(raw, sink, findings)?,
                Event::Decl(_) if self.offset > 0 => {
                    findings.push(Finding::new("C235", "declaration", before.walk.place()));
                }
                Event::DocType(text) => self.document_type(text.as_ref(), findings)?,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
            }
            sink.findings(findings);
            self.pass(raw, findings);
            used = next;
        }
        if last && let Some(name) = self.innermost() {
            return Err(Stop(Box::new(Finding::new("C235", "cut", self.walk.place()).value(name))));
        }
        if last && !self.any {
            return Err(self.damaged("", "there is no element in it"));
        }
        Ok(used)
    }

    /// Whether what `quick-xml` could not read is all there, and so is damaged; otherwise the rest of it is still to come.
    fn is_whole(&self, tail: &str, last: bool, error: &quick_xml::Error) -> Result<bool, Stop> {
        if let Some(rest) = tail.strip_prefix('&') {
            let end = rest.find(['<', '&', ';']).map_or(tail.len(), |i| i + 1);
            return if last || end < tail.len() || end > REFERENCE { Err(self.ampersand()) } else { Ok(false) };
        }
        if let Some(rest) = tail.strip_prefix("<!") {
            let begins = |word: &str| {
                let length = rest.len().min(word.len());
                rest.as_bytes()[..length].eq_ignore_ascii_case(&word.as_bytes()[..length])
            };
            if !begins("--") && !begins("[CDATA[") && !begins("DOCTYPE") {
                return Ok(true);
            }
        }
        if matches!(error, quick_xml::Error::IllFormed(_)) {
            return Ok(true);
        }
        if tail.len() > MAX_RECORD {
            return Err(self.too_large("", MAX_RECORD));
        }
        Ok(last)
    }

    /// Goes on over text, which begins `ahead` replacements behind where reading is, and gives how many it has.
    fn over(&self, walk: &mut Walk, raw: &str, ahead: usize) -> usize {
        if self.lengths.is_empty() {
            walk.over(raw, self.charset);
            return 0;
        }
        let (mut from, mut count) = (0, 0);
        for (at, replacement) in raw.match_indices(REPLACEMENT) {
            walk.over(&raw[from..at], self.charset);
            walk.past(self.lengths.get(ahead + count).copied().unwrap_or(1).into());
            from = at + replacement.len();
            count += 1;
        }
        walk.over(&raw[from..], self.charset);
        count
    }

    fn pass(&mut self, raw: &str, findings: &mut Vec<Finding>) {
        let mut walk = self.walk;
        let count = self.over(&mut walk, raw, 0);
        self.walk = walk;
        self.lengths.drain(..count.min(self.lengths.len()));
        self.offset += raw.len() as u64;
        self.bytes.due(self.walk.line, self.walk.column, findings);
    }

    fn innermost(&self) -> Option<&str> {
        self.open.last().map(|&start| &self.names[start..])
    }

    fn leave(&mut self) {
        if let Some(start) = self.open.pop() {
            self.names.truncate(start);
        }
    }

    fn damaged(&self, kind: &'static str, problem: &str) -> Stop {
        Stop(Box::new(Finding::new("C235", kind, self.walk.place()).arg("problem", problem)))
    }

    fn ampersand(&self) -> Stop {
        self.damaged("ampersand", "an & stands alone")
    }

    fn too_large(&self, kind: &'static str, bound: usize) -> Stop {
        Stop(Box::new(Finding::new("C216", kind, self.walk.place()).arg("bound", bound.to_string())))
    }

    fn start(&mut self, tag: &BytesStart<'_>, at: At, sink: &mut impl Sink, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        let name = tag.name().into_inner();
        self.name(name)?;
        if self.open.is_empty() && self.any {
            return Err(self.damaged("", &format!("a second outermost element <{}> begins", short(name))));
        }
        if self.open.len() >= XML_DEPTH {
            return Err(self.too_large("depth", XML_DEPTH));
        }
        self.any = true;
        self.open.push(self.names.len());
        self.names.push_str(name);
        // All attributes are looked at before any is handed on: a tag that is damaged is not read at all.
        let mut keys: Vec<&str> = Vec::new();
        let mut values = std::mem::take(&mut self.scratch);
        values.clear();
        let mut ends: Vec<usize> = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let Ok(attribute) = attribute else {
                return Err(self.damaged("", &format!("an attribute of <{}> is not written as name=\"value\"", short(name))));
            };
            let key = attribute.key.into_inner();
            self.name(key)?;
            if keys.len() >= XML_ATTRIBUTES {
                return Err(self.too_large("attributes", XML_ATTRIBUTES));
            }
            keys.push(key);
            if attribute.value.contains('<') {
                return Err(self.damaged("", &format!("a < stands in the attribute {}", short(key))));
            }
            self.unescape(&attribute.value, &mut values, findings)?;
            ends.push(values.len());
        }
        if keys.len() > 1 {
            let mut sorted = keys.clone();
            sorted.sort_unstable();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(self.damaged("", &format!("the attribute {} stands twice in <{}>", short(pair[0]), short(name))));
            }
        }
        sink.open(Name::of(name), at);
        let mut from = 0;
        for (key, &end) in keys.iter().zip(&ends) {
            let (parts, value) = (Name::of(key), &values[from..end]);
            from = end;
            match (parts.prefix, parts.local) {
                ("xmlns", "xml") if value != XML_SPACE => return Err(self.damaged("", "the prefix xml is given another meaning")),
                ("xmlns", "xmlns") => return Err(self.damaged("", "the prefix xmlns is given a meaning")),
                ("xmlns", _) | ("", "xmlns") => {}
                _ => sink.attribute(parts, value, at),
            }
        }
        self.scratch = values;
        Ok(())
    }

    fn name(&self, name: &str) -> Result<(), Stop> {
        if name.len() > XML_NAME {
            return Err(self.too_large("name", XML_NAME));
        }
        let other = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.' | '\u{b7}') || !c.is_ascii();
        let first = name.chars().next().is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | ':') || !c.is_ascii());
        if !first || !name.chars().all(other) || name.ends_with(':') || name.starts_with(':') {
            return Err(self.damaged("", &format!("\"{}\" cannot be a name", short(name))));
        }
        Ok(())
    }

    /// A run of text between two tags, or a piece of one.
    fn text_piece(&mut self, raw: &str, sink: &mut impl Sink, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        if self.open.is_empty() {
            let blank = raw.len() - raw.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
            if blank == raw.len() {
                return Ok(());
            }
            let mut walk = self.walk;
            walk.over(&raw[..blank], self.charset);
            let finding = Finding::new("C235", "", walk.place());
            return Err(Stop(Box::new(finding.arg("problem", "text stands outside the outermost element"))));
        }
        self.plain("", raw, sink, findings);
        Ok(())
    }

    /// Text without references, and the markup `before` it. Line ends become LF, as XML wants it.
    fn plain(&mut self, before: &str, raw: &str, sink: &mut impl Sink, findings: &mut Vec<Finding>) {
        if raw.bytes().any(|b| b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r')) {
            let mut walk = self.walk;
            if !before.is_empty() {
                walk.past(self.charset.stored(before));
            }
            let (mut from, mut passed) = (0, 0);
            for (i, c) in raw.char_indices().filter(|(_, c)| *c < ' ' && !matches!(c, '\t' | '\n' | '\r')) {
                passed += self.over(&mut walk, &raw[from..i], passed);
                from = i;
                self.bytes.due(walk.line, walk.column, findings);
                self.controls
                    .tell(findings, || Finding::new("C235", "control", walk.place()).arg("character", format!("U+{:04X}", u32::from(c))));
            }
        }
        let at = self.at();
        let raw = if self.after_cr { raw.strip_prefix('\n').unwrap_or(raw) } else { raw };
        if !raw.is_empty() {
            self.after_cr = raw.ends_with('\r');
        }
        if memchr::memchr(b'\r', raw.as_bytes()).is_some() {
            sink.text(&raw.replace("\r\n", "\n").replace('\r', "\n"), at);
        } else {
            sink.text(raw, at);
        }
    }

    /// `&name;` in text.
    fn reference(&mut self, raw: &str, sink: &mut impl Sink, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        if self.open.is_empty() {
            return Err(self.damaged("", "text stands outside the outermost element"));
        }
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        self.resolve(raw, &mut text, findings)?;
        sink.text(&text, self.at());
        self.scratch = text;
        Ok(())
    }

    /// Appends what a reference stands for; `raw` begins with `&`, and ends with `;` when that is there at all.
    fn resolve(&mut self, raw: &str, out: &mut String, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        let name = raw.strip_prefix('&').and_then(|r| r.strip_suffix(';')).filter(|_| raw.len() <= REFERENCE);
        let Some(name) = name else { return Err(self.ampersand()) };
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
        if let Some(character) = character {
            out.push(character);
            return Ok(());
        }
        if let Some(number) = name.strip_prefix('#') {
            let code = match number.strip_prefix('x') {
                Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
                None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
                _ => None,
            };
            match code.and_then(char::from_u32).filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r')) {
                Some(character) => out.push(character),
                None => {
                    out.push('\u{fffd}');
                    let walk = self.walk;
                    self.entities.tell(findings, || Finding::new("C236", "character", walk.place()).value(raw));
                }
            }
            return Ok(());
        }
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')) {
            return Err(self.ampersand());
        }
        out.push_str(raw);
        let walk = self.walk;
        self.entities.tell(findings, || Finding::new("C236", "entity", walk.place()).value(raw));
        Ok(())
    }

    /// The value of an attribute: references read, blanks of any kind a space, as XML wants it.
    fn unescape(&mut self, raw: &str, out: &mut String, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        let mut rest = raw;
        while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
            spaced(&rest[..at], out);
            let end = rest[at..].find(';').map_or(rest.len(), |i| at + i + 1);
            self.resolve(&rest[at..end], out, findings)?;
            rest = &rest[end..];
        }
        spaced(rest, out);
        Ok(())
    }

    /// A document type: it can only change what the text means, so it is never obeyed.
    fn document_type(&mut self, text: &str, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        if self.any {
            return Err(self.damaged("", "a document type stands behind the first element"));
        }
        let place = self.walk.place();
        let outer = &text[..text.find('[').unwrap_or(text.len())];
        let name = short(outer.split_ascii_whitespace().next().unwrap_or_default());
        if outer.len() < text.len() {
            findings.push(Finding::new("C236", "", place.clone()).value(name));
        }
        if outer.contains("SYSTEM") || outer.contains("PUBLIC") {
            findings.push(Finding::new("C236", "external", place).value(name));
        }
        Ok(())
    }
}

fn reader_of(text: &str) -> quick_xml::Reader<&[u8]> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    reader
}

fn spaced(text: &str, out: &mut String) {
    if text.bytes().any(|b| matches!(b, b'\t' | b'\n' | b'\r')) {
        let text = text.replace("\r\n", " ");
        out.extend(text.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }));
    } else {
        out.push_str(text);
    }
}

/// The start of a name, for a sentence.
fn short(name: &str) -> &str {
    name.char_indices().nth(60).map_or(name, |(at, _)| &name[..at])
}

impl At {
    /// The place in record `number`.
    pub(super) fn in_record(self, number: u64) -> Place {
        Place { row: number, record: number, ..self.walk.place() }
    }
}
