//! What an engine found in a document or a schema, as findings.

use super::lines::Lines;
use crate::check::near;
use crate::finding::{Finding, Place, cut};
use crate::xsd::{Fault, FaultKind, NilReason, NotWellFormed, SchemaFault, ValueRule};

/// Codes of the checks that run over a document.
pub(super) const CODES: &[&str] = &[
    "C216", "C235", "C236", "C280", "C281", "C282", "C283", "C284", "C285", "C286", "C287", "C288", "C330", "C331", "C332", "C333", "C334",
    "C335", "C336", "C337",
];

/// Most names that a sentence lists.
const MOST: usize = 8;

/// A fault of a document, with its place in the file.
pub fn tell(fault: &Fault, lines: &Lines) -> Finding {
    let mut place = lines.place(fault.offset);
    let pointer = fault.pointer.as_str();
    place.field = pointer.rsplit('/').next().map(|last| last.split('[').next().unwrap_or(last)).filter(|f| !f.is_empty()).map(Into::into);
    place.pointer = (!pointer.is_empty()).then(|| pointer.into());
    let here = place.field.as_deref().unwrap_or_default().trim_start_matches('@').to_owned();
    let of = |code, kind| Finding::new(code, kind, place.clone());
    let at = |offset: u64| lines.place(offset).line.to_string();
    match &fault.kind {
        FaultKind::NotWellFormed(why) => malformed(why, place.clone()),
        FaultKind::Bound(what, size) => {
            let kind = ["depth", "attributes", "name", "token", "value", "keys"].into_iter().find(|k| k == what).unwrap_or("other");
            of("C286", kind).arg("bound", size.to_string())
        }
        FaultKind::UnknownRoot { name, expected } => {
            let same = expected.iter().find(|e| local(e) == local(name));
            match same {
                Some(other) => of("C280", "namespace").value(local(name)).arg("found", space(name)).arg("what", space(other)),
                None => of("C280", "root").value(local(name)).arg("what", names(expected)),
            }
        }
        FaultKind::UnexpectedElement { name, expected, end } => match expected.iter().find(|e| local(e) == local(name)) {
            Some(other) => of("C280", "namespace").value(local(name)).arg("found", space(name)).arg("what", space(other)),
            None if expected.is_empty() => of("C280", "end").value(local(name)),
            None => {
                let finding = of("C280", if *end { "or-end" } else { "" }).value(local(name)).arg("what", names(expected));
                match close(local(name), expected.iter().map(|e| local(e))) {
                    Some(near) => finding.arg("near", near),
                    None => finding,
                }
            }
        },
        FaultKind::UndeclaredElement { name } => of("C280", "undeclared").value(local(name)),
        FaultKind::AbstractElement { name } => of("C280", "abstract").value(local(name)),
        FaultKind::ChildInSimple { name } => of("C280", "in-simple").value(local(name)).arg("element", here),
        FaultKind::MissingElement { expected, before } => {
            let kind = match (expected.len(), before) {
                (0 | 1, None) => "",
                (0 | 1, Some(_)) => "before",
                (_, None) => "one-of",
                (_, Some(_)) => "one-of-before",
            };
            let finding = of("C281", kind).arg("what", names(expected)).arg("element", here);
            match before {
                Some(before) => finding.arg("before", local(before)),
                None => finding,
            }
        }
        FaultKind::UnexpectedAttribute { name, expected } => {
            let finding = of("C282", "").value(local(name)).arg("what", names(expected));
            match close(local(name), expected.iter().map(|e| local(e))) {
                Some(near) => finding.arg("near", near),
                None => finding,
            }
        }
        FaultKind::MissingAttribute { name } => of("C282", "missing").arg("what", local(name)).arg("element", here),
        FaultKind::UndeclaredAttribute { name } => of("C282", "undeclared").value(local(name)),
        FaultKind::UnexpectedText { value } => of("C283", "").value(value.trim()).arg("element", here),
        FaultKind::NotEmpty => of("C283", "empty").arg("element", here),
        FaultKind::AbstractType { name } => of("C284", "abstract").value(local(name)).arg("element", here),
        FaultKind::BadXsiType { value, known } => of("C284", if *known { "other" } else { "" }).value(value).arg("element", here),
        FaultKind::BadNil { reason } => {
            let kind = match reason {
                NilReason::NotNillable => "",
                NilReason::HasContent => "content",
                NilReason::Fixed => "fixed",
            };
            of("C285", kind).arg("element", here)
        }
        FaultKind::TwoIds { name } => of("C287", "two").value(local(name)).arg("element", here),
        FaultKind::DuplicateId { value, first } => of("C287", "repeated").value(value).arg("first", at(*first)),
        FaultKind::DanglingIdref { value } => of("C287", "").value(value),
        FaultKind::DuplicateKey { constraint, values, first } => {
            of("C288", "repeated").value(&values.join(", ")).arg("key", local(constraint)).arg("first", at(*first))
        }
        FaultKind::MissingKeyField { constraint, field } => {
            of("C288", "missing").arg("key", local(constraint)).arg("what", (field + 1).to_string())
        }
        FaultKind::BadKeyField { constraint, field } => {
            of("C288", "unclear").arg("key", local(constraint)).arg("what", (field + 1).to_string())
        }
        FaultKind::DanglingKeyref { constraint, values } => of("C288", "").value(&values.join(", ")).arg("key", local(constraint)),
        FaultKind::BadValue { value, rule, .. } => bad_value(value, rule, place.clone()),
    }
}

fn bad_value(value: &str, rule: &ValueRule, place: Place) -> Finding {
    let of = |code, kind| {
        let kind = if value.trim().is_empty() && kind_has_empty(code) { "empty" } else { kind };
        Finding::new(code, kind, place.clone()).value(value)
    };
    match rule {
        ValueRule::Lexical(built_in) => {
            let finding = of("C330", mistake(value, built_in)).arg("what", built_in_words(built_in));
            match *built_in {
                "date" | "dateTime" | "time" => finding.arg("form", built_in_form(built_in)),
                _ => finding,
            }
        }
        ValueRule::Enumeration(allowed, count) => {
            let finding = of("C331", "").arg("what", list(allowed, *count));
            let wanted = value.trim();
            let spelled: Vec<&String> =
                allowed.iter().filter(|a| near::folded(a) == near::folded(wanted) && !near::folded(a).is_empty()).collect();
            let letters: Vec<(&str, Vec<char>)> = allowed.iter().map(|a| (a.as_str(), near::letters(a))).collect();
            let found = match spelled.as_slice() {
                [only] => vec![only.as_str()],
                _ => near::nearest(wanted, letters.iter().map(|(a, l)| (*a, l.as_slice()))),
            };
            match found.as_slice() {
                [] => finding,
                close if close.len() > 2 => finding,
                close => {
                    let finding = finding.arg("near", close.join("\" or \""));
                    close.iter().fold(finding, |f, c| f.fix(*c, false, "near-code"))
                }
            }
        }
        ValueRule::Pattern(pattern) => of("C332", "").arg("pattern", cut(pattern)),
        ValueRule::Length(n) => of("C333", "").arg("bound", n.to_string()),
        ValueRule::MinLength(n) => of("C333", "short").arg("bound", n.to_string()),
        ValueRule::MaxLength(n) => of("C333", "long").arg("bound", n.to_string()),
        ValueRule::MinInclusive(bound) => of("C334", "").arg("bound", bound.as_str()),
        ValueRule::MinExclusive(bound) => of("C334", "not-above").arg("bound", bound.as_str()),
        ValueRule::MaxInclusive(bound) => of("C334", "above").arg("bound", bound.as_str()),
        ValueRule::MaxExclusive(bound) => of("C334", "not-below").arg("bound", bound.as_str()),
        ValueRule::TotalDigits(n) => of("C335", "").arg("bound", n.to_string()),
        ValueRule::FractionDigits(n) => of("C335", "decimals").arg("bound", n.to_string()),
        ValueRule::Fixed(fixed) => {
            let finding = of("C336", "").arg("what", fixed.as_str());
            finding.fix(fixed.as_str(), false, "fixed")
        }
        ValueRule::Union => of("C337", ""),
        ValueRule::Entity => of("C337", "entity"),
    }
}

/// Checks that have words of their own for an empty value.
fn kind_has_empty(code: &str) -> bool {
    matches!(code, "C330" | "C331" | "C332" | "C337")
}

/// What is typically wrong with a value of a built-in type.
fn mistake(value: &str, built_in: &str) -> &'static str {
    let value = value.trim();
    match built_in {
        "date" | "dateTime" if value.contains('/') => "local-date",
        "decimal" | "double" | "float" | "integer" if value.starts_with('$') || value.contains(',') => "decorated",
        "boolean" => "yes-no",
        _ => "",
    }
}

/// A built-in type in words.
fn built_in_words(name: &str) -> &'static str {
    match name {
        "boolean" => "true or false",
        "decimal" => "a plain number",
        "float" | "double" => "a number",
        "duration" => "a length of time, such as P1DT2H for a day and two hours",
        "dateTime" => "a date with a time of day",
        "time" => "a time of day",
        "date" => "a date",
        "gYearMonth" => "a month of a year, such as 2026-11",
        "gYear" => "a year of four digits",
        "gMonthDay" => "a day of a month, such as --11-22",
        "gDay" => "a day, such as ---22",
        "gMonth" => "a month, such as --11",
        "hexBinary" => "pairs of the digits 0 to 9 and letters A to F",
        "base64Binary" => "data in base 64",
        "anyURI" => "a web address",
        "QName" | "NOTATION" => "a name, with a prefix that is declared",
        "language" => "a language, such as en-US",
        "Name" | "NCName" | "ID" | "IDREF" | "ENTITY" => "a name that begins with a letter or _, without blanks or colons",
        "NMTOKEN" => "a word of letters, digits and the signs . - _ :",
        "NMTOKENS" | "IDREFS" | "ENTITIES" => "names with blanks between them",
        "integer" => "a whole number",
        "nonPositiveInteger" => "a whole number that is not above 0",
        "negativeInteger" => "a whole number below 0",
        "nonNegativeInteger" => "a whole number that is not below 0",
        "positiveInteger" => "a whole number above 0",
        "long" => "a whole number of at most 18 digits",
        "int" => "a whole number from -2147483648 to 2147483647",
        "short" => "a whole number from -32768 to 32767",
        "byte" => "a whole number from -128 to 127",
        "unsignedLong" => "a whole number of at most 19 digits that is not below 0",
        "unsignedInt" => "a whole number from 0 to 4294967295",
        "unsignedShort" => "a whole number from 0 to 65535",
        "unsignedByte" => "a whole number from 0 to 255",
        "token" | "normalizedString" | "string" => "a text",
        _ => "a value of the form that the schema asks for",
    }
}

fn built_in_form(name: &str) -> &'static str {
    match name {
        "date" => "2026-11-22",
        "dateTime" => "2026-11-22T08:30:00-05:00",
        _ => "08:30:00",
    }
}

fn malformed(why: &NotWellFormed, place: Place) -> Finding {
    let of = |kind, problem: String| Finding::new("C235", kind, place.clone()).arg("problem", problem);
    let plain = |problem: &str| of("", problem.to_owned());
    match why {
        NotWellFormed::BadName => plain("a name holds a sign that names cannot hold"),
        NotWellFormed::BadTag => plain("something in a tag is not written as name=\"value\""),
        NotWellFormed::BadAttributeValue => plain("a < stands in the value of an attribute"),
        NotWellFormed::DuplicateAttribute(name) => of("", format!("the attribute {} stands twice in one tag", cut(name))),
        NotWellFormed::BadReference => of("ampersand", String::new()),
        NotWellFormed::UnknownEntity(name) => Finding::new("C236", "entity-stop", place).value(&format!("&{name};")),
        NotWellFormed::BadCharacter => plain("a character stands here that XML cannot hold, or that is not stored as the file says"),
        NotWellFormed::BadMarkup => plain("a comment, declaration or instruction is not written as it must be"),
        NotWellFormed::MismatchedEnd { open, close } => match open {
            Some(open) => of("", format!("</{}> closes <{}>", cut(close), cut(open))),
            None => of("", format!("</{}> closes nothing", cut(close))),
        },
        NotWellFormed::UnboundPrefix(prefix) => of("", format!("the prefix {} is not declared", cut(prefix))),
        NotWellFormed::Outside => plain("something stands outside the outermost element"),
        NotWellFormed::Unclosed => {
            let open = place.field.as_deref().unwrap_or("the outermost element").to_owned();
            Finding::new("C235", "cut", place).value(&open)
        }
    }
}

/// A fault of a schema.
pub fn schema_fault(fault: &SchemaFault) -> Finding {
    let place = Place { line: fault.line as u64, byte_column: fault.column as u64, ..Place::default() };
    let code = match fault.code {
        "bound" => "C963",
        _ => "C960",
    };
    let finding = Finding::new(code, "", place).arg("file", fault.document.as_str()).arg("problem", fault.what.as_str());
    let finding = if fault.line > 0 { finding.arg("line", fault.line.to_string()) } else { finding };
    if matches!(fault.code, "bound" | "xml") { finding } else { finding.arg("rule", fault.code) }
}

/// Whether a fault only says that something of another document is not there.
pub(super) fn follows_from_missing(fault: &SchemaFault) -> bool {
    matches!(fault.code, "src-resolve" | "src-include" | "src-import" | "src-redefine" | "src-resolve.4.1" | "src-resolve.4.2")
}

/// A name without its namespace.
fn local(name: &str) -> &str {
    name.strip_prefix('{').and_then(|n| n.split_once('}')).map_or(name, |(_, local)| local)
}

/// The namespace of a name, for people.
fn space(name: &str) -> String {
    match name.strip_prefix('{').and_then(|n| n.split_once('}')) {
        Some((space, _)) if !space.is_empty() => format!("\"{}\"", cut(space)),
        _ => "none".to_owned(),
    }
}

/// Names in a sentence: `<a>, <b> or <c>`.
fn names(names: &[String]) -> String {
    let mut shown: Vec<String> = Vec::new();
    for name in names {
        let name = local(name).to_owned();
        if !shown.contains(&name) {
            shown.push(name);
        }
    }
    let more = shown.len().saturating_sub(MOST);
    shown.truncate(MOST);
    if more > 0 {
        return format!("{} and {more} more", shown.join(", "));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Values in a sentence.
fn list(values: &[String], count: usize) -> String {
    let shown = values.iter().take(MOST).map(|v| format!("\"{}\"", cut(v))).collect::<Vec<_>>();
    let more = count.saturating_sub(shown.len());
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// The one name that is meant, when one is near.
fn close<'n>(name: &str, others: impl Iterator<Item = &'n str>) -> Option<String> {
    let letters: Vec<(&str, Vec<char>)> = others.map(|o| (o, near::letters(o))).collect();
    match near::nearest(name, letters.iter().map(|(o, l)| (*o, l.as_slice()))).as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}
