//! What `concord standards check` looks at beyond loading: whether a package fits together, and bare files that describe data.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::catalog::{Catalog, check_folder};
use super::crosswalk::{Condition, Crosswalk, FieldMap, Input, Step, TableMap};
use super::descriptor;
use super::json::{self, Object};
use super::load::Loaded;
use super::notes::{Notes, arg_if, near, note};
use super::{Package, Resource, RuleKind, StandardRef};
use crate::check::xml::SchemaFiles;
use crate::finding::Finding;
use crate::jschema::documents::{Documents, Draft};
use crate::jschema::{Problem, Schema};
use crate::schema::parse::from_value;

/// Checks a loaded package: what loading found, and then whether its parts fit together. `folder` is the path of its folder as far as it
/// is known (`national/lives/2.0`); empty when it is not.
pub fn check_package(loaded: &Loaded, folder: &str, catalog: &Catalog) -> Vec<Finding> {
    let mut found = loaded.findings.clone();
    let Some(package) = &loaded.package else { return found };
    if !folder.is_empty() {
        found.extend(check_folder(package, folder));
    }
    found.extend(catalog.unresolved(package));
    found.extend(super::documents::lint(package));
    words(package, &mut found);
    nested(package, &mut found);
    unused_codes(package, &mut found);
    rules(package, &mut found);
    for crosswalk in &package.crosswalks {
        check_crosswalk(crosswalk, package, catalog, &mut found);
    }
    found
}

/// A crosswalk against its two packages: names that do not exist, fields lost silently, required fields left empty. For a crosswalk of a
/// package and for a user's own.
pub fn check_crosswalk(crosswalk: &Crosswalk, target: &Package, catalog: &Catalog, found: &mut Vec<Finding>) {
    let file = format!("crosswalk from {}", crosswalk.from);
    let own_source = crosswalk.source.as_ref().map(|s| s.package(&crosswalk.from));
    let source = own_source.as_ref().or_else(|| catalog.find(&crosswalk.from).map(|p| p.as_ref()));
    // A newer version of the package itself may be the source before it is in the catalog.
    let own = own_source.is_none() && StandardRef::parse(&crosswalk.from).is_some_and(|r| r.to_string() == target.reference());
    let source = if own { Some(target) } else { source };
    let mut pushed: Vec<Finding> = Vec::new();
    names(crosswalk, source, target, &mut pushed);
    if let Some(source) = source {
        losses(crosswalk, source, &mut pushed);
    }
    unfilled(crosswalk, target, &mut pushed);
    found.extend(pushed.into_iter().map(|f| f.arg("file", file.as_str())));
}

/// Whether the schemas of nested resources can be used.
fn nested(package: &Package, found: &mut Vec<Finding>) {
    for nested in crate::jschema::plan::of_package(package) {
        match nested.schema().and_then(|schema| schema.verify().map_err(|p| p.into_iter().next().unwrap_or(Problem::nothing()))) {
            Ok(_) => {}
            Err(problem) => found.push(problem.finding()),
        }
    }
}

fn words(package: &Package, found: &mut Vec<Finding>) {
    for resource in package.resources.iter().filter(|r| r.tabular) {
        for (i, field) in resource.schema.fields.iter().enumerate() {
            for (member, text) in [("title", &field.title), ("description", &field.description)] {
                if text.trim().is_empty() {
                    let at = format!("/fields/{i}");
                    found.push(
                        note("C917", "", &at).value(&field.name).arg("member", member).arg("file", format!("{}.table.json", resource.name)),
                    );
                }
            }
        }
    }
}

/// Every step of a crosswalk, also those inside `when`.
fn each_step<'a>(steps: &'a [Step], visit: &mut dyn FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        if let Step::When { then, otherwise, .. } = step {
            each_step(then, visit);
            each_step(otherwise, visit);
        }
    }
}

fn unused_codes(package: &Package, found: &mut Vec<Finding>) {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for resource in &package.resources {
        used.extend(resource.schema.fields.iter().filter_map(|f| f.extras.codes.as_deref()));
    }
    for name in package.codes.keys().filter(|n| !used.contains(n.as_str())) {
        found.push(note("C916", "unused", "").value(name).arg("file", format!("codes/{name}.csv")));
    }
}

fn missing_field(found: &mut Vec<Finding>, resource: &Resource, name: &str, at: &str) {
    if resource.schema.index(name).is_none() {
        let finding = note("C907", "", at).value(name).arg("resource", resource.name.as_str());
        found.push(arg_if(finding, "near", near(name, resource.schema.fields.iter().map(|f| f.name.as_str()))));
    }
}

/// The resource of that name, or a finding.
fn named<'a>(package: &'a Package, name: &str, at: &str, found: &mut Vec<Finding>) -> Option<&'a Resource> {
    let resource = package.resource(name);
    if resource.is_none() && !name.is_empty() {
        let finding = note("C907", "resource", at).value(name);
        found.push(arg_if(finding, "near", near(name, package.resources.iter().map(|r| r.name.as_str()))));
    }
    resource
}

fn rules(package: &Package, found: &mut Vec<Finding>) {
    let expected: Vec<String> = package
        .files
        .iter()
        .filter(|(path, _)| path.starts_with("examples/invalid/") && path.ends_with(".expected"))
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    for rule in &package.rules {
        let mut wrong = Vec::new();
        if let RuleKind::Within { at, demand } = &rule.kind {
            super::document_rules::lint(package, rule, at, demand, &mut wrong);
        } else if let Some(resource) = named(package, &rule.resource, "resource", &mut wrong) {
            for name in rule.kind.fields() {
                missing_field(&mut wrong, resource, name, "");
            }
        }
        if let RuleKind::Exists { resource, or, target, .. } = &rule.kind {
            for (at, name) in std::iter::once(("in", resource)).chain(or.iter().map(|name| ("or_in", name))) {
                let Some(other) = named(package, name, at, &mut wrong) else { continue };
                for name in target {
                    missing_field(&mut wrong, other, name, "in_fields");
                }
            }
        }
        if let RuleKind::Present { or, .. } = &rule.kind {
            for name in or {
                named(package, name, "or", &mut wrong);
            }
        }
        let code = format!("{}/{}", package.manifest.id, rule.id);
        found.extend(wrong.into_iter().map(|f| {
            let at = f.get("at").map_or(format!("rule {}", rule.id), |at| format!("rule {}, {at}", rule.id));
            let mut f = f;
            f.args.retain(|(name, _)| *name != "at");
            f.arg("at", at).arg("file", "rules.toml")
        }));
        if !expected.iter().any(|text| names_code(text, &code)) {
            found.push(note("C918", "", "").value(&code).arg("file", "rules.toml"));
        }
    }
}

/// Whether a text in the `short` format names this code, and not one that only starts like it.
fn names_code(text: &str, code: &str) -> bool {
    text.match_indices(code).any(|(at, _)| {
        let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '/';
        !text[..at].ends_with(part_of_word) && !text[at + code.len()..].starts_with(part_of_word)
    })
}

/// The source fields one table map reads, with where it does.
fn read_fields(table: &TableMap) -> Vec<(String, &str)> {
    let mut read: Vec<(String, &str)> = Vec::new();
    if let Some(explode) = &table.explode {
        read.push(("explode".to_owned(), &explode.field));
    }
    read.extend(table.sums.iter().map(|(from, _)| ("sums".to_owned(), from.as_str())));
    for (i, skip) in table.skip.iter().enumerate() {
        read.push((format!("skip[{}]", i + 1), &skip.when.field));
    }
    for (i, field) in table.fields.iter().enumerate() {
        let at = format!("field[{}] ({})", i + 1, field.to);
        match &field.from {
            Input::Field(name) => read.push((at.clone(), name)),
            Input::Fields(names) => read.extend(names.iter().map(|n| (at.clone(), n.as_str()))),
            Input::Nothing | Input::Piece | Input::Given(_) => {}
        }
        each_step(&field.steps, &mut |step| {
            if let Step::When { when: Condition { field, .. }, .. } = step {
                read.push((at.clone(), field));
            }
        });
    }
    read
}

fn names(crosswalk: &Crosswalk, source: Option<&Package>, target: &Package, found: &mut Vec<Finding>) {
    for (i, table) in crosswalk.tables.iter().enumerate() {
        let at = |part: &str| if part.is_empty() { format!("table[{}]", i + 1) } else { format!("table[{}].{part}", i + 1) };
        if let Some(source) = source
            && table.from != "@once"
            && let Some(resource) = named(source, &table.from, &at("from"), found)
        {
            for (part, name) in read_fields(table) {
                missing_field(found, resource, name, &at(&part));
            }
        }
        let Some(resource) = named(target, &table.to, &at("to"), found) else { continue };
        for (j, field) in table.fields.iter().enumerate() {
            missing_field(found, resource, &field.to, &at(&format!("field[{}]", j + 1)));
            check_codes(field, target, &at(&format!("field[{}] ({})", j + 1, field.to)), found);
        }
        let written = |name: &str| table.fields.iter().any(|f| f.to == name);
        let distinct = table.distinct.iter().filter(|n| *n != "*").map(|n| ("distinct", n));
        for (part, name) in distinct.chain(table.sums.iter().map(|(_, to)| ("sums", to))) {
            // A field that exists but is not written is always empty, so the balance or the comparison would be of nothing.
            if resource.schema.index(name).is_none() || !written(name) {
                let finding = note("C907", "", &at(part)).value(name).arg("resource", resource.name.as_str());
                found.push(arg_if(finding, "near", near(name, table.fields.iter().map(|f| f.to.as_str()).filter(|f| f != name))));
            }
        }
    }
    let Some(source) = source else { return };
    for (i, lost) in crosswalk.lost.iter().enumerate() {
        let at = format!("lost[{}]", i + 1);
        if let Some(resource) = named(source, &lost.table, &at, found) {
            for name in lost.fields.iter().filter(|n| *n != "*") {
                missing_field(found, resource, name, &at);
            }
        }
    }
}

fn check_codes(field: &FieldMap, target: &Package, at: &str, found: &mut Vec<Finding>) {
    each_step(&field.steps, &mut |step| {
        if let Step::Codes { list, .. } = step
            && !target.codes.contains_key(list)
        {
            let finding = note("C907", "codes", at).value(list);
            found.push(arg_if(finding, "near", near(list, target.codes.keys().map(String::as_str))));
        }
    });
}

fn losses(crosswalk: &Crosswalk, source: &Package, found: &mut Vec<Finding>) {
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for table in &crosswalk.tables {
        told.entry(&table.from).or_default().extend(read_fields(table).into_iter().map(|(_, name)| name));
    }
    for lost in &crosswalk.lost {
        told.entry(&lost.table).or_default().extend(lost.fields.iter().map(String::as_str));
    }
    let none = BTreeSet::new();
    for resource in &source.resources {
        let told = told.get(resource.name.as_str()).unwrap_or(&none);
        if told.contains("*") {
            continue;
        }
        let silent: Vec<&str> = resource.schema.fields.iter().map(|f| f.name.as_str()).filter(|n| !told.contains(n)).collect();
        if !silent.is_empty() {
            found.push(note("C919", "", "").arg("resource", resource.name.as_str()).arg("fields", silent.join(", ")));
        }
    }
}

fn unfilled(crosswalk: &Crosswalk, target: &Package, found: &mut Vec<Finding>) {
    for (i, table) in crosswalk.tables.iter().enumerate() {
        let Some(resource) = target.resource(&table.to) else { continue };
        for (index, field) in resource.schema.fields.iter().enumerate() {
            // Each row of the target comes from one table alone, so every table must fill it.
            if resource.schema.is_required(index) && !table.fields.iter().any(|f| f.to == field.name) {
                found.push(note("C920", "", &format!("table[{}]", i + 1)).value(&field.name).arg("resource", resource.name.as_str()));
            }
        }
    }
    for resource in target.resources.iter().filter(|r| r.presence == crate::schema::Presence::Required) {
        if !crosswalk.tables.iter().any(|t| t.to == resource.name) {
            found.push(note("C920", "table", "").value(&resource.name));
        }
    }
}

/// Checks a bare file that describes data, by what it holds: a Data Package, a Data Resource, a Table Schema, a Table Dialect, a JSON
/// Schema, an XML Schema; other XML only for its outer form. `name` helps where the content leaves it open.
pub fn check_file(name: &str, bytes: &[u8]) -> Vec<Finding> {
    let mut notes = Notes::new("");
    let lower = name.to_ascii_lowercase();
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).iter().find(|b| !b.is_ascii_whitespace());
    if start == Some(&b'<') || lower.ends_with(".xsd") || lower.ends_with(".xml") {
        match super::xml::check(bytes) {
            Ok(()) if crate::check::xml::is_schema(bytes) => return check_schema(name, bytes),
            Ok(()) => notes.push(note("C925", "xsd", "")),
            Err((problem, line)) => notes.push(note("C901", "xml", "").arg("problem", problem).arg("line", line.to_string())),
        }
        return notes.finish();
    }
    if let Some(value) = json::read(bytes, &mut notes) {
        check_value(&lower, &value, &mut notes);
    }
    notes.finish()
}

/// Checks an XML schema that stands by itself.
fn check_schema(name: &str, bytes: &[u8]) -> Vec<Finding> {
    let files = [(name.to_owned(), bytes.into())].into_iter().collect();
    check_schema_files(&SchemaFiles { roots: vec![name.to_owned()], files, digest: String::new() })
}

/// Checks XML schemas with all that they import.
pub fn check_schema_files(schema: &SchemaFiles) -> Vec<Finding> {
    let compiled = schema.compile();
    let mut found = compiled.findings;
    if let Some(compiled) = compiled.schema {
        let mut names: Vec<&str> = compiled.roots().map(|(_, local)| local).collect();
        names.sort_unstable();
        let finding = note("C964", "", "").arg("file", schema.roots.join(", ")).arg("count", names.len().to_string());
        names.truncate(12);
        found.push(finding.arg("what", names.join(", ")));
    }
    found
}

/// A bare JSON Schema: whether it can be used as it stands, without documents that it may refer to.
fn json_schema(name: &str, value: &Value, notes: &mut Notes) {
    let mut documents = Documents::new();
    documents.add(name, value.clone(), Draft::D2020);
    let Some(schema) = Schema::new(documents, 0, "", true) else { return };
    match schema.verify() {
        Ok(_) => {}
        // What it refers to was not handed over.
        Err(problems) => problems.iter().for_each(|p| match p {
            Problem::Missing { reference, .. } => notes.push(note("C925", "", "").arg("reference", reference.as_str())),
            problem => notes.push(problem.finding()),
        }),
    }
}

fn check_value(name: &str, value: &Value, notes: &mut Notes) {
    let Some(map) = value.as_object() else {
        notes.push(note("C902", "", ""));
        return;
    };
    let object = Object { at: "", map };
    let has = |members: &[&str]| members.iter().any(|m| object.has(m));
    let profile = object.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let by_name = file.ends_with(".table.json") || file.contains("tableschema");
    let marked =
        profile.contains("/datapackage") || object.get("profile").and_then(Value::as_str).is_some_and(|p| p.ends_with("data-package"));
    if has(&["resources"]) || ((file == "datapackage.json" || marked) && !has(&["fields"])) {
        descriptor::package(value, notes);
    } else if has(&["fields"]) || by_name {
        from_value(value, "", None, notes);
    } else if profile.contains("json-schema.org") || has(&["properties", "$defs", "definitions", "allOf", "anyOf", "oneOf", "$ref"]) {
        json_schema(name, value, notes);
    } else if has(&["primaryKey", "foreignKeys", "uniqueKeys", "missingValues", "fieldsMatch"]) {
        from_value(value, "", None, notes);
    } else if has(&["path", "data", "schema"]) {
        descriptor::resource(value, "", None, notes);
    } else if has(descriptor::DIALECT_MEMBERS) && !profile.contains("tableschema") {
        descriptor::dialect_of(value, "", notes);
    } else if map.is_empty() || file.contains("schema") || profile.contains("tableschema") {
        from_value(value, "", None, notes);
    } else {
        notes.push(note("C902", "", ""));
    }
}
