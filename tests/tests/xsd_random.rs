//! Made-up schemas and documents: our engine, the reference and, where it is installed, `xmllint` say the same.

use std::fmt::Write as _;
use std::process::Command;

use concord_tests::xsd_corpus::{Engine, Named};
use concord_tests::xsd_ours::Ours;
use concord_tests::xsd_reference::Below;

use crate::support::{Dice, Folder, aloud};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Simple types with values that are near their bounds.
const TYPES: [(&str, &[&str]); 10] = [
    (
        "<xs:restriction base=\"xs:int\"><xs:minInclusive value=\"-1\"/><xs:maxExclusive value=\"10\"/></xs:restriction>",
        &["-1", "10", " 9 ", "9.0", "+3", "", "x", "-2"],
    ),
    (
        "<xs:restriction base=\"xs:decimal\"><xs:totalDigits value=\"4\"/><xs:fractionDigits value=\"2\"/></xs:restriction>",
        &["1.25", "123.45", "1.250", "00001", ".5", "5.", "1e2"],
    ),
    (
        "<xs:restriction base=\"xs:string\"><xs:enumeration value=\"one\"/><xs:enumeration value=\"two\"/></xs:restriction>",
        &["one", " one", "One", "two", ""],
    ),
    (
        "<xs:restriction base=\"xs:token\"><xs:pattern value=\"[A-Z]{2}\\d*\"/></xs:restriction>",
        &["AB", " AB1 ", "ab", "A1", "ABC", "AB12"],
    ),
    (
        "<xs:restriction base=\"xs:string\"><xs:minLength value=\"2\"/><xs:maxLength value=\"3\"/></xs:restriction>",
        &["a", "ab", "\u{e9}\u{e9}\u{e9}", "abcd", "   "],
    ),
    ("<xs:list itemType=\"xs:integer\"/>", &["1 2 3", "", "1 x", " 7 "]),
    ("<xs:union memberTypes=\"xs:boolean xs:date\"/>", &["true", "1", "2026-02-28", "2026-02-29", "yes"]),
    (
        "<xs:restriction base=\"xs:dateTime\"/>",
        &["2026-11-22T06:00:00Z", "2026-11-22T24:00:00", "2026-11-22", "2026-11-22T06:00:00.5-14:00", "2026-13-01T00:00:00"],
    ),
    ("<xs:restriction base=\"xs:language\"/>", &["en", "en-US", "e n", "", "123"]),
    (
        "<xs:restriction base=\"xs:date\"><xs:minInclusive value=\"2026-01-01\"/></xs:restriction>",
        &["2026-01-01", "2025-12-31", "2026-01-01Z", "2027-01-01+05:00"],
    ),
];

/// A made-up schema: a root whose content is a random group, and what documents are made of.
struct Made {
    schema: String,
    /// Type of each name.
    types: Vec<usize>,
}

fn occurs(dice: &mut Dice) -> &'static str {
    ["", " minOccurs=\"0\"", " maxOccurs=\"2\"", " minOccurs=\"0\" maxOccurs=\"unbounded\"", " minOccurs=\"2\" maxOccurs=\"3\""]
        [dice.below(5)]
}

/// A group in which every name stands at most once, so that it is never ambiguous by itself.
fn group(dice: &mut Dice, names: &mut Vec<usize>, depth: usize, out: &mut String) {
    let kind = if dice.below(2) == 0 { "sequence" } else { "choice" };
    let _ = write!(out, "<xs:{kind}{}>", if depth == 0 { "" } else { occurs(dice) });
    for _ in 0..1 + dice.below(3) {
        if depth < 2 && dice.below(4) == 0 && names.len() > 1 {
            group(dice, names, depth + 1, out);
        } else if let Some(name) = names.pop() {
            let _ = write!(out, "<xs:element name=\"{0}\" type=\"{0}\"{1}/>", NAMES[name], occurs(dice));
        }
    }
    let _ = write!(out, "</xs:{kind}>");
}

fn made(dice: &mut Dice) -> Made {
    let types: Vec<usize> = NAMES.iter().map(|_| dice.below(TYPES.len())).collect();
    let mut schema = String::from("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">");
    for (name, &of) in NAMES.iter().zip(&types) {
        let _ = write!(schema, "<xs:simpleType name=\"{name}\">{}</xs:simpleType>", TYPES[of].0);
    }
    let mut names: Vec<usize> = (0..NAMES.len()).collect();
    for i in (1..names.len()).rev() {
        names.swap(i, dice.below(i + 1));
    }
    let mixed = if dice.below(5) == 0 { " mixed=\"true\"" } else { "" };
    let _ = write!(schema, "<xs:element name=\"root\"><xs:complexType{mixed}>");
    if dice.below(4) == 0 {
        schema.push_str("<xs:all>");
        for name in names.iter().take(3) {
            let _ = write!(schema, "<xs:element name=\"{0}\" type=\"{0}\"{1}/>", NAMES[*name], [" minOccurs=\"0\"", ""][dice.below(2)]);
        }
        schema.push_str("</xs:all>");
    } else {
        group(dice, &mut names, 0, &mut schema);
    }
    if dice.below(2) == 0 {
        let of = dice.below(NAMES.len());
        let use_ = ["", " use=\"required\""][dice.below(2)];
        let _ = write!(schema, "<xs:attribute name=\"k\" type=\"{}\"{use_}/>", NAMES[of]);
    }
    schema.push_str("</xs:complexType>");
    if dice.below(3) == 0 {
        schema.push_str("<xs:unique name=\"u\"><xs:selector xpath=\"a|b\"/><xs:field xpath=\".\"/></xs:unique>");
    }
    schema.push_str("</xs:element></xs:schema>");
    Made { schema, types }
}

fn document(dice: &mut Dice, made: &Made) -> String {
    let escaped = |value: &str| value.replace('&', "&amp;").replace('<', "&lt;");
    let mut out = String::from("<root");
    if dice.below(3) == 0 {
        let (_, values) = TYPES[made.types[dice.below(NAMES.len())]];
        let _ = write!(out, " k=\"{}\"", escaped(values[dice.below(values.len())]));
    }
    out.push('>');
    for _ in 0..dice.below(6) {
        let name = dice.below(NAMES.len());
        let (_, values) = TYPES[made.types[name]];
        // Mostly the first value, which is a good one as a rule.
        let value = if dice.below(4) > 0 { values[0] } else { values[dice.below(values.len())] };
        let _ = write!(out, "<{0}>{1}</{0}>", NAMES[name], escaped(value));
        if dice.below(12) == 0 {
            out.push_str("text");
        }
    }
    out.push_str("</root>");
    out
}

fn verdicts(engine: &dyn Engine, schema: &str, documents: &[String]) -> Result<Vec<Vec<String>>, Vec<String>> {
    let roots: Vec<Named> = vec![("made.xsd".to_owned(), schema.as_bytes().to_vec())];
    let compiled = engine.compile(&roots, &mut |_, _, _| None)?;
    Ok(documents.iter().map(|d| compiled.validate(d.as_bytes())).collect())
}

#[test]
fn made_up_schemas_and_documents_are_judged_as_by_the_reference() {
    let mut dice = Dice::new(61);
    let (mut valid, mut all) = (0, 0);
    for _ in 0..400 {
        let made = made(&mut dice);
        let documents: Vec<String> = (0..8).map(|_| document(&mut dice, &made)).collect();
        let ours = verdicts(&Ours, &made.schema, &documents);
        let theirs = verdicts(&Below(std::path::PathBuf::new()), &made.schema, &documents);
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{}\nours {ours:?}\nreference {theirs:?}", made.schema);
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else { continue };
        for ((document, ours), theirs) in documents.iter().zip(ours).zip(theirs) {
            assert_eq!(ours.is_empty(), theirs.is_empty(), "{}\n{document}\nours {ours:?}\nreference {theirs:?}", made.schema);
            valid += usize::from(ours.is_empty());
            all += 1;
        }
    }
    // A test in which nothing is valid, or everything, would show little.
    assert!(valid * 20 > all && valid * 2 < all, "{valid} of {all} are valid");
}

#[test]
fn made_up_schemas_and_documents_are_judged_as_by_xmllint() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        aloud("xmllint is not installed: nothing to compare made-up schemas with (Debian: libxml2-utils)");
        return;
    }
    let folder = Folder::new("xmllint");
    let mut dice = Dice::new(62);
    for _ in 0..60 {
        let made = made(&mut dice);
        let documents: Vec<String> = (0..8).map(|_| document(&mut dice, &made)).collect();
        let schema = folder.file("made.xsd", &made.schema);
        let paths: Vec<_> = documents.iter().enumerate().map(|(i, d)| folder.file(&format!("{i}.xml"), d)).collect();
        let said = Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).arg(&schema).args(&paths).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let Ok(ours) = verdicts(&Ours, &made.schema, &documents) else {
            assert!(said.contains("failed to compile"), "{}\n{said}", made.schema);
            continue;
        };
        for ((document, ours), path) in documents.iter().zip(ours).zip(&paths) {
            let theirs = said.contains(&format!("{} validates", path.display()));
            assert_eq!(ours.is_empty(), theirs, "{}\n{document}\nours {ours:?}\nxmllint {said}", made.schema);
        }
    }
}
