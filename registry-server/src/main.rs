//! `concord-registry`: serves a registry, and keeps it.
//!
//! The first line on the standard output of `serve` is the address it listens on. Exit status: 0 done, 1 a check of the registry failed, 2 the
//! job could not be done.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use concord_registry::db::{Database, Fault};
use concord_registry::keep::{audit, now, tokens};
use concord_registry::settings::Place;
use concord_registry::{Limits, Policy, Registry, Settings, backup, config, publishing};

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
        place: Place,
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
        place: Place,
    },
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
        Some(Command::Verify { place }) => return checked(place.open().map(|d| backup::verify(&*d))),
        Some(Command::Restore { file, data }) => return checked(Ok(backup::restore(&file, &data))),
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
    match concord_registry::run(settings, |address| say(&format!("http://{address}\n"))) {
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

/// Most files and bytes of a package's folder.
const MOST: (usize, usize) = (10_000, 256 << 20);

fn collect(folder: &Path, at: &str, files: &mut BTreeMap<String, Vec<u8>>, bytes: &mut usize) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| std::io::Error::other("a name in it is not UTF-8"))?;
        if name.starts_with('.') {
            continue;
        }
        let (path, kind) = (format!("{at}{name}"), entry.file_type()?);
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files, bytes)?;
        } else if kind.is_file() {
            let content = std::fs::read(entry.path())?;
            *bytes += content.len();
            files.insert(path, content);
        }
        if files.len() > MOST.0 || *bytes > MOST.1 {
            return Err(std::io::Error::other("it is too large for a package"));
        }
    }
    Ok(())
}

fn publish(folder: &Path, reason: &str, place: &Place) -> Result<(), Fault> {
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files, &mut 0).map_err(|e| Fault(format!("{}: {e}", folder.display())))?;
    let registry = Registry::open(concord_standards::catalog(), Limits::default(), Policy::default(), place.open()?.into())?;
    let done = publishing::read(&registry, files).and_then(|package| {
        let outcome = publishing::publish(&registry, &package, reason, "operator")?;
        Ok((package.reference(), package.digest, outcome))
    });
    match done {
        Ok((reference, digest, outcome)) => {
            say(&format!(
                "{reference} {digest} {}\n",
                if outcome == concord_registry::keep::packages::Outcome::New { "published" } else { "was published already" }
            ));
            Ok(())
        }
        Err(publishing::Rejected::Unusable(why)) => Err(Fault(format!("this is no package that can be published: {}", why.join(" ")))),
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
