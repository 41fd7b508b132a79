//! The pages for people that only a server has: what was found, and what a problem is. Those of the catalogue are the core's.

use std::fmt::Write;

use concord_core::render::pages::{Site, escape, whole};

use crate::problem::Kind;

/// `Content-Security-Policy` of the pages: nothing runs, and nothing is loaded but the stylesheet.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

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
    whole(Site::Served, "Search – Concord", &main)
}

/// The page behind a problem's `type`.
pub fn problem(kind: &Kind) -> String {
    let main = format!("<h1>{}</h1>\n<p>Status {}.</p>\n<p>{}</p>\n", escape(kind.title), kind.status, escape(kind.help));
    whole(Site::Served, &format!("{} – Concord", kind.title), &main)
}
