//! Values of JSON (RFC 8259) in a text that is at hand whole.
//!
//! Numbers stay the text they are. Nesting is walked with a stack of bits, never by recursion.

use std::borrow::Cow;

use crate::bounds::MAX_NESTING;

/// Why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub what: What,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A sentence without a full stop.
    Said(&'static str),
    /// The text ends too soon.
    Ends,
    /// Deeper than [`MAX_NESTING`].
    TooDeep,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it is written.
    Number(&'t str),
    /// A text without its escapes.
    Text(Cow<'t, str>),
    /// A list or an object as it stands, from its first bracket to its last.
    Nested(&'t str),
}

/// What is odd about a text, though it can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Odd {
    /// A text holds a control character that has to be written as an escape.
    pub control: bool,
    /// An escape names half of a pair, which is no character.
    pub half: bool,
}

/// Walks a text.
#[derive(Debug, Clone)]
pub struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// What was odd so far.
    pub odd: Odd,
}

const QUOTES: &str = "names and texts stand between double quotation marks";

impl<'t> Parser<'t> {
    /// At the start of a text.
    pub fn new(text: &'t str) -> Parser<'t> {
        Parser { text, at: 0, odd: Odd::default() }
    }

    /// Where the walk stands, in bytes.
    pub fn at(&self) -> usize {
        self.at
    }

    #[inline]
    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        let what = if self.at >= self.text.len() { What::Ends } else { What::Said(what) };
        Err(Fault { at: self.at, what })
    }

    /// Steps over blanks; gives the byte behind them.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(&b) = self.bytes().get(self.at) {
            if !matches!(b, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(b);
            }
            self.at += 1;
        }
        None
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// Goes into an object. False when it is empty, and left already.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_object(&mut self) -> Result<bool, Fault> {
        if !self.take(b'{') {
            return self.fault("an object was expected");
        }
        Ok(!self.take(b'}'))
    }

    /// The next member's name; the walk then stands before its value.
    ///
    /// # Errors
    /// When there is no name with its colon.
    pub fn name(&mut self) -> Result<Cow<'t, str>, Fault> {
        match self.peek() {
            Some(b'"') => {}
            Some(b'}') => return self.fault("there is a comma before the closing bracket"),
            _ => return self.fault(QUOTES),
        }
        let name = self.string()?;
        if !self.take(b':') {
            return self.fault("a colon is missing behind the name");
        }
        Ok(name)
    }

    /// Behind a member's value: whether another one follows; else the object is left.
    ///
    /// # Errors
    /// When there is neither a comma nor a closing bracket.
    #[inline]
    pub fn more_members(&mut self) -> Result<bool, Fault> {
        if self.take(b',') {
            return Ok(true);
        }
        if self.take(b'}') { Ok(false) } else { self.fault("a comma is missing between two members") }
    }

    /// Goes into a list. False when it is empty, and left already.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_list(&mut self) -> Result<bool, Fault> {
        if !self.take(b'[') {
            return self.fault("a list was expected");
        }
        Ok(!self.take(b']'))
    }

    /// Behind an item: whether another one follows; else the list is left.
    ///
    /// # Errors
    /// When there is neither a comma nor a closing bracket.
    pub fn more_items(&mut self) -> Result<bool, Fault> {
        if self.take(b',') {
            return Ok(true);
        }
        if self.take(b']') { Ok(false) } else { self.fault("a comma is missing between two values") }
    }

    /// Says that nothing but blanks follows.
    ///
    /// # Errors
    /// When something does.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault("something follows the record's end"),
        }
    }

    /// The next value.
    ///
    /// # Errors
    /// When there is none.
    pub fn value(&mut self) -> Result<Value<'t>, Fault> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(self.number()?)),
            Some(b'{' | b'[') => {
                let start = self.at;
                self.skip(None)?;
                Ok(Value::Nested(&self.text[start..self.at]))
            }
            Some(b't' | b'f' | b'n') => self.word(),
            Some(b'\'') => self.fault(QUOTES),
            Some(b',' | b'}' | b']' | b':') => self.fault("a value is missing"),
            _ => self.fault("this is no value: texts stand between double quotation marks, and there are true, false and null"),
        }
    }

    fn word(&mut self) -> Result<Value<'t>, Fault> {
        let rest = &self.bytes()[self.at..];
        for (word, value) in [(&b"true"[..], Value::Bool(true)), (b"false", Value::Bool(false)), (b"null", Value::Null)] {
            if rest.starts_with(word) && !rest.get(word.len()).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                self.at += word.len();
                return Ok(value);
            }
            if word.starts_with(rest) {
                self.at = self.text.len();
                return self.fault("");
            }
        }
        self.fault("this is no value: texts stand between double quotation marks, and there are true, false and null")
    }

    fn number(&mut self) -> Result<&'t str, Fault> {
        let bytes = self.bytes();
        let start = self.at;
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut at = start + usize::from(bytes[start] == b'-');
        let whole = digits(at);
        if whole == at {
            self.at = whole;
            return self.fault("a digit is missing");
        }
        if bytes[at] == b'0' && whole > at + 1 {
            return self.fault("a number does not start with 0; put it between quotation marks if the zero belongs to it");
        }
        at = whole;
        if bytes.get(at) == Some(&b'.') {
            let end = digits(at + 1);
            if end == at + 1 {
                self.at = end;
                return self.fault("a digit is missing behind the decimal point");
            }
            at = end;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let end = digits(at + 1 + sign);
            if end == at + 1 + sign {
                self.at = end;
                return self.fault("a digit is missing in the exponent");
            }
            at = end;
        }
        self.at = at;
        Ok(&self.text[start..at])
    }

    /// A string; the walk stands at its opening mark.
    fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        let bytes = self.bytes();
        let start = self.at + 1;
        let Some(i) = memchr::memchr2(b'"', b'\\', &bytes[start..]) else {
            self.at = self.text.len();
            return self.fault("");
        };
        let plain = &bytes[start..start + i];
        self.odd.control |= plain.iter().any(|b| *b < 0x20);
        if bytes[start + i] == b'"' {
            self.at = start + i + 1;
            return Ok(Cow::Borrowed(&self.text[start..start + i]));
        }
        let mut out = String::with_capacity(i + 16);
        let mut at = start;
        loop {
            let Some(i) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else {
                self.at = self.text.len();
                return self.fault("");
            };
            self.odd.control |= bytes[at..at + i].iter().any(|b| *b < 0x20);
            out.push_str(&self.text[at..at + i]);
            at += i;
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Ok(Cow::Owned(out));
            }
            let escape = bytes.get(at + 1).copied();
            let plain = match escape {
                Some(b'"') => '"',
                Some(b'\\') => '\\',
                Some(b'/') => '/',
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(b'u') => {
                    let (c, next) = self.unicode(at)?;
                    out.push(c);
                    at = next;
                    continue;
                }
                _ => {
                    self.at = at;
                    return self.fault("a backslash must be written twice here");
                }
            };
            out.push(plain);
            at += 2;
        }
    }

    /// The character of an escape `\uXXXX` at a place, and what is behind it.
    fn unicode(&mut self, at: usize) -> Result<(char, usize), Fault> {
        let bytes = self.bytes();
        let hex = |at: usize| -> Option<u32> {
            let digits = bytes.get(at..at + 4)?;
            digits.iter().try_fold(0, |n, b| Some(n * 16 + char::from(*b).to_digit(16)?))
        };
        let Some(first) = hex(at + 2) else {
            self.at = if bytes.len() < at + 6 { self.text.len() } else { at };
            return self.fault("\\u needs four hexadecimal digits");
        };
        if (0xd800..0xdc00).contains(&first) && bytes.get(at + 6..at + 8) == Some(b"\\u") {
            if let Some(second) = hex(at + 8).filter(|s| (0xdc00..0xe000).contains(s)) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok((char::from_u32(code).unwrap_or('\u{fffd}'), at + 12));
            }
        }
        self.odd.half |= (0xd800..0xe000).contains(&first);
        Ok((char::from_u32(first).unwrap_or('\u{fffd}'), at + 6))
    }

    /// Steps over a value; appends it without blanks to `out`.
    ///
    /// # Errors
    /// When there is none.
    pub fn skip(&mut self, mut out: Option<&mut String>) -> Result<(), Fault> {
        let mut kinds: u128 = 0; // by level: 1 is an object
        let mut depth = 0;
        let mut put = |text: &str| {
            if let Some(out) = out.as_deref_mut() {
                out.push_str(text);
            }
        };
        loop {
            // A value begins here.
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    if depth == MAX_NESTING {
                        return Err(Fault { at: self.at, what: What::TooDeep });
                    }
                    let object = open == b'{';
                    kinds = kinds << 1 | u128::from(object);
                    depth += 1;
                    self.at += 1;
                    put(if object { "{" } else { "[" });
                    if self.peek() != Some(if object { b'}' } else { b']' }) {
                        if object {
                            self.member(&mut put)?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    let start = self.at;
                    self.string()?;
                    put(&self.text[start..self.at]);
                }
                Some(_) => {
                    let start = self.at;
                    self.value()?;
                    put(&self.text[start..self.at]);
                }
                None => return self.fault(""),
            }
            // Behind a value.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = kinds & 1 == 1;
                match (self.peek(), object) {
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        put(if object { "}" } else { "]" });
                        self.at += 1;
                        kinds >>= 1;
                        depth -= 1;
                    }
                    (Some(b','), _) => {
                        put(",");
                        self.at += 1;
                        if object {
                            self.member(&mut put)?;
                        }
                        break;
                    }
                    (_, true) => return self.fault("a comma is missing between two members"),
                    (_, false) => return self.fault("a comma is missing between two values"),
                }
            }
        }
    }

    fn member(&mut self, put: &mut impl FnMut(&str)) -> Result<(), Fault> {
        self.peek();
        let start = self.at;
        self.name()?;
        // Between the name and the colon there may be blanks.
        let name = self.text[start..self.at].trim_end_matches(':').trim_end();
        put(name);
        put(":");
        Ok(())
    }
}

/// A number without an exponent, exactly; `None` when that would be longer than it is worth.
pub fn plain_number(text: &str) -> Option<String> {
    const MOST: i64 = 400;
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: i64 = exponent.parse().ok().filter(|e: &i64| e.abs() <= MOST)?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    let point = whole.len() as i64 + exponent;
    let (mut whole, part) = match usize::try_from(point) {
        Ok(at) if at >= digits.len() => (format!("{digits}{}", "0".repeat(at - digits.len())), String::new()),
        Ok(at) if at > 0 => (digits[..at].to_owned(), digits[at..].to_owned()),
        _ => ("0".to_owned(), format!("{}{digits}", "0".repeat(point.unsigned_abs() as usize))),
    };
    let leading = whole.len() - whole.trim_start_matches('0').len();
    whole.drain(..leading.min(whole.len() - 1));
    Some(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
}
