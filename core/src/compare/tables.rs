//! Whether every table that one version accepts is accepted by another.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::key_form::KeyForm;
use crate::check::names::{HeaderMatch, HeaderNames};
use crate::check::plan::{StandardPlan, TablePlan};
use crate::finding::Finding;
use crate::schema::{Field, FieldType, FieldsMatch, ForeignKey, TableSchema};

use super::cells::{self, Cells, Side};
use super::witness::WitnessTable;
use super::{Break, Budget, Doubt, Inclusion, Witness, samples};

/// Whether every table of `one` is a table of `other`; `name` is what the table is called in the answer.
pub fn within(name: &str, one: &Arc<TableSchema>, other: &Arc<TableSchema>, budget: &mut Budget) -> Inclusion {
    let plan =
        |schema: &Arc<TableSchema>| Arc::new(StandardPlan::of_schemas(name, "", vec![(name.to_owned(), Vec::new(), schema.clone())]));
    let (one, other) = (plan(one), plan(other));
    Pair::new(&one, &one.tables[0], &other, &other.tables[0]).inclusion(budget)
}

/// Values tried in one column when rows are made up.
const POOL: usize = 12;
/// Rows tried until one is accepted.
const TRIES: usize = 64;

/// A table of two versions.
pub(super) struct Pair<'p> {
    one: &'p Arc<StandardPlan>,
    other: &'p Arc<StandardPlan>,
    a: &'p TableSchema,
    b: &'p TableSchema,
    name: &'p str,
    left: Vec<Side<'p>>,
    right: Vec<Side<'p>>,
    /// Field of `b` by field of `a`, as headers are matched.
    to: Vec<Option<usize>>,
    /// Texts by field of `a` that it accepts, those first that mean a value and that `b` accepts as well.
    pool: Vec<Vec<String>>,
}

impl<'p> Pair<'p> {
    pub(super) fn new(one: &'p Arc<StandardPlan>, a: &'p TablePlan, other: &'p Arc<StandardPlan>, b: &'p TablePlan) -> Pair<'p> {
        let names: Vec<&str> = a.schema.fields.iter().map(|f| f.name.as_str()).collect();
        let to: Vec<Option<usize>> =
            HeaderMatch::of(b, &HeaderNames::of(&names)).columns(names.len()).into_iter().map(|c| c.map(|(f, _)| f)).collect();
        let sides = |schema: &'p TableSchema| (0..schema.fields.len()).map(|f| Side::new(schema, f)).collect::<Vec<_>>();
        let (left, right) = (sides(&a.schema), sides(&b.schema));
        let pool = left.iter().zip(&to).map(|(side, to)| pool(side, to.map(|t| &right[t]))).collect();
        Pair { one, other, a: &a.schema, b: &b.schema, name: &a.name, left, right, to, pool }
    }

    pub(super) fn inclusion(&self, budget: &mut Budget) -> Inclusion {
        let mut out = Inclusion::default();
        let base = self.base(budget);
        for (f, to) in self.to.iter().enumerate() {
            let Some(t) = to else { continue };
            match cells::within(&self.left[f], &self.right[*t], budget) {
                Cells::Within => {}
                Cells::Unknown(why) => why.iter().for_each(|why| self.doubt(Some(f), why, &mut out)),
                Cells::Outside(text) => {
                    let rows = base.iter().map(|row| replaced(row, f, &text)).collect();
                    self.show(Some(f), self.witness(rows), "no row could be made up around a value that is refused", budget, &mut out);
                }
            }
        }
        self.columns(base.as_ref(), budget, &mut out);
        self.keys(base.as_ref(), budget, &mut out);
        self.references(base.as_ref(), budget, &mut out);
        out
    }

    fn header(&self) -> Vec<String> {
        self.a.fields.iter().map(|f| f.name.clone()).collect()
    }

    /// Whether the one version accepts a witness.
    pub(super) fn accepts(&self, witness: &Witness) -> bool {
        witness.errors(self.one).is_empty()
    }

    /// What the other version says of it at error level.
    pub(super) fn refuses(&self, witness: &Witness) -> Vec<Finding> {
        witness.errors(self.other)
    }

    pub(super) fn witness(&self, rows: Vec<Vec<String>>) -> Witness {
        Witness::of(self.name, self.header(), rows)
    }

    fn doubt(&self, field: Option<usize>, why: &str, out: &mut Inclusion) {
        let field = field.map(|f| Arc::from(self.a.fields[f].name.as_str()));
        let doubt = Doubt { resource: self.name.into(), field, why: why.to_owned() };
        if !out.doubts.contains(&doubt) {
            out.doubts.push(doubt);
        }
    }

    /// Takes a witness for a break if it is one, and else doubts.
    pub(super) fn show(&self, field: Option<usize>, witness: Witness, why: &str, budget: &mut Budget, out: &mut Inclusion) {
        match self.finding(field, &witness, budget) {
            Some(finding) => {
                let field = field.map(|f| Arc::from(self.a.fields[f].name.as_str())).or_else(|| finding.place.field.clone());
                out.breaks.push(Break { resource: self.name.into(), field, finding, witness });
            }
            None => self.doubt(field, why, out),
        }
    }

    /// What the other version says of a witness, if it is one.
    fn finding(&self, field: Option<usize>, witness: &Witness, budget: &mut Budget) -> Option<Finding> {
        if witness.tables.iter().all(|t| t.rows.is_empty() && field.is_some())
            || !Budget::spend(&mut budget.tables)
            || !self.accepts(witness)
        {
            return None;
        }
        let errors = self.refuses(witness);
        let header = field.and_then(|f| self.to[f]).map(|t| self.b.fields[t].name.as_str());
        let own = |f: &&Finding| {
            let at = f.place.field.as_deref();
            at.is_some() && (at == header || field.is_some_and(|f| at == Some(self.a.fields[f].name.as_str())))
        };
        errors.iter().find(own).or(errors.first()).cloned()
    }

    /// A row that the one version accepts, and the other as well if there is such a row among those tried.
    fn base(&self, budget: &mut Budget) -> Option<Vec<String>> {
        let mut fallback = None;
        for n in 0..TRIES {
            let row = self.row(n)?;
            if !Budget::spend(&mut budget.tables) {
                break;
            }
            let witness = self.witness(vec![row.clone()]);
            if witness.errors(self.one).is_empty() {
                if n >= 8 || witness.errors(self.other).is_empty() {
                    return Some(row);
                }
                fallback.get_or_insert(row);
            }
        }
        fallback
    }

    /// The `n`th made-up row. `None` when a field has no value that could be made up.
    pub(super) fn row(&self, n: usize) -> Option<Vec<String>> {
        let mut mix = n as u64;
        let mut row = Vec::with_capacity(self.pool.len());
        for pool in &self.pool {
            // The first row is of the most usual values; later ones are mixed by a fixed sequence, so that the answer never changes.
            mix = mix.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = if n == 0 { 0 } else { (mix >> 33) as usize % pool.len().max(1) };
            row.push(pool.get(at)?.clone());
        }
        // A reference into the same table must find its value: the row refers to itself.
        for key in self.a.foreign_keys.iter().filter(|k| k.resource.is_empty()) {
            for (&f, target) in key.fields.iter().zip(&key.target) {
                let Some(t) = self.a.index(target) else { continue };
                if self.left[f].rules.accepts(&row[t]) {
                    row[f] = row[t].clone();
                } else if !self.left[f].required()
                    && let Some(none) = self.left[f].missing().first()
                {
                    row[f] = none.clone();
                }
            }
        }
        Some(row)
    }

    /// Columns that the other version needs, and their order.
    fn columns(&self, base: Option<&Vec<String>>, budget: &mut Budget, out: &mut Inclusion) {
        let all_needed =
            |schema: &TableSchema| matches!(schema.fields_match, FieldsMatch::Exact | FieldsMatch::Equal | FieldsMatch::Subset);
        let needs = |schema: &TableSchema, f: usize| all_needed(schema) || schema.is_required(f) || schema.fields[f].extras.column;
        let without = |leave: Option<usize>| {
            let keep = |f: &usize| Some(*f) != leave;
            let header = (0..self.a.fields.len()).filter(keep).map(|f| self.a.fields[f].name.clone()).collect();
            let row = |row: &Vec<String>| (0..row.len()).filter(keep).map(|f| row[f].clone()).collect();
            Witness::of(self.name, header, base.iter().map(|r| row(r)).collect())
        };
        for t in (0..self.b.fields.len()).filter(|&t| needs(self.b, t)) {
            let from = self.to.iter().position(|to| *to == Some(t));
            if from.is_some_and(|f| needs(self.a, f)) {
                continue;
            }
            let witness = without(from);
            let before = out.breaks.len();
            self.show(None, witness, "a column is needed that may be missing", budget, out);
            if let Some(found) = out.breaks.get_mut(before) {
                found.field = Some(self.b.fields[t].name.as_str().into());
            }
        }
        // Columns that the other version does not know are an error only where it says that there are no others.
        if matches!(self.b.fields_match, FieldsMatch::Exact | FieldsMatch::Equal | FieldsMatch::Superset) {
            for f in (0..self.a.fields.len()).filter(|&f| self.to[f].is_none()) {
                let witness = self.witness(base.into_iter().cloned().collect());
                self.show(Some(f), witness, "its column is not known", budget, out);
            }
        }
        if self.b.fields_match == FieldsMatch::Exact {
            let order: Vec<usize> = self.to.iter().flatten().copied().collect();
            let free = self.a.fields_match != FieldsMatch::Exact && order.len() > 1;
            if free || !order.is_sorted() {
                let mut header = self.header();
                let mut rows: Vec<Vec<String>> = base.into_iter().cloned().collect();
                if order.is_sorted() {
                    header.reverse();
                    rows.iter_mut().for_each(|row| row.reverse());
                }
                let complete = (0..self.b.fields.len()).all(|t| order.contains(&t));
                // Where a column is missing, its absence is told in place of the order.
                if complete {
                    self.show(None, Witness::of(self.name, header, rows), "its columns are wanted in one order", budget, out);
                }
            }
        }
        if self.b.fields_match == FieldsMatch::Partial && (self.to.iter().all(Option::is_none) || !all_needed(self.a)) {
            let known: BTreeSet<usize> = (0..self.a.fields.len()).filter(|&f| self.to[f].is_some()).collect();
            if known.iter().all(|&f| !needs(self.a, f)) {
                let keep: Vec<usize> = (0..self.a.fields.len()).filter(|f| !known.contains(f)).collect();
                // A file has one column at least.
                if keep.is_empty() {
                    return;
                }
                let header = keep.iter().map(|&f| self.a.fields[f].name.clone()).collect();
                let rows = base.iter().map(|r| keep.iter().map(|&f| r[f].clone()).collect()).collect();
                self.show(None, Witness::of(self.name, header, rows), "none of its columns need be there", budget, out);
            }
        }
    }

    /// Fields whose values may not repeat.
    fn keys(&self, base: Option<&Vec<String>>, budget: &mut Budget, out: &mut Inclusion) {
        let have = keys(self.a);
        for key in keys(self.b) {
            // A column that is not in the file is no part of a key.
            let columns: Option<Vec<usize>> = key.iter().map(|t| self.to.iter().position(|to| to == &Some(*t))).collect();
            let Some(columns) = columns else { continue };
            // Records in which a part means "no value" are left out of a key, by each version's own texts for it.
            let tells = |f: &usize| {
                self.left[*f].required()
                    || self.left[*f].missing().iter().all(|m| self.to[*f].is_some_and(|t| self.right[t].missing().contains(m)))
            };
            // Values that are one by the other version are one by this version too.
            let apart = |f: &usize| self.to[*f].is_some_and(|t| within_as_keys(&self.a.fields[*f].kind, &self.b.fields[t].kind));
            if have.iter().any(|k| k.iter().all(|f| columns.contains(f) && tells(f) && apart(f))) {
                continue;
            }
            let rows = base.map(|first| {
                let mut second = first.clone();
                for f in (0..second.len()).filter(|f| !columns.contains(f)) {
                    if let Some(text) = self.pool[f].iter().find(|text| **text != first[f]) {
                        second[f] = text.clone();
                    }
                }
                vec![first.clone(), second]
            });
            let witness = self.witness(rows.unwrap_or_default());
            self.show(columns.first().copied(), witness, "its values may not repeat", budget, out);
        }
    }

    /// References to other records.
    fn references(&self, base: Option<&Vec<String>>, budget: &mut Budget, out: &mut Inclusion) {
        for key in &self.b.foreign_keys {
            let columns: Option<Vec<usize>> = key.fields.iter().map(|t| self.to.iter().position(|to| to == &Some(*t))).collect();
            let Some(columns) = columns.filter(|c| !c.is_empty()) else { continue };
            if self.has_reference(key, &columns) {
                continue;
            }
            let why = "its values must be found in another column or table";
            let Some(base) = base else {
                self.doubt(columns.first().copied(), why, out);
                continue;
            };
            // A value that is in no record referred to: any other than those of the rows that are there.
            let mut row = base.clone();
            for &f in &columns {
                let taken = |text: &&String| **text != base[f] && !self.left[f].rules.is_missing(text);
                let others: Vec<&str> = key.target.iter().filter_map(|t| self.a.index(t)).map(|t| base[t].as_str()).collect();
                if let Some(text) = self.pool[f].iter().filter(taken).find(|text| !others.contains(&text.as_str())) {
                    row[f] = text.clone();
                }
            }
            let mut witness = self.witness(vec![row]);
            if !key.resource.is_empty() {
                match self.referred(key) {
                    Some(table) => witness.tables.push(table),
                    None => {
                        self.doubt(columns.first().copied(), why, out);
                        continue;
                    }
                }
            }
            self.show(columns.first().copied(), witness, why, budget, out);
        }
    }

    /// Whether the one version has a reference already.
    fn has_reference(&self, key: &ForeignKey, columns: &[usize]) -> bool {
        let same_missing = |f: &usize| {
            self.left[*f].required()
                || self.left[*f].missing().iter().all(|m| self.to[*f].is_some_and(|t| self.right[t].missing().contains(m)))
        };
        self.a.foreign_keys.iter().any(|k| {
            let same = k.resource == key.resource && k.target == key.target && k.fields == columns && columns.iter().all(same_missing);
            same && self.compares_alike(key, columns)
        })
    }

    /// Whether both versions compare the fields of a reference, and those that it leads to, alike.
    fn compares_alike(&self, key: &ForeignKey, columns: &[usize]) -> bool {
        let alike = |a: &Field, b: &Field| KeyForm::of(&a.kind) == KeyForm::of(&b.kind);
        let own = columns.iter().zip(&key.fields).all(|(&f, &t)| alike(&self.a.fields[f], &self.b.fields[t]));
        let table = |plan: &'p StandardPlan, own: &'p TableSchema| match key.resource.as_str() {
            "" => Some(own),
            name => plan.tables.iter().find(|t| t.name == name).map(|t| &*t.schema),
        };
        let (Some(a), Some(b)) = (table(self.one, self.a), table(self.other, self.b)) else { return own };
        let field = |schema: &'p TableSchema, name: &str| schema.index(name).map(|f| &schema.fields[f]);
        own && key.target.iter().all(|name| match (field(a, name), field(b, name)) {
            (Some(a), Some(b)) => alike(a, b),
            _ => true,
        })
    }

    /// The table that a reference points at, without any record.
    fn referred(&self, key: &ForeignKey) -> Option<WitnessTable> {
        let table = self.one.tables.iter().find(|t| t.name == key.resource)?;
        let header = table.schema.fields.iter().map(|f| f.name.clone()).collect();
        Some(WitnessTable { resource: table.name.as_str().into(), header, rows: Vec::new() })
    }
}

/// The keys of a schema by field, each once.
fn keys(schema: &TableSchema) -> Vec<Vec<usize>> {
    let unique = schema.fields.iter().enumerate().filter(|(_, f)| f.constraints.unique).map(|(i, _)| vec![i]);
    let all = std::iter::once(schema.primary_key.clone()).chain(schema.unique_keys.iter().cloned()).chain(unique);
    all.filter(|key| !key.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether texts of one value by the type `b` are texts of one value by the type `a`, for texts that both take.
fn within_as_keys(a: &FieldType, b: &FieldType) -> bool {
    let format = |kind: &FieldType| match kind {
        FieldType::Number(format) | FieldType::Integer(format) => Some(format.clone()),
        _ => None,
    };
    let by_text = |kind: &FieldType| matches!(KeyForm::of(kind), KeyForm::Text | KeyForm::Checked(_));
    a == b || by_text(b) || format(a).is_some_and(|a| Some(a) == format(b))
}

/// Texts that a field accepts, to make rows of.
fn pool(side: &Side<'_>, other: Option<&Side<'_>>) -> Vec<String> {
    let accepted = |text: &String| side.rules.accepts(text) && !side.rules.is_missing(text);
    let candidates = samples::of(side.field(), other.map(Side::field));
    let welcome = |text: &String| other.is_none_or(|o| o.rules.accepts(text) && !o.rules.is_missing(text));
    let (mut both, alone): (Vec<String>, Vec<String>) = candidates.into_iter().filter(accepted).take(200).partition(welcome);
    both.extend(alone);
    if both.is_empty() {
        both.extend(patterned(side).into_iter().filter(accepted));
    }
    both.truncate(POOL);
    if !side.required() {
        both.extend(side.missing().first().cloned());
    }
    both
}

/// Texts that a pattern allows, where none of the usual ones fits it.
fn patterned(side: &Side<'_>) -> Vec<String> {
    let constraints = &side.field().constraints;
    let one =
        super::patterns::Language { pattern: constraints.pattern.as_deref(), min: constraints.min_length, max: constraints.max_length };
    // No text is in a language of no length.
    let none = super::patterns::Language { pattern: None, min: Some(1), max: Some(0) };
    match super::patterns::outside(one, none, &mut Budget { states: 5_000, ..Budget::default() }) {
        super::patterns::Outside::Some(texts) => texts,
        _ => Vec::new(),
    }
}

fn replaced(row: &[String], f: usize, text: &str) -> Vec<String> {
    let mut row = row.to_vec();
    row[f] = text.to_owned();
    row
}
