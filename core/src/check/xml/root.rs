//! The root element of a document by its first bytes, to recognise the standard; and a document type declaration, to tell of it.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

use crate::bounds::SAMPLE;
use crate::finding::{Finding, Place, cut};
use crate::read::recode::{self, Charset, Recoder};

/// Namespace and local name of the root element; `None` when the start tells none.
pub(crate) fn of(sample: &[u8]) -> Option<(String, String)> {
    let text = text(sample, recode::sniff_xml(sample, false).charset);
    let mut reader = quick_xml::NsReader::from_str(&text);
    loop {
        match reader.read_resolved_event() {
            Ok((space, Event::Start(tag) | Event::Empty(tag))) => {
                let space = match space {
                    ResolveResult::Bound(space) => space.0.to_owned(),
                    ResolveResult::Unbound => String::new(),
                    ResolveResult::Unknown(_) => return None,
                };
                return Some((space, tag.local_name().into_inner().to_owned()));
            }
            Ok((_, Event::Eof | Event::End(_) | Event::CData(_))) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// What there is to say of a document type declaration: nothing of it is read.
pub(super) fn document_type(start: &[u8], charset: Charset) -> Option<Finding> {
    let text = text(start, charset);
    let mut rest = text.trim_start();
    loop {
        let end = ["<?", "<!--"].iter().zip(["?>", "-->"]).find(|(begin, _)| rest.starts_with(**begin)).map(|(_, end)| end);
        let Some(end) = end else { break };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let declared = rest.strip_prefix("<!DOCTYPE")?;
    let name: String = declared.trim_start().chars().take_while(|c| !c.is_whitespace() && !matches!(c, '[' | '>')).take(80).collect();
    let (before, inside) = declared.split_once('[').unwrap_or((declared.split('>').next().unwrap_or_default(), ""));
    let external = before.contains("SYSTEM") || before.contains("PUBLIC");
    let kind = if inside.contains("<!ENTITY") || !external { "" } else { "external" };
    let line = text[..text.len() - rest.len()].matches('\n').count() as u64 + 1;
    Some(Finding::new("C236", kind, Place { line, ..Place::default() }).value(&cut(&name)))
}

/// The addresses of what a schema document includes, imports or redefines.
pub(super) fn locations(bytes: &[u8]) -> Vec<String> {
    let text = text(bytes, recode::sniff_xml(&bytes[..bytes.len().min(SAMPLE)], bytes.len() <= SAMPLE).charset);
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut found = Vec::new();
    while let Ok(event) = reader.read_event() {
        let tag = match event {
            Event::Start(tag) | Event::Empty(tag) => tag,
            Event::Eof => break,
            _ => continue,
        };
        if !["include", "import", "redefine"].contains(&tag.local_name().into_inner()) {
            continue;
        }
        for attribute in tag.attributes().with_checks(false).flatten() {
            if attribute.key.into_inner() == "schemaLocation" {
                found.push(attribute.value.trim().replace("&amp;", "&"));
            }
        }
    }
    found
}

fn text(sample: &[u8], charset: Charset) -> String {
    let mut text = String::new();
    Recoder::new(charset).push(sample, &mut text, &mut Vec::new());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots() {
        let found = |text: &str| of(text.as_bytes());
        let pair = |space: &str, name: &str| Some((space.to_owned(), name.to_owned()));
        for (text, want) in [
            ("<a/>", pair("", "a")),
            ("<?xml version=\"1.0\"?>\n<!-- x --><p:a xmlns:p='urn:x' b=\"1\">", pair("urn:x", "a")),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a xmlns=\"urn:y\"><b/></a>", pair("urn:y", "a")),
            ("<p:a>", None),
            ("text", None),
            ("", None),
            ("<a", None),
        ] {
            assert_eq!(found(text), want, "{text}");
        }
        let wide: Vec<u8> = "\u{feff}<a xmlns='urn:z'/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of(&wide), pair("urn:z", "a"));
    }

    #[test]
    fn declarations_are_told() {
        let kind = |text: &str| document_type(text.as_bytes(), Charset::Utf8).map(|f| (f.kind, f.value.unwrap_or_default(), f.place.line));
        assert_eq!(kind("<a/>"), None);
        assert_eq!(kind("<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'x.dtd'><a/>"), Some(("external", "a".to_owned(), 2)));
        assert_eq!(kind("<!DOCTYPE a [<!ENTITY x 'y'>]><a/>"), Some(("", "a".to_owned(), 1)));
    }
}
