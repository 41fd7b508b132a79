//! A document of XML against a fixed schema that has something of everything: however the bytes are cut, the report is the same.

use std::sync::{Arc, OnceLock};

use concord_core::check::dataset::Options;
use concord_core::check::plan::StandardPlan;
use concord_core::check::xml::{SchemaFiles, XmlPlan};
use concord_core::read::document::DocumentKind;
use concord_core::render::{self, Format};
use concord_core::session::{Choice, Session};

use crate::input::Input;

const SCHEMA: &str = r###"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:f" xmlns="urn:f" elementFormDefault="qualified">
<xs:element name="r"><xs:complexType mixed="true"><xs:sequence>
  <xs:element ref="h" minOccurs="0" maxOccurs="3"/>
  <xs:choice minOccurs="0" maxOccurs="unbounded">
    <xs:element name="n" type="N" nillable="true"/><xs:element name="d" type="xs:dateTime"/><xs:element name="l" type="L"/>
    <xs:element name="u" type="U" default="1"/><xs:element name="p" type="P"/><xs:element name="k" type="K"/><xs:element name="q" type="xs:QName"/>
    <xs:element name="b" type="xs:base64Binary"/><xs:element name="t" type="xs:duration"/>
  </xs:choice>
  <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="2"/>
</xs:sequence><xs:attribute name="v" fixed="1"/><xs:anyAttribute namespace="##other" processContents="skip"/></xs:complexType>
<xs:key name="key"><xs:selector xpath=".//k"/><xs:field xpath="@i"/><xs:field xpath="k|."/></xs:key>
<xs:keyref name="ref" refer="key"><xs:selector xpath="p"/><xs:field xpath="@a"/><xs:field xpath="@b"/></xs:keyref></xs:element>
<xs:element name="h" type="xs:string" abstract="true"/><xs:element name="s" substitutionGroup="h" type="xs:token"/>
<xs:simpleType name="N"><xs:restriction base="xs:decimal"><xs:totalDigits value="5"/><xs:fractionDigits value="2"/><xs:maxInclusive value="99"/></xs:restriction></xs:simpleType>
<xs:simpleType name="L"><xs:list itemType="xs:NMTOKEN"/></xs:simpleType><xs:simpleType name="U"><xs:union memberTypes="xs:int xs:boolean"/></xs:simpleType>
<xs:complexType name="P"><xs:simpleContent><xs:extension base="W"><xs:attribute name="a" type="xs:ID"/><xs:attribute name="b" type="xs:IDREFS"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:simpleType name="W"><xs:restriction base="xs:string"><xs:pattern value="([a-z]+)*\d?|(ab|a)*c{2,5}"/></xs:restriction></xs:simpleType>
<xs:complexType name="K"><xs:all><xs:element name="x" type="xs:gYear" minOccurs="0"/><xs:element name="y" type="xs:anyType" minOccurs="0"/></xs:all><xs:attribute name="i" type="xs:integer"/></xs:complexType>
<xs:complexType name="K2"><xs:complexContent><xs:extension base="K"><xs:attribute name="j" use="required"/></xs:extension></xs:complexContent></xs:complexType>
</xs:schema>"###;

fn choice() -> &'static Choice {
    static CHOICE: OnceLock<Choice> = OnceLock::new();
    CHOICE.get_or_init(|| {
        let files = [("f.xsd".to_owned(), Arc::from(SCHEMA.as_bytes()))].into_iter().collect();
        let plan = XmlPlan::of_schema("f.xsd", SchemaFiles { roots: vec!["f.xsd".to_owned()], files, digest: String::new() });
        assert!(plan.compiled().schema.is_some(), "{:?}", plan.compiled().findings);
        let documents: Vec<Arc<dyn DocumentKind>> = vec![Arc::new(plan)];
        Choice::Given(Arc::new(StandardPlan { documents, ..StandardPlan::of_schemas("f.xsd", "", Vec::new()) }))
    })
}

fn report(file: &[u8], piece: usize) -> String {
    let mut session = Session::new("f.xml", choice().clone(), Options::default(), false);
    file.chunks(piece.max(1)).for_each(|p| session.push(p));
    render::render(&session.finish(), Format::Json, &render::Options::default())
}

/// A byte chooses the cuts and whether a root is put around the rest; the rest is the document.
pub fn xsd_instance(data: &[u8]) {
    let mut input = Input::new(data);
    let how = input.byte();
    let file = match how & 0x80 {
        0 => input.rest().to_vec(),
        _ => [b"<r xmlns='urn:f' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>", input.rest(), b"</r>"].concat(),
    };
    let whole = report(&file, usize::MAX);
    for piece in [1, 1 + usize::from(how & 0x3f)] {
        assert_eq!(report(&file, piece), whole, "pieces of {piece} bytes give another report");
    }
}
