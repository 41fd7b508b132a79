#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::read::form;

/// All rows and findings of a file handed over in pieces of a size.
pub(super) fn read(bytes: &[u8], step: usize) -> (Vec<Vec<String>>, Vec<String>, u64) {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let whole = bytes.len() <= SAMPLE;
    let mut reader = JsonReader::new(form::sniff(sample, whole), sample, whole, &ReadOptions::default());
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    for piece in bytes.chunks(step.max(1)) {
        reader.push(piece, &mut rows, &mut findings);
    }
    reader.finish(&mut rows, &mut findings);
    let texts = rows.iter().map(|r| r.cells().map(|(t, _)| t.to_owned()).collect()).collect();
    let found = findings.iter().map(|f| format!("{}/{} {}:{}:{}", f.code.text(), f.kind, f.place.row, f.place.line, f.place.byte_column));
    (texts, found.collect(), reader.unread())
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
