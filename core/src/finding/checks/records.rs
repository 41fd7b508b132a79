//! Stage 4: between records and tables.

use super::{Check, Error, kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "C401",
        name: "duplicate-key",
        severity: Error,
        title: "Two records with one key",
        why: "The key says which record is meant; with two of them, updates and counts go to the wrong one.",
        kinds: &[
            kind(
                "",
                "\"{value}\" was already used in row {first_row}",
                "a value of its own in every record",
                "Give the record its own value, or delete it if it is there twice.",
            ),
            kind(
                "several",
                "the values of {fields} together were already used in row {first_row}",
                "a combination of its own in every record",
                "Give the record its own values, or delete it if it is there twice.",
            ),
        ],
    },
    Check {
        code: "C402",
        name: "unknown-reference",
        severity: Error,
        title: "A reference to a record that is not there",
        why: "The record cannot be joined with the one it belongs to, so it drops out of every combined table.",
        kinds: &[
            kind(
                "",
                "\"{value}\" is not a {target} of table \"{resource}\"",
                "a value that stands in {target} of \"{resource}\"",
                "Correct the value, or add the record it refers to.",
            ),
            kind(
                "several",
                "the values of {fields} together stand in no record of table \"{resource}\"",
                "values that stand in {target} of \"{resource}\"",
                "Correct the values, or add the record they refer to.",
            ),
        ],
    },
];
