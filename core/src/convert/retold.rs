//! Rules and keys that the source's layout and the target both have: a record that breaks one breaks the other, and one fault is told once.
//!
//! The target's finding is the one that counts for what is written, so it stays, at the source's cell; the source's rule is not asked. That is done
//! only where it is certain that whoever breaks the source's rule breaks the target's too, and where the target takes it at least as gravely.

use std::sync::Arc;

use crate::check::key_form::KeyForm;
use crate::check::plan::{StandardPlan, TablePlan};
use crate::check::rows::RowRule;
use crate::finding::{Code, Finding};
use crate::package::crosswalk::{Crosswalk, Input, Step, TableMap};

/// A finding of the target that stands for one of the source's.
#[derive(Debug, Clone)]
pub(super) struct Retold {
    /// Name of the source's table.
    table: String,
    code: Code,
    /// The target's field at which it is told, and the source's that fills it.
    target: String,
    source: usize,
}

impl Retold {
    /// The source's field at which a finding about a row of that table is to be told; `None` for one that stands for no other.
    pub(super) fn field_of(all: &[Retold], table: &str, finding: &Finding) -> Option<usize> {
        let name = finding.place.field.as_deref()?;
        all.iter().find(|r| r.table == table && r.target == name && r.code == finding.code).map(|r| r.source)
    }
}

/// Whether a step leaves what is empty empty, and makes one text of one text.
fn is_plain(step: &Step) -> bool {
    matches!(step, Step::Trim(_) | Step::Squeeze | Step::Case(_) | Step::Strip(_) | Step::Number(_) | Step::Date { .. })
}

/// By field of the target: the source's field that fills it by plain steps.
fn carried(map: &TableMap, source: &TablePlan, target: &TablePlan) -> Vec<Option<usize>> {
    let mut out = vec![None; target.schema.fields.len()];
    for field in &map.fields {
        if let (Input::Field(name), Some(at)) = (&field.from, target.schema.index(&field.to))
            && field.steps.iter().all(is_plain)
        {
            out[at] = source.schema.index(name);
        }
    }
    out
}

/// Takes out of the source's plan the rules and keys that the target tells as well.
pub(super) fn told_by_target(source: &mut StandardPlan, target: &StandardPlan, crosswalk: &Crosswalk) -> Vec<Retold> {
    let mut out = Vec::new();
    for map in &crosswalk.tables {
        // Rows that are split, united or left out are other rows than the source's.
        if map.explode.is_some() || !map.distinct.is_empty() || !map.skip.is_empty() {
            continue;
        }
        let Some(to) = target.tables.iter().find(|t| t.name == map.to) else { continue };
        let Some(from) = source.tables.iter_mut().find(|t| t.name == map.from).and_then(Arc::get_mut) else { continue };
        let carried = carried(map, from, to);
        let same = |theirs: &[usize], ours: &[usize], ordered: bool| {
            let mut theirs: Vec<Option<usize>> = theirs.iter().map(|&f| carried[f]).collect();
            let mut ours: Vec<Option<usize>> = ours.iter().copied().map(Some).collect();
            if !ordered {
                theirs.sort_unstable();
                ours.sort_unstable();
            }
            theirs == ours
        };
        let mut tell = |code: &Code, at: usize| {
            if let Some(source) = carried[at] {
                out.push(Retold { table: map.from.clone(), code: code.clone(), target: to.schema.fields[at].name.clone(), source });
            }
        };
        from.rows.retain(|ours| {
            let says = |theirs: &&RowRule| {
                let alike = ours.says_the_same(theirs) && theirs.severity <= ours.severity;
                alike && same(&theirs.fields, &ours.fields, ours.is_ordered())
            };
            let Some(theirs) = to.rows.iter().find(says) else { return true };
            theirs.fields.iter().for_each(|&f| tell(&theirs.code, f));
            false
        });
        // A value may have many texts: only who compares values as well, or finds texts alone, says no more than the target.
        let forms = &from.forms;
        let as_strict = |theirs: &[usize]| {
            theirs.iter().all(|&f| carried[f].is_some_and(|ours| forms[ours] == KeyForm::Text || forms[ours] == to.forms[f]))
        };
        for ours in &mut from.keys {
            let Some((_, severity)) = &ours.repeated else { continue };
            let told = to.keys.iter().find_map(|theirs| {
                let (code, grave) = theirs.repeated.as_ref()?;
                let alike = grave <= severity
                    && theirs.empties == ours.empties
                    && same(&theirs.fields, &ours.fields, false)
                    && as_strict(&theirs.fields);
                alike.then_some((code, *theirs.fields.first()?))
            });
            if let Some((code, at)) = told {
                tell(code, at);
                ours.repeated = None;
            }
        }
    }
    out
}
