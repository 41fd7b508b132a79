//! Runs the published tests of XML Schema by hand: `cargo run -p concord-tests --bin xsts -- [reference] [libxml2] [WORD]`.
//!
//! Disagreements go to `target/xsd/`. See `concord_tests::xsd_corpus::main`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use concord_tests::xsd_corpus::{Engine, main as run};
use concord_tests::xsd_ours::Ours;
use concord_tests::xsd_reference::Below;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let conformance = std::env::var_os("CONCORD_CONFORMANCE").map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let named = |word: &str| std::env::args().any(|a| a == word);
    let folder = conformance.join(if named("libxml2") { "xsd-libxml2/files" } else { "xsts/files" });
    let (engine, name): (Box<dyn Engine>, &str) =
        if named("reference") { (Box::new(Below(folder)), "reference") } else { (Box::new(Ours), "ours") };
    let out = root.join("target/xsd");
    let _ = std::fs::create_dir_all(&out);
    ExitCode::from(run(engine.as_ref(), &conformance, &out.join(format!("{name}.txt"))))
}
