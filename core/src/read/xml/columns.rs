//! From the parts of records to columns and rows.

use std::collections::{BTreeMap, HashMap};

use super::markup::{At, Name, Sink};
use super::quick::Quick;
use crate::bounds::{MAX_RECORD, XML_COLUMNS};
use crate::finding::{Finding, Place, cut};
use crate::read::recode::{Charset, Walk};
use crate::read::{Kind, Origin, Rows};

/// Most places in a record that are known, columns or not.
const MAX_NODES: usize = 50_000;

/// Longest header, in bytes: a deep place has a long name.
const MAX_HEADER: usize = 1 << 20;

/// Most different names that first occur behind the start and are told each by itself.
const MAX_LOST: usize = 100;

/// The names of a record's parts, its columns, and the record that is being read.
#[derive(Debug)]
pub(super) struct Records {
    /// Rows as they become whole.
    pub(super) rows: Rows,
    /// The record's element: names from the outermost element.
    path: Vec<String>,
    /// Whether names that are not known yet become columns.
    gathering: bool,
    nodes: Vec<Node>,
    bases: Vec<Base>,
    columns: Columns,

    /// How many elements are open, and how many of them are the first ones of `path`.
    depth: usize,
    matched: usize,
    /// The open elements of the record, itself first; those behind `used` are kept for their space.
    frames: Vec<Frame>,
    used: usize,
    stamp: u64,
    number: u64,
    from: Option<At>,
    too_long: bool,
    cells: Vec<String>,
    filled: Vec<u32>,

    outside: u64,
    outside_first: Option<(String, At)>,
    /// The element outside the records that began last, while its text is not counted.
    outside_name: String,
    outside_at: Option<At>,
    lost: BTreeMap<String, (u64, u64, At)>,
    lost_more: u64,
    /// Names that were first met behind the start, and have cells behind the header's.
    pub(super) late: Vec<String>,
    name_bytes: usize,
    found: Vec<Finding>,
    pub(super) quick: Quick,
}

/// A place in a record.
#[derive(Debug)]
struct Node {
    parent: u32,
    base: u32,
    nth: u32,
    column: u32,
    below: HashMap<Box<str>, u32>,
}

/// All places under one parent that differ only in their number.
#[derive(Debug)]
struct Base {
    label: Box<str>,
    prefix: Box<str>,
    clash: bool,
    /// In which element of the parent they were counted last, and how many there were.
    stamp: u64,
    count: u32,
    nodes: Vec<u32>,
}

/// An open element of the record.
#[derive(Debug, Default)]
struct Frame {
    /// Its place; `None` when that has no column and no name.
    node: Option<u32>,
    /// Its name when it is not known.
    lost: String,
    stamp: u64,
    text: String,
    /// Where the text behind the last child starts.
    run: usize,
    children: bool,
    attributes: bool,
}

/// Columns in the order of the records: a new one stands behind the one that was met before it.
#[derive(Debug, Default)]
struct Columns {
    nodes: Vec<u32>,
    next: Vec<u32>,
    first: Option<u32>,
    /// The one that was met last in this record.
    last: Option<u32>,
    full: bool,
}

const NONE: u32 = u32::MAX;

impl Columns {
    fn add(&mut self, node: u32) -> u32 {
        let column = self.nodes.len() as u32;
        self.nodes.push(node);
        match self.last {
            Some(last) => {
                self.next.push(self.next[last as usize]);
                self.next[last as usize] = column;
            }
            None => {
                self.next.push(self.first.unwrap_or(NONE));
                self.first = Some(column);
            }
        }
        column
    }

    fn in_order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut at = self.first.unwrap_or(NONE);
        while at != NONE {
            order.push(at);
            at = self.next[at as usize];
        }
        order
    }
}

impl Records {
    /// Gathers the columns of the records at a path.
    pub(super) fn new(path: Vec<String>) -> Records {
        let root = Node { parent: NONE, base: NONE, nth: 1, column: NONE, below: HashMap::new() };
        Records {
            rows: Rows::new(),
            path,
            gathering: true,
            nodes: vec![root],
            bases: Vec::new(),
            columns: Columns::default(),
            depth: 0,
            matched: 0,
            frames: Vec::new(),
            used: 0,
            stamp: 0,
            number: 0,
            from: None,
            too_long: false,
            cells: Vec::new(),
            filled: Vec::new(),
            outside: 0,
            outside_first: None,
            outside_name: String::new(),
            outside_at: None,
            lost: BTreeMap::new(),
            lost_more: 0,
            late: Vec::new(),
            name_bytes: 0,
            found: Vec::new(),
            quick: Quick::default(),
        }
    }

    /// Ends the gathering: the columns' names in order. From now on records become rows.
    pub(super) fn settle(&mut self, findings: &mut Vec<Finding>) -> Vec<String> {
        let order = self.columns.in_order();
        let (mut names, mut bytes) = (Vec::with_capacity(order.len()), 0);
        for column in order {
            let node = self.columns.nodes[column as usize];
            let name = self.name_of(node, MAX_HEADER);
            bytes += name.len();
            if bytes > MAX_HEADER {
                self.columns.full = true;
                self.nodes[node as usize].column = NONE;
                continue;
            }
            self.nodes[node as usize].column = names.len() as u32;
            names.push(name);
        }
        if self.columns.full {
            let place = self.from.map(|at| at.walk.place()).unwrap_or_default();
            findings.push(Finding::new("C216", "names", place).arg("bound", XML_COLUMNS.to_string()));
        }
        self.cells = vec![String::new(); names.len()];
        let known = Records {
            gathering: false,
            nodes: std::mem::take(&mut self.nodes),
            bases: std::mem::take(&mut self.bases),
            cells: std::mem::take(&mut self.cells),
            stamp: self.stamp,
            name_bytes: bytes,
            ..Records::new(std::mem::take(&mut self.path))
        };
        *self = known;
        names
    }

    /// Tells what was counted.
    pub(super) fn finish(&mut self, findings: &mut Vec<Finding>) {
        if let Some((name, at)) = self.outside_first.take() {
            let finding = Finding::new("C237", "", at.walk.place()).value(&name);
            findings.push(finding.arg("count", self.outside.to_string()));
        }
        for (name, (count, record, at)) in std::mem::take(&mut self.lost) {
            let finding = Finding::new("C238", "", at.walk.place()).value(&name);
            findings.push(finding.arg("count", count.to_string()).arg("record", record.to_string()));
        }
        if self.lost_more > 0 {
            findings.push(Finding::new("C238", "more", Place::default()).arg("count", self.lost_more.to_string()));
        }
    }

    /// The column's name of a place, at most so many bytes or a little more.
    fn name_of(&self, node: u32, most: usize) -> String {
        let (mut labels, mut at, mut bytes) = (Vec::new(), node, 0);
        while at != NONE && self.nodes[at as usize].base != NONE && bytes <= most {
            let here = &self.nodes[at as usize];
            let label = &self.bases[here.base as usize].label;
            bytes += label.len() + 1;
            labels.push(if here.nth > 1 { format!("{label}[{}]", here.nth) } else { label.to_string() });
            at = here.parent;
        }
        if labels.is_empty() {
            return "#text".to_owned();
        }
        labels.reverse();
        labels.join("/")
    }

    /// The place of a part of the innermost open element.
    fn part(&mut self, label: &str, name: Name<'_>, at: At) -> Option<u32> {
        let frame = &self.frames[self.used - 1];
        let (parent, stamp) = (frame.node?, frame.stamp);
        let base = match self.nodes[parent as usize].below.get(label) {
            Some(&base) => base,
            None if self.nodes.len() >= MAX_NODES => return None,
            None => {
                let base = self.bases.len() as u32;
                let (label, prefix): (Box<str>, Box<str>) = (label.into(), name.prefix.into());
                self.nodes[parent as usize].below.insert(label.clone(), base);
                self.bases.push(Base { label, prefix, clash: false, stamp: 0, count: 0, nodes: Vec::new() });
                base
            }
        };
        let here = &mut self.bases[base as usize];
        if here.stamp != stamp {
            (here.stamp, here.count) = (stamp, 0);
        }
        let nth = here.count;
        here.count += 1;
        if !self.gathering && !here.clash && *here.prefix != *name.prefix {
            here.clash = true;
            let write = |prefix: &str| if prefix.is_empty() { name.local.to_owned() } else { format!("{prefix}:{}", name.local) };
            let finding = Finding::new("C239", "", at.walk.place()).value(label);
            self.found.push(finding.arg("first", write(&here.prefix)).arg("second", write(name.prefix)));
        }
        match here.nodes.get(nth as usize) {
            Some(&node) => Some(node),
            None if self.nodes.len() >= MAX_NODES => None,
            None => {
                let node = self.nodes.len() as u32;
                here.nodes.push(node);
                self.nodes.push(Node { parent, base, nth: nth + 1, column: NONE, below: HashMap::new() });
                Some(node)
            }
        }
    }

    /// Takes a value of the record.
    fn value(&mut self, node: u32, text: &str, at: At) {
        let column = self.nodes[node as usize].column;
        if self.gathering {
            if column == NONE && self.columns.nodes.len() >= XML_COLUMNS {
                self.columns.full = true;
            } else if column == NONE {
                let column = self.columns.add(node);
                self.nodes[node as usize].column = column;
            }
            if self.nodes[node as usize].column != NONE {
                self.columns.last = Some(self.nodes[node as usize].column);
            }
        } else if let Some(cell) = self.cells.get_mut(column as usize) {
            if !text.is_empty() {
                cell.push_str(text);
                self.filled.push(column);
            }
        } else if !text.is_empty() {
            let name = self.name_of(node, MAX_HEADER);
            self.name_bytes += name.len();
            if self.cells.len() < XML_COLUMNS && self.name_bytes <= MAX_HEADER {
                let column = self.cells.len() as u32;
                self.nodes[node as usize].column = column;
                self.cells.push(text.to_owned());
                self.filled.push(column);
                self.late.push(name);
            } else {
                self.lose(cut(&name), at);
            }
        }
    }

    fn lose(&mut self, name: String, at: At) {
        if self.gathering {
            return;
        }
        if let Some((count, ..)) = self.lost.get_mut(&name) {
            *count += 1;
        } else if self.lost.len() < MAX_LOST {
            self.lost.insert(name, (1, self.number, at));
        } else {
            self.lost_more += 1;
        }
    }

    fn is_outside(&mut self, name: &str, at: At) {
        self.outside += 1;
        if self.outside_first.is_none() {
            self.outside_first = Some((cut(name), at));
        }
    }

    fn lost_name(&self, label: &str) -> String {
        let parent = &self.frames[self.used - 1];
        let before = match parent.node {
            Some(0) => return label.to_owned(),
            Some(node) => self.name_of(node, 1000),
            None => parent.lost.clone(),
        };
        cut(&format!("{before}/{label}"))
    }

    fn push_frame(&mut self, node: Option<u32>, lost: String) {
        self.stamp += 1;
        if self.used == self.frames.len() {
            self.frames.push(Frame::default());
        }
        let frame = &mut self.frames[self.used];
        frame.text.clear();
        (frame.node, frame.lost, frame.stamp, frame.run, frame.children, frame.attributes) = (node, lost, self.stamp, 0, false, false);
        self.used += 1;
    }
}

impl Frame {
    /// Ends a run of text before a child or the end: among children, blanks around it are layout.
    fn settle(&mut self) {
        let run = self.text[self.run..].trim();
        if run.len() < self.text.len() - self.run {
            let run = run.to_owned();
            self.text.truncate(self.run);
            self.text.push_str(&run);
        }
        // Two runs of text with an element between them are two words.
        if self.run > 0 && self.text.len() > self.run {
            self.text.insert(self.run, ' ');
        }
        self.run = self.text.len();
    }
}

/// Text without the line breaks and blanks around it, when it stands on lines of its own.
fn unindented(text: &str) -> &str {
    let trimmed = text.trim_matches([' ', '\t', '\n']);
    let start = trimmed.as_ptr() as usize - text.as_ptr() as usize;
    let (before, after) = (&text[..start], &text[start + trimmed.len()..]);
    if trimmed.is_empty() {
        return if text.contains('\n') { "" } else { text };
    }
    if before.contains('\n') && after.contains('\n') { trimmed } else { text }
}

impl Sink for Records {
    fn ordinary(&mut self, text: &str, mut walk: Walk, charset: Charset) -> Option<usize> {
        let name = self.path.last()?;
        // The next element of the record's name must be a record.
        if self.gathering || self.used > 0 || self.depth != self.matched || self.matched + 1 != self.path.len() {
            return None;
        }
        let (nodes, bases) = (&self.nodes, &self.bases);
        self.quick.learn(nodes.len() + self.cells.len(), self.cells.len(), || {
            let children = nodes[0].below.values().filter_map(|&base| {
                let base = &bases[base as usize];
                let first = &nodes[*base.nodes.first()? as usize];
                // Attributes, and names with a prefix, are not read this way.
                let plain = base.prefix.is_empty() && !base.label.starts_with('@');
                (plain && first.column != NONE).then_some((&*base.label, first.column))
            });
            children.collect()
        });
        let (start, end) = self.quick.read(text, name)?;
        walk.over(&text[..start], charset);
        self.number += 1;
        self.quick.emit(text, &mut self.rows);
        self.rows.end_row(Origin { row: self.number, line: walk.line, byte_column: walk.column });
        Some(end)
    }

    fn open(&mut self, name: Name<'_>, at: At) {
        self.depth += 1;
        if self.used > 0 {
            let node = self.part(name.local, name, at);
            let lost = if node.is_none() && !self.gathering { self.lost_name(name.local) } else { String::new() };
            let parent = &mut self.frames[self.used - 1];
            parent.settle();
            parent.children = true;
            self.push_frame(node, lost);
            return;
        }
        if self.depth == self.matched + 1 && self.path.get(self.matched).is_some_and(|p| p == name.local) {
            self.matched += 1;
        }
        if self.matched == self.path.len() && self.depth == self.matched {
            self.number += 1;
            self.from = Some(at);
            self.too_long = false;
            self.columns.last = None;
            self.push_frame(Some(0), String::new());
        } else {
            self.outside_name.clear();
            self.outside_name.push_str(name.local);
            self.outside_at = Some(at);
        }
    }

    fn attribute(&mut self, name: Name<'_>, value: &str, at: At) {
        // Says that the element is empty, or where a schema is; both are no data.
        if !name.prefix.is_empty() && matches!(name.local, "nil" | "schemaLocation" | "noNamespaceSchemaLocation") {
            return;
        }
        let label = format!("@{}", name.local);
        if self.used == 0 {
            self.is_outside(&label, at);
            return;
        }
        self.frames[self.used - 1].attributes = true;
        match self.part(&label, name, at) {
            Some(node) => self.value(node, value, at),
            None if !value.is_empty() && !self.gathering => {
                let name = self.lost_name(&label);
                self.lose(name, at);
            }
            None => {}
        }
    }

    fn text(&mut self, text: &str, at: At) {
        if self.used == 0 {
            if !text.trim_ascii().is_empty() {
                let name = std::mem::take(&mut self.outside_name);
                // The pieces of one text count once; its name is empty behind the first.
                if !name.is_empty() {
                    self.is_outside(&name, self.outside_at.unwrap_or(at));
                }
            }
            return;
        }
        if self.from.is_some_and(|from| at.offset - from.offset > MAX_RECORD as u64) {
            self.too_long = true;
        }
        let frame = &mut self.frames[self.used - 1];
        if self.too_long {
            (frame.text, frame.run) = (String::new(), 0);
        } else {
            frame.text.push_str(text);
        }
    }

    fn close(&mut self, at: At) {
        self.depth -= 1;
        if self.used == 0 {
            self.matched = self.matched.min(self.depth);
            return;
        }
        self.used -= 1;
        let mut frame = std::mem::take(&mut self.frames[self.used]);
        let text = if frame.children {
            frame.settle();
            frame.text.as_str()
        } else {
            unindented(&frame.text)
        };
        // An element that holds nothing else has a column even where it is empty.
        if !text.is_empty() || (!frame.children && !frame.attributes) {
            match frame.node {
                Some(node) => self.value(node, text, at),
                None if !text.is_empty() => self.lose(std::mem::take(&mut frame.lost), at),
                None => {}
            }
        }
        self.frames[self.used] = frame;
        if self.used > 0 {
            return;
        }
        self.matched = self.matched.min(self.depth);
        let Some(from) = self.from.take().filter(|_| !self.gathering) else { return };
        if self.too_long || at.offset - from.offset > MAX_RECORD as u64 {
            self.found.push(Finding::new("C216", "", from.in_record(self.number)).arg("bound", MAX_RECORD.to_string()));
        } else {
            for cell in &self.cells {
                self.rows.cell(cell, Kind::Text);
            }
            self.rows.end_row(Origin { row: self.number, line: from.walk.line, byte_column: from.walk.column });
        }
        for column in self.filled.drain(..) {
            self.cells[column as usize].clear();
        }
    }

    fn findings(&mut self, findings: &mut Vec<Finding>) {
        findings.append(&mut self.found);
    }
}
