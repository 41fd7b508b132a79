//! Output on its way to where it goes.

use std::ops::Range;

/// Bytes that are written, and behind them some that are only ready to be written over, so that a row can be laid down in pieces of a fixed size.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    used: usize,
    side: Vec<u8>,
}

/// How many bytes one piece is.
const PIECE: usize = 32;

impl Buffer {
    /// How many bytes are written.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// The bytes written.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// Forgets what is written; the memory is used again.
    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// Gives away what is written.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.used);
        self.used = 0;
        std::mem::take(&mut self.bytes)
    }

    /// Calls a writer that appends.
    pub(crate) fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.bytes.len() == self.used {
            write(&mut self.bytes);
            self.used = self.bytes.len();
            return;
        }
        let mut side = std::mem::take(&mut self.side);
        side.clear();
        write(&mut side);
        let end = self.used + side.len();
        if self.bytes.len() < end + PIECE {
            grow(&mut self.bytes, side.len());
        }
        self.bytes[self.used..end].copy_from_slice(&side);
        self.used = end;
        self.side = side;
    }

    /// Lays down rows in pieces. `row` is given the row's number, bytes that are ready to be written over, and where in them the row begins; it gives
    /// where the row ends. Where there is not room enough for all of it, it gives `None`, and is called again with more.
    #[inline(always)]
    pub(crate) fn lay(&mut self, rows: Range<usize>, mut row: impl FnMut(usize, &mut [u8], usize) -> Option<usize>) {
        let (mut bytes, mut at) = (std::mem::take(&mut self.bytes), self.used);
        for r in rows {
            at = loop {
                match row(r, &mut bytes, at) {
                    Some(end) => break end,
                    None => grow(&mut bytes, 0),
                }
            };
        }
        (self.bytes, self.used) = (bytes, at);
    }
}

/// Lays down a short text of a fixed length. What stands behind it is written over.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    piece: [u8; PIECE],
    text: Box<[u8]>,
}

impl Fixed {
    /// A text that is laid down often.
    pub(crate) fn new(text: &[u8]) -> Fixed {
        let mut piece = [0; PIECE];
        piece.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        Fixed { piece, text: text.into() }
    }

    /// Lays it down and gives where it ends; `None` when there is no room.
    #[inline(always)]
    pub(crate) fn put(&self, out: &mut [u8], at: usize) -> Option<usize> {
        let length = self.text.len();
        if length <= PIECE {
            *out.get_mut(at..)?.first_chunk_mut::<PIECE>()? = self.piece;
        } else {
            put_long(&self.text, out, at)?;
        }
        Some(at + length)
    }
}

/// Lays down the `length` bytes of `from` from `start` on, and gives where they end; `None` when there is no room. Short texts are copied in one piece with
/// what happens to stand behind them, which the next bytes are written over.
#[inline(always)]
pub(crate) fn put(from: &[u8], start: usize, length: usize, out: &mut [u8], at: usize) -> Option<usize> {
    if length <= PIECE
        && let Some(source) = from.get(start..).and_then(|s| s.first_chunk::<PIECE>())
    {
        *out.get_mut(at..)?.first_chunk_mut::<PIECE>()? = *source;
    } else {
        put_long(&from[start..start + length], out, at)?;
    }
    Some(at + length)
}

/// Apart, so that the loop over short texts keeps what it needs at hand.
#[inline(never)]
fn put_long(text: &[u8], out: &mut [u8], at: usize) -> Option<()> {
    out.get_mut(at..at + text.len())?.copy_from_slice(text);
    Some(())
}

/// Makes room for so many bytes more, and for as many as there are.
#[cold]
#[inline(never)]
fn grow(bytes: &mut Vec<u8>, more: usize) {
    let size = (bytes.len() * 2).max(bytes.len() + more + PIECE).max(4096);
    bytes.resize(size, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn holds_what_was_written(pieces in proptest::collection::vec((0u8..4, 0usize..90, 0usize..90), 0..60)) {
            let source: Vec<u8> = (0..200u8).collect();
            let (mut buffer, mut expected, mut taken) = (Buffer::default(), Vec::new(), Vec::new());
            for (how, start, length) in pieces {
                match how {
                    0 => {
                        buffer.append(|out| out.extend_from_slice(&source[start..start + length]));
                        expected.extend_from_slice(&source[start..start + length]);
                    }
                    1 => {
                        let name = Fixed::new(&source[start..start + length]);
                        buffer.lay(0..3, |r, out, at| {
                            let at = name.put(out, at)?;
                            let at = put(&source[..start + length], start, length, out, at)?;
                            let end = put(&source, start, length, out, at)?;
                            *out.get_mut(end)? = r as u8;
                            Some(end + 1)
                        });
                        for r in 0..3 {
                            (0..3).for_each(|_| expected.extend_from_slice(&source[start..start + length]));
                            expected.push(r);
                        }
                    }
                    2 => {
                        taken.extend(buffer.take());
                        proptest::prop_assert_eq!(&taken, &expected);
                    }
                    _ => {
                        taken.extend_from_slice(buffer.written());
                        buffer.clear();
                        proptest::prop_assert_eq!(&taken, &expected);
                    }
                }
            }
            taken.extend_from_slice(buffer.written());
            proptest::prop_assert_eq!(taken, expected);
        }
    }
}
