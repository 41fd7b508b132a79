//! What is checked once all components are known.

use std::collections::HashMap;
use std::sync::Arc;

use super::automaton::{Leaf, Model, ModelFault, unambiguous};
use super::compile::{Compiler, Kind, Site};
use super::model::{ANY_TYPE, Complex, Content, ElemId, Order, Particle, Term, Type, TypeId, Wildcard, barred};
use super::names::QName;
use super::particle::{Restriction, simple};

/// The elements and wildcards of one model by number.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    pub(super) list: Vec<Term>,
}

impl Leaves {
    pub(super) fn add(&mut self, term: &Term) -> Leaf {
        self.list.push(term.clone());
        self.list.len() as Leaf - 1
    }
}

impl Compiler<'_, '_> {
    /// Builds and checks all that is declared.
    pub(super) fn finish(&mut self) {
        for (kind, name) in self.order.clone() {
            let Some(&site) = self.globals.get(&(kind, name)) else { continue };
            match kind {
                Kind::Type => {
                    let id = self.type_at(site);
                    self.ensure(id);
                }
                Kind::Element => {
                    if let Some(id) = self.element_at(site) {
                        self.global_elements.insert(name, id);
                    }
                }
                Kind::Attribute => {
                    self.attribute_at(site);
                }
                Kind::Group => {
                    self.group_at(site, site);
                }
                Kind::AttributeGroup => {
                    self.attribute_group_at(site, site);
                }
                Kind::Notation => {}
            }
        }
        let mut next = 0;
        while next < self.types.len() {
            self.ensure(TypeId(next as u32));
            next += 1;
        }
        self.link_keys();
        self.heads();
        self.substitutes();
        for i in 0..self.elements.len() {
            self.check_element(ElemId(i as u32));
        }
        // Elements may have brought types along.
        let mut next = 0;
        while next < self.types.len() {
            self.ensure(TypeId(next as u32));
            next += 1;
        }
        for i in 0..self.types.len() {
            self.check_complex(TypeId(i as u32));
        }
        self.check_redefinitions();
    }

    /// Gives elements without a type that of their head.
    fn heads(&mut self) {
        for i in 0..self.elements.len() {
            let site = self.sites_of_elements[i];
            let mut at = ElemId(i as u32);
            let mut steps = 0;
            let mut ty = None;
            loop {
                let element = &self.elements[at.0 as usize];
                if ty.is_none() && self.typed(self.sites_of_elements[at.0 as usize]) {
                    ty = Some(element.ty);
                }
                let Some(head) = element.head else { break };
                at = head;
                steps += 1;
                if steps > self.elements.len() {
                    self.fault(site, "e-props-correct", "the element stands for itself by way of others");
                    self.elements[i].head = None;
                    break;
                }
            }
            if let Some(ty) = ty {
                self.elements[i].ty = ty;
            }
        }
    }

    /// For each head the elements that may stand for it.
    fn substitutes(&mut self) {
        let mut map: HashMap<ElemId, Vec<ElemId>> = HashMap::new();
        for i in 0..self.elements.len() {
            let mut at = self.elements[i].head;
            while let Some(head) = at {
                let h = &self.elements[head.0 as usize];
                if h.block & barred::SUBSTITUTION == 0 && self.may_stand(self.elements[i].ty, h.ty, h.block) {
                    map.entry(head).or_insert_with(|| vec![head]).push(ElemId(i as u32));
                }
                at = h.head;
            }
        }
        self.substitutes = map;
    }

    /// Whether a type may stand for another in an instance where these methods are blocked.
    fn may_stand(&self, sub: TypeId, sup: TypeId, block: u8) -> bool {
        let mut methods = block & (barred::EXTENSION | barred::RESTRICTION);
        if let Type::Complex(c) = &self.types[sup.0 as usize] {
            methods |= c.block;
        }
        let mut at = sub;
        let mut steps = 0;
        while at != sup && steps < 2000 {
            let Type::Complex(c) = &self.types[at.0 as usize] else { break };
            if at == ANY_TYPE {
                break;
            }
            at = c.base;
            steps += 1;
            // What types between block holds too.
            if at != sup
                && let Type::Complex(between) = &self.types[at.0 as usize]
            {
                methods |= between.block;
            }
        }
        self.derives(sub, sup, methods)
    }

    fn check_element(&mut self, id: ElemId) {
        let element = self.elements[id.0 as usize].clone();
        let site = self.sites_of_elements[id.0 as usize];
        self.ensure(element.ty);
        if let Some(head) = element.head {
            let h = self.elements[head.0 as usize].clone();
            if !self.derives(element.ty, h.ty, h.finals & (barred::EXTENSION | barred::RESTRICTION)) {
                self.fault(site, "e-props-correct", "the type is not derived from that of the element it stands for, or that bars it");
            }
        }
        self.check_notation(site, element.ty);
        let Some(given) = &element.given else { return };
        match &self.types[element.ty.0 as usize] {
            Type::Simple(_) => self.check_given(site, element.ty, Some(given), "e-props-correct"),
            Type::Complex(Complex { content: Content::Simple(inner), .. }) => {
                let inner = *inner;
                self.check_given(site, inner, Some(given), "e-props-correct");
            }
            Type::Complex(Complex { content: Content::Elements { particle, mixed }, .. }) => {
                if !mixed || !self.emptiable(particle.as_ref()) {
                    self.fault(site, "e-props-correct", "an element with such content cannot be given a value");
                }
            }
            Type::Pending => {}
        }
    }

    fn check_complex(&mut self, id: TypeId) {
        let Type::Complex(complex) = &self.types[id.0 as usize] else { return };
        let Some(&site) = self.sites_of_types.get(&id) else { return };
        let (base, method, content) = (complex.base, complex.method, complex.content.clone());
        let ids = complex.attributes.iter().filter(|a| !a.prohibited && self.holds_id(a.ty)).count();
        if ids > 1 {
            self.fault(site, "ct-props-correct", "two attributes are of type ID");
        }
        if method == barred::RESTRICTION && base != ANY_TYPE {
            self.check_restriction(id, base, site);
        } else if method == barred::RESTRICTION
            && let Type::Complex(c) = &mut self.types[id.0 as usize]
        {
            c.attributes.retain(|a| !a.prohibited);
        }
        if let Type::Complex(c) = &mut self.types[id.0 as usize] {
            c.attributes.retain(|a| !a.prohibited);
        }
        if let Content::Elements { particle: Some(particle), .. } = content {
            self.check_model(&particle, site);
        }
    }

    fn check_restriction(&mut self, id: TypeId, base: TypeId, site: Site) {
        const CODE: &str = "derivation-ok-restriction";
        let mut faults: Vec<String> = Vec::new();
        {
            let Type::Complex(mine) = &self.types[id.0 as usize] else { return };
            let none = (Vec::new(), None);
            let (base_uses, base_any): (&[_], &Option<Wildcard>) = match &self.types[base.0 as usize] {
                Type::Complex(c) => (&c.attributes, &c.any_attribute),
                _ => (&none.0, &none.1),
            };
            for a in mine.attributes.iter().filter(|a| !a.prohibited) {
                let name = self.strings.show(a.name);
                match base_uses.iter().find(|b| b.name == a.name && !b.prohibited) {
                    Some(b) => {
                        if b.required && !a.required {
                            faults.push(format!("attribute {name} is required in the base"));
                        }
                        if !self.derives(a.ty, b.ty, 0) {
                            faults.push(format!("the type of attribute {name} is not derived from that in the base"));
                        }
                        if let Some(fixed) = b.given.as_ref().filter(|g| g.fixed) {
                            let same = a
                                .given
                                .as_ref()
                                .is_some_and(|g| g.fixed && (g.text == fixed.text || self.same_value(site, a.ty, &g.text, &fixed.text)));
                            if !same {
                                faults.push(format!("attribute {name} is fixed in the base"));
                            }
                        }
                    }
                    None if base_any.as_ref().is_some_and(|w| w.allows.allows(a.name.ns)) => {}
                    None => faults.push(format!("attribute {name} is not in the base")),
                }
            }
            for b in base_uses.iter().filter(|b| b.required && !b.prohibited) {
                if !mine.attributes.iter().any(|a| a.name == b.name && a.required && !a.prohibited) {
                    faults.push(format!("attribute {} is required in the base", self.strings.show(b.name)));
                }
            }
            if let Some(w) = &mine.any_attribute {
                let ok = base_any.as_ref().is_some_and(|b| w.allows.subset(&b.allows) && (w.process >= b.process || base == ANY_TYPE));
                if !ok {
                    faults.push("the wildcard for attributes allows more than that of the base".into());
                }
            }
            if let Some(what) = self.restricts_content(mine, base) {
                faults.push(what);
            }
        }
        for what in faults {
            self.fault(site, CODE, what);
        }
    }

    fn restricts_content(&self, mine: &Complex, base: TypeId) -> Option<String> {
        let base_content = match &self.types[base.0 as usize] {
            Type::Complex(c) => &c.content,
            _ => return Some("the base is simple".into()),
        };
        match (&mine.content, base_content) {
            (Content::Simple(a), Content::Simple(b)) => {
                (!self.derives(*a, *b, 0)).then(|| "the type of the content is not derived from that of the base".into())
            }
            (Content::Simple(_), Content::Elements { particle, mixed }) => {
                (!mixed || !self.emptiable(particle.as_ref())).then(|| "the base has no simple content".into())
            }
            (Content::Elements { .. }, Content::Simple(_)) => Some("the base has simple content".into()),
            (Content::Elements { particle: a, mixed }, Content::Elements { particle: b, mixed: base_mixed }) => {
                if *mixed && !base_mixed {
                    return Some("the base is not mixed".into());
                }
                match (a, b) {
                    (None, b) => (!self.emptiable(b.as_ref())).then(|| "the content is empty but that of the base is not".into()),
                    (Some(a), None) => (super::particle::range(a).1 > 0).then(|| "the base is empty".into()),
                    (Some(a), Some(b)) => (!self.restricts(a, b)).then(|| "the content is not a restriction of that of the base".into()),
                }
            }
        }
    }

    fn restricts(&self, a: &Arc<Particle>, b: &Arc<Particle>) -> bool {
        let same = |x: ElemId, y: ElemId| {
            let (x, y) = (&self.elements[x.0 as usize], &self.elements[y.0 as usize]);
            let (Some(g), Some(h)) = (&x.given, &y.given) else { return false };
            let ty = match &self.types[y.ty.0 as usize] {
                Type::Complex(Complex { content: Content::Simple(inner), .. }) => *inner,
                _ => y.ty,
            };
            g.fixed && (g.text == h.text || self.same_value((0, 0), ty, &g.text, &h.text))
        };
        let mut rule = Restriction {
            types: &self.types,
            elements: &self.elements,
            substitutes: &self.substitutes,
            same: &same,
            open: Vec::new(),
            fuel: 2_000_000,
        };
        rule.valid(&simple(a), &simple(b), true)
    }

    /// Names that a term may meet; none for a wildcard.
    pub(super) fn names_of(&self, term: &Term) -> Vec<(QName, ElemId)> {
        match term {
            Term::Element(e) => match self.substitutes.get(e) {
                Some(all) => all.iter().map(|&e| (self.elements[e.0 as usize].name, e)).collect(),
                None => vec![(self.elements[e.0 as usize].name, *e)],
            },
            _ => Vec::new(),
        }
    }

    fn check_model(&mut self, particle: &Arc<Particle>, site: Site) {
        let mut leaves = Leaves::default();
        let all = matches!(particle.term, Term::Group(Order::All, _));
        let model = Model::new(particle, &mut |t| leaves.add(t));
        let mut faults: Vec<(&'static str, String)> = Vec::new();
        // Elements of one name must have one type.
        let mut types: HashMap<QName, TypeId> = HashMap::new();
        for term in &leaves.list {
            for (name, e) in self.names_of(term) {
                let ty = self.elements[e.0 as usize].ty;
                if *types.entry(name).or_insert(ty) != ty {
                    faults.push(("cos-element-consistent", format!("elements named {} have different types", self.strings.show(name))));
                }
            }
        }
        // The order of a group of all is free: any two of its elements may meet.
        let model = match model {
            Model::Sequence(list) if all => Model::Choice(list),
            Model::Repeat(inner, _, _) if all => match *inner {
                Model::Sequence(list) => Model::Choice(list),
                other => other,
            },
            model => model,
        };
        let names = |leaf: Leaf| self.names_of(&leaves.list[leaf as usize]).into_iter().map(|n| n.0).collect::<Vec<_>>();
        let overlap = |a: Leaf, b: Leaf| match (&leaves.list[a as usize], &leaves.list[b as usize]) {
            (Term::Any(w), Term::Any(v)) => {
                w.allows.intersection(&v.allows).is_none_or(|i| i != super::model::Namespaces::Some(Vec::new()))
            }
            (Term::Any(w), e) | (e, Term::Any(w)) => self.names_of(e).iter().any(|(n, _)| w.allows.allows(n.ns)),
            _ => false,
        };
        match unambiguous(&model, self.bounds.particles, &names, &overlap) {
            Ok(()) => {}
            Err(ModelFault::Size) => faults.push(("bound", "the content model is too large".into())),
            Err(ModelFault::Ambiguous(a, b)) => {
                let show = |leaf: Leaf| match &leaves.list[leaf as usize] {
                    Term::Element(e) => self.strings.show(self.elements[e.0 as usize].name),
                    _ => "a wildcard".into(),
                };
                faults.push(("cos-nonambig", format!("{} and {} can both take the same element", show(a), show(b))));
            }
        }
        for (code, what) in faults {
            self.fault(site, code, what);
        }
    }

    /// A group that is redefined without holding what it redefines must restrict it.
    fn check_redefinitions(&mut self) {
        let mut pairs: Vec<(Site, Site)> = self.originals.iter().map(|(a, b)| (*a, *b)).collect();
        pairs.sort_unstable();
        for (new, old) in pairs {
            let own = self.attr(new, "name").unwrap_or_default();
            let refers = |c: &Compiler<'_, '_>, kind: &str| {
                let mut open = c.children(new);
                let mut n = 0;
                while let Some(site) = open.pop() {
                    let matches = c.local(site) == kind && c.attr(site, "ref").is_some_and(|r| r.rsplit(':').next() == Some(own.as_str()));
                    n += usize::from(matches);
                    open.extend(c.children(site));
                }
                n
            };
            match self.local(new) {
                "group" => {
                    let n = refers(self, "group");
                    if n > 1 {
                        self.fault(new, "src-redefine", "a group may hold what it redefines once");
                    } else if n == 0 {
                        let (a, b) = (self.group_at(new, new), self.group_at(old, new));
                        let ok = match (&a, &b) {
                            (Some(a), Some(b)) => self.restricts(a, b),
                            (None, b) => self.emptiable(b.as_ref()),
                            (Some(_), None) => false,
                        };
                        if !ok {
                            self.fault(new, "src-redefine", "the group is no restriction of the one it redefines");
                        }
                    }
                }
                "attributeGroup" => {
                    let n = refers(self, "attributeGroup");
                    if n > 1 {
                        self.fault(new, "src-redefine", "a group may hold what it redefines once");
                    } else if n == 0 {
                        let (Some(a), Some(b)) = (self.attribute_group_at(new, new), self.attribute_group_at(old, new)) else { continue };
                        let mut bad = b.uses.iter().any(|u| u.required && !a.uses.iter().any(|m| m.name == u.name && m.required));
                        for mine in a.uses.iter().filter(|u| !u.prohibited) {
                            bad |= match b.uses.iter().find(|u| u.name == mine.name && !u.prohibited) {
                                Some(theirs) => !self.derives(mine.ty, theirs.ty, 0),
                                None => !b.any.as_ref().is_some_and(|w| w.allows.allows(mine.name.ns)),
                            };
                        }
                        bad |= a
                            .any
                            .as_ref()
                            .is_some_and(|w| !b.any.as_ref().is_some_and(|v| w.allows.subset(&v.allows) && w.process >= v.process));
                        if bad {
                            self.fault(new, "src-redefine", "the group of attributes is no restriction of the one it redefines");
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
