//! ODS: OpenDocument spreadsheets (ISO/IEC 26300, OpenDocument 1.3 part 3).

use std::collections::BTreeSet;

use quick_xml::events::{BytesStart, Event};

use super::SheetInfo;
use super::markup::{Markup, damaged, exactly, text_of};
use super::out::{Out, column_name};
use super::value::{self, Shown};
use crate::bounds;
use crate::read::Kind;
use crate::read::container::zip::Archive;
use crate::read::container::{Stop, stop};

/// An open workbook.
#[derive(Debug)]
pub(super) struct Workbook<'a> {
    archive: Archive<'a>,
    content: usize,
}

/// Parts of a sheet that hold no cells of it, or texts that are not the cell's.
const PASSED: [&str; 9] = [
    "table:tracked-changes",
    "table:shapes",
    "table:dde-links",
    "table:scenario",
    "table:detective",
    "office:annotation",
    "office:forms",
    "draw:frame",
    "draw:custom-shape",
];

impl<'a> Workbook<'a> {
    pub(super) fn open(archive: Archive<'a>, bounds: &bounds::Sheet) -> Result<(Vec<SheetInfo>, Workbook<'a>), Stop> {
        if let Some(manifest) = archive.find("META-INF/manifest.xml") {
            let text = archive.read(manifest, 4 << 20)?;
            if memchr::memmem::find(&text, b"encryption-data").is_some() {
                return Err(stop("C111", ""));
            }
        }
        let content = archive.find("content.xml").ok_or_else(|| damaged("content.xml"))?;
        let mut markup = Markup::new(archive.stream(content)?, "content.xml");
        let mut infos: Vec<SheetInfo> = Vec::new();
        let mut unseen: BTreeSet<String> = BTreeSet::new();
        let mut style = String::new();
        let (mut tables, mut passing) = (0usize, Passing::default());
        loop {
            let event = markup.next()?;
            if passing.over(&event) {
                continue;
            }
            match &event {
                Event::Start(tag) | Event::Empty(tag) => {
                    let opens = matches!(event, Event::Start(_));
                    match tag.name().0 {
                        "style:style" => style = exactly(tag, "style:name").unwrap_or_default().into_owned(),
                        "style:table-properties" if exactly(tag, "table:display").as_deref() == Some("false") && unseen.len() < 100_000 => {
                            unseen.insert(style.clone());
                        }
                        "table:table" => {
                            if tables == 0 && infos.len() <= bounds.sheets {
                                let hidden = exactly(tag, "table:style-name").is_some_and(|s| unseen.contains(&*s));
                                let name = exactly(tag, "table:name").unwrap_or_default().into_owned();
                                infos.push(SheetInfo { name, hidden, stated: None });
                            }
                            tables += usize::from(opens);
                        }
                        _ => {}
                    }
                }
                Event::End(tag) if tag.name().0 == "table:table" => tables = tables.saturating_sub(1),
                Event::Eof => break,
                _ => {}
            }
        }
        Ok((infos, Workbook { archive, content }))
    }

    /// Goes to a sheet's cells.
    ///
    /// # Errors
    /// The finding that its part is damaged.
    pub(super) fn walk(&self, sheet: usize) -> Result<Walk<'a>, Stop> {
        let markup = Markup::new(self.archive.stream(self.content)?, "content.xml");
        Ok(Walk { sheet, markup, tables: 0, seen: 0, passing: Passing::default(), state: Sheet::default() })
    }
}

/// Where the reading of the document stands.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// The sheet that is wanted.
    sheet: usize,
    markup: Markup<'a>,
    tables: usize,
    seen: usize,
    passing: Passing,
    state: Sheet,
}

impl Walk<'_> {
    /// Reads on until a batch is full or the sheet ends, which gives false.
    ///
    /// # Errors
    /// The finding that says why the sheet cannot be read on.
    pub(super) fn step(&mut self, out: &mut Out) -> Result<bool, Stop> {
        let Walk { sheet, markup, tables, seen, passing, state } = self;
        while !out.is_full() {
            let event = markup.next()?;
            if passing.over(&event) {
                continue;
            }
            let here = *tables == 1 && *seen == *sheet + 1;
            match &event {
                Event::Start(tag) | Event::Empty(tag) if tag.name().0 == "table:table" => {
                    if *tables == 0 {
                        *seen += 1;
                    }
                    *tables += usize::from(matches!(event, Event::Start(_)));
                }
                Event::End(tag) if tag.name().0 == "table:table" => {
                    *tables = tables.saturating_sub(1);
                    if here {
                        return Ok(false);
                    }
                }
                Event::Start(tag) if here => state.start(tag, out),
                Event::Empty(tag) if here => {
                    state.start(tag, out);
                    state.end(tag.name().0, out)?;
                }
                Event::End(tag) if here => state.end(tag.name().0, out)?,
                Event::Eof => return Ok(false),
                text if here && state.paragraph > 0 => text_of(text, &mut state.shown),
                _ => {}
            }
        }
        Ok(true)
    }
}

/// Passes over parts that hold no cells.
#[derive(Debug, Default)]
struct Passing {
    depth: usize,
}

impl Passing {
    fn over(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(tag) if self.depth > 0 || PASSED.contains(&tag.name().0) => {
                self.depth += 1;
                true
            }
            Event::End(_) if self.depth > 0 => {
                self.depth -= 1;
                true
            }
            Event::Eof => false,
            _ => self.depth > 0,
        }
    }
}

/// Where the reading of a sheet stands.
#[derive(Debug, Default)]
struct Sheet {
    /// Rows that are done.
    rows: u64,
    row_times: u64,
    columns: u64,
    /// The column of the cell being read, from 0.
    column: u32,
    cell: Option<Cell>,
    /// The text that the cell shows.
    shown: String,
    made: String,
    paragraphs: usize,
    paragraph: usize,
}

#[derive(Debug)]
struct Cell {
    times: u32,
    /// `office:value-type`.
    kind: String,
    /// The value behind the text.
    value: Option<String>,
    error: bool,
    formula: bool,
    covered: bool,
}

impl Sheet {
    fn start(&mut self, tag: &BytesStart<'_>, out: &mut Out) {
        let number = |name: &str| exactly(tag, name).and_then(|v| v.trim().parse::<u64>().ok());
        let unseen = || exactly(tag, "table:visibility").is_some_and(|v| matches!(&*v, "collapse" | "filter"));
        match tag.name().0 {
            "table:table-column" => {
                let times = number("table:number-columns-repeated").unwrap_or(1).max(1);
                if unseen() {
                    out.hide_columns(self.columns, self.columns.saturating_add(times - 1));
                }
                self.columns = self.columns.saturating_add(times);
            }
            "table:table-row" => {
                self.row_times = number("table:number-rows-repeated").unwrap_or(1).max(1);
                self.column = 0;
                if unseen() {
                    out.hide_rows(self.rows.saturating_add(1), self.rows.saturating_add(self.row_times));
                }
            }
            name @ ("table:table-cell" | "table:covered-table-cell") => {
                let kind = exactly(tag, "office:value-type").unwrap_or_default().into_owned();
                let value = match kind.as_str() {
                    "date" => exactly(tag, "office:date-value"),
                    "time" => exactly(tag, "office:time-value"),
                    "boolean" => exactly(tag, "office:boolean-value"),
                    "string" => exactly(tag, "office:string-value"),
                    _ => exactly(tag, "office:value"),
                };
                let spanned = |name| number(name).unwrap_or(1).max(1);
                let (wide, high) = (spanned("table:number-columns-spanned"), spanned("table:number-rows-spanned"));
                if wide > 1 || high > 1 {
                    let first = (u64::from(self.column), self.rows.saturating_add(1));
                    out.merge(format!(
                        "{}{}:{}{}",
                        column_name(first.0),
                        first.1,
                        column_name(first.0.saturating_add(wide - 1)),
                        first.1.saturating_add(high - 1)
                    ));
                }
                self.cell = Some(Cell {
                    times: number("table:number-columns-repeated").unwrap_or(1).clamp(1, 1 << 24) as u32,
                    error: exactly(tag, "calcext:value-type").as_deref() == Some("error"),
                    formula: exactly(tag, "table:formula").is_some(),
                    covered: name == "table:covered-table-cell",
                    value: value.map(|v| v.into_owned()),
                    kind,
                });
                self.shown.clear();
                self.paragraphs = 0;
                self.paragraph = 0;
            }
            "text:p" if self.cell.is_some() => {
                if self.paragraphs > 0 && self.paragraph == 0 {
                    self.shown.push('\n');
                }
                self.paragraphs += 1;
                self.paragraph += 1;
            }
            // A count is only believed as far as a cell can be wide.
            "text:s" if self.paragraph > 0 => {
                let count = number("text:c").unwrap_or(1).min(32_767) as usize;
                if self.shown.len() < bounds::MAX_RECORD {
                    self.shown.extend(std::iter::repeat_n(' ', count));
                }
            }
            "text:tab" if self.paragraph > 0 => self.shown.push('\t'),
            "text:line-break" if self.paragraph > 0 => self.shown.push('\n'),
            _ => {}
        }
    }

    fn end(&mut self, name: &str, out: &mut Out) -> Result<(), Stop> {
        match name {
            "text:p" => self.paragraph = self.paragraph.saturating_sub(1),
            "table:table-cell" | "table:covered-table-cell" => {
                if let Some(cell) = self.cell.take() {
                    self.settle(&cell, out);
                    self.column = self.column.saturating_add(cell.times).min(1 << 30);
                }
                self.paragraph = 0;
            }
            "table:table-row" => {
                out.end_row(self.rows.saturating_add(1), self.row_times)?;
                self.rows = self.rows.saturating_add(self.row_times);
            }
            _ => {}
        }
        Ok(())
    }

    fn settle(&mut self, cell: &Cell, out: &mut Out) {
        let row = self.rows.saturating_add(1);
        // What lies under a merged cell is not shown, and not its value.
        if cell.covered {
            return;
        }
        if cell.formula && cell.kind.is_empty() && self.shown.is_empty() {
            out.say("C228", "", row, self.column, None);
            return;
        }
        self.made.clear();
        let value = cell.value.as_deref();
        let kind = match (cell.kind.as_str(), value) {
            _ if cell.error => {
                self.made.push_str(&self.shown);
                Kind::Error
            }
            // LibreOffice shows zeros in front by its format; what is shown is what a person sees.
            // It also stores what was entered as TRUE as the number 1, and shows it as what it is.
            ("float", Some("1")) if self.shown == "TRUE" => boolean("true", &mut self.made),
            ("float", Some("0")) if self.shown == "FALSE" => boolean("false", &mut self.made),
            ("float", Some(value)) => {
                let kind = value::write(value, Shown::Number, false, &mut self.made);
                let digits = !self.shown.is_empty() && self.shown.bytes().all(|b| b.is_ascii_digit());
                if digits && self.shown.len() > self.made.len() && self.shown.trim_start_matches('0') == self.made {
                    self.made.clone_from(&self.shown);
                    Kind::Text
                } else {
                    kind
                }
            }
            ("percentage" | "currency", Some(value)) => value::write(value, Shown::Number, false, &mut self.made),
            ("date", Some(value)) => {
                let value = moment(value);
                // A midnight is kept where it is shown, as in the other forms.
                let shown = self.shown.contains(':') || self.shown.is_empty();
                self.made.push_str(if shown { value } else { value.strip_suffix("T00:00:00").unwrap_or(value) });
                // Midnight is stored without its time, and shown with it.
                if value.len() == 10 && self.shown.contains(':') {
                    self.made.push_str("T00:00:00");
                }
                Kind::Date
            }
            ("time", Some(value)) => {
                if !duration(value, &mut self.made) {
                    self.made.push_str(value);
                }
                Kind::Text
            }
            ("boolean", Some(value)) => boolean(value, &mut self.made),
            ("string", Some(value)) if self.paragraphs == 0 => {
                self.made.push_str(value);
                Kind::Text
            }
            _ => {
                self.made.push_str(&self.shown);
                Kind::Text
            }
        };
        // Repeats of nothing cost nothing; those of something are stopped at the bound on columns.
        if !self.made.is_empty() {
            let most = cell.times.min(u32::try_from(out.bounds().columns.saturating_add(1)).unwrap_or(u32::MAX));
            for i in 0..most {
                out.cell(row, self.column.saturating_add(i), kind, &self.made);
            }
        }
    }
}

fn boolean(value: &str, into: &mut String) -> Kind {
    into.push_str(value);
    Kind::Boolean
}

/// A day or moment without parts of seconds that are zero.
fn moment(value: &str) -> &str {
    match value.split_once('.') {
        Some((whole, parts)) if parts.bytes().all(|b| b == b'0') => whole,
        _ => value,
    }
}

/// Writes `PT12H30M05S` as `12:30:05`; false when it is of another form.
fn duration(value: &str, into: &mut String) -> bool {
    use std::fmt::Write as _;
    let read = || {
        let rest = value.strip_prefix("PT")?;
        let (hours, rest) = rest.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let seconds = rest.strip_suffix('S')?.replace(',', ".");
        let (seconds, parts) = seconds.split_once('.').map_or((seconds.as_str(), ""), |(s, p)| (s, p));
        let parts = parts.trim_end_matches('0');
        let all = parts.bytes().all(|b| b.is_ascii_digit());
        Some((hours.parse::<u32>().ok()?, minutes.parse::<u8>().ok()?, seconds.parse::<u8>().ok()?, all.then(|| parts.to_owned())?))
    };
    let Some((hours, minutes, seconds, parts)) = read() else { return false };
    let _ = write!(into, "{hours:02}:{minutes:02}:{seconds:02}");
    if !parts.is_empty() {
        let _ = write!(into, ".{parts}");
    }
    true
}
