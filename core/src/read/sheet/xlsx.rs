//! XLSX: Office Open XML workbooks (ECMA-376 part 1, SpreadsheetML), the transitional and the strict form alike.

use quick_xml::events::{BytesStart, Event};

use super::markup::{Markup, attribute, damaged, local, says, text_of};
use super::out::Out;
use super::value::{self, Shown};
use super::{SheetInfo, column_at};
use crate::bounds;
use crate::read::Kind;
use crate::read::container::zip::Archive;
use crate::read::container::{Stop, stop};

/// An open workbook.
#[derive(Debug)]
pub(super) struct Workbook<'a> {
    archive: Archive<'a>,
    /// By sheet: its entry in the archive.
    parts: Vec<usize>,
    /// By cell format: how it shows numbers.
    formats: Vec<Shown>,
    shared: Shared,
    /// Whether days are counted from 1904.
    old: bool,
}

/// The texts that cells share.
#[derive(Debug, Default)]
struct Shared {
    text: String,
    ends: Vec<u32>,
}

impl Shared {
    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.text.get(start..end)
    }
}

/// Where something of the workbook lies: id, kind, path.
struct Relation {
    id: String,
    kind: String,
    path: String,
}

impl<'a> Workbook<'a> {
    pub(super) fn open(archive: Archive<'a>, bounds: &bounds::Sheet) -> Result<(Vec<SheetInfo>, Workbook<'a>), Stop> {
        let main = relations(&archive, "_rels/.rels", "")?
            .into_iter()
            .find(|r| r.kind.ends_with("/officeDocument"))
            .map_or_else(|| "xl/workbook.xml".to_owned(), |r| r.path);
        let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder);
        let file = main.rsplit('/').next().unwrap_or(&main);
        let links = relations(&archive, &format!("{folder}/_rels/{file}.rels"), folder)?;
        let (names, old) = sheets(&archive, &main)?;
        let (mut infos, mut parts) = (Vec::new(), Vec::new());
        for (name, hidden, id) in names {
            let Some(link) = links.iter().find(|r| r.id == id) else { continue };
            // Sheets that are only a chart, and sheets of old macros, hold no table.
            if !link.kind.ends_with("/worksheet") {
                continue;
            }
            let Some(part) = archive.find(&link.path) else { continue };
            let stated = stated(&archive, part).unwrap_or_default();
            infos.push(SheetInfo { name, hidden, stated });
            parts.push(part);
            if parts.len() > bounds.sheets {
                break;
            }
        }
        let part_of = |kind: &str| links.iter().find(|r| r.kind.ends_with(kind)).and_then(|r| archive.find(&r.path));
        let formats = match part_of("/styles") {
            Some(part) => formats(&archive, part)?,
            None => Vec::new(),
        };
        let shared = match part_of("/sharedStrings") {
            Some(part) => shared(&archive, part, bounds.shared)?,
            None => Shared::default(),
        };
        Ok((infos, Workbook { archive, parts, formats, shared, old }))
    }

    /// Goes to a sheet's cells; nothing where there is none.
    ///
    /// # Errors
    /// The finding that its part is damaged.
    pub(super) fn walk(&self, sheet: usize) -> Result<Option<Walk<'a>>, Stop> {
        let Some(&part) = self.parts.get(sheet) else { return Ok(None) };
        Ok(Some(Walk {
            markup: open(&self.archive, part)?,
            cell: Cell::default(),
            row: 0,
            in_data: false,
            column: 0,
            within: Within::Nothing,
            phonetic: false,
            piece: Piece::default(),
        }))
    }

    /// Hands a whole cell over.
    fn settle(&self, cell: &mut Cell, row: u64, column: u32, out: &mut Out) {
        let text = &mut cell.text;
        match cell.kind {
            Type::Shared if !text.trim().is_empty() => match text.trim().parse().ok().and_then(|i: usize| self.shared.get(i)) {
                Some(shared) => out.cell(row, column, Kind::Text, shared),
                None => out.say("C231", "text", row, column, None),
            },
            Type::Number if !text.trim().is_empty() => {
                let shown = self.formats.get(cell.format).copied().unwrap_or_default();
                cell.made.clear();
                let kind = value::write(text, shown, self.old, &mut cell.made);
                out.cell(row, column, kind, &cell.made);
            }
            Type::Boolean if !text.trim().is_empty() => {
                out.cell(row, column, Kind::Boolean, if matches!(text.trim(), "1" | "true") { "true" } else { "false" });
            }
            Type::Error if !text.is_empty() => out.cell(row, column, Kind::Error, text),
            Type::Date if !text.is_empty() => {
                let shown = self.formats.get(cell.format).copied().unwrap_or_default();
                let day_only = shown == Shown::Day && text.len() > 10 && text.as_bytes()[10] == b'T';
                let text = if day_only { text.get(..10).unwrap_or(text) } else { text.trim_end_matches('Z') };
                out.cell(row, column, Kind::Date, text);
            }
            Type::Text => {
                unescape(text);
                out.cell(row, column, Kind::Text, text);
            }
            _ => {}
        }
        // The result of a formula may be an empty text; a formula with no result at all, or with an empty number, was never worked out.
        if cell.formula && (!cell.has_value || (text.is_empty() && cell.kind != Type::Text)) {
            out.say("C228", "", row, column, None);
        }
    }
}

/// Where the reading of a sheet stands.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    markup: Markup<'a>,
    cell: Cell,
    row: u64,
    in_data: bool,
    column: u32,
    /// What text between tags belongs to.
    within: Within,
    /// A reading aid for Asian letters is no part of the text.
    phonetic: bool,
    piece: Piece,
}

impl Walk<'_> {
    /// Reads on until a batch is full or the sheet ends, which gives false.
    ///
    /// # Errors
    /// The finding that says why the sheet cannot be read on.
    pub(super) fn step(&mut self, book: &Workbook<'_>, out: &mut Out) -> Result<bool, Stop> {
        let Walk { markup, cell, row, in_data, column, within, phonetic, piece } = self;
        let mut full = out.is_full();
        while !full {
            let event = markup.next()?;
            match &event {
                Event::Start(tag) | Event::Empty(tag) => {
                    let opens = matches!(event, Event::Start(_));
                    match local(tag.name()) {
                        "sheetData" => *in_data = opens,
                        "row" if *in_data => {
                            *row =
                                attribute(tag, "r").and_then(|r| r.trim().parse().ok()).unwrap_or(*row + 1).clamp(1, u64::from(u32::MAX));
                            *column = 0;
                            if says(tag, "hidden") {
                                out.hide_rows(*row, *row);
                            }
                        }
                        "c" if *in_data => {
                            if let Some(at) = attribute(tag, "r").and_then(|r| column_at(&r)) {
                                *column = at;
                            }
                            cell.start(
                                attribute(tag, "t").map_or(Type::Number, |t| Type::of(&t)),
                                attribute(tag, "s").and_then(|s| s.parse().ok()).unwrap_or(0),
                            );
                            *within = Within::Nothing;
                            if !opens {
                                *column += 1;
                            }
                        }
                        // Where both are written, the text in the cell stands.
                        "v" if *in_data && !cell.inline => {
                            cell.has_value = true;
                            *within = if opens { Within::Value } else { Within::Nothing };
                        }
                        "f" if *in_data => {
                            cell.formula = true;
                            *within = if opens { Within::Formula } else { Within::Nothing };
                        }
                        "is" if *in_data => {
                            cell.text.clear();
                            (cell.has_value, cell.inline) = (true, true);
                        }
                        "rPh" => *phonetic = opens,
                        "t" if *in_data && !*phonetic && opens => {
                            *within = Within::Value;
                            piece.start(tag, &cell.text);
                        }
                        "col" if says(tag, "hidden") => {
                            let number = |name| attribute(tag, name).and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
                            let (first, last) = (number("min"), number("max"));
                            if first >= 1 && last >= first {
                                out.hide_columns(first - 1, last - 1);
                            }
                        }
                        "mergeCell" => {
                            if let Some(region) = attribute(tag, "ref") {
                                out.merge(crate::finding::cut(&region));
                            }
                        }
                        _ => {}
                    }
                }
                Event::End(tag) => {
                    match local(tag.name()) {
                        "sheetData" => *in_data = false,
                        "row" if *in_data => {
                            out.end_row(*row, 1)?;
                            full = out.is_full();
                        }
                        "c" if *in_data => {
                            book.settle(cell, (*row).max(1), *column, out);
                            *column += 1;
                        }
                        "rPh" => *phonetic = false,
                        "t" if *within == Within::Value => piece.end(&mut cell.text),
                        _ => {}
                    }
                    *within = Within::Nothing;
                }
                Event::Eof => return Ok(false),
                text => {
                    if *within == Within::Value {
                        text_of(text, &mut cell.text);
                    }
                }
            }
        }
        Ok(true)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Value,
    Formula,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Type {
    #[default]
    Number,
    Shared,
    Text,
    Boolean,
    Error,
    Date,
}

impl Type {
    /// ECMA-376 part 1, 18.18.11 (ST_CellType).
    fn of(word: &str) -> Type {
        match word {
            "s" => Type::Shared,
            "str" | "inlineStr" => Type::Text,
            "b" => Type::Boolean,
            "e" => Type::Error,
            "d" => Type::Date,
            _ => Type::Number,
        }
    }
}

/// The cell that is being read; its strings are kept from cell to cell.
#[derive(Debug, Default)]
struct Cell {
    kind: Type,
    format: usize,
    text: String,
    made: String,
    has_value: bool,
    /// Whether its text stands in the cell itself.
    inline: bool,
    formula: bool,
}

impl Cell {
    fn start(&mut self, kind: Type, format: usize) {
        self.kind = kind;
        self.format = format;
        self.text.clear();
        self.has_value = false;
        self.inline = false;
        self.formula = false;
    }
}

/// A piece of text, whose blanks at both ends only count when it says so, as spreadsheet programs read it.
#[derive(Debug, Default)]
struct Piece {
    keep: bool,
    from: usize,
}

impl Piece {
    fn start(&mut self, tag: &BytesStart<'_>, text: &str) {
        self.keep = attribute(tag, "space").as_deref() == Some("preserve");
        self.from = text.len();
    }

    fn end(&self, text: &mut String) {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        if !self.keep && (text[self.from..].starts_with(blank) || text[self.from..].ends_with(blank)) {
            let piece = text[self.from..].trim_matches(blank).to_owned();
            text.truncate(self.from);
            text.push_str(&piece);
        }
    }
}

fn open<'a>(archive: &Archive<'a>, part: usize) -> Result<Markup<'a>, Stop> {
    Ok(Markup::new(archive.stream(part)?, &archive.entries[part].name))
}

/// The range that a sheet states, which stands before its cells.
fn stated(archive: &Archive<'_>, part: usize) -> Result<Option<String>, Stop> {
    let mut markup = open(archive, part)?;
    loop {
        match markup.next()? {
            Event::Start(tag) | Event::Empty(tag) => match local(tag.name()) {
                "dimension" => return Ok(attribute(&tag, "ref").map(|r| crate::finding::cut(&r))),
                "sheetData" => return Ok(None),
                _ => {}
            },
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}

/// Reads the links of a part; one that does not exist has none.
fn relations(archive: &Archive<'_>, path: &str, folder: &str) -> Result<Vec<Relation>, Stop> {
    let Some(part) = archive.find(path.trim_start_matches('/')) else { return Ok(Vec::new()) };
    let mut markup = open(archive, part)?;
    let mut links = Vec::new();
    loop {
        match markup.next()? {
            Event::Start(tag) | Event::Empty(tag) if local(tag.name()) == "Relationship" => {
                let get = |name| attribute(&tag, name).unwrap_or_default().into_owned();
                links.push(Relation { id: get("Id"), kind: get("Type"), path: resolve(folder, &get("Target")) });
                if links.len() > 100_000 {
                    return Err(damaged(path));
                }
            }
            Event::Eof => return Ok(links),
            _ => {}
        }
    }
}

/// A path relative to a folder of the archive.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(from_root) = target.strip_prefix('/') {
        return from_root.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A sheet's name, whether it is hidden, and the link to its part.
type Named = (String, bool, String);

fn sheets(archive: &Archive<'_>, path: &str) -> Result<(Vec<Named>, bool), Stop> {
    let part = archive.find(path).ok_or_else(|| damaged(path))?;
    let mut markup = open(archive, part)?;
    let (mut names, mut old) = (Vec::new(), false);
    loop {
        match markup.next()? {
            Event::Start(tag) | Event::Empty(tag) => match local(tag.name()) {
                "workbookPr" => old = says(&tag, "date1904"),
                "sheet" => {
                    let get = |name| attribute(&tag, name).unwrap_or_default().into_owned();
                    // `sheetId` ends in `Id` but is another name: the link is the attribute `id` with a prefix.
                    names.push((get("name"), matches!(get("state").as_str(), "hidden" | "veryHidden"), get("id")));
                    if names.len() > 100_000 {
                        return Err(damaged(path));
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok((names, old)),
            _ => {}
        }
    }
}

fn formats(archive: &Archive<'_>, part: usize) -> Result<Vec<Shown>, Stop> {
    let mut markup = open(archive, part)?;
    let mut codes: std::collections::BTreeMap<u32, Shown> = std::collections::BTreeMap::new();
    let mut cells: Vec<u32> = Vec::new();
    let (mut in_codes, mut in_cells) = (false, false);
    loop {
        let event = markup.next()?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let opens = matches!(event, Event::Start(_));
                match local(tag.name()) {
                    "numFmts" => in_codes = opens,
                    "cellXfs" => in_cells = opens,
                    "numFmt" if in_codes => {
                        let id = attribute(tag, "numFmtId").and_then(|v| v.parse().ok());
                        if let (Some(id), Some(code)) = (id, attribute(tag, "formatCode")) {
                            codes.insert(id, Shown::of_code(&code));
                        }
                    }
                    "xf" if in_cells => cells.push(attribute(tag, "numFmtId").and_then(|v| v.parse().ok()).unwrap_or(0)),
                    _ => {}
                }
                // Excel keeps at most 65,490 formats.
                if cells.len() > 1 << 20 || codes.len() > 1 << 20 {
                    return Err(damaged("styles"));
                }
            }
            Event::End(tag) => match local(tag.name()) {
                "numFmts" => in_codes = false,
                "cellXfs" => in_cells = false,
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(cells.into_iter().map(|id| codes.get(&id).copied().unwrap_or_else(|| Shown::built_in(id))).collect())
}

fn shared(archive: &Archive<'_>, part: usize, bound: usize) -> Result<Shared, Stop> {
    let mut markup = open(archive, part)?;
    let mut shared = Shared::default();
    let mut one = String::new();
    let (mut in_text, mut phonetic, mut piece) = (false, false, Piece::default());
    loop {
        let event = markup.next()?;
        match &event {
            Event::Start(tag) => match local(tag.name()) {
                "si" => one.clear(),
                "rPh" => phonetic = true,
                "t" => {
                    in_text = !phonetic;
                    piece.start(tag, &one);
                }
                _ => {}
            },
            Event::Empty(tag) if local(tag.name()) == "si" => shared.ends.push(shared.text.len() as u32),
            Event::End(tag) => match local(tag.name()) {
                "si" => {
                    unescape(&mut one);
                    shared.text.push_str(&one);
                    shared.ends.push(shared.text.len() as u32);
                }
                "rPh" => phonetic = false,
                "t" => {
                    if in_text {
                        piece.end(&mut one);
                    }
                    in_text = false;
                }
                _ => {}
            },
            Event::Eof => return Ok(shared),
            text => {
                if in_text {
                    text_of(text, &mut one);
                }
            }
        }
        if shared.text.len() + one.len() + shared.ends.len() * 4 > bound {
            let mut finding = stop("C230", "shared");
            finding.args.push(("bound", bound.to_string()));
            return Err(finding);
        }
    }
}

/// Turns `_x000D_` into the character that it stands for (ECMA-376 part 1, 22.9.2.19).
fn unescape(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        let code =
            rest.get(at + 2..at + 6).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()) && rest.as_bytes().get(at + 6) == Some(&b'_'));
        match code.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
            Some(letter) => {
                plain.push(letter);
                rest = &rest[at + 7..];
            }
            None => {
                plain.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    plain.push_str(rest);
    *text = plain;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_escapes() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/a.xml"), "xl/a.xml");
        assert_eq!(resolve("xl", "../b.xml"), "b.xml");
        for (stored, plain) in
            [("a_x000D_b", "a\rb"), ("_x005F_x000D_", "_x000D_"), ("_x", "_x"), ("_xD800_", "_xD800_"), ("é_x00é", "é_x00é")]
        {
            let mut text = stored.to_owned();
            unescape(&mut text);
            assert_eq!(text, plain);
        }
    }
}
