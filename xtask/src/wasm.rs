//! `cargo xtask wasm`: builds `wasm/` to `wasm/pkg`, which is the npm package as it is published and what the page loads.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::setup::{WasmToolchain, wasm_toolchain};
use crate::shell::{Outcome, cargo, program, root, run as run_command, which};

const TARGET: &str = "wasm32-unknown-unknown";
const CRATE: &str = "concord_wasm";

/// Compiles, makes the bindings, shrinks, and puts the hand-written parts of the package beside them.
pub(crate) fn run(words: &[String]) -> Outcome {
    if let Some(word) = words.first() {
        return Err(format!("does not take \"{word}\""));
    }
    let compiled = compile(&wasm_toolchain()?)?;
    let package = root().join("wasm/pkg");
    fs::create_dir_all(&package).map_err(|e| told(&package, &e))?;
    let digest = digest(&compiled)?;
    if !made_from(&package, &digest) {
        bind(&compiled, &package)?;
        shrink(&package.join(format!("{CRATE}_bg.wasm")))?;
        fs::write(stamp(&package), digest).map_err(|e| told(&stamp(&package), &e))?;
    }
    copy_hand_written(&package)?;
    let module = package.join(format!("{CRATE}_bg.wasm"));
    let size = fs::metadata(&module).map_err(|e| told(&module, &e))?.len();
    eprintln!("wasm/pkg: {size} bytes of WebAssembly");
    Ok(())
}

/// Runs cargo with the `wasm` profile in a target folder of its own, so that it never waits for, nor disturbs, the native builds.
fn compile(toolchain: &WasmToolchain) -> Result<PathBuf, String> {
    let folder = target_folder();
    let mut build = cargo();
    // `rustc --crate-type`, not `build`: the crate is also a plain library, which would keep the linker from optimising across crates.
    build.args(["rustc", "--locked", "--package", "concord-wasm", "--lib", "--crate-type", "cdylib"]);
    build.args(["--profile", "wasm", "--target", TARGET]).arg("--target-dir").arg(&folder);
    build.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", flags());
    if let WasmToolchain::Debian { rustc, linker } = toolchain {
        // Debian ships no built standard library for the target; it is built from the sources beside the compiler.
        build.arg("-Zbuild-std=std,panic_abort").env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    run_command(&mut build)?;
    Ok(folder.join(TARGET).join("wasm").join(format!("{CRATE}.wasm")))
}

/// Every browser since 2023 has 128-bit vectors. Paths are remapped so that the module is the same wherever it is built.
fn flags() -> String {
    let mut flags = "-C target-feature=+simd128".to_owned();
    let homes = [
        (std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo"))), "/cargo"),
        (Some(root()), "/concord"),
    ];
    for (home, name) in homes {
        if let Some(home) = home.filter(|home| !home.to_string_lossy().contains(' ')) {
            flags.push_str(&format!(" --remap-path-prefix={}={name}", home.display()));
        }
    }
    flags
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("wasm")
}

/// Beside the package: a digest of the module that its bindings were made from.
fn stamp(package: &Path) -> PathBuf {
    package.join(".made-from")
}

fn digest(compiled: &Path) -> Result<String, String> {
    let module = fs::read(compiled).map_err(|e| told(compiled, &e))?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&module);
    Ok(format!("{:016x} {}\n", hasher.finish(), module.len()))
}

fn made_from(package: &Path, digest: &str) -> bool {
    let whole = [format!("{CRATE}.js"), format!("{CRATE}.d.ts"), format!("{CRATE}_bg.wasm")].iter().all(|file| package.join(file).exists());
    whole && fs::read_to_string(stamp(package)).is_ok_and(|made| made == digest)
}

fn bind(compiled: &Path, package: &Path) -> Outcome {
    let mut bindgen = Bindgen::new();
    let made = bindgen.input_path(compiled).out_name(CRATE).typescript(true).web(true).and_then(|bindgen| bindgen.generate(package));
    made.map_err(|e| format!("the bindings could not be made: {e:#}"))
}

/// Shrinks the module with wasm-opt: the npm package's, or one in `PATH`. Without either the module works, only larger.
fn shrink(module: &Path) -> Outcome {
    let ours = root().join("wasm/node_modules/binaryen/bin/wasm-opt");
    let mut optimise = match (ours.exists(), which("node"), which("wasm-opt")) {
        (true, Some(node), _) => {
            let mut command = program(node);
            command.arg(ours);
            command
        }
        (_, _, Some(installed)) => program(installed),
        _ => {
            eprintln!("no wasm-opt: the module stays as the compiler made it");
            return Ok(());
        }
    };
    let smaller = module.with_extension("opt.wasm");
    optimise.args(["-Os", "--strip-debug", "--strip-producers"]);
    let features = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext", "simd"];
    optimise.args(features.map(|feature| format!("--enable-{feature}")));
    optimise.arg(module).arg("-o").arg(&smaller);
    run_command(&mut optimise)?;
    fs::rename(&smaller, module).map_err(|e| told(&smaller, &e))
}

fn copy_hand_written(package: &Path) -> Outcome {
    let from = root().join("wasm/npm");
    for file in fs::read_dir(&from).map_err(|e| told(&from, &e))? {
        let file = file.map_err(|e| told(&from, &e))?;
        fs::copy(file.path(), package.join(file.file_name())).map_err(|e| told(&file.path(), &e))?;
    }
    Ok(())
}

fn told(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
