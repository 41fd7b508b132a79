//! Readers of forms that must lie in memory as a whole: workbooks, and Parquet, whose directory is at the end.

use std::ops::ControlFlow;

use super::container::{Stop, gzip::Gunzip, stop};
use super::sheet::Book;
use super::{Facts, Form, ReadOptions, Reader, Rows, Unpack};
use crate::bounds::{Packed, Sheet};
use crate::finding::Finding;

/// The bytes of a file that can only be read as a whole, as they come in.
struct Gathered {
    bytes: Vec<u8>,
    /// Most bytes that are gathered.
    most: usize,
    /// Nothing is taken any more.
    over: bool,
}

impl Gathered {
    fn new(most: usize) -> Gathered {
        Gathered { bytes: Vec::new(), most, over: false }
    }

    /// Takes the next bytes, as long as they are within the bound.
    fn push(&mut self, bytes: &[u8], findings: &mut Vec<Finding>) {
        if self.over {
            return;
        }
        if bytes.len() > self.most - self.bytes.len() {
            self.over = true;
            self.bytes = Vec::new();
            let mut finding = stop("C110", "whole");
            finding.args = vec![("bound", self.most.to_string())];
            findings.push(*finding);
            return;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// All bytes, once; `None` when they were too many.
    fn take(&mut self) -> Option<Vec<u8>> {
        (!std::mem::replace(&mut self.over, true)).then(|| std::mem::take(&mut self.bytes))
    }
}

/// What is read as a whole.
#[derive(Clone, Copy)]
enum Kind {
    Book,
    #[cfg(feature = "parquet")]
    Parquet,
}

/// Gathers a file's bytes, and reads it once they are all there.
pub struct Whole {
    kind: Kind,
    gathered: Gathered,
    /// The sheet asked for.
    asked: Option<String>,
    facts: Facts,
}

impl Whole {
    /// A reader of workbooks and Parquet files.
    pub fn new(form: Form, options: &ReadOptions) -> Whole {
        let kind = match form {
            #[cfg(feature = "parquet")]
            Form::Parquet => Kind::Parquet,
            _ => Kind::Book,
        };
        let open = matches!(kind, Kind::Book);
        let (gathered, asked) = (Gathered::new(options.whole), options.sheet.clone());
        Whole { kind, gathered, asked, facts: Facts { open, ..Facts::default() } }
    }

    fn read(&mut self, bytes: Vec<u8>, out: &mut Rows, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        let mut begun = false;
        // Blank rows above the table say nothing; the rows keep their numbers.
        let mut take = |batch: &mut Rows, _: &mut Vec<Finding>| {
            for row in batch.iter() {
                begun |= !row.is_blank();
                if begun {
                    out.push(row);
                }
            }
            batch.clear();
            ControlFlow::Continue(())
        };
        match self.kind {
            #[cfg(feature = "parquet")]
            Kind::Parquet => {
                super::parquet::each(bytes, &Sheet::default(), findings, &mut take);
                return Ok(());
            }
            Kind::Book => {}
        }
        let book = Book::open(&bytes, Sheet::default(), findings)?;
        let sheet = match &self.asked {
            Some(name) => {
                let found = book.sheets().iter().position(|s| s.name == *name);
                let found = found.or_else(|| book.sheets().iter().position(|s| s.name.to_lowercase() == name.to_lowercase()));
                found.ok_or_else(|| {
                    let mut finding = stop("C115", "which");
                    let names = book.sheets().iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
                    finding.args = vec![("sheet", name.clone()), ("others", crate::finding::cut(&names))];
                    finding
                })?
            }
            None => book.choose(findings)?,
        };
        self.facts.sheet = book.sheets().get(sheet).map(|s| s.name.clone());
        book.each(sheet, findings, &mut take);
        Ok(())
    }
}

impl Reader for Whole {
    fn push(&mut self, bytes: &[u8], _: &mut Rows, findings: &mut Vec<Finding>) {
        self.gathered.push(bytes, findings);
    }

    fn finish(&mut self, out: &mut Rows, findings: &mut Vec<Finding>) {
        let Some(bytes) = self.gathered.take() else { return };
        if let Err(finding) = self.read(bytes, out, findings) {
            findings.push(*finding);
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

/// A zip archive that holds one table, as a layer around it. Its directory is at its end, so it is gathered first.
pub struct Zip {
    gathered: Gathered,
    bounds: Packed,
    /// The file asked for.
    asked: Option<String>,
}

impl Zip {
    /// Unpacks within these bounds.
    pub fn new(bounds: Packed, options: &ReadOptions) -> Zip {
        Zip { gathered: Gathered::new(options.whole), bounds, asked: options.sheet.clone() }
    }

    fn read(&self, bytes: &[u8], out: &mut Vec<u8>, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        let archive = super::container::zip::Archive::open(bytes, self.bounds, findings)?;
        let tables = archive.tables();
        let chosen = match &self.asked {
            Some(name) => tables.iter().copied().find(|&i| archive.entries[i].name.eq_ignore_ascii_case(name)),
            None => tables.first().copied(),
        };
        let names = tables.iter().filter(|&&i| Some(i) != chosen).map(|&i| archive.entries[i].name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(chosen) = chosen else {
            let mut finding = stop("C113", "none");
            finding.args = self.asked.iter().map(|name| ("name", name.clone())).collect();
            return Err(finding);
        };
        let name = &archive.entries[chosen].name;
        if matches!(archive.form(chosen)?, Some(super::container::Form::Gzip | super::container::Form::Other(_)))
            || name.to_ascii_lowercase().ends_with(".zip")
        {
            let mut finding = stop("C113", "");
            finding.args.push(("name", crate::finding::cut(name)));
            return Err(finding);
        }
        if !names.is_empty() {
            let place = crate::finding::Place::default();
            findings.push(Finding::new("C225", "archive", place).arg("sheet", name.as_str()).arg("others", crate::finding::cut(&names)));
        }
        let mut stream = archive.stream(chosen)?;
        loop {
            let piece = stream.next_piece()?;
            let count = piece.len();
            if count == 0 {
                return Ok(());
            }
            if out.len() + count > self.gathered.most {
                let mut finding = stop("C110", "");
                finding.args = vec![("bound", self.gathered.most.to_string())];
                return Err(finding);
            }
            out.extend_from_slice(piece);
            std::io::BufRead::consume(&mut stream, count);
        }
    }
}

impl Unpack for Zip {
    fn push(&mut self, bytes: &[u8], _: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        self.gathered.push(bytes, findings);
    }

    fn finish(&mut self, out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        let Some(bytes) = self.gathered.take() else { return };
        if let Err(finding) = self.read(&bytes, out, findings) {
            findings.push(*finding);
        }
    }
}
