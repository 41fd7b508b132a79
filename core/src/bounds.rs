//! Every bound in one place. A bound keeps a damaged or hostile file from using up the machine; each is named in the finding when it is hit.

/// Longest record in bytes. A quoted cell that does not close within it counts as never closed; a longer line is left unread with a finding.
pub const MAX_RECORD: usize = 8 << 20;

/// Most columns of a table.
pub const MAX_COLUMNS: usize = 20_000;

/// Longest header of delimited text that does not end within [`SAMPLE`], in bytes.
pub const MAX_HEADER: usize = 1 << 20;

/// How much of the start of a file decides about encoding and dialect, in bytes.
pub const SAMPLE: usize = 64 << 10;

/// Size of the blocks that a file is cut into, in bytes.
pub const BLOCK: usize = 1 << 20;

/// Most bytes of a file of a form that can only be read as a whole, such as a workbook.
pub const MAX_WHOLE: usize = 256 << 20;

/// Containers within containers that are opened: a zip in a gzip is two.
pub const MAX_LAYERS: usize = 3;

/// Most tables of one dataset: files of an archive or folder, sheets of a workbook. The start of each lies in memory until it is known what it is.
pub const DATASET_TABLES: usize = 500;

/// Folders within folders that are looked into, when a folder is handed over.
pub const FOLDER_DEPTH: usize = 8;

/// Most files of a folder that is handed over.
pub const FOLDER_FILES: usize = 10_000;

/// Longest file that describes others, in bytes: a descriptor, a schema, a dialect.
pub const DESCRIPTION: usize = 16 << 20;

/// Deepest nesting of lists and objects in a record of JSON.
pub const MAX_NESTING: usize = 128;

/// Most groups of records that a balance of a layout is kept for.
pub const MAX_GROUPS: usize = 100_000;

/// Most groups that a balance rule keeps sums for; beyond it the rule says nothing.
pub const MAX_BALANCES: usize = 100_000;

/// How many findings of one kind a reader tells one by one; the rest is counted.
pub const MAX_TOLD: u64 = 1000;

/// How deep elements of XML may lie in one another.
pub const XML_DEPTH: usize = 256;

/// Longest name of an element or attribute of XML, in bytes.
pub const XML_NAME: usize = 1 << 10;

/// Most attributes of one element of XML.
pub const XML_ATTRIBUTES: usize = 10_000;

/// Most columns of XML records. Fewer than of a text table, since an empty cell takes room in a row and none in XML.
pub const XML_COLUMNS: usize = 2_000;

/// How much of the start of an XML file decides which element is the record and which columns there are, in bytes of UTF-8.
pub const XML_SAMPLE: usize = 1 << 20;

/// Longest line of a fixed-width layout, in characters.
pub const FIXED_WIDTH: usize = 1 << 20;

/// Longest line of a printed page, in characters.
pub const PRINTED_LINE: usize = 4_000;

/// Most lines of one record of a print.
pub const PRINTED_LINES: usize = 1_000;

/// Of how many cells of a print it is kept where they stand, so that findings say it; those before are told with their record's place.
pub const PRINTED_MARKS: usize = 1 << 20;

/// What a packed file may unpack to. Stated sizes are never trusted: the bytes are counted as they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// Most bytes that all of it may unpack to.
    pub inflated: u64,
    /// Most bytes that one packed byte may unpack to, once more than [`Packed::free`] came out. Real tables stay below 100.
    pub ratio: u64,
    /// How many bytes may come out before the ratio counts.
    pub free: u64,
    /// Most files in an archive.
    pub entries: u64,
}

impl Default for Packed {
    fn default() -> Packed {
        Packed { inflated: 1 << 30, ratio: 200, free: 10 << 20, entries: 10_000 }
    }
}

/// What a spreadsheet or a columnar file may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// What the file itself, being an archive, may unpack to.
    pub packed: Packed,
    /// Most columns.
    pub columns: usize,
    /// Most rows of one sheet.
    pub rows: u64,
    /// Most cells of one sheet, the empty ones between others included.
    pub cells: u64,
    /// Most bytes of text in one sheet's cells, repeated ones counted each time.
    pub text: u64,
    /// Most bytes of text that the cells of a workbook share, which must be kept while it is read.
    pub shared: usize,
    /// Most sheets.
    pub sheets: usize,
    /// Most bytes of the pages of a columnar file that must lie in memory at once.
    pub pages: u64,
}

impl Default for Sheet {
    fn default() -> Sheet {
        Sheet {
            packed: Packed::default(),
            columns: MAX_COLUMNS,
            // What Excel and LibreOffice can hold.
            rows: 1 << 20,
            cells: 32_000_000,
            text: 256 << 20,
            shared: 64 << 20,
            sheets: 1_000,
            pages: 256 << 20,
        }
    }
}
/// Most rows of a sheet, the header among them; the form has no more.
pub const SHEET_ROWS: u64 = 1_048_576;

/// Most columns of a sheet; the form has no more.
pub const SHEET_COLUMNS: usize = 16_384;

/// Most characters (UTF-16 units) of a sheet's cell; the form has no more.
pub const SHEET_CELL: usize = 32_767;

/// Most text of a group of rows in a Parquet file, in bytes; a writer keeps one group in memory.
pub const ROW_GROUP: usize = 16 << 20;

/// Most rows of a group of rows in a Parquet file.
pub const ROW_GROUP_ROWS: usize = 128 << 10;

/// Most rows of a file that the `xlsx` report shows whole.
pub const REPORT_ROWS: u64 = 50_000;

/// Cells of an `xlsx` report after which only rows with findings and their neighbours are added, up to as many again. A cell takes about a
/// hundred bytes while the report is made.
pub const REPORT_CELLS: usize = 500_000;

/// Most faults of an XML document that wait to be told at once; the rest of them is counted.
pub const XML_FAULTS: usize = 10_000;

/// Most bytes that the lengths of an XML document's lines take, by which faults are told with their line; one byte a line as a rule.
pub const XML_LINES: usize = 16 << 20;

/// Most schema documents that are imported for one standard.
pub const SCHEMA_FILES: usize = 2_000;

/// Most bytes of one schema document.
pub const SCHEMA_BYTES: usize = 64 << 20;

/// Most bytes of a nested document beside its records, and of one that can only be read as a whole.
pub const MAX_ENVELOPE: usize = 64 << 20;

/// Most steps back that a pattern with look-ahead or back-references may take on one text.
pub const PATTERN_STEPS: usize = 100_000;

/// The bounds that may be set for a job, by name, and what each counts. All others are fixed: they decide how memory is laid out.
pub const NAMED: &[(&str, &str)] = &[
    ("whole-file", "bytes of a file that must be read as a whole"),
    ("unpacked", "bytes that a packed file may unpack to"),
    ("ratio", "bytes that one packed byte may unpack to"),
    ("archive-files", "files in an archive"),
    ("sheet-rows", "rows of one sheet"),
    ("sheet-columns", "columns of one sheet"),
    ("sheet-cells", "cells of one sheet"),
    ("sheet-text", "bytes of text in one sheet"),
    ("shared-text", "bytes of text that the cells of a workbook share"),
    ("sheets", "sheets in a workbook"),
    ("pages", "bytes of the pages of a Parquet file that lie in memory at once"),
];

impl Sheet {
    /// Sets a bound of [`NAMED`] but for `whole-file`, which is an option of reading. False when there is none of that name.
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        let size = usize::try_from(value).unwrap_or(usize::MAX);
        match name {
            "unpacked" => self.packed.inflated = value,
            "ratio" => self.packed.ratio = value,
            "archive-files" => self.packed.entries = value,
            "sheet-rows" => self.rows = value,
            // More columns than a table may have are not read, whatever a sheet holds.
            "sheet-columns" => self.columns = size.min(MAX_COLUMNS),
            "sheet-cells" => self.cells = value,
            "sheet-text" => self.text = value,
            "shared-text" => self.shared = size,
            "sheets" => self.sheets = size,
            "pages" => self.pages = value,
            _ => return false,
        }
        true
    }
}
