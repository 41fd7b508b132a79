//! The catalogue for people: plain pages without scripts. All texts of packages are escaped on their way in.

use std::fmt::Write;

pub mod compare;

use concord_core::package::catalog::Catalog;
use concord_core::package::{CodeList, Package, Resource, Tier};
use concord_core::schema::{Field, FieldType};

use crate::json::presence;
use crate::problem::Kind;
use crate::store::href;

/// The one stylesheet, at `/style.css`.
pub const STYLE: &str = include_str!("style.css");

/// `Content-Security-Policy` of the pages: nothing runs, and nothing is loaded but the stylesheet.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A text for HTML, between tags or in a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are not allowed in HTML.
            c if c.is_control() && !c.is_ascii_whitespace() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// A whole page. `title` is escaped here; `main` is HTML.
fn page(title: &str, main: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n\
         <header><a href=\"/\">Concord</a> <span>standards for local government data</span></header>\n<main id=\"main\">\n{main}</main>\n\
         <footer>For programs: <a href=\"/v1/standards\">/v1/standards</a></footer>\n</body>\n</html>\n",
        escape(title)
    )
}

/// The list of standards, by who accepts them.
pub fn index(catalog: &Catalog) -> String {
    let mut main = "<h1>Standards</h1>\n<p>What a file must look like, and what its values may be, for each kind of data. \
                    Every standard can be read here, and files can be checked against it.</p>\n\
                    <form role=\"search\" action=\"/\" method=\"get\"><label for=\"q\">Search titles, fields and codes</label> \
                    <input id=\"q\" name=\"q\" type=\"search\" maxlength=\"200\"> <button>Search</button></form>\n"
        .to_owned();
    for (tier, heading, about) in [
        (Tier::National, "National standards", "Accepted across the country."),
        (Tier::Regional, "Regional standards", "Accepted in a state or region."),
        (Tier::Local, "Local layouts", "What towns and their software export. Files of these can be recognised and converted."),
    ] {
        let packages: Vec<_> = catalog.all().filter(|p| p.manifest.tier == tier).collect();
        if packages.is_empty() {
            continue;
        }
        let _ = write!(
            main,
            "<h2>{heading}</h2>\n<div class=\"wide\"><table>\n<caption>{about}</caption>\n\
             <thead><tr><th scope=\"col\">Title</th><th scope=\"col\">Version</th><th scope=\"col\">Subject</th>\
             <th scope=\"col\">Status</th></tr></thead>\n<tbody>\n"
        );
        for package in packages {
            let m = &package.manifest;
            let _ = writeln!(
                main,
                "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                escape(&href(&format!("/standards/{}/{}", m.id, m.version))),
                escape(&m.title),
                escape(&package.reference()),
                escape(&m.domain),
                m.status
            );
        }
        main.push_str("</tbody>\n</table></div>\n");
    }
    page("Standards – Concord", &main)
}

/// What was found; `found` is the list as `GET /v1/standards` has it.
pub fn results(q: &str, found: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value, name: &str| escape(value[name].as_str().unwrap_or_default());
    let all = found["standards"].as_array().map_or(&[][..], Vec::as_slice);
    let mut main = format!(
        "<h1>Search</h1>\n<form role=\"search\" action=\"/\" method=\"get\"><label for=\"q\">Search titles, fields and codes</label> \
         <input id=\"q\" name=\"q\" type=\"search\" maxlength=\"200\" value=\"{}\"> <button>Search</button></form>\n<p>{}</p>\n<ul>\n",
        escape(q),
        match all.len() {
            0 => "No standard has all of these words.".to_owned(),
            1 => "One standard has all of these words.".to_owned(),
            n => format!("{n} standards have all of these words."),
        }
    );
    for entry in all {
        let places: Vec<String> = entry["matches"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|place| format!("{} <code>{}</code>", text(place, "kind"), text(place, "name")))
            .collect();
        let _ = writeln!(
            main,
            "<li><a href=\"{}\">{}</a> <code>{}</code>: {}</li>",
            escape(entry["links"]["page"].as_str().unwrap_or_default()),
            text(entry, "title"),
            text(entry, "reference"),
            places.join(", ")
        );
    }
    main.push_str("</ul>\n");
    page("Search – Concord", &main)
}

/// One version of a standard, among the others of its id.
pub fn standard(package: &Package, versions: &[std::sync::Arc<Package>]) -> String {
    let m = &package.manifest;
    let base = format!("/v1/standards/{}/versions/{}", m.id, m.version);
    let mut main = format!("<h1>{}</h1>\n<p>{}</p>\n<dl>\n", escape(&m.title), escape(&m.description));
    let mut fact = |name: &str, html: String| {
        if !html.is_empty() {
            let _ = writeln!(main, "<dt>{name}</dt><dd>{html}</dd>");
        }
    };
    fact("Name", format!("<code>{}</code>", escape(&package.reference())));
    fact("Status", format!("{}, {}", m.status, m.tier));
    fact("Publisher", escape(&m.publisher));
    fact("Homepage", link(&m.homepage));
    fact("Written in", escape([m.spec_source.as_str(), m.spec_section.as_str()].join("; ").trim_matches([';', ' '])));
    fact("In force from", escape(m.effective_from.as_deref().unwrap_or_default()));
    fact("In force until", escape(m.effective_until.as_deref().unwrap_or_default()));
    fact("Licence of these pages", escape(&m.licence));
    fact("Digest", format!("<code class=\"long\">{}</code>", escape(&package.digest)));
    fact("For programs", format!("<a href=\"{0}\">{0}</a>", escape(&href(&base))));
    let own = href(&format!("/standards/{}/{}", m.id, m.version));
    let bundle = format!("<a href=\"{}\">all files as a zip</a>", escape(&href(&format!("{base}/bundle"))));
    let tabular = package.resources.iter().any(|r| r.tabular);
    let template = format!("<a href=\"{}\">an empty spreadsheet to fill in</a>, ", escape(&format!("{own}/template.xlsx")));
    fact("Download", format!("{}{bundle}", if tabular { template.as_str() } else { "" }));
    main.push_str("</dl>\n");
    let others: Vec<&Package> = versions.iter().map(|p| &**p).filter(|p| p.manifest.version != m.version).collect();
    if !others.is_empty() {
        main.push_str("<h2>Other versions</h2>\n<ul>\n");
        for other in others {
            let address = |a: &str| escape(&href(a));
            let newer = concord_core::package::catalog::compare_versions(&other.manifest.version, &m.version).is_gt();
            let (old, new) = if newer { (m, &other.manifest) } else { (&other.manifest, m) };
            let _ = writeln!(
                main,
                "<li><a href=\"{}\">{}</a> ({}): <a href=\"{}\">what changed from {} to {}</a></li>",
                address(&format!("/standards/{}/{}", m.id, other.manifest.version)),
                escape(&other.reference()),
                other.manifest.status,
                address(&format!("/standards/{}/{}/compare/{}", m.id, old.version, new.version)),
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
    rules(&mut main, package);
    if !package.codes.is_empty() {
        main.push_str("<h2>Code lists</h2>\n");
        package.codes.values().for_each(|list| code_list(&mut main, list));
    }
    if !package.crosswalks.is_empty() {
        main.push_str("<h2>Can be made from</h2>\n<ul>\n");
        package.crosswalks.iter().for_each(|c| {
            let _ = writeln!(main, "<li><code>{}</code> {}</li>", escape(&c.from), escape(&c.title));
        });
        main.push_str("</ul>\n");
    }
    main.push_str("<h2>Files</h2>\n<details>\n<summary>The package, file by file</summary>\n<ul>\n");
    for (path, bytes) in &package.files {
        let to = escape(&href(&format!("{base}/files/{path}")));
        let _ = writeln!(main, "<li><a href=\"{to}\">{}</a>, {} bytes</li>", escape(path), bytes.len());
    }
    main.push_str("</ul>\n</details>\n");
    page(&format!("{} {} – Concord", m.title, m.version), &main)
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
        presence(r.presence),
        escape(&r.title)
    );
    for (i, field) in r.schema.fields.iter().enumerate() {
        let needed = if r.schema.is_required(i) { "required" } else { presence(field.extras.presence) };
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

fn rules(main: &mut String, package: &Package) {
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
            escape(&href(&format!("/v1/findings/{code}"))),
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

/// The page behind a problem's `type`.
pub fn problem(kind: &Kind) -> String {
    let main = format!("<h1>{}</h1>\n<p>Status {}.</p>\n<p>{}</p>\n", escape(kind.title), kind.status, escape(kind.help));
    page(&format!("{} – Concord", kind.title), &main)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use concord_core::package::{Manifest, Rule, RuleKind};
    use concord_core::schema::TableSchema;

    use super::*;

    #[test]
    fn no_text_of_a_package_becomes_markup() {
        let evil = "<script>\"'&\u{0}";
        let text = || evil.to_owned();
        let mut schema = TableSchema::of_texts(&[evil]);
        let field = &mut schema.fields[0];
        (field.title, field.description, field.example) = (text(), text(), text());
        (field.extras.unit, field.extras.reference, field.extras.aliases) = (Some(text()), Some(text()), vec![text()]);
        let mut listed = field.clone();
        let code = concord_core::package::Code { code: text(), title: text(), description: text(), deprecated: true, replaced_by: text() };
        let list = std::sync::Arc::new(CodeList { name: text(), codes: vec![code] });
        listed.codes = Some(list.clone());
        schema.fields.push(listed);
        let package = Package {
            manifest: Manifest {
                id: text(),
                version: text(),
                title: text(),
                description: text(),
                publisher: text(),
                homepage: format!("https://{evil}"),
                licence: text(),
                effective_from: Some(text()),
                effective_until: Some(text()),
                spec_source: text(),
                spec_section: text(),
                unconfirmed: vec![text()],
                ..Manifest::default()
            },
            resources: vec![Resource { record: text(), files: vec![text()], ..Resource::of_table(evil, evil, schema) }],
            codes: [(text(), list)].into(),
            rules: vec![Rule {
                id: text(),
                resource: text(),
                kind: RuleKind::Rows { min: 1, max: None },
                severity: concord_core::finding::Severity::Error,
                title: text(),
                why: text(),
                mend: text(),
                reference: text(),
            }],
            files: [(text(), Vec::new())].into(),
            digest: text(),
            ..Package::default()
        };
        let html = standard(&package, &[]);
        assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;\u{FFFD}"));
        assert!(!html.contains("<script") && !html.contains("\"'") && !html.contains('\u{0}'), "{html}");
        let mut catalog = Catalog::default();
        assert!(catalog.add(package).is_none());
        assert!(!index(&catalog).contains("<script"));
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(link("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(link("https://a.example/?b&c"), "<a href=\"https://a.example/?b&amp;c\">https://a.example/?b&amp;c</a>");
    }
}
