//! The project as its users meet it: published verdicts, the packages' own examples, the command line, and all shells side by side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cli;
mod conformance;
mod conversions;
mod corpora_in_wasm;
mod datasets;
mod doc;
mod examples;
mod hostile;
mod json_schema;
mod layouts;
mod pages;
mod registry;
mod shells;
mod suggest;
mod support;
mod workbooks;
mod xsd;
mod xsd_random;
