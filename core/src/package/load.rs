//! Loading a package from the bytes of its files. The format is `standards/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::document_rules;
use super::documents::{self, XmlResource};
use super::layout::{self, Layout};
use super::notes::{Notes, arg_if, listed, near, note};
use super::read_crosswalk::{date, parse_crosswalk};
use super::rules::Implied;
use super::toml::{self, Keys};
use super::{Code, CodeList, Manifest, NestedResource, Package, Resource, Rule, RuleKind, StandardRef, Status, Tier, table};
use crate::finding::{Finding, Severity};
use crate::schema::parse::parse;
use crate::schema::{Field, FieldType, FieldsMatch, Presence, TableSchema};

/// What came of loading a package.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The package; `None` when the manifest cannot be read or names no id and version. With an error among the findings it is for
    /// showing and mending, not for use.
    pub package: Option<Package>,
    /// What is wrong or doubtful.
    pub findings: Vec<Finding>,
}

impl Loaded {
    /// Whether the package is there and free of errors.
    pub fn is_usable(&self) -> bool {
        self.package.is_some() && !self.findings.iter().any(|f| f.severity == Severity::Error)
    }
}

/// Loads a package from all files of its folder, by path from that folder with `/`.
pub fn load(files: BTreeMap<String, Vec<u8>>) -> Loaded {
    let mut findings = Vec::new();
    let Some((manifest, descriptions, layouts, documents)) = manifest(&files, &mut findings) else {
        return Loaded { package: None, findings };
    };
    let codes = code_lists(&files, &mut findings);
    let mut of_rules = Vec::new();
    let rules = rules(&files, &mut of_rules);
    let resources = resources(&rules, descriptions, &files, &codes, &mut findings);
    findings.append(&mut of_rules);
    let reference = format!("{}@{}", manifest.id, manifest.version);
    let crosswalks = crosswalks(&files, &reference, &mut findings);
    for path in files.keys().filter(|p| !is_known_path(p)) {
        findings.push(note("C905", "file", "").arg("file", path.as_str()));
    }
    let digest = digest(&files);
    let package = Package { manifest, resources, documents, codes, rules, crosswalks, layouts, files: Arc::new(files), digest };
    Loaded { package: Some(package), findings }
}

/// `sha256:` over the sorted files: of each the path, the length as eight bytes (big end first), and the bytes.
pub fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        hash.update(path.as_bytes());
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    let mut text = String::from("sha256:");
    for byte in hash.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether the format has a place for a file of this path.
fn is_known_path(path: &str) -> bool {
    match path.split_once('/') {
        None => {
            matches!(path, "standard.toml" | "rules.toml" | "CHANGES.md")
                || [".table.json", ".schema.json", ".layout.csv", ".xsd"].iter().any(|end| path.ends_with(end))
        }
        Some(("codes", name)) => name.ends_with(".csv") && !name.contains('/'),
        Some(("crosswalks", name)) => {
            !name.contains('/') && (name.ends_with(".csv") || (name.starts_with("from-") && name.ends_with(".toml")))
        }
        Some(("examples", rest)) => ["valid/", "invalid/", "convert/"].iter().any(|kind| rest.starts_with(kind)),
        Some(_) => false,
    }
}

/// A `[[resource]]` before its schema is read.
struct Description {
    name: String,
    title: String,
    record: String,
    presence: Presence,
    files: Vec<String>,
    distinctive: Vec<String>,
    nested: NestedResource,
}

/// What `standard.toml` describes.
type Described = (Manifest, Vec<Description>, Vec<Layout>, Vec<XmlResource>);

fn manifest(files: &BTreeMap<String, Vec<u8>>, findings: &mut Vec<Finding>) -> Option<Described> {
    let mut notes = Notes::new("standard.toml");
    let read = match files.get("standard.toml") {
        Some(bytes) => read_manifest(bytes, files, &mut notes),
        None => {
            findings.push(note("C915", "", "").value("standard.toml"));
            None
        }
    };
    findings.extend(notes.finish());
    read
}

fn read_manifest(bytes: &[u8], files: &BTreeMap<String, Vec<u8>>, notes: &mut Notes) -> Option<Described> {
    let item = toml::read(bytes, notes)?;
    let keys = Keys::of(&item, String::new(), notes)?;
    let need = |key: &'static str, notes: &mut Notes| keys.need(key, notes).unwrap_or_default().to_owned();
    let id = need("id", notes);
    let version = need("version", notes);
    if !id.is_empty() && (id.contains('@') || StandardRef::parse(&id).is_none()) {
        notes.push(keys.note("C924", "", "id").value(&id).arg("what", "a name of lower-case letters, digits and hyphens"));
    }
    if !version.is_empty() && StandardRef::parse(&format!("x@{version}")).is_none() {
        notes.push(keys.note("C924", "", "version").value(&version).arg("what", "a version such as 2.0"));
    }
    let title = need("title", notes);
    let description = need("description", notes);
    keys.need_key("tier", notes);
    let tier = match keys.word("tier", &["national", "regional", "local"], notes) {
        Some(1) => Tier::Regional,
        Some(2) => Tier::Local,
        _ => Tier::National,
    };
    let domain = need("domain", notes);
    let publisher = need("publisher", notes);
    let licence = need("licence", notes);
    let status = match keys.word("status", &["draft", "stable", "deprecated", "withdrawn"], notes) {
        Some(0) => Status::Draft,
        Some(2) => Status::Deprecated,
        Some(3) => Status::Withdrawn,
        _ => Status::Stable,
    };
    let supersedes = keys.texts("supersedes", notes).unwrap_or_default();
    for text in &supersedes {
        if StandardRef::parse(text).is_none_or(|r| r.version.is_none()) {
            notes.push(keys.note("C921", "form", "supersedes").value(text));
        }
    }
    let references = keys.texts("references", notes).unwrap_or_default();
    for text in references.iter().filter(|text| StandardRef::parse(text).is_none()) {
        notes.push(keys.note("C921", "form", "references").value(text));
    }
    let mut manifest = Manifest {
        id,
        version,
        title,
        description,
        tier,
        domain,
        publisher,
        homepage: keys.owned("homepage", notes),
        licence,
        status,
        supersedes,
        references,
        media_types: keys.texts("media_types", notes).unwrap_or_default(),
        utf8_only: keys.word("encoding", &["utf-8"], notes).is_some(),
        delimiter: keys.word("delimiter", &DELIMITERS, notes).and_then(|i| DELIMITERS[i].bytes().next()),
        flat: keys.flag("flat", notes).unwrap_or(false),
        effective_from: date(&keys, "effective_from", notes),
        effective_until: date(&keys, "effective_until", notes),
        ..Manifest::default()
    };
    if let (Some(from), Some(until)) = (&manifest.effective_from, &manifest.effective_until)
        && from > until
    {
        notes.push(keys.note("C908", "order", "effective_until").arg("low", from.as_str()).arg("high", until.as_str()));
    }
    if let Some(spec) = keys.table("spec", notes) {
        manifest.spec_source = spec.owned("source", notes);
        manifest.spec_section = spec.owned("section", notes);
        manifest.unconfirmed = spec.texts("unconfirmed", notes).unwrap_or_default();
        spec.finish(notes);
    }
    let mut descriptions: Vec<Description> = Vec::new();
    let documents = documents::read(&keys, files, notes);
    if documents.is_empty() {
        keys.need_key("resource", notes);
    }
    for resource in keys.tables("resource", notes) {
        let name = resource.need("name", notes).unwrap_or_default().to_owned();
        if !name.is_empty() && !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
            notes.push(resource.note("C924", "", "name").value(&name).arg("what", "a name of letters, digits, hyphens and underscores"));
        }
        if descriptions.iter().any(|d| d.name == name) {
            notes.push(resource.note("C910", "", "name").value(&name));
            continue;
        }
        descriptions.push(Description {
            name,
            title: resource.need("title", notes).unwrap_or_default().to_owned(),
            record: resource.need("record", notes).unwrap_or_default().to_owned(),
            presence: match resource.word("presence", &["required", "optional"], notes) {
                Some(1) => Presence::Optional,
                _ => Presence::Required,
            },
            files: resource.texts("files", notes).unwrap_or_default(),
            distinctive: resource.texts("distinctive", notes).unwrap_or_default(),
            nested: NestedResource { records: resource.text("records", notes).map(str::to_owned), evidence: evidence(&resource, notes) },
        });
        resource.finish(notes);
    }
    let names: Vec<&str> = descriptions.iter().map(|d| d.name.as_str()).collect();
    let layouts = layout::read(&keys, &names, files, notes);
    keys.finish(notes);
    (!manifest.id.is_empty() && !manifest.version.is_empty()).then_some((manifest, descriptions, layouts, documents))
}

/// `"/feed_info/version = 4.2 | 4.2.1"`, each a pointer and the values that it may lead to.
fn evidence(keys: &Keys<'_>, notes: &mut Notes) -> Vec<(String, Vec<String>)> {
    let mut out = Vec::new();
    for text in keys.texts("evidence", notes).unwrap_or_default() {
        match text.split_once('=') {
            Some((pointer, values)) if pointer.starts_with('/') => {
                out.push((pointer.trim().to_owned(), values.split('|').map(|v| v.trim().to_owned()).collect()));
            }
            _ => notes.push(keys.note("C924", "", "evidence").value(&text).arg("what", "a pointer, = and values, such as /version = 3.0")),
        }
    }
    out
}

/// The keys of nested records, as a table of texts: the fields that rules name.
fn keys_of_nested(resource: &str, rules: &[Rule]) -> TableSchema {
    let mut names: Vec<String> = Vec::new();
    for rule in rules {
        let own: Vec<&str> = if rule.resource == resource { rule.kind.fields() } else { Vec::new() };
        let referred: &[String] = match &rule.kind {
            RuleKind::Exists { resource: other, or, target, .. } if other == resource || or.iter().any(|o| o == resource) => target,
            _ => &[],
        };
        for name in own.into_iter().chain(referred.iter().map(String::as_str)) {
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
    }
    keys_table(&names)
}

/// A table of texts with fields of these names; one field when there are none.
pub(crate) fn keys_table(names: &[String]) -> TableSchema {
    let one = ["record".to_owned()];
    let names = if names.is_empty() { &one[..] } else { names };
    TableSchema {
        fields: names.iter().map(|name| Field::new(name, FieldType::Any)).collect(),
        fields_match: FieldsMatch::Partial,
        missing_values: vec![String::new()],
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        foreign_keys: Vec::new(),
        elements: None,
        nested: None,
    }
}

fn resources(
    rules: &[Rule],
    descriptions: Vec<Description>,
    files: &BTreeMap<String, Vec<u8>>,
    codes: &BTreeMap<String, Arc<CodeList>>,
    findings: &mut Vec<Finding>,
) -> Vec<Resource> {
    let names: Vec<String> = descriptions.iter().map(|d| d.name.clone()).collect();
    let mut resources = Vec::new();
    for description in descriptions {
        let path = format!("{}.table.json", description.name);
        let is_nested = files.contains_key(&format!("{}.schema.json", description.name));
        let bytes = files.get(&path);
        let mut schema = match bytes {
            Some(bytes) => {
                let parsed = parse(bytes, &path);
                findings.extend(parsed.findings);
                let Some(schema) = parsed.schema else { continue };
                schema
            }
            None if is_nested => keys_of_nested(&description.name, rules),
            None => {
                findings.push(note("C915", "", "").value(&path).arg("file", "standard.toml"));
                continue;
            }
        };
        resolve_codes(&mut schema, &path, codes, findings);
        for key in &schema.foreign_keys {
            if !key.resource.is_empty() && !names.contains(&key.resource) {
                let finding = note("C907", "resource", "/foreignKeys").value(&key.resource).arg("file", path.as_str());
                findings.push(arg_if(finding, "near", near(&key.resource, names.iter().map(String::as_str))));
            }
        }
        for name in &description.distinctive {
            if schema.index(name).is_none() {
                let finding = note("C907", "", "distinctive").value(name).arg("file", "standard.toml").arg("resource", &*description.name);
                findings.push(arg_if(finding, "near", near(name, schema.fields.iter().map(|f| f.name.as_str()))));
            }
        }
        let tabular = bytes.is_some();
        let Description { name, title, record, presence, files, distinctive, nested } = description;
        let nested = is_nested.then_some(nested);
        resources.push(Resource { name, title, record, presence, files, distinctive, schema: Arc::new(schema), tabular, nested });
    }
    // A schema that no resource names is a forgotten entry of the manifest.
    for path in files.keys().filter(|p| !p.contains('/')) {
        if let Some(name) = path.strip_suffix(".table.json")
            && !names.iter().any(|n| n == name)
        {
            findings.push(note("C907", "resource", "").value(name).arg("file", path.as_str()));
        }
    }
    // The target fields of references between tables.
    for resource in &resources {
        for key in resource.schema.foreign_keys.iter().filter(|k| !k.resource.is_empty()) {
            let Some(other) = resources.iter().find(|r| r.name == key.resource) else { continue };
            for name in key.target.iter().filter(|n| other.schema.index(n).is_none()) {
                let finding = note("C907", "", "/foreignKeys")
                    .value(name)
                    .arg("file", format!("{}.table.json", resource.name))
                    .arg("resource", other.name.as_str());
                findings.push(arg_if(finding, "near", near(name, other.schema.fields.iter().map(|f| f.name.as_str()))));
            }
        }
    }
    resources
}

fn resolve_codes(schema: &mut TableSchema, path: &str, codes: &BTreeMap<String, Arc<CodeList>>, findings: &mut Vec<Finding>) {
    for (i, field) in schema.fields.iter_mut().enumerate() {
        let Some(name) = &field.extras.codes else { continue };
        match codes.get(name) {
            Some(list) => field.codes = Some(Arc::clone(list)),
            None => {
                let finding = note("C907", "codes", &format!("/fields/{i}/concord/codes")).value(name).arg("file", path);
                findings.push(arg_if(finding, "near", near(name, codes.keys().map(String::as_str))));
            }
        }
    }
}

fn code_lists(files: &BTreeMap<String, Vec<u8>>, findings: &mut Vec<Finding>) -> BTreeMap<String, Arc<CodeList>> {
    let mut lists = BTreeMap::new();
    for (path, bytes) in files {
        let Some(name) = path.strip_prefix("codes/").and_then(|p| p.strip_suffix(".csv")) else { continue };
        let mut notes = Notes::new(path);
        let list = code_list(name, bytes, &mut notes);
        findings.extend(notes.finish());
        lists.insert(name.to_owned(), Arc::new(list));
    }
    lists
}

const CODE_COLUMNS: &[&str] = &["code", "title", "description", "deprecated", "replaced_by"];

fn code_list(name: &str, bytes: &[u8], notes: &mut Notes) -> CodeList {
    let mut list = CodeList { name: name.to_owned(), codes: Vec::new() };
    let read = match table::read(bytes) {
        Ok(read) => read,
        Err(problem) => {
            notes.push(note("C901", "csv", "").arg("problem", problem));
            return list;
        }
    };
    let mut columns = [None; 5];
    for (i, header) in read.header.iter().enumerate() {
        match CODE_COLUMNS.iter().position(|c| c == header) {
            Some(at) if columns[at].is_some() => notes.push(note("C910", "", "row 1").value(header)),
            Some(at) => columns[at] = Some(i),
            None => {
                let finding =
                    note("C905", "own", "row 1").arg("member", header.as_str()).arg("allowed", listed(CODE_COLUMNS.iter().copied()));
                notes.push(arg_if(finding, "near", near(header, CODE_COLUMNS.iter().copied())));
            }
        }
    }
    if columns[0].is_none() {
        notes.push(note("C904", "", "row 1").arg("member", "code"));
        return list;
    }
    let mut seen = BTreeSet::new();
    for (row, cells) in &read.rows {
        let at = format!("row {row}");
        let cell = |column: usize| columns[column].map_or("", |i| cells[i].as_str());
        let code = cell(0);
        if code.is_empty() {
            notes.push(note("C916", "blank", &at));
            continue;
        }
        if !seen.insert(code) {
            notes.push(note("C910", "", &at).value(code));
            continue;
        }
        let deprecated = match cell(3) {
            "" | "false" => false,
            "true" => true,
            other => {
                notes.push(note("C916", "deprecated", &at).value(other));
                false
            }
        };
        list.codes.push(Code {
            code: code.to_owned(),
            title: cell(1).to_owned(),
            description: cell(2).to_owned(),
            deprecated,
            replaced_by: cell(4).to_owned(),
        });
    }
    for code in list.codes.iter().filter(|c| !c.replaced_by.is_empty()) {
        if !seen.contains(code.replaced_by.as_str()) || code.replaced_by == code.code {
            notes.push(note("C916", "", "").value(&code.code).arg("near", code.replaced_by.as_str()));
        }
    }
    list
}

/// What a manifest may demand between the cells of files.
const DELIMITERS: [&str; 4] = [",", ";", "\t", "|"];

const RULE_KINDS: &[&str] =
    &["any-of", "one-of", "requires", "order", "implies", "sum", "unique", "exists", "same-per", "differ", "present", "balance", "rows"];

fn rules(files: &BTreeMap<String, Vec<u8>>, findings: &mut Vec<Finding>) -> Vec<Rule> {
    let mut notes = Notes::new("rules.toml");
    let rules = files.get("rules.toml").map(|bytes| read_rules(bytes, &mut notes)).unwrap_or_default();
    findings.extend(notes.finish());
    rules
}

fn read_rules(bytes: &[u8], notes: &mut Notes) -> Vec<Rule> {
    let Some(item) = toml::read(bytes, notes) else { return Vec::new() };
    let Some(keys) = Keys::of(&item, String::new(), notes) else { return Vec::new() };
    let mut rules: Vec<Rule> = Vec::new();
    let mut seen = BTreeSet::new();
    for rule in keys.tables("rule", notes) {
        let need = |key: &'static str, notes: &mut Notes| rule.need(key, notes).unwrap_or_default().to_owned();
        let id = need("id", notes);
        if !id.is_empty() && !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            notes.push(rule.note("C924", "", "id").value(&id).arg("what", "a name of lower-case letters, digits and hyphens"));
        }
        if !id.is_empty() && !seen.insert(id.clone()) {
            notes.push(rule.note("C910", "", "id").value(&id));
        }
        let of_document = rule.has("document");
        let resource = need(if of_document { "document" } else { "resource" }, notes);
        rule.need_key("severity", notes);
        let severity = match rule.word("severity", &["error", "warning", "info"], notes) {
            Some(1) => Severity::Warning,
            Some(2) => Severity::Info,
            _ => Severity::Error,
        };
        let (title, why, mend) = (need("title", notes), need("why", notes), need("mend", notes));
        let reference = rule.owned("reference", notes);
        rule.need_key("kind", notes);
        let kind = if of_document {
            rule.word("kind", document_rules::KINDS, notes).map(|index| document_rules::read(document_rules::KINDS[index], &rule, notes))
        } else {
            rule.word("kind", RULE_KINDS, notes).map(|index| rule_kind(RULE_KINDS[index], &rule, notes))
        };
        // Without a kind nobody can say which keys belong to it.
        let Some(kind) = kind else { continue };
        rule.finish(notes);
        if let Some(kind) = kind {
            rules.push(Rule { id, resource, kind, severity, title, why, mend, reference });
        }
    }
    keys.finish(notes);
    rules
}

/// A number of zero or more; zero when it is not given.
fn tolerance(keys: &Keys<'_>, notes: &mut Notes) -> String {
    let tolerance = keys.number("tolerance", notes).unwrap_or_else(|| "0".to_owned());
    if tolerance.starts_with('-') {
        notes.push(keys.note("C924", "", "tolerance").value(&tolerance).arg("what", "a number of zero or more"));
    }
    tolerance
}

/// What `implies` demands.
pub(super) fn implied(keys: &Keys<'_>, notes: &mut Notes) -> Option<Implied> {
    let given: Vec<&str> = ["in", "filled", "empty"].into_iter().filter(|k| keys.has(k)).collect();
    match given.as_slice() {
        ["in"] => Some(Implied::In(keys.need_texts("in", notes)?)),
        ["filled"] if keys.flag("filled", notes) == Some(true) => Some(Implied::Filled),
        ["empty"] if keys.flag("empty", notes) == Some(true) => Some(Implied::Empty),
        _ => {
            notes.push(keys.note("C904", "", "").arg("member", "in, filled = true or empty = true (one of them)"));
            None
        }
    }
}

/// Reads all arguments before giving up, so that all mistakes are said at once.
fn rule_kind(kind: &str, keys: &Keys<'_>, notes: &mut Notes) -> Option<RuleKind> {
    let text = |key: &'static str, notes: &mut Notes| keys.need(key, notes).map(str::to_owned);
    match kind {
        "any-of" => Some(RuleKind::AnyOf { fields: keys.need_texts("fields", notes)? }),
        "one-of" => Some(RuleKind::OneOf { fields: keys.need_texts("fields", notes)? }),
        "requires" => {
            let (field, then) = (text("if", notes), keys.need_texts("then", notes));
            Some(RuleKind::Requires { field: field?, then: then? })
        }
        "order" => {
            let (first, then) = (text("first", notes), text("then", notes));
            let strict = keys.flag("strict", notes).unwrap_or(false);
            Some(RuleKind::Order { first: first?, then: then?, strict })
        }
        "implies" => {
            let (field, is, then) = (text("if", notes), keys.need_texts("is", notes), text("then", notes));
            let must = implied(keys, notes);
            Some(RuleKind::Implies { field: field?, is: is?, then: then?, must: must? })
        }
        "sum" => {
            let (total, parts) = (text("total", notes), keys.need_texts("parts", notes));
            let tolerance = tolerance(keys, notes);
            Some(RuleKind::Sum { total: total?, parts: parts?, tolerance })
        }
        "unique" => {
            let (fields, empties) = (keys.need_texts("fields", notes), keys.flag("empties", notes).unwrap_or(false));
            Some(RuleKind::Unique { fields: fields?, empties })
        }
        "differ" => Some(RuleKind::Differ { fields: keys.need_texts("fields", notes)? }),
        "balance" => {
            let (field, by, tolerance) = (text("field", notes), text("by", notes), tolerance(keys, notes));
            let (left, right) = (keys.need_texts("left", notes), keys.need_texts("right", notes));
            let per = keys.texts("per", notes).unwrap_or_default();
            Some(RuleKind::Balance { field: field?, by: by?, left: left?, right: right?, per, tolerance })
        }
        "present" => {
            let files = keys.has("or_files");
            let or_files = if files { keys.need_texts("or_files", notes) } else { Some(Vec::new()) };
            let or = if files && !keys.has("or") { Some(Vec::new()) } else { keys.need_texts("or", notes) };
            Some(RuleKind::Present { or: or?, or_files: or_files? })
        }
        "exists" => {
            let fields = keys.need_texts("fields", notes);
            let (resource, target) = (text("in", notes), keys.need_texts("in_fields", notes));
            let or = keys.texts("or_in", notes).unwrap_or_default();
            let when = if keys.has("if") || keys.has("is") { Some((text("if", notes)?, keys.need_texts("is", notes)?)) } else { None };
            let (fields, resource, target) = (fields?, resource?, target?);
            if fields.len() != target.len() {
                notes.push(keys.note("C911", "", "").arg("fields", fields.len().to_string()).arg("target", target.len().to_string()));
                return None;
            }
            Some(RuleKind::Exists { fields, resource, or, target, when })
        }
        "same-per" => {
            let (key, field) = (keys.need_texts("key", notes), text("field", notes));
            Some(RuleKind::SamePer { key: key?, field: field? })
        }
        _ => {
            let limit = |key: &'static str, notes: &mut Notes| keys.whole(key, 0..=i64::MAX, notes).and_then(|n| u64::try_from(n).ok());
            let (min, max) = (limit("min", notes), limit("max", notes));
            if min.is_none() && max.is_none() {
                notes.push(keys.note("C904", "", "").arg("member", "min"));
            }
            if let (Some(min), Some(max)) = (min, max)
                && min > max
            {
                notes.push(keys.note("C908", "order", "").arg("low", min.to_string()).arg("high", max.to_string()));
            }
            Some(RuleKind::Rows { min: min.unwrap_or(0), max })
        }
    }
}

fn crosswalks(files: &BTreeMap<String, Vec<u8>>, reference: &str, findings: &mut Vec<Finding>) -> Vec<super::Crosswalk> {
    let lookups: BTreeMap<String, Vec<u8>> = files
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_prefix("crosswalks/").filter(|p| p.ends_with(".csv"))?.to_owned(), bytes.clone())))
        .collect();
    let mut crosswalks = Vec::new();
    for (path, bytes) in files {
        if path.strip_prefix("crosswalks/").is_none_or(|p| !p.ends_with(".toml") || p.contains('/')) {
            continue;
        }
        let (crosswalk, found) = parse_crosswalk(bytes, path, reference, &lookups);
        findings.extend(found);
        if let Some(crosswalk) = crosswalk {
            crosswalks.push(crosswalk);
        }
    }
    crosswalks
}
