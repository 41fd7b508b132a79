//! The registry of standards over HTTP, and a service that checks files against them: a shell around the same core as the command line.
//!
//! What the catalogue holds is written once, at the start, into a map from path to answer ([`store`]); a request for it is a look into
//! that map, so no path of a request ever reaches a file system. Only a file to check ([`validate`]) and the page behind a finding's code
//! ([`findings`]) are computed as they are asked for. Every refusal is one of a closed list ([`problem`]).

pub mod findings;
pub mod html;
pub mod json;
pub mod limits;
pub mod negotiate;
pub mod problem;
pub mod router;
pub mod serve;
pub mod settings;
pub mod store;
pub mod validate;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use concord_core::check::plan::StandardPlan;
use concord_core::package::catalog::Catalog;
use concord_core::session::Choice;
use tokio::sync::Semaphore;

pub use limits::Limits;
pub use router::routes;
pub use serve::{run, serve};
pub use settings::Settings;

use crate::store::Store;

/// Everything that requests share. Made once.
#[derive(Debug)]
pub struct Registry {
    /// The bounds on requests.
    pub limits: Limits,
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    /// By `id@version`, compiled.
    plans: BTreeMap<String, Arc<StandardPlan>>,
    /// All plans in the catalogue's order, for files that come without the name of a standard.
    detect: Choice,
    /// One permit for each file being checked; held until its thread is done.
    pub(crate) slots: Arc<Semaphore>,
    draining: AtomicBool,
}

impl Registry {
    /// Compiles a catalogue and writes all its answers.
    pub fn new(catalog: &Catalog, limits: Limits) -> Arc<Registry> {
        let plans: BTreeMap<String, Arc<StandardPlan>> =
            catalog.all().map(|package| (package.reference(), Arc::new(StandardPlan::of_package(package)))).collect();
        let detect = Choice::Detect(catalog.all().filter_map(|package| plans.get(&package.reference()).cloned()).collect());
        Arc::new(Registry {
            store: Store::new(catalog),
            catalog: catalog.clone(),
            plans,
            detect,
            slots: Arc::new(Semaphore::new(limits.validations.min(Semaphore::MAX_PERMITS))),
            limits,
            draining: AtomicBool::new(false),
        })
    }

    /// The embedded standards.
    pub fn embedded(limits: Limits) -> Arc<Registry> {
        Registry::new(concord_standards::catalog(), limits)
    }

    /// What files are checked against: the standard named, or whichever they look like. `None` when there is no standard of that name.
    pub(crate) fn choice(&self, standard: Option<&str>) -> Option<Choice> {
        match standard {
            Some(reference) => {
                let package = self.catalog.find(reference)?;
                self.plans.get(&package.reference()).cloned().map(Choice::Given)
            }
            None => Some(self.detect.clone()),
        }
    }

    /// The known reference most like a text; long texts are like none.
    pub(crate) fn near(&self, text: &str) -> Option<String> {
        (text.len() <= 100).then(|| self.catalog.near(text)).flatten()
    }

    /// Whether requests are welcome: there are standards, and the server is not on its way to stop.
    pub fn ready(&self) -> bool {
        !self.plans.is_empty() && !self.draining.load(Ordering::Relaxed)
    }

    /// Says that the server is about to stop, so that `/readyz` sends further requests elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
