//! What the registry remembers and by which rules, whatever the database.

use std::time::{SystemTime, UNIX_EPOCH};

use concord_core::session::hex;
use sha2::{Digest, Sha256};

use crate::db::{Datum, Fault, Statements, one};

pub mod audit;
pub mod jsontext;
pub mod packages;
pub mod signed;
pub mod subjects;
pub mod tokens;

/// Seconds since 1970, as far as the machine's clock knows.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Keeps bytes under their digest, once.
///
/// # Errors
/// The database's.
pub fn keep_content(statements: &mut dyn Statements, bytes: &[u8]) -> Result<[u8; 32], Fault> {
    let digest = sha256(bytes);
    let sql = "INSERT INTO contents (digest, bytes) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING";
    statements.run(sql, &[digest.as_slice().into(), bytes.into()])?;
    Ok(digest)
}

/// The bytes under a digest. They are what they were: a digest that no longer fits is told as a fault, never served.
///
/// # Errors
/// The database's, or when the bytes are missing or damaged.
pub fn content(statements: &mut dyn Statements, digest: &[u8]) -> Result<Vec<u8>, Fault> {
    let row = one(statements, "SELECT bytes FROM contents WHERE digest = ?1", &[digest.into()])?;
    let row = row.ok_or_else(|| Fault(format!("the content {} is missing", hex(digest))))?;
    let bytes = row.bytes(0)?;
    if sha256(bytes) != digest { Err(Fault(format!("the content {} is damaged", hex(digest)))) } else { Ok(bytes.to_vec()) }
}

/// The next number of a kind. None is given out twice.
///
/// # Errors
/// The database's.
pub fn next_number(statements: &mut dyn Statements, kind: &str) -> Result<i64, Fault> {
    let sql = "INSERT INTO counters (name, last) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET last = counters.last + 1 RETURNING last";
    one(statements, sql, &[kind.into()])?.ok_or_else(|| Fault("the counter did not answer".to_owned()))?.int(0)
}

/// Takes a number that was given from outside as given out.
///
/// # Errors
/// The database's.
pub fn take_number(statements: &mut dyn Statements, kind: &str, number: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO counters (name, last) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET last = \
               CASE WHEN counters.last < ?2 THEN ?2 ELSE counters.last END";
    statements.run(sql, &[kind.into(), Datum::Int(number)]).map(|_| ())
}
