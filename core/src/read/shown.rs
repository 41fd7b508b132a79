//! The rows of a file of any form as they were read, for showing them again: no check and no step of a layout, every row with the number by
//! which findings name it.

use super::{Intake, Source};
use crate::decode::careful::{self, Read};
use crate::decode::dialect::DialectHints;
use crate::decode::rows::PlainRows;
use crate::decode::{Cell, Dialect, content};

/// Called with the number and the cells of every row, until it says false.
pub type Each<'e> = dyn FnMut(u64, &[&str]) -> bool + 'e;

/// Reads rows from bytes that come in any pieces. It keeps what the form needs to go on.
#[derive(Debug)]
pub struct ShownRows {
    source: Source,
    /// Text at hand that was not handed on.
    first: Vec<u8>,
    plain: Option<PlainRows>,
    about: About,
    begun: bool,
    over: bool,
}

/// What is known of a file's rows before they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The names of the columns; none for delimited text, whose header is a row like the others.
    pub names: Vec<String>,
    /// The row of the header as it is shown, from 1; 0 without one.
    pub header_row: u64,
    /// How many rows stand above those of the file when they are shown: one with the names of the columns, where the file has no such row.
    pub above: u64,
}

impl About {
    /// The column of a field, where records name their own cells.
    pub fn column(&self, field: &str) -> Option<u32> {
        self.names.iter().position(|n| n == field).and_then(|c| u32::try_from(c).ok())
    }
}

impl ShownRows {
    /// A reader of a file whose intake is ready and was given no layouts. `None` when the file is no table.
    pub fn open(intake: Intake) -> Option<ShownRows> {
        let start = intake.start();
        let plain = match start.form {
            Some(_) => None,
            None => Some(PlainRows::new(start.sample, start.whole, &DialectHints::default()).ok()?),
        };
        let about = match (start.form, &plain) {
            (Some(form), _) => {
                let head = form.head().ok()?;
                let above = u64::from(head.header_row == 0);
                About { names: head.names().iter().map(|n| (*n).to_owned()).collect(), header_row: head.header_row + above, above }
            }
            (None, plain) => About { header_row: plain.as_ref().map_or(0, PlainRows::header_row), ..About::default() },
        };
        let (first, mut source) = intake.into_parts();
        if let Some(transcript) = source.transcript_mut() {
            transcript.begin();
        }
        Some(ShownRows { source, first, plain, about, begun: false, over: false })
    }

    /// What is known of the rows.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Takes the next bytes. False when `each` said so.
    pub fn push(&mut self, bytes: &[u8], each: &mut Each<'_>) -> bool {
        let mut text = std::mem::take(&mut self.first);
        self.source.push(bytes, &mut text);
        self.show(&text, false, each)
    }

    /// Says that no bytes follow.
    pub fn finish(&mut self, each: &mut Each<'_>) -> bool {
        let mut text = std::mem::take(&mut self.first);
        self.source.finish(&mut text);
        self.show(&text, true, each)
    }

    fn show(&mut self, text: &[u8], last: bool, each: &mut Each<'_>) -> bool {
        if self.over {
            return false;
        }
        let more = match &mut self.plain {
            Some(rows) => rows.push(text, last, each),
            None => self.show_batches(each),
        };
        self.over = !more;
        more
    }

    fn show_batches(&mut self, each: &mut Each<'_>) -> bool {
        let above = self.about.above;
        if !std::mem::replace(&mut self.begun, true) {
            let names: Vec<&str> = self.about.names.iter().map(String::as_str).collect();
            if !each(self.about.header_row, &names) {
                return false;
            }
        }
        let Some(transcript) = self.source.transcript_mut() else { return true };
        let (dialect, mut cells) = (Dialect::default(), Vec::<Cell>::new());
        let mut before = 0;
        while let Some(batch) = transcript.next_batch() {
            let mut at = 0;
            for origin in &batch.origins {
                let Read::Record { next } = careful::read(&batch.text, at, true, &dialect, &mut cells) else { break };
                at = next;
                // Numbers only grow, whatever a damaged file says of its rows.
                if origin.row <= before {
                    continue;
                }
                before = origin.row;
                let texts: Vec<_> = cells.iter().map(|c| content(&batch.text[c.start..c.end], c.fault, &dialect)).collect();
                let texts: Vec<_> = texts.iter().map(|t| String::from_utf8_lossy(t)).collect();
                if !each(origin.row + above, &texts.iter().map(AsRef::as_ref).collect::<Vec<_>>()) {
                    return false;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;
    use crate::read::ReadOptions;

    type Shown = Vec<(u64, Vec<String>)>;

    fn shown(bytes: &[u8], cut: usize) -> (ShownRows, Shown) {
        let mut intake = Intake::new("x", &ReadOptions::default());
        let mut pieces = bytes.chunks(cut);
        for piece in pieces.by_ref() {
            intake.push(piece);
            if intake.ready() {
                break;
            }
        }
        if !intake.ready() {
            intake.end();
        }
        let mut rows = ShownRows::open(intake).unwrap();
        let mut out = Vec::new();
        let mut each = |row: u64, cells: &[&str]| {
            out.push((row, cells.iter().map(|c| (*c).to_owned()).collect()));
            true
        };
        for piece in pieces {
            rows.push(piece, &mut each);
        }
        rows.finish(&mut each);
        (rows, out)
    }

    #[test]
    fn rows_of_every_form_have_their_numbers() {
        let of = |lines: &[(u64, &[&str])]| -> Shown {
            lines.iter().map(|(row, cells)| (*row, cells.iter().map(|c| (*c).to_owned()).collect())).collect()
        };
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("a,b\n1,é\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (bytes, header, expected) in [
            (b"a,b\n1,\"x,y\"\n".to_vec(), 1, of(&[(1, &["a", "b"]), (2, &["1", "x,y"])])),
            (utf16, 1, of(&[(1, &["a", "b"]), (2, &["1", "é"])])),
            // Records have no row for their names, which stand above them.
            (b"[{\"a\":1,\"b\":\"=1+1\"},{\"b\":\"x\\ny\"}]".to_vec(), 1, of(&[(1, &["a", "b"]), (2, &["1", "=1+1"]), (3, &["", "x\ny"])])),
        ] {
            for cut in [1, 3, 1000] {
                let (rows, got) = shown(&bytes, cut);
                assert_eq!((rows.about().header_row, got), (header, expected.clone()), "{cut}");
            }
        }
        let (rows, _) = shown(b"[{\"a\":1,\"b\":2}]", 9);
        assert_eq!((rows.about().above, rows.about().column("b"), rows.about().column("c")), (1, Some(1), None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// What is shown is what stands in the file, whatever it would mean to a spreadsheet.
        #[test]
        fn texts_are_shown_as_they_are(
            table in proptest::collection::vec(proptest::collection::vec("[=+@\\t-](1\\+1|cmd|SUM\\(A1\\))|[a-z\"',;\n ]{0,6}", 3), 1..6),
            cut in 1usize..50,
        ) {
            let mut text = b"a,b,c\n".to_vec();
            let mut records = Vec::new();
            for row in &table {
                for (i, cell) in row.iter().enumerate() {
                    text.push(if i == 0 { b'\"' } else { b',' });
                    text.extend(if i == 0 { &b""[..] } else { b"\"" });
                    text.extend(cell.replace('"', "\"\"").bytes());
                    text.push(b'"');
                }
                text.push(b'\n');
                records.push(serde_json::json!({"a": row[0], "b": row[1], "c": row[2]}));
            }
            let json = serde_json::to_vec(&records).unwrap();
            for bytes in [text, json] {
                let (_, got) = shown(&bytes, cut);
                let cells: Vec<Vec<String>> = got.into_iter().skip(1).map(|(_, cells)| cells).collect();
                prop_assert_eq!(&cells, &table);
            }
        }
    }
}
