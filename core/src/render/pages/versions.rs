//! All versions of one standard.

use std::fmt::Write;
use std::sync::Arc;

use super::{Site, escape, whole};
use crate::package::Package;

/// The page about the versions of an id, oldest first. `None` when there are none.
pub fn page(site: Site, versions: &[Arc<Package>]) -> Option<String> {
    let newest = &versions.last()?.manifest;
    let mut main = format!(
        "<h1>{}: versions</h1>\n<p>{}</p>\n<div class=\"wide\"><table>\n<caption>Versions of <code>{}</code>, the newest first</caption>\n\
         <thead><tr><th scope=\"col\">Version</th><th scope=\"col\">Status</th><th scope=\"col\">In force from</th>\
         <th scope=\"col\">In force until</th><th scope=\"col\">Changes</th></tr></thead>\n<tbody>\n",
        escape(&newest.title),
        escape(&newest.description),
        escape(&newest.id)
    );
    for (i, package) in versions.iter().enumerate().rev() {
        let m = &package.manifest;
        let changes = i.checked_sub(1).and_then(|i| versions.get(i)).map_or_else(String::new, |before| {
            let before = &before.manifest.version;
            let to = site.to(&["standards", &m.id, before, "compare", &m.version]);
            format!("<a href=\"{to}\">what changed from {}</a>", escape(before))
        });
        let _ = writeln!(
            main,
            "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td>{}</td><td>{}</td><td>{}</td><td>{changes}</td></tr>",
            site.to(&["standards", &m.id, &m.version]),
            escape(&package.reference()),
            m.status,
            escape(m.effective_from.as_deref().unwrap_or_default()),
            escape(m.effective_until.as_deref().unwrap_or_default())
        );
    }
    main.push_str("</tbody>\n</table></div>\n");
    if !matches!(site, Site::Files(_)) {
        let programs = site.to(&["v1", "standards", &newest.id]);
        let _ = writeln!(main, "<p>For programs: <a href=\"{programs}\">{programs}</a></p>");
    }
    Some(whole(site, &format!("{}: versions – Concord", newest.title), &main))
}
