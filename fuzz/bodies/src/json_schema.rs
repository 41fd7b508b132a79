//! JSON Schema: any schema compiles or is refused with a reason, a compiled one answers for any value, and documents of a nested resource give
//! the same findings however their bytes are cut.

use std::sync::Arc;

use concord_core::bounds::SAMPLE;
use concord_core::jschema::documents::{Documents, Draft};
use concord_core::jschema::reader::NestedReader;
use concord_core::jschema::tape::Tape;
use concord_core::jschema::{Schema, Space, plan};
use concord_core::read::{ReadOptions, form};
use serde_json::Value;

use crate::input::Input;
use crate::read_json::read_in_pieces;

/// The schema and the value are divided by the first zero byte.
pub fn schema_compile(data: &[u8]) {
    let mut parts = data.splitn(2, |b| *b == 0);
    let (schema, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(schema) = serde_json::from_slice::<Value>(schema) else { return };
    for draft in [Draft::D4, Draft::D7, Draft::D2020] {
        let mut documents = Documents::new();
        documents.add("schema.json", schema.clone(), draft);
        let Some(schema) = Schema::new(documents, 0, "", true) else { continue };
        let lists = schema.lists();
        for list in lists.iter().take(3).map(|l| Some(l.as_slice())).chain([None]) {
            let Ok(compiled) = schema.compile(list) else { continue };
            let (mut tape, mut space) = (Tape::default(), Space::default());
            if tape.read(value, 0, true).is_ok() {
                let first = compiled.check(value, &tape, &mut space);
                assert_eq!(first, compiled.check(value, &tape, &mut space), "an answer depends on what was checked before");
            }
        }
    }
}

const FEED: &str = r##"{"$id": "https://example.org/feed", "type": "object", "required": ["version", "rows"], "properties": {
    "version": {"const": "1"}, "rows": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"$ref": "#/definitions/row"}}},
    "definitions": {"row": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "maxLength": 4},
    "n": {"type": "integer", "minimum": 0}, "parts": {"type": "array", "items": {"$ref": "#/definitions/row"}}}}}}"##;

/// Two bytes choose the cuts and how the records are found; the rest is the file.
pub fn read_nested(data: &[u8]) {
    let mut input = Input::new(data);
    let (cut, how) = (usize::from(input.byte()), input.byte());
    let file = input.rest();
    let sample = &file[..file.len().min(SAMPLE)];
    let whole = file.len() <= SAMPLE;
    let kind = form::sniff(sample, whole);
    let nested = Arc::new(plan::of_schema("feed", vec![("feed.json".to_owned(), FEED.as_bytes().to_vec())], "feed.json", ""));
    let records = [None, Some("/rows".to_owned()), Some("".to_owned()), Some("/other".to_owned())][usize::from(how & 3)].clone();
    let options = ReadOptions { records, ..ReadOptions::default() };
    read_in_pieces(file, [1 + cut, 1 + cut * 31], || NestedReader::new(nested.clone(), kind, sample, whole, &options));
}
