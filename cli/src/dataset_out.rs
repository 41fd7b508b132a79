//! A dataset on its way out: how large its files are, their digests, its descriptor, and the zip it may become.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use concord_core::encode::descriptor;
use concord_core::session::hex;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::output::{Failure, WholeFile};

/// The name of a dataset's descriptor.
pub(crate) const DESCRIPTOR: &str = "datapackage.json";

/// Makes the descriptor of the files that were written, in the order of their tables.
pub(crate) type Describe = Box<dyn FnOnce(&[descriptor::File]) -> Vec<u8>>;

/// Counts and digests the bytes of a file while they are written.
#[derive(Default)]
pub(crate) struct Meter {
    bytes: u64,
    digest: Sha256,
}

impl Meter {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.digest.update(bytes);
    }
}

/// What the descriptor says of files by their names and meters.
pub(crate) fn files(names: &[String], meters: Vec<Meter>) -> Vec<descriptor::File> {
    let file = |(name, meter): (&String, Meter)| descriptor::File {
        path: name.clone(),
        bytes: meter.bytes,
        hash: format!("sha256:{}", hex(&meter.digest.finalize())),
    };
    names.iter().zip(meters).map(file).collect()
}

/// Files at least this large get the wide form of their entry, which a few old programs cannot read.
const WIDE: u64 = 0xffff_0000;

/// Packs files of a folder, in this order, into a zip that takes its name when it is whole. The bytes depend on the files alone.
pub(crate) fn pack(folder: &Path, names: &[String], path: &Path) -> Result<(), Failure> {
    let mut whole = WholeFile::create(path)?;
    let mut zip = ZipWriter::new_stream(Out { file: &mut whole, failed: None });
    let fail = |e: &dyn std::fmt::Display| Failure::said(format!("{}: {e}", path.display()));
    for name in names {
        let source = folder.join(name);
        let mut file = File::open(&source).map_err(|e| Failure::of(&source, &e))?;
        let size = file.seek(SeekFrom::End(0)).and_then(|size| file.rewind().map(|()| size)).map_err(|e| Failure::of(&source, &e))?;
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(size >= WIDE);
        zip.start_file(name.as_str(), options).map_err(|e| fail(&e))?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            let n = file.read(&mut buffer).map_err(|e| Failure::of(&source, &e))?;
            if n == 0 {
                break;
            }
            zip.write_all(&buffer[..n]).map_err(|e| fail(&e))?;
        }
    }
    let out = zip.finish().map_err(|e| fail(&e))?.into_inner();
    if let Some(failure) = out.failed {
        return Err(failure);
    }
    whole.finish()
}

/// Hands the zip's bytes on to the file, and keeps its failure whole.
struct Out<'a> {
    file: &'a mut WholeFile,
    failed: Option<Failure>,
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(failure) => {
                self.failed = Some(failure);
                Err(io::Error::other("it cannot be written"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
