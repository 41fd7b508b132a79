//! A schema as it is handed over: its type, whether it can be used, and what makes two of them the same.

use concord_core::finding::Severity;
use concord_core::package::lint::check_file;
use concord_core::schema::parse::parse;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use serde_json::Value;

use super::{MAX_SCHEMA, Refusal};
use crate::keep::{jsontext, sha256};

/// The types of schemas that are kept here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JSON Schema.
    Json,
    /// Table Schema.
    Table,
    /// XML Schema.
    Xsd,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Json, Kind::Table, Kind::Xsd];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Json => "JSON",
            Kind::Table => "TABLE",
            Kind::Xsd => "XSD",
        }
    }

    /// From the word on the wire. A request that leaves it out means Avro.
    ///
    /// # Errors
    /// 42201 for types that are not kept here.
    pub fn parse(word: Option<&str>) -> Result<Kind, Refusal> {
        let word = word.unwrap_or("AVRO");
        Kind::ALL.into_iter().find(|k| k.word() == word).ok_or_else(|| {
            let known = Kind::ALL.map(Kind::word).join(", ");
            Refusal::new(
                42201,
                format!("Schemas of the type {} are not kept here; name {known} as schemaType.", crate::problem::shown(word)),
            )
        })
    }
}

/// A schema's use of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The name by which the schema's text refers to it.
    pub name: String,
    /// The other's subject.
    pub subject: String,
    /// The other's version.
    pub version: i64,
}

/// A schema that someone hands over, found usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its type.
    pub kind: Kind,
    /// Its text as it came, or in order when that was asked for.
    pub text: String,
    /// What it refers to.
    pub references: Vec<Reference>,
}

impl Proposal {
    /// Checks a schema.
    ///
    /// # Errors
    /// 42201 when it cannot be used, 42209 when it is too large.
    pub fn new(kind: Kind, text: &str, references: Vec<Reference>, normalize: bool) -> Result<Proposal, Refusal> {
        if text.len() > MAX_SCHEMA {
            return Err(Refusal::new(42209, format!("The schema has {} bytes; up to {MAX_SCHEMA} are taken.", text.len())));
        }
        if references.len() > super::MAX_REFERENCES {
            return Err(invalid(format!("it has {} references; up to {} are taken", references.len(), super::MAX_REFERENCES)));
        }
        let mut names: Vec<&str> = references.iter().map(|r| r.name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(invalid("two of its references have one name"));
        }
        match kind {
            Kind::Json => json(text)?,
            Kind::Table => table(text)?,
            Kind::Xsd => xsd(text)?,
        }
        let text = if normalize && kind != Kind::Xsd { jsontext::sorted(text) } else { text.to_owned() };
        Ok(Proposal { kind, text, references })
    }

    /// Two schemas of one identity are one schema: their texts differ at most in the space between tokens.
    pub fn identity(&self) -> [u8; 32] {
        identity(self.kind, &self.text, &self.references)
    }
}

/// SHA-256 over type, text without space between tokens, and references.
pub fn identity(kind: Kind, text: &str, references: &[Reference]) -> [u8; 32] {
    let text = if kind == Kind::Xsd { text.to_owned() } else { jsontext::compact(text) };
    let mut sorted = references.to_vec();
    sorted.sort();
    let references: Vec<Value> = sorted.iter().map(|r| serde_json::json!([r.name, r.subject, r.version])).collect();
    // A JSON list keeps its parts apart whatever they hold.
    sha256(serde_json::json!([kind.word(), text, references]).to_string().as_bytes())
}

/// The number by which a schema is known in every context: the first half of its identity, in the form of a UUID of version 8.
pub fn guid(identity: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&identity[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = concord_core::session::hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn invalid(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(42201, format!("Invalid schema: {why}."))
}

fn json(text: &str) -> Result<(), Refusal> {
    let value: Value = serde_json::from_str(text).map_err(|e| invalid(format!("it is not JSON: {e}")))?;
    if !value.is_object() && !value.is_boolean() {
        return Err(invalid("a JSON Schema is an object, or true or false"));
    }
    let draft = value.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let draft =
        draft.trim_end_matches('#').trim_start_matches("http://").trim_start_matches("https://").trim_start_matches("json-schema.org/");
    let checked = match draft {
        "draft-04/schema" => jsonschema::draft4::meta::validate(&value),
        "draft-06/schema" => jsonschema::draft6::meta::validate(&value),
        "" | "schema" | "draft-07/schema" => jsonschema::draft7::meta::validate(&value),
        "draft/2019-09/schema" => jsonschema::draft201909::meta::validate(&value),
        "draft/2020-12/schema" => jsonschema::draft202012::meta::validate(&value),
        other => return Err(invalid(format!("its $schema \"{}\" is not a known draft", crate::problem::shown(other)))),
    };
    checked.map_err(|e| {
        let what: String = e.to_string().chars().take(200).collect();
        invalid(format!("at \"{}\": {what}", e.instance_path()))
    })
}

fn table(text: &str) -> Result<(), Refusal> {
    let parsed = parse(text.as_bytes(), "");
    if let Some(found) = parsed.findings.iter().find(|f| f.severity == Severity::Error) {
        let sentence = concord_core::render::words::message(found);
        return Err(invalid(sentence.trim_end_matches('.')));
    }
    parsed.schema.map(|_| ()).ok_or_else(|| invalid("a Table Schema has fields"))
}

const XML_SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";

fn xsd(text: &str) -> Result<(), Refusal> {
    let found = check_file("schema.xsd", text.as_bytes());
    if let Some(found) = found.iter().find(|f| f.severity == Severity::Error) {
        return Err(invalid(concord_core::render::words::message(found).trim_end_matches('.')));
    }
    let mut reader = quick_xml::NsReader::from_str(text);
    loop {
        match reader.read_resolved_event() {
            Ok((namespace, Event::Start(element) | Event::Empty(element))) => {
                let known = matches!(namespace, ResolveResult::Bound(space) if space.as_ref() == XML_SCHEMA);
                return if known && element.local_name().as_ref() == "schema" {
                    Ok(())
                } else {
                    Err(invalid("its first element is not an XML Schema's"))
                };
            }
            Ok((_, Event::DocType(_))) => return Err(invalid("it has a document type declaration, which is not taken")),
            Ok((_, Event::Eof)) => return Err(invalid("it has no element")),
            Ok(_) => {}
            Err(error) => return Err(invalid(format!("it is not XML: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn code(kind: Kind, text: &str) -> u32 {
        Proposal::new(kind, text, Vec::new(), false).map_or_else(|refusal| refusal.code, |_| 0)
    }

    #[test]
    fn schemas_that_cannot_be_used_are_refused() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for (kind, text, expected) in [
            (Kind::Json, "{\"type\":\"object\"}", 0),
            (Kind::Json, "true", 0),
            (Kind::Json, "{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"minimum\":1,\"exclusiveMinimum\":true}", 0),
            (Kind::Json, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$defs\":{\"a\":{}}}", 0),
            (Kind::Json, "{\"$ref\":\"http://127.0.0.1:1/other.json\"}", 0),
            (Kind::Json, "{\"type\":\"objekt\"}", 42201),
            (Kind::Json, "{\"minimum\":\"x\"}", 42201),
            (Kind::Json, "{\"$schema\":\"https://example.org/mine\"}", 42201),
            (Kind::Json, "[]", 42201),
            (Kind::Json, "", 42201),
            (Kind::Json, &deep, 42201),
            (Kind::Table, "{\"fields\":[{\"name\":\"a\",\"type\":\"string\"}]}", 0),
            (Kind::Table, "{\"fields\":[{\"name\":\"a\",\"type\":\"strung\"}]}", 42201),
            (Kind::Table, "{\"fields\":3}", 42201),
            (Kind::Table, "{}", 42201),
            (Kind::Table, "nonsense", 42201),
            (Kind::Xsd, "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"/>", 0),
            (Kind::Xsd, "<schema xmlns=\"http://www.w3.org/2001/XMLSchema\"><element name=\"a\"/></schema>", 0),
            (Kind::Xsd, "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">", 42201),
            (Kind::Xsd, "<schema/>", 42201),
            (Kind::Xsd, "<!DOCTYPE a [<!ENTITY b \"c\">]><xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"/>", 42201),
            (Kind::Xsd, "", 42201),
        ] {
            assert_eq!(code(kind, text), expected, "{kind:?} {text:.60}");
        }
        assert_eq!(code(Kind::Json, &format!("{{\"title\":\"{}\"}}", "x".repeat(MAX_SCHEMA))), 42209);
        assert!(["AVRO", "PROTOBUF", "json", ""].iter().all(|word| Kind::parse(Some(word)).is_err_and(|r| r.code == 42201)));
        assert_eq!(Kind::parse(None).unwrap_err().code, 42201);
    }

    #[test]
    fn space_makes_no_difference_and_all_else_does() {
        let of = |kind, text: &str, references: &[(&str, i64)]| {
            let references =
                references.iter().map(|(name, version)| Reference { name: (*name).to_owned(), subject: "s".to_owned(), version: *version });
            identity(kind, text, &references.collect::<Vec<_>>())
        };
        let base = of(Kind::Json, "{\"type\":\"string\"}", &[]);
        assert_eq!(base, of(Kind::Json, " {\n\"type\" : \"string\" } ", &[]));
        assert_eq!(of(Kind::Json, "{}", &[("a", 1), ("b", 2)]), of(Kind::Json, "{}", &[("b", 2), ("a", 1)]));
        for other in [
            of(Kind::Json, "{\"type\":\" string\"}", &[]),
            of(Kind::Table, "{\"type\":\"string\"}", &[]),
            of(Kind::Json, "{\"type\":\"string\"}", &[("a", 1)]),
        ] {
            assert_ne!(base, other);
        }
        assert_eq!(guid(&base).len(), 36);
    }
}
