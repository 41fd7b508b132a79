//! `/audit`: the audit log for administrators, as a page without scripts.
//!
//! A browser hands its token over in a form, once. The answer sets a cookie that scripts cannot read, that no other site can have sent along, that is
//! sent to this address only, and that ends with the browser; nothing but this page takes it. So no other site can do anything with it, which it could
//! with a password that the browser sends everywhere by itself. Programs may show their token in the `Authorization` header, as elsewhere.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Buf;
use concord_core::render::pages::{Site, escape, whole};
use concord_core::session::hex;
use futures_util::Stream;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

use crate::access::{Caller, Right};
use crate::body;
use crate::db::{Database, Fault};
use crate::keep::audit::{self, Entry};
use crate::keep::tokens;
use crate::problem::{FAILED, Problem, WRONG_PARAMETER};
use crate::{Registry, log};

/// Where it is.
pub(crate) const PATH: &str = "/audit";

/// The methods that it takes.
pub(crate) const ALLOW: &str = "GET, HEAD, POST, OPTIONS";

const COOKIE: &str = "concord_audit";

/// Rows of a page.
const ROWS: i64 = 50;

/// Largest form, in bytes.
const FORM: u64 = 4 << 10;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way<'r> {
    pub(crate) method: &'r Method,
    pub(crate) query: &'r str,
    pub(crate) headers: &'r HeaderMap,
    /// Over TLS, as far as is known.
    pub(crate) secure: bool,
}

/// The answer. `caller` is who the `Authorization` header names; nobody when it names none that is known.
pub(crate) async fn answer<S, B, E>(registry: &Arc<Registry>, caller: Option<Caller>, way: Way<'_>, body: S) -> Response
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let answered = match *way.method {
        Method::GET | Method::HEAD => show(registry, caller, way).await,
        Method::POST => sign(registry, way, body).await,
        Method::OPTIONS => Ok(crate::router::options(ALLOW)),
        _ => Err(Problem::method(ALLOW)),
    };
    answered.unwrap_or_else(|problem| problem.response())
}

fn failed(fault: &Fault) -> Problem {
    log::fault(fault);
    Problem::new(FAILED, "The audit log could not be read.")
}

/// Whether a secret is that of an administrator.
async fn is_admin(registry: &Arc<Registry>, secret: String) -> Result<bool, Problem> {
    let registry = Arc::clone(registry);
    let found = tokio::task::spawn_blocking(move || tokens::holder(registry.database(), &secret, registry.policy)).await;
    let found = found.map_err(|_| Problem::new(FAILED, "The token could not be looked up."))?.map_err(|fault| failed(&fault))?;
    Ok(found.is_some_and(|caller| caller.may(Right::Admin, "")))
}

async fn show(registry: &Arc<Registry>, caller: Option<Caller>, way: Way<'_>) -> Result<Response, Problem> {
    let shown = way.headers.contains_key(header::AUTHORIZATION);
    let open = Caller::anonymous(registry.policy).may(Right::Admin, "");
    let cookie = cookie(way.headers);
    let admin = open
        || caller.is_some_and(|caller| caller.may(Right::Admin, ""))
        || match &cookie {
            Some(secret) => is_admin(registry, secret.clone()).await?,
            None => false,
        };
    if !admin {
        return Ok(form(shown || cookie.is_some()));
    }
    let [before] = crate::upload::parameters(way.query, ["before"])?;
    let wrong = || Problem::new(WRONG_PARAMETER, "The parameter before is the number of a row.");
    let before = match before {
        None => i64::MAX,
        Some(text) => text.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?,
    };
    let asked = Arc::clone(registry);
    let made = tokio::task::spawn_blocking(move || log_page(asked.database(), before, cookie.is_some())).await;
    let page = made.map_err(|_| Problem::new(FAILED, "The reading of the audit log broke off."))?.map_err(|fault| failed(&fault))?;
    Ok(html(StatusCode::OK, page))
}

/// Takes a token from the form, or forgets it.
async fn sign<S, B, E>(registry: &Arc<Registry>, way: Way<'_>, body: S) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let bytes = body::whole(body, FORM, &registry.limits).await;
    // A form of another site, and what is no form, is as good as a wrong token.
    let Some(bytes) = bytes.ok().filter(|_| !is_of_another_site(way.headers)) else { return Ok(form(true)) };
    let field = |name: &str| form_urlencoded::parse(&bytes).find(|(n, _)| n == name).map(|(_, value)| value.trim().to_owned());
    let secure = if way.secure { "; Secure" } else { "" };
    if field("leave").is_some() {
        return Ok(go_on(&format!("{COOKIE}=; Path={PATH}; HttpOnly; SameSite=Strict; Max-Age=0{secure}")));
    }
    match field("token") {
        // A secret that is known is of letters, digits and `_`, so it can stand in a header.
        Some(secret) if is_admin(registry, secret.clone()).await? => {
            Ok(go_on(&format!("{COOKIE}={secret}; Path={PATH}; HttpOnly; SameSite=Strict{secure}")))
        }
        _ => Ok(form(true)),
    }
}

/// Whether a browser says that another site made the request.
pub(crate) fn is_of_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|text| text.split(';'));
    let mut found = all.filter_map(|pair| pair.trim().split_once('='));
    found.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

fn go_on(cookie: &str) -> Response {
    let mut response = html(StatusCode::SEE_OTHER, String::new());
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_static(PATH));
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

fn html(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(crate::html::POLICY));
    headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    response
}

/// The form, the same for a token that is unknown and for one that is no administrator's.
fn form(refused: bool) -> Response {
    let why = if refused { "<p id=\"why\" role=\"alert\">This token does not open the audit log.</p>\n" } else { "" };
    let about = if refused { " aria-invalid=\"true\" aria-describedby=\"why\"" } else { "" };
    let main = format!(
        "<h1>Audit log</h1>\n<p>Every change of this registry, for its administrators. Show a token with the scope <code>admin</code>; your browser \
         keeps it for this page until it is closed.</p>\n{why}<form action=\"{PATH}\" method=\"post\"><label for=\"token\">Token</label> \
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"off\" required{about}> <button>Show the log</button></form>\n"
    );
    html(if refused { StatusCode::FORBIDDEN } else { StatusCode::OK }, whole(Site::Served, "Audit log – Concord", &main))
}

/// Rows before a number, the newest first, and whether the chain is whole.
fn log_page(database: &dyn Database, before: i64, signed_in: bool) -> Result<String, Fault> {
    let rows = audit::before(database, before, ROWS)?;
    let mut main = "<h1>Audit log</h1>\n".to_owned();
    let _ = match audit::verify(database) {
        Ok((count, newest)) => writeln!(
            main,
            "<p><strong>The chain is whole:</strong> {count} rows, each bound to the one before it. The newest hash is <code class=\"long\">{newest}</code>; \
             who keeps it elsewhere can tell later that no row up to it was changed or taken out.</p>"
        ),
        Err(fault) => writeln!(
            main,
            "<p role=\"alert\"><strong>The chain is broken:</strong> {}. Somebody changed or took out a row, or the disk did. Compare with a backup.</p>",
            escape(&fault.0)
        ),
    };
    main.push_str(
        "<div class=\"wide\"><table>\n<caption>Changes, the newest first</caption>\n<thead><tr><th scope=\"col\">Row</th><th scope=\"col\">When</th>\
         <th scope=\"col\">Who</th><th scope=\"col\">What</th><th scope=\"col\">To what</th><th scope=\"col\">Details</th>\
         <th scope=\"col\">Hash begins</th></tr></thead>\n<tbody>\n",
    );
    rows.iter().for_each(|row| line(&mut main, row));
    main.push_str("</tbody>\n</table></div>\n");
    if rows.is_empty() {
        main.push_str("<p>There are no such rows.</p>\n");
    }
    let mut links = Vec::new();
    if before != i64::MAX {
        links.push(format!("<a href=\"{PATH}\">Newest</a>"));
        let newer = before.saturating_add(ROWS);
        links.push(format!("<a rel=\"prev\" href=\"{PATH}?before={newer}\">Newer</a>"));
    }
    if let Some(last) = rows.last().filter(|row| row.seq > 1) {
        links.push(format!("<a rel=\"next\" href=\"{PATH}?before={}\">Older</a>", last.seq));
    }
    if !links.is_empty() {
        let _ = writeln!(main, "<nav aria-label=\"Pages of the log\">{}</nav>", links.join(" "));
    }
    if signed_in {
        let _ = writeln!(
            main,
            "<form action=\"{PATH}\" method=\"post\"><p><button name=\"leave\" value=\"1\">Forget my token</button></p></form>"
        );
    }
    Ok(whole(Site::Served, "Audit log – Concord", &main))
}

fn line(main: &mut String, row: &Entry) {
    let when = utc(row.at);
    let machine = when.replace(' ', "T");
    let hash = hex(&row.hash);
    let _ = writeln!(
        main,
        "<tr><th scope=\"row\">{}</th><td><time datetime=\"{machine}Z\">{when} UTC</time></td><td>{}</td><td>{}</td><td>{}</td>\
         <td><code class=\"long\">{}</code></td><td><code>{}</code></td></tr>",
        row.seq,
        escape(&row.actor),
        escape(&row.action),
        escape(&row.target),
        escape(&row.detail),
        hash.get(..12).unwrap_or(&hash)
    );
}

/// Seconds since 1970 as date and time, by the calendar's rule of 400 years.
fn utc(at: i64) -> String {
    let (days, seconds) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    // Years that begin in March, so that the day of a leap year comes last.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let rest = day - (365 * year + year / 4 - year / 100);
    let month = (5 * rest + 2) / 153;
    let (date, month) = (rest - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (at, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_709_251_199, "2024-02-29 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (-1, "1969-12-31 23:59:59"),
        ] {
            assert_eq!(utc(at), text);
        }
    }
}
