//! Documents of XML against a schema: a plan compiled once, and the check of one file as it streams by.
//!
//! Nothing but the schema documents that were handed over is read: no DTD, no entity beyond the five, no XInclude, and no schema that a
//! document names for itself.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::bounds::{MAX_RECORD, SAMPLE, XML_ATTRIBUTES, XML_DEPTH, XML_FAULTS, XML_NAME};
use crate::finding::{Finding, Place};
use crate::package::Package;
use crate::package::documents::XmlResource;
use crate::read::document::{Document, DocumentFacts, DocumentKind};
use crate::read::recode::{self, Charset, Recoder};
use crate::read::{Form, Unpack};
use crate::xsd;
use crate::xsd::watch::Watcher;

mod lines;
mod root;
mod rules;
mod tell;

use lines::Lines;
use rules::DocumentRules;
pub use tell::{schema_fault, tell};

/// The schema documents of one schema, by name; names are paths with `/`, from wherever the first of them stands.
#[derive(Debug, Clone, Default)]
pub struct SchemaFiles {
    /// The documents to compile.
    pub roots: Vec<String>,
    /// All documents at hand.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// `sha256:…` over them.
    pub digest: String,
}

/// A compiled schema, or what is wrong with it.
#[derive(Debug)]
pub struct Compiled {
    /// The schema.
    pub schema: Option<Arc<xsd::Schema>>,
    /// What is wrong with it, and what it imports that is not at hand.
    pub findings: Vec<Finding>,
}

impl SchemaFiles {
    /// Compiles them. What they import or include is looked for among them alone: by its path from the document that asks, else by the
    /// file's name when only one has it.
    pub fn compile(&self) -> Compiled {
        let roots: Vec<xsd::Document<'_>> =
            self.roots.iter().filter_map(|name| Some(xsd::Document { name, bytes: self.files.get(name)? })).collect();
        let mut missing: Vec<(String, String)> = Vec::new();
        let mut resolve = |base: &str, location: &str, namespace: Option<&str>| {
            if let Some(name) = self.resolve(base, location) {
                return self.files.get(&name).map(|bytes| (name, bytes.to_vec()));
            }
            let what = if location.is_empty() { namespace.unwrap_or_default() } else { location };
            let pair = (base.to_owned(), what.to_owned());
            if !what.is_empty() && !missing.contains(&pair) {
                missing.push(pair);
            }
            None
        };
        let (schema, faults) = match xsd::compile(&roots, &mut resolve, &bounds()) {
            Ok(schema) => (Some(Arc::new(schema)), Vec::new()),
            Err(faults) => (None, faults),
        };
        let failed = schema.is_none();
        let mut findings: Vec<Finding> = Vec::new();
        for (base, location) in missing {
            let kind = if failed { "" } else { "unused" };
            findings.push(Finding::new("C961", kind, Place::default()).value(&location).arg("file", base));
        }
        // What only follows from a document that is missing is not told again.
        let told = !findings.is_empty();
        findings.extend(faults.iter().filter(|f| !(told && tell::follows_from_missing(f))).map(schema_fault));
        Compiled { schema, findings }
    }

    /// The name of the document that another asks for; `None` when it is not at hand.
    pub fn resolve(&self, base: &str, location: &str) -> Option<String> {
        let path = joined(base, location).filter(|path| self.files.contains_key(path));
        path.or_else(|| {
            let last = location.rsplit(['/', '\\']).next().filter(|l| !l.is_empty())?;
            let mut same = self.files.keys().filter(|name| name.rsplit('/').next() == Some(last));
            let only = same.next()?;
            same.next().is_none().then(|| only.clone())
        })
    }
}

/// A relative address from a document's own; `None` for an address elsewhere, and for what leaves the top.
pub fn joined(base: &str, location: &str) -> Option<String> {
    if location.is_empty() || location.contains(':') || location.starts_with(['/', '\\']) {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in location.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a file is an XML schema, by its outermost element.
pub fn is_schema(bytes: &[u8]) -> bool {
    root::of(&bytes[..bytes.len().min(SAMPLE)]).is_some_and(|(space, name)| space == XSD && name == "schema")
}

/// The namespace of XML Schema.
const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// The other documents that a schema document asks for by an address, for a shell that looks for them beside it.
pub fn locations(bytes: &[u8]) -> Vec<String> {
    root::locations(bytes)
}

/// The engine's bounds are the core's.
pub(crate) fn bounds() -> xsd::Bounds {
    let bounds = xsd::Bounds::default();
    xsd::Bounds { depth: XML_DEPTH, attributes: XML_ATTRIBUTES, name: XML_NAME, token: MAX_RECORD, faults: XML_FAULTS, ..bounds }
}

/// One kind of XML document, with its schema.
#[derive(Debug)]
pub struct XmlPlan {
    standard: String,
    resource: String,
    /// Namespace and local name of each root element by which a file is recognised; none for a bare schema, which takes any XML.
    roots: Vec<(String, String)>,
    schema: SchemaFiles,
    /// What to say when the official schema is not at hand.
    lacking: Option<Finding>,
    compiled: OnceLock<Compiled>,
    /// The standard's rules beside the schema.
    rules: Option<Arc<DocumentRules>>,
}

impl XmlPlan {
    /// A bare schema, for any XML.
    pub fn of_schema(name: &str, schema: SchemaFiles) -> XmlPlan {
        let (standard, resource, roots) = (name.to_owned(), String::new(), Vec::new());
        XmlPlan { standard, resource, roots, schema, lacking: None, compiled: OnceLock::new(), rules: None }
    }

    /// A package's document.
    pub fn of_package(package: &Package, document: &XmlResource) -> XmlPlan {
        let standard = package.reference();
        let lacking = document.schema.files.is_empty().then(|| Finding::new("C962", "", Place::default()).value(&standard));
        let rules = DocumentRules::of_package(package, document);
        let XmlResource { name, roots, schema, .. } = document.clone();
        XmlPlan { standard, resource: name, roots, schema, lacking, compiled: OnceLock::new(), rules }
    }

    /// The schema's documents.
    pub(crate) fn schema(&self) -> &SchemaFiles {
        &self.schema
    }

    /// The schema, compiled once.
    pub fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| match &self.lacking {
            Some(finding) => Compiled { schema: None, findings: vec![finding.clone()] },
            None => self.schema.compile(),
        })
    }
}

/// The XML documents of a package.
pub fn of_package(package: &Package) -> Vec<Arc<dyn DocumentKind>> {
    let plan = |document| -> Arc<dyn DocumentKind> { Arc::new(XmlPlan::of_package(package, document)) };
    package.documents.iter().map(plan).collect()
}

/// The document of a package whose outermost element that is.
pub(crate) fn of_package_root(package: &Package, namespace: &str, local: &str) -> Option<Arc<dyn DocumentKind>> {
    let found = package.documents.iter().find(|d| d.roots.iter().any(|(s, l)| s == namespace && l == local))?;
    // Without its official schema nothing can be said of it.
    (!found.schema.files.is_empty()).then(|| -> Arc<dyn DocumentKind> { Arc::new(XmlPlan::of_package(package, found)) })
}

impl DocumentKind for XmlPlan {
    fn standard(&self) -> &str {
        &self.standard
    }

    fn resource(&self) -> &str {
        &self.resource
    }

    fn form(&self) -> Form {
        Form::Xml
    }

    fn fits(&self, form: Form, sample: &[u8]) -> u8 {
        if form != self.form() {
            return 0;
        }
        if self.roots.is_empty() {
            return 1;
        }
        let found = root::of(sample);
        if found.is_some_and(|(space, name)| self.roots.iter().any(|(s, n)| *s == space && *n == name)) { 2 } else { 0 }
    }

    fn open(&self) -> Box<dyn Document> {
        let compiled = self.compiled();
        let mut check = XmlCheck::new(compiled.schema.clone(), &self.schema.digest);
        check.waiting.extend(compiled.findings.iter().cloned());
        check.rules = self.rules.clone();
        check.watcher = self.rules.as_ref().filter(|_| compiled.schema.is_some()).map(DocumentRules::open);
        Box::new(check)
    }
}

/// The check of one file.
struct XmlCheck {
    validator: Option<xsd::HeldValidator>,
    /// The file's first bytes, until its encoding is known.
    start: Vec<u8>,
    charset: Option<Charset>,
    recoder: Option<Recoder>,
    lines: Lines,
    waiting: Vec<Finding>,
    /// More faults than were kept.
    told: u64,
    stopped: bool,
    elements: u64,
    digest: String,
    rules: Option<Arc<DocumentRules>>,
    watcher: Option<Watcher<rules::Run>>,
    /// Rules that could not be judged, and why.
    unjudged: Vec<(String, String)>,
}

impl XmlCheck {
    fn new(schema: Option<Arc<xsd::Schema>>, digest: &str) -> XmlCheck {
        XmlCheck {
            validator: schema.map(|schema| xsd::HeldValidator::new(schema, &bounds())),
            start: Vec::new(),
            charset: None,
            recoder: None,
            lines: Lines::default(),
            waiting: Vec::new(),
            told: 0,
            stopped: false,
            elements: 0,
            digest: digest.to_owned(),
            rules: None,
            watcher: None,
            unjudged: Vec::new(),
        }
    }

    /// Settles how the text is stored, by the start of the file.
    fn begin(&mut self, whole: bool, findings: &mut Vec<Finding>) {
        let bytes = std::mem::take(&mut self.start);
        let guess = recode::sniff_xml(&bytes[..bytes.len().min(SAMPLE)], whole && bytes.len() <= SAMPLE);
        findings.append(&mut self.waiting);
        findings.extend(guess.findings);
        self.charset = Some(guess.charset);
        if guess.charset != Charset::Utf8 {
            self.recoder = Some(Recoder::new(guess.charset));
        }
        self.lines = Lines::new(guess.charset == Charset::Utf8);
        findings.extend(root::document_type(&bytes[..bytes.len().min(SAMPLE)], guess.charset));
        self.take(&bytes, false, findings);
    }

    /// Tells what the rules found, and returns how much more there was.
    fn judged(&mut self, watcher: Watcher<rules::Run>, findings: &mut Vec<Finding>) -> u64 {
        let (run, whole) = watcher.finish();
        let (found, more, skipped) = run.findings(&self.lines);
        findings.extend(found);
        let codes = self.rules.as_ref().map_or(&[][..], |r| r.codes.as_slice());
        self.unjudged = if whole {
            let why = "a part of the document is too long for it";
            skipped.into_iter().map(|code| (code, why.to_owned())).collect()
        } else {
            codes.iter().map(|code| (code.clone(), "the document could not be read to its end".to_owned())).collect()
        };
        more
    }

    fn take(&mut self, bytes: &[u8], last: bool, findings: &mut Vec<Finding>) {
        let mut text = Vec::new();
        let bytes = match &mut self.recoder {
            Some(recoder) => {
                let mut faults = Vec::new();
                Unpack::push(recoder, bytes, &mut text, &mut faults);
                if last {
                    Unpack::finish(recoder, &mut text, &mut faults);
                }
                findings.append(&mut faults);
                text.as_slice()
            }
            None => bytes,
        };
        if self.stopped {
            return;
        }
        let Some(validator) = &mut self.validator else { return };
        self.lines.over(bytes);
        // `false` says that what follows would change nothing.
        self.stopped = !validator.feed(bytes);
        if let Some(watcher) = &mut self.watcher {
            watcher.feed(bytes);
        }
        for fault in validator.take_faults() {
            self.told += 1;
            findings.push(tell(&fault, &self.lines));
        }
    }
}

impl Document for XmlCheck {
    fn push(&mut self, bytes: &[u8], findings: &mut Vec<Finding>) {
        if self.charset.is_some() {
            self.take(bytes, false, findings);
            return;
        }
        self.start.extend_from_slice(bytes);
        if self.start.len() > SAMPLE {
            self.begin(false, findings);
        }
    }

    fn finish(&mut self, findings: &mut Vec<Finding>) {
        if self.charset.is_none() {
            self.begin(true, findings);
        }
        if self.recoder.is_some() {
            self.take(&[], true, findings);
        }
        let Some(validator) = self.validator.take() else { return };
        let outcome = validator.finish();
        self.elements = outcome.elements;
        for fault in &outcome.faults {
            self.told += 1;
            findings.push(tell(fault, &self.lines));
        }
        let mut more = outcome.count.saturating_sub(self.told);
        if let Some(watcher) = self.watcher.take() {
            more += self.judged(watcher, findings);
        }
        if more > 0 {
            findings.push(Finding::new("C289", "", Place::default()).arg("count", more.to_string()));
        }
    }

    fn facts(&self) -> DocumentFacts {
        let ran = self.elements > 0;
        let codes = self.rules.as_ref().map_or(&[][..], |r| r.codes.as_slice());
        let judged = codes.iter().filter(|code| !self.unjudged.iter().any(|(skipped, _)| skipped == *code)).cloned();
        let of_schema = tell::CODES.iter().map(|c| (*c).to_owned()).chain([ENGINE.to_owned()]);
        let run = if ran { of_schema.chain(judged).collect() } else { Vec::new() };
        let why = "the schema cannot be used";
        let skipped = if ran { self.unjudged.clone() } else { vec![("xml-schema".to_owned(), why.to_owned())] };
        let encoding = self.charset.map_or("", Charset::name);
        DocumentFacts {
            encoding,
            more: [("form", "xml"), ("schema_digest", &self.digest)].map(|(name, value)| (name, value.to_owned())).to_vec(),
            records: u64::from(ran),
            run,
            skipped,
        }
    }
}

/// How the coverage of a report names the engine that ran.
pub const ENGINE: &str = "xml-schema-1.0 (compiled)";

#[cfg(test)]
mod tests;
