//! One table in several files, read one behind the other: the parts of a Data Resource.

use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Files, Pieces};
use crate::bounds::SAMPLE;
use crate::check::seams::{PartFiles, PartRead};
use crate::finding::Finding;
use crate::session::hex;

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
    /// Whether lines end in a carriage return alone.
    ends_in_return: bool,
    findings: Vec<Finding>,
    /// How many bytes were handed on.
    total: u64,
    /// What is noted of the parts for whoever checks them.
    noted: Arc<PartFiles>,
    digest: Sha256,
}

impl Parts {
    pub(super) fn new(files: Arc<dyn Files>, mut parts: Vec<usize>, header: bool, noted: Arc<PartFiles>) -> Parts {
        parts.reverse();
        noted.note(Vec::clear);
        Parts {
            files,
            left: parts,
            now: None,
            ready: Vec::new(),
            given: 0,
            header,
            first: None,
            last: None,
            ends_in_return: false,
            findings: Vec::new(),
            total: 0,
            noted,
            digest: Sha256::new(),
        }
    }

    /// Opens the next part and looks at its first line; false when there is none.
    fn open(&mut self) -> io::Result<bool> {
        let Some(index) = self.left.pop() else { return Ok(false) };
        let mut pieces = self.files.open(index)?;
        let mut start = Vec::new();
        (&mut pieces).take(SAMPLE as u64).read_to_end(&mut start)?;
        self.now = Some(pieces);
        let body = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
        let end = memchr::memchr2(b'\n', b'\r', body).map_or(body.len(), |end| end + 1);
        let end = end + usize::from(body[..end].ends_with(b"\r") && body.get(end) == Some(&b'\n'));
        let line = body[..end].trim_ascii_end();
        (self.ready, self.given) = (Vec::new(), 0);
        self.digest = Sha256::new();
        self.digest.update(&start);
        let mut part = PartRead { bytes: start.len() as u64, ..PartRead::default() };
        match &self.first {
            None => {
                self.first = Some(line.to_vec());
                self.ends_in_return = body[..end].ends_with(b"\r");
                self.ready = start;
            }
            Some(first) => {
                if self.last.is_some_and(|b| b != b'\n' && b != b'\r') && !body.is_empty() {
                    // As its other lines end, so that a file of an old Macintosh stays one.
                    let returns = self.ends_in_return;
                    self.ready.push(if returns { b'\r' } else { b'\n' });
                }
                part.start = self.total + self.ready.len() as u64;
                let repeated = self.header && !line.is_empty() && line == first;
                part.above = u64::from(repeated);
                self.ready.extend_from_slice(&body[if repeated { end } else { 0 }..]);
            }
        }
        self.noted.note(|parts| parts.push(part));
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
                self.total += count as u64;
                return Ok(count);
            }
            if let Some(now) = &mut self.now {
                let count = now.read(into)?;
                if count > 0 {
                    self.last = Some(into[count - 1]);
                    self.total += count as u64;
                    self.digest.update(&into[..count]);
                    self.noted.note(|parts| {
                        if let Some(part) = parts.last_mut() {
                            part.bytes += count as u64;
                        }
                    });
                    return Ok(count);
                }
                let digest = format!("sha256:{}", hex(&std::mem::take(&mut self.digest).finalize()));
                self.noted.note(|parts| {
                    if let Some(part) = parts.last_mut() {
                        part.digest = Some(digest);
                    }
                });
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
