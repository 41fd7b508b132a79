//! What the pages for people say about the project, held against the project.

use std::path::Path;

use crate::support::{Folder, names_in, root, run};

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The README shows every package that is shipped, as `standards list` does.
#[test]
fn the_readme_lists_what_is_shipped() {
    let listed = run(["standards", "list"]).ended_with(0).text();
    assert!(listed.lines().count() >= 40, "{listed}");
    assert!(
        page("README.md").contains(&format!("$ concord standards list\n{listed}$ ")),
        "the README's list is not that of the program:\n{listed}"
    );
}

/// The sample of a conversion ends as the conversion does.
#[test]
fn the_sample_of_a_conversion_is_real() {
    let folder = Folder::new("pages");
    let export = root().join("standards/national/blds/1.2/examples/convert/socrata-permits.in.csv");
    let (out, rejects) = (folder.path("permits.csv"), folder.path("rejects.csv"));
    let words = ["convert".as_ref(), export.as_os_str(), "--to".as_ref(), "blds@1.2".as_ref(), "-o".as_ref(), out.as_os_str()];
    let said = run(words.into_iter().chain(["--rejects".as_ref(), rejects.as_os_str()])).text();
    let last = said.lines().last().unwrap();
    assert!(last.ends_with("checks run."), "{said}");
    assert!(page("README.md").contains(last), "{last}");
}

/// The two commands of the recipe for an export that nobody has described, as they are written, on the repository's own example.
#[test]
fn the_recipe_for_a_draft_runs_as_written() {
    let readme = page("README.md");
    let recipe: Vec<&str> = readme.lines().filter(|l| l.starts_with("concord ") && l.contains("our-permits.csv")).collect();
    assert_eq!(recipe.len(), 2, "{recipe:?}");
    let folder = Folder::new("recipe");
    let example = root().join("standards/national/blds/1.2/examples/convert/socrata-permits.in.csv");
    folder.file("our-permits.csv", std::fs::read(example).unwrap());
    for line in recipe {
        // Names of files are those of the folder.
        let word = |w: &str| {
            let is_file = [".csv", ".toml", "/"].iter().any(|end| w.ends_with(end));
            if is_file { folder.path(w).into_os_string() } else { w.into() }
        };
        let ran = run(line.split_whitespace().skip(1).map(word));
        // The example has slips of its own, which the conversion tells.
        let found = line.starts_with("concord convert");
        assert_eq!(ran.status, i32::from(found), "{line}: {}", ran.err);
    }
    assert!(folder.path("permits/permits.csv").is_file());
}

fn sources(folder: &Path, prefix: &str, each: &mut dyn FnMut(&str, &str)) {
    for name in names_in(folder) {
        let (path, shown) = (folder.join(&name), format!("{prefix}{name}"));
        if path.is_dir() {
            sources(&path, &format!("{shown}/"), each);
        } else if name.ends_with(".rs") {
            each(&shown, &std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Outside of its tests the core has no file, no net, no other program, no thread and no clock.
#[test]
fn the_core_asks_nothing_of_the_system() {
    let words = ["std::fs", "std::net", "std::process", "std::thread", "SystemTime", "Instant"];
    let mut read = 0;
    sources(&root().join("core/src"), "", &mut |name, text| {
        read += 1;
        if name.ends_with("tests.rs") {
            return;
        }
        // Tests stand at a file's end.
        let own = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (number, line) in own.lines().enumerate() {
            let whole = |word: &str| line.split(|c: char| !c.is_alphanumeric() && c != ':' && c != '_').any(|w| w.starts_with(word));
            assert!(!words.iter().any(|word| whole(word)), "core/src/{name}:{}: {line}", number + 1);
        }
    });
    assert!(read > 150, "{read}");
}

/// Every module of the core stands in the page about the architecture: by its own name, or under its folder's `/*`.
#[test]
fn the_architecture_names_every_module() {
    let page = page("ARCHITECTURE.md");
    let names: Vec<&str> = page.split('`').collect();
    let mut absent = Vec::new();
    sources(&root().join("core/src"), "", &mut |name, _| {
        let module = name.trim_end_matches(".rs");
        if module == "lib" || module.ends_with("tests") {
            return;
        }
        let up = |m: &str| m.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let mut at = Some(module.to_owned());
        while let Some(m) = at {
            let star = format!("{m}/*");
            if names.iter().any(|n| *n == m || *n == star) {
                return;
            }
            at = up(&m);
        }
        absent.push(module.to_owned());
    });
    assert!(absent.is_empty(), "{absent:?}");
}

/// The schema of reports that is published as a package is that of the program.
#[test]
fn the_published_schema_of_reports_is_that_of_the_program() {
    let published = page("standards/national/concord-report/1/report.schema.json");
    assert_eq!(published, concord_core::render::REPORT_SCHEMA);
}

/// A report of the program itself meets the package, which recognises it.
#[test]
fn a_report_meets_the_published_schema() {
    let folder = Folder::new("reports");
    let example = root().join("standards/national/blds/1.2/examples/invalid/values.csv");
    let report = folder.path("found.json");
    let words =
        ["validate".as_ref(), example.as_os_str(), "--standard".as_ref(), "blds@1.2".as_ref(), "--report".as_ref(), report.as_os_str()];
    run(words).ended_with(1);
    let checked = run(["validate".as_ref(), report.as_os_str(), "--format".as_ref(), "json".as_ref()]).ended_with(0).json();
    assert_eq!((&checked["standard"]["id"], &checked["files"][0]["resource"]), (&"concord-report".into(), &"report".into()), "{checked:#}");
}
