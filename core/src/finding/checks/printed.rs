//! Checks of printed pages.

use super::{Check, Error, Info, Warning, graded, kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "C293",
        name: "printed-line-unknown",
        severity: Error,
        title: "A line of the print that is not understood",
        why: "It was not read, so what it says is in no record.",
        kinds: &[
            kind(
                "",
                "\"{value}\" is no record of this print, and nothing else that is known on such a page",
                "a record, a heading or a total",
                "Look at the line: print the report again if it is damaged, or take the line out if it is a remark.",
            ),
            kind(
                "outside",
                "\"{value}\" stands where no record is open, so nobody can say what it belongs to",
                "a line of a record",
                "Look whether the first line of its record is missing.",
            ),
            kind(
                "heading",
                "\"{value}\" stands above the first heading, so its columns are not known",
                "records below a heading",
                "Look whether the heading of the page is missing.",
            ),
            kind(
                "label",
                "\"{value}\" begins with a label that such a print does not have",
                "one of the labels of this print",
                "Correct the label, or take the line out.",
            ),
            kind("more", "{count} more lines are not understood", "lines of records", "Look whether this is the right report."),
        ],
    },
    Check {
        code: "C294",
        name: "page-lines",
        severity: Info,
        title: "Lines of a printed page that are no records",
        why: "Titles, headings and remarks are for the reader of the page; they are no records.",
        kinds: &[
            kind(
                "",
                "lines of titles, headings and rules, left out: {count}; the first is here",
                "",
                "Nothing to do: the layout has them.",
            ),
            kind(
                "remarks",
                "remarks beside the records, left out: {count}; the first is \"{value}\"",
                "",
                "Nothing to do: the layout has them.",
            ),
        ],
    },
    Check {
        code: "C295",
        name: "text-across-columns",
        severity: Warning,
        title: "Text across two columns of a print",
        why: "Where columns run into one another, the print does not say which of them a word belongs to.",
        kinds: &[
            kind(
                "",
                "\"{value}\" lies across the start of \"{name}\"; it was read with the column before",
                "words within one column",
                "Look whether both columns are right.",
            ),
            kind(
                "touching",
                "\"{value}\" reaches under \"{name}\" and ends in an amount; all of it was read as text, and \"{name}\" is empty",
                "a blank between a text and its amount",
                "Put a blank in front of the amount, or print the report with wider columns.",
            ),
            graded(
                "close",
                Info,
                "lines with columns that are set off by one blank only, read at the heading's place: {count}",
                "",
                "Look whether the words of such lines are in the right columns.",
            ),
            kind("more", "{count} more words lie across two columns", "words within one column", "Look whether the columns are right."),
        ],
    },
    Check {
        code: "C296",
        name: "line-of-which-record",
        severity: Warning,
        title: "A line that may belong to the record above or below",
        why: "The record above has all its lines already, and the next one has not begun.",
        kinds: &[
            kind(
                "",
                "\"{value}\" was read with the record above it",
                "lines between the first and the last line of a record",
                "Look which of the two records the line belongs to.",
            ),
            kind(
                "more",
                "{count} more lines were read with the record above them",
                "lines between the first and the last line of a record",
                "Look which record they belong to.",
            ),
        ],
    },
    Check {
        code: "C297",
        name: "tab-in-print",
        severity: Warning,
        title: "A tab in a printed line",
        why: "A tab is one letter in the file and several places on the page, so the columns behind it may be shifted.",
        kinds: &[
            kind(
                "",
                "the line holds a tab; what follows was read as standing at the next eighth place",
                "blanks in the place of tabs",
                "Look whether the columns behind it are right, and replace the tab by blanks.",
            ),
            kind("more", "{count} more lines hold tabs", "blanks in the place of tabs", "Replace the tabs by blanks."),
        ],
    },
    Check {
        code: "C298",
        name: "second-report",
        severity: Error,
        title: "Another report behind the end of the first",
        why: "Only the first report of a file is read, since totals and periods hold for one report.",
        kinds: &[kind(
            "",
            "behind the end of the report another heading follows; nothing from here on was read",
            "one report in a file",
            "Put each report into a file of its own.",
        )],
    },
    Check {
        code: "C299",
        name: "printed-heading",
        severity: Error,
        title: "A heading of a page that cannot be used",
        why: "The places of the columns are known by their headings, and without them words may get into the wrong column.",
        kinds: &[
            kind(
                "",
                "this heading lacks \"{name}\"; the lines below it were read by the heading before, where there is one",
                "a heading with all columns",
                "Print the report with all its columns.",
            ),
            kind(
                "none",
                "the print has no heading by which its columns are known",
                "a heading above the records",
                "Print the report with its headings.",
            ),
            kind("more", "{count} more headings cannot be used", "headings with all columns", "Print the report with all its columns."),
        ],
    },
];
