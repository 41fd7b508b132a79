//! Rules between the fields of one record: the closed kinds of `rules.toml` that need nothing but the record.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::fast::iso_date;
use crate::decimal::Decimal;
use crate::finding::{Code, Severity};
use crate::package::rules::{Implied, RuleKind};
use crate::schema::{FieldType, TableSchema};
use crate::value;

/// A rule on one record, its names made indexes.
#[derive(Debug, Clone)]
pub struct RowRule {
    /// What a break of it is.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// All fields it reads, in the order of its arguments.
    pub fields: Vec<usize>,
    kind: RowKind,
}

#[derive(Debug, Clone)]
enum RowKind {
    AnyOf,
    OneOf,
    Differ,
    Requires,
    Order { strict: bool },
    Implies { is: Vec<String>, must: Implied },
    Sum { tolerance: Decimal },
}

/// How a record breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The field to point at.
    pub field: usize,
    /// Named facts for the sentence.
    pub args: Vec<(&'static str, String)>,
}

impl RowRule {
    /// Compiles a rule; `None` when it is of another kind or names a field that the schema does not have (the package's own check says so).
    pub fn compile(kind: &RuleKind, code: Code, severity: Severity, schema: &TableSchema) -> Option<RowRule> {
        let all = |names: &[String]| names.iter().map(|n| schema.index(n)).collect::<Option<Vec<usize>>>();
        let after = |first: &String, rest: &[String]| all(&[std::slice::from_ref(first), rest].concat());
        let (fields, kind) = match kind {
            RuleKind::AnyOf { fields } => (all(fields)?, RowKind::AnyOf),
            RuleKind::OneOf { fields } => (all(fields)?, RowKind::OneOf),
            RuleKind::Differ { fields } => (all(fields)?, RowKind::Differ),
            RuleKind::Requires { field, then } => (after(field, then)?, RowKind::Requires),
            RuleKind::Order { first, then, strict } => (after(first, std::slice::from_ref(then))?, RowKind::Order { strict: *strict }),
            RuleKind::Implies { field, is, then, must } => {
                (after(field, std::slice::from_ref(then))?, RowKind::Implies { is: is.clone(), must: must.clone() })
            }
            RuleKind::Sum { total, parts, tolerance } => (after(total, parts)?, RowKind::Sum { tolerance: Decimal::parse(tolerance)? }),
            _ => return None,
        };
        Some(RowRule { code, severity, fields, kind })
    }

    /// Whether two rules, on fields that hold the same, are broken by the same records; rules that name values of the fields never are.
    pub(crate) fn says_the_same(&self, other: &RowRule) -> bool {
        match (&self.kind, &other.kind) {
            (RowKind::AnyOf, RowKind::AnyOf) | (RowKind::OneOf, RowKind::OneOf) | (RowKind::Differ, RowKind::Differ) => true,
            (RowKind::Requires, RowKind::Requires) => true,
            (RowKind::Order { strict: a }, RowKind::Order { strict: b }) => a == b,
            (RowKind::Sum { tolerance: a }, RowKind::Sum { tolerance: b }) => a == b,
            _ => false,
        }
    }

    /// Whether the order of its fields matters.
    pub(crate) fn is_ordered(&self) -> bool {
        !matches!(self.kind, RowKind::AnyOf | RowKind::OneOf | RowKind::Differ)
    }

    /// Whether the rule can run when only these fields have a column. An any-of rule reads an absent column as empty, and so does an implication
    /// from an empty cell.
    pub fn can_run(&self, has: &dyn Fn(usize) -> bool) -> bool {
        match &self.kind {
            RowKind::AnyOf | RowKind::OneOf => self.fields.iter().any(|&f| has(f)),
            RowKind::Implies { is, .. } if is.iter().any(String::is_empty) => self.fields.iter().any(|&f| has(f)),
            _ => self.fields.iter().all(|&f| has(f)),
        }
    }

    /// Whether a file without any of the rule's columns breaks it as a whole.
    pub fn needs_a_column(&self) -> bool {
        matches!(self.kind, RowKind::AnyOf)
    }

    /// Cases in which a record keeps the rule, whatever its cells say: the fields that are filled, and those that are empty.
    pub(crate) fn kept_when(&self) -> Vec<(Vec<usize>, Vec<usize>)> {
        let Some((&first, rest)) = self.fields.split_first() else { return Vec::new() };
        let empty = |f: usize| (Vec::new(), vec![f]);
        match &self.kind {
            RowKind::AnyOf => self.fields.iter().map(|&f| (vec![f], Vec::new())).collect(),
            RowKind::OneOf | RowKind::Differ => {
                let others = |at: usize| self.fields.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, f)| *f).collect();
                (0..self.fields.len()).map(|at| (Vec::new(), others(at))).collect()
            }
            RowKind::Requires => vec![empty(first), (rest.to_vec(), Vec::new())],
            RowKind::Order { .. } => self.fields.iter().map(|&f| empty(f)).collect(),
            RowKind::Implies { is, must } => {
                let idle = (!is.iter().any(String::is_empty)).then(|| empty(first));
                let then = rest.first().and_then(|&then| match must {
                    Implied::In(_) => None,
                    Implied::Filled => Some((vec![then], Vec::new())),
                    Implied::Empty => Some(empty(then)),
                });
                idle.into_iter().chain(then).collect()
            }
            RowKind::Sum { .. } => vec![empty(first)],
        }
    }

    /// Where the rule is that one day is not after another, both written in one way: the two fields, and whether they must differ.
    pub(crate) fn orders_days(&self, schema: &TableSchema) -> Option<(usize, usize, bool)> {
        let (RowKind::Order { strict }, &[first, then]) = (&self.kind, &self.fields[..]) else { return None };
        let alike = matches!((&schema.fields[first].kind, &schema.fields[then].kind), (FieldType::Date(x), FieldType::Date(y)) if x == y);
        alike.then_some((first, then, *strict))
    }

    /// Whether one record certainly keeps the rule; *no* only means that [`RowRule::broken`] has to be asked. `get` gives a field's text, empty
    /// when there is no value. Nothing is allocated.
    #[inline]
    pub(crate) fn keeps<'a>(&self, schema: &TableSchema, get: impl Fn(usize) -> &'a [u8]) -> bool {
        let filled = |f: usize| !get(f).is_empty();
        let (Some(&first), then) = (self.fields.first(), self.fields.get(1)) else { return false };
        match (&self.kind, then) {
            (RowKind::AnyOf, _) => self.fields.iter().any(|&f| filled(f)),
            (RowKind::OneOf, _) => self.fields.iter().filter(|&&f| filled(f)).count() < 2,
            (RowKind::Requires, _) => !filled(first) || self.fields[1..].iter().all(|&f| filled(f)),
            (RowKind::Order { strict }, Some(&then)) => {
                let (a, b) = (get(first), get(then));
                if a.is_empty() || b.is_empty() {
                    return true;
                }
                let same = match (&schema.fields[first].kind, &schema.fields[then].kind) {
                    (FieldType::Date(x), FieldType::Date(y)) => x == y,
                    _ => false,
                };
                same && iso_date(a) && iso_date(b) && if *strict { a < b } else { a <= b }
            }
            (RowKind::Implies { is, must }, Some(&then)) => {
                let a = get(first);
                if !is.iter().any(|v| v.as_bytes() == a) {
                    return true;
                }
                match must {
                    Implied::In(values) => values.iter().any(|v| v.as_bytes() == get(then)),
                    Implied::Filled => filled(then),
                    Implied::Empty => !filled(then),
                }
            }
            (RowKind::Sum { .. }, _) => !filled(first),
            _ => false,
        }
    }

    /// Looks at one record. `get` gives a field's text, empty when there is no value.
    pub fn broken<'a>(&self, schema: &TableSchema, get: &dyn Fn(usize) -> Cow<'a, str>) -> Option<Break> {
        let filled = |f: usize| !get(f).is_empty();
        let names = |fields: &[usize]| fields.iter().map(|&f| schema.fields[f].name.as_str()).collect::<Vec<_>>().join(", ");
        let broken = |field, args| Some(Break { field, args });
        let (&first, rest) = self.fields.split_first()?;
        match &self.kind {
            RowKind::AnyOf if self.fields.iter().any(|&f| filled(f)) => None,
            RowKind::AnyOf => broken(first, vec![("fields", names(&self.fields))]),
            RowKind::OneOf => {
                let given: Vec<usize> = self.fields.iter().copied().filter(|&f| filled(f)).collect();
                if given.len() < 2 { None } else { broken(given[1], vec![("fields", names(&given))]) }
            }
            RowKind::Differ => {
                let same = |(i, f): (usize, &usize)| filled(*f) && self.fields[..i].iter().any(|&earlier| get(earlier) == get(*f));
                let at = self.fields.iter().enumerate().find(|&(i, f)| same((i, f))).map(|(_, &f)| f)?;
                broken(at, vec![("fields", names(&self.fields))])
            }
            RowKind::Requires => {
                if !filled(first) {
                    return None;
                }
                let absent = rest.iter().copied().find(|&f| !filled(f))?;
                broken(absent, vec![("if", names(&[first])), ("if_value", get(first).into_owned()), ("then", names(&[absent]))])
            }
            RowKind::Order { strict } => {
                let then = *rest.first()?;
                let (a, b) = (get(first), get(then));
                if a.is_empty() || b.is_empty() {
                    return None;
                }
                let wrong = match compare(schema, first, &a, then, &b)? {
                    Ordering::Less => false,
                    Ordering::Equal => *strict,
                    Ordering::Greater => true,
                };
                if !wrong {
                    return None;
                }
                broken(
                    then,
                    vec![
                        ("first", names(&[first])),
                        ("first_value", a.into_owned()),
                        ("then", names(&[then])),
                        ("then_value", b.into_owned()),
                    ],
                )
            }
            RowKind::Implies { is, must } => {
                let then = *rest.first()?;
                let (a, b) = (get(first), get(then));
                if !is.iter().any(|v| *v == *a) {
                    return None;
                }
                let holds = match must {
                    Implied::In(values) => values.iter().any(|v| *v == *b),
                    Implied::Filled => !b.is_empty(),
                    Implied::Empty => b.is_empty(),
                };
                if holds {
                    return None;
                }
                let mut args =
                    vec![("if", names(&[first])), ("if_value", a.into_owned()), ("then", names(&[then])), ("then_value", b.into_owned())];
                if let Implied::In(values) = must {
                    args.push(("allowed", values.join(", ")));
                }
                broken(then, args)
            }
            RowKind::Sum { tolerance } => {
                let read = |f: usize| {
                    let text = get(f);
                    if text.is_empty() { Some(Decimal::default()) } else { Decimal::parse(&text) }
                };
                if !filled(first) {
                    return None;
                }
                let total = read(first)?;
                let mut sum = Decimal::default();
                for &part in rest {
                    sum = sum.add(&read(part)?)?;
                }
                let difference = total.add(&sum.clone().negated())?;
                let size = if difference.is_negative() { difference.clone().negated() } else { difference.clone() };
                if size <= *tolerance {
                    return None;
                }
                broken(
                    first,
                    vec![
                        ("total", total.to_string()),
                        ("sum", sum.to_string()),
                        ("difference", difference.to_string()),
                        ("parts", names(rest)),
                    ],
                )
            }
        }
    }
}

/// Compares two texts by their fields' types; `None` when one of them is no value of its type (which is a finding of its own).
fn compare(schema: &TableSchema, a_field: usize, a: &str, b_field: usize, b: &str) -> Option<Ordering> {
    let (a_kind, b_kind) = (&schema.fields[a_field].kind, &schema.fields[b_field].kind);
    if matches!((a_kind, b_kind), (FieldType::Date(x), FieldType::Date(y)) if x == y) && iso_date(a.as_bytes()) && iso_date(b.as_bytes()) {
        return Some(a.cmp(b));
    }
    value::read(a_kind, a).ok()?.partial_cmp(&value::read(b_kind, b).ok()?)
}
