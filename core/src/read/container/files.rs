//! One file of a zip archive as plain bytes that somebody reads: they end where they cannot be read on, and the reason is a finding.

use std::io::{self, BufRead, Read};

use super::Stop;
use super::zip::{Archive, Stream};

/// The plain bytes of one file of an archive, made as they are read.
pub struct Unzipped {
    /// `None` when there is nothing more.
    stream: Option<Stream<'static>>,
    finding: Option<Stop>,
}

impl Unzipped {
    /// Opens a file. What cannot be read ends at once; [`Unzipped::take_finding`] says why.
    pub fn open(archive: &Archive<'static>, index: usize) -> Unzipped {
        match archive.stream(index) {
            Ok(stream) => Unzipped { stream: Some(stream), finding: None },
            Err(finding) => Unzipped { stream: None, finding: Some(finding) },
        }
    }

    /// Why it could not be read on, when it could not.
    pub fn take_finding(&mut self) -> Option<Stop> {
        self.finding.take()
    }
}

impl Read for Unzipped {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Ok(0) };
        match stream.next_piece() {
            Ok(piece) => {
                let count = into.len().min(piece.len());
                into[..count].copy_from_slice(&piece[..count]);
                stream.consume(count);
                Ok(count)
            }
            // Bytes that are not what they should be are not handed on.
            Err(finding) => {
                let error = stream.take_error();
                self.stream = None;
                match error {
                    Some(error) => Err(error),
                    None => {
                        self.finding = Some(finding);
                        Ok(0)
                    }
                }
            }
        }
    }
}
