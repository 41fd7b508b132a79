//! Names as they are spelled, held against the bytes of a document at once.

/// Longest name that is known by its spelling.
pub(super) const LONGEST: usize = 48;

/// How many bytes from where a name may stand are looked at.
pub(super) const ROOM: usize = LONGEST + 1;

/// The bytes of a name, at most [`LONGEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    length: usize,
    /// Sixteen bytes each; behind the name they are zero.
    words: [u128; 3],
}

/// By length the bytes that count.
const KEEP: [u128; 17] = {
    let mut keep = [u128::MAX; 17];
    let mut n = 0;
    while n < 16 {
        keep[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    keep
};

impl Spelling {
    /// Of no name.
    pub(super) const NONE: Spelling = Spelling { length: 0, words: [0; 3] };

    /// `None` for a name that is too long, or none.
    pub(super) fn new(name: &[u8]) -> Option<Spelling> {
        if name.is_empty() || name.len() > LONGEST {
            return None;
        }
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(name.chunks(16)) {
            let mut sixteen = [0; 16];
            sixteen[..bytes.len()].copy_from_slice(bytes);
            *word = u128::from_le_bytes(sixteen);
        }
        Some(Spelling { length: name.len(), words })
    }

    /// How many bytes the name has.
    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Puts the name behind what is there.
    #[inline(always)]
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        // Sixteen bytes at once and no loop, since most names are short.
        let from = out.len();
        out.extend_from_slice(&self.words[0].to_le_bytes());
        if self.length > 16 {
            out.extend_from_slice(&self.words[1].to_le_bytes());
            out.extend_from_slice(&self.words[2].to_le_bytes());
        }
        out.truncate(from + self.length);
    }

    /// Whether bytes begin with the name; what follows it is not looked at.
    #[inline(always)]
    pub(super) fn begins(&self, bytes: &[u8; ROOM]) -> bool {
        let (sixteens, _) = bytes.as_chunks::<16>();
        let word = |i: usize| sixteens.get(i).map_or(0, |w| u128::from_le_bytes(*w)) ^ self.words[i];
        match self.length {
            n @ 0..=16 => word(0) & KEEP[n] == 0,
            n @ 17..=32 => word(0) | word(1) & KEEP[n - 16] == 0,
            n => word(0) | word(1) | word(2) & KEEP[(n - 32).min(16)] == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_are_found_where_they_stand(name in "[a-zA-Z:é]{0,60}", other in "[a-z>: ]{0,60}", change in 0usize..120) {
            let name = name.as_bytes();
            let spelling = Spelling::new(name);
            prop_assert_eq!(spelling.is_some(), (1..=LONGEST).contains(&name.len()));
            if let Some(spelling) = spelling {
                let mut bytes = [name, other.as_bytes(), &[b'>'; ROOM]].concat();
                prop_assert!(spelling.begins(bytes.first_chunk().unwrap_or(&[0; ROOM])));
                if let Some(byte) = bytes.get_mut(change) {
                    *byte ^= 0x21;
                }
                prop_assert_eq!(spelling.begins(bytes.first_chunk().unwrap_or(&[0; ROOM])), bytes.starts_with(name));
                prop_assert_eq!(spelling.length(), name.len());
                let mut names = b"above".to_vec();
                spelling.append_to(&mut names);
                prop_assert_eq!(names, [&b"above"[..], name].concat());
            }
        }
    }
}
