//! All that can be read, as files that any server of files can hand out.
//!
//! A client that pulls needs the same answers under the same paths: the answer of `/v1/standards/blds` stands in `v1/standards/blds/index.json`,
//! so the server must answer a folder with its `index.json` or `index.html`. The log's consistency with each of its earlier states is shown at an
//! address of its own. Nothing leads to what only a registry that runs can answer: searching, checking files, the audit log.

use std::collections::BTreeMap;

use concord_core::finding::checks;
use concord_core::package::catalog::compare_versions;
use concord_core::render::pages::{Site, finding, index, standard, versions};
use serde_json::Value;
use warp::http::HeaderMap;

use crate::made::Ask;
use crate::{Registry, findings, proofs, references};

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
    // What these describe or refuse, no server of files does.
    let running = |path: &str| path == "/v1/openapi.json" || path.starts_with("/problems/");
    for (path, page) in shelf.store.all().filter(|(path, page)| !running(path) && !page.media.starts_with("text/html")) {
        match path.starts_with("/v1/") && !path.contains("/files/") {
            true => add(path, page.media, &at_rest(&page.body)),
            false => add(path, page.media, &page.body),
        }
    }
    const HTML: &str = "text/html; charset=utf-8";
    let site = Site::Exported;
    add("/", HTML, index::page(site, &shelf.catalog).as_bytes());
    add("/findings", HTML, finding::list(site).as_bytes());
    let log = registry.log().map_err(|fault| fault.0)?;
    for package in shelf.catalog.all() {
        let (id, version) = (package.manifest.id.as_str(), package.manifest.version.as_str());
        let all = shelf.catalog.versions(id);
        if let Some(page) = versions::page(site, all) {
            add(&format!("/standards/{id}"), HTML, page.as_bytes());
        }
        let own = format!("/standards/{id}/{version}");
        add(&own, HTML, standard::page(site, package, &shelf.catalog).as_bytes());
        if package.resources.iter().any(|r| r.tabular) {
            let template = registry.made.page(&shelf.catalog, &Ask::Template(id, version)).map_err(|p| p.detail)?;
            add(&format!("{own}/template.xlsx"), template.media, &template.body);
        }
        for newer in all.iter().map(|p| p.manifest.version.as_str()).filter(|other| compare_versions(other, version).is_gt()) {
            let told = registry.made.page(&shelf.catalog, &Ask::ComparePage(id, version, newer)).map_err(|p| p.detail)?;
            add(&format!("{own}/compare/{newer}"), told.media, &told.body);
            let told = registry.made.page(&shelf.catalog, &Ask::Compare(id, version, newer)).map_err(|p| p.detail)?;
            add(&format!("/v1/standards/{id}/versions/{version}/compare/{newer}"), told.media, &told.body);
        }
        let base = format!("/v1/standards/{id}/versions/{version}");
        let bundle = registry.made.page(&shelf.catalog, &Ask::Bundle(id, version)).map_err(|p| p.detail)?;
        add(&format!("{base}/bundle"), bundle.media, &bundle.body);
        for path in [format!("{base}/references"), format!("{base}/referencedby")] {
            if let Some(ask) = references::Ask::parse(&path) {
                let page = references::page(&shelf.catalog, &shelf.published, &ask).map_err(|p| p.detail)?;
                add(&path, page.media, &page.body);
            }
        }
        if let Some(proof) = proofs::page_of(&log, &proofs::Ask::Proof(id.to_owned(), version.to_owned()), "").map_err(|p| p.detail)? {
            add(&format!("{base}/proof"), proof.media, &proof.body);
        }
    }
    let checks = checks::all().map(|check| check.code.to_owned());
    let rules = shelf.catalog.all().flat_map(|p| p.rules.iter().map(|rule| format!("{}/{}", p.manifest.id, rule.id)));
    for code in checks.chain(rules) {
        let page = finding::page(site, &shelf.catalog, &code).unwrap_or_default();
        add(&format!("/{}", finding::place(&code).join("/")), HTML, page.as_bytes());
        let told = findings::page(&shelf.catalog, &code, &HeaderMap::new()).map_err(|p| p.detail)?;
        add(&format!("/v1/findings/{code}"), told.media, &told.body);
    }
    if let Some(page) = proofs::page_of(&log, &proofs::Ask::Checkpoint, "").map_err(|p| p.detail)? {
        add("/v1/log", page.media, &page.body);
    }
    for size in 0..=log.leaves.len() {
        if let Some(page) = proofs::page_of(&log, &proofs::Ask::Since(size), "").map_err(|p| p.detail)? {
            add(&format!("/v1/log/consistency/{size}"), page.media, &page.body);
        }
    }
    Ok(all)
}

/// An answer without the links to what only a registry that runs can do.
fn at_rest(body: &[u8]) -> Vec<u8> {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::Object(links)) = members.get_mut("links") {
                    links.remove("validate");
                }
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let Ok(mut value) = serde_json::from_slice(body) else { return body.to_vec() };
    strip(&mut value);
    format!("{value:#}\n").into_bytes()
}
