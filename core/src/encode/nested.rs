//! Rows as nested documents ([`crate::schema::nested`]): rows that stand one behind the other and agree in the key are one document, which is
//! written when the next begins.
//!
//! Of a value that all rows of a document share, the first that is filled counts; another is told. A document whose rows do not stand together
//! would be written twice, which is told as well: keys are remembered by their hash alone.

use std::collections::HashSet;
use std::sync::Arc;

use crate::check::keys::KeyHash;
use crate::read::document::DocumentKind;
use crate::schema::nested::{Below, Nested, NestedForm, Part};
use crate::schema::{FieldType, TableSchema};

use super::{RowWriter, Trouble, json, xml};

/// Most rows of one document.
const MOST_ROWS: usize = 100_000;

/// How several documents stand in one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Several {
    /// Items of a JSON array.
    Array,
    /// One a line.
    Lines,
    /// One behind the other, each with the first line of XML; a shell puts each into a file of its own.
    Files,
    /// Only one is possible.
    One,
}

/// Gathers rows and writes documents.
pub(super) struct NestedWriter {
    shape: Arc<Nested>,
    several: Several,
    missing: Vec<Vec<String>>,
    /// By field: its type, where JSON has one for it.
    bare: Vec<Option<FieldType>>,
    names: Vec<String>,
    open: Option<Gathered>,
    closed: HashSet<KeyHash>,
    rows: u64,
    documents: u64,
    troubles: Vec<Trouble>,
    judge: Option<Arc<dyn DocumentKind>>,
    /// Codes of the checks that it runs.
    checks: Vec<String>,
}

/// The rows of one document.
struct Gathered {
    key: KeyHash,
    rows: usize,
    /// By field; those below a `*` are empty.
    values: Vec<String>,
    /// By `*`: the cells of each row that says something new.
    each: Vec<Vec<Vec<String>>>,
    met: Vec<HashSet<Vec<String>>>,
}

impl NestedWriter {
    pub(super) fn new(shape: &Arc<Nested>, schema: &TableSchema, several: Several) -> NestedWriter {
        let bare = |kind: &FieldType| matches!(kind, FieldType::Integer(_) | FieldType::Number(_) | FieldType::Boolean { .. });
        NestedWriter {
            shape: Arc::clone(shape),
            several,
            missing: (0..schema.fields.len()).map(|f| schema.missing_texts(f)).collect(),
            bare: schema.fields.iter().map(|f| bare(&f.kind).then(|| f.kind.clone())).collect(),
            names: schema.fields.iter().map(|f| f.name.clone()).collect(),
            open: None,
            closed: HashSet::new(),
            rows: 0,
            documents: 0,
            troubles: Vec::new(),
            judge: None,
            checks: Vec::new(),
        }
    }

    /// Checks a document that was just written.
    fn look_at(&mut self, document: &[u8], name: String) {
        let Some(kind) = &self.judge else { return };
        let mut check = kind.open();
        let mut found = Vec::new();
        check.push(document, &mut found);
        check.finish(&mut found);
        if self.checks.is_empty() {
            self.checks = check.facts().run;
        }
        for finding in found {
            self.troubles.push(Trouble::Unfit { document: name.clone(), finding: Box::new(finding) });
        }
    }

    fn cell<'c>(&self, field: usize, cells: &[&'c str]) -> &'c str {
        let cell = cells.get(field).copied().unwrap_or_default();
        if self.missing[field].iter().any(|m| m == cell) { "" } else { cell }
    }

    /// Writes the document that is open.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let Some(document) = self.open.take() else { return };
        self.closed.insert(document.key);
        if self.documents == 1 && self.several == Several::One {
            self.troubles.push(Trouble::Full(
                "the data become several documents, and a file of XML holds one; name a folder or a zip with --as xml".to_owned(),
            ));
        }
        match self.several {
            Several::Array if self.documents > 0 => out.extend_from_slice(b",\n"),
            Several::Array => out.push(b'\n'),
            _ => {}
        }
        self.documents += 1;
        let shape = Arc::clone(&self.shape);
        let begin = out.len();
        let look = Look { shape: &shape, document: &document, row: None };
        let mut write = Write { look, bare: &self.bare, troubles: &mut self.troubles };
        match &shape.form {
            NestedForm::Xml { root, namespace } => {
                out.extend_from_slice(super::XML_BEGINS);
                out.push(b'<');
                out.extend_from_slice(root.as_bytes());
                if !namespace.is_empty() {
                    out.extend_from_slice(b" xmlns=\"");
                    xml::write_text(namespace, out);
                    out.push(b'"');
                }
                out.extend_from_slice(b">\n");
                write.elements(&shape.parts, 1, out);
                out.extend_from_slice(b"</");
                out.extend_from_slice(root.as_bytes());
                out.extend_from_slice(b">\n");
                let name: Vec<&str> = shape.key.iter().filter_map(|&f| document.values.get(f)).map(String::as_str).collect();
                self.look_at(out.get(begin..).unwrap_or_default(), name.join(", "));
            }
            NestedForm::Json => {
                write.object(&shape.parts, out);
                if self.several == Several::Lines {
                    out.push(b'\n');
                }
            }
        }
    }
}

/// The row of a `*`: its number and its cells.
type Row<'d> = Option<(usize, &'d [String])>;

/// A document as it is seen below the row of a `*`, or as a whole.
#[derive(Clone, Copy)]
struct Look<'d> {
    shape: &'d Nested,
    document: &'d Gathered,
    row: Row<'d>,
}

impl<'d> Look<'d> {
    fn value(&self, field: usize) -> &'d str {
        match (self.row, self.shape.each_of[field]) {
            (Some((each, cells)), Some(of)) if each == of => {
                self.shape.each[of].iter().position(|f| *f == field).and_then(|at| cells.get(at)).map_or("", String::as_str)
            }
            _ => self.document.values.get(field).map_or("", String::as_str),
        }
    }

    /// Whether there is anything in a part, and all that it needs.
    fn is_written(&self, part: &Part) -> bool {
        part.anchors.iter().all(|&f| !self.value(f).is_empty())
            && match &part.below {
                Below::Value(field) => !self.value(*field).is_empty(),
                Below::Parts(parts) => parts.iter().any(|p| !self.instances(p).is_empty()),
            }
    }

    /// The rows for which a part is written.
    fn instances(&self, part: &Part) -> Vec<Row<'d>> {
        let rows: Vec<Row<'d>> = match part.each {
            Some(each) => self.document.each[each].iter().map(|cells| Some((each, cells.as_slice()))).collect(),
            None => vec![self.row],
        };
        rows.into_iter().filter(|row| Look { row: *row, ..*self }.is_written(part)).collect()
    }
}

/// One document on its way out.
struct Write<'d> {
    look: Look<'d>,
    bare: &'d [Option<FieldType>],
    troubles: &'d mut Vec<Trouble>,
}

impl Write<'_> {
    fn elements(&mut self, parts: &[Part], depth: usize, out: &mut Vec<u8>) {
        for part in parts {
            for row in self.look.instances(part) {
                let before = std::mem::replace(&mut self.look.row, row);
                let indent = |out: &mut Vec<u8>| out.extend(std::iter::repeat_n(b' ', 2 * depth));
                indent(out);
                out.push(b'<');
                out.extend_from_slice(part.name.as_bytes());
                out.push(b'>');
                match &part.below {
                    Below::Value(field) => {
                        if xml::write_text(self.look.value(*field), out) {
                            self.troubles.push(Trouble::Replaced { field: *field });
                        }
                    }
                    Below::Parts(parts) => {
                        out.push(b'\n');
                        self.elements(parts, depth + 1, out);
                        indent(out);
                    }
                }
                out.extend_from_slice(b"</");
                out.extend_from_slice(part.name.as_bytes());
                out.extend_from_slice(b">\n");
                self.look.row = before;
            }
        }
    }

    fn object(&mut self, parts: &[Part], out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        for group in parts.chunk_by(|a, b| a.name == b.name) {
            let mut open = false;
            for part in group {
                for row in self.look.instances(part) {
                    if !open {
                        if !std::mem::replace(&mut first, false) {
                            out.push(b',');
                        }
                        json::write_string(&part.name, out);
                        out.push(b':');
                        if part.array {
                            out.push(b'[');
                        }
                        open = true;
                    } else {
                        out.push(b',');
                    }
                    let before = std::mem::replace(&mut self.look.row, row);
                    match &part.below {
                        Below::Value(field) => match &self.bare[*field] {
                            Some(kind) => json::write_typed(self.look.value(*field), kind, out),
                            None => json::write_string(self.look.value(*field), out),
                        },
                        Below::Parts(parts) => self.object(parts, out),
                    }
                    self.look.row = before;
                }
            }
            if open && group.first().is_some_and(|part| part.array) {
                out.push(b']');
            }
        }
        out.push(b'}');
    }
}

impl RowWriter for NestedWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.several == Several::Array {
            out.push(b'[');
        }
    }

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        let shape = Arc::clone(&self.shape);
        self.rows += 1;
        let key = shape.key.iter().fold(KeyHash::default(), |hash, &f| hash.part(self.cell(f, cells).as_bytes()));
        if self.open.as_ref().is_none_or(|open| open.key != key) {
            self.flush(out);
            if self.closed.contains(&key) {
                self.troubles.push(Trouble::Apart { field: shape.key.first().copied().unwrap_or_default() });
            }
            let values = vec![String::new(); self.names.len()];
            let (each, met) = (vec![Vec::new(); shape.each.len()], vec![HashSet::new(); shape.each.len()]);
            self.open = Some(Gathered { key, rows: 0, values, each, met });
        }
        let Some(mut open) = self.open.take() else { return };
        open.rows += 1;
        if open.rows == MOST_ROWS + 1 {
            self.troubles.push(Trouble::Full(format!("more than {MOST_ROWS} rows belong to one document")));
        }
        if open.rows <= MOST_ROWS {
            for f in (0..self.names.len()).filter(|&f| shape.each_of[f].is_none()) {
                let cell = self.cell(f, cells);
                if open.values[f].is_empty() {
                    open.values[f].push_str(cell);
                } else if !cell.is_empty() && open.values[f] != cell {
                    self.troubles.push(Trouble::Differs { field: f, first: open.values[f].clone() });
                }
            }
            for (each, fields) in shape.each.iter().enumerate() {
                let row: Vec<String> = fields.iter().map(|&f| self.cell(f, cells).to_owned()).collect();
                if row.iter().any(|cell| !cell.is_empty()) && open.met[each].insert(row.clone()) {
                    open.each[each].push(row);
                }
            }
        }
        self.open = Some(open);
    }

    fn join(&mut self, part: &[u8], _rows: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(part);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.flush(out);
        if self.several == Several::Array {
            out.extend_from_slice(b"\n]\n");
        }
        if self.rows > 0 {
            self.troubles.push(Trouble::Gathered { rows: self.rows, documents: self.documents });
        }
    }

    fn gathers(&self) -> bool {
        true
    }

    fn judge_by(&mut self, kind: Arc<dyn DocumentKind>) {
        self.judge = Some(kind);
    }

    fn documents(&self) -> u64 {
        self.documents
    }

    fn checks_run(&self) -> &[String] {
        &self.checks
    }

    fn troubles(&mut self) -> Vec<Trouble> {
        std::mem::take(&mut self.troubles)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::encode::{Format, WriterConfig};
    use crate::schema::parse;

    fn schema(form: &str, key: &str, fields: &[(&str, &str)]) -> TableSchema {
        let field = |(name, more): &(&str, &str)| format!("{{\"name\": \"{name}\"{more}}}");
        let fields: Vec<String> = fields.iter().map(field).collect();
        let text = format!(
            "{{\"concord\": {{\"nested\": {{\"form\": {form}, \"key\": [\"{key}\"]}}}}, \"fields\": [{}], \"missingValues\": [\"\", \"-\"]}}",
            fields.join(",")
        );
        let parsed = parse::parse(text.as_bytes(), "t");
        assert!(parsed.findings.is_empty(), "{:?}", parsed.findings);
        parsed.schema.unwrap()
    }

    fn written(schema: &TableSchema, format: Format, several_files: bool, rows: &[&[&str]]) -> (String, Vec<Trouble>) {
        let config = WriterConfig { format, several_files, ..WriterConfig::default() };
        let all: Vec<usize> = (0..schema.fields.len()).collect();
        let mut writer = config.writer(schema, &all);
        assert!(writer.gathers());
        let (mut out, mut troubles) = (Vec::new(), Vec::new());
        writer.begin(&mut out);
        for row in rows {
            writer.row(row, &mut out);
            troubles.extend(writer.troubles());
        }
        writer.finish(&mut out);
        troubles.extend(writer.troubles());
        (String::from_utf8(out).unwrap(), troubles)
    }

    const ANCHOR: &str = ", \"concord\": {\"anchor\": true}";

    #[test]
    fn rows_of_one_key_are_one_document() {
        let schema = schema(
            "\"xml\", \"root\": \"a\", \"namespace\": \"urn:n\"",
            "id",
            &[("id", ""), ("p/q#1/n", ""), ("p/q#1/v", ANCHOR), ("p/r", ""), ("p/q#row*/n", ""), ("p/q#row*/v", ANCHOR), ("s", "")],
        );
        // Values without their anchor, a repeated row, a value that comes later, one that differs, and rows that come back.
        let rows: &[&[&str]] = &[
            &["1", "const", "", "", "unit", "E1", ""],
            &["1", "const", "-", "<r>", "unit", "E1", ""],
            &["1", "const", "", "other", "unit", "E2", "s"],
            &["2", "const", "v", "", "unit", "", ""],
            &["1", "const", "", "", "unit", "E3", ""],
        ];
        let (text, troubles) = written(&schema, Format::Xml, true, rows);
        let documents = crate::encode::documents(text.as_bytes());
        assert_eq!(documents.len(), 3);
        assert!(documents.iter().all(|d| crate::encode::begins_document(d)));
        assert_eq!(documents.concat(), text.as_bytes());
        assert_eq!(
            std::str::from_utf8(documents[0]).unwrap(),
            concat!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a xmlns=\"urn:n\">\n  <id>1</id>\n  <p>\n",
                "    <q>\n      <n>unit</n>\n      <v>E1</v>\n    </q>\n    <q>\n      <n>unit</n>\n      <v>E2</v>\n    </q>\n",
                "    <r>&lt;r&gt;</r>\n  </p>\n  <s>s</s>\n</a>\n"
            )
        );
        assert!(text.contains("<n>const</n>\n      <v>v</v>"), "{text}");
        assert_eq!(
            troubles,
            [
                Trouble::Differs { field: 3, first: "<r>".to_owned() },
                Trouble::Apart { field: 0 },
                Trouble::Gathered { rows: 5, documents: 3 }
            ]
        );
        let (_, troubles) = written(&schema, Format::Xml, false, rows);
        assert!(troubles.iter().any(|t| matches!(t, Trouble::Full(_))));
    }

    #[test]
    fn members_are_objects_arrays_and_values_of_their_types() {
        let fields = [
            ("id", ", \"type\": \"integer\""),
            ("o/r/$ref", ""),
            ("k[]", ""),
            ("u[]*/n", ANCHOR),
            ("u[]*/t[]", ""),
            ("u[]*/ok", ", \"type\": \"boolean\""),
        ];
        let schema = schema("\"json\"", "id", &fields);
        let rows: &[&[&str]] =
            &[&["1", "x\"y", "a", "E1", "t", "true"], &["1", "", "", "E2", "", "false"], &["2", "", "", "", "t", "true"]];
        let first = r#"{"id":1,"o":{"r":{"$ref":"x\"y"}},"k":["a"],"u":[{"n":"E1","t":["t"],"ok":true},{"n":"E2","ok":false}]}"#;
        assert_eq!(written(&schema, Format::Ndjson, false, rows).0, format!("{first}\n{{\"id\":2}}\n"));
        assert_eq!(written(&schema, Format::Json, false, rows).0, format!("[\n{first},\n{{\"id\":2}}\n]\n"));
        assert_eq!(written(&schema, Format::Json, false, &[]).0, "[\n]\n");
    }

    #[test]
    fn names_that_are_no_paths_are_refused() {
        use crate::schema::{Field, FieldType};
        let check = |form: NestedForm, names: &[&str]| {
            let fields: Vec<Field> = names.iter().map(|n| Field::new(n, FieldType::Any)).collect();
            Nested::new(form, vec![0], &fields).map(|_| ()).map_err(|(field, _)| field)
        };
        let xml = || NestedForm::Xml { root: "a".to_owned(), namespace: String::new() };
        for (names, wrong) in [
            (&["a", "a/b"][..], Some("a/b")),
            (&["a/b", "a"], Some("a")),
            (&["a", "b[]"], Some("b[]")),
            (&["a", "b//c"], Some("b//c")),
            (&["a", "b*/c*"], Some("b*/c*")),
            (&["a", "b*/c", "b/d"], Some("b/d")),
            (&["a", "b#"], Some("b#")),
            (&["a*"], Some("a*")),
            (&["a", "b#1/c", "b#2/c", "b*/c", "d"], None),
        ] {
            assert_eq!(check(xml(), names), wrong.map_or(Ok(()), |w| Err(w.to_owned())), "{names:?}");
        }
        assert_eq!(check(NestedForm::Json, &["a", "b#1/c"]), Err("b#1/c".to_owned()));
        assert_eq!(check(NestedForm::Json, &["a", "b[]#1/c", "b[]*/c"]), Ok(()));
    }
}
