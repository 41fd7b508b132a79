//! Stage 1: bytes and encoding.

use super::{Check, Error, Info, Warning, graded, kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "C101",
        name: "not-utf8",
        severity: Warning,
        title: "Letters are not stored as UTF-8",
        why: "Programs that expect UTF-8 show such letters as rubbish or stop reading.",
        kinds: &[
            kind(
                "",
                "\"{value}\" is not stored as UTF-8; it was read as Windows-1252",
                "text stored as UTF-8",
                "Save the file as \"CSV UTF-8\" and look whether this cell still reads as it should.",
            ),
            graded(
                "demanded",
                Error,
                "the file is not stored as UTF-8, which the standard asks for",
                "text stored as UTF-8",
                "Save it as \"CSV UTF-8\", and look whether the names in it still read as they should.",
            ),
            graded(
                "file",
                Info,
                "the file is stored as Windows-1252, not as UTF-8; it was read as such",
                "text stored as UTF-8",
                "Nothing to do if the names in the file look right in this report. To be safe, save it as \"CSV UTF-8\".",
            ),
        ],
    },
    Check {
        code: "C102",
        name: "nul-byte",
        severity: Error,
        title: "The file holds NUL bytes",
        why: "A NUL byte ends the text for many programs, so what follows it is lost. It often means that the file was damaged or is not text.",
        kinds: &[kind(
            "",
            "the cell holds a NUL byte, shown as ␀: \"{value}\"",
            "text without NUL bytes",
            "Export the file again; if the byte returns, tell the vendor of the system.",
        )],
    },
    Check {
        code: "C103",
        name: "control-character",
        severity: Warning,
        title: "An invisible control character",
        why: "Nobody sees it, but searching, joining and comparing fail because of it.",
        kinds: &[
            kind(
                "",
                "\"{value}\" holds an invisible control character ({character})",
                "text without control characters",
                "Retype the cell, or use the spreadsheet's CLEAN function on it.",
            ),
            // The value would be right without it.
            graded(
                "value",
                Error,
                "\"{value}\" holds an invisible control character ({character})",
                "the value without control characters",
                "Retype the cell, or use the spreadsheet's CLEAN function on it.",
            ),
        ],
    },
    Check {
        code: "C104",
        name: "not-text",
        severity: Error,
        title: "The file is not a text table",
        why: "Nothing in it can be checked before it is saved as a table.",
        kinds: &[
            kind(
                "",
                "the file is not a text table: it looks like {looks}",
                "a CSV or TSV file",
                "Save the sheet as \"CSV UTF-8\" and check that file.",
            ),
            kind(
                "empty",
                "the file is empty, or starts with 64 KB of blanks",
                "a header row and data rows",
                "Export the file again; an empty file often means that the export failed.",
            ),
        ],
    },
    Check {
        code: "C105",
        name: "bad-json",
        severity: Error,
        title: "The JSON is at fault",
        why: "Other programs stop reading here, so the record or all behind it is lost to them.",
        kinds: &[
            kind(
                "",
                "the JSON of this record is at fault[ at \"{value}\"]: {what}; the record was not read",
                "JSON without faults",
                "Export the file again, or mend it here with a text editor.",
            ),
            kind(
                "cut",
                "the record ends too soon; it was not read",
                "a record with its last bracket",
                "Look whether the file was cut off on its way, and export it again.",
            ),
            kind(
                "between",
                "{what}; the records around it were read",
                "one comma between two records",
                "Mend it with a text editor, or export the file again.",
            ),
            kind(
                "stopped",
                "{what}; nothing behind this place was read",
                "JSON without faults",
                "Export the file again, or mend it here with a text editor; then check it once more.",
            ),
        ],
    },
    Check {
        code: "C106",
        name: "json-character",
        severity: Warning,
        title: "A character that JSON does not allow",
        why: "Strict programs refuse such a file.",
        kinds: &[
            kind(
                "",
                "a text in this record holds a line end, a tab or another control character as it is",
                "\\n, \\t or \\u and four digits for such characters",
                "Export the file with a program that writes JSON by its rules.",
            ),
            kind(
                "half",
                "a text in this record holds half of a character, which was replaced by \u{fffd}",
                "both halves of a character written with \\u",
                "Export the file again; if it returns, tell the vendor of the system.",
            ),
        ],
    },
    Check {
        code: "C120",
        name: "other-encoding",
        severity: Info,
        title: "The file is stored in an uncommon way",
        why: "Programs that expect UTF-8 show such text as rubbish or do not open it.",
        kinds: &[
            kind(
                "",
                "the file is stored as {encoding}, not as UTF-8; it was read as such",
                "text stored as UTF-8",
                "Nothing to do if the names in the file look right in this report. To be safe, save it as \"CSV UTF-8\".",
            ),
            graded(
                "doubtful",
                Warning,
                "the file was read as {encoding}, but its letters could also be {rival}",
                "text stored as UTF-8",
                "Look whether names with accents read right in this report. Save the file as \"CSV UTF-8\" to be sure.",
            ),
        ],
    },
    Check {
        code: "C121",
        name: "undecodable",
        severity: Error,
        title: "Bytes that are no letter",
        why: "What stood there is lost, and programs disagree on what to show in its place.",
        kinds: &[
            kind(
                "",
                "the bytes {value} are no letter of {encoding}; they were read as \u{fffd}",
                "text that is {encoding} throughout",
                "Export the file again. If the bytes return, tell the vendor of the system.",
            ),
            kind(
                "overlong",
                "the bytes {value} write a letter in a forbidden, longer way; they were read as \u{fffd}",
                "each letter in its one valid form",
                "Export the file again. Such bytes are sometimes put in on purpose, to get past a check.",
            ),
            kind(
                "surrogate",
                "the bytes {value} are half of a letter; they were read as \u{fffd}",
                "whole letters",
                "Retype the text; it may have been cut in the middle of a picture sign (emoji).",
            ),
            kind(
                "cut",
                "the file ends inside a letter; the bytes {value} were read as \u{fffd}",
                "a whole file",
                "Export or send the file again; its end is missing.",
            ),
            kind(
                "more",
                "{count} more places hold bytes that are no letter",
                "text in one encoding throughout",
                "Export the file again; with so many places it is likely damaged, or no text at all.",
            ),
        ],
    },
    Check {
        code: "C122",
        name: "looks-like-utf7",
        severity: Warning,
        title: "Text that looks like UTF-7",
        why: "Some programs turn such text into other signs, even into markup or formulas. Concord reads it as it stands.",
        kinds: &[kind(
            "",
            "\"{value}\" looks like UTF-7; it was read as it stands",
            "text stored as UTF-8",
            "If the file reads wrong in this report, save it as UTF-8.",
        )],
    },
    Check {
        code: "C123",
        name: "wrong-encoding-name",
        severity: Error,
        title: "The file is not stored as it says",
        why: "An XML reader that believes the file refuses it or shows rubbish.",
        kinds: &[
            kind(
                "",
                "the file says that it is stored as \"{value}\", but its bytes are {encoding}; it was read as such",
                "the true encoding in the first line",
                "Write encoding=\"UTF-8\" in the first line and save the file as UTF-8.",
            ),
            kind(
                "undeclared",
                "the file does not say how it is stored, which means UTF-8, but its bytes are {encoding}; it was read as such",
                "text stored as UTF-8, or the encoding in the first line",
                "Save the file as UTF-8, or have the system that wrote it name the encoding in the first line.",
            ),
        ],
    },
    Check {
        code: "C124",
        name: "unsupported-encoding",
        severity: Error,
        title: "An encoding that is not read",
        why: "Guessing at letters would put wrong names into the data.",
        kinds: &[
            kind(
                "",
                "the file says that it is stored as \"{value}\", which is not read here; its bytes were taken as {encoding}",
                "UTF-8, UTF-16, Windows-1252, ISO-8859-1 or Mac Roman",
                "Save the file as UTF-8.",
            ),
            kind(
                "bytes",
                "the file is stored as {value}, which is not read here",
                "UTF-8, UTF-16, Windows-1252, ISO-8859-1 or Mac Roman",
                "Save the file as UTF-8.",
            ),
        ],
    },
];
