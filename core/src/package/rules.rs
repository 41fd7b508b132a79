//! Rules between fields and between records: a closed set of kinds. See `standards/README.md`, "rules.toml".

use super::document_rules::Demand;
use crate::finding::Severity;

/// One rule of a standard. Its finding's code is `<standard>/<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Rule {
    pub id: String,
    /// Name of the resource, or of the document, it speaks of.
    pub resource: String,
    pub kind: RuleKind,
    pub severity: Severity,
    pub title: String,
    pub why: String,
    pub mend: String,
    pub reference: String,
}

/// The closed kinds, with their arguments as field names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RuleKind {
    AnyOf {
        fields: Vec<String>,
    },
    OneOf {
        fields: Vec<String>,
    },
    Requires {
        field: String,
        then: Vec<String>,
    },
    Order {
        first: String,
        then: String,
        strict: bool,
    },
    Implies {
        field: String,
        is: Vec<String>,
        then: String,
        must: Implied,
    },
    Sum {
        total: String,
        parts: Vec<String>,
        tolerance: String,
    },
    Unique {
        fields: Vec<String>,
        empties: bool,
    },
    /// `or` names further resources, any of which may have the values instead; `when` a field and the values for which the rule holds.
    Exists {
        fields: Vec<String>,
        resource: String,
        or: Vec<String>,
        target: Vec<String>,
        when: Option<(String, Vec<String>)>,
    },
    Differ {
        fields: Vec<String>,
    },
    /// The resource, or one of `or`, is in the dataset, or a file that has one of the names of `or_files`.
    Present {
        or: Vec<String>,
        or_files: Vec<String>,
    },
    SamePer {
        key: Vec<String>,
        field: String,
    },
    /// The field's sum over records whose `by` is one of `left` equals that over `right`, for each value of `per`.
    Balance {
        field: String,
        by: String,
        left: Vec<String>,
        right: Vec<String>,
        per: Vec<String>,
        tolerance: String,
    },
    Rows {
        min: u64,
        max: Option<u64>,
    },
    /// About documents of XML: what is demanded within each element of a path, which is counted from the outermost element.
    Within {
        at: String,
        demand: Demand,
    },
}

/// What `implies` demands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Implied {
    In(Vec<String>),
    Filled,
    Empty,
}

impl RuleKind {
    /// The fields that it names in its own resource.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            RuleKind::AnyOf { fields } | RuleKind::OneOf { fields } | RuleKind::Differ { fields } | RuleKind::Unique { fields, .. } => {
                fields.iter().map(String::as_str).collect()
            }
            RuleKind::Exists { fields, when, .. } => fields.iter().chain(when.iter().map(|(field, _)| field)).map(String::as_str).collect(),
            RuleKind::Requires { field, then } => std::iter::once(field).chain(then).map(String::as_str).collect(),
            RuleKind::Order { first, then, .. } => vec![first, then],
            RuleKind::Implies { field, then, .. } => vec![field, then],
            RuleKind::Sum { total, parts, .. } => std::iter::once(total).chain(parts).map(String::as_str).collect(),
            RuleKind::SamePer { key, field } => key.iter().chain([field]).map(String::as_str).collect(),
            RuleKind::Balance { field, by, per, .. } => [field, by].into_iter().chain(per).map(String::as_str).collect(),
            RuleKind::Rows { .. } | RuleKind::Present { .. } | RuleKind::Within { .. } => Vec::new(),
        }
    }
}
