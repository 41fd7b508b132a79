//! Two versions of a standard side by side.

use std::fmt::Write;

use super::{Site, escape, whole};
use crate::compare::{Answer, Comparison, Inclusion};
use crate::package::Package;
use crate::render::words::message;

/// The page. `old` and `new` are what was compared.
pub fn page(site: Site, old: &Package, new: &Package, comparison: &Comparison) -> String {
    let c = comparison;
    let link = |p: &Package| {
        format!("<a href=\"{}\">{}</a>", site.to(&["standards", &p.manifest.id, &p.manifest.version]), escape(&p.reference()))
    };
    let title = format!("{} and {}", c.old, c.new);
    let mut main = format!("<h1>{}: what changed</h1>\n<p>From {} to {}.</p>\n<dl>\n", escape(&new.manifest.title), link(old), link(new));
    let mut fact = |name: &str, text: &str| {
        let _ = writeln!(main, "<dt>{name}</dt><dd>{}</dd>", escape(text));
    };
    fact(
        "If you publish data",
        match c.publishers.answer() {
            Answer::Yes => "Nothing to do: every file that was accepted is accepted still.",
            Answer::No => "Some files that were accepted are refused now. What to mend is listed below.",
            Answer::NotShown => "It could not be shown that every file accepted before is accepted still.",
        },
    );
    fact(
        "If you read data",
        match c.readers.answer() {
            Answer::Yes => "Nothing to do: who reads by the old version can read every new file.",
            Answer::No => "New files can hold what the old version refuses. What to be ready for is listed below.",
            Answer::NotShown => "It could not be shown that the old version accepts every new file.",
        },
    );
    let size = match &c.proposed {
        Some(version) => format!("A {} step: the next version after {} would be {version} or higher.", c.size.word(), c.old),
        None => format!("A {} step.", c.size.word()),
    };
    fact("How large a change", &size);
    main.push_str("</dl>\n");
    side(&mut main, "What those who publish have to mend", &c.publishers, (&c.old, &c.new));
    side(&mut main, "What those who read have to be ready for", &c.readers, (&c.new, &c.old));
    main.push_str("<h2>What changed</h2>\n");
    if c.changes.is_empty() {
        main.push_str("<p>Nothing that a file is checked by.</p>\n");
    } else {
        let _ = write!(
            main,
            "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Where</th><th scope=\"col\">What</th>\
             <th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead>\n<tbody>\n",
            escape(&c.old),
            escape(&c.new)
        );
        for change in &c.changes {
            let place: Vec<&str> = [change.resource.as_str(), change.field.as_str()].into_iter().filter(|t| !t.is_empty()).collect();
            let place = if place.is_empty() { "the standard".to_owned() } else { place.join(" ") };
            let _ = writeln!(
                main,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(&place),
                escape(change.what),
                escape(&change.before),
                escape(&change.after)
            );
        }
        main.push_str("</tbody>\n</table></div>\n");
    }
    if let Some(text) = new.files.get("CHANGES.md").and_then(|bytes| std::str::from_utf8(bytes).ok()) {
        let _ = write!(main, "<h2>In the publisher's words</h2>\n<pre>{}</pre>\n", escape(text));
    }
    whole(site, &format!("{title} – Concord"), &main)
}

/// What breaks in one direction, each with what shows it.
fn side(main: &mut String, title: &str, inclusion: &Inclusion, (accepts, refuses): (&str, &str)) {
    if inclusion.breaks.is_empty() && inclusion.doubts.is_empty() {
        return;
    }
    let _ = write!(main, "<h2>{title}</h2>\n<ul>\n");
    let subject = |resource: &str, field: Option<&str>| {
        let all: Vec<&str> = [Some(resource), field].into_iter().flatten().filter(|t| !t.is_empty()).collect();
        escape(&all.join(" "))
    };
    for found in &inclusion.breaks {
        let place = subject(&found.resource, found.field.as_deref());
        let _ = writeln!(main, "<li><strong>{place}</strong>: {}", escape(&message(&found.finding)));
        let tables = found.witness.tables.iter().map(|table| table.csv());
        for text in tables.chain(found.witness.document.iter().map(|(_, json)| json.clone())) {
            let _ = write!(
                main,
                "<details><summary>An example that {} accepts and {} refuses</summary>\n<pre>{}</pre></details>\n",
                escape(accepts),
                escape(refuses),
                escape(&text)
            );
        }
        main.push_str("</li>\n");
    }
    for doubt in &inclusion.doubts {
        let place = subject(&doubt.resource, doubt.field.as_deref());
        let _ = writeln!(main, "<li><strong>{place}</strong>: not shown, since {}</li>", escape(&doubt.why));
    }
    main.push_str("</ul>\n");
}
