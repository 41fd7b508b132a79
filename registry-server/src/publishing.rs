//! Publishing: from the files of a package to a published version, or to the reasons why not.
//!
//! What was promised to those who rely on a standard is kept by comparing the new version with the one before it, by the code that
//! `concord standards compare` runs: a version number that says less than what changed is refused, unless a reason is given, which is kept.

use std::collections::BTreeMap;

use concord_core::compare::{Budget, Comparison, Size, compare, is_enough};
use concord_core::finding::{Finding, Severity};
use concord_core::package::catalog::{Catalog, compare_versions};
use concord_core::package::lint::check_package;
use concord_core::package::load::load;
use concord_core::package::{Package, StandardRef};

use crate::Registry;
use crate::db;
use crate::keep::packages::{self, Outcome};
use crate::keep::subjects::Refusal;

/// Why a package was not published.
#[derive(Debug)]
pub enum Rejected {
    /// It is no package, or one with mistakes; a sentence for each.
    Unusable(Vec<String>),
    /// It names packages that are not here; each name once.
    Unresolved(Vec<String>),
    /// Another package was published under its id and version.
    Taken(String),
    /// Its version number says less than what changed since the version before.
    Breaks(Box<Comparison>),
    /// The store refused it.
    Refused(Refusal),
}

impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Rejected {
        Rejected::Refused(refusal)
    }
}

/// Reads the files of a package and looks for mistakes. What it names must be among `known`, the packages that its publisher may see.
///
/// # Errors
/// When it cannot be used.
pub fn read(known: &Catalog, files: BTreeMap<String, Vec<u8>>) -> Result<Package, Rejected> {
    let loaded = load(files);
    let folder =
        loaded.package.as_ref().map(|p| format!("{}/{}/{}", p.manifest.tier, p.manifest.id, p.manifest.version)).unwrap_or_default();
    let found: Vec<Finding> = check_package(&loaded, &folder, known);
    let wrong: Vec<&Finding> = found.iter().chain(&loaded.findings).filter(|f| f.severity == Severity::Error).collect();
    let mut missing: Vec<String> = loaded.package.iter().flat_map(Package::references).map(|r| r.to).collect();
    missing.retain(|to| known.find(to).is_none());
    missing.sort();
    missing.dedup();
    if !missing.is_empty() && wrong.iter().all(|f| f.code.text() == "C921") {
        return Err(Rejected::Unresolved(missing));
    }
    let mut wrong: Vec<String> = wrong.into_iter().map(concord_core::render::words::message).collect();
    wrong.dedup();
    match loaded.package {
        Some(package) if wrong.is_empty() && StandardRef::parse(&package.reference()).is_some() => Ok(package),
        _ => Err(Rejected::Unusable(wrong)),
    }
}

/// Publishes a package that was read. A reason lets its number say less than what changed.
///
/// # Errors
/// When its id and version are taken, or its number says too little without a reason.
pub fn publish(registry: &Registry, package: &Package, reason: &str, actor: &str) -> Result<Outcome, Rejected> {
    let mut notes = String::new();
    if let Some(comparison) = too_small(registry, package) {
        if reason.trim().is_empty() {
            return Err(Rejected::Breaks(Box::new(comparison)));
        }
        reason.trim().clone_into(&mut notes);
    }
    let outcome = db::write(registry.database(), |s| packages::publish(s, package, actor, &notes))?;
    match outcome {
        Outcome::Taken => Err(Rejected::Taken(package.reference())),
        Outcome::Same => Ok(outcome),
        Outcome::New => {
            // It is kept; should reading it back fail, the next look at the database tries again.
            if let Err(fault) = registry.refresh() {
                crate::log::fault(&fault);
            }
            Ok(outcome)
        }
    }
}

/// The comparison with the version before, when the version's number says less than what changed.
fn too_small(registry: &Registry, package: &Package) -> Option<Comparison> {
    let (id, version) = (&package.manifest.id, &package.manifest.version);
    let shelf = registry.shelf();
    let versions = shelf.catalog.versions(id);
    // What is there already is told apart by its digest.
    if versions.iter().any(|p| p.manifest.version == *version) {
        return None;
    }
    let before = versions.iter().rfind(|p| compare_versions(&p.manifest.version, version).is_lt())?;
    let comparison = compare(before, package, &Budget::default());
    // Numbers that do not count, such as dates, promise nothing but that what breaks is said.
    let enough = is_enough(&before.manifest.version, version, comparison.size).unwrap_or(comparison.size != Size::Major);
    (!enough).then_some(comparison)
}
