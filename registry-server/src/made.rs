//! Answers that are made when someone asks for them, and kept a while: archives of packages, templates, comparisons.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::sync::{Mutex, PoisonError};

use concord_core::compare::{Budget, compare};
use concord_core::package::Package;
use concord_core::package::catalog::Catalog;
use concord_core::render::comparison;
use concord_core::render::pages::{self, Site};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::problem::{FAILED, Problem, UNKNOWN_FILE};
use crate::router::unknown_standard;
use crate::store::{ASK, FOREVER, Page};

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask<'p> {
    /// `/v1/standards/{id}/versions/{v}/bundle`
    Bundle(&'p str, &'p str),
    /// `/standards/{id}/{v}/template.xlsx`
    Template(&'p str, &'p str),
    /// `/v1/standards/{id}/versions/{v}/compare/{v2}`
    Compare(&'p str, &'p str, &'p str),
    /// `/standards/{id}/{v}/compare/{v2}`
    ComparePage(&'p str, &'p str, &'p str),
}

impl<'p> Ask<'p> {
    pub(crate) fn parse(path: &'p str) -> Option<Ask<'p>> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        Some(match parts[..] {
            ["v1", "standards", id, "versions", version, "bundle"] => Ask::Bundle(id, version),
            ["standards", id, version, "template.xlsx"] => Ask::Template(id, version),
            ["v1", "standards", id, "versions", version, "compare", other] => Ask::Compare(id, version, other),
            ["standards", id, version, "compare", other] => Ask::ComparePage(id, version, other),
            _ => return None,
        })
    }
}

/// Answers by what they are made of.
#[derive(Debug, Default)]
pub struct Made(Mutex<BTreeMap<String, Page>>);

/// Answers kept at the most.
const KEPT: usize = 64;

impl Made {
    /// The answer. Takes up to a second, so it is called from threads that may wait.
    pub(crate) fn page(&self, catalog: &Catalog, ask: &Ask<'_>) -> Result<Page, Problem> {
        let find = |id: &str, version: &str| {
            let found = catalog.versions(id).iter().find(|p| p.manifest.version == version);
            found.ok_or_else(|| unknown_standard(catalog, &format!("{id}@{version}")))
        };
        let (first, second) = match ask {
            Ask::Bundle(id, version) | Ask::Template(id, version) => (find(id, version)?, None),
            Ask::Compare(id, version, other) | Ask::ComparePage(id, version, other) => (find(id, version)?, Some(find(id, other)?)),
        };
        // The life of a version may change while its digest stays, and is part of a comparison.
        let name = |p: &Package| format!("{} {} {}", p.reference(), p.digest, p.manifest.status);
        let kind = match ask {
            Ask::Bundle(..) => "bundle",
            Ask::Template(..) => "template",
            Ask::Compare(..) => "compare",
            Ask::ComparePage(..) => "page",
        };
        let key = format!("{kind} {} {}", name(first), second.map(|p| name(p)).unwrap_or_default());
        if let Some(page) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(page.clone());
        }
        let page = match (ask, second) {
            (Ask::Bundle(..), _) => Page::new(bundle(first)?, "application/zip", FOREVER),
            (Ask::Template(..), _) => {
                let bytes = concord_core::template::template(first);
                // Only a standard without tables, or with one that no sheet holds, has none: nothing is there, and nothing failed.
                let bytes = bytes.map_err(|why| Problem::new(UNKNOWN_FILE, format!("There is no template: {why}.")))?;
                Page::new(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ASK)
            }
            (Ask::Compare(..), Some(second)) => {
                let told = compare(first, second, &Budget::default());
                Page::new(comparison::json(&told) + "\n", "application/json", ASK)
            }
            (_, second) => {
                let second = second.unwrap_or(first);
                let told = compare(first, second, &Budget::default());
                Page::new(pages::compare::page(Site::Served, first, second, &told), "text/html; charset=utf-8", ASK)
            }
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, page.clone());
        Ok(page)
    }
}

/// All files of a package in one zip, the same bytes each time.
fn bundle(package: &Package) -> Result<Vec<u8>, Problem> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(DateTime::default());
    let done = (|| -> zip::result::ZipResult<Vec<u8>> {
        for (path, bytes) in package.files.iter() {
            zip.start_file(path.as_str(), options)?;
            zip.write_all(bytes)?;
        }
        Ok(zip.finish()?.into_inner())
    })();
    done.map_err(|error| Problem::new(FAILED, format!("The archive cannot be made: {error}.")))
}
