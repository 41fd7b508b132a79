//! The one place that calls the engine: everything else in this crate is bindings.

use std::collections::BTreeMap;
use std::sync::Arc;

use concord_core::check::dataset::Options;
use concord_core::check::plan::StandardPlan;
use concord_core::check::xml;
use concord_core::decode::dialect::DialectHints;
use concord_core::finding::{Finding, Severity};
use concord_core::jschema;
use concord_core::package::load::digest as package_digest;
use concord_core::read::document::DocumentKind;
use concord_core::read::{Intake, ReadOptions};
use concord_core::render::{json, words};
use concord_core::schema::parse;
use concord_core::session::{Choice, Session, digest};
use concord_core::{detect as detection, report};

/// One file's validation.
pub struct Validator {
    session: Session,
}

impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Validator").finish_non_exhaustive()
    }
}

/// A finished validation.
pub type Report = report::Report;

impl Validator {
    /// Begins a file.
    ///
    /// # Errors
    /// When the standard is not known or the schema cannot be used: a sentence for people.
    pub fn new(standard: Option<&str>, schemas: &[(String, String)], file_name: &str) -> Result<Validator, String> {
        let choice = match (standard, schemas) {
            (Some(reference), _) => {
                let package =
                    concord_standards::catalog().find(reference).ok_or_else(|| format!("No standard is called \"{reference}\"."))?;
                Choice::Given(Arc::new(StandardPlan::of_package(package)))
            }
            (None, []) => Choice::Detect(all_plans()),
            (None, schemas) => Choice::Given(Arc::new(of_schemas(schemas)?)),
        };
        Ok(Validator { session: Session::new(file_name, choice, Options::default(), true) })
    }

    /// Takes the next bytes.
    pub fn push(&mut self, block: &[u8]) {
        self.session.push(block);
    }

    /// Ends the file.
    pub fn finish(self) -> Report {
        self.session.finish()
    }
}

fn all_plans() -> Vec<Arc<StandardPlan>> {
    concord_standards::catalog().all().map(|p| Arc::new(StandardPlan::of_package(p))).collect()
}

/// A plan of the user's own schema files, of which the first is the one to check against; the others are what it refers to.
fn of_schemas(files: &[(String, String)]) -> Result<StandardPlan, String> {
    let Some((name, text)) = files.first() else { return Err("No schema was given.".to_owned()) };
    let refused = |findings: &[Finding]| match findings.iter().find(|f| f.severity == Severity::Error) {
        Some(error) => Err(format!("The schema cannot be used: {}.", words::message(error))),
        None => Ok(()),
    };
    if xml::is_schema(text.as_bytes()) {
        let bytes: BTreeMap<String, Vec<u8>> = files.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect();
        let digest = package_digest(&bytes);
        let files = bytes.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
        let plan = xml::XmlPlan::of_schema(name, xml::SchemaFiles { roots: vec![name.clone()], files, digest: digest.clone() });
        refused(&plan.compiled().findings)?;
        let documents: Vec<Arc<dyn DocumentKind>> = vec![Arc::new(plan)];
        return Ok(StandardPlan { documents, ..StandardPlan::of_schemas(name, &digest, Vec::new()) });
    }
    let whole: Vec<u8> = files.iter().flat_map(|(_, text)| text.bytes()).collect();
    if jschema::is_schema_file(text.as_bytes()) {
        let named = files.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect();
        let nested = jschema::plan::of_schema(name, named, name, "");
        let problems = nested.schema().map_err(|p| vec![p]).and_then(|schema| schema.verify().map(|_| ())).err().unwrap_or_default();
        refused(&problems.iter().map(jschema::Problem::finding).collect::<Vec<_>>())?;
        return Ok(StandardPlan::of_schemas(name, &digest(&whole), Vec::new()).with_nested(nested));
    }
    let parsed = parse::parse(text.as_bytes(), name);
    refused(&parsed.findings)?;
    let schema = parsed.schema.ok_or("This is not a Table Schema, JSON Schema or XML Schema.")?;
    let table = name.trim_end_matches(".json").trim_end_matches(".table").trim_end_matches(".schema").to_owned();
    Ok(StandardPlan::of_schemas(name, &digest(text.as_bytes()), vec![(table, Vec::new(), Arc::new(schema))]))
}

/// The report in the bytes that every shell writes.
pub fn report_json(report: &Report) -> String {
    json::json(report)
}

/// The embedded standards as JSON: `[{reference, id, version, title, tier, domain}]`.
pub fn standards() -> String {
    let list: Vec<serde_json::Value> = concord_standards::catalog()
        .all()
        .map(|p| {
            let m = &p.manifest;
            serde_json::json!({
                "reference": p.reference(), "id": m.id, "version": m.version, "title": m.title, "tier": m.tier.to_string(), "domain": m.domain,
            })
        })
        .collect();
    serde_json::Value::Array(list).to_string()
}

/// Which standards a file looks like, from its first bytes.
pub fn detect(head: &[u8], file_name: &str) -> String {
    let plans = all_plans();
    let choice = Choice::Detect(plans.clone());
    let read = choice.reading(ReadOptions::default());
    let intake = Intake::of_start(file_name, head, &read);
    let (start, hints) = (intake.start(), DialectHints::default());
    if let Some(kind) = start.document {
        return detection::document(file_name, kind.standard(), kind.resource(), true);
    }
    let guesses = detection::readings(&plans, &start, &hints);
    let recognised = guesses.first().is_some_and(|g| g.score >= detection::ENOUGH);
    let instead = if recognised { None } else { detection::instead_of(&plans, &start, &hints) };
    detection::json(file_name, &guesses, instead.as_ref())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const MAIN: &str = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:p='urn:p'><xs:import namespace='urn:p' schemaLocation='part.xsd'/>\
        <xs:element name='a'><xs:complexType><xs:sequence><xs:element ref='p:b'/></xs:sequence></xs:complexType></xs:element></xs:schema>";
    const PART: &str =
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:p'><xs:element name='b' type='xs:int'/></xs:schema>";

    fn file(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    fn report(schemas: &[(String, String)], name: &str, text: &str) -> serde_json::Value {
        let mut validator = Validator::new(None, schemas, name).unwrap();
        text.as_bytes().chunks(3).for_each(|piece| validator.push(piece));
        serde_json::from_str(&report_json(&validator.finish())).unwrap()
    }

    fn codes(report: &serde_json::Value) -> Vec<&str> {
        report["causes"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect()
    }

    #[test]
    fn schemas_of_each_kind_are_taken() {
        let xsd = [file("main.xsd", MAIN), file("part.xsd", PART)];
        let bad = report(&xsd, "f.xml", "<a xmlns:p='urn:p'><p:b>one</p:b></a>");
        assert_eq!((codes(&bad), bad["standard"]["id"].as_str()), (vec!["C330"], Some("main.xsd")));
        assert_eq!(report(&xsd, "f.xml", "<a xmlns:p='urn:p'><p:b>1</p:b></a>")["valid"], true);
        let json = [file("s.schema.json", "{\"type\": \"array\", \"items\": {\"type\": \"object\", \"required\": [\"id\"]}}")];
        assert_eq!(codes(&report(&json, "f.json", "[{\"id\": 1}, {\"name\": 2}]")), ["C361"]);
        let table = [file("schema", "{\"fields\": [{\"name\": \"n\", \"type\": \"integer\"}]}")];
        assert_eq!(codes(&report(&table, "f.csv", "n\n1\ntwo\n")), ["C302"]);
    }

    #[test]
    fn a_schema_that_lacks_a_part_is_refused() {
        let said = Validator::new(None, &[file("main.xsd", MAIN)], "f.xml").err().unwrap();
        assert!(said.contains("part.xsd"), "{said}");
        assert!(Validator::new(None, &[file("s", "<x/>")], "f.xml").is_err());
    }
}
