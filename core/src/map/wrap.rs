//! Texts around a value in which `{name}` stands for what the user gives.

use std::collections::BTreeMap;

/// The names in a text, in order.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).filter(|name| !name.is_empty())
}

/// The text with what was given; a name for which nothing was given leaves nothing.
pub(super) fn filled(text: &str, givens: &BTreeMap<String, String>) -> String {
    let mut out = text.to_owned();
    for name in names(text) {
        out = out.replace(&format!("{{{name}}}"), givens.get(name).map_or("", String::as_str));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_was_given() {
        let givens = BTreeMap::from([("town".to_owned(), "a.us".to_owned())]);
        assert_eq!(names("x{town}{}{y}{").collect::<Vec<_>>(), ["town", "y"]);
        assert_eq!(filled("urn:{town}:{y}:{", &givens), "urn:a.us::{");
    }
}
