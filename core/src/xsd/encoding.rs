//! Whole documents in other encodings than UTF-8, made UTF-8.

use std::borrow::Cow;

/// The document in UTF-8: UTF-16 by its byte order mark or its first characters, Latin-1 where its declaration says so. Anything else comes
/// back as it is.
pub fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [b'<', 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, b'<', ..] => wide(bytes, u16::from_be_bytes),
        _ if latin(bytes) => Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect::<String>().into_bytes()),
        _ => Cow::Borrowed(bytes),
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Cow<'_, [u8]> {
    let units = bytes.chunks_exact(2).map(|c| unit([c[0], c[1]]));
    Cow::Owned(char::decode_utf16(units).map(|c| c.unwrap_or('\u{FFFE}')).collect::<String>().into_bytes())
}

fn latin(bytes: &[u8]) -> bool {
    let Some(declaration) = bytes.strip_prefix(b"<?xml") else { return false };
    let end = memchr::memmem::find(declaration, b"?>").unwrap_or(0).min(200);
    let text = String::from_utf8_lossy(&declaration[..end]).to_ascii_lowercase();
    let Some((_, after)) = text.split_once("encoding") else { return false };
    let value = after.trim_start().trim_start_matches('=').trim_start().trim_start_matches(['"', '\'']);
    ["iso-8859-1", "latin1", "windows-1252"].iter().any(|n| value.starts_with(n))
}
