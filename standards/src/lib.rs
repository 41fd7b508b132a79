//! concord-standards.
