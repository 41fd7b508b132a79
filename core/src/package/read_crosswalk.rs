//! Reading crosswalks: `crosswalks/from-<id>.toml` of a package, or a user's own file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::crosswalk::{
    Axis, Case, Condition, Crosswalk, End, Explode, FieldMap, Input, LookupTable, Lost, Negative, NumberStep, Otherwise, OwnSource, Skip,
    Step, TableMap, Test,
};
use super::notes::{Notes, arg_if, listed, near, note};
use super::toml::{self, Item, Keys, Node};
use super::{StandardRef, layout, table};
use crate::bounds::MAX_COLUMNS;
use crate::decimal::Decimal;
use crate::finding::Finding;
use crate::schema::parse::{DATE_CODES, check_pattern, compile, pattern_problem};

/// How deep `when` steps may lie in one another.
const MAX_NESTING: usize = 16;

/// Reads one crosswalk.
///
/// `name` is the file's name for the findings, `to` the reference of the package it leads to. `lookups` holds the lookup tables by the
/// names the crosswalk uses: those of the files beside it. The crosswalk is `None` when the file is not TOML; otherwise what cannot be
/// used is left out and said, so it must not be run when there is an error among the findings.
pub fn parse_crosswalk(bytes: &[u8], name: &str, to: &str, lookups: &BTreeMap<String, Vec<u8>>) -> (Option<Crosswalk>, Vec<Finding>) {
    let mut notes = Notes::new(name);
    let crosswalk = read(bytes, to, lookups, &mut notes);
    (crosswalk, notes.finish())
}

/// What all steps of one file share.
struct Context<'a> {
    lookups: &'a BTreeMap<String, Vec<u8>>,
    /// Tables already read, by file, columns and folding.
    read: HashMap<(String, String, String, bool), Option<Arc<LookupTable>>>,
}

fn read(bytes: &[u8], to: &str, lookups: &BTreeMap<String, Vec<u8>>, notes: &mut Notes) -> Option<Crosswalk> {
    let item = toml::read(bytes, notes)?;
    let keys = Keys::of(&item, String::new(), notes)?;
    let mut context = Context { lookups, read: HashMap::new() };
    let from = keys.need("from", notes).unwrap_or_default();
    if !from.is_empty() && StandardRef::parse(from).is_none() {
        notes.push(keys.note("C921", "form", "from").value(from));
    }
    let mut crosswalk = Crosswalk {
        from: from.to_owned(),
        to: to.to_owned(),
        title: keys.owned("title", notes),
        reference: keys.owned("reference", notes),
        reviewed: date(&keys, "reviewed", notes).unwrap_or_default(),
        source: keys.table("source", notes).map(|source| own_source(&source, notes)),
        lost: Vec::new(),
        tables: Vec::new(),
    };
    for lost in keys.tables("lost", notes) {
        crosswalk.lost.push(Lost {
            table: lost.need("table", notes).unwrap_or_default().to_owned(),
            fields: lost.need_texts("fields", notes).unwrap_or_default(),
            why: lost.need("why", notes).unwrap_or_default().to_owned(),
        });
        lost.finish(notes);
    }
    keys.need_key("table", notes);
    for table in keys.tables("table", notes) {
        crosswalk.tables.push(table_map(&table, &mut context, notes));
    }
    keys.finish(notes);
    Some(crosswalk)
}

/// The source that a crosswalk describes itself; `None` when it describes none or something is wrong about it.
pub(crate) fn source_of(bytes: &[u8]) -> Option<OwnSource> {
    let mut notes = Notes::new("");
    let item = toml::read(bytes, &mut notes)?;
    let keys = Keys::of(&item, String::new(), &mut notes)?;
    let source = keys.table("source", &mut notes).map(|source| own_source(&source, &mut notes));
    source.filter(|_| notes.finish().is_empty())
}

fn own_source(keys: &Keys<'_>, notes: &mut Notes) -> OwnSource {
    let resource = keys.need("resource", notes).unwrap_or_default().to_owned();
    let fields = keys.need_texts("fields", notes).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for name in &fields {
        if !seen.insert(name) {
            notes.push(keys.note("C910", "", "fields").value(name));
        }
    }
    if fields.len() > MAX_COLUMNS {
        let limit = MAX_COLUMNS.to_string();
        notes.push(keys.note("C914", "", "fields").arg("count", fields.len().to_string()).arg("what", "fields").arg("limit", limit));
    }
    let layouts = layout::read(keys, &[resource.as_str()], &BTreeMap::new(), notes);
    keys.finish(notes);
    OwnSource { resource, fields, layouts }
}

/// A date as a TOML date or as a text, `YYYY-MM-DD`.
pub(crate) fn date(keys: &Keys<'_>, key: &'static str, notes: &mut Notes) -> Option<String> {
    let text = match &keys.get(key)?.node {
        Node::Text(text) | Node::Bare(text) => text.clone(),
        _ => String::new(),
    };
    if crate::schema::parse::is_iso_date(&text) {
        return Some(text);
    }
    notes.push(keys.note("C924", "", key).value(&text).arg("what", "a date such as 2026-11-21"));
    None
}

fn table_map(keys: &Keys<'_>, context: &mut Context<'_>, notes: &mut Notes) -> TableMap {
    let from = keys.need("from", notes).unwrap_or_default().to_owned();
    if from.starts_with('@') && from != "@once" {
        notes.push(problem(keys, "from", format!("\"{from}\" is no source; a table is made from a source table or from \"@once\"")));
    }
    let explode = keys.table("explode", notes).map(|explode| {
        let read = Explode {
            field: explode.need("field", notes).unwrap_or_default().to_owned(),
            at: explode.need("at", notes).filter(|at| *at != "blank").map(str::to_owned),
        };
        explode.finish(notes);
        read
    });
    if explode.is_some() && from == "@once" {
        notes.push(problem(keys, "explode", "a table made once has no rows to take apart".to_owned()));
    }
    let mut map = TableMap {
        from,
        to: keys.need("to", notes).unwrap_or_default().to_owned(),
        explode,
        distinct: keys.texts("distinct", notes).unwrap_or_default(),
        sums: Vec::new(),
        skip: Vec::new(),
        fields: Vec::new(),
    };
    for sum in keys.tables("sums", notes) {
        let (from, to) = (sum.need("from", notes), sum.need("to", notes));
        if let (Some(from), Some(to)) = (from, to) {
            map.sums.push((from.to_owned(), to.to_owned()));
        }
        sum.finish(notes);
    }
    for skip in keys.tables("skip", notes) {
        let why = skip.need("why", notes).unwrap_or_default().to_owned();
        let when = skip.need_key("when", notes).and_then(|_| skip.table("when", notes));
        if let Some(when) = when
            && let Some(when) = condition(&when, notes)
        {
            map.skip.push(Skip { when, why });
        }
        skip.finish(notes);
    }
    keys.need_key("field", notes);
    let mut written = BTreeSet::new();
    for here in keys.tables("field", notes) {
        let field = field_map(&here, &map, context, notes);
        if !field.to.is_empty() && !written.insert(field.to.clone()) {
            notes.push(here.note("C910", "", "to").value(&field.to));
        }
        map.fields.push(field);
        if map.fields.len() > 10_000 {
            notes.push(keys.note("C914", "", "field").arg("count", "more").arg("what", "fields").arg("limit", "10000"));
            break;
        }
    }
    keys.finish(notes);
    map
}

fn problem(keys: &Keys<'_>, key: &str, sentence: String) -> Finding {
    keys.note("C922", "", key).arg("problem", sentence)
}

fn field_map(keys: &Keys<'_>, table: &TableMap, context: &mut Context<'_>, notes: &mut Notes) -> FieldMap {
    let to = keys.need("to", notes).unwrap_or_default().to_owned();
    let from = match keys.get("from").map(|item| &item.node) {
        None => Input::Nothing,
        Some(Node::List(_)) => Input::Fields(keys.need_texts("from", notes).unwrap_or_default()),
        Some(_) => match keys.need("from", notes) {
            None => Input::Nothing,
            Some("@piece") => Input::Piece,
            Some(text) => match text.strip_prefix("@given:") {
                Some(name) if !name.is_empty() => Input::Given(name.to_owned()),
                _ => Input::Field(text.to_owned()),
            },
        },
    };
    if from == Input::Piece && table.explode.is_none() {
        notes.push(problem(keys, "from", "\"@piece\" needs \"explode\" on the table".to_owned()));
    }
    if let Input::Field(name) = &from
        && name.starts_with('@')
    {
        notes.push(problem(keys, "from", format!("\"{name}\" is no source; write a field, \"@piece\" or \"@given:name\"")));
    }
    if table.from == "@once" && matches!(from, Input::Field(_) | Input::Fields(_)) {
        notes.push(problem(keys, "from", "a table made once has no source fields; use a constant or \"@given:name\"".to_owned()));
    }
    let steps = steps(keys, "steps", context, 0, notes);
    // Several fields must become one text before anything else can be done with it.
    let joins = |step: &Step| matches!(step, Step::Concat(_) | Step::First | Step::Project { .. } | Step::Constant(_));
    match &from {
        Input::Fields(names) => {
            if !steps.first().is_some_and(|s| joins(s) || matches!(s, Step::When { .. })) {
                notes.push(problem(keys, "from", "several fields need concat, first or project as the first step".to_owned()));
            }
            if steps.iter().any(|s| matches!(s, Step::Project { .. })) && names.len() != 2 {
                notes.push(problem(keys, "from", "project needs two fields: from = [\"X\", \"Y\"]".to_owned()));
            }
        }
        other => {
            if steps.iter().any(|s| matches!(s, Step::Project { .. } | Step::First)) {
                notes.push(problem(keys, "steps", "first and project need a list of fields in \"from\"".to_owned()));
            }
            if *other == Input::Nothing && steps.is_empty() {
                notes.push(problem(keys, "", "the field has neither \"from\" nor a constant".to_owned()));
            }
        }
    }
    let otherwise = match keys.word("otherwise", &["empty", "keep", "reject"], notes) {
        Some(1) => Otherwise::Keep,
        Some(2) => Otherwise::Reject,
        _ => Otherwise::Empty,
    };
    keys.finish(notes);
    FieldMap { to, from, steps, otherwise }
}

fn condition(keys: &Keys<'_>, notes: &mut Notes) -> Option<Condition> {
    let condition = condition_inside(keys, notes);
    keys.finish(notes);
    condition
}

/// The keys of a condition in a table that may hold others too.
fn condition_inside(keys: &Keys<'_>, notes: &mut Notes) -> Option<Condition> {
    let field = keys.need("field", notes).map(str::to_owned);
    let tests: Vec<&str> = ["is", "not", "empty", "matches", "unlike"].into_iter().filter(|k| keys.has(k)).collect();
    let test = match tests.as_slice() {
        ["is"] => Test::Is(keys.need_texts("is", notes)?),
        ["not"] => Test::Not(keys.need_texts("not", notes)?),
        ["empty"] => Test::Empty(keys.flag("empty", notes)?),
        [key @ ("matches" | "unlike")] => {
            let pattern = keys.need(key, notes)?;
            match compile(pattern) {
                Ok(regex) if *key == "unlike" => Test::Unlike(regex),
                Ok(regex) => Test::Matches(regex),
                Err(e) => {
                    notes.push(keys.note("C909", "", key).value(pattern).arg("problem", pattern_problem(&e)));
                    return None;
                }
            }
        }
        _ => {
            notes.push(problem(keys, "", "a condition has exactly one of is, not, empty, matches, unlike".to_owned()));
            return None;
        }
    };
    Some(Condition { field: field?, test })
}

const STEPS: &[&str] = &[
    "trim", "squeeze", "case", "replace", "strip", "split", "cut", "pad", "number", "date", "lookup", "codes", "unit", "project", "concat",
    "first", "constant", "default", "given", "when", "uuid", "zone", "epoch", "wrap",
];

fn steps(keys: &Keys<'_>, key: &'static str, context: &mut Context<'_>, depth: usize, notes: &mut Notes) -> Vec<Step> {
    if depth > MAX_NESTING {
        notes.push(problem(keys, key, format!("conditions lie more than {MAX_NESTING} deep in one another")));
        return Vec::new();
    }
    keys.tables(key, notes).iter().filter_map(|step| one_step(step, context, depth, notes)).collect()
}

fn one_step(keys: &Keys<'_>, context: &mut Context<'_>, depth: usize, notes: &mut Notes) -> Option<Step> {
    let named: Vec<&str> = keys.keys().filter(|k| STEPS.contains(k)).collect();
    match named.as_slice() {
        [name] => {
            let read = step(name, keys, context, depth, notes);
            keys.finish(notes);
            read
        }
        [] => {
            match keys.keys().next() {
                Some(name) => {
                    let finding = keys.note("C906", "", name).value(name).arg("allowed", listed(STEPS.iter().copied()));
                    notes.push(arg_if(finding, "near", near(name, STEPS.iter().copied())));
                }
                None => notes.push(problem(keys, "", "the step is empty".to_owned())),
            }
            None
        }
        several => {
            notes.push(keys.note("C922", "several", "").value(&listed(several.iter().copied())));
            None
        }
    }
}

fn step(name: &str, keys: &Keys<'_>, context: &mut Context<'_>, depth: usize, notes: &mut Notes) -> Option<Step> {
    Some(match name {
        "trim" => Step::Trim(match keys.word("trim", &["both", "start", "end"], notes)? {
            0 => End::Both,
            1 => End::Start,
            _ => End::End,
        }),
        "squeeze" => switch(keys, "squeeze", Step::Squeeze, notes)?,
        "first" => switch(keys, "first", Step::First, notes)?,
        "case" => Step::Case(match keys.word("case", &["upper", "lower", "title", "sentence"], notes)? {
            0 => Case::Upper,
            1 => Case::Lower,
            2 => Case::Title,
            _ => Case::Sentence,
        }),
        "replace" => Step::Replace(pairs(keys, "replace", notes)?),
        "strip" => Step::Strip(keys.need("strip", notes)?.to_owned()),
        "split" => {
            let part = keys.table("split", notes)?;
            let at = part.need("at", notes).map(str::to_owned);
            part.need_key("take", notes);
            let take = part.whole("take", -1000..=1000, notes);
            if take == Some(0) {
                notes.push(problem(&part, "take", "pieces are counted from 1, or from the end with -1".to_owned()));
            }
            part.finish(notes);
            Step::Split { at: at?, take: i32::try_from(take?).ok().filter(|n| *n != 0)? }
        }
        "cut" => {
            let part = keys.table("cut", notes)?;
            part.need_key("from", notes);
            part.need_key("to", notes);
            let (from, to) = (part.whole("from", 1..=1_000_000, notes), part.whole("to", 1..=1_000_000, notes));
            if let (Some(from), Some(to)) = (from, to)
                && from > to
            {
                notes.push(problem(&part, "from", "the first character lies after the last".to_owned()));
            }
            part.finish(notes);
            Step::Cut { from: u32::try_from(from?).ok()?, to: u32::try_from(to?).ok()? }
        }
        "pad" => {
            let part = keys.table("pad", notes)?;
            part.need_key("to", notes);
            let to = part.small("to", notes);
            part.need_key("with", notes);
            let with = one_char(&part, "with", notes);
            part.finish(notes);
            Step::Pad { to: to?, with: with? }
        }
        "number" => number(&keys.table("number", notes)?, notes)?,
        "date" => {
            let part = keys.table("date", notes)?;
            let from = part.need_texts("from", notes);
            let to = part.need("to", notes).map(str::to_owned);
            part.finish(notes);
            let (from, to) = (from?, to?);
            for (key, pattern) in from.iter().map(|p| ("from", p)).chain([("to", &to)]) {
                let wrong = match check_pattern(pattern) {
                    Ok(None) => continue,
                    Ok(Some(code)) => format!("the code {code} is not one of {}", codes_of(DATE_CODES)),
                    Err(sentence) => sentence,
                };
                notes.push(part.note("C906", "date-format", key).value(pattern).arg("problem", wrong));
            }
            Step::Date { from, to }
        }
        "lookup" => {
            let part = keys.table("lookup", notes)?;
            let file = part.need("table", notes);
            let key = part.need("key", notes);
            let value = part.need("value", notes);
            let fold = part.flag("fold", notes).unwrap_or(false);
            part.finish(notes);
            Step::Lookup { table: lookup(&part, file?, key?, value?, fold, context, notes)?, fold }
        }
        "codes" => Step::Codes { list: keys.need("codes", notes)?.to_owned(), fold: keys.flag("fold", notes).unwrap_or(false) },
        "unit" => {
            let part = keys.table("unit", notes)?;
            let (from, to) = (part.need("from", notes), part.need("to", notes));
            part.need_key("places", notes);
            let places = part.small("places", notes);
            part.finish(notes);
            Step::Unit { from: from?.to_owned(), to: to?.to_owned(), places: places? }
        }
        "project" => {
            let part = keys.table("project", notes)?;
            let (from, to) = (part.need("from", notes), part.need("to", notes));
            for (key, system) in [("from", from), ("to", to)] {
                let known =
                    system.is_none_or(|s| s.strip_prefix("EPSG:").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())));
                if !known {
                    notes.push(part.note("C924", "", key).value(system.unwrap_or_default()).arg("what", "a system such as EPSG:4326"));
                }
            }
            part.need_key("take", notes);
            let take = part.word("take", &["x", "y", "xy"], notes).map(|i| [Axis::X, Axis::Y, Axis::Xy][i]);
            part.need_key("places", notes);
            let places = part.small("places", notes);
            part.finish(notes);
            Step::Project { from: from?.to_owned(), to: to?.to_owned(), take: take?, places: places? }
        }
        "concat" => Step::Concat(keys.text("concat", notes)?.to_owned()),
        "constant" => Step::Constant(keys.text("constant", notes)?.to_owned()),
        "default" => Step::Default(keys.text("default", notes)?.to_owned()),
        "given" => Step::Given(keys.need("given", notes)?.to_owned()),
        "when" => {
            let part = keys.table("when", notes)?;
            let when = condition_inside(&part, notes);
            if !part.has("then") && !part.has("else") {
                notes.push(part.note("C904", "", "").arg("member", "then"));
            }
            let then = steps(&part, "then", context, depth + 1, notes);
            let otherwise = steps(&part, "else", context, depth + 1, notes);
            part.finish(notes);
            Step::When { when: when?, then, otherwise }
        }
        "wrap" => {
            let texts = keys.need_texts("wrap", notes)?;
            let [before, behind] = texts.as_slice() else {
                notes.push(problem(keys, "wrap", "wrap takes two texts, the one before and the one behind".to_owned()));
                return None;
            };
            Step::Wrap(before.clone(), behind.clone())
        }
        "epoch" => Step::Epoch(keys.word("epoch", &["second", "millisecond"], notes)? == 1),
        "zone" => Step::Zone(keys.need("zone", notes)?.to_owned()),
        _ => Step::Uuid(keys.need("uuid", notes)?.to_owned()),
    })
}

/// `%Y %y …`
fn codes_of(letters: &str) -> String {
    letters.chars().filter(|c| *c != '%').map(|c| format!("%{c}")).collect::<Vec<_>>().join(" ")
}

/// A step that is only switched on.
fn switch(keys: &Keys<'_>, key: &'static str, step: Step, notes: &mut Notes) -> Option<Step> {
    if keys.flag(key, notes)? {
        return Some(step);
    }
    notes.push(problem(keys, key, format!("{key} = false does nothing; leave the step out")));
    None
}

fn one_char(keys: &Keys<'_>, key: &'static str, notes: &mut Notes) -> Option<char> {
    let text = keys.text(key, notes)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Some(c),
        _ => {
            notes.push(keys.note("C924", "", key).value(text).arg("what", "one single character"));
            None
        }
    }
}

fn pairs(keys: &Keys<'_>, key: &'static str, notes: &mut Notes) -> Option<Vec<(String, String)>> {
    let item = keys.get(key)?;
    let pair = |item: &Item| match &item.node {
        Node::List(two) => match two.as_slice() {
            [Item { node: Node::Text(from), .. }, Item { node: Node::Text(to), .. }] if !from.is_empty() => {
                Some((from.clone(), to.clone()))
            }
            _ => None,
        },
        _ => None,
    };
    let read = match &item.node {
        Node::List(list) if !list.is_empty() => list.iter().map(pair).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    if read.is_none() {
        notes.push(problem(keys, key, "replace takes pairs of texts, such as [[\"@\", \" \"]]".to_owned()));
    }
    read
}

fn number(keys: &Keys<'_>, notes: &mut Notes) -> Option<Step> {
    let step = NumberStep {
        decimal: one_char(keys, "decimal", notes),
        group: one_char(keys, "group", notes),
        symbols: keys.texts("symbols", notes).unwrap_or_default(),
        negative: match keys.word("negative", &["sign", "parentheses", "trailing"], notes) {
            Some(1) => Negative::Parentheses,
            Some(2) => Negative::Trailing,
            _ => Negative::Sign,
        },
        whole: keys.flag("whole", notes).unwrap_or(false),
        places: keys.small("places", notes),
        scale: keys.number("scale", notes),
    };
    if step.group.is_some() && step.group == Some(step.decimal.unwrap_or('.')) {
        notes.push(problem(keys, "group", "one sign cannot both divide groups and stand before the fraction".to_owned()));
    }
    // A scale that is no power of ten would not be exact in both directions.
    let is_power = |text: &str| {
        Decimal::parse(text).is_some_and(|d| !d.is_negative()) && text.bytes().filter(|b| !matches!(b, b'0' | b'.')).eq([b'1'])
    };
    if step.scale.as_deref().is_some_and(|s| !is_power(s)) {
        notes.push(problem(keys, "scale", "scale must be a power of ten, such as 100 or 0.01".to_owned()));
        return None;
    }
    keys.finish(notes);
    Some(Step::Number(step))
}

fn lookup(
    keys: &Keys<'_>,
    file: &str,
    key: &str,
    value: &str,
    fold: bool,
    context: &mut Context<'_>,
    notes: &mut Notes,
) -> Option<Arc<LookupTable>> {
    let id = (file.to_owned(), key.to_owned(), value.to_owned(), fold);
    if let Some(known) = context.read.get(&id) {
        return known.clone();
    }
    let table = match context.lookups.get(file) {
        Some(bytes) => lookup_table(keys, file, bytes, key, value, fold, notes).map(Arc::new),
        None => {
            let finding = keys.note("C915", "", "table").value(file);
            notes.push(arg_if(finding, "near", near(file, context.lookups.keys().map(String::as_str))));
            None
        }
    };
    context.read.insert(id, table.clone());
    table
}

/// How a key is compared when case and surrounding blanks do not matter.
pub fn fold_key(text: &str) -> String {
    text.trim().to_lowercase()
}

fn lookup_table(keys: &Keys<'_>, file: &str, bytes: &[u8], key: &str, value: &str, fold: bool, notes: &mut Notes) -> Option<LookupTable> {
    let read = match table::read(bytes) {
        Ok(read) => read,
        Err(sentence) => {
            notes.push(keys.note("C901", "csv", "table").arg("problem", format!("{file}: {sentence}")));
            return None;
        }
    };
    let mut columns = [0; 2];
    for (slot, name) in columns.iter_mut().zip([key, value]) {
        match read.header.iter().position(|h| h == name) {
            Some(index) => *slot = index,
            None => {
                let finding = keys.note("C915", "column", "table").value(file).arg("member", name);
                notes.push(arg_if(finding, "near", near(name, read.header.iter().map(String::as_str))));
                return None;
            }
        }
    }
    let mut map: HashMap<String, String> = HashMap::with_capacity(read.rows.len());
    for (row, cells) in &read.rows {
        let (cell, value) = (&cells[columns[0]], &cells[columns[1]]);
        let key = if fold { fold_key(cell) } else { cell.clone() };
        let value = if value == "<Null>" { "" } else { value.as_str() };
        match map.get(&key) {
            Some(first) => {
                let kind = if first == value { "same" } else { "" };
                notes.push(note("C910", kind, &format!("{file}, row {row}")).value(cell));
            }
            None => {
                map.insert(key, value.to_owned());
            }
        }
    }
    Some(LookupTable { name: file.to_owned(), map })
}
