//! The smallest honest number for a new version.

use super::Answer;

/// How much a new version changes for those who use the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// Nothing but words: the same files are accepted.
    Patch,
    /// Old files are still accepted; those who read must be ready for more.
    Minor,
    /// Files that were accepted are refused, or it could not be shown that they are not.
    Major,
}

impl Size {
    /// The size that two answers ask for: whether old files are accepted by the new version, and new files by the old one.
    pub fn of(publishers: Answer, readers: Answer) -> Size {
        match (publishers, readers) {
            (Answer::Yes, Answer::Yes) => Size::Patch,
            (Answer::Yes, _) => Size::Minor,
            _ => Size::Major,
        }
    }

    /// `patch`, `minor` or `major`.
    pub fn word(self) -> &'static str {
        match self {
            Size::Patch => "patch",
            Size::Minor => "minor",
            Size::Major => "major",
        }
    }
}

/// The smallest version number after `old` that says so much change. `None` where the old one does not count in numbers (dates, words).
pub fn propose(old: &str, size: Size) -> Option<String> {
    let parts: Vec<u64> = old.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    if parts.len() > 3 || old.split('.').any(|p| p.len() > 9 || p.len() > 1 && p.starts_with('0')) {
        return None;
    }
    let at = |i: usize| parts.get(i).copied().unwrap_or(0);
    let (major, minor, patch) = (at(0), at(1), at(2));
    Some(match (size, parts.len()) {
        (Size::Major, 1) => format!("{}", major + 1),
        (Size::Major, 2) => format!("{}.0", major + 1),
        (Size::Major, _) => format!("{}.0.0", major + 1),
        (Size::Minor, 1 | 2) => format!("{major}.{}", minor + 1),
        (Size::Minor, _) => format!("{major}.{}.0", minor + 1),
        (Size::Patch, _) => format!("{major}.{minor}.{}", patch + 1),
    })
}

/// Whether a version number says at least so much change since `old`; `None` where the numbers do not count.
pub fn is_enough(old: &str, new: &str, size: Size) -> Option<bool> {
    let least = propose(old, size)?;
    // A part that is left out is zero: after 1.2.1, 1.3 says as much as 1.3.0.
    let numbers = |text: &str| {
        let mut parts: Vec<u64> = text.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
        parts.resize(parts.len().max(3), 0);
        Some(parts)
    };
    Some(numbers(new)? >= numbers(&least)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_where_they_say_most() {
        for (old, patch, minor, major) in [
            ("1", Some("1.0.1"), Some("1.1"), Some("2")),
            ("1.2", Some("1.2.1"), Some("1.3"), Some("2.0")),
            ("1.2.9", Some("1.2.10"), Some("1.3.0"), Some("2.0.0")),
            ("2024-05-01", None, None, None),
            ("2016.05", None, None, None),
            ("1.0-rc1", None, None, None),
        ] {
            assert_eq!(propose(old, Size::Patch).as_deref(), patch, "{old}");
            assert_eq!(propose(old, Size::Minor).as_deref(), minor, "{old}");
            assert_eq!(propose(old, Size::Major).as_deref(), major, "{old}");
        }
        assert_eq!(is_enough("1.2", "1.3", Size::Major), Some(false));
        assert_eq!(is_enough("1.2", "2.0", Size::Major), Some(true));
        assert_eq!(is_enough("1.2", "1.2.1", Size::Patch), Some(true));
        assert_eq!(is_enough("1.2", "next", Size::Patch), None);
        for (new, enough) in
            [("1.3", true), ("1.3.0", true), ("1.2.2", false), ("1.2", false), ("1.10", true), ("2", true), ("1.3.0.1", true)]
        {
            assert_eq!(is_enough("1.2.1", new, Size::Minor), Some(enough), "{new}");
        }
    }

    #[test]
    fn what_is_not_shown_counts_as_broken() {
        assert_eq!(Size::of(Answer::Yes, Answer::Yes), Size::Patch);
        assert_eq!(Size::of(Answer::Yes, Answer::NotShown), Size::Minor);
        assert_eq!(Size::of(Answer::NotShown, Answer::Yes), Size::Major);
        assert_eq!(Size::of(Answer::No, Answer::No), Size::Major);
    }
}
