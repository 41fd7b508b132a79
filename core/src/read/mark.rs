//! The mark by which a filled template is recognised: a hidden sheet that says which standard the workbook was made for, and which table
//! each of its sheets is.
//!
//! | row | first cell | second cell |
//! | --- | --- | --- |
//! | 1 | `concord-template` | `1`, the version of this form |
//! | 2 | `standard` | `id@version` |
//! | 3 and on | `sheet` | the sheet's name, and in the third cell the resource |

use super::Rows;
use crate::package::StandardRef;

/// The name of the hidden sheet. A defined name of the same text points at the reference in it.
pub const SHEET: &str = "_concord";

/// The name of a template's page that explains.
pub const README: &str = "Read me";

/// The name of a template's hidden sheet with the values of drop-downs that are too long to stand in a cell's own rule.
pub const LISTS: &str = "_lists";

/// The first cell of the hidden sheet.
pub const KIND: &str = "concord-template";

/// The version of the mark's form.
pub const VERSION: &str = "1";

/// Most sheets that a mark is read for; a template has one for each table of a standard.
const MOST: usize = 1000;

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The standard the template was made for, with its version.
    pub standard: StandardRef,
    /// The sheets by name, and the resource of the standard that each one holds.
    pub sheets: Vec<(String, String)>,
}

impl Mark {
    /// The resource of a sheet by its name as it was made; `None` for the other sheets of a template and for one that was renamed.
    pub fn resource(&self, sheet: &str) -> Option<&str> {
        self.sheets.iter().find(|(name, _)| name == sheet).map(|(_, resource)| resource.as_str())
    }
}

/// Reads the mark from the rows of the sheet named [`SHEET`]. `None` when they are no mark, or one of a later form.
pub fn mark(rows: &Rows) -> Option<Mark> {
    let mut rows = rows.iter().filter(|r| !r.is_blank());
    let first = rows.next()?;
    if first.text(0).trim() != KIND || first.text(1).trim() != VERSION {
        return None;
    }
    let second = rows.next().filter(|r| r.text(0).trim() == "standard")?;
    let standard = StandardRef::parse(second.text(1).trim()).filter(|s| s.version.is_some())?;
    let sheets = rows.filter(|r| r.text(0) == "sheet").take(MOST).map(|r| (r.text(1).to_owned(), r.text(2).to_owned())).collect();
    Some(Mark { standard, sheets })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::read::{Kind, Origin};

    fn rows(rows: &[&[&str]]) -> Rows {
        let mut out = Rows::new();
        for row in rows {
            row.iter().for_each(|cell| out.cell(cell, Kind::Text));
            out.end_row(Origin::default());
        }
        out
    }

    #[test]
    fn a_mark_is_read_and_anything_else_is_none() {
        let good: &[&[&str]] = &[&[KIND, "1"], &["standard", "lives@2.0"], &["sheet", "Businesses", "businesses"], &["", ""]];
        let read = mark(&rows(good)).unwrap();
        assert_eq!(read.standard.to_string(), "lives@2.0");
        assert_eq!((read.resource("Businesses"), read.resource("Read me")), (Some("businesses"), None));
        for bad in [
            &[&[KIND, "2"][..], &["standard", "lives@2.0"]][..],
            &[&[KIND, "1"], &["standard", "lives"]],
            &[&[KIND, "1"], &["standard", "../x@1"]],
            &[&["x", "1"], &["standard", "lives@2.0"]],
            &[&[KIND, "1"]],
            &[],
        ] {
            assert_eq!(mark(&rows(bad)), None, "{bad:?}");
        }
    }
}
