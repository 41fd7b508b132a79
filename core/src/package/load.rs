//! Loading packages.
