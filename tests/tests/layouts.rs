//! Layouts that vendors and towns export, and what they become: transit feeds, budgets, parcels, service requests.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use concord_core::decimal::Decimal;
use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Severity;
use concord_core::render::{self, Format};
use serde_json::Value;

use crate::hostile::build::workbook;
use crate::support::{Folder, against, aloud, check, codes, conformance, names_in, root, rows, run};

// ---- Transit feeds

/// One row of the published list of verdicts, as we give it.
pub(crate) struct Verdict {
    pub(crate) path: &'static str,
    /// All codes of errors that are found.
    pub(crate) errors: &'static [&'static str],
    /// All codes of warnings that are found.
    pub(crate) warnings: &'static [&'static str],
}

const fn feed(path: &'static str, errors: &'static [&'static str], warnings: &'static [&'static str]) -> Verdict {
    Verdict { path, errors, warnings }
}

/// The feeds that are folders. Several have rows cut short (`C201`) beside the fault that they were made for.
pub(crate) const FEEDS: &[Verdict] = &[
    feed("valid/transitfeed/good_feed", &[], &[]),
    feed("valid/transitfeed/utf8bom", &[], &[]),
    feed("valid/transitfeed/only_calendar_dates", &[], &[]),
    // An optional table with a header only is information.
    feed("valid/sample-feed-1", &[], &[]),
    feed("invalid/transitfeed/bad_date_format", &["C303"], &[]),
    // A header with a letter that is not UTF-8 is no known column; bytes read as Windows-1252 give no-break spaces.
    feed("invalid/transitfeed/bad_utf8", &["C101"], &["C207", "C309"]),
    // The stop that stands twice is in rows cut short, where cells may be under wrong headers; that is told instead.
    feed("invalid/transitfeed/duplicate_stop", &["C201"], &[]),
    feed("invalid/transitfeed/duplicate_schedule_id", &["C401"], &[]),
    feed("invalid/transitfeed/empty_file", &["C104", "C201", "C214"], &[]),
    feed("invalid/transitfeed/missing_row_cells", &["C201"], &[]),
    feed("invalid/transitfeed/invalid_route_agency", &["C402"], &[]),
    feed("invalid/transitfeed/missing_agency", &["C201", "C214"], &[]),
    feed("invalid/transitfeed/missing_routes", &["C214"], &[]),
    feed("invalid/transitfeed/missing_trips", &["C214"], &[]),
    feed("invalid/transitfeed/missing_calendar", &["gtfs/no-days-of-service"], &[]),
    feed("invalid/transitfeed/missing_column", &["C201", "C206"], &[]),
    feed("invalid/transitfeed/missing_departure_time", &["gtfs/arrival-without-departure"], &["gtfs/stop-unused"]),
    feed("invalid/transitfeed/negative_stop_sequence", &["C306"], &[]),
    feed("invalid/transitfeed/undefined_stop", &["C402"], &[]),
    feed("warnings/transitfeed/repeated_route_name", &[], &["gtfs/two-routes-one-name"]),
    feed("warnings/transitfeed/same_short_long_name", &[], &["gtfs/route-named-twice"]),
    // The file with a misspelt name has the columns of frequencies.txt, and content decides.
    feed("warnings/transitfeed/unknown_file", &[], &[]),
    feed("warnings/transitfeed/unused_stop", &[], &["gtfs/stop-unused"]),
];

#[test]
fn transit_feeds_get_their_verdicts() {
    let Some(root) = conformance("transit_feeds_get_their_verdicts") else { return };
    let root = root.join("gtfs");
    let set = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<BTreeSet<String>>();
    let (mut judged, mut archives) = (0, 0);
    for row in rows(&root.join("expected.csv")) {
        let path = root.join(&row["path"]);
        if !path.is_dir() {
            archives += 1;
            continue;
        }
        let verdict = FEEDS.iter().find(|v| v.path == row["path"]).unwrap_or_else(|| panic!("{} is not in this test", row["path"]));
        assert_eq!(verdict.errors.is_empty(), row["verdict"] != "invalid", "{}", verdict.path);
        let paths: Vec<PathBuf> = names_in(&path).iter().map(|n| path.join(n)).collect();
        let report = check(&against("gtfs"), &paths, true, DialectHints::default());
        let found = || render::render(&report, Format::Short, &render::Options::default());
        assert_eq!(codes(&report, Severity::Error), set(verdict.errors), "errors of {}: {}", verdict.path, found());
        assert_eq!(codes(&report, Severity::Warning), set(verdict.warnings), "warnings of {}: {}", verdict.path, found());
        judged += 1;
    }
    assert_eq!(judged, FEEDS.len(), "a feed of this test is not in the list");
    aloud(&format!("gtfs: {judged} feeds judged as folders; `datasets` judges them and {archives} more as archives"));
}

// ---- Recognised by content

/// A real file under a name that says nothing: the layout and table it is taken for, and all codes of errors and warnings in it.
fn assert_recognised(file: &Path, layout: &str, table: &str, found: &[&str]) {
    let folder = Folder::new(&format!("layout-{layout}-{table}"));
    let bytes = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    for name in ["x.bin", "x"] {
        let path = folder.file(name, &bytes);
        let detected = run(["detect".as_ref(), path.as_os_str(), "--format".as_ref(), "json".as_ref()]).ended_with(0).json();
        assert_eq!(detected["best"]["standard"]["id"], layout, "{}: {detected:#}", file.display());
        assert_eq!(detected["best"]["resource"], table, "{}: {detected:#}", file.display());
        let report = run(["validate".as_ref(), path.as_os_str(), "--format".as_ref(), "json".as_ref()]).json();
        let causes = report["causes"].as_array().unwrap().iter().filter(|c| c["severity"] != "info");
        let codes: BTreeSet<&str> = causes.map(|c| c["code"].as_str().unwrap()).collect();
        assert_eq!(codes, found.iter().copied().collect(), "{}: {:#}", file.display(), report["causes"]);
    }
}

#[test]
fn exports_are_recognised_without_their_names() {
    let Some(root) = conformance("exports_are_recognised_without_their_names") else { return };
    let finance = root.join("municipal-finance");
    // The years published are off by 11,218, by nothing and by 20,000.
    assert_recognised(&finance.join("oakland_ca_fy13-14_adopted_flow.csv"), "budget-tidy", "lines", &["budget-tidy/sides-differ"]);
    assert_recognised(&finance.join("oakland_ca_fy15-16_adopted_flow.csv"), "budget-tidy", "lines", &[]);
    assert_recognised(&finance.join("oakland_ca_fy16-17_adopted_flow.csv"), "budget-tidy", "lines", &["budget-tidy/sides-differ"]);
    let vendors = root.join("vendor-exports");
    // One of 27,528 records has no map and lot.
    assert_recognised(&vendors.join("cambridge_vision_cama_TaxFY14.csv"), "vision-cama", "parcels", &["C301"]);
    assert_recognised(&vendors.join("nemrc-grand-list/411EXP57.csv"), "nemrc-grand-list", "exemptions", &[]);
    assert_recognised(&vendors.join("police-log/campus_police_log_2019-09-09.txt"), "campus-police-log", "log", &[]);
}

// ---- Budgets

/// Runs `concord convert` and gives its report and the rows written.
fn convert(folder: &Folder, input: &Path, to: &str, further: &[&str]) -> (Value, Vec<BTreeMap<String, String>>) {
    let out = folder.path("out.csv");
    let mut words: Vec<OsString> = ["convert", "--to", to, "--format", "json"].map(Into::into).into();
    words.extend([input.into(), "-o".into(), out.clone().into()]);
    words.extend(further.iter().map(Into::into));
    let ran = run(words);
    assert!(matches!(ran.status, 0 | 1), "{} said {}", input.display(), ran.err);
    let report = ran.json();
    let balance = &report["conversion"];
    assert_eq!((&balance["rejected"], &balance["records_in"]), (&0.into(), &balance["records_out"]), "{balance:#}");
    for sum in balance["sums"].as_array().unwrap() {
        assert_eq!(sum["balanced"], true, "{sum:#}");
    }
    (report, rows(&out))
}

/// The exact sum of the amounts of one direction and stage.
fn total(rows: &[BTreeMap<String, String>], direction: &str, phase: &str) -> String {
    let of = rows.iter().filter(|r| r["direction"] == direction && r["phase"] == phase);
    let sum = of.fold(Decimal::default(), |sum, r| sum.add(&Decimal::parse(&r["value"]).unwrap()).unwrap());
    sum.to_places(2).unwrap()
}

/// What a finding of the report says.
fn said(report: &Value, code: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().filter(|f| f["code"] == code).map(|f| f["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn city_budgets_tie_out_or_say_by_how_much_they_do_not() {
    let Some(root) = conformance("city_budgets_tie_out_or_say_by_how_much_they_do_not") else { return };
    for (year, fiscal_year, revenue, expense, difference) in [
        ("13-14", "2014", "1094522416.00", "1094533634.00", Some("11218")),
        ("15-16", "2016", "1202960209.00", "1202960209.00", None),
        ("16-17", "2017", "1182137681.00", "1182157681.00", Some("20000")),
    ] {
        let folder = Folder::new(&format!("budget-{year}"));
        let input = root.join(format!("municipal-finance/oakland_ca_fy{year}_adopted_flow.csv"));
        let (report, rows) = convert(&folder, &input, "fiscal-data-package", &[]);
        assert!(rows.iter().all(|r| r["fiscal_year"] == fiscal_year && r["currency"] == "USD"), "{year}");
        assert_eq!(total(&rows, "revenue", "approved"), revenue, "{year}");
        assert_eq!(total(&rows, "expenditure", "approved"), expense, "{year}");
        let told = said(&report, "budget-tidy/sides-differ");
        match difference {
            Some(difference) => assert!(matches!(&told[..], [one] if one.ends_with(&format!("a difference of {difference}"))), "{told:?}"),
            None => assert_eq!(told, [""; 0], "{year}"),
        }
        run(["validate".as_ref(), "--standard".as_ref(), "fiscal-data-package".as_ref(), folder.path("out.csv").as_os_str()]).ended_with(0);
    }
}

/// Nested names joined by points, lists as JSON text, null as nothing: how records of JSON become rows.
fn flatten(record: &Value, prefix: &str, out: &mut BTreeMap<String, String>) {
    for (name, value) in record.as_object().unwrap() {
        let name = format!("{prefix}{name}");
        match value {
            Value::Object(_) => flatten(value, &format!("{name}."), out),
            Value::Null => drop(out.insert(name, String::new())),
            Value::String(text) => drop(out.insert(name, text.clone())),
            other => drop(out.insert(name, other.to_string())),
        }
    }
}

/// The records of a JSON answer as a CSV file.
fn as_csv(folder: &Folder, file: &Path, list: &str) -> PathBuf {
    let answer: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut records = Vec::new();
    for record in answer[list].as_array().unwrap() {
        let mut row = BTreeMap::new();
        flatten(record, "", &mut row);
        records.push(row);
    }
    let names: BTreeSet<&String> = records.iter().flat_map(BTreeMap::keys).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&names).unwrap();
    for row in &records {
        writer.write_record(names.iter().map(|n| row.get(*n).map_or("", String::as_str))).unwrap();
    }
    folder.file("records", writer.into_inner().unwrap())
}

#[test]
fn a_portal_budget_balances_in_each_stage() {
    let Some(root) = conformance("a_portal_budget_balances_in_each_stage") else { return };
    let folder = Folder::new("budget-portal");
    let input = as_csv(&folder, &root.join("municipal-finance/chapel_hill_nc_budget_actuals_fy16.json"), "records");
    assert_recognised(&input, "opendatasoft-budget", "records", &[]);
    let (report, rows) = convert(&folder, &input, "fiscal-data-package", &[]);
    assert_eq!((report["conversion"]["records_in"].as_u64(), rows.len()), (Some(271), 3 * 271));
    assert!(rows.iter().all(|r| r["fiscal_year"] == "2016"));
    for (phase, revenue, expenditure) in [
        ("approved", "103313846.00", "103313846.00"),
        ("adjusted", "123375335.00", "123375335.00"),
        ("executed", "103582244.75", "95612561.91"),
    ] {
        assert_eq!(
            (total(&rows, "revenue", phase), total(&rows, "expenditure", phase)),
            (revenue.to_owned(), expenditure.to_owned()),
            "{phase}"
        );
    }
}

// ---- Service requests and parcels

#[test]
fn issues_become_service_requests_without_their_people() {
    let Some(root) = conformance("issues_become_service_requests_without_their_people") else { return };
    let folder = Folder::new("issues");
    let input = as_csv(&folder, &root.join("vendor-exports/seeclickfix_api_v2_issues_chapel_hill_test_tenant.json"), "issues");
    assert_recognised(&input, "seeclickfix-issues", "issues", &[]);
    let (report, rows) = convert(&folder, &input, "open311", &[]);
    assert_eq!((report["counts"]["error"].as_u64(), rows.len()), (Some(0), 40), "{:#}", report["causes"]);
    let closed: Vec<&str> = rows.iter().filter(|r| r["status"] == "closed").map(|r| r["updated_datetime"].as_str()).collect();
    assert_eq!((closed.len(), closed.contains(&"2018-05-28T13:56:18-04:00")), (2, true), "{closed:?}");
    for column in ["reporter.id", "reporter.role", "questions"] {
        assert!(
            report["findings"].as_array().unwrap().iter().any(|f| f["code"] == "C508" && f["field"] == column),
            "{column} is lost in silence"
        );
    }
    run(["validate".as_ref(), "--standard".as_ref(), "open311".as_ref(), folder.path("out.csv").as_os_str()]).ended_with(0);
}

#[test]
fn assessed_values_are_carried_over_exactly() {
    let Some(root) = conformance("assessed_values_are_carried_over_exactly") else { return };
    let folder = Folder::new("assessed");
    let input = root.join("vendor-exports/cambridge_vision_cama_TaxFY14.csv");
    let given = ["--set", "fiscal_year=2014", "--set", "town_id=49"];
    let (report, rows) = convert(&folder, &input, "massgis-parcels", &given);
    let sums: BTreeMap<&str, &str> = report["conversion"]["sums"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["to"].as_str().unwrap(), s["total_out"].as_str().unwrap()))
        .collect();
    assert_eq!(sums, BTreeMap::from([("LAND_VAL", "12330054665"), ("BLDG_VAL", "26003024136"), ("TOTAL_VAL", "38333078801")]));
    let source = crate::support::rows(&input);
    assert_eq!(rows.len(), source.len());
    for (row, from) in rows.iter().zip(&source) {
        assert_eq!((&row["PROP_ID"], row["TOWN_ID"].as_str(), row["FY"].as_str()), (&from["ML"], "49", "2014"));
        // A deed is a book and a page, a certificate, or as it stands: one of them is a date.
        let deed = from["BookPage"].trim();
        let expected = match deed.split_once('/') {
            Some((book, page)) if !page.contains('/') => [book.trim(), page.trim(), ""],
            Some(_) => [deed, "", ""],
            None if !deed.is_empty() && deed.bytes().all(|b| b.is_ascii_digit()) => ["", "", deed],
            None => [deed, "", ""],
        };
        assert_eq!(["LS_BOOK", "LS_PAGE", "REG_ID"].map(|f| row[f].as_str()), expected, "{deed}");
        assert_eq!(row["LS_DATE"].is_empty(), matches!(from["SaleDate"].as_str(), "" | "1/1/1900"), "{from:?}");
    }
    // What the extract does not have is asked for on every record, and nothing is made up.
    let asked: BTreeMap<&str, u64> = report["causes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["code"] == "C301")
        .map(|c| (c["field"].as_str().unwrap(), c["count"].as_u64().unwrap()))
        .collect();
    assert_eq!((asked["LOC_ID"], asked["OWNER1"]), (27_528, 27_528), "{asked:?}");
}

// ---- Files that are not what they might be taken for

#[test]
fn what_is_no_table_is_said_plainly() {
    let Some(root) = conformance("what_is_no_table_is_said_plainly") else { return };
    let detect = |path: &Path, status: i32| {
        run(["detect".as_ref(), path.as_os_str(), "--format".as_ref(), "json".as_ref()]).ended_with(status).json()
    };
    let vendors = root.join("vendor-exports");
    for (file, says) in [
        ("nemrc-grand-list/411_gl_HEADERS.csv", "columns of nemrc-grand-list@1, table \"grand_list\": a description of data"),
        ("nemrc-grand-list/411EXP_HEADERS.csv", "table \"exemptions\": a description of data"),
        ("nemrc-grand-list/411LST_HEADERS.csv", "table \"exempt_parcels\": a description of data"),
    ] {
        let found = detect(&vendors.join(file), 1);
        assert!(found["best"].is_null() && found["instead"].as_str().is_some_and(|w| w.contains(says)), "{file}: {found:#}");
    }
    let requests = root.join("open311/source-exports/hoboken-publicstuff-8rows.csv");
    assert_recognised(&requests, "publicstuff-requests", "requests", &[]);
}

/// Printed reports are united as the tables that are in them.
#[test]
fn printed_reports_are_united() {
    let folder = Folder::new("merge-printed");
    let examples = root().join("standards/local/munis-ytd/1/examples/valid");
    let out = folder.path("all.csv");
    let (print, sheet) = (examples.join("print.csv"), examples.join("spreadsheet.csv"));
    let words = ["merge".as_ref(), print.as_os_str(), sheet.as_os_str(), "--to".as_ref(), "munis-ytd".as_ref(), "-o".as_ref()];
    run(words.into_iter().chain([out.as_os_str()])).ended_with(0);
    let united = rows(&out);
    let objects: Vec<&str> = united.iter().map(|r| r["object"].as_str()).collect();
    assert_eq!(objects, ["511000", "524000", "521000", "511000", "524000", "422000"], "{united:#?}");
    assert_eq!(united[0]["source"], "print");
}

/// A file of a standard that is perfect but for titles above its header, as text and as a sheet: detection knows it, checks and conversions
/// read on from the header, and one finding says what was passed over.
#[test]
fn titles_above_a_known_header_are_passed_over_and_told() {
    let folder = Folder::new("titles");
    let plain = std::fs::read_to_string(root().join("standards/national/lives/2.0/examples/valid/full-feed/businesses.csv")).unwrap();
    let plain = folder.file("plain.csv", plain);
    let text = std::fs::read_to_string(&plain).unwrap();
    let titled = folder.file("titled.csv", format!("Town of Riverton\nFood report,,,\n\n{text}"));
    // The same as a sheet.
    let cells = |row: usize, line: &str| -> String {
        let cell = |(c, text): (usize, &str)| {
            let letter = char::from(b'A' + u8::try_from(c).unwrap());
            format!("<c r=\"{letter}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        let filled = line.split(',').enumerate().filter(|(_, text)| !text.is_empty());
        format!("<row r=\"{row}\">{}</row>", filled.map(cell).collect::<String>())
    };
    let names = text.lines().next().unwrap();
    let lines = [
        (1, "Town of Riverton"),
        (2, "Food report"),
        (4, names),
        (5, "4711,CORNER CAFE,12 Main St"),
        (6, "4712,RIVERSIDE BAKERY,8 Mill Rd"),
    ];
    let sheet: String = lines.into_iter().map(|(row, line)| cells(row, line)).collect();
    let sheet = folder.file("sheet.xlsx", workbook("A1:I6", &[(sheet.as_bytes(), 1)]));
    let words = |verb: &'static str, file: &Path, more: &[&'static str]| -> Vec<std::ffi::OsString> {
        let more = more.iter().map(std::ffi::OsString::from);
        std::iter::once(verb.into()).chain([file.as_os_str().to_owned()]).chain(more).collect()
    };
    run(words("validate", &plain, &["--standard", "lives"])).ended_with(0);
    for file in [&titled, &sheet] {
        let told = run(words("detect", file, &[])).ended_with(0).text();
        assert!(told.contains("lives@2.0") && told.contains("the header seems to be in row 4; rows 1 to 3 stand above it"), "{told}");
    }
    let (named, known) = (&["--standard", "lives", "--format", "json"][..], &["--format", "json"][..]);
    for (file, more) in [(&titled, named), (&titled, known), (&sheet, named), (&sheet, known)] {
        let report = run(words("validate", file, more)).ended_with(1).json();
        let found: Vec<(&str, u64)> =
            report["findings"].as_array().unwrap().iter().map(|f| (f["code"].as_str().unwrap(), f["row"].as_u64().unwrap())).collect();
        assert_eq!(found, [("C278", 1)], "{more:?}: {report:#}");
        assert_eq!(report["findings"][0]["value"], "Town of Riverton / Food report");
        assert_eq!(report["files"][0]["records"], 2, "{more:?}");
    }
    // Rows stay those of the file.
    let wrong = folder.file("wrong.csv", format!("Town of Riverton\nFood report,,,\n\n{text}9,,1 Main St\n"));
    let report = run(words("validate", &wrong, &["--standard", "lives", "--format", "json"])).ended_with(1).json();
    let rows: Vec<u64> = report["findings"].as_array().unwrap().iter().map(|f| f["row"].as_u64().unwrap()).collect();
    let last = text.lines().count() as u64 + 4;
    assert!(rows[0] == 1 && rows.len() > 1 && rows[1..].iter().all(|row| *row == last), "{report:#}");
    // The same with a header of a user's own.
    let schema = folder.file("own.json", r#"{"fields": [{"name": "id", "type": "string"}, {"name": "amount", "type": "number"}]}"#);
    let own = folder.file("own.csv", "Town of Riverton,,,\n,,,\n,,id,amount\n,,a,1\n,,b,x\n");
    let words = ["validate".as_ref(), own.as_os_str(), "--schema".as_ref(), schema.as_os_str(), "--format".as_ref(), "short".as_ref()];
    let told = run(words).ended_with(1).text();
    assert!(told.contains("own.csv:1:1: error[C278]") && told.contains("error[C302] column D \"amount\""), "{told}");
}

// ---- Printed pages

/// Every report in the real log is a record: as many as lines begin with a day, with the day and time that stand there.
#[test]
fn every_report_of_a_printed_log_is_a_record() {
    let Some(root) = conformance("every_report_of_a_printed_log_is_a_record") else { return };
    let file = root.join("vendor-exports/police-log/campus_police_log_2019-09-09.txt");
    let text = std::fs::read_to_string(&file).unwrap();
    let is_day = |word: &str| {
        word.len() == 10 && word.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
    };
    let days: Vec<&str> = text.lines().filter_map(|l| l.split_whitespace().next()).filter(|w| is_day(w)).collect();
    let is_time = |word: &&str| word.len() == 8 && word.as_bytes()[2] == b':' && word.as_bytes()[5] == b':';
    let times: Vec<&str> = text.lines().filter_map(|l| l.split_whitespace().next()).filter(is_time).collect();
    assert_eq!((days.len(), times.len()), (3, 3));

    let folder = Folder::new("printed-log");
    let out = folder.path("log.csv");
    let words = ["merge".as_ref(), file.as_os_str(), "--to".as_ref(), "campus-police-log@1".as_ref(), "-o".as_ref(), out.as_os_str()];
    run(words).ended_with(0);
    let records = rows(&out);
    let reported: Vec<String> = records.iter().map(|r| r["Date & Time Reported"].clone()).collect();
    let expected: Vec<String> = days.iter().zip(&times).map(|(day, time)| format!("{day} {time}")).collect();
    assert_eq!(reported, expected);
    // No word of a report is lost: all that stands between the first and the last of them is in a cell.
    let first = text.find(days[0]).unwrap();
    let last = text.find("NO REPORTS").unwrap();
    let mut printed: Vec<&str> = text[first..last].split_whitespace().collect();
    let columns = ["Date & Time Reported", "Inc Type", "Date & Time Occurred", "Address", "Comments", "Disposition"];
    let mut read: Vec<&str> = records.iter().flat_map(|r| columns.iter().flat_map(|c| r[*c].split_whitespace())).collect();
    printed.sort_unstable();
    read.sort_unstable();
    assert_eq!(read, printed);
}

/// The printed report and the rows cut from it give the same accounts.
#[test]
fn a_printed_ledger_gives_what_its_spreadsheet_gives() {
    let folder = Folder::new("printed-ledger");
    let examples = root().join("standards/local/munis-ytd/1/examples/valid");
    let table = |name: &str| {
        let (input, out) = (examples.join(name), folder.path(&format!("{name}.out.csv")));
        let words = ["merge".as_ref(), input.as_os_str(), "--to".as_ref(), "munis-ytd".as_ref(), "-o".as_ref(), out.as_os_str()];
        run(words).ended_with(0);
        let mut records = rows(&out);
        // The table cut from the report has no column for the account; in print it may stand.
        records.iter_mut().for_each(|r| ["source", "account"].iter().for_each(|c| drop(r.remove(*c))));
        records
    };
    let (print, cut) = (table("accounts-for.txt"), table("print.csv"));
    assert_eq!(print.len(), 2);
    assert_eq!(print[..], cut[..2]);
    let whole = table("report.txt");
    let accounts: Vec<[&str; 5]> =
        whole.iter().map(|r| ["fund", "org", "object", "description", "available"].map(|f| r[f].as_str())).collect();
    let expected = [
        ["7100", "07101", "511000", "FERRY PAY", "9899.75"],
        ["7100", "07101", "524000", "REPAIRS 2026 AND PAINT", "-100.00"],
        ["7100", "07102", "521000", "FUEL", "1799.90"],
        ["7200", "7201", "432000", "MOORING", "-4749.50"],
    ];
    assert_eq!(accounts, expected);
    assert!(whole.iter().all(|r| r["fiscal_year"] == "2026" && r["period"] == "09"));
    // Recognised under a name that says nothing, and by what it is, not as a table of blanks.
    assert_recognised(&examples.join("report.txt"), "munis-ytd", "lines", &[]);
}

/// A page that no layout knows is still told for what it looks like.
#[test]
fn an_unknown_print_is_told() {
    let folder = Folder::new("printed-unknown");
    let page = "       TOWN OF SEAHOLM\n\n Date       Kind       Address\n\n 2026-01-02     LARCENY      3 MAIN\n 16:51:07       ST\n";
    let path = folder.file("page.txt", page);
    let found = run(["detect".as_ref(), path.as_os_str(), "--format".as_ref(), "json".as_ref()]).ended_with(1).json();
    assert!(found["instead"].as_str().is_some_and(|w| w.contains("a printed page")), "{found:#}");
}
