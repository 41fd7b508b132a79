//! Documents of XML against their schema, and the schemas themselves.

use super::{Check, Error, Info, Warning, graded, kind};

/// Stage 2: how a document is built.
pub(super) const STRUCTURE: &[Check] = &[
    Check {
        code: "C280",
        name: "element-misplaced",
        severity: Error,
        title: "An element that may not stand here",
        why: "Programs read elements in the order that the standard gives, and refuse or overlook any other.",
        kinds: &[
            kind(
                "",
                "<{value}> may not stand here[ (did you mean <{near}>?)]",
                "{what}",
                "Put {what} here, or move <{value}> to its place[; here it is likely <{near}>].",
            ),
            kind(
                "end",
                "<{value}> may not stand here; nothing more may follow in this element",
                "the end of the element",
                "Move or delete <{value}>.",
            ),
            kind(
                "or-end",
                "<{value}> may not stand here[ (did you mean <{near}>?)]",
                "{what}, or the end of the element",
                "Move <{value}> to its place, or delete it[; here it is likely <{near}>].",
            ),
            kind(
                "root",
                "the file begins with <{value}>",
                "{what} as the outermost element",
                "Check whether this is the right file for this standard.",
            ),
            kind(
                "namespace",
                "<{value}> belongs to the namespace {found}, but {what} is needed",
                "the namespace {what}",
                "Correct the xmlns of the element; often it tells that the file follows another version of the standard.",
            ),
            kind(
                "undeclared",
                "<{value}> is not known to the schema",
                "an element of the schema",
                "Correct the element's name or namespace, or delete it.",
            ),
            kind(
                "abstract",
                "<{value}> only stands for others and may not be used itself",
                "an element that takes its place",
                "Use the element for the kind of thing that is meant.",
            ),
            kind(
                "in-simple",
                "<{value}> stands in <{element}>, which holds only a value",
                "a value alone",
                "Move <{value}> out of <{element}>, or delete it.",
            ),
        ],
    },
    Check {
        code: "C281",
        name: "element-missing",
        severity: Error,
        title: "An element is missing",
        why: "The standard needs it in every such record.",
        kinds: &[
            kind("", "<{element}> ends without <{what}>", "<{what}>", "Add <{what}>."),
            kind("before", "<{what}> is missing before <{before}>", "<{what}>", "Add <{what}> before <{before}>."),
            kind("one-of", "<{element}> ends without any of {what}", "{what}", "Add the one that applies."),
            kind("one-of-before", "one of {what} is missing before <{before}>", "{what}", "Add the one that applies before <{before}>."),
        ],
    },
    Check {
        code: "C282",
        name: "attribute-misplaced",
        severity: Error,
        title: "An attribute is wrong or missing",
        why: "Programs refuse or overlook what the standard does not name.",
        kinds: &[
            kind(
                "",
                "the attribute {value} may not stand here[ (did you mean {near}?)]",
                "[{what}]",
                "Delete the attribute, or correct its name[: likely {near}].",
            ),
            kind(
                "missing",
                "<{element}> lacks the attribute {what}",
                "the attribute {what}",
                "Add the attribute {what} to <{element}>, with its value.",
            ),
            kind(
                "undeclared",
                "the attribute {value} is not known to the schema",
                "an attribute of the schema",
                "Delete the attribute, or correct its name.",
            ),
        ],
    },
    Check {
        code: "C283",
        name: "text-misplaced",
        severity: Error,
        title: "Text where none may stand",
        why: "Programs pass over text between elements, so it is lost.",
        kinds: &[
            kind(
                "",
                "the text \"{value}\" stands in <{element}>, which may hold only elements",
                "elements alone",
                "Put the text into the element that is meant for it, or delete it.",
            ),
            kind("empty", "<{element}> must be empty, and holds something", "nothing", "Empty the element."),
        ],
    },
    Check {
        code: "C284",
        name: "element-type",
        severity: Error,
        title: "The type of an element cannot be used",
        why: "The attribute xsi:type says by which rules the element is to be read.",
        kinds: &[
            kind("", "the type \"{value}\" of <{element}> is not known to the schema", "a type of the schema", "Correct xsi:type."),
            kind(
                "other",
                "the type \"{value}\" may not stand in the place of that of <{element}>",
                "a type made from the element's own",
                "Correct xsi:type.",
            ),
            kind(
                "abstract",
                "<{element}> must say with xsi:type which kind it is",
                "xsi:type with a type of the schema",
                "Add the attribute xsi:type with the name of the kind to the element.",
            ),
        ],
    },
    Check {
        code: "C285",
        name: "nil",
        severity: Error,
        title: "An element is marked empty and may not be",
        why: "The attribute xsi:nil says that a value is left out on purpose; not every element allows that.",
        kinds: &[
            kind(
                "",
                "<{element}> is marked as left out (xsi:nil), which it does not allow",
                "a value",
                "Give the value, or leave the element out if the standard allows.",
            ),
            kind(
                "content",
                "<{element}> is marked as left out (xsi:nil), and still holds something",
                "no content",
                "Delete the content, or the xsi:nil.",
            ),
            kind(
                "fixed",
                "<{element}> has a fixed value and may not be marked as left out (xsi:nil)",
                "the fixed value",
                "Delete the xsi:nil.",
            ),
        ],
    },
    Check {
        code: "C286",
        name: "xml-bound",
        severity: Error,
        title: "Larger than the bound",
        why: "Bounds keep a damaged or hostile file from using up the machine.",
        kinds: &[
            kind(
                "",
                "the XML is beyond the bound of {bound}; what follows was not read",
                "less than {bound}",
                "Look whether the file is damaged.",
            ),
            kind(
                "depth",
                "elements lie more than {bound} deep in one another; what follows was not read",
                "at most {bound} levels",
                "Look whether the file is damaged; data are rarely more than ten levels deep.",
            ),
            kind(
                "attributes",
                "an element has more than {bound} attributes; what follows was not read",
                "at most {bound} attributes",
                "Look whether the file is damaged.",
            ),
            kind(
                "name",
                "a name is longer than {bound} bytes; what follows was not read",
                "names of at most {bound} bytes",
                "Look whether the file is damaged.",
            ),
            kind(
                "token",
                "a tag or comment is longer than {bound} bytes; what follows was not read",
                "tags of at most {bound} bytes",
                "Look whether a tag was never closed.",
            ),
            kind(
                "value",
                "a value is longer than {bound} bytes; what follows was not read",
                "values of at most {bound} bytes",
                "Look whether a tag was never closed.",
            ),
            kind(
                "keys",
                "more than {bound} bytes of keys would have to be remembered; what follows was not read",
                "at most {bound} bytes of keys",
                "Cut the file into several.",
            ),
        ],
    },
    Check {
        code: "C287",
        name: "id-reference",
        severity: Error,
        title: "A reference that leads nowhere or to two things",
        why: "Records in the file are linked by these names; a wrong one loses the link or makes a wrong one.",
        kinds: &[
            kind(
                "",
                "\"{value}\" refers to nothing: no element of the file has this id",
                "the id of an element",
                "Correct the reference, or add the element that is meant.",
            ),
            kind(
                "repeated",
                "the id \"{value}\" is used twice[; first in line {first}]",
                "an id of its own for each element",
                "Give one of the two another id, and correct the references to it.",
            ),
            kind("two", "<{element}> has a second id, {value}", "one id", "Delete one of the two."),
        ],
    },
    Check {
        code: "C288",
        name: "xml-key",
        severity: Error,
        title: "A key of the schema is broken",
        why: "The schema asks that these values tell records apart or lead to another one.",
        kinds: &[
            kind(
                "",
                "\"{value}\" refers to nothing that {key} knows",
                "a value that is there",
                "Correct the value, or add the record that is meant.",
            ),
            kind(
                "repeated",
                "\"{value}\" is there twice[, first in line {first}]; {key} asks for different values",
                "a value of its own",
                "Correct one of the two, or delete the second record.",
            ),
            kind("missing", "value {what} of {key} is missing", "a value", "Add the value."),
            kind("unclear", "value {what} of {key} is there more than once, or is no plain value", "one plain value", "Leave one value."),
        ],
    },
    Check {
        code: "C289",
        name: "more-faults",
        severity: Error,
        title: "More faults than can be listed",
        why: "They were counted; when so many come at once, they share one reason as a rule.",
        kinds: &[kind("", "{count} more faults were counted and are not listed", "", "Mend the first ones and check again.")],
    },
];

/// Stage 3: values of a document.
pub(super) const VALUES: &[Check] = &[
    Check {
        code: "C330",
        name: "xml-value-form",
        severity: Error,
        title: "A value in another form",
        why: "A program that expects this form cannot read the value.",
        kinds: &[
            kind("", "\"{value}\" is not {what}", "{what}[, such as {form}]", "Write {what}[, such as {form}]."),
            kind(
                "empty",
                "the value is missing",
                "{what}[, such as {form}]",
                "Write {what}[, such as {form}], or leave the element out if the standard allows.",
            ),
            kind("local-date", "\"{value}\" is a date in a local form", "{what}, such as {form}", "Write it as {form}."),
            kind("decorated", "\"{value}\" is a number with signs in it", "{what}", "Write it without currency signs or separators."),
            kind("yes-no", "\"{value}\" is not true or false", "true or false", "Write true or false."),
        ],
    },
    Check {
        code: "C331",
        name: "xml-value-list",
        severity: Error,
        title: "A value outside the list",
        why: "Records with values outside the list drop out of every count and comparison.",
        kinds: &[
            kind(
                "",
                "\"{value}\" is not in the list[ (did you mean \"{near}\"?)]",
                "one of {what}",
                "Use one of the list's values[, here likely \"{near}\"], letter for letter.",
            ),
            kind("empty", "the value is missing", "one of {what}", "Use one of the list's values."),
        ],
    },
    Check {
        code: "C332",
        name: "xml-value-pattern",
        severity: Error,
        title: "A value in the wrong form",
        why: "Programs take this value apart by its form, or compare it letter for letter.",
        kinds: &[
            kind(
                "",
                "\"{value}\" does not have the form that the standard asks for",
                "the form {pattern}",
                "Write the value in the standard's form.",
            ),
            kind("empty", "the value is missing", "the form {pattern}", "Write the value in the standard's form."),
        ],
    },
    Check {
        code: "C333",
        name: "xml-value-length",
        severity: Error,
        title: "A value too long or too short",
        why: "Programs keep room for a fixed length; what is longer is cut or refused.",
        kinds: &[
            kind("", "\"{value}\" is not {bound} long", "a length of {bound}", "Correct the value."),
            kind(
                "short",
                "\"{value}\" is shorter than {bound}",
                "at least {bound} letters, bytes or items",
                "Fill in the value, or complete it.",
            ),
            kind("long", "\"{value}\" is longer than {bound}", "at most {bound} letters, bytes or items", "Shorten the value."),
        ],
    },
    Check {
        code: "C334",
        name: "xml-value-range",
        severity: Error,
        title: "A value outside its bounds",
        why: "Such a value is a slip of writing as a rule, and spoils every sum and average.",
        kinds: &[
            kind("", "{value} is below {bound}", "at least {bound}", "Correct the value."),
            kind("not-above", "{value} is not above {bound}", "more than {bound}", "Correct the value."),
            kind("above", "{value} is above {bound}", "at most {bound}", "Correct the value."),
            kind("not-below", "{value} is not below {bound}", "less than {bound}", "Correct the value."),
        ],
    },
    Check {
        code: "C335",
        name: "xml-value-digits",
        severity: Error,
        title: "A number with too many digits",
        why: "Programs keep room for a fixed number of digits; what is longer is rounded or refused.",
        kinds: &[
            kind("", "{value} has more than {bound} digits", "at most {bound} digits", "Correct the number."),
            kind("decimals", "{value} has more than {bound} decimals", "at most {bound} decimals", "Round the number."),
        ],
    },
    Check {
        code: "C336",
        name: "xml-value-fixed",
        severity: Error,
        title: "Not the fixed value",
        why: "The standard allows one value here, which often tells the version of the standard.",
        kinds: &[kind(
            "",
            "\"{value}\" stands where \"{what}\" must stand",
            "\"{what}\"",
            "Write \"{what}\"; if the value tells a version, check whether the file follows another one.",
        )],
    },
    Check {
        code: "C337",
        name: "xml-value-kinds",
        severity: Error,
        title: "A value of no allowed kind",
        why: "The standard allows several kinds of values here, and this is none of them.",
        kinds: &[
            kind(
                "",
                "\"{value}\" is none of the values that are allowed here",
                "one of the kinds of values that the standard names",
                "Correct the value.",
            ),
            kind("empty", "the value is missing", "one of the kinds of values that the standard names", "Give a value."),
            kind("entity", "\"{value}\" is not declared in the file", "a name that the file declares", "Correct the name."),
        ],
    },
];

/// Stage 9: schemas.
pub(super) const SCHEMAS: &[Check] = &[
    Check {
        code: "C960",
        name: "xml-schema",
        severity: Error,
        title: "An XML schema that cannot be used",
        why: "No file can be checked against it as it was meant.",
        kinds: &[kind(
            "",
            "[{file}: ][line {line}: ]{problem}[ ({rule})]",
            "a schema by the rules of XML Schema 1.0",
            "Correct the schema, or ask its publisher.",
        )],
    },
    Check {
        code: "C961",
        name: "schema-missing",
        severity: Error,
        title: "A schema asks for another that is not there",
        why: "Nothing is fetched from the network, so every schema file must be given.",
        kinds: &[
            kind(
                "",
                "[{file}: ]it asks for \"{value}\", which is not among the files given",
                "all schema files",
                "Add the file with another --schema, or put it beside the others.",
            ),
            graded(
                "unused",
                Warning,
                "[{file}: ]it asks for \"{value}\", which is not among the files given; nothing of it was needed",
                "",
                "Nothing to do, unless elements of it are used.",
            ),
        ],
    },
    Check {
        code: "C962",
        name: "schema-not-imported",
        severity: Error,
        title: "The official schema is not here",
        why: "This standard's schema is its publisher's and does not come with Concord.",
        kinds: &[kind(
            "",
            "the official schema files of {value} are not here, so nothing was checked",
            "the official schema files",
            "Get them from the publisher, and run: concord standards import FOLDER --as {value}",
        )],
    },
    Check {
        code: "C963",
        name: "schema-bound",
        severity: Error,
        title: "A schema larger than the bound",
        why: "Bounds keep a damaged or hostile schema from using up the machine.",
        kinds: &[kind("", "[{file}: ][line {line}: ]{problem}", "a schema within the bounds", "Look whether the schema is damaged.")],
    },
    Check {
        code: "C964",
        name: "schema-sound",
        severity: Info,
        title: "An XML schema that can be used",
        why: "Its meaning was checked, not only its outer form.",
        kinds: &[kind("", "[{file}: ]the schema is sound; it declares {count} outermost elements[: {what}]", "", "Nothing to do.")],
    },
];
