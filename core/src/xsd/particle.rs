//! Whether one content model restricts another (Structures 3.9.6), by the cases of its table.

use std::collections::HashMap;
use std::sync::Arc;

use super::build_simple::derives;
use super::model::{ElemId, Element, Order, Particle, Term, Type, UNBOUNDED, Wildcard, barred};

/// Whether nothing at all fits a particle.
pub(super) fn emptiable(p: &Particle) -> bool {
    range(p).0 == 0
}

fn times(a: u32, b: u32) -> u32 {
    match (a, b) {
        (0, _) | (_, 0) => 0,
        (UNBOUNDED, _) | (_, UNBOUNDED) => UNBOUNDED,
        _ => a.saturating_mul(b).min(UNBOUNDED - 1),
    }
}

fn plus(a: u32, b: u32) -> u32 {
    if a == UNBOUNDED || b == UNBOUNDED { UNBOUNDED } else { a.saturating_add(b).min(UNBOUNDED - 1) }
}

/// Least and greatest number of elements that fit a particle.
pub(super) fn range(p: &Particle) -> (u32, u32) {
    let (low, high) = match &p.term {
        Term::Group(Order::Choice, list) => {
            let ranges = list.iter().map(|p| range(p));
            let low = ranges.clone().map(|r| r.0).min().unwrap_or(0);
            (low, ranges.map(|r| r.1).max().unwrap_or(0))
        }
        Term::Group(_, list) => list.iter().map(|p| range(p)).fold((0, 0), |a, b| (plus(a.0, b.0), plus(a.1, b.1))),
        _ => (1, 1),
    };
    (times(p.min, low), times(p.max, high))
}

/// What is needed to compare particles.
pub(super) struct Restriction<'a> {
    pub(super) types: &'a [Type],
    pub(super) elements: &'a [Element],
    /// For each head all that can stand for it, itself included.
    pub(super) substitutes: &'a HashMap<ElemId, Vec<ElemId>>,
    /// Whether two fixed values are one.
    pub(super) same: &'a dyn Fn(ElemId, ElemId) -> bool,
    /// Heads that are written out as choices now, of the restriction and of the base.
    pub(super) open: Vec<ElemId>,
    /// Steps that may still be taken.
    pub(super) fuel: u64,
}

type Range = (u32, u32);

fn within(inner: Range, outer: Range) -> bool {
    inner.0 >= outer.0 && inner.1 <= outer.1
}

/// Takes off groups that say nothing.
pub(super) fn simplify(p: &Arc<Particle>, parent: Option<Order>, out: &mut Vec<Arc<Particle>>) {
    let Term::Group(order, list) = &p.term else {
        out.push(p.clone());
        return;
    };
    let mut inner = Vec::new();
    for child in list {
        simplify(child, Some(*order), &mut inner);
    }
    if p.min == 1 && p.max == 1 {
        if inner.is_empty() && (*order != Order::Choice || parent == Some(Order::Choice)) && parent.is_some() {
            return;
        }
        if inner.len() == 1 || parent == Some(*order) && *order != Order::All {
            out.extend(inner);
            return;
        }
    }
    out.push(Arc::new(Particle { min: p.min, max: p.max, term: Term::Group(*order, inner) }));
}

/// A whole model simplified.
pub(super) fn simple(p: &Arc<Particle>) -> Arc<Particle> {
    let mut out = Vec::new();
    simplify(p, None, &mut out);
    match <[Arc<Particle>; 1]>::try_from(out) {
        Ok([one]) => one,
        Err(many) => Arc::new(Particle { min: 1, max: 1, term: Term::Group(Order::Sequence, many) }),
    }
}

impl Restriction<'_> {
    /// Whether `r` restricts `b`; both simplified.
    pub(super) fn valid(&mut self, r: &Particle, b: &Particle, occurs: bool) -> bool {
        if self.fuel == 0 {
            return true;
        }
        self.fuel -= 1;
        if std::ptr::eq(r, b) {
            return true;
        }
        if let (Term::Element(re), Term::Element(be)) = (&r.term, &b.term)
            && self.elements[re.0 as usize].name == self.elements[be.0 as usize].name
        {
            return self.name_and_type(r, *re, b, *be);
        }
        if let (Term::Element(re), Term::Any(w)) = (&r.term, &b.term) {
            // All that may stand for the element must fit the wildcard.
            let all = self.substitutes.get(re).cloned().unwrap_or_else(|| vec![*re]);
            return (!occurs || within((r.min, r.max), (b.min, b.max)))
                && all.iter().all(|e| w.allows.allows(self.elements[e.0 as usize].name.ns));
        }
        let open = self.open.len();
        let b_group = self.as_choice(b);
        let b = b_group.as_ref().unwrap_or(b);
        let r_group = if matches!(b.term, Term::Any(_)) { None } else { self.as_choice(r) };
        let r = r_group.as_ref().unwrap_or(r);
        let valid = self.groups(r, b, occurs);
        self.open.truncate(open);
        valid
    }

    fn groups(&mut self, r: &Particle, b: &Particle, occurs: bool) -> bool {
        match (&r.term, &b.term) {
            (Term::Any(rw), Term::Any(bw)) => self.subset(r, rw, b, bw, occurs),
            (Term::Group(_, list), Term::Any(_)) => {
                (!occurs || within(range(r), (b.min, b.max))) && list.iter().all(|member| self.valid(member, b, false))
            }
            (Term::Element(_), Term::Group(order, base)) => {
                let one = [Arc::new(r.clone())];
                match order {
                    Order::Choice => within((1, 1), (b.min, b.max)) && self.recurse(&one, base, true),
                    _ => within((1, 1), (b.min, b.max)) && self.recurse(&one, base, false),
                }
            }
            (Term::Group(Order::All, mine), Term::Group(Order::All, base))
            | (Term::Group(Order::Sequence, mine), Term::Group(Order::Sequence, base)) => {
                within((r.min, r.max), (b.min, b.max)) && self.recurse(mine, base, false)
            }
            (Term::Group(Order::Choice, mine), Term::Group(Order::Choice, base)) => {
                within((r.min, r.max), (b.min, b.max)) && self.recurse(mine, base, true)
            }
            (Term::Group(Order::Sequence, mine), Term::Group(Order::All, base)) => {
                within((r.min, r.max), (b.min, b.max)) && self.unordered(mine, base)
            }
            (Term::Group(Order::Sequence, mine), Term::Group(Order::Choice, base)) => {
                let n = mine.len() as u32;
                within((times(r.min, n), times(r.max, n)), (b.min, b.max))
                    && mine.iter().all(|m| base.iter().any(|b| self.valid(m, b, true)))
            }
            _ => false,
        }
    }

    /// An element that others can stand for is a choice of them.
    fn as_choice(&mut self, p: &Particle) -> Option<Particle> {
        let Term::Element(e) = &p.term else { return None };
        let all = self.substitutes.get(e).filter(|list| list.len() > 1 && !self.open.contains(e))?;
        // The head stands in its own choice as itself alone.
        self.open.push(*e);
        let list = all.iter().map(|&e| Arc::new(Particle { min: 1, max: 1, term: Term::Element(e) })).collect();
        Some(Particle { min: p.min, max: p.max, term: Term::Group(Order::Choice, list) })
    }

    fn name_and_type(&self, r: &Particle, re: ElemId, b: &Particle, be: ElemId) -> bool {
        if !within((r.min, r.max), (b.min, b.max)) {
            return false;
        }
        if re == be {
            return true;
        }
        let (x, y) = (&self.elements[re.0 as usize], &self.elements[be.0 as usize]);
        let fixed = match (&x.given, &y.given) {
            (_, Some(g)) if g.fixed => (self.same)(re, be),
            _ => true,
        };
        (y.nillable || !x.nillable)
            && fixed
            && x.keys.iter().all(|k| y.keys.contains(k))
            && x.block & y.block == y.block
            && derives(self.types, x.ty, y.ty, barred::EXTENSION | barred::LIST | barred::UNION)
    }

    fn subset(&self, r: &Particle, rw: &Wildcard, b: &Particle, bw: &Wildcard, occurs: bool) -> bool {
        (!occurs || within((r.min, r.max), (b.min, b.max))) && rw.allows.subset(&bw.allows) && rw.process >= bw.process
    }

    /// Each of `mine` restricts one of `base`, in order; those passed over must be able to be empty unless `lax`.
    fn recurse(&mut self, mine: &[Arc<Particle>], base: &[Arc<Particle>], lax: bool) -> bool {
        let mut at = 0;
        for m in mine {
            loop {
                let Some(b) = base.get(at) else { return false };
                at += 1;
                if self.valid(m, b, true) {
                    break;
                }
                if !lax && !emptiable(b) {
                    return false;
                }
            }
        }
        lax || base[at..].iter().all(|b| emptiable(b))
    }

    fn unordered(&mut self, mine: &[Arc<Particle>], base: &[Arc<Particle>]) -> bool {
        let mut used = vec![false; base.len()];
        for m in mine {
            let Some(at) = (0..base.len()).find(|&i| !used[i] && self.valid(m, &base[i], true)) else { return false };
            used[at] = true;
        }
        base.iter().zip(used).all(|(b, used)| used || emptiable(b))
    }
}
