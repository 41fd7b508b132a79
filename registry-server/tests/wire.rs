//! Over real sockets: how bodies are cut, how slow clients are treated, and the program itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use concord_registry::{Limits, Registry, serve};
use tokio::sync::oneshot;

/// A server in this process; dropping it stops it in order.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    fn start(limits: Limits) -> Server {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, Registry::embedded(limits), async { drop(stopped.await) }).await;
            });
        });
        Server { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// The rest of an answer: its status, its head in lower case, its body with chunks joined.
fn answer(stream: &mut TcpStream) -> (u16, String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the answer ends in its head: {head:?}");
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |l| l.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (status, head, body)
}

/// Sends a body in pieces with chunked transfer encoding.
fn upload<'a>(address: SocketAddr, target: &str, pieces: impl Iterator<Item = &'a [u8]>) -> (u16, String, Vec<u8>) {
    let mut stream = connect(address);
    write!(stream, "POST {target} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for piece in pieces.filter(|p| !p.is_empty()) {
        write!(stream, "{:x}\r\n", piece.len()).unwrap();
        stream.write_all(piece).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    answer(&mut stream)
}

fn upload_whole(address: SocketAddr, target: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = connect(address);
    write!(stream, "POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
    // A server that refuses a body by its length need not take it.
    let _ = stream.write_all(body);
    answer(&mut stream)
}

fn get(address: SocketAddr, target: &str, more: &str) -> (u16, String, Vec<u8>) {
    let mut stream = connect(address);
    write!(stream, "GET {target} HTTP/1.1\r\nHost: test\r\n{more}\r\n").unwrap();
    answer(&mut stream)
}

fn example(path: &str) -> &'static [u8] {
    concord_standards::files().iter().find(|(p, _)| *p == path).unwrap().1
}

#[test]
fn the_cut_of_a_body_does_not_matter() {
    let server = Server::start(Limits::default());
    let target = "/v1/validate?standard=blds&name=values.csv";
    let small = example("national/blds/1.2/examples/invalid/values.csv");
    let whole = upload_whole(server.address, target, small);
    assert_eq!(whole.0, 200);
    assert!(!serde_json::from_slice::<serde_json::Value>(&whole.2).unwrap()["findings"].as_array().unwrap().is_empty());
    for size in [1, 7, 100, small.len()] {
        let cut = upload(server.address, target, small.chunks(size));
        assert_eq!(cut.2, whole.2, "in pieces of {size}");
    }
    // Larger than the start that decides about a file's layout, and than a block, with its edges within a cell.
    let (header, rows) = small.split_at(small.iter().position(|b| *b == b'\n').unwrap() + 1);
    let mut large = header.to_vec();
    while large.len() < 3 << 20 {
        large.extend_from_slice(rows);
    }
    let whole = upload_whole(server.address, target, &large);
    assert_eq!(whole.0, 200);
    for size in [997, 65_536, 1 << 20] {
        assert_eq!(upload(server.address, target, large.chunks(size)).2, whole.2, "in pieces of {size}");
    }
}

#[test]
fn a_body_without_a_length_is_counted() {
    let server = Server::start(Limits { body: 10_000, ..Limits::default() });
    let rows = b"1,2,3,4\n".repeat(1000);
    assert_eq!(upload(server.address, "/v1/validate", rows.chunks(1000)).0, 200);
    let rows = b"1,2,3,4\n".repeat(1251);
    let (status, _, body) = upload(server.address, "/v1/validate", rows.chunks(1000));
    assert_eq!(status, 413, "{}", String::from_utf8_lossy(&body));
}

#[test]
fn a_slow_client_is_told_so_and_a_busy_server_says_when_to_come_back() {
    let server = Server::start(Limits { idle: Duration::from_secs(15), validations: 1, ..Limits::default() });
    // Who comes first takes the place. On a busy machine that may be the other one, and the slow one is then the one that is sent away: once more, with
    // more time between the two.
    let (mut slow, head) = (1..=6)
        .find_map(|seconds| {
            let mut slow = connect(server.address);
            write!(slow, "POST /v1/validate HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\na,b\n").unwrap();
            thread::sleep(Duration::from_secs(seconds));
            let (status, head, _) = upload_whole(server.address, "/v1/validate?standard=blds", b"a\n1\n");
            (status == 503).then_some((slow, head))
        })
        .expect("the slow one never kept the other out");
    assert!(head.contains("\r\nretry-after: "), "{head}");
    let (status, _, body) = answer(&mut slow);
    assert_eq!(status, 408, "{}", String::from_utf8_lossy(&body));
    wait_for_a_place(server.address);
}

#[test]
fn a_client_that_goes_away_gives_its_place_back() {
    let server = Server::start(Limits { validations: 1, ..Limits::default() });
    for _ in 0..3 {
        let mut gone = connect(server.address);
        write!(gone, "POST /v1/validate HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\na,b\n").unwrap();
        drop(gone);
        wait_for_a_place(server.address);
    }
}

fn wait_for_a_place(address: SocketAddr) {
    let started = Instant::now();
    while upload_whole(address, "/v1/validate", b"a\n1\n").0 != 200 {
        assert!(started.elapsed() < Duration::from_secs(20), "the place is still taken");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_request_that_never_comes_is_hung_up_on() {
    let server = Server::start(Limits { idle: Duration::from_millis(300), ..Limits::default() });
    let mut stream = connect(server.address);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: te").unwrap();
    let mut rest = Vec::new();
    // Closed, with or without a word; a read that ran into its own time limit is an error of another kind.
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn rubbish_does_not_stop_the_server() {
    let server = Server::start(Limits::default());
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
    for rubbish in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        b"GET http://a.example/v1/standards?%ff HTTP/1.1\r\nHost: t\r\n\r\n",
        b"POST /v1/validate HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/validate HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        long.as_bytes(),
    ] {
        let mut stream = connect(server.address);
        // The server may hang up at any byte.
        let _ = stream.write_all(rubbish);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        let status = String::from_utf8_lossy(&rest).split(' ').nth(1).map(str::to_owned);
        assert!(
            status.as_deref().is_none_or(|s| !s.starts_with('5')),
            "{status:?} to {:?}",
            String::from_utf8_lossy(&rubbish[..rubbish.len().min(60)])
        );
        assert_eq!(get(server.address, "/healthz", "").0, 200);
    }
}

/// The program; killed when the test ends early.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_program_listens_answers_and_stops_in_order() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concord-registry"));
    command.args(["--listen", "127.0.0.1:0", "--max-body", "1000000"]).stdout(Stdio::piped());
    let mut program = Program(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: SocketAddr = line.trim().strip_prefix("http://").unwrap().parse().unwrap();

    let (status, head, body) = get(address, "/v1/standards", "");
    assert_eq!(status, 200);
    let etag = head.lines().find_map(|l| l.strip_prefix("etag: ")).unwrap().to_owned();
    assert!(serde_json::from_slice::<serde_json::Value>(&body).unwrap()["standards"].is_array());
    let (status, _, body) = get(address, "/v1/standards", &format!("If-None-Match: {etag}\r\n"));
    assert_eq!((status, body.len()), (304, 0));

    // A HEAD leaves the connection in order for what follows.
    let mut stream = connect(address);
    stream.write_all(b"HEAD / HTTP/1.1\r\nHost: t\r\n\r\nGET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").unwrap();
    let mut both = String::new();
    stream.read_to_string(&mut both).unwrap();
    assert!(both.ends_with("\r\n\r\nok") && both.matches("HTTP/1.1 200 OK").count() == 2, "{both}");

    let file = example("national/blds/1.2/examples/invalid/values.csv");
    let cut = upload(address, "/v1/validate?standard=blds@1.2&name=values.csv", file.chunks(11));
    assert_eq!((cut.0, &cut.2), (200, &upload_whole(address, "/v1/validate?standard=blds@1.2&name=values.csv", file).2));
    assert_eq!(upload_whole(address, "/v1/validate", &b"1,2\n".repeat(250_001)).0, 413);

    #[cfg(unix)]
    {
        // An upload under way is finished before the server goes.
        let mut under_way = connect(address);
        write!(under_way, "POST /v1/validate HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\na\n").unwrap();
        thread::sleep(Duration::from_millis(300));
        assert!(Command::new("kill").args(["-TERM", &program.0.id().to_string()]).status().unwrap().success());
        thread::sleep(Duration::from_millis(300));
        under_way.write_all(b"1\n").unwrap();
        assert_eq!(answer(&mut under_way).0, 200);
        drop(under_way);
        assert!(program.0.wait().unwrap().success());
    }
}

#[test]
fn a_taken_address_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = Command::new(env!("CARGO_BIN_EXE_concord-registry")).args(["--listen", &address]).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains(&address) && done.stdout.is_empty());
}
