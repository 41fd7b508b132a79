//! Schemas as nodes that run on bytes. What is not sure to mean the same as in the reference is marked, and left to it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::documents::{Documents, Draft, Spot, step};
use super::format::Format;
use super::pattern::{Pattern, shape};
use super::quick::{Token, Words};
use super::tape::Kind;
use crate::check::shape::Shape;

/// Sets of kinds of values, as bits.
pub(super) mod kinds {
    pub(in super::super) const NULL: u8 = 1;
    pub(in super::super) const BOOLEAN: u8 = 2;
    pub(in super::super) const OBJECT: u8 = 4;
    pub(in super::super) const LIST: u8 = 8;
    /// Numbers that are not written as whole ones.
    pub(in super::super) const POINT: u8 = 16;
    pub(in super::super) const INTEGER: u8 = 32;
    pub(in super::super) const TEXT: u8 = 64;
    pub(in super::super) const ALL: u8 = 127;
    pub(in super::super) const NUMBER: u8 = POINT | INTEGER;
}

/// The bit of a part's kind.
#[inline]
pub(super) fn bit(kind: Kind) -> u8 {
    match kind {
        Kind::Null => kinds::NULL,
        Kind::True | Kind::False => kinds::BOOLEAN,
        Kind::Integer => kinds::INTEGER,
        Kind::Number => kinds::POINT,
        Kind::Text | Kind::Name => kinds::TEXT,
        Kind::List => kinds::LIST,
        Kind::Object => kinds::OBJECT,
    }
}

/// Index of a node in a program.
pub(super) type At = u32;

/// One schema.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The schema `false`.
    pub(super) never: bool,
    /// Kinds of values that are allowed.
    pub(super) types: u8,
    /// Kinds of values for which something is left to the reference.
    pub(super) unsure: u8,
    pub(super) values: Option<Box<Values>>,
    pub(super) object: Option<Box<ObjectPart>>,
    pub(super) list: Option<Box<ListPart>>,
    pub(super) text: Option<Box<TextPart>>,
    pub(super) number: Option<Box<NumberPart>>,
    /// Schemas for the same value.
    pub(super) also: Vec<Also>,
    /// Kinds of values that are allowed and of which nothing is left to the reference.
    pub(super) plain: u8,
    pub(super) way: Way,
}

/// How a value is read and checked in one walk.
#[derive(Debug, Default, Clone, Copy)]
pub(super) enum Way {
    /// By what the node says itself.
    #[default]
    Own,
    /// The node says only that another does.
    Same(At),
    /// By what the node says itself and then by others that must hold too.
    Each,
    /// It takes the tape: what must not hold, or hold only once, is not told by reading on.
    Tape,
}

/// Schemas for the same value.
#[derive(Debug)]
pub(super) enum Also {
    All(At),
    Any(Vec<At>),
    One(Vec<At>),
    Not(At),
    If(At, Option<At>, Option<At>),
}

/// `enum` and `const`.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) texts: Vec<Box<[u8]>>,
    /// The same, where they are short.
    pub(super) words: Option<Words>,
    pub(super) integers: Vec<i64>,
    pub(super) null: bool,
    pub(super) yes: bool,
    pub(super) no: bool,
    /// There are numbers with points, lists or objects among them.
    pub(super) other: u8,
}

#[derive(Debug, Default)]
pub(super) struct ObjectPart {
    pub(super) members: Vec<Member>,
    /// Indexes of `members` by name.
    pub(super) by_name: HashMap<Box<[u8]>, u16>,
    /// Members that must be there, as bits.
    pub(super) required: u128,
    pub(super) patterns: Vec<(Pattern, At)>,
    /// There are patterns that only the reference knows, so a name that is none of the others may be one of theirs.
    pub(super) unsure_names: bool,
    pub(super) additional: Rest,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    /// Where the member is there, these must be there too.
    pub(super) needs: Vec<(u16, u128)>,
    /// Where the member is there, the object must meet this.
    pub(super) then: Vec<(u16, At)>,
    /// Number of the part's slot in the scratch space, for guessing the next name.
    pub(super) slot: u32,
    /// Number of the part's first row among those that remember which member came behind which.
    pub(super) row: u32,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Box<[u8]>,
    /// `None` where any value does.
    pub(super) node: Option<At>,
    /// Under `properties`, so that it is no additional one.
    pub(super) declared: bool,
    /// Its name as it stands in a record.
    pub(super) token: Option<Token>,
}

impl Member {
    fn new(name: &str, node: Option<At>, declared: bool) -> Member {
        Member { name: name.as_bytes().into(), node, declared, token: Token::of_name(name.as_bytes()) }
    }
}

/// What stands beside the members or entries that are named.
#[derive(Debug, Default, Clone, Copy)]
pub(super) enum Rest {
    #[default]
    Any,
    None,
    Each(At),
}

#[derive(Debug, Default)]
pub(super) struct ListPart {
    pub(super) first: Vec<At>,
    pub(super) rest: Rest,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) unique: bool,
    pub(super) contains: Option<(At, u64, Option<u64>)>,
}

#[derive(Debug, Default)]
pub(super) struct TextPart {
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) pattern: Option<Pattern>,
    /// The same, where it is only characters in a row.
    pub(super) shape: Option<Shape>,
    pub(super) format: Option<Format>,
}

#[derive(Debug, Default)]
pub(super) struct NumberPart {
    /// The bound, and whether it is out of bounds itself.
    pub(super) least: Option<(Plain, bool)>,
    pub(super) most: Option<(Plain, bool)>,
    pub(super) multiple: Option<i64>,
}

/// A decimal of at most fifteen digits: so many units of ten to the power of minus `scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) units: i64,
    pub(super) scale: u8,
}

impl Plain {
    /// Reads a number without exponent; `None` when it has more than fifteen digits.
    #[inline]
    pub(super) fn read(text: &[u8]) -> Option<Plain> {
        let (minus, digits) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, text),
        };
        if digits.len() > 16 {
            return None;
        }
        let (mut units, mut scale, mut point, mut count) = (0i64, 0u8, false, 0);
        for &b in digits {
            match b {
                b'0'..=b'9' => {
                    units = units * 10 + i64::from(b - b'0');
                    scale += u8::from(point);
                    count += 1;
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        (count > 0 && count <= 15).then_some(Plain { units: if minus { -units } else { units }, scale })
    }
}

/// Powers of ten, as far as a [`Plain`] may be scaled.
pub(super) const TENS: [i64; 16] = {
    let mut tens = [1; 16];
    let mut i = 1;
    while i < 16 {
        tens[i] = tens[i - 1] * 10;
        i += 1;
    }
    tens
};

impl PartialOrd for Plain {
    #[inline]
    fn partial_cmp(&self, other: &Plain) -> Option<std::cmp::Ordering> {
        if self.scale == other.scale {
            return Some(self.units.cmp(&other.units));
        }
        let wide = |n: i64, scale: u8| i128::from(n) * i128::from(TENS[usize::from(scale)]);
        Some(wide(self.units, other.scale).cmp(&wide(other.units, self.scale)))
    }
}

/// Schemas, compiled.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) nodes: Vec<Node>,
    /// How many object parts there are.
    pub(super) slots: u32,
    /// How many members they have, each with its start.
    pub(super) rows: u32,
    /// The longest way through schemas for the same value would never end: the schema is of no use.
    pub(super) endless: Option<String>,
    /// References that lead nowhere, with the place where they stand.
    pub(super) missing: Vec<(String, String)>,
    /// What is left to the reference, each keyword once, in order of their names.
    pub(super) left: std::collections::BTreeSet<String>,
}

/// Most nodes of a program; a larger schema is left to the reference.
const MOST_NODES: usize = 200_000;

/// Most members of one object that are told apart by bits.
const MOST_MEMBERS: usize = 128;

/// Compiles schemas of a set of documents.
pub(super) struct Compiler<'d> {
    documents: &'d mut Documents,
    formats: bool,
    known: HashMap<Spot, At>,
    waiting: Vec<(Spot, At)>,
    program: Program,
}

impl<'d> Compiler<'d> {
    pub(super) fn new(documents: &'d mut Documents, formats: bool) -> Compiler<'d> {
        Compiler { documents, formats, known: HashMap::new(), waiting: Vec::new(), program: Program::default() }
    }

    /// The node of a schema at a place, with all that it leads to.
    pub(super) fn add(&mut self, spot: &Spot) -> At {
        let at = self.node(spot.clone());
        while let Some((spot, at)) = self.waiting.pop() {
            let node = self.compile(&spot);
            self.program.nodes[at as usize] = node;
        }
        at
    }

    /// The program, once all schemas are added.
    pub(super) fn finish(mut self) -> Program {
        self.program.nodes.iter_mut().for_each(settle);
        self.program.endless =
            endless(&self.program.nodes).and_then(|at| self.known.iter().filter(|(_, n)| **n == at).map(|(spot, _)| spot.1.clone()).min());
        self.program
    }

    fn node(&mut self, spot: Spot) -> At {
        if let Some(&at) = self.known.get(&spot) {
            return at;
        }
        let at = self.program.nodes.len() as At;
        let mut node = Node { types: kinds::ALL, ..Node::default() };
        if at as usize >= MOST_NODES {
            self.left("(size)", &mut node, kinds::ALL);
            self.program.nodes.push(node);
            return at;
        }
        self.program.nodes.push(node);
        self.known.insert(spot.clone(), at);
        self.waiting.push((spot, at));
        at
    }

    fn left(&mut self, keyword: &str, node: &mut Node, kinds: u8) {
        if !self.program.left.contains(keyword) {
            self.program.left.insert(keyword.to_owned());
        }
        node.unsure |= kinds;
    }

    fn compile(&mut self, spot: &Spot) -> Node {
        let mut node = Node { types: kinds::ALL, ..Node::default() };
        // Held by itself, so that the documents can learn of places while a schema is read; what is in it is not copied.
        let document = self.documents.all().get(spot.0).map(|document| Arc::clone(&document.value));
        let schema = match document.as_deref().and_then(|document| document.pointer(&spot.1)) {
            Some(Value::Bool(yes)) => {
                node.never = !yes;
                return node;
            }
            Some(Value::Object(map)) => map,
            _ => {
                self.left("(form)", &mut node, kinds::ALL);
                return node;
            }
        };
        let draft = self.documents.draft(spot);
        if self.documents.is_custom(spot) {
            self.left("$schema", &mut node, kinds::ALL);
            return node;
        }
        if let Some(Value::String(reference)) = schema.get("$ref") {
            match self.documents.resolve(spot, reference) {
                Some(target) => {
                    let at = self.node(target);
                    node.also.push(Also::All(at));
                }
                None => {
                    self.left("$ref", &mut node, kinds::ALL);
                    self.program.missing.push((reference.clone(), spot.1.clone()));
                }
            }
            if draft <= Draft::D7 {
                return node;
            }
        }
        self.keywords(spot, schema, draft, &mut node);
        node
    }

    fn inner(&mut self, spot: &Spot, path: &[&str]) -> At {
        let pointer = path.iter().fold(spot.1.clone(), |p, name| step(&p, name));
        self.node((spot.0, pointer))
    }

    fn keywords(&mut self, spot: &Spot, schema: &Map<String, Value>, draft: Draft, node: &mut Node) {
        let mut object: Option<ObjectPart> = None;
        let mut list: Option<ListPart> = None;
        let mut text: Option<TextPart> = None;
        let mut number: Option<NumberPart> = None;
        // Members first: others speak of them.
        if ["properties", "required", "patternProperties", "additionalProperties", "minProperties", "maxProperties", "dependencies"]
            .iter()
            .chain(&["dependentRequired", "dependentSchemas"])
            .any(|k| schema.contains_key(*k))
        {
            object = Some(self.object(spot, schema, draft, node));
        }
        for (name, value) in schema {
            match name.as_str() {
                "type" => match types(value) {
                    Some(types) => {
                        node.types &= types;
                        // A number with a point may be a whole one all the same.
                        if types & kinds::INTEGER != 0 && types & kinds::POINT == 0 {
                            node.types |= kinds::POINT;
                            node.unsure |= kinds::POINT;
                        }
                    }
                    None => self.left("type", node, kinds::ALL),
                },
                "enum" | "const" if name == "enum" || draft >= Draft::D7 => {
                    let one = std::slice::from_ref(value);
                    let all = if name == "const" { Some(one) } else { value.as_array().map(Vec::as_slice) };
                    match all {
                        Some(all) if node.values.is_none() => node.values = Some(Box::new(values(all))),
                        _ => self.left(name, node, kinds::ALL),
                    }
                }
                "allOf" => {
                    for i in 0..value.as_array().map_or(0, Vec::len) {
                        let at = self.inner(spot, &["allOf", &i.to_string()]);
                        node.also.push(Also::All(at));
                    }
                }
                "anyOf" | "oneOf" => {
                    let all = (0..value.as_array().map_or(0, Vec::len)).map(|i| self.inner(spot, &[name, &i.to_string()])).collect();
                    node.also.push(if name == "anyOf" { Also::Any(all) } else { Also::One(all) });
                }
                "not" => {
                    let at = self.inner(spot, &["not"]);
                    node.also.push(Also::Not(at));
                }
                "if" if draft >= Draft::D7 => {
                    let condition = self.inner(spot, &["if"]);
                    let then = schema.contains_key("then").then(|| self.inner(spot, &["then"]));
                    let other = schema.contains_key("else").then(|| self.inner(spot, &["else"]));
                    if then.is_some() || other.is_some() {
                        node.also.push(Also::If(condition, then, other));
                    }
                }
                "prefixItems" | "items" | "additionalItems" | "minItems" | "maxItems" | "uniqueItems" | "contains" if list.is_none() => {
                    list = Some(self.list(spot, schema, draft, node));
                }
                "minLength" | "maxLength" | "pattern" | "format" if text.is_none() => text = self.text(schema, draft, node),
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" if number.is_none() => {
                    number = Some(self.number(schema, draft, node));
                }
                "propertyNames" if draft >= Draft::D7 => self.left(name, node, kinds::OBJECT),
                "unevaluatedProperties" if draft >= Draft::D2019 => self.left(name, node, kinds::OBJECT),
                "unevaluatedItems" if draft >= Draft::D2019 => self.left(name, node, kinds::LIST),
                "contentEncoding" | "contentMediaType" if draft == Draft::D7 => self.left(name, node, kinds::TEXT),
                "$dynamicRef" | "$recursiveRef" if draft >= Draft::D2019 => self.left(name, node, kinds::ALL),
                "$vocabulary" => self.left(name, node, kinds::ALL),
                _ => {}
            }
        }
        node.object = object.map(Box::new);
        node.list = list.map(Box::new);
        node.text = text.map(Box::new);
        node.number = number.map(Box::new);
    }

    fn object(&mut self, spot: &Spot, schema: &Map<String, Value>, draft: Draft, node: &mut Node) -> ObjectPart {
        let mut part = ObjectPart { slot: self.program.slots, ..ObjectPart::default() };
        self.program.slots += 1;
        if let Some(Value::Object(map)) = schema.get("properties") {
            for name in map.keys() {
                let at = self.inner(spot, &["properties", name]);
                part.members.push(Member::new(name, Some(at), true));
            }
        }
        let index = |part: &mut ObjectPart, name: &str| -> usize {
            if let Some(i) = part.members.iter().position(|m| &*m.name == name.as_bytes()) {
                return i;
            }
            part.members.push(Member::new(name, None, false));
            part.members.len() - 1
        };
        let mut full = false;
        let mut bits = |part: &mut ObjectPart, value: &Value| -> u128 {
            let mut bits = 0;
            for name in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
                let i = index(part, name);
                full |= i >= MOST_MEMBERS;
                bits |= 1u128.checked_shl(i as u32).unwrap_or(0);
            }
            bits
        };
        // In draft 3 `required` was a flag; what is no list of names is let alone.
        if let Some(value) = schema.get("required") {
            part.required = bits(&mut part, value);
        }
        let mut then: Vec<(String, &str)> = Vec::new();
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            let is_old = keyword == "dependencies";
            let Some(Value::Object(map)) = schema.get(keyword).filter(|_| is_old || draft >= Draft::D2019) else { continue };
            if is_old && draft >= Draft::D2019 {
                self.left(keyword, node, kinds::OBJECT);
                continue;
            }
            for (name, value) in map {
                if value.is_array() && keyword != "dependentSchemas" {
                    let needed = bits(&mut part, value);
                    let own = bits(&mut part, &Value::Array(vec![Value::String(name.clone())]));
                    part.needs.push((own.trailing_zeros() as u16, needed));
                } else if keyword != "dependentRequired" {
                    bits(&mut part, &Value::Array(vec![Value::String(name.clone())]));
                    then.push((name.clone(), keyword));
                }
            }
        }
        if full || part.members.len() > MOST_MEMBERS {
            self.left("(members)", node, kinds::OBJECT);
        }
        for (name, keyword) in then {
            let at = self.inner(spot, &[keyword, &name]);
            if let Some(i) = part.members.iter().position(|m| &*m.name == name.as_bytes()) {
                part.then.push((i as u16, at));
            }
        }
        if let Some(Value::Object(map)) = schema.get("patternProperties") {
            for name in map.keys() {
                let at = self.inner(spot, &["patternProperties", name]);
                match Pattern::new(name) {
                    Some(pattern) => part.patterns.push((pattern, at)),
                    None => {
                        part.unsure_names = true;
                        self.left("patternProperties", node, kinds::OBJECT);
                    }
                }
            }
        }
        part.additional = match schema.get("additionalProperties") {
            None | Some(Value::Bool(true)) => Rest::Any,
            Some(Value::Bool(false)) => Rest::None,
            Some(_) => Rest::Each(self.inner(spot, &["additionalProperties"])),
        };
        part.least = self.count(schema, "minProperties", node, kinds::OBJECT).unwrap_or(0);
        part.most = self.count(schema, "maxProperties", node, kinds::OBJECT);
        // Names that need an escape in JSON are left to the reference when they are met, since they are met with an escape.
        part.row = self.program.rows;
        self.program.rows += part.members.len() as u32 + 1;
        part.by_name = part.members.iter().enumerate().map(|(i, m)| (m.name.clone(), i as u16)).collect();
        part
    }

    fn list(&mut self, spot: &Spot, schema: &Map<String, Value>, draft: Draft, node: &mut Node) -> ListPart {
        let mut part = ListPart::default();
        let (first, rest) = if draft >= Draft::D2020 {
            ("prefixItems", "items")
        } else if schema.get("items").is_some_and(Value::is_array) {
            ("items", "additionalItems")
        } else {
            ("", "items")
        };
        if let Some(Value::Array(all)) = schema.get(first) {
            part.first = (0..all.len()).map(|i| self.inner(spot, &[first, &i.to_string()])).collect();
        }
        part.rest = match schema.get(rest) {
            None | Some(Value::Bool(true)) => Rest::Any,
            Some(Value::Bool(false)) => Rest::None,
            Some(Value::Array(_)) => {
                self.left("items", node, kinds::LIST);
                Rest::Any
            }
            Some(_) => Rest::Each(self.inner(spot, &[rest])),
        };
        part.least = self.count(schema, "minItems", node, kinds::LIST).unwrap_or(0);
        part.most = self.count(schema, "maxItems", node, kinds::LIST);
        part.unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        if draft >= Draft::D7 && schema.contains_key("contains") {
            let at = self.inner(spot, &["contains"]);
            let modern = draft >= Draft::D2019;
            let least = self.count(schema, "minContains", node, kinds::LIST).filter(|_| modern).unwrap_or(1);
            let most = self.count(schema, "maxContains", node, kinds::LIST).filter(|_| modern);
            part.contains = Some((at, least, most));
        }
        part
    }

    fn text(&mut self, schema: &Map<String, Value>, draft: Draft, node: &mut Node) -> Option<TextPart> {
        let mut part = TextPart {
            least: self.count(schema, "minLength", node, kinds::TEXT).unwrap_or(0),
            most: self.count(schema, "maxLength", node, kinds::TEXT),
            ..TextPart::default()
        };
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            part.pattern = Pattern::new(pattern);
            if part.pattern.is_none() {
                self.left("pattern", node, kinds::TEXT);
            }
            part.shape = part.pattern.as_ref().and_then(|_| shape(pattern));
        }
        if let Some(format) = schema.get("format").and_then(Value::as_str).filter(|_| self.formats) {
            part.format = Format::of_name(format, draft);
            if part.format == Some(Format::Other) {
                self.left(&format!("format {format}"), node, kinds::TEXT);
            }
        }
        Some(part)
    }

    fn number(&mut self, schema: &Map<String, Value>, draft: Draft, node: &mut Node) -> NumberPart {
        let mut part = NumberPart::default();
        let plain = |value: &Value| value.as_number().and_then(|n| Plain::read(n.to_string().as_bytes()));
        for (name, exclusive, low) in [("minimum", "exclusiveMinimum", true), ("maximum", "exclusiveMaximum", false)] {
            let mut bounds = Vec::new();
            if let Some(value) = schema.get(name) {
                let out = draft == Draft::D4 && schema.get(exclusive) == Some(&Value::Bool(true));
                bounds.push((value, out));
            }
            if let Some(value) = schema.get(exclusive).filter(|_| draft >= Draft::D7) {
                bounds.push((value, true));
            }
            let slot = if low { &mut part.least } else { &mut part.most };
            match &bounds[..] {
                [] => {}
                [(value, out)] => match plain(value) {
                    Some(bound) => *slot = Some((bound, *out)),
                    None => self.left(name, node, kinds::NUMBER),
                },
                _ => self.left(name, node, kinds::NUMBER),
            }
        }
        if let Some(value) = schema.get("multipleOf") {
            match value.as_i64().filter(|n| *n > 0 && *n < 1_000_000_000) {
                Some(n) => part.multiple = Some(n),
                None => self.left("multipleOf", node, kinds::NUMBER),
            }
        }
        part
    }

    /// A whole number of zero or more; others are left to the reference.
    fn count(&mut self, schema: &Map<String, Value>, name: &str, node: &mut Node, kinds: u8) -> Option<u64> {
        let value = schema.get(name)?;
        let whole = value.as_u64();
        if whole.is_none() {
            self.left(name, node, kinds);
        }
        whole
    }
}

fn types(value: &Value) -> Option<u8> {
    let one = |value: &Value| {
        Some(match value.as_str()? {
            "null" => kinds::NULL,
            "boolean" => kinds::BOOLEAN,
            "object" => kinds::OBJECT,
            "array" => kinds::LIST,
            "number" => kinds::NUMBER,
            "integer" => kinds::INTEGER,
            "string" => kinds::TEXT,
            // Draft 3 had "any"; later ones have nothing of the kind.
            _ => return None,
        })
    };
    match value {
        Value::Array(all) => all.iter().map(one).try_fold(0, |bits, one| one.map(|b| bits | b)),
        value => one(value),
    }
}

fn values(all: &[Value]) -> Values {
    let mut out = Values::default();
    for value in all {
        match value {
            Value::Null => out.null = true,
            Value::Bool(true) => out.yes = true,
            Value::Bool(false) => out.no = true,
            Value::String(text) => out.texts.push(text.as_bytes().into()),
            Value::Number(n) => match n.as_i64() {
                Some(n) => {
                    out.integers.push(n);
                    // 1.0 is 1.
                    out.other |= kinds::POINT;
                }
                None => out.other |= kinds::NUMBER,
            },
            Value::Array(_) => out.other |= kinds::LIST,
            Value::Object(_) => out.other |= kinds::OBJECT,
        }
    }
    out.texts.sort();
    out.texts.dedup();
    out.words = Words::new(&out.texts);
    out
}

/// Says how values are read and checked in one walk by a node, which is complete.
fn settle(node: &mut Node) {
    node.plain = if node.never { 0 } else { node.types & !node.unsure };
    let says_nothing = node.plain == kinds::ALL
        && node.values.is_none()
        && node.object.is_none()
        && node.list.is_none()
        && node.text.is_none()
        && node.number.is_none();
    node.way = match &node.also[..] {
        [] => Way::Own,
        [Also::All(next)] if says_nothing => Way::Same(*next),
        all if all.iter().all(|also| matches!(also, Also::All(_) | Also::Any(_))) => Way::Each,
        _ => Way::Tape,
    };
}

/// A node that leads back to itself without going into the value: checking it would never end.
fn endless(nodes: &[Node]) -> Option<At> {
    // 0: not looked at, 1: on the way, 2: done.
    let mut state = vec![0u8; nodes.len()];
    for start in 0..nodes.len() {
        if state[start] != 0 {
            continue;
        }
        let mut way: Vec<(usize, Vec<At>)> = vec![(start, same_value(&nodes[start]))];
        state[start] = 1;
        while let Some((at, next)) = way.last_mut() {
            match next.pop() {
                None => {
                    state[*at] = 2;
                    way.pop();
                }
                Some(n) => match state[n as usize] {
                    1 => return Some(n),
                    0 => {
                        state[n as usize] = 1;
                        way.push((n as usize, same_value(&nodes[n as usize])));
                    }
                    _ => {}
                },
            }
        }
    }
    None
}

fn same_value(node: &Node) -> Vec<At> {
    let mut out = Vec::new();
    for also in &node.also {
        match also {
            Also::All(a) | Also::Not(a) => out.push(*a),
            Also::Any(all) | Also::One(all) => out.extend(all),
            Also::If(a, b, c) => out.extend([Some(*a), *b, *c].into_iter().flatten()),
        }
    }
    if let Some(object) = &node.object {
        out.extend(object.then.iter().map(|(_, at)| *at));
    }
    out
}
