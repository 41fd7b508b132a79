//! Output on its way to where it goes.

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
            self.grow(side.len());
        }
        self.bytes[self.used..end].copy_from_slice(&side);
        self.used = end;
        self.side = side;
    }

    /// Starts rows that are laid down in pieces. They are part of what is written once they are given back to [`Buffer::laid`].
    #[inline(always)]
    pub(crate) fn lay(&mut self) -> Laying {
        Laying { at: self.used, bytes: std::mem::take(&mut self.bytes) }
    }

    /// Takes what was laid down.
    #[inline(always)]
    pub(crate) fn laid(&mut self, rows: Laying) {
        (self.bytes, self.used) = (rows.bytes, rows.at);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) {
        let size = (self.used + more + PIECE).max(self.bytes.len() * 2).max(4096);
        self.bytes.resize(size, 0);
    }
}

/// Rows being laid down.
pub(crate) struct Laying {
    /// The buffer's own bytes, so that their place need not be asked for again and again.
    bytes: Vec<u8>,
    at: usize,
}

impl Laying {
    /// How many bytes stand before what comes next.
    #[inline(always)]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Sets a byte that is laid down already.
    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.bytes.get_mut(at) {
            *place = byte;
        }
    }

    /// Lays down `length` bytes of `from`, from `start` on. Short ones are copied in one piece with what happens to stand behind them, which the next
    /// bytes are written over.
    #[inline(always)]
    pub(crate) fn put(&mut self, from: &[u8], start: usize, length: usize) {
        if length <= PIECE
            && let Some(source) = from.get(start..).and_then(|s| s.first_chunk::<PIECE>())
            && let Some(target) = self.bytes.get_mut(self.at..).and_then(|t| t.first_chunk_mut::<PIECE>())
        {
            *target = *source;
        } else {
            self.bytes = with(std::mem::take(&mut self.bytes), self.at, &from[start..start + length]);
        }
        self.at += length;
    }

    /// Lays down a byte if it counts.
    #[inline(always)]
    pub(crate) fn byte_if(&mut self, byte: u8, counts: bool) {
        match self.bytes.get_mut(self.at) {
            Some(place) => *place = byte,
            None => self.bytes = with(std::mem::take(&mut self.bytes), self.at, &[byte]),
        }
        self.at += usize::from(counts);
    }
}

/// Bytes with a longer text written over them from `at` on, and room for a piece behind it.
#[inline(never)]
fn with(mut bytes: Vec<u8>, at: usize, text: &[u8]) -> Vec<u8> {
    let end = at + text.len();
    if bytes.len() < end + PIECE {
        bytes.resize((end + PIECE).max(bytes.len() * 2).max(4096), 0);
    }
    bytes[at..end].copy_from_slice(text);
    bytes
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
                        let mut row = buffer.lay();
                        let at = row.at();
                        row.put(&source, start, length);
                        row.byte_if(b'x', true);
                        row.byte_if(b'y', false);
                        row.put(&source[..start + length], start, length);
                        row.set(at, b'{');
                        buffer.laid(row);
                        let first = expected.len();
                        expected.extend_from_slice(&source[start..start + length]);
                        expected.push(b'x');
                        expected.extend_from_slice(&source[start..start + length]);
                        expected[first] = b'{';
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
