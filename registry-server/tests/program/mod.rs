//! The registry's program as a process of its own, and requests to it over plain sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, unreachable_pub)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

pub struct Program {
    pub child: Child,
    pub address: String,
}

impl Program {
    /// Open to all, on that folder.
    pub fn start(data: &Path) -> Program {
        Program::with(&["--open-to-write", "--data", data.to_str().unwrap()])
    }

    /// With these flags, on a free port.
    pub fn with(flags: &[&str]) -> Program {
        let program = std::env::var_os("CONCORD_REGISTRY").unwrap_or_else(|| env!("CARGO_BIN_EXE_concord-registry").into());
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--quiet"]).args(flags);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Program { child, address: line.trim().trim_start_matches("http://").trim_start_matches("https://").to_owned() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer's status and body; nothing when the connection broke.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let body = serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()?;
    Some((status, body))
}
