//! The standards that come with Concord, embedded. The packages are the files beside this crate; the format is in `README.md`.

use std::sync::OnceLock;

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

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

    #[test]
    fn every_package_meets_its_own_format() {
        let catalog = super::catalog();
        let mut wrong: Vec<String> = Vec::new();
        for package in catalog.all() {
            let folder = format!("{}/{}/{}", package.manifest.tier, package.manifest.id, package.manifest.version);
            let found = check_package(&load(package.files.clone()), &folder, catalog);
            wrong.extend(found.iter().filter(|f| f.severity != Severity::Info).map(|f| line(&folder, f)));
        }
        // What belongs to no package that could be loaded.
        wrong.extend(catalog.findings().iter().filter(|(_, f)| f.severity == Severity::Error).map(|(folder, f)| line(folder, f)));
        wrong.sort();
        wrong.dedup();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_catalog_of_nothing_is_no_mistake() {
        let catalog = Catalog::from_files(Vec::<(&str, &[u8])>::new());
        assert_eq!(catalog.all().count(), 0);
        assert!(catalog.findings().is_empty());
    }
}
