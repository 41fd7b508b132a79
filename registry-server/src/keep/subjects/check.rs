//! Whether a new version keeps the compatibility that its subject asks for.

use super::Refusal;
use super::read::Stored;
use super::schema::{Kind, Proposal, Reference};
use super::settings::Level;
use crate::compare::{Judge, Verdict};

/// What stands against a new version, one sentence each; empty when nothing does.
pub type Objections = Vec<String>;

/// A schema to be compared: its type, text and references.
#[derive(Debug, Clone, Copy)]
struct Side<'a> {
    kind: Kind,
    text: &'a str,
    references: &'a [Reference],
}

/// Compares a new schema with versions that are there: with the last of them, or with all when the level is transitive.
///
/// # Errors
/// None of its own; the type leaves room for a judge that looks things up.
pub fn objections(judge: &dyn Judge, level: Level, new: &Proposal, old: &[(i64, Stored)]) -> Result<Objections, Refusal> {
    if level == Level::None {
        return Ok(Vec::new());
    }
    let chosen = if level.transitive() { old } else { old.last().map(std::slice::from_ref).unwrap_or_default() };
    let new = Side { kind: new.kind, text: &new.text, references: &new.references };
    let mut found = Vec::new();
    for (version, stored) in chosen.iter().rev() {
        let old = Side { kind: stored.kind, text: &stored.text, references: &stored.references };
        if level.backward() {
            found.extend(one_way(judge, old, new).map(|why| format!("Data of version {version} may not fit the new schema: {why}")));
        }
        if level.forward() {
            found.extend(one_way(judge, new, old).map(|why| format!("Data of the new schema may not fit version {version}: {why}")));
        }
    }
    Ok(found)
}

fn one_way(judge: &dyn Judge, written: Side<'_>, read: Side<'_>) -> Option<String> {
    if written.kind != read.kind {
        return Some(format!("one is of the type {}, the other {}", written.kind.word(), read.kind.word()));
    }
    // What a name stands for may differ although the texts are alike; only equal references leave the texts alone to be compared.
    let external = |side: Side<'_>| !side.references.is_empty();
    if (external(written) || external(read)) && written.references != read.references {
        return Some("they refer to different schemas, which is not shown to be harmless".to_owned());
    }
    match judge.accepts_all(written.kind, written.text, read.text) {
        Verdict::Shown => None,
        Verdict::Disproved(why) | Verdict::NotShown(why) => Some(why),
    }
}
