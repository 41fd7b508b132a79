//! Bytes that can be read at any place, for forms whose directory is at their end.
//!
//! A shell that has a file gives it as a [`ReadAt`]; without one, a reader gathers the bytes, and they are read in the same way. The core never
//! opens anything itself.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A source of bytes by place.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads bytes from a place on into a buffer and gives how many they were: fewer than asked for only when there are no more.
    ///
    /// # Errors
    /// Those of the source. What is read then counts as damaged; whoever gave the source knows the true reason.
    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(from).ok().and_then(|from| self.get(from..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(from, into)
    }
}

/// A source that several readers share.
#[derive(Clone)]
pub struct Store<'a>(Arc<dyn ReadAt + 'a>);

impl<'a> Store<'a> {
    /// Shares a source.
    pub fn new(source: impl ReadAt + 'a) -> Store<'a> {
        Store(Arc::new(source))
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// Fills a buffer from a place on as far as there are bytes, and gives how many they were.
    ///
    /// # Errors
    /// Those of the source.
    pub fn fill(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut have = 0;
        while have < into.len() {
            match self.0.read_at(from + have as u64, &mut into[have..]) {
                Ok(0) => break,
                Ok(count) => have += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(have)
    }

    /// So many bytes from a place on, or as many as there are; `None` when the source cannot give them.
    pub fn piece(&self, from: u64, most: usize) -> Option<Vec<u8>> {
        let there = usize::try_from(self.size().saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; most.min(there)];
        let have = self.fill(from, &mut bytes).ok()?;
        bytes.truncate(have);
        Some(bytes)
    }
}

impl fmt::Debug for Store<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("size", &self.size()).finish()
    }
}

impl rawzip::ReaderAt for Store<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(offset, buf)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Gives one byte at a time.
    struct Slow(&'static [u8]);

    impl ReadAt for Slow {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
            let one = into.len().min(1);
            self.0.read_at(from, &mut into[..one])
        }
    }

    #[test]
    fn pieces_are_whole_wherever_they_lie() {
        for store in [Store::new(&b"0123456789"[..]), Store::new(b"0123456789".to_vec()), Store::new(Slow(b"0123456789"))] {
            for (from, most, expected) in
                [(0, 4, "0123"), (8, 4, "89"), (10, 1, ""), (11, 5, ""), (u64::MAX, 5, ""), (2, usize::MAX, "23456789")]
            {
                assert_eq!(store.piece(from, most).unwrap(), expected.as_bytes(), "{most} from {from}");
            }
        }
    }
}
