//! The catalogue as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use concord_core::package::catalog::Catalog;
use concord_core::package::{Crosswalk, Manifest, Package, Resource, Rule};
use concord_core::render::pages::href;
use serde_json::{Value, json};

use crate::store::{digest, media_type};

/// `GET /v1/standards`: every version of every standard.
pub fn list(catalog: &Catalog) -> Value {
    let all: Vec<Value> = catalog.all().map(|p| summary(p)).collect();
    json!({"standards": all})
}

/// `GET /v1/standards/{id}`: the versions of one, oldest first.
pub fn versions(id: &str, packages: &[Arc<Package>]) -> Value {
    let all: Vec<Value> = packages.iter().map(|p| summary(p)).collect();
    json!({"id": id, "versions": all, "links": {"self": href(&format!("/v1/standards/{id}"))}})
}

/// `GET /v1/standards/{id}/versions/{v}`: the package without the bytes of its files.
pub fn package(package: &Package) -> Value {
    let m = &package.manifest;
    let resources: Vec<Value> = package.resources.iter().map(resource).collect();
    let codes: Vec<Value> = package.codes.values().map(|list| json!({"name": list.name, "codes": list.codes.len()})).collect();
    let rules: Vec<Value> = package.rules.iter().map(|r| rule(&m.id, r)).collect();
    let crosswalks: Vec<Value> = package.crosswalks.iter().map(crosswalk).collect();
    let files: Vec<Value> = package.files.iter().map(|(path, bytes)| file(m, path, bytes)).collect();
    json!({
        "id": m.id,
        "version": m.version,
        "reference": package.reference(),
        "digest": package.digest,
        "manifest": manifest(m),
        "resources": resources,
        "code_lists": codes,
        "rules": rules,
        "crosswalks": crosswalks,
        "files": files,
        "links": links(m),
    })
}

pub(crate) fn summary(package: &Package) -> Value {
    let m = &package.manifest;
    json!({
        "id": m.id,
        "version": m.version,
        "reference": package.reference(),
        "tier": m.tier.to_string(),
        "status": m.status.to_string(),
        "domain": m.domain,
        "title": m.title,
        "digest": package.digest,
        "links": links(m),
    })
}

fn links(m: &Manifest) -> Value {
    json!({
        "self": href(&format!("/v1/standards/{}/versions/{}", m.id, m.version)),
        "versions": href(&format!("/v1/standards/{}", m.id)),
        "page": href(&format!("/standards/{}/{}", m.id, m.version)),
        "validate": format!("/v1/validate?standard={}@{}", m.id, m.version),
    })
}

fn manifest(m: &Manifest) -> Value {
    json!({
        "title": m.title,
        "description": m.description,
        "tier": m.tier.to_string(),
        "domain": m.domain,
        "publisher": m.publisher,
        "homepage": m.homepage,
        "licence": m.licence,
        "status": m.status.to_string(),
        "supersedes": m.supersedes,
        "references": m.references,
        "media_types": m.media_types,
        "effective_from": m.effective_from,
        "effective_until": m.effective_until,
        "spec": {"source": m.spec_source, "section": m.spec_section, "unconfirmed": m.unconfirmed},
    })
}

fn resource(r: &Resource) -> Value {
    let schema = &r.schema;
    let name_of = |i: &usize| schema.fields.get(*i).map(|f| f.name.as_str());
    let fields: Vec<Value> = schema
        .fields
        .iter()
        .enumerate()
        .map(|(i, f)| {
            json!({
                "name": f.name,
                "title": f.title,
                "description": f.description,
                "example": f.example,
                "type": f.kind.name(),
                "required": schema.is_required(i),
                "unique": f.constraints.unique || schema.primary_key == [i],
                "presence": f.extras.presence.word(),
                "code_list": f.codes.as_ref().map(|c| c.name.as_str()),
                "open": f.extras.open,
                "unit": f.extras.unit,
                "aliases": f.extras.aliases,
                "reference": f.extras.reference,
            })
        })
        .collect();
    let keys: Vec<Value> = schema
        .foreign_keys
        .iter()
        .map(|k| {
            let own: Vec<&str> = k.fields.iter().filter_map(name_of).collect();
            json!({"fields": own, "resource": if k.resource.is_empty() { &r.name } else { &k.resource }, "target": k.target})
        })
        .collect();
    json!({
        "name": r.name,
        "title": r.title,
        "record": r.record,
        "presence": r.presence.word(),
        "files": r.files,
        "distinctive": r.distinctive,
        "schema": format!("{}.table.json", r.name),
        "primary_key": schema.primary_key.iter().filter_map(name_of).collect::<Vec<&str>>(),
        "foreign_keys": keys,
        "fields": fields,
    })
}

fn rule(id: &str, r: &Rule) -> Value {
    let code = format!("{id}/{}", r.id);
    json!({
        "links": {"finding": href(&format!("/v1/findings/{code}"))},
        "code": code,
        "resource": r.resource,
        "severity": r.severity.word(),
        "title": r.title,
        "why": r.why,
        "mend": r.mend,
        "reference": r.reference,
    })
}

fn crosswalk(c: &Crosswalk) -> Value {
    let lost: Vec<Value> = c.lost.iter().map(|l| json!({"table": l.table, "fields": l.fields, "why": l.why})).collect();
    // Each target table once, with the source tables that feed it.
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    c.tables.iter().for_each(|t| tables.entry(&t.to).or_default().push(&t.from));
    json!({
        "from": c.from,
        "to": c.to,
        "title": c.title,
        "reference": c.reference,
        "reviewed": c.reviewed,
        "tables": tables,
        "lost": lost,
    })
}

fn file(m: &Manifest, path: &str, bytes: &[u8]) -> Value {
    json!({
        "path": path,
        "bytes": bytes.len(),
        "digest": digest(bytes),
        "media_type": media_type(path),
        "href": href(&format!("/v1/standards/{}/versions/{}/files/{path}", m.id, m.version)),
    })
}
