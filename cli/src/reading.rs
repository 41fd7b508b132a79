//! Reading files in blocks, on one thread or several, with one result.
//!
//! With several threads, each takes every n-th block. It guesses that the first line end in its block ends a record, which is wrong only inside a
//! quoted text that spans lines. The main thread merges the blocks in order and knows where each must have begun; where a guess was wrong, it reads
//! that stretch again itself. So the findings are the same on any number of threads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use concord_core::bounds::{BLOCK, SAMPLE};
use concord_core::bundle::Pieces;
use concord_core::check::bind::Binding;
use concord_core::check::block::{Outcome, Scratch};
use concord_core::check::dataset::{Dataset, Start};
use concord_core::check::table::TableCheck;
use concord_core::convert::Reading;
use concord_core::decode::LineEnd;
use concord_core::finding::Finding;
use concord_core::read::{Intake, ReadOptions};
use concord_core::session::{Feed, hex};
use sha2::{Digest, Sha256};

use crate::handed::Plain;
use crate::output::Failure;
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
                feed.finish(dataset, index);
                dataset.add_findings(index, reader.take_findings());
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
        let Input { path, name, source, intake, mut taken, mut hash } = self;
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

/// One file's blocks on several threads.
struct Parallel<'f> {
    file: &'f File,
    threads: usize,
    data_start: u64,
}

/// What a thread made of a block.
struct Done {
    data: Vec<u8>,
    /// Where `data` begins in the file.
    base: u64,
    /// Where the first record was taken to start, in the file; `None` when no line end was found.
    began: Option<u64>,
    /// Whether the data reach the end of the file.
    at_end: bool,
    outcome: Option<Outcome>,
}

/// Bytes read at once on one thread: few enough to stay in the processor's cache until they are checked.
const STEP: u64 = 256 << 10;
/// Bytes of other forms handed over at once to be converted: what they become may be far more.
const PACKED: usize = 64 << 10;
/// Bytes of a thread's block.
const PART: u64 = 512 << 10;
/// Bytes read behind it, for the record that begins in it and ends behind it.
const OVERLAP: u64 = 16 << 10;

impl Parallel<'_> {
    /// Gives the file's size as it was read.
    fn run(&self, mut check: TableCheck, dataset: &mut Dataset, index: usize, progress: &mut Progress) -> io::Result<u64> {
        let binding = check.binding.clone();
        thread::scope(|scope| {
            let mut done: Vec<Receiver<io::Result<Done>>> = Vec::new();
            let mut back: Vec<Sender<Vec<u8>>> = Vec::new();
            for worker in 0..self.threads {
                let (results, receive) = sync_channel(4);
                let (give_back, buffers) = channel();
                done.push(receive);
                back.push(give_back);
                let binding = &binding;
                scope.spawn(move || self.work(worker as u64, binding, &results, &buffers));
            }
            let mut at = self.data_start; // where the next record begins
            let mut skipping = false;
            let mut scratch = Scratch::default();
            for part in 0u64.. {
                let worker = (part % self.threads as u64) as usize;
                // A thread ends by dropping its sender, only after the last block.
                let Ok(result) = done[worker].recv() else { break };
                let block = result?;
                let end = self.data_start + (part + 1) * PART;
                let size = block.base + block.data.len() as u64;
                let finished = block.at_end;
                match block.outcome {
                    Some(outcome) if block.began == Some(at) && !skipping && (block.base + outcome.next as u64 >= end || finished) => {
                        at = block.base + outcome.next as u64;
                        skipping = outcome.skipping;
                        check.merge(outcome, &block.data, dataset.findings_of(index));
                    }
                    _ if at < end => {
                        (at, skipping) = self.again(&mut check, dataset, index, at, end, skipping, &mut scratch)?;
                    }
                    _ => {}
                }
                progress.add(PART);
                let _ = back[worker].send(block.data);
                if finished {
                    dataset.finish_file(index, check);
                    return Ok(size);
                }
            }
            dataset.finish_file(index, check);
            Ok(at)
        })
    }

    /// One thread: every n-th block.
    fn work(&self, worker: u64, binding: &Binding, results: &SyncSender<io::Result<Done>>, buffers: &Receiver<Vec<u8>>) {
        let mut scratch = Scratch::default();
        let newline = if binding.dialect.line_end == LineEnd::Cr { b'\r' } else { b'\n' };
        let mut part = worker;
        loop {
            let begin = self.data_start + part * PART;
            // The byte before the block tells whether the block begins with a record.
            let base = if part == 0 { begin } else { begin - 1 };
            let mut data = buffers.try_recv().unwrap_or_default();
            let result = read_at(self.file, base, (PART + OVERLAP) as usize, &mut data).map(|at_end| {
                let first = if part == 0 { Some(0) } else { data.iter().position(|&b| b == newline).map(|i| i + 1) };
                let until = (begin + PART - base) as usize;
                let outcome = first.filter(|&f| f < until).map(|f| binding.check(&data, f, until, at_end, false, &mut scratch));
                let began = outcome.as_ref().map(|o| base + o.from as u64);
                Done { base, began, at_end: at_end && base + data.len() as u64 <= begin + PART, outcome, data }
            });
            let over = result.as_ref().map_or(true, |d| d.at_end);
            if results.send(result).is_err() || over {
                return;
            }
            part += self.threads as u64;
        }
    }

    /// Reads a stretch again from where it must begin. Gives where the next record begins and whether a record that is too long goes on.
    #[allow(clippy::too_many_arguments)]
    fn again(
        &self,
        check: &mut TableCheck,
        dataset: &mut Dataset,
        index: usize,
        mut at: u64,
        end: u64,
        mut skipping: bool,
        scratch: &mut Scratch,
    ) -> io::Result<(u64, bool)> {
        let mut size = PART as usize;
        let mut data = Vec::new();
        while at < end {
            let at_end = read_at(self.file, at, size, &mut data)?;
            if data.is_empty() {
                break;
            }
            let until = data.len().min((end - at) as usize);
            let outcome = check.binding.clone().check(&data, 0, until, at_end, skipping, scratch);
            let moved = outcome.next;
            skipping = outcome.skipping;
            check.merge(outcome, &data, dataset.findings_of(index));
            at += moved as u64;
            if moved == 0 {
                if at_end {
                    break;
                }
                size *= 2;
            }
        }
        Ok((at, skipping))
    }
}

/// Reads up to `size` bytes from a place in the file. True when the file ends there.
#[cfg(unix)]
fn read_at(file: &File, from: u64, size: usize, buffer: &mut Vec<u8>) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    if buffer.len() != size {
        buffer.resize(size, 0);
    }
    let mut have = 0;
    while have < size {
        match file.read_at(&mut buffer[have..], from + have as u64) {
            Ok(0) => {
                buffer.truncate(have);
                return Ok(true);
            }
            Ok(n) => have += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(false)
}

/// Reads up to `size` bytes from a place in the file. True when the file ends there.
#[cfg(windows)]
fn read_at(file: &File, from: u64, size: usize, buffer: &mut Vec<u8>) -> io::Result<bool> {
    use std::os::windows::fs::FileExt;
    buffer.resize(size, 0);
    let mut have = 0;
    while have < size {
        match file.seek_read(&mut buffer[have..], from + have as u64) {
            Ok(0) => {
                buffer.truncate(have);
                return Ok(true);
            }
            Ok(n) => have += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(false)
}
