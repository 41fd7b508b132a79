//! Packages, schemas and descriptors written by others.

use std::collections::BTreeMap;

use concord_core::check::plan::StandardPlan;
use concord_core::finding::{Finding, Findings};
use concord_core::package::lint::{check_file, check_package};
use concord_core::package::load::load;
use concord_core::render::{Format, Options, render};
use concord_core::report::{Coverage, FileUsed, Report};
use concord_core::schema::parse::parse;

use crate::input::parts;

/// The files of a package, each behind a line `== <path>`; the same bytes are also taken as one bare file.
pub fn load_package(data: &[u8]) {
    let mut found = check_file("input.json", data);
    found.extend(check_file("input.xsd", data));
    found.extend(parse(data, "input.json").findings);
    let parts = parts(data);
    for (path, bytes) in &parts {
        found.extend(check_file(path, bytes));
    }
    let files: BTreeMap<String, Vec<u8>> = parts.into_iter().filter(|(path, _)| !path.is_empty()).collect();
    let loaded = load(files.clone());
    found.extend(check_package(&loaded, "national/input/1", concord_standards::catalog()));
    if let (true, Some(package)) = (loaded.is_usable(), &loaded.package) {
        let plan = StandardPlan::of_package(package);
        assert_eq!(plan.tables.len(), package.resources.len());
        assert_eq!(load(files).package.map(|p| p.digest), Some(package.digest.clone()), "loading twice gives the same package");
    }
    tell(found);
}

/// Whatever was found can be told.
pub(crate) fn tell(found: Vec<Finding>) {
    let mut findings = Findings::new(1000);
    found.into_iter().for_each(|f| findings.add(f));
    let files = vec![FileUsed { name: "input".to_owned(), ..FileUsed::default() }];
    let report = Report { standard: None, files, findings, coverage: Coverage::default(), conversion: None };
    let json = render(&report, Format::Json, &Options::default());
    serde_json::from_str::<serde_json::Value>(&json).expect("the report is JSON");
    render(&report, Format::Text, &Options::default());
}
