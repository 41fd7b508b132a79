//! Pages of packages whose texts mean no good, and all pages as files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use super::*;
use crate::finding::checks;
use crate::package::catalog::Catalog;
use crate::package::{Code, CodeList, Manifest, Package, Resource, Rule, RuleKind};
use crate::schema::TableSchema;

/// What must not reach a page as it is.
const EVIL: &str = "<script>\"'&\u{0}/../..";

/// A package of which every text is [`EVIL`].
fn evil(version: &str) -> Package {
    let text = || EVIL.to_owned();
    let mut schema = TableSchema::of_texts(&[EVIL]);
    let field = &mut schema.fields[0];
    (field.title, field.description, field.example) = (text(), text(), text());
    (field.extras.unit, field.extras.reference, field.extras.aliases) = (Some(text()), Some(text()), vec![text()]);
    let mut listed = field.clone();
    let code = Code { code: text(), title: text(), description: text(), deprecated: true, replaced_by: text() };
    let list = Arc::new(CodeList { name: text(), codes: vec![code] });
    listed.codes = Some(list.clone());
    schema.fields.push(listed);
    Package {
        manifest: Manifest {
            id: "evil".to_owned(),
            version: format!("{version}{EVIL}"),
            title: text(),
            description: text(),
            publisher: text(),
            homepage: format!("https://{EVIL}"),
            licence: text(),
            effective_from: Some(text()),
            effective_until: Some(text()),
            spec_source: text(),
            spec_section: text(),
            unconfirmed: vec![text()],
            ..Manifest::default()
        },
        resources: vec![Resource { record: text(), files: vec![text()], ..Resource::of_table(EVIL, EVIL, schema) }],
        codes: [(text(), list)].into(),
        rules: vec![Rule {
            id: text(),
            resource: text(),
            kind: RuleKind::Rows { min: 1, max: None },
            severity: crate::finding::Severity::Error,
            title: text(),
            why: text(),
            mend: text(),
            reference: text(),
        }],
        files: std::sync::Arc::new([(text(), Vec::new())].into()),
        digest: text(),
        ..Package::default()
    }
}

fn is_harmless(name: &str, html: &str) {
    assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;\u{FFFD}"), "{name}");
    assert!(!html.contains("<script") && !html.contains("\"'") && !html.contains('\u{0}'), "{name}: {html}");
}

#[test]
fn no_text_of_a_package_becomes_markup() {
    is_harmless("standard", &standard::page(Site::Served, &evil("1"), &Catalog::default()));
    let mut catalog = Catalog::default();
    assert!(catalog.add(evil("1")).is_none() && catalog.add(evil("2")).is_none());
    is_harmless("index", &index::page(Site::Served, &catalog));
    is_harmless("versions", &versions::page(Site::Served, catalog.versions("evil")).unwrap());
    is_harmless("rule", &finding::page(Site::Served, &catalog, &format!("evil/{EVIL}")).unwrap());
}

/// Names of files and links to them come from the same texts.
#[test]
fn files_lead_to_each_other_and_stay_in_their_folder() {
    let mut catalog = Catalog::default();
    assert!(catalog.add(evil("1")).is_none() && catalog.add(evil("2")).is_none());
    let files = files::files(&catalog);
    let pages: Vec<_> = files.iter().filter(|(name, _)| *name != files::STYLE).collect();
    // The start, the standard, both versions, what changed, the rule; the list of checks and each of them.
    assert_eq!(pages.len(), 6 + 1 + checks::all().count(), "{:?}", files.keys());
    for (name, html) in pages {
        assert!(name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains(['<', '\\', '%'])), "{name}");
        if name != "findings/index.html" && !name.starts_with("findings/C") {
            is_harmless(name, html);
        }
        for link in html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()) {
            if link.starts_with('#') || link.starts_with("https://") {
                continue;
            }
            let mut folder: Vec<&str> = name.split('/').collect();
            folder.pop();
            for part in link.split('/') {
                if part == ".." {
                    assert!(folder.pop().is_some(), "{name} links to {link}");
                } else {
                    folder.push(part);
                }
            }
            assert!(files.contains_key(&folder.join("/")), "{name} links to {link}");
        }
    }
}
