//! What the fuzz targets do with their bytes, as plain functions that panic when something does not hold.
//!
//! The crate knows nothing of a fuzzer: `fuzz/fuzz_targets/*.rs` hands these functions to libFuzzer, and this crate's tests run them over
//! the seeds in `fuzz/seeds` and over mutations of them, so that what the fuzzer once found is tested on every machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bundle;
mod convert;
mod crosswalk;
mod decode_csv;
mod document_rules;
mod input;
mod json_schema;
mod load_package;
pub mod mutate;
mod packed;
mod printed;
mod read_json;
mod read_rows;
mod recode;
mod render;
pub mod seeds;
mod tidy;
mod validate;
mod write_tables;
mod xsd_instance;
mod xsd_schema;

pub use bundle::bundle;
pub use convert::convert;
pub use crosswalk::crosswalk;
pub use decode_csv::decode_csv;
pub use document_rules::document_rules;
pub use json_schema::{read_nested, schema_compile};
pub use load_package::load_package;
pub use packed::{gzip, parquet, sheet, zip};
pub use printed::printed;
pub use read_json::read_json;
pub use read_rows::{fixed, xml};
pub use recode::recode;
pub use render::render;
pub use tidy::tidy;
pub use validate::validate;
pub use write_tables::write_tables;
pub use xsd_instance::xsd_instance;
pub use xsd_schema::xsd_schema;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of the function, the file in `fuzz_targets`, the folder of seeds and the dictionary.
    pub name: &'static str,
    /// What it does with its bytes.
    pub body: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "recode", body: recode },
    Target { name: "xml", body: xml },
    Target { name: "fixed", body: fixed },
    Target { name: "printed", body: printed },
    Target { name: "decode_csv", body: decode_csv },
    Target { name: "load_package", body: load_package },
    Target { name: "crosswalk", body: crosswalk },
    Target { name: "validate", body: validate },
    Target { name: "render", body: render },
    Target { name: "convert", body: convert },
    Target { name: "read_json", body: read_json },
    Target { name: "read_nested", body: read_nested },
    Target { name: "schema_compile", body: schema_compile },
    Target { name: "tidy", body: tidy },
    Target { name: "sheet", body: sheet },
    Target { name: "zip", body: zip },
    Target { name: "gzip", body: gzip },
    Target { name: "parquet", body: parquet },
    Target { name: "write_tables", body: write_tables },
    Target { name: "xsd_instance", body: xsd_instance },
    Target { name: "document_rules", body: document_rules },
    Target { name: "xsd_schema", body: xsd_schema },
    Target { name: "bundle", body: bundle },
];
