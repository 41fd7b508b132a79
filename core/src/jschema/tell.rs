//! Findings of faults: where they are in the file, and the facts that their sentences want.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::fault::{Fault, What};
use super::tape::{Kind, Tape};
use crate::check::describe::describe;
use crate::check::near;
use crate::finding::{Finding, Place};
use crate::read::Origin;

/// A text that was read, and where it stands in the file.
pub(super) struct Stretch<'s> {
    pub(super) text: &'s str,
    pub(super) tape: &'s Tape,
    /// The place of its first byte; the row of its record, 0 for what is beside the records.
    pub(super) origin: Origin,
    /// The pointer to it.
    pub(super) pointer: &'s str,
    /// A place from which on bytes stand elsewhere: the byte here, and its place in the file.
    pub(super) seam: Option<(usize, Origin)>,
}

impl Stretch<'_> {
    /// The place in the file of a byte.
    pub(super) fn place(&self, offset: usize) -> Place {
        let (from, origin) = match self.seam {
            Some((seam, origin)) if offset >= seam => (seam, origin),
            _ => (0, self.origin),
        };
        let before = self.text.as_bytes().get(from..offset).unwrap_or_default();
        let mut place =
            Place { row: self.origin.row, record: self.origin.row, line: origin.line, byte_column: origin.byte_column, ..Place::default() };
        place.line += memchr::memchr_iter(b'\n', before).count() as u64;
        place.byte_column = match memchr::memrchr(b'\n', before) {
            Some(i) => (before.len() - i) as u64,
            None => origin.byte_column + before.len() as u64,
        };
        place
    }

    /// The part that a pointer leads to, or the last one on the way that is there.
    fn part(&self, pointer: &str) -> usize {
        let mut at = 0;
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            match member(self.text, self.tape, at, &segment) {
                Some(inner) => at = inner,
                None => return at,
            }
        }
        at
    }

    /// The text of a part, without quotation marks and escapes.
    fn shown(&self, part: usize) -> String {
        shown(self.text, self.tape, part)
    }
}

/// The part of a member or entry of another part.
pub(super) fn member(text: &str, tape: &Tape, at: usize, segment: &str) -> Option<usize> {
    let outer = tape.part(at);
    let mut inner = at + 1;
    match outer.kind {
        Kind::Object => {
            let mut found = None;
            for _ in 0..outer.count {
                let name = tape.part(inner);
                let raw = &text[name.start as usize..name.end as usize];
                let same = if name.escaped { unescaped(raw) == segment } else { raw == segment };
                if same {
                    // Of repeated names the last one counts.
                    found = Some(inner + 1);
                }
                inner = tape.part(inner + 1).next as usize;
            }
            found
        }
        Kind::List => {
            let wanted: u32 = segment.parse().ok()?;
            if wanted >= outer.count {
                return None;
            }
            for _ in 0..wanted {
                inner = tape.part(inner).next as usize;
            }
            Some(inner)
        }
        _ => None,
    }
}

fn unescaped(raw: &str) -> String {
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.to_owned())
}

/// The text of a part as people read it.
pub(super) fn shown(text: &str, tape: &Tape, part: usize) -> String {
    let part = tape.part(part);
    let raw = &text[part.start as usize..part.end as usize];
    if matches!(part.kind, Kind::Text | Kind::Name) && part.escaped { unescaped(raw) } else { raw.to_owned() }
}

/// A type of JSON Schema in words.
fn kind_word(kind: &str) -> &'static str {
    match kind {
        "string" => "a text",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a group of named values",
        "null" => "nothing (null)",
        _ => "another kind of value",
    }
}

fn found_word(kind: Kind) -> &'static str {
    kind_word(match kind {
        Kind::Null => "null",
        Kind::True | Kind::False => "boolean",
        Kind::Integer | Kind::Number => "number",
        Kind::Text | Kind::Name => "string",
        Kind::List => "array",
        Kind::Object => "object",
    })
}

/// Words joined by commas, the last by "or".
fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

/// What a format is, in words.
fn format_words(format: &str) -> String {
    match format {
        "date" => "a day written as 2026-03-31",
        "date-time" => "a date and time with its zone, written as 2026-03-31T14:30:00Z",
        "time" => "a time with its zone, written as 14:30:00Z",
        "email" | "idn-email" => "an e-mail address",
        "uri" | "iri" => "a whole web address, such as https://example.org/page",
        "uri-reference" | "iri-reference" => "a web address or a part of one",
        "uuid" => "an identifier of 32 digits and letters in five groups (UUID)",
        "ipv4" | "ipv6" => "an address of the internet protocol",
        "hostname" | "idn-hostname" => "a name of a computer on the internet",
        "duration" => "a length of time, written as P1DT2H",
        other => return format!("of the form \"{other}\""),
    }
    .to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How many values of a list are named.
const NAMED: usize = 12;

fn listed(values: &[Value]) -> String {
    let mut out = values.iter().take(NAMED).map(|v| format!("\"{}\"", plain(v))).collect::<Vec<_>>().join(", ");
    if values.len() > NAMED {
        let _ = write!(out, " and {} others", values.len() - NAMED);
    }
    out
}

/// The names on the way to a value, without the numbers of entries.
fn field(pointer: &str, more: Option<&str>) -> Option<Arc<str>> {
    let mut names: Vec<String> = pointer
        .split('/')
        .skip(1)
        .filter(|s| !s.bytes().all(|b| b.is_ascii_digit()))
        .map(|s| s.replace("~1", "/").replace("~0", "~"))
        .collect();
    names.extend(more.map(str::to_owned));
    (!names.is_empty()).then(|| names.join(".").into())
}

/// The finding of a fault in a stretch of text.
pub(super) fn finding(fault: &Fault, stretch: &Stretch<'_>) -> Finding {
    let mut at = fault.at.clone();
    let part = stretch.part(&at);
    let value = stretch.shown(part);
    let found = stretch.tape.part(part);
    let nested = matches!(found.kind, Kind::List | Kind::Object);
    let mut offset = found.start as usize - usize::from(found.kind == Kind::Text);
    let mut own = None;
    let make = |code: &'static str, kind: &'static str| Finding::new(code, kind, Place::default());
    let with_value = |finding: Finding| if nested { finding } else { finding.value(&value) };
    let finding = match &fault.what {
        What::Kind { expected } => {
            // What may be left empty is told last.
            let (nothing, others): (Vec<&str>, Vec<&str>) = expected.iter().partition(|k| **k == "null");
            let words: Vec<String> = others.into_iter().chain(nothing).map(|k| kind_word(k).to_owned()).collect();
            let what = either(&words);
            let wants = |k: &str| expected.contains(&k);
            let number = value.parse::<f64>().is_ok() && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
            let quoted = found.kind == Kind::Text
                && ((number && (wants("number") || (wants("integer") && !value.contains('.'))))
                    || (wants("boolean") && matches!(&*value, "true" | "false")));
            let finding = if quoted {
                make("C360", "quoted").fix(value.clone(), false, "without-quotation-marks")
            } else if matches!(found.kind, Kind::Integer | Kind::Number | Kind::True | Kind::False) && wants("string") {
                make("C360", "unquoted").fix(format!("\"{value}\""), false, "quotation-marks")
            } else if found.kind == Kind::Null {
                make("C360", "nothing")
            } else if found.kind == Kind::Number && wants("integer") {
                make("C360", "not-whole")
            } else if nested {
                make("C360", "nested")
            } else if found.kind != Kind::Text {
                make("C360", "plain")
            } else {
                make("C360", "")
            };
            with_value(finding).arg("found", found_word(found.kind)).arg("what", what)
        }
        What::Missing { name } => {
            own = Some(name.clone());
            match alike(stretch, part, name) {
                Some(near) => make("C361", "near").arg("name", name.as_str()).arg("near", near),
                None => make("C361", "").arg("name", name.as_str()),
            }
        }
        What::MissingOneOf { names } => {
            let quoted: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
            make("C361", "one-of").arg("names", either(&quoted))
        }
        What::Unknown { name } | What::Misspelt { name, .. } => {
            if let Some(inner) = member(stretch.text, stretch.tape, part, name) {
                offset = (stretch.tape.part(inner - 1).start as usize).saturating_sub(1);
            }
            at = super::documents::step(&at, name);
            match &fault.what {
                What::Misspelt { meant, .. } => {
                    let finding = make("C362", "near").value(name).arg("name", name.as_str()).arg("near", meant.as_str());
                    finding.fix(meant.clone(), false, "near-name")
                }
                _ => make("C362", "").value(name).arg("name", name.as_str()),
            }
        }
        What::Values { allowed } => values(&value, found.kind, allowed, with_value),
        What::Pattern { pattern } => {
            with_value(make("C364", "")).arg("what", describe(pattern).unwrap_or_else(|| format!("the form {pattern}")))
        }
        What::Bound { .. } => with_value(make("C375", "")).arg("bound", crate::bounds::PATTERN_STEPS.to_string()),
        What::Format { format } => with_value(make("C365", "")).arg("what", format_words(format)),
        What::Range { kind, bound } => with_value(make("C366", kind)).arg("bound", bound.as_str()),
        What::Multiple { of } => with_value(make("C366", "multiple")).arg("bound", of.as_str()),
        What::Length { kind, bound } => {
            let kind = if value.is_empty() { "empty" } else { *kind };
            let length = value.chars().count().to_string();
            with_value(make("C367", kind)).arg("bound", bound.to_string()).arg("length", length)
        }
        What::Entries { kind, bound } => {
            let kind = if found.count == 0 { "empty" } else { *kind };
            make("C368", kind).arg("bound", bound.to_string()).arg("count", found.count.to_string())
        }
        What::Members { kind, bound } => {
            let kind = if *kind == "many" { "members-many" } else { "members-few" };
            make("C368", kind).arg("bound", bound.to_string()).arg("count", found.count.to_string())
        }
        What::Repeated => make("C369", ""),
        What::Several => make("C371", ""),
        What::Branches { .. } => make("C377", ""),
        What::Forbidden => with_value(make("C372", if nested { "nested" } else { "" })),
        What::Name { name } => {
            at = super::documents::step(&at, name);
            make("C373", "").value(name)
        }
        What::Contains => make("C374", ""),
        What::Content { what } => with_value(make("C376", "")).arg("what", what.as_str()),
        What::Other { keyword } => with_value(make("C377", "")).arg("rule", keyword.as_str()),
    };
    let mut finding = finding;
    finding.place = stretch.place(offset);
    finding.place.field = field(&at, own.as_deref());
    finding.place.pointer = Some(format!("{}{at}", stretch.pointer).into());
    finding
}

/// A value that is none of those allowed.
fn values(value: &str, kind: Kind, allowed: &[Value], with_value: impl Fn(Finding) -> Finding) -> Finding {
    let texts: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
    let is_text = kind == Kind::Text;
    let make = |kind: &'static str| with_value(Finding::new("C363", kind, Place::default())).arg("allowed", listed(allowed));
    if let [one] = allowed
        && (!is_text || near::folded(value) != near::folded(&plain(one)))
    {
        return make("one").arg("near", plain(one));
    }
    if is_text {
        let folded = near::folded(value);
        let same: Vec<&&str> = texts.iter().filter(|t| near::folded(t) == folded).collect();
        if let ([one], false) = (&same[..], folded.is_empty()) {
            return make("case").arg("near", **one).fix(**one, false, "near-code");
        }
        let letters: Vec<Vec<char>> = texts.iter().map(|t| near::letters(t)).collect();
        let nearest = near::nearest(value, texts.iter().copied().zip(letters.iter().map(Vec::as_slice)));
        let mut finding = make("");
        if let [one] = nearest[..] {
            finding = finding.arg("near", one);
        }
        return nearest.iter().take(3).fold(finding, |f, one| f.fix(*one, false, "near-code"));
    }
    make(if matches!(kind, Kind::List | Kind::Object) { "nested" } else { "" })
}

/// The name of a member that differs from another only in its signs and in large and small letters.
fn alike(stretch: &Stretch<'_>, object: usize, name: &str) -> Option<String> {
    let outer = stretch.tape.part(object);
    let folded = near::folded(name);
    let mut at = object + 1;
    for _ in 0..if outer.kind == Kind::Object { outer.count } else { 0 } {
        let other = stretch.shown(at);
        if other != name && near::folded(&other) == folded {
            return Some(other);
        }
        at = stretch.tape.part(at + 1).next as usize;
    }
    None
}
