//! A draft as a crosswalk in TOML: every line with its evidence, and what was not found.

use std::fmt::Write;

use super::{Draft, Export, Line, need};
use crate::package::Package;
use crate::package::toml::quoted;
use crate::read::tidy::Suggested;
use crate::render::words::visible;

/// The name of the export's table in a draft.
const TABLE: &str = "rows";

/// A comment of one line.
fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", visible(text).trim());
}

/// An id for the export: its file's name in the letters that ids have.
fn id_of(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or_default();
    let mut id = String::new();
    for c in stem.chars() {
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            'A'..='Z' => id.push(c.to_ascii_lowercase()),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    let id: String = id.trim_end_matches('-').chars().take(60).collect();
    if id.is_empty() { "export".to_owned() } else { id }
}

/// The description of the export itself: its columns, and the steps that make a table of it.
pub(super) fn source_of(name: &str, columns: &[&str], layout: &[Suggested]) -> String {
    let mut out = format!("from = {}\n", quoted(&format!("{}@draft", id_of(name))));
    let _ = writeln!(out, "\n# The columns of the file; all are read as text.\n[source]\nresource = \"{TABLE}\"\nfields = [");
    for name in columns {
        let _ = writeln!(out, "  {},", quoted(name));
    }
    out.push_str("]\n");
    if !layout.is_empty() {
        out.push_str("\n# The file is no plain table. These steps make one of it.\n[[source.layout]]\n");
        for step in layout {
            out.push('\n');
            comment(&mut out, &format!("{} %: {}", step.sure / 10, step.why));
            out.push_str(&step.step.replace("[[layout.step]]", "[[source.layout.step]]"));
        }
    }
    out
}

/// The whole draft.
pub(super) fn draft(draft: &Draft, export: &Export, target: &Package) -> String {
    let reference = target.reference();
    let mut out = String::new();
    comment(
        &mut out,
        &format!("A draft of how {} becomes {reference}, made by names and values. Read every line before you rely on it:", export.name),
    );
    out.push_str("# above each stands what speaks for it. Mend what is wrong, and take out what is not wanted. To use it:\n");
    comment(&mut out, &format!("concord convert {} --to {reference} --crosswalk THIS-FILE -o OUT", export.name));
    out.push('\n');
    let columns: Vec<&str> = export.columns().collect();
    let source = source_of(&export.name, &columns, &export.layout);
    let (from, rest) = source.split_once('\n').unwrap_or((&source, ""));
    let title = quoted(&format!("Draft: {} to {reference}", visible(&export.name)));
    let _ = writeln!(out, "{from}\ntitle = {title}");
    out.push_str(rest);
    if export.nameless > 0 {
        let count = export.nameless;
        comment(&mut out, &format!("{count} columns have no name, or one that an earlier column has; they cannot be read by name."));
    }
    for step in &export.doubtful {
        out.push('\n');
        comment(&mut out, &format!("Perhaps also this step ({} %): {}", step.sure / 10, step.why));
        step.step.lines().for_each(|line| comment(&mut out, line));
    }
    if !draft.unused.is_empty() {
        out.push_str("\n# Columns for which no field was found, so they are lost. Say why, or give them a field below.\n[[lost]]\n");
        let _ = writeln!(out, "table = \"{TABLE}\"\nfields = [");
        for name in &draft.unused {
            let _ = writeln!(out, "  {},", quoted(name));
        }
        let _ = writeln!(out, "]\nwhy = {}", quoted(&format!("No field of {reference} was found for it.")));
    }
    for table in &draft.tables {
        let Some(resource) = target.resource(&table.to) else { continue };
        let _ = writeln!(out, "\n[[table]]\nfrom = \"{TABLE}\"\nto = {}", quoted(&table.to));
        if !table.distinct.is_empty() {
            let list: Vec<String> = table.distinct.iter().map(|n| quoted(n)).collect();
            let _ =
                writeln!(out, "# The file repeats these, so each {} is written once.\ndistinct = [{}]", resource.record, list.join(", "));
        }
        for (f, field) in resource.schema.fields.iter().enumerate() {
            if let Some(line) = table.lines.iter().find(|l| l.to == field.name) {
                out.push('\n');
                comment(&mut out, &format!("{} %: {}", line.sure / 10, line.why));
                out.push_str(&lines_of(line));
                continue;
            }
            let what = if field.title.is_empty() { field.name.clone() } else { format!("{} ({})", field.name, field.title) };
            out.push('\n');
            comment(&mut out, &format!("Not found, {}: {what}", need(resource, f)));
            for line in table.perhaps.iter().filter(|l| l.to == field.name) {
                comment(&mut out, &format!("Perhaps ({} %): {}", line.sure / 10, line.why));
                lines_of(line).lines().for_each(|text| comment(&mut out, text));
            }
        }
    }
    out
}

fn lines_of(line: &Line) -> String {
    let from = match line.inputs.as_slice() {
        [only] => quoted(only),
        several => format!("[{}]", several.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(", ")),
    };
    let mut out = format!("[[table.field]]\nto = {}\nfrom = {from}\n", quoted(&line.to));
    if !line.steps.is_empty() {
        let _ = writeln!(out, "steps = [{}]", line.steps.join(", "));
    }
    if let Some(otherwise) = line.otherwise {
        let _ = writeln!(out, "otherwise = \"{otherwise}\"");
    }
    out
}
