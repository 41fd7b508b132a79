//! Another registry, seen from here: what is taken from it is checked before it is used, and kept so that it is there without a connection.
//!
//! The first time, the registry's key is taken as it is and remembered; from then on each answer must be signed by it, and its log must have only
//! grown. A package is taken when its digest stands in that log.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use concord_core::package::StandardRef;
use concord_core::package::load;
use concord_core::session::hex;
use serde_json::{Value, json};
use ureq::config::ConfigBuilder;
use ureq::tls::{PemItem, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

use crate::db::Fault;
use crate::keep::signed::{Checkpoint, unhex};
use crate::merkle::{self, Hash};

/// Largest answer that is taken, in bytes.
const MOST: u64 = 256 << 20;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Another registry.
#[derive(Debug)]
pub struct Remote {
    url: String,
    token: Option<String>,
    agent: ureq::Agent,
    /// Where what was taken is kept.
    folder: PathBuf,
}

/// Why something was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There was no connection, or no answer. What is kept may be used instead.
    Away(String),
    /// The answer is a refusal.
    Refused(String),
    /// The answer is not what it should be; it must not be used, and neither must what is kept be taken for it.
    Untrue(String),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Fault {
        let (Trouble::Away(why) | Trouble::Refused(why) | Trouble::Untrue(why)) = trouble;
        Fault(why)
    }
}

/// A package that is at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// `id@version`
    pub reference: String,
    /// Its digest.
    pub digest: String,
    /// The folder with its files.
    pub folder: PathBuf,
    /// Why it was taken from what is kept; `None` when the registry said so just now.
    pub offline: Option<String>,
}

impl Remote {
    /// The registry at an address. What is taken from it is kept in a folder of its own below `cache`.
    pub fn new(url: &str, token: Option<String>, cache: &Path) -> Remote {
        let url = url.trim_end_matches('/').to_owned();
        let name: String = url.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' }).collect();
        Remote { folder: cache.join(name), url, token, agent: settings().build().into() }
    }

    /// The same registry, trusted when its certificate is of one of the authorities in a file, in PEM form, and of no other.
    ///
    /// # Errors
    /// When the file has no certificate.
    pub fn trusting(self, file: &Path) -> Result<Remote, Fault> {
        let fail = |why: &str| Fault(format!("--registry-ca {}: {why}", file.display()));
        let bytes = std::fs::read(file).map_err(|e| fail(&e.to_string()))?;
        let mut roots = Vec::new();
        for item in ureq::tls::parse_pem(&bytes) {
            match item {
                Ok(PemItem::Certificate(certificate)) => roots.push(certificate),
                Ok(_) => {}
                Err(error) => return Err(fail(&format!("it cannot be read as PEM: {error}"))),
            }
        }
        if roots.is_empty() {
            return Err(fail("it has no certificate in PEM form (-----BEGIN CERTIFICATE-----)"));
        }
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build();
        let agent = settings().tls_config(tls).build().into();
        Ok(Remote { agent, ..self })
    }

    /// An answer's status and body.
    fn ask(&self, path: &str, body: Option<&Value>) -> Result<(u16, Vec<u8>), Trouble> {
        let address = format!("{}{path}", self.url);
        let away = |e: ureq::Error| {
            let why = e.to_string();
            let own = if why.contains("UnknownIssuer") || why.contains("BadSignature") {
                ". Its certificate is of no authority that is known; name the certificate of a town's own with --registry-ca, or as CONCORD_REGISTRY_CA"
            } else {
                ""
            };
            Trouble::Away(format!("{address}: {why}{own}"))
        };
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut response = match body {
            None => {
                let request = self.agent.get(&address);
                bearer.iter().fold(request, |r, b| r.header("Authorization", b)).call().map_err(away)?
            }
            Some(body) => {
                let request = self.agent.post(&address).content_type("application/json");
                bearer.iter().fold(request, |r, b| r.header("Authorization", b)).send(body.to_string()).map_err(away)?
            }
        };
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST).read_to_vec().map_err(away)?;
        if status >= 500 {
            return Err(Trouble::Away(format!("{address} answers with status {status}")));
        }
        Ok((status, body))
    }

    /// The JSON of an answer that is good.
    fn json(&self, path: &str, body: Option<&Value>) -> Result<Value, Trouble> {
        let (status, body) = self.ask(path, body)?;
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if (200..300).contains(&status) && !value.is_null() {
            return Ok(value);
        }
        let detail = value["detail"].as_str().map_or_else(|| format!("it answers with status {status}"), str::to_owned);
        Err(Trouble::Refused(format!("{}: {detail}", self.url)))
    }

    /// Checks the log against what is remembered of it, and remembers it as it is now.
    ///
    /// # Errors
    /// When it is not signed by the key that is remembered, or did not only grow.
    pub fn check_log(&self, checkpoint: &Checkpoint) -> Result<(), Trouble> {
        let file = self.folder.join("registry.json");
        let untrue = |why: &str| Trouble::Untrue(format!("{}: {why}", self.url));
        if let Ok(bytes) = std::fs::read(&file) {
            let known: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let damaged = || untrue(&format!("what was remembered of it is damaged; look at {}", file.display()));
            let known = Checkpoint::parse(&known).ok_or_else(damaged)?;
            if known.key != checkpoint.key {
                let why = format!(
                    "its log is signed by the key {}, and was by {}. If its operator confirms the new key, delete {}",
                    hex(&checkpoint.key),
                    hex(&known.key),
                    file.display()
                );
                return Err(untrue(&why));
            }
            let shown = match checkpoint.size.checked_sub(known.size) {
                None => false,
                Some(0) => known.root == checkpoint.root,
                Some(_) => {
                    // At an address of its own, which a server of files has too; older registries have the question only.
                    let answer = match self.json(&format!("/v1/log/consistency/{}", known.size), None) {
                        Err(Trouble::Refused(_)) => self.json(&format!("/v1/log/consistency?from={}", known.size), None)?,
                        other => other?,
                    };
                    let later = Checkpoint::parse(&answer["checkpoint"]).ok_or_else(|| untrue("its log is not signed"))?;
                    // The log may have grown since; then this is shown for what it is now.
                    let same = later.size == checkpoint.size && later.root == checkpoint.root && later.key == known.key;
                    let proof = hashes(&answer["proof"]).ok_or_else(|| untrue("it shows no proof"))?;
                    same && merkle::is_consistent((known.size, &known.root), (checkpoint.size, &checkpoint.root), &proof)
                }
            };
            if !shown {
                return Err(untrue("its log lost or changed what it had: it does not begin with what it was the last time"));
            }
        }
        keep(&file, format!("{:#}\n", checkpoint.json()).as_bytes()).map_err(|fault| Trouble::Away(fault.0))
    }

    /// The newest checkpoint, checked against what is remembered.
    ///
    /// # Errors
    /// When it cannot be had, or is not to be believed.
    pub fn checkpoint(&self) -> Result<Checkpoint, Trouble> {
        let answer = self.json("/v1/log", None)?;
        let checkpoint = Checkpoint::parse(&answer).ok_or_else(|| Trouble::Untrue(format!("{}: its log is not signed", self.url)))?;
        self.check_log(&checkpoint)?;
        Ok(checkpoint)
    }

    /// The digest under which the log has a version, shown to be in it.
    ///
    /// # Errors
    /// When it is not there, or not shown.
    pub fn proved(&self, id: &str, version: &str) -> Result<String, Trouble> {
        let untrue = |why: &str| Trouble::Untrue(format!("{}: {id}@{version}: {why}", self.url));
        let path = concord_core::render::pages::href(&format!("/v1/standards/{id}/versions/{version}/proof"));
        let answer = self.json(&path, None)?;
        let checkpoint = Checkpoint::parse(&answer["checkpoint"]).ok_or_else(|| untrue("the log is not signed"))?;
        self.check_log(&checkpoint)?;
        let text = answer["entry"].as_str().ok_or_else(|| untrue("there is no entry in the log"))?;
        let proof = hashes(&answer["proof"]).ok_or_else(|| untrue("it shows no proof"))?;
        let index = answer["index"].as_u64().ok_or_else(|| untrue("it shows no proof"))?;
        if !merkle::is_included(&merkle::leaf(text.as_bytes()), index, checkpoint.size, &proof, &checkpoint.root) {
            return Err(untrue("it is not shown to be in the signed log"));
        }
        let entry: Value = serde_json::from_str(text).unwrap_or_default();
        match entry["digest"].as_str() {
            Some(digest) if entry["id"] == id && entry["version"] == version => Ok(digest.to_owned()),
            _ => Err(untrue("the entry that it shows is of something else")),
        }
    }

    /// Takes the version that a reference names: from the registry, or from what is kept when that is away.
    ///
    /// # Errors
    /// When it is nowhere, or not to be believed.
    pub fn pull(&self, reference: &str) -> Result<Taken, Trouble> {
        let wanted = StandardRef::parse(reference).ok_or_else(|| Trouble::Refused(format!("\"{reference}\" names no standard")))?;
        match self.pull_now(&wanted) {
            Err(Trouble::Away(why)) => self.kept(&wanted, &why).ok_or(Trouble::Away(why)),
            other => other,
        }
    }

    fn pull_now(&self, wanted: &StandardRef) -> Result<Taken, Trouble> {
        let id = &wanted.id;
        let version = match &wanted.version {
            Some(version) => version.clone(),
            None => {
                let all = self.json(&concord_core::render::pages::href(&format!("/v1/standards/{id}")), None)?;
                let versions = all["versions"].as_array().cloned().unwrap_or_default();
                let newest = versions.iter().rfind(|v| v["status"] == "stable").and_then(|v| v["version"].as_str());
                newest.map(str::to_owned).ok_or_else(|| Trouble::Refused(format!("{}: {id} has no stable version", self.url)))?
            }
        };
        let reference = format!("{id}@{version}");
        let digest = self.proved(id, &version)?;
        let folder = self.folder.join(id).join(&version);
        if read(&folder).is_ok_and(|files| load::digest(&files) == digest) {
            return Ok(Taken { reference, digest, folder, offline: None });
        }
        let (status, archive) =
            self.ask(&concord_core::render::pages::href(&format!("/v1/standards/{id}/versions/{version}/bundle")), None)?;
        let untrue = |why: String| Trouble::Untrue(format!("{}: {reference}: {why}", self.url));
        let files = unpack(&archive).filter(|_| status == 200).ok_or_else(|| untrue("its archive cannot be read".to_owned()))?;
        let found = load::digest(&files);
        if found != digest {
            return Err(untrue(format!("the files have the digest {found}, and the signed log says {digest}")));
        }
        write(&folder, &files).map_err(|fault| Trouble::Away(fault.0))?;
        Ok(Taken { reference, digest, folder, offline: None })
    }

    /// What is kept of an earlier time.
    fn kept(&self, wanted: &StandardRef, why: &str) -> Option<Taken> {
        let of = self.folder.join(&wanted.id);
        let version = match &wanted.version {
            Some(version) => version.clone(),
            None => {
                let names = std::fs::read_dir(&of).ok()?.flatten().filter_map(|e| e.file_name().into_string().ok());
                names.filter(|name| !name.starts_with('.')).max_by(|a, b| concord_core::package::catalog::compare_versions(a, b))?
            }
        };
        let folder = of.join(&version);
        let digest = load::digest(&read(&folder).ok().filter(|files| !files.is_empty())?);
        // It was checked when it was kept; that it is still the same is checked by what was written down then.
        let noted = std::fs::read_to_string(of.join(format!(".{version}.digest"))).ok()?;
        (noted.trim() == digest).then(|| Taken {
            reference: format!("{}@{version}", wanted.id),
            digest,
            folder,
            offline: Some(why.to_owned()),
        })
    }

    /// Publishes the files of a package; what the registry says.
    ///
    /// # Errors
    /// Its refusal, with the records that show what breaks.
    pub fn publish(&self, id: &str, files: &BTreeMap<String, Vec<u8>>, reason: &str) -> Result<Value, Trouble> {
        let mut texts = BTreeMap::new();
        for (path, bytes) in files {
            let text = std::str::from_utf8(bytes).map_err(|_| Trouble::Refused(format!("{path} is not UTF-8")))?;
            texts.insert(path, text);
        }
        let path = concord_core::render::pages::href(&format!("/v1/standards/{id}/versions"));
        self.json(&path, Some(&json!({"files": texts, "reason": reason})))
    }

    /// All versions that the registry lists, as `(id, version)`.
    ///
    /// # Errors
    /// When the list cannot be had.
    pub fn list(&self) -> Result<Vec<(String, String)>, Trouble> {
        let all = self.json("/v1/standards", None)?;
        let pair = |entry: &Value| Some((entry["id"].as_str()?.to_owned(), entry["version"].as_str()?.to_owned()));
        Ok(all["standards"].as_array().into_iter().flatten().filter_map(pair).collect())
    }
}

fn settings() -> ConfigBuilder<AgentScope> {
    ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).max_redirects(0)
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value.as_array()?.iter().map(|hash| unhex(hash.as_str()?)).collect()
}

/// The files of an archive, within the bounds of a package.
fn unpack(archive: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).ok()?;
    let (mut files, mut left) = (BTreeMap::new(), MOST);
    if archive.len() > 10_000 {
        return None;
    }
    for index in 0..archive.len() {
        let file = archive.by_index(index).ok()?;
        let name = file.name().ok()?.into_owned();
        // A path that leads elsewhere is in no package.
        let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']);
        if !name.split('/').all(plain) {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(left + 1).read_to_end(&mut bytes).ok()?;
        left = left.checked_sub(bytes.len() as u64)?;
        files.insert(name, bytes);
    }
    Some(files)
}

/// The files of a package's folder by their paths; names that begin with a dot are left out.
///
/// # Errors
/// When they cannot be read, or are too many or too large for a package.
pub fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files, &mut 0).map_err(|e| Fault(format!("{}: {e}", folder.display())))?;
    Ok(files)
}

fn collect(folder: &Path, at: &str, files: &mut BTreeMap<String, Vec<u8>>, bytes: &mut u64) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| std::io::Error::other("a name in it is not UTF-8"))?;
        if name.starts_with('.') {
            continue;
        }
        let (path, kind) = (format!("{at}{name}"), entry.file_type()?);
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files, bytes)?;
        } else if kind.is_file() {
            let content = std::fs::read(entry.path())?;
            *bytes += content.len() as u64;
            files.insert(path, content);
        }
        if files.len() > 10_000 || *bytes > MOST {
            return Err(std::io::Error::other("it is too large for a package"));
        }
    }
    Ok(())
}

/// Writes a file whole or not at all.
fn keep(file: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let fail = |e: std::io::Error| Fault(format!("{}: {e}", file.display()));
    let part = file.with_extension(format!("{}.part", std::process::id()));
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, file)).map_err(fail)
}

/// Writes a package's folder whole or not at all, with its digest noted beside it.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Fault> {
    let fail = |e: std::io::Error| Fault(format!("{}: {e}", folder.display()));
    let (Some(above), Some(name)) = (folder.parent(), folder.file_name().map(|n| n.to_string_lossy().into_owned())) else {
        return Err(Fault(format!("{} is no folder for a package", folder.display())));
    };
    let part = above.join(format!(".{name}.{}.part", std::process::id()));
    let _ = std::fs::remove_dir_all(&part);
    for (path, bytes) in files {
        let file = part.join(path);
        file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, bytes)).map_err(fail)?;
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(fail)?;
    }
    std::fs::rename(&part, folder).map_err(fail)?;
    keep(&above.join(format!(".{name}.digest")), format!("{}\n", load::digest(files)).as_bytes())
}

/// The folder in which programs of this user keep what they can have again.
pub fn cache() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    of("CONCORD_CACHE")
        .or_else(|| of("XDG_CACHE_HOME").map(|p| p.join("concord")))
        .or_else(|| of("LOCALAPPDATA").map(|p| p.join("concord")))
        .or_else(|| of("HOME").map(|p| p.join(".cache/concord")))
        .unwrap_or_else(|| std::env::temp_dir().join("concord"))
}
