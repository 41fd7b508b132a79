//! Real exports become what their publishers made of them, and every row is accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, Ran, aloud, conformance, names_in, root, rows, run};

/// Runs `concord convert` with a report and rejects in the folder. Ends with 0 or 1; which, the caller checks.
fn convert(folder: &Folder, input: &Path, to: &str, out: &str, further: &[String]) -> (Ran, Value) {
    let mut words: Vec<OsString> = ["convert", "--to", to, "--max-findings", "100000", "--format", "json"].map(Into::into).into();
    words.extend([input.into(), "-o".into(), folder.path(out).into(), "--rejects".into(), folder.path("rejects.csv").into()]);
    words.extend(further.iter().map(Into::into));
    let ran = run(words);
    assert!(matches!(ran.status, 0 | 1), "{} said {}", input.display(), ran.err);
    let report = ran.json();
    (ran, report)
}

/// In = out + rejected + dropped, in records and for each table.
fn assert_balanced(report: &Value) -> (u64, u64, u64, u64) {
    let balance = &report["conversion"];
    let n = |name: &str| balance[name].as_u64().unwrap();
    let dropped = balance["dropped"].as_array().unwrap().iter().map(|d| d["count"].as_u64().unwrap()).sum();
    let sums = (n("records_in"), n("records_out"), n("rejected"), dropped);
    assert_eq!(sums.0, sums.1 + sums.2 + sums.3, "{balance:#}");
    for sum in balance["sums"].as_array().unwrap() {
        assert_eq!(sum["balanced"], true, "{sum:#}");
    }
    sums
}

type Row = BTreeMap<String, String>;

/// How often each row stands in a table.
fn multiset(rows: Vec<Row>) -> BTreeMap<Row, usize> {
    let mut counted = BTreeMap::new();
    rows.into_iter().for_each(|row| *counted.entry(row).or_default() += 1);
    counted
}

#[test]
fn the_lexington_export_becomes_the_published_feed() {
    let Some(shared) = conformance("the_lexington_export_becomes_the_published_feed") else { return };
    let folder = Folder::new("lexington");
    let input = shared.join("lives/source-exports/lexington-2016-03.csv");
    let (_, report) = convert(&folder, &input, "lives@2.0", "feed/", &["--set".to_owned(), "feed_date=20160303".to_owned()]);
    let published = shared.join("lives/valid/lexington-2016-03");
    for table in ["businesses", "inspections", "violations"] {
        let expected = rows(&published.join(format!("{table}.csv")));
        // Columns that the feed has and the publisher left out must be empty.
        let names: BTreeSet<String> = expected[0].keys().cloned().collect();
        let made: Vec<Row> = rows(&folder.path(&format!("feed/{table}.csv")))
            .into_iter()
            .map(|row| {
                let (known, further): (Row, Row) = row.into_iter().partition(|(name, _)| names.contains(name));
                assert!(further.values().all(String::is_empty), "{table}: {further:?}");
                known
            })
            .collect();
        let (made, expected) = (multiset(made), multiset(expected));
        let missing: Vec<_> = expected.iter().filter(|(row, n)| made.get(row) != Some(n)).take(5).collect();
        let extra: Vec<_> = made.iter().filter(|(row, n)| expected.get(row) != Some(n)).take(5).collect();
        assert!(made == expected, "{table}: not made {missing:#?}\nnot published {extra:#?}");
    }
    let feed = rows(&folder.path("feed/feed_info.csv"));
    assert_eq!((feed.len(), feed[0]["feed_date"].as_str(), feed[0]["feed_version"].as_str()), (1, "20160303", "2.0"));
    let (records_in, _, rejected, _) = assert_balanced(&report);
    assert_eq!((records_in, rejected), (712, 0), "{:#}", report["conversion"]);
    // Each table: candidates = written + rejected + repeated + skipped, and what is written is in the file.
    for table in report["conversion"]["tables"].as_array().unwrap() {
        let n = |name: &str| table[name].as_u64().unwrap();
        assert_eq!(n("candidates"), n("written") + n("rejected") + n("repeated") + n("skipped"), "{table:#}");
        let name = table["table"].as_str().unwrap();
        assert_eq!(n("written"), rows(&folder.path(&format!("feed/{name}.csv"))).len() as u64, "{name}");
    }
    // What LIVES cannot carry is told for each column, with all its filled cells.
    for column in ["Status", "Inspection Type", "Followup Required", "Opening Date"] {
        let told = report["findings"].as_array().unwrap().iter().any(|f| f["code"] == "C508" && f["field"] == column);
        assert!(told, "nothing says that {column} is lost");
    }
    run([OsString::from("validate"), "--standard".into(), "lives@2.0".into(), folder.path("feed/").into()]).ended_with(0);
}

// ---- Coordinates, by an independent way

/// Longitude and latitude in degrees of a point of UTM zone 13 north on GRS80, by Krüger's series to the sixth power of the third flattening
/// (Karney 2011, equation 36 and those around it).
fn inverse_utm_13(easting: f64, northing: f64) -> (f64, f64) {
    let (a, f) = (6_378_137.0_f64, 1.0 / 298.257_222_101_f64);
    let n = f / (2.0 - f);
    let p = |k: i32| n.powi(k);
    let radius = a / (1.0 + n) * (1.0 + p(2) / 4.0 + p(4) / 64.0 + p(6) / 256.0);
    let beta = [
        n / 2.0 - 2.0 / 3.0 * p(2) + 37.0 / 96.0 * p(3) - p(4) / 360.0 - 81.0 / 512.0 * p(5) + 96_199.0 / 604_800.0 * p(6),
        p(2) / 48.0 + p(3) / 15.0 - 437.0 / 1440.0 * p(4) + 46.0 / 105.0 * p(5) - 1_118_711.0 / 3_870_720.0 * p(6),
        17.0 / 480.0 * p(3) - 37.0 / 840.0 * p(4) - 209.0 / 4480.0 * p(5) + 5569.0 / 90_720.0 * p(6),
        4397.0 / 161_280.0 * p(4) - 11.0 / 504.0 * p(5) - 830_251.0 / 7_257_600.0 * p(6),
        4583.0 / 161_280.0 * p(5) - 108_847.0 / 3_991_680.0 * p(6),
        20_648_693.0 / 638_668_800.0 * p(6),
    ];
    let (xi, eta) = (northing / (0.9996 * radius), (easting - 500_000.0) / (0.9996 * radius));
    let (mut xi1, mut eta1) = (xi, eta);
    for (j, b) in (1u8..).zip(beta) {
        let k = 2.0 * f64::from(j);
        xi1 -= b * (k * xi).sin() * (k * eta).cosh();
        eta1 -= b * (k * xi).cos() * (k * eta).sinh();
    }
    let conformal = (xi1.sin() / eta1.cosh()).asin();
    let longitude = -105.0 + eta1.sinh().atan2(xi1.cos()).to_degrees();
    // From the conformal latitude to the geographic one by steps; each gains two digits or more.
    let e = (f * (2.0 - f)).sqrt();
    let isometric = conformal.tan().asinh();
    let mut latitude = conformal;
    for _ in 0..12 {
        latitude = (isometric + e * (e * latitude.sin()).atanh()).sinh().atan();
    }
    (longitude, latitude.to_degrees())
}

/// What PROJ 9.5.1 (pyproj 3.7.2) gives from EPSG:26913 to EPSG:4326 for twelve rows of the sample: its number, easting, northing, longitude, latitude.
const PROJ: [(usize, f64, f64, f64, f64); 12] = [
    (0, 346995.7084999997, 3901274.2367000002, -106.681632006, 35.242882572),
    (50, 388920.12119999994, 3882562.239, -106.218443113, 35.079716505),
    (100, 361132.9726999998, 3886762.0716999993, -106.523860517, 35.114129402),
    (139, 676746.1096000001, 3619706.3592000008, -103.114442675, 32.700947956),
    (150, 360686.28560000006, 3884680.5856, -106.528410330, 35.095305034),
    (200, 204023.44189999998, 3659022.8774999995, -108.168771874, 33.029514607),
    (240, 118341.09339999966, 3551724.7924000006, -109.040793189, 32.037373331),
    (250, 342054.1635999996, 3594350.5996000003, -106.680798302, 32.475168013),
    (300, 379566.08770000003, 3896149.053200001, -106.323005467, 35.201125084),
    (350, 464603.3457000004, 4062163.5131, -105.396292911, 36.704481395),
    (400, 421182.50179999974, 4005890.167300001, -105.876658450, 36.194611601),
    (450, 400092.87909999955, 3935772.4975000005, -106.102401921, 35.560592250),
];

fn near(a: f64, b: f64, by: f64) -> bool {
    (a - b).abs() <= by
}

#[test]
fn the_independent_projection_agrees_with_proj() {
    for (row, x, y, longitude, latitude) in PROJ {
        let (lon, lat) = inverse_utm_13(x, y);
        assert!(near(lon, longitude, 2e-9) && near(lat, latitude, 2e-9), "row {row}: {lon} {lat}, not {longitude} {latitude}");
    }
}

/// USDOT's own table from what is found to what it becomes: by the value in lower case without blanks around it. `<Null>` is no value.
fn mapper(shared: &Path, name: &str) -> BTreeMap<String, String> {
    let pairs = rows(&shared.join(format!("nad/mapper/Mapper_{name}.csv"))).into_iter().map(|row| {
        let destination = if row["Destination"] == "<Null>" { String::new() } else { row["Destination"].clone() };
        (row["Source"].trim().to_lowercase(), destination)
    });
    pairs.collect()
}

#[test]
fn the_new_mexico_sample_becomes_national_addresses() {
    let Some(shared) = conformance("the_new_mexico_sample_becomes_national_addresses") else { return };
    let folder = Folder::new("new-mexico");
    let input = shared.join("nad/nm911_address_sample_a.csv");
    let (_, report) = convert(&folder, &input, "nad@2023-04", "nad.csv", &[]);
    let (records_in, records_out, rejected, dropped) = assert_balanced(&report);
    assert_eq!((records_in, records_out + rejected, dropped), (500, 500, 0), "{:#}", report["conversion"]);
    let source = rows(&input);
    let made: BTreeMap<String, Row> = rows(&folder.path("nad.csv")).into_iter().map(|row| (row["DataSet_ID"].clone(), row)).collect();
    assert_eq!(made.len() as u64, records_out);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(report["coverage"]["truncated"], false);
    let told =
        |record: usize, field: &str| findings.iter().any(|f| f["record"] == record + 1 && f["field"] == field && f["code"] == "C504");
    let columns = [
        ("STR_DIR", "St_PreDir", "St_PreDir"),
        ("STR_PRETYP", "St_PreTyp", "St_PreTyp"),
        ("STR_SUFFIX", "St_PosTyp", "St_PosTyp"),
        ("POST_DIR", "St_PosDir", "St_PosDir"),
    ];
    let mappers: BTreeMap<&str, BTreeMap<String, String>> = columns.iter().map(|c| (c.2, mapper(&shared, c.2))).collect();
    let (mut mapped, mut unmapped, mut wrong) = (0, 0, Vec::new());
    for (record, from) in source.iter().enumerate() {
        let Some(to) = made.get(&from["index"]) else {
            assert!(rejected > 0, "record {} of the sample is neither converted nor rejected", record + 1);
            continue;
        };
        let (longitude, latitude) = inverse_utm_13(from["POINT_X"].parse().unwrap(), from["POINT_Y"].parse().unwrap());
        let (lon, lat): (f64, f64) = (to["Longitude"].parse().unwrap(), to["Latitude"].parse().unwrap());
        if !near(lon, longitude, 1e-6) || !near(lat, latitude, 1e-6) {
            wrong.push(format!("record {}: {lon} {lat}, not {longitude} {latitude}", record + 1));
        }
        for (field, target, table) in columns {
            let value = &from[field];
            match mappers[table].get(&value.trim().to_lowercase()) {
                _ if value.trim().is_empty() => assert!(to[target].is_empty(), "record {}: {target} made of nothing", record + 1),
                Some(destination) => {
                    mapped += 1;
                    if to[target] != *destination {
                        wrong.push(format!(
                            "record {}: {field} \"{value}\" gives {target} \"{}\", not \"{destination}\"",
                            record + 1,
                            to[target]
                        ));
                    }
                }
                None => {
                    unmapped += 1;
                    if !to[target].is_empty() || !told(record, field) {
                        wrong.push(format!(
                            "record {}: {field} \"{value}\" is in no table; it gives {target} \"{}\", told: {}",
                            record + 1,
                            to[target],
                            told(record, field)
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    for (record, _, _, longitude, latitude) in PROJ {
        let to = &made[&source[record]["index"]];
        let (lon, lat): (f64, f64) = (to["Longitude"].parse().unwrap(), to["Latitude"].parse().unwrap());
        assert!(near(lon, longitude, 1e-6) && near(lat, latitude, 1e-6), "record {}: {lon} {lat}", record + 1);
    }
    assert!(mapped > 400, "{mapped}");
    // No unmapped value goes untold, whatever its field.
    assert_eq!(findings.iter().filter(|f| f["code"] == "C504").count(), unmapped);
    aloud(&format!("nad: {records_out} of 500 records written, {mapped} values by USDOT's tables, {unmapped} told as unknown"));
}

// ---- The packages' own examples

/// `examples/convert/<name>.in.csv` of every package gives exactly `<name>.out.csv` or `<name>.out/`, and the expected errors and warnings.
#[test]
fn examples_convert_to_the_byte() {
    let mut done = 0;
    for package in concord_standards::catalog().all() {
        let m = &package.manifest;
        let examples = root().join(format!("standards/{}/{}/{}/examples/convert", m.tier, m.id, m.version));
        let names = if examples.is_dir() { names_in(&examples) } else { Vec::new() };
        for name in names.iter().filter_map(|n| n.strip_suffix(".in.csv")) {
            let at = |ending: &str| examples.join(format!("{name}{ending}"));
            let folder = Folder::new(&format!("example-{}-{name}", m.id));
            let input = at(".in.csv");
            let mut words: Vec<OsString> =
                vec!["convert".into(), "--to".into(), package.reference().into(), "--format".into(), "short".into()];
            let given = std::fs::read_to_string(at(".given.toml")).unwrap_or_default();
            for (key, value) in given.parse::<toml::Table>().unwrap() {
                words.extend(["--set".into(), format!("{key}={}", value.as_str().unwrap()).into()]);
            }
            let many = at(".out").is_dir();
            let out = folder.path(if many { "out/" } else { "out.csv" });
            words.extend([input.into(), "-o".into(), out.clone().into()]);
            let ran = run(words);
            assert!(matches!(ran.status, 0 | 1), "{name}: {}", ran.err);
            let pairs = if many {
                assert_eq!(
                    names_in(&out).into_iter().filter(|n| n.ends_with(".csv")).collect::<Vec<_>>(),
                    names_in(&at(".out")),
                    "tables of {name}"
                );
                names_in(&at(".out")).into_iter().map(|n| (out.join(&n), at(".out").join(&n))).collect()
            } else {
                vec![(out, at(".out.csv"))]
            };
            for (made, expected) in pairs {
                let text = |path: &Path| String::from_utf8(std::fs::read(path).unwrap()).unwrap();
                assert_eq!(text(&made), text(&expected), "{}", expected.display());
            }
            let place = |line: &str| line.find(']').map_or(line, |end| &line[..=end]).to_owned();
            let text = ran.text();
            let got: Vec<String> = text.lines().filter(|l| !l.contains(": info[") && !l.starts_with("info[")).map(place).collect();
            let expected = std::fs::read_to_string(at(".expected")).unwrap();
            let expected: Vec<String> = expected.lines().filter(|l| !l.trim().is_empty()).map(|l| place(l.trim_end())).collect();
            assert_eq!(got, expected, "findings of {name} to {}:\n{text}", package.reference());
            assert_eq!(ran.status, i32::from(got.iter().any(|l| l.contains("error["))), "{name}");
            done += 1;
        }
        for crosswalk in &package.crosswalks {
            let source = crosswalk.from.to_string();
            let id = source.split('@').next().unwrap();
            assert!(
                names.iter().any(|n| n.starts_with(id) && n.ends_with(".in.csv")),
                "{} has no example of a conversion from {id}",
                package.reference()
            );
        }
    }
    assert!(done >= 3, "only {done} examples");
}

/// What is written as JSON or XML is a document as the standard has it, which its nested schemas accept.
#[test]
fn requests_become_the_documents_of_their_standard() {
    let folder = Folder::new("requests");
    let input = root().join("standards/national/open311/2/examples/convert/seeclickfix-issues.in.csv");
    for (name, document) in [("out.json", "requests"), ("out.xml", "answer")] {
        let (ran, report) = convert(&folder, &input, "open311@2", name, &[]);
        assert_balanced(&report);
        assert_eq!(ran.status, 0, "{name}: {:#}", report["causes"]);
        let out = folder.path(name);
        let detected = run([OsString::from("detect"), "--format".into(), "json".into(), out.clone().into()]).ended_with(0).json();
        assert_eq!(detected["best"]["resource"], document, "{name}: {detected:#}");
        let checked = run([OsString::from("validate"), "--format".into(), "json".into(), out.into()]).ended_with(0).json();
        assert_eq!(checked["standard"]["id"], "open311", "{name}");
        assert_eq!((&checked["valid"], &checked["causes"]), (&Value::Bool(true), &Value::Array(Vec::new())), "{name}");
    }
}

/// Rows of calls become alerts and incidents: one document for each call, one part for each unit and remark; the rest is dropped by a declared rule, or
/// rejected. What is written meets the schemas of both standards.
#[test]
fn calls_become_alerts_and_incidents() {
    let folder = Folder::new("calls");
    let input = root().join("standards/national/cap/1.2/examples/convert/cad-incidents.in.csv");
    let set = |pairs: &[&str]| pairs.iter().flat_map(|p| ["--set".to_owned(), (*p).to_owned()]).collect::<Vec<_>>();
    let given = set(&["sender=dispatch@exampleton.gov", "zone=America/New_York"]);
    let further: Vec<String> = given.iter().cloned().chain(["--as".to_owned(), "xml".to_owned()]).collect();
    let (_, report) = convert(&folder, &input, "cap@1.2", "alerts/", &further);
    assert_eq!(assert_balanced(&report), (6, 4, 1, 1));
    assert!(report["causes"].as_array().unwrap().iter().any(|c| c["code"] == "C519"), "{:#}", report["causes"]);
    let alerts: Vec<_> = names_in(&folder.path("alerts/")).into_iter().filter(|n| n.ends_with(".xml")).collect();
    assert_eq!(alerts, ["alerts-2.xml", "alerts.xml"]);
    for name in &alerts {
        let path = folder.path(&format!("alerts/{name}"));
        let checked = run([OsString::from("validate"), "--format".into(), "json".into(), path.into()]).ended_with(0).json();
        assert_eq!((checked["standard"]["id"].as_str(), &checked["causes"]), (Some("cap"), &Value::Array(Vec::new())), "{name}");
    }
    let first = std::fs::read_to_string(folder.path("alerts/alerts.xml")).unwrap();
    let units: Vec<&str> =
        ["<value>E12</value>", "<value>T03</value>"].into_iter().filter(|unit| first.matches(unit).count() == 1).collect();
    assert_eq!(units.len(), 2, "each unit once, however many rows it has: {first}");
    assert!(first.contains("<sent>2026-03-05T14:05:09-05:00</sent>") && first.contains("<circle>42.3601,-71.0589 0</circle>"), "{first}");
    assert!(!first.contains("cad-agency"), "a value that is not there has no name either: {first}");

    // Each alert is held to its schema and the rules beside it; what was told of a row is not told of its alert again.
    let marked = folder.path("marked.csv");
    let text = std::fs::read_to_string(&input).unwrap();
    std::fs::write(&marked, text.replace("100 Block", "<b>100</b> Block").replace("42.3601", "142.3601")).unwrap();
    let (ran, report) = convert(&folder, &marked, "cap@1.2", "marked/", &further);
    let told = |code: &str| report["findings"].as_array().unwrap().iter().filter(|f| f["code"] == code).cloned().collect::<Vec<_>>();
    let marks = told("cap/markup-in-text");
    assert_eq!(
        marks.iter().map(|f| f["pointer"].as_str().unwrap()).collect::<Vec<_>>(),
        ["/alert/info/headline", "/alert/info/area/areaDesc"]
    );
    assert!(marks[0]["message"].as_str().unwrap().ends_with("in the alert \"260640123\" that was made"), "{:#}", marks[0]);
    assert_eq!((ran.status, told("C305").len(), told("cap/unclear-circle").len()), (1, 3, 0));
    assert!(report["coverage"]["checks_run"].as_array().unwrap().iter().any(|c| c == "cap/unclosed-polygon"));

    // A text that looks like the beginning of a document begins none.
    let odd = folder.path("odd.csv");
    let text = std::fs::read_to_string(&input).unwrap().replace("Exampleton", "\"<?xml version=\"\"1.0\"\" encoding=\"\"UTF-8\"\"?>\n\"");
    std::fs::write(&odd, text).unwrap();
    for (form, files) in [("xml", 2), ("csv", 1)] {
        let out = format!("odd-{form}/");
        let further: Vec<String> = given.iter().cloned().chain(["--as".to_owned(), form.to_owned()]).collect();
        convert(&folder, &odd, "cap@1.2", &out, &further);
        assert_eq!(names_in(&folder.path(&out)).into_iter().filter(|n| n.starts_with("alerts")).count(), files, "{form}");
    }

    // A file holds one document of XML.
    let mut words: Vec<OsString> = ["convert", "--to", "cap@1.2"].map(Into::into).into();
    words.extend([input.clone().into(), "-o".into(), folder.path("one.xml").into()]);
    words.extend(given.iter().map(Into::into));
    let ran = run(words);
    assert!(ran.status == 2 && ran.err.contains("several documents"), "{}", ran.err);
    assert!(!folder.path("one.xml").exists());

    let given = set(&["agency=exampleton.gov", "element=dispatch.exampleton.gov", "zone=America/New_York"]);
    let (_, report) = convert(&folder, &input, "eido@1.0", "incidents.ndjson", &given);
    assert_eq!(assert_balanced(&report), (6, 5, 1, 0));
    let (_, again) = convert(&folder, &input, "eido@1.0", "incidents.json", &given);
    assert_eq!(assert_balanced(&again), (6, 5, 1, 0));
    let lines = std::fs::read_to_string(folder.path("incidents.ndjson")).unwrap();
    let objects: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let array: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(folder.path("incidents.json")).unwrap()).unwrap();
    assert_eq!(objects, array);
    let parts = |o: &Value, name: &str| o[name].as_array().map_or(0, Vec::len);
    let counts: Vec<_> = objects.iter().map(|o| (parts(o, "emergencyResourceComponent"), parts(o, "notesComponent"))).collect();
    assert_eq!(counts, [(2, 2), (1, 0), (1, 0)]);
    // What one part refers to is there.
    for object in &objects {
        let text = object.to_string();
        for reference in text.match_indices("\"$ref\":").map(|(at, found)| &text[at + found.len()..]) {
            let id = reference[1..].split('"').next().unwrap();
            assert!(text.contains(&format!("\"$id\":\"{id}\"")), "{id}");
        }
    }
    let Some(shared) = conformance("calls_become_alerts_and_incidents") else { return };
    let schema =
        format!("{}#/components/schemas/EmergencyIncidentDataObjectType", shared.join("eido/schema/eido-1.1-bundle.json").display());
    let words = [
        "validate".into(),
        "--format".into(),
        "json".into(),
        folder.path("incidents.ndjson").into(),
        "--schema".into(),
        OsString::from(&schema),
    ];
    let checked = run(words).ended_with(0).json();
    assert_eq!((&checked["valid"], checked["coverage"]["records_read"].as_u64()), (&Value::Bool(true), Some(3)), "{checked:#}");
}

/// What a city exported from PublicStuff becomes requests, as JSON and as XML.
#[test]
fn requests_of_publicstuff_become_the_documents_of_their_standard() {
    let Some(shared) = conformance("requests_of_publicstuff_become_the_documents_of_their_standard") else { return };
    let folder = Folder::new("publicstuff");
    let input = shared.join("open311/source-exports/hoboken-publicstuff-8rows.csv");
    for name in ["out.json", "out.xml"] {
        let (ran, report) = convert(&folder, &input, "open311@2", name, &[]);
        assert_eq!((ran.status, assert_balanced(&report)), (0, (8, 8, 0, 0)), "{:#}", report["causes"]);
        run([OsString::from("validate"), folder.path(name).into()]).ended_with(0);
    }
}

/// A published report of MUNIS meets its own layout and becomes UMAS accounts alike: both allow for columns that were rounded each by itself. The year is
/// the one that the file states, and a value that is given does not override it.
#[test]
fn munis_reports_become_umas_accounts_of_the_year_they_state() {
    let Some(shared) = conformance("munis_reports_become_umas_accounts_of_the_year_they_state") else { return };
    let folder = Folder::new("munis");
    let errors = |report: &Value| report["counts"]["error"].as_u64().unwrap();
    let ytd = shared.join("municipal-finance/lunenburg_ma_munis_ytd_fy2026_p09_enterprise.csv");
    let (_, report) = convert(&folder, &ytd, "umas@2014", "ytd.csv", &["--set".into(), "fiscal_year=2026".into()]);
    assert_eq!(errors(&report), 0, "{:#}", report["causes"]);
    assert_balanced(&report);

    let trial = shared.join("municipal-finance/lunenburg_ma_munis_trial_balance_fund1300_fy2026.csv");
    let (_, report) = convert(&folder, &trial, "umas@2014", "trial.csv", &[]);
    assert_eq!(errors(&report), 0, "{:#}", report["causes"]);
    let years = |name: &str| rows(&folder.path(name)).into_iter().map(|r| r["fiscal_year"].clone()).collect::<BTreeSet<_>>();
    assert_eq!(years("trial.csv"), BTreeSet::from(["2026".to_owned()]));
    let (_, report) = convert(&folder, &trial, "umas@2014", "other.csv", &["--set".into(), "fiscal_year=2025".into()]);
    assert_eq!(years("other.csv"), BTreeSet::from(["2026".to_owned()]), "what the file says is not overridden");
    let causes = report["causes"].as_array().unwrap();
    assert!(causes.iter().any(|c| c["code"] == "C520" && c["severity"] == "error" && c["count"] == 17), "{causes:#?}");
}

/// Where no crosswalk leads there directly, the chain is taken: what comes out is what converting to a file between, and that, gives; and the counts
/// are those of the source's rows.
#[test]
fn a_ledger_becomes_a_budget_over_the_accounts() {
    let examples = root().join("standards/regional/umas/2014/examples/convert");
    let mut ledgers = vec![(examples.join("munis-ytd.in.csv"), 3), (examples.join("munis-trial-balance.in.csv"), 0)];
    if let Some(shared) = conformance("a_ledger_becomes_a_budget_over_the_accounts") {
        ledgers.push((shared.join("municipal-finance/lunenburg_ma_munis_ytd_fy2026_p09_enterprise.csv"), 1));
    }
    let given = |input: &Path| match input.to_string_lossy().contains("ytd") {
        true => vec!["--set".to_owned(), "fiscal_year=2026".to_owned()],
        false => Vec::new(),
    };
    for (input, least) in ledgers {
        let folder = Folder::new("chain");
        let (ran, whole) = convert(&folder, &input, "fiscal-data-package@1.0-rc.1", "budget.csv", &given(&input));
        assert!(ran.err.contains("over umas@2014"), "which way was taken is said: {}", ran.err);
        let (records_in, records_out, ..) = assert_balanced(&whole);
        let (_, first) = convert(&folder, &input, "umas@2014", "accounts.csv", &given(&input));
        let (_, second) = convert(&folder, &folder.path("accounts.csv"), "fiscal-data-package@1.0-rc.1", "again.csv", &[]);
        let text = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
        assert_eq!(text("budget.csv"), text("again.csv"), "{}", input.display());
        let (one, two, balance) = (&first["conversion"], &second["conversion"], &whole["conversion"]);
        assert_eq!((records_in, balance["from"].as_str()), (one["records_in"].as_u64().unwrap(), one["from"].as_str()));
        assert!(records_out >= least, "{balance:#}");
        let way: Vec<_> = balance["way"].as_array().unwrap().iter().map(|leg| (&leg["from"], &leg["to"], &leg["tables"])).collect();
        let legs: Vec<_> = [one, two].iter().map(|b| (&b["from"], &b["to"], &b["tables"])).collect();
        assert_eq!(way, legs);
        let total = |b: &Value, from: &str, which: &str| {
            let of = |s: &&Value| s["from"] == from && (s["to"] == "value" || b["to"] == "umas@2014");
            b["sums"].as_array().unwrap().iter().find(of).map(|s| s[which].clone())
        };
        for (source, account) in [("original", "original"), ("revised", "revised"), ("expended", "actual")] {
            assert_eq!(total(balance, source, "total_in"), total(one, source, "total_in"), "{source}");
            if total(one, source, "total_in").is_some() {
                assert_eq!(total(balance, source, "total_out"), total(two, account, "total_out"), "{source}");
            }
        }
    }
}

/// What a department asks for and what is proposed are two stages, so neither year counts twice.
#[test]
fn requests_of_departments_are_not_added_to_what_is_proposed() {
    let Some(shared) = conformance("requests_of_departments_are_not_added_to_what_is_proposed") else { return };
    let folder = Folder::new("hubbardston");
    let input = shared.join("municipal-finance/hubbardston_ma_fy26_budget_tidy.csv");
    let (_, report) = convert(&folder, &input, "fiscal-data-package", "budget.csv", &[]);
    assert_balanced(&report);
    let mut stages: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for row in rows(&folder.path("budget.csv")) {
        stages.entry((row["fiscal_year"].clone(), row["phase"].clone())).or_default().insert(row["phase_label"].clone());
    }
    assert!(stages.values().all(|labels| labels.len() == 1), "two columns of the sheet are one stage of a year: {stages:?}");
    assert_eq!(stages[&("2026".to_owned(), "requested".to_owned())], BTreeSet::from(["DEPT".to_owned()]));
}

/// Values that a crosswalk passes over or takes for signs of nothing are counted, each column once.
#[test]
fn what_a_crosswalk_leaves_out_is_counted() {
    let Some(shared) = conformance("what_a_crosswalk_leaves_out_is_counted") else { return };
    let folder = Folder::new("left-out");
    let counted = |report: &Value| -> Vec<(String, String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let causes = report["causes"].as_array().unwrap().iter().filter(|c| c["code"] == "C521" || c["code"] == "C522");
        let mut all: Vec<_> = causes.map(|c| (text(&c["code"]), text(&c["field"]), text(&c["samples"][0]["args"]["count"]))).collect();
        all.sort();
        all
    };
    let of =
        |all: &[(&str, &str, &str)]| all.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect::<Vec<_>>();
    let issues = shared.join("vendor-exports/seeclickfix_api_v2_issues_chapel_hill_test_tenant.json");
    let (_, report) = convert(&folder, &issues, "open311", "requests.csv", &[]);
    assert_eq!(counted(&report), of(&[("C521", "summary", "2"), ("C521", "updated_at", "1")]));
    let parcels = shared.join("vendor-exports/cambridge_vision_cama_TaxFY14.csv");
    let given = ["--set", "fiscal_year=2014", "--set", "town_id=49"].map(str::to_owned);
    let (_, report) = convert(&folder, &parcels, "massgis-parcels", "assess.csv", &given);
    assert_eq!(counted(&report), of(&[("C522", "BookPage", "2227"), ("C522", "SaleDate", "1666")]));
}
