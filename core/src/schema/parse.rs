//! Parsing Table Schema.
