//! Checks of the rows that a conversion writes, by the target's own plan.
//!
//! The rows never exist as a file here, so a finding stands at the source record that a row was made from, under the target field's name. A row
//! without faults costs the shortcuts of its cells only.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::check::Evidence;
use crate::check::key_form::Compared;
use crate::check::keys::{KeyHash, KeyTable};
use crate::check::plan::{Reference, StandardPlan, TablePlan};
use crate::finding::{Finding, Place};
use crate::map::TargetCheck;

/// The tables that a conversion writes.
#[derive(Debug)]
pub(super) struct TargetTables {
    /// By index of the target's resource; `None` when it is not written.
    tables: Vec<Option<Table>>,
    none: Evidence,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) plan: Arc<TablePlan>,
    /// Fields that are written as columns.
    pub(super) written: Vec<usize>,
    names: Vec<Arc<str>>,
    /// By row rule: whether it can run on the columns written.
    pub(super) rules: Vec<bool>,
    pub(super) keys: Vec<Option<KeyTable>>,
    same_per: Vec<HashMap<KeyHash, (KeyHash, u64)>>,
    references: Vec<Option<Vec<Pending>>>,
    pub(super) rows: u64,
    faulty: Vec<usize>,
    /// By key: the hash of the row at hand, when the key is kept and the row has all of it.
    hashes: Vec<Option<KeyHash>>,
    /// By field: texts that the full rules let pass, so that they are not asked again. See [`slot`].
    passed: Vec<Vec<String>>,
}

/// A reference whose value was not known when it was written.
#[derive(Debug)]
struct Pending {
    hash: KeyHash,
    place: Place,
    value: String,
}

/// Texts remembered for each field.
const SLOTS: usize = 64;
/// Longest text remembered, in bytes.
const REMEMBERED: usize = 48;

/// Where a text is remembered: by its ends and its length, which tell codes and names apart well enough.
fn slot(text: &str) -> usize {
    let at = |i: usize| text.as_bytes().get(i).map_or(0, |b| usize::from(*b));
    let n = text.len();
    (at(0) * 7 + at(n / 2) * 31 + at(n.wrapping_sub(1)) * 13 + n) % SLOTS
}

impl Table {
    fn new(plan: Arc<TablePlan>, written: Vec<usize>) -> Table {
        let has = |f: usize| written.contains(&f);
        let all = |fields: &[usize]| fields.iter().all(|&f| has(f));
        Table {
            names: plan.schema.fields.iter().map(|f| f.name.as_str().into()).collect(),
            rules: plan.rows.iter().map(|rule| rule.can_run(&has)).collect(),
            keys: plan.keys.iter().map(|key| all(&key.fields).then(KeyTable::default)).collect(),
            same_per: plan.same_per.iter().map(|_| HashMap::new()).collect(),
            references: plan.references.iter().map(|r| all(&r.fields).then(Vec::new)).collect(),
            rows: 0,
            faulty: Vec::new(),
            hashes: Vec::new(),
            passed: plan.schema.fields.iter().map(|_| vec![String::new(); SLOTS]).collect(),
            written,
            plan,
        }
    }

    /// Whether a row can be judged without knowledge of other rows but for its keys.
    pub(super) fn is_simple(&self) -> bool {
        self.same_per.is_empty() && self.references.iter().all(Option::is_none)
    }

    /// Whether there is nothing to say about a text in a field.
    pub(super) fn is_fine(&self, field: usize, text: &str, none: &Evidence) -> bool {
        self.plan.fast[field].passes(text.as_bytes()) && !may_be_odd(text.as_bytes())
            || self.plan.cells[field].check(text, none, Place::default()).is_none()
    }

    /// The same for bytes, which have to be text.
    pub(super) fn is_fine_bytes(&self, field: usize, text: &[u8], none: &Evidence) -> bool {
        std::str::from_utf8(text).is_ok_and(|text| self.is_fine(field, text, none))
    }

    fn place(&self, field: usize, place: &Place) -> Place {
        let file = if place.row == 0 { u32::MAX } else { place.file };
        Place { file, byte_column: 0, column: None, field: self.names.get(field).cloned(), ..place.clone() }
    }

    fn text<'a>(&self, field: usize, cells: &[&'a str]) -> &'a str {
        let text = cells.get(field).copied().unwrap_or_default();
        if text.is_empty() || self.plan.cells[field].is_missing(text) { "" } else { text }
    }

    /// The hash of a row's values in some fields, each of the form that `form` gives for its place among them; `None` when one has no value, or
    /// none of its type, which is told already.
    fn hash_by<'a>(&self, fields: &[usize], cells: &[&'a str], form: &dyn Fn(usize, Cow<'a, [u8]>) -> Compared<'a>) -> Option<KeyHash> {
        let mut hash = KeyHash::default();
        for (i, &f) in fields.iter().enumerate() {
            let text = cells.get(f).copied().unwrap_or_default();
            if self.plan.cells[f].is_missing(text) {
                return None;
            }
            hash = hash.part(&form(i, Cow::Borrowed(text.as_bytes())).ok()?);
        }
        Some(hash)
    }

    fn hash(&self, fields: &[usize], cells: &[&str]) -> Option<KeyHash> {
        self.hash_by(fields, cells, &|i, text| self.plan.forms[fields[i]].of_text(text))
    }

    fn joined(fields: &[usize], cells: &[&str]) -> String {
        fields.iter().map(|&f| cells.get(f).copied().unwrap_or_default()).collect::<Vec<_>>().join(", ")
    }

    fn field_names(&self, fields: &[usize]) -> String {
        fields.iter().map(|&f| self.plan.schema.fields[f].name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn check(&mut self, cells: &[&str], none: &Evidence, place: &Place, out: &mut Vec<Finding>) {
        self.rows += 1;
        self.faulty.clear();
        // The places of the row's keys are fetched while its cells are looked at.
        self.hashes.clear();
        for (key, table) in self.plan.keys.iter().zip(&self.keys) {
            let hash = table.as_ref().and_then(|_| self.hash(&key.fields, cells));
            if let (Some(table), Some(hash)) = (table, hash) {
                table.ask(hash);
            }
            self.hashes.push(hash);
        }
        for &f in &self.written {
            let text = cells.get(f).copied().unwrap_or_default();
            if self.plan.fast[f].passes(text.as_bytes()) && !may_be_odd(text.as_bytes()) {
                continue;
            }
            let known = text.len() <= REMEMBERED && !text.is_empty();
            if known && self.passed[f][slot(text)] == text {
                continue;
            }
            if let Some(finding) = self.plan.cells[f].check(text, none, self.place(f, place)) {
                out.push(finding);
                self.faulty.push(f);
            } else if known {
                let place = &mut self.passed[f][slot(text)];
                place.clear();
                place.push_str(text);
            }
        }
        for (rule, _) in self.plan.rows.iter().zip(&self.rules).filter(|(_, runs)| **runs) {
            let Some(how) = rule.broken(&self.plan.schema, &|f| Cow::Borrowed(self.text(f, cells))) else { continue };
            // A rule that reads a cell with a fault of its own says nothing new.
            if rule.fields.iter().any(|f| self.faulty.contains(f)) {
                continue;
            }
            let mut finding = Finding::new("C401", "", self.place(how.field, place)).severity(rule.severity);
            finding.code = rule.code.clone();
            finding.args = how.args;
            let text = self.text(how.field, cells);
            out.push(if text.is_empty() { finding } else { finding.value(text) });
        }
        for ((key, table), hash) in self.plan.keys.iter().zip(&mut self.keys).zip(&self.hashes) {
            let (Some(table), Some(hash)) = (table, *hash) else { continue };
            if let (Some(first), Some((code, severity))) = (table.insert(hash, place.row), &key.repeated) {
                let several = if key.fields.len() > 1 { "several" } else { "" };
                let names = key.fields.iter().map(|&f| self.plan.schema.fields[f].name.as_str()).collect::<Vec<_>>().join(", ");
                let at = Place {
                    byte_column: 0,
                    column: None,
                    field: key.fields.first().and_then(|&f| self.names.get(f)).cloned(),
                    ..place.clone()
                };
                let mut finding = Finding::new("C401", several, at).severity(*severity).value(&Table::joined(&key.fields, cells));
                finding.code = code.clone();
                out.push(finding.arg("fields", names).arg("first_row", first.to_string()));
            }
        }
        for i in 0..self.plan.same_per.len() {
            let rule = &self.plan.same_per[i];
            let (Some(hash), Some(value)) = (self.hash(&rule.key, cells), self.hash(&[rule.field], cells)) else { continue };
            let (first_value, first) = *self.same_per[i].entry(hash).or_insert((value, place.row));
            if first_value != value {
                let text = cells.get(rule.field).copied().unwrap_or_default();
                let mut finding = Finding::new("C401", "", self.place(rule.field, place)).severity(rule.severity).value(text);
                finding.code = rule.code.clone();
                let finding = finding.arg("fields", self.field_names(&[rule.field]));
                out.push(finding.arg("key", self.field_names(&rule.key)).arg("first_row", first.to_string()));
            }
        }
    }

    fn unknown(&self, reference: &Reference, pending: Pending) -> Finding {
        let several = if reference.fields.len() > 1 { "several" } else { "" };
        let at = self.place(reference.fields.first().copied().unwrap_or(usize::MAX), &pending.place);
        let mut finding = Finding::new("C402", several, at).severity(reference.severity).value(&pending.value);
        finding.code = reference.code.clone();
        finding
            .arg("fields", self.field_names(&reference.fields))
            .arg("target", reference.target.join(", "))
            .arg("resource", reference.table.as_str())
    }
}

impl TargetTables {
    /// `written` are the tables that the converter writes: index of the resource, and the fields written as columns.
    pub(super) fn new(plan: &StandardPlan, written: Vec<(usize, Vec<usize>)>) -> TargetTables {
        let mut tables: Vec<Option<Table>> = plan.tables.iter().map(|_| None).collect();
        for (resource, fields) in written {
            if let (Some(slot), Some(plan)) = (tables.get_mut(resource), plan.tables.get(resource)) {
                *slot = Some(Table::new(Arc::clone(plan), fields));
            }
        }
        // Keys that are remembered only for references from tables that are not written need no memory.
        let wanted: Vec<(String, Vec<String>)> =
            tables.iter().flatten().flat_map(|t| &t.plan.references).map(|r| (r.table.clone(), r.target.clone())).collect();
        for table in tables.iter_mut().flatten() {
            let plan = &table.plan;
            let referred = |i: usize| wanted.iter().any(|(name, target)| *name == plan.name && plan.key_over(target) == Some(i));
            for (i, (key, kept)) in plan.keys.iter().zip(&mut table.keys).enumerate() {
                if key.repeated.is_none() && !referred(i) {
                    *kept = None;
                }
            }
        }
        TargetTables { tables, none: Evidence::default() }
    }

    /// About so many records are to come. Keys of which there are some so far get their memory at once.
    pub(super) fn expect(&mut self, records: u64) {
        let room = usize::try_from(records + records / 32).unwrap_or(usize::MAX);
        for table in self.tables.iter_mut().flatten() {
            for keys in table.keys.iter_mut().flatten().filter(|k| !k.is_empty()) {
                keys.reserve(room);
            }
        }
    }

    /// A table that is written.
    pub(super) fn table(&mut self, resource: usize) -> Option<&mut Table> {
        self.tables.get_mut(resource)?.as_mut()
    }

    fn key_of(&self, table: &str, target: &[String]) -> Option<&KeyTable> {
        let table = self.tables.iter().flatten().find(|t| t.plan.name == table)?;
        table.keys.get(table.plan.key_over(target)?)?.as_ref()
    }

    /// What can be said before the first row: rules none of whose columns are written, and rules that cannot run.
    pub(super) fn opening(&self) -> (Vec<Finding>, Vec<(String, String)>) {
        let (mut found, mut skipped) = (Vec::new(), Vec::new());
        for table in self.tables.iter().flatten() {
            for (rule, _) in table.plan.rows.iter().zip(&table.rules).filter(|(_, runs)| !**runs) {
                if rule.needs_a_column() {
                    let place =
                        Place { file: u32::MAX, field: rule.fields.first().and_then(|&f| table.names.get(f)).cloned(), ..Place::default() };
                    let mut finding =
                        Finding::new("C206", "", place).severity(rule.severity).arg("fields", table.field_names(&rule.fields));
                    finding.code = rule.code.clone();
                    found.push(finding);
                } else {
                    skipped
                        .push((rule.code.text().to_owned(), format!("table \"{}\" is written without a column for it", table.plan.name)));
                }
            }
            for reference in &table.plan.references {
                if self.key_of(&reference.table, &reference.target).is_none() {
                    skipped.push((reference.code.text().to_owned(), format!("table \"{}\" is not written", reference.table)));
                }
            }
        }
        (found, skipped)
    }

    /// Codes of the checks that run.
    pub(super) fn codes(&self) -> Vec<String> {
        let mut codes = Vec::new();
        for table in self.tables.iter().flatten() {
            let has = |f: usize| table.written.contains(&f);
            codes.extend(crate::check::dataset::value_codes(&table.plan, &has).into_iter().map(str::to_owned));
            let plan = &table.plan;
            codes.extend(plan.rows.iter().zip(&table.rules).filter(|(_, runs)| **runs).map(|(r, _)| r.code.text().to_owned()));
            let keys = plan.keys.iter().zip(&table.keys).filter(|(_, t)| t.is_some()).filter_map(|(k, _)| k.repeated.as_ref());
            codes.extend(keys.map(|(code, _)| code.text().to_owned()));
            let references = plan.references.iter().zip(&table.references).filter(|(_, p)| p.is_some());
            codes.extend(references.filter(|(r, _)| self.key_of(&r.table, &r.target).is_some()).map(|(r, _)| r.code.text().to_owned()));
            codes.extend(plan.same_per.iter().filter(|r| has(r.field) && r.key.iter().all(|&f| has(f))).map(|r| r.code.text().to_owned()));
            codes.extend(plan.counts.iter().map(|r| r.code.text().to_owned()));
        }
        codes
    }

    /// What only the whole tells: references to records that were never written, and bounds on the number of records.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        let mut found = Vec::new();
        for i in 0..self.tables.len() {
            let Some(table) = &mut self.tables[i] else { continue };
            let references = std::mem::take(&mut table.references);
            let Some(table) = &self.tables[i] else { continue };
            for (reference, pending) in table.plan.references.iter().zip(references) {
                let Some(known) = self.key_of(&reference.table, &reference.target) else { continue };
                let lost = pending.unwrap_or_default().into_iter().filter(|p| !known.has(p.hash));
                found.extend(lost.map(|p| table.unknown(reference, p)));
            }
            for rule in &table.plan.counts {
                if table.rows < rule.min || rule.max.is_some_and(|max| table.rows > max) {
                    let place = Place { file: u32::MAX, ..Place::default() };
                    let mut finding = Finding::new("C211", "", place).severity(rule.severity).arg("records", table.rows.to_string());
                    finding.code = rule.code.clone();
                    found.push(finding);
                }
            }
        }
        found.sort_by_key(|f| (f.place.file, f.place.row));
        found
    }
}

impl TargetCheck for TargetTables {
    fn check(&mut self, table: usize, cells: &[&str], place: &Place, out: &mut Vec<Finding>) {
        let none = &self.none;
        let Some(Some(at)) = self.tables.get_mut(table) else { return };
        at.check(cells, none, place, out);
        for i in 0..at.references.len() {
            let Some(Some(at)) = self.tables.get(table) else { return };
            let reference = &at.plan.references[i];
            if at.references[i].is_none() {
                continue;
            }
            let Some(known) = self.key_of(&reference.table, &reference.target) else { continue };
            let Some(hash) = at.hash_by(&reference.fields, cells, &|i, text| reference.forms[i].of_text(text)) else { continue };
            if known.has(hash) {
                continue;
            }
            let pending = Pending { hash, place: place.clone(), value: Table::joined(&reference.fields, cells) };
            if let Some(Some(at)) = self.tables.get_mut(table)
                && let Some(Some(list)) = at.references.get_mut(i)
            {
                list.push(pending);
            }
        }
    }
}

/// Whether a text needs a look beyond its field's shortcut: strange characters, or blanks around it.
#[inline(always)]
fn may_be_odd(text: &[u8]) -> bool {
    let blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t' | b'\n' | b'\r'));
    if blank(text.first()) || blank(text.last()) {
        return true;
    }
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const LOW: u64 = 0x2020_2020_2020_2020;
    const DEL: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const ONE: u64 = 0x0101_0101_0101_0101;
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().any(|b| *b >= 0x7f || *b < 0x20);
    };
    let strange = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        let low = word.wrapping_sub(LOW) & !word & HIGH;
        let del = word ^ DEL;
        (word | low | (del.wrapping_sub(ONE) & !del)) & HIGH
    };
    // The last eight bytes may overlap those before. Texts are short and hardly ever strange, so all of a text is looked at in one go.
    text.as_chunks::<8>().0.iter().fold(strange(last), |found, word| found | strange(word)) != 0
}
