//! Every bound in one place. A bound keeps a damaged or hostile file from using up the machine; each is named in the finding when it is hit.

/// Longest record in bytes. A quoted cell that does not close within it counts as never closed; a longer line is left unread with a finding.
pub const MAX_RECORD: usize = 8 << 20;

/// Most columns of a table.
pub const MAX_COLUMNS: usize = 20_000;

/// How much of the start of a file decides about encoding and dialect, in bytes.
pub const SAMPLE: usize = 64 << 10;

/// Size of the blocks that a file is cut into, in bytes.
pub const BLOCK: usize = 1 << 20;

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
