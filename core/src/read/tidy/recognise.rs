//! Which known layout an untidy file follows: the one whose steps make its table of the file's first rows.

use std::sync::Arc;

use super::super::{Rows, Step};
use super::{Names, Tidy, names_of};
use crate::bounds::SAMPLE;
use crate::package::Layout;
use crate::schema::TableSchema;

/// Rows of the start that are looked at.
const ROWS: usize = 200;

/// The share of known columns, in thousandths, from which a layout is taken for the file's.
const ENOUGH: usize = 500;

/// A layout and the table that it makes.
#[derive(Debug)]
pub struct Known {
    /// `id@version` of the package.
    pub standard: String,
    /// The steps.
    pub layout: Layout,
    /// The table's schema.
    pub schema: Arc<TableSchema>,
    /// Columns that give the layout away; when empty, the required ones do.
    pub distinctive: Vec<String>,
}

impl Known {
    /// The steps, at their beginning.
    pub fn tidy(&self) -> Tidy {
        Tidy::new(&self.layout, &self.schema, &self.distinctive)
    }

    /// How well the tidy header fits the table, in thousandths, and how many columns it knows; `None` when a column that gives the layout
    /// away is missing.
    fn fits(&self, rows: &Rows) -> Option<(usize, usize)> {
        let (mut out, mut findings) = (Rows::new(), Vec::new());
        let mut tidy = self.tidy();
        tidy.rows(rows, &mut out, &mut findings);
        tidy.finish(&mut out, &mut findings);
        let header = names_of(out.get(0)?);
        let names = Names::of(&self.schema);
        let schema = &self.schema;
        let all_there = if self.distinctive.is_empty() {
            let needed = |f: &usize| schema.is_required(*f) || schema.fields[*f].extras.column;
            (0..schema.fields.len()).filter(needed).all(|f| names.find(&header, &schema.fields[f].name).is_some())
        } else {
            self.distinctive.iter().all(|name| names.find(&header, name).is_some())
        };
        let known = names.known(&header);
        (all_there && known > 0).then(|| (1000 * known / header.len(), known))
    }
}

/// The layouts that a file may follow.
#[derive(Debug, Clone, Default)]
pub struct Layouts(Vec<Arc<Known>>);

impl PartialEq for Layouts {
    fn eq(&self, other: &Layouts) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Eq for Layouts {}

impl Layouts {
    /// These layouts.
    pub fn new(known: impl IntoIterator<Item = Arc<Known>>) -> Layouts {
        Layouts(known.into_iter().collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The layout that the first rows of a file follow best. Only so many rows count as are the same however the file arrives: 200, or
    /// those of the first 64 KiB of text.
    pub fn recognise(&self, rows: &Rows) -> Option<Arc<Known>> {
        if self.is_empty() {
            return None;
        }
        let mut start = Rows::new();
        for row in rows.iter().take(ROWS) {
            if start.bytes() >= SAMPLE {
                break;
            }
            start.push(row);
        }
        let mut best: Option<((usize, usize), &Arc<Known>)> = None;
        for known in &self.0 {
            if let Some(fit) = known.fits(&start)
                && fit.0 >= ENOUGH
                && best.is_none_or(|b| fit > b.0)
            {
                best = Some((fit, known));
            }
        }
        best.map(|(_, known)| known.clone())
    }
}
