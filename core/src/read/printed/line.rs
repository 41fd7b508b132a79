//! One line of a print: its words and the positions at which they stand.

use crate::read::Origin;
use crate::read::recode::Charset;

/// A word: where it starts and ends, in positions from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// What stands at each position; tabs are blanks up to the next eighth position, and a page break is none.
    pub(super) letters: Vec<char>,
    /// The same as text, without blanks at the end.
    pub(super) text: String,
    /// By position, where it starts in the stored line, from 1.
    stored: Vec<u64>,
    pub(super) words: Vec<Word>,
    /// Where the first tab stands behind which text follows, in bytes from 1.
    pub(super) tab: Option<u64>,
}

/// How many positions a tab goes on to.
const TAB: usize = 8;

impl Line {
    pub(super) fn new(text: &str, number: u64, charset: Charset) -> Line {
        let (mut letters, mut stored) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
        let (mut at, mut tab) = (1u64, None);
        let mut held = None;
        for letter in text.chars() {
            let size = charset.stored(letter.encode_utf8(&mut [0; 4]));
            match letter {
                // A page break at the start of a line takes no place on the page.
                '\u{c}' if letters.is_empty() => {}
                '\t' => {
                    held.get_or_insert(at);
                    let until = (letters.len() / TAB + 1) * TAB;
                    while letters.len() < until {
                        letters.push(' ');
                        stored.push(at);
                    }
                }
                _ => {
                    let blank = letter.is_whitespace() || letter.is_control();
                    if !blank && tab.is_none() {
                        tab = held;
                    }
                    letters.push(if blank { ' ' } else { letter });
                    stored.push(at);
                }
            }
            at += size;
        }
        while letters.last() == Some(&' ') {
            letters.pop();
            stored.pop();
        }
        let mut words: Vec<Word> = Vec::new();
        for (i, letter) in letters.iter().enumerate() {
            if *letter == ' ' {
                continue;
            }
            match words.last_mut() {
                Some(word) if word.end == i => word.end += 1,
                _ => words.push(Word { start: i, end: i + 1 }),
            }
        }
        Line { number, text: letters.iter().collect(), letters, stored, words, tab }
    }

    /// Where it stands, as a row.
    pub(super) fn origin(&self) -> Origin {
        Origin { row: self.number, line: self.number, byte_column: self.first() }
    }

    /// Where the first word starts, in bytes from 1.
    pub(super) fn first(&self) -> u64 {
        self.words.first().map_or(1, |w| self.byte(w.start))
    }

    /// Where a position starts in the stored line, in bytes from 1.
    pub(super) fn byte(&self, position: usize) -> u64 {
        self.stored.get(position).copied().unwrap_or(1)
    }

    /// How many bytes of the text stand before a position.
    pub(super) fn bytes_before(&self, position: usize) -> usize {
        if self.text.len() == self.letters.len() {
            return position.min(self.letters.len());
        }
        self.letters.iter().take(position).map(|l| l.len_utf8()).sum()
    }

    /// The position at a byte of the text.
    pub(super) fn position(&self, byte: usize) -> usize {
        if self.text.len() == self.letters.len() { byte } else { self.text[..byte].chars().count() }
    }

    /// The text of a word.
    pub(super) fn word(&self, word: Word) -> String {
        self.letters[word.start..word.end].iter().collect()
    }

    /// All words with one blank between them.
    pub(super) fn joined(&self) -> String {
        let mut out = String::with_capacity(self.text.len());
        for &word in &self.words {
            if !out.is_empty() {
                out.push(' ');
            }
            out.extend(&self.letters[word.start..word.end]);
        }
        out
    }

    /// Whether the line only rules the page off.
    pub(super) fn is_rule(&self) -> bool {
        let filled = self.letters.iter().filter(|l| **l != ' ');
        filled.clone().count() >= 3 && filled.clone().all(|l| matches!(l, '_' | '-' | '=' | '*'))
    }
}
