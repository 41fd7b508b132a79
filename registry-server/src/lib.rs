//! concord-registry.
