//! The `uuid` step: the same text in the same package always gives the same identifier.
//!
//! RFC 9562, version 5: SHA-1 over a name space and a name. The name space is itself the version 5 UUID, in the RFC's name space for URLs,
//! of `<package id>/<step's name>`; the name is the text of the cell.

use sha1::{Digest, Sha1};

/// The name space for URLs of RFC 9562, section 6.6: 6ba7b811-9dad-11d1-80b4-00c04fd430c8.
const URLS: [u8; 16] = [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];

/// The name space of one step.
pub(super) fn space(package: &str, name: &str) -> [u8; 16] {
    version5(&URLS, &format!("{package}/{name}"))
}

fn version5(space: &[u8; 16], name: &str) -> [u8; 16] {
    let digest = Sha1::new().chain_update(space).chain_update(name.as_bytes()).finalize();
    let mut id = [0u8; 16];
    id.copy_from_slice(&digest[..16]);
    id[6] = (id[6] & 0x0f) | 0x50;
    id[8] = (id[8] & 0x3f) | 0x80;
    id
}

/// Appends the identifier in braces and upper case.
pub(super) fn write(space: &[u8; 16], text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('{');
    for (i, byte) in version5(space, text).into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push(HEX[usize::from(byte >> 4)] as char);
        out.push(HEX[usize::from(byte & 15)] as char);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_identifiers_of_the_rfc() {
        // RFC 9562, appendix A.4: www.example.com in the name space for DNS.
        let dns = [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
        let mut out = String::new();
        write(&dns, "www.example.com", &mut out);
        assert_eq!(out, "{2ED6657D-E927-568B-95E1-2665A8AEA6A2}");
    }

    #[test]
    fn packages_and_names_have_spaces_of_their_own() {
        assert_ne!(space("a", "x"), space("b", "x"));
        assert_ne!(space("a", "x"), space("a", "y"));
    }
}
