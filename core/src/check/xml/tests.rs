#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::check::dataset::Options;
use crate::check::plan::StandardPlan;
use crate::render::{self, Format};
use crate::report::Report;
use crate::session::{Choice, Session};

const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" xmlns="urn:t" elementFormDefault="qualified">
  <xs:element name="town">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="name" type="xs:string"/>
        <xs:element name="kind" minOccurs="0">
          <xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="Town"/><xs:enumeration value="City"/></xs:restriction></xs:simpleType>
        </xs:element>
        <xs:element name="founded" type="xs:date" minOccurs="0"/>
        <xs:element name="people" minOccurs="0">
          <xs:simpleType><xs:restriction base="xs:decimal"><xs:minInclusive value="1"/><xs:fractionDigits value="0"/></xs:restriction></xs:simpleType>
        </xs:element>
        <xs:element name="part" minOccurs="0" maxOccurs="unbounded">
          <xs:complexType>
            <xs:attribute name="id" type="xs:ID" use="required"/>
            <xs:attribute name="next" type="xs:IDREF"/>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:attribute name="state"/>
    </xs:complexType>
  </xs:element>
</xs:schema>"#;

fn schema(texts: &[(&str, &str)]) -> SchemaFiles {
    let files = texts.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect();
    SchemaFiles { roots: vec![texts[0].0.to_owned()], files, digest: "sha256:0".to_owned() }
}

fn choice(texts: &[(&str, &str)]) -> Choice {
    let plan = XmlPlan::of_schema(texts[0].0, schema(texts));
    let documents: Vec<Arc<dyn DocumentKind>> = vec![Arc::new(plan)];
    Choice::Given(Arc::new(StandardPlan { documents, ..StandardPlan::of_schemas("t.xsd", "sha256:0", Vec::new()) }))
}

fn report(choice: &Choice, bytes: &[u8], piece: usize) -> Report {
    let mut session = Session::new("t.xml", choice.clone(), Options::default(), false);
    bytes.chunks(piece.max(1)).for_each(|p| session.push(p));
    session.finish()
}

fn short(report: &Report) -> String {
    render::render(report, Format::Short, &render::Options::default())
}

fn found(text: &str) -> Vec<String> {
    let lines = short(&report(&choice(&[("t.xsd", SCHEMA)]), text.as_bytes(), 1 << 20));
    lines.lines().map(|l| l.trim_start_matches("t.xml:").to_owned()).collect()
}

#[test]
fn each_fault_is_told_once_with_its_place() {
    let cases: &[(&str, &[&str])] = &[
        ("<town xmlns='urn:t'><name>A</name></town>", &[]),
        ("<town xmlns='urn:t'>\n<name>A</name>\n<kind>Twon</kind></town>", &["3:", "C331", "did you mean \"Town\""]),
        ("<town xmlns='urn:t'>\n<name>A</name><founded>7/4/1776</founded></town>", &["2:", "C330", "local form"]),
        ("<town xmlns='urn:t'><name>A</name><people>0</people></town>", &["C334", "below 1"]),
        ("<town xmlns='urn:t'><name>A</name><people>1.5</people></town>", &["C335", "0 decimals"]),
        ("<town xmlns='urn:t'/>", &["C281", "<name>"]),
        ("<town xmlns='urn:t'><kind>City</kind></town>", &["C28", "name"]),
        ("<town xmlns='urn:t'><name>A</name><nam>B</nam></town>", &["C280", "<nam>"]),
        ("<town xmlns='urn:u'><name>A</name></town>", &["C280", "urn:u"]),
        ("<village xmlns='urn:t'/>", &["C280", "<village>"]),
        ("<town xmlns='urn:t' stat='MA'><name>A</name></town>", &["C282", "did you mean state"]),
        ("<town xmlns='urn:t'><name>A</name><part/></town>", &["C282", "lacks the attribute id"]),
        ("<town xmlns='urn:t'>text<name>A</name></town>", &["C283", "\"text\""]),
        ("<town xmlns='urn:t'><name>A</name><part id='a' next='b'/></town>", &["C287", "\"b\""]),
        ("<town xmlns='urn:t'><name>A</name>\n<part id='a'/>\n<part id='a'/></town>", &["3:", "C287", "first in line 2"]),
        ("<town xmlns='urn:t'><name>A &b; c</name></town>", &["C236", "&b;"]),
        ("<town xmlns='urn:t'><name>A & c</name></town>", &["C235", "&"]),
        ("<town xmlns='urn:t'><name>A</nam></town>", &["C235", "closes"]),
        ("<town xmlns='urn:t'><name>A</name>", &["C235", "ends inside"]),
        ("<town xmlns='urn:t'><name xsi:nil='true' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'/></town>", &["C285", "<name>"]),
    ];
    for (text, wanted) in cases {
        let lines = found(text);
        assert_eq!(lines.len(), usize::from(!wanted.is_empty()), "{text}: {lines:#?}");
        for word in *wanted {
            assert!(lines[0].contains(word), "{text}: {word} is not in {lines:?}");
        }
    }
}

#[test]
fn the_report_says_what_ran_and_where_faults_are() {
    let text = "<town xmlns='urn:t'>\n <name>A</name>\n <part id='a'/>\n <part id='b' next='c'/>\n</town>";
    let report = report(&choice(&[("t.xsd", SCHEMA)]), text.as_bytes(), 7);
    assert!(report.coverage.checks_run.iter().any(|c| c == ENGINE), "{:?}", report.coverage.checks_run);
    let finding = &report.findings.stored()[0];
    assert_eq!((finding.place.line, finding.place.pointer.as_deref()), (4, Some("/town/part[2]/@next")), "{finding:?}");
    assert_eq!((report.files[0].encoding.as_str(), report.files[0].records), ("utf-8", 1));
}

#[test]
fn other_encodings_give_the_same() {
    let text = "<town xmlns='urn:t'>\n<name>\u{c9}glise</name><kind>Cit</kind></town>";
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let declared = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{text}");
    let latin: Vec<u8> = declared.chars().map(|c| c as u8).collect();
    let choice = choice(&[("t.xsd", SCHEMA)]);
    for (bytes, encoding) in [(wide, "utf-16le"), (latin, "iso-8859-1"), (format!("\u{feff}{text}").into_bytes(), "utf-8")] {
        let report = report(&choice, &bytes, 100);
        assert_eq!(report.files[0].encoding, encoding);
        let lines = short(&report);
        assert!(lines.starts_with("t.xml:2:") && lines.contains("C331") && lines.lines().count() == 1, "{encoding}: {lines}");
    }
}

#[test]
fn imports_come_from_the_files_at_hand_alone() {
    let main = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:b="urn:b">
      <xs:import namespace="urn:b" schemaLocation="LOCATION"/><xs:element name="a"><xs:complexType><xs:sequence><xs:element ref="b:b"/></xs:sequence></xs:complexType></xs:element></xs:schema>"#;
    let other = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b"><xs:element name="b" type="xs:int"/></xs:schema>"#;
    for location in ["sub/b.xsd", "./sub/../sub/b.xsd", "http://example.org/b.xsd", "b.xsd"] {
        let main = main.replace("LOCATION", location);
        let compiled = schema(&[("a.xsd", &main), ("sub/b.xsd", other)]).compile();
        assert!(compiled.schema.is_some(), "{location}: {:?}", compiled.findings);
    }
    for location in ["http://127.0.0.1:9/c.xsd", "../c.xsd", "/etc/passwd", "file:///etc/passwd"] {
        let compiled = schema(&[("a.xsd", &main.replace("LOCATION", location))]).compile();
        assert!(compiled.schema.is_none(), "{location}");
        let [finding] = compiled.findings.as_slice() else { panic!("{location}: {:?}", compiled.findings) };
        assert_eq!((finding.code.text(), finding.value.as_deref()), ("C961", Some(location)));
    }
}

#[test]
fn addresses_are_joined() {
    for (base, location, want) in [
        ("a.xsd", "b.xsd", Some("b.xsd")),
        ("x/a.xsd", "../b.xsd", Some("b.xsd")),
        ("x/a.xsd", "y/./b.xsd", Some("x/y/b.xsd")),
        ("a.xsd", "../b.xsd", None),
        ("a.xsd", "/b.xsd", None),
        ("a.xsd", "http://h/b.xsd", None),
        ("a.xsd", "C:\\b.xsd", None),
        ("x\u{e9}/a.xsd", "b\\c.xsd", Some("x\u{e9}/b/c.xsd")),
    ] {
        assert_eq!(joined(base, location).as_deref(), want, "{base} {location}");
    }
}

proptest! {
    /// However the bytes come, the report is the same.
    #[test]
    fn cuts_change_nothing(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<town xmlns='urn:t'>", "<name>A</name>", "<kind>Twon</kind>", "<people>0</people>", "<part id='a' next='b'/>", "text", "\r\n", "<!-- c -->", "</town>", "&x;",
            "<![CDATA[ ]]>", "\u{e9}",
        ]), 0..12),
        piece in 1usize..40,
    ) {
        let text = parts.concat();
        let choice = choice(&[("t.xsd", SCHEMA)]);
        prop_assert_eq!(short(&report(&choice, text.as_bytes(), piece)), short(&report(&choice, text.as_bytes(), 1 << 20)));
    }
}
