//! Collecting findings about files that describe data, and what those readers share.

use crate::finding::{Finding, Place};

/// Most findings kept of one file; a file with more is not read by anybody.
const MAX_NOTES: usize = 1000;

/// Findings about one file.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Name of the file, put into each finding; empty when the report says it anyway.
    file: String,
    found: Vec<Finding>,
    full: bool,
}

/// A finding at a place inside a file. An empty `at` means the file as a whole.
pub(crate) fn note(code: &'static str, kind: &'static str, at: &str) -> Finding {
    let finding = Finding::new(code, kind, Place::default());
    if at.is_empty() { finding } else { finding.arg("at", at) }
}

impl Notes {
    pub(crate) fn new(file: &str) -> Notes {
        Notes { file: file.to_owned(), found: Vec::new(), full: false }
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        if self.found.len() < MAX_NOTES {
            let finding = if self.file.is_empty() { finding } else { finding.arg("file", &*self.file) };
            self.found.push(finding);
        } else if !self.full {
            self.full = true;
            self.found.push(note("C914", "findings", "").arg("limit", MAX_NOTES.to_string()));
        }
    }

    /// Whether further findings would be passed over, so that nobody needs to work them out.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    pub(crate) fn finish(self) -> Vec<Finding> {
        self.found
    }
}

/// Adds a named fact when there is one.
pub(crate) fn arg_if(finding: Finding, name: &'static str, value: Option<String>) -> Finding {
    match value {
        Some(value) => finding.arg(name, value),
        None => finding,
    }
}

/// The known name that `text` was most likely meant to be: equal but for case and signs, or at most a quarter of its letters away.
pub(crate) fn near<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // Long texts are no slips of the pen, and comparing them costs the product of the lengths.
    if text.is_empty() || text.len() > 60 {
        return None;
    }
    let plain = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let wanted = plain(text);
    let allowed = (wanted.len() / 4).max(1);
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        if name.len() > 60 {
            continue;
        }
        let distance = distance(&wanted, &plain(name));
        if distance <= allowed && distance < wanted.len() && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name.to_owned())
}

/// Letters to insert, delete, replace, or exchange with their neighbour to come from one text to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut least = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(a[i] != b[j]));
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The text without a byte order mark; `None` when it is not UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()
}

/// `a, b, c`
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        for (text, near_name) in [
            ("requred", Some("required")),
            ("Required", Some("required")),
            ("reqiured", Some("required")),
            ("min_length", Some("minLength")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(near(text, ["required", "minLength", "title"]).as_deref(), near_name, "{text}");
        }
    }
}
