//! Seeds: those in `fuzz/seeds`, and those made from the embedded standards, which are good examples of everything.

use std::path::PathBuf;

use crate::validate::number_of;

/// A seed's name and its bytes.
pub type Seed = (String, Vec<u8>);

/// The folder `fuzz/`.
pub fn folder() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// The seeds of a target in `fuzz/seeds`, by name.
pub fn written(target: &str) -> Vec<Seed> {
    let folder = folder().join("seeds").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut seeds: Vec<Seed> = files
        .map(|file| {
            let path = file.expect("a file of the folder").path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            (name, std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        })
        .collect();
    seeds.sort();
    seeds
}

/// Seeds of a target made from the embedded standards.
pub fn of_standards(target: &str) -> Vec<Seed> {
    let files = concord_standards::files();
    let named = |path: &str| path.replace('/', "-");
    let with = |first: &[u8], bytes: &[u8]| [first, bytes].concat();
    let csv = files.iter().filter(|(path, _)| path.contains("/examples/") && path.ends_with(".csv"));
    match target {
        "decode_csv" => csv.map(|(path, bytes)| (named(path), with(&[0, 23], bytes))).collect(),
        "validate" => csv
            .filter_map(|(path, bytes)| {
                let mut parts = path.split('/').skip(1);
                let standard = number_of(&format!("{}@{}", parts.next()?, parts.next()?))?;
                Some((named(path), with(&[standard, 7, 0], bytes)))
            })
            .collect(),
        "convert" => files
            .iter()
            .filter(|(path, _)| path.ends_with(".in.csv"))
            .flat_map(|(path, bytes)| (0..3).map(|how| (format!("{how}-{}", named(path)), with(&[how, 1], bytes))))
            .collect(),
        "crosswalk" => files
            .iter()
            .filter(|(path, _)| path.contains("/crosswalks/") && path.ends_with(".toml"))
            .map(|(path, bytes)| (named(path), with(bytes, b"\n== rows\n1,2,3,,N,,MILL,ST,,,,,,,,87043\n")))
            .collect(),
        "document_rules" => files
            .iter()
            .filter(|(path, _)| path.starts_with("national/cap/") && path.contains("/examples/") && path.ends_with(".xml"))
            .map(|(path, bytes)| (named(path), with(&[9], bytes)))
            .collect(),
        "load_package" => concord_standards::catalog()
            .all()
            .map(|package| {
                let mut archive = Vec::new();
                for (path, bytes) in package.files.iter().filter(|(path, _)| !path.starts_with("examples/")) {
                    archive.extend_from_slice(format!("== {path}\n").as_bytes());
                    // The longest code lists say nothing new.
                    archive.extend_from_slice(&bytes[..bytes.len().min(6000)]);
                    archive.push(b'\n');
                }
                (package.reference(), archive)
            })
            .collect(),
        _ => Vec::new(),
    }
}
