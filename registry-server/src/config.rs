//! Where the server's settings come from: what is typed comes first, then the environment, then a file. All three have the same names.
//!
//! `--listen` may be given as `CONCORD_REGISTRY_LISTEN` or as `listen = "…"` in the TOML file that `--config` names. What comes from the
//! environment or the file is added to the words that were typed, so one parser judges them all.

use std::ffi::OsString;

/// The words that were typed with what the environment and the file add. `names` are the long flags, and whether each takes a value.
///
/// # Errors
/// When the file cannot be read, or names a setting that does not exist.
pub fn with_defaults(
    words: Vec<OsString>,
    env: impl Fn(&str) -> Option<String>,
    names: &[(String, bool)],
) -> Result<Vec<OsString>, String> {
    let typed: Vec<String> = words.iter().skip(1).map(|w| w.to_string_lossy().into_owned()).collect();
    // Only what serves is configured so; the other commands are typed whole.
    if typed.first().is_some_and(|first| !first.starts_with('-') && first != "serve") {
        return Ok(words);
    }
    let given = |name: &str| {
        let flag = format!("--{name}");
        typed.iter().any(|w| *w == flag || w.starts_with(&format!("{flag}=")))
    };
    let file = typed.iter().enumerate().find_map(|(i, w)| match w.strip_prefix("--config=") {
        Some(path) => Some(path.to_owned()),
        None => (w == "--config").then(|| typed.get(i + 1).cloned()).flatten(),
    });
    let file = file.or_else(|| env("CONCORD_REGISTRY_CONFIG"));
    let table: toml::Table = match &file {
        None => toml::Table::new(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
            text.parse().map_err(|e: toml::de::Error| format!("{path}: {}", e.message()))?
        }
    };
    let known = |name: &str| names.iter().any(|(known, _)| known == name && name != "config");
    if let Some(unknown) = table.keys().find(|name| !known(name)) {
        return Err(format!("{}: there is no setting \"{unknown}\"", file.unwrap_or_default()));
    }
    let mut all = words;
    for (name, takes_value) in names.iter().filter(|(name, _)| !given(name) && name != "config") {
        let from_env = env(&format!("CONCORD_REGISTRY_{}", name.to_uppercase().replace('-', "_")));
        let from_file = match table.get(name) {
            None => None,
            Some(toml::Value::String(text)) => Some(text.clone()),
            Some(toml::Value::Integer(number)) => Some(number.to_string()),
            Some(toml::Value::Boolean(yes)) => Some(yes.to_string()),
            Some(_) => return Err(format!("the setting \"{name}\" is neither a text, a whole number, nor true or false")),
        };
        let value = from_env.or(from_file);
        match value {
            Some(value) if *takes_value => all.push(format!("--{name}={value}").into()),
            Some(value) if value == "true" => all.push(format!("--{name}").into()),
            Some(value) if value != "false" => {
                return Err(format!("the setting \"{name}\" is true or false, not \"{}\"", value.escape_debug()));
            }
            _ => {}
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn what_is_typed_comes_first_then_the_environment_then_the_file() {
        let file = std::env::temp_dir().join(format!("concord-config-{}.toml", std::process::id()));
        std::fs::write(&file, "listen = \"file\"\nmax-body = 3\nclosed = true\n").unwrap();
        let names: Vec<(String, bool)> = [("listen", true), ("max-body", true), ("closed", false), ("data", true), ("config", true)]
            .map(|(n, v)| (n.to_owned(), v))
            .into();
        let env = |name: &str| match name {
            "CONCORD_REGISTRY_LISTEN" => Some("env".to_owned()),
            "CONCORD_REGISTRY_DATA" => Some("env".to_owned()),
            _ => None,
        };
        let run = |words: &[&str]| {
            let words = std::iter::once("p").chain(words.iter().copied()).map(OsString::from).collect();
            with_defaults(words, env, &names).map(|all| all[1..].iter().map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>())
        };
        let path = file.to_str().unwrap();
        assert_eq!(run(&["--config", path]).unwrap()[2..], ["--listen=env", "--max-body=3", "--closed", "--data=env"]);
        assert_eq!(run(&["serve", "--listen", "typed", "--data=x"]).unwrap(), ["serve", "--listen", "typed", "--data=x"]);
        assert_eq!(run(&["audit", "--data", "x"]).unwrap(), ["audit", "--data", "x"]);
        std::fs::write(&file, "lisen = \"x\"\n").unwrap();
        assert!(run(&["--config", path]).unwrap_err().contains("lisen"));
        std::fs::remove_file(&file).unwrap();
        assert!(run(&["--config", path]).is_err());
    }
}
