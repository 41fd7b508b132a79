//! concord.

fn main() {}
