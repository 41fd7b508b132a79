//! What is wrong with a value, each fault once.
//!
//! A checker says everything that every branch of a schema has against a value. People want to hear of the branch that was meant.

use std::collections::BTreeSet;

use serde_json::Value;

/// A fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Where: a JSON Pointer.
    pub at: String,
    /// What.
    pub what: What,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum What {
    /// Another kind of value; the names of JSON Schema's types.
    Kind {
        expected: Vec<&'static str>,
    },
    /// A member is missing.
    Missing {
        name: String,
    },
    /// One of these members is missing.
    MissingOneOf {
        names: Vec<String>,
    },
    /// A member that is not known.
    Unknown {
        name: String,
    },
    /// A member whose name is written differently.
    Misspelt {
        name: String,
        meant: String,
    },
    /// Not one of these values.
    Values {
        allowed: Vec<Value>,
    },
    Pattern {
        pattern: String,
    },
    /// The pattern took more steps than are allowed.
    Bound {
        pattern: String,
    },
    Format {
        format: String,
    },
    /// `minimum`, `maximum`, `above` or `below`, and the bound.
    Range {
        kind: &'static str,
        bound: String,
    },
    Multiple {
        of: String,
    },
    /// `long` or `short`.
    Length {
        kind: &'static str,
        bound: u64,
    },
    /// `many` or `few`.
    Entries {
        kind: &'static str,
        bound: u64,
    },
    /// `many` or `few`.
    Members {
        kind: &'static str,
        bound: u64,
    },
    /// Two entries are the same.
    Repeated,
    /// None of the branches fits; what each has against the value.
    Branches {
        branches: Vec<Vec<Fault>>,
    },
    /// More than one branch fits where only one may.
    Several,
    /// No value is allowed here, or not this one.
    Forbidden,
    /// A name is not as names must be.
    Name {
        name: String,
    },
    /// No entry is as one must be.
    Contains,
    /// A text that holds other data, at fault.
    Content {
        what: String,
    },
    /// Whatever else, by its keyword.
    Other {
        keyword: String,
    },
}

impl What {
    /// Which of several faults of one value says most: the lowest.
    fn rank(&self) -> u8 {
        match self {
            What::Kind { .. } => 0,
            What::Values { .. } => 1,
            What::Format { .. } => 2,
            What::Pattern { .. } | What::Bound { .. } => 3,
            What::Range { .. } | What::Multiple { .. } => 4,
            What::Length { .. } => 5,
            _ => 9,
        }
    }
}

/// Most faults of one value that are told.
const MOST: usize = 100;

/// The faults that people should hear of: branches are settled, and what only repeats another fault is left out. Ordered by place.
pub fn settle(faults: Vec<Fault>) -> Vec<Fault> {
    let mut out: Vec<Fault> = Vec::new();
    for fault in faults {
        match fault.what {
            What::Branches { branches } => out.extend(best(&fault.at, branches.into_iter().map(settle).collect())),
            what => out.push(Fault { at: fault.at, what }),
        }
    }
    spell(&mut out);
    // One value, one fault: of several, the one that says most.
    let scalar = |f: &Fault| f.what.rank() < 9;
    let best_of = |at: &str, all: &[Fault]| all.iter().filter(|f| f.at == at && scalar(f)).map(|f| f.what.rank()).min();
    let ranks: Vec<Option<u8>> = out.iter().map(|f| best_of(&f.at, &out)).collect();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut kept = Vec::new();
    for (fault, best) in out.into_iter().zip(ranks) {
        let key = match &fault.what {
            what if what.rank() < 9 => {
                if Some(what.rank()) != best {
                    continue;
                }
                "value".to_owned()
            }
            what => format!("{what:?}"),
        };
        if kept.len() < MOST && seen.insert((fault.at.clone(), key)) {
            kept.push(fault);
        }
    }
    kept.sort_by(|a, b| a.at.cmp(&b.at));
    kept
}

/// A name that is missing and one that is not known are one fault when they are nearly the same.
fn spell(faults: &mut Vec<Fault>) {
    let missing: Vec<(usize, String, String)> = faults
        .iter()
        .enumerate()
        .filter_map(|(i, f)| if let What::Missing { name } = &f.what { Some((i, f.at.clone(), name.clone())) } else { None })
        .collect();
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    for (i, at, name) in missing {
        let unknown: Vec<String> = faults
            .iter()
            .filter(|f| f.at == at)
            .filter_map(|f| if let What::Unknown { name } = &f.what { Some(name.clone()) } else { None })
            .collect();
        let Some(near) = crate::package::notes::near(&name, unknown.iter().map(String::as_str)) else { continue };
        let is = |f: &Fault| f.at == at && matches!(&f.what, What::Unknown { name } if *name == near);
        if let Some(j) = faults.iter().position(is) {
            faults[j].what = What::Misspelt { name: near, meant: name };
            gone.insert(i);
        }
    }
    let mut i = 0;
    faults.retain(|_| {
        i += 1;
        !gone.contains(&(i - 1))
    });
}

fn depth(pointer: &str) -> usize {
    pointer.bytes().filter(|b| *b == b'/').count()
}

/// What to say where no branch fits: of the branch that was most likely meant.
fn best(at: &str, mut branches: Vec<Vec<Fault>>) -> Vec<Fault> {
    branches.retain(|b| !b.is_empty());
    let one = |what: What| vec![Fault { at: at.to_owned(), what }];
    if branches.is_empty() {
        return one(What::Forbidden);
    }
    // Values of another kind altogether: all kinds that would do.
    let of_kind = |b: &Vec<Fault>| b.iter().any(|f| f.at == at && matches!(f.what, What::Kind { .. }));
    if branches.iter().all(of_kind) {
        let mut expected: Vec<&'static str> = Vec::new();
        for fault in branches.iter().flatten().filter(|f| f.at == at) {
            if let What::Kind { expected: kinds } = &fault.what {
                kinds.iter().for_each(|k| {
                    if !expected.contains(k) {
                        expected.push(k);
                    }
                });
            }
        }
        return one(What::Kind { expected });
    }
    branches.retain(|b| !of_kind(b));
    // Each branch wants a member of its own.
    let wanted: Option<Vec<String>> = branches
        .iter()
        .map(|b| match &b[..] {
            [Fault { at: there, what: What::Missing { name } }] if there == at => Some(name.clone()),
            _ => None,
        })
        .collect();
    if let Some(mut names) = wanted.filter(|n| n.len() > 1) {
        names.dedup();
        if names.len() > 1 {
            return one(What::MissingOneOf { names });
        }
    }
    // Each branch knows the thing by values of one member, and the value is none of them.
    let places: BTreeSet<&str> = branches[0].iter().filter(|f| matches!(f.what, What::Values { .. })).map(|f| f.at.as_str()).collect();
    let of = |b: &Vec<Fault>, place: &str| {
        b.iter().find_map(|f| match &f.what {
            What::Values { allowed } if f.at == place => Some(allowed.clone()),
            _ => None,
        })
    };
    for place in places.into_iter().map(str::to_owned).collect::<Vec<_>>() {
        let Some(all) = branches.iter().map(|b| of(b, &place)).collect::<Option<Vec<_>>>() else { continue };
        let alike = all.windows(2).all(|w| w[0] == w[1]);
        if branches.len() > 1 && !alike && depth(&place) <= depth(at) + 2 {
            let mut allowed: Vec<Value> = Vec::new();
            for value in all.into_iter().flatten() {
                if !allowed.contains(&value) {
                    allowed.push(value);
                }
            }
            return vec![Fault { at: place, what: What::Values { allowed } }];
        }
    }
    let others_accept =
        |i: usize, place: &str| branches.iter().enumerate().any(|(j, b)| j != i && !b.iter().any(|f| f.at == place && f.what.rank() < 9));
    let score = |i: usize, b: &Vec<Fault>| {
        let against: usize = b
            .iter()
            .filter(|f| depth(&f.at) <= depth(at) + 2 && others_accept(i, &f.at))
            .map(|f| match &f.what {
                What::Values { allowed } => {
                    if allowed.len() == 1 {
                        3
                    } else {
                        1
                    }
                }
                What::Forbidden => 2,
                _ => 0,
            })
            .sum();
        let deepest = b.iter().map(|f| depth(&f.at)).max().unwrap_or(0);
        (against, b.len(), usize::MAX - deepest)
    };
    let chosen = (0..branches.len()).min_by_key(|i| score(*i, &branches[*i])).unwrap_or(0);
    branches.swap_remove(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(at: &str, what: What) -> Fault {
        Fault { at: at.to_owned(), what }
    }

    fn missing(name: &str) -> What {
        What::Missing { name: name.to_owned() }
    }

    #[test]
    fn the_branch_that_was_meant_speaks() {
        let values = |v: &[Value]| What::Values { allowed: v.to_vec() };
        // The second branch is that of the value's own type.
        let branches = vec![
            vec![fault("/p/type", values(&[json!("a")])), fault("/p", missing("x"))],
            vec![fault("/p", missing("y")), fault("/p", missing("z"))],
        ];
        let told = settle(vec![fault("/p", What::Branches { branches })]);
        assert_eq!(told, [fault("/p", missing("y")), fault("/p", missing("z"))]);
        // No branch knows the type: the types of all.
        let branches = vec![
            vec![fault("/p/type", values(&[json!("a")])), fault("/p", missing("x"))],
            vec![fault("/p/type", values(&[json!("b"), json!("c")]))],
        ];
        let told = settle(vec![fault("/p", What::Branches { branches })]);
        assert_eq!(told, [fault("/p/type", values(&[json!("a"), json!("b"), json!("c")]))]);
        // Text or nothing.
        let branches =
            vec![vec![fault("/p", What::Format { format: "date".into() })], vec![fault("/p", What::Kind { expected: vec!["null"] })]];
        assert_eq!(settle(vec![fault("/p", What::Branches { branches })]), [fault("/p", What::Format { format: "date".into() })]);
        let branches = vec![vec![fault("", missing("a"))], vec![fault("", missing("b"))]];
        let want = What::MissingOneOf { names: vec!["a".into(), "b".into()] };
        assert_eq!(settle(vec![fault("", What::Branches { branches })]), [fault("", want)]);
    }

    #[test]
    fn one_fault_is_told_once() {
        let told = settle(vec![
            fault("/a", What::Pattern { pattern: "x".into() }),
            fault("/a", What::Kind { expected: vec!["string"] }),
            fault("/a", What::Kind { expected: vec!["string"] }),
            fault("", missing("road_names")),
            fault("", What::Unknown { name: "roadNames".into() }),
            fault("", What::Unknown { name: "colour".into() }),
        ]);
        assert_eq!(
            told,
            [
                fault("", What::Misspelt { name: "roadNames".into(), meant: "road_names".into() }),
                fault("", What::Unknown { name: "colour".into() }),
                fault("/a", What::Kind { expected: vec!["string"] }),
            ]
        );
    }
}
