//! Made-up tables that one version accepts and another refuses, and the check that says so.

use std::sync::Arc;

use crate::check::dataset::{Dataset, Options, Start};
use crate::check::plan::StandardPlan;
use crate::decode::dialect::DialectHints;
use crate::encode::write_csv_cell;
use crate::finding::{Finding, Severity};
use crate::jschema::plan::Candidates;
use crate::read::{Intake, ReadOptions};
use crate::session::Feed;

/// Tables that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The one in which the fault is comes first.
    pub tables: Vec<WitnessTable>,
    /// A nested document, when the resource has no tables: its resource, and the document as JSON or XML.
    pub document: Option<(Arc<str>, String)>,
}

/// One table of a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessTable {
    /// The table's name in the standard.
    pub resource: Arc<str>,
    /// The column headers.
    pub header: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl WitnessTable {
    /// The table as comma-separated text, header first.
    pub fn csv(&self) -> String {
        let mut out = Vec::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (i, cell) in row.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                // An empty cell alone would be an empty line, which is no row.
                if row.len() == 1 && cell.is_empty() {
                    out.extend_from_slice(b"\"\"");
                }
                write_csv_cell(cell, b',', false, &mut out);
            }
            out.push(b'\n');
        }
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl Witness {
    /// A witness of one table.
    pub(super) fn of(resource: &str, header: Vec<String>, rows: Vec<Vec<String>>) -> Witness {
        Witness { tables: vec![WitnessTable { resource: resource.into(), header, rows }], document: None }
    }

    /// A witness of one nested document.
    pub(super) fn of_document(resource: &str, document: &serde_json::Value) -> Witness {
        Witness { tables: Vec::new(), document: Some((resource.into(), format!("{document}\n"))) }
    }

    /// Whether its document is one of XML.
    pub fn is_xml(&self) -> bool {
        self.document.as_ref().is_some_and(|(_, text)| text.trim_start_matches('\u{feff}').starts_with('<'))
    }

    /// What a version finds at error level, by the checks that users run; for documents of XML see [`super::xml_schemas`].
    pub fn errors(&self, plan: &Arc<StandardPlan>) -> Vec<Finding> {
        let hints = DialectHints {
            delimiter: Some(b','),
            quote: Some(Some(b'"')),
            double_quote: Some(true),
            header: Some(true),
            ..DialectHints::default()
        };
        let mut read = ReadOptions::default();
        if let Some((resource, _)) = &self.document {
            let all = plan.nested.iter().filter(|n| *n.table.name == **resource).cloned().collect();
            read.nested = Candidates { all, given: true };
        }
        let options = Options { max_findings: 200, hints, read };
        let document = self.document.iter().map(|(resource, json)| (format!("{resource}.json"), json.clone()));
        let files: Vec<(String, String)> = self.tables.iter().map(|t| (format!("{}.csv", t.resource), t.csv())).chain(document).collect();
        let mut intakes: Vec<Option<Intake>> =
            files.iter().map(|(name, text)| Some(Intake::of_bytes(name, text.as_bytes(), true, &options.read))).collect();
        let starts: Vec<Start<'_>> = intakes.iter().flatten().map(Intake::start).collect();
        let mut dataset = Dataset::open(plan.clone(), &starts, self.tables.len() > 1, options.clone());
        drop(starts);
        for index in dataset.reading_order() {
            if let Some(feed) = intakes.get_mut(index).and_then(Option::take).and_then(|intake| Feed::open(&mut dataset, index, intake)) {
                feed.finish(&mut dataset, index);
            }
        }
        let report = dataset.finish();
        report.findings.stored().iter().filter(|f| f.severity == Severity::Error).cloned().collect()
    }
}
