//! All published standards, ready to answer: what is read most is made once for each state of the registry, and replaced as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use concord_core::check::plan::StandardPlan;
use concord_core::package::catalog::Catalog;
use concord_core::package::{Package, Status, load};
use concord_core::session::Choice;

use crate::db::{Database, Fault, read};
use crate::keep::packages::{self, Life, Published};
use crate::store::Store;

/// The state of the standards at one time.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The number of the state.
    pub revision: i64,
    /// The packages.
    pub catalog: Catalog,
    /// All answers about them.
    pub store: Store,
    /// By `id@version`, compiled.
    plans: BTreeMap<String, Arc<StandardPlan>>,
    /// By `id@version`, what was published.
    pub published: BTreeMap<String, Published>,
}

impl Shelf {
    /// Reads what is published. Packages that are at hand already, with the same digest, are not read again.
    ///
    /// # Errors
    /// The database's, or when a package that was published can no longer be loaded.
    pub fn load(database: &dyn Database, at_hand: &Catalog, before: Option<&Shelf>) -> Result<Shelf, Fault> {
        let (revision, rows) = read(database, |s| Ok::<_, Fault>((packages::revision(s)?, packages::all(s)?)))?;
        let mut catalog = Catalog::default();
        let mut plans = BTreeMap::new();
        let mut published = BTreeMap::new();
        for row in rows {
            let reference = format!("{}@{}", row.id, row.version);
            let known = [Some(at_hand), before.map(|b| &b.catalog)].into_iter().flatten();
            let known = known.flat_map(|c| c.versions(&row.id)).find(|p| p.manifest.version == row.version && p.digest == row.digest);
            let mut package = match known {
                Some(package) => Package::clone(package),
                None => {
                    let files = read(database, |s| packages::files(s, &row.id, &row.version))?;
                    load::load(files).package.ok_or_else(|| Fault(format!("{reference} cannot be loaded any more")))?
                }
            };
            match row.life {
                Life::Published => {}
                Life::Deprecated => package.manifest.status = Status::Deprecated,
                Life::Withdrawn => package.manifest.status = Status::Withdrawn,
            }
            let plan = before.and_then(|b| b.plans.get(&reference)).filter(|_| known.is_some());
            plans.insert(reference.clone(), plan.map_or_else(|| Arc::new(StandardPlan::of_package(&package)), Arc::clone));
            catalog.add(package);
            published.insert(reference, row);
        }
        Ok(Shelf { revision, store: Store::new(&catalog), catalog, plans, published })
    }

    /// What files are checked against: the standard named, or whichever of those that may be seen they look like. `None` when there is
    /// no standard of that name.
    pub fn choice(&self, standard: Option<&str>, sees: &dyn Fn(&str) -> bool) -> Option<Choice> {
        match standard {
            Some(reference) => {
                let package = self.catalog.find(reference).filter(|p| sees(&p.manifest.id))?;
                self.plans.get(&package.reference()).cloned().map(Choice::Given)
            }
            None => {
                // What was withdrawn is not recognised by itself; who names it still gets it.
                let all = self.catalog.all().filter(|p| sees(&p.manifest.id) && p.manifest.status != Status::Withdrawn);
                Some(Choice::Detect(all.filter_map(|package| self.plans.get(&package.reference()).cloned()).collect()))
            }
        }
    }

    /// A package's compiled form.
    pub fn plan(&self, package: &concord_core::package::Package) -> Option<Arc<StandardPlan>> {
        self.plans.get(&package.reference()).cloned()
    }

    /// The standards of which a caller may know.
    pub fn seen_by(&self, sees: &dyn Fn(&str) -> bool) -> Catalog {
        let mut catalog = Catalog::default();
        for package in self.catalog.all().filter(|p| sees(&p.manifest.id)) {
            catalog.add(Package::clone(package));
        }
        catalog
    }

    /// Whether there is anything.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }
}
