//! Tables of cases for every step, and properties of whole conversions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;

use super::*;
use crate::decimal::Decimal;
use crate::encode::{Format, WriterConfig};
use crate::finding::Severity;
use crate::package::crosswalk::*;
use crate::package::{Code, CodeList, Manifest, Package, Resource};
use crate::report::Conversion;
use crate::schema::TableSchema;

fn package(id: &str, tables: &[(&str, &[&str])]) -> Package {
    let resource = |(name, fields): &(&str, &[&str])| Resource {
        record: name.trim_end_matches('s').to_owned(),
        ..Resource::of_table(name, "", TableSchema::of_texts(fields))
    };
    let codes =
        CodeList { name: "status".into(), codes: ["Issued", "Closed"].map(|c| Code { code: c.into(), ..Code::default() }).to_vec() };
    Package {
        manifest: Manifest { id: id.into(), version: "1".into(), ..Manifest::default() },
        resources: tables.iter().map(resource).collect(),
        codes: [("status".to_owned(), codes.into())].into(),
        ..Package::default()
    }
}

fn field(to: &str, from: Input, steps: Vec<Step>) -> FieldMap {
    FieldMap { to: to.into(), from, steps, otherwise: Otherwise::Empty }
}

fn of(name: &str) -> Input {
    Input::Field(name.into())
}

fn table(from: &str, to: &str, fields: Vec<FieldMap>) -> TableMap {
    TableMap { from: from.into(), to: to.into(), explode: None, distinct: vec![], sums: vec![], skip: vec![], fields }
}

fn crosswalk(tables: Vec<TableMap>) -> Crosswalk {
    let text = String::new;
    Crosswalk {
        from: "src@1".into(),
        to: "dst@1".into(),
        title: text(),
        reference: text(),
        reviewed: text(),
        source: None,
        lost: vec![],
        tables,
    }
}

/// What a conversion gave: output by table, rejects, findings as `code/kind row field value`, balance.
struct Done {
    out: BTreeMap<String, String>,
    rejects: String,
    findings: Vec<Finding>,
    balance: Conversion,
}

impl Done {
    fn told(&self) -> Vec<String> {
        self.findings
            .iter()
            .map(|f| {
                let place = &f.place;
                format!(
                    "{}{}{} {} {} {}",
                    f.code.text(),
                    if f.kind.is_empty() { "" } else { "/" },
                    f.kind,
                    place.row,
                    place.field.as_deref().unwrap_or("-"),
                    f.value.as_deref().unwrap_or("-")
                )
            })
            .collect()
    }
}

fn drained(mut converter: Converter, check: &mut dyn TargetCheck) -> Done {
    let balance = converter.finish(check);
    let tables: Vec<(usize, String)> = converter.tables().map(|(i, name, _)| (i, name.to_owned())).collect();
    let out = tables.into_iter().map(|(i, name)| (name, String::from_utf8(converter.take_output(i)).unwrap())).collect();
    Done { out, rejects: String::from_utf8(converter.take_rejects()).unwrap(), findings: converter.take_findings(), balance }
}

fn push(converter: &mut Converter, n: usize, cells: &[&str], width: usize, check: &mut dyn TargetCheck) {
    let mut cells = cells.to_vec();
    cells.resize(width, "");
    let place = Place {
        file: 0,
        row: n as u64 + 2,
        line: n as u64 + 2,
        byte_column: 1,
        record: n as u64 + 1,
        column: None,
        field: None,
        pointer: None,
    };
    let columns: Vec<Option<u32>> = (0..width as u32).map(Some).collect();
    let mut raw = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        raw.extend_from_slice(if i > 0 { b"," } else { b"" });
        crate::encode::write_csv_cell(cell, b',', false, &mut raw);
    }
    raw.push(b'\n');
    converter.push(&SourceRow { cells: &cells, place: &place, columns: &columns }, &raw, check);
}

fn convert(crosswalk: &Crosswalk, source: &Package, target: &Package, rows: &[Vec<&str>]) -> Done {
    let plan = MapPlan::compile(crosswalk, source, target, &source.resources[0].name, &BTreeMap::new()).unwrap();
    let mut converter = Converter::new(vec![plan], target, WriterConfig::default(), RejectsConfig::default());
    let width = source.resources[0].schema.fields.len();
    for (n, row) in rows.iter().enumerate() {
        push(&mut converter, n, row, width, &mut NoCheck);
    }
    drained(converter, &mut NoCheck)
}

/// One target cell made from source fields `A`, `B`, `C`; with the codes of its findings.
fn one(from: Input, steps: &[Step], otherwise: Otherwise, cells: &[&str]) -> (String, Vec<String>, bool) {
    let (source, target) = (package("src", &[("rows", &["A", "B", "C"])]), package("dst", &[("outs", &["X"])]));
    let map = FieldMap { otherwise, ..field("X", from, steps.to_vec()) };
    let plan = MapPlan::compile(&crosswalk(vec![table("rows", "outs", vec![map])]), &source, &target, "rows", &BTreeMap::new()).unwrap();
    let place = Place { row: 2, ..Place::default() };
    let (mut scratch, mut got) = (MapScratch::default(), None);
    let row = SourceRow { cells, place: &place, columns: &[Some(0), Some(1), Some(2)] };
    plan.map_row(&row, &mut scratch, &mut |target| got = Some((target.cells[0].to_owned(), target.rejected)));
    let (text, rejected) = got.unwrap();
    (text, scratch.findings.iter().map(|f| f.code.text().to_owned()).collect(), rejected)
}

fn lookup(fold: bool) -> Step {
    let map = [("st", "Street"), ("ave", "Avenue"), ("x", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    Step::Lookup { table: LookupTable { name: "types.csv".into(), map: HashMap::from(map) }.into(), fold }
}

fn when(field: &str, test: Test, then: Vec<Step>, otherwise: Vec<Step>) -> Step {
    Step::When { when: Condition { field: field.into(), test }, then, otherwise }
}

#[test]
fn every_step_does_what_its_row_in_the_page_says() {
    use Step::*;
    let text = str::to_owned;
    let number = |places| Number(NumberStep { places, ..NumberStep::default() });
    let date = || Date { from: vec![text("%m/%d/%Y"), text("%d/%m/%Y")], to: text("%Y-%m-%d") };
    let cases: Vec<(Vec<Step>, &str, &str, &[&str])> = vec![
        (vec![], " as it is ", " as it is ", &[]),
        (vec![Trim(End::Both)], "\u{a0} a b \u{202f}\t", "a b", &[]),
        (vec![Trim(End::Start)], "  a ", "a ", &[]),
        (vec![Trim(End::End)], "  a ", "  a", &[]),
        (vec![Trim(End::Both)], "   ", "", &[]),
        (vec![Squeeze], " a\u{a0}\n b  c", " a b c", &[]),
        (vec![Squeeze], "a b", "a b", &[]),
        (vec![Case(crate::package::crosswalk::Case::Upper)], "straße 1st", "STRASSE 1ST", &[]),
        (vec![Case(crate::package::crosswalk::Case::Lower)], "ÉCOLE", "école", &[]),
        (vec![Case(crate::package::crosswalk::Case::Title)], "O'BRIEN'S 1ST st-JEAN", "O'Brien's 1st St-Jean", &[]),
        (vec![Case(crate::package::crosswalk::Case::Sentence)], "\"THE END\" Is", "\"The end\" is", &[]),
        (vec![Replace(vec![(text("@"), text(" ")), (text(" -"), text("+"))])], "a@-b@c", "a+b c", &[]),
        (vec![Replace(vec![(text("a"), text("b")), (text("b"), text("c"))])], "ab", "cc", &[]),
        (vec![Replace(vec![(text("z"), text(""))])], "ab", "ab", &[]),
        (vec![Strip(text("#-"))], "#1-2-", "12", &[]),
        (vec![Split { at: text("/"), take: 1 }], "a/b/c", "a", &[]),
        (vec![Split { at: text("/"), take: -1 }], "a/b/c", "c", &[]),
        (vec![Split { at: text("/"), take: -3 }], "a/b/c", "a", &[]),
        (vec![Split { at: text("/"), take: 2 }], "a//c", "", &[]),
        (vec![Split { at: text("/"), take: 1 }], "abc", "abc", &[]),
        (vec![Split { at: text("/"), take: 2 }], "abc", "", &["C505"]),
        (vec![Split { at: text("/"), take: -4 }], "a/b/c", "", &["C505"]),
        (vec![Cut { from: 1, to: 5 }], "02420-1234", "02420", &[]),
        (vec![Cut { from: 2, to: 3 }], "éàü", "àü", &[]),
        (vec![Cut { from: 7, to: 9 }], "02420", "", &[]),
        (vec![Pad { to: 5, with: '0' }], "2420", "02420", &[]),
        (vec![Pad { to: 3, with: '·' }], "éà", "·éà", &[]),
        (vec![Pad { to: 3, with: '0' }], "12345", "12345", &[]),
        (vec![number(Some(2))], "12.5", "12.50", &[]),
        (vec![number(Some(1))], "12.55", "", &["C507"]),
        (vec![number(None)], "about 12", "", &["C501"]),
        (vec![date()], "12/31/2024", "2024-12-31", &[]),
        (vec![date()], "31/12/2024", "2024-12-31", &[]),
        (vec![date()], "2024-12-31", "", &["C502"]),
        (vec![date()], "03/05/2024", "", &["C503"]),
        (vec![lookup(true)], " ST", "Street", &[]),
        (vec![lookup(false)], "st", "Street", &[]),
        (vec![lookup(false)], "ST", "", &["C504"]),
        (vec![lookup(true)], "X", "", &[]),
        (vec![Codes { list: text("status"), fold: true }], "issued ", "Issued", &[]),
        (vec![Codes { list: text("status"), fold: false }], "Issued", "Issued", &[]),
        (vec![Codes { list: text("status"), fold: false }], "issued", "", &["C504"]),
        (vec![Unit { from: text("acre"), to: text("square-foot"), places: 0 }], "0.25", "10890", &[]),
        (vec![Unit { from: text("acre"), to: text("square-foot"), places: 0 }], "1/4", "", &["C501"]),
        (vec![Constant(text("KY"))], "anything", "KY", &[]),
        (vec![Default(text("Unknown"))], "known", "known", &[]),
        (vec![Trim(End::Both), Default(text("Unknown"))], "  ", "Unknown", &[]),
        (vec![when("B", Test::Is(vec![text("b")]), vec![Constant(text(""))], vec![])], "a", "", &[]),
        (vec![when("B", Test::Not(vec![text("b")]), vec![], vec![Pad { to: 2, with: '-' }])], "a", "-a", &[]),
        (vec![when("C", Test::Empty(true), vec![Constant(text("yes"))], vec![])], "a", "yes", &[]),
        (vec![when("C", Test::Empty(false), vec![Constant(text("yes"))], vec![])], "a", "a", &[]),
        (vec![when("A", Test::Matches(regex::Regex::new("^a+$").unwrap()), vec![Constant(text("yes"))], vec![])], "aa", "yes", &[]),
        (vec![Trim(End::Both), Split { at: text("-"), take: 2 }, Pad { to: 4, with: '0' }, Cut { from: 2, to: 4 }], " x-12 ", "012", &[]),
        (vec![Replace(vec![(text("x"), text("  y"))]), Trim(End::Start), Cut { from: 1, to: 1 }], "x1", "y", &[]),
    ];
    for (steps, cell, expected, codes) in cases {
        let (got, found, rejected) = one(of("A"), &steps, Otherwise::Empty, &[cell, "b", ""]);
        assert_eq!(
            (got.as_str(), found.iter().map(String::as_str).collect::<Vec<_>>(), rejected),
            (expected, codes.to_vec(), false),
            "{steps:?} of {cell:?}"
        );
        // An empty value passes through all but the steps that make a value from nothing.
        let makes = |s: &Step| matches!(s, Constant(_) | Default(_) | When { .. });
        if !steps.iter().any(makes) {
            assert_eq!(one(of("A"), &steps, Otherwise::Reject, &["", "b", ""]), (String::new(), vec![], false), "{steps:?} of nothing");
        }
    }
}

#[test]
fn steps_that_join_fields() {
    use Step::*;
    let both = || Input::Fields(vec!["A".into(), "B".into()]);
    let project = |take| Project { from: "EPSG:26986".into(), to: "EPSG:4326".into(), take, places: 5 };
    let lexington: &[&str] = &["215000", "910000", ""];
    type Joined<'a> = (Vec<Step>, &'a [&'a str], &'a str, &'a [&'a str]);
    let cases: Vec<Joined<'_>> = vec![
        (vec![Concat(" ".into())], &["a", "b", ""], "a b", &[]),
        (vec![Concat(" ".into())], &["", "b", ""], "b", &[]),
        (vec![Concat(" ".into())], &["", "", ""], "", &[]),
        (vec![Trim(End::Both), Concat("-".into()), Pad { to: 5, with: '0' }], &[" a ", "  ", ""], "0000a", &[]),
        (vec![First], &["", "b", ""], "b", &[]),
        (vec![First], &["a", "b", ""], "a", &[]),
        (vec![Number(NumberStep::default()), Concat("/".into())], &["1", "x", ""], "", &["C501"]),
        (vec![when("C", Test::Empty(true), vec![Concat("+".into())], vec![First])], &["a", "b", ""], "a+b", &[]),
        (vec![when("C", Test::Empty(true), vec![Concat("+".into())], vec![First])], &["a", "b", "c"], "a", &[]),
        (vec![project(Axis::X)], lexington, "-71.31768", &[]),
        (vec![project(Axis::Y)], lexington, "42.44038", &[]),
        (vec![project(Axis::Xy)], lexington, "-71.31768 42.44038", &[]),
        (vec![project(Axis::X)], &["", "", ""], "", &[]),
        (vec![project(Axis::X)], &["215000", "", ""], "", &["C505"]),
        (vec![project(Axis::X)], &["215000", "north", ""], "", &["C501"]),
        (vec![project(Axis::X)], &["910000", "215000", ""], "", &["C506"]),
    ];
    for (steps, cells, expected, codes) in cases {
        let (got, found, _) = one(both(), &steps, Otherwise::Empty, cells);
        assert_eq!(
            (got.as_str(), found.iter().map(String::as_str).collect::<Vec<_>>()),
            (expected, codes.to_vec()),
            "{steps:?} of {cells:?}"
        );
    }
    let kept = |steps: &[Step], cells: &[&str]| one(both(), steps, Otherwise::Keep, cells).0;
    assert_eq!(kept(&[project(Axis::Y)], &["1", "2", ""]), "2");
    assert_eq!(kept(&[Number(NumberStep::default()), Concat("/".into())], &["x", "y", ""]), "x y");
}

#[test]
fn the_same_text_gets_the_same_identifier() {
    let uuid = |cell: &str| one(of("A"), &[Step::Uuid("site".into())], Otherwise::Empty, &[cell]).0;
    assert_eq!(uuid("1"), uuid("1"));
    assert_ne!(uuid("1"), uuid("2"));
    assert_eq!((uuid("1").len(), uuid("").as_str()), (38, ""));
}

#[test]
fn a_value_that_cannot_be_treated_is_left_out_kept_or_rejects_its_row() {
    let steps = [Step::Trim(End::Both), Step::Number(NumberStep::default())];
    let run = |otherwise| one(of("A"), &steps, otherwise, &[" x "]);
    assert_eq!(run(Otherwise::Empty), (String::new(), vec!["C501".into()], false));
    assert_eq!(run(Otherwise::Keep), (" x ".into(), vec!["C501".into()], false));
    assert_eq!(run(Otherwise::Reject), (String::new(), vec!["C501".into()], true));
}

#[test]
fn names_that_do_not_exist_are_errors() {
    let (source, target) = (package("src", &[("rows", &["A", "B"])]), package("dst", &[("outs", &["X", "Y"])]));
    let base = || table("rows", "outs", vec![field("X", of("A"), vec![])]);
    let with = |change: &dyn Fn(&mut TableMap)| {
        let mut map = base();
        change(&mut map);
        MapPlan::compile(&crosswalk(vec![map]), &source, &target, "rows", &BTreeMap::new()).err()
    };
    let push = |map: FieldMap| with(&|t: &mut TableMap| t.fields.push(map.clone()));
    assert_eq!(with(&|_| {}), None);
    assert!(matches!(with(&|t| t.to = "none".into()), Some(MapError::UnknownTargetResource { .. })));
    assert!(matches!(with(&|t| t.from = "none".into()), Some(MapError::NothingFrom { .. })));
    assert!(matches!(with(&|t| t.fields[0].to = "none".into()), Some(MapError::UnknownTargetField { .. })));
    assert!(matches!(with(&|t| t.fields[0].from = of("none")), Some(MapError::UnknownSourceField { .. })));
    assert!(matches!(with(&|t| t.distinct = vec!["none".into()]), Some(MapError::UnknownTargetField { .. })));
    assert!(matches!(with(&|t| t.sums = vec![("none".into(), "X".into())]), Some(MapError::UnknownSourceField { .. })));
    assert!(matches!(with(&|t| t.sums = vec![("A".into(), "Y".into())]), Some(MapError::Step { .. })));
    assert!(matches!(with(&|t| t.explode = Some(Explode { field: "none".into(), at: None })), Some(MapError::UnknownSourceField { .. })));
    assert!(matches!(push(field("X", of("B"), vec![])), Some(MapError::FilledTwice { .. })));
    assert!(matches!(push(field("Y", Input::Piece, vec![])), Some(MapError::Step { .. })));
    assert!(matches!(push(field("Y", Input::Fields(vec!["A".into()]), vec![])), Some(MapError::Step { .. })));
    assert!(matches!(push(field("Y", of("B"), vec![Step::First])), Some(MapError::Step { .. })));
    assert!(matches!(
        push(field("Y", of("B"), vec![Step::Codes { list: "none".into(), fold: false }])),
        Some(MapError::UnknownCodeList { .. })
    ));
    let project = Step::Project { from: "EPSG:4326".into(), to: "EPSG:4326".into(), take: Axis::X, places: 1 };
    for step in [
        project,
        Step::Split { at: String::new(), take: 1 },
        Step::Split { at: "/".into(), take: 0 },
        Step::Cut { from: 0, to: 1 },
        Step::Cut { from: 3, to: 1 },
        Step::Pad { to: 1 << 30, with: '0' },
        Step::Replace(vec![(String::new(), "x".into())]),
        Step::Date { from: vec!["%Y".into()], to: "%d".into() },
        Step::Unit { from: "acre".into(), to: "metre".into(), places: 1 },
    ] {
        assert!(matches!(push(field("Y", of("B"), vec![step.clone()])), Some(MapError::Step { .. })), "{step:?}");
    }
    let none = MapPlan::compile(&crosswalk(vec![base()]), &source, &target, "none", &BTreeMap::new()).err();
    assert!(matches!(none, Some(MapError::UnknownSourceResource { .. })));
}

#[test]
fn one_row_becomes_rows_of_several_tables() {
    let source = package("src", &[("visits", &["Permit", "Name", "Date", "Codes", "Status", "Memo"])]);
    let target = package("dst", &[("feeds", &["date", "version"]), ("shops", &["id", "name", "zip"]), ("faults", &["id", "date", "code"])]);
    let date = || Step::Date { from: vec!["%m/%d/%Y".into()], to: "%Y%m%d".into() };
    let id = || field("id", of("Permit"), vec![]);
    let mut shops = table("visits", "shops", vec![field("name", of("Name"), vec![Step::Trim(End::Both)]), id()]);
    shops.distinct = vec!["id".into()];
    let mut faults = table(
        "visits",
        "faults",
        vec![
            id(),
            FieldMap { otherwise: Otherwise::Reject, ..field("date", of("Date"), vec![date()]) },
            field("code", Input::Piece, vec![Step::Case(Case::Upper)]),
        ],
    );
    faults.explode = Some(Explode { field: "Codes".into(), at: None });
    faults.skip = vec![Skip { when: Condition { field: "Status".into(), test: Test::Is(vec!["VOID".into()]) }, why: "Void.".into() }];
    faults.distinct = vec!["*".into()];
    let feeds = table(
        "@once",
        "feeds",
        vec![field("version", Input::Nothing, vec![Step::Constant("1".into())]), field("date", Input::Given("day".into()), vec![])],
    );
    let mut walk = crosswalk(vec![feeds, shops, faults]);
    walk.lost = vec![Lost { table: "visits".into(), fields: vec!["Memo".into()], why: "No field for it.".into() }];
    assert_eq!(MapPlan::wanted_givens(&walk), ["day"]);
    let done = convert(
        &walk,
        &source,
        &target,
        &[
            vec!["1", " Inn ", "01/02/2024", "a b\u{a0}a", "ok", "hm"],
            vec!["1", "Inn", "01/02/2024", "", "ok"],
            vec!["1", "Cafe", "13/02/2024", "a c", "ok", "x"],
            vec!["2", "Bar", "01/03/2024", "z", "VOID"],
            vec!["1", "Inn", "01/02/2024", "b", "ok"],
            vec!["1", "Inn", "", "z", "VOID"],
            vec!["3", "Den", "14/03/2024", "a", "ok"],
        ],
    );
    assert_eq!(done.out["feeds"], "date,version\n,1\n");
    assert_eq!(done.out["shops"], "id,name,zip\n1,Inn,\n2,Bar,\n3,Den,\n");
    assert_eq!(done.out["faults"], "id,date,code\n1,20240102,A\n1,20240102,B\n");
    assert_eq!(
        done.told(),
        [
            "C511 0 date -",
            "C509 3 - -",
            "C502/rejected 4 Date 13/02/2024",
            "C509/differs 4 - -",
            "C510 5 - -",
            "C509 6 - -",
            "C510 7 - -",
            "C502/rejected 8 Date 14/03/2024",
            "C508 0 Memo -",
        ]
    );
    // Of the last row the shop was written and the fault was not: that part is not lost without a trace.
    assert_eq!(
        done.rejects,
        "Permit,Name,Date,Codes,Status,Memo,reason\n\
         1,Cafe,13/02/2024,a c,ok,x,\"Date: \"\"13/02/2024\"\" cannot be read as a date or time, so the row was not converted\"\n\
         3,Den,14/03/2024,a,ok,,\"Date: \"\"14/03/2024\"\" cannot be read as a date or time, so a part of the row was not converted\"\n"
    );
    let balance = &done.balance;
    assert_eq!((balance.records_in, balance.records_out, balance.rejected, balance.in_part), (7, 3, 1, 1));
    let dropped: Vec<(&str, u64)> = balance.dropped.iter().map(|d| (d.why.as_str(), d.count)).collect();
    assert_eq!(dropped, [(super::convert::REPEATED, 2), ("Void.", 1)]);
    let counts: Vec<[u64; 5]> = balance.tables.iter().map(|t| [t.candidates, t.written, t.rejected, t.repeated, t.skipped]).collect();
    assert_eq!(counts, [[1, 1, 0, 0, 0], [7, 3, 0, 4, 0], [9, 2, 3, 2, 2]]);
    let lost = done.findings.last().unwrap();
    assert_eq!((lost.get("count"), lost.get("why"), lost.severity), (Some("2"), Some("No field for it"), Severity::Info));
    assert_eq!(lost.place.column, Some(5));
}

#[test]
fn one_fault_gives_one_finding_however_many_rows_use_the_cell() {
    let source = package("src", &[("rows", &["Date", "Codes"])]);
    let target = package("dst", &[("visits", &["date"]), ("faults", &["date", "code"])]);
    let date = || field("date", of("Date"), vec![Step::Date { from: vec!["%Y".into()], to: "%Y".into() }]);
    let mut faults = table("rows", "faults", vec![date(), field("code", Input::Piece, vec![])]);
    faults.explode = Some(Explode { field: "Codes".into(), at: Some(";".into()) });
    let done = convert(&crosswalk(vec![table("rows", "visits", vec![date()]), faults]), &source, &target, &[vec!["soon", "a;;b;c"]]);
    assert_eq!(done.told(), ["C502 2 Date soon"]);
    assert_eq!(done.out["faults"], "date,code\n,a\n,b\n,c\n");
}

#[test]
fn givens_are_used_and_refused() {
    let (source, target) = (package("src", &[("rows", &["A"])]), package("dst", &[("outs", &["X", "D", "T"])]));
    let date = Step::Date { from: vec!["%Y-%m-%d".into()], to: "%Y%m%d".into() };
    let town = vec![Step::Default("Acton".into())];
    let walk = crosswalk(vec![table(
        "rows",
        "outs",
        vec![
            field("X", of("A"), vec![]),
            field("D", Input::Given("day".into()), vec![date]),
            field("T", Input::Given("town".into()), town),
        ],
    )]);
    let compile = |day: &str| MapPlan::compile(&walk, &source, &target, "rows", &BTreeMap::from([("day".to_owned(), day.to_owned())]));
    let plan = compile("2024-01-02").unwrap();
    assert!(plan.opening_findings().is_empty(), "a default stands in for the town");
    let mut got = Vec::new();
    let row = SourceRow { cells: &["a"], place: &Place::default(), columns: &[] };
    plan.map_row(&row, &mut MapScratch::default(), &mut |t| got = t.cells.iter().map(|c| (*c).to_owned()).collect());
    assert_eq!(got, ["a", "20240102", "Acton"]);
    assert!(matches!(compile("tomorrow"), Err(MapError::Given { .. })));
    assert_eq!(compile("").unwrap().opening_findings().len(), 1);
}

/// A value that the file states is taken as it is; the user's stands in where there is none, and a contradiction is told.
#[test]
fn a_given_value_fills_what_is_empty_and_overrides_nothing() {
    let (source, target) = (package("src", &[("rows", &["Year"])]), package("dst", &[("outs", &["year"])]));
    let steps = vec![Step::Trim(End::Both), Step::Given("fiscal_year".into())];
    let told = |year: Option<&str>, otherwise, rows: &[&str]| {
        let walk = crosswalk(vec![table("rows", "outs", vec![FieldMap { otherwise, ..field("year", of("Year"), steps.clone()) }])]);
        assert_eq!(MapPlan::wanted_givens(&walk), ["fiscal_year"]);
        let givens = year.map(|y| ("fiscal_year".to_owned(), y.to_owned())).into_iter().collect();
        let plan = MapPlan::compile(&walk, &source, &target, "rows", &givens).unwrap();
        let mut converter = Converter::new(vec![plan], &target, WriterConfig::default(), RejectsConfig::default());
        for (n, row) in rows.iter().enumerate() {
            push(&mut converter, n, &[row], 1, &mut NoCheck);
        }
        let done = drained(converter, &mut NoCheck);
        (done.out["outs"].replace('\n', " "), done.told(), done.findings.first().map(|f| f.severity))
    };
    let rows = ["2026", " ", "2026 "];
    assert_eq!(told(Some("2026"), Otherwise::Keep, &rows), ("year 2026 2026 2026 ".into(), vec![], None));
    let kept = vec!["C520/kept 2 Year 2026".to_owned(), "C520/kept 4 Year 2026 ".to_owned()];
    assert_eq!(told(Some("2025"), Otherwise::Keep, &rows), ("year 2026 2025 2026  ".into(), kept, Some(Severity::Error)));
    assert_eq!(
        told(Some("2025"), Otherwise::Empty, &["2026"]),
        ("year \"\" ".into(), vec!["C520 2 Year 2026".into()], Some(Severity::Error))
    );
    assert_eq!(told(None, Otherwise::Keep, &["2026"]), ("year 2026 ".into(), vec![], None), "what the file says does");
    assert_eq!(told(None, Otherwise::Keep, &["2026", "", ""]).1, ["C511 0 year -"], "told once");
}

/// What `first` passes over and what steps empty is counted by column, unless something else carries it.
#[test]
fn what_steps_leave_out_is_counted() {
    let (source, target) = (package("src", &[("rows", &["A", "B", "C"])]), package("dst", &[("outs", &["X", "Y", "Z"])]));
    let both = || Input::Fields(vec!["A".into(), "B".into()]);
    let none = |sign: &str| when("C", Test::Is(vec![sign.into()]), vec![Step::Constant(String::new())], vec![]);
    let told = |fields: Vec<FieldMap>, rows: &[Vec<&str>]| {
        let done = convert(&crosswalk(vec![table("rows", "outs", fields)]), &source, &target, rows);
        let counts = done.findings.iter().filter(|f| !matches!(f.code.text(), "C508")).map(|f| {
            format!(
                "{} {} {} {}",
                f.code.text(),
                f.place.field.as_deref().unwrap_or("-"),
                f.get("count").unwrap_or("-"),
                f.value.as_deref().unwrap_or("-")
            )
        });
        counts.collect::<Vec<_>>()
    };
    let rows = [vec!["a", "b", "/"], vec!["", "b", "c"], vec!["a", "a", "/"], vec!["a", "", ""], vec!["a", "d", " "]];
    let first = || field("X", both(), vec![Step::First]);
    assert_eq!(told(vec![first(), field("Z", of("C"), vec![none("/")])], &rows), ["C521 B 2 b", "C522 C 2 /"]);
    assert_eq!(told(vec![first(), field("Y", of("B"), vec![]), field("Z", of("C"), vec![])], &rows), [""; 0], "another field carries it");
    // One of two fields has it, or none.
    let parts = || vec![field("X", of("C"), vec![none("/")]), field("Y", of("C"), vec![none("c")])];
    assert_eq!(told(parts(), &rows), [""; 0]);
    let gone = vec![field("X", of("C"), vec![none("/")]), field("Y", of("C"), vec![Step::Strip("/".into())])];
    assert_eq!(told(gone, &rows), ["C522 C 2 /"]);
}

/// An amount that the typed column has no room for is in no total of what was written, whatever form the totals are told in.
#[cfg(feature = "parquet")]
#[test]
fn a_sum_counts_only_what_the_form_could_write() {
    let source = package("src", &[("rows", &["Fee"])]);
    let mut target = package("dst", &[("outs", &["fee"])]);
    let mut schema = (*target.resources[0].schema).clone();
    schema.fields[0].kind = crate::schema::FieldType::Number(crate::schema::NumberFormat::default());
    schema.fields[0].extras.unit = Some("us-dollar".into());
    target.resources[0].schema = schema.into();
    let mut map = table("rows", "outs", vec![field("fee", of("Fee"), vec![Step::Number(NumberStep::default())])]);
    map.sums = vec![("Fee".into(), "fee".into())];
    let plan = MapPlan::compile(&crosswalk(vec![map]), &source, &target, "rows", &BTreeMap::new()).unwrap();
    let config = WriterConfig { format: Format::Parquet, ..WriterConfig::default() };
    let mut converter = Converter::new(vec![plan], &target, config, RejectsConfig::default());
    for (n, amount) in ["30100.255", "90071992547409931.01", "0.0000000001", "12345678901234567890123456789"].iter().enumerate() {
        push(&mut converter, n, &[amount], 1, &mut NoCheck);
    }
    let balance = converter.finish(&mut NoCheck);
    let sum = &balance.sums[0];
    assert_eq!((sum.total_out.as_str(), sum.total_unread.as_str()), ("12345678901324639882670896820.265", "0.0000000001"));
    assert_eq!((sum.cells_unread, sum.balanced), (1, false));
    let told: Vec<String> = converter.take_findings().iter().map(|f| format!("{} {}", f.code.text(), f.place.row)).collect();
    assert_eq!(told, ["C515 4"]);
}

#[test]
fn unread_columns_are_told_without_a_declaration_too() {
    let (source, target) = (package("src", &[("rows", &["A", "B"])]), package("dst", &[("outs", &["X"])]));
    let walk = crosswalk(vec![table("rows", "outs", vec![field("X", of("A"), vec![])])]);
    let done = convert(&walk, &source, &target, &[vec!["1", "b"], vec!["2", ""]]);
    assert_eq!(done.told(), ["C508/undeclared 0 B -"]);
    assert_eq!(done.findings[0].get("count"), Some("1"));
}

#[test]
fn a_total_that_steps_change_is_told() {
    let (source, target) = (package("src", &[("rows", &["Fee"])]), package("dst", &[("outs", &["fee"])]));
    let money = Step::Number(NumberStep { symbols: vec!["$".into()], group: Some(','), places: Some(2), ..NumberStep::default() });
    let mut map = table("rows", "outs", vec![field("fee", of("Fee"), vec![money.clone()])]);
    map.sums = vec![("Fee".into(), "fee".into())];
    let rows = [vec!["$1,000.10"], vec!["2.305"], vec![""], vec!["free"]];
    let done = convert(&crosswalk(vec![map.clone()]), &source, &target, &rows);
    let sum = &done.balance.sums[0];
    assert_eq!((sum.total_in.as_str(), sum.total_out.as_str(), sum.total_unread.as_str()), ("1002.405", "1000.1", "2.305"));
    // "2.305" is not carried and "free" is in no total: nobody may call that balanced, though nothing is unaccounted for.
    assert_eq!((sum.cells_unread, sum.balanced), (2, false));
    assert!(!done.told().iter().any(|told| told.starts_with("C513")));
    map.fields[0].steps = vec![money, Step::Cut { from: 1, to: 3 }];
    let done = convert(&crosswalk(vec![map]), &source, &target, &rows);
    assert!(!done.balance.sums[0].balanced);
    assert_eq!(done.told().last().map(String::as_str), Some("C513 0 Fee -"));
}

#[test]
fn blocks_can_be_converted_on_other_threads() {
    fn sent<T: Send>() {}
    fn shared<T: Sync>() {}
    sent::<Converter>();
    shared::<MapPlan>();
}

/// A check that counts what it is shown.
#[derive(Default)]
struct Shown(Vec<String>);

impl TargetCheck for Shown {
    fn check(&mut self, table: usize, cells: &[&str], place: &Place, out: &mut Vec<Finding>) {
        self.0.push(format!("{table}:{}:{}", place.row, cells.join("|")));
        if cells.contains(&"bad") {
            out.push(Finding::new("C301", "", place.clone()));
        }
    }
}

#[test]
fn rows_written_are_shown_to_the_check() {
    let (source, target) = (package("src", &[("rows", &["A"])]), package("dst", &[("others", &["Z"]), ("outs", &["X"])]));
    let mut map = table("rows", "outs", vec![field("X", of("A"), vec![])]);
    map.distinct = vec!["X".into()];
    let plan = MapPlan::compile(&crosswalk(vec![map]), &source, &target, "rows", &BTreeMap::new()).unwrap();
    let mut converter = Converter::new(vec![plan], &target, WriterConfig::default(), RejectsConfig::default());
    let mut shown = Shown::default();
    for (n, cell) in ["a", "bad", "a"].iter().enumerate() {
        push(&mut converter, n, &[cell], 1, &mut shown);
    }
    let done = drained(converter, &mut shown);
    assert_eq!(shown.0, ["1:2:a", "1:3:bad"]);
    assert_eq!(done.told(), ["C301 3 - -", "C509 4 - -"]);
}

fn any_step() -> impl Strategy<Value = Step> {
    let text = || "[ab$/0-9 -]{0,3}";
    let some = || "[ab$/0-9 -]{1,3}";
    let simple = prop_oneof![
        Just(Step::Trim(End::Both)),
        Just(Step::Squeeze),
        prop_oneof![Just(Case::Upper), Just(Case::Title), Just(Case::Sentence)].prop_map(Step::Case),
        proptest::collection::vec((some(), text()), 1..3).prop_map(Step::Replace),
        text().prop_map(Step::Strip),
        (some(), prop_oneof![Just(-2), Just(-1), Just(1), Just(2)]).prop_map(|(at, take)| Step::Split { at, take }),
        (1u32..4, 0u32..4).prop_map(|(from, more)| Step::Cut { from, to: from + more }),
        (0u32..6).prop_map(|to| Step::Pad { to, with: '0' }),
        (proptest::option::of(0u32..3), any::<bool>()).prop_map(|(places, whole)| {
            Step::Number(NumberStep { places, whole, group: Some(','), symbols: vec!["$".into()], ..NumberStep::default() })
        }),
        Just(Step::Date { from: vec!["%-m/%-d/%Y".into(), "%-d/%-m/%Y".into()], to: "%Y-%m-%d".into() }),
        any::<bool>().prop_map(lookup),
        Just(Step::Codes { list: "status".into(), fold: true }),
        Just(Step::Unit { from: "acre".into(), to: "hectare".into(), places: 2 }),
        text().prop_map(Step::Constant),
        text().prop_map(Step::Default),
        Just(Step::Given("g".into())),
        Just(Step::Uuid("n".into())),
        Just(Step::Epoch(false)),
        Just(Step::Wrap("a".into(), "b".into())),
    ];
    simple.prop_recursive(2, 6, 2, |inner| {
        let steps = || proptest::collection::vec(inner.clone(), 0..2);
        (any_condition(), steps(), steps()).prop_map(|(when, then, otherwise)| Step::When { when, then, otherwise })
    })
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let test = prop_oneof![
        Just(Test::Empty(true)),
        Just(Test::Is(vec!["a".into(), "5".into()])),
        Just(Test::Not(vec!["a".into()])),
        Just(Test::Matches(regex::Regex::new("[0-9]").unwrap())),
        Just(Test::Unlike(regex::Regex::new("[0-9]").unwrap()))
    ];
    ("[ABC]", test).prop_map(|(field, test)| Condition { field, test })
}

fn any_field(to: &'static str, piece: bool) -> impl Strategy<Value = FieldMap> {
    let from = prop_oneof![
        3 => "[ABC]".prop_map(Input::Field),
        1 => Just(Input::Fields(vec!["A".into(), "B".into()])),
        1 => Just(if piece { Input::Piece } else { Input::Given("g".into()) }),
    ];
    let otherwise = prop_oneof![Just(Otherwise::Empty), Just(Otherwise::Keep), Just(Otherwise::Reject)];
    (from, proptest::collection::vec(any_step(), 0..3), otherwise, any::<bool>()).prop_map(move |(from, mut steps, otherwise, xy)| {
        match from {
            Input::Fields(_) if xy => {
                steps.push(Step::Project { from: "EPSG:2249".into(), to: "EPSG:4326".into(), take: Axis::Xy, places: 3 });
            }
            Input::Fields(_) => steps.push(Step::Concat("-".into())),
            // A constant that a step cannot treat is an error of the crosswalk, which is not what is tested here.
            Input::Given(_) => steps = vec![Step::Default("given".into())],
            _ => {}
        }
        FieldMap { to: to.into(), from, steps, otherwise }
    })
}

fn any_table(to: &'static str) -> impl Strategy<Value = TableMap> {
    any::<bool>().prop_flat_map(move |piece| {
        let fields = (any_field("X", piece), any_field("Y", piece));
        let distinct = prop_oneof![Just(vec![]), Just(vec!["X".to_owned()]), Just(vec!["*".to_owned()])];
        (fields, distinct, proptest::option::of(any_condition()), any::<bool>()).prop_map(move |((x, y), distinct, skip, blank)| {
            let sums = if piece { vec![] } else { vec![("C".to_owned(), "S".to_owned())] };
            let money = Step::Number(NumberStep { group: Some(','), symbols: vec!["$".into()], places: Some(2), ..NumberStep::default() });
            let explode = piece.then(|| Explode { field: "A".into(), at: if blank { None } else { Some("/".into()) } });
            let skip = skip.map(|when| Skip { when, why: "Declared.".into() }).into_iter().collect();
            TableMap { explode, distinct, sums, skip, ..table("rows", to, vec![x, y, field("S", of("C"), vec![money])]) }
        })
    })
}

fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ab0-9]{0,2}",
        1 => "[$]?[0-9]{1,3}(,[0-9]{3})?(\\.[0-9]{0,3})?",
        1 => "[0-9]{1,2}/[0-9]{1,2}/20[0-9]{2}",
        1 => "\\PC{0,6}",
        1 => "[a/ -]{0,5}",
    ]
}

fn any_rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    proptest::collection::vec(proptest::collection::vec(any_cell(), 3), 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever the crosswalk and the cells: nothing panics, every record is accounted for once, every table's rows are, every amount is,
    /// the rejects are the rejected records, and each rejected or altered value has a finding.
    #[test]
    fn every_record_row_and_amount_is_accounted_for(one in any_table("outs"), two in any_table("others"), rows in any_rows()) {
        let source = package("src", &[("rows", &["A", "B", "C"])]);
        let target = package("dst", &[("outs", &["X", "Y", "S"]), ("others", &["X", "Y", "S"])]);
        let texts: Vec<Vec<&str>> = rows.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
        let done = convert(&crosswalk(vec![one.clone(), two.clone()]), &source, &target, &texts);
        let balance = &done.balance;
        let dropped: u64 = balance.dropped.iter().map(|d| d.count).sum();
        prop_assert_eq!(balance.records_in, rows.len() as u64);
        prop_assert_eq!(balance.records_in, balance.records_out + balance.rejected + dropped);
        for table in &balance.tables {
            prop_assert_eq!(table.candidates, table.written + table.rejected + table.repeated + table.skipped);
            let read = ::csv::Reader::from_reader(done.out[&table.table].as_bytes()).records().count();
            prop_assert_eq!(read as u64, table.written);
        }
        for (sum, map) in balance.sums.iter().zip([&one, &two].into_iter().filter(|t| !t.sums.is_empty())) {
            prop_assert_eq!(sum.balanced, sum.cells_unread == 0, "{:?}", sum);
            prop_assert_eq!(&sum.table, &map.to);
            let money = number::NumberReader::compile(&NumberStep { group: Some(','), symbols: vec!["$".into()], ..NumberStep::default() }).unwrap();
            let naive = texts.iter().fold(Decimal::default(), |total, row| {
                let mut plain = String::new();
                match money.convert(row[2], &mut plain) {
                    Ok(()) if !row[2].is_empty() => total.add(&Decimal::parse(&plain).unwrap()).unwrap(),
                    _ => total,
                }
            });
            prop_assert_eq!(&sum.total_in, &naive.to_string());
            let mut out = Decimal::default();
            for record in ::csv::Reader::from_reader(done.out[&map.to].as_bytes()).records() {
                out = Decimal::parse(&record.unwrap()[2]).and_then(|n| out.add(&n)).unwrap_or(out);
            }
            prop_assert_eq!(&sum.total_out, &out.to_string());
        }
        let rejects: Vec<::csv::StringRecord> = ::csv::Reader::from_reader(done.rejects.as_bytes()).records().map(Result::unwrap).collect();
        prop_assert_eq!(rejects.len() as u64, balance.rejected + balance.in_part);
        for record in &rejects {
            prop_assert!(texts.contains(&record.iter().take(3).collect()) && !record[3].is_empty(), "{:?}", record);
        }
        prop_assert_eq!(balance.rejected + balance.in_part == 0, done.rejects.is_empty());
        prop_assert!(balance.in_part <= balance.records_out);
        let at_fault: BTreeSet<u64> = done.findings.iter().filter(|f| f.kind == "rejected").map(|f| f.place.row).collect();
        prop_assert!(at_fault.len() as u64 >= balance.rejected);
    }

    /// De-duplication is what keeping every row in mind would give.
    #[test]
    fn rows_are_written_once_as_a_naive_reference_says(rows in any_rows(), by_all: bool) {
        let source = package("src", &[("rows", &["A", "B", "C"])]);
        let target = package("dst", &[("outs", &["X", "Y"])]);
        let mut map = table("rows", "outs", vec![field("X", of("A"), vec![]), field("Y", of("B"), vec![])]);
        map.distinct = vec![if by_all { "*" } else { "X" }.to_owned()];
        let texts: Vec<Vec<&str>> = rows.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
        let done = convert(&crosswalk(vec![map]), &source, &target, &texts);
        let mut kept: Vec<(&str, &str)> = Vec::new();
        let mut differing = 0;
        for row in &texts {
            let made = (row[0], row[1]);
            let same = |other: &&(&str, &str)| if by_all || made.0.is_empty() { **other == made } else { other.0 == made.0 };
            match kept.iter().find(same) {
                None => kept.push(made),
                Some(first) => differing += usize::from(*first != made),
            }
        }
        let read: Vec<(String, String)> =
            ::csv::Reader::from_reader(done.out["outs"].as_bytes()).records().map(|r| r.unwrap()).map(|r| (r[0].to_owned(), r[1].to_owned())).collect();
        prop_assert_eq!(read.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>(), kept);
        prop_assert_eq!(done.findings.iter().filter(|f| f.kind == "differs").count(), differing);
    }

    /// Blocks converted apart and joined give the same bytes, findings and balance as one go, in every form of output.
    #[test]
    fn parts_join_to_the_same_whole(map in any_table("outs"), rows in any_rows(), cuts in proptest::collection::vec(0usize..20, 0..3), form in 0usize..4) {
        let source = package("src", &[("rows", &["A", "B", "C"])]);
        let target = package("dst", &[("outs", &["X", "Y", "S"])]);
        let mut map = map;
        map.distinct.clear();
        let plan = MapPlan::compile(&crosswalk(vec![map]), &source, &target, "rows", &BTreeMap::new()).unwrap();
        let format = [Format::Csv, Format::Tsv, Format::Ndjson, Format::Json][form];
        let fresh = || Converter::new(vec![plan.clone()], &target, WriterConfig { format, ..WriterConfig::default() }, RejectsConfig::default());
        let cells = |n: usize| rows[n].iter().map(String::as_str).collect::<Vec<_>>();
        let mut whole = fresh();
        for n in 0..rows.len() {
            push(&mut whole, n, &cells(n), 3, &mut NoCheck);
        }
        let mut joined = fresh();
        prop_assert!(joined.can_join());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        for range in cuts.windows(2) {
            let mut part = joined.part();
            for n in range[0]..range[1] {
                push(&mut part, n, &cells(n), 3, &mut NoCheck);
            }
            joined.absorb(part, &mut NoCheck);
        }
        let (whole, joined) = (drained(whole, &mut NoCheck), drained(joined, &mut NoCheck));
        prop_assert_eq!(whole.out, joined.out);
        prop_assert_eq!(whole.rejects, joined.rejects);
        prop_assert_eq!(whole.findings, joined.findings);
        prop_assert_eq!(whole.balance, joined.balance);
    }
}
