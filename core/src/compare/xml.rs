//! Whether every document that one XML Schema accepts is accepted by another.
//!
//! "Yes" is said where the other schema is known to only widen the one (`xsd/widen`), and no made-up document disproves it. "No" is said with a document
//! that the engine accepts by the one and refuses by the other: an example of the package, or one made from the schema, differing in one choice from the
//! smallest or the fullest. All else is not shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Break, Budget, Doubt, Inclusion, Witness};
use crate::check::xml::{SchemaFiles, XmlPlan, bounds};
use crate::finding::{Finding, Severity};
use crate::read::document::DocumentKind;
use crate::xsd::{sample::Sampler, widen};

/// Made-up documents that are tried where a difference was found.
const TRIES: usize = 300;

/// Made-up documents that are tried where none was found.
const SURE: usize = 40;

/// Largest example that is tried, in bytes.
const LARGEST: usize = 1 << 20;

/// Whether every document of `one` is a document of `other`: both the texts of XML Schemas that stand for themselves. `name` is what they are called in
/// the answer.
pub fn xml_schemas(name: &str, one: &str, other: &str, budget: &mut Budget) -> Inclusion {
    let alone = |text: &str| {
        let files: BTreeMap<String, Arc<[u8]>> = [("schema.xsd".to_owned(), text.as_bytes().into())].into();
        SchemaFiles { roots: vec!["schema.xsd".to_owned()], files, digest: String::new() }
    };
    let plan = |text: &str| XmlPlan::of_schema(name, alone(text));
    within(name, (&plan(one), &plan(other)), None, &[], &[], budget)
}

/// The same for the documents of a resource: files with one of these outermost elements (namespace and local name; any when there are none), and examples
/// to try first. `rules` is why it is not known whether rules beside the schema demand the same.
pub(super) fn within(
    name: &str,
    plans: (&XmlPlan, &XmlPlan),
    rules: Option<&str>,
    roots: &[(String, String)],
    examples: &[&[u8]],
    budget: &mut Budget,
) -> Inclusion {
    let mut out = Inclusion::default();
    let doubt = |why: String| Doubt { resource: name.into(), field: None, why };
    let (one, other) = (plans.0.schema(), plans.1.schema());
    let same = one.files == other.files && one.roots == other.roots;
    if same && rules.is_none() {
        return out;
    }
    let usable = |plan: &XmlPlan| plan.compiled().schema.is_some() && plan.compiled().findings.is_empty();
    if !usable(plans.0) || !usable(plans.1) {
        out.doubts.push(doubt("its schema cannot be used, or asks for another that is not at hand".to_owned()));
        return out;
    }
    let shown = if let Some(why) = rules {
        Err(why.to_owned())
    } else if one.roots == other.roots {
        widen::accepts_all(&one.files, &other.files, &bounds())
    } else {
        Err("it consists of other schema documents".to_owned())
    };
    let names: Vec<String> = roots.iter().map(|(space, local)| format!("{{{space}}}{local}")).collect();
    let most = if shown.is_ok() { SURE } else { TRIES };
    let made = Sampler::new(&one.files, &bounds()).map(|sampler| sampler.documents(&names, most)).unwrap_or_default();
    let small = examples.iter().filter(|e| e.len() <= LARGEST && shown.is_err()).filter_map(|e| std::str::from_utf8(e).ok());
    for document in small.chain(made.iter().map(String::as_str)) {
        if !Budget::spend(&mut budget.tables) {
            break;
        }
        if !errors(plans.0, document).is_empty() {
            continue;
        }
        if let Some(finding) = errors(plans.1, document).into_iter().next() {
            let witness = Witness { tables: Vec::new(), document: Some((name.into(), document.to_owned())) };
            out.breaks.push(Break { resource: name.into(), field: None, finding, witness });
            return out;
        }
    }
    if let Err(why) = shown {
        out.doubts.push(doubt(why));
    }
    out
}

/// What the engine finds at error level in a document.
fn errors(plan: &XmlPlan, document: &str) -> Vec<Finding> {
    let (mut check, mut found) = (plan.open(), Vec::new());
    check.push(document.as_bytes(), &mut found);
    check.finish(&mut found);
    found.retain(|f| f.severity == Severity::Error);
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::super::Answer;
    use super::*;

    const NS: &str = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"urn:t\" targetNamespace=\"urn:t\"";

    /// A schema of an element `r` with this content and these attributes.
    fn schema(content: &str, attributes: &str) -> String {
        format!(
            "<xs:schema {NS} elementFormDefault=\"qualified\"><xs:element name=\"r\"><xs:complexType><xs:sequence>{content}</xs:sequence>{attributes}\
             </xs:complexType></xs:element></xs:schema>"
        )
    }

    /// A schema of an element with a text of this restriction.
    fn text(base: &str, facets: &[(&str, &str)]) -> String {
        let facets: String = facets.iter().map(|(name, value)| format!("<xs:{name} value=\"{value}\"/>")).collect();
        format!(
            "<xs:schema {NS}><xs:element name=\"r\"><xs:simpleType><xs:restriction base=\"xs:{base}\">{facets}</xs:restriction></xs:simpleType></xs:element></xs:schema>"
        )
    }

    /// Both directions; each "no" has a witness that the engine accepts by the one schema and refuses by the other.
    fn ask(one: &str, other: &str) -> (Answer, Answer) {
        let way = |one: &str, other: &str| {
            let found = xml_schemas("s", one, other, &mut Budget::default());
            for broken in &found.breaks {
                let document = &broken.witness.document.as_ref().unwrap().1;
                let plan = |text: &str| {
                    let files = [("a.xsd".to_owned(), text.as_bytes().into())].into();
                    XmlPlan::of_schema("a", SchemaFiles { roots: vec!["a.xsd".to_owned()], files, digest: String::new() })
                };
                assert!(errors(&plan(one), document).is_empty() && !errors(&plan(other), document).is_empty(), "{document}");
            }
            found.answer()
        };
        (way(one, other), way(other, one))
    }

    const A: &str = "<xs:element name=\"a\" type=\"xs:string\"/>";

    #[test]
    fn what_only_widens_is_compatible_and_what_narrows_has_a_witness() {
        use Answer::{No, Yes};
        let a = schema(A, "");
        let with = |more: &str| schema(&format!("{A}{more}"), "");
        let cases = [
            (
                "nothing but words",
                a.clone(),
                a.replace("<xs:sequence>", "<xs:annotation><xs:documentation>d</xs:documentation></xs:annotation><xs:sequence>"),
                (Yes, Yes),
            ),
            ("other prefixes", a.clone(), a.replace("xs:", "q:").replace(":xs=", ":q="), (Yes, Yes)),
            ("an optional element", a.clone(), with("<xs:element name=\"b\" type=\"xs:int\" minOccurs=\"0\"/>"), (Yes, No)),
            ("an element that must be there", a.clone(), with("<xs:element name=\"b\" type=\"xs:int\"/>"), (No, No)),
            (
                "an optional one before it",
                a.clone(),
                schema(&format!("<xs:element name=\"b\" type=\"xs:int\" minOccurs=\"0\"/>{A}"), ""),
                (Yes, No),
            ),
            ("may be left out", a.clone(), a.replace("type=\"xs:string\"/>", "type=\"xs:string\" minOccurs=\"0\"/>"), (Yes, No)),
            ("may come again", a.clone(), a.replace("type=\"xs:string\"/>", "type=\"xs:string\" maxOccurs=\"unbounded\"/>"), (Yes, No)),
            ("an optional attribute", a.clone(), schema(A, "<xs:attribute name=\"x\" type=\"xs:int\"/>"), (Yes, No)),
            (
                "an attribute that must be there",
                a.clone(),
                schema(A, "<xs:attribute name=\"x\" type=\"xs:int\" use=\"required\"/>"),
                (No, No),
            ),
            (
                "a wider type",
                with("<xs:element name=\"b\" type=\"xs:int\"/>"),
                with("<xs:element name=\"b\" type=\"xs:decimal\"/>"),
                (Yes, No),
            ),
            ("another type", with("<xs:element name=\"b\" type=\"xs:int\"/>"), with("<xs:element name=\"b\" type=\"xs:date\"/>"), (No, No)),
            ("another name", a.clone(), a.replace("name=\"a\"", "name=\"c\""), (No, No)),
            (
                "another order",
                with("<xs:element name=\"b\" type=\"xs:int\"/>"),
                schema(&format!("<xs:element name=\"b\" type=\"xs:int\"/>{A}"), ""),
                (No, No),
            ),
            (
                "one more branch",
                with("<xs:choice><xs:element name=\"b\"/><xs:element name=\"c\"/></xs:choice>")
                    .replace("<xs:element name=\"b\"/>", "<xs:element name=\"b\" type=\"xs:int\"/>")
                    .replace("<xs:element name=\"c\"/>", "<xs:element name=\"c\" type=\"xs:int\"/>"),
                with(
                    "<xs:choice><xs:element name=\"d\" type=\"xs:int\"/><xs:element name=\"b\" type=\"xs:int\"/><xs:element name=\"c\" type=\"xs:int\"/></xs:choice>",
                ),
                (Yes, No),
            ),
            ("nil may be said", a.clone(), a.replace("type=\"xs:string\"/>", "type=\"xs:string\" nillable=\"true\"/>"), (Yes, No)),
            (
                "one more value",
                text("string", &[("enumeration", "x"), ("enumeration", "y")]),
                text("string", &[("enumeration", "x"), ("enumeration", "y"), ("enumeration", "z")]),
                (Yes, No),
            ),
            ("no list any more", text("string", &[("enumeration", "x")]), text("string", &[]), (Yes, No)),
            ("longer", text("string", &[("maxLength", "12")]), text("string", &[("maxLength", "20")]), (Yes, No)),
            ("shorter at least", text("string", &[("minLength", "3")]), text("string", &[("minLength", "1")]), (Yes, No)),
            (
                "a wider bound",
                text("int", &[("minInclusive", "5"), ("maxInclusive", "9")]),
                text("int", &[("minInclusive", "0"), ("maxInclusive", "9")]),
                (Yes, No),
            ),
            (
                "more digits",
                text("decimal", &[("totalDigits", "5"), ("fractionDigits", "1")]),
                text("decimal", &[("totalDigits", "7"), ("fractionDigits", "2")]),
                (Yes, No),
            ),
            ("a wider base", text("int", &[("minInclusive", "0")]), text("long", &[("minInclusive", "0")]), (Yes, No)),
            (
                "another pattern",
                text("string", &[("pattern", "[0-9]{5}")]),
                text("string", &[("pattern", "[0-9]{5}(-[0-9]{4})?")]),
                (Answer::NotShown, No),
            ),
            ("patterns none", text("string", &[("pattern", "[A-Z]+")]), text("string", &[]), (Yes, No)),
        ];
        for (name, one, other, expected) in cases {
            assert_eq!(ask(&one, &other), expected, "{name}: {one} {other}");
        }
    }

    #[test]
    fn what_is_felt_elsewhere_is_not_called_compatible() {
        // Wherever anything may stand and is checked when it is declared, a new declaration narrows.
        let any = "<xs:any processContents=\"lax\" namespace=\"##any\"/>";
        let one = schema(any, "");
        let other = one.replace("</xs:schema>", "<xs:element name=\"n\" type=\"xs:int\"/></xs:schema>");
        assert_ne!(ask(&one, &other).0, Answer::Yes);
        // A new attribute where others may stand.
        let one = schema(A, "<xs:anyAttribute processContents=\"skip\"/>");
        let other = schema(A, "<xs:attribute name=\"x\" type=\"xs:int\"/><xs:anyAttribute processContents=\"skip\"/>");
        assert_ne!(ask(&one, &other).0, Answer::Yes);
        // A type that is asked for by name where its base stands.
        let named = |base: &str| {
            format!(
                "<xs:schema {NS}><xs:element name=\"r\" type=\"xs:int\"/><xs:simpleType name=\"t\"><xs:restriction base=\"xs:{base}\"/></xs:simpleType></xs:schema>"
            )
        };
        assert_ne!(ask(&named("int"), &named("integer")).0, Answer::Yes);
        // A text that is fixed, and whose blanks begin to count.
        let fixed = |kind: &str| format!("<xs:schema {NS}><xs:element name=\"r\" type=\"xs:{kind}\" fixed=\"x\"/></xs:schema>");
        assert_ne!(ask(&fixed("token"), &fixed("string")).0, Answer::Yes);
        // A key over what may now be nil.
        let keyed = |nil: &str| {
            format!(
                "<xs:schema {NS} elementFormDefault=\"qualified\"><xs:element name=\"r\"><xs:complexType><xs:sequence>\
                 <xs:element name=\"a\" type=\"xs:string\" maxOccurs=\"9\"{nil}/></xs:sequence></xs:complexType>\
                 <xs:key name=\"k\" xmlns:t=\"urn:t\"><xs:selector xpath=\"t:a\"/><xs:field xpath=\".\"/></xs:key></xs:element></xs:schema>"
            )
        };
        assert_ne!(ask(&keyed(""), &keyed(" nillable=\"true\"")).0, Answer::Yes);
        // A key that was not there.
        let none = keyed("").split("<xs:key").next().unwrap().to_owned() + "</xs:element></xs:schema>";
        assert_eq!(ask(&keyed(""), &none).0, Answer::Yes);
        assert_eq!(ask(&none, &keyed("")).0, Answer::No, "two of the same");
        // What cannot be compiled is not compared.
        assert_eq!(ask("<a/>", "<b/>"), (Answer::NotShown, Answer::NotShown));
    }

    /// A content model, of which every part may be written otherwise by chance.
    #[derive(Debug, Clone)]
    enum Model {
        Element { name: u8, kind: u8, least: u8, most: u8 },
        Group { choice: bool, least: u8, most: u8, parts: Vec<Model> },
    }

    const KINDS: [&str; 6] = ["xs:int", "xs:integer", "xs:decimal", "xs:token", "xs:string", "t"];

    fn any_model() -> impl Strategy<Value = Model> {
        let leaf = (0..6_u8, 0..6_u8, 0..2_u8, 1..3_u8).prop_map(|(name, kind, least, most)| Model::Element { name, kind, least, most });
        leaf.prop_recursive(3, 10, 4, |inner| {
            (any::<bool>(), 0..2_u8, 1..3_u8, prop::collection::vec(inner, 1..4)).prop_map(|(choice, least, most, parts)| Model::Group {
                choice,
                least,
                most,
                parts,
            })
        })
    }

    /// Writes a model; each byte of `chance` may change the part that it falls to.
    fn write(model: &Model, chance: &mut impl Iterator<Item = u8>, out: &mut String) {
        let turn = chance.next().unwrap_or(0);
        let occurs = |least: u8, most: u8| match turn {
            230..=236 => (0, most),
            237..=242 => (least, most + 1),
            243..=246 => (1, most),
            247..=249 => (least, 1),
            _ => (least, most),
        };
        match model {
            _ if turn >= 254 => {}
            Model::Element { name, kind, least, most } => {
                let (least, most) = occurs(*least, *most);
                let kind = if turn == 253 { (kind + 1) % 6 } else { *kind };
                let least_new = turn % 2;
                if (220..226).contains(&turn) {
                    out.push_str(&format!("<xs:element name=\"e{}\" type=\"xs:int\" minOccurs=\"{least_new}\"/>", turn % 7));
                }
                out.push_str(&format!(
                    "<xs:element name=\"e{name}\" type=\"{}\" minOccurs=\"{least}\" maxOccurs=\"{most}\"/>",
                    KINDS[usize::from(kind)]
                ));
            }
            Model::Group { choice, least, most, parts } => {
                let (least, most) = occurs(*least, *most);
                let what = if *choice { "choice" } else { "sequence" };
                out.push_str(&format!("<xs:{what} minOccurs=\"{least}\" maxOccurs=\"{most}\">"));
                parts.iter().for_each(|part| write(part, chance, out));
                out.push_str(&format!("</xs:{what}>"));
            }
        }
    }

    fn whole(model: &Model, chance: &[u8], facets: (u8, u8)) -> String {
        let mut content = String::new();
        write(model, &mut chance.iter().copied(), &mut content);
        let (least, most) = facets;
        let named = format!(
            "<xs:simpleType name=\"t\"><xs:restriction base=\"xs:string\"><xs:minLength value=\"{least}\"/><xs:maxLength value=\"{}\"/>\
             </xs:restriction></xs:simpleType></xs:schema>",
            least + most
        );
        schema(&content, "<xs:attribute name=\"x\" type=\"t\"/>").replace("</xs:schema>", &named)
    }

    /// How many pairs were of each answer.
    static TOLD: [std::sync::atomic::AtomicUsize; 3] = [const { std::sync::atomic::AtomicUsize::new(0) }; 3];

    proptest! {
        #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::default() })]

        /// No "compatible" that a document disproves, and every "incompatible" has one that does.
        #[test]
        fn no_document_disproves_an_answer(
            model in any_model(),
            chance in prop::collection::vec(prop_oneof![4 => Just(0_u8), 1 => 200..=255_u8], 0..12),
            facets in (0..3_u8, 0..3_u8),
            others in prop_oneof![Just(None), (0..3_u8, 0..3_u8).prop_map(Some)],
        ) {
            let one = whole(&model, &[], facets);
            let other = whole(&model, &chance, others.unwrap_or(facets));
            let alone = |text: &str| {
                let files: BTreeMap<String, Arc<[u8]>> = [("a.xsd".to_owned(), text.as_bytes().into())].into();
                SchemaFiles { roots: vec!["a.xsd".to_owned()], files, digest: String::new() }
            };
            let plans = (XmlPlan::of_schema("a", alone(&one)), XmlPlan::of_schema("a", alone(&other)));
            prop_assume!(plans.0.compiled().schema.is_some() && plans.1.compiled().schema.is_some());
            let found = xml_schemas("s", &one, &other, &mut Budget::default());
            let answer = found.answer();
            TOLD[match answer { Answer::Yes => 0, Answer::NotShown => 1, Answer::No => 2 }].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            for broken in &found.breaks {
                let document = &broken.witness.document.as_ref().unwrap().1;
                prop_assert!(errors(&plans.0, document).is_empty() && !errors(&plans.1, document).is_empty(), "{}", document);
            }
            if answer == Answer::Yes {
                let mut valid = 0;
                for document in Sampler::new(&alone(&one).files, &bounds()).unwrap().documents(&[], 2_000) {
                    if errors(&plans.0, &document).is_empty() {
                        valid += 1;
                        let refused = errors(&plans.1, &document);
                        prop_assert!(refused.is_empty(), "{one}\n{other}\n{document}\n{refused:?}");
                    }
                }
                prop_assert!(valid > 0, "no document was made of {one}");
            }
        }
    }

    /// The one above is worth something only when all answers come up.
    #[test]
    fn the_answers_that_are_tested_are_of_every_kind() {
        no_document_disproves_an_answer();
        let told: Vec<usize> = TOLD.iter().map(|n| n.load(std::sync::atomic::Ordering::Relaxed)).collect();
        assert!(told.iter().sum::<usize>() > 0 && told[0] > 0 && told[2] > 0, "{told:?}");
    }
}
