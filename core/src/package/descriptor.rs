//! Data Package descriptors (`datapackage.json`), Data Resources and Table Dialects, versions 1 and 2.
//!
//! A descriptor without a mark of its version is held to what both versions ask for; what only version 1 asks for is a warning then.
//! Members from before version 1 (`url`, `license`, `web` …) are errors where what they say is lost.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json::{self, Object, unknown_word, word_for, wrong};
use super::notes::{Notes, note};
use crate::finding::Finding;
use crate::schema::TableSchema;
use crate::schema::parse::{SpecVersion, from_value, version_of};

/// Most resources of one package.
const MAX_RESOURCES: usize = 10_000;

/// What came of reading a descriptor.
#[derive(Debug, Clone, Default)]
pub struct Described {
    /// The package; `None` when the file is no descriptor at all.
    pub package: Option<DataPackage>,
    /// What is wrong or doubtful.
    pub findings: Vec<Finding>,
}

/// A data package: tables with their schemas.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataPackage {
    /// Name, empty when there is none.
    pub name: String,
    /// Title for people, empty when there is none.
    pub title: String,
    /// The standard after which the data were written, `id@version`, as the descriptor says under `concord`; empty when it says none.
    pub standard: String,
    /// The resources in their order.
    pub resources: Vec<DataResource>,
}

/// One resource of a data package.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataResource {
    /// Its name.
    pub name: String,
    /// Where its data are: one path, or the parts of one table in order. Relative to the descriptor and safe, or web addresses. Empty
    /// when the data stand in the descriptor or no path can be used.
    pub paths: Vec<String>,
    /// Whether the data stand in the descriptor (`data`).
    pub inline: bool,
    /// The schema.
    pub schema: SchemaSource,
    /// How the file is laid out; `None` when the descriptor does not say.
    pub dialect: Option<Dialect>,
    /// Path or address of a dialect that lies in a file of its own.
    pub dialect_path: Option<String>,
    /// As written; `utf-8` when the descriptor does not say.
    pub encoding: String,
    /// `csv`, `xlsx` …, empty when the descriptor does not say.
    pub format: String,
}

/// Where a resource's schema is.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum SchemaSource {
    /// There is none.
    #[default]
    None,
    /// In the descriptor.
    Here(Box<TableSchema>),
    /// In a file, by its safe relative path, or at a web address.
    File(String),
}

/// How a file of delimited text is laid out: CSV Dialect (version 1) and Table Dialect (version 2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Dialect {
    /// Usually one character. Default `,`.
    pub delimiter: String,
    /// `None`: no quoting. Default `"`.
    pub quote_char: Option<char>,
    /// A quote inside a quoted cell is written twice. Default true.
    pub double_quote: bool,
    pub escape_char: Option<char>,
    /// Blanks after the delimiter do not belong to the cell. Default false.
    pub skip_initial_space: bool,
    /// Whether there is a header. Default true.
    pub header: bool,
    /// Rows of the header, counted from 1. Default `[1]`.
    pub header_rows: Vec<u64>,
    /// Between the parts of a header of several rows. Default a space.
    pub header_join: String,
    /// Rows that start with this are comments.
    pub comment_char: Option<String>,
    /// Rows that are comments, counted from 1.
    pub comment_rows: Vec<u64>,
    /// A cell text that means "no value".
    pub null_sequence: Option<String>,
    /// Whether headers that differ in case only are different. Default false.
    pub case_sensitive_header: bool,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect {
            delimiter: ",".to_owned(),
            quote_char: Some('"'),
            double_quote: true,
            escape_char: None,
            skip_initial_space: false,
            header: true,
            header_rows: vec![1],
            header_join: " ".to_owned(),
            comment_char: None,
            comment_rows: Vec::new(),
            null_sequence: None,
            case_sensitive_header: false,
        }
    }
}

/// Reads a Data Package descriptor. `name` is the file's name for the findings; give an empty one when the report names the file anyway.
pub fn data_package(bytes: &[u8], name: &str) -> Described {
    let mut notes = Notes::new(name);
    let package = json::read(bytes, &mut notes).and_then(|value| package(&value, &mut notes));
    Described { package, findings: notes.finish() }
}

/// Reads a Table Dialect. Fails only when the file is not JSON or not an object; the findings say so.
pub fn dialect(bytes: &[u8], name: &str) -> (Option<Dialect>, Vec<Finding>) {
    let mut notes = Notes::new(name);
    let read = json::read(bytes, &mut notes).and_then(|value| dialect_of(&value, "", &mut notes));
    (read, notes.finish())
}

const PACKAGE_MEMBERS: &[&str] = &[
    "$schema",
    "profile",
    "name",
    "id",
    "title",
    "description",
    "homepage",
    "version",
    "created",
    "contributors",
    "keywords",
    "image",
    "licenses",
    "resources",
    "sources",
    // Ours: what the specification has no member for.
    "concord",
];
const RESOURCE_MEMBERS: &[&str] = &[
    "$schema",
    "profile",
    "name",
    "type",
    "path",
    "data",
    "schema",
    "title",
    "description",
    "homepage",
    "sources",
    "licenses",
    "dialect",
    "format",
    "mediatype",
    "encoding",
    "bytes",
    "hash",
    // Written by the reference tool beside the specification's own.
    "scheme",
    "hashing",
    "compression",
    "extrapaths",
    "innerpath",
    "stats",
];
pub(crate) const DIALECT_MEMBERS: &[&str] = &[
    "$schema",
    "header",
    "headerRows",
    "headerJoin",
    "commentRows",
    "commentChar",
    "delimiter",
    "lineTerminator",
    "quoteChar",
    "doubleQuote",
    "escapeChar",
    "nullSequence",
    "skipInitialSpace",
    "property",
    "itemType",
    "itemKeys",
    "sheetNumber",
    "sheetName",
    "table",
    "caseSensitiveHeader",
    "csvddfVersion",
    // The reference tool keeps the settings of a format under its name.
    "csv",
];

/// Members from before version 1 whose meaning is lost: the member and what to write now.
const OUTDATED_PACKAGE: &[(&str, &str)] = &[("maintainer", "contributors"), ("maintainers", "contributors")];
const OUTDATED_RESOURCE: &[(&str, &str)] =
    &[("url", "path"), ("file", "path"), ("primaryKey", "primaryKey inside schema"), ("foreignKeys", "foreignKeys inside schema")];
const OUTDATED_SOURCE: &[(&str, &str)] = &[("web", "path"), ("url", "path"), ("name", "title")];
const OUTDATED_LICENCE: &[(&str, &str)] = &[("url", "path"), ("type", "name"), ("id", "name"), ("label", "title")];
/// Those that say nothing needed to read the tables; descriptors of today still carry some of them.
const OUTDATED_EXTRA: &[(&str, &str)] = &[
    ("license", "licenses"),
    ("datapackage_version", "$schema"),
    ("last_modified", "created"),
    ("last_updated", "created"),
    ("dependencies", "nothing"),
];

pub(crate) fn package(value: &Value, notes: &mut Notes) -> Option<DataPackage> {
    let object = Object::of(value, "", notes)?;
    let version = version_of(object);
    let outdated: Vec<&str> = OUTDATED_PACKAGE.iter().chain(OUTDATED_EXTRA).map(|(m, _)| *m).collect();
    old_members(object, OUTDATED_PACKAGE, "", notes);
    old_members(object, OUTDATED_EXTRA, "extra", notes);
    object.only(&[PACKAGE_MEMBERS, outdated.as_slice()].concat(), false, notes);

    for member in ["$schema", "profile", "id", "description", "version", "image"] {
        object.text(member, notes);
    }
    let title = object.text("title", notes).unwrap_or_default();
    let name = object.text("name", notes).unwrap_or_default();
    if object.has("name") {
        check_name(&object.at("name"), name, version, notes);
    }
    about(object, version, notes);
    if let Some(text) = object.text("created", notes)
        && !is_date_time(text)
    {
        notes.push(note("C924", "", &object.at("created")).value(text).arg("what", "a date and time such as 2026-11-21T09:30:00Z"));
    }
    if object.filled_list("keywords", notes).is_some() {
        object.texts("keywords", notes);
    }
    for (at, contributor) in entries(object, "contributors", true, notes) {
        contributor_of(Object { at: &at, map: contributor }, version, notes);
    }

    let mut standard = "";
    let here = object.at("concord");
    if let Some(concord) = object.get("concord").and_then(|value| Object::of(value, &here, notes)) {
        concord.only(&["standard"], true, notes);
        standard = concord.text("standard", notes).unwrap_or_default();
    }
    let mut package = DataPackage { name: name.to_owned(), title: title.to_owned(), standard: standard.to_owned(), resources: Vec::new() };
    object.need("resources", notes);
    let mut names = BTreeSet::new();
    for (i, value) in object.filled_list("resources", notes).unwrap_or_default().iter().enumerate() {
        let at = format!("/resources/{i}");
        if i == MAX_RESOURCES {
            notes
                .push(note("C914", "", "/resources").arg("count", "more").arg("what", "resources").arg("limit", MAX_RESOURCES.to_string()));
            break;
        }
        if let Some(resource) = resource(value, &at, version, notes) {
            if !resource.name.is_empty() && !names.insert(resource.name.clone()) {
                notes.push(note("C910", "", &format!("{at}/name")).value(&resource.name));
            }
            package.resources.push(resource);
        }
    }
    check_references(&package, notes);
    Some(package)
}

/// References between the tables of one package.
fn check_references(package: &DataPackage, notes: &mut Notes) {
    for (i, resource) in package.resources.iter().enumerate() {
        let SchemaSource::Here(schema) = &resource.schema else { continue };
        for (j, key) in schema.foreign_keys.iter().enumerate().filter(|(_, k)| !k.resource.is_empty()) {
            let at = format!("/resources/{i}/schema/foreignKeys/{j}/reference");
            match package.resources.iter().find(|r| r.name == key.resource) {
                None => notes.push(note("C907", "outside", &format!("{at}/resource")).value(&key.resource)),
                Some(DataResource { schema: SchemaSource::Here(other), .. }) => {
                    for name in key.target.iter().filter(|n| other.index(n).is_none()) {
                        notes.push(note("C907", "", &format!("{at}/fields")).value(name).arg("resource", &*key.resource));
                    }
                }
                Some(_) => {}
            }
        }
    }
}

fn old_members(object: Object<'_>, members: &[(&str, &str)], kind: &'static str, notes: &mut Notes) {
    for (member, now) in members.iter().filter(|(m, _)| object.has(m)) {
        // Beside today's member the old one says nothing new, so nothing is lost.
        let kind = if object.has(now) { "extra" } else { kind };
        notes.push(note("C913", kind, object.at).arg("member", *member).arg("now", *now));
    }
}

/// The finding's kind for what only version 1 asks for: an error there, a warning where no version is marked, nothing in version 2.
fn kind_in(version: Option<SpecVersion>) -> Option<&'static str> {
    match version {
        Some(SpecVersion::V1) => Some(""),
        None => Some("version-1"),
        Some(SpecVersion::V2) => None,
    }
}

/// A title, which version 1 asks for; version 2 asks for anything at all.
fn need_title(object: Object<'_>, version: Option<SpecVersion>, notes: &mut Notes) {
    if !object.has("title") {
        let kind = if object.map.is_empty() { Some("") } else { kind_in(version) };
        if let Some(kind) = kind {
            notes.push(note("C904", kind, object.at).arg("member", "title"));
        }
    }
}

fn check_name(at: &str, name: &str, version: Option<SpecVersion>, notes: &mut Notes) {
    if name.is_empty() {
        notes.push(note("C904", "blank", at));
        return;
    }
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_' | b'/'));
    if !plain && let Some(kind) = kind_in(version) {
        notes.push(note("C924", kind, at).value(name).arg("what", "a name of lower-case letters, digits and the signs - . _ /"));
    }
}

/// Members that package and resource share: homepage, licences, sources.
fn about(object: Object<'_>, version: Option<SpecVersion>, notes: &mut Notes) {
    if let Some(text) = object.text("homepage", notes)
        && !is_address(text)
    {
        notes.push(note("C924", "", &object.at("homepage")).value(text).arg("what", "a web address such as https://example.org/"));
    }
    for (at, licence) in entries(object, "licenses", true, notes) {
        let licence = Object { at: &at, map: licence };
        let named = licence.has("name") || licence.has("path");
        old_members(licence, OUTDATED_LICENCE, if named { "extra" } else { "" }, notes);
        licence.only(&["name", "path", "title", "type", "url", "id", "label"], false, notes);
        licence.text("title", notes);
        if !licence.has("name") && !licence.has("path") {
            notes.push(note("C904", "", &at).arg("member", "name or path"));
        }
        if let Some(name) = licence.text("name", notes)
            && (name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')))
        {
            notes.push(note("C924", "", &licence.at("name")).value(name).arg("what", "the short name of a licence, such as CC-BY-4.0"));
        }
        if let Some(path) = licence.text("path", notes) {
            safe_path(path, &licence.at("path"), notes);
        }
    }
    for (at, source) in entries(object, "sources", false, notes) {
        let source = Object { at: &at, map: source };
        old_members(source, OUTDATED_SOURCE, "", notes);
        source.only(&["title", "path", "email", "version", "web", "url", "name"], false, notes);
        source.text("title", notes);
        source.text("version", notes);
        need_title(source, version, notes);
        if let Some(path) = source.text("path", notes) {
            safe_path(path, &source.at("path"), notes);
        }
        email(source, notes);
    }
}

fn contributor_of(object: Object<'_>, version: Option<SpecVersion>, notes: &mut Notes) {
    // `name` and `web` are from before version 1.
    old_members(object, &[("name", "title"), ("web", "path")], "", notes);
    object.only(&["title", "path", "email", "givenName", "familyName", "organization", "role", "roles", "name", "web"], false, notes);
    for member in ["title", "givenName", "familyName", "organization", "role"] {
        object.text(member, notes);
    }
    if object.filled_list("roles", notes).is_some() {
        object.texts("roles", notes);
    }
    need_title(object, version, notes);
    if let Some(path) = object.text("path", notes) {
        safe_path(path, &object.at("path"), notes);
    }
    email(object, notes);
}

fn email(object: Object<'_>, notes: &mut Notes) {
    if let Some(text) = object.text("email", notes) {
        let fits = text.split_once('@').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty() && !b.contains('@'))
            && !text.contains(char::is_whitespace);
        if !fits {
            notes.push(note("C924", "", &object.at("email")).value(text).arg("what", "an e-mail address"));
        }
    }
}

/// The objects of a list with their places.
fn entries<'a>(object: Object<'a>, member: &str, filled: bool, notes: &mut Notes) -> Vec<(String, &'a serde_json::Map<String, Value>)> {
    let list = if filled { object.filled_list(member, notes) } else { object.list(member, notes) };
    let mut found = Vec::new();
    for (i, value) in list.unwrap_or_default().iter().enumerate() {
        let at = format!("{}/{i}", object.at(member));
        match value {
            Value::Object(map) => found.push((at, map)),
            other => wrong(notes, &at, other, "a group in braces"),
        }
    }
    found
}

fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    !rest.is_empty()
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !text.contains(char::is_whitespace)
}

/// RFC 3339, or a date alone, which many write and every reader takes.
fn is_date_time(text: &str) -> bool {
    let (date, time) = match text.get(10..11) {
        Some("T" | "t" | " ") => (&text[..10], &text[11..]),
        _ => (text, ""),
    };
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    crate::schema::parse::is_iso_date(date)
        && (time.is_empty()
            || (digits >= 6 && time.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'+' | b'-' | b'Z' | b'z'))))
}

/// Whether a path is an address of the web.
pub fn is_web(path: &str) -> bool {
    let lower = path.get(..8).unwrap_or(path).to_ascii_lowercase();
    ["http://", "https://", "ftp://", "ftps://"].iter().any(|scheme| lower.starts_with(scheme))
}

/// Whether a path stays inside the folder of its descriptor, or is a web address; what it does otherwise.
pub fn path_problem(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if is_web(path) {
        return None;
    }
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    match path.as_bytes()[0] {
        b'/' | b'\\' => return Some("starts at the root of the disk"),
        b'~' => return Some("leads to somebody's home folder"),
        _ if drive => return Some("starts with a drive"),
        _ => {}
    }
    if path.split(['/', '\\']).any(|part| part == "..") {
        return Some("leads out of the folder");
    }
    if path.starts_with('.') || path.split('/').rev().skip(1).any(|part| part.starts_with('.')) {
        return Some("names a hidden file or folder");
    }
    if path.contains('\\') {
        return Some("has a backslash");
    }
    if path.contains("://") || path.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:")) {
        return Some("is neither a file nor a web address of http or ftp");
    }
    path.contains('\0').then_some("holds a NUL byte")
}

fn safe_path(path: &str, at: &str, notes: &mut Notes) -> bool {
    match path_problem(path) {
        Some(problem) => {
            notes.push(note("C912", "", at).value(path).arg("problem", problem));
            false
        }
        None => true,
    }
}

/// Reads a Data Resource at a place inside a descriptor.
pub(crate) fn resource(value: &Value, at: &str, outer: Option<SpecVersion>, notes: &mut Notes) -> Option<DataResource> {
    let object = Object::of(value, at, notes)?;
    let version = version_of(object).or(outer);
    let outdated: Vec<&str> = OUTDATED_RESOURCE.iter().chain(OUTDATED_EXTRA).map(|(m, _)| *m).collect();
    old_members(object, OUTDATED_RESOURCE, "", notes);
    old_members(object, OUTDATED_EXTRA, "extra", notes);
    object.only(&[RESOURCE_MEMBERS, outdated.as_slice()].concat(), false, notes);

    for member in ["$schema", "profile", "title", "description"] {
        object.text(member, notes);
    }
    let mut resource = DataResource { encoding: "utf-8".to_owned(), ..DataResource::default() };
    if object.need("name", notes)
        && let Some(name) = object.text("name", notes)
    {
        check_name(&object.at("name"), name, version, notes);
        resource.name = name.to_owned();
    }
    match object.text("type", notes) {
        None | Some("table") => {}
        // Tools add types of their own (`json`, `text`, `package` …); only `table` means anything here.
        Some(other) if version == Some(SpecVersion::V2) => unknown_word(notes, &object.at("type"), other, &["table"]),
        Some(_) => {}
    }
    about(object, version, notes);
    paths(object, &mut resource, notes);
    if let Some(text) = object.filled("encoding", notes) {
        resource.encoding = text.to_owned();
    }
    if let Some(text) = object.text("format", notes) {
        resource.format = text.to_owned();
    }
    if let Some(text) = object.text("mediatype", notes)
        && text.split_once('/').is_none_or(|(a, b)| a.is_empty() || b.is_empty())
    {
        notes.push(note("C924", "", &object.at("mediatype")).value(text).arg("what", "a media type such as text/csv"));
    }
    object.count("bytes", notes);
    if let Some(text) = object.text("hash", notes) {
        let hex = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
        let fits = match text.rsplit_once(':') {
            Some((kind, digits)) => !kind.is_empty() && hex(digits),
            None => text.is_empty() || (text.len() == 32 && hex(text)),
        };
        if !fits {
            notes.push(note("C924", "", &object.at("hash")).value(text).arg("what", "a digest such as sha256: and its digits"));
        }
    }
    let at = object.at("schema");
    match object.get("schema") {
        None => {
            if object.get("profile").and_then(Value::as_str) == Some("tabular-data-resource") {
                notes.push(note("C904", "", object.at).arg("member", "schema"));
            }
        }
        Some(Value::String(path)) => {
            if safe_path(path, &at, notes) {
                resource.schema = SchemaSource::File(path.clone());
            }
        }
        Some(value) => {
            if let Some(schema) = from_value(value, &at, version, notes) {
                resource.schema = SchemaSource::Here(Box::new(schema));
            }
        }
    }
    let at = object.at("dialect");
    if let Some(Value::String(path)) = object.get("dialect") {
        resource.dialect_path = safe_path(path, &at, notes).then(|| path.clone());
    } else if let Some(value) = object.get("dialect") {
        resource.dialect = dialect_of(value, &at, notes);
    }
    Some(resource)
}

fn paths(object: Object<'_>, resource: &mut DataResource, notes: &mut Notes) {
    let at = object.at("path");
    let value = match (object.get("path"), object.get("data")) {
        (None, None) => {
            notes.push(note("C904", "", object.at).arg("member", "path or data"));
            return;
        }
        (None, Some(_)) => {
            resource.inline = true;
            return;
        }
        (Some(path), data) => {
            if data.is_some() {
                notes.push(note("C910", "", object.at).value("path, data"));
            }
            path
        }
    };
    match value {
        Value::String(path) => {
            if safe_path(path, &at, notes) {
                resource.paths.push(path.clone());
            }
        }
        Value::Array(list) => {
            if list.is_empty() {
                notes.push(note("C904", "empty", &at));
            }
            let mut web = 0;
            for (i, value) in list.iter().enumerate() {
                let at = format!("{at}/{i}");
                match value {
                    Value::String(path) => {
                        if safe_path(path, &at, notes) {
                            web += usize::from(is_web(path));
                            resource.paths.push(path.clone());
                        }
                    }
                    other => wrong(notes, &at, other, "a path"),
                }
            }
            if web > 0 && web < resource.paths.len() {
                notes.push(note("C912", "mixed", &at));
            }
        }
        other => wrong(notes, &at, other, "a path or a list of paths"),
    }
}

/// Reads a dialect that is already JSON.
pub(crate) fn dialect_of(value: &Value, at: &str, notes: &mut Notes) -> Option<Dialect> {
    let object = Object::of(value, at, notes)?;
    object.only(DIALECT_MEMBERS, false, notes);
    let mut dialect = Dialect::default();
    settings(object, &mut dialect, notes);
    let inner = object.at("csv");
    if let Some(value) = object.get("csv")
        && let Some(object) = Object::of(value, &inner, notes)
    {
        object.only(DIALECT_MEMBERS, false, notes);
        settings(object, &mut dialect, notes);
    }
    Some(dialect)
}

fn settings(object: Object<'_>, dialect: &mut Dialect, notes: &mut Notes) {
    for member in ["$schema", "lineTerminator", "property", "sheetName", "table"] {
        object.text(member, notes);
    }
    object.word("itemType", &["array", "object"], notes);
    object.texts("itemKeys", notes);
    if object.count("sheetNumber", notes) == Some(0) {
        notes.push(note("C903", "", &object.at("sheetNumber")).arg("found", "zero").arg("expected", "a number from 1"));
    }
    if let Some(text) = object.filled("delimiter", notes) {
        dialect.delimiter = text.to_owned();
    }
    // An empty quoteChar switches quoting off.
    if object.has("quoteChar") {
        dialect.quote_char = character(object, "quoteChar", notes);
    }
    if object.has("escapeChar") {
        dialect.escape_char = character(object, "escapeChar", notes);
    }
    for (member, slot) in [
        ("doubleQuote", &mut dialect.double_quote),
        ("skipInitialSpace", &mut dialect.skip_initial_space),
        ("header", &mut dialect.header),
        ("caseSensitiveHeader", &mut dialect.case_sensitive_header),
    ] {
        if let Some(flag) = object.flag(member, notes) {
            *slot = flag;
        }
    }
    if let Some(rows) = row_numbers(object, "headerRows", notes) {
        if rows.is_empty() {
            notes.push(note("C904", "empty", &object.at("headerRows")));
        } else {
            dialect.header_rows = rows;
        }
    }
    if let Some(rows) = row_numbers(object, "commentRows", notes) {
        dialect.comment_rows = rows;
    }
    if let Some(text) = object.text("headerJoin", notes) {
        dialect.header_join = text.to_owned();
    }
    if let Some(text) = object.text("commentChar", notes).filter(|t| !t.is_empty()) {
        dialect.comment_char = Some(text.to_owned());
    }
    if let Some(text) = object.text("nullSequence", notes) {
        dialect.null_sequence = Some(text.to_owned());
    }
}

fn character(object: Object<'_>, member: &str, notes: &mut Notes) -> Option<char> {
    let text = object.text(member, notes)?;
    let mut chars = text.chars();
    let first = chars.next();
    if chars.next().is_some() {
        notes.push(note("C924", "", &object.at(member)).value(text).arg("what", "one single character"));
        return None;
    }
    first
}

fn row_numbers(object: Object<'_>, member: &str, notes: &mut Notes) -> Option<Vec<u64>> {
    let list = object.list(member, notes)?;
    let mut rows = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        match value.as_u64().filter(|n| *n > 0) {
            Some(row) => rows.push(row),
            None => notes.push(
                note("C903", "", &format!("{}/{i}", object.at(member)))
                    .arg("found", word_for(value))
                    .arg("expected", "a row number from 1"),
            ),
        }
    }
    Some(rows)
}
