//! Two sums that must be the same: revenues and expenses of a budget, debits and credits of a ledger. By group, exactly.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Row, Rows};
use super::amount::{minus, within};
use super::{Amounts, Body, Names, Only, names_of};
use crate::bounds::MAX_GROUPS;
use crate::decimal::Decimal;
use crate::finding::{Finding, Place};
use crate::package::layout::{BalanceStep, Side};

/// The step.
#[derive(Debug)]
pub(super) struct Balance {
    step: BalanceStep,
    names: Arc<Names>,
    amounts: Amounts,
    left: Option<(usize, Option<Only>)>,
    right: Option<(usize, Option<Only>)>,
    by: Vec<usize>,
    groups: BTreeMap<Vec<String>, (Decimal, Decimal)>,
    /// The bound on groups was hit.
    full: bool,
}

impl Balance {
    pub(super) fn new(step: &BalanceStep, names: Arc<Names>, amounts: Amounts) -> Balance {
        let groups = BTreeMap::new();
        Balance { step: step.clone(), names, amounts, left: None, right: None, by: Vec::new(), groups, full: false }
    }

    fn side(&self, side: &Side, header: &[String]) -> Option<(usize, Option<Only>)> {
        let only = match &side.only {
            None => None,
            Some(only) => Some(Only::of(only, &self.names, header)?),
        };
        Some((self.names.find(header, &side.sum)?, only))
    }

    fn amount(&self, side: Option<&(usize, Option<Only>)>, row: Row<'_>) -> Option<Decimal> {
        let (column, only) = side?;
        if only.as_ref().is_some_and(|o| !o.holds(row)) {
            return None;
        }
        self.amounts.read(row.text(*column))
    }
}

/// What a side is, in words.
fn words(side: &Side) -> String {
    match &side.only {
        Some(only) if only.is.is_empty() => format!("{} of certain {}", side.sum, only.column),
        Some(only) => format!("{} of {} {}", side.sum, only.column, only.is.join(" or ")),
        None => side.sum.clone(),
    }
}

impl Body for Balance {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        let names = names_of(header);
        self.left = self.side(&self.step.left, &names);
        self.right = self.step.right.as_ref().and_then(|r| self.side(r, &names));
        self.by = self.step.by.iter().filter_map(|n| self.names.find(&names, n)).collect();
        if self.left.is_none() || (self.right.is_none() && self.step.right.is_some()) {
            findings.push(Finding::new("C246", "balance", super::place(header, None, &[])).value(&words(&self.step.left)));
            self.left = None;
        }
        out.push(header);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, _findings: &mut Vec<Finding>) {
        out.push(row);
        if self.left.is_none() || row.is_blank() {
            return;
        }
        let (left, right) = (self.amount(self.left.as_ref(), row), self.amount(self.right.as_ref(), row));
        if left.is_none() && right.is_none() {
            return;
        }
        let group: Vec<String> = self.by.iter().map(|&c| row.text(c).trim().to_owned()).collect();
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&group) {
            self.full = true;
            return;
        }
        let zero = Decimal::from_i64(0);
        let (a, b) = self.groups.entry(group).or_insert_with(|| (zero.clone(), zero));
        for (sum, amount) in [(a, left), (b, right)] {
            if let Some(more) = amount.and_then(|n| sum.add(&n)) {
                *sum = more;
            }
        }
    }

    fn end(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.full {
            findings.push(Finding::new("C260", "", Place::default()).arg("bound", MAX_GROUPS.to_string()));
        }
        let (left_words, right_words) = (words(&self.step.left), self.step.right.as_ref().map(words));
        let mut even = 0u64;
        let mut last = String::new();
        for (group, (left, right)) in &self.groups {
            let Some(difference) = minus(left, right) else { continue };
            if within(&difference, &self.step.tolerance) {
                even += 1;
                last = left.to_string();
                continue;
            }
            let finding = Finding::new("C405", if right_words.is_some() { "" } else { "zero" }, Place::default());
            let mut finding = finding.arg("left", left_words.as_str()).arg("sum", left.to_string());
            if let Some(words) = &right_words {
                finding = finding.arg("right", words.as_str()).arg("other", right.to_string());
            }
            if !group.is_empty() {
                finding = finding.arg("group", group.join(", "));
            }
            findings.push(finding.arg("difference", difference.to_string()));
        }
        if even > 0 {
            let kind = match (&right_words, even) {
                (None, _) => "zero",
                (Some(_), 1) => "",
                (Some(_), _) => "several",
            };
            let mut finding = Finding::new("C406", kind, Place::default()).arg("left", left_words);
            if let Some(words) = right_words {
                finding = finding.arg("right", words);
            }
            let finding = finding.arg("sum", last);
            findings.push(if even > 1 { finding.arg("count", even.to_string()) } else { finding });
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C260", "C405", "C406"]
    }
}
