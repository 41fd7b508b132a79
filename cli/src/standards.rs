//! `concord standards`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use concord_core::compare::{self, Answer, Budget};
use concord_core::finding::{Finding, Severity};
use concord_core::package::load::{Loaded, load};
use concord_core::package::{Package, lint};
use concord_core::render::{comparison, words};
use concord_core::schema::{self, FieldType};
use concord_core::template;

use crate::args::Standards;
use crate::doc;
use crate::output::{Failure, print, write_file};
use crate::schemas;
use crate::target::{self, catalog, file_name};

pub(crate) fn run(command: &Standards) -> Result<ExitCode, Failure> {
    match command {
        Standards::List => list(),
        Standards::Show { reference } => {
            print(&page(&*target::package(reference)?))?;
            Ok(ExitCode::SUCCESS)
        }
        Standards::Template { reference, output } => {
            if !output.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx")) {
                return Err(Failure::said(format!("{}: a template is a spreadsheet, so its name ends in .xlsx", output.display())));
            }
            let bytes = template::template(&*target::package(reference)?).map_err(Failure::said)?;
            write_file(output, &bytes)?;
            Ok(ExitCode::SUCCESS)
        }
        Standards::Doc { output } => doc::run(output),
        Standards::Import { path, reference } => schemas::import(path, reference),
        Standards::Compare { old, new, format } => {
            let comparison = compare::compare(&*version(old)?, &*version(new)?, &Budget::default());
            print(&match format.as_str() {
                "text" => comparison::text(&comparison),
                "json" => comparison::json(&comparison),
                other => return Err(Failure::said(format!("there is no format \"{other}\"; the formats are text and json"))),
            })?;
            Ok(ExitCode::from(u8::from(comparison.publishers.answer() != Answer::Yes)))
        }
        Standards::Check { paths } => {
            let mut errors = false;
            for path in paths {
                let findings = check(path)?;
                errors |= findings.iter().any(|f| f.severity == Severity::Error);
                print(&lines(&path.display().to_string(), &findings))?;
            }
            Ok(ExitCode::from(u8::from(errors)))
        }
    }
}

fn list() -> Result<ExitCode, Failure> {
    let rows: Vec<(String, String, String, String)> = catalog()
        .all()
        .map(|p| (p.reference(), p.manifest.tier.to_string(), p.manifest.status.to_string(), p.manifest.title.clone()))
        .collect();
    let width = rows.iter().map(|r| r.0.chars().count()).max().unwrap_or(0);
    let text = rows.iter().fold(String::new(), |mut out, (reference, tier, status, title)| {
        let _ = writeln!(out, "{reference:width$}  {tier:8}  {status:10}  {title}");
        out
    });
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A package's page in plain text.
fn page(package: &Package) -> String {
    let m = &package.manifest;
    let mut out = format!("{}  {}\n{}\n\n", package.reference(), m.title, m.description);
    for (name, value) in [
        ("Tier", m.tier.to_string()),
        ("Status", m.status.to_string()),
        ("Publisher", m.publisher.clone()),
        ("Homepage", m.homepage.clone()),
        ("Written in", m.spec_source.clone()),
        ("Digest", package.digest.clone()),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:11} {value}");
        }
    }
    for note in &m.unconfirmed {
        let _ = writeln!(out, "Unconfirmed {note}");
    }
    for resource in &package.resources {
        let need = if resource.presence == concord_core::schema::Presence::Required { "required" } else { "optional" };
        let _ = writeln!(out, "\nTable {} ({}, {need})", resource.name, resource.title);
        let width = resource.schema.fields.iter().map(|f| f.name.chars().count()).max().unwrap_or(0);
        for (i, field) in resource.schema.fields.iter().enumerate() {
            let star = if resource.schema.is_required(i) { "*" } else { " " };
            let kind = match (&field.kind, &field.codes) {
                (_, Some(codes)) => format!("code list {}", codes.name),
                (FieldType::Boolean { .. }, _) => "true or false".to_owned(),
                (kind, _) => kind.name().to_owned(),
            };
            let _ = writeln!(out, "  {star}{:width$}  {kind:12}  {}", field.name, field.title);
        }
    }
    for document in &package.documents {
        let _ = writeln!(out, "\nXML document {} ({})", document.name, document.title);
        for (space, local) in &document.roots {
            let _ = writeln!(out, "  begins with <{local}>{}{}", if space.is_empty() { "" } else { " of " }, space);
        }
        if !document.import.is_empty() {
            let state = if document.schema.files.is_empty() { "not imported" } else { document.schema.digest.as_str() };
            let _ = writeln!(out, "  official schema {}: {state}", document.import.join(", "));
        }
    }
    if !package.rules.is_empty() {
        out.push_str("\nRules\n");
        for rule in &package.rules {
            let _ = writeln!(out, "  {}/{} ({}): {}", m.id, rule.id, rule.severity.word(), rule.title);
        }
    }
    if !package.crosswalks.is_empty() {
        out.push_str("\nConverts from\n");
        for crosswalk in &package.crosswalks {
            let _ = writeln!(out, "  {}: {}", crosswalk.from, crosswalk.title);
        }
    }
    out
}

/// The version that is named: a standard, a package folder, or a Table Schema of its own.
fn version(name: &str) -> Result<Arc<Package>, Failure> {
    let path = Path::new(name);
    if path.is_dir() {
        let loaded = folder(path)?;
        let faults = lines(name, &loaded.findings);
        return match loaded.package {
            Some(package) if !loaded.findings.iter().any(|f| f.severity == Severity::Error) => Ok(Arc::new(package)),
            _ => Err(Failure::said(format!("{name} cannot be used as a package:\n{faults}"))),
        };
    }
    if !path.is_file() {
        return target::package(name);
    }
    let file = file_name(path);
    let parsed = schema::parse::parse(&fs::read(path).map_err(|e| Failure::of(path, &e))?, &file);
    let Some(schema) = parsed.schema.filter(|_| !parsed.findings.iter().any(|f| f.severity == Severity::Error)) else {
        return Err(Failure::said(format!("{name} cannot be used as a Table Schema:\n{}", lines(name, &parsed.findings))));
    };
    // Two files are versions of one table, whatever they are called.
    Ok(Arc::new(Package::of_table("table", &file, schema)))
}

/// Loads a package's folder.
pub(crate) fn folder(path: &Path) -> Result<Loaded, Failure> {
    let mut files = BTreeMap::new();
    read_folder(path, path, &mut files, 0)?;
    Ok(load(files))
}

/// Checks a package folder or a bare file.
fn check(path: &Path) -> Result<Vec<Finding>, Failure> {
    if path.is_dir() {
        let loaded = folder(path)?;
        let folder = path.canonicalize().map_err(|e| Failure::of(path, &e))?;
        let mut tail: Vec<String> = folder.iter().rev().take(3).map(|p| p.to_string_lossy().into_owned()).collect();
        tail.reverse();
        return Ok(lint::check_package(&loaded, &tail.join("/"), catalog()));
    }
    let bytes = fs::read(path).map_err(|e| Failure::of(path, &e))?;
    if schemas::is_xsd(path, &bytes) {
        return Ok(lint::check_schema_files(&schemas::gather(&[path.to_owned()])?));
    }
    Ok(lint::check_file(&file_name(path), &bytes))
}

fn read_folder(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>, depth: usize) -> Result<(), Failure> {
    if depth > 8 {
        return Err(Failure::said(format!("{}: folders are nested too deep", folder.display())));
    }
    for entry in fs::read_dir(folder).map_err(|e| Failure::of(folder, &e))? {
        let path = entry.map_err(|e| Failure::of(folder, &e))?.path();
        if path.is_dir() {
            read_folder(root, &path, files, depth + 1)?;
        } else {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let name = relative.iter().map(|p| p.to_string_lossy()).collect::<Vec<_>>().join("/");
            files.insert(name, fs::read(&path).map_err(|e| Failure::of(&path, &e))?);
        }
    }
    Ok(())
}

fn lines(name: &str, findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let _ = writeln!(out, "{name}: {}[{}] {}", finding.severity.word(), finding.code.text(), words::message(finding));
    }
    let count = |s: Severity| findings.iter().filter(|f| f.severity == s).count();
    let verdict = if count(Severity::Error) > 0 { "not usable" } else { "sound" };
    let _ = writeln!(
        out,
        "{name}: {verdict}, {} and {}",
        words::counted(count(Severity::Error) as u64, "error", "errors"),
        words::counted(count(Severity::Warning) as u64, "warning", "warnings")
    );
    out
}
