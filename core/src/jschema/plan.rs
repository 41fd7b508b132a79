//! A nested resource of a standard: its schema, and what tells a file of it apart.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::documents::Documents;
use super::evidence::{self, Score};
use super::{Problem, Schema};
use crate::check::plan::{TablePlan, table_of_package};
use crate::package::load::keys_table;
use crate::package::{Package, Resource};
use crate::read::Form;

/// Schema files that may refer to each other.
#[derive(Debug, Default)]
pub struct Files {
    /// Names and bytes.
    files: Vec<(String, Vec<u8>)>,
    read: OnceLock<Result<Documents, Problem>>,
}

impl Files {
    /// These files, in this order.
    pub fn new(files: Vec<(String, Vec<u8>)>) -> Arc<Files> {
        Arc::new(Files { files, read: OnceLock::new() })
    }

    fn documents(&self) -> &Result<Documents, Problem> {
        self.read.get_or_init(|| {
            let mut documents = Documents::new();
            self.files.iter().try_for_each(|(name, bytes)| super::document(&mut documents, name, bytes))?;
            Ok(documents)
        })
    }
}

/// A nested resource.
#[derive(Debug)]
pub struct Nested {
    /// Its records' keys as a table of texts, with the rules between records.
    pub table: Arc<TablePlan>,
    /// By column of that table: a pointer into the record; empty for the one column of a table without keys.
    pub keys: Vec<String>,
    /// Where its records are in a document, when that is not left to the schema and the file.
    pub records: Option<String>,
    /// Pointers into a document, and the values of which one is there in every document of the resource.
    pub evidence: Vec<(String, Vec<String>)>,
    files: Arc<Files>,
    root: String,
    pointer: String,
    schema: OnceLock<Result<Schema, Problem>>,
}

/// From this score on a file is taken for a resource without being told.
pub const ENOUGH: u32 = 600;

impl Nested {
    /// A resource whose schema is at a place of one of the files: the file's name and a JSON Pointer, empty for the file itself.
    pub fn new(table: Arc<TablePlan>, files: Arc<Files>, root: &str, pointer: &str) -> Nested {
        Nested {
            table,
            keys: vec![String::new()],
            records: None,
            evidence: Vec::new(),
            files,
            root: root.to_owned(),
            pointer: pointer.to_owned(),
            schema: OnceLock::new(),
        }
    }

    /// The schema.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn schema(&self) -> Result<&Schema, Problem> {
        let made = self.schema.get_or_init(|| {
            let documents = self.files.documents().clone()?;
            let index = documents.all().iter().position(|d| d.name == self.root);
            let missing =
                || Problem::Missing { file: self.root.clone(), at: String::new(), reference: format!("{}#{}", self.root, self.pointer) };
            index.and_then(|index| Schema::new(documents, index, &self.pointer, true)).ok_or_else(missing)
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// What a file's start says for this resource.
    pub fn score(&self, value: &Value, cut: bool, form: Form) -> Score {
        let contradicted = self.evidence.iter().any(|(pointer, _)| !cut && said(value, pointer).is_none());
        if contradicted || self.contradiction(value).is_some() { Score::default() } else { self.likeness(value, cut, form) }
    }

    /// A value by which a file says that it is not of this resource: its pointer, and the values that it may have.
    pub(super) fn contradiction(&self, value: &Value) -> Option<(String, &str, &[String])> {
        self.evidence.iter().find_map(|(pointer, allowed)| {
            let said = said(value, pointer).filter(|said| !allowed.contains(said))?;
            Some((said, pointer.as_str(), &allowed[..]))
        })
    }

    /// The same whatever the values are that tell the resource apart.
    fn likeness(&self, value: &Value, cut: bool, form: Form) -> Score {
        let Ok(schema) = self.schema() else { return Score::default() };
        let bare = match value {
            Value::Array(entries) if form != Form::Ndjson && !schema.takes_lists() => entries.first(),
            _ => None,
        };
        evidence::score(schema, bare.unwrap_or(value), cut && bare.is_none())
    }
}

/// What a document says at a pointer.
fn said(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

/// The nested resources of a package.
pub fn of_package(package: &Package) -> Vec<Arc<Nested>> {
    let schemas: Vec<(String, Vec<u8>)> = package
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".schema.json") && !path.contains('/'))
        .map(|(p, b)| (p.clone(), b.clone()))
        .collect();
    if schemas.is_empty() {
        return Vec::new();
    }
    let files = Files::new(schemas);
    let standard = package.reference();
    let mut out = Vec::new();
    for resource in &package.resources {
        let Some(described) = &resource.nested else { continue };
        let keyed;
        let of_keys = if resource.tabular {
            // A table of its own: of nested documents only the fields of its key and those that rules name are read.
            let key = resource.schema.primary_key.iter().map(|&f| resource.schema.fields[f].name.as_str());
            let names = package.rules.iter().filter(|r| r.resource == resource.name).flat_map(|r| r.kind.fields());
            let mut unique: Vec<String> = Vec::new();
            for name in key.chain(names) {
                if !unique.iter().any(|u| u == name) {
                    unique.push(name.to_owned());
                }
            }
            let mut schema = keys_table(&unique);
            schema.primary_key = (0..resource.schema.primary_key.len()).collect();
            // Rules compare values by what they mean; whether they are well written, the schema of the documents says.
            for field in &mut schema.fields {
                if let Some(own) = resource.schema.index(&field.name) {
                    field.kind = resource.schema.fields[own].kind.clone();
                }
            }
            keyed = Resource { schema: Arc::new(schema), ..resource.clone() };
            &keyed
        } else {
            resource
        };
        let mut table = table_of_package(package, of_keys, &standard);
        table.keys_of_nested = true;
        table.take_any_text();
        table.layout = None;
        table.fixed = None;
        table.printed = None;
        let pointer = |name: &str| if name.starts_with('/') { name.to_owned() } else { format!("/{name}") };
        let no_keys = table.schema.fields.len() == 1 && table.schema.fields[0].name == "record";
        let keys = table.schema.fields.iter().map(|f| if no_keys { String::new() } else { pointer(&f.name) }).collect();
        let root = format!("{}.schema.json", resource.name);
        let nested = Nested::new(Arc::new(table), files.clone(), &root, "");
        out.push(Arc::new(Nested { keys, records: described.records.clone(), evidence: described.evidence.clone(), ..nested }));
    }
    out
}

/// A plan of one JSON Schema: files of which the first is it, the others those that it refers to.
pub fn of_schema(name: &str, files: Vec<(String, Vec<u8>)>, root: &str, pointer: &str) -> Nested {
    let mut table = TablePlan::new(name, "the schema", Arc::new(keys_table(&[])));
    table.keys_of_nested = true;
    Nested::new(Arc::new(table), Files::new(files), root, pointer)
}

/// Nested resources that a file may be of.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// In order of preference.
    pub all: Vec<Arc<Nested>>,
    /// Whether the standard was named, so that the best one is taken however poor it is.
    pub given: bool,
}

impl PartialEq for Candidates {
    fn eq(&self, other: &Candidates) -> bool {
        self.given == other.given && self.all.len() == other.all.len() && self.all.iter().zip(&other.all).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Eq for Candidates {}

impl Candidates {
    /// The resources of which a file may be that starts so, best first, with their scores.
    pub fn readings(&self, text: &str, form: Form) -> Vec<(Arc<Nested>, Score)> {
        let Some((value, cut)) = evidence::start(text) else { return Vec::new() };
        let by = |score: &dyn Fn(&Nested) -> Score| -> Vec<(Arc<Nested>, Score)> {
            self.all.iter().map(|n| (n.clone(), score(n))).filter(|(_, s)| s.points() > 0).collect()
        };
        let mut all = by(&|nested| nested.score(&value, cut, form));
        if all.is_empty() && self.given {
            // Files state wrong versions; whoever names the standard is believed.
            all = by(&|nested| nested.likeness(&value, cut, form));
        }
        // Stable: of two that fit alike, the first one given is taken.
        all.sort_by_key(|(_, s)| std::cmp::Reverse(s.points()));
        all
    }

    /// The resource of which a file is that starts so.
    pub fn choose(&self, text: &str, form: Form) -> Option<Arc<Nested>> {
        if self.all.is_empty() {
            return None;
        }
        if let ([one], true) = (&self.all[..], self.given)
            && one.evidence.is_empty()
        {
            return Some(one.clone());
        }
        let readings = self.readings(text, form);
        let best = readings.into_iter().next();
        best.filter(|(_, score)| self.given || score.points() >= ENOUGH).map(|(nested, _)| nested)
    }
}
