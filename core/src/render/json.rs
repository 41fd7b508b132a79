//! The `json` format: the report as one object, with its members in a fixed order. `report.schema.json` says what each holds.
//!
//! Written by hand, so that the core's types are not the wire format and the same report is the same bytes everywhere: two spaces a
//! level, a line end at the end, strings escaped no more than RFC 8259 asks for.

use super::causes::Causes;
use super::{FORMAT, verdict, words};
use crate::finding::{Finding, Fix, Severity};
use crate::report::{Conversion, FileUsed, Report, TableBalance};

/// The whole report.
pub fn json(report: &Report) -> String {
    let mut w = Writer::new(Style::Indented);
    w.open('{');
    head(&mut w, report);
    w.key("findings");
    w.open('[');
    for f in report.findings.stored() {
        finding(&mut w, report, f);
    }
    w.close(']');
    w.key("conversion");
    conversion(&mut w, report.conversion.as_ref());
    w.close('}');
    w.finish()
}

/// The members before `findings`.
pub(super) fn head(w: &mut Writer, report: &Report) {
    w.key("format");
    w.string(FORMAT);
    w.key("valid");
    w.bool(verdict::valid(report));
    w.key("standard");
    match &report.standard {
        Some(used) => {
            w.open('{');
            w.member("id", &used.id);
            w.member("version", &used.version);
            w.member("digest", &used.digest);
            w.close('}');
        }
        None => w.null(),
    }
    w.member("verdict", &verdict::verdict(report));
    w.key("files");
    w.open('[');
    for file in &report.files {
        self::file(w, file);
    }
    w.close(']');
    w.key("counts");
    w.open('{');
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        w.key(severity.word());
        w.number(report.findings.count(severity));
    }
    w.key("rows_at_fault");
    w.number(verdict::rows_at_fault(report));
    w.close('}');
    w.key("coverage");
    coverage(w, report);
    w.key("causes");
    w.open('[');
    for told in &Causes::of(report).ordered {
        let c = told.cause;
        w.open('{');
        w.member("code", c.code.text());
        w.member("severity", c.severity.word());
        w.optional("field", c.field.as_deref());
        w.optional("column", c.column.map(words::column_letter).as_deref());
        w.key("count");
        w.number(c.count);
        w.place("first_row", c.first_row);
        w.place("last_row", c.last_row);
        w.member("message", &told.message());
        w.member("why", &words::why(&c.code));
        w.member("mend", &told.mend());
        w.key("samples");
        w.open('[');
        for sample in &c.samples {
            finding(w, report, sample);
        }
        w.close(']');
        w.optional("file", report.files.get(c.file as usize).map(|f| f.name.as_str()));
        w.member("title", &words::title(&c.code));
        w.member("variety", c.kind);
        w.close('}');
    }
    w.close(']');
}

fn file(w: &mut Writer, file: &FileUsed) {
    w.open('{');
    w.member("name", &file.name);
    w.optional("digest", file.digest.as_deref());
    w.key("bytes");
    w.number(file.bytes);
    w.key("records");
    w.number(file.records);
    w.member("encoding", &file.encoding);
    w.key("dialect");
    w.open('{');
    for (at, (name, value)) in file.dialect.iter().enumerate() {
        if !file.dialect[..at].iter().any(|(n, _)| n == name) {
            w.member(name, value);
        }
    }
    w.close('}');
    w.optional("resource", Some(file.resource.as_str()).filter(|r| !r.is_empty()));
    w.close('}');
}

fn coverage(w: &mut Writer, report: &Report) {
    let coverage = &report.coverage;
    w.open('{');
    w.key("checks_run");
    w.open('[');
    for check in &coverage.checks_run {
        w.string(check);
    }
    w.close(']');
    w.key("checks_skipped");
    w.open('[');
    for (check, why) in &coverage.checks_skipped {
        w.open('{');
        w.member("check", check);
        w.member("why", why);
        w.close('}');
    }
    w.close(']');
    w.key("records_read");
    w.number(coverage.records_read);
    w.key("records_unread");
    w.number(coverage.records_unread);
    w.key("truncated");
    w.bool(report.findings.truncated());
    w.close('}');
}

/// One finding, as in `findings`, in `samples` and on the lines of `ndjson`.
pub(super) fn finding(w: &mut Writer, report: &Report, finding: &Finding) {
    let place = &finding.place;
    w.open('{');
    w.member("code", finding.code.text());
    w.member("severity", finding.severity.word());
    w.optional("file", report.files.get(place.file as usize).map(|f| f.name.as_str()));
    w.optional("sheet", report.files.get(place.file as usize).and_then(|f| f.sheet.as_deref()));
    w.place("row", place.row);
    w.place("line", place.line);
    w.place("byte_column", place.byte_column);
    w.place("record", place.record);
    w.optional("column", place.column.map(words::column_letter).as_deref());
    w.optional("field", place.field.as_deref());
    w.optional("pointer", place.pointer.as_deref());
    w.optional("value", finding.value.as_deref());
    w.optional("expected", words::expected(finding).as_deref());
    w.member("message", &words::message(finding));
    w.key("fixes");
    w.open('[');
    for Fix { replacement, safe, kind, evidence } in &finding.fixes {
        w.open('{');
        w.member("replacement", replacement);
        w.key("safe");
        w.bool(*safe);
        w.member("kind", kind);
        w.member("evidence", evidence);
        w.close('}');
    }
    w.close(']');
    w.member("variety", finding.kind);
    w.key("args");
    w.open('{');
    for (at, (name, value)) in finding.args.iter().enumerate() {
        // As for sentences, the first of one name counts.
        if !finding.args[..at].iter().any(|(n, _)| n == name) {
            w.member(name, value);
        }
    }
    w.close('}');
    w.close('}');
}

/// The balance of a conversion, or null.
pub(super) fn conversion(w: &mut Writer, conversion: Option<&Conversion>) {
    let Some(c) = conversion else { return w.null() };
    w.open('{');
    for (name, n) in [("records_in", c.records_in), ("records_out", c.records_out), ("rejected", c.rejected)] {
        w.key(name);
        w.number(n);
    }
    w.key("dropped");
    w.open('[');
    for dropped in &c.dropped {
        w.open('{');
        w.member("why", &dropped.why);
        w.key("count");
        w.number(dropped.count);
        w.close('}');
    }
    w.close(']');
    w.key("sums");
    w.open('[');
    for sum in &c.sums {
        w.open('{');
        w.member("table", &sum.table);
        w.member("from", &sum.from);
        w.member("to", &sum.to);
        w.member("total_in", &sum.total_in);
        w.member("total_out", &sum.total_out);
        w.member("total_rejected", &sum.total_rejected);
        w.member("total_dropped", &sum.total_dropped);
        w.member("total_unread", &sum.total_unread);
        w.key("cells_unread");
        w.number(sum.cells_unread);
        w.key("balanced");
        w.bool(sum.balanced);
        w.close('}');
    }
    w.close(']');
    w.member("from", &c.from);
    w.member("to", &c.to);
    w.key("tables");
    tables(w, &c.tables);
    w.key("in_part");
    w.number(c.in_part);
    w.key("way");
    w.open('[');
    for leg in &c.way {
        w.open('{');
        w.member("from", &leg.from);
        w.member("to", &leg.to);
        w.key("tables");
        tables(w, &leg.tables);
        w.close('}');
    }
    w.close(']');
    w.close('}');
}

fn tables(w: &mut Writer, tables: &[TableBalance]) {
    w.open('[');
    for table in tables {
        w.open('{');
        w.member("table", &table.table);
        for (name, n) in [
            ("candidates", table.candidates),
            ("written", table.written),
            ("rejected", table.rejected),
            ("repeated", table.repeated),
            ("skipped", table.skipped),
        ] {
            w.key(name);
            w.number(n);
        }
        w.close('}');
    }
    w.close(']');
}

/// Whether JSON is laid out for reading or on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Two spaces a level.
    Indented,
    /// No blanks, one line.
    Line,
}

/// A JSON writer that keeps commas and indentation right. Keys and brackets are the caller's to pair.
pub(super) struct Writer {
    out: String,
    style: Style,
    depth: usize,
    /// Nothing was written yet at this level, so that no comma is due.
    first: bool,
    /// A key was just written, so that its value follows on the line.
    after_key: bool,
}

impl Writer {
    pub(super) fn new(style: Style) -> Writer {
        Writer { out: String::new(), style, depth: 0, first: true, after_key: false }
    }

    /// Ends the line and gives the text back.
    pub(super) fn finish(mut self) -> String {
        self.out.push('\n');
        self.out
    }

    fn before(&mut self) {
        if self.after_key {
            self.after_key = false;
            return;
        }
        if self.depth == 0 {
            return;
        }
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        self.line();
    }

    fn line(&mut self) {
        if self.style == Style::Indented {
            self.out.push('\n');
            for _ in 0..self.depth {
                self.out.push_str("  ");
            }
        }
    }

    pub(super) fn open(&mut self, sign: char) {
        self.before();
        self.out.push(sign);
        self.depth += 1;
        self.first = true;
    }

    pub(super) fn close(&mut self, sign: char) {
        self.depth = self.depth.saturating_sub(1);
        if !self.first {
            self.line();
        }
        self.out.push(sign);
        self.first = false;
    }

    pub(super) fn key(&mut self, name: &str) {
        self.before();
        escape(&mut self.out, name);
        self.out.push_str(if self.style == Style::Indented { ": " } else { ":" });
        self.after_key = true;
    }

    pub(super) fn string(&mut self, text: &str) {
        self.before();
        escape(&mut self.out, text);
    }

    pub(super) fn number(&mut self, n: u64) {
        self.before();
        self.out.push_str(&n.to_string());
    }

    pub(super) fn bool(&mut self, yes: bool) {
        self.before();
        self.out.push_str(if yes { "true" } else { "false" });
    }

    pub(super) fn null(&mut self) {
        self.before();
        self.out.push_str("null");
    }

    pub(super) fn member(&mut self, name: &str, text: &str) {
        self.key(name);
        self.string(text);
    }

    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        self.key(name);
        match text {
            Some(text) => self.string(text),
            None => self.null(),
        }
    }

    /// A number of a row or the like; null for zero, which means "not of one place".
    pub(super) fn place(&mut self, name: &str, n: u64) {
        self.key(name);
        if n == 0 { self.null() } else { self.number(n) }
    }
}

/// A string in quotes, with no escapes but those RFC 8259 (section 7) demands.
fn escape(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(char::from(HEX[(u32::from(c) >> 4) as usize & 15]));
                out.push(char::from(HEX[u32::from(c) as usize & 15]));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
