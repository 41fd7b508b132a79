//! A permits file of seven rows with nineteen planted faults: each is found once, in its cell, and no doubtful value gets a single wrong fix.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use concord_core::check::dataset::Options;
use concord_core::check::plan::StandardPlan;
use concord_core::finding::Finding;
use concord_core::render::words;
use concord_core::schema::parse;
use concord_core::session::{Choice, Session};

const SCHEMA: &str = r#"{
  "fields": [
    {"name": "PermitNum", "type": "string", "constraints": {"required": true, "pattern": "BP-[0-9]{3}"}},
    {"name": "IssuedOn", "type": "date", "constraints": {"required": true}},
    {"name": "Status", "type": "string", "constraints": {"enum": ["Issued", "Pending", "Closed"]}},
    {"name": "Fee", "type": "number", "constraints": {"minimum": 0}},
    {"name": "Zip", "type": "string", "constraints": {"pattern": "[0-9]{5}"}},
    {"name": "Finaled", "type": "boolean", "trueValues": ["true"], "falseValues": ["false"]},
    {"name": "Applicant", "type": "string"}
  ],
  "primaryKey": ["PermitNum"]
}"#;

const FILE: &str = "PermitNum,IssuedOn,Status,Fee,Zip,Finaled,Applicant\n\
    BP-001,03/05/2024,issued,\"$1,250.00\",2139,TRUE,Ann Lee  \n\
    BP-002,2024-02-30,Isued,-5,0213A,true,Bob\u{a0}Ray\n\
    BP-001,,Pending,12.50,02139,false,Carl\u{7}\n\
    ,,,,,,\n\
    BP-004,2024-03-01,Pending,5.00,02140\n\
    BP-005,2024-03-02,Pending,5.00,02141,true,Dan,extra\n\
    BP-006,2024-03-03,7.50,Issued,02142,false,5\" pipe\n";

/// Cell, code, kind, the fixes offered and which are safe.
const EXPECTED: [(&str, &str, &str, &[&str]); 19] = [
    ("B2", "C303", "ambiguous", &["2024-03-05?", "2024-05-03?"]),
    ("C2", "C304", "case", &["Issued!"]),
    ("D2", "C302", "decorated", &["1250.00!"]),
    ("E2", "C305", "lost-zero", &["02139?"]),
    ("F2", "C310", "", &["true!"]),
    ("G2", "C308", "text", &["Ann Lee!"]),
    ("B3", "C311", "", &[]),
    ("C3", "C304", "", &["Issued?"]),
    ("D3", "C306", "negative", &[]),
    ("E3", "C305", "", &[]),
    ("G3", "C309", "text", &["Bob Ray!"]),
    ("A4", "C401", "", &[]),
    ("B4", "C301", "", &[]),
    ("G4", "C103", "", &["Carl?"]),
    ("row 5", "C203", "", &[]),
    ("F6", "C201", "", &[]),
    ("H7", "C202", "", &[]),
    ("C8", "C314", "", &[]),
    ("G8", "C204", "", &[]),
];

fn check(file: &[u8], piece: usize) -> Vec<Finding> {
    let schema = parse::parse(SCHEMA.as_bytes(), "permits").schema.expect("a sound schema");
    let plan = StandardPlan::of_schemas("permits", "", vec![("permits".to_owned(), Vec::new(), Arc::new(schema))]);
    let mut session = Session::new("permits.csv", Choice::Given(Arc::new(plan)), Options::default(), false);
    file.chunks(piece).for_each(|piece| session.push(piece));
    session.finish().findings.stored().to_vec()
}

fn told(finding: &Finding) -> (String, String, String, Vec<String>) {
    let place = &finding.place;
    let cell = match place.column {
        Some(column) => format!("{}{}", words::column_letter(column), place.row),
        None => format!("row {}", place.row),
    };
    let fix = |f: &concord_core::finding::Fix| format!("{}{}", f.replacement, if f.safe { "!" } else { "?" });
    (cell, finding.code.text().to_owned(), finding.kind.to_owned(), finding.fixes.iter().map(fix).collect())
}

#[test]
fn nineteen_faults_are_nineteen_findings() {
    for piece in [usize::MAX, 1, 7] {
        let found: Vec<_> = check(FILE.as_bytes(), piece.min(FILE.len())).iter().map(told).collect();
        let expected: Vec<_> = EXPECTED
            .iter()
            .map(|(cell, code, kind, fixes)| {
                ((*cell).to_owned(), (*code).to_owned(), (*kind).to_owned(), fixes.iter().map(|f| (*f).to_owned()).collect())
            })
            .collect::<Vec<(String, String, String, Vec<String>)>>();
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(found.len(), 19);
    }
}

#[test]
fn every_finding_says_what_was_expected_or_how_to_mend_it() {
    for finding in check(FILE.as_bytes(), FILE.len()) {
        let message = words::message(&finding);
        assert!(!message.is_empty() && !message.contains('…'), "{message}");
        assert!(!words::mend(&finding).is_empty(), "{message}");
    }
}
