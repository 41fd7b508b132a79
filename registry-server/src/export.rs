//! All that can be read, as files that any server of files can hand out.
//!
//! A client that pulls needs the same answers under the same paths: the answer of `/v1/standards/blds` stands in `v1/standards/blds/index.json`,
//! so the server must answer a folder with its `index.json` or `index.html`. Proofs of consistency depend on the question and are not among them;
//! a client that has seen an earlier state of the log says so.

use std::collections::BTreeMap;

use concord_core::finding::checks;
use concord_core::render::pages::finding;

use crate::made::Ask;
use crate::{Registry, findings, proofs};

/// The files by their paths.
///
/// # Errors
/// Why an answer could not be made, in a sentence.
pub fn pages(registry: &Registry) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let shelf = registry.shelf();
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut add = |path: &str, media: &str, body: &[u8]| {
        let plain = path.trim_matches('/');
        let named = plain.contains("/files/")
            || plain.rsplit('/').next().is_some_and(|n| matches!(n, "style.css" | "openapi.json" | "template.xlsx" | "bundle"));
        let file = if named {
            plain.to_owned()
        } else {
            let index = if media.starts_with("text/html") { "index.html" } else { "index.json" };
            if plain.is_empty() { index.to_owned() } else { format!("{plain}/{index}") }
        };
        all.insert(file, body.to_vec());
    };
    for (path, page) in shelf.store.all() {
        add(path, page.media, &page.body);
    }
    for package in shelf.catalog.all() {
        let (id, version) = (&package.manifest.id, &package.manifest.version);
        let base = format!("/v1/standards/{id}/versions/{version}");
        let bundle = registry.made.page(&shelf.catalog, &Ask::Bundle(id, version)).map_err(|p| p.detail)?;
        add(&format!("{base}/bundle"), bundle.media, &bundle.body);
        let proof = proofs::page(registry.database(), &proofs::Ask::Proof(id.clone(), version.clone()), "").map_err(|p| p.detail)?;
        if let Some(proof) = proof {
            add(&format!("{base}/proof"), proof.media, &proof.body);
        }
    }
    let checks = checks::all().map(|check| check.code.to_owned());
    let rules = shelf.catalog.all().flat_map(|p| p.rules.iter().map(|rule| format!("{}/{}", p.manifest.id, rule.id)));
    for code in checks.chain(rules) {
        let page = findings::for_people(&shelf.catalog, &code).map_err(|p| p.detail)?;
        add(&format!("/{}", finding::place(&code).join("/")), page.media, &page.body);
    }
    if let Some(log) = proofs::page(registry.database(), &proofs::Ask::Checkpoint, "").map_err(|p| p.detail)? {
        add("/v1/log", log.media, &log.body);
    }
    Ok(all)
}
