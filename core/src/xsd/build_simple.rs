//! Builds simple types and checks that their facets fit their bases.

use std::borrow::Cow;
use std::cmp::Ordering::{Equal, Greater, Less};

use super::compile::{Compiler, Kind, Site, bits};
use super::grammar::count;
use super::model::{
    ANY_SIMPLE, ANY_TYPE, Complex, Content, Namespaces, Order, Particle, Process, Term, Type, TypeId, UNBOUNDED, Wildcard, barred,
};
use super::names::{QName, Strings, Sym, XS};
use super::regex::{Pattern, PatternFault};
use super::simple::{self, Bound, Enumeration, Env, Facets, IdKind, Lex, Simple, Variety, White, words};
use super::tree::Tree;
use super::value::{DecimalRef, Prim, Value};
use std::sync::Arc;

/// Primitive types beside `string`, all of which collapse white space.
const PRIMITIVES: [(&str, Prim); 19] = [
    ("string", Prim::String),
    ("boolean", Prim::Boolean),
    ("decimal", Prim::Decimal),
    ("float", Prim::Float),
    ("double", Prim::Double),
    ("duration", Prim::Duration),
    ("dateTime", Prim::DateTime),
    ("time", Prim::Time),
    ("date", Prim::Date),
    ("gYearMonth", Prim::YearMonth),
    ("gYear", Prim::Year),
    ("gMonthDay", Prim::MonthDay),
    ("gDay", Prim::Day),
    ("gMonth", Prim::Month),
    ("hexBinary", Prim::Hex),
    ("base64Binary", Prim::Base64),
    ("anyURI", Prim::Uri),
    ("QName", Prim::QName),
    ("NOTATION", Prim::Notation),
];

/// Derived types of text: name, base, white space, lexical form, link.
const TEXTS: [(&str, &str, White, Lex, IdKind); 9] = [
    ("normalizedString", "string", White::Replace, Lex::Any, IdKind::None),
    ("token", "normalizedString", White::Collapse, Lex::Any, IdKind::None),
    ("language", "token", White::Collapse, Lex::Language, IdKind::None),
    ("NMTOKEN", "token", White::Collapse, Lex::NmToken, IdKind::None),
    ("Name", "token", White::Collapse, Lex::Name, IdKind::None),
    ("NCName", "Name", White::Collapse, Lex::NcName, IdKind::None),
    ("ID", "NCName", White::Collapse, Lex::NcName, IdKind::Id),
    ("IDREF", "NCName", White::Collapse, Lex::NcName, IdKind::IdRef),
    ("ENTITY", "NCName", White::Collapse, Lex::NcName, IdKind::Entity),
];

/// Derived types of whole numbers: name, base, least and greatest value.
const WHOLES: [(&str, &str, &str, &str); 13] = [
    ("integer", "decimal", "", ""),
    ("nonPositiveInteger", "integer", "", "0"),
    ("negativeInteger", "nonPositiveInteger", "", "-1"),
    ("long", "integer", "-9223372036854775808", "9223372036854775807"),
    ("int", "long", "-2147483648", "2147483647"),
    ("short", "int", "-32768", "32767"),
    ("byte", "short", "-128", "127"),
    ("nonNegativeInteger", "integer", "0", ""),
    ("unsignedLong", "nonNegativeInteger", "0", "18446744073709551615"),
    ("unsignedInt", "unsignedLong", "0", "4294967295"),
    ("unsignedShort", "unsignedInt", "0", "65535"),
    ("unsignedByte", "unsignedShort", "0", "255"),
    ("positiveInteger", "nonNegativeInteger", "1", ""),
];

const LISTS: [(&str, &str); 3] = [("NMTOKENS", "NMTOKEN"), ("IDREFS", "IDREF"), ("ENTITIES", "ENTITY")];

/// How deep types may be derived from types that are not built yet, and groups lie in groups.
pub(super) const DERIVATIONS: usize = 100;
/// How deep members of unions and items of lists may lie in one another.
const MEMBERS_DEEP: u32 = 50;
/// Most members of a union, those of its members included.
const MEMBERS: u64 = 10_000;

const FIXED_WHITE: u16 = 1 << 5;
const FIXED_FRACTION: u16 = 1 << 11;

fn facet_number(name: &str) -> Option<u16> {
    const NAMES: [&str; 12] = [
        "length",
        "minLength",
        "maxLength",
        "pattern",
        "enumeration",
        "whiteSpace",
        "maxInclusive",
        "maxExclusive",
        "minInclusive",
        "minExclusive",
        "totalDigits",
        "fractionDigits",
    ];
    NAMES.iter().position(|n| *n == name).map(|n| n as u16)
}

/// Whether a facet means anything for a type of this variety.
fn applies(variety: &Variety, facet: &str) -> bool {
    match variety {
        Variety::Any => false,
        Variety::List(_) => matches!(facet, "length" | "minLength" | "maxLength" | "enumeration" | "pattern" | "whiteSpace"),
        Variety::Union(_) => matches!(facet, "enumeration" | "pattern"),
        Variety::Atomic(prim) => match facet {
            "pattern" | "whiteSpace" => true,
            "enumeration" => *prim != Prim::Boolean,
            "length" | "minLength" | "maxLength" => {
                matches!(prim, Prim::String | Prim::Uri | Prim::QName | Prim::Notation | Prim::Hex | Prim::Base64)
            }
            "totalDigits" | "fractionDigits" => *prim == Prim::Decimal,
            _ => !matches!(prim, Prim::String | Prim::Boolean | Prim::Uri | Prim::QName | Prim::Notation | Prim::Hex | Prim::Base64),
        },
    }
}

/// Prefixes as they stand at a place of a schema.
pub(super) struct SchemaEnv<'t> {
    pub(super) tree: &'t Tree,
    pub(super) node: u32,
    pub(super) strings: &'t Strings,
    /// Namespace instead of none.
    pub(super) none: Sym,
}

impl Env for SchemaEnv<'_> {
    fn namespace(&self, prefix: &[u8]) -> Option<Cow<'_, [u8]>> {
        let prefix = self.strings.find(std::str::from_utf8(prefix).ok()?)?;
        let ns = self.tree.namespace(self.node, prefix, self.strings)?;
        Some(Cow::Borrowed(self.strings.get(if ns == 0 { self.none } else { ns }).as_bytes()))
    }

    fn entity(&self, _: &[u8]) -> bool {
        true
    }
}

impl Compiler<'_, '_> {
    pub(super) fn builtins(&mut self) {
        let any = Wildcard { allows: Namespaces::Any, process: Process::Lax };
        let particle = Particle {
            min: 1,
            max: 1,
            term: Term::Group(Order::Sequence, vec![Arc::new(Particle { min: 0, max: UNBOUNDED, term: Term::Any(any.clone()) })]),
        };
        let name = self.xs("anyType");
        self.types.push(Type::Complex(Complex {
            name: Some(name),
            base: ANY_TYPE,
            method: barred::RESTRICTION,
            is_abstract: false,
            finals: 0,
            block: 0,
            attributes: Vec::new(),
            any_attribute: Some(any),
            content: Content::Elements { particle: Some(Arc::new(particle)), mixed: true },
        }));
        self.add("anySimpleType", ANY_TYPE, Variety::Any, Facets::new(White::Preserve));
        for (name, prim) in PRIMITIVES {
            let mut facets = Facets::new(if prim == Prim::String { White::Preserve } else { White::Collapse });
            if prim != Prim::String {
                facets.fixed |= FIXED_WHITE;
            }
            self.add(name, ANY_SIMPLE, Variety::Atomic(prim), facets);
        }
        for (name, base, white, lex, id) in TEXTS {
            let base = self.builtin(base);
            let facets = Facets { lex, id, ..Facets::new(white) };
            self.add(name, base, Variety::Atomic(Prim::String), facets);
        }
        for (name, base, low, high) in WHOLES {
            let base = self.builtin(base);
            let bound = |text: &str| {
                DecimalRef::parse(text.as_bytes()).map(|d| Bound { value: Value::Decimal(d.to_owned()), raw: text.to_string() })
            };
            let mut facets = Facets::new(White::Collapse);
            facets.lex = Lex::Integer;
            facets.fraction = Some(0);
            facets.fixed = FIXED_WHITE | FIXED_FRACTION;
            (facets.min_inclusive, facets.max_inclusive) = (bound(low), bound(high));
            self.add(name, base, Variety::Atomic(Prim::Decimal), facets);
        }
        for (name, item) in LISTS {
            let item = self.builtin(item);
            let mut facets = Facets::new(White::Collapse);
            facets.min_length = Some(1);
            facets.fixed = FIXED_WHITE;
            self.add(name, ANY_SIMPLE, Variety::List(item), facets);
        }
        self.pending.resize(self.types.len(), None);
    }

    fn xs(&mut self, name: &str) -> QName {
        QName { ns: XS, local: self.strings.intern(name) }
    }

    fn add(&mut self, name: &'static str, base: TypeId, variety: Variety, facets: Facets) {
        let qname = self.xs(name);
        self.types.push(Type::Simple(Simple { name: Some(qname), base, variety, facets, finals: 0, builtin: name }));
    }

    /// A built-in type that is known to be there.
    pub(super) fn builtin(&self, name: &str) -> TypeId {
        self.find_builtin(name).unwrap_or(ANY_SIMPLE)
    }

    fn find_builtin(&self, name: &str) -> Option<TypeId> {
        let local = self.strings.find(name)?;
        let wanted = Some(QName { ns: XS, local });
        let found = self.types.iter().take(50).position(|t| match t {
            Type::Simple(s) => s.name == wanted,
            Type::Complex(c) => c.name == wanted,
            Type::Pending => false,
        })?;
        Some(TypeId(found as u32))
    }

    pub(super) fn simple(&self, id: TypeId) -> Option<&Simple> {
        match self.types.get(id.0 as usize) {
            Some(Type::Simple(simple)) => Some(simple),
            _ => None,
        }
    }

    /// The type that a name in an attribute means.
    pub(super) fn type_ref(&mut self, site: Site, text: &str) -> Option<TypeId> {
        let name = self.qname(site, text)?;
        if name.ns == XS
            && let Some(id) = self.find_builtin(self.strings.get(name.local))
        {
            return Some(id);
        }
        let found = self.find(site, Kind::Type, name)?;
        Some(self.type_at(found))
    }

    /// As [`Compiler::type_ref`] for a base: within a redefinition, its own name is what is redefined.
    pub(super) fn base_ref(&mut self, site: Site, owner: Site, text: &str) -> Option<TypeId> {
        if let Some(&original) = self.originals.get(&owner) {
            let name = self.qname(site, text)?;
            let own = self.attr(owner, "name").unwrap_or_default();
            if self.strings.get(name.local) == own && name.ns == self.docs[owner.0 as usize].target {
                return Some(self.type_at(original));
            }
            self.fault(site, "src-redefine", "what redefines a type must be derived from it");
        }
        self.type_ref(site, text)
    }

    /// The type written at a place, built later.
    pub(super) fn type_at(&mut self, site: Site) -> TypeId {
        if let Some(&id) = self.type_sites.get(&site) {
            return id;
        }
        let id = TypeId(self.types.len() as u32);
        self.types.push(Type::Pending);
        self.pending.push(Some(site));
        self.type_sites.insert(site, id);
        self.sites_of_types.insert(id, site);
        id
    }

    /// Builds a type when it is not built. False when it is being built, which means that it hangs on itself.
    pub(super) fn ensure(&mut self, id: TypeId) -> bool {
        let Some(site) = self.pending.get_mut(id.0 as usize).and_then(Option::take) else {
            return !matches!(self.types[id.0 as usize], Type::Pending);
        };
        if self.building.len() > DERIVATIONS {
            self.fault(site, "bound", "types are derived from one another too deep");
            return false;
        }
        self.building.insert(site);
        let built = match self.local(site) {
            "simpleType" => self.build_simple(site).map(Type::Simple),
            _ => self.build_complex(site).map(Type::Complex),
        };
        self.building.remove(&site);
        if let Some(Type::Simple(simple)) = &built {
            let extent = self.extent(simple);
            if extent.0 > MEMBERS_DEEP || extent.1 > MEMBERS {
                self.fault(site, "bound", "the type has too many members");
                self.types[id.0 as usize] = Type::Simple(self.any_simple());
                return true;
            }
            self.extents.insert(id, extent);
        }
        // What could not be built is anything, so that one fault does not bring others along.
        self.types[id.0 as usize] = match built {
            Some(ty) => ty,
            None if self.local(site) == "simpleType" => Type::Simple(self.any_simple()),
            None => Type::Complex(self.any_complex()),
        };
        true
    }

    /// How deep members and items of a type lie in one another, and how many they are.
    fn extent(&self, simple: &Simple) -> (u32, u64) {
        let of = |id: &TypeId| self.extents.get(id).copied().unwrap_or((1, 1));
        match &simple.variety {
            Variety::Union(members) => members.iter().map(of).fold((1, 1), |(depth, n), (d, m)| (depth.max(d + 1), n.saturating_add(m))),
            Variety::List(item) => (of(item).0 + 1, of(item).1),
            _ => (1, 1),
        }
    }

    fn any_simple(&self) -> Simple {
        Simple {
            name: None,
            base: ANY_TYPE,
            variety: Variety::Any,
            facets: Facets::new(White::Preserve),
            finals: 0,
            builtin: "anySimpleType",
        }
    }

    fn any_complex(&self) -> Complex {
        Complex {
            name: None,
            base: ANY_TYPE,
            method: barred::RESTRICTION,
            is_abstract: false,
            finals: 0,
            block: 0,
            attributes: Vec::new(),
            any_attribute: Some(Wildcard { allows: Namespaces::Any, process: Process::Lax }),
            content: Content::Elements { particle: None, mixed: true },
        }
    }

    fn finals_of(&self, site: Site) -> u8 {
        let all = barred::RESTRICTION | barred::LIST | barred::UNION | barred::EXTENSION;
        match self.attr(site, "final") {
            Some(text) => bits(&text, all),
            None => self.docs[site.0 as usize].finals,
        }
    }

    fn build_simple(&mut self, site: Site) -> Option<Simple> {
        let name = self.attr(site, "name").map(|n| QName { ns: self.docs[site.0 as usize].target, local: self.strings.intern(&n) });
        let how = self.child(site, &["restriction", "list", "union"])?;
        let finals = self.finals_of(site);
        let mut simple = match self.local(how) {
            "restriction" => {
                let inner = self.child(how, &["simpleType"]);
                let base = match (self.attr(how, "base"), inner) {
                    (Some(_), Some(_)) | (None, None) => {
                        self.fault(how, "src-simple-type", "a restriction needs either a base or a simpleType within");
                        return None;
                    }
                    (Some(base), None) => self.base_ref(how, site, &base)?,
                    (None, Some(inner)) => self.type_at(inner),
                };
                self.restrict(how, base)?
            }
            "list" => {
                let item = match (self.attr(how, "itemType"), self.child(how, &["simpleType"])) {
                    (Some(_), Some(_)) | (None, None) => {
                        self.fault(how, "src-simple-type", "a list needs either an itemType or a simpleType within");
                        return None;
                    }
                    (Some(item), None) => self.type_ref(how, &item)?,
                    (None, Some(inner)) => self.type_at(inner),
                };
                if !self.member(how, item, barred::LIST) || self.listing(item) {
                    self.fault(how, "cos-st-restricts", "the items of a list cannot be of this type");
                    return None;
                }
                Simple {
                    name,
                    base: ANY_SIMPLE,
                    variety: Variety::List(item),
                    facets: Facets { fixed: FIXED_WHITE, ..Facets::new(White::Collapse) },
                    finals,
                    builtin: "list",
                }
            }
            _ => {
                let mut members = Vec::new();
                let named = self.attr(how, "memberTypes");
                let texts = named.unwrap_or_default();
                for text in texts.split_ascii_whitespace() {
                    members.push(self.type_ref(how, text)?);
                }
                for inner in self.children(how) {
                    members.push(self.type_at(inner));
                }
                if members.is_empty() {
                    self.fault(how, "src-union-memberTypes-or-simpleTypes", "a union needs members");
                    return None;
                }
                for &member in &members {
                    if !self.member(how, member, barred::UNION) {
                        self.fault(how, "cos-st-restricts", "a member of a union cannot be of this type");
                        return None;
                    }
                }
                Simple {
                    name,
                    base: ANY_SIMPLE,
                    variety: Variety::Union(members),
                    facets: Facets::new(White::Preserve),
                    finals,
                    builtin: "union",
                }
            }
        };
        simple.name = name;
        simple.finals = finals;
        Some(simple)
    }

    /// Whether a type may be an item of a list or a member of a union.
    fn member(&mut self, site: Site, id: TypeId, method: u8) -> bool {
        if !self.ensure(id) {
            self.fault(site, "st-props-correct", "a simple type is made of itself");
            return false;
        }
        self.simple(id).is_some_and(|s| s.finals & method == 0 && (id != ANY_SIMPLE))
    }

    fn listing(&self, id: TypeId) -> bool {
        match self.simple(id).map(|s| &s.variety) {
            Some(Variety::List(_)) => true,
            Some(Variety::Union(members)) => members.iter().any(|&m| self.listing(m)),
            _ => false,
        }
    }

    /// The type that the facets at a place make of a base.
    pub(super) fn restrict(&mut self, how: Site, base_id: TypeId) -> Option<Simple> {
        if !self.ensure(base_id) {
            self.fault(how, "st-props-correct", "a simple type is derived from itself");
            return None;
        }
        let Some(base) = self.simple(base_id).cloned() else {
            self.fault(how, "src-resolve", "the base is no simple type");
            return None;
        };
        if base_id == ANY_SIMPLE {
            self.fault(how, "cos-st-restricts", "anySimpleType cannot be restricted");
            return None;
        }
        if base.finals & barred::RESTRICTION != 0 {
            self.fault(how, "st-props-correct", "the base may not be restricted");
        }
        let mut facets = base.facets.clone();
        let mut patterns = Vec::new();
        let mut enumeration = Enumeration { raw: Vec::new(), texts: Vec::new(), values: Vec::new() };
        let mut enumerated = false;
        let mut own = 0u16;
        for site in self.children(how) {
            let name = self.local(site).to_string();
            let Some(number) = facet_number(&name) else { continue };
            if !applies(&base.variety, &name) {
                self.fault(site, "cos-applicable-facets", format!("{name} means nothing for this type"));
                continue;
            }
            let multiple = matches!(name.as_str(), "pattern" | "enumeration");
            if own & 1 << number != 0 && !multiple {
                self.fault(site, "src-single-facet-value", format!("{name} stands twice"));
                continue;
            }
            own |= 1 << number;
            let Some(raw) = self.attr_raw(site, "value") else { continue };
            match name.as_str() {
                "pattern" => match Pattern::new(&raw) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(PatternFault::Syntax(at)) => {
                        self.fault(site, "pattern-valid", format!("the pattern \u{201C}{raw}\u{201D} is wrong at character {}", at + 1));
                    }
                    Err(PatternFault::Size) => self.fault(site, "bound", "the pattern is too large"),
                },
                "enumeration" => {
                    enumerated = true;
                    self.enumerated(site, &base, raw, &mut enumeration);
                }
                _ => self.facet(site, &name, number, &raw, &base, &mut facets),
            }
            if self.flag(site, "fixed") == Some(true) {
                facets.fixed |= 1 << number;
            }
        }
        if !patterns.is_empty() {
            facets.patterns.push(Arc::new(patterns));
        }
        if enumerated {
            enumeration.texts.sort_unstable();
            enumeration.texts.dedup();
            facets.enumeration = Some(Arc::new(enumeration));
        }
        self.consistent(how, &facets, &base, own);
        Some(Simple { name: None, base: base_id, variety: base.variety, facets, finals: 0, builtin: base.builtin })
    }

    fn enumerated(&mut self, site: Site, base: &Simple, raw: String, list: &mut Enumeration) {
        match self.value_at(site, base, &raw) {
            Ok((text, value)) => {
                if let Value::Text(Prim::Notation, name) = &value {
                    let known = self.order.iter().any(|(kind, n)| {
                        *kind == Kind::Notation
                            && format!("{{{}}}{}", self.strings.get(n.ns), self.strings.get(n.local)).as_bytes() == &**name
                    });
                    if !known {
                        self.fault(site, "enumeration-valid-restriction", format!("there is no notation {raw}"));
                    }
                }
                list.texts.push(text.into());
                list.values.push(value);
                list.raw.push(raw);
            }
            Err(()) => self.fault(site, "enumeration-valid-restriction", format!("\u{201C}{raw}\u{201D} is no value of the base")),
        }
    }

    /// Reads a value written in the schema.
    pub(super) fn value_at(&self, site: Site, ty: &Simple, raw: &str) -> Result<(Vec<u8>, Value), ()> {
        let doc = &self.docs[site.0 as usize];
        let env = SchemaEnv {
            tree: &doc.tree,
            node: site.1,
            strings: &self.strings,
            none: if doc.chameleon { doc.target } else { super::names::EMPTY },
        };
        let (text, value) = simple::check(&self.types, ty, raw.as_bytes(), &env, &mut Vec::new(), true).map_err(|_| ())?;
        Ok((text.into_owned(), value.ok_or(())?))
    }

    fn facet(&mut self, site: Site, name: &str, number: u16, raw: &str, base: &Simple, facets: &mut Facets) {
        let text = raw.trim_matches([' ', '\t', '\n', '\r']);
        let was = &base.facets;
        let fixed = was.fixed & 1 << number != 0;
        let mut wrong: Option<&'static str> = None;
        match name {
            "length" | "minLength" | "maxLength" | "totalDigits" | "fractionDigits" => {
                let Some(n) = count(text) else { return };
                let ok: fn(u64, u64) -> bool = match name {
                    "length" => |n, b| n == b,
                    "minLength" => |n, b| n >= b,
                    _ => |n, b| n <= b,
                };
                let (now, before) = match name {
                    "length" => (&mut facets.length, was.length),
                    "minLength" => (&mut facets.min_length, was.min_length),
                    "maxLength" => (&mut facets.max_length, was.max_length),
                    "totalDigits" => (&mut facets.total, was.total),
                    _ => (&mut facets.fraction, was.fraction),
                };
                if before.is_some_and(|b| !ok(n, b) || fixed && n != b) {
                    wrong = Some("is looser than that of the base, or the base fixes it");
                } else {
                    *now = Some(n);
                }
            }
            "whiteSpace" => {
                let white = match text {
                    "preserve" => White::Preserve,
                    "replace" => White::Replace,
                    "collapse" => White::Collapse,
                    _ => return,
                };
                if white < was.white || fixed && white != was.white {
                    wrong = Some("is looser than that of the base, or the base fixes it");
                } else {
                    facets.white = white;
                }
            }
            _ => {
                // The value must be one of the base, but for a bound that is the base's own excluded bound.
                let mut plain = base.clone();
                plain.facets.enumeration = None;
                plain.facets.patterns.clear();
                let same_exclusive = |b: &Option<Bound>| b.as_ref().is_some_and(|b| b.raw.trim() == text);
                if name == "minExclusive" && same_exclusive(&was.min_exclusive)
                    || name == "maxExclusive" && same_exclusive(&was.max_exclusive)
                {
                    return;
                }
                let mut bare = plain.clone();
                bare.facets = Facets { lex: was.lex, ..Facets::new(White::Collapse) };
                let Ok((_, value)) = self.value_at(site, &bare, text) else {
                    self.fault(site, "s4s-att-invalid-value", format!("{name} is no value of the base"));
                    return;
                };
                let bound = Bound { value, raw: text.to_string() };
                let against = |b: &Option<Bound>| b.as_ref().map(|b| bound.value.compare(&b.value));
                let least = |o: Option<Option<std::cmp::Ordering>>, allowed: &[std::cmp::Ordering]| {
                    o.is_none_or(|o| o.is_some_and(|o| allowed.contains(&o)))
                };
                let ok = match name {
                    "minInclusive" => {
                        least(against(&was.min_inclusive), &[Greater, Equal])
                            && least(against(&was.min_exclusive), &[Greater])
                            && least(against(&was.max_inclusive), &[Less, Equal])
                            && least(against(&was.max_exclusive), &[Less])
                    }
                    "minExclusive" => {
                        least(against(&was.min_inclusive), &[Greater, Equal])
                            && least(against(&was.min_exclusive), &[Greater, Equal])
                            && least(against(&was.max_inclusive), &[Less, Equal])
                            && least(against(&was.max_exclusive), &[Less])
                    }
                    "maxInclusive" => {
                        least(against(&was.max_inclusive), &[Less, Equal])
                            && least(against(&was.max_exclusive), &[Less])
                            && least(against(&was.min_inclusive), &[Greater, Equal])
                            && least(against(&was.min_exclusive), &[Greater])
                    }
                    _ => {
                        least(against(&was.max_inclusive), &[Less, Equal])
                            && least(against(&was.max_exclusive), &[Less, Equal])
                            && least(against(&was.min_inclusive), &[Greater, Equal])
                            && least(against(&was.min_exclusive), &[Greater])
                    }
                };
                let (same, other) = match name {
                    "minInclusive" => (&was.min_inclusive, &was.min_exclusive),
                    "minExclusive" => (&was.min_exclusive, &was.min_inclusive),
                    "maxInclusive" => (&was.max_inclusive, &was.max_exclusive),
                    _ => (&was.max_exclusive, &was.max_inclusive),
                };
                let _ = other;
                if !ok || fixed && against(same) != Some(Some(Equal)) {
                    wrong = Some("is looser than that of the base, or the base fixes it");
                } else {
                    match name {
                        "minInclusive" => facets.min_inclusive = Some(bound),
                        "minExclusive" => facets.min_exclusive = Some(bound),
                        "maxInclusive" => facets.max_inclusive = Some(bound),
                        _ => facets.max_exclusive = Some(bound),
                    }
                }
            }
        }
        if let Some(why) = wrong {
            self.fault(site, "facet-valid-restriction", format!("{name} {why}"));
        }
    }

    /// Rules between the facets of one type; `own`: those that this step gives.
    fn consistent(&mut self, site: Site, facets: &Facets, base: &Simple, own: u16) {
        let has = |name: &str| facet_number(name).is_some_and(|n| own & 1 << n != 0);
        let mut faults: Vec<(&'static str, &str)> = Vec::new();
        // A limit beside a length must be one that a base had before it had a length.
        let limit = |name: &str, mine: Option<u64>, before: Option<u64>| has(name) && (base.facets.length.is_some() || mine != before);
        if has("length")
            && (limit("minLength", facets.min_length, base.facets.min_length)
                || limit("maxLength", facets.max_length, base.facets.max_length))
        {
            faults.push(("length-minLength-maxLength", "length stands beside minLength or maxLength"));
        }
        if let Some(length) = facets.length {
            if facets.min_length.is_some_and(|m| m > length) || facets.max_length.is_some_and(|m| m < length) {
                faults.push(("length-minLength-maxLength", "length is outside minLength and maxLength"));
            }
            if base.facets.length.is_some()
                && (has("minLength") || has("maxLength"))
                && base.facets.min_length.is_none()
                && base.facets.max_length.is_none()
            {
                faults.push(("length-minLength-maxLength", "minLength or maxLength is added to a length"));
            }
        }
        if let (Some(min), Some(max)) = (facets.min_length, facets.max_length)
            && min > max
        {
            faults.push(("minLength-less-than-equal-to-maxLength", "minLength is greater than maxLength"));
        }
        if let (Some(total), Some(fraction)) = (facets.total, facets.fraction)
            && fraction > total
        {
            faults.push(("fractionDigits-totalDigits", "there are more decimals than digits"));
        }
        if has("minInclusive") && has("minExclusive") {
            faults.push(("minInclusive-minExclusive", "minInclusive and minExclusive stand together"));
        }
        if has("maxInclusive") && has("maxExclusive") {
            faults.push(("maxInclusive-maxExclusive", "maxInclusive and maxExclusive stand together"));
        }
        let above = |low: &Option<Bound>, high: &Option<Bound>, equal: bool| match (low, high) {
            (Some(l), Some(h)) => match l.value.compare(&h.value) {
                Some(Greater) => true,
                Some(Equal) => !equal,
                _ => false,
            },
            _ => false,
        };
        if above(&facets.min_inclusive, &facets.max_inclusive, true)
            || above(&facets.min_exclusive, &facets.max_exclusive, true)
            || above(&facets.min_inclusive, &facets.max_exclusive, false)
            || above(&facets.min_exclusive, &facets.max_inclusive, false)
        {
            faults.push(("minInclusive-less-than-equal-to-maxInclusive", "the lower bound is above the upper"));
        }
        for (code, what) in faults {
            self.fault(site, code, what);
        }
    }

    /// Whether one type is validly derived from another by none of the barred methods.
    pub(super) fn derives(&self, sub: TypeId, sup: TypeId, barred: u8) -> bool {
        derives(&self.types, sub, sup, barred)
    }
}

/// Whether one type is validly derived from another by none of the barred methods (Structures 3.4.6 and 3.14.6).
pub(super) fn derives(types: &[Type], sub: TypeId, sup: TypeId, barred: u8) -> bool {
    let mut at = sub;
    let mut steps = 0;
    while at != sup {
        steps += 1;
        if steps > 2000 {
            return false;
        }
        match types.get(at.0 as usize) {
            Some(Type::Complex(c)) => {
                if at == ANY_TYPE || c.method & barred != 0 {
                    return false;
                }
                at = c.base;
            }
            Some(Type::Simple(s)) => {
                if barred & barred::RESTRICTION != 0 {
                    return false;
                }
                if let Some(Type::Simple(Simple { variety: Variety::Union(members), facets, .. })) = types.get(sup.0 as usize) {
                    let plain = facets.enumeration.is_none() && facets.patterns.is_empty();
                    if plain && members.iter().any(|&m| m != sup && derives(types, at, m, barred)) {
                        return true;
                    }
                }
                at = s.base;
            }
            _ => return false,
        }
    }
    true
}

/// Words of a list attribute of a schema.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    words(text.as_bytes()).filter_map(|w| std::str::from_utf8(w).ok())
}
