//! Several tables handed over in one piece: a zip archive, a folder, a workbook, or a Data Package with its descriptor.
//!
//! A shell says which [`Files`] there are and hands over their bytes; the core says which of them are tables, by the descriptor, by their names and by
//! their content, and what is left out, which is always told. Each table is then a [`Member`], which is read like a file of its own: its bytes
//! go by in pieces, and nothing but what its form needs is held. All members are one dataset, whose references are checked across files.
//!
//! - [`names`] sorts files by their names.
//! - [`described`] reads a Data Package by its descriptor.
//! - [`sheets`] finds the tables of a standard among the sheets of a workbook.
//! - [`check`] is the way through the checks for shells whose bytes are all at hand.

use std::io::{self, Read};
use std::sync::Arc;

use crate::bounds::{DATASET_TABLES, SAMPLE};
use crate::check::dataset::{Options, Start, Told, fitting};
use crate::check::plan::StandardPlan;
use crate::finding::{Finding, Place};
use crate::read::Store;
use crate::read::container::files::Unzipped;
use crate::read::container::zip::Archive;
use crate::read::container::{Stop, stop};
use crate::read::{Form, Intake, ReadOptions, form};
use crate::session::Choice;

pub mod check;
mod described;
pub mod names;
mod parts;
pub mod sheets;
#[cfg(test)]
mod tests;

use names::{Sort, listed};

/// The name of a Data Package's descriptor.
pub const DESCRIPTOR: &str = "datapackage.json";

/// The plain bytes of one file, read once from its start to its end.
pub trait Pieces: Read + Send {
    /// What was found wrong about what the file lies in, since it was last taken. Bytes end where they cannot be read on.
    fn take_findings(&mut self) -> Vec<Finding> {
        Vec::new()
    }
}

impl Pieces for Unzipped {
    fn take_findings(&mut self) -> Vec<Finding> {
        self.take_finding().into_iter().map(|f| *f).collect()
    }
}

impl Pieces for io::Cursor<Vec<u8>> {}
impl Pieces for io::Empty {}

/// Files that were handed over together.
pub trait Files: Send + Sync {
    /// Their paths with `/`, relative to the folder or archive.
    fn names(&self) -> &[String];
    /// Folders that were not looked into.
    fn folders(&self) -> &[String] {
        &[]
    }
    /// Opens one of them; any number of times.
    ///
    /// # Errors
    /// When the shell cannot read it.
    fn open(&self, index: usize) -> io::Result<Box<dyn Pieces>>;
}

/// What the files lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A zip archive.
    Archive,
    /// A folder.
    Folder,
    /// A workbook by itself.
    Workbook,
}

/// One table that is read.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name in the report.
    pub name: String,
    /// Its files, in order; mostly one.
    parts: Vec<usize>,
    /// The sheet of a workbook.
    sheet: Option<String>,
    /// What a descriptor says about it.
    told: Option<Arc<Told>>,
    /// Whether its name says that it is a table; else only its content can.
    likely: bool,
}

/// Tables handed over in one piece.
pub struct Bundle {
    outer: String,
    kind: Kind,
    files: Arc<dyn Files>,
    members: Vec<Member>,
    findings: Vec<Finding>,
    /// The schemas of a descriptor.
    own: Option<Arc<StandardPlan>>,
    /// The folder in which all tables lie.
    folder: Option<String>,
    described: bool,
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle")
            .field("outer", &self.outer)
            .field("kind", &self.kind)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// A finding about the dataset as a whole.
fn general(code: &'static str, kind: &'static str) -> Finding {
    Finding::new(code, kind, Place { file: u32::MAX, ..Place::default() })
}

/// A zip archive as files.
struct Zipped {
    zip: Archive<'static>,
    names: Vec<String>,
}

impl Files for Zipped {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Pieces>> {
        Ok(Box::new(Unzipped::open(&self.zip, index)))
    }
}

/// One file that is at hand.
struct OneFile {
    name: [String; 1],
    bytes: Vec<u8>,
}

impl Files for OneFile {
    fn names(&self) -> &[String] {
        &self.name
    }

    fn open(&self, _: usize) -> io::Result<Box<dyn Pieces>> {
        Ok(Box::new(io::Cursor::new(self.bytes.clone())))
    }
}

/// What one file that was handed over turned out to be.
#[derive(Debug)]
pub enum Handed {
    /// A file like any other; its bytes are given back.
    File(Vec<u8>),
    /// Tables in one piece.
    Bundle(Box<Bundle>),
    /// An archive that cannot be opened, and why.
    Refused(Finding),
}

/// Whether a file that starts so is looked at as a whole by [`handed`], when it is at hand: archives and workbooks.
pub fn may_hold_tables(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") || start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

/// Finds out whether a file whose bytes are all at hand holds several tables.
///
/// # Errors
/// Those of reading, which bytes at hand do not have.
pub fn handed(name: &str, bytes: Vec<u8>, choice: &Choice, options: &ReadOptions) -> io::Result<Handed> {
    if options.sheet.is_some() {
        return Ok(Handed::File(bytes));
    }
    match form::sniff(&bytes[..bytes.len().min(SAMPLE)], bytes.len() <= SAMPLE) {
        Form::Zip => Ok(match Bundle::of_zip(name, Store::new(bytes), choice, options)? {
            Ok(bundle) => Handed::Bundle(Box::new(bundle)),
            Err(finding) => Handed::Refused(*finding),
        }),
        Form::Xlsx | Form::Xls | Form::Ods => {
            let Some(split) = sheets::tables(&bytes, &several(choice)) else { return Ok(Handed::File(bytes)) };
            let files = Arc::new(OneFile { name: [name.to_owned()], bytes });
            Ok(Handed::Bundle(Box::new(Bundle::of_workbook(name, files, split))))
        }
        _ => Ok(Handed::File(bytes)),
    }
}

/// The plans that have several tables.
pub fn several(choice: &Choice) -> Vec<Arc<StandardPlan>> {
    let plans = match choice {
        Choice::Given(plan) => std::slice::from_ref(plan),
        Choice::Detect(plans) => plans.as_slice(),
    };
    plans.iter().filter(|p| p.tables.len() > 1).cloned().collect()
}

impl Bundle {
    /// The tables of a zip archive. The inner error is the finding that it cannot be opened or holds nothing.
    ///
    /// # Errors
    /// When the bytes cannot be read.
    pub fn of_zip(name: &str, stored: Store<'static>, choice: &Choice, options: &ReadOptions) -> io::Result<Result<Bundle, Stop>> {
        let mut findings = Vec::new();
        let zip = match Archive::of(stored, options.bounds.packed, &mut findings) {
            Ok(zip) => zip,
            Err(finding) => return Ok(Err(finding)),
        };
        let names = zip.entries.iter().map(|e| e.name.clone()).collect();
        findings.iter_mut().for_each(|f| f.place.file = u32::MAX);
        let bundle = Bundle::of_files(name, Kind::Archive, Arc::new(Zipped { zip, names }), None, choice, options)?;
        Ok(bundle.map(|mut bundle| {
            findings.append(&mut bundle.findings);
            Bundle { findings, ..bundle }
        }))
    }

    /// The tables of a workbook, whose sheets are tables of one standard.
    pub fn of_workbook(name: &str, files: Arc<dyn Files>, split: sheets::Sheets) -> Bundle {
        let mut bundle = Bundle {
            outer: name.to_owned(),
            kind: Kind::Workbook,
            files,
            members: vec![Member { name: name.to_owned(), parts: vec![0], sheet: None, told: None, likely: true }],
            findings: Vec::new(),
            own: None,
            folder: None,
            described: false,
        };
        bundle.split(0, split);
        bundle
    }

    /// The tables among files. `descriptor` names the one that describes them, when that is known. The inner error is the finding that there
    /// is none.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of_files(
        outer: &str,
        kind: Kind,
        files: Arc<dyn Files>,
        descriptor: Option<usize>,
        choice: &Choice,
        options: &ReadOptions,
    ) -> io::Result<Result<Bundle, Stop>> {
        let mut bundle = Bundle {
            outer: outer.to_owned(),
            kind,
            files: Arc::clone(&files),
            members: Vec::new(),
            findings: Vec::new(),
            own: None,
            folder: None,
            described: false,
        };
        let descriptor = descriptor.or_else(|| names::descriptor(files.names()));
        let read = match descriptor {
            Some(index) => described::read(&files, index, &|path| bundle.shown(path))?,
            None => None,
        };
        let by_standard = matches!(choice, Choice::Given(_));
        match read {
            Some(read) => {
                bundle.described = true;
                let path = descriptor.map(|i| files.names()[i].as_str()).unwrap_or_default();
                bundle.folder = path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
                bundle.members = read.members;
                bundle.findings = read.findings;
                bundle.own = read.plan.filter(|_| !by_standard);
                bundle.by_names(&read.used, by_standard);
            }
            None => {
                if let Some(index) = descriptor {
                    bundle.findings.push(general("C234", "unusable").arg("path", files.names()[index].as_str()));
                }
                bundle.by_names(&descriptor.into_iter().collect::<Vec<_>>(), true);
            }
        }
        if bundle.members.len() > DATASET_TABLES {
            let mut finding = stop("C110", "tables");
            finding.args.push(("bound", DATASET_TABLES.to_string()));
            return Ok(Err(finding));
        }
        if bundle.members.is_empty() {
            let packed = bundle.findings.iter().find(|f| (f.code.text(), f.kind) == ("C113", ""));
            return Ok(Err(match packed {
                Some(packed) => Box::new(Finding { args: packed.args.clone(), ..*stop("C113", "only") }),
                None => stop("C113", if kind == Kind::Archive { "none" } else { "no-table" }),
            }));
        }
        bundle.split_workbooks(choice, options)?;
        Ok(Ok(bundle))
    }

    /// How a file is named in the report.
    fn shown(&self, path: &str) -> String {
        if self.kind == Kind::Archive { format!("{}/{path}", self.outer) } else { path.to_owned() }
    }

    /// Takes the files whose names may be those of tables, beside those that a descriptor used; without `add` they are only told.
    fn by_names(&mut self, used: &[usize], add: bool) {
        let names = self.files.names();
        let mut sorted = names::sort_all(names, used);
        if !add {
            let unnamed: Vec<&str> = sorted.tables.iter().chain(&sorted.perhaps).map(|&i| names[i].as_str()).collect();
            if !unnamed.is_empty() {
                self.findings.push(general("C232", "undescribed").arg("names", listed(&unnamed)));
            }
            (sorted.tables, sorted.perhaps) = (Vec::new(), Vec::new());
        }
        for (kind, files) in &sorted.left {
            let (code, kind) = if *kind == "archive" { ("C113", "") } else { ("C232", *kind) };
            let files: Vec<&str> = files.iter().map(|&i| names[i].as_str()).collect();
            let arg = if code == "C113" { "name" } else { "names" };
            self.findings.push(general(code, kind).arg(arg, listed(&files)));
        }
        let folders: Vec<&str> = self.files.folders().iter().map(String::as_str).collect();
        if !folders.is_empty() {
            self.findings.push(general("C232", "folder").arg("names", listed(&folders)));
        }
        if !self.described {
            self.folder = sorted.folder;
        }
        // What only its content can show to be a table counts as one when there is nothing else.
        let alone = sorted.tables.is_empty() && sorted.perhaps.len() == 1 && self.members.is_empty();
        let chosen = sorted.tables.iter().map(|&i| (i, true)).chain(sorted.perhaps.iter().map(|&i| (i, alone)));
        let mut chosen: Vec<(usize, bool)> = chosen.collect();
        chosen.sort_by(|a, b| names[a.0].cmp(&names[b.0]).then(a.0.cmp(&b.0)));
        for (index, likely) in chosen {
            let name = self.shown(&names[index]);
            self.members.push(Member { name, parts: vec![index], sheet: None, told: None, likely });
        }
    }

    /// Makes tables of the sheets of workbooks that hold several.
    fn split_workbooks(&mut self, choice: &Choice, options: &ReadOptions) -> io::Result<()> {
        let plans = several(choice);
        if plans.is_empty() || options.sheet.is_some() || self.own.is_some() {
            return Ok(());
        }
        let mut at = 0;
        while at < self.members.len() {
            let member = &self.members[at];
            let mut grown = 1;
            if member.told.is_none() && names::is_workbook(&member.name) {
                let mut bytes = Vec::new();
                let most = options.whole as u64;
                self.read(at)?.take(most + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 <= most
                    && let Some(split) = sheets::tables(&bytes, &plans)
                {
                    grown = self.split(at, split);
                }
            }
            at += grown;
        }
        Ok(())
    }

    /// Puts the sheets of a workbook in its place; gives how many.
    fn split(&mut self, at: usize, split: sheets::Sheets) -> usize {
        let member = self.members[at].clone();
        for (kind, names) in [("sheets-filled", &split.missed), ("sheets", &split.left)] {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let Some(first) = names.first() else { continue };
            let finding = general("C232", kind).arg("file", member.name.as_str()).arg("names", listed(&names));
            self.findings.push(finding.arg("name", *first));
        }
        let sheets = split.read.into_iter().map(|(sheet, table)| Member {
            name: format!("{}/{sheet}", member.name),
            told: Some(Arc::new(Told { table: Some(table), ..Told::default() })),
            sheet: Some(sheet),
            ..member.clone()
        });
        let sheets: Vec<Member> = sheets.collect();
        let count = sheets.len();
        self.members.splice(at..=at, sheets);
        count
    }

    /// The tables, in the order of the report.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether the tables are one dataset, so that a table that is missing counts. One file by itself in an archive is a file that was packed.
    pub fn is_dataset(&self) -> bool {
        self.kind == Kind::Folder || self.described || self.members.iter().filter(|m| m.likely).count() > 1
    }

    /// Lets a descriptor's own schemas be: for a conversion, which has its own.
    pub fn ignore_own(&mut self) {
        self.own = None;
    }

    /// Keeps only the tables that the descriptor names, and tells nothing of other files: for a descriptor that was handed over by itself.
    pub fn only_described(&mut self) {
        self.members.retain(|m| m.told.is_some());
        self.findings.retain(|f| !matches!((f.code.text(), f.kind), ("C232", _) | ("C113", "")));
    }

    /// What the tables are checked against: what was named; else the schemas of the descriptor; else what is detected.
    pub fn choice(&self, choice: &Choice) -> Choice {
        match (&self.own, choice) {
            (Some(own), Choice::Detect(_)) => Choice::Given(Arc::clone(own)),
            _ => choice.clone(),
        }
    }

    /// The only file of a table, by its index, when it is read as it lies.
    pub fn file_of(&self, member: usize) -> Option<usize> {
        match (self.kind, self.members[member].parts.as_slice()) {
            (Kind::Folder | Kind::Workbook, [one]) => Some(*one),
            _ => None,
        }
    }

    /// Opens a table's bytes.
    ///
    /// # Errors
    /// When the shell cannot read them.
    pub fn read(&self, member: usize) -> io::Result<Box<dyn Pieces>> {
        let member = &self.members[member];
        let header = member.told.as_ref().is_none_or(|t| t.hints.header != Some(false));
        let mut pieces = match member.parts.as_slice() {
            [one] => self.files.open(*one)?,
            several => Box::new(parts::Parts::new(Arc::clone(&self.files), several.to_vec(), header)),
        };
        if self.kind != Kind::Archive {
            return Ok(pieces);
        }
        // An archive in the archive is not opened, whatever its name.
        let mut start = Vec::new();
        (&mut pieces).take(SAMPLE as u64).read_to_end(&mut start)?;
        if form::sniff(&start, false) == Form::Zip {
            let finding = Finding::new("C113", "packed", Place::default()).arg("name", crate::finding::cut(&member.name));
            return Ok(Box::new(Barred(vec![finding])));
        }
        Ok(Box::new(Begun { start: io::Cursor::new(start), rest: pieces }))
    }

    /// What gathers a table's start.
    pub fn intake(&self, member: usize, options: &ReadOptions) -> Intake {
        let member = &self.members[member];
        let mut options = options.clone();
        if member.sheet.is_some() {
            options.sheet.clone_from(&member.sheet);
        }
        if self.own.is_some() {
            // The descriptor says how its files are to be read.
            (options.layouts, options.fixed) = Default::default();
        }
        let mut intake = Intake::new(&member.name, &options);
        if let Some(told) = &member.told {
            let bare = told.bare && self.own.is_some();
            let told = if bare == told.bare { Arc::clone(told) } else { Arc::new(Told { bare, ..(**told).clone() }) };
            intake.tell(told);
        }
        intake
    }

    /// Which tables are read on, once it is known what they are checked against: what neither its name nor its content shows to be a table is
    /// left out, and told. `starts` are those of all members.
    pub fn sift(&mut self, plan: &StandardPlan, starts: &[Start<'_>], options: &Options) -> Vec<bool> {
        let keeps = |member: &Member, start: &Start<'_>| {
            let stem = names::stem(&member.name);
            let named = plan
                .tables
                .iter()
                .any(|t| t.name.eq_ignore_ascii_case(stem) || t.files.iter().any(|f| names::stem(f).eq_ignore_ascii_case(stem)));
            if let Some(document) = start.document {
                return plan.known && document.standard() == plan.reference();
            }
            member.likely || named || start.head(&options.hints).is_ok_and(|head| !plan.known || fitting(plan, &head, start).is_some())
        };
        let mut kept: Vec<bool> = self.members.iter().zip(starts).map(|(member, start)| keeps(member, start)).collect();
        if kept.iter().all(|kept| !kept) {
            kept = vec![true; kept.len()];
        }
        self.leave(&kept, "content");
        kept
    }

    /// For a conversion: which tables are tables of the source that the crosswalk takes; the others are left out, and told.
    pub fn sift_for(&mut self, plan: &StandardPlan, takes: &dyn Fn(&str) -> bool, starts: &[Start<'_>], options: &Options) -> Vec<bool> {
        let keeps = |start: &Start<'_>| {
            let head = start.head(&options.hints).ok()?;
            fitting(plan, &head, start).map(|table| takes(&table.name))
        };
        let mut kept: Vec<bool> = starts.iter().map(|start| keeps(start) == Some(true)).collect();
        if kept.iter().all(|kept| !kept) {
            kept = self.members.iter().map(|m| m.likely).collect();
        }
        self.leave(&kept, "conversion");
        kept
    }

    /// Tells which members are not read on.
    fn leave(&mut self, kept: &[bool], kind: &'static str) {
        let left: Vec<&str> = self.members.iter().zip(kept).filter(|(_, kept)| !**kept).map(|(m, _)| m.name.as_str()).collect();
        if !left.is_empty() {
            let finding = general("C232", kind).arg("names", listed(&left));
            self.findings.push(finding);
        }
    }

    /// What there is to tell about the dataset as a whole under a plan.
    pub fn findings(&self, plan: &StandardPlan) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        if let (Some(folder), Kind::Archive) = (&self.folder, self.kind) {
            findings.push(general("C233", if plan.flat { "flat" } else { "" }).arg("name", folder.as_str()));
        }
        findings
    }
}

/// A file that is not read, and why.
struct Barred(Vec<Finding>);

impl Read for Barred {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Pieces for Barred {
    fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.0)
    }
}

/// A file whose start was looked at.
struct Begun {
    start: io::Cursor<Vec<u8>>,
    rest: Box<dyn Pieces>,
}

impl Read for Begun {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.start.read(into)? {
            0 if !into.is_empty() => self.rest.read(into),
            count => Ok(count),
        }
    }
}

impl Pieces for Begun {
    fn take_findings(&mut self) -> Vec<Finding> {
        self.rest.take_findings()
    }
}

/// Whether a name is sorted among those that are surely no tables; for shells that list a folder.
pub fn is_left(name: &str) -> bool {
    matches!(names::sort(name), Sort::Left(_))
}
