//! Every body over every seed, and over the same damaged copies of each on every machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::panic::catch_unwind;
use std::time::Instant;

use concord_fuzz_bodies::mutate::{Numbers, mutate};
use concord_fuzz_bodies::{TARGETS, seeds};

/// Damaged copies of each seed written by hand.
const COPIES: usize = 200;
/// Damaged copies of each seed made from the standards; these are larger and many.
const COPIES_OF_STANDARDS: usize = 8;

fn hold(target: &str) {
    let target = TARGETS.iter().find(|t| t.name == target).expect("a target");
    let written = seeds::written(target.name);
    assert!(!written.is_empty(), "fuzz/seeds/{} holds no seed", target.name);
    let made = seeds::of_standards(target.name);
    let all = written.iter().map(|seed| (seed, COPIES)).chain(made.iter().map(|seed| (seed, COPIES_OF_STANDARDS)));
    for ((name, seed), copies) in all {
        let start = Instant::now();
        let mut numbers = Numbers::of(name);
        for copy in 0..=copies {
            let input = if copy == 0 { seed.clone() } else { mutate(seed, &mut numbers) };
            if catch_unwind(|| (target.body)(&input)).is_err() {
                let shown = &input[..input.len().min(4000)];
                panic!("{}: copy {copy} of seed {name}; the input begins with b\"{}\"", target.name, shown.escape_ascii());
            }
        }
        let each = start.elapsed().as_secs_f64() / (copies + 1) as f64;
        assert!(each < 5.0, "{}: copies of seed {name} take {each:.1} s each", target.name);
    }
}

#[test]
fn decode_csv() {
    hold("decode_csv");
}

#[test]
fn load_package() {
    hold("load_package");
}

#[test]
fn crosswalk() {
    hold("crosswalk");
}

#[test]
fn validate() {
    hold("validate");
}

#[test]
fn tidy() {
    hold("tidy");
}

#[test]
fn render() {
    hold("render");
}

#[test]
fn read_json() {
    hold("read_json");
}

#[test]
fn sheet() {
    hold("sheet");
}

#[test]
fn zip() {
    hold("zip");
}

#[test]
fn gzip() {
    hold("gzip");
}

#[test]
fn parquet() {
    hold("parquet");
}

#[test]
fn convert() {
    hold("convert");
}

/// A target without an entry in the fuzzer's manifest, or without a dictionary, would never be fuzzed as it should.
#[test]
fn every_target_is_started_by_the_fuzzer() {
    let folder = seeds::folder();
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{}.rs\"", target.name)), "fuzz/Cargo.toml lacks {}", target.name);
        let start = std::fs::read_to_string(folder.join(format!("fuzz_targets/{}.rs", target.name))).unwrap();
        assert!(start.contains(&format!("concord_fuzz_bodies::{}(data)", target.name)));
        assert!(folder.join(format!("dict/{}.dict", target.name)).is_file(), "fuzz/dict lacks {}", target.name);
    }
}

#[test]
fn recode() {
    hold("recode");
}

#[test]
fn xml() {
    hold("xml");
}

#[test]
fn fixed() {
    hold("fixed");
}

#[test]
fn printed() {
    hold("printed");
}

#[test]
fn write_tables() {
    hold("write_tables");
}

#[test]
fn bundle() {
    hold("bundle");
}

#[test]
fn read_nested() {
    hold("read_nested");
}

#[test]
fn schema_compile() {
    hold("schema_compile");
}
