//! `concord-registry`: serves a registry, and keeps it.
//!
//! The first line on the standard output of `serve` is the address it listens on. Exit status: 0 done, 1 a check of the registry failed, 2 the
//! job could not be done.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use concord_core::session::hex;
use concord_registry::client::{self, Remote, Trouble};
use concord_registry::db::{self, Database, Fault};
use concord_registry::keep::{audit, now, packages, signed, tokens};
use concord_registry::settings::Place;
use concord_registry::{Settings, backup, config, publishing};

/// A registry of data standards over HTTP, and a service that checks files against them.
#[derive(Debug, Parser)]
#[command(name = "concord-registry", version, about, args_conflicts_with_subcommands = true)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the registry; what happens without a command, too.
    Serve(Box<Settings>),
    /// Publish a package from its folder.
    Publish {
        /// The folder of one version, with standard.toml in it.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Why it may break what the last version promised.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        #[command(flatten)]
        place: Anywhere,
    },
    /// Take a standard from another registry, checked against its signed log. The folder with its files is printed.
    Pull {
        /// The standard, as id or id@version.
        #[arg(value_name = "REF")]
        reference: String,
        /// The registry's address.
        #[arg(long, value_name = "URL", env = "CONCORD_REGISTRY_URL")]
        registry: String,
        /// Write the files to this folder, too.
        #[arg(short, long, value_name = "FOLDER")]
        output: Option<PathBuf>,
        #[command(flatten)]
        as_whom: AsWhom,
    },
    /// Take everything that another registry has published into this one, checked against its signed log.
    Mirror {
        /// The other registry's address.
        #[arg(value_name = "URL")]
        from: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        as_whom: AsWhom,
    },
    /// Write all that can be read here into a folder, for any server of files.
    Export {
        /// The folder; it must be new or empty.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Say whether the standard that a report names is the one that was published.
    Report {
        /// The report, as JSON.
        #[arg(value_name = "REPORT")]
        report: PathBuf,
        #[command(flatten)]
        place: Anywhere,
    },
    /// Make, list and revoke the tokens by which callers show who they are.
    #[command(subcommand)]
    Token(Token),
    /// Show the log of all changes, or check that nobody has altered it.
    Audit {
        /// Follow the chain from its beginning.
        #[arg(long)]
        verify: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Write everything into one file while the server goes on.
    Backup {
        /// The file to write.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Make a registry of a backup, in a folder that has none.
    Restore {
        /// The backup.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Check that everything in the registry is as it was when it came there.
    Verify {
        #[command(flatten)]
        place: Anywhere,
    },
}

/// Who asks another registry, and where what it answers is kept.
#[derive(Debug, Clone, Args)]
struct AsWhom {
    /// The token to show; better given as CONCORD_REGISTRY_TOKEN.
    #[arg(long, value_name = "TOKEN", env = "CONCORD_REGISTRY_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The certificates of the authorities to trust for an https:// registry, in PEM form, in place of the usual ones: for one of a town's own.
    #[arg(long, value_name = "FILE", env = "CONCORD_REGISTRY_CA")]
    registry_ca: Option<PathBuf>,
    /// Where what was taken is kept. Default: CONCORD_CACHE, or the user's folder for such.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl AsWhom {
    fn remote(&self, url: &str) -> Result<Remote, Fault> {
        let remote = Remote::new(url, self.token.clone(), &self.cache.clone().unwrap_or_else(client::cache));
        match &self.registry_ca {
            Some(file) => remote.trusting(file),
            None => Ok(remote),
        }
    }
}

/// A registry here or elsewhere.
#[derive(Debug, Clone, Args)]
struct Anywhere {
    /// The registry's folder.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["database", "registry"])]
    data: Option<PathBuf>,
    /// A PostgreSQL database, as postgres://user:password@host/name. The connection is not encrypted.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    database: Option<String>,
    /// The file of the key that signs, for a registry here. Default: signing.key in its folder; with --database, the key in the database.
    #[arg(long, value_name = "FILE", env = "CONCORD_REGISTRY_SIGNING_KEY")]
    signing_key: Option<PathBuf>,
    /// The address of a registry that runs.
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "database"])]
    registry: Option<String>,
    #[command(flatten)]
    as_whom: AsWhom,
}

impl Anywhere {
    /// The one elsewhere, or the place of the one here.
    fn which(&self) -> Result<Result<Remote, Place>, Fault> {
        Ok(match &self.registry {
            Some(url) => Ok(self.as_whom.remote(url)?),
            None => Err(Place { data: self.data.clone(), database: self.database.clone(), signing_key: self.signing_key.clone() }),
        })
    }
}

#[derive(Debug, Subcommand)]
enum Token {
    /// Make a token. Its secret is shown this once.
    Create {
        /// What it is for.
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// read, publish or admin; read:NAME and publish:NAME for one standard or subject, NAME* for all that begin so.
        #[arg(long, value_name = "SCOPE", required = true)]
        scope: Vec<String>,
        /// For how many days it is good. Default: until it is revoked.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=36_500))]
        days: Option<i64>,
        #[command(flatten)]
        place: Place,
    },
    /// List all tokens, without their secrets.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Make a token worthless.
    Revoke {
        /// Its id.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        place: Place,
    },
}

fn main() -> ExitCode {
    concord_core::read::parquet::tell_no_panics();
    let words = match config::with_defaults(std::env::args_os().collect(), |name| std::env::var(name).ok(), &config_names()) {
        Ok(words) => words,
        Err(why) => return failed(&why, 2),
    };
    let program = Program::parse_from(words);
    let done = match program.command {
        None => return serve(&program.settings),
        Some(Command::Serve(settings)) => return serve(&settings),
        Some(Command::Audit { verify: true, place }) => {
            return checked(place.open().map(|d| audit::verify(&*d).map(|(n, hash)| format!("{n} rows, newest {hash}\n"))));
        }
        Some(Command::Verify { place }) => return checked(verify(&place)),
        Some(Command::Report { report, place }) => return checked(verify_report(&report, &place)),
        Some(Command::Pull { reference, registry, output, as_whom }) => {
            as_whom.remote(&registry).and_then(|remote| pull(&remote, &reference, output.as_deref()))
        }
        Some(Command::Mirror { from, place, as_whom }) => as_whom.remote(&from).and_then(|remote| mirror(&remote, &place)),
        Some(Command::Export { folder, place }) => export(&folder, &place),
        Some(Command::Restore { file, data }) => {
            let restored = backup::restore(&file, &data);
            if let (Ok(_), Ok(Some(told))) = (&restored, backup::key_to_bring(&data)) {
                eprintln!("concord-registry: {told}");
            }
            return checked(Ok(restored));
        }
        Some(Command::Audit { verify: false, place }) => place.open().and_then(|d| show_audit(&*d)),
        Some(Command::Backup { file, place }) => place.open().and_then(|d| backup::backup(&*d, &file)),
        Some(Command::Publish { folder, reason, place }) => publish(&folder, &reason, &place),
        Some(Command::Token(command)) => token(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => failed(&fault.0, 2),
    }
}

fn config_names() -> Vec<(String, bool)> {
    use clap::CommandFactory;
    let takes_value = |arg: &clap::Arg| arg.get_action().takes_values();
    Program::command().get_arguments().filter_map(|arg| arg.get_long().map(|name| (name.to_owned(), takes_value(arg)))).collect()
}

fn failed(why: &str, status: u8) -> ExitCode {
    eprintln!("concord-registry: {why}");
    ExitCode::from(status)
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Who started us may not want to know; what was to be done is done all the same.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn serve(settings: &Settings) -> ExitCode {
    let scheme = if settings.tls_cert.is_some() { "https" } else { "http" };
    match concord_registry::run(settings, |address| say(&format!("{scheme}://{address}\n"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, 2),
    }
}

/// A check tells by its status whether the registry is well.
fn checked(result: Result<Result<String, Fault>, Fault>) -> ExitCode {
    match result {
        Ok(Ok(text)) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Ok(Err(fault)) => failed(&fault.0, 1),
        Err(fault) => failed(&fault.0, 2),
    }
}

fn show_audit(database: &dyn Database) -> Result<(), Fault> {
    let mut last = 0;
    loop {
        let rows = audit::after(database, last, 1000)?;
        for row in &rows {
            say(&format!("{}\t{}\t{}\t{}\t{}\t{}\n", row.seq, row.at, row.actor, row.action, row.target.escape_debug(), row.detail));
        }
        match rows.last() {
            Some(row) => last = row.seq,
            None => return Ok(()),
        }
    }
}

fn token(command: Token) -> Result<(), Fault> {
    match command {
        Token::Create { name, scope, days, place } => {
            let expires = days.map(|days| now() + days * 86_400);
            let (id, secret) = tokens::create(&*place.open()?, &name, &scope, expires, "operator")?;
            eprintln!("token {id}; its secret is shown this once:");
            say(&format!("{secret}\n"));
        }
        Token::List { place } => {
            for token in tokens::list(&*place.open()?)? {
                let over = token.expires.is_some_and(|at| at <= now());
                let state = if token.revoked.is_some() {
                    "revoked"
                } else if over {
                    "expired"
                } else {
                    "good"
                };
                say(&format!("{}\t{state}\t{}\t{}\n", token.id, token.scopes.join(" "), token.name.escape_debug()));
            }
        }
        Token::Revoke { id, place } => {
            if !tokens::revoke(&*place.open()?, &id, "operator")? {
                return Err(Fault(format!("there is no token {} that is good", id.escape_debug())));
            }
        }
    }
    Ok(())
}

/// Whether a registry is what it says.
fn verify(place: &Anywhere) -> Result<Result<String, Fault>, Fault> {
    let remote = match place.which()? {
        Ok(remote) => remote,
        Err(place) => return place.open().map(|d| backup::verify(&*d)),
    };
    let told = (|| {
        let checkpoint = remote.checkpoint()?;
        let all = remote.list()?;
        for (id, version) in &all {
            remote.pull(&format!("{id}@{version}"))?;
        }
        let (root, key) = (hex(&checkpoint.root), hex(&checkpoint.key));
        Ok(format!(
            "signed log: {} entries, root {root}, key {key}\nstandards: {} versions as they were published\n",
            checkpoint.size,
            all.len()
        ))
    })();
    match told {
        Err(Trouble::Untrue(why)) => Ok(Err(Fault(why))),
        other => other.map(Ok).map_err(Fault::from),
    }
}

/// Whether the standard that a report names is the one that was published.
fn verify_report(report: &Path, place: &Anywhere) -> Result<Result<String, Fault>, Fault> {
    let bytes = std::fs::read(report).map_err(|e| Fault(format!("{}: {e}", report.display())))?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| Fault(format!("{}: {e}", report.display())))?;
    let standard = &value["standard"];
    let text = |name: &str| standard[name].as_str().filter(|t| !t.is_empty());
    let (Some(id), Some(version), Some(digest)) = (text("id"), text("version"), text("digest")) else {
        return Err(Fault(format!("{} is no report in JSON that names a standard", report.display())));
    };
    let published = match place.which()? {
        Ok(remote) => match remote.proved(id, version) {
            Err(Trouble::Untrue(why) | Trouble::Refused(why)) => return Ok(Err(Fault(why))),
            other => other?,
        },
        Err(place) => {
            let found = db::read(&*place.open()?, |s| packages::find(s, id, version))?;
            match found {
                Some(found) => found.digest,
                None => return Ok(Err(Fault(format!("{id}@{version} was never published here")))),
            }
        }
    };
    Ok(if published == digest {
        Ok(format!("{id}@{version} is what was published: {digest}\n"))
    } else {
        Err(Fault(format!("{id}@{version} was published as {published}, and the report names {digest}")))
    })
}

fn pull(remote: &Remote, reference: &str, output: Option<&Path>) -> Result<(), Fault> {
    let taken = remote.pull(reference)?;
    match &taken.offline {
        None => eprintln!("concord-registry: {} {}", taken.reference, taken.digest),
        Some(why) => eprintln!("concord-registry: {why}; taken from what was kept: {} {}", taken.reference, taken.digest),
    }
    let folder = match output {
        Some(output) => {
            client::write(output, &client::read(&taken.folder)?)?;
            output
        }
        None => &taken.folder,
    };
    say(&format!("{}\n", folder.display()));
    Ok(())
}

fn mirror(remote: &Remote, place: &Place) -> Result<(), Fault> {
    let registry = place.registry()?;
    let (mut new, mut same) = (0, 0);
    for (id, version) in remote.list()? {
        let taken = remote.pull(&format!("{id}@{version}"))?;
        let package = concord_core::package::load::load(client::read(&taken.folder)?).package;
        let package = package.ok_or_else(|| Fault(format!("{} cannot be loaded here", taken.reference)))?;
        // It was judged where it was published; here it only has to be the same.
        match db::write(registry.database(), |s| packages::publish(s, &package, "mirror", "")).map_err(|r| Fault(r.message))? {
            packages::Outcome::New => new += 1,
            packages::Outcome::Same => same += 1,
            packages::Outcome::Taken => return Err(Fault(format!("{} was published here with other files", taken.reference))),
        }
    }
    say(&format!("{new} versions taken, {same} there already\n"));
    if let Some(key) = db::read(registry.database(), signed::public)? {
        eprintln!("concord-registry: what is pulled from here is signed by this registry's own key, {}", hex(&key));
    }
    Ok(())
}

/// Writes every answer that does not depend on the question to a file; what would be a folder and a file at once has its answer in `index.json`.
fn export(folder: &Path, place: &Place) -> Result<(), Fault> {
    let fail = |e: std::io::Error| Fault(format!("{}: {e}", folder.display()));
    if folder.exists() && std::fs::read_dir(folder).map_err(fail)?.next().is_some() {
        return Err(Fault(format!("{} is not empty", folder.display())));
    }
    let registry = place.registry()?;
    let pages = concord_registry::export::pages(&registry).map_err(Fault)?;
    for (path, body) in &pages {
        let file = folder.join(path);
        file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, body)).map_err(fail)?;
    }
    say(&format!("{} files\n", pages.len()));
    Ok(())
}

fn publish(folder: &Path, reason: &str, place: &Anywhere) -> Result<(), Fault> {
    let files = client::read(folder)?;
    let place = match place.which()? {
        Ok(remote) => {
            let loaded = concord_core::package::load::load(files.clone());
            let id = loaded.package.map(|p| p.manifest.id);
            let id = id.ok_or_else(|| Fault("this is no package; look at it with `concord standards check`".to_owned()))?;
            let said = remote.publish(&id, &files, reason)?;
            let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
            for warning in said["warnings"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str) {
                eprintln!("concord-registry: {warning}");
            }
            say(&format!("{} {} published\n", text("reference"), text("digest")));
            return Ok(());
        }
        Err(place) => place,
    };
    let registry = place.registry()?;
    let done = publishing::read(&registry.shelf().catalog, files).and_then(|package| {
        let outcome = publishing::publish(&registry, &package, reason, "operator")?;
        for warning in registry.warnings(&package) {
            eprintln!("concord-registry: {warning}");
        }
        Ok((package.reference(), package.digest, outcome))
    });
    match done {
        Ok((reference, digest, outcome)) => {
            say(&format!(
                "{reference} {digest} {}\n",
                if outcome == packages::Outcome::New { "published" } else { "was published already" }
            ));
            Ok(())
        }
        Err(publishing::Rejected::Unusable(why)) => Err(Fault(format!("this is no package that can be published: {}", why.join(" ")))),
        Err(publishing::Rejected::Unresolved(missing)) => Err(Fault(format!(
            "it refers to what is not here: {}. Publish that first, or mend the name or the version",
            missing.join(", ")
        ))),
        Err(publishing::Rejected::Taken(reference)) => {
            Err(Fault(format!("{reference} was published with other files; a published version never changes")))
        }
        Err(publishing::Rejected::Breaks(comparison)) => {
            let least =
                comparison.proposed.as_ref().map_or_else(|| "under a new version".to_owned(), |v| format!("as version {v} or higher"));
            let told = concord_core::render::comparison::text(&comparison);
            Err(Fault(format!("its version says less than what changed. Publish it {least}, or with --reason.\n\n{told}")))
        }
        Err(publishing::Rejected::Refused(refusal)) => Err(Fault(refusal.message)),
    }
}
