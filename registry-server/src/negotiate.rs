//! What a request's headers ask for: formats by `Accept` (RFC 9110, 12.5.1) and known versions by `If-None-Match` (13.1.2).

use warp::http::{HeaderMap, HeaderName, header};

/// All values of a header as one list, the way RFC 9110 (5.3) joins them. Values that are not text are left out.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The media type that fits `Accept` best, out of those offered, as an index; the first of equals. Without the header, the first.
/// `None` when nothing fits. Parameters other than `q` are not compared.
pub fn accept(headers: &HeaderMap, offered: &[&str]) -> Option<usize> {
    let Some(list) = joined(headers, &header::ACCEPT).filter(|l| !l.trim().is_empty()) else { return Some(0) };
    let mut best: Option<(u16, usize)> = None;
    for (index, media) in offered.iter().enumerate() {
        let (kind, sub) = essence(media);
        // The most specific range that covers the type decides about it.
        let mut covered: Option<(u8, u16)> = None;
        for range in list.split(',') {
            let (range_kind, range_sub) = essence(range);
            let specific = match (range_kind, range_sub) {
                ("*", "*") => 1,
                (k, "*") if k.eq_ignore_ascii_case(kind) => 2,
                (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(sub) => 3,
                _ => continue,
            };
            if covered.is_none_or(|(s, _)| specific > s) {
                covered = Some((specific, quality(range)));
            }
        }
        let quality = covered.map_or(0, |(_, quality)| quality);
        if quality > 0 && best.is_none_or(|(q, _)| quality > q) {
            best = Some((quality, index));
        }
    }
    best.map(|(_, index)| index)
}

fn essence(media: &str) -> (&str, &str) {
    let plain = media.split(';').next().unwrap_or(media).trim();
    plain.split_once('/').unwrap_or((plain, ""))
}

/// The weight of a media range in thousandths. One that cannot be read counts as full.
fn quality(range: &str) -> u16 {
    let weight = range.split(';').skip(1).filter_map(|p| p.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let Some((_, text)) = weight else { return 1000 };
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    match whole {
        "0" if fraction.len() <= 3 && digits(fraction) => format!("{fraction:0<3}").parse().unwrap_or(1000),
        _ => 1000,
    }
}

/// Whether a body may be packed with gzip (RFC 9110, 12.5.3).
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let Some(list) = joined(headers, &header::ACCEPT_ENCODING) else { return false };
    let of = |name: &str| {
        let own = list.split(',').find(|coding| coding.split(';').next().unwrap_or(coding).trim().eq_ignore_ascii_case(name));
        own.map(quality)
    };
    of("gzip").or_else(|| of("x-gzip")).or_else(|| of("*")).is_some_and(|quality| quality > 0)
}

/// Whether the client has this version already. `etag` stands in quotes. The comparison is the weak one, as for all reads.
pub fn has_version(headers: &HeaderMap, etag: &str) -> bool {
    let Some(list) = joined(headers, &header::IF_NONE_MATCH) else { return false };
    let mut rest = list.trim();
    if rest == "*" {
        return true;
    }
    // A tag may hold a comma, so the list is read tag by tag; what is no tag ends it.
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let tag = rest.strip_prefix("W/").unwrap_or(rest);
        let Some(end) = tag.strip_prefix('"').and_then(|inside| inside.find('"')) else { return false };
        if tag[..end + 2] == *etag {
            return true;
        }
        rest = &tag[end + 2..];
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        values.iter().for_each(|v| {
            map.append(&name, v.parse().unwrap());
        });
        map
    }

    #[test]
    fn the_best_format_wins() {
        let offered = ["application/json", "text/plain; charset=utf-8", "application/x-ndjson", "text/csv; header=present"];
        for (accept_values, expected) in [
            (&[][..], Some(0)),
            (&[""], Some(0)),
            (&["*/*"], Some(0)),
            (&["text/*"], Some(1)),
            (&["TEXT/CSV"], Some(3)),
            (&["text/csv;q=0.5, text/plain;q=0.4"], Some(3)),
            (&["text/csv;q=0.5", "application/x-ndjson"], Some(2)),
            (&["text/*;q=0.9, text/plain;q=0, */*;q=0.1"], Some(3)),
            (&["application/json;q=0"], None),
            (&["application/json; q=0.000, text/html"], None),
            (&["image/png"], None),
            (&["text/html, */*;q=0.001"], Some(0)),
            (&["text/plain;q=rubbish"], Some(1)),
            (&[";;,,/,="], None),
        ] {
            assert_eq!(accept(&headers(header::ACCEPT, accept_values), &offered), expected, "{accept_values:?}");
        }
    }

    #[test]
    fn known_versions_are_found_in_lists() {
        for (values, expected) in [
            (&[][..], false),
            (&["*"], true),
            (&["\"a\""], true),
            (&["W/\"a\""], true),
            (&["\"b\", \"a\""], true),
            (&["\"b,\", W/\"a\""], true),
            (&["\"b\"", "\"a\""], true),
            (&["\"b\""], false),
            (&["a"], false),
            (&["\"a"], false),
            (&["\"a, \"b\""], false),
            (&["w/\"a\""], false),
            (&["\"\""], false),
        ] {
            assert_eq!(has_version(&headers(header::IF_NONE_MATCH, values), "\"a\""), expected, "{values:?}");
        }
    }
}
