//! Which column of a file is which field of a table: a header's names against those of a schema.
//!
//! A file of unknown kind is held against every table of every standard, so each side is prepared once: a table's names when it is first
//! asked for, a header's when it was read. A header may have very many columns, and all of one name.

use std::collections::HashMap;

use super::near::folded;
use super::plan::TablePlan;
use crate::schema::TableSchema;

/// How a header names a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Letter for letter.
    Exactly,
    /// By a name that the schema lists as another one for it.
    Alias,
    /// But for case, blanks and signs.
    Alike,
}

/// A header's names, prepared for being looked up.
#[derive(Debug)]
pub struct HeaderNames<'a> {
    /// How many columns there are.
    pub columns: usize,
    /// The columns that name something for the first time: column, name, name without case and signs.
    named: Vec<(usize, &'a str, String)>,
    /// Columns whose name stood in an earlier column: the later one and the earlier one, in order of the later.
    pub repeated: Vec<(usize, usize)>,
}

impl<'a> HeaderNames<'a> {
    /// Prepares a header.
    pub fn of(names: &[&'a str]) -> HeaderNames<'a> {
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(names.len());
        let mut out = HeaderNames { columns: names.len(), named: Vec::new(), repeated: Vec::new() };
        for (c, name) in names.iter().enumerate().filter(|(_, name)| !name.trim().is_empty()) {
            match first.get(name) {
                Some(&earlier) => out.repeated.push((c, earlier)),
                None => {
                    first.insert(name, c);
                    out.named.push((c, name, folded(name)));
                }
            }
        }
        out
    }
}

/// By a name: the fields that have it, in order.
type Fields = HashMap<String, Vec<usize>>;

/// A schema's names, prepared for being looked up.
#[derive(Debug, Default)]
pub struct FieldNames {
    exact: Fields,
    aliases: Fields,
    /// Names and aliases without case and signs.
    alike: Fields,
    /// Whether a name is that of several fields.
    several: bool,
}

impl FieldNames {
    /// Prepares a schema.
    pub fn of(schema: &TableSchema) -> FieldNames {
        let mut out = FieldNames::default();
        let add = |to: &mut Fields, name: String, field: usize| {
            let fields = to.entry(name).or_default();
            if fields.last() != Some(&field) {
                fields.push(field);
            }
        };
        for (f, field) in schema.fields.iter().enumerate() {
            add(&mut out.exact, field.name.clone(), f);
            field.extras.aliases.iter().for_each(|alias| add(&mut out.aliases, alias.clone(), f));
            for name in std::iter::once(&field.name).chain(&field.extras.aliases).map(|n| folded(n)).filter(|n| !n.is_empty()) {
                add(&mut out.alike, name, f);
            }
        }
        out.several = out.exact.values().any(|fields| fields.len() > 1);
        out
    }

    /// The names of all fields without case and signs, each once.
    pub fn alike(&self) -> impl Iterator<Item = &str> {
        self.alike.keys().map(String::as_str)
    }

    /// Whether a field has exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.exact.contains_key(name)
    }
}

/// Which column is which field.
#[derive(Debug, Clone, Default)]
pub struct HeaderMatch {
    /// The columns that are fields, in order: the column, the field and how it is named.
    found: Vec<(usize, usize, Named)>,
    /// By field: the column.
    pub fields: Vec<Option<usize>>,
    /// Columns whose name stood in an earlier column, as it should: the schema has it as often. Ascending.
    again: Vec<usize>,
}

impl HeaderMatch {
    /// Finds each column's field: first letter for letter, then by aliases, then but for case and signs. Each field is found once, and
    /// each name counts where it stands first. Where a schema has a name several times (Table Schema v2 lets it, v1 says nothing against it) and the
    /// header has it as often, the columns are the fields in order.
    pub fn of(plan: &TablePlan, header: &HeaderNames<'_>) -> HeaderMatch {
        let names = plan.names();
        let mut out = HeaderMatch { found: Vec::new(), fields: vec![None; plan.schema.fields.len()], again: Vec::new() };
        if names.several && !header.repeated.is_empty() {
            out.take_in_order(names, header);
        }
        for (how, fields) in [(Named::Exactly, &names.exact), (Named::Alias, &names.aliases), (Named::Alike, &names.alike)] {
            if fields.is_empty() {
                continue;
            }
            let before = out.found.len();
            for (c, name, folded) in &header.named {
                let name = if how == Named::Alike { folded.as_str() } else { name };
                let Some(free) = fields.get(name).and_then(|all| all.iter().find(|f| out.fields[**f].is_none())) else { continue };
                // Columns found by an earlier pass are in order of their number.
                if out.found[..before].binary_search_by_key(c, |(column, ..)| *column).is_ok() {
                    continue;
                }
                out.fields[*free] = Some(*c);
                out.found.push((*c, *free, how));
            }
            out.found.sort_unstable_by_key(|(column, ..)| *column);
        }
        out
    }

    /// Takes the columns of names that the schema has several times, and the header as often.
    fn take_in_order(&mut self, names: &FieldNames, header: &HeaderNames<'_>) {
        for (first, name, _) in &header.named {
            let Some(fields) = names.exact.get(*name).filter(|fields| fields.len() > 1) else { continue };
            let again: Vec<usize> = header.repeated.iter().filter(|(_, earlier)| earlier == first).map(|(later, _)| *later).collect();
            if again.len() + 1 == fields.len() {
                for (&column, &field) in std::iter::once(first).chain(&again).zip(fields) {
                    self.fields[field] = Some(column);
                    self.found.push((column, field, Named::Exactly));
                }
                self.again.extend(again);
            }
        }
        self.again.sort_unstable();
        self.found.sort_unstable_by_key(|(column, ..)| *column);
    }

    /// The columns whose name stood in an earlier one and should not: the later one and the earlier one, in order of the later.
    pub fn wrongly_repeated(&self, header: &HeaderNames<'_>) -> Vec<(usize, usize)> {
        header.repeated.iter().copied().filter(|(later, _)| self.again.binary_search(later).is_err()).collect()
    }

    /// The columns that are fields, in order: the column, the field and how it is named.
    pub fn found(&self) -> &[(usize, usize, Named)] {
        &self.found
    }

    /// By column of a header with so many: the field and how it is named.
    pub fn columns(&self, count: usize) -> Vec<Option<(usize, Named)>> {
        let mut out = vec![None; count];
        for &(column, field, how) in &self.found {
            out[column] = Some((field, how));
        }
        out
    }

    /// Fields that have a column.
    pub fn known(&self) -> usize {
        self.found.len()
    }

    /// Names of the columns that give the layout away but are not there.
    pub fn missing<'p>(&self, plan: &'p TablePlan) -> Vec<&'p str> {
        let schema = &plan.schema;
        let needed: Vec<usize> = if plan.distinctive.is_empty() {
            (0..schema.fields.len()).filter(|&f| schema.is_required(f) || schema.fields[f].extras.column).collect()
        } else {
            plan.distinctive.iter().filter_map(|n| schema.index(n)).collect()
        };
        needed.into_iter().filter(|&f| self.fields[f].is_none()).map(|f| schema.fields[f].name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same in plain style: every column against every field, three times over.
    fn plainly(schema: &TableSchema, names: &[&str]) -> Vec<Option<(usize, Named)>> {
        let mut columns: Vec<Option<(usize, Named)>> = vec![None; names.len()];
        for (f, field) in schema.fields.iter().enumerate() {
            let of_schema: Vec<usize> = (0..schema.fields.len()).filter(|&f| schema.fields[f].name == field.name).collect();
            let of_header: Vec<usize> = (0..names.len()).filter(|&c| names[c] == field.name && !names[c].trim().is_empty()).collect();
            if of_schema.len() > 1
                && of_schema.len() == of_header.len()
                && let Some(at) = of_schema.iter().position(|other| *other == f)
            {
                columns[of_header[at]] = Some((f, Named::Exactly));
            }
        }
        for how in [Named::Exactly, Named::Alias, Named::Alike] {
            for (c, name) in names.iter().enumerate() {
                if columns[c].is_some() || name.trim().is_empty() || names[..c].contains(name) {
                    continue;
                }
                let fits = |f: usize| {
                    let field = &schema.fields[f];
                    match how {
                        Named::Exactly => field.name == *name,
                        Named::Alias => field.extras.aliases.iter().any(|a| a == name),
                        Named::Alike => std::iter::once(&field.name)
                            .chain(&field.extras.aliases)
                            .any(|n| !folded(n).is_empty() && folded(n) == folded(name)),
                    }
                };
                let taken = |f: usize| columns.iter().flatten().any(|(have, _)| *have == f);
                let found = (0..schema.fields.len()).find(|&f| !taken(f) && fits(f));
                columns[c] = found.map(|f| (f, how));
            }
        }
        columns
    }

    proptest! {
        #[test]
        fn columns_are_found_as_in_plain_style(
            fields in prop::collection::vec(("[abA_ ]{0,3}", prop::collection::vec("[abA_ ]{0,3}", 0..3)), 0..6),
            header in prop::collection::vec("[abA_ ]{0,3}", 0..10),
        ) {
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            let mut schema = TableSchema::of_texts(&names);
            for (field, (_, aliases)) in schema.fields.iter_mut().zip(&fields) {
                field.extras.aliases = aliases.clone();
            }
            let plan = TablePlan::new("t", "", std::sync::Arc::new(schema));
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            let names = HeaderNames::of(&header);
            let found = HeaderMatch::of(&plan, &names);
            let want = plainly(&plan.schema, &header);
            prop_assert_eq!(found.known(), want.iter().flatten().count());
            prop_assert_eq!(found.columns(header.len()), want);
            for &(c, f, _) in found.found() {
                prop_assert_eq!(found.fields[f], Some(c));
            }
            for &(later, earlier) in &names.repeated {
                prop_assert!(earlier < later && header[earlier] == header[later]);
            }
            let right = |c: usize| found.columns(header.len())[c].is_some();
            let wrongly: Vec<(usize, usize)> = names.repeated.iter().copied().filter(|(later, _)| !right(*later)).collect();
            prop_assert_eq!(found.wrongly_repeated(&names), wrongly);
        }
    }
}
