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

    /// Starts a row that is laid down in pieces.
    #[inline(always)]
    pub(crate) fn lay(&mut self) -> Laying<'_> {
        Laying { at: self.used, buffer: self }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) {
        let size = (self.used + more + PIECE).max(self.bytes.len() * 2).max(4096);
        self.bytes.resize(size, 0);
    }
}

/// A row being laid down. It is part of what is written once [`Laying::done`] says so.
pub(crate) struct Laying<'b> {
    buffer: &'b mut Buffer,
    at: usize,
}

impl Laying<'_> {
    /// How many bytes stand before what comes next.
    #[inline(always)]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Sets a byte that is laid down already.
    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.buffer.bytes.get_mut(at) {
            *place = byte;
        }
    }

    /// Lays down `length` bytes of `from`, from `start` on. Short ones are copied in one piece with what happens to stand behind them, which the next
    /// bytes are written over.
    #[inline(always)]
    pub(crate) fn put(&mut self, from: &[u8], start: usize, length: usize) {
        let at = self.at;
        self.at = at + length;
        if self.buffer.bytes.len() < at + length + PIECE {
            self.buffer.used = at;
            self.buffer.grow(length);
        }
        let bytes = &mut self.buffer.bytes;
        if length <= PIECE
            && let Some(source) = from.get(start..).and_then(|s| s.first_chunk::<PIECE>())
            && let Some(target) = bytes.get_mut(at..).and_then(|t| t.first_chunk_mut::<PIECE>())
        {
            *target = *source;
            return;
        }
        bytes[at..at + length].copy_from_slice(&from[start..start + length]);
    }

    /// Lays down one byte.
    #[inline(always)]
    pub(crate) fn byte(&mut self, byte: u8) {
        if self.buffer.bytes.len() <= self.at {
            self.buffer.used = self.at;
            self.buffer.grow(1);
        }
        self.buffer.bytes[self.at] = byte;
        self.at += 1;
    }

    /// Ends the row.
    #[inline(always)]
    pub(crate) fn done(self) {
        self.buffer.used = self.at;
    }
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
                        row.byte(b'x');
                        row.put(&source[..start + length], start, length);
                        row.set(at, b'{');
                        row.done();
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
