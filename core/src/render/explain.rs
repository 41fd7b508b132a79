//! The page behind a code, for `concord explain` and the registry: what it means, why it matters, what reports say, how to mend it.

use std::fmt::Write as _;

use super::json::{Style, Writer};
use super::words::visible;
use crate::finding::{Check, RuleWords, checks};

/// The page of a code in Markdown that also reads well as plain text. The code may be written in any case, or be the check's name
/// (`not-in-list`). `rules` finds a standard's rule by its code. `None` when neither knows it.
pub fn explain(code: &str, rules: &dyn Fn(&str) -> Option<RuleWords>) -> Option<String> {
    if let Some(check) = find(code) {
        return Some(page(check));
    }
    let rule = rules(code.trim())?;
    let mut out = format!("# {}: {}\n\nA rule of a standard.\n", visible(&rule.code), readable(&visible(&rule.title)));
    section(&mut out, "Why it matters", &visible(&rule.why));
    section(&mut out, "How to mend it", &readable(&visible(&rule.mend)));
    Some(out)
}

/// The same page as one JSON object, laid out like the `json` format. A rule has no `name`, `stage`, `severity` and `kinds`.
pub fn explain_json(code: &str, rules: &dyn Fn(&str) -> Option<RuleWords>) -> Option<String> {
    let mut w = Writer::new(Style::Indented);
    w.open('{');
    if let Some(check) = find(code) {
        w.member("code", check.code);
        w.member("name", check.name);
        w.member("stage", stage(check.code));
        w.member("severity", check.severity.word());
        w.member("title", check.title);
        w.member("why", check.why);
        w.key("kinds");
        w.open('[');
        for kind in check.kinds {
            w.open('{');
            w.member("variety", kind.name);
            w.member("severity", check.severity_of(kind.name).word());
            w.member("message", &readable(kind.message));
            w.member("expected", &readable(kind.expected));
            w.member("mend", &readable(kind.mend));
            w.close('}');
        }
        w.close(']');
    } else {
        let rule = rules(code.trim())?;
        w.member("code", &rule.code);
        w.member("title", &rule.title);
        w.member("why", &rule.why);
        w.member("mend", &rule.mend);
    }
    w.close('}');
    Some(w.finish())
}

/// The check that is meant.
pub(super) fn find(code: &str) -> Option<&'static Check> {
    let code = code.trim();
    checks::all().find(|c| c.code.eq_ignore_ascii_case(code) || c.name.eq_ignore_ascii_case(code))
}

fn page(check: &Check) -> String {
    let mut out = format!("# {}: {}\n\n", check.code, check.title);
    let article = if check.severity.word().starts_with(['e', 'i']) { "an" } else { "a" };
    let _ = writeln!(out, "`{}`, {article} {} about {}.", check.name, check.severity.word(), stage(check.code));
    section(&mut out, "Why it matters", check.why);
    out.push_str("\n## What reports say\n");
    for kind in check.kinds {
        out.push('\n');
        let _ = write!(out, "- {}", readable(kind.message));
        if let Some(severity) = kind.severity.filter(|s| *s != check.severity) {
            let _ = write!(out, " ({})", severity.word());
        }
        out.push('\n');
        if !kind.expected.is_empty() {
            let _ = writeln!(out, "  Expected: {}", readable(kind.expected));
        }
        if !kind.mend.is_empty() {
            let _ = writeln!(out, "  To mend: {}", readable(kind.mend));
        }
    }
    out
}

fn section(out: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        let _ = write!(out, "\n## {title}\n\n{text}\n");
    }
}

/// What a check is about, by its code.
pub(super) fn stage(code: &str) -> &'static str {
    match code.as_bytes().get(1) {
        Some(b'1') => "bytes and encoding",
        Some(b'2') => "rows, columns and files",
        Some(b'3') => "single values",
        Some(b'4') => "records and tables together",
        Some(b'5') => "conversion",
        _ => "packages and schemas",
    }
}

/// A template for reading: `{first_row}` becomes `‹first row›`, and parts in brackets stand without them.
pub(super) fn readable(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut chars = template.chars().peekable();
    let mut in_name = false;
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' | '[' | ']' if chars.peek() == Some(&c) && !in_name => {
                chars.next();
                out.push(c);
            }
            '{' => {
                in_name = true;
                out.push('‹');
            }
            '}' if in_name => {
                in_name = false;
                out.push('›');
            }
            '[' | ']' => {}
            '_' if in_name => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}
