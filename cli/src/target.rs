//! What files are checked against, from what the user named.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_core::check::plan::StandardPlan;
use concord_core::finding::{Finding, Severity};
use concord_core::jschema;
use concord_core::package::Package;
use concord_core::package::catalog::Catalog;
use concord_core::package::descriptor::{self, SchemaSource};
use concord_core::read::ReadOptions;
use concord_core::read::tidy::{Known, Layouts};
use concord_core::render::words;
use concord_core::schema::parse;
use concord_core::session::{Choice, hex};
use sha2::{Digest, Sha256};

use crate::args::HowToRead;
use crate::output::Failure;
use crate::schemas;

/// The embedded standards.
pub(crate) fn catalog() -> &'static Catalog {
    concord_standards::catalog()
}

/// The package that a reference names, with the official schema that was imported for it.
pub(crate) fn package(reference: &str) -> Result<Arc<Package>, Failure> {
    schemas::with_imported(&packaged(reference)?)
}

/// The package that a reference names, as it comes.
pub(crate) fn packaged(reference: &str) -> Result<Arc<Package>, Failure> {
    let id = reference.split('@').next().unwrap_or_default();
    concord_standards::versions_of(id).find(reference).cloned().ok_or_else(|| {
        let drafts: Vec<String> = concord_standards::versions_of(reference).all().map(|p| p.reference()).collect();
        if !drafts.is_empty() {
            return Failure::said(format!("\"{reference}\" has no stable version yet; name the one that you mean: {}", drafts.join(", ")));
        }
        let catalog = catalog();
        let near = catalog.near(reference).map(|n| format!(" (did you mean {n}?)")).unwrap_or_default();
        Failure::said(format!("there is no standard \"{reference}\"{near}; `concord standards list` shows all"))
    })
}

/// The package that a reference names, from a registry when one is given.
pub(crate) fn named(reference: &str, registry: Option<&str>) -> Result<Arc<Package>, Failure> {
    let Some(url) = registry else { return package(reference) };
    let folder = crate::registry::pull(reference, url)?;
    let loaded = crate::standards::folder(&folder)?;
    refuse(reference, &loaded.findings)?;
    loaded.package.map(Arc::new).ok_or_else(|| Failure::said(format!("{} is no package", folder.display())))
}

/// How files are read that are of the layout named, or that may be of any layout known here.
pub(crate) fn read_options(named: Option<&str>, how: &HowToRead) -> Result<ReadOptions, Failure> {
    Ok(match named {
        Some(reference) => read_options_of(&[package(reference)?], how),
        None => read_options_of(&catalog().all().cloned().collect::<Vec<_>>(), how),
    })
}

/// How files are read that may be of a layout of these packages.
pub(crate) fn read_options_of(packages: &[Arc<Package>], how: &HowToRead) -> ReadOptions {
    let fixed = packages.iter().flat_map(|p| p.layouts.iter().filter_map(|l| l.fixed.clone())).collect();
    let printed = packages.iter().flat_map(|p| p.layouts.iter().filter_map(|l| l.printed.clone())).collect();
    let layouts = Layouts::new(packages.iter().flat_map(|p| Known::of_package(p)));
    // One that is named may have its header further down.
    let layouts = match packages {
        [one] => layouts.with_plans([Arc::new(StandardPlan::of_package(one))]),
        _ => layouts,
    };
    ReadOptions { fixed, printed, layouts, ..how.options() }
}

/// The choice that `--standard` and `--schema` make.
pub(crate) fn choice(standard: Option<&str>, schemas: &[PathBuf]) -> Result<Choice, Failure> {
    if let Some(reference) = standard {
        return Ok(Choice::Given(Arc::new(StandardPlan::of_package(&*package(reference)?))));
    }
    if !schemas.is_empty() {
        return Ok(Choice::Given(Arc::new(of_schema_files(schemas)?)));
    }
    Ok(Choice::Detect(plans()?))
}

/// Plans of all that is known here.
pub(crate) fn plans() -> Result<Vec<Arc<StandardPlan>>, Failure> {
    catalog().all().map(|p| Ok(Arc::new(StandardPlan::of_package(&*schemas::with_imported(p)?)))).collect()
}

fn of_schema_files(paths: &[PathBuf]) -> Result<StandardPlan, Failure> {
    // Schemas of XML belong together; none of them is a table's.
    let first = paths.first().map(|path| split_pointer(path).0);
    let first = first.map(|path| fs::read(&path).map_err(|e| Failure::of(&path, &e)).map(|bytes| (path, bytes))).transpose()?;
    if first.is_some_and(|(path, bytes)| schemas::is_xsd(&path, &bytes)) {
        return schemas::plan(paths);
    }
    let mut tables = Vec::new();
    let mut digest = Sha256::new();
    let mut names = Vec::new();
    let mut schemas: Vec<(String, Vec<u8>)> = Vec::new();
    let mut root: Option<(String, String)> = None;
    for path in paths {
        let (path, pointer) = split_pointer(path);
        let path = &path;
        let bytes = fs::read(path).map_err(|e| Failure::of(path, &e))?;
        digest.update(&bytes);
        let name = file_name(path);
        // Of several JSON Schemas the first one is what is checked against.
        if root.is_none() || !jschema::is_schema_file(&bytes) {
            names.push(name.clone());
        }
        if jschema::is_schema_file(&bytes) {
            // The name tells documents of several folders apart, and is what references between them are compared with.
            let name = path.to_string_lossy().replace('\\', "/");
            root.get_or_insert_with(|| (name.clone(), pointer));
            schemas.push((name, bytes));
        } else if is_descriptor(&bytes) {
            let folder = path.parent().unwrap_or(Path::new(""));
            tables.extend(described_tables(&bytes, &name, folder)?);
        } else {
            let parsed = parse::parse(&bytes, &name);
            refuse(&name, &parsed.findings)?;
            let schema = parsed.schema.ok_or_else(|| Failure::said(format!("{name} is not a Table Schema")))?;
            let stem = name.trim_end_matches(".json").trim_end_matches(".table").trim_end_matches(".schema").to_owned();
            tables.push((stem, Vec::new(), Arc::new(schema)));
        }
    }
    let digest = format!("sha256:{}", hex(&digest.finalize()));
    let plan = StandardPlan::of_schemas(&names.join(", "), &digest, tables);
    let Some((root, pointer)) = root else { return Ok(plan) };
    let nested = jschema::plan::of_schema(&file_name(Path::new(&root)), schemas, &root, &pointer);
    let usable = nested.schema().map_err(|p| vec![p]).and_then(|schema| schema.verify().map(|_| ()));
    if let Err(problems) = usable {
        let findings: Vec<Finding> = problems.iter().map(jschema::Problem::finding).collect();
        refuse(&names.join(", "), &findings)?;
    }
    Ok(plan.with_nested(nested))
}

/// A path and the JSON Pointer behind `#`, for schemas that are a part of a larger document.
fn split_pointer(path: &Path) -> (PathBuf, String) {
    let text = path.to_string_lossy();
    match text.split_once('#') {
        Some((file, pointer)) if !path.exists() => (PathBuf::from(file), pointer.to_owned()),
        _ => (path.to_owned(), String::new()),
    }
}

/// Whether a JSON file describes a data package rather than one table.
pub(crate) fn is_descriptor(bytes: &[u8]) -> bool {
    let described = descriptor::data_package(bytes, "");
    described.package.is_some_and(|p| !p.resources.is_empty())
}

type Tables = Vec<(String, Vec<String>, Arc<concord_core::schema::TableSchema>)>;

/// The tables of a descriptor, with their files.
pub(crate) fn described_tables(bytes: &[u8], name: &str, folder: &Path) -> Result<Tables, Failure> {
    let described = descriptor::data_package(bytes, name);
    refuse(name, &described.findings)?;
    let package = described.package.ok_or_else(|| Failure::said(format!("{name} is not a Data Package descriptor")))?;
    let mut tables = Vec::new();
    for resource in package.resources {
        let files: Vec<String> = resource.paths.iter().map(|p| file_name(Path::new(p))).collect();
        let schema = match resource.schema {
            SchemaSource::Here(schema) => *schema,
            SchemaSource::File(path) => {
                let path = folder.join(path);
                let bytes = fs::read(&path).map_err(|e| Failure::of(&path, &e))?;
                let parsed = parse::parse(&bytes, &file_name(&path));
                refuse(&file_name(&path), &parsed.findings)?;
                parsed.schema.ok_or_else(|| Failure::said(format!("{} is not a Table Schema", path.display())))?
            }
            SchemaSource::None => continue,
        };
        tables.push((resource.name, files, Arc::new(schema)));
    }
    Ok(tables)
}

/// A schema with errors cannot be checked against as it was meant.
fn refuse(name: &str, findings: &[Finding]) -> Result<(), Failure> {
    let errors: Vec<String> = findings.iter().filter(|f| f.severity == Severity::Error).map(words::message).collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Failure::said(format!(
        "{name} cannot be used as a schema:\n  {}\nTo see more: concord standards check {name}",
        errors.join("\n  ")
    )))
}

/// A path's last part as text.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}
