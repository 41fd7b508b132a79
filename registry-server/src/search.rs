//! `GET /v1/standards`: the list, by words in titles, fields and codes, page by page.

use concord_core::package::Package;
use concord_core::package::catalog::Catalog;
use serde_json::{Value, json};

use crate::json::summary;
use crate::problem::{Problem, WRONG_PARAMETER, shown};
use crate::store::{ASK, Page};
use crate::upload::parameters;

/// Standards of one page, unless the request says another number, and the most it may say.
pub const PAGE: (usize, usize) = (100, 500);

/// Longest text that is searched for, in characters.
pub const LONGEST: usize = 200;

/// Places that are named for each standard found.
const PLACES: usize = 5;

/// The page that the parameters ask for.
///
/// # Errors
/// When a parameter is wrong.
pub fn page(catalog: &Catalog, query: &str) -> Result<Page, Problem> {
    let [q, tier, domain, status, limit, after] = parameters(query, ["q", "tier", "domain", "status", "limit", "after"])?;
    let wrong = |detail: String| Problem::new(WRONG_PARAMETER, detail);
    let q = q.unwrap_or_default();
    if q.chars().count() > LONGEST {
        return Err(wrong(format!("The parameter q is of up to {LONGEST} characters.")));
    }
    let words: Vec<String> = q.split_whitespace().map(str::to_lowercase).collect();
    let one_of = |name: &str, value: &Option<String>, known: &[&str]| match value {
        Some(value) if !known.contains(&value.as_str()) => {
            Err(wrong(format!("The parameter {name} is one of {}, not \"{}\".", known.join(", "), shown(value))))
        }
        _ => Ok(()),
    };
    one_of("tier", &tier, TIERS)?;
    one_of("status", &status, STATES)?;
    let limit = match limit {
        None => PAGE.0,
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (1..=PAGE.1).contains(n) && text.bytes().all(|b| b.is_ascii_digit()))
            .ok_or_else(|| wrong(format!("The parameter limit is a whole number from 1 to {}, not \"{}\".", PAGE.1, shown(&text))))?,
    };
    let fits = |p: &Package| {
        tier.as_ref().is_none_or(|t| *t == p.manifest.tier.to_string())
            && status.as_ref().is_none_or(|s| *s == p.manifest.status.to_string())
            && domain.as_ref().is_none_or(|d| *d == p.manifest.domain)
    };
    let mut found = catalog.all().filter(|p| fits(p)).filter_map(|p| Some((p, places(p, &words)?)));
    // Where the last page ended.
    if let Some(after) = &after
        && !found.by_ref().any(|(p, _)| p.reference() == *after)
    {
        return Err(crate::router::unknown_standard(catalog, after));
    }
    let mut all: Vec<(Value, String)> = Vec::new();
    let mut more = false;
    for (package, places) in found {
        if all.len() == limit {
            more = true;
            break;
        }
        let mut entry = summary(package);
        if !words.is_empty() {
            entry["matches"] = places;
        }
        all.push((entry, package.reference()));
    }
    let next = all.last().filter(|_| more).map(|(_, last)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let limit = limit.to_string();
        let known =
            [("q", Some(&q).filter(|q| !q.is_empty())), ("tier", tier.as_ref()), ("domain", domain.as_ref()), ("status", status.as_ref())];
        for (name, value) in known.into_iter().chain([("limit", Some(&limit)), ("after", Some(last))]) {
            value.into_iter().for_each(|value| {
                query.append_pair(name, value);
            });
        }
        format!("/v1/standards?{}", query.finish())
    });
    let all: Vec<Value> = all.into_iter().map(|(entry, _)| entry).collect();
    let mut body = json!({"standards": all});
    if let Some(next) = next {
        body["next"] = next.into();
    }
    Ok(Page::new(format!("{body:#}\n"), "application/json", ASK))
}

/// Words for tiers, and for states.
pub const TIERS: &[&str] = &["national", "regional", "local"];
/// See [`TIERS`].
pub const STATES: &[&str] = &["draft", "stable", "deprecated", "withdrawn"];

/// Where the words stand in a standard; `None` when one of them is nowhere.
fn places(package: &Package, words: &[String]) -> Option<Value> {
    let m = &package.manifest;
    let mut texts: Vec<(&str, String, String)> =
        vec![("standard", m.id.clone(), format!("{} {} {} {} {}", m.id, m.title, m.description, m.publisher, m.domain))];
    for resource in &package.resources {
        texts.push(("table", resource.name.clone(), format!("{} {}", resource.name, resource.title)));
        for f in &resource.schema.fields {
            texts.push(("field", format!("{}.{}", resource.name, f.name), format!("{} {} {}", f.name, f.title, f.description)));
        }
    }
    for list in package.codes.values() {
        for code in &list.codes {
            texts.push(("code", format!("{}.{}", list.name, code.code), format!("{} {} {}", code.code, code.title, code.description)));
        }
    }
    texts.iter_mut().for_each(|(_, _, text)| *text = text.to_lowercase());
    if !words.iter().all(|word| texts.iter().any(|(_, _, text)| text.contains(word.as_str()))) {
        return None;
    }
    let hits = texts.iter().filter(|(_, _, text)| words.iter().any(|word| text.contains(word.as_str())));
    Some(hits.take(PLACES).map(|(kind, name, _)| json!({"kind": kind, "name": name})).collect())
}
