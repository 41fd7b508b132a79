//! Text in any of the encodings that exports come in, turned into UTF-8 piece by piece.
//!
//! [`sniff`] decides from a file's start, by evidence only: a mark, which bytes are zero, whether the bytes are UTF-8, and, between the two
//! encodings of one byte a letter, in which of them the letters stand where letters do. [`Recoder`] then reads. What cannot be read becomes
//! U+FFFD with a finding at its place; it is never read as something else.
//!
//! UTF-7 is not read at all: it writes any sign as plain letters, so that what one program sees as a word is markup to the next. A text that
//! looks like it is read as it stands, with a finding.

use super::Unpack;
use super::tally::Tally;
use crate::decode::LineEnd;
use crate::decode::encoding::windows_1252_char;
use crate::finding::{Finding, Place};

/// How a file stores text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Windows-1252; the five bytes that it leaves open are read as the C1 controls, as the WHATWG Encoding Standard does.
    Windows1252,
    /// ISO-8859-1, where the file says so and no byte speaks against it: bytes 0x80 to 0x9F are controls and not signs.
    Latin1,
    /// Mac OS Roman, with the euro sign in the place of the currency sign (Apple's table since 1998).
    MacRoman,
}

/// Bytes 0x80 to 0xFF of Mac OS Roman (Unicode consortium, mappings of vendors: Apple, ROMAN).
const MAC_ROMAN: [char; 128] = [
    'Ä', 'Å', 'Ç', 'É', 'Ñ', 'Ö', 'Ü', 'á', 'à', 'â', 'ä', 'ã', 'å', 'ç', 'é', 'è', //
    'ê', 'ë', 'í', 'ì', 'î', 'ï', 'ñ', 'ó', 'ò', 'ô', 'ö', 'õ', 'ú', 'ù', 'û', 'ü', //
    '†', '°', '¢', '£', '§', '•', '¶', 'ß', '®', '©', '™', '´', '¨', '≠', 'Æ', 'Ø', //
    '∞', '±', '≤', '≥', '¥', 'µ', '∂', '∑', '∏', 'π', '∫', 'ª', 'º', 'Ω', 'æ', 'ø', //
    '¿', '¡', '¬', '√', 'ƒ', '≈', '∆', '«', '»', '…', '\u{a0}', 'À', 'Ã', 'Õ', 'Œ', 'œ', //
    '–', '—', '“', '”', '‘', '’', '÷', '◊', 'ÿ', 'Ÿ', '⁄', '€', '‹', '›', 'ﬁ', 'ﬂ', //
    '‡', '·', '‚', '„', '‰', 'Â', 'Ê', 'Á', 'Ë', 'È', 'Í', 'Î', 'Ï', 'Ì', 'Ó', 'Ô', //
    '\u{f8ff}', 'Ò', 'Ú', 'Û', 'Ù', 'ı', 'ˆ', '˜', '¯', '˘', '˙', '˚', '¸', '˝', '˛', 'ˇ',
];

impl Charset {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "utf-8",
            Charset::Utf16Le => "utf-16le",
            Charset::Utf16Be => "utf-16be",
            Charset::Windows1252 => "windows-1252",
            Charset::Latin1 => "iso-8859-1",
            Charset::MacRoman => "macintosh",
        }
    }

    /// The name as people know it.
    pub fn title(self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF-8",
            Charset::Utf16Le | Charset::Utf16Be => "UTF-16",
            Charset::Windows1252 => "Windows-1252",
            Charset::Latin1 => "ISO-8859-1",
            Charset::MacRoman => "Mac Roman",
        }
    }

    /// How many bytes a text takes when it is stored so. A place in recoded text becomes a place in the file by it.
    pub fn stored(self, text: &str) -> u64 {
        let count = match self {
            Charset::Utf8 => text.len(),
            _ if text.is_ascii() => text.len() * self.unit(),
            Charset::Utf16Le | Charset::Utf16Be => text.chars().map(char::len_utf16).sum::<usize>() * 2,
            Charset::Windows1252 | Charset::Latin1 | Charset::MacRoman => text.chars().count(),
        };
        count as u64
    }

    /// The same for bytes of recoded text; for those of any other text, their number.
    pub(crate) fn stored_bytes(self, bytes: &[u8]) -> u64 {
        match (self, std::str::from_utf8(bytes)) {
            (Charset::Utf8, _) | (_, Err(_)) => bytes.len() as u64,
            (charset, Ok(text)) => charset.stored(text),
        }
    }

    fn unit(self) -> usize {
        if matches!(self, Charset::Utf16Le | Charset::Utf16Be) { 2 } else { 1 }
    }

    /// The letter of a byte, in an encoding of one byte a letter.
    fn single(self, byte: u8) -> char {
        match self {
            Charset::MacRoman if byte >= 0x80 => MAC_ROMAN[usize::from(byte - 0x80)],
            Charset::Windows1252 => windows_1252_char(byte),
            _ => char::from(byte),
        }
    }

    /// The encoding of a label as it stands in an XML declaration or a `Content-Type`.
    pub fn of_label(label: &str) -> Option<Label> {
        Some(match label.trim().to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Label::Is(Charset::Utf8),
            "us-ascii" | "ascii" => Label::Is(Charset::Utf8),
            "utf-16" | "utf16" | "ucs-2" | "iso-10646-ucs-2" => Label::Utf16,
            "utf-16le" => Label::Is(Charset::Utf16Le),
            "utf-16be" => Label::Is(Charset::Utf16Be),
            "windows-1252" | "cp1252" | "x-cp1252" => Label::Is(Charset::Windows1252),
            "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1" | "l1" => Label::Is(Charset::Latin1),
            "macintosh" | "mac" | "x-mac-roman" | "macroman" | "mac-roman" => Label::Is(Charset::MacRoman),
            _ => return None,
        })
    }
}

/// What a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// This.
    Is(Charset),
    /// UTF-16 in an order that the mark tells.
    Utf16,
}

/// How sure a guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// Another reading is nearly as good.
    Doubtful,
    /// The evidence points one way.
    Likely,
    /// A mark says so, or no other reading is possible.
    Certain,
}

/// What the start of a file says about its encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The encoding.
    pub charset: Charset,
    /// How many bytes of mark stand at the start.
    pub mark: usize,
    /// How sure it is.
    pub sure: Sure,
    /// What a person should know: that it is not UTF-8, that the evidence is weak, that it looks like something that is not read.
    pub findings: Vec<Finding>,
}

/// Decides from the start of a file. `whole` says that nothing follows, so that a letter cut at the end is a fault and not a cut.
pub fn sniff(sample: &[u8], whole: bool) -> Guess {
    let mut guess = evidence(sample, whole);
    let place = Place::default;
    match guess.charset {
        Charset::Utf8 => {}
        Charset::Windows1252 => guess.findings.push(Finding::new("C101", "file", place())),
        charset => {
            let kind = if guess.sure == Sure::Doubtful { "doubtful" } else { "" };
            let rival = if charset == Charset::MacRoman { "Windows-1252" } else { "UTF-8" };
            guess.findings.push(Finding::new("C120", kind, place()).arg("encoding", charset.title()).arg("rival", rival));
        }
    }
    if let Some(piece) = utf7(sample) {
        guess.findings.push(Finding::new("C122", "", place()).value(&piece));
    }
    guess
}

/// [`sniff`] for XML, whose declaration names the encoding. The declaration counts when the bytes do not speak against it; otherwise the
/// bytes do, with a finding.
pub fn sniff_xml(sample: &[u8], whole: bool) -> Guess {
    let found = evidence(sample, whole);
    let Some(label) = declared(sample, found.charset) else {
        let mut guess = found;
        if !matches!(guess.charset, Charset::Utf8 | Charset::Utf16Le | Charset::Utf16Be)
            || (guess.mark == 0 && guess.charset != Charset::Utf8)
        {
            let finding = Finding::new("C123", "undeclared", Place::default());
            guess.findings.push(finding.arg("encoding", guess.charset.title()));
        }
        return guess;
    };
    let known = Charset::of_label(&label);
    let is_utf16 = |c: Charset| matches!(c, Charset::Utf16Le | Charset::Utf16Be);
    let charset = match known {
        Some(Label::Utf16) if is_utf16(found.charset) => Some(found.charset),
        Some(Label::Is(charset)) if is_utf16(charset) == is_utf16(found.charset) && found.mark == 0 => match (charset, found.charset) {
            (Charset::Utf16Le | Charset::Utf16Be, other) if other != charset => None,
            // What is no UTF-8 is none by being called so, unless nearly all of it is.
            (Charset::Utf8, Charset::Utf8) => Some(Charset::Utf8),
            (Charset::Utf8, _) => None,
            // The name of ISO-8859-1 is given to Windows-1252 as a rule.
            (Charset::Latin1, _) if sample.iter().any(|b| (0x80..0xa0).contains(b)) => Some(Charset::Windows1252),
            (charset, _) => Some(charset),
        },
        Some(Label::Is(charset)) if charset == found.charset => Some(charset),
        _ => None,
    };
    let mut guess = Guess { charset: charset.unwrap_or(found.charset), ..found };
    match (known, charset) {
        (_, Some(_)) => guess.sure = Sure::Certain,
        (Some(_), None) => {
            let finding = Finding::new("C123", "", Place { line: 1, byte_column: 1, ..Place::default() });
            guess.findings.push(finding.value(&label).arg("encoding", guess.charset.title()));
        }
        (None, None) => {
            let finding = Finding::new("C124", "", Place { line: 1, byte_column: 1, ..Place::default() });
            guess.findings.push(finding.value(&label).arg("encoding", guess.charset.title()));
        }
    }
    guess
}

/// The label of an XML declaration, read by the encoding that the bytes speak for.
fn declared(sample: &[u8], charset: Charset) -> Option<String> {
    let mut text = String::new();
    let (mut recoder, mut ignored) = (Recoder::new(charset), Vec::new());
    recoder.push(&sample[..sample.len().min(1024)], &mut text, &mut ignored);
    let rest = text.trim_start().strip_prefix("<?xml")?;
    let inside = &rest[..rest.find("?>")?];
    let after = inside[inside.find("encoding")? + "encoding".len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let value = &after[1..];
    Some(value[..value.find(quote)?].to_owned())
}

/// What the bytes alone say; [`sniff`] says it in findings.
pub(crate) fn evidence(sample: &[u8], whole: bool) -> Guess {
    let certain = |charset, mark| Guess { charset, mark, sure: Sure::Certain, findings: Vec::new() };
    let cannot = |name: &str, charset, mark| {
        let finding = Finding::new("C124", "bytes", Place::default()).value(name);
        Guess { charset, mark, sure: Sure::Doubtful, findings: vec![finding] }
    };
    match sample {
        [0xef, 0xbb, 0xbf, ..] => return certain(Charset::Utf8, 3),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return cannot("UTF-32", Charset::Utf8, 0),
        [0xff, 0xfe, ..] => return certain(Charset::Utf16Le, 2),
        [0xfe, 0xff, ..] => return certain(Charset::Utf16Be, 2),
        _ => {}
    }
    if let Some(charset) = utf16_by_zeros(sample) {
        return Guess { charset, mark: 0, sure: Sure::Likely, findings: Vec::new() };
    }
    let counts = Utf8Counts::of(sample, whole);
    if counts.broken == 0 {
        let sure = if counts.overlong == 0 { Sure::Certain } else { Sure::Doubtful };
        return Guess { charset: Charset::Utf8, mark: 0, sure, findings: Vec::new() };
    }
    if counts.speaks_for_utf8() {
        return Guess { charset: Charset::Utf8, mark: 0, sure: Sure::Likely, findings: Vec::new() };
    }
    let (windows, mut mac) =
        (plausibility(sample, 0..sample.len(), Charset::Windows1252), plausibility(sample, 0..sample.len(), Charset::MacRoman));
    if LineEnd::sniff(sample, Some(b'"')) == LineEnd::Cr {
        // Lines that end in a carriage return alone come from old Macs.
        mac += 3;
    }
    let lead = mac - windows;
    let (charset, lead) = if mac > 0 && lead >= 2 { (Charset::MacRoman, lead) } else { (Charset::Windows1252, -lead) };
    Guess { charset, mark: 0, sure: if lead >= 4 { Sure::Likely } else { Sure::Doubtful }, findings: Vec::new() }
}

/// The text of bytes of a file that is UTF-8 by the evidence, where they are not: letters of UTF-8 as such, other bytes as Windows-1252. And where
/// the first of these is.
pub(crate) fn mixed(bytes: &[u8]) -> (String, usize) {
    let (mut text, mut first) = (String::new(), None);
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            first = first.or(Some(at));
        }
        text.extend(chunk.invalid().iter().map(|&b| windows_1252_char(b)));
        at += chunk.invalid().len();
    }
    (text, first.unwrap_or(bytes.len()))
}

/// The finding of a record of JSON with such bytes: the text in which the first of them is. `place` is the record's.
pub(crate) fn mixed_finding(bytes: &[u8], first: usize, place: Place) -> Finding {
    let start = memchr::memrchr(b'"', &bytes[..first]).map_or(0, |i| i + 1);
    let end = memchr::memchr(b'"', &bytes[first..]).map_or(bytes.len(), |i| first + i);
    let mut place = place;
    place.line += memchr::memchr_iter(b'\n', &bytes[..first]).count() as u64;
    place.byte_column = match memchr::memrchr(b'\n', &bytes[..first]) {
        Some(i) => (first - i) as u64,
        None => place.byte_column + first as u64,
    };
    Finding::new("C101", "", place).value(&mixed(&bytes[start..end]).0)
}

/// UTF-16 without a mark: in most pairs of bytes one is zero, and nearly always the same one.
fn utf16_by_zeros(sample: &[u8]) -> Option<Charset> {
    let head = &sample[..sample.len().min(4096)];
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let count = |zero: usize| head.chunks_exact(2).filter(|p| p[zero] == 0 && p[1 - zero] != 0).count();
    let (high_first, low_first) = (count(0), count(1));
    let clear = |ours: usize, other: usize| ours * 10 >= pairs * 7 && other * 20 <= ours;
    if clear(low_first, high_first) {
        Some(Charset::Utf16Le)
    } else if clear(high_first, low_first) {
        Some(Charset::Utf16Be)
    } else {
        None
    }
}

/// What stands in bytes when they are read as UTF-8.
///
/// This is the one rule by which all text that is not UTF-8 from end to end is judged: delimited text, JSON, XML and fixed width alike. A file of
/// one byte a letter hardly ever holds two bytes that make a letter of UTF-8, and where it does, the two mean something as they stand: the end
/// of `JOSÉ’S` in Windows-1252 is a letter of Africa in UTF-8, `l’été` in Mac Roman holds one of Armenia. So a sequence is *telling* when it
/// touches another one, or when its bytes would be rubbish in both encodings of one byte a letter (`CafÃ©`, `Caf√©`). A telling sequence is worth
/// [`WORTH`] bytes that fit in no sequence: damage, cells cut inside a letter, rows of another program in the same file. These are then
/// told at their places, where the other answer would turn all good letters into rubbish and say nothing.
struct Utf8Counts {
    /// Letters beyond ASCII that are there by intent; see above.
    telling: usize,
    /// Sequences that write a printable sign of ASCII, or NUL, in more bytes than it takes: nobody's text, but an old trick.
    overlong: usize,
    /// Anything else that is no UTF-8.
    broken: usize,
}

/// How many bytes at fault one telling sequence outweighs.
const WORTH: usize = 4;

impl Utf8Counts {
    fn of(sample: &[u8], whole: bool) -> Utf8Counts {
        let mut counts = Utf8Counts { telling: 0, overlong: 0, broken: 0 };
        let (mut at, mut good) = (0, Vec::new());
        while at < sample.len() {
            let error = match std::str::from_utf8(&sample[at..]) {
                Ok(_) => {
                    good.push(at..sample.len());
                    break;
                }
                Err(error) => error,
            };
            good.push(at..at + error.valid_up_to());
            at += error.valid_up_to();
            let bad = &sample[at..];
            if error.error_len().is_none() && !whole {
                break;
            }
            let (length, fault) = odd_sequence(bad);
            match (fault, bad) {
                (Fault::Overlong, [0xc0, 0x80 | 0xa0.., ..] | [0xc1, ..] | [0xe0 | 0xf0, ..]) => counts.overlong += 1,
                (Fault::Surrogate, _) => counts.overlong += 1,
                _ => counts.broken += 1,
            }
            at += length;
        }
        if counts.broken > 0 {
            counts.telling = good.into_iter().map(|range| telling(sample, range)).sum();
        }
        counts
    }

    fn speaks_for_utf8(&self) -> bool {
        self.telling * WORTH >= self.broken
    }
}

/// How many sequences in a stretch that is UTF-8 are there by intent.
fn telling(sample: &[u8], range: std::ops::Range<usize>) -> usize {
    let Ok(text) = std::str::from_utf8(&sample[range.clone()]) else { return 0 };
    let mut letters =
        text.char_indices().filter(|(_, c)| !c.is_ascii()).map(|(i, c)| range.start + i..range.start + i + c.len_utf8()).peekable();
    let (mut count, mut end) = (0, None);
    while let Some(letter) = letters.next() {
        let touches = end == Some(letter.start) || letters.peek().is_some_and(|next| next.start == letter.end);
        // `’`, `“` and `€`: no word goes on from `â` to `€`, nor from `‚` to `Ä` and a third such letter.
        let sign = matches!(sample[letter.clone()], [0xe2, 0x80 | 0x82 | 0x84, _]);
        let rubbish = |charset| plausibility(sample, letter.clone(), charset) <= 0;
        count += usize::from(touches || sign || (rubbish(Charset::Windows1252) && rubbish(Charset::MacRoman)));
        end = Some(letter.end);
    }
    count
}

/// A piece of text that looks like UTF-7: its mark, or a sign of markup or of a formula written in its way.
fn utf7(sample: &[u8]) -> Option<String> {
    let head = &sample[..sample.len().min(4096)];
    let shown = |at: usize| String::from_utf8_lossy(&head[at..head.len().min(at + 12)]).into_owned();
    if head.starts_with(b"+/v") && matches!(head.get(3), Some(b'8' | b'9' | b'+' | b'/')) {
        return Some(shown(0));
    }
    // `<`, `>`, `"`, `'`, `&`, `=` and `+`, in UTF-7.
    const SIGNS: [&[u8]; 7] = [b"+ADw-", b"+AD4-", b"+ACI-", b"+ACc-", b"+ACY-", b"+AD0-", b"+ACs-"];
    memchr::memchr_iter(b'+', head).find(|&at| SIGNS.iter().any(|s| head[at..].starts_with(s))).map(shown)
}

/// How well letters and signs beyond ASCII stand when bytes are read in an encoding of one byte a letter: points for and against.
fn plausibility(sample: &[u8], range: std::ops::Range<usize>, charset: Charset) -> i64 {
    let letter = |at: Option<usize>| at.and_then(|i| sample.get(i)).map_or(' ', |&b| charset.single(b));
    let mut points = 0;
    for (i, &byte) in range.clone().zip(&sample[range]).filter(|(_, b)| **b >= 0x80) {
        let sign = charset.single(byte);
        let joins = match sign {
            '–' | '—' | '’' => {
                let start = sample[..i].iter().rev().take(20).take_while(|b| b.is_ascii_alphabetic()).count();
                let end = sample[i + 1..].iter().take(20).take_while(|b| b.is_ascii_alphabetic()).count();
                joins(&sample[i - start..i], sign, &sample[i + 1..i + 1 + end])
            }
            _ => None,
        };
        points += i64::from(joins.unwrap_or_else(|| fits(letter(i.checked_sub(1)), sign, letter(Some(i + 1)))));
    }
    points
}

/// Points of a dash or an apostrophe between two runs of letters. In the other encoding it is an accented letter in one word, so what counts
/// is whether there are two words: `word—word`, `don’t`, `O’Brien`, but not `Pe–a`.
fn joins(before: &[u8], sign: char, after: &[u8]) -> Option<i32> {
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let two = if sign == '’' {
        [&b"s"[..], b"t", b"d", b"m", b"re", b"ve", b"ll"].iter().any(|end| after.eq_ignore_ascii_case(end))
            || [&b"O"[..], b"D", b"L"].iter().any(|start| before.eq_ignore_ascii_case(start))
    } else {
        before.len() >= 3 && after.len() >= 3
    };
    Some(if two { 4 } else { -1 })
}

/// Points of one sign between its neighbours.
fn fits(before: char, sign: char, after: char) -> i32 {
    let blank = |c: char| c.is_whitespace() || "([{-/,;:.\"'\t".contains(c);
    let ends = |c: char| c.is_whitespace() || ")]}-/,;:.!?\"'\t".contains(c);
    let (letters, digits) = (before.is_alphabetic() || after.is_alphabetic(), before.is_ascii_digit() || after.is_ascii_digit());
    if sign.is_alphabetic() && !matches!(sign, 'ª' | 'º' | 'µ') {
        let rare = match sign {
            'ƒ' | 'π' | 'Ω' | 'ﬁ' | 'ﬂ' | 'ı' => 4,
            'ÿ' | 'Ÿ' | 'Š' | 'Ž' | 'š' | 'ž' | 'Œ' | 'œ' | 'Þ' | 'þ' | 'Ð' | 'ð' | 'Ì' | 'ì' | 'Ò' | 'Ù' | 'Õ' | 'Ã' => {
                1
            }
            _ => 0,
        };
        let stands = if digits {
            -3
        } else if !letters {
            -2
        } else if sign.is_uppercase() {
            if before.is_lowercase() { -3 } else { 2 }
        } else if before.is_alphabetic() {
            2
        } else {
            1
        };
        return stands - rare;
    }
    match sign {
        '’' if before.is_alphabetic() => 1,
        '’' => 0,
        '‘' | '“' | '«' | '„' | '‚' if blank(before) && after.is_alphanumeric() => 3,
        '”' | '»' if !before.is_whitespace() && ends(after) => 3,
        '–' | '—' if before.is_ascii_digit() == after.is_ascii_digit() && before.is_whitespace() == after.is_whitespace() => 3,
        '–' | '—' => 0,
        '…' if before.is_alphanumeric() && !after.is_alphanumeric() => 1,
        '\u{a0}' => 1,
        '°' if before.is_ascii_digit() => 3,
        '£' | '€' | '¥' | '¢' if digits => 2,
        '§' | '¶' if !before.is_alphabetic() => 1,
        '•' | '·' if !letters && !digits => 2,
        '®' | '™' | '©' if !after.is_alphabetic() => 1,
        '½' | '¼' | '¾' if !letters => 2,
        '²' | '³' if before.is_alphanumeric() => 1,
        '¿' | '¡' if blank(before) && after.is_uppercase() => 3,
        'º' | 'ª' if before.is_ascii_digit() => 2,
        'µ' | '±' | '×' | '÷' if digits => 1,
        '\u{80}'..='\u{9f}' => -4,
        '\u{f8ff}' => -4,
        _ => -2,
    }
}

impl Unpack for Recoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        self.recode(bytes, false, out, findings);
    }

    fn finish(&mut self, out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        self.recode(&[], true, out, findings);
    }
}

/// Why bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// No letter of the encoding.
    Broken,
    /// More bytes than the letter takes.
    Overlong,
    /// Half of a letter of UTF-16.
    Surrogate,
    /// The file ends inside a letter.
    Cut,
}

impl Fault {
    fn kind(self) -> &'static str {
        match self {
            Fault::Broken => "",
            Fault::Overlong => "overlong",
            Fault::Surrogate => "surrogate",
            Fault::Cut => "cut",
        }
    }
}

/// How long the sequence at the start of bytes that are no UTF-8 is, and what is wrong with it. The bytes are not empty.
fn odd_sequence(bytes: &[u8]) -> (usize, Fault) {
    let rest = |n: usize| bytes.len() >= n && bytes[1..n].iter().all(|b| (0x80..0xc0).contains(b));
    match bytes {
        [0xc0 | 0xc1, ..] if rest(2) => (2, Fault::Overlong),
        [0xe0, 0x80..0xa0, ..] if rest(3) => (3, Fault::Overlong),
        [0xf0, 0x80..0x90, ..] if rest(4) => (4, Fault::Overlong),
        [0xed, 0xa0..0xc0, ..] if rest(3) => (3, Fault::Surrogate),
        _ => match std::str::from_utf8(bytes) {
            Err(e) => (e.error_len().unwrap_or(bytes.len()).max(1), Fault::Broken),
            Ok(_) => (1, Fault::Broken),
        },
    }
}

/// A place in a file that grows with the text read: lines end at LF, CR or CRLF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Physical line, from 1.
    pub(crate) line: u64,
    /// Byte in the line as it is stored, from 1.
    pub(crate) column: u64,
    after_cr: bool,
}

impl Walk {
    pub(crate) fn new() -> Walk {
        Walk { line: 1, column: 1, after_cr: false }
    }

    /// Goes on over text.
    pub(crate) fn over(&mut self, text: &str, charset: Charset) {
        let bytes = text.as_bytes();
        let mut start = 0;
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let second = bytes[at] == b'\n' && if at == 0 { self.after_cr } else { bytes[at - 1] == b'\r' };
            if !second {
                self.line += 1;
            }
            start = at + 1;
            self.column = 1;
        }
        if let Some(&last) = bytes.last() {
            self.after_cr = last == b'\r';
        }
        self.column += charset.stored(&text[start..]);
    }

    /// Goes on over bytes that end no line.
    pub(crate) fn past(&mut self, bytes: u64) {
        self.column += bytes;
        self.after_cr = false;
    }

    pub(crate) fn place(self) -> Place {
        Place { line: self.line, byte_column: self.column, ..Place::default() }
    }
}

/// Turns bytes into UTF-8. However they are cut into pieces, text and findings are the same.
#[derive(Debug, Clone)]
pub struct Recoder {
    charset: Charset,
    /// Bytes of a letter that is not whole yet.
    held: Vec<u8>,
    /// Whether a mark may still stand at the start.
    at_start: bool,
    walk: Walk,
    faults: Tally,
    /// How many bytes the mark had.
    mark: u64,
    replaced: Vec<Replaced>,
}

/// Bytes that could not be read, and U+FFFD stands for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Replaced {
    /// Where it stands in the text that was appended to.
    pub(crate) at: usize,
    /// How many bytes there are in the file, 1 to 6.
    pub(crate) bytes: u8,
}

impl Recoder {
    /// Starts at a file's first byte. A mark of the encoding is taken off.
    pub fn new(charset: Charset) -> Recoder {
        Recoder { charset, held: Vec::new(), at_start: true, walk: Walk::new(), faults: Tally::new("C121"), mark: 0, replaced: Vec::new() }
    }

    /// The encoding that is read.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// The length of the mark that was taken off the start, in bytes.
    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }

    /// What was replaced in the text that the last bytes gave, in order. A place in that text becomes a place in the file by it.
    pub(crate) fn replaced(&self) -> &[Replaced] {
        &self.replaced
    }

    /// Appends the text of the next bytes. What cannot be read is U+FFFD and a finding, each with its line and its byte there.
    pub fn push(&mut self, bytes: &[u8], out: &mut String, findings: &mut Vec<Finding>) {
        self.go(bytes, false, out, findings);
    }

    /// Ends the file.
    pub fn finish(&mut self, out: &mut String, findings: &mut Vec<Finding>) {
        self.go(&[], true, out, findings);
        self.faults.finish(findings);
    }

    fn go(&mut self, bytes: &[u8], last: bool, out: &mut String, findings: &mut Vec<Finding>) {
        self.replaced.clear();
        let joined;
        let mut bytes = if self.held.is_empty() {
            bytes
        } else {
            self.held.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.held);
            joined.as_slice()
        };
        if self.at_start {
            let mark: &[u8] = match self.charset {
                Charset::Utf8 => b"\xef\xbb\xbf",
                Charset::Utf16Le => b"\xff\xfe",
                Charset::Utf16Be => b"\xfe\xff",
                _ => b"",
            };
            if !last && bytes.len() < mark.len() && mark.starts_with(bytes) {
                self.held.extend_from_slice(bytes);
                return;
            }
            if !bytes.is_empty() {
                self.at_start = false;
            }
            if bytes.starts_with(mark) {
                bytes = &bytes[mark.len()..];
                self.mark = mark.len() as u64;
                self.walk.column += self.mark;
            }
        }
        match self.charset {
            Charset::Utf8 => self.utf8(bytes, last, out, findings),
            Charset::Utf16Le | Charset::Utf16Be => self.utf16(bytes, last, out, findings),
            Charset::Windows1252 | Charset::Latin1 | Charset::MacRoman => self.single(bytes, out),
        }
    }

    /// The next bytes as bytes of UTF-8.
    fn recode(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>, findings: &mut Vec<Finding>) {
        let mut text = String::new();
        self.push(bytes, &mut text, findings);
        if last {
            self.finish(&mut text, findings);
        }
        out.extend_from_slice(text.as_bytes());
    }

    fn single(&mut self, mut bytes: &[u8], out: &mut String) {
        let start = out.len();
        while !bytes.is_empty() {
            let ascii = bytes.iter().position(|b| !b.is_ascii()).unwrap_or(bytes.len());
            let (plain, rest) = bytes.split_at(ascii);
            out.push_str(std::str::from_utf8(plain).unwrap_or_default());
            let high = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
            out.extend(rest[..high].iter().map(|&b| self.charset.single(b)));
            bytes = &rest[high..];
        }
        self.walk.over(&out[start..], self.charset);
    }

    fn utf8(&mut self, mut bytes: &[u8], last: bool, out: &mut String, findings: &mut Vec<Finding>) {
        while !bytes.is_empty() {
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => {
                    out.push_str(text);
                    self.walk.over(text, self.charset);
                    return;
                }
                Err(error) => error,
            };
            let (good, bad) = bytes.split_at(error.valid_up_to());
            let good = std::str::from_utf8(good).unwrap_or_default();
            out.push_str(good);
            self.walk.over(good, self.charset);
            // Whether a longer sequence is odd as a whole is only seen when its bytes are there.
            let wanted = match bad[0] {
                0xc0 | 0xc1 => 2,
                0xe0 | 0xed => 3,
                0xf0 => 4,
                _ => 0,
            };
            let growing = bad.len() < wanted && bad[1..].iter().all(|b| (0x80..0xc0).contains(b));
            if !last && (error.error_len().is_none() || growing) {
                self.held.extend_from_slice(bad);
                return;
            }
            let (length, fault) = odd_sequence(bad);
            let fault = if last && error.error_len().is_none() { Fault::Cut } else { fault };
            self.fault(&bad[..length], fault, out, findings);
            bytes = &bad[length..];
        }
    }

    fn utf16(&mut self, bytes: &[u8], last: bool, out: &mut String, findings: &mut Vec<Finding>) {
        let unit = |at: usize| {
            let pair = [bytes[at], bytes[at + 1]];
            if self.charset == Charset::Utf16Le { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
        };
        let charset = self.charset;
        let (mut at, mut text) = (0, out.len());
        let mut faults: Vec<(usize, usize, Fault)> = Vec::new();
        while at + 1 < bytes.len() {
            let first = unit(at);
            let fault = match first {
                0xd800..0xdc00 if at + 3 < bytes.len() => {
                    let second = unit(at + 2);
                    if (0xdc00..0xe000).contains(&second) {
                        let code = 0x1_0000 + (u32::from(first - 0xd800) << 10) + u32::from(second - 0xdc00);
                        out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                        at += 4;
                        continue;
                    }
                    Some(Fault::Surrogate)
                }
                0xd800..0xdc00 if !last => break,
                0xd800..0xe000 => Some(Fault::Surrogate),
                // The mark of the other byte order: two files were joined.
                0xfffe => Some(Fault::Broken),
                _ => None,
            };
            match fault {
                None => out.push(char::from_u32(u32::from(first)).unwrap_or('\u{fffd}')),
                Some(fault) => faults.push((out.len(), at, fault)),
            }
            if fault.is_some() {
                self.replaced.push(Replaced { at: out.len(), bytes: 2 });
                out.push('\u{fffd}');
            }
            at += 2;
        }
        for (position, at, fault) in faults {
            self.walk.over(&out[text..position], charset);
            text = position + '\u{fffd}'.len_utf8();
            self.tell(&bytes[at..at + 2], fault, findings);
            self.walk.past(2);
        }
        self.walk.over(&out[text..], charset);
        if at < bytes.len() {
            if last {
                self.fault(&bytes[at..], Fault::Cut, out, findings);
            } else {
                self.held.extend_from_slice(&bytes[at..]);
            }
        }
    }

    fn fault(&mut self, bytes: &[u8], fault: Fault, out: &mut String, findings: &mut Vec<Finding>) {
        self.tell(bytes, fault, findings);
        self.replaced.push(Replaced { at: out.len(), bytes: bytes.len() as u8 });
        out.push('\u{fffd}');
        self.walk.past(bytes.len() as u64);
    }

    fn tell(&mut self, bytes: &[u8], fault: Fault, findings: &mut Vec<Finding>) {
        let (place, charset) = (self.walk.place(), self.charset);
        self.faults.tell(findings, || {
            let shown: Vec<String> = bytes.iter().map(|b| format!("{b:02X}")).collect();
            Finding::new("C121", fault.kind(), place).value(&shown.join(" ")).arg("encoding", charset.title())
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

    use proptest::prelude::*;

    use super::*;

    const ALL: [Charset; 6] = [Charset::Utf8, Charset::Utf16Le, Charset::Utf16Be, Charset::Windows1252, Charset::Latin1, Charset::MacRoman];

    /// The bytes of a text; letters that the encoding lacks become question marks.
    fn stored(text: &str, charset: Charset) -> Vec<u8> {
        match charset {
            Charset::Utf8 => text.as_bytes().to_vec(),
            Charset::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Charset::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            one => text.chars().map(|c| (0..=255u8).find(|&b| one.single(b) == c).unwrap_or(b'?')).collect(),
        }
    }

    fn read(bytes: &[u8], charset: Charset, pieces: &[usize]) -> (String, Vec<Finding>) {
        let (mut recoder, mut out, mut findings) = (Recoder::new(charset), String::new(), Vec::new());
        let mut rest = bytes;
        for &piece in pieces {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            recoder.push(now, &mut out, &mut findings);
            rest = later;
        }
        recoder.push(rest, &mut out, &mut findings);
        recoder.finish(&mut out, &mut findings);
        (out, findings)
    }

    fn faults(findings: &[Finding]) -> Vec<(&str, &str, u64, u64)> {
        findings.iter().map(|f| (f.kind, f.value.as_deref().unwrap_or(""), f.place.line, f.place.byte_column)).collect()
    }

    #[test]
    fn every_encoding_reads_its_own_letters() {
        let text = "Name;Straße\r\nJosé Núñez;“Élan” – 3 €\r\n";
        for charset in ALL {
            let (out, found) = read(&stored(text, charset), charset, &[1, 3]);
            if charset != Charset::Latin1 {
                assert_eq!(out, text, "{charset:?}");
            }
            assert_eq!(found, [], "{charset:?}");
            assert_eq!(charset.stored(text), stored(text, charset).len() as u64, "{charset:?}");
        }
    }

    #[test]
    fn marks_are_taken_off_once() {
        for (bytes, charset) in
            [(&b"\xef\xbb\xbfa"[..], Charset::Utf8), (b"\xff\xfea\0", Charset::Utf16Le), (b"\xfe\xff\0a", Charset::Utf16Be)]
        {
            for pieces in [&[][..], &[1], &[2], &[1, 1, 1]] {
                assert_eq!(read(bytes, charset, pieces).0, "a");
            }
        }
        assert_eq!(read(b"\xff\xfe\xff\xfea\0", Charset::Utf16Le, &[]).0, "\u{feff}a");
    }

    #[test]
    fn what_is_no_letter_is_found_at_its_place() {
        let (out, found) = read(b"a\nb\xffc\xc0\xaf\xed\xa0\x80\xe2\x82", Charset::Utf8, &[5, 1, 2]);
        assert_eq!(out, "a\nb\u{fffd}c\u{fffd}\u{fffd}\u{fffd}");
        let expected = [("", "FF", 2, 2), ("overlong", "C0 AF", 2, 4), ("surrogate", "ED A0 80", 2, 6), ("cut", "E2 82", 2, 9)];
        assert_eq!(faults(&found), expected);

        let (out, found) = read(b"a\0\r\0\n\0\x3d\xd8b\0\0\xdcc\0\x3d\xd8\x0a\xdex", Charset::Utf16Le, &[3, 4]);
        assert_eq!(out, "a\r\n\u{fffd}b\u{fffd}c\u{1f60a}\u{fffd}");
        assert_eq!(faults(&found), [("surrogate", "3D D8", 2, 1), ("surrogate", "00 DC", 2, 5), ("cut", "78", 2, 13)]);
    }

    #[test]
    fn many_faults_are_counted_and_not_kept() {
        let (_, found) = read(&vec![0xff; 5000], Charset::Utf8, &[10]);
        assert_eq!(found.len() as u64, crate::bounds::MAX_TOLD + 1);
        assert_eq!(found.last().unwrap().get("count"), Some("4000"));
    }

    #[test]
    fn the_start_decides() {
        let le = stored("Name,Town\r\nBoiler,Lee\r\n", Charset::Utf16Le);
        let be = stored("Name,Town\r\nBoiler,Lee\r\n", Charset::Utf16Be);
        for (sample, charset, sure, codes) in [
            (&b"plain"[..], Charset::Utf8, Sure::Certain, &[][..]),
            ("\u{feff}Café".as_bytes(), Charset::Utf8, Sure::Certain, &[]),
            (b"\xff\xfea\0", Charset::Utf16Le, Sure::Certain, &["C120"]),
            (&le, Charset::Utf16Le, Sure::Likely, &["C120"]),
            (&be, Charset::Utf16Be, Sure::Likely, &["C120"]),
            (b"\xff\xfe\0\0a\0\0\0", Charset::Utf8, Sure::Doubtful, &["C124"]),
            (b"+ADw-script+AD4-", Charset::Utf8, Sure::Certain, &["C122"]),
            (b"+/v8-a", Charset::Utf8, Sure::Certain, &["C122"]),
            (b"a\xc0\xafb", Charset::Utf8, Sure::Doubtful, &[]),
            ("Zoë, José, Núñez, François, Müller\n\x7f".as_bytes(), Charset::Utf8, Sure::Certain, &[]),
        ] {
            let guess = sniff(sample, true);
            assert_eq!((guess.charset, guess.sure), (charset, sure), "{}", sample.escape_ascii());
            assert_eq!(guess.findings.iter().map(|f| f.code.text()).collect::<Vec<_>>(), codes, "{}", sample.escape_ascii());
        }
    }

    #[test]
    fn damage_is_no_other_encoding() {
        // UTF-8 with bytes that fit in no letter: one among many, as many as there are letters, several for one.
        let mixed = |good: &str, bad: &[u8]| [good.as_bytes(), bad].concat();
        for sample in [
            mixed(&"é".repeat(20), b"\xe9x"),
            mixed(&"Café Zoë, ".repeat(300), b"\x92,"),
            mixed("Café,", b"Zo\xeb,1"),
            mixed("PEÑA,", b"Zo\xff\xfe,1"),
            mixed("Ann é “q” €,", b"Zo\xff\xfe, x"),
            mixed("don’t,", b"Jos\xe9,"),
            mixed("Straße,", b"D\x81r,\x8d,x\x9d,"),
            mixed("ÉCOLE,", b"Jos\xe9,"),
            mixed("Müller,", b"\xc3,"),
            mixed("72 °F,", b"Jos\xe9,"),
            mixed("Москва,", b"Jos\xe9,"),
            mixed("Αθήνα,", b"\x92,"),
            mixed("東京都,", b"\x92,"),
            mixed("Łódź,", b"\x92,"),
            mixed("à la carte,", b"Jos\xe9,"),
        ] {
            assert_eq!(evidence(&sample, true).charset, Charset::Utf8, "{}", sample.escape_ascii());
            assert_eq!(crate::decode::Encoding::sniff(&sample, true), crate::decode::Encoding::Utf8, "{}", sample.escape_ascii());
            assert_eq!(sniff_xml(&sample, true).charset, Charset::Utf8, "{}", sample.escape_ascii());
        }
    }

    /// Real files stay what they are, in each of the three encodings, and one byte that fits in no letter changes nothing about UTF-8.
    #[test]
    fn real_files_stay_what_they_are() {
        let folder = std::env::var_os("CONCORD_CONFORMANCE")
            .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"), std::path::PathBuf::from);
        let real = |name: &str| {
            let found = std::fs::read(folder.join(name)).ok();
            if found.is_none() {
                eprintln!("not there, so not tested: {}", folder.join(name).display());
            }
            found
        };
        let judged = |bytes: &[u8]| evidence(bytes, true).charset;
        for name in [
            "frictionless/valid/latin1.csv",
            "frictionless/valid/table-with-accents.csv",
            "cap/samples/valid/cap12-earthquake-iso8859-1.cap",
            "xml-attacks/xml/windows-1252-undeclared.xml",
            "gtfs/invalid/transitfeed/bad_utf8/agency.txt",
        ] {
            if let Some(bytes) = real(name) {
                assert_eq!(judged(&bytes), Charset::Windows1252, "{name}");
            }
        }
        for name in [
            "frictionless/invalid/packages-legacy/country-codes/data/country-codes.csv",
            "frictionless/invalid/packages-legacy/currency-codes/data/codes-all.csv",
            "frictionless/invalid/packages-legacy/country-list/data.csv",
            "frictionless/valid/table-infer-utf8.csv",
            "ocds/valid/docs/frameworks/open_multiple_first_stage.json",
            "ocds/valid/docs/frameworks/open_multiple_supplier.json",
        ] {
            let Some(bytes) = real(name) else { continue };
            let text = String::from_utf8(bytes[..bytes.len().min(crate::bounds::SAMPLE)].to_vec())
                .unwrap_or_else(|e| String::from_utf8(e.as_bytes()[..e.utf8_error().valid_up_to()].to_vec()).unwrap());
            assert_eq!(judged(text.as_bytes()), Charset::Utf8, "{name}");
            assert_eq!(judged(&stored(&text, Charset::Windows1252)), Charset::Windows1252, "{name}");
            let places: Vec<usize> = (0..=text.len()).filter(|&i| text.is_char_boundary(i)).collect();
            for place in places.iter().step_by(places.len() / 40 + 1) {
                for stray in [0x81, 0x92, 0x93, 0xa0, 0xe9, 0xff] {
                    let mut bytes = text.clone().into_bytes();
                    bytes.insert(*place, stray);
                    assert_eq!(judged(&bytes), Charset::Utf8, "{name}: {stray:x} at {place}");
                }
            }
        }
    }

    #[test]
    fn letters_that_meet_by_chance_are_no_utf8() {
        // Two bytes each of which are a letter of UTF-8, in text that is none. What few other letters there are, are against it.
        for (text, charset) in [
            ("JOSÉ’S CAFÉ’S, Zoë", Charset::Windows1252),
            ("RENÉ’S, RENÉ’S, RENÉ’S, RENÉ’S, RENÉ’S, Peña", Charset::Windows1252),
            ("“RUE STRAUß”, Müller", Charset::Windows1252),
            ("“CAFÉ”, “JOSÉ”, “Å”, Zoë", Charset::Windows1252),
            ("« café », « thé », José", Charset::Windows1252),
            ("l’été, d’échange, “Élan”, José", Charset::MacRoman),
            ("“Élan”, «éclair», l’été", Charset::MacRoman),
        ] {
            // The same with French blanks before the marks.
            for text in [text.to_owned(), text.replace(" »", "\u{a0}»").replace("« ", "«\u{a0}")] {
                let bytes = stored(&text, charset);
                assert_eq!(sniff(&bytes, true).charset, charset, "{text}");
            }
        }
        // Rubbish that an earlier program made and stored as it was: three cells among many good ones do not make the file another.
        let text = "Peña, José, Zoë, Núñez, Müller, ".repeat(20) + "CafÃ©, CafÃ©, CafÃ©";
        assert_eq!(sniff(&stored(&text, Charset::Windows1252), true).charset, Charset::Windows1252);
    }

    #[test]
    fn tables_in_other_encodings_are_checked_with_their_own_places() {
        use crate::session::{Choice, Session};
        let text = "Name,Town\r\nJosé Núñez,\"Lee\r\nMA\"\r\nPeña,Ayer,more\r\n";
        for charset in ALL {
            for size in [1, 7, 1000] {
                let mut session = Session::new("x.bin", Choice::Detect(Vec::new()), Default::default(), false);
                let mut bytes = if charset == Charset::Utf16Le { b"\xff\xfe".to_vec() } else { Vec::new() };
                bytes.extend(stored(text, charset));
                bytes.chunks(size).for_each(|piece| session.push(piece));
                let report = session.finish();
                let read = if charset == Charset::Latin1 { Charset::Windows1252 } else { charset };
                assert_eq!(report.files[0].encoding, read.name());
                assert_eq!(report.files[0].records, 2, "{charset:?}");
                let long: Vec<&Finding> = report.findings.stored().iter().filter(|f| f.code.text() == "C202").collect();
                assert_eq!(long.len(), 1, "{charset:?}");
                let place = &long[0].place;
                assert_eq!((place.row, place.line, place.byte_column), (3, 4, 1 + charset.stored("Peña,Ayer,")), "{charset:?}");
                let told: Vec<&str> = report.findings.stored().iter().map(|f| f.code.text()).filter(|c| c.starts_with("C1")).collect();
                let expected: &[&str] = match read {
                    Charset::Utf8 => &[],
                    Charset::Windows1252 => &["C101"],
                    _ => &["C120"],
                };
                assert_eq!(told, expected, "{charset:?}");
            }
        }
    }

    #[test]
    fn mac_roman_is_told_from_windows() {
        // Names of streets and people as they stand in exports; each must be decided the right way in both encodings.
        let texts = [
            "José Núñez",
            "Café Zoë",
            "Peña",
            "MUÑOZ, JOSÉ",
            "Señora O’Brien’s “Élan”",
            "don’t",
            "François Müller\nÅse Bjørn",
            "Boston – Lee",
            "1990–95",
            "“Old Mill” Road",
            "Temp. 72° F",
            "Résumé of Ms. Desirée Hémon",
            "mañana, María Peña",
        ];
        for text in texts {
            assert_eq!(sniff(&stored(text, Charset::Windows1252), true).charset, Charset::Windows1252, "{text}");
            assert_eq!(sniff(&stored(text, Charset::MacRoman), true).charset, Charset::MacRoman, "{text}");
        }
    }

    #[test]
    fn declarations_of_xml_are_weighed() {
        let utf16 = stored("<?xml version='1.0' encoding='UTF-16'?><a/>", Charset::Utf16Be);
        for (sample, charset, codes) in [
            (&b"<?xml version='1.0' encoding=\"ISO-8859-1\"?><a>\xe9</a>"[..], Charset::Latin1, &[][..]),
            (b"<?xml version='1.0' encoding=\"ISO-8859-1\"?><a>\x93\xe9\x94</a>", Charset::Windows1252, &[]),
            (b"<?xml version='1.0' encoding='macintosh'?><a>Jos\x8e</a>", Charset::MacRoman, &[]),
            (b"<?xml version='1.0' encoding='UTF-8'?><a>Jos\xe9 Mart\xedn</a>", Charset::Windows1252, &["C123"]),
            (b"<?xml version='1.0' encoding='UTF-16'?><a/>", Charset::Utf8, &["C123"]),
            (b"<?xml version='1.0' encoding='UTF-7'?><a/>", Charset::Utf8, &["C124"]),
            (b"<a>Jos\xe9 Mart\xedn</a>", Charset::Windows1252, &["C123"]),
            (b"<a>x</a>", Charset::Utf8, &[]),
            (&utf16, Charset::Utf16Be, &[]),
        ] {
            let guess = sniff_xml(sample, true);
            assert_eq!(guess.charset, charset, "{}", sample.escape_ascii());
            assert_eq!(guess.findings.iter().map(|f| f.code.text()).collect::<Vec<_>>(), codes, "{}", sample.escape_ascii());
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<usize>> {
        prop::collection::vec(0usize..6, 0..40)
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(0xd8), Just(0xc0), Just(0xe0), Just(0x80)], 0..60), cuts in pieces(), which in 0usize..6) {
            let charset = ALL[which];
            let whole = read(&bytes, charset, &[]);
            prop_assert_eq!(&read(&bytes, charset, &cuts), &whole);
            prop_assert_eq!(read(&bytes, charset, &[1; 64]), whole);
            sniff(&bytes, true);
            sniff_xml(&bytes, false);
        }

        #[test]
        fn texts_come_back(text in "\\PC{0,40}", which in 0usize..3) {
            let (out, found) = read(&stored(&text, ALL[which]), ALL[which], &[]);
            prop_assert_eq!(out, text.strip_prefix('\u{feff}').unwrap_or(&text));
            prop_assert!(found.is_empty());
        }
    }
}
