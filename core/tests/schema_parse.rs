//! Table Schema is read as versions 1 and 2 of Data Package say, and what cannot be used is said with its place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use concord_core::finding::Finding;
use concord_core::package::lint::check_file;
use concord_core::schema::parse::parse;
use concord_core::schema::{
    DateFormat, FieldType, FieldsMatch, GeoPointFormat, ListItem, NumberFormat, Presence, StringFormat, TableSchema,
};
use proptest::prelude::*;

/// `error C903 /fields/0/name`, with the kind after a stroke where there is one.
fn short(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| {
            let kind = if f.kind.is_empty() { String::new() } else { format!("/{}", f.kind) };
            format!("{} {}{kind} {}", f.severity.word(), f.code.text(), f.get("at").unwrap_or("-"))
        })
        .collect()
}

fn schema(text: &str) -> TableSchema {
    let parsed = parse(text.as_bytes(), "");
    assert!(parsed.findings.is_empty(), "{text}: {:?}", parsed.findings);
    parsed.schema.unwrap()
}

/// The one field `{"name": "a", …}`.
fn field(members: &str) -> concord_core::schema::Field {
    schema(&format!(r#"{{"fields":[{{"name":"a",{members}}}]}}"#)).fields.remove(0)
}

#[test]
fn types_with_their_formats() {
    let texts = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let number = |decimal, group, bare| NumberFormat { decimal, group, bare };
    for (members, kind) in [
        (r#""type":"string""#, FieldType::String(StringFormat::Default)),
        (r#""type":"string","format":"default""#, FieldType::String(StringFormat::Default)),
        (r#""type":"string","format":"email""#, FieldType::String(StringFormat::Email)),
        (r#""type":"string","format":"uri""#, FieldType::String(StringFormat::Uri)),
        (r#""type":"string","format":"binary""#, FieldType::String(StringFormat::Binary)),
        (r#""type":"string","format":"uuid""#, FieldType::String(StringFormat::Uuid)),
        (r#""type":"number""#, FieldType::Number(NumberFormat::default())),
        (r#""type":"number","decimalChar":",","groupChar":".","bareNumber":false"#, FieldType::Number(number(',', Some('.'), false))),
        (r#""type":"integer","groupChar":",","bareNumber":false"#, FieldType::Integer(number('.', Some(','), false))),
        (r#""type":"boolean""#, FieldType::default_boolean()),
        (
            r#""type":"boolean","trueValues":["Y"],"falseValues":["N"]"#,
            FieldType::Boolean { true_values: texts(&["Y"]), false_values: texts(&["N"]) },
        ),
        (r#""type":"object""#, FieldType::Object),
        (r#""type":"array""#, FieldType::Array),
        (r#""type":"list""#, FieldType::List { delimiter: ",".to_owned(), item: ListItem::String }),
        (r#""type":"list","delimiter":"; ","itemType":"integer""#, FieldType::List { delimiter: "; ".to_owned(), item: ListItem::Integer }),
        (r#""type":"datetime""#, FieldType::DateTime(DateFormat::Default)),
        (r#""type":"date","format":"any""#, FieldType::Date(DateFormat::Any)),
        (r#""type":"date","format":"%d/%m/%Y""#, FieldType::Date(DateFormat::Pattern("%d/%m/%Y".to_owned()))),
        (r#""type":"date","format":"fmt:%d/%m/%Y""#, FieldType::Date(DateFormat::Pattern("%d/%m/%Y".to_owned()))),
        (r#""type":"time","format":"%-H.%M %p""#, FieldType::Time(DateFormat::Pattern("%-H.%M %p".to_owned()))),
        (r#""type":"year""#, FieldType::Year),
        (r#""type":"yearmonth""#, FieldType::YearMonth),
        (r#""type":"duration""#, FieldType::Duration),
        (r#""type":"geopoint""#, FieldType::GeoPoint(GeoPointFormat::Default)),
        (r#""type":"geopoint","format":"array""#, FieldType::GeoPoint(GeoPointFormat::Array)),
        (r#""type":"geopoint","format":"object""#, FieldType::GeoPoint(GeoPointFormat::Object)),
        (r#""type":"geojson""#, FieldType::GeoJson { topology: false }),
        (r#""type":"geojson","format":"topojson""#, FieldType::GeoJson { topology: true }),
        (r#""type":"any""#, FieldType::Any),
        (r#""title":"without a type""#, FieldType::Any),
    ] {
        assert_eq!(field(members).kind, kind, "{members}");
    }
}

#[test]
fn the_version_decides_the_type_of_a_field_without_one() {
    for (mark, name) in [
        ("", "any"),
        (r#""profile":"tabular-data-resource","#, "string"),
        (r#""$schema":"https://datapackage.org/profiles/1.0/tableschema.json","#, "string"),
        (r#""$schema":"https://datapackage.org/profiles/2.0/tableschema.json","#, "any"),
    ] {
        assert_eq!(schema(&format!(r#"{{{mark}"fields":[{{"name":"a"}}]}}"#)).fields[0].kind.name(), name, "{mark}");
    }
}

#[test]
fn bounds_and_allowed_values_become_the_texts_of_cells_exactly() {
    let bound = |members: &str| field(members).constraints.minimum;
    for (members, text) in [
        (r#""type":"integer","constraints":{"minimum":4}"#, "4"),
        (r#""type":"integer","constraints":{"minimum":18446744073709551615}"#, "18446744073709551615"),
        (r#""type":"integer","constraints":{"minimum":-9223372036854775808}"#, "-9223372036854775808"),
        (r#""type":"integer","constraints":{"minimum":5.0}"#, "5"),
        (r#""type":"number","constraints":{"minimum":0.1}"#, "0.1"),
        (r#""type":"number","constraints":{"minimum":1e-7}"#, "0.0000001"),
        (r#""type":"number","constraints":{"minimum":"12345678901234567890.5"}"#, "12345678901234567890.5"),
        (r#""type":"number","decimalChar":",","constraints":{"minimum":1.5}"#, "1,5"),
        (r#""type":"date","constraints":{"minimum":"2024-02-29"}"#, "2024-02-29"),
        (r#""type":"date","format":"%d/%m/%Y","constraints":{"minimum":"29/02/2024"}"#, "29/02/2024"),
        (r#""type":"datetime","constraints":{"minimum":"2024-02-29T10:00:00.5+01:00"}"#, "2024-02-29T10:00:00.5+01:00"),
        (r#""type":"time","constraints":{"minimum":"08:00:00"}"#, "08:00:00"),
        (r#""type":"year","constraints":{"minimum":1900}"#, "1900"),
        (r#""type":"yearmonth","constraints":{"minimum":"2024-12"}"#, "2024-12"),
        (r#""type":"duration","constraints":{"minimum":"P1Y"}"#, "P1Y"),
    ] {
        assert_eq!(bound(members).as_deref(), Some(text), "{members}");
    }
    for (members, values) in [
        (r#""type":"string","constraints":{"enum":["a","b"]}"#, &["a", "b"][..]),
        (r#""type":"integer","constraints":{"enum":[1,2.0,"3"]}"#, &["1", "2", "3"]),
        (r#""type":"number","decimalChar":",","constraints":{"enum":[1.5]}"#, &["1,5"]),
        (r#""type":"boolean","trueValues":["yes"],"falseValues":["no"],"constraints":{"enum":[true]}"#, &["yes"]),
        (r#""type":"string","constraints":{"enum":[true, 7]}"#, &["true", "7"]),
        (r#""type":"array","constraints":{"enum":[[1,2]]}"#, &["[1,2]"]),
    ] {
        assert_eq!(field(members).constraints.values, values, "{members}");
    }
    let all =
        field(r#""type":"number","constraints":{"required":true,"unique":true,"exclusiveMinimum":0,"exclusiveMaximum":10.5,"maximum":10}"#)
            .constraints;
    assert!(all.required && all.unique);
    assert_eq!((all.exclusive_minimum.as_deref(), all.exclusive_maximum.as_deref()), (Some("0"), Some("10.5")));
    let lengths = field(r#""type":"list","constraints":{"minLength":2,"maxLength":2}"#).constraints;
    assert_eq!((lengths.min_length, lengths.max_length), (Some(2), Some(2)));
    let json = field(r#""type":"object","constraints":{"jsonSchema":{"type":"object"}}"#).constraints.json_schema;
    assert_eq!(json, Some(serde_json::json!({"type": "object"})));
    assert_eq!(field(r#""type":"string","constraints":{"pattern":"[A-Z]{2}|x"}"#).constraints.pattern.as_deref(), Some("[A-Z]{2}|x"));
}

#[test]
fn keys_missing_values_and_categories() {
    let read = schema(
        r#"{"fieldsMatch":["subset"],"missingValues":["", {"value":"-99","label":"not asked"}],
            "primaryKey":"id","uniqueKeys":[["a","b"]],
            "foreignKeys":[{"fields":"a","reference":{"resource":"","fields":"id"}},
                           {"fields":["b","a"],"reference":{"fields":["a","b"]}},
                           {"fields":["b"],"reference":{"resource":"other","fields":["x"]}}],
            "fields":[{"name":"id","type":"integer"},{"name":"a","type":"string","missingValues":["n/a"]},
                      {"name":"b","type":"integer","categories":[{"value":1,"label":"one"},2],"categoriesOrdered":true}]}"#,
    );
    assert_eq!(read.fields_match, FieldsMatch::Subset);
    assert_eq!(read.missing_values, ["", "-99"]);
    assert_eq!((read.missing_for(0), read.missing_for(1)), (&["".to_owned(), "-99".to_owned()][..], &["n/a".to_owned()][..]));
    assert_eq!((read.primary_key, read.unique_keys), (vec![0], vec![vec![1, 2]]));
    let keys: Vec<(Vec<usize>, &str, Vec<String>)> =
        read.foreign_keys.iter().map(|k| (k.fields.clone(), k.resource.as_str(), k.target.clone())).collect();
    assert_eq!(
        keys,
        [
            (vec![1], "", vec!["id".to_owned()]),
            (vec![2, 1], "", vec!["a".to_owned(), "b".to_owned()]),
            (vec![2], "other", vec!["x".to_owned()]),
        ]
    );
    let categories: Vec<(&str, &str)> = read.fields[2].categories.iter().map(|c| (c.value.as_str(), c.label.as_str())).collect();
    assert_eq!(categories, [("1", "one"), ("2", "2")]);
    assert_eq!(schema(r#"{"fieldsMatch":"partial","fields":[{"name":"a"}]}"#).fields_match, FieldsMatch::Partial);
}

#[test]
fn what_stands_under_concord() {
    let extras = field(
        r#""type":"string","concord":{"codes":"status","open":true,"presence":"recommended","column":true,"aliases":["A"],"unit":"acre","reference":"s 3"}"#,
    )
    .extras;
    assert_eq!((extras.codes.as_deref(), extras.open, extras.presence, extras.column), (Some("status"), true, Presence::Recommended, true));
    assert_eq!((extras.aliases, extras.unit.as_deref(), extras.reference.as_deref()), (vec!["A".to_owned()], Some("acre"), Some("s 3")));
}

/// Each case is a whole schema, and what is found, all of it.
#[test]
fn what_cannot_be_used_is_said_with_its_place() {
    for (text, found) in [
        ("", &["error C901 -"][..]),
        ("{'a'}", &["error C901 -"]),
        ("[]", &["error C903 -"]),
        ("{}", &["error C904 -"]),
        (r#"{"fields":[]}"#, &["error C904/empty /fields"]),
        (r#"{"fields":{}}"#, &["error C903 /fields"]),
        (r#"{"fields":["a"]}"#, &["error C903 /fields/0"]),
        (r#"{"fields":[{"type":"string"}]}"#, &["error C904 /fields/0"]),
        (r#"{"fields":[{"name":""}]}"#, &["error C904/blank /fields/0/name"]),
        (r#"{"fields":[{"name":"a"},{"name":"a"}]}"#, &["warning C910/field /fields/1/name"]),
        (r#"{"fields":[{"name":"a","titel":"A"}]}"#, &["info C905 /fields/0"]),
        (r#"{"feilds":1,"fields":[{"name":"a"}]}"#, &["info C905 -"]),
        (r#"{"fields":[{"name":"a"}],"fieldsMatch":"same"}"#, &["error C906 /fieldsMatch"]),
        (r#"{"fields":[{"name":"a"}],"fieldsMatch":["exact","equal"]}"#, &["error C903 /fieldsMatch"]),
        (r#"{"fields":[{"name":"a"}],"missingValues":"x"}"#, &["error C903 /missingValues"]),
        (r#"{"fields":[{"name":"a"}],"missingValues":[1]}"#, &["error C903 /missingValues/0"]),
        (r#"{"fields":[{"name":"a"}],"missingValues":[{"label":"x"}]}"#, &["error C904 /missingValues/0"]),
        (r#"{"fields":[{"name":"a"}],"primaryKey":"b"}"#, &["error C907 /primaryKey"]),
        (r#"{"fields":[{"name":"a"}],"primaryKey":["a","a"]}"#, &["error C910 /primaryKey/1"]),
        (r#"{"fields":[{"name":"a"}],"primaryKey":[]}"#, &["error C904/empty /primaryKey"]),
        (r#"{"fields":[{"name":"a"}],"primaryKey":[1]}"#, &["error C903 /primaryKey/0"]),
        (r#"{"fields":[{"name":"a"}],"primaryKey":1}"#, &["error C903 /primaryKey"]),
        (r#"{"fields":[{"name":"a"}],"uniqueKeys":[["a","b"]]}"#, &["error C907 /uniqueKeys/0/1"]),
        (r#"{"fields":[{"name":"a"}],"uniqueKeys":["a"]}"#, &["error C903 /uniqueKeys/0"]),
        (r#"{"fields":[{"name":"a"}],"foreignKeys":[{"fields":"a"}]}"#, &["error C904 /foreignKeys/0"]),
        (r#"{"fields":[{"name":"a"}],"foreignKeys":[{"reference":{"fields":"a"}}]}"#, &["error C904 /foreignKeys/0"]),
        (
            r#"{"fields":[{"name":"a"}],"foreignKeys":[{"fields":"a","reference":{"fields":"b"}}]}"#,
            &["error C907 /foreignKeys/0/reference/fields"],
        ),
        (
            r#"{"fields":[{"name":"a"}],"foreignKeys":[{"fields":["a"],"reference":{"resource":"x","fields":["b","c"]}}]}"#,
            &["error C911 /foreignKeys/0"],
        ),
        (
            r#"{"fields":[{"name":"a"}],"foreignKeys":[{"fields":"a","reference":{"resource":"x","fields":["b"]}}]}"#,
            &["warning C903/either /foreignKeys/0/reference/fields"],
        ),
        (
            r#"{"fields":[{"name":"a"}],"foreignKeys":{"fields":"a","reference":{"resource":"x","fields":"b"}}}"#,
            &["warning C903/either /foreignKeys"],
        ),
        (r#"{"fields":[{"name":"a"}],"concord":{"x":1}}"#, &["error C905/own /concord"]),
    ] {
        assert_eq!(short(&parse(text.as_bytes(), "").findings), found, "{text}");
    }
}

/// Each case is the members of one field; places start at the field.
#[test]
fn fields_that_cannot_be_used_are_said_with_their_place() {
    for (members, found) in [
        (r#""type":"magical_unicorn""#, &["error C906 /type"][..]),
        (r#""type":1"#, &["error C903 /type"]),
        (r#""type":"string","format":"emial""#, &["error C906 /format"]),
        (r#""type":"string","format":"url""#, &["warning C906/alias /format"]),
        (r#""type":"integer","format":"hex""#, &["error C906 /format"]),
        (r#""type":"geopoint","format":"lonlat""#, &["error C906 /format"]),
        (r#""type":"date","format":"YYYY-MM-DD""#, &["error C906/date-format /format"]),
        (r#""type":"date","format":"%Q""#, &["error C906/date-format /format"]),
        (r#""type":"date","format":"%Y%""#, &["error C906/date-format /format"]),
        (r#""type":"date","format":"%A %Y""#, &["warning C906/date-code /format"]),
        (r#""type":"number","decimalChar":"ab""#, &["error C924 /decimalChar"]),
        (r#""type":"number","decimalChar":"1""#, &["error C924 /decimalChar"]),
        (r#""type":"number","groupChar":".""#, &["error C910 /groupChar"]),
        (r#""type":"string","decimalChar":",""#, &["info C905/no-effect "]),
        (r#""type":"boolean","trueValues":[]"#, &["error C904/empty /trueValues"]),
        (r#""type":"boolean","trueValues":["x"],"falseValues":["x"]"#, &["error C910 /falseValues/0"]),
        (r#""type":"list","itemType":"geopoint""#, &["error C906 /itemType"]),
        (r#""type":"integer","required":true"#, &["error C908/outside "]),
        (r#""example":1"#, &["warning C903/either /example"]),
        (r#""constraints":[]"#, &["error C903 /constraints"]),
        (r#""constraints":{"requred":true}"#, &["info C905 /constraints"]),
        (r#""constraints":{"required":"true"}"#, &["error C903 /constraints/required"]),
        (r#""type":"string","constraints":{"minimum":1}"#, &["error C908 /constraints"]),
        (r#""type":"integer","constraints":{"minLength":1}"#, &["error C908 /constraints"]),
        (r#""type":"integer","constraints":{"pattern":"1"}"#, &["error C908 /constraints"]),
        (r#""type":"string","constraints":{"jsonSchema":{}}"#, &["error C908 /constraints"]),
        (r#""type":"integer","constraints":{"minimum":"x"}"#, &["error C908/value /constraints/minimum"]),
        (r#""type":"integer","constraints":{"minimum":1.5}"#, &["error C908/value /constraints/minimum"]),
        (r#""type":"date","constraints":{"minimum":"2023-02-29"}"#, &["error C908/value /constraints/minimum"]),
        (r#""type":"time","constraints":{"minimum":"8:00"}"#, &["error C908/value /constraints/minimum"]),
        (r#""type":"duration","constraints":{"minimum":"1 year"}"#, &["error C908/value /constraints/minimum"]),
        (r#""type":"date","constraints":{"minimum":20240101}"#, &["error C908/value /constraints/minimum"]),
        (r#""type":"integer","constraints":{"minimum":true}"#, &["error C903 /constraints/minimum"]),
        (r#""type":"integer","constraints":{"minimum":10,"maximum":9}"#, &["error C908/order /constraints"]),
        (r#""type":"integer","constraints":{"minimum":123456789012345678901234}"#, &["warning C908/inexact /constraints/minimum"]),
        (r#""type":"string","constraints":{"minLength":3,"maxLength":2}"#, &["error C908/order /constraints"]),
        (r#""type":"string","constraints":{"minLength":-1}"#, &["error C903 /constraints/minLength"]),
        (r#""type":"string","constraints":{"pattern":"(?=x)"}"#, &["error C909 /constraints/pattern"]),
        (r#""type":"string","constraints":{"pattern":"(a"}"#, &["error C909 /constraints/pattern"]),
        (r#""type":"string","constraints":{"pattern":"a)(b"}"#, &["error C909 /constraints/pattern"]),
        (r#""type":"string","constraints":{"pattern":"(\\w{900}){900}"}"#, &["error C909 /constraints/pattern"]),
        (r#""type":"integer","constraints":{"enum":[1,"1"]}"#, &["error C910 /constraints/enum/1"]),
        (r#""type":"integer","constraints":{"enum":["x"]}"#, &["error C908/value /constraints/enum/0"]),
        (r#""type":"string","constraints":{"enum":[]}"#, &["error C904/empty /constraints/enum"]),
        (r#""type":"string","constraints":{"enum":[null]}"#, &["error C903 /constraints/enum/0"]),
        (r#""type":"boolean","categories":["a"]"#, &["error C908 "]),
        (r#""type":"string","categories":["a","a"]"#, &["error C910 /categories/1"]),
        (r#""type":"string","categories":[{"label":"a"}]"#, &["error C904 /categories/0"]),
        (r#""type":"integer","categories":["x"]"#, &["error C908/value /categories/0"]),
        (r#""type":"string","categoriesOrdered":true"#, &["error C908/lone "]),
        (r#""concord":{"code":"x"}"#, &["error C905/own /concord"]),
        (r#""concord":{"open":true}"#, &["error C908/lone /concord"]),
        (r#""concord":{"presence":"maybe"}"#, &["error C906 /concord/presence"]),
        (r#""concord":{"aliases":"x"}"#, &["error C903 /concord/aliases"]),
    ] {
        let parsed = parse(format!(r#"{{"fields":[{{"name":"a",{members}}}]}}"#).as_bytes(), "");
        let lines: Vec<String> = short(&parsed.findings).iter().map(|l| l.replace("/fields/0", "")).collect();
        assert_eq!(lines, found, "{members}");
        assert!(parsed.schema.is_some(), "{members}: the field itself stays");
    }
}

#[test]
fn near_names_are_offered_and_the_file_is_named() {
    let found = parse(br#"{"fields":[{"name":"a","constraints":{"requred":true}}]}"#, "a.table.json").findings;
    assert_eq!((found[0].get("near"), found[0].get("file")), (Some("required"), Some("a.table.json")));
}

#[test]
fn too_many_fields_are_not_read() {
    let fields = vec![r#"{"name":"a"}"#; concord_core::schema::parse::MAX_FIELDS + 1].join(",");
    let parsed = parse(format!(r#"{{"fields":[{fields}]}}"#).as_bytes(), "");
    assert!(parsed.findings.iter().any(|f| f.code.text() == "C914"));
    assert_eq!(parsed.schema.unwrap().fields.len(), concord_core::schema::parse::MAX_FIELDS);
    assert!(!parse("[".repeat(1_000_000).as_bytes(), "").findings.is_empty());
}

const WHOLE: &str = r#"{"$schema":"https://datapackage.org/profiles/2.0/tableschema.json","missingValues":["",{"value":"-","label":"x"}],
 "primaryKey":["a"],"uniqueKeys":[["a","b"]],"foreignKeys":[{"fields":["b"],"reference":{"resource":"r","fields":["c"]}}],
 "fields":[{"name":"a","type":"number","decimalChar":",","constraints":{"minimum":1.5,"enum":[1.5,2],"required":true}},
 {"name":"b","type":"string","constraints":{"pattern":"[a-z]+","minLength":2},"categories":[{"value":"aa","label":"A"}]},
 {"name":"c","type":"date","format":"%d/%m/%Y","concord":{"codes":"x","aliases":["C"]}},{"name":"d","type":"boolean","trueValues":["j"]}],
 "resources":[{"name":"r","path":["a.csv","b.csv"],"dialect":{"delimiter":";","headerRows":[1,2]},"licenses":[{"name":"x"}]}]}"#;

proptest! {
    #[test]
    fn arbitrary_bytes_never_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        parse(&bytes, "x");
        check_file("x.json", &bytes);
    }

    /// Cuts, doublings and replacements of whole tokens reach deeper than arbitrary bytes do.
    #[test]
    fn mutated_schemas_never_break_the_reader(edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..14), 1..6)) {
        let mut text = WHOLE.to_owned();
        for (at, edit) in edits {
            let starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            if starts.is_empty() { break; }
            let at = starts[at.index(starts.len())];
            let token = text[at..].find([',', ':', '}', ']']).map_or(text.len(), |i| at + i);
            let piece = ["", "null", "[]", "{}", "-1", "1e400", "\"\"", "\"%\"", "true", "[1]", "\u{feff}", "99999999999999999999", "\"é\""];
            match edit {
                13 => { let copy = text[at..token].to_owned(); text.insert_str(at, &copy); }
                n => text.replace_range(at..token, piece[n]),
            }
        }
        let parsed = parse(text.as_bytes(), "x");
        if let Some(schema) = parsed.schema {
            // Indexes of keys stay inside the fields.
            let all = schema.primary_key.iter().chain(schema.unique_keys.iter().flatten()).chain(schema.foreign_keys.iter().flat_map(|k| &k.fields));
            for index in all {
                prop_assert!(*index < schema.fields.len());
            }
        }
        check_file("datapackage.json", text.as_bytes());
        concord_core::package::descriptor::data_package(text.as_bytes(), "");
    }
}
