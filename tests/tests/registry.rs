//! The path of someone new: a registry in one command, a publication in another, a change that breaks and is refused with what shows it; then
//! files checked and converted by what the registry has, with it and without it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Folder, Ran, concord, registry, root, run_command};

/// `concord registry serve`, which ends with the test.
struct Server(Child, String);

impl Server {
    fn start(data: &Path) -> Server {
        let mut command = Command::new(concord());
        command.args(["registry", "serve", "--listen", "127.0.0.1:0", "--quiet", "--data"]).arg(data);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Server(child, line.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_registry_serves_refuses_and_is_used_from_elsewhere() {
    assert!(registry().is_some(), "the registry's program lies beside concord");
    let folder = Folder::new("registry");
    let data = folder.path("data");
    let server = Server::start(&data);
    let url = &server.1;
    let run = |words: &[&str]| -> Ran {
        let mut command = Command::new(concord());
        command.args(words).env("CONCORD_CACHE", folder.path("cache"));
        run_command(command, None)
    };

    let package = folder.path("package");
    copy(&root().join("standards/national/blds/1.2"), &package);
    let edit = |file: &str, from: &str, to: &str| {
        let path = package.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    let (publish, place) = (package.to_str().unwrap(), data.to_str().unwrap());
    edit("standard.toml", "version = \"1.2\"", "version = \"1.2.1\"");
    edit("standard.toml", "title = \"", "title = \"Our ");
    assert!(run(&["registry", "publish", publish, "--data", place]).ended_with(0).text().starts_with("blds@1.2.1 "));
    edit("standard.toml", "version = \"1.2.1\"", "version = \"1.2.2\"");
    edit("permits.table.json", "\"constraints\": {", "\"constraints\": {\"maxLength\": 3, ");
    // Examples and crosswalks have longer ones, and rules want examples; without them it is a package all the same.
    for part in ["rules.toml", "examples", "crosswalks"] {
        let path = package.join(part);
        let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    }
    let refused = run(&["registry", "publish", publish, "--data", place]).ended_with(2);
    assert!(refused.err.contains("accepted by the one version and refused by the other"), "{}", refused.err);
    assert!(refused.err.contains("2.0"), "{}", refused.err);

    let file = root().join("standards/national/blds/1.2/examples/valid");
    let file = std::fs::read_dir(file).unwrap().next().unwrap().unwrap().path();
    let check = || run(&["validate", file.to_str().unwrap(), "--standard", "blds@1.2.1", "--registry", url, "--format", "json"]);
    let report = check().ended_with(0);
    assert_eq!(report.json()["standard"]["version"], "1.2.1");
    let written = folder.file("report.json", &report.out);
    run(&["verify", written.to_str().unwrap(), "--registry", url]).ended_with(0);
    let source = root().join("standards/national/blds/1.2/examples/convert/socrata-permits.in.csv");
    let convert = || run(&["convert", source.to_str().unwrap(), "--to", "blds@1.2.1", "--from", "socrata-permits", "--registry", url]);
    let converted = convert();
    assert!(converted.text().starts_with("PermitNum,"), "{}", converted.err);

    let url = server.1.clone();
    drop(server);
    let offline =
        run(&["validate", file.to_str().unwrap(), "--standard", "blds@1.2.1", "--registry", &url, "--format", "json"]).ended_with(0);
    assert_eq!(offline.out, report.out, "what was kept gives the same report");
    assert!(offline.err.contains("taken from what was kept"), "{}", offline.err);
    run(&["validate", file.to_str().unwrap(), "--standard", "blds@1.1", "--registry", &url]).ended_with(2);
}
