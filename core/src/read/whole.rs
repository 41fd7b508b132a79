//! Readers of forms whose directory is at their end: workbooks, Parquet and zip archives.
//!
//! Where the shell gives the file itself, nothing of it is gathered; a stream is gathered up to a bound, and then read in the same way. Rows are
//! made batch by batch, as they are asked for.

use super::at::Store;
use super::container::{Stop, gzip::Gunzip, stop, zip};
use super::sheet::{Book, Cursor, Wanted};
use super::tidy::Layouts;
use super::{Facts, Form, ReadOptions, Reader, Rows, Unpack};
use crate::bounds::{Packed, Sheet};
use crate::finding::{Finding, Place};

/// The bytes of a file, until they are all there.
enum Bytes {
    Gathered(Vec<u8>),
    At(Store<'static>),
    /// More than the bound, or read already.
    Gone,
}

impl Bytes {
    /// Takes the next bytes, at most so many in all.
    fn push(&mut self, bytes: &[u8], most: usize, findings: &mut Vec<Finding>) {
        let Bytes::Gathered(all) = self else { return };
        if bytes.len() > most - all.len() {
            *self = Bytes::Gone;
            let mut finding = stop("C110", "whole");
            finding.args = vec![("bound", most.to_string())];
            findings.push(*finding);
            return;
        }
        all.extend_from_slice(bytes);
    }

    fn attach(&mut self, store: &Store<'static>) {
        *self = Bytes::At(store.clone());
    }

    /// The whole file, once.
    fn take(&mut self) -> Option<Store<'static>> {
        match std::mem::replace(self, Bytes::Gone) {
            Bytes::Gathered(bytes) => Some(Store::new(bytes)),
            Bytes::At(store) => Some(store),
            Bytes::Gone => None,
        }
    }
}

/// A table that is read batch by batch.
enum Walk {
    Sheet(Box<Book<'static>>, Box<Cursor<'static>>),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::Cursor>),
}

/// Reads workbooks and Parquet files.
pub struct Whole {
    #[cfg(feature = "parquet")]
    form: Form,
    bytes: Bytes,
    /// Most bytes that are gathered.
    most: usize,
    /// The sheet asked for.
    asked: Option<String>,
    /// By what a sheet is chosen when none was asked for.
    wanted: Wanted,
    layouts: Layouts,
    bounds: Sheet,
    facts: Facts,
    walk: Option<Walk>,
    /// Whether a row with anything in it was met.
    begun: bool,
    batch: Rows,
}

impl Whole {
    /// A reader of workbooks and Parquet files.
    pub fn new(form: Form, options: &ReadOptions) -> Whole {
        Whole {
            #[cfg(feature = "parquet")]
            form,
            bytes: Bytes::Gathered(Vec::new()),
            most: options.whole,
            asked: options.sheet.clone(),
            wanted: options.wanted.clone(),
            layouts: options.layouts.clone(),
            bounds: options.bounds,
            facts: Facts { open: form != Form::Parquet, ..Facts::default() },
            walk: None,
            begun: false,
            batch: Rows::new(),
        }
    }

    fn open(&mut self, store: Store<'static>, findings: &mut Vec<Finding>) -> Result<Walk, Stop> {
        #[cfg(feature = "parquet")]
        if self.form == Form::Parquet {
            return Ok(Walk::Parquet(Box::new(super::parquet::Cursor::open(store, &self.bounds)?)));
        }
        let book = Book::of(store, self.bounds, self.most, findings)?;
        let sheet = match &self.asked {
            Some(name) => book.find(name).ok_or_else(|| {
                let mut finding = stop("C115", "which");
                let names = book.sheets().iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
                finding.args = vec![("sheet", name.clone()), ("others", crate::finding::cut(&names))];
                finding
            })?,
            None => book.choose(&self.wanted, &self.layouts, findings)?,
        };
        self.facts.sheet = book.sheets().get(sheet).map(|s| s.name.clone());
        let cursor = book.cursor(sheet);
        Ok(Walk::Sheet(Box::new(book), Box::new(cursor)))
    }
}

impl Reader for Whole {
    fn push(&mut self, bytes: &[u8], _: &mut Rows, findings: &mut Vec<Finding>) {
        self.bytes.push(bytes, self.most, findings);
    }

    fn attach(&mut self, store: &Store<'static>) -> bool {
        self.bytes.attach(store);
        true
    }

    fn finish(&mut self, _: &mut Rows, findings: &mut Vec<Finding>) {
        let Some(store) = self.bytes.take() else { return };
        match self.open(store, findings) {
            Ok(walk) => self.walk = Some(walk),
            Err(finding) => findings.push(*finding),
        }
    }

    fn more(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) -> bool {
        loop {
            let more = match &mut self.walk {
                Some(Walk::Sheet(book, cursor)) => cursor.next(book, &mut self.batch, findings),
                #[cfg(feature = "parquet")]
                Some(Walk::Parquet(cursor)) => cursor.next(&mut self.batch, findings),
                None => return false,
            };
            // Blank rows above the table say nothing; the rows keep their numbers.
            for row in self.batch.iter() {
                self.begun |= !row.is_blank();
                if self.begun {
                    out.push(row);
                }
            }
            if !more {
                self.walk = None;
                self.batch = Rows::new();
            }
            if !more || !out.is_empty() {
                return more;
            }
        }
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

/// Gzip as a layer around another form.
pub struct Gzip {
    gunzip: Gunzip,
    stopped: bool,
}

impl Gzip {
    /// Unpacks within these bounds.
    pub fn new(bounds: Packed) -> Gzip {
        Gzip { gunzip: Gunzip::new(bounds), stopped: false }
    }
}

impl Unpack for Gzip {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        if self.stopped {
            return;
        }
        if let Err(finding) = self.gunzip.push(bytes, &mut |plain| out.extend_from_slice(plain)) {
            self.stopped = true;
            findings.push(*finding);
        }
    }

    fn finish(&mut self, _: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        if let Err(finding) = self.gunzip.finish(findings) {
            findings.push(*finding);
        }
    }
}

/// A zip archive that holds one table, as a layer around it. Its directory is at its end, so a stream is gathered first.
pub struct Zip {
    bytes: Bytes,
    most: usize,
    bounds: Sheet,
    /// The name asked for: of a file, of a sheet in a workbook, or of both with `/` between.
    asked: Option<String>,
    /// What of it is left for the file that was chosen.
    rest: Option<Option<String>>,
    /// The table, when the archive could be opened before its bytes came.
    table: Option<zip::Stream<'static>>,
    /// How many of the archive's bytes came.
    given: u64,
    /// What was found: told at the end, whichever way the archive came.
    found: Vec<Finding>,
}

impl Zip {
    /// Unpacks within the bounds of the options.
    pub fn new(options: &ReadOptions) -> Zip {
        Zip {
            bytes: Bytes::Gathered(Vec::new()),
            most: options.whole,
            bounds: options.bounds,
            asked: options.sheet.clone(),
            rest: None,
            table: None,
            given: 0,
            found: Vec::new(),
        }
    }

    /// The table of that name among those of an archive, and what of the name is left for a sheet in it. A name may be that of a file, of
    /// both, or of a sheet alone; then it is the first workbook that has such a sheet.
    fn named(&self, archive: &zip::Archive<'static>, tables: &[usize], name: &str) -> Option<(usize, Option<String>)> {
        let file = |index: usize| archive.entries[index].name.as_str();
        if let Some(&found) = tables.iter().find(|&&i| file(i).eq_ignore_ascii_case(name)) {
            return Some((found, None));
        }
        let within = |index: usize| {
            let (own, rest) = name.split_at_checked(file(index).len())?;
            own.eq_ignore_ascii_case(file(index)).then(|| rest.strip_prefix('/')).flatten().filter(|rest| !rest.is_empty())
        };
        if let Some((found, sheet)) = tables.iter().find_map(|&i| Some((i, within(i)?))) {
            return Some((found, Some(sheet.to_owned())));
        }
        let workbooks = || tables.iter().copied().filter(|&i| crate::bundle::names::is_workbook(file(i)));
        let has = |index: usize| {
            let bytes = archive.read(index, self.most as u64).ok()?;
            Book::of(Store::new(bytes), self.bounds, self.most, &mut Vec::new()).ok()?.find(name)
        };
        let found = workbooks().find(|&i| has(i).is_some());
        found.map(|found| (found, Some(name.to_owned())))
    }

    fn open(&mut self, store: Store<'static>) -> Result<zip::Stream<'static>, Stop> {
        let archive = zip::Archive::of(store, self.bounds.packed, &mut self.found)?;
        let tables = archive.tables();
        let chosen = match &self.asked {
            Some(name) => {
                let found = self.named(&archive, &tables, name);
                self.rest = found.as_ref().map(|(_, rest)| rest.clone());
                found.map(|(index, _)| index)
            }
            None => tables.first().copied(),
        };
        let names = tables.iter().filter(|&&i| Some(i) != chosen).map(|&i| archive.entries[i].name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(chosen) = chosen else {
            let mut finding = stop("C113", if self.asked.is_some() && !names.is_empty() { "which" } else { "none" });
            finding.args = self.asked.iter().map(|name| ("name", name.clone())).collect();
            finding.args.push(("others", crate::finding::cut(&names)));
            return Err(finding);
        };
        let name = &archive.entries[chosen].name;
        if matches!(archive.form(chosen)?, Some(super::container::Form::Gzip | super::container::Form::Other(_)))
            || name.to_ascii_lowercase().ends_with(".zip")
        {
            let mut finding = stop("C113", "packed");
            finding.args.push(("name", crate::finding::cut(name)));
            return Err(finding);
        }
        if !names.is_empty() {
            let finding = Finding::new("C225", "archive", Place::default());
            self.found.push(finding.arg("sheet", name.as_str()).arg("others", crate::finding::cut(&names)));
        }
        archive.stream(chosen)
    }

    /// Unpacks what lies before a place of the archive.
    fn unpack(&mut self, until: u64, most: usize, out: &mut Vec<u8>) {
        let Some(mut table) = self.table.take() else { return };
        loop {
            if table.place() >= until {
                self.table = Some(table);
                return;
            }
            let piece = match table.next_piece() {
                Ok([]) => return,
                Ok(piece) if out.len() + piece.len() > most => {
                    let mut finding = stop("C110", "");
                    finding.args = vec![("bound", most.to_string())];
                    Err(finding)
                }
                Ok(piece) => {
                    out.extend_from_slice(piece);
                    Ok(piece.len())
                }
                Err(finding) => Err(finding),
            };
            match piece {
                Ok(count) => std::io::BufRead::consume(&mut table, count),
                Err(finding) => {
                    self.found.push(*finding);
                    return;
                }
            }
        }
    }

    /// Opens the archive, once.
    fn begin(&mut self) {
        if let Some(store) = self.bytes.take() {
            match self.open(store) {
                Ok(table) => self.table = Some(table),
                Err(finding) => self.found.push(*finding),
            }
        }
    }
}

impl Unpack for Zip {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        if matches!(self.bytes, Bytes::Gathered(_)) {
            self.bytes.push(bytes, self.most, findings);
            return;
        }
        self.begin();
        self.given += bytes.len() as u64;
        self.unpack(self.given, usize::MAX, out);
    }

    fn attach(&mut self, store: &Store<'static>) -> bool {
        self.bytes.attach(store);
        true
    }

    fn asked(&self) -> Option<Option<String>> {
        self.rest.clone()
    }

    fn finish(&mut self, out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        self.begin();
        // What is gathered is also unpacked at once.
        self.unpack(u64::MAX, self.most, out);
        findings.append(&mut self.found);
    }
}
