//! A registry seen from elsewhere: publishing to it, taking from it with everything checked, and going on without it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use concord_registry::db::sqlite::Sqlite;
use concord_registry::keep::tokens;
use program::Program;
use serde_json::Value;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("concord-remote-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Runs the program with this place's cache.
    fn run(&self, words: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_concord-registry"));
        let Output { status, stdout, stderr } = command.args(words).env("CONCORD_CACHE", self.at("cache")).output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    /// A package of ours under another version, with a bound on one field's length if so.
    fn package(&self, version: &str, shorter: bool) -> PathBuf {
        let own = concord_standards::catalog().find("blds@1.2").unwrap();
        let folder = self.at(&format!("package-{version}"));
        for (path, bytes) in &own.files {
            let mut text = String::from_utf8(bytes.clone()).unwrap();
            if path == "standard.toml" {
                text = text.replacen("version = \"1.2\"", &format!("version = \"{version}\""), 1);
            }
            if path == "permits.table.json" && shorter {
                let mut schema: Value = serde_json::from_str(&text).unwrap();
                let fields = schema["fields"].as_array_mut().unwrap();
                let field = fields.iter_mut().find(|f| f["name"] == "PermitNum").unwrap();
                field["constraints"]["maxLength"] = 20.into();
                text = schema.to_string();
            }
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        folder
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_is_published_there_is_taken_checked_and_kept() {
    let place = Place::new("whole");
    let data = place.at("data");
    let server = Program::with(&["--data", text(&data)]);
    let url = format!("http://{}", server.address);
    let (_, secret) = tokens::create(&Sqlite::open(&data).unwrap(), "test", &["publish:blds".to_owned()], None, "operator").unwrap();

    // A change that breaks is refused with what shows it, and a new number lets it in.
    let folder = place.package("1.3", true);
    let (code, _, told) = place.run(&["publish", text(&folder), "--registry", &url]);
    assert!(code == 2 && told.contains("token"), "{told}");
    let (code, _, told) = place.run(&["publish", text(&folder), "--registry", &url, "--token", &secret]);
    assert!(code == 2 && told.contains("PermitNum") && told.contains("Example that shows it") && told.contains("2.0"), "{told}");
    let folder = place.package("2.0", true);
    let (code, said, told) = place.run(&["publish", text(&folder), "--registry", &url, "--token", &secret]);
    assert!(code == 0 && said.starts_with("blds@2.0 sha256:"), "{told}");

    let (code, said, told) = place.run(&["pull", "blds", "--registry", &url]);
    assert_eq!(code, 0, "{told}");
    let taken = PathBuf::from(said.trim());
    assert_eq!(std::fs::read(taken.join("permits.table.json")).unwrap(), std::fs::read(folder.join("permits.table.json")).unwrap());
    let (code, said, told) = place.run(&["verify", "--registry", &url]);
    assert!(code == 0 && said.contains("as they were published"), "{told}");
    assert_eq!(place.run(&["pull", "nothing", "--registry", &url]).0, 2);

    // A report tells by which package it was made.
    let report = place.at("report.json");
    let digest = told_digest(&place, &url);
    let write = |digest: &str| {
        std::fs::write(&report, serde_json::json!({"standard": {"id": "blds", "version": "2.0", "digest": digest}}).to_string()).unwrap();
    };
    write(&digest);
    assert_eq!(place.run(&["report", text(&report), "--registry", &url]).0, 0);
    assert_eq!(place.run(&["report", text(&report), "--data", text(&data)]).0, 0);
    write(&digest.replace(|c: char| c.is_ascii_digit(), "0"));
    assert_eq!(place.run(&["report", text(&report), "--registry", &url]).0, 1);

    // All of it goes to another registry and to files.
    let (code, said, told) = place.run(&["mirror", &url, "--data", text(&place.at("mirror"))]);
    assert!(code == 0 && said.starts_with("1 versions taken"), "{said} {told}");
    assert_eq!(place.run(&["verify", "--data", text(&place.at("mirror"))]).0, 0);
    let (code, _, told) = place.run(&["export", text(&place.at("export")), "--data", text(&data)]);
    assert_eq!(code, 0, "{told}");
    for page in ["standards/blds/index.html", "findings/index.html", "findings/C304/index.html"] {
        assert!(place.at("export").join(page).is_file(), "{page}");
    }
    let files = Static::new(place.at("export"));
    let (code, _, told) = place.run(&["pull", "blds@2.0", "--registry", &files.url]);
    assert_eq!(code, 0, "{told}");

    // Without the registry, what is kept is used, and that is said; what was changed there is not.
    drop(server);
    let (code, said, told) = place.run(&["pull", "blds", "--registry", &url]);
    assert!(code == 0 && said.trim() == text(&taken) && told.contains("taken from what was kept"), "{told}");
    std::fs::write(taken.join("standard.toml"), "changed").unwrap();
    assert_eq!(place.run(&["pull", "blds", "--registry", &url]).0, 2);
}

fn told_digest(place: &Place, url: &str) -> String {
    let told = place.run(&["pull", "blds@2.0", "--registry", url]).2;
    told.split_whitespace().find(|word| word.starts_with("sha256:")).unwrap().to_owned()
}

/// Hands out files of a folder, one request at a time, with a change to some of them.
struct Static {
    url: String,
    change: Arc<Mutex<Change>>,
}

/// By the end of a path: what is made of its bytes.
type Change = Option<(&'static str, Lie)>;

/// What is handed out in place of what is there.
type Lie = fn(Vec<u8>) -> Vec<u8>;

impl Static {
    fn new(folder: PathBuf) -> Static {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let change: Arc<Mutex<Change>> = Arc::default();
        let own = Arc::clone(&change);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap().trim_matches('/').to_owned();
                let file = folder.join(&path);
                let found = std::fs::read(&file).or_else(|_| std::fs::read(file.join("index.json")));
                let (status, mut body) = found.map_or((404, Vec::new()), |body| (200, body));
                if let Some((end, change)) = *own.lock().unwrap()
                    && path.ends_with(end)
                {
                    body = change(body);
                }
                let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(&body);
            }
        });
        Static { url, change }
    }
}

#[test]
fn what_is_not_true_is_not_taken() {
    let place = Place::new("untrue");
    let (code, _, told) = place.run(&["export", text(&place.at("export")), "--data", text(&place.at("data"))]);
    assert_eq!(code, 0, "{told}");
    let files = Static::new(place.at("export"));
    let pull = || place.run(&["pull", "blds@1.2", "--registry", &files.url]);
    let lies: [(&'static str, Lie, &str); 4] = [
        // Another archive than the one that was published.
        (
            "bundle",
            |_| {
                let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
                zip.start_file("standard.toml", zip::write::SimpleFileOptions::default()).unwrap();
                zip.write_all(b"id = \"blds\"").unwrap();
                zip.finish().unwrap().into_inner()
            },
            "the signed log says",
        ),
        (
            "bundle",
            |mut body| {
                body.truncate(body.len() / 2);
                body
            },
            "cannot be read",
        ),
        // An entry with another digest.
        (
            "proof",
            |body| String::from_utf8(body).unwrap().replacen("sha256:", "sha256:0", 1).into_bytes(),
            "not shown to be in the signed log",
        ),
        // Another size than was signed.
        ("proof", |body| String::from_utf8(body).unwrap().replacen("\"size\": ", "\"size\": 1", 1).into_bytes(), "not signed"),
    ];
    for (end, lie, why) in lies {
        *files.change.lock().unwrap() = Some((end, lie));
        let (code, said, told) = pull();
        assert!(code == 2 && said.is_empty() && told.contains(why), "{why}: {code} {said} {told}");
    }
    *files.change.lock().unwrap() = None;
    assert_eq!(pull().0, 0);
    // A registry of another key at the same address.
    std::fs::remove_dir_all(place.at("export")).unwrap();
    assert_eq!(place.run(&["export", text(&place.at("export")), "--data", text(&place.at("other"))]).0, 0);
    let (code, said, told) = pull();
    assert!(code == 2 && said.is_empty() && told.contains("signed by the key"), "{code} {said} {told}");
}
