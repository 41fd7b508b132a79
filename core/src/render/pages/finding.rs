//! What findings mean: the page of a code, and the list of all checks.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Site, escape, whole};
use crate::finding::{Check, RuleWords, checks};
use crate::package::catalog::Catalog;
use crate::render::explain::{find, readable, stage};

/// The page of a check, by its code in any case or its name, or of a rule of a standard. `None` when there is neither.
pub fn page(site: Site, catalog: &Catalog, code: &str) -> Option<String> {
    let (code, title, mut main) = match find(code) {
        Some(check) => (check.code.to_owned(), check.title.to_owned(), about_check(check)),
        None => {
            let rule = catalog.rule(code.trim())?;
            let main = about_rule(site, catalog, &rule);
            (rule.code, readable(&rule.title), main)
        }
    };
    let _ = writeln!(main, "<p><a href=\"{}\">All checks</a></p>", site.to(&["findings"]));
    if !matches!(site, Site::Files(_)) {
        let programs = site.to(&["v1", "findings", &code]);
        let _ = writeln!(main, "<p>For programs: <a href=\"{programs}\">{programs}</a></p>");
    }
    let main = format!("<h1><code>{}</code>: {}</h1>\n{main}", escape(&code), escape(&title));
    Some(whole(site, &format!("{code}: {title} – Concord"), &main))
}

/// Where the page of a code stands.
pub fn place(code: &str) -> Vec<&str> {
    // The code of a rule begins with its standard's id.
    let parts = code.split_once('/').map_or_else(|| vec![code], |(standard, rule)| vec![standard, rule]);
    std::iter::once("findings").chain(parts).collect()
}

/// Every check, by what it is about.
pub fn list(site: Site) -> String {
    let mut stages: BTreeMap<&str, Vec<&Check>> = BTreeMap::new();
    // The second sign of a code is its stage's.
    checks::all().for_each(|check| stages.entry(check.code.get(..2).unwrap_or_default()).or_default().push(check));
    let mut main =
        "<h1>What findings mean</h1>\n<p>Each finding of a report has a code. These are the checks of Concord itself; the rules \
                    of a standard are on its own page.</p>\n"
            .to_owned();
    for checks in stages.values() {
        let about = checks.first().map(|check| stage(check.code)).unwrap_or_default();
        let _ = write!(
            main,
            "<h2>About {about}</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Code</th><th scope=\"col\">Severity</th>\
             <th scope=\"col\">Finding</th></tr></thead>\n<tbody>\n"
        );
        for check in checks {
            let to = site.to(&place(check.code));
            let (code, severity, title) = (escape(check.code), check.severity.word(), escape(check.title));
            let _ = writeln!(
                main,
                "<tr><th scope=\"row\"><a href=\"{to}\"><code>{code}</code></a></th><td>{severity}</td><td>{title}</td></tr>"
            );
        }
        main.push_str("</tbody>\n</table></div>\n");
    }
    whole(site, "What findings mean – Concord", &main)
}

fn about_check(check: &Check) -> String {
    let severity = check.severity.word();
    let article = if severity.starts_with(['e', 'i']) { "an" } else { "a" };
    let mut main = format!("<p><code>{}</code>, {article} {severity} about {}.</p>\n", escape(check.name), stage(check.code));
    section(&mut main, "Why it matters", check.why);
    main.push_str("<h2>What reports say</h2>\n<ul>\n");
    for kind in check.kinds {
        let _ = write!(main, "<li>{}", escape(&readable(kind.message)));
        if let Some(severity) = kind.severity.filter(|s| *s != check.severity) {
            let _ = write!(main, " ({})", severity.word());
        }
        for (name, text) in [("Expected", kind.expected), ("To mend", kind.mend)] {
            if !text.is_empty() {
                let _ = write!(main, "<br><small>{name}: {}</small>", escape(&readable(text)));
            }
        }
        main.push_str("</li>\n");
    }
    main.push_str("</ul>\n");
    main
}

fn about_rule(site: Site, catalog: &Catalog, rule: &RuleWords) -> String {
    let (standard, id) = rule.code.split_once('/').unwrap_or_default();
    let having = catalog.versions(standard).iter().filter(|p| p.rules.iter().any(|r| r.id == id));
    let having = having.map(|p| {
        let to = site.to(&["standards", &p.manifest.id, &p.manifest.version]);
        format!("<a href=\"{to}\">{}</a>", escape(&p.reference()))
    });
    let mut main = format!("<p>A rule of {}.</p>\n", having.collect::<Vec<_>>().join(", "));
    section(&mut main, "Why it matters", &rule.why);
    section(&mut main, "How to mend it", &readable(&rule.mend));
    main
}

fn section(main: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        let _ = write!(main, "<h2>{title}</h2>\n<p>{}</p>\n", escape(text));
    }
}
