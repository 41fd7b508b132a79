//! Reading our own TOML files key by key, with findings that say where. Every key that nobody asked for is a finding.
//!
//! A place is a path counted from 1 (`table[2].field[3].steps[1]`) with its line in the file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::notes::{Notes, arg_if, listed, near, note};
use crate::decimal::Decimal;
use crate::finding::Finding;

/// Largest TOML file that is read, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// A text as TOML, between quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value with its line. Numbers stay digits, so that nothing passes through floating point.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    line: usize,
    pub(crate) node: Node,
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    Text(String),
    /// A number or a date, as written.
    Bare(String),
    Flag(bool),
    List(Vec<Item>),
    Table(BTreeMap<String, Item>),
}

impl Node {
    fn word(&self) -> &'static str {
        match self {
            Node::Text(_) => "a text",
            Node::Bare(_) => "a number or a date",
            Node::Flag(_) => "true or false",
            Node::List(_) => "a list",
            Node::Table(_) => "a table",
        }
    }
}

/// Reads a TOML file.
pub(crate) fn read(bytes: &[u8], notes: &mut Notes) -> Option<Item> {
    if bytes.len() > MAX_BYTES {
        let finding = note("C914", "", "").arg("count", bytes.len().to_string()).arg("what", "bytes").arg("limit", MAX_BYTES.to_string());
        notes.push(finding);
        return None;
    }
    let Some(text) = super::notes::utf8(bytes) else {
        notes.push(note("C901", "text", ""));
        return None;
    };
    let lines = Lines::of(text);
    match DeTable::parse(text) {
        Ok(table) => Some(item(table.span().start, DeValue::Table(table.into_inner()), &lines)),
        Err(e) => {
            let start = e.span().map_or(0, |s| s.start).min(text.len());
            let line = lines.line(start);
            let column = text.get(lines.starts[line - 1]..start).map_or(1, |s| s.chars().count() + 1);
            let problem = e.message().lines().collect::<Vec<_>>().join(", ");
            notes.push(note("C901", "toml", "").arg("problem", problem).arg("line", line.to_string()).arg("column", column.to_string()));
            None
        }
    }
}

struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Lines {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Lines { starts }
    }

    /// The line of a byte, from 1.
    fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|s| *s <= byte).max(1)
    }
}

fn item(at: usize, value: DeValue<'_>, lines: &Lines) -> Item {
    let node = match value {
        DeValue::String(text) => Node::Text(text.into_owned()),
        DeValue::Integer(number) => Node::Bare(integer(number.as_str(), number.radix())),
        DeValue::Float(number) => Node::Bare(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Node::Flag(yes),
        DeValue::Datetime(date) => Node::Bare(date.to_string()),
        DeValue::Array(list) => Node::List(list.into_iter().map(|value| item(value.span().start, value.into_inner(), lines)).collect()),
        DeValue::Table(table) => Node::Table(
            table
                .into_iter()
                .map(|(key, value)| {
                    let at = key.span().start;
                    (key.into_inner().into_owned(), item(at, value.into_inner(), lines))
                })
                .collect(),
        ),
    };
    Item { line: lines.line(at), node }
}

/// The digits of a whole number, in tens.
fn integer(text: &str, radix: u32) -> String {
    if radix == 10 { text.to_owned() } else { i128::from_str_radix(text, radix).map_or_else(|_| text.to_owned(), |n| n.to_string()) }
}

/// A table with its place, which remembers the keys that were asked for.
pub(crate) struct Keys<'a> {
    pub(crate) at: String,
    line: usize,
    map: &'a BTreeMap<String, Item>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Keys<'a> {
    /// The item as a table, or a finding.
    pub(crate) fn of(item: &'a Item, at: String, notes: &mut Notes) -> Option<Keys<'a>> {
        match &item.node {
            Node::Table(map) => Some(Keys { at, line: item.line, map, asked: RefCell::default() }),
            other => {
                wrong(notes, &at, item.line, other.word(), "a table");
                None
            }
        }
    }

    /// `here.key`
    pub(crate) fn path(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    /// A finding at a key of this table, with its line.
    pub(crate) fn note(&self, code: &'static str, kind: &'static str, key: &str) -> Finding {
        let line = self.map.get(key).map_or(self.line, |item| item.line);
        placed(code, kind, &if key.is_empty() { self.at.clone() } else { self.path(key) }, line)
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<&'a Item> {
        self.asked.borrow_mut().insert(key);
        self.map.get(key)
    }

    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.map.keys().map(String::as_str)
    }

    fn wrong(&self, key: &str, item: &Item, expected: &str, notes: &mut Notes) {
        wrong(notes, &self.path(key), item.line, item.node.word(), expected);
    }

    /// A text when the key is there.
    pub(crate) fn text(&self, key: &'static str, notes: &mut Notes) -> Option<&'a str> {
        let item = self.get(key)?;
        match &item.node {
            Node::Text(text) => Some(text),
            _ => {
                self.wrong(key, item, "a text", notes);
                None
            }
        }
    }

    /// A text that must be there and not be empty.
    pub(crate) fn need(&self, key: &'static str, notes: &mut Notes) -> Option<&'a str> {
        self.need_key(key, notes)?;
        let text = self.text(key, notes)?;
        if text.is_empty() {
            notes.push(self.note("C904", "blank", key));
            return None;
        }
        Some(text)
    }

    /// The item that must be there.
    pub(crate) fn need_key(&self, key: &'static str, notes: &mut Notes) -> Option<&'a Item> {
        let item = self.get(key);
        if item.is_none() {
            notes.push(self.note("C904", "", "").arg("member", key));
        }
        item
    }

    pub(crate) fn owned(&self, key: &'static str, notes: &mut Notes) -> String {
        self.text(key, notes).unwrap_or_default().to_owned()
    }

    pub(crate) fn flag(&self, key: &'static str, notes: &mut Notes) -> Option<bool> {
        let item = self.get(key)?;
        match &item.node {
            Node::Flag(yes) => Some(*yes),
            _ => {
                self.wrong(key, item, "true or false", notes);
                None
            }
        }
    }

    /// A number as plain digits, also from a text.
    pub(crate) fn number(&self, key: &'static str, notes: &mut Notes) -> Option<String> {
        let item = self.get(key)?;
        let digits = match &item.node {
            Node::Bare(text) | Node::Text(text) => Decimal::parse(text).map(|d| d.to_string()),
            _ => None,
        };
        if digits.is_none() {
            self.wrong(key, item, "a number", notes);
        }
        digits
    }

    /// A whole number in a range.
    pub(crate) fn whole(&self, key: &'static str, range: std::ops::RangeInclusive<i64>, notes: &mut Notes) -> Option<i64> {
        let item = self.get(key)?;
        let whole = match &item.node {
            Node::Bare(text) => text.parse::<i64>().ok().filter(|n| range.contains(n)),
            _ => None,
        };
        if whole.is_none() {
            self.wrong(key, item, &format!("a whole number from {} to {}", range.start(), range.end()), notes);
        }
        whole
    }

    /// A small count, such as digits after the point.
    pub(crate) fn small(&self, key: &'static str, notes: &mut Notes) -> Option<u32> {
        self.whole(key, 0..=1000, notes).and_then(|n| u32::try_from(n).ok())
    }

    /// A list of texts; numbers count as their digits, so that codes may be written bare.
    pub(crate) fn texts(&self, key: &'static str, notes: &mut Notes) -> Option<Vec<String>> {
        let item = self.get(key)?;
        let Node::List(list) = &item.node else {
            self.wrong(key, item, "a list of texts", notes);
            return None;
        };
        let mut texts = Vec::with_capacity(list.len());
        for (i, value) in list.iter().enumerate() {
            match &value.node {
                Node::Text(text) => texts.push(text.clone()),
                other => wrong(notes, &format!("{}[{}]", self.path(key), i + 1), value.line, other.word(), "a text"),
            }
        }
        Some(texts)
    }

    /// A list of texts that must be there and hold at least one.
    pub(crate) fn need_texts(&self, key: &'static str, notes: &mut Notes) -> Option<Vec<String>> {
        self.need_key(key, notes)?;
        let texts = self.texts(key, notes)?;
        if texts.is_empty() {
            notes.push(self.note("C904", "empty", key));
            return None;
        }
        Some(texts)
    }

    /// A list of tables (`[[key]]`).
    pub(crate) fn tables(&self, key: &'static str, notes: &mut Notes) -> Vec<Keys<'a>> {
        let Some(item) = self.get(key) else { return Vec::new() };
        let Node::List(list) = &item.node else {
            self.wrong(key, item, "a list of tables", notes);
            return Vec::new();
        };
        list.iter().enumerate().filter_map(|(i, value)| Keys::of(value, format!("{}[{}]", self.path(key), i + 1), notes)).collect()
    }

    /// One table (`[key]` or braces).
    pub(crate) fn table(&self, key: &'static str, notes: &mut Notes) -> Option<Keys<'a>> {
        let item = self.get(key)?;
        Keys::of(item, self.path(key), notes)
    }

    /// A word of a closed list, with its index there.
    pub(crate) fn word(&self, key: &'static str, allowed: &[&str], notes: &mut Notes) -> Option<usize> {
        let text = self.text(key, notes)?;
        let index = allowed.iter().position(|w| *w == text);
        if index.is_none() {
            let finding = self.note("C906", "", key).value(text).arg("allowed", listed(allowed.iter().copied()));
            notes.push(arg_if(finding, "near", near(text, allowed.iter().copied())));
        }
        index
    }

    /// Findings for the keys that nobody asked for.
    pub(crate) fn finish(&self, notes: &mut Notes) {
        let asked = self.asked.borrow();
        for (key, item) in self.map {
            if !asked.contains(key.as_str()) && !notes.is_full() {
                let finding =
                    placed("C905", "own", &self.at, item.line).arg("member", key.as_str()).arg("allowed", listed(asked.iter().copied()));
                notes.push(arg_if(finding, "near", near(key, asked.iter().copied())));
            }
        }
    }
}

/// A finding at a path, with the line it stands on.
fn placed(code: &'static str, kind: &'static str, at: &str, line: usize) -> Finding {
    let place = if at.is_empty() { format!("line {line}") } else { format!("{at} (line {line})") };
    note(code, kind, &place)
}

fn wrong(notes: &mut Notes, at: &str, line: usize, found: &str, expected: &str) {
    notes.push(placed("C903", "", at, line).arg("found", found).arg("expected", expected));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_quoted_reads_back(text in "\\PC{0,20}|[\"\\\\\n\t\u{0}\u{1b}\u{7f}\u{85}\u{2028}a]{0,8}") {
            let table: ::toml::Table = format!("a = {}", quoted(&text)).parse().unwrap();
            prop_assert_eq!(table["a"].as_str(), Some(text.as_str()));
        }
    }
}
