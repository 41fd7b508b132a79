//! Hostile archives, made cheaply: a piece is packed once and stands many times, as the form of packed data allows.

use flate2::{Compress, Compression, Crc, FlushCompress};

/// Packed bytes, and what they unpack to.
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    crc: Crc,
    plain: u64,
}

/// Packs pieces, each repeated. Each repetition unpacks by itself, so it need not be packed again.
pub(crate) fn deflate(pieces: &[(&[u8], usize)]) -> Packed {
    let (mut bytes, mut crc, mut plain) = (Vec::new(), Crc::new(), 0);
    for (piece, times) in pieces {
        let mut packed = Vec::with_capacity(piece.len() + 1024);
        Compress::new(Compression::best(), false).compress_vec(piece, &mut packed, FlushCompress::Full).unwrap();
        let mut one = Crc::new();
        one.update(piece);
        for _ in 0..*times {
            bytes.extend_from_slice(&packed);
            crc.combine(&one);
            plain += piece.len() as u64;
        }
    }
    // The last block, which is empty.
    bytes.extend_from_slice(&[3, 0]);
    Packed { bytes, crc, plain }
}

/// A gzip file of packed bytes.
pub(crate) fn gzip(packed: &Packed) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend_from_slice(&packed.bytes);
    out.extend_from_slice(&packed.crc.sum().to_le_bytes());
    out.extend_from_slice(&(packed.plain as u32).to_le_bytes());
    out
}

/// A zip archive with files of these names.
pub(crate) fn zip(files: &[(&str, Packed)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, packed) in files {
        let offset = out.len();
        entry(&mut out, &mut directory, name, packed, offset as u32);
    }
    end(&mut out, &directory, files.len() as u64);
    out
}

/// A zip archive whose directory names one small table so many times, and states that it has `stated` files.
pub(crate) fn zip_of_many(times: u64, stated: u64) -> Vec<u8> {
    let (mut out, mut first) = (Vec::new(), Vec::new());
    entry(&mut out, &mut first, "00000000.csv", &deflate(&[(b"a,b\n1,2\n", 1)]), 0);
    let mut directory = Vec::with_capacity(first.len() * times as usize);
    for number in 0..times {
        let at = directory.len();
        directory.extend_from_slice(&first);
        directory[at + 46..at + 54].copy_from_slice(format!("{number:08}").as_bytes());
    }
    end(&mut out, &directory, stated);
    out
}

fn entry(out: &mut Vec<u8>, directory: &mut Vec<u8>, name: &str, packed: &Packed, offset: u32) {
    // Version, flags, method, time and date; sum, sizes; lengths of name and more.
    let mut shared = Vec::new();
    [20u16, 0, 8, 0, 0x21].iter().for_each(|n| shared.extend_from_slice(&n.to_le_bytes()));
    [packed.crc.sum(), packed.bytes.len() as u32, packed.plain as u32].iter().for_each(|n| shared.extend_from_slice(&n.to_le_bytes()));
    [name.len() as u16, 0].iter().for_each(|n| shared.extend_from_slice(&n.to_le_bytes()));
    out.extend_from_slice(b"PK\x03\x04");
    out.extend_from_slice(&shared);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&packed.bytes);
    directory.extend_from_slice(b"PK\x01\x02\x14\0");
    directory.extend_from_slice(&shared);
    // Length of the comment, disk, kinds of attributes.
    directory.extend_from_slice(&[0; 10]);
    directory.extend_from_slice(&offset.to_le_bytes());
    directory.extend_from_slice(name.as_bytes());
}

/// The directory and the archive's end, in the long form where the count needs it.
fn end(out: &mut Vec<u8>, directory: &[u8], count: u64) {
    let (start, size) = (out.len() as u64, directory.len() as u64);
    out.extend_from_slice(directory);
    if count > 0xfffe {
        let record = out.len() as u64;
        out.extend_from_slice(b"PK\x06\x06");
        out.extend_from_slice(&44u64.to_le_bytes());
        out.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [count, count, size, start].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        out.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        out.extend_from_slice(&record.to_le_bytes());
        out.extend_from_slice(&1u32.to_le_bytes());
    }
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    let short = u16::try_from(count).unwrap_or(u16::MAX);
    [short, short].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
    let whole = count > 0xfffe;
    [if whole { u32::MAX } else { size as u32 }, if whole { u32::MAX } else { start as u32 }]
        .iter()
        .for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
    out.extend_from_slice(&[0, 0]);
}

/// A workbook of one sheet, of which `rows` is what stands between `<sheetData>` and its end, and `dimension` what it claims to cover.
pub(crate) fn workbook(dimension: &str, rows: &[(&[u8], usize)]) -> Vec<u8> {
    const TYPES: &str = "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
        <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
        <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
        <Override PartName=\"/xl/workbook.xml\" \
        ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
        <Override PartName=\"/xl/worksheets/sheet1.xml\" \
        ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>";
    const RELATIONS: &str = "<?xml version=\"1.0\"?><Relationships \
        xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
        Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>\
        </Relationships>";
    const BOOK: &str = "<?xml version=\"1.0\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
        xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>\
        <sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
    const SHEETS: &str = "<?xml version=\"1.0\"?><Relationships \
        xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
        Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
        </Relationships>";
    let head = format!(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
         <dimension ref=\"{dimension}\"/><sheetData>"
    );
    let sheet: Vec<(&[u8], usize)> = std::iter::once((head.as_bytes(), 1))
        .chain(rows.iter().copied())
        .chain(std::iter::once((b"</sheetData></worksheet>".as_slice(), 1)))
        .collect();
    let one = |text: &str| deflate(&[(text.as_bytes(), 1)]);
    zip(&[
        ("[Content_Types].xml", one(TYPES)),
        ("_rels/.rels", one(RELATIONS)),
        ("xl/workbook.xml", one(BOOK)),
        ("xl/_rels/workbook.xml.rels", one(SHEETS)),
        ("xl/worksheets/sheet1.xml", deflate(&sheet)),
    ])
}
