//! Text encodings: UTF-8, and Windows-1252 for what is not UTF-8.

use std::borrow::Cow;

use crate::read::recode::{self, Charset};

/// How a file's text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8; a cell that is not is read as Windows-1252 with a finding.
    #[default]
    Utf8,
    /// Windows-1252, which has all letters of ISO-8859-1 in the same places. The five bytes that it leaves open are read as the C1
    /// controls, as the WHATWG Encoding Standard does.
    Windows1252,
}

impl Encoding {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    /// Decides from the start of a file, by the same evidence as for every other form ([`recode::evidence`]). `whole` says that nothing
    /// follows, so that a letter cut at the end is a fault and not a cut. Text in other encodings than these two was turned into UTF-8 before.
    pub fn sniff(sample: &[u8], whole: bool) -> Encoding {
        match std::str::from_utf8(sample) {
            Ok(_) => Encoding::Utf8,
            Err(e) if e.error_len().is_none() && !whole => Encoding::Utf8,
            Err(_) => match recode::evidence(sample, whole).charset {
                Charset::Utf8 => Encoding::Utf8,
                _ => Encoding::Windows1252,
            },
        }
    }

    /// The text of bytes, and whether they were not in this encoding.
    pub fn text(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match (self, std::str::from_utf8(bytes)) {
            (Encoding::Utf8, Ok(text)) => (Cow::Borrowed(text), false),
            (Encoding::Utf8, Err(_)) => (Cow::Owned(windows_1252(bytes)), true),
            (Encoding::Windows1252, Ok(text)) if text.is_ascii() => (Cow::Borrowed(text), false),
            (Encoding::Windows1252, _) => (Cow::Owned(windows_1252(bytes)), false),
        }
    }
}

/// Bytes 0x80 to 0x9F of Windows-1252 (WHATWG Encoding Standard, index windows-1252).
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–',
    '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Reads bytes as Windows-1252; every byte has a reading.
pub fn windows_1252(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| windows_1252_char(b)).collect()
}

/// The letter of one byte of Windows-1252.
pub(crate) fn windows_1252_char(byte: u8) -> char {
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decides_by_the_bytes() {
        assert_eq!(Encoding::sniff("Café".as_bytes(), true), Encoding::Utf8);
        assert_eq!(Encoding::sniff(b"Caf\xe9", false), Encoding::Utf8, "a cut letter is no fault");
        assert_eq!(Encoding::sniff(b"Caf\xe9", true), Encoding::Windows1252);
        assert_eq!(Encoding::sniff(b"Caf\xe9 Nino", false), Encoding::Windows1252);
        assert_eq!(
            Encoding::sniff(
                "Café, Zoë, Nin\u{f1}o \u{2019}".as_bytes().iter().chain(b"\x92,").copied().collect::<Vec<_>>().as_slice(),
                true
            ),
            Encoding::Utf8
        );
        assert_eq!(Encoding::Utf8.text(b"Caf\xe9 \x80"), (Cow::Owned("Café €".to_owned()), true));
        assert_eq!(Encoding::Windows1252.text(b"\x93x\x94"), (Cow::Owned("“x”".to_owned()), false));
    }
}
