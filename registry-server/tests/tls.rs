//! TLS by certificate files, from the server and from the client, with an authority of one's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use program::Program;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A folder with an authority (`ca.pem`), a certificate of it for 127.0.0.1 and localhost with its key, and another key.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("concord-tls-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let place = Place(path);
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        place.write("ca.pem", &authority.self_signed(&key).unwrap().pem());
        let issuer = Issuer::new(authority, key);
        let own = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        place.write("cert.pem", &certificate.signed_by(&own, &issuer).unwrap().pem());
        place.write("key.pem", &own.serialize_pem());
        place.write("other.pem", &KeyPair::generate().unwrap().serialize_pem());
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, words: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_concord-registry"));
        command.args(words).env("CONCORD_CACHE", self.at("cache")).envs(env.iter().copied());
        let Output { status, stdout, stderr } = command.output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_is_published_over_tls_is_taken_by_who_trusts_the_authority() {
    let place = Place::new("whole");
    let server = Program::with(&["--data", &place.at("data"), "--tls-cert", &place.at("cert.pem"), "--tls-key", &place.at("key.pem")]);
    let url = format!("https://{}", server.address);
    // Connections that say nothing, or something else, hold nobody up.
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(&server.address).unwrap());
    }
    let mut plain = TcpStream::connect(&server.address).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "nothing is said in the clear");

    let (code, out, told) = place.run(&["pull", "blds@1.2", "--registry", &url], &[]);
    assert!(code == 2 && out.is_empty() && told.contains("--registry-ca"), "{told}");
    let (code, out, told) = place.run(&["pull", "blds@1.2", "--registry", &url, "--registry-ca", &place.at("ca.pem")], &[]);
    assert!(code == 0 && Path::new(out.trim()).is_dir(), "{told}");
    let ca = place.at("ca.pem");
    assert_eq!(place.run(&["verify", "--registry", &url], &[("CONCORD_REGISTRY_CA", &ca)]).0, 0);
    // An authority that is another one's is none. What is kept is used, and that is said; where nothing is kept there is nothing.
    let stranger = Place::new("stranger");
    let (code, _, told) = place.run(&["pull", "blds@1.2", "--registry", &url, "--registry-ca", &stranger.at("ca.pem")], &[]);
    assert!(code == 0 && told.contains("certificate") && told.contains("taken from what was kept"), "{told}");
    let (code, out, told) = stranger.run(&["pull", "blds@1.2", "--registry", &url, "--registry-ca", &stranger.at("ca.pem")], &[]);
    assert!(code == 2 && out.is_empty() && told.contains("certificate"), "{told}");
    let (code, _, told) = place.run(&["pull", "lives", "--registry", &url, "--registry-ca", &place.at("key.pem")], &[]);
    assert!(code == 2 && told.contains("no certificate"), "{told}");
}

#[test]
fn a_certificate_or_key_that_cannot_be_used_is_said_plainly() {
    let place = Place::new("wrong");
    place.write("empty.pem", "");
    place.write("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    place.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (cert, key, flag, why) in [
        ("absent.pem", "key.pem", "--tls-cert", "No such file"),
        ("cert.pem", "absent.pem", "--tls-key", "No such file"),
        ("empty.pem", "key.pem", "--tls-cert", "no certificate"),
        ("broken.pem", "key.pem", "--tls-cert", "cannot be used"),
        ("cert.pem", "cert.pem", "--tls-key", "no private key"),
        ("cert.pem", "locked.pem", "--tls-key", "password"),
        ("cert.pem", "other.pem", "--tls-key", "not that of the certificate"),
    ] {
        let (code, out, told) =
            place.run(&["serve", "--listen", "127.0.0.1:0", "--tls-cert", &place.at(cert), "--tls-key", &place.at(key)], &[]);
        assert!(code == 2 && out.is_empty(), "{cert} {key}: {code} {out}");
        assert!(told.contains(flag) && told.contains(why) && told.lines().count() == 1, "{cert} {key}: {told}");
    }
    let (code, _, told) = place.run(&["serve", "--tls-cert", &place.at("cert.pem")], &[]);
    assert!(code == 2 && told.contains("--tls-key"), "{told}");
    // The same settings by a file and the environment, which comes before it.
    place.write("config.toml", &format!("listen = \"127.0.0.1:0\"\ntls-cert = \"{0}\"\ntls-key = \"{0}\"\n", place.at("cert.pem")));
    let config = place.at("config.toml");
    let (code, _, told) = place.run(&["serve", "--config", &config], &[("CONCORD_REGISTRY_TLS_KEY", &place.at("other.pem"))]);
    assert!(code == 2 && told.contains("not that of the certificate"), "{told}");
    let (code, _, told) = place.run(&["serve", "--config", &config], &[]);
    assert!(code == 2 && told.contains("no private key"), "{told}");
}
