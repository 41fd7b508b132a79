//! Rows that are sums of others: taken out of the records, and compared with the sum of their records, exactly.

use std::sync::Arc;

use super::super::{Row, Rows};
use super::amount::{minus, within};
use super::{Amounts, Body, Names, Only, names_of};
use crate::decimal::Decimal;
use crate::finding::{Finding, Place};
use crate::package::layout::{TotalKind, TotalsStep};

/// Most findings about single cells; beyond it they are only counted.
const MAX_FOUND: usize = 10_000;

/// The step.
#[derive(Debug)]
pub(super) struct Totals {
    step: TotalsStep,
    names: Arc<Names>,
    amounts: Amounts,
    header: Vec<String>,
    /// The columns of amounts.
    columns: Vec<usize>,
    /// By amount column: whether print may round it.
    rounded: Vec<bool>,
    kinds: Vec<Running>,
    /// The records since the last row that sums others, or looks as if it did; and all of them. By amount column, and how many.
    since: (Vec<Decimal>, u64),
    all: (Vec<Decimal>, u64),
    /// Columns that hold no amounts.
    labels: Vec<usize>,
    /// A last total has been seen; what follows is a footer.
    over: bool,
    /// Whether there was a record at all.
    any: bool,
    footer: Option<(Place, String, u64)>,
    rows: u64,
    checked: u64,
    tied: u64,
    /// Those of them that are not exactly the sum, but as near as the layout allows.
    near: u64,
    found: usize,
}

/// One kind of totals, as far as the rows have gone.
#[derive(Debug)]
struct Running {
    /// Where its pattern is looked for.
    columns: Vec<usize>,
    /// Where such a row says nothing, or that it is a total.
    empty: Vec<usize>,
    only: Option<Only>,
    by: Vec<usize>,
    group: Vec<String>,
    /// By amount column: the sum of the records since the last total of this kind.
    sums: Vec<Decimal>,
    /// By amount column: how far inner totals were from their sums, so that one fault is told once.
    carried: Vec<Decimal>,
    /// By amount column: how many of the records are written without a fraction.
    whole: Vec<u64>,
    records: u64,
}

impl Running {
    fn restart(&mut self) {
        let zero = Decimal::from_i64(0);
        self.sums.fill(zero.clone());
        self.carried.fill(zero);
        self.whole.fill(0);
        self.records = 0;
    }
}

impl Totals {
    pub(super) fn new(step: &TotalsStep, names: Arc<Names>, amounts: Amounts) -> Totals {
        Totals {
            step: step.clone(),
            names,
            amounts,
            header: Vec::new(),
            columns: Vec::new(),
            rounded: Vec::new(),
            kinds: Vec::new(),
            since: (Vec::new(), 0),
            all: (Vec::new(), 0),
            labels: Vec::new(),
            over: false,
            any: false,
            footer: None,
            rows: 0,
            checked: 0,
            tied: 0,
            near: 0,
            found: 0,
        }
    }

    /// Which kind of total this row is. Where several look alike, it is the innermost that the sums speak for; a kind for certain records
    /// only is more particular than one for all.
    fn kind_of(&self, row: Row<'_>) -> Option<usize> {
        let says = |k: &usize| {
            let kind = &self.kinds[*k];
            let named = |&c: &usize| self.step.totals[*k].pattern.is_match(row.text(c).trim());
            kind.columns.iter().any(named) && kind.empty.iter().all(|c| row.text(*c).trim().is_empty() || named(c))
        };
        let mut alike: Vec<usize> = (0..self.kinds.len()).filter(says).collect();
        if alike.iter().any(|&k| self.kinds[k].only.is_some()) {
            alike.retain(|&k| self.kinds[k].only.is_some());
        }
        if alike.len() < 2 {
            return alike.first().copied();
        }
        let filled = || alike.iter().copied().filter(|&k| self.kinds[k].records > 0);
        filled().find(|&k| self.ties(k, row)).or_else(|| filled().next()).or_else(|| alike.last().copied())
    }

    /// Whether every amount of a row is the sum of its kind.
    fn ties(&self, k: usize, row: Row<'_>) -> bool {
        (0..self.columns.len()).all(|at| {
            let text = row.text(self.columns[at]).trim();
            let allowed = self.allowed(k, at, text);
            text.is_empty()
                || self
                    .amounts
                    .read(text)
                    .and_then(|printed| minus(&printed, &self.kinds[k].sums[at]))
                    .is_some_and(|d| within(&d, &allowed))
        })
    }

    /// How far a total may be from its records: where print rounds to whole units, half of one for each record and for the total.
    fn allowed(&self, k: usize, at: usize, text: &str) -> Decimal {
        let tolerance = &self.step.tolerance;
        if !self.rounded[at] || self.amounts.has_fraction(text) {
            return tolerance.clone();
        }
        let tenths = i64::try_from(self.kinds[k].whole[at].saturating_add(1)).unwrap_or(i64::MAX).saturating_mul(5);
        let half = Decimal::parse(&format!("{}.{}", tenths / 10, tenths % 10));
        half.and_then(|half| tolerance.add(&half)).unwrap_or_else(|| tolerance.clone())
    }

    /// How many records a row adds up that is not declared as a total, but calls itself one and has the sums of rows above: of those since the
    /// last total, of a group, or of all.
    fn looks_like(&self, row: Row<'_>) -> Option<u64> {
        let called = |text: &str| text.as_bytes().windows(5).any(|w| w.eq_ignore_ascii_case(b"total"));
        // What fills a column that totals leave empty is a record, as the layout says.
        let is_record = |k: &Running| k.empty.iter().any(|&c| !row.text(c).trim().is_empty());
        if !self.labels.iter().any(|&c| called(row.text(c))) || self.kinds.iter().any(is_record) {
            return None;
        }
        let mut printed = Vec::with_capacity(self.columns.len());
        for (at, &column) in self.columns.iter().enumerate() {
            let text = row.text(column).trim();
            if !text.is_empty() {
                printed.push((at, self.amounts.read(text)?));
            }
        }
        if printed.iter().all(|(_, amount)| *amount == Decimal::from_i64(0)) {
            return None;
        }
        let groups = self.kinds.iter().map(|k| (&k.sums, k.records)).chain([(&self.since.0, self.since.1), (&self.all.0, self.all.1)]);
        groups.filter(|(_, records)| *records > 0).find(|(sums, _)| printed.iter().all(|(at, amount)| sums[*at] == *amount)).map(|g| g.1)
    }

    fn record(&mut self, row: Row<'_>, findings: &mut Vec<Finding>) {
        self.any = true;
        let mut amounts = Vec::with_capacity(self.columns.len());
        let mut whole = Vec::with_capacity(self.columns.len());
        for at in 0..self.columns.len() {
            let text = row.text(self.columns[at]).trim();
            let amount = self.amounts.read(text);
            if amount.is_none() && !text.is_empty() {
                self.push(Finding::new("C261", "", super::place(row, Some(self.columns[at]), &self.header)).value(text), findings);
            }
            whole.push(self.rounded[at] && !text.is_empty() && !self.amounts.has_fraction(text));
            amounts.push(amount);
        }
        for (sums, records) in [&mut self.since, &mut self.all] {
            *records += 1;
            add(sums, &amounts);
        }
        for kind in &mut self.kinds {
            if kind.only.as_ref().is_some_and(|o| !o.holds(row)) {
                continue;
            }
            let same = kind.group.len() == kind.by.len() && kind.by.iter().zip(&kind.group).all(|(&c, v)| row.text(c).trim() == v);
            if !same {
                kind.restart();
                kind.group = kind.by.iter().map(|&c| row.text(c).trim().to_owned()).collect();
            }
            kind.records += 1;
            kind.whole.iter_mut().zip(&whole).for_each(|(count, is)| *count += u64::from(*is));
            add(&mut kind.sums, &amounts);
        }
    }

    /// Compares a total with its records, and begins anew.
    fn total(&mut self, k: usize, row: Row<'_>, findings: &mut Vec<Finding>) {
        self.rows += 1;
        let declared: TotalKind = self.step.totals[k].clone();
        let alone = declared.only.is_some();
        if declared.check && self.kinds[k].records == 0 && self.columns.iter().any(|&c| !self.is_zero(row.text(c))) {
            self.push(Finding::new("C407", "", super::place(row, None, &self.header)).value(&super::joined(row)), findings);
        } else if declared.check {
            for at in 0..self.columns.len() {
                let column = self.columns[at];
                let text = row.text(column).trim();
                if text.is_empty() {
                    continue;
                }
                let place = super::place(row, Some(column), &self.header);
                let Some(printed) = self.amounts.read(text) else {
                    self.push(Finding::new("C261", "total", place).value(text), findings);
                    continue;
                };
                self.checked += 1;
                let (sum, carried) = (self.kinds[k].sums[at].clone(), self.kinds[k].carried[at].clone());
                let Some(difference) = minus(&printed, &sum) else { continue };
                let allowed = self.allowed(k, at, text);
                if within(&difference, &allowed) {
                    self.tied += 1;
                    self.near += u64::from(difference != Decimal::from_i64(0));
                } else {
                    let told = minus(&difference, &carried).is_some_and(|rest| within(&rest, &allowed));
                    // A program that sums a column of years takes the year in its header for an amount.
                    let year = year_of(&self.header[column])
                        .is_some_and(|year| minus(&difference, &year).is_some_and(|d| within(&d, &self.step.tolerance)));
                    let kind = if told {
                        "carried"
                    } else if year {
                        "header-year"
                    } else {
                        ""
                    };
                    let finding = Finding::new("C403", kind, place).value(text).arg("printed", printed.to_string());
                    let finding = finding.arg("sum", sum.to_string()).arg("difference", difference.to_string());
                    self.push(finding.arg("records", self.kinds[k].records.to_string()), findings);
                }
                // Outer totals that are sums of this one carry its fault on; what it had carried itself they know already.
                if !alone && let Some(own) = minus(&difference, &carried) {
                    for outer in &mut self.kinds[k + 1..] {
                        if let Some(more) = outer.carried[at].add(&own) {
                            outer.carried[at] = more;
                        }
                    }
                }
            }
        }
        self.since = (vec![Decimal::from_i64(0); self.columns.len()], 0);
        if alone {
            self.kinds[k].restart();
        } else {
            self.kinds[..=k].iter_mut().for_each(Running::restart);
        }
        self.over |= declared.last;
    }

    fn is_zero(&self, text: &str) -> bool {
        text.trim().is_empty() || self.amounts.read(text).is_some_and(|d| d == Decimal::from_i64(0))
    }

    fn push(&mut self, finding: Finding, findings: &mut Vec<Finding>) {
        self.found += 1;
        if self.found <= MAX_FOUND {
            findings.push(finding);
        }
    }
}

fn add(sums: &mut [Decimal], amounts: &[Option<Decimal>]) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        if let Some(more) = amount.as_ref().and_then(|a| sum.add(a)) {
            *sum = more;
        }
    }
}

/// The four digits of a header such as `2008` or `FY2008`, when it has no others.
fn year_of(header: &str) -> Option<Decimal> {
    let digits: String = header.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 4 { Decimal::parse(&digits) } else { None }
}

impl Body for Totals {
    fn header(&mut self, header: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.header = names_of(header);
        self.columns = self.names.select(&self.header, &self.step.sum);
        let rounded: Vec<usize> = self.step.rounded.iter().filter_map(|n| self.names.find(&self.header, n)).collect();
        self.rounded = self.columns.iter().map(|c| rounded.contains(c)).collect();
        self.kinds = self
            .step
            .totals
            .iter()
            .map(|kind| {
                let at = |names: &[String]| names.iter().filter_map(|n| self.names.find(&self.header, n)).collect::<Vec<usize>>();
                let zero = Decimal::from_i64(0);
                Running {
                    columns: at(&kind.columns),
                    empty: at(&kind.empty),
                    // A condition whose column is not there never holds: nothing of that kind can be summed.
                    only: kind.only.as_ref().map(|o| {
                        Only::of(o, &self.names, &self.header).unwrap_or(Only { column: usize::MAX, is: Vec::new(), matches: None })
                    }),
                    by: at(&kind.by),
                    group: Vec::new(),
                    sums: vec![zero.clone(); self.columns.len()],
                    carried: vec![zero; self.columns.len()],
                    whole: vec![0; self.columns.len()],
                    records: 0,
                }
            })
            .collect();
        let zero = vec![Decimal::from_i64(0); self.columns.len()];
        (self.since, self.all) = ((zero.clone(), 0), (zero, 0));
        self.labels = (0..self.header.len()).filter(|c| !self.columns.contains(c)).collect();
        if self.columns.is_empty() {
            findings.push(Finding::new("C246", "totals", super::place(header, None, &[])));
        }
        out.push(header);
    }

    fn row(&mut self, row: Row<'_>, out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.over {
            if !row.is_blank() {
                let place = super::place(row, None, &[]);
                self.footer.get_or_insert_with(|| (place, super::joined(row), 0)).2 += 1;
            }
            return;
        }
        if row.is_blank() {
            out.push(row);
            return;
        }
        match self.kind_of(row) {
            Some(k) => self.total(k, row, findings),
            None => {
                if let Some(records) = self.looks_like(row) {
                    // It is kept as the record that the layout takes it for, but in no sum.
                    let finding = Finding::new("C408", "", super::place(row, None, &self.header)).value(&super::joined(row));
                    self.push(finding.arg("records", records.to_string()), findings);
                    self.since = (vec![Decimal::from_i64(0); self.columns.len()], 0);
                } else {
                    self.record(row, findings);
                }
                out.push(row);
            }
        }
    }

    fn end(&mut self, _out: &mut Rows, findings: &mut Vec<Finding>) {
        if self.found > MAX_FOUND {
            let finding = Finding::new("C260", "findings", Place::default()).arg("bound", MAX_FOUND.to_string());
            findings.push(finding.arg("count", self.found.to_string()));
        }
        if let Some((place, text, count)) = self.footer.take() {
            findings.push(Finding::new("C252", "", place).value(&text).arg("count", count.to_string()));
        }
        if self.rows > 0 {
            findings.push(Finding::new("C251", "", Place::default()).arg("count", self.rows.to_string()));
        }
        if self.checked > 0 {
            let kind = if self.tied == self.checked { "" } else { "some" };
            let finding = Finding::new("C404", kind, Place::default()).arg("tied", self.tied.to_string());
            let finding = finding.arg("count", self.checked.to_string());
            findings.push(if self.near > 0 { finding.arg("near", self.near.to_string()) } else { finding });
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        vec!["C251", "C252", "C260", "C261", "C403", "C404", "C407", "C408"]
    }
}
