//! A file as it arrives: its start is gathered until it is known what the file is and how its table begins.
//!
//! A shell pushes bytes until the intake is [`Intake::ready`] or the file ends, shows its [`Intake::start`] to whoever chooses a standard, and hands
//! it on to a feed, which takes the rest of the bytes.

use super::form::{self, Opened};
use super::{Form, ReadOptions, Transcript, Unpack};
use crate::bounds::{MAX_LAYERS, SAMPLE};
use crate::check::dataset::Start;
use crate::finding::Finding;

/// How a file's bytes become text.
#[derive(Default)]
pub struct Source {
    /// Outermost first.
    layers: Vec<Box<dyn Unpack>>,
    /// How many layers were told that no bytes follow.
    finished: usize,
    transcript: Option<Box<Transcript>>,
    findings: Vec<Finding>,
    ended: bool,
}

impl Source {
    /// Whether the bytes are checked where they lie.
    pub fn is_plain(&self) -> bool {
        self.layers.is_empty() && self.transcript.is_none()
    }

    /// The transcript of a form that is not delimited text.
    pub fn transcript(&self) -> Option<&Transcript> {
        self.transcript.as_deref()
    }

    /// The same, to take batches from.
    pub fn transcript_mut(&mut self) -> Option<&mut Transcript> {
        self.transcript.as_deref_mut()
    }

    /// What was found wrong about the bytes, since it was last taken; a transcript tells its own findings.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Takes the next bytes; delimited text is appended to `out`, rows go to the transcript.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.layers.is_empty() {
            self.inner(bytes, out);
            return;
        }
        let unpacked = self.unpack(bytes);
        self.inner(&unpacked, out);
    }

    /// Says that no bytes follow. Again, it does nothing.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let rest = self.unpack_rest();
        self.inner(&rest, out);
        if let Some(transcript) = &mut self.transcript {
            transcript.finish();
        }
    }

    fn inner(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match &mut self.transcript {
            Some(transcript) => transcript.push(bytes),
            None => out.extend_from_slice(bytes),
        }
    }

    fn unpack(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut now = bytes.to_vec();
        for layer in &mut self.layers {
            let mut next = Vec::new();
            layer.push(&now, &mut next, &mut self.findings);
            now = next;
        }
        now
    }

    fn unpack_rest(&mut self) -> Vec<u8> {
        let mut now = Vec::new();
        for layer in &mut self.layers[self.finished..] {
            let mut next = Vec::new();
            layer.push(&now, &mut next, &mut self.findings);
            layer.finish(&mut next, &mut self.findings);
            now = next;
        }
        self.finished = self.layers.len();
        now
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("layers", &self.layers.len()).field("transcript", &self.transcript).finish()
    }
}

/// A file whose start is being gathered.
#[derive(Debug)]
pub struct Intake {
    name: String,
    options: ReadOptions,
    source: Source,
    /// Text that is not yet handed on.
    text: Vec<u8>,
    /// The forms found, outermost first; the last is the table's.
    forms: Vec<Form>,
    known: bool,
    ended: bool,
}

impl Intake {
    /// A file of that name.
    pub fn new(name: &str, options: &ReadOptions) -> Intake {
        Intake {
            name: name.to_owned(),
            options: options.clone(),
            source: Source::default(),
            text: Vec::new(),
            forms: Vec::new(),
            known: false,
            ended: false,
        }
    }

    /// A file whose bytes are all at hand, or its start (then nothing but text is read).
    pub fn of_bytes(name: &str, bytes: &[u8], whole: bool, options: &ReadOptions) -> Intake {
        let mut intake = Intake::new(name, options);
        intake.push(bytes);
        if whole {
            intake.end();
        } else {
            intake.look(true);
        }
        intake
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.source.push(bytes, &mut self.text);
        self.look(false);
    }

    /// Says that no bytes follow.
    pub fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        // What is found to be packed only now must be ended in turn.
        while !self.known {
            if !self.source.layers.is_empty() {
                let rest = self.source.unpack_rest();
                self.text.extend_from_slice(&rest);
            }
            self.look(true);
        }
        self.source.finish(&mut self.text);
    }

    /// Finds out what the text is, once there is enough of it; `now` when there will be no more.
    fn look(&mut self, now: bool) {
        if self.known || (self.text.len() <= SAMPLE && !now) {
            return;
        }
        let sample = &self.text[..self.text.len().min(SAMPLE)];
        let whole = self.ended && self.text.len() <= SAMPLE;
        let form = form::sniff(sample, whole);
        self.forms.push(form);
        let deep = self.forms.len() > MAX_LAYERS;
        match form::open(form, sample, whole, &self.options) {
            Opened::Unpack(mut layer) if !deep => {
                let packed = std::mem::take(&mut self.text);
                layer.push(&packed, &mut self.text, &mut self.source.findings);
                self.source.layers.push(layer);
                self.look(false);
            }
            Opened::Read(reader) => {
                self.known = true;
                let mut transcript = Transcript::new(form, reader, Vec::new());
                transcript.push(&self.text);
                self.text = Vec::new();
                self.source.transcript = Some(Box::new(transcript));
            }
            Opened::Plain | Opened::Unpack(_) => self.known = true,
        }
    }

    /// Whether the start is known, so that no more bytes are needed before the file is opened.
    pub fn ready(&self) -> bool {
        self.ended || (self.known && self.source.transcript.as_ref().is_none_or(|t| t.ready()))
    }

    /// Whether the bytes are checked where they lie; known once it is [`Intake::ready`].
    pub fn is_plain(&self) -> bool {
        self.source.is_plain()
    }

    /// What the file is, outermost first.
    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// The start, for whoever opens it.
    pub fn start(&self) -> Start<'_> {
        match &self.source.transcript {
            Some(transcript) => {
                Start { name: &self.name, sample: transcript.sample(), whole: transcript.is_whole(), form: Some(transcript) }
            }
            None => {
                let whole = self.ended && self.text.len() <= SAMPLE;
                Start { name: &self.name, sample: &self.text[..self.text.len().min(SAMPLE)], whole, form: None }
            }
        }
    }

    /// Columns to be kept for names that may be met behind the header; see [`Transcript::reserve`].
    pub fn reserve(&mut self, names: &[String]) {
        if let Some(transcript) = &mut self.source.transcript {
            transcript.reserve(names);
        }
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text at hand, and where more of it comes from.
    pub fn into_parts(self) -> (Vec<u8>, Source) {
        (self.text, self.source)
    }
}
