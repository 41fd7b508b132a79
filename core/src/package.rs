//! The package model: one version of one standard or local layout, as data. See `standards/README.md` for the format.
//!
//! Loading lives in [`load`], the set of known packages in [`catalog`], the closed kinds of rules in [`rules`], crosswalks in [`crosswalk`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::schema::{Presence, TableSchema};

pub mod catalog;
pub mod crosswalk;
pub mod descriptor;
pub mod document_rules;
pub mod documents;
pub(crate) mod json;
pub mod layout;
pub(crate) mod layout_fixed;
pub(crate) mod layout_printed;
pub mod lint;
pub mod load;
pub(crate) mod notes;
pub mod read_crosswalk;
pub mod references;
pub mod rules;
pub(crate) mod table;
pub(crate) mod toml;
pub(crate) mod xml;

pub use crosswalk::Crosswalk;
pub use layout::Layout;
pub use rules::{Rule, RuleKind};

/// A package, immutable once loaded.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// The manifest.
    pub manifest: Manifest,
    /// The tables in the manifest's order.
    pub resources: Vec<Resource>,
    /// XML documents in the manifest's order.
    pub documents: Vec<documents::XmlResource>,
    /// Code lists by name.
    pub codes: BTreeMap<String, Arc<CodeList>>,
    /// Rules between fields and records.
    pub rules: Vec<Rule>,
    /// How other layouts become this one.
    pub crosswalks: Vec<Crosswalk>,
    /// How untidy files of its tables become tidy, at most one for each resource.
    pub layouts: Vec<Layout>,
    /// Every file of the package as it is, by path with `/`, sorted. Shared, since catalogues copy packages.
    pub files: Arc<BTreeMap<String, Vec<u8>>>,
    /// `sha256:` and 64 hexadecimal digits over the sorted paths, lengths and bytes of all files.
    pub digest: String,
}

/// One tabular resource of a package.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Name, also that of its schema file.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// One record, singular.
    pub record: String,
    /// Whether a dataset must have it (`Required` or `Optional`).
    pub presence: Presence,
    /// Usual file names.
    pub files: Vec<String>,
    /// Columns that give this layout away; when empty, the required ones do.
    pub distinctive: Vec<String>,
    /// The schema with its code lists resolved. Of a resource that is only nested, a table of its records' keys: the fields that rules name.
    pub schema: Arc<TableSchema>,
    /// Whether there is a table of it, with a `.table.json`.
    pub tabular: bool,
    /// How nested documents of it are checked, when there is a `.schema.json`.
    pub nested: Option<NestedResource>,
}

/// What the manifest says about nested documents of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NestedResource {
    /// Where its records are: a JSON Pointer; left to the schema when there is none.
    pub records: Option<String>,
    /// Pointers into a document with the values of which one is there in every document of the resource.
    pub evidence: Vec<(String, Vec<String>)>,
}

/// What `standard.toml` says about the package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Manifest {
    pub id: String,
    pub version: String,
    pub title: String,
    pub description: String,
    pub tier: Tier,
    pub domain: String,
    pub publisher: String,
    pub homepage: String,
    pub licence: String,
    pub status: Status,
    pub supersedes: Vec<String>,
    /// Other packages that it relies on, `id@version` or `id`.
    pub references: Vec<String>,
    pub media_types: Vec<String>,
    /// Whether the standard takes text stored as UTF-8 only (`encoding = "utf-8"`).
    pub utf8_only: bool,
    /// What separates the cells of its files, when it takes nothing else (`delimiter = ","`).
    pub delimiter: Option<u8>,
    /// Whether the tables of an archive lie at its top, and not in a folder (`flat = true`).
    pub flat: bool,
    /// ISO date, when the standard says one.
    pub effective_from: Option<String>,
    /// ISO date.
    pub effective_until: Option<String>,
    pub spec_source: String,
    pub spec_section: String,
    /// What no source states.
    pub unconfirmed: Vec<String>,
}

/// Who accepts the package's layout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Tier {
    #[default]
    National,
    Regional,
    Local,
}

/// Where a version stands in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Status {
    Draft,
    #[default]
    Stable,
    Deprecated,
    Withdrawn,
}

/// A code list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeList {
    /// File name without `.csv`.
    pub name: String,
    /// The codes in file order.
    pub codes: Vec<Code>,
}

/// One code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Code {
    pub code: String,
    pub title: String,
    pub description: String,
    pub deprecated: bool,
    /// The code to use in place of a deprecated one; empty when none.
    pub replaced_by: String,
}

/// A reference to a package: `id@version`, or `id` for the newest stable version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StandardRef {
    /// The standard's id.
    pub id: String,
    /// The version; `None` asks for the newest stable one.
    pub version: Option<String>,
}

impl StandardRef {
    /// Reads `id` or `id@version`. `None` when the text is neither.
    pub fn parse(text: &str) -> Option<StandardRef> {
        let (id, version) = match text.split_once('@') {
            Some((id, version)) => (id, Some(version)),
            None => (text, None),
        };
        let id_ok = !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let version_ok = version.is_none_or(|v| {
            !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) && !v.contains("..")
        });
        (id_ok && version_ok).then(|| StandardRef { id: id.to_owned(), version: version.map(str::to_owned) })
    }
}

impl fmt::Display for StandardRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{}", self.id, version),
            None => f.write_str(&self.id),
        }
    }
}

impl Resource {
    /// A table that a dataset must have, of which only its schema is known.
    pub fn of_table(name: &str, title: &str, schema: TableSchema) -> Resource {
        Resource {
            name: name.to_owned(),
            title: title.to_owned(),
            record: "record".to_owned(),
            presence: Presence::Required,
            files: Vec::new(),
            distinctive: Vec::new(),
            schema: Arc::new(schema),
            tabular: true,
            nested: None,
        }
    }
}

impl Package {
    /// A package of one table, for a schema that comes alone. It has no version, no files and no digest.
    pub fn of_table(name: &str, title: &str, schema: TableSchema) -> Package {
        Package {
            manifest: Manifest { id: title.to_owned(), ..Manifest::default() },
            resources: vec![Resource::of_table(name, title, schema)],
            ..Package::default()
        }
    }

    /// `id@version`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.manifest.id, self.manifest.version)
    }

    /// The resource of that name.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.name == name)
    }

    /// How an untidy file of that resource becomes tidy; `None` when its files are tidy as they come.
    pub fn layout(&self, resource: &str) -> Option<&Layout> {
        self.layouts.iter().find(|l| l.resource == resource)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::National => "national",
            Tier::Regional => "regional",
            Tier::Local => "local",
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Draft => "draft",
            Status::Stable => "stable",
            Status::Deprecated => "deprecated",
            Status::Withdrawn => "withdrawn",
        })
    }
}
