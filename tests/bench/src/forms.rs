//! The same permits in every form that is read: what differs between two files is the form alone.
//!
//! Texts are written as plainly as the form allows. A cell that is empty is left out where records name their own cells.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use zip::write::SimpleFileOptions;

use crate::{COLUMNS, FAULTS, csv_row, fill, spoiled};

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Delimited text.
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// A list of JSON objects.
    Json,
    /// Features with the permit's place as their geometry.
    GeoJson,
    /// Flat records of XML.
    Xml,
    /// A workbook with one sheet; texts are shared where they repeat.
    Xlsx,
    /// An OpenDocument spreadsheet.
    Ods,
    /// Columns in groups of 100,000 rows, packed by Snappy.
    Parquet,
    /// CSV packed by gzip.
    Gzip,
    /// A zip archive that holds a CSV.
    Zip,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 10] =
        [Form::Csv, Form::Ndjson, Form::Json, Form::GeoJson, Form::Xml, Form::Xlsx, Form::Ods, Form::Parquet, Form::Gzip, Form::Zip];

    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Ndjson => "ndjson",
            Form::Json => "json",
            Form::GeoJson => "geojson",
            Form::Xml => "xml",
            Form::Xlsx => "xlsx",
            Form::Ods => "ods",
            Form::Parquet => "parquet",
            Form::Gzip => "csv.gz",
            Form::Zip => "csv.zip",
        }
    }

    /// The form of that name.
    pub fn of(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|form| form.extension() == name)
    }
}

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Much {
    /// So many rows.
    Rows(u64),
    /// Rows until the text, before it is packed, has so many bytes.
    Bytes(u64),
}

impl Much {
    fn enough(self, rows: u64, bytes: u64) -> bool {
        match self {
            Much::Rows(most) => rows >= most,
            Much::Bytes(most) => bytes >= most,
        }
    }
}

/// Columns of whole numbers, those of numbers, by index.
const WHOLE: [usize; 3] = [17, 18, 19];
const NUMBERS: [usize; 6] = [16, 17, 18, 19, 20, 21];

/// Rows of a group of a Parquet file.
const GROUP: u64 = 100_000;

/// Writes a file and gives how many rows it has.
///
/// # Errors
/// Those of `out`.
pub fn write<W: Write + Send>(form: Form, much: Much, mut out: W) -> io::Result<u64> {
    match form {
        Form::Csv => csv(much, &mut out),
        Form::Ndjson => text(&mut out, "", "", much, |_, cells, line| {
            object(cells, line);
            line.push('\n');
        }),
        Form::Json => text(&mut out, "[\n", "\n]\n", much, |row, cells, line| {
            line.push_str(if row == 0 { "" } else { ",\n" });
            object(cells, line);
        }),
        Form::GeoJson => text(&mut out, "{\"type\": \"FeatureCollection\", \"features\": [\n", "\n]}\n", much, |row, cells, line| {
            line.push_str(if row == 0 { "" } else { ",\n" });
            line.push_str("{\"type\": \"Feature\", \"properties\": ");
            object(cells, line);
            let _ = write!(line, ", \"geometry\": {{\"type\": \"Point\", \"coordinates\": [{}, {}]}}}}", cells[21], cells[20]);
        }),
        Form::Xml => {
            let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<permits>\n";
            text(&mut out, start, "</permits>\n", much, |_, cells, line| element(cells, line))
        }
        Form::Xlsx => xlsx(much, out),
        Form::Ods => ods(much, out),
        Form::Parquet => parquet(much, out),
        Form::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(out, flate2::Compression::new(3));
            let rows = csv(much, &mut gzip)?;
            gzip.finish()?;
            Ok(rows)
        }
        Form::Zip => {
            let mut archive = zip::ZipWriter::new_stream(out);
            archive.start_file("permits.csv", packed())?;
            let rows = csv(much, &mut archive)?;
            archive.finish()?;
            Ok(rows)
        }
    }
}

/// Writes one object a line, one row in a hundred with a fault; gives how many have each of [`FAULTS`].
///
/// # Errors
/// Those of `out`.
pub fn write_faulty(rows: u64, mut out: impl Write) -> io::Result<[u64; FAULTS.len()]> {
    let mut counts = [0; FAULTS.len()];
    let mut cells: [String; 22] = Default::default();
    let mut line = String::new();
    for row in 0..rows {
        fill(row, false, &mut cells);
        spoiled(row, &mut cells, &mut counts);
        line.clear();
        object(&cells, &mut line);
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(counts)
}

fn csv(much: Much, out: &mut impl Write) -> io::Result<u64> {
    text(out, &(COLUMNS.join(",") + "\n"), "", much, |_, cells, line| csv_row(cells, line))
}

fn packed() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_level(Some(3)).large_file(true)
}

/// Text with a start, an end, and records between.
fn text(
    out: &mut impl Write,
    start: &str,
    end: &str,
    much: Much,
    mut record: impl FnMut(u64, &[String; 22], &mut String),
) -> io::Result<u64> {
    let mut cells: [String; 22] = Default::default();
    let mut line = String::new();
    out.write_all(start.as_bytes())?;
    let (mut rows, mut bytes) = (0, start.len() as u64);
    while !much.enough(rows, bytes) {
        fill(rows, false, &mut cells);
        line.clear();
        record(rows, &cells, &mut line);
        out.write_all(line.as_bytes())?;
        bytes += line.len() as u64;
        rows += 1;
    }
    out.write_all(end.as_bytes())?;
    Ok(rows)
}

fn object(cells: &[String; 22], line: &mut String) {
    line.push('{');
    let mut first = true;
    for (i, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        let sign = if std::mem::take(&mut first) { "" } else { ", " };
        let _ = write!(line, "{sign}\"{}\": ", COLUMNS[i]);
        // What is no number any more, by a fault, is a text.
        if NUMBERS.contains(&i) && cell.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.')) {
            line.push_str(cell);
        } else if cell.contains(['"', '\\', '\n']) {
            let _ = write!(line, "\"{}\"", cell.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
        } else {
            let _ = write!(line, "\"{cell}\"");
        }
    }
    line.push('}');
}

fn escaped(cell: &str, line: &mut String) {
    if cell.contains(['<', '>', '&']) {
        line.push_str(&cell.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    } else {
        line.push_str(cell);
    }
}

fn element(cells: &[String; 22], line: &mut String) {
    line.push_str("<permit>\n");
    for (i, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        let _ = write!(line, "  <{}>", COLUMNS[i]);
        escaped(cell, line);
        let _ = writeln!(line, "</{}>", COLUMNS[i]);
    }
    line.push_str("</permit>\n");
}

/// The name of a sheet's column.
fn letter(column: usize) -> char {
    char::from(b'A' + (column % 26) as u8)
}

fn xlsx(much: Much, out: impl Write) -> io::Result<u64> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    // Texts of few values are shared, as spreadsheet programs do; the others stand in their cells.
    let mut shared: Vec<String> = COLUMNS.iter().map(|&c| c.to_owned()).collect();
    let mut known = std::collections::HashMap::new();
    let mut archive = zip::ZipWriter::new_stream(out);
    let type_of = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"{type_of}.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{type_of}.worksheet+xml\"/>\
                 <Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"{type_of}.sharedStrings+xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{LINKS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{LINKS}\"><sheets><sheet name=\"Permits\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{LINKS}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                 <Relationship Id=\"rId2\" Type=\"{LINKS}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
            ),
        ),
    ];
    for (name, part) in parts {
        archive.start_file(name, packed())?;
        archive.write_all(part.as_bytes())?;
    }
    archive.start_file("xl/worksheets/sheet1.xml", packed())?;
    let mut start = format!("<worksheet xmlns=\"{MAIN}\"><sheetData><row r=\"1\">");
    for column in 0..COLUMNS.len() {
        let _ = write!(start, "<c r=\"{}1\" t=\"s\"><v>{column}</v></c>", letter(column));
    }
    start.push_str("</row>");
    let rows = text(&mut archive, &start, "</sheetData></worksheet>", much, |row, cells, line| {
        let number = row + 2;
        let _ = write!(line, "<row r=\"{number}\">");
        for (i, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let place = letter(i);
            if NUMBERS.contains(&i) {
                let _ = write!(line, "<c r=\"{place}{number}\"><v>{cell}</v></c>");
            } else if matches!(i, 0 | 15) || cell.contains('\n') {
                let _ = write!(line, "<c r=\"{place}{number}\" t=\"inlineStr\"><is><t>");
                escaped(cell, line);
                line.push_str("</t></is></c>");
            } else {
                let at = *known.entry(cell.clone()).or_insert_with(|| {
                    shared.push(cell.clone());
                    shared.len() - 1
                });
                let _ = write!(line, "<c r=\"{place}{number}\" t=\"s\"><v>{at}</v></c>");
            }
        }
        line.push_str("</row>");
    })?;
    archive.start_file("xl/sharedStrings.xml", packed())?;
    let mut all = format!("<sst xmlns=\"{MAIN}\">");
    for cell in &shared {
        all.push_str("<si><t>");
        escaped(cell, &mut all);
        all.push_str("</t></si>");
    }
    all.push_str("</sst>");
    archive.write_all(all.as_bytes())?;
    archive.finish()?;
    Ok(rows)
}

fn ods(much: Much, out: impl Write) -> io::Result<u64> {
    const SPACE: &str = "urn:oasis:names:tc:opendocument:xmlns";
    let mime = "application/vnd.oasis.opendocument.spreadsheet";
    let mut archive = zip::ZipWriter::new_stream(out);
    archive.start_file("mimetype", SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))?;
    archive.write_all(mime.as_bytes())?;
    archive.start_file("META-INF/manifest.xml", packed())?;
    let entry = |path: &str, kind: &str| format!("<manifest:file-entry manifest:full-path=\"{path}\" manifest:media-type=\"{kind}\"/>");
    let manifest = format!(
        "<manifest:manifest xmlns:manifest=\"{SPACE}:manifest:1.0\">{}{}</manifest:manifest>",
        entry("/", mime),
        entry("content.xml", "text/xml")
    );
    archive.write_all(manifest.as_bytes())?;
    archive.start_file("content.xml", packed())?;
    let mut start = format!(
        "<office:document-content xmlns:office=\"{SPACE}:office:1.0\" xmlns:table=\"{SPACE}:table:1.0\" xmlns:text=\"{SPACE}:text:1.0\" office:version=\"1.3\">\
         <office:body><office:spreadsheet><table:table table:name=\"Permits\"><table:table-row>"
    );
    let cell_of = |cell: &str, line: &mut String| {
        line.push_str("<table:table-cell office:value-type=\"string\"><text:p>");
        escaped(&cell.replace('\n', " "), line);
        line.push_str("</text:p></table:table-cell>");
    };
    COLUMNS.iter().for_each(|name| cell_of(name, &mut start));
    start.push_str("</table:table-row>");
    let end = "</table:table></office:spreadsheet></office:body></office:document-content>";
    let rows = text(&mut archive, &start, end, much, |_, cells, line| {
        line.push_str("<table:table-row>");
        for (i, cell) in cells.iter().enumerate() {
            if cell.is_empty() {
                line.push_str("<table:table-cell/>");
            } else if NUMBERS.contains(&i) {
                let _ = write!(
                    line,
                    "<table:table-cell office:value-type=\"float\" office:value=\"{cell}\"><text:p>{cell}</text:p></table:table-cell>"
                );
            } else {
                cell_of(cell, line);
            }
        }
        line.push_str("</table:table-row>");
    })?;
    archive.finish()?;
    Ok(rows)
}

fn parquet(much: Much, out: impl Write + Send) -> io::Result<u64> {
    let fail = |e: parquet::errors::ParquetError| io::Error::other(e.to_string());
    let fields = COLUMNS.iter().enumerate().map(|(i, &name)| {
        let whole = WHOLE.contains(&i);
        let builder = Type::primitive_type_builder(name, if whole { Physical::INT64 } else { Physical::BYTE_ARRAY });
        let builder = builder.with_repetition(Repetition::OPTIONAL);
        let builder = if whole { builder } else { builder.with_converted_type(ConvertedType::UTF8) };
        builder.build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    let schema = Arc::new(Type::group_type_builder("permits").with_fields(fields).build().map_err(fail)?);
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut file = SerializedFileWriter::new(out, schema, properties).map_err(fail)?;
    let (mut rows, mut bytes) = (0, 0);
    while !much.enough(rows, bytes) {
        let mut columns: Vec<(Vec<ByteArray>, Vec<i64>, Vec<i16>)> = vec![Default::default(); COLUMNS.len()];
        let mut cells: [String; 22] = Default::default();
        let end = rows + GROUP;
        while rows < end && !much.enough(rows, bytes) {
            fill(rows, false, &mut cells);
            for (i, (cell, (texts, numbers, levels))) in cells.iter().zip(&mut columns).enumerate() {
                bytes += cell.len() as u64 + 1;
                levels.push(i16::from(!cell.is_empty()));
                match cell.parse() {
                    Ok(number) if WHOLE.contains(&i) => numbers.push(number),
                    _ if cell.is_empty() => {}
                    _ => texts.push(ByteArray::from(cell.as_str())),
                }
            }
            rows += 1;
        }
        let mut group = file.next_row_group().map_err(fail)?;
        for (i, (texts, numbers, levels)) in columns.into_iter().enumerate() {
            let Some(mut column) = group.next_column().map_err(fail)? else { return Err(io::Error::other("a column is missing")) };
            if WHOLE.contains(&i) {
                column.typed::<Int64Type>().write_batch(&numbers, Some(&levels), None).map_err(fail)?;
            } else {
                column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).map_err(fail)?;
            }
            column.close().map_err(fail)?;
        }
        group.close().map_err(fail)?;
    }
    file.close().map_err(fail)?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn made(form: Form, much: Much) -> (Vec<u8>, u64) {
        let mut out = Vec::new();
        let rows = write(form, much, &mut out).unwrap();
        (out, rows)
    }

    #[test]
    fn every_form_has_as_many_records_as_asked_for_and_the_same_ones() {
        for form in Form::ALL {
            let (bytes, rows) = made(form, Much::Rows(500));
            assert_eq!(rows, 500, "{form:?}");
            assert_eq!(bytes, made(form, Much::Rows(500)).0, "{form:?} is not the same twice");
            assert_eq!(Form::of(form.extension()), Some(form));
        }
        let mut plain = Vec::new();
        crate::write(500, crate::Layout::Clean, &mut plain).unwrap();
        assert_eq!(made(Form::Csv, Much::Rows(500)).0, plain);
    }

    #[test]
    fn texts_are_as_long_as_asked_for() {
        for form in [Form::Csv, Form::Ndjson, Form::Json, Form::Xml] {
            let (bytes, rows) = made(form, Much::Bytes(100_000));
            assert!((100_000..101_200).contains(&bytes.len()), "{form:?}: {} bytes in {rows} rows", bytes.len());
        }
    }

    #[test]
    fn faults_in_records_are_those_of_the_table() {
        let (mut lines, mut table) = (Vec::new(), Vec::new());
        let counts = write_faulty(20_000, &mut lines).unwrap();
        assert_eq!(counts, crate::write(20_000, crate::Layout::Faulty, &mut table).unwrap());
        let clean = made(Form::Ndjson, Much::Rows(20_000)).0;
        let differ = lines.split(|b| *b == b'\n').zip(clean.split(|b| *b == b'\n')).filter(|(a, b)| a != b).count() as u64;
        assert_eq!(differ, counts.iter().sum::<u64>());
        for line in lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok(), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn json_reads_as_the_cells_that_were_drawn() {
        let (bytes, _) = made(Form::Json, Much::Rows(300));
        let list: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap();
        let mut cells: [String; 22] = Default::default();
        for (row, object) in list.iter().enumerate() {
            fill(row as u64, false, &mut cells);
            for (i, cell) in cells.iter().enumerate() {
                match &object[COLUMNS[i]] {
                    serde_json::Value::String(text) => assert_eq!(text, cell),
                    serde_json::Value::Number(number) => assert_eq!(number.as_f64(), cell.parse().ok()),
                    other => assert!(other.is_null() && cell.is_empty(), "{other}"),
                }
            }
        }
    }
}
