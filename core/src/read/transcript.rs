//! Rows of a reader as plain delimited text, with the place that each row came from.
//!
//! The text is that of the usual dialect (commas, double quotation marks, line feeds, UTF-8) without its header, in batches of whole records. What is
//! found in a batch has places that count from the batch's start; [`Places`] makes those of the original file of them.
//!
//! Batches are cut by the rows alone, so that the same file gives the same batches however its bytes arrive.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::typed::Typed;
use super::{Facts, Form, Origin, Reader, Row, Rows, Step};
use crate::bounds::{MAX_RECORD, SAMPLE};
use crate::decode::head::{HeaderCell, NotText};
use crate::decode::{Dialect, Encoding, Head};
use crate::eight::{spread, zeros};
use crate::encode::write_csv_cell;
use crate::finding::{Finding, Findings, Place};
use crate::jschema::evidence::Score;
use crate::jschema::plan::Nested;
use crate::jschema::scan::{Scanned, Scanner};
use crate::render::words::column_letter;

/// Bytes of text from which on a batch is whole.
const BATCH: usize = 256 << 10;

/// Rows of the start by which a file is recognised, when they are less than [`SAMPLE`] bytes.
const SAMPLE_ROWS: usize = 1000;

/// Whole records with the places they came from.
#[derive(Debug, Default)]
pub struct Batch {
    /// The records, each with its line end.
    pub text: Vec<u8>,
    /// By record: where it came from.
    pub origins: Vec<Origin>,
    /// What the reader found up to the last of them; places are the file's, ascending by row.
    pub findings: Vec<Finding>,
}

/// A name first met behind the header.
#[derive(Debug)]
struct Late {
    name: String,
    /// The column kept for it.
    column: Option<usize>,
    /// Filled cells that are not read, and where the first is.
    count: u64,
    first: Origin,
}

/// A file of another form on its way to becoming text.
pub struct Transcript {
    form: Form,
    reader: Box<dyn Reader>,
    steps: Vec<Box<dyn Step>>,
    header: Option<(Vec<String>, Origin)>,
    /// Columns of the reader's header.
    width: usize,
    /// Records name their own cells, and no step changes that.
    keyed: bool,
    /// Fewest cells of a row: the header's where rows end with their last filled cell.
    least: usize,
    /// Columns kept behind the header's.
    reserved: Vec<String>,
    /// The header's row, where rows above it were passed over that no layout declares.
    begins: Option<u64>,
    late: Vec<Late>,
    /// Cells that have a type, and the form of their fields.
    typed: Typed,
    /// Rows of the start as they were read, before any step.
    raw: Rows,
    /// Rows that are not yet written.
    held: Rows,
    /// How many of them were looked at for the sample.
    seen: usize,
    sample: Vec<u8>,
    sampled: bool,
    started: bool,
    ended: bool,
    /// The reader was told that no bytes follow.
    read: bool,
    /// It has given all its rows.
    drained: bool,
    /// Bytes that the reader has not had.
    pending: Vec<u8>,
    fresh: Rows,
    batch: Batch,
    ready: VecDeque<Batch>,
    /// A batch that was checked; its space is used again.
    spare: Batch,
    findings: Vec<Finding>,
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript").field("form", &self.form).field("header", &self.header).finish_non_exhaustive()
    }
}

impl Transcript {
    /// A transcript of what a reader reads, after the steps of a layout.
    pub fn new(form: Form, reader: Box<dyn Reader>, steps: Vec<Box<dyn Step>>) -> Transcript {
        Transcript {
            form,
            reader,
            steps,
            header: None,
            width: 0,
            keyed: false,
            least: 1,
            reserved: Vec::new(),
            begins: None,
            late: Vec::new(),
            typed: Typed::default(),
            raw: Rows::new(),
            held: Rows::new(),
            seen: 0,
            sample: Vec::new(),
            sampled: false,
            started: false,
            ended: false,
            read: false,
            drained: false,
            pending: Vec::new(),
            fresh: Rows::new(),
            batch: Batch::default(),
            ready: VecDeque::new(),
            spare: Batch::default(),
            findings: Vec::new(),
        }
    }

    /// Takes the next bytes; behind the end, they are none of its business.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read {
            return;
        }
        if self.started {
            self.feed(bytes);
        } else {
            self.pending.extend_from_slice(bytes);
            self.pump();
        }
    }

    /// Says that no bytes follow. Again, it does nothing.
    pub fn finish(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if self.started { self.end() } else { self.pump() }
    }

    /// Feeds the reader until the start is known, in pieces of one size: what is known of the file as it is opened must not depend on how
    /// its bytes arrive.
    fn pump(&mut self) {
        let mut at = 0;
        while !self.sampled {
            let piece = self.pending.len() - at;
            if piece < SAMPLE && !self.ended {
                break;
            }
            if piece == 0 {
                self.end();
                break;
            }
            let to = at + piece.min(SAMPLE);
            let bytes = std::mem::take(&mut self.pending);
            self.feed(&bytes[at..to]);
            self.pending = bytes;
            at = to;
        }
        self.pending.drain(..at);
    }

    fn feed(&mut self, bytes: &[u8]) {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.clear();
        self.reader.push(bytes, &mut fresh, &mut self.findings);
        self.keep(&fresh);
        self.through_steps(&fresh, false);
        self.fresh = fresh;
    }

    /// What looks at blocks of the file ahead of the reader; see [`Reader::scanner`].
    pub fn scanner(&self) -> Option<Scanner> {
        self.reader.scanner().filter(|_| self.started && !self.read && self.steps.is_empty())
    }

    /// Takes what a scanner found; see [`Reader::take`].
    pub fn take(&mut self, block: &[u8], scanned: &Scanned) -> bool {
        if !self.started || self.read {
            return false;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.clear();
        let taken = self.reader.take(block, scanned, &mut fresh, &mut self.findings);
        self.through_steps(&fresh, false);
        self.fresh = fresh;
        taken
    }

    fn keep(&mut self, rows: &Rows) {
        if !self.started {
            rows.iter().for_each(|row| self.raw.push(row));
        }
    }

    /// The reader has had all bytes.
    fn end(&mut self) {
        if std::mem::replace(&mut self.read, true) {
            return;
        }
        let mut fresh = Rows::new();
        self.reader.finish(&mut fresh, &mut self.findings);
        self.keep(&fresh);
        self.through_steps(&fresh, false);
        // Rows that need not be made yet wait until they are asked for.
        while self.pull() && !self.started && !self.sampled {}
    }

    /// Makes the next rows of a reader that has had all bytes. False when there are no more.
    fn pull(&mut self) -> bool {
        if self.drained {
            return false;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.clear();
        self.drained = !self.reader.more(&mut fresh, &mut self.findings);
        self.keep(&fresh);
        self.through_steps(&fresh, self.drained);
        self.fresh = fresh;
        if self.drained {
            self.sampled = true;
            if self.started {
                self.close();
            }
        }
        !self.drained
    }

    /// The rows of the start as they were read, before any step: what a layout's steps are found by.
    pub fn start_rows(&self) -> &Rows {
        &self.raw
    }

    /// Sends the rows through the steps of a layout, from the first one on. Only once, and before the transcript is [`Transcript::begin`]-ed.
    pub fn set_steps(&mut self, steps: Vec<Box<dyn Step>>) {
        if self.started {
            return;
        }
        self.steps = steps;
        (self.header, self.width, self.seen) = (None, 0, 0);
        self.held.clear();
        self.sample.clear();
        self.sampled = false;
        let raw = std::mem::take(&mut self.raw);
        let drained = self.drained;
        self.through_steps(&raw, drained);
        // What is at hand is the start, however little the steps leave of it.
        self.sampled = true;
        self.raw = raw;
    }

    /// Notes in which row the header was found, below rows that no layout declares.
    pub(super) fn begins_at(&mut self, header: u64) {
        self.begins = Some(header);
    }

    /// The header's row, where rows above it are passed over that no layout declares.
    pub fn begins(&self) -> Option<u64> {
        self.begins
    }

    /// What is at hand is the start.
    pub(super) fn settle(&mut self) {
        self.sampled = true;
    }

    fn through_steps(&mut self, rows: &Rows, last: bool) {
        let mut made: Option<Rows> = None;
        let before = self.findings.len();
        for step in &mut self.steps {
            let mut out = Rows::new();
            step.rows(made.as_ref().unwrap_or(rows), &mut out, &mut self.findings);
            if last {
                step.finish(&mut out, &mut self.findings);
            }
            made = Some(out);
        }
        if self.form == Form::Printed {
            let mut told = self.findings.split_off(before);
            told.iter_mut().for_each(|finding| self.on_page(&mut finding.place));
            self.findings.append(&mut told);
        }
        for row in made.as_ref().unwrap_or(rows).iter() {
            if self.header.is_none() {
                self.header = Some((row.cells().map(|(text, _)| text.to_owned()).collect(), row.origin));
                self.width = row.len();
                let facts = self.reader.facts();
                self.keyed = self.steps.is_empty() && facts.keyed;
                self.least = if facts.open { self.width } else { 1 };
            } else if self.started {
                self.write(row);
            } else {
                self.held.push(row);
            }
        }
        if !self.started {
            self.gather();
        }
    }

    /// Writes the sample, up to the row with which it is enough.
    fn gather(&mut self) {
        while !self.sampled && self.seen < self.held.len() {
            if let Some(row) = self.held.get(self.seen) {
                let cells = if self.keyed { self.width } else { row.len().max(self.least) };
                write_row(&mut self.sample, (0..cells).map(|c| row.text(c)));
            }
            self.seen += 1;
            self.sampled = self.sample.len() >= SAMPLE || self.seen >= SAMPLE_ROWS;
        }
    }

    /// Whether the start is known.
    pub fn ready(&self) -> bool {
        self.sampled
    }

    /// The first records as text, without a header.
    pub fn sample(&self) -> &[u8] {
        &self.sample
    }

    /// Whether the sample is all there is.
    pub fn is_whole(&self) -> bool {
        self.drained && self.seen == self.held.len() && !self.started
    }

    /// What the file is.
    pub fn form(&self) -> Form {
        self.form
    }

    /// What the report says about the file.
    pub fn facts(&self) -> Facts {
        self.reader.facts()
    }

    /// The nested resource of which the file is a document, and what spoke for it.
    pub fn nested(&self) -> Option<(&Arc<Nested>, Score)> {
        self.reader.nested()
    }

    /// Codes of the checks that the steps of a layout make.
    pub fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().flat_map(|step| step.codes())
    }

    /// Records known of but not read, so far.
    pub fn unread(&self) -> u64 {
        self.reader.unread()
    }

    /// What was found so far and is in no batch.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The start as that of a table.
    ///
    /// # Errors
    /// When no row was read.
    pub fn head(&self) -> Result<Head, NotText> {
        let Some((names, origin)) = &self.header else { return Err(NotText::NoRecords) };
        let names = names.iter().chain(&self.reserved);
        let header: Vec<HeaderCell> =
            names.map(|name| HeaderCell { text: name.clone(), byte_column: origin.byte_column, fault: None }).collect();
        Ok(Head {
            encoding: Encoding::Utf8,
            charset: super::recode::Charset::Utf8,
            mark: false,
            names_separator: false,
            lead: 0,
            dialect: Dialect::default(),
            columns: header.len(),
            header,
            header_row: origin.row,
            header_line: origin.line,
            blank_above: Vec::new(),
            data_start: 0,
            rows_before: 0,
            lines_before: 0,
        })
    }

    /// Keeps columns for names that the header lacks, for when they are met later: only where records name their own cells. Has no effect
    /// once the transcript is [`Transcript::begin`]-ed.
    pub fn reserve(&mut self, names: &[String]) {
        if !self.keyed || self.started {
            return;
        }
        let Some((header, _)) = &self.header else { return };
        self.reserved = names.iter().filter(|n| !header.contains(n)).cloned().collect();
        // The sample's rows have the kept columns too.
        self.sample.clear();
        for i in 0..self.seen {
            if let Some(row) = self.held.get(i) {
                write_row(&mut self.sample, (0..self.width + self.reserved.len()).map(|c| if c < self.width { row.text(c) } else { "" }));
            }
        }
    }

    /// Says which fields the columns are, so that cells which have a type are written in the field's form. Has no effect where records name
    /// their own cells, which have no such type, nor once the transcript is [`Transcript::begin`]-ed.
    pub fn type_cells(&mut self, typed: Typed) {
        if !self.started {
            self.typed = typed;
        }
    }

    /// From now on rows become batches.
    pub fn begin(&mut self) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        self.sample = Vec::new();
        self.raw = Rows::new();
        let held = std::mem::take(&mut self.held);
        held.iter().for_each(|row| self.write(row));
        let pending = std::mem::take(&mut self.pending);
        if self.read {
            if self.drained {
                self.close();
            }
            return;
        }
        self.feed(&pending);
        if self.ended {
            self.end();
        }
    }

    /// The next whole batch.
    pub fn next_batch(&mut self) -> Option<Batch> {
        while self.ready.is_empty() && self.started && self.read && !self.drained {
            self.pull();
        }
        self.ready.pop_front()
    }

    /// Takes back a batch that is done with, for its space.
    pub fn give_back(&mut self, mut batch: Batch) {
        batch.text.clear();
        batch.origins.clear();
        batch.findings.clear();
        self.spare = batch;
    }

    fn write(&mut self, row: Row<'_>) {
        let full = self.batch.text.len() >= BATCH;
        if full && self.batch.origins.last().is_some_and(|o| o.row != row.origin.row) {
            self.flush();
        }
        let before = self.batch.text.len();
        if self.keyed && self.reserved.is_empty() && self.late.is_empty() && self.reader.late().is_empty() {
            write_cells(&mut self.batch.text, row, self.width);
        } else if self.keyed {
            self.note_late();
            let mut kept: Vec<&str> = vec![""; self.reserved.len()];
            for (i, late) in self.late.iter_mut().enumerate() {
                let text = row.text(self.width + i);
                match late.column {
                    Some(column) => kept[column] = text,
                    None if text.is_empty() => {}
                    None => {
                        if late.count == 0 {
                            late.first = row.origin;
                        }
                        late.count += 1;
                    }
                }
            }
            write_row(&mut self.batch.text, (0..self.width).map(|c| row.text(c)).chain(kept));
        } else {
            let cells = row.len().max(self.least);
            let made = if self.typed.is_empty() { Vec::new() } else { self.typed.cells(&row) };
            if made.is_empty() {
                write_cells(&mut self.batch.text, row, cells);
            } else {
                let mut made = made.iter().peekable();
                let text = |c: usize| made.next_if(|m| m.0 == c).map_or(row.text(c), |m| &m.1);
                write_row(&mut self.batch.text, (0..cells).map(text));
            }
        }
        if self.batch.text.len() - before > MAX_RECORD {
            self.batch.text.truncate(before);
            let place = Place { row: row.origin.row, line: row.origin.line, byte_column: row.origin.byte_column, ..Place::default() };
            self.findings.push(Finding::new("C216", "", place).arg("bound", MAX_RECORD.to_string()));
            return;
        }
        self.batch.origins.push(row.origin);
    }

    /// Takes notice of names that the reader has met since.
    fn note_late(&mut self) {
        let names = self.reader.late();
        for name in names.get(self.late.len()..).unwrap_or_default() {
            let column = self.reserved.iter().position(|r| r == name);
            self.late.push(Late { name: name.clone(), column, count: 0, first: Origin::default() });
        }
    }

    /// Ends the batch at hand. What was found behind its last row, or of no row, waits.
    fn flush(&mut self) {
        let mut batch = std::mem::replace(&mut self.batch, std::mem::take(&mut self.spare));
        let last = batch.origins.last().map_or(0, |o| o.row);
        let found = std::mem::take(&mut self.findings);
        (batch.findings, self.findings) = found.into_iter().partition(|f| f.place.row > 0 && f.place.row <= last);
        batch.findings.sort_by_key(|f| f.place.row);
        self.point(&mut batch.findings);
        self.ready.push_back(batch);
    }

    /// Adds where in nested data the reader's own findings are.
    fn point(&self, findings: &mut [Finding]) {
        for place in findings.iter_mut().map(|f| &mut f.place).filter(|p| p.row > 0 && p.pointer.is_none()) {
            let field = place.field.as_deref().filter(|_| self.steps.is_empty());
            place.pointer = self.reader.pointer(place.row, field).map(Arc::from);
        }
    }

    fn close(&mut self) {
        for late in self.late.iter().filter(|l| l.count > 0) {
            let place = Place {
                row: late.first.row,
                line: late.first.line,
                byte_column: late.first.byte_column,
                field: Some(late.name.as_str().into()),
                ..Place::default()
            };
            self.findings.push(Finding::new("C220", "", place).arg("name", late.name.as_str()).arg("count", late.count.to_string()));
        }
        self.flush();
        let mut last = Batch { findings: std::mem::take(&mut self.findings), ..Batch::default() };
        last.findings.sort_by_key(|f| f.place.row);
        self.point(&mut last.findings);
        self.ready.push_back(last);
    }

    /// The column of the original file from which a column of the text comes.
    fn source_column(&self, column: u32) -> Option<u32> {
        let mut column = column as usize;
        for step in self.steps.iter().rev() {
            column = step.column(column)?;
        }
        u32::try_from(column).ok()
    }

    /// Completes the place of a cell in a row of the original file, or of a column: its column there, and its pointer.
    pub fn locate(&self, place: &mut Place) {
        if self.keyed {
            place.column = None;
        } else {
            place.column = place.column.and_then(|c| self.source_column(c));
        }
        self.on_page(place);
        if place.row > 0 {
            let field = place.field.as_deref().filter(|_| self.steps.is_empty());
            place.pointer = self.reader.pointer(place.row, field).map(Arc::from);
        }
    }

    /// On a printed page there are no letters over the columns: the line and the place in it say where a cell is.
    fn on_page(&self, place: &mut Place) {
        if self.form != Form::Printed {
            return;
        }
        if let Some(column) = place.column.take()
            && place.row > 0
            && let Some((line, byte)) = self.reader.cell(place.row, column as usize)
        {
            (place.line, place.byte_column) = (line, byte);
        }
    }

    /// A finding with places of the original file in what it says.
    pub fn retell(&self, finding: &mut Finding) {
        self.locate(&mut finding.place);
        let is = |code: &str| finding.code.text() == code;
        if !(is("C209") || is("C314")) {
            return;
        }
        let Some((_, other)) = finding.args.iter_mut().find(|(name, _)| *name == "other") else { return };
        let Some(column) = column_index(other) else { return };
        if self.keyed || self.form == Form::Printed {
            let names = self.header.as_ref().map(|h| &h.0[..]).unwrap_or_default();
            if let Some(name) = names.get(column as usize) {
                *other = format!("\"{name}\"");
            }
        } else if let Some(source) = self.source_column(column) {
            *other = column_letter(source);
        }
    }
}

/// The column that letters name, from 0.
fn column_index(letters: &str) -> Option<u32> {
    let mut n: u32 = 0;
    for b in letters.bytes() {
        n = n.checked_mul(26)?.checked_add(u32::from(b.checked_sub(b'A').filter(|d| *d < 26)?) + 1)?;
    }
    n.checked_sub(1)
}

/// Whether any of eight bytes separates cells or records, or is a quotation mark.
fn separates(eight: u64) -> bool {
    zeros(eight ^ spread(b',')) | zeros(eight ^ spread(b'"')) | zeros(eight ^ spread(b'\n')) | zeros(eight ^ spread(b'\r')) != 0
}

/// The first cells of a row as a record with its line end; where nothing in them separates, they are looked at all at once.
fn write_cells(out: &mut Vec<u8>, row: Row<'_>, cells: usize) {
    let (text, ends) = row.run(cells);
    let bytes = text.as_bytes();
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    if cells < 2 || words.iter().chain([&last]).any(|eight| separates(u64::from_ne_bytes(*eight))) {
        write_row(out, (0..cells).map(|c| row.text(c)));
        return;
    }
    out.reserve(bytes.len() + cells);
    let mut start = 0;
    for end in ends {
        out.extend_from_slice(&bytes[start..end]);
        out.push(b',');
        start = end;
    }
    // Cells that the row lacks are empty.
    out.resize(out.len() + cells.saturating_sub(row.len()), b',');
    out.pop();
    out.push(b'\n');
}

/// One record with its line end.
fn write_row<'t>(out: &mut Vec<u8>, cells: impl Iterator<Item = &'t str>) {
    let before = out.len();
    for (i, text) in cells.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // NUL bytes and the like are the checks' business; only what separates needs marks.
        write_csv_cell(text, b',', false, out);
    }
    // An empty line would be no record at all.
    if out.len() == before {
        out.extend_from_slice(b"\"\"");
    }
    out.push(b'\n');
}

/// Makes places of the original file of those that count from the start of a stretch of text.
#[derive(Debug, Clone, Copy)]
pub struct Places<'t> {
    /// By record of the stretch: where it came from.
    pub origins: &'t [Origin],
    /// The file.
    pub transcript: &'t Transcript,
}

/// The check that finds a spreadsheet's own error in a cell.
pub(crate) const ERROR_VALUE: &str = "C229";

impl Places<'_> {
    /// The row in the original file of a record of the stretch, from 0.
    pub fn row(&self, record: usize) -> u64 {
        self.origins.get(record).or(self.origins.last()).map_or(0, |o| o.row)
    }

    /// The place in the file of a record of the stretch, from 0; no column.
    pub fn record(&self, record: usize) -> Origin {
        self.origins.get(record).or(self.origins.last()).copied().unwrap_or_default()
    }

    /// The column in the file, where its records have columns.
    pub fn column(&self, column: u32) -> Option<u32> {
        if self.transcript.keyed { None } else { self.transcript.source_column(column) }
    }

    /// Cells of the stretch, which has so many columns, of which the reader told why they hold no value: row from 1, and column, ascending.
    pub(crate) fn told(&self, findings: &[Finding], width: usize) -> Vec<(u64, u32)> {
        let cells: BTreeSet<(u64, u32)> =
            findings.iter().filter(|f| f.code.text() == ERROR_VALUE).filter_map(|f| Some((f.place.row, f.place.column?))).collect();
        if cells.is_empty() {
            return Vec::new();
        }
        let columns: Vec<(u32, u32)> = (0..width as u32).filter_map(|column| Some((column, self.column(column)?))).collect();
        let of_row = |(row, origin): (usize, &Origin)| {
            let number = origin.row;
            let hit = columns.iter().filter(|(_, source)| cells.contains(&(number, *source)));
            hit.map(|(column, _)| (row as u64 + 1, *column)).collect::<Vec<_>>()
        };
        self.origins.iter().enumerate().flat_map(of_row).collect()
    }

    /// The place in the file; `place.row` counts from the stretch's start, from 1. Its file and record stay as they are.
    pub fn apply(&self, place: &mut Place) {
        if place.row > 0 {
            let origin = self.record((place.row - 1) as usize);
            place.row = origin.row;
            place.line = origin.line;
            place.byte_column = origin.byte_column;
        }
        self.transcript.locate(place);
    }

    /// Changes all findings of a stretch. Records counted from its start count from that of the file: `records` stand before it.
    pub fn relocate(&self, findings: &mut Findings, file: u32, records: u64) {
        findings.relocate(
            &|finding| {
                if finding.place.row > 0 {
                    let origin = self.record((finding.place.row - 1) as usize);
                    finding.place.row = origin.row;
                    finding.place.line = origin.line;
                    finding.place.byte_column = origin.byte_column;
                }
                if finding.place.record > 0 {
                    finding.place.record += records;
                }
                finding.place.file = file;
                self.transcript.retell(finding);
            },
            &|row| if row > 0 { self.row((row - 1) as usize) } else { 0 },
        );
    }
}
