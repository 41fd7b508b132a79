//! Identity constraints as they are declared, with their subset of XPath (Structures 3.11.6).

use super::compile::{Compiler, Site};
use super::model::{Key, KeyKind, Path, Test};
use super::names::{EMPTY, QName};
use super::scan::is_ncname;

/// Most steps of a path.
const STEPS: usize = 60;

impl Compiler<'_, '_> {
    /// Reads a constraint and gives it a number.
    pub(super) fn key(&mut self, site: Site) -> Option<u32> {
        let target = self.docs[site.0 as usize].target;
        let local = self.attr(site, "name")?;
        let name = QName { ns: target, local: self.strings.intern(&local) };
        let number = self.keys.len() as u32;
        if self.key_names.insert(name, number).is_some() {
            let what = format!("there are two constraints named {local}");
            self.fault(site, "sch-props-correct", what);
        }
        let mut selector = Vec::new();
        let mut fields = Vec::new();
        for child in self.children(site) {
            let text = self.attr(child, "xpath").unwrap_or_default();
            let field = self.local(child) == "field";
            let Some(paths) = self.paths(child, &text, field) else {
                self.fault(
                    child,
                    if field { "c-fields-xpaths" } else { "c-selector-xpath" },
                    format!("\u{201C}{text}\u{201D} is no path of this kind"),
                );
                continue;
            };
            if field {
                fields.push(paths);
            } else {
                selector = paths;
            }
        }
        let kind = match self.local(site) {
            "unique" => KeyKind::Unique,
            "key" => KeyKind::Key,
            _ => {
                let refer = self.attr(site, "refer").and_then(|t| self.qname(site, &t));
                self.key_refs.extend(refer.map(|r| (number, r, site)));
                KeyKind::Ref(u32::MAX)
            }
        };
        self.keys.push(Key { name, kind, selector, fields });
        Some(number)
    }

    /// Finds the keys that references refer to.
    pub(super) fn link_keys(&mut self) {
        for (number, refer, site) in std::mem::take(&mut self.key_refs) {
            let found = self.key_names.get(&refer).copied().filter(|&k| !matches!(self.keys[k as usize].kind, KeyKind::Ref(_)));
            match found {
                Some(key) => {
                    if self.keys[key as usize].fields.len() != self.keys[number as usize].fields.len() {
                        self.fault(site, "c-props-correct", "the reference has not as many fields as its key");
                    }
                    self.keys[number as usize].kind = KeyKind::Ref(key);
                }
                None => self.fault(site, "src-resolve", format!("there is no key {}", self.strings.show(refer))),
            }
        }
    }

    fn paths(&mut self, site: Site, text: &str, field: bool) -> Option<Vec<Path>> {
        text.split('|').map(|alternative| self.path(site, alternative, field)).collect()
    }

    fn path(&mut self, site: Site, text: &str, field: bool) -> Option<Path> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let mut path = Path { deep: false, steps: Vec::new(), attribute: None };
        if tokens.len() >= 2 {
            let start: Vec<String> = tokens.clone().take(2).collect();
            if start[0] == "." && start[1] == "//" {
                path.deep = true;
                tokens.next();
                tokens.next();
            }
        }
        loop {
            let mut token = tokens.next()?;
            let mut attribute = false;
            if token == "@" {
                attribute = true;
                token = tokens.next()?;
            } else if matches!(token.as_str(), "child" | "attribute") && tokens.peek().is_some_and(|t| t == "::") {
                attribute = token == "attribute";
                tokens.next();
                token = tokens.next()?;
            }
            if attribute && !field {
                return None;
            }
            if token == "." && !attribute {
                // The node itself: no step.
            } else {
                let test = self.test(site, &token)?;
                if attribute {
                    path.attribute = Some(test);
                } else {
                    path.steps.push(test);
                }
            }
            match tokens.next() {
                None => break,
                Some(slash) if slash == "/" && !attribute => {}
                Some(_) => return None,
            }
        }
        (path.steps.len() <= STEPS).then_some(path)
    }

    fn test(&mut self, site: Site, token: &str) -> Option<Test> {
        if token == "*" {
            return Some(Test::Any);
        }
        let (prefix, local) = token.split_once(':').unwrap_or(("", token));
        if !prefix.is_empty() && !is_ncname(prefix.as_bytes()) {
            return None;
        }
        let prefix_sym = self.strings.intern(prefix);
        let doc = &self.docs[site.0 as usize];
        // A name without a prefix has no namespace, whatever the default one is.
        let ns = if prefix.is_empty() { EMPTY } else { doc.tree.namespace(site.1, prefix_sym, &self.strings)? };
        if local == "*" && !prefix.is_empty() {
            return Some(Test::Namespace(ns));
        }
        is_ncname(local.as_bytes()).then(|| Test::Name(QName { ns, local: self.strings.intern(local) }))
    }
}

/// The tokens of a path: names with prefixes, `.`, `*`, `@`, `/`, `//`, `::`.
fn tokens(text: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let mut rest = text.trim_matches([' ', '\t', '\n', '\r']);
    if rest.is_empty() {
        return None;
    }
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_whitespace() {
            rest = &rest[1..];
            continue;
        }
        if let Some(symbol) = ["//", "::", "/", "@", "*"].into_iter().find(|s| rest.starts_with(s)) {
            out.push(symbol.to_string());
            rest = &rest[symbol.len()..];
            continue;
        }
        if c == '.' {
            out.push(".".into());
            rest = &rest[1..];
            continue;
        }
        let mut end = 0;
        for (i, c) in rest.char_indices() {
            let colon = c == ':' && !rest[i..].starts_with("::") && !rest[..i].contains(':');
            if !(colon || c != ':' && super::scan::name_char(c)) {
                break;
            }
            end = i + c.len_utf8();
        }
        if end == 0 {
            return None;
        }
        let mut name = rest[..end].to_string();
        rest = &rest[end..];
        if name.ends_with(':') && rest.starts_with('*') {
            name.push('*');
            rest = &rest[1..];
        }
        out.push(name);
    }
    Some(out)
}
