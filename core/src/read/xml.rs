//! Records written as XML: one element after another of one name, each with its fields as child elements or attributes.
//!
//! The record's element is given, or found by evidence from the file's start ([`survey`]). Columns are named by what stands in a record:
//!
//! | in the record | column |
//! | --- | --- |
//! | `<status>open</status>` | `status` |
//! | `<place><town>Lee</town></place>` | `place/town` |
//! | `id="7"` on the record's tag | `@id` |
//! | `<place code="3"/>` | `place/@code` |
//! | a second, third … `<photo>` | `photo[2]`, `photo[3]` |
//! | text of the record itself | `#text` |
//!
//! Prefixes are dropped; where two of them fall together there is a finding. Text is taken as it stands, with two exceptions: text that
//! stands on lines of its own loses the line breaks and blanks around it, and between child elements blanks are no text at all.
//! The header's columns are those of the file's start, [`XML_SAMPLE`] bytes; a name that first occurs later has cells behind them
//! ([`Reader::late`]). Names beyond the bound are counted in a finding.
//!
//! Nothing is ever expanded or fetched: of entities only XML's own five and references to characters are read, others are left as they
//! stand, with a finding. XML that is damaged is read up to the damage.

mod columns;
mod markup;
mod quick;
mod survey;

use columns::Records;
use markup::Markup;

use super::recode::{self, Recoder};
use super::{Facts, Kind, Origin, Reader, Rows};
use crate::bounds::{SAMPLE, XML_SAMPLE};
use crate::finding::{Finding, Place};

/// Reads XML records as rows. The header is the first row; [`Origin::row`] is the number of the record, from 1.
#[derive(Debug)]
pub struct XmlReader {
    record: Option<Vec<String>>,
    /// The record's path, once it is known.
    path: String,
    encoding: &'static str,
    state: State,
    /// Takes no record as an ordinary one, to be compared with.
    #[cfg(test)]
    slowly: bool,
}

#[derive(Debug)]
enum State {
    /// The start of the file, until there is enough of it to decide.
    Start(Vec<u8>),
    Reading(Box<Recoder>, Box<Markup>, Box<Records>),
    /// All is read.
    Done(Box<Records>),
    /// Nothing in the file is a record.
    Nothing,
}

impl XmlReader {
    /// Finds the record's element by evidence, or takes the given one: its path of names from the outermost element, with `/`, or its name.
    pub fn new(record: Option<&str>) -> XmlReader {
        XmlReader {
            record: record.map(|path| path.trim_start_matches('/').split('/').map(str::to_owned).collect()),
            path: String::new(),
            encoding: "",
            state: State::Start(Vec::new()),
            #[cfg(test)]
            slowly: false,
        }
    }

    fn open(&mut self, whole: bool, out: &mut Rows, findings: &mut Vec<Finding>) {
        let State::Start(bytes) = &mut self.state else { return };
        let bytes = std::mem::take(bytes);
        let sample = &bytes[..bytes.len().min(XML_SAMPLE)];
        let guess = recode::sniff_xml(&sample[..sample.len().min(SAMPLE)], whole && sample.len() <= SAMPLE);
        findings.extend(guess.findings);
        self.encoding = guess.charset.name();
        let recoder = Recoder::new(guess.charset);
        // What is wrong at the start is found when it is read for good.
        let mut unheard = Vec::new();
        let mut text = String::new();
        recoder.clone().push(sample, &mut text, &mut unheard);
        let mut tree = survey::Survey::default();
        Markup::new(guess.charset).read(&text, whole, &mut tree, &mut unheard);
        let Some(found) = tree.record(self.record.as_deref()) else {
            // Whatever is wrong with it is worth knowing.
            let mut markup = Markup::new(guess.charset);
            markup.read(&text, whole, &mut survey::Survey::default(), findings);
            markup.finish(findings);
            let record = self.record.as_ref().map(|path| path.join("/")).unwrap_or_default();
            findings.push(Finding::new("C240", "none", Place::default()).value(&record));
            self.state = State::Nothing;
            return;
        };
        let name = found.path.last().map(String::as_str).unwrap_or_default().to_owned();
        let finding = Finding::new("C240", if found.rival.is_some() { "doubtful" } else { "" }, Place::default()).value(&name);
        findings.push(match found.rival {
            Some(rival) => finding.arg("rival", rival),
            None => finding,
        });
        self.path = found.path.join("/");
        let mut records = Records::new(found.path);
        Markup::new(guess.charset).read(&text, whole, &mut records, &mut unheard);
        for column in records.settle(findings) {
            out.cell(&column, Kind::Text);
        }
        out.end_row(Origin::default());
        #[cfg(test)]
        {
            records.quick.off = self.slowly;
        }
        let (mut recoder, mut markup) = (recoder, Markup::new(guess.charset));
        records.rows = std::mem::take(out);
        markup.push(&mut recoder, &bytes, &mut records, findings);
        *out = std::mem::take(&mut records.rows);
        self.state = State::Reading(Box::new(recoder), Box::new(markup), Box::new(records));
    }
}

impl Reader for XmlReader {
    fn push(&mut self, bytes: &[u8], out: &mut Rows, findings: &mut Vec<Finding>) {
        match &mut self.state {
            State::Start(start) => {
                start.extend_from_slice(bytes);
                if start.len() >= XML_SAMPLE {
                    self.open(false, out, findings);
                }
            }
            State::Reading(recoder, markup, records) => {
                records.rows = std::mem::take(out);
                markup.push(recoder, bytes, records.as_mut(), findings);
                *out = std::mem::take(&mut records.rows);
            }
            State::Done(_) | State::Nothing => {}
        }
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        self.open(true, out, findings);
        match std::mem::replace(&mut self.state, State::Nothing) {
            State::Reading(mut recoder, mut markup, mut records) => {
                records.rows = std::mem::take(out);
                markup.end(&mut recoder, records.as_mut(), findings);
                *out = std::mem::take(&mut records.rows);
                markup.finish(findings);
                records.finish(findings);
                self.state = State::Done(records);
            }
            other => self.state = other,
        }
    }

    fn facts(&self) -> Facts {
        Facts { encoding: self.encoding, more: vec![("record", self.path.clone())], sheet: None, keyed: true, ..Facts::default() }
    }

    fn late(&self) -> &[String] {
        match &self.state {
            State::Reading(_, _, records) | State::Done(records) => &records.late,
            _ => &[],
        }
    }

    /// The XPath of the record, or of a part of it: `(/requests/request)[3]/status`. Names are without their prefixes.
    fn pointer(&self, row: u64, column: Option<&str>) -> Option<String> {
        let mut pointer = format!("(/{})[{row}]", self.path);
        if let Some(column) = column {
            pointer.push('/');
            pointer.push_str(if column == "#text" { "text()" } else { column });
        }
        (row > 0 && !self.path.is_empty()).then_some(pointer)
    }
}

#[cfg(test)]
mod tests;
