//! Small damages to an input, the same on every machine.

/// SplitMix64: the next number of a sequence.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// A sequence of its own for each name.
    pub fn of(name: &str) -> Numbers {
        // FNV-1a, so that the sequence depends on nothing but the name.
        Numbers(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % (n as u64).max(1)) as usize
    }
}

/// Pieces that often change what a parser does.
const PIECES: [&[u8]; 32] = [
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff",
    b"\xc3",
    b"\xf0\x9f\x8f",
    b"\\",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"=",
    b"#",
    b"-",
    b"999999999999999999999999",
    b"1e999",
    b"2024-02-30",
    b"\xe2\x80\xae",
    b" ",
    b".",
    b"== ",
];

/// A copy of the input with one to four damages.
pub fn mutate(seed: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(out.len() + 1);
        let length = numbers.below(24).min(out.len() - at);
        match numbers.below(8) {
            0 if at < out.len() => out[at] ^= 1 << numbers.below(8),
            1 if at < out.len() => out[at] = numbers.draw() as u8,
            2 => drop(out.drain(at..at + length)),
            3 => {
                let copy = out[at..at + length].to_vec();
                let to = numbers.below(out.len() + 1);
                drop(out.splice(to..to, copy));
            }
            4 => out.truncate(at),
            _ => {
                let piece = PIECES[numbers.below(PIECES.len())];
                drop(out.splice(at..at, piece.iter().copied()));
            }
        }
    }
    out
}
