//! The registry of standards over HTTP, and a service that checks files against them: a shell around the same core as the command line.
//!
//! What is remembered stands in a database ([`db`]) by the rules of [`keep`]. What the published standards answer is written once for each
//! state of the registry, into a map from path to answer ([`shelf`], [`store`]); a request for it is a look into that map, so no path of a
//! request ever reaches a file system. Files to check ([`validate`]) stream through the core; [`validator`] is the page that checks them in the browser instead. Beside the registry's own routes stand those
//! of the schema registry that today's clients speak ([`confluent`]). Every refusal of our own routes is one of a closed list ([`problem`]).

pub mod access;
mod admin;
pub mod backup;
pub mod body;
pub mod client;
pub mod compare;
pub mod config;
pub mod confluent;
pub mod convert;
pub mod db;
pub mod export;
pub mod findings;
pub mod html;
pub mod json;
pub mod keep;
pub mod known;
pub mod limits;
pub mod log;
pub mod made;
pub mod merkle;
pub mod metrics;
mod native;
pub mod negotiate;
pub mod openapi;
pub mod problem;
mod proofs;
pub mod publishing;
pub mod rate;
mod references;
pub mod router;
mod scratch;
pub mod search;
pub mod serve;
pub mod settings;
pub mod shelf;
pub mod slots;
pub mod store;
mod telling;
pub mod tls;
mod upload;
pub mod validate;
pub mod validator;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use concord_core::package::catalog::Catalog;
use ed25519_dalek::SigningKey;

pub use access::Policy;
pub use limits::Limits;
pub use router::routes;
pub use serve::{run, serve};
pub use settings::Settings;

use crate::compare::{Core, Judge};
use crate::db::{Database, Fault};
use crate::keep::packages::{self, Outcome};
use crate::keep::signed::{self, KeyPlace};
use crate::keep::subjects::Refusal;
use crate::known::Known;
use crate::made::Made;
use crate::metrics::Metrics;
use crate::rate::Rates;
use crate::shelf::Shelf;
use crate::slots::Slots;
use crate::validator::Validator;

/// Everything that requests share. Made once.
#[derive(Debug)]
pub struct Registry {
    /// The bounds on requests.
    pub limits: Limits,
    /// What callers without a token may do.
    pub policy: Policy,
    database: Arc<dyn Database>,
    judge: Box<dyn Judge>,
    /// The standards that come with the program.
    own: Catalog,
    shelf: RwLock<Arc<Shelf>>,
    /// Held while the shelf is made anew.
    making: Mutex<()>,
    /// A place for each file that is worked on; held until its thread is done.
    pub(crate) slots: Slots,
    pub(crate) made: Made,
    /// Schemas by id, ready to be sent again.
    pub(crate) known: Known,
    pub(crate) metrics: Metrics,
    pub(crate) rates: Rates,
    /// Whether a caller's address is the one that a proxy names.
    pub(crate) behind_proxy: AtomicBool,
    /// Whether connections are made by TLS.
    pub(crate) encrypted: AtomicBool,
    /// The key that signs the log; none when there is no database.
    key: Option<SigningKey>,
    /// Whether each request is told.
    pub(crate) telling: AtomicBool,
    draining: AtomicBool,
    /// The page that checks files in the browser, when the server has it.
    pub(crate) validator: OnceLock<Validator>,
}

impl Registry {
    /// A registry of a catalogue that forgets everything else when it goes.
    pub fn new(catalog: &Catalog, limits: Limits) -> Arc<Registry> {
        let opened = db::sqlite::Sqlite::in_memory().map(|database| Arc::new(database) as Arc<dyn Database>);
        let opened = opened.and_then(|database| Registry::open(catalog, limits.clone(), Policy::default(), database));
        opened.unwrap_or_else(|fault| {
            log::fault(&fault);
            Arc::new(Registry::around(limits, Policy::default(), Arc::new(db::Absent(fault)), Catalog::default(), Shelf::default(), None))
        })
    }

    /// The embedded standards, in a registry that forgets everything else when it goes.
    pub fn embedded(limits: Limits) -> Arc<Registry> {
        Registry::new(concord_standards::catalog(), limits)
    }

    /// Opens a registry with its key where that is by itself. The packages of the catalogue are published in it when they are not yet.
    ///
    /// # Errors
    /// The database's, or what is wrong with the key.
    pub fn open(catalog: &Catalog, limits: Limits, policy: Policy, database: Arc<dyn Database>) -> Result<Arc<Registry>, Fault> {
        let place = KeyPlace::of(&*database, None);
        Registry::with_key(catalog, limits, policy, database, &place, false)
    }

    /// Opens a registry with its key at a place. `anew` takes the key there, or makes one, although another one has signed before.
    ///
    /// # Errors
    /// The database's, or what is wrong with the key.
    pub fn with_key(
        catalog: &Catalog,
        limits: Limits,
        policy: Policy,
        database: Arc<dyn Database>,
        place: &KeyPlace,
        anew: bool,
    ) -> Result<Arc<Registry>, Fault> {
        let key = signed::hold(&*database, place, anew)?;
        let published = db::write(&*database, |s| {
            for package in catalog.all() {
                let outcome = packages::publish(s, package, "operator", "")?;
                if outcome == Outcome::Taken {
                    // A published version never changes, also when the program brings another package of that name.
                    log::line(
                        "kept",
                        serde_json::json!({"standard": package.reference(), "why": "another package of this version was published"}),
                    );
                }
            }
            signed::catch_up(s)?;
            Ok::<_, Refusal>(())
        });
        published.map_err(|refusal| Fault(refusal.message))?;
        let shelf = Shelf::load(&*database, catalog, None)?;
        Ok(Arc::new(Registry::around(limits, policy, database, catalog.clone(), shelf, Some(key))))
    }

    fn around(
        limits: Limits,
        policy: Policy,
        database: Arc<dyn Database>,
        own: Catalog,
        shelf: Shelf,
        key: Option<SigningKey>,
    ) -> Registry {
        Registry {
            key,
            encrypted: AtomicBool::new(false),
            policy,
            database,
            judge: Box::new(Core),
            own,
            shelf: RwLock::new(Arc::new(shelf)),
            making: Mutex::new(()),
            slots: Slots::new(limits.validations),
            made: Made::default(),
            known: Known::default(),
            metrics: Metrics::default(),
            rates: Rates::default(),
            behind_proxy: AtomicBool::new(false),
            telling: AtomicBool::new(false),
            limits,
            draining: AtomicBool::new(false),
            validator: OnceLock::new(),
        }
    }

    /// What the registry remembers.
    pub fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// The signed log as it is now.
    ///
    /// # Errors
    /// The database's, or when there is no key.
    pub(crate) fn log(&self) -> Result<signed::Log, Fault> {
        let key = self.key.as_ref().ok_or_else(|| Fault("the registry has no key to sign with".to_owned()))?;
        db::read(self.database(), |s| signed::log(s, key))
    }

    /// Who tells what breaks.
    pub fn judge(&self) -> &dyn Judge {
        &*self.judge
    }

    /// The published standards as they are now.
    pub fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in what was published meanwhile, by this process or another one.
    ///
    /// # Errors
    /// The database's; what was there stays.
    pub fn refresh(&self) -> Result<(), Fault> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.shelf();
        let revision = db::read(self.database(), |s| {
            self.known.look(s)?;
            packages::revision(s)
        });
        if revision? == before.revision {
            return Ok(());
        }
        let fresh = Shelf::load(self.database(), &self.own, Some(&before))?;
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
    }

    /// A sentence for each version that a package names and that should no longer be used.
    pub fn warnings(&self, package: &concord_core::package::Package) -> Vec<String> {
        let shelf = self.shelf();
        references::warnings(&shelf.catalog, &shelf.published, package)
    }

    /// Whether requests are welcome: there are standards, the database answers, and the server is not on its way to stop.
    pub fn ready(&self) -> bool {
        !self.draining.load(Ordering::Relaxed) && !self.shelf().is_empty() && db::read(self.database(), packages::revision).is_ok()
    }

    /// Serves the page that checks files in the browser from now on. One that is served already stays.
    pub fn show_validator(&self, validator: Validator) {
        let _ = self.validator.set(validator);
    }

    /// Tells each request from now on, and takes callers' addresses from a proxy if so.
    pub fn tell(&self, behind_proxy: bool, telling: bool) {
        self.behind_proxy.store(behind_proxy, Ordering::Relaxed);
        self.telling.store(telling, Ordering::Relaxed);
    }

    /// Says that the server is about to stop, so that `/readyz` sends further requests elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
