//! One table in several files, read one behind the other: the parts of a Data Resource.

use std::io::{self, Read};
use std::sync::Arc;

use super::{Files, Pieces};
use crate::bounds::SAMPLE;
use crate::finding::Finding;

/// The bytes of several files as those of one. A later part that begins with the first one's header line gives it only once, and a part that does
/// not end its last line is given a line end.
pub(super) struct Parts {
    files: Arc<dyn Files>,
    /// Those not yet opened, the next one last.
    left: Vec<usize>,
    now: Option<Box<dyn Pieces>>,
    /// Bytes to hand on before more are read.
    ready: Vec<u8>,
    given: usize,
    /// Whether there is a header, which a later part may repeat.
    header: bool,
    /// The first line of the first part, without its end.
    first: Option<Vec<u8>>,
    last: Option<u8>,
    findings: Vec<Finding>,
}

impl Parts {
    pub(super) fn new(files: Arc<dyn Files>, mut parts: Vec<usize>, header: bool) -> Parts {
        parts.reverse();
        Parts { files, left: parts, now: None, ready: Vec::new(), given: 0, header, first: None, last: None, findings: Vec::new() }
    }

    /// Opens the next part and looks at its first line; false when there is none.
    fn open(&mut self) -> io::Result<bool> {
        let Some(index) = self.left.pop() else { return Ok(false) };
        let mut pieces = self.files.open(index)?;
        let mut start = Vec::new();
        (&mut pieces).take(SAMPLE as u64).read_to_end(&mut start)?;
        self.now = Some(pieces);
        let body = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
        let end = memchr::memchr(b'\n', body).map_or(body.len(), |end| end + 1);
        let line = body[..end].trim_ascii_end();
        (self.ready, self.given) = (Vec::new(), 0);
        match &self.first {
            None => {
                self.first = Some(line.to_vec());
                self.ready = start;
            }
            Some(first) => {
                if self.last.is_some_and(|b| b != b'\n' && b != b'\r') && !body.is_empty() {
                    self.ready.push(b'\n');
                }
                let repeated = self.header && !line.is_empty() && line == first;
                self.ready.extend_from_slice(&body[if repeated { end } else { 0 }..]);
            }
        }
        Ok(true)
    }
}

impl Read for Parts {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if self.given < self.ready.len() {
                let count = into.len().min(self.ready.len() - self.given);
                into[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
                self.given += count;
                self.last = Some(into[count - 1]);
                return Ok(count);
            }
            if let Some(now) = &mut self.now {
                let count = now.read(into)?;
                if count > 0 {
                    self.last = Some(into[count - 1]);
                    return Ok(count);
                }
                self.findings.append(&mut now.take_findings());
                self.now = None;
            }
            if !self.open()? {
                return Ok(0);
            }
        }
    }
}

impl Pieces for Parts {
    fn take_findings(&mut self) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.findings);
        if let Some(now) = &mut self.now {
            findings.append(&mut now.take_findings());
        }
        findings
    }
}
