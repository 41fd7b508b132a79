//! `/validate/`: the page that checks a file in the browser, with the built package of `wasm/pkg` below it.
//!
//! The page itself comes with the program; the package is built by `cargo xtask wasm` and read once, when the server starts. Nothing else in its
//! folder can be asked for, and nothing of a file comes here: the page cuts its own connections before it opens one.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use crate::store::{ASK, Page};

/// The page's files: below `/validate/`, the first at the address itself.
const PAGE: [(&str, &str, &[u8]); 6] = [
    ("", HTML, include_bytes!("../../wasm/page/index.html")),
    ("app.js", SCRIPT, include_bytes!("../../wasm/page/app.js")),
    ("result.js", SCRIPT, include_bytes!("../../wasm/page/result.js")),
    ("sw.js", SCRIPT, include_bytes!("../../wasm/page/sw.js")),
    ("style.css", "text/css; charset=utf-8", include_bytes!("../../wasm/page/style.css")),
    ("icon.svg", "image/svg+xml", include_bytes!("../../wasm/page/icon.svg")),
];

/// The package's files that the page loads, below `/validate/pkg/`.
const PACKAGE: [(&str, &str); 4] =
    [("index.js", SCRIPT), ("worker.js", SCRIPT), ("concord_wasm.js", SCRIPT), ("concord_wasm_bg.wasm", "application/wasm")];

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page may run its own scripts and WebAssembly and fetch its own files, and is shown in no other page.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Largest file of the package, in bytes.
const LARGEST: u64 = 64 << 20;

/// The page and its package, ready to be sent.
#[derive(Debug)]
pub struct Validator {
    pages: BTreeMap<String, Page>,
}

impl Validator {
    /// Reads the package from its folder.
    ///
    /// # Errors
    /// Which of its files is not there, or is too large.
    pub fn open(folder: &Path) -> Result<Validator, String> {
        let mut pages: BTreeMap<String, Page> =
            PAGE.iter().map(|(name, media, bytes)| ((*name).to_owned(), Page::new(Bytes::from_static(bytes), media, ASK))).collect();
        for (name, media) in PACKAGE {
            let path = folder.join(name);
            let fail = |why: String| format!("{}: {why}; build the browser's validator with: cargo xtask wasm", path.display());
            let size = std::fs::metadata(&path).map_err(|error| fail(error.to_string()))?.len();
            if size > LARGEST {
                return Err(fail(format!("it has {size} bytes, and may have {LARGEST}")));
            }
            let bytes = std::fs::read(&path).map_err(|error| fail(error.to_string()))?;
            pages.insert(format!("pkg/{name}"), Page::new(bytes, media, ASK));
        }
        Ok(Validator { pages })
    }

    /// The file at an address below `/validate/`.
    pub(crate) fn page(&self, path: &str) -> Option<&Page> {
        self.pages.get(path)
    }
}

/// Sends who left out the last slash to the page, so that what it loads is found below it.
pub(crate) fn with_slash() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/validate/"));
    response
}

/// Gives an answer the page's own policy in place of that of the other pages, which run nothing.
pub(crate) fn with_policy(mut response: Response) -> Response {
    if response.headers().contains_key(header::CONTENT_SECURITY_POLICY) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}
