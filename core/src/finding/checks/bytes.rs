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
        code: "C110",
        name: "unpacks-too-large",
        severity: Error,
        title: "Unpacks to more than the bound",
        why: "Bounds keep a damaged or hostile file from using up the machine.",
        kinds: &[
            kind(
                "",
                "the file unpacks to more than the bound of {bound} bytes; reading stopped there",
                "at most {bound} bytes when unpacked",
                "Hand over the tables unpacked or in several files; or raise the bound.",
            ),
            kind(
                "ratio",
                "each byte of the file unpacks to more than {bound}, which real tables never do; reading stopped there",
                "a file that unpacks to at most {bound} times its size",
                "Look whether the file is what it should be, and hand it over unpacked.",
            ),
            kind(
                "entries",
                "the archive holds more than the bound of {bound} files; none was read",
                "an archive of at most {bound} files",
                "Hand over only the tables; or raise the bound.",
            ),
        ],
    },
    Check {
        code: "C111",
        name: "locked",
        severity: Error,
        title: "Locked by a password",
        why: "Nothing in it can be read without the password, and Concord never asks for one.",
        kinds: &[
            kind(
                "",
                "the spreadsheet is locked by a password; it was not read",
                "a file without a password",
                "Open it in the spreadsheet program, take the password off, and save it again.",
            ),
            kind(
                "entry",
                "\"{name}\" in the archive is locked by a password; it was not read",
                "files without a password",
                "Unpack the archive with its password, and pack it again without one.",
            ),
        ],
    },
    Check {
        code: "C112",
        name: "damaged-container",
        severity: Error,
        title: "The packed file is damaged",
        why: "What was read before the damage may be wrong, and what follows is lost.",
        kinds: &[
            kind(
                "",
                "the packed data is damaged; reading stopped there",
                "a whole gzip file",
                "Download or export the file again.",
            ),
            kind("cut", "the packed file breaks off before its end", "a whole gzip file", "Download or export the file again."),
            kind(
                "sum",
                "the unpacked data[ of \"{name}\"] is not what its check sum or stated size says",
                "data that matches its check sum and size",
                "Download or export the file again.",
            ),
            kind("zip", "the directory of the archive is damaged or missing", "a whole zip archive", "Download or pack the archive again."),
            kind("entry", "\"{name}\" in the archive is damaged", "a whole zip archive", "Download or pack the archive again."),
            kind(
                "method",
                "\"{name}\" is packed by the method {method}, which is not read here",
                "files packed in the ordinary way (deflate), or not packed",
                "Pack the archive again with the ordinary method.",
            ),
            graded(
                "rest",
                Warning,
                "behind the end of the packed data lie more bytes; they were not read",
                "nothing behind the end of the packed data",
                "Download or export the file again if something is missing.",
            ),
        ],
    },
    Check {
        code: "C113",
        name: "archive-in-archive",
        severity: Warning,
        title: "An archive within an archive",
        why: "What is in the inner archive was not checked.",
        kinds: &[
            kind(
                "",
                "\"{name}\" is itself packed; it was not opened",
                "an archive that holds only tables",
                "Unpack it, and hand over the tables in one archive.",
            ),
            graded(
                "form",
                Error,
                "the file is {looks}, which is not read here",
                "a table, or tables in a zip or gzip file",
                "Unpack it, and hand over the tables.",
            ),
        ],
    },
    Check {
        code: "C114",
        name: "odd-name-in-archive",
        severity: Warning,
        title: "An odd file name in the archive",
        why: "Such a name can lead out of the folder that the archive is unpacked to, or can hide another file.",
        kinds: &[
            kind(
                "",
                "the file named \"{value}\" in the archive was read as \"{name}\"",
                "names within the archive's own folder",
                "Pack the archive again with plain names.",
            ),
            kind(
                "repeated",
                "the archive holds \"{name}\" more than once",
                "one file of each name",
                "Pack the archive again with only the right one.",
            ),
        ],
    },
    Check {
        code: "C115",
        name: "unreadable-spreadsheet",
        severity: Error,
        title: "The spreadsheet cannot be read",
        why: "What was not read was not checked.",
        kinds: &[
            kind(
                "",
                "the spreadsheet is damaged[ in its part \"{part}\"]; reading stopped there",
                "a whole spreadsheet",
                "Open it in a spreadsheet program, which may repair it, and save it again.",
            ),
            kind(
                "binary",
                "the spreadsheet is stored as an Excel binary workbook (.xlsb), which is not read here",
                "an .xlsx, .xls or .ods spreadsheet",
                "Open it in Excel and save it as \"Excel Workbook (.xlsx)\".",
            ),
            kind(
                "old",
                "the spreadsheet is stored in a form older than Excel 5, which is not read here",
                "an .xlsx, .xls or .ods spreadsheet",
                "Open it in a spreadsheet program and save it as .xlsx.",
            ),
            kind(
                "other",
                "the file is an office document, but not a spreadsheet",
                "a spreadsheet",
                "Hand over the spreadsheet with the table.",
            ),
            kind(
                "no-sheet",
                "the workbook holds no sheet with cells",
                "a sheet with a header row and data rows",
                "Look whether this is the right file, and export it again.",
            ),
            graded(
                "letters",
                Warning,
                "the spreadsheet stores its letters by code page {page}; they were read as Windows-1252",
                "letters that read as they should",
                "Look whether names with accents read as they should; if not, save the file as .xlsx.",
            ),
        ],
    },
    Check {
        code: "C116",
        name: "unreadable-parquet",
        severity: Error,
        title: "The Parquet file cannot be read",
        why: "What was not read was not checked.",
        kinds: &[
            kind(
                "",
                "the Parquet file is damaged: {problem}",
                "a whole Parquet file",
                "Download or export the file again.",
            ),
            kind(
                "not-read",
                "the Parquet file uses something that is not read here: {problem}",
                "a Parquet file packed with Snappy, gzip or Zstandard, or not packed",
                "Export the file again with one of these, or as CSV.",
            ),
        ],
    },
];
