//! A spreadsheet with one sheet (ISO/IEC 29500, SpreadsheetML), written row by row as a stream: no row is kept.
//!
//! A cell is a number only when a spreadsheet keeps all its digits: at most 15 significant ones. Dates from 1 March 1900 are real dates;
//! dates and times are so when they name no zone. Everything else is text, and text is never a formula, since it is stored as a string.
//! Characters that XML cannot hold are written in the form `_xHHHH_` that spreadsheets read back (22.9.2.19 in part 1).
//!
//! The last row and the longest cell are the form's own bounds; a table beyond them is refused as a whole.

use std::fmt::Write as _;
use std::io::Write as _;

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::bounds::{SHEET_CELL, SHEET_COLUMNS, SHEET_ROWS};
use crate::decimal::Decimal;
use crate::render::words;
use crate::schema::{DateFormat, FieldType, NumberFormat, TableSchema};
use crate::value::{Number, date, number};

use super::parts::{self, Pipe};
use super::{RowWriter, TableNames, Trouble, xml};

/// Writes one sheet.
pub struct XlsxWriter {
    columns: Vec<Column>,
    sheet: String,
    /// `None` before the beginning and after the end.
    book: Option<(ZipWriter<StreamWriter<Pipe>>, Pipe)>,
    /// Rows of the sheet that wait to be compressed.
    waiting: Vec<u8>,
    rows: u64,
    full: bool,
    troubles: Vec<Trouble>,
}

struct Column {
    field: usize,
    name: String,
    letter: String,
    kind: Kind,
    missing: Vec<String>,
}

enum Kind {
    Text,
    Number(NumberFormat),
    Integer(NumberFormat),
    Year,
    Boolean { yes: Vec<String>, no: Vec<String> },
    Date(DateFormat),
    DateTime(DateFormat),
}

/// Bytes that are compressed at once.
const CHUNK: usize = 64 << 10;

const CONTENT_TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml\"/></Types>";
const RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
const BOOK_RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>";
/// Cell styles by number: 0 plain, 1 header, 2 text, 3 date, 4 date and time.
const STYLES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/><numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"5\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/><xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/><xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/><xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/><xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/></cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";

impl XlsxWriter {
    /// `fields` are the indexes of the schema's fields that are written; the sheet is named as the table.
    pub fn new(names: TableNames<'_>, schema: &TableSchema, fields: &[usize]) -> XlsxWriter {
        let column = |(i, f): (usize, usize)| {
            let field = &schema.fields[f];
            let kind = match &field.kind {
                FieldType::Number(format) => Kind::Number(format.clone()),
                FieldType::Integer(format) => Kind::Integer(format.clone()),
                FieldType::Year => Kind::Year,
                FieldType::Boolean { true_values, false_values } => Kind::Boolean { yes: true_values.clone(), no: false_values.clone() },
                FieldType::Date(format) => Kind::Date(format.clone()),
                FieldType::DateTime(format) => Kind::DateTime(format.clone()),
                _ => Kind::Text,
            };
            Column { field: f, name: field.name.clone(), letter: words::column_letter(i as u32), kind, missing: schema.missing_texts(f) }
        };
        let known = fields.iter().copied().filter(|&f| f < schema.fields.len());
        XlsxWriter {
            columns: known.enumerate().map(column).collect(),
            sheet: sheet_name(names.table),
            book: None,
            waiting: Vec::new(),
            rows: 0,
            full: false,
            troubles: Vec::new(),
        }
    }

    /// Says once why the table cannot be written, and writes nothing more.
    fn refuse(&mut self, why: String) {
        if !std::mem::replace(&mut self.full, true) {
            self.troubles.push(Trouble::Full(why));
        }
    }

    /// A row whose cells stand in the columns' order.
    fn sheet_row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        if self.full {
            return;
        }
        if self.rows >= SHEET_ROWS {
            return self.refuse(format!(
                "a spreadsheet has at most {} rows, and the table has more; write it as .csv or .parquet, or convert it in parts",
                words::number(SHEET_ROWS)
            ));
        }
        self.rows += 1;
        let mut number = String::new();
        let _ = write!(number, "{}", self.rows);
        let line = &mut self.waiting;
        put(line, &["<row r=\"", &number, "\">"]);
        let mut long = None;
        for (column, cell) in self.columns.iter().zip(cells) {
            let header = self.rows == 1;
            if cell.is_empty() || (!header && column.missing.iter().any(|m| m == cell)) {
                continue;
            }
            put(line, &["<c r=\"", &column.letter, &number, "\""]);
            let typed = if header { None } else { column.kind.typed(cell) };
            match typed {
                Some((attributes, value)) => put(line, &[attributes, "><v>", &value, "</v></c>"]),
                None => {
                    if cell.encode_utf16().count() > SHEET_CELL {
                        long = Some(column.name.clone());
                    }
                    put(line, &[if header { " s=\"1\"" } else { " s=\"2\"" }, " t=\"inlineStr\"><is><t xml:space=\"preserve\">"]);
                    write_text(cell, line);
                    put(line, &["</t></is></c>"]);
                }
            }
        }
        put(line, &["</row>\n"]);
        if let Some(name) = long {
            return self.refuse(format!(
                "a cell of a spreadsheet holds at most {} characters, and one of \"{name}\" has more; write the table as .csv or .json",
                words::number(SHEET_CELL as u64)
            ));
        }
        if self.waiting.len() >= CHUNK {
            self.compress(out);
        }
    }

    /// Compresses the rows that wait.
    fn compress(&mut self, out: &mut Vec<u8>) {
        let Some((book, pipe)) = &mut self.book else { return };
        let written = book.write_all(&self.waiting);
        self.waiting.clear();
        pipe.drain(out);
        if let Err(error) = written {
            self.refuse(format!("the spreadsheet grew too large ({error}); write the table as .csv or .parquet"));
        }
    }
}

impl Kind {
    /// The attributes and the value of a cell that is more than text.
    fn typed(&self, cell: &str) -> Option<(&'static str, String)> {
        match self {
            Kind::Text => None,
            Kind::Number(format) => match number::read(format, cell) {
                Ok(Number::Finite(value)) => exact(&value).map(|v| ("", v)),
                _ => None,
            },
            // What is no whole number stays the text that it is, its last zeros included.
            Kind::Integer(format) => match number::read_whole(format, cell) {
                Ok(Number::Finite(value)) => exact(&value).map(|v| ("", v)),
                _ => None,
            },
            // A year before 1000 would lose its zeros, and any its zone.
            Kind::Year => date::read_year(cell).ok().filter(|y| *y >= 1000 && !date::year_has_zone(cell)).map(|y| ("", y.to_string())),
            Kind::Boolean { yes, no } => {
                let value = if yes.iter().any(|t| t == cell) {
                    "1"
                } else if no.iter().any(|t| t == cell) {
                    "0"
                } else {
                    return None;
                };
                Some((" t=\"b\"", value.to_owned()))
            }
            Kind::Date(format) => date::read_date(format, cell).ok().and_then(|d| serial(&d)).map(|n| (" s=\"3\"", n.to_string())),
            Kind::DateTime(format) => {
                let moment = date::read_datetime(format, cell).ok()?;
                let (day, time) = (serial(&moment.date)?, moment.time);
                if time.zone.is_some() || time.nanos != 0 {
                    return None;
                }
                let seconds = u64::from(time.hour) * 3600 + u64::from(time.minute) * 60 + u64::from(time.second);
                // Ten digits of a day are less than a hundred-thousandth of a second.
                let fraction = (seconds * 10_000_000_000 + 43_200) / 86_400;
                Some((" s=\"4\"", format!("{day}.{fraction:010}")))
            }
        }
    }
}

/// The digits of a number that a spreadsheet keeps whole: at most 15 significant ones, and no more than 20 signs in all.
fn exact(value: &Decimal) -> Option<String> {
    let text = value.to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    (significant <= 15 && text.len() <= 20 && !text.contains(['e', 'E'])).then_some(text)
}

/// Days since the beginning of the year 1900 as spreadsheets count them; `None` before 1 March 1900, since they hold that year for a leap year.
fn serial(date: &date::Date) -> Option<i64> {
    let first = date::Date { year: 1900, month: 3, day: 1 };
    let days = date.number() - first.number() + 61;
    (days >= 61).then_some(days)
}

fn put(line: &mut Vec<u8>, pieces: &[&str]) {
    pieces.iter().for_each(|p| line.extend_from_slice(p.as_bytes()));
}

/// A name that a sheet may have: at most 31 characters, none of `[]:*?/\`, no apostrophe at an end.
pub(crate) fn sheet_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| {
            if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\u{fffd}') || c.is_control() || !xml::may_stand(c) { '_' } else { c }
        })
        .collect();
    let mut short = String::new();
    for c in name.trim_matches(['\'', ' ']).chars() {
        if short.encode_utf16().count() + c.len_utf16() > 31 {
            break;
        }
        short.push(c);
    }
    let short = short.trim_end_matches(['\'', ' ']);
    // "History" is a name that spreadsheets keep for themselves.
    if short.is_empty() || short.eq_ignore_ascii_case("history") { "records".to_owned() } else { short.to_owned() }
}

/// Appends text between tags, with what XML cannot hold in the form `_xHHHH_`.
fn write_text(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '_' || is_escaped(c)) {
        let (before, after) = rest.split_at(at);
        xml::write_text(before, out);
        let mut chars = after.chars();
        match chars.next() {
            Some('_') if looks_escaped(after) => out.extend_from_slice(b"_x005F_"),
            Some('_') | None => out.push(b'_'),
            Some(c) => out.extend_from_slice(format!("_x{:04X}_", u32::from(c)).as_bytes()),
        }
        rest = chars.as_str();
    }
    xml::write_text(rest, out);
}

/// Whether a character is written as `_xHHHH_`.
fn is_escaped(c: char) -> bool {
    c == '\r' || !xml::may_stand(c)
}

/// Whether a text starts with what a reader would take for a character once it is written: `_xHHHH_`, or `_xHHHH` with a character behind it
/// that is written as `_xHHHH_` itself.
fn looks_escaped(text: &str) -> bool {
    let [b'_', b'x' | b'X', a, b, c, d, ..] = text.as_bytes() else { return false };
    let digits = [a, b, c, d].iter().all(|b| b.is_ascii_hexdigit());
    digits && text[6..].starts_with(|c: char| c == '_' || is_escaped(c))
}

impl RowWriter for XlsxWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.columns.len() > SHEET_COLUMNS {
            return self.refuse(format!(
                "a spreadsheet has at most {} columns, and the table has {}; write it as .csv or .json",
                words::number(SHEET_COLUMNS as u64),
                words::number(self.columns.len() as u64)
            ));
        }
        let pipe = Pipe::default();
        let mut book = ZipWriter::new_stream(pipe.clone());
        let mut name = Vec::new();
        xml::write_text(&self.sheet, &mut name);
        let name = String::from_utf8_lossy(&name).into_owned();
        let workbook = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><bookViews><workbookView/></bookViews><sheets><sheet name=\"{name}\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
        );
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let mut begun = Ok(());
        for (path, text) in [
            ("[Content_Types].xml", CONTENT_TYPES),
            ("_rels/.rels", RELATIONS),
            ("xl/workbook.xml", &workbook),
            ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
            ("xl/styles.xml", STYLES),
            ("xl/worksheets/sheet1.xml", ""),
        ] {
            let part = book.start_file(path, options).and_then(|()| Ok(book.write_all(text.as_bytes())?));
            begun = begun.and(part);
        }
        if let Err(error) = begun {
            return self.refuse(format!("the spreadsheet cannot be begun ({error})"));
        }
        self.book = Some((book, pipe));
        put(
            &mut self.waiting,
            &[
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>",
            ],
        );
        if !self.columns.is_empty() {
            put(&mut self.waiting, &["<cols>"]);
            for (i, column) in self.columns.iter().enumerate() {
                let width = column.name.chars().count().clamp(10, 40) + 2;
                let style = match column.kind {
                    Kind::Text => " style=\"2\"",
                    Kind::Date(_) => " style=\"3\"",
                    Kind::DateTime(_) => " style=\"4\"",
                    _ => "",
                };
                let _ = write!(self.waiting, "<col min=\"{0}\" max=\"{0}\" width=\"{width}\"{style} customWidth=\"1\"/>", i + 1);
            }
            put(&mut self.waiting, &["</cols>"]);
        }
        put(&mut self.waiting, &["<sheetData>\n"]);
        let header: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        self.sheet_row(&header.iter().map(String::as_str).collect::<Vec<_>>(), out);
    }

    fn row(&mut self, cells: &[&str], out: &mut Vec<u8>) {
        let own = |c: &Column| cells.get(c.field).copied().unwrap_or_default();
        if self.book.is_some() {
            let row: Vec<&str> = self.columns.iter().map(own).collect();
            self.sheet_row(&row, out);
        } else if !self.full {
            parts::put(self.columns.iter().map(own), out);
        }
    }

    fn join(&mut self, part: &[u8], _rows: u64, out: &mut Vec<u8>) {
        parts::each(part, self.columns.len(), |row| self.sheet_row(row, out));
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        put(&mut self.waiting, &["</sheetData></worksheet>"]);
        self.compress(out);
        let Some((book, pipe)) = self.book.take() else { return };
        if let Err(error) = book.finish() {
            self.refuse(format!("the spreadsheet grew too large ({error}); write the table as .csv or .parquet"));
        }
        pipe.drain(out);
    }

    fn troubles(&mut self) -> Vec<Trouble> {
        std::mem::take(&mut self.troubles)
    }
}
