//! Which known layout an untidy file follows: the one whose steps make its table of the file's first rows.

use std::sync::Arc;

use super::super::{Rows, Step};
use super::{Begins, Names, Tidy, above, names_of};
use crate::bounds::SAMPLE;
use crate::check::plan::StandardPlan;
use crate::package::{Layout, Package};
use crate::schema::TableSchema;

/// Rows of the start that are looked at.
const ROWS: usize = 200;

/// Most columns of a file that is compared; more are no printed table.
const COLUMNS: usize = 1000;

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
    /// The layouts of a package.
    pub fn of_package(package: &Package) -> impl Iterator<Item = Arc<Known>> {
        package.layouts.iter().filter_map(|layout| {
            let resource = package.resource(&layout.resource)?;
            let (schema, distinctive) = (resource.schema.clone(), resource.distinctive.clone());
            Some(Arc::new(Known { standard: package.reference(), layout: layout.clone(), schema, distinctive }))
        })
    }

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

/// The layouts that a file may follow, and the standards whose header may stand below titles.
#[derive(Debug, Clone, Default)]
pub struct Layouts {
    known: Vec<Arc<Known>>,
    plans: Vec<Arc<StandardPlan>>,
}

impl PartialEq for Layouts {
    fn eq(&self, other: &Layouts) -> bool {
        fn same<T>(a: &[Arc<T>], b: &[Arc<T>]) -> bool {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b))
        }
        same(&self.known, &other.known) && same(&self.plans, &other.plans)
    }
}

impl Eq for Layouts {}

impl Layouts {
    /// These layouts.
    pub fn new(known: impl IntoIterator<Item = Arc<Known>>) -> Layouts {
        Layouts { known: known.into_iter().collect(), plans: Vec::new() }
    }

    /// The same, and a file whose header stands below other rows may be of a table of these standards.
    #[must_use]
    pub fn with_plans(self, plans: impl IntoIterator<Item = Arc<StandardPlan>>) -> Layouts {
        Layouts { plans: plans.into_iter().collect(), ..self }
    }

    /// Whether there is none, and no standard either.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.plans.is_empty()
    }

    /// Whether a file's first rows are to be compared with layouts.
    pub(crate) fn has_steps(&self) -> bool {
        !self.known.is_empty()
    }

    /// Where the table begins, when a later one of the first rows is the header of a table of the standards.
    pub fn begins(&self, rows: &Rows) -> Option<Begins> {
        above::below(&self.plans, rows)
    }

    /// Whether that is worth a look; these rows may be fewer.
    pub(crate) fn may_begin_below(&self, rows: &Rows) -> bool {
        !self.plans.is_empty() && above::wider_below(rows)
    }

    /// The layout that the first rows of a file follow best. Only so many rows count as are the same however the file arrives: 200, or
    /// those of the first 64 KiB of text.
    pub fn recognise(&self, rows: &Rows) -> Option<Arc<Known>> {
        if self.known.is_empty() {
            return None;
        }
        let mut start = Rows::new();
        for row in rows.iter().take(ROWS) {
            if start.bytes() >= SAMPLE {
                break;
            }
            if row.len() > COLUMNS {
                return None;
            }
            start.push(row);
        }
        let mut best: Option<((usize, usize), &Arc<Known>)> = None;
        for known in &self.known {
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
