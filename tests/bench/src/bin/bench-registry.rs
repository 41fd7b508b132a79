//! `bench-registry --programs FOLDER --data FOLDER --results FOLDER [--rounds N] [--versions N] [--seconds N] [--bytes N]`: what the registry
//! costs. `cargo xtask bench --registry` builds and starts it.
//!
//! A registry is filled over HTTP with so many versions (50,000 unless told otherwise) and started again. Then a version's file by its
//! `ETag` and a schema by its id are asked for, by turns with a handler of warp that serves the same bytes from memory (`bare-warp`), the
//! server on one processor and those who ask on another where `taskset` is there. The ratios are of requests for each second of the server's
//! processor, taken round by round. Last, a file of so many bytes (1 GB) is uploaded to be checked while ten uploads dawdle. Every answer is
//! compared with what it must be.

#![allow(clippy::print_stderr, clippy::print_stdout)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use concord_bench::asked::{self, number};
use concord_bench::measure::{host_kind, machine, median, today};
use concord_bench::{Layout, write};

/// Those who ask at the same time.
const CLIENTS: usize = 16;

/// Uploads that dawdle.
const SLOW: usize = 10;

/// The file of a version that is asked for: a table of permits.
const FILE: &str = "/v1/standards/blds/versions/1.2/files/permits.table.json";

struct Asked {
    common: asked::Asked,
    versions: u64,
    seconds: u64,
    bytes: u64,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| bench(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench-registry: {why}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, String> {
    let (mut versions, mut seconds, mut bytes) = (50_000, 3, 1_000_000_000);
    let common = asked::asked(|word, next| {
        let place = match word {
            "--versions" => &mut versions,
            "--seconds" => &mut seconds,
            "--bytes" => &mut bytes,
            _ => return Ok(false),
        };
        *place = number(word, next())?;
        Ok(true)
    })?;
    Ok(Asked { common, versions, seconds, bytes })
}

/// A server in a process of its own, gone with this value.
struct Server {
    child: Child,
    address: String,
    /// From the start of the process to its address.
    start: Duration,
}

impl Server {
    fn start(program: &Path, words: &[&str]) -> Result<Server, String> {
        // A core of its own for the server, so that who asks takes nothing from it.
        let mut command = if pinned() { Command::new("taskset") } else { Command::new(program) };
        if pinned() {
            command.args(["-c", "0"]).arg(program);
        }
        let begin = Instant::now();
        let spawned = command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = spawned.map_err(|e| format!("{}: {e}", program.display()))?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).map_err(|e| e.to_string())?;
        }
        let address = line.trim().rsplit("http://").next().unwrap_or_default().to_owned();
        let server = Server { child, address, start: begin.elapsed() };
        if server.address.is_empty() { Err(format!("{} did not start", program.display())) } else { Ok(server) }
    }

    /// A line of `/proc/PID/status` in MiB; 0 where there is none.
    fn memory(&self, line: &str) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let found = text.lines().find_map(|l| l.strip_prefix(line)?.trim_start_matches(':').split_whitespace().next()?.parse::<f64>().ok());
        found.unwrap_or_default() / 1024.0
    }

    /// Has the system count the largest resident memory from now on. Without leave to do so it goes on counting from the start.
    fn forget_peak(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// Seconds of processor that the server has taken.
    fn processor(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let mut fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
        let mut ticks = || fields.next().and_then(|f| f.parse::<f64>().ok()).unwrap_or_default();
        // The kernel's own unit for processes, the same on all machines with Linux.
        (ticks() + ticks()) / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pinned() -> bool {
    let there = Command::new("taskset").arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    there.is_ok_and(|status| status.success()) && thread::available_parallelism().is_ok_and(|n| n.get() > 1)
}

/// A connection that is kept.
struct Connection {
    write: TcpStream,
    read: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Result<Connection, String> {
        let stream = TcpStream::connect(address).map_err(|e| format!("{address}: {e}"))?;
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
        let write = stream.try_clone().map_err(|e| e.to_string())?;
        Ok(Connection { write, read: BufReader::new(stream), line: String::new(), body: Vec::new() })
    }

    /// Sends a whole request; the answer's status, its body in `body`.
    fn ask(&mut self, request: &[u8]) -> Result<u16, String> {
        self.write.write_all(request).map_err(|e| e.to_string())?;
        self.answer()
    }

    fn answer(&mut self) -> Result<u16, String> {
        let (mut status, mut length) = (0, 0);
        loop {
            self.line.clear();
            self.read.read_line(&mut self.line).map_err(|e| e.to_string())?;
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if status == 0 {
                status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| format!("no status: {line}"))?;
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(|_| format!("no length: {line}"))?;
            }
        }
        self.body.resize(if status == 304 { 0 } else { length }, 0);
        self.read.read_exact(&mut self.body).map_err(|e| e.to_string())?;
        if status == 0 { Err("the connection ended".to_owned()) } else { Ok(status) }
    }
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n")
}

/// Fills a registry with versions of subjects, a hundred each.
fn fill(address: &str, versions: u64) -> Result<(), String> {
    let mut first = Connection::open(address)?;
    let json = "Content-Type: application/json\r\n";
    // How versions follow each other is not what is measured.
    let set = first.ask(request("PUT", "/config", json, r#"{"compatibility":"NONE"}"#).as_bytes())?;
    if set != 200 {
        return Err(format!("setting the configuration gave {set}"));
    }
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let work: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let mut connection = Connection::open(address)?;
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= versions {
                            return Ok(());
                        }
                        let schema = schema(n).replace('"', "\\\"");
                        let body = format!("{{\"schemaType\":\"JSON\",\"schema\":\"{schema}\"}}");
                        let status =
                            connection.ask(request("POST", &format!("/subjects/town-{}/versions", n / 100), json, &body).as_bytes())?;
                        if status != 200 {
                            return Err(format!("version {n} gave {status}: {}", String::from_utf8_lossy(&connection.body)));
                        }
                    }
                })
            })
            .collect();
        work.into_iter().try_for_each(|w| w.join().map_err(|_| "a client broke off".to_owned())?)
    })
}

/// The schema of a number: an object of ten fields, some 700 bytes.
fn schema(n: u64) -> String {
    let mut text = format!("{{\"type\":\"object\",\"title\":\"Permits of town {n}\",\"properties\":{{");
    for field in 0..10 {
        let comma = if field == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\"field_{field}_{n}\":{{\"type\":\"string\",\"maxLength\":{}}}", 10 + field);
    }
    text.push_str("},\"required\":[\"field_0_");
    let _ = write!(text, "{n}\"]}}");
    text
}

/// One round of requests: how many a second, and how many for each second of the server's processor.
#[derive(Debug, Clone, Copy)]
struct Rate {
    wall: f64,
    processor: f64,
}

/// Asks for the paths by turns for so long. Each answer must have the status.
fn round(server: &Server, requests: &[String], status: u16, seconds: u64) -> Result<Rate, String> {
    let stop = AtomicBool::new(false);
    let before = server.processor();
    let begin = Instant::now();
    let count = thread::scope(|scope| {
        let work: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let stop = &stop;
                scope.spawn(move || -> Result<u64, String> {
                    let mut connection = Connection::open(&server.address)?;
                    let (mut count, mut at) = (0, client * 7919);
                    while !stop.load(Ordering::Relaxed) {
                        let given = connection.ask(requests[at % requests.len()].as_bytes())?;
                        if given != status {
                            return Err(format!(
                                "{status} was expected, not {given}: {}",
                                requests[at % requests.len()].lines().next().unwrap_or_default()
                            ));
                        }
                        count += 1;
                        at += 1;
                    }
                    Ok(count)
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        work.into_iter().try_fold(0, |sum, w| Ok::<_, String>(sum + w.join().map_err(|_| "a client broke off".to_owned())??))
    })?;
    let wall = begin.elapsed().as_secs_f64();
    let processor = (server.processor() - before).max(0.01);
    Ok(Rate { wall: count as f64 / wall, processor: count as f64 / processor })
}

/// What is asked for, on both sides.
struct Case {
    name: &'static str,
    requests: Vec<String>,
    bare: Server,
    bare_requests: Vec<String>,
    status: u16,
    ours: Vec<Rate>,
    floor: Vec<Rate>,
}

fn bench(asked: &Asked) -> Result<(), String> {
    let data = asked.common.data.join("registry");
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()))?;
    let folder = data.join("kept").to_string_lossy().into_owned();
    let program = asked.common.programs.join("concord-registry");
    let words = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--quiet",
        "--open-to-write",
        "--max-validations-per-caller",
        "12",
        "--max-validations",
        "16",
        "--data",
        &folder,
    ];
    let filling = Server::start(&program, &words)?;
    let begin = Instant::now();
    fill(&filling.address, asked.versions)?;
    let filled = begin.elapsed();
    drop(filling);
    let server = Server::start(&program, &words)?;
    let (start, at_rest) = (server.start, server.memory("VmRSS"));
    println!(
        "{} versions registered in {:.1} s; started in {:.2} s with {at_rest:.0} MB",
        asked.versions,
        filled.as_secs_f64(),
        start.as_secs_f64()
    );

    let mut cases = cases(asked, &server, &data)?;
    for round_number in 1..=asked.common.rounds {
        eprintln!("round {round_number} of {}", asked.common.rounds);
        for case in &mut cases {
            case.floor.push(round(&case.bare, &case.bare_requests, case.status, asked.seconds)?);
            case.ours.push(round(&server, &case.requests, case.status, asked.seconds)?);
        }
    }
    let mut page = String::new();
    let _ = writeln!(
        page,
        "| asked for | bare requests/s | requests/s | bare per cpu s | per cpu s | of bare, by the clock | of bare, by cpu |"
    );
    let _ = writeln!(page, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for case in &cases {
        let middle = |of: &dyn Fn(usize) -> f64| median((0..case.ours.len()).map(of).collect());
        let _ = writeln!(
            page,
            "| {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} |",
            case.name,
            middle(&|r| case.floor[r].wall),
            middle(&|r| case.ours[r].wall),
            middle(&|r| case.floor[r].processor),
            middle(&|r| case.ours[r].processor),
            middle(&|r| case.ours[r].wall / case.floor[r].wall),
            middle(&|r| case.ours[r].processor / case.floor[r].processor),
        );
    }
    print!("{page}");
    let after_reads = server.memory("VmRSS");
    println!("{after_reads:.0} MB after all reads, {:.0} MB at most", server.memory("VmHWM"));
    drop(cases);
    let sent = uploads(asked, &server, &data)?;
    println!("{sent}");
    write_page(
        asked,
        &page,
        &format!(
            "{} versions were registered over HTTP in {:.1} s, each kept by the disk before it was acknowledged. Started with them in {:.2} s; {at_rest:.0} MB resident then, {after_reads:.0} MB after all reads.\n\n{sent}\n",
            asked.versions,
            filled.as_secs_f64(),
            start.as_secs_f64()
        ),
    )?;
    std::fs::remove_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()))
}

fn cases(asked: &Asked, server: &Server, data: &Path) -> Result<Vec<Case>, String> {
    let bare = asked.common.programs.join("bare-warp");
    let mut connection = Connection::open(&server.address)?;
    let mut fetch = |path: &str, name: &str| -> Result<(String, String), String> {
        let status = connection.ask(get(path, "").as_bytes())?;
        if status != 200 {
            return Err(format!("{path} gave {status}"));
        }
        let file = data.join(name);
        std::fs::write(&file, &connection.body).map_err(|e| format!("{}: {e}", file.display()))?;
        Ok((file.to_string_lossy().into_owned(), String::from_utf8_lossy(&connection.body).into_owned()))
    };
    let (file, text) = fetch(FILE, "file")?;
    let first = schema(0);
    // The ids that the versions got: all of them, found by the last.
    let by_id = |id: u64| format!("/schemas/ids/{id}");
    let (listed, _) = fetch(&by_id(highest(server)?), "schema")?;
    let etag = format!("If-None-Match: \"sha256:{}\"\r\n", digest_of(server, FILE)?);
    let bare_etag = format!("If-None-Match: \"sha256:{}\"\r\n", "0".repeat(64));
    debug_assert!(!text.is_empty() && !first.is_empty());
    let highest = highest(server)?;
    let lowest = highest.saturating_sub(asked.versions - 1);
    let some: Vec<String> = (0..100).map(|n| get(&by_id(highest - n), "")).collect();
    // A step that meets every id once before it meets one again.
    let all: Vec<String> = (lowest..=highest).map(|id| get(&by_id(id), "")).collect();
    let serve = |file: &str, media: &str| Server::start(&bare, &[file, media]);
    let case = |name, requests, bare, bare_requests, status| Case {
        name,
        requests,
        bare,
        bare_requests,
        status,
        ours: Vec::new(),
        floor: Vec::new(),
    };
    let media = "application/vnd.schemaregistry.v1+json";
    Ok(vec![
        case(
            "a version's file, by one who has it (304)",
            vec![get(FILE, &etag)],
            serve(&file, "application/json")?,
            vec![get("/", &bare_etag)],
            304,
        ),
        case("a version's file (200)", vec![get(FILE, "")], serve(&file, "application/json")?, vec![get("/", "")], 200),
        case("a hundred schemas by id", some, serve(&listed, media)?, vec![get("/", "")], 200),
        case("all schemas by id", all, serve(&listed, media)?, vec![get("/", "")], 200),
    ])
}

/// The highest id: that of the newest version of the last subject.
fn highest(server: &Server) -> Result<u64, String> {
    let mut connection = Connection::open(&server.address)?;
    connection.ask(get("/schemas/ids/1?fetchMaxId=true", "").as_bytes())?;
    let text = String::from_utf8_lossy(&connection.body);
    let found = text.split("\"maxId\":").nth(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    found.and_then(|n| n.parse().ok()).ok_or_else(|| format!("no highest id: {text}"))
}

/// The digest in a path's `ETag`.
fn digest_of(server: &Server, path: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect(&server.address).map_err(|e| e.to_string())?;
    let ask = format!("HEAD {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).map_err(|e| e.to_string())?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(|e| e.to_string())?;
    let found = text.split("\"sha256:").nth(1).and_then(|rest| rest.split('"').next());
    found.map(str::to_owned).ok_or_else(|| format!("{path} has no ETag"))
}

/// Sends a file, in chunks where its length is not to be told.
fn send(connection: &mut Connection, file: &Path, told: bool) -> std::io::Result<()> {
    let mut from = File::open(file)?;
    if told {
        return std::io::copy(&mut from, &mut connection.write).map(drop);
    }
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut piece)?;
        write!(connection.write, "{read:x}\r\n")?;
        connection.write.write_all(piece.get(..read).unwrap_or_default())?;
        connection.write.write_all(b"\r\n")?;
        // An empty chunk is the last one.
        if read == 0 {
            return Ok(());
        }
    }
}

/// A large upload while others dawdle, once with its length told and once without.
fn uploads(asked: &Asked, server: &Server, data: &Path) -> Result<String, String> {
    let file = data.join("upload.csv");
    let fail = |e: std::io::Error| format!("{}: {e}", file.display());
    let rows = asked.bytes / 273;
    let mut out = BufWriter::new(File::create(&file).map_err(fail)?);
    write(rows, Layout::Clean, &mut out).map_err(fail)?;
    out.flush().map_err(fail)?;
    drop(out);
    let length = std::fs::metadata(&file).map_err(fail)?.len();
    let head = |length: Option<u64>| {
        let length = length.map_or_else(|| "Transfer-Encoding: chunked".to_owned(), |length| format!("Content-Length: {length}"));
        format!("POST /v1/validate?standard=blds&format=json HTTP/1.1\r\nHost: bench\r\nContent-Type: text/csv\r\n{length}\r\n\r\n")
    };
    let stop = AtomicBool::new(false);
    let (waited, [told, untold]) = thread::scope(|scope| -> Result<_, String> {
        // Ten who send a byte now and then.
        for _ in 0..SLOW {
            let (stop, head) = (&stop, head(Some(1_000_000)));
            let mut connection = Connection::open(&server.address)?;
            scope.spawn(move || {
                let _ = connection.write.write_all(head.as_bytes());
                while !stop.load(Ordering::Relaxed) && connection.write.write_all(b"a").is_ok() {
                    thread::sleep(Duration::from_millis(100));
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        let done = (|| {
            // Reads go on meanwhile.
            let begin = Instant::now();
            let mut reader = Connection::open(&server.address)?;
            for _ in 0..100 {
                let status = reader.ask(get(FILE, "").as_bytes())?;
                if status != 200 {
                    return Err(format!("a read beside slow uploads gave {status}"));
                }
            }
            let waited = begin.elapsed() / 100;
            let upload = |told: bool| -> Result<(Duration, f64), String> {
                server.forget_peak();
                let mut connection = Connection::open(&server.address)?;
                let begin = Instant::now();
                connection.write.write_all(head(told.then_some(length)).as_bytes()).map_err(|e| e.to_string())?;
                send(&mut connection, &file, told).map_err(|e| e.to_string())?;
                let (status, took) = (connection.answer()?, begin.elapsed());
                let report = String::from_utf8_lossy(&connection.body);
                let compact: String = report.chars().filter(|c| !c.is_whitespace()).collect();
                if status != 200 || !compact.contains(&format!("\"records_read\":{rows}")) {
                    return Err(format!("the upload gave {status}: {}", report.chars().take(300).collect::<String>()));
                }
                Ok((took, server.memory("VmHWM")))
            };
            Ok((waited, [upload(true)?, upload(false)?]))
        })();
        stop.store(true, Ordering::Relaxed);
        done
    })?;
    std::fs::remove_file(&file).map_err(fail)?;
    Ok(format!(
        "Beside {SLOW} uploads of a byte every tenth of a second: a read took {:.2} ms; {:.0} MB ({rows} permits) were uploaded and checked in {:.1} s, with {:.0} MB resident at most; without their length told, in {:.1} s with {:.0} MB.",
        waited.as_secs_f64() * 1e3,
        length as f64 / 1e6,
        told.0.as_secs_f64(),
        told.1,
        untold.0.as_secs_f64(),
        untold.1,
    ))
}

fn write_page(asked: &Asked, table: &str, rest: &str) -> Result<(), String> {
    let path = asked.common.results.join(format!("{}-{}-registry.md", today(), host_kind()));
    let page = format!(
        "# The registry beside a bare handler, {}\n\n{}; {} rounds of {} s.\n\n{CLIENTS} connections that are kept. The floor is `bare-warp`: one handler of warp that answers everything with the same bytes from memory. Ratios are taken round by round, and their median is told.\n\n{table}\n{rest}",
        today(),
        machine(),
        asked.common.rounds,
        asked.seconds,
    );
    std::fs::create_dir_all(&asked.common.results)
        .and_then(|()| std::fs::write(&path, page))
        .map_err(|e| format!("{}: {e}", path.display()))?;
    println!("written to {}", path.display());
    Ok(())
}
