//! A workbook to fill in by hand: one sheet for each table of a standard, with typed columns, drop-downs, notes on the headers, a page that
//! explains, and a hidden mark ([`crate::read::mark`]) by which the filled workbook is recognised.
//!
//! Columns whose texts a spreadsheet would spoil (identifiers with leading zeros, dates in a form of their own, numbers with another decimal
//! sign) are of the format "text". The same package gives the same bytes.

use std::collections::BTreeMap;

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, FormatAlign, FormatBorder, Formula, Note, Workbook, Worksheet, XlsxError,
};

use crate::book::{self, cell_text, note_text, quoted, sheet_name};
use crate::bounds::{SHEET_COLUMNS, SHEET_ROWS};
use crate::package::{Package, Resource};
use crate::read::mark::{self, LISTS, README};
use crate::render::words;
use crate::schema::{DateFormat, Field, FieldType, NumberFormat, Presence};

/// Longest list of values that a cell's own rule takes, in UTF-16 units with its commas.
const INLINE: usize = 255;
/// Most values of a drop-down; longer lists are no help in one.
const MOST_VALUES: usize = 50_000;

/// The workbook's bytes.
///
/// # Errors
/// A package that does not fit a workbook, such as one without tables, or a table of more columns than a sheet has; a sentence without a full
/// stop.
pub fn template(package: &Package) -> Result<Vec<u8>, String> {
    if !package.resources.iter().any(|r| r.tabular) {
        return Err(format!(
            "{} is a standard of nested documents and has no tables, so there is no workbook to fill in for it",
            package.reference()
        ));
    }
    if let Some(wide) = package.resources.iter().find(|r| r.schema.fields.len() > SHEET_COLUMNS) {
        return Err(format!("table \"{}\" has more columns than a sheet of a spreadsheet holds ({SHEET_COLUMNS})", wide.name));
    }
    make(package).map_err(|e| format!("the template of {} cannot be made ({e})", package.reference()))
}

/// Columns of the hidden lists by the values they hold, so that fields with one list share it.
type Lists<'a> = BTreeMap<Vec<&'a str>, u16>;

fn make(package: &Package) -> Result<Vec<u8>, XlsxError> {
    let mut taken = vec![README.to_owned(), LISTS.to_owned(), mark::SHEET.to_owned()];
    let mut sheets = Vec::new();
    for resource in package.resources.iter().filter(|r| r.tabular) {
        let name = sheet_name(&resource.name, &taken);
        taken.push(name.clone());
        sheets.push((name, resource));
    }
    let mut lists = Lists::new();
    let mut book = Workbook::new();
    let reference = package.reference();
    let properties = book::properties(&package.manifest.title)?.set_custom_property("concord", reference.as_str());
    book.set_properties(&properties);
    readme(book.add_worksheet(), package, &sheets)?;
    for (name, resource) in &sheets {
        table(book.add_worksheet().set_name(name)?, resource, &mut lists)?;
    }
    if !lists.is_empty() {
        let sheet = book.add_worksheet().set_name(LISTS)?;
        sheet.set_hidden(true);
        let text = Format::new().set_num_format("@");
        for (values, &column) in &lists {
            for (row, value) in values.iter().enumerate() {
                sheet.write_string_with_format(row as u32, column, cell_text(value), &text)?;
            }
        }
    }
    let hidden = book.add_worksheet().set_name(mark::SHEET)?;
    hidden.set_very_hidden(true);
    let mut row = |row: u32, cells: [&str; 3]| {
        for (column, cell) in cells.iter().enumerate().filter(|(_, c)| !c.is_empty()) {
            hidden.write_string(row, column as u16, *cell)?;
        }
        Ok::<(), XlsxError>(())
    };
    row(0, [mark::KIND, mark::VERSION, ""])?;
    row(1, ["standard", &reference, ""])?;
    for (i, (name, resource)) in sheets.iter().enumerate() {
        row(i as u32 + 2, ["sheet", name, &resource.name])?;
    }
    book.define_name(mark::SHEET, &format!("={}!$B$2", quoted(mark::SHEET)))?;
    book::bytes(&mut book)
}

/// The page that explains, in plain words.
fn readme(sheet: &mut Worksheet, package: &Package, sheets: &[(String, &Resource)]) -> Result<(), XlsxError> {
    let big = Format::new().set_bold().set_font_size(16);
    let bold = Format::new().set_bold();
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_num_format("@");
    let head = Format::new().set_bold().set_background_color(Color::RGB(0x00D9_E2F3)).set_border_bottom(FormatBorder::Thin);
    sheet.set_name(README)?;
    for (column, width) in [22, 30, 12, 60, 34, 28].into_iter().enumerate() {
        sheet.set_column_width(column as u16, width)?;
    }
    let title = if package.manifest.title.is_empty() { package.reference() } else { package.manifest.title.clone() };
    sheet.write_string_with_format(0, 0, cell_text(&title), &big)?;
    sheet.write_string(1, 0, cell_text(&package.manifest.description))?;
    sheet.write_string(2, 0, format!("Made for {}.", package.reference()))?;
    let mut row = 4;
    for line in [
        "How to fill it in",
        "1. Each sheet is one table. Start in the second row; the first row holds the names of the columns and must stay as it is.",
        "2. Blue headers must be filled in every row. The others may stay empty.",
        "3. Point at a header to read what belongs into the column. Where a cell has an arrow, choose from its list.",
        "4. Columns of numbers and codes that begin with zeros are kept as text, so the zeros stay.",
        "5. Leave out tables you have nothing for. Hand the file in as it is, saved as .xlsx; it is recognised by itself.",
    ] {
        if row == 4 {
            sheet.write_string_with_format(row, 0, line, &bold)?;
        } else {
            sheet.write_string(row, 0, line)?;
        }
        row += 1;
    }
    row += 1;
    for (i, name) in ["Sheet", "Column", "Must be filled", "What it holds", "How to write it", "Example"].into_iter().enumerate() {
        sheet.write_string_with_format(row, i as u16, name, &head)?;
    }
    for (name, resource) in sheets {
        for (f, field) in resource.schema.fields.iter().enumerate() {
            row += 1;
            let what =
                [field.title.as_str(), field.description.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(". ");
            let cells = [name, field.name.as_str(), need(resource, f), &what.replace("..", "."), &how(field), &field.example];
            for (i, cell) in cells.into_iter().enumerate() {
                sheet.write_string_with_format(row, i as u16, cell_text(cell), &wrap)?;
            }
        }
    }
    Ok(())
}

fn need(resource: &Resource, field: usize) -> &'static str {
    match resource.schema.is_required(field) {
        true => "yes",
        false if resource.schema.fields[field].extras.presence == Presence::Recommended => "if you can",
        false => "no",
    }
}

/// How a cell of a field is written, for a person.
fn how(field: &Field) -> String {
    if values(field).is_some() {
        return "choose from the list".to_owned();
    }
    match &field.kind {
        FieldType::Integer(_) => "a whole number".to_owned(),
        FieldType::Number(format) if *format == NumberFormat::default() => "a number".to_owned(),
        FieldType::Number(format) => format!("a number with \"{}\" before the decimals", format.decimal),
        FieldType::Date(DateFormat::Pattern(pattern))
        | FieldType::DateTime(DateFormat::Pattern(pattern))
        | FieldType::Time(DateFormat::Pattern(pattern)) => {
            crate::value::pattern::compile(pattern).map_or_else(|| "a date".to_owned(), |p| p.form())
        }
        FieldType::Date(_) => "a date".to_owned(),
        FieldType::DateTime(_) => "a date and a time".to_owned(),
        FieldType::Time(_) => "a time, such as 14:30:00".to_owned(),
        FieldType::Year => "a year, such as 2026".to_owned(),
        FieldType::YearMonth => "a year and a month, such as 2026-05".to_owned(),
        FieldType::GeoPoint(_) => "longitude and latitude, such as -71.06, 42.36".to_owned(),
        _ => "text".to_owned(),
    }
}

/// The values that a drop-down of the field offers, and whether others are let pass. Codes that are no longer used are left out.
fn values(field: &Field) -> Option<(Vec<&str>, bool)> {
    let found: (Vec<&str>, bool) = if let Some(list) = &field.codes {
        (list.codes.iter().filter(|c| !c.deprecated).map(|c| c.code.as_str()).collect(), field.extras.open)
    } else if !field.constraints.values.is_empty() {
        (field.constraints.values.iter().map(String::as_str).collect(), false)
    } else if !field.categories.is_empty() {
        (field.categories.iter().map(|c| c.value.as_str()).collect(), false)
    } else if let FieldType::Boolean { true_values, false_values } = &field.kind {
        (true_values.first().into_iter().chain(false_values.first()).map(String::as_str).collect(), false)
    } else {
        return None;
    };
    (!found.0.is_empty() && found.0.len() <= MOST_VALUES).then_some(found)
}

/// The number format of a field's cells: real numbers and dates only where what a spreadsheet makes of them is what the field asks for.
fn number_format(field: &Field) -> &'static str {
    if values(field).is_some() {
        return "@";
    }
    match &field.kind {
        FieldType::Integer(format) if *format == NumberFormat::default() => "0",
        FieldType::Number(format) if *format == NumberFormat::default() => "General",
        FieldType::Date(DateFormat::Default | DateFormat::Any) => "yyyy-mm-dd",
        FieldType::DateTime(DateFormat::Default | DateFormat::Any) => "yyyy-mm-dd hh:mm:ss",
        FieldType::Year => "0",
        _ => "@",
    }
}

fn table<'a>(sheet: &mut Worksheet, resource: &'a Resource, lists: &mut Lists<'a>) -> Result<(), XlsxError> {
    let head = |color: u32| {
        Format::new().set_bold().set_num_format("@").set_background_color(Color::RGB(color)).set_border_bottom(FormatBorder::Thin)
    };
    let (needed, free) = (head(0x009D_C3E6), head(0x00ED_EDED));
    let last = SHEET_ROWS as u32 - 1;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_default_note_author("Concord");
    for (f, field) in resource.schema.fields.iter().enumerate() {
        let column = f as u16;
        let required = resource.schema.is_required(f);
        sheet.set_column_width(column, (field.name.chars().count() + 3).clamp(12, 40) as f64)?;
        sheet.set_column_format(column, &Format::new().set_num_format(number_format(field)))?;
        sheet.write_string_with_format(0, column, cell_text(&field.name), if required { &needed } else { &free })?;
        let mut lines = Vec::new();
        lines.extend((!field.title.is_empty()).then(|| field.title.clone()));
        lines.extend((!field.description.is_empty()).then(|| field.description.clone()));
        lines.push(format!("How to write it: {}.", how(field)));
        lines.extend((!field.example.is_empty()).then(|| format!("Example: {}", field.example)));
        lines.push(match need(resource, f) {
            "yes" => "Must be filled in every row.".to_owned(),
            "if you can" => "Fill it in if you can.".to_owned(),
            _ => "May stay empty.".to_owned(),
        });
        let text = lines.iter().map(|l| words::visible(l)).collect::<Vec<_>>().join("\n");
        let height = 30 + 18 * text.lines().map(|l| 1 + l.chars().count() / 45).sum::<usize>();
        let note = Note::new(note_text(&text)).add_author_prefix(false).set_width(320).set_height(height.min(400) as u32);
        sheet.insert_note(0, column, &note)?;
        if let Some((values, open)) = values(field) {
            let rule = drop_down(values, lists)?;
            let (style, error) = if open {
                (DataValidationErrorStyle::Information, "This value is not in the list of usual ones.")
            } else {
                (DataValidationErrorStyle::Stop, "Choose a value from the list.")
            };
            let rule = rule.set_error_style(style).set_error_title("Not in the list")?.set_error_message(error)?;
            sheet.add_data_validation(1, column, last, column, &rule)?;
        }
    }
    Ok(())
}

fn drop_down<'a>(values: Vec<&'a str>, lists: &mut Lists<'a>) -> Result<DataValidation, XlsxError> {
    let length = values.iter().map(|v| v.encode_utf16().count() + 1).sum::<usize>() - 1;
    let plain = |v: &&str| !v.is_empty() && !v.contains([',', '"']) && v.trim() == *v && !v.chars().any(char::is_control);
    if length <= INLINE && values.iter().all(plain) {
        return DataValidation::new().allow_list_strings(&values);
    }
    let rows = values.len();
    let next = lists.len() as u16;
    let letter = words::column_letter(u32::from(*lists.entry(values).or_insert(next)));
    let range = Formula::new(format!("={}!${letter}$1:${letter}${rows}", quoted(LISTS)));
    Ok(DataValidation::new().allow_list_formula(range))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::io::{Cursor, Read};
    use std::sync::Arc;

    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::package::{Code, CodeList};
    use crate::read::{Kind, Origin, Rows};
    use crate::schema::{StringFormat, TableSchema};

    fn package() -> Package {
        let list = |name: &str, n: usize| {
            let code = |i: usize| Code { code: format!("code {i}"), deprecated: i == 1, ..Code::default() };
            Arc::new(CodeList { name: name.into(), codes: (0..n).map(code).collect() })
        };
        let mut short = Field::new("short", FieldType::String(StringFormat::Default));
        short.codes = Some(list("short", 3));
        let mut long = Field::new("long", FieldType::String(StringFormat::Default));
        long.codes = Some(list("long", 300));
        long.extras.open = true;
        let again = Field { name: "again".into(), ..long.clone() };
        let mut id = Field::new("=id", FieldType::String(StringFormat::Default));
        id.constraints.required = true;
        let day = Field::new("day", FieldType::Date(DateFormat::Default));
        let schema = TableSchema { fields: vec![id, short, long, again, day], ..TableSchema::of_texts(&[]) };
        let resource = |name: &str| Resource { record: "thing".into(), ..Resource::of_table(name, "Things", schema.clone()) };
        Package {
            manifest: crate::package::Manifest {
                id: "x".into(),
                version: "1.0".into(),
                title: "Things of a town".into(),
                ..Default::default()
            },
            resources: vec![resource("things"), resource("THINGS"), resource("a-very-long-name-of-a-table-that-no-sheet-can-have")],
            digest: "sha256:00".into(),
            ..Package::default()
        }
    }

    #[test]
    fn only_tables_have_sheets_and_a_standard_without_any_has_no_template() {
        let mut mixed = package();
        mixed.resources[1].tabular = false;
        let book: Xlsx<_> = Xlsx::new(Cursor::new(template(&mixed).unwrap())).unwrap();
        assert_eq!(book.sheet_names(), [README, "things", "a-very-long-name-of-a-table-tha", LISTS, mark::SHEET]);
        mixed.resources.iter_mut().for_each(|r| r.tabular = false);
        let nested = template(&mixed).unwrap_err();
        assert!(nested.contains("x@1.0") && nested.contains("no tables"), "{nested}");
        mixed.resources.clear();
        assert_eq!(template(&mixed).unwrap_err(), nested);
    }

    #[test]
    fn a_template_is_whole_and_says_what_it_is() {
        let bytes = template(&package()).unwrap();
        assert_eq!(bytes, template(&package()).unwrap(), "the same package gives the same bytes");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.as_slice())).unwrap();
        let long = "a-very-long-name-of-a-table-tha";
        assert_eq!(book.sheet_names(), [README, "things", "THINGS 2", long, LISTS, mark::SHEET]);
        let things = book.worksheet_range("things").unwrap();
        let header: Vec<String> = things.rows().next().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(header, ["=id", "short", "long", "again", "day"]);
        assert_eq!(things.get_value((0, 0)), Some(&Data::String("=id".into())));
        // One list for the two fields that share it, without the code that is no longer used.
        let lists = book.worksheet_range(LISTS).unwrap();
        assert_eq!((lists.width(), lists.height()), (1, 299));
        let mut rows = Rows::new();
        for row in book.worksheet_range(mark::SHEET).unwrap().rows() {
            row.iter().for_each(|c| rows.cell(&c.to_string(), Kind::Text));
            rows.end_row(Origin::default());
        }
        let mark = mark::mark(&rows).unwrap();
        assert_eq!(mark.standard.to_string(), "x@1.0");
        assert_eq!((mark.resource("THINGS 2"), mark.resource(long)), (Some("THINGS"), Some(package().resources[2].name.as_str())));
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes.as_slice())).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let sheet = part("xl/worksheets/sheet2.xml");
        assert!(sheet.contains("<formula1>\"code 0,code 2\"</formula1>"), "{sheet}");
        assert!(sheet.contains("_lists'!$A$1:$A$299") || sheet.contains("_lists!$A$1:$A$299"), "{sheet}");
        assert!(part("xl/workbook.xml").contains("state=\"veryHidden\""));
        assert!(part("docProps/custom.xml").contains("x@1.0"));
        assert!(part("xl/comments1.xml").contains("Must be filled in every row."));
    }
}
