//! Findings: facts about a file, without prose.
//!
//! A finding says which check found what, where, with which values. Sentences are made in [`crate::render`] from the one table of
//! checks, [`checks::CHECKS`], so that they can be grouped, translated and tested apart from the code that finds.

use std::sync::Arc;

pub mod checks;
pub mod collect;

pub use checks::{CHECKS, Check};
pub use collect::{Cause, Findings};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Must be mended: the file does not meet the standard.
    #[default]
    Error,
    /// Should be mended: likely wrong, or harmful to others.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// Which check found it: one of the engine's, or a rule of a standard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// `C` and three digits; a key into [`CHECKS`].
    Engine(&'static str),
    /// `<standard>/<rule id>`, with the rule's own words.
    Rule(Arc<RuleWords>),
}

/// The words of a standard's rule, carried so that rendering needs no package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct RuleWords {
    pub code: String,
    pub title: String,
    pub why: String,
    pub mend: String,
}

impl Code {
    /// The code as reports show it.
    pub fn text(&self) -> &str {
        match self {
            Code::Engine(code) => code,
            Code::Rule(words) => &words.code,
        }
    }
}

/// Where a finding is. A zero means "not of one place".
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the file in the report.
    pub file: u32,
    /// The row number the person sees in the spreadsheet; the header is row 1, a multi-line cell counts as one row.
    pub row: u64,
    /// The physical line in the file, from 1.
    pub line: u64,
    /// Byte in that line at which the cell starts, from 1.
    pub byte_column: u64,
    /// The data record, from 1.
    pub record: u64,
    /// Zero-based column in the file.
    pub column: Option<u32>,
    /// The column's header, or the field's name where the file has no such column.
    pub field: Option<Arc<str>>,
    /// Where in nested data: a JSON Pointer (RFC 6901) or an XPath.
    pub pointer: Option<Arc<str>>,
}

/// A replacement that would mend a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The whole cell's new text.
    pub replacement: String,
    /// Can be applied without a person's judgement.
    pub safe: bool,
    /// Why it is offered: `near-code`, `trim`, `date-reading`, ….
    pub kind: &'static str,
    /// What speaks for this reading in this column; empty when there is nothing to add.
    pub evidence: String,
}

/// One occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub code: Code,
    /// The variety within the check; chooses the sentence and keeps causes apart. Empty for the plain one.
    pub kind: &'static str,
    /// How grave.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// The cell as read, at most [`MAX_VALUE`] characters; `None` when the finding is not about a value.
    pub value: Option<String>,
    /// Named facts for the sentence.
    pub args: Vec<(&'static str, String)>,
    /// Ways to mend it.
    pub fixes: Vec<Fix>,
}

/// Longest value a finding keeps, in characters; longer ones end in `…`.
pub const MAX_VALUE: usize = 160;

impl Finding {
    /// A finding of an engine check with the check's own severity.
    pub fn new(code: &'static str, kind: &'static str, place: Place) -> Finding {
        let severity = checks::find(code).map_or(Severity::Error, |c| c.severity_of(kind));
        Finding { code: Code::Engine(code), kind, severity, place, value: None, args: Vec::new(), fixes: Vec::new() }
    }

    /// Adds the cell's text, cut to [`MAX_VALUE`].
    pub fn value(mut self, text: &str) -> Finding {
        self.value = Some(cut(text));
        self
    }

    /// Adds a named fact.
    pub fn arg(mut self, name: &'static str, value: impl Into<String>) -> Finding {
        self.args.push((name, value.into()));
        self
    }

    /// Sets another severity than the check's own.
    pub fn severity(mut self, severity: Severity) -> Finding {
        self.severity = severity;
        self
    }

    /// Adds a way to mend it.
    pub fn fix(mut self, replacement: impl Into<String>, safe: bool, kind: &'static str) -> Finding {
        self.fixes.push(Fix { replacement: replacement.into(), safe, kind, evidence: String::new() });
        self
    }

    /// A named fact, when there is one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }
}

/// Cuts a text to [`MAX_VALUE`] characters.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_VALUE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
