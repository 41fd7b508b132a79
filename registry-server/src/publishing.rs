//! Publishing: from the files of a package to a published version, or to the reasons why not.
//!
//! What was promised to those who rely on a standard is kept by comparing the new version with the one before it: a version that may refuse
//! data which the last one took needs a new major number, or a reason that is kept with it.

use std::collections::BTreeMap;

use concord_core::finding::{Finding, Severity};
use concord_core::package::catalog::compare_versions;
use concord_core::package::lint::check_package;
use concord_core::package::load::load;
use concord_core::package::{Package, StandardRef};

use crate::Registry;
use crate::compare::Verdict;
use crate::db;
use crate::keep::packages::{self, Outcome};
use crate::keep::subjects::{Kind, Refusal};

/// Why a package was not published.
#[derive(Debug)]
pub enum Rejected {
    /// It is no package, or one with mistakes; a sentence for each.
    Unusable(Vec<String>),
    /// Another package was published under its id and version.
    Taken(String),
    /// It may refuse data that the version before it took; a sentence for each place. The next major number.
    Breaks(String, Vec<String>, String),
    /// The store refused it.
    Refused(Refusal),
}

impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Rejected {
        Rejected::Refused(refusal)
    }
}

/// Reads the files of a package and looks for mistakes.
///
/// # Errors
/// When it cannot be used.
pub fn read(registry: &Registry, files: BTreeMap<String, Vec<u8>>) -> Result<Package, Rejected> {
    let loaded = load(files);
    let folder =
        loaded.package.as_ref().map(|p| format!("{}/{}/{}", p.manifest.tier, p.manifest.id, p.manifest.version)).unwrap_or_default();
    let found: Vec<Finding> = check_package(&loaded, &folder, &registry.shelf().catalog);
    let wrong = found.iter().chain(&loaded.findings).filter(|f| f.severity == Severity::Error);
    let mut wrong: Vec<String> = wrong.map(concord_core::render::words::message).collect();
    wrong.dedup();
    match loaded.package {
        Some(package) if wrong.is_empty() && StandardRef::parse(&package.reference()).is_some() => Ok(package),
        _ => Err(Rejected::Unusable(wrong)),
    }
}

/// Publishes a package that was read. A reason lets it break what was promised.
///
/// # Errors
/// When its id and version are taken, or it breaks without a reason.
pub fn publish(registry: &Registry, package: &Package, reason: &str, actor: &str) -> Result<Outcome, Rejected> {
    let (id, version) = (&package.manifest.id, &package.manifest.version);
    let shelf = registry.shelf();
    let before = shelf.catalog.versions(id).iter().rfind(|p| compare_versions(&p.manifest.version, version).is_lt());
    let mut notes = String::new();
    if let Some(before) = before.filter(|before| major(&before.manifest.version) == major(version)) {
        let broken = broken(registry, before, package);
        if !broken.is_empty() && reason.trim().is_empty() {
            return Err(Rejected::Breaks(before.reference(), broken, next_major(&before.manifest.version)));
        }
        if !broken.is_empty() {
            reason.trim().clone_into(&mut notes);
        }
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

fn major(version: &str) -> &str {
    version.split(['.', '-']).next().unwrap_or(version)
}

fn next_major(version: &str) -> String {
    major(version).parse::<u64>().map_or_else(|_| "a new one".to_owned(), |n| format!("{}.0", n.saturating_add(1)))
}

/// What the new version may refuse although the old one took it.
pub fn broken(registry: &Registry, old: &Package, new: &Package) -> Vec<String> {
    let after: BTreeMap<_, _> = packages::subjects(new).into_iter().filter_map(|(name, p)| Some((name, p.ok()?))).collect();
    let mut found = Vec::new();
    for (name, proposal) in packages::subjects(old) {
        let Ok(proposal) = proposal else { continue };
        let resource = name.subject.rsplit('.').next().unwrap_or_default().to_owned();
        let Some(now) = after.get(&name).filter(|now| now.kind == proposal.kind) else {
            found.push(format!("\"{resource}\" is no longer there."));
            continue;
        };
        match registry.judge().accepts_all(proposal.kind, &proposal.text, &now.text) {
            Verdict::Shown => {}
            Verdict::Disproved(why) => found.push(format!("\"{resource}\": {why}.")),
            Verdict::NotShown(why) if proposal.kind == Kind::Xsd => found.push(format!("\"{resource}\": {why}.")),
            Verdict::NotShown(why) => found.push(format!("\"{resource}\" may refuse what it took: {why}.")),
        }
    }
    for (name, list) in &old.codes {
        let now = new.codes.get(name);
        let gone = list.codes.iter().find(|code| !now.is_some_and(|now| now.codes.iter().any(|c| c.code == code.code)));
        found.extend(
            gone.map(|code| format!("The code \"{}\" of the list \"{name}\" is no longer there.", crate::problem::shown(&code.code))),
        );
    }
    found
}
