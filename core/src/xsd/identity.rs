//! Identity constraints held against a document that streams by: paths are followed with one word of bits for each level, and only the
//! values of keys are kept.

use std::ops::Range;

use super::FaultKind;
use super::keytable::KeyTable;
use super::model::{KeyKind, Path, Test};
use super::names::{QName, Sym};
use super::schema::Schema;
use super::simple::{SHOWN, shown};

/// Follows one path from the element where it begins.
#[derive(Debug)]
struct Follower {
    /// For each level below the start which numbers of steps were matched; at the start itself none.
    masks: Vec<u64>,
}

impl Follower {
    fn new() -> Follower {
        Follower { masks: Vec::new() }
    }

    /// Enters an element `level` below the start; whether the steps end there.
    fn enter(&mut self, path: &Path, level: usize, name: Option<QName>, ns: Sym) -> bool {
        self.cut(level);
        let above = self.mask(level - 1).unwrap_or(0);
        let mut mask = u64::from(path.deep);
        let mut bits = above;
        while bits != 0 {
            let step = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if path.steps.get(step).is_some_and(|t| fits(*t, name, ns)) {
                mask |= 1 << (step + 1);
            }
        }
        self.masks.push(mask);
        mask & (1 << path.steps.len()) != 0
    }

    fn mask(&self, level: usize) -> Option<u64> {
        level.checked_sub(1).map_or(Some(1), |n| self.masks.get(n).copied())
    }

    /// Forgets a level and what is below it.
    fn cut(&mut self, level: usize) {
        self.masks.truncate(level.saturating_sub(1));
    }

    /// Whether nothing below a level can be matched.
    fn dead(&self, path: &Path, level: usize) -> bool {
        self.mask(level).is_none_or(|m| m & ((1 << path.steps.len()) - 1) == 0 && !path.deep)
    }
}

fn fits(test: Test, name: Option<QName>, ns: Sym) -> bool {
    match test {
        Test::Any => true,
        Test::Namespace(wanted) => wanted == ns,
        Test::Name(wanted) => name == Some(wanted),
    }
}

/// A value of a field: where in the bytes of its row those to compare and the text to show lie.
#[derive(Debug, Clone)]
struct FieldValue {
    key: Range<usize>,
    shown: Range<usize>,
}

/// An element that a selector selected and that is still open.
#[derive(Debug)]
struct Row {
    scope: usize,
    depth: usize,
    at: u64,
    values: Vec<Option<FieldValue>>,
    bytes: Vec<u8>,
    bad: bool,
    /// One follower for each alternative of each field.
    followers: Vec<(usize, usize, Follower)>,
}

impl Row {
    /// The text of each value, for people.
    fn shown(&self) -> Vec<String> {
        self.values.iter().flatten().map(|v| shown(self.bytes.get(v.shown.clone()).unwrap_or(b""))).collect()
    }
}

/// A constraint whose element is open.
#[derive(Debug)]
struct Scope {
    key: u32,
    depth: usize,
    selectors: Vec<Follower>,
    table: KeyTable,
    /// Values of a reference, with where they stood.
    wanted: Vec<(Box<[u8]>, u64, Vec<String>)>,
    /// Rows that are done, whose memory is used again.
    spare: Vec<Row>,
}

/// Where an element's value goes when it is known.
#[derive(Debug)]
struct Capture {
    depth: usize,
    row: usize,
    field: usize,
}

/// The constraints of a document being read.
#[derive(Debug, Default)]
pub(super) struct Identity {
    scopes: Vec<Scope>,
    rows: Vec<Row>,
    captures: Vec<Capture>,
    /// Values of keys whose element has ended, by key and depth of the element that sees them.
    visible: Vec<(u32, usize, KeyTable)>,
    /// Bytes of values that are kept.
    pub(super) kept: usize,
    /// Nothing deeper than this can be selected.
    quiet: Option<usize>,
    joined: Vec<u8>,
}

/// An attribute's or element's value as a field takes it.
pub(super) struct Given<'a> {
    pub(super) key: &'a [u8],
    /// The text, of which as much is kept as is shown.
    pub(super) shown: &'a [u8],
}

impl Identity {
    /// Whether an element at `depth` can matter to a constraint that is open.
    #[inline]
    pub(super) fn active(&self, depth: usize) -> bool {
        !self.scopes.is_empty() && self.quiet.is_none_or(|q| depth <= q)
    }

    /// Begins the constraints of an element at `depth`.
    pub(super) fn open(&mut self, keys: &[u32], depth: usize, schema: &Schema) {
        self.quiet = None;
        for &key in keys {
            let n = schema.keys.get(key as usize).map_or(0, |k| k.selector.len());
            let selectors = (0..n).map(|_| Follower::new()).collect();
            self.scopes.push(Scope { key, depth, selectors, table: KeyTable::default(), wanted: Vec::new(), spare: Vec::new() });
        }
    }

    /// Enters an element. Returns whether its attributes are wanted, and whether its value is.
    pub(super) fn enter(&mut self, depth: usize, name: Option<QName>, ns: Sym, at: u64, schema: &Schema) -> (bool, bool) {
        let mut alive = false;
        for index in 0..self.scopes.len() {
            let scope = &mut self.scopes[index];
            let Some(key) = schema.keys.get(scope.key as usize) else { continue };
            let level = depth - scope.depth;
            let mut selected = false;
            for (path, follower) in key.selector.iter().zip(&mut scope.selectors) {
                if level == 0 {
                    selected |= path.steps.is_empty();
                } else if !follower.dead(path, level - 1) {
                    selected |= follower.enter(path, level, name, ns);
                } else {
                    follower.cut(level);
                }
                alive |= !follower.dead(path, level);
            }
            if selected {
                let mut row = scope.spare.pop().unwrap_or_else(|| {
                    let followers = key.fields.iter().enumerate();
                    let followers = followers.flat_map(|(f, paths)| (0..paths.len()).map(move |p| (f, p, Follower::new()))).collect();
                    Row { scope: 0, depth: 0, at: 0, values: Vec::new(), bytes: Vec::new(), bad: false, followers }
                });
                (row.scope, row.depth, row.at, row.bad) = (index, depth, at, false);
                row.values.clear();
                row.values.resize(key.fields.len(), None);
                row.bytes.clear();
                row.followers.iter_mut().for_each(|f| f.2.masks.clear());
                self.rows.push(row);
            }
        }
        let (mut attributes, mut value) = (false, false);
        for (index, row) in self.rows.iter_mut().enumerate() {
            let Some(key) = self.scopes.get(row.scope).and_then(|s| schema.keys.get(s.key as usize)) else { continue };
            let level = depth - row.depth;
            for (field, alternative, follower) in &mut row.followers {
                let Some(path) = key.fields.get(*field).and_then(|f| f.get(*alternative)) else { continue };
                let matched = if level == 0 {
                    path.steps.is_empty()
                } else if follower.dead(path, level - 1) {
                    follower.cut(level);
                    false
                } else {
                    follower.enter(path, level, name, ns)
                };
                alive |= !follower.dead(path, level);
                if matched && path.attribute.is_some() {
                    attributes = true;
                } else if matched {
                    value = true;
                    if self.captures.iter().rev().take_while(|c| c.depth == depth).any(|c| c.row == index && c.field == *field) {
                        continue;
                    }
                    self.captures.push(Capture { depth, row: index, field: *field });
                }
            }
        }
        self.quiet = (!alive).then_some(depth);
        (attributes, value)
    }

    /// Whether an attribute of the element at `depth` is a field.
    pub(super) fn takes(&self, depth: usize, name: Option<QName>, ns: Sym, schema: &Schema) -> bool {
        self.rows.iter().any(|row| {
            let key = self.scopes.get(row.scope).and_then(|s| schema.keys.get(s.key as usize));
            row.followers.iter().any(|(field, alternative, follower)| {
                let path = key.and_then(|k| k.fields.get(*field)).and_then(|f| f.get(*alternative));
                let here = |steps: usize| follower.mask(depth - row.depth).is_some_and(|m| m & (1 << steps) != 0);
                path.is_some_and(|p| p.attribute.is_some_and(|t| fits(t, name, ns)) && here(p.steps.len()))
            })
        })
    }

    /// Gives the value of an attribute of the element at `depth`.
    pub(super) fn attribute(
        &mut self,
        depth: usize,
        name: Option<QName>,
        ns: Sym,
        value: &Given<'_>,
        schema: &Schema,
        faults: &mut Vec<FaultKind>,
    ) {
        for row in &mut self.rows {
            let Some(key) = self.scopes.get(row.scope).and_then(|s| schema.keys.get(s.key as usize)) else { continue };
            let level = depth - row.depth;
            let mut taken = None;
            for (field, alternative, follower) in &row.followers {
                // One node that several alternatives select is one node.
                if taken == Some(*field) {
                    continue;
                }
                let Some(path) = key.fields.get(*field).and_then(|f| f.get(*alternative)) else { continue };
                let here = follower.mask(level).is_some_and(|m| m & (1 << path.steps.len()) != 0);
                if here && path.attribute.is_some_and(|t| fits(t, name, ns)) {
                    put(&mut row.values, &mut row.bytes, &mut row.bad, *field, value, key, schema, faults);
                    taken = Some(*field);
                }
            }
        }
    }

    /// Gives the value of the element at `depth`; none when it is nil or has no simple content.
    pub(super) fn value(
        &mut self,
        depth: usize,
        value: Option<&Given<'_>>,
        simple: bool,
        nillable: bool,
        schema: &Schema,
        faults: &mut Vec<FaultKind>,
    ) {
        while let Some(capture) = self.captures.pop_if(|c| c.depth >= depth) {
            let Some(row) = self.rows.get_mut(capture.row) else { continue };
            let Some(key) = self.scopes.get(row.scope).and_then(|s| schema.keys.get(s.key as usize)) else { continue };
            if !simple || nillable && key.kind == KeyKind::Key {
                row.bad = true;
                faults.push(FaultKind::BadKeyField { constraint: schema_name(schema, key.name), field: capture.field });
                continue;
            }
            if let Some(value) = value {
                put(&mut row.values, &mut row.bytes, &mut row.bad, capture.field, value, key, schema, faults);
            }
        }
    }

    /// Leaves the element at `depth`.
    pub(super) fn leave(&mut self, depth: usize, schema: &Schema, faults: &mut Vec<(u64, FaultKind)>) {
        self.quiet = None;
        self.captures.retain(|c| c.depth < depth);
        while let Some(row) = self.rows.pop_if(|r| r.depth >= depth) {
            self.finish_row(row, schema, faults);
        }
        if self.scopes.last().is_none_or(|s| s.depth < depth) && self.visible.is_empty() {
            return;
        }
        let mut ended = Vec::new();
        while let Some(scope) = self.scopes.pop_if(|s| s.depth >= depth) {
            ended.push(scope);
        }
        for scope in &mut ended {
            if schema.referenced.get(scope.key as usize) == Some(&true) {
                let table = std::mem::take(&mut scope.table);
                self.see(scope.key, depth, table);
            }
        }
        for scope in ended {
            let Some(key) = schema.keys.get(scope.key as usize) else { continue };
            let KeyKind::Ref(target) = key.kind else { continue };
            for (value, at, shown) in scope.wanted {
                if !self.visible.iter().any(|(k, d, table)| *k == target && *d == depth && table.contains(&value)) {
                    faults.push((at, FaultKind::DanglingKeyref { constraint: schema_name(schema, key.name), values: shown }));
                }
            }
        }
        // What ended here is seen by the elements around only while a reference waits for it there.
        let mut up = Vec::new();
        self.visible.retain_mut(|(key, d, table)| {
            if *d < depth {
                return true;
            }
            up.push((*key, std::mem::take(table)));
            false
        });
        for (key, table) in up {
            let waits = self.scopes.iter().any(|s| schema.keys.get(s.key as usize).is_some_and(|k| k.kind == KeyKind::Ref(key)));
            if depth > 0 && waits {
                self.see(key, depth - 1, table);
            }
        }
    }

    fn see(&mut self, key: u32, depth: usize, table: KeyTable) {
        match self.visible.iter_mut().find(|(k, d, _)| *k == key && *d == depth) {
            Some((_, _, known)) if known.len() >= table.len() => known.extend(&table),
            Some((_, _, known)) => {
                let smaller = std::mem::replace(known, table);
                known.extend(&smaller);
            }
            None => self.visible.push((key, depth, table)),
        }
    }

    fn finish_row(&mut self, row: Row, schema: &Schema, faults: &mut Vec<(u64, FaultKind)>) {
        let Some(scope) = self.scopes.get_mut(row.scope) else { return };
        let Some(key) = schema.keys.get(scope.key as usize) else { return };
        if row.bad {
            scope.spare.push(row);
            return;
        }
        if let Some(field) = row.values.iter().position(Option::is_none) {
            if key.kind == KeyKind::Key {
                faults.push((row.at, FaultKind::MissingKeyField { constraint: schema_name(schema, key.name), field }));
            }
            scope.spare.push(row);
            return;
        }
        self.joined.clear();
        for value in row.values.iter().flatten() {
            self.joined.extend_from_slice(row.bytes.get(value.key.clone()).unwrap_or(b""));
        }
        self.kept += self.joined.len() + 64;
        if matches!(key.kind, KeyKind::Ref(_)) {
            scope.wanted.push((self.joined.as_slice().into(), row.at, row.shown()));
        } else if let Some(first) = scope.table.insert(&self.joined, row.at) {
            faults.push((row.at, FaultKind::DuplicateKey { constraint: schema_name(schema, key.name), values: row.shown(), first }));
        }
        scope.spare.push(row);
    }
}

#[allow(clippy::too_many_arguments)] // The parts of a row and what is known of the field.
fn put(
    values: &mut [Option<FieldValue>],
    bytes: &mut Vec<u8>,
    bad: &mut bool,
    field: usize,
    value: &Given<'_>,
    key: &super::model::Key,
    schema: &Schema,
    faults: &mut Vec<FaultKind>,
) {
    let Some(slot) = values.get_mut(field) else { return };
    if slot.is_some() {
        if !*bad {
            faults.push(FaultKind::BadKeyField { constraint: schema_name(schema, key.name), field });
        }
        *bad = true;
        return;
    }
    let from = bytes.len();
    bytes.extend_from_slice(value.key);
    let middle = bytes.len();
    bytes.extend_from_slice(&value.shown[..value.shown.len().min(SHOWN)]);
    *slot = Some(FieldValue { key: from..middle, shown: middle..bytes.len() });
}

/// Name of a constraint as it is told.
fn schema_name(schema: &Schema, name: QName) -> String {
    schema.key_labels.get(&name).map_or(String::new(), |s| s.to_string())
}
