#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::check::dataset::Options;
use crate::check::plan::StandardPlan;
use crate::package::catalog::Catalog;
use crate::package::lint;
use crate::package::load::load;
use crate::render::{self, Format};
use crate::report::Report;
use crate::session::{Choice, Session};

const STANDARD: &str = r#"
id = "notes"
version = "1"
title = "Notes"
description = "Notes with parts."
tier = "national"
domain = "x"
publisher = "x"
licence = "CC0-1.0"

[[document]]
name = "note"
title = "Note"
record = "note"
root = ["{urn:n}note"]
prefixes = ["o urn:o"]
"#;

const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:n" xmlns="urn:n" elementFormDefault="qualified">
  <xs:element name="note"><xs:complexType><xs:sequence>
    <xs:element name="who" type="xs:string" minOccurs="0"/><xs:element name="when" type="xs:dateTime" minOccurs="0"/>
    <xs:element name="to" type="xs:string" minOccurs="0" maxOccurs="9"/>
    <xs:element name="part" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="low" type="xs:decimal" minOccurs="0"/><xs:element name="high" type="xs:decimal" minOccurs="0"/>
      <xs:element name="text" type="xs:string" minOccurs="0" maxOccurs="unbounded"/><xs:element name="ring" type="xs:string" minOccurs="0" maxOccurs="9"/>
    </xs:sequence><xs:attribute name="kind"/></xs:complexType></xs:element>
    <xs:any namespace="urn:o" processContents="skip" minOccurs="0" maxOccurs="9"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

const WORDS: &str = "severity = \"error\"\ntitle = \"T\"\nwhy = \"W\"\nmend = \"M\"\n";

fn package(rules: &str) -> BTreeMap<String, Vec<u8>> {
    let rules: String = rules.split("[[rule]]").filter(|r| !r.trim().is_empty()).map(|r| format!("[[rule]]\n{r}\n{WORDS}")).collect();
    let files = [("standard.toml", STANDARD), ("note.xsd", SCHEMA), ("rules.toml", rules.as_str())];
    files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into()
}

fn report(rules: &str, document: &str, piece: usize) -> Report {
    let loaded = load(package(rules));
    let package = loaded.package.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    let mut session = Session::new("n.xml", Choice::Given(StandardPlan::of_package(&package).into()), Options::default(), false);
    document.as_bytes().chunks(piece).for_each(|p| session.push(p));
    session.finish()
}

fn ran(report: &Report, code: &str) -> bool {
    report.coverage.checks_run.iter().any(|c| c == code)
}

fn told(rules: &str, document: &str) -> Vec<String> {
    let report = report(rules, &format!("<note xmlns='urn:n' xmlns:o='urn:o'>{document}</note>"), 1 << 20);
    let short = render::render(&report, Format::Short, &render::Options::default());
    short.lines().map(|l| l.trim_start_matches("n.xml:").to_owned()).collect()
}

const ALL: &str = r#"
[[rule]]
id = "range"
document = "note"
at = "part"
kind = "order"
first = "low"
then = "high"
[[rule]]
id = "pair"
document = "note"
at = "part"
kind = "requires"
if = "high"
then = ["low", "@kind"]
[[rule]]
id = "kind"
document = "note"
at = "part"
kind = "implies"
if = "@kind"
is = ["a"]
then = "text"
in = ["x", "y"]
[[rule]]
id = "other"
document = "note"
kind = "pattern"
fields = ["o:sign/o:by"]
pattern = '[A-Z]+'
[[rule]]
id = "ring"
document = "note"
at = "part"
kind = "ring"
field = "ring"
[[rule]]
id = "names"
document = "note"
kind = "mentions"
field = "to"
parts = ["who", "when"]
[[rule]]
id = "same"
document = "note"
kind = "apart"
each = "part"
by = "@kind"
default = "a"
fields = ["text"]
"#;

#[test]
fn each_kind_finds_what_breaks_it() {
    for (document, wanted) in [
        ("<part kind='b'><low>1</low><high>2</high></part>", vec![]),
        ("<part kind='b'><low>2</low><high>2.0</high></part><part kind='b'><low>3</low><high>20</high></part>", vec![]),
        ("<part kind='b'><low>10</low><high>9</high></part>", vec!["error[notes/range] field \"high\": T: low 10 and high 9"]),
        (
            "<part><high>9</high></part>",
            vec!["error[notes/pair] field \"low\": T: low is not there", "error[notes/pair] field \"kind\": T: kind is not there"],
        ),
        ("<part kind='a'><text>x</text><text>z</text></part>", vec!["error[notes/kind] field \"text\": T"]),
        ("<part kind='c'><text>z</text></part>", vec![]),
        // By its namespace, not by its prefix; elsewhere it is not meant.
        (
            "<p:sign xmlns:p='urn:o'><p:by>no</p:by></p:sign><o:sign><o:by>YES</o:by></o:sign><o:by>no</o:by>",
            vec!["error[notes/other] field \"by\": T: \"no\""],
        ),
        (
            "<part><ring>0,0 0,1 1,1 0,0</ring><ring>1</ring></part>",
            vec!["error[notes/ring] field \"ring\": T: \"1\" is not latitude,longitude"],
        ),
        (
            "<who>w</who><when>2026-01-01T00:00:00Z</when><to>w,2026-01-01T00:00:00Z v,2025-01-01T00:00:00Z</to><to> v v,soon </to>",
            vec![
                "error[notes/names] field \"to\": T: \"w,2026-01-01T00:00:00Z\" is this one itself",
                "error[notes/names] field \"to\": T: \"v\" is not who,when",
                "error[notes/names] field \"to\": T: the time of \"v,soon\" cannot be read",
            ],
        ),
        (
            "<part><text>x</text></part><part kind='b'><text>x</text></part><part kind='a-1'><text>x</text></part>",
            vec!["error[notes/same] field \"text\": T: a and b"],
        ),
    ] {
        let told: Vec<String> = told(ALL, document).iter().map(|l| l[l.find("error").unwrap_or(0)..].to_owned()).collect();
        assert_eq!(told, wanted, "{document}");
    }
}

#[test]
fn what_a_rule_says_has_its_place() {
    let report = report(ALL, "<note xmlns='urn:n'>\n<part/>\n <part kind='b'><low>10</low>\n  <high>9</high></part></note>", 7);
    let finding = &report.findings.stored()[0];
    assert_eq!((finding.place.line, finding.place.byte_column), (4, 3));
    assert_eq!(finding.place.pointer.as_deref(), Some("/note/part[2]/high"));
    assert_eq!(finding.value.as_deref(), Some("9"));
    assert!(["notes/range", "notes/ring"].iter().all(|code| ran(&report, code)));
}

#[test]
fn what_is_too_long_to_judge_is_said() {
    let long = "0,0 ".repeat(300_000);
    let report = report(
        ALL,
        &format!("<note xmlns='urn:n'><part><ring>{long}</ring></part><part kind='a'><low>2</low><high>1</high></part></note>"),
        1 << 16,
    );
    assert!(
        report.coverage.checks_skipped.iter().any(|(code, why)| code == "notes/ring" && why.contains("too long")),
        "{:?}",
        report.coverage
    );
    assert!(!ran(&report, "notes/ring"));
    // The others are judged.
    assert_eq!(report.findings.stored().iter().map(|f| f.code.text()).collect::<Vec<_>>(), ["notes/range"]);
    // More texts than are kept, within one element: nothing is kept, and nothing fails.
    let many = "<part><text>x</text></part>".repeat(super::TEXTS + 1);
    let report = super::tests::report(ALL, &format!("<note xmlns='urn:n'>{many}</note>"), 1 << 16);
    assert!(report.coverage.checks_skipped.iter().any(|(code, _)| code == "notes/same"));
    assert!(ran(&report, "notes/range"));
}

#[test]
fn a_document_that_ends_too_early_is_not_judged() {
    let report = report(ALL, "<note xmlns='urn:n'><part><low>1</low>", 5);
    assert!(report.coverage.checks_skipped.iter().any(|(code, _)| code == "notes/range"));
    assert!(!ran(&report, "notes/range"));
}

#[test]
fn names_that_are_not_there_are_said() {
    let faults = |rule: &str| {
        let found = lint::check_package(&load(package(rule)), "", &Catalog::default());
        let codes = found
            .iter()
            .filter(|f| f.code.text() != "C918")
            .map(|f| format!("{} {}", f.code.text(), f.value.as_deref().unwrap_or_default()));
        codes.collect::<Vec<_>>()
    };
    assert!(faults(ALL).is_empty(), "{:?}", faults(ALL));
    let ring = |lines: &str| faults(&format!("[[rule]]\nid = \"r\"\nkind = \"ring\"\n{lines}"));
    assert_eq!(ring("document = \"nope\"\nfield = \"ring\""), ["C907 nope"]);
    assert_eq!(ring("document = \"note\"\nfield = \"part/rnig\""), ["C907 part/rnig"]);
    assert_eq!(ring("document = \"note\"\nfield = \"q:ring\""), ["C907 q:ring"]);
    assert_eq!(ring("document = \"note\"\nat = \"@kind\"\nfield = \"ring\""), ["C907 @kind"]);
    assert_eq!(ring("document = \"note\"\nfield = \"part/ring[1]\""), ["C907 part/ring[1]"]);
    assert_eq!(ring("document = \"note\"\nfield = \"part/ring\"\nfields = []"), ["C905 "]);
    assert_eq!(faults("[[rule]]\nid = \"r\"\ndocument = \"note\"\nkind = \"pattern\"\nfields = [\"who\"]\npattern = '['"), ["C924 ["]);
}

proptest! {
    /// However the bytes arrive, and whatever they are, the report is the same.
    #[test]
    fn cuts_change_nothing(
        parts in prop::collection::vec(prop_oneof![
            Just("<part kind='b'>"), Just("</part>"), Just("<low>5</low>"), Just("<high>4</high>"), Just("<text>x</text>"), Just("<ring>0,0 1,1 0,1 1,0 0,0</ring>"),
            Just("<who>w</who>"), Just("<to>a w,2020-01-01T00:00:00Z</to>"), Just("<o:sign><o:by>x&amp;<![CDATA[Y]]></o:by></o:sign>"), Just("<!-- -->"), Just("é"), Just("<"),
        ], 0..20),
        piece in 1usize..40,
    ) {
        let document = format!("<note xmlns='urn:n' xmlns:o='urn:o'>{}</note>", parts.concat());
        let json = |piece| render::render(&report(ALL, &document, piece), Format::Json, &render::Options::default());
        prop_assert_eq!(json(piece), json(1 << 20));
    }
}
