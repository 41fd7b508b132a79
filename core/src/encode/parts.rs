//! Rows on their way from a writer of one block to the writer of the whole file, for forms that cannot be cut and joined as bytes.
//!
//! A row is its cells, each a length in four bytes (little-endian) and its text. The bytes never leave the process.

/// Appends a row.
pub(super) fn put<'a>(cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    for cell in cells {
        // A record is at most `bounds::MAX_RECORD` bytes, and what a step makes of a cell is not much longer.
        let length = u32::try_from(cell.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&cell.as_bytes()[..length as usize]);
    }
}

/// Calls `row` with each row of so many cells. Bytes that are no rows end it.
pub(super) fn each<'a>(mut part: &'a [u8], columns: usize, mut row: impl FnMut(&[&'a str])) {
    let mut cells = Vec::with_capacity(columns);
    while let Some(cell) = take(&mut part) {
        cells.push(cell);
        if cells.len() == columns {
            row(&cells);
            cells.clear();
        }
    }
}

fn take<'a>(part: &mut &'a [u8]) -> Option<&'a str> {
    let (length, rest) = part.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *part = rest;
    std::str::from_utf8(text).ok()
}

/// Bytes that a library writes and that we take as they come.
#[derive(Debug, Clone, Default)]
pub(super) struct Pipe(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Pipe {
    /// Moves what was written to the end of `out`.
    pub(super) fn drain(&self, out: &mut Vec<u8>) {
        let mut bytes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        out.append(&mut bytes);
    }
}

impl std::io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn rows_come_back_and_damage_ends_them() {
        let mut out = Vec::new();
        put(["a", "", "é\n"].into_iter(), &mut out);
        put(["1", "2", "3"].into_iter(), &mut out);
        let rows = |part: &[u8]| {
            let mut rows: Vec<Vec<String>> = Vec::new();
            each(part, 3, |row| rows.push(row.iter().map(|c| (*c).to_owned()).collect()));
            rows
        };
        assert_eq!(rows(&out), [["a", "", "é\n"], ["1", "2", "3"]]);
        assert_eq!(rows(&out[..out.len() - 1]), [["a", "", "é\n"]]);
        assert!(rows(&[9]).is_empty());
    }
}
