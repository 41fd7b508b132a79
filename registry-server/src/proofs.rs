//! `GET /v1/log…` and `…/proof`: the signed log for those who check what they are given.

use concord_core::session::hex;
use serde_json::{Value, json};

use crate::Registry;
use crate::db::Fault;
use crate::keep::signed::Log;
use crate::merkle::{self, Hash};
use crate::problem::{FAILED, Problem, WRONG_PARAMETER};
use crate::store::{ASK, Page};
use crate::upload::parameters;

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// `/v1/log`
    Checkpoint,
    /// `/v1/log/consistency?from=N`
    Consistency,
    /// `/v1/log/consistency/N`: the same, for those who serve files.
    Since(usize),
    /// `/v1/standards/{id}/versions/{version}/proof`
    Proof(String, String),
}

impl Ask {
    pub(crate) fn parse(path: &str) -> Option<Ask> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts[..] {
            ["v1", "log"] => Some(Ask::Checkpoint),
            ["v1", "log", "consistency"] => Some(Ask::Consistency),
            ["v1", "log", "consistency", from] => {
                let plain = from.bytes().all(|b| b.is_ascii_digit()) && (from == "0" || !from.starts_with('0'));
                from.parse().ok().filter(|_| plain).map(Ask::Since)
            }
            ["v1", "standards", id, "versions", version, "proof"] => Some(Ask::Proof(id.to_owned(), version.to_owned())),
            _ => None,
        }
    }
}

/// The answer. `None` when the log has no such version.
pub(crate) fn page(registry: &Registry, ask: &Ask, query: &str) -> Result<Option<Page>, Problem> {
    let log = registry.log().map_err(|fault| failed(&fault))?;
    page_of(&log, ask, query)
}

/// The answer from a log that was read.
pub(crate) fn page_of(log: &Log, ask: &Ask, query: &str) -> Result<Option<Page>, Problem> {
    let hashes = |proof: Vec<Hash>| proof.iter().map(|hash| hex(hash)).collect::<Vec<_>>();
    let since = |from: usize| {
        let proof = hashes(merkle::consistency(&log.leaves, from));
        json!({"from": from, "proof": proof, "checkpoint": log.checkpoint.json()})
    };
    let body = match ask {
        Ask::Checkpoint => log.checkpoint.json(),
        Ask::Consistency => {
            let [from] = parameters(query, ["from"])?;
            let wrong = || Problem::new(WRONG_PARAMETER, "The parameter from is a whole number: an earlier size of the log.");
            let digits = from.filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).ok_or_else(wrong)?;
            // A size that the log has not reached is one that is not there.
            let Some(from) = digits.parse::<usize>().ok().filter(|n| *n <= log.leaves.len()) else { return Ok(None) };
            since(from)
        }
        Ask::Since(from) if *from <= log.leaves.len() => since(*from),
        Ask::Since(_) => return Ok(None),
        Ask::Proof(id, version) => match place(log, id, version) {
            Some(index) => json!({
                "index": index,
                "entry": log.entries.get(index),
                "proof": hashes(merkle::inclusion(&log.leaves, index)),
                "checkpoint": log.checkpoint.json(),
            }),
            None => return Ok(None),
        },
    };
    Ok(Some(Page::new(format!("{body:#}\n"), "application/json", ASK)))
}

fn place(log: &Log, id: &str, version: &str) -> Option<usize> {
    log.entries.iter().position(|entry| {
        let entry: Value = serde_json::from_str(entry).unwrap_or_default();
        entry["id"] == id && entry["version"] == version
    })
}

fn failed(fault: &Fault) -> Problem {
    crate::log::fault(fault);
    Problem::new(FAILED, "The registry's log could not be read.")
}
