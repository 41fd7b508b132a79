//! XML 1.0: a root element named as the table, an element a record, and in it an element for each filled cell, in the order of the
//! schema's fields whatever the order of the columns.
//!
//! Names that XML does not allow are made valid: every sign that may not stand in one becomes `_`, and two fields that would then be
//! called alike are told apart by a number. Characters that XML cannot hold at all become U+FFFD, and are said.

use std::collections::HashSet;

use crate::schema::TableSchema;

use super::{RowWriter, TableNames, Trouble, names};

/// Writes elements, one a row.
#[derive(Debug, Clone)]
pub struct XmlWriter {
    table: String,
    record: String,
    /// By schema order: field, element name, and texts that mean "no value".
    members: Vec<(usize, String, Vec<String>)>,
    troubles: Vec<Trouble>,
}

impl XmlWriter {
    /// `fields` are the indexes of the schema's fields that are written.
    pub fn new(names: TableNames<'_>, schema: &TableSchema, fields: &[usize]) -> XmlWriter {
        let mut order: Vec<usize> = fields.iter().copied().filter(|&f| f < schema.fields.len()).collect();
        order.sort_unstable();
        order.dedup();
        let mut taken = HashSet::with_capacity(order.len());
        let mut members = Vec::with_capacity(order.len());
        for f in order {
            let plain = element_name(&schema.fields[f].name, "field");
            members.push((f, names::distinct(&mut taken, &plain), schema.missing_texts(f)));
        }
        let (table, record) = schema.elements.as_ref().map_or((names.table, names.record), |own| (own.root.as_str(), own.record.as_str()));
        XmlWriter { table: element_name(table, "records"), record: element_name(record, "record"), members, troubles: Vec::new() }
    }
}

/// A valid name of an element (XML 1.0, production 5, without the colon that namespaces use); `empty` when there is nothing to make one of.
fn element_name(text: &str, empty: &str) -> String {
    let mut name: String = text.trim().chars().map(|c| if may_continue(c) { c } else { '_' }).collect();
    if name.is_empty() {
        return empty.to_owned();
    }
    // Names that begin with `xml` are kept for the standard itself.
    let reserved = name.get(..3).is_some_and(|s| s.eq_ignore_ascii_case("xml"));
    if reserved || !name.starts_with(may_start) {
        name.insert(0, '_');
    }
    name
}

fn may_start(c: char) -> bool {
    matches!(c,
        '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn may_continue(c: char) -> bool {
    may_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

/// Whether XML 1.0 can hold a character.
pub(super) fn may_stand(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Appends text between tags or in quotes. True when a character could not stand and was replaced.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) -> bool {
    let mut replaced = false;
    let mut start = 0;
    for (i, c) in text.char_indices() {
        let instead: &[u8] = match c {
            '&' => b"&amp;",
            '<' => b"&lt;",
            '>' => b"&gt;",
            '"' => b"&quot;",
            // A reader turns a bare carriage return into a line feed.
            '\r' => b"&#13;",
            c if may_stand(c) => continue,
            _ => {
                replaced = true;
                "\u{fffd}".as_bytes()
            }
        };
        out.extend_from_slice(&text.as_bytes()[start..i]);
        out.extend_from_slice(instead);
        start = i + c.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[start..]);
    replaced
}

impl RowWriter for XmlWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(super::XML_BEGINS);
        out.push(b'<');
        out.extend_from_slice(self.table.as_bytes());
        out.extend_from_slice(b">\n");
    }

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        out.push(b'<');
        out.extend_from_slice(self.record.as_bytes());
        out.push(b'>');
        for (field, name, missing) in &self.members {
            let cell = cells.get(*field).copied().unwrap_or_default();
            if cell.is_empty() || missing.iter().any(|m| m == cell) {
                continue;
            }
            out.push(b'<');
            out.extend_from_slice(name.as_bytes());
            out.push(b'>');
            if write_text(cell, out) {
                self.troubles.push(Trouble::Replaced { field: *field });
            }
            out.extend_from_slice(b"</");
            out.extend_from_slice(name.as_bytes());
            out.push(b'>');
        }
        out.extend_from_slice(b"</");
        out.extend_from_slice(self.record.as_bytes());
        out.extend_from_slice(b">\n");
    }

    fn join(&mut self, part: &[u8], _rows: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(part);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</");
        out.extend_from_slice(self.table.as_bytes());
        out.extend_from_slice(b">\n");
    }

    fn troubles(&mut self) -> Vec<Trouble> {
        std::mem::take(&mut self.troubles)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn elements_are_in_the_schemas_order_with_valid_names() {
        let schema = TableSchema::of_texts(&["1st date", "a:b", "a b", "xmlid", ""]);
        let mut writer = XmlWriter::new(TableNames { table: "permits", record: "food stand" }, &schema, &[4, 3, 2, 1, 0]);
        let mut out = Vec::new();
        writer.begin(&mut out);
        writer.row(&["x", "<&>", "\r\n", "", "\u{1}z"], &mut out);
        writer.finish(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<permits>\n",
                "<food_stand><_1st_date>x</_1st_date><a_b>&lt;&amp;&gt;</a_b><a_b_2>&#13;\n</a_b_2><field>\u{fffd}z</field></food_stand>\n",
                "</permits>\n"
            )
        );
        assert_eq!(writer.troubles(), [Trouble::Replaced { field: 4 }]);
        assert!(writer.troubles().is_empty());
    }

    #[test]
    fn names_are_made_valid() {
        for (text, expected) in [
            ("ok", "ok"),
            ("", "field"),
            ("  ", "field"),
            ("a/b", "a_b"),
            ("9", "_9"),
            ("-", "_-"),
            ("Größe", "Größe"),
            ("XMLfoo", "_XMLfoo"),
        ] {
            assert_eq!(element_name(text, "field"), expected);
        }
    }
}
