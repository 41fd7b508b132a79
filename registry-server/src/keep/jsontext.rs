//! JSON as text: the same without its spaces, and with its members in order. Numbers stay as they are written.
//!
//! Both take text that a JSON reader has accepted already, so they need not look for mistakes.

/// Without the space between tokens. Two texts that differ in nothing else become the same.
pub fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string(rest),
            _ => c.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            out.push_str(token);
        }
        rest = behind;
    }
    out
}

/// Without the space between tokens, and each object's members by name.
pub fn sorted(text: &str) -> String {
    let compact = compact(text);
    let mut out = String::with_capacity(compact.len());
    value(&compact, &mut out);
    out
}

/// Length of the string that a text begins with, quotation marks included.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Writes the value that a text begins with; its length in the text.
fn value(text: &str, out: &mut String) -> usize {
    match text.as_bytes().first() {
        Some(b'{') => {
            let (mut at, mut members) = (1, Vec::new());
            while text.as_bytes().get(at).is_some_and(|b| *b == b'"') {
                let name = string(&text[at..]);
                let mut member = String::new();
                let length = value(&text[at + name + 1..], &mut member);
                members.push((&text[at..at + name], member));
                at += name + 1 + length;
                if text.as_bytes().get(at) == Some(&b',') {
                    at += 1;
                }
            }
            members.sort();
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(name);
                out.push(':');
                out.push_str(member);
            }
            out.push('}');
            at + 1
        }
        Some(b'[') => {
            out.push('[');
            let mut at = 1;
            while text.as_bytes().get(at).is_some_and(|b| *b != b']') {
                if text.as_bytes().get(at) == Some(&b',') {
                    out.push(',');
                    at += 1;
                    continue;
                }
                at += value(&text[at..], out);
            }
            out.push(']');
            at + 1
        }
        Some(b'"') => {
            let length = string(text);
            out.push_str(&text[..length]);
            length
        }
        _ => {
            let length = text.find([',', ']', '}']).unwrap_or(text.len());
            out.push_str(&text[..length]);
            length
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn texts_keep_their_numbers_and_strings() {
        for (text, short, ordered) in [
            (
                "{ \"b\" : 1.0 ,\n\"a\":[1 , {\"d\":null, \"c\": \"x \\\" y\"}] }",
                "{\"b\":1.0,\"a\":[1,{\"d\":null,\"c\":\"x \\\" y\"}]}",
                "{\"a\":[1,{\"c\":\"x \\\" y\",\"d\":null}],\"b\":1.0}",
            ),
            (" [ ] ", "[]", "[]"),
            ("{}", "{}", "{}"),
            (" true ", "true", "true"),
            ("[[],{},\"\"]", "[[],{},\"\"]", "[[],{},\"\"]"),
            ("\"\\\\\"", "\"\\\\\"", "\"\\\\\""),
            ("1e400", "1e400", "1e400"),
        ] {
            assert_eq!((compact(text).as_str(), sorted(text).as_str()), (short, ordered));
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~é\\n]{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c\"\\\\ ]{0,3}", inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_meaning_stays(value in any_json()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(compact(&pretty), serde_json::to_string(&value).unwrap());
            let ordered = sorted(&pretty);
            prop_assert_eq!(&serde_json::from_str::<Value>(&ordered).unwrap(), &value);
            prop_assert_eq!(sorted(&ordered), ordered.clone());
        }
    }
}
