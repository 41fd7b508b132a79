//! Two versions of a whole standard: every table in both directions, rules, and a list of what changed.

use std::sync::Arc;

use crate::check::plan::{StandardPlan, TablePlan};
use crate::check::xml::XmlPlan;
use crate::finding::Severity;
use crate::package::{CodeList, Package, Resource, Rule};
use crate::schema::{Field, Presence};

use super::documents;
use super::tables::Pair;
use super::version::{Size, propose};
use super::xml;
use super::{Answer, Break, Budget, Doubt, Inclusion};

/// What two versions of a standard mean to those who use the older one.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The older version, `id@version`.
    pub old: String,
    /// The newer one.
    pub new: String,
    /// What changed, in the order of the older version.
    pub changes: Vec<Change>,
    /// Whether files made for the old version are accepted by the new one: for those who publish data.
    pub publishers: Inclusion,
    /// Whether files made for the new version are accepted by the old one: for those who read data.
    pub readers: Inclusion,
    /// How much it changes.
    pub size: Size,
    /// The smallest version number that says so; `None` when the old one does not count in numbers.
    pub proposed: Option<String>,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The table; empty for the standard as a whole.
    pub resource: String,
    /// The field; empty for the table as a whole.
    pub field: String,
    /// What differs: `added`, `removed`, or the name of the property (`type`, `required`, `title` …).
    pub what: &'static str,
    /// As it was; empty when it was not there.
    pub before: String,
    /// As it is.
    pub after: String,
}

/// Compares two versions. The budget is for each direction.
pub fn compare(old: &Package, new: &Package, budget: &Budget) -> Comparison {
    let publishers = inclusion(old, new, &mut budget.clone());
    let readers = inclusion(new, old, &mut budget.clone());
    let size = Size::of(publishers.answer(), readers.answer());
    Comparison {
        old: old.reference(),
        new: new.reference(),
        changes: changes(old, new),
        publishers,
        readers,
        size,
        proposed: propose(&old.manifest.version, size),
    }
}

impl Comparison {
    /// The answer for those who publish, for those who read.
    pub fn answers(&self) -> (Answer, Answer) {
        (self.publishers.answer(), self.readers.answer())
    }
}

/// Rows tried against each rule of a standard.
const ROWS: usize = 60;

fn inclusion(one: &Package, other: &Package, budget: &mut Budget) -> Inclusion {
    let plans = (Arc::new(StandardPlan::of_package(one)), Arc::new(StandardPlan::of_package(other)));
    let mut out = Inclusion::default();
    let doubt = |resource: &str, why: String| Doubt { resource: resource.into(), field: None, why };
    for (resource, a) in one.resources.iter().zip(&plans.0.tables) {
        let Some((its, b)) = other.resources.iter().zip(&plans.1.tables).find(|(r, _)| r.name == resource.name) else {
            out.doubts.push(doubt(&resource.name, "the table is not there".to_owned()));
            continue;
        };
        // A reference into another table needs that table; else a made-up table must not be taken for another.
        let refers = b.schema.foreign_keys.iter().any(|k| !k.resource.is_empty());
        let own = if refers { plans.clone() } else { (alone(&plans.0, a), alone(&plans.1, b)) };
        let pair = Pair::new(&own.0, a, &own.1, b);
        if resource.tabular && a.schema != b.schema {
            out.extend(pair.inclusion(budget));
        }
        rules(&pair, resource, one, other, budget, &mut out);
        if its.presence == Presence::Required && resource.presence != Presence::Required {
            out.doubts.push(doubt(&its.name, "a dataset must now have this table".to_owned()));
        }
    }
    for resource in other.resources.iter().filter(|r| r.presence == Presence::Required && one.resource(&r.name).is_none()) {
        out.doubts.push(doubt(&resource.name, "a dataset must have this table".to_owned()));
    }
    if other.manifest.utf8_only && !one.manifest.utf8_only {
        out.doubts.push(doubt("", "text must be stored as UTF-8".to_owned()));
    }
    if other.manifest.delimiter.is_some() && other.manifest.delimiter != one.manifest.delimiter {
        out.doubts.push(doubt("", "only one separator is taken between cells".to_owned()));
    }
    nested(one, other, &plans, budget, &mut out);
    documents_of_xml(one, other, budget, &mut out);
    for (path, bytes) in other.files.iter() {
        let root = one.resources.iter().any(|r| r.nested.is_some() && path.strip_suffix(".schema.json") == Some(&r.name));
        let why = match path.rsplit_once('.') {
            Some((_, "xsd")) if other.documents.is_empty() => "it is an XML schema of no document",
            Some((start, "json")) if start.ends_with(".schema") && !root => "it is a schema that others refer to",
            _ => continue,
        };
        if one.files.get(path) != Some(bytes) {
            out.doubts.push(doubt(path, why.to_owned()));
        }
    }
    out
}

/// The resources that are documents of XML.
fn documents_of_xml(one: &Package, other: &Package, budget: &mut Budget, out: &mut Inclusion) {
    let doubt = |name: &str, why: &str| Doubt { resource: name.into(), field: None, why: why.to_owned() };
    let examples: Vec<&[u8]> =
        one.files.iter().filter(|(path, _)| path.starts_with("examples/valid/")).map(|(_, b)| b.as_slice()).collect();
    for document in &one.documents {
        let Some(its) = other.documents.iter().find(|d| d.name == document.name) else {
            out.doubts.push(doubt(&document.name, "the document is not there"));
            continue;
        };
        if document.roots.iter().any(|root| !its.roots.contains(root)) {
            out.doubts.push(doubt(&document.name, "it is no longer recognised by the same outermost elements"));
        }
        // A rule that both have in the same words demands the same; of any other nothing is known.
        let demands = |package: &Package, name: &str| -> Vec<_> {
            let of = package.rules.iter().filter(|r| r.resource == name && r.severity == Severity::Error);
            of.filter(|r| matches!(r.kind, crate::package::RuleKind::Within { .. })).map(|r| r.kind.clone()).collect()
        };
        let known = demands(one, &document.name);
        let other_rules = demands(other, &its.name).iter().any(|demand| !known.contains(demand));
        let rules =
            (other_rules || document.prefixes != its.prefixes && !known.is_empty()).then_some("a rule beside its schema is new or another");
        if document.import.is_empty() && its.import.is_empty() {
            let plans = (XmlPlan::of_package(one, document), XmlPlan::of_package(other, its));
            out.extend(xml::within(&document.name, (&plans.0, &plans.1), rules, &document.roots, &examples, budget));
        } else if document.import != its.import {
            out.doubts.push(doubt(&document.name, "its official schema is another, and is not compared"));
        } else if let Some(why) = rules {
            out.doubts.push(doubt(&document.name, why));
        }
    }
}

/// The resources that are nested documents.
fn nested(one: &Package, other: &Package, plans: &(Arc<StandardPlan>, Arc<StandardPlan>), budget: &mut Budget, out: &mut Inclusion) {
    for a in &plans.0.nested {
        let name = &a.table.name;
        let file = format!("{name}.schema.json");
        let b = plans.1.nested.iter().find(|b| b.table.name == *name);
        match (b, one.files.get(&file), other.files.get(&file)) {
            (Some(b), Some(before), Some(after)) => {
                out.extend(documents::within(name, (&plans.0, a, before), (&plans.1, b, after), budget));
            }
            // That a resource is gone is told with the tables.
            _ if other.resource(name).is_none() => {}
            _ => {
                out.doubts.push(Doubt { resource: name.as_str().into(), field: None, why: "it is no longer a nested document".to_owned() })
            }
        }
    }
}

/// One table of a standard as a standard of its own.
fn alone(plan: &StandardPlan, table: &Arc<TablePlan>) -> Arc<StandardPlan> {
    Arc::new(StandardPlan {
        id: plan.id.clone(),
        version: plan.version.clone(),
        digest: plan.digest.clone(),
        tables: vec![table.clone()],
        nested: Vec::new(),
        documents: Vec::new(),
        known: plan.known,
        utf8_only: plan.utf8_only,
        delimiter: plan.delimiter,
        flat: plan.flat,
        brought: plan.brought,
    })
}

/// Rules between fields and records that only the other version has.
fn rules(pair: &Pair<'_>, resource: &Resource, one: &Package, other: &Package, budget: &mut Budget, out: &mut Inclusion) {
    let of = |package: &Package| -> Vec<Rule> {
        package.rules.iter().filter(|r| r.resource == resource.name && r.severity == Severity::Error).cloned().collect()
    };
    let have = of(one);
    for rule in of(other).into_iter().filter(|rule| !have.iter().any(|r| r.kind == rule.kind)) {
        let code = format!("{}/{}", other.manifest.id, rule.id);
        let found = (0..ROWS).filter_map(|n| pair.row(n)).find_map(|row| {
            let witness = pair.witness(vec![row]);
            if !Budget::spend(&mut budget.tables) || !pair.accepts(&witness) {
                return None;
            }
            let finding = pair.refuses(&witness).into_iter().find(|f| f.code.text() == code)?;
            Some((finding, witness))
        });
        match found {
            Some((finding, witness)) => {
                let field = finding.place.field.clone();
                out.breaks.push(Break { resource: resource.name.as_str().into(), field, finding, witness });
            }
            None => out.doubts.push(Doubt {
                resource: resource.name.as_str().into(),
                field: None,
                why: format!("rule {code} is new or another"),
            }),
        }
    }
}

fn changes(old: &Package, new: &Package) -> Vec<Change> {
    let mut out = Vec::new();
    let mut note = |resource: &str, field: &str, what, before: &str, after: &str| {
        if before != after || matches!(what, "added" | "removed") {
            let own = |text: &str| text.to_owned();
            out.push(Change { resource: own(resource), field: own(field), what, before: own(before), after: own(after) });
        }
    };
    let status = |p: &Package| format!("{:?}", p.manifest.status).to_lowercase();
    note("", "", "title", &old.manifest.title, &new.manifest.title);
    note("", "", "status", &status(old), &status(new));
    for resource in &old.resources {
        let Some(its) = new.resource(&resource.name) else {
            note(&resource.name, "", "removed", &resource.title, "");
            continue;
        };
        note(&resource.name, "", "title", &resource.title, &its.title);
        note(&resource.name, "", "presence", presence(resource.presence), presence(its.presence));
        let (a, b) = (&resource.schema, &its.schema);
        let match_of = |s: &crate::schema::TableSchema| format!("{:?}", s.fields_match).to_lowercase();
        note(&resource.name, "", "fieldsMatch", &match_of(a), &match_of(b));
        let names =
            |s: &crate::schema::TableSchema, key: &[usize]| key.iter().map(|f| s.fields[*f].name.as_str()).collect::<Vec<_>>().join(", ");
        note(&resource.name, "", "primaryKey", &names(a, &a.primary_key), &names(b, &b.primary_key));
        let keys = |s: &crate::schema::TableSchema| s.unique_keys.iter().map(|k| names(s, k)).collect::<Vec<_>>().join("; ");
        note(&resource.name, "", "uniqueKeys", &keys(a), &keys(b));
        let references = |s: &crate::schema::TableSchema| {
            let one = |k: &crate::schema::ForeignKey| format!("{} to {}({})", names(s, &k.fields), k.resource, k.target.join(", "));
            s.foreign_keys.iter().map(one).collect::<Vec<_>>().join("; ")
        };
        note(&resource.name, "", "foreignKeys", &references(a), &references(b));
        for (f, field) in a.fields.iter().enumerate() {
            match b.index(&field.name) {
                None => note(&resource.name, &field.name, "removed", field.kind.name(), ""),
                Some(t) => {
                    let required = |s: &crate::schema::TableSchema, f: usize| if s.is_required(f) { "yes" } else { "no" };
                    note(&resource.name, &field.name, "required", required(a, f), required(b, t));
                    note(&resource.name, &field.name, "missingValues", &quoted(a.missing_for(f)), &quoted(b.missing_for(t)));
                    field_changes(&resource.name, field, &b.fields[t], &mut note);
                }
            }
        }
        for field in b.fields.iter().filter(|f| a.index(&f.name).is_none()) {
            note(&resource.name, &field.name, "added", "", field.kind.name());
        }
    }
    for resource in new.resources.iter().filter(|r| old.resource(&r.name).is_none()) {
        note(&resource.name, "", "added", "", &resource.title);
    }
    for document in &old.documents {
        match new.documents.iter().find(|d| d.name == document.name) {
            None => note(&document.name, "", "removed", &document.title, ""),
            Some(its) => note(&document.name, "", "XML schema", &document.schema.digest, &its.schema.digest),
        }
    }
    for document in new.documents.iter().filter(|d| !old.documents.iter().any(|o| o.name == d.name)) {
        note(&document.name, "", "added", "", &document.title);
    }
    let rule = |r: &Rule| format!("{} ({})", r.title, r.severity.word());
    for r in &old.rules {
        match new.rules.iter().find(|n| n.id == r.id) {
            None => note(&r.resource, "", "rule removed", &rule(r), ""),
            Some(n) if n.kind != r.kind => note(&r.resource, "", "rule changed", &format!("{:?}", r.kind), &format!("{:?}", n.kind)),
            Some(n) => note(&r.resource, "", "rule", &rule(r), &rule(n)),
        }
    }
    for r in new.rules.iter().filter(|r| !old.rules.iter().any(|o| o.id == r.id)) {
        note(&r.resource, "", "rule added", "", &rule(r));
    }
    for (name, list) in &old.codes {
        let empty = CodeList::default();
        let its = new.codes.get(name).map_or(&empty, |l| l);
        for code in &list.codes {
            match its.codes.iter().find(|c| c.code == code.code) {
                None => note("", name, "code removed", &code.code, ""),
                Some(c) if c.deprecated != code.deprecated => {
                    let state = |deprecated| if deprecated { "retired" } else { "in use" };
                    note(
                        "",
                        name,
                        "code",
                        &format!("{} {}", code.code, state(code.deprecated)),
                        &format!("{} {}", c.code, state(c.deprecated)),
                    );
                }
                Some(_) => {}
            }
        }
    }
    for (name, list) in &new.codes {
        let had = old.codes.get(name);
        for code in list.codes.iter().filter(|c| had.is_none_or(|l| !l.codes.iter().any(|o| o.code == c.code))) {
            note("", name, "code added", "", &code.code);
        }
    }
    out
}

fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Required => "required",
        Presence::Recommended => "recommended",
        Presence::Optional => "optional",
    }
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(", ")
}

fn field_changes(resource: &str, a: &Field, b: &Field, note: &mut impl FnMut(&str, &str, &'static str, &str, &str)) {
    let name = &a.name;
    let mut text = |what, before: &str, after: &str| note(resource, name, what, before, after);
    let kind = |f: &Field| format!("{:?}", f.kind);
    if a.kind.name() == b.kind.name() {
        text("format", &kind(a), &kind(b));
    } else {
        text("type", a.kind.name(), b.kind.name());
    }
    text("title", &a.title, &b.title);
    text("description", &a.description, &b.description);
    text("presence", presence(a.extras.presence), presence(b.extras.presence));
    text("codes", a.extras.codes.as_deref().unwrap_or(""), b.extras.codes.as_deref().unwrap_or(""));
    text("aliases", &a.extras.aliases.join(", "), &b.extras.aliases.join(", "));
    let (ca, cb) = (&a.constraints, &b.constraints);
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    text("unique", if ca.unique { "yes" } else { "no" }, if cb.unique { "yes" } else { "no" });
    text("minimum", &own(&ca.minimum), &own(&cb.minimum));
    text("maximum", &own(&ca.maximum), &own(&cb.maximum));
    text("exclusiveMinimum", &own(&ca.exclusive_minimum), &own(&cb.exclusive_minimum));
    text("exclusiveMaximum", &own(&ca.exclusive_maximum), &own(&cb.exclusive_maximum));
    text("minLength", &number(ca.min_length), &number(cb.min_length));
    text("maxLength", &number(ca.max_length), &number(cb.max_length));
    text("pattern", &own(&ca.pattern), &own(&cb.pattern));
    text("enum", &quoted(&ca.values), &quoted(&cb.values));
    let categories = |f: &Field| quoted(&f.categories.iter().map(|c| c.value.clone()).collect::<Vec<_>>());
    text("categories", &categories(a), &categories(b));
    let json = |c: &crate::schema::Constraints| c.json_schema.as_ref().map(ToString::to_string).unwrap_or_default();
    text("jsonSchema", &json(ca), &json(cb));
}
