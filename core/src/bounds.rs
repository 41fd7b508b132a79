//! Every bound in one place. A bound keeps a damaged or hostile file from using up the machine; each is named in the finding when it is hit.

/// Longest record in bytes. A quoted cell that does not close within it counts as never closed; a longer line is left unread with a finding.
pub const MAX_RECORD: usize = 8 << 20;

/// Most columns of a table.
pub const MAX_COLUMNS: usize = 20_000;

/// How much of the start of a file decides about encoding and dialect, in bytes.
pub const SAMPLE: usize = 64 << 10;

/// Size of the blocks that a file is cut into, in bytes.
pub const BLOCK: usize = 1 << 20;

/// Most bytes of a file of a form that can only be read as a whole, such as a workbook.
pub const MAX_WHOLE: usize = 256 << 20;

/// Containers within containers that are opened: a zip in a gzip is two.
pub const MAX_LAYERS: usize = 3;

/// Deepest nesting of lists and objects in a record of JSON.
pub const MAX_NESTING: usize = 128;

/// Most groups of records that a balance of a layout is kept for.
pub const MAX_GROUPS: usize = 100_000;

/// Most groups that a balance rule keeps sums for; beyond it the rule says nothing.
pub const MAX_BALANCES: usize = 100_000;
