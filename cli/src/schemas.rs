//! XML schemas on disk: the files given with all that lie beside them, and official schemas that were imported.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use concord_core::bounds::{Packed, SCHEMA_BYTES, SCHEMA_FILES};
use concord_core::check::plan::StandardPlan;
use concord_core::check::xml::{SchemaFiles, XmlPlan, is_schema, joined, locations};
use concord_core::finding::Severity;
use concord_core::package::Package;
use concord_core::package::load::digest;
use concord_core::render::words;

use crate::output::{Failure, print, write_file};
use crate::target::{file_name, packaged};

/// The schema documents given, with what they include and import as far as it lies beside them on disk; nothing is fetched.
pub(crate) fn gather(paths: &[PathBuf]) -> Result<SchemaFiles, Failure> {
    let mut found: Vec<(Vec<String>, Vec<u8>)> = Vec::new();
    let mut roots = Vec::new();
    for path in paths {
        let parts = absolute(path)?;
        roots.push(parts.clone());
        found.push((parts, read(path)?));
    }
    let mut at = 0;
    while let Some((parts, bytes)) = found.get(at) {
        at += 1;
        let base = parts.join("/");
        for location in locations(bytes) {
            // Only schemas: a schema of a stranger's must not make other files be read.
            let Some(name) = joined(&base, &location).filter(|n| n.to_ascii_lowercase().ends_with(".xsd")) else { continue };
            let parts: Vec<String> = name.split('/').map(str::to_owned).collect();
            if found.iter().any(|(known, _)| *known == parts) {
                continue;
            }
            let path = on_disk(&parts);
            if !path.is_file() {
                continue;
            }
            if found.len() >= SCHEMA_FILES {
                return Err(Failure::said(format!("the schemas import more than {SCHEMA_FILES} files")));
            }
            let bytes = read(&path)?;
            found.push((parts, bytes));
        }
    }
    // Reports name files from the folder that holds all of them.
    let mut shared = found.first().map_or(0, |(parts, _)| parts.len().saturating_sub(1));
    for (parts, _) in &found {
        let first = &found[0].0;
        shared = shared.min(parts.len() - 1).min(first.iter().zip(parts).take_while(|(a, b)| a == b).count());
    }
    let name = |parts: &[String]| parts[shared.min(parts.len())..].join("/");
    let files: BTreeMap<String, Vec<u8>> = found.iter().map(|(parts, bytes)| (name(parts), bytes.clone())).collect();
    let digest = digest(&files);
    let files = files.into_iter().map(|(name, bytes)| (name, Arc::from(bytes))).collect();
    Ok(SchemaFiles { roots: roots.iter().map(|parts| name(parts)).collect(), files, digest })
}

/// A plan to check XML against schemas of the user's own.
pub(crate) fn plan(paths: &[PathBuf]) -> Result<StandardPlan, Failure> {
    let schema = gather(paths)?;
    let names = paths.iter().map(|p| file_name(p)).collect::<Vec<_>>().join(", ");
    let digest = schema.digest.clone();
    let plan = XmlPlan::of_schema(&names, schema);
    let errors: Vec<String> = plan.compiled().findings.iter().filter(|f| f.severity == Severity::Error).map(words::message).collect();
    if !errors.is_empty() {
        return Err(Failure::said(format!(
            "{names} cannot be used as a schema:\n  {}\nTo see more: concord standards check {}",
            errors.join("\n  "),
            paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(" ")
        )));
    }
    let documents: Vec<Arc<dyn concord_core::read::document::DocumentKind>> = vec![Arc::new(plan)];
    Ok(StandardPlan { documents, ..StandardPlan::of_schemas(&names, &digest, Vec::new()) })
}

/// Whether a file is an XML schema.
pub(crate) fn is_xsd(path: &Path, bytes: &[u8]) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xsd")) || is_schema(bytes)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|e| Failure::of(path, &e))?.len();
    if size > SCHEMA_BYTES as u64 {
        return Err(Failure::said(format!("{}: larger than the bound of {SCHEMA_BYTES} bytes for a schema", path.display())));
    }
    fs::read(path).map_err(|e| Failure::of(path, &e))
}

/// The parts of a path from the root, without `.` and `..`.
fn absolute(path: &Path) -> Result<Vec<String>, Failure> {
    let whole = std::path::absolute(path).map_err(|e| Failure::of(path, &e))?;
    let mut parts = Vec::new();
    for component in whole.components() {
        match component {
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir => {}
            Component::RootDir => parts.push(String::new()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    Ok(parts)
}

fn on_disk(parts: &[String]) -> PathBuf {
    PathBuf::from(parts.join("/"))
}

// ---- official schemas that are imported

/// Where imported schemas lie: `CONCORD_DATA`, else the place that the system has for a user's data.
fn data_folder() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    of("CONCORD_DATA").or_else(|| {
        let base = if cfg!(windows) {
            of("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            of("HOME").map(|h| h.join("Library/Application Support"))
        } else {
            of("XDG_DATA_HOME").or_else(|| of("HOME").map(|h| h.join(".local/share")))
        };
        base.map(|b| b.join("concord"))
    })
}

/// The folder of a package's imported schemas.
fn folder_of(package: &Package) -> Option<PathBuf> {
    data_folder().map(|d| d.join("schemas").join(&package.manifest.id).join(&package.manifest.version))
}

/// A package with its imported schema, when one was imported; otherwise as it is.
///
/// # Errors
/// When what was imported is no longer what it was.
pub(crate) fn with_imported(package: &Arc<Package>) -> Result<Arc<Package>, Failure> {
    if !package.lacks_schema() {
        return Ok(package.clone());
    }
    let Some(folder) = folder_of(package) else { return Ok(package.clone()) };
    let Ok(current) = fs::read_to_string(folder.join("current")) else { return Ok(package.clone()) };
    let name = current.trim();
    if name.len() != 64 || !name.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Failure::said(format!("{}: not what an import writes; import the schema again", folder.join("current").display())));
    }
    let held = folder.join(name);
    let mut files = BTreeMap::new();
    collect(&held, &held, &mut files, 0)?;
    if digest(&files) != format!("sha256:{name}") {
        return Err(Failure::said(format!("{}: the schema files were changed; import them again", held.display())));
    }
    let mut package = Package::clone(package);
    package.supply(&files);
    Ok(Arc::new(package))
}

/// `concord standards import PATH --as REF`
pub(crate) fn import(path: &Path, reference: &str) -> Result<ExitCode, Failure> {
    let mut package = Package::clone(&*packaged(reference)?);
    let reference = package.reference();
    if !package.takes_schema() {
        return Err(Failure::said(format!("{reference} needs no other schema; it comes whole")));
    }
    let mut files = BTreeMap::new();
    if path.is_dir() {
        collect(path, path, &mut files, 0)?;
    } else {
        unzip(path, &mut files)?;
    }
    let missing = package.supply(&files);
    if !missing.is_empty() {
        return Err(Failure::said(format!("{}: {reference} needs {}, which is not there", path.display(), missing.join(" and "))));
    }
    // What the schema does not use is not kept.
    let used: std::collections::BTreeSet<String> = package.documents.iter().flat_map(|d| closure(&d.schema)).collect();
    files.retain(|name, _| used.contains(name));
    package.supply(&files);
    for document in &package.documents {
        let compiled = document.schema.compile();
        let errors: Vec<String> = compiled.findings.iter().filter(|f| f.severity == Severity::Error).map(words::message).collect();
        if !errors.is_empty() {
            return Err(Failure::said(format!("{} cannot be used for {reference}:\n  {}", path.display(), errors.join("\n  "))));
        }
    }
    let folder = folder_of(&package).ok_or_else(|| Failure::said("there is no folder for a user's data; set CONCORD_DATA"))?;
    let digest = digest(&files);
    let name = digest.trim_start_matches("sha256:").to_owned();
    store(&folder, &name, &files)?;
    print(&format!("{reference}: {} schema files imported, {digest}\n", files.len()))?;
    Ok(ExitCode::SUCCESS)
}

/// The documents that a schema reaches from its roots.
fn closure(schema: &SchemaFiles) -> Vec<String> {
    let mut reached: Vec<String> = schema.roots.clone();
    let mut at = 0;
    while let Some(name) = reached.get(at).cloned() {
        at += 1;
        let Some(bytes) = schema.files.get(&name) else { continue };
        for location in locations(bytes) {
            if let Some(other) = schema.resolve(&name, &location)
                && !reached.contains(&other)
            {
                reached.push(other);
            }
        }
    }
    reached
}

/// Writes the files under the digest's name and then makes it the current one; each by renaming, so that nobody meets half of it.
fn store(folder: &Path, name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let (held, part) = (folder.join(name), folder.join(format!(".{}.part", std::process::id())));
    fn fail(path: &Path) -> impl Fn(std::io::Error) -> Failure {
        let path = path.to_owned();
        move |e| Failure::of(&path, &e)
    }
    fs::create_dir_all(folder).map_err(fail(folder))?;
    if part.exists() {
        fs::remove_dir_all(&part).map_err(fail(&part))?;
    }
    let written = files.iter().try_for_each(|(path, bytes)| {
        let file = part.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(fail(parent))?;
        }
        write_file(&file, bytes)
    });
    let placed = written.and_then(|()| {
        if held.is_dir() {
            // The same files were imported before; a damaged copy of them is replaced.
            let mut known = BTreeMap::new();
            if collect(&held, &held, &mut known, 0).is_ok() && known == *files {
                return fs::remove_dir_all(&part).map_err(fail(&part));
            }
            fs::remove_dir_all(&held).map_err(fail(&held))?;
        }
        fs::rename(&part, &held).map_err(fail(&held))
    });
    if placed.is_err() {
        let _ = fs::remove_dir_all(&part);
    }
    placed?;
    write_file(&folder.join("current"), format!("{name}\n").as_bytes())
}

/// All schema files below a folder.
fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>, depth: usize) -> Result<(), Failure> {
    if depth > 16 {
        return Err(Failure::said(format!("{}: folders are nested too deep", folder.display())));
    }
    for entry in fs::read_dir(folder).map_err(|e| Failure::of(folder, &e))? {
        let path = entry.map_err(|e| Failure::of(folder, &e))?.path();
        if path.is_dir() {
            collect(root, &path, files, depth + 1)?;
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xsd")) {
            if files.len() >= SCHEMA_FILES {
                return Err(Failure::said(format!("{}: more than {SCHEMA_FILES} schema files", root.display())));
            }
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let name = relative.iter().map(|p| p.to_string_lossy()).collect::<Vec<_>>().join("/");
            let bytes = read(&path)?;
            files.insert(name, bytes);
        }
    }
    Ok(())
}

/// All schema files of a zip archive; sizes that it states are not believed.
fn unzip(path: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    use std::io::Read;
    let fail = |e: &dyn std::fmt::Display| Failure::said(format!("{}: {e}", path.display()));
    let file = fs::File::open(path).map_err(|e| Failure::of(path, &e))?;
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).map_err(|e| fail(&e))?;
    let mut left = Packed::default().inflated;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|e| fail(&e))?;
        let Some(name) = entry.enclosed_name() else { continue };
        let name = name.iter().map(|p| p.to_string_lossy()).collect::<Vec<_>>().join("/");
        if !entry.is_file() || !name.to_ascii_lowercase().ends_with(".xsd") {
            continue;
        }
        if files.len() >= SCHEMA_FILES {
            return Err(fail(&format!("more than {SCHEMA_FILES} schema files")));
        }
        let most = left.min(SCHEMA_BYTES as u64);
        let mut bytes = Vec::new();
        entry.by_ref().take(most + 1).read_to_end(&mut bytes).map_err(|e| fail(&e))?;
        if bytes.len() as u64 > most {
            return Err(fail(&format!("{name} unpacks to more than the bound")));
        }
        left -= bytes.len() as u64;
        files.insert(name, bytes);
    }
    Ok(())
}
