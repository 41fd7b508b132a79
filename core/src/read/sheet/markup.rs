//! The XML of spreadsheets, read event by event with bounds on depth and on the length of one event.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};

use crate::bounds::MAX_RECORD;
use crate::read::container::zip::Stream;
use crate::read::container::{Stop, stop};

/// Deepest nesting; the deepest that the forms know is about a dozen.
const MAX_DEPTH: usize = 200;

/// One part of a workbook.
#[derive(Debug)]
pub(super) struct Markup<'s> {
    reader: quick_xml::Reader<Stream<'s>>,
    buffer: Vec<u8>,
    depth: usize,
    part: String,
}

impl<'s> Markup<'s> {
    pub(super) fn new(stream: Stream<'s>, part: &str) -> Markup<'s> {
        let mut reader = quick_xml::Reader::from_reader(stream);
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        Markup { reader, buffer: Vec::new(), depth: 0, part: part.to_owned() }
    }

    /// The next event.
    ///
    /// # Errors
    /// The finding that the part is damaged or hits a bound.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Stop> {
        self.buffer.clear();
        self.reader.get_mut().allow(MAX_RECORD);
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => {
                match &event {
                    Event::Start(_) => self.depth += 1,
                    Event::End(_) => self.depth = self.depth.saturating_sub(1),
                    // Entities of their own are what no spreadsheet program writes, and what attacks are made of; none is ever resolved.
                    Event::Eof if self.depth > 0 => return Err(damaged(&self.part)),
                    _ => {}
                }
                if self.depth > MAX_DEPTH { Err(damaged(&self.part)) } else { Ok(event) }
            }
            Err(_) => {
                let stream = self.reader.get_mut();
                Err(match stream.stopped() {
                    Some(finding) => finding,
                    None if stream.used_up() => {
                        let mut finding = stop("C230", "cell");
                        finding.args.push(("bound", MAX_RECORD.to_string()));
                        finding
                    }
                    None => damaged(&self.part),
                })
            }
        }
    }
}

/// The finding that a part is damaged.
pub(super) fn damaged(part: &str) -> Stop {
    let mut finding = stop("C115", "");
    finding.args.push(("part", crate::finding::cut(part)));
    finding
}

/// An attribute by its name without prefix.
pub(super) fn attribute<'e>(element: &'e BytesStart<'_>, name: &str) -> Option<Cow<'e, str>> {
    element
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|a| local(a.key) == name)
        .and_then(|a| a.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok())
}

/// An attribute by its whole name.
pub(super) fn exactly<'e>(element: &'e BytesStart<'_>, name: &str) -> Option<Cow<'e, str>> {
    element
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|a| a.key.0 == name)
        .and_then(|a| a.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok())
}

/// Whether an attribute says yes.
pub(super) fn says(element: &BytesStart<'_>, name: &str) -> bool {
    attribute(element, name).is_some_and(|v| matches!(&*v, "1" | "true" | "on"))
}

/// An element's name without prefix.
pub(super) fn local<'e>(name: quick_xml::name::QName<'e>) -> &'e str {
    // Names are short: a search made for long texts would take longer.
    name.0.bytes().rposition(|b| b == b':').map_or(name.0, |colon| &name.0[colon + 1..])
}

/// Appends what an event adds to the text of the element that it stands in.
pub(super) fn text_of(event: &Event<'_>, into: &mut String) {
    match event {
        Event::Text(text) => into.push_str(&text.xml10_content()),
        Event::CData(text) => into.push_str(&text.xml10_content()),
        Event::GeneralRef(entity) => {
            if let Ok(Some(letter)) = entity.resolve_char_ref() {
                into.push(letter);
            } else if let Some(known) = quick_xml::escape::resolve_predefined_entity(entity) {
                into.push_str(known);
            }
        }
        _ => {}
    }
}
