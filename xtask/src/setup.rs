//! `cargo xtask setup`: what the tests need beside Rust itself. A second run finds everything in place and takes no time.
//!
//! As root on Debian (a container, a CI machine) missing programs are installed with apt-get. Anywhere else nothing is installed
//! system-wide: the chore says what a person must install.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::shell::{Outcome, ask, program, root, run as run_command, run_within, which};

/// Checks and installs everything; goes on after a failure so that all that is missing is told at once.
pub(crate) fn run(words: &[String]) -> Outcome {
    if let Some(word) = words.first() {
        return Err(format!("does not take \"{word}\""));
    }
    let mut missing = Vec::new();
    if let Err(why) = wasm_toolchain() {
        missing.push(why);
    }
    if let Err(why) = node_packages() {
        missing.push(why);
    }
    match browser() {
        Ok(path) => eprintln!("browser: {}", path.display()),
        Err(why) => missing.push(why),
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n  ")) }
}

/// What compiles to WebAssembly here.
pub(crate) enum WasmToolchain {
    /// The project's own toolchain has the target.
    Own,
    /// Debian's compiler for the web with the standard library's sources, as the toolchain's target cannot be downloaded.
    Debian {
        /// The compiler.
        rustc: PathBuf,
        /// A linker that knows WebAssembly.
        linker: PathBuf,
    },
}

/// Finds or installs what compiles to WebAssembly. `CONCORD_WASM_TOOLCHAIN=debian` asks for the second way even where the first works.
pub(crate) fn wasm_toolchain() -> Result<WasmToolchain, String> {
    let debian_asked = std::env::var("CONCORD_WASM_TOOLCHAIN").is_ok_and(|v| v == "debian");
    if !debian_asked {
        if own_target_present() {
            eprintln!("wasm target: present");
            return Ok(WasmToolchain::Own);
        }
        if which("rustup").is_some() {
            // A closed network usually refuses at once; one that says nothing must not hold the chore up for ever.
            let added = run_within(program("rustup").args(["target", "add", "wasm32-unknown-unknown"]), Duration::from_secs(300));
            if added.is_ok() && own_target_present() {
                return Ok(WasmToolchain::Own);
            }
        }
    }
    let (rustc, sources) = (Path::new("/usr/bin/rustc"), Path::new("/usr/lib/rustlib/src/rust/library/Cargo.toml"));
    if !debian_web_compiler(rustc) || !sources.exists() {
        apt(&["rustc-web", "rust-web-src"]).map_err(|why| {
            format!("the WebAssembly target is missing: run `rustup target add wasm32-unknown-unknown` with a connection ({why})")
        })?;
    }
    Ok(WasmToolchain::Debian { rustc: rustc.to_path_buf(), linker: wasm_linker()? })
}

fn own_target_present() -> bool {
    let folder = ask(program("rustc").args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]));
    folder.is_some_and(|folder| {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

fn debian_web_compiler(rustc: &Path) -> bool {
    // Only that package's compiler fits the sources of the standard library beside it.
    rustc.exists() && ask(program("dpkg-query").args(["-W", "-f", "${Status}", "rustc-web"])).is_some_and(|s| s.ends_with("installed"))
}

fn wasm_linker() -> Result<PathBuf, String> {
    let host =
        ask(program("rustc").arg("-vV")).and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned));
    if let (Some(sysroot), Some(host)) = (ask(program("rustc").args(["--print", "sysroot"])), host) {
        let linker = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
        if linker.exists() {
            return Ok(linker);
        }
    }
    if which("wasm-ld").is_none() {
        apt(&["lld"]).map_err(|why| format!("no linker for WebAssembly: install lld ({why})"))?;
    }
    which("wasm-ld").ok_or_else(|| "no linker for WebAssembly: install lld".to_owned())
}

/// A Chromium or Chrome for the browser tests; installed on Debian when there is none. `CONCORD_BROWSER` names one of your own.
pub(crate) fn browser() -> Result<PathBuf, String> {
    if let Some(own) = std::env::var_os("CONCORD_BROWSER") {
        let own = PathBuf::from(own);
        return if own.is_file() { Ok(own) } else { Err(format!("CONCORD_BROWSER is {}, which is no file", own.display())) };
    }
    if let Some(found) = find_browser() {
        return Ok(found);
    }
    // The font is what headings and tables are measured with; without any font the narrow layout cannot be tested.
    apt(&["chromium", "fonts-liberation"])
        .map_err(|why| format!("no Chrome or Chromium: install one, or name it in CONCORD_BROWSER ({why})"))?;
    find_browser().ok_or_else(|| "Chromium was installed but cannot be found".to_owned())
}

fn find_browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let places = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
        "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
    ];
    names.iter().find_map(|name| which(name)).or_else(|| places.iter().map(PathBuf::from).find(|file| file.is_file()))
}

/// Oldest Node.js that the browser driver runs on.
const NODE: u32 = 20;

/// The pinned npm packages of the browser tests, from the lock file.
fn node_packages() -> Outcome {
    if which("node").is_none() || which("npm").is_none() {
        apt(&["nodejs", "npm"]).map_err(|why| format!("no Node.js: install version {NODE} or newer with npm ({why})"))?;
    }
    let version = ask(program("node").arg("--version")).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE) {
        return Err(format!("Node.js is {version}: install version {NODE} or newer"));
    }
    let folder = root().join("wasm");
    let lock = std::fs::read(folder.join("package-lock.json")).map_err(|e| format!("wasm/package-lock.json: {e}"))?;
    let stamp = folder.join("node_modules/.installed-from");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        eprintln!("npm packages: present");
        return Ok(());
    }
    run_command(program("npm").current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    std::fs::write(&stamp, lock).map_err(|e| format!("{}: {e}", stamp.display()))
}

/// Installs Debian packages when this is Debian and the user is root.
fn apt(packages: &[&str]) -> Outcome {
    if which("apt-get").is_none() {
        return Err("this system has no apt-get".to_owned());
    }
    if ask(program("id").arg("-u")).as_deref() != Some("0") {
        return Err(format!("not root, so nothing was installed; as root: apt-get install {}", packages.join(" ")));
    }
    // The machine's lists may be older than the archive, which drops replaced versions.
    run_command(program("apt-get").args(["update", "-qq"]))?;
    let mut install = program("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    run_command(&mut install)
}
