//! One version of a standard: its tables, rules, code lists and crosswalks.

use std::fmt::Write;

use super::{Site, escape, finding, href, whole};
use crate::package::catalog::{Catalog, compare_versions};
use crate::package::references::Kind;
use crate::package::{CodeList, Package, Resource, Status};
use crate::schema::{Field, FieldType};

/// One version of a standard, among those that a catalogue has.
pub fn page(site: Site, package: &Package, catalog: &Catalog) -> String {
    let m = &package.manifest;
    let base = format!("/v1/standards/{}/versions/{}", m.id, m.version);
    let mut main = format!("<h1>{}</h1>\n<p>{}</p>\n<dl>\n", escape(&m.title), escape(&m.description));
    let mut fact = |name: &str, html: String| {
        if !html.is_empty() {
            let _ = writeln!(main, "<dt>{name}</dt><dd>{html}</dd>");
        }
    };
    fact("Name", format!("<code>{}</code>", escape(&package.reference())));
    fact("Versions", format!("<a href=\"{}\">all versions</a>", site.to(&["standards", &m.id])));
    fact("Status", format!("{}, {}", m.status, m.tier));
    fact("Publisher", escape(&m.publisher));
    fact("Homepage", link(&m.homepage));
    fact("Written in", escape([m.spec_source.as_str(), m.spec_section.as_str()].join("; ").trim_matches([';', ' '])));
    fact("In force from", escape(m.effective_from.as_deref().unwrap_or_default()));
    fact("In force until", escape(m.effective_until.as_deref().unwrap_or_default()));
    fact("Licence of these pages", escape(&m.licence));
    fact("Digest", format!("<code class=\"long\">{}</code>", escape(&package.digest)));
    let tabular = package.resources.iter().any(|r| r.tabular);
    match site {
        Site::Served | Site::Exported => {
            fact("For programs", format!("<a href=\"{0}\">{0}</a>", escape(&href(&base))));
            let own = href(&format!("/standards/{}/{}", m.id, m.version));
            let bundle = format!("<a href=\"{}\">all files as a zip</a>", escape(&href(&format!("{base}/bundle"))));
            let template = format!("<a href=\"{}\">an empty spreadsheet to fill in</a>, ", escape(&format!("{own}/template.xlsx")));
            fact("Download", format!("{}{bundle}", if tabular { template.as_str() } else { "" }));
        }
        Site::Files(_) if tabular => {
            let words = format!("concord standards template {} -o {}.xlsx", package.reference(), m.id);
            fact("An empty spreadsheet to fill in", format!("<code>{}</code>", escape(&words)));
        }
        Site::Files(_) => {}
    }
    main.push_str("</dl>\n");
    let others: Vec<&Package> = catalog.versions(&m.id).iter().map(|p| &**p).filter(|p| p.manifest.version != m.version).collect();
    if !others.is_empty() {
        main.push_str("<h2>Other versions</h2>\n<ul>\n");
        for other in others {
            let newer = compare_versions(&other.manifest.version, &m.version).is_gt();
            let (old, new) = if newer { (m, &other.manifest) } else { (&other.manifest, m) };
            let _ = writeln!(
                main,
                "<li><a href=\"{}\">{}</a> ({}): <a href=\"{}\">what changed from {} to {}</a></li>",
                site.to(&["standards", &m.id, &other.manifest.version]),
                escape(&other.reference()),
                other.manifest.status,
                site.to(&["standards", &m.id, &old.version, "compare", &new.version]),
                escape(&old.version),
                escape(&new.version)
            );
        }
        main.push_str("</ul>\n");
    }
    if !m.unconfirmed.is_empty() {
        main.push_str("<h2>Not confirmed</h2>\n<p>No source states this:</p>\n<ul>\n");
        m.unconfirmed.iter().for_each(|note| {
            let _ = writeln!(main, "<li>{}</li>", escape(note));
        });
        main.push_str("</ul>\n");
    }
    package.resources.iter().for_each(|r| table(&mut main, r));
    rules(site, &mut main, package);
    if !package.codes.is_empty() {
        main.push_str("<h2>Code lists</h2>\n");
        package.codes.values().for_each(|list| code_list(&mut main, list));
    }
    if !package.crosswalks.is_empty() {
        main.push_str("<h2>Can be made from</h2>\n<ul>\n");
        package.crosswalks.iter().for_each(|c| {
            let _ = writeln!(main, "<li>{} {}</li>", named(site, catalog, &c.from), escape(&c.title));
        });
        main.push_str("</ul>\n");
    }
    references(site, &mut main, package, catalog);
    main.push_str("<h2>Files</h2>\n<details>\n<summary>The package, file by file</summary>\n<ul>\n");
    for (path, bytes) in package.files.iter() {
        let name = match site {
            Site::Served | Site::Exported => format!("<a href=\"{}\">{}</a>", escape(&href(&format!("{base}/files/{path}"))), escape(path)),
            Site::Files(_) => escape(path),
        };
        let _ = writeln!(main, "<li>{name}, {} bytes</li>", bytes.len());
    }
    main.push_str("</ul>\n</details>\n");
    whole(site, &format!("{} {} – Concord", m.title, m.version), &main)
}

/// What a reference names, as a link where it is known, with its state where that is not simply in force.
fn named(site: Site, catalog: &Catalog, to: &str) -> String {
    let Some(found) = catalog.find(to) else { return format!("<code>{}</code>", escape(to)) };
    let m = &found.manifest;
    let state = if m.status == Status::Stable { String::new() } else { format!(" ({})", m.status) };
    format!("<a href=\"{}\"><code>{}</code></a>{state}", site.to(&["standards", &m.id, &m.version]), escape(&found.reference()))
}

/// What the version names beside its crosswalks, which stand above, and who names it.
fn references(site: Site, main: &mut String, package: &Package, catalog: &Catalog) {
    for (kind, heading) in [(Kind::Supersedes, "Takes the place of"), (Kind::Uses, "Relies on")] {
        let all: Vec<_> = package.references().into_iter().filter(|r| r.kind == kind).collect();
        if !all.is_empty() {
            let _ = writeln!(main, "<h2>{heading}</h2>\n<ul>");
            all.iter().for_each(|r| {
                let _ = writeln!(main, "<li>{}</li>", named(site, catalog, &r.to));
            });
            main.push_str("</ul>\n");
        }
    }
    let by = catalog.referrers(package);
    if !by.is_empty() {
        main.push_str("<h2>Who refers to it</h2>\n<ul>\n");
        for (reference, other) in by {
            let _ = writeln!(main, "<li>{}: {} it</li>", named(site, catalog, &other.reference()), reference.kind.said());
        }
        main.push_str("</ul>\n");
    }
}

/// A link to another site, when it is one; else the text alone.
fn link(text: &str) -> String {
    let shown = escape(text);
    if text.starts_with("https://") || text.starts_with("http://") { format!("<a href=\"{shown}\">{shown}</a>") } else { shown }
}

fn table(main: &mut String, r: &Resource) {
    let files = r.files.iter().map(|f| format!("<code>{}</code>", escape(f))).collect::<Vec<_>>().join(", ");
    let usual = if files.is_empty() { String::new() } else { format!(" Usually {files}.") };
    let _ = write!(
        main,
        "<h2>Table: {}</h2>\n<p>One record is one {}. The table is {} in a dataset.{usual}</p>\n<div class=\"wide\"><table>\n\
         <caption>Columns of {}</caption>\n<thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Kind of value</th>\
         <th scope=\"col\">Needed</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n",
        escape(&r.title),
        escape(&r.record),
        r.presence.word(),
        escape(&r.title)
    );
    for (i, field) in r.schema.fields.iter().enumerate() {
        let needed = if r.schema.is_required(i) { "required" } else { field.extras.presence.word() };
        let _ = writeln!(
            main,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{needed}</td><td>{}</td></tr>",
            escape(&field.name),
            kind(field),
            meaning(field)
        );
    }
    main.push_str("</tbody>\n</table></div>\n");
}

fn kind(field: &Field) -> String {
    if let Some(list) = &field.codes {
        let name = escape(&list.name);
        let open = if field.extras.open { ", or another" } else { "" };
        return format!("<a href=\"#codes-{name}\">one of {name}</a>{open}");
    }
    let word = match &field.kind {
        FieldType::String(_) | FieldType::Any => "text",
        FieldType::Number(_) => "number",
        FieldType::Integer(_) => "whole number",
        FieldType::Boolean { .. } => "true or false",
        FieldType::DateTime(_) => "date and time",
        FieldType::Date(_) => "date",
        FieldType::Time(_) => "time",
        FieldType::Year => "year",
        FieldType::YearMonth => "year and month",
        FieldType::Duration => "length of time",
        FieldType::List { .. } => "list",
        FieldType::GeoPoint(_) => "place as longitude and latitude",
        FieldType::GeoJson { .. } => "shape on the map, as JSON",
        FieldType::Object | FieldType::Array => "JSON",
    };
    match &field.extras.unit {
        Some(unit) => format!("{word}, in {}", escape(unit)),
        None => word.to_owned(),
    }
}

fn meaning(field: &Field) -> String {
    let mut out = String::new();
    if !field.title.is_empty() {
        let _ = write!(out, "<strong>{}</strong> ", escape(&field.title));
    }
    out.push_str(&escape(&field.description));
    if !field.example.is_empty() {
        let _ = write!(out, " Example: <code>{}</code>", escape(&field.example));
    }
    if !field.extras.aliases.is_empty() {
        let names: Vec<String> = field.extras.aliases.iter().map(|a| format!("<code>{}</code>", escape(a))).collect();
        let _ = write!(out, " Also known as {}.", names.join(", "));
    }
    if let Some(reference) = &field.extras.reference {
        let _ = write!(out, " <small>{}</small>", escape(reference));
    }
    out
}

fn rules(site: Site, main: &mut String, package: &Package) {
    if package.rules.is_empty() {
        return;
    }
    main.push_str(
        "<h2>Rules</h2>\n<div class=\"wide\"><table>\n<caption>What must hold between columns and between records</caption>\n\
         <thead><tr><th scope=\"col\">Rule</th><th scope=\"col\">If broken</th><th scope=\"col\">Why, and how to mend it</th></tr></thead>\n<tbody>\n",
    );
    for rule in &package.rules {
        let code = format!("{}/{}", package.manifest.id, rule.id);
        let _ = writeln!(
            main,
            "<tr><th scope=\"row\">{}<br><a href=\"{}\"><code>{}</code></a></th><td>{}</td><td>{} {} <small>{}</small></td></tr>",
            escape(&rule.title),
            site.to(&finding::place(&code)),
            escape(&code),
            rule.severity.word(),
            escape(&rule.why),
            escape(&rule.mend),
            escape(&rule.reference)
        );
    }
    main.push_str("</tbody>\n</table></div>\n");
}

fn code_list(main: &mut String, list: &CodeList) {
    let name = escape(&list.name);
    let _ = write!(
        main,
        "<details id=\"codes-{name}\">\n<summary>{name} ({})</summary>\n<div class=\"wide\"><table>\n<caption>Codes of {name}</caption>\n\
         <thead><tr><th scope=\"col\">Code</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n",
        list.codes.len()
    );
    for code in &list.codes {
        let mut words: Vec<String> = [&code.title, &code.description].into_iter().filter(|t| !t.is_empty()).map(|t| escape(t)).collect();
        if code.deprecated {
            words.push("No longer to be used.".to_owned());
        }
        if !code.replaced_by.is_empty() {
            words.push(format!("Use <code>{}</code>.", escape(&code.replaced_by)));
        }
        let _ = writeln!(main, "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td></tr>", escape(&code.code), words.join(". "));
    }
    main.push_str("</tbody>\n</table></div>\n</details>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(link("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(link("https://a.example/?b&c"), "<a href=\"https://a.example/?b&amp;c\">https://a.example/?b&amp;c</a>");
    }
}
