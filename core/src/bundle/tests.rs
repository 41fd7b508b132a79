//! Tests of bundles are below.
