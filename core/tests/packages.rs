//! A package is loaded from the bytes of its files; every slip in one of them is said, and where.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use concord_core::finding::{CHECKS, Finding};
use concord_core::package::catalog::Catalog;
use concord_core::package::crosswalk::{Axis, Case, Condition, End, Input, Negative, NumberStep, Otherwise, Step, Test};
use concord_core::package::descriptor::{Dialect, SchemaSource, data_package, dialect, path_problem};
use concord_core::package::lint::{check_file, check_package};
use concord_core::package::load::{Loaded, load};
use concord_core::package::read_crosswalk::parse_crosswalk;
use concord_core::package::{Status, Tier};
use concord_core::schema::Presence;
use proptest::prelude::*;

const MANIFEST: &str = r#"id = "permits"
version = "1.0"
title = "Permits"
description = "One row for each permit."
tier = "national"
domain = "permits"
publisher = "Somebody"
homepage = "https://example.org/"
licence = "CC0-1.0"
status = "stable"
supersedes = []
media_types = ["text/csv"]
effective_from = "2020-01-01"

[spec]
source = "A page"
section = "2"
unconfirmed = ["Much."]

[[resource]]
name = "permits"
title = "Permits"
record = "permit"
presence = "required"
files = ["permits.csv"]
distinctive = ["id"]

[[resource]]
name = "visits"
title = "Visits"
record = "visit"
presence = "optional"
"#;

const PERMITS: &str = r#"{"fields":[
 {"name":"id","title":"Number","description":"Number of the permit.","type":"string","constraints":{"required":true}},
 {"name":"status","title":"Status","description":"Where it stands.","type":"string","concord":{"codes":"status"}},
 {"name":"fee","title":"Fee","description":"In dollars.","type":"number"}]}"#;

const VISITS: &str = r#"{"fields":[{"name":"permit","title":"Permit","description":"Number of the permit.","type":"string"}],
 "foreignKeys":[{"fields":"permit","reference":{"resource":"permits","fields":"id"}}]}"#;

const CODES: &str =
    "code,title,description,deprecated,replaced_by\nopen,Open,Not done yet,,\ndone,Done,Done,false,\nold,Old,As done,true,done\n";

const RULES: &str = r#"[[rule]]
id = "fee-needs-status"
resource = "permits"
kind = "requires"
if = "fee"
then = ["status"]
severity = "warning"
title = "A fee without a status"
why = "Because."
mend = "Fill it."
reference = "2.1"
"#;

const CROSSWALK: &str = r##"from = "town@1"
title = "Town to permits"
reference = "Ours"
reviewed = 2026-11-21

[[lost]]
table = "rows"
fields = ["Note"]
why = "There is no place for it."

[[table]]
from = "rows"
to = "permits"
distinct = ["id"]
sums = [{ from = "Fee", to = "fee" }]

[[table.skip]]
when = { field = "State", is = ["VOID"] }
why = "Void."

[[table.field]]
to = "id"
from = "Number"
steps = [{ trim = "both" }]
otherwise = "reject"

[[table.field]]
to = "status"
from = "State"
steps = [{ lookup = { table = "states.csv", key = "source", value = "destination", fold = true } }, { codes = "status" }]

[[table.field]]
to = "fee"
from = "Fee"
steps = [{ number = { symbols = ["$"], group = "," } }]
"##;

const STATES: &str = "source,destination\nA,open\nB,done\nNone,<Null>\n";

fn files() -> BTreeMap<String, Vec<u8>> {
    [
        ("standard.toml", MANIFEST),
        ("permits.table.json", PERMITS),
        ("visits.table.json", VISITS),
        ("codes/status.csv", CODES),
        ("rules.toml", RULES),
        ("crosswalks/from-town.toml", CROSSWALK),
        ("crosswalks/states.csv", STATES),
        ("examples/invalid/fee.csv", "id,status,fee\n1,,2\n"),
        ("examples/invalid/fee.expected", "fee.csv:2:3: warning[permits/fee-needs-status]\n"),
        ("CHANGES.md", "The first version.\n"),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
    .collect()
}

/// The source of the crosswalk.
fn catalog() -> Catalog {
    let manifest = MANIFEST.replace("permits", "town").replace("\"1.0\"", "\"1\"").replace("national", "local");
    let (head, _) = manifest.split_once("[[resource]]").unwrap();
    let manifest = format!("{head}[[resource]]\nname = \"rows\"\ntitle = \"Rows\"\nrecord = \"row\"\n");
    let fields = ["Number", "State", "Fee", "Note"]
        .map(|name| format!(r#"{{"name":"{name}","title":"t","description":"d","type":"string"}}"#))
        .join(",");
    Catalog::from_files([
        ("local/town/1/standard.toml", manifest.into_bytes()),
        ("local/town/1/rows.table.json", format!(r#"{{"fields":[{fields}]}}"#).into_bytes()),
    ])
}

fn short(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| {
            let kind = if f.kind.is_empty() { String::new() } else { format!("/{}", f.kind) };
            let mut line = format!("{} {}{kind}", f.severity.word(), f.code.text());
            for part in [f.get("file"), f.get("at")].into_iter().flatten() {
                line.push(' ');
                line.push_str(part);
            }
            line
        })
        .collect()
}

#[test]
fn a_whole_package_is_loaded() {
    let catalog = catalog();
    assert!(catalog.findings().is_empty(), "{:?}", catalog.findings());
    let loaded = load(files());
    assert_eq!(short(&check_package(&loaded, "standards/national/permits/1.0", &catalog)), [""; 0]);
    assert!(loaded.is_usable());
    let package = loaded.package.unwrap();
    assert_eq!(package.reference(), "permits@1.0");
    assert_eq!((package.manifest.tier, package.manifest.status), (Tier::National, Status::Stable));
    assert_eq!(package.manifest.effective_from.as_deref(), Some("2020-01-01"));
    assert_eq!(package.manifest.unconfirmed, ["Much."]);
    let presence: Vec<(&str, Presence)> = package.resources.iter().map(|r| (r.name.as_str(), r.presence)).collect();
    assert_eq!(presence, [("permits", Presence::Required), ("visits", Presence::Optional)]);
    let list = package.resources[0].schema.fields[1].codes.clone().unwrap();
    let codes: Vec<(&str, bool, &str)> = list.codes.iter().map(|c| (c.code.as_str(), c.deprecated, c.replaced_by.as_str())).collect();
    assert_eq!(codes, [("open", false, ""), ("done", false, ""), ("old", true, "done")]);
    let crosswalk = &package.crosswalks[0];
    assert_eq!((crosswalk.from.as_str(), crosswalk.to.as_str(), crosswalk.reviewed.as_str()), ("town@1", "permits@1.0", "2026-11-21"));
    let fields = &crosswalk.tables[0].fields;
    assert_eq!((fields[0].otherwise, fields[1].otherwise), (Otherwise::Reject, Otherwise::Empty));
    let Step::Lookup { table, fold: true } = &fields[1].steps[0] else { panic!("{:?}", fields[1]) };
    assert_eq!((table.map["a"].as_str(), table.map["none"].as_str(), table.map.len()), ("open", "", 3));
}

#[test]
fn the_digest_is_of_paths_lengths_and_bytes() {
    let one = |files: &[(&str, &str)]| {
        concord_core::package::load::digest(&files.iter().map(|(p, b)| ((*p).to_owned(), b.as_bytes().to_vec())).collect())
    };
    // Worked out by hand: sha256 of "a", eight bytes of the length, "b".
    assert_eq!(one(&[("a", "b")]), "sha256:ae95fdb1399825b1cd139c3bfbd8453bd7d23cde0fdd64c007fea2d5a3b4eb5a");
    assert_ne!(one(&[("a", "b"), ("c", "")]), one(&[("a", ""), ("c", "b")]));
}

/// Each case changes one text in one file (an empty text to find stands for the whole file, `-` for deleting it) and names all findings.
#[test]
fn every_slip_is_said() {
    let catalog = catalog();
    for (file, find, replace, found) in [
        ("standard.toml", "", "-", &["error C915"][..]),
        ("standard.toml", "", "id = ", &["error C901/toml standard.toml"]),
        ("standard.toml", "status = \"stable\"", "status = \"stabil\"", &["error C906 standard.toml status (line 10)"]),
        ("standard.toml", "publisher = \"Somebody\"\n", "", &["error C904 standard.toml line 1"]),
        ("standard.toml", "publisher", "publischer", &["error C904 standard.toml line 1", "error C905/own standard.toml line 7"]),
        ("standard.toml", "title = \"Permits\"\nd", "title = 3\nd", &["error C903 standard.toml title (line 3)"]),
        ("standard.toml", "2020-01-01", "2020-13-01", &["error C924 standard.toml effective_from (line 13)"]),
        ("standard.toml", "supersedes = []", "delimiter = \"#\"\nsupersedes = []", &["error C906 standard.toml delimiter (line 11)"]),
        ("standard.toml", "supersedes = []", "supersedes = [\"permits@0.9\"]", &["error C921 standard.toml supersedes"]),
        ("standard.toml", "supersedes = []", "supersedes = [\"permits\"]", &["error C921/form standard.toml supersedes (line 11)"]),
        (
            "standard.toml",
            "presence = \"optional\"",
            "presense = \"optional\"",
            &[
                "error C905/own standard.toml resource[2] (line 32)",
                // The resource is required then, and no table of the crosswalk writes it.
                "warning C920/table crosswalk from town@1",
            ],
        ),
        ("standard.toml", "distinctive = [\"id\"]", "distinctive = [\"ID\"]", &["error C907 standard.toml distinctive"]),
        ("standard.toml", "version = \"1.0\"", "version = \"1.1\"", &["error C923 standard.toml"]),
        ("visits.table.json", "", "-", &["error C915 standard.toml"]),
        (
            "visits.table.json",
            "\"resource\":\"permits\"",
            "\"resource\":\"permit\"",
            &["error C907/resource visits.table.json /foreignKeys"],
        ),
        ("visits.table.json", "\"fields\":\"id\"", "\"fields\":\"no\"", &["error C907 visits.table.json /foreignKeys"]),
        ("visits.table.json", "\"title\":\"Permit\",", "", &["warning C917 visits.table.json /fields/0"]),
        ("permits.table.json", "\"type\":\"number\"", "\"type\":\"money\"", &["error C906 permits.table.json /fields/2/type"]),
        (
            "permits.table.json",
            "\"codes\":\"status\"",
            "\"codes\":\"statuses\"",
            &["error C907/codes permits.table.json /fields/1/concord/codes", "error C916/unused codes/status.csv"],
        ),
        ("codes/status.csv", "", "code\nopen\n\nopen\n", &["error C910 codes/status.csv row 3"]),
        ("codes/status.csv", "code,", "kode,", &["error C905/own codes/status.csv row 1", "error C904 codes/status.csv row 1"]),
        ("codes/status.csv", "true,done", "true,gone", &["error C916 codes/status.csv"]),
        ("codes/status.csv", "false", "no", &["error C916/deprecated codes/status.csv row 3"]),
        ("codes/status.csv", "open,", ",", &["error C916/blank codes/status.csv row 2"]),
        ("codes/status.csv", "", "", &["error C901/csv codes/status.csv"]),
        (
            "rules.toml",
            "kind = \"requires\"\nif = \"fee\"\nthen = [\"status\"]",
            "kind = \"exists\"\nfields = [\"id\"]\nin = \"visits\"\nin_fields = [\"permit\"]\nor_in = [\"visit\", \"permits\"]\nif = \"kind\"\nis = [\"\"]",
            &[
                "error C907 rules.toml rule fee-needs-status",
                "error C907/resource rules.toml rule fee-needs-status, or_in",
                "error C907 rules.toml rule fee-needs-status, in_fields",
            ],
        ),
        (
            "rules.toml",
            "kind = \"requires\"\nif = \"fee\"\nthen = [\"status\"]",
            "kind = \"present\"\nor = [\"visit\"]",
            &["error C907/resource rules.toml rule fee-needs-status, or"],
        ),
        ("rules.toml", "requires", "require", &["error C906 rules.toml rule[1].kind (line 4)"]),
        ("rules.toml", "then = [\"status\"]", "then = [\"statuz\"]", &["error C907 rules.toml rule fee-needs-status"]),
        (
            "rules.toml",
            "resource = \"permits\"",
            "resource = \"permit\"",
            &["error C907/resource rules.toml rule fee-needs-status, resource"],
        ),
        ("rules.toml", "severity = \"warning\"", "severity = \"grave\"", &["error C906 rules.toml rule[1].severity (line 7)"]),
        ("rules.toml", "if = \"fee\"\n", "", &["error C904 rules.toml rule[1] (line 1)"]),
        ("rules.toml", "then = [\"status\"]", "then = [\"status\"]\nelse = 1", &["error C905/own rules.toml rule[1] (line 7)"]),
        ("examples/invalid/fee.expected", "needs-status]", "needs-status-too]", &["error C918 rules.toml"]),
        ("crosswalks/from-town.toml", "from = \"town@1\"", "from = \"town@2\"", &["error C921 crosswalk from town@2 from"]),
        (
            "crosswalks/from-town.toml",
            "[\"Note\"]",
            "[\"Notes\"]",
            &["error C907 crosswalk from town@1 lost[1]", "error C919 crosswalk from town@1"],
        ),
        (
            "crosswalks/from-town.toml",
            "from = \"rows\"",
            "from = \"rowz\"",
            &["error C907/resource crosswalk from town@1 table[1].from", "error C919 crosswalk from town@1"],
        ),
        (
            "crosswalks/from-town.toml",
            "to = \"permits\"",
            "to = \"permit\"",
            &["error C907/resource crosswalk from town@1 table[1].to", "warning C920/table crosswalk from town@1"],
        ),
        (
            "crosswalks/from-town.toml",
            "from = \"Fee\"\nsteps",
            "from = \"Fees\"\nsteps",
            &["error C907 crosswalk from town@1 table[1].field[3] (fee)"],
        ),
        (
            "crosswalks/from-town.toml",
            "to = \"id\"\n",
            "to = \"fee\"\n",
            &[
                "error C910 crosswalks/from-town.toml table[1].field[3].to (line 33)",
                "error C907 crosswalk from town@1 table[1].distinct",
                "error C920 crosswalk from town@1 table[1]",
            ],
        ),
        (
            "crosswalks/from-town.toml",
            "distinct = [\"id\"]",
            "distinct = [\"no\"]",
            &["error C907 crosswalk from town@1 table[1].distinct"],
        ),
        ("crosswalks/from-town.toml", "to = \"fee\" }", "to = \"fees\" }", &["error C907 crosswalk from town@1 table[1].sums"]),
        (
            "crosswalks/from-town.toml",
            "codes = \"status\"",
            "codes = \"state\"",
            &["error C907/codes crosswalk from town@1 table[1].field[2] (status)"],
        ),
        ("crosswalks/states.csv", "", "-", &["error C915 crosswalks/from-town.toml table[1].field[2].steps[1].lookup.table (line 30)"]),
        (
            "crosswalks/states.csv",
            "destination",
            "dest",
            &["error C915/column crosswalks/from-town.toml table[1].field[2].steps[1].lookup.table (line 30)"],
        ),
        ("crosswalks/states.csv", "B,done", "a,done", &["error C910 crosswalks/from-town.toml states.csv, row 3"]),
        ("crosswalks/states.csv", "B,done", "a,open", &["warning C910/same crosswalks/from-town.toml states.csv, row 3"]),
        ("CHANGES.md", "", "-", &[]),
    ] {
        let mut files = files();
        let text = String::from_utf8(files[file].clone()).unwrap();
        assert!(text.contains(find), "{file} holds no {find}");
        match (find, replace) {
            ("", "-") => drop(files.remove(file)),
            ("", whole) => drop(files.insert(file.to_owned(), whole.as_bytes().to_vec())),
            (find, replace) => drop(files.insert(file.to_owned(), text.replacen(find, replace, 1).into_bytes())),
        }
        let found_now = short(&check_package(&load(files), "standards/national/permits/1.0", &catalog));
        assert_eq!(found_now, found, "{file}: {find} -> {replace}");
    }
    let mut more = files();
    more.insert("notes.txt".to_owned(), Vec::new());
    more.insert("other.table.json".to_owned(), VISITS.as_bytes().to_vec());
    assert_eq!(short(&load(more).findings), ["error C907/resource other.table.json", "info C905/file notes.txt"]);
}

#[test]
fn all_kinds_of_rules_are_read() {
    let head = |kind: &str, rest: &str| {
        format!(
            "[[rule]]\nid = \"r\"\nresource = \"permits\"\nseverity = \"error\"\ntitle = \"t\"\nwhy = \"w\"\nmend = \"m\"\nkind = \"{kind}\"\n{rest}\n"
        )
    };
    for (kind, rest, model) in [
        ("any-of", "fields = [\"a\"]", "AnyOf { fields: [\"a\"] }"),
        ("one-of", "fields = [\"a\", \"b\"]", "OneOf { fields: [\"a\", \"b\"] }"),
        ("requires", "if = \"a\"\nthen = [\"b\"]", "Requires { field: \"a\", then: [\"b\"] }"),
        ("order", "first = \"a\"\nthen = \"b\"", "Order { first: \"a\", then: \"b\", strict: false }"),
        ("order", "first = \"a\"\nthen = \"b\"\nstrict = true", "Order { first: \"a\", then: \"b\", strict: true }"),
        (
            "implies",
            "if = \"a\"\nis = [\"x\"]\nthen = \"b\"\nin = [\"y\"]",
            "Implies { field: \"a\", is: [\"x\"], then: \"b\", must: In([\"y\"]) }",
        ),
        (
            "implies",
            "if = \"a\"\nis = [\"x\"]\nthen = \"b\"\nfilled = true",
            "Implies { field: \"a\", is: [\"x\"], then: \"b\", must: Filled }",
        ),
        (
            "implies",
            "if = \"a\"\nis = [\"x\"]\nthen = \"b\"\nempty = true",
            "Implies { field: \"a\", is: [\"x\"], then: \"b\", must: Empty }",
        ),
        ("sum", "total = \"a\"\nparts = [\"b\"]\ntolerance = 0.50", "Sum { total: \"a\", parts: [\"b\"], tolerance: \"0.5\" }"),
        ("unique", "fields = [\"a\"]", "Unique { fields: [\"a\"], empties: false }"),
        ("unique", "fields = [\"a\"]\nempties = true", "Unique { fields: [\"a\"], empties: true }"),
        ("differ", "fields = [\"a\", \"b\"]", "Differ { fields: [\"a\", \"b\"] }"),
        ("present", "or = [\"visits\"]", "Present { or: [\"visits\"], or_files: [] }"),
        ("present", "or_files = [\"areas.geojson\"]", "Present { or: [], or_files: [\"areas.geojson\"] }"),
        (
            "exists",
            "fields = [\"a\"]\nin = \"visits\"\nin_fields = [\"b\"]",
            "Exists { fields: [\"a\"], resource: \"visits\", or: [], target: [\"b\"], when: None }",
        ),
        (
            "exists",
            "fields = [\"a\"]\nin = \"visits\"\nor_in = [\"more\"]\nin_fields = [\"b\"]",
            "Exists { fields: [\"a\"], resource: \"visits\", or: [\"more\"], target: [\"b\"], when: None }",
        ),
        (
            "exists",
            "fields = [\"a\"]\nin = \"visits\"\nin_fields = [\"b\"]\nif = \"c\"\nis = [\"\", \"0\"]",
            "Exists { fields: [\"a\"], resource: \"visits\", or: [], target: [\"b\"], when: Some((\"c\", [\"\", \"0\"])) }",
        ),
        ("same-per", "key = [\"a\"]\nfield = \"b\"", "SamePer { key: [\"a\"], field: \"b\" }"),
        (
            "balance",
            "field = \"a\"\nby = \"b\"\nleft = [\"x\"]\nright = [\"y\"]\nper = [\"c\"]",
            "Balance { field: \"a\", by: \"b\", left: [\"x\"], right: [\"y\"], per: [\"c\"], tolerance: \"0\" }",
        ),
        ("rows", "min = 1\nmax = 2", "Rows { min: 1, max: Some(2) }"),
        ("rows", "max = 2", "Rows { min: 0, max: Some(2) }"),
    ] {
        let mut files = files();
        files.insert("rules.toml".to_owned(), head(kind, rest).into_bytes());
        let loaded = load(files);
        assert_eq!(short(&loaded.findings), [""; 0], "{kind}");
        assert_eq!(format!("{:?}", loaded.package.unwrap().rules[0].kind), model);
    }
    for (kind, rest, found) in [
        ("exists", "fields = [\"a\"]\nin = \"visits\"\nin_fields = [\"b\", \"c\"]", "error C911"),
        ("implies", "if = \"a\"\nis = [\"x\"]\nthen = \"b\"", "error C904"),
        ("implies", "if = \"a\"\nis = [\"x\"]\nthen = \"b\"\nfilled = true\nempty = true", "error C904"),
        ("sum", "total = \"a\"\nparts = [\"b\"]\ntolerance = \"few\"", "error C903"),
        ("rows", "min = 3\nmax = 2", "error C908/order"),
        ("rows", "", "error C904"),
        ("rows", "min = -1", "error C903"),
        ("unique", "fields = []", "error C904/empty"),
        ("differ", "fields = []", "error C904/empty"),
        ("present", "or = []", "error C904/empty"),
        ("present", "", "error C904"),
        ("present", "or = []\nor_files = [\"areas.geojson\"]", "error C904/empty"),
        ("present", "or_files = []", "error C904/empty"),
        ("exists", "fields = [\"a\"]\nin = \"visits\"\nin_fields = [\"b\"]\nif = \"c\"", "error C904"),
        ("balance", "field = \"a\"\nby = \"b\"\nleft = [\"x\"]", "error C904"),
        ("balance", "field = \"a\"\nby = \"b\"\nleft = [\"x\"]\nright = [\"y\"]\ntolerance = -1", "error C924"),
        ("unique", "fields = \"a\"", "error C903"),
    ] {
        let mut files = files();
        files.insert("rules.toml".to_owned(), head(kind, rest).into_bytes());
        let lines = short(&load(files).findings);
        assert!(lines[0].starts_with(found), "{kind} {rest}: {lines:?}");
    }
}

fn one_step(text: &str) -> (Vec<Step>, Vec<String>) {
    let from = if text.contains("project") || text.contains("first") { "[\"X\", \"Y\"]" } else { "\"X\"" };
    let file =
        format!("from = \"a@1\"\n[[table]]\nfrom = \"r\"\nto = \"t\"\n[[table.field]]\nto = \"x\"\nfrom = {from}\nsteps = [{text}]\n");
    let lookups = BTreeMap::from([("t.csv".to_owned(), b"k,v\nA,1\nb,<Null>\n".to_vec())]);
    let (crosswalk, found) = parse_crosswalk(file.as_bytes(), "", "t@1", &lookups);
    let steps = crosswalk.map(|c| c.tables[0].fields[0].steps.clone()).unwrap_or_default();
    (steps, short(&found))
}

#[test]
fn every_step_is_read() {
    let text = str::to_owned;
    let number = |step: NumberStep| Step::Number(step);
    for (written, step) in [
        ("{ trim = \"both\" }", Step::Trim(End::Both)),
        ("{ trim = \"start\" }", Step::Trim(End::Start)),
        ("{ trim = \"end\" }", Step::Trim(End::End)),
        ("{ squeeze = true }", Step::Squeeze),
        ("{ case = \"upper\" }", Step::Case(Case::Upper)),
        ("{ case = \"lower\" }", Step::Case(Case::Lower)),
        ("{ case = \"title\" }", Step::Case(Case::Title)),
        ("{ case = \"sentence\" }", Step::Case(Case::Sentence)),
        ("{ replace = [[\"@\", \" \"], [\"-\", \"\"]] }", Step::Replace(vec![(text("@"), text(" ")), (text("-"), text(""))])),
        ("{ strip = \"#\" }", Step::Strip(text("#"))),
        ("{ split = { at = \"/\", take = -1 } }", Step::Split { at: text("/"), take: -1 }),
        ("{ cut = { from = 1, to = 5 } }", Step::Cut { from: 1, to: 5 }),
        ("{ pad = { to = 5, with = \"0\" } }", Step::Pad { to: 5, with: '0' }),
        ("{ number = {} }", number(NumberStep::default())),
        (
            "{ number = { decimal = \",\", group = \".\", symbols = [\"$\"], negative = \"parentheses\", whole = true, places = 2, scale = 0.01 } }",
            number(NumberStep {
                decimal: Some(','),
                group: Some('.'),
                symbols: vec![text("$")],
                negative: Negative::Parentheses,
                whole: true,
                places: Some(2),
                scale: Some(text("0.01")),
            }),
        ),
        (
            "{ number = { negative = \"trailing\", scale = 100 } }",
            number(NumberStep { negative: Negative::Trailing, scale: Some(text("100")), ..NumberStep::default() }),
        ),
        (
            "{ date = { from = [\"%m/%d/%Y\", \"%-m/%-d/%y\"], to = \"%Y-%m-%d\" } }",
            Step::Date { from: vec![text("%m/%d/%Y"), text("%-m/%-d/%y")], to: text("%Y-%m-%d") },
        ),
        ("{ codes = \"c\" }", Step::Codes { list: text("c"), fold: false }),
        ("{ codes = \"c\", fold = true }", Step::Codes { list: text("c"), fold: true }),
        (
            "{ unit = { from = \"acre\", to = \"square-foot\", places = 0 } }",
            Step::Unit { from: text("acre"), to: text("square-foot"), places: 0 },
        ),
        (
            "{ project = { from = \"EPSG:26913\", to = \"EPSG:4326\", take = \"xy\", places = 7 } }",
            Step::Project { from: text("EPSG:26913"), to: text("EPSG:4326"), take: Axis::Xy, places: 7 },
        ),
        ("{ concat = \" \" }", Step::Concat(text(" "))),
        ("{ first = true }", Step::First),
        ("{ constant = \"\" }", Step::Constant(text(""))),
        ("{ default = \"x\" }", Step::Default(text("x"))),
        ("{ given = \"fiscal_year\" }", Step::Given(text("fiscal_year"))),
        (
            "{ when = { field = \"X\", not = [\"a\"], then = [{ squeeze = true }], else = [{ constant = \"\" }] } }",
            Step::When {
                when: Condition { field: text("X"), test: Test::Not(vec![text("a")]) },
                then: vec![Step::Squeeze],
                otherwise: vec![Step::Constant(text(""))],
            },
        ),
        (
            "{ when = { field = \"X\", matches = \"^a\", then = [] } }",
            Step::When {
                when: Condition { field: text("X"), test: Test::Matches(regex::Regex::new("^a").unwrap()) },
                then: vec![],
                otherwise: vec![],
            },
        ),
        ("{ uuid = \"name\" }", Step::Uuid(text("name"))),
    ] {
        assert_eq!(one_step(written), (vec![step], vec![]), "{written}");
    }
    for (written, folded, keys) in [("", false, ["A", "b"]), (", fold = true", true, ["a", "b"])] {
        let (steps, found) = one_step(&format!("{{ lookup = {{ table = \"t.csv\", key = \"k\", value = \"v\"{written} }} }}"));
        assert_eq!(found, [""; 0]);
        let Step::Lookup { table, fold } = &steps[0] else { panic!("{steps:?}") };
        assert_eq!((*fold, table.map.len()), (folded, 2));
        assert_eq!((table.map[keys[0]].as_str(), table.map[keys[1]].as_str()), ("1", ""));
    }
}

#[test]
fn steps_that_cannot_be_used_are_said() {
    for (written, found) in [
        ("{}", "error C922 table[1].field[1].steps[1] (line 8)"),
        ("{ trimm = \"both\" }", "error C906 table[1].field[1].steps[1].trimm (line 8)"),
        ("{ trim = \"left\" }", "error C906 table[1].field[1].steps[1].trim (line 8)"),
        ("{ trim = \"both\", case = \"upper\" }", "error C922/several table[1].field[1].steps[1] (line 8)"),
        ("{ trim = \"both\", fold = true }", "error C905/own table[1].field[1].steps[1] (line 8)"),
        ("{ squeeze = false }", "error C922 table[1].field[1].steps[1].squeeze (line 8)"),
        ("{ replace = [[\"\", \"x\"]] }", "error C922 table[1].field[1].steps[1].replace (line 8)"),
        ("{ replace = [\"a\"] }", "error C922 table[1].field[1].steps[1].replace (line 8)"),
        ("{ split = { at = \"/\", take = 0 } }", "error C922 table[1].field[1].steps[1].split.take (line 8)"),
        ("{ split = { at = \"/\" } }", "error C904 table[1].field[1].steps[1].split (line 8)"),
        ("{ cut = { from = 5, to = 1 } }", "error C922 table[1].field[1].steps[1].cut.from (line 8)"),
        ("{ cut = { from = 0, to = 1 } }", "error C903 table[1].field[1].steps[1].cut.from (line 8)"),
        ("{ pad = { to = 5, with = \"00\" } }", "error C924 table[1].field[1].steps[1].pad.with (line 8)"),
        ("{ number = { scale = 3 } }", "error C922 table[1].field[1].steps[1].number.scale (line 8)"),
        ("{ number = { group = \".\" } }", "error C922 table[1].field[1].steps[1].number.group (line 8)"),
        ("{ number = { place = 2 } }", "error C905/own table[1].field[1].steps[1].number (line 8)"),
        ("{ date = { from = [\"DD/MM\"], to = \"%Y\" } }", "error C906/date-format table[1].field[1].steps[1].date.from (line 8)"),
        ("{ date = { from = [\"%A\"], to = \"%Y\" } }", "error C906/date-format table[1].field[1].steps[1].date.from (line 8)"),
        (
            "{ project = { from = \"mars\", to = \"EPSG:1\", take = \"x\", places = 1 } }",
            "error C924 table[1].field[1].steps[1].project.from (line 8)",
        ),
        ("{ when = { field = \"X\", then = [] } }", "error C922 table[1].field[1].steps[1].when (line 8)"),
        ("{ when = { field = \"X\", is = [\"a\"], empty = true, then = [] } }", "error C922 table[1].field[1].steps[1].when (line 8)"),
        ("{ when = { field = \"X\", matches = \"(\", then = [] } }", "error C909 table[1].field[1].steps[1].when.matches (line 8)"),
        ("{ when = { field = \"X\", empty = true } }", "error C904 table[1].field[1].steps[1].when (line 8)"),
        ("{ lookup = { table = \"no.csv\", key = \"k\", value = \"v\" } }", "error C915 table[1].field[1].steps[1].lookup.table (line 8)"),
    ] {
        assert_eq!(one_step(written).1, [found], "{written}");
    }
    for (field, found) in [
        ("to = \"x\"", "error C922 table[1].field[1] (line 5)"),
        ("to = \"x\"\nfrom = \"@piece\"", "error C922 table[1].field[1].from (line 7)"),
        ("to = \"x\"\nfrom = \"@other\"", "error C922 table[1].field[1].from (line 7)"),
        ("to = \"x\"\nfrom = [\"a\", \"b\"]", "error C922 table[1].field[1].from (line 7)"),
        ("to = \"x\"\nfrom = \"a\"\nsteps = [{ first = true }]", "error C922 table[1].field[1].steps (line 8)"),
        ("from = \"a\"", "error C904 table[1].field[1] (line 5)"),
    ] {
        let file = format!("from = \"a@1\"\n[[table]]\nfrom = \"r\"\nto = \"t\"\n[[table.field]]\n{field}\n");
        let (_, found_now) = parse_crosswalk(file.as_bytes(), "", "t@1", &BTreeMap::new());
        assert_eq!(short(&found_now), [found], "{field}");
    }
    let given = "from = \"a@1\"\n[[table]]\nfrom = \"@once\"\nto = \"t\"\n[[table.field]]\nto = \"x\"\nfrom = \"@given:name\"\n";
    let (crosswalk, found) = parse_crosswalk(given.as_bytes(), "", "t@1", &BTreeMap::new());
    assert_eq!((short(&found), crosswalk.unwrap().tables[0].fields[0].from.clone()), (vec![], Input::Given("name".to_owned())));
    let mut deep = "{ squeeze = true }".to_owned();
    for _ in 0..30 {
        deep = format!("{{ when = {{ field = \"X\", empty = true, then = [{deep}] }} }}");
    }
    assert_eq!(one_step(&deep).1.len(), 1, "too deep a nesting is one finding");
}

#[test]
fn paths_of_descriptors_stay_inside_their_folder() {
    for path in
        ["data.csv", "data/permits 2024.csv", "a..b.csv", "https://example.org/a.csv", "HTTP://example.org/a", "ftp://example.org/a.csv"]
    {
        assert_eq!(path_problem(path), None, "{path}");
    }
    for path in [
        "",
        "/etc/passwd",
        "../a.csv",
        "a/../../b",
        "a/..",
        "~/a.csv",
        ".git/config",
        "a/.git/b",
        "C:/a.csv",
        "c:\\a.csv",
        "a\\..\\b",
        "a\\b.csv",
        "\\\\server\\a",
        "file:///etc/passwd",
        "file:a",
        "gopher://a",
        "a\0b",
    ] {
        assert!(path_problem(path).is_some(), "{path}");
    }
}

#[test]
fn descriptors_give_tables_and_say_what_is_wrong() {
    let described = data_package(
        br##"{"$schema":"https://datapackage.org/profiles/2.0/datapackage.json","name":"P Q","resources":[
            {"name":"A b","type":"table","path":["a.csv","b.csv"],"schema":"s.json","encoding":"windows-1252","format":"csv",
             "dialect":{"delimiter":";","quoteChar":"","doubleQuote":false,"escapeChar":"\\","skipInitialSpace":true,"header":false,
                        "headerRows":[1,2],"commentChar":"#","commentRows":[3],"nullSequence":"\\N","caseSensitiveHeader":true}},
            {"name":"c","data":[["x"]]}]}"##,
        "",
    );
    assert_eq!(short(&described.findings), [""; 0]);
    let resources = described.package.unwrap().resources;
    assert_eq!((resources[0].paths.join(" ").as_str(), resources[0].encoding.as_str()), ("a.csv b.csv", "windows-1252"));
    assert_eq!((&resources[0].schema, resources[1].inline), (&SchemaSource::File("s.json".to_owned()), true));
    assert_eq!(resources[1].encoding, "utf-8");
    let read = Dialect {
        delimiter: ";".to_owned(),
        quote_char: None,
        double_quote: false,
        escape_char: Some('\\'),
        skip_initial_space: true,
        header: false,
        header_rows: vec![1, 2],
        header_join: " ".to_owned(),
        comment_char: Some("#".to_owned()),
        comment_rows: vec![3],
        null_sequence: Some("\\N".to_owned()),
        case_sensitive_header: true,
    };
    assert_eq!(resources[0].dialect.as_ref(), Some(&read));
    assert_eq!(dialect(br#"{"csv":{"delimiter":"\t"}}"#, "").0.unwrap().delimiter, "\t");

    let v1 = r#""profile":"data-package","#;
    let v2 = r#""$schema":"https://datapackage.org/profiles/2.0/datapackage.json","#;
    let ok = r#""resources":[{"name":"a","path":"a.csv"}]"#;
    for (text, found) in [
        (r#"{"resources":[]}"#.to_owned(), &["error C904/empty /resources"][..]),
        (r#"{"resources":{}}"#.to_owned(), &["error C903 /resources"]),
        (r#"{"resources":["a"]}"#.to_owned(), &["error C903 /resources/0"]),
        (r#"{"resources":[{"path":"a.csv"}]}"#.to_owned(), &["error C904 /resources/0"]),
        (r#"{"resources":[{"name":"a"}]}"#.to_owned(), &["error C904 /resources/0"]),
        (r#"{"resources":[{"name":"a","path":"a.csv","data":[]}]}"#.to_owned(), &["error C910 /resources/0"]),
        (r#"{"resources":[{"name":"a","path":"../a.csv"}]}"#.to_owned(), &["error C912 /resources/0/path"]),
        (r#"{"resources":[{"name":"a","path":[]}]}"#.to_owned(), &["error C904/empty /resources/0/path"]),
        (r#"{"resources":[{"name":"a","path":["a.csv","http://b/c"]}]}"#.to_owned(), &["error C912/mixed /resources/0/path"]),
        (r#"{"resources":[{"name":"a","path":"a"},{"name":"a","path":"b"}]}"#.to_owned(), &["error C910 /resources/1/name"]),
        (r#"{"resources":[{"name":"a","url":"http://a/b"}]}"#.to_owned(), &["error C913 /resources/0", "error C904 /resources/0"]),
        (r#"{"resources":[{"name":"A b","path":"a"}]}"#.to_owned(), &["warning C924/version-1 /resources/0/name"]),
        (format!(r#"{{{v1}"resources":[{{"name":"A b","path":"a"}}]}}"#), &["error C924 /resources/0/name"]),
        (format!(r#"{{{v2}"resources":[{{"name":"A b","path":"a"}}]}}"#), &[]),
        (r#"{"resources":[{"name":"a","path":"a","schema":{}}]}"#.to_owned(), &["error C904 /resources/0/schema"]),
        (r#"{"resources":[{"name":"a","path":"a","schema":"/x"}]}"#.to_owned(), &["error C912 /resources/0/schema"]),
        (r#"{"resources":[{"name":"a","path":"a","dialect":{"delimiter":1}}]}"#.to_owned(), &["error C903 /resources/0/dialect/delimiter"]),
        (r#"{"resources":[{"name":"a","path":"a","mediatype":"csv"}]}"#.to_owned(), &["error C924 /resources/0/mediatype"]),
        (r#"{"resources":[{"name":"a","path":"a","bytes":-1,"hash":"xyz"}]}"#.to_owned(), &[
            "error C903 /resources/0/bytes",
            "error C924 /resources/0/hash",
        ]),
        (
            r#"{"resources":[{"name":"a","path":"a","schema":{"fields":[{"name":"x"}],"foreignKeys":[{"fields":"x","reference":{"resource":"b","fields":"y"}}]}}]}"#
                .to_owned(),
            &["warning C907/outside /resources/0/schema/foreignKeys/0/reference/resource"],
        ),
        (format!(r#"{{"licenses":[{{"title":"x"}}],{ok}}}"#), &["error C904 /licenses/0"]),
        (format!(r#"{{"licenses":[],{ok}}}"#), &["error C904/empty /licenses"]),
        (format!(r#"{{"licenses":[{{"type":"x","url":"y"}}],{ok}}}"#), &["error C913 /licenses/0", "error C913 /licenses/0", "error C904 /licenses/0"]),
        (format!(r#"{{"license":"x",{ok}}}"#), &["warning C913/extra"]),
        (format!(r#"{{"sources":[{{"title":"x","path":""}}],{ok}}}"#), &["error C912 /sources/0/path"]),
        (format!(r#"{{{v1}"sources":[{{"path":"x"}}],{ok}}}"#), &["error C904 /sources/0"]),
        (format!(r#"{{"sources":[{{"path":"x"}}],{ok}}}"#), &["warning C904/version-1 /sources/0"]),
        (format!(r#"{{{v2}"sources":[{{"path":"x"}}],{ok}}}"#), &[]),
        (format!(r#"{{{v2}"sources":[{{}}],{ok}}}"#), &["error C904 /sources/0"]),
        (format!(r#"{{"contributors":[{{"title":"x","email":"no"}}],{ok}}}"#), &["error C924 /contributors/0/email"]),
        (format!(r#"{{"homepage":"example",{ok}}}"#), &["error C924 /homepage"]),
        (format!(r#"{{"created":"yesterday",{ok}}}"#), &["error C924 /created"]),
        (format!(r#"{{"keywords":["a",1],{ok}}}"#), &["error C903 /keywords/1"]),
        (format!(r#"{{"colour":1,{ok}}}"#), &["info C905"]),
    ] {
        assert_eq!(short(&data_package(text.as_bytes(), "").findings), found, "{text}");
    }
}

#[test]
fn bare_files_are_known_by_what_they_hold() {
    for (name, text, found) in [
        ("x.json", r#"{"fields":[{"name":"a"}]}"#, &[][..]),
        ("x.json", r#"{"resources":[{"name":"a","path":"a"}]}"#, &[]),
        ("x.json", r#"{"name":"a","path":"a"}"#, &[]),
        ("x.json", r#"{"delimiter":";"}"#, &[]),
        ("x.json", r#"{"delimiter":""}"#, &["error C904/blank /delimiter"]),
        ("x.json", r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}"#, &[]),
        ("x.json", "{}", &["error C904"]),
        ("x.json", r#"{"profile":"tabular-data-package","name":"a"}"#, &["error C904"]),
        ("x.json", "[1]", &["error C902"]),
        ("x.json", r#"{"a":1}"#, &["error C902"]),
        ("a.table.json", r#"{"a":1}"#, &["info C905", "error C904"]),
        ("datapackage.json", "{}", &["error C904"]),
        ("x.json", "{\n 'a': 1}", &["error C901"]),
        ("x.json", "\u{feff}{\"fields\":[{\"name\":\"a\"}]}", &[]),
        ("x.xsd", "<xs:schema></xs:schema>", &["info C925/xsd"]),
        ("x.xsd", "<xs:schema>", &["error C901/xml"]),
    ] {
        assert_eq!(short(&check_file(name, text.as_bytes())), found, "{name} {text}");
    }
    let found = check_file("x.json", b"{\n 'a': 1}");
    assert_eq!((found[0].get("line"), found[0].get("column")), (Some("2"), Some("2")));
}

/// Every name in a sentence that is not optional must come with each finding of its kind.
#[test]
fn sentences_get_the_facts_they_name() {
    let catalog = catalog();
    let mut all: Vec<Finding> = Vec::new();
    for path in files().keys() {
        for replacement in
            ["", "x", "[]", "{}", "a = 1\n", "[[rule]]\nx = 1\n", "[[table]]\n[[table.field]]\nsteps = [{ x = 1 }]\n", "code,code\n,\n"]
        {
            let mut files = files();
            files.insert(path.clone(), replacement.as_bytes().to_vec());
            all.extend(check_package(&load(files), "a/b", &catalog));
        }
    }
    assert!(all.len() > 100);
    for finding in &all {
        let check = CHECKS.iter().flat_map(|c| c.iter()).find(|c| c.code == finding.code.text()).unwrap();
        let kind =
            check.kinds.iter().find(|k| k.name == finding.kind).unwrap_or_else(|| panic!("{} has no kind {}", check.code, finding.kind));
        for template in [kind.message, kind.expected, kind.mend] {
            let mut depth = 0;
            for (i, c) in template.char_indices() {
                match c {
                    '[' => depth += 1,
                    ']' => depth -= 1,
                    '{' if depth == 0 => {
                        let name = template[i + 1..].split('}').next().unwrap();
                        let there = if name == "value" { finding.value.is_some() } else { finding.get(name).is_some() };
                        assert!(there, "{} {} lacks {name}: {finding:?}", check.code, finding.kind);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn mutated(text: &str, edits: &[(prop::sample::Index, usize)]) -> String {
    let mut text = text.to_owned();
    for (at, edit) in edits {
        let starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        if starts.is_empty() {
            break;
        }
        let at = starts[at.index(starts.len())];
        let end = text[at..].find([',', '=', '\n', ']', '}', ' ']).map_or(text.len(), |i| at + i);
        let piece = ["", "1", "[]", "{}", "-1", "\"\"", "\"@\"", "true", "[[", "\"é\"", ".", "1979-05-27", "[1]", "\n"];
        if *edit == piece.len() {
            let copy = text[at..end].to_owned();
            text.insert_str(at, &copy);
        } else {
            text.replace_range(at..end, piece[*edit]);
        }
    }
    text
}

proptest! {
    #[test]
    fn arbitrary_files_never_break_the_loader(list in proptest::collection::vec((0usize..10, proptest::collection::vec(any::<u8>(), 0..60)), 0..6)) {
        let mut files = files();
        let paths: Vec<String> = files.keys().cloned().collect();
        for (at, bytes) in list {
            files.insert(paths[at].clone(), bytes);
        }
        let loaded = load(files);
        check_package(&loaded, "a/b/c", &Catalog::default());
    }

    #[test]
    fn mutated_files_never_break_the_loader(at in 0usize..10, edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..15), 1..8)) {
        let mut files = files();
        let path = files.keys().nth(at).unwrap().clone();
        let text = mutated(std::str::from_utf8(&files[&path]).unwrap(), &edits);
        files.insert(path, text.into_bytes());
        let Loaded { package, findings } = load(files.clone());
        let again = load(files);
        prop_assert_eq!(findings, again.findings);
        if let Some(package) = package {
            check_package(&Loaded { package: Some(package), findings: vec![] }, "a/b/c", &catalog());
        }
    }

    #[test]
    fn arbitrary_toml_never_breaks_the_crosswalk_reader(text in "[a-z\\[\\]{}=\".\n@ ,0-9]{0,200}") {
        parse_crosswalk(text.as_bytes(), "x", "a@1", &BTreeMap::new());
    }
}

/// Keys nested by dots are as deep as brackets are.
#[test]
fn deep_toml_is_refused_and_not_fatal() {
    for text in ["a.".repeat(100_000) + "b = 1", "[".to_owned() + &"a.".repeat(100_000) + "b]", "a = ".to_owned() + &"[".repeat(100_000)] {
        let (crosswalk, found) = parse_crosswalk(text.as_bytes(), "", "a@1", &BTreeMap::new());
        assert!(crosswalk.is_none() || !found.is_empty());
    }
}
