//! Formats whose plain cases are known on sight. A text that is not plain is left to the reference: no answer here is ever "wrong form".

use super::documents::Draft;

/// A format of which at least the plain cases are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Date,
    DateTime,
    Time,
    Email,
    /// Addresses with a scheme.
    Uri,
    /// Addresses with or without one.
    UriReference,
    Uuid,
    Ipv4,
    /// Known to the reference alone.
    Other,
}

impl Format {
    /// The format of that name; `None` when the name means nothing in that version.
    pub(super) fn of_name(name: &str, draft: Draft) -> Option<Format> {
        Some(match name {
            "date" => Format::Date,
            "date-time" => Format::DateTime,
            "time" => Format::Time,
            "email" | "idn-email" => Format::Email,
            "uri" => Format::Uri,
            "iri" if draft >= Draft::D7 => Format::Uri,
            "uri-reference" | "iri-reference" if draft >= Draft::D7 => Format::UriReference,
            "uuid" if draft >= Draft::D2019 => Format::Uuid,
            "ipv4" => Format::Ipv4,
            "hostname" | "ipv6" | "regex" => Format::Other,
            "idn-hostname" | "json-pointer" | "relative-json-pointer" | "uri-template" if draft >= Draft::D7 => Format::Other,
            "duration" if draft >= Draft::D2019 => Format::Other,
            _ => return None,
        })
    }

    /// Whether a text without escapes is plainly of this format.
    #[inline]
    pub(super) fn is_plain(self, text: &[u8]) -> bool {
        match self {
            Format::Date => date(text),
            Format::DateTime => text.len() >= 20 && date(&text[..10]) && matches!(text[10], b'T' | b't') && time(&text[11..]),
            Format::Time => time(text),
            Format::Email => email(text),
            Format::Uri => uri(text),
            Format::UriReference => {
                uri(text) || (!text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(b)))
            }
            Format::Uuid => uuid(text),
            Format::Ipv4 => ipv4(text),
            Format::Other => false,
        }
    }
}

#[inline]
fn two(text: &[u8], at: usize) -> Option<u32> {
    let digit = |i: usize| text.get(i).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10).map(u32::from);
    Some(digit(at)? * 10 + digit(at + 1)?)
}

#[inline]
fn date(text: &[u8]) -> bool {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return false;
    }
    let (Some(century), Some(year), Some(month), Some(day)) = (two(text, 0), two(text, 2), two(text, 5), two(text, 8)) else {
        return false;
    };
    let year = century * 100 + year;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A time of day with its offset, no leap second.
#[inline]
fn time(text: &[u8]) -> bool {
    if text.len() < 9 || text[2] != b':' || text[5] != b':' {
        return false;
    }
    let (Some(hour), Some(minute), Some(second)) = (two(text, 0), two(text, 3), two(text, 6)) else { return false };
    if hour > 23 || minute > 59 || second > 59 {
        return false;
    }
    let mut rest = &text[8..];
    if rest[0] == b'.' {
        let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 9 {
            return false;
        }
        rest = &rest[1 + digits..];
    }
    match rest {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', _, _, b':', _, _] => matches!((two(rest, 1), two(rest, 4)), (Some(0..=23), Some(0..=59))),
        _ => false,
    }
}

fn email(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|b| *b == b'@') else { return false };
    let (local, host) = (&text[..at], &text[at + 1..]);
    let dotted = |part: &[u8], extra: &[u8]| part.iter().all(|b| b.is_ascii_alphanumeric() || extra.contains(b));
    let parts = |text: &[u8], extra: &[u8]| text.split(|b| *b == b'.').all(|p| !p.is_empty() && dotted(p, extra));
    local.len() <= 60
        && host.len() <= 200
        && parts(local, b"_-+")
        && parts(host, b"-")
        && host.contains(&b'.')
        && host.split(|b| *b == b'.').all(|p| p.len() <= 60 && !p.starts_with(b"-") && !p.ends_with(b"-"))
}

/// `scheme://host/…` in plain letters.
fn uri(text: &[u8]) -> bool {
    let Some(colon) = text.iter().position(|b| *b == b':') else { return false };
    let (scheme, rest) = (&text[..colon], &text[colon + 1..]);
    if !scheme.first().is_some_and(u8::is_ascii_alphabetic) || !scheme.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let Some(rest) = rest.strip_prefix(b"//") else { return false };
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (host, mut rest) = rest.split_at(end);
    if host.is_empty() || !host.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) {
        return false;
    }
    let mut fragment = false;
    while let Some((&b, after)) = rest.split_first() {
        match b {
            b'#' if fragment => return false,
            b'#' => fragment = true,
            b'%' => match after {
                [x, y, ..] if x.is_ascii_hexdigit() && y.is_ascii_hexdigit() => {}
                _ => return false,
            },
            b if b.is_ascii_alphanumeric() || b"-._~/?=&+:;,@!$'()*".contains(&b) => {}
            _ => return false,
        }
        rest = after;
    }
    true
}

fn uuid(text: &[u8]) -> bool {
    text.len() == 36 && text.iter().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

fn ipv4(text: &[u8]) -> bool {
    let parts: [&[u8]; 4] = {
        let mut parts = text.split(|b| *b == b'.');
        let mut next = || parts.next().unwrap_or_default();
        let all = [next(), next(), next(), next()];
        if parts.next().is_some() {
            return false;
        }
        all
    };
    parts.iter().all(|p| {
        let value = p.iter().try_fold(0u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')));
        (1..=3).contains(&p.len()) && (p.len() == 1 || p[0] != b'0') && value.is_some_and(|v| v < 256)
    })
}
