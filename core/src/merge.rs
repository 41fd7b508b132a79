//! Uniting several converted files of one table into one, with a first column that says where each row comes from.
//!
//! The columns are those of the schema that at least one file has, in the schema's order, then columns the schema does not know, in the order in
//! which they are first met: uniting loses nothing. Rows stream; only the headers are needed beforehand.

use std::collections::BTreeMap;
use std::fmt;

use crate::encode::{CsvWriter, RowWriter, TableNames, Trouble, WriterConfig};
use crate::package::table;
use crate::schema::{Field, FieldType, StringFormat, TableSchema};

/// One file: what its rows are called in the first column, and its header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MergeInput {
    pub source: String,
    pub header: Vec<String>,
}

/// Why files cannot be united.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MergeError {
    /// A file has a column with the name of the added one.
    SourceColumnTaken { source: String, column: String },
    /// A file has two columns of one name.
    ColumnTwice { source: String, column: String },
    /// Two files are called alike.
    SourceTwice { source: String },
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::SourceColumnTaken { source, column } => {
                write!(f, "{source} has a column \"{column}\" already; choose another name for the added column")
            }
            MergeError::ColumnTwice { source, column } => write!(f, "{source} has two columns \"{column}\""),
            MergeError::SourceTwice { source } => write!(f, "two files are called {source}"),
        }
    }
}

impl std::error::Error for MergeError {}

/// Rows per file, in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MergeCounts {
    pub sources: Vec<(String, u64)>,
    pub total: u64,
}

/// Unites the rows of several files.
pub struct Merger {
    writer: Box<dyn RowWriter>,
    columns: Vec<String>,
    /// For each file, the file's column of each column after the first.
    maps: Vec<Vec<Option<usize>>>,
    counts: MergeCounts,
}

impl Merger {
    /// A merger of these files; `column` names the added first column.
    ///
    /// # Errors
    /// Headers that cannot be united without doubt about a column, or files called alike.
    pub fn new(schema: &TableSchema, inputs: &[MergeInput], column: &str, config: &WriterConfig) -> Result<Merger, MergeError> {
        Merger::named(TableNames::default(), schema, inputs, column, config)
    }

    /// [`Merger::new`] for a table with names.
    ///
    /// # Errors
    /// As there.
    pub fn named(
        names: TableNames<'_>,
        schema: &TableSchema,
        inputs: &[MergeInput],
        column: &str,
        config: &WriterConfig,
    ) -> Result<Merger, MergeError> {
        let mut extra: Vec<&str> = Vec::new();
        for (n, input) in inputs.iter().enumerate() {
            let source = || input.source.clone();
            if inputs[..n].iter().any(|other| other.source == input.source) {
                return Err(MergeError::SourceTwice { source: source() });
            }
            for (i, name) in input.header.iter().enumerate() {
                if name == column {
                    return Err(MergeError::SourceColumnTaken { source: source(), column: name.clone() });
                }
                if input.header[..i].contains(name) {
                    return Err(MergeError::ColumnTwice { source: source(), column: name.clone() });
                }
                if schema.index(name).is_none() && !extra.contains(&name.as_str()) {
                    extra.push(name);
                }
            }
        }
        let known = schema.fields.iter().filter(|f| inputs.iter().any(|i| i.header.contains(&f.name)));
        let text = |name: &str| Field::new(name, FieldType::String(StringFormat::Default));
        let mut fields = vec![text(column)];
        fields.extend(known.cloned());
        fields.extend(extra.into_iter().map(text));
        let columns: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
        let place = |input: &MergeInput| columns[1..].iter().map(|c| input.header.iter().position(|h| h == c)).collect();
        let maps = inputs.iter().map(place).collect();
        let united = TableSchema { fields, missing_values: schema.missing_values.clone(), ..TableSchema::of_texts(&[]) };
        let all: Vec<usize> = (0..columns.len()).collect();
        let writer = match config.format {
            crate::encode::Format::Csv => Box::new(CsvWriter::new(&united, &all, config)),
            _ => config.writer_of(names, &united, &all),
        };
        let counts = MergeCounts { sources: inputs.iter().map(|i| (i.source.clone(), 0)).collect(), total: 0 };
        Ok(Merger { writer, columns, maps, counts })
    }

    /// The columns written.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the form could not write as it is since this was last asked; fields count from the added column.
    pub fn troubles(&mut self) -> Vec<Trouble> {
        self.writer.troubles()
    }

    /// What stands before the first row.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        self.writer.begin(out);
    }

    /// One row of the file of that index, with its cells in the order of the file's header. An index without a file writes nothing.
    pub fn row(&mut self, file: usize, cells: &[&str], out: &mut Vec<u8>) {
        let (Some(map), Some((source, count))) = (self.maps.get(file), self.counts.sources.get_mut(file)) else { return };
        *count += 1;
        self.counts.total += 1;
        let mut row: Vec<&str> = Vec::with_capacity(map.len() + 1);
        row.push(source);
        row.extend(map.iter().map(|at| at.and_then(|a| cells.get(a)).copied().unwrap_or_default()));
        self.writer.row(&row, out);
    }

    /// What stands after the last row; gives the counts. Ask for [`Merger::troubles`] once more.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> MergeCounts {
        self.writer.finish(out);
        self.counts.clone()
    }
}

/// Reads a list of what each file's rows are called: a CSV with the columns `file` and `source`.
///
/// # Errors
/// What is wrong with it, as a sentence without a full stop.
pub fn manifest(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let read = table::read(bytes)?;
    let column = |name: &str| read.header.iter().position(|h| h == name).ok_or_else(|| format!("there is no column \"{name}\""));
    let (file, source) = (column("file")?, column("source")?);
    let mut out = BTreeMap::new();
    for (row, cells) in &read.rows {
        let (file, source) = (cells[file].trim(), cells[source].trim());
        if file.is_empty() || source.is_empty() {
            return Err(format!("row {row} does not name a file and a source"));
        }
        if out.insert(file.to_owned(), source.to_owned()).is_some() {
            return Err(format!("row {row} names the file {file} once more"));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::encode::Format;

    fn input(source: &str, header: &[&str]) -> MergeInput {
        MergeInput { source: source.into(), header: header.iter().map(|h| (*h).to_owned()).collect() }
    }

    fn united(config: &WriterConfig) -> (String, MergeCounts) {
        let schema = TableSchema::of_texts(&["id", "date", "note"]);
        let inputs = [input("acton", &["date", "id"]), input("bolton", &["id", "extra"])];
        let mut merger = Merger::new(&schema, &inputs, "source", config).unwrap();
        let mut out = Vec::new();
        merger.begin(&mut out);
        merger.row(0, &["2024-01-01", "1"], &mut out);
        merger.row(1, &["2", "x"], &mut out);
        merger.row(1, &["3"], &mut out);
        merger.row(9, &["lost"], &mut out);
        let counts = merger.finish(&mut out);
        (String::from_utf8(out).unwrap(), counts)
    }

    #[test]
    fn unites_columns_in_the_schemas_order_and_counts() {
        let (text, counts) = united(&WriterConfig::default());
        assert_eq!(text, "source,id,date,extra\nacton,1,2024-01-01,\nbolton,2,,x\nbolton,3,,\n");
        assert_eq!(counts, MergeCounts { sources: vec![("acton".into(), 1), ("bolton".into(), 2)], total: 3 });
        let (text, _) = united(&WriterConfig { format: Format::Ndjson, ..WriterConfig::default() });
        assert!(text.starts_with("{\"source\":\"acton\",\"id\":\"1\",\"date\":\"2024-01-01\"}\n"), "{text}");
    }

    #[test]
    fn doubtful_headers_are_refused() {
        let schema = TableSchema::of_texts(&["id"]);
        let merge = |inputs: &[MergeInput]| Merger::new(&schema, inputs, "source", &WriterConfig::default()).err();
        assert!(matches!(merge(&[input("a", &["source"])]), Some(MergeError::SourceColumnTaken { .. })));
        assert!(matches!(merge(&[input("a", &["id", "id"])]), Some(MergeError::ColumnTwice { .. })));
        assert!(matches!(merge(&[input("a", &["id"]), input("a", &["id"])]), Some(MergeError::SourceTwice { .. })));
    }
}
