//! `concord standards doc`: the pages of all standards as files.

use std::collections::BTreeMap;
use std::path::Path;

use concord_core::render::pages::escape;

use crate::support::{Folder, names_in, run};

/// All files below a folder, by their paths from it.
fn files(folder: &Path, prefix: &str, all: &mut BTreeMap<String, String>) {
    for name in names_in(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            files(&path, &format!("{prefix}{name}/"), all);
        } else {
            all.insert(format!("{prefix}{name}"), std::fs::read_to_string(&path).unwrap());
        }
    }
}

fn written(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    files(folder, "", &mut all);
    all
}

/// The file that a link of a page leads to, as a browser finds it on a disk. `None` when it leads out of the folder.
fn target(page: &str, link: &str) -> Option<String> {
    let mut at: Vec<&str> = page.split('/').collect();
    at.pop();
    for part in link.split('/') {
        if part == ".." {
            at.pop()?;
        } else {
            at.push(part);
        }
    }
    Some(at.join("/"))
}

#[test]
fn pages_of_all_standards_lead_to_each_other_on_a_disk() {
    let place = Folder::new("doc");
    let folder = place.path("pages");
    let words = ["standards".as_ref(), "doc".as_ref(), "-o".as_ref(), folder.as_os_str()];
    assert!(run(words).ended_with(0).out.is_empty());
    let all = written(&folder);
    for (name, html) in all.iter().filter(|(name, _)| name.ends_with(".html")) {
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n") && !html.contains("<script"), "{name}");
        let mut links = 0;
        for link in html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            if let Some(anchor) = link.strip_prefix('#') {
                assert!(html.contains(&format!("id=\"{anchor}\"")), "{name} links to #{anchor}");
            } else if !link.starts_with("https://") && !link.starts_with("http://") {
                links += 1;
                assert!(target(name, link).is_some_and(|to| all.contains_key(&to)), "{name} links to {link}");
            }
        }
        // The style and the start at least.
        assert!(links >= 2 && !html.contains("src=\""), "{name}");
    }
    let index = &all["index.html"];
    for package in concord_standards::catalog().all() {
        let m = &package.manifest;
        let name = format!("standards/{}/{}/index.html", m.id, m.version);
        assert!(index.contains(&format!("href=\"{name}\"")), "{name}");
        let page = &all[&name];
        for field in package.resources.iter().flat_map(|r| &r.schema.fields) {
            assert!(page.contains(&format!("<code>{}</code>", escape(&field.name))), "{name}: {}", field.name);
        }
        for list in package.codes.keys() {
            assert!(page.contains(&format!("id=\"codes-{list}\"")), "{name}: {list}");
        }
        for rule in &package.rules {
            assert!(page.contains(&format!("../../../findings/{}/{}/index.html", m.id, rule.id)), "{name}: {}", rule.id);
        }
        for crosswalk in &package.crosswalks {
            assert!(page.contains(&format!("<code>{}</code>", crosswalk.from)), "{name}: {}", crosswalk.from);
        }
        assert!(all[&format!("standards/{}/index.html", m.id)].contains(&format!(">{}</a>", package.reference())), "{name}");
    }
    assert!(all["findings/C304/index.html"].contains("not-in-list"));

    // What concord wrote is written anew, the same bytes, and nothing stays that was of another time.
    std::fs::write(folder.join("findings/C304/index.html"), "changed").unwrap();
    run(words).ended_with(0);
    assert!(written(&folder) == all);

    // What somebody else put there is kept, however deep, and so is all around it.
    for stranger in ["notes.txt", "standards/blds/notes.txt", "standards/empty"] {
        let path = folder.join(stranger);
        if stranger.ends_with(".txt") {
            std::fs::write(&path, "mine").unwrap();
        } else {
            std::fs::create_dir(&path).unwrap();
        }
        let before = written(&folder);
        let ran = run(words).ended_with(2);
        assert!(ran.err.contains(&format!("the folder holds \"{stranger}\"")), "{}", ran.err);
        assert!(written(&folder) == before && path.exists());
        if path.is_dir() { std::fs::remove_dir(&path).unwrap() } else { std::fs::remove_file(&path).unwrap() }
    }
    assert_eq!(names_in(&place.path("")), ["pages"]);
}

#[test]
fn pages_go_to_no_place_that_is_something_else() {
    let place = Folder::new("doc-refused");
    let file = place.file("file", "mine");
    std::fs::create_dir(place.path("full")).unwrap();
    place.file("full/mine.txt", "mine");
    for (path, says) in [(file, "is a file, not a folder"), (place.path("full"), "mine.txt"), (place.path("no/such/folder"), "folder")] {
        let ran = run(["standards".as_ref(), "doc".as_ref(), "-o".as_ref(), path.as_os_str()]).ended_with(2);
        assert!(ran.out.is_empty() && ran.err.contains(says), "{}", ran.err);
    }
    assert!(run(["standards", "doc"]).ended_with(2).err.contains("-o"));
    assert_eq!(names_in(&place.path("")), ["file", "full"]);
    assert_eq!(names_in(&place.path("full")), ["mine.txt"]);
}
