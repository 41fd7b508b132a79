//! CSV as RFC 4180 describes it, with quotes only where they are needed.

use crate::schema::TableSchema;

use super::{RowWriter, WriterConfig};
use crate::eight::{self, spread, zeros};

/// Writes delimited rows with a header.
#[derive(Debug, Clone)]
pub struct CsvWriter {
    header: Vec<String>,
    fields: Vec<usize>,
    delimiter: u8,
    end: &'static [u8],
    guard: bool,
}

impl CsvWriter {
    /// `fields` are the indexes of the schema's fields that are written.
    pub fn new(schema: &TableSchema, fields: &[usize], config: &WriterConfig) -> CsvWriter {
        let fields: Vec<usize> = fields.iter().copied().filter(|&f| f < schema.fields.len()).collect();
        CsvWriter { header: fields.iter().map(|&f| schema.fields[f].name.clone()).collect(), ..CsvWriter::of(fields, config) }
    }

    /// A writer with a header of its own, whose rows have the cells in the header's order.
    pub fn with_header(header: Vec<String>, config: &WriterConfig) -> CsvWriter {
        CsvWriter { fields: (0..header.len()).collect(), ..CsvWriter { header, ..CsvWriter::of(Vec::new(), config) } }
    }

    fn of(fields: Vec<usize>, config: &WriterConfig) -> CsvWriter {
        let end: &[u8] = if config.crlf { b"\r\n" } else { b"\n" };
        CsvWriter { header: Vec::new(), fields, delimiter: config.delimiter, end, guard: config.guard_formulas }
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
        let start = out.len();
        for (i, cell) in cells.enumerate() {
            if i > 0 {
                out.push(self.delimiter);
            }
            write_cell(cell, self.delimiter, self.guard, out);
        }
        if out.len() == start {
            // A line without a sign would be taken for no row at all.
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(self.end);
    }
}

impl RowWriter for CsvWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.line(self.header.iter().map(String::as_str), out);
    }

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        self.line(self.fields.iter().map(|&f| cells.get(f).copied().unwrap_or_default()), out);
    }

    fn join(&mut self, part: &[u8], _rows: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(part);
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}

/// Appends one cell, quoted when it holds the delimiter, a quote or a line end.
pub(crate) fn write_cell(cell: &str, delimiter: u8, guard: bool, out: &mut Vec<u8>) {
    let bytes = cell.as_bytes();
    let guarded = guard && matches!(bytes.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'));
    let delimiters = spread(delimiter);
    let special = |w: u64| zeros(w ^ delimiters) | zeros(w ^ spread(b'"')) | zeros(w ^ spread(b'\n')) | zeros(w ^ spread(b'\r'));
    if !eight::any(bytes, special, |b| b == delimiter || matches!(b, b'"' | b'\r' | b'\n')) {
        if guarded {
            out.push(b'\'');
        }
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    if guarded {
        out.push(b'\'');
    }
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'"');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn written(config: &WriterConfig, rows: &[Vec<&str>]) -> String {
        let schema = TableSchema::of_texts(&["a", "b,c"]);
        crate::encode::written(&mut CsvWriter::new(&schema, &[0, 1], config), rows)
    }

    #[test]
    fn quotes_only_where_needed() {
        let plain = WriterConfig::default();
        assert_eq!(written(&plain, &[vec!["x y", "say \"no\""], vec!["1\n2", ""]]), "a,\"b,c\"\nx y,\"say \"\"no\"\"\"\n\"1\n2\",\n");
        let other = WriterConfig { delimiter: b';', crlf: true, ..plain };
        assert_eq!(written(&other, &[vec!["x;y", "a,b"]]), "a;b,c\r\n\"x;y\";a,b\r\n");
    }

    #[test]
    fn formulas_stay_unless_guarded() {
        let rows = [vec!["=1+1", "-5"], vec!["@x,y", "ok"]];
        assert_eq!(written(&WriterConfig::default(), &rows), "a,\"b,c\"\n=1+1,-5\n\"@x,y\",ok\n");
        let guarded = WriterConfig { guard_formulas: true, ..WriterConfig::default() };
        assert_eq!(written(&guarded, &rows), "a,\"b,c\"\n'=1+1,'-5\n\"'@x,y\",ok\n");
    }

    #[test]
    fn an_empty_cell_alone_is_still_a_row() {
        let mut writer = CsvWriter::with_header(vec!["a".into()], &WriterConfig::default());
        let mut out = Vec::new();
        writer.begin(&mut out);
        writer.row(&[""], &mut out);
        assert_eq!(out, b"a\n\"\"\n");
    }

    proptest::proptest! {
        /// What is written reads back equal, through an independent reader.
        #[test]
        fn reads_back_equal(rows in proptest::collection::vec(proptest::collection::vec("[a,;\"\r\n\té =-]{0,6}|\\PC{0,6}", 1..5), 0..8), tab: bool, crlf: bool) {
            let width = rows.first().map_or(1, Vec::len);
            let config = WriterConfig { delimiter: if tab { b'\t' } else { b',' }, crlf, ..WriterConfig::default() };
            let mut writer = CsvWriter::with_header((0..width).map(|i| format!("h{i}")).collect(), &config);
            let mut out = Vec::new();
            writer.begin(&mut out);
            let mut expected = Vec::new();
            for row in &rows {
                let mut cells: Vec<&str> = row.iter().map(String::as_str).collect();
                cells.resize(width, "");
                writer.row(&cells, &mut out);
                expected.push(cells);
            }
            let mut reader = ::csv::ReaderBuilder::new().delimiter(config.delimiter).from_reader(out.as_slice());
            let read: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            proptest::prop_assert_eq!(read.len(), expected.len());
            for (record, cells) in read.iter().zip(&expected) {
                proptest::prop_assert_eq!(&record.iter().collect::<Vec<_>>(), cells);
            }
        }
    }
}
