//! Reading files in blocks, on one thread or several ([`crate::parallel`]), with one result.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use concord_core::bounds::{BLOCK, SAMPLE};
use concord_core::bundle::Pieces;
use concord_core::check::dataset::{Dataset, Start};
use concord_core::convert::Reading;
use concord_core::decode::dialect::DialectHints;
use concord_core::finding::Finding;
use concord_core::read::{Intake, ReadOptions, Rows, Store};
use concord_core::session::{Feed, hex};
use sha2::{Digest, Sha256};

use crate::ahead::Ahead;
use crate::handed::Plain;
use crate::output::Failure;
use crate::parallel::Parallel;
use crate::place::{ByPlace, Shared};
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
    by_place: Option<Arc<ByPlace>>,
}

/// Where a file's bytes come from.
pub(crate) enum Source {
    File(File, u64),
    /// What cannot be read at any place: the standard input, a file of an archive.
    Pipe(Box<dyn Pieces>),
}

impl Source {
    fn into_pieces(self) -> Box<dyn Pieces> {
        match self {
            Source::File(file, _) => Box::new(Plain(file)),
            Source::Pipe(pipe) => pipe,
        }
    }
}

impl Input {
    /// Opens a file, or the standard input for `-`.
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Input, Failure> {
        if path == Path::new("-") {
            return Input::begin(path, Source::Pipe(Box::new(Plain(io::stdin()))), Intake::new("stdin", options));
        }
        Input::begin(path, source_of(path)?, Intake::new(&file_name(path), options))
    }

    /// A file that cannot be read, and why; only its size and digest are of use.
    pub(crate) fn refused(path: &Path, finding: Finding) -> Result<Input, Failure> {
        Input::begin(path, source_of(path)?, Intake::refused(&file_name(path), vec![finding]))
    }

    /// Reads a file's start; `path` is only named when it cannot be read.
    pub(crate) fn begin(path: &Path, mut source: Source, mut intake: Intake) -> Result<Input, Failure> {
        let name = intake.name().to_owned();
        let by_place = match source {
            // Opened again: where a file is read by place must not move where it is read in order.
            Source::File(_, size) => Some(ByPlace::new(File::open(path).map_err(|e| Failure::of(path, &e))?, size)),
            Source::Pipe(_) => None,
        };
        if let Some(file) = &by_place {
            intake.attach(Store::new(Shared(Arc::clone(file))));
        }
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
            .map_err(|e| Failure::of(path, &e))?;
            if let Source::Pipe(pipe) = &mut source {
                intake.note(pipe.take_findings());
            }
            taken += piece.len() as u64;
            hash.update(&piece);
            intake.push(&piece);
            if piece.len() <= SAMPLE {
                intake.end();
            }
        }
        let input = Input { path: path.to_owned(), name, source, intake, taken, hash, by_place };
        input.failed()?;
        Ok(input)
    }

    /// Whether the file could be read by place as far as that was tried.
    fn failed(&self) -> Result<(), Failure> {
        self.by_place.as_ref().map_or(Ok(()), |file| file.failed()).map_err(|e| Failure::of(&self.path, &e))
    }

    /// The start, as the core wants it.
    pub(crate) fn start(&self) -> Start<'_> {
        self.intake.start()
    }

    /// What was found so far about how the file is read.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.intake.findings()
    }

    /// The rows of the start as they stand.
    pub(crate) fn start_rows(&self, hints: &DialectHints) -> Rows {
        self.intake.start_rows(hints)
    }

    /// Whether each record names its own cells.
    pub(crate) fn is_keyed(&self) -> bool {
        self.intake.is_keyed()
    }

    /// Checks the whole file as one of a dataset's.
    pub(crate) fn check(self, dataset: &mut Dataset, index: usize, threads: usize, with_digest: bool) -> Result<(), Failure> {
        let size = self.size();
        let plain = self.intake.is_plain();
        let Input { path, name, source, intake, taken, hash, by_place } = self;
        let rest = Rest { path, source, taken, hash };
        let Some(mut feed) = Feed::open(dataset, index, intake) else { return rest.skip(dataset, index, with_digest) };
        // In other forms a record takes more bytes, or fewer, than in the text by which the keys are foreseen.
        if let (true, Some(size)) = (plain, size) {
            feed.expect(size);
        }
        let mut progress = Progress::new(&format!("Checking {name}"), size);
        let Rest { path, source, mut taken, mut hash } = rest;
        let fail = |e: io::Error| Failure::of(&path, &e);
        match source {
            Source::File(file, size) if plain && threads > 1 && size > 4 * BLOCK as u64 => {
                let Some((check, data_start)) = feed.into_check() else { return Ok(()) };
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
            // Whole records of nested JSON are looked at where the blocks lie, on one thread too.
            Source::File(file, size) if size > 4 * BLOCK as u64 && feed.scanner().is_some() => {
                let Some(scanner) = feed.scanner() else { return Ok(()) };
                let hasher = (with_digest && threads > 1).then(|| {
                    let path = path.clone();
                    thread::spawn(move || digest_of(&path))
                });
                let on_the_way = (with_digest && threads <= 1).then_some(hash);
                let (bytes, hash) = Ahead { file: &file, scanner, start: taken }
                    .run(threads, feed, dataset, index, &mut progress, on_the_way)
                    .map_err(fail)?;
                let digest = match hasher.map(thread::JoinHandle::join) {
                    Some(Ok(digest)) => Some(digest.map_err(fail)?),
                    Some(Err(_)) => return Err(Failure::said(format!("{}: the digest could not be made", path.display()))),
                    None => hash.map(|hash| format!("sha256:{}", hex(&hash.finalize()))),
                };
                dataset.describe(index, bytes, digest);
            }
            source => {
                let mut reader = source.into_pieces();
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
                feed.note(reader.take_findings());
                feed.finish(dataset, index);
                by_place.map_or(Ok(()), |file| file.failed()).map_err(fail)?;
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

/// A file of the system, or what else has its name there.
fn source_of(path: &Path) -> Result<Source, Failure> {
    let fail = |e: &io::Error| Failure::of(path, e);
    let file = File::open(path).map_err(|e| fail(&e))?;
    let meta = file.metadata().map_err(|e| fail(&e))?;
    if meta.is_dir() {
        return Err(Failure::said(format!("{} is a folder", path.display())));
    }
    Ok(if meta.is_file() { Source::File(file, meta.len()) } else { Source::Pipe(Box::new(Plain(file))) })
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
        if let (Source::File(_, size), false) = (&self.source, with_digest) {
            dataset.describe(index, *size, None);
            return Ok(());
        }
        let mut reader = self.source.into_pieces();
        let mut buffer = vec![0; 1 << 18];
        loop {
            let n = reader.read(&mut buffer).map_err(fail)?;
            if n == 0 {
                break;
            }
            self.taken += n as u64;
            self.hash.update(&buffer[..n]);
        }
        dataset.add_findings(index, reader.take_findings());
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
        let Input { path, name, source, intake, mut taken, mut hash, by_place } = self;
        let Some(mut feed) = job.start(index, intake) else { return Ok(()) };
        let plain = feed.is_plain();
        if let (true, Some(size)) = (plain, size) {
            feed.expect(size);
        }
        let mut progress = Progress::new(&format!("{what} {name}"), size);
        let mut reader = source.into_pieces();
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
                feed.note(reader.take_findings());
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
        by_place.map_or(Ok(()), |file| file.failed()).map_err(|e| Failure::of(&path, &e))?;
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
