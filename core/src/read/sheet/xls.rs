//! XLS: binary workbooks, BIFF 5 and 8 ([MS-XLS]; BIFF 5 as Excel 5 and 95 wrote it).

use std::collections::BTreeMap;

use super::SheetInfo;
use super::compound::{Compound, u16_at, u32_at, utf16};
use super::out::{Out, column_name};
use super::value::{self, Shown};
use crate::bounds;
use crate::decode::encoding::windows_1252;
use crate::finding::{Finding, Place};
use crate::read::Kind;
use crate::read::container::{Stop, stop};

/// An open workbook.
#[derive(Debug)]
pub(super) struct Workbook {
    stream: Vec<u8>,
    /// By sheet: where its records start.
    starts: Vec<usize>,
    /// By cell format: how it shows numbers.
    formats: Vec<Shown>,
    shared: Vec<Box<str>>,
    old: bool,
    /// Whether texts are Unicode (BIFF 8).
    unicode: bool,
}

// The numbers of records, [MS-XLS] 2.3.2.
const FORMULA: u16 = 0x06;
const EOF: u16 = 0x0a;
const DATE1904: u16 = 0x22;
const FILEPASS: u16 = 0x2f;
const CONTINUE: u16 = 0x3c;
const CODEPAGE: u16 = 0x42;
const COLINFO: u16 = 0x7d;
const BOUNDSHEET: u16 = 0x85;
const MULRK: u16 = 0xbd;
const RSTRING: u16 = 0xd6;
const XF: u16 = 0xe0;
const MERGECELLS: u16 = 0xe5;
const SST: u16 = 0xfc;
const LABELSST: u16 = 0xfd;
const DIMENSIONS: u16 = 0x200;
const NUMBER: u16 = 0x203;
const LABEL: u16 = 0x204;
const BOOLERR: u16 = 0x205;
const STRING: u16 = 0x207;
const ROW: u16 = 0x208;
const RK: u16 = 0x27e;
const FORMAT: u16 = 0x41e;
const BOF: u16 = 0x809;

/// Records one after another: number, data, and where the next one starts.
struct Records<'s> {
    stream: &'s [u8],
    at: usize,
}

impl<'s> Iterator for Records<'s> {
    type Item = (u16, &'s [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.stream.get(self.at..self.at.checked_add(4)?)?;
        let (number, length) = (u16_at(head, 0), usize::from(u16_at(head, 2)));
        let start = self.at + 4;
        let data = self.stream.get(start..start + length)?;
        self.at = start + length;
        Some((number, data))
    }
}

impl<'s> Records<'s> {
    /// The data of a record and of those that continue it.
    fn whole(&mut self, first: &'s [u8]) -> Vec<&'s [u8]> {
        let mut parts = vec![first];
        while self.stream.get(self.at..).is_some_and(|rest| rest.len() >= 4 && u16_at(rest, 0) == CONTINUE) {
            match self.next() {
                Some((_, data)) => parts.push(data),
                None => break,
            }
        }
        parts
    }
}

/// Where the reading of a sheet stands.
#[derive(Debug)]
pub(super) struct Walk {
    at: usize,
    /// How deep in charts that lie in the sheet.
    inner: usize,
    current: Option<u64>,
    /// A formula whose text follows in a record of its own.
    awaited: Option<(u64, u32)>,
    made: String,
}

impl Workbook {
    pub(super) fn open(bytes: &[u8], bounds: &bounds::Sheet, findings: &mut Vec<Finding>) -> Result<(Vec<SheetInfo>, Workbook), Stop> {
        let file = Compound::open(bytes)?;
        let Some(stream) = file.stream(&["Workbook", "Book"]) else {
            return Err(if file.has("EncryptedPackage") { stop("C111", "") } else { stop("C115", "other") });
        };
        let mut records = Records { stream: &stream, at: 0 };
        let unicode = match records.next() {
            Some((BOF, data)) if u16_at(data, 0) >= 0x600 => true,
            Some((BOF, _)) => false,
            _ => return Err(stop("C115", "")),
        };
        let mut book = Workbook { stream: Vec::new(), starts: Vec::new(), formats: Vec::new(), shared: Vec::new(), old: false, unicode };
        let (mut infos, mut codes, mut xfs) = (Vec::new(), BTreeMap::new(), Vec::new());
        while let Some((number, data)) = records.next() {
            match number {
                FILEPASS => return Err(stop("C111", "")),
                DATE1904 => book.old = u16_at(data, 0) == 1,
                CODEPAGE if !unicode => {
                    // 32769 is Windows-1252 as older programs call it.
                    let page = u16_at(data, 0);
                    if !matches!(page, 1252 | 32769 | 367 | 0) {
                        findings.push(Finding::new("C115", "letters", Place::default()).arg("page", page.to_string()));
                    }
                }
                // Type 0 is a sheet of cells; others are charts and macros.
                BOUNDSHEET if data.get(5) == Some(&0) && infos.len() <= bounds.sheets => {
                    let start = u32_at(data, 0) as usize;
                    let name = Text { parts: &[data], part: 0, at: 6 }.short(unicode);
                    let hidden = data.get(4).is_some_and(|h| h & 3 != 0);
                    let stated = stated(&stream, start, unicode);
                    infos.push(SheetInfo { name, hidden, stated });
                    book.starts.push(start);
                }
                FORMAT => {
                    let id = u16_at(data, 0);
                    let mut text = Text { parts: &[data], part: 0, at: 2 };
                    let code = if unicode { text.long(true) } else { text.short(false) };
                    codes.insert(u32::from(id), Shown::of_code(&code));
                }
                XF => xfs.push(u32::from(u16_at(data, 2))),
                SST => {
                    let parts = records.whole(data);
                    book.shared = shared(&parts, bounds.shared)?;
                }
                EOF => break,
                _ => {}
            }
        }
        book.formats = xfs.into_iter().map(|id| codes.get(&id).copied().unwrap_or_else(|| Shown::built_in(id))).collect();
        book.stream = stream;
        Ok((infos, book))
    }

    /// Goes to a sheet's records; nothing where there is none.
    ///
    /// # Errors
    /// The finding that they are damaged.
    pub(super) fn walk(&self, sheet: usize) -> Result<Option<Walk>, Stop> {
        let Some(&start) = self.starts.get(sheet) else { return Ok(None) };
        let mut records = Records { stream: &self.stream, at: start };
        if !matches!(records.next(), Some((BOF, _))) {
            return Err(stop("C115", ""));
        }
        Ok(Some(Walk { at: records.at, inner: 0, current: None, awaited: None, made: String::new() }))
    }

    /// Reads on until a batch is full or the sheet ends, which gives false.
    ///
    /// # Errors
    /// The finding that says why the sheet cannot be read on.
    pub(super) fn step(&self, walk: &mut Walk, out: &mut Out) -> Result<bool, Stop> {
        let mut records = Records { stream: &self.stream, at: walk.at };
        let mut ended = false;
        loop {
            let here = records.at;
            let Some((number, data)) = records.next() else { break };
            match number {
                BOF => walk.inner += 1,
                EOF if walk.inner == 0 => {
                    ended = true;
                    break;
                }
                EOF => walk.inner -= 1,
                _ if walk.inner > 0 => {}
                ROW if data.get(12).is_some_and(|flags| flags & 0x20 != 0) => {
                    let row = u64::from(u16_at(data, 0)) + 1;
                    out.hide_rows(row, row);
                }
                COLINFO => {
                    let (first, last) = (u64::from(u16_at(data, 0)), u64::from(u16_at(data, 2)).min(255));
                    if u16_at(data, 8) & 1 != 0 && first <= last {
                        out.hide_columns(first, last);
                    }
                }
                MERGECELLS => {
                    for region in data.get(2..).unwrap_or_default().chunks_exact(8).take(usize::from(u16_at(data, 0))) {
                        let at = |i: usize| u64::from(u16_at(region, i));
                        out.merge(format!("{}{}:{}{}", column_name(at(4)), at(0) + 1, column_name(at(6)), at(2) + 1));
                    }
                }
                STRING => {
                    if let Some((row, column)) = walk.awaited.take() {
                        let parts = records.whole(data);
                        let text = Text { parts: &parts, part: 0, at: 0 }.long(self.unicode);
                        out.cell(row, column, Kind::Text, &text);
                    }
                }
                LABELSST | LABEL | RSTRING | NUMBER | RK | MULRK | BOOLERR | FORMULA => {
                    let (row, column) = (u64::from(u16_at(data, 0)) + 1, u32::from(u16_at(data, 2)));
                    if walk.current != Some(row)
                        && let Some(before) = walk.current.replace(row)
                    {
                        out.end_row(before, 1)?;
                        if out.is_full() {
                            // The record is read once the batch was taken: its row is another one.
                            walk.at = here;
                            return Ok(true);
                        }
                    }
                    match number {
                        LABELSST => match self.shared.get(u32_at(data, 6) as usize) {
                            Some(text) => out.cell(row, column, Kind::Text, text),
                            None => out.say("C231", "text", row, column, None),
                        },
                        LABEL | RSTRING => {
                            let parts = records.whole(data);
                            let text = Text { parts: &parts, part: 0, at: 6 }.long(self.unicode);
                            out.cell(row, column, Kind::Text, &text);
                        }
                        NUMBER => self.number(row, column, u16_at(data, 4), double(data, 6), &mut walk.made, out),
                        RK => self.number(row, column, u16_at(data, 4), packed(u32_at(data, 6)), &mut walk.made, out),
                        MULRK => {
                            for (i, cell) in data.get(4..).unwrap_or_default().chunks_exact(6).enumerate() {
                                let column = column.saturating_add(i as u32);
                                self.number(row, column, u16_at(cell, 0), packed(u32_at(cell, 2)), &mut walk.made, out);
                            }
                        }
                        BOOLERR => match (data.get(6), data.get(7)) {
                            (Some(&code), Some(0)) => out.cell(row, column, Kind::Boolean, if code == 0 { "false" } else { "true" }),
                            (Some(&code), Some(_)) => out.cell(row, column, Kind::Error, error(code)),
                            _ => {}
                        },
                        _ if u16_at(data, 12) == 0xffff && data.len() >= 14 => match (data[6], data[8]) {
                            (0, _) => walk.awaited = Some((row, column)),
                            (1, value) => out.cell(row, column, Kind::Boolean, if value == 0 { "false" } else { "true" }),
                            (2, code) => out.cell(row, column, Kind::Error, error(code)),
                            // An empty text.
                            _ => {}
                        },
                        _ => self.number(row, column, u16_at(data, 4), double(data, 6), &mut walk.made, out),
                    }
                }
                _ => {}
            }
        }
        walk.at = records.at;
        if let Some(row) = walk.current.take() {
            out.end_row(row, 1)?;
        }
        // Records that break off in the middle of a sheet.
        if ended { Ok(false) } else { Err(stop("C115", "")) }
    }

    fn number(&self, row: u64, column: u32, format: u16, value: f64, made: &mut String, out: &mut Out) {
        let shown = self.formats.get(usize::from(format)).copied().unwrap_or_default();
        made.clear();
        let kind = value::write(&value::of_double(value), shown, self.old, made);
        out.cell(row, column, kind, made);
    }
}

/// The range that a sheet states; its record stands before the cells.
fn stated(stream: &[u8], start: usize, unicode: bool) -> Option<String> {
    let (_, data) = Records { stream, at: start }.take(10_000).find(|(number, _)| matches!(*number, DIMENSIONS | EOF))?;
    let wide = if unicode { 4 } else { 2 };
    let row = |i: usize| if unicode { u64::from(u32_at(data, i * wide)) } else { u64::from(u16_at(data, i * wide)) };
    let column = |i: usize| u64::from(u16_at(data, 2 * wide + 2 * i));
    let (first, last) = ((row(0), column(0)), (row(1), column(1)));
    (first.0 < last.0 && first.1 < last.1).then(|| format!("{}{}:{}{}", column_name(first.1), first.0 + 1, column_name(last.1 - 1), last.0))
}

fn double(data: &[u8], at: usize) -> f64 {
    data.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0.0, f64::from_le_bytes)
}

/// A number packed in four bytes ([MS-XLS] 2.5.217).
fn packed(number: u32) -> f64 {
    let value = if number & 2 != 0 { f64::from(number as i32 >> 2) } else { f64::from_bits(u64::from(number & !3) << 32) };
    if number & 1 != 0 { value / 100.0 } else { value }
}

/// [MS-XLS] 2.5.10.
fn error(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        0x2a => "#N/A",
        _ => "#ERROR",
    }
}

/// Reads text from the parts of a record.
struct Text<'t, 's> {
    parts: &'t [&'s [u8]],
    part: usize,
    at: usize,
}

impl Text<'_, '_> {
    /// How many bytes are left in this part.
    fn left(&self) -> usize {
        self.parts.get(self.part).map_or(0, |p| p.len().saturating_sub(self.at))
    }

    fn byte(&mut self) -> Option<u8> {
        while self.left() == 0 {
            self.part += 1;
            self.at = 0;
            if self.part >= self.parts.len() {
                return None;
            }
        }
        self.at += 1;
        Some(self.parts[self.part][self.at - 1])
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn skip(&mut self, mut count: usize) {
        while count > 0 && self.part < self.parts.len() {
            let step = count.min(self.left());
            self.at += step;
            count -= step;
            if self.left() == 0 && count > 0 {
                self.part += 1;
                self.at = 0;
            }
        }
    }

    /// A text whose length is one byte.
    fn short(&mut self, unicode: bool) -> String {
        let Some(count) = self.byte() else { return String::new() };
        self.letters(usize::from(count), unicode)
    }

    /// A text whose length is two bytes.
    fn long(&mut self, unicode: bool) -> String {
        let Some(count) = self.number() else { return String::new() };
        self.letters(usize::from(count), unicode)
    }

    fn letters(&mut self, count: usize, unicode: bool) -> String {
        if unicode {
            let Some(flags) = self.byte() else { return String::new() };
            return self.unicode(count, flags);
        }
        let mut bytes = Vec::new();
        for _ in 0..count {
            let Some(byte) = self.byte() else { break };
            bytes.push(byte);
        }
        windows_1252(&bytes)
    }

    /// So many units of UTF-16, stored whole or by their lower bytes; a part that continues says anew which ([MS-XLS] 2.5.293).
    fn unicode(&mut self, mut count: usize, mut flags: u8) -> String {
        let mut units = Vec::new();
        while count > 0 && self.part < self.parts.len() {
            if self.left() == 0 {
                self.part += 1;
                self.at = 0;
                match self.byte() {
                    Some(again) => flags = again,
                    None => break,
                }
                continue;
            }
            let wide = if flags & 1 != 0 { 2 } else { 1 };
            let here = (self.left() / wide).min(count);
            if here == 0 {
                // Half a unit at the end of a part: damaged.
                self.at += 1;
                continue;
            }
            let bytes = &self.parts[self.part][self.at..self.at + here * wide];
            if wide == 2 {
                units.extend_from_slice(bytes);
            } else {
                units.extend(bytes.iter().flat_map(|&b| [b, 0]));
            }
            self.at += here * wide;
            count -= here;
        }
        utf16(&units)
    }
}

/// The table of shared texts ([MS-XLS] 2.4.265).
fn shared(parts: &[&[u8]], bound: usize) -> Result<Vec<Box<str>>, Stop> {
    let mut text = Text { parts, part: 0, at: 4 };
    let count = u32_at(parts.first().copied().unwrap_or_default(), 4);
    text.skip(4);
    let mut texts = Vec::new();
    let mut size = 0;
    for _ in 0..count {
        let Some(length) = text.number() else { break };
        let Some(flags) = text.byte() else { break };
        let runs = if flags & 8 != 0 { text.number().unwrap_or(0) } else { 0 };
        let extra = if flags & 4 != 0 { u32::from(text.number().unwrap_or(0)) | u32::from(text.number().unwrap_or(0)) << 16 } else { 0 };
        let one = text.unicode(usize::from(length), flags);
        text.skip(usize::from(runs) * 4);
        text.skip(extra as usize);
        size += one.len() + size_of::<Box<str>>();
        if size > bound {
            let mut finding = stop("C230", "shared");
            finding.args.push(("bound", bound.to_string()));
            return Err(finding);
        }
        texts.push(one.into_boxed_str());
    }
    Ok(texts)
}
