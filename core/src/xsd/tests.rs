#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

/// A schema without a namespace around some declarations.
fn schema(body: &str) -> Result<Schema, Vec<SchemaFault>> {
    schema_with(body, &[])
}

fn schema_with(body: &str, others: &[(&str, &str)]) -> Result<Schema, Vec<SchemaFault>> {
    let text = format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:t='urn:t'>{body}</xs:schema>");
    let mut resolve = |_: &str, location: &str, _: Option<&str>| {
        others.iter().find(|(name, _)| *name == location).map(|(name, text)| (name.to_string(), text.as_bytes().to_vec()))
    };
    compile(&[Document { name: "main.xsd", bytes: text.as_bytes() }], &mut resolve, &Bounds::default())
}

fn run(schema: &Schema, document: &[u8]) -> Outcome {
    let mut validator = Validator::new(schema, &Bounds::default());
    validator.feed(document);
    validator.finish()
}

fn kinds(schema: &Schema, document: &str) -> Vec<FaultKind> {
    run(schema, document.as_bytes()).faults.into_iter().map(|f| f.kind).collect()
}

#[test]
fn values_of_built_in_types() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("boolean", &["true", " 0 ", "1"], &["TRUE", "yes", ""]),
        ("decimal", &["1", "-.5", "+1.", "0001.50", " 7 "], &["1e3", ".", "", "1 2", "٣"]),
        ("integer", &["-0", "+12", "99999999999999999999"], &["1.0", "1.", "--1"]),
        ("unsignedByte", &["255", "0"], &["256", "-1"]),
        ("long", &["9223372036854775807"], &["9223372036854775808"]),
        ("float", &["1E4", "-INF", "NaN", ".5e-3"], &["+INF", "inf", "1e", "0x1"]),
        (
            "dateTime",
            &["2024-02-29T23:59:59.999Z", "2024-01-01T24:00:00", "-0001-01-01T00:00:00", "12024-01-01T00:00:00+14:00"],
            &[
                "2023-02-29T00:00:00",
                "0000-01-01T00:00:00",
                "2024-01-01T24:00:01",
                "2024-01-01 00:00:00",
                "2024-01-01T00:00:00+14:01",
                "02024-01-01T00:00:00",
                "2024-1-1T00:00:00",
            ],
        ),
        ("date", &["2024-12-31", "2024-12-31-05:00"], &["12/31/2024", "2024-13-01"]),
        ("time", &["00:00:00", "24:00:00"], &["24:01:00", "0:00:00"]),
        ("gMonthDay", &["--02-29"], &["--02-30", "02-29"]),
        ("gYearMonth", &["2019-05"], &["2019-05-01"]),
        ("duration", &["P1Y2M3DT4H5M6.7S", "-P3D", "PT0S"], &["P", "P1YT", "P1S", "1Y", "PT1.5M"]),
        ("hexBinary", &["", "0aFF"], &["0", "0g"]),
        ("base64Binary", &["", "QUJD", "QUI=", "QQ =="], &["QUJ", "QUJDR", "QUK="]),
        ("NMTOKEN", &["-1.a"], &["a b", ""]),
        ("NCName", &["_a", "é"], &["a:b", "1a"]),
        ("language", &["en-US"], &["english_us", "toolonglang"]),
        ("IDREFS", &[], &["", "1"]),
        ("anyURI", &["http://a/b c", "../x"], &["%zz"]),
        ("QName", &["a", "t:a"], &["u:a", "t:"]),
    ];
    for (ty, good, bad) in cases {
        let schema = schema(&format!("<xs:element name='v' type='xs:{ty}'/>")).unwrap();
        for (value, wanted) in good.iter().map(|v| (v, true)).chain(bad.iter().map(|v| (v, false))) {
            let found = kinds(&schema, &format!("<v xmlns:t='urn:t'>{value}</v>"));
            assert_eq!(found.is_empty(), wanted, "{ty} {value:?}: {found:?}");
        }
    }
}

#[test]
fn facets_say_which_rule_is_broken() {
    let cases: &[(&str, &str, ValueRule)] = &[
        ("<xs:restriction base='xs:string'><xs:maxLength value='2'/></xs:restriction>", "ééé", ValueRule::MaxLength(2)),
        ("<xs:restriction base='xs:decimal'><xs:totalDigits value='3'/></xs:restriction>", "0.0012", ValueRule::TotalDigits(3)),
        ("<xs:restriction base='xs:decimal'><xs:fractionDigits value='1'/></xs:restriction>", "1.25", ValueRule::FractionDigits(1)),
        (
            "<xs:restriction base='xs:decimal'><xs:maxExclusive value='0.3'/></xs:restriction>",
            "0.30",
            ValueRule::MaxExclusive("0.3".into()),
        ),
        (
            "<xs:restriction base='xs:duration'><xs:minInclusive value='P1M'/></xs:restriction>",
            "P30D",
            ValueRule::MinInclusive("P1M".into()),
        ),
        (
            "<xs:restriction base='xs:date'><xs:minInclusive value='2024-01-01Z'/></xs:restriction>",
            "2024-01-01",
            ValueRule::MinInclusive("2024-01-01Z".into()),
        ),
        (
            "<xs:restriction base='xs:string'><xs:enumeration value='a'/><xs:enumeration value='b'/></xs:restriction>",
            "c",
            ValueRule::Enumeration(vec!["a".into(), "b".into()], 2),
        ),
        (
            "<xs:restriction base='xs:string'><xs:pattern value='[a-z-[aeiou]]+'/></xs:restriction>",
            "bad",
            ValueRule::Pattern("[a-z-[aeiou]]+".into()),
        ),
        ("<xs:union memberTypes='xs:date xs:integer'/>", "x", ValueRule::Union),
    ];
    for (ty, value, rule) in cases {
        let schema = schema(&format!("<xs:element name='v'><xs:simpleType>{ty}</xs:simpleType></xs:element>")).unwrap();
        match &kinds(&schema, &format!("<v>{value}</v>"))[..] {
            [FaultKind::BadValue { rule: found, .. }] => assert_eq!(found, rule, "{ty}"),
            other => panic!("{ty} {value}: {other:?}"),
        }
    }
}

#[test]
fn patterns() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (r"\d{3}-\d{4}", &["555-1234", "٣٣٣-1234"], &["555-12345", "x555-1234"]),
        ("a|ab", &["a", "ab"], &["b", ""]),
        ("^a$", &["^a$"], &["a"]),
        (r"[\i-[:]][\c-[:]]*", &["_x.1"], &["1x", "a:b"]),
        (r"\p{Lu}\p{IsGreek}*", &["Aαβ"], &["aα", "Aa"]),
        ("[^a-c]+", &["xyz"], &["axyz"]),
        (".*", &["", "abc"], &["a\nb"]),
        (r"[\-x]", &["-", "x"], &["\\"]),
        ("(x{2}){1,3}", &["xx", "xxxxxx"], &["x", "xxx"]),
    ];
    for (source, good, bad) in cases {
        let pattern = regex::Pattern::new(source).unwrap();
        for (value, wanted) in good.iter().map(|v| (v, true)).chain(bad.iter().map(|v| (v, false))) {
            assert_eq!(pattern.fits(value.as_bytes()), wanted, "{source} {value:?}");
        }
    }
    for bad in ["a**", "(a", "[b-a]", "[]", r"\q", r"\p{Xx}", r"\p{IsNowhere}", "a{2,1}", "{2}", "a)"] {
        assert!(regex::Pattern::new(bad).is_err(), "{bad}");
    }
    assert!(regex::Pattern::new(&format!("{}a{}", "(".repeat(5000), ")".repeat(5000))).is_err());
}

#[test]
fn faults_tell_where_and_what() {
    let body = "<xs:element name='r'><xs:complexType><xs:sequence>\
        <xs:element name='a' type='xs:integer' maxOccurs='unbounded'/><xs:element name='b' minOccurs='0'/><xs:element name='c'/></xs:sequence>\
        <xs:attribute name='n' type='xs:int' use='required'/></xs:complexType></xs:element>";
    let schema = schema(body).unwrap();
    let document = "<r n='1'><a>1</a><a>x</a><c/></r>";
    let outcome = run(&schema, document.as_bytes());
    assert_eq!(outcome.faults.len(), 1);
    assert_eq!(outcome.faults[0].pointer, "/r/a[2]");
    assert_eq!(outcome.faults[0].offset as usize, document.find("<a>x").unwrap());
    assert_eq!(kinds(&schema, "<r><a>1</a><c/></r>"), [FaultKind::MissingAttribute { name: "n".into() }]);
    assert_eq!(kinds(&schema, "<r n='1'><c/></r>"), [FaultKind::MissingElement { expected: vec!["a".into()], before: Some("c".into()) }]);
    assert_eq!(
        kinds(&schema, "<r n='1'><a>1</a></r>"),
        [FaultKind::MissingElement { expected: vec!["a".into(), "b".into(), "c".into()], before: None }]
    );
    let odd = FaultKind::UnexpectedElement { name: "z".into(), expected: vec!["a".into(), "b".into(), "c".into()], end: false };
    assert_eq!(kinds(&schema, "<r n='1'><a>1</a><z/><c/></r>"), [odd]);
    assert_eq!(kinds(&schema, "<q/>"), [FaultKind::UnknownRoot { name: "q".into(), expected: vec!["r".into()] }]);
}

#[test]
fn links_and_keys() {
    let body = "<xs:element name='r'><xs:complexType><xs:choice maxOccurs='unbounded'>\
        <xs:element name='i'><xs:complexType><xs:attribute name='id' type='xs:ID'/><xs:attribute name='k' type='xs:decimal'/></xs:complexType></xs:element>\
        <xs:element name='f'><xs:complexType><xs:attribute name='to' type='xs:IDREFS'/><xs:attribute name='k' type='xs:decimal'/></xs:complexType></xs:element>\
        </xs:choice></xs:complexType><xs:key name='K'><xs:selector xpath='i'/><xs:field xpath='@k'/></xs:key>\
        <xs:keyref name='R' refer='K'><xs:selector xpath='.//f'/><xs:field xpath='@k'/></xs:keyref></xs:element>";
    let schema = schema(body).unwrap();
    assert_eq!(kinds(&schema, "<r><f to='a b' k='1.0'/><i id='a' k='1'/><i id='b' k='2'/></r>"), []);
    assert_eq!(kinds(&schema, "<r><f to='a z'/><i id='a' k='1'/></r>"), [FaultKind::DanglingIdref { value: "z".into() }]);
    assert_eq!(kinds(&schema, "<r><i id='a' k='1'/><i id='a' k='2'/></r>"), [FaultKind::DuplicateId { value: "a".into(), first: 3 }]);
    assert_eq!(
        kinds(&schema, "<r><i k='1'/><i k='01'/></r>"),
        [FaultKind::DuplicateKey { constraint: "K".into(), values: vec!["01".into()], first: 3 }]
    );
    assert_eq!(kinds(&schema, "<r><i/></r>"), [FaultKind::MissingKeyField { constraint: "K".into(), field: 0 }]);
    assert_eq!(
        kinds(&schema, "<r><i k='1'/><f k='3'/></r>"),
        [FaultKind::DanglingKeyref { constraint: "R".into(), values: vec!["3".into()] }]
    );
}

#[test]
fn schemas_that_are_wrong() {
    let cases = [
        ("<xs:element name='a' type='b'/>", "src-resolve"),
        ("<xs:complexType name='a'><xs:complexContent><xs:extension base='a'/></xs:complexContent></xs:complexType>", "ct-props-correct"),
        ("<xs:group name='g'><xs:sequence><xs:group ref='g'/></xs:sequence></xs:group>", "mg-props-correct"),
        (
            "<xs:complexType name='a'><xs:sequence><xs:element name='x' minOccurs='0'/><xs:element name='x'/></xs:sequence></xs:complexType>",
            "cos-nonambig",
        ),
        (
            "<xs:element name='a'><xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='(' /></xs:restriction></xs:simpleType></xs:element>",
            "pattern-valid",
        ),
        ("<xs:elemnt name='a'/>", "s4s-elt-invalid-content"),
        ("<xs:element name='a' type='xs:int' default='x'/>", "e-props-correct"),
        ("<xs:simpleType name='a'><xs:union memberTypes='a'/></xs:simpleType>", "st-props-correct"),
    ];
    for (body, code) in cases {
        let faults = schema(body).unwrap_err();
        assert_eq!(faults[0].code, code, "{body}: {faults:?}");
        assert_eq!(faults[0].line, 1);
    }
}

#[test]
fn documents_that_include_and_import() {
    let part = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='part.xsd'/>\
        <xs:simpleType name='s'><xs:restriction base='xs:token'/></xs:simpleType><xs:element name='p' type='s'/></xs:schema>";
    let whole = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:w' elementFormDefault='qualified'>\
        <xs:include schemaLocation='part.xsd'/></xs:schema>";
    let body = "<xs:import namespace='urn:w' schemaLocation='whole.xsd'/><xs:include schemaLocation='part.xsd'/>\
        <xs:element name='r'><xs:complexType><xs:sequence><xs:element ref='w:p' xmlns:w='urn:w'/><xs:element ref='p'/></xs:sequence></xs:complexType></xs:element>";
    let schema = schema_with(body, &[("part.xsd", part), ("whole.xsd", whole)]).unwrap();
    assert_eq!(kinds(&schema, "<r><p xmlns='urn:w'>x</p><p/></r>"), []);
    assert!(!kinds(&schema, "<r><p>x</p><p/></r>").is_empty());
}

#[test]
fn attacks_end_quickly() {
    let schema = schema("<xs:element name='r' type='xs:string'/>").unwrap();
    let deep = "<r>".repeat(100_000);
    assert!(matches!(kinds(&schema, &deep).last(), Some(FaultKind::Bound("depth", _))));
    let entity = "<!DOCTYPE r [<!ENTITY a 'aaaa'>]><r>&a;</r>";
    assert_eq!(kinds(&schema, entity), [FaultKind::NotWellFormed(NotWellFormed::UnknownEntity("a".into()))]);
    let counted = "<xs:element name='r'><xs:complexType><xs:sequence><xs:element name='a' minOccurs='2' maxOccurs='2000000000'/></xs:sequence></xs:complexType></xs:element>";
    let counted = super::tests::schema(counted).unwrap();
    assert_eq!(kinds(&counted, "<r><a/><a/><a/></r>"), []);
    assert_eq!(kinds(&counted, "<r><a/></r>").len(), 1);
}

/// A content model as the reference matcher sees it.
#[derive(Debug, Clone)]
enum Reference {
    Empty,
    Never,
    Leaf(u8),
    Sequence(Box<Reference>, Box<Reference>),
    Choice(Box<Reference>, Box<Reference>),
    Repeat(Box<Reference>, u32, Option<u32>),
}

use Reference::{Choice, Empty, Leaf, Never, Repeat, Sequence};

impl Reference {
    fn nullable(&self) -> bool {
        match self {
            Empty => true,
            Never | Leaf(_) => false,
            Sequence(a, b) => a.nullable() && b.nullable(),
            Choice(a, b) => a.nullable() || b.nullable(),
            Repeat(a, min, _) => *min == 0 || a.nullable(),
        }
    }

    fn then(self, next: Reference) -> Reference {
        match (self, next) {
            (Never, _) | (_, Never) => Never,
            (Empty, b) => b,
            (a, Empty) => a,
            (a, b) => Sequence(a.into(), b.into()),
        }
    }

    fn or(self, other: Reference) -> Reference {
        match (self, other) {
            (Never, b) => b,
            (a, Never) => a,
            (a, b) => Choice(a.into(), b.into()),
        }
    }

    /// What must follow after one element (Brzozowski's derivative).
    fn after(&self, c: u8) -> Reference {
        match self {
            Empty | Never => Never,
            Leaf(l) => {
                if *l == c {
                    Empty
                } else {
                    Never
                }
            }
            Sequence(a, b) => {
                let first = a.after(c).then((**b).clone());
                if a.nullable() { first.or(b.after(c)) } else { first }
            }
            Choice(a, b) => a.after(c).or(b.after(c)),
            Repeat(_, _, Some(0)) => Never,
            Repeat(a, min, max) => a.after(c).then(Repeat(a.clone(), min.saturating_sub(1), max.map(|m| m - 1))),
        }
    }

    fn size(&self) -> usize {
        match self {
            Empty | Never | Leaf(_) => 1,
            Sequence(a, b) | Choice(a, b) => 1 + a.size() + b.size(),
            Repeat(a, _, _) => 1 + a.size(),
        }
    }

    /// Whether a word fits; nothing where this simple way of asking would take too much memory.
    fn fits(&self, word: &[u8]) -> Option<bool> {
        let mut at = self.clone();
        for &c in word {
            at = at.after(c);
            if at.size() > 1000 {
                return None;
            }
        }
        Some(at.nullable())
    }

    /// A word along what may come, by the numbers of `picks`: which of the elements that may come, and how often as long as it may.
    fn walk(&self, picks: &[(usize, usize)]) -> Vec<u8> {
        let mut at = self.clone();
        let mut word = Vec::new();
        for &(pick, times) in picks {
            let may: Vec<u8> = (b'a'..=b'd').filter(|&c| !matches!(at.after(c), Never)).collect();
            let Some(&c) = may.get(pick % may.len().max(1)) else { break };
            for _ in 0..times {
                let next = at.after(c);
                if matches!(next, Never) || next.size() > 1000 {
                    break;
                }
                word.push(c);
                at = next;
            }
        }
        word
    }

    fn particle(&self, occurs: &str) -> String {
        match self {
            Empty | Never => format!("<xs:sequence {occurs}/>"),
            Leaf(c) => format!("<xs:element name='{}' {occurs}/>", *c as char),
            Sequence(a, b) => format!("<xs:sequence {occurs}>{}{}</xs:sequence>", a.particle(""), b.particle("")),
            Choice(a, b) => format!("<xs:choice {occurs}>{}{}</xs:choice>", a.particle(""), b.particle("")),
            Repeat(a, min, max) => {
                let max = max.map_or("unbounded".into(), |m| m.to_string());
                let inner = a.particle(&format!("minOccurs='{min}' maxOccurs='{max}'"));
                if occurs.is_empty() { inner } else { format!("<xs:sequence {occurs}>{inner}</xs:sequence>") }
            }
        }
    }
}

fn reference() -> impl Strategy<Value = Reference> {
    let leaf = prop_oneof![8 => (b'a'..=b'd').prop_map(Leaf), 1 => Just(Empty)];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let count = prop_oneof![4 => 0u32..4, 1 => 100u32..400];
        prop_oneof![
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| Sequence(a.into(), b.into())),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| Choice(a.into(), b.into())),
            3 => (inner, count.clone(), proptest::option::of(count)).prop_map(|(a, min, more)| {
                Repeat(a.into(), min, more.map(|m| (min + m).max(1)))
            }),
        ]
    })
}

proptest! {
    /// Automata, written out or counted, take what the derivatives take.
    #[test]
    fn models_agree_with_derivatives(model in reference(), picks in proptest::collection::vec(proptest::collection::vec((0usize..4, prop_oneof![8 => 1usize..4, 1 => 90usize..410]), 0..8), 1..12), odd in b'a'..=b'd') {
        let body = format!("<xs:element name='r'><xs:complexType><xs:sequence>{}</xs:sequence></xs:complexType></xs:element>", model.particle(""));
        // What is ambiguous is refused; there is nothing to compare then.
        if let Ok(schema) = schema(&body) {
            let mut words: Vec<Vec<u8>> = picks.iter().map(|p| model.walk(p)).collect();
            // One element too many or too few.
            for i in 0..words.len() {
                let mut more = words[i].clone();
                more.insert(more.len() / 2, odd);
                words.push(more);
                let mut fewer = words[i].clone();
                fewer.pop();
                words.push(fewer);
            }
            for word in words {
                let mut document = String::from("<r>");
                for c in &word {
                    document.push_str(&format!("<{}/>", *c as char));
                }
                document.push_str("</r>");
                let found = kinds(&schema, &document);
                let Some(fits) = model.fits(&word) else { continue };
                prop_assert_eq!(found.is_empty(), fits, "{} {} {:?}", body, document, found);
            }
        }
    }

    /// The quick way takes no value that the thorough one does not.
    #[test]
    fn what_is_surely_right_is_right(text in prop_oneof!["[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?", "[ 0-9.+-]{0,12}", "[ a-cé\\t]{0,6}", "true|false|[01]"]) {
        let body = "<xs:simpleType name='a'><xs:restriction base='xs:string'><xs:pattern value='[a-c]*'/><xs:maxLength value='4'/></xs:restriction></xs:simpleType>\
            <xs:simpleType name='b'><xs:restriction base='xs:token'><xs:enumeration value='a b'/><xs:enumeration value='c'/></xs:restriction></xs:simpleType>\
            <xs:simpleType name='c'><xs:restriction base='xs:decimal'><xs:minInclusive value='-5'/><xs:fractionDigits value='2'/></xs:restriction></xs:simpleType>\
            <xs:simpleType name='d'><xs:restriction base='xs:dateTime'><xs:pattern value='2.*'/></xs:restriction></xs:simpleType>\
            <xs:element name='r' type='xs:string'/>";
        let schema = schema(body).unwrap();
        struct Nothing;
        impl super::simple::Env for Nothing {
            fn namespace(&self, _: &[u8]) -> Option<std::borrow::Cow<'_, [u8]>> {
                None
            }
            fn entity(&self, _: &[u8]) -> bool {
                false
            }
        }
        for (ty, sure) in schema.types.iter().zip(&schema.sure) {
            let super::model::Type::Simple(ty) = ty else { continue };
            let surrounded = format!("<v>{text}</v> and what stands behind it");
            if sure.holds(text.as_bytes(), 0..text.len()) || sure.holds(surrounded.as_bytes(), 3..3 + text.len()) {
                let found = super::simple::check(&schema.types, ty, text.as_bytes(), &Nothing, &mut Vec::new(), false);
                prop_assert!(found.is_ok(), "{} {:?}", ty.builtin, found);
            }
        }
    }

    /// It makes no difference in which pieces a document comes.
    #[test]
    fn pieces_make_no_difference(cuts in proptest::collection::vec(1usize..200, 1..60), long in 0usize..100_000, bad in any::<bool>()) {
        let body = "<xs:element name='r'><xs:complexType mixed='true'><xs:sequence><xs:element name='v' type='xs:string' fixed='a&lt;é\r\n]x' maxOccurs='unbounded'/></xs:sequence>\
            <xs:attribute name='n'/></xs:complexType></xs:element>".replace("\r\n", "&#xA;");
        let schema = schema(&body).unwrap();
        let tail = if bad { "<w/>" } else { "" };
        let value = "<v>a&lt;<![CDATA[é]]>\r\n]x</v>";
        let document = format!("<?xml version='1.0'?>\n<!-- c --><r n='&quot;>'>{}{value}<?p i?>{value}{tail}</r>\n", "é&amp;]\r\n".repeat(long / 10));
        let whole = run(&schema, document.as_bytes());
        prop_assert_eq!(whole.faults.len(), usize::from(bad), "{:?}", whole.faults);
        let mut validator = Validator::new(&schema, &Bounds::default());
        let mut rest = document.as_bytes();
        let mut next = cuts.iter().cycle();
        while !rest.is_empty() {
            let n = (next.next().unwrap() * (1 + long / 500)).min(rest.len());
            validator.feed(&rest[..n]);
            rest = &rest[n..];
        }
        prop_assert_eq!(validator.finish(), whole);
    }

    /// No bytes make it fail otherwise than with a fault.
    #[test]
    fn any_bytes_are_survived(bytes in "[<>/a&;'\"=!\\[\\]\\-?x:é \r\n#0-9]{0,60}", raw in proptest::collection::vec(any::<u8>(), 0..40)) {
        let schema = schema("<xs:element name='a'/>").unwrap();
        for document in [bytes.as_bytes(), &raw, format!("<a>{bytes}</a>").as_bytes()] {
            let whole = run(&schema, document);
            let mut validator = Validator::new(&schema, &Bounds::default());
            for byte in document {
                validator.feed(&[*byte]);
            }
            prop_assert_eq!(validator.finish().count, whole.count);
        }
        let _ = compile(&[Document { name: "x", bytes: bytes.as_bytes() }], &mut |_, _, _| None, &Bounds::default());
        let _ = regex::Pattern::new(&bytes);
    }
}

/// Of everything something: what the quick way takes, and what it leaves.
const VARIED: &str = r"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:v' xmlns='urn:v' xmlns:v='urn:v' elementFormDefault='qualified'>
  <xs:element name='r'><xs:complexType><xs:sequence>
    <xs:element name='c' type='C' minOccurs='0' maxOccurs='unbounded'/><xs:element name='m' type='M' minOccurs='0' maxOccurs='unbounded'/>
    <xs:any namespace='##other' processContents='lax' minOccurs='0' maxOccurs='unbounded'/></xs:sequence>
    <xs:attribute name='made' type='xs:dateTime'/></xs:complexType>
    <xs:key name='once'><xs:selector xpath='v:c'/><xs:field xpath='@id'/><xs:field xpath='@kind'/></xs:key>
    <xs:unique name='name'><xs:selector xpath='v:c|v:m'/><xs:field xpath='v:n'/></xs:unique>
    <xs:keyref name='to' refer='once'><xs:selector xpath='.//v:f'/><xs:field xpath='@id'/><xs:field xpath='.'/></xs:keyref></xs:element>
  <xs:complexType name='C'><xs:sequence>
    <xs:element name='n' type='S'/><xs:element name='d' type='xs:dateTime' minOccurs='0' maxOccurs='2'/><xs:element name='day' type='xs:date' minOccurs='0'/>
    <xs:choice minOccurs='0' maxOccurs='unbounded'><xs:element name='x' type='N'/><xs:element name='xx' type='P' nillable='true'/><xs:element name='e'><xs:complexType/></xs:element>
      <xs:element name='f' type='F'/><xs:element name='w' type='xs:int' default='7'/><xs:element name='u' type='U'/><xs:element name='o' type='O'/></xs:choice>
    <xs:element name='c' type='C' minOccurs='0'/></xs:sequence>
    <xs:attribute name='id' type='P' use='required'/><xs:attribute name='kind' type='xs:string' default='a'/><xs:attribute name='v' fixed='1'/><xs:attribute name='i' type='xs:ID'/></xs:complexType>
  <xs:complexType name='M' mixed='true'><xs:sequence><xs:element name='n' type='S' minOccurs='0'/><xs:element name='all' minOccurs='0'><xs:complexType><xs:all>
    <xs:element name='x' type='N' minOccurs='0'/><xs:element name='n' type='S'/></xs:all></xs:complexType></xs:element></xs:sequence></xs:complexType>
  <xs:complexType name='O'><xs:sequence><xs:element name='x' type='N' minOccurs='0' maxOccurs='300'/></xs:sequence><xs:anyAttribute processContents='lax'/></xs:complexType>
  <xs:complexType name='F'><xs:simpleContent><xs:extension base='S'><xs:attribute name='id' type='P'/></xs:extension></xs:simpleContent></xs:complexType>
  <xs:simpleType name='S'><xs:restriction base='xs:string'><xs:maxLength value='9'/></xs:restriction></xs:simpleType>
  <xs:simpleType name='U'><xs:restriction base='xs:token'><xs:enumeration value='a b'/><xs:enumeration value='c'/></xs:restriction></xs:simpleType>
  <xs:simpleType name='N'><xs:restriction base='xs:decimal'><xs:minExclusive value='-2.5'/><xs:maxInclusive value='99'/><xs:fractionDigits value='3'/></xs:restriction></xs:simpleType>
  <xs:simpleType name='P'><xs:restriction base='xs:string'><xs:pattern value='[A-Z]{2}-\d{1,3}'/></xs:restriction></xs:simpleType>
</xs:schema>";

/// Numbers, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// The first one mostly.
    fn mostly<'a>(&mut self, of: &[&'a str]) -> &'a str {
        if self.below(40) > 0 { of[0] } else { self.one_of(of) }
    }
}

fn between(n: &mut Numbers) -> &'static str {
    n.mostly(&["\n  ", "", "\r\n\t", "\n                 ", " <!-- c --> ", "<?p i?>", "text", "\n\n"])
}

fn simple_element(n: &mut Numbers, prefix: &str, name: &str, attributes: &str, out: &mut String) {
    let values: &[&str] = match name {
        "d" => &[
            "2024-02-28T23:59:59Z",
            "2024-02-29T10:00:00Z",
            "2024-02-28T10:00:00-05:00",
            "2024-02-28T24:00:00Z",
            "2024-02-28T29:00:00Z",
            "0000-02-28T20:00:00Z",
        ],
        "day" => &["2024-02-28", "2024-02-29", "2024-12-31Z", "2024-13-01", "1.1.2024"],
        "x" => &["12.5", "-2.49", "-2.5", "99", "99.001", "+7", " 8 ", "1.2345", "1.2000", "123456789012", "", "-0", "."],
        "xx" => &["AB-12", "AB-1", "ab-1", "AB-1234", "", "AB-\u{663}"],
        "u" => &["c", "a b", " a  b ", "d"],
        "w" => &["7", "", "x"],
        _ => &[
            "Ashby",
            "",
            "more than nine",
            "a &amp; b",
            "\u{e9}t\u{e9}",
            "a]b",
            "a\tb",
            "a\r\nb",
            "a&#x263A;",
            "<![CDATA[a<b]]>",
            "a<!-- c -->b",
            "]]>",
            "&x;",
            "\u{1}",
            "AB-1",
        ],
    };
    let number = n.below(100_000).to_string();
    // Names are told apart, so that not all of them are repeated.
    let value = match (name, n.mostly(values)) {
        ("n", "Ashby") => &number,
        (_, value) => value,
    };
    let nil = "xsi:nil='true' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    out.push_str(&match n.below(200) {
        0 => format!("<{prefix}{name}{attributes}/>"),
        1 => format!("<{prefix}{name}{attributes} >{value}</{prefix}{name} >"),
        2 => format!("<{prefix}{name}{attributes} {nil}></{prefix}{name}>"),
        3 => format!("<q:{name}{attributes} xmlns:q='urn:v'>{value}</q:{name}>"),
        4 => format!("<{prefix}{name}{attributes}>{value}</{prefix}{name}s>"),
        _ => format!("<{prefix}{name}{attributes}>{value}</{prefix}{name}>"),
    });
}

fn call(n: &mut Numbers, prefix: &str, depth: usize, out: &mut String) {
    let id = n.below(300);
    let others = ["", " kind='b'", " kind='a'", " v='1'", " v='2'", " i='i1'", " kind='a' kind='b'", " z='1'", " id='AB-1'"];
    let (others, quote, start) = (n.mostly(&others), n.mostly(&["\"", "'"]), n.mostly(&["AB", "CD", "x", "&#65;B"]));
    out.push_str(&format!("<{prefix}c id={quote}{start}-{id}{quote}{others}>"));
    let mut names = vec!["n", "d", "day"];
    names.extend((0..n.below(5)).map(|_| n.one_of(&["x", "xx", "w", "u", "e", "o"])));
    names.extend(Some(n.mostly(&["x", "f", "zz"])));
    if n.below(20) == 0 {
        let swapped = n.below(names.len());
        names.swap(0, swapped);
    }
    for name in names {
        out.push_str(between(n));
        match name {
            "e" => out.push_str(&n.mostly(&["<#e/>", "<#e></#e>", "<#e> </#e>", "<#e>x</#e>"]).replace('#', prefix)),
            "o" => {
                let (attribute, inside) = (n.mostly(&["", " a='b'"]), n.mostly(&["", "<#x>1</#x>", "<#x>1</#x><#x>2</#x>", "<#y/>"]));
                out.push_str(&format!("<{prefix}o{attribute}>{}</{prefix}o>", inside.replace('#', prefix)));
            }
            "f" => {
                let id = n.below(300);
                simple_element(n, prefix, "f", &format!(" id='AB-{id}'"), out);
            }
            name => simple_element(n, prefix, name, "", out),
        }
    }
    if depth < 2 && n.below(4) == 0 {
        call(n, prefix, depth + 1, out);
    }
    out.push_str(&format!("{}</{prefix}c>", between(n)));
}

fn varied(seed: u64) -> String {
    let n = &mut Numbers(seed);
    let prefix = if n.below(3) == 0 { "p:" } else { "" };
    let mut out = format!("<{prefix}r xmlns{}='urn:v'>", if prefix.is_empty() { "" } else { ":p" });
    for _ in 0..n.below(8) {
        out.push_str(between(n));
        call(n, prefix, 0, &mut out);
    }
    for _ in 0..n.below(4) {
        out.push_str(&format!("<{prefix}m>{}", n.one_of(&["", "text", " ", "\r\n"])));
        simple_element(n, prefix, "n", "", &mut out);
        if n.below(2) == 0 {
            out.push_str(&format!("<{prefix}all>"));
            for _ in 0..n.below(4) {
                let name = n.one_of(&["x", "n"]);
                simple_element(n, prefix, name, "", &mut out);
            }
            out.push_str(&format!("</{prefix}all>"));
        }
        out.push_str(&format!("</{prefix}m>"));
    }
    out.push_str(&format!("{}</{prefix}r>\n", n.mostly(&["", "<o:o xmlns:o='urn:o'><o:p/></o:o>", "<z/>"])));
    // Now and then something is broken.
    if n.below(4) == 0 {
        let mut at = n.below(out.len());
        while !out.is_char_boundary(at) {
            at -= 1;
        }
        out.insert_str(at, n.one_of(&["<", ">", "&", "'", "/", " ", "</c>", "<x>1</x>", "\u{0}", "x"]));
    }
    out
}

fn varied_schema() -> &'static Schema {
    static SCHEMA: std::sync::OnceLock<Schema> = std::sync::OnceLock::new();
    SCHEMA.get_or_init(|| compile(&[Document { name: "v", bytes: VARIED.as_bytes() }], &mut |_, _, _| None, &Bounds::default()).unwrap())
}

fn run_thoroughly(schema: &Schema, bounds: &Bounds, document: &[u8]) -> Outcome {
    let mut thorough = Validator::new(schema, bounds).thorough();
    thorough.feed(document);
    thorough.finish()
}

proptest! {
    /// The quick way finds what the ways with every rule find: the same faults at the same places.
    #[test]
    fn quick_and_thorough_agree(
        seed: u64, cuts in proptest::collection::vec(1usize..4000, 1..8),
        depth in prop_oneof![4 => Just(256usize), 1 => 2usize..5], keys in prop_oneof![4 => Just(1usize << 30), 1 => 0usize..600],
    ) {
        let bounds = Bounds { depth, keys, ..Bounds::default() };
        let document = varied(seed);
        let thorough = run_thoroughly(varied_schema(), &bounds, document.as_bytes());
        let mut quick = Validator::new(varied_schema(), &bounds);
        quick.feed(document.as_bytes());
        prop_assert_eq!(&quick.finish(), &thorough, "{}", document);
        let (mut pieces, mut rest, mut next) = (Validator::new(varied_schema(), &bounds), document.as_bytes(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*next.next().unwrap()));
            pieces.feed(piece);
            rest = after;
        }
        prop_assert_eq!(&pieces.finish(), &thorough, "{}", document);
    }
}

/// So that the test above compares something: many of these documents are without a fault, and the others have faults of all kinds.
#[test]
fn varied_documents_are_varied() {
    let (mut clean, mut kinds, mut quick, mut all) = (0, std::collections::BTreeSet::new(), 0, 0);
    for seed in 0..2000 {
        let document = varied(seed * 77_777);
        let mut validator = Validator::new(varied_schema(), &Bounds::default());
        validator.feed(document.as_bytes());
        quick += validator.quick_bytes();
        all += document.len();
        let outcome = validator.finish();
        assert_eq!(outcome, run_thoroughly(varied_schema(), &Bounds::default(), document.as_bytes()), "{document}");
        clean += usize::from(outcome.faults.is_empty() && outcome.elements > 10);
        kinds.extend(outcome.faults.iter().map(|f| format!("{:?}", f.kind).split([' ', '(', '{']).next().unwrap_or_default().to_owned()));
    }
    assert!(quick > all / 4, "{quick} of {all} bytes were read the quick way");
    assert!(clean > 100, "{clean} documents without a fault");
    for kind in [
        "NotWellFormed",
        "UnexpectedElement",
        "MissingElement",
        "BadValue",
        "DuplicateKey",
        "DanglingKeyref",
        "UnexpectedText",
        "UnexpectedAttribute",
        "NotEmpty",
        "BadNil",
    ] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
}

/// Siblings are numbered by their name, however many there are and whichever way they were read.
#[test]
fn siblings_are_numbered() {
    let body = "<xs:element name='r'><xs:complexType><xs:choice maxOccurs='unbounded'><xs:element name='a' type='xs:int'/>\
        <xs:element name='b' type='xs:int'/><xs:any namespace='##other' processContents='skip'/></xs:choice></xs:complexType></xs:element>";
    let schema = schema(body).unwrap();
    let pointers = |document: &str| -> Vec<String> {
        let thorough = run_thoroughly(&schema, &Bounds::default(), document.as_bytes());
        assert_eq!(run(&schema, document.as_bytes()), thorough);
        thorough.faults.into_iter().map(|f| f.pointer).collect()
    };
    let many = format!("<r>{}<a>x</a><b/></r>", "<a>1</a><b>2</b>".repeat(2000));
    assert_eq!(pointers(&many), ["/r/a[2001]", "/r/b[2001]"]);
    // Beyond so many names none is numbered any more.
    let names: String = (0..400).map(|i| format!("<o:n{i} xmlns:o='urn:o'/>")).collect();
    assert_eq!(pointers(&format!("<r><a>1</a>{names}<a>x</a><b>x</b><b>x</b></r>")), ["/r/a[2]", "/r/b", "/r/b"]);
    assert_eq!(pointers(&format!("<r><a>1</a>{names}{names}<a>x</a><b>x</b></r>")), ["/r/a[2]", "/r/b"]);
}

#[test]
fn schemas_that_would_grow_are_refused() {
    let mut groups = String::from("<xs:group name='g0'><xs:sequence><xs:element name='e'/></xs:sequence></xs:group>");
    let mut unions = String::from("<xs:simpleType name='u0'><xs:union memberTypes='xs:int xs:date'/></xs:simpleType>");
    let mut sets = String::from("<xs:attributeGroup name='a0'><xs:attribute name='x'/></xs:attributeGroup>");
    for i in 1..60 {
        let j = i - 1;
        groups
            .push_str(&format!("<xs:group name='g{i}'><xs:sequence><xs:group ref='g{j}'/><xs:group ref='g{j}'/></xs:sequence></xs:group>"));
        unions.push_str(&format!("<xs:simpleType name='u{i}'><xs:union memberTypes='u{j} u{j}'/></xs:simpleType>"));
        sets.push_str(&format!(
            "<xs:attributeGroup name='a{i}'><xs:attributeGroup ref='a{j}'/><xs:attributeGroup ref='a{j}'/></xs:attributeGroup>"
        ));
    }
    assert!(schema(&groups).unwrap_err().iter().any(|f| f.code == "bound"));
    assert!(schema(&unions).unwrap_err().iter().any(|f| f.code == "bound"));
    assert!(schema(&sets).unwrap_err().iter().any(|f| f.code == "ct-props-correct"));
    // A long line of types, each an extension of the one before, is nothing out of the way.
    let mut types = String::from("<xs:complexType name='t0'><xs:sequence><xs:element name='e0'/></xs:sequence></xs:complexType>");
    for i in 1..300 {
        let j = i - 1;
        types.push_str(&format!(
            "<xs:complexType name='t{i}'><xs:complexContent><xs:extension base='t{j}'><xs:sequence><xs:element name='e{i}'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>"
        ));
    }
    types.push_str("<xs:element name='r' type='t3'/>");
    assert_eq!(kinds(&schema(&types).unwrap(), "<r><e0/><e1/><e2/><e3/></r>"), []);
}
