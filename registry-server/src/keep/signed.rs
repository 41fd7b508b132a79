//! The signed log: an entry for each published version with its digest, in the order of publication, in a hash tree whose root is signed.
//!
//! Who has seen one root can have it shown that every later one only added to it; so a registry that shows different people different versions
//! is found out. The key is made with the registry, in a file of its own that no backup has; the database knows its public half, so that no other
//! key takes its place unseen. Servers that share a PostgreSQL database and name no file share the key in it.

use std::io::Write;
use std::path::{Path, PathBuf};

use concord_core::session::hex;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde_json::{Value, json};

use super::audit;
use super::packages::{self, Published};
use crate::db::{self, Database, Fault, Statements, one};
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

/// Name of the key's file within the registry's folder.
pub const FILE: &str = "signing.key";

/// First line of that file; the second has the 32 bytes of the key in hexadecimal digits.
const MARK: &str = "concord-registry-key/1\n";

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a file that only the server can read.
    File(PathBuf),
    /// In the database, and so in what is made of it.
    Database,
}

impl KeyPlace {
    /// The file that is named, else the one in the registry's folder; without a folder, the database.
    pub fn of(database: &dyn Database, file: Option<&Path>) -> KeyPlace {
        match (file, database.folder()) {
            (Some(file), _) => KeyPlace::File(file.to_owned()),
            (None, Some(folder)) => KeyPlace::File(folder.join(FILE)),
            (None, None) => KeyPlace::Database,
        }
    }
}

/// The bytes in a table's only row.
fn only<const N: usize>(s: &mut dyn Statements, sql: &str) -> Result<Option<[u8; N]>, Fault> {
    let damaged = |_| Fault("the registry's key is damaged".to_owned());
    one(s, sql, &[])?.map(|row| row.bytes(0)?.try_into().map_err(damaged)).transpose()
}

fn inside(s: &mut dyn Statements) -> Result<Option<[u8; 32]>, Fault> {
    only(s, "SELECT secret FROM log_key WHERE only_row = 1")
}

/// Whether the key stands in the database.
///
/// # Errors
/// The database's.
pub fn is_inside(database: &dyn Database) -> Result<bool, Fault> {
    db::read(database, inside).map(|found| found.is_some())
}

/// The public half of the key that signs; `None` when there never was one.
///
/// # Errors
/// The database's.
pub fn public(s: &mut dyn Statements) -> Result<Option<[u8; 32]>, Fault> {
    match only(s, "SELECT key FROM log_public WHERE only_row = 1")? {
        Some(known) => Ok(Some(known)),
        None => Ok(inside(s)?.map(|secret| SigningKey::from_bytes(&secret).verifying_key().to_bytes())),
    }
}

/// The key. It is made when there never was one, and moved from the database to its file when it still stands there. With `anew` the file's
/// key, or a new one, takes the place of another that has signed before.
///
/// # Errors
/// The database's; or when the file is gone, damaged, or has another key than the one that has signed.
pub fn hold(database: &dyn Database, place: &KeyPlace, anew: bool) -> Result<SigningKey, Fault> {
    let (key, moved) = db::write(database, |s| {
        let (inside, known) = (inside(s)?, public(s)?);
        let hint =
            "To sign with another key from now on, start once with --new-signing-key: who knows the old one will ask for a confirmation";
        let (secret, to) = match place {
            KeyPlace::Database => match (inside, &known) {
                (Some(secret), _) => (secret, "database"),
                (None, Some(known)) if !anew => {
                    return Err(Fault(format!("the key {} that signs here stands in a file; name it with --signing-key", hex(known))));
                }
                (None, _) => {
                    let secret = random()?;
                    s.run("INSERT INTO log_key (only_row, secret) VALUES (1, ?1)", &[secret.as_slice().into()])?;
                    (secret, "database")
                }
            },
            KeyPlace::File(file) => {
                let secret = match (from_file(file)?, inside, &known) {
                    (Some(found), ..) => found,
                    (None, Some(inside), _) => to_file(file, inside)?,
                    (None, None, Some(known)) if !anew => {
                        return Err(Fault(format!(
                            "the signing key {} is missing: put its file back at {}. It is in no backup. {hint}",
                            hex(known),
                            file.display()
                        )));
                    }
                    (None, None, _) => to_file(file, random()?)?,
                };
                (secret, "file")
            }
        };
        let key = SigningKey::from_bytes(&secret);
        let own = key.verifying_key().to_bytes();
        if let (Some(known), KeyPlace::File(file)) = (known.filter(|known| *known != own && !anew), place) {
            return Err(Fault(format!("{} has the key {}, and {} has signed here. {hint}", file.display(), hex(&own), hex(&known))));
        }
        let noted: Option<[u8; 32]> = only(s, "SELECT key FROM log_public WHERE only_row = 1")?;
        let moved = to == "file" && inside.is_some();
        if noted != Some(own) {
            s.run("DELETE FROM log_public", &[])?;
            s.run("INSERT INTO log_public (only_row, key) VALUES (1, ?1)", &[own.as_slice().into()])?;
        }
        if moved {
            s.run("DELETE FROM log_key", &[])?;
        }
        if moved || known != Some(own) {
            audit::append(s, "operator", "signing-key", &hex(&own), &json!({"in": to, "before": known.map(|k| hex(&k))}))?;
        }
        Ok::<_, Fault>((key, moved))
    })?;
    if moved {
        database.forget()?;
    }
    Ok(key)
}

fn random() -> Result<[u8; 32], Fault> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| Fault(format!("the system has no random numbers: {e}")))?;
    Ok(secret)
}

/// The key in a file; `None` when there is no such file.
fn from_file(file: &Path) -> Result<Option<[u8; 32]>, Fault> {
    let fail = |why: &str| Fault(format!("{}: {why}", file.display()));
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(&error.to_string())),
    };
    let secret = text.strip_prefix(MARK).and_then(|rest| unhex(rest.trim_end()));
    let secret = secret.ok_or_else(|| fail("this is no signing key of a registry, or it is damaged"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file).map_err(|e| fail(&e.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            let what = serde_json::json!({"file": file.display().to_string(), "mend": "chmod 600"});
            crate::log::line("signing-key-open-to-others", what);
        }
    }
    Ok(Some(secret))
}

/// Writes a key to a file that is not there, which only the owner can read, whole or not at all.
fn to_file(file: &Path, secret: [u8; 32]) -> Result<[u8; 32], Fault> {
    let fail = |e: std::io::Error| Fault(format!("{}: {e}", file.display()));
    let part = file.with_extension(format!("{}.part", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    // What a process of this number left behind.
    let _ = std::fs::remove_file(&part);
    let written = options.open(&part).and_then(|mut out| {
        out.write_all(format!("{MARK}{}\n", hex(&secret)).as_bytes())?;
        out.sync_all()
    });
    written.and_then(|()| std::fs::rename(&part, file)).map_err(fail)?;
    #[cfg(unix)]
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // The name is on the disk, too, before the database forgets the key.
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    }
    Ok(secret)
}

/// Adds what was published and is not in the log yet.
///
/// # Errors
/// The database's.
pub fn catch_up(s: &mut dyn Statements) -> Result<(), Fault> {
    let have = one(s, "SELECT COUNT(*) FROM log_entries", &[])?.map_or(Ok(0), |row| row.int(0))?;
    let all = packages::all(s)?;
    for (seq, published) in all.iter().enumerate().skip(usize::try_from(have).unwrap_or(0)) {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        s.run("INSERT INTO log_entries (seq, entry) VALUES (?1, ?2)", &[seq.into(), (&entry(published)).into()])?;
    }
    Ok(())
}

/// Reads the entries of the log.
fn entries(s: &mut dyn Statements) -> Result<Vec<String>, Fault> {
    let rows = s.rows("SELECT seq, entry FROM log_entries ORDER BY seq", &[])?;
    let mut entries = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        if usize::try_from(row.int(0)?).ok() != Some(at) {
            return Err(Fault(format!("entry {at} of the signed log is missing")));
        }
        entries.push(row.text(1)?.to_owned());
    }
    Ok(entries)
}

fn leaves(entries: &[String]) -> Vec<Hash> {
    entries.iter().map(|entry| merkle::leaf(entry.as_bytes())).collect()
}

/// Reads the log and signs its root.
///
/// # Errors
/// The database's, or when an entry is missing.
pub fn log(s: &mut dyn Statements, key: &SigningKey) -> Result<Log, Fault> {
    let entries = entries(s)?;
    let leaves = leaves(&entries);
    let root = merkle::root(&leaves);
    let size = leaves.len() as u64;
    let signature = key.sign(text(size, &root).as_bytes()).to_bytes();
    Ok(Log { checkpoint: Checkpoint { size, root, key: key.verifying_key().to_bytes(), signature }, entries, leaves })
}

/// Checks that the log has every published version as it was published, in order. How many entries it has, and its root.
///
/// # Errors
/// The database's, or the first entry that is not what was published.
pub fn verify(s: &mut dyn Statements) -> Result<(usize, Hash), Fault> {
    let entries = entries(s)?;
    let all = packages::all(s)?;
    for (at, published) in all.iter().enumerate() {
        if entries.get(at) != Some(&entry(published)) {
            return Err(Fault(format!("entry {at} of the signed log is not {}@{} as it was published", published.id, published.version)));
        }
    }
    if entries.len() != all.len() {
        return Err(Fault("the signed log has an entry of which nothing was published".to_owned()));
    }
    Ok((entries.len(), merkle::root(&leaves(&entries))))
}
