//! What the template and the report have in common as workbooks: texts that stay texts, names of sheets, and bytes that depend on nothing
//! but what is written.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use crate::bounds::SHEET_CELL;

/// A text as a cell can hold it: cut to the form's bound, and without the two code points that XML never takes.
pub(crate) fn cell_text(text: &str) -> String {
    let mut out: String = text.chars().map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c }).collect();
    if utf16(&out) > SHEET_CELL {
        cut(&mut out, SHEET_CELL - 20);
        out.push_str("… (cut)");
    }
    out
}

/// A text for a note, whose bound is lower.
pub(crate) fn note_text(text: &str) -> String {
    let mut out = cell_text(text);
    if utf16(&out) > 4000 {
        cut(&mut out, 4000);
        out.push('…');
    }
    out
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

fn cut(text: &mut String, units: usize) {
    let mut seen = 0;
    let at = text.char_indices().find(|(_, c)| {
        seen += c.len_utf16();
        seen > units
    });
    if let Some((at, _)) = at {
        text.truncate(at);
    }
}

/// A name of a sheet that none of `taken` has, in any case.
pub(crate) fn sheet_name(wanted: &str, taken: &[String]) -> String {
    let plain = crate::encode::sheet_name(wanted);
    let mut name = plain.clone();
    let mut n = 2;
    while taken.iter().any(|t| t.to_lowercase() == name.to_lowercase()) {
        let end = format!(" {n}");
        let mut short = plain.clone();
        cut(&mut short, 31 - end.len());
        name = short + &end;
        n += 1;
    }
    name
}

/// How a formula or a link names a sheet.
pub(crate) fn quoted(sheet: &str) -> String {
    format!("'{}'", sheet.replace('\'', "''"))
}

/// Properties without the time of writing: the same input gives the same bytes.
pub(crate) fn properties(title: &str) -> Result<DocProperties, XlsxError> {
    let fixed = ExcelDateTime::from_ymd(2000, 1, 1)?;
    Ok(DocProperties::new().set_title(title).set_author("Concord").set_creation_datetime(&fixed))
}

/// The workbook's bytes.
pub(crate) fn bytes(book: &mut Workbook) -> Result<Vec<u8>, XlsxError> {
    book.save_to_buffer()
}
