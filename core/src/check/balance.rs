//! Sums over two kinds of records that must agree: revenue and expense of a budget, debits and credits of a ledger.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::bounds::MAX_BALANCES;
use crate::decimal::Decimal;
use crate::finding::{Code, Finding, Place, Severity};

/// A balance rule, its names made indexes.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BalanceRule {
    pub field: usize,
    pub by: usize,
    pub left: Vec<String>,
    pub right: Vec<String>,
    pub per: Vec<usize>,
    pub tolerance: Decimal,
    pub code: Code,
    pub severity: Severity,
}

/// Sums by the texts of `per`.
#[derive(Debug, Default)]
pub struct Balances {
    groups: BTreeMap<Vec<String>, Sides>,
    /// A group beyond the bound was met, or a row of the wrong length, so no sum is whole.
    unsure: bool,
}

/// The two sums of a group; `None` when a value could not be read, which is a finding of its own and leaves nothing to compare.
#[derive(Debug)]
struct Sides(Option<[Decimal; 2]>);

impl Default for Sides {
    fn default() -> Sides {
        Sides(Some([Decimal::default(), Decimal::default()]))
    }
}

impl Sides {
    fn add(&mut self, side: usize, value: Option<Decimal>) {
        self.0 = self.0.take().zip(value).and_then(|(mut sums, value)| {
            sums[side] = sums[side].add(&value)?;
            Some(sums)
        });
    }
}

impl Balances {
    /// Adds one record. `part` gives a field's text, `None` when it has no value.
    pub fn add<'d>(&mut self, rule: &BalanceRule, part: &dyn Fn(usize) -> Option<Cow<'d, [u8]>>) {
        let text = |f: usize| part(f).map_or_else(String::new, |t| String::from_utf8_lossy(&t).into_owned());
        let by = text(rule.by);
        let side = match (rule.left.contains(&by), rule.right.contains(&by)) {
            (true, _) => 0,
            (_, true) => 1,
            _ => return,
        };
        let value = text(rule.field);
        if !value.is_empty()
            && let Some(sides) = self.group(rule.per.iter().map(|&f| text(f)).collect())
        {
            sides.add(side, Decimal::parse(&value));
        }
    }

    /// Notes that a record could not be read, so that the sums say nothing.
    pub fn unsure(&mut self) {
        self.unsure = true;
    }

    fn group(&mut self, key: Vec<String>) -> Option<&mut Sides> {
        if self.groups.len() >= MAX_BALANCES && !self.groups.contains_key(&key) {
            self.unsure = true;
            return None;
        }
        Some(self.groups.entry(key).or_default())
    }

    /// Adds the sums of the next block.
    pub fn merge(&mut self, more: Balances) {
        self.unsure |= more.unsure;
        for (key, Sides(sums)) in more.groups {
            let Some(sides) = self.group(key) else { continue };
            match sums {
                Some([left, right]) => {
                    sides.add(0, Some(left));
                    sides.add(1, Some(right));
                }
                None => sides.0 = None,
            }
        }
    }
}

impl BalanceRule {
    /// Whether all its fields have a column.
    pub fn can_run(&self, has: &dyn Fn(usize) -> bool) -> bool {
        [self.field, self.by].iter().chain(&self.per).all(|&f| has(f))
    }

    /// One finding for each group whose sums differ by more than the tolerance, in order of the groups' names.
    pub fn findings<'s>(&'s self, sums: &'s Balances, place: &'s Place) -> impl Iterator<Item = Finding> + 's {
        let groups = sums.groups.iter().filter(|_| !sums.unsure);
        groups.filter_map(|(key, Sides(sums))| {
            let [left, right] = sums.as_ref()?;
            let difference = left.add(&right.clone().negated())?;
            let size = if difference.is_negative() { difference.negated() } else { difference };
            if size <= self.tolerance {
                return None;
            }
            let of: String = key.iter().filter(|k| !k.is_empty()).map(|k| format!("{k}: ")).collect();
            let sides = [(&self.left, left), (&self.right, right)].map(|(names, sum)| format!("{} {sum}", names.join(" and ")));
            let mut finding = Finding::new("C211", "", place.clone()).severity(self.severity);
            finding.code = self.code.clone();
            let finding = finding.arg("detail", format!("{of}{}, a difference of {size}", sides.join(", ")));
            Some(finding.arg("left", left.to_string()).arg("right", right.to_string()).arg("difference", size.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn rule(tolerance: &str) -> BalanceRule {
        BalanceRule {
            field: 2,
            by: 1,
            left: vec!["in".to_owned()],
            right: vec!["out".to_owned()],
            per: vec![0],
            tolerance: Decimal::parse(tolerance).unwrap(),
            code: Code::Engine("C211"),
            severity: Severity::Warning,
        }
    }

    fn sums(rule: &BalanceRule, rows: &[[&str; 3]]) -> Balances {
        let mut sums = Balances::default();
        for row in rows {
            sums.add(rule, &|f| (!row[f].is_empty()).then(|| Cow::Borrowed(row[f].as_bytes())));
        }
        sums
    }

    fn details(rule: &BalanceRule, sums: &Balances) -> Vec<String> {
        rule.findings(sums, &Place::default()).map(|f| f.get("detail").unwrap().to_owned()).collect()
    }

    #[test]
    fn each_group_is_compared_by_itself() {
        let rows =
            [["16", "in", "10.10"], ["16", "out", "10.1"], ["17", "in", "5"], ["17", "out", "7"], ["17", "else", "9"], ["17", "in", ""]];
        assert_eq!(details(&rule("0"), &sums(&rule("0"), &rows)), ["17: in 5, out 7, a difference of 2"]);
        assert_eq!(details(&rule("2"), &sums(&rule("2"), &rows)), [""; 0]);
    }

    #[test]
    fn a_value_that_cannot_be_read_leaves_its_group_alone() {
        let rows = [["16", "in", "ten"], ["16", "out", "1"], ["17", "in", "1"]];
        assert_eq!(details(&rule("0"), &sums(&rule("0"), &rows)), ["17: in 1, out 0, a difference of 1"]);
    }

    proptest! {
        /// However a file is cut into blocks, the sums are the same.
        #[test]
        fn blocks_do_not_matter(rows in proptest::collection::vec((0..3u8, any::<bool>(), -999i64..999), 0..40), cut in 0..40usize) {
            let rule = rule("0");
            let texts: Vec<[String; 3]> =
                rows.iter().map(|(g, left, n)| [g.to_string(), if *left { "in" } else { "out" }.to_owned(), n.to_string()]).collect();
            let rows: Vec<[&str; 3]> = texts.iter().map(|r| [&*r[0], &*r[1], &*r[2]]).collect();
            let cut = cut.min(rows.len());
            let mut joined = sums(&rule, &rows[..cut]);
            joined.merge(sums(&rule, &rows[cut..]));
            prop_assert_eq!(details(&rule, &joined), details(&rule, &sums(&rule, &rows)));
        }
    }
}
