//! The registry's own routes that change something: publish, deprecate, withdraw.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Buf;
use concord_core::compare::Comparison;
use concord_core::package::catalog::Catalog;
use futures_util::Stream;
use serde::Deserialize;
use serde_json::json;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};
use warp::reply::Response;

use crate::Registry;
use crate::access::{Caller, Right};
use crate::body::{self, BodyError};
use crate::db;
use crate::keep::packages::{self, Life, Outcome};
use crate::problem::{
    BODY_TOO_LARGE, BREAKING, BROKEN_BODY, FAILED, Problem, TOO_SLOW, UNKNOWN_REFERENCE, UNSUPPORTED_BODY, UNUSABLE_PACKAGE, VERSION_TAKEN,
    WRONG_BODY, shown,
};
use crate::publishing::{self, Rejected};
use crate::references;
use crate::router::unknown_standard;
use crate::shelf::Shelf;

/// Largest package as JSON, in bytes.
const MAX_PACKAGE: u64 = 64 << 20;

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// `POST /v1/standards/{id}/versions`
    Publish { id: String },
    /// `POST /v1/standards/{id}/versions/{version}/deprecate` or `…/withdraw`
    Life { id: String, version: String, life: Life },
}

impl Change {
    /// Reads a path whose percent-encoding is undone.
    pub(crate) fn parse(path: &str) -> Option<Change> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts[..] {
            ["v1", "standards", id, "versions"] => Some(Change::Publish { id: id.to_owned() }),
            ["v1", "standards", id, "versions", version, verb] => {
                let life = match verb {
                    "deprecate" => Life::Deprecated,
                    "withdraw" => Life::Withdrawn,
                    _ => return None,
                };
                Some(Change::Life { id: id.to_owned(), version: version.to_owned(), life })
            }
            _ => None,
        }
    }

    fn id(&self) -> &str {
        match self {
            Change::Publish { id } | Change::Life { id, .. } => id,
        }
    }
}

/// A package as it is sent: its files as texts by their paths.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    files: BTreeMap<String, String>,
    /// Why it may break what was promised.
    #[serde(default)]
    reason: String,
}

/// Why a version moves on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
    #[serde(default)]
    successor: String,
}

/// Does it.
pub(crate) async fn change<S, B, E>(
    registry: &Arc<Registry>,
    caller: &Caller,
    change: Change,
    headers: &HeaderMap,
    body: S,
) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    if caller.must_say_who(Right::Publish) {
        return Err(crate::router::nobody());
    }
    // Who may not change a standard learns as little as if it were not there.
    if !caller.may(Right::Publish, change.id()) {
        let seen = registry.shelf().seen_by(&|id| id != change.id() && caller.may(Right::Read, id));
        return Err(unknown_standard(&seen, change.id()));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(|v| v.split(';').next().unwrap_or_default().trim());
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("application/json")) {
        return Err(Problem::new(UNSUPPORTED_BODY, "The body is JSON, as application/json."));
    }
    let content = body::whole(body, MAX_PACKAGE, &registry.limits).await.map_err(|error| match error {
        BodyError::TooLarge(most) => Problem::new(BODY_TOO_LARGE, format!("It takes packages of up to {most} bytes.")),
        BodyError::TooSlow => Problem::new(TOO_SLOW, "The body did not arrive in time."),
        BodyError::Broken => Problem::new(BROKEN_BODY, "The body broke off."),
    })?;
    let (registry, caller) = (Arc::clone(registry), caller.clone());
    let done = tokio::task::spawn_blocking(move || match change {
        Change::Publish { id } => publish(&registry, &caller, &id, &content),
        Change::Life { id, version, life } => set_life(&registry, &caller, &id, &version, life, &content),
    });
    done.await.unwrap_or_else(|_| Err(Problem::new(FAILED, "The change broke off.")))
}

fn parse<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(WRONG_BODY, format!("The body cannot be read: {}.", shown(&error.to_string()))))
}

/// The standards of which a caller may know.
fn seen(shelf: &Shelf, caller: &Caller) -> Catalog {
    if caller.may(Right::Read, "") { shelf.catalog.clone() } else { shelf.seen_by(&|id| caller.may(Right::Read, id)) }
}

fn publish(registry: &Registry, caller: &Caller, id: &str, body: &[u8]) -> Result<Response, Problem> {
    let sent: Package = parse(body)?;
    // What another process has just published can be referred to.
    if let Err(fault) = registry.refresh() {
        crate::log::fault(&fault);
    }
    let known = seen(&registry.shelf(), caller);
    let files = sent.files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    let package = publishing::read(&known, files).map_err(|rejected| problem(&rejected))?;
    if package.manifest.id != id {
        return Err(Problem::new(WRONG_BODY, format!("The package is of the standard \"{}\".", shown(&package.manifest.id))));
    }
    let outcome = publishing::publish(registry, &package, &sent.reason, &caller.actor).map_err(|rejected| problem(&rejected))?;
    let address = concord_core::render::pages::href(&format!("/v1/standards/{id}/versions/{}", package.manifest.version));
    let published = &registry.shelf().published;
    let body = json!({
        "id": id,
        "version": package.manifest.version,
        "reference": package.reference(),
        "digest": package.digest,
        "href": address,
        "references": references::named(&known, published, &package),
        "warnings": references::warnings(&known, published, &package),
    });
    let mut response = answer(&body);
    if outcome == Outcome::New {
        *response.status_mut() = StatusCode::CREATED;
    }
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

fn set_life(registry: &Registry, caller: &Caller, id: &str, version: &str, life: Life, body: &[u8]) -> Result<Response, Problem> {
    let why: Reason = parse(body)?;
    if why.reason.trim().is_empty() {
        return Err(Problem::new(WRONG_BODY, "The reason is empty; say why, for those who rely on this version."));
    }
    // A successor that the caller may not see is as good as none.
    let known = seen(&registry.shelf(), caller);
    if !why.successor.is_empty() && known.find(&why.successor).is_none() {
        return Err(unknown_standard(&known, &why.successor));
    }
    let failed = |fault: &db::Fault| {
        crate::log::fault(fault);
        Problem::new(FAILED, "The registry's database did not do it.")
    };
    let actor = caller.actor.as_str();
    let done = db::write(registry.database(), |s| packages::set_life(s, id, version, life, why.reason.trim(), &why.successor, actor));
    if !done.map_err(|fault| failed(&fault))? {
        return Err(unknown_standard(&known, &format!("{id}@{version}")));
    }
    registry.refresh().map_err(|fault| failed(&fault))?;
    let shelf = registry.shelf();
    let known = seen(&shelf, caller);
    let package = known.versions(id).iter().find(|p| p.manifest.version == version);
    let by = package.map_or_else(Vec::new, |package| references::referrers(&known, &shelf.published, package));
    let state = life.word();
    Ok(answer(&json!({
        "id": id, "version": version, "state": state, "reason": why.reason.trim(), "successor": why.successor, "referencedby": by
    })))
}

fn answer(body: &serde_json::Value) -> Response {
    let mut response = Response::new(format!("{body:#}\n").into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn problem(rejected: &Rejected) -> Problem {
    let few = |all: &[String]| {
        let rest = all.len().saturating_sub(5);
        let more = if rest > 0 { format!(" And {rest} more.") } else { String::new() };
        format!("{}{more}", all.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(" "))
    };
    match rejected {
        Rejected::Unusable(wrong) if wrong.is_empty() => {
            Problem::new(UNUSABLE_PACKAGE, "It has no standard.toml with an id and a version.")
        }
        Rejected::Unusable(wrong) => Problem::new(UNUSABLE_PACKAGE, few(wrong)),
        Rejected::Unresolved(missing) => {
            let all: Vec<String> = missing.iter().map(|to| format!("There is no standard \"{}\".", shown(to))).collect();
            Problem { more: json!({"references": missing}), ..Problem::new(UNKNOWN_REFERENCE, few(&all)) }
        }
        Rejected::Taken(reference) => Problem::new(VERSION_TAKEN, format!("{reference} was published with other files.")),
        Rejected::Breaks(comparison) => breaking(comparison),
        Rejected::Refused(refusal) if refusal.code < 50000 => Problem::new(UNUSABLE_PACKAGE, refusal.message.clone()),
        Rejected::Refused(_) => Problem::new(FAILED, "The registry's database did not do it."),
    }
}

/// What breaks, with the comparison for programs and the first record that shows it for people.
fn breaking(comparison: &Comparison) -> Problem {
    let (c, backward) = (comparison, &comparison.publishers);
    let first = match (backward.breaks.first(), backward.doubts.first()) {
        (Some(found), _) => format!("What {} takes is refused: {}", c.old, crate::compare::said(found)),
        (None, Some(doubt)) => format!("It is not shown that what {} takes is taken still: {}.", c.old, crate::compare::wondered(doubt)),
        (None, None) => format!("Who reads by {} may meet what it does not know.", c.old),
    };
    let least = c.proposed.as_ref().map_or_else(|| "a new one".to_owned(), |v| format!("{v} or higher"));
    let detail = format!("{first} It is a {} step, so its version would have to be {least}; or give a reason.", c.size.word());
    let told: serde_json::Value = serde_json::from_str(&concord_core::render::comparison::json(c)).unwrap_or_default();
    Problem { more: json!({"proposed": c.proposed, "comparison": told}), ..Problem::new(BREAKING, detail) }
}
