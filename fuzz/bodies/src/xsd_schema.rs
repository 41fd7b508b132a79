//! A schema of XML that may be anything: it is refused or compiled, twice alike, and what was compiled can be held against a document.

use concord_core::xsd::{Bounds, Document, Validator, compile};

use crate::input::Input;

/// A byte says how the rest is taken: as a whole document, as what stands within `xs:schema`, or as a pattern. What is included is the same again.
pub fn xsd_schema(data: &[u8]) {
    let mut input = Input::new(data);
    let how = input.byte();
    let text = match how & 3 {
        0 => input.rest().to_vec(),
        1 => {
            let pattern: String =
                String::from_utf8_lossy(input.rest()).chars().map(|c| if matches!(c, '<' | '&' | '\'') { '.' } else { c }).collect();
            let start = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a'><xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='";
            format!("{start}{pattern}'/></xs:restriction></xs:simpleType></xs:element></xs:schema>").into_bytes()
        }
        _ => {
            let start = b"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:f' xmlns='urn:f' elementFormDefault='qualified'>";
            [start, input.rest(), b"</xs:schema>"].concat()
        }
    };
    let bounds = Bounds { documents: 8, document_bytes: 1 << 20, particles: 5_000, ..Bounds::default() };
    let compiled = || {
        let mut asked = 0;
        let mut resolve = |_: &str, location: &str, _: Option<&str>| {
            asked += 1;
            (asked < 8 && location.len() < 20).then(|| (location.to_owned(), text.clone()))
        };
        compile(&[Document { name: "f.xsd", bytes: &text }], &mut resolve, &bounds)
    };
    match (compiled(), compiled()) {
        (Ok(schema), Ok(_)) => {
            for document in ["<a xmlns='urn:f'><b/>x<c y='1'/></a>", "<a>ab</a>"] {
                let mut validator = Validator::new(&schema, &Bounds::default());
                validator.feed(document.as_bytes());
                assert!(!validator.finish().stopped, "{document} is well-formed");
            }
        }
        (Err(first), Err(second)) => {
            assert!(!first.is_empty(), "nothing is refused without a fault");
            assert_eq!(first, second, "the same schema has the same faults");
        }
        _ => panic!("the same schema is compiled and refused"),
    }
}
