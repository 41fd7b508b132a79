//! The `xlsx` report: the user's own sheets with the cells at fault coloured and explained, and an index with the causes, their counts and
//! links to the first cells.
//!
//! A cell stands at the address it has in the user's file, so that "column I, row 14" is I14. Every text of the user's is stored as text and
//! can never become a formula.
//!
//! # Bounds
//!
//! A file of more than [`REPORT_ROWS`] rows, and what is left once a report has [`REPORT_CELLS`] cells, is shown in part: the first rows, and the
//! rows with findings with the row before and after each; the rows between are hidden, and the index says so. Only stored findings are shown
//! at their cells; the counts are complete.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, IgnoreError, Note, Url, Workbook, Worksheet, XlsxError};

use super::causes::Causes;
use super::{verdict, words};
use crate::book::{self, cell_text, note_text, quoted, sheet_name};
use crate::bounds::{REPORT_CELLS, REPORT_ROWS, SHEET_COLUMNS, SHEET_ROWS};
use crate::finding::{Finding, Place, Severity};
use crate::report::Report;

/// The rows of the files that a report is about, read once more.
pub trait Source {
    /// Calls `each` with the number (as the person sees it, from 1, growing) and the cells of every row of a file, until it says false. Does
    /// nothing for a file that cannot be read again.
    fn rows(&mut self, file: usize, each: &mut dyn FnMut(u64, &[&str]) -> bool);
    /// The row of a file's header, from 1; 0 without one.
    fn header_row(&self, file: usize) -> u64;
    /// How many rows are shown above those of a file, whose numbers in findings do not count them: one where records name their own cells.
    fn above(&self, _file: usize) -> u64 {
        0
    }
    /// The column of a field, where findings name no column because the file has none.
    fn column(&self, _file: usize, _field: &str) -> Option<u32> {
        None
    }
}

/// No rows: the report has its index alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRows;

impl Source for NoRows {
    fn rows(&mut self, _file: usize, _each: &mut dyn FnMut(u64, &[&str]) -> bool) {}

    fn header_row(&self, _file: usize) -> u64 {
        0
    }
}

/// Name of the index.
const INDEX: &str = "What was found";
/// Rows at the start of a file that are shown whatever is found in them.
const FIRST_ROWS: u64 = 10;
/// Most files that get a sheet.
const MOST_SHEETS: usize = 50;
/// Most causes that the index lists.
const MOST_CAUSES: usize = 5000;

/// The workbook's bytes.
///
/// # Errors
/// A sentence without a full stop, when the workbook cannot be made.
pub fn sheet(report: &Report, source: &mut dyn Source) -> Result<Vec<u8>, String> {
    make(report, source).map_err(|e| format!("the report cannot be made as a spreadsheet ({e})"))
}

/// The findings of one file by row and column; those of a whole row stand at its first cell.
type ByCell<'a> = BTreeMap<u64, BTreeMap<u32, Vec<&'a Finding>>>;

/// A file's sheet once it is made.
struct Shown {
    name: String,
    /// Rows left out.
    partly: bool,
    /// Rows that are there.
    rows: BTreeSet<u64>,
}

fn make(report: &Report, source: &mut dyn Source) -> Result<Vec<u8>, XlsxError> {
    let mut files: BTreeMap<usize, ByCell<'_>> = BTreeMap::new();
    for finding in report.findings.stored() {
        let file = finding.place.file as usize;
        if file >= report.files.len() {
            continue;
        }
        let column = column_of(&finding.place, source);
        let row = match finding.place.row {
            // A finding of a whole column stands at its header.
            0 if column.is_some() => source.header_row(file).max(1),
            0 => continue,
            row => row + source.above(file),
        };
        files.entry(file).or_default().entry(row).or_default().entry(column.unwrap_or(0)).or_default().push(finding);
    }
    let mut taken = vec![INDEX.to_owned()];
    let mut shown: BTreeMap<usize, Shown> = BTreeMap::new();
    let mut sheets = Vec::new();
    let mut budget = REPORT_CELLS;
    for (&file, found) in files.iter().take(MOST_SHEETS) {
        let used = &report.files[file];
        let stem = used.name.rsplit_once('.').map_or(used.name.as_str(), |(stem, _)| stem);
        let name = sheet_name(stem, &taken);
        let mut sheet = Worksheet::new();
        sheet.set_name(&name)?;
        let whole = used.records < REPORT_ROWS;
        let (rows, partly) = rows_of(&mut sheet, file, found, source, whole, &mut budget)?;
        if rows.is_empty() {
            continue;
        }
        taken.push(name.clone());
        shown.insert(file, Shown { name, partly, rows });
        sheets.push(sheet);
    }
    let mut book = Workbook::new();
    book.set_properties(&book::properties("Report")?);
    index(book.add_worksheet(), report, &shown, source)?;
    sheets.into_iter().for_each(|sheet| book.push_worksheet(sheet));
    book::bytes(&mut book)
}

/// The column in which a finding's cell is shown.
fn column_of(place: &Place, source: &dyn Source) -> Option<u32> {
    place.column.or_else(|| source.column(place.file as usize, place.field.as_deref()?))
}

/// Writes a file's rows; gives those that are there, and whether some are not.
fn rows_of(
    sheet: &mut Worksheet,
    file: usize,
    found: &ByCell<'_>,
    source: &mut dyn Source,
    whole: bool,
    budget: &mut usize,
) -> Result<(BTreeSet<u64>, bool), XlsxError> {
    let header = source.header_row(file);
    let near = |row: u64| found.contains_key(&row) || found.contains_key(&(row + 1)) || (row > 1 && found.contains_key(&(row - 1)));
    let styles = Styles::new();
    let (mut there, mut partly, mut widest) = (BTreeSet::new(), false, 0);
    let mut widths: Vec<usize> = Vec::new();
    let mut failed = None;
    // The last row that must be looked at when not all are shown.
    let last = found.keys().next_back().map_or(0, |r| r + 1).max(FIRST_ROWS);
    source.rows(file, &mut |row, cells| {
        if row > SHEET_ROWS {
            partly = true;
            return false;
        }
        // Rows near a finding may use twice what the others may: they are what the report is for.
        let room = if near(row) || row <= FIRST_ROWS {
            *budget + REPORT_CELLS
        } else if whole {
            *budget
        } else {
            0
        };
        if room < cells.len() {
            partly = true;
            return row < last;
        }
        *budget = budget.saturating_sub(cells.len());
        there.insert(row);
        let marks = found.get(&row);
        let beyond = marks.and_then(|m| m.keys().next_back()).map_or(0, |c| *c as usize + 1);
        let columns = cells.len().max(beyond).min(SHEET_COLUMNS);
        partly |= cells.len() > SHEET_COLUMNS;
        widest = widest.max(columns);
        for c in 0..columns {
            let text = cells.get(c).copied().unwrap_or_default();
            if widths.len() <= c {
                widths.push(0);
            }
            widths[c] = widths[c].max(text.chars().take(40).count());
            let here = marks.and_then(|m| m.get(&(c as u32)));
            if let Err(error) = cell(sheet, row, c, text, here.map(Vec::as_slice), row == header, &styles) {
                failed.get_or_insert(error);
                return false;
            }
        }
        true
    });
    if let Some(error) = failed {
        return Err(error);
    }
    for (c, width) in widths.iter().enumerate() {
        sheet.set_column_width(c as u16, (width + 2).clamp(6, 42) as f64)?;
    }
    if (1..=20).contains(&header) {
        sheet.set_freeze_panes(header as u32, 0)?;
    }
    if let (Some(&bottom), 1..) = (there.last(), widest) {
        // Texts of digits are meant to be texts here.
        sheet.ignore_error_range(0, 0, bottom as u32 - 1, widest as u16 - 1, IgnoreError::NumberStoredAsText)?;
    }
    if partly {
        sheet.hide_unused_rows(true);
    }
    sheet.set_default_note_author("Concord");
    Ok((there, partly))
}

fn cell(
    sheet: &mut Worksheet,
    row: u64,
    column: usize,
    text: &str,
    found: Option<&[&Finding]>,
    header: bool,
    styles: &Styles,
) -> Result<(), XlsxError> {
    let (r, c) = (row as u32 - 1, column as u16);
    let format = styles.of(found.and_then(|f| f.iter().map(|f| f.severity).min()), header);
    if text.is_empty() {
        if found.is_some() {
            sheet.write_blank(r, c, format)?;
        }
    } else {
        sheet.write_string_with_format(r, c, cell_text(text), format)?;
    }
    let Some(found) = found else { return Ok(()) };
    let mut lines = Vec::new();
    for finding in found.iter().take(10) {
        lines.push(format!("{}: {}", grave(finding.severity), words::message(finding)));
        let mend = words::mend(finding);
        if !mend.is_empty() {
            lines.push(format!("How to mend it: {mend}"));
        }
    }
    if found.len() > 10 {
        lines.push(format!("and {} more", found.len() - 10));
    }
    let text = lines.join("\n");
    let height = 30 + 18 * text.lines().map(|l| 1 + l.chars().count() / 50).sum::<usize>();
    let note = Note::new(note_text(&text)).add_author_prefix(false).set_width(360).set_height(height.min(500) as u32);
    sheet.insert_note(r, c, &note)?;
    Ok(())
}

/// The word for a severity that a clerk reads.
fn grave(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Must be mended",
        Severity::Warning => "Should be mended",
        Severity::Info => "Worth knowing",
    }
}

/// The looks of cells by severity, plain ones last, each also as a header.
struct Styles([[Format; 2]; 4]);

impl Styles {
    fn new() -> Styles {
        let plain = || Format::new().set_num_format("@");
        let of = |color: u32| {
            let filled = || plain().set_background_color(Color::RGB(color)).set_border(FormatBorder::Thin).set_border_color(Color::Gray);
            [filled(), filled().set_bold()]
        };
        Styles([of(0x00FF_C7CE), of(0x00FF_EB9C), of(0x00DD_EBF7), [plain(), plain().set_bold()]])
    }

    fn of(&self, severity: Option<Severity>, header: bool) -> &Format {
        let which = match severity {
            Some(Severity::Error) => 0,
            Some(Severity::Warning) => 1,
            Some(Severity::Info) => 2,
            None => 3,
        };
        &self.0[which][usize::from(header)]
    }
}

fn index(sheet: &mut Worksheet, report: &Report, shown: &BTreeMap<usize, Shown>, source: &dyn Source) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold().set_font_size(14);
    let head = Format::new().set_bold().set_background_color(Color::RGB(0x00D9_E2F3)).set_border_bottom(FormatBorder::Thin);
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_num_format("@");
    let styles = Styles::new();
    sheet.set_name(INDEX)?;
    for (column, width) in [18, 16, 70, 12, 26, 60].into_iter().enumerate() {
        sheet.set_column_width(column as u16, width)?;
    }
    sheet.write_string_with_format(0, 0, cell_text(&verdict(report)), &bold)?;
    let mut row = 1;
    let mut say = |sheet: &mut Worksheet, text: &str| {
        sheet.write_string(row, 0, cell_text(text))?;
        row += 1;
        Ok::<(), XlsxError>(())
    };
    if let Some(standard) = &report.standard {
        let version = if standard.version.is_empty() { String::new() } else { format!("@{}", standard.version) };
        say(sheet, &words::visible(&format!("Checked against {}{version}.", standard.id)))?;
    }
    if !shown.is_empty() {
        say(sheet, "The sheets behind this one are your own. Point at a coloured cell to read what is wrong and how to mend it.")?;
    }
    if report.findings.truncated() {
        let stored = words::number(report.findings.stored().len() as u64);
        say(sheet, &format!("Only the first {stored} places are coloured; the counts are complete."))?;
    }
    for (file, one) in shown.iter().filter(|(_, s)| s.partly) {
        let name = words::visible(&report.files[*file].name);
        let rows = words::number(one.rows.len() as u64);
        say(
            sheet,
            &format!("{name} is too long to be shown whole: {rows} rows are there, those with findings and the ones next to them."),
        )?;
    }
    row += 1;
    for (i, name) in ["How grave", "Code", "What was found", "How often", "First place", "How to mend it"].into_iter().enumerate() {
        sheet.write_string_with_format(row, i as u16, name, &head)?;
    }
    sheet.set_freeze_panes(row + 1, 0)?;
    let causes = Causes::of(report);
    for told in causes.ordered.iter().take(MOST_CAUSES) {
        row += 1;
        let cause = told.cause;
        sheet.write_string_with_format(row, 0, grave(cause.severity), styles.of(Some(cause.severity), false))?;
        sheet.write_string_with_format(row, 1, cell_text(cause.code.text()), &wrap)?;
        sheet.write_string_with_format(row, 2, cell_text(&told.message()), &wrap)?;
        // Beyond 15 digits a spreadsheet would not keep the count.
        match u32::try_from(cause.count) {
            Ok(count) => sheet.write_number_with_format(row, 3, count, &Format::new().set_align(FormatAlign::Top))?,
            Err(_) => sheet.write_string_with_format(row, 3, words::number(cause.count), &wrap)?,
        };
        sheet.write_string_with_format(row, 5, cell_text(&told.mend()), &wrap)?;
        let Some(first) = cause.samples.first() else { continue };
        let file = first.place.file as usize;
        let name = report.files.get(file).map(|f| words::visible(&f.name)).unwrap_or_default();
        let place = words::cell(&first.place);
        let label = match &place {
            Some(place) => format!("{name}, {place}"),
            None => name,
        };
        let column = column_of(&first.place, source).filter(|c| (*c as usize) < SHEET_COLUMNS).unwrap_or(0);
        let at = first.place.row + source.above(file);
        match shown.get(&file).filter(|s| first.place.row > 0 && s.rows.contains(&at)) {
            Some(one) => {
                let link = format!("internal:{}!{}{at}", quoted(&one.name), words::column_letter(column));
                let text: String = cell_text(&label).chars().take(200).collect();
                sheet.write_url(row, 4, Url::new(link).set_text(text))?;
            }
            None => {
                sheet.write_string_with_format(row, 4, cell_text(&label), &wrap)?;
            }
        }
    }
    if causes.ordered.len() > MOST_CAUSES {
        sheet.write_string(row + 1, 2, format!("and {} more kinds", words::number((causes.ordered.len() - MOST_CAUSES) as u64)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::io::Cursor;
    use std::sync::Arc;

    use calamine::{Data, Reader, Xlsx};
    use proptest::prelude::*;

    use super::*;
    use crate::finding::Findings;
    use crate::report::{Coverage, FileUsed};

    struct Table(Vec<Vec<String>>);

    impl Source for Table {
        fn rows(&mut self, _file: usize, each: &mut dyn FnMut(u64, &[&str]) -> bool) {
            for (i, row) in self.0.iter().enumerate() {
                if !each(i as u64 + 1, &row.iter().map(String::as_str).collect::<Vec<_>>()) {
                    return;
                }
            }
        }

        fn header_row(&self, _file: usize) -> u64 {
            1
        }
    }

    fn report(records: u64, places: &[(u64, u32)]) -> Report {
        let mut findings = Findings::new(1000);
        for &(row, column) in places {
            let place = Place { row, record: row - 1, column: Some(column), field: Some(Arc::from("f")), ..Place::default() };
            findings.add(Finding::new("C303", "", place).value("x"));
        }
        let file = FileUsed { name: "bad: file.csv".into(), records, ..FileUsed::default() };
        Report { standard: None, files: vec![file], findings, coverage: Coverage::default(), conversion: None }
    }

    fn open(bytes: &[u8]) -> Xlsx<Cursor<&[u8]>> {
        Xlsx::new(Cursor::new(bytes)).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// The user's cells come back as the texts they were, at their own addresses, and none is a formula.
        #[test]
        fn every_text_of_the_users_stays_text(
            rows in proptest::collection::vec(proptest::collection::vec("[=+@\t\r-](1\\+1|cmd|SUM\\(A1\\))|(?s).{0,6}|_x00[0-9A-F]{2}_|[0-9]{1,20}", 1..4), 1..6),
            at in 0usize..6, column in 0u32..5,
        ) {
            let row = (at % rows.len()) as u64 + 1;
            let bytes = sheet(&report(rows.len() as u64, &[(row, column)]), &mut Table(rows.clone())).unwrap();
            prop_assert_eq!(&bytes, &sheet(&report(rows.len() as u64, &[(row, column)]), &mut Table(rows.clone())).unwrap());
            let mut book = open(&bytes);
            prop_assert_eq!(book.sheet_names(), ["What was found", "bad_ file"]);
            for name in book.sheet_names() {
                prop_assert!(book.worksheet_formula(&name).unwrap().cells().all(|(.., f)| f.is_empty()));
            }
            let range = book.worksheet_range("bad_ file").unwrap();
            for (r, cells) in rows.iter().enumerate() {
                for (c, text) in cells.iter().enumerate() {
                    let got = range.get_value((r as u32, c as u32)).cloned().unwrap_or_default();
                    let expected = if text.is_empty() { Data::Empty } else { Data::String(cell_text(text)) };
                    prop_assert_eq!(got, expected);
                }
            }
        }
    }

    #[test]
    fn a_long_file_is_shown_in_part() {
        let rows = (1..=REPORT_ROWS + 10).map(|i| vec![i.to_string(), "x".to_owned()]).collect();
        let bytes = sheet(&report(REPORT_ROWS + 9, &[(40_000, 1)]), &mut Table(rows)).unwrap();
        let mut book = open(&bytes);
        let range = book.worksheet_range("bad_ file").unwrap();
        let there: Vec<u32> =
            (0..REPORT_ROWS as u32).filter(|r| range.get_value((*r, 0)).is_some_and(|c| *c != Data::Empty)).map(|r| r + 1).collect();
        assert_eq!(there, (1..=10).chain(39_999..=40_001).collect::<Vec<u32>>());
        let index = book.worksheet_range("What was found").unwrap();
        assert!(index.cells().any(|(.., c)| c.to_string().contains("too long to be shown whole: 13 rows")), "{index:?}");
        let notes = |bytes: &[u8]| {
            let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            let mut text = String::new();
            std::io::Read::read_to_string(&mut zip.by_name("xl/comments1.xml").unwrap(), &mut text).unwrap();
            text
        };
        let notes = notes(&bytes);
        assert!(notes.contains("ref=\"B40000\"") && notes.contains("Must be mended"), "{notes}");
    }

    #[test]
    fn without_rows_there_is_the_index() {
        let bytes = sheet(&report(3, &[(2, 0)]), &mut NoRows).unwrap();
        assert_eq!(open(&bytes).sheet_names(), ["What was found"]);
    }
}
