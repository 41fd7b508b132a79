//! Characters that nobody sees.

use std::borrow::Cow;

use crate::eight::{self, less, spread, zeros};

/// Special spaces and invisible characters that are told as C309, with a name for people.
pub const SPECIAL: [(char, &str); 6] = [
    ('\u{A0}', "no-break space"),
    ('\u{2007}', "figure space"),
    ('\u{202F}', "narrow no-break space"),
    ('\u{200B}', "zero-width space"),
    ('\u{FEFF}', "byte-order mark"),
    ('\u{AD}', "soft hyphen"),
];

/// The blanks that are told as C308 at the ends of a cell.
pub const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether a text has anything at all that this module speaks of: blanks at an end, a special space, a control character, or NUL.
/// A text that is not odd and passes the field's rules has no finding.
pub fn is_odd(text: &str) -> bool {
    text.starts_with(BLANKS) || text.ends_with(BLANKS) || (may_be_odd(text) && text.chars().any(|c| is_control(c) || special(c).is_some()))
}

/// Whether a text has a byte below the blank, a DEL, or one with which a special space or a control character of C1 begins. Most texts have
/// none, and cells may be long.
fn may_be_odd(text: &str) -> bool {
    let wide =
        |w: u64| less(w, 0x20) | zeros(w ^ spread(0x7f)) | zeros(w ^ spread(0xc2)) | zeros(w ^ spread(0xe2)) | zeros(w ^ spread(0xef));
    eight::any(text.as_bytes(), wide, |b| matches!(b, 0..0x20 | 0x7f | 0xc2 | 0xe2 | 0xef))
}

/// Name of a special space.
pub fn special(c: char) -> Option<&'static str> {
    SPECIAL.iter().find(|(s, _)| *s == c).map(|(_, name)| *name)
}

/// A control character (C0 with NUL, DEL, C1) other than tab, line feed and carriage return, which cells of several lines hold.
pub fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

/// Without the blanks at both ends.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(BLANKS)
}

/// Special spaces replaced by ordinary ones, those without width dropped, and the blanks at both ends dropped.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    if memchr::memchr3(0xc2, 0xe2, 0xef, text.as_bytes()).is_none() {
        return Cow::Borrowed(trimmed(text));
    }
    let replaced: String = text
        .chars()
        .filter_map(|c| match c {
            '\u{A0}' | '\u{2007}' | '\u{202F}' => Some(' '),
            '\u{200B}' | '\u{FEFF}' | '\u{AD}' => None,
            c => Some(c),
        })
        .collect();
    Cow::Owned(trimmed(&replaced).to_owned())
}

/// Without control characters.
pub fn without_controls(text: &str) -> String {
    text.chars().filter(|c| !is_control(*c)).collect()
}

/// Where the blanks stand, in words.
pub fn blanks_where(text: &str) -> &'static str {
    match (text.starts_with(BLANKS), text.ends_with(BLANKS)) {
        (true, true) => "at both ends",
        (true, false) => "at its start",
        _ => "at its end",
    }
}

/// A control character's number as standards write it: `U+001F`.
pub fn control_name(text: &str) -> String {
    text.chars().find(|c| is_control(*c)).map(|c| format!("U+{:04X}", u32::from(c))).unwrap_or_default()
}

/// The first special space's name with its number.
pub fn special_name(text: &str) -> String {
    text.chars().find_map(|c| special(c).map(|name| format!("{name} (U+{:04X})", u32::from(c)))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quick_answers_are_those_of_plain_ones(text in "[a-z é\u{A0}\u{2007}\u{202F}\u{200B}\u{FEFF}\u{AD}\u{80}\u{7f}\u{1}\t\n\r–]{0,3}[a-zé]{0,12}[ -\u{A0}\u{FEFF}]{0,2}") {
            let odd = text.starts_with(BLANKS) || text.ends_with(BLANKS) || text.chars().any(|c| is_control(c) || special(c).is_some());
            prop_assert_eq!(is_odd(&text), odd);
            let plain: String = text.chars().filter(|c| !matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{AD}')).map(|c| if special(c).is_some() { ' ' } else { c }).collect();
            prop_assert_eq!(cleaned(&text), trimmed(&plain));
        }
    }
}
