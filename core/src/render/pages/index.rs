//! The first page: all standards.

use std::fmt::Write;

use super::{Site, escape, whole};
use crate::package::Tier;
use crate::package::catalog::Catalog;

/// The list of standards, by who accepts them.
pub fn page(site: Site, catalog: &Catalog) -> String {
    let mut main = "<h1>Standards</h1>\n<p>What a file must look like, and what its values may be, for each kind of data. \
                    Every standard can be read here, and files can be checked against it.</p>\n"
        .to_owned();
    if site == Site::Served {
        main.push_str(
            "<form role=\"search\" action=\"/\" method=\"get\"><label for=\"q\">Search titles, fields and codes</label> \
             <input id=\"q\" name=\"q\" type=\"search\" maxlength=\"200\"> <button>Search</button></form>\n",
        );
    }
    let admin = if site == Site::Served { " · <a href=\"/audit\">Audit log, for administrators</a>" } else { "" };
    let _ = writeln!(main, "<p><a href=\"{}\">What findings mean</a>{admin}</p>", site.to(&["findings"]));
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
                site.to(&["standards", &m.id, &m.version]),
                escape(&m.title),
                escape(&package.reference()),
                escape(&m.domain),
                m.status
            );
        }
        main.push_str("</tbody>\n</table></div>\n");
    }
    whole(site, "Standards – Concord", &main)
}
