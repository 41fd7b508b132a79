//! The standards that come with Concord, embedded. The packages are the files beside this crate; the format is in `README.md`.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use concord_core::package::catalog::Catalog;

static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Every file of every package by its path, `national/lives/2.0/standard.toml`, sorted by path.
pub fn files() -> &'static [(&'static str, &'static [u8])] {
    FILES
}

/// The packages, loaded on first use.
pub fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| Catalog::from_files(FILES.iter().copied()))
}

/// The versions of one id alone, loaded on first use: for whoever needs one standard and not the rest. Empty when the id is not known.
pub fn versions_of(id: &str) -> &'static Catalog {
    static LOADED: Mutex<BTreeMap<&'static str, &'static Catalog>> = Mutex::new(BTreeMap::new());
    static NONE: OnceLock<Catalog> = OnceLock::new();
    let own = |path: &&'static str| path.split('/').nth(1).filter(|of| *of == id);
    let Some(id) = FILES.iter().map(|(path, _)| path).find_map(own) else { return NONE.get_or_init(Catalog::default) };
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    // Kept for good, once for each id that is there.
    loaded.entry(id).or_insert_with(|| {
        let files = FILES.iter().copied().filter(|(path, _)| own(path).is_some());
        Box::leak(Box::new(Catalog::from_files(files)))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use concord_core::check::plan::StandardPlan;
    use concord_core::compare::{Answer, Budget, within};
    use concord_core::finding::{Finding, Severity};
    use concord_core::package::catalog::Catalog;
    use concord_core::package::lint::check_package;
    use concord_core::package::load::load;

    fn line(folder: &str, finding: &Finding) -> String {
        format!("{folder}: {} {} {:?} {:?}", finding.severity.word(), finding.code.text(), finding.value, finding.args)
    }

    #[test]
    fn files_are_sorted_and_belong_to_packages() {
        let paths: Vec<&str> = super::files().iter().map(|(path, _)| *path).collect();
        assert!(paths.is_sorted());
        for path in paths {
            assert!(path.split('/').count() > 3, "{path} lies outside the folder of a version");
        }
    }

    /// Every rule of every table follows from itself; what the comparison cannot prove here it could prove of no change.
    #[test]
    fn every_table_is_shown_to_be_compatible_with_itself() {
        for package in super::catalog().all() {
            for resource in &package.resources {
                let found = within(&resource.name, &resource.schema, &resource.schema, &mut Budget::default());
                let doubts: Vec<String> = found.doubts.iter().map(|d| format!("{:?}: {}", d.field, d.why)).collect();
                assert_eq!(found.answer(), Answer::Yes, "{} {}: {doubts:?}", package.reference(), resource.name);
            }
        }
    }

    /// A rule and those who refer to a table ask for the same values: remembering them once is enough.
    #[test]
    fn no_key_is_remembered_twice() {
        for package in super::catalog().all() {
            for table in &StandardPlan::of_package(package).tables {
                let kept: Vec<_> = table.keys.iter().map(|key| (&key.fields, key.empties)).collect();
                let twice = kept.iter().enumerate().find(|(i, key)| kept[..*i].contains(key));
                assert_eq!(twice, None, "{} {}", package.reference(), table.name);
            }
        }
    }

    #[test]
    fn every_package_meets_its_own_format() {
        let catalog = super::catalog();
        let mut wrong: Vec<String> = Vec::new();
        for package in catalog.all() {
            let folder = format!("{}/{}/{}", package.manifest.tier, package.manifest.id, package.manifest.version);
            let found = check_package(&load((*package.files).clone()), &folder, catalog);
            wrong.extend(found.iter().filter(|f| f.severity != Severity::Info).map(|f| line(&folder, f)));
        }
        // What belongs to no package that could be loaded.
        wrong.extend(catalog.findings().iter().filter(|(_, f)| f.severity == Severity::Error).map(|(folder, f)| line(folder, f)));
        wrong.sort();
        wrong.dedup();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn one_id_alone_is_as_it_is_among_all() {
        for package in super::catalog().all() {
            let alone = super::versions_of(&package.manifest.id);
            let told = |catalog: &Catalog| -> Vec<(String, String, usize)> {
                let versions = catalog.versions(&package.manifest.id).iter();
                versions.map(|p| (p.reference(), p.digest.clone(), p.crosswalks.len())).collect()
            };
            assert_eq!(told(alone), told(super::catalog()));
            assert!(alone.all().all(|p| p.manifest.id == package.manifest.id));
        }
        assert_eq!(super::versions_of("nowhere").all().count(), 0);
        assert_eq!(super::versions_of("").all().count(), 0);
    }

    #[test]
    fn a_catalog_of_nothing_is_no_mistake() {
        let catalog = Catalog::from_files(Vec::<(&str, &[u8])>::new());
        assert_eq!(catalog.all().count(), 0);
        assert!(catalog.findings().is_empty());
    }
}
