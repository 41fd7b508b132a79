//! XML Schema 1.0, compiled once from a set of documents into name tables, automata and byte checkers, then held against documents that
//! stream by. Memory grows with the depth of a document, not with its length (the values of keys and IDs excepted).
//!
//! Nothing is opened or fetched here: whoever compiles hands over the bytes of each schema document that is asked for.

mod automaton;
mod build_complex;
mod build_simple;
mod compile;
mod encoding;
mod finish;
mod grammar;
mod identity;
mod keys;
mod keytable;
mod model;
mod names;
mod particle;
mod plain;
pub(crate) mod regex;
pub(crate) mod sample;
mod scan;
mod schema;
mod simple;
mod space;
mod spelling;
mod sure;
#[cfg(test)]
mod tests;
mod tree;
mod validate;
mod value;
pub(crate) mod watch;
pub(crate) mod widen;

pub use encoding::utf8;
pub use scan::NotWellFormed;
pub use schema::{Schema, compile};
pub use validate::Validator;
pub use validate::held::HeldValidator;

/// A schema document as it was handed over.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The address by which other documents import or include it, as given.
    pub name: &'a str,
    /// Its bytes: UTF-8, UTF-16 with a byte order mark, or a Latin encoding that its declaration names.
    pub bytes: &'a [u8],
}

/// What keeps a hostile schema or document from using up the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most schema documents of one schema.
    pub documents: usize,
    /// Most bytes of one schema document.
    pub document_bytes: usize,
    /// Deepest nesting of elements, of a schema document as of an instance.
    pub depth: usize,
    /// Most attributes of one element.
    pub attributes: usize,
    /// Longest name of an element or attribute in bytes.
    pub name: usize,
    /// Longest tag, comment or processing instruction in bytes.
    pub token: usize,
    /// Longest value of simple type in bytes.
    pub value: usize,
    /// Most particles of one content model, groups written out.
    pub particles: usize,
    /// Most faults that are kept one by one; the rest is counted.
    pub faults: usize,
    /// Most bytes of values of keys and IDs that are remembered.
    pub keys: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            documents: 2_000,
            document_bytes: 64 << 20,
            depth: 256,
            attributes: 10_000,
            name: 1 << 10,
            token: 8 << 20,
            value: 64 << 20,
            particles: 200_000,
            faults: 1_000,
            keys: 1 << 30,
        }
    }
}

/// What is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFault {
    /// Name of the document as given or as it was resolved.
    pub document: String,
    /// Line from 1; 0 when the fault is of no place.
    pub line: usize,
    /// Byte column from 1; 0 when the fault is of no place.
    pub column: usize,
    /// The constraint of the recommendation that is broken, by its own name, such as `cos-nonambig`; `bound` and `xml` are ours.
    pub code: &'static str,
    /// What is wrong, in plain words.
    pub what: String,
}

/// What a document breaks: facts only, sentences are made from them elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Byte offset in the document as it was fed: of the `<` of the element, or of its end tag where something is missing before it.
    pub offset: u64,
    /// Path of the element, such as `/incidents/incident[3]/zip`, with `/@name` for an attribute. Prefixes as in the document; an index only from the second of a name on.
    pub pointer: String,
    /// What is broken.
    pub kind: FaultKind,
}

/// The kinds of faults of a document, with what is needed to tell of them. Names of elements and attributes are local names, with
/// `{namespace}` before them where the namespace is not that of the element around it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // The names of the members say what each is, and the sentence above it how they belong together.
pub enum FaultKind {
    /// Not well-formed XML; nothing after it was read.
    NotWellFormed(NotWellFormed),
    /// A bound was met (its name, its size); nothing after it was read.
    Bound(&'static str, usize),
    /// No declaration for the outermost element.
    UnknownRoot { name: String, expected: Vec<String> },
    /// An element that may not stand here; `expected` may, and `end` tells whether the element around it could end here.
    UnexpectedElement { name: String, expected: Vec<String>, end: bool },
    /// The element ends although one of these must still come, or these were left out before `before`.
    MissingElement { expected: Vec<String>, before: Option<String> },
    /// A strict wildcard met an element that the schema does not declare.
    UndeclaredElement { name: String },
    /// The element (or its type) is abstract: another must stand for it.
    AbstractElement { name: String },
    /// The type is abstract and `xsi:type` names no other.
    AbstractType { name: String },
    /// `xsi:type` names a type that is not known, or one that may not stand here.
    BadXsiType { value: String, known: bool },
    /// `xsi:nil` on an element that is not nillable, or with content although nil, or nil although its value is fixed.
    BadNil { reason: NilReason },
    /// Text within an element that may hold only elements.
    UnexpectedText { value: String },
    /// Anything within an element that must be empty.
    NotEmpty,
    /// Elements within an element of simple content.
    ChildInSimple { name: String },
    /// An attribute that may not stand here.
    UnexpectedAttribute { name: String, expected: Vec<String> },
    /// An attribute is missing.
    MissingAttribute { name: String },
    /// A strict wildcard met an attribute that the schema does not declare.
    UndeclaredAttribute { name: String },
    /// A value that its type does not allow.
    BadValue { attribute: Option<String>, value: String, rule: ValueRule },
    /// Two attributes of type ID on one element.
    TwoIds { name: String },
    /// An ID that was used before, with the offset of the first.
    DuplicateId { value: String, first: u64 },
    /// An IDREF to which no ID belongs.
    DanglingIdref { value: String },
    /// Values of a key or unique that were there before, with the offset of the first.
    DuplicateKey { constraint: String, values: Vec<String>, first: u64 },
    /// A field of a key is missing (number from 0).
    MissingKeyField { constraint: String, field: usize },
    /// A field selects more than one node, or a nillable element in a key, or an element of complex type.
    BadKeyField { constraint: String, field: usize },
    /// A reference to a key that is nowhere.
    DanglingKeyref { constraint: String, values: Vec<String> },
}

/// Why `xsi:nil` is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NilReason {
    /// The declaration does not allow it.
    NotNillable,
    /// There is content although `xsi:nil` is true.
    HasContent,
    /// The declaration fixes the value.
    Fixed,
}

/// Which rule of a simple type a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueRule {
    /// Not in the lexical space of this built-in type (its name, such as `dateTime`).
    Lexical(&'static str),
    /// None of the patterns (as written in the schema) fits.
    Pattern(String),
    /// Not among the values (the first hundred of them as written, and how many there are).
    Enumeration(Vec<String>, usize),
    /// Length is not exactly this.
    Length(u64),
    /// Shorter than this; characters, bytes or items.
    MinLength(u64),
    /// Longer than this.
    MaxLength(u64),
    /// Below this (as written).
    MinInclusive(String),
    /// Not above this.
    MinExclusive(String),
    /// Above this.
    MaxInclusive(String),
    /// Not below this.
    MaxExclusive(String),
    /// More digits than this.
    TotalDigits(u64),
    /// More decimals than this.
    FractionDigits(u64),
    /// Not the fixed value.
    Fixed(String),
    /// Fits no member of the union.
    Union,
    /// No unparsed entity of this name.
    Entity,
}

/// How a document fared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The faults in the order of their discovery, at most [`Bounds::faults`].
    pub faults: Vec<Fault>,
    /// How many faults there were in all.
    pub count: u64,
    /// How many elements were read.
    pub elements: u64,
    /// Whether reading stopped before the end (not well-formed, or a bound).
    pub stopped: bool,
}

/// Answers the name of the asking document, the location that it gives and, for an import, the namespace (empty for none) with the name and
/// the bytes of a schema document, or with nothing.
pub type Resolve<'r> = dyn FnMut(&str, &str, Option<&str>) -> Option<(String, Vec<u8>)> + 'r;
