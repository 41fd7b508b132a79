//! Whether the tags of an XML file fit together. Nothing more: no entity is expanded, nothing is fetched, so nothing can grow.

/// The first thing that is wrong, with its line.
pub(crate) fn check(bytes: &[u8]) -> Result<(), (String, usize)> {
    let Some(text) = super::notes::utf8(bytes) else {
        return Err(("it is not stored as UTF-8".to_owned(), 1));
    };
    let line = |at: usize| text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
    let mut open: Vec<&str> = Vec::new();
    let (mut at, mut roots) = (0, 0);
    while let Some(start) = text[at..].find('<').map(|i| at + i) {
        let fail = |problem: String| Err((problem, line(start)));
        if open.is_empty() && !text[at..start].trim().is_empty() {
            return fail("text stands outside the outermost tag".to_owned());
        }
        let rest = &text[start..];
        let skip = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")].into_iter().find(|(begin, _)| rest.starts_with(begin));
        if let Some((begin, end)) = skip {
            match rest[begin.len()..].find(end) {
                Some(length) => at = start + begin.len() + length + end.len(),
                None => return fail(format!("\"{begin}\" is never closed by \"{end}\"")),
            }
            continue;
        }
        let Some(end) = tag_end(rest) else {
            return fail("a tag is never closed".to_owned());
        };
        let inside = &rest[1..end];
        at = start + end + 1;
        if inside.starts_with('!') {
            continue;
        }
        let name_of = |text: &'_ str| text.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(text.len());
        if let Some(closing) = inside.strip_prefix('/') {
            let name = closing.trim_end();
            match open.pop() {
                Some(opened) if opened == name => {}
                Some(opened) => return fail(format!("</{}> closes <{}>", crate::finding::cut(name), crate::finding::cut(opened))),
                None => return fail(format!("</{}> closes nothing", crate::finding::cut(name))),
            }
        } else {
            let name = &inside[..name_of(inside)];
            if !name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':') {
                return fail("a tag has no name".to_owned());
            }
            if open.is_empty() {
                roots += 1;
                if roots > 1 {
                    return fail("there is a second outermost tag".to_owned());
                }
            }
            if !inside.ends_with('/') {
                open.push(name);
            }
        }
    }
    if let Some(name) = open.last() {
        return Err((format!("<{}> is never closed", crate::finding::cut(name)), line(text.len())));
    }
    if roots == 0 {
        return Err(("there is no tag".to_owned(), 1));
    }
    if !text[at..].trim().is_empty() {
        return Err(("text stands outside the outermost tag".to_owned(), line(at)));
    }
    Ok(())
}

/// The `>` that ends a tag or declaration: not inside quotes, nor inside the brackets of a document type.
fn tag_end(text: &str) -> Option<usize> {
    let declaration = text.starts_with("<!");
    let (mut quote, mut depth) = (None, 0usize);
    for (i, b) in text.bytes().enumerate() {
        match (quote, b) {
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'[') if declaration => depth += 1,
            (None, b']') if declaration => depth = depth.saturating_sub(1),
            (None, b'>') if depth == 0 => return Some(i),
            (None, b'<') if i > 0 && !declaration => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn tags_fit_together() {
        for (text, right) in [
            ("<a/>", true),
            ("<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY b \"c\">]><a x=\"1>0\"><!-- <b> --><b></b>t<![CDATA[<]]></a>\n", true),
            ("", false),
            ("text", false),
            ("<a>", false),
            ("<a></b>", false),
            ("<a/><b/>", false),
            ("<a></a>text", false),
            ("</a>", false),
            ("<a <b/>", false),
            ("<a><!-- </a>", false),
            ("< a/>", false),
        ] {
            assert_eq!(check(text.as_bytes()).is_ok(), right, "{text}");
        }
    }
}
