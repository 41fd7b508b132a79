//! The `text` format, for people: the verdict first, then each cause with its first cells, why it matters and how to mend it, then the
//! balance of a conversion and what was not checked.
//!
//! Lines are wrapped at the width given. Everything that came from a file or a package is made visible before it gets here, so the
//! only codes that reach a terminal are those of [`Ink`], and those only when asked for.

use std::fmt::Write as _;

use super::causes::{Causes, Told};
use super::words::{self, counted, number, shorten, visible};
use super::{Options, verdict};
use crate::finding::{Cause, Finding, Fix, Place, Severity};
use crate::report::{Conversion, Report};

/// Fewer columns than this are not used; a narrower terminal breaks the lines itself.
pub const NARROWEST: usize = 40;

/// Causes told in full for each severity. The formats for programs list them all.
pub const MOST_CAUSES: usize = 100;

/// Files named at the top, and reasons listed at the end.
const MOST_LISTED: usize = 20;

/// Longest value in a cause's table, in characters.
const LONGEST_CELL: usize = 36;

/// The whole report.
pub fn text(report: &Report, options: &Options) -> String {
    let mut page = Page { out: String::new(), width: options.width.max(NARROWEST), color: options.color };
    let good = verdict::valid(report) && report.standard.is_some();
    page.wrapped(0, 0, &verdict::verdict(report), if good { Ink::Good } else { Ink::Bold });
    page.files(report);
    let causes = Causes::of(report);
    let mut number = 0;
    for (severity, title) in [(Severity::Error, "To mend"), (Severity::Warning, "To look at"), (Severity::Info, "Good to know")] {
        let told: Vec<&Told<'_>> = causes.ordered.iter().filter(|t| t.cause.severity == severity).collect();
        if told.is_empty() {
            continue;
        }
        page.heading(title);
        for told in told.iter().take(MOST_CAUSES) {
            number += 1;
            page.cause(report, told, number);
        }
        if told.len() > MOST_CAUSES {
            let more = (told.len() - MOST_CAUSES) as u64;
            page.line("");
            page.wrapped(2, 2, &format!("… and {} more; the json report has them all.", words::number(more)), Ink::Dim);
        }
    }
    if let Some(conversion) = &report.conversion {
        page.conversion(conversion);
    }
    page.coverage(report);
    page.out
}

/// What a piece of text looks like. Without colour all are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Bold,
    Dim,
    Good,
    Severity(Severity),
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Bold => "\u{1b}[1m",
            Ink::Dim => "\u{1b}[2m",
            Ink::Good => "\u{1b}[1;32m",
            Ink::Severity(Severity::Error) => "\u{1b}[1;31m",
            Ink::Severity(Severity::Warning) => "\u{1b}[1;33m",
            Ink::Severity(Severity::Info) => "\u{1b}[1;36m",
        }
    }
}

struct Page {
    out: String,
    width: usize,
    color: bool,
}

impl Page {
    fn ink(&mut self, text: &str, ink: Ink) {
        if self.color && ink != Ink::Plain && !text.is_empty() {
            self.out.push_str(ink.code());
            self.out.push_str(text);
            self.out.push_str("\u{1b}[0m");
        } else {
            self.out.push_str(text);
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn heading(&mut self, title: &str) {
        self.out.push('\n');
        self.ink(title, Ink::Bold);
        self.out.push('\n');
    }

    /// A paragraph whose first line starts after `first` blanks and the others after `later`.
    fn wrapped(&mut self, first: usize, later: usize, text: &str, ink: Ink) {
        let width = self.width;
        for (at, line) in wrap(text, width.saturating_sub(first).max(8), width.saturating_sub(later).max(8)).iter().enumerate() {
            self.blanks(if at == 0 { first } else { later });
            self.ink(line, ink);
            self.out.push('\n');
        }
    }

    fn blanks(&mut self, n: usize) {
        for _ in 0..n {
            self.out.push(' ');
        }
    }

    /// A paragraph after a label: `why   Records with …`, wrapped under its own start.
    fn labelled(&mut self, indent: usize, label: &str, room: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        let start = indent + room;
        let width = self.width.saturating_sub(start).max(8);
        for (at, line) in wrap(text, width, width).iter().enumerate() {
            if at == 0 {
                self.blanks(indent);
                self.ink(label, Ink::Dim);
                self.blanks(room.saturating_sub(width_of(label)));
            } else {
                self.blanks(start);
            }
            self.line(line);
        }
    }

    fn files(&mut self, report: &Report) {
        for file in report.files.iter().take(MOST_LISTED) {
            let mut facts = vec![counted(file.records, "record", "records")];
            if !file.encoding.is_empty() {
                facts.push(visible(&file.encoding));
            }
            if !file.resource.is_empty() {
                facts.push(format!("read as {}", visible(&file.resource)));
            }
            self.wrapped(0, 2, &format!("{}: {}", visible(&file.name), facts.join(", ")), Ink::Dim);
        }
        if report.files.len() > MOST_LISTED {
            self.wrapped(0, 2, &format!("… and {} more files", number((report.files.len() - MOST_LISTED) as u64)), Ink::Dim);
        }
    }

    fn cause(&mut self, report: &Report, told: &Told<'_>, at: usize) {
        let cause = told.cause;
        self.line("");
        let lead = format!("{at:>3}. ");
        let indent = lead.len();
        let width = self.width - indent;
        let headline = told.message();
        for (i, line) in wrap(&upper_first(&headline), width, width).iter().enumerate() {
            if i == 0 {
                self.ink(&lead, Ink::Severity(cause.severity));
            } else {
                self.blanks(indent);
            }
            self.ink(line, Ink::Bold);
            self.out.push('\n');
        }
        let mut place = format!("{}[{}]", cause.severity.word(), visible(cause.code.text()));
        if let Some(file) = report.files.get(cause.file as usize) {
            let _ = write!(place, " {}", visible(&file.name));
        }
        match (cause.first_row, cause.last_row) {
            (_, 0) => place.push_str(&nested_place(cause)),
            (first, last) if first == last || cause.count == 1 => {
                let _ = write!(place, ", row {last}");
            }
            (first, last) => {
                let _ = write!(place, ", rows {first} to {last}");
            }
        }
        self.wrapped(indent, indent, &place, Ink::Severity(cause.severity));
        self.samples(told, indent);
        // What the headline says already needs no second line.
        let expected = told.expected().filter(|e| !headline.contains(e.trim_start_matches("a "))).unwrap_or_default();
        self.labelled(indent, "expected", 10, &expected);
        self.labelled(indent, "why", 10, &words::why(&cause.code));
        self.labelled(indent, "to mend", 10, &told.mend());
        for evidence in evidence(&cause.samples) {
            self.labelled(indent, "evidence", 10, &evidence);
        }
    }

    /// The first cells with what they hold and what would mend them.
    fn samples(&mut self, told: &Told<'_>, indent: usize) {
        let cause = told.cause;
        // A line that says "and 1 more" would be as long as the one.
        let last = told.last.filter(|_| cause.count == cause.samples.len() as u64 + 1);
        let rows: Vec<[String; 3]> = cause
            .samples
            .iter()
            .chain(last)
            .filter(|s| (s.place.row > 0 || in_nested(&s.place)) && (s.value.is_some() || !s.fixes.is_empty()))
            .map(|s| {
                let value = s.value.as_deref().map(quoted).unwrap_or_default();
                [spot(&s.place), value, offer(&s.fixes)]
            })
            .collect();
        // One cell without an offer is told by the headline already.
        if rows.is_empty() || (cause.count == 1 && rows.iter().all(|r| r[2].is_empty())) {
            return;
        }
        let room = |column: usize| rows.iter().map(|r| width_of(&r[column])).max().unwrap_or(0);
        let (first, second) = (room(0), room(1));
        self.line("");
        for row in &rows {
            let start = indent + 2 + first + 2;
            self.blanks(indent + 2);
            self.out.push_str(&padded(&row[0], first));
            self.out.push_str("  ");
            if row[2].is_empty() {
                self.line(&row[1]);
            } else if start + second + 2 + width_of(&row[2]) <= self.width {
                self.out.push_str(&padded(&row[1], second));
                self.out.push_str("  ");
                self.line(&row[2]);
            } else {
                self.line(&row[1]);
                self.wrapped(start, start, &row[2], Ink::Plain);
            }
        }
        let more = cause.count.saturating_sub(rows.len() as u64);
        if more > 0 {
            self.blanks(indent + 2);
            self.ink(&format!("… and {} more", number(more)), Ink::Dim);
            self.out.push('\n');
        }
        self.line("");
    }

    fn conversion(&mut self, c: &Conversion) {
        let title = match (c.from.is_empty(), c.to.is_empty()) {
            (false, false) => {
                let over: Vec<String> = c.way.iter().skip(1).map(|leg| visible(&leg.from)).collect();
                let over = if over.is_empty() { String::new() } else { format!(", over {}", over.join(", then ")) };
                format!("From {} to {}{over}", visible(&c.from), visible(&c.to))
            }
            _ => "Conversion".to_owned(),
        };
        self.heading(&title);
        self.out.push('\n');
        let mut rows = vec![
            (number(c.records_in), "records in".to_owned()),
            (number(c.records_out), "records out".to_owned()),
            (number(c.rejected), "rejected".to_owned()),
        ];
        if c.in_part > 0 {
            rows.insert(2, (number(c.in_part), "of them in part: the rest of each row was rejected".to_owned()));
        }
        rows.extend(c.dropped.iter().take(MOST_LISTED).map(|d| (number(d.count), format!("dropped: {}", visible(&d.why)))));
        if c.dropped.len() > MOST_LISTED {
            let rest = c.dropped[MOST_LISTED..].iter().map(|d| d.count).fold(0, u64::saturating_add);
            rows.push((number(rest), "dropped for other reasons".to_owned()));
        }
        let room = rows.iter().map(|(n, _)| n.len()).max().unwrap_or(0);
        for (n, what) in rows {
            self.labelled(2, &format!("{n:>room$}"), room + 2, &what);
        }
        if !c.tables.is_empty() {
            let mut table = vec![["table", "candidates", "written", "rejected", "repeated", "skipped"].map(str::to_owned).to_vec()];
            // On a way over several crosswalks, what each of them made.
            let between =
                c.way.iter().rev().skip(1).rev().flat_map(|leg| leg.tables.iter().map(|t| (format!("{} {}", leg.to, t.table), t)));
            for (name, t) in between.chain(c.tables.iter().map(|t| (t.table.clone(), t))) {
                let mut row = vec![cell(&name)];
                row.extend([t.candidates, t.written, t.rejected, t.repeated, t.skipped].map(number));
                table.push(row);
            }
            self.table(&table, 1);
        }
        if !c.sums.is_empty() {
            let mut table = vec![["total of", "in", "out", "rejected", "dropped", "unread", ""].map(str::to_owned).to_vec()];
            for s in &c.sums {
                table.push(vec![
                    cell(&format!("{}.{}", s.table, s.to)),
                    cell(&s.total_in),
                    cell(&s.total_out),
                    cell(&s.total_rejected),
                    cell(&s.total_dropped),
                    cell(&s.total_unread),
                    match s.cells_unread {
                        _ if s.balanced => "balanced".to_owned(),
                        0 => "NOT BALANCED".to_owned(),
                        cells => format!("NOT BALANCED: without {}", counted(cells, "cell", "cells")),
                    },
                ]);
            }
            self.table(&table, 1);
        }
    }

    /// Columns side by side, the first `left` to the left and the others to the right. Too wide, each row becomes a list of its cells.
    fn table(&mut self, rows: &[Vec<String>], left: usize) {
        let Some((head, body)) = rows.split_first() else { return };
        let rooms: Vec<usize> =
            (0..head.len()).map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| width_of(t)).max().unwrap_or(0)).collect();
        self.out.push('\n');
        if rooms.iter().sum::<usize>() + 2 * rooms.len() > self.width {
            for row in body {
                for (name, text) in head.iter().zip(row) {
                    self.labelled(2, name, rooms_of(head) + 2, text);
                }
            }
            return;
        }
        for (at, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (c, text) in row.iter().enumerate() {
                line.push_str("  ");
                let fill = " ".repeat(rooms[c].saturating_sub(width_of(text)));
                if c < left {
                    line.push_str(text);
                    line.push_str(&fill);
                } else {
                    line.push_str(&fill);
                    line.push_str(text);
                }
            }
            self.ink(line.trim_end(), if at == 0 { Ink::Dim } else { Ink::Plain });
            self.out.push('\n');
        }
    }

    fn coverage(&mut self, report: &Report) {
        let coverage = &report.coverage;
        if !coverage.checks_skipped.is_empty() {
            self.heading("Not checked");
            self.out.push('\n');
            let listed = &coverage.checks_skipped[..coverage.checks_skipped.len().min(MOST_LISTED)];
            let room = listed.iter().map(|(check, _)| width_of(&cell(check))).max().unwrap_or(0).min(self.width / 3) + 2;
            for (check, why) in listed {
                let check = visible(check);
                if width_of(&check) + 2 > room {
                    self.wrapped(2, 2, &check, Ink::Dim);
                    self.labelled(2, "", room, &visible(why));
                } else {
                    self.labelled(2, &check, room, &visible(why));
                }
            }
            if coverage.checks_skipped.len() > MOST_LISTED {
                let more = (coverage.checks_skipped.len() - MOST_LISTED) as u64;
                self.wrapped(2, 2, &format!("… and {} more; the json report has them all.", number(more)), Ink::Dim);
            }
        }
        let mut tail = format!("{} read", counted(coverage.records_read, "record", "records"));
        if coverage.records_unread > 0 {
            let _ = write!(tail, ", {} not read", number(coverage.records_unread));
        }
        if !coverage.checks_run.is_empty() {
            let _ = write!(tail, ", {} run", counted(coverage.checks_run.len() as u64, "check", "checks"));
        }
        if report.findings.truncated() {
            let stored = report.findings.stored().len() as u64;
            let _ = write!(tail, "; all findings are counted, the first {} are kept", number(stored));
        }
        tail.push('.');
        self.out.push('\n');
        self.wrapped(0, 0, &tail, Ink::Dim);
    }
}

/// Whether a place is within nested data that has lines and no rows.
fn in_nested(place: &Place) -> bool {
    place.row == 0 && place.line > 0 && place.pointer.is_some()
}

/// The cell, or the line of nested data.
fn spot(place: &Place) -> String {
    if in_nested(place) { format!("line {}", number(place.line)) } else { words::cell(place).unwrap_or_default() }
}

/// Where in nested data a cause is, or begins.
fn nested_place(cause: &Cause) -> String {
    let Some(place) = cause.samples.first().map(|s| &s.place).filter(|p| in_nested(p)) else { return String::new() };
    let first = if cause.count > 1 { "first in line" } else { "line" };
    let pointer = place.pointer.as_deref().map(visible).unwrap_or_default();
    format!(", {first} {}, {pointer}", number(place.line))
}

fn rooms_of(head: &[String]) -> usize {
    head.iter().map(|h| width_of(h)).max().unwrap_or(0)
}

fn cell(text: &str) -> String {
    shorten(&visible(text), LONGEST_CELL)
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", cell(value))
}

/// `write "Issued"`, or both readings of an ambiguous value.
fn offer(fixes: &[Fix]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for fix in fixes {
        let text = if fix.replacement.is_empty() { "nothing".to_owned() } else { quoted(&fix.replacement) };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() { String::new() } else { format!("write {}", texts.join(" or ")) }
}

/// What speaks for the offers, each once.
fn evidence(samples: &[Finding]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for fix in samples.iter().flat_map(|s| &s.fixes).filter(|f| !f.evidence.is_empty()) {
        let text = visible(&fix.evidence);
        if !out.contains(&text) && out.len() < 4 {
            out.push(text);
        }
    }
    out
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(c) => c.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn padded(text: &str, room: usize) -> String {
    let mut out = text.to_owned();
    for _ in width_of(text)..room {
        out.push(' ');
    }
    out
}

/// Breaks a text at blanks into lines of at most so many columns; a word longer than a line is cut.
fn wrap(text: &str, first: usize, later: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let room = if lines.is_empty() { first } else { later };
        let long = width_of(word);
        if !line.is_empty() && used + 1 + long > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let room = if lines.is_empty() { first } else { later };
            let wide = char_width(c);
            if used + wide > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += wide;
        }
    }
    lines.push(line);
    lines
}

fn width_of(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns a character takes in a terminal: none for combining marks, two for East Asian letters and pictures.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x1ab0..=0x1aff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
