//! Rules of records that are settled by which of their cells are filled.
//!
//! Most rules between fields ask first, or only, whether cells are filled. That is known from the index alone, without a look at any text; so a walk down
//! each of their columns settles nearly all records, and [`RowRule::broken`] is asked about the others.

use super::rows::RowRule;

/// A record's cells as bits: bit `i` says that field `i` of the look is certainly filled, bit `i + 32` that it is certainly empty. Where neither is certain
/// both are zero.
pub(crate) type Cells = u64;

/// Fields that a look can tell apart.
const FIELDS: usize = 32;

/// Some rules of a table, and the fields they read.
#[derive(Debug, Clone, Default)]
pub(crate) struct FirstLook {
    fields: Vec<usize>,
    /// The rule's index, and the cells by which it is kept: one of these is enough.
    rules: Vec<(usize, Vec<Cells>)>,
}

impl FirstLook {
    /// A look at those rules that `runs` names.
    pub(crate) fn new(rules: &[RowRule], runs: impl Fn(usize) -> bool) -> FirstLook {
        let mut look = FirstLook::default();
        for (i, rule) in rules.iter().enumerate().filter(|(i, _)| runs(*i)) {
            for &field in &rule.fields {
                if !look.fields.contains(&field) && look.fields.len() < FIELDS {
                    look.fields.push(field);
                }
            }
            let cells = |fields: &[usize]| {
                let bit = |f: &usize| look.fields.iter().position(|known| known == f).map(|at| FirstLook::bit(at, true));
                fields.iter().try_fold(0, |cells: Cells, f| Some(cells | bit(f)?))
            };
            // A case whose fields cannot be told apart is left out: then the rule is asked.
            let cases =
                rule.kept_when().into_iter().filter_map(|(filled, empty)| Some(cells(&filled)? | cells(&empty)? << FIELDS)).collect();
            look.rules.push((i, cases));
        }
        look
    }

    /// The fields whose cells are looked at, in the order of their bits.
    pub(crate) fn fields(&self) -> &[usize] {
        &self.fields
    }

    /// The rules that are looked at, in order.
    pub(crate) fn rules(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().map(|(rule, _)| *rule)
    }

    /// The bit of a field's cell.
    #[inline(always)]
    pub(crate) fn bit(at: usize, filled: bool) -> Cells {
        1 << (at + FIELDS * usize::from(!filled))
    }

    /// Calls `ask` with every row whose cells do not settle the rule at a place of [`FirstLook::rules`].
    #[inline(always)]
    pub(crate) fn unsettled(&self, at: usize, rows: &[Cells], mut ask: impl FnMut(usize)) {
        let Some((_, cases)) = self.rules.get(at) else { return };
        // Nearly all rules have two cases.
        let has = |row: Cells, case: Cells| row & case == case;
        if let &[one, other] = &cases[..] {
            rows.iter().enumerate().filter(|(_, row)| !(has(**row, one) | has(**row, other))).for_each(|(r, _)| ask(r));
        } else {
            rows.iter().enumerate().filter(|(_, row)| !cases.iter().any(|&case| has(**row, case))).for_each(|(r, _)| ask(r));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::finding::{Code, Severity};
    use crate::package::rules::{Implied, RuleKind};
    use crate::schema::TableSchema;

    fn names(indexes: &[usize]) -> Vec<String> {
        indexes.iter().map(|i| format!("f{i}")).collect()
    }

    fn kind() -> impl Strategy<Value = RuleKind> {
        let field = 0usize..4;
        let one = || (0usize..4).prop_map(|i| format!("f{i}"));
        let some = proptest::collection::vec(field, 1..4).prop_map(|mut list| {
            list.dedup();
            names(&list)
        });
        let must = prop_oneof![Just(Implied::Filled), Just(Implied::Empty), Just(Implied::In(vec!["a".to_owned()]))];
        let is = prop_oneof![Just(vec!["a".to_owned()]), Just(vec![String::new(), "b".to_owned()])];
        (0u8..7, some, one(), one(), must, is).prop_map(|(kind, fields, first, then, must, is)| match kind {
            0 => RuleKind::AnyOf { fields },
            1 => RuleKind::OneOf { fields },
            2 => RuleKind::Differ { fields },
            3 => RuleKind::Requires { field: first, then: fields },
            4 => RuleKind::Order { first, then, strict: true },
            5 => RuleKind::Implies { field: first, is, then, must },
            _ => RuleKind::Sum { total: first, parts: fields, tolerance: "0".to_owned() },
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        /// What a look settles is kept by the rule itself, whatever the filled cells say.
        #[test]
        fn what_is_settled_is_kept(kinds in proptest::collection::vec(kind(), 1..4), row in proptest::collection::vec("[ab1]?", 4), known in 0u8..16) {
            let schema = TableSchema::of_texts(&["f0", "f1", "f2", "f3"]);
            let compile = |kind| RowRule::compile(kind, Code::Engine("C401"), Severity::Error, &schema);
            let rules: Vec<RowRule> = kinds.iter().filter_map(compile).collect();
            let look = FirstLook::new(&rules, |_| true);
            let bits = look.fields().iter().enumerate().filter(|(_, f)| known >> **f & 1 == 1);
            let cells: Cells = bits.map(|(at, f)| FirstLook::bit(at, !row[*f].is_empty())).sum();
            for (at, rule) in look.rules().enumerate() {
                let mut asked = false;
                look.unsettled(at, &[cells], |_| asked = true);
                prop_assert!(asked || rules[rule].broken(&schema, &|f| Cow::Borrowed(row[f].as_str())).is_none());
            }
        }
    }
}
