//! Findings that a damaged file repeats without end: the first ones are told one by one, the rest is counted.

use std::collections::VecDeque;

use crate::bounds::MAX_TOLD;
use crate::finding::{Finding, Place};

/// Occurrences of one kind of finding.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    code: &'static str,
    /// The kind that says how many more there are.
    more_kind: &'static str,
    told: u64,
    more: u64,
}

impl Tally {
    /// Counts findings of a check; its kind `more` has the sentence for those that are not told.
    pub(crate) fn new(code: &'static str) -> Tally {
        Tally { code, more_kind: "more", told: 0, more: 0 }
    }

    /// Tells a finding, or counts it when enough are told.
    pub(crate) fn tell(&mut self, findings: &mut Vec<Finding>, make: impl FnOnce() -> Finding) {
        if self.told < MAX_TOLD {
            self.told += 1;
            findings.push(make());
        } else {
            self.more += 1;
        }
    }

    /// Says how many were not told.
    pub(crate) fn finish(&mut self, findings: &mut Vec<Finding>) {
        if self.more > 0 {
            let finding = Finding::new(self.code, self.more_kind, Place::default());
            findings.push(finding.arg("count", self.more.to_string()).arg("told", self.told.to_string()));
        }
        (self.told, self.more) = (0, 0);
    }
}

/// Findings about bytes that are told only when reading has come to their place, so that their order among others does not depend on how
/// the bytes were cut.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pending {
    waiting: VecDeque<Finding>,
}

impl Pending {
    /// Takes findings in the order of their places; those without a place are the last.
    pub(crate) fn add(&mut self, findings: Vec<Finding>) {
        self.waiting.extend(findings);
    }

    /// Whether none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Tells those before a line and byte.
    pub(crate) fn due(&mut self, line: u64, byte_column: u64, findings: &mut Vec<Finding>) {
        while let Some(first) = self.waiting.front() {
            let place = (first.place.line, first.place.byte_column);
            if place.0 == 0 || place >= (line, byte_column) {
                break;
            }
            findings.extend(self.waiting.pop_front());
        }
    }

    /// Tells all that wait.
    pub(crate) fn rest(&mut self, findings: &mut Vec<Finding>) {
        findings.extend(self.waiting.drain(..));
    }

    /// Forgets all that wait: reading stopped before them.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}
