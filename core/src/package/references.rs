//! Which packages name which others: what a version was made from, takes the place of and relies on, and who has to know when it moves on.

use std::sync::Arc;

use super::catalog::{Catalog, compare_versions};
use super::{Package, StandardRef};

/// Why a package names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `supersedes`: it takes the other's place.
    Supersedes,
    /// `from` of a crosswalk: records of the other become its own.
    Crosswalk,
    /// `references`: it relies on the other's fields, codes or words.
    Uses,
}

impl Kind {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Supersedes => "supersedes",
            Kind::Crosswalk => "crosswalk",
            Kind::Uses => "references",
        }
    }

    /// What the one that names does with the one that is named.
    pub fn said(self) -> &'static str {
        match self {
            Kind::Supersedes => "takes the place of",
            Kind::Crosswalk => "can be made from",
            Kind::Uses => "relies on",
        }
    }
}

/// One package's word of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Why.
    pub kind: Kind,
    /// `id@version`, or `id` for whatever is the newest stable version, as it is written.
    pub to: String,
}

impl Package {
    /// What the package names, each once and in order. Texts that name no package, which loading has told, and itself are left out.
    pub fn references(&self) -> Vec<Reference> {
        let m = &self.manifest;
        let supersedes = m.supersedes.iter().map(|to| (Kind::Supersedes, to));
        let sources = self.crosswalks.iter().map(|c| (Kind::Crosswalk, &c.from));
        let uses = m.references.iter().map(|to| (Kind::Uses, to));
        let own = |r: &StandardRef| r.id == m.id && r.version.as_deref().is_none_or(|v| v == m.version);
        let all = supersedes.chain(sources).chain(uses).filter(|(_, to)| StandardRef::parse(to).is_some_and(|r| !own(&r)));
        let mut all: Vec<Reference> = all.map(|(kind, to)| Reference { kind, to: to.clone() }).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Catalog {
    /// Who names a version, with what for and as what; by id, each id's oldest version first. A name without a version is that of the newest
    /// stable one.
    pub fn referrers(&self, package: &Package) -> Vec<(Reference, &Arc<Package>)> {
        let m = &package.manifest;
        let newest = self.get(&StandardRef { id: m.id.clone(), version: None }).is_some_and(|p| p.manifest.version == m.version);
        let meant = |to: &str| {
            let reference = StandardRef::parse(to).filter(|r| r.id == m.id);
            reference.is_some_and(|r| r.version.as_ref().map_or(newest, |version| *version == m.version))
        };
        let named = self.naming(&m.id);
        let all = named.flat_map(|by| by.references().into_iter().filter(|r| meant(&r.to)).map(move |r| (r, by)));
        let mut all: Vec<(Reference, &Arc<Package>)> = all.collect();
        all.sort_by(|(a, x), (b, y)| {
            let (x, y) = (&x.manifest, &y.manifest);
            x.id.cmp(&y.id).then_with(|| compare_versions(&x.version, &y.version)).then_with(|| a.cmp(b))
        });
        all
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::package::{Manifest, Status};

    fn package(reference: &str, status: Status, references: &[&str], supersedes: &[&str]) -> Package {
        let (id, version) = reference.split_once('@').unwrap();
        let own = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect();
        let manifest = Manifest {
            id: id.to_owned(),
            version: version.to_owned(),
            status,
            references: own(references),
            supersedes: own(supersedes),
            ..Manifest::default()
        };
        Package { manifest, ..Package::default() }
    }

    #[test]
    fn who_names_a_version_is_known_and_a_name_alone_means_the_newest() {
        let mut catalog = Catalog::default();
        let all = [
            package("hub@1.9", Status::Stable, &[], &[]),
            package("hub@1.10", Status::Stable, &["hub@1.10", "hub", "not a name"], &["hub@1.9"]),
            package("hub@2.0", Status::Draft, &[], &["hub@1.10"]),
            package("b@1", Status::Stable, &["hub", "hub", "hub@1.9"], &[]),
            package("a@2", Status::Stable, &["hub@2.0", "nowhere"], &[]),
        ];
        all.into_iter().for_each(|p| assert!(catalog.add(p).is_none()));
        let who = |reference: &str| {
            let found = catalog.referrers(catalog.find(reference).unwrap());
            found.iter().map(|(r, by)| format!("{} {} {}", by.reference(), r.kind.said(), r.to)).collect::<Vec<_>>()
        };
        assert_eq!(who("hub@1.9"), ["b@1 relies on hub@1.9", "hub@1.10 takes the place of hub@1.9"]);
        assert_eq!(who("hub@1.10"), ["b@1 relies on hub", "hub@2.0 takes the place of hub@1.10"]);
        assert_eq!(who("hub@2.0"), ["a@2 relies on hub@2.0"]);
        assert_eq!(who("b@1"), [""; 0]);
    }
}
