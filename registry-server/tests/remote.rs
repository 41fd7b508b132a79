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
        for (path, bytes) in own.files.iter() {
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

fn holds(file: &Path, needle: &[u8]) -> bool {
    std::fs::read(file).is_ok_and(|bytes| bytes.windows(needle.len()).any(|part| part == needle))
}

#[test]
fn the_key_stands_in_a_file_of_its_own_and_in_no_backup() {
    use concord_registry::db;
    let place = Place::new("key");
    let data = place.at("data");
    // A registry of an older program, whose key stood in its database.
    let secret: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7 + 1).unwrap());
    {
        let database = Sqlite::open(&data).unwrap();
        let sql = "INSERT INTO log_key (only_row, secret) VALUES (1, ?1)";
        db::write(&database, |s| s.run(sql, &[secret.as_slice().into()])).unwrap();
    }
    let (code, _, told) = place.run(&["backup", text(&place.at("first")), "--data", text(&data)]);
    assert_eq!(code, 0, "{told}");
    let key = data.join("signing.key");
    let kept = std::fs::read_to_string(&key).unwrap();
    let public = {
        let mut server = Program::with(&["--data", text(&data)]);
        let url = format!("http://{}", server.address);
        let (code, _, told) = place.run(&["pull", "blds@1.2", "--registry", &url]);
        assert_eq!(code, 0, "{told}");
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        let said = place.run(&["verify", "--data", text(&data)]).1;
        said.split(", key ").nth(1).unwrap().trim().to_owned()
    };
    let own = ed25519_dalek::SigningKey::from_bytes(&secret).verifying_key().to_bytes();
    assert_eq!(public, concord_core::session::hex(&own), "the log goes on with the key it had");
    assert!(kept.contains(&concord_core::session::hex(&secret)));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(place.run(&["backup", text(&place.at("second")), "--data", text(&data)]).0, 0);
    assert_eq!(place.run(&["export", text(&place.at("export")), "--data", text(&data)]).0, 0);
    for file in ["first", "second"] {
        assert!(!holds(&place.at(file), &secret), "{file} has the key");
    }
    assert!(!holds(&data.join("registry.sqlite"), &secret));
    let mut left = vec![place.at("export")];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => left.push(path),
                path => assert!(!holds(&path, concord_core::session::hex(&secret).as_bytes()), "{}", path.display()),
            }
        }
    }

    // What is restored says what is missing, and does not sign with a key that nobody knows.
    let again = place.at("again");
    let (code, _, told) = place.run(&["restore", text(&place.at("second")), "--data", text(&again)]);
    assert!(code == 0 && told.contains("signing.key") && told.contains(&public), "{told}");
    let (code, _, told) = place.run(&["export", text(&place.at("none")), "--data", text(&again)]);
    assert!(code == 2 && told.contains("missing") && told.contains("--new-signing-key") && told.contains(&public), "{told}");
    assert!(!again.join("signing.key").exists());
    std::fs::write(again.join("signing.key"), "concord-registry-key/1\nnonsense\n").unwrap();
    let (code, _, told) = place.run(&["export", text(&place.at("none")), "--data", text(&again)]);
    assert!(code == 2 && told.contains("damaged"), "{told}");
    std::fs::write(again.join("signing.key"), kept.replace('1', "2")).unwrap();
    let (code, _, told) = place.run(&["export", text(&place.at("none")), "--data", text(&again)]);
    assert!(code == 2, "{told}");
    std::fs::write(again.join("signing.key"), &kept).unwrap();
    assert_eq!(place.run(&["verify", "--data", text(&again)]).0, 0);
    assert_eq!(place.run(&["export", text(&place.at("none")), "--data", text(&again)]).0, 0);

    // A key that is lost is replaced when that is asked for, and the log of changes says so.
    std::fs::remove_file(again.join("signing.key")).unwrap();
    let server = Program::with(&["--data", text(&again), "--new-signing-key"]);
    let (code, _, told) = place.run(&["pull", "blds@1.2", "--registry", &format!("http://{}", server.address)]);
    assert_eq!(code, 0, "{told}");
    drop(server);
    assert_eq!(place.run(&["verify", "--data", text(&again)]).0, 0);
    let (_, log, _) = place.run(&["audit", "--data", text(&again)]);
    assert!(log.matches("\tsigning-key\t").count() >= 2 && log.contains(&public), "{log}");
}

/// What is exported leads to what is there, and shows that the log only grew.
#[test]
fn an_export_is_whole_in_itself() {
    let place = Place::new("whole-export");
    let data = place.at("data");
    let export = || {
        let _ = std::fs::remove_dir_all(place.at("export"));
        let (code, _, told) = place.run(&["export", text(&place.at("export")), "--data", text(&data)]);
        assert_eq!(code, 0, "{told}");
    };
    export();
    let files = Static::new(place.at("export"));
    assert_eq!(place.run(&["pull", "blds@1.2", "--registry", &files.url]).0, 0);
    assert_eq!(place.run(&["publish", text(&place.package("1.3", false)), "--data", text(&data)]).0, 0);
    export();
    // The log has grown since it was first seen.
    let (code, _, told) = place.run(&["pull", "blds@1.3", "--registry", &files.url]);
    assert_eq!(code, 0, "{told}");
    let root = place.at("export");
    let there = |path: &str| {
        let plain = path.split(['?', '#']).next().unwrap().trim_matches('/');
        let file = root.join(plain);
        file.is_file() || file.join("index.html").is_file() || file.join("index.json").is_file()
    };
    let (mut pages, mut links, mut left) = (0, 0, vec![root.clone()]);
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                left.push(path);
            } else if name.ends_with(".html") {
                let html = std::fs::read_to_string(&path).unwrap();
                pages += 1;
                for link in html.split("href=\"/").skip(1).map(|rest| format!("/{}", rest.split('"').next().unwrap())) {
                    links += 1;
                    assert!(there(&link), "{name} leads to {link}");
                }
                assert!(!html.contains("<form") && !html.contains("/audit"), "{name}");
            } else if name.starts_with("v1/") && name.ends_with("index.json") {
                let told: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                let mut values = vec![&told];
                while let Some(value) = values.pop() {
                    match value {
                        Value::Object(members) => values.extend(members.values()),
                        Value::Array(items) => values.extend(items),
                        Value::String(text) if text.starts_with("/v1/") || text.starts_with("/standards/") => {
                            links += 1;
                            assert!(there(text), "{name} leads to {text}");
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    assert!(pages > 100 && links > 1000, "{pages} {links}");
    assert!(there("/standards/blds/1.2/compare/1.3") && there("/standards/blds/1.3/template.xlsx") && there("/v1/log/consistency/1"));
}
