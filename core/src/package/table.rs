//! The small tables of a package: code lists and lookup tables. They are our own files, so they are plain CSV in UTF-8 with a header.

/// Most rows of one table.
const MAX_ROWS: usize = 2_000_000;

/// A table as texts.
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    /// Row number as a spreadsheet shows it (the header is row 1), and as many cells as the header has.
    pub(crate) rows: Vec<(usize, Vec<String>)>,
}

/// Reads a table; the error is a sentence without a full stop.
pub(crate) fn read(bytes: &[u8]) -> Result<Table, String> {
    let text = super::notes::utf8(bytes).ok_or("it is not stored as UTF-8")?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut header: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| format!("row {}: {e}", i + 1))?;
        let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
        match &header {
            None if cells.len() > 1000 => return Err(format!("the header has {} columns", cells.len())),
            None => header = Some(cells),
            Some(header) => {
                if cells.len() > header.len() {
                    return Err(format!("row {} has {} cells, the header has {}", i + 1, cells.len(), header.len()));
                }
                // Trailing empty cells are often left out by hand.
                cells.resize(header.len(), String::new());
                if rows.len() == MAX_ROWS {
                    return Err(format!("there are more than {MAX_ROWS} rows"));
                }
                rows.push((i + 1, cells));
            }
        }
    }
    Ok(Table { header: header.ok_or("the file is empty")?, rows })
}
