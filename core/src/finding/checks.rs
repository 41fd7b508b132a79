//! The one table of the engine's checks: code, severity, and the words for people.
//!
//! Codes are `C` and three digits by stage (1 bytes, 2 structure, 3 values, 4 between records, 5 conversion, 9 packages) and are never
//! reused. `concord explain`, every report and the documentation pages read this table.
//!
//! Sentences are templates: `{value}` is the cell as read, other names are the finding's arguments, and a part in square brackets is
//! left out when one of its names has no value. `{{`, `}}`, `[[` and `]]` stand for the signs themselves.

use std::sync::LazyLock;

use super::Severity;
use Severity::{Error, Info, Warning};

mod bytes;
mod conversion;
mod json;
mod packages;
mod printed;
mod records;
mod structure;
mod values;
mod xml;

/// A kind of finding.
#[derive(Debug)]
pub struct Check {
    /// `C` and three digits.
    pub code: &'static str,
    /// A name in words, with hyphens.
    pub name: &'static str,
    /// How grave, unless a kind says otherwise.
    pub severity: Severity,
    /// What is wrong, as a headline.
    pub title: &'static str,
    /// Why it matters, at most two sentences.
    pub why: &'static str,
    /// The plain kind first, under the empty name.
    pub kinds: &'static [Kind],
}

/// A variety of a check with its own sentences.
#[derive(Debug)]
pub struct Kind {
    /// As in [`super::Finding::kind`].
    pub name: &'static str,
    /// When it differs from the check's.
    pub severity: Option<Severity>,
    /// What is wrong in this place. Template.
    pub message: &'static str,
    /// What was expected, in words. Template; may be empty.
    pub expected: &'static str,
    /// How to mend it in a spreadsheet or a program. Template.
    pub mend: &'static str,
}

/// A kind with the check's own severity.
const fn kind(name: &'static str, message: &'static str, expected: &'static str, mend: &'static str) -> Kind {
    Kind { name, severity: None, message, expected, mend }
}

/// A kind with a severity of its own.
const fn graded(name: &'static str, severity: Severity, message: &'static str, expected: &'static str, mend: &'static str) -> Kind {
    Kind { name, severity: Some(severity), message, expected, mend }
}

/// All checks, by stage; each stage's list is in order of code.
pub const CHECKS: &[&[Check]] = &[
    bytes::CHECKS,
    structure::CHECKS,
    xml::STRUCTURE,
    printed::CHECKS,
    values::CHECKS,
    xml::VALUES,
    json::CHECKS,
    records::CHECKS,
    conversion::CHECKS,
    packages::CHECKS,
    xml::SCHEMAS,
];

/// Every check in order of code.
pub fn all() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().flat_map(|stage| stage.iter())
}

/// The check with this code.
pub fn find(code: &str) -> Option<&'static Check> {
    // Every finding asks, so codes are not compared one after the other.
    static BY_NUMBER: LazyLock<Vec<Option<&'static Check>>> = LazyLock::new(|| {
        let mut out = vec![None; 1000];
        all().filter_map(|c| Some((number(c.code)?, c))).for_each(|(n, c)| out[n] = Some(c));
        out
    });
    BY_NUMBER[number(code)?]
}

/// The three digits of a code.
fn number(code: &str) -> Option<usize> {
    let &[b'C', a, b, c] = code.as_bytes() else { return None };
    let digit = |d: u8| d.is_ascii_digit().then(|| usize::from(d - b'0'));
    Some(digit(a)? * 100 + digit(b)? * 10 + digit(c)?)
}

impl Check {
    /// The kind of that name, or the plain one.
    pub fn kind(&self, name: &str) -> &'static Kind {
        let named = if name.is_empty() { None } else { self.kinds.iter().find(|k| k.name == name) };
        named.unwrap_or(&self.kinds[0])
    }

    /// The severity of findings of this kind.
    pub fn severity_of(&self, kind: &str) -> Severity {
        self.kind(kind).severity.unwrap_or(self.severity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_each_check_has_a_plain_kind() {
        let codes: Vec<&str> = all().map(|c| c.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        // The page of a check is found by its name too.
        let mut seen = std::collections::BTreeSet::new();
        for check in all() {
            assert!(seen.insert(check.name), "{} repeats the name {}", check.code, check.name);
        }
        for check in all() {
            assert!(check.code.len() == 4 && check.code.starts_with('C'), "{}", check.code);
            assert!(!check.kinds.is_empty(), "{} has no kind", check.code);
            assert!(!check.title.is_empty() && !check.why.is_empty(), "{} has no words", check.code);
            let mut names: Vec<_> = check.kinds.iter().map(|k| k.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), check.kinds.len(), "{} repeats a kind", check.code);
        }
    }
}
