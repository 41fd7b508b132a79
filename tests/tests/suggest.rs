//! `concord suggest` on real exports, against the crosswalks that people wrote for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_core::decode::dialect::DialectHints;
use concord_core::package::{Crosswalk, Package};
use concord_core::read::{Intake, ReadOptions};
use concord_core::suggest::{Draft, Export, Known, suggest};

use crate::support::{Folder, aloud, conformance, root, run};

/// A real export, the layout it is of, the standard it becomes, and what a draft must at least get right.
struct Case {
    file: &'static str,
    layout: &'static str,
    target: &'static str,
    /// Fields right, and most fields wrong, when the layout's own crosswalk and names are kept from the draft.
    unknown: (usize, usize),
    /// The same, when they are not.
    known: (usize, usize),
}

const fn case(file: &'static str, layout: &'static str, target: &'static str, unknown: (usize, usize), known: (usize, usize)) -> Case {
    Case { file, layout, target, unknown, known }
}

const CASES: &[Case] = &[
    case("vendor-exports/cambridge_vision_cama_TaxFY14.csv", "vision-cama", "massgis-parcels", (8, 1), (17, 1)),
    case("vendor-exports/seeclickfix_api_v2_issues_chapel_hill_test_tenant.json", "seeclickfix-issues", "open311", (7, 3), (13, 0)),
    case("nad/nm911_address_sample_a.csv", "nm911-address", "nad", (5, 3), (21, 1)),
    case("lives/source-exports/lexington-2016-03.csv", "lexington-food-inspections", "lives", (5, 1), (8, 1)),
    case("municipal-finance/oakland_ca_fy15-16_adopted_flow.csv", "budget-tidy", "fiscal-data-package", (5, 0), (6, 0)),
];

/// The packages' own examples have the headers of real exports; they are always here.
const EXAMPLES: &[Case] = &[
    case("national/blds/1.2/examples/convert/socrata-permits.in.csv", "socrata-permits", "blds", (24, 0), (24, 5)),
    case("national/blds/1.2/examples/convert/somerville-permits.in.csv", "somerville-permits", "blds", (9, 3), (12, 3)),
    case(
        "national/fiscal-data-package/1.0-rc.1/examples/convert/opendatasoft-budget.in.csv",
        "opendatasoft-budget",
        "fiscal-data-package",
        (5, 0),
        (9, 0),
    ),
    case(
        "national/fiscal-data-package/1.0-rc.1/examples/convert/town-budget-sheet.in.csv",
        "town-budget-sheet",
        "fiscal-data-package",
        (4, 1),
        (7, 0),
    ),
];

/// All cases with the paths of their files.
fn cases(test: &str) -> Vec<(PathBuf, &'static Case)> {
    let examples = EXAMPLES.iter().map(|c| (root().join("standards").join(c.file), c));
    let real = conformance(test).into_iter().flat_map(|folder| CASES.iter().map(move |c| (folder.join(c.file), c)));
    examples.chain(real).collect()
}

fn draft(path: &Path, target: &Package, leave_out: Option<&str>) -> (Export, Draft) {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.file_name().unwrap().to_string_lossy();
    let intake = Intake::of_bytes(&name, &bytes, true, &ReadOptions::default());
    let export = Export::of_rows(&name, &intake.start_rows(&DialectHints::default()), intake.is_keyed()).unwrap();
    let all: Vec<&Package> =
        concord_standards::catalog().all().map(Arc::as_ref).filter(|p| leave_out != Some(p.manifest.id.as_str())).collect();
    let draft = suggest(&export, target, Known { packages: &all });
    (export, draft)
}

fn low(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// By target table and field, the columns that a crosswalk reads for it, under every name that the source's layout knows for them.
fn truth(crosswalk: &Crosswalk, source: &Package) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut out: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for table in &crosswalk.tables {
        let Some(resource) = source.resource(&table.from) else { continue };
        for field in &table.fields {
            for name in field.from.names() {
                let set = out.entry((table.to.clone(), field.to.clone())).or_default();
                set.insert(low(name));
                let aliases = resource.schema.index(name).map(|f| &resource.schema.fields[f].extras.aliases);
                set.extend(aliases.into_iter().flatten().map(|a| low(a)));
            }
        }
    }
    out
}

/// Lines that are right, and those that are not, in words.
fn judged(draft: &Draft, truth: &BTreeMap<(String, String), BTreeSet<String>>) -> (usize, Vec<String>) {
    let (mut right, mut wrong) = (0, Vec::new());
    for table in &draft.tables {
        for line in &table.lines {
            match truth.get(&(table.to.clone(), line.to.clone())) {
                Some(columns) if columns.contains(&low(&line.from)) => right += 1,
                _ => wrong.push(format!("{}.{} from {} ({}: {})", table.to, line.to, line.from, line.sure, line.why)),
            }
        }
    }
    (right, wrong)
}

#[test]
fn drafts_come_near_the_crosswalks_that_people_wrote() {
    let catalog = concord_standards::catalog();
    let mut short = Vec::new();
    for (path, case) in cases("drafts_come_near_the_crosswalks_that_people_wrote") {
        // Some layouts are drafts as yet.
        let newest = |id: &str| catalog.versions(id).last().unwrap_or_else(|| panic!("{id} is not known"));
        let (source, target) = (newest(case.layout), newest(case.target));
        let Some(crosswalk) = target.crosswalks.iter().find(|c| c.from.split('@').next() == Some(case.layout)) else {
            panic!("{} has no crosswalk from {}", case.target, case.layout)
        };
        let truth = truth(crosswalk, source);
        for (how, leave_out, (floor, most)) in [("unknown", Some(case.layout), case.unknown), ("known", None, case.known)] {
            let (export, draft) = draft(&path, target, leave_out);
            // What the file does not hold cannot be found in it.
            let there: BTreeSet<String> = export.columns().map(low).collect();
            let truth: BTreeMap<_, _> =
                truth.iter().filter(|(_, columns)| !columns.is_disjoint(&there)).map(|(k, v)| (k.clone(), v.clone())).collect();
            let (right, wrong) = judged(&draft, &truth);
            aloud(&format!("suggest: {}, {how}: {right} of {} right, {} otherwise", case.file, truth.len(), wrong.len()));
            if right < floor || wrong.len() > most {
                let found: BTreeSet<(&str, &str)> =
                    draft.tables.iter().flat_map(|t| t.lines.iter().map(move |l| (t.to.as_str(), l.to.as_str()))).collect();
                let not: Vec<_> = truth.iter().filter(|((t, f), _)| !found.contains(&(t.as_str(), f.as_str()))).collect();
                short.push(format!("{}, {how}: {right} right, not {floor}; otherwise: {wrong:#?}; not found: {not:?}", case.file));
            }
        }
    }
    assert!(short.is_empty(), "{}", short.join("\n"));
}

/// Every draft can be read by the reader of crosswalks, and converts the file that it was made of.
#[test]
fn drafts_run() {
    let folder = Folder::new("drafts");
    for (file, case) in cases("drafts_run") {
        let (draft, out) = (folder.path("draft.toml"), folder.path("out/"));
        let words = ["suggest".as_ref(), file.as_os_str(), "--to".as_ref(), case.target.as_ref(), "-o".as_ref(), draft.as_os_str()];
        run(words).ended_with(0);
        let words =
            ["convert".as_ref(), file.as_os_str(), "--to".as_ref(), case.target.as_ref(), "--crosswalk".as_ref(), draft.as_os_str()];
        let ran = run(words.into_iter().chain(["-o".as_ref(), out.as_os_str(), "--format".as_ref(), "json".as_ref()]));
        assert!(ran.status < 2, "{}: {}", case.file, ran.err);
        let conversion = &ran.json()["conversion"];
        let count = |name: &str| conversion[name].as_u64().unwrap_or_else(|| panic!("{}: {conversion:#}", case.file));
        assert!(count("records_in") > 0 && count("records_out") > 0, "{}: {conversion:#}", case.file);
    }
}

/// A step that a known crosswalk takes with a column of that name is borrowed only where it makes something of the values.
#[test]
fn a_borrowed_step_is_tried_first() {
    let folder = Folder::new("borrowed");
    let rows: String = (0..30).map(|n| format!("BP-{n},Terrace,2024-01-02,Issued,{n} Main St,Barre,VT,05641\n")).collect();
    let file = folder.file("export.csv", format!("Permit No,Description,Issued,Status,Address,City,State,ZIP\n{rows}"));
    let ran = run(["suggest".as_ref(), file.as_os_str(), "--to".as_ref(), "blds".as_ref()]).ended_with(0);
    let line = |to: &str| ran.text().split("[[table.field]]").find(|l| l.contains(&format!("to = \"{to}\""))).map(str::to_owned);
    assert!(line("OriginalZip").is_some_and(|l| l.contains("from = \"ZIP\"")), "{}", ran.text());
    assert!(line("OriginalAddress1").is_some_and(|l| l.contains("from = \"Address\"")), "{}", ran.text());
}

/// What cannot become a draft is refused in words, and nothing is written.
#[test]
fn what_cannot_be_drafted_is_refused() {
    let folder = Folder::new("refused");
    let page = "03/05/2026 09:12     |TOWN OF SEAHOLM            |P      1\njdoe                 |BUDGET REPORT              |glytdbud\n\n \
                ACCOUNTS FOR:                  ORIGINAL   REVISED      PCT\n 0100   GENERAL FUND              APPROP    BUDGET     USED\n \
                01901  511000 PAY            102,100    102,100   73.2%\n TOTAL GENERAL FUND          102,100    102,100   73.2%\n";
    let notes = "Column,Meaning\nzzq,first\nzzr,second\n";
    for (name, text, to, says) in
        [("page.txt", page, "fiscal-data-package@1.0-rc.1", "printed page"), ("notes.csv", notes, "blds", "no column was found")]
    {
        let (file, draft) = (folder.file(name, text), folder.path("draft.toml"));
        let words = ["suggest".as_ref(), file.as_os_str(), "--to".as_ref(), to.as_ref(), "-o".as_ref(), draft.as_os_str()];
        let ran = run(words).ended_with(2);
        assert!(ran.err.contains(says) && !draft.exists(), "{name}: {}", ran.err);
    }
    // Columns that are filled up with blanks are a table all the same.
    let padded: String = (0..9).map(|n| format!("BP-{n}      ,Issued     ,{n} Main St     \n")).collect();
    let file = folder.file("padded.csv", format!("Permit No   ,Status    ,Street      \n{padded}"));
    run(["suggest".as_ref(), file.as_os_str(), "--to".as_ref(), "blds".as_ref()]).ended_with(0);
}
