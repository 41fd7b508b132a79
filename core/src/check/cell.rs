//! One cell against the rules of its field, in plain steps: the slow, full judgement that decides what is wrong.
//!
//! At most one finding comes of a cell. Order: missing; type; list of values; pattern; bounds; length; the field's own JSON Schema; then
//! the warnings (open and retired codes); then characters that nobody sees. A cell that would pass without its blanks or special spaces is
//! told for those, not for what they cause.
//!
//! What the standard leaves open, and how it is taken here:
//! - `pattern` is matched against the text as it stands, whatever the field's type, and must match all of it.
//! - Bounds apply to numbers, dates, times, years, months and durations. NaN is within every bound.
//! - Lengths apply to texts (in characters), lists and arrays (items) and objects (members).
//! - Enumerations and categories are compared by value; code lists too, and for a `list` field item by item.

use std::cmp::Ordering;
use std::collections::HashSet;

use regex::Regex;

use super::evidence::{Evidence, is_plain_number};
use super::mend::{self, Offer};
use super::{describe, hygiene, near, words};
use crate::finding::{Finding, Place, Severity};
use crate::schema::pattern::in_our_syntax;
use crate::schema::{DateFormat, FieldType, NumberFormat, StringFormat, TableSchema};
use crate::value::{self, Date, DateTime, Misread, Number, Time, Value, loose};

/// The rules of one field, compiled.
#[derive(Debug)]
pub struct CellRules {
    kind: FieldType,
    missing: Vec<String>,
    required: bool,
    /// The field's title, for a cell that is not filled.
    title: String,
    what: String,
    form: String,
    lists: Vec<Allowed>,
    pattern: Option<(Regex, String)>,
    /// For a text whose pattern is that of dates: the types of date that it is the form of.
    dated: Vec<FieldType>,
    bounds: Vec<Bound>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    /// The field is part of a key or refers to one, so its texts are compared.
    compared: bool,
    #[cfg(feature = "json-schema")]
    json_schema: Option<jsonschema::Validator>,
    unchecked: Vec<Unchecked>,
}

/// A rule that cannot be checked, which the report's coverage must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unchecked {
    /// The pattern is not one that this engine can match (look-ahead, back-references, or a mistake).
    Pattern(String),
    /// The date pattern holds a code that is not known; any text is let pass.
    DatePattern(String),
    /// The bound is no value of the field's type.
    Bound(String),
    /// The `jsonSchema` constraint is left out of this build, or is itself not valid.
    JsonSchema,
}

/// A closed or open list of values.
#[derive(Debug)]
struct Allowed {
    /// The list's name for people.
    name: String,
    /// A value outside is a warning only.
    open: bool,
    /// Compared with the items of a list field.
    by_item: bool,
    /// Compared as texts; otherwise by value.
    by_text: bool,
    texts: HashSet<String>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    text: String,
    value: Option<Value>,
    deprecated: bool,
    replaced_by: String,
    /// The text, and the label, in lower case; the text without signs and blanks; its letters. Made once, since every cell outside the
    /// list is compared with every entry.
    lower: String,
    lower_label: String,
    folded: String,
    letters: Vec<char>,
}

/// Largest list in which a neighbour is looked for: beyond it, a column of wrong values would take too long.
const MOST_NEIGHBOURS: usize = 2_000;

#[derive(Debug)]
struct Bound {
    kind: BoundKind,
    text: String,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BoundKind {
    Minimum,
    Maximum,
    Above,
    Below,
}

/// What is wrong with a text, before it is known how to mend it.
#[derive(Debug)]
enum Fault {
    Type(Misread),
    /// Index of the list, and the text (for a list field, the item) that is not in it.
    NotListed(usize, String),
    /// Index of the list and of the entry.
    Retired(usize, usize),
    Pattern,
    Bound(usize),
    /// Length, bound, and whether it is too long.
    Length(u64, u64, bool),
    #[cfg(feature = "json-schema")]
    JsonSchema(String),
}

impl CellRules {
    /// Compiles the rules of one field. What cannot be compiled is in [`CellRules::unchecked`] and lets every text pass.
    ///
    /// # Panics
    /// When the schema has no field of that index.
    pub fn new(schema: &TableSchema, field: usize) -> CellRules {
        let of = &schema.fields[field];
        let constraints = &of.constraints;
        let mut unchecked = Vec::new();
        let mut kind = of.kind.clone();
        if let FieldType::Date(DateFormat::Pattern(p))
        | FieldType::Time(DateFormat::Pattern(p))
        | FieldType::DateTime(DateFormat::Pattern(p)) = &kind
            && value::pattern::compile(p).is_none()
        {
            unchecked.push(Unchecked::DatePattern(p.clone()));
            kind = FieldType::Any;
        }
        let mut lists = Vec::new();
        let plain = |text: &String| (text.clone(), String::new(), false, String::new());
        if !constraints.values.is_empty() {
            lists.push(Allowed::new(&kind, "the list of allowed values".to_owned(), false, false, constraints.values.iter().map(plain)));
        }
        if !of.categories.is_empty() {
            let entries = of.categories.iter().map(|c| (c.value.clone(), c.label.clone(), false, String::new()));
            lists.push(Allowed::new(&kind, "the list of allowed values".to_owned(), false, true, entries));
        }
        if let Some(codes) = &of.codes {
            let entries = codes.codes.iter().map(|c| (c.code.clone(), c.title.clone(), c.deprecated, c.replaced_by.clone()));
            lists.push(Allowed::new(&kind, format!("code list {}", codes.name), of.extras.open, true, entries));
        }
        let ours = constraints.pattern.as_ref().map(|p| (p, in_our_syntax(p)));
        let pattern = ours.and_then(|(p, ours)| match Regex::new(&format!("^(?:{ours})$")) {
            Ok(regex) => {
                let what = describe::describe(&ours).unwrap_or_else(|| words::own_form(of, p, &regex));
                Some((regex, what))
            }
            Err(_) => {
                unchecked.push(Unchecked::Pattern(p.clone()));
                None
            }
        });
        let dated = match (&kind, &pattern) {
            (FieldType::String(StringFormat::Default) | FieldType::Any, Some((regex, _))) => dated(regex),
            _ => Vec::new(),
        };
        let mut bounds = Vec::new();
        for (kind_of, text) in [
            (BoundKind::Minimum, &constraints.minimum),
            (BoundKind::Maximum, &constraints.maximum),
            (BoundKind::Above, &constraints.exclusive_minimum),
            (BoundKind::Below, &constraints.exclusive_maximum),
        ] {
            let Some(text) = text else { continue };
            match constant(&kind, text) {
                Some(value) if value.partial_cmp(&value).is_some() => bounds.push(Bound { kind: kind_of, text: text.clone(), value }),
                _ => unchecked.push(Unchecked::Bound(text.clone())),
            }
        }
        #[cfg(feature = "json-schema")]
        let json_schema = constraints
            .json_schema
            .as_ref()
            .and_then(|schema| jsonschema::validator_for(schema).map_err(|_| unchecked.push(Unchecked::JsonSchema)).ok());
        #[cfg(not(feature = "json-schema"))]
        if constraints.json_schema.is_some() {
            unchecked.push(Unchecked::JsonSchema);
        }
        CellRules {
            missing: schema.missing_for(field).to_vec(),
            compared: of.constraints.unique
                || schema.primary_key.contains(&field)
                || schema.unique_keys.iter().any(|k| k.contains(&field))
                || schema.foreign_keys.iter().any(|k| k.fields.contains(&field)),
            required: schema.is_required(field),
            title: of.title.clone(),
            what: words::what(&kind),
            form: words::form(&kind),
            lists,
            pattern,
            dated,
            bounds,
            min_length: constraints.min_length,
            max_length: constraints.max_length,
            #[cfg(feature = "json-schema")]
            json_schema,
            unchecked,
            kind,
        }
    }

    /// The rules that cannot be checked.
    pub fn unchecked(&self) -> &[Unchecked] {
        &self.unchecked
    }

    /// Whether the text is one of the field's texts for "no value".
    pub fn is_missing(&self, text: &str) -> bool {
        self.missing.iter().any(|m| m == text)
    }

    /// Whether the text stands without an error. Warnings (open and retired codes, blanks around a text) do not count.
    pub fn accepts(&self, text: &str) -> bool {
        if self.is_missing(text) || (self.required && self.is_missing(&hygiene::cleaned(text))) {
            return self.is_missing(text) && !self.required;
        }
        !text.contains('\0') && self.error(text).is_none()
    }

    /// The cell's one finding, if any. Bounded by the length of the text and of the field's lists; never fails.
    pub fn check(&self, text: &str, evidence: &Evidence, place: Place) -> Option<Finding> {
        let body = hygiene::cleaned(text);
        if self.required && (self.is_missing(text) || self.is_missing(&body)) {
            let finding = Finding::new("C301", "", place);
            return Some(if self.title.is_empty() { finding } else { finding.arg("what", self.title.clone()) });
        }
        if self.is_missing(text) {
            return None;
        }
        if text.contains('\0') {
            let finding = Finding::new("C102", "", place).value(&text.replace('\0', "␀"));
            return Some(self.with(finding, vec![Offer::new(text.replace('\0', ""), false, "clean")], text));
        }
        if let Some(fault) = self.error(text) {
            return Some(self.hidden_cause(text, &body, &place).unwrap_or_else(|| {
                // Blanks that are not the cause must not stand in the way of the explanation either.
                match self.error(&body) {
                    Some(fault) if !body.is_empty() => self.explain(&fault, text, &body, evidence, place),
                    _ => self.explain(&fault, text, text, evidence, place),
                }
            }));
        }
        if hygiene::is_odd(text)
            && let Some(finding) = self.unseen(text, &body, &place)
        {
            return Some(finding);
        }
        self.warning(text).map(|fault| self.explain(&fault, text, text, evidence, place))
    }

    /// A finding for blanks, special spaces or control characters without which the text would pass.
    fn hidden_cause(&self, text: &str, body: &str, place: &Place) -> Option<Finding> {
        let trimmed = hygiene::trimmed(text);
        if trimmed != text && self.accepts(trimmed) {
            return Some(blanks(text, trimmed, if trimmed.is_empty() { "only" } else { "" }, place));
        }
        if body != text && self.accepts(body) {
            let finding = Finding::new("C309", "", place.clone()).value(text).arg("character", hygiene::special_name(text));
            return Some(finding.fix(body, true, "clean"));
        }
        let without = hygiene::without_controls(text);
        let seen = hygiene::cleaned(&without);
        if text.chars().any(hygiene::is_control) && self.accepts(&seen) {
            let finding = Finding::new("C103", "value", place.clone()).value(text).arg("character", hygiene::control_name(text));
            return Some(finding.fix(seen, true, "clean"));
        }
        None
    }

    /// A finding for characters that nobody sees in a text that passes.
    fn unseen(&self, text: &str, body: &str, place: &Place) -> Option<Finding> {
        let offer = |replacement: &str, safe| vec![Offer::new(replacement, safe, "clean")];
        if text.chars().any(hygiene::is_control) {
            let finding = Finding::new("C103", "", place.clone()).value(text).arg("character", hygiene::control_name(text));
            return Some(self.with(finding, offer(&hygiene::without_controls(text), false), text));
        }
        if text.chars().any(|c| hygiene::special(c).is_some()) {
            let finding = Finding::new("C309", "text", place.clone()).value(text).arg("character", hygiene::special_name(text));
            return Some(self.with(finding, offer(body, true), text));
        }
        let trimmed = hygiene::trimmed(text);
        if trimmed == text {
            return None;
        }
        if self.accepts(trimmed) {
            let finding = blanks(text, trimmed, if trimmed.is_empty() { "only-text" } else { "text" }, place);
            // In free text a blank at the end does little harm; where texts are compared, it makes them differ.
            let compared = self.compared || self.pattern.is_some() || !self.lists.is_empty();
            return Some(if compared { finding.severity(Severity::Warning) } else { finding });
        }
        // The blanks are part of what the rules ask for (a fixed length, a value of the list): nothing to tell.
        None
    }

    /// The first error, in the order of judgement.
    fn error(&self, text: &str) -> Option<Fault> {
        let value = match value::read(&self.kind, text) {
            Ok(value) => value,
            Err(misread) => return Some(Fault::Type(misread)),
        };
        for (i, list) in self.lists.iter().enumerate().filter(|(_, l)| !l.open) {
            if let Some(outside) = list.outside(&self.kind, text, &value) {
                return Some(Fault::NotListed(i, outside));
            }
        }
        if let Some((regex, _)) = &self.pattern
            && !regex.is_match(text)
        {
            return Some(Fault::Pattern);
        }
        if let Some(i) = self.bounds.iter().position(|b| !b.admits(&value)) {
            return Some(Fault::Bound(i));
        }
        if let Some(length) = length(&self.kind, &value) {
            if let Some(bound) = self.max_length.filter(|m| length > *m) {
                return Some(Fault::Length(length, bound, true));
            }
            if let Some(bound) = self.min_length.filter(|m| length < *m) {
                return Some(Fault::Length(length, bound, false));
            }
        }
        #[cfg(feature = "json-schema")]
        if let Some(validator) = &self.json_schema
            && let Some(instance) = instance(&value)
            && let Err(error) = validator.validate(&instance)
        {
            return Some(Fault::JsonSchema(error.to_string()));
        }
        None
    }

    /// What is not an error but worth a warning, on a text without errors.
    fn warning(&self, text: &str) -> Option<Fault> {
        let value = value::read(&self.kind, text).ok()?;
        for (i, list) in self.lists.iter().enumerate() {
            if list.open
                && let Some(outside) = list.outside(&self.kind, text, &value)
            {
                return Some(Fault::NotListed(i, outside));
            }
            if let Some(at) = list.retired(&self.kind, text, &value) {
                return Some(Fault::Retired(i, at));
            }
        }
        None
    }

    /// The finding for a fault of `body`, the text as far as it can be cleaned; `text` is the cell as it stands.
    fn explain(&self, fault: &Fault, text: &str, body: &str, evidence: &Evidence, place: Place) -> Finding {
        match fault {
            Fault::Type(misread) => self.explain_type(misread, text, body, evidence, place),
            Fault::NotListed(i, outside) => self.explain_list(&self.lists[*i], text, outside, place),
            Fault::Retired(i, at) => {
                let list = &self.lists[*i];
                let entry = &list.entries[*at];
                let mut finding = Finding::new("C312", "", place).value(text).arg("list", list.name.clone());
                let mut offers = Vec::new();
                if !entry.replaced_by.is_empty() {
                    finding = finding.arg("near", entry.replaced_by.clone());
                    // The list's keepers name the replacement, so nobody has to judge.
                    offers.push(Offer::new(list.replaced(&self.kind, text, &entry.text, &entry.replaced_by), true, "replaced"));
                }
                self.with(finding, offers, text)
            }
            Fault::Pattern => self.explain_pattern(text, body, evidence, place),
            Fault::Bound(i) => self.explain_bound(&self.bounds[*i], text, body, place),
            Fault::Length(length, bound, long) => {
                let unit = match self.kind {
                    FieldType::Array | FieldType::List { .. } => "items",
                    FieldType::Object => "members",
                    _ => "characters",
                };
                Finding::new("C307", if *long { "long" } else { "short" }, place)
                    .value(text)
                    .arg("length", length.to_string())
                    .arg("bound", bound.to_string())
                    .arg("unit", unit)
            }
            #[cfg(feature = "json-schema")]
            Fault::JsonSchema(problem) => Finding::new("C313", "json-schema", place)
                .value(text)
                .arg("what", self.what.clone())
                .arg("problem", crate::finding::cut(problem)),
        }
    }

    fn explain_type(&self, misread: &Misread, text: &str, body: &str, evidence: &Evidence, place: Place) -> Finding {
        let what = |finding: Finding| finding.value(text).arg("what", self.what.clone());
        match &self.kind {
            FieldType::Number(format) | FieldType::Integer(format) => {
                let whole = matches!(self.kind, FieldType::Integer(_));
                let (kind, offers) = self.number_meant(format, whole, body, evidence);
                self.with(what(Finding::new("C302", kind, place)), offers, text)
            }
            FieldType::Date(_) | FieldType::DateTime(_) | FieldType::Time(_) | FieldType::Year | FieldType::YearMonth => {
                let meaning = mend::date::meant(&self.kind, body, misread, evidence);
                let finding = match (meaning.kind, meaning.problem) {
                    (Some(kind), _) => {
                        let accepted = self.accepted(meaning.offers.clone(), text);
                        // Where the rules leave one reading, there is no doubt left, only another form.
                        let kind = if kind == "ambiguous" && accepted.len() == 1 { "other-form" } else { kind };
                        Finding::new("C303", kind, place).arg("form", self.form.clone()).arg("noun", words::noun(&self.kind))
                    }
                    (None, problem) => {
                        let finding = Finding::new("C311", "", place).arg("noun", words::noun(&self.kind));
                        problem.map_or(finding.clone(), |p| finding.arg("problem", words::problem(&p)))
                    }
                };
                let offers = meaning.offers;
                self.with(what(finding), offers, text)
            }
            FieldType::Boolean { true_values, false_values } => {
                let offers = boolean_meant(true_values, false_values, body);
                let finding = what(Finding::new("C310", "", place));
                let finding = match offers.first() {
                    Some(offer) => finding.arg("near", offer.replacement.clone()),
                    None => finding,
                };
                self.with(finding, offers, text)
            }
            _ => {
                let detail = words::detail(misread);
                let finding = what(Finding::new("C313", "", place));
                let finding = if detail.is_empty() { finding } else { finding.arg("problem", detail) };
                self.with(finding, form_meant(&self.kind, body), text)
            }
        }
    }

    /// Variety of C302 and the readings of a text that is no number in the field's form.
    fn number_meant(&self, format: &NumberFormat, whole: bool, body: &str, evidence: &Evidence) -> (&'static str, Vec<Offer>) {
        if whole && let Ok(Number::Finite(number)) = value::number::read(format, body) {
            let scientific = body.contains(['e', 'E']);
            return match number.is_whole() {
                // A spreadsheet that shows 1.2E+05 may have dropped digits, so that one is for a person to judge.
                true if scientific => ("scientific", vec![Offer::new(number.to_string(), false, "number-reading")]),
                true => ("point", vec![Offer::new(number.to_string(), true, "number-reading")]),
                false => ("not-whole", Vec::new()),
            };
        }
        if let Some((offers, doubtful)) = mend::number::offers(body, format, whole, evidence) {
            if offers.is_empty() && whole {
                return ("not-whole", offers);
            }
            let mut accepted = self.accepted(offers.clone(), body);
            let kind = if doubtful && accepted.len() > 1 { "ambiguous" } else { "decorated" };
            // The type or the bounds rule all readings out but one.
            if doubtful && accepted.len() == 1 && offers.len() > 1 {
                accepted[0].safe = !accepted[0].replacement.contains(format.decimal);
                accepted[0].evidence = String::new();
            } else if doubtful && offers.len() == 1 {
                accepted.iter_mut().for_each(|o| o.safe = true);
            }
            return (kind, accepted);
        }
        if mend::is_placeholder(body) {
            return ("placeholder", vec![Offer::new("", false, "empty")]);
        }
        ("", Vec::new())
    }

    fn explain_list(&self, list: &Allowed, text: &str, outside: &str, place: Place) -> Finding {
        let body = hygiene::cleaned(outside);
        let finding = |kind| {
            let finding = Finding::new("C304", kind, place.clone());
            let finding = if list.open { finding.severity(Severity::Warning) } else { finding };
            finding.value(text).arg("list", list.name.clone()).arg("allowed", list.allowed())
        };
        let whole = |code: &str| list.replaced(&self.kind, text, outside, code);
        let folded = body.to_lowercase();
        let case = list.matching(|e| e.lower == folded);
        if !case.is_empty() {
            let offers = case.iter().map(|c| Offer::new(whole(c), case.len() == 1, "case")).collect();
            return self.with(named(finding("case"), &case), offers, text);
        }
        let label = list.matching(|e| !e.lower_label.is_empty() && e.lower_label == folded);
        if !label.is_empty() {
            let offers = label.iter().map(|c| Offer::new(whole(c), label.len() == 1, "label")).collect();
            return self.with(named(finding("label"), &label), offers, text);
        }
        if !body.is_empty() && body.bytes().all(|b| b.is_ascii_digit()) {
            let zeros = list.matching(|e| {
                e.text.len() > body.len()
                    && e.text.len() <= body.len() + 3
                    && e.text.trim_start_matches('0') == body.trim_start_matches('0')
            });
            if zeros.len() == 1 {
                return self.with(named(finding("lost-zero"), &zeros), vec![Offer::new(whole(zeros[0]), false, "lost-zero")], text);
            }
        }
        let loose = near::folded(&body);
        let spelling = list.matching(|e| !loose.is_empty() && e.folded == loose);
        if let [only] = spelling.as_slice() {
            let offers = vec![Offer::new(whole(only), false, "near-code")];
            return self.with(named(finding("case"), &spelling), offers, text);
        }
        let kind = if list.open { "open" } else { "" };
        let in_use = list.entries.iter().filter(|e| !e.deprecated);
        let searched = if list.entries.len() > MOST_NEIGHBOURS { 0 } else { MOST_NEIGHBOURS };
        let close = near::nearest(&body, in_use.take(searched).map(|e| (e.text.as_str(), e.letters.as_slice())));
        let close = if close.len() <= 2 { close } else { Vec::new() };
        let offers = close.iter().map(|c| Offer::new(whole(c), false, "near-code")).collect();
        self.with(named(finding(kind), &close), offers, text)
    }

    fn explain_pattern(&self, text: &str, body: &str, evidence: &Evidence, place: Place) -> Finding {
        let what = self.pattern.as_ref().map(|(_, what)| what.clone()).unwrap_or_default();
        let finding = |kind, near: Option<&str>| {
            let finding = Finding::new("C305", kind, place.clone()).value(text).arg("what", what.clone());
            near.map_or(finding.clone(), |n| finding.arg("near", n))
        };
        if let Some((kind, form, offers)) = self.dates_meant(text, body, evidence) {
            return self.with(finding(kind, None).arg("form", form), offers, text);
        }
        let digits = body.starts_with(|c: char| c.is_ascii_digit()) && body.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if digits && body.len() <= 40 {
            for zeros in ["0", "00", "000"] {
                let filled = format!("{zeros}{body}");
                if self.accepts(&filled) {
                    // Not safe: a digit dropped anywhere else leaves the same length, and only the source can tell.
                    let offers = vec![Offer::new(filled.clone(), false, "lost-zero")];
                    return self.with(finding("lost-zero", Some(&filled)), offers, text);
                }
            }
        }
        let cases: Vec<String> = [body.to_uppercase(), body.to_lowercase()].into_iter().filter(|c| c != text && self.accepts(c)).collect();
        if let Some(first) = cases.first() {
            let offers = cases.iter().map(|c| Offer::new(c.clone(), cases.len() == 1, "case")).collect();
            return self.with(finding("case", Some(first)), offers, text);
        }
        // `2139.0` is what a spreadsheet or a database makes of the code 2139.
        let whole =
            body.split_once('.').filter(|(w, z)| !w.is_empty() && !z.is_empty() && z.bytes().all(|b| b == b'0') && is_plain_number(w));
        let offers = whole.map(|(w, _)| Offer::new(w, false, "number-reading")).into_iter().collect();
        self.with(finding("", None), offers, text)
    }

    /// For a text whose pattern is that of dates: the variety of C305, the form in letters, and the readings that the pattern takes.
    fn dates_meant(&self, text: &str, body: &str, evidence: &Evidence) -> Option<(&'static str, String, Vec<Offer>)> {
        let timed = value::loose::dates(body).is_ok_and(|all| all.iter().any(|r| r.time.is_some_and(|t| !t.is_midnight())));
        // A time of day is kept where the form has room for it.
        let form = if timed { self.dated.last() } else { self.dated.first() }?;
        let meaning = mend::date::meant(form, body, &Misread::Form, evidence);
        let offers = self.accepted(meaning.offers, text);
        let kind = match meaning.kind? {
            _ if offers.is_empty() => return None,
            "ambiguous" if offers.len() > 1 => "ambiguous",
            "serial" => "serial",
            "placeholder" => return None,
            _ => "date",
        };
        Some((kind, words::form(form), offers))
    }

    /// Whether the field is a text whose pattern is that of dates.
    pub(super) fn is_dated(&self) -> bool {
        !self.dated.is_empty()
    }

    fn explain_bound(&self, bound: &Bound, text: &str, body: &str, place: Place) -> Finding {
        let dated = matches!(bound.value, Value::Date(_) | Value::DateTime(_) | Value::Time(_) | Value::Year(_) | Value::YearMonth(..));
        let zero = Value::Number(Number::Finite(crate::decimal::Decimal::default()));
        let negative = matches!(value::read(&self.kind, body), Ok(v) if v < zero);
        let kind = match (bound.kind, dated) {
            (BoundKind::Minimum, false) if negative && bound.value == zero => "negative",
            (BoundKind::Minimum, false) => "minimum",
            (BoundKind::Maximum, false) => "maximum",
            (BoundKind::Above, false) => "above",
            (BoundKind::Below, false) => "below",
            (BoundKind::Minimum, true) => "early",
            (BoundKind::Maximum, true) => "late",
            (BoundKind::Above, true) => "not-after",
            (BoundKind::Below, true) => "not-before",
        };
        Finding::new("C306", kind, place).value(text).arg("bound", bound.text.clone())
    }

    /// The offers that the rules accept, each once. Only a lone one can be safe.
    fn accepted(&self, offers: Vec<Offer>, text: &str) -> Vec<Offer> {
        let mut out: Vec<Offer> = Vec::new();
        for offer in offers {
            if offer.replacement != text && self.accepts(&offer.replacement) && !out.iter().any(|o| o.replacement == offer.replacement) {
                out.push(offer);
            }
        }
        if out.len() > 1 {
            out.iter_mut().for_each(|o| o.safe = false);
        }
        out
    }

    /// The finding with those offers that the rules accept.
    fn with(&self, mut finding: Finding, offers: Vec<Offer>, text: &str) -> Finding {
        for offer in self.accepted(offers, text) {
            finding = finding.fix(offer.replacement, offer.safe, offer.kind);
            if let Some(fix) = finding.fixes.last_mut() {
                fix.evidence = offer.evidence;
            }
        }
        finding
    }
}

/// The types of date that a pattern is the form of: it takes such texts, and no number or word.
fn dated(pattern: &Regex) -> Vec<FieldType> {
    let takes = |texts: [&str; 2]| texts.iter().all(|text| pattern.is_match(text));
    if pattern.is_match("0") || pattern.is_match("x") {
        return Vec::new();
    }
    let mut out = Vec::new();
    if takes(["2024-03-05", "1999-12-31"]) {
        out.push(FieldType::Date(DateFormat::Default));
    }
    if takes(["2024-03-05T00:00:00", "1999-12-31T23:59:59"]) {
        out.push(FieldType::DateTime(DateFormat::Default));
    }
    out
}

/// A constant of the schema, read by the field's own form or by the type's default form.
fn constant(kind: &FieldType, text: &str) -> Option<Value> {
    let plain = match kind {
        FieldType::Number(_) => FieldType::Number(NumberFormat::default()),
        FieldType::Integer(_) => FieldType::Integer(NumberFormat::default()),
        FieldType::Date(_) => FieldType::Date(DateFormat::Default),
        FieldType::DateTime(_) => FieldType::DateTime(DateFormat::Default),
        FieldType::Time(_) => FieldType::Time(DateFormat::Default),
        other => other.clone(),
    };
    let value = value::read(kind, text).or_else(|_| value::read(&plain, text));
    match (kind, value) {
        // A bound of whole numbers may be written 0.5, and a bound of dates and times as a date.
        (FieldType::Integer(_), Err(_)) => value::number::read(&NumberFormat::default(), text).ok().map(Value::Number),
        (FieldType::DateTime(_), Err(_)) => value::date::read_date(&DateFormat::Default, text)
            .ok()
            .map(|date: Date| Value::DateTime(DateTime { date, time: Time::default() })),
        (_, value) => value.ok(),
    }
}

impl Bound {
    fn admits(&self, value: &Value) -> bool {
        let Some(order) = value.partial_cmp(&self.value) else { return true };
        match self.kind {
            BoundKind::Minimum => order != Ordering::Less,
            BoundKind::Maximum => order != Ordering::Greater,
            BoundKind::Above => order == Ordering::Greater,
            BoundKind::Below => order == Ordering::Less,
        }
    }
}

impl Allowed {
    fn new(
        kind: &FieldType,
        name: String,
        open: bool,
        by_item: bool,
        entries: impl Iterator<Item = (String, String, bool, String)>,
    ) -> Allowed {
        let by_item = by_item && matches!(kind, FieldType::List { .. });
        let compared = match kind {
            FieldType::List { item, .. } if by_item => value::item_kind(*item),
            other => other.clone(),
        };
        let by_text = matches!(compared, FieldType::String(_) | FieldType::Any);
        let entries: Vec<Entry> = entries
            .map(|(text, label, deprecated, replaced_by)| {
                let value = if by_text { None } else { constant(&compared, &text) };
                Entry {
                    lower: text.to_lowercase(),
                    lower_label: label.to_lowercase(),
                    folded: near::folded(&text),
                    letters: near::letters(&text),
                    text,
                    value,
                    deprecated,
                    replaced_by,
                }
            })
            .collect();
        Allowed { name, open, by_item, by_text, texts: entries.iter().map(|e| e.text.clone()).collect(), entries }
    }

    fn holds(&self, text: &str, value: &Value) -> bool {
        self.texts.contains(text) || (!self.by_text && self.entries.iter().any(|e| e.value.as_ref() == Some(value)))
    }

    /// The text, or the first item of a list, that is not in the list.
    fn outside(&self, kind: &FieldType, text: &str, value: &Value) -> Option<String> {
        match (kind, value) {
            (FieldType::List { delimiter, .. }, Value::List(items)) if self.by_item => {
                value::pieces(text, delimiter).zip(items).find(|(piece, item)| !self.holds(piece, item)).map(|(piece, _)| piece.to_owned())
            }
            _ => (!self.holds(text, value)).then(|| text.to_owned()),
        }
    }

    /// The entry of a retired code in the text.
    fn retired(&self, kind: &FieldType, text: &str, value: &Value) -> Option<usize> {
        let at = |text: &str, value: &Value| {
            let found = self.entries.iter().position(|e| e.text == text);
            let found =
                found.or_else(|| if self.by_text { None } else { self.entries.iter().position(|e| e.value.as_ref() == Some(value)) });
            found.filter(|i| self.entries[*i].deprecated)
        };
        match (kind, value) {
            (FieldType::List { delimiter, .. }, Value::List(items)) if self.by_item => {
                value::pieces(text, delimiter).zip(items).find_map(|(piece, item)| at(piece, item))
            }
            _ => at(text, value),
        }
    }

    /// The cell's text with one value put in another's place: the whole text, or for a list field its items that are `from`.
    fn replaced(&self, kind: &FieldType, text: &str, from: &str, to: &str) -> String {
        match kind {
            FieldType::List { delimiter, .. } if self.by_item => {
                value::pieces(text, delimiter).map(|p| if p == from { to } else { p }).collect::<Vec<_>>().join(delimiter)
            }
            _ => to.to_owned(),
        }
    }

    /// Texts of the entries for which the test holds, at most three, codes in use before retired ones.
    fn matching(&self, test: impl Fn(&Entry) -> bool) -> Vec<&str> {
        let found: Vec<&Entry> = self.entries.iter().filter(|e| test(e)).collect();
        let in_use: Vec<&str> = found.iter().filter(|e| !e.deprecated).map(|e| e.text.as_str()).collect();
        let mut out = if in_use.is_empty() { found.iter().map(|e| e.text.as_str()).collect() } else { in_use };
        out.dedup();
        out.truncate(3);
        out
    }

    /// Up to six values, and how many there are in all.
    fn allowed(&self) -> String {
        let in_use: Vec<&str> = self.entries.iter().filter(|e| !e.deprecated).map(|e| e.text.as_str()).collect();
        let shown: Vec<String> = in_use.iter().take(6).map(|t| crate::finding::cut(t)).collect();
        let shown = shown.join(", ");
        if in_use.len() > 6 { format!("{shown}, … ({} in all)", in_use.len()) } else { shown }
    }
}

/// Names the value that is meant, when there is just one.
fn named(finding: Finding, near: &[&str]) -> Finding {
    match near {
        [only] => finding.arg("near", *only),
        [first, second] if finding.kind == "case" || finding.kind == "label" => finding.arg("near", format!("{first}\" or \"{second}")),
        [first, ..] if finding.kind == "case" || finding.kind == "label" => finding.arg("near", *first),
        _ => finding,
    }
}

fn blanks(text: &str, trimmed: &str, kind: &'static str, place: &Place) -> Finding {
    Finding::new("C308", kind, place.clone())
        .value(text)
        .arg("where", hygiene::blanks_where(text))
        .arg("near", crate::finding::cut(trimmed))
        .fix(trimmed, true, "trim")
}

/// Length by the unit of the type; `None` for types without one.
fn length(kind: &FieldType, value: &Value) -> Option<u64> {
    let n = match (kind, value) {
        (FieldType::String(_) | FieldType::Any, Value::Text(text)) => text.chars().count(),
        (FieldType::List { .. }, Value::List(items)) => items.len(),
        (FieldType::Array, Value::Json(serde_json::Value::Array(items))) => items.len(),
        (FieldType::Object, Value::Json(serde_json::Value::Object(members))) => members.len(),
        _ => return None,
    };
    Some(n as u64)
}

/// The JSON value that a `jsonSchema` constraint speaks of; only texts, lists and JSON have one.
#[cfg(feature = "json-schema")]
fn instance(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::Json(json) => Some(json.clone()),
        Value::Text(text) => Some(serde_json::Value::String(text.clone())),
        Value::List(items) => items.iter().map(instance).collect::<Option<Vec<_>>>().map(serde_json::Value::Array),
        _ => None,
    }
}

/// The field's own word for what people write for yes and no.
fn boolean_meant(true_values: &[String], false_values: &[String], body: &str) -> Vec<Offer> {
    let folded = body.to_lowercase();
    let own = |list: &[String]| list.iter().find(|v| v.to_lowercase() == folded).cloned();
    match (own(true_values), own(false_values)) {
        (Some(word), None) | (None, Some(word)) => return vec![Offer::new(word, true, "case")],
        _ => {}
    }
    let word = match folded.as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" | "x" | "-1" | "1.0" | "sí" | "si" => true_values.first(),
        "false" | "f" | "no" | "n" | "off" | "0" | "0.0" => false_values.first(),
        _ => None,
    };
    word.map(|w| Offer::new(w.clone(), false, "near-word")).into_iter().collect()
}

/// What texts in other forms can mean, for the types that have no finding of their own.
fn form_meant(kind: &FieldType, body: &str) -> Vec<Offer> {
    let offer = |text: String, safe| Offer::new(text, safe, "other-form");
    match kind {
        FieldType::String(StringFormat::Uuid) => {
            let hex: String = body.chars().filter(|c| !matches!(c, '{' | '}' | '-')).collect();
            if hex.len() != 32 || !hex.is_ascii() {
                return Vec::new();
            }
            vec![offer(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]), true)]
        }
        FieldType::String(StringFormat::Uri) if body.contains('.') => {
            vec![offer(format!("https://{body}"), false), offer(body.replace(' ', "%20"), false)]
        }
        FieldType::String(StringFormat::Email) => {
            let bare = body.strip_prefix("mailto:").unwrap_or(body);
            let inner = bare.rsplit_once('<').and_then(|(_, r)| r.strip_suffix('>')).unwrap_or(bare);
            vec![offer(inner.to_owned(), false)]
        }
        FieldType::GeoPoint(format) => {
            let numbers: Vec<&str> =
                body.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).filter(|p| !p.is_empty()).collect();
            let &[a, b] = numbers.as_slice() else { return Vec::new() };
            let write = |lon: &str, lat: &str| match format {
                crate::schema::GeoPointFormat::Default => format!("{lon}, {lat}"),
                crate::schema::GeoPointFormat::Array => format!("[{lon}, {lat}]"),
                crate::schema::GeoPointFormat::Object => format!("{{\"lon\": {lon}, \"lat\": {lat}}}"),
            };
            vec![offer(write(a, b), false), offer(write(b, a), false)]
        }
        FieldType::Duration => {
            // A clock time in a field of durations is most often hours and minutes.
            match loose::time(body) {
                Ok(time) => vec![offer(format!("PT{}H{}M", time.hour, time.minute), false)],
                Err(_) => vec![offer(body.to_uppercase(), true)],
            }
        }
        FieldType::List { delimiter, item } => {
            let kind = value::item_kind(*item);
            let trimmed: Vec<&str> = value::pieces(body, delimiter).map(hygiene::trimmed).collect();
            if trimmed.iter().all(|p| value::read(&kind, p).is_ok()) { vec![offer(trimmed.join(delimiter), true)] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
