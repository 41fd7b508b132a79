//! Reading files in blocks, on one thread or several ([`crate::parallel`]), with one result.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

use concord_core::bounds::{BLOCK, SAMPLE};
use concord_core::check::dataset::{Dataset, Start};
use concord_core::convert::Reading;
use concord_core::read::{Intake, ReadOptions};
use concord_core::session::{Feed, hex};
use sha2::{Digest, Sha256};

use crate::output::Failure;
use crate::parallel::Parallel;
use crate::progress::Progress;
use crate::target::file_name;

/// A file whose start has been read.
pub(crate) struct Input {
    path: PathBuf,
    /// Name in the report.
    pub(crate) name: String,
    source: Source,
    intake: Intake,
    /// How many bytes the intake took, and their digest so far.
    taken: u64,
    hash: Sha256,
}

enum Source {
    File(File, u64),
    /// What cannot be read twice.
    Pipe(Box<dyn Read>),
}

impl Input {
    /// Opens a file, or the standard input for `-`.
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Input, Failure> {
        let fail = |e: &io::Error| Failure::of(path, e);
        let (name, mut source) = if path == Path::new("-") {
            ("stdin".to_owned(), Source::Pipe(Box::new(io::stdin())))
        } else {
            let file = File::open(path).map_err(|e| fail(&e))?;
            let meta = file.metadata().map_err(|e| fail(&e))?;
            if meta.is_dir() {
                return Err(Failure::said(format!("{} is a folder", path.display())));
            }
            (file_name(path), if meta.is_file() { Source::File(file, meta.len()) } else { Source::Pipe(Box::new(file)) })
        };
        let mut intake = Intake::new(&name, options);
        let (mut taken, mut hash) = (0, Sha256::new());
        // One byte more than the sample tells whether the sample is all.
        let mut piece = Vec::with_capacity(SAMPLE + 1);
        while !intake.ready() {
            piece.clear();
            let most = SAMPLE as u64 + 1;
            match &mut source {
                Source::File(file, _) => file.take(most).read_to_end(&mut piece),
                Source::Pipe(pipe) => pipe.take(most).read_to_end(&mut piece),
            }
            .map_err(|e| fail(&e))?;
            taken += piece.len() as u64;
            hash.update(&piece);
            intake.push(&piece);
            if piece.len() <= SAMPLE {
                intake.end();
            }
        }
        Ok(Input { path: path.to_owned(), name, source, intake, taken, hash })
    }

    /// The start, as the core wants it.
    pub(crate) fn start(&self) -> Start<'_> {
        self.intake.start()
    }

    /// Checks the whole file as one of a dataset's.
    pub(crate) fn check(self, dataset: &mut Dataset, index: usize, threads: usize, with_digest: bool) -> Result<(), Failure> {
        let size = self.size();
        let plain = self.intake.is_plain();
        let Input { path, name, source, intake, taken, hash } = self;
        let rest = Rest { path, source, taken, hash };
        let Some(mut feed) = Feed::open(dataset, index, intake) else { return rest.skip(dataset, index, with_digest) };
        if let Some(size) = size {
            feed.expect(size);
        }
        let mut progress = Progress::new(&format!("Checking {name}"), size);
        let Rest { path, source, mut taken, mut hash } = rest;
        let fail = |e: io::Error| Failure::of(&path, &e);
        match source {
            Source::File(file, size) if plain && threads > 1 && size > 4 * BLOCK as u64 => {
                let (check, data_start) = feed.into_check();
                let hasher = with_digest.then(|| {
                    let path = path.clone();
                    thread::spawn(move || digest_of(&path))
                });
                let bytes = Parallel { file: &file, threads, data_start: data_start as u64 }
                    .run(check, dataset, index, &mut progress)
                    .map_err(fail)?;
                let digest = match hasher.map(thread::JoinHandle::join) {
                    Some(Ok(digest)) => Some(digest.map_err(fail)?),
                    Some(Err(_)) => return Err(Failure::said(format!("{}: the digest could not be made", path.display()))),
                    None => None,
                };
                dataset.describe(index, bytes, digest);
            }
            source => {
                let mut reader: Box<dyn Read> = match source {
                    Source::File(file, _) => Box::new(file),
                    Source::Pipe(pipe) => pipe,
                };
                let mut packed = Vec::new();
                loop {
                    let buffer = if plain { feed.buffer() } else { &mut packed };
                    let before = buffer.len();
                    let read = reader.by_ref().take(STEP).read_to_end(buffer).map_err(fail)?;
                    if with_digest {
                        hash.update(&buffer[before..]);
                    }
                    taken += read as u64;
                    if read == 0 {
                        break;
                    }
                    if plain {
                        feed.advance(false, dataset, index);
                    } else {
                        feed.push(&packed, dataset, index);
                        packed.clear();
                    }
                    progress.add(read as u64);
                }
                feed.finish(dataset, index);
                dataset.describe(index, taken, with_digest.then(|| format!("sha256:{}", hex(&hash.finalize()))));
            }
        }
        Ok(())
    }

    fn size(&self) -> Option<u64> {
        match self.source {
            Source::File(_, size) => Some(size),
            Source::Pipe(_) => None,
        }
    }
}

/// A file's bytes behind those that were looked at.
struct Rest {
    path: PathBuf,
    source: Source,
    taken: u64,
    hash: Sha256,
}

impl Rest {
    /// A file that is no table: only its size and digest are of use.
    fn skip(mut self, dataset: &mut Dataset, index: usize, with_digest: bool) -> Result<(), Failure> {
        let fail = |e: io::Error| Failure::of(&self.path, &e);
        let mut reader: Box<dyn Read> = match self.source {
            Source::File(_, size) if !with_digest => {
                dataset.describe(index, size, None);
                return Ok(());
            }
            Source::File(file, _) => Box::new(file),
            Source::Pipe(pipe) => pipe,
        };
        let mut buffer = vec![0; 1 << 18];
        loop {
            let n = reader.read(&mut buffer).map_err(fail)?;
            if n == 0 {
                break;
            }
            self.taken += n as u64;
            self.hash.update(&buffer[..n]);
        }
        dataset.describe(index, self.taken, with_digest.then(|| format!("sha256:{}", hex(&self.hash.finalize()))));
        Ok(())
    }
}

impl Input {
    /// Reads the whole file through a job. `drain` is called when output waits.
    pub(crate) fn read<J: Reading>(
        self,
        what: &str,
        job: &mut J,
        index: usize,
        with_digest: bool,
        drain: &mut dyn FnMut(&mut J) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let size = self.size();
        let Input { path, name, source, intake, mut taken, mut hash } = self;
        let Some(mut feed) = job.start(index, intake) else { return Ok(()) };
        let plain = feed.is_plain();
        if let (true, Some(size)) = (plain, size) {
            feed.expect(size);
        }
        let mut progress = Progress::new(&format!("{what} {name}"), size);
        let mut reader: Box<dyn Read> = match source {
            Source::File(file, _) => Box::new(file),
            Source::Pipe(pipe) => pipe,
        };
        let mut packed = Vec::new();
        loop {
            let buffer = if plain { feed.buffer() } else { &mut packed };
            let before = buffer.len();
            let most = if plain { STEP } else { PACKED as u64 };
            let read = reader.by_ref().take(most).read_to_end(buffer).map_err(|e| Failure::of(&path, &e))?;
            if with_digest {
                hash.update(&buffer[before..]);
            }
            taken += read as u64;
            if read == 0 {
                feed.end();
            } else if !plain {
                feed.push(&packed);
                packed.clear();
            }
            while job.advance(&mut feed, read == 0) {
                drain(job)?;
            }
            if read == 0 {
                break;
            }
            progress.add(read as u64);
        }
        job.finish_file(feed, taken, with_digest.then(|| format!("sha256:{}", hex(&hash.finalize()))));
        Ok(())
    }
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(format!("sha256:{}", hex(&digest.finalize())));
        }
        digest.update(&buffer[..n]);
    }
}

/// Bytes read at once on one thread: few enough to stay in the processor's cache until they are checked.
const STEP: u64 = 256 << 10;
/// Bytes of other forms handed over at once to be converted: what they become may be far more.
const PACKED: usize = 64 << 10;
