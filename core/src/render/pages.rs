//! The catalogue for people: plain pages without scripts, on a registry or in files. All texts of packages are escaped on their way in.

use std::fmt::Write;

pub mod compare;
pub mod files;
pub mod finding;
pub mod index;
pub mod standard;
pub mod versions;

/// The one stylesheet.
pub const STYLE: &str = include_str!("pages/style.css");

/// Where the pages stand, and so how they lead to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// On a registry, which has what programs ask for beside them.
    Served,
    /// Below the root of a server of files: the same addresses, without what only a registry that runs can do.
    Exported,
    /// In files, where this page lies so many folders deep.
    Files(usize),
}

impl Site {
    /// The address of a page, for a quoted attribute.
    pub fn to(self, page: &[&str]) -> String {
        match self {
            Site::Served | Site::Exported => href(&format!("/{}", page.join("/"))),
            Site::Files(deep) => format!("{}{}", "../".repeat(deep), files::path(page)),
        }
    }

    /// The address of the stylesheet.
    fn style(self) -> String {
        match self {
            Site::Served | Site::Exported => "/style.css".to_owned(),
            Site::Files(deep) => format!("{}{}", "../".repeat(deep), files::STYLE),
        }
    }
}

/// A text for HTML, between tags or in a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are not allowed in HTML.
            c if c.is_control() && !c.is_ascii_whitespace() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// What may stand in a path as it is are letters and digits of ASCII, `-._~` and the slash; all else is percent-encoded.
pub fn href(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A whole page. `title` is escaped here; `main` is HTML.
pub fn whole(site: Site, title: &str, main: &str) -> String {
    let footer = match site {
        Site::Served | Site::Exported => "For programs: <a href=\"/v1/standards\">/v1/standards</a>",
        Site::Files(_) => "Written by <code>concord standards doc</code>",
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"{}\">\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n\
         <header><a href=\"{}\">Concord</a> <span>standards for local government data</span></header>\n<main id=\"main\">\n{main}</main>\n\
         <footer>{footer}</footer>\n</body>\n</html>\n",
        escape(title),
        site.style(),
        site.to(&[])
    )
}

#[cfg(test)]
mod tests;
