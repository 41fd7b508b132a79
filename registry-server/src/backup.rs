//! One file that holds a whole registry, and back. The file says the digest of what is in it, so a damaged one is refused.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use concord_core::session::hex;
use sha2::{Digest, Sha256};

use crate::db::sqlite::{FILE, Sqlite};
use crate::db::{self, Database, Fault};
use crate::keep::signed::{self, KeyPlace};
use crate::keep::{audit, packages};

const MARK: &str = "concord-registry-backup/1\n";

fn io(path: &Path) -> impl Fn(std::io::Error) -> Fault + '_ {
    move |e| Fault(format!("{}: {e}", path.display()))
}

fn digest(file: &mut impl Read) -> std::io::Result<String> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// Writes a backup while others go on. The file must not be there yet. The key that signs is not in it: one that an older program kept in the
/// database moves to its file first.
///
/// # Errors
/// When it cannot be written.
pub fn backup(database: &dyn Database, file: &Path) -> Result<(), Fault> {
    let name = file.file_name().ok_or_else(|| Fault(format!("{} is no file", file.display())))?;
    let beside = file.with_file_name(format!(".{}.part", name.to_string_lossy()));
    if file.exists() {
        return Err(Fault(format!("{} is there already", file.display())));
    }
    if signed::is_inside(database)? {
        signed::hold(database, &KeyPlace::of(database, None), false)?;
    }
    // What an earlier attempt left behind.
    let _ = std::fs::remove_file(&beside);
    database.copy_to(&beside)?;
    let done = (|| {
        let digest = digest(&mut File::open(&beside)?)?;
        let mut out = File::create_new(file)?;
        out.write_all(format!("{MARK}{digest}\n").as_bytes())?;
        std::io::copy(&mut File::open(&beside)?, &mut out)?;
        out.sync_all()
    })();
    let _ = std::fs::remove_file(&beside);
    done.map_err(io(file))
}

/// Makes a registry of a backup in a folder that has none, and proves that it is whole.
///
/// # Errors
/// When the backup is damaged or of another kind, or the folder has a registry already.
pub fn restore(file: &Path, folder: &Path) -> Result<String, Fault> {
    let target = folder.join(FILE);
    if target.exists() {
        return Err(Fault(format!("{} has a registry already", folder.display())));
    }
    let mut source = File::open(file).map_err(io(file))?;
    let mut head = vec![0; MARK.len() + 65];
    let no_backup = || Fault(format!("{} is not a backup of a registry", file.display()));
    source.read_exact(&mut head).map_err(|_| no_backup())?;
    let said =
        head.strip_prefix(MARK.as_bytes()).and_then(|rest| std::str::from_utf8(rest).ok()).ok_or_else(no_backup)?.trim_end().to_owned();
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let part = folder.join(format!("{FILE}.part"));
    let copied = (|| {
        let mut out = File::create(&part)?;
        std::io::copy(&mut source, &mut out)?;
        out.sync_all()?;
        digest(&mut File::open(&part)?)
    })();
    let found = copied.map_err(io(&part))?;
    if found != said {
        let _ = std::fs::remove_file(&part);
        return Err(Fault(format!("{} is damaged: its digest is {found}, not {said}", file.display())));
    }
    std::fs::rename(&part, &target).map_err(io(&target))?;
    verify(&Sqlite::open(folder)?)
}

/// What is still to be done before a restored registry can be served: no backup has the key that signs.
///
/// # Errors
/// The database's.
pub fn key_to_bring(folder: &Path) -> Result<Option<String>, Fault> {
    let database = Sqlite::open(folder)?;
    let known = db::read(&database, signed::public)?.filter(|_| !folder.join(signed::FILE).exists());
    let missing = known.filter(|_| !signed::is_inside(&database).unwrap_or(false));
    Ok(missing.map(|key| {
        format!(
            "the signing key {} is in no backup: put its file at {} before this registry is served. If it is lost, start once with --new-signing-key",
            hex(&key),
            folder.join(signed::FILE).display()
        )
    }))
}

/// Looks at everything: the audit log's chain, every content's digest, every published version. A few lines about it.
///
/// # Errors
/// The first that is not as it was.
pub fn verify(database: &dyn Database) -> Result<String, Fault> {
    let (rows, newest) = audit::verify(database)?;
    let (versions, digest) = db::read(database, packages::verify)?;
    let schemas = db::read(database, |s| {
        let digests = s.rows("SELECT DISTINCT content FROM schemas ORDER BY content", &[])?;
        for row in &digests {
            crate::keep::content(s, row.bytes(0)?)?;
        }
        Ok::<_, Fault>(digests.len())
    })?;
    // A registry that was never served since it had an older layout has no log yet.
    let signed = match db::read(database, signed::public)? {
        None => "signed log: not begun".to_owned(),
        Some(key) => {
            let (size, root) = db::read(database, signed::verify)?;
            format!("signed log: {size} entries, root {}, key {}", hex(&root), hex(&key))
        }
    };
    Ok(format!("audit log: {rows} rows, newest {newest}\nstandards: {versions} versions, {digest}\nschemas: {schemas} whole\n{signed}\n"))
}
