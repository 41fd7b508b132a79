//! The compiled schema: what a validator reads, and nothing else.

use std::collections::{HashMap, HashSet};

use super::automaton::{Leaf, Model, Op, Positions, table};
use super::compile::{Compiler, Kind};
use super::finish::Leaves;
use super::model::{Complex, Content, ElemId, Key, Order, Process, Term, Type, TypeId, UNBOUNDED, Wildcard};
use super::names::{QName, Sym};
use super::simple::{Links, Simple, check};
use super::spelling::Spelling;
use super::sure::Sure;
use super::value::Value;
use super::{Bounds, Document, Resolve, SchemaFault};

/// No number.
pub(super) const NONE: u32 = u32::MAX;

/// A compiled schema. It can be shared between threads and kept for any number of documents.
#[derive(Debug, Default)]
pub struct Schema {
    pub(super) types: Vec<Type>,
    /// For each type what is asked of its values at first.
    pub(super) sure: Vec<Sure>,
    pub(super) forms: Vec<Form>,
    pub(super) elements: Vec<ElementForm>,
    pub(super) models: Vec<Machine>,
    pub(super) wildcards: Vec<Wildcard>,
    pub(super) namespaces: HashMap<Box<[u8]>, Sym>,
    pub(super) uris: Vec<Box<str>>,
    pub(super) locals: HashMap<Sym, HashMap<Box<[u8]>, u32>>,
    pub(super) names: Vec<(Sym, Box<str>)>,
    pub(super) qnames: Vec<QName>,
    pub(super) global_elements: Vec<u32>,
    pub(super) global_types: HashMap<u32, TypeId>,
    pub(super) global_attributes: HashMap<u32, AttributeForm>,
    pub(super) keys: Vec<Key>,
    /// Whether some reference needs the values of a key.
    pub(super) referenced: Vec<bool>,
    pub(super) lookup: HashMap<QName, u32>,
    pub(super) key_labels: HashMap<QName, Box<str>>,
}

/// A default or fixed value.
#[derive(Debug)]
pub(super) struct GivenForm {
    pub(super) fixed: bool,
    pub(super) text: Box<str>,
    pub(super) value: Option<Value>,
}

#[derive(Debug)]
pub(super) struct ElementForm {
    pub(super) ty: TypeId,
    pub(super) nillable: bool,
    pub(super) is_abstract: bool,
    pub(super) block: u8,
    pub(super) given: Option<GivenForm>,
    pub(super) keys: Box<[u32]>,
    /// Whether nothing but its type says what may be in it.
    pub(super) plain: bool,
}

#[derive(Debug)]
pub(super) struct AttributeForm {
    pub(super) name: u32,
    pub(super) ty: TypeId,
    pub(super) required: bool,
    pub(super) id: bool,
    pub(super) given: Option<GivenForm>,
}

/// What the validator does with an element of a type.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) is_abstract: bool,
    pub(super) block: u8,
    pub(super) content: ContentForm,
    /// Attributes, and whether one at least must be there or has a default.
    pub(super) attributes: Box<[AttributeForm]>,
    pub(super) watched: bool,
    pub(super) any_attribute: u32,
    /// What elements of the type look like as a rule; `None` when there is no telling.
    pub(super) plain: Option<PlainForm>,
}

/// The attributes of a type that are known by their spelling, since they have no namespace, and whose values mean nothing elsewhere.
#[derive(Debug, Default)]
pub(super) struct PlainForm {
    pub(super) attributes: Box<[PlainAttribute]>,
    /// Which of the type's attributes must be there, as bits.
    pub(super) required: u64,
    /// Which of them have a value although they are not there.
    pub(super) given: u64,
}

#[derive(Debug)]
pub(super) struct PlainAttribute {
    pub(super) spelling: Spelling,
    pub(super) name: u32,
    pub(super) ty: TypeId,
    /// Its number among the type's attributes, as a bit.
    pub(super) bit: u64,
}

impl Form {
    fn plain(&self, schema: &Schema) -> Option<PlainForm> {
        if self.is_abstract || self.attributes.len() > 64 {
            return None;
        }
        let mut plain = Vec::new();
        let (mut required, mut given) = (0, 0);
        for (i, a) in self.attributes.iter().enumerate() {
            let bit = 1u64 << i;
            if a.required {
                required |= bit;
            }
            if a.given.is_some() {
                given |= bit;
            }
            let Some((0, local)) = schema.names.get(a.name as usize) else { continue };
            let usual = !a.id && a.given.as_ref().is_none_or(|g| !g.fixed);
            if let (true, Some(spelling)) = (usual, Spelling::new(local.as_bytes())) {
                plain.push(PlainAttribute { spelling, name: a.name, ty: a.ty, bit });
            }
        }
        Some(PlainForm { attributes: plain.into(), required, given })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentForm {
    Empty,
    Simple(TypeId),
    /// Number of the model, whether mixed.
    Elements(u32, bool),
}

/// A state of a deterministic model.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) accept: bool,
    /// Name, element, next state; sorted by name.
    pub(super) edges: Box<[(u32, u32, u32)]>,
    /// Wildcard, next state.
    pub(super) any: Box<[(u32, u32)]>,
}

/// A content model.
#[derive(Debug)]
pub(super) enum Machine {
    Table(Vec<State>),
    /// Elements in any order: name, element, member; sorted by name. For each member whether it is required. Whether nothing may stand there at all.
    All {
        edges: Vec<(u32, u32, u32)>,
        required: Vec<bool>,
        empty: bool,
    },
    Counted(Counted),
}

/// A model with counters, held against a set of positions.
#[derive(Debug)]
pub(super) struct Counted {
    /// For each position names and elements; wildcard or [`NONE`].
    pub(super) leaves: Vec<(Vec<(u32, u32)>, u32)>,
    pub(super) positions: Positions,
}

/// Reads schema documents and all that they include and import, and compiles them. `resolve` is asked for each document by the name of the
/// asking one, the location it gives and, for an import, the namespace (empty for none); it answers with the name and the bytes, or nothing.
///
/// # Errors
/// All that is wrong with the schema, in the order in which it was found.
pub fn compile(roots: &[Document<'_>], resolve: &mut Resolve<'_>, bounds: &Bounds) -> Result<Schema, Vec<SchemaFault>> {
    let mut compiler = Compiler::new(bounds, resolve);
    compiler.load_roots(roots);
    compiler.finish();
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    let schema = compiler.schema();
    if compiler.faults.is_empty() { Ok(schema) } else { Err(compiler.faults) }
}

impl Schema {
    pub(super) fn simple(&self, id: TypeId) -> Option<&Simple> {
        match self.types.get(id.0 as usize) {
            Some(Type::Simple(simple)) => Some(simple),
            _ => None,
        }
    }

    /// A name as people are told it: local, with the namespace before it unless it is `near`.
    pub(super) fn show(&self, name: u32, near: Sym) -> String {
        let Some((ns, local)) = self.names.get(name as usize) else { return String::new() };
        if *ns == near || *ns == 0 { local.to_string() } else { format!("{{{}}}{local}", self.uris.get(*ns as usize).map_or("", |u| u)) }
    }

    /// Whether an element or attribute of that name stands anywhere in it, or it says nothing about that namespace.
    pub(crate) fn knows(&self, namespace: &str, local: &str) -> bool {
        let ns = self.namespaces.get(namespace.as_bytes());
        ns.and_then(|ns| self.locals.get(ns)).is_none_or(|l| l.contains_key(local.as_bytes()))
    }

    /// Whether a document may begin with this element: namespace (empty for none) and local name.
    pub fn declares(&self, namespace: &str, local: &str) -> bool {
        let ns = self.namespaces.get(namespace.as_bytes());
        let name = ns.and_then(|ns| self.locals.get(ns)).and_then(|l| l.get(local.as_bytes()));
        name.is_some_and(|&n| self.global_elements.get(n as usize).is_some_and(|&e| e != NONE))
    }
}

impl Compiler<'_, '_> {
    fn name(&self, schema: &mut Schema, name: QName) -> u32 {
        if let Some(&id) = schema.lookup.get(&name) {
            return id;
        }
        let id = schema.names.len() as u32;
        let local = self.strings.get(name.local);
        schema.names.push((name.ns, local.into()));
        schema.qnames.push(name);
        schema.lookup.insert(name, id);
        schema.locals.entry(name.ns).or_default().insert(local.as_bytes().into(), id);
        schema.namespaces.insert(self.strings.get(name.ns).as_bytes().into(), name.ns);
        schema.global_elements.push(NONE);
        id
    }

    fn given_form(&self, ty: TypeId, given: Option<&super::model::Given>) -> Option<GivenForm> {
        let given = given?;
        let simple = match &self.types[ty.0 as usize] {
            Type::Simple(s) => Some(s),
            Type::Complex(Complex { content: Content::Simple(inner), .. }) => self.simple(*inner),
            _ => None,
        };
        // Names with prefixes were checked where they stand; here their prefixes are not known any more.
        struct Bare;
        impl super::simple::Env for Bare {
            fn namespace(&self, _: &[u8]) -> Option<std::borrow::Cow<'_, [u8]>> {
                None
            }
            fn entity(&self, _: &[u8]) -> bool {
                true
            }
        }
        let value = simple.and_then(|s| check(&self.types, s, given.text.as_bytes(), &Bare, &mut Links::new(), true).ok()?.1);
        Some(GivenForm { fixed: given.fixed, text: given.text.as_str().into(), value })
    }

    /// Puts together what the validator needs.
    fn schema(&mut self) -> Schema {
        let mut schema = Schema {
            types: Vec::new(),
            sure: Vec::new(),
            forms: Vec::new(),
            elements: Vec::new(),
            models: Vec::new(),
            wildcards: Vec::new(),
            namespaces: HashMap::new(),
            uris: Vec::new(),
            locals: HashMap::new(),
            names: Vec::new(),
            qnames: Vec::new(),
            global_elements: Vec::new(),
            global_types: HashMap::new(),
            global_attributes: HashMap::new(),
            keys: self.keys.clone(),
            referenced: vec![false; self.keys.len()],
            lookup: HashMap::new(),
            key_labels: self.keys.iter().map(|k| (k.name, self.strings.get(k.name.local).into())).collect(),
        };
        for sym in 0..4 {
            schema.namespaces.insert(self.strings.get(sym).as_bytes().into(), sym);
        }
        for key in &self.keys {
            if let super::model::KeyKind::Ref(k) = key.kind
                && let Some(slot) = schema.referenced.get_mut(k as usize)
            {
                *slot = true;
            }
            let paths = key.selector.iter().chain(key.fields.iter().flatten());
            for test in paths.flat_map(|p| p.steps.iter().chain(&p.attribute)) {
                match test {
                    super::model::Test::Name(n) => {
                        self.name(&mut schema, *n);
                    }
                    super::model::Test::Namespace(ns) => {
                        schema.namespaces.insert(self.strings.get(*ns).as_bytes().into(), *ns);
                    }
                    super::model::Test::Any => {}
                }
            }
        }
        for e in &self.elements {
            self.name(&mut schema, e.name);
            let given = self.given_form(e.ty, e.given.as_ref());
            schema.elements.push(ElementForm {
                ty: e.ty,
                nillable: e.nillable,
                is_abstract: e.is_abstract,
                block: e.block,
                plain: !e.is_abstract && given.is_none() && e.keys.is_empty(),
                given,
                keys: e.keys.as_slice().into(),
            });
        }
        for (name, e) in &self.global_elements {
            let id = self.name(&mut schema, *name);
            schema.global_elements[id as usize] = e.0;
        }
        for (name, a) in &self.attributes {
            let id = self.name(&mut schema, *name);
            let given = self.given_form(a.ty, a.given.as_ref());
            let form = AttributeForm { name: id, ty: a.ty, required: false, id: self.holds_id(a.ty), given };
            schema.global_attributes.insert(id, form);
        }
        for local in ["lang", "space", "base", "id"] {
            if let Some(local_sym) = self.strings.find(local) {
                let name = QName { ns: super::names::XML, local: local_sym };
                if !self.attributes.contains_key(&name) {
                    let id = self.name(&mut schema, name);
                    let ty = self.builtin(if local == "id" { "ID" } else { "string" });
                    schema.global_attributes.insert(id, AttributeForm { name: id, ty, required: false, id: local == "id", given: None });
                }
            }
        }
        for (i, ty) in self.types.iter().enumerate() {
            let name = match ty {
                Type::Simple(s) => s.name,
                Type::Complex(c) => c.name,
                Type::Pending => None,
            };
            let id = TypeId(i as u32);
            let current = name.is_some_and(|n| {
                n.ns == super::names::XS && i < 50
                    || self.globals.get(&(Kind::Type, n)).is_some_and(|site| self.type_sites.get(site) == Some(&id))
            });
            if let Some(name) = name.filter(|_| current) {
                let n = self.name(&mut schema, name);
                schema.global_types.entry(n).or_insert(id);
            }
        }
        for i in 0..self.types.len() {
            let form = self.form(&mut schema, TypeId(i as u32));
            let plain = form.plain(&schema);
            schema.forms.push(Form { plain, ..form });
        }
        schema.uris =
            (0..).map_while(|sym| (sym == 0 || !self.strings.get(sym).is_empty()).then(|| self.strings.get(sym).into())).collect();
        for wildcard in &schema.wildcards {
            let list = match &wildcard.allows {
                super::model::Namespaces::Some(list) => list.clone(),
                super::model::Namespaces::Not(ns) => vec![*ns],
                super::model::Namespaces::Any => Vec::new(),
            };
            for ns in list {
                schema.namespaces.insert(self.strings.get(ns).as_bytes().into(), ns);
            }
        }
        schema.types = std::mem::take(&mut self.types);
        schema.sure = schema.types.iter().map(Sure::new).collect();
        schema
    }

    fn wild(schema: &mut Schema, wildcard: &Wildcard) -> u32 {
        if let Some(known) = schema.wildcards.iter().position(|w| w == wildcard) {
            return known as u32;
        }
        schema.wildcards.push(wildcard.clone());
        schema.wildcards.len() as u32 - 1
    }

    fn form(&mut self, schema: &mut Schema, id: TypeId) -> Form {
        let empty = Form {
            is_abstract: false,
            block: 0,
            content: ContentForm::Simple(id),
            attributes: Box::new([]),
            watched: false,
            any_attribute: NONE,
            plain: None,
        };
        let Type::Complex(c) = &self.types[id.0 as usize] else { return empty };
        let mut attributes: Vec<AttributeForm> = Vec::new();
        for a in &c.attributes {
            let name = self.name(schema, a.name);
            let given = self.given_form(a.ty, a.given.as_ref());
            attributes.push(AttributeForm { name, ty: a.ty, required: a.required, id: self.holds_id(a.ty), given });
        }
        let any_attribute = c.any_attribute.as_ref().map_or(NONE, |w| Compiler::wild(schema, w));
        let (is_abstract, block, content) = (c.is_abstract, c.block, c.content.clone());
        let content = match content {
            Content::Simple(inner) => ContentForm::Simple(inner),
            Content::Elements { particle: None, mixed: false } => ContentForm::Empty,
            Content::Elements { particle, mixed } => ContentForm::Elements(self.machine(schema, id, particle.as_deref()), mixed),
        };
        let watched = attributes.iter().any(|a| a.required || a.given.is_some());
        Form { is_abstract, block, content, attributes: attributes.into(), watched, any_attribute, plain: None }
    }

    fn machine(&mut self, schema: &mut Schema, id: TypeId, particle: Option<&super::model::Particle>) -> u32 {
        let mut leaves = Leaves::default();
        let model = particle.map_or(Model::Empty, |p| Model::new(p, &mut |t| leaves.add(t)));
        let number = schema.models.len() as u32;
        // For each leaf its names and elements, or its wildcard.
        let mut meaning: Vec<(Vec<(u32, u32)>, u32)> = Vec::new();
        for term in &leaves.list {
            let names = self.names_of(term).into_iter().map(|(name, e): (QName, ElemId)| (self.name(schema, name), e.0)).collect();
            let wild = match term {
                Term::Any(w) => Compiler::wild(schema, w),
                _ => NONE,
            };
            meaning.push((names, wild));
        }
        if let Some(super::model::Particle { min, term: Term::Group(Order::All, list), .. }) = particle {
            let mut edges = Vec::new();
            for (i, (names, _)) in meaning.iter().enumerate() {
                edges.extend(names.iter().map(|&(name, e)| (name, e, i as u32)));
            }
            edges.sort_unstable();
            let required = list.iter().map(|p| p.min > 0).collect();
            schema.models.push(Machine::All { edges, required, empty: *min == 0 });
            return number;
        }
        let limit = self.bounds.particles;
        let Some(positions) = Positions::new(&model, limit, true) else {
            let site = self.sites_of_types.get(&id).copied().unwrap_or((0, 0));
            self.fault(site, "bound", "the content model is too large");
            return number;
        };
        let machine = match table(&positions) {
            Some(found) => Machine::Table(
                found
                    .states
                    .into_iter()
                    .map(|(accept, out)| {
                        let mut edges: Vec<(u32, u32, u32)> = Vec::new();
                        let mut any = Vec::new();
                        for (leaf, next) in out {
                            let (names, wild) = &meaning[leaf as usize];
                            edges.extend(names.iter().map(|&(name, e)| (name, e, next)));
                            if *wild != NONE {
                                any.push((*wild, next));
                            }
                        }
                        edges.sort_unstable();
                        State { accept, edges: edges.into(), any: any.into() }
                    })
                    .collect(),
            ),
            None => {
                let leaf = |l: &Leaf| meaning.get(*l as usize).cloned().unwrap_or((Vec::new(), NONE));
                Machine::Counted(Counted { leaves: positions.leaves.iter().map(leaf).collect(), positions })
            }
        };
        schema.models.push(machine);
        number
    }
}

/// One way to have come to a position of a counted model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Config {
    pub(super) position: u32,
    pub(super) counts: Vec<u32>,
}

/// Most ways that are followed at once.
const CONFIGS: usize = 4096;

impl Counted {
    pub(super) fn start(&self) -> Vec<Config> {
        vec![Config { position: 0, counts: vec![0; usize::from(self.positions.counters)] }]
    }

    fn apply(ops: &[Op], counts: &[u32]) -> Option<Vec<u32>> {
        let mut out = counts.to_vec();
        for op in ops {
            match *op {
                Op::Exit(c, min) => {
                    if *out.get(usize::from(c))? < min {
                        return None;
                    }
                }
                Op::Again(c, UNBOUNDED, min) => {
                    let count = out.get_mut(usize::from(c))?;
                    *count = count.saturating_add(1).min(min);
                }
                Op::Again(c, max, _) => {
                    let count = out.get_mut(usize::from(c))?;
                    if *count >= max {
                        return None;
                    }
                    *count += 1;
                }
                Op::Enter(c) => *out.get_mut(usize::from(c))? = 1,
            }
        }
        Some(out)
    }

    /// Where an element leads: its declaration or a wildcard, and the ways on.
    pub(super) fn step(
        &self,
        configs: &[Config],
        takes: impl Fn(&(Vec<(u32, u32)>, u32)) -> Option<Taken>,
    ) -> Option<(Taken, Vec<Config>)> {
        let mut found = None;
        let mut out: Vec<Config> = Vec::new();
        // The first ways stay in front, so that dropping the last ones is the same on every machine.
        let mut known: HashSet<Config> = HashSet::new();
        for config in configs {
            for edge in self.positions.follow.get(config.position as usize)? {
                let Some(taken) = self.leaves.get(edge.to as usize).and_then(&takes) else { continue };
                let Some(counts) = Counted::apply(&edge.ops, &config.counts) else { continue };
                found.get_or_insert(taken);
                let next = Config { position: edge.to, counts };
                let few = configs.len() < 8;
                if out.len() < CONFIGS && (if few { !out.contains(&next) } else { known.insert(next.clone()) }) {
                    out.push(next);
                }
            }
        }
        found.map(|f| (f, out))
    }

    pub(super) fn accepts(&self, configs: &[Config]) -> bool {
        configs.iter().any(|c| self.positions.ends.iter().any(|(p, ops)| *p == c.position && Counted::apply(ops, &c.counts).is_some()))
    }

    /// Names that may come next.
    pub(super) fn expected(&self, configs: &[Config]) -> Vec<u32> {
        let mut out = Vec::new();
        for config in configs {
            for edge in self.positions.follow.get(config.position as usize).into_iter().flatten() {
                if Counted::apply(&edge.ops, &config.counts).is_some() {
                    out.extend(self.leaves.get(edge.to as usize).into_iter().flat_map(|l| l.0.iter().map(|n| n.0)));
                }
            }
        }
        out
    }
}

/// What takes an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Element(u32),
    Wildcard(u32),
}

/// How strictly what a wildcard lets through is looked at.
pub(super) fn process(schema: &Schema, wildcard: u32) -> Process {
    schema.wildcards.get(wildcard as usize).map_or(Process::Skip, |w| w.process)
}
