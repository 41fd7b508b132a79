//! Encodings: however the bytes are cut, text and findings are the same, and every guess can be read.

use concord_core::finding::Finding;
use concord_core::read::recode::{self, Charset, Recoder};

use crate::input::Input;

const ALL: [Charset; 6] = [Charset::Utf8, Charset::Utf16Le, Charset::Utf16Be, Charset::Windows1252, Charset::Latin1, Charset::MacRoman];

/// Two bytes choose the encoding and the cuts; the rest is the file.
pub fn recode(data: &[u8]) {
    let mut input = Input::new(data);
    let (which, cut) = (input.byte(), 1 + usize::from(input.byte()));
    let file = input.rest();
    let guess = recode::sniff(file, true);
    assert_eq!(guess, recode::sniff(file, true), "a guess is not by chance");
    assert!(guess.mark <= file.len(), "the mark is in the file");
    recode::sniff(&file[..file.len().min(cut)], false);
    for charset in [ALL[usize::from(which) % ALL.len()], guess.charset, recode::sniff_xml(file, true).charset] {
        let whole = read(file, charset, usize::MAX);
        for size in [1, cut, cut * 7] {
            assert_eq!(read(file, charset, size), whole, "pieces of {size} bytes read otherwise as {charset:?}");
        }
        // What was read without a fault takes as many bytes as it took.
        if whole.1.is_empty() && !matches!(charset, Charset::Utf8) {
            let mark = if file.starts_with(b"\xff\xfe") || file.starts_with(b"\xfe\xff") { 2 } else { 0 };
            let stored = charset.stored(&whole.0) as usize;
            assert!(stored == file.len() || stored + mark == file.len(), "{charset:?} stores {stored} bytes of {}", file.len());
        }
    }
}

fn read(file: &[u8], charset: Charset, size: usize) -> (String, Vec<Finding>) {
    let (mut recoder, mut text, mut findings) = (Recoder::new(charset), String::new(), Vec::new());
    for piece in file.chunks(size.min(file.len().max(1))) {
        recoder.push(piece, &mut text, &mut findings);
    }
    recoder.finish(&mut text, &mut findings);
    (text, findings)
}
