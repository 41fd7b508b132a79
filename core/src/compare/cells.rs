//! Whether every text that one version's field accepts is accepted by another's.

use std::cmp::Ordering;

use crate::check::CellRules;
use crate::schema::{Constraints, Field, FieldType, StringFormat, TableSchema};
use crate::value;

use super::patterns::{self, Language};
use super::{Budget, samples};

/// The answer for one field.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// All are accepted.
    Within,
    /// This text is not.
    Outside(String),
    /// Neither shown nor disproved; why, in clauses for people.
    Unknown(Vec<&'static str>),
}

/// One field of one version, compiled.
pub(super) struct Side<'s> {
    pub(super) schema: &'s TableSchema,
    pub(super) index: usize,
    pub(super) rules: CellRules,
}

impl<'s> Side<'s> {
    pub(super) fn new(schema: &'s TableSchema, index: usize) -> Side<'s> {
        Side { schema, index, rules: CellRules::new(schema, index) }
    }

    pub(super) fn field(&self) -> &'s Field {
        &self.schema.fields[self.index]
    }

    pub(super) fn missing(&self) -> &'s [String] {
        self.schema.missing_for(self.index)
    }

    pub(super) fn required(&self) -> bool {
        self.schema.is_required(self.index)
    }
}

/// Whether all texts of `one` are texts of `other`.
pub(super) fn within(one: &Side<'_>, other: &Side<'_>, budget: &mut Budget) -> Cells {
    if one.rules.unchecked() != other.rules.unchecked() {
        // What is let pass unchecked would be accepted here and refused elsewhere.
        return Cells::Unknown(vec!["a rule of it cannot be checked by this program"]);
    }
    let outside = |text: &str| one.rules.accepts(text) && !other.rules.accepts(text);
    // Texts that mean "no value" on either side are few, and tried one by one.
    for text in one.missing().iter().chain(other.missing()) {
        for text in [text.clone(), format!(" {text}"), format!("{text} ")] {
            if outside(&text) {
                return Cells::Outside(text);
            }
        }
    }
    let mut reasons = Vec::new();
    // From here on only texts that mean a value are left; but a field that must be filled also refuses what means "no value" with blanks
    // around it, so new ones of these need a look at all texts.
    let new_missing = other.missing().iter().any(|m| !(one.required() && one.missing().contains(m)));
    let blanks_matter = other.required() && !other.missing().iter().all(|m| m.is_empty()) && new_missing;
    match texts(one) {
        Some(all) => {
            if let Some(text) = all.iter().find(|text| outside(text)) {
                return Cells::Outside((*text).to_owned());
            }
            return Cells::Within;
        }
        None if blanks_matter => reasons.push("other texts mean \"no value\""),
        None => {}
    }
    let mut candidates = Vec::new();
    implied(one, other, budget, &mut reasons, &mut candidates);
    if reasons.is_empty() {
        return Cells::Within;
    }
    for text in candidates.into_iter().chain(samples::of(one.field(), Some(other.field()))) {
        if !Budget::spend(&mut budget.texts) {
            break;
        }
        if outside(&text) {
            return Cells::Outside(text);
        }
    }
    reasons.dedup();
    Cells::Unknown(reasons)
}

/// All texts that can mean a value, where they are few: those of a closed list compared by text, or the words of a boolean. Some of them
/// may break another rule of the field.
fn texts<'s>(side: &Side<'s>) -> Option<Vec<&'s str>> {
    let field = side.field();
    if let FieldType::Boolean { true_values, false_values } = &field.kind {
        return Some(true_values.iter().chain(false_values).map(String::as_str).collect());
    }
    if !by_text(&field.kind) {
        return None;
    }
    closed_lists(field).min_by_key(Vec::len)
}

/// Whether values of a list are compared as texts.
fn by_text(kind: &FieldType) -> bool {
    matches!(kind, FieldType::String(_) | FieldType::Any)
}

/// The field's lists outside of which every value is an error.
fn closed_lists(field: &Field) -> impl Iterator<Item = Vec<&str>> {
    let values: Vec<&str> = field.constraints.values.iter().map(String::as_str).collect();
    let categories: Vec<&str> = field.categories.iter().map(|c| c.value.as_str()).collect();
    let codes: Vec<&str> = match &field.codes {
        Some(list) if !field.extras.open => list.codes.iter().map(|c| c.code.as_str()).collect(),
        _ => Vec::new(),
    };
    [values, categories, codes].into_iter().filter(|list| !list.is_empty())
}

/// Collects why it does not follow from the rules of `one` that those of `other` hold, and texts that may show that they do not.
fn implied(one: &Side<'_>, other: &Side<'_>, budget: &mut Budget, reasons: &mut Vec<&'static str>, candidates: &mut Vec<String>) {
    let (a, b) = (one.field(), other.field());
    if !kind_within(&a.kind, &b.kind) {
        reasons.push("its type or format is another");
    }
    if !lists_within(a, b) {
        reasons.push("its list of allowed values is another");
    }
    if !bounds_within(a, b) {
        reasons.push("its least or greatest value is another");
    }
    texts_within(a, b, budget, reasons, candidates);
    if b.constraints.json_schema.is_some() && a.constraints.json_schema != b.constraints.json_schema {
        reasons.push("its jsonSchema is another");
    }
}

/// Whether every text that has one type has the other.
fn kind_within(a: &FieldType, b: &FieldType) -> bool {
    a == b
        || match (a, b) {
            (_, FieldType::Any | FieldType::String(StringFormat::Default)) => true,
            // Sorts of whole numbers are numbers where they are written alike.
            (FieldType::Integer(one), FieldType::Number(other)) => one == other,
            _ => false,
        }
}

/// Whether every value of the closed lists of `a` is in each closed list of `b`.
fn lists_within(a: &Field, b: &Field) -> bool {
    if closed_lists(b).next().is_none() {
        return true;
    }
    // A text for a value can be written in several ways; a list compared by text has only one of them.
    if a.kind != b.kind {
        return false;
    }
    let lists_alone = |f: &Field| Field {
        constraints: Constraints { values: f.constraints.values.clone(), ..Constraints::default() },
        missing_values: None,
        ..f.clone()
    };
    let schema = TableSchema { fields: vec![lists_alone(b)], missing_values: Vec::new(), ..TableSchema::of_texts(&[]) };
    let rules = CellRules::new(&schema, 0);
    // A list field compares the values of `enum` whole, and those of categories and codes by item.
    let whole =
        |f: &Field| !matches!(f.kind, FieldType::List { .. }) || closed_lists(f).count() == usize::from(!f.constraints.values.is_empty());
    let items = |f: &Field| matches!(f.kind, FieldType::List { .. }) && f.constraints.values.is_empty();
    if !(whole(a) && whole(b) || items(a) && items(b)) {
        return false;
    }
    closed_lists(a).any(|list| list.iter().all(|text| rules.accepts(text)))
}

/// Whether each bound of `b` follows from one of `a`. Only where the order of values leaves no two of them uncompared is it enough that a
/// bound is tighter.
fn bounds_within(a: &Field, b: &Field) -> bool {
    let (ca, cb) = (&a.constraints, &b.constraints);
    let lower = [(&cb.minimum, false), (&cb.exclusive_minimum, true)];
    let upper = [(&cb.maximum, false), (&cb.exclusive_maximum, true)];
    let ordered = kind_within(&a.kind, &b.kind)
        && matches!(b.kind, FieldType::Number(_) | FieldType::Integer(_) | FieldType::Date(_) | FieldType::Year | FieldType::YearMonth);
    let read = |text: &str| value::read(&b.kind, text).ok().filter(|v| v.partial_cmp(v).is_some());
    let follows = |bound: &str, strict: bool, from: [(&Option<String>, bool); 2], wanted: Ordering| {
        from.iter().any(|(text, exclusive)| {
            let Some(text) = text.as_deref() else { return false };
            let enough = *exclusive || !strict;
            if text == bound && a.kind == b.kind {
                return enough;
            }
            let (true, Some(have), Some(want)) = (ordered, read(text), read(bound)) else { return false };
            match have.partial_cmp(&want) {
                Some(Ordering::Equal) => enough,
                Some(order) => order == wanted,
                None => false,
            }
        })
    };
    let implied_by_list = || listed_in_bounds(a, b);
    lower.iter().all(|(bound, strict)| match bound {
        None => true,
        Some(bound) => {
            follows(bound, *strict, [(&ca.minimum, false), (&ca.exclusive_minimum, true)], Ordering::Greater) || implied_by_list()
        }
    }) && upper.iter().all(|(bound, strict)| match bound {
        None => true,
        Some(bound) => follows(bound, *strict, [(&ca.maximum, false), (&ca.exclusive_maximum, true)], Ordering::Less) || implied_by_list(),
    })
}

/// Whether every value of one of `a`'s closed lists is within the bounds of `b`.
fn listed_in_bounds(a: &Field, b: &Field) -> bool {
    if a.kind != b.kind || matches!(a.kind, FieldType::List { .. }) {
        return false;
    }
    let c = &b.constraints;
    let bounds = Constraints {
        minimum: c.minimum.clone(),
        maximum: c.maximum.clone(),
        exclusive_minimum: c.exclusive_minimum.clone(),
        exclusive_maximum: c.exclusive_maximum.clone(),
        ..Constraints::default()
    };
    let bare = Field { constraints: bounds, ..Field::new(&b.name, b.kind.clone()) };
    let schema = TableSchema { fields: vec![bare], missing_values: Vec::new(), ..TableSchema::of_texts(&[]) };
    let rules = CellRules::new(&schema, 0);
    closed_lists(a).any(|list| list.iter().all(|text| rules.accepts(text)))
}

/// Patterns and lengths.
fn texts_within(a: &Field, b: &Field, budget: &mut Budget, reasons: &mut Vec<&'static str>, candidates: &mut Vec<String>) {
    let (ca, cb) = (&a.constraints, &b.constraints);
    let same_pattern = cb.pattern.is_none() || (ca.pattern == cb.pattern);
    let longer = |have: Option<u64>, want: Option<u64>| want.is_none_or(|want| have.is_some_and(|have| have >= want));
    let shorter = |have: Option<u64>, want: Option<u64>| want.is_none_or(|want| have.is_some_and(|have| have <= want));
    // Lengths count items of lists, members of objects, and characters of texts; other types have none.
    let measured = matches!(b.kind, FieldType::String(_) | FieldType::Any | FieldType::List { .. } | FieldType::Array | FieldType::Object);
    let same_length = !measured
        || (a.kind == b.kind || cb.min_length.is_none() && cb.max_length.is_none())
            && longer(ca.min_length, cb.min_length)
            && shorter(ca.max_length, cb.max_length);
    if same_pattern && same_length {
        return;
    }
    let answer =
        if same_length || by_text(&b.kind) { patterns::outside(language(a), language(b), budget) } else { patterns::Outside::Unknown };
    let why = if same_pattern { "its length is bounded in another way" } else { "its pattern is another" };
    match answer {
        patterns::Outside::None => {}
        patterns::Outside::Some(texts) => {
            candidates.extend(texts);
            reasons.push(why);
        }
        patterns::Outside::Unknown => reasons.push(why),
    }
}

/// The texts that a field's pattern and lengths allow. Lengths of other types than text count something else.
fn language(field: &Field) -> Language<'_> {
    let counted = by_text(&field.kind);
    let constraints = &field.constraints;
    Language {
        pattern: constraints.pattern.as_deref(),
        min: constraints.min_length.filter(|_| counted),
        max: constraints.max_length.filter(|_| counted),
    }
}
