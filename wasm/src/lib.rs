//! concord-wasm.
