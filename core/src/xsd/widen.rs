//! Whether a schema only widens another: every document of the one is then a document of the other.
//!
//! Both are walked together, component by component of one name. A difference is let pass when nothing that was accepted can be refused by it, on its own
//! and together with all others that are let pass: an element or attribute that may be left out was added, a bound was widened, a value was added to a list.
//! A content model is deterministic in both schemas, which compiling them has made sure of, so what was added takes nothing from what was there. Whatever is
//! not known to be so is a difference that is told; that does not mean that it breaks anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Bounds;
use super::names::XS_URI;
use super::plain::{Part, read_all};
use crate::decimal::Decimal;

/// Schema documents by name.
type Files = BTreeMap<String, Arc<[u8]>>;

/// What is true of both schemas as a whole.
struct Facts {
    /// Keys compare values, so a change of what values are is felt elsewhere.
    keys: bool,
    /// Somewhere anything may stand, and is checked when it is declared.
    lax: bool,
    /// Somewhere attributes may stand that are not named.
    any_attribute: bool,
}

type Told = Result<(), String>;

/// Whether every document of `one` is one of `other`. Both compile.
///
/// # Errors
/// The first difference of which that is not known, in a clause for people.
pub(crate) fn accepts_all(one: &Files, other: &Files, bounds: &Bounds) -> Told {
    let unread = || "a schema document cannot be read".to_owned();
    let (a, b) = (read_all(one, bounds).ok_or_else(unread)?, read_all(other, bounds).ok_or_else(unread)?);
    if a == b {
        return Ok(());
    }
    let all = || a.values().chain(b.values());
    let has = |test: &dyn Fn(&Part) -> bool| all().any(|part| part.any(test));
    let prefixed = |p: &Part| p.attributes.values().any(|v| v.split(' ').any(|v| is_builtin(v, "QName") || is_builtin(v, "NOTATION")));
    if has(&prefixed) {
        return Err("its values are names with prefixes".to_owned());
    }
    if has(&|p| p.is("redefine")) {
        return Err("it redefines another schema".to_owned());
    }
    if a.keys().ne(b.keys()) {
        return Err("it consists of other schema documents".to_owned());
    }
    let untyped = |p: &Part| {
        let typed = ["type", "ref", "substitutionGroup"].iter().any(|name| p.get(name).is_some());
        p.is("element") && !typed && p.find("simpleType").or(p.find("complexType")).is_none()
    };
    let any_type = |p: &Part| {
        p.get("type").is_some_and(|t| is_builtin(t, "anyType"))
            || p.is("extension") && p.get("base").is_some_and(|t| is_builtin(t, "anyType"))
    };
    let facts = Facts {
        keys: has(&|p| matches!(p.what.as_str(), "key" | "unique" | "keyref")),
        lax: has(&|p| p.get("processContents") == Some("lax") || untyped(p) || any_type(p)),
        any_attribute: has(&|p| p.is("anyAttribute") || untyped(p) || any_type(p)),
    };
    a.iter().zip(b.values()).try_for_each(|((name, a), b)| document(name, a, b, &facts))
}

fn is_builtin(name: &str, local: &str) -> bool {
    name.strip_prefix('{').and_then(|rest| rest.split_once('}')).is_some_and(|(ns, l)| ns == XS_URI && l == local)
}

/// The built-in type of that name, without its namespace.
fn builtin(name: &str) -> Option<&str> {
    name.strip_prefix('{')?.split_once('}').filter(|(ns, _)| *ns == XS_URI).map(|(_, local)| local)
}

/// What a component is called in a sentence.
fn called(part: &Part) -> String {
    let name = part.get("name").or(part.get("ref")).unwrap_or_default();
    let name = name.rsplit('}').next().unwrap_or_default();
    match part.what.as_str() {
        "complexType" | "simpleType" if name.is_empty() => "a type".to_owned(),
        "complexType" | "simpleType" => format!("type \"{name}\""),
        "attributeGroup" => format!("attribute group \"{name}\""),
        what if name.is_empty() => format!("a {what}"),
        what => format!("{what} \"{name}\""),
    }
}

fn same(a: &Part, b: &Part, names: &[&str]) -> Told {
    match names.iter().find(|name| a.get(name) != b.get(name)) {
        Some(name) => Err(format!("{} has another \"{name}\"", called(a))),
        None => Ok(()),
    }
}

/// A flag that may be taken on, or only kept where `may` is false.
fn flag(a: &Part, b: &Part, name: &str, from: bool, may: bool) -> Told {
    let set = |p: &Part| matches!(p.get(name), Some("true" | "1"));
    if set(a) == set(b) || may && set(a) == from { Ok(()) } else { Err(format!("{} has another \"{name}\"", called(a))) }
}

fn document(file: &str, a: &Part, b: &Part, facts: &Facts) -> Told {
    same(a, b, &["targetNamespace", "elementFormDefault", "attributeFormDefault", "blockDefault", "finalDefault"])?;
    let asks = |p: &Part| {
        let mut all: Vec<Part> = p.parts.iter().filter(|p| matches!(p.what.as_str(), "include" | "import")).cloned().collect();
        all.sort_by(|x, y| (&x.what, &x.attributes).cmp(&(&y.what, &y.attributes)));
        all
    };
    if asks(a) != asks(b) {
        return Err(format!("{file} includes or imports other schema documents"));
    }
    let globals =
        |p: &Part| -> Vec<Part> { p.parts.iter().filter(|p| !matches!(p.what.as_str(), "include" | "import")).cloned().collect() };
    let (ours, theirs) = (globals(a), globals(b));
    let key = |p: &Part| (p.what.clone(), p.get("name").unwrap_or_default().to_owned());
    for part in &ours {
        let Some(its) = theirs.iter().find(|p| key(p) == key(part)) else { return Err(format!("{} is gone", called(part))) };
        component(part, its, facts)?;
    }
    for part in theirs.iter().filter(|p| !ours.iter().any(|o| key(o) == key(p))) {
        let met = matches!(part.what.as_str(), "element" | "attribute") && facts.lax;
        if met || part.get("substitutionGroup").is_some() {
            return Err(format!("{} is new, and could be met where it was not checked before", called(part)));
        }
    }
    Ok(())
}

fn component(a: &Part, b: &Part, facts: &Facts) -> Told {
    match a.what.as_str() {
        "element" => element(a, b, facts),
        "attribute" => attribute(a, b, facts),
        "complexType" => complex(a, b, facts),
        "simpleType" => simple(a, b, facts),
        "group" => content(a, b, facts),
        "attributeGroup" => attributes(a, b, facts),
        _ if a == b => Ok(()),
        _ => Err(format!("{} is another", called(a))),
    }
}

/// Built-in types, each with the one that it narrows. Only such between which values stay what they are.
const NARROWER: &[(&str, &str)] = &[
    ("byte", "short"),
    ("short", "int"),
    ("int", "long"),
    ("long", "integer"),
    ("integer", "decimal"),
    ("nonNegativeInteger", "integer"),
    ("positiveInteger", "nonNegativeInteger"),
    ("unsignedLong", "nonNegativeInteger"),
    ("unsignedInt", "unsignedLong"),
    ("unsignedShort", "unsignedInt"),
    ("unsignedByte", "unsignedShort"),
    ("nonPositiveInteger", "integer"),
    ("negativeInteger", "nonPositiveInteger"),
    ("normalizedString", "string"),
    ("token", "normalizedString"),
    ("language", "token"),
    ("NMTOKEN", "token"),
    ("Name", "token"),
    ("NCName", "Name"),
];

/// Whether a built-in type is another or a narrower one; `numbers` only among numbers.
fn narrows(a: &str, b: &str, numbers: bool) -> bool {
    let (Some(mut at), Some(to)) = (builtin(a), builtin(b)) else { return false };
    while at != to {
        match NARROWER.iter().find(|(narrow, _)| *narrow == at) {
            Some((_, wide)) => at = wide,
            None => return false,
        }
    }
    !numbers || !matches!(to, "string" | "normalizedString" | "token" | "Name")
}

/// The type of an element or attribute: by name, or written where it stands.
fn typed(a: &Part, b: &Part, facts: &Facts) -> Told {
    let differs = || Err(format!("{} has another type", called(a)));
    match (a.get("type"), b.get("type")) {
        (Some(x), Some(y)) if x == y => {}
        // A value that is fixed or kept in a key is compared, and so must stay what it is.
        (Some(x), Some(y)) if narrows(x, y, false) && !facts.keys && a.get("fixed").is_none() => {}
        (None, None) => {}
        _ => return differs(),
    }
    for what in ["simpleType", "complexType"] {
        match (a.find(what), b.find(what)) {
            (None, None) => {}
            (Some(x), Some(y)) => {
                component(x, y, facts).map_err(|why| if why.starts_with("a type ") { format!("{}: {why}", called(a)) } else { why })?
            }
            _ => return differs(),
        }
    }
    Ok(())
}

/// A value that is fixed must stay, or may be any; one that is a default may not change where it counts.
fn given(a: &Part, b: &Part, counts: bool) -> Told {
    let differs = |name: &str| Err(format!("{} has another \"{name}\"", called(a)));
    match (a.get("fixed"), b.get("fixed")) {
        (x, y) if x == y => {}
        (Some(_), None) if !counts => {}
        _ => return differs("fixed"),
    }
    if a.get("default") != b.get("default") && (counts || a.is("element") && a.get("default").is_some()) {
        differs("default")
    } else {
        Ok(())
    }
}

fn element(a: &Part, b: &Part, facts: &Facts) -> Told {
    same(a, b, &["name", "ref", "block", "final", "form", "substitutionGroup"])?;
    flag(a, b, "nillable", false, !facts.keys)?;
    flag(a, b, "abstract", true, true)?;
    given(a, b, facts.keys)?;
    if a.get("fixed").is_some() && b.get("fixed").is_none() && a.get("type") != b.get("type") {
        return Err(format!("{} has another type", called(a)));
    }
    typed(a, b, facts)?;
    let keys =
        |p: &Part| -> Vec<Part> { p.parts.iter().filter(|p| matches!(p.what.as_str(), "key" | "unique" | "keyref")).cloned().collect() };
    let before = keys(a);
    match keys(b).iter().find(|key| !before.contains(key)) {
        Some(key) => Err(format!("{}: {} is new or another", called(a), called(key))),
        None => Ok(()),
    }
}

fn attribute(a: &Part, b: &Part, facts: &Facts) -> Told {
    same(a, b, &["name", "ref", "form"])?;
    match (a.get("use").unwrap_or("optional"), b.get("use").unwrap_or("optional")) {
        (x, y) if x == y => {}
        ("required", "optional") => {}
        (_, "required") => return Err(format!("{} must now be there", called(a))),
        _ => return Err(format!("{} has another \"use\"", called(a))),
    }
    given(a, b, facts.keys)?;
    typed(a, b, facts)
}

fn complex(a: &Part, b: &Part, facts: &Facts) -> Told {
    same(a, b, &["name", "block", "final"])?;
    flag(a, b, "mixed", false, !facts.keys)?;
    flag(a, b, "abstract", true, true)?;
    for what in ["simpleContent", "complexContent"] {
        match (a.find(what), b.find(what)) {
            (None, None) => {}
            (Some(x), Some(y)) => {
                flag(x, y, "mixed", false, !facts.keys)?;
                return match (x.parts.first(), y.parts.first()) {
                    (Some(x), Some(y)) if x.what == y.what && x.get("base") == y.get("base") => {
                        if what == "simpleContent" {
                            facets(x, y, &called(a))?;
                            inner(x, y, facts)?;
                        } else {
                            content(x, y, facts).map_err(|why| within(a, &why))?;
                        }
                        attributes(x, y, facts)
                    }
                    _ => Err(format!("{} is made from another type", called(a))),
                };
            }
            _ => return Err(format!("{} has another kind of content", called(a))),
        }
    }
    content(a, b, facts).map_err(|why| within(a, &why))?;
    attributes(a, b, facts)
}

fn within(part: &Part, why: &str) -> String {
    if part.get("name").is_some() && why.starts_with("a ") { format!("{}: {why}", called(part)) } else { why.to_owned() }
}

const PARTICLES: [&str; 6] = ["element", "group", "sequence", "choice", "all", "any"];

/// What may stand in an element: at most one particle.
fn content(a: &Part, b: &Part, facts: &Facts) -> Told {
    let of = |p: &Part| p.parts.iter().find(|p| PARTICLES.contains(&p.what.as_str())).cloned();
    match (of(a), of(b)) {
        (None, None) => Ok(()),
        (None, Some(new)) if may_be_nothing(&new) => Ok(()),
        (None, Some(new)) => Err(format!("{} must now be there", called(&new))),
        (Some(gone), None) => Err(format!("{} is gone", called(&gone))),
        (Some(x), Some(y)) => particle(&x, &y, facts),
    }
}

fn may_be_nothing(p: &Part) -> bool {
    let inside = || p.parts.iter().filter(|p| PARTICLES.contains(&p.what.as_str()));
    p.occurs().0 == 0
        || match p.what.as_str() {
            "sequence" | "all" => inside().all(may_be_nothing),
            "choice" => inside().any(may_be_nothing),
            _ => false,
        }
}

/// Whether two particles are of one name, so that the one became the other.
fn alike(a: &Part, b: &Part) -> bool {
    a.what == b.what && a.get("name") == b.get("name") && a.get("ref") == b.get("ref")
}

fn particle(a: &Part, b: &Part, facts: &Facts) -> Told {
    if !alike(a, b) {
        return Err(format!("where {} stood, {} stands", called(a), called(b)));
    }
    let ((least, most), (its_least, its_most)) = (a.occurs(), b.occurs());
    if its_least > least {
        return Err(format!("{} must now be there {its_least} times", called(a)).replace("1 times", "once"));
    }
    if its_most < most {
        return Err(format!("{} may stand {its_most} times at most", called(a)).replace("1 times", "once"));
    }
    let parts = |p: &Part| -> Vec<Part> { p.parts.iter().filter(|p| PARTICLES.contains(&p.what.as_str())).cloned().collect() };
    match a.what.as_str() {
        "element" => element(a, b, facts),
        "any" => wildcard(a, b),
        "sequence" => {
            let (old, new) = (parts(a), parts(b));
            let mut at = new.iter();
            for x in &old {
                loop {
                    let Some(y) = at.next() else { return Err(format!("{} is gone, or stands elsewhere", called(x))) };
                    match if alike(x, y) { particle(x, y, facts) } else { Err(format!("{} must now be there", called(y))) } {
                        Ok(()) => break,
                        Err(why) if !may_be_nothing(y) || alike(x, y) && x.get("name").is_some() => return Err(why),
                        Err(_) => {}
                    }
                }
            }
            match at.find(|y| !may_be_nothing(y)) {
                Some(new) => Err(format!("{} must now be there", called(new))),
                None => Ok(()),
            }
        }
        "choice" => {
            let new = parts(b);
            parts(a).iter().try_for_each(|x| {
                let mut same = new.iter().filter(|y| alike(x, y)).map(|y| particle(x, y, facts)).collect::<Vec<_>>();
                if same.iter().any(Result::is_ok) { Ok(()) } else { same.pop().unwrap_or_else(|| Err(format!("{} is gone", called(x)))) }
            })
        }
        "all" => {
            let (old, new) = (parts(a), parts(b));
            for x in &old {
                let y = new.iter().find(|y| alike(x, y)).ok_or_else(|| format!("{} is gone", called(x)))?;
                particle(x, y, facts)?;
            }
            match new.iter().find(|y| !old.iter().any(|x| alike(x, y)) && !may_be_nothing(y)) {
                Some(new) => Err(format!("{} must now be there", called(new))),
                None => Ok(()),
            }
        }
        // What the name means is compared where it is declared.
        _ => Ok(()),
    }
}

fn wildcard(a: &Part, b: &Part) -> Told {
    let strictness = |p: &Part| match p.get("processContents") {
        Some("skip") => 0,
        Some("lax") => 1,
        _ => 2,
    };
    let space = |p: &Part| p.get("namespace").unwrap_or("##any").to_owned();
    if space(a) != space(b) || strictness(b) > strictness(a) { Err(format!("{} takes something else", called(a))) } else { Ok(()) }
}

fn attributes(a: &Part, b: &Part, facts: &Facts) -> Told {
    let of = |p: &Part, what: &str| -> Vec<Part> { p.parts.iter().filter(|p| p.what == what).cloned().collect() };
    let (old, new) = (of(a, "attribute"), of(b, "attribute"));
    for x in &old {
        match new.iter().find(|y| alike(x, y)) {
            Some(y) => attribute(x, y, facts)?,
            None => return Err(format!("{} is gone", called(x))),
        }
    }
    for y in new.iter().filter(|y| !old.iter().any(|x| alike(x, y))) {
        if y.get("use") == Some("required") {
            return Err(format!("{} must now be there", called(y)));
        }
        // Where it is not given it takes its default, which must not be looked for elsewhere.
        let default = y.get("default").or(y.get("fixed")).is_some();
        let plain = y.get("type").and_then(builtin).is_some_and(|t| !matches!(t, "ID" | "IDREF" | "IDREFS" | "ENTITY" | "ENTITIES"));
        if facts.any_attribute || y.get("use") == Some("prohibited") || default && (facts.keys || !plain) {
            return Err(format!("{} is new", called(y)));
        }
    }
    if of(a, "attributeGroup") != of(b, "attributeGroup") {
        return Err(format!("{} has other attribute groups", called(a)));
    }
    match (of(a, "anyAttribute").first(), of(b, "anyAttribute").first()) {
        (None, None) => Ok(()),
        (Some(x), Some(y)) => wildcard(x, y),
        _ => Err(format!("{} takes other attributes that are not named", called(a))),
    }
}

/// The types that stand within a simple type, one for one; behind them some may be added where `more` says so.
fn inner(a: &Part, b: &Part, facts: &Facts) -> Told {
    let of = |p: &Part| -> Vec<Part> { p.parts.iter().filter(|p| p.is("simpleType")).cloned().collect() };
    let (old, new) = (of(a), of(b));
    if old.len() != new.len() {
        return Err("a type is made from other types".to_owned());
    }
    old.iter().zip(&new).try_for_each(|(x, y)| simple(x, y, facts))
}

fn simple(a: &Part, b: &Part, facts: &Facts) -> Told {
    same(a, b, &["name", "final"])?;
    let (Some(x), Some(y)) = (a.parts.first(), b.parts.first()) else { return Err(format!("{} is another", called(a))) };
    if x.what != y.what {
        return Err(format!("{} is made in another way", called(a)));
    }
    match x.what.as_str() {
        "restriction" => {
            let wider = || {
                // A type with a name may be asked for by it wherever its base may stand.
                let pair = x.get("base").zip(y.get("base"));
                a.get("name").is_none() && pair.is_some_and(|(x, y)| narrows(x, y, true))
            };
            if x.get("base") != y.get("base") && !wider() {
                return Err(format!("{} is made from another type", called(a)));
            }
            facets(x, y, &called(a))?;
        }
        "list" => same(x, y, &["itemType"]).map_err(|_| format!("{} has other items", called(a)))?,
        _ => {
            let members = |p: &Part| -> Vec<String> { p.get("memberTypes").unwrap_or_default().split(' ').map(str::to_owned).collect() };
            let (old, new) = (members(x), members(y));
            let added = new.starts_with(&old) && !facts.keys;
            if old != new && !added {
                return Err(format!("{} is made from other types", called(a)));
            }
        }
    }
    inner(x, y, facts)
}

const LENGTHS: [&str; 3] = ["length", "minLength", "maxLength"];
const BOUNDS: [(&str, bool); 4] = [("minInclusive", true), ("minExclusive", true), ("maxInclusive", false), ("maxExclusive", false)];

/// What a restriction asks for: the new one nothing that the old one did not.
fn facets(a: &Part, b: &Part, name: &str) -> Told {
    let values = |p: &Part, facet: &str| -> Vec<String> {
        p.parts.iter().filter(|p| p.what == facet).filter_map(|p| p.get("value").map(str::to_owned)).collect()
    };
    for facet in ["enumeration", "pattern"] {
        let (old, new) = (values(a, facet), values(b, facet));
        if !new.is_empty() && (old.is_empty() || !old.iter().all(|v| new.contains(v))) {
            let gone = old.iter().find(|v| !new.contains(v)).filter(|_| facet == "enumeration");
            return Err(gone.map_or_else(|| format!("{name} has another {facet}"), |v| format!("{name} no longer has the value \"{v}\"")));
        }
    }
    if values(a, "whiteSpace") != values(b, "whiteSpace") {
        return Err(format!("{name} treats blanks in another way"));
    }
    let number = |p: &Part, facet: &str| values(p, facet).first().map(|v| v.trim().to_owned());
    let count = |p: &Part, facet: &str| number(p, facet).and_then(|v| v.parse::<u64>().ok());
    // A length is both bounds at once.
    let range = |p: &Part| {
        let [exact, least, most] = LENGTHS.map(|facet| count(p, facet));
        (exact.or(least).unwrap_or(0), exact.or(most).unwrap_or(u64::MAX))
    };
    let ((least, most), (its_least, its_most)) = (range(a), range(b));
    if its_least > least || its_most < most {
        return Err(format!("{name} has another length"));
    }
    for (facet, low) in BOUNDS {
        let fits = match (number(a, facet), number(b, facet)) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(x), Some(y)) if x == y => true,
            (Some(x), Some(y)) => match (Decimal::parse(&x), Decimal::parse(&y)) {
                (Some(x), Some(y)) => {
                    if low {
                        y <= x
                    } else {
                        y >= x
                    }
                }
                _ => false,
            },
        };
        if !fits {
            return Err(format!("{name} has another bound"));
        }
    }
    for facet in ["totalDigits", "fractionDigits"] {
        match (count(a, facet), count(b, facet)) {
            (_, None) => {}
            (Some(x), Some(y)) if y >= x => {}
            _ => return Err(format!("{name} has another number of digits")),
        }
    }
    Ok(())
}
