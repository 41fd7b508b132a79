//! A comparison of two versions, for people and as JSON.

use std::fmt::Write as _;

use super::json::{Style, Writer};
use super::words::{counted, message, visible};
use crate::compare::{Answer, Break, Change, Comparison, Doubt, Inclusion, WitnessTable};

/// Name and version of the JSON form.
pub const FORMAT: &str = "concord-comparison/1";

/// Most of the changes, breaks and doubts that are listed as text; JSON has them all.
const SHOWN: usize = 40;

/// The comparison as text: both answers first, then what breaks with its witness, then what changed.
pub fn text(comparison: &Comparison) -> String {
    let c = comparison;
    let mut out = format!("{} to {}\n\n", visible(&c.old), visible(&c.new));
    let answer = |inclusion: &Inclusion, yes: &str, no: &str, open: &str| match inclusion.answer() {
        Answer::Yes => format!("compatible: {yes}"),
        Answer::No => format!("incompatible: {no}"),
        Answer::NotShown => format!("not shown compatible: {open}"),
    };
    let publishers = answer(
        &c.publishers,
        "every file that was accepted is accepted still",
        "files that were accepted are refused",
        "it could neither be proved nor disproved that files accepted before are accepted still",
    );
    let readers = answer(
        &c.readers,
        "who reads by the old version can read every new file",
        "new files can hold what the old version refuses",
        "it could neither be proved nor disproved that the old version accepts every new file",
    );
    let _ = writeln!(out, "Those who publish (backward)  {publishers}.");
    let _ = writeln!(out, "Those who read (forward)      {readers}.");
    let proposed = c.proposed.as_ref().map(|v| format!(": {v} or higher")).unwrap_or_default();
    let _ = writeln!(out, "Version                       a {} step{proposed}", c.size.word());
    section(&mut out, "What those who publish have to mend", &c.publishers);
    section(&mut out, "What those who read have to be ready for", &c.readers);
    if !c.changes.is_empty() {
        out.push_str("\nWhat changed\n\n");
        for change in c.changes.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}", visible(&line(change)));
        }
        more(&mut out, c.changes.len());
    }
    out
}

fn section(out: &mut String, title: &str, inclusion: &Inclusion) {
    if inclusion.breaks.is_empty() && inclusion.doubts.is_empty() {
        return;
    }
    let _ = write!(out, "\n{title}\n\n");
    for found in inclusion.breaks.iter().take(SHOWN) {
        let _ = writeln!(out, "  {}: {}", subject(&found.resource, found.field.as_deref()), visible(&message(&found.finding)));
        for table in &found.witness.tables {
            witness(out, table, found.field.as_deref());
        }
        if let Some((resource, json)) = &found.witness.document {
            let _ = writeln!(out, "    accepted by the one version and refused by the other ({}):", visible(resource));
            let _ = writeln!(out, "      {}", visible(json.trim_end()).chars().take(1000).collect::<String>());
        }
    }
    more(out, inclusion.breaks.len());
    for doubt in inclusion.doubts.iter().take(SHOWN) {
        let _ = writeln!(out, "  {}: not shown, since {}", subject(&doubt.resource, doubt.field.as_deref()), visible(&doubt.why));
    }
    more(out, inclusion.doubts.len());
}

/// Columns up to which a table of a witness is shown whole.
const NARROW: usize = 6;

fn witness(out: &mut String, table: &WitnessTable, field: Option<&str>) {
    let at = field.and_then(|field| table.header.iter().position(|h| h == field));
    let keep: Vec<usize> = match at {
        Some(at) if table.header.len() > NARROW => vec![at],
        _ => (0..table.header.len()).collect(),
    };
    let of = |row: &Vec<String>| keep.iter().filter_map(|c| row.get(*c)).map(|cell| cut(&visible(cell))).collect::<Vec<_>>().join(" | ");
    let _ = writeln!(out, "    accepted by the one version and refused by the other ({}):", visible(&table.resource));
    for row in std::iter::once(&table.header).chain(table.rows.iter().take(4)) {
        let _ = writeln!(out, "      {}", of(row).chars().take(200).collect::<String>());
    }
}

fn more(out: &mut String, all: usize) {
    if all > SHOWN {
        let _ = writeln!(out, "  and {}", counted((all - SHOWN) as u64, "more", "more"));
    }
}

fn subject(resource: &str, field: Option<&str>) -> String {
    match (resource.is_empty(), field) {
        (_, Some(field)) => format!("{}.{}", visible(resource), visible(field)),
        (false, None) => visible(resource),
        (true, None) => "the standard".to_owned(),
    }
}

fn line(change: &Change) -> String {
    let place = match (change.resource.is_empty(), change.field.is_empty()) {
        (true, true) => "standard".to_owned(),
        (true, false) => format!("code list {}", change.field),
        (false, true) => change.resource.clone(),
        (false, false) => format!("{}.{}", change.resource, change.field),
    };
    match (change.before.is_empty(), change.after.is_empty()) {
        (true, _) => format!("{place}: {} {}", change.what, cut(&change.after)),
        (_, true) => format!("{place}: {} (was {})", change.what, cut(&change.before)),
        _ => format!("{place}: {} from {} to {}", change.what, cut(&change.before), cut(&change.after)),
    }
}

/// At most so much of a value that the line can be read.
fn cut(text: &str) -> String {
    let mut out: String = text.chars().take(80).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

/// The comparison as one JSON object with its members in a fixed order.
pub fn json(comparison: &Comparison) -> String {
    let c = comparison;
    let mut w = Writer::new(Style::Indented);
    w.open('{');
    w.member("format", FORMAT);
    w.member("old", &c.old);
    w.member("new", &c.new);
    w.member("size", c.size.word());
    w.optional("proposed", c.proposed.as_deref());
    for (name, inclusion) in [("backward", &c.publishers), ("forward", &c.readers)] {
        w.key(name);
        self::inclusion(&mut w, inclusion);
    }
    w.key("changes");
    w.open('[');
    for change in &c.changes {
        w.open('{');
        w.member("resource", &change.resource);
        w.member("field", &change.field);
        w.member("what", change.what);
        w.member("before", &change.before);
        w.member("after", &change.after);
        w.close('}');
    }
    w.close(']');
    w.close('}');
    w.finish()
}

/// One direction as a JSON object.
pub(super) fn inclusion(w: &mut Writer, inclusion: &Inclusion) {
    w.open('{');
    w.member("answer", inclusion.answer().word());
    w.key("breaks");
    w.open('[');
    for Break { resource, field, finding, witness } in &inclusion.breaks {
        w.open('{');
        w.member("resource", resource);
        w.optional("field", field.as_deref());
        w.member("code", finding.code.text());
        w.member("message", &message(finding));
        w.key("witness");
        w.open('[');
        for table in &witness.tables {
            w.open('{');
            w.member("resource", &table.resource);
            w.member("csv", &table.csv());
            w.close('}');
        }
        if let Some((resource, json)) = &witness.document {
            w.open('{');
            w.member("resource", resource);
            w.member(if witness.is_xml() { "xml" } else { "json" }, json);
            w.close('}');
        }
        w.close(']');
        w.close('}');
    }
    w.close(']');
    w.key("doubts");
    w.open('[');
    for Doubt { resource, field, why } in &inclusion.doubts {
        w.open('{');
        w.member("resource", resource);
        w.optional("field", field.as_deref());
        w.member("why", why);
        w.close('}');
    }
    w.close(']');
    w.close('}');
}
