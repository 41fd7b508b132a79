//! A bundle through the checks, for shells whose bytes are all at hand. Shells that read files do the same with their own ways of reading.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::{Bundle, Pieces};
use crate::bounds::SAMPLE;
use crate::check::dataset::{Dataset, Options, Start};
use crate::read::Intake;
use crate::report::Report;
use crate::session::{Choice, Feed, hex};

/// Bytes that are read at once.
const STEP: u64 = 256 << 10;

/// A table's bytes as they are read.
struct Bytes {
    pieces: Box<dyn Pieces>,
    count: u64,
    digest: Option<Sha256>,
}

impl Bytes {
    /// Reads the next bytes; true when none follow.
    fn next(&mut self, most: u64, piece: &mut Vec<u8>) -> io::Result<bool> {
        piece.clear();
        (&mut self.pieces).take(most).read_to_end(piece)?;
        self.count += piece.len() as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(&piece[..]);
        }
        Ok((piece.len() as u64) < most)
    }
}

/// A table whose start was read.
struct Opened {
    intake: Intake,
    bytes: Bytes,
}

impl Opened {
    fn open(bundle: &Bundle, member: usize, options: &Options, with_digest: bool) -> io::Result<Opened> {
        let mut intake = bundle.intake(member, &options.read);
        let mut bytes = Bytes { pieces: bundle.read(member)?, count: 0, digest: with_digest.then(Sha256::new) };
        let mut piece = Vec::new();
        while !intake.ready() {
            let over = bytes.next(SAMPLE as u64 + 1, &mut piece)?;
            intake.note(bytes.pieces.take_findings());
            intake.push(&piece);
            if over {
                intake.end();
            }
        }
        Ok(Opened { intake, bytes })
    }

    /// Checks the rest of it.
    fn run(self, dataset: &mut Dataset, index: usize) -> io::Result<()> {
        let Opened { intake, bytes: mut rest } = self;
        let mut feed = Feed::open(dataset, index, intake);
        let mut piece = Vec::new();
        loop {
            let over = rest.next(STEP, &mut piece)?;
            if let Some(feed) = &mut feed {
                feed.push(&piece, dataset, index);
            }
            if over {
                break;
            }
        }
        if let Some(mut feed) = feed {
            feed.note(rest.pieces.take_findings());
            feed.finish(dataset, index);
        }
        dataset.add_findings(index, rest.pieces.take_findings());
        dataset.describe(index, rest.count, rest.digest.map(|d| format!("sha256:{}", hex(&d.finalize()))));
        Ok(())
    }
}

/// Checks all tables of a bundle as one dataset.
///
/// # Errors
/// When bytes cannot be read.
pub fn check(mut bundle: Bundle, choice: &Choice, options: &Options, with_digest: bool) -> io::Result<Report> {
    let opened = (0..bundle.members().len()).map(|i| Opened::open(&bundle, i, options, with_digest)).collect::<io::Result<Vec<_>>>()?;
    let starts: Vec<Start<'_>> = opened.iter().map(|o| o.intake.start()).collect();
    let plan = bundle.choice(choice).decide(&starts, options);
    let kept = bundle.sift(&plan, &starts, options);
    let starts: Vec<Start<'_>> = starts.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(start, _)| start).collect();
    let general = bundle.findings(&plan);
    let mut dataset = Dataset::open(plan, &starts, bundle.is_dataset(), options.clone());
    dataset.add_general(general);
    drop(starts);
    let mut opened: Vec<Option<Opened>> =
        opened.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(opened, _)| Some(opened)).collect();
    for index in dataset.reading_order() {
        if let Some(opened) = opened[index].take() {
            opened.run(&mut dataset, index)?;
        }
    }
    Ok(dataset.finish())
}
