//! Simple types as checkers over bytes, which take nothing from the heap on a clean value of the common types.

use std::borrow::Cow;
use std::sync::Arc;

use super::ValueRule;
use super::model::{Type, TypeId};
use super::names::QName;
use super::regex::Pattern;
use super::scan::{is_name, is_ncname, is_nmtoken, is_space};
use super::value::{DecimalRef, Duration, Moment, Prim, Value, base64, float_form, hex};

/// What becomes of white space before anything else is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum White {
    Preserve,
    Replace,
    Collapse,
}

/// Lexical restrictions that built-in types bring along besides facets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lex {
    Any,
    Language,
    Name,
    NcName,
    NmToken,
    Integer,
}

/// The types whose values are linked across a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdKind {
    None,
    Id,
    IdRef,
    Entity,
}

/// What a simple type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variety {
    /// `anySimpleType`.
    Any,
    Atomic(Prim),
    List(TypeId),
    Union(Vec<TypeId>),
}

/// A bound of values, with what was written.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) value: Value,
    pub(crate) raw: String,
}

/// The values of an enumeration.
#[derive(Debug)]
pub(crate) struct Enumeration {
    /// As written.
    pub(crate) raw: Vec<String>,
    /// White space normalised, sorted.
    pub(crate) texts: Vec<Box<[u8]>>,
    pub(crate) values: Vec<Value>,
}

/// All that restricts a type, with what its bases say.
#[derive(Debug, Clone)]
pub(crate) struct Facets {
    pub(crate) white: White,
    pub(crate) lex: Lex,
    pub(crate) id: IdKind,
    pub(crate) length: Option<u64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) total: Option<u64>,
    pub(crate) fraction: Option<u64>,
    pub(crate) min_inclusive: Option<Bound>,
    pub(crate) min_exclusive: Option<Bound>,
    pub(crate) max_inclusive: Option<Bound>,
    pub(crate) max_exclusive: Option<Bound>,
    /// One list for each step of derivation; a value must fit one pattern of each list.
    pub(crate) patterns: Vec<Arc<Vec<Pattern>>>,
    pub(crate) enumeration: Option<Arc<Enumeration>>,
    /// Which facets may not change any more, by their number.
    pub(crate) fixed: u16,
}

impl Facets {
    pub(crate) fn new(white: White) -> Facets {
        Facets {
            white,
            lex: Lex::Any,
            id: IdKind::None,
            length: None,
            min_length: None,
            max_length: None,
            total: None,
            fraction: None,
            min_inclusive: None,
            min_exclusive: None,
            max_inclusive: None,
            max_exclusive: None,
            patterns: Vec::new(),
            enumeration: None,
            fixed: 0,
        }
    }
}

/// A simple type.
#[derive(Debug, Clone)]
pub(crate) struct Simple {
    pub(crate) name: Option<QName>,
    pub(crate) base: TypeId,
    pub(crate) variety: Variety,
    pub(crate) facets: Facets,
    /// Methods of derivation that are barred, see [`super::model::barred`].
    pub(crate) finals: u8,
    /// Name of the nearest built-in type.
    pub(crate) builtin: &'static str,
}

/// What a value is read beside.
pub(crate) trait Env {
    /// The namespace of a prefix; empty for none.
    fn namespace(&self, prefix: &[u8]) -> Option<Cow<'_, [u8]>>;
    /// Whether there is an unparsed entity of this name.
    fn entity(&self, name: &[u8]) -> bool;
}

/// IDs and references to them, as they were met.
pub(crate) type Links = Vec<(IdKind, Box<[u8]>)>;

/// Normalises white space; nothing is copied where nothing changes.
pub(crate) fn normalise(white: White, raw: &[u8]) -> Cow<'_, [u8]> {
    match white {
        White::Preserve => Cow::Borrowed(raw),
        White::Replace if raw.iter().any(|b| matches!(b, b'\t' | b'\n' | b'\r')) => {
            Cow::Owned(raw.iter().map(|&b| if is_space(b) { b' ' } else { b }).collect())
        }
        White::Replace => Cow::Borrowed(raw),
        White::Collapse => {
            let text = trim(raw);
            let mut previous = 0;
            let clean = text.iter().all(|&b| {
                let ok = !(is_space(b) && (b != b' ' || previous == b' '));
                previous = b;
                ok
            });
            if clean {
                return Cow::Borrowed(text);
            }
            Cow::Owned(words(text).collect::<Vec<_>>().join(&b' '))
        }
    }
}

#[inline]
pub(crate) fn trim(raw: &[u8]) -> &[u8] {
    let mut text = raw;
    while let [b, rest @ ..] = text {
        if !is_space(*b) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., b] = text {
        if !is_space(*b) {
            break;
        }
        text = rest;
    }
    text
}

/// The words between white space.
pub(crate) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| is_space(b)).filter(|w| !w.is_empty())
}

pub(crate) fn characters(text: &[u8]) -> u64 {
    text.iter().filter(|&&b| b as i8 >= -0x40).count() as u64
}

fn show(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Holds a raw value against a type. Returns the normalised text and, when `want` asks for it, the value.
pub(crate) fn check<'v>(
    types: &[Type],
    ty: &Simple,
    raw: &'v [u8],
    env: &dyn Env,
    links: &mut Links,
    want: bool,
) -> Result<(Cow<'v, [u8]>, Option<Value>), ValueRule> {
    let facets = &ty.facets;
    match &ty.variety {
        Variety::Any => Ok((Cow::Borrowed(raw), want.then(|| Value::Text(Prim::String, raw.into())))),
        Variety::Atomic(prim) => {
            let text = match prim {
                Prim::String | Prim::Uri | Prim::Base64 => normalise(facets.white, raw),
                // White space within is no part of any other form.
                _ => Cow::Borrowed(trim(raw)),
            };
            let value = atomic(ty, *prim, &text, env, want)?;
            patterns(facets, &text)?;
            enumeration(facets, &text, value.as_ref())?;
            match facets.id {
                IdKind::None => {}
                IdKind::Entity if env.entity(&text) => {}
                IdKind::Entity => return Err(ValueRule::Entity),
                kind => links.push((kind, text.as_ref().into())),
            }
            Ok((text, value))
        }
        Variety::List(item) => {
            let text = normalise(White::Collapse, raw);
            let Some(Type::Simple(item)) = types.get(item.0 as usize) else { return Err(ValueRule::Lexical("list")) };
            let want = want || facets.enumeration.is_some();
            let mut values = Vec::new();
            let mut count = 0;
            for word in words(&text) {
                let (_, value) = check(types, item, word, env, links, want)?;
                values.extend(value);
                count += 1;
            }
            lengths(facets, || count)?;
            patterns(facets, &text)?;
            let value = want.then_some(Value::List(values));
            enumeration(facets, &text, value.as_ref())?;
            Ok((text, value))
        }
        Variety::Union(members) => {
            let want = want || facets.enumeration.is_some();
            let mark = links.len();
            let mut first = None;
            for member in members {
                let Some(Type::Simple(simple)) = types.get(member.0 as usize) else { continue };
                match check(types, simple, raw, env, links, want) {
                    Ok((text, value)) => {
                        patterns(facets, &text)?;
                        enumeration(facets, &text, value.as_ref())?;
                        return Ok((text, value));
                    }
                    Err(rule) => {
                        links.truncate(mark);
                        first.get_or_insert(rule);
                    }
                }
            }
            Err(match first {
                Some(rule) if members.len() == 1 => rule,
                _ => ValueRule::Union,
            })
        }
    }
}

fn lengths(facets: &Facets, length: impl Fn() -> u64) -> Result<(), ValueRule> {
    if facets.length.is_none() && facets.min_length.is_none() && facets.max_length.is_none() {
        return Ok(());
    }
    let n = length();
    match facets {
        Facets { length: Some(l), .. } if n != *l => Err(ValueRule::Length(*l)),
        Facets { min_length: Some(l), .. } if n < *l => Err(ValueRule::MinLength(*l)),
        Facets { max_length: Some(l), .. } if n > *l => Err(ValueRule::MaxLength(*l)),
        _ => Ok(()),
    }
}

fn patterns(facets: &Facets, text: &[u8]) -> Result<(), ValueRule> {
    for step in &facets.patterns {
        if !step.iter().any(|p| p.fits(text)) {
            let written: Vec<&str> = step.iter().map(|p| p.source.as_str()).collect();
            return Err(ValueRule::Pattern(written.join("|")));
        }
    }
    Ok(())
}

fn enumeration(facets: &Facets, text: &[u8], value: Option<&Value>) -> Result<(), ValueRule> {
    let Some(list) = &facets.enumeration else { return Ok(()) };
    // A text that stands there as it is needs no comparing of values, unless its meaning hangs on prefixes or on a member of a union.
    let plain = !matches!(value, Some(Value::Text(Prim::QName | Prim::Notation, _) | Value::List(_)));
    let small = list.texts.len() <= 8;
    let found = if small { list.texts.iter().any(|t| **t == *text) } else { list.texts.binary_search_by(|t| (**t).cmp(text)).is_ok() };
    let ok = plain && found && value.is_none() || value.is_some_and(|v| list.values.iter().any(|e| e.same(v)));
    if ok { Ok(()) } else { Err(ValueRule::Enumeration(list.raw.iter().take(100).cloned().collect(), list.raw.len())) }
}

fn order(facets: &Facets, value: &Value) -> Result<(), ValueRule> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let against = |b: &Bound| value.compare(&b.value);
    if let Some(b) = facets.min_inclusive.as_ref().filter(|b| !matches!(against(b), Some(Greater | Equal))) {
        return Err(ValueRule::MinInclusive(b.raw.clone()));
    }
    if let Some(b) = facets.min_exclusive.as_ref().filter(|b| against(b) != Some(Greater)) {
        return Err(ValueRule::MinExclusive(b.raw.clone()));
    }
    if let Some(b) = facets.max_inclusive.as_ref().filter(|b| !matches!(against(b), Some(Less | Equal))) {
        return Err(ValueRule::MaxInclusive(b.raw.clone()));
    }
    if let Some(b) = facets.max_exclusive.as_ref().filter(|b| against(b) != Some(Less)) {
        return Err(ValueRule::MaxExclusive(b.raw.clone()));
    }
    Ok(())
}

pub(crate) fn ordered(facets: &Facets) -> bool {
    facets.min_inclusive.is_some() || facets.min_exclusive.is_some() || facets.max_inclusive.is_some() || facets.max_exclusive.is_some()
}

fn atomic(ty: &Simple, prim: Prim, text: &[u8], env: &dyn Env, want: bool) -> Result<Option<Value>, ValueRule> {
    let facets = &ty.facets;
    let bad = || ValueRule::Lexical(ty.builtin);
    let enumerated = facets.enumeration.is_some();
    // Whether the value is needed for more than its form.
    let need = want || enumerated || ordered(facets);
    let value = match prim {
        Prim::String => {
            let ok = match facets.lex {
                Lex::Any | Lex::Integer => true,
                Lex::Language => language(text),
                Lex::Name => is_name(text),
                Lex::NcName => is_ncname(text),
                Lex::NmToken => is_nmtoken(text),
            };
            if !ok {
                return Err(bad());
            }
            lengths(facets, || characters(text))?;
            return Ok(want.then(|| Value::Text(prim, text.into())));
        }
        Prim::Uri => {
            if !uri(text) {
                return Err(bad());
            }
            lengths(facets, || characters(text))?;
            return Ok(want.then(|| Value::Text(prim, text.into())));
        }
        Prim::Boolean => match text {
            b"true" | b"1" => Value::Boolean(true),
            b"false" | b"0" => Value::Boolean(false),
            _ => return Err(bad()),
        },
        Prim::Decimal => {
            let decimal = DecimalRef::parse(text).filter(|d| facets.lex != Lex::Integer || !d.point).ok_or_else(bad)?;
            decimal_facets(facets, &decimal)?;
            return Ok((want || enumerated).then(|| Value::Decimal(decimal.to_owned())));
        }
        Prim::Float | Prim::Double => {
            let special = matches!(text, b"INF" | b"-INF" | b"NaN");
            if !special && !float_form(text) {
                return Err(bad());
            }
            if !need {
                return Ok(None);
            }
            let form = std::str::from_utf8(text).map_err(|_| bad())?;
            if prim == Prim::Float {
                Value::Float(form.parse().map_err(|_| bad())?)
            } else {
                Value::Double(form.parse().map_err(|_| bad())?)
            }
        }
        Prim::Duration => Value::Duration(Duration::parse(text).ok_or_else(bad)?),
        Prim::Hex => {
            if !text.len().is_multiple_of(2) || !text.iter().all(u8::is_ascii_hexdigit) {
                return Err(bad());
            }
            lengths(facets, || text.len() as u64 / 2)?;
            if !want && !enumerated {
                return Ok(None);
            }
            Value::Bytes(prim, hex(text).ok_or_else(bad)?.into())
        }
        Prim::Base64 => {
            let bytes = base64(text).ok_or_else(bad)?;
            lengths(facets, || bytes.len() as u64)?;
            Value::Bytes(prim, bytes.into())
        }
        Prim::QName | Prim::Notation => {
            let (prefix, local) = match text.iter().position(|&b| b == b':') {
                Some(n) => (&text[..n], &text[n + 1..]),
                None => (&b""[..], text),
            };
            if !is_ncname(local) || !is_ncname(prefix) && (!prefix.is_empty() || text.first() == Some(&b':')) {
                return Err(bad());
            }
            let ns = env.namespace(prefix).ok_or_else(bad)?;
            let mut name = Vec::with_capacity(ns.len() + local.len() + 2);
            name.push(b'{');
            name.extend_from_slice(&ns);
            name.push(b'}');
            name.extend_from_slice(local);
            Value::Text(prim, name.into())
        }
        _ => Value::Moment(prim, Moment::parse(prim, text).ok_or_else(bad)?),
    };
    if ordered(facets) {
        order(facets, &value)?;
    }
    Ok(Some(value))
}

pub(crate) fn decimal_facets(facets: &Facets, d: &DecimalRef<'_>) -> Result<(), ValueRule> {
    use std::cmp::Ordering::{Greater, Less};
    let against = |b: &Bound| match &b.value {
        Value::Decimal(bound) => d.cmp(&bound.as_ref()),
        _ => Less,
    };
    if let Some(b) = facets.min_inclusive.as_ref().filter(|b| against(b) == Less) {
        return Err(ValueRule::MinInclusive(b.raw.clone()));
    }
    if let Some(b) = facets.min_exclusive.as_ref().filter(|b| against(b) != Greater) {
        return Err(ValueRule::MinExclusive(b.raw.clone()));
    }
    if let Some(b) = facets.max_inclusive.as_ref().filter(|b| against(b) == Greater) {
        return Err(ValueRule::MaxInclusive(b.raw.clone()));
    }
    if let Some(b) = facets.max_exclusive.as_ref().filter(|b| against(b) != Less) {
        return Err(ValueRule::MaxExclusive(b.raw.clone()));
    }
    if let Some(most) = facets.total.filter(|&most| d.total_digits() > most) {
        return Err(ValueRule::TotalDigits(most));
    }
    if let Some(most) = facets.fraction.filter(|&most| d.fraction.len() as u64 > most) {
        return Err(ValueRule::FractionDigits(most));
    }
    Ok(())
}

pub(crate) fn language(text: &[u8]) -> bool {
    text.split(|&b| b == b'-').enumerate().all(|(i, part)| {
        (1..=8).contains(&part.len()) && part.iter().all(|b| if i == 0 { b.is_ascii_alphabetic() } else { b.is_ascii_alphanumeric() })
    })
}

/// RFC 2396 with the characters that anyURI escapes by itself: almost anything goes; a scheme must be one, `%` must begin an escape.
fn uri(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(n) = memchr::memchr(b'%', rest) {
        match rest.get(n + 1..n + 3) {
            Some(h) if h.iter().all(u8::is_ascii_hexdigit) => rest = &rest[n + 3..],
            _ => return false,
        }
    }
    if text.iter().filter(|b| **b == b'#').count() > 1 {
        return false;
    }
    let end = text.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(text.len());
    match text[..end].iter().position(|&b| b == b':') {
        Some(n) => {
            let scheme = &text[..n];
            scheme.first().is_some_and(u8::is_ascii_alphabetic)
                && scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
                && text.len() > n + 1
        }
        None => true,
    }
}

/// How many bytes of a value are needed to tell how it is shown: more than the longest that is shown whole, by a character.
pub(crate) const SHOWN: usize = LONG + 4;

/// Longest value that is shown whole, in bytes.
const LONG: usize = 1000;

/// The text of a bad value as it is shown.
pub(crate) fn shown(raw: &[u8]) -> String {
    let text = show(raw);
    if text.len() <= LONG {
        return text;
    }
    let cut = (0..=LONG).rev().find(|&n| text.is_char_boundary(n)).unwrap_or(0);
    format!("{}…", &text[..cut])
}
