//! Names, interned: a number for each string, and pairs of numbers for names with a namespace.

use std::collections::HashMap;
use std::rc::Rc;

/// Number of an interned string.
pub(crate) type Sym = u32;

/// The empty string, which as a namespace is none.
pub(crate) const EMPTY: Sym = 0;
/// The namespace of XML Schema.
pub(crate) const XS: Sym = 1;
/// The namespace of `xsi:type` and its kin.
pub(crate) const XSI: Sym = 2;
/// The namespace of `xml:lang` and its kin.
pub(crate) const XML: Sym = 3;

pub(crate) const XS_URI: &str = "http://www.w3.org/2001/XMLSchema";
pub(crate) const XSI_URI: &str = "http://www.w3.org/2001/XMLSchema-instance";
pub(crate) const XML_URI: &str = "http://www.w3.org/XML/1998/namespace";
pub(crate) const XMLNS_URI: &str = "http://www.w3.org/2000/xmlns/";

/// A name with its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct QName {
    pub(crate) ns: Sym,
    pub(crate) local: Sym,
}

/// The strings met while a schema is compiled.
#[derive(Debug)]
pub(crate) struct Strings {
    map: HashMap<Rc<str>, Sym>,
    list: Vec<Rc<str>>,
}

impl Strings {
    pub(crate) fn new() -> Strings {
        let mut strings = Strings { map: HashMap::new(), list: Vec::new() };
        for text in ["", XS_URI, XSI_URI, XML_URI] {
            strings.intern(text);
        }
        strings
    }

    pub(crate) fn intern(&mut self, text: &str) -> Sym {
        if let Some(&sym) = self.map.get(text) {
            return sym;
        }
        let sym = self.list.len() as Sym;
        let text: Rc<str> = text.into();
        self.list.push(text.clone());
        self.map.insert(text, sym);
        sym
    }

    pub(crate) fn get(&self, sym: Sym) -> &str {
        self.list.get(sym as usize).map_or("", |s| s)
    }

    pub(crate) fn find(&self, text: &str) -> Option<Sym> {
        self.map.get(text).copied()
    }

    /// A name as people are told it.
    pub(crate) fn show(&self, name: QName) -> String {
        if name.ns == EMPTY { self.get(name.local).to_string() } else { format!("{{{}}}{}", self.get(name.ns), self.get(name.local)) }
    }
}
