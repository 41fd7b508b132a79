//! Tokens: secrets that grant rights. Only the digest of a secret is kept.

use concord_core::session::hex;
use serde_json::json;

use super::{audit, now, sha256};
use crate::access::{Caller, Grant, Policy};
use crate::db::{Database, Datum, Fault, Row, one, read, write};

/// How secrets begin, so that they are recognised where they should not be.
const MARK: &str = "concord_";

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id; not secret.
    pub id: String,
    /// What it is for, in words.
    pub name: String,
    /// What it grants.
    pub scopes: Vec<String>,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// From when on it is no longer taken.
    pub expires: Option<i64>,
    /// When it was revoked.
    pub revoked: Option<i64>,
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Fault(format!("the system gives no random numbers: {e}")))?;
    Ok(bytes)
}

/// Makes a token; its id and its secret, which is not kept and cannot be shown again.
///
/// # Errors
/// When a scope cannot be read, or the database's.
pub fn create(
    database: &dyn Database,
    name: &str,
    scopes: &[String],
    expires: Option<i64>,
    actor: &str,
) -> Result<(String, String), Fault> {
    let unknown =
        |scope: &String| Fault(format!("\"{scope}\" is no scope; there are read, publish and admin, and read:NAME and publish:NAME*"));
    let grants = scopes.iter().map(|s| Grant::parse(s).ok_or_else(|| unknown(s))).collect::<Result<Vec<_>, _>>()?;
    if grants.is_empty() {
        return Err(Fault("a token without a scope grants nothing".to_owned()));
    }
    let id = format!("t{}", hex(&random::<6>()?));
    let secret = format!("{MARK}{}", hex(&random::<32>()?));
    let scopes = grants.iter().map(Grant::to_string).collect::<Vec<_>>().join(" ");
    write(database, |s| {
        let sql = "INSERT INTO tokens (id, hash, name, scopes, made, expires, revoked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let hash = sha256(secret.as_bytes());
        let with: [Datum; 7] =
            [(&id).into(), hash.as_slice().into(), name.into(), (&scopes).into(), now().into(), expires.into(), Datum::Null];
        s.run(sql, &with)?;
        audit::append(s, actor, "create-token", &id, &json!({"name": name, "scopes": scopes, "expires": expires}))
    })?;
    Ok((id, secret))
}

/// Makes a token worthless from now on; whether there was one of that id that was not revoked yet.
///
/// # Errors
/// The database's.
pub fn revoke(database: &dyn Database, id: &str, actor: &str) -> Result<bool, Fault> {
    write(database, |s| {
        let touched = s.run("UPDATE tokens SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL", &[id.into(), now().into()])?;
        if touched > 0 {
            audit::append(s, actor, "revoke-token", id, &json!({}))?;
        }
        Ok(touched > 0)
    })
}

fn token(row: &Row) -> Result<Token, Fault> {
    Ok(Token {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        scopes: row.text(2)?.split(' ').map(str::to_owned).collect(),
        made: row.int(3)?,
        expires: row.maybe_int(4)?,
        revoked: row.maybe_int(5)?,
    })
}

/// All tokens, oldest first.
///
/// # Errors
/// The database's.
pub fn list(database: &dyn Database) -> Result<Vec<Token>, Fault> {
    read(database, |s| {
        s.rows("SELECT id, name, scopes, made, expires, revoked FROM tokens ORDER BY made, id", &[])?.iter().map(token).collect()
    })
}

/// Who holds a secret; nobody when it is unknown, expired or revoked.
///
/// # Errors
/// The database's.
pub fn holder(database: &dyn Database, secret: &str, policy: Policy) -> Result<Option<Caller>, Fault> {
    if !secret.starts_with(MARK) {
        return Ok(None);
    }
    let hash = sha256(secret.as_bytes());
    let found = read(database, |s| {
        one(s, "SELECT id, name, scopes, made, expires, revoked FROM tokens WHERE hash = ?1", &[hash.as_slice().into()])
    })?;
    let Some(row) = found else { return Ok(None) };
    let token = token(&row)?;
    let over = token.revoked.is_some() || token.expires.is_some_and(|at| at <= now());
    Ok((!over).then(|| Caller::holder(&token.id, token.scopes.iter().filter_map(|s| Grant::parse(s)).collect(), policy)))
}
