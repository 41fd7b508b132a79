//! A file as it arrives: its start is gathered until it is known what the file is and how its table begins.
//!
//! A shell pushes bytes until the intake is [`Intake::ready`] or the file ends, shows its [`Intake::start`] to whoever chooses a standard, and hands
//! it on to a feed, which takes the rest of the bytes.

use std::sync::Arc;

use super::delimited::DelimitedReader;
use super::document::{Document, DocumentFacts, DocumentKind};
use super::form::{self, Opened};
use super::recode::{self, Charset, Recoder};
use super::{Form, ReadOptions, Reader, Rows, Step, Store, Transcript, Unpack};
use crate::bounds::{MAX_HEADER, MAX_LAYERS, SAMPLE};
use crate::check::dataset::{Start, Told};
use crate::decode::dialect::DialectHints;
use crate::finding::{Finding, Severity};

/// How a file's bytes become text.
#[derive(Default)]
pub struct Source {
    /// Outermost first.
    layers: Vec<Box<dyn Unpack>>,
    /// How many layers were told that no bytes follow.
    finished: usize,
    transcript: Option<Box<Transcript>>,
    document: Option<Box<dyn Document>>,
    findings: Vec<Finding>,
    ended: bool,
}

impl Source {
    /// Whether the bytes are checked where they lie.
    pub fn is_plain(&self) -> bool {
        self.layers.is_empty() && self.transcript.is_none() && self.document.is_none()
    }

    /// Whether the bytes are unpacked first, so that a few of them may become many.
    pub fn is_packed(&self) -> bool {
        !self.layers.is_empty()
    }

    /// The transcript of a form that is not delimited text.
    pub fn transcript(&self) -> Option<&Transcript> {
        self.transcript.as_deref()
    }

    /// The same, to take batches from.
    pub fn transcript_mut(&mut self) -> Option<&mut Transcript> {
        self.transcript.as_deref_mut()
    }

    /// What the report says of a document, once it is finished; `None` when the file is none.
    pub fn document(&self) -> Option<DocumentFacts> {
        self.document.as_ref().map(|d| d.facts())
    }

    /// Whether the file is a document that is checked as it stands.
    pub fn is_document(&self) -> bool {
        self.document.is_some()
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
        if let Some(document) = &mut self.document {
            document.finish(&mut self.findings);
        }
    }

    fn inner(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match (&mut self.transcript, &mut self.document) {
            (Some(transcript), _) => transcript.push(bytes),
            (None, Some(document)) => document.push(bytes, &mut self.findings),
            (None, None) => out.extend_from_slice(bytes),
        }
    }

    fn unpack(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        through(&mut self.layers, bytes, &mut out, &mut self.findings);
        out
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

/// Bytes given to a layer at once: what comes out may be a thousand times as much.
const PIECE: usize = 4 << 10;

/// Unpacks bytes by all layers, outermost first.
fn through(layers: &mut [Box<dyn Unpack>], bytes: &[u8], out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
    let Some((first, inner)) = layers.split_first_mut() else {
        out.extend_from_slice(bytes);
        return;
    };
    let mut next = Vec::new();
    for piece in bytes.chunks(PIECE) {
        next.clear();
        first.push(piece, &mut next, findings);
        through(inner, &next, out, findings);
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
    /// How much of it was looked at for a line end, and where the first one ends that may be the header's.
    looked: usize,
    line_end: Option<usize>,
    /// The forms found, outermost first; the last is the table's.
    forms: Vec<Form>,
    /// How the text was stored before it was turned into UTF-8.
    charset: Charset,
    known: bool,
    /// What kind of document the file is.
    kind: Option<Arc<dyn DocumentKind>>,
    ended: bool,
    /// Whether the rows were looked at for a layout that they follow.
    compared: bool,
    /// What a descriptor says about the file.
    told: Option<Arc<Told>>,
    /// The file itself, where the shell has it.
    file: Option<Store<'static>>,
}

impl Intake {
    /// A file of that name.
    pub fn new(name: &str, options: &ReadOptions) -> Intake {
        Intake {
            name: name.to_owned(),
            options: options.clone(),
            source: Source::default(),
            text: Vec::new(),
            looked: 0,
            line_end: None,
            forms: Vec::new(),
            charset: Charset::Utf8,
            known: false,
            kind: None,
            ended: false,
            compared: false,
            told: None,
            file: None,
        }
    }

    /// A file that cannot be read, with the findings that say why.
    pub fn refused(name: &str, findings: Vec<Finding>) -> Intake {
        let mut intake = Intake::new(name, &ReadOptions::default());
        intake.source.findings = findings;
        intake.source.ended = true;
        (intake.known, intake.ended, intake.compared) = (true, true, true);
        intake
    }

    /// Says what a descriptor says about the file, before its first bytes.
    pub fn tell(&mut self, told: Arc<Told>) {
        self.told = Some(told);
    }

    /// Notes what a shell found about what the bytes lie in.
    pub fn note(&mut self, mut findings: Vec<Finding>) {
        self.source.findings.append(&mut findings);
    }

    /// A file whose bytes are all at hand, or its start (then nothing but text is read).
    pub fn of_bytes(name: &str, bytes: &[u8], whole: bool, options: &ReadOptions) -> Intake {
        let mut intake = Intake::new(name, options);
        intake.push(bytes);
        if whole {
            intake.end();
        } else {
            intake.look(true);
            intake.compare();
        }
        intake
    }

    /// A file whose rows are read already, or by a reader that the shell chose.
    pub fn of_transcript(name: &str, transcript: Transcript) -> Intake {
        let mut intake = Intake::new(name, &ReadOptions::default());
        intake.forms.push(transcript.form());
        intake.source.transcript = Some(Box::new(transcript));
        (intake.known, intake.ended) = (true, true);
        intake
    }

    /// A file that is unpacked first, as the shell knows: one of an archive's, say.
    pub fn packed(name: &str, layer: Box<dyn Unpack>, options: &ReadOptions) -> Intake {
        let mut intake = Intake::new(name, options);
        intake.source.layers.push(layer);
        intake
    }

    /// The start of a file of which no more is to come, to tell what it is.
    pub fn of_start(name: &str, bytes: &[u8], options: &ReadOptions) -> Intake {
        let mut intake = Intake::of_bytes(name, bytes, false, options);
        if intake.source.transcript.is_none() {
            // The rows at hand are all that will be compared.
            (intake.ended, intake.compared) = (true, false);
            intake.compare();
            intake.ended = intake.source.transcript.is_some();
        }
        if let Some(transcript) = &mut intake.source.transcript {
            transcript.finish();
        }
        intake
    }

    /// Gives the file itself, before its first bytes are pushed: what has its directory at its end is then read from there, and need not be
    /// gathered.
    pub fn attach(&mut self, file: Store<'static>) {
        self.file = Some(file);
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.source.push(bytes, &mut self.text);
        self.look(false);
        self.compare();
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
        self.compare();
    }

    /// Once the start is known: sends the rows through the steps of the layout that they follow, if they follow one.
    fn compare(&mut self) {
        self.find_line_end();
        if self.compared || !self.ready() {
            return;
        }
        self.compared = true;
        // Records that name their own cells may bring columns later, which no step could know of.
        let rows = match &self.source.transcript {
            Some(transcript) => !transcript.facts().keyed,
            None if self.kind.is_some() => false,
            None => self.forms.last() == Some(&Form::Delimited),
        };
        if !rows || self.options.layouts.is_empty() {
            return;
        }
        let hints = self.told.as_ref().map_or_else(DialectHints::default, |told| told.hints.clone());
        if let Some(known) = self.options.layouts.recognise(&self.start_rows(&hints)) {
            self.tidy(vec![Box::new(known.tidy())], &hints);
        }
    }

    /// Finds out what the text is, once there is enough of it; `now` when there will be no more.
    fn look(&mut self, now: bool) {
        if self.known || (self.text.len() <= SAMPLE && !now) {
            return;
        }
        let sample = &self.text[..self.text.len().min(SAMPLE)];
        let whole = self.ended && self.text.len() <= SAMPLE;
        // What an archive made of the name that was asked for is that of a sheet in it.
        if let Some(asked) = self.source.layers.last().and_then(|layer| layer.asked()) {
            self.options.sheet = asked;
        }
        let mut form = form::sniff(sample, whole);
        let mut opened = form::open(form, sample, whole, &self.options);
        if let Opened::As(other) = opened {
            form = other;
            opened = form::open(form, sample, whole, &self.options);
        }
        self.forms.push(form);
        let deep = self.forms.len() > MAX_LAYERS;
        match opened {
            Opened::Unpack(mut layer) if !deep => {
                // What is packed itself is not the file.
                if let (true, Some(file)) = (self.source.layers.is_empty(), self.file.take()) {
                    layer.attach(&file);
                }
                let packed = std::mem::take(&mut self.text);
                layer.push(&packed, &mut self.text, &mut self.source.findings);
                self.source.layers.push(layer);
                self.look(false);
            }
            Opened::Recode(guess) if !deep => {
                let mut layer = Box::new(Recoder::new(guess.charset));
                self.charset = guess.charset;
                self.source.findings.extend(guess.findings);
                let stored = std::mem::take(&mut self.text);
                Unpack::push(layer.as_mut(), &stored, &mut self.text, &mut self.source.findings);
                self.source.layers.push(layer);
                self.look(false);
            }
            Opened::Read(mut reader) => {
                self.known = true;
                let file = self.file.take().filter(|_| self.source.layers.is_empty());
                let attached = file.is_some_and(|file| reader.attach(&file));
                let mut transcript = Transcript::new(form, reader, Vec::new());
                if attached {
                    transcript.finish();
                } else {
                    transcript.push(&self.text);
                }
                self.text = Vec::new();
                self.source.transcript = Some(Box::new(transcript));
            }
            Opened::Document(kind) => {
                self.known = true;
                let mut document = kind.open();
                document.push(&std::mem::take(&mut self.text), &mut self.source.findings);
                self.source.document = Some(document);
                self.kind = Some(kind);
            }
            Opened::Plain | Opened::Unpack(_) | Opened::Recode(_) | Opened::As(_) => {
                self.known = true;
                let told = recode::sniff(sample, whole).findings;
                self.source.findings.extend(told.into_iter().filter(|f| f.code.text() == "C122"));
            }
        }
    }

    /// Whether the start is known, so that no more bytes are needed before the file is opened.
    pub fn ready(&self) -> bool {
        let gathered =
            || self.kind.is_some() || self.source.transcript.as_ref().map_or_else(|| self.text.len() > self.enough(), |t| t.ready());
        self.ended || (self.known && gathered())
    }

    /// Looks for the header's end, once it is known that the text is delimited.
    fn find_line_end(&mut self) {
        if !self.known || self.line_end.is_some() || self.source.transcript.is_some() {
            return;
        }
        let until = self.text.len().min(MAX_HEADER);
        self.line_end = memchr::memchr2(b'\n', b'\r', &self.text[self.looked..until]).map(|i| self.looked + i + 1);
        self.looked = until;
    }

    /// How many bytes of delimited text are the start: [`SAMPLE`], or, when no line ends within them, as many behind the header's end. Where the
    /// header has none within its bound, that bound.
    fn enough(&self) -> usize {
        match self.line_end {
            Some(end) if end <= SAMPLE => SAMPLE,
            Some(end) => end + SAMPLE,
            None => MAX_HEADER,
        }
    }

    /// The start of delimited text, as far as it is there.
    fn head(&self) -> &[u8] {
        &self.text[..self.text.len().min(self.enough())]
    }

    /// What was found so far about how the file is read; it is told again with its records.
    pub fn findings(&self) -> Vec<Finding> {
        let of_rows = self.source.transcript.as_ref().map_or(&[][..], |t| t.findings());
        self.source.findings.iter().chain(of_rows).cloned().collect()
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
        let told = self.told.as_deref();
        let barred = self.source.findings.iter().any(|f| f.severity == Severity::Error);
        match &self.source.transcript {
            Some(transcript) => Start {
                name: &self.name,
                told,
                barred,
                sample: transcript.sample(),
                whole: transcript.is_whole(),
                form: Some(transcript),
                charset: self.charset,
                document: None,
            },
            None => {
                let sample = self.head();
                let whole = self.ended && self.text.len() == sample.len();
                Start { name: &self.name, sample, whole, form: None, charset: self.charset, document: self.kind.as_deref(), told, barred }
            }
        }
    }

    /// The rows of the start as they stand, before any step, once the file is [`Intake::ready`].
    pub fn start_rows(&self, hints: &DialectHints) -> Rows {
        match &self.source.transcript {
            Some(transcript) => transcript.start_rows().clone(),
            None => {
                let (mut rows, mut reader) = (Rows::new(), DelimitedReader::new(hints));
                let sample = self.head();
                reader.push(sample, &mut rows, &mut Vec::new());
                if self.ended && sample.len() == self.text.len() {
                    reader.finish(&mut rows, &mut Vec::new());
                }
                rows
            }
        }
    }

    /// Whether each record names its own cells, so that no step of a layout can apply; known once the file is [`Intake::ready`].
    pub fn is_keyed(&self) -> bool {
        self.source.transcript.as_ref().is_some_and(|t| t.facts().keyed)
    }

    /// Sends the rows through the steps of a layout; delimited text is then read as rows, too. Once, when the file is [`Intake::ready`], and before its
    /// [`Intake::start`] is shown to whoever opens it.
    pub fn tidy(&mut self, steps: Vec<Box<dyn Step>>, hints: &DialectHints) {
        if self.source.transcript.is_none() {
            let mut transcript = Transcript::new(Form::Delimited, Box::new(DelimitedReader::new(hints)), Vec::new());
            // The same start, however much more is at hand.
            let (start, rest) = self.text.split_at(self.head().len());
            transcript.push(start);
            if self.ended && rest.is_empty() {
                transcript.finish();
            }
            transcript.settle();
            transcript.push(rest);
            if self.ended {
                transcript.finish();
            }
            self.text = Vec::new();
            self.source.transcript = Some(Box::new(transcript));
        }
        if let Some(transcript) = &mut self.source.transcript {
            transcript.set_steps(steps);
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
