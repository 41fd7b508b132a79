//! Refusals: RFC 9457 problem details, of a closed list.
//!
//! `type` is a reference relative to the server, `/problems/<name>`, under which a page explains it; `title` never changes for a type;
//! `detail` says what it was this time.

use concord_core::render::words::visible;
use serde_json::{Value, json};
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// A kind of refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Last part of its `type`.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The same for every problem of the kind.
    pub title: &'static str,
    /// What to do about it, for the page of the kind.
    pub help: &'static str,
}

macro_rules! kinds {
    ($($constant:ident $name:literal $status:literal $title:literal $help:literal)*) => {
        $(
            #[doc = $title]
            pub const $constant: &Kind = &Kind { name: $name, status: $status, title: $title, help: $help };
        )*
        /// Every kind.
        pub const ALL: &[&Kind] = &[$($constant),*];
    };
}

kinds! {
    NOT_FOUND "not-found" 404 "There is nothing at this address"
        "Check the address. The list of standards at /v1/standards links to everything else."
    UNKNOWN_STANDARD "unknown-standard" 404 "There is no such standard or version"
        "Name a standard as id or id@version. The list at /v1/standards has all of them."
    UNKNOWN_FILE "unknown-file" 404 "The standard has no such file"
        "The standard's metadata, one level up, lists all its files with their addresses."
    UNKNOWN_FINDING "unknown-finding" 404 "There is no such finding"
        "Use the code as a report shows it, such as C304, or standard/rule for a rule of a standard."
    UNKNOWN_CALLER "unknown-caller" 401 "The registry does not know who asks"
        "Send a token that is neither expired nor revoked, in the Authorization header: Bearer, or Basic with the token as the password."
    METHOD_NOT_ALLOWED "method-not-allowed" 405 "This address does not take that method"
        "The Allow header of the answer names the methods that it takes."
    NOT_ACCEPTABLE "not-acceptable" 406 "No format fits the Accept header"
        "Accept one of the media types that the detail names, or leave the header out."
    WRONG_PARAMETER "wrong-parameter" 400 "A parameter of the address is wrong"
        "The detail says which parameter, and what it may be."
    BROKEN_BODY "broken-body" 400 "The file did not arrive whole"
        "Send it again. The connection broke off or its framing was wrong."
    WRONG_BODY "wrong-body" 400 "The body says something that cannot be"
        "The detail says what. The body is JSON as the description of this route has it."
    UNUSABLE_PACKAGE "unusable-package" 422 "The package has mistakes"
        "Check its folder with `concord standards check`, which names every mistake, and send it again."
    UNKNOWN_REFERENCE "unknown-reference" 422 "The package refers to what is not here"
        "Publish what it refers to first, or mend the name or the version. The member references has each that was not found."
    VERSION_TAKEN "version-taken" 409 "This version was published with other files"
        "A published version never changes. Publish the new files under a new version."
    BREAKING "breaking" 409 "The version number says less than what changed"
        "Publish it under the version that the detail names, or send a reason along, which is kept and shown. The member comparison has records that show what breaks."
    UNSUPPORTED_BODY "unsupported-body" 415 "The file must be sent as it is"
        "Send the bytes of one file as the whole body: not compressed, and not as a form with parts."
    BODY_TOO_LARGE "body-too-large" 413 "The file is larger than this server takes"
        "Check it with the command line, which has no such limit, or ask who runs the server to raise it."
    TOO_SLOW "too-slow" 408 "The file arrived too slowly"
        "Send it again over a better connection, or check it with the command line."
    OUT_OF_TIME "out-of-time" 503 "The check took too long"
        "Try again when the server has less to do, or check the file with the command line."
    BUSY "busy" 503 "The server is checking as many files as it can"
        "Try again after as many seconds as the Retry-After header says."
    TOO_MANY "too-many" 429 "This caller asks for more than its share"
        "Wait as many seconds as the Retry-After header says, or ask who runs the server to raise the bound."
    NOT_CONVERTED "not-converted" 422 "The file cannot be converted to that standard"
        "The detail says why. The page of the standard names the layouts that become it."
    FAILED "failed" 500 "The server made a mistake"
        "This is a fault in the server. Please report it with the request that led to it."
}

/// One refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which.
    pub kind: &'static Kind,
    /// What it was this time, as sentences.
    pub detail: String,
    /// For 405: the methods that would do.
    pub allow: Option<&'static str>,
    /// Further members of the problem, for programs: nothing, or an object.
    pub more: Value,
    /// Seconds after which to try again, when that is known.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A refusal; `detail` may hold texts of the user's if they went through [`shown`].
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Problem {
        Problem { kind, detail: detail.into(), allow: None, more: Value::Null, retry_after: None }
    }

    /// A method that the address does not take.
    pub fn method(allow: &'static str) -> Problem {
        Problem { allow: Some(allow), ..Problem::new(METHOD_NOT_ALLOWED, format!("The address takes {allow}.")) }
    }

    /// The answer.
    pub fn response(&self) -> Response {
        let mut body = json!({
            "type": format!("/problems/{}", self.kind.name),
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, &self.more) {
            body.extend(more.clone());
        }
        let mut response = Response::new(format!("{body:#}\n").into());
        *response.status_mut() = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.kind.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"concord\", Bearer"));
        }
        if let Some(seconds) = self.retry_after.or((self.kind.status == 429).then_some(1)) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind.status == 503 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(crate::limits::RETRY_AFTER));
        }
        response
    }
}

/// A text of the user's for a sentence: short, and with nothing hidden in it.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    visible(&short)
}
