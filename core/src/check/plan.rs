//! A table's schema and rules, compiled once.

use std::sync::{Arc, OnceLock};

use super::balance::BalanceRule;
use super::cell::CellRules;
use super::fast::FastCheck;
use super::key_form::{KeyForm, ReferenceForm};
use super::names::FieldNames;
use super::rows::RowRule;
use crate::decimal::Decimal;
use crate::finding::{Code, RuleWords, Severity};
use crate::jschema::{self, plan::Nested};
use crate::package::{Package, Resource, RuleKind};
use crate::read::document::DocumentKind;
use crate::read::tidy::Known;
use crate::read::{FixedLayout, PrintedLayout};
use crate::schema::{Presence, TableSchema};

/// Everything needed to check files of one table.
#[derive(Debug)]
pub struct TablePlan {
    /// The resource's name; empty for a bare schema.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// What the table belongs to, as reports name it: `blds@1.2`, or `the schema`.
    pub standard: String,
    /// Usual file names.
    pub files: Vec<String>,
    /// Whether a dataset must have it.
    pub presence: Presence,
    /// Columns that give the layout away; when empty, the required ones.
    pub distinctive: Vec<String>,
    /// The schema.
    pub schema: Arc<TableSchema>,
    /// By field: the full rules.
    pub cells: Vec<CellRules>,
    /// By field: the shortcut.
    pub fast: Vec<FastCheck>,
    /// By field: how its cells are compared in keys.
    pub(crate) forms: Vec<KeyForm>,
    /// Keys that must be unique, or that others refer to.
    pub keys: Vec<Key>,
    /// References to other tables, or to this one.
    pub references: Vec<Reference>,
    /// Rules within one record.
    pub rows: Vec<RowRule>,
    /// Fields that depend on a key.
    pub same_per: Vec<SamePer>,
    /// Sums over two kinds of records that must agree.
    pub balances: Vec<BalanceRule>,
    /// Bounds on the number of records.
    pub counts: Vec<CountRule>,
    /// How an untidy file becomes this table; `None` when its files are tidy as they come.
    pub layout: Option<Arc<Known>>,
    /// Which of several tables a dataset must have.
    pub present: Vec<PresentRule>,
    /// Where the columns are, when its files are of fixed width.
    pub fixed: Option<Arc<FixedLayout>>,
    /// How its printed pages are read.
    pub printed: Option<Arc<PrintedLayout>>,
    /// Its fields are the keys of nested records: no file of rows is this table.
    pub keys_of_nested: bool,
    /// Its fields' names, prepared when they are first looked up.
    names: OnceLock<FieldNames>,
}

/// A combination of fields whose values are remembered.
#[derive(Debug)]
pub struct Key {
    /// Indexes into the schema's fields.
    pub fields: Vec<usize>,
    /// What a repetition is; `None` when only others refer to it.
    pub repeated: Option<(Code, Severity)>,
    /// Whether an empty cell counts as a value, as long as one of the others is filled. Nothing refers to such a key.
    pub empties: bool,
}

/// A reference to the values of another table's fields.
#[derive(Debug)]
pub struct Reference {
    /// Indexes into the schema's fields.
    pub fields: Vec<usize>,
    /// The other table's name.
    pub table: String,
    /// A field and its values for which this holds; for all records when there is none.
    pub when: Option<(usize, Vec<String>)>,
    /// Further tables, any of which may have the value in fields of the same names.
    pub or: Vec<String>,
    /// Names of its fields.
    pub target: Vec<String>,
    /// By field: how its cells are compared with those of the other table.
    pub(crate) forms: Vec<ReferenceForm>,
    /// What a value that is not there is.
    pub code: Code,
    /// How grave it is.
    pub severity: Severity,
}

/// Records with one key have one value of a field.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct SamePer {
    pub key: Vec<usize>,
    pub field: usize,
    pub code: Code,
    pub severity: Severity,
}

/// The table, or one of some others, is in the dataset.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct PresentRule {
    pub or: Vec<String>,
    /// Names of files that are no tables.
    pub or_files: Vec<String>,
    pub code: Code,
    pub severity: Severity,
}

/// A bound on the number of records.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct CountRule {
    pub min: u64,
    pub max: Option<u64>,
    pub code: Code,
    pub severity: Severity,
}

/// A standard, a layout or a bare schema, compiled.
#[derive(Debug)]
pub struct StandardPlan {
    /// Its id; the schema file's name for a bare schema.
    pub id: String,
    /// Its version; empty for a bare schema.
    pub version: String,
    /// `sha256:…`
    pub digest: String,
    /// The tables.
    pub tables: Vec<Arc<TablePlan>>,
    /// Resources that are checked as nested documents. A resource that is nothing else stands among the tables too, with its records' keys.
    pub nested: Vec<Arc<Nested>>,
    /// False when nothing was recognised and only the shape of the file is checked.
    pub known: bool,
    /// Whether text that is not stored as UTF-8 is an error.
    pub utf8_only: bool,
    /// What must separate the cells of delimited text.
    pub delimiter: Option<u8>,
    /// Documents of it that are checked as they stand.
    pub documents: Vec<Arc<dyn DocumentKind>>,
    /// Whether the tables of an archive must lie at its top.
    pub flat: bool,
    /// Whether these are the schemas with which a dataset came, and no standard.
    pub brought: bool,
}

impl StandardPlan {
    /// Compiles a package.
    pub fn of_package(package: &Package) -> StandardPlan {
        let standard = package.reference();
        let nested = jschema::plan::of_package(package);
        let mut tables: Vec<Arc<TablePlan>> = Vec::with_capacity(package.resources.len());
        for resource in &package.resources {
            let keys = || nested.iter().map(|n| &n.table).find(|t| t.name == resource.name).cloned();
            let table = if resource.tabular { None } else { keys() };
            tables.push(table.unwrap_or_else(|| Arc::new(table_of_package(package, resource, &standard))));
        }
        StandardPlan {
            nested,
            id: package.manifest.id.clone(),
            version: package.manifest.version.clone(),
            digest: package.digest.clone(),
            tables,
            known: true,
            utf8_only: package.manifest.utf8_only,
            delimiter: package.manifest.delimiter,
            documents: super::xml::of_package(package),
            flat: package.manifest.flat,
            brought: false,
        }
    }

    /// Compiles tables given as bare schemas: `(name, usual files, schema)`.
    pub fn of_schemas(id: &str, digest: &str, schemas: Vec<(String, Vec<String>, Arc<TableSchema>)>) -> StandardPlan {
        let all: Vec<(String, Arc<TableSchema>)> = schemas.iter().map(|(name, _, schema)| (name.clone(), schema.clone())).collect();
        let tables = schemas
            .into_iter()
            .map(|(name, files, schema)| {
                let mut plan = TablePlan::new(&name, "the schema", schema);
                plan.files = files;
                plan.presence = Presence::Optional;
                plan.add_provided(&all);
                plan.compare_with(&all);
                Arc::new(plan)
            })
            .collect();
        StandardPlan {
            id: id.to_owned(),
            version: String::new(),
            digest: digest.to_owned(),
            tables,
            nested: Vec::new(),
            known: true,
            utf8_only: false,
            delimiter: None,
            flat: false,
            brought: false,
            documents: Vec::new(),
        }
    }

    /// Takes a JSON Schema too: documents of JSON are checked against it.
    pub fn with_nested(mut self, nested: Nested) -> StandardPlan {
        self.tables.push(nested.table.clone());
        self.nested.push(Arc::new(nested));
        self
    }

    /// Stands for no standard: only the shape of files is checked.
    pub fn unknown() -> StandardPlan {
        StandardPlan {
            id: String::new(),
            version: String::new(),
            digest: String::new(),
            tables: Vec::new(),
            nested: Vec::new(),
            known: false,
            utf8_only: false,
            delimiter: None,
            documents: Vec::new(),
            flat: false,
            brought: false,
        }
    }

    /// Where the columns are in its files of fixed width.
    pub fn fixed(&self) -> impl Iterator<Item = Arc<FixedLayout>> {
        self.tables.iter().filter_map(|t| t.fixed.clone())
    }

    /// How its printed pages are read.
    pub fn printed(&self) -> impl Iterator<Item = Arc<PrintedLayout>> {
        self.tables.iter().filter_map(|t| t.printed.clone())
    }

    /// How untidy files become tables of this standard.
    pub fn layouts(&self) -> impl Iterator<Item = Arc<Known>> {
        self.tables.iter().filter_map(|t| t.layout.clone())
    }

    /// `id@version`, or the id alone.
    pub fn reference(&self) -> String {
        if self.version.is_empty() { self.id.clone() } else { format!("{}@{}", self.id, self.version) }
    }

    /// Tables in an order in which those referred to come first, as far as the references allow.
    pub fn reading_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        while order.len() < self.tables.len() {
            let ready = |i: &usize| {
                self.tables[*i].references.iter().all(|r| {
                    r.table.is_empty()
                        || r.table == self.tables[*i].name
                        || order.iter().any(|&o| self.tables[o].name == r.table)
                        || !self.tables.iter().any(|t| t.name == r.table)
                })
            };
            let left: Vec<usize> = (0..self.tables.len()).filter(|i| !order.contains(i)).collect();
            let next = left.iter().copied().find(ready).unwrap_or(left[0]);
            order.push(next);
        }
        order
    }
}

pub(crate) fn table_of_package(package: &Package, resource: &Resource, standard: &str) -> TablePlan {
    let mut plan = TablePlan::new(&resource.name, standard, resource.schema.clone());
    plan.title = resource.title.clone();
    plan.files = resource.files.clone();
    plan.presence = resource.presence;
    plan.distinctive = resource.distinctive.clone();
    plan.fixed = package.layout(&resource.name).and_then(|layout| layout.fixed.clone());
    plan.printed = package.layout(&resource.name).and_then(|layout| layout.printed.clone());
    plan.layout = Known::of_package(package).find(|known| known.layout.resource == resource.name && !known.layout.steps.is_empty());
    let all: Vec<(String, Arc<TableSchema>)> = package.resources.iter().map(|r| (r.name.clone(), r.schema.clone())).collect();
    plan.add_provided(&all);
    for rule in &package.rules {
        let words = RuleWords {
            code: format!("{}/{}", package.manifest.id, rule.id),
            title: rule.title.clone(),
            why: rule.why.clone(),
            mend: rule.mend.clone(),
        };
        let code = Code::Rule(Arc::new(words));
        if let RuleKind::Exists { resource: other, or, target, .. } = &rule.kind
            && (*other == resource.name || or.contains(&resource.name))
        {
            plan.provide(target);
        }
        if rule.resource != resource.name {
            continue;
        }
        let index = |names: &[String]| names.iter().map(|n| resource.schema.index(n)).collect::<Option<Vec<usize>>>();
        match &rule.kind {
            RuleKind::Unique { fields, empties } => {
                if let Some(fields) = index(fields) {
                    plan.never_twice(Key { fields, repeated: Some((code, rule.severity)), empties: *empties });
                }
            }
            RuleKind::Exists { fields, resource: other, or, target, when } => {
                // A condition on a field that is not there would hold for other records than it says.
                let when = match when {
                    Some((field, is)) => resource.schema.index(field).map(|f| Some((f, is.clone()))),
                    None => Some(None),
                };
                if let (Some(fields), Some(when)) = (index(fields), when) {
                    let (table, or, target) = (other.clone(), or.clone(), target.clone());
                    let severity = rule.severity;
                    plan.references.push(Reference { fields, table, when, or, target, forms: Vec::new(), code, severity });
                }
            }
            RuleKind::SamePer { key, field } => {
                if let (Some(key), Some(field)) = (index(key), resource.schema.index(field)) {
                    plan.same_per.push(SamePer { key, field, code, severity: rule.severity });
                }
            }
            RuleKind::Present { or, or_files } => {
                plan.present.push(PresentRule { or: or.clone(), or_files: or_files.clone(), code, severity: rule.severity });
            }
            RuleKind::Balance { field, by, left, right, per, tolerance } => {
                let (field, by) = (resource.schema.index(field), resource.schema.index(by));
                if let (Some(field), Some(by), Some(per), Some(tolerance)) = (field, by, index(per), Decimal::parse(tolerance)) {
                    let (left, right) = (left.clone(), right.clone());
                    plan.balances.push(BalanceRule { field, by, left, right, per, tolerance, code, severity: rule.severity });
                }
            }
            RuleKind::Rows { min, max } => plan.counts.push(CountRule { min: *min, max: *max, code, severity: rule.severity }),
            kind => plan.rows.extend(RowRule::compile(kind, code, rule.severity, &resource.schema)),
        }
    }
    plan.compare_with(&all);
    plan
}

impl TablePlan {
    /// Compiles a schema without rules.
    pub fn new(name: &str, standard: &str, schema: Arc<TableSchema>) -> TablePlan {
        let count = schema.fields.len();
        let cells: Vec<CellRules> = (0..count).map(|f| CellRules::new(&schema, f)).collect();
        let fast =
            (0..count).map(|f| FastCheck::compile(&schema.fields[f], &cells[f], schema.missing_for(f), schema.is_required(f))).collect();
        let forms = schema.fields.iter().map(|f| KeyForm::of(&f.kind)).collect();
        let repeated = || Some((Code::Engine("C401"), Severity::Error));
        let mut keys: Vec<Key> = Vec::new();
        let mut add = |fields: Vec<usize>| {
            // The same fields in another order are the same key.
            let same = |k: &Key| k.fields.len() == fields.len() && fields.iter().all(|f| k.fields.contains(f));
            if !fields.is_empty() && !keys.iter().any(same) {
                keys.push(Key { fields, repeated: repeated(), empties: false });
            }
        };
        add(schema.primary_key.clone());
        schema.unique_keys.iter().for_each(|k| add(k.clone()));
        (0..count).filter(|&f| schema.fields[f].constraints.unique).for_each(|f| add(vec![f]));
        let references = schema
            .foreign_keys
            .iter()
            .map(|k| Reference {
                fields: k.fields.clone(),
                table: if k.resource.is_empty() { name.to_owned() } else { k.resource.clone() },
                when: None,
                or: Vec::new(),
                target: k.target.clone(),
                forms: Vec::new(),
                code: Code::Engine("C402"),
                severity: Severity::Error,
            })
            .collect();
        let mut plan = TablePlan {
            name: name.to_owned(),
            title: String::new(),
            standard: standard.to_owned(),
            files: Vec::new(),
            presence: Presence::Optional,
            distinctive: Vec::new(),
            schema,
            cells,
            fast,
            forms,
            keys,
            references,
            rows: Vec::new(),
            same_per: Vec::new(),
            balances: Vec::new(),
            counts: Vec::new(),
            layout: None,
            present: Vec::new(),
            fixed: None,
            printed: None,
            keys_of_nested: false,
            names: OnceLock::new(),
        };
        let own: Vec<Vec<String>> = plan.references.iter().filter(|r| r.table == plan.name).map(|r| r.target.clone()).collect();
        own.iter().for_each(|target| plan.provide(target));
        plan.compare_with(&[(plan.name.clone(), plan.schema.clone())]);
        plan
    }

    /// Leaves the values of single cells unchecked; keys and rules stay.
    pub(crate) fn take_any_text(&mut self) {
        let names: Vec<String> = self.schema.fields.iter().map(|f| f.name.clone()).collect();
        let texts = TablePlan::new("", "", Arc::new(crate::package::load::keys_table(&names)));
        (self.cells, self.fast) = (texts.cells, texts.fast);
    }

    /// Settles how references are compared with the fields that they lead to, in this table and the others.
    fn compare_with(&mut self, all: &[(String, Arc<TableSchema>)]) {
        let schema = self.schema.clone();
        for reference in &mut self.references {
            let tables = || std::iter::once(&reference.table).chain(&reference.or);
            let other = |name: &String| {
                let schemas = || tables().filter_map(|table| all.iter().find(|(name, _)| name == table)).map(|(_, schema)| schema);
                schemas().find_map(|schema| schema.index(name).map(|f| &schema.fields[f].kind))
            };
            let fields = reference.fields.iter().enumerate();
            let forms = fields.map(|(i, &f)| ReferenceForm::of(&schema.fields[f].kind, reference.target.get(i).and_then(other))).collect();
            reference.forms = forms;
        }
    }

    /// Its fields' names, prepared for being looked up.
    pub fn names(&self) -> &FieldNames {
        self.names.get_or_init(|| FieldNames::of(&self.schema))
    }

    /// Remembers the values of fields that others refer to.
    fn provide(&mut self, target: &[String]) {
        let fields: Option<Vec<usize>> = target.iter().map(|n| self.schema.index(n)).collect();
        if let Some(fields) = fields.filter(|f| !f.is_empty())
            && !self.keys.iter().any(|k| k.fields == fields && !k.empties)
        {
            self.keys.push(Key { fields, repeated: None, empties: false });
        }
    }

    /// Adds a rule's key. Values that are remembered already because others refer to them are not remembered twice.
    fn never_twice(&mut self, key: Key) {
        let kept = self.keys.iter_mut().find(|k| k.repeated.is_none() && k.fields == key.fields && k.empties == key.empties);
        match kept {
            Some(kept) => kept.repeated = key.repeated,
            None => self.keys.push(key),
        }
    }

    fn add_provided(&mut self, all: &[(String, Arc<TableSchema>)]) {
        let keys = all.iter().flat_map(|(_, schema)| &schema.foreign_keys);
        let targets: Vec<Vec<String>> = keys.filter(|k| k.resource == self.name).map(|k| k.target.clone()).collect();
        targets.iter().for_each(|target| self.provide(target));
    }

    /// The key over exactly these fields.
    pub fn key_over(&self, target: &[String]) -> Option<usize> {
        let fields: Option<Vec<usize>> = target.iter().map(|n| self.schema.index(n)).collect();
        fields.and_then(|fields| self.keys.iter().position(|k| k.fields == fields && !k.empties))
    }
}
