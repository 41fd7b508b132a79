//! References between schema documents: joining them (RFC 3986, section 5) and telling their fragments.

/// An address without its fragment, and the fragment without its sign.
pub(super) fn cut(address: &str) -> (&str, &str) {
    address.split_once('#').unwrap_or((address, ""))
}

/// The parts of an address, each without its sign; the fragment is left out.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

fn parts(address: &str) -> Parts<'_> {
    let (address, _) = cut(address);
    let (scheme, rest) = match address.split_once(':') {
        Some((s, rest))
            if s.starts_with(|c: char| c.is_ascii_alphabetic())
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')) =>
        {
            (Some(s), rest)
        }
        _ => (None, address),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            Parts { scheme, authority: Some(&rest[..end]), path: &rest[end..], query }
        }
        None => Parts { scheme, authority: None, path: rest, query },
    }
}

/// Without `.` and `..`.
fn straight(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    let mut last_is_folder = false;
    for part in path.strip_prefix('/').unwrap_or(path).split('/') {
        last_is_folder = false;
        match part {
            "." => last_is_folder = true,
            ".." => {
                out.pop();
                last_is_folder = true;
            }
            part => out.push(part),
        }
    }
    if last_is_folder {
        out.push("");
    }
    format!("{}{}", if rooted { "/" } else { "" }, out.join("/"))
}

/// The address that a reference means where `base` is the address at hand; without its fragment.
pub(super) fn join(base: &str, reference: &str) -> String {
    let (reference, _) = cut(reference);
    let (base, _) = cut(base);
    if reference.is_empty() {
        return base.to_owned();
    }
    let r = parts(reference);
    let b = parts(base);
    let (scheme, authority, path, query) = if r.scheme.is_some() {
        // An address that is no path, such as `urn:…`, stays as it is.
        let path = if r.path.starts_with('/') { straight(r.path) } else { r.path.to_owned() };
        (r.scheme, r.authority, path, r.query)
    } else if r.authority.is_some() {
        (b.scheme, r.authority, straight(r.path), r.query)
    } else if r.path.is_empty() {
        (b.scheme, b.authority, b.path.to_owned(), r.query.or(b.query))
    } else if r.path.starts_with('/') {
        (b.scheme, b.authority, straight(r.path), r.query)
    } else {
        let folder = match b.path.rfind('/') {
            Some(at) => &b.path[..=at],
            None if b.authority.is_some() => "/",
            None => "",
        };
        (b.scheme, b.authority, straight(&format!("{folder}{}", r.path)), r.query)
    };
    let mut out = String::new();
    if let Some(scheme) = scheme {
        out.push_str(scheme);
        out.push(':');
    }
    if let Some(authority) = authority {
        out.push_str("//");
        out.push_str(authority);
    }
    out.push_str(&path);
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    out
}

/// A fragment or a path without its `%` escapes; as it is when they are no UTF-8.
pub(super) fn unescaped(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |b: u8| char::from(b).to_digit(16);
        match (bytes[at], bytes.get(at + 1).copied().and_then(hex), bytes.get(at + 2).copied().and_then(hex)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (b, ..) => {
                out.push(b);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// How many segments two addresses share at their ends; none when their last ones differ.
pub(super) fn common_end(a: &str, b: &str) -> usize {
    let ends = |t: &str| t.trim_end_matches('#').rsplit('/').map(str::to_owned).collect::<Vec<_>>();
    ends(a).iter().zip(&ends(b)).take_while(|(x, y)| x == y && !x.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_joined_as_the_rfc_says() {
        let base = "http://a/b/c/d;p?q";
        for (reference, want) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("", "http://a/b/c/d;p?q"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../../g", "http://a/g"),
            ("urn:x:y", "urn:x:y"),
            ("g#s", "http://a/b/c/g"),
        ] {
            assert_eq!(join(base, reference), want, "{reference}");
        }
        assert_eq!(join("urn:uuid:1", "#/a"), "urn:uuid:1");
        assert_eq!(unescaped("a%20b%2Fc%zz"), "a b/c%zz");
        assert_eq!(common_end("https://x/schemas/4.2/FeedInfo.json", "y/4.2/FeedInfo.json"), 2);
        assert_eq!(common_end("https://x/a.json", "https://x/b.json"), 0);
    }
}
