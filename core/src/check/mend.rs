//! Ways to mend a cell: every reading that people may have meant, in the field's own form.

pub(super) mod date;
pub(super) mod number;

/// A replacement before it is known whether the field's rules accept it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) replacement: String,
    pub(super) safe: bool,
    pub(super) kind: &'static str,
    pub(super) evidence: String,
}

impl Offer {
    pub(super) fn new(replacement: impl Into<String>, safe: bool, kind: &'static str) -> Offer {
        Offer { replacement: replacement.into(), safe, kind, evidence: String::new() }
    }

    pub(super) fn because(mut self, evidence: String) -> Offer {
        self.evidence = evidence;
        self
    }
}

/// Words with which people say that there is no value, and a spreadsheet's error values.
const PLACEHOLDERS: [&str; 19] = [
    "n/a",
    "na",
    "n.a.",
    "none",
    "null",
    "nil",
    "-",
    "--",
    "—",
    "?",
    "tbd",
    "unknown",
    "not available",
    "#n/a",
    "#value!",
    "#ref!",
    "#div/0!",
    "#name?",
    "#num!",
];

/// Whether a text stands for a missing value.
pub(super) fn is_placeholder(text: &str) -> bool {
    PLACEHOLDERS.contains(&text.to_lowercase().as_str())
}
