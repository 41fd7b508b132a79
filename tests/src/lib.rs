//! What the tests of the project as a whole share with programs that run the same tests by hand; the tests themselves are in `tests/`.

pub mod xsd_corpus;
pub mod xsd_ours;
pub mod xsd_reference;
