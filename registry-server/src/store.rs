//! The answers that never change while the server runs: all there is to say about the catalogue, by path.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use concord_core::package::catalog::Catalog;
use concord_core::render::pages::{self, Site};
use concord_core::session::hex;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::{html, json};

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The body.
    pub body: Bytes,
    /// `Content-Type`.
    pub media: &'static str,
    /// `ETag`, in its quotes: the body's digest.
    pub etag: String,
    /// `Cache-Control`.
    pub cache: &'static str,
    /// The body packed, once somebody has asked for it.
    packed: OnceLock<Bytes>,
}

/// Bodies below this are sent as they are.
const SMALL: usize = 1_000;

/// Kept, but asked about before each use.
pub const ASK: &str = "public, no-cache";

/// Kept for a year and never asked about: what stands at the address never changes.
pub const FOREVER: &str = "public, max-age=31536000, immutable";

impl Page {
    /// An answer with its digest.
    pub fn new(body: impl Into<Bytes>, media: &'static str, cache: &'static str) -> Page {
        let body = body.into();
        let etag = format!("\"{}\"", digest(&body));
        Page { body, media, etag, cache, packed: OnceLock::new() }
    }

    /// Whether packing it is worth the while.
    pub fn packs(&self) -> bool {
        let text =
            self.media.starts_with("text/") || self.media.contains("json") || self.media.contains("xml") || self.media.contains("toml");
        let text = text || self.media == "application/wasm";
        text && !self.media.contains("spreadsheet") && self.body.len() >= SMALL
    }

    /// The body in the form of gzip.
    pub fn packed(&self) -> &Bytes {
        self.packed.get_or_init(|| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::default());
            // Writing into memory does not fail.
            let done = packer.write_all(&self.body).and_then(|()| packer.finish());
            done.map_or_else(|_| Bytes::new(), Bytes::from)
        })
    }
}

/// `sha256:` and 64 hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// A file of a package as a body: the package's own bytes, not a copy of them.
struct OneOf {
    files: Arc<BTreeMap<String, Vec<u8>>>,
    path: String,
}

impl AsRef<[u8]> for OneOf {
    fn as_ref(&self) -> &[u8] {
        self.files.get(&self.path).map_or(&[], Vec::as_slice)
    }
}

/// All answers.
#[derive(Debug, Default)]
pub struct Store {
    pages: BTreeMap<String, Page>,
}

impl Store {
    /// Writes the answers about a catalogue.
    pub fn new(catalog: &Catalog) -> Store {
        let mut pages = BTreeMap::new();
        let mut add = |path: String, page: Page| {
            pages.insert(path, page);
        };
        add("/".to_owned(), html_page(pages::index::page(Site::Served, catalog)));
        add("/style.css".to_owned(), Page::new(pages::STYLE, "text/css; charset=utf-8", ASK));
        add("/v1/standards".to_owned(), json_page(&json::list(catalog)));
        let ids: std::collections::BTreeSet<&str> = catalog.all().map(|p| p.manifest.id.as_str()).collect();
        for id in ids {
            add(format!("/v1/standards/{id}"), json_page(&json::versions(id, catalog.versions(id))));
            if let Some(page) = pages::versions::page(Site::Served, catalog.versions(id)) {
                add(format!("/standards/{id}"), html_page(page));
            }
        }
        for package in catalog.all() {
            let m = &package.manifest;
            let base = format!("/v1/standards/{}/versions/{}", m.id, m.version);
            add(format!("/standards/{}/{}", m.id, m.version), html_page(pages::standard::page(Site::Served, package, catalog)));
            add(base.clone(), json_page(&json::package(package)));
            for path in package.files.keys() {
                let body = Bytes::from_owner(OneOf { files: Arc::clone(&package.files), path: path.clone() });
                add(format!("{base}/files/{path}"), Page::new(body, media_type(path), FOREVER));
            }
        }
        add("/findings".to_owned(), html_page(pages::finding::list(Site::Served)));
        add("/v1/openapi.json".to_owned(), json_page(&crate::openapi::document()));
        for kind in crate::problem::ALL {
            add(format!("/problems/{}", kind.name), html_page(html::problem(kind)));
        }
        Store { pages }
    }

    /// The answer at a path, its percent-encoding undone.
    pub fn get(&self, path: &str) -> Option<&Page> {
        self.pages.get(path)
    }

    /// Every path with its answer.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Page)> {
        self.pages.iter().map(|(path, page)| (path.as_str(), page))
    }
}

fn json_page(value: &serde_json::Value) -> Page {
    Page::new(format!("{value:#}\n"), "application/json", ASK)
}

pub(crate) fn html_page(text: String) -> Page {
    Page::new(text, "text/html; charset=utf-8", ASK)
}

/// The media type of a package's file, from its name.
pub fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("geojson") => "application/geo+json",
        Some("toml") => "application/toml",
        Some("md") => "text/markdown; charset=utf-8",
        Some("txt" | "expected") => "text/plain; charset=utf-8",
        Some("xml") => "application/xml",
        _ => "application/octet-stream",
    }
}
