//! Stage 5: conversion and loss.
//!
//! A value that a step cannot treat gives one finding; its kind says what became of the value: the plain kind "left out", `kept`, or
//! `rejected` with its whole row.

use super::{Check, Error, Info, Kind, Warning, graded, kind};

/// The three outcomes of a value that cannot be treated, as kinds with the same opening.
macro_rules! outcomes {
    ($message:literal, $expected:literal, $mend:literal) => {
        &[
            kind("", concat!($message, ", so {target} stays empty"), $expected, $mend),
            graded("kept", Warning, concat!($message, ", so it stands in {target} as it was"), $expected, $mend),
            kind("rejected", concat!($message, ", so the row was not converted"), $expected, $mend),
        ] as &[Kind]
    };
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "C501",
        name: "number-unreadable",
        severity: Error,
        title: "A number that cannot be converted",
        why: "Guessing an amount would put a wrong figure into the published data.",
        kinds: outcomes!(
            "\"{value}\" cannot be read as a number[: {problem}]",
            "a number, such as 1250.00",
            "Correct the cell, or add its way of writing numbers to the crosswalk."
        ),
    },
    Check {
        code: "C502",
        name: "date-unreadable",
        severity: Error,
        title: "A date that cannot be converted",
        why: "Guessing a date would put a wrong one into the published data.",
        kinds: outcomes!(
            "\"{value}\" cannot be read as a date or time",
            "the form {forms}",
            "Write it as {forms}, or add its form to the crosswalk."
        ),
    },
    Check {
        code: "C503",
        name: "date-ambiguous",
        severity: Error,
        title: "A date with two readings",
        why: "Only the source knows which reading is right; either guess would be wrong for some rows.",
        kinds: outcomes!(
            "\"{value}\" can be read as {first} and as {second}",
            "a date with one reading",
            "Find out which order the export uses, and name only that form in the crosswalk."
        ),
    },
    Check {
        code: "C504",
        name: "not-in-lookup",
        severity: Error,
        title: "A value with no counterpart",
        why: "The crosswalk says value by value what becomes of this column, and nothing for this one.",
        kinds: outcomes!(
            "\"{value}\" is not in {table}",
            "a value listed in {table}",
            "Add the value to {table}, or correct the cell if it is a slip."
        ),
    },
    Check {
        code: "C505",
        name: "piece-missing",
        severity: Error,
        title: "A part of the value is missing",
        why: "The value is made up of parts, and the part that is wanted is not there.",
        kinds: outcomes!("\"{value}\" has no {piece}", "a value with {piece}", "Complete the cell."),
    },
    Check {
        code: "C506",
        name: "coordinate-out-of-range",
        severity: Error,
        title: "A coordinate outside the area",
        why: "A point far from the area of its map grid is exchanged, mistyped or in another grid, and would land in the wrong place.",
        kinds: outcomes!(
            "\"{value}\" is no place within the area of {grid}",
            "a coordinate of {grid}",
            "Check that X and Y are not exchanged and that the export uses {grid}."
        ),
    },
    Check {
        code: "C507",
        name: "digits-lost",
        severity: Error,
        title: "A number with more digits than the target takes",
        why: "Cutting digits off changes the amount, and then totals no longer agree.",
        kinds: outcomes!(
            "\"{value}\" has more digits than the target takes: {places}",
            "a number with {places}",
            "Round the number in the source if that is right, or allow more digits in the crosswalk."
        ),
    },
    Check {
        code: "C508",
        name: "not-carried",
        severity: Info,
        title: "A column that the target cannot carry",
        why: "Whoever uses the converted data does not get these values; keep the original.",
        kinds: &[
            kind(
                "",
                "the values of \"{column_name}\" are not carried over (filled cells: {count})[: {why}]",
                "",
                "Nothing; keep the original if the values are needed.",
            ),
            graded(
                "undeclared",
                Warning,
                "the values of \"{column_name}\" are not carried over (filled cells: {count}), and the crosswalk does not say why",
                "",
                "Add the field to the crosswalk, or list it there as lost.",
            ),
            graded(
                "unknown-column",
                Warning,
                "the values of \"{column_name}\" are not carried over (filled cells: {count}), because the source's layout does not know this column",
                "",
                "Check whether the column is misspelt or new; a new one has to be added to the layout and the crosswalk.",
            ),
            graded(
                "table",
                Warning,
                "the {table} are not carried over (records: {records}), because the crosswalk to {to} says nothing of them",
                "",
                "Keep the original if they are needed, or add the table to the crosswalk.",
            ),
        ],
    },
    Check {
        code: "C509",
        name: "row-repeated",
        severity: Info,
        title: "A row that repeats an earlier one",
        why: "Records are counted once; a repeated one would be counted twice.",
        kinds: &[
            kind("", "everything in this row was written already", "", "Nothing, if the row is a true copy."),
            graded(
                "differs",
                Warning,
                "the {record} of this row was written from row {first} with other values, which were kept",
                "the same values in all rows of one {record}",
                "Compare the two rows and correct the wrong one.",
            ),
        ],
    },
    Check {
        code: "C510",
        name: "row-skipped",
        severity: Info,
        title: "A row that the crosswalk leaves out",
        why: "The crosswalk says which rows are not published; the report counts them.",
        kinds: &[kind("", "the row is left out of {table}: {why}", "", "Nothing, if the reason applies.")],
    },
    Check {
        code: "C511",
        name: "given-missing",
        severity: Warning,
        title: "A value that has to be given",
        why: "The export does not hold this value, so the person who converts has to give it.",
        kinds: &[kind(
            "",
            "no value was given for \"{name}\", so {target} stays empty",
            "a value for \"{name}\"",
            "Convert again with --set {name}=VALUE.",
        )],
    },
    Check {
        code: "C512",
        name: "row-without-content",
        severity: Info,
        title: "A row that gives no record",
        why: "The row holds nothing that the target could carry.",
        kinds: &[kind(
            "",
            "the row gives no record, because \"{column_name}\" is empty",
            "",
            "Fill the cell if the row should be published.",
        )],
    },
    Check {
        code: "C513",
        name: "sum-differs",
        severity: Error,
        title: "A total that changed in the conversion",
        why: "What went in must come out, be rejected or be left out by a rule; otherwise an amount was lost or made up.",
        kinds: &[kind(
            "",
            "\"{column_name}\" adds up to {total_in}, but only {total_accounted} is accounted for in {target}",
            "{total_in}",
            "Do not publish this file; check the crosswalk's steps for this field.",
        )],
    },
    Check {
        code: "C514",
        name: "not-writable",
        severity: Warning,
        title: "A character that the form cannot hold",
        why: "XML has no way to write control characters, so the text that comes out is not quite the one that went in.",
        kinds: &[kind(
            "",
            "a character of {target} cannot be written in XML, so the sign � stands in its place[: \"{value}\"]",
            "text without control characters",
            "Remove the character in the source, or write the data in another form.",
        )],
    },
    Check {
        code: "C515",
        name: "not-of-column-type",
        severity: Error,
        title: "A value that the typed column cannot hold",
        why: "A column of a Parquet file holds one kind of value only, so this one had to be left out.",
        kinds: &[kind(
            "",
            "the value[ \"{value}\"] could not be written to {target}, which holds {wanted}, so it stays empty in the file",
            "{wanted}",
            "Correct the cell, or write the data in another form, such as CSV.",
        )],
    },
    Check {
        code: "C516",
        name: "rounded",
        severity: Warning,
        title: "A number with more digits than the typed column holds",
        why: "A column of numbers in a Parquet file holds 15 digits for certain, so this number is there without its last ones.",
        kinds: &[kind(
            "",
            "the number[ \"{value}\"] has more digits than {target} holds in a Parquet file, so it was rounded to {to}",
            "a number of at most 15 digits",
            "Nothing, if the last digits carry no meaning; otherwise write the data in another form, such as CSV.",
        )],
    },
    Check {
        code: "C517",
        name: "document-differs",
        severity: Warning,
        title: "Rows of one document that say different things",
        why: "The document has the value once, so one of the two is lost.",
        kinds: &[kind(
            "",
            "{target} is \"{value}\" in this row, and \"{first}\" in the rows before it, which stays",
            "the same value in all rows of one document",
            "Compare the rows and correct the wrong one.",
        )],
    },
    Check {
        code: "C518",
        name: "document-apart",
        severity: Error,
        title: "Rows of one document that do not stand together",
        why: "The document was written when its first rows ended, so there are now two of it.",
        kinds: &[kind(
            "",
            "other rows of this[ {record}], with {target} \"{value}\", stand further above, apart from this one",
            "the rows of one document one behind the other",
            "Sort the file by this column and convert it again.",
        )],
    },
    Check {
        code: "C519",
        name: "gathered",
        severity: Info,
        title: "Rows that were gathered into documents",
        why: "The result has fewer documents than rows; none of the rows was lost.",
        kinds: &[kind("", "rows of {table} that became documents: {records}; documents: {documents}", "", "Nothing to do.")],
    },
    Check {
        code: "C520",
        name: "given-contradicts",
        severity: Error,
        title: "A value that was given contradicts the file",
        why: "One of the two is wrong, and with the wrong one the data would stand under another year or place than they belong to.",
        kinds: &[
            kind(
                "",
                "the file says \"{value}\", but \"{given}\" was given for \"{name}\", so {target} stays empty",
                "\"{given}\", as it was given",
                "Find out which of the two is right; leave --set {name} out to take what the file says.",
            ),
            kind(
                "kept",
                "the file says \"{value}\", but \"{given}\" was given for \"{name}\"; {target} holds what the file says",
                "\"{given}\", as it was given",
                "Find out which of the two is right; leave --set {name} out to take what the file says.",
            ),
            kind(
                "rejected",
                "the file says \"{value}\", but \"{given}\" was given for \"{name}\", so the row was not converted",
                "\"{given}\", as it was given",
                "Find out which of the two is right; leave --set {name} out to take what the file says.",
            ),
        ],
    },
    Check {
        code: "C521",
        name: "passed-over",
        severity: Info,
        title: "A value that gave way to another",
        why: "The target has one place where the source has several, so whoever uses the converted data gets one of them; keep the original.",
        kinds: &[kind(
            "",
            "{target} takes \"{taken}\" first, so the values of \"{column_name}\" beside it are not carried over (filled cells: {count})[; for example \"{value}\"]",
            "",
            "Nothing; keep the original if the values are needed.",
        )],
    },
    Check {
        code: "C522",
        name: "emptied",
        severity: Info,
        title: "Values that the crosswalk turns into nothing",
        why: "The crosswalk takes these values for signs that there is none; where one of them is meant as it stands, it is lost.",
        kinds: &[kind(
            "",
            "the crosswalk leaves {target} empty for some values of \"{column_name}\" (cells: {count})[; for example \"{value}\"]",
            "",
            "Nothing, if these values stand for none; keep the original otherwise.",
        )],
    },
];
