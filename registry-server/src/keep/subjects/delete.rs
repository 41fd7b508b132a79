//! Taking versions away: softly, so that those who ask for deleted ones still find them, and then for good. No number returns.

use serde_json::json;

use super::name::Name;
use super::read::{self, Seen};
use super::settings::{Mode, mode};
use super::{Refusal, State, Wanted};
use crate::db::{Statements, one};
use crate::keep::audit;

/// Whether the subject may be changed at all.
fn writable(s: &mut dyn Statements, name: &Name) -> Result<(), Refusal> {
    if name.standard().is_some() {
        return Err(Refusal::new(42205, format!("Subject {name} belongs to a standard, whose versions stay")));
    }
    match mode(s, name)? {
        Mode::ReadOnly | Mode::ReadOnlyOverride => Err(Refusal::new(42205, format!("Subject {name} is in read-only mode"))),
        Mode::ReadWrite | Mode::Import => Ok(()),
    }
}

/// Nobody else may refer to what goes.
fn unreferenced(s: &mut dyn Statements, name: &Name, version: i64, seen: Seen) -> Result<(), Refusal> {
    // A schema's use by another version of the same subject holds it as well.
    match read::referrers(s, name, version, seen)?.first() {
        None => Ok(()),
        Some(_) => Err(Refusal::new(42206, format!("One or more references exist to the schema {{subject={name},version={version}}}."))),
    }
}

fn mark(s: &mut dyn Statements, name: &Name, version: i64, state: State) -> Result<(), Refusal> {
    let sql = "UPDATE versions SET state = ?4 WHERE context = ?1 AND subject = ?2 AND version = ?3";
    s.run(sql, &[(&name.context).into(), (&name.subject).into(), version.into(), state.number().into()])?;
    Ok(())
}

/// Deletes one version; its number.
///
/// # Errors
/// 40401, 40402, 40406, 40407 by where the version stands; 42205 and 42206 when it must stay.
pub fn version(s: &mut dyn Statements, name: &Name, wanted: Wanted, permanent: bool, actor: &str) -> Result<i64, Refusal> {
    let seen = if permanent { Seen::All } else { Seen::Live };
    let all = read::numbers(s, name, Seen::All)?;
    if all.is_empty() {
        return Err(Refusal::no_subject(name));
    }
    let found = match wanted {
        Wanted::Latest => all.iter().rfind(|(.., state)| seen == Seen::All || *state == State::Live),
        Wanted::Number(number) => all.iter().find(|(version, ..)| *version == number),
    };
    let (version, _, state) = *found.ok_or_else(|| Refusal::no_version(wanted))?;
    match (permanent, state) {
        (false, State::Soft) => {
            let message = format!("Subject '{name}' Version {version} was soft deleted. Set permanent=true to delete permanently");
            return Err(Refusal::new(40406, message));
        }
        (true, State::Live) => {
            let message = format!("Subject '{name}' Version {version} was not deleted first before being permanently deleted");
            return Err(Refusal::new(40407, message));
        }
        _ => {}
    }
    writable(s, name)?;
    unreferenced(s, name, version, seen)?;
    let (state, action) = if permanent { (State::Gone, "delete-version-for-good") } else { (State::Soft, "delete-version") };
    mark(s, name, version, state)?;
    forget_settings(s, name)?;
    audit::append(s, actor, action, &name.to_string(), &json!({"version": version}))?;
    Ok(version)
}

/// Deletes all versions of a subject; their numbers.
///
/// # Errors
/// 40401, 40404, 40405 by where the subject stands; 42205 and 42206 when it must stay.
pub fn subject(s: &mut dyn Statements, name: &Name, permanent: bool, actor: &str) -> Result<Vec<i64>, Refusal> {
    let all = read::numbers(s, name, Seen::All)?;
    let live = all.iter().any(|(.., state)| *state == State::Live);
    match (permanent, live) {
        _ if all.is_empty() => return Err(Refusal::no_subject(name)),
        (false, false) => {
            return Err(Refusal::new(40404, format!("Subject '{name}' was soft deleted.Set permanent=true to delete permanently")));
        }
        (true, true) => {
            return Err(Refusal::new(40405, format!("Subject '{name}' was not deleted first before being permanently deleted")));
        }
        _ => {}
    }
    writable(s, name)?;
    let going: Vec<i64> = all.iter().filter(|(.., state)| permanent || *state == State::Live).map(|(version, ..)| *version).collect();
    let seen = if permanent { Seen::All } else { Seen::Live };
    for version in &going {
        unreferenced(s, name, *version, seen)?;
    }
    let (state, action) = if permanent { (State::Gone, "delete-subject-for-good") } else { (State::Soft, "delete-subject") };
    for version in &going {
        mark(s, name, *version, state)?;
    }
    forget_settings(s, name)?;
    audit::append(s, actor, action, &name.to_string(), &json!({"versions": going}))?;
    Ok(going)
}

/// A subject of which nothing is left has no settings either: whoever makes it anew starts from what holds for all.
fn forget_settings(s: &mut dyn Statements, name: &Name) -> Result<(), Refusal> {
    if read::numbers(s, name, Seen::Live)?.is_empty() {
        s.run("DELETE FROM settings WHERE scope = ?1", &[(&name.scope()).into()])?;
    }
    Ok(())
}

/// Forgets an empty context.
///
/// # Errors
/// 42211 when it has subjects.
pub fn context(s: &mut dyn Statements, context: &str, actor: &str) -> Result<(), Refusal> {
    let used = one(s, "SELECT subject FROM versions WHERE context = ?1 AND state < 2 LIMIT 1", &[context.into()])?;
    if used.is_some() {
        return Err(Refusal::new(42211, format!("The specified context '{context}' is not empty.")));
    }
    let name = Name { context: context.to_owned(), subject: String::new() };
    if !name.scope().is_empty() {
        s.run("DELETE FROM settings WHERE scope = ?1", &[(&name.scope()).into()])?;
    }
    audit::append(s, actor, "delete-context", context, &json!({}))?;
    Ok(())
}
