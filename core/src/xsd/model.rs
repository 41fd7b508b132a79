//! The components of a schema.

use std::sync::Arc;

use super::names::{QName, Sym};
use super::simple::Simple;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeId(pub(crate) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ElemId(pub(crate) u32);

/// Methods of derivation, as bits of `final`, `block` and the like.
pub(crate) mod barred {
    pub(crate) const EXTENSION: u8 = 1;
    pub(crate) const RESTRICTION: u8 = 2;
    pub(crate) const SUBSTITUTION: u8 = 4;
    pub(crate) const LIST: u8 = 8;
    pub(crate) const UNION: u8 = 16;
}

/// `anyType`.
pub(crate) const ANY_TYPE: TypeId = TypeId(0);
/// `anySimpleType`.
pub(crate) const ANY_SIMPLE: TypeId = TypeId(1);

/// No upper limit.
pub(crate) const UNBOUNDED: u32 = u32::MAX;

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "values are held against simple types for every text, which should take no further step")]
pub(crate) enum Type {
    /// Not built, or not to be built.
    Pending,
    Simple(Simple),
    Complex(Complex),
}

#[derive(Debug)]
pub(crate) struct Complex {
    pub(crate) name: Option<QName>,
    pub(crate) base: TypeId,
    /// [`barred::EXTENSION`] or [`barred::RESTRICTION`].
    pub(crate) method: u8,
    pub(crate) is_abstract: bool,
    pub(crate) finals: u8,
    pub(crate) block: u8,
    pub(crate) attributes: Vec<AttributeUse>,
    pub(crate) any_attribute: Option<Wildcard>,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Simple(TypeId),
    /// Elements, or nothing; text between when mixed.
    Elements {
        particle: Option<Arc<Particle>>,
        mixed: bool,
    },
}

/// A default or fixed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) fixed: bool,
    pub(crate) text: String,
}

#[derive(Debug, Clone)]
pub(crate) struct AttributeUse {
    pub(crate) name: QName,
    pub(crate) ty: TypeId,
    pub(crate) required: bool,
    pub(crate) prohibited: bool,
    pub(crate) given: Option<Given>,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) ty: TypeId,
    pub(crate) given: Option<Given>,
}

#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: QName,
    pub(crate) ty: TypeId,
    pub(crate) given: Option<Given>,
    pub(crate) nillable: bool,
    pub(crate) is_abstract: bool,
    pub(crate) finals: u8,
    pub(crate) block: u8,
    pub(crate) head: Option<ElemId>,
    /// Identity constraints by number.
    pub(crate) keys: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Particle {
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) term: Term,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    Element(ElemId),
    Any(Wildcard),
    Group(Order, Vec<Arc<Particle>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Sequence,
    Choice,
    All,
}

/// How what a wildcard lets through is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Process {
    Skip,
    Lax,
    Strict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcard {
    pub(crate) allows: Namespaces,
    pub(crate) process: Process,
}

/// The namespaces of a wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Namespaces {
    Any,
    /// All but this one and none; all but none when it is empty.
    Not(Sym),
    /// Sorted.
    Some(Vec<Sym>),
}

impl Namespaces {
    pub(crate) fn allows(&self, ns: Sym) -> bool {
        match self {
            Namespaces::Any => true,
            Namespaces::Not(other) => ns != *other && ns != super::names::EMPTY,
            Namespaces::Some(list) => list.binary_search(&ns).is_ok(),
        }
    }

    pub(crate) fn subset(&self, of: &Namespaces) -> bool {
        match (self, of) {
            (_, Namespaces::Any) => true,
            (Namespaces::Not(a), Namespaces::Not(b)) => a == b,
            (Namespaces::Some(list), of) => list.iter().all(|&ns| of.allows(ns)),
            _ => false,
        }
    }

    /// What both allow; `None` where XML Schema 1.0 cannot say it.
    pub(crate) fn intersection(&self, other: &Namespaces) -> Option<Namespaces> {
        Some(match (self, other) {
            (a, b) if a == b => a.clone(),
            (Namespaces::Any, b) => b.clone(),
            (a, Namespaces::Any) => a.clone(),
            (Namespaces::Some(a), b) | (b, Namespaces::Some(a)) => Namespaces::Some(a.iter().copied().filter(|&ns| b.allows(ns)).collect()),
            (Namespaces::Not(super::names::EMPTY), b) => b.clone(),
            (a, Namespaces::Not(super::names::EMPTY)) => a.clone(),
            _ => return None,
        })
    }

    /// What either allows; `None` where XML Schema 1.0 cannot say it.
    pub(crate) fn union(&self, other: &Namespaces) -> Option<Namespaces> {
        let none = super::names::EMPTY;
        Some(match (self, other) {
            (a, b) if a == b => a.clone(),
            (Namespaces::Any, _) | (_, Namespaces::Any) => Namespaces::Any,
            (Namespaces::Some(a), Namespaces::Some(b)) => {
                let mut all: Vec<Sym> = a.iter().chain(b).copied().collect();
                all.sort_unstable();
                all.dedup();
                Namespaces::Some(all)
            }
            (Namespaces::Not(_), Namespaces::Not(_)) => Namespaces::Not(none),
            (Namespaces::Not(n), Namespaces::Some(s)) | (Namespaces::Some(s), Namespaces::Not(n)) => {
                match (s.contains(n), s.contains(&none)) {
                    (_, true) if *n == none => Namespaces::Any,
                    (_, false) if *n == none => Namespaces::Not(none),
                    (true, true) => Namespaces::Any,
                    (true, false) => Namespaces::Not(none),
                    (false, true) => return None,
                    (false, false) => Namespaces::Not(*n),
                }
            }
        })
    }
}

/// An identity constraint as it was declared.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: QName,
    pub(crate) kind: KeyKind,
    pub(crate) selector: Vec<Path>,
    pub(crate) fields: Vec<Vec<Path>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Unique,
    Key,
    /// Refers to the key of this number.
    Ref(u32),
}

/// One alternative of a selector or field.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// Whether it may begin at any depth.
    pub(crate) deep: bool,
    pub(crate) steps: Vec<Test>,
    pub(crate) attribute: Option<Test>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    Name(QName),
    Namespace(Sym),
    Any,
}
