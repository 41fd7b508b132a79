//! The crosswalk model: how one layout becomes another. See `standards/README.md`, "crosswalks".
//!
//! Steps are a closed set. A new need becomes a new step here, with its row in the table of that page, never an expression language.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Layout, Manifest, Package, Resource, StandardRef, Tier};
use crate::schema::{FieldsMatch, TableSchema};

/// A crosswalk from one layout to the package it lies in.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Crosswalk {
    /// Reference of the source package, `id@version`.
    pub from: String,
    /// Reference of the target package, `id@version`.
    pub to: String,
    pub title: String,
    pub reference: String,
    pub reviewed: String,
    /// The source itself, where it is no package: only in a crosswalk of a user's own.
    pub source: Option<OwnSource>,
    pub lost: Vec<Lost>,
    pub tables: Vec<TableMap>,
}

/// A source that is described in the crosswalk: one table, of which only the headers are known.
#[derive(Debug, Clone)]
pub struct OwnSource {
    /// The table's name.
    pub resource: String,
    /// The headers; all cells are texts.
    pub fields: Vec<String>,
    /// How an untidy file becomes the table, at most one.
    pub layouts: Vec<Layout>,
}

impl PartialEq for OwnSource {
    fn eq(&self, other: &OwnSource) -> bool {
        // Steps hold compiled patterns, which are the same when they are written the same.
        (&self.resource, &self.fields) == (&other.resource, &other.fields)
            && format!("{:?}", self.layouts) == format!("{:?}", other.layouts)
    }
}

impl OwnSource {
    /// The source as a package, under the reference by which the crosswalk calls it.
    pub fn package(&self, reference: &str) -> Package {
        let reference = StandardRef::parse(reference).unwrap_or(StandardRef { id: "export".to_owned(), version: None });
        let names: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let schema = TableSchema { fields_match: FieldsMatch::Partial, ..TableSchema::of_texts(&names) };
        let manifest = Manifest {
            version: reference.version.unwrap_or_else(|| "draft".to_owned()),
            title: reference.id.clone(),
            id: reference.id,
            tier: Tier::Local,
            ..Manifest::default()
        };
        let resources = vec![Resource::of_table(&self.resource, &self.resource, schema)];
        Package { manifest, resources, layouts: self.layouts.clone(), ..Package::default() }
    }
}

/// Source fields that the target cannot carry, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Lost {
    pub table: String,
    pub fields: Vec<String>,
    pub why: String,
}

/// How rows of one source table become rows of one target table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableMap {
    /// Source resource, or `@once`.
    pub from: String,
    /// Target resource.
    pub to: String,
    /// One target row per piece of a cell.
    pub explode: Option<Explode>,
    /// Target fields by which rows are written once; `["*"]` for all; empty for no de-duplication.
    pub distinct: Vec<String>,
    /// `(source field, target field)` whose totals are balanced.
    pub sums: Vec<(String, String)>,
    /// Rows dropped by declared rules.
    pub skip: Vec<Skip>,
    /// Target fields in the order written.
    pub fields: Vec<FieldMap>,
}

/// Splitting one cell into several rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Explode {
    pub field: String,
    /// `None`: any run of blanks.
    pub at: Option<String>,
}

/// A declared rule that drops rows.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Skip {
    pub when: Condition,
    pub why: String,
}

/// How one target field gets its value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct FieldMap {
    pub to: String,
    pub from: Input,
    pub steps: Vec<Step>,
    pub otherwise: Otherwise,
}

/// Where a value starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// No source: the steps start with a constant.
    Nothing,
    /// One source field.
    Field(String),
    /// Several source fields, for `concat`, `first` and `project`.
    Fields(Vec<String>),
    /// The exploded piece, `@piece`.
    Piece,
    /// A value the user gives, `@given:<name>`.
    Given(String),
}

/// What a value becomes that a step cannot treat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Otherwise {
    #[default]
    Empty,
    Keep,
    Reject,
}

impl Input {
    /// The source fields that are read.
    pub fn names(&self) -> &[String] {
        match self {
            Input::Field(name) => std::slice::from_ref(name),
            Input::Fields(names) => names,
            Input::Nothing | Input::Piece | Input::Given(_) => &[],
        }
    }
}

/// A condition on one source field.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Condition {
    pub field: String,
    pub test: Test,
}

/// The tests of a condition.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Test {
    Is(Vec<String>),
    Not(Vec<String>),
    Empty(bool),
    Matches(regex::Regex),
    /// Does not match.
    Unlike(regex::Regex),
}

impl PartialEq for Test {
    fn eq(&self, other: &Test) -> bool {
        match (self, other) {
            (Test::Is(a), Test::Is(b)) | (Test::Not(a), Test::Not(b)) => a == b,
            (Test::Empty(a), Test::Empty(b)) => a == b,
            (Test::Matches(a), Test::Matches(b)) | (Test::Unlike(a), Test::Unlike(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

/// One step. The page `standards/README.md` says what each does.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Step {
    Trim(End),
    Squeeze,
    Case(Case),
    Replace(Vec<(String, String)>),
    Strip(String),
    Split {
        at: String,
        take: i32,
    },
    Cut {
        from: u32,
        to: u32,
    },
    Pad {
        to: u32,
        with: char,
    },
    Number(NumberStep),
    Date {
        from: Vec<String>,
        to: String,
    },
    Lookup {
        table: Arc<LookupTable>,
        fold: bool,
    },
    Codes {
        list: String,
        fold: bool,
    },
    Unit {
        from: String,
        to: String,
        places: u32,
    },
    Project {
        from: String,
        to: String,
        take: Axis,
        places: u32,
    },
    Concat(String),
    First,
    Constant(String),
    Default(String),
    Given(String),
    When {
        when: Condition,
        then: Vec<Step>,
        otherwise: Vec<Step>,
    },
    Uuid(String),
    /// These texts before and behind; `{name}` in them stands for what the user gives under that name.
    Wrap(String, String),
    /// A moment counted in seconds since 1970 (UTC) as a time; `true` for milliseconds.
    Epoch(bool),
    /// Adds how far a local time is from UTC, by the zone that the user gives under this name.
    Zone(String),
}

/// Ends of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum End {
    Both,
    Start,
    End,
}

/// Letter cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Case {
    Upper,
    Lower,
    Title,
    Sentence,
}

/// Which coordinate a projection gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Axis {
    X,
    Y,
    Xy,
}

/// How a local number is written, and how it shall be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NumberStep {
    /// Default `.`.
    pub decimal: Option<char>,
    pub group: Option<char>,
    pub symbols: Vec<String>,
    pub negative: Negative,
    pub whole: bool,
    pub places: Option<u32>,
    /// Multiply by this power of ten first, given as "100" or "0.01".
    pub scale: Option<String>,
}

/// How negatives are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Negative {
    #[default]
    Sign,
    Parentheses,
    Trailing,
}

/// A lookup table read from a CSV beside the crosswalk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookupTable {
    /// File name.
    pub name: String,
    /// Keys (folded to trimmed lower case when the step folds) to values; a `<Null>` is kept as the empty text.
    pub map: HashMap<String, String>,
}
