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
        for ty in &schema.types {
            let super::model::Type::Simple(ty) = ty else { continue };
            if super::simple::surely(ty, text.as_bytes()) {
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
