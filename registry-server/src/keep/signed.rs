//! The signed log: an entry for each published version with its digest, in the order of publication, in a hash tree whose root is signed.
//!
//! Who has seen one root can have it shown that every later one only added to it; so a registry that shows different people different versions
//! is found out. The key is made with the registry and stands in its database, so that a restored backup goes on with the same log.

use concord_core::session::hex;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde_json::{Value, json};

use super::packages::{self, Published};
use crate::db::{Fault, Statements, one};
use crate::merkle::{self, Hash};

/// A root of the log, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries there are.
    pub size: u64,
    /// Hash of all of them.
    pub root: Hash,
    /// The key's public half.
    pub key: [u8; 32],
    /// Over [`text`].
    pub signature: [u8; 64],
}

/// What is signed.
pub fn text(size: u64, root: &Hash) -> String {
    format!("concord-registry-log/1\n{size}\n{}\n", hex(root))
}

/// Bytes of lower-case hexadecimal digits.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = text.as_bytes();
    let digit = |b: u8| char::from(b).to_digit(16).filter(|_| !b.is_ascii_uppercase()).and_then(|d| u8::try_from(d).ok());
    let mut out = [0; N];
    if bytes.len() != N * 2 {
        return None;
    }
    for (place, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        *place = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

impl Checkpoint {
    /// As it goes over the wire.
    pub fn json(&self) -> Value {
        json!({"size": self.size, "root": hex(&self.root), "key": hex(&self.key), "signature": hex(&self.signature)})
    }

    /// From the wire, when its signature is that of the key that it names.
    pub fn parse(value: &Value) -> Option<Checkpoint> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let found = Checkpoint {
            size: value.get("size")?.as_u64()?,
            root: unhex(text("root")?)?,
            key: unhex(text("key")?)?,
            signature: unhex(text("signature")?)?,
        };
        found.is_signed().then_some(found)
    }

    fn is_signed(&self) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&self.signature);
        VerifyingKey::from_bytes(&self.key)
            .is_ok_and(|key| key.verify_strict(self::text(self.size, &self.root).as_bytes(), &signature).is_ok())
    }
}

/// The log as it is now.
#[derive(Debug, Clone)]
pub struct Log {
    /// Its entries, oldest first.
    pub entries: Vec<String>,
    /// Their hashes.
    pub leaves: Vec<Hash>,
    /// The signed root.
    pub checkpoint: Checkpoint,
}

/// The entry of a published version.
pub fn entry(published: &Published) -> String {
    json!({"id": published.id, "version": published.version, "digest": published.digest, "at": published.at}).to_string()
}

fn key(s: &mut dyn Statements) -> Result<SigningKey, Fault> {
    let found = one(s, "SELECT secret FROM log_key WHERE only_row = 1", &[])?;
    let found = found.ok_or_else(|| Fault("the registry has no key to sign with".to_owned()))?;
    let secret: [u8; 32] = found.bytes(0)?.try_into().map_err(|_| Fault("the registry's key is damaged".to_owned()))?;
    Ok(SigningKey::from_bytes(&secret))
}

/// Makes the key if there is none, and adds what was published and is not in the log yet.
///
/// # Errors
/// The database's, or when the system has no random numbers.
pub fn catch_up(s: &mut dyn Statements) -> Result<(), Fault> {
    if one(s, "SELECT only_row FROM log_key", &[])?.is_none() {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|e| Fault(format!("the system has no random numbers: {e}")))?;
        s.run("INSERT INTO log_key (only_row, secret) VALUES (1, ?1)", &[secret.as_slice().into()])?;
    }
    let have = one(s, "SELECT COUNT(*) FROM log_entries", &[])?.map_or(Ok(0), |row| row.int(0))?;
    let all = packages::all(s)?;
    for (seq, published) in all.iter().enumerate().skip(usize::try_from(have).unwrap_or(0)) {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        s.run("INSERT INTO log_entries (seq, entry) VALUES (?1, ?2)", &[seq.into(), (&entry(published)).into()])?;
    }
    Ok(())
}

/// Reads the log and signs its root.
///
/// # Errors
/// The database's, or when an entry is missing.
pub fn log(s: &mut dyn Statements) -> Result<Log, Fault> {
    let rows = s.rows("SELECT seq, entry FROM log_entries ORDER BY seq", &[])?;
    let mut entries = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        if usize::try_from(row.int(0)?).ok() != Some(at) {
            return Err(Fault(format!("entry {at} of the signed log is missing")));
        }
        entries.push(row.text(1)?.to_owned());
    }
    let leaves: Vec<Hash> = entries.iter().map(|entry| merkle::leaf(entry.as_bytes())).collect();
    let (root, key) = (merkle::root(&leaves), key(s)?);
    let size = leaves.len() as u64;
    let signature = key.sign(text(size, &root).as_bytes()).to_bytes();
    Ok(Log { checkpoint: Checkpoint { size, root, key: key.verifying_key().to_bytes(), signature }, entries, leaves })
}

/// Checks that the log has every published version as it was published, in order.
///
/// # Errors
/// The database's, or the first entry that is not what was published.
pub fn verify(s: &mut dyn Statements) -> Result<Checkpoint, Fault> {
    let log = log(s)?;
    let all = packages::all(s)?;
    for (at, published) in all.iter().enumerate() {
        if log.entries.get(at) != Some(&entry(published)) {
            return Err(Fault(format!("entry {at} of the signed log is not {}@{} as it was published", published.id, published.version)));
        }
    }
    if log.entries.len() != all.len() {
        return Err(Fault("the signed log has an entry of which nothing was published".to_owned()));
    }
    Ok(log.checkpoint)
}
