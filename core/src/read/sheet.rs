//! Spreadsheets: XLSX, XLS and ODS workbooks as rows of text.
//!
//! A cell's text is what a person sees in it, as far as that can be known without guessing:
//! - numbers by their digits, never in scientific notation: whole ones as they are stored, fractions with at most 15 significant digits as
//!   spreadsheet programs show; grouping, currency and percent signs of the number format are left off;
//! - a number whose format is only zeros (`00000`) as text with those zeros;
//! - days and moments, which only the number format tells from numbers, as ISO 8601, a time of day also where the format hides it; times
//!   without a day as `hh:mm:ss`;
//! - formulas by the result that the spreadsheet program stored; nothing is ever worked out.
//!
//! Sheets are walked cell by cell. What a sheet claims about its size is not believed, and no grid is ever made.

use std::ops::ControlFlow;

use super::Rows;
use super::at::Store;
use super::container::{Form, Stop, stop, zip::Archive};
use super::mark::{self, Mark};
use crate::bounds;
use crate::finding::{Finding, Place};

mod choose;
mod compound;
mod markup;
mod ods;
mod out;
mod value;
mod xls;
mod xlsx;

pub use choose::Wanted;
pub(crate) use choose::{Look, text_of};

use out::Out;

/// The three forms of workbooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Office Open XML (ECMA-376), Excel since 2007.
    Xlsx,
    /// The binary form BIFF 5 to 8 ([MS-XLS]), Excel 5 to 2003.
    Xls,
    /// OpenDocument (ISO/IEC 26300), LibreOffice.
    Ods,
}

impl Kind {
    /// The form of a workbook by its bytes; `None` for anything else. Needs the whole file: a zip archive's directory is at its end.
    pub fn of(bytes: &[u8]) -> Option<Kind> {
        match Form::of(bytes)? {
            Form::Zip => {
                let archive = Archive::open(bytes, bounds::Packed::default(), &mut Vec::new()).ok()?;
                match part_kind(&archive) {
                    Part::Workbook(kind) => Some(kind),
                    // Locked, binary, or a text document: opened only to say so.
                    Part::Refused(_) => Some(Kind::Xlsx),
                    Part::None => None,
                }
            }
            Form::Compound => Some(Kind::Xls),
            _ => None,
        }
    }
}

/// What a zip archive is, when it is an office document.
enum Part {
    Workbook(Kind),
    /// An office document that is no readable spreadsheet; the kind of `C115`.
    Refused(&'static str),
    None,
}

fn part_kind(archive: &Archive<'_>) -> Part {
    let has = |name: &str| archive.find(name).is_some();
    if has("[Content_Types].xml") {
        return if has("xl/workbook.bin") {
            Part::Refused("binary")
        } else if has("word/document.xml") || has("ppt/presentation.xml") {
            Part::Refused("other")
        } else {
            Part::Workbook(Kind::Xlsx)
        };
    }
    if has("content.xml") && (has("mimetype") || has("META-INF/manifest.xml")) {
        let mime = archive.find("mimetype").and_then(|i| archive.read(i, 200).ok()).unwrap_or_default();
        return match mime.trim_ascii() {
            b"application/vnd.oasis.opendocument.spreadsheet" | b"application/vnd.oasis.opendocument.spreadsheet-template" | b"" => {
                Part::Workbook(Kind::Ods)
            }
            _ => Part::Refused("other"),
        };
    }
    Part::None
}

/// What is known about a sheet without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetInfo {
    /// Its name.
    pub name: String,
    /// Whether it is hidden from whoever opens the workbook.
    pub hidden: bool,
    /// The range that the file states for its cells, such as `A1:Q120`; never relied on. `None` when the file states none.
    pub stated: Option<String>,
}

/// An open workbook.
#[derive(Debug)]
pub struct Book<'a> {
    bounds: bounds::Sheet,
    sheets: Vec<SheetInfo>,
    form: Opened<'a>,
}

#[derive(Debug)]
enum Opened<'a> {
    Xlsx(Box<xlsx::Workbook<'a>>),
    Xls(Box<xls::Workbook>),
    Ods(Box<ods::Workbook<'a>>),
}

impl<'a> Book<'a> {
    /// Opens a workbook that lies in memory; see [`Book::of`].
    ///
    /// # Errors
    /// As [`Book::of`].
    pub fn open(bytes: &'a [u8], bounds: bounds::Sheet, findings: &mut Vec<Finding>) -> Result<Book<'a>, Stop> {
        Book::of(Store::new(bytes), bounds, bounds::MAX_WHOLE, findings)
    }

    /// Opens a workbook: its list of sheets, styles and shared texts are read, its cells are not. `whole` is the most bytes of a form that
    /// has to lie in memory.
    ///
    /// # Errors
    /// The finding that it is no spreadsheet, damaged, locked by a password, or hits a bound.
    pub fn of(store: Store<'a>, bounds: bounds::Sheet, whole: usize, findings: &mut Vec<Finding>) -> Result<Book<'a>, Stop> {
        let start = store.piece(0, 16).ok_or_else(|| stop("C115", "other"))?;
        let (mut sheets, form) = match Form::of(&start) {
            Some(Form::Zip) => {
                let archive = Archive::of(store, bounds.packed, &mut Vec::new())?;
                match part_kind(&archive) {
                    Part::Workbook(Kind::Ods) => {
                        let (sheets, book) = ods::Workbook::open(archive, &bounds)?;
                        (sheets, Opened::Ods(Box::new(book)))
                    }
                    Part::Workbook(_) => {
                        let (sheets, book) = xlsx::Workbook::open(archive, &bounds)?;
                        (sheets, Opened::Xlsx(Box::new(book)))
                    }
                    Part::Refused(kind) => return Err(stop("C115", kind)),
                    Part::None => return Err(stop("C115", "other")),
                }
            }
            Some(Form::Compound) => {
                if store.size() > whole as u64 {
                    let mut finding = stop("C110", "whole");
                    finding.args = vec![("bound", whole.to_string())];
                    return Err(finding);
                }
                let bytes = store.piece(0, whole).ok_or_else(|| stop("C115", ""))?;
                let (sheets, book) = xls::Workbook::open(&bytes, &bounds, findings)?;
                (sheets, Opened::Xls(Box::new(book)))
            }
            // A bare BIFF stream: Excel 2 to 4.
            _ if matches!(start[..], [0x09, 0x00 | 0x02 | 0x04, 4 | 6, 0x00, ..]) => return Err(stop("C115", "old")),
            _ => return Err(stop("C115", "other")),
        };
        if sheets.len() > bounds.sheets {
            sheets.truncate(bounds.sheets);
            findings.push(Finding::new("C230", "sheets", Place::default()).arg("bound", bounds.sheets.to_string()));
        }
        Ok(Book { bounds, sheets, form })
    }

    /// The form of the workbook.
    pub fn kind(&self) -> Kind {
        match self.form {
            Opened::Xlsx(_) => Kind::Xlsx,
            Opened::Xls(_) => Kind::Xls,
            Opened::Ods(_) => Kind::Ods,
        }
    }

    /// The sheets of cells in the workbook's order; sheets that are only a chart are left out.
    pub fn sheets(&self) -> &[SheetInfo] {
        &self.sheets
    }

    /// Reads a sheet and hands over its rows in batches; `take` may clear them or keep them, and may end the reading. The first row is
    /// the sheet's row 1: blank rows and columns before and between cells are kept, those behind the last one are not.
    /// What is wrong is a finding, with the sheet's row and column as place.
    pub fn each(&self, sheet: usize, findings: &mut Vec<Finding>, take: &mut dyn FnMut(&mut Rows, &mut Vec<Finding>) -> ControlFlow<()>) {
        let (mut cursor, mut rows) = (self.cursor(sheet), Rows::new());
        loop {
            let more = cursor.next(self, &mut rows, findings);
            if !rows.is_empty() && take(&mut rows, findings).is_break() || !more {
                return;
            }
            rows.clear();
        }
    }

    /// Goes to the start of a sheet; see [`Book::each`] for what is read there.
    pub fn cursor(&self, sheet: usize) -> Cursor<'a> {
        let name = self.sheets.get(sheet).map_or("", |info| &info.name);
        let walk = match &self.form {
            Opened::Xlsx(book) => book.walk(sheet).map(|walk| walk.map(|walk| Walk::Xlsx(Box::new(walk)))),
            Opened::Xls(book) => book.walk(sheet).map(|walk| walk.map(Walk::Xls)),
            Opened::Ods(book) => book.walk(sheet).map(|walk| Some(Walk::Ods(Box::new(walk)))),
        };
        let (walk, end) = match walk {
            Ok(Some(walk)) if sheet < self.sheets.len() => (walk, None),
            Ok(_) => (Walk::Nowhere, Some(Ok(()))),
            Err(finding) => (Walk::Nowhere, Some(Err(finding))),
        };
        Cursor { walk, out: Out::new(name, &self.bounds), end, done: false }
    }

    /// Reads a sheet as a whole; see [`Book::each`], which keeps memory small.
    pub fn rows(&self, sheet: usize, rows: &mut Rows, findings: &mut Vec<Finding>) {
        self.each(sheet, findings, &mut |batch, _| {
            batch.iter().for_each(|row| rows.push(row));
            batch.clear();
            ControlFlow::Continue(())
        });
    }

    /// Whether a sheet holds no cell with anything in it, or cannot be read.
    pub fn is_empty(&self, sheet: usize) -> bool {
        self.look(sheet, 1).rows.is_empty()
    }

    /// What the hidden sheet of a template says, when the workbook was made from one.
    pub fn mark(&self) -> Option<Mark> {
        let sheet = self.sheets.iter().position(|s| s.name == mark::SHEET)?;
        let mut rows = Rows::new();
        self.each(sheet, &mut Vec::new(), &mut |batch, _| {
            batch.iter().for_each(|row| rows.push(row));
            batch.clear();
            // A mark has a row for each table.
            if rows.len() > 2000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        mark::mark(&rows)
    }

    /// The sheet of that name, which may be in other letters.
    pub fn find(&self, name: &str) -> Option<usize> {
        let found = self.sheets.iter().position(|s| s.name == name);
        found.or_else(|| self.sheets.iter().position(|s| s.name.to_lowercase() == name.to_lowercase()))
    }
}

/// Where the reading of a sheet stands.
#[derive(Debug)]
enum Walk<'a> {
    Xlsx(Box<xlsx::Walk<'a>>),
    Xls(xls::Walk),
    Ods(Box<ods::Walk<'a>>),
    /// There is no such sheet.
    Nowhere,
}

/// A sheet that is read batch by batch.
#[derive(Debug)]
pub struct Cursor<'a> {
    walk: Walk<'a>,
    out: Out,
    /// How the sheet ended, until that is told.
    end: Option<Result<(), Stop>>,
    done: bool,
}

impl<'a> Cursor<'a> {
    /// Reads the next batch of rows in place of those in `rows`, which may be none, and appends what is wrong. False when nothing follows. `book`
    /// is the workbook that the cursor is of.
    pub fn next(&mut self, book: &Book<'a>, rows: &mut Rows, findings: &mut Vec<Finding>) -> bool {
        rows.clear();
        if self.done {
            return false;
        }
        if let Err(finding) = self.out.resume() {
            self.end = Some(Err(finding));
        }
        if self.end.is_none() && !self.out.is_full() {
            let step = match (&mut self.walk, &book.form) {
                (Walk::Xlsx(walk), Opened::Xlsx(book)) => walk.step(book, &mut self.out),
                (Walk::Xls(walk), Opened::Xls(book)) => book.step(walk, &mut self.out),
                (Walk::Ods(walk), Opened::Ods(_)) => walk.step(&mut self.out),
                _ => Ok(false),
            };
            self.end = match step {
                Ok(true) => None,
                Ok(false) => Some(Ok(())),
                Err(finding) => Some(Err(finding)),
            };
        }
        if !self.out.is_due()
            && let Some(end) = self.end.take()
        {
            self.out.finish(end);
            self.done = true;
        }
        std::mem::swap(rows, &mut self.out.batch);
        findings.append(&mut self.out.findings);
        !self.done
    }
}

/// The column of a cell's name, counted from 0: `C12` is 2. Columns beyond all bounds are the last one that a number can say.
fn column_at(name: &str) -> Option<u32> {
    let letters: &[u8] = name.trim().as_bytes();
    let count = letters.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    if count == 0 {
        return None;
    }
    let number =
        letters[..count].iter().fold(0u32, |n, b| n.saturating_mul(26).saturating_add(u32::from(b.to_ascii_uppercase() - b'A') + 1));
    Some((number - 1).min(1 << 30))
}
