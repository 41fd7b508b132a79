//! `GET /v1/findings/{code}`: the page behind a finding's code, the same as the command line's `explain`; and `GET /findings/{code}`, for people.

use concord_core::package::catalog::Catalog;
use concord_core::render::pages::{Site, finding};
use concord_core::render::{explain, explain_json};
use warp::http::HeaderMap;

use crate::negotiate::accept;
use crate::problem::{NOT_ACCEPTABLE, Problem, UNKNOWN_FINDING, shown};
use crate::store::{ASK, Page, html_page};

const OFFERED: &[&str] = &["application/json", "text/plain; charset=utf-8"];

/// The page in the format that `Accept` asks for.
pub fn page(catalog: &Catalog, code: &str, headers: &HeaderMap) -> Result<Page, Problem> {
    let rules = |code: &str| catalog.rule(code);
    let format = accept(headers, OFFERED).ok_or_else(|| Problem::new(NOT_ACCEPTABLE, format!("There are {}.", OFFERED.join(" and "))))?;
    let text = if format == 0 { explain_json(code, &rules) } else { explain(code, &rules) };
    Ok(Page::new(text.ok_or_else(|| unknown(code))?, OFFERED[format], ASK))
}

/// The page for people.
pub fn for_people(catalog: &Catalog, code: &str) -> Result<Page, Problem> {
    finding::page(Site::Served, catalog, code).map(html_page).ok_or_else(|| unknown(code))
}

fn unknown(code: &str) -> Problem {
    Problem::new(UNKNOWN_FINDING, format!("No check and no rule has the code \"{}\".", shown(code)))
}
