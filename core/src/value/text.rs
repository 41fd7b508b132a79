//! The formats of `string`.

use crate::schema::StringFormat;

/// Whether a text is of the format.
pub fn fits(format: StringFormat, text: &str) -> bool {
    match format {
        StringFormat::Default => true,
        StringFormat::Email => is_email(text),
        StringFormat::Uri => is_uri(text),
        StringFormat::Binary => is_base64(text),
        StringFormat::Uuid => is_uuid(text),
    }
}

/// An address as mail programs send to (RFC 5321 lengths): something, `@`, and a domain of at least two labels. Letters outside ASCII are
/// let pass on both sides (RFC 6531).
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    if text.len() > 254 || local.is_empty() || local.len() > 64 || text.chars().any(char::is_control) {
        return false;
    }
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let plain = !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    let label = |l: &str| {
        !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    (quoted || plain) && domain.contains('.') && domain.split('.').all(label)
}

/// A scheme, a colon and something after it, in the signs of RFC 3986; letters outside ASCII are let pass, as browsers do (RFC 3987).
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !scheme_fits || rest.is_empty() {
        return false;
    }
    if let Some(after) = rest.strip_prefix("//") {
        let host = after.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() && !scheme.eq_ignore_ascii_case("file") {
            return false;
        }
    }
    let bytes = rest.as_bytes();
    rest.char_indices().all(|(i, c)| match c {
        '%' => bytes.get(i + 1..i + 3).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)),
        '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`' => false,
        c => !c.is_whitespace() && !c.is_control(),
    })
}

/// Base64 with the standard alphabet and its padding (RFC 4648, section 4), in one line.
pub fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// Hexadecimal digits in groups of 8, 4, 4, 4 and 12 (RFC 9562), in either case.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        use StringFormat::{Binary, Default, Email, Uri, Uuid};
        for (format, text, fits_) in [
            (Default, "", true),
            (Default, "anything at all", true),
            (Email, "clerk@town.example", true),
            (Email, "first.last+tag@sub.town.example", true),
            (Email, "josé@pueblo.example", true),
            (Email, "\"odd name\"@town.example", true),
            (Email, "clerk@localhost", false),
            (Email, "clerk.town.example", false),
            (Email, "@town.example", false),
            (Email, "clerk@", false),
            (Email, "a..b@town.example", false),
            (Email, "two words@town.example", false),
            (Email, " clerk@town.example", false),
            (Email, "clerk@town.example ", false),
            (Email, "clerk@-town.example", false),
            (Uri, "https://town.example/permits?id=1#top", true),
            (Uri, "urn:isbn:0451450523", true),
            (Uri, "mailto:clerk@town.example", true),
            (Uri, "https://town.example/a%20b", true),
            (Uri, "https://town.example/a b", false),
            (Uri, "https://town.example/a%2", false),
            (Uri, "town.example/permits", false),
            (Uri, "https://", false),
            (Uri, "http:", false),
            (Uri, "1http://x", false),
            (Uuid, "123e4567-e89b-12d3-a456-426614174000", true),
            (Uuid, "123E4567-E89B-12D3-A456-426614174000", true),
            (Uuid, "{123e4567-e89b-12d3-a456-426614174000}", false),
            (Uuid, "123e4567e89b12d3a456426614174000", false),
            (Uuid, "123e4567-e89b-12d3-a456-42661417400g", false),
            (Binary, "", true),
            (Binary, "dG93bg==", true),
            (Binary, "dG93bg=", false),
            (Binary, "dG93b===", false),
            (Binary, "dG93 bg=", false),
            (Binary, "dG9-", false),
        ] {
            assert_eq!(fits(format, text), fits_, "{text:?} as {format:?}");
        }
    }
}
