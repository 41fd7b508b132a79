//! The description of the registry's own routes: OpenAPI 3.1, made from the constants that the handlers use.

use serde_json::{Map, Value, json};

use crate::limits::{DEFAULT_FINDINGS, Limits, MAX_NAME};
use crate::problem::{
    BODY_TOO_LARGE, BREAKING, BUSY, Kind, NOT_ACCEPTABLE, NOT_CONVERTED, NOT_FOUND, TOO_MANY, UNKNOWN_CALLER, UNKNOWN_FILE,
    UNKNOWN_FINDING, UNKNOWN_REFERENCE, UNKNOWN_STANDARD, UNSUPPORTED_BODY, UNUSABLE_PACKAGE, VERSION_TAKEN, WRONG_BODY, WRONG_PARAMETER,
};
use crate::search;

/// A route.
struct Route {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    /// Parameters of the query.
    query: Vec<Value>,
    body: Option<Value>,
    /// Status, and what is answered by media type.
    answers: Vec<(u16, Value)>,
    problems: Vec<&'static Kind>,
    /// Whether it has to be shown who asks, whatever the registry's settings.
    token: bool,
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn of_json(name: &str) -> Value {
    json!({"application/json": {"schema": schema(name)}})
}

fn query(name: &str, required: bool, about: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "required": required, "description": about, "schema": schema})
}

/// A whole file of any kind, as it is.
fn any_file() -> Value {
    json!({"content": {"application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}})
}

fn read(path: &'static str, id: &'static str, summary: &'static str, answer: Value, problems: Vec<&'static Kind>) -> Route {
    let answers = vec![(200, answer)];
    Route { method: "get", path, id, summary, query: Vec::new(), body: None, answers, problems, token: false }
}

fn routes() -> Vec<Route> {
    let limits = Limits::default();
    let reference = json!({"type": "string", "minLength": 1, "maxLength": 200, "examples": ["blds@1.2", "blds"]});
    let name = json!({"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": "^[^/\\\\\\u0000-\\u001f\\u007f-\\u009f]+$"});
    let formats: Vec<&str> = concord_core::render::Format::ALL.iter().map(|f| f.name()).collect();
    let written: Vec<&str> = concord_core::encode::Format::ALL.iter().filter(|f| f.is_text()).map(|f| f.extension()).collect();
    let text = json!({"text/plain": {"schema": {"type": "string"}}});
    let reports: Map<String, Value> = concord_core::render::Format::ALL
        .iter()
        .map(|f| (f.media_type().split(';').next().unwrap_or_default().to_owned(), json!({"schema": {}})))
        .collect();
    let word = |known: &[&str]| json!({"type": "string", "enum": known});
    let state = |path, id, summary| Route {
        method: "post",
        body: Some(json!({"required": true, "content": of_json("Reason")})),
        token: true,
        ..read(path, id, summary, of_json("Life"), vec![UNKNOWN_STANDARD, WRONG_BODY, UNSUPPORTED_BODY, BODY_TOO_LARGE])
    };
    vec![
        Route {
            query: vec![
                query(
                    "q",
                    false,
                    "Words that all stand in a standard's titles, fields or codes.",
                    json!({"type": "string", "maxLength": search::LONGEST}),
                ),
                query("tier", false, "Who accepts it.", word(search::TIERS)),
                query("domain", false, "Its subject.", json!({"type": "string"})),
                query("status", false, "Where it stands in its life.", word(search::STATES)),
                query(
                    "limit",
                    false,
                    "Most entries of the answer.",
                    json!({"type": "integer", "minimum": 1, "maximum": search::PAGE.1, "default": search::PAGE.0}),
                ),
                query("after", false, "Where the last page ended; use the address in next.", reference.clone()),
            ],
            ..read(
                "/v1/standards",
                "listStandards",
                "All standards, or those that fit",
                of_json("List"),
                vec![WRONG_PARAMETER, UNKNOWN_STANDARD],
            )
        },
        read("/v1/standards/{id}", "listVersions", "The versions of one standard", of_json("Versions"), vec![UNKNOWN_STANDARD, NOT_FOUND]),
        read(
            "/v1/standards/{id}/versions/{version}",
            "getVersion",
            "One version: what it describes, and its files",
            of_json("Package"),
            vec![UNKNOWN_STANDARD, NOT_FOUND],
        ),
        read(
            "/v1/standards/{id}/versions/{version}/files/{path}",
            "getFile",
            "A file of a version, which never changes",
            json!({"*/*": {"schema": {}}}),
            vec![UNKNOWN_STANDARD, UNKNOWN_FILE, NOT_FOUND],
        ),
        read(
            "/v1/standards/{id}/versions/{version}/bundle",
            "getBundle",
            "All files of a version as a zip",
            json!({"application/zip": {"schema": {}}}),
            vec![UNKNOWN_STANDARD, NOT_FOUND],
        ),
        read(
            "/v1/standards/{id}/versions/{version}/compare/{other}",
            "compareVersions",
            "Who can go on as before, and who cannot, with records that show it",
            of_json("Comparison"),
            vec![UNKNOWN_STANDARD, NOT_FOUND],
        ),
        read(
            "/v1/standards/{id}/versions/{version}/references",
            "listReferences",
            "The versions that a version names, and where they stand",
            of_json("References"),
            vec![UNKNOWN_STANDARD, NOT_FOUND],
        ),
        read(
            "/v1/standards/{id}/versions/{version}/referencedby",
            "listReferrers",
            "The versions that name a version",
            of_json("Referrers"),
            vec![UNKNOWN_STANDARD, NOT_FOUND],
        ),
        Route {
            method: "post",
            body: Some(json!({"required": true, "content": of_json("Publication")})),
            answers: vec![(201, of_json("Published")), (200, of_json("Published"))],
            token: true,
            ..read(
                "/v1/standards/{id}/versions",
                "publish",
                "Publish a version",
                Value::Null,
                vec![
                    UNKNOWN_STANDARD,
                    WRONG_BODY,
                    UNUSABLE_PACKAGE,
                    UNKNOWN_REFERENCE,
                    VERSION_TAKEN,
                    BREAKING,
                    UNSUPPORTED_BODY,
                    BODY_TOO_LARGE,
                ],
            )
        },
        state("/v1/standards/{id}/versions/{version}/deprecate", "deprecate", "Say that a version has a successor"),
        state("/v1/standards/{id}/versions/{version}/withdraw", "withdraw", "Say that a version should not be used; it stays readable"),
        Route {
            method: "post",
            query: vec![
                query("standard", false, "What to check against, id or id@version; recognised when it is left out.", reference.clone()),
                query("name", false, "The file's name in the report.", name.clone()),
                query(
                    "max_findings",
                    false,
                    "Most findings that are listed; counts are always whole.",
                    json!({"type": "integer", "minimum": 0, "maximum": limits.findings, "default": DEFAULT_FINDINGS}),
                ),
                query("format", false, "The report's form; chosen by Accept when it is left out.", word(&formats)),
            ],
            body: Some(any_file()),
            ..read(
                "/v1/validate",
                "validate",
                "Check a file",
                Value::Object(reports),
                vec![UNKNOWN_STANDARD, WRONG_PARAMETER, NOT_ACCEPTABLE, UNSUPPORTED_BODY, BODY_TOO_LARGE, TOO_MANY, BUSY],
            )
        },
        Route {
            method: "post",
            query: vec![
                query("to", true, "The standard to convert to.", reference.clone()),
                query("from", false, "The layout that the file is in; recognised when it is left out.", reference),
                query("name", false, "The file's name in the report.", name),
                query("format", false, "The form of the data.", word(&written)),
            ],
            body: Some(any_file()),
            ..read(
                "/v1/convert",
                "convert",
                "Convert a file: a zip of the data, the rows that could not be converted, and the report",
                json!({"application/zip": {"schema": {}}}),
                vec![UNKNOWN_STANDARD, WRONG_PARAMETER, NOT_CONVERTED, UNSUPPORTED_BODY, BODY_TOO_LARGE, TOO_MANY, BUSY],
            )
        },
        read(
            "/v1/standards/{id}/versions/{version}/proof",
            "prove",
            "That a version is in the signed log",
            of_json("Proof"),
            vec![UNKNOWN_STANDARD, NOT_FOUND],
        ),
        read("/v1/log", "getCheckpoint", "The signed root of the log of all published versions", of_json("Checkpoint"), vec![]),
        Route {
            query: vec![query("from", true, "An earlier size of the log.", json!({"type": "integer", "minimum": 0, "examples": [1]}))],
            ..read(
                "/v1/log/consistency",
                "proveConsistency",
                "That the log only grew since it had a size",
                of_json("Consistency"),
                vec![WRONG_PARAMETER, NOT_FOUND],
            )
        },
        read(
            "/v1/log/consistency/{from}",
            "proveConsistencySince",
            "The same at an address of its own",
            of_json("Consistency"),
            vec![NOT_FOUND],
        ),
        read(
            "/v1/findings/{code}",
            "explain",
            "The page behind a finding's code",
            json!({"application/json": {"schema": {"type": "object"}}, "text/plain": {"schema": {"type": "string"}}}),
            vec![UNKNOWN_FINDING, NOT_ACCEPTABLE],
        ),
        read("/v1/openapi.json", "describe", "This description", json!({"application/json": {"schema": {"type": "object"}}}), vec![]),
        read("/healthz", "isAlive", "Whether the server runs", text.clone(), vec![]),
        read("/readyz", "isReady", "Whether requests are welcome", text.clone(), vec![BUSY]),
        read("/metrics", "metrics", "Counters for Prometheus", text, vec![]),
    ]
}

fn schemas() -> Value {
    let text = || json!({"type": "string"});
    let digest = json!({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"});
    let hash = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    let links = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let summary = object(
        &["id", "version", "reference", "tier", "status", "title", "digest", "links"],
        json!({
            "id": text(), "version": text(), "reference": text(), "tier": {"enum": search::TIERS}, "status": {"enum": search::STATES}, "domain": text(),
            "title": text(), "digest": digest, "links": links,
            "matches": {"type": "array", "items": object(&["kind", "name"], json!({"kind": text(), "name": text()}))}
        }),
    );
    let inclusion = object(
        &["answer", "breaks", "doubts"],
        json!({
            "answer": {"enum": ["compatible", "not shown", "incompatible"]}, "breaks": {"type": "array"}, "doubts": {"type": "array"}
        }),
    );
    let why = json!({"type": "string", "minLength": 1, "pattern": "\\S", "maxLength": 10_000});
    let references = json!({"type": "array", "items": schema("Reference")});
    let kinds: Vec<String> = crate::problem::ALL.iter().map(|kind| format!("/problems/{}", kind.name)).collect();
    json!({
        "Summary": summary,
        "List": object(&["standards"], json!({"standards": {"type": "array", "items": schema("Summary")}, "next": text()})),
        "Versions": object(&["id", "versions"], json!({"id": text(), "versions": {"type": "array", "items": schema("Summary")}, "links": links})),
        "Package": object(&["id", "version", "reference", "digest", "manifest", "resources", "files"], json!({
            "id": text(), "version": text(), "reference": text(), "digest": digest, "manifest": {"type": "object"},
            "resources": {"type": "array", "items": {"type": "object"}}, "rules": {"type": "array"}, "crosswalks": {"type": "array"},
            "code_lists": {"type": "array"}, "files": {"type": "array", "items": {"type": "object"}}, "links": links
        })),
        "Inclusion": inclusion,
        "Comparison": object(&["format", "old", "new", "size", "backward", "forward", "changes"], json!({
            "format": {"const": concord_core::render::comparison::FORMAT}, "old": text(), "new": text(), "size": {"enum": ["patch", "minor", "major"]},
            "proposed": {"type": ["string", "null"]}, "backward": schema("Inclusion"), "forward": schema("Inclusion"), "changes": {"type": "array"}
        })),
        "Publication": {"type": "object", "required": ["files"], "additionalProperties": false, "properties": {
            "files": {"type": "object", "description": "The package's files as texts, by their paths.", "additionalProperties": {"type": "string"}},
            "reason": {"type": "string", "description": "Why its number may say less than what changed."}
        }},
        "Checkpoint": object(&["size", "root", "key", "signature"], json!({
            "size": {"type": "integer", "minimum": 0}, "root": hash, "key": hash, "signature": {"type": "string", "pattern": "^[0-9a-f]{128}$"}
        })),
        "Proof": object(&["index", "entry", "proof", "checkpoint"], json!({
            "index": {"type": "integer", "minimum": 0}, "entry": text(), "proof": {"type": "array", "items": hash}, "checkpoint": schema("Checkpoint")
        })),
        "Consistency": object(&["from", "proof", "checkpoint"], json!({
            "from": {"type": "integer", "minimum": 0}, "proof": {"type": "array", "items": hash}, "checkpoint": schema("Checkpoint")
        })),
        "Published": object(&["id", "version", "reference", "digest", "href", "references", "warnings"], json!({
            "id": text(), "version": text(), "reference": text(), "digest": digest, "href": text(),
            "references": references, "warnings": {"type": "array", "items": text()}
        })),
        "Reference": object(&["kind", "to"], json!({
            "kind": {"enum": ["supersedes", "crosswalk", "references"]},
            "to": {"type": "string", "description": "As it is written; the members below are there when it is known here."},
            "reference": text(), "status": {"enum": search::STATES}, "reason": text(), "successor": text(), "href": text()
        })),
        "References": object(&["reference", "references"], json!({"reference": text(), "references": references})),
        "Referrers": object(&["reference", "referencedby"], json!({"reference": text(), "referencedby": references})),
        "Reason": {"type": "object", "required": ["reason"], "additionalProperties": false, "properties": {
            "reason": why, "successor": {"type": "string", "description": "The version to use instead."}
        }},
        "Life": object(&["id", "version", "state", "reason"], json!({
            "id": text(), "version": text(), "state": {"enum": ["deprecated", "withdrawn"]}, "reason": text(), "successor": text(),
            "referencedby": references
        })),
        "Problem": object(&["type", "title", "status", "detail"], json!({
            "type": {"enum": kinds}, "title": text(), "status": {"type": "integer"}, "detail": text()
        })),
    })
}

/// What may stand in a path.
const EXAMPLES: &[(&str, &str)] =
    &[("id", "blds"), ("version", "1.2"), ("other", "1.2"), ("path", "standard.toml"), ("code", "C304"), ("from", "1")];

/// The document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let mut parameters: Vec<Value> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| {
                let example = EXAMPLES.iter().find(|(known, _)| *known == name).map_or("", |(_, example)| example);
                let schema = json!({"type": "string", "minLength": 1, "maxLength": 200});
                json!({"name": name, "in": "path", "required": true, "schema": schema, "example": example})
            })
            .collect();
        parameters.extend(route.query);
        let mut answers: Map<String, Value> = Map::new();
        for (status, content) in route.answers {
            answers.insert(status.to_string(), json!({"description": route.summary, "content": content}));
        }
        let mut problems = route.problems;
        problems.extend([UNKNOWN_CALLER, TOO_MANY]);
        for kind in problems {
            let entry = answers.entry(kind.status.to_string()).or_insert_with(
                || json!({"description": kind.title, "content": {"application/problem+json": {"schema": schema("Problem")}}}),
            );
            let said = entry["description"].as_str().unwrap_or_default();
            if !said.contains(kind.title) {
                entry["description"] = format!("{said}; or: {}", kind.title).into();
            }
        }
        let mut operation = json!({"operationId": route.id, "summary": route.summary, "responses": answers});
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(body) = route.body {
            operation["requestBody"] = body;
        }
        operation["security"] =
            if route.token { json!([{"bearer": []}, {"basic": []}]) } else { json!([{}, {"bearer": []}, {"basic": []}]) };
        if let Value::Object(methods) = paths.entry(route.path).or_insert_with(|| json!({})) {
            methods.insert(route.method.to_owned(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Concord registry",
            "version": "1",
            "summary": "Standards for local government data, and a service that checks and converts files",
            "license": {"name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT"}
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}}
        }
    })
}

/// Each route's method, in lower case, and path.
pub fn all() -> Vec<(&'static str, &'static str)> {
    routes().into_iter().map(|route| (route.method, route.path)).collect()
}
