//! The `lookup` and `codes` steps: a value found in a table becomes its counterpart.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::check::fast::Words;
use crate::check::short::sixteen;
use crate::package::CodeList;
use crate::package::crosswalk::LookupTable;

use super::text::fold;

/// A compiled table.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    map: HashMap<Box<str>, Box<str>, BuildHasherDefault<Fast>>,
    /// Texts whose counterpart is themselves.
    same: Words,
    fold: bool,
    /// What the table is called, for findings.
    name: String,
}

/// A fast hash for short trusted keys (a crosswalk's own table; the cells are only looked up, never inserted).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fast(u64);

impl Hasher for Fast {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let product = u128::from(self.0 ^ u64::from_le_bytes(word)) * 0x9E37_79B9_7F4A_7C15;
            self.0 = (product as u64) ^ ((product >> 64) as u64) ^ (bytes.len() as u64).rotate_left(17);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(5) ^ u64::from(byte);
    }
}

impl Lookup {
    /// A table read beside the crosswalk.
    pub(super) fn of_table(table: &LookupTable, folded: bool) -> Lookup {
        Lookup::new(table.map.iter().map(|(k, v)| (k.as_str(), v.as_str())), folded, table.name.clone())
    }

    /// A code list of the target: each code becomes itself, in the list's own spelling.
    pub(super) fn of_codes(list: &CodeList, folded: bool) -> Lookup {
        Lookup::new(list.codes.iter().map(|c| (c.code.as_str(), c.code.as_str())), folded, format!("the code list {}", list.name))
    }

    fn new<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, folded: bool, name: String) -> Lookup {
        // Sorted, so that of two keys that fold alike the same one is kept on every machine: the one written exactly so, else the first.
        let mut pairs: Vec<(&str, &str)> = pairs.collect();
        pairs.sort_unstable();
        let mut map = HashMap::with_capacity_and_hasher(pairs.len(), BuildHasherDefault::default());
        for (key, value) in pairs {
            let mut text = String::new();
            if folded {
                fold(key, &mut text)
            } else {
                text.push_str(key)
            }
            map.entry(text.into_boxed_str()).or_insert_with(|| value.into());
        }
        let mut lookup = Lookup { map, same: Words::nothing(), fold: folded, name };
        let mut spare = String::new();
        let same: Vec<&[u8]> = {
            let mut texts: Vec<&str> = lookup.map.values().map(AsRef::as_ref).collect();
            texts.sort_unstable();
            texts.dedup();
            texts.retain(|text| lookup.find(text, &mut spare) == Some(*text));
            texts.into_iter().map(str::as_bytes).collect()
        };
        lookup.same = Words::new(same.into_iter()).unwrap_or_else(Words::nothing);
        lookup
    }

    /// Whether the table turns this text into itself. Only *yes* is certain.
    #[inline]
    pub(super) fn keeps(&self, text: &str) -> bool {
        self.same.has(text.as_bytes())
    }

    /// The same for a text that lies in `data` from `from` on.
    #[inline(always)]
    pub(super) fn keeps_at(&self, data: &[u8], from: usize, text: &[u8]) -> bool {
        match sixteen(data, from) {
            Some(bytes) if !text.is_empty() => self.same.has_short(bytes, text),
            _ => self.same.has(text),
        }
    }

    /// What texts become.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.map.values().map(AsRef::as_ref)
    }

    /// What the table is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether an empty text stays empty.
    pub(super) fn keeps_empty(&self) -> bool {
        self.find("", &mut String::new()).is_none_or(str::is_empty)
    }

    /// The counterpart of a text. `spare` is working space.
    pub(super) fn find(&self, text: &str, spare: &mut String) -> Option<&str> {
        if !self.fold {
            return self.map.get(text).map(AsRef::as_ref);
        }
        spare.clear();
        fold(text, spare);
        self.map.get(spare.as_str()).map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Code;

    fn table(pairs: &[(&str, &str)]) -> LookupTable {
        LookupTable { name: "t.csv".into(), map: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect() }
    }

    #[test]
    fn finds_exactly_or_folded() {
        let mut spare = String::new();
        let exact = Lookup::of_table(&table(&[("St", "Street"), ("", "none"), ("Null", "")]), false);
        for (text, expected) in [("St", Some("Street")), ("st", None), (" St", None), ("", Some("none")), ("Null", Some(""))] {
            assert_eq!(exact.find(text, &mut spare), expected, "{text:?}");
        }
        let folded = Lookup::of_table(&table(&[("st", "Street"), ("straße", "road")]), true);
        for (text, expected) in [("St", Some("Street")), ("\u{a0}ST ", Some("Street")), ("STRAßE", Some("road")), ("", None)] {
            assert_eq!(folded.find(text, &mut spare), expected, "{text:?}");
        }
    }

    #[test]
    fn codes_come_in_the_lists_own_spelling() {
        let list = CodeList { name: "status".into(), codes: vec![Code { code: "Issued".into(), ..Code::default() }] };
        let mut spare = String::new();
        assert_eq!(Lookup::of_codes(&list, true).find("ISSUED ", &mut spare), Some("Issued"));
        assert_eq!(Lookup::of_codes(&list, false).find("ISSUED", &mut spare), None);
    }

    proptest::proptest! {
        #[test]
        fn equals_a_naive_search(pairs in proptest::collection::vec(("[a-zA-Z ]{0,9}", "[a-z]{0,3}"), 0..40), wanted in "[a-zA-Z ]{0,9}") {
            let unique: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
            let list: Vec<(&str, &str)> = unique.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let lookup = Lookup::of_table(&table(&list), false);
            let mut spare = String::new();
            let folded = Lookup::of_table(&table(&list), true);
            let values = unique.values().cloned().collect::<Vec<_>>();
            for text in unique.keys().chain([&wanted]).chain(&values) {
                for lookup in [&lookup, &folded] {
                    let padded = format!(" {text}, and what stands behind it");
                    proptest::prop_assert_eq!(lookup.keeps_at(padded.as_bytes(), 1, text.as_bytes()), lookup.keeps(text));
                    proptest::prop_assert_eq!(lookup.keeps(text), lookup.find(text, &mut spare) == Some(text.as_str()));
                }
            }
            for text in unique.keys().chain([&wanted]) {
                proptest::prop_assert_eq!(lookup.find(text, &mut spare), unique.get(text).map(String::as_str));
            }
        }
    }
}
