//! `GET …/references` and `…/referencedby`: what a version names, and who names it. Of what a caller may not see nothing is said.

use std::collections::BTreeMap;

use concord_core::package::Package;
use concord_core::package::catalog::Catalog;
use concord_core::package::references::{Kind, Reference};
use concord_core::render::pages::href;
use concord_core::render::words::visible;
use serde_json::{Value, json};

use crate::keep::packages::{Life, Published};
use crate::problem::Problem;
use crate::router::unknown_standard;
use crate::store::{ASK, Page};

/// What was published, by `id@version`.
type All = BTreeMap<String, Published>;

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask<'p> {
    id: &'p str,
    version: &'p str,
    /// Who names it, instead of what it names.
    by: bool,
}

impl<'p> Ask<'p> {
    pub(crate) fn parse(path: &'p str) -> Option<Ask<'p>> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts[..] {
            ["v1", "standards", id, "versions", version, "references"] => Some(Ask { id, version, by: false }),
            ["v1", "standards", id, "versions", version, "referencedby"] => Some(Ask { id, version, by: true }),
            _ => None,
        }
    }
}

/// The answer, from what the caller may see.
pub(crate) fn page(catalog: &Catalog, published: &All, ask: &Ask<'_>) -> Result<Page, Problem> {
    let reference = format!("{}@{}", ask.id, ask.version);
    let package = catalog.versions(ask.id).iter().find(|p| p.manifest.version == ask.version);
    let package = package.ok_or_else(|| unknown_standard(catalog, &reference))?;
    let body = if ask.by {
        json!({"reference": reference, "referencedby": referrers(catalog, published, package)})
    } else {
        json!({"reference": reference, "references": named(catalog, published, package)})
    };
    Ok(Page::new(format!("{body:#}\n"), "application/json", ASK))
}

/// What a version names. One that is not here, or not for the caller's eyes, has no more than its name.
pub(crate) fn named(catalog: &Catalog, published: &All, package: &Package) -> Vec<Value> {
    let one = |r: &Reference| {
        let mut entry = json!({"kind": r.kind.word(), "to": r.to});
        if let Some(found) = catalog.find(&r.to) {
            tell(&mut entry, found, published);
        }
        entry
    };
    package.references().iter().map(one).collect()
}

/// Who names a version.
pub(crate) fn referrers(catalog: &Catalog, published: &All, package: &Package) -> Vec<Value> {
    let one = |(r, by): (Reference, &std::sync::Arc<Package>)| {
        let mut entry = json!({"kind": r.kind.word(), "to": r.to});
        tell(&mut entry, by, published);
        entry
    };
    catalog.referrers(package).into_iter().map(one).collect()
}

/// Adds which version it is and where that stands.
fn tell(entry: &mut Value, package: &Package, published: &All) {
    let (m, reference) = (&package.manifest, package.reference());
    let (reason, successor) = published.get(&reference).map_or(("", ""), |p| (p.reason.as_str(), p.successor.as_str()));
    entry["status"] = m.status.to_string().into();
    entry["reason"] = reason.into();
    entry["successor"] = successor.into();
    entry["href"] = href(&format!("/v1/standards/{}/versions/{}", m.id, m.version)).into();
    entry["reference"] = reference.into();
}

/// A sentence for each version that is named and should no longer be used. That a version takes the place of such a one is as it should be.
pub(crate) fn warnings(catalog: &Catalog, published: &All, package: &Package) -> Vec<String> {
    let named = package.references().into_iter().filter(|r| r.kind != Kind::Supersedes);
    let one = |r: Reference| {
        let found = catalog.find(&r.to)?;
        let row = published.get(&found.reference()).filter(|row| row.life != Life::Published)?;
        let successor = if row.successor.is_empty() { String::new() } else { format!(" Use {} instead.", row.successor) };
        let stop = if row.reason.ends_with('.') { "" } else { "." };
        Some(format!(
            "{} {} {}, which is {}: {}{stop}{successor}",
            package.reference(),
            r.kind.said(),
            found.reference(),
            row.life.word(),
            visible(&row.reason)
        ))
    };
    named.filter_map(one).collect()
}
