//! Documents made from a schema: the smallest, the fullest, and those that differ from either in one choice. Some of them may not be valid, since not
//! every facet and key is looked at; who asks for them checks them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Bounds;
use super::names::{XML_URI, XS_URI, XSI_URI};
use super::plain::{Part, read_all};
use super::regex;
use crate::decimal::Decimal;

/// Deepest nesting of elements that are made by choice; below it only what must be there is made.
const DEEP: usize = 12;

/// Deepest nesting of all.
const DEEPEST: usize = 40;

/// Largest document that is made, in bytes.
const LARGEST: usize = 200_000;

/// Longest value that is made, in characters.
const LONGEST: u64 = 5_000;

/// The schema documents with what is looked up in them.
pub(crate) struct Sampler {
    docs: Vec<Part>,
    /// By kind and full name, the number of the document and of the part.
    globals: BTreeMap<(String, String), (usize, usize)>,
    roots: Vec<String>,
}

/// What is made at present.
struct Making<'s> {
    sampler: &'s Sampler,
    /// Whether what may be left out is there.
    full: bool,
    /// A choice to be made in another way: its number, and which.
    other: Option<(usize, usize)>,
    /// How many ways each choice so far had, and which was taken.
    choices: Vec<(usize, usize)>,
    spaces: Vec<String>,
    ids: usize,
    body: String,
}

/// What is known of the values of a simple type.
#[derive(Debug, Clone, Default)]
struct Values {
    builtin: String,
    list: bool,
    listed: Vec<String>,
    patterns: Vec<String>,
    least: Option<u64>,
    most: Option<u64>,
    low: Option<(String, bool)>,
    high: Option<(String, bool)>,
    total: Option<u64>,
    fraction: Option<u64>,
    members: Vec<Values>,
}

impl Sampler {
    /// Reads schema documents. `None` when one cannot be read.
    pub(crate) fn new(files: &BTreeMap<String, Arc<[u8]>>, bounds: &Bounds) -> Option<Sampler> {
        let docs: Vec<Part> = read_all(files, bounds)?.into_values().collect();
        let target = docs.iter().find_map(|d| d.get("targetNamespace")).unwrap_or_default().to_owned();
        let (mut globals, mut roots) = (BTreeMap::new(), Vec::new());
        for (at, doc) in docs.iter().enumerate() {
            let space = doc.get("targetNamespace").unwrap_or(&target);
            for (index, part) in doc.parts.iter().enumerate() {
                let Some(name) = part.get("name") else { continue };
                let name = format!("{{{space}}}{name}");
                if part.is("element") && !matches!(part.get("abstract"), Some("true" | "1")) {
                    roots.push(name.clone());
                }
                globals.insert((part.what.clone(), name), (at, index));
            }
        }
        Some(Sampler { docs, globals, roots })
    }

    /// Documents with one of these outermost elements, `{namespace}local`, or with any when there are none; at most so many.
    pub(crate) fn documents(&self, roots: &[String], most: usize) -> Vec<String> {
        let roots: Vec<&String> = self.roots.iter().filter(|r| roots.is_empty() || roots.contains(r)).take(20).collect();
        let mut found: Vec<String> = Vec::new();
        let share = most / roots.len().max(1);
        for root in roots {
            let start = found.len();
            let mut add = |document: Option<String>| {
                if let Some(document) = document.filter(|d| !found.contains(d)) {
                    found.push(document);
                }
                found.len() - start < share
            };
            for full in [false, true] {
                let (document, choices) = self.make(root, full, None);
                if !add(document) {
                    break;
                }
                for (at, (ways, taken)) in choices.into_iter().enumerate() {
                    for way in (0..ways).filter(|way| *way != taken) {
                        if !add(self.make(root, full, Some((at, way))).0) {
                            break;
                        }
                    }
                }
            }
        }
        found
    }

    fn make(&self, root: &str, full: bool, other: Option<(usize, usize)>) -> (Option<String>, Vec<(usize, usize)>) {
        let mut making = Making { sampler: self, full, other, choices: Vec::new(), spaces: Vec::new(), ids: 0, body: String::new() };
        let made = self.global("element", root).and_then(|(doc, part)| making.element(doc, part, true, 0));
        let declared: String = making.spaces.iter().enumerate().map(|(i, ns)| format!(" xmlns:n{i}=\"{}\"", escaped(ns))).collect();
        let end = making.body.find(['>', '/', ' ']).unwrap_or(making.body.len());
        let document = made.map(|()| format!("{}{declared}{}\n", &making.body[..end], &making.body[end..]));
        (document, making.choices)
    }

    fn global(&self, what: &str, name: &str) -> Option<(usize, &Part)> {
        let &(doc, index) = self.globals.get(&(what.to_owned(), name.to_owned()))?;
        Some((doc, self.docs.get(doc)?.parts.get(index)?))
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn split(name: &str) -> (&str, &str) {
    name.strip_prefix('{').and_then(|rest| rest.split_once('}')).unwrap_or(("", name))
}

const PARTICLES: [&str; 6] = ["element", "group", "sequence", "choice", "all", "any"];

impl<'s> Making<'s> {
    /// One of so many ways; the usual one unless this choice is the one to be made in another way.
    fn choose(&mut self, ways: usize, usual: usize) -> usize {
        let at = self.choices.len();
        let taken = match self.other {
            Some((which, way)) if which == at => way.min(ways.saturating_sub(1)),
            _ => usual,
        };
        self.choices.push((ways, taken));
        taken
    }

    fn written(&mut self, doc: usize, part: &Part, global: bool) -> Option<String> {
        let schema = self.sampler.docs.get(doc)?;
        let name = part.get("name")?;
        let default = if part.is("attribute") { "attributeFormDefault" } else { "elementFormDefault" };
        let qualified = global || part.get("form").or(schema.get(default)) == Some("qualified");
        let space = schema.get("targetNamespace").unwrap_or_default().to_owned();
        Some(if qualified && !space.is_empty() { self.prefixed(&space, name) } else { name.to_owned() })
    }

    fn prefixed(&mut self, space: &str, local: &str) -> String {
        if space == XML_URI {
            return format!("xml:{local}");
        }
        let at = self.spaces.iter().position(|s| s == space).unwrap_or_else(|| {
            self.spaces.push(space.to_owned());
            self.spaces.len() - 1
        });
        format!("n{at}:{local}")
    }

    fn element(&mut self, doc: usize, part: &'s Part, global: bool, depth: usize) -> Option<()> {
        if let Some(to) = part.get("ref") {
            let (doc, part) = self.sampler.global("element", to)?;
            return self.element(doc, part, true, depth);
        }
        if depth > DEEPEST || self.body.len() > LARGEST || matches!(part.get("abstract"), Some("true" | "1")) {
            return None;
        }
        let tag = self.written(doc, part, global)?;
        self.body.push('<');
        self.body.push_str(&tag);
        let own = part.find("complexType").map(|t| (doc, t));
        let complex = own.or_else(|| self.sampler.global("complexType", part.get("type")?));
        if let Some((home, ty)) = complex {
            self.attributes(home, ty, depth)?;
        }
        if matches!(part.get("nillable"), Some("true" | "1")) && self.choose(2, 0) == 1 {
            self.body.push_str(&format!(" xmlns:xsi=\"{XSI_URI}\" xsi:nil=\"true\"></{tag}>"));
            return Some(());
        }
        self.body.push('>');
        match (part.get("fixed"), complex) {
            (Some(fixed), _) => self.body.push_str(&escaped(fixed)),
            (None, Some((home, ty))) => self.content(home, ty, depth)?,
            (None, None) => {
                let values = match part.find("simpleType") {
                    Some(ty) => self.simple(ty, 0)?,
                    None => self.named(part.get("type").unwrap_or_default(), 0)?,
                };
                let text = self.value(&values);
                self.body.push_str(&escaped(&text));
            }
        }
        self.body.push_str("</");
        self.body.push_str(&tag);
        self.body.push('>');
        Some(())
    }

    /// What a type is derived by, when it is.
    fn derived(ty: &'s Part) -> Option<(&'s Part, bool)> {
        let content = ty.find("complexContent").or(ty.find("simpleContent"))?;
        Some((content.parts.first()?, content.is("simpleContent")))
    }

    fn attributes(&mut self, doc: usize, ty: &'s Part, depth: usize) -> Option<()> {
        let mut all: Vec<(usize, &'s Part)> = Vec::new();
        self.gather(doc, ty, &mut all, 0);
        for (doc, part) in all {
            let (doc, decl, global) = match part.get("ref") {
                Some(to) if split(to).0 == XML_URI => continue,
                Some(to) => {
                    let (doc, decl) = self.sampler.global("attribute", to)?;
                    (doc, decl, true)
                }
                None => (doc, part, false),
            };
            let wanted = match part.get("use") {
                Some("required") => true,
                Some("prohibited") => false,
                _ => depth <= DEEP && self.choose(2, usize::from(self.full)) == 1,
            };
            if !wanted {
                continue;
            }
            let name = self.written(doc, decl, global)?;
            let text = match part.get("fixed").or(decl.get("fixed")) {
                Some(fixed) => fixed.to_owned(),
                None => {
                    let values = match decl.find("simpleType") {
                        Some(ty) => self.simple(ty, 0)?,
                        None => self.named(decl.get("type").unwrap_or("{http://www.w3.org/2001/XMLSchema}string"), 0)?,
                    };
                    self.value(&values)
                }
            };
            self.body.push_str(&format!(" {name}=\"{}\"", escaped(&text)));
        }
        Some(())
    }

    /// The attributes of a type with those of the types it is derived from; the nearest of one name counts.
    fn gather(&self, doc: usize, ty: &'s Part, all: &mut Vec<(usize, &'s Part)>, deep: usize) {
        if deep > DEEPEST {
            return;
        }
        let from = Self::derived(ty).map_or(ty, |(d, _)| d);
        for part in &from.parts {
            match part.what.as_str() {
                "attribute" if !all.iter().any(|(_, p)| p.get("name") == part.get("name") && p.get("ref") == part.get("ref")) => {
                    all.push((doc, part))
                }
                "attributeGroup" => {
                    if let Some((doc, group)) = part.get("ref").and_then(|to| self.sampler.global("attributeGroup", to)) {
                        self.gather(doc, group, all, deep + 1);
                    }
                }
                _ => {}
            }
        }
        if let Some((doc, base)) = from.get("base").and_then(|base| self.sampler.global("complexType", base)) {
            self.gather(doc, base, all, deep + 1);
        }
    }

    fn content(&mut self, doc: usize, ty: &'s Part, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match Self::derived(ty) {
            Some((_, true)) => {
                let values = self.text(ty, 0)?;
                let text = self.value(&values);
                self.body.push_str(&escaped(&text));
                Some(())
            }
            Some((from, false)) => {
                if from.is("extension")
                    && let Some((doc, base)) = self.sampler.global("complexType", from.get("base")?)
                {
                    self.content(doc, base, depth + 1)?;
                }
                self.particles(doc, from, depth)
            }
            None => self.particles(doc, ty, depth),
        }
    }

    fn particles(&mut self, doc: usize, part: &'s Part, depth: usize) -> Option<()> {
        part.parts.iter().filter(|p| PARTICLES.contains(&p.what.as_str())).try_for_each(|p| self.particle(doc, p, depth))
    }

    fn particle(&mut self, doc: usize, part: &'s Part, depth: usize) -> Option<()> {
        let (least, most) = part.occurs();
        let mut counts = vec![least];
        let usual = least.max(1).min(most);
        for count in [usual, least + 1, 2, most] {
            if (least..=most).contains(&count) && count <= least.max(1) + 12 && !counts.contains(&count) {
                counts.push(count);
            }
        }
        let place = counts.iter().position(|c| *c == usual).filter(|_| self.full && depth <= DEEP).unwrap_or(0);
        let taken = if counts.len() > 1 { self.choose(counts.len(), place) } else { 0 };
        let count = counts.get(taken).copied().unwrap_or(least);
        for _ in 0..count {
            match part.what.as_str() {
                "element" => self.element(doc, part, false, depth + 1)?,
                "group" => {
                    let (doc, group) = self.sampler.global("group", part.get("ref")?)?;
                    self.particles(doc, group, depth + 1)?;
                }
                "choice" => {
                    let branches: Vec<&'s Part> = part.parts.iter().filter(|p| PARTICLES.contains(&p.what.as_str())).collect();
                    let taken = if branches.len() > 1 { self.choose(branches.len(), 0) } else { 0 };
                    if let Some(branch) = branches.get(taken) {
                        self.particle(doc, branch, depth + 1)?;
                    }
                }
                "any" => {}
                _ => self.particles(doc, part, depth + 1)?,
            }
            if self.body.len() > LARGEST {
                return None;
            }
        }
        Some(())
    }

    /// The values of a complex type with simple content.
    fn text(&self, ty: &'s Part, deep: usize) -> Option<Values> {
        let (from, _) = Self::derived(ty).filter(|(_, simple)| *simple && deep < DEEPEST)?;
        let base = from.get("base")?;
        let mut values = match (from.find("simpleType"), self.sampler.global("complexType", base)) {
            (Some(own), _) => self.simple(own, deep + 1)?,
            (None, Some((_, base))) => self.text(base, deep + 1)?,
            (None, None) => self.named(base, deep + 1)?,
        };
        values.narrow(from);
        Some(values)
    }

    fn named(&self, name: &str, deep: usize) -> Option<Values> {
        let (space, local) = split(name);
        if space == XS_URI {
            return Some(Values { builtin: local.to_owned(), ..Values::default() });
        }
        if name.is_empty() || deep > DEEPEST {
            return (deep <= DEEPEST).then(Values::default);
        }
        self.simple(self.sampler.global("simpleType", name)?.1, deep + 1)
    }

    fn simple(&self, ty: &Part, deep: usize) -> Option<Values> {
        let how = ty.parts.first().filter(|_| deep <= DEEPEST)?;
        let inner = |name: &str| match how.find("simpleType") {
            Some(own) => self.simple(own, deep + 1),
            None => self.named(how.get(name).unwrap_or_default(), deep + 1),
        };
        match how.what.as_str() {
            "restriction" => {
                let mut values = inner("base")?;
                values.narrow(how);
                Some(values)
            }
            "list" => Some(Values { list: true, members: vec![inner("itemType")?], ..Values::default() }),
            _ => {
                let named =
                    how.get("memberTypes").unwrap_or_default().split(' ').filter(|n| !n.is_empty()).map(|n| self.named(n, deep + 1));
                let own = how.parts.iter().filter(|p| p.is("simpleType")).map(|p| self.simple(p, deep + 1));
                Some(Values { members: named.chain(own).collect::<Option<_>>()?, ..Values::default() })
            }
        }
    }

    fn value(&mut self, values: &Values) -> String {
        let all = values.texts();
        let taken = if all.len() > 1 { self.choose(all.len(), 0) } else { 0 };
        let text = all.into_iter().nth(taken).unwrap_or_default();
        if values.builtin == "ID" {
            self.ids += 1;
            return format!("{text}{}", self.ids);
        }
        text
    }
}

impl Values {
    /// Takes the facets of a restriction over.
    fn narrow(&mut self, restriction: &Part) {
        let (mut listed, mut patterns) = (Vec::new(), Vec::new());
        for facet in &restriction.parts {
            let Some(value) = facet.get("value") else { continue };
            let (number, own) = (value.trim().parse().ok(), || value.trim().to_owned());
            match facet.what.as_str() {
                "enumeration" => listed.push(value.to_owned()),
                "pattern" => patterns.push(value.to_owned()),
                "length" => (self.least, self.most) = (number, number),
                "minLength" => self.least = number,
                "maxLength" => self.most = number,
                "minInclusive" => self.low = Some((own(), true)),
                "minExclusive" => self.low = Some((own(), false)),
                "maxInclusive" => self.high = Some((own(), true)),
                "maxExclusive" => self.high = Some((own(), false)),
                "totalDigits" => self.total = number,
                "fractionDigits" => self.fraction = number,
                _ => {}
            }
        }
        if !listed.is_empty() {
            self.listed = listed;
        }
        if !patterns.is_empty() {
            self.patterns = patterns;
        }
    }

    /// Values that may be of the type, the likeliest first.
    fn texts(&self) -> Vec<String> {
        if !self.listed.is_empty() {
            return self.listed.clone();
        }
        let mut all: Vec<String> = Vec::new();
        if !self.members.is_empty() {
            let items: Vec<Vec<String>> = self.members.iter().map(Values::texts).collect();
            if !self.list {
                return items.concat();
            }
            let least = self.least.unwrap_or(1).min(LONGEST);
            let one = items.concat();
            for count in [least.max(1), least, least + 1, self.most.unwrap_or(2).min(LONGEST)] {
                let items: Vec<&str> = one.iter().cycle().take(usize::try_from(count).unwrap_or(0)).map(String::as_str).collect();
                all.push(items.join(" "));
            }
            return all;
        }
        for pattern in &self.patterns {
            all.extend(regex::examples(pattern));
        }
        if all.is_empty() {
            let usual = usual(&self.builtin);
            let numbers = usual.first().is_some_and(|t| Decimal::parse(t).is_some());
            for (bound, inclusive) in self.low.iter().chain(&self.high) {
                match (inclusive, Decimal::parse(bound).filter(|_| numbers)) {
                    (true, _) => all.push(bound.clone()),
                    (false, Some(number)) => {
                        let near = [Decimal::from_i64(1), Decimal::from_i64(1).negated()].map(|d| number.add(&d));
                        all.extend(near.iter().flatten().map(ToString::to_string));
                    }
                    (false, None) => {}
                }
            }
            all.extend(usual.iter().map(|t| (*t).to_owned()));
            if numbers {
                let nines = |n: u64| "9".repeat(usize::try_from(n.min(100)).unwrap_or(0));
                let whole = self.total.map(|total| total.saturating_sub(self.fraction.unwrap_or(0)));
                all.extend(self.total.map(nines).filter(|t| !t.is_empty()));
                all.extend(self.fraction.filter(|n| *n > 0).map(|n| format!("0.{}", nines(n).replace('9', "1"))));
                all.extend(whole.zip(self.fraction).map(|(w, f)| format!("{}.{}", nines(w.max(1)), nines(f.max(1)))));
                let fits = |text: &String| {
                    let Some(number) = Decimal::parse(text) else { return true };
                    let bound = |bound: &Option<(String, bool)>| {
                        bound.as_ref().and_then(|(text, inclusive)| Some((Decimal::parse(text)?, *inclusive)))
                    };
                    let low = bound(&self.low).is_none_or(|(low, inclusive)| number > low || inclusive && number == low);
                    low && bound(&self.high).is_none_or(|(high, inclusive)| number < high || inclusive && number == high)
                };
                all.retain(fits);
            }
        }
        if self.least.is_some() || self.most.is_some() {
            let sign = if self.builtin == "hexBinary" { "0A" } else { "a" };
            let long = |n: u64| sign.repeat(usize::try_from(n.min(LONGEST)).unwrap_or(0));
            if self.patterns.is_empty() {
                let least = self.least.unwrap_or(0);
                all.splice(0..0, [long(least.max(1).min(self.most.unwrap_or(u64::MAX)))]);
                all.extend([long(least), self.most.map_or_else(String::new, long)]);
            }
            all.retain(|t| {
                let n = t.chars().count() as u64 / sign.len() as u64;
                self.least.is_none_or(|least| n >= least) && self.most.is_none_or(|most| n <= most)
            });
        }
        let mut seen = Vec::new();
        for text in all {
            if !seen.contains(&text) {
                seen.push(text);
            }
        }
        seen
    }
}

/// Values of a built-in type, the plainest first.
fn usual(builtin: &str) -> &'static [&'static str] {
    match builtin {
        "boolean" => &["true", "false", "1", "0"],
        "decimal" => &["1", "0", "-1", "1.5", "100000", "-0.25", "99999999999999999999"],
        "float" | "double" => &["1", "0", "-1", "1.5", "INF", "NaN", "1E10"],
        "integer" => &["1", "0", "-1", "99999999999999999999", "-99999999999999999999"],
        "nonNegativeInteger" => &["1", "0", "99999999999999999999"],
        "positiveInteger" => &["1", "99999999999999999999"],
        "nonPositiveInteger" => &["-1", "0", "-99999999999999999999"],
        "negativeInteger" => &["-1", "-99999999999999999999"],
        "long" => &["1", "0", "-1", "9223372036854775807", "-9223372036854775808"],
        "int" => &["1", "0", "-1", "2147483647", "-2147483648"],
        "short" => &["1", "0", "-1", "32767", "-32768"],
        "byte" => &["1", "0", "-1", "127", "-128"],
        "unsignedLong" => &["1", "0", "18446744073709551615"],
        "unsignedInt" => &["1", "0", "4294967295"],
        "unsignedShort" => &["1", "0", "65535"],
        "unsignedByte" => &["1", "0", "255"],
        "date" => &["2024-03-05", "1999-12-31Z", "0001-01-01"],
        "dateTime" => &["2024-03-05T10:20:30", "2024-03-05T10:20:30Z", "1999-12-31T23:59:59.5-05:00"],
        "time" => &["10:20:30", "10:20:30Z"],
        "gYear" => &["2024"],
        "gYearMonth" => &["2024-03"],
        "gMonth" => &["--03"],
        "gMonthDay" => &["--03-05"],
        "gDay" => &["---05"],
        "duration" => &["P1D", "PT1H", "-P1Y2M3DT4H5M6.7S"],
        "anyURI" => &["http://a.example/", "a", ""],
        "base64Binary" => &["AAAA", ""],
        "hexBinary" => &["0A", ""],
        "language" => &["en", "en-US"],
        "ID" | "IDREF" | "IDREFS" => &["i"],
        "NMTOKEN" | "NMTOKENS" => &["a", "1"],
        "Name" | "NCName" | "QName" | "ENTITY" | "ENTITIES" | "NOTATION" => &["a"],
        "token" => &["a", "a b", "", "1"],
        _ => &["a", "", " a  b ", "1", "é"],
    }
}
