//! The ordinary record of XML, read at once: an element with plain text in children that are all known, each there once, and nothing else.
//!
//! Whatever is not ordinary (attributes, references, comments, elements within the children, a name that is new or stands twice, line breaks in
//! a text, damage, a record that is not whole yet) is left to the way that knows every rule. A yes is always the same row as that one's.

use crate::bounds::MAX_RECORD;
use crate::eight;
use crate::read::names::Names;
use crate::read::{Kind, Rows};

/// The columns that are children of the record's element, and the record at hand.
#[derive(Debug, Default)]
pub(super) struct Quick {
    /// How much was known when the children were learnt; more of it, and they are learnt again.
    known: usize,
    /// Names of children, and the column of each.
    labels: Vec<String>,
    columns: Vec<u32>,
    names: Names,
    /// Takes nothing, to be compared with.
    #[cfg(test)]
    pub(super) off: bool,
    stamp: u64,
    /// By column: whose record its text is of, and where it stands.
    cells: Vec<(u64, u32, u32)>,
}

/// Steps over blanks; a carriage return is none here.
#[inline]
fn blanks(data: &[u8], mut at: usize) -> usize {
    while matches!(data.get(at), Some(b' ' | b'\n' | b'\t')) {
        at += 1;
    }
    at
}

/// What is behind a tag, when it stands at a place: `before` and `name` and `>`.
#[inline]
fn tag(data: &[u8], at: usize, before: &[u8], name: &[u8]) -> Option<usize> {
    let (start, end) = (at + before.len(), at + before.len() + name.len());
    (data.get(end) == Some(&b'>') && data[at..start] == *before && data[start..end] == *name).then_some(end + 1)
}

impl Quick {
    /// Learns the children again when more is known than before. `children` gives their names and columns.
    pub(super) fn learn<'c>(&mut self, known: usize, columns: usize, children: impl FnOnce() -> Vec<(&'c str, u32)>) {
        if known == self.known {
            return;
        }
        self.known = known;
        let mut children = children();
        children.sort_unstable_by_key(|child| child.1);
        self.labels = children.iter().map(|child| child.0.to_owned()).collect();
        self.columns = children.iter().map(|child| child.1).collect();
        self.names = Names::default();
        self.names.learn(&self.labels);
        self.cells = vec![(0, 0, 0); columns];
    }

    /// Reads blanks and one record behind them; gives where the record begins, and what is behind it.
    pub(super) fn read(&mut self, text: &str, record: &str) -> Option<(usize, usize)> {
        #[cfg(test)]
        if self.off {
            return None;
        }
        let data = text.as_bytes();
        let start = blanks(data, 0);
        let mut at = tag(data, start, b"<", record.as_bytes())?;
        self.stamp += 1;
        let first = self.names.start();
        let mut before = first;
        loop {
            at = blanks(data, at);
            let guess = self.names.guess(before);
            let expected = self.labels.get(guess).map_or(&b""[..], |label| label.as_bytes());
            // An empty name is none: it may be that no child is expected.
            let (child, from) = match tag(data, at, b"<", expected).filter(|_| !expected.is_empty()) {
                Some(from) => (guess, from),
                None => {
                    if let Some(end) = tag(data, at, b"</", record.as_bytes()) {
                        // Without children, blanks would be the record's own text.
                        return (before != first && end - start <= MAX_RECORD).then_some((start, end));
                    }
                    let name = data.get(at..)?.strip_prefix(b"<")?;
                    let length = name.iter().take(256).position(|&b| matches!(b, b'>' | b'/' | b':' | b' ' | b'\t' | b'\n'))?;
                    let child = self.names.find(&self.labels, before, &name[..length])?;
                    if name[length..].starts_with(b"/>") {
                        at += length + 3;
                        (before, at) = (child, self.set(child, at, at).map(|()| at)?);
                        continue;
                    }
                    (child, (name[length] == b'>').then_some(at + length + 2)?)
                }
            };
            let to = eight::first::<b'<', b'&'>(data, from)?;
            at = tag(data, to, b"</", self.labels.get(child)?.as_bytes())?;
            self.set(child, from, to)?;
            before = child;
            if at - start > MAX_RECORD {
                return None;
            }
        }
    }

    #[inline]
    fn set(&mut self, child: usize, from: usize, to: usize) -> Option<()> {
        let cell = self.cells.get_mut(*self.columns.get(child)? as usize)?;
        if cell.0 == self.stamp {
            return None;
        }
        *cell = (self.stamp, from as u32, to as u32);
        Some(())
    }

    /// Appends the cells of the record that was read.
    pub(super) fn emit(&self, text: &str, out: &mut Rows) {
        for &(stamp, from, to) in &self.cells {
            out.cell(if stamp == self.stamp { &text[from as usize..to as usize] } else { "" }, Kind::Text);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_ordinary_records_are_taken() {
        let mut quick = Quick::default();
        quick.learn(1, 3, || vec![("b", 2), ("a", 0), ("c", 1)]);
        let mut read = |text: &str| {
            let (start, end) = quick.read(text, "r")?;
            let mut rows = Rows::new();
            quick.emit(text, &mut rows);
            rows.end_row(crate::read::Origin::default());
            let row = rows.get(0).unwrap();
            let cells: Vec<&str> = row.cells().map(|(text, _)| text).collect();
            Some(format!("{start} {end} {}", cells.join("|")))
        };
        for (text, cells) in
            [("\n <r><a>x</a><b> y>z </b></r><r>", "2 29 x|| y>z "), ("<r><c></c>\n\t<a/><b>\u{e9}</b>\n</r>", "0 30 ||\u{e9}")]
        {
            assert_eq!(read(text).as_deref(), Some(cells), "{text}");
        }
        for text in [
            "<r></r>",
            "<r> </r>",
            "<r/>",
            "<r><a>x</a></r",
            "<r><a>x</a>",
            "<r><a>x</a><a>y</a></r>",
            "<r><a>x</a>t</r>",
            "<r><z>x</z></r>",
            "<r><p:a>x</p:a></r>",
            "<r><a i='1'>x</a></r>",
            "<r i='1'><a>x</a></r>",
            "<r><a>x&amp;</a></r>",
            "<r><a>x\ny</a></r>",
            "<r><a>x\u{1}y</a></r>",
            "<r><a><b>x</b></a></r>",
            "<r><a>x<!-- --></a></r>",
            "<r><a>x</b></r>",
            "<r><!-- --><a>x</a></r>",
            "<rr><a>x</a></rr>",
            "<r><b>x</b><></></r>",
            "<r><b>x</b></></r>",
            "\r<r><a>x</a></r>",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
