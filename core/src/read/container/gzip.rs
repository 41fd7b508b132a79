//! Gzip (RFC 1952): packed bytes in, plain bytes out, however they are cut.

use crc32fast::Hasher as Crc;
use flate2::{Decompress, FlushDecompress, Status};

use super::{Stop, stop, within};
use crate::bounds::Packed;
use crate::finding::{Finding, Place};

/// How many plain bytes are handed on at a time.
const CHUNK: usize = 64 << 10;
/// Longest header of a member that is still taken for one: its extra field may hold 64 KB, its name and comment should not.
const MAX_HEADER: usize = 256 << 10;

/// Unpacks a gzip file that comes in pieces. Several members behind one another are one file, as the RFC says.
#[derive(Debug)]
pub struct Gunzip {
    bounds: Packed,
    packed: u64,
    plain: u64,
    state: State,
    inflate: Decompress,
    check: Crc,
    /// Bytes of a header or trailer that is not whole yet.
    held: Vec<u8>,
    chunk: Vec<u8>,
    /// Set once the file ended or broke off; what follows is not looked at.
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the first member's header.
    Header,
    /// In packed data.
    Body,
    /// In the eight bytes behind it.
    Trailer,
    /// Behind a whole member: another one, zeros that pad, or the end.
    Between,
}

impl Gunzip {
    /// Unpacks within these bounds.
    pub fn new(bounds: Packed) -> Gunzip {
        Gunzip {
            bounds,
            packed: 0,
            plain: 0,
            state: State::Header,
            inflate: Decompress::new(false),
            check: Crc::new(),
            held: Vec::new(),
            chunk: vec![0; CHUNK],
            over: false,
        }
    }

    /// How many plain bytes came out so far.
    pub fn plain(&self) -> u64 {
        self.plain
    }

    /// Takes the next packed bytes and hands on the plain ones.
    ///
    /// # Errors
    /// The finding that says why the file cannot be read on: a bound, or damage. What came out before stands.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<(), Stop> {
        while !bytes.is_empty() && !self.over {
            let done = self.step(&mut bytes, out);
            if done.is_err() {
                self.over = true;
            }
            done?;
        }
        Ok(())
    }

    /// Says that no bytes follow.
    ///
    /// # Errors
    /// The finding that the file breaks off.
    pub fn finish(&mut self, findings: &mut Vec<Finding>) -> Result<(), Stop> {
        if self.over {
            // Said by `push`, or bytes behind the end.
            if self.state == State::Between {
                findings.push(Finding::new("C112", "rest", Place::default()));
            }
            return Ok(());
        }
        self.over = true;
        match self.state {
            State::Between if self.held.is_empty() => Ok(()),
            State::Between => {
                findings.push(Finding::new("C112", "rest", Place::default()));
                Ok(())
            }
            _ => Err(stop("C112", "cut")),
        }
    }

    fn step(&mut self, bytes: &mut &[u8], out: &mut dyn FnMut(&[u8])) -> Result<(), Stop> {
        match self.state {
            State::Header | State::Between => {
                if self.state == State::Between && self.held.is_empty() && bytes[0] == 0 {
                    self.take(bytes, 1);
                    return Ok(());
                }
                let before = self.held.len();
                let taken = bytes.len().min(MAX_HEADER);
                self.held.extend_from_slice(&bytes[..taken]);
                match header(&self.held) {
                    Header::Whole(length) => {
                        let used = length.saturating_sub(before);
                        self.take(bytes, used);
                        self.held.clear();
                        self.inflate.reset(false);
                        self.check.reset();
                        self.state = State::Body;
                    }
                    Header::More if self.held.len() <= MAX_HEADER => self.take(bytes, taken),
                    _ if self.state == State::Between => self.over = true,
                    _ => return Err(stop("C112", "")),
                }
            }
            State::Body => {
                let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
                let status = self.inflate.decompress(bytes, &mut self.chunk, FlushDecompress::None);
                let used = (self.inflate.total_in() - before_in) as usize;
                let made = (self.inflate.total_out() - before_out) as usize;
                self.take(bytes, used);
                self.plain += made as u64;
                within(&self.bounds, self.packed, self.plain)?;
                let plain = &self.chunk[..made];
                self.check.update(plain);
                if made > 0 {
                    out(plain);
                }
                // What came out before the damage was handed on, so that it does not matter how the bytes are cut.
                let status = status.map_err(|_| stop("C112", ""))?;
                if status == Status::StreamEnd {
                    self.state = State::Trailer;
                } else if used == 0 && made == 0 {
                    return Err(stop("C112", ""));
                } else if bytes.is_empty() && made == self.chunk.len() {
                    // The piece is used up, and more may wait in the window.
                    self.drain(out)?;
                }
            }
            State::Trailer => {
                let wanted = (8 - self.held.len()).min(bytes.len());
                self.held.extend_from_slice(&bytes[..wanted]);
                self.take(bytes, wanted);
                if let Ok(trailer) = <[u8; 8]>::try_from(self.held.as_slice()) {
                    let [a, b, c, d, e, f, g, h] = trailer;
                    let (sum, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
                    self.held.clear();
                    if sum != self.check.clone().finalize() || length != self.inflate.total_out() as u32 {
                        return Err(stop("C112", "sum"));
                    }
                    self.state = State::Between;
                }
            }
        }
        Ok(())
    }

    /// Hands on what the last piece still gives when the chunk was full at its end.
    fn drain(&mut self, out: &mut dyn FnMut(&[u8])) -> Result<(), Stop> {
        loop {
            let before = self.inflate.total_out();
            let status = self.inflate.decompress(&[], &mut self.chunk, FlushDecompress::None).map_err(|_| stop("C112", ""))?;
            let made = (self.inflate.total_out() - before) as usize;
            self.plain += made as u64;
            within(&self.bounds, self.packed, self.plain)?;
            self.check.update(&self.chunk[..made]);
            if made > 0 {
                out(&self.chunk[..made]);
            }
            if status == Status::StreamEnd {
                self.state = State::Trailer;
                return Ok(());
            }
            if made < self.chunk.len() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, bytes: &mut &[u8], count: usize) {
        *bytes = &bytes[count.min(bytes.len())..];
        self.packed += count as u64;
    }
}

enum Header {
    /// It ends here.
    Whole(usize),
    /// More bytes are wanted.
    More,
    /// It is none.
    No,
}

/// RFC 1952, section 2.3.
fn header(bytes: &[u8]) -> Header {
    let fixed = [0x1f, 0x8b, 8];
    if bytes.iter().zip(fixed).any(|(&a, b)| a != b) {
        return Header::No;
    }
    let Some(&flags) = bytes.get(3) else { return Header::More };
    if flags & 0xe0 != 0 {
        return Header::No;
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let Some(length) = bytes.get(at..at + 2) else { return Header::More };
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let Some(end) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == 0)) else { return Header::More };
            at += end + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    if bytes.len() < at { Header::More } else { Header::Whole(at) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut writer = GzEncoder::new(Vec::new(), Compression::best());
        writer.write_all(plain).unwrap();
        writer.finish().unwrap()
    }

    fn unpacked(bytes: &[u8], cut: usize, bounds: Packed) -> (Vec<u8>, Option<&'static str>, Vec<Finding>) {
        let (mut out, mut findings) = (Vec::new(), Vec::new());
        let mut gunzip = Gunzip::new(bounds);
        let mut put = |plain: &[u8]| out.extend_from_slice(plain);
        let mut end = bytes.chunks(cut.max(1)).try_for_each(|piece| gunzip.push(piece, &mut put));
        if end.is_ok() {
            end = gunzip.finish(&mut findings);
        }
        (out, end.err().map(|f| f.kind), findings)
    }

    #[test]
    fn says_what_is_wrong() {
        let whole = packed(b"town,total\nLee,12\n");
        let table: [(&str, Vec<u8>, Option<&str>, usize); 6] = [
            ("whole", whole.clone(), None, 0),
            ("cut", whole[..whole.len() - 9].to_vec(), Some("cut"), 0),
            ("padded with zeros", [&whole[..], &[0; 40]].concat(), None, 0),
            ("with a rest", [&whole[..], b"and more"].concat(), None, 1),
            ("no gzip", b"\x1f\x8b\x07".to_vec(), Some(""), 0),
            ("another sum", whole.iter().rev().skip(8).rev().copied().chain([1; 8]).collect(), Some("sum"), 0),
        ];
        for (name, bytes, expected, said) in table {
            for cut in [1, 7, 1000] {
                let (_, end, findings) = unpacked(&bytes, cut, Packed::default());
                assert_eq!((end, findings.len()), (expected, said), "{name} in pieces of {cut}");
            }
        }
    }

    #[test]
    fn stops_at_the_bounds_before_the_memory_is_spent() {
        let bytes = packed(&vec![0; 64 << 20]);
        let (out, end, _) = unpacked(&bytes, 4096, Packed::default());
        assert_eq!(end, Some("ratio"));
        assert!(out.len() <= (10 << 20) + CHUNK, "{} bytes came out", out.len());
        let (out, end, _) = unpacked(&bytes, 4096, Packed { ratio: 100_000, inflated: 1 << 20, ..Packed::default() });
        assert_eq!(end, Some(""));
        assert!(out.len() <= 1 << 20, "{} bytes came out", out.len());
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_plain_bytes_are_the_same(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4), many in 0usize..3, cut in 1usize..100,
        ) {
            let parts: Vec<Vec<u8>> = parts.into_iter().map(|p| p.repeat(1 + many * 300)).collect();
            let bytes: Vec<u8> = parts.iter().flat_map(|p| packed(p)).collect();
            let (out, end, findings) = unpacked(&bytes, cut, Packed::default());
            prop_assert_eq!((out, end, findings.len()), (parts.concat(), None, 0));
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 1usize..50, behind in any::<bool>()) {
            let mut all = if behind { vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3] } else { Vec::new() };
            all.extend(bytes);
            let (out, end, _) = unpacked(&all, cut, Packed::default());
            let (again, also, _) = unpacked(&all, 1 << 20, Packed::default());
            prop_assert_eq!((out, end), (again, also));
        }
    }
}
