//! `[[document]]`: XML documents of a standard, with their schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Package;
use super::load::digest;
use super::notes::{Notes, note};
use super::toml::Keys;
use crate::check::xml::SchemaFiles;
use crate::finding::Finding;

/// One kind of XML document of a package.
#[derive(Debug, Clone)]
pub struct XmlResource {
    /// Its name; its schema is `<name>.xsd`.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// One record, singular.
    pub record: String,
    /// Namespace and local name of the outermost elements by which a file is recognised.
    pub roots: Vec<(String, String)>,
    /// Prefixes that rules use for namespaces other than that of the outermost elements.
    pub prefixes: Vec<(String, String)>,
    /// File names of the official schema that the package does not carry; it comes with [`Package::supply`].
    pub import: Vec<String>,
    /// The schema; without files when it is still to come.
    pub schema: SchemaFiles,
}

impl XmlResource {
    /// The namespace that names without a prefix have in rules: that of the outermost elements.
    pub(crate) fn space(&self) -> &str {
        self.roots.first().map_or("", |(space, _)| space)
    }
}

impl Package {
    /// Whether a schema of it must come from elsewhere and has not come yet.
    pub fn lacks_schema(&self) -> bool {
        self.documents.iter().any(|d| !d.import.is_empty() && d.schema.files.is_empty())
    }

    /// Whether schemas of it come from elsewhere.
    pub fn takes_schema(&self) -> bool {
        self.documents.iter().any(|d| !d.import.is_empty())
    }

    /// Hands over the official schema files, by path from their folder with `/`. Gives the names that are wanted and not among them.
    pub fn supply(&mut self, files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
        let all: BTreeMap<String, Arc<[u8]>> = files.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice().into())).collect();
        let mut missing = Vec::new();
        let digest = digest(files);
        for document in self.documents.iter_mut().filter(|d| !d.import.is_empty()) {
            let mut roots = Vec::new();
            for wanted in &document.import {
                let ends = |name: &&String| name.as_str() == wanted || name.ends_with(&format!("/{wanted}"));
                // The one that lies least deep, when several have the name.
                match all.keys().filter(ends).min_by_key(|name| (name.matches('/').count(), name.len())) {
                    Some(found) => roots.push(found.clone()),
                    None => missing.push(wanted.clone()),
                }
            }
            if roots.len() == document.import.len() {
                document.schema = SchemaFiles { roots, files: all.clone(), digest: digest.clone() };
            }
        }
        missing
    }
}

/// Reads all `[[document]]` of a manifest.
pub(super) fn read(keys: &Keys<'_>, files: &BTreeMap<String, Vec<u8>>, notes: &mut Notes) -> Vec<XmlResource> {
    let mut documents: Vec<XmlResource> = Vec::new();
    for keys in keys.tables("document", notes) {
        let name = keys.need("name", notes).unwrap_or_default().to_owned();
        if documents.iter().any(|d| d.name == name) {
            notes.push(keys.note("C910", "", "name").value(&name));
        }
        let (title, record) =
            (keys.need("title", notes).unwrap_or_default().to_owned(), keys.need("record", notes).unwrap_or_default().to_owned());
        let mut roots = Vec::new();
        for root in keys.need_texts("root", notes).unwrap_or_default() {
            match named(&root) {
                Some(pair) => roots.push(pair),
                None => notes.push(keys.note("C924", "", "root").value(&root).arg("what", "{namespace}name, or a name alone")),
            }
        }
        let import = keys.texts("import", notes).unwrap_or_default();
        let prefixes = prefixes(&keys, notes);
        keys.finish(notes);
        let schema = if import.is_empty() { own(&name, files, notes) } else { SchemaFiles::default() };
        documents.push(XmlResource { name, title, record, roots, prefixes, import, schema });
    }
    documents
}

/// `prefixes = ["j http://…"]`.
fn prefixes(keys: &Keys<'_>, notes: &mut Notes) -> Vec<(String, String)> {
    let mut prefixes = Vec::new();
    for text in keys.texts("prefixes", notes).unwrap_or_default() {
        match text.split_once(' ') {
            Some((prefix, space)) if !prefix.is_empty() => prefixes.push((prefix.to_owned(), space.trim().to_owned())),
            _ => notes.push(keys.note("C924", "", "prefixes").value(&text).arg("what", "a prefix, a blank and the namespace")),
        }
    }
    prefixes
}

/// The package's own schema of that name, with all other schema files of the package at hand.
fn own(name: &str, files: &BTreeMap<String, Vec<u8>>, notes: &mut Notes) -> SchemaFiles {
    let path = format!("{name}.xsd");
    if !files.contains_key(&path) {
        notes.push(note("C915", "", "").value(&path).arg("file", "standard.toml"));
        return SchemaFiles::default();
    }
    let files: BTreeMap<String, Vec<u8>> = files.iter().filter(|(p, _)| p.ends_with(".xsd")).map(|(p, b)| (p.clone(), b.clone())).collect();
    let digest = digest(&files);
    let files = files.into_iter().map(|(path, bytes)| (path, bytes.into())).collect();
    SchemaFiles { roots: vec![path], files, digest }
}

/// What is wrong with a package's own schemas.
pub(super) fn lint(package: &Package) -> Vec<Finding> {
    let mut found = Vec::new();
    for document in package.documents.iter().filter(|d| d.import.is_empty() && !d.schema.files.is_empty()) {
        let compiled = document.schema.compile();
        found.extend(compiled.findings);
        let Some(schema) = compiled.schema else { continue };
        for (space, local) in &document.roots {
            if !schema.roots().any(|(s, l)| s == space && l == local) {
                let name = format!("{{{space}}}{local}");
                found.push(note("C907", "", "root").value(&name).arg("file", "standard.toml").arg("resource", document.name.as_str()));
            }
        }
    }
    found
}

/// `{namespace}name` in its parts.
fn named(text: &str) -> Option<(String, String)> {
    let (space, local) = match text.strip_prefix('{') {
        Some(rest) => rest.split_once('}')?,
        None => ("", text),
    };
    (!local.is_empty() && !local.contains(['{', '}', ':', ' '])).then(|| (space.to_owned(), local.to_owned()))
}
