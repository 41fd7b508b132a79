//! Looking things up. Each function is one part of a unit of reading or writing.

use concord_core::session::hex;

use super::name::{DEFAULT, Name};
use super::schema::{Kind, Reference};
use super::{Refusal, State, Wanted};
use crate::db::{Datum, Fault, Row, Statements, one};
use crate::keep::content;

/// A schema as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id in its context.
    pub id: i64,
    /// Its name in all contexts.
    pub guid: String,
    /// Its type.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// What it refers to.
    pub references: Vec<Reference>,
}

/// A version with its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whose version.
    pub name: Name,
    /// Its number.
    pub version: i64,
    /// Whether it is deleted.
    pub state: State,
    /// Its schema.
    pub schema: Stored,
}

/// Which versions count, by their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Those that are there.
    Live,
    /// Those that are there or softly deleted.
    All,
    /// The softly deleted ones.
    Deleted,
}

impl Seen {
    /// From the two parameters of lists.
    pub fn of(deleted: bool, deleted_only: bool) -> Seen {
        match (deleted_only, deleted) {
            (true, _) => Seen::Deleted,
            (false, true) => Seen::All,
            (false, false) => Seen::Live,
        }
    }

    /// The states, from and to.
    fn states(self) -> [Datum; 2] {
        let (from, to) = match self {
            Seen::Live => (State::Live, State::Live),
            Seen::All => (State::Live, State::Soft),
            Seen::Deleted => (State::Soft, State::Soft),
        };
        [from.number().into(), to.number().into()]
    }
}

const SCHEMA: &str = "SELECT id, guid, kind, content, refs FROM schemas WHERE context = ?1 AND id = ?2";

fn stored(s: &mut dyn Statements, row: &Row) -> Result<Stored, Fault> {
    let kind = Kind::parse(Some(row.text(2)?)).map_err(|_| Fault("a schema of an unknown type".to_owned()))?;
    let text = content(s, row.bytes(3)?)?;
    let text =
        String::from_utf8(text).map_err(|_| Fault(format!("the content {} is not text", row.bytes(3).map(hex).unwrap_or_default())))?;
    let references = serde_json::from_str(row.text(4)?).map_err(|e| Fault(format!("references of a schema: {e}")))?;
    Ok(Stored { id: row.int(0)?, guid: row.text(1)?.to_owned(), kind, text, references })
}

/// The schema under an id, whether or not a version still has it.
///
/// # Errors
/// The database's, or when it is not there.
pub fn schema(s: &mut dyn Statements, context: &str, id: i64) -> Result<Stored, Refusal> {
    let row = one(s, SCHEMA, &[context.into(), id.into()])?;
    match row {
        Some(row) => Ok(stored(s, &row)?),
        None => Err(Refusal::no_schema(id)),
    }
}

/// The versions of a subject with their ids and states, lowest first; empty when there are none.
///
/// # Errors
/// The database's.
pub fn numbers(s: &mut dyn Statements, name: &Name, seen: Seen) -> Result<Vec<(i64, i64, State)>, Fault> {
    let [from, to] = seen.states();
    let sql =
        "SELECT version, id, state FROM versions WHERE context = ?1 AND subject = ?2 AND state >= ?3 AND state <= ?4 ORDER BY version";
    let rows = s.rows(sql, &[(&name.context).into(), (&name.subject).into(), from, to])?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?, State::from_number(row.int(2)?)))).collect()
}

/// The versions of a subject.
///
/// # Errors
/// 40401 when there are none to be seen.
pub fn versions(s: &mut dyn Statements, name: &Name, seen: Seen) -> Result<Vec<i64>, Refusal> {
    let numbers = numbers(s, name, seen)?;
    if numbers.is_empty() {
        return Err(Refusal::no_subject(name));
    }
    Ok(numbers.into_iter().map(|(version, ..)| version).collect())
}

/// One version, with its schema.
///
/// # Errors
/// 40401 or 40402 when it is not there.
pub fn version(s: &mut dyn Statements, name: &Name, wanted: Wanted, seen: Seen) -> Result<Found, Refusal> {
    let numbers = numbers(s, name, seen)?;
    let found = match wanted {
        _ if numbers.is_empty() => return Err(Refusal::no_subject(name)),
        Wanted::Latest => numbers.last(),
        Wanted::Number(number) => numbers.iter().find(|(version, ..)| *version == number),
    };
    let (version, id, state) = *found.ok_or_else(|| Refusal::no_version(wanted))?;
    Ok(Found { name: name.clone(), version, state, schema: schema(s, &name.context, id)? })
}

/// The newest version of a subject that has a schema of this identity.
///
/// # Errors
/// The database's.
pub fn lookup(s: &mut dyn Statements, name: &Name, identity: &[u8], seen: Seen) -> Result<Option<(i64, i64)>, Fault> {
    let [from, to] = seen.states();
    let sql = "SELECT v.version, v.id FROM versions v JOIN schemas c ON c.context = v.context AND c.id = v.id WHERE c.context = ?1 AND \
               c.identity = ?2 AND v.subject = ?3 AND v.state >= ?4 AND v.state <= ?5 ORDER BY v.version DESC LIMIT 1";
    let row = one(s, sql, &[(&name.context).into(), identity.into(), (&name.subject).into(), from, to])?;
    row.map(|row| Ok((row.int(0)?, row.int(1)?))).transpose()
}

/// Which names a list is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// In this context alone; in all of them when it is not said.
    pub context: Option<String>,
    /// Names that begin with this.
    pub subject: String,
}

impl Prefix {
    /// From `subjectPrefix`: `:*:start` means all contexts, which is also meant by leaving it out.
    pub fn parse(text: Option<&str>, context: &str) -> Prefix {
        let Some(text) = text else {
            return Prefix { context: (context != DEFAULT).then(|| context.to_owned()), subject: String::new() };
        };
        match text.strip_prefix(":*:") {
            Some(start) => Prefix { context: None, subject: start.to_owned() },
            None => {
                let name = Name::parse(text, context);
                Prefix { context: Some(name.context), subject: name.subject }
            }
        }
    }

    /// The bounds of contexts and of subjects, each with its first and behind its last.
    fn bounds(&self) -> [Datum; 4] {
        let end = |start: &str| format!("{start}\u{10FFFF}");
        let (first, last) = match &self.context {
            Some(context) => (context.clone(), format!("{context}\u{1}")),
            None => (String::new(), end("")),
        };
        [(&first).into(), (&last).into(), (&self.subject).into(), (&end(&self.subject)).into()]
    }
}

/// A part of a list: how many to pass over, and the most to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Passed over.
    pub offset: usize,
    /// At most these; all when it is not said.
    pub limit: Option<usize>,
}

impl Part {
    /// The part of a list.
    pub fn of<T>(self, list: Vec<T>) -> Vec<T> {
        list.into_iter().skip(self.offset).take(self.limit.unwrap_or(usize::MAX)).collect()
    }
}

/// The names of subjects, in order of context and subject.
///
/// # Errors
/// The database's.
pub fn subjects(s: &mut dyn Statements, prefix: &Prefix, seen: Seen) -> Result<Vec<Name>, Fault> {
    let [from, to] = seen.states();
    let [a, b, c, d] = prefix.bounds();
    let sql = "SELECT DISTINCT context, subject FROM versions WHERE context >= ?1 AND context < ?2 AND subject >= ?3 AND subject < ?4 \
               AND state >= ?5 AND state <= ?6 ORDER BY context, subject";
    let rows = s.rows(sql, &[a, b, c, d, from, to])?;
    rows.iter().map(|row| Ok(Name { context: row.text(0)?.to_owned(), subject: row.text(1)?.to_owned() })).collect()
}

/// Versions by name, number, id and state, without their schemas.
pub type Pointer = (Name, i64, i64, State);

/// All versions whose names begin so, in order; of each subject only the newest when that is asked for.
///
/// # Errors
/// The database's.
pub fn pointers(s: &mut dyn Statements, prefix: &Prefix, seen: Seen, latest_only: bool) -> Result<Vec<Pointer>, Fault> {
    let [from, to] = seen.states();
    let [a, b, c, d] = prefix.bounds();
    let sql = "SELECT context, subject, version, id, state FROM versions WHERE context >= ?1 AND context < ?2 AND subject >= ?3 AND \
               subject < ?4 AND state >= ?5 AND state <= ?6 ORDER BY context, subject, version";
    let mut found: Vec<Pointer> = s.rows(sql, &[a, b, c, d, from, to])?.iter().map(pointer).collect::<Result<_, _>>()?;
    if latest_only {
        found.reverse();
        found.dedup_by(|later, kept| later.0 == kept.0);
        found.reverse();
    }
    Ok(found)
}

fn pointer(row: &Row) -> Result<Pointer, Fault> {
    let name = Name { context: row.text(0)?.to_owned(), subject: row.text(1)?.to_owned() };
    Ok((name, row.int(2)?, row.int(3)?, State::from_number(row.int(4)?)))
}

// Put in order by the caller: asked to do it, SQLite walks all versions in their order instead of looking the few up by their id.
const BY_ID: &str =
    "SELECT context, subject, version, id, state FROM versions WHERE context = ?1 AND id = ?2 AND state >= ?3 AND state <= ?4";

/// The versions that have the schema of an id.
///
/// # Errors
/// The database's.
pub fn users_of_id(s: &mut dyn Statements, context: &str, id: i64, seen: Seen) -> Result<Vec<Pointer>, Fault> {
    let [from, to] = seen.states();
    let rows = s.rows(BY_ID, &[context.into(), id.into(), from, to])?;
    let mut found: Vec<Pointer> = rows.iter().map(pointer).collect::<Result<_, _>>()?;
    found.sort_by(|a, b| (&a.0.subject, a.1).cmp(&(&b.0.subject, b.1)));
    Ok(found)
}

/// The versions that refer to a version and are there.
///
/// # Errors
/// The database's.
pub fn referrers(s: &mut dyn Statements, name: &Name, version: i64, seen: Seen) -> Result<Vec<Pointer>, Fault> {
    let [from, to] = seen.states();
    let sql = "SELECT v.context, v.subject, v.version, v.id, v.state FROM version_refs r JOIN versions v ON v.context = r.context AND \
               v.subject = r.subject AND v.version = r.version WHERE r.to_context = ?1 AND r.to_subject = ?2 AND r.to_version = ?3 AND \
               v.state >= ?4 AND v.state <= ?5 ORDER BY v.context, v.subject, v.version";
    s.rows(sql, &[(&name.context).into(), (&name.subject).into(), version.into(), from, to])?.iter().map(pointer).collect()
}

/// The ids of a schema by the name that it has in all contexts, each with its context.
///
/// # Errors
/// The database's.
pub fn ids_of_guid(s: &mut dyn Statements, guid: &str) -> Result<Vec<(String, i64)>, Fault> {
    let rows = s.rows("SELECT context, id FROM schemas WHERE guid = ?1 ORDER BY context, id", &[guid.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).collect()
}

/// The highest id of a context, 0 when there is none.
///
/// # Errors
/// The database's.
pub fn highest_id(s: &mut dyn Statements, context: &str) -> Result<i64, Fault> {
    let row = one(s, "SELECT COALESCE(MAX(id), 0) FROM schemas WHERE context = ?1", &[context.into()])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The contexts that have subjects, the default one always among them.
///
/// # Errors
/// The database's.
pub fn contexts(s: &mut dyn Statements) -> Result<Vec<String>, Fault> {
    let rows = s.rows("SELECT DISTINCT context FROM versions WHERE state < 2 ORDER BY context", &[])?;
    let mut found: Vec<String> = rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_, _>>()?;
    if found.first().is_none_or(|first| first != DEFAULT) {
        found.insert(0, DEFAULT.to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::db::{read, sqlite::Sqlite};

    #[test]
    fn the_versions_of_an_id_are_looked_up_and_not_walked_to() {
        let database = Sqlite::in_memory().unwrap();
        let [from, to] = Seen::All.states();
        let plan = read(&database, |s| s.rows(&format!("EXPLAIN QUERY PLAN {BY_ID}"), &["".into(), 1.into(), from.clone(), to.clone()]));
        let plan: Vec<String> = plan.unwrap().iter().map(|row| row.text(3).unwrap().to_owned()).collect();
        assert!(plan.len() == 1 && plan[0].contains("versions_by_id (context=? AND id=?)"), "{plan:?}");
    }
}
