//! Stage 4: between records and tables.

use super::{Check, Error, Info, Warning, graded, kind};

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
                "\"{value}\" is not {a_target} of table \"{resource}\"",
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
    Check {
        code: "C403",
        name: "total-differs",
        severity: Error,
        title: "A total that is not the sum of its records",
        why: "Either the total or one of the records is wrong, and nobody who reads the file can tell which.",
        kinds: &[
            kind(
                "",
                "the total is printed as {printed}, the sum of its {counted_records} is {sum}: the difference is {difference}",
                "{sum}",
                "Look for a record that is missing, doubled or mistyped; or let the program sum the column again.",
            ),
            kind(
                "header-year",
                "the total is printed as {printed}, the sum of its {counted_records} is {sum}: the difference of {difference} is the year in the column's header",
                "{sum}",
                "The formula sums the header too: let it begin in the row below.",
            ),
            graded(
                "carried",
                Warning,
                "the total is printed as {printed}, the sum of its {counted_records} is {sum}: the difference of {difference} comes from totals above",
                "{sum}",
                "Correct the totals that this one adds up.",
            ),
        ],
    },
    Check {
        code: "C404",
        name: "totals-tie",
        severity: Info,
        title: "Totals that were checked",
        why: "A total that is the sum of its records shows that none was lost.",
        kinds: &[
            kind(
                "",
                "all {count} printed totals agree with the sum of their records[; {near} of them after rounding]",
                "",
                "Nothing to do.",
            ),
            kind(
                "some",
                "{tied} of {count} printed totals agree with the sum of their records[; {near} of them after rounding]",
                "",
                "See the totals that differ.",
            ),
        ],
    },
    Check {
        code: "C405",
        name: "unbalanced",
        severity: Warning,
        title: "Two sums that should be the same are not",
        why: "The books do not balance as published; whoever adds them up will ask why.",
        kinds: &[
            kind(
                "",
                "[{group}: ]the sum of {left} is {sum}, that of {right} {other}: the difference is {difference}",
                "two sums that are the same",
                "Look for a record that is missing, doubled or on the wrong side.",
            ),
            kind(
                "zero",
                "[{group}: ]the sum of {left} is {sum}, not zero",
                "a sum of zero",
                "Look for a record that is missing, doubled or with the wrong sign.",
            ),
        ],
    },
    Check {
        code: "C406",
        name: "balanced",
        severity: Info,
        title: "Sums that were compared",
        why: "Books that balance show that no side lost a record.",
        kinds: &[
            kind("", "the sums of {left} and {right} are both {sum}", "", "Nothing to do."),
            kind("several", "the sums of {left} and {right} are the same in each of {count} groups", "", "Nothing to do."),
            kind("zero", "the sum of {left} is zero[ in each of {count} groups]", "", "Nothing to do."),
        ],
    },
    Check {
        code: "C407",
        name: "total-of-nothing",
        severity: Warning,
        title: "A total without records",
        why: "A total with nothing to sum cannot be compared, and may stand for records that were lost.",
        kinds: &[kind(
            "",
            "the row \"{value}\" is a total, but no record that it could sum stands above it",
            "the records that it sums",
            "Look whether the records were left out of the export.",
        )],
    },
    Check {
        code: "C408",
        name: "total-as-record",
        severity: Error,
        title: "A record that looks like a total",
        why: "A total among the records is counted once more, and every sum of the data is too high.",
        kinds: &[kind(
            "",
            "the row \"{value}\" calls itself a total and is the sum of {counted_records} above it, but it was read as a record",
            "records, and totals named as the other totals of this kind of file",
            "Take the row out, or give it the name that totals have in this kind of file, so that it is checked and left out.",
        )],
    },
    Check {
        code: "C430",
        name: "record-twice",
        severity: Error,
        title: "The same record twice",
        why: "What is there twice is counted twice.",
        kinds: &[kind("", "the record is the same as an earlier one", "records that all differ", "Delete one of the two.")],
    },
];
