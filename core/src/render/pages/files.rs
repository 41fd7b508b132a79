//! All pages as files: which files there are, and what they are called.

use std::collections::{BTreeMap, BTreeSet};

use super::{STYLE as STYLESHEET, Site, compare, finding, index, standard, versions};
use crate::compare::{Budget, compare};
use crate::finding::checks;
use crate::package::catalog::{Catalog, compare_versions};

/// The name of the stylesheet.
pub const STYLE: &str = "style.css";

/// The file of a page, from the folder that holds all. It is named itself, since a browser that opens a folder does not look for its index.
pub fn path(page: &[&str]) -> String {
    page.iter().map(|part| name(part) + "/").collect::<String>() + "index.html"
}

/// A part of an address as the name of a file, which is the same in a link: no name leads elsewhere, and no two parts have one name.
fn name(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for (i, byte) in part.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || byte == b'.' && i > 0 {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("~{byte:02x}"));
        }
    }
    out
}

/// The pages about a catalogue and what they are shown with, by their paths. Versions of one standard are compared, which takes up to some
/// seconds for each two.
pub fn files(catalog: &Catalog) -> BTreeMap<String, String> {
    let mut all = BTreeMap::from([(STYLE.to_owned(), STYLESHEET.to_owned())]);
    let mut add = |page: &[&str], text: &dyn Fn(Site) -> String| {
        all.insert(path(page), text(Site::Files(page.len())));
    };
    let mut codes: BTreeSet<String> = checks::all().map(|check| check.code.to_owned()).collect();
    add(&[], &|site| index::page(site, catalog));
    for package in catalog.all() {
        let (id, version) = (package.manifest.id.as_str(), package.manifest.version.as_str());
        let versions = catalog.versions(id);
        codes.extend(package.rules.iter().map(|rule| format!("{id}/{}", rule.id)));
        add(&["standards", id], &|site| versions::page(site, versions).unwrap_or_default());
        add(&["standards", id, version], &|site| standard::page(site, package, catalog));
        for newer in versions.iter().filter(|p| compare_versions(&p.manifest.version, version).is_gt()) {
            let told = compare(package, newer, &Budget::default());
            let page = ["standards", id, version, "compare", &newer.manifest.version];
            add(&page, &|site| compare::page(site, package, newer, &told));
        }
    }
    add(&["findings"], &finding::list);
    for code in &codes {
        add(&finding::place(code), &|site| finding::page(site, catalog, code).unwrap_or_default());
    }
    all
}
