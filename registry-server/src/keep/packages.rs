//! Published packages: which versions of which standards there are, with every file. A published version never changes; only where it
//! stands in its life does.

use std::collections::BTreeMap;

use concord_core::package::Package;
use concord_core::session::hex;
use serde_json::json;

use super::subjects::read::{self, Seen};
use super::subjects::register::{Wish, add};
use super::subjects::{Kind, Name, OF_STANDARDS, Proposal, Refusal};
use super::{audit, content, keep_content, next_number, now, signed};
use crate::db::{Datum, Fault, Row, Statements, one};

/// Where a published version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Life {
    Published,
    Deprecated,
    Withdrawn,
}

impl Life {
    /// The word for tables and answers.
    pub fn word(self) -> &'static str {
        match self {
            Life::Published => "published",
            Life::Deprecated => "deprecated",
            Life::Withdrawn => "withdrawn",
        }
    }

    fn parse(word: &str) -> Result<Life, Fault> {
        let all = [Life::Published, Life::Deprecated, Life::Withdrawn];
        all.into_iter().find(|life| life.word() == word).ok_or_else(|| Fault(format!("a package is \"{word}\"")))
    }
}

/// A published version without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Id of the standard.
    pub id: String,
    /// The version.
    pub version: String,
    /// The package's digest, `sha256:…`.
    pub digest: String,
    /// Where it stands.
    pub life: Life,
    /// Why it is no longer simply published.
    pub reason: String,
    /// What to use instead.
    pub successor: String,
    /// When it was published, in seconds since 1970.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// Why it was published although it breaks what was there; empty when it does not.
    pub notes: String,
}

/// What publishing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now.
    New,
    /// It was there already, the same in every byte.
    Same,
    /// Another package has this id and version.
    Taken,
}

const COLUMNS: &str = "id, version, digest, state, reason, successor, at, actor, notes";

fn published(row: &Row) -> Result<Published, Fault> {
    Ok(Published {
        id: row.text(0)?.to_owned(),
        version: row.text(1)?.to_owned(),
        digest: row.text(2)?.to_owned(),
        life: Life::parse(row.text(3)?)?,
        reason: row.text(4)?.to_owned(),
        successor: row.text(5)?.to_owned(),
        at: row.int(6)?,
        actor: row.text(7)?.to_owned(),
        notes: row.text(8)?.to_owned(),
    })
}

/// All published versions in the order of their publication.
///
/// # Errors
/// The database's.
pub fn all(s: &mut dyn Statements) -> Result<Vec<Published>, Fault> {
    s.rows(&format!("SELECT {COLUMNS} FROM packages ORDER BY position"), &[])?.iter().map(published).collect()
}

/// One published version.
///
/// # Errors
/// The database's.
pub fn find(s: &mut dyn Statements, id: &str, version: &str) -> Result<Option<Published>, Fault> {
    let row = one(s, &format!("SELECT {COLUMNS} FROM packages WHERE id = ?1 AND version = ?2"), &[id.into(), version.into()])?;
    row.as_ref().map(published).transpose()
}

/// The files of a published version.
///
/// # Errors
/// The database's, or when a file is missing or damaged.
pub fn files(s: &mut dyn Statements, id: &str, version: &str) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    let rows =
        s.rows("SELECT path, content FROM package_files WHERE id = ?1 AND version = ?2 ORDER BY path", &[id.into(), version.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), content(s, row.bytes(1)?)?))).collect()
}

/// A number that grows whenever something about packages changes.
///
/// # Errors
/// The database's.
pub fn revision(s: &mut dyn Statements) -> Result<i64, Fault> {
    one(s, "SELECT last FROM counters WHERE name = 'packages'", &[])?.map_or(Ok(0), |row| row.int(0))
}

/// Publishes a package, and its resources as subjects.
///
/// # Errors
/// When one of its schemas cannot be a subject, or the database's.
pub fn publish(s: &mut dyn Statements, package: &Package, actor: &str, notes: &str) -> Result<Outcome, Refusal> {
    let (id, version) = (&package.manifest.id, &package.manifest.version);
    if let Some(there) = find(s, id, version)? {
        return Ok(if there.digest == package.digest { Outcome::Same } else { Outcome::Taken });
    }
    let position = next_number(s, "packages")?;
    let sql = "INSERT INTO packages (id, version, position, digest, state, reason, successor, at, actor, notes) \
               VALUES (?1, ?2, ?3, ?4, 'published', '', '', ?5, ?6, ?7)";
    let with: [Datum; 7] = [id.into(), version.into(), position.into(), (&package.digest).into(), now().into(), actor.into(), notes.into()];
    s.run(sql, &with)?;
    for (path, bytes) in package.files.iter() {
        let digest = keep_content(s, bytes)?;
        let sql = "INSERT INTO package_files (id, version, path, content) VALUES (?1, ?2, ?3, ?4)";
        s.run(sql, &[id.into(), version.into(), path.into(), digest.as_slice().into()])?;
    }
    for (name, proposal) in subjects(package) {
        let proposal = proposal?;
        if read::lookup(s, &name, &proposal.identity(), Seen::All)?.is_none() {
            add(s, &Wish { name, proposal, id: None, version: None }, actor)?;
        }
    }
    let detail = json!({"digest": package.digest, "files": package.files.len(), "notes": notes});
    audit::append(s, actor, "publish", &package.reference(), &detail)?;
    signed::catch_up(s)?;
    Ok(Outcome::New)
}

/// The schemas of a package as subjects: those of its files that describe a resource.
pub fn subjects(package: &Package) -> Vec<(Name, Result<Proposal, Refusal>)> {
    let kinds = [(".table.json", Kind::Table), (".schema.json", Kind::Json), (".xsd", Kind::Xsd)];
    let mut found = Vec::new();
    for (path, bytes) in package.files.iter() {
        let Some((resource, kind)) = kinds.iter().find_map(|(end, kind)| path.strip_suffix(end).map(|name| (name, *kind))) else {
            continue;
        };
        if resource.contains('/') {
            continue;
        }
        let name = Name::plain(&format!("{OF_STANDARDS}{}.{resource}", package.manifest.id));
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new(42201, format!("Invalid schema: {path} is not UTF-8.")));
        found.push((name, text.and_then(|text| Proposal::new(kind, text.trim_start_matches('\u{feff}'), Vec::new(), false))));
    }
    found
}

/// Moves a version on in its life. A version that was withdrawn stays so. Who asks for what is so already, in the same words, is told yes and
/// nothing is written: the answer to the first time may have been lost on its way.
///
/// # Errors
/// The database's; `Ok(false)` when the version is not there or was withdrawn in other words.
pub fn set_life(
    s: &mut dyn Statements,
    id: &str,
    version: &str,
    life: Life,
    reason: &str,
    successor: &str,
    actor: &str,
) -> Result<bool, Fault> {
    let there = find(s, id, version)?;
    if there.is_some_and(|p| p.life == life && p.reason == reason && p.successor == successor) {
        return Ok(true);
    }
    let sql = "UPDATE packages SET state = ?3, reason = ?4, successor = ?5 WHERE id = ?1 AND version = ?2 AND state <> 'withdrawn'";
    let touched = s.run(sql, &[id.into(), version.into(), life.word().into(), reason.into(), successor.into()])?;
    if touched == 0 {
        return Ok(false);
    }
    next_number(s, "packages")?;
    let detail = json!({"reason": reason, "successor": successor});
    audit::append(s, actor, life.word(), &format!("{id}@{version}"), &detail)?;
    Ok(true)
}

/// Checks that every file of every published version is there, fits its digest, and that together they make the package that was
/// published. How many versions there are, with one digest over all of their digests.
///
/// # Errors
/// The database's, or the first version that is not what it was.
pub fn verify(s: &mut dyn Statements) -> Result<(usize, String), Fault> {
    let all = all(s)?;
    let mut digests = String::new();
    for one in &all {
        let found = concord_core::package::load::digest(&files(s, &one.id, &one.version)?);
        if found != one.digest {
            return Err(Fault(format!("{}@{} is not what was published: its digest is {found}, not {}", one.id, one.version, one.digest)));
        }
        digests.push_str(&found);
    }
    Ok((all.len(), format!("sha256:{}", hex(&super::sha256(digests.as_bytes())))))
}
