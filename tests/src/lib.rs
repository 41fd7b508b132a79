//! concord-tests.
