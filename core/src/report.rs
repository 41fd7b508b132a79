//! The report: what was read, against what, with which findings. Rendering is in [`crate::render`]; the core's types are not the wire format.

use crate::finding::Findings;

/// A finished job.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was validated against; `None` when nothing was recognised.
    pub standard: Option<StandardUsed>,
    /// The files in the order given.
    pub files: Vec<FileUsed>,
    /// Everything found.
    pub findings: Findings,
    /// What was and was not checked.
    pub coverage: Coverage,
    /// Set by a conversion.
    pub conversion: Option<Conversion>,
}

/// The package or schema a file was checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct StandardUsed {
    /// The package's id, or the schema file's name.
    pub id: String,
    /// The version; empty for a bare schema.
    pub version: String,
    /// `sha256:…`
    pub digest: String,
    /// Whether it is the schema with which a dataset came; then `id` is the name of the descriptor's file.
    pub brought: bool,
}

/// A file that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileUsed {
    /// Its name without folders.
    pub name: String,
    /// `sha256:…`; `None` when the shell did not ask for it (only the JSON report shows it).
    pub digest: Option<String>,
    /// Size in bytes.
    pub bytes: u64,
    /// Data records.
    pub records: u64,
    /// Resource of the standard it was read as; empty when none.
    pub resource: String,
    /// `utf-8`, `utf-8-bom`, `windows-1252`, …
    pub encoding: String,
    /// Delimiter, quote, line ends and so on, as pairs in a fixed order.
    pub dialect: Vec<(&'static str, String)>,
    /// The sheet of a workbook that was read.
    pub sheet: Option<String>,
}

/// What was and was not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Codes of checks that ran.
    pub checks_run: Vec<String>,
    /// Checks that could not run, and why.
    pub checks_skipped: Vec<(String, String)>,
    /// Data records read.
    pub records_read: u64,
    /// Records known of but not read.
    pub records_unread: u64,
}

impl Coverage {
    /// Notes that the checks that found something ran, and puts all that ran in order, each once. What a file is like, and how it is read, is
    /// looked at as it comes, so not every such check can be named before it finds something.
    pub(crate) fn add_found(&mut self, findings: &Findings) {
        self.checks_run.extend(findings.causes().iter().map(|cause| cause.code.text().to_owned()));
        self.checks_run.sort();
        self.checks_run.dedup();
    }
}

/// The balance of a conversion.
///
/// A source record counts as out when at least one record made from it was written, as rejected when it went to the rejects, else as
/// dropped under the rule that dropped it: `records_in = records_out + rejected + sum of dropped`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Conversion {
    /// `id@version` of the source layout.
    pub from: String,
    /// `id@version` of the target.
    pub to: String,
    pub records_in: u64,
    pub records_out: u64,
    pub rejected: u64,
    pub dropped: Vec<Dropped>,
    pub sums: Vec<Sum>,
    /// One target table each.
    pub tables: Vec<TableBalance>,
    /// Those of `records_out` of which a part was rejected; they are among the rejects too.
    pub in_part: u64,
    /// The crosswalks in the order in which they were taken: one, or the chain of them. Empty where none was.
    pub way: Vec<Leg>,
}

/// One crosswalk that was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Leg {
    /// `id@version` of the layout that it leads from.
    pub from: String,
    /// `id@version` of the one that it leads to.
    pub to: String,
    /// The tables of that layout, and what became of the rows made for them.
    pub tables: Vec<TableBalance>,
}

/// Source records that a declared rule dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Dropped {
    pub why: String,
    pub count: u64,
}

/// A total before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Sum {
    /// Target table.
    pub table: String,
    pub from: String,
    pub to: String,
    /// Exact decimals as text: `total_in = total_out + total_rejected + total_dropped + total_unread`.
    pub total_in: String,
    pub total_out: String,
    pub total_rejected: String,
    pub total_dropped: String,
    /// Amounts of written rows whose target cell carries no number; a finding or a declared step says why.
    pub total_unread: String,
    /// Filled cells of rows that were written or rejected whose amount is in no total but perhaps the unread one: it could not be read, or could
    /// not be carried.
    pub cells_unread: u64,
    /// The totals agree, and no cell is unread.
    pub balanced: bool,
}

/// One target table's balance: `candidates = written + rejected + repeated + skipped`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TableBalance {
    pub table: String,
    pub candidates: u64,
    pub written: u64,
    pub rejected: u64,
    pub repeated: u64,
    pub skipped: u64,
}
