//! A Data Package by its descriptor: which files are its tables, how each is written, and by which schema it is checked.
//!
//! Only files that lie beside the descriptor are read. Nothing is ever fetched, and a path that leads out of the folder is refused.

use std::io::{self, Read};
use std::sync::Arc;

use super::names::base;
use super::{Files, Member, general};
use crate::bounds::DESCRIPTION;
use crate::check::dataset::Told;
use crate::check::plan::StandardPlan;
use crate::check::seams::PartFiles;
use crate::decode::dialect::DialectHints;
use crate::finding::Finding;
use crate::package::descriptor::{self, DataResource, Dialect, SchemaSource, is_web};
use crate::schema::{TableSchema, parse};
use crate::session::digest;

/// What a descriptor says.
pub(super) struct Described {
    pub(super) members: Vec<Member>,
    pub(super) findings: Vec<Finding>,
    /// Its schemas, when it has any.
    pub(super) plan: Option<Arc<StandardPlan>>,
    /// The standard that it says it follows; empty when it says none.
    pub(super) standard: String,
    /// Files that are not to be looked at as tables of their own: those of the members, the descriptor, schemas and dialects.
    pub(super) used: Vec<usize>,
}

/// Reads a descriptor and what it names. `None` when the file is no descriptor of a Data Package.
///
/// # Errors
/// When the shell cannot read a file.
pub(super) fn read(files: &Arc<dyn Files>, index: usize, shown: &dyn Fn(&str) -> String) -> io::Result<Option<Described>> {
    let path = files.names()[index].clone();
    let folder = path.strip_suffix(base(&path)).unwrap_or_default().to_owned();
    let mut beside = Beside { files, folder: &folder, used: vec![index], findings: Vec::new() };
    let Some(bytes) = beside.small(index)? else {
        return Ok(Some(Described {
            members: Vec::new(),
            findings: beside.findings,
            plan: None,
            standard: String::new(),
            used: beside.used,
        }));
    };
    let described = descriptor::data_package(&bytes, base(&path));
    let Some(package) = described.package.filter(|p| !p.resources.is_empty()) else { return Ok(None) };
    beside.findings.extend(described.findings);
    let (mut members, mut schemas) = (Vec::new(), Vec::new());
    for (number, resource) in package.resources.into_iter().enumerate() {
        let name = if resource.name.is_empty() { format!("resource {}", number + 1) } else { resource.name.clone() };
        let parts = beside.parts(&resource, &name);
        let Some(&first) = parts.first() else { continue };
        let dialect = beside.dialect(&resource)?;
        let schema = beside.schema(resource.schema, &name)?;
        let hints = dialect.map(|dialect| beside.hints(&dialect, &name)).unwrap_or_default();
        let mut told = Told { table: Some(name.clone()), hints, encoding: Some(resource.encoding), ..Told::default() };
        if parts.len() > 1 {
            told.parts = Some(Arc::new(PartFiles::new(parts.iter().map(|&i| shown(&files.names()[i])).collect())));
        }
        match schema {
            Some(schema) => {
                told.names = schema.fields.iter().map(|f| f.name.clone()).collect();
                let names = parts.iter().map(|&i| base(&files.names()[i]).to_owned()).collect();
                schemas.push((name, names, Arc::new(schema)));
            }
            None => told.bare = true,
        }
        members.push(Member { name: shown(&files.names()[first]), parts, sheet: None, told: Some(Arc::new(told)), likely: true });
    }
    let plan = (!schemas.is_empty()).then(|| {
        // A package may bear the name of a standard, of which its schemas are only a part.
        Arc::new(StandardPlan { brought: true, ..StandardPlan::of_schemas(base(&path), &digest(&bytes), schemas) })
    });
    let mut findings = beside.findings;
    if plan.is_some() {
        for told in members.iter().filter_map(|m| m.told.as_ref()).filter(|t| t.bare) {
            findings.push(general("C234", "no-schema").arg("resource", told.table.clone().unwrap_or_default()));
        }
    }
    findings.iter_mut().for_each(|f| f.place.file = u32::MAX);
    Ok(Some(Described { members, findings, plan, standard: package.standard, used: beside.used }))
}

/// The files beside a descriptor.
struct Beside<'f> {
    files: &'f Arc<dyn Files>,
    folder: &'f str,
    used: Vec<usize>,
    findings: Vec<Finding>,
}

impl Beside<'_> {
    /// A file by its path as the descriptor writes it, which was found to stay inside the folder.
    fn find(&mut self, path: &str) -> Option<usize> {
        let whole = format!("{}{path}", self.folder);
        let found = self.files.names().iter().position(|n| *n == whole)?;
        self.used.push(found);
        Some(found)
    }

    /// A file that describes others, as long as it is within the bound.
    fn small(&mut self, index: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let mut pieces = self.files.open(index)?;
        (&mut pieces).take(DESCRIPTION as u64 + 1).read_to_end(&mut bytes)?;
        let mut findings = pieces.take_findings();
        if bytes.len() > DESCRIPTION {
            let name = self.files.names()[index].as_str();
            findings.push(general("C110", "description").arg("name", name).arg("bound", DESCRIPTION.to_string()));
        }
        let whole = findings.is_empty();
        self.findings.append(&mut findings);
        Ok(whole.then_some(bytes))
    }

    /// A small file by its path, which must be there and not on the web.
    fn described(&mut self, path: &str, resource: &str) -> io::Result<Option<Vec<u8>>> {
        if is_web(path) {
            self.findings.push(general("C234", "web").arg("path", path).arg("resource", resource));
            return Ok(None);
        }
        match self.find(path) {
            Some(index) => self.small(index),
            None => {
                self.findings.push(general("C234", "").arg("path", path).arg("resource", resource));
                Ok(None)
            }
        }
    }

    /// The files of a resource, in order.
    fn parts(&mut self, resource: &DataResource, name: &str) -> Vec<usize> {
        if resource.inline {
            self.findings.push(general("C234", "inline").arg("resource", name));
        }
        let mut parts = Vec::new();
        for path in &resource.paths {
            if is_web(path) {
                self.findings.push(general("C234", "web").arg("path", path.as_str()).arg("resource", name));
            } else if let Some(index) = self.find(path) {
                parts.push(index);
            } else {
                self.findings.push(general("C234", "").arg("path", path.as_str()).arg("resource", name));
            }
        }
        if parts.len() > 1 {
            self.findings.push(general("C234", "parts").arg("resource", name).arg("count", parts.len().to_string()));
        }
        parts
    }

    fn dialect(&mut self, resource: &DataResource) -> io::Result<Option<Dialect>> {
        let Some(path) = &resource.dialect_path else { return Ok(resource.dialect.clone()) };
        let Some(bytes) = self.described(path, &resource.name)? else { return Ok(None) };
        let (dialect, findings) = descriptor::dialect(&bytes, path);
        self.findings.extend(findings);
        Ok(dialect)
    }

    fn schema(&mut self, source: SchemaSource, resource: &str) -> io::Result<Option<TableSchema>> {
        let path = match source {
            SchemaSource::None => return Ok(None),
            SchemaSource::Here(schema) => return Ok(Some(*schema)),
            SchemaSource::File(path) => path,
        };
        let Some(bytes) = self.described(&path, resource)? else { return Ok(None) };
        let parsed = parse::parse(&bytes, &path);
        self.findings.extend(parsed.findings);
        Ok(parsed.schema)
    }

    /// What is known of how a file is written. What cannot be followed is told.
    fn hints(&mut self, dialect: &Dialect, resource: &str) -> DialectHints {
        let byte = |c: char| u8::try_from(c).ok().filter(u8::is_ascii);
        let mut other = Vec::new();
        let delimiter = match dialect.delimiter.as_bytes() {
            [one] if one.is_ascii() => Some(*one),
            _ => {
                other.push("delimiter");
                None
            }
        };
        let comment = dialect.comment_char.as_deref().and_then(|text| match text.as_bytes() {
            [one] if one.is_ascii() => Some(*one),
            _ => {
                other.push("commentChar");
                None
            }
        });
        if dialect.header && dialect.header_rows != [1] {
            other.push("headerRows");
        }
        if !dialect.comment_rows.is_empty() {
            other.push("commentRows");
        }
        if dialect.null_sequence.as_deref().is_some_and(|text| !text.is_empty()) {
            other.push("nullSequence");
        }
        if !other.is_empty() {
            self.findings.push(general("C234", "dialect").arg("resource", resource).arg("what", other.join(", ")));
        }
        DialectHints {
            delimiter,
            quote: Some(dialect.quote_char.and_then(byte)),
            double_quote: Some(dialect.double_quote),
            escape: dialect.escape_char.and_then(byte),
            skip_initial_space: dialect.skip_initial_space.then_some(true),
            comment,
            header: Some(dialect.header),
        }
    }
}
