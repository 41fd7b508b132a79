//! From schema documents to components: which documents belong to a schema, and what is declared where.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::encoding::utf8;
use super::model::{Attribute, AttributeUse, ElemId, Element, Key, Particle, Type, TypeId, Wildcard, barred};
use super::names::{EMPTY, QName, Strings, Sym, XML, XS, XSI};
use super::scan::{Stop, is_ncname};
use super::tree::{NodeId, Tree};
use super::{Bounds, Document, Resolve, SchemaFault};

/// A node of a document.
pub(super) type Site = (u32, NodeId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Type,
    Element,
    Attribute,
    Group,
    AttributeGroup,
    Notation,
}

pub(super) struct Doc {
    pub(super) name: String,
    pub(super) tree: Tree,
    pub(super) source: Rc<[u8]>,
    /// Namespace of what it declares, as it is included.
    pub(super) target: Sym,
    /// Whether names without a namespace mean the including document's namespace.
    pub(super) chameleon: bool,
    pub(super) elements_qualified: bool,
    pub(super) attributes_qualified: bool,
    pub(super) blocks: u8,
    pub(super) finals: u8,
    pub(super) imports: HashSet<Sym>,
}

/// Attributes of a type or group.
#[derive(Debug, Clone, Default)]
pub(super) struct AttributeSet {
    pub(super) uses: Vec<AttributeUse>,
    pub(super) any: Option<Wildcard>,
}

pub(super) struct Compiler<'b, 'r> {
    pub(super) strings: Strings,
    pub(super) docs: Vec<Doc>,
    pub(super) faults: Vec<SchemaFault>,
    pub(super) bounds: &'b Bounds,
    resolve: &'b mut Resolve<'r>,
    loaded: HashMap<(String, Sym), u32>,
    pub(super) globals: HashMap<(Kind, QName), Site>,
    /// In the order in which they were met, so that faults come in the same order each time.
    pub(super) order: Vec<(Kind, QName)>,
    /// What a redefinition stands for.
    pub(super) originals: HashMap<Site, Site>,
    pub(super) types: Vec<Type>,
    /// Where each type is written, until it is built.
    pub(super) pending: Vec<Option<Site>>,
    pub(super) type_sites: HashMap<Site, TypeId>,
    pub(super) sites_of_types: HashMap<TypeId, Site>,
    pub(super) building: HashSet<Site>,
    pub(super) elements: Vec<Element>,
    pub(super) element_sites: HashMap<Site, ElemId>,
    pub(super) sites_of_elements: Vec<Site>,
    pub(super) global_elements: HashMap<QName, ElemId>,
    pub(super) attributes: HashMap<QName, Attribute>,
    pub(super) groups: HashMap<Site, Option<Arc<Particle>>>,
    pub(super) attribute_groups: HashMap<Site, AttributeSet>,
    pub(super) keys: Vec<Key>,
    pub(super) key_names: HashMap<QName, u32>,
    pub(super) key_refs: Vec<(u32, QName, Site)>,
    pub(super) substitutes: HashMap<ElemId, Vec<ElemId>>,
    /// For each simple type how deep its members and items lie in one another, and how many they are.
    pub(super) extents: HashMap<TypeId, (u32, u64)>,
    /// Elements and wildcards of the content that is being read, groups written out; and for each group.
    pub(super) particles: usize,
    pub(super) group_sizes: HashMap<Site, usize>,
    /// How deep model groups lie in one another at the moment.
    pub(super) nesting: usize,
}

impl<'b, 'r> Compiler<'b, 'r> {
    pub(super) fn new(bounds: &'b Bounds, resolve: &'b mut Resolve<'r>) -> Compiler<'b, 'r> {
        let mut compiler = Compiler {
            strings: Strings::new(),
            docs: Vec::new(),
            faults: Vec::new(),
            bounds,
            resolve,
            loaded: HashMap::new(),
            globals: HashMap::new(),
            order: Vec::new(),
            originals: HashMap::new(),
            types: Vec::new(),
            pending: Vec::new(),
            type_sites: HashMap::new(),
            sites_of_types: HashMap::new(),
            building: HashSet::new(),
            elements: Vec::new(),
            element_sites: HashMap::new(),
            sites_of_elements: Vec::new(),
            global_elements: HashMap::new(),
            attributes: HashMap::new(),
            groups: HashMap::new(),
            attribute_groups: HashMap::new(),
            keys: Vec::new(),
            key_names: HashMap::new(),
            key_refs: Vec::new(),
            substitutes: HashMap::new(),
            extents: HashMap::new(),
            particles: 0,
            group_sizes: HashMap::new(),
            nesting: 0,
        };
        compiler.builtins();
        compiler
    }

    pub(super) fn fault(&mut self, site: Site, code: &'static str, what: impl Into<String>) {
        let at = self.docs.get(site.0 as usize).and_then(|d| d.tree.nodes.get(site.1 as usize)).map(|n| n.at);
        self.fault_at(site.0, at, code, what.into());
    }

    fn fault_at(&mut self, doc: u32, at: Option<u64>, code: &'static str, what: String) {
        if self.faults.len() >= self.bounds.faults {
            return;
        }
        let (document, source) = match self.docs.get(doc as usize) {
            Some(d) => (d.name.clone(), &d.source[..]),
            None => (String::new(), &b""[..]),
        };
        let (line, column) = at.map_or((0, 0), |at| place(source, at));
        let fault = SchemaFault { document, line, column, code, what };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    pub(super) fn load_roots(&mut self, roots: &[Document<'_>]) {
        for root in roots {
            self.load(root.name, root.bytes, None, None);
        }
        self.register_all();
    }

    /// Loads a document. `within`: the namespace of the document that includes it. `imported`: the namespace it is imported for.
    fn load(&mut self, name: &str, bytes: &[u8], within: Option<Sym>, imported: Option<(Sym, Site)>) -> Option<u32> {
        if self.docs.len() >= self.bounds.documents {
            self.fault((u32::MAX, 0), "bound", format!("more than {} schema documents", self.bounds.documents));
            return None;
        }
        let early = |code, what: String, line, column| SchemaFault { document: name.to_string(), line, column, code, what };
        if bytes.len() > self.bounds.document_bytes {
            self.faults.push(early("bound", format!("more than {} bytes", self.bounds.document_bytes), 0, 0));
            return None;
        }
        let source: Rc<[u8]> = utf8(bytes).into();
        let tree = match Tree::read(&source, self.bounds, &mut self.strings) {
            Ok(tree) => tree,
            Err(Stop::Malformed(at, reason)) => {
                let (line, column) = place(&source, at);
                self.faults.push(early("xml", format!("not well-formed: {reason:?}"), line, column));
                return None;
            }
            Err(Stop::Bound(at, what, size)) => {
                let (line, column) = place(&source, at);
                self.faults.push(early("bound", format!("more than {size} for {what}"), line, column));
                return None;
            }
        };
        let root = tree.node(0);
        if root.name.ns != XS || self.strings.get(root.name.local) != "schema" {
            self.faults.push(early("src-resolve", "the outermost element is not xs:schema".into(), 1, 1));
            return None;
        }
        let get = |local: &str| {
            root.attributes.iter().find(|(n, _)| n.ns == EMPTY && self.strings.get(n.local) == local).map(|(_, v)| v.trim().to_string())
        };
        let own = get("targetNamespace").unwrap_or_default();
        let elements_qualified = get("elementFormDefault").as_deref() == Some("qualified");
        let attributes_qualified = get("attributeFormDefault").as_deref() == Some("qualified");
        let blocks = bits(get("blockDefault").as_deref().unwrap_or(""), barred::EXTENSION | barred::RESTRICTION | barred::SUBSTITUTION);
        let finals =
            bits(get("finalDefault").as_deref().unwrap_or(""), barred::EXTENSION | barred::RESTRICTION | barred::LIST | barred::UNION);
        let own = self.strings.intern(&own);
        let chameleon = own == EMPTY && within.is_some_and(|w| w != EMPTY);
        let target = if chameleon { within.unwrap_or(EMPTY) } else { own };
        if let Some(&known) = self.loaded.get(&(name.to_string(), target)) {
            return Some(known);
        }
        let doc = self.docs.len() as u32;
        self.loaded.insert((name.to_string(), target), doc);
        self.docs.push(Doc {
            name: name.to_string(),
            tree,
            source,
            target,
            chameleon,
            elements_qualified,
            attributes_qualified,
            blocks,
            finals,
            imports: HashSet::new(),
        });
        if target == XSI {
            self.fault((doc, 0), "no-xsi", "nothing can be declared in the namespace of xsi:type");
        }
        if let Some(within) = within.filter(|&w| own != EMPTY && w != own) {
            let what = format!("its namespace is not that of the schema that includes it ({})", self.strings.get(within));
            self.fault((doc, 0), "src-include", what);
        }
        if let Some((ns, site)) = imported.filter(|(ns, _)| *ns != own) {
            let what = format!("{name} is not of the namespace {} that it is imported for", self.strings.get(ns));
            self.fault(site, "src-import", what);
        }
        self.check_grammar(doc);
        self.load_others(doc);
        Some(doc)
    }

    fn load_others(&mut self, doc: u32) {
        for child in self.docs[doc as usize].tree.node(0).children.clone() {
            let site = (doc, child);
            let node = self.docs[doc as usize].tree.node(child);
            if node.name.ns != XS {
                continue;
            }
            let name = self.strings.get(node.name.local).to_string();
            let location = self.attr(site, "schemaLocation");
            let target = self.docs[doc as usize].target;
            match name.as_str() {
                "include" | "redefine" => {
                    let loaded = location.and_then(|l| self.fetch(doc, &l, None)).map(|(name, bytes)| {
                        let known = self.loaded.get(&(name.clone(), target)).copied();
                        known.or_else(|| self.load(&name, &bytes, Some(target), None))
                    });
                    if name == "redefine" && loaded.is_none() {
                        let any = self.docs[doc as usize].tree.node(child).children.clone();
                        if any.iter().any(|&c| self.local((doc, c)) != "annotation") {
                            self.fault(site, "src-redefine", "there is no document to redefine");
                        }
                    }
                }
                "import" => {
                    let namespace = self.attr(site, "namespace");
                    let ns = self.strings.intern(namespace.as_deref().unwrap_or(""));
                    self.docs[doc as usize].imports.insert(ns);
                    if ns == target {
                        self.fault(site, "src-import", "a schema cannot import its own namespace");
                        continue;
                    }
                    let Some(location) = location else { continue };
                    if let Some((name, bytes)) = self.fetch(doc, &location, Some(namespace.as_deref().unwrap_or("")))
                        && !self.loaded.contains_key(&(name.clone(), ns))
                    {
                        self.load(&name, &bytes, None, Some((ns, site)));
                    }
                }
                _ => {}
            }
        }
    }

    fn fetch(&mut self, doc: u32, location: &str, namespace: Option<&str>) -> Option<(String, Vec<u8>)> {
        let base = self.docs[doc as usize].name.clone();
        (self.resolve)(&base, location, namespace)
    }

    /// Enters all global declarations; those of redefinitions last, so that what they redefine is known.
    fn register_all(&mut self) {
        let mut redefinitions = Vec::new();
        for doc in 0..self.docs.len() as u32 {
            for child in self.docs[doc as usize].tree.node(0).children.clone() {
                if self.local((doc, child)) == "redefine" {
                    redefinitions.push((doc, child));
                } else {
                    self.register((doc, child));
                }
            }
        }
        for (doc, node) in redefinitions {
            for child in self.docs[doc as usize].tree.node(node).children.clone() {
                self.redefine((doc, child));
            }
        }
    }

    fn kind(&self, site: Site) -> Option<Kind> {
        Some(match self.local(site) {
            "simpleType" | "complexType" => Kind::Type,
            "element" => Kind::Element,
            "attribute" => Kind::Attribute,
            "group" => Kind::Group,
            "attributeGroup" => Kind::AttributeGroup,
            "notation" => Kind::Notation,
            _ => return None,
        })
    }

    fn global_name(&mut self, site: Site) -> Option<(Kind, QName)> {
        let kind = self.kind(site)?;
        let name = self.attr(site, "name").filter(|n| is_ncname(n.as_bytes()))?;
        let ns = self.docs[site.0 as usize].target;
        Some((kind, QName { ns, local: self.strings.intern(&name) }))
    }

    fn register(&mut self, site: Site) {
        let Some(key) = self.global_name(site) else { return };
        if let Some(&other) = self.globals.get(&key) {
            // The same bytes under two addresses declare the same things.
            if self.docs[other.0 as usize].source != self.docs[site.0 as usize].source || other.0 == site.0 {
                let what = format!("{} is declared twice", self.strings.show(key.1));
                self.fault(site, "sch-props-correct", what);
            }
            return;
        }
        self.globals.insert(key, site);
        self.order.push(key);
    }

    fn redefine(&mut self, site: Site) {
        let Some(key) = self.global_name(site) else { return };
        match self.globals.insert(key, site) {
            Some(original) => {
                self.originals.insert(site, original);
            }
            None => {
                let what = format!("{} is not in the document that is redefined", self.strings.show(key.1));
                self.fault(site, "src-redefine", what);
                self.order.push(key);
            }
        }
    }

    /// Local name of an element of XML Schema; empty for any other.
    pub(super) fn local(&self, site: Site) -> &str {
        let node = self.docs[site.0 as usize].tree.node(site.1);
        if node.name.ns == XS { self.strings.get(node.name.local) } else { "" }
    }

    /// Value of an attribute without a prefix, white space around it taken off.
    pub(super) fn attr(&self, site: Site, name: &str) -> Option<String> {
        self.attr_raw(site, name).map(|v| v.trim_matches([' ', '\t', '\n', '\r']).to_string())
    }

    /// Value of an attribute without a prefix, as it is.
    pub(super) fn attr_raw(&self, site: Site, name: &str) -> Option<String> {
        let node = self.docs[site.0 as usize].tree.node(site.1);
        node.attributes.iter().find(|(n, _)| n.ns == EMPTY && self.strings.get(n.local) == name).map(|(_, v)| v.clone())
    }

    pub(super) fn flag(&self, site: Site, name: &str) -> Option<bool> {
        self.attr(site, name).map(|v| v == "true" || v == "1")
    }

    /// Children that are elements of XML Schema, annotations left out.
    pub(super) fn children(&self, site: Site) -> Vec<Site> {
        let tree = &self.docs[site.0 as usize].tree;
        let all = tree.node(site.1).children.iter().map(|&c| (site.0, c));
        all.filter(|&s| !matches!(self.local(s), "annotation" | "")).collect()
    }

    pub(super) fn child(&self, site: Site, names: &[&str]) -> Option<Site> {
        self.children(site).into_iter().find(|&s| names.contains(&self.local(s)))
    }

    pub(super) fn parent(&self, site: Site) -> Site {
        (site.0, self.docs[site.0 as usize].tree.node(site.1).parent)
    }

    /// The name that a prefixed name in an attribute means; a fault when its prefix is unknown.
    pub(super) fn qname(&mut self, site: Site, text: &str) -> Option<QName> {
        let (prefix, local) = text.split_once(':').unwrap_or(("", text));
        if !is_ncname(local.as_bytes()) {
            return None;
        }
        let prefix_sym = self.strings.intern(prefix);
        let doc = &self.docs[site.0 as usize];
        let Some(mut ns) = doc.tree.namespace(site.1, prefix_sym, &self.strings) else {
            self.fault(site, "src-resolve", format!("prefix {prefix} is not declared"));
            return None;
        };
        if ns == EMPTY && doc.chameleon {
            ns = doc.target;
        }
        let local = self.strings.intern(local);
        Some(QName { ns, local })
    }

    /// Where the component is that an attribute refers to; a fault when there is none.
    pub(super) fn find(&mut self, site: Site, kind: Kind, name: QName) -> Option<Site> {
        let doc = &self.docs[site.0 as usize];
        let visible = name.ns == doc.target || doc.imports.contains(&name.ns);
        let found = self.globals.get(&(kind, name)).copied();
        if visible && found.is_some() {
            return found;
        }
        let what = if visible {
            format!("there is no {kind:?} {}", self.strings.show(name))
        } else {
            format!("the namespace of {} is not imported", self.strings.show(name))
        };
        self.fault(site, "src-resolve", what);
        None
    }

    /// Whether an attribute name is of the kind that every schema knows without declaring it.
    pub(super) fn is_xml(&self, name: QName) -> bool {
        name.ns == XML && matches!(self.strings.get(name.local), "lang" | "space" | "base" | "id")
    }
}

/// Reads `#all` or a list of methods of derivation; of those that `of` has.
pub(super) fn bits(text: &str, of: u8) -> u8 {
    if text == "#all" {
        return of;
    }
    let word = |w: &str| match w {
        "extension" => barred::EXTENSION,
        "restriction" => barred::RESTRICTION,
        "substitution" => barred::SUBSTITUTION,
        "list" => barred::LIST,
        "union" => barred::UNION,
        _ => 0,
    };
    text.split_ascii_whitespace().fold(0, |bits, w| bits | word(w) & of)
}

/// Line and byte column of an offset, from 1.
pub(super) fn place(source: &[u8], at: u64) -> (usize, usize) {
    let before = &source[..source.len().min(at as usize)];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    (line, before.len() - memchr::memrchr(b'\n', before).map_or(0, |n| n + 1) + 1)
}
