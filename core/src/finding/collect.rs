//! Collecting findings: true counts always, stored occurrences capped, causes grouped.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Code, Finding, Severity};

/// Findings with one code, kind, file, column and severity.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Cause {
    pub code: Code,
    pub kind: &'static str,
    pub severity: Severity,
    pub file: u32,
    pub column: Option<u32>,
    pub field: Option<Arc<str>>,
    /// How many, stored or not.
    pub count: u64,
    pub first_row: u64,
    pub last_row: u64,
    /// The first occurrences, at most [`SAMPLES`].
    pub samples: Vec<Finding>,
}

/// How many occurrences a cause keeps as samples.
pub const SAMPLES: usize = 3;

/// A collector. Adding is in the order of the file, so that the stored ones are the first ones on every machine.
#[derive(Debug, Clone)]
pub struct Findings {
    cap: usize,
    stored: Vec<Finding>,
    causes: Vec<Cause>,
    by_key: HashMap<CauseKey, usize>,
    counts: [u64; 3],
    rows_at_fault: u64,
    last_faulty: (u32, u64),
}

type CauseKey = (Code, &'static str, Severity, u32, Option<u32>, Option<Arc<str>>);

impl Findings {
    /// A collector that stores at most `cap` occurrences, beside each cause's samples.
    pub fn new(cap: usize) -> Findings {
        Findings {
            cap,
            stored: Vec::new(),
            causes: Vec::new(),
            by_key: HashMap::new(),
            counts: [0; 3],
            rows_at_fault: 0,
            last_faulty: (u32::MAX, 0),
        }
    }

    /// Adds an occurrence.
    pub fn add(&mut self, finding: Finding) {
        self.counts[finding.severity as usize] += 1;
        let place = &finding.place;
        if finding.severity == Severity::Error && place.row > 0 && self.last_faulty != (place.file, place.row) {
            self.last_faulty = (place.file, place.row);
            self.rows_at_fault += 1;
        }
        let key = (
            finding.code.clone(),
            finding.kind,
            finding.severity,
            place.file,
            place.column,
            if place.column.is_none() { place.field.clone() } else { None },
        );
        let at = *self.by_key.entry(key).or_insert_with(|| {
            self.causes.push(Cause {
                code: finding.code.clone(),
                kind: finding.kind,
                severity: finding.severity,
                file: place.file,
                column: place.column,
                field: place.field.clone(),
                count: 0,
                first_row: place.row,
                last_row: place.row,
                samples: Vec::new(),
            });
            self.causes.len() - 1
        });
        let cause = &mut self.causes[at];
        cause.count += 1;
        cause.first_row = cause.first_row.min(place.row);
        cause.last_row = cause.last_row.max(place.row);
        let keep_sample = cause.samples.len() < SAMPLES;
        if self.stored.len() < self.cap {
            if keep_sample {
                cause.samples.push(finding.clone());
            }
            self.stored.push(finding);
        } else if keep_sample {
            cause.samples.push(finding);
        }
    }

    /// The stored occurrences, in order.
    pub fn stored(&self) -> &[Finding] {
        &self.stored
    }

    /// The causes in the order in which each was first met.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// True count of one severity.
    pub fn count(&self, severity: Severity) -> u64 {
        self.counts[severity as usize]
    }

    /// Rows with at least one error.
    pub fn rows_at_fault(&self) -> u64 {
        self.rows_at_fault
    }

    /// Whether occurrences were counted but not stored.
    pub fn truncated(&self) -> bool {
        self.counts.iter().sum::<u64>() > self.stored.len() as u64
    }
}
