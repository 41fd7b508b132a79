//! What is set for all subjects, for a context or for one subject: the compatibility that new versions must keep, and whether they are taken.

use super::name::Name;
use super::read::{Prefix, Seen, subjects};
use super::{Refusal, Wanted};
use crate::db::{Fault, Statements, one};
use crate::keep::audit;

/// What a new version must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Level {
    None,
    Backward,
    BackwardTransitive,
    Forward,
    ForwardTransitive,
    Full,
    FullTransitive,
}

impl Level {
    /// All of them with their words.
    pub const ALL: [(Level, &'static str); 7] = [
        (Level::Backward, "BACKWARD"),
        (Level::BackwardTransitive, "BACKWARD_TRANSITIVE"),
        (Level::Forward, "FORWARD"),
        (Level::ForwardTransitive, "FORWARD_TRANSITIVE"),
        (Level::Full, "FULL"),
        (Level::FullTransitive, "FULL_TRANSITIVE"),
        (Level::None, "NONE"),
    ];

    /// The new schema takes all data of the old one.
    pub fn backward(self) -> bool {
        matches!(self, Level::Backward | Level::BackwardTransitive | Level::Full | Level::FullTransitive)
    }

    /// The old schema takes all data of the new one.
    pub fn forward(self) -> bool {
        matches!(self, Level::Forward | Level::ForwardTransitive | Level::Full | Level::FullTransitive)
    }

    /// With every version, not the newest alone.
    pub fn transitive(self) -> bool {
        matches!(self, Level::BackwardTransitive | Level::ForwardTransitive | Level::FullTransitive)
    }
}

/// Whether new versions are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Mode {
    ReadWrite,
    ReadOnly,
    /// Read-only for all, whatever is set for one.
    ReadOnlyOverride,
    /// Versions come with their ids, from another registry.
    Import,
}

impl Mode {
    /// All of them with their words.
    pub const ALL: [(Mode, &'static str); 4] = [
        (Mode::ReadWrite, "READWRITE"),
        (Mode::ReadOnly, "READONLY"),
        (Mode::ReadOnlyOverride, "READONLY_OVERRIDE"),
        (Mode::Import, "IMPORT"),
    ];
}

/// One of the two things that can be set.
pub trait Setting: Copy + PartialEq + Sized + 'static {
    /// How the tables call it.
    const KIND: &'static str;
    /// Every value with its word.
    const WORDS: &'static [(Self, &'static str)];
    /// What holds where nothing is set.
    const DEFAULT: Self;

    /// The value of a word, whose case does not matter.
    ///
    /// # Errors
    /// 42203 or 42204 for other words.
    fn parse(word: &str) -> Result<Self, Refusal>;
    /// What is said when nothing is set for a subject.
    fn not_set(name: &Name) -> Refusal;

    /// The value's word.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }
}

fn by_word<S: Setting>(word: &str) -> Option<S> {
    S::WORDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(value, _)| *value)
}

fn listed<S: Setting>() -> String {
    S::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}

impl Setting for Level {
    const KIND: &'static str = "config";
    const WORDS: &'static [(Level, &'static str)] = &Level::ALL;
    const DEFAULT: Level = Level::Backward;

    fn parse(word: &str) -> Result<Level, Refusal> {
        by_word(word).ok_or_else(|| Refusal::new(42203, format!("Invalid compatibility level. Valid values are {}", listed::<Level>())))
    }

    fn not_set(name: &Name) -> Refusal {
        Refusal::new(40408, format!("Subject '{name}' does not have subject-level compatibility configured"))
    }
}

impl Setting for Mode {
    const KIND: &'static str = "mode";
    const WORDS: &'static [(Mode, &'static str)] = &Mode::ALL;
    const DEFAULT: Mode = Mode::ReadWrite;

    fn parse(word: &str) -> Result<Mode, Refusal> {
        by_word(word).ok_or_else(|| Refusal::new(42204, format!("Invalid mode. Valid values are {}", listed::<Mode>())))
    }

    fn not_set(name: &Name) -> Refusal {
        Refusal::new(40409, format!("Subject '{name}' does not have subject-level mode configured"))
    }
}

/// What is set for exactly this name.
///
/// # Errors
/// The database's.
pub fn own<S: Setting>(s: &mut dyn Statements, scope: &str) -> Result<Option<S>, Fault> {
    let row = one(s, "SELECT value FROM settings WHERE kind = ?1 AND scope = ?2", &[S::KIND.into(), scope.into()])?;
    row.map(|row| by_word(row.text(0)?).ok_or_else(|| Fault(format!("an unknown {} is set", S::KIND)))).transpose()
}

/// What holds for a name: its own, else its context's, else what holds for all.
///
/// # Errors
/// The database's.
pub fn effective<S: Setting>(s: &mut dyn Statements, name: &Name) -> Result<S, Fault> {
    for scope in [name.scope(), name.context_scope(), String::new()] {
        if let Some(value) = own(s, &scope)? {
            return Ok(value);
        }
    }
    Ok(S::DEFAULT)
}

/// The mode that holds: one for all that cannot be overridden comes first.
///
/// # Errors
/// The database's.
pub fn mode(s: &mut dyn Statements, name: &Name) -> Result<Mode, Fault> {
    match own::<Mode>(s, "")? {
        Some(Mode::ReadOnlyOverride) => Ok(Mode::ReadOnlyOverride),
        _ => effective(s, name),
    }
}

/// Sets a value.
///
/// # Errors
/// The database's.
pub fn set<S: Setting>(s: &mut dyn Statements, name: &Name, value: S, actor: &str) -> Result<(), Refusal> {
    let sql = "INSERT INTO settings (kind, scope, value) VALUES (?1, ?2, ?3) ON CONFLICT (kind, scope) DO UPDATE SET value = ?3";
    s.run(sql, &[S::KIND.into(), (&name.scope()).into(), value.word().into()])?;
    audit::append(s, actor, &format!("set-{}", S::KIND), &name.to_string(), &serde_json::json!({"value": value.word()}))?;
    Ok(())
}

/// Sets the mode. Versions with ids of their own are only let in where there is nothing yet, unless that is forced.
///
/// # Errors
/// 42205 when there are subjects already.
pub fn set_mode(s: &mut dyn Statements, name: &Name, mode: Mode, force: bool, actor: &str) -> Result<(), Refusal> {
    if mode == Mode::Import && !force {
        let taken = if name.subject.is_empty() {
            let prefix = Prefix { context: (!name.scope().is_empty()).then(|| name.context.clone()), subject: String::new() };
            subjects(s, &prefix, Seen::All)?.iter().any(|found| found.standard().is_none())
        } else {
            super::read::version(s, name, Wanted::Latest, Seen::All).is_ok()
        };
        if taken {
            return Err(Refusal::new(42205, "Cannot import since found existing subjects"));
        }
    }
    set(s, name, mode, actor)
}

/// Takes back what was set; what it was.
///
/// # Errors
/// 40408 or 40409 when nothing was set for a subject.
pub fn unset<S: Setting>(s: &mut dyn Statements, name: &Name, actor: &str) -> Result<S, Refusal> {
    let scope = name.scope();
    let was = match own::<S>(s, &scope)? {
        Some(was) => was,
        None if name.subject.is_empty() => return Ok(effective(s, name)?),
        None => return Err(S::not_set(name)),
    };
    s.run("DELETE FROM settings WHERE kind = ?1 AND scope = ?2", &[S::KIND.into(), (&scope).into()])?;
    audit::append(s, actor, &format!("unset-{}", S::KIND), &name.to_string(), &serde_json::json!({"was": was.word()}))?;
    Ok(was)
}
