//! The tables, as steps from one release's to the next. A step that was released never changes; a new need is a new step.

use super::{Datum, Fault, Statements, one};

/// Step `n` makes version `n + 1` out of version `n`. Written for SQLite; [`Dialect`] says what PostgreSQL calls things.
const STEPS: &[&[&str]] = &[&[
    // Every text and file once, under the SHA-256 of its bytes.
    "CREATE TABLE contents (digest BLOB NOT NULL PRIMARY KEY, bytes BLOB NOT NULL)",
    // The last number given out of each kind. Numbers are only ever counted up, so none returns.
    "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, last INTEGER NOT NULL)",
    // A schema under its id. Rows are never taken away or changed: an id means the same for ever.
    "CREATE TABLE schemas (context TEXT NOT NULL, id INTEGER NOT NULL, identity BLOB NOT NULL, guid TEXT NOT NULL, kind TEXT NOT NULL,
        content BLOB NOT NULL, refs TEXT NOT NULL, PRIMARY KEY (context, id), UNIQUE (context, identity))",
    "CREATE INDEX schemas_by_guid ON schemas (guid)",
    // The versions of subjects. state: 0 there, 1 deleted, 2 deleted for good; the row stays so that its number does not return.
    "CREATE TABLE versions (context TEXT NOT NULL, subject TEXT NOT NULL, version INTEGER NOT NULL, id INTEGER NOT NULL,
        state INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (context, subject, version))",
    "CREATE INDEX versions_by_id ON versions (context, id)",
    // Which version refers to which other.
    "CREATE TABLE version_refs (context TEXT NOT NULL, subject TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL,
        to_context TEXT NOT NULL, to_subject TEXT NOT NULL, to_version INTEGER NOT NULL, PRIMARY KEY (context, subject, version, name))",
    "CREATE INDEX version_refs_by_target ON version_refs (to_context, to_subject, to_version)",
    // What was set for all, for a context or for a subject: kind is config or mode.
    "CREATE TABLE settings (kind TEXT NOT NULL, scope TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, scope))",
    // Published packages. Only state, reason and successor change after the row was made.
    "CREATE TABLE packages (id TEXT NOT NULL, version TEXT NOT NULL, position INTEGER NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL,
        reason TEXT NOT NULL, successor TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, notes TEXT NOT NULL,
        PRIMARY KEY (id, version), UNIQUE (position))",
    "CREATE TABLE package_files (id TEXT NOT NULL, version TEXT NOT NULL, path TEXT NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (id, version, path))",
    // Tokens by the SHA-256 of their secret, which is a random number of 256 bits: there is nothing to guess.
    "CREATE TABLE tokens (id TEXT NOT NULL PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL, made INTEGER NOT NULL,
        expires INTEGER, revoked INTEGER, UNIQUE (hash))",
    // Every write, each row bound to the one before it by its hash.
    "CREATE TABLE audit (seq INTEGER NOT NULL PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
        target TEXT NOT NULL, detail TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL)",
], &[
    // What was published, in the tree whose root is signed; and the key.
    "CREATE TABLE log_entries (seq INTEGER NOT NULL PRIMARY KEY, entry TEXT NOT NULL)",
    "CREATE TABLE log_key (only_row INTEGER NOT NULL PRIMARY KEY, secret BLOB NOT NULL)",
], &[
    // The public half of the key that signs, which stands in a file of its own as a rule: then `log_key` is empty.
    "CREATE TABLE log_public (only_row INTEGER NOT NULL PRIMARY KEY, key BLOB NOT NULL)",
]];

/// The version of the tables that this program writes.
pub const VERSION: i64 = STEPS.len() as i64;

/// How a database names its types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// As the steps are written.
    Sqlite,
    /// Numbers of 64 bits, bytes, and texts in the order of their bytes, as SQLite has them by itself.
    Postgres,
}

impl Dialect {
    fn of(self, sql: &str) -> String {
        match self {
            Dialect::Sqlite => sql.to_owned(),
            Dialect::Postgres => sql.replace(" INTEGER", " BIGINT").replace(" BLOB", " BYTEA").replace(" TEXT", " TEXT COLLATE \"C\""),
        }
    }
}

/// Brings the tables to this program's version; within one unit of writing.
///
/// # Errors
/// When the tables are of a newer program, or the database refuses.
pub fn migrate(statements: &mut dyn Statements, dialect: Dialect) -> Result<(), Fault> {
    statements
        .run(&dialect.of("CREATE TABLE IF NOT EXISTS layout (only_row INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL)"), &[])?;
    let found = one(statements, "SELECT version FROM layout WHERE only_row = 1", &[])?.map_or(Ok(0), |row| row.int(0))?;
    if found > VERSION {
        return Err(Fault(format!("the data were written by a newer program (layout {found}, this one knows {VERSION})")));
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)).copied().flatten() {
        statements.run(&dialect.of(step), &[])?;
    }
    if found < VERSION {
        statements.run("DELETE FROM layout", &[])?;
        statements.run("INSERT INTO layout (only_row, version) VALUES (1, ?1)", &[Datum::Int(VERSION)])?;
    }
    Ok(())
}
