#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::read::form;

/// Rows, findings, and how many bytes were not read.
type Told = (Vec<Vec<String>>, Vec<String>, u64);

/// All rows and findings of a file handed over in pieces of a size.
pub(super) fn read(bytes: &[u8], step: usize) -> Told {
    read_by(bytes, step, false).0
}

/// The same; `slowly` no record is taken as an ordinary one. Also the origins of all rows, and the late names.
fn read_by(bytes: &[u8], step: usize, slowly: bool) -> (Told, Vec<Origin>, Vec<String>) {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let whole = bytes.len() <= SAMPLE;
    let mut reader = JsonReader::new(form::sniff(sample, whole), sample, whole, &ReadOptions::default());
    reader.quick.off = slowly;
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    for piece in bytes.chunks(step.max(1)) {
        reader.push(piece, &mut rows, &mut findings);
    }
    reader.finish(&mut rows, &mut findings);
    let texts = rows.iter().map(|r| r.cells().map(|(t, _)| t.to_owned()).collect()).collect();
    let found = findings.iter().map(|f| format!("{}/{} {}:{}:{}", f.code.text(), f.kind, f.place.row, f.place.line, f.place.byte_column));
    ((texts, found.collect(), reader.unread()), rows.iter().map(|r| r.origin).collect(), reader.late().to_vec())
}

fn table(text: &str) -> String {
    let (rows, found, _) = read(text.as_bytes(), 7);
    let rows: Vec<String> = rows.iter().map(|r| r.join("|")).collect();
    format!("{}{}", rows.join("\n"), found.iter().map(|f| format!("\n{f}")).collect::<String>())
}

#[test]
fn every_layout_gives_the_same_rows() {
    let want = "id|name\n1|a\n2|b\"c";
    assert_eq!(table("{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\\\"c\"}\n"), want);
    assert_eq!(table("[{\"id\":1,\"name\":\"a\"},\n {\"id\":2, \"name\":\"b\\\"c\"} ]"), want);
    assert_eq!(table("{\"n\":2,\"rows\":[{\"id\":1,\"name\":\"a\"},{\"name\":\"b\\\"c\",\"id\":2}]}"), format!("{want}\nC222/ 0:0:0"));
    assert_eq!(table("[[\"id\",\"name\"],[1,\"a\"],[2,\"b\\\"c\"]]"), want);
    assert_eq!(table("{\n\"id\":1,\"name\":\"a\"}\n{\"id\":2,\n\"name\":\"b\\\"c\"}\n"), want);
}

#[test]
fn nested_values_become_columns_or_stay_json() {
    let text = "{\"a\":{\"b\":1,\"c\":{\"d\": [1, 2]}},\"l\":[ 1,{\"x\" : \"y z\"}],\"n\":null,\"e\":{}}\n{\"a\":null,\"t\":true}";
    assert_eq!(table(text), "a.b|a.c|l|n|e|t\n1|{\"d\":[1,2]}|[1,{\"x\":\"y z\"}]||{}|\n|||||true");
}

#[test]
fn features_have_their_properties_and_their_point() {
    let text = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"id\":7,\"properties\":{\"name\":\"x\"},\
        \"geometry\":{\"type\":\"Point\",\"coordinates\":[-71.10, 42.5]}}]}";
    let rows = table(text);
    assert!(
        rows.starts_with("id|name|geometry|longitude|latitude\n7|x|{\"type\":\"Point\",\"coordinates\":[-71.10,42.5]}|-71.10|42.5"),
        "{rows}"
    );
}

#[test]
fn what_is_at_fault_is_told_and_the_rest_is_read() {
    assert_eq!(table("{\"id\":1}\n{\"id\":2,}\n{\"id\":3}\n"), "id\n1\n3\nC105/ 2:2:9");
    assert_eq!(table("[{\"id\":1},\n{\"id\":02},\n{\"id\":3}]"), "id\n1\n3\nC105/ 2:2:7");
    assert_eq!(table("[{\"id\":1}\n{\"id\":2},]"), "id\n1\n2\nC105/between 1:2:1\nC105/between 2:2:10");
    assert_eq!(table("[{\"id\":1},{\"id\":[2},{\"id\":3}]"), "id\n1\nC105/stopped 2:1:19");
    assert_eq!(table("[{\"id\":1},{\"id\":2"), "id\n1\nC105/cut 2:1:11");
    assert_eq!(table("[{\"id\":1,\"id\":2},5]"), "id\n2\nC219/ 1:1:2\nC221/ 2:1:18");
}

#[test]
fn numbers_stay_exact() {
    for (text, plain) in [
        ("1e3", "1000"),
        ("-1.50E+1", "-15.0"),
        ("1.5e-3", "0.0015"),
        ("0.012e2", "1.2"),
        ("12.5e2", "1250"),
        ("0e5", "0"),
        ("1E400", &format!("1{}", "0".repeat(400))),
    ] {
        assert_eq!(parse::plain_number(text).as_deref(), Some(plain), "{text}");
    }
    assert_eq!(parse::plain_number("1e401"), None);
    assert_eq!(parse::plain_number("1.50"), None);
}

/// The first records decide about the header, so that what stands behind them may be taken as ordinary.
fn behind_the_header(list: bool, records: &[String]) -> String {
    let head = (0..HEADER_RECORDS).map(|i| format!("{{\"a\":{i},\"b\":\"x\",\"c\":{{\"a\":1,\"b\":null}}}}"));
    let all: Vec<String> = head.chain(records.iter().cloned()).collect();
    if list { format!("[{}]", all.join(",\n")) } else { all.join("\n") + "\n" }
}

mod ordinary {
    use proptest::prelude::*;

    use super::{behind_the_header, read_by};

    /// A member as it may be written, well or badly.
    fn member() -> impl Strategy<Value = String> {
        let name = prop::sample::select(&["a", "b", "c", "c.a", "z", "\\u0061", "", "é"][..]);
        let value = prop_oneof![
            6 => prop::sample::select(&["1", "-2.50", "null", "true", "false", "\"\"", "\"x y\"", "\"é\\n\"", "\"\\u00e9\\ud83d\\ude00\"", "{}", "[]"][..]),
            2 => prop::sample::select(&["1e3", "01", "1.", "-", "nul", "\"\\ud800\"", "\"\t\"", "\"\\x\"", "[1, [2]]", "{\"a\": 7}", "{\"a\":{ \"q\":1}}", "{\"z\":1,}", "[}"][..]),
        ];
        let colon = prop::sample::select(&[":", ": ", " :\t"][..]);
        (name, colon, value).prop_map(|(name, colon, value)| format!("\"{name}\"{colon}{value}"))
    }

    fn record() -> impl Strategy<Value = String> {
        let comma = prop::sample::select(&[",", ", ", ",", " ,", ",\n "][..]);
        let end = prop::sample::select(&["}", "}", "}", " }", "} ", "}}", "}x", ""][..]);
        (prop::collection::vec(member(), 0..5), comma, end).prop_map(|(members, comma, end)| format!("{{{}{end}", members.join(comma)))
    }

    proptest! {
        #[test]
        fn ordinary_records_are_read_as_all_others(
            records in prop::collection::vec(record(), 0..12),
            list: bool,
            windows: bool,
            step in prop::sample::select(&[1usize, 7, 1000, 1 << 20][..]),
        ) {
            let mut bytes = behind_the_header(list, &records).into_bytes();
            if windows && let Some(at) = bytes.windows(2).rposition(|w| w == "é".as_bytes()) {
                bytes.remove(at);
            }
            prop_assert_eq!(read_by(&bytes, step, false), read_by(&bytes, 1 << 16, true), "{}", String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(400)..]));
        }
    }
}

mod generated {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::read;

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\/\\n\\té😀,\\[\\]{}:]{0,8}".prop_map(Value::from),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        scalar().prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c~/]{1,3}", inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    fn record() -> impl Strategy<Value = Value> {
        proptest::collection::btree_map("[a-c~/\"\\n]{1,3}", value(), 0..5).prop_map(|m| Value::Object(m.into_iter().collect()))
    }

    /// What a record means, by the other library.
    fn cells(record: &Value) -> Map<String, Value> {
        let mut out = Map::new();
        for (name, value) in record.as_object().unwrap() {
            match value {
                Value::Object(inner) if !inner.is_empty() => {
                    for (second, value) in inner {
                        out.insert(format!("{name}.{second}"), value.clone());
                    }
                }
                _ => {
                    out.insert(name.clone(), value.clone());
                }
            }
        }
        out
    }

    fn same(cell: &str, value: &Value) -> bool {
        match value {
            Value::Null => cell.is_empty(),
            Value::String(text) => cell == text,
            Value::Array(_) | Value::Object(_) => serde_json::from_str::<Value>(cell).is_ok_and(|v| v == *value),
            _ => {
                let text = value.to_string();
                cell == text
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn reads_what_the_other_library_reads(records in proptest::collection::vec(record(), 1..6), layout in 0..4, step in 1usize..20) {
            // One record in a line by itself may as well be an object around a list.
            prop_assume!(layout != 0 || records.len() > 1);
            let text = match layout {
                0 => records.iter().map(|r| format!("{r}\n")).collect(),
                1 => Value::from(records.clone()).to_string(),
                2 => format!("{:#}", Value::from(records.clone())),
                _ => serde_json::json!({"meta": {"list": [1]}, "data": {"records": records}}).to_string(),
            };
            let (rows, found, unread) = read(text.as_bytes(), step);
            prop_assert_eq!(&read(text.as_bytes(), usize::MAX), &(rows.clone(), found.clone(), unread), "{}", text);
            prop_assert_eq!(unread, 0);
            let header = rows.first().cloned().unwrap_or_default();
            let empty = records.iter().all(|r| r.as_object().unwrap().is_empty());
            prop_assert!(empty || rows.len() == records.len() + 1, "{} {:?} {:?}", text, rows, found);
            for (row, record) in rows.iter().skip(1).zip(&records) {
                let cells = cells(record);
                for (name, value) in &cells {
                    match header.iter().position(|h| h == name) {
                        Some(c) => prop_assert!(same(&row[c], value), "{} {:?}", text, row),
                        None => prop_assert!(value.is_null(), "{} lacks {}", text, name),
                    }
                }
                for (c, name) in header.iter().enumerate() {
                    prop_assert!(cells.contains_key(name) || row[c].is_empty(), "{} {:?}", text, row);
                }
            }
        }

        #[test]
        fn however_it_is_cut_the_rows_are_the_same(text in "(\\{\"a\": ?(1|\"x\"|\\[1\\]|\\{\"b\":2\\})[,}\\]]?\\}?[\n, ]?){1,5}|[\\[{\"a:,1\\]} \n\\\\e.-]{0,40}", step in 1usize..9) {
            let text = text.as_bytes();
            prop_assert_eq!(read(text, step), read(text, usize::MAX));
        }
    }
}

#[test]
fn a_table_of_a_portal_has_its_names_before_its_rows() {
    let columns = |more: &str| {
        format!(
            r#"{{"meta": {{ "view": {{"id": "x", "columns": [{{"name": "sid", "dataTypeName": "meta_data"}}, {{"name": "id", "position": 1{more}}}, {{"fieldName": "town"}}]}}}},
            "data": [["r1", "01234", "Lee"], ["r2", null, {{"a":1}}, "beyond"]]}}"#
        )
    };
    let expected = "id|town\n01234|Lee\n|{\"a\":1}|beyond";
    assert_eq!(table(&columns("")), expected);
    // However much stands among the names, and however the bytes arrive.
    let much = columns(&format!(r#", "cachedContents": {{"top": [{}]}}"#, vec![r#"{"item": "word", "count": 1}"#; 9000].join(",")));
    for step in [1000, 65_536, 100_001, usize::MAX] {
        let (rows, found, unread) = read(much.as_bytes(), step);
        assert_eq!((rows.iter().map(|r| r.join("|")).collect::<Vec<_>>().join("\n"), found.len(), unread), (expected.to_owned(), 0, 0));
    }
    // What only begins like one is read as before.
    assert_eq!(table(r#"{"meta": {"view": {"a": 1}}, "rows": [{"id": 1}]}"#), "id\n1\nC222/ 0:0:0");
    assert_eq!(table(r#"{"meta": {"view": {"columns": []}}, "rows": [{"id": 1}]}"#), "id\n1\nC222/ 0:0:0");
}

#[test]
fn bytes_at_fault_leave_good_letters_alone() {
    // The file is UTF-8 by all its other letters: the odd byte is told where it is.
    let text = [b"[{\"n\":\"Caf\xc3\xa9 Zo\xc3\xab\"},\n {\"n\":\"Jos\xe9 Pe\xc3\xb1a\"}]".as_slice()].concat();
    let (rows, found, unread) = read(&text, 5);
    assert_eq!((rows[1][0].as_str(), rows[2][0].as_str(), unread), ("Caf\u{e9} Zo\u{eb}", "Jos\u{e9} Pe\u{f1}a", 0));
    assert_eq!(found, ["C101/ 2:2:11"]);
    // Without them it is Windows-1252, and that is told once.
    let (rows, found, _) = read(b"[{\"n\":\"Jos\xe9 Pe\xf1a\"}, {\"n\":\"Zo\xeb\"}]", 5);
    assert_eq!((rows[1][0].as_str(), rows[2][0].as_str()), ("Jos\u{e9} Pe\u{f1}a", "Zo\u{eb}"));
    assert_eq!(found, ["C101/file 0:0:0"]);
}
