//! Binding: one file's header against a table's fields.

use std::sync::Arc;

use super::evidence::Evidence;
use super::filled::FirstLook;
use super::keys::KeyTable;
use super::names::{HeaderMatch, HeaderNames, Named};
use super::near;
use super::plan::TablePlan;
use crate::decode::careful::{self, Read};
use crate::decode::head::HeaderCell;
use crate::decode::{Dialect, Encoding, Head, content};
use crate::finding::{Finding, Place, Severity};
use crate::read::recode::Charset;
use crate::read::typed::Typed;
use crate::schema::{DateFormat, FieldType, FieldsMatch, Presence};

/// One file's columns as fields of a table.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The table.
    pub plan: Arc<TablePlan>,
    /// How cells are separated.
    pub dialect: Dialect,
    /// How text is stored.
    pub encoding: Encoding,
    /// How the file stores its text, when it was turned into UTF-8 before; places count bytes as they are stored.
    pub charset: Charset,
    /// By file column: the field it is.
    pub columns: Vec<Option<usize>>,
    /// By field: the file column.
    pub fields: Vec<Option<u32>>,
    /// By file column: the header as it stands.
    pub headers: Vec<Arc<str>>,
    /// By field: what the column's values say about how they are written.
    pub evidence: Vec<Evidence>,
    /// By row rule of the plan: whether it can run on this file.
    pub rules: Vec<bool>,
    /// What of them is known from which cells are filled.
    pub(crate) look: FirstLook,
    /// By reference of the plan: the values it points to, when that table was read whole before this file.
    pub known: Vec<Option<Arc<KeyTable>>>,
    /// Findings stored per block at most.
    pub cap: usize,
}

/// Records of a file's start, for evidence.
pub struct Sample<'a> {
    /// The file's first bytes.
    pub bytes: &'a [u8],
    /// Whether they are the whole file.
    pub whole: bool,
}

impl Sample<'_> {
    /// Up to `most` records behind the header, as texts.
    pub fn records(&self, head: &Head, most: usize) -> Vec<Vec<String>> {
        let (mut out, mut at, mut cells) = (Vec::new(), head.data_start, Vec::new());
        while at < self.bytes.len() && out.len() < most {
            let Read::Record { next } = careful::read(self.bytes, at, self.whole, &head.dialect, &mut cells) else { break };
            at = next;
            if cells.len() != head.columns {
                continue;
            }
            let text = |c: &crate::decode::Cell| {
                let raw = content(&self.bytes[c.start..c.end], c.fault, &head.dialect);
                head.encoding.text(&raw).0.into_owned()
            };
            out.push(cells.iter().map(text).collect());
        }
        out
    }
}

/// Most records that evidence is gathered from.
pub const EVIDENCE_RECORDS: usize = 1000;

/// Binds a file to a table, with what is wrong about its header. Places have no file yet.
pub fn bind(plan: &Arc<TablePlan>, head: &Head, sample: &Sample<'_>, cap: usize) -> (Binding, Vec<Finding>) {
    let names = head.names();
    let prepared = HeaderNames::of(&names);
    let found = HeaderMatch::of(plan, &prepared);
    let columns = found.columns(names.len());
    let mut findings = header_findings(plan, head, &prepared, &found, &columns);
    let records = sample.records(head, EVIDENCE_RECORDS);
    let evidence = plan
        .schema
        .fields
        .iter()
        .enumerate()
        .map(|(f, field)| match found.fields[f] {
            Some(c) if plan.cells[f].is_dated() => {
                let dates = FieldType::Date(DateFormat::Default);
                Evidence::gather(&dates, records.iter().filter_map(|r| r.get(c)).map(String::as_str))
            }
            Some(c) if !matches!(field.kind, FieldType::String(_) | FieldType::Any) => {
                Evidence::gather(&field.kind, records.iter().filter_map(|r| r.get(c)).map(String::as_str))
            }
            _ => Evidence::default(),
        })
        .collect();
    let has = |f: usize| found.fields[f].is_some();
    let rules: Vec<bool> = plan.rows.iter().map(|rule| rule.can_run(&has)).collect();
    for (rule, runs) in plan.rows.iter().zip(&rules) {
        if !runs && rule.needs_a_column() {
            let fields: Vec<&str> = rule.fields.iter().map(|&f| plan.schema.fields[f].name.as_str()).collect();
            let place = Place { field: Some(fields[0].into()), ..header_place(head, None) };
            let mut finding = Finding::new("C206", "", place).severity(rule.severity).arg("fields", fields.join(", "));
            finding.code = rule.code.clone();
            findings.push(finding);
        }
    }
    let binding = Binding {
        plan: plan.clone(),
        dialect: head.dialect.clone(),
        encoding: head.encoding,
        charset: head.charset,
        columns: columns.iter().map(|c| c.map(|(f, _)| f)).collect(),
        fields: found.fields.iter().map(|c| c.map(|c| c as u32)).collect(),
        headers: names.iter().map(|n| Arc::from(*n)).collect(),
        evidence,
        look: FirstLook::new(&plan.rows, |i| rules[i]),
        rules,
        known: Vec::new(),
        cap,
    };
    (binding, findings)
}

fn header_place(head: &Head, column: Option<usize>) -> Place {
    match column {
        None => Place::default(),
        Some(c) => Place {
            row: head.header_row,
            line: head.header_line,
            byte_column: head.header[c].byte_column,
            column: Some(c as u32),
            field: Some(head.header[c].text.as_str().into()),
            ..Place::default()
        },
    }
}

fn header_findings(
    plan: &TablePlan,
    head: &Head,
    names: &HeaderNames<'_>,
    found: &HeaderMatch,
    columns: &[Option<(usize, Named)>],
) -> Vec<Finding> {
    let schema = &plan.schema;
    let wrongly = found.wrongly_repeated(names);
    let mut out = header_shape(head, &wrongly);
    let free: Vec<(&str, Vec<char>)> = (0..schema.fields.len())
        .filter(|&f| found.fields[f].is_none())
        .map(|f| (schema.fields[f].name.as_str(), near::letters(&schema.fields[f].name)))
        .collect();
    let rule = schema.fields_match;
    let strict = matches!(rule, FieldsMatch::Exact | FieldsMatch::Equal | FieldsMatch::Superset);
    let all_needed = matches!(rule, FieldsMatch::Exact | FieldsMatch::Equal | FieldsMatch::Subset);
    for (c, matched) in columns.iter().enumerate() {
        let cell = &head.header[c];
        let place = header_place(head, Some(c));
        match matched {
            Some((_, Named::Exactly)) => {}
            Some((f, how)) => {
                let kind = if *how == Named::Alias { "alias" } else { "" };
                let name = &schema.fields[*f].name;
                let finding = Finding::new("C213", kind, place).value(&cell.text).arg("near", name.as_str());
                out.push(if *how == Named::Alike { finding.fix(name.as_str(), true, "header") } else { finding });
            }
            None => {
                let repeated = wrongly.binary_search_by_key(&c, |r| r.0).is_ok();
                if repeated || cell.text.trim().is_empty() || rule == FieldsMatch::Subset {
                    continue;
                }
                let mut finding = Finding::new("C207", if strict { "strict" } else { "" }, place)
                    .value(&cell.text)
                    .arg("standard", plan.standard.as_str());
                if let [name] = near::nearest(&cell.text, free.iter().map(|(name, letters)| (*name, &letters[..])))[..] {
                    finding = finding.arg("near", name).fix(name, false, "near-header");
                }
                out.push(finding);
            }
        }
    }
    let mut absent = false;
    for (f, field) in schema.fields.iter().enumerate() {
        if found.fields[f].is_some() {
            continue;
        }
        let must = all_needed || schema.is_required(f) || field.extras.column;
        let kind = match (must, field.extras.presence) {
            (true, _) => "",
            (false, Presence::Recommended) => "recommended",
            _ => continue,
        };
        absent |= must;
        let mut finding = Finding::new("C206", kind, Place { field: Some(field.name.as_str().into()), ..Place::default() })
            .arg("name", field.name.as_str());
        if !field.title.is_empty() && field.title != field.name {
            finding = finding.arg("title", field.title.as_str());
        }
        out.push(finding);
    }
    if rule == FieldsMatch::Exact && !absent {
        // Missing and unknown columns are told already; what is left is order.
        if let Some((at, &(c, f, _))) = found.found().iter().enumerate().find(|(at, (_, f, _))| at != f) {
            let finding = Finding::new("C212", "", header_place(head, Some(c))).value(&head.header[c].text);
            out.push(finding.arg("at", (at + 1).to_string()).arg("want", (f + 1).to_string()));
        }
    }
    if rule == FieldsMatch::Partial && found.known() == 0 {
        let finding = Finding::new("C215", "none", Place::default()).arg("standard", plan.standard.as_str());
        out.push(finding);
    }
    out
}

/// What is wrong about a header whatever it means: columns without names, names used twice (the later column and the
/// earlier one, in order of the later), odd quoting.
pub fn header_shape(head: &Head, repeated: &[(usize, usize)]) -> Vec<Finding> {
    let mut out = Vec::new();
    for (row, line) in &head.blank_above {
        out.push(Finding::new("C203", "", Place { row: *row, line: *line, byte_column: 1, ..Place::default() }));
    }
    for (c, cell) in head.header.iter().enumerate() {
        let place = header_place(head, Some(c));
        if cell.fault.is_some() {
            out.push(Finding::new("C204", "", place).value(&cell.text));
        } else if cell.text.trim().is_empty() {
            out.push(Finding::new("C208", "", Place { field: None, ..place }));
        } else if let Ok(at) = repeated.binary_search_by_key(&c, |r| r.0) {
            let earlier = crate::render::words::column_letter(repeated[at].1 as u32);
            out.push(Finding::new("C209", "", place).value(&cell.text).arg("other", earlier));
        }
    }
    out
}

/// Whether the first row looks like a record: every column's first cell is of the kind of the cells below it, and some of them are numbers
/// or dates (years do not count, since they name columns).
pub fn looks_like_data(header: &[HeaderCell], records: &[Vec<String>]) -> bool {
    let kind = |text: &str| {
        let text = text.trim();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let number =
            digits > 0 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'/' | b':' | b'$' | b'%' | b' '));
        let year = text.len() == 4 && digits == 4 && matches!(&text[..2], "18" | "19" | "20" | "21");
        (number && !year, text.is_empty())
    };
    let typed = header.iter().filter(|c| kind(&c.text).0).count();
    if typed == 0 || records.is_empty() {
        return false;
    }
    header.iter().enumerate().all(|(c, cell)| {
        let is = kind(&cell.text);
        records.iter().filter_map(|r| r.get(c)).all(|text| kind(text).1 || kind(text).0 == is.0)
    })
}

impl Binding {
    /// How cells that have a type in the file are written in the forms of their fields.
    pub fn typed(&self) -> Typed {
        let fields = self.columns.iter().enumerate();
        Typed::of(fields.filter_map(|(c, f)| Some((c, &self.plan.schema.fields[(*f)?].kind))))
    }

    /// The severity of an empty table: an error unless the standard lets the table be left out.
    pub fn empty_severity(&self) -> Severity {
        let optional = !self.plan.name.is_empty() && self.plan.presence == Presence::Optional && !self.plan.standard.starts_with("the ");
        if optional { Severity::Info } else { Severity::Error }
    }
}
