//! Concord's core: bytes become records that remember where they came from; a package, which is only data, says what they mean;
//! every doubt becomes a finding.
//!
//! The core never opens, fetches, prints, spawns or asks the time, and never knows a standard's name. Shells read, call and print.

#[cfg(feature = "xlsx-write")]
mod book;
pub mod bounds;
pub mod bundle;
pub mod check;
pub mod compare;
pub mod convert;
pub mod decimal;
pub mod decode;
pub mod detect;
mod eight;
pub mod encode;
pub mod finding;
pub mod jschema;
pub mod map;
pub mod merge;
pub mod package;
pub mod read;
pub mod reference;
pub mod render;
pub mod report;
pub mod schema;
pub mod session;
pub mod suggest;
#[cfg(feature = "xlsx-write")]
pub mod template;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod value;
pub mod xsd;
