//! Builds complex types, elements, attributes and groups.

use std::sync::Arc;

use super::build_simple::DERIVATIONS;
use super::compile::{AttributeSet, Compiler, Kind, Site, bits};
use super::grammar::count;
use super::model::{
    ANY_SIMPLE, ANY_TYPE, Attribute, AttributeUse, Complex, Content, ElemId, Element, Given, Namespaces, Order, Particle, Process, Term,
    Type, TypeId, UNBOUNDED, Wildcard, barred,
};
use super::names::{EMPTY, QName, XSI};
use super::simple::{IdKind, Variety};
use super::value::Prim;

/// How deep model groups may lie in one another, groups written out.
const NESTING: usize = 300;

impl Compiler<'_, '_> {
    pub(super) fn build_complex(&mut self, site: Site) -> Option<Complex> {
        let target = self.docs[site.0 as usize].target;
        let name = self.attr(site, "name").map(|n| QName { ns: target, local: self.strings.intern(&n) });
        let methods = barred::EXTENSION | barred::RESTRICTION;
        let doc = &self.docs[site.0 as usize];
        let (finals, blocks) = (doc.finals & methods, doc.blocks & methods);
        let finals = self.attr(site, "final").map_or(finals, |t| bits(&t, methods));
        let block = self.attr(site, "block").map_or(blocks, |t| bits(&t, methods));
        let is_abstract = self.flag(site, "abstract").unwrap_or(false);
        let mixed = self.flag(site, "mixed").unwrap_or(false);
        let mut complex = Complex {
            name,
            base: ANY_TYPE,
            method: barred::RESTRICTION,
            is_abstract,
            finals,
            block,
            attributes: Vec::new(),
            any_attribute: None,
            content: Content::Elements { particle: None, mixed },
        };
        let wrapper = self.child(site, &["simpleContent", "complexContent"]);
        let Some(wrapper) = wrapper else {
            let particle = self.content_particle(site);
            let own = self.attribute_set(site);
            complex.content = Content::Elements { particle, mixed };
            complex.attributes = own.uses;
            complex.any_attribute = own.any;
            complex.attributes.retain(|a| !a.prohibited);
            return Some(complex);
        };
        let how = self.child(wrapper, &["extension", "restriction"])?;
        let extension = self.local(how) == "extension";
        complex.method = if extension { barred::EXTENSION } else { barred::RESTRICTION };
        let base_name = self.attr(how, "base")?;
        let base = self.base_ref(how, site, &base_name)?;
        complex.base = base;
        if !self.ensure(base) {
            self.fault(how, "ct-props-correct", "the type is derived from itself");
            return None;
        }
        let base_finals = match &self.types[base.0 as usize] {
            Type::Complex(c) => c.finals,
            Type::Simple(s) => s.finals,
            Type::Pending => 0,
        };
        if base_finals & complex.method != 0 {
            let code = if extension { "cos-ct-extends" } else { "derivation-ok-restriction" };
            self.fault(how, code, "the base may not be derived from in this way");
        }
        if self.local(wrapper) == "simpleContent" {
            self.simple_content(how, base, extension, &mut complex)?;
        } else {
            let mixed = self.flag(wrapper, "mixed").unwrap_or(mixed);
            self.complex_content(how, base, extension, mixed, &mut complex)?;
        }
        self.derive_attributes(how, base, extension, &mut complex);
        Some(complex)
    }

    fn simple_content(&mut self, how: Site, base: TypeId, extension: bool, complex: &mut Complex) -> Option<()> {
        let inner = match &self.types[base.0 as usize] {
            Type::Simple(_) if extension => base,
            Type::Complex(Complex { content: Content::Simple(id), .. }) => *id,
            Type::Complex(Complex { content: Content::Elements { particle, mixed: true }, .. })
                if !extension && self.emptiable(particle.as_ref()) && self.child(how, &["simpleType"]).is_some() =>
            {
                ANY_SIMPLE
            }
            _ => {
                self.fault(how, "src-ct", "the base of simple content has none");
                return None;
            }
        };
        if extension {
            complex.content = Content::Simple(inner);
            return Some(());
        }
        let mut from = inner;
        if let Some(own) = self.child(how, &["simpleType"]) {
            from = self.type_at(own);
            self.ensure(from);
            if !self.derives(from, inner, 0) {
                self.fault(own, "derivation-ok-restriction", "the type of the content is not derived from that of the base");
            }
        }
        let facets =
            self.children(how).iter().any(|&s| !matches!(self.local(s), "simpleType" | "attribute" | "attributeGroup" | "anyAttribute"));
        if !facets {
            complex.content = Content::Simple(from);
            return Some(());
        }
        let simple = self.restrict(how, from)?;
        let id = TypeId(self.types.len() as u32);
        self.types.push(Type::Simple(simple));
        self.pending.push(None);
        self.sites_of_types.insert(id, how);
        complex.content = Content::Simple(id);
        Some(())
    }

    fn complex_content(&mut self, how: Site, base: TypeId, extension: bool, mixed: bool, complex: &mut Complex) -> Option<()> {
        let Type::Complex(Complex { content: base_content, .. }) = &self.types[base.0 as usize] else {
            self.fault(how, "src-ct", "the base of complex content is a simple type");
            return None;
        };
        let base_content = base_content.clone();
        let particle = self.content_particle(how);
        if !extension {
            complex.content = Content::Elements { particle, mixed };
            return Some(());
        }
        complex.content = match base_content {
            Content::Simple(_) if particle.is_none() && !mixed => base_content,
            Content::Simple(_) => {
                self.fault(how, "cos-ct-extends", "a type of simple content cannot be extended with elements");
                return None;
            }
            Content::Elements { particle: None, mixed: false } => Content::Elements { particle, mixed },
            Content::Elements { particle: before, mixed: base_mixed } => {
                // An extension that adds nothing says nothing about text between elements either.
                if particle.is_some() && base_mixed != mixed || particle.is_none() && mixed && !base_mixed {
                    self.fault(how, "cos-ct-extends", "base and extension must both be mixed or both not");
                }
                let all = |p: &Option<Arc<Particle>>| matches!(p.as_deref(), Some(Particle { term: Term::Group(Order::All, _), .. }));
                if all(&before) && particle.is_some() || all(&particle) && before.is_some() {
                    self.fault(how, "cos-all-limited", "a group of all cannot be extended or extend another");
                }
                let particle = match (before, particle) {
                    (Some(a), Some(b)) => {
                        // What was put together before is not put one deeper again.
                        let mut list = match &*a {
                            Particle { min: 1, max: 1, term: Term::Group(Order::Sequence, list) } => list.clone(),
                            _ => vec![a],
                        };
                        list.push(b);
                        Some(Arc::new(Particle { min: 1, max: 1, term: Term::Group(Order::Sequence, list) }))
                    }
                    (a, b) => a.or(b),
                };
                Content::Elements { particle, mixed: base_mixed }
            }
        };
        Some(())
    }

    fn derive_attributes(&mut self, how: Site, base: TypeId, extension: bool, complex: &mut Complex) {
        let own = self.attribute_set(how);
        let (base_uses, base_any) = match &self.types[base.0 as usize] {
            Type::Complex(c) => (c.attributes.iter().filter(|a| !a.prohibited).cloned().collect(), c.any_attribute.clone()),
            _ => (Vec::new(), None),
        };
        let mut uses = own.uses;
        if extension {
            // To prohibit what an extension takes over says nothing.
            uses.retain(|a| !a.prohibited);
        }
        for inherited in base_uses {
            match uses.iter().find(|u| u.name == inherited.name) {
                None => uses.push(inherited),
                Some(mine) if extension => {
                    let what = format!("attribute {} is in the base already", self.strings.show(mine.name));
                    self.fault(how, "ct-props-correct", what);
                }
                Some(_) => {}
            }
        }
        complex.any_attribute = match (extension, own.any, base_any) {
            (true, Some(own), Some(base)) => match own.allows.union(&base.allows) {
                Some(allows) => Some(Wildcard { allows, process: own.process }),
                None => {
                    self.fault(how, "src-ct", "the wildcards for attributes of base and extension cannot be put together");
                    Some(own)
                }
            },
            (true, own, base) => own.or(base),
            (false, own, _) => own,
        };
        complex.attributes = uses;
        // Prohibited attributes of a restriction stay until it is checked against its base.
    }

    /// The particle of a type, an extension or a restriction; `None` for nothing.
    fn content_particle(&mut self, site: Site) -> Option<Arc<Particle>> {
        let child = self.child(site, &["group", "all", "choice", "sequence"])?;
        let outside = std::mem::replace(&mut self.particles, 0);
        let nesting = std::mem::replace(&mut self.nesting, 0);
        let particle = self.particle(child);
        (self.particles, self.nesting) = (outside, nesting);
        let particle = particle?;
        match &particle.term {
            Term::Group(Order::Sequence | Order::All, list) if list.is_empty() => None,
            Term::Group(Order::Choice, list) if list.is_empty() && particle.min == 0 => None,
            _ => Some(particle),
        }
    }

    fn occurs(&mut self, site: Site) -> Option<(u32, u32)> {
        let limit = |n: u64| n.min(u64::from(UNBOUNDED - 1)) as u32;
        let min = self.attr(site, "minOccurs").map_or(Some(1), |t| count(&t)).map(limit)?;
        let max = match self.attr(site, "maxOccurs").as_deref() {
            Some("unbounded") => UNBOUNDED,
            Some(text) => limit(count(text)?),
            None => 1,
        };
        if min > max {
            self.fault(site, "p-props-correct", "minOccurs is greater than maxOccurs");
            return Some((max, max));
        }
        Some((min, max))
    }

    fn particle(&mut self, site: Site) -> Option<Arc<Particle>> {
        if self.nesting >= NESTING || self.particles > self.bounds.particles {
            self.fault(site, "bound", "the content model is too large");
            return None;
        }
        self.nesting += 1;
        let particle = self.particle_within(site);
        self.nesting -= 1;
        particle
    }

    fn particle_within(&mut self, site: Site) -> Option<Arc<Particle>> {
        let (min, max) = self.occurs(site)?;
        let local = self.local(site).to_string();
        let term = match local.as_str() {
            "element" => {
                self.particles += 1;
                Term::Element(self.local_element(site)?)
            }
            "any" => {
                self.particles += 1;
                Term::Any(self.wildcard(site)?)
            }
            "group" => {
                let text = self.attr(site, "ref")?;
                let inner = self.group_ref(site, &text)?;
                let all = matches!(inner.term, Term::Group(Order::All, _));
                if all {
                    self.all_place(site, min, max);
                }
                if max == 0 {
                    return None;
                }
                return Some(Arc::new(Particle { min, max, term: inner.term.clone() }));
            }
            _ => {
                let order = match local.as_str() {
                    "all" => Order::All,
                    "choice" => Order::Choice,
                    _ => Order::Sequence,
                };
                let mut list = Vec::new();
                for child in self.children(site) {
                    if order == Order::All && self.local(child) == "element" {
                        let (_, max) = self.occurs(child).unwrap_or((1, 1));
                        if max > 1 {
                            self.fault(child, "cos-all-limited", "an element within all stands at most once");
                        }
                    }
                    list.extend(self.particle(child));
                }
                if order == Order::All {
                    self.all_place(site, min, max);
                }
                Term::Group(order, list)
            }
        };
        (max > 0).then(|| Arc::new(Particle { min, max, term }))
    }

    /// A group of all must be the whole content of a type.
    fn all_place(&mut self, site: Site, min: u32, max: u32) {
        let parent = self.parent(site);
        if !matches!(self.local(parent), "complexType" | "extension" | "restriction" | "group") || max > 1 || min > 1 {
            self.fault(site, "cos-all-limited", "a group of all must be the whole content and stand once");
        }
    }

    fn group_ref(&mut self, site: Site, text: &str) -> Option<Arc<Particle>> {
        let name = self.qname(site, text)?;
        let mut found = None;
        // Within a redefinition, its own name is what is redefined.
        let mut at = site;
        while at.1 != 0 {
            if let Some(&original) = self.originals.get(&at) {
                let own = self.attr(at, "name").unwrap_or_default();
                if self.local(at) == "group" && self.strings.get(name.local) == own && name.ns == self.docs[at.0 as usize].target {
                    if self.occurs(site) != Some((1, 1)) {
                        self.fault(site, "src-redefine", "a group within its own redefinition stands once");
                    }
                    found = Some(original);
                }
            }
            at = self.parent(at);
        }
        let group = match found {
            Some(group) => group,
            None => self.find(site, Kind::Group, name)?,
        };
        self.group_at(group, site)
    }

    /// What a group definition holds.
    pub(super) fn group_at(&mut self, group: Site, from: Site) -> Option<Arc<Particle>> {
        if let Some(known) = self.groups.get(&group) {
            self.particles += self.group_sizes.get(&group).copied().unwrap_or(0);
            return known.clone();
        }
        if !self.building.insert(group) || self.building.len() > DERIVATIONS {
            self.fault(from, "mg-props-correct", "a group holds itself");
            return None;
        }
        let outside = std::mem::replace(&mut self.particles, 0);
        let inner = self.child(group, &["all", "choice", "sequence"]).and_then(|child| self.particle(child));
        self.group_sizes.insert(group, self.particles);
        self.particles = self.particles.saturating_add(outside);
        self.building.remove(&group);
        self.groups.insert(group, inner.clone());
        inner
    }

    pub(super) fn wildcard(&mut self, site: Site) -> Option<Wildcard> {
        let target = self.docs[site.0 as usize].target;
        let text = self.attr(site, "namespace").unwrap_or_else(|| "##any".into());
        let allows = match text.as_str() {
            "##any" => Namespaces::Any,
            "##other" => Namespaces::Not(target),
            _ => {
                let mut list: Vec<_> = super::build_simple::list(&text)
                    .map(|word| match word {
                        "##local" => EMPTY,
                        "##targetNamespace" => target,
                        uri => self.strings.intern(uri),
                    })
                    .collect();
                list.sort_unstable();
                list.dedup();
                Namespaces::Some(list)
            }
        };
        let process = match self.attr(site, "processContents").as_deref() {
            Some("skip") => Process::Skip,
            Some("lax") => Process::Lax,
            _ => Process::Strict,
        };
        Some(Wildcard { allows, process })
    }

    fn given(&mut self, site: Site) -> Option<Given> {
        match (self.attr_raw(site, "default"), self.attr_raw(site, "fixed")) {
            (Some(_), Some(_)) => {
                self.fault(site, "src-element", "default and fixed stand together");
                None
            }
            (Some(text), None) => Some(Given { fixed: false, text }),
            (None, Some(text)) => Some(Given { fixed: true, text }),
            (None, None) => None,
        }
    }

    fn local_element(&mut self, site: Site) -> Option<ElemId> {
        let reference = self.attr(site, "ref");
        match (reference, self.attr(site, "name")) {
            (Some(text), None) => {
                let node = self.docs[site.0 as usize].tree.node(site.1);
                let extra = node.attributes.iter().any(|(n, _)| {
                    n.ns == EMPTY && matches!(self.strings.get(n.local), "type" | "default" | "fixed" | "nillable" | "block" | "form")
                });
                if extra || !self.children(site).is_empty() {
                    self.fault(site, "src-element", "a reference to an element says nothing else but how often");
                }
                let name = self.qname(site, &text)?;
                let found = self.find(site, Kind::Element, name)?;
                self.element_at(found)
            }
            (None, Some(_)) => self.element_at(site),
            _ => {
                self.fault(site, "src-element", "an element needs either a name or a ref");
                None
            }
        }
    }

    pub(super) fn element_at(&mut self, site: Site) -> Option<ElemId> {
        if let Some(&id) = self.element_sites.get(&site) {
            return Some(id);
        }
        let parent = self.parent(site);
        let global = self.local(parent) == "schema";
        let doc = &self.docs[site.0 as usize];
        let (target, blocks, finals, qualified) = (doc.target, doc.blocks, doc.finals, doc.elements_qualified);
        let name = self.attr(site, "name")?;
        let qualified = global || self.attr(site, "form").map_or(qualified, |f| f == "qualified");
        let name = QName { ns: if qualified { target } else { EMPTY }, local: self.strings.intern(&name) };
        let id = ElemId(self.elements.len() as u32);
        let all = barred::EXTENSION | barred::RESTRICTION | barred::SUBSTITUTION;
        let element = Element {
            name,
            ty: ANY_TYPE,
            given: None,
            nillable: self.flag(site, "nillable").unwrap_or(false),
            is_abstract: self.flag(site, "abstract").unwrap_or(false),
            finals: self.attr(site, "final").map_or(finals & !(barred::LIST | barred::UNION), |t| bits(&t, all)),
            block: self.attr(site, "block").map_or(blocks, |t| bits(&t, all)),
            head: None,
            keys: Vec::new(),
        };
        self.elements.push(element);
        self.sites_of_elements.push(site);
        self.element_sites.insert(site, id);
        let given = self.given(site);
        let inner = self.child(site, &["simpleType", "complexType"]);
        let head = self.attr(site, "substitutionGroup").and_then(|text| {
            let name = self.qname(site, &text)?;
            let found = self.find(site, Kind::Element, name)?;
            self.element_at(found)
        });
        let ty = match (self.attr(site, "type"), inner) {
            (Some(_), Some(_)) => {
                self.fault(site, "src-element", "a type is named and another stands within");
                ANY_TYPE
            }
            (Some(text), None) => self.type_ref(site, &text).unwrap_or(ANY_TYPE),
            (None, Some(inner)) => self.type_at(inner),
            // The type of the head is taken over once all heads are known.
            (None, None) => ANY_TYPE,
        };
        let keys = self.children(site).into_iter().filter(|&s| matches!(self.local(s), "key" | "unique" | "keyref")).collect::<Vec<_>>();
        let mut numbers = Vec::new();
        for key in keys {
            numbers.extend(self.key(key));
        }
        let element = &mut self.elements[id.0 as usize];
        (element.given, element.head, element.ty, element.keys) = (given, head, ty, numbers);
        Some(id)
    }

    /// Whether an element says itself what its type is.
    pub(super) fn typed(&self, site: Site) -> bool {
        self.attr(site, "type").is_some() || self.child(site, &["simpleType", "complexType"]).is_some()
    }

    /// Attributes that stand at a place, those of groups included.
    fn attribute_set(&mut self, site: Site) -> AttributeSet {
        let mut set = AttributeSet::default();
        let mut wildcards = Vec::new();
        let mut own = None;
        for child in self.children(site) {
            match self.local(child) {
                "attribute" => set.uses.extend(self.attribute_use(child)),
                "attributeGroup" => {
                    if let Some(group) = self.attribute_group_ref(child) {
                        set.uses.extend(group.uses.into_iter().filter(|u| !u.prohibited));
                        wildcards.extend(group.any);
                    }
                }
                "anyAttribute" => own = self.wildcard(child),
                _ => {}
            }
        }
        let mut names: Vec<QName> = set.uses.iter().map(|u| u.name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|w| w[0] == w[1]) {
            let what = format!("attribute {} stands twice", self.strings.show(twice[0]));
            self.fault(site, "ct-props-correct", what);
        }
        let mut seen = std::collections::HashSet::new();
        set.uses.retain(|u| seen.insert(u.name));
        let mut all = own.into_iter().chain(wildcards);
        let first = all.next();
        set.any = first.map(|first| {
            let process = first.process;
            let mut allows = first.allows;
            for next in all {
                match allows.intersection(&next.allows) {
                    Some(both) => allows = both,
                    None => self.fault(site, "src-attribute_group", "the wildcards for attributes cannot be put together"),
                }
            }
            Wildcard { allows, process }
        });
        set
    }

    fn attribute_group_ref(&mut self, site: Site) -> Option<AttributeSet> {
        let text = self.attr(site, "ref")?;
        let name = self.qname(site, &text)?;
        let mut found = None;
        let parent = self.parent(site);
        if let Some(&original) = self.originals.get(&parent) {
            let own = self.attr(parent, "name").unwrap_or_default();
            if self.local(parent) == "attributeGroup"
                && self.strings.get(name.local) == own
                && name.ns == self.docs[parent.0 as usize].target
            {
                found = Some(original);
            }
        }
        let group = match found {
            Some(group) => group,
            None => self.find(site, Kind::AttributeGroup, name)?,
        };
        self.attribute_group_at(group, site)
    }

    pub(super) fn attribute_group_at(&mut self, group: Site, from: Site) -> Option<AttributeSet> {
        if let Some(known) = self.attribute_groups.get(&group) {
            return Some(known.clone());
        }
        if !self.building.insert(group) || self.building.len() > DERIVATIONS {
            self.fault(from, "src-attribute_group", "a group of attributes holds itself");
            return None;
        }
        let set = self.attribute_set(group);
        self.building.remove(&group);
        self.attribute_groups.insert(group, set.clone());
        Some(set)
    }

    fn attribute_use(&mut self, site: Site) -> Option<AttributeUse> {
        let usage = self.attr(site, "use");
        let given = self.given(site);
        let required = usage.as_deref() == Some("required");
        let prohibited = usage.as_deref() == Some("prohibited");
        if given.as_ref().is_some_and(|g| !g.fixed) && (required || prohibited) {
            self.fault(site, "src-attribute", "only an optional attribute can have a default");
        }
        match (self.attr(site, "ref"), self.attr(site, "name")) {
            (Some(text), None) => {
                if self.attr(site, "type").is_some() || self.attr(site, "form").is_some() || !self.children(site).is_empty() {
                    self.fault(site, "src-attribute", "a reference to an attribute says nothing of its type");
                }
                let name = self.qname(site, &text)?;
                let global = if self.is_xml(name) && !self.globals.contains_key(&(Kind::Attribute, name)) {
                    let ty = if self.strings.get(name.local) == "id" { self.builtin("ID") } else { self.builtin("string") };
                    Attribute { ty, given: None }
                } else {
                    let found = self.find(site, Kind::Attribute, name)?;
                    self.attribute_at(found)?
                };
                if let (Some(theirs), Some(mine)) = (&global.given, &given) {
                    let same = mine.text == theirs.text || self.same_value(site, global.ty, &mine.text, &theirs.text);
                    if theirs.fixed && !(mine.fixed && same) {
                        self.fault(site, "au-props-correct", "the attribute has another fixed value");
                    }
                }
                let own = given.is_some();
                let given = given.or_else(|| global.given.clone());
                if own {
                    self.check_given(site, global.ty, given.as_ref(), "a-props-correct");
                }
                Some(AttributeUse { name, ty: global.ty, required, prohibited, given })
            }
            (None, Some(_)) => {
                let doc = &self.docs[site.0 as usize];
                let qualified = doc.attributes_qualified;
                let target = doc.target;
                let local = self.attr(site, "name")?;
                let qualified = self.attr(site, "form").map_or(qualified, |f| f == "qualified");
                let ns = if qualified { target } else { EMPTY };
                if local == "xmlns" || ns == XSI {
                    self.fault(site, "no-xmlns", "no attribute can have this name");
                }
                let name = QName { ns, local: self.strings.intern(&local) };
                let ty = self.attribute_type(site);
                self.check_given(site, ty, given.as_ref(), "a-props-correct");
                Some(AttributeUse { name, ty, required, prohibited, given })
            }
            _ => {
                self.fault(site, "src-attribute", "an attribute needs either a name or a ref");
                None
            }
        }
    }

    fn attribute_type(&mut self, site: Site) -> TypeId {
        let ty = match (self.attr(site, "type"), self.child(site, &["simpleType"])) {
            (Some(_), Some(_)) => {
                self.fault(site, "src-attribute", "a type is named and another stands within");
                ANY_SIMPLE
            }
            (Some(text), None) => self.type_ref(site, &text).unwrap_or(ANY_SIMPLE),
            (None, Some(inner)) => self.type_at(inner),
            (None, None) => ANY_SIMPLE,
        };
        self.ensure(ty);
        if self.simple(ty).is_none() {
            if !matches!(self.types[ty.0 as usize], Type::Pending) {
                self.fault(site, "src-resolve", "the type of an attribute must be simple");
            }
            return ANY_SIMPLE;
        }
        self.check_notation(site, ty);
        ty
    }

    /// A notation must be one of a list.
    pub(super) fn check_notation(&mut self, site: Site, ty: TypeId) {
        if self.simple(ty).is_some_and(|s| s.variety == Variety::Atomic(Prim::Notation) && s.facets.enumeration.is_none()) {
            self.fault(site, "enumeration-required-notation", "NOTATION needs an enumeration");
        }
    }

    pub(super) fn attribute_at(&mut self, site: Site) -> Option<Attribute> {
        let target = self.docs[site.0 as usize].target;
        let local = self.attr(site, "name")?;
        let name = QName { ns: target, local: self.strings.intern(&local) };
        if let Some(known) = self.attributes.get(&name) {
            return Some(known.clone());
        }
        if local == "xmlns" || target == XSI {
            self.fault(site, "no-xmlns", "no attribute can have this name");
        }
        let given = self.given(site);
        let ty = self.attribute_type(site);
        self.check_given(site, ty, given.as_ref(), "a-props-correct");
        let attribute = Attribute { ty, given };
        self.attributes.insert(name, attribute.clone());
        Some(attribute)
    }

    pub(super) fn same_value(&self, site: Site, ty: TypeId, a: &str, b: &str) -> bool {
        let Some(simple) = self.simple(ty) else { return a == b };
        matches!((self.value_at(site, simple, a), self.value_at(site, simple, b)), (Ok((_, a)), Ok((_, b))) if a.same(&b))
    }

    /// A default or fixed value must be one of the type, and an ID can have none.
    pub(super) fn check_given(&mut self, site: Site, ty: TypeId, given: Option<&Given>, code: &'static str) {
        let Some(given) = given else { return };
        self.ensure(ty);
        let Some(simple) = self.simple(ty) else { return };
        if self.holds_id(ty) {
            self.fault(site, code, "an ID cannot be given beforehand");
        } else if self.value_at(site, simple, &given.text).is_err() {
            self.fault(site, code, format!("\u{201C}{}\u{201D} is no value of the type", given.text));
        }
    }

    pub(super) fn holds_id(&self, ty: TypeId) -> bool {
        self.simple(ty).is_some_and(|s| s.facets.id == IdKind::Id)
    }

    /// Whether nothing at all fits a particle.
    pub(super) fn emptiable(&self, particle: Option<&Arc<Particle>>) -> bool {
        particle.is_none_or(|p| super::particle::emptiable(p))
    }
}
