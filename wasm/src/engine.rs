//! The one place that calls the engine: everything else in this crate is bindings.

use std::sync::Arc;

use concord_core::check::dataset::Options;
use concord_core::check::plan::StandardPlan;
use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Severity;
use concord_core::read::{Intake, ReadOptions};
use concord_core::render::{json, words};
use concord_core::schema::parse;
use concord_core::session::{Choice, Session, digest};
use concord_core::{detect as detection, report};

/// One file's validation.
pub(crate) struct Validator {
    session: Session,
}

/// A finished validation.
pub(crate) type Report = report::Report;

impl Validator {
    /// Begins a file. The error is a sentence for people.
    pub(crate) fn new(standard: Option<&str>, schema: Option<&str>, file_name: &str) -> Result<Validator, String> {
        let choice = match (standard, schema) {
            (Some(reference), _) => {
                let package =
                    concord_standards::catalog().find(reference).ok_or_else(|| format!("No standard is called \"{reference}\"."))?;
                Choice::Given(Arc::new(StandardPlan::of_package(package)))
            }
            (None, Some(text)) => Choice::Given(Arc::new(of_schema(text)?)),
            (None, None) => Choice::Detect(all_plans()),
        };
        Ok(Validator { session: Session::new(file_name, choice, Options::default(), true) })
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, block: &[u8]) {
        self.session.push(block);
    }

    /// Ends the file.
    pub(crate) fn finish(self) -> Result<Report, String> {
        Ok(self.session.finish())
    }
}

fn all_plans() -> Vec<Arc<StandardPlan>> {
    concord_standards::catalog().all().map(|p| Arc::new(StandardPlan::of_package(p))).collect()
}

fn of_schema(text: &str) -> Result<StandardPlan, String> {
    let parsed = parse::parse(text.as_bytes(), "schema");
    if let Some(error) = parsed.findings.iter().find(|f| f.severity == Severity::Error) {
        return Err(format!("The schema cannot be used: {}.", words::message(error)));
    }
    let schema = parsed.schema.ok_or("This is not a Table Schema.")?;
    Ok(StandardPlan::of_schemas("schema", &digest(text.as_bytes()), vec![("schema".to_owned(), Vec::new(), Arc::new(schema))]))
}

/// The report in the bytes that every shell writes.
pub(crate) fn report_json(report: &Report) -> String {
    json::json(report)
}

/// The embedded standards as JSON: `[{reference, id, version, title, tier, domain}]`.
pub(crate) fn standards() -> String {
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
pub(crate) fn detect(head: &[u8], file_name: &str) -> String {
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
