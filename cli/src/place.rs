//! Files that are read by place.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use concord_core::read::ReadAt;

/// A file that is read by place, for forms whose directory is at their end. The first reason why it could not be read is kept: the core only
/// knows that it could not.
pub(crate) struct ByPlace {
    file: File,
    size: u64,
    error: Mutex<Option<io::Error>>,
}

impl ByPlace {
    pub(crate) fn new(file: File, size: u64) -> Arc<ByPlace> {
        Arc::new(ByPlace { file, size, error: Mutex::new(None) })
    }

    /// The reason why the file could not be read, when it could not.
    pub(crate) fn failed(&self) -> io::Result<()> {
        let mut error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.take().map_or(Ok(()), Err)
    }
}

/// The same for the core.
pub(crate) struct Shared(pub(crate) Arc<ByPlace>);

impl ReadAt for Shared {
    fn size(&self) -> u64 {
        self.0.size
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        read_some(&self.0.file, from, into).map_err(|e| {
            let again = io::Error::from(e.kind());
            self.0.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
            again
        })
    }
}

/// Reads some bytes from a place in the file; none only at its end.
#[cfg(unix)]
pub(crate) fn read_some(file: &File, from: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, from)
}

/// Reads some bytes from a place in the file; none only at its end.
#[cfg(windows)]
pub(crate) fn read_some(file: &File, from: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, from)
}

/// Reads up to `size` bytes from a place in the file. True when the file ends there.
pub(crate) fn read_at(file: &File, from: u64, size: usize, buffer: &mut Vec<u8>) -> io::Result<bool> {
    if buffer.len() != size {
        buffer.resize(size, 0);
    }
    let mut have = 0;
    while have < size {
        match read_some(file, from + have as u64, &mut buffer[have..]) {
            Ok(0) => {
                buffer.truncate(have);
                return Ok(true);
            }
            Ok(n) => have += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(false)
}
