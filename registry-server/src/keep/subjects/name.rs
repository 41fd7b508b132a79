//! Names of subjects and contexts. A context is a space of subjects and ids of its own: `:.towns:permits` is `permits` in the context `.towns`.

use std::fmt;

use super::{OF_STANDARDS, Refusal};

/// The context of names that say none.
pub const DEFAULT: &str = ".";

/// Longest name in bytes.
const LONGEST: usize = 255;

/// A subject in a context. An empty subject means the context as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// `.` or `.name`.
    pub context: String,
    /// The subject within it.
    pub subject: String,
}

impl Name {
    /// A name in the default context.
    pub fn plain(subject: &str) -> Name {
        Name { context: DEFAULT.to_owned(), subject: subject.to_owned() }
    }

    /// Reads `subject` or `:.context:subject`; a name without a context is in the one given.
    pub fn parse(text: &str, context: &str) -> Name {
        match text.strip_prefix(':').and_then(|rest| rest.split_once(':')) {
            Some((of, subject)) if of.starts_with('.') => Name { context: of.to_owned(), subject: subject.to_owned() },
            _ => Name { context: context.to_owned(), subject: text.to_owned() },
        }
    }

    /// Whether a subject may be made under this name.
    ///
    /// # Errors
    /// 42208 when it is empty, too long, or holds characters that nobody sees.
    pub fn check(&self) -> Result<(), Refusal> {
        let odd = |text: &str| text.len() > LONGEST || text.chars().any(char::is_control);
        let reserved = matches!(self.subject.as_str(), "__GLOBAL" | "__EMPTY");
        if self.subject.is_empty() || reserved || odd(&self.subject) || odd(&self.context) || self.context.contains(':') {
            return Err(Refusal::new(
                42208,
                format!("The specified subject '{}' is not a valid.", crate::problem::shown(&self.to_string())),
            ));
        }
        Ok(())
    }

    /// Whether the subject belongs to a published standard: the standard's id.
    pub fn standard(&self) -> Option<&str> {
        let rest = self.subject.strip_prefix(OF_STANDARDS).filter(|_| self.context == DEFAULT)?;
        Some(rest.split('.').next().unwrap_or(rest))
    }

    /// Where something set for this name is kept: for the subject, for its context, or for all.
    pub fn scope(&self) -> String {
        if self.context == DEFAULT { self.subject.clone() } else { self.to_string() }
    }

    /// The context's own name, as scopes are kept.
    pub fn context_scope(&self) -> String {
        Name { context: self.context.clone(), subject: String::new() }.scope()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.context == DEFAULT { f.write_str(&self.subject) } else { write!(f, ":{}:{}", self.context, self.subject) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn names_say_their_context() {
        for (text, context, subject, shown) in [
            ("permits", ".", "permits", "permits"),
            (":.towns:permits", ".towns", "permits", ":.towns:permits"),
            (":.:permits", ".", "permits", "permits"),
            (":.towns:", ".towns", "", ":.towns:"),
            (":.towns:a:b", ".towns", "a:b", ":.towns:a:b"),
            (":towns:permits", ".", ":towns:permits", ":towns:permits"),
            (":.towns", ".", ":.towns", ":.towns"),
        ] {
            let name = Name::parse(text, DEFAULT);
            assert_eq!((name.context.as_str(), name.subject.as_str(), name.to_string().as_str()), (context, subject, shown));
            assert_eq!(Name::parse(&name.to_string(), DEFAULT), name);
        }
        assert_eq!(Name::parse("permits", ".towns").to_string(), ":.towns:permits");
        assert_eq!(Name::parse(":.other:permits", ".towns").to_string(), ":.other:permits");
    }

    #[test]
    fn odd_names_are_refused() {
        for text in ["", "__GLOBAL", "__EMPTY", "a\u{0}b", "a\nb", ":.t\u{7}:a", &"x".repeat(256)] {
            assert_eq!(Name::parse(text, DEFAULT).check().unwrap_err().code, 42208, "{text:?}");
        }
        for text in ["a", "a/b", "ein Name", "名", ":.c:a", "../../etc/passwd", "%00"] {
            Name::parse(text, DEFAULT).check().unwrap();
        }
    }

    #[test]
    fn subjects_of_standards_are_known_by_their_name() {
        assert_eq!(Name::plain("standard.blds.permits").standard(), Some("blds"));
        assert_eq!(Name::plain("standard.blds").standard(), Some("blds"));
        assert_eq!(Name::plain("blds.permits").standard(), None);
        assert_eq!(Name::parse(":.c:standard.blds.permits", DEFAULT).standard(), None);
    }
}
