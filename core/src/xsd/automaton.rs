//! Content models as automata: positions after Glushkov, made deterministic. Repetitions that would grow large written out are counted.

use std::collections::HashMap;
use std::rc::Rc;

use super::model::{Order, Particle, Term, UNBOUNDED};

/// Repetitions are written out up to this many positions each, and counted beyond.
const WRITTEN_OUT: u64 = 300;
/// Most states of one automaton.
const STATES: usize = 20_000;

/// What may stand at a position: a number of the caller's table of elements and wildcards.
pub(super) type Leaf = u32;

/// What keeps a model from becoming an automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelFault {
    /// Two particles may both take the same element.
    Ambiguous(Leaf, Leaf),
    Size,
}

/// A model with particles reduced to what matters for the order of elements.
#[derive(Debug, Clone)]
pub(super) enum Model {
    Empty,
    /// Nothing fits.
    Never,
    Leaf(Leaf),
    Sequence(Vec<Model>),
    Choice(Vec<Model>),
    Repeat(Box<Model>, u32, u32),
}

impl Model {
    /// Reads a particle; `leaf` numbers elements and wildcards. Groups of `all` are no business of this module.
    pub(super) fn new(p: &Particle, leaf: &mut impl FnMut(&Term) -> Leaf) -> Model {
        let inner = match &p.term {
            Term::Group(Order::Choice, list) if list.is_empty() => Model::Never,
            Term::Group(Order::Choice, list) => Model::Choice(list.iter().map(|p| Model::new(p, leaf)).collect()),
            Term::Group(_, list) => Model::Sequence(list.iter().map(|p| Model::new(p, leaf)).collect()),
            term => Model::Leaf(leaf(term)),
        };
        match (p.min, p.max) {
            (1, 1) => inner,
            (_, 0) => Model::Empty,
            (min, max) => Model::Repeat(Box::new(inner), min, max),
        }
    }

    fn size(&self) -> u64 {
        match self {
            Model::Empty | Model::Never => 0,
            Model::Leaf(_) => 1,
            Model::Sequence(list) | Model::Choice(list) => list.iter().fold(0u64, |n, m| n.saturating_add(m.size())),
            Model::Repeat(inner, min, max) => {
                let n = u64::from(if *max == UNBOUNDED { (*min).max(1) } else { *max });
                inner.size().saturating_mul(n)
            }
        }
    }

    pub(super) fn nullable(&self) -> bool {
        match self {
            Model::Empty => true,
            Model::Never | Model::Leaf(_) => false,
            Model::Sequence(list) => list.iter().all(Model::nullable),
            Model::Choice(list) => list.iter().any(Model::nullable),
            Model::Repeat(inner, min, _) => *min == 0 || inner.nullable(),
        }
    }

    /// The model with counts made small: what is ambiguous stays ambiguous, and nothing becomes so.
    fn compressed(&self) -> Model {
        match self {
            Model::Sequence(list) => Model::Sequence(list.iter().map(Model::compressed).collect()),
            Model::Choice(list) => Model::Choice(list.iter().map(Model::compressed).collect()),
            Model::Repeat(inner, min, max) => {
                let inner = Box::new(inner.compressed());
                let min_small = (*min).min(2);
                let max_small = match *max {
                    UNBOUNDED => UNBOUNDED,
                    max if max == *min => min_small,
                    max => (min_small + 1).max(2).min(max),
                };
                Model::Repeat(inner, min_small, max_small)
            }
            other => other.clone(),
        }
    }
}

/// What happens to a counter on the way from one position to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Op {
    /// Only with at least this many rounds done.
    Exit(u16, u32),
    /// Another round, only below this many; without such an end, rounds are counted no further than to the second number, the fewest.
    Again(u16, u32, u32),
    /// The first round.
    Enter(u16),
}

#[derive(Debug, Clone)]
struct Reach {
    position: u32,
    ops: Vec<Op>,
}

#[derive(Debug, Clone, Default)]
struct Part {
    nullable: bool,
    never: bool,
    first: Vec<Reach>,
    last: Vec<Reach>,
}

/// An edge of the automaton of positions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) to: u32,
    pub(super) ops: Vec<Op>,
}

/// Automaton of positions; position 0 is the start.
#[derive(Debug, Default)]
pub(super) struct Positions {
    pub(super) leaves: Vec<Leaf>,
    pub(super) follow: Vec<Vec<Edge>>,
    /// Positions at which the content may end, with the conditions.
    pub(super) ends: Vec<(u32, Vec<Op>)>,
    pub(super) counters: u16,
    limit: usize,
    edges: usize,
    full: bool,
    counted: bool,
}

impl Positions {
    /// `counted`: whether large repetitions are counted rather than written out.
    pub(super) fn new(model: &Model, limit: usize, counted: bool) -> Option<Positions> {
        let mut out = Positions { leaves: vec![Leaf::MAX], follow: vec![Vec::new()], limit, counted, ..Positions::default() };
        let part = out.part(model);
        if !part.never {
            for f in &part.first {
                out.edge(0, f.position, f.ops.clone());
            }
            out.ends = part.last.iter().map(|l| (l.position, l.ops.clone())).collect();
            if part.nullable {
                out.ends.push((0, Vec::new()));
            }
        }
        for list in &mut out.follow {
            list.sort_unstable();
            list.dedup();
        }
        (!out.full).then_some(out)
    }

    fn edge(&mut self, from: u32, to: u32, ops: Vec<Op>) {
        self.edges += 1;
        if self.edges > self.limit.saturating_mul(64) {
            self.full = true;
            return;
        }
        self.follow[from as usize].push(Edge { to, ops });
    }

    fn join(&mut self, last: &[Reach], middle: Option<Op>, first: &[Reach]) {
        for l in last {
            for f in first {
                if self.full {
                    return;
                }
                let mut ops = l.ops.clone();
                ops.extend(middle);
                ops.extend_from_slice(&f.ops);
                self.edge(l.position, f.position, ops);
            }
        }
    }

    fn sequence(&mut self, a: Part, b: Part) -> Part {
        if a.never || b.never {
            return Part { never: true, ..Part::default() };
        }
        self.join(&a.last, None, &b.first);
        let mut first = a.first;
        if a.nullable {
            first.extend(b.first);
        }
        let mut last = b.last;
        if b.nullable {
            last.extend(a.last);
        }
        Part { nullable: a.nullable && b.nullable, never: false, first, last }
    }

    fn part(&mut self, model: &Model) -> Part {
        if self.full {
            return Part::default();
        }
        match model {
            Model::Empty => Part { nullable: true, ..Part::default() },
            Model::Never => Part { never: true, ..Part::default() },
            Model::Leaf(leaf) => {
                let position = self.leaves.len() as u32;
                if self.leaves.len() > self.limit {
                    self.full = true;
                    return Part::default();
                }
                self.leaves.push(*leaf);
                self.follow.push(Vec::new());
                let reach = vec![Reach { position, ops: Vec::new() }];
                Part { nullable: false, never: false, first: reach.clone(), last: reach }
            }
            Model::Sequence(list) => {
                let mut all = Part { nullable: true, ..Part::default() };
                for m in list {
                    let next = self.part(m);
                    all = self.sequence(all, next);
                }
                all
            }
            Model::Choice(list) => {
                let mut all = Part { never: true, ..Part::default() };
                for m in list {
                    let one = self.part(m);
                    if !one.never {
                        all.never = false;
                        all.nullable |= one.nullable;
                        all.first.extend(one.first);
                        all.last.extend(one.last);
                    }
                }
                all
            }
            Model::Repeat(inner, min, max) => self.repeat(inner, *min, *max),
        }
    }

    fn repeat(&mut self, inner: &Model, min: u32, max: u32) -> Part {
        let min = if inner.nullable() { 0 } else { min };
        if max == UNBOUNDED && min <= 1 {
            let mut part = self.part(inner);
            if part.never {
                return Part { never: min > 0, nullable: min == 0, ..Part::default() };
            }
            let (first, last) = (part.first.clone(), part.last.clone());
            self.join(&last, None, &first);
            part.nullable |= min == 0;
            return part;
        }
        if max == 1 {
            let mut part = self.part(inner);
            if part.never && min == 0 {
                part = Part { nullable: true, ..Part::default() };
            }
            part.nullable |= min == 0;
            return part;
        }
        let times = u64::from(if max == UNBOUNDED { min } else { max });
        if self.counted && inner.size().saturating_mul(times) > WRITTEN_OUT {
            return self.count(inner, min, max);
        }
        // min times, then the rest as options within options; without end, the last one repeats.
        let mut all = Part { nullable: true, ..Part::default() };
        let copies = if max == UNBOUNDED { min } else { max };
        let mut optional_last: Vec<Reach> = Vec::new();
        for i in 0..copies {
            if self.full {
                return Part::default();
            }
            let mut next = self.part(inner);
            if max == UNBOUNDED && i + 1 == copies && !next.never {
                let (first, last) = (next.first.clone(), next.last.clone());
                self.join(&last, None, &first);
            }
            if i >= min {
                if next.never {
                    break;
                }
                next.nullable = true;
                // Only the copy just before leads here, so the ends of earlier options are kept apart.
                if i > min || min > 0 {
                    self.join(&all.last, None, &next.first);
                }
                optional_last.append(&mut all.last);
                if i == min && min == 0 {
                    all.first = next.first;
                } else if all.nullable && i == 0 {
                    all.first.extend(next.first);
                }
                all.last = next.last;
            } else {
                all = self.sequence(all, next);
            }
        }
        all.last.append(&mut optional_last);
        all
    }

    fn count(&mut self, inner: &Model, min: u32, max: u32) -> Part {
        let counter = self.counters;
        self.counters += 1;
        let mut part = self.part(inner);
        if part.never {
            return Part { never: min > 0, nullable: min == 0, ..Part::default() };
        }
        let (first, last) = (part.first.clone(), part.last.clone());
        self.join(&last, Some(Op::Again(counter, max, min)), &first);
        for f in &mut part.first {
            f.ops.insert(0, Op::Enter(counter));
        }
        for l in &mut part.last {
            l.ops.push(Op::Exit(counter, min));
        }
        part.nullable |= min == 0;
        part
    }
}

/// Checks that no element can be taken by two particles (Unique Particle Attribution). `overlap` tells whether two leaves share an element, `names` the
/// names of a leaf, empty for a wildcard.
pub(super) fn unambiguous<N: Eq + std::hash::Hash + Copy>(
    model: &Model,
    limit: usize,
    names: &dyn Fn(Leaf) -> Vec<N>,
    overlap: &dyn Fn(Leaf, Leaf) -> bool,
) -> Result<(), ModelFault> {
    let positions = Positions::new(&model.compressed(), limit, false).ok_or(ModelFault::Size)?;
    let mut checked: HashMap<Vec<u32>, ()> = HashMap::new();
    let mut cache: HashMap<Leaf, Rc<[N]>> = HashMap::new();
    for list in &positions.follow {
        let mut leaves: Vec<Leaf> = list.iter().map(|e| positions.leaves[e.to as usize]).collect();
        leaves.sort_unstable();
        leaves.dedup();
        if leaves.len() < 2 || checked.contains_key(&leaves) {
            continue;
        }
        let mut seen: HashMap<N, Leaf> = HashMap::new();
        let mut wild = Vec::new();
        for &leaf in &leaves {
            let own = cache.entry(leaf).or_insert_with(|| names(leaf).into()).clone();
            if own.is_empty() {
                wild.push(leaf);
            }
            for &name in own.iter() {
                if let Some(&other) = seen.get(&name)
                    && other != leaf
                {
                    return Err(ModelFault::Ambiguous(other, leaf));
                }
                seen.insert(name, leaf);
            }
        }
        for &w in &wild {
            if let Some(&other) = leaves.iter().find(|&&o| o != w && overlap(w, o)) {
                return Err(ModelFault::Ambiguous(w, other));
            }
        }
        checked.insert(leaves, ());
    }
    Ok(())
}

/// A deterministic automaton; state 0 is the start.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// For each state whether the content may end, and where each leaf leads.
    pub(super) states: Vec<(bool, Vec<(Leaf, u32)>)>,
}

/// Makes the automaton of positions deterministic. `None` when it would grow too large or counts.
pub(super) fn table(positions: &Positions) -> Option<Table> {
    if positions.counters > 0 {
        return None;
    }
    let mut ends = vec![false; positions.leaves.len()];
    for (p, _) in &positions.ends {
        ends[*p as usize] = true;
    }
    let mut out = Table::default();
    let mut known: HashMap<(bool, Vec<u32>), u32> = HashMap::new();
    let mut open: Vec<Vec<u32>> = Vec::new();
    let mut enter = |set: &[u32], out: &mut Table, open: &mut Vec<Vec<u32>>| -> u32 {
        let mut next: Vec<u32> = set.iter().flat_map(|&p| positions.follow[p as usize].iter().map(|e| e.to)).collect();
        next.sort_unstable();
        next.dedup();
        let accept = set.iter().any(|&p| ends[p as usize]);
        *known.entry((accept, next)).or_insert_with_key(|(accept, next)| {
            out.states.push((*accept, Vec::new()));
            open.push(next.clone());
            out.states.len() as u32 - 1
        })
    };
    enter(&[0], &mut out, &mut open);
    let mut at = 0;
    while at < open.len() {
        if out.states.len() > STATES {
            return None;
        }
        let mut by_leaf: Vec<(Leaf, u32)> = open[at].iter().map(|&p| (positions.leaves[p as usize], p)).collect();
        by_leaf.sort_unstable();
        let mut edges = Vec::new();
        for group in by_leaf.chunk_by(|a, b| a.0 == b.0) {
            let set: Vec<u32> = group.iter().map(|g| g.1).collect();
            edges.push((group[0].0, enter(&set, &mut out, &mut open)));
        }
        out.states[at].1 = edges;
        at += 1;
    }
    Some(out)
}
