//! The set of known packages.
