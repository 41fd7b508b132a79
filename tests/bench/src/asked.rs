//! What every benchmark is asked for.

use std::path::PathBuf;

/// Where things lie, and how much is measured.
#[derive(Debug)]
pub struct Asked {
    /// The folder of the built programs.
    pub programs: PathBuf,
    /// The folder of made files.
    pub data: PathBuf,
    /// The folder that results are written to.
    pub results: PathBuf,
    /// How often each thing is measured.
    pub rounds: usize,
    /// Rows of the made files.
    pub rows: u64,
}

/// The word behind the one at hand, unless it begins with `--`.
pub type Next<'n> = &'n mut dyn FnMut() -> Option<String>;

/// Reads the words of the command line. Those that only this benchmark knows are given to `own`, which says whether it took them.
pub fn asked(mut own: impl FnMut(&str, Next<'_>) -> Result<bool, String>) -> Result<Asked, String> {
    let mut asked = Asked { programs: PathBuf::new(), data: PathBuf::new(), results: PathBuf::new(), rounds: 5, rows: 1_000_000 };
    let mut words = std::env::args().skip(1).peekable();
    while let Some(word) = words.next() {
        let mut next = || words.next_if(|w| !w.starts_with("--"));
        match word.as_str() {
            "--programs" => asked.programs = next().unwrap_or_default().into(),
            "--data" => asked.data = next().unwrap_or_default().into(),
            "--results" => asked.results = next().unwrap_or_default().into(),
            "--rounds" => asked.rounds = number(&word, next())? as usize,
            "--rows" => asked.rows = number(&word, next())?,
            _ if own(&word, &mut next)? => {}
            _ => return Err(format!("does not take \"{word}\"")),
        }
    }
    Ok(asked)
}

/// A number above zero.
pub fn number(word: &str, text: Option<String>) -> Result<u64, String> {
    text.and_then(|n| n.parse::<u64>().ok()).filter(|&n| n > 0).ok_or(format!("{word} takes a number"))
}
