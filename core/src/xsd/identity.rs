//! Identity constraints held against a document that streams by: paths are followed with one word of bits for each level, and only the
//! values of keys are kept.

use super::FaultKind;
use super::keytable::KeyTable;
use super::model::{KeyKind, Path, Test};
use super::names::{QName, Sym};
use super::schema::Schema;

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

/// A value of a field: bytes to compare and text to show.
#[derive(Debug, Clone)]
struct FieldValue {
    key: Vec<u8>,
    shown: String,
}

/// An element that a selector selected and that is still open.
#[derive(Debug)]
struct Row {
    scope: usize,
    depth: usize,
    at: u64,
    values: Vec<Option<FieldValue>>,
    bad: bool,
    /// One follower for each alternative of each field.
    followers: Vec<(usize, usize, Follower)>,
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
}

/// An attribute's or element's value as a field takes it.
pub(super) struct Given<'a> {
    pub(super) key: &'a [u8],
    pub(super) shown: &'a str,
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
            self.scopes.push(Scope { key, depth, selectors, table: KeyTable::default(), wanted: Vec::new() });
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
                let followers =
                    key.fields.iter().enumerate().flat_map(|(f, paths)| (0..paths.len()).map(move |p| (f, p, Follower::new()))).collect();
                self.rows.push(Row { scope: index, depth, at, values: vec![None; key.fields.len()], bad: false, followers });
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
                    put(row.values.get_mut(*field), &mut row.bad, *field, Some(value), key, schema, faults);
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
            if value.is_some() {
                put(row.values.get_mut(capture.field), &mut row.bad, capture.field, value, key, schema, faults);
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
            return;
        }
        if let Some(field) = row.values.iter().position(Option::is_none) {
            if key.kind == KeyKind::Key {
                faults.push((row.at, FaultKind::MissingKeyField { constraint: schema_name(schema, key.name), field }));
            }
            return;
        }
        let mut bytes = Vec::new();
        for value in row.values.iter().flatten() {
            bytes.extend_from_slice(&value.key);
        }
        let shown = |row: &Row| row.values.iter().flatten().map(|v| v.shown.clone()).collect::<Vec<_>>();
        self.kept += bytes.len() + 64;
        if matches!(key.kind, KeyKind::Ref(_)) {
            scope.wanted.push((bytes.into(), row.at, shown(&row)));
            return;
        }
        if let Some(first) = scope.table.insert(&bytes, row.at) {
            faults.push((row.at, FaultKind::DuplicateKey { constraint: schema_name(schema, key.name), values: shown(&row), first }));
        }
    }
}

fn put(
    slot: Option<&mut Option<FieldValue>>,
    bad: &mut bool,
    field: usize,
    value: Option<&Given<'_>>,
    key: &super::model::Key,
    schema: &Schema,
    faults: &mut Vec<FaultKind>,
) {
    let Some(slot) = slot else { return };
    if slot.is_some() {
        if !*bad {
            faults.push(FaultKind::BadKeyField { constraint: schema_name(schema, key.name), field });
        }
        *bad = true;
        return;
    }
    *slot = value.map(|v| FieldValue { key: v.key.to_vec(), shown: v.shown.to_string() });
}

/// Name of a constraint as it is told.
fn schema_name(schema: &Schema, name: QName) -> String {
    schema.key_labels.get(&name).map_or(String::new(), |s| s.to_string())
}
