//! Tables handed over in one piece: an archive gives what its folder gives, however its bytes arrive.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use concord_core::bundle::check::check;
use concord_core::bundle::{Bundle, Files, Kind, Pieces};
use concord_core::check::dataset::Options;
use concord_core::read::Store;
use concord_core::read::form::{self, Form};
use concord_core::render::json::json;
use concord_core::render::short::short;
use concord_core::session::{Choice, Session};

use crate::input::{Input, parts};
use crate::validate::plans;

/// Files in memory.
struct Memory {
    names: Vec<String>,
    bytes: Vec<Vec<u8>>,
}

impl Files for Memory {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Pieces>> {
        Ok(Box::new(io::Cursor::new(self.bytes[index].clone())))
    }
}

/// The first byte chooses the standard, the second the cuts; with an odd third byte the files lie in a folder of the archive. The rest are the files,
/// each behind a line `== <name>`.
pub fn bundle(data: &[u8]) {
    let mut input = Input::new(data);
    let (standard, cut, inner) = (input.byte(), input.byte(), input.byte() % 2 == 1);
    let choice = match standard {
        200.. => Choice::Detect(plans().clone()),
        n => Choice::Given(plans()[usize::from(n) % plans().len()].clone()),
    };
    let mut seen = BTreeSet::new();
    let plain = |name: &str| {
        let part = |p: &str| !p.is_empty() && !p.starts_with('.') && p.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-$~".contains(&b));
        name.split('/').all(part)
    };
    let files = parts(input.rest())
        .into_iter()
        .filter(|(name, bytes)| plain(name) && !bytes.starts_with(b"PK") && seen.insert(name.to_lowercase()));
    let (names, bytes): (Vec<String>, Vec<Vec<u8>>) = files.take(20).unzip();
    let prefix = if inner { "in/" } else { "" };
    let archive = stored(names.iter().map(|n| format!("{prefix}{n}")).zip(&bytes));

    let mut options = Options::default();
    options.read = choice.reading(options.read);
    let session = |step: usize| {
        let mut session = Session::new("x.zip", choice.clone(), options.clone(), true);
        archive.chunks(step).for_each(|piece| session.push(piece));
        session.finish()
    };
    let whole = session(usize::MAX);
    assert_eq!(json(&session(1 + usize::from(cut))), json(&whole), "pieces of {} bytes", 1 + usize::from(cut));

    if form::sniff(&archive, true) != Form::Zip {
        return;
    }
    let memory = Arc::new(Memory { names, bytes });
    let opened = Bundle::of_files("x", Kind::Folder, memory, None, &choice, &options.read).expect("memory can be read");
    let packed = Bundle::of_zip("x.zip", Store::new(archive), &choice, &options.read).expect("memory can be read");
    let (Ok(opened), Ok(packed)) = (opened, packed) else { return };
    if !packed.is_dataset() || opened.members().len() != packed.members().len() {
        return;
    }
    let folder = check(opened, &choice, &options, true).expect("memory can be read");
    let without = |text: String| {
        let lines = text.lines().filter(|l| !l.contains("[C233]") && !l.contains("[C232]") && !l.contains("[C113]")).map(str::to_owned);
        lines.map(|l| l.replace("x.zip/", "").replace("in/", "")).collect::<Vec<_>>()
    };
    assert_eq!(without(short(&whole)), without(short(&folder)));
}

/// An archive of files that are stored as they are.
fn stored<'f>(files: impl Iterator<Item = (String, &'f Vec<u8>)>) -> Vec<u8> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0u16);
    for (name, bytes) in files {
        let at = out.len() as u32;
        let size = (bytes.len() as u32).to_le_bytes();
        let length = (name.len() as u16).to_le_bytes();
        let fields = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &sum(bytes).to_le_bytes(), &size, &size, &length, &[0, 0]].concat();
        out.extend([b"PK\x03\x04", &fields[..], name.as_bytes(), bytes].concat());
        directory.extend([b"PK\x01\x02\x14\0", &fields[..], &[0; 10], &at.to_le_bytes(), name.as_bytes()].concat());
        count += 1;
    }
    let (at, size) = ((out.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    let count = count.to_le_bytes();
    out.extend([&directory[..], b"PK\x05\x06\0\0\0\0", &count, &count, &size, &at, &[0, 0]].concat());
    out
}

/// CRC-32 as archives have it (ISO 3309).
fn sum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, &byte: &u8| (0..8).fold(sum ^ u32::from(byte), |s, _| if s & 1 == 1 { (s >> 1) ^ 0xedb8_8320 } else { s >> 1 });
    !bytes.iter().fold(u32::MAX, step)
}
