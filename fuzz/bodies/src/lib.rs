//! What the fuzz targets do with their bytes, as plain functions that panic when something does not hold.
//!
//! The crate knows nothing of a fuzzer: `fuzz/fuzz_targets/*.rs` hands these functions to libFuzzer, and this crate's tests run them over
//! the seeds in `fuzz/seeds` and over mutations of them, so that what the fuzzer once found is tested on every machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod convert;
mod crosswalk;
mod decode_csv;
mod input;
mod load_package;
pub mod mutate;
mod render;
pub mod seeds;
mod validate;
mod write_tables;

pub use convert::convert;
pub use crosswalk::crosswalk;
pub use decode_csv::decode_csv;
pub use load_package::load_package;
pub use render::render;
pub use validate::validate;
pub use write_tables::write_tables;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of the function, the file in `fuzz_targets`, the folder of seeds and the dictionary.
    pub name: &'static str,
    /// What it does with its bytes.
    pub body: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 7] = [
    Target { name: "decode_csv", body: decode_csv },
    Target { name: "load_package", body: load_package },
    Target { name: "crosswalk", body: crosswalk },
    Target { name: "validate", body: validate },
    Target { name: "render", body: render },
    Target { name: "convert", body: convert },
    Target { name: "write_tables", body: write_tables },
];
