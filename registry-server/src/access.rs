//! Who may do what. A caller is nobody, or the holder of a token; a token grants rights over names.

use std::fmt;

use crate::keep::subjects::Name;

/// What a right lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// See.
    Read,
    /// Make and take away versions; includes seeing.
    Publish,
    /// Everything, for all names.
    Admin,
}

/// A right over names: `read`, `read:blds`, `publish:town-*`, `admin`. Names are those of subjects and of standards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    right: Right,
    /// A name, or the beginning of names with `*` at its end.
    pattern: String,
}

impl Grant {
    /// Reads `right` or `right:pattern`.
    pub fn parse(text: &str) -> Option<Grant> {
        let (word, pattern) = text.split_once(':').unwrap_or((text, "*"));
        let right = match word {
            "read" => Right::Read,
            "publish" => Right::Publish,
            "admin" if pattern == "*" => Right::Admin,
            _ => return None,
        };
        let odd = pattern.is_empty() || pattern.trim_end_matches('*').contains(['*', ' ', ',']) || pattern.chars().any(char::is_control);
        (!odd).then(|| Grant { right, pattern: pattern.to_owned() })
    }

    fn covers(&self, name: &str) -> bool {
        match self.pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.pattern,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.right {
            Right::Read => "read",
            Right::Publish => "publish",
            Right::Admin => return f.write_str("admin"),
        };
        if self.pattern == "*" { f.write_str(word) } else { write!(f, "{word}:{}", self.pattern) }
    }
}

/// What callers without a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Everything can be seen by everyone.
    pub open_reads: bool,
    /// Everyone may make and take away versions, and settle what holds for all: for trying things out.
    pub open_writes: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { open_reads: true, open_writes: false }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The id of the token, or `anonymous`: as the audit log has it.
    pub actor: String,
    grants: Vec<Grant>,
    policy: Policy,
    /// Whether a token was shown.
    pub known: bool,
    /// Whose bounds count: the token's, or those of the address that asks.
    pub place: String,
}

impl Caller {
    /// Someone without a token.
    pub fn anonymous(policy: Policy) -> Caller {
        Caller { actor: "anonymous".to_owned(), grants: Vec::new(), policy, known: false, place: String::new() }
    }

    /// The same caller at an address, whose bounds count for those who show no token.
    #[must_use]
    pub fn at(self, address: &str) -> Caller {
        if self.known { self } else { Caller { place: address.to_owned(), ..self } }
    }

    /// The holder of a token.
    pub fn holder(actor: &str, grants: Vec<Grant>, policy: Policy) -> Caller {
        Caller { actor: actor.to_owned(), grants, policy, known: true, place: actor.to_owned() }
    }

    /// Whether the caller may do this with what has that name. An empty name means all of them.
    pub fn may(&self, right: Right, name: &str) -> bool {
        let open = match right {
            Right::Read => self.policy.open_reads || self.policy.open_writes,
            Right::Publish | Right::Admin => self.policy.open_writes,
        };
        open || self.grants.iter().any(|grant| grant.right == Right::Admin || (grant.right >= right && grant.covers(name)))
    }

    /// The same for a subject. That of a standard has the standard's name.
    pub fn may_subject(&self, right: Right, name: &Name) -> bool {
        match name.standard() {
            Some(standard) => self.may(right, standard),
            None => self.may(right, &name.to_string()),
        }
    }

    /// Whether a token would be the next thing to show.
    pub fn must_say_who(&self, right: Right) -> bool {
        !self.known && !self.may(right, "")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn grants_cover_names() {
        let closed = Policy { open_reads: false, open_writes: false };
        let holder = |texts: &[&str]| Caller::holder("t", texts.iter().map(|t| Grant::parse(t).unwrap()).collect(), closed);
        for (grants, right, name, expected) in [
            (&["read"][..], Right::Read, "a", true),
            (&["read"], Right::Publish, "a", false),
            (&["publish:town-*"], Right::Publish, "town-a", true),
            (&["publish:town-*"], Right::Read, "town-a", true),
            (&["publish:town-*"], Right::Read, "towns", false),
            (&["publish:town-*"], Right::Publish, "", false),
            (&["publish:blds"], Right::Publish, "blds-extra", false),
            (&["publish"], Right::Admin, "", false),
            (&["admin"], Right::Publish, "x", true),
            (&["admin"], Right::Admin, "", true),
            (&[], Right::Read, "a", false),
        ] {
            assert_eq!(holder(grants).may(right, name), expected, "{grants:?} {right:?} {name}");
        }
        assert!(holder(&["read:blds"]).may_subject(Right::Read, &Name::plain("standard.blds.permits")));
        assert!(!holder(&["read:standard.*"]).may_subject(Right::Read, &Name::plain("standard.blds.permits")));
        let anonymous = Caller::anonymous(Policy::default());
        assert!(anonymous.may(Right::Read, "a") && anonymous.must_say_who(Right::Publish) && !anonymous.must_say_who(Right::Read));
    }

    #[test]
    fn scopes_are_written_as_they_are_read() {
        for text in ["read", "publish", "admin", "read:a", "publish:town-*", "read:.ctx:a"] {
            assert_eq!(Grant::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "write", "read:", "admin:a", "read:*a", "read:a b", "read:a,b", "publish:\n"] {
            assert_eq!(Grant::parse(text), None, "{text:?}");
        }
    }
}
