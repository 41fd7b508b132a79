//! Each type of schema goes to those who can tell. That their answers are true is tested in the core.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;

use super::*;

fn ask(kind: Kind, written: &Value, read: &Value) -> Verdict {
    Core.accepts_all(kind, &written.to_string(), &read.to_string())
}

#[test]
fn answers_name_what_breaks_and_show_it() {
    let field = |kind: &str| json!({"fields": [{"name": "amount", "type": kind}]});
    let object = |kind: &str| json!({"type": "object", "properties": {"amount": {"type": kind}}});
    for (kind, whole, any) in [(Kind::Table, field("integer"), field("number")), (Kind::Json, object("integer"), object("number"))] {
        assert_eq!(ask(kind, &whole, &any), Verdict::Shown);
        let Verdict::Disproved(why) = ask(kind, &any, &whole) else { panic!("{kind:?}") };
        assert!(why.contains("amount") && why.contains("Example that shows it: "), "{why}");
    }
    let xsd = |most: u8, more: &str| {
        format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"a\"><xs:complexType><xs:sequence><xs:element name=\"b\" \
             maxOccurs=\"{most}\" type=\"xs:int\"/>{more}</xs:sequence></xs:complexType></xs:element></xs:schema>"
        )
    };
    let ask = |one: &str, other: &str| Core.accepts_all(Kind::Xsd, one, other);
    let optional = "<xs:element name=\"c\" minOccurs=\"0\" type=\"xs:int\"/>";
    assert_eq!(ask(&xsd(1, ""), &xsd(2, optional)), Verdict::Shown);
    let Verdict::Disproved(why) = ask(&xsd(1, optional), &xsd(1, "")) else { panic!("an element was removed") };
    assert!(why.contains("Example that shows it: <a>") && why.contains("<c>"), "{why}");
    let other = xsd(1, "").replace("type=\"xs:int\"", "type=\"xs:NOTATION\"");
    assert!(matches!(ask(&xsd(1, ""), &other), Verdict::NotShown(_) | Verdict::Disproved(_)));
    assert_eq!(ask("<a/>", "<a/>"), Verdict::Shown);
    assert!(matches!(ask("<a/>", "<b/>"), Verdict::NotShown(_)));
}

#[test]
fn schemas_without_a_version_are_of_draft_7() {
    // What stands beside a reference counts in later versions only.
    let with = |more: Value| json!({"type": "object", "properties": {"a": more}, "definitions": {"t": {"type": "string"}}});
    let one = with(json!({"$ref": "#/definitions/t"}));
    let other = with(json!({"$ref": "#/definitions/t", "maxLength": 3}));
    assert!(!matches!(ask(Kind::Json, &one, &other), Verdict::Disproved(_)));
    let late = |mut schema: Value| {
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema
    };
    assert!(matches!(ask(Kind::Json, &late(one), &late(other)), Verdict::Disproved(_)));
    assert_eq!(ask(Kind::Json, &json!(false), &json!(true)), Verdict::Shown);
    assert_eq!(ask(Kind::Json, &json!({"type": "object"}), &json!(true)), Verdict::Shown);
}
