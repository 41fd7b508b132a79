//! Documents: files that are checked as they stand by a schema of nested data, and never become rows.
//!
//! A plan says which files it takes, by their form and their first bytes; what it opens takes the bytes as they come by. The rest of the way
//! (unpacking, digests, blocks, reports) is that of every other file.

use std::fmt::Debug;
use std::sync::Arc;

use super::Form;
use crate::finding::Finding;

/// The check of one document. However the bytes are cut into pieces, the findings are the same.
pub trait Document: Send {
    /// Takes the next bytes. Places in findings are those of the file.
    fn push(&mut self, bytes: &[u8], findings: &mut Vec<Finding>);
    /// Says that no bytes follow.
    fn finish(&mut self, findings: &mut Vec<Finding>);
    /// What the report says of it, once it is finished.
    fn facts(&self) -> DocumentFacts;
}

/// What a report says about a document beside its findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// How its text is stored, as `utf-8`.
    pub encoding: &'static str,
    /// Further facts, as pairs in a fixed order.
    pub more: Vec<(&'static str, String)>,
    /// Records in it.
    pub records: u64,
    /// Checks that ran.
    pub run: Vec<String>,
    /// Checks that did not run, and why.
    pub skipped: Vec<(String, String)>,
}

/// Takes documents of one kind.
pub trait DocumentKind: Debug + Send + Sync {
    /// The standard that it belongs to, as `id@version` or the name of a schema file.
    fn standard(&self) -> &str;
    /// The resource's name; empty for a bare schema.
    fn resource(&self) -> &str;
    /// The form of its files.
    fn form(&self) -> Form;
    /// How surely a file of this form with these first bytes is such a document: 0 is no, 1 is "as there is nothing better", 2 is by its name.
    fn fits(&self, form: Form, sample: &[u8]) -> u8;
    /// Begins to check one.
    fn open(&self) -> Box<dyn Document>;
}

/// The kinds of documents that a file may be.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    kinds: Vec<Arc<dyn DocumentKind>>,
    only: bool,
}

impl PartialEq for Documents {
    fn eq(&self, other: &Documents) -> bool {
        self.only == other.only
            && self.kinds.len() == other.kinds.len()
            && self.kinds.iter().zip(&other.kinds).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Eq for Documents {}

impl Documents {
    /// These kinds; where several fit alike, the first is taken.
    pub fn new(kinds: impl IntoIterator<Item = Arc<dyn DocumentKind>>) -> Documents {
        Documents { kinds: kinds.into_iter().collect(), only: false }
    }

    /// Says that nothing but these is asked for: a file of their form that fits none of them is checked against the first, which tells why.
    pub fn only(self) -> Documents {
        Documents { only: true, ..self }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The kind that fits best.
    pub fn find(&self, form: Form, sample: &[u8]) -> Option<&Arc<dyn DocumentKind>> {
        let mut best: Option<(u8, &Arc<dyn DocumentKind>)> = None;
        for kind in &self.kinds {
            let fits = kind.fits(form, sample);
            if fits > best.map_or(0, |(b, _)| b) {
                best = Some((fits, kind));
            }
        }
        let first = || self.kinds.iter().find(|kind| self.only && kind.form() == form);
        best.map(|(_, kind)| kind).or_else(first)
    }
}
