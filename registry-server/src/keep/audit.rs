//! The audit log: one row for each write, made in the same unit as the write itself, and bound to the row before it by its hash.
//!
//! The hash of a row is SHA-256 over the hash before it and over each part of the row with its length, so no part can be moved to another.
//! The first row is bound to 32 zero bytes. Whoever changes or takes out a row must change all rows after it; the newest hash, kept
//! elsewhere, shows that.

use concord_core::session::hex;
use sha2::{Digest, Sha256};

use super::now;
use crate::db::{Database, Datum, Fault, Row, Statements, one, read};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// Seconds since 1970.
    pub at: i64,
    /// Who: the id of a token, `anonymous`, or `operator` for what was done on the machine itself.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// Facts about it, as JSON: digests and numbers, no contents.
    pub detail: String,
    /// Hash of the row before.
    pub previous: Vec<u8>,
    /// Hash of this row.
    pub hash: Vec<u8>,
}

const FIRST: [u8; 32] = [0; 32];

fn hash(entry: &Entry) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(&entry.previous);
    let (seq, at) = (entry.seq.to_string(), entry.at.to_string());
    for part in [seq.as_str(), &at, &entry.actor, &entry.action, &entry.target, &entry.detail] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_vec()
}

/// Adds a row; within the unit of the write that it tells of.
///
/// # Errors
/// The database's.
pub fn append(statements: &mut dyn Statements, actor: &str, action: &str, target: &str, detail: &serde_json::Value) -> Result<(), Fault> {
    let last = one(statements, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", &[])?;
    let (seq, previous) = match last {
        Some(row) => (row.int(0)? + 1, row.bytes(1)?.to_vec()),
        None => (1, FIRST.to_vec()),
    };
    let mut entry = Entry {
        seq,
        at: now(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        detail: detail.to_string(),
        previous,
        hash: Vec::new(),
    };
    entry.hash = hash(&entry);
    let sql = "INSERT INTO audit (seq, at, actor, action, target, detail, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let with: [Datum; 8] = [
        entry.seq.into(),
        entry.at.into(),
        (&entry.actor).into(),
        (&entry.action).into(),
        (&entry.target).into(),
        (&entry.detail).into(),
        entry.previous.as_slice().into(),
        entry.hash.as_slice().into(),
    ];
    statements.run(sql, &with).map(|_| ())
}

fn entry(row: &Row) -> Result<Entry, Fault> {
    Ok(Entry {
        seq: row.int(0)?,
        at: row.int(1)?,
        actor: row.text(2)?.to_owned(),
        action: row.text(3)?.to_owned(),
        target: row.text(4)?.to_owned(),
        detail: row.text(5)?.to_owned(),
        previous: row.bytes(6)?.to_vec(),
        hash: row.bytes(7)?.to_vec(),
    })
}

/// Rows after a number, oldest first, at most `limit`.
///
/// # Errors
/// The database's.
pub fn after(database: &dyn Database, seq: i64, limit: i64) -> Result<Vec<Entry>, Fault> {
    read(database, |s| {
        let sql = "SELECT seq, at, actor, action, target, detail, previous, hash FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        s.rows(sql, &[seq.into(), limit.into()])?.iter().map(entry).collect()
    })
}

/// Rows before a number, newest first, at most `limit`.
///
/// # Errors
/// The database's.
pub fn before(database: &dyn Database, seq: i64, limit: i64) -> Result<Vec<Entry>, Fault> {
    read(database, |s| {
        let sql = "SELECT seq, at, actor, action, target, detail, previous, hash FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
        s.rows(sql, &[seq.into(), limit.into()])?.iter().map(entry).collect()
    })
}

/// Rows read at a time.
const PAGE: i64 = 1000;

/// Follows the chain from its beginning: how many rows there are, and the newest hash in hexadecimal digits.
///
/// # Errors
/// The database's, or which row is the first that does not fit.
pub fn verify(database: &dyn Database) -> Result<(i64, String), Fault> {
    let (mut seq, mut previous) = (0, FIRST.to_vec());
    loop {
        let rows = after(database, seq, PAGE)?;
        if rows.is_empty() {
            return Ok((seq, hex(&previous)));
        }
        for row in rows {
            let fits = row.seq == seq + 1 && row.previous == previous && row.hash == hash(&row);
            if !fits {
                return Err(Fault(format!("row {} of the audit log does not fit the one before it", seq + 1)));
            }
            seq = row.seq;
            previous = row.hash;
        }
    }
}
