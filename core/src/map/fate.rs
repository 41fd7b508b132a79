//! What became of single cells of a source record: asked only for cells with which the source's own layout found fault, so that the one finding
//! about such a cell can say what the result holds.

use std::sync::Arc;

use super::convert::Converter;
use super::{MapPlan, MapScratch, Origin, SourceRow, TargetRow};

/// What a cell with a fault became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing: the target field that it should fill is empty.
    Empty {
        /// The target's field.
        target: String,
    },
    /// Another text.
    Taken {
        /// The target's field.
        target: String,
        /// What it holds.
        text: String,
    },
    /// No row was made of the record.
    NotConverted,
}

impl MapPlan {
    /// The source fields that a target field's value starts from; empty when it is fixed or not filled.
    fn starts_of(&self, map: usize, target: usize) -> &[usize] {
        let Some(expr) = self.tables.get(map).and_then(|t| t.cells.get(target).copied().flatten()) else { return &[] };
        match &self.exprs[expr].origin {
            Origin::Field(field) | Origin::Piece(field) => std::slice::from_ref(field),
            Origin::Fields(fields) => fields,
            Origin::Nothing | Origin::Fixed(_) | Origin::Given(_) => &[],
        }
    }

    /// What became of some fields of a record, in their order; `None` where the text stands in the result as it was, or nothing reads it. `name` gives a
    /// target field's name by table of the plan and field.
    fn fates(&self, row: &SourceRow<'_>, fields: &[usize], name: &dyn Fn(usize, usize) -> String) -> Vec<Option<Fate>> {
        let mut seen = vec![Seen::default(); fields.len()];
        let mut scratch = MapScratch::default();
        self.map_row(row, &mut scratch, &mut |target: TargetRow<'_>| {
            for (&field, seen) in fields.iter().zip(&mut seen) {
                if target.rejected {
                    seen.rejected = true;
                    continue;
                }
                seen.made = true;
                let own = row.cells.get(field).copied().unwrap_or_default();
                for (at, text) in target.cells.iter().enumerate() {
                    let starts = self.starts_of(target.map, at);
                    if !starts.contains(&field) {
                        continue;
                    }
                    if text.is_empty() {
                        seen.empty.get_or_insert_with(|| name(target.map, at));
                    } else if starts.len() > 1 || *text == own {
                        seen.kept = true;
                    } else {
                        seen.taken.get_or_insert_with(|| (name(target.map, at), (*text).to_owned()));
                    }
                }
            }
        });
        let failed = |field: usize| {
            let of = |f: &&crate::finding::Finding| f.kind.is_empty() && f.place.field == self.source_fields.get(field).map(Arc::clone);
            scratch.findings.iter().find(of).and_then(|f| f.get("target")).map(str::to_owned)
        };
        fields.iter().zip(seen).map(|(&field, seen)| seen.fate(failed(field))).collect()
    }
}

/// What is known of one source field of a record.
#[derive(Clone, Default)]
struct Seen {
    /// A row was made without being rejected.
    made: bool,
    rejected: bool,
    /// A target field holds it as it was.
    kept: bool,
    /// The first target field that is empty.
    empty: Option<String>,
    /// What the first other one holds.
    taken: Option<(String, String)>,
}

impl Seen {
    /// `failed` is the target field whose steps could not treat the value.
    fn fate(self, failed: Option<String>) -> Option<Fate> {
        match self {
            Seen { made: false, rejected: true, .. } => Some(Fate::NotConverted),
            Seen { made: false, .. } => None,
            Seen { kept, empty, taken, .. } => match (failed, taken, empty) {
                (Some(target), ..) => Some(Fate::Empty { target }),
                (None, Some((target, text)), _) => Some(Fate::Taken { target, text }),
                (None, None, Some(target)) if !kept => Some(Fate::Empty { target }),
                _ => None,
            },
        }
    }
}

/// Which rows go on from a standard between.
pub(crate) trait Arrives {
    /// The plan that reads a table's rows.
    fn leads_on(&self, table: usize) -> Option<usize>;
    /// Whether a text of a field means "no value".
    fn is_missing(&self, table: usize, field: usize, text: &str) -> bool;
}

/// One of the crosswalks behind the first.
#[derive(Clone, Copy)]
pub(crate) struct Stop<'a> {
    pub(crate) converter: &'a Converter,
    pub(crate) arrives: &'a dyn Arrives,
}

/// What is looked for in the rows that the last crosswalk makes of one record.
struct Search<'a> {
    fields: &'a [usize],
    own: &'a [&'a str],
    seen: Vec<Seen>,
}

impl Search<'_> {
    /// One cell of a row that is written, and the fields of the source that it starts from.
    fn cell(&mut self, starts: &[usize], text: &str, name: &dyn Fn() -> String) {
        for (field, seen) in self.fields.iter().zip(&mut self.seen).filter(|(field, _)| starts.contains(field)) {
            if text.is_empty() {
                seen.empty.get_or_insert_with(name);
            } else if starts.len() > 1 || Some(&text) == self.own.get(*field) {
                seen.kept = true;
            } else {
                seen.taken.get_or_insert_with(|| (name(), text.to_owned()));
            }
        }
    }

    /// Follows a record through one crosswalk and those behind it. `origins` are the source's fields behind each of its own.
    fn follow(
        &mut self,
        converter: &Converter,
        plan: usize,
        further: &[Stop<'_>],
        row: &SourceRow<'_>,
        origins: &dyn Fn(usize) -> Vec<usize>,
    ) {
        let plans = converter.plans();
        let Some(map) = plans.get(plan) else { return };
        let mut scratch = MapScratch::default();
        map.map_row(row, &mut scratch, &mut |target: TargetRow<'_>| {
            if target.rejected {
                self.seen.iter_mut().for_each(|seen| seen.rejected = true);
                return;
            }
            let starts = |at: usize| -> Vec<usize> { map.starts_of(target.map, at).iter().flat_map(|&f| origins(f)).collect() };
            let Some((next, behind)) = further.split_first() else {
                self.seen.iter_mut().for_each(|seen| seen.made = true);
                for (at, text) in target.cells.iter().enumerate() {
                    self.cell(&starts(at), text, &|| converter.name_of(plan, target.map, at).unwrap_or_default().to_owned());
                }
                return;
            };
            let Some(plan) = next.arrives.leads_on(target.table) else { return };
            let clean = |(at, text): (usize, &&'_ str)| if next.arrives.is_missing(target.table, at, text) { "" } else { *text }.to_owned();
            let cells: Vec<String> = target.cells.iter().enumerate().map(clean).collect();
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            self.follow(next.converter, plan, behind, &SourceRow { cells: &cells, place: row.place, columns: &[] }, &starts);
        });
    }
}

impl Converter {
    /// What becomes of some fields of a record of the current source over this crosswalk and those behind it.
    pub(crate) fn fates_over(&self, further: &[Stop<'_>], row: &SourceRow<'_>, fields: &[usize]) -> Vec<Option<Fate>> {
        let mut search = Search { fields, own: row.cells, seen: vec![Seen::default(); fields.len()] };
        search.follow(self, self.current(), further, row, &|f| vec![f]);
        search.seen.into_iter().map(|seen| seen.fate(None)).collect()
    }

    /// What becomes of some fields of a record of the current source; see [`MapPlan::fates`]. Nothing is written or counted.
    pub(crate) fn fates(&self, row: &SourceRow<'_>, fields: &[usize]) -> Vec<Option<Fate>> {
        match self.plan() {
            Some(plan) => plan.fates(row, fields, &|map, field| self.target_name(map, field).unwrap_or_default().to_owned()),
            None => vec![None; fields.len()],
        }
    }

    /// The source fields from which the target's fields of that name are made, over all tables of the current source.
    pub(crate) fn sources_of(&self, target: &str) -> Vec<usize> {
        let Some(plan) = self.plan() else { return Vec::new() };
        let mut out: Vec<usize> = Vec::new();
        for (map, table) in plan.tables.iter().enumerate() {
            for at in (0..table.cells.len()).filter(|&at| table.cells[at].is_some() && self.target_name(map, at) == Some(target)) {
                out.extend(plan.starts_of(map, at));
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}
