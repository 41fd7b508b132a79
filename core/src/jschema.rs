//! JSON Schema, drafts 4, 6, 7, 2019-09 and 2020-12: nested records checked while they stream.
//!
//! A schema is compiled into a program that runs on the bytes of a record without an allocation and answers "clean", "not clean" or "not sure"
//! ([`Answer`]). What it does not say is clean goes to the reference, the `jsonschema` crate, which says what is wrong; of that, people
//! are told each fault once, in the branch that was meant ([`fault`]).
//!
//! - [`documents`]: schema documents and what references between them mean; nothing is fetched.
//! - [`compile`], [`run`]: the program; [`pattern`] and [`format`] are the texts it knows on sight; [`quick`] reads and checks the ordinary
//!   record in one walk, without the tape.
//! - [`layout`]: where the records are in a document.
//! - [`evidence`]: whether a file is of a schema at all, by its start.
//! - [`reader`]: a file's records, one by one, as a reader like those of other forms.
//! - [`scan`]: records of a block, looked at out of order by threads that do not wait for each other.
//! - [`tell`]: findings of faults.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

mod compile;
pub mod documents;
pub mod evidence;
pub mod fault;
mod format;
mod layout;
mod pattern;
pub mod plan;
mod quick;
pub mod reader;
#[cfg(feature = "json-schema")]
mod reference;
mod run;
pub mod scan;
pub mod tape;
mod tell;
#[cfg(test)]
mod tests;
mod uri;

use compile::{At, Compiler, Program};
use documents::{Documents, Draft, Spot};
use fault::Fault;
use layout::Split;
pub use quick::{Ordinary, Quick};
pub use run::{Answer, Space};
use tape::Tape;

/// Codes of the checks that run on documents of a nested resource.
pub const CODES: &[&str] = &[
    "C101", "C105", "C216", "C262", "C308", "C309", "C360", "C361", "C362", "C363", "C364", "C365", "C366", "C367", "C368", "C369", "C371",
    "C372", "C373", "C374", "C375", "C376", "C377", "C430",
];

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Problem {
    /// A place in it is no valid schema.
    Invalid { file: String, at: String, problem: String },
    /// It refers to a document that is not at hand.
    Missing { file: String, at: String, reference: String },
    /// It refers to itself without end.
    Endless { file: String, at: String },
}

/// A schema with the documents it refers to.
#[derive(Debug, Clone)]
pub struct Schema {
    documents: Documents,
    root: Spot,
    formats: bool,
    made: Arc<Made>,
}

/// What was made of a schema once, and is used again for the next document.
#[derive(Debug, Default)]
struct Made {
    takes_lists: OnceLock<bool>,
    lists: OnceLock<Vec<Vec<String>>>,
    compiled: Mutex<Vec<ForList>>,
}

/// What was compiled for a list that is read apart, by the list's path; `None` for documents that are read as a whole.
type ForList = (Option<Vec<String>>, Arc<Compiled>);

impl Schema {
    /// The schema at a place of a document: the document's index and a JSON Pointer, empty for the document itself. `formats` says whether
    /// texts must have the form that `format` names, which versions of JSON Schema leave open. `None` when there is no such place.
    pub fn new(mut documents: Documents, document: usize, pointer: &str, formats: bool) -> Option<Schema> {
        let root = (document, pointer.to_owned());
        documents.enter(&root).then(|| Schema { documents, root, formats, made: Arc::default() })
    }

    /// Whether the root may be a list.
    pub(crate) fn takes_lists(&self) -> bool {
        *self.made.takes_lists.get_or_init(|| self.may_be_list())
    }

    fn may_be_list(&self) -> bool {
        let mut documents = self.documents.clone();
        let mut compiler = Compiler::new(&mut documents, false);
        let at = compiler.add(&self.root);
        let program = compiler.finish();
        let mut at = at as usize;
        // Through references to where the type stands.
        for _ in 0..32 {
            let node = &program.nodes[at];
            if node.types & compile::kinds::LIST == 0 {
                return false;
            }
            match &node.also[..] {
                [compile::Also::All(next)] => at = *next as usize,
                _ => return true,
            }
        }
        true
    }

    /// The lists of records that can be read apart, as paths of names.
    pub fn lists(&self) -> Vec<Vec<String>> {
        let find = || layout::splits(&mut self.documents.clone(), &self.root).into_iter().map(|s| s.path).collect();
        self.made.lists.get_or_init(find).clone()
    }

    /// Compiles the schema for documents that are read as a whole, or record by record where the list of that path is read apart.
    ///
    /// # Errors
    /// Why the schema cannot be used, all reasons.
    pub fn compile(&self, list: Option<&[String]>) -> Result<Arc<Compiled>, Vec<Problem>> {
        let known = || self.made.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, compiled)) = known().iter().find(|(of, _)| of.as_deref() == list) {
            return Ok(compiled.clone());
        }
        let compiled = Arc::new(self.compile_anew(list)?);
        known().push((list.map(<[String]>::to_vec), compiled.clone()));
        Ok(compiled)
    }

    fn compile_anew(&self, list: Option<&[String]>) -> Result<Compiled, Vec<Problem>> {
        let mut documents = self.documents.clone();
        let split = list.and_then(|path| layout::splits(&mut documents, &self.root).into_iter().find(|s| s.path == path));
        let (record, rest) = match &split {
            Some(split) => {
                let root = &documents.all()[self.root.0];
                let (name, draft) = (root.name.clone(), root.draft);
                let uri = root.uri.clone();
                let index = documents.all().len();
                documents.add_as(&name, split.rest.clone(), draft, &uri);
                (split.record.clone(), Some((index, String::new())))
            }
            None => (self.root.clone(), None),
        };
        let mut compiler = Compiler::new(&mut documents, self.formats);
        let record_node = compiler.add(&record);
        let rest_node = rest.as_ref().map(|spot| compiler.add(spot));
        let program = compiler.finish();
        let file = || self.documents.all()[self.root.0].name.clone();
        if let Some(at) = &program.endless {
            return Err(vec![Problem::Endless { file: file(), at: at.clone() }]);
        }
        // A reference that the program cannot follow may be one that the reference can; it has the last word.
        let documents = Arc::new(documents);
        let compiled = Compiled {
            record: Checker::new(record, record_node, self.formats),
            rest: rest.zip(rest_node).map(|(spot, node)| Checker::new(spot, node, self.formats)),
            split,
            program,
            documents,
        };
        if cfg!(not(feature = "json-schema")) && !compiled.program.missing.is_empty() {
            let missing = compiled.program.missing.iter();
            return Err(missing.map(|(r, at)| Problem::Missing { file: file(), at: at.clone(), reference: r.clone() }).collect());
        }
        Ok(compiled)
    }

    /// Everything that is wrong with the schema itself.
    ///
    /// # Errors
    /// The same, as [`Schema::compile`] says it.
    pub fn verify(&self) -> Result<Vec<String>, Vec<Problem>> {
        let compiled = self.compile(None)?;
        compiled.record.verify(&compiled.documents, &compiled.program)?;
        Ok(compiled.program.left.iter().cloned().collect())
    }
}

/// A compiled schema, and how documents are cut by it.
#[derive(Debug)]
pub struct Compiled {
    documents: Arc<Documents>,
    program: Program,
    /// The schema of a record, or of the whole document.
    record: Checker,
    /// The schema of the document without its records.
    rest: Option<Checker>,
    split: Option<Split>,
}

impl Compiled {
    /// Keywords that are left to the reference.
    pub fn left(&self) -> Vec<String> {
        self.program.left.iter().cloned().collect()
    }

    /// What the program says of a record on a tape.
    pub fn check(&self, bytes: &[u8], tape: &Tape, space: &mut Space) -> Answer {
        self.program.run(self.record.node, bytes, tape, space)
    }

    /// The record that starts at a byte, where it is an ordinary one and clean. `None` says nothing about it.
    pub fn quick(&self, bytes: &[u8], from: usize, quick: &mut Quick) -> Option<Ordinary> {
        if !quick.is_willing() {
            return None;
        }
        let found = self.program.quick(self.record.node, bytes, from, quick);
        quick.was(found.is_some());
        found
    }

    /// Whether the reference finds a record valid; `None` when it is not part of this build, or takes the schema for none.
    pub fn reference_accepts(&self, value: &Value) -> Option<bool> {
        self.record.accepts(value, &self.documents)
    }

    /// What is wrong with a record, settled.
    ///
    /// # Errors
    /// When nobody can say: the reference is not part of this build, or takes the schema for none.
    pub fn faults(&self, value: &Value) -> Result<Vec<Fault>, Option<Problem>> {
        self.record.faults(value, &self.documents).map(fault::settle)
    }
}

/// One schema of a set.
#[derive(Debug)]
struct Checker {
    node: At,
    /// Where it stands.
    spot: Spot,
    #[cfg(feature = "json-schema")]
    formats: bool,
    #[cfg(feature = "json-schema")]
    reference: OnceLock<Result<reference::Reference, Problem>>,
}

#[cfg(feature = "json-schema")]
impl Checker {
    fn new(spot: Spot, node: At, formats: bool) -> Checker {
        Checker { node, spot, formats, reference: OnceLock::new() }
    }

    fn reference(&self, documents: &Arc<Documents>) -> Result<&reference::Reference, Problem> {
        let made = self.reference.get_or_init(|| {
            reference::Reference::new(documents, &self.spot, self.formats).map_err(|(at, problem)| {
                let file = documents.all().get(self.spot.0).map(|d| d.name.clone()).unwrap_or_default();
                // The library names what it could not find in its sentence.
                match problem.split(" is not at hand").next().and_then(|t| t.split_whitespace().last()) {
                    Some(reference) if problem.contains(" is not at hand") => {
                        Problem::Missing { file, at, reference: reference.trim_matches('\'').to_owned() }
                    }
                    _ => Problem::Invalid { file, at, problem },
                }
            })
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn accepts(&self, value: &Value, documents: &Arc<Documents>) -> Option<bool> {
        self.reference(documents).ok().map(|r| r.is_valid(value))
    }

    fn faults(&self, value: &Value, documents: &Arc<Documents>) -> Result<Vec<Fault>, Option<Problem>> {
        self.reference(documents).map(|r| r.faults(value)).map_err(Some)
    }

    fn verify(&self, documents: &Arc<Documents>, _program: &Program) -> Result<(), Vec<Problem>> {
        self.reference(documents).map(|_| ()).map_err(|p| vec![p])
    }
}

#[cfg(not(feature = "json-schema"))]
impl Checker {
    fn new(spot: Spot, node: At, _formats: bool) -> Checker {
        Checker { node, spot }
    }

    fn accepts(&self, _value: &Value, _documents: &Arc<Documents>) -> Option<bool> {
        None
    }

    fn faults(&self, _value: &Value, _documents: &Arc<Documents>) -> Result<Vec<Fault>, Option<Problem>> {
        Err(None)
    }

    fn verify(&self, documents: &Arc<Documents>, program: &Program) -> Result<(), Vec<Problem>> {
        let file = documents.all().get(self.spot.0).map(|d| d.name.clone()).unwrap_or_default();
        let missing = program.missing.iter();
        let all: Vec<Problem> =
            missing.map(|(r, at)| Problem::Missing { file: file.clone(), at: at.clone(), reference: r.clone() }).collect();
        if all.is_empty() { Ok(()) } else { Err(all) }
    }
}

/// Whether a value is a JSON Schema, and no Table Schema or descriptor.
pub fn is_schema(value: &Value) -> bool {
    let Some(map) = value.as_object() else { return false };
    let has = |names: &[&str]| names.iter().any(|n| map.contains_key(*n));
    let named = map.get("$schema").and_then(Value::as_str);
    if has(&["fields", "resources"]) && named.is_none_or(|n| Draft::of_address(n).is_none()) {
        return false;
    }
    named.is_some_and(|n| n.contains("json-schema.org"))
        || has(&["properties", "$defs", "definitions", "allOf", "anyOf", "oneOf", "$ref", "items", "components"])
        || map.get("type").is_some_and(Value::is_string)
}

/// Whether a file holds a JSON Schema, and no Table Schema or descriptor.
pub fn is_schema_file(bytes: &[u8]) -> bool {
    serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).is_ok_and(|value: Value| is_schema(&value))
}

/// A schema document from its bytes; the version where it does not say is 2020-12.
///
/// # Errors
/// What is wrong about the JSON.
pub fn document(documents: &mut Documents, name: &str, bytes: &[u8]) -> Result<(), Problem> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let invalid = |problem: String| Problem::Invalid { file: name.to_owned(), at: String::new(), problem };
    let text = text.map_err(|_| invalid("it is not stored as UTF-8".to_owned()))?;
    let value: Value = serde_json::from_str(text).map_err(|e| invalid(e.to_string()))?;
    documents.add(name, value, Draft::D2020);
    Ok(())
}
